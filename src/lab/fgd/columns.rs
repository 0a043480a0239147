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

/// The mean as the published tables were made: NumPy's pairwise sum, divided by the number. In one value of a thousand the order of
/// the sum decides about the last digit.
fn mean(values: &[f64]) -> f64 {
    pairwise_sum(values) / values.len() as f64
}

/// Real: numpy/_core/src/umath/loops_utils.h.src (pairwise_sum).
fn pairwise_sum(values: &[f64]) -> f64 {
    const LANES: usize = 8;
    const BLOCK: usize = 128;
    if values.len() > BLOCK {
        let half = values.len() / 2;
        let (left, right) = values.split_at(half - half % LANES);
        return pairwise_sum(left) + pairwise_sum(right);
    }
    let (blocks, rest) = values.as_chunks::<LANES>();
    let Some((first, blocks)) = blocks.split_first() else { return values.iter().fold(0.0, |sum, value| sum + value) };
    let mut lanes = *first;
    for block in blocks {
        lanes.iter_mut().zip(block).for_each(|(lane, value)| *lane += value);
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    rest.iter().fold(((a + b) + (c + d)) + ((e + f) + (g + h)), |sum, value| sum + value)
}

/// A number as pandas' quick reader has it from its shortest decimal text: the digits as one whole number in doubles, divided by a power
/// of ten. It may be off by the last bit, which decides the fourth decimal of means that lie on half of one: published tables of
/// fragmentation ratios went through it.
///
/// Real: pandas/_libs/src/parser/tokenizer.c (precise_xstrtod), as pandas 1 and 2 read without `float_precision`.
pub fn read_back(value: f64) -> f64 {
    const DIGITS_MAX: usize = 17;
    let text = format!("{value}");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    let digits = || whole.bytes().chain(part.bytes());
    if !digits().all(|digit| digit.is_ascii_digit()) || whole.len() + part.len() > DIGITS_MAX {
        return value;
    }
    let number = digits().fold(0.0, |number, digit| number * 10.0 + f64::from(digit - b'0'));
    number / part.bytes().fold(1.0, |power, _| power * 10.0)
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
        for (arrived_milli, used_milli, fragmented_percent) in
            [(1000, 1000, 1.234), (1040, 1010, 1.236), (1200, 1100, 5.0), (90_000, 1, 1.0)]
        {
            columns.add(Record { arrived_milli, used_milli, fragmented_percent });
        }
        assert_eq!((columns.allocation(10), columns.allocation(12)), (Some(10.05), Some(11.0)));
        assert_eq!((columns.fragmentation(10), columns.fragmentation(13)), (Some((1.23 + 1.24) / 2.0), Some(5.0)));
        // Nothing at 11: what is beside it counts.
        assert_eq!((columns.allocation(11), columns.allocation(0), columns.allocation(130)), (Some(10.37), None, None));
    }

    #[test]
    fn sums_are_made_in_pairs() {
        let values: Vec<f64> = (1..=300).map(f64::from).collect();
        for len in [0, 1, 7, 8, 9, 128, 129, 300] {
            assert_eq!(pairwise_sum(&values[..len]), (len * (len + 1) / 2) as f64);
        }
        // One after another the small ones would be lost.
        let mut mixed = vec![0.0; 16];
        (mixed[0], mixed[1], mixed[9]) = (1e16, 1.0, 1.0);
        assert_eq!(pairwise_sum(&mixed), 1e16 + 2.0);
    }

    #[test]
    fn ratios_are_printed_as_they_were_read() {
        // Means that lie on half of a fourth decimal; the published tables have the second text.
        for (value, direct, published) in [
            (24.747249999999998, "24.7472", "24.7473"),
            (14.570250000000001, "14.5703", "14.5702"),
            (22.333750000000002, "22.3338", "22.3337"),
            (23.863750000000003, "23.8638", "23.8638"),
            (17.8623, "17.8623", "17.8623"),
        ] {
            assert_eq!((format!("{value:.4}").as_str(), format!("{:.4}", read_back(value)).as_str()), (direct, published));
        }
        assert_eq!([0.0, 100.0, 1e300, -1.5].map(read_back), [0.0, 100.0, 1e300, -1.5]);
        assert!(read_back(f64::NAN).is_nan());
    }

    #[test]
    fn rounding_looks_at_the_exact_value() {
        assert_eq!([2.675, 1.005, 0.125, 0.375, 87.114_999_9, 3.0].map(hundredths), [2.67, 1.0, 0.12, 0.38, 87.11, 3.0]);
    }
}
