//! A decision as a JSON record.

use super::decision::{Decision, Detail};
use super::framework::World;
use super::pod_info::PodInfo;
use super::preemption::Preemption;
use super::status::{Reason, Status};
use serde_json::{Map, Value, json};

/// A record of an attempt that has just begun.
pub fn start(pod: &PodInfo, attempt: u64) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("pod".into(), pod.key().into());
    out.insert("attempt".into(), attempt.into());
    out.insert("feasibleCount".into(), 0.into());
    out.insert("rejectedCount".into(), 0.into());
    let nominated = &pod.pod().status.nominated_node_name;
    if !nominated.is_empty() {
        out.insert("nominatedBefore".into(), (&**nominated).into());
    }
    out
}

/// A rejection: who, how firmly, why.
pub fn rejection(status: &Status) -> Value {
    let mut reasons: Vec<&str> = status.reasons.iter().map(Reason::text).collect();
    reasons.sort_unstable();
    let mut out = json!({"code": status.code.name(), "reasons": reasons});
    if !status.plugin.is_empty() {
        out["plugin"] = status.plugin.into();
    }
    out
}

/// Adds what PreFilter, Filter and Score said.
pub fn describe(out: &mut Map<String, Value>, world: &World, decision: &Decision, detail: Detail) {
    let name = |id: u32| &*world.cache.node(id).name;
    let pre_filter = &decision.pre_filter;
    if let Some(status) = &pre_filter.status {
        let mut value = json!({"status": rejection(status)});
        if !pre_filter.plugins.is_empty() {
            value["plugins"] = pre_filter.plugins.iter().copied().collect();
        }
        out.insert("preFilter".into(), value);
    } else if let Some(nodes) = &pre_filter.nodes {
        let nodes: Value = nodes.iter().map(|node| &**node).collect();
        out.insert("preFilter".into(), json!({"nodes": nodes, "plugins": pre_filter.plugins}));
    }
    out.insert("feasibleCount".into(), decision.feasible_count().into());
    out.insert("rejectedCount".into(), decision.rejected_count().into());
    if detail == Detail::Brief {
        return;
    }
    let mut feasible: Vec<&str> = decision.feasible.iter().map(|&id| name(id)).collect();
    feasible.sort_unstable();
    if !feasible.is_empty() {
        out.insert("feasible".into(), feasible.into());
    }
    let rejected: Map<String, Value> =
        decision.diagnosis.rejected.iter().map(|(id, status)| (name(*id).to_owned(), rejection(status))).collect();
    if !rejected.is_empty() {
        out.insert("rejected".into(), rejected.into());
    }
    if let Some(scores) = decision.scores.as_ref().filter(|scores| !scores.nodes.is_empty()) {
        let column = |columns: &[Vec<i64>], at: usize| columns.iter().map(|column| column[at]).collect::<Value>();
        let each = |(at, &id): (usize, &u32)| {
            let value = json!({"raw": column(&scores.raw, at), "norm": column(&scores.normalized, at), "total": scores.total[at]});
            (name(id).to_owned(), value)
        };
        let nodes: Map<String, Value> = scores.nodes.iter().enumerate().map(each).collect();
        out.insert("scores".into(), json!({"plugins": scores.plugins, "weights": scores.weights, "nodes": nodes}));
    }
}

/// What preemption found.
pub fn preemption(found: &Preemption) -> Value {
    let names = |pods: &[std::sync::Arc<PodInfo>]| pods.iter().map(|pod| pod.key()).collect::<Vec<_>>();
    let candidates: Map<String, Value> = found
        .candidates
        .iter()
        .map(|c| (c.name.to_string(), json!({"victims": names(&c.victims), "pdbViolations": c.pdb_violations})))
        .collect();
    let mut ties: Vec<&str> = found.ties.iter().map(|&at| &*found.candidates[at].name).collect();
    ties.sort_unstable();
    let best = found.best();
    let mut out = json!({"candidates": candidates, "ties": ties, "node": &*best.name, "victims": names(&best.victims)});
    if !found.cleared_nominations.is_empty() {
        out["clearedNominations"] = names(&found.cleared_nominations).into();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_sorted() {
        let mut status = Status::unschedulable("b").by("NodePorts");
        status.reasons.push("a".into());
        assert_eq!(rejection(&status), json!({"plugin": "NodePorts", "code": "Unschedulable", "reasons": ["a", "b"]}));
        assert_eq!(rejection(&Status::unresolvable("x"))["code"], "UnschedulableAndUnresolvable");
    }
}
