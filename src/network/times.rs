//! How long requests take, as a table of quantiles that is gone through again and again: any run of requests, long or short, is
//! spread evenly over the distribution, and how often each time occurs in a run is known from its two ends.

use crate::base::{Dist, Draw, Histogram, Span};

/// Quantiles of a distribution. A power of two.
pub(super) const QUANTILES: usize = 1_024;

/// A distribution's quantiles, in the order in which requests get them: halves, quarters, eighths and so on.
#[derive(Clone, Debug)]
pub(super) struct Times {
    pub dist: Dist,
    /// All are the same: which request gets which needs no counting.
    pub is_constant: bool,
    values: Vec<Span>,
    pub max: Span,
    pub mean: Span,
}

impl Times {
    pub fn new(dist: Dist) -> Times {
        let bits = QUANTILES.trailing_zeros();
        let value = |at: usize| {
            let rank = (at as u64).reverse_bits() >> (64 - bits);
            // The middle of the rank's part of all draws.
            dist.at(Draw(rank << (64 - bits) | 1 << (63 - bits)))
        };
        let values: Vec<Span> = (0..QUANTILES).map(value).collect();
        let sum: u128 = values.iter().map(|value| u128::from(value.0)).sum();
        let max = values.iter().copied().max().unwrap_or_default();
        let is_constant = values.iter().all(|value| *value == max);
        Times { dist, is_constant, max, mean: Span((sum / QUANTILES as u128) as u64), values }
    }

    /// The time of the request with this number.
    pub fn at(&self, number: u64) -> Span {
        self.values[(number % QUANTILES as u64) as usize]
    }
}

/// How often each quantile of a table occurred.
#[derive(Clone, Debug)]
pub(super) struct Uses {
    /// Which table.
    pub table: u32,
    /// What each took beside the table's time: its wait.
    pub wait: Span,
    /// Whole rounds through the table; of a constant table, requests.
    rounds: u64,
    /// Differences from one place to the next; none of a constant table.
    steps: Vec<i64>,
}

impl Uses {
    pub fn new(table: u32, wait: Span, is_constant: bool) -> Uses {
        Uses { table, wait, rounds: 0, steps: if is_constant { Vec::new() } else { vec![0; QUANTILES + 1] } }
    }

    /// Requests with numbers from `first` on.
    pub fn add(&mut self, first: u64, count: u64) {
        if self.steps.is_empty() {
            self.rounds += count;
            return;
        }
        let len = QUANTILES as u64;
        self.rounds += count / len;
        let (from, more) = ((first % len) as usize, (count % len) as usize);
        let until = from + more;
        self.steps[from] += 1;
        if until <= QUANTILES {
            self.steps[until] -= 1;
        } else {
            self.steps[QUANTILES] -= 1;
            self.steps[0] += 1;
            self.steps[until - QUANTILES] -= 1;
        }
    }

    /// Takes back the request with this number.
    pub fn take_back(&mut self, number: u64) {
        if self.steps.is_empty() {
            self.rounds -= 1;
            return;
        }
        let at = (number % QUANTILES as u64) as usize;
        self.steps[at] -= 1;
        self.steps[at + 1] += 1;
    }

    /// Adds all to a histogram.
    pub fn pour(&self, times: &Times, into: &mut Histogram) {
        if self.steps.is_empty() {
            return into.add(times.max + self.wait, self.rounds);
        }
        let mut extra = 0;
        for (at, value) in times.values.iter().enumerate() {
            extra += self.steps[at];
            into.add(*value + self.wait, u64::try_from(self.rounds as i64 + extra).expect("no less than none"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_counted_as_one_by_one() {
        let spread = Times::new(Dist::LogNormal { p50: Span::from_ms(30), p99: Span::from_ms(180) });
        let constant = Times::new(Dist::Constant(Span::from_ms(20)));
        assert_eq!((spread.is_constant, constant.is_constant), (false, true));
        let runs = [(0, 0), (0, 1), (1_020, 9), (5, 1_024), (77, 5_000), (1_023, 1)];
        for (times, (first, count)) in runs.into_iter().flat_map(|run| [(&spread, run), (&constant, run)]) {
            let mut uses = Uses::new(0, Span::ZERO, times.is_constant);
            uses.add(first, count);
            let (mut whole, mut single) = (Histogram::default(), Histogram::default());
            uses.pour(times, &mut whole);
            (first..first + count).for_each(|number| single.add(times.at(number), 1));
            assert_eq!(whole.total(), count);
            assert!((0..=20).all(|part| whole.quantile(f64::from(part) / 20.0) == single.quantile(f64::from(part) / 20.0)));
            if count > 0 {
                uses.take_back(first + count - 1);
                let mut fewer = Histogram::default();
                uses.pour(times, &mut fewer);
                single.take_back(times.at(first + count - 1));
                assert_eq!((fewer.total(), fewer.mean()), (single.total(), single.mean()));
            }
        }
    }

    #[test]
    fn quantiles_are_those_of_the_distribution() {
        let times = Times::new(Dist::LogNormal { p50: Span::from_ms(30), p99: Span::from_ms(180) });
        let mut all = Histogram::default();
        (0..QUANTILES as u64).for_each(|number| all.add(times.at(number), 1));
        let ms = |share| all.quantile(share).unwrap().as_ms();
        assert!((29..=31).contains(&ms(0.5)) && (170..=190).contains(&ms(0.99)), "{} {}", ms(0.5), ms(0.99));
        // A short run is spread, too.
        let mut short: Vec<u64> = (40..48).map(|number| times.at(number).0).collect();
        short.sort_unstable();
        assert!(short[1] < Span::from_ms(30).0 && short[6] > Span::from_ms(30).0);
    }
}
