//! NodeAffinity: nodeSelector and node affinity, both those of the pod and those that the profile adds to every pod.
//! Real: pkg/scheduler/framework/plugins/nodeaffinity/node_affinity.go @ v1.37.2. Modelled in full.

use crate::model::{NodeSelector, NodeSelectorTerm, PodSpec, Str};
use crate::scheduler::config::NodeAffinityArgs;
use crate::scheduler::framework::{
    CycleState, Normalization, Plugin, PreFilterResult, PreScoreResult, Reach, World, default_normalize_score,
};
use crate::scheduler::node_info::{NodeId, NodeInfo};
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::selectors::{NodeTerms, PreferredTerms};
use crate::scheduler::status::Status;
use std::collections::BTreeSet;

/// The plugin.
pub struct NodeAffinity {
    added_required: Option<NodeTerms>,
    added_preferred: Option<PreferredTerms>,
}

struct Preferred(Option<PreferredTerms>);

fn required(spec: &PodSpec) -> Option<&NodeSelector> {
    spec.affinity.as_ref()?.node_affinity.as_ref()?.required_during_scheduling_ignored_during_execution.as_ref()
}

/// The nodes that a term names by `metadata.name`, if it does.
fn names(term: &NodeSelectorTerm) -> Option<BTreeSet<Str>> {
    let by_name = term.match_fields.iter().filter(|field| field.key == "metadata.name" && field.operator == "In");
    by_name.map(|field| field.values.iter().map(|value| Str::from(value.as_str())).collect::<BTreeSet<_>>()).reduce(|a, b| &a & &b)
}

impl NodeAffinity {
    /// With the profile's arguments.
    pub fn new(args: &NodeAffinityArgs) -> Result<Self, String> {
        let added = args.added_affinity.as_ref();
        let required = added.and_then(|a| a.required_during_scheduling_ignored_during_execution.as_ref()).map(NodeTerms::compile);
        if let Some(error) = required.as_ref().and_then(|terms| terms.error()) {
            return Err(format!("parsing addedAffinity.requiredDuringSchedulingIgnoredDuringExecution: {error}"));
        }
        let preferred = added.map(|a| a.preferred_during_scheduling_ignored_during_execution.as_slice()).filter(|terms| !terms.is_empty());
        let wrap = |error| format!("parsing addedAffinity.preferredDuringSchedulingIgnoredDuringExecution: {error}");
        Ok(Self { added_required: required, added_preferred: preferred.map(PreferredTerms::compile).transpose().map_err(wrap)? })
    }
}

impl Plugin for NodeAffinity {
    fn name(&self) -> &'static str {
        "NodeAffinity"
    }

    fn reach(&self, _: &World, _: &PodInfo) -> Reach {
        Reach::Node
    }

    fn normalization(&self) -> Normalization {
        Normalization::Default { reverse: false }
    }

    fn pre_filter(&self, _: &World, _: &mut CycleState, pod: &PodInfo) -> PreFilterResult {
        let spec = pod.spec();
        let required = required(spec);
        if required.is_none() && self.added_required.is_none() && spec.node_selector.is_empty() {
            return PreFilterResult::Skip;
        }
        let Some(required) = required.filter(|selector| !selector.node_selector_terms.is_empty()) else { return PreFilterResult::Pass };
        // Only if every term names nodes are these all that come into question.
        let Some(sets) = required.node_selector_terms.iter().map(names).collect::<Option<Vec<_>>>() else { return PreFilterResult::Pass };
        let all: BTreeSet<Str> = sets.into_iter().flatten().collect();
        if all.is_empty() {
            PreFilterResult::Fail(Status::unresolvable("pod affinity terms conflict"))
        } else {
            PreFilterResult::Nodes(all)
        }
    }

    fn filter(&self, _: &World, _: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        if self.added_required.as_ref().is_some_and(|terms| !terms.matches(&node.name, &node.labels)) {
            return Err(Status::unresolvable("node(s) didn't match scheduler-enforced node affinity"));
        }
        let fits = pod.traits.required_node.matches(&node.name, &node.labels);
        if fits { Ok(()) } else { Err(Status::unresolvable("node(s) didn't match Pod's node affinity/selector")) }
    }

    fn pre_score(&self, _: &World, state: &mut CycleState, pod: &PodInfo, _: &[NodeId]) -> PreScoreResult {
        let terms = pod.spec().affinity.as_ref().and_then(|a| a.node_affinity.as_ref());
        let terms = terms.map(|a| a.preferred_during_scheduling_ignored_during_execution.as_slice()).filter(|terms| !terms.is_empty());
        if terms.is_none() && self.added_preferred.is_none() {
            return PreScoreResult::Skip;
        }
        match terms.map(PreferredTerms::compile).transpose() {
            Ok(terms) => state.put(Preferred(terms)),
            Err(error) => return PreScoreResult::Fail(Status::error(error)),
        }
        PreScoreResult::Pass
    }

    fn score(&self, _: &World, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> Result<i64, Status> {
        let own = state.get::<Preferred>().and_then(|preferred| preferred.0.as_ref());
        Ok(self.added_preferred.iter().chain(own).map(|terms| terms.score(&node.name, &node.labels)).sum())
    }

    fn normalize_score(&self, _: &World, _: &CycleState, _: &PodInfo, _: &[NodeId], scores: &mut [i64]) {
        default_normalize_score(false, scores);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_broken_added_affinity_is_refused() {
        let args = |value| NodeAffinityArgs { added_affinity: Some(serde_json::from_value(value).unwrap()) };
        let term = |operator: &str| json!({"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [{"key": "a", "operator": operator}]}]}});
        assert!(NodeAffinity::new(&args(term("Exists"))).is_ok());
        assert!(NodeAffinity::new(&args(term("In"))).is_err());
    }

    #[test]
    fn names_of_a_term_are_intersected() {
        let term = |fields| names(&serde_json::from_value(json!({"matchFields": fields})).unwrap());
        let field = |values: &[&str]| json!({"key": "metadata.name", "operator": "In", "values": values});
        assert_eq!(term(json!([field(&["a"]), field(&["a", "b"])])), Some(BTreeSet::from(["a".into()])));
        assert_eq!(term(json!([])), None);
    }
}
