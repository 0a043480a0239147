//! What the queue asks of the plugins, answered from the driver's other parts.

use super::Preempting;
use crate::base::collections::Map;
use crate::model::Obj;
use crate::scheduler::config::{Profile, SchedulerConfiguration};
use crate::scheduler::cycle::Scheduler;
use crate::scheduler::events::ClusterEvent;
use crate::scheduler::hints::{self, Listening, Question};
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::queue::{Env, PodKey};

/// Borrows all of the driver but its queue.
pub(super) struct Environment<'a> {
    pub config: &'a SchedulerConfiguration,
    pub listening: &'a Listening,
    pub scheduler: &'a Scheduler,
    pub pods: &'a Map<PodKey, Obj>,
    pub preempting: &'a Preempting,
}

/// The environment of a driver's queue, leaving the queue free to be changed.
macro_rules! environment {
    ($driver:ident) => {
        Environment {
            config: &$driver.config,
            listening: &$driver.listening,
            scheduler: &$driver.scheduler,
            pods: &$driver.pods,
            preempting: &$driver.preempting,
        }
    };
}
pub(super) use environment;

impl Environment<'_> {
    fn profile(&self, pod: &PodInfo) -> Option<&Profile> {
        self.config.profile(super::scheduler_name(&pod.object))
    }

    fn lets_in(&self, plugin: &'static str, pod: &PodInfo) -> bool {
        if plugin == "DefaultPreemption" {
            return !self.preempting.holds(pod.uid(), self.pods);
        }
        let profile = self.scheduler.profile_for(pod);
        profile.is_none_or(|profile| profile.run_pre_enqueue_of(plugin, &self.scheduler.world, pod).is_ok())
    }
}

impl Env for Environment<'_> {
    fn gate(&self, pod: &PodInfo, first: Option<&'static str>) -> Option<&'static str> {
        let profile = self.profile(pod)?;
        let others = profile.plugins.pre_enqueue.iter().copied().filter(|plugin| Some(*plugin) != first);
        first.into_iter().chain(others).find(|plugin| !self.lets_in(plugin, pod))
    }

    fn is_of_interest(&self, event: &ClusterEvent) -> bool {
        self.listening.is_of_interest(event)
    }

    fn listens(&self, plugin: &str, event: &ClusterEvent) -> bool {
        self.listening.listens(plugin, event)
    }

    fn hint(&self, plugin: &str, pod: &PodInfo, event: &ClusterEvent, old: Option<&Obj>, new: Option<&Obj>) -> bool {
        // A pod whose profile is unknown would come back after its backoff; such a pod never gets here.
        let Some(profile) = self.profile(pod) else { return true };
        hints::ask(&self.scheduler.world, profile, plugin, event, &Question { pod, old, new })
    }
}
