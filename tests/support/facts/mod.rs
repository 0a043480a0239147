//! Reduces a watch stream to the facts by which a run is judged: see the README beside the recordings.

mod events;
mod names;
mod others;
mod pods;
mod services;
mod workloads;

pub use names::{Names, any_pod};

use crate::support::stream::Line;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Facts by object, then by name of the fact.
pub type Facts = BTreeMap<String, Value>;

/// All versions of one object, from its creation on.
pub struct Track<'a> {
    /// Its kind.
    pub kind: &'a str,
    /// Its new name.
    pub name: String,
    /// Its versions, without the one that the deletion showed.
    pub versions: Vec<&'a Value>,
    /// Whether it was deleted.
    pub deleted: bool,
}

impl Track<'_> {
    /// The last version.
    pub fn last(&self) -> &Value {
        self.versions.last().expect("an object has a version")
    }

    /// The values that something has over the versions, repeats dropped.
    pub fn seq(&self, of: impl Fn(&Value) -> Value) -> Value {
        let mut values: Vec<Value> = Vec::new();
        for version in &self.versions {
            let value = of(version);
            if values.last() != Some(&value) {
                values.push(value);
            }
        }
        values.into()
    }

    /// A number of the status over the versions.
    pub fn status_seq(&self, field: &str) -> Value {
        self.seq(|version| int(version, &format!("status.{field}")).into())
    }

    /// Several numbers of the status together.
    pub fn status_tuple_seq(&self, fields: &[&str]) -> Value {
        self.seq(|version| fields.iter().map(|field| int(version, &format!("status.{field}"))).collect::<Vec<_>>().into())
    }

    /// Every change of a status or reason, over all condition types.
    pub fn conditions(&self) -> Value {
        let mut known: BTreeMap<String, String> = BTreeMap::new();
        let mut changes = Vec::new();
        for version in &self.versions {
            for condition in list(version, "status.conditions") {
                let (kind, state) = (text(condition, "type"), format!("{}/{}", text(condition, "status"), text(condition, "reason")));
                if known.get(&kind) != Some(&state) {
                    changes.push(Value::from(format!("{kind}={state}")));
                    known.insert(kind, state);
                }
            }
        }
        changes.into()
    }

    /// Type, status, reason and message of the last conditions, by type.
    pub fn final_conditions(&self, names: &Names) -> Value {
        let mut rows: Vec<[String; 4]> = list(self.last(), "status.conditions")
            .iter()
            .map(|c| [text(c, "type"), text(c, "status"), text(c, "reason"), names.text(&text(c, "message"))])
            .collect();
        rows.sort();
        json!(rows)
    }

    /// The last status without its conditions and times.
    pub fn final_status(&self, names: &Names) -> Value {
        let status = self.last().get("status").and_then(Value::as_object).cloned().unwrap_or_default();
        let kept = status.into_iter().filter(|(key, _)| !["conditions", "startTime", "completionTime"].contains(&key.as_str()));
        names.value(&Value::Object(kept.collect::<Map<_, _>>()))
    }
}

/// What is at a path such as `status.replicas`.
pub fn at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, key| value.get(key)).filter(|value| !value.is_null())
}

/// A number, 0 if absent.
pub fn int(value: &Value, path: &str) -> i64 {
    at(value, path).and_then(Value::as_i64).unwrap_or(0)
}

/// A text, empty if absent.
pub fn text(value: &Value, path: &str) -> String {
    at(value, path).and_then(Value::as_str).unwrap_or("").to_string()
}

/// A list, empty if absent.
pub fn list<'a>(value: &'a Value, path: &str) -> &'a [Value] {
    at(value, path).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Kind and name of the managing controller.
pub fn controller_of(object: &Value) -> Option<(String, String)> {
    let owner = list(object, "metadata.ownerReferences").iter().find(|owner| owner["controller"] == true)?;
    Some((text(owner, "kind"), text(owner, "name")))
}

/// All objects of a stream, in the order of their creation.
pub fn tracks<'a>(lines: &'a [Line], names: &Names) -> Vec<Track<'a>> {
    let mut order: Vec<Track<'a>> = Vec::new();
    let mut places: BTreeMap<(&str, String), usize> = BTreeMap::new();
    for line in lines {
        let key = (line.kind.as_str(), text(&line.object, "metadata.uid"));
        let place = *places.entry(key).or_insert_with(|| {
            let name = names.object(&line.kind, &text(&line.object, "metadata.name"));
            order.push(Track { kind: &line.kind, name, versions: Vec::new(), deleted: false });
            order.len() - 1
        });
        let track = &mut order[place];
        if line.event == "DELETED" {
            track.deleted = true;
        }
        if line.event != "DELETED" || track.versions.is_empty() {
            track.versions.push(&line.object);
        }
    }
    order
}

/// The facts of a stream.
pub fn reduce(lines: &[Line], names: &Names) -> Facts {
    let mut facts = Facts::new();
    let tracks = tracks(lines, names);
    for track in &tracks {
        let Some(of_track) = workloads::facts(track, names).or_else(|| others::facts(track, names)) else { continue };
        let mut key = format!("{}/{}", track.kind, track.name);
        // Of several namesakes the first and the last Deployment are shown, of other kinds the last.
        if track.kind == "Deployment" && facts.contains_key(&key) {
            key += "#2";
        }
        facts.insert(key, of_track);
    }
    workloads::replica_set_sizes(lines, names, &mut facts);
    services::facts(lines, names, &mut facts);
    pods::facts(lines, names, &mut facts);
    events::facts(lines, names, &mut facts);
    facts
}
