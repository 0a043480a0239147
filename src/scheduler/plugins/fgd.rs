//! FGD, Fragmentation Gradient Descent: the node (and the GPU on it) whose free GPUs become the least useless by the pod's coming,
//! for the pods that usually come.
//! Real: the paper "Beware of Fragmentation: Scheduling GPU-Sharing Workloads with Fragmentation Gradient Descent" (USENIX ATC
//! 2023) and its published simulator.

use super::gpu_share::{ask_of, index_annotation};
use crate::model::Str;
use crate::scheduler::config::FgdArgs;
use crate::scheduler::framework::{CycleState, Plugin, PreScoreResult, Reach, World};
use crate::scheduler::gpu_sharing::fragmentation::{Lens, Typical};
use crate::scheduler::gpu_sharing::{Ask, Free, Gpus, objects};
use crate::scheduler::node_info::{NodeId, NodeInfo};
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::status::Status;
use std::collections::BTreeMap;

/// The score of a node that the pod fits on, and for a share the GPU that it is to get. `before` is how much of the node's free GPUs is
/// fragmented without the pod.
pub fn score(lens: &Lens, free: &Free, before: f64, ask: &Ask) -> (i64, Option<usize>) {
    let cpu_milli = free.cpu_milli - ask.cpu_milli;
    let mut gpus: Gpus = free.gpus.clone();
    if !ask.is_share() {
        for gpu in free.whole(ask.gpus) {
            gpus[gpu] = 0;
        }
        return (gain(before, lens.fragmented(cpu_milli, &gpus)), None);
    }
    let mut best = (-1, None);
    for at in 0..gpus.len() {
        let milli = free.gpus[at];
        // A GPU that is as full as one before it makes no difference.
        if milli < ask.gpu_milli || free.gpus[..at].contains(&milli) {
            continue;
        }
        gpus[at] = milli - ask.gpu_milli;
        let score = gain(before, lens.fragmented(cpu_milli, &gpus));
        gpus[at] = milli;
        if score > best.0 {
            best = (score, Some(at));
        }
    }
    best
}

/// 0..=100; 50 if nothing changes.
fn gain(before: f64, after: f64) -> i64 {
    (100.0 * (1.0 / (1.0 + libm::exp(-(before - after) / 1000.0)))) as i64
}

/// The plugin.
pub struct Fgd {
    typical: Typical,
}

/// What the pod asks for, and the pods that usually come, as nodes of each GPU model meet them.
#[derive(Clone, Debug)]
struct Prepared {
    ask: Ask,
    typical: Typical,
    lenses: BTreeMap<Str, Lens>,
}

impl Prepared {
    fn score(&self, node: &NodeInfo) -> (i64, Option<usize>) {
        let made;
        let lens = match self.lenses.get(objects::model(node)) {
            Some(lens) => lens,
            None => {
                made = self.typical.seen_by(objects::model(node));
                &made
            }
        };
        let free = objects::free(node);
        score(lens, &free, lens.fragmented(free.cpu_milli, &free.gpus), &self.ask)
    }
}

impl Fgd {
    /// With the profile's arguments.
    pub fn new(args: &FgdArgs) -> Self {
        Fgd { typical: Typical(args.typical_pods.clone()) }
    }

    /// Without typical pods in the arguments, those on the nodes and the one that comes are what usually comes.
    fn typical(&self, world: &World, pod: &PodInfo) -> Typical {
        if !self.typical.0.is_empty() {
            return self.typical.clone();
        }
        let there: Vec<Ask> = world.cache.nodes().flat_map(|node| &node.pods).map(|pod| ask_of(pod)).collect();
        Typical::of(there.iter().chain([&ask_of(pod)]))
    }

    fn prepare(&self, world: &World, pod: &PodInfo) -> Prepared {
        let typical = self.typical(world, pod);
        let mut lenses: BTreeMap<Str, Lens> = BTreeMap::new();
        for node in world.cache.nodes() {
            let model = objects::model(node);
            if !lenses.contains_key(model) {
                lenses.insert(model.into(), typical.seen_by(model));
            }
        }
        Prepared { ask: ask_of(pod), typical, lenses }
    }
}

impl Plugin for Fgd {
    fn name(&self) -> &'static str {
        "FGD"
    }

    fn reach(&self, _: &World, _: &PodInfo) -> Reach {
        if self.typical.0.is_empty() { Reach::World } else { Reach::Node }
    }

    fn pre_score(&self, world: &World, state: &mut CycleState, pod: &PodInfo, _: &[NodeId]) -> PreScoreResult {
        state.put(self.prepare(world, pod));
        PreScoreResult::Pass
    }

    fn score(&self, _: &World, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> Result<i64, Status> {
        let prepared: &Prepared = state.get().expect("PreScore has run");
        // Nodes that the pod does not fit on are asked for, too, when scores are kept.
        Ok(prepared.score(node).0.max(0))
    }

    fn binding_annotations(&self, world: &World, state: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Vec<(Str, Str)> {
        if !ask_of(pod).is_share() {
            return vec![];
        }
        // A pod that was placed by its class has no notes of its own.
        let gpu = match state.get::<Prepared>() {
            Some(prepared) => prepared.score(node).1,
            None => self.prepare(world, pod).score(node).1,
        };
        index_annotation(gpu.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheduler::gpu_sharing::fragmentation::Typical;

    #[test]
    fn a_share_goes_where_it_spoils_least() {
        let ask = |gpus, gpu_milli| Ask { cpu_milli: 1000, gpus, gpu_milli, ..Ask::default() };
        let usual = [vec![ask(1, 1000); 3], vec![ask(1, 500); 1]].concat();
        let lens = Typical::of(&usual).seen_by("T4");
        let free = Free { cpu_milli: 96_000, gpus: [1000, 500, 500].into_iter().collect(), ..Free::default() };
        let before = lens.fragmented(free.cpu_milli, &free.gpus);
        assert_eq!(score(&lens, &free, before, &ask(1, 500)), (59, Some(1)));
        assert_eq!(score(&lens, &free, before, &ask(1, 600)), (40, Some(0)));
        assert_eq!(score(&lens, &free, before, &ask(1, 1000)), (50, None));
        assert_eq!(score(&lens, &free, before, &ask(0, 0)), (50, None));
    }
}
