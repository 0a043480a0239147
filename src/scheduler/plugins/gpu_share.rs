//! GpuShare: a pod that asks for parts of a GPU, or for several whole ones, goes only where they are free and of an allowed model;
//! and it gets GPUs. Which ones is the scoring policy's choice; without one, a share gets the fullest GPU that it still fits on.
//! Pods without the annotations pass.
//! Real: the plugin open-gpu-share of the published simulator of "Beware of Fragmentation" (USENIX ATC 2023).

use crate::model::Str;
use crate::scheduler::framework::{CycleState, Plugin, PreFilterResult, PreScoreResult, Reach, World};
use crate::scheduler::gpu_sharing::objects::{self, GPU_INDEX_KEY, GPU_MODEL_KEY};
use crate::scheduler::gpu_sharing::{Ask, Free};
use crate::scheduler::node_info::{NodeId, NodeInfo};
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::status::Status;

/// The plugin.
pub struct GpuShare;

/// What the pod asks for.
#[derive(Clone, Debug)]
struct Asked(Ask);

/// What a pod asks for; without GPUs if it shares none.
pub(super) fn ask_of(pod: &PodInfo) -> Ask {
    objects::ask_or_plain(&pod.object.meta.annotations, &pod.traits.request.resource)
}

/// PreScore of the policies: keeps what the pod asks for.
pub(super) fn note_ask(state: &mut CycleState, pod: &PodInfo) -> PreScoreResult {
    state.put(Asked(ask_of(pod)));
    PreScoreResult::Pass
}

/// A policy that scores a node by what is free on it and what the pod asks for, and by nothing else.
pub struct ScoredByFree {
    /// Its name in configurations.
    pub name: &'static str,
    /// The score of a node that the pod fits on, from what is free before it comes.
    pub score: fn(&Free, &Ask) -> i64,
}

impl Plugin for ScoredByFree {
    fn name(&self) -> &'static str {
        self.name
    }

    fn reach(&self, _: &World, _: &PodInfo) -> Reach {
        Reach::Node
    }

    fn pre_score(&self, _: &World, state: &mut CycleState, pod: &PodInfo, _: &[NodeId]) -> PreScoreResult {
        note_ask(state, pod)
    }

    fn score(&self, _: &World, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> Result<i64, Status> {
        score_by(state, node, self.score)
    }
}

/// Score of a policy that looks at what is free and what is asked for.
pub(super) fn score_by(state: &CycleState, node: &NodeInfo, score: impl FnOnce(&Free, &Ask) -> i64) -> Result<i64, Status> {
    let Asked(ask) = state.get().expect("PreScore has run");
    Ok(score(&objects::free(node), ask).clamp(0, 100))
}

/// The annotation that says which GPUs a pod gets.
pub(super) fn index_annotation(gpus: &[usize]) -> Vec<(Str, Str)> {
    if gpus.is_empty() { vec![] } else { vec![(GPU_INDEX_KEY.into(), objects::index_text(gpus).into())] }
}

impl Plugin for GpuShare {
    fn name(&self) -> &'static str {
        "GpuShare"
    }

    fn reach(&self, _: &World, _: &PodInfo) -> Reach {
        Reach::Node
    }

    fn pre_filter(&self, _: &World, state: &mut CycleState, pod: &PodInfo) -> PreFilterResult {
        match objects::ask(&pod.object.meta.annotations, &pod.traits.request.resource) {
            Ok(None) => PreFilterResult::Skip,
            Ok(Some(ask)) => {
                state.put(Asked(ask));
                PreFilterResult::Pass
            }
            Err(message) => PreFilterResult::Fail(Status::unresolvable(message)),
        }
    }

    fn filter(&self, _: &World, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        let Asked(ask) = state.get().expect("PreFilter has run");
        let free = objects::free(node);
        if (free.gpus.len() as i64) < ask.gpus {
            return Err(Status::unresolvable("node(s) didn't have so many shared GPUs"));
        }
        if !ask.allows(objects::model(node)) {
            return Err(Status::unresolvable(format!("node(s) didn't have a GPU of model {}", ask.models)));
        }
        if free.gpus_fit(ask) { Ok(()) } else { Err(Status::unschedulable("Insufficient shared GPUs")) }
    }

    fn binding_annotations(&self, _: &World, _: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Vec<(Str, Str)> {
        let (ask, free) = (ask_of(pod), objects::free(node));
        debug_assert!(ask.models.is_empty() || node.labels.contains(GPU_MODEL_KEY));
        if ask.is_share() {
            return index_annotation(free.fullest_fitting(ask.gpu_milli).as_slice());
        }
        index_annotation(&free.whole(ask.gpus))
    }
}
