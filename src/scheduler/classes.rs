//! Pods of one template get the same answers: what plugins say of a node is kept until the node changes.
//!
//! What nodes say on their own is kept for all pods with equal specs ([`Suitability`]). A class is one kind of pod: spec, namespace,
//! labels and owner. It keeps the counts of plugins that look at all nodes ([`Tracker`]) and follows what changed before each use. The
//! answers are the very same as without it. Kinds of pods for which some plugin cannot promise that (volumes, claims, devices) have no class.

use super::decision::Decision;
use super::framework::{CycleState, MAX_NODE_SCORE, default_normalize_score};
use super::framework::{Normalization, Reach, Tracker, World};
use super::grouped::Grouped;
use super::node_info::NodeId;
use super::pod_info::PodInfo;
use super::runtime::{Framework, Scores};
use super::selection::Selection;
use super::status::Status;
use super::suitability::{PASSES, Specs, Suitability};
use super::topology::Topology;
use crate::base::collections::Map;
use crate::model::{Labels, Str};
use smallvec::SmallVec;
use std::hash::Hash;

/// So many classes are kept; the one not used for longest goes.
const CLASSES_MAX: usize = 128;
/// So many specs are kept with what nodes say of them.
const SUITABILITIES_MAX: usize = 64;
/// So many selections of a class are kept.
const SELECTIONS_MAX: usize = 8;

/// What makes pods equal.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    profile: usize,
    spec: u32,
    namespace: Str,
    labels: Labels,
    owner: Option<(Str, Str)>,
}

/// What stands for the verdicts of trackers.
pub(super) type Said = SmallVec<[u64; 2]>;

/// A kind of pod and what it counts.
pub(super) struct Class {
    pod: PodInfo,
    /// Trackers with their plugins.
    pub(super) trackers: Vec<(usize, Box<dyn Tracker>)>,
    /// Places among the framework's filters of those that a tracker stands for.
    tracked_filters: Vec<(u8, usize)>,
    /// What was chosen from before, by what the trackers said then.
    selections: Vec<(Said, Selection)>,
    /// The same in groups.
    pub(super) grouped: Option<(Said, Grouped)>,
    /// How many pods have come since the groups were made.
    pub(super) since_grouping: usize,
    /// That its pods fit nowhere, with where the log of changes ended then.
    nowhere: Option<(u64, Decision)>,
    order_version: u64,
    listers_generation: u64,
    used: u64,
}

/// A few things by key; when there are too many, the one not used for longest goes.
struct Recent<K, V> {
    by_key: Map<K, usize>,
    list: Vec<Option<(K, V)>>,
    max: usize,
}

impl<K: Clone + Eq + Hash, V> Recent<K, V> {
    fn new(max: usize) -> Self {
        Self { by_key: Map::default(), list: vec![], max }
    }

    fn get(&mut self, key: &K) -> Option<&mut V> {
        let at = *self.by_key.get(key)?;
        self.list[at].as_mut().map(|(_, value)| value)
    }

    fn remove(&mut self, key: &K) {
        if let Some(at) = self.by_key.remove(key) {
            self.list[at] = None;
        }
    }

    fn insert(&mut self, key: K, value: V, used: impl Fn(&V) -> u64) -> &mut V {
        self.remove(&key);
        let at = match self.list.iter().position(Option::is_none) {
            Some(at) => at,
            None if self.list.len() < self.max => {
                self.list.push(None);
                self.list.len() - 1
            }
            None => {
                let age = |slot: &Option<(K, V)>| slot.as_ref().map_or(0, |(_, value)| used(value));
                let at = (0..self.list.len()).min_by_key(|&at| age(&self.list[at])).expect("there are some");
                let (old, _) = self.list[at].take().expect("the list is full");
                self.by_key.remove(&old);
                at
            }
        };
        self.by_key.insert(key.clone(), at);
        &mut self.list[at].insert((key, value)).1
    }
}

/// The classes of a scheduler.
pub(super) struct Classes {
    specs: Specs,
    suitabilities: Recent<(usize, u32), Suitability>,
    classes: Recent<Key, Class>,
    topology: Topology,
    clock: u64,
    /// The class asked for last.
    last: Option<Key>,
    /// How often a node was looked at for what it says of a spec.
    pub looks: u64,
}

impl Default for Classes {
    fn default() -> Self {
        Self {
            specs: Specs::default(),
            suitabilities: Recent::new(SUITABILITIES_MAX),
            classes: Recent::new(CLASSES_MAX),
            topology: Topology::default(),
            clock: 0,
            last: None,
            looks: 0,
        }
    }
}

/// A class with what nodes say of its spec, both up to date.
pub(super) struct Known<'a> {
    pub(super) nodes: &'a Suitability,
    pub(super) class: &'a mut Class,
}

