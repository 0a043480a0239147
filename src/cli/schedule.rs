//! `kubesim schedule`: where would the pods go, and why? From what `kubectl get -o yaml` prints, or from lines of recorded scenarios.

use super::Outcome;
use crate::manifest::{Item, read};
use crate::model::{Kind, Object};
use crate::scheduler::config::SchedulerConfiguration;
use crate::scheduler::listers;
use crate::scheduler::vectors::{run_configured, run_line};
use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use rayon::prelude::*;
use serde_json::{Value, json};
use std::cmp::Reverse;
use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};

/// How many lines are worked on at once.
const LINES_AT_ONCE: usize = 64;

/// Show where pods would go, and why.
///
/// Nodes, bound pods and everything else the scheduler looks at are read from FILES, as `kubectl get -o yaml` prints them; pods
/// without a node are then scheduled one after the other, the more important and older ones first.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Manifests: files, directories, globs, or - for standard input.
    #[arg(short, long = "filename", value_name = "FILES", num_args = 1.., required_unless_present = "jsonl")]
    filename: Vec<String>,
    /// A KubeSchedulerConfiguration (v1), taken as it is.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// What to print.
    #[arg(short, long, value_enum, default_value_t = Output::Table)]
    output: Output,
    /// Read one scenario a line from standard input and write one line of records for each.
    #[arg(long, conflicts_with_all = ["filename", "config", "output"])]
    jsonl: bool,
}

/// The form of the answer.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub enum Output {
    /// One line a pod.
    Table,
    /// The whole record of each attempt.
    Json,
}

/// Runs the subcommand.
pub fn run(args: Args) -> Outcome {
    if args.jsonl {
        return lines(&mut std::io::stdin().lock(), &mut std::io::stdout().lock());
    }
    let items = read::read(&args.filename, Path::new(""), &mut std::io::stdin()).map_err(|error| error.to_string())?;
    let config = match &args.config {
        None => SchedulerConfiguration::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
            SchedulerConfiguration::from_text(&text).map_err(|error| format!("{}: {error}", path.display()))?
        }
    };
    let records = run_configured(&scenario(&items)?, &config)?.records;
    let text = match args.output {
        Output::Json => serde_json::to_string_pretty(&records).expect("records are JSON"),
        Output::Table => table(&records),
    };
    write_out(&mut std::io::stdout().lock(), &text)?;
    Ok(0)
}

/// Writes a line. A reader that has seen enough and gone away is no error; false then.
fn write_out(output: &mut dyn Write, text: &str) -> Result<bool, String> {
    match writeln!(output, "{text}") {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(error.to_string()),
    }
}

/// One line in, one line out, in order.
fn lines(input: &mut dyn BufRead, output: &mut dyn Write) -> Outcome {
    let (mut first, mut lines) = (1, input.lines());
    loop {
        let batch: Vec<String> = lines.by_ref().take(LINES_AT_ONCE).collect::<Result<_, _>>().map_err(|error| error.to_string())?;
        if batch.is_empty() {
            return Ok(0);
        }
        let answers: Vec<_> =
            batch.par_iter().map(|line| if line.trim().is_empty() { Ok(None) } else { run_line(line).map(Some) }).collect();
        for (at, answer) in answers.into_iter().enumerate() {
            let Some(answer) = answer.map_err(|error| format!("line {}: {error}", first + at))? else { continue };
            if !write_out(output, &answer.to_string())? {
                return Ok(0);
            }
        }
        first += batch.len();
    }
}

/// The frozen cluster that the objects make.
fn scenario(items: &[Item]) -> Result<Value, String> {
    let (mut nodes, mut bound, mut queue, mut others) = (vec![], vec![], vec![], vec![]);
    for item in items {
        let json = item.node.to_value();
        let object = Object::from_json(json.clone()).map_err(|error| item.error("", error.to_string()).to_string())?;
        match object.kind() {
            Kind::Node => nodes.push(json),
            Kind::Pod => {
                let pod = object.as_pod().expect("it is a pod");
                if pod.is_terminal() {
                    continue;
                }
                if pod.is_bound() {
                    bound.push(json);
                } else if !object.meta.is_deleting() {
                    let age = object.meta.creation_timestamp.map_or(i64::MAX, |time| time.0);
                    queue.push(((Reverse(pod.priority()), age), json));
                }
            }
            kind if kind == Kind::PriorityClass || listers::KINDS.contains(&kind) => others.push(json),
            _ => {}
        }
    }
    queue.sort_by_key(|(order, _)| *order);
    let queue: Vec<Value> = queue.into_iter().map(|(_, json)| json).collect();
    Ok(json!({"nodes": nodes, "pods": bound, "objects": others, "queue": queue, "tieBreak": "kube"}))
}

