//! PodTopologySpread: pods of a kind are to be spread over the values of a label of nodes (zones, hosts).
//! Real: pkg/scheduler/framework/plugins/podtopologyspread @ v1.37.2. Modelled in full.

use super::spread_tracker::SpreadTracker;
use super::taint_toleration::has_untolerated_taint;
use crate::model::{Kind, Labels, Obj, Str, TopologySpreadConstraint};
use crate::scheduler::config::{PodTopologySpreadArgs, PodTopologySpreadConstraintsDefaulting};
use crate::scheduler::framework::{
    CycleState, MAX_NODE_SCORE, Normalization, Plugin, PreFilterResult, PreScoreResult, Reach, Tracker, World,
};
use crate::scheduler::node_info::{NodeId, NodeInfo};
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::selectors::Selector;
use crate::scheduler::status::Status;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const HOSTNAME: &str = "kubernetes.io/hostname";
const ZONE: &str = "topology.kubernetes.io/zone";

pub(super) const MISSING_LABEL: &str = "node(s) didn't match pod topology spread constraints (missing required label)";
pub(super) const TOO_SKEWED: &str = "node(s) didn't match pod topology spread constraints";

/// The plugin.
pub struct PodTopologySpread {
    defaults: Vec<TopologySpreadConstraint>,
    system: bool,
}

/// A constraint made ready.
#[derive(Clone, PartialEq, Debug)]
pub(in crate::scheduler) struct Constraint {
    pub max_skew: i64,
    /// The label of nodes that makes the domains.
    pub key: Str,
    /// The pods that count.
    pub selector: Selector,
    pub min_domains: usize,
    honor_affinity: bool,
    /// Whether nodes whose taints the pod does not tolerate do not count.
    pub honor_taints: bool,
}

/// The constraints of a pod that can reject it.
pub(in crate::scheduler) fn hard_constraints(
    world: &World,
    args: &PodTopologySpreadArgs,
    pod: &PodInfo,
) -> Result<Vec<Constraint>, String> {
    PodTopologySpread::new(args).constraints(world, pod, "DoNotSchedule")
}

impl Constraint {
    /// Whether a node counts for it.
    pub fn counts(&self, pod: &PodInfo, node: &NodeInfo) -> bool {
        (!self.honor_affinity || pod.traits.required_node.matches(&node.name, &node.labels))
            && (!self.honor_taints || !has_untolerated_taint(node.spec(), &pod.spec().tolerations))
    }

    /// How many pods of a node it means. An empty selector means none.
    pub fn matching(&self, namespace: &str, node: &NodeInfo) -> i64 {
        if self.selector.is_empty() {
            return 0;
        }
        let means = |pod: &&std::sync::Arc<PodInfo>| {
            !pod.object.meta.is_deleting() && **pod.namespace() == *namespace && self.selector.matches(pod.labels())
        };
        node.pods.iter().filter(means).count() as i64
    }
}

pub(super) fn has_all_keys(labels: &Labels, constraints: &[Constraint]) -> bool {
    constraints.iter().all(|constraint| labels.contains(&constraint.key))
}

/// The two smallest counts, with their values of the label: enough as long as only one of the values changes.
#[derive(Clone, Debug)]
struct Smallest([(Option<Str>, i64); 2]);

impl Smallest {
    fn update(&mut self, value: &Str, count: i64) {
        let [first, second] = &mut self.0;
        if first.0.as_ref() == Some(value) {
            first.1 = count;
        } else if second.0.as_ref() == Some(value) {
            second.1 = count;
        } else if count < first.1 {
            *second = std::mem::replace(first, (Some(value.clone()), count));
            return;
        } else {
            if count < second.1 {
                *second = (Some(value.clone()), count);
            }
            return;
        }
        if first.1 > second.1 {
            std::mem::swap(first, second);
        }
    }
}

/// Counts for the hard constraints.
#[derive(Clone, Debug)]
struct Hard {
    constraints: Vec<Constraint>,
    /// Whether the pod itself counts, by constraint.
    own: Vec<bool>,
    counts: Vec<BTreeMap<Str, i64>>,
    smallest: Vec<Smallest>,
}

/// Counts and weights for the soft constraints.
struct Soft {
    constraints: Vec<Constraint>,
    ignored: BTreeSet<NodeId>,
    counts: Vec<BTreeMap<Str, i64>>,
    weights: Vec<f64>,
}

