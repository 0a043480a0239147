//! Runs the plugins of a profile at each extension point.
//! Real: pkg/scheduler/framework/runtime/framework.go @ v1.37.2.

use super::config::Profile;
use super::framework::{CycleState, Diagnosis, MAX_NODE_SCORE, Plugin, PostFilterResult, PreFilterResult, PreScoreResult, World};
use super::node_info::{NodeId, NodeInfo};
use super::pod_info::PodInfo;
use super::registry;
use super::status::{Code, Status};
use crate::model::Str;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A profile brought to life.
pub struct Framework {
    /// `spec.schedulerName` of its pods.
    pub scheduler_name: String,
    /// Share of nodes to look for, in percent; 0 is adaptive.
    pub percentage_of_nodes_to_score: Option<i32>,
    pub(super) plugins: Vec<Box<dyn Plugin>>,
    pre_enqueue: Vec<usize>,
    pub(super) pre_filter: Vec<usize>,
    pub(super) filter: Vec<usize>,
    post_filter: Vec<usize>,
    pub(super) pre_score: Vec<usize>,
    pub(super) score: Vec<(usize, i64)>,
    reserve: Vec<usize>,
}

/// What all PreFilter plugins say together.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PreFilterOutcome {
    /// The nodes that are left, if some plugin narrowed them.
    pub nodes: Option<BTreeSet<Str>>,
    /// The plugins that narrowed them.
    pub plugins: BTreeSet<&'static str>,
    /// Why the pod fits nowhere, if it was rejected as a whole.
    pub status: Option<Status>,
}

/// The scores of nodes.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Scores {
    /// The plugins that scored.
    pub plugins: Vec<&'static str>,
    /// Their weights.
    pub weights: Vec<i64>,
    /// The nodes, in the order in which they passed the filters.
    pub nodes: Vec<NodeId>,
    /// Results of Score, by plugin and node.
    pub raw: Vec<Vec<i64>>,
    /// The same after NormalizeScore.
    pub normalized: Vec<Vec<i64>>,
    /// Weighted sums by node.
    pub total: Vec<i64>,
}

