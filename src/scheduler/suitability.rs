//! What nodes say of a spec on their own: verdicts and raw scores of the plugins that look at nothing but the spec, the node and the
//! pods on it, kept until the node changes. One for all pods whose specs are equal, whatever their labels and owners.

use super::framework::{CycleState, MAX_NODE_SCORE, Normalization, PreFilterResult, PreScoreResult, Reach, World};
use super::gpu_sharing::objects;
use super::node_info::NodeId;
use super::pod_info::PodInfo;
use super::runtime::Framework;
use super::status::Status;
use crate::base::collections::Map;
use crate::model::{PodSpec, Str};
use smallvec::SmallVec;
use std::sync::Arc;

/// The verdict of a node that passes.
pub(super) const PASSES: u8 = u8::MAX;
/// So many specs are known by their address before those are forgotten.
const ADDRESSES_MAX: usize = 4096;
/// So many specs are known by their text before those are forgotten. A spec that comes again then is taken for a new one.
const TEXTS_MAX: usize = 4096;

/// Numbers specs: equal ones have the same number.
#[derive(Default)]
pub(super) struct Specs {
    /// The specs are kept, so that an address means no other.
    by_address: Map<usize, (Arc<PodSpec>, u32)>,
    by_text: Map<String, u32>,
    /// Specs with what annotations ask for beside them.
    by_gpus: Map<(u32, [Option<Str>; 3]), u32>,
    next: u32,
}

impl Specs {
    /// The number of a pod's spec, together with the shared GPUs that its annotations ask for.
    pub fn number_of(&mut self, pod: &PodInfo) -> u32 {
        let spec = self.number(&pod.pod().spec);
        let Some(gpus) = objects::key(&pod.object.meta.annotations) else { return spec };
        if self.by_gpus.len() >= TEXTS_MAX {
            self.by_gpus.clear();
        }
        let next = &mut self.next;
        *self.by_gpus.get_or_insert_with((spec, gpus), || {
            *next += 1;
            *next
        })
    }

    /// The number of a spec.
    pub fn number(&mut self, spec: &Arc<PodSpec>) -> u32 {
        let address = Arc::as_ptr(spec) as usize;
        if let Some((_, number)) = self.by_address.get(&address) {
            return *number;
        }
        if self.by_address.len() >= ADDRESSES_MAX {
            self.by_address.clear();
        }
        if self.by_text.len() >= TEXTS_MAX {
            self.by_text.clear();
        }
        let next = &mut self.next;
        let text = serde_json::to_string(&**spec).expect("a spec serialises");
        let number = *self.by_text.get_or_insert_with(text, || {
            *next += 1;
            *next
        });
        self.by_address.insert(address, (spec.clone(), number));
        number
    }
}

/// A score plugin.
pub(super) struct Scorer {
    /// Its place among the framework's plugins.
    pub plugin: usize,
    /// Its weight.
    pub weight: i64,
    /// How its scores are brought into 0..=100.
    pub normalization: Normalization,
    /// Whether a tracker scores in its stead.
    pub tracked: bool,
    /// Raw scores by node; none if tracked.
    pub raw: Vec<i64>,
    /// How many of them are not zero.
    filled: usize,
}

impl Scorer {
    /// Whether its normalised scores may differ between nodes.
    pub fn varies(&self) -> bool {
        self.normalization != Normalization::None && self.filled > 0
    }
}

/// What all nodes say of one spec.
pub(super) struct Suitability {
    pod: PodInfo,
    state: CycleState,
    /// Plugins that filter by the node alone, with their places among the framework's filters.
    filters: Vec<(u8, usize)>,
    /// All plugins that score.
    pub scorers: Vec<Scorer>,
    /// By node: the place of the filter that rejects it, and that of its words in `words`.
    pub verdicts: Vec<(u8, u16)>,
    /// What filters say.
    pub words: Vec<Status>,
    /// By node: the weighted sum of the scores that are not normalised.
    pub fixed: Vec<i64>,
    /// Where the log of changes ended at the last look; none before the first.
    pub log_end: Option<u64>,
    order_version: u64,
    device_classes: u64,
    /// When it was last asked for.
    pub used: u64,
    /// How often a node was looked at.
    pub looks: u64,
}

