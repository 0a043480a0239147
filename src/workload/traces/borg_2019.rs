//! Google Borg 2019 (trace v3): `instance_events` as pods and `machine_events` as machines, as JSON lines (as Google publishes
//! them) or as CSV with the columns' names (nested ones with a dot: `resource_request.cpus`). Times in microseconds; CPU and
//! memory are shares of the largest machine.
//! Documented: google/cluster-data, ClusterData2019.md and clusterdata_trace_format_v3.proto.
//!
//! A pod lives from SUBMIT to the event that ends it; one that was evicted and submitted again is two pods. Its length is
//! counted from SCHEDULE. Tasks inside an alloc set are passed over: the alloc instance, which reserves the resources, is the
//! pod. Changes of requests while it runs, and constraints, are not simulated. Rows must be sorted by time. Machines are there
//! from the start, with the capacity of their first row.

use super::lines::{Column, Lines, Table, needed, optional};
use super::{Format, NodeRow, Nodes, PodRow, Pods, Result, Settings};
use crate::base::Span;
use crate::base::collections::Set;
use crate::base::input_error::InputError;
use crate::workload::{Ask, SECONDS_MAX};
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// The format.
pub const FORMAT: Format = Format {
    name: "google-borg-2019",
    about: "Google Borg 2019: instance_events and machine_events, JSON lines or CSV, sorted by time",
    names_are_unique: false,
    pods: |lines, settings| Ok(Box::new(Instances::new(Records::new(lines, INSTANCE)?, settings)) as Pods),
    nodes: Some(|lines, settings| {
        Ok(Box::new(Machines { records: Records::new(lines, MACHINE)?, settings, seen: Set::default(), failed: false }) as Nodes)
    }),
};

const INSTANCE: &[Column] = &[
    needed("time"),
    needed("type"),
    needed("collection_id"),
    needed("instance_index"),
    optional("priority"),
    optional("collection_type"),
    optional("alloc_collection_id"),
    optional("resource_request.cpus"),
    optional("resource_request.memory"),
];
const MACHINE: &[Column] =
    &[needed("time"), needed("machine_id"), needed("type"), optional("switch_id"), optional("capacity.cpus"), optional("capacity.memory")];
/// What `type` of an instance event may be, in the order of its numbers.
const TYPES: &[&str] =
    &["SUBMIT", "QUEUE", "ENABLE", "SCHEDULE", "EVICT", "FAIL", "FINISH", "KILL", "LOST", "UPDATE_PENDING", "UPDATE_RUNNING"];
const MACHINE_TYPES: &[&str] = &["EVENT_TYPE_UNKNOWN", "ADD", "REMOVE", "UPDATE"];
/// Times from here on mean "after the trace".
const AFTER_US: f64 = 9e18;

/// Rows of either kind of file.
enum Records {
    Csv(Table),
    Json { lines: Lines, columns: &'static [Column], fields: Value, fresh: bool },
}

impl Records {
    fn new(mut lines: Lines, columns: &'static [Column]) -> Result<Records> {
        // The first line tells which of the two it is.
        if !lines.advance()? {
            return Err(InputError::new("the file is empty").in_file(&*lines.file).with_hint("JSON lines, or CSV with the columns' names"));
        }
        if lines.text.trim_start().starts_with('{') {
            return Ok(Records::Json { lines, columns, fields: Value::Null, fresh: true });
        }
        Table::with_header_read(lines, columns).map(Records::Csv)
    }

    fn advance(&mut self) -> Result<bool> {
        match self {
            Records::Csv(table) => table.advance(),
            Records::Json { lines, columns, fields, fresh } => loop {
                if !std::mem::take(fresh) && !lines.advance()? {
                    return Ok(false);
                }
                if lines.text.trim().is_empty() {
                    continue;
                }
                *fields = serde_json::from_str(&lines.text).map_err(|error| {
                    let at = error.column().saturating_sub(1);
                    lines.fault_at(at, at + 1, format!("bad JSON: {error}")).with_hint("one object a line")
                })?;
                if let Some(missing) = columns.iter().find(|column| column.required && look_up(fields, column.name).is_none()) {
                    return Err(lines.fault(format!("there is no \"{}\"", missing.name)).with_hint("is this the right table?"));
                }
                return Ok(true);
            },
        }
    }

    fn fault(&self, column: usize, message: &str) -> InputError {
        match self {
            Records::Csv(table) => table.fault(column, message),
            Records::Json { lines, columns, .. } => {
                let name = columns[column].name;
                let inner = name.rsplit('.').next().unwrap_or(name);
                let at = lines.text.find(&format!("\"{inner}\"")).unwrap_or(0);
                lines.fault_at(at, at + inner.len() + 2, format!("{name}: {message}"))
            }
        }
    }

    fn line(&self) -> u64 {
        match self {
            Records::Csv(table) => table.lines.number,
            Records::Json { lines, .. } => lines.number,
        }
    }

    fn text(&self, column: usize) -> Option<String> {
        match self {
            Records::Csv(table) => table.get(column).map(str::to_string),
            Records::Json { columns, fields, .. } => match look_up(fields, columns[column].name)? {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            },
        }
    }

