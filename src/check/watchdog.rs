//! Hands every commit and record to the laws, keeps the last of them for the report, and stops at the first law that is broken.

use super::laws::{self, End, Law, Moment};
use super::tell;
use crate::actor::{Observer, Record};
use crate::base::{Span, Time};
use crate::store::{Key, LogEntry, View};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// So many lines before a failure are kept.
const LINES_MAX: usize = 40;
/// Faults after which a component may not know what it has done itself.
const LOSSY: [&str; 2] = ["apiserver-down", "etcd-leaderless"];
/// How long after them: clients reconnect at most 30 s later, and may have a request's timeout to wait for before.
const LOSSY_AFTER: Span = Span::from_s(90);

/// A law that was broken.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Breach {
    /// When.
    pub at: Time,
    /// Which law.
    pub law: String,
    /// How.
    pub detail: String,
    /// What happened before, the newest last.
    pub last: Vec<String>,
}

/// The laws and what they have seen.
pub struct Watchdog {
    laws: Vec<Box<dyn Law>>,
    last: VecDeque<String>,
    stale: Span,
    /// Lossy faults under way, and when the last one ended.
    lossy: usize,
    lossy_until: Time,
    /// Faults that struck.
    pub faults: u64,
    /// The first breach.
    pub breach: Option<Breach>,
}

impl Watchdog {
    /// With fresh laws. `stale` is how old a component's knowledge may be.
    pub fn new(stale: Span) -> Watchdog {
        Watchdog { laws: laws::all(), last: VecDeque::new(), stale, lossy: 0, lossy_until: Time::ZERO, faults: 0, breach: None }
    }

    fn keep(&mut self, at: Time, line: Option<String>) {
        let Some(line) = line else { return };
        if self.last.len() >= LINES_MAX {
            self.last.pop_front();
        }
        self.last.push_back(tell::at(at, &line));
    }

    /// A law is broken.
    pub fn broken(&mut self, at: Time, law: &str, detail: String) {
        if self.breach.is_none() {
            self.breach = Some(Breach { at, law: law.into(), detail, last: self.last.iter().cloned().collect() });
        }
    }

    fn commit(&mut self, key: &Key, entry: &LogEntry) {
        if self.breach.is_some() {
            return;
        }
        self.keep(entry.at, tell::commit(key, entry));
        let moment = Moment { at: entry.at, lossy: self.lossy > 0 || entry.at < self.lossy_until, stale: self.stale };
        let broken = self.laws.iter_mut().find_map(|law| law.commit(&moment, key, entry).err().map(|detail| (law.name(), detail)));
        if let Some((law, detail)) = broken {
            self.broken(entry.at, law, detail);
        }
    }

    fn record(&mut self, at: Time, record: &Record) {
        self.keep(at, tell::record(record));
        if let Record::Fault { name, healed, .. } = record {
            self.faults += u64::from(!healed);
            if LOSSY.contains(name) {
                self.lossy = if *healed { self.lossy.saturating_sub(1) } else { self.lossy + 1 };
                self.lossy_until = at + LOSSY_AFTER;
            }
        }
        self.laws.iter_mut().for_each(|law| law.record(at, record));
    }

    /// Everything has settled: the laws look at it.
    pub fn end(&mut self, view: View<'_>, end: &End) {
        let broken = self.laws.iter_mut().find_map(|law| law.end(view, end).err().map(|detail| (law.name(), detail)));
        if let Some((law, detail)) = broken {
            self.broken(end.at, law, detail);
        }
    }
}

/// A watchdog that the world and the one who reads it hold.
#[derive(Clone)]
pub struct Shared(pub Rc<RefCell<Watchdog>>);

impl Observer for Shared {
    fn commit(&mut self, key: &Key, entry: &LogEntry) {
        self.0.borrow_mut().commit(key, entry);
    }

    fn record(&mut self, at: Time, record: &Record) {
        self.0.borrow_mut().record(at, record);
    }
}
