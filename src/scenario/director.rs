//! Who makes the timeline happen: at the start the manifests are applied, then users type their kubectl lines and failures
//! strike, at their instants or when an expression becomes true. One actor, with a view that lags like everybody's.

use super::expressions::{CLOCK_EVERY, Expression, Panel};
use super::{Action, Scenario, Step, Trigger};
use crate::actor::{Actor, Ctx, Kinds, Record, Ticket};
use crate::api::Answer;
use crate::base::{Span, Time};
use crate::faults::{Among, Fault, Ledger, Target, Victim};
use crate::kubectl::{Command, Runner, WATCHED};
use crate::store::Change;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Timer tokens: a step of the timeline, the end of a failure, a look at the clock.
const STEP: u64 = 1 << 32;
const HEAL: u64 = 1 << 33;
const CLOCK: u64 = 1 << 34;
const AGAIN: u64 = 1 << 35;
const CALM: u64 = 1 << 36;
const LOOK: u64 = 1 << 37;
/// How often harm is done again that lasts (containers that are killed whenever they run).
const AGAIN_EVERY: Span = Span::from_s(1);

/// A step that waits for an expression.
struct Waiting {
    step: usize,
    every: Option<Span>,
    /// What the expression was when it was looked at last.
    was: bool,
    fired: Option<Time>,
}

/// A failure that will heal.
struct Wound {
    fault: Fault,
    /// Numbers in the ledger.
    harms: Vec<u64>,
    target: String,
}

/// The actor.
pub struct Director {
    steps: Vec<Step>,
    apply: Option<Arc<Command>>,
    runner: Runner,
    panel: Panel,
    waiting: Vec<Waiting>,
    wounds: BTreeMap<u64, Wound>,
    next_wound: u64,
    /// What is broken.
    ledger: Ledger,
    /// When lasting harm is done again, if a timer is set.
    again: Option<Time>,
    /// How often each step has happened, for keyed draws.
    times: Vec<u64>,
    end: Time,
    /// Whether everything heals at the end, because the run goes on.
    calms: bool,
}

impl Director {
    /// The director of a scenario. In records, its manifests are command number `timeline.len()`.
    pub fn new(scenario: &Scenario) -> Director {
        let steps = scenario.timeline.clone();
        let mut waiting = Vec::new();
        let mut expressions: Vec<Expression> = Vec::new();
        for (step, Step { trigger, .. }) in steps.iter().enumerate() {
            if let Trigger::When { expression, every } = trigger {
                expressions.push(expression.clone());
                waiting.push(Waiting { step, every: *every, was: false, fired: None });
            }
        }
        let base = std::path::Path::new(&scenario.file).parent().unwrap_or(std::path::Path::new(""));
        let apply = (!scenario.manifests.is_empty()).then(|| Arc::new(Command::apply(scenario.manifests.clone(), base)));
        Director {
            times: vec![0; steps.len()],
            steps,
            apply,
            runner: Runner::default(),
            panel: Panel::new(&expressions, scenario.clock),
            waiting,
            wounds: BTreeMap::new(),
            next_wound: 0,
            ledger: Ledger::default(),
            again: None,
            end: scenario.end(),
            calms: !scenario.settle.is_zero(),
        }
    }

    fn happen(&mut self, number: usize, cx: &mut Ctx<'_>) {
        let time = self.times[number];
        self.times[number] += 1;
        match &self.steps[number].action {
            Action::Kubectl { command, .. } => self.runner.start(number, command.clone(), cx),
            Action::Fault { .. } => self.strike(number, time, cx),
        }
    }

    /// A failure begins.
    fn strike(&mut self, number: usize, time: u64, cx: &mut Ctx<'_>) {
        let Action::Fault { fault, target, options, lasts } = &self.steps[number].action else { return };
        if cx.now >= self.end {
            return;
        }
        let victims = target.pick(cx.view, cx.seed, &format!("fault/{number}"), time);
        let shown = shown(fault, target, &victims);
        cx.record(Record::Fault { name: fault.name, target: shown.clone(), healed: false });
        let mut harms = Vec::new();
        for victim in &victims {
            let (harm, signals) = self.ledger.begin((fault.harm)(victim, options));
            harms.push(harm);
            signals.into_iter().for_each(|signal| cx.signal(signal));
        }
        match lasts {
            // A kill is over at once.
            None if fault.is_over_at_once() => harms.into_iter().for_each(|harm| drop(self.ledger.end(harm))),
            lasts => {
                let wound = self.next_wound;
                self.next_wound += 1;
                self.wounds.insert(wound, Wound { fault, harms, target: shown });
                if let Some(lasts) = lasts {
                    cx.wake_in(*lasts, HEAL | wound);
                }
            }
        }
        self.set_again(cx);
    }