impl Framework {
    /// Brings a profile to life.
    pub fn new(profile: &Profile) -> Result<Self, String> {
        let lists = &profile.plugins;
        let mut plugins: Vec<Box<dyn Plugin>> = vec![];
        for name in &lists.instances {
            plugins.push(registry::new_plugin(name, &profile.args)?);
        }
        let at = |name: &&'static str| plugins.iter().position(|plugin| plugin.name() == *name);
        let places = |names: &[&'static str]| names.iter().filter_map(at).collect::<Vec<_>>();
        Ok(Self {
            scheduler_name: profile.scheduler_name.clone(),
            percentage_of_nodes_to_score: profile.percentage_of_nodes_to_score,
            pre_enqueue: places(&lists.pre_enqueue),
            pre_filter: places(&lists.pre_filter),
            filter: places(&lists.filter),
            post_filter: places(&lists.post_filter),
            pre_score: places(&lists.pre_score),
            score: lists.score.iter().filter_map(|(name, weight)| Some((at(name)?, *weight))).collect(),
            reserve: places(&lists.reserve),
            plugins,
        })
    }

    /// Whether any plugin filters.
    pub fn has_filters(&self) -> bool {
        !self.filter.is_empty()
    }

    /// Whether any plugin scores.
    pub fn has_scores(&self) -> bool {
        !self.score.is_empty()
    }

    /// Whether any plugin has a PostFilter.
    pub fn has_post_filters(&self) -> bool {
        !self.post_filter.is_empty()
    }

    /// May the pod enter the queue? The first plugin that objects is named in the status.
    pub fn run_pre_enqueue(&self, world: &World, pod: &PodInfo) -> Result<(), Status> {
        for &at in &self.pre_enqueue {
            let plugin = &self.plugins[at];
            plugin.pre_enqueue(world, pod).map_err(|status| status.by(plugin.name()))?;
        }
        Ok(())
    }

    /// May the pod enter the queue as far as this plugin is concerned?
    pub fn run_pre_enqueue_of(&self, plugin: &str, world: &World, pod: &PodInfo) -> Result<(), Status> {
        let mut own = self.pre_enqueue.iter().map(|&at| &self.plugins[at]).filter(|own| own.name() == plugin);
        own.next().map_or(Ok(()), |own| own.pre_enqueue(world, pod))
    }

    /// Runs PreFilter. An error ends the cycle.
    pub fn run_pre_filter(&self, world: &World, state: &mut CycleState, pod: &PodInfo) -> Result<PreFilterOutcome, Status> {
        let mut out = PreFilterOutcome::default();
        for &at in &self.pre_filter {
            let plugin = &self.plugins[at];
            match plugin.pre_filter(world, state, pod) {
                PreFilterResult::Pass => {}
                PreFilterResult::Skip => state.skip_filter |= 1 << at,
                PreFilterResult::Fail(status) => match status.code {
                    // The others still run: preemption wants their notes.
                    Code::Unschedulable => out.status = Some(status.by(plugin.name())),
                    Code::UnschedulableAndUnresolvable => {
                        return Ok(PreFilterOutcome { status: Some(status.by(plugin.name())), ..PreFilterOutcome::default() });
                    }
                    _ => {
                        let text = format!("running PreFilter plugin \"{}\": {}", plugin.name(), status.message());
                        return Err(Status::error(text).by(plugin.name()));
                    }
                },
                PreFilterResult::Nodes(names) => {
                    out.plugins.insert(plugin.name());
                    let left = out.nodes.take().map_or(names.clone(), |before| before.intersection(&names).cloned().collect());
                    let none_left = left.is_empty();
                    out.nodes = Some(left);
                    if none_left {
                        out.status = Some(Status::unresolvable(nobody_left(&out.plugins)));
                        return Ok(out);
                    }
                }
            }
        }
        Ok(out)
    }

    /// Tells the PreFilter plugins that, for the sake of argument, a pod is on a node too.
    pub fn run_add_pod(
        &self,
        world: &World,
        state: &mut CycleState,
        pod: &PodInfo,
        added: &PodInfo,
        node: &NodeInfo,
    ) -> Result<(), Status> {
        for &at in self.pre_filter.iter().filter(|&&at| state.skip_filter & (1 << at) == 0).collect::<Vec<_>>() {
            let plugin = &self.plugins[at];
            let wrap =
                |status: Status| Status::error(format!("running AddPod on PreFilter plugin \"{}\": {}", plugin.name(), status.message()));
            plugin.add_pod(world, state, pod, added, node).map_err(wrap)?;
        }
        Ok(())
    }

    /// Tells the PreFilter plugins that, for the sake of argument, a pod is gone from a node.
    pub fn run_remove_pod(
        &self,
        world: &World,
        state: &mut CycleState,
        pod: &PodInfo,
        removed: &PodInfo,
        node: &NodeInfo,
    ) -> Result<(), Status> {
        for &at in self.pre_filter.iter().filter(|&&at| state.skip_filter & (1 << at) == 0).collect::<Vec<_>>() {
            let plugin = &self.plugins[at];
            let wrap = |status: Status| {
                Status::error(format!("running RemovePod on PreFilter plugin \"{}\": {}", plugin.name(), status.message()))
            };
            plugin.remove_pod(world, state, pod, removed, node).map_err(wrap)?;
        }
        Ok(())
    }

    /// Runs the filters on one node; the first that objects is named in the status.
    pub fn run_filters(&self, world: &World, state: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        for &at in &self.filter {
            if state.skip_filter & (1 << at) != 0 {
                continue;
            }
            let plugin = &self.plugins[at];
            if let Err(status) = plugin.filter(world, state, pod, node) {
                let name = plugin.name();
                return Err(if status.is_rejected() {
                    status.by(name)
                } else {
                    Status::error(format!("running \"{name}\" filter plugin: {}", status.message())).by(name)
                });
            }
        }
        Ok(())
    }

    /// Runs the filters on one node as if the pods nominated to it that matter no less were there; if there are some, once more without
    /// them, because they may never come and the pod might have counted on them (affinity).
    pub fn run_filters_with_nominated(&self, world: &World, state: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        let nominated = world.nominator.on(&node.name);
        let counts = |other: &&Arc<PodInfo>| other.priority() >= pod.priority() && other.uid() != pod.uid();
        if nominated.iter().any(|other| counts(&other)) {
            let (mut with, mut fuller) = (state.clone(), node.clone());
            for other in nominated.iter().filter(counts) {
                fuller.add_pod(other.clone());
                self.run_add_pod(world, &mut with, pod, other, &fuller)?;
            }
            self.run_filters(world, &with, pod, &fuller)?;
        }
        self.run_filters(world, state, pod, node)
    }

    /// Runs PostFilter: the first plugin that helps ends it, and so does one that fails or knows that nothing can help.
    pub fn run_post_filter(&self, world: &World, state: &CycleState, pod: &PodInfo, diagnosis: &Diagnosis) -> PostFilterResult {
        let mut out = PostFilterResult::default();
        let mut rejected = Status::bare(Code::Unschedulable);
        for &at in &self.post_filter {
            let plugin = &self.plugins[at];
            let result = plugin.post_filter(self, world, state, pod, diagnosis);
            match &result.status {
                None => return result,
                Some(status) if status.code == Code::UnschedulableAndUnresolvable => {
                    return PostFilterResult { status: Some(status.clone().by(plugin.name())), ..result };
                }
                Some(status) if !status.is_rejected() => {
                    return PostFilterResult { status: Some(status.clone().by(plugin.name())), ..PostFilterResult::default() };
                }
                Some(status) => {
                    rejected.reasons.extend(status.reasons.iter().cloned());
                    if rejected.plugin.is_empty() {
                        rejected.plugin = plugin.name();
                    }
                    if result.nominate.is_some() {
                        out.nominate = result.nominate;
                    }
                }
            }
        }
        PostFilterResult { status: Some(rejected), ..out }
    }

    /// Runs PreScore, Score and NormalizeScore on the feasible nodes.
    pub fn run_scores(&self, world: &World, state: &mut CycleState, pod: &PodInfo, nodes: &[NodeId]) -> Result<Scores, Status> {
        for &at in &self.pre_score {
            let plugin = &self.plugins[at];
            match plugin.pre_score(world, state, pod, nodes) {
                PreScoreResult::Pass => {}
                PreScoreResult::Skip => state.skip_score |= 1 << at,
                PreScoreResult::Fail(status) => {
                    return Err(Status::error(format!("running PreScore plugin \"{}\": {}", plugin.name(), status.message())));
                }
            }
        }
        let mut out = Scores { nodes: nodes.to_vec(), total: vec![0; nodes.len()], ..Scores::default() };
        for &(at, weight) in self.score.iter().filter(|(at, _)| state.skip_score & (1 << at) == 0) {
            let plugin = &self.plugins[at];
            let mut raw = Vec::with_capacity(nodes.len());
            for &id in nodes {
                let score = plugin.score(world, state, pod, world.cache.node(id));
                raw.push(score.map_err(|status| {
                    Status::error(format!("running Score plugins: plugin \"{}\" failed with: {}", plugin.name(), status.message()))
                })?);
            }
            let mut normalized = raw.clone();
            plugin.normalize_score(world, state, pod, nodes, &mut normalized);
            for (total, &score) in out.total.iter_mut().zip(&normalized) {
                if !(0..=MAX_NODE_SCORE).contains(&score) {
                    let name = plugin.name();
                    let range = format!("[0, {MAX_NODE_SCORE}]");
                    return Err(Status::error(format!(
                        "plugin \"{name}\" returns an invalid score {score}, it should in the range of {range} after normalizing"
                    )));
                }
                *total += score * weight;
            }
            out.plugins.push(plugin.name());
            out.weights.push(weight);
            out.raw.push(raw);
            out.normalized.push(normalized);
        }
        Ok(out)
    }

    /// The annotations that the pod gets with its binding.
    pub fn binding_annotations(&self, world: &World, state: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Vec<(Str, Str)> {
        let mut out: Vec<(Str, Str)> = vec![];
        for (key, value) in self.plugins.iter().flat_map(|plugin| plugin.binding_annotations(world, state, pod, node)) {
            if !out.iter().any(|(known, _)| *known == key) {
                out.push((key, value));
            }
        }
        out
    }

    /// Runs Reserve; if a plugin objects, all give back what they set aside.
    pub fn run_reserve(&self, world: &mut World, state: &mut CycleState, pod: &PodInfo, node: &str) -> Result<(), Status> {
        for &at in &self.reserve {
            let plugin = &self.plugins[at];
            if let Err(status) = plugin.reserve(world, state, pod, node) {
                self.run_unreserve(world, state, pod, node);
                return Err(if status.is_rejected() {
                    status.by(plugin.name())
                } else {
                    Status::error(format!("running Reserve plugin \"{}\": {}", plugin.name(), status.message()))
                });
            }
        }
        Ok(())
    }

    /// Gives back what was set aside, in reverse order.
    pub fn run_unreserve(&self, world: &mut World, state: &mut CycleState, pod: &PodInfo, node: &str) {
        for &at in self.reserve.iter().rev() {
            self.plugins[at].unreserve(world, state, pod, node);
        }
    }
}

fn nobody_left(plugins: &BTreeSet<&'static str>) -> String {
    let names: Vec<_> = plugins.iter().copied().collect();
    match names.as_slice() {
        [one] => format!("node(s) didn't satisfy plugin {one}"),
        several => format!("node(s) didn't satisfy plugin(s) [{}] simultaneously", several.join(" ")),
    }
}
