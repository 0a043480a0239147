//! The best of many nodes when scores are brought into a range that each pod changes.
//!
//! Such scores (affinity to other pods above all) are equal for many nodes. Nodes with equal ones are a group; what a group's nodes add
//! beyond that does not change with the range, so that the best of each group is known in advance. A pod then costs a look at each group
//! in place of one at each node.

use super::classes::Known;
use super::framework::{GroupMark, Groups, Normalization, World, default_normalize_score};
use super::node_info::NodeId;
use super::selection::preorder;
use crate::base::collections::Map;
use smallvec::SmallVec;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The node is not among those to choose from.
const NOWHERE: u32 = u32::MAX;
/// Making groups costs as much as looking at all nodes for so many pods: it is done again only after as many. Of few nodes they are
/// made sooner.
const PODS_PER_GROUPING_MAX: usize = 8;
/// With more groups than this share of the nodes it is no gain.
const NODES_PER_GROUP_MIN: usize = 4;

/// What the nodes of a group share: two numbers for each score whose range changes.
type GroupKey = SmallVec<[i64; 4]>;
/// What a node of a group is compared by: what it adds, and its place in the heap that the real scheduler would make. With its place.
type Entry = (i64, Reverse<u64>, u32);

#[derive(Default)]
struct Group {
    key: GroupKey,
    /// How many nodes are in it.
    live: usize,
    /// Its nodes; some entries are out of date.
    best: BinaryHeap<Entry>,
}

/// A score whose range changes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Part {
    /// Its place among the spec's scorers.
    scorer: usize,
    /// The place of the class's tracker that scores.
    tracker: Option<usize>,
}

/// Nodes to choose from, in groups.
pub(super) struct Grouped {
    parts: Vec<Part>,
    nodes: Vec<NodeId>,
    place_of: Vec<u32>,
    /// What each node adds to its group's score, and its group.
    added: Vec<(i64, u32)>,
    groups: Vec<Group>,
    by_key: Map<GroupKey, u32>,
    free: Vec<u32>,
    start: usize,
    rejected: usize,
    log_end: u64,
    marks: SmallVec<[GroupMark; 1]>,
}

impl Grouped {
    fn new(parts: Vec<Part>, nodes: Vec<NodeId>, places: usize) -> Self {
        let mut place_of = vec![NOWHERE; places];
        nodes.iter().enumerate().for_each(|(at, &id)| place_of[id as usize] = at as u32);
        let added = vec![(0, NOWHERE); nodes.len()];
        let (groups, by_key, free) = (vec![], Map::default(), vec![]);
        Self { parts, nodes, place_of, added, groups, by_key, free, start: 0, rejected: 0, log_end: 0, marks: SmallVec::new() }
    }

    fn has(&self, node: NodeId) -> bool {
        self.place_of[node as usize] != NOWHERE
    }

    /// Puts a node into its group.
    fn set(&mut self, node: NodeId, key: &GroupKey, adds: i64) {
        let at = self.place_of[node as usize];
        let (before, from) = self.added[at as usize];
        if from != NOWHERE {
            let group = &mut self.groups[from as usize];
            if before == adds && group.key == *key {
                return;
            }
            group.live -= 1;
            if group.live == 0 {
                self.by_key.remove(&group.key);
                group.best.clear();
                self.free.push(from);
            }
        }
        let to = match self.by_key.get(key) {
            Some(&to) => to,
            None => self.new_group(key),
        };
        self.added[at as usize] = (adds, to);
        let group = &mut self.groups[to as usize];
        group.live += 1;
        group.best.push((adds, Reverse(preorder(at as usize)), at));
        if group.best.len() > 2 * group.live + 64 {
            let added = &self.added;
            let mut entries = std::mem::take(&mut group.best).into_vec();
            entries.retain(|(adds, _, at)| added[*at as usize] == (*adds, to));
            entries.sort_unstable();
            entries.dedup();
            group.best = entries.into();
        }
    }

    fn new_group(&mut self, key: &GroupKey) -> u32 {
        let to = self.free.pop().unwrap_or_else(|| {
            self.groups.push(Group::default());
            self.groups.len() as u32 - 1
        });
        self.groups[to as usize].key = key.clone();
        self.by_key.insert(key.clone(), to);
        to
    }

    /// The best of the nodes, by what each group scores.
    fn best(&mut self, totals: &[(u32, i64)]) -> NodeId {
        let added = &self.added;
        let mut best: Option<Entry> = None;
        for &(number, total) in totals {
            let heap = &mut self.groups[number as usize].best;
            let entry = loop {
                let entry = *heap.peek().expect("each node of a group has an entry");
                if added[entry.2 as usize] == (entry.0, number) {
                    break entry;
                }
                heap.pop();
            };
            best = best.max(Some((entry.0 + total, entry.1, entry.2)));
        }
        self.nodes[best.expect("there is a node").2 as usize]
    }
}

