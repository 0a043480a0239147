//! The data of the page: what the collectors counted, and the replay. Times are milliseconds since the start.

use super::super::charts::{Load, traffic::grouped};
use super::super::{Run, VERSION};
use crate::base::Time;
use crate::metrics::events::EventLine;
use crate::metrics::replay::data::{Each, ms};
use crate::metrics::rollout::{Revision, Rollout};
use crate::metrics::series::Series;
use crate::metrics::traffic::{ByCause, Cause, Point};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

/// Events in the page.
pub const EVENTS_MAX: usize = 4_000;
/// Rollouts in the page; those with most changes come first.
const ROLLOUTS_MAX: usize = 40;
/// Points of a series in the page; beyond, changes that lie closely together are merged.
const POINTS_MAX: usize = 2_000;
/// Points of each node of a big run: no eye sees more.
const NODE_POINTS_MAX: u64 = 60;

/// All of it, as JSON; each part is made when it is written, and gone after. Keys are in order.
pub struct Data<'a, 'b>(pub &'a Run<'b>);

impl Serialize for Data<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let run = self.0;
        let collector = run.collector;
        let replay = collector.replay.as_ref();
        let end = Time(run.simulated.0);
        let big = replay.is_some_and(|replay| replay.big);
        let cases = run
            .cases
            .iter()
            .map(|case| json!({"name": case.name, "demand": case.demand, "passed": case.passed, "t": ms(case.at), "detail": case.detail}));
        let events = collector.events.lines().take(EVENTS_MAX);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("endMs", &ms(end))?;
        let event = |e: EventLine| json!([e.t, e.kind, e.reason, e.object, e.message, e.count, e.source, e.namespace]);
        map.serialize_entry("events", &Each::new(events.map(event)))?;
        map.serialize_entry("eventsLeftOut", &collector.events.len().saturating_sub(EVENTS_MAX))?;
        map.serialize_entry("expectations", &Each::new(cases))?;
        map.serialize_entry("format", "kubesim-report/v1")?;
        let marks = collector.marks.iter();
        map.serialize_entry("marks", &Each::new(marks.map(|mark| json!([ms(mark.at), mark.label, mark.is_fault]))))?;
        map.serialize_entry("name", run.name)?;
        map.serialize_entry("nodes", &Each::new(big.then(|| nodes(run, end)).into_iter().flatten()))?;
        map.serialize_entry("question", run.question)?;
        map.serialize_entry("replay", &replay)?;
        map.serialize_entry("rollouts", &Each::new(rollouts(run).into_iter()))?;
        map.serialize_entry("seed", &run.seed)?;
        map.serialize_entry("start", &collector.clock.timestamp(Time::ZERO).to_string())?;
        let story = collector.story.lines.iter();
        map.serialize_entry("story", &Each::new(story.map(|line| json!([ms(line.at), super::tone(line.tone), line.text]))))?;
        map.serialize_entry("traceHash", &format!("{:016x}", run.trace_hash))?;
        map.serialize_entry("traffic", &Each::new(super::super::charts::loads(run).iter().map(traffic)))?;
        map.serialize_entry("version", VERSION)?;
        map.end()
    }
}

fn rollouts(run: &Run<'_>) -> Vec<Value> {
    let mut found: Vec<_> = run.collector.rollouts.0.iter().collect();
    found.sort_by_key(|(_, rollout)| std::cmp::Reverse(rollout.available.points().len()));
    found.truncate(ROLLOUTS_MAX);
    found.sort_by_key(|(key, _)| *key);
    found.into_iter().map(|((namespace, name), rollout)| rollout_json(namespace, name, rollout)).collect()
}

fn rollout_json(namespace: &str, name: &str, rollout: &Rollout) -> Value {
    let revision = |revision: &Revision| {
        json!({
            "name": revision.name, "revision": revision.revision, "images": revision.images,
            "wanted": points(&revision.wanted), "ready": points(&revision.ready),
        })
    };
    json!({
        "namespace": namespace, "name": name,
        "desired": points(&rollout.desired), "availableMin": points(&rollout.available_min), "totalMax": points(&rollout.total_max),
        "available": points(&rollout.available), "ready": points(&rollout.ready), "unavailable": points(&rollout.unavailable),
        "total": points(&rollout.total), "revisions": rollout.revisions.iter().map(revision).collect::<Value>(),
    })
}

/// A load: sums, points `[t, seconds, answered, [failed by cause], p50, p95, p99]`, and what is behind its Service.
fn traffic(load: &Load<'_>) -> Value {
    let totals = &load.series.totals;
    let causes: Vec<Cause> = Cause::ALL.into_iter().filter(|cause| totals.failed[*cause as usize] > 0).collect();
    let failed = |counts: &ByCause| causes.iter().map(|cause| json!(counts[*cause as usize])).collect::<Value>();
    let thousandths = |value: f64| number((value * 1000.0).round() / 1000.0);
    let point = |point: &Point| {
        let [p50, p95, p99] = point.quantiles_ms.map(thousandths);
        json!([ms(point.at), thousandths(point.seconds), point.ok, failed(&point.failed), p50, p95, p99])
    };
    let series = |series: Option<&Series>| series.map_or(Value::Null, points);
    json!({
        "name": load.name, "namespace": load.series.service.0, "service": load.series.service.1,
        "answered": totals.ok, "failed": failed(&totals.failed), "causes": causes.iter().map(|cause| cause.label()).collect::<Value>(),
        "points": grouped(&load.series.points).iter().map(point).collect::<Value>(),
        "endpoints": series(load.pods.endpoints), "wanted": series(load.pods.wanted), "of": load.pods.of,
    })
}

fn nodes<'a>(run: &'a Run<'_>, end: Time) -> impl Iterator<Item = Value> + use<'a> {
    let apart = end.0 / NODE_POINTS_MAX;
    let node = move |(name, load): (&_, &crate::metrics::nodes::NodeLoad)| json!({"name": name, "zone": load.zone, "pods": spaced(&load.pods, apart), "ready": spaced(&load.ready, apart)});
    run.collector.nodes.0.iter().map(node)
}

fn points(series: &Series) -> Value {
    let apart = match series.points() {
        points if points.len() > POINTS_MAX => points.last().map_or(0, |(at, _)| at.0 / POINTS_MAX as u64),
        _ => 0,
    };
    spaced(series, apart)
}

/// The changes `[t, value]`; of those closer together than `apart_ns` the last one.
fn spaced(series: &Series, apart_ns: u64) -> Value {
    let mut out: Vec<(Time, f64)> = Vec::new();
    for &(at, value) in series.points() {
        match out.last_mut() {
            Some((last, kept)) if at.0 - last.0 < apart_ns => *kept = value,
            _ => out.push((at, value)),
        }
    }
    out.iter().map(|(at, value)| json!([ms(*at), number(*value)])).collect()
}

/// Whole numbers without a fraction.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 { json!(value as i64) } else { json!(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_changes_are_merged_and_the_last_one_stays() {
        let mut series = Series::default();
        for (at, value) in [(0, 1.0), (1, 2.0), (2, 2.5), (10, 4.0)] {
            series.set(Time::from_ms(at), value);
        }
        assert_eq!(spaced(&series, 0), json!([[0, 1], [1, 2], [2, 2.5], [10, 4]]));
        assert_eq!(spaced(&series, 5_000_000), json!([[0, 2.5], [10, 4]]));
    }
}
