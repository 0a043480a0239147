//! The counts of PodTopologySpread for one kind of pod, kept up to date by the log of pods that come and go.

use super::pod_topology_spread::{Constraint, HOSTNAME, MISSING_LABEL, TOO_SKEWED, normalize};
use crate::base::collections::Set;
use crate::scheduler::framework::{Tracker, World};
use crate::scheduler::node_info::{NodeId, NodeInfo};
use crate::scheduler::pod_groups::{Group, GroupId};
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::status::Status;
use crate::scheduler::topology::{NodeValues, Topology};
use std::any::Any;
use std::sync::Arc;

/// One constraint and its counts.
struct Counted {
    constraint: Constraint,
    by_hostname: bool,
    /// The value of each node; the number after the last stands for nodes without the label.
    values: Arc<NodeValues>,
    /// Pods that the constraint means, by value, on nodes that count.
    sums: Vec<i64>,
    /// The same by node, whether it counts or not; only for constraints by hostname.
    on_node: Vec<i64>,
    /// How many nodes count, by value; only for hard constraints.
    members: Vec<u32>,
    /// The groups of pods that it means.
    groups: Set<GroupId>,
    /// Whether the pod itself counts.
    own: i64,
    /// The smallest sum, as the filter takes it.
    min: i64,
    /// Weight of the score.
    weight: f64,
    /// How many values there are, with that of nodes without the label if there are any.
    distinct: usize,
    /// Values among the feasible nodes, by the number of the search that saw them.
    seen: Vec<u64>,
}

impl Counted {
    fn new(constraint: Constraint, pod: &PodInfo) -> Self {
        Self {
            by_hostname: &*constraint.key == HOSTNAME,
            own: i64::from(constraint.selector.matches(pod.labels())),
            constraint,
            values: Arc::default(),
            sums: vec![],
            on_node: vec![],
            members: vec![],
            groups: Set::default(),
            min: 0,
            weight: 0.0,
            distinct: 0,
            seen: vec![],
        }
    }

    fn reset(&mut self, world: &World, topology: &mut Topology) {
        self.values = topology.values(&world.cache, &self.constraint.key);
        self.sums = vec![0; self.values.count() + 1];
        self.distinct = self.values.count() + usize::from(world.cache.nodes().any(|node| self.values.of(node.id).is_none()));
        self.members = vec![];
        self.groups = Set::default();
        self.on_node = if self.by_hostname { vec![0; world.cache.places()] } else { vec![] };
    }

    /// The number of a node's value.
    fn at(&self, node: NodeId) -> usize {
        self.values.of(node).unwrap_or(self.values.count())
    }

    fn means(&self, pod: &PodInfo, group: &Group) -> bool {
        !self.constraint.selector.is_empty() && group.namespace == *pod.namespace() && self.constraint.selector.matches(&group.labels)
    }

    fn add(&mut self, node: NodeId, pods: i64, counts: bool) {
        if let Some(on_node) = self.on_node.get_mut(node as usize) {
            *on_node += pods;
        }
        if counts {
            let at = self.at(node);
            self.sums[at] += pods;
        }
    }
}

/// Which nodes count.
#[derive(Clone, Copy)]
enum Eligible {
    /// Those that have the labels of all constraints.
    WithAllKeys,
    /// All.
    Any,
}

/// The tracker.
pub(super) struct SpreadTracker {
    pod: PodInfo,
    hard: Vec<Counted>,
    soft: Vec<Counted>,
    /// Whether nodes that lack one of the soft constraints' keys are ignored.
    all_keys: bool,
    ignored: Vec<bool>,
    /// By node, a number for the values that it has, so that nodes with equal numbers and counts have equal scores; none if there are
    /// too many.
    places: Vec<u8>,
    /// Kept for their memory only.
    scores: Vec<i64>,
    combinations: Vec<u32>,
    search: u64,
    /// Versions of the nodes' labels and, if taints matter, specs.
    nodes_version: Option<(u64, u64)>,
    /// Groups up to this number have been tested.
    tested: GroupId,
    log_end: u64,
}

impl SpreadTracker {
    pub fn new(pod: &PodInfo, hard: Vec<Constraint>, soft: Vec<Constraint>, all_keys: bool) -> Self {
        let counted = |all: Vec<Constraint>| all.into_iter().map(|constraint| Counted::new(constraint, pod)).collect();
        Self {
            hard: counted(hard),
            soft: counted(soft),
            pod: pod.clone(),
            all_keys,
            ignored: vec![],
            places: vec![],
            scores: vec![],
            combinations: vec![],
            search: 0,
            nodes_version: None,
            tested: 0,
            log_end: 0,
        }
    }

