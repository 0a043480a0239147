//! Go's classic seeded generator, bit for bit: the orders of published experiments were drawn with it.
//!
//! An additive lagged Fibonacci generator of 607 words: y(n) = y(n-607) + y(n-273). Seeding combines three steps of a small
//! congruential generator a word with a fixed table. The table here was worked out from published outputs of known seeds
//! (`words_from_outputs` does it), and other seeds' outputs confirm it.
//!
//! Real: math/rand/rng.go, math/rand/rand.go of Go 1.

use std::sync::OnceLock;

const WORDS: usize = 607;
const TAP: usize = 273;

/// The fixed table, one word a line in hexadecimal.
const TABLE: &str = include_str!("go_rand_table.txt");

fn table() -> &'static [u64] {
    static PARSED: OnceLock<Vec<u64>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let words: Vec<u64> = TABLE.lines().map(|line| u64::from_str_radix(line, 16).expect("the table is hexadecimal")).collect();
        assert_eq!(words.len(), WORDS, "the table is complete");
        words
    })
}

/// What seeding combines with the table.
fn seeding(seed: i64) -> Vec<u64> {
    const MODULUS: i64 = (1 << 31) - 1;
    const MULTIPLIER: i64 = 48_271;
    let mut x = match seed.rem_euclid(MODULUS) {
        0 => 89_482_311,
        x => x,
    };
    let mut next = || {
        x = x * MULTIPLIER % MODULUS;
        x as u64
    };
    for _ in 0..20 {
        next();
    }
    (0..WORDS).map(|_| (next() << 40) ^ (next() << 20) ^ next()).collect()
}

/// The state before the first output, from the first 607 outputs.
fn words_from_outputs(outputs: &[u64]) -> Vec<u64> {
    // Output n adds a word to the place that moves down from 333; the second place moves down from 606.
    let fed = |n: usize| (WORDS - TAP - 1 + WORDS - n) % WORDS;
    let mut words = vec![0_u64; WORDS];
    for n in TAP..WORDS {
        words[fed(n)] = outputs[n].wrapping_sub(outputs[n - TAP]);
    }
    for n in 0..TAP {
        words[fed(n)] = outputs[n].wrapping_sub(words[WORDS - 1 - n]);
    }
    words
}

/// The table that belongs to a seed's first 607 outputs.
pub fn table_from_outputs(seed: i64, outputs: &[u64]) -> Vec<u64> {
    assert_eq!(outputs.len(), WORDS, "as many outputs as words");
    words_from_outputs(outputs).iter().zip(seeding(seed)).map(|(word, seeded)| word ^ seeded).collect()
}

/// The generator.
#[derive(Clone, Debug)]
pub struct GoRand {
    words: Vec<u64>,
    feed: usize,
    tap: usize,
}

impl GoRand {
    /// As `rand.Seed` leaves it.
    pub fn new(seed: i64) -> Self {
        let words = seeding(seed).iter().zip(table()).map(|(seeded, word)| seeded ^ word).collect();
        Self { words, feed: WORDS - TAP, tap: 0 }
    }

    /// 64 raw bits.
    pub fn next_u64(&mut self) -> u64 {
        self.tap = self.tap.checked_sub(1).unwrap_or(WORDS - 1);
        self.feed = self.feed.checked_sub(1).unwrap_or(WORDS - 1);
        let sum = self.words[self.feed].wrapping_add(self.words[self.tap]);
        self.words[self.feed] = sum;
        sum
    }

    /// `rand.Intn`: uniform below `bound`, which must be from 1 to 2^31 - 1.
    pub fn below(&mut self, bound: u32) -> u32 {
        assert!(bound > 0 && bound < 1 << 31, "a draw below {bound}");
        let mut next = || ((self.next_u64() & (u64::MAX >> 1)) >> 32) as u32;
        if bound.is_power_of_two() {
            return next() & (bound - 1);
        }
        let max = (1 << 31) - 1 - (1_u32 << 31) % bound;
        loop {
            let value = next();
            if value <= max {
                return value % bound;
            }
        }
    }

    /// The draw below a bound that `rand.Shuffle` uses.
    fn below_in_shuffle(&mut self, bound: u32) -> u32 {
        let mut product = |bound: u32| u64::from((self.next_u64() >> 31) as u32) * u64::from(bound);
        let mut wide = product(bound);
        if (wide as u32) < bound {
            let threshold = bound.wrapping_neg() % bound;
            while (wide as u32) < threshold {
                wide = product(bound);
            }
        }
        (wide >> 32) as u32
    }

    /// `rand.Shuffle`.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for at in (1..list.len()).rev() {
            list.swap(at, self.below_in_shuffle(at as u32 + 1) as usize);
        }
    }

    /// `rand.Perm`.
    pub fn permutation(&mut self, len: usize) -> Vec<u32> {
        let mut out = vec![0; len];
        for at in 0..len {
            let other = self.below(at as u32 + 1) as usize;
            out[at] = out[other];
            out[other] = at as u32;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_outputs_of_known_seeds() {
        for (seed, first) in [
            (42, [0xafbf_64b1_967f_8c53, 0x8872_b44b_9fbb_971b_u64]),
            (43, [0x837d_8e6f_8e04_d929, 0x420a_1899_0ce0_8a0b]),
            (44, [0x4b1e_e531_73ea_5a86, 0xf397_a0f4_5be3_653b]),
        ] {
            let mut rand = GoRand::new(seed);
            assert_eq!([rand.next_u64(), rand.next_u64()], first);
        }
    }

    #[test]
    fn the_table_follows_from_any_seeds_outputs() {
        for seed in [0, 7, -3] {
            let mut rand = GoRand::new(seed);
            let outputs: Vec<u64> = (0..WORDS).map(|_| rand.next_u64()).collect();
            assert_eq!(table_from_outputs(seed, &outputs), table());
        }
    }

    #[test]
    fn draws_are_below_their_bound_and_permutations_whole() {
        let mut rand = GoRand::new(1);
        // The first numbers that `rand.Seed(1)` and `rand.Intn(100)` are known for.
        assert_eq!([0; 5].map(|_| rand.below(100)), [81, 87, 47, 59, 81]);
        assert!((0..500).all(|_| rand.below(64) < 64));
        let mut all = rand.permutation(100);
        rand.shuffle(&mut all);
        all.sort_unstable();
        assert_eq!(all, (0..100).collect::<Vec<u32>>());
    }
}
