//! One scheduling cycle: find the nodes that fit, score them, choose one; or find out what could be done.
//! Real: pkg/scheduler/schedule_one.go @ v1.37.2.

use super::classes::{Classes, Known};
use super::config::SchedulerConfiguration;
use super::decision::{Decision, Detail, Outcome};
use super::framework::{CycleState, Diagnosis, World};
use super::node_info::{NodeId, NodeInfo};
use super::pod_info::{PodInfo, PodTraits};
use super::runtime::{Framework, PreFilterOutcome, Scores};
use super::selection::TieBreak;
use super::status::{Code, Status};
use crate::base::collections::Map;
use crate::model::{Kind, Obj, PodSpec, Str};
use std::sync::Arc;

/// Below this many nodes all are searched.
const MIN_FEASIBLE_NODES_TO_FIND: usize = 100;
/// At least this share of the nodes is searched.
const MIN_FEASIBLE_NODES_PERCENTAGE_TO_FIND: i32 = 5;

/// The scheduler: its picture of the cluster and its profiles. A plain library: no clock, no queue, no writes.
///
/// Feed it with [`Scheduler::add_object`], [`Scheduler::update_object`] and [`Scheduler::remove_object`]; ask
/// [`Scheduler::schedule_one`]; then [`Scheduler::assume`] the pod on the node it chose, or carry out the preemption it found
/// ([`Scheduler::nominate`]). A pod that could not be bound is forgotten again with [`Scheduler::forget`].
pub struct Scheduler {
    /// What it knows of the cluster.
    pub world: World,
    profiles: Vec<Framework>,
    percentage_of_nodes_to_score: i32,
    next_start_node_index: usize,
    classes: Classes,
    traits: TraitsCache,
    /// How one of several equal nodes is chosen.
    pub tie_break: TieBreak,
    /// How much decisions keep of what led to them.
    pub detail: Detail,
    /// Whether every pod is looked at anew, as if there had been no other of its kind. Slower, and never different.
    pub no_cache: bool,
    /// Nodes looked at one by one, without a class.
    plain_looks: u64,
}

impl Scheduler {
    /// How often filters looked at a node so far: the work that caches are there to save.
    pub fn node_evaluations(&self) -> u64 {
        self.plain_looks + self.classes.looks
    }

    /// A scheduler that knows nothing yet.
    pub fn new(config: &SchedulerConfiguration) -> Result<Self, String> {
        Ok(Self {
            world: World::default(),
            profiles: config.profiles.iter().map(Framework::new).collect::<Result<_, _>>()?,
            percentage_of_nodes_to_score: config.percentage_of_nodes_to_score,
            next_start_node_index: 0,
            classes: Classes::default(),
            traits: TraitsCache::default(),
            tie_break: TieBreak::Heap,
            detail: Detail::Full,
            no_cache: false,
            plain_looks: 0,
        })
    }

    /// Where the next search begins, as a place in the order of the nodes.
    pub fn next_start_node_index(&self) -> usize {
        self.next_start_node_index
    }

    /// The profile of a pod, by its `spec.schedulerName`.
    pub fn profile_for(&self, pod: &PodInfo) -> Option<&Framework> {
        let name = &pod.spec().scheduler_name;
        let name = if name.is_empty() { super::config::DEFAULT_SCHEDULER_NAME } else { name };
        self.profiles.iter().find(|profile| profile.scheduler_name == name)
    }

    /// A pod with what follows from its spec; that is worked out once for all pods that share the spec.
    pub fn pod_info(&mut self, object: &Obj) -> PodInfo {
        self.traits.pod_info(object)
    }

    /// Takes note of a new object. Of pods without a node only the latest version and the nomination are kept.
    pub fn add_object(&mut self, object: &Obj) {
        match object.kind() {
            Kind::Node => self.world.cache.set_node(object),
            Kind::Pod => self.set_pod(object),
            _ => self.world.listers.set(object),
        }
    }

    /// Takes note of a change.
    pub fn update_object(&mut self, _old: &Obj, new: &Obj) {
        self.add_object(new);
    }

