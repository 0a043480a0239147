//! The counts of InterPodAffinity for one kind of pod, kept up to date node by node.

use super::affinity_groups::AffinityGroups;
use super::inter_pod_affinity::{NOT_NEAR, TOO_NEAR, UNWANTED, matches_all, means, normalize};
use super::places::Places;
use crate::model::{Labels, Str};
use crate::scheduler::framework::{GroupMark, Groups, Tracker, World};
use crate::scheduler::node_info::{NodeId, NodeInfo};
use crate::scheduler::pod_info::{AffinityTerm, PodInfo};
use crate::scheduler::status::Status;
use crate::scheduler::topology::Topology;
use smallvec::SmallVec;
use std::any::Any;

/// What the pod wants, namespaces resolved, and how the profile counts.
#[derive(PartialEq, Default)]
pub(super) struct Terms {
    pub affinity: Vec<AffinityTerm>,
    pub anti_affinity: Vec<AffinityTerm>,
    /// Preferred terms; those of anti-affinity have a weight below zero.
    pub preferred: Vec<(AffinityTerm, i64)>,
    pub hard_weight: i64,
    pub ignore_existing: bool,
    pub namespace_labels: Labels,
}

/// Sums by place, for several labels.
#[derive(Default)]
struct Sums {
    labels: Vec<Places>,
    /// How many sums are not zero.
    filled: usize,
}

/// Which sums a share belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    ExistingAnti,
    Affinity,
    AntiAffinity,
    Score,
}

/// What a node adds to one sum.
#[derive(Clone, Copy)]
struct Share {
    to: To,
    label: usize,
    at: usize,
    delta: i64,
}

impl Sums {
    /// The place of a label among the others; a new one has to be told of all nodes, which the caller does.
    fn label(&self, key: &str) -> Option<usize> {
        self.labels.iter().position(|places| *places.key == *key)
    }

    fn add(&mut self, label: usize, at: usize, delta: i64) {
        let sum = &mut self.labels[label].sums[at];
        let before = *sum != 0;
        *sum += delta;
        match (before, *sum != 0) {
            (false, true) => self.filled += 1,
            (true, false) => self.filled -= 1,
            _ => {}
        }
    }

    fn sum(&self, label: usize, node: NodeId) -> Option<i64> {
        self.labels[label].sum(node)
    }
}

/// Told of the values of all nodes.
fn placed(mut places: Places, world: &World) -> Places {
    for node in world.cache.nodes() {
        places.place(node.id, &node.labels);
    }
    places
}

/// The tracker.
pub(super) struct AffinityTracker {
    pod: PodInfo,
    terms: Terms,
    existing_anti: Sums,
    affinity: Sums,
    anti_affinity: Sums,
    score: Sums,
    groups: AffinityGroups,
    /// Places of the terms' labels in `affinity` and `anti_affinity`.
    affinity_labels: Vec<usize>,
    anti_affinity_labels: Vec<usize>,
    shares: Vec<Vec<Share>>,
    /// How many pods and terms met, by node, for the score; and all together.
    met: Vec<usize>,
    met_all: usize,
    labels_version: Option<u64>,
    log_end: u64,
    /// Whether the pod is what it wants near.
    own: bool,
}

impl AffinityTracker {
    pub fn new(pod: &PodInfo, terms: Terms) -> Self {
        let sums = |terms: &[AffinityTerm]| {
            let (mut sums, mut places) = (Sums::default(), vec![]);
            for term in terms {
                let at = sums.label(&term.topology_key).unwrap_or_else(|| {
                    sums.labels.push(Places::new(term.topology_key.clone()));
                    sums.labels.len() - 1
                });
                places.push(at);
            }
            (sums, places)
        };
        let (affinity, affinity_labels) = sums(&terms.affinity);
        let (anti_affinity, anti_affinity_labels) = sums(&terms.anti_affinity);
        Self {
            pod: pod.clone(),
            own: matches_all(&terms.affinity, pod),
            terms,
            existing_anti: Sums::default(),
            affinity,
            anti_affinity,
            score: Sums::default(),
            groups: AffinityGroups::default(),
            affinity_labels,
            anti_affinity_labels,
            shares: vec![],
            met: vec![],
            met_all: 0,
            labels_version: None,
            log_end: 0,
        }
    }

