//! Random: any feasible node is as good as another, and so is any GPU on it.
//! Real: the policy of that name in the published simulator of "Beware of Fragmentation" (USENIX ATC 2023).

use super::gpu_share::{ask_of, index_annotation};
use crate::base::Seed;
use crate::model::Str;
use crate::scheduler::config::RandomArgs;
use crate::scheduler::framework::{CycleState, MAX_NODE_SCORE, Plugin, PreScoreResult, World};
use crate::scheduler::gpu_sharing::objects;
use crate::scheduler::node_info::{NodeId, NodeInfo};
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::status::Status;

/// One of several things, uniformly: 64 random bits become an index below `count`, which must not be 0.
pub fn pick(bits: u64, count: usize) -> usize {
    ((u128::from(bits) * count as u128) >> 64) as usize
}

/// The plugin.
pub struct Random {
    seed: Seed,
}

/// The node that was drawn.
#[derive(Clone, Copy, Debug)]
struct Drawn(Option<NodeId>);

impl Random {
    /// With the profile's arguments.
    pub fn new(args: &RandomArgs) -> Self {
        Random { seed: Seed(args.seed.unwrap_or(0)) }
    }

    /// What is drawn depends on the pod alone, so other pods shift nobody's luck.
    fn draw(&self, purpose: &str, pod: &PodInfo) -> u64 {
        self.seed.draw(purpose, &pod.key(), 0).0
    }
}

impl Plugin for Random {
    fn name(&self) -> &'static str {
        "Random"
    }

    fn pre_score(&self, _: &World, state: &mut CycleState, pod: &PodInfo, nodes: &[NodeId]) -> PreScoreResult {
        let drawn = (!nodes.is_empty()).then(|| nodes[pick(self.draw("random node", pod), nodes.len())]);
        state.put(Drawn(drawn));
        PreScoreResult::Pass
    }

    fn score(&self, _: &World, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> Result<i64, Status> {
        let Drawn(drawn) = state.get().expect("PreScore has run");
        Ok(if *drawn == Some(node.id) { MAX_NODE_SCORE } else { 0 })
    }

    fn binding_annotations(&self, _: &World, _: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Vec<(Str, Str)> {
        let (ask, free) = (ask_of(pod), objects::free(node));
        let fitting: Vec<usize> = (0..free.gpus.len()).filter(|&gpu| free.gpus[gpu] >= ask.gpu_milli).collect();
        if !ask.is_share() || fitting.is_empty() {
            return vec![];
        }
        index_annotation(&[fitting[pick(self.draw("random GPU", pod), fitting.len())]])
    }
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
