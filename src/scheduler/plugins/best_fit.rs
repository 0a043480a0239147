//! BestFit: prefers the node on which the least CPU and GPU is left over, both weighted alike.
//! Real: the policy of that name in the published simulator of "Beware of Fragmentation" (USENIX ATC 2023).

use super::dot_prod::LARGEST;
use super::gpu_share::ScoredByFree;
use crate::scheduler::gpu_sharing::{Ask, Free};

/// The score of a node that the pod fits on, from what is free before it comes.
pub fn score(free: &Free, ask: &Ask) -> i64 {
    let left = (free.cpu_milli - ask.cpu_milli) as f64 / LARGEST.0 * 0.5;
    let left = left + (free.gpu_milli() - ask.total_gpu_milli()) as f64 / LARGEST.1 * 0.5;
    ((1.0 - left) * 100.0) as i64
}

/// The plugin.
pub const PLUGIN: ScoredByFree = ScoredByFree { name: "BestFit", score };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fuller_the_better() {
        let free = |cpu_milli, gpus: usize| Free { cpu_milli, gpus: vec![1000; gpus].into(), ..Free::default() };
        let ask = Ask { cpu_milli: 64_000, gpus: 2, gpu_milli: 1000, ..Ask::default() };
        assert_eq!((score(&free(64_000, 2), &ask), score(&free(128_000, 8), &ask), score(&free(96_000, 4), &ask)), (100, 37, 75));
    }
}