    fn sums(&mut self, to: To) -> &mut Sums {
        match to {
            To::ExistingAnti => &mut self.existing_anti,
            To::Affinity => &mut self.affinity,
            To::AntiAffinity => &mut self.anti_affinity,
            To::Score => &mut self.score,
        }
    }

    /// Adds to the sum at a node's value of a label. Says whether the node has the label.
    fn add(&mut self, world: &World, to: To, node: &NodeInfo, key: &Str, delta: i64) -> bool {
        if !node.labels.contains(key) {
            return false;
        }
        let sums = self.sums(to);
        let label = sums.label(key).unwrap_or_else(|| {
            sums.labels.push(placed(Places::new(key.clone()), world));
            sums.labels.len() - 1
        });
        let at = sums.labels[label].of(node.id).expect("the node has the label");
        sums.add(label, at, delta);
        if to == To::Score {
            self.groups.touch(label, at);
        }
        self.shares[node.id as usize].push(Share { to, label, at, delta });
        true
    }

    fn take_back(&mut self, node: &NodeInfo) {
        let id = node.id as usize;
        if self.shares.len() <= id {
            self.shares.resize_with(id + 1, Vec::new);
            self.met.resize(id + 1, 0);
        }
        for share in std::mem::take(&mut self.shares[id]) {
            self.sums(share.to).add(share.label, share.at, -share.delta);
            if share.to == To::Score {
                self.groups.touch(share.label, share.at);
            }
        }
        self.met_all -= std::mem::take(&mut self.met[id]);
    }

    /// Whether only pods with affinity of their own can concern the pod.
    fn minds_affine_only(&self) -> bool {
        self.terms.affinity.is_empty() && self.terms.anti_affinity.is_empty() && self.terms.preferred.is_empty()
    }

    /// Looks at all nodes.
    fn rebuild(&mut self, world: &World) {
        for sums in [&mut self.affinity, &mut self.anti_affinity] {
            sums.labels = std::mem::take(&mut sums.labels).into_iter().map(|places| placed(places, world)).collect();
        }
        if self.minds_affine_only() && self.shares.iter().all(Vec::is_empty) {
            world.cache.nodes_with_affinity().for_each(|node| self.update(world, node));
        } else {
            world.cache.nodes().for_each(|node| self.update(world, node));
        }
    }

    fn count_required(&mut self, world: &World, node: &NodeInfo, other: &PodInfo) {
        let pod = self.pod.clone();
        for term in &other.traits.required_anti_affinity {
            if term.matches(pod.namespace(), pod.labels(), &self.terms.namespace_labels) {
                self.add(world, To::ExistingAnti, node, &term.topology_key, 1);
            }
        }
        if matches_all(&self.terms.affinity, other) {
            for at in 0..self.terms.affinity.len() {
                let key = self.terms.affinity[at].topology_key.clone();
                self.add(world, To::Affinity, node, &key, 1);
            }
        }
        for at in 0..self.terms.anti_affinity.len() {
            if means(&self.terms.anti_affinity[at], other) {
                let key = self.terms.anti_affinity[at].topology_key.clone();
                self.add(world, To::AntiAffinity, node, &key, 1);
            }
        }
    }

    fn count_preferred(&mut self, world: &World, node: &NodeInfo, other: &PodInfo) {
        let id = node.id as usize;
        let mut met = 0;
        for at in 0..self.terms.preferred.len() {
            let (term, weight) = &self.terms.preferred[at];
            if means(term, other) {
                let (key, weight) = (term.topology_key.clone(), *weight);
                met += usize::from(self.add(world, To::Score, node, &key, weight));
            }
        }
        if other.traits.has_affinity {
            let theirs = other.traits.clone();
            let hard = self.terms.hard_weight;
            let required = theirs.required_affinity.iter().filter(|_| hard > 0).map(|term| (term, hard));
            let preferred = theirs.preferred_affinity.iter().map(|one| (&one.term, one.weight));
            let apart = theirs.preferred_anti_affinity.iter().map(|one| (&one.term, -one.weight));
            for (term, weight) in required.chain(preferred).chain(apart) {
                if term.matches(self.pod.namespace(), self.pod.labels(), &self.terms.namespace_labels) {
                    met += usize::from(self.add(world, To::Score, node, &term.topology_key, weight));
                }
            }
        }
        self.met[id] += met;
        self.met_all += met;
    }
}

