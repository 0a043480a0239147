//! One attempt: pop, decide, assume or fail.
//! Real: pkg/scheduler/schedule_one.go @ v1.37.2.

use super::SchedulerDriver;
use super::eviction::Eviction;
use super::failure::{Blame, Failure};
use crate::base::Time;
use crate::model::Str;
use crate::scheduler::decision::{Decision, Outcome, fit_error};
use crate::scheduler::events::ClusterEvent;
use crate::scheduler::framework::Diagnosis;
use crate::scheduler::node_info::NodeId;
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::queue::{Place, QueuedPodInfo, key_of};
use crate::scheduler::status::Status;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A pod taken from the queue.
pub struct Attempt {
    /// The pod with its history; `attempts` counts this one.
    pub info: Box<QueuedPodInfo>,
    /// Where it was taken from.
    pub from: Place,
    /// What was decided, once it was.
    pub decision: Option<Decision>,
    /// The node chosen, by name: the node itself may go before the consequences are drawn.
    chosen: Str,
    eviction: Option<Eviction>,
    scripted_error: Option<String>,
}

/// What `pop` found.
pub enum Popped {
    /// A pod that need not be tried: it is being deleted, or its binding is under way.
    Skipped(Box<QueuedPodInfo>, Place),
    /// A pod to be tried.
    Attempt(Box<Attempt>),
}

/// A pod to be bound.
pub struct Binding {
    /// The pod as the scheduler assumes it: with the node's name.
    pub pod: Arc<PodInfo>,
    /// The node.
    pub node: Str,
    /// Annotations that the pod gets with it.
    pub annotations: Vec<(Str, Str)>,
    /// The pod's history.
    pub info: Box<QueuedPodInfo>,
    /// The decision.
    pub decision: Decision,
}

/// How an attempt went on.
pub enum Conclusion {
    /// The pod is to be bound.
    Bind(Box<Binding>),
    /// It failed.
    Failed(Box<Failure>),
}

impl SchedulerDriver {
    /// Takes the next pod; none if no pod is active and none is in backoff after a rejection.
    pub fn pop(&mut self) -> Option<Popped> {
        let (info, from) = self.queue.pop()?;
        let unknown = self.profile_of(&info.pod.object).is_none();
        if unknown || info.pod.object.meta.is_deleting() || self.scheduler.world.cache.is_assumed(info.pod.uid()) {
            self.queue.done(info.pod.uid());
            return Some(Popped::Skipped(info, from));
        }
        Some(Popped::Attempt(Box::new(Attempt {
            info,
            from,
            decision: None,
            chosen: Str::default(),
            eviction: None,
            scripted_error: None,
        })))
    }

    /// Ends the attempt of a popped pod without any consequence, as if it had been bound.
    pub fn release(&mut self, info: &QueuedPodInfo) {
        self.queue.done(info.pod.uid());
    }

    /// Decides where the pod goes, and if nowhere, who would have to go. A preemption begins here: from now on the pod is held
    /// back until it is over.
    pub fn decide(&mut self, attempt: &mut Attempt) {
        let decision = self.scheduler.schedule_one(&attempt.info.pod);
        let preemption = decision.preemption.as_ref();
        attempt.eviction = preemption.and_then(|preemption| self.preempting.begin(&attempt.info.pod, preemption, &self.scheduler.world));
        if let Outcome::Node(id) = decision.outcome {
            attempt.chosen = self.scheduler.world.cache.node(id).name.clone();
        }
        attempt.decision = Some(decision);
    }

    /// Makes the attempt fail with an error that is no rejection.
    pub fn decide_error(&mut self, attempt: &mut Attempt, message: &str) {
        attempt.scripted_error = Some(message.to_string());
    }

    /// Draws the consequences of a decision: the pod is assumed to be on its node, or goes back to the queue.
    pub fn conclude(&mut self, attempt: Box<Attempt>, now: Time) -> Conclusion {
        let Attempt { info, decision, scripted_error, chosen, eviction, .. } = *attempt;
        if let Some(message) = scripted_error {
            return self.failed(info, None, Blame::error(message), now);
        }
        let mut decision = decision.expect("an attempt is decided before it is concluded");
        let eviction = if self.preemptor_gone(&info, &mut decision) { None } else { eviction };
        match &decision.outcome {
            Outcome::Node(id) => {
                let id = *id;
                self.assume(info, decision, (id, chosen), now)
            }
            Outcome::Error(message) => {
                let mut blame = Blame::error(message.as_str());
                // No nodes at all: the condition says unschedulable, but no plugin is to blame.
                blame.unschedulable = decision.all_nodes == 0;
                self.failed(info, Some(decision), blame, now)
            }
            Outcome::Unschedulable => {
                let blame = Blame {
                    plugins: decision.diagnosis.unschedulable_plugins.clone(),
                    pending: BTreeSet::new(),
                    message: decision.message(),
                    unschedulable: true,
                    nominate: decision.nominate.clone(),
                };
                let mut failure = self.handle_failure(info, blame, now);
                failure.eviction = eviction;
                failure.decision = Some(decision);
                Conclusion::Failed(Box::new(failure))
            }
        }
    }

