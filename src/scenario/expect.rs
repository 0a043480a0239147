//! Expectations: verdicts, and thresholds of metrics. What is judged while the run goes on is in `judge`.

use crate::actor::traffic::Cause;
use crate::base::Time;
use crate::base::input_error::did_you_mean;
use crate::metrics::registry::{self, Registry};
use crate::metrics::series::Series;
use crate::metrics::traffic::ms;

/// Which figure of a metric is compared.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Figure {
    /// Smallest value.
    Min,
    /// Greatest value.
    Max,
    /// Mean over time.
    Avg,
    /// Value at the end.
    Last,
    /// How often it changed.
    Count,
    /// Increase a second.
    Rate,
    /// A percentile over time.
    Percentile(f64),
}

/// How a figure is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

/// What must hold of a metric, as in k6: `rate < 0.001`, `p(99) < 2`.
#[derive(Clone, PartialEq, Debug)]
pub struct Threshold {
    /// Which figure.
    pub figure: Figure,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what.
    pub value: f64,
    /// As written.
    pub text: String,
}

/// Names of figures, for messages.
const FIGURES: &[&str] = &["min", "max", "avg", "last", "count", "rate", "p(99)"];
/// Comparisons; the longer ones first.
const COMPARISONS: [(&str, Comparison); 7] = [
    ("===", Comparison::Equal),
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

impl Threshold {
    /// Reads a threshold; the error is a message and a hint.
    pub fn parse(text: &str) -> Result<Threshold, (String, String)> {
        let hint = || "such as \"min >= 4\" or \"p(99) < 2\"".to_string();
        let bad = || (format!("\"{text}\" is no threshold"), hint());
        let found = COMPARISONS.iter().find_map(|(sign, comparison)| Some((text.split_once(sign)?, *comparison)));
        let ((figure, value), comparison) = found.ok_or_else(bad)?;
        let value: f64 = value.trim().parse().ok().filter(|value: &f64| value.is_finite()).ok_or_else(bad)?;
        let figure = match figure.trim() {
            "min" => Figure::Min,
            "max" => Figure::Max,
            "avg" => Figure::Avg,
            "last" | "value" => Figure::Last,
            "count" => Figure::Count,
            "rate" => Figure::Rate,
            "med" => Figure::Percentile(50.0),
            other => {
                let share = other.strip_prefix("p(").and_then(|rest| rest.strip_suffix(')')).and_then(|share| share.trim().parse().ok());
                let share = share.filter(|share: &f64| (0.0..=100.0).contains(share));
                Figure::Percentile(share.ok_or_else(|| {
                    let near = did_you_mean(other, FIGURES.iter().copied());
                    (format!("unknown figure \"{other}\""), if near.is_empty() { format!("one of {}", FIGURES.join(", ")) } else { near })
                })?)
            }
        };
        Ok(Threshold { figure, comparison, value, text: text.trim().to_string() })
    }

    /// Whether a figure is as it must be.
    pub fn holds(&self, figure: f64) -> bool {
        match self.comparison {
            Comparison::Less => figure < self.value,
            Comparison::LessOrEqual => figure <= self.value,
            Comparison::Greater => figure > self.value,
            Comparison::GreaterOrEqual => figure >= self.value,
            Comparison::Equal => figure == self.value,
            Comparison::NotEqual => figure != self.value,
        }
    }
}

impl Threshold {
    /// Whether it holds for every series of a metric, and what the figures are.
    pub fn judge(&self, metric: &str, registry: &Registry, between: Option<(Time, Time)>, end: Time) -> (bool, String) {
        let (name, wanted) = selection(metric);
        if name.starts_with(HTTP) {
            return self.judge_requests(name, &wanted, metric, (registry, between));
        }
        let found = registry.iter().find(|(known, _)| known.name == name).map(|(_, labelled)| labelled);
        let chosen = found.into_iter().flatten().filter(|(labels, _)| wanted.iter().all(|pair| pairs(labels).contains(pair)));
        let (mut passed, mut shown) = (true, Vec::new());
        for (labels, series) in chosen {
            let Some(figure) = self.figure.of(series, between.map(|(from, _)| from), between.map_or(end, |(_, to)| to.min(end))) else {
                continue;
            };
            let holds = self.holds(figure);
            // Of many series only those that break it are told.
            if !holds || shown.is_empty() {
                if passed && !holds {
                    shown.clear();
                }
                shown.push(format!("{name}{labels}: {figure}"));
            }
            passed &= holds;
        }
        if shown.is_empty() {
            return (false, format!("{}: {metric} has no values", self.text));
        }
        (passed, format!("{}: {}", self.text, shown.join("; ")))
    }
}

/// How the metrics of requests begin.
const HTTP: &str = "http_req";

impl Threshold {
    /// Whether it holds for the requests of all loads, or of those asked for; durations are in milliseconds, as in k6.
    fn judge_requests(
        &self,
        name: &str,
        wanted: &[(String, String)],
        metric: &str,
        (registry, between): (&Registry, Option<(Time, Time)>),
    ) -> (bool, String) {
        let label = |key: &str| wanted.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str());
        let totals = match between {
            Some(between) => registry.traffic.within(label("load"), between),
            None => registry.traffic.totals(label("load")),
        };
        let requests = totals.requests();
        if requests == 0 {
            return (false, format!("{}: {metric} has no values, as nobody sent a request", self.text));
        }
        let of = |cause: Cause| label("cause").is_none_or(|label| label == cause.label());
        let failed: u64 = Cause::ALL.into_iter().filter(|cause| of(*cause)).map(|cause| totals.failed[cause as usize]).sum();
        let retried: u64 = Cause::ALL.into_iter().filter(|cause| of(*cause)).map(|cause| totals.retried[cause as usize]).sum();
        let seconds = totals.sent.map_or(0.0, |(first, last)| last.since(first).as_s_f64()).max(1.0);
        let count = match name {
            "http_req_failed" => failed,
            "http_req_retries" => retried,
            _ => requests,
        };
        let quantile = |share: f64| totals.durations.quantile(share).map_or(0.0, ms);
        let figure = match self.figure {
            Figure::Count => count as f64,
            Figure::Rate if name == "http_req_failed" => failed as f64 / requests as f64,
            Figure::Rate => count as f64 / seconds,
            Figure::Min => quantile(0.0),
            Figure::Max => quantile(1.0),
            Figure::Avg | Figure::Last => totals.durations.mean().map_or(0.0, ms),
            Figure::Percentile(percent) => quantile(percent / 100.0),
        };
        let shown = if name == "http_req_failed" { format!(" ({failed} of {requests} requests)") } else { String::new() };
        (self.holds(figure), format!("{}: {metric}: {figure}{shown}", self.text))
    }

    /// Whether the metric of requests has such a figure; else a message and a hint.
    pub(super) fn fits(&self, metric: &str) -> Result<(), (String, String)> {
        let name = selection(metric).0;
        let (is_trend, figures) = match name {
            "http_req_duration" => (true, "avg, min, med, max, p(95)"),
            name if name.starts_with(HTTP) => (false, "rate, count"),
            _ => return Ok(()),
        };
        let of_trend = !matches!(self.figure, Figure::Rate | Figure::Count | Figure::Last);
        if is_trend == of_trend && self.figure != Figure::Last {
            return Ok(());
        }
        Err((format!("{name} has no such figure as in \"{}\"", self.text), format!("one of {figures}")))
    }
}