    /// Counts everything anew.
    fn rebuild(&mut self, world: &World, topology: &mut Topology) {
        let (cache, pod, nodes_version) = (&world.cache, &self.pod, self.nodes_version_now(world));
        self.hard.iter_mut().chain(&mut self.soft).for_each(|one| one.reset(world, topology));
        for at in 0..self.hard.len() {
            let mut members = vec![0; self.hard[at].sums.len()];
            for node in cache.nodes().filter(|node| counts(&self.hard, at, Eligible::WithAllKeys, pod, node)) {
                members[self.hard[at].at(node.id)] += 1;
            }
            self.hard[at].members = members;
        }
        self.ignored = vec![false; if self.all_keys && !self.soft.is_empty() { cache.places() } else { 0 }];
        for at in 0..self.ignored.len() {
            self.ignored[at] = cache.node_if_any(at as NodeId).is_some_and(|node| !has_keys(&self.soft, node));
        }
        self.places = places(&self.soft, cache.places());
        let soft = self.soft_eligible();
        for (_, group) in cache.groups().since(0) {
            count_group(&mut self.hard, Eligible::WithAllKeys, pod, world, group);
            count_group(&mut self.soft, soft, pod, world, group);
        }
        self.tested = 0;
        self.test_new_groups(world);
        self.nodes_version = Some(nodes_version);
        self.log_end = cache.groups().log_end();
    }

    fn nodes_version_now(&self, world: &World) -> (u64, u64) {
        let taints = self.hard.iter().chain(&self.soft).any(|one| one.constraint.honor_taints);
        (world.cache.labels_version(), if taints { world.cache.spec_version() } else { 0 })
    }

    fn soft_eligible(&self) -> Eligible {
        if self.all_keys { Eligible::WithAllKeys } else { Eligible::Any }
    }

    fn score_of(&self, node: NodeId) -> i64 {
        let mut score = 0.0;
        for one in &self.soft {
            let Some(at) = one.values.of(node) else { continue };
            let count = if one.by_hostname { one.on_node[node as usize] } else { one.sums[at] };
            score += count as f64 * one.weight + (one.constraint.max_skew - 1) as f64;
        }
        score.round() as i64
    }

    fn test_new_groups(&mut self, world: &World) {
        for (id, group) in world.cache.groups().since(self.tested) {
            for one in self.hard.iter_mut().chain(&mut self.soft) {
                if one.means(&self.pod, group) {
                    one.groups.insert(id);
                }
            }
        }
        self.tested = world.cache.groups().newest();
    }
}

/// Numbers nodes by their values; empty if there are too many, or two constraints by hostname.
fn places(soft: &[Counted], nodes: usize) -> Vec<u8> {
    let width = |one: &Counted| if one.by_hostname { 2 } else { one.values.count() + 1 };
    let all = soft.iter().map(width).fold(1_usize, usize::saturating_mul);
    if soft.is_empty() || all > PLACES || soft.iter().filter(|one| one.by_hostname).count() > 1 {
        return vec![];
    }
    let part = |one: &Counted, node: NodeId| if one.by_hostname { usize::from(one.values.of(node).is_some()) } else { one.at(node) };
    (0..nodes as NodeId).map(|node| soft.iter().fold(0, |place, one| place * width(one) + part(one, node)) as u8).collect()
}

fn has_keys(all: &[Counted], node: &NodeInfo) -> bool {
    all.iter().all(|one| one.values.of(node.id).is_some())
}

/// Whether a node counts for one of several constraints.
fn counts(all: &[Counted], at: usize, eligible: Eligible, pod: &PodInfo, node: &NodeInfo) -> bool {
    (matches!(eligible, Eligible::Any) || has_keys(all, node)) && all[at].constraint.counts(pod, node)
}

fn count_group(all: &mut [Counted], eligible: Eligible, pod: &PodInfo, world: &World, group: &Group) {
    for at in 0..all.len() {
        if !all[at].means(pod, group) {
            continue;
        }
        for (&node, &pods) in &group.on {
            let count = world.cache.node_if_any(node).is_some_and(|info| counts(all, at, eligible, pod, info));
            all[at].add(node, i64::from(pods), count);
        }
    }
}

fn follow(all: &mut [Counted], eligible: Eligible, pod: &PodInfo, world: &World, from: u64) {
    for at in 0..all.len() {
        for shift in world.cache.groups().log_since(from).expect("looked at before") {
            if all[at].groups.contains(&shift.group) {
                let count = world.cache.node_if_any(shift.node).is_some_and(|info| counts(all, at, eligible, pod, info));
                all[at].add(shift.node, shift.delta, count);
            }
        }
    }
}

impl Tracker for SpreadTracker {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn counts_the_same(&self, other: &dyn Tracker) -> bool {
        let same = |one: &[Counted], other: &[Counted]| one.iter().map(|c| &c.constraint).eq(other.iter().map(|c| &c.constraint));
        other.as_any().downcast_ref::<Self>().is_some_and(|other| same(&self.hard, &other.hard) && same(&self.soft, &other.soft))
    }

