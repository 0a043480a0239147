//! Facts of Kubernetes Events, by the object they are about; Events of pods by the pods' owner.

use super::names::any_pod;
use super::{Facts, Names, at, int, pods, text, tracks};
use crate::support::stream::Line;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

struct Note {
    kind: String,
    reason: String,
    message: String,
    count: i64,
    component: String,
}

/// Adds the facts of all Events.
pub fn facts(lines: &[Line], names: &Names, facts: &mut Facts) {
    let groups = pods::groups(lines, names);
    let mut about: BTreeMap<String, Vec<Note>> = BTreeMap::new();
    for track in tracks(lines, names).iter().filter(|track| track.kind == "Event") {
        let event = track.last();
        let kind = text(event, "involvedObject.kind");
        let name = text(event, "involvedObject.name");
        let object = match kind.as_str() {
            "Pod" => format!("Events/Pods of {}", groups.get(&name).map_or("(none)", String::as_str)),
            _ => format!("Events/{kind}/{}", names.object(&kind, &name)),
        };
        let component = [text(event, "reportingComponent"), text(event, "source.component")].into_iter().find(|name| !name.is_empty());
        about.entry(object).or_default().push(Note {
            kind: text(event, "type"),
            reason: text(event, "reason"),
            message: names.text(&text(event, "message")),
            count: at(event, "series.count").and_then(|n| n.as_i64()).unwrap_or(int(event, "count").max(1)),
            component: component.unwrap_or_default(),
        });
    }
    for (object, notes) in about {
        let of_pods = object.starts_with("Events/Pods of ");
        facts.insert(object, summary(&notes, of_pods));
    }
}

fn summary(notes: &[Note], of_pods: bool) -> serde_json::Value {
    let line = |note: &Note| format!("{} {}: {}", note.kind, note.reason, note.message);
    let mut runs: Vec<(String, usize)> = Vec::new();
    let mut totals: BTreeMap<String, i64> = BTreeMap::new();
    for note in notes {
        match runs.last_mut() {
            Some((reason, run)) if *reason == note.reason => *run += 1,
            _ => runs.push((note.reason.clone(), 1)),
        }
        *totals.entry(format!("{} {}", note.kind, note.reason)).or_default() += note.count;
    }
    let mut facts = json!({
        "reasons_seq": runs.into_iter().map(pods::with_count).collect::<Vec<_>>(),
        "reason_totals": totals,
        "messages_set": notes.iter().map(|note| any_pod(&line(note))).collect::<BTreeSet<_>>(),
        "components": notes.iter().map(|note| note.component.clone()).collect::<BTreeSet<_>>(),
    });
    if !of_pods {
        let counted = |note: &Note| if note.count > 1 { format!("{} (x{})", line(note), note.count) } else { line(note) };
        facts["messages_seq"] = notes.iter().map(counted).collect::<Vec<_>>().into();
    }
    facts
}
