//! What a run is stepped through with afterwards: every version of every object, who wrote it and who heard of it, each
//! scheduling decision in full, the moves of the scheduling queue. Of big runs only as much as a person can look at (see the
//! limits); the rest of the page then comes from the other collectors, which only count.

pub mod data;
pub mod delta;
pub mod steps;

use crate::actor::{Kinds, Record};
use crate::api::Answer;
use crate::base::Time;
use crate::base::collections::Map;
use crate::model::{Kind, Obj};
use crate::store::{Id, Key, LogEntry};
use serde_json::Value;
use steps::{Sort, Step};

/// A run with more pods than this is big: of its pods and nodes only the first ones are kept.
pub const PODS_MAX: usize = 1_000;
/// A run with more nodes than this is big.
pub const NODES_MAX: usize = 200;
/// Pods kept of a big run.
pub const PODS_OF_BIG: usize = 200;
/// Nodes kept of a big run.
pub const NODES_OF_BIG: usize = 40;
/// Objects of other kinds that are kept.
pub const OTHERS_MAX: usize = 1_000;
/// Versions of objects that are kept in all; what comes later is counted, not kept.
pub const VERSIONS_MAX: usize = 12_000;
/// Messages from the watch that are kept.
pub const DELIVERIES_MAX: usize = 30_000;
/// Steps that are kept.
pub const STEPS_MAX: usize = 8_000;
/// Requests refused that are kept.
pub const REFUSALS_MAX: usize = 500;
/// Moves in the scheduling queue that are kept.
pub const MOVES_MAX: usize = 10_000;
/// Nodes of a scheduling decision that are shown: the best ones, and the first ones that did not fit.
pub const ROWS_MAX: usize = 60;

/// Number of a component.
pub type ActorNumber = u16;

/// One version of an object.
#[derive(Clone, Debug)]
pub struct Version {
    /// When it was committed.
    pub at: Time,
    /// Its resourceVersion.
    pub version: u64,
    /// Who asked for it.
    pub by: ActorNumber,
    /// How.
    pub verb: &'static str,
    /// The object; none when it was removed.
    pub object: Option<Obj>,
}

/// All versions of the objects with one name.
#[derive(Clone, Debug)]
pub struct History {
    /// The number of their name.
    pub id: Id,
    /// What names them.
    pub key: Key,
    /// In order.
    pub versions: Vec<Version>,
}

impl History {
    /// The object at an instant, if it exists then.
    pub fn at(&self, at: Time) -> Option<&Obj> {
        self.at_version(at, None)
    }

    /// The object at an instant, at which only commits up to `version` (if there is one) have happened.
    pub fn at_version(&self, at: Time, version: Option<u64>) -> Option<&Obj> {
        let is_past = |known: &Version| known.at < at || known.at == at && version.is_none_or(|version| known.version <= version);
        let after = self.versions.partition_point(is_past);
        self.versions[..after].last()?.object.as_ref()
    }
}

/// A message from the watch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// When it came.
    pub at: Time,
    /// To whom.
    pub to: ActorNumber,
    /// Everything up to this resourceVersion has been shown.
    pub version: u64,
}

/// A request that the API server refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// When.
    pub at: Time,
    /// Who asked.
    pub by: ActorNumber,
    /// For what.
    pub verb: &'static str,
    /// The answer.
    pub answer: String,
}

/// A move in the scheduling queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Move {
    /// When.
    pub at: Time,
    /// Which pod.
    pub pod: String,
    /// From this part.
    pub from: &'static str,
    /// To this part.
    pub to: &'static str,
    /// Because of this.
    pub event: String,
}