    /// A number, if there is one.
    fn number(&self, column: usize) -> Result<Option<f64>> {
        let Some(text) = self.text(column) else { return Ok(None) };
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Some(number)),
            _ => Err(self.fault(column, &format!("\"{text}\" is no number")).with_hint("a number")),
        }
    }

    /// A share of the largest machine; some are a little above 1.
    fn share(&self, column: usize) -> Result<f64> {
        match self.number(column)? {
            Some(share) if !(0.0..=16.0).contains(&share) => {
                Err(self.fault(column, &format!("{share} is no share of a machine")).with_hint("from 0 to 1, normalised"))
            }
            share => Ok(share.unwrap_or(0.0)),
        }
    }

    /// The time in microseconds.
    fn time_us(&self, column: usize) -> Result<f64> {
        match self.number(column)? {
            Some(time) if (0.0..=SECONDS_MAX * 1e6).contains(&time) || time >= AFTER_US => Ok(time),
            _ => Err(self.fault(column, "this must be a time").with_hint("microseconds, 0 or more")),
        }
    }

    /// The number of a type that is written as number or as name.
    fn kind(&self, column: usize, names: &[&str]) -> Result<usize> {
        let text = self.text(column).unwrap_or_default();
        let found = text.parse().ok().filter(|number| *number < names.len()).or_else(|| names.iter().position(|name| *name == text));
        found.ok_or_else(|| self.fault(column, &format!("\"{text}\" is no event type")).with_hint(format!("one of {}", names.join(", "))))
    }
}

/// `a.b` inside of an object.
fn look_up<'v>(fields: &'v Value, path: &str) -> Option<&'v Value> {
    path.split('.').try_fold(fields, |value, key| value.get(key)).filter(|value| !value.is_null())
}

/// An instance whose end has not come yet.
struct Open {
    at_us: f64,
    scheduled_us: Option<f64>,
    row: PodRow,
}

struct Instances {
    records: Records,
    settings: Settings,
    open: BTreeMap<(i64, i64), Open>,
    ready: VecDeque<PodRow>,
    last_us: f64,
    done: bool,
}

impl Instances {
    fn new(records: Records, settings: Settings) -> Instances {
        Instances { records, settings, open: BTreeMap::new(), ready: VecDeque::new(), last_us: 0.0, done: false }
    }

    /// Takes one event in.
    fn event(&mut self) -> Result<()> {
        let [time, kind, collection, instance, priority, collection_type, alloc, cpus, memory] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
        let records = &self.records;
        let now_us = records.time_us(time)?;
        if now_us < self.last_us {
            return Err(records.fault(time, &format!("{now_us} is before the row above it")).with_hint("sort the rows by time first"));
        }
        self.last_us = now_us;
        let id = |column| match records.number(column)? {
            Some(id) => Ok(id as i64),
            None => Err(records.fault(column, "this must not be empty")),
        };
        let key = (id(collection)?, id(instance)?);
        let is_alloc = matches!(records.text(collection_type).as_deref(), Some("1" | "ALLOC_SET"));
        if !is_alloc && records.number(alloc)?.is_some_and(|alloc| alloc != 0.0) {
            return Ok(());
        }
        let kind = records.kind(kind, TYPES)?;
        match TYPES[kind] {
            "SUBMIT" | "SCHEDULE" if now_us < AFTER_US => {
                let ask = Ask {
                    cpu_milli: (records.share(cpus)? * self.settings.machine_cpu_milli) as u64,
                    memory_bytes: (records.share(memory)? * self.settings.machine_memory_bytes) as u64,
                    priority: records.number(priority)?.map(|priority| priority as i32),
                    ..Ask::default()
                };
                let open = self.open.entry(key).or_insert_with(|| Open {
                    at_us: now_us,
                    scheduled_us: None,
                    row: PodRow {
                        name: format!("{}-{}", key.0, key.1),
                        at: Span::from_us(now_us as u64),
                        count: 1,
                        line: records.line(),
                        ask: ask.clone(),
                        labels: vec![("collection", key.0.to_string()), ("type", if is_alloc { "alloc" } else { "task" }.into())],
                        ..PodRow::default()
                    },
                });
                open.row.ask = ask;
                if TYPES[kind] == "SCHEDULE" {
                    open.scheduled_us.get_or_insert(now_us);
                }
            }
            "EVICT" | "FAIL" | "FINISH" | "KILL" | "LOST" => {
                if let Some(mut open) = self.open.remove(&key) {
                    let begins = open.scheduled_us.unwrap_or(open.at_us);
                    open.row.lasts = (now_us < AFTER_US).then(|| Span::from_us((now_us - begins) as u64));
                    self.ready.push_back(open.row);
                }
            }
            _ => {}
        }
        Ok(())
    }
}

impl Iterator for Instances {
    type Item = Result<PodRow>;

