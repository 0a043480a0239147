//! How long pods took: from creation to a node, and from creation to ready.

use crate::base::collections::Map;
use crate::base::{Span, Time};
use crate::model::{Kind, Str};
use crate::store::LogEntry;

/// Times of all pods that got so far.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    /// Creation to binding: when it ended, how long it took.
    pub scheduling: Vec<(Time, Span)>,
    /// Creation to the first time ready.
    pub startup: Vec<(Time, Span)>,
    waiting: Map<Str, Pending>,
}

#[derive(Clone, Copy, Debug)]
struct Pending {
    created: Time,
    bound: bool,
}

/// Percentiles of a list of spans.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Percentiles {
    /// How many there are.
    pub count: usize,
    /// Median.
    pub p50: Span,
    /// 90th percentile.
    pub p90: Span,
    /// 99th percentile.
    pub p99: Span,
    /// The longest.
    pub max: Span,
}

impl Latencies {
    pub(super) fn commit(&mut self, entry: &LogEntry, is_ready: bool) {
        if entry.kind() != Kind::Pod {
            return;
        }
        let object = entry.object();
        let uid = &object.meta.uid;
        let Some(pod) = entry.after.as_ref().and_then(|object| object.as_pod()) else {
            self.waiting.remove(uid);
            return;
        };
        if entry.before.is_none() {
            self.waiting.insert(uid.clone(), Pending { created: entry.at, bound: pod.is_bound() });
            return;
        }
        let Some(pending) = self.waiting.get_mut(uid) else { return };
        if pod.is_bound() && !pending.bound {
            pending.bound = true;
            self.scheduling.push((entry.at, entry.at - pending.created));
        }
        if is_ready {
            self.startup.push((entry.at, entry.at - pending.created));
            self.waiting.remove(uid);
        }
    }
}

/// Percentiles by the nearest rank.
pub fn percentiles(times: &[(Time, Span)]) -> Percentiles {
    let mut spans: Vec<Span> = times.iter().map(|(_, span)| *span).collect();
    spans.sort_unstable();
    let rank = |percent: usize| spans.get((spans.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default();
    Percentiles { count: spans.len(), p50: rank(50), p90: rank(90), p99: rank(99), max: rank(100) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_by_nearest_rank() {
        let times: Vec<_> = (1..=100).map(|ms| (Time::ZERO, Span::from_ms(ms))).collect();
        let found = percentiles(&times);
        let ms = |span: Span| span.as_ms();
        assert_eq!((found.count, ms(found.p50), ms(found.p90), ms(found.p99), ms(found.max)), (100, 50, 90, 99, 100));
        assert_eq!(percentiles(&[]), Percentiles::default());
    }
}
