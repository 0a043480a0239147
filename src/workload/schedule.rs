//! When which pods of a trace come: the rows that fall into a run, small and in order of time.

use super::pods::{Size, Template, dns_name, label_value};
use super::traces::Result;
use super::{Ask, PodRow};
use crate::base::collections::Map;
use crate::base::input_error::InputError;
use crate::base::{Span, Time};
use crate::model::{Labels, Object};
use std::collections::{BTreeMap, BTreeSet};

/// No run has more pods of a trace.
const PODS_MAX: usize = 20_000_000;

/// Nothing that ends lasts longer: a hundred years.
const LASTS_MAX: Span = Span::from_s(3_200_000_000);

/// Which part of a trace is played, and how fast.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Window {
    /// Where the run's start is, in the trace's time.
    pub from: Span,
    /// What comes later is left out, in the trace's time.
    pub to: Span,
    /// No more pods than these, the first ones.
    pub limit: usize,
    /// How many times as fast as it happened: arrivals and durations.
    pub speed: f64,
    /// Whether pods that began before `from` and still run then are there from the start, for the rest of their time.
    pub running: bool,
    /// The run's end: what comes later is left out.
    pub end: Time,
}

/// A pod to come.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Row {
    at: Time,
    lasts: Option<Span>,
    name_begin: u64,
    name_length: u32,
    size: u32,
    labels: u32,
}

/// The pods of a trace that fall into a run.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Schedule {
    rows: Vec<Row>,
    names: String,
    sizes: Vec<Size>,
    labels: Vec<Labels>,
    template: Template,
    priorities: BTreeSet<i32>,
}

/// Makes a schedule out of rows.
pub struct Builder {
    all: Schedule,
    window: Window,
    unique: bool,
    sizes: BTreeMap<Ask, u32>,
    label_sets: BTreeMap<Vec<(&'static str, String)>, u32>,
    seen: Map<u64, u32>,
}

impl Builder {
    /// A schedule without rows. `unique`: two pods of one name are a mistake; otherwise later ones are numbered.
    pub fn new(template: Template, window: Window, unique: bool) -> Builder {
        let all = Schedule { template, ..Schedule::default() };
        Builder { all, window, unique, sizes: BTreeMap::new(), label_sets: BTreeMap::new(), seen: Map::default() }
    }

    /// Takes all rows of a file.
    pub fn take(&mut self, file: &str, rows: impl Iterator<Item = Result<PodRow>>) -> Result<()> {
        for row in rows {
            let row = row?;
            let Some((at, lasts)) = self.placed(&row) else { continue };
            let size = self.size(&row.ask);
            let labels = self.label_set(&row.labels);
            for number in 1..=row.count {
                let base = dns_name(&row.name);
                let base = if row.count > 1 { format!("{base}-{number}") } else { base };
                let name = self.unique_name(base, file, &row)?;
                if self.all.rows.len() >= PODS_MAX {
                    return Err(InputError::new(format!("more than {PODS_MAX} pods"))
                        .in_file(file)
                        .with_hint("`limit`, or `from` and `to`"));
                }
                let (name_begin, name_length) = (self.all.names.len() as u64, name.len() as u32);
                self.all.names.push_str(&name);
                self.all.rows.push(Row { at, lasts, name_begin, name_length, size, labels });
            }
            // What is beyond the limit by now can never come back.
            if self.all.rows.len() / 2 >= self.window.limit.max(1_024) {
                self.shrink();
            }
        }
        Ok(())
    }

    /// Where in the run a row falls, if it does.
    fn placed(&self, row: &PodRow) -> Option<(Time, Option<Span>)> {
        let window = &self.window;
        if row.at >= window.to {
            return None;
        }
        let scaled = |span: Span| Span((span.0 as f64 / window.speed) as u64);
        // Longer than any run is to its end.
        let ends = |lasts: Option<Span>| lasts.map(scaled).filter(|lasts| *lasts < LASTS_MAX);
        if row.at < window.from {
            let rest = match row.lasts {
                Some(lasts) => Some(Span((row.at.0.saturating_add(lasts.0)).checked_sub(window.from.0).filter(|rest| *rest > 0)?)),
                None => None,
            };
            return window.running.then_some((Time::ZERO, ends(rest)));
        }
        let at = Time::ZERO + scaled(Span(row.at.0 - window.from.0));
        (at <= window.end).then_some((at, ends(row.lasts)))
    }

    fn size(&mut self, ask: &Ask) -> u32 {
        if let Some(size) = self.sizes.get(ask) {
            return *size;
        }
        let size = self.all.sizes.len() as u32;
        self.all.sizes.push(self.all.template.size(ask));
        self.all.priorities.extend(ask.priority);
        self.sizes.insert(ask.clone(), size);
        size
    }

