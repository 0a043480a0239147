//! The steps of a run in words, from one of them on: for finding out where two runs part.

use super::Sim;
use crate::api::Verb;
use crate::base::Time;
use crate::engine::Event;
use crate::model::Obj;
use crate::store::LogEntry;

/// So many steps are kept.
const STEPS_MAX: usize = 1 << 16;

/// A step of the trace.
#[derive(Clone, Debug)]
pub struct Step {
    /// Its number, from 1 on.
    pub number: u64,
    /// When.
    pub at: Time,
    /// The trace's hash after it; 0 if that is not known any more.
    pub hash: u64,
    /// What it was.
    pub text: String,
    /// The object that was written.
    pub object: Option<Obj>,
}

/// The steps after a given one.
pub(super) struct Steps {
    from: u64,
    kept: Vec<Step>,
}

impl Sim {
    /// Events at equal times come in an order drawn from the seed and a number, instead of in that of their arrival: what depends
    /// on such an order comes to light.
    pub fn shuffle(&mut self, number: u64) {
        self.queue.shuffle(self.settings.seed.stream(&format!("shuffle/{number}")));
    }

    /// Keeps the steps after number `from` in words. What was written before the start is told from the store.
    pub fn record_steps(&mut self, from: u64) {
        let early = if self.started { 0 } else { self.store.version() };
        let kept = (from + 1..=early).filter_map(|version| self.store.entry(version));
        let kept = kept.map(|entry| Step {
            number: entry.version,
            at: entry.at,
            hash: 0,
            text: commit(entry),
            object: Some(entry.object().clone()),
        });
        self.steps = Some(Steps { from, kept: kept.collect() });
    }

    /// Whether as many steps are kept as there can be.
    pub fn steps_are_recorded(&self) -> bool {
        self.steps.as_ref().is_some_and(|steps| steps.kept.len() >= STEPS_MAX)
    }

    /// The steps that were kept.
    pub fn recorded_steps(&mut self) -> Vec<Step> {
        self.steps.take().map(|steps| steps.kept).unwrap_or_default()
    }

    fn keep(&mut self, at: Time, object: Option<Obj>, text: impl FnOnce(&Sim) -> String) {
        let Some(steps) = &self.steps else { return };
        let number = self.trace.steps();
        if number <= steps.from || steps.kept.len() >= STEPS_MAX {
            return;
        }
        let step = Step { number, at, hash: self.trace.hash(), text: text(self), object };
        if let Some(steps) = &mut self.steps {
            steps.kept.push(step);
        }
    }

    pub(super) fn keep_event(&mut self, at: Time, event: Event) {
        if self.steps.is_some() {
            self.keep(at, None, |sim| sim.in_words(event));
        }
    }

    pub(super) fn keep_commit(&mut self, version: u64) {
        if self.steps.is_none() {
            return;
        }
        let Some(entry) = self.store.entry(version).cloned() else { return };
        self.keep(entry.at, Some(entry.object().clone()), |_| commit(&entry));
    }

    fn in_words(&self, event: Event) -> String {
        let name = |actor: crate::engine::ActorId| self.slots[actor.0 as usize].name.to_string();
        match event {
            Event::Wake { actor, token, .. } => format!("timer {token} of {}", name(actor)),
            Event::Deliver { actor, .. } => format!("changes reach {}", name(actor)),
            Event::Arrive { request } => match &self.requests[request.0 as usize] {
                Some(flight) => {
                    format!("{} asks the API server to {}", name(flight.actor), flight.verb.as_ref().map(asked).unwrap_or_default())
                }
                None => "a request arrives".into(),
            },
            Event::Answer { request } => match &self.requests[request.0 as usize] {
                Some(flight) => {
                    let outcome = flight.answer.as_ref().map_or(String::new(), |answer| match answer {
                        Ok(_) => "it is done".into(),
                        Err(error) => error.to_string(),
                    });
                    format!("{} is answered: {outcome}", name(flight.actor))
                }
                None => "an answer arrives".into(),
            },
        }
    }
}

fn commit(entry: &LogEntry) -> String {
    let object = entry.object();
    let verb = match (&entry.before, &entry.after) {
        (None, _) => "created",
        (_, None) => "removed",
        _ => "written",
    };
    format!("{} {}/{} is {verb} as version {}", object.kind_name(), object.meta.namespace, object.meta.name, entry.version)
}

/// A request in words.
fn asked(verb: &Verb) -> String {
    let word = match verb {
        Verb::Get(_) => "get",
        Verb::Create(_) | Verb::DryRunCreate(_) => "create",
        Verb::Update(_) => "update",
        Verb::UpdateStatus(_) => "update the status of",
        Verb::Patch { .. } => "patch",
        Verb::Delete { .. } => "delete",
        Verb::Bind { .. } => "bind",
        Verb::Evict { .. } => "evict",
        Verb::Sample { .. } => "sample",
        Verb::PodMetrics { .. } => "get the metrics of",
    };
    let key = verb.target();
    let kind = if key.group_kind.is_empty() { format!("{:?}", key.kind) } else { key.group_kind.to_string() };
    format!("{word} {kind} {}/{}", key.namespace, key.name)
}
