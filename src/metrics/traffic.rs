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

/// One load over time.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LoadSeries {
    /// Namespace and name of its Service.
    pub service: (Str, Str),
    /// Sums.
    pub totals: Totals,
    /// Seconds in which there were requests.
    pub points: Vec<Point>,
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

impl Traffic {
    /// Adds a second; gives back its quantiles, if it has any requests.
    pub(super) fn record(&mut self, window: &Window) -> Option<[f64; 3]> {
        let load = self.0.entry(window.load.clone()).or_default();
        load.service = window.service.clone();
        let totals = &mut load.totals;
        totals.ok += window.ok;
        for at in 0..Cause::ALL.len() {
            totals.failed[at] += window.failed[at];
            totals.retried[at] += window.retried[at];
        }
        totals.durations.merge(&window.durations);
        let first = totals.sent.map_or(window.from, |(first, _)| first);
        totals.sent = Some((first, window.until));
        if window.requests() == 0 {
            return None;
        }
        let quantiles_ms = QUANTILES.map(|share| window.durations.quantile(share).map_or(0.0, ms));
        load.points.push(Point {
            at: window.from,
            seconds: window.until.since(window.from).as_s_f64(),
            ok: window.ok,
            failed: window.failed,
            quantiles_ms,
        });
        Some(quantiles_ms)
    }

    /// Sums over the loads with this name, or over all.
    pub fn totals(&self, load: Option<&str>) -> Totals {
        let mut all = Totals::default();
        let chosen = self.0.iter().filter(|(name, _)| load.is_none_or(|load| &***name == load));
        chosen.for_each(|(_, load)| all.merge(&load.totals));
        all
    }

    /// The same of the seconds between two instants: counts of requests and failures, without durations.
    pub fn counts(&self, load: Option<&str>, from: Time, to: Time) -> Totals {
        let mut all = Totals::default();
        for (_, series) in self.0.iter().filter(|(name, _)| load.is_none_or(|load| &***name == load)) {
            let within = series.points.iter().filter(|point| (from..to).contains(&point.at));
            for point in within {
                let mut one = Totals { ok: point.ok, failed: point.failed, ..Totals::default() };
                one.sent = Some((point.at, point.at + crate::base::Span::from_s_f64(point.seconds)));
                all.merge(&one);
            }
        }
        all
    }
}
