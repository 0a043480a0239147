//! What happens after a failed attempt: the pod goes back to the queue in its latest version, its nomination is set or
//! cleared, and its status is to say why.
//! Real: handleSchedulingFailure and updatePod in pkg/scheduler/schedule_one.go @ v1.37.2.

use super::SchedulerDriver;
use super::environment::{Environment, environment};
use super::eviction::Eviction;
use crate::base::Time;
use crate::model::{Obj, Object, Pod, PodCondition, Str, Timestamp};
use crate::scheduler::decision::Decision;
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::queue::QueuedPodInfo;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Whose fault it was.
pub(super) struct Blame {
    pub plugins: BTreeSet<&'static str>,
    pub pending: BTreeSet<&'static str>,
    pub message: Str,
    /// Whether the condition says Unschedulable, as opposed to SchedulerError.
    pub unschedulable: bool,
    /// The node to nominate the pod to; empty clears its nomination; none leaves it as it is.
    pub nominate: Option<Str>,
}

impl Blame {
    /// An error with no plugin to blame.
    pub fn error(message: impl Into<Str>) -> Blame {
        Blame {
            plugins: BTreeSet::new(),
            pending: BTreeSet::new(),
            message: message.into(),
            unschedulable: false,
            nominate: Some(Str::default()),
        }
    }
}

/// A failed attempt.
pub struct Failure {
    /// The pod as it was popped.
    pub popped: Arc<PodInfo>,
    /// The pod whose status is to be written: its latest version, or the popped one if it is gone (the write will fail).
    pub pod: Obj,
    /// Plugins that rejected it.
    pub plugins: BTreeSet<&'static str>,
    /// Message of the condition PodScheduled.
    pub message: Str,
    /// Reason of the condition: `Unschedulable` or `SchedulerError`.
    pub reason: &'static str,
    /// The node to nominate the pod to; empty clears its nomination; none leaves it as it is.
    pub nominate: Option<Str>,
    /// Whether the pod is back in the queue.
    pub requeued: bool,
    /// Pods to be evicted in its favour.
    pub eviction: Option<Eviction>,
    /// The decision, if one was made.
    pub decision: Option<Decision>,
    /// Whether a namesake has taken the pod's place: then nothing is written.
    replaced: bool,
}

impl Failure {
    /// The pod with the status that says why; none if its status says so already and nothing is to be written.
    pub fn updated_pod(&self, now: Timestamp) -> Option<Obj> {
        if self.replaced {
            return None;
        }
        with_failure(&self.pod, self.reason, &self.message, self.nominate.as_ref(), now).map(Arc::new)
    }
}

/// Whether a pod's status says already what [`with_failure`] would make it say.
fn says_so(pod: &Object, reason: &str, message: &str, nominate: Option<&Str>) -> bool {
    let Some(Pod { status: present, .. }) = pod.as_pod() else { return true };
    let said = |condition: &PodCondition| {
        &*condition.status == "False"
            && *condition.reason == *reason
            && *condition.message == *message
            && (present.observed_generation == 0 && condition.observed_generation == 0
                || condition.observed_generation == pod.meta.generation)
    };
    let mut known = present.conditions.iter().filter(|condition| &*condition.r#type == "PodScheduled");
    nominate.is_none_or(|node| *node == present.nominated_node_name) && known.next().is_some_and(said)
}

/// A pod with the condition that it could not be scheduled and, if given, another nomination; none if nothing changes.
pub fn with_failure(pod: &Object, reason: &str, message: &Str, nominate: Option<&Str>, now: Timestamp) -> Option<Object> {
    if says_so(pod, reason, message, nominate) {
        return None;
    }
    let mut object = pod.clone();
    let status = Arc::make_mut(&mut object.as_pod_mut()?.status);
    let mut changed = false;
    if let Some(node) = nominate.filter(|node| **node != status.nominated_node_name) {
        status.nominated_node_name = node.clone();
        changed = true;
    }
    let place = status.conditions.iter().position(|condition| &*condition.r#type == "PodScheduled");
    let old = place.map(|at| status.conditions[at].clone());
    // Only a condition whose status has been stamped before is stamped again.
    let stamped = status.observed_generation != 0 || old.as_ref().is_some_and(|old| old.observed_generation != 0);
    let mut new = PodCondition {
        r#type: "PodScheduled".into(),
        status: "False".into(),
        reason: reason.into(),
        message: message.clone(),
        observed_generation: if stamped { pod.meta.generation } else { 0 },
        last_transition_time: Some(now),
        ..PodCondition::default()
    };
    match old {
        None => {
            status.conditions.push(new);
            changed = true;
        }
        Some(old) => {
            if old.status == new.status {
                new.last_transition_time = old.last_transition_time;
            }
            new.last_probe_time = old.last_probe_time;
            changed |= old != new;
            status.conditions[place.expect("there is an old one")] = new;
        }
    }
    changed.then_some(object)
}

impl SchedulerDriver {
    /// Takes a failed pod back, as the real failure handler does: dropped if it is gone or bound, else in its latest version.
    pub(super) fn handle_failure(&mut self, mut info: Box<QueuedPodInfo>, blame: Blame, now: Time) -> Failure {
        let popped = info.pod.clone();
        info.unschedulable_plugins = blame.plugins.clone();
        info.pending_plugins = blame.pending;
        let latest = self.latest(&popped).cloned();
        let unbound = |pod: &Obj| pod.as_pod().is_some_and(|pod| pod.node_name.is_empty());
        let (mut current, mut requeued) = (popped.clone(), false);
        let replaced = latest.as_ref().is_some_and(|pod| unbound(pod) && pod.meta.uid != *popped.uid());
        match latest {
            Some(pod) if unbound(&pod) && pod.meta.uid == *popped.uid() => {
                current = Arc::new(PodInfo::renewed(pod, Some(&popped)));
                info.pod = current.clone();
                self.hear(|| "ScheduleAttemptFailure".into());
                let environment = environment!(self);
                self.queue.add_unschedulable(&environment, info, now);
                requeued = true;
            }
            _ => self.queue.done(popped.uid()),
        }
        if !replaced {
            let node = blame.nominate.clone().unwrap_or_else(|| current.pod().status.nominated_node_name.clone());
            self.nominate(&current, &node);
        }
        Failure {
            pod: current.object.clone(),
            popped,
            plugins: blame.plugins,
            message: blame.message,
            reason: if blame.unschedulable { "Unschedulable" } else { "SchedulerError" },
            nominate: blame.nominate,
            requeued,
            eviction: None,
            decision: None,
            replaced,
        }
    }

    /// Takes a popped pod back as rejected by these plugins, whatever was decided. For tests of the queue alone.
    pub fn fail_with(
        &mut self,
        info: Box<QueuedPodInfo>,
        plugins: BTreeSet<&'static str>,
        pending: BTreeSet<&'static str>,
        now: Time,
    ) -> Failure {
        let blame = Blame { plugins, pending, message: Str::default(), unschedulable: true, nominate: None };
        self.handle_failure(info, blame, now)
    }
}
