//! Back-off of restarts and of image pulls. Real: staging/src/k8s.io/client-go/util/flowcontrol/backoff.go, newCrashLoopBackOff
//! in pkg/kubelet/kubelet.go @ v1.37.2.

use crate::base::{Span, Time};

/// The first wait.
const FIRST: Span = Span::from_s(10);
/// A restart that comes later than this after the last step starts afresh.
const CRASH_EXPIRY: Span = Span::from_s(600);

/// The back-off of one container or one image.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(crate) struct Backoff {
    /// The present wait.
    pub wait: Span,
    updated: Time,
}

impl Backoff {
    /// The first step.
    pub fn first(now: Time) -> Backoff {
        Backoff { wait: FIRST, updated: now }
    }

    /// The next step, for something that happened at `event`.
    pub fn next(self, event: Time, now: Time, longest: Span) -> Backoff {
        if self.expired(event) { Backoff::first(now) } else { Backoff { wait: (self.wait * 2).min(longest), updated: now } }
    }

    fn expired(self, event: Time) -> bool {
        event.since(self.updated) > CRASH_EXPIRY
    }

    /// Whether something that happened at `event` has still to wait.
    pub fn holds_since(self, event: Time, now: Time) -> bool {
        !self.expired(event) && now.since(event) < self.wait
    }

    /// The same, counted from the last step.
    pub fn holds_since_update(self, now: Time) -> bool {
        !self.expired(now) && now.since(self.updated) < self.wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_start_afresh_after_ten_minutes() {
        let longest = Span::from_s(300);
        let mut backoff = Backoff::first(Time::ZERO);
        let mut waits = vec![backoff.wait.as_s()];
        for step in 1..7 {
            let now = Time::from_s(step * 300);
            backoff = backoff.next(now, now, longest);
            waits.push(backoff.wait.as_s());
        }
        assert_eq!(waits, [10, 20, 40, 80, 160, 300, 300]);
        let late = Time::from_s(6 * 300 + 601);
        assert_eq!(backoff.next(late, late, longest).wait.as_s(), 10);
        assert!(Backoff::first(Time::ZERO).holds_since(Time::ZERO, Time::from_s(9)));
        assert!(!Backoff::first(Time::ZERO).holds_since_update(Time::from_s(10)));
    }
}
