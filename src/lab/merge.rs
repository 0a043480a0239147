//! `sweep merge`: all runs of a grid as one table, sorted by run id; nothing is written while one is missing.

use super::sweep::{GRID, Listing, RunFile, read_run, run_path};
use crate::base::input_error::InputError;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_128;

/// Missing runs that the message names.
const NAMED_MAX: usize = 10;

/// A table of texts: what a sweep came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Merged {
    /// Names of the columns: `run`, `workload`, `policy`, `seed`, settings by their paths, figures.
    pub columns: Vec<String>,
    /// How many columns come before the figures.
    pub keys: usize,
    /// The rows, sorted by run id.
    pub rows: Vec<Vec<String>>,
}

/// Reads all runs of a sweep's folder. The error names what is missing.
pub fn merge(dir: &Path) -> Result<Merged, InputError> {
    let path = dir.join(GRID);
    let text = std::fs::read_to_string(&path).map_err(|error| {
        let error = InputError::new(format!("there is no sweep here: {error}")).in_file(path.to_string_lossy());
        error.with_hint("kubesim sweep SCENARIO... --out DIR makes one")
    })?;
    let listing: Listing = serde_json::from_str(&text).map_err(|error| InputError {
        line: error.line() as u32,
        ..InputError::new(format!("no grid: {error}")).in_file(path.to_string_lossy())
    })?;
    if listing.version != env!("CARGO_PKG_VERSION") {
        let message = format!("the sweep is of version {}, this is {}", listing.version, env!("CARGO_PKG_VERSION"));
        return Err(InputError::new(message).in_file(path.to_string_lossy()).with_hint("merge with the version that ran it"));
    }
    let mut files = Vec::new();
    let mut gaps = Vec::new();
    for listed in &listing.runs {
        match read_run(&run_path(dir, &listed.id), listed) {
            Ok(file) => files.push(file),
            Err(why) => gaps.push(format!("{} ({}): {why}", listed.id, listed.shown())),
        }
    }
    if !gaps.is_empty() {
        let named = gaps.len().min(NAMED_MAX);
        let mut message = format!("{} of {} runs are not there:\n  {}", gaps.len(), listing.runs.len(), gaps[..named].join("\n  "));
        if gaps.len() > named {
            message.push_str(&format!("\n  and {} more", gaps.len() - named));
        }
        let hint = "run the sweep again: it does only what is missing";
        return Err(InputError::new(message).in_file(dir.to_string_lossy()).with_hint(hint));
    }
    Ok(table(&files))
}

fn table(files: &[RunFile]) -> Merged {
    let mut paths: Vec<&String> = files.iter().flat_map(|file| file.listed.set.keys()).collect();
    paths.sort();
    paths.dedup();
    let mut columns: Vec<String> = ["run", "workload", "policy", "seed"].map(str::to_string).to_vec();
    columns.extend(paths.iter().map(|path| path.to_string()));
    let keys = columns.len();
    // Figures of several kinds of workload stand side by side, in the order in which they are first met by name of workload.
    let mut order: Vec<&RunFile> = files.iter().collect();
    order.sort_by(|a, b| a.workload.cmp(&b.workload));
    for name in order.iter().flat_map(|file| &file.columns) {
        if !columns[keys..].contains(name) {
            columns.push(name.clone());
        }
    }
    let row = |file: &RunFile| {
        let listed = &file.listed;
        let mut row = vec![listed.id.clone(), file.workload.clone(), listed.policy.clone(), listed.seed.to_string()];
        row.extend(paths.iter().map(|path| listed.set.get(*path).cloned().unwrap_or_default()));
        row.extend(columns[keys..].iter().map(|name| {
            let at = file.columns.iter().position(|column| column == name);
            at.map_or(String::new(), |at| file.values[at].clone())
        }));
        row
    };
    Merged { keys, rows: files.iter().map(row).collect(), columns }
}

impl Merged {
    /// The table as CSV.
    pub fn csv(&self) -> String {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&self.columns).expect("writing to memory");
        self.rows.iter().for_each(|row| writer.write_record(row).expect("writing to memory"));
        String::from_utf8(writer.into_inner().expect("writing to memory")).expect("text")
    }

    /// The hash of the table, however it is stored.
    pub fn hash(&self) -> String {
        format!("{:032x}", xxh3_128(self.csv().as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::sweep::Listed;
    use super::*;

    #[test]
    fn figures_of_several_workloads_stand_side_by_side() {
        let file = |id: &str, workload: &str, set: &[(&str, &str)], columns: &[&str]| RunFile {
            listed: Listed {
                id: id.into(),
                scenario: "s".into(),
                policy: "P".into(),
                seed: 1,
                set: set.iter().map(|(path, value)| (path.to_string(), value.to_string())).collect(),
            },
            version: "1".into(),
            workload: workload.into(),
            columns: columns.iter().map(|name| name.to_string()).collect(),
            values: columns.iter().map(|name| format!("{name}1")).collect(),
            sum: String::new(),
        };
        let merged = table(&[file("0", "w", &[("n", "3,4")], &["b", "c"]), file("1", "v", &[], &["a", "b"])]);
        assert_eq!(merged.csv(), "run,workload,policy,seed,n,a,b,c\n0,w,P,1,\"3,4\",,b1,c1\n1,v,P,1,,a1,b1,\n");
        assert_eq!((merged.keys, merged.hash().len()), (5, 32));
    }
}