impl Classes {
    /// What is known of a pod's class; none if it cannot have one.
    pub fn get(&mut self, world: &World, framework: &Framework, profile: usize, pod: &PodInfo) -> Option<Known<'_>> {
        if !pod.pod().node_name.is_empty() || !pod.pod().status.nominated_node_name.is_empty() || pod.pod().status.resources.is_some() {
            return None;
        }
        self.clock += 1;
        let spec = self.specs.number_of(pod);
        let nodes = suitability(&mut self.suitabilities, world, framework, (profile, spec), pod, (self.clock, &mut self.looks))?;
        let owner = pod.object.meta.controller().map(|owner| (owner.kind.clone(), owner.name.clone()));
        let key = Key { profile, spec, namespace: pod.namespace().clone(), labels: pod.labels().clone(), owner };
        if !self.classes.get(&key).is_some_and(|class| class.is_current(world, framework)) {
            let class = Class::new(world, framework, pod)?;
            self.classes.insert(key.clone(), class, |class| class.used);
        }
        let class = self.classes.get(&key).expect("it is there");
        class.used = self.clock;
        self.last = Some(key);
        class.trackers.iter_mut().for_each(|(_, tracker)| tracker.refresh(world, &mut self.topology));
        Some(Known { nodes, class })
    }
}

impl Classes {
    /// Keeps that pods of the class asked for last fit nowhere, and that there is nothing to be done about it.
    pub fn remember_nowhere(&mut self, world: &World, decision: &Decision) {
        let class = self.last.as_ref().and_then(|key| self.classes.get(key));
        if let Some(class) = class.filter(|_| decision.preemption.is_none()) {
            let kept = Decision { state: CycleState::default(), words: Some(decision.message()), ..decision.clone() };
            class.nowhere = Some((world.cache.log_end(), kept));
        }
    }
}

/// What nodes say of a spec, up to date.
fn suitability<'a>(
    all: &'a mut Recent<(usize, u32), Suitability>,
    world: &World,
    framework: &Framework,
    key: (usize, u32),
    pod: &PodInfo,
    (clock, looks): (u64, &mut u64),
) -> Option<&'a Suitability> {
    if all.get(&key).is_none_or(|nodes| nodes.is_old(world)) {
        all.insert(key, Suitability::new(world, framework, pod)?, |nodes| nodes.used);
    }
    let nodes = all.get(&key).expect("it is there");
    nodes.used = clock;
    let before = nodes.looks;
    let known = nodes.refresh(world, framework);
    *looks += nodes.looks - before;
    if !known {
        all.remove(&key);
        return None;
    }
    all.get(&key).map(|nodes| &*nodes)
}

impl Class {
    fn new(world: &World, framework: &Framework, pod: &PodInfo) -> Option<Self> {
        let mut trackers: Vec<(usize, Box<dyn Tracker>)> = vec![];
        for (at, plugin) in framework.plugins.iter().enumerate() {
            if plugin.reach(world, pod) == Reach::Tracked {
                trackers.push((at, plugin.track(world, pod)?));
            }
        }
        let mut tracked_filters = vec![];
        for (place, &plugin) in framework.filter.iter().enumerate() {
            tracked_filters.extend(trackers.iter().position(|(at, _)| *at == plugin).map(|tracker| (place as u8, tracker)));
        }
        Some(Self {
            pod: pod.clone(),
            trackers,
            tracked_filters,
            selections: vec![],
            grouped: None,
            since_grouping: 0,
            nowhere: None,
            order_version: world.cache.order_version(),
            listers_generation: world.listers.generation(),
            used: 0,
        })
    }

    /// Whether its trackers still count what they should. What they count depends on other objects.
    fn is_current(&mut self, world: &World, framework: &Framework) -> bool {
        if self.order_version != world.cache.order_version() {
            return false;
        }
        if self.listers_generation != world.listers.generation() {
            let same = |(plugin, tracker): &(usize, Box<dyn Tracker>)| {
                framework.plugins[*plugin].track(world, &self.pod).is_some_and(|fresh| tracker.counts_the_same(&*fresh))
            };
            if !self.trackers.iter().all(same) {
                return false;
            }
            self.listers_generation = world.listers.generation();
            self.nowhere = None;
        }
        true
    }
}

