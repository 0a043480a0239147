//! Distributions of times: what a scenario says about how long things take. All functions come from `libm`, so every
//! machine draws the same nanoseconds.

use super::rng::Draw;
use super::time::Span;

/// A distribution of spans of time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dist {
    /// Always the same.
    Constant(Span),
    /// Each value from `min` to `max` alike.
    Uniform {
        /// Smallest value.
        min: Span,
        /// Largest value.
        max: Span,
    },
    /// The bell curve, cut below at `min`.
    Normal {
        /// Mean.
        mean: Span,
        /// Standard deviation.
        sd: Span,
        /// Nothing is smaller.
        min: Span,
    },
    /// Waiting for something that may come at any moment.
    Exponential {
        /// Mean.
        mean: Span,
    },
    /// Skewed to the right, given by two percentiles.
    LogNormal {
        /// Median.
        p50: Span,
        /// 99th percentile; not below the median.
        p99: Span,
    },
}

/// The 99th percentile of the standard normal distribution.
const Z_99: f64 = 2.326_347_874_040_841;

impl Dist {
    /// The value at a draw: the inverse of the distribution function.
    pub fn at(&self, draw: Draw) -> Span {
        // The middle of the draw's step, so that neither 0 nor 1 is ever reached.
        let unit = draw.unit() + 0.5 / (1u64 << 53) as f64;
        match *self {
            Dist::Constant(span) => span,
            Dist::Uniform { min, max } => min + Span((max.0.saturating_sub(min.0) as f64 * unit) as u64),
            Dist::Normal { mean, sd, min } => {
                let value = mean.0 as f64 + sd.0 as f64 * inverse_normal(unit);
                Span(value.max(min.0 as f64).max(0.0) as u64)
            }
            Dist::Exponential { mean } => Span((mean.0 as f64 * -libm::log(1.0 - unit).min(0.0)) as u64),
            Dist::LogNormal { p50, p99 } => {
                let sigma = libm::log(p99.0.max(1) as f64 / p50.0.max(1) as f64) / Z_99;
                Span((p50.0 as f64 * libm::exp(sigma * inverse_normal(unit))) as u64)
            }
        }
    }

    /// The mean, for display.
    pub fn mean(&self) -> Span {
        match *self {
            Dist::Constant(span) => span,
            Dist::Uniform { min, max } => Span((min.0 + max.0) / 2),
            Dist::Normal { mean, .. } | Dist::Exponential { mean } => mean,
            Dist::LogNormal { p50, p99 } => {
                let sigma = libm::log(p99.0.max(1) as f64 / p50.0.max(1) as f64) / Z_99;
                Span((p50.0 as f64 * libm::exp(sigma * sigma / 2.0)) as u64)
            }
        }
    }
}

/// The inverse of the standard normal distribution function on (0, 1): Acklam's rational approximation (relative error
/// below 1.2e-9), P. J. Acklam, "An algorithm for computing the inverse normal cumulative distribution function", 2003.
fn inverse_normal(p: f64) -> f64 {
    const A: [f64; 6] =
        [-3.969683028665376e1, 2.209460984245205e2, -2.759285104469687e2, 1.38357751867269e2, -3.066479806614716e1, 2.506628277459239];
    const B: [f64; 5] = [-5.447609879822406e1, 1.615858368580409e2, -1.556989798598866e2, 6.680131188771972e1, -1.328068155288572e1];
    const C: [f64; 6] =
        [-7.784894002430293e-3, -3.223964580411365e-1, -2.400758277161838, -2.549732539343734, 4.374664141464968, 2.938163982698783];
    const D: [f64; 4] = [7.784695709041462e-3, 3.224671290700398e-1, 2.445134137142996, 3.754408661907416];
    let poly = |coefficients: &[f64], x: f64| coefficients.iter().fold(0.0, |sum, c| sum * x + c);
    let tail = |q: f64| poly(&C, q) / (poly(&D, q) * q + 1.0);
    if p < 0.02425 {
        tail(libm::sqrt(-2.0 * libm::log(p)))
    } else if p > 1.0 - 0.02425 {
        -tail(libm::sqrt(-2.0 * libm::log(1.0 - p)))
    } else {
        let q = p - 0.5;
        let r = q * q;
        poly(&A, r) * q / (poly(&B, r) * r + 1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::super::rng::Seed;
    use super::*;

    fn quantile(dist: &Dist, share: f64) -> f64 {
        let seed = Seed(3);
        let mut values: Vec<u64> = (0..20_000).map(|n| dist.at(seed.draw("test", "x", n)).as_ms()).collect();
        values.sort_unstable();
        values[(values.len() as f64 * share) as usize] as f64
    }

    #[test]
    fn percentiles_are_those_asked_for() {
        let near = |value: f64, wanted: f64| assert!((value - wanted).abs() < wanted * 0.06, "{value} instead of {wanted}");
        let ms = Span::from_ms;
        near(quantile(&Dist::Constant(ms(500)), 0.5), 500.0);
        near(quantile(&Dist::Uniform { min: ms(1_000), max: ms(3_000) }, 0.5), 2_000.0);
        near(quantile(&Dist::Normal { mean: ms(4_000), sd: ms(1_000), min: ms(2_000) }, 0.8413), 5_000.0);
        near(quantile(&Dist::Exponential { mean: ms(1_000) }, 0.5), 693.0);
        near(quantile(&Dist::LogNormal { p50: ms(3_000), p99: ms(18_000) }, 0.5), 3_000.0);
        near(quantile(&Dist::LogNormal { p50: ms(3_000), p99: ms(18_000) }, 0.99), 18_000.0);
    }

    #[test]
    fn the_normal_is_cut_below() {
        let dist = Dist::Normal { mean: Span::from_s(1), sd: Span::from_s(5), min: Span::from_ms(900) };
        assert!((0..1_000).all(|n| dist.at(Seed(1).draw("t", "x", n)) >= Span::from_ms(900)));
    }
}
