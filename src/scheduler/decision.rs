//! What the scheduler decided about a pod in one cycle, with everything that led to it.
//! Real: pkg/scheduler/framework/types.go (Diagnosis, FitError) @ v1.37.2.

use super::framework::{CycleState, Diagnosis};
use super::node_info::NodeId;
use super::preemption::Preemption;
use super::runtime::{PreFilterOutcome, Scores};
use crate::model::Str;
use std::collections::BTreeMap;

/// How much a decision keeps of what led to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Detail {
    /// Every node with its verdict and scores.
    Full,
    /// Of a pod that found a node: only how many nodes passed and failed; the lists may be empty. A pod that found none is told
    /// everything.
    Brief,
}

/// How a cycle ended.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// A node was found.
    Node(NodeId),
    /// The pod fits nowhere.
    Unschedulable,
    /// Something broke, or there is no node at all.
    Error(String),
}

/// One cycle.
#[derive(Clone)]
pub struct Decision {
    /// How it ended.
    pub outcome: Outcome,
    /// What PreFilter said.
    pub pre_filter: PreFilterOutcome,
    /// Nodes that passed the filters, in the order of the search.
    pub feasible: Vec<NodeId>,
    /// Why the others did not.
    pub diagnosis: Diagnosis,
    /// How many nodes there are.
    pub all_nodes: usize,
    /// The scores, if more than one node passed.
    pub scores: Option<Scores>,
    /// Who would have to go, if PostFilter found something.
    pub preemption: Option<Preemption>,
    /// What PostFilter says of the nomination: a node, empty to clear it, none to leave it.
    pub nominate: Option<Str>,
    /// How many nodes passed and failed without being listed.
    pub(super) unlisted: (usize, usize),
    /// The message, if it was kept from a pod of the same class.
    pub(super) words: Option<Str>,
    pub(super) state: CycleState,
}

impl Decision {
    /// How many nodes were looked at and rejected.
    pub fn rejected_count(&self) -> usize {
        self.diagnosis.rejected.len() + self.unlisted.1
    }

    /// How many nodes passed.
    pub fn feasible_count(&self) -> usize {
        self.feasible.len() + self.unlisted.0
    }

    /// The nodes that share the best score, in the order of the search.
    pub fn ties(&self) -> Vec<NodeId> {
        let Some(scores) = self.scores.as_ref().filter(|scores| !scores.total.is_empty()) else { return self.feasible.clone() };
        let best = scores.total.iter().max().expect("there is a score");
        scores.nodes.iter().zip(&scores.total).filter(|(_, total)| *total == best).map(|(&id, _)| id).collect()
    }

    /// The message of the condition PodScheduled, and empty if a node was found.
    pub fn message(&self) -> Str {
        if let Some(words) = &self.words {
            return words.clone();
        }
        match &self.outcome {
            Outcome::Node(_) => Str::default(),
            Outcome::Error(text) => text.as_str().into(),
            Outcome::Unschedulable => fit_error(self.all_nodes, &self.diagnosis).into(),
        }
    }
}

/// Why a pod fits nowhere, in the words of the real scheduler: how many nodes for which reason.
pub fn fit_error(all_nodes: usize, diagnosis: &Diagnosis) -> String {
    let mut out = format!("0/{all_nodes} nodes are available:");
    if diagnosis.pre_filter_message.is_empty() {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        let absent = all_nodes.saturating_sub(diagnosis.rejected.len());
        let others = diagnosis.absent.iter().filter(|_| absent > 0).map(|status| (status, absent));
        for (status, nodes) in diagnosis.rejected.iter().map(|(_, status)| (status, 1)).chain(others) {
            for reason in &status.reasons {
                *counts.entry(reason.text()).or_default() += nodes;
            }
        }
        // Sorted as texts: "10 x" comes before "2 x".
        let mut lines: Vec<String> = counts.into_iter().map(|(reason, nodes)| format!("{nodes} {reason}")).collect();
        lines.sort_unstable();
        if !lines.is_empty() {
            out.push_str(&format!(" {}.", lines.join(", ")));
        }
    } else {
        out.push_str(&format!(" {}.", diagnosis.pre_filter_message));
    }
    if !diagnosis.post_filter_message.is_empty() {
        out.push_str(&format!(" {}", diagnosis.post_filter_message));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::status::Status;
    use super::*;

    #[test]
    fn reasons_are_counted_and_sorted_as_texts() {
        let mut diagnosis = Diagnosis::default();
        for node in 0..12 {
            let text = if node < 10 { "Insufficient cpu" } else { "Insufficient memory" };
            diagnosis.set(node, Status::unschedulable(text));
        }
        assert_eq!(fit_error(12, &diagnosis), "0/12 nodes are available: 10 Insufficient cpu, 2 Insufficient memory.");
        diagnosis.absent = Some(Status::unresolvable("node(s) left out"));
        diagnosis.post_filter_message = "preemption: no".into();
        assert_eq!(
            fit_error(15, &diagnosis),
            "0/15 nodes are available: 10 Insufficient cpu, 2 Insufficient memory, 3 node(s) left out. preemption: no"
        );
        diagnosis.pre_filter_message = "claim is missing".into();
        assert_eq!(fit_error(15, &diagnosis), "0/15 nodes are available: claim is missing. preemption: no");
    }
}