/// Everything kept.
#[derive(Clone, Debug, Default)]
pub struct Replay {
    /// What the scenario says about itself.
    pub text: String,
    /// The components by name, and what they watch.
    pub watches: Vec<(String, Kinds)>,
    /// Components by number.
    pub actors: Vec<String>,
    /// Objects in order of creation.
    pub objects: Vec<History>,
    /// Messages from the watch.
    pub deliveries: Vec<Delivery>,
    /// Requests refused.
    pub refusals: Vec<Refusal>,
    /// Moves in the scheduling queue.
    pub moves: Vec<Move>,
    /// Attempts to place a pod, as `kubesim explain -o json` prints them.
    pub attempts: Vec<(Time, Value)>,
    /// What a person steps through.
    pub steps: Vec<Step>,
    /// Whether the run is too big to keep everything.
    pub big: bool,
    /// Up to when versions are kept; none when all are.
    pub kept_until: Option<Time>,
    /// Versions that are not kept.
    pub versions_left_out: u64,
    numbers: Map<String, ActorNumber>,
    places: Map<Id, usize>,
    of_kind: Map<Kind, usize>,
    versions: usize,
    by: ActorNumber,
    verb: &'static str,
    explained: Option<usize>,
}

/// Whether versions of such objects are kept: Events have a list of their own, and heartbeats say nothing.
fn is_shown(entry: &LogEntry) -> bool {
    let object = entry.object();
    !matches!(object.kind(), Kind::Event | Kind::Lease) && object.kind_name() != "PodMetrics"
}

impl Replay {
    /// The objects of a kind that exist at an instant, in order of namespace and name.
    pub fn list(&self, kind: Kind, at: Time) -> Vec<&Obj> {
        self.list_at(kind, at, None)
    }

    /// The same, with the commits of that instant up to `version`.
    pub fn list_at(&self, kind: Kind, at: Time, version: Option<u64>) -> Vec<&Obj> {
        let of_kind = self.objects.iter().filter(|history| history.key.kind == kind);
        let mut found: Vec<&Obj> = of_kind.filter_map(|history| history.at_version(at, version)).collect();
        found.sort_by(|a, b| (&a.meta.namespace, &a.meta.name).cmp(&(&b.meta.namespace, &b.meta.name)));
        found
    }

    pub(super) fn request(&mut self, at: Time, from: &str, verb: &'static str, answer: &Answer) {
        self.by = self.actor(from);
        self.verb = verb;
        if let Err(error) = answer
            && self.refusals.len() < REFUSALS_MAX
        {
            self.refusals.push(Refusal { at, by: self.by, verb, answer: error.to_string() });
        }
    }

    pub(super) fn delivered(&mut self, at: Time, to: &str, version: u64) {
        if self.deliveries.len() < DELIVERIES_MAX {
            let to = self.actor(to);
            self.deliveries.push(Delivery { at, to, version });
        }
    }

    pub(super) fn commit(&mut self, key: &Key, entry: &LogEntry) {
        if self.actors.is_empty() {
            // What exists before anybody acts.
            self.by = self.actor("start");
            self.verb = "create";
        }
        if !is_shown(entry) {
            return;
        }
        let Some(place) = self.place(key, entry) else {
            self.versions_left_out += 1;
            return;
        };
        if self.versions >= VERSIONS_MAX {
            self.kept_until.get_or_insert(entry.at);
            self.versions_left_out += 1;
            return;
        }
        self.versions += 1;
        let version = Version { at: entry.at, version: entry.version, by: self.by, verb: self.verb, object: entry.after.clone() };
        self.objects[place].versions.push(version);
        if let Some((sort, text)) = steps::of_commit(entry, &self.actors[usize::from(self.by)]) {
            self.step(Step { at: entry.at, sort, by: self.by, object: Some(place), version: entry.version, attempt: None, text });
        }
    }

