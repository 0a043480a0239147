//! `summary.json` and `events.jsonl`.

use super::{Run, VERSION};
use crate::metrics::latency::{Percentiles, percentiles};
use serde_json::{Value, json};
use std::io::{self, Write};

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
    figures["startupSeconds"] = spans(percentiles(&run.collector.latency.startup));
    figures
}

fn spans(of: Percentiles) -> Value {
    json!({"count": of.count, "p50": of.p50.as_s_f64(), "p90": of.p90.as_s_f64(), "p99": of.p99.as_s_f64(), "max": of.max.as_s_f64()})
}

/// The Events, one JSON object a line.
pub fn events_jsonl(run: &Run<'_>) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    for line in &run.collector.events.lines {
        serde_json::to_writer(&mut text, line)?;
        text.write_all(b"\n")?;
    }
    Ok(text)
}