    fn refresh(&mut self, world: &World, topology: &mut Topology) {
        if self.hard.is_empty() && self.soft.is_empty() {
            return;
        }
        let groups = world.cache.groups();
        if self.nodes_version != Some(self.nodes_version_now(world)) || groups.log_since(self.log_end).is_none() {
            return self.rebuild(world, topology);
        }
        self.test_new_groups(world);
        let soft = self.soft_eligible();
        follow(&mut self.hard, Eligible::WithAllKeys, &self.pod, world, self.log_end);
        follow(&mut self.soft, soft, &self.pod, world, self.log_end);
        self.log_end = groups.log_end();
    }

    fn begin_filter(&mut self) -> bool {
        for one in &mut self.hard {
            let there = one.members.iter().zip(&one.sums).filter(|(members, _)| **members > 0).map(|(_, sum)| *sum);
            let (mut values, mut min) = (0, i64::from(i32::MAX));
            for sum in there {
                values += 1;
                min = min.min(sum);
            }
            one.min = if values < one.constraint.min_domains { 0 } else { min };
        }
        !self.hard.is_empty()
    }

    fn filter(&self, node: NodeId) -> Result<(), Status> {
        for one in &self.hard {
            let Some(at) = one.values.of(node) else { return Err(Status::unresolvable(MISSING_LABEL)) };
            if one.sums[at] + one.own - one.min > one.constraint.max_skew {
                return Err(Status::unschedulable(TOO_SKEWED));
            }
        }
        Ok(())
    }

    fn fingerprint(&self) -> Option<u64> {
        // One bit for each value of each label: whether its nodes pass.
        let (mut out, mut bits) = (0, 0);
        for one in &self.hard {
            for sum in &one.sums[..one.values.count()] {
                out |= u64::from(sum + one.own - one.min <= one.constraint.max_skew).checked_shl(bits)?;
                bits += 1;
            }
        }
        Some(out)
    }

    fn begin_score(&mut self, feasible: &[NodeId]) -> bool {
        if self.soft.is_empty() {
            return false;
        }
        self.search += 1;
        let (search, ignored) = (self.search, &self.ignored);
        let counted = || feasible.iter().copied().filter(|&id| !is_ignored(ignored, id));
        for one in &mut self.soft {
            let size = if one.by_hostname {
                counted().count()
            } else {
                one.seen.resize(one.sums.len(), 0);
                let mut size = 0;
                for id in counted() {
                    let at = one.at(id);
                    size += usize::from(one.seen[at] != search);
                    one.seen[at] = search;
                    if size == one.distinct {
                        break;
                    }
                }
                size
            };
            one.weight = libm::log((size + 2) as f64);
        }
        true
    }

    fn score(&self, feasible: &[NodeId], scores: &mut Vec<i64>) {
        let score = |&node: &NodeId| if is_ignored(&self.ignored, node) { 0 } else { self.score_of(node) };
        scores.extend(feasible.iter().map(score));
    }

    fn normalize(&self, feasible: &[NodeId], scores: &mut [i64]) {
        normalize(feasible, scores, |id| is_ignored(&self.ignored, id));
    }

    /// Few different combinations of values and counts occur: what each is worth is worked out once.
    fn add_scores(&mut self, feasible: &[NodeId], weight: i64, total: &mut [i64]) -> bool {
        if self.places.is_empty() || !self.ignored.is_empty() {
            return false;
        }
        let mut scores = std::mem::take(&mut self.scores);
        scores.clear();
        scores.resize(PLACES * COUNTS, UNKNOWN);
        let on_node = self.soft.iter().find(|one| one.by_hostname).map(|one| one.on_node.as_slice());
        let mut found: Vec<(usize, i64)> = vec![];
        let mut combinations = std::mem::take(&mut self.combinations);
        combinations.clear();
        for &node in feasible {
            let count = on_node.map_or(0, |on_node| on_node[node as usize]) as usize;
            if count >= COUNTS {
                (self.scores, self.combinations) = (scores, combinations);
                return false;
            }
            let combination = usize::from(self.places[node as usize]) * COUNTS + count;
            if scores[combination] == UNKNOWN {
                scores[combination] = self.score_of(node);
                found.push((combination, scores[combination]));
            }
            combinations.push(combination as u32);
        }
        let nodes: Vec<NodeId> = (0..found.len() as NodeId).collect();
        let mut normal: Vec<i64> = found.iter().map(|(_, score)| *score).collect();
        normalize(&nodes, &mut normal, |_| false);
        for ((combination, _), normal) in found.iter().zip(normal) {
            scores[*combination] = normal * weight;
        }
        for (total, &combination) in total.iter_mut().zip(&combinations) {
            *total += scores[combination as usize];
        }
        (self.scores, self.combinations) = (scores, combinations);
        true
    }
}

/// Different values of all soft constraints but the one by hostname, for the quick way; and pods on a node.
const PLACES: usize = 64;
const COUNTS: usize = 32;
const UNKNOWN: i64 = i64::MIN;

#[inline]
fn is_ignored(ignored: &[bool], node: NodeId) -> bool {
    ignored.get(node as usize).copied().unwrap_or(false)
}
