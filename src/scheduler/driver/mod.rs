//! The whole scheduler as a state machine: event handlers, queue, cycle, failure handler, asynchronous preemption, binding.
//!
//! It has no clock, writes nothing and waits for nobody. Whoever drives it (the scheduler's actor in a simulation, a test
//! that replays a recording)
//!
//! 1. tells it what the watches report: [`SchedulerDriver::set`], [`SchedulerDriver::delete`];
//! 2. tells it that time has passed, so that pods whose backoff is over become active: [`SchedulerDriver::advance`];
//! 3. takes a pod ([`SchedulerDriver::pop`]), lets it decide ([`SchedulerDriver::decide`]) and draw the consequences
//!    ([`SchedulerDriver::conclude`]): a [`Binding`] to be written, or a [`Failure`] with the status to be written and the
//!    pods to be evicted;
//! 4. reports back what came of the writes: [`SchedulerDriver::bind_failed`], [`SchedulerDriver::last_eviction`],
//!    [`SchedulerDriver::evicted`]. A binding that worked needs no report: the watch shows the pod on its node.
//!
//! What it decides depends on nothing but the order of these calls and the times given. Times are counted from a whole
//! second, because backoffs end at whole seconds.
//!
//! ```
//! use kubesim::base::Time;
//! use kubesim::model::Object;
//! use kubesim::scheduler::config::SchedulerConfiguration;
//! use kubesim::scheduler::driver::{Conclusion, Popped, SchedulerDriver};
//! use std::sync::Arc;
//!
//! let object = |json: serde_json::Value| Arc::new(Object::from_json(json).unwrap());
//! let mut driver = SchedulerDriver::new(&SchedulerConfiguration::default()).unwrap();
//! driver.set(&object(serde_json::json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"},
//!     "status": {"allocatable": {"cpu": "4", "pods": "110"}}})), Time::ZERO);
//! driver.set(&object(serde_json::json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "default",
//!     "uid": "1"}, "spec": {"containers": [{"name": "c"}]}})), Time::ZERO);
//! let Some(Popped::Attempt(mut attempt)) = driver.pop() else { panic!("a pod waits") };
//! driver.decide(&mut attempt);
//! let Conclusion::Bind(binding) = driver.conclude(attempt, Time::from_ms(5)) else { panic!("it fits") };
//! assert_eq!(&*binding.node, "n1");
//! ```
//!
//! Real: pkg/scheduler/{scheduler,eventhandlers,schedule_one}.go, framework/preemption/executor.go @ v1.37.2. A binding with
//! [`Binding::volume_writes`] is preceded by these writes and waits until [`SchedulerDriver::volumes_ready`].

mod attempt;
mod environment;
mod eviction;
mod failure;
mod handlers;
mod pre_bind;

pub use attempt::{Attempt, Binding, Conclusion, Popped};
pub use eviction::Eviction;
pub use failure::{Failure, with_failure};
pub use pre_bind::{Readiness, VOLUME_CHECK_PERIOD};

use super::config::{Profile, SchedulerConfiguration};
use super::cycle::Scheduler;
use super::framework::World;
use super::hints::Listening;
use super::pod_info::PodInfo;
use super::queue::{PodKey, SchedulingQueue};
use crate::base::collections::Map;
use crate::base::{Span, Time};
use crate::model::{Obj, Str};
use environment::{Environment, environment};
use eviction::Preempting;
use std::sync::Arc;

/// How often pods are looked for that have been unschedulable for too long.
const UNSCHEDULABLE_FLUSH_PERIOD: Span = Span::from_s(30);

/// The whole scheduler. See the module's text for how to drive it.
pub struct SchedulerDriver {
    config: SchedulerConfiguration,
    listening: Listening,
    scheduler: Scheduler,
    queue: SchedulingQueue,
    /// Pods as the watch shows them, those that have ended left out.
    pods: Map<PodKey, Obj>,
    preempting: Preempting,
    flushed_until: Time,
    heard: Option<Vec<String>>,
}

impl SchedulerDriver {
    /// A scheduler that knows nothing yet.
    pub fn new(config: &SchedulerConfiguration) -> Result<Self, String> {
        Ok(Self {
            listening: Listening::new(config),
            scheduler: Scheduler::new(config)?,
            queue: SchedulingQueue::new(config.pod_initial_backoff, config.pod_max_backoff, config.pod_max_in_unschedulable_pods),
            config: config.clone(),
            pods: Map::default(),
            preempting: Preempting::default(),
            flushed_until: Time::ZERO,
            heard: None,
        })
    }

