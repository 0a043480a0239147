//! `summary.json`.

use super::{Run, VERSION};
use crate::metrics::latency::{Percentiles, percentiles};
use crate::metrics::traffic::{ByCause, Cause, Totals, ms};
use serde_json::{Value, json};

/// The summary as JSON with sorted keys.
pub fn to_json(run: &Run<'_>) -> String {
    let cases: Vec<Value> = run
        .cases
        .iter()
        .map(|case| json!({"name": case.name, "demand": case.demand, "passed": case.passed, "atSeconds": case.at.as_s_f64(), "detail": case.detail}))
        .collect();
    let not_ready: Vec<Value> = run.not_ready.iter().map(|(pod, why)| json!({"pod": pod, "reason": why})).collect();
    let summary = json!({
        "name": run.name,
        "question": run.question,
        "seed": run.seed,
        "version": VERSION,
        "traceHash": format!("{:016x}", run.trace_hash),
        "simulatedSeconds": run.simulated.as_s_f64(),
        "events": run.events,
        "commits": run.commits,
        "pods": run.collector.figures.pods_created,
        "expectations": cases,
        "notReady": not_ready,
        "figures": figures(run),
    });
    serde_json::to_string_pretty(&summary).expect("plain data") + "\n"
}

fn figures(run: &Run<'_>) -> Value {
    let mut figures = serde_json::to_value(run.collector.figures).expect("plain data");
    figures["schedulingSeconds"] = spans(percentiles(&run.collector.latency.scheduling));
    let loads: serde_json::Map<String, Value> =
        run.collector.registry.traffic.0.iter().map(|(name, load)| (name.to_string(), requests(&load.totals))).collect();
    if !loads.is_empty() {
        figures["requests"] = Value::Object(loads);
    }
    figures["startupSeconds"] = spans(percentiles(&run.collector.latency.startup));
    figures
}

fn spans(of: Percentiles) -> Value {
    json!({"count": of.count, "p50": of.p50.as_s_f64(), "p90": of.p90.as_s_f64(), "p99": of.p99.as_s_f64(), "max": of.max.as_s_f64()})
}

fn requests(totals: &Totals) -> Value {
    let by_cause = |counts: &ByCause| -> serde_json::Map<String, Value> {
        let some = Cause::ALL.into_iter().filter(|cause| counts[*cause as usize] > 0);
        some.map(|cause| (cause.label().to_string(), counts[cause as usize].into())).collect()
    };
    let at = |share: f64| totals.durations.quantile(share).map_or(0.0, ms);
    json!({
        "sent": totals.requests(),
        "ok": totals.ok,
        "failed": totals.failures(),
        "failedByCause": by_cause(&totals.failed),
        "retriedByCause": by_cause(&totals.retried),
        "durationMs": {"avg": totals.durations.mean().map_or(0.0, ms), "p50": at(0.5), "p95": at(0.95), "p99": at(0.99), "max": at(1.0)},
    })
}
