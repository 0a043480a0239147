//! GpuClustering: puts pods beside pods that ask for GPUs in the same way (a part of one, one, two, ...).
//! Real: the policy of that name in the published simulator of "Beware of Fragmentation" (USENIX ATC 2023).

use super::gpu_share::{note_ask, score_by};
use crate::scheduler::framework::{CycleState, Plugin, PreScoreResult, Reach, World};
use crate::scheduler::gpu_sharing::{Affinities, Ask, Free};
use crate::scheduler::node_info::{NodeId, NodeInfo};
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::status::Status;

/// GPUs of the largest node, in milli.
const LARGEST_GPU_MILLI: i64 = 8_000;

/// The score of a node that the pod fits on, from what is free and who is there before it comes.
pub fn score(free: &Free, there: Affinities, ask: &Ask) -> i64 {
    if ask.gpus == 0 {
        return 0;
    }
    let fullness = 25 * (LARGEST_GPU_MILLI - free.gpu_milli()) / LARGEST_GPU_MILLI;
    let company = match (there.has(ask), there.count()) {
        (true, 1) => 75,
        (true, _) => 50,
        (false, 0) => 25,
        (false, _) => 0,
    };
    fullness + company
}

/// The plugin.
pub struct GpuClustering;

impl Plugin for GpuClustering {
    fn name(&self) -> &'static str {
        "GpuClustering"
    }

    fn reach(&self, _: &World, _: &PodInfo) -> Reach {
        Reach::Node
    }

    fn pre_score(&self, _: &World, state: &mut CycleState, pod: &PodInfo, _: &[NodeId]) -> PreScoreResult {
        note_ask(state, pod)
    }

    fn score(&self, _: &World, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> Result<i64, Status> {
        let there = node.gpus.as_ref().map_or(Affinities::default(), |gpus| gpus.kinds());
        score_by(state, node, |free, ask| score(free, there, ask))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn like_beside_like() {
        let ask = |gpus, gpu_milli| Ask { gpus, gpu_milli, ..Ask::default() };
        let free = Free { gpus: [1000; 4].into_iter().collect(), ..Free::default() };
        let among = |kinds: &[(i64, i64)]| {
            let mut there = Affinities::default();
            kinds.iter().for_each(|&(gpus, milli)| there.add(&ask(gpus, milli)));
            score(&free, there, &ask(1, 300))
        };
        assert_eq!((among(&[]), among(&[(1, 700)]), among(&[(1, 700), (1, 1000)]), among(&[(1, 1000)])), (37, 87, 62, 12));
        assert_eq!(score(&free, Affinities::default(), &ask(0, 0)), 0);
    }
}
