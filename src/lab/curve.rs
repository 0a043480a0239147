//! Curves of a run, for charts: a value by arrived demand, by time or by percentile.

/// Points in order of their first number; the value holds up to the next point.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Curve(pub Vec<(f64, f64)>);

/// The curves of a run; empty where there is nothing to show.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Curves {
    /// Allocated share of GPUs (or CPU) in percent, by arrived demand in percent of them.
    pub allocation: Curve,
    /// Share of what is free that usual pods cannot use, in percent, by arrived demand in percent.
    pub fragmentation: Curve,
    /// Seconds from creation to binding, by percentile.
    pub pending: Curve,
    /// Allocated share in percent, by seconds since the start.
    pub utilisation: Curve,
    /// Standard deviation of the nodes' allocated share of CPU in percentage points, by seconds since the start.
    pub imbalance: Curve,
}

impl Curve {
    /// The value at a place; none before the first point.
    pub fn at(&self, place: f64) -> Option<f64> {
        let after = self.0.partition_point(|(at, _)| *at <= place);
        after.checked_sub(1).map(|at| self.0[at].1)
    }

    /// The mean of several curves where all have a value, at `steps` places between the first and the last.
    pub fn mean(curves: &[&Curve], steps: usize) -> Curve {
        let ends = |of: fn(&Curve) -> Option<f64>, pick: fn(f64, f64) -> f64| curves.iter().filter_map(|curve| of(curve)).reduce(pick);
        let first = ends(|curve| curve.0.first().map(|(at, _)| *at), f64::max);
        let last = ends(|curve| curve.0.last().map(|(at, _)| *at), f64::min);
        let Some((first, last)) = first.zip(last).filter(|(first, last)| first <= last) else { return Curve::default() };
        let place = |step: usize| first + (last - first) * step as f64 / steps.max(1) as f64;
        let mean = |place: f64| {
            let values: Vec<f64> = curves.iter().filter_map(|curve| curve.at(place)).collect();
            (!values.is_empty()).then(|| (place, values.iter().sum::<f64>() / values.len() as f64))
        };
        Curve((0..=steps).filter_map(|step| mean(place(step))).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_taken_where_all_have_a_value() {
        let a = Curve(vec![(0.0, 1.0), (2.0, 3.0), (4.0, 5.0)]);
        let b = Curve(vec![(2.0, 5.0), (6.0, 9.0)]);
        assert_eq!((a.at(-1.0), a.at(3.9), a.at(9.0)), (None, Some(3.0), Some(5.0)));
        assert_eq!(Curve::mean(&[&a, &b], 2), Curve(vec![(2.0, 4.0), (3.0, 4.0), (4.0, 5.0)]));
        assert_eq!(Curve::mean(&[], 2), Curve::default());
    }
}
