//! Where two runs part: the first step of their traces that differs, and what follows from it, side by side. The traces' checkpoints
//! narrow it down; only the part between two of them is played again with a recorder.

use super::tell;
use crate::actor::{Observer, Record};
use crate::base::Time;
use crate::engine::Checkpoint;
use crate::scenario::Scenario;
use crate::sim::Step;
use crate::store::{Key, LogEntry};
use crate::world::{Options, World};
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

/// Lines that are shown before the runs part.
const BEFORE: usize = 5;
/// So many fields are named in which an object that both runs write differs.
const CONTENTS_MAX: usize = 3;
/// Fields that are drawn at random or count, and what repeats the others.
const IDENTITY: [&str; 3] = ["uid", "resourceVersion", "kubectl.kubernetes.io/last-applied-configuration"];

/// What the comparison found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Difference {
    /// The runs are equal.
    None {
        /// Their steps.
        steps: u64,
    },
    /// They part.
    Parting(Parting),
}

/// Where and how they part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parting {
    /// The first step that differs.
    pub step: u64,
    /// When it happens in each run; none if that run has ended.
    pub at: [Option<Time>; 2],
    /// What it is in each run.
    pub event: [String; 2],
    /// What both runs did shortly before.
    pub before: Vec<String>,
    /// What each run does from then on, with its time.
    pub after: [Vec<(Time, String)>; 2],
}

/// Plays a scenario to its end.
fn whole(scenario: &Scenario) -> Result<World, String> {
    let mut world = World::new(scenario, Options { metrics: false, ..Options::default() })?;
    world.run_until(scenario.end());
    Ok(world)
}

/// Compares two runs; shows so many lines of what follows.
pub fn compare(a: &Scenario, b: &Scenario, lines: usize) -> Result<Difference, String> {
    let (one, other) = (whole(a)?, whole(b)?);
    let (left, right) = (one.sim.trace(), other.sim.trace());
    if left.hash() == right.hash() && left.steps() == right.steps() {
        return Ok(Difference::None { steps: left.steps() });
    }
    let common = last_common(left.checkpoints(), right.checkpoints());
    let runs = [replay(a, common, lines)?, replay(b, common, lines)?];
    Ok(Difference::Parting(part(&runs, common.steps, lines)))
}

/// The last checkpoint up to which both are equal.
fn last_common(left: &[Checkpoint], right: &[Checkpoint]) -> Checkpoint {
    // Of a longer run fewer checkpoints are kept: those of equal steps are compared.
    let equal = |point: &&Checkpoint| right.iter().any(|other| other == *point);
    let differs = left.iter().find(|point| right.iter().any(|other| other.steps == point.steps && other.hash != point.hash));
    let limit = differs.map_or(u64::MAX, |point| point.steps);
    left.iter().filter(|point| point.steps < limit).rfind(equal).copied().unwrap_or(Checkpoint { steps: 0, at: Time::ZERO, hash: 0 })
}

/// What a run did around the parting.
struct Replay {
    steps: Vec<Step>,
    told: Vec<(Time, u64, String)>,
}

#[derive(Default)]
struct Scribe {
    /// Lines, with the number of commits before each.
    lines: Vec<(Time, u64, String)>,
    commits: u64,
}

#[derive(Clone, Default)]
struct SharedScribe(Rc<RefCell<Scribe>>);

impl Observer for SharedScribe {
    fn commit(&mut self, key: &Key, entry: &LogEntry) {
        let mut scribe = self.0.borrow_mut();
        scribe.commits += 1;
        let commits = scribe.commits;
        scribe.lines.extend(tell::commit(key, entry).map(|line| (entry.at, commits, line)));
    }

    fn record(&mut self, at: Time, record: &Record) {
        let mut scribe = self.0.borrow_mut();
        let commits = scribe.commits;
        scribe.lines.extend(tell::record(record).map(|line| (at, commits, line)));
    }
}