    /// Preemption begins with a look at the latest version of the pod. If that is gone, nothing is done for it; says whether so.
    fn preemptor_gone(&mut self, info: &QueuedPodInfo, decision: &mut Decision) -> bool {
        let words = &mut decision.diagnosis.post_filter_message;
        if self.pods.contains_key(&key_of(&info.pod)) || !words.starts_with("preemption: ") {
            return false;
        }
        *words = format!("preemption: pod {:?} not found", &*info.pod.object.meta.name);
        (decision.preemption, decision.nominate, decision.words) = (None, None, None);
        self.preempting.forget(info.pod.uid());
        true
    }

    fn failed(&mut self, info: Box<QueuedPodInfo>, decision: Option<Decision>, blame: Blame, now: Time) -> Conclusion {
        let mut failure = self.handle_failure(info, blame, now);
        failure.decision = decision;
        Conclusion::Failed(Box::new(failure))
    }

    fn assume(&mut self, info: Box<QueuedPodInfo>, mut decision: Decision, (id, node): (NodeId, Str), now: Time) -> Conclusion {
        if self.scheduler.world.cache.pod(info.pod.uid()).is_some() {
            // Someone else bound it meanwhile.
            let message = format!("pod {}({}) is in the cache, so can't be assumed", info.pod.uid(), info.pod.key());
            return self.failed(info, Some(decision), Blame::error(message), now);
        }
        let mut object = (*info.pod.object).clone();
        object.as_pod_mut().expect("the object is a pod").node_name = node.clone();
        let annotations = self.scheduler.binding_annotations(&info.pod, id, &decision);
        for (key, value) in &annotations {
            object.meta.annotations.set(key.clone(), value.clone());
        }
        let assumed = PodInfo { object: Arc::new(object), traits: info.pod.traits.clone() };
        if let Err(status) = self.scheduler.assume(assumed.clone(), &mut decision) {
            let blame = self.reserve_refused(id, status);
            return self.failed(info, Some(decision), blame, now);
        }
        self.queue.done(assumed.uid());
        Conclusion::Bind(Box::new(Binding { pod: Arc::new(assumed), node, annotations, info, decision }))
    }

    fn reserve_refused(&self, node: NodeId, status: Status) -> Blame {
        if !status.is_rejected() {
            return Blame::error(status.message());
        }
        let plugins = BTreeSet::from([status.plugin]);
        let diagnosis = Diagnosis { rejected: vec![(node, status)].into(), ..Diagnosis::default() };
        let nominate = Some(Str::default());
        Blame { plugins, pending: BTreeSet::new(), message: fit_error(1, &diagnosis).into(), unschedulable: true, nominate }
    }

    /// The binding could not be written, for the cause that the API gave: what the pod took is free again, and the pod goes
    /// back to the queue.
    pub fn bind_failed(&mut self, binding: Box<Binding>, cause: &str, now: Time) -> Box<Failure> {
        self.binding_failed(binding, format!("running Bind plugin \"DefaultBinder\": {cause}"), now)
    }

    pub(super) fn binding_failed(&mut self, mut binding: Box<Binding>, message: String, now: Time) -> Box<Failure> {
        let cache = &self.scheduler.world.cache;
        // A pod that the watch shows on a node has been bound after all: it stays there.
        let bound = cache.pod(binding.pod.uid()).filter(|_| !cache.is_assumed(binding.pod.uid())).cloned();
        self.scheduler.forget(&binding.pod, &mut binding.decision);
        match bound {
            Some(pod) => {
                self.scheduler.world.cache.add_pod(pod);
            }
            None => self.raise(ClusterEvent::ASSIGNED_POD_DELETE, Some(&binding.pod.object), None, None, now),
        }
        let mut failure = self.handle_failure(binding.info, Blame::error(message), now);
        failure.decision = Some(binding.decision);
        Box::new(failure)
    }
}