impl AffinityTracker {
    /// Looks at a node that is new or has changed.
    fn update(&mut self, world: &World, node: &NodeInfo) {
        let scores = !(self.terms.ignore_existing && self.terms.preferred.is_empty());
        let own = !self.terms.affinity.is_empty() || !self.terms.anti_affinity.is_empty();
        let nothing = !own && self.terms.preferred.is_empty() && node.pods_with_affinity == 0;
        if nothing && self.shares.get(node.id as usize).is_none_or(Vec::is_empty) {
            return;
        }
        self.take_back(node);
        if nothing {
            return;
        }
        for other in &node.pods {
            if own || !other.traits.required_anti_affinity.is_empty() {
                self.count_required(world, node, other);
            }
            if scores && (!self.terms.preferred.is_empty() || other.traits.has_affinity) {
                self.count_preferred(world, node, other);
            }
        }
    }
}

impl Tracker for AffinityTracker {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn counts_the_same(&self, other: &dyn Tracker) -> bool {
        other.as_any().downcast_ref::<Self>().is_some_and(|other| self.terms == other.terms)
    }

    fn refresh(&mut self, world: &World, _: &mut Topology) {
        let cache = &world.cache;
        if self.labels_version != Some(cache.labels_version()) {
            let mut groups = std::mem::take(&mut self.groups);
            groups.forget();
            *self = Self { groups, ..Self::new(&self.pod.clone(), std::mem::take(&mut self.terms)) };
            self.labels_version = Some(cache.labels_version());
            self.rebuild(world);
        } else {
            match cache.changes_since(self.log_end) {
                Some(changes) if changes.len() < cache.node_count() => {
                    let mut changes: SmallVec<[NodeId; 16]> = changes.iter().copied().collect();
                    changes.sort_unstable();
                    changes.dedup();
                    changes.into_iter().filter_map(|id| cache.node_if_any(id)).for_each(|node| self.update(world, node));
                }
                _ => self.rebuild(world),
            }
        }
        self.log_end = cache.log_end();
        self.groups.settle(&self.score.labels);
    }

    fn begin_filter(&mut self) -> bool {
        self.existing_anti.filled > 0 || !self.terms.affinity.is_empty() || !self.terms.anti_affinity.is_empty()
    }

    fn filter(&self, node: NodeId) -> Result<(), Status> {
        let mut all_there = true;
        for &label in &self.affinity_labels {
            let Some(sum) = self.affinity.sum(label, node) else { return Err(Status::unresolvable(NOT_NEAR)) };
            all_there &= sum > 0;
        }
        if !all_there && (self.affinity.filled != 0 || !self.own) {
            return Err(Status::unresolvable(NOT_NEAR));
        }
        let some = |sums: &Sums, label: usize| sums.sum(label, node).is_some_and(|sum| sum > 0);
        if self.anti_affinity_labels.iter().any(|&label| some(&self.anti_affinity, label)) {
            return Err(Status::unschedulable(TOO_NEAR));
        }
        if self.existing_anti.filled > 0 && (0..self.existing_anti.labels.len()).any(|label| some(&self.existing_anti, label)) {
            return Err(Status::unschedulable(UNWANTED));
        }
        Ok(())
    }

    fn begin_score(&mut self, _: &[NodeId]) -> bool {
        self.met_all > 0
    }

    fn score(&self, feasible: &[NodeId], scores: &mut Vec<i64>) {
        scores.extend(feasible.iter().map(|&node| self.score.labels.iter().filter_map(|places| places.sum(node)).sum::<i64>()));
    }

    fn normalize(&self, _: &[NodeId], scores: &mut [i64]) {
        normalize(scores);
    }

    fn groups(&self) -> Option<&dyn Groups> {
        Some(self)
    }
}

impl Groups for AffinityTracker {
    fn of(&self, node: NodeId) -> [i64; 2] {
        self.groups.of(&self.score.labels, node)
    }

    fn score(&self, group: [i64; 2]) -> i64 {
        self.groups.score(&self.score.labels, group)
    }

    fn mark(&self) -> GroupMark {
        self.groups.mark()
    }

    fn moved_since(&self, mark: GroupMark) -> Option<&[NodeId]> {
        self.groups.moved_since(mark)
    }
}