    /// Takes note that an object is gone.
    pub fn remove_object(&mut self, object: &Obj) {
        match object.kind() {
            Kind::Node => self.world.cache.remove_node(&object.meta.name),
            Kind::Pod => {
                self.world.nominator.remove(&object.meta.uid);
                self.world.pending.remove(&object.meta.uid);
                self.world.cache.remove_pod(&object.meta.uid);
            }
            _ => self.world.listers.remove(object),
        }
    }

    fn set_pod(&mut self, object: &Obj) {
        let pod = object.as_pod().expect("the object is a pod");
        if pod.is_terminal() {
            self.remove_object(object);
        } else if pod.node_name.is_empty() {
            let info = Arc::new(self.traits.pod_info(object));
            self.world.pending.insert(object.meta.uid.clone(), object.clone());
            self.world.nominator.set(info, &pod.status.nominated_node_name);
        } else {
            self.world.nominator.remove(&object.meta.uid);
            self.world.pending.remove(&object.meta.uid);
            let info = Arc::new(self.traits.pod_info(object));
            self.world.cache.add_pod(info);
        }
    }

    /// Whether a plugin keeps the pod out of the queue.
    pub fn pre_enqueue(&self, pod: &PodInfo) -> Result<(), Status> {
        self.profile_for(pod).map_or(Ok(()), |profile| profile.run_pre_enqueue(&self.world, pod))
    }

    /// Decides where a pod goes, and if nowhere, whether something can be done about it. Changes nothing but the place where the next
    /// search begins.
    pub fn schedule_one(&mut self, pod: &PodInfo) -> Decision {
        self.world.cache.update_snapshot();
        let mut decision = Decision {
            outcome: Outcome::Unschedulable,
            pre_filter: PreFilterOutcome::default(),
            feasible: vec![],
            diagnosis: Diagnosis::default(),
            all_nodes: self.world.cache.node_count(),
            scores: None,
            preemption: None,
            nominate: None,
            unlisted: (0, 0),
            words: None,
            state: CycleState::default(),
        };
        match self.choose_by_class(pod, &mut decision) {
            ByClass::Node(node) => {
                decision.outcome = Outcome::Node(node);
                return decision;
            }
            ByClass::Nowhere => {
                self.post_filter(pod, &mut decision);
                self.classes.remember_nowhere(&self.world, &decision);
                return decision;
            }
            ByClass::NowhereAgain(kept) => return *kept,
            ByClass::Unknown => {}
        }
        match self.choose(pod, &mut decision) {
            Ok(Some(node)) => decision.outcome = Outcome::Node(node),
            Ok(None) => self.post_filter(pod, &mut decision),
            Err(status) => decision.outcome = Outcome::Error(status.message()),
        }
        decision
    }

    /// Chooses by what is known of the pod's class.
    fn choose_by_class(&mut self, pod: &PodInfo, decision: &mut Decision) -> ByClass {
        if self.no_cache || decision.all_nodes == 0 || !self.world.nominator.is_empty() {
            return ByClass::Unknown;
        }
        let name = &pod.spec().scheduler_name;
        let name = if name.is_empty() { super::config::DEFAULT_SCHEDULER_NAME } else { name };
        let Some(place) = self.profiles.iter().position(|profile| profile.scheduler_name == name) else { return ByClass::Unknown };
        let (profile, world, full) = (&self.profiles[place], &self.world, self.detail == Detail::Full);
        if !profile.has_filters() || !profile.has_scores() {
            return ByClass::Unknown;
        }
        let Some(mut class) = self.classes.get(world, profile, place, pod) else { return ByClass::Unknown };
        let nominated = |object: &Obj| object.as_pod().is_some_and(|pod| !pod.status.nominated_node_name.is_empty());
        if !full
            && !world.pending.get(pod.uid()).is_some_and(nominated)
            && let Some(kept) = class.nowhere(world)
        {
            return ByClass::NowhereAgain(Box::new(kept.clone()));
        }
        let tracked = class.begin();
        let order = world.cache.order();
        let percentage = profile.percentage_of_nodes_to_score.unwrap_or(self.percentage_of_nodes_to_score);
        let enough = num_feasible_nodes_to_find(percentage, order.len());
        let start = self.next_start_node_index % order.len();
        if !full
            && enough >= order.len()
            && matches!(self.tie_break, TieBreak::Heap)
            && let Some((best, passed, failed)) = class.select(world, &tracked, start)
        {
            decision.unlisted = (passed, failed);
            self.next_start_node_index = start;
            return ByClass::Node(best);
        }
        let mut feasible = Vec::with_capacity(enough);
        let walk = || order[start..].iter().chain(&order[..start]).copied();
        for id in walk() {
            if class.passes(&tracked, id) {
                if feasible.len() == enough {
                    break;
                }
                feasible.push(id);
            } else if full && let Err(status) = class.verdict(profile, &tracked, id) {
                decision.diagnosis.set(id, status);
            } else {
                decision.unlisted.1 += 1;
            }
        }
        self.next_start_node_index = (start + feasible.len() + decision.rejected_count()) % order.len();
        let chosen = match feasible.as_slice() {
            [] => return tell_why(world, profile, pod, (&class, &tracked), decision, walk()),
            [only] => *only,
            several => {
                let scores = class.scores(profile, several, full);
                let chosen = several[self.tie_break.pick(&scores.total)];
                decision.scores = full.then_some(scores);
                chosen
            }
        };
        decision.feasible = feasible;
        ByClass::Node(chosen)
    }

