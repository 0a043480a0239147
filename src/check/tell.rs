//! Commits and records in a line each, for what led to a failure and for what two runs differ in.

use crate::actor::Record;
use crate::base::Time;
use crate::model::{Body, Kind, Obj, Object, Pod};
use crate::store::{Key, LogEntry};

/// A commit in a line; nothing for Events, Leases and samples, and for what changes nothing that the line would show.
pub fn commit(key: &Key, entry: &LogEntry) -> Option<String> {
    if matches!(entry.kind(), Kind::Event | Kind::Lease) || entry.kind() == Kind::Other && key.group_kind.ends_with("/PodMetrics") {
        return None;
    }
    let place = if key.namespace.is_empty() { key.name.to_string() } else { format!("{}/{}", key.namespace, key.name) };
    let name = format!("{} {place}", entry.object().kind_name());
    match (&entry.before, &entry.after) {
        (None, Some(after)) => Some(join(format!("{name} created"), &shown(after))),
        (_, None) => Some(format!("{name} removed")),
        (Some(before), Some(after)) => {
            let (was, is) = (shown(before), shown(after));
            let turned: Vec<String> = is.iter().filter(|word| !was.contains(word)).cloned().collect();
            // What has a number in it has turned into something else; a taint is gone.
            let lost = was.iter().filter(|word| !is.contains(word) && (!word.contains(' ') || word.starts_with("taint ")));
            let gone: Vec<String> = lost.map(|word| format!("no longer {word}")).collect();
            if turned.is_empty() && gone.is_empty() {
                return None;
            }
            Some(join(name, &[turned, gone].concat()))
        }
    }
}

/// A record in a line, if it is about what users and failures do.
pub fn record(record: &Record) -> Option<String> {
    match record {
        Record::Command { line, .. } => Some(format!("$ kubectl {line}")),
        Record::CommandDone { exit_code, .. } if *exit_code != 0 => Some(format!("kubectl ends with exit status {exit_code}")),
        Record::Fault { name, target, healed } => Some(format!("{name}{}: {target}", if *healed { " ends" } else { "" })),
        _ => None,
    }
}

/// A line with its time.
pub fn at(time: Time, text: &str) -> String {
    format!("{:>12}  {text}", time.to_string())
}

fn join(head: String, words: &[String]) -> String {
    if words.is_empty() { head } else { format!("{head}: {}", words.join(", ")) }
}

/// What of an object is worth telling.
fn shown(object: &Obj) -> Vec<String> {
    let mut words = match &object.body {
        Body::Pod(pod) => pod_words(pod),
        Body::Node(node) => {
            let ready = node.condition("Ready").map(|ready| format!("Ready is {}", ready.status));
            let taints = node.spec.taints.iter().map(|taint| format!("taint {}:{}", taint.key, taint.effect));
            let cordoned = node.spec.unschedulable.then(|| "cordoned".to_string());
            ready.into_iter().chain(taints).chain(cordoned).collect()
        }
        Body::Deployment(deployment) => {
            let (status, replicas) = (&deployment.status, deployment.spec.replicas.unwrap_or(1));
            vec![
                format!("{replicas} wanted"),
                format!("status {} updated {} ready {}", status.replicas, status.updated_replicas, status.ready_replicas),
            ]
        }
        Body::ReplicaSet(set) => {
            vec![
                format!("{} wanted", set.spec.replicas.unwrap_or(1)),
                format!("status {} ready {}", set.status.replicas, set.status.ready_replicas),
            ]
        }
        Body::StatefulSet(set) => {
            vec![
                format!("{} wanted", set.spec.replicas.unwrap_or(1)),
                format!("status {} ready {}", set.status.replicas, set.status.ready_replicas),
            ]
        }
        Body::DaemonSet(set) => vec![format!("ready {} of {}", set.status.number_ready, set.status.desired_number_scheduled)],
        Body::Job(job) => {
            let ends =
                job.status.conditions.iter().filter(|condition| &*condition.status == "True").map(|condition| condition.r#type.to_string());
            let counts = format!("active {} succeeded {} failed {}", job.status.active, job.status.succeeded, job.status.failed);
            std::iter::once(counts).chain(ends).collect()
        }
        Body::PodDisruptionBudget(budget) => {
            vec![format!(
                "allows {} with {} healthy of {} needed",
                budget.status.disruptions_allowed, budget.status.current_healthy, budget.status.desired_healthy
            )]
        }
        _ => vec![format!("generation {}", object.meta.generation)],
    };
    if object.meta.is_deleting() {
        words.push("terminating".into());
    }
    words
}

fn pod_words(pod: &Pod) -> Vec<String> {
    let mut words = Vec::new();
    if pod.is_bound() {
        words.push(format!("on {}", pod.node_name));
    }
    words.push(format!("phase {}", pod.status.phase));
    if pod.is_ready() {
        words.push("ready".into());
    }
    let restarts: i32 = pod.status.container_statuses.iter().map(|status| status.restart_count).sum();
    if restarts > 0 {
        words.push(format!("restarts {restarts}"));
    }
    let waits = pod.status.container_statuses.iter().filter_map(|status| status.state.waiting.as_ref());
    words.extend(waits.filter(|waiting| &*waiting.reason != "ContainerCreating").map(|waiting| format!("waits for {}", waiting.reason)));
    words
}

/// The name of an object as users say it.
pub fn name(object: &Object) -> String {
    format!("{} {}/{}", object.kind_name(), object.meta.namespace, object.meta.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use serde_json::{Value, json};

    fn told(steps: &[Option<Value>]) -> Vec<Option<String>> {
        let mut store = Store::default();
        let first = steps.iter().flatten().next().unwrap();
        let id = store.intern(Key::of(&Object::from_json(first.clone()).unwrap()));
        let versions: Vec<u64> =
            steps.iter().map(|step| store.commit(Time::ZERO, id, step.clone().map(|json| Object::from_json(json).unwrap()))).collect();
        versions.into_iter().map(|version| commit(store.key(id), store.entry(version).unwrap())).collect()
    }

    #[test]
    fn commits_say_what_changed() {
        let pod = |node: &str, ready: &str, label: &str| {
            Some(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "d", "labels": {"l": label}},
                "spec": {"nodeName": node}, "status": {"phase": "Pending", "conditions": [{"type": "Ready", "status": ready}]}}))
        };
        let lines = told(&[
            pod("", "False", "a"),
            pod("n", "False", "a"),
            pod("n", "True", "a"),
            pod("n", "True", "b"),
            pod("n", "False", "b"),
            None,
        ]);
        let lines: Vec<&str> = lines.iter().map(|line| line.as_deref().unwrap_or("-")).collect();
        let wanted =
            ["Pod d/p created: phase Pending", "Pod d/p: on n", "Pod d/p: ready", "-", "Pod d/p: no longer ready", "Pod d/p removed"];
        assert_eq!(lines, wanted);
        assert_eq!(record(&Record::Fault { name: "node-crash", target: "a".into(), healed: true }).unwrap(), "node-crash ends: a");
    }
}
