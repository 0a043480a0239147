//! Arrival processes: when pods come if no trace tells. Each is drawn from a stream of its own, so policies and seeds can be
//! compared on the very same workload.

use crate::base::{Dist, Seed, Span, Stream, Time};

/// The stream that arrivals are drawn from.
const STREAM: &str = "workload/arrivals";
/// No process is faster: a million a second.
pub const RATE_PER_S_MAX: f64 = 1e6;
const NS_PER_S: f64 = 1e9;

/// How pods come.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Process {
    /// One each so often, the first one after that time.
    Even {
        /// From one to the next.
        every: Span,
    },
    /// Independently of each other, at a constant rate.
    Poisson {
        /// Mean number a second.
        rate_per_s: f64,
    },
    /// Two states that last exponential times, with a Poisson rate in each (a Markov-modulated Poisson process).
    Bursty {
        /// Mean number a second during a burst.
        on_per_s: f64,
        /// Mean number a second between bursts.
        off_per_s: f64,
        /// Mean length of a burst.
        on_mean: Span,
        /// Mean length of what lies between two; the process begins there.
        off_mean: Span,
    },
    /// A rate that swings like a sine, once a period.
    Daily {
        /// Mean number a second over a period.
        mean_per_s: f64,
        /// From 0 (constant) to 1 (nothing at the lowest point).
        amplitude: f64,
        /// When the rate is highest for the first time, since the run's start; less than a period.
        peak: Span,
        /// From one highest point to the next.
        period: Span,
    },
}

/// A process with its bounds, and how long its pods last.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Arrivals {
    /// How they come.
    pub process: Process,
    /// Nothing comes before.
    pub from: Time,
    /// Nothing comes after.
    pub to: Time,
    /// No more than these.
    pub limit: u64,
    /// How long each lasts; `None`: to the end.
    pub lasts: Option<Dist>,
}

impl Arrivals {
    /// The instants, in order.
    pub fn times(&self, seed: Seed) -> Times {
        Times { arrivals: *self, stream: seed.stream(STREAM), now: self.from, made: 0, burst: None }
    }

    /// How long the pod with this number lasts.
    pub fn lasts(&self, seed: Seed, number: u64) -> Option<Span> {
        self.lasts.map(|lasts| lasts.at(seed.draw("workload/lasts", "", number)))
    }
}

/// Instants of an arrival process.
#[derive(Clone, Debug)]
pub struct Times {
    arrivals: Arrivals,
    stream: Stream,
    now: Time,
    made: u64,
    /// Whether it is in a burst, and until when.
    burst: Option<(bool, Time)>,
}

impl Times {
    /// An exponential time with so many a second; `None`: longer than any run.
    fn wait(&mut self, per_s: f64) -> Option<Span> {
        if per_s <= 0.0 {
            return None;
        }
        let unit = self.stream.draw().unit();
        let ns = -libm::log(1.0 - unit) / per_s * NS_PER_S;
        // -0 and rounding: two can come at the same nanosecond, none before another.
        (ns < 1e18).then_some(Span(ns.max(0.0) as u64))
    }

    fn step(&mut self) -> Option<Time> {
        match self.arrivals.process {
            Process::Even { every } => Some(self.now + every),
            Process::Poisson { rate_per_s } => Some(self.now + self.wait(rate_per_s)?),
            Process::Bursty { on_per_s, off_per_s, on_mean, off_mean } => loop {
                let (on, until) = match self.burst {
                    Some(state) => state,
                    None => (false, self.now + self.wait(NS_PER_S / off_mean.0 as f64)?),
                };
                self.burst = Some((on, until));
                let wait = self.wait(if on { on_per_s } else { off_per_s });
                // The exponential forgets: what was drawn beyond the state's end is drawn anew in the next state.
                if let Some(at) = wait.map(|wait| self.now + wait).filter(|at| *at < until) {
                    return Some(at);
                }
                self.now = until;
                if until > self.arrivals.to {
                    return None;
                }
                let mean = if on { off_mean } else { on_mean };
                self.burst = Some((!on, until + self.wait(NS_PER_S / mean.0 as f64)?));
            },
            // Thinning: candidates at the highest rate, of which the share of the present rate is kept.
            Process::Daily { mean_per_s, amplitude, peak, period } => loop {
                let wait = self.wait(mean_per_s * (1.0 + amplitude))?;
                self.now += wait;
                if self.now > self.arrivals.to {
                    return None;
                }
                let phase = (self.now.0 % period.0) as f64 - (peak.0 % period.0) as f64;
                let rate = 1.0 + amplitude * libm::cos(2.0 * std::f64::consts::PI * phase / period.0 as f64);
                if self.stream.draw().unit() * (1.0 + amplitude) < rate {
                    return Some(self.now);
                }
            },
        }
    }
}

impl Iterator for Times {
    type Item = Time;