    fn choose(&mut self, pod: &PodInfo, decision: &mut Decision) -> Result<Option<NodeId>, Status> {
        if decision.all_nodes == 0 {
            return Err(Status::error("no nodes available to schedule pods"));
        }
        let Some(profile) = self.profile_for(pod) else {
            return Err(Status::error(format!("profile not found for scheduler name {:?}", pod.spec().scheduler_name)));
        };
        let mut state = std::mem::take(&mut decision.state);
        let found = find(&self.world, profile, pod, &mut state, decision, (self.next_start_node_index, self.percentage_of_nodes_to_score));
        decision.state = state;
        self.plain_looks += (decision.feasible.len() + decision.diagnosis.rejected.len()) as u64;
        if let Some(next) = found? {
            self.next_start_node_index = next;
        }
        match decision.feasible.as_slice() {
            [] => Ok(None),
            [only] => Ok(Some(*only)),
            _ => {
                let profile = self.profile_for(pod).expect("the profile has been found");
                let scores = if profile.has_scores() {
                    profile.run_scores(&self.world, &mut decision.state, pod, &decision.feasible)?
                } else {
                    Scores { nodes: decision.feasible.clone(), total: vec![1; decision.feasible.len()], ..Scores::default() }
                };
                let chosen = scores.nodes[self.tie_break.pick(&scores.total)];
                decision.scores = Some(scores);
                Ok(Some(chosen))
            }
        }
    }

    fn post_filter(&mut self, pod: &PodInfo, decision: &mut Decision) {
        let profile = self.profile_for(pod).expect("a pod without a profile is an error");
        if !profile.has_post_filters() {
            decision.nominate = Some(Str::default());
            return;
        }
        let result = profile.run_post_filter(&self.world, &decision.state, pod, &decision.diagnosis);
        decision.diagnosis.post_filter_message = result.status.map_or(result.message, |status| status.message());
        decision.preemption = result.preemption;
        decision.nominate = result.nominate;
    }

    /// Puts a pod on the node chosen for it and lets plugins set aside what it needs. `assumed` is the pod with `spec.nodeName`.
    /// If a plugin objects, nothing is changed.
    pub fn assume(&mut self, assumed: PodInfo, decision: &mut Decision) -> Result<(), Status> {
        let node = assumed.pod().node_name.clone();
        let assumed = Arc::new(assumed);
        self.world.cache.assume_pod(assumed.clone());
        let name = assumed.spec().scheduler_name.clone();
        let profile = self.profiles.iter().find(|profile| profile.scheduler_name == name || name.is_empty());
        let profile = profile.expect("a pod that was scheduled has a profile");
        if let Err(status) = profile.run_reserve(&mut self.world, &mut decision.state, &assumed, &node) {
            self.world.cache.remove_pod(assumed.uid());
            return Err(status);
        }
        self.world.nominator.remove(assumed.uid());
        Ok(())
    }

