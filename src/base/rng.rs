//! Randomness: a stream for each named component, and keyed draws for the attributes of things.
//!
//! A stream depends on the run's seed and its own name only, so a new component shifts nobody's luck. A keyed draw depends
//! on what is drawn for which thing: pod 17 starts as slowly whatever other pods there are.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use xxhash_rust::xxh3::{xxh3_64_with_seed, xxh3_128_with_seed};

/// The seed of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub struct Seed(pub u64);

/// A stream of random numbers of one component.
#[derive(Clone, Debug)]
pub struct Stream(ChaCha8Rng);

impl Seed {
    /// The stream of the component with this name.
    pub fn stream(self, name: &str) -> Stream {
        let low = xxh3_128_with_seed(name.as_bytes(), self.0);
        let high = xxh3_128_with_seed(name.as_bytes(), !self.0);
        let mut key = [0; 32];
        key[..16].copy_from_slice(&low.to_le_bytes());
        key[16..].copy_from_slice(&high.to_le_bytes());
        Stream(ChaCha8Rng::from_seed(key))
    }

    /// Draw number `n` of `purpose` (such as "start") for `thing` (such as a pod's name).
    pub fn draw(self, purpose: &str, thing: &str, n: u64) -> Draw {
        let seed = xxh3_64_with_seed(purpose.as_bytes(), self.0);
        let seed = xxh3_64_with_seed(thing.as_bytes(), seed);
        Draw(xxh3_64_with_seed(&n.to_le_bytes(), seed))
    }
}

/// 64 random bits of a keyed draw.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Draw(pub u64);

impl Draw {
    /// Uniform in [0, 1), in steps of 2^-53.
    pub fn unit(self) -> f64 {
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

impl Stream {
    /// 64 random bits.
    pub fn draw(&mut self) -> Draw {
        Draw(self.0.next_u64())
    }

    /// Uniform below `bound`, which must not be zero (Lemire's method without bias).
    pub fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "a draw below zero");
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let wide = u128::from(self.0.next_u64()) * u128::from(bound);
            if wide as u64 >= threshold {
                return (wide >> 64) as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_depend_on_seed_and_name_alone() {
        let first = |seed: u64, name: &str| Seed(seed).stream(name).draw();
        assert_eq!(first(42, "scheduler"), first(42, "scheduler"));
        assert_ne!(first(42, "scheduler"), first(42, "kubelet"));
        assert_ne!(first(42, "scheduler"), first(43, "scheduler"));
    }

    #[test]
    fn keyed_draws_do_not_know_each_other() {
        let seed = Seed(7);
        assert_eq!(seed.draw("start", "web-1", 0), seed.draw("start", "web-1", 0));
        assert_ne!(seed.draw("start", "web-1", 0), seed.draw("start", "web-2", 0));
        assert_ne!(seed.draw("start", "web-1", 0), seed.draw("exit", "web-1", 0));
        assert_ne!(seed.draw("start", "web-1", 0), seed.draw("start", "web-1", 1));
        let unit = seed.draw("start", "web-1", 0).unit();
        assert!((0.0..1.0).contains(&unit));
    }

    #[test]
    fn bounded_draws_stay_below_and_reach_all() {
        let mut stream = Seed(1).stream("test");
        let mut seen = [false; 7];
        (0..200).for_each(|_| seen[stream.below(7) as usize] = true);
        assert_eq!(seen, [true; 7]);
    }
}
