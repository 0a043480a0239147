//! A pod in the queue with the history of its attempts.
//! Real: pkg/scheduler/framework/types.go (QueuedPodInfo, QueueingParams) @ v1.37.2.

use crate::base::Time;
use crate::model::Str;
use crate::scheduler::pod_info::PodInfo;
use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A pod's place in the queue: namespace and name.
pub type PodKey = (Str, Str);

/// The key of a pod.
pub fn key_of(pod: &PodInfo) -> PodKey {
    (pod.object.meta.namespace.clone(), pod.object.meta.name.clone())
}

/// A queued pod.
#[derive(Clone, Debug)]
pub struct QueuedPodInfo {
    /// The pod, in its latest version.
    pub pod: Arc<PodInfo>,
    /// When it entered the queue, or came back from its latest attempt.
    pub timestamp: Time,
    /// How often it was popped.
    pub attempts: u32,
    /// When its backoff ends; none until someone asked.
    pub backoff_expiration: Option<Time>,
    /// How many attempts ended with a rejection.
    pub unschedulable_count: u32,
    /// How many attempts in a row ended with an error.
    pub consecutive_errors_count: u32,
    /// When it first became active.
    pub initial_attempt_timestamp: Option<Time>,
    /// Plugins that rejected it, the gating one included. They stay after a move, until the next failure.
    pub unschedulable_plugins: BTreeSet<&'static str>,
    /// Plugins that wait for something that is on its way.
    pub pending_plugins: BTreeSet<&'static str>,
    /// The plugin that keeps it out of the active and the backoff queue.
    pub gating_plugin: Option<&'static str>,
    /// Whether it is there because it was unschedulable for too long.
    pub was_flushed_from_unschedulable: bool,
    /// When it was last taken out for that reason.
    pub flush_timestamp: Option<Time>,
}

impl QueuedPodInfo {
    /// A pod that is new to the queue.
    pub fn new(pod: Arc<PodInfo>, now: Time) -> Self {
        Self {
            pod,
            timestamp: now,
            attempts: 0,
            backoff_expiration: None,
            unschedulable_count: 0,
            consecutive_errors_count: 0,
            initial_attempt_timestamp: None,
            unschedulable_plugins: BTreeSet::new(),
            pending_plugins: BTreeSet::new(),
            gating_plugin: None,
            was_flushed_from_unschedulable: false,
            flush_timestamp: None,
        }
    }

    /// Its key.
    pub fn key(&self) -> PodKey {
        key_of(&self.pod)
    }

    /// Whether a plugin keeps it out.
    pub fn is_gated(&self) -> bool {
        self.gating_plugin.is_some()
    }

    /// Whether no plugin is to blame: the latest attempt ended with an error, or there was none.
    pub fn has_no_rejector(&self) -> bool {
        self.unschedulable_plugins.is_empty() && self.pending_plugins.is_empty()
    }
}

/// Higher priority first, then the older one.
pub(super) type ActiveRank = (Reverse<i32>, Time);
/// The earlier end of backoff first, then as in the active queue.
pub(super) type BackoffRank = (Option<Time>, ActiveRank);

/// PrioritySort: higher priority first, then the older one.
/// Real: pkg/scheduler/framework/plugins/queuesort/priority_sort.go @ v1.37.2.
#[allow(clippy::borrowed_box)]
pub(super) fn active_rank(info: &Box<QueuedPodInfo>) -> ActiveRank {
    (Reverse(info.pod.priority()), info.timestamp)
}

/// The earlier end of backoff first, then as in the active queue.
#[allow(clippy::borrowed_box)]
pub(super) fn backoff_rank(info: &Box<QueuedPodInfo>) -> BackoffRank {
    (info.backoff_expiration, active_rank(info))
}

/// The earlier end of backoff first; nothing else counts.
#[allow(clippy::borrowed_box)]
pub(super) fn error_backoff_rank(info: &Box<QueuedPodInfo>) -> Option<Time> {
    info.backoff_expiration
}
