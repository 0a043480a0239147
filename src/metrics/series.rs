//! A value over time: a step function that keeps the changes, thinned out when there are too many.

use crate::base::Time;

/// Points kept at most; beyond, every second one is dropped (the last always stays), as often as needed.
pub const POINTS_MAX: usize = 4_096;

/// A step function of time.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Series {
    points: Vec<(Time, f64)>,
    last: Option<(Time, f64)>,
    /// Changes closer together than this are merged; zero until the series was thinned out for the first time.
    resolution_ns: u64,
}

impl Series {
    /// The value from `at` on. Values at one instant replace each other; equal ones add nothing.
    pub fn set(&mut self, at: Time, value: f64) {
        if self.last.is_some_and(|(_, last)| last == value) {
            return;
        }
        if let Some((last_at, _)) = self.points.last()
            && at.0 - last_at.0 <= self.resolution_ns
        {
            self.points.pop();
        }
        self.points.push((at, value));
        self.last = Some((at, value));
        if self.points.len() > POINTS_MAX {
            self.thin_out();
        }
    }

    fn thin_out(&mut self) {
        let span_ns = self.points.last().map_or(0, |(at, _)| at.0);
        self.resolution_ns = (self.resolution_ns * 2).max(span_ns / POINTS_MAX as u64);
        let last = self.points.len() - 1;
        let mut index = 0usize;
        self.points.retain(|_| {
            index += 1;
            (index - 1).is_multiple_of(2) || index - 1 == last
        });
    }

    /// The changes, in order.
    pub fn points(&self) -> &[(Time, f64)] {
        &self.points
    }

    /// The value at an instant; none before the first.
    pub fn at(&self, at: Time) -> Option<f64> {
        let after = self.points.partition_point(|(point, _)| *point <= at);
        after.checked_sub(1).map(|index| self.points[index].1)
    }

    /// The last value.
    pub fn last(&self) -> Option<f64> {
        self.last.map(|(_, value)| value)
    }

    /// The greatest value.
    pub fn max(&self) -> Option<f64> {
        self.points.iter().map(|(_, value)| *value).reduce(f64::max)
    }

    /// Whether it never had a value.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_changes_are_kept() {
        let mut series = Series::default();
        for (at, value) in [(0, 1.0), (5, 1.0), (10, 2.0), (10, 3.0), (20, 3.0)] {
            series.set(Time(at), value);
        }
        assert_eq!(series.points(), [(Time(0), 1.0), (Time(10), 3.0)]);
        assert_eq!((series.at(Time(9)), series.at(Time(10)), series.at(Time(99))), (Some(1.0), Some(3.0), Some(3.0)));
        assert_eq!((series.last(), series.max()), (Some(3.0), Some(3.0)));
    }

    #[test]
    fn a_long_series_stays_small_and_keeps_its_end() {
        let mut series = Series::default();
        for at in 0..100_000u64 {
            series.set(Time(at * 1_000), at as f64);
        }
        assert!(series.points().len() <= POINTS_MAX + 1);
        assert_eq!(series.last(), Some(99_999.0));
        assert_eq!(series.points().last().unwrap().1, 99_999.0);
        assert!(series.points().is_sorted_by_key(|(at, _)| *at));
    }
}
