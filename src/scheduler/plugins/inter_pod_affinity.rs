//! InterPodAffinity: pods that want to be near others or away from them, and pods that others want near or away.
//! Real: pkg/scheduler/framework/plugins/interpodaffinity @ v1.37.2. Modelled in full.

use super::affinity_tracker::{AffinityTracker, Terms};
use crate::model::{Kind, Labels, Str};
use crate::scheduler::config::InterPodAffinityArgs;
use crate::scheduler::framework::{
    CycleState, MAX_NODE_SCORE, Normalization, Plugin, PreFilterResult, PreScoreResult, Reach, Tracker, World,
};
use crate::scheduler::node_info::{NodeId, NodeInfo};
use crate::scheduler::pod_info::{AffinityTerm, PodInfo, WeightedAffinityTerm};
use crate::scheduler::selectors::Selector;
use crate::scheduler::status::Status;
use std::collections::BTreeMap;

pub(super) const NOT_NEAR: &str = "node(s) didn't match pod affinity rules";
pub(super) const TOO_NEAR: &str = "node(s) didn't match pod anti-affinity rules";
pub(super) const UNWANTED: &str = "node(s) didn't satisfy existing pods anti-affinity rules";

/// The plugin.
pub struct InterPodAffinity {
    hard_weight: i64,
    ignore_existing: bool,
}

/// Counts by topology key and value.
type Counts = BTreeMap<Str, BTreeMap<Str, i64>>;

fn count(counts: &mut Counts, node: &NodeInfo, key: &Str, delta: i64) {
    let Some(value) = node.labels.get_str(key) else { return };
    if !counts.contains_key(key) {
        counts.insert(key.clone(), BTreeMap::new());
    }
    let values = counts.get_mut(key).expect("the key is there");
    match values.get_mut(value) {
        Some(sum) => *sum += delta,
        None => {
            values.insert(value.clone(), delta);
        }
    }
}

fn at(counts: &Counts, key: &str, value: &str) -> i64 {
    counts.get(key).and_then(|values| values.get(value)).copied().unwrap_or(0)
}

/// Whether nothing is counted, zeros left aside.
fn is_empty(counts: &Counts) -> bool {
    counts.values().flat_map(BTreeMap::values).all(|&count| count == 0)
}

/// What Filter needs.
#[derive(Clone, Debug)]
struct Required {
    /// Existing pods that do not want this one near, by place.
    existing_anti: Counts,
    /// Pods that this one wants near.
    affinity: Counts,
    /// Pods that this one does not want near.
    anti_affinity: Counts,
    affinity_terms: Vec<AffinityTerm>,
    anti_affinity_terms: Vec<AffinityTerm>,
    namespace_labels: Labels,
    /// Whether the pod is what it wants near.
    own: bool,
}

impl Required {
    fn shift(&mut self, pod: &PodInfo, other: &PodInfo, node: &NodeInfo, delta: i64) {
        for term in &other.traits.required_anti_affinity {
            if term.matches(pod.namespace(), pod.labels(), &self.namespace_labels) {
                count(&mut self.existing_anti, node, &term.topology_key, delta);
            }
        }
        self.shift_own(other, node, delta);
    }

    fn shift_own(&mut self, other: &PodInfo, node: &NodeInfo, delta: i64) {
        if matches_all(&self.affinity_terms, other) {
            for term in &self.affinity_terms {
                count(&mut self.affinity, node, &term.topology_key, delta);
            }
        }
        for term in self.anti_affinity_terms.iter().filter(|term| means(term, other)) {
            count(&mut self.anti_affinity, node, &term.topology_key, delta);
        }
    }
}

/// Whether one of the pod's own terms, its namespaces resolved, means another pod.
pub(super) fn means(term: &AffinityTerm, other: &PodInfo) -> bool {
    thread_local!(static NONE: Labels = Labels::default());
    NONE.with(|none| term.matches(other.namespace(), other.labels(), none))
}

pub(super) fn matches_all(terms: &[AffinityTerm], other: &PodInfo) -> bool {
    !terms.is_empty() && terms.iter().all(|term| means(term, other))
}