impl PodTopologySpread {
    /// With the profile's arguments.
    pub fn new(args: &PodTopologySpreadArgs) -> Self {
        let system = args.defaulting_type == PodTopologySpreadConstraintsDefaulting::System;
        let soft = |key: &str, max_skew| TopologySpreadConstraint {
            max_skew,
            topology_key: key.into(),
            when_unsatisfiable: "ScheduleAnyway".into(),
            ..TopologySpreadConstraint::default()
        };
        let defaults = if system { vec![soft(HOSTNAME, 3), soft(ZONE, 5)] } else { args.default_constraints.clone() };
        Self { defaults, system }
    }

    /// The pod's own constraints of one kind, or the default ones if it has none at all.
    fn constraints(&self, world: &World, pod: &PodInfo, action: &str) -> Result<Vec<Constraint>, String> {
        let own = &pod.spec().topology_spread_constraints;
        if !own.is_empty() {
            return ready(own, pod.labels(), action);
        }
        let mut out = ready(&self.defaults, pod.labels(), action)?;
        if !out.is_empty() {
            let selector = default_selector(world, pod);
            if selector.is_empty() {
                return Ok(vec![]);
            }
            out.iter_mut().for_each(|constraint| constraint.selector = selector.clone());
        }
        Ok(out)
    }

    fn requires_all_keys(&self, pod: &PodInfo) -> bool {
        !pod.spec().topology_spread_constraints.is_empty() || !self.system
    }
}

fn ready(constraints: &[TopologySpreadConstraint], labels: &Labels, action: &str) -> Result<Vec<Constraint>, String> {
    let each = |constraint: &TopologySpreadConstraint| {
        let mut selector = Selector::compile(constraint.label_selector.as_ref())?;
        let keys = constraint.match_label_keys.iter().filter_map(|key| Some((key.as_str(), labels.get(key)?)));
        let keys = Labels::from_pairs(keys);
        if !keys.is_empty() {
            selector = Selector::from_labels(&keys).and(&selector);
        }
        Ok(Constraint {
            max_skew: i64::from(constraint.max_skew),
            key: constraint.topology_key.as_str().into(),
            selector,
            min_domains: constraint.min_domains.unwrap_or(1) as usize,
            honor_affinity: constraint.node_affinity_policy.as_deref().unwrap_or("Honor") == "Honor",
            honor_taints: constraint.node_taints_policy.as_deref() == Some("Honor"),
        })
    };
    constraints.iter().filter(|constraint| constraint.when_unsatisfiable == action).map(each).collect()
}

/// What a pod's siblings have in common: the selectors of its services and of its controller.
fn default_selector(world: &World, pod: &PodInfo) -> Selector {
    let namespace = pod.namespace();
    let mut merged: BTreeMap<Str, Str> = BTreeMap::new();
    let merge = |merged: &mut BTreeMap<Str, Str>, labels: &Labels| merged.extend(labels.iter().map(|(k, v)| (k.clone(), v.clone())));
    for service in world.listers.in_namespace(Kind::Service, namespace) {
        let selector = &service.as_service().expect("the object is a service").spec.selector;
        if !selector.is_empty() && Selector::from_labels(selector).matches(pod.labels()) {
            merge(&mut merged, selector);
        }
    }
    let Some(owner) = pod.object.meta.controller() else { return Selector::from_labels(&Labels::from_pairs(merged)) };
    let found = |kind: Kind| world.listers.get(kind, namespace, &owner.name);
    let mut more = None;
    match (&*owner.api_version, &*owner.kind) {
        ("v1", "ReplicationController") => {
            if let Some(rc) = found(Kind::ReplicationController).and_then(|object: &Obj| object.as_replication_controller()) {
                merge(&mut merged, &rc.spec.selector);
            }
        }
        ("apps/v1", "ReplicaSet") => {
            more =
                found(Kind::ReplicaSet).and_then(|object| object.as_replica_set()).map(|rs| Selector::compile(rs.spec.selector.as_ref()));
        }
        ("apps/v1", "StatefulSet") => {
            more =
                found(Kind::StatefulSet).and_then(|object| object.as_stateful_set()).map(|ss| Selector::compile(ss.spec.selector.as_ref()));
        }
        _ => {}
    }
    let selector = Selector::from_labels(&Labels::from_pairs(merged));
    match more {
        Some(Ok(all @ Selector::All(_))) => selector.and(&all),
        _ => selector,
    }
}

