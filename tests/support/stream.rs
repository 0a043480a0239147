//! The watch stream of a run: every change of every object, as JSON, in order.

use kubesim::actor::Observer;
use kubesim::model::{Kind, Object};
use kubesim::store::{Key, LogEntry};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::rc::Rc;

/// One change.
#[derive(Clone, Debug)]
pub struct Line {
    /// Milliseconds since the start of the scenario.
    pub t: i64,
    /// Kind of the object.
    pub kind: String,
    /// `ADDED`, `MODIFIED` or `DELETED`.
    pub event: String,
    /// The object.
    pub object: Value,
}

impl Line {
    /// As in a file of recorded changes.
    pub fn to_json(&self) -> Value {
        json!({"t": self.t, "kind": self.kind, "type": self.event, "object": self.object})
    }

    /// From a file of recorded changes.
    pub fn from_json(line: &Value) -> Line {
        Line {
            t: line["t"].as_i64().expect("t"),
            kind: line["kind"].as_str().expect("kind").to_string(),
            event: line["type"].as_str().expect("type").to_string(),
            object: line["object"].clone(),
        }
    }
}

/// What the recorder and the player share.
#[derive(Default)]
pub struct Tape {
    /// The changes so far.
    pub lines: Vec<Line>,
    /// When the last change other than of an Event or a Lease happened, in milliseconds of simulated time.
    pub last_change_ms: u64,
}

/// Writes all changes onto a tape.
pub struct Recorder {
    /// Where the player finds them.
    pub tape: Rc<RefCell<Tape>>,
    /// Simulated time at which the scenario starts.
    pub start_ms: u64,
    /// What the PodNodeSelector admission plugin of the recordings adds to each pod.
    pub pool: String,
}

/// Kinds that are no part of a recording.
const SKIPPED: &[Kind] = &[Kind::Lease, Kind::Namespace, Kind::ServiceAccount, Kind::Other];

impl Recorder {
    fn json(&self, object: &Object) -> Value {
        let mut json = object.to_json();
        if object.kind() == Kind::Pod {
            json["spec"]["nodeSelector"]["pool"] = self.pool.clone().into();
        }
        json
    }
}

impl Observer for Recorder {
    fn commit(&mut self, _key: &Key, entry: &LogEntry) {
        let kind = entry.kind();
        if SKIPPED.contains(&kind) {
            return;
        }
        let mut tape = self.tape.borrow_mut();
        if kind != Kind::Event {
            tape.last_change_ms = entry.at.as_ms();
        }
        let (event, mut object) = match (&entry.before, &entry.after) {
            (None, Some(after)) => ("ADDED", self.json(after)),
            (_, Some(after)) => ("MODIFIED", self.json(after)),
            (Some(before), None) => ("DELETED", self.json(before)),
            (None, None) => return,
        };
        object["metadata"]["resourceVersion"] = entry.version.to_string().into();
        let kind = object["kind"].as_str().unwrap_or_default().to_string();
        tape.lines.push(Line { t: entry.at.as_ms() as i64 - self.start_ms as i64, kind, event: event.into(), object });
    }
}

/// Reads a compressed file of recorded changes.
pub fn read(path: &std::path::Path) -> Vec<Line> {
    let file = std::fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = std::io::BufRead::lines(std::io::BufReader::new(flate2::read::GzDecoder::new(file)));
    lines.map(|line| Line::from_json(&serde_json::from_str(&line.expect("a line")).expect("JSON"))).collect()
}
