//! Who makes the timeline happen: at the start the manifests are applied, then users type their kubectl lines and failures
//! strike, at their instants or when an expression becomes true. One actor, with a view that lags like everybody's.

use super::expressions::{CLOCK_EVERY, Expression, Panel};
use super::{Action, Scenario, Step, Trigger};
use crate::actor::{Actor, Ctx, Kinds, Record, Ticket};
use crate::api::Answer;
use crate::base::{Span, Time};
use crate::faults::{Among, Fault, Target};
use crate::kubectl::{Command, Runner, WATCHED};
use crate::model::{Kind, Str};
use crate::store::Change;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Timer tokens: a step of the timeline, the end of a failure, a look at the clock.
const STEP: u64 = 1 << 32;
const HEAL: u64 = 1 << 33;
const CLOCK: u64 = 1 << 34;

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
    nodes: Vec<Str>,
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
    /// How many failures hold a machine in each state.
    held: BTreeMap<String, u32>,
    /// How often each step has happened, for keyed draws.
    times: Vec<u64>,
    end: Time,
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
            held: BTreeMap::new(),
            end: scenario.end(),
        }
    }

    fn happen(&mut self, number: usize, cx: &mut Ctx<'_>) {
        let time = self.times[number];
        self.times[number] += 1;
        match &self.steps[number].action {
            Action::Kubectl { command, .. } => self.runner.start(number, command.clone(), cx),
            Action::Fault { fault, target, lasts } => {
                let (fault, lasts) = (*fault, *lasts);
                let purpose = format!("fault/{number}");
                let nodes = target.pick(cx.view.list(Kind::Node).map(|(_, node)| node), cx.seed, &purpose, time);
                let shown = shown(target, &nodes);
                cx.record(Record::Fault { name: fault.name, target: shown.clone(), healed: false });
                for node in &nodes {
                    let signal = (fault.begins)(node);
                    let held = self.held.entry(format!("{signal:?}")).or_default();
                    *held += 1;
                    if *held == 1 {
                        cx.signal(signal);
                    }
                }
                if let Some(lasts) = lasts {
                    let wound = self.next_wound;
                    self.next_wound += 1;
                    self.wounds.insert(wound, Wound { fault, nodes, target: shown });
                    cx.wake_in(lasts, HEAL | wound);
                }
            }
        }
    }

    /// Looks at expressions whose inputs changed; each that has become true makes its step happen.
    fn look(&mut self, cx: &mut Ctx<'_>) {
        for at in self.panel.take_dirty() {
            let holds = self.panel.holds(at, cx.now).unwrap_or(false);
            let waiting = &mut self.waiting[at];
            let rises = holds && !std::mem::replace(&mut waiting.was, holds);
            let may = match (waiting.fired, waiting.every) {
                (None, _) => true,
                (Some(_), None) => false,
                (Some(fired), Some(every)) => fired + every <= cx.now,
            };
            if rises && may {
                waiting.fired = Some(cx.now);
                let step = waiting.step;
                self.happen(step, cx);
            }
        }
    }
}

/// What a failure hits, as a person would say it.
fn shown(target: &Target, nodes: &[Str]) -> String {
    let names: Vec<&str> = nodes.iter().map(|node| &**node).collect();
    match &target.among {
        Among::Zone(zone) => zone.to_string(),
        _ if names.len() > 5 => format!("{} and {} more", names[..3].join(", "), names.len() - 3),
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
        } else if token & HEAL != 0 {
            let wound = self.wounds.remove(&number).expect("a wound heals once");
            cx.record(Record::Fault { name: wound.fault.name, target: wound.target, healed: true });
            for node in &wound.nodes {
                // Another failure may still hold the machine.
                let held = self.held.get_mut(&format!("{:?}", (wound.fault.begins)(node))).expect("it was hit");
                *held -= 1;
                if *held == 0 {
                    cx.signal((wound.fault.ends)(node));
                }
            }
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
