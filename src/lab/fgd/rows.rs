//! The openb traces as the experiment reads them: nodes and pods as CSV (gzipped or not), orders as lines of numbers.

use crate::base::collections::Map;
use crate::base::input_error::InputError;
use crate::manifest::read::{BYTES_MAX, read_error};
use crate::scheduler::gpu_sharing::{Ask, GPU_MILLI};
use std::io::Read;
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

/// Reads a file's text; gzip is recognised by its first bytes.
pub fn text(path: &Path) -> Result<String> {
    let shown = path.display().to_string();
    let fault = |error: &dyn std::fmt::Display| InputError::new(format!("it cannot be read: {error}")).in_file(&*shown);
    let mut bytes = Vec::new();
    match std::fs::File::open(path) {
        Ok(file) => file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| fault(&error))?,
        Err(error) => return Err(read_error(&shown, &error)),
    };
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let packed = std::mem::take(&mut bytes);
        flate2::read::MultiGzDecoder::new(&*packed).take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| fault(&error))?;
    }
    if bytes.len() as u64 > BYTES_MAX {
        return Err(InputError::new(format!("it is larger than {} MiB", BYTES_MAX >> 20)).in_file(shown));
    }
    String::from_utf8(bytes).map_err(|_| InputError::new("the text is not UTF-8").in_file(shown))
}

/// A CSV file with named columns, read row by row.
struct Table<'t> {
    file: String,
    text: &'t str,
    columns: Vec<String>,
}

/// One row of it.
struct Row<'t> {
    table: &'t Table<'t>,
    record: csv::StringRecord,
    line: u32,
}

impl<'t> Table<'t> {
    fn read<T>(path: &Path, text: &'t str, needed: &[&str], mut each: impl FnMut(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
        let file = path.display().to_string();
        let headers = reader.headers().map_err(|error| InputError::new(error.to_string()).in_file(&*file))?;
        let columns: Vec<String> = headers.iter().map(|name| name.trim().to_string()).collect();
        let table = Table { file, text, columns };
        for name in needed {
            if !table.columns.iter().any(|column| column == name) {
                let error = InputError::new(format!("there is no column \"{name}\"")).in_file(&*table.file).at(text, 1, 0, 0);
                return Err(error.with_hint(format!("columns needed: {}", needed.join(","))));
            }
        }
        let mut out = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| InputError::new(error.to_string()).in_file(&*table.file))?;
            let line = record.position().map_or(0, |position| position.line() as u32);
            out.push(each(&Row { table: &table, record, line })?);
        }
        if out.is_empty() {
            return Err(InputError::new("there is no row in it").in_file(&*table.file));
        }
        Ok(out)
    }
}

impl Row<'_> {
    fn text(&self, column: &str) -> &str {
        let at = self.table.columns.iter().position(|name| name == column);
        at.and_then(|at| self.record.get(at)).map_or("", str::trim)
    }

    fn error(&self, message: String) -> InputError {
        InputError::new(message).in_file(&*self.table.file).at(self.table.text, self.line, 0, 0)
    }

    fn number(&self, column: &str, max: i64) -> Result<i64> {
        let text = self.text(column);
        match text.parse::<i64>() {
            Ok(value) if (0..=max).contains(&value) => Ok(value),
            Ok(value) => Err(self.error(format!("{column}: {value} is not from 0 to {max}"))),
            Err(_) => Err(self.error(format!("{column}: \"{text}\" is no whole number"))),
        }
    }

    fn name(&self, column: &str) -> Result<String> {
        match self.text(column) {
            "" => Err(self.error(format!("{column} is empty"))),
            name => Ok(name.to_string()),
        }
    }
}

/// No amount is larger: sums of many stay exact.
const AMOUNT_MAX: i64 = 1 << 40;
/// No node of a trace has more GPUs.
const GPUS_MAX: i64 = 62;

/// Reads the nodes.
pub fn nodes(path: &Path) -> Result<Vec<NodeRow>> {
    let text = text(path)?;
    Table::read(path, &text, &["sn", "cpu_milli", "memory_mib", "gpu", "model"], |row| {
        Ok(NodeRow {
            name: row.name("sn")?,
            cpu_milli: row.number("cpu_milli", AMOUNT_MAX)?,
            memory_mib: row.number("memory_mib", AMOUNT_MAX)?,
            gpus: row.number("gpu", GPUS_MAX)? as usize,
            model: row.text("model").to_string(),
        })
    })
}

/// Reads the pods.
pub fn pods(path: &Path) -> Result<Vec<PodRow>> {
    let text = text(path)?;
    Table::read(path, &text, &["name", "cpu_milli", "memory_mib", "num_gpu", "gpu_milli"], |row| {
        let gpus = row.number("num_gpu", GPUS_MAX)?;
        let gpu_milli = row.number("gpu_milli", GPU_MILLI)?;
        if gpus > 1 && gpu_milli < GPU_MILLI {
            return Err(row.error(format!("{gpus} GPUs of {gpu_milli} milli each: parts of several GPUs are not in the model")));
        }
        if gpus == 1 && gpu_milli == 0 {
            return Err(row.error("one GPU of 0 milli".to_string()));
        }
        let (gpu_milli, models) = if gpus == 0 { (0, "") } else { (gpu_milli, row.text("gpu_spec")) };
        let ask = Ask {
            cpu_milli: row.number("cpu_milli", AMOUNT_MAX)?,
            memory: row.number("memory_mib", AMOUNT_MAX)?,
            gpus,
            gpu_milli,
            models: models.into(),
        };
        Ok(PodRow { name: row.name("name")?, ask })
    })
}

/// Reads the orders of several seeds.
pub fn orders(path: &Path) -> Result<Vec<(u64, OrderRow)>> {
    let text = text(path)?;
    let mut out: Vec<(u64, OrderRow)> = Vec::new();
    for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let number = at as u32 + 1;
        let fault = |message: String| {
            let error = InputError { line: number, ..InputError::new(message).in_file(path.display().to_string()) };
            error.with_hint("a line is `pods SEED N N ...` or `nodes SEED N N ...`")
        };
        let mut words = line.split_whitespace();
        let what = words.next().unwrap_or("");
        let mut numbers = words.map(|word| word.parse::<u64>().map_err(|_| fault(format!("\"{word}\" is no number"))));
        let seed = numbers.next().ok_or_else(|| fault("the line has no seed".into()))??;
        let numbers = numbers.collect::<Result<Vec<u64>>>()?;
        if out.last().is_none_or(|(last, _)| *last != seed) {
            if out.iter().any(|(known, _)| *known == seed) {
                return Err(fault(format!("seed {seed} is there twice")));
            }
            out.push((seed, OrderRow { line: number, ..OrderRow::default() }));
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
