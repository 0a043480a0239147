//! Hands every commit and record to the laws, keeps the last of them for the report, and stops at the first law that is broken.

use super::laws::{self, End, Law, Moment};
use super::tell;
use crate::actor::{Observer, Record};
use crate::base::{Span, Time};
use crate::store::{Key, LogEntry, View};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

/// So many lines before a failure are told: half of them the newest ones, half of them the newest about what the failure names.
const LINES_MAX: usize = 40;
/// Among so many lines these are looked for.
const LINES_KEPT: usize = 4_000;
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
        if self.last.len() >= LINES_KEPT {
            self.last.pop_front();
        }
        self.last.push_back(tell::at(at, &line));
    }

    /// A law is broken.
    pub fn broken(&mut self, at: Time, law: &str, detail: String) {
        if self.breach.is_none() {
            let last = telling(&self.last, &detail);
            self.breach = Some(Breach { at, law: law.into(), detail, last });
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

    /// Everything should have settled: the laws look at it. Gives back the first that is broken, and how.
    pub fn end(&mut self, view: View<'_>, end: &End) -> Option<(String, String)> {
        self.laws.iter_mut().find_map(|law| law.end(view, end).err().map(|detail| (law.name().into(), detail)))
    }
}

/// Words of a text: names of objects among them, with their namespace and without.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let whole = text.split(|c: char| !(c.is_ascii_alphanumeric() || "-./".contains(c))).map(|word| word.trim_end_matches('.'));
    whole.flat_map(|word| [Some(word), word.rsplit_once('/').map(|(_, name)| name)]).flatten()
}

/// What led to a failure: the last lines, and those about the objects that it names, however long ago.
fn telling(lines: &VecDeque<String>, detail: &str) -> Vec<String> {
    // Names have a namespace, a hyphen or a digit; other words are no names, or say nothing.
    let is_name = |word: &&str| {
        let letters = word.contains(|c: char| c.is_ascii_lowercase()) && !word.contains("kubernetes.io");
        letters && word.contains(|c: char| "/-".contains(c) || c.is_ascii_digit())
    };
    let names: Vec<&str> = words(detail).filter(is_name).collect();
    let named = |line: &String| words(line).skip(1).any(|word| names.contains(&word));
    let newest = lines.len().saturating_sub(LINES_MAX / 2);
    let mut told: Vec<usize> = (0..newest).rev().filter(|at| named(&lines[*at])).take(LINES_MAX / 2).collect();
    told.reverse();
    let rest = LINES_MAX - told.len();
    let newest = lines.len().saturating_sub(rest);
    told.retain(|at| *at < newest);
    told.into_iter().chain(newest..lines.len()).map(|at| lines[at].clone()).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_failure_names_is_told_though_much_has_happened_since() {
        let mut lines: VecDeque<String> = (0..100).map(|at| format!("{at:>10}s  Pod default/web-{at}: ready")).collect();
        lines[3] = "         3s  node-partition: a-1".into();
        lines[5] = "         5s  Node a-1: taint node.kubernetes.io/unreachable:NoExecute".into();
        lines[6] = "         6s  Node a-10: Ready is True".into();
        let told = telling(&lines, "node a-1 still has the taint node.kubernetes.io/unreachable:NoExecute");
        assert_eq!(told.len(), LINES_MAX);
        assert_eq!((&told[0], &told[1], &told[2]), (&lines[3], &lines[5], &lines[62]));
        assert_eq!(told.last(), lines.back());
        assert_eq!(telling(&lines, "ReplicaSet default/web-7: status.replicas is 1, and 0 are there")[0], lines[7]);
        assert_eq!(telling(&lines, "nothing that has a name").len(), LINES_MAX);
    }
}
