//! GpuPacking: first GPUs that are in use already, then untouched GPUs of nodes in use, untouched nodes last.
//! Real: the policy of that name in the published simulator of "Beware of Fragmentation" (USENIX ATC 2023).

use super::gpu_share::ScoredByFree;
use crate::scheduler::gpu_sharing::{Ask, Free, GPU_MILLI, Gpus};

/// The score of a node that the pod fits on, from what is free before it comes.
pub fn score(free: &Free, ask: &Ask) -> i64 {
    if ask.gpus == 0 {
        return 0;
    }
    let untouched = free.gpus.iter().filter(|&&milli| milli == GPU_MILLI).count() as i64;
    if untouched == free.gpus.len() as i64 {
        return (33 - untouched).max(untouched);
    }
    let mut taken: Gpus = free.gpus.iter().copied().filter(|&milli| milli >= ask.gpu_milli).collect();
    taken.sort_unstable();
    taken.truncate(ask.gpus as usize);
    let opened = taken.iter().filter(|&&milli| milli == GPU_MILLI).count() as i64;
    if opened > 0 {
        return (50 - opened).max(33);
    }
    let ratio: i64 = taken.iter().map(|milli| milli * 100 / GPU_MILLI).sum();
    (100 - ratio / 10).max(50)
}

/// The plugin.
pub const PLUGIN: ScoredByFree = ScoredByFree { name: "GpuPacking", score };

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_gpus_go_before_untouched_ones_and_those_before_untouched_nodes() {
        let score = |gpus: &[i64], count, gpu_milli| {
            score(&Free { gpus: gpus.into(), ..Free::default() }, &Ask { gpus: count, gpu_milli, ..Ask::default() })
        };
        assert_eq!((score(&[600, 1000], 1, 500), score(&[400, 1000], 1, 500), score(&[1000, 1000], 1, 500)), (94, 49, 31));
        assert_eq!((score(&[300, 1000, 1000], 2, 1000), score(&[1000; 8], 8, 1000), score(&[1000], 0, 0)), (48, 25, 0));
    }
}
