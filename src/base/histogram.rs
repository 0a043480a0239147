//! Counts of times in buckets that grow with the time: 64 to each doubling, so a figure is off by 0.8 % at most. Exact in
//! its counts, and adding up is exact too.

use super::Span;

/// Buckets to each doubling.
const STEPS: u64 = 64;
const STEP_BITS: u32 = STEPS.trailing_zeros();

/// How many things took how long.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Histogram {
    /// The first bucket that is counted; those before are empty.
    first: usize,
    counts: Vec<u64>,
    total: u64,
}

fn bucket(span: Span) -> usize {
    let ns = span.0;
    if ns < STEPS {
        return ns as usize;
    }
    let shift = 63 - ns.leading_zeros() - STEP_BITS;
    ((u64::from(shift) * STEPS) + (ns >> shift)) as usize
}

/// The middle of a bucket.
fn middle(bucket: usize) -> Span {
    let bucket = bucket as u64;
    if bucket < 2 * STEPS {
        return Span(bucket);
    }
    let shift = bucket / STEPS - 1;
    let low = (bucket - shift * STEPS) << shift;
    Span(low + (1 << shift) / 2)
}

impl Histogram {
    /// Adds so many of one time.
    pub fn add(&mut self, span: Span, count: u64) {
        if count == 0 {
            return;
        }
        let at = bucket(span);
        self.reach(at, at + 1);
        self.counts[at - self.first] += count;
        self.total += count;
    }

    /// Makes room for some buckets.
    fn reach(&mut self, from: usize, end: usize) {
        if self.counts.is_empty() {
            self.first = from;
        }
        if from < self.first {
            self.counts.splice(0..0, std::iter::repeat_n(0, self.first - from));
            self.first = from;
        }
        if self.first + self.counts.len() < end {
            self.counts.resize(end - self.first, 0);
        }
    }

    /// Takes back one that was added.
    pub fn take_back(&mut self, span: Span) {
        let at = bucket(span).checked_sub(self.first).expect("it was added");
        self.counts[at] = self.counts[at].checked_sub(1).expect("it was added");
        self.total -= 1;
    }

    /// Adds all of another.
    pub fn merge(&mut self, other: &Histogram) {
        if other.counts.is_empty() {
            return;
        }
        self.reach(other.first, other.first + other.counts.len());
        for (own, others) in self.counts[other.first - self.first..].iter_mut().zip(&other.counts) {
            *own += others;
        }
        self.total += other.total;
    }

    /// How many there are.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The time that this share (0 to 1) does not exceed, by the nearest rank; none if there are none.
    pub fn quantile(&self, share: f64) -> Option<Span> {
        let rank = ((self.total as f64 * share).ceil() as u64).clamp(1, self.total.max(1));
        let mut seen = 0;
        let found = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        });
        found.filter(|_| self.total > 0).map(|at| middle(self.first + at))
    }

    /// The mean.
    pub fn mean(&self) -> Option<Span> {
        let sum: u128 = self.counts.iter().enumerate().map(|(at, count)| u128::from(*count) * u128::from(middle(self.first + at).0)).sum();
        (self.total > 0).then(|| Span((sum / u128::from(self.total)) as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_in_order_and_near() {
        let mut last = 0;
        for ns in (0..200_000u64).chain((18..60).map(|bit| 1 << bit)) {
            let span = Span(ns);
            let found = middle(bucket(span)).0;
            assert!(found.abs_diff(ns) as f64 <= ns as f64 * 0.008 + 0.5, "{ns} is shown as {found}");
            if ns < 200_000 {
                assert!(bucket(span) >= last && bucket(span) <= last + 1);
                last = bucket(span);
            }
        }
    }

    #[test]
    fn figures_are_by_rank_and_merging_adds() {
        let mut all = Histogram::default();
        (1..=100).for_each(|ms| all.add(Span::from_ms(ms), 2));
        let near = |share: f64, ms: f64| (all.quantile(share).unwrap().as_s_f64() * 1e3 / ms - 1.0).abs() < 0.01;
        assert!(near(0.5, 50.0) && near(0.95, 95.0) && near(1.0, 100.0) && near(0.0, 1.0));
        let mut twice = all.clone();
        twice.merge(&all);
        twice.take_back(Span::from_ms(100));
        assert_eq!((all.total(), twice.total()), (200, 399));
        assert!((all.mean().unwrap().as_s_f64() - 0.0505).abs() < 0.0005);
        assert_eq!(Histogram::default().quantile(0.5), None);
        let mut mixed = Histogram::default();
        mixed.add(Span::from_ms(500), 1);
        mixed.merge(&Histogram::default());
        mixed.add(Span(3), 1);
        mixed.merge(&all);
        assert_eq!((mixed.total(), mixed.quantile(0.0)), (202, Some(Span(3))));
        assert!((mixed.quantile(1.0).unwrap().as_s_f64() - 0.5).abs() < 0.005);
    }
}