    /// The annotations that a pod gets with its binding to a node.
    pub fn binding_annotations(&self, pod: &PodInfo, node: NodeId, decision: &Decision) -> Vec<(Str, Str)> {
        let node = self.world.cache.node_if_any(node);
        let found = self.profile_for(pod).zip(node);
        found.map_or(vec![], |(profile, node)| profile.binding_annotations(&self.world, &decision.state, pod, node))
    }

    /// Takes an assumed pod off its node again, with all that was set aside for it.
    pub fn forget(&mut self, assumed: &PodInfo, decision: &mut Decision) {
        let name = assumed.spec().scheduler_name.clone();
        if let Some(profile) = self.profiles.iter().find(|profile| profile.scheduler_name == name || name.is_empty()) {
            profile.run_unreserve(&mut self.world, &mut decision.state, assumed, &assumed.pod().node_name);
        }
        self.world.cache.remove_pod(assumed.uid());
    }

    /// Promises a pod a node, or takes the promise back if the name is empty.
    pub fn nominate(&mut self, pod: Arc<PodInfo>, node: &Str) {
        self.world.nominator.set(pod, node);
    }
}

/// What a pod's class says.
enum ByClass {
    /// It goes there.
    Node(NodeId),
    /// It fits nowhere; the diagnosis says why.
    Nowhere,
    /// It fits nowhere, like the last one of its class, and nothing has changed since.
    NowhereAgain(Box<Decision>),
    /// There is no class: all has to be looked at.
    Unknown,
}