impl Figure {
    /// The figure of a series from an instant, or its beginning, to `end`; none if it has no values then.
    fn of(self, series: &Series, from: Option<Time>, end: Time) -> Option<f64> {
        let points = within(series.points(), from, end);
        let (first, last) = (points.first()?, points.last()?);
        // How long each value held.
        let held = || {
            let ends = points.iter().skip(1).map(|(at, _)| *at).chain([end]);
            points.iter().zip(ends).map(|((at, value), until)| (*value, until.since(*at).as_s_f64()))
        };
        let total: f64 = held().map(|(_, span)| span).sum();
        Some(match self {
            Figure::Min => points.iter().map(|(_, value)| *value).fold(f64::INFINITY, f64::min),
            Figure::Max => points.iter().map(|(_, value)| *value).fold(f64::NEG_INFINITY, f64::max),
            Figure::Last => last.1,
            Figure::Count => points.len() as f64,
            Figure::Avg if total > 0.0 => held().map(|(value, span)| value * span).sum::<f64>() / total,
            Figure::Rate if total > 0.0 => (last.1 - first.1) / total,
            Figure::Avg => last.1,
            Figure::Rate => 0.0,
            Figure::Percentile(share) => {
                let mut sorted: Vec<(f64, f64)> = held().collect();
                sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
                let mut left = total * share / 100.0;
                let found = sorted.iter().find(|(_, span)| {
                    left -= span;
                    left <= 0.0
                });
                found.or(sorted.last()).map_or(last.1, |(value, _)| *value)
            }
        })
    }
}

/// The values that hold from an instant to another: the first of them may be older, and holds from `from` on.
fn within(points: &[(Time, f64)], from: Option<Time>, end: Time) -> Vec<(Time, f64)> {
    let from = from.unwrap_or(Time::ZERO);
    let begins = points.partition_point(|(at, _)| *at <= from).saturating_sub(1);
    let held = points.iter().skip(begins).take_while(|(at, _)| *at <= end);
    held.map(|(at, value)| ((*at).max(from), *value)).collect()
}

/// A metric's name, and the pairs of labels that are asked for.
fn selection(metric: &str) -> (&str, Vec<(String, String)>) {
    match metric.split_once('{') {
        Some((name, rest)) => (name.trim(), pairs(&format!("{{{rest}"))),
        None => (metric.trim(), Vec::new()),
    }
}