fn replay(scenario: &Scenario, from: Checkpoint, lines: usize) -> Result<Replay, String> {
    let mut world = World::new(scenario, Options { metrics: false, ..Options::default() })?;
    let scribe = SharedScribe::default();
    world.observe(Box::new(scribe.clone()));
    world.sim.record_steps(from.steps);
    // On until there is enough to show: all steps of the window, and the lines that follow.
    let mut now = from.at;
    let end = scenario.end();
    loop {
        world.run_until(now);
        let told = scribe.0.borrow().lines.iter().filter(|(at, ..)| *at >= from.at).count();
        if now >= end || world.sim.steps_are_recorded() && told > lines * 50 {
            break;
        }
        now = (now + crate::base::Span::from_s(5)).min(end);
    }
    let steps = world.sim.recorded_steps();
    let told = std::mem::take(&mut scribe.0.borrow_mut().lines);
    Ok(Replay { steps, told })
}

fn part(runs: &[Replay; 2], from: u64, lines: usize) -> Parting {
    let [a, b] = runs;
    let pairs = || a.steps.iter().zip(&b.steps);
    // Names drawn at random make all that follows different; a difference that can be seen is asked for first.
    let seen = pairs().position(|(a, b)| (a.at, &a.text) != (b.at, &b.text) || !contents(a, b).is_empty());
    let at = seen.or_else(|| pairs().position(|(a, b)| a.hash != b.hash)).unwrap_or(a.steps.len().min(b.steps.len()));
    let [first, second] = [a.steps.get(at), b.steps.get(at)];
    let mut events = [first, second].map(|step| step.map_or("the run has ended".into(), |step| step.text.clone()));
    if let (Some(first), Some(second)) = (first, second)
        && first.text == second.text
    {
        let differing = contents(first, second);
        for (side, event) in events.iter_mut().enumerate() {
            let said: Vec<String> = differing.iter().map(|(path, values)| format!("{path} is {}", values[side])).collect();
            *event += &if said.is_empty() { String::new() } else { format!("; {}", said.join(", ")) };
        }
    }
    let times = [first, second].map(|step| step.map(|step| step.at));
    let step = first.or(second).map_or(from + at as u64 + 1, |step| step.number);
    let same = a.told.iter().zip(&b.told).take_while(|(a, b)| a == b).count();
    let before = a.told[same.saturating_sub(BEFORE)..same].iter().map(|(time, _, line)| tell::at(*time, line)).collect();
    let after = [a, b].map(|run| run.told.iter().skip(same).take(lines).map(|(time, _, line)| (*time, line.clone())).collect());
    Parting { step, at: times, event: events, before, after }
}

/// In what the objects that two steps write differ, beside their identity: paths and both values.
fn contents(a: &Step, b: &Step) -> Vec<(String, [String; 2])> {
    let mut found = Vec::new();
    if let (Some(a), Some(b)) = (&a.object, &b.object)
        && a != b
    {
        differences("", &a.to_json(), &b.to_json(), &mut found);
    }
    found
}

fn differences(path: &str, a: &Value, b: &Value, found: &mut Vec<(String, [String; 2])>) {
    if found.len() >= CONTENTS_MAX || a == b {
        return;
    }
    match (a, b) {
        (Value::Object(x), Value::Object(y)) => {
            let keys: BTreeSet<&String> = x.keys().chain(y.keys()).filter(|key| !IDENTITY.contains(&key.as_str())).collect();
            for key in keys {
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                differences(&below, &a[key.as_str()], &b[key.as_str()], found);
            }
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
            for (at, (x, y)) in x.iter().zip(y).enumerate() {
                differences(&format!("{path}[{at}]"), x, y, found);
            }
        }
        _ => found.push((path.into(), [a, b].map(shown))),
    }
}

/// A value, short enough for a line.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "missing".into(),
        Value::Object(_) | Value::Array(_) => "something else".into(),
        value => value.to_string().chars().take(60).collect(),
    }
}
