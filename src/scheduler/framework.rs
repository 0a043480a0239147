//! The scheduling framework: the extension points at which plugins speak, and what they may look at.
//!
//! A plugin is one type that implements [`Plugin`]; at which extension points it takes part stands in
//! [`super::config::points::PLUGINS`].
//! All methods have a default that lets every pod pass, so that a plugin holds only what it is about.
//!
//! Real: staging/src/k8s.io/kube-scheduler/framework/interface.go, pkg/scheduler/framework/cycle_state.go @ v1.37.2.

use super::cache::Cache;
use super::listers::Listers;
use super::node_info::{NodeId, NodeInfo};
use super::nominator::Nominator;
use super::pod_info::PodInfo;
use super::preemption::Preemption;
use super::runtime::Framework;
use super::status::Status;
use super::topology::Topology;
use crate::base::collections::Map;
use crate::model::{Obj, Shared, Str};
use std::any::Any;
use std::collections::BTreeSet;
use std::sync::Arc;

/// The best score of a node.
pub const MAX_NODE_SCORE: i64 = 100;

/// What the scheduler knows of the cluster.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// Nodes and the pods on them.
    pub cache: Cache,
    /// All other objects that plugins look at.
    pub listers: Listers,
    /// Pods that have been promised a node.
    pub nominator: Nominator,
    /// Pods without a node in their latest version, by unique id. The one in the queue may be older.
    pub pending: Map<Str, Obj>,
}

/// Notes of plugins about one pod in one cycle, by type. Cloning shares them; changing one copies it first.
#[derive(Clone, Default)]
pub struct CycleState {
    notes: Vec<Arc<dyn Any + Send + Sync>>,
    /// Plugins whose Filter has nothing to do, by their place in the framework.
    pub(super) skip_filter: u64,
    /// Plugins whose Score has nothing to do.
    pub(super) skip_score: u64,
}

impl CycleState {
    /// Keeps a note, in place of an older one of the same type.
    pub fn put<T: Any + Send + Sync>(&mut self, note: T) {
        match self.notes.iter_mut().find(|old| old.is::<T>()) {
            Some(old) => *old = Arc::new(note),
            None => self.notes.push(Arc::new(note)),
        }
    }

    /// A note.
    pub fn get<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.notes.iter().find_map(|note| note.downcast_ref::<T>())
    }

    /// A note, to change it.
    pub fn get_mut<T: Any + Send + Sync + Clone>(&mut self) -> Option<&mut T> {
        let note = self.notes.iter_mut().find(|note| note.is::<T>())?;
        if Arc::get_mut(note).is_none() {
            let copy = note.downcast_ref::<T>().expect("the type has been checked").clone();
            *note = Arc::new(copy);
        }
        Arc::get_mut(note).and_then(|note| note.downcast_mut::<T>())
    }
}

/// What PreFilter says.
#[derive(Clone, PartialEq, Debug)]
pub enum PreFilterResult {
    /// Go on.
    Pass,
    /// Go on; the plugin's Filter need not be asked.
    Skip,
    /// Only these nodes come into question.
    Nodes(BTreeSet<Str>),
    /// The pod fits nowhere, or something broke.
    Fail(Status),
}

/// What PreScore says.
#[derive(Clone, PartialEq, Debug)]
pub enum PreScoreResult {
    /// Go on.
    Pass,
    /// The plugin does not score this pod.
    Skip,
    /// Something broke.
    Fail(Status),
}

/// What PostFilter says.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PostFilterResult {
    /// The node to nominate the pod to; empty clears its nomination; none leaves it as it is.
    pub nominate: Option<Str>,
    /// Success with a message, or why nothing can be done.
    pub status: Option<Status>,
    /// What is said on success.
    pub message: String,
    /// Who has to go.
    pub preemption: Option<Preemption>,
}

/// Why the pod fits nowhere, node by node.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Diagnosis {
    /// Nodes that were looked at and rejected, in the order of the search, each once.
    pub rejected: Shared<Vec<(NodeId, Status)>>,
    /// What holds for all nodes that were not looked at; none: unresolvable, without a word.
    pub absent: Option<Status>,
    /// Plugins that rejected the pod somewhere.
    pub unschedulable_plugins: BTreeSet<&'static str>,
    /// Why the pod as a whole was rejected before any node was looked at.
    pub pre_filter_message: String,
    /// What came of the attempt to do something about it.
    pub post_filter_message: String,
}