/// The term with its namespace selector resolved into names.
pub(super) fn resolved(world: &World, term: &AffinityTerm) -> AffinityTerm {
    let mut term = term.clone();
    if !term.namespace_selector.is_empty() {
        if term.namespace_selector != Selector::Nothing {
            let all = world.listers.all(Kind::Namespace).filter(|object| term.namespace_selector.matches(&object.meta.labels));
            term.namespaces.extend(all.map(|object| object.meta.name.clone()));
        }
        term.namespace_selector = Selector::Nothing;
    }
    term
}

/// What Score needs.
struct Scored {
    places: Counts,
}

impl InterPodAffinity {
    /// With the profile's arguments.
    pub fn new(args: &InterPodAffinityArgs) -> Self {
        Self { hard_weight: i64::from(args.hard_pod_affinity_weight), ignore_existing: args.ignore_preferred_terms_of_existing_pods }
    }
}

impl Plugin for InterPodAffinity {
    fn name(&self) -> &'static str {
        "InterPodAffinity"
    }

    fn reach(&self, _: &World, _: &PodInfo) -> Reach {
        Reach::Tracked
    }

    fn normalization(&self) -> Normalization {
        Normalization::Own
    }

    fn pre_filter(&self, world: &World, state: &mut CycleState, pod: &PodInfo) -> PreFilterResult {
        let traits = &pod.traits;
        if let Some(error) = &traits.broken_terms {
            return PreFilterResult::Fail(Status::unresolvable(format!("parsing pod: {error}")));
        }
        let affinity_terms: Vec<_> = traits.required_affinity.iter().map(|term| resolved(world, term)).collect();
        let mut required = Required {
            existing_anti: Counts::new(),
            affinity: Counts::new(),
            anti_affinity: Counts::new(),
            own: matches_all(&affinity_terms, pod),
            affinity_terms,
            anti_affinity_terms: traits.required_anti_affinity.iter().map(|term| resolved(world, term)).collect(),
            namespace_labels: world.listers.namespace_labels(pod.namespace()).clone(),
        };
        for node in world.cache.nodes_with_required_anti_affinity() {
            for term in node.pods.iter().flat_map(|other| &other.traits.required_anti_affinity) {
                if term.matches(pod.namespace(), pod.labels(), &required.namespace_labels) {
                    count(&mut required.existing_anti, node, &term.topology_key, 1);
                }
            }
        }
        let no_terms = required.affinity_terms.is_empty() && required.anti_affinity_terms.is_empty();
        if no_terms && required.existing_anti.is_empty() {
            return PreFilterResult::Skip;
        }
        if !no_terms {
            for node in world.cache.nodes() {
                for other in &node.pods {
                    required.shift_own(other, node, 1);
                }
            }
        }
        state.put(required);
        PreFilterResult::Pass
    }

    fn add_pod(&self, _: &World, state: &mut CycleState, pod: &PodInfo, added: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        if let Some(required) = state.get_mut::<Required>() {
            required.shift(pod, added, node, 1);
        }
        Ok(())
    }

    fn remove_pod(&self, _: &World, state: &mut CycleState, pod: &PodInfo, removed: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        if let Some(required) = state.get_mut::<Required>() {
            required.shift(pod, removed, node, -1);
        }
        Ok(())
    }

    fn filter(&self, _: &World, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        let required = state.get::<Required>().expect("PreFilter has run");
        if !near_enough(required, node) {
            return Err(Status::unresolvable(NOT_NEAR));
        }
        let here = |counts: &Counts, key: &str| node.labels.get(key).is_some_and(|value| at(counts, key, value) > 0);
        if required.anti_affinity_terms.iter().any(|term| here(&required.anti_affinity, &term.topology_key)) {
            return Err(Status::unschedulable(TOO_NEAR));
        }
        if required.existing_anti.keys().any(|key| here(&required.existing_anti, key)) {
            return Err(Status::unschedulable(UNWANTED));
        }
        Ok(())
    }

    fn pre_score(&self, world: &World, state: &mut CycleState, pod: &PodInfo, _: &[NodeId]) -> PreScoreResult {
        let traits = &pod.traits;
        let has_own = !traits.preferred_affinity.is_empty() || !traits.preferred_anti_affinity.is_empty();
        if self.ignore_existing && !has_own {
            return PreScoreResult::Skip;
        }
        let resolve = |terms: &[WeightedAffinityTerm], sign: i64| {
            let each = |term: &WeightedAffinityTerm| (resolved(world, &term.term), term.weight * sign);
            terms.iter().map(each).collect::<Vec<_>>()
        };
        let mut own = resolve(&traits.preferred_affinity, 1);
        own.extend(resolve(&traits.preferred_anti_affinity, -1));
        let namespace_labels = world.listers.namespace_labels(pod.namespace());
        let mut places = Counts::new();
        let mut look = |node: &NodeInfo| {
            if node.labels.is_empty() {
                return;
            }
            for other in node.pods.iter().filter(|other| has_own || other.traits.has_affinity) {
                for (term, weight) in own.iter().filter(|(term, _)| means(term, other)) {
                    count(&mut places, node, &term.topology_key, *weight);
                }
                let theirs = &other.traits;
                let mut back = |term: &AffinityTerm, weight: i64| {
                    if term.matches(pod.namespace(), pod.labels(), namespace_labels) {
                        count(&mut places, node, &term.topology_key, weight);
                    }
                };
                if self.hard_weight > 0 {
                    theirs.required_affinity.iter().for_each(|term| back(term, self.hard_weight));
                }
                theirs.preferred_affinity.iter().for_each(|weighted| back(&weighted.term, weighted.weight));
                theirs.preferred_anti_affinity.iter().for_each(|weighted| back(&weighted.term, -weighted.weight));
            }
        };
        if has_own {
            world.cache.nodes().for_each(&mut look);
        } else {
            world.cache.nodes_with_affinity().for_each(&mut look);
        }
        if places.is_empty() {
            return PreScoreResult::Skip;
        }
        state.put(Scored { places });
        PreScoreResult::Pass
    }

    fn score(&self, _: &World, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> Result<i64, Status> {
        let places = &state.get::<Scored>().expect("PreScore has run").places;
        Ok(places.iter().filter_map(|(key, values)| values.get(node.labels.get(key)?)).sum())
    }

    fn normalize_score(&self, _: &World, _: &CycleState, _: &PodInfo, _: &[NodeId], scores: &mut [i64]) {
        normalize(scores);
    }

    fn track(&self, world: &World, pod: &PodInfo) -> Option<Box<dyn Tracker>> {
        if pod.traits.broken_terms.is_some() {
            return None;
        }
        let traits = &pod.traits;
        let sign = |terms: &[WeightedAffinityTerm], sign: i64| {
            terms.iter().map(|t| (resolved(world, &t.term), t.weight * sign)).collect::<Vec<_>>()
        };
        let mut preferred = sign(&traits.preferred_affinity, 1);
        preferred.extend(sign(&traits.preferred_anti_affinity, -1));
        let terms = Terms {
            affinity: traits.required_affinity.iter().map(|term| resolved(world, term)).collect(),
            anti_affinity: traits.required_anti_affinity.iter().map(|term| resolved(world, term)).collect(),
            preferred,
            hard_weight: self.hard_weight,
            ignore_existing: self.ignore_existing,
            namespace_labels: world.listers.namespace_labels(pod.namespace()).clone(),
        };
        Some(Box::new(AffinityTracker::new(pod, terms)))
    }
}

