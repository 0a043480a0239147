//! Random: any feasible node is as good as another, and so is any GPU on it.
//! Real: the policy of that name in the published simulator of "Beware of Fragmentation" (USENIX ATC 2023).

/// One of several things, uniformly: 64 random bits become an index below `count`, which must not be 0.
pub fn pick(bits: u64, count: usize) -> usize {
    ((u128::from(bits) * count as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_are_picked() {
        let picked: Vec<usize> = (0..6).map(|sixth| pick(u64::MAX / 6 * sixth + 9, 3)).collect();
        assert_eq!(picked, [0, 0, 1, 1, 2, 2]);
        assert_eq!((pick(u64::MAX, 1), pick(0, 7), pick(u64::MAX, 7)), (0, 0, 6));
    }
}
