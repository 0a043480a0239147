//! What users noticed: requests by their fate and how long they took, of each load.

use crate::actor::traffic::Window;
pub use crate::actor::traffic::{ByCause, Cause};
use crate::base::{Histogram, Time};
use crate::model::{Body, Labels, Str};
use crate::store::{Key, LogEntry};
use std::collections::BTreeMap;

/// Sums over one load.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Totals {
    /// Requests answered.
    pub ok: u64,
    /// Requests that failed, by cause.
    pub failed: ByCause,
    /// Attempts that failed and were followed by another, by cause.
    pub retried: ByCause,
    /// How long requests took, failed ones included.
    pub durations: Histogram,
    /// When the first and the last request left, to the second.
    pub sent: Option<(Time, Time)>,
}

/// One second of a load, for charts.
#[derive(Clone, PartialEq, Debug)]
pub struct Point {
    /// When the second begins.
    pub at: Time,
    /// Its length, in seconds.
    pub seconds: f64,
    /// Requests answered.
    pub ok: u64,
    /// Requests that failed, by cause.
    pub failed: ByCause,
    /// Durations in milliseconds that half, 95 % and 99 % of the requests do not exceed.
    pub quantiles_ms: [f64; 3],
}

/// Points kept of a load: beyond, neighbours are put together two by two, as often as needed. So a run of less than two hours has
/// every second, and a month one point for ten minutes or so.
pub const POINTS_MAX: usize = 8_192;

impl Point {
    /// Puts the one after it to it. Of durations the longest counts.
    pub fn merge(&mut self, next: &Point) {
        self.seconds += next.seconds;
        self.ok += next.ok;
        for (own, other) in self.failed.iter_mut().zip(next.failed) {
            *own += other;
        }
        for (own, other) in self.quantiles_ms.iter_mut().zip(next.quantiles_ms) {
            *own = own.max(other);
        }
    }
}

/// One load over time.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LoadSeries {
    /// They are the look-ups of another load's names, which are no requests of users.
    pub look_ups: bool,
    /// Namespace and name of its Service.
    pub service: (Str, Str),
    /// Sums.
    pub totals: Totals,
    /// Seconds in which there were requests, or of a long run several of them together.
    pub points: Vec<Point>,
    /// Times that the points were put together two by two, and seconds in the last one.
    halved: u32,
    in_last: u64,
    /// Sums over the requests sent within the spans that somebody asks for.
    pub within: BTreeMap<(Time, Time), Totals>,
}

/// All loads by name.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Traffic(pub BTreeMap<Str, LoadSeries>);

/// Which Deployments are behind which Services.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Backends {
    selectors: BTreeMap<(Str, Str), Labels>,
    templates: BTreeMap<(Str, Str), Labels>,
}

impl Backends {
    pub(super) fn commit(&mut self, key: &Key, entry: &LogEntry) {
        let place = (key.namespace.clone(), key.name.clone());
        match &entry.object().body {
            Body::Service(service) => drop(self.selectors.insert(place, service.spec.selector.clone())),
            Body::Deployment(deployment) => {
                let labels = &deployment.spec.template.metadata.labels;
                if self.templates.get(&place) != Some(labels) {
                    self.templates.insert(place, labels.clone());
                }
            }
            _ => {}
        }
    }

    /// The names of the Deployments whose pods a Service selects.
    pub fn of(&self, service: &(Str, Str)) -> Vec<Str> {
        let Some(selector) = self.selectors.get(service).filter(|selector| !selector.is_empty()) else { return Vec::new() };
        let own = self.templates.iter().filter(|((namespace, _), _)| *namespace == service.0);
        let fits = |labels: &Labels| selector.iter().all(|(key, value)| labels.get(key) == Some(&**value));
        own.filter(|(_, labels)| fits(labels)).map(|((_, name), _)| name.clone()).collect()
    }
}

/// The quantiles that are shown over time.
pub const QUANTILES: [f64; 3] = [0.5, 0.95, 0.99];

impl Totals {
    /// All requests.
    pub fn requests(&self) -> u64 {
        self.ok + self.failures()
    }

    /// All failures.
    pub fn failures(&self) -> u64 {
        self.failed.iter().sum()
    }

