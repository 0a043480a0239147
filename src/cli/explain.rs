//! `kubesim explain pod/NAME SCENARIO`: every attempt to place a pod in a run, with each node's verdict and scores.

use super::Outcome;
use super::load::{ScenarioArgs, run_with_progress, span};
use crate::actor::{Observer, Record};
use crate::base::{Span, Time};
use crate::report::story::clock;
use crate::store::{Key, LogEntry};
use crate::world::{Options, World};
use serde_json::Value;
use std::cell::RefCell;
use std::rc::Rc;

/// Explain where the scheduler put a pod, or why it could not.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The pod: `pod/NAME` or `NAME`.
    pod: String,
    /// The scenario file.
    scenario: String,
    #[command(flatten)]
    common: ScenarioArgs,
    /// Attempts up to this instant, such as `7m` [default: to the end].
    #[arg(long, value_name = "TIME", value_parser = span)]
    at: Option<Span>,
    /// Namespace.
    #[arg(short, long, default_value = "default")]
    namespace: String,
    /// `json` prints one JSON object an attempt.
    #[arg(short, long, value_parser = ["table", "json"], default_value = "table")]
    output: String,
}

#[derive(Clone, Default)]
struct Attempts(Rc<RefCell<Vec<(Time, Value)>>>);

impl Observer for Attempts {
    fn commit(&mut self, _key: &Key, _entry: &LogEntry) {}

    fn record(&mut self, at: Time, record: &Record) {
        if let Record::Explained { attempt, .. } = record {
            self.0.borrow_mut().push((at, attempt.clone()));
        }
    }
}

/// Explains.
pub fn run(args: Args) -> Outcome {
    let scenario = args.common.load(Some(&args.scenario), None)?;
    let name = args.pod.trim_start_matches("pods/").trim_start_matches("pod/");
    let pod = format!("{}/{name}", args.namespace);
    let mut world = World::new(&scenario, Options { explain: Some(pod.clone()), ..Options::default() })?;
    let attempts = Attempts::default();
    world.observe(Box::new(attempts.clone()));
    run_with_progress(&mut world, args.at.map_or(scenario.end(), |span| Time(span.0)));
    let attempts = attempts.0.borrow();
    if attempts.is_empty() {
        let hint = "`kubesim get pods SCENARIO` lists the pods; those bound by their manifests or by others are never scheduled";
        return Err(format!("error: the scheduler never tried to place pod {pod}\n{hint}"));
    }
    for (at, attempt) in attempts.iter() {
        if args.output == "json" {
            println!("{attempt}");
        } else {
            println!("{}", shown(*at, attempt));
        }
    }
    Ok(0)
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or("")
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

/// One attempt as a person reads it.
pub(super) fn shown(at: Time, attempt: &Value) -> String {
    let mut out = format!(
        "Attempt {} of {} at {}, taken from {}\n",
        attempt["attempt"],
        text(attempt, "pod"),
        clock(Span(at.0)),
        text(attempt, "from")
    );
    for step in list(attempt, "moves") {
        let at = clock(Span::from_ms(step["t_ms"].as_u64().unwrap_or(0)));
        out += &format!("  queue: {at} {} -> {} ({})\n", text(step, "from"), text(step, "to"), text(step, "event"));
    }
    out += &nodes(attempt);
    let ties: Vec<&str> = list(attempt, "ties").filter_map(Value::as_str).collect();
    match (text(attempt, "node"), ties.len()) {
        ("", _) => out += &format!("Result: {}\n", text(attempt, "message")),
        (node, 0 | 1) => out += &format!("Result: {node}\n"),
        (node, _) => {
            let rule = "of equal scores kube-scheduler 1.37 takes the root of its heap";
            out += &format!("Result: {node}, among equals: {} ({rule})\n", ties.join(", "));
        }
    }
    for hint in list(attempt, "nearest").filter_map(Value::as_str) {
        out += &format!("Would fit: {hint}\n");
    }
    out
}

/// The table of nodes: verdicts, and for those that passed each plugin's raw score, normalised score and weight.
fn nodes(attempt: &Value) -> String {
    let scores = &attempt["scores"];
    let plugins: Vec<&str> = list(scores, "plugins").filter_map(Value::as_str).collect();
    let weights: Vec<i64> = list(scores, "weights").filter_map(Value::as_i64).collect();
    let mut rows: Vec<(i64, Vec<String>)> = Vec::new();
    for node in list(attempt, "feasible").filter_map(Value::as_str) {
        let score = &scores["nodes"][node];
        let total = score["total"].as_i64();
        let mut row = vec![node.to_string(), "fits".into(), total.map_or("not scored (the only one)".into(), |total| total.to_string())];
        for (at, weight) in weights.iter().enumerate() {
            row.push(format!("{} -> {} x{weight}", score["raw"][at], score["norm"][at]));
        }
        rows.push((-total.unwrap_or(0), row));
    }
    rows.sort();
    let mut titles = vec!["NODE".to_string(), "VERDICT".into(), "TOTAL".into()];
    titles.extend(plugins.iter().map(|plugin| plugin.to_string()));
    let mut table: Vec<Vec<String>> = vec![titles];
    table.extend(rows.into_iter().map(|(_, row)| row));
    for (node, verdict) in attempt["rejected"].as_object().into_iter().flatten() {
        let reasons: Vec<&str> = list(verdict, "reasons").filter_map(Value::as_str).collect();
        table.push(vec![node.clone(), format!("{}: {}", text(verdict, "plugin"), reasons.join(", "))]);
    }
    crate::manifest::table::align(table)
}
