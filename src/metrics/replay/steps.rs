//! The steps of a run: what a person goes through one by one. Each is one decision of one component: a pod placed, a number
//! changed, a status brought up to date, something ended.

use super::{ActorNumber, ROWS_MAX};
use crate::base::Time;
use crate::model::{Body, Deployment, Meta, Node, Obj, Object, Pod, ReplicaSet, StatefulSet};
use crate::store::LogEntry;
use serde_json::{Map, Value};

/// What sort of decision it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sort {
    /// The scheduler tries to place a pod.
    Schedule,
    /// A wanted number changes, or a pod is made to meet it.
    Scale,
    /// A component writes down what it sees.
    Sync,
    /// Something is ended or ends.
    Kill,
    /// A kubelet brings a pod further.
    Pod,
    /// A user's command.
    Command,
    /// A failure, or its end.
    Fault,
}

impl Sort {
    /// Its name in the page's data.
    pub fn name(self) -> &'static str {
        match self {
            Sort::Schedule => "schedule",
            Sort::Scale => "scale",
            Sort::Sync => "sync",
            Sort::Kill => "kill",
            Sort::Pod => "pod",
            Sort::Command => "command",
            Sort::Fault => "fault",
        }
    }
}

/// One step.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// When.
    pub at: Time,
    /// What sort.
    pub sort: Sort,
    /// Who decided.
    pub by: ActorNumber,
    /// The place of the object's history.
    pub object: Option<usize>,
    /// resourceVersion of the commit; 0 if it is none.
    pub version: u64,
    /// The place of the attempt that tells everything.
    pub attempt: Option<usize>,
    /// What happened, in a line.
    pub text: String,
}

/// What an attempt of the scheduler came to.
pub(super) fn of_attempt(pod: &str, node: Option<&str>, message: &str) -> String {
    match node {
        Some(node) => format!("puts pod {} on node {node}", short(pod)),
        None => format!("finds no node for pod {}: {message}", short(pod)),
    }
}

/// The pod's name, with its namespace unless that is the default one.
fn short(pod: &str) -> &str {
    pod.strip_prefix("default/").unwrap_or(pod)
}

/// The step that a commit is, if it is one.
pub(super) fn of_commit(entry: &LogEntry, by: &str) -> Option<(Sort, String)> {
    let object = entry.object();
    let name = named(object);
    match (&entry.before, &entry.after) {
        (None, Some(_)) => Some((if object.as_pod().is_some() { Sort::Scale } else { Sort::Sync }, format!("creates {name}"))),
        (Some(_), None) => Some((Sort::Kill, format!("removes {name}"))),
        (Some(before), Some(after)) => changed(before, after, &name, by),
        (None, None) => None,
    }
}

fn named(object: &Object) -> String {
    let Meta { namespace, name, .. } = &object.meta;
    let kind = object.kind_name().to_lowercase();
    if namespace.is_empty() || &**namespace == "default" { format!("{kind}/{name}") } else { format!("{kind}/{namespace}/{name}") }
}

fn changed(before: &Obj, after: &Obj, name: &str, by: &str) -> Option<(Sort, String)> {
    if !before.meta.is_deleting() && after.meta.is_deleting() {
        return Some((Sort::Kill, format!("asks for the end of {name}")));
    }
    match (&before.body, &after.body) {
        (Body::Pod(before), Body::Pod(after)) => pod(before, after, name, by),
        (Body::ReplicaSet(before), Body::ReplicaSet(after)) => {
            number(before.spec.replicas, after.spec.replicas, name).or_else(|| replica_set(before, after, name))
        }
        (Body::Deployment(before), Body::Deployment(after)) => {
            number(before.spec.replicas, after.spec.replicas, name).or_else(|| deployment(before, after, name))
        }
        (Body::StatefulSet(before), Body::StatefulSet(after)) => {
            number(before.spec.replicas, after.spec.replicas, name).or_else(|| stateful_set(before, after, name))
        }
        (Body::Node(before), Body::Node(after)) => node(before, after, name),
        _ => Some((Sort::Sync, format!("updates {name}"))),
    }
}

fn number(before: Option<i32>, after: Option<i32>, name: &str) -> Option<(Sort, String)> {
    let (before, after) = (before.unwrap_or(1), after.unwrap_or(1));
    (before != after).then(|| (Sort::Scale, format!("scales {name} from {before} to {after}")))
}