/// Notes why a pod of a class fits nowhere, with the notes that PostFilter needs.
fn tell_why(
    world: &World,
    profile: &Framework,
    pod: &PodInfo,
    (class, tracked): (&Known<'_>, &[(u8, usize)]),
    decision: &mut Decision,
    walk: impl Iterator<Item = NodeId>,
) -> ByClass {
    (decision.diagnosis, decision.unlisted) = (Diagnosis::default(), (0, 0));
    for id in walk {
        if let Err(status) = class.verdict(profile, tracked, id) {
            decision.diagnosis.set(id, status);
        }
    }
    match profile.run_pre_filter(world, &mut decision.state, pod) {
        Ok(outcome) if outcome.status.is_none() && outcome.nodes.is_none() => ByClass::Nowhere,
        _ => unreachable!("a pod of a class passes PreFilter"),
    }
}

/// How many feasible nodes are enough.
pub fn num_feasible_nodes_to_find(percentage: i32, nodes: usize) -> usize {
    if nodes < MIN_FEASIBLE_NODES_TO_FIND {
        return nodes;
    }
    let adaptive = || (50 - nodes as i32 / 125).max(MIN_FEASIBLE_NODES_PERCENTAGE_TO_FIND);
    let percentage = if percentage == 0 { adaptive() } else { percentage };
    (nodes * percentage as usize / 100).max(MIN_FEASIBLE_NODES_TO_FIND)
}

/// What follows from specs, by their address; the specs are kept, so that an address means no other.
#[derive(Default)]
struct TraitsCache {
    known: Map<(usize, Str), (Arc<PodSpec>, Arc<PodTraits>)>,
}

/// So many are kept before all are forgotten.
const TRAITS_MAX: usize = 4096;

impl TraitsCache {
    fn pod_info(&mut self, object: &Obj) -> PodInfo {
        let pod = object.as_pod().expect("the object is a pod");
        let status = &pod.status;
        let resized = status.resources.is_some()
            || status
                .container_statuses
                .iter()
                .chain(&status.init_container_statuses)
                .any(|c| c.resources.is_some() || !c.allocated_resources.is_empty());
        // Specs that nobody else holds are not worth it.
        if resized || Arc::strong_count(&pod.spec) == 1 {
            return PodInfo::new(object.clone());
        }
        if self.known.len() >= TRAITS_MAX {
            self.known.clear();
        }
        let key = (Arc::as_ptr(&pod.spec) as usize, object.meta.namespace.clone());
        let make = || (pod.spec.clone(), Arc::new(PodTraits::of(&object.meta.namespace, pod)));
        let (_, traits) = self.known.get_or_insert_with(key, make);
        PodInfo { object: object.clone(), traits: traits.clone() }
    }
}

/// Fills in the feasible nodes and the diagnosis. Gives back where the next search begins, if this one was a search.
fn find(
    world: &World,
    profile: &Framework,
    pod: &PodInfo,
    state: &mut CycleState,
    decision: &mut Decision,
    (start, default_percentage): (usize, i32),
) -> Result<Option<usize>, Status> {
    let outcome = profile.run_pre_filter(world, state, pod)?;
    decision.pre_filter = outcome.clone();
    decision.diagnosis.unschedulable_plugins = outcome.plugins.clone();
    if let Some(status) = outcome.status {
        decision.diagnosis.pre_filter_message = status.message();
        if !status.plugin.is_empty() {
            decision.diagnosis.unschedulable_plugins.insert(status.plugin);
        }
        decision.diagnosis.absent = Some(status);
        return Ok(None);
    }
    if let Some(node) = world.cache.node_named(&pod.pod().status.nominated_node_name) {
        // An error here is only logged.
        match profile.run_filters_with_nominated(world, state, pod, node) {
            Ok(()) => {
                decision.feasible = vec![node.id];
                return Ok(None);
            }
            Err(status) if status.code != Code::Error => decision.diagnosis.set(node.id, status),
            Err(_) => {}
        }
    }
    let narrowed: Option<Vec<NodeId>> =
        outcome.nodes.map(|names| names.iter().filter_map(|name| world.cache.node_named(name)).map(|node| node.id).collect());
    if narrowed.is_some() {
        // The real one names all that have rejected so far: those of the nominated node too.
        let names: Vec<_> = decision.diagnosis.unschedulable_plugins.iter().copied().collect();
        let text = format!("node(s) didn't satisfy plugin(s) [{}]", names.join(" "));
        decision.diagnosis.absent = Some(Status::unresolvable(text));
    }
    let nodes = narrowed.as_deref().unwrap_or(world.cache.order());
    let percentage = profile.percentage_of_nodes_to_score.unwrap_or(default_percentage);
    let enough = if profile.has_scores() { num_feasible_nodes_to_find(percentage, nodes.len()) } else { 1.min(nodes.len()) };
    let result = search(world, profile, pod, state, decision, (nodes, start, enough));
    let all = world.cache.node_count();
    let next = (start + decision.feasible.len() + decision.diagnosis.rejected.len()) % all;
    result.map(|()| Some(next))
}

/// Walks the nodes from a starting place until there are enough, and one more has been met, or none is left.
fn search(
    world: &World,
    profile: &Framework,
    pod: &PodInfo,
    state: &CycleState,
    decision: &mut Decision,
    (nodes, start, enough): (&[NodeId], usize, usize),
) -> Result<(), Status> {
    if nodes.is_empty() {
        return Ok(());
    }
    let from = start % nodes.len();
    let walk = nodes[from..].iter().chain(&nodes[..from]);
    if !profile.has_filters() {
        decision.feasible = walk.take(enough).copied().collect();
        return Ok(());
    }
    for &id in walk {
        let node: &NodeInfo = world.cache.node(id);
        match profile.run_filters_with_nominated(world, state, pod, node) {
            Ok(()) if decision.feasible.len() == enough => break,
            Ok(()) => decision.feasible.push(id),
            Err(status) if status.code == Code::Error => return Err(status),
            Err(status) => decision.diagnosis.set(id, status),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enough_is_a_share_of_the_nodes() {
        for (percentage, nodes, expected) in
            [(0, 99, 99), (0, 100, 100), (0, 1000, 420), (0, 5000, 500), (0, 6000, 300), (100, 5000, 5000), (20, 300, 100), (50, 300, 150)]
        {
            assert_eq!(num_feasible_nodes_to_find(percentage, nodes), expected, "{percentage} % of {nodes}");
        }
    }
}
