//! Pods of one template get the same answers: what plugins say of a node is kept until the node changes.
//!
//! A class is a template's pods in one namespace. It keeps each node's verdict and raw scores, and the counts of plugins that look at
//! all nodes ([`Tracker`]); before each use it looks again at the nodes that changed since, by the cache's log. The answers are the very
//! same as without it. Kinds of pods for which some plugin cannot promise that (volumes, claims, devices) have no class.

use super::framework::{CycleState, Normalization, PreFilterResult, PreScoreResult, Reach, Tracker, World};
use super::framework::{MAX_NODE_SCORE, default_normalize_score};
use super::node_info::NodeId;
use super::pod_info::PodInfo;
use super::runtime::{Framework, Scores};
use super::selection::Selection;
use super::status::Status;
use super::topology::Topology;
use crate::base::collections::Map;
use crate::model::{Labels, Str};
use smallvec::SmallVec;
use std::sync::Arc;

/// So many classes are kept; the one not used for longest goes.
const CLASSES_MAX: usize = 128;
/// A pod has a class once so many of its kind have come.
const PATIENCE: u32 = 0;
/// So many kinds of pods without a class are remembered before all are forgotten.
const STRANGERS_MAX: usize = 4096;
/// So many selections of a class are kept.
const SELECTIONS_MAX: usize = 8;
/// The verdict of a node that passes.
const PASSES: u8 = u8::MAX;

/// What makes pods equal. The class holds on to the spec, so that its address means no other.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    profile: usize,
    spec: usize,
    namespace: Str,
    labels: Labels,
    owner: Option<(Str, Str)>,
}

impl Key {
    fn of(profile: usize, pod: &PodInfo) -> Self {
        let owner = pod.object.meta.controller().map(|owner| (owner.kind.clone(), owner.name.clone()));
        let spec = Arc::as_ptr(&pod.pod().spec) as usize;
        Self { profile, spec, namespace: pod.namespace().clone(), labels: pod.labels().clone(), owner }
    }
}

/// A score plugin in a class.
struct Scorer {
    /// Its place among the framework's plugins.
    plugin: usize,
    weight: i64,
    normalization: Normalization,
    /// Its tracker, if it has one.
    tracker: Option<usize>,
    /// Raw scores by node.
    raw: Vec<i64>,
    /// How many of them are not zero.
    filled: usize,
}

impl Scorer {
    /// Whether its normalised scores may differ between nodes.
    fn varies(&self) -> bool {
        self.normalization != Normalization::None && self.filled > 0
    }
}

/// One kind of pod.
pub(super) struct Class {
    pod: PodInfo,
    state: CycleState,
    /// Plugins that filter, in order, with their trackers.
    filters: Vec<(usize, Option<usize>)>,
    scorers: Vec<Scorer>,
    trackers: Vec<(usize, Box<dyn Tracker>)>,
    /// By node: which of `filters` rejects it, and the place of its words in `words`.
    verdicts: Vec<(u8, u16)>,
    words: Vec<Status>,
    /// By node: the weighted sum of the scores that are not normalised.
    fixed: Vec<i64>,
    /// What was chosen from before, by what the trackers said then.
    selections: Vec<(SmallVec<[u64; 2]>, Selection)>,
    log_end: u64,
    order_version: u64,
    listers_generation: u64,
    used: u64,
}

/// The classes of a scheduler.
#[derive(Default)]
pub(super) struct Classes {
    by_key: Map<Key, usize>,
    /// How many pods came of kinds that have no class yet.
    strangers: Map<Key, u32>,
    list: Vec<Option<(Key, Class)>>,
    topology: Topology,
    clock: u64,
}

impl Classes {
    /// The class of a pod, up to date; none if it cannot have one.
    pub fn get(&mut self, world: &World, framework: &Framework, profile: usize, pod: &PodInfo) -> Option<&mut Class> {
        if !pod.pod().node_name.is_empty() || !pod.pod().status.nominated_node_name.is_empty() || pod.pod().status.resources.is_some() {
            return None;
        }
        self.clock += 1;
        let key = Key::of(profile, pod);
        let at = match self.by_key.get(&key) {
            Some(&at) => at,
            None => {
                if self.strangers.len() >= STRANGERS_MAX {
                    self.strangers.clear();
                }
                let seen = self.strangers.get_or_insert_with(key.clone(), || 0);
                *seen += 1;
                if *seen <= PATIENCE {
                    return None;
                }
                let class = Class::new(world, framework, pod)?;
                let at = self.free_place();
                self.strangers.remove(&key);
                self.by_key.insert(key.clone(), at);
                self.list[at] = Some((key, class));
                at
            }
        };
        let slot = self.list[at].as_mut().expect("the class is there");
        slot.1.used = self.clock;
        if !slot.1.refresh(world, framework, &mut self.topology) {
            match Class::new(world, framework, pod) {
                Some(class) => slot.1 = Class { used: self.clock, ..class },
                None => {
                    let (key, _) = self.list[at].take().expect("the class is there");
                    self.by_key.remove(&key);
                    return None;
                }
            }
            slot.1.refresh(world, framework, &mut self.topology);
        }
        self.list[at].as_mut().map(|(_, class)| class)
    }

