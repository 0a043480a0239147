//! The client's own rate limit: a token bucket of requests, as client-go has it.
//! Real: staging/src/k8s.io/client-go/util/flowcontrol/throttle.go @ v1.37.2.

use crate::base::{Span, Time};

/// How fast a client may ask.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Limits {
    /// Requests a second in the long run. Zero or less: no limit.
    pub qps: f64,
    /// Requests at once.
    pub burst: u32,
}

/// A token bucket.
#[derive(Clone, Debug)]
pub struct Throttle {
    interval: Span,
    burst: u32,
    /// When the bucket would be full if nothing more were taken.
    full_at: Time,
}

impl Throttle {
    /// A full bucket.
    pub fn new(limits: Limits) -> Throttle {
        let interval = if limits.qps > 0.0 { Span::from_s_f64(1.0 / limits.qps) } else { Span::ZERO };
        Throttle { interval, burst: limits.burst.max(1), full_at: Time::ZERO }
    }

    /// When a request asked for now may leave; takes its token.
    pub fn reserve(&mut self, now: Time) -> Time {
        self.full_at = self.full_at.max(now) + self.interval;
        // With `burst` tokens in the bucket, a debt of more than `burst` intervals has to be waited for.
        now.max(self.full_at - self.interval * u64::from(self.burst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_leaves_at_once_and_the_rest_at_the_rate() {
        let mut throttle = Throttle::new(Limits { qps: 20.0, burst: 30 });
        let now = Time::from_s(100);
        let leave: Vec<u64> = (0..33).map(|_| (throttle.reserve(now) - now).as_ms()).collect();
        assert!(leave[..30].iter().all(|ms| *ms == 0), "{leave:?}");
        assert_eq!(leave[30..], [50, 100, 150]);
        assert_eq!(throttle.reserve(Time::from_s(200)), Time::from_s(200));
    }

    #[test]
    fn no_rate_means_no_limit() {
        let mut throttle = Throttle::new(Limits { qps: 0.0, burst: 1 });
        assert!((0..1_000).all(|_| throttle.reserve(Time::from_s(1)) == Time::from_s(1)));
    }
}