    fn next(&mut self) -> Option<Time> {
        if self.made >= self.arrivals.limit {
            return None;
        }
        self.now = self.step().filter(|at| *at <= self.arrivals.to)?;
        self.made += 1;
        Some(self.now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(process: Process, to_s: u64, seed: u64) -> Vec<f64> {
        let arrivals = Arrivals { process, from: Time::ZERO, to: Time::from_s(to_s), limit: u64::MAX, lasts: None };
        arrivals.times(Seed(seed)).map(|at| at.as_s_f64()).collect()
    }

    /// Variance over mean of the counts per second: 1 for Poisson.
    fn dispersion(times: &[f64], to_s: usize) -> f64 {
        let mut counts = vec![0.0; to_s];
        times.iter().for_each(|at| counts[(*at as usize).min(to_s - 1)] += 1.0);
        let mean = counts.iter().sum::<f64>() / to_s as f64;
        counts.iter().map(|count| (count - mean) * (count - mean)).sum::<f64>() / to_s as f64 / mean
    }

    #[test]
    fn poisson_has_its_rate_and_no_memory() {
        let all = times(Process::Poisson { rate_per_s: 5.0 }, 4_000, 1);
        assert!((all.len() as f64 - 20_000.0).abs() < 600.0, "{}", all.len());
        let dispersion = dispersion(&all, 4_000);
        assert!((dispersion - 1.0).abs() < 0.1, "{dispersion}");
        assert!(all.is_sorted());
        assert_eq!(all[..50], times(Process::Poisson { rate_per_s: 5.0 }, 4_000, 1)[..50]);
        assert_ne!(all[..50], times(Process::Poisson { rate_per_s: 5.0 }, 4_000, 2)[..50]);
    }

    #[test]
    fn gaps_of_poisson_arrivals_are_exponential_and_independent() {
        for seed in [1, 2, 3] {
            let all = times(Process::Poisson { rate_per_s: 5.0 }, 2_000, seed);
            let mut gaps: Vec<f64> = all.windows(2).map(|pair| pair[1] - pair[0]).collect();
            let count = gaps.len() as f64;
            // Neighbours are as good as not correlated: beyond three standard errors once in four hundred.
            let products: f64 = gaps.windows(2).map(|pair| (pair[0] - 0.2) * (pair[1] - 0.2)).sum();
            let correlation = products / count / 0.04;
            assert!(correlation.abs() < 3.0 / count.sqrt(), "{seed}: {correlation}");
            // Kolmogorov-Smirnov: one in a hundred exponential samples is further away.
            gaps.sort_by(f64::total_cmp);
            let distance = |(at, gap): (usize, &f64)| {
                let wanted = 1.0 - libm::exp(-5.0 * gap);
                (wanted - at as f64 / count).abs().max((wanted - (at + 1) as f64 / count).abs())
            };
            let furthest = gaps.iter().enumerate().map(distance).fold(0.0, f64::max);
            assert!(furthest * count.sqrt() < 1.63, "{seed}: {furthest}");
        }
    }

    #[test]
    fn bursts_are_bursts() {
        let (on_mean, off_mean) = (Span::from_s(10), Span::from_s(30));
        let all = times(Process::Bursty { on_per_s: 20.0, off_per_s: 0.0, on_mean, off_mean }, 8_000, 3);
        // A quarter of the time twenty a second.
        assert!((all.len() as f64 / 8_000.0 - 5.0).abs() < 0.7, "{}", all.len());
        assert!(dispersion(&all, 8_000) > 8.0);
        assert!(all.is_sorted());
    }

    #[test]
    fn a_day_has_a_peak() {
        let (peak, period) = (Span::from_s(1_000), Span::from_s(4_000));
        let all = times(Process::Daily { mean_per_s: 5.0, amplitude: 0.8, peak, period }, 40_000, 4);
        let near = |at: u64| all.iter().filter(|time| (**time as u64 + 4_000 + 200 - at) % 4_000 < 400).count() as f64 / 4_000.0;
        assert!((all.len() as f64 / 40_000.0 - 5.0).abs() < 0.2);
        assert!((near(1_000) - 9.0).abs() < 0.6 && (near(3_000) - 1.0).abs() < 0.3, "{} {}", near(1_000), near(3_000));
    }

    #[test]
    fn even_arrivals_and_limits() {
        let even = Process::Even { every: Span::from_s(10) };
        assert_eq!(times(even, 35, 1), [10.0, 20.0, 30.0]);
        let lasts = Some(Dist::Constant(Span::from_s(3)));
        let limited = Arrivals { process: even, from: Time::from_s(5), to: Time::from_s(100), limit: 2, lasts };
        assert_eq!(limited.times(Seed(1)).map(Time::as_s).collect::<Vec<_>>(), [15, 25]);
        assert_eq!(limited.lasts(Seed(1), 7), Some(Span::from_s(3)));
        assert_eq!(times(Process::Poisson { rate_per_s: 0.0 }, 100, 1), [] as [f64; 0]);
    }
}
