//! DotProd: prefers nodes where what is free and what is asked for point in different directions (after Tetris).
//! Real: the policy of that name in the published simulator of "Beware of Fragmentation" (USENIX ATC 2023).

use super::gpu_share::ScoredByFree;
use crate::scheduler::gpu_sharing::{Ask, Free};

/// CPU and GPUs of the largest node, which all nodes are measured by.
pub(super) const LARGEST: (f64, f64) = (128_000.0, 8_000.0);

/// The score of a node that the pod fits on, from what is free before it comes.
pub fn score(free: &Free, ask: &Ask) -> i64 {
    let cpu = (free.cpu_milli as f64 / LARGEST.0) * (ask.cpu_milli as f64 / LARGEST.0);
    let gpu = (free.gpu_milli() as f64 / LARGEST.1) * (ask.total_gpu_milli() as f64 / LARGEST.1);
    (100.0 * (1.0 - (cpu + gpu) / 2.0)) as i64
}

/// The plugin.
pub const PLUGIN: ScoredByFree = ScoredByFree { name: "DotProd", score };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_less_alike_the_better() {
        let free = Free { cpu_milli: 64_000, gpus: [1000; 4].into_iter().collect(), ..Free::default() };
        let ask = |cpu_milli, gpus| Ask { cpu_milli, gpus, gpu_milli: 1000, ..Ask::default() };
        assert_eq!((score(&free, &ask(64_000, 4)), score(&free, &ask(32_000, 0)), score(&free, &ask(0, 0))), (75, 93, 100));
    }
}