impl Diagnosis {
    /// Notes a node's rejection, in place of an earlier one.
    pub fn set(&mut self, node: NodeId, status: Status) {
        if status.is_rejected() && !status.plugin.is_empty() {
            self.unschedulable_plugins.insert(status.plugin);
        }
        // Only a nominated node, which is looked at first, can come a second time.
        match self.rejected.first_mut() {
            Some((first, old)) if *first == node => *old = status,
            _ => self.rejected.push((node, status)),
        }
    }
}

/// What a plugin's answers about a node depend on, for one kind of pod, beside the pod and objects that rarely change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// The pod's spec, the node and the pods on it: an answer holds for all pods with such a spec, until the node changes.
    Node,
    /// Counts over all nodes, which a [`Tracker`] keeps up to date.
    Tracked,
    /// Anything: nothing is kept.
    World,
}

/// How a plugin brings its scores into 0..=100.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Normalization {
    /// Not at all.
    None,
    /// By [`default_normalize_score`].
    Default {
        /// Whether the greatest score is the worst.
        reverse: bool,
    },
    /// In its own way.
    Own,
}

/// Keeps a plugin's counts for one kind of pod up to date, node by node, in place of PreFilter and PreScore.
pub trait Tracker: Send {
    /// Itself, to be compared.
    fn as_any(&self) -> &dyn Any;

    /// Whether another one for the same plugin and kind of pod would come to the same counts.
    fn counts_the_same(&self, other: &dyn Tracker) -> bool;

    /// Takes note of all that changed since the last time.
    fn refresh(&mut self, world: &World, topology: &mut Topology);

    /// Gets ready for a search. False: there is nothing to filter, as if PreFilter had said Skip.
    fn begin_filter(&mut self) -> bool;

    /// Does the pod fit on this node?
    fn filter(&self, node: NodeId) -> Result<(), Status>;

    /// A number that stands for the verdicts on all nodes: as long as it is the same, so are those on nodes that have not changed.
    fn fingerprint(&self) -> Option<u64> {
        None
    }

    /// Gets ready to score. False: there is nothing to score, as if PreScore had said Skip.
    fn begin_score(&mut self, feasible: &[NodeId]) -> bool;

    /// How good is each of these nodes? Appended in their order.
    fn score(&self, feasible: &[NodeId], scores: &mut Vec<i64>);

    /// Brings the scores into 0..=100.
    fn normalize(&self, feasible: &[NodeId], scores: &mut [i64]);

    /// How nodes can be scored in groups, if they can.
    fn groups(&self) -> Option<&dyn Groups> {
        None
    }

    /// Both at once, weighted and added to the totals; false, and nothing added, where there is no quicker way.
    fn add_scores(&mut self, _feasible: &[NodeId], _weight: i64, _total: &mut [i64]) -> bool {
        false
    }
}

/// A point in the life of [`Groups`]: which life, and how many changes before it.
pub type GroupMark = (u64, usize);

/// Nodes that a tracker cannot tell apart are a group: it has one score. Groups are named by two numbers.
pub trait Groups {
    /// The group of a node.
    fn of(&self, node: NodeId) -> [i64; 2];

    /// The score of all nodes of a group, before it is normalised.
    fn score(&self, group: [i64; 2]) -> i64;

    /// Now.
    fn mark(&self) -> GroupMark;

    /// The nodes that may be in another group since then; none: any may be.
    fn moved_since(&self, mark: GroupMark) -> Option<&[NodeId]>;
}

/// A scheduler plugin.
#[allow(unused_variables)]
pub trait Plugin: Send + Sync {
    /// Its name in configurations and messages.
    fn name(&self) -> &'static str;

    /// May the pod enter the queue?
    fn pre_enqueue(&self, world: &World, pod: &PodInfo) -> Result<(), Status> {
        Ok(())
    }

    /// Looks at the pod once.
    fn pre_filter(&self, world: &World, state: &mut CycleState, pod: &PodInfo) -> PreFilterResult {
        PreFilterResult::Pass
    }

    /// Takes note that, for the sake of argument, a pod is on a node too.
    fn add_pod(&self, world: &World, state: &mut CycleState, pod: &PodInfo, added: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        Ok(())
    }

