//! The replay as JSON, for the report page and for other tools. `docs/report-page.md` describes it.

use super::delta::diff;
use super::{History, Replay, Version};
use crate::actor::Kinds;
use crate::base::Time;
use crate::base::collections::Map;
use crate::manifest::table::pods;
use crate::model::{Kind, Object, Str};
use serde_json::{Value, json};

/// Milliseconds since the start, rounded up: an instant in whole milliseconds includes what happened up to then.
pub fn ms(at: Time) -> u64 {
    at.0.div_ceil(1_000_000)
}

impl Replay {
    /// Everything kept.
    pub fn to_json(&self) -> Value {
        let mut first: Map<(Kind, Str), usize> = Map::default();
        let mut bases: Vec<Value> = Vec::with_capacity(self.objects.len());
        let mut objects: Vec<Value> = Vec::with_capacity(self.objects.len());
        for (place, history) in self.objects.iter().enumerate() {
            let created = history.versions.iter().find_map(|version| version.object.as_ref());
            let base = created.map_or(Value::Null, |object| plain(object));
            let like = created.and_then(|object| like(&mut first, object, place));
            objects.push(history_json(history, like.map(|like| (like, &bases[like]))));
            bases.push(base);
        }
        json!({
            "big": self.big,
            "keptUntil": self.kept_until.map(ms),
            "versionsLeftOut": self.versions_left_out,
            "actors": self.actors,
            "watches": self.watches_json(),
            "objects": objects,
            "deliveries": self.deliveries.iter().map(|d| json!([ms(d.at), d.to, d.version])).collect::<Value>(),
            "refusals": self.refusals.iter().map(|r| json!([ms(r.at), r.by, r.verb, r.answer])).collect::<Value>(),
            "queue": self.moves.iter().map(|m| json!([ms(m.at), m.pod, m.from, m.to, m.event])).collect::<Value>(),
            "attempts": self.attempts.iter().map(|(at, attempt)| attempt_json(*at, attempt)).collect::<Value>(),
            "steps": self.steps.iter().map(|step| {
                json!([ms(step.at), step.sort.name(), step.by, step.object, step.version, step.attempt, step.text])
            }).collect::<Value>(),
        })
    }
}

impl Replay {
    /// Of the kinds in this run those that each component watches.
    fn watches_json(&self) -> Value {
        let mut kinds: Vec<Kind> = Vec::new();
        for history in &self.objects {
            if !kinds.contains(&history.key.kind) {
                kinds.push(history.key.kind);
            }
        }
        let of = |watched: &Kinds| kinds.iter().filter(|kind| watched.contains(**kind)).map(|kind| json!(kind.name())).collect::<Value>();
        self.watches.iter().map(|(name, watched)| (name.clone(), of(watched))).collect::<serde_json::Map<_, _>>().into()
    }
}

/// Of which object the first version is to be told as a difference: the first one of the same kind and owner.
fn like(first: &mut Map<(Kind, Str), usize>, object: &Object, place: usize) -> Option<usize> {
    let owner = object.meta.controller().map(|owner| owner.uid.clone()).unwrap_or_default();
    if owner.is_empty() && object.kind() != Kind::Node && object.kind() != Kind::Pod {
        return None;
    }
    let known = *first.get_or_insert_with((object.kind(), owner), || place);
    (known != place).then_some(known)
}

/// The object without its resourceVersion, which the list of versions tells anyway.
fn plain(object: &Object) -> Value {
    let mut json = object.to_json();
    if let Some(meta) = json["metadata"].as_object_mut() {
        meta.remove("resourceVersion");
    }
    json
}

fn history_json(history: &History, like: Option<(usize, &Value)>) -> Value {
    let mut before = like.map_or(Value::Null, |(_, base)| base.clone());
    let mut shown: Option<Value> = None;
    let versions = history.versions.iter().map(|version| {
        let entry = version_json(version, &mut before, &mut shown);
        if version.object.is_none() {
            shown = None;
        }
        entry
    });
    let versions: Value = versions.collect();
    let key = &history.key;
    let kind = if key.kind == Kind::Other { &key.group_kind } else { key.kind.name() };
    let mut out = json!({"kind": kind, "name": key.name, "versions": versions});
    if !key.namespace.is_empty() {
        out["namespace"] = (*key.namespace).into();
    }
    if let Some((like, _)) = like {
        out["like"] = like.into();
    }
    out
}

/// `[t, resourceVersion, actor, verb, delta]`, for a pod whose row changes with that row as kubectl shows it.
fn version_json(version: &Version, before: &mut Value, shown: &mut Option<Value>) -> Value {
    let mut entry = vec![json!(ms(version.at)), json!(version.version), json!(version.by), json!(version.verb)];
    let Some(object) = &version.object else {
        entry.push(Value::Null);
        return entry.into();
    };
    let now = plain(object);
    entry.push(diff(before, &now).unwrap_or_else(|| json!({})));
    *before = now;
    if let Some(pod) = object.as_pod() {
        let sum = pods::summary(&object.meta, pod);
        let row = json!([sum.ready, sum.total, sum.status, sum.restarts]);
        if shown.as_ref() != Some(&row) {
            entry.push(row.clone());
            *shown = Some(row);
        }
    }
    entry.into()
}

/// An attempt with its nodes as rows: `[node, total, raw scores, normalised scores]`, or `[node, plugin, reasons]`.
fn attempt_json(at: Time, attempt: &Value) -> Value {
    let scores = &attempt["scores"];
    let feasible = attempt["feasible"].as_array().into_iter().flatten();
    let rows = feasible.map(|node| {
        let score = &scores["nodes"][node.as_str().unwrap_or("")];
        if score.is_null() { json!([node]) } else { json!([node, score["total"], score["raw"], score["norm"]]) }
    });
    let rejected = attempt["rejected"].as_object().into_iter().flatten();
    let rejected: Value = rejected.map(|(node, why)| json!([node, why["plugin"], why["reasons"]])).collect();
    let mut out = json!({
        "t": ms(at),
        "pod": attempt["pod"],
        "attempt": attempt["attempt"],
        "from": attempt["from"],
        "feasible": rows.collect::<Value>(),
        "rejected": rejected,
        "feasibleCount": attempt["feasibleCount"],
        "rejectedCount": attempt["rejectedCount"],
    });
    for key in ["node", "message", "ties", "nearest", "preFilter"] {
        if attempt.get(key).is_some_and(|value| !matches!(value.as_str(), Some(""))) {
            out[key] = attempt[key].clone();
        }
    }
    if !scores.is_null() {
        out["plugins"] = scores["plugins"].clone();
        out["weights"] = scores["weights"].clone();
    }
    out
}
