//! The fingerprint of a run: a rolling xxh3 hash over every event and commit, with checkpoints, so that two runs can be
//! bisected to the first step in which they differ.

use crate::base::Time;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The hash after a number of steps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Checkpoint {
    /// How many steps went in.
    pub steps: u64,
    /// When the last of them happened.
    pub at: Time,
    /// The hash so far.
    pub hash: u64,
}

/// A rolling hash with checkpoints.
#[derive(Clone, Debug, Default)]
pub struct TraceHash {
    steps: u64,
    hash: u64,
    checkpoints: Vec<Checkpoint>,
}

impl TraceHash {
    /// Checkpoints are this many steps apart at first; the distance doubles when there are too many.
    const FIRST_DISTANCE: u64 = 1 << 10;
    /// At most so many checkpoints are kept.
    const CHECKPOINTS_MAX: usize = 1 << 10;

    /// Takes in one step.
    pub fn add(&mut self, at: Time, bytes: &[u8]) {
        self.hash = xxh3_64_with_seed(bytes, self.hash ^ at.0);
        self.steps += 1;
        if self.steps.is_multiple_of(self.distance()) {
            self.checkpoints.push(Checkpoint { steps: self.steps, at, hash: self.hash });
            if self.checkpoints.len() > Self::CHECKPOINTS_MAX {
                let distance = self.distance() * 2;
                self.checkpoints.retain(|point| point.steps.is_multiple_of(distance));
            }
        }
    }

    /// A power of two that leaves at most `CHECKPOINTS_MAX` checkpoints for the steps so far.
    fn distance(&self) -> u64 {
        let wanted = self.steps.div_ceil(Self::CHECKPOINTS_MAX as u64);
        wanted.next_power_of_two().max(Self::FIRST_DISTANCE)
    }

    /// The hash of all steps so far.
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// How many steps went in.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// The checkpoints, in order.
    pub fn checkpoints(&self) -> &[Checkpoint] {
        &self.checkpoints
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(steps: u64, odd_one: Option<u64>) -> TraceHash {
        let mut trace = TraceHash::default();
        for step in 0..steps {
            let byte = if Some(step) == odd_one { 1 } else { 0 };
            trace.add(Time(step), &[byte]);
        }
        trace
    }

    #[test]
    fn every_step_time_and_order_counts() {
        assert_eq!(run(100, None).hash(), run(100, None).hash());
        assert_ne!(run(100, None).hash(), run(100, Some(0)).hash());
        assert_ne!(run(100, Some(1)).hash(), run(100, Some(2)).hash());
        assert_ne!(run(100, None).hash(), run(101, None).hash());
    }

    #[test]
    fn checkpoints_bisect_and_stay_few() {
        let (a, b) = (run(10_000, None), run(10_000, Some(5_000)));
        let first_difference = a.checkpoints().iter().zip(b.checkpoints()).position(|(a, b)| a != b).unwrap();
        assert_eq!(a.checkpoints()[first_difference].steps, 5_120);
        assert!(run(5_000_000, None).checkpoints().len() <= TraceHash::CHECKPOINTS_MAX + 1);
    }
}
