//! The counts of PodTopologySpread for one kind of pod, kept up to date node by node.

use super::places::Places;
use super::pod_topology_spread::{Constraint, HOSTNAME, MISSING_LABEL, TOO_SKEWED, normalize};
use crate::scheduler::framework::Tracker;
use crate::scheduler::node_info::{NodeId, NodeInfo};
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::status::Status;

/// What a node adds to a constraint.
#[derive(Clone, Copy, Default)]
struct Share {
    /// Where it is added; only if it counts.
    at: Option<usize>,
    /// Pods that the constraint means.
    pods: i64,
    /// Whether the node has the label.
    labelled: bool,
}

/// One constraint and its counts.
struct Counted {
    constraint: Constraint,
    places: Places,
    /// How many nodes count, by value.
    members: Vec<u32>,
    shares: Vec<Share>,
    /// Whether the pod itself counts.
    own: i64,
    /// The smallest sum, as the filter takes it.
    min: i64,
    /// Weight of the score.
    weight: f64,
    /// Values among the feasible nodes, by the number of the search that saw them.
    seen: Vec<u64>,
}

/// The tracker.
pub(super) struct SpreadTracker {
    pod: PodInfo,
    hard: Vec<Counted>,
    soft: Vec<Counted>,
    /// Whether nodes that lack one of the soft constraints' keys are ignored.
    all_keys: bool,
    ignored: Vec<bool>,
    search: u64,
}

impl SpreadTracker {
    pub fn new(pod: &PodInfo, hard: Vec<Constraint>, soft: Vec<Constraint>, all_keys: bool) -> Self {
        let counted = |constraint: Constraint| Counted {
            places: Places::new(constraint.key.clone()),
            members: vec![],
            shares: vec![],
            own: i64::from(constraint.selector.matches(pod.labels())),
            min: 0,
            weight: 0.0,
            seen: vec![],
            constraint,
        };
        Self {
            pod: pod.clone(),
            hard: hard.into_iter().map(counted).collect(),
            soft: soft.into_iter().map(counted).collect(),
            all_keys,
            ignored: vec![],
            search: 0,
        }
    }
}

fn has_keys(counted: &[Counted], node: &NodeInfo) -> bool {
    counted.iter().all(|one| node.labels.contains(&one.constraint.key))
}

impl Counted {
    fn update(&mut self, pod: &PodInfo, node: &NodeInfo, at: Option<usize>, eligible: bool) {
        let id = node.id as usize;
        if self.shares.len() <= id {
            self.shares.resize(id + 1, Share::default());
        }
        let before = self.shares[id];
        if let Some(at) = before.at {
            self.places.sums[at] -= before.pods;
            self.members[at] -= 1;
        }
        let pods = self.constraint.matching(pod.namespace(), node);
        let at = at.filter(|_| eligible && self.constraint.counts(pod, node));
        self.members.resize(self.places.sums.len(), 0);
        if let Some(at) = at {
            self.places.sums[at] += pods;
            self.members[at] += 1;
        }
        self.shares[id] = Share { at, pods, labelled: node.labels.contains(&self.constraint.key) };
    }
}

impl Tracker for SpreadTracker {
    fn update(&mut self, node: &NodeInfo) {
        let eligible = has_keys(&self.hard, node);
        for one in &mut self.hard {
            let at = one.places.place(node.id, &node.labels);
            one.update(&self.pod, node, at, eligible);
        }
        let all = has_keys(&self.soft, node);
        for one in &mut self.soft {
            let at = one.places.place_or_empty(node.id, &node.labels);
            one.update(&self.pod, node, Some(at), all || !self.all_keys);
        }
        let id = node.id as usize;
        if self.ignored.len() <= id {
            self.ignored.resize(id + 1, false);
        }
        self.ignored[id] = self.all_keys && !all;
    }

    fn begin_filter(&mut self) -> bool {
        for one in &mut self.hard {
            let there = one.members.iter().zip(&one.places.sums).filter(|(members, _)| **members > 0).map(|(_, sum)| *sum);
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
            let Some(here) = one.places.sum(node) else { return Err(Status::unresolvable(MISSING_LABEL)) };
            if here + one.own - one.min > one.constraint.max_skew {
                return Err(Status::unschedulable(TOO_SKEWED));
            }
        }
        Ok(())
    }

    fn fingerprint(&self) -> Option<u64> {
        // One bit for each value of each label: whether its nodes pass.
        let (mut out, mut bits) = (0, 0);
        for one in &self.hard {
            for sum in &one.places.sums {
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
        let counted = feasible.iter().filter(|&&id| !ignored[id as usize]).count();
        for one in &mut self.soft {
            let mut size = counted;
            if &*one.constraint.key != HOSTNAME {
                one.seen.resize(one.places.sums.len(), 0);
                size = 0;
                for &id in feasible.iter().filter(|&&id| !ignored[id as usize]) {
                    let at = one.places.of(id).expect("a node without the label has the empty value");
                    size += usize::from(one.seen[at] != search);
                    one.seen[at] = search;
                }
            }
            one.weight = libm::log((size + 2) as f64);
        }
        true
    }

    fn score(&self, node: NodeId) -> i64 {
        if self.ignored[node as usize] {
            return 0;
        }
        let mut score = 0.0;
        for one in &self.soft {
            let share = one.shares[node as usize];
            if !share.labelled {
                continue;
            }
            let at = one.places.of(node).expect("every node has a place");
            let count = if &*one.constraint.key == HOSTNAME { share.pods } else { one.places.sums[at] };
            score += count as f64 * one.weight + (one.constraint.max_skew - 1) as f64;
        }
        score.round() as i64
    }

    fn normalize(&self, feasible: &[NodeId], scores: &mut [i64]) {
        normalize(feasible, scores, |id| self.ignored[id as usize]);
    }
}
