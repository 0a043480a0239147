//! What is looked at, and what the keys do.

use crate::actor::Clock;
use crate::base::{Span, Time};
use crate::metrics::events::EventLog;
use crate::metrics::replay::Replay;
use crate::metrics::replay::steps::Sort;
use ratatui::crossterm::event::{KeyCode, KeyModifiers};

/// What the lower half shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Panel {
    /// `kubectl get pods -o wide`.
    Pods,
    /// Events, the newest first.
    Events,
    /// The scheduling queue and the last decision.
    Queue,
    /// All steps around the present one.
    Steps,
}

impl Panel {
    /// In the order of the Tab key.
    pub const ALL: [(Panel, &'static str); 4] =
        [(Panel::Pods, "Pods"), (Panel::Events, "Events"), (Panel::Queue, "Scheduling"), (Panel::Steps, "Steps")];
}

/// By what one steps.
pub const FILTERS: [(&str, &[Sort]); 7] = [
    ("any decision", &[]),
    ("schedule, scale, kill", &[Sort::Schedule, Sort::Scale, Sort::Kill, Sort::Command, Sort::Fault]),
    ("schedule", &[Sort::Schedule]),
    ("scale", &[Sort::Scale]),
    ("sync", &[Sort::Sync]),
    ("kill", &[Sort::Kill]),
    ("commands and failures", &[Sort::Command, Sort::Fault]),
];

/// How far Page Up and Page Down go.
const FAR: Span = Span::from_s(10);

/// The state of the program.
pub struct App<'a> {
    /// Name of the scenario.
    pub name: &'a str,
    /// The run.
    pub replay: &'a Replay,
    /// Its Events.
    pub events: &'a EventLog,
    /// Wall-clock times.
    pub clock: Clock,
    /// When the run ends.
    pub end: Time,
    /// The instant.
    pub now: Time,
    /// The step, if one has been taken by then.
    pub step: Option<usize>,
    /// Place in `FILTERS`.
    pub filter: usize,
    /// Place in `Panel::ALL`.
    pub panel: usize,
    /// Whether it goes on by itself.
    pub is_playing: bool,
    /// Whether the user wants to leave.
    pub is_done: bool,
}

impl<'a> App<'a> {
    /// At the start of a run.
    pub fn new(name: &'a str, replay: &'a Replay, events: &'a EventLog, clock: Clock, end: Time) -> App<'a> {
        App { name, replay, events, clock, end, now: Time::ZERO, step: None, filter: 0, panel: 0, is_playing: false, is_done: false }
    }

    /// The commit after which the cluster is shown, if the step is one.
    pub fn version(&self) -> Option<u64> {
        let step = &self.replay.steps[self.step?];
        (step.version > 0 && step.at == self.now).then_some(step.version)
    }

    /// To an instant; the step is the last one up to it.
    pub fn go(&mut self, at: Time) {
        self.now = at.min(self.end);
        self.step = self.replay.steps.partition_point(|step| step.at <= self.now).checked_sub(1);
    }

    fn is_wanted(&self, place: usize) -> bool {
        let sorts = FILTERS[self.filter].1;
        sorts.is_empty() || sorts.contains(&self.replay.steps[place].sort)
    }

    /// One step on among those that are wanted. Says whether there was one.
    pub fn next(&mut self) -> bool {
        let from = self.step.map_or(0, |step| step + 1);
        let found = (from..self.replay.steps.len()).find(|place| self.is_wanted(*place));
        self.take(found)
    }

    /// One step back; before the first one is the start.
    pub fn back(&mut self) -> bool {
        let found = (0..self.step.unwrap_or(0)).rev().find(|place| self.is_wanted(*place));
        if found.is_none() {
            (self.now, self.step) = (Time::ZERO, None);
        }
        self.take(found)
    }

    fn take(&mut self, found: Option<usize>) -> bool {
        let Some(place) = found else { return false };
        (self.now, self.step) = (self.replay.steps[place].at, Some(place));
        true
    }

    /// The next step while playing; stops at the end.
    pub fn play_on(&mut self) {
        self.is_playing = self.next();
    }

    /// Carries out a key.
    pub fn press(&mut self, key: KeyCode, modifiers: KeyModifiers) {
        let far = modifiers.contains(KeyModifiers::SHIFT);
        match key {
            KeyCode::Char('c') if modifiers.contains(KeyModifiers::CONTROL) => self.is_done = true,
            KeyCode::Char('q') | KeyCode::Esc => self.is_done = true,
            KeyCode::Char(' ') => self.is_playing = !self.is_playing,
            KeyCode::Tab => self.panel = (self.panel + 1) % Panel::ALL.len(),
            KeyCode::BackTab => self.panel = (self.panel + Panel::ALL.len() - 1) % Panel::ALL.len(),
            KeyCode::Char('f') => self.filter = (self.filter + 1) % FILTERS.len(),
            _ => {
                self.is_playing = false;
                match key {
                    KeyCode::Right if far => self.go(self.now + Span::from_s(1)),
                    KeyCode::Left if far => self.go(Time(self.now.0.saturating_sub(Span::from_s(1).0))),
                    KeyCode::Right | KeyCode::Char('l' | 'j') => drop(self.next()),
                    KeyCode::Left | KeyCode::Char('h' | 'k') => drop(self.back()),
                    KeyCode::PageDown => self.go(self.now + FAR),
                    KeyCode::PageUp => self.go(Time(self.now.0.saturating_sub(FAR.0))),
                    KeyCode::Home | KeyCode::Char('g') => (self.now, self.step) = (Time::ZERO, None),
                    KeyCode::End | KeyCode::Char('G') => self.go(self.end),
                    _ => {}
                }
            }
        }
    }
}
