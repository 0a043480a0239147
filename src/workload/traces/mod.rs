//! Trace formats, one file each: what the published columns say, as pods and machines. Readers hold one row at a time (or what
//! is open at a time, where a format tells a life in several rows); whoever wants all rows keeps them.

pub mod alibaba_2018;
pub mod alibaba_gpu_2025;
pub mod borg_2019;
pub mod generic;
pub mod lines;
pub mod openb;
pub mod simkube;
pub mod swf;

use super::{NodeRow, PodRow, SECONDS_MAX, seconds};
use crate::base::Span;
use crate::base::input_error::InputError;
use lines::{Lines, Table};

/// A row, or what is wrong with it.
pub type Result<T> = std::result::Result<T, InputError>;
/// Pods of a trace, as they come.
pub type Pods = Box<dyn Iterator<Item = Result<PodRow>>>;
/// Machines of a trace, as they come.
pub type Nodes = Box<dyn Iterator<Item = Result<NodeRow>>>;

/// What a reader must be told beside the file.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Settings {
    /// CPU of the largest machine: what 1.0 means where a trace is normalised.
    pub machine_cpu_milli: f64,
    /// Memory of the largest machine: what 1.0 (or 100) means where a trace is normalised.
    pub machine_memory_bytes: f64,
    /// How many processors of a parallel job one pod takes.
    pub processors_per_pod: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { machine_cpu_milli: 64_000.0, machine_memory_bytes: (256u64 << 30) as f64, processors_per_pod: 1 }
    }
}

/// A trace format of pods.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// Its name in scenarios.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Whether two pods of one name are a mistake; otherwise the later ones are numbered.
    pub names_are_unique: bool,
    /// Reads pods.
    pub pods: fn(Lines, Settings) -> Result<Pods>,
    /// Reads machines, if the format has a table of them.
    pub nodes: Option<fn(Lines, Settings) -> Result<Nodes>>,
}

/// All formats of pods. SimKube's traces hold whole objects and are read by [`simkube`].
pub const FORMATS: &[Format] = &[
    generic::FORMAT,
    openb::FORMAT,
    alibaba_gpu_2025::FORMAT,
    swf::FORMAT,
    borg_2019::FORMAT,
    alibaba_2018::BATCH_TASK,
    alibaba_2018::BATCH_INSTANCE,
    alibaba_2018::CONTAINER,
];

/// A format by its name.
pub fn find(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name)
}

/// Rows of a table in which each row stands for itself; `None` rows are passed over.
struct Rows<T> {
    table: Table,
    settings: Settings,
    read: fn(&Table, Settings) -> Result<Option<T>>,
    failed: bool,
}

impl<T> Iterator for Rows<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        while !self.failed {
            let read = match self.table.advance() {
                Ok(true) => (self.read)(&self.table, self.settings),
                Ok(false) => return None,
                Err(error) => Err(error),
            };
            match read {
                Ok(Some(row)) => return Some(Ok(row)),
                Ok(None) => {}
                Err(error) => {
                    self.failed = true;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// How long something lasted that began then and has its end in a column; none if that is empty.
fn lasts(table: &Table, ends: usize, begins: f64, hint: &str) -> Result<Option<Span>> {
    match table.amount(ends, SECONDS_MAX)? {
        Some(end) if end < begins => Err(table.fault(ends, &format!("{end} is before {begins}")).with_hint(hint)),
        end => Ok(end.map(|end| seconds(end - begins))),
    }
}

/// Rows of a table, each read by itself.
fn rows<T: 'static>(
    table: Table,
    settings: Settings,
    read: fn(&Table, Settings) -> Result<Option<T>>,
) -> Box<dyn Iterator<Item = Result<T>>> {
    Box::new(Rows { table, settings, read, failed: false })
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// Pods of a text, or the first fault.
    pub fn pods(format: &Format, text: &str) -> std::result::Result<Vec<PodRow>, String> {
        let lines = Lines::from_reader("t", std::io::Cursor::new(text.as_bytes().to_vec()));
        let rows = (format.pods)(lines, Settings::default()).map_err(|error| error.to_string())?;
        rows.collect::<Result<Vec<_>>>().map_err(|error| error.to_string())
    }

    /// Machines of a text, or the first fault.
    pub fn nodes(format: &Format, text: &str) -> std::result::Result<Vec<NodeRow>, String> {
        let lines = Lines::from_reader("t", std::io::Cursor::new(text.as_bytes().to_vec()));
        let rows = (format.nodes.expect("has machines"))(lines, Settings::default()).map_err(|error| error.to_string())?;
        rows.collect::<Result<Vec<_>>>().map_err(|error| error.to_string())
    }
}