    /// Takes note that, for the sake of argument, a pod is no longer on a node.
    fn remove_pod(&self, world: &World, state: &mut CycleState, pod: &PodInfo, removed: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        Ok(())
    }

    /// Does the pod fit on this node?
    fn filter(&self, world: &World, state: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        Ok(())
    }

    /// The pod fits nowhere: can something be done? The framework runs filters for what-ifs.
    fn post_filter(
        &self,
        framework: &Framework,
        world: &World,
        state: &CycleState,
        pod: &PodInfo,
        diagnosis: &Diagnosis,
    ) -> PostFilterResult {
        PostFilterResult { status: Some(Status::bare(super::status::Code::Unschedulable)), ..PostFilterResult::default() }
    }

    /// Looks at the feasible nodes once.
    fn pre_score(&self, world: &World, state: &mut CycleState, pod: &PodInfo, nodes: &[NodeId]) -> PreScoreResult {
        PreScoreResult::Pass
    }

    /// How good is this node?
    fn score(&self, world: &World, state: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Result<i64, Status> {
        Ok(0)
    }

    /// Brings the scores of all feasible nodes into 0..=100.
    fn normalize_score(&self, world: &World, state: &CycleState, pod: &PodInfo, nodes: &[NodeId], scores: &mut [i64]) {}

    /// How [`Plugin::normalize_score`] works.
    fn normalization(&self) -> Normalization {
        Normalization::None
    }

    /// What the plugin's answers about this kind of pod depend on.
    fn reach(&self, world: &World, pod: &PodInfo) -> Reach {
        Reach::World
    }

    /// Keeps counts for this kind of pod; asked only if they are [`Reach::Tracked`].
    fn track(&self, world: &World, pod: &PodInfo) -> Option<Box<dyn Tracker>> {
        None
    }

    /// Annotations that the pod gets with its binding, such as the devices that it got on the chosen node. Of equal keys the first
    /// plugin's counts.
    fn binding_annotations(&self, world: &World, state: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Vec<(Str, Str)> {
        vec![]
    }

    /// Sets something aside on the chosen node.
    fn reserve(&self, world: &mut World, state: &mut CycleState, pod: &PodInfo, node: &str) -> Result<(), Status> {
        Ok(())
    }

    /// Gives back what was set aside.
    fn unreserve(&self, world: &mut World, state: &mut CycleState, pod: &PodInfo, node: &str) {}
}

/// Brings scores into 0..=100 by the greatest one; reversed, the greatest becomes the worst.
pub fn default_normalize_score(reverse: bool, scores: &mut [i64]) {
    let max = scores.iter().copied().max().unwrap_or(0).max(0);
    for score in scores.iter_mut() {
        *score = match (max, reverse) {
            (0, true) => MAX_NODE_SCORE,
            (0, false) => *score,
            (_, true) => MAX_NODE_SCORE - MAX_NODE_SCORE * *score / max,
            (_, false) => MAX_NODE_SCORE * *score / max,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_shared_until_changed() {
        let mut state = CycleState::default();
        state.put(5_u32);
        state.put("text");
        let mut copy = state.clone();
        *copy.get_mut::<u32>().unwrap() += 1;
        copy.put("other");
        assert_eq!((state.get::<u32>(), copy.get::<u32>()), (Some(&5), Some(&6)));
        assert_eq!((state.get::<&str>(), copy.get::<&str>(), state.get::<u8>()), (Some(&"text"), Some(&"other"), None));
    }

    #[test]
    fn scores_are_brought_into_a_hundred() {
        let normal = |reverse, mut scores: Vec<i64>| {
            default_normalize_score(reverse, &mut scores);
            scores
        };
        assert_eq!(normal(false, vec![0, 1, 3]), [0, 33, 100]);
        assert_eq!(normal(true, vec![0, 1, 3]), [100, 67, 0]);
        assert_eq!(normal(true, vec![0, 0]), [100, 100]);
        assert_eq!(normal(false, vec![0, 0]), [0, 0]);
    }

    #[test]
    fn a_diagnosis_remembers_who_rejected() {
        let mut diagnosis = Diagnosis::default();
        diagnosis.set(3, Status::unschedulable("no").by("NodePorts"));
        assert_eq!(diagnosis.unschedulable_plugins.iter().copied().collect::<Vec<_>>(), ["NodePorts"]);
    }
}
