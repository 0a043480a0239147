//! Who creates the pods of a workload, each at its time: one actor, one timer, and nothing read.

use super::workload::Workload;
use super::{Scenario, workload::Generated};
use crate::actor::{Actor, Ctx, Kinds, Record, Ticket};
use crate::api::{Answer, Verb};
use crate::base::{Span, Time};
use crate::model::Object;
use crate::store::Change;
use crate::workload::arrivals::Times;
use crate::workload::schedule::Schedule;
use std::sync::Arc;

/// Refusals that the story tells; further ones are alike.
const TOLD_MAX: u32 = 5;

enum Source {
    Trace { schedule: Arc<Schedule>, next: usize },
    Arrivals { generated: Arc<Generated>, times: Option<Box<Times>>, next: Option<Time>, number: u64 },
}

/// The actor.
pub struct Submitter {
    source: Source,
    refused: u32,
}

impl Submitter {
    /// The one of a scenario, if it has pods to come.
    pub fn new(scenario: &Scenario) -> Option<Submitter> {
        let source = match scenario.workload.as_ref()? {
            Workload::Fgd(_) => return None,
            Workload::Trace(schedule) => Source::Trace { schedule: schedule.clone(), next: 0 },
            Workload::Arrivals(generated) => Source::Arrivals { generated: generated.clone(), times: None, next: None, number: 0 },
        };
        Some(Submitter { source, refused: 0 })
    }
}

impl Source {
    fn begin(&mut self, cx: &Ctx<'_>) {
        if let Source::Arrivals { generated, times, next, .. } = self {
            let mut all = generated.arrivals.times(cx.seed);
            *next = all.next();
            *times = Some(Box::new(all));
        }
    }

    /// When the next pod comes.
    fn at(&self) -> Option<Time> {
        match self {
            Source::Trace { schedule, next } => schedule.at(*next),
            Source::Arrivals { next, .. } => *next,
        }
    }

    /// The next pod.
    fn take(&mut self, cx: &Ctx<'_>) -> Object {
        match self {
            Source::Trace { schedule, next } => {
                *next += 1;
                schedule.pod(*next - 1)
            }
            Source::Arrivals { generated, times, next, number } => {
                let lasts: Option<Span> = generated.arrivals.lasts(cx.seed, *number);
                let pod = generated.pod(*number, lasts);
                *number += 1;
                *next = times.as_mut().and_then(|times| times.next());
                pod
            }
        }
    }
}

impl Actor for Submitter {
    fn name(&self) -> &str {
        "workload"
    }

    fn watches(&self) -> Kinds {
        Kinds::NONE
    }

    fn start(&mut self, cx: &mut Ctx<'_>) {
        self.source.begin(cx);
        if let Some(at) = self.source.at() {
            cx.wake_at(at, 0);
        }
    }

    fn changed(&mut self, _change: Change<'_>, _cx: &mut Ctx<'_>) {}

    fn wake(&mut self, _token: u64, cx: &mut Ctx<'_>) {
        while self.source.at().is_some_and(|at| at <= cx.now) {
            let pod = self.source.take(cx);
            cx.request(Verb::Create(Box::new(pod)));
        }
        if let Some(at) = self.source.at() {
            cx.wake_at(at, 0);
        }
    }

    fn answered(&mut self, _ticket: Ticket, answer: Answer, cx: &mut Ctx<'_>) {
        if let Err(error) = answer {
            self.refused += 1;
            if self.refused <= TOLD_MAX {
                cx.record(Record::Story { line: format!("workload: a pod was refused: {error}") });
            }
        }
    }
}
