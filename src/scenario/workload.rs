//! `workload:`: pods that nobody wrote a manifest for. They come from a trace of a real cluster, from an arrival process, or
//! from a published experiment that is to be repeated.

use super::fields::{At, Fields};
use super::read::Reader;
use crate::base::input_error::{InputError, did_you_mean};
use std::path::PathBuf;

type Result<T> = std::result::Result<T, InputError>;

/// Keys of `workload`.
pub(super) const KEYS: &[&str] = &["experiment", "nodes", "pods", "orders"];
/// Experiments by name.
pub(super) const EXPERIMENTS: &[&str] = &["fgd"];

/// Where pods come from that no manifest holds.
#[derive(Clone, PartialEq, Debug)]
pub enum Workload {
    /// The placement experiment of "Beware of Fragmentation" (USENIX ATC 2023).
    Fgd(Fgd),
}

/// Files of the experiment `fgd`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fgd {
    /// The line of `experiment` in the scenario.
    pub line: u32,
    /// The nodes' CSV.
    pub nodes: PathBuf,
    /// The pods' CSV, maybe compressed.
    pub pods: PathBuf,
    /// Arrival and node orders by seed; computed without.
    pub orders: Option<PathBuf>,
}

impl Workload {
    /// Reads the key.
    pub(super) fn read(at: At<'_>, reader: &Reader<'_>) -> Result<Workload> {
        let fields = Fields::new(at, "`workload`", KEYS)?;
        let experiment = fields.required("experiment", "`workload`")?;
        let name = experiment.word()?;
        if !EXPERIMENTS.contains(&name) {
            let mut hint = did_you_mean(name, EXPERIMENTS.iter().copied());
            if hint.is_empty() {
                hint = format!("known experiments: {}", EXPERIMENTS.join(", "));
            }
            return Err(experiment.error(format!("unknown experiment \"{name}\"")).with_hint(hint));
        }
        Ok(Workload::Fgd(Fgd {
            line: experiment.line(),
            nodes: file(fields.required("nodes", "`experiment: fgd`")?, reader)?,
            pods: file(fields.required("pods", "`experiment: fgd`")?, reader)?,
            orders: fields.read("orders", |at| file(at, reader))?,
        }))
    }
}

/// A file that is there, below the scenario's folder.
fn file(at: At<'_>, reader: &Reader<'_>) -> Result<PathBuf> {
    let path = reader.base.join(at.word()?);
    let looked = std::fs::metadata(&path);
    match looked {
        Ok(meta) if meta.is_dir() => Err(at.error(format!("\"{}\" is a directory", path.display())).with_hint("name the file in it")),
        Ok(_) => Ok(path),
        Err(error) => {
            let error = crate::manifest::read::read_error(&path.to_string_lossy(), &error);
            Err(at.error(error.message).with_hint(error.hint))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    #[test]
    fn an_experiment_needs_no_header_and_names_its_files() {
        let text = "name: x\nworkload: {experiment: fgd, nodes: Cargo.toml, pods: README.md}\n";
        let scenario = parse("x.yaml", text).unwrap();
        let fgd = Fgd { line: 2, nodes: "Cargo.toml".into(), pods: "README.md".into(), orders: None };
        assert_eq!(scenario.workload, Some(Workload::Fgd(fgd)));
        let shown = parse("x.yaml", &text.replace("README", "REDME")).unwrap_err().to_string();
        assert!(shown.contains("x.yaml:2:") && shown.ends_with("did you mean \"README.md\"?"), "{shown}");
        let shown = parse("x.yaml", &text.replace(": fgd", ": fdg")).unwrap_err().to_string();
        assert!(shown.ends_with("did you mean \"fgd\"?"), "{shown}");
        let shown = parse("x.yaml", &text.replace("pods:", "pod:")).unwrap_err().to_string();
        assert!(shown.ends_with("did you mean \"pods\"?"), "{shown}");
    }
}
