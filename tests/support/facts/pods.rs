//! Facts of pods, by their owner at creation: their steps of life in order, counts, and what is left at the end.

use super::{Facts, Names, at, controller_of, list, text};
use crate::support::stream::Line;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Steps that the order of life does not show.
const HIDDEN: &[&str] = &["bound"];
/// Steps that the runs of equal steps leave out.
const UNCOUNTED: &[&str] = &["bound", "running", "succeeded", "failed"];

/// The pods' owners by old pod name.
pub fn groups(lines: &[Line], names: &Names) -> BTreeMap<String, String> {
    let added = lines.iter().filter(|line| line.kind == "Pod" && line.event == "ADDED");
    added.map(|line| (text(&line.object, "metadata.name"), owner(&line.object, names))).collect()
}

/// `reason`, or `reason x3`.
pub fn with_count((word, count): (String, usize)) -> String {
    if count > 1 { format!("{word} x{count}") } else { word }
}

fn owner(pod: &Value, names: &Names) -> String {
    controller_of(pod).map_or("(none)".into(), |(kind, name)| names.object(&kind, &name))
}

#[derive(Default)]
struct Pod {
    group: String,
    label: String,
    /// By which a DaemonSet's pods (node), a StatefulSet's (name), an Indexed Job's (index) and bare ones are told apart.
    member: Option<String>,
    created: String,
    last: Value,
    deleting: bool,
}

#[derive(Default)]
struct Group {
    steps: Vec<(String, String)>,
    by_member: BTreeMap<String, Vec<String>>,
    existing: BTreeSet<String>,
    max_existing: usize,
    max_not_terminating: usize,
}

/// Adds the facts of all pods.
pub fn facts(lines: &[Line], names: &Names, facts: &mut Facts) {
    let limited = lines.iter().any(|line| line.kind == "LimitRange");
    let mut pods: BTreeMap<String, Pod> = BTreeMap::new();
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.kind == "Pod") {
        let uid = text(&line.object, "metadata.uid");
        let pod = pods.entry(uid.clone()).or_insert_with(|| newcomer(&line.object, names));
        let steps = steps(pod, line, names);
        let group = groups.entry(pod.group.clone()).or_default();
        for step in steps {
            if let Some(member) = &pod.member
                && !["bound", "running"].contains(&step.as_str())
            {
                let shown = if step == "created" { pod.created.clone() } else { step.clone() };
                group.by_member.entry(member.clone()).or_default().push(shown);
            }
            group.steps.push((step, pod.label.clone()));
        }
        if line.event == "DELETED" {
            group.existing.remove(&uid);
        } else {
            group.existing.insert(uid);
            pod.last = line.object.clone();
        }
        let alive = group.existing.iter().filter(|uid| !pods[*uid].deleting).count();
        group.max_existing = group.max_existing.max(group.existing.len());
        group.max_not_terminating = group.max_not_terminating.max(alive);
    }
    if limited {
        for pod in pods.values().filter(|pod| pod.group == "(none)") {
            let resources: Vec<Value> = list(&pod.last, "spec.containers").iter().map(|c| c["resources"].clone()).collect();
            facts.insert(format!("PodSpec/{}", pod.label), json!({"resources": resources}));
        }
    }
    for (name, group) in groups {
        facts.insert(format!("Pods/{name}"), group.facts(&pods, names));
    }
}

fn newcomer(object: &Value, names: &Names) -> Pod {
    let name = names.object("Pod", &text(object, "metadata.name"));
    let kind = controller_of(object).map(|(kind, _)| kind).unwrap_or_default();
    let labels = &object["metadata"]["labels"];
    let revision = || names.revision(labels["controller-revision-hash"].as_str().unwrap_or(""));
    let index = object["metadata"]["annotations"]["batch.kubernetes.io/job-completion-index"].as_str();
    let (label, member, created) = match kind.as_str() {
        "StatefulSet" => (format!("{name}({})", revision()), Some(name), format!("created ({})", revision())),
        "DaemonSet" => {
            let node = format!("@{}", names.node(&daemon_node(object)));
            (format!("{node}({})", revision()), Some(node), format!("created ({})", revision()))
        }
        "Job" if index.is_some() => {
            let index = format!("[{}]", index.unwrap_or_default());
            (format!("{name}{index}"), Some(index), "created".into())
        }
        "" => (name.clone(), Some(name), "created".into()),
        _ => (name, None, "created".into()),
    };
    Pod { group: owner(object, names), label, member, created, last: Value::Null, deleting: false }
}

/// The node a daemon's pod is made for.
fn daemon_node(pod: &Value) -> String {
    let affinity = at(pod, "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms");
    let field = affinity.map(|terms| &terms[0]["matchFields"][0]["values"][0]).and_then(Value::as_str);
    field.map_or_else(|| text(pod, "spec.nodeName"), String::from)
}

