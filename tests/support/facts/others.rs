//! Facts of nodes, claims, quotas, disruption budgets and autoscalers.

use super::{Names, Track, at, int, list, text};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// The facts of one object; none for other kinds.
pub fn facts(track: &Track<'_>, names: &Names) -> Option<Value> {
    Some(match track.kind {
        "Node" => node(track),
        "PersistentVolumeClaim" => json!({
            "phase_seq": track.seq(|version| text(version, "status.phase").into()),
            "deleted": track.deleted,
            "owners_seq": track.seq(|version| owners(version, names)),
        }),
        "ResourceQuota" => json!({
            "used_seq": track.seq(|version| at(version, "status.used").cloned().into()),
            "final": {"hard": at(track.last(), "status.hard"), "used": at(track.last(), "status.used")},
        }),
        "PodDisruptionBudget" => budget(track),
        "HorizontalPodAutoscaler" => autoscaler(track, names),
        _ => return None,
    })
}

fn owners(version: &Value, names: &Names) -> Value {
    let owner = |owner: &Value| {
        let kind = text(owner, "kind");
        let name = names.object(&kind, &text(owner, "name"));
        format!("{kind}/{name}{}", if owner["controller"] == true { "(controller)" } else { "" })
    };
    list(version, "metadata.ownerReferences").iter().map(owner).collect::<Vec<_>>().into()
}

fn state(condition: &Value) -> String {
    format!("{}={}/{}", text(condition, "type"), text(condition, "status"), text(condition, "reason"))
}

fn node(track: &Track<'_>) -> Value {
    let mut ready: Vec<String> = Vec::new();
    let mut seen = BTreeSet::new();
    for condition in track.versions.iter().flat_map(|version| list(version, "status.conditions")) {
        seen.insert(state(condition));
        if condition["type"] == "Ready" && ready.last() != Some(&state(condition)) {
            ready.push(state(condition));
        }
    }
    let taints = |version: &Value| {
        let mut taints: Vec<String> =
            list(version, "spec.taints").iter().map(|taint| format!("{}:{}", text(taint, "key"), text(taint, "effect"))).collect();
        taints.sort();
        taints.into()
    };
    json!({
        "ready_seq": ready,
        "conditions_set": seen,
        "taints_seq": track.seq(taints),
        "unschedulable_seq": track.seq(|version| (at(version, "spec.unschedulable") == Some(&Value::Bool(true))).into()),
        "deleted": track.deleted,
    })
}

fn budget(track: &Track<'_>) -> Value {
    let fields = ["expectedPods", "desiredHealthy", "currentHealthy", "disruptionsAllowed"];
    let last: Vec<i64> = fields.iter().map(|field| int(track.last(), &format!("status.{field}"))).collect();
    json!({
        "status_seq(expected,desired,current,allowed)": track.status_tuple_seq(&fields),
        "final(expected,desired,current,allowed)": last,
        "conditions": track.conditions(),
    })
}

fn autoscaler(track: &Track<'_>, names: &Names) -> Value {
    json!({
        "current_desired_seq": track.status_tuple_seq(&["currentReplicas", "desiredReplicas"]),
        "desired_seq": track.status_seq("desiredReplicas"),
        "conditions": track.conditions(),
        "final_conditions": track.final_conditions(names),
        "current_metrics_seq": track.seq(|version| shown(at(version, "status.currentMetrics").unwrap_or(&Value::Null)).into()),
    })
}

/// JSON with sorted keys and a space after each colon and comma.
fn shown(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("[{}]", items.iter().map(shown).collect::<Vec<_>>().join(", ")),
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            let entry = |(key, value): (&String, &Value)| format!("{}: {}", Value::from(key.as_str()), shown(value));
            format!("{{{}}}", entries.into_iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