    pub(super) fn record(&mut self, at: Time, record: &Record) {
        match record {
            Record::Explained { attempt, .. } => {
                self.explained = Some(self.attempts.len());
                self.attempts.push((at, steps::shortened(attempt)));
            }
            Record::Attempt { pod, node, message, .. } => {
                let attempt = self.explained.take();
                if node.is_some() && self.moves.len() < MOVES_MAX {
                    self.moves.push(Move { at, pod: pod.clone(), from: "being scheduled", to: "gone", event: "a node was found".into() });
                }
                if self.kept_until.is_none() && (attempt.is_some() || !self.big) {
                    let by = self.actor("default-scheduler");
                    let object = self.objects.iter().rposition(|history| history.key.kind == Kind::Pod && is_named(&history.key, pod));
                    let text = steps::of_attempt(pod, node.as_deref(), message);
                    self.step(Step { at, sort: Sort::Schedule, by, object, version: 0, attempt, text });
                }
            }
            Record::Queue { at, pod, from, to, event } => {
                self.moves.push(Move { at: *at, pod: pod.clone(), from, to, event: event.clone() });
            }
            Record::Command { line, .. } => self.told(at, "user", Sort::Command, format!("kubectl {line}")),
            Record::Fault { name, target, healed } => {
                self.told(at, "failure", Sort::Fault, format!("{name} {target}{}", if *healed { " ends" } else { "" }));
            }
            _ => {}
        }
    }

    fn told(&mut self, at: Time, by: &str, sort: Sort, text: String) {
        let by = self.actor(by);
        self.step(Step { at, sort, by, object: None, version: 0, attempt: None, text });
    }

    fn step(&mut self, step: Step) {
        if self.steps.len() < STEPS_MAX || matches!(step.sort, Sort::Command | Sort::Fault) {
            self.steps.push(step);
        }
    }

    fn actor(&mut self, name: &str) -> ActorNumber {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = self.actors.len() as ActorNumber;
        self.actors.push(name.to_string());
        self.numbers.insert(name.to_string(), number);
        number
    }

    /// The place of an object's history; none if it is not kept.
    fn place(&mut self, key: &Key, entry: &LogEntry) -> Option<usize> {
        if let Some(place) = self.places.get(&entry.id) {
            return Some(*place);
        }
        let count = self.of_kind.get_or_insert_with(key.kind, || 0);
        *count += 1;
        let count = *count;
        let (all, of_big) = match key.kind {
            Kind::Pod => (PODS_MAX, PODS_OF_BIG),
            Kind::Node => (NODES_MAX, NODES_OF_BIG),
            _ => (OTHERS_MAX, OTHERS_MAX),
        };
        if count > all && matches!(key.kind, Kind::Pod | Kind::Node) && !self.big {
            self.shrink();
        }
        if count > if self.big { of_big } else { all } {
            return None;
        }
        self.objects.push(History { id: entry.id, key: key.clone(), versions: Vec::new() });
        self.places.insert(entry.id, self.objects.len() - 1);
        Some(self.objects.len() - 1)
    }

    /// The run turns out to be big: what only a small run keeps is given up.
    fn shrink(&mut self) {
        self.big = true;
        let (mut pods, mut nodes) = (0, 0);
        let mut places: Vec<Option<usize>> = Vec::new();
        self.places.clear();
        let kept = std::mem::take(&mut self.objects).into_iter().filter(|history| {
            let kept = match history.key.kind {
                Kind::Pod => count_up(&mut pods) <= PODS_OF_BIG,
                Kind::Node => count_up(&mut nodes) <= NODES_OF_BIG,
                _ => true,
            };
            places.push(kept.then(|| self.places.len()));
            if kept {
                let place = self.places.len();
                self.places.insert(history.id, place);
            } else {
                self.versions_left_out += history.versions.len() as u64;
                self.versions -= history.versions.len();
            }
            kept
        });
        self.objects = kept.collect();
        self.steps.retain_mut(|step| {
            let before = step.object;
            step.object = before.and_then(|place| places[place]);
            before.is_none() || step.object.is_some()
        });
    }
}

fn count_up(count: &mut usize) -> usize {
    *count += 1;
    *count
}

fn is_named(key: &Key, name: &str) -> bool {
    name.split_once('/').is_some_and(|(namespace, name)| *key.namespace == *namespace && *key.name == *name)
}

#[cfg(test)]
mod tests;