    /// The queue, to look at.
    pub fn queue(&self) -> &SchedulingQueue {
        &self.queue
    }

    /// What the scheduler knows of the cluster.
    pub fn world(&self) -> &World {
        &self.scheduler.world
    }

    /// The cycle, for those who want to ask what would be decided.
    pub fn scheduler(&mut self) -> &mut Scheduler {
        &mut self.scheduler
    }

    /// The configuration.
    pub fn config(&self) -> &SchedulerConfiguration {
        &self.config
    }

    /// A pod as the watch shows it.
    pub fn listed(&self, key: &PodKey) -> Option<&Obj> {
        self.pods.get(key)
    }

    /// From now on events and moves of the queue are written down.
    pub fn record(&mut self) {
        self.record_moves();
        self.heard = Some(Vec::new());
    }

    /// From now on moves of the queue are written down.
    pub fn record_moves(&mut self) {
        self.queue.record_moves();
    }

    /// The events that reached the queue since the last call; several aspects of one update are joined by `+`.
    pub fn take_events(&mut self) -> Vec<String> {
        self.heard.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The moves in the queue since the last call.
    pub fn take_moves(&mut self) -> Vec<super::queue::Move> {
        self.queue.take_moves()
    }

    fn hear(&mut self, label: impl FnOnce() -> String) {
        if let Some(heard) = &mut self.heard {
            heard.push(label());
        }
    }

    /// Lets time pass: at each whole second pods whose backoff is over become active, and at each half minute pods that have
    /// been unschedulable for too long are tried again.
    pub fn advance(&mut self, now: Time) {
        const SECOND: Span = Span::from_s(1);
        while let Some(at) = self.next_flush().filter(|at| *at <= now) {
            self.flush_backoff(at);
            if at.0 % UNSCHEDULABLE_FLUSH_PERIOD.0 == 0 {
                self.flush_unschedulable(at);
            }
            self.flushed_until = at;
        }
        self.flushed_until = self.flushed_until.max(Time(now.0 - now.0 % SECOND.0));
    }

    /// When `advance` has something to do next; none while nobody waits.
    pub fn next_flush(&self) -> Option<Time> {
        const SECOND: Span = Span::from_s(1);
        let after = |time: Time, period: Span| Time(self.flushed_until.0 + 1).max(time).round_up(period);
        let backoff = self.queue.next_backoff_completion().map(|end| after(end, SECOND));
        let pool = self.queue.has_unschedulable().then(|| after(Time::ZERO, UNSCHEDULABLE_FLUSH_PERIOD));
        match (backoff, pool) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }

    /// Moves pods whose backoff is over to the active queue, at this very moment.
    pub fn flush_backoff(&mut self, now: Time) {
        let environment = environment!(self);
        self.queue.flush_backoff(&environment, now);
    }

    /// Brings back pods that have been unschedulable for too long, at this very moment.
    pub fn flush_unschedulable(&mut self, now: Time) {
        let environment = environment!(self);
        self.queue.flush_unschedulable(&environment, now);
    }

    /// Makes a waiting pod active, as a plugin can ask for.
    pub fn activate(&mut self, pod: &Obj, now: Time) {
        let pod = PodInfo::new(pod.clone());
        let environment = environment!(self);
        self.queue.activate(&environment, &pod, now);
    }

    /// The pods nominated to a node, in order of nomination.
    pub fn nominated_to(&self, node: &str) -> &[Arc<PodInfo>] {
        self.scheduler.world.nominator.on(node)
    }

    fn profile_of(&self, pod: &Obj) -> Option<&Profile> {
        self.config.profile(scheduler_name(pod))
    }

    /// Promises a pod a node unless it is gone or bound meanwhile; an empty name takes the promise back.
    fn nominate(&mut self, pod: &Arc<PodInfo>, node: &Str) {
        let listed = self.pods.get(&super::queue::key_of(pod));
        let waits = listed.and_then(|pod| pod.as_pod()).is_some_and(|pod| pod.node_name.is_empty());
        let node = if waits { node.clone() } else { Str::default() };
        self.scheduler.nominate(pod.clone(), &node);
    }
}

/// The scheduler that a pod asks for.
fn scheduler_name(pod: &Obj) -> &str {
    let name = pod.as_pod().map_or("", |pod| pod.spec.scheduler_name.as_str());
    if name.is_empty() { super::config::DEFAULT_SCHEDULER_NAME } else { name }
}

#[cfg(test)]
mod tests;
