//! An attempt in full, for people who ask why: how the pod came into the queue, each node's verdict and scores, the rule for
//! ties, and for a pod that fits nowhere the nearest thing that would let it.

use super::decision::{Decision, Detail, Outcome};
use super::driver::Attempt;
use super::framework::World;
use super::node_info::NodeInfo;
use super::pod_info::PodInfo;
use super::queue::{Move, Place};
use super::record;
use super::status::{Reason, Status};
use crate::base::quantity::Quantity;
use crate::model::requests::Resource;
use serde_json::{Value, json};

/// The attempt as JSON: what `record` writes, and `from`, `moves`, `ties`, `node`, `message`, `nearest`.
pub fn attempt(attempt: &Attempt, moves: &[Move], world: &World) -> Value {
    let pod = &attempt.info.pod;
    let mut out = record::start(pod, u64::from(attempt.info.attempts));
    out.insert("from".into(), place(attempt.from).into());
    let moves = moves.iter().map(|step| {
        json!({"t_ms": step.at.as_ms(), "event": step.event, "from": step.from.map_or("new", place), "to": step.to.map_or("gone", place)})
    });
    out.insert("moves".into(), moves.collect());
    if let Some(decision) = &attempt.decision {
        record::describe(&mut out, world, decision, Detail::Full);
        let name = |id: u32| world.cache.node(id).name.to_string();
        if let Outcome::Node(id) = decision.outcome {
            out.insert("node".into(), name(id).into());
            out.insert("ties".into(), decision.ties().into_iter().map(name).collect());
        } else {
            out.insert("nearest".into(), nearest(pod, decision, world).into());
        }
        out.insert("message".into(), (&*decision.message()).into());
    }
    Value::Object(out)
}

/// A part of the queue by its name.
pub fn place(place: Place) -> &'static str {
    match place {
        Place::Active => "active",
        Place::Backoff => "backoff",
        Place::ErrorBackoff => "backoff after an error",
        Place::Unschedulable => "unschedulable",
        Place::Gated => "gated",
        Place::InFlight => "being scheduled",
    }
}

/// What would let the pod fit: on the node that lacks least, if resources are what is lacking; else the other reasons.
fn nearest(pod: &PodInfo, decision: &Decision, world: &World) -> Vec<String> {
    let rejected = &decision.diagnosis.rejected;
    let by_resources = |status: &Status| status.plugin == "NodeResourcesFit";
    let node = |id: u32| world.cache.node(id);
    let short = rejected.iter().filter(|(_, status)| by_resources(status)).map(|(id, _)| (node(*id), shortages(pod, node(*id))));
    let least = short.min_by_key(|(info, short)| (short.len(), relative(short), info.name.clone()));
    let mut out = Vec::new();
    if let Some((info, short)) = least {
        let lacks: Vec<String> = short.iter().map(|lack| format!("{} more {}", lack.amount, lack.resource)).collect();
        out.push(format!("node {} has room if it had {}", info.name, lacks.join(" and ")));
    }
    let mut others: Vec<(String, Vec<&str>)> = Vec::new();
    for (id, status) in rejected.iter().filter(|(_, status)| !by_resources(status)) {
        let reason: Vec<&str> = status.reasons.iter().map(Reason::text).collect();
        let reason = format!("{}: {}", status.plugin, reason.join(", "));
        match others.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, nodes)) => nodes.push(&node(*id).name),
            None => others.push((reason, vec![&node(*id).name])),
        }
    }
    for (reason, nodes) in others {
        let more = if nodes.len() > 3 { format!(" and {} more", nodes.len() - 3) } else { String::new() };
        out.push(format!("{}{more} if it were not for {reason}", nodes[..nodes.len().min(3)].join(", ")));
    }
    out
}

struct Lack {
    resource: String,
    amount: String,
    per_mille_of_node: i64,
}

fn shortages(pod: &PodInfo, node: &NodeInfo) -> Vec<Lack> {
    let (wanted, used, all) = (&pod.traits.request.resource, &node.requested, &node.allocatable);
    let mut lacks = Vec::new();
    let mut check = |name: &str, wanted: i64, used: i64, all: i64, shown: fn(i64) -> Quantity| {
        let lack = wanted + used - all;
        if wanted > 0 && lack > 0 {
            let per_mille_of_node = lack.saturating_mul(1_000) / all.max(1);
            lacks.push(Lack { resource: name.into(), amount: shown(lack).to_string(), per_mille_of_node });
        }
    };
    check("cpu", wanted.milli_cpu, used.milli_cpu, all.milli_cpu, Quantity::from_milli);
    check("memory", wanted.memory, used.memory, all.memory, Quantity::from_binary);
    check("ephemeral-storage", wanted.ephemeral_storage, used.ephemeral_storage, all.ephemeral_storage, Quantity::from_binary);
    for (name, amount) in &wanted.scalars {
        let of = |list: &Resource| list.scalars.iter().find(|(known, _)| known == name).map_or(0, |(_, amount)| *amount);
        check(name, *amount, of(used), of(all), Quantity::from_value);
    }
    let pods = node.pods.len() as i64 + 1;
    check("pods", 1, pods - 1, all.allowed_pod_number, Quantity::from_value);
    lacks
}

fn relative(lacks: &[Lack]) -> i64 {
    lacks.iter().map(|lack| lack.per_mille_of_node).sum()
}