/// The least score becomes 0 and the greatest 100.
pub(super) fn normalize(scores: &mut [i64]) {
    let (min, max) = (scores.iter().copied().min().unwrap_or(0), scores.iter().copied().max().unwrap_or(0));
    for score in scores {
        *score = if max > min { (MAX_NODE_SCORE as f64 * ((*score - min) as f64 / (max - min) as f64)) as i64 } else { 0 };
    }
}

/// Whether a node is near all the pods that are wanted near. If there is none anywhere and the pod is what it wants, it may be the first.
fn near_enough(required: &Required, node: &NodeInfo) -> bool {
    let mut all_there = true;
    for term in &required.affinity_terms {
        let Some(value) = node.labels.get(&term.topology_key) else { return false };
        all_there &= at(&required.affinity, &term.topology_key, value) > 0;
    }
    all_there || is_empty(&required.affinity) && required.own
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_that_have_gone_back_to_zero_are_nothing() {
        let mut node = NodeInfo::new(0, "n".into());
        node.labels = Labels::from_pairs([("zone", "a")]);
        let mut counts = Counts::new();
        count(&mut counts, &node, &"zone".into(), 1);
        count(&mut counts, &node, &"rack".into(), 1);
        assert_eq!((at(&counts, "zone", "a"), is_empty(&counts)), (1, false));
        count(&mut counts, &node, &"zone".into(), -1);
        assert!(is_empty(&counts));
    }
}