    fn add(&mut self, window: &Window) {
        self.ok += window.ok;
        for at in 0..Cause::ALL.len() {
            self.failed[at] += window.failed[at];
            self.retried[at] += window.retried[at];
        }
        self.durations.merge(&window.durations);
        let first = self.sent.map_or(window.from, |(first, _)| first);
        self.sent = Some((first, window.until));
    }

    /// Adds those of another load.
    pub fn merge(&mut self, other: &Totals) {
        self.ok += other.ok;
        for at in 0..Cause::ALL.len() {
            self.failed[at] += other.failed[at];
            self.retried[at] += other.retried[at];
        }
        self.durations.merge(&other.durations);
        self.sent = match (self.sent, other.sent) {
            (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
            (one, other) => one.or(other),
        };
    }
}

/// Milliseconds of a span.
pub fn ms(span: crate::base::Span) -> f64 {
    span.0 as f64 / 1e6
}

impl LoadSeries {
    fn add_point(&mut self, point: Point) {
        match self.points.last_mut().filter(|_| self.in_last < 1 << self.halved) {
            Some(last) => last.merge(&point),
            None => {
                self.points.push(point);
                self.in_last = 0;
            }
        }
        self.in_last += 1;
        if self.points.len() > POINTS_MAX {
            // The last one stays by itself: it is a point that has only begun.
            let last = self.points.pop();
            let pairs = self.points.chunks(2).map(|pair| {
                let mut both = pair[0].clone();
                pair[1..].iter().for_each(|next| both.merge(next));
                both
            });
            self.points = pairs.chain(last).collect();
            self.halved += 1;
        }
    }
}

impl Traffic {
    /// Adds a second, also to those of the spans that it lies in; gives back its quantiles, if it has any requests.
    pub(super) fn record(&mut self, window: &Window, spans: &[(Time, Time)]) -> Option<[f64; 3]> {
        let load = self.0.entry(window.load.clone()).or_default();
        (load.service, load.look_ups) = (window.service.clone(), window.look_ups);
        load.totals.add(window);
        for span in spans.iter().filter(|(from, to)| *from <= window.from && window.until <= *to) {
            load.within.entry(*span).or_default().add(window);
        }
        if window.requests() == 0 {
            return None;
        }
        let quantiles_ms = QUANTILES.map(|share| window.durations.quantile(share).map_or(0.0, ms));
        let seconds = window.until.since(window.from).as_s_f64();
        load.add_point(Point { at: window.from, seconds, ok: window.ok, failed: window.failed, quantiles_ms });
        Some(quantiles_ms)
    }

    /// The load with this name, or all loads of users.
    fn chosen<'a>(&'a self, load: Option<&'a str>) -> impl Iterator<Item = &'a LoadSeries> {
        let fits = move |name: &str, series: &LoadSeries| load.map_or(!series.look_ups, |load| name == load);
        self.0.iter().filter(move |(name, series)| fits(name, series)).map(|(_, series)| series)
    }

    /// Sums over the load with this name, or over all.
    pub fn totals(&self, load: Option<&str>) -> Totals {
        let mut all = Totals::default();
        let chosen = self.chosen(load);
        chosen.for_each(|load| all.merge(&load.totals));
        all
    }

    /// The same of the requests sent between two instants, one of the pairs that were asked for when the run began.
    pub fn within(&self, load: Option<&str>, between: (Time, Time)) -> Totals {
        let mut all = Totals::default();
        let chosen = self.chosen(load);
        chosen.filter_map(|load| load.within.get(&between)).for_each(|totals| all.merge(totals));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_load_keeps_its_sums_in_few_points() {
        let mut load = LoadSeries::default();
        let seconds = 5 * POINTS_MAX as u64 + 3;
        for second in 0..seconds {
            let (at, failed) = (Time::from_s(second), [second % 2, 0, 0, 0, 0, 0]);
            load.add_point(Point { at, seconds: 1.0, ok: second, failed, quantiles_ms: [second as f64; 3] });
        }
        assert!(load.points.len() <= POINTS_MAX, "{}", load.points.len());
        let sums =
            load.points.iter().fold((0.0, 0, 0), |sums, point| (sums.0 + point.seconds, sums.1 + point.ok, sums.2 + point.failed[0]));
        assert_eq!(sums, (seconds as f64, seconds * (seconds - 1) / 2, seconds / 2));
        assert!(load.points.is_sorted_by_key(|point| point.at));
        assert_eq!(load.points.last().unwrap().quantiles_ms[2], (seconds - 1) as f64);
    }
}
