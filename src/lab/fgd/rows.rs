//! The openb traces as the experiment reads them: nodes and pods as CSV (gzipped or not), orders as lines of numbers.

use crate::base::collections::Map;
use crate::base::input_error::InputError;
use crate::scheduler::gpu_sharing::{Ask, GPU_MILLI};
use crate::workload::traces::lines::{Column, Header, Lines, Table, needed, optional};
use std::path::Path;

type Result<T> = std::result::Result<T, InputError>;

/// A node of the trace.
#[derive(Clone, PartialEq, Debug)]
pub struct NodeRow {
    /// Its name.
    pub name: String,
    /// CPU, in thousandths of a core.
    pub cpu_milli: i64,
    /// Memory, in MiB.
    pub memory_mib: i64,
    /// How many GPUs.
    pub gpus: usize,
    /// Their model.
    pub model: String,
}

/// A pod of the trace.
#[derive(Clone, PartialEq, Debug)]
pub struct PodRow {
    /// Its name.
    pub name: String,
    /// What it asks for; memory in MiB.
    pub ask: Ask,
}

/// The orders of one seed, as numbers in names.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OrderRow {
    /// Pods as they arrive.
    pub pods: Vec<u64>,
    /// Nodes as they are preferred.
    pub nodes: Vec<u64>,
    /// The line of the file, to point at.
    pub line: u32,
}

/// No amount is larger: sums of many stay exact.
const AMOUNT_MAX: u64 = 1 << 40;
/// No node of a trace has more GPUs.
const GPUS_MAX: u64 = 62;

static NODE: &[Column] = &[needed("sn"), needed("cpu_milli"), needed("memory_mib"), needed("gpu"), needed("model")];
static POD: &[Column] =
    &[needed("name"), needed("cpu_milli"), needed("memory_mib"), needed("num_gpu"), needed("gpu_milli"), optional("gpu_spec")];

/// Reads a table whose rows have names, each but once; the name is in the first column.
fn rows<T>(path: &Path, columns: &'static [Column], row: impl Fn(&Table) -> Result<T>) -> Result<Vec<T>> {
    let mut table = Table::new(Lines::open(path)?, columns, Header::Named)?;
    let mut names: Map<String, u64> = Map::default();
    let mut out = Vec::new();
    while table.advance()? {
        let name = table.text(0)?;
        if let Some(line) = names.get(name) {
            let message = format!("\"{name}\" is the name of line {line} already");
            return Err(table.fault(0, &message).with_hint("each name once"));
        }
        names.insert(name.to_string(), table.lines.number);
        out.push(row(&table)?);
    }
    if out.is_empty() {
        let error = InputError::new("there is no row in it").in_file(&*table.lines.file);
        return Err(error.with_hint("the first line names the columns, each further line is one of them"));
    }
    Ok(out)
}

/// A whole number that must be there.
fn whole(table: &Table, column: usize, max: u64) -> Result<i64> {
    let number = table.count(column, max)?;
    number.map(|number| number as i64).ok_or_else(|| table.fault(column, "this must not be empty").with_hint("a whole number, 0 or more"))
}

/// Reads the nodes.
pub fn nodes(path: &Path) -> Result<Vec<NodeRow>> {
    rows(path, NODE, |table| {
        Ok(NodeRow {
            name: table.text(0)?.to_string(),
            cpu_milli: whole(table, 1, AMOUNT_MAX)?,
            memory_mib: whole(table, 2, AMOUNT_MAX)?,
            gpus: whole(table, 3, GPUS_MAX)? as usize,
            model: table.get(4).unwrap_or("").to_string(),
        })
    })
}

/// Reads the pods.
pub fn pods(path: &Path) -> Result<Vec<PodRow>> {
    rows(path, POD, |table| {
        let (gpus, gpu_milli) = (whole(table, 3, GPUS_MAX)?, whole(table, 4, GPU_MILLI as u64)?);
        if gpus > 1 && gpu_milli < GPU_MILLI {
            let message = format!("{gpus} GPUs of {gpu_milli} milli each: parts of several GPUs are not in the model");
            return Err(table.fault(4, &message).with_hint("1000, or num_gpu 1"));
        }
        if gpus == 1 && gpu_milli == 0 {
            return Err(table.fault(4, "one GPU of 0 milli").with_hint("1 to 1000, or num_gpu 0"));
        }
        let (gpu_milli, models) = if gpus == 0 { (0, "") } else { (gpu_milli, table.get(5).unwrap_or("")) };
        let (cpu_milli, memory) = (whole(table, 1, AMOUNT_MAX)?, whole(table, 2, AMOUNT_MAX)?);
        Ok(PodRow { name: table.text(0)?.to_string(), ask: Ask { cpu_milli, memory, gpus, gpu_milli, models: models.into() } })
    })
}

/// Reads the orders of several seeds.
pub fn orders(path: &Path) -> Result<Vec<(u64, OrderRow)>> {
    let mut lines = Lines::open(path)?;
    let mut out: Vec<(u64, OrderRow)> = Vec::new();
    while lines.advance()? {
        if lines.text.trim().is_empty() {
            continue;
        }
        let fault = |message: String| lines.fault(message).with_hint("a line is `pods SEED N N ...` or `nodes SEED N N ...`");
        let mut words = lines.text.split_whitespace();
        let what = words.next().unwrap_or("");
        let mut numbers = words.map(|word| word.parse::<u64>().map_err(|_| fault(format!("\"{word}\" is no number"))));
        let seed = numbers.next().ok_or_else(|| fault("the line has no seed".into()))??;
        let numbers = numbers.collect::<Result<Vec<u64>>>()?;
        if out.last().is_none_or(|(last, _)| *last != seed) {
            if out.iter().any(|(known, _)| *known == seed) {
                return Err(fault(format!("seed {seed} is there twice")));
            }
            out.push((seed, OrderRow { line: lines.number as u32, ..OrderRow::default() }));
        }
        let (_, order) = out.last_mut().expect("one has been pushed");
        let list = match what {
            "pods" => &mut order.pods,
            "nodes" => &mut order.nodes,
            _ => return Err(fault(format!("a line begins with \"{what}\""))),
        };
        if !std::mem::replace(list, numbers).is_empty() {
            return Err(fault(format!("the {what} of seed {seed} are there twice")));
        }
    }
    Ok(out)
}

/// Places by the number that their names end with, leading zeros dropped.
pub fn by_number<'n>(names: impl Iterator<Item = &'n str>) -> Map<u64, u32> {
    let mut out = Map::default();
    for (at, name) in names.enumerate() {
        let digits = name.len() - name.bytes().rev().take_while(u8::is_ascii_digit).count();
        if let Ok(number) = name[digits..].parse() {
            out.insert(number, at as u32);
        }
    }
    out
}