    fn free_place(&mut self) -> usize {
        if let Some(at) = self.list.iter().position(Option::is_none) {
            return at;
        }
        if self.list.len() < CLASSES_MAX {
            self.list.push(None);
            return self.list.len() - 1;
        }
        let age = |slot: &Option<(Key, Class)>| slot.as_ref().map_or(0, |(_, class)| class.used);
        let at = (0..self.list.len()).min_by_key(|&at| age(&self.list[at])).expect("there are classes");
        let (key, _) = self.list[at].take().expect("the class is there");
        self.by_key.remove(&key);
        at
    }
}

impl Class {
    fn new(world: &World, framework: &Framework, pod: &PodInfo) -> Option<Self> {
        let mut state = CycleState::default();
        let mut trackers: Vec<(usize, Box<dyn Tracker>)> = vec![];
        let plugins = &framework.plugins;
        for (at, plugin) in plugins.iter().enumerate() {
            match plugin.reach(world, pod) {
                Reach::World => return None,
                Reach::Node => {}
                Reach::Tracked => trackers.push((at, plugin.track(world, pod)?)),
            }
        }
        let tracker = |at: usize| trackers.iter().position(|(plugin, _)| *plugin == at);
        for &at in framework.pre_filter.iter().filter(|&&at| tracker(at).is_none()) {
            match plugins[at].pre_filter(world, &mut state, pod) {
                PreFilterResult::Pass => {}
                PreFilterResult::Skip => state.skip_filter |= 1 << at,
                PreFilterResult::Nodes(_) | PreFilterResult::Fail(_) => return None,
            }
        }
        for &at in framework.pre_score.iter().filter(|&&at| tracker(at).is_none()) {
            match plugins[at].pre_score(world, &mut state, pod, &[]) {
                PreScoreResult::Pass => {}
                PreScoreResult::Skip => state.skip_score |= 1 << at,
                PreScoreResult::Fail(_) => return None,
            }
        }
        let places = world.cache.places();
        let scores = framework.score.iter().filter(|(at, _)| state.skip_score & (1 << at) == 0);
        let scorer = |&(plugin, weight): &(usize, i64)| Scorer {
            plugin,
            weight,
            normalization: plugins[plugin].normalization(),
            tracker: tracker(plugin),
            raw: vec![0; places],
            filled: 0,
        };
        let filters = framework.filter.iter().filter(|&&at| state.skip_filter & (1 << at) == 0);
        Some(Self {
            pod: pod.clone(),
            filters: filters.map(|&at| (at, tracker(at))).collect(),
            scorers: scores.map(scorer).collect(),
            state,
            trackers,
            verdicts: vec![(PASSES, 0); places],
            words: vec![],
            fixed: vec![0; places],
            selections: vec![],
            log_end: u64::MAX,
            order_version: world.cache.order_version(),
            listers_generation: world.listers.generation(),
            used: 0,
        })
    }

    /// Looks at what changed. False: the class is out of date and has to be made anew.
    fn refresh(&mut self, world: &World, framework: &Framework, topology: &mut Topology) -> bool {
        if self.order_version != world.cache.order_version() || self.listers_generation != world.listers.generation() {
            return false;
        }
        self.trackers.iter_mut().for_each(|(_, tracker)| tracker.refresh(world, topology));
        let changes = if self.log_end == u64::MAX { None } else { world.cache.changes_since(self.log_end) };
        let Some(changes) = changes.filter(|changes| changes.len() < world.cache.node_count()) else {
            let all = world.cache.order();
            if all.iter().any(|&id| world.cache.node(id).node.is_none()) {
                return false;
            }
            self.log_end = world.cache.log_end();
            return all.iter().all(|&id| self.look(world, framework, id));
        };
        self.log_end = world.cache.log_end();
        let mut changes: SmallVec<[NodeId; 16]> = changes.iter().copied().collect();
        changes.sort_unstable();
        changes.dedup();
        changes.iter().all(|&id| self.look(world, framework, id))
    }

    /// Looks at one node. False: a plugin failed.
    fn look(&mut self, world: &World, framework: &Framework, id: NodeId) -> bool {
        let Some(node) = world.cache.node_if_any(id) else { return true };
        let at = id as usize;
        self.verdicts[at] = (PASSES, 0);
        for (place, &(plugin, _)) in self.filters.iter().enumerate().filter(|(_, (_, tracker))| tracker.is_none()) {
            if let Err(status) = framework.plugins[plugin].filter(world, &self.state, &self.pod, node) {
                if !status.is_rejected() {
                    return false;
                }
                let status = status.by(framework.plugins[plugin].name());
                let known = self.words.iter().position(|word| *word == status).unwrap_or_else(|| {
                    self.words.push(status);
                    self.words.len() - 1
                });
                self.verdicts[at] = (place as u8, known as u16);
                break;
            }
        }
        let mut fixed = 0;
        for scorer in self.scorers.iter_mut().filter(|scorer| scorer.tracker.is_none()) {
            let Ok(score) = framework.plugins[scorer.plugin].score(world, &self.state, &self.pod, node) else { return false };
            scorer.filled = scorer.filled + usize::from(score != 0) - usize::from(scorer.raw[at] != 0);
            scorer.raw[at] = score;
            if scorer.normalization == Normalization::None {
                if !(0..=MAX_NODE_SCORE).contains(&score) {
                    return false;
                }
                fixed += score * scorer.weight;
            }
        }
        self.fixed[at] = fixed;
        self.words.len() < usize::from(u16::MAX)
    }

