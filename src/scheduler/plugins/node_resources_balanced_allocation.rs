//! NodeResourcesBalancedAllocation: better are nodes whose resources the pod would bring closer to equal use.
//! Real: pkg/scheduler/framework/plugins/noderesources/balanced_allocation.go @ v1.37.2. Modelled in full.

use super::resource_allocation::{Load, Resources};
use crate::scheduler::config::NodeResourcesBalancedAllocationArgs;
use crate::scheduler::devices::{extended_resource_load, is_backed_by_devices};
use crate::scheduler::framework::{CycleState, MAX_NODE_SCORE, Plugin, PreScoreResult, Reach, World};
use crate::scheduler::node_info::{NodeId, NodeInfo};
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::status::Status;
use smallvec::SmallVec;

/// The plugin.
pub struct NodeResourcesBalancedAllocation {
    resources: Resources,
}

struct Asked {
    amounts: Vec<i64>,
    devices: bool,
}

impl NodeResourcesBalancedAllocation {
    /// With the profile's arguments.
    pub fn new(args: &NodeResourcesBalancedAllocationArgs) -> Self {
        Self { resources: Resources::for_balance(&args.resources) }
    }
}

/// 100 for equal use of all resources, less the more they differ.
fn balance(fractions: &[f64]) -> i64 {
    let deviation = match fractions {
        [a, b] => ((a - b) / 2.0).abs(),
        [_, _, ..] => {
            let count = fractions.len() as f64;
            let mean = fractions.iter().fold(0.0, |sum, fraction| sum + fraction) / count;
            let sum = fractions.iter().fold(0.0, |sum, fraction| sum + (fraction - mean) * (fraction - mean));
            (sum / count).sqrt()
        }
        _ => 0.0,
    };
    ((1.0 - deviation) * MAX_NODE_SCORE as f64) as i64
}

impl Plugin for NodeResourcesBalancedAllocation {
    fn name(&self) -> &'static str {
        "NodeResourcesBalancedAllocation"
    }

    fn reach(&self, world: &World, pod: &PodInfo) -> Reach {
        // Devices may stand in for extended resources, and they are shared by nodes.
        let mut names = pod.traits.request.resource.scalars.iter().map(|(name, _)| &**name).chain(self.resources.names());
        if names.any(|name| is_backed_by_devices(world, name)) { Reach::World } else { Reach::Node }
    }

    fn pre_score(&self, world: &World, state: &mut CycleState, pod: &PodInfo, _: &[NodeId]) -> PreScoreResult {
        let amounts = self.resources.of_pod(pod.pod());
        if amounts.iter().all(|&amount| amount == 0) {
            return PreScoreResult::Skip;
        }
        let devices = self.resources.names().any(|name| is_backed_by_devices(world, name));
        state.put(Asked { amounts, devices });
        PreScoreResult::Pass
    }

    fn score(&self, world: &World, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> Result<i64, Status> {
        let asked = state.get::<Asked>().expect("PreScore has run");
        let lookup = |name: &str| if asked.devices { extended_resource_load(world, node, name) } else { None };
        let fraction = |used: i64, load: &Load| (used as f64 / load.allocatable as f64).min(1.0);
        let loads = self.resources.loads(node, &asked.amounts, &lookup).filter(|(load, _)| load.allocatable != 0);
        let (with, without): (SmallVec<[f64; 4]>, SmallVec<[f64; 4]>) =
            loads.map(|(load, _)| (fraction(load.requested, &load), fraction(load.allocated, &load))).unzip();
        let half = MAX_NODE_SCORE / 2;
        Ok(half + (half + balance(&with) - balance(&without)) / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_use_is_best() {
        assert_eq!(
            [balance(&[]), balance(&[0.3]), balance(&[0.5, 0.5]), balance(&[0.0, 1.0]), balance(&[0.0, 0.5, 1.0])],
            [100, 100, 100, 50, 59]
        );
    }
}