impl Plugin for PodTopologySpread {
    fn name(&self) -> &'static str {
        "PodTopologySpread"
    }

    fn reach(&self, _: &World, _: &PodInfo) -> Reach {
        Reach::Tracked
    }

    fn normalization(&self) -> Normalization {
        Normalization::Own
    }

    fn pre_filter(&self, world: &World, state: &mut CycleState, pod: &PodInfo) -> PreFilterResult {
        let constraints = match self.constraints(world, pod, "DoNotSchedule") {
            Ok(constraints) => constraints,
            Err(error) => return PreFilterResult::Fail(Status::error(format!("get constraints from pod: {error}"))),
        };
        if constraints.is_empty() {
            return PreFilterResult::Skip;
        }
        let mut counts = vec![BTreeMap::<Str, i64>::new(); constraints.len()];
        for node in world.cache.nodes().filter(|node| has_all_keys(&node.labels, &constraints)) {
            for (constraint, counts) in constraints.iter().zip(&mut counts).filter(|(constraint, _)| constraint.counts(pod, node)) {
                let value = node.labels.get_str(&constraint.key).expect("the node has all keys");
                let count = constraint.matching(pod.namespace(), node);
                match counts.get_mut(value) {
                    Some(sum) => *sum += count,
                    None => {
                        counts.insert(value.clone(), count);
                    }
                }
            }
        }
        let smallest = |counts: &BTreeMap<Str, i64>| {
            let mut out = Smallest([(None, i64::from(i32::MAX)), (None, i64::from(i32::MAX))]);
            counts.iter().for_each(|(value, &count)| out.update(value, count));
            out
        };
        let smallest = counts.iter().map(smallest).collect();
        let own = constraints.iter().map(|constraint| constraint.selector.matches(pod.labels())).collect();
        state.put(Hard { constraints, own, counts, smallest });
        PreFilterResult::Pass
    }

    fn add_pod(&self, _: &World, state: &mut CycleState, pod: &PodInfo, added: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        shift(state, pod, added, node, 1);
        Ok(())
    }

    fn remove_pod(&self, _: &World, state: &mut CycleState, pod: &PodInfo, removed: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        shift(state, pod, removed, node, -1);
        Ok(())
    }

    fn filter(&self, _: &World, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        let hard = state.get::<Hard>().expect("PreFilter has run");
        for (at, constraint) in hard.constraints.iter().enumerate() {
            let Some(value) = node.labels.get(&constraint.key) else {
                return Err(Status::unresolvable(MISSING_LABEL));
            };
            let enough = hard.counts[at].len() >= constraint.min_domains;
            let min = if enough { hard.smallest[at].0[0].1 } else { 0 };
            let here = hard.counts[at].get(value).copied().unwrap_or(0);
            if here + i64::from(hard.own[at]) - min > constraint.max_skew {
                return Err(Status::unschedulable(TOO_SKEWED));
            }
        }
        Ok(())
    }

    fn pre_score(&self, world: &World, state: &mut CycleState, pod: &PodInfo, nodes: &[NodeId]) -> PreScoreResult {
        let constraints = match self.constraints(world, pod, "ScheduleAnyway") {
            Ok(constraints) => constraints,
            Err(error) => return PreScoreResult::Fail(Status::error(format!("calculating preScoreState: {error}"))),
        };
        if constraints.is_empty() {
            return PreScoreResult::Skip;
        }
        let all_keys = self.requires_all_keys(pod);
        let mut soft = Soft { ignored: BTreeSet::new(), counts: vec![BTreeMap::new(); constraints.len()], weights: vec![], constraints };
        for &id in nodes {
            let node = world.cache.node(id);
            if all_keys && !has_all_keys(&node.labels, &soft.constraints) {
                soft.ignored.insert(id);
                continue;
            }
            for (constraint, counts) in soft.constraints.iter().zip(&mut soft.counts).filter(|(constraint, _)| &*constraint.key != HOSTNAME)
            {
                let value = node.labels.get_str(&constraint.key).cloned().unwrap_or_default();
                counts.entry(value).or_insert(0);
            }
        }
        let feasible = nodes.len() - soft.ignored.len();
        let size =
            |(constraint, counts): (&Constraint, &BTreeMap<Str, i64>)| if &*constraint.key == HOSTNAME { feasible } else { counts.len() };
        soft.weights = soft.constraints.iter().zip(&soft.counts).map(size).map(|size| libm::log((size + 2) as f64)).collect();
        for node in world.cache.nodes().filter(|node| !all_keys || has_all_keys(&node.labels, &soft.constraints)) {
            for (constraint, counts) in soft.constraints.iter().zip(&mut soft.counts) {
                if let Some(count) = counts.get_mut(node.labels.get(&constraint.key).unwrap_or_default())
                    && constraint.counts(pod, node)
                {
                    *count += constraint.matching(pod.namespace(), node);
                }
            }
        }
        state.put(soft);
        PreScoreResult::Pass
    }

    fn score(&self, _: &World, state: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Result<i64, Status> {
        let soft = state.get::<Soft>().expect("PreScore has run");
        if soft.ignored.contains(&node.id) {
            return Ok(0);
        }
        let mut score = 0.0;
        for (at, constraint) in soft.constraints.iter().enumerate() {
            let Some(value) = node.labels.get(&constraint.key) else { continue };
            let count = if &*constraint.key == HOSTNAME {
                constraint.matching(pod.namespace(), node)
            } else {
                soft.counts[at].get(value).copied().unwrap_or(0)
            };
            score += count as f64 * soft.weights[at] + (constraint.max_skew - 1) as f64;
        }
        Ok(score.round() as i64)
    }

    fn normalize_score(&self, _: &World, state: &CycleState, _: &PodInfo, nodes: &[NodeId], scores: &mut [i64]) {
        let soft = state.get::<Soft>().expect("PreScore has run");
        normalize(nodes, scores, |id| soft.ignored.contains(&id));
    }

    fn track(&self, world: &World, pod: &PodInfo) -> Option<Box<dyn Tracker>> {
        let hard = self.constraints(world, pod, "DoNotSchedule").ok()?;
        let soft = self.constraints(world, pod, "ScheduleAnyway").ok()?;
        Some(Box::new(SpreadTracker::new(pod, hard, soft, self.requires_all_keys(pod))))
    }
}