    fn next(&mut self) -> Option<Result<PodRow>> {
        loop {
            if let Some(row) = self.ready.pop_front() {
                return Some(Ok(row));
            }
            if self.done {
                // What never ended runs on.
                return self.open.pop_first().map(|(_, open)| Ok(open.row));
            }
            match self.records.advance().and_then(|more| if more { self.event().map(|()| true) } else { Ok(false) }) {
                Ok(more) => self.done = !more,
                Err(error) => {
                    self.done = true;
                    self.open.clear();
                    return Some(Err(error));
                }
            }
        }
    }
}

struct Machines {
    records: Records,
    settings: Settings,
    seen: Set<String>,
    failed: bool,
}

impl Machines {
    fn row(&mut self) -> Result<Option<NodeRow>> {
        let [time, machine, kind, switch, cpus, memory] = [0, 1, 2, 3, 4, 5];
        let records = &self.records;
        records.time_us(time)?;
        let kind = records.kind(kind, MACHINE_TYPES)?;
        let Some(id) = records.text(machine) else { return Err(records.fault(machine, "this must not be empty")) };
        let (cpus, memory) = (records.share(cpus)?, records.share(memory)?);
        let zone = records.text(switch).unwrap_or_default();
        // A machine without a size cannot be simulated; its next row may tell it.
        if !matches!(MACHINE_TYPES[kind], "ADD" | "UPDATE") || cpus == 0.0 || memory == 0.0 || !self.seen.insert(id.clone()) {
            return Ok(None);
        }
        Ok(Some(NodeRow {
            name: format!("machine-{id}"),
            cpu_milli: (cpus * self.settings.machine_cpu_milli) as u64,
            memory_bytes: (memory * self.settings.machine_memory_bytes) as u64,
            zone,
            ..NodeRow::default()
        }))
    }
}

impl Iterator for Machines {
    type Item = Result<NodeRow>;

    fn next(&mut self) -> Option<Result<NodeRow>> {
        while !self.failed {
            match self.records.advance().and_then(|more| if more { self.row().map(|row| (true, row)) } else { Ok((false, None)) }) {
                Ok((false, _)) => return None,
                Ok((true, None)) => {}
                Ok((true, Some(row))) => return Some(Ok(row)),
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;

    const CSV: &str = "time,type,collection_id,instance_index,priority,collection_type,alloc_collection_id,resource_request.cpus,resource_request.memory\n";

    #[test]
    fn a_life_in_several_rows_is_one_pod() {
        let text = format!(
            "{CSV}0,SUBMIT,7,0,200,0,0,0.5,0.25\n1000000,3,7,0,200,0,0,0.5,0.25\n2000000,SUBMIT,8,1,0,0,7,0.1,0.1\n\
             3000000,EVICT,7,0,200,0,0,,\n4000000,SUBMIT,7,0,200,0,0,0.5,0.25\n9223372036854775807,FINISH,7,0,200,0,0,,\n"
        );
        let pods = testing::pods(&FORMAT, &text).unwrap();
        assert_eq!(pods.len(), 2, "the task inside an alloc set is no pod");
        assert_eq!((pods[0].at, pods[0].lasts, pods[0].ask.cpu_milli), (Span::ZERO, Some(Span::from_s(2)), 32_000));
        assert_eq!((pods[1].at, pods[1].lasts, pods[1].ask.priority), (Span::from_s(4), None, Some(200)));
    }

    #[test]
    fn json_lines_say_the_same() {
        let text = r#"{"time":"0","type":"0","collection_id":"7","instance_index":"0","priority":"200","collection_type":"1","resource_request":{"cpus":0.5,"memory":0.25}}
{"time":"5000000","type":"FINISH","collection_id":7,"instance_index":0,"collection_type":"ALLOC_SET"}
"#;
        let pods = testing::pods(&FORMAT, text).unwrap();
        assert_eq!((pods.len(), pods[0].ask.memory_bytes, pods[0].lasts), (1, 64 << 30, Some(Span::from_s(5))));
        let machines = "{\"time\":0,\"machine_id\":9,\"type\":1,\"switch_id\":\"s\",\"capacity\":{\"cpus\":1.0,\"memory\":0.5}}\n";
        let nodes = testing::nodes(&FORMAT, &machines.repeat(2)).unwrap();
        assert_eq!((nodes.len(), nodes[0].cpu_milli, nodes[0].memory_bytes), (1, 64_000, 128 << 30));
    }

    #[test]
    fn bad_rows_have_their_place() {
        let fault = |row: &str| testing::pods(&FORMAT, &format!("{CSV}{row}\n")).unwrap_err();
        assert!(fault("5,BORN,7,0,1,0,0,0.1,0.1").contains("t:2:3: type: \"BORN\" is no event type"));
        assert!(fault("5,0,7,0,1,0,0,40,0.1").contains("resource_request.cpus: 40 is no share of a machine"));
        assert!(fault("5,0,7,0,1,0,0,0.1,0.1\n4,0,7,1,1,0,0,0.1,0.1").contains("t:3:1: time: 4 is before the row above it"));
        let json = testing::pods(&FORMAT, "{\"time\":1}\n").unwrap_err();
        assert!(json.contains("t:1: there is no \"type\"") && json.contains("is this the right table?"), "{json}");
        assert!(testing::pods(&FORMAT, "{\"time\":1,}\n").unwrap_err().contains("bad JSON"));
    }
}