fn condition<'a>(pod: &'a Value, kind: &str) -> Option<&'a Value> {
    list(pod, "status.conditions").iter().find(|condition| condition["type"] == kind)
}

fn is_ready(pod: &Value) -> bool {
    condition(pod, "Ready").is_some_and(|condition| condition["status"] == "True")
}

/// What a new version shows that the last one did not.
fn steps(pod: &mut Pod, line: &Line, names: &Names) -> Vec<String> {
    let (before, after) = (&pod.last, &line.object);
    let mut steps = Vec::new();
    if before.is_null() {
        steps.push("created".to_string());
    }
    let news = |path: &str| Some(text(after, path)).filter(|now| !now.is_empty() && *now != text(before, path));
    if news("spec.nodeName").is_some() {
        steps.push("bound".into());
    }
    if let Some(node) = news("status.nominatedNodeName") {
        steps.push(format!("nominated {}", names.node(&node)));
    }
    if !before.is_null() {
        match (controller_of(before), controller_of(after)) {
            (None, Some((kind, name))) => steps.push(format!("adopted by {}", names.object(&kind, &name))),
            (Some(_), None) => steps.push("released".into()),
            _ => {}
        }
    }
    let phase = news("status.phase");
    if phase.as_deref() == Some("Running") {
        steps.push("running".into());
    }
    if line.event != "DELETED" {
        match (is_ready(before), is_ready(after)) {
            (false, true) => steps.push("ready".into()),
            (true, false) if text(after, "status.phase") == "Running" => steps.push("unready".into()),
            _ => {}
        }
    }
    let going = at(after, "metadata.deletionTimestamp").is_some() || line.event == "DELETED";
    if going && !pod.deleting {
        let target = condition(after, "DisruptionTarget").filter(|condition| condition["status"] == "True");
        steps.push(target.map_or("deleting".into(), |c| format!("deleting (DisruptionTarget {})", text(c, "reason"))));
        pod.deleting = true;
    }
    match phase.as_deref() {
        Some("Succeeded") => steps.push("succeeded".into()),
        Some("Failed") => steps.push("failed".into()),
        _ => {}
    }
    if line.event == "DELETED" {
        steps.push("gone".into());
    }
    steps
}

impl Group {
    fn facts(&self, pods: &BTreeMap<String, Pod>, names: &Names) -> Value {
        let labels = |wanted: &str| -> Vec<String> {
            let is = |step: &str| step == wanted || step.starts_with(&format!("{wanted} ("));
            self.steps.iter().filter(|(step, _)| is(step)).map(|(_, label)| label.clone()).collect()
        };
        let (created, deleted, ready) = (labels("created"), labels("deleting"), labels("ready"));
        let deleted_set: BTreeSet<String> = deleted.iter().cloned().collect();
        let left: BTreeSet<String> = created.iter().filter(|label| !deleted_set.contains(*label)).cloned().collect();
        let shown = self.steps.iter().filter(|(step, _)| !HIDDEN.contains(&step.as_str()));
        let mut runs: Vec<(String, usize)> = Vec::new();
        let mut totals: BTreeMap<String, usize> = BTreeMap::new();
        for (step, _) in &self.steps {
            *totals.entry(step.clone()).or_default() += 1;
            match runs.last_mut() {
                _ if UNCOUNTED.contains(&step.as_str()) => {}
                Some((last, run)) if last == step => *run += 1,
                _ => runs.push((step.clone(), 1)),
            }
        }
        let mut facts = json!({
            "lifecycle": shown.map(|(step, label)| format!("{step} {label}")).collect::<Vec<_>>(),
            "lifecycle_counts": runs.into_iter().map(with_count).collect::<Vec<_>>(),
            "totals": totals,
            "creation_order": created,
            "deletion_order": deleted,
            "deletion_set": deleted_set,
            "ready_order": ready,
            "max_not_terminating": self.max_not_terminating,
            "max_existing": self.max_existing,
            "left_at_end": left,
        });
        if !self.by_member.is_empty() {
            facts["lifecycle_by_member"] = json!(self.by_member);
        }
        if !self.existing.is_empty() {
            let mut nodes: BTreeMap<String, usize> = BTreeMap::new();
            for uid in &self.existing {
                let node = text(&pods[uid].last, "spec.nodeName");
                *nodes.entry(if node.is_empty() { "(unbound)".into() } else { names.node(&node) }).or_default() += 1;
            }
            let mut counts: Vec<usize> = nodes.values().copied().collect();
            counts.sort_unstable();
            facts["final_per_node"] = json!(nodes);
            facts["final_per_node_counts"] = json!(counts);
        }
        facts
    }
}