impl Suitability {
    /// For a pod's spec. None: some plugin's answers depend on more.
    pub fn new(world: &World, framework: &Framework, pod: &PodInfo) -> Option<Self> {
        let plugins = &framework.plugins;
        let reach: Vec<Reach> = plugins.iter().map(|plugin| plugin.reach(world, pod)).collect();
        if reach.contains(&Reach::World) {
            return None;
        }
        let tracked = |at: usize| reach[at] == Reach::Tracked;
        let mut state = CycleState::default();
        for &at in framework.pre_filter.iter().filter(|&&at| !tracked(at)) {
            match plugins[at].pre_filter(world, &mut state, pod) {
                PreFilterResult::Pass => {}
                PreFilterResult::Skip => state.skip_filter |= 1 << at,
                PreFilterResult::Nodes(_) | PreFilterResult::Fail(_) => return None,
            }
        }
        for &at in framework.pre_score.iter().filter(|&&at| !tracked(at)) {
            match plugins[at].pre_score(world, &mut state, pod, &[]) {
                PreScoreResult::Pass => {}
                PreScoreResult::Skip => state.skip_score |= 1 << at,
                PreScoreResult::Fail(_) => return None,
            }
        }
        let places = world.cache.places();
        let scorers = framework.score.iter().filter(|(at, _)| state.skip_score & (1 << at) == 0).map(|&(plugin, weight)| Scorer {
            plugin,
            weight,
            normalization: plugins[plugin].normalization(),
            tracked: tracked(plugin),
            raw: vec![0; if tracked(plugin) { 0 } else { places }],
            filled: 0,
        });
        let scorers = scorers.collect();
        let filters = framework.filter.iter().enumerate().filter(|(_, at)| !tracked(**at) && state.skip_filter & (1 << **at) == 0);
        Some(Self {
            pod: pod.clone(),
            filters: filters.map(|(place, &at)| (place as u8, at)).collect(),
            scorers,
            state,
            verdicts: vec![(PASSES, 0); places],
            words: vec![],
            fixed: vec![0; places],
            log_end: None,
            order_version: world.cache.order_version(),
            device_classes: world.listers.device_classes(),
            used: 0,
            looks: 0,
        })
    }

    /// Whether it has to be made anew: nodes came or went, or what stands for resources changed.
    pub fn is_old(&self, world: &World) -> bool {
        self.order_version != world.cache.order_version() || self.device_classes != world.listers.device_classes()
    }

    /// Looks at what changed. False: a plugin failed, so that nothing can be kept.
    pub fn refresh(&mut self, world: &World, framework: &Framework) -> bool {
        let cache = &world.cache;
        let changes = self.log_end.and_then(|end| cache.changes_since(end)).filter(|changes| changes.len() < cache.node_count());
        let Some(changes) = changes else {
            self.log_end = Some(cache.log_end());
            return cache.order().iter().all(|&id| cache.node_if_any(id).is_some() && self.look(world, framework, id));
        };
        self.log_end = Some(cache.log_end());
        let mut changes: SmallVec<[NodeId; 16]> = changes.iter().copied().collect();
        changes.sort_unstable();
        changes.dedup();
        changes.iter().all(|&id| self.look(world, framework, id))
    }

    /// Looks at one node. False: a plugin failed.
    fn look(&mut self, world: &World, framework: &Framework, id: NodeId) -> bool {
        let Some(node) = world.cache.node_if_any(id) else { return true };
        let at = id as usize;
        self.looks += 1;
        self.verdicts[at] = (PASSES, 0);
        for &(place, plugin) in &self.filters {
            if let Err(status) = framework.plugins[plugin].filter(world, &self.state, &self.pod, node) {
                if !status.is_rejected() {
                    return false;
                }
                let status = status.by(framework.plugins[plugin].name());
                let known = self.words.iter().position(|word| *word == status).unwrap_or_else(|| {
                    self.words.push(status);
                    self.words.len() - 1
                });
                self.verdicts[at] = (place, known as u16);
                break;
            }
        }
        let mut fixed = 0;
        for scorer in self.scorers.iter_mut().filter(|scorer| !scorer.tracked) {
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_specs_have_the_same_number() {
        let spec = |scheduler: &str| Arc::new(PodSpec { scheduler_name: scheduler.into(), ..PodSpec::default() });
        let mut specs = Specs::default();
        let (a, b, c) = (spec("x"), spec("y"), spec("x"));
        assert_eq!([specs.number(&a), specs.number(&b), specs.number(&c), specs.number(&a)], [1, 2, 1, 1]);
        for _ in 0..2 * ADDRESSES_MAX {
            assert_eq!(specs.number(&spec("y")), 2);
        }
    }
}