/// The pairs of `{a="b",c="d"}`.
fn pairs(labels: &str) -> Vec<(String, String)> {
    let inner = labels.trim().trim_start_matches('{').trim_end_matches('}');
    // k6 writes its tags with colons.
    let pair =
        |text: &str| text.split_once(['=', ':']).map(|(key, value)| (key.trim().to_string(), value.trim().trim_matches('"').to_string()));
    inner.split(',').filter_map(pair).collect()
}

/// Whether there is such a metric; else a message and a hint.
pub(super) fn metric_known(metric: &str) -> Result<(), (String, String)> {
    let name = metric.split('{').next().unwrap_or("").trim();
    if metric.contains('{') != metric.ends_with('}') {
        return Err((format!("\"{metric}\" is no metric"), "such as kube_pod_status_phase{phase=\"Failed\"}".into()));
    }
    if registry::ALL.iter().any(|known| known.name == name) {
        return Ok(());
    }
    let hint = did_you_mean(name, registry::ALL.iter().map(|known| known.name));
    Err((format!("unknown metric \"{name}\""), hint))
}

/// What became of an expectation.
#[derive(Clone, PartialEq, Debug)]
pub struct Verdict {
    /// Its name.
    pub name: String,
    /// `always`, `holds`, `eventually` or `threshold`.
    pub kind: &'static str,
    /// Whether it held.
    pub passed: bool,
    /// When it was decided.
    pub at: Time,
    /// The expression or threshold, and the values at that instant if it broke.
    pub detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_k6s() {
        let read = |text: &str| Threshold::parse(text).unwrap();
        assert_eq!((read("rate < 0.001").figure, read("rate<0.001").value), (Figure::Rate, 0.001));
        assert_eq!(read("p(99.9)<=2").figure, Figure::Percentile(99.9));
        assert!(read("min >= 4").holds(4.0) && !read("min > 4").holds(4.0) && read("last==3").holds(3.0));
        assert_eq!(Threshold::parse("mn >= 4").unwrap_err().1, "did you mean \"min\"?");
        for bad in ["", "min", "min >= x", "p(101) < 2", "< 3"] {
            assert!(Threshold::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn figures_weigh_values_by_time() {
        let mut series = Series::default();
        for (at, value) in [(0, 1.0), (10, 4.0), (15, 2.0)] {
            series.set(Time::from_s(at), value);
        }
        let figure = |figure: Figure| figure.of(&series, None, Time::from_s(20)).unwrap();
        let part = |figure: Figure, from, to| figure.of(&series, Some(Time::from_s(from)), Time::from_s(to));
        assert_eq!((part(Figure::Max, 2, 9), part(Figure::Min, 10, 20), part(Figure::Last, 3, 12)), (Some(1.0), Some(2.0), Some(4.0)));
        assert_eq!((part(Figure::Avg, 12, 18), part(Figure::Count, 11, 12)), (Some(3.0), Some(1.0)));
        assert_eq!((figure(Figure::Min), figure(Figure::Max), figure(Figure::Last), figure(Figure::Count)), (1.0, 4.0, 2.0, 3.0));
        assert_eq!((figure(Figure::Avg), figure(Figure::Rate)), (2.0, 0.05));
        assert_eq!((figure(Figure::Percentile(50.0)), figure(Figure::Percentile(60.0)), figure(Figure::Percentile(99.0))), (1.0, 2.0, 4.0));
        let (passed, detail) = Threshold::parse("min > 0").unwrap().judge("kube_pod_status_ready", &Registry::default(), None, Time::ZERO);
        assert_eq!((passed, detail.as_str()), (false, "min > 0: kube_pod_status_ready has no values"));
        assert_eq!(selection("a{b=\"c\", d=\"e\"}"), ("a", vec![("b".into(), "c".into()), ("d".into(), "e".into())]));
    }

    #[test]
    fn metrics_are_known() {
        assert!(metric_known("kube_pod_status_phase{phase=\"Failed\"}").is_ok());
        assert!(metric_known("kube_pod_status_phas").unwrap_err().1.contains("kube_pod_status_phase"));
        assert!(metric_known("http_req_failed").is_ok() && metric_known("http_req_fialed").unwrap_err().1.contains("http_req_failed"));
        let fits = |text: &str, metric: &str| Threshold::parse(text).unwrap().fits(metric).is_ok();
        assert!(fits("rate < 0.1", "http_req_failed") && fits("p(95) < 200", "http_req_duration{load=\"a\"}"));
        assert!(
            !fits("p(95) < 200", "http_req_failed") && !fits("rate < 1", "http_req_duration") && fits("max < 3", "kube_pod_status_ready")
        );
        assert!(metric_known("kube_pod_status_phase{phase").is_err());
    }
}
