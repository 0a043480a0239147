//! The work queue of a controller: keys in order, each at most once, none by two workers at a time, with back-off for
//! failures. Real: staging/src/k8s.io/client-go/util/workqueue @ v1.37.2.

use super::client::{Limits, Throttle};
use crate::base::collections::{Map, Set};
use crate::base::{Span, Time};
use crate::store::Id;
use std::collections::VecDeque;

/// First back-off of a failing key.
pub const BACKOFF_MIN: Span = Span::from_ms(5);
/// Longest back-off of a failing key.
pub const BACKOFF_MAX: Span = Span::from_s(1_000);

/// Failures of all keys of a queue together that may come again: each key waits for its own back-off and for this.
pub const FAILURES: Limits = Limits { qps: 10.0, burst: 100 };

/// How long a failing key waits.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Backoff {
    /// After the first failure; each further one doubles it.
    pub min: Span,
    /// At most.
    pub max: Span,
    /// After so many failures in a row the key is given up, until something changes.
    pub retries_max: u32,
    /// How often failing keys come again in all.
    pub together: Option<Limits>,
}

impl Default for Backoff {
    fn default() -> Self {
        Backoff { min: BACKOFF_MIN, max: BACKOFF_MAX, retries_max: u32::MAX, together: Some(FAILURES) }
    }
}

/// Keys that wait for a worker.
#[derive(Clone, Debug, Default)]
pub struct WorkQueue {
    limits: Backoff,
    /// The bucket of `Backoff::together`, once a key has failed.
    bucket: Option<Throttle>,
    waiting: VecDeque<Id>,
    /// Keys that need work: in `waiting`, or to be put there when their worker is done.
    dirty: Set<Id>,
    processing: Set<Id>,
    failures: Map<Id, u32>,
    /// Keys that are to be added later, and when.
    delayed: Map<Id, Time>,
}

impl WorkQueue {
    /// A queue with a back-off of its own.
    pub fn with_backoff(limits: Backoff) -> WorkQueue {
        WorkQueue { limits, ..WorkQueue::default() }
    }

    /// Its back-off.
    pub fn limits(&self) -> Backoff {
        self.limits
    }

    /// Asks for work on a key. Asking twice is asking once; a key being worked on comes again afterwards.
    pub fn add(&mut self, key: Id) {
        if self.dirty.insert(key) && !self.processing.contains(&key) {
            self.waiting.push_back(key);
        }
    }

    /// Asks for work on a key later (`AddAfter`): of several such wishes the earliest counts. Says whether a timer is needed.
    pub fn add_at(&mut self, key: Id, at: Time) -> bool {
        if self.delayed.get(&key).is_some_and(|earlier| *earlier <= at) {
            return false;
        }
        self.delayed.insert(key, at);
        true
    }

    /// A key's timer fires: the key is added, unless the timer was outdated by an earlier one.
    pub fn ripe(&mut self, key: Id, now: Time) {
        if self.delayed.get(&key) == Some(&now) {
            self.delayed.remove(&key);
            self.add(key);
        }
    }

    /// Takes the next key; `done` must follow.
    pub fn take(&mut self) -> Option<Id> {
        let key = self.waiting.pop_front()?;
        self.processing.insert(key);
        self.dirty.remove(&key);
        Some(key)
    }

    /// Work on a key has ended.
    pub fn done(&mut self, key: Id) {
        self.processing.remove(&key);
        if self.dirty.contains(&key) {
            self.waiting.push_back(key);
        }
    }

    /// Counts a failure and says how long to wait: 5 ms, doubling up to 1000 s, unless the queue has other limits; longer if many
    /// keys fail.
    pub fn backoff(&mut self, key: Id, now: Time) -> Span {
        let failures = self.failures.get_or_insert_with(key, || 0);
        let exponent = (*failures).min(30);
        *failures += 1;
        let own = (self.limits.min * (1 << exponent)).min(self.limits.max);
        let Some(together) = self.limits.together else { return own };
        own.max(self.bucket.get_or_insert_with(|| Throttle::new(together)).reserve(now) - now)
    }

    /// How often in a row the key failed.
    pub fn failures(&self, key: Id) -> u32 {
        self.failures.get(&key).copied().unwrap_or(0)
    }

    /// Forgets the key's failures.
    pub fn forget(&mut self, key: Id) {
        self.failures.remove(&key);
    }

    /// How many keys wait.
    pub fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Whether no key waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_waits_once_and_is_worked_on_by_one() {
        let mut queue = WorkQueue::default();
        queue.add(Id(1));
        queue.add(Id(1));
        queue.add(Id(2));
        assert_eq!(queue.take(), Some(Id(1)));
        queue.add(Id(1));
        assert_eq!((queue.take(), queue.take()), (Some(Id(2)), None));
        queue.done(Id(1));
        assert_eq!(queue.take(), Some(Id(1)));
        queue.done(Id(1));
        queue.done(Id(2));
        assert!(queue.is_empty());
    }

    #[test]
    fn a_queue_may_have_limits_of_its_own() {
        let limits = Backoff { min: Span::from_s(1), max: Span::from_s(3), retries_max: 15, together: None };
        let mut queue = WorkQueue::with_backoff(limits);
        let waits: Vec<u64> = (0..4).map(|_| queue.backoff(Id(1), Time::ZERO).as_s()).collect();
        assert_eq!((waits, queue.limits()), (vec![1, 2, 3, 3], limits));
    }

    #[test]
    fn of_several_delays_the_earliest_counts() {
        let mut queue = WorkQueue::default();
        let (late, early) = (Time::from_s(9), Time::from_s(5));
        assert!(queue.add_at(Id(1), late) && queue.add_at(Id(1), early));
        assert!(!queue.add_at(Id(1), late) && !queue.add_at(Id(1), early));
        queue.ripe(Id(1), early);
        assert_eq!((queue.take(), queue.len()), (Some(Id(1)), 0));
        queue.done(Id(1));
        queue.ripe(Id(1), late);
        assert!(queue.is_empty());
    }

    #[test]
    fn failures_back_off_exponentially() {
        let mut queue = WorkQueue::default();
        let waits: Vec<u64> = (0..20).map(|_| queue.backoff(Id(1), Time::ZERO).as_ms()).collect();
        assert_eq!((waits[0], waits[1], waits[4], waits[17], waits[19]), (5, 10, 80, 655_360, 1_000_000));
        assert_eq!(queue.failures(Id(1)), 20);
        queue.forget(Id(1));
        assert_eq!(queue.backoff(Id(1), Time::ZERO), BACKOFF_MIN);
    }

    #[test]
    fn many_failing_keys_wait_for_each_other() {
        let mut queue = WorkQueue::default();
        let waits: Vec<u64> = (0..103).map(|key| queue.backoff(Id(key), Time::ZERO).as_ms()).collect();
        assert!(waits[..100].iter().all(|ms| *ms == 5), "{waits:?}");
        assert_eq!(waits[100..], [100, 200, 300]);
        assert_eq!(queue.backoff(Id(200), Time::from_s(60)), BACKOFF_MIN);
    }
}