fn pod(before: &Pod, after: &Pod, name: &str, by: &str) -> Option<(Sort, String)> {
    if !before.is_bound() && after.is_bound() {
        return Some((Sort::Sync, format!("binds {name} to node {}", after.node_name)));
    }
    let ended = |pod: &Pod| pod.status.container_statuses.iter().filter(|status| status.state.running.is_some()).count();
    let restarts = |pod: &Pod| pod.status.container_statuses.iter().map(|status| status.restart_count).sum::<i32>();
    let text = if after.is_terminal() && !before.is_terminal() {
        return Some((Sort::Kill, format!("{name} has ended: {}", after.status.phase)));
    } else if restarts(after) > restarts(before) {
        format!("starts a container of {name} again")
    } else if ended(after) < ended(before) {
        return Some((Sort::Kill, format!("a container of {name} has ended")));
    } else if after.is_ready() != before.is_ready() {
        format!("{name} is {}", if after.is_ready() { "ready" } else { "no longer ready" })
    } else if before.status.phase != after.status.phase {
        format!("{name} is {}", after.status.phase)
    } else if by == "kubelet" {
        format!("reports on {name}")
    } else {
        return Some((Sort::Sync, format!("updates {name}")));
    };
    Some((Sort::Pod, text))
}

fn replica_set(before: &ReplicaSet, after: &ReplicaSet, name: &str) -> Option<(Sort, String)> {
    let (old, new) = (&before.status, &after.status);
    Some((Sort::Sync, format!("counts {name}: {}", counts((old.replicas, new.replicas), (old.ready_replicas, new.ready_replicas)))))
}

fn stateful_set(before: &StatefulSet, after: &StatefulSet, name: &str) -> Option<(Sort, String)> {
    let (old, new) = (&before.status, &after.status);
    Some((Sort::Sync, format!("counts {name}: {}", counts((old.replicas, new.replicas), (old.ready_replicas, new.ready_replicas)))))
}

fn deployment(before: &Deployment, after: &Deployment, name: &str) -> Option<(Sort, String)> {
    let images = |of: &Deployment| of.spec.template.spec.containers.iter().map(|container| container.image.clone()).collect::<Vec<_>>();
    if images(before) != images(after) {
        return Some((Sort::Command, format!("changes the image of {name} to {}", images(after).join(", "))));
    }
    if before.spec.paused != after.spec.paused {
        return Some((Sort::Command, format!("{} {name}", if after.spec.paused { "pauses" } else { "resumes" })));
    }
    let (old, new) = (&before.status, &after.status);
    Some((Sort::Sync, format!("counts {name}: {}", counts((old.replicas, new.replicas), (old.ready_replicas, new.ready_replicas)))))
}

fn counts(pods: (i32, i32), ready: (i32, i32)) -> String {
    let of = |(before, after): (i32, i32)| if before == after { after.to_string() } else { format!("{before} → {after}") };
    format!("{} pods, {} ready", of(pods), of(ready))
}

fn node(before: &Node, after: &Node, name: &str) -> Option<(Sort, String)> {
    let ready = |node: &Node| node.status.conditions.iter().find(|c| &*c.r#type == "Ready").map(|c| c.status.clone());
    if ready(before) != ready(after) {
        let is_ready = ready(after).is_some_and(|status| &*status == "True");
        return Some((Sort::Sync, format!("{name} is {}", if is_ready { "ready" } else { "not ready" })));
    }
    if before.spec.unschedulable != after.spec.unschedulable {
        return Some((Sort::Command, format!("{} {name}", if after.spec.unschedulable { "cordons" } else { "uncordons" })));
    }
    Some((Sort::Sync, format!("updates {name}")))
}

/// An attempt with at most `ROWS_MAX` nodes: of the feasible ones the best, of the others the first.
pub(super) fn shortened(attempt: &Value) -> Value {
    let mut out = attempt.clone();
    let nodes = attempt["scores"]["nodes"].as_object();
    let feasible: Vec<&str> = attempt["feasible"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let rejected = attempt["rejected"].as_object();
    if feasible.len() + rejected.map_or(0, Map::len) <= ROWS_MAX {
        return out;
    }
    let total = |node: &str| nodes.and_then(|nodes| nodes.get(node)).and_then(|score| score["total"].as_i64()).unwrap_or(0);
    let chosen = attempt["node"].as_str().unwrap_or("");
    let mut best = feasible.clone();
    best.sort_by_key(|node| (*node != chosen, -total(node)));
    best.truncate(ROWS_MAX * 2 / 3);
    best.sort_unstable();
    if let Some(nodes) = nodes {
        out["scores"]["nodes"] =
            best.iter().filter_map(|node| Some((node.to_string(), nodes.get(*node)?.clone()))).collect::<Map<_, _>>().into();
    }
    if let Some(rejected) = rejected {
        let room = ROWS_MAX - best.len();
        out["rejected"] = rejected.iter().take(room).map(|(node, why)| (node.clone(), why.clone())).collect::<Map<_, _>>().into();
    }
    if let Some(ties) = attempt["ties"].as_array() {
        out["ties"] = ties.iter().take(ROWS_MAX / 3).cloned().collect::<Vec<_>>().into();
    }
    if !feasible.is_empty() {
        out["feasible"] = best.into();
    }
    out
}
