//! The replay as JSON, for the report page and for other tools. `docs/report-page.md` describes it.

use super::delta::diff;
use super::steps::Step;
use super::{History, Replay, Version};
use crate::actor::Kinds;
use crate::base::Time;
use crate::base::collections::Map;
use crate::manifest::table::pods;
use crate::model::{Kind, Object, Str};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};
use std::cell::Cell;

/// Milliseconds since the start, rounded up: an instant in whole milliseconds includes what happened up to then.
pub fn ms(at: Time) -> u64 {
    at.0.div_ceil(1_000_000)
}

/// A list whose members are made when they are written, one after the other.
pub struct Each<I>(Cell<Option<I>>);

impl<I: Iterator<Item: Serialize>> Each<I> {
    /// What goes through.
    pub fn new(members: I) -> Each<I> {
        Each(Cell::new(Some(members)))
    }
}

impl<I: Iterator<Item: Serialize>> Serialize for Each<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.take().into_iter().flatten())
    }
}

/// Everything kept; each part is made when it is written, and gone after. Keys are in order.
impl Serialize for Replay {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("actors", &self.actors)?;
        map.serialize_entry("attempts", &Each::new(self.attempts.iter().map(|(at, attempt)| attempt_json(*at, attempt))))?;
        map.serialize_entry("big", &self.big)?;
        map.serialize_entry("deliveries", &Each::new(self.deliveries.iter().map(|d| (ms(d.at), d.to, d.version))))?;
        map.serialize_entry("keptUntil", &self.kept_until.map(ms))?;
        map.serialize_entry("objects", &Each::new(self.objects_json()))?;
        map.serialize_entry("queue", &Each::new(self.moves.iter().map(|m| (ms(m.at), &m.pod, m.from, m.to, &m.event))))?;
        map.serialize_entry("refusals", &Each::new(self.refusals.iter().map(|r| (ms(r.at), r.by, r.verb, &r.answer))))?;
        let step = |step: &Step| json!([ms(step.at), step.sort.name(), step.by, step.object, step.version, step.attempt, step.text]);
        map.serialize_entry("steps", &Each::new(self.steps.iter().map(step)))?;
        map.serialize_entry("versionsLeftOut", &self.versions_left_out)?;
        map.serialize_entry("watches", &self.watches_json())?;
        map.end()
    }
}

impl Replay {
    /// The histories; the first object of each sort is held, as later ones are told as differences from it.
    fn objects_json(&self) -> impl Iterator<Item = Value> {
        let mut first: Map<(Kind, Str), (usize, Value)> = Map::default();
        self.objects.iter().enumerate().map(move |(place, history)| {
            let created = history.versions.iter().find_map(|version| version.object.as_ref());
            let sort = created.and_then(|object| sort(object));
            let known = sort.as_ref().and_then(|sort| first.get(sort));
            let json = history_json(history, known.map(|(place, base)| (*place, base)));
            if let (Some(sort), None, Some(object)) = (sort, known, created) {
                first.insert(sort, (place, plain(object)));
            }
            json
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

/// Objects of one kind and owner are alike: their first versions are told as differences from the first one's.
fn sort(object: &Object) -> Option<(Kind, Str)> {
    let owner = object.meta.controller().map(|owner| owner.uid.clone()).unwrap_or_default();
    let alone = owner.is_empty() && object.kind() != Kind::Node && object.kind() != Kind::Pod;
    (!alone).then(|| (object.kind(), owner))
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