/// The emptier the better; nodes that are ignored get nothing.
pub(super) fn normalize(nodes: &[NodeId], scores: &mut [i64], ignored: impl Fn(NodeId) -> bool) {
    let counted = || nodes.iter().zip(&*scores).filter(|(id, _)| !ignored(**id)).map(|(_, &score)| score);
    let (min, max) = (counted().min().unwrap_or(i64::MAX), counted().max().unwrap_or(0).max(0));
    let normal = |score: i64| if max == 0 { MAX_NODE_SCORE } else { MAX_NODE_SCORE * (max + min - score) / max };
    // Few different scores occur: each is divided once.
    let width = usize::try_from(max.saturating_sub(min)).ok().filter(|width| *width < nodes.len());
    let known: Vec<i64> = width.map_or(vec![], |width| (0..=width as i64).map(|more| normal(min + more)).collect());
    for (id, score) in nodes.iter().zip(scores) {
        *score = match usize::try_from(*score - min).ok().and_then(|more| known.get(more)) {
            _ if ignored(*id) => 0,
            Some(known) => *known,
            None => normal(*score),
        };
    }
}

/// What-ifs: a pod more or less on a node.
fn shift(state: &mut CycleState, pod: &PodInfo, other: &PodInfo, node: &NodeInfo, delta: i64) {
    if other.namespace() != pod.namespace() {
        return;
    }
    let Some(hard) = state.get_mut::<Hard>() else { return };
    if !has_all_keys(&node.labels, &hard.constraints) {
        return;
    }
    for (at, constraint) in hard.constraints.iter().enumerate() {
        if constraint.selector.matches(other.labels()) && constraint.counts(pod, node) {
            let value = node.labels.get_str(&constraint.key).expect("the node has all keys");
            let count = hard.counts[at].entry(value.clone()).or_insert(0);
            *count += delta;
            hard.smallest[at].update(value, *count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_counts_follow_one_value() {
        let mut smallest = Smallest([(None, 99), (None, 99)]);
        for (value, count) in [("a", 5), ("b", 3), ("c", 4)] {
            smallest.update(&value.into(), count);
        }
        assert_eq!(smallest.0[0], (Some("b".into()), 3));
        smallest.update(&"b".into(), 6);
        assert_eq!((smallest.0[0].1, smallest.0[1].1), (4, 6));
        smallest.update(&"b".into(), 1);
        assert_eq!(smallest.0[0].1, 1);
    }
}