    /// Gets ready for a search. The trackers that have something to filter are given back, with their places among the filters.
    pub fn begin(&mut self) -> Vec<(u8, usize)> {
        let mut out = vec![];
        for (place, &(_, tracker)) in self.filters.iter().enumerate() {
            if let Some(tracker) = tracker
                && self.trackers[tracker].1.begin_filter()
            {
                out.push((place as u8, tracker));
            }
        }
        out
    }

    /// Whether a node passes, and if not, why. Words are made only if asked for.
    pub fn verdict(&self, framework: &Framework, tracked: &[(u8, usize)], id: NodeId, words: bool) -> Result<(), Option<Status>> {
        let (place, word) = self.verdicts[id as usize];
        for &(at, tracker) in tracked {
            if at > place {
                break;
            }
            if let Err(status) = self.trackers[tracker].1.filter(id) {
                return Err(words.then(|| status.by(framework.plugins[self.filters[usize::from(at)].0].name())));
            }
        }
        if place == PASSES { Ok(()) } else { Err(words.then(|| self.words[usize::from(word)].clone())) }
    }

    /// The best of all nodes, and how many passed and failed, if that can be told from the last time. None: they have to be looked at.
    pub fn select(
        &mut self,
        world: &World,
        framework: &Framework,
        tracked: &[(u8, usize)],
        start: usize,
    ) -> Option<(NodeId, usize, usize)> {
        if self.trackers.iter_mut().any(|(_, tracker)| tracker.begin_score(&[])) || self.scorers.iter().any(|s| s.varies()) {
            return None;
        }
        let said = tracked.iter().map(|&(_, tracker)| self.trackers[tracker].1.fingerprint()).collect::<Option<SmallVec<[u64; 2]>>>()?;
        let known = self.selections.iter().position(|(key, selection)| *key == said && selection.start == start);
        let at = match known {
            Some(at) if self.renew(world, framework, tracked, at) => at,
            known => {
                if let Some(at) = known {
                    self.selections.swap_remove(at);
                }
                if self.selections.len() >= SELECTIONS_MAX {
                    self.selections.remove(0);
                }
                let (order, mut passed) = (world.cache.order(), vec![]);
                passed.extend(
                    order[start..].iter().chain(&order[..start]).copied().filter(|&id| self.verdict(framework, tracked, id, false).is_ok()),
                );
                let total = passed.iter().map(|&id| self.fixed[id as usize]).collect();
                let rejected = order.len() - passed.len();
                let mut selection = Selection::new(passed, total, world.cache.places());
                (selection.start, selection.rejected, selection.log_end) = (start, rejected, self.log_end);
                self.selections.push((said, selection));
                self.selections.len() - 1
            }
        };
        let selection = &self.selections[at].1;
        (selection.len() > 0).then(|| (selection.best(), selection.len(), selection.rejected))
    }

    /// Brings a selection up to date. False: other nodes pass now.
    fn renew(&mut self, world: &World, framework: &Framework, tracked: &[(u8, usize)], at: usize) -> bool {
        let Some(changes) = world.cache.changes_since(self.selections[at].1.log_end) else { return false };
        if changes.len() > world.cache.node_count() {
            return false;
        }
        for &id in changes {
            let passes = world.cache.node_if_any(id).is_some() && self.verdict(framework, tracked, id, false).is_ok();
            let selection = &mut self.selections[at].1;
            if passes != selection.has(id) {
                return false;
            }
            if passes {
                selection.set(id, self.fixed[id as usize]);
            }
        }
        self.selections[at].1.log_end = world.cache.log_end();
        true
    }

    /// The totals of the feasible nodes; with all scores if they are asked for.
    pub fn scores(&mut self, framework: &Framework, feasible: &[NodeId], full: bool) -> Scores {
        let mut out = Scores { nodes: vec![], total: feasible.iter().map(|&id| self.fixed[id as usize]).collect(), ..Scores::default() };
        let mut column = vec![];
        for scorer in &self.scorers {
            let tracker = scorer.tracker.map(|at| &mut self.trackers[at].1);
            column.clear();
            match tracker {
                Some(tracker) => {
                    if !tracker.begin_score(feasible) {
                        continue;
                    }
                    column.extend(feasible.iter().map(|&id| tracker.score(id)));
                }
                None if full || scorer.normalization != Normalization::None => {
                    column.extend(feasible.iter().map(|&id| scorer.raw[id as usize]))
                }
                None => {
                    // Equal for all nodes.
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
            match (scorer.normalization, scorer.tracker) {
                (Normalization::Own, Some(tracker)) => self.trackers[tracker].1.normalize(feasible, &mut column),
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