impl Known<'_> {
    /// The scores whose range changes; none: nodes cannot be told apart by groups.
    pub(super) fn parts(&mut self) -> Option<Vec<Part>> {
        let mut parts = vec![];
        for (scorer, one) in self.nodes.scorers.iter().enumerate() {
            if !one.tracked {
                if one.varies() {
                    parts.push(Part { scorer, tracker: None });
                }
                continue;
            }
            let found = self.class.trackers.iter().position(|(plugin, _)| *plugin == one.plugin)?;
            let tracker = &mut self.class.trackers[found].1;
            if tracker.begin_score(&[]) {
                tracker.groups()?;
                parts.push(Part { scorer, tracker: Some(found) });
            }
        }
        Some(parts)
    }

    fn groups_of(&self, part: Part) -> Option<&dyn Groups> {
        part.tracker.and_then(|at| self.class.trackers[at].1.groups())
    }

    fn group_key(&self, parts: &[Part], node: NodeId) -> GroupKey {
        let mut key = GroupKey::new();
        for &part in parts {
            key.extend(
                self.groups_of(part).map_or_else(|| [self.nodes.scorers[part.scorer].raw[node as usize], 0], |groups| groups.of(node)),
            );
        }
        key
    }

    fn marks(&self, parts: &[Part]) -> SmallVec<[GroupMark; 1]> {
        parts.iter().filter_map(|&part| self.groups_of(part)).map(Groups::mark).collect()
    }

    /// The best of all nodes, and how many passed and failed. None: they have to be looked at.
    pub(super) fn select_grouped(
        &mut self,
        world: &World,
        tracked: &[(u8, usize)],
        start: usize,
        parts: Vec<Part>,
    ) -> Option<(NodeId, usize, usize)> {
        let said = self.verdicts_stand_for(tracked)?;
        let kept = self.class.grouped.take().filter(|(key, kept)| *key == said && kept.start == start && kept.parts == parts);
        let renewed = kept.and_then(|(_, mut kept)| self.renew_groups(world, tracked, &mut kept).then_some(kept));
        self.class.since_grouping += 1;
        let mut kept = match renewed {
            Some(kept) => kept,
            None if self.class.since_grouping < (world.cache.node_count() / 8).clamp(2, PODS_PER_GROUPING_MAX) => return None,
            None => {
                self.class.since_grouping = 0;
                self.group_all(world, tracked, start, parts)
            }
        };
        let found = self.choose_group(&mut kept);
        self.class.grouped = Some((said, kept));
        found
    }

    fn group_all(&self, world: &World, tracked: &[(u8, usize)], start: usize, parts: Vec<Part>) -> Grouped {
        let (order, mut passed) = (world.cache.order(), vec![]);
        passed.extend(order[start..].iter().chain(&order[..start]).copied().filter(|&id| self.passes(tracked, id)));
        let rejected = order.len() - passed.len();
        let mut out = Grouped::new(parts, passed, world.cache.places());
        for at in 0..out.nodes.len() {
            let id = out.nodes[at];
            out.set(id, &self.group_key(&out.parts, id), self.nodes.fixed[id as usize]);
        }
        (out.start, out.rejected, out.log_end, out.marks) = (start, rejected, world.cache.log_end(), self.marks(&out.parts));
        out
    }

    /// Brings groups up to date. False: other nodes pass now, or too many have changed.
    fn renew_groups(&self, world: &World, tracked: &[(u8, usize)], kept: &mut Grouped) -> bool {
        let Some(changes) = world.cache.changes_since(kept.log_end) else { return false };
        if changes.len() > world.cache.node_count() {
            return false;
        }
        for &id in changes {
            let passes = world.cache.node_if_any(id).is_some() && self.passes(tracked, id);
            if passes != kept.has(id) {
                return false;
            }
            self.regroup(kept, id);
        }
        let trackers: SmallVec<[&dyn Groups; 1]> = kept.parts.iter().filter_map(|&part| self.groups_of(part)).collect();
        for (groups, mark) in trackers.into_iter().zip(kept.marks.clone()) {
            let Some(moved) = groups.moved_since(mark).filter(|moved| moved.len() <= world.cache.node_count()) else { return false };
            moved.iter().for_each(|&id| self.regroup(kept, id));
        }
        (kept.log_end, kept.marks) = (world.cache.log_end(), self.marks(&kept.parts));
        true
    }

    fn regroup(&self, kept: &mut Grouped, id: NodeId) {
        if kept.has(id) {
            let key = self.group_key(&kept.parts, id);
            kept.set(id, &key, self.nodes.fixed[id as usize]);
        }
    }

    fn choose_group(&self, kept: &mut Grouped) -> Option<(NodeId, usize, usize)> {
        let live = kept.groups.iter().enumerate().filter(|(_, group)| group.live > 0);
        let numbers: Vec<usize> = live.map(|(number, _)| number).collect();
        let many = numbers.len() > 16 && numbers.len() * NODES_PER_GROUP_MIN > kept.nodes.len();
        if kept.nodes.is_empty() || many {
            return None;
        }
        let mut totals: Vec<(u32, i64)> = numbers.iter().map(|&number| (number as u32, 0)).collect();
        let mut column = vec![];
        for (place, &part) in kept.parts.iter().enumerate() {
            let scorer = &self.nodes.scorers[part.scorer];
            let key = |number: &usize| -> [i64; 2] {
                let key = &kept.groups[*number].key;
                [key[2 * place], key[2 * place + 1]]
            };
            column.clear();
            match self.groups_of(part) {
                Some(groups) => column.extend(numbers.iter().map(|number| groups.score(key(number)))),
                None => column.extend(numbers.iter().map(|number| key(number)[0])),
            }
            match (scorer.normalization, part.tracker) {
                (Normalization::Own, Some(at)) => self.class.trackers[at].1.normalize(&[], &mut column),
                (Normalization::Default { reverse }, _) => default_normalize_score(reverse, &mut column),
                _ => {}
            }
            totals.iter_mut().zip(&column).for_each(|((_, total), score)| *total += score * scorer.weight);
        }
        Some((kept.best(&totals), kept.nodes.len(), kept.rejected))
    }
}