    fn heal(&mut self, wound: u64, cx: &mut Ctx<'_>) {
        let Some(wound) = self.wounds.remove(&wound) else { return };
        cx.record(Record::Fault { name: wound.fault.name, target: wound.target, healed: true });
        for harm in wound.harms {
            self.ledger.end(harm).into_iter().for_each(|signal| cx.signal(signal));
        }
    }

    fn set_again(&mut self, cx: &mut Ctx<'_>) {
        if self.again.is_none() && !self.ledger.repeated().is_empty() {
            self.again = Some(cx.now + AGAIN_EVERY);
            cx.wake_in(AGAIN_EVERY, AGAIN);
        }
    }

    /// Looks at expressions whose inputs changed; each that has become true makes its step happen.
    fn look(&mut self, cx: &mut Ctx<'_>) {
        for at in self.panel.take_dirty() {
            let holds = self.panel.holds(at, cx.now).unwrap_or(false);
            let waiting = &mut self.waiting[at];
            let was = std::mem::replace(&mut waiting.was, holds);
            let rises = holds && !was;
            let may = match (waiting.fired, waiting.every) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(fired), Some(every)) => fired + every <= cx.now,
            };
            if rises && may {
                waiting.fired = Some(cx.now);
                let step = waiting.step;
                self.happen(step, cx);
            } else if let (true, Some(fired), Some(every)) = (rises, waiting.fired, waiting.every) {
                // Too early: it happens when its time has come, if it still holds then.
                waiting.was = false;
                cx.wake_at(fired + every, LOOK | at as u64);
            }
        }
    }
}

/// What a failure hits, as a person would say it.
fn shown(fault: Fault, target: &Target, victims: &[Victim]) -> String {
    let names: Vec<String> = victims.iter().map(|victim| victim.name().to_string()).collect();
    match &target.among {
        Among::Zone(zone) => zone.to_string(),
        Among::Only => fault.subject.into(),
        _ if names.len() > 5 => format!("{} and {} more", names[..3].join(", "), names.len() - 3),
        Among::Pods { .. } if names.is_empty() => "no pod".into(),
        _ if names.is_empty() => "no node".into(),
        _ => names.join(", "),
    }
}

impl Actor for Director {
    fn name(&self) -> &str {
        "user"
    }

    fn watches(&self) -> Kinds {
        WATCHED.union(self.panel.kinds())
    }

    fn start(&mut self, cx: &mut Ctx<'_>) {
        if let Some(apply) = self.apply.clone() {
            self.runner.start(self.steps.len(), apply, cx);
        }
        for (number, step) in self.steps.iter().enumerate() {
            if let Trigger::At { at, .. } = step.trigger {
                cx.wake_at(at, STEP | number as u64);
            }
        }
        if self.panel.asks_time() {
            cx.wake_in(CLOCK_EVERY, CLOCK);
        }
        if self.calms {
            cx.wake_at(self.end, CALM);
        }
    }

    fn changed(&mut self, change: Change<'_>, _cx: &mut Ctx<'_>) {
        self.panel.note(change.id, change.before, change.after);
    }

    fn settled(&mut self, cx: &mut Ctx<'_>) {
        self.look(cx);
        self.runner.settled(cx);
    }

    fn wake(&mut self, token: u64, cx: &mut Ctx<'_>) {
        if token & Runner::TIMER != 0 {
            return self.runner.wake(token, cx);
        }
        let number = token & (STEP - 1);
        if token & CLOCK != 0 {
            self.panel.time_passes();
            self.look(cx);
            if cx.now < self.end {
                cx.wake_in(CLOCK_EVERY, CLOCK);
            }
        } else if token & CALM != 0 {
            for wound in self.wounds.keys().copied().collect::<Vec<_>>() {
                self.heal(wound, cx);
            }
        } else if token & LOOK != 0 {
            self.panel.ask_again(number as usize);
            self.look(cx);
        } else if token & AGAIN != 0 {
            self.again = None;
            self.ledger.repeated().into_iter().for_each(|signal| cx.signal(signal));
            self.set_again(cx);
        } else if token & HEAL != 0 {
            self.heal(number, cx);
        } else {
            self.happen(number as usize, cx);
            if let Trigger::At { every: Some(every), .. } = self.steps[number as usize].trigger
                && cx.now + every <= self.end
            {
                cx.wake_in(every, token);
            }
        }
    }

    fn answered(&mut self, ticket: Ticket, answer: Answer, cx: &mut Ctx<'_>) {
        self.runner.answered(ticket, answer, cx);
    }
}