impl Known<'_> {
    /// The decision on the last pod of the class, if that fitted nowhere and nothing has changed since.
    pub fn nowhere(&self, world: &World) -> Option<&Decision> {
        self.class.nowhere.as_ref().filter(|(log_end, _)| *log_end == world.cache.log_end()).map(|(_, decision)| decision)
    }

    /// Gets ready for a search. The trackers that have something to filter are given back, with their places among the filters.
    pub fn begin(&mut self) -> Vec<(u8, usize)> {
        let Class { trackers, tracked_filters, .. } = &mut *self.class;
        tracked_filters.iter().copied().filter(|&(_, tracker)| trackers[tracker].1.begin_filter()).collect()
    }

    /// Whether a node passes.
    #[inline]
    pub fn passes(&self, tracked: &[(u8, usize)], id: NodeId) -> bool {
        self.nodes.verdicts[id as usize].0 == PASSES
            && tracked.iter().all(|&(_, tracker)| self.class.trackers[tracker].1.filter(id).is_ok())
    }

    /// Why a node does not pass, if so.
    pub fn verdict(&self, framework: &Framework, tracked: &[(u8, usize)], id: NodeId) -> Result<(), Status> {
        let (place, word) = self.nodes.verdicts[id as usize];
        for &(at, tracker) in tracked {
            if at > place {
                break;
            }
            let name = || framework.plugins[framework.filter[usize::from(at)]].name();
            self.class.trackers[tracker].1.filter(id).map_err(|status| status.by(name()))?;
        }
        if place == PASSES { Ok(()) } else { Err(self.nodes.words[usize::from(word)].clone()) }
    }

    /// As long as this is the same, so are the verdicts on nodes that have not changed.
    pub(super) fn verdicts_stand_for(&self, tracked: &[(u8, usize)]) -> Option<Said> {
        tracked.iter().map(|&(_, tracker)| self.class.trackers[tracker].1.fingerprint()).collect()
    }

    /// The best of all nodes, and how many passed and failed, if that can be told from the last time. None: they have to be looked at.
    pub fn select(&mut self, world: &World, tracked: &[(u8, usize)], start: usize) -> Option<(NodeId, usize, usize)> {
        let parts = self.parts()?;
        if !parts.is_empty() {
            return self.select_grouped(world, tracked, start, parts);
        }
        let said = self.verdicts_stand_for(tracked)?;
        let known = self.class.selections.iter().position(|(key, selection)| *key == said && selection.start == start);
        let at = match known {
            Some(at) if self.renew(world, tracked, at) => at,
            known => {
                if let Some(at) = known {
                    self.class.selections.swap_remove(at);
                }
                if self.class.selections.len() >= SELECTIONS_MAX {
                    self.class.selections.remove(0);
                }
                let (order, mut passed) = (world.cache.order(), vec![]);
                passed.extend(order[start..].iter().chain(&order[..start]).copied().filter(|&id| self.passes(tracked, id)));
                let total = passed.iter().map(|&id| self.nodes.fixed[id as usize]).collect();
                let rejected = order.len() - passed.len();
                let mut selection = Selection::new(passed, total, world.cache.places());
                (selection.start, selection.rejected, selection.log_end) = (start, rejected, world.cache.log_end());
                self.class.selections.push((said, selection));
                self.class.selections.len() - 1
            }
        };
        let selection = &self.class.selections[at].1;
        (selection.len() > 0).then(|| (selection.best(), selection.len(), selection.rejected))
    }

    /// Brings a selection up to date. False: other nodes pass now.
    fn renew(&mut self, world: &World, tracked: &[(u8, usize)], at: usize) -> bool {
        let Some(changes) = world.cache.changes_since(self.class.selections[at].1.log_end) else { return false };
        if changes.len() > world.cache.node_count() {
            return false;
        }
        for &id in changes {
            let passes = world.cache.node_if_any(id).is_some() && self.passes(tracked, id);
            let selection = &mut self.class.selections[at].1;
            if passes != selection.has(id) {
                return false;
            }
            if passes {
                selection.set(id, self.nodes.fixed[id as usize]);
            }
        }
        self.class.selections[at].1.log_end = world.cache.log_end();
        true
    }

    /// The totals of the feasible nodes; with all scores if they are asked for.
    pub fn scores(&mut self, framework: &Framework, feasible: &[NodeId], full: bool) -> Scores {
        let mut out =
            Scores { nodes: vec![], total: feasible.iter().map(|&id| self.nodes.fixed[id as usize]).collect(), ..Scores::default() };
        let mut column = vec![];
        for scorer in &self.nodes.scorers {
            let mut tracker = self.class.trackers.iter_mut().find(|(plugin, _)| *plugin == scorer.plugin).map(|(_, tracker)| tracker);
            column.clear();
            match &mut tracker {
                Some(tracker) => {
                    if !tracker.begin_score(feasible) || !full && tracker.add_scores(feasible, scorer.weight, &mut out.total) {
                        continue;
                    }
                    tracker.score(feasible, &mut column);
                }
                None if full || scorer.varies() => column.extend(feasible.iter().map(|&id| scorer.raw[id as usize])),
                None => {
                    // Nothing to add, or the same for all nodes.
                    if scorer.normalization == (Normalization::Default { reverse: true }) {
                        out.total.iter_mut().for_each(|total| *total += MAX_NODE_SCORE * scorer.weight);
                    }
                    continue;
                }
            }
            if full {
                out.plugins.push(framework.plugins[scorer.plugin].name());
                out.weights.push(scorer.weight);
                out.raw.push(column.clone());
            }
            match (scorer.normalization, tracker) {
                (Normalization::Own, Some(tracker)) => tracker.normalize(feasible, &mut column),
                (Normalization::Default { reverse }, _) => default_normalize_score(reverse, &mut column),
                _ => {}
            }
            if scorer.normalization != Normalization::None {
                out.total.iter_mut().zip(&column).for_each(|(total, score)| *total += score * scorer.weight);
            }
            if full {
                out.normalized.push(column.clone());
            }
        }
        if full {
            out.nodes = feasible.to_vec();
        }
        out
    }
}
