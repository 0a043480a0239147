//! Pods that wait for their backoff: those rejected by plugins, from which the scheduler pops when nothing is active, and
//! those that failed with errors, which really wait.
//! Real: pkg/scheduler/backend/queue/backoff_queue.go @ v1.37.2.

use super::heap::Heap;
use super::info::{BackoffRank, PodKey, QueuedPodInfo, backoff_rank, error_backoff_rank};
use crate::base::{Span, Time};

/// Backoffs end at whole seconds, so that pods of one second are ordered by priority.
const WINDOW: Span = Span::from_s(1);

/// Both backoff queues.
#[derive(Clone, Debug)]
pub(super) struct BackoffQueue {
    initial: Span,
    max: Span,
    pub rejected: Heap<PodKey, Box<QueuedPodInfo>, BackoffRank>,
    pub failed: Heap<PodKey, Box<QueuedPodInfo>, Option<Time>>,
}

/// The start of the second.
fn align(time: Time) -> Time {
    Time(time.0 - time.0 % WINDOW.0)
}

impl BackoffQueue {
    pub fn new(initial: Span, max: Span) -> Self {
        Self { initial, max, rejected: Heap::new(backoff_rank), failed: Heap::new(error_backoff_rank) }
    }

    /// 1, 2, 4 … times the initial backoff, up to the greatest.
    fn duration(&self, count: u32) -> Span {
        let shift = count - 1;
        if shift >= 64 || self.initial.0 > self.max.0 >> shift { self.max } else { Span(self.initial.0 << shift) }
    }

    /// When the backoff of a pod ends; none if it needs none. The answer is kept in the pod.
    fn expiration(&self, info: &mut QueuedPodInfo) -> Option<Time> {
        if self.max.is_zero() {
            return None;
        }
        let count = match info.consecutive_errors_count {
            0 => info.unschedulable_count,
            errors => errors,
        };
        if count == 0 {
            return None;
        }
        let end = info.backoff_expiration.unwrap_or_else(|| align(info.timestamp + self.duration(count)));
        info.backoff_expiration = Some(end);
        Some(end)
    }

    /// Whether a pod still has to wait. The second in which its backoff ends counts as waiting.
    pub fn is_backing_off(&self, info: &mut QueuedPodInfo, now: Time) -> bool {
        self.expiration(info).is_some_and(|end| end >= align(now))
    }

    /// Adds a pod to the queue it belongs to.
    pub fn add(&mut self, info: Box<QueuedPodInfo>) {
        if info.has_no_rejector() {
            self.failed.add_or_update(info.key(), info);
        } else {
            self.rejected.add_or_update(info.key(), info);
        }
    }

    /// Takes a pod out of either queue.
    pub fn remove(&mut self, key: &PodKey) -> Option<Box<QueuedPodInfo>> {
        self.rejected.remove(key).or_else(|| self.failed.remove(key))
    }

    /// A pod in either queue.
    pub fn get(&self, key: &PodKey) -> Option<&QueuedPodInfo> {
        self.rejected.get(key).or_else(|| self.failed.get(key)).map(|info| &**info)
    }

    /// Changes a pod in place; says whether it is there.
    pub fn update(&mut self, key: &PodKey, change: impl Fn(&mut Box<QueuedPodInfo>)) -> bool {
        self.rejected.update(key, &change) || self.failed.update(key, &change)
    }

    /// Takes out all pods whose backoff is over, those rejected by plugins first.
    #[allow(clippy::vec_box)]
    pub fn pop_completed(&mut self, now: Time) -> Vec<Box<QueuedPodInfo>> {
        let mut out = Vec::new();
        // A pod in a backoff queue has had its end worked out when it entered.
        let is_over = |end: Option<Time>| end.is_none_or(|end| end < align(now));
        while self.rejected.peek().is_some_and(|info| is_over(info.backoff_expiration)) {
            out.extend(self.rejected.pop());
        }
        while self.failed.peek().is_some_and(|info| is_over(info.backoff_expiration)) {
            out.extend(self.failed.pop());
        }
        out
    }

    /// The first moment at which `pop_completed` gives something.
    pub fn next_completion(&self) -> Option<Time> {
        let end = |end: Option<Time>| end.map_or(Time::ZERO, |end| end + WINDOW);
        match (self.rejected.peek().map(|info| end(info.backoff_expiration)), self.failed.peek().map(|info| end(info.backoff_expiration))) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        }
    }
}
