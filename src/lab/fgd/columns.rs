//! What a run leaves: allocation and fragmentation by arrived demand, in percent of all GPUs, as the published tables have them.

/// The last column.
pub const LAST: usize = 130;

/// The cluster after one arrival.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Record {
    /// What arrived pods asked for, in milli GPU.
    pub arrived_milli: i64,
    /// What placed pods use.
    pub used_milli: i64,
    /// How much of the free GPUs is fragmented.
    pub fragmented_percent: f64,
}

/// The records, gathered by arrived demand in whole percent.
#[derive(Clone, PartialEq, Debug)]
pub struct Columns {
    gpus: i64,
    /// By percent: allocation and fragmentation ratio of each record.
    by_percent: Vec<(Vec<f64>, Vec<f64>)>,
}

impl Columns {
    /// Without any record; the cluster has so many GPUs.
    pub fn new(gpus: i64) -> Self {
        Columns { gpus, by_percent: vec![Default::default(); LAST + 2] }
    }

    /// Adds the record of an arrival.
    pub fn add(&mut self, record: Record) {
        let percent = |milli: i64| milli as f64 / self.gpus as f64 / 10.0;
        let at = percent(record.arrived_milli).round_ties_even() as usize;
        if let Some((allocation, fragmentation)) = self.by_percent.get_mut(at) {
            allocation.push(hundredths(percent(record.used_milli)));
            fragmentation.push(hundredths(record.fragmented_percent));
        }
    }

    fn mean(&self, percent: usize, of: impl Fn(&(Vec<f64>, Vec<f64>)) -> &Vec<f64>) -> Option<f64> {
        let own = of(self.by_percent.get(percent)?);
        if !own.is_empty() {
            return Some(mean(own));
        }
        let near = self.by_percent[percent.saturating_sub(1)..].iter().take(if percent == 0 { 2 } else { 3 });
        let near: Vec<f64> = near.flat_map(|column| of(column).iter().copied()).collect();
        (!near.is_empty()).then(|| mean(&near))
    }

    /// Share of the GPUs that is allocated when so much has arrived, in percent with two decimals; none: nothing arrived near there.
    pub fn allocation(&self, percent: usize) -> Option<f64> {
        self.mean(percent, |column| &column.0).map(|mean| (mean * 100.0).round_ties_even() / 100.0)
    }

    /// Share of the free GPUs that is fragmented then, in percent.
    pub fn fragmentation(&self, percent: usize) -> Option<f64> {
        self.mean(percent, |column| &column.1)
    }
}

/// The sum in the order of the records, divided by their number.
fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// A number rounded to two decimals by its exact value.
fn hundredths(value: f64) -> f64 {
    let scaled = value * 100.0;
    let down = scaled.floor();
    // Multiplying has rounded: near the middle the exact digits decide.
    if (scaled - down - 0.5).abs() > 1e-6 {
        return scaled.round() / 100.0;
    }
    format!("{value:.2}").parse().expect("a number that was just written")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_gathered_by_arrived_demand() {
        let mut columns = Columns::new(10);
        for (arrived_milli, used_milli, fragmented_percent) in [(1000, 1000, 1.234), (1040, 1010, 1.236), (1200, 1100, 5.0), (90_000, 1, 1.0)] {
            columns.add(Record { arrived_milli, used_milli, fragmented_percent });
        }
        assert_eq!((columns.allocation(10), columns.allocation(12)), (Some(10.05), Some(11.0)));
        assert_eq!((columns.fragmentation(10), columns.fragmentation(13)), (Some((1.23 + 1.24) / 2.0), Some(5.0)));
        // Nothing at 11: what is beside it counts.
        assert_eq!((columns.allocation(11), columns.allocation(0), columns.allocation(130)), (Some(10.37), None, None));
    }

    #[test]
    fn rounding_looks_at_the_exact_value() {
        assert_eq!([2.675, 1.005, 0.125, 0.375, 87.114_999_9, 3.0].map(hundredths), [2.67, 1.0, 0.12, 0.38, 87.11, 3.0]);
    }
}