/// One line an attempt: the pod, its node, and the reason.
fn table(records: &[Value]) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled).set_header(["POD", "NODE", "WHY"]);
    for record in records {
        let text = |key: &str| record[key].as_str().unwrap_or_default().to_owned();
        let node = if record["chosen"].is_string() { text("chosen") } else { "-".into() };
        table.add_row([text("pod"), node, why(record)]);
    }
    table.to_string().lines().map(|line| line.trim().to_owned()).collect::<Vec<_>>().join("\n")
}

fn why(record: &Value) -> String {
    if let Some(gate) = record.get("gate") {
        return gate["reasons"][0].as_str().unwrap_or_default().to_owned();
    }
    let Some(chosen) = record["chosen"].as_str() else {
        let reserve = record["reserve"]["reasons"][0].as_str();
        return record["message"].as_str().or(reserve).unwrap_or_default().to_owned();
    };
    if record["nominatedBefore"] == chosen {
        return "the node it was nominated to".into();
    }
    let Some(nodes) = record["scores"]["nodes"].as_object() else { return "the only node that fits".into() };
    let total = |node: &Value| node["total"].as_i64().unwrap_or_default();
    let ties = record["ties"].as_array().map_or(1, Vec::len);
    let mine = total(&nodes[chosen]);
    let next = nodes
        .iter()
        .map(|(name, node)| (total(node), name))
        .filter(|(total, name)| *total < mine && *name != chosen)
        .max_by_key(|(total, name)| (*total, Reverse(*name)));
    let next = next.map_or(String::new(), |(total, name)| format!(", next {name} with {total}"));
    let equal = if ties > 1 { format!(", {ties} nodes are equal") } else { String::new() };
    format!("score {mine}, best of {} nodes that fit{equal}{next}", nodes.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Source;
    use crate::manifest::read::items;

    const CLUSTER: &str = "
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Node, metadata: {name: small}, status: {allocatable: {cpu: '1', memory: 1Gi, pods: '9'}}}
- {apiVersion: v1, kind: Node, metadata: {name: big}, status: {allocatable: {cpu: '8', memory: 8Gi, pods: '9'}}}
- {apiVersion: v1, kind: Pod, metadata: {name: late, namespace: default, creationTimestamp: '2026-01-02T00:00:00Z'}, spec: {containers: [{name: c, resources: {requests: {cpu: '9'}}}]}}
- {apiVersion: v1, kind: Pod, metadata: {name: early, namespace: default, creationTimestamp: '2026-01-01T00:00:00Z'}, spec: {containers: [{name: c, resources: {requests: {cpu: '1'}}}]}}
- {apiVersion: v1, kind: ConfigMap, metadata: {name: x}}
";

    #[test]
    fn older_pods_come_first_and_every_line_says_why() {
        let items = items(&Source::new("cluster.yaml", CLUSTER)).unwrap();
        let records = run_configured(&scenario(&items).unwrap(), &SchedulerConfiguration::default()).unwrap().records;
        let lines: Vec<String> = table(&records).lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        assert_eq!(lines[0], "POD NODE WHY");
        assert!(
            lines[1].starts_with("default/early big score ") && lines[1].ends_with("best of 2 nodes that fit, next small with 390"),
            "{}",
            lines[1]
        );
        assert!(lines[2].starts_with("default/late - 0/2 nodes are available: 2 Insufficient cpu."), "{}", lines[2]);
    }

    #[test]
    fn lines_are_answered_in_order() {
        let input = "{\"scenario\": {\"name\": \"a\", \"nodes\": []}}\n\n{\"scenario\": {\"name\": \"b\", \"nodes\": []}}\n";
        let mut output = vec![];
        assert_eq!(lines(&mut input.as_bytes(), &mut output), Ok(0));
        assert_eq!(String::from_utf8(output).unwrap(), "{\"name\":\"a\",\"records\":[]}\n{\"name\":\"b\",\"records\":[]}\n");
        assert_eq!(lines(&mut "x\n".as_bytes(), &mut vec![]), Err("line 1: expected value at line 1 column 1".into()));
    }
}
