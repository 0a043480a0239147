//! Facts of Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs, CronJobs and their revisions.

use super::{Facts, Names, Track, at, controller_of, int, list, text};
use crate::support::stream::Line;
use serde_json::{Value, json};
use std::collections::BTreeMap;

const DEPLOYMENT_FIELDS: &[&str] =
    &["replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas", "terminatingReplicas"];
const STATEFUL_SET_FIELDS: &[&str] = &["replicas", "readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas"];
const DAEMON_SET_FIELDS: &[&str] = &[
    "desiredNumberScheduled",
    "currentNumberScheduled",
    "numberReady",
    "updatedNumberScheduled",
    "numberAvailable",
    "numberUnavailable",
    "numberMisscheduled",
];
const JOB_FIELDS: &[&str] = &["active", "ready", "succeeded", "failed", "terminating"];

/// The facts of one workload; none for other kinds.
pub fn facts(track: &Track<'_>, names: &Names) -> Option<Value> {
    Some(match track.kind {
        "Deployment" => deployment(track, names),
        "ReplicaSet" => replica_set(track, names),
        "ReplicationController" => replica_set(track, names),
        "StatefulSet" => stateful_set(track, names),
        "DaemonSet" => daemon_set(track, names),
        "Job" => job(track, names),
        "CronJob" => cron_job(track, names),
        "ControllerRevision" => {
            json!({"revision_seq": track.seq(|v| int(v, "revision").into()), "deleted": track.deleted})
        }
        _ => return None,
    })
}

fn finalizers(track: &Track<'_>) -> Value {
    track.seq(|version| list(version, "metadata.finalizers").to_vec().into())
}

fn annotation(version: &Value, name: &str) -> Value {
    version["metadata"]["annotations"].get(format!("deployment.kubernetes.io/{name}")).cloned().unwrap_or(Value::Null)
}

fn common(track: &Track<'_>, names: &Names) -> Value {
    json!({
        "deleted": track.deleted,
        "generation": int(track.last(), "metadata.generation"),
        "final_status": track.final_status(names),
        "conditions": track.conditions(),
    })
}

fn add_status_seqs(facts: &mut Value, track: &Track<'_>, fields: &[&str]) {
    for field in fields {
        facts[format!("status_seq_{field}")] = track.status_seq(field);
    }
}

fn deployment(track: &Track<'_>, names: &Names) -> Value {
    let mut facts = common(track, names);
    facts["revision_annotation"] = track.seq(|version| annotation(version, "revision"));
    facts["final_conditions"] = track.final_conditions(names);
    facts["metadata_and_finalizers"] = finalizers(track);
    add_status_seqs(&mut facts, track, DEPLOYMENT_FIELDS);
    let available = |version: &&Value| int(version, "status.availableReplicas");
    let full = track.versions.iter().position(|version| {
        let wanted = int(version, "spec.replicas");
        wanted > 0 && available(version) >= wanted
    });
    if let Some(full) = full {
        facts["min_available_after_first_full"] = track.versions[full..].iter().map(available).min().into();
    }
    facts["max_status_replicas"] = track.versions.iter().map(|version| int(version, "status.replicas")).max().into();
    facts
}

fn replica_set(track: &Track<'_>, names: &Names) -> Value {
    let mut facts = common(track, names);
    facts["spec_replicas_seq"] = track.seq(|version| int(version, "spec.replicas").into());
    let mut annotations = json!({});
    for name in ["desired-replicas", "max-replicas", "revision", "revision-history"] {
        let value = annotation(track.last(), name);
        if !value.is_null() {
            annotations[name] = value;
        }
    }
    facts["annotations_final"] = annotations;
    facts["revision_seq"] = track.seq(|version| annotation(version, "revision"));
    facts["owner_seq"] = track.seq(|version| controller_of(version).map(|(_, name)| name).into());
    facts["finalizers_seq"] = finalizers(track);
    facts
}

fn stateful_set(track: &Track<'_>, names: &Names) -> Value {
    let mut facts = common(track, names);
    facts["status_seq(replicas,ready,available,current,updated)"] = track.status_tuple_seq(STATEFUL_SET_FIELDS);
    add_status_seqs(&mut facts, track, STATEFUL_SET_FIELDS);
    let revision = |version: &Value, field: &str| names.text(&text(version, &format!("status.{field}Revision")));
    facts["revisions_seq(current,update)"] = track.seq(|version| json!([revision(version, "current"), revision(version, "update")]));
    facts
}

fn daemon_set(track: &Track<'_>, names: &Names) -> Value {
    let mut facts = common(track, names);
    facts["status_seq(desired,current,ready,updated,available,unavailable,misscheduled)"] = track.status_tuple_seq(DAEMON_SET_FIELDS);
    add_status_seqs(&mut facts, track, DAEMON_SET_FIELDS);
    facts
}

fn job(track: &Track<'_>, names: &Names) -> Value {
    let mut facts = common(track, names);
    facts["status_seq(active,ready,succeeded,failed,terminating)"] = track.status_tuple_seq(JOB_FIELDS);
    add_status_seqs(&mut facts, track, JOB_FIELDS);
    for field in ["completedIndexes", "failedIndexes"] {
        facts[format!("{field}_seq")] = track.seq(|version| at(version, &format!("status.{field}")).cloned().into());
    }
    facts["final_conditions"] = track.final_conditions(names);
    facts["has_startTime_seq"] = track.seq(|version| at(version, "status.startTime").is_some().into());
    facts["has_completionTime"] = at(track.last(), "status.completionTime").is_some().into();
    facts["finalizers_seq"] = finalizers(track);
    facts
}

fn cron_job(track: &Track<'_>, names: &Names) -> Value {
    let active =
        |version: &Value| list(version, "status.active").iter().map(|job| names.object("Job", &text(job, "name"))).collect::<Vec<_>>();
    json!({
        "active_count_seq": track.seq(|version| active(version).len().into()),
        "active_seq": track.seq(|version| active(version).into()),
        "has_lastSuccessfulTime_seq": track.seq(|version| at(version, "status.lastSuccessfulTime").is_some().into()),
    })
}

/// The sizes of all ReplicaSets of each Deployment after each change of any of them.
pub fn replica_set_sizes(lines: &[Line], names: &Names, facts: &mut Facts) {
    let mut sizes: BTreeMap<String, BTreeMap<usize, i64>> = BTreeMap::new();
    let mut seqs: BTreeMap<String, (Vec<String>, i64)> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.kind == "ReplicaSet") {
        let name = names.object("ReplicaSet", &text(&line.object, "metadata.name"));
        let Some((deployment, number)) = name.rsplit_once("-rs") else { continue };
        let Ok(number) = number.parse::<usize>() else { continue };
        let now = sizes.entry(deployment.to_string()).or_default();
        match line.event.as_str() {
            "DELETED" => now.remove(&number),
            _ => now.insert(number, int(&line.object, "spec.replicas")),
        };
        let shown = now.iter().map(|(number, size)| format!("rs{number}={size}")).collect::<Vec<_>>().join(" ");
        let (seq, max) = seqs.entry(deployment.to_string()).or_default();
        if seq.last() != Some(&shown) {
            seq.push(shown);
        }
        *max = (*max).max(now.values().sum());
    }
    for (deployment, (seq, max)) in seqs {
        let whole = format!("Deployment/{deployment}");
        let again = format!("{whole}#");
        for (_, value) in facts.iter_mut().filter(|(key, _)| **key == whole || key.starts_with(&again)) {
            value["replicaset_spec_replicas_seq"] = seq.clone().into();
            value["max_spec_total"] = max.into();
        }
    }
}