    fn label_set(&mut self, labels: &[(&'static str, String)]) -> u32 {
        if let Some(set) = self.label_sets.get(labels) {
            return *set;
        }
        let set = self.all.labels.len() as u32;
        let mut all = self.all.template.labels.clone();
        labels.iter().for_each(|(key, value)| all.set(*key, label_value(value)));
        self.all.labels.push(all);
        self.label_sets.insert(labels.to_vec(), set);
        set
    }

    fn unique_name(&mut self, name: String, file: &str, row: &PodRow) -> Result<String> {
        let hash = |name: &str| xxhash_rust::xxh3::xxh3_64(name.as_bytes());
        let mut candidate = name.clone();
        loop {
            let known = self.seen.get_mut(&hash(&candidate));
            let Some(times) = known else { break };
            if self.unique {
                let line = u32::try_from(row.line).unwrap_or(u32::MAX);
                let error = InputError::new(format!("a second pod is named \"{}\"", row.name)).in_file(file);
                return Err(InputError { line, ..error }.with_hint("names in this format are unique"));
            }
            *times += 1;
            candidate = format!("{name}-again-{times}");
        }
        self.seen.insert(hash(&candidate), 0);
        Ok(candidate)
    }

    /// Sorts by time and drops what is beyond the limit.
    fn shrink(&mut self) {
        self.all.rows.sort_by_key(|row| row.at);
        if self.all.rows.len() > self.window.limit {
            self.all.rows.truncate(self.window.limit);
            let mut names = String::new();
            for row in &mut self.all.rows {
                let name = &self.all.names[row.name_begin as usize..][..row.name_length as usize];
                row.name_begin = names.len() as u64;
                names.push_str(name);
            }
            self.all.names = names;
        }
    }

    /// The schedule.
    pub fn finish(mut self) -> Schedule {
        self.shrink();
        self.all.rows.shrink_to_fit();
        self.all
    }
}

impl Schedule {
    /// How many pods come.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether none comes.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// When the pod with this number comes.
    pub fn at(&self, number: usize) -> Option<Time> {
        self.rows.get(number).map(|row| row.at)
    }

    /// The pod with this number.
    pub fn pod(&self, number: usize) -> Object {
        let row = &self.rows[number];
        let name = &self.names[row.name_begin as usize..][..row.name_length as usize];
        self.template.pod(&self.sizes[row.size as usize], name, &self.labels[row.labels as usize], row.lasts)
    }

    /// A number that is equal for equal schedules, and for others differs.
    pub fn fingerprint(&self) -> u128 {
        let mut hash = xxhash_rust::xxh3::Xxh3::new();
        for row in &self.rows {
            let lasts = row.lasts.map_or(u64::MAX, |lasts| lasts.0);
            let numbers = [row.at.0, lasts, u64::from(row.name_length), u64::from(row.size), u64::from(row.labels)];
            numbers.iter().for_each(|number| hash.update(&number.to_le_bytes()));
        }
        hash.update(self.names.as_bytes());
        hash.update(format!("{:?} {:?} {:?}", self.sizes, self.labels, self.template).as_bytes());
        hash.digest128()
    }

    /// Priorities that occur.
    pub fn priorities(&self) -> &BTreeSet<i32> {
        &self.priorities
    }

    /// Every size of pod once, for checks.
    pub fn samples(&self) -> impl Iterator<Item = Object> + '_ {
        self.sizes.iter().map(|size| self.template.pod(size, "sample", &self.template.labels, None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window() -> Window {
        let all = Span(u64::MAX);
        Window { from: Span::ZERO, to: all, limit: usize::MAX, speed: 1.0, running: false, end: Time::MAX }
    }

    fn row(name: &str, at_s: u64, lasts_s: u64) -> Result<PodRow> {
        let lasts = Some(Span::from_s(lasts_s));
        Ok(PodRow { name: name.into(), at: Span::from_s(at_s), lasts, count: 1, line: 7, ..PodRow::default() })
    }

    fn told(window: Window, unique: bool, rows: Vec<Result<PodRow>>) -> std::result::Result<Vec<String>, String> {
        let mut builder = Builder::new(Template::default(), window, unique);
        builder.take("t.csv", rows.into_iter()).map_err(|error| error.to_string())?;
        let schedule = builder.finish();
        Ok((0..schedule.len())
            .map(|n| {
                let pod = schedule.pod(n);
                let ends = pod.meta.annotations.get(crate::workload::pods::EXIT_AFTER).unwrap_or("-").to_string();
                format!("{} {} {ends}", schedule.at(n).unwrap().as_s(), pod.meta.name)
            })
            .collect())
    }

    #[test]
    fn rows_come_in_order_of_time_from_the_window_at_the_speed() {
        let rows = || vec![row("c", 30, 10), row("a", 5, 100), row("b", 20, 10), row("d", 90, 1)];
        assert_eq!(told(window(), true, rows()).unwrap(), ["5 a 100s", "20 b 10s", "30 c 10s", "90 d 1s"]);
        let part = Window { from: Span::from_s(20), to: Span::from_s(90), speed: 2.0, running: true, ..window() };
        assert_eq!(told(part, true, rows()).unwrap(), ["0 a 42s500000000ns", "0 b 5s", "5 c 5s"]);
        assert_eq!(told(Window { limit: 1, ..window() }, true, rows()).unwrap(), ["5 a 100s"]);
        assert_eq!(told(Window { end: Time::from_s(29), ..window() }, true, rows()).unwrap().len(), 2);
    }

    #[test]
    fn a_limit_bounds_what_is_kept() {
        let mut builder = Builder::new(Template::default(), Window { limit: 10, ..window() }, false);
        builder.take("t", (0..100_000u64).rev().map(|n| row(&format!("p{n}"), n, 1))).unwrap();
        assert!(builder.all.rows.len() < 3_000 && builder.all.names.len() < 30_000);
        let schedule = builder.finish();
        assert_eq!((schedule.len(), &*schedule.pod(9).meta.name), (10, "p9"));
    }

    #[test]
    fn names_are_unique_or_made_so() {
        let rows = || vec![row("a", 1, 1), row("A", 2, 1), row("a", 3, 1)];
        assert_eq!(told(window(), false, rows()).unwrap(), ["1 a 1s", "2 a-again-1 1s", "3 a-again-2 1s"]);
        assert!(told(window(), true, rows()).unwrap_err().contains("t.csv:7: a second pod is named \"A\""));
    }
}
