//! Taints and labels that follow from a node's state: conditions and cordons become NoSchedule taints, the stable labels of
//! operating system and architecture are repeated under their old names.
//! Real: pkg/controller/nodelifecycle/node_lifecycle_controller.go (doNoScheduleTaintingPass, reconcileNodeLabels) @ v1.37.2.

use crate::actor::client::Limits;
use crate::actor::controller::{Controller, Step, Sync, Work};
use crate::actor::{Ctx, Kinds};
use crate::api::Verb;
use crate::base::Span;
use crate::model::{Kind, Labels, Node, Object, Taint, Timestamp};
use crate::store::{Change, Id, Key};
use std::collections::VecDeque;
use std::sync::Arc;

/// The condition, the status of it and the taint that follows.
const CONDITION_TAINTS: [(&str, &str, &str); 6] = [
    ("Ready", "False", "node.kubernetes.io/not-ready"),
    ("Ready", "Unknown", "node.kubernetes.io/unreachable"),
    ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
    ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
    ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
    ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
];
const UNSCHEDULABLE: &str = "node.kubernetes.io/unschedulable";
/// Stable labels and their old names.
const LABELS: [(&str, &str); 2] = [("kubernetes.io/os", "beta.kubernetes.io/os"), ("kubernetes.io/arch", "beta.kubernetes.io/arch")];

/// The real one does not try again what has failed: the node's next report, at the latest after this, makes it look anew. Reports that
/// say nothing new are no events here.
const REPORT_PERIOD: Span = Span::from_s(300);

/// Keeps those taints and labels.
pub struct NodeTaints {
    limits: Option<Limits>,
}

impl NodeTaints {
    /// With these limits of its client.
    pub fn new(limits: Option<Limits>) -> NodeTaints {
        NodeTaints { limits }
    }
}

impl Controller for NodeTaints {
    /// Requests still to be sent, one after the other.
    type Progress = VecDeque<Verb>;

    fn name(&self) -> &'static str {
        "node-taints"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::Node])
    }

    fn workers(&self) -> usize {
        8
    }

    fn client_limits(&self) -> Option<Limits> {
        self.limits
    }

    fn changed(&mut self, change: Change<'_>, work: &mut Work<'_>, _cx: &mut Ctx<'_>) {
        if change.after.is_some() {
            work.add(change.id);
        }
    }

    fn sync(&mut self, key: Id, sync: &mut Sync<VecDeque<Verb>>, cx: &mut Ctx<'_>) -> Step {
        if sync.turn == 0 {
            let Some(object) = cx.view.get(key) else { return Step::Done };
            sync.progress = requests(object, cx.timestamp());
        }
        if sync.answers.iter().any(Result::is_err) {
            return Step::After(REPORT_PERIOD);
        }
        sync.progress.pop_front().map_or(Step::Done, Step::call)
    }
}

/// Taints are added first, then others taken off, then labels set, all as the node was at the beginning.
fn requests(object: &Object, now: Timestamp) -> VecDeque<Verb> {
    let mut verbs = VecDeque::new();
    let Some(node) = object.as_node() else { return verbs };
    let (add, remove) = taint_changes(node);
    let target = Key::of(object);
    if !add.is_empty() {
        verbs.push_back(add_taints(target.clone(), add, now));
    }
    if !remove.is_empty() {
        verbs.push_back(remove_taints(target.clone(), remove));
    }
    let labels = label_changes(&object.meta.labels);
    if !labels.is_empty() {
        verbs.push_back(Verb::edit(target, move |node| {
            for (name, value) in &labels {
                node.meta.labels.set(*name, value.as_str());
            }
        }));
    }
    verbs
}

/// A request that puts taints on a node, each in the place of its like.
pub fn add_taints(node: Key, taints: Vec<Taint>, now: Timestamp) -> Verb {
    Verb::edit(node, move |object| {
        let Some(node) = object.as_node_mut() else { return };
        let list = &mut Arc::make_mut(&mut node.spec).taints;
        for taint in &taints {
            let taint = Taint { time_added: Some(now), ..taint.clone() };
            match list.iter_mut().find(|old| old.matches(&taint)) {
                Some(place) => *place = taint,
                None => list.push(taint),
            }
        }
    })
}

/// A request that takes taints off a node.
pub fn remove_taints(node: Key, taints: Vec<Taint>) -> Verb {
    Verb::edit(node, move |object| {
        let Some(node) = object.as_node_mut() else { return };
        Arc::make_mut(&mut node.spec).taints.retain(|old| !taints.iter().any(|taint| taint.matches(old)));
    })
}

fn no_schedule(key: &str) -> Taint {
    Taint { key: key.into(), effect: "NoSchedule".into(), ..Taint::default() }
}

/// The taints to be added and those to be taken off.
fn taint_changes(node: &Node) -> (Vec<Taint>, Vec<Taint>) {
    let mut wanted: Vec<Taint> = Vec::new();
    for condition in &node.status.conditions {
        let found = CONDITION_TAINTS.iter().find(|(kind, status, _)| *kind == &*condition.r#type && *status == &*condition.status);
        wanted.extend(found.map(|(_, _, key)| no_schedule(key)));
    }
    if node.spec.unschedulable {
        wanted.push(no_schedule(UNSCHEDULABLE));
    }
    let ours = |key: &str| key == UNSCHEDULABLE || CONDITION_TAINTS.iter().any(|(_, _, taint)| *taint == key);
    let present: Vec<&Taint> = node.spec.taints.iter().filter(|taint| taint.effect == "NoSchedule" && ours(&taint.key)).collect();
    let remove = present.iter().filter(|old| !wanted.iter().any(|new| new.matches(old))).map(|old| (*old).clone()).collect();
    wanted.retain(|new| !present.iter().any(|old| old.matches(new)));
    (wanted, remove)
}

fn label_changes(labels: &Labels) -> Vec<(&'static str, String)> {
    let pairs = LABELS.iter().filter_map(|(stable, old)| Some((*old, labels.get(stable)?)));
    pairs.filter(|(old, value)| labels.get(old) != Some(value)).map(|(old, value)| (old, value.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn taints_follow_conditions() {
        let cases = [
            (json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}), vec![], vec![]),
            (json!({"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}), vec!["unreachable"], vec![]),
            (
                json!({"spec": {"taints": [{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"},
                                           {"key": "mine", "effect": "NoSchedule"},
                                           {"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}]},
                       "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "DiskPressure", "status": "True"}]}}),
                vec!["disk-pressure"],
                vec!["not-ready"],
            ),
            (json!({"spec": {"unschedulable": true}}), vec!["unschedulable"], vec![]),
        ];
        for (node, add, remove) in cases {
            let node: Node = serde_json::from_value(node).unwrap();
            let (added, removed) = taint_changes(&node);
            let short = |taints: &[Taint]| taints.iter().map(|t| t.key.replace("node.kubernetes.io/", "")).collect::<Vec<_>>();
            assert_eq!(
                (short(&added), short(&removed)),
                (add.iter().map(|s| s.to_string()).collect(), remove.iter().map(|s| s.to_string()).collect())
            );
        }
    }

    #[test]
    fn old_labels_repeat_the_stable_ones() {
        let labels =
            Labels::from_pairs([("kubernetes.io/os", "linux"), ("kubernetes.io/arch", "arm64"), ("beta.kubernetes.io/os", "linux")]);
        assert_eq!(label_changes(&labels), [("beta.kubernetes.io/arch", "arm64".to_string())]);
    }
}
