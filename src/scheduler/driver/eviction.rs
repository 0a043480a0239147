//! Preemption goes on while the scheduler works on other pods: victims are evicted one after the other, and until the last
//! eviction has begun the pod in whose favour it happens is held back.
//! Real: pkg/scheduler/framework/preemption/executor.go (prepareCandidateAsync, isRunningPreemption) @ v1.37.2.

use super::SchedulerDriver;
use crate::base::Time;
use crate::base::collections::Map;
use crate::model::{Obj, Str};
use crate::scheduler::framework::World;
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::preemption::Preemption;
use crate::scheduler::queue::{PodKey, key_of};
use std::sync::Arc;

/// Pods to be evicted in favour of another. First the nominations are cleared; then all victims but the last get their condition
/// and are deleted, in any order; then [`SchedulerDriver::last_eviction`] is called and the last follows; at the end
/// [`SchedulerDriver::evicted`] is called.
#[derive(Clone, Debug)]
pub struct Eviction {
    /// The pod in whose favour it happens.
    pub preemptor: Arc<PodInfo>,
    /// The node.
    pub node: Str,
    /// All victims, the most important first. Those that are being deleted already need nothing done.
    pub victims: Vec<Arc<PodInfo>>,
    /// Pods of lower priority nominated to the node: their nomination is to be cleared.
    pub cleared: Vec<Arc<PodInfo>>,
}

impl Eviction {
    /// The victims that something is to be done about.
    pub fn to_evict(&self) -> impl Iterator<Item = &Arc<PodInfo>> {
        self.victims.iter().filter(|victim| !victim.object.meta.is_deleting())
    }

    /// The message of the victims' condition DisruptionTarget, with reason PreemptionByScheduler.
    pub fn condition_message(&self) -> String {
        format!("{}: preempting to accommodate a higher priority pod", super::scheduler_name(&self.preemptor.object))
    }
}

/// Preemptions under way, by the unique id of the preemptor, with the last victim once its turn has come.
#[derive(Clone, Debug, Default)]
pub(super) struct Preempting(Map<Str, Option<PodKey>>);

impl Preempting {
    /// A preemption was decided. Nothing is to be done if all victims are going already. If only one victim is to be evicted,
    /// it is the last from the start.
    pub fn begin(&mut self, preemptor: &Arc<PodInfo>, preemption: &Preemption, world: &World) -> Option<Eviction> {
        let best = preemption.best();
        let lower = |pod: &&Arc<PodInfo>| pod.priority() < preemptor.priority() && !pod.pod().status.nominated_node_name.is_empty();
        let eviction = Eviction {
            preemptor: preemptor.clone(),
            node: best.name.clone(),
            victims: best.victims.clone(),
            cleared: world.nominator.on(&best.name).iter().filter(lower).cloned().collect(),
        };
        let count = eviction.to_evict().count();
        if count == 0 {
            return None;
        }
        self.0.insert(preemptor.uid().clone(), None);
        if count == 1 {
            self.last(preemptor.uid(), &eviction);
        }
        Some(eviction)
    }

    fn last(&mut self, uid: &Str, eviction: &Eviction) {
        if let (Some(entry), Some(victim)) = (self.0.get_mut(uid), eviction.to_evict().last()) {
            *entry = Some(key_of(victim));
        }
    }

    /// The preemption of a pod is over, or did not come about.
    pub fn forget(&mut self, uid: &str) {
        self.0.remove(uid);
    }

    /// Whether a pod is held back: its preemption is under way, and the last victim is still there, untouched.
    pub fn holds(&self, uid: &str, pods: &Map<PodKey, Obj>) -> bool {
        match self.0.get(uid) {
            None => false,
            Some(None) => true,
            Some(Some(last)) => pods.get(last).is_some_and(|victim| !victim.meta.is_deleting()),
        }
    }
}

impl SchedulerDriver {
    /// All victims but the last have been evicted: from now on it is the last one's deletion that sets the preemptor free.
    pub fn last_eviction(&mut self, eviction: &Eviction) {
        self.preempting.last(eviction.preemptor.uid(), eviction);
    }

    /// The evictions are over. If one failed, the preemptor is tried again at once.
    pub fn evicted(&mut self, eviction: &Eviction, worked: bool, now: Time) {
        self.preempting.forget(eviction.preemptor.uid());
        if !worked {
            self.activate(&eviction.preemptor.object.clone(), now);
        }
    }

    /// Whether a pod is held back until the evictions in its favour are over.
    pub fn is_preempting(&self, uid: &str) -> bool {
        self.preempting.holds(uid, &self.pods)
    }
}
