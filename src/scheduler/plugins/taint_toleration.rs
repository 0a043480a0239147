//! TaintToleration: taints keep pods away that do not tolerate them; PreferNoSchedule ones only count against the node.
//!
//! Tolerations with the operators Gt and Lt compare numbers. A real API server takes them only while the gate
//! TaintTolerationComparisonOperators (alpha) is on; so a pod that has them says that it is.
//!
//! Real: pkg/scheduler/framework/plugins/tainttoleration/taint_toleration.go, api core/v1/toleration.go @ v1.37.2. Modelled in full.

use crate::model::{NodeSpec, Taint, Toleration};
use crate::scheduler::framework::{CycleState, Normalization, Plugin, Reach, World, default_normalize_score};
use crate::scheduler::node_info::{NodeId, NodeInfo};
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::status::Status;

/// The plugin.
pub struct TaintToleration;

/// Whether a toleration covers a taint.
pub fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    if !toleration.effect.is_empty() && toleration.effect != taint.effect || !toleration.key.is_empty() && toleration.key != taint.key {
        return false;
    }
    match toleration.operator.as_str() {
        "" | "Equal" => toleration.value == taint.value,
        "Exists" => true,
        operator @ ("Gt" | "Lt") => match (decimal(&taint.value), decimal(&toleration.value)) {
            (Some(taint), Some(limit)) => {
                if operator == "Gt" {
                    taint > limit
                } else {
                    taint < limit
                }
            }
            _ => false,
        },
        _ => false,
    }
}

/// A decimal integer without sign `+` or leading zeros.
fn decimal(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = digits == "0" && !text.starts_with('-') || digits.starts_with(|c: char| ('1'..='9').contains(&c));
    if plain { text.parse().ok() } else { None }
}

/// Whether a node has a taint with effect NoSchedule or NoExecute that is not tolerated.
pub fn has_untolerated_taint(node: &NodeSpec, tolerations: &[Toleration]) -> bool {
    let hard = |taint: &&Taint| matches!(taint.effect.as_str(), "NoSchedule" | "NoExecute");
    node.taints.iter().filter(hard).any(|taint| !tolerations.iter().any(|toleration| tolerates(toleration, taint)))
}

impl Plugin for TaintToleration {
    fn name(&self) -> &'static str {
        "TaintToleration"
    }

    fn reach(&self, _: &World, _: &PodInfo) -> Reach {
        Reach::Node
    }

    fn normalization(&self) -> Normalization {
        Normalization::Default { reverse: true }
    }

    fn filter(&self, _: &World, _: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        let untolerated = has_untolerated_taint(node.spec(), &pod.spec().tolerations);
        if untolerated { Err(Status::unresolvable("node(s) had untolerated taint(s)")) } else { Ok(()) }
    }

    fn score(&self, _: &World, _: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Result<i64, Status> {
        let soft = |toleration: &&Toleration| matches!(toleration.effect.as_str(), "" | "PreferNoSchedule");
        let tolerated = |taint: &Taint| pod.spec().tolerations.iter().filter(soft).any(|toleration| tolerates(toleration, taint));
        let taints = node.spec().taints.iter().filter(|taint| taint.effect == "PreferNoSchedule");
        Ok(taints.filter(|taint| !tolerated(taint)).count() as i64)
    }

    fn normalize_score(&self, _: &World, _: &CycleState, _: &PodInfo, _: &[NodeId], scores: &mut [i64]) {
        default_normalize_score(true, scores);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tolerations_cover_taints() {
        let taint: Taint = serde_json::from_value(json!({"key": "cores", "value": "16", "effect": "NoSchedule"})).unwrap();
        for (toleration, expected) in [
            (json!({"key": "cores", "value": "16"}), true),
            (json!({"key": "cores", "operator": "Equal", "value": "8"}), false),
            (json!({"operator": "Exists"}), true),
            (json!({"operator": "Exists", "effect": "NoExecute"}), false),
            (json!({"key": "cores", "operator": "Gt", "value": "8"}), true),
            (json!({"key": "cores", "operator": "Lt", "value": "8"}), false),
            (json!({"key": "cores", "operator": "Gt", "value": "08"}), false),
            (json!({"key": "cores", "operator": "Gt", "value": "-1"}), true),
            (json!({"key": "cores", "operator": "Odd"}), false),
        ] {
            let parsed: Toleration = serde_json::from_value(toleration.clone()).unwrap();
            assert_eq!(tolerates(&parsed, &taint), expected, "{toleration}");
        }
        let node = NodeSpec { taints: vec![taint], ..NodeSpec::default() };
        assert!(has_untolerated_taint(&node, &[]));
    }
}
