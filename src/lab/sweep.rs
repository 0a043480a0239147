//! A sweep: a grid of scenarios, policies, seeds and settings, run in any number of processes that need not know of each other.
//!
//! Each run has an id made of everything that decides about its result, and leaves one file of that name, written whole or not
//! at all. A run whose file is there and sound is not run again; one that is half written or of another version is.

use super::cell::Bench;
use super::policy::Policy;
use crate::base::input_error::InputError;
use crate::scenario::{self, Overrides};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

/// No grid has more runs.
const RUNS_MAX: usize = 1_000_000;
/// No grid has more scenarios with settings.
const BENCHES_MAX: usize = 10_000;
/// The folder of the runs' files, inside of the sweep's.
pub const RUNS: &str = "runs";
/// The file that says which runs there are to be.
pub const GRID: &str = "grid.json";
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What is to be run.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Scenario files.
    pub scenarios: Vec<String>,
    /// `path=value` as for `--set`; several values of one path are alternatives, several paths are combined.
    pub set: Vec<String>,
    /// The policies.
    pub policies: Vec<Policy>,
    /// The seeds; without, each scenario's own.
    pub seeds: Option<Vec<u64>>,
}

/// A run of the grid, as `grid.json` has it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// The scenario file.
    pub scenario: String,
    /// The policy's name.
    pub policy: String,
    /// The seed.
    pub seed: u64,
    /// Settings by path.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: BTreeMap<String, String>,
}

/// `grid.json`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Listing {
    /// The version that the runs are of.
    pub version: String,
    /// All runs, sorted by id.
    pub runs: Vec<Listed>,
}

/// A file of a run.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RunFile {
    /// What was run.
    #[serde(flatten)]
    pub listed: Listed,
    /// The version that ran it.
    pub version: String,
    /// What tables call the workload.
    pub workload: String,
    /// Names of the figures.
    pub columns: Vec<String>,
    /// The figures as printed; empty: nothing to measure.
    pub values: Vec<String>,
    /// Hash of all the rest: a file that is cut or changed does not fit it.
    #[serde(default)]
    pub sum: String,
}

/// A run that can be played.
#[derive(Clone, Debug)]
pub struct Run {
    /// What it is.
    pub listed: Listed,
    bench: Arc<Bench>,
    policy: Policy,
}

/// All runs of a plan, sorted by id.
#[derive(Clone, Debug)]
pub struct Grid {
    /// The runs.
    pub runs: Vec<Run>,
}

impl Grid {
    /// Reads and checks everything that the plan names.
    pub fn new(plan: &Plan) -> Result<Grid, InputError> {
        let alternatives = alternatives(&plan.set)?;
        let mut runs = Vec::new();
        let benches = alternatives.len() * plan.scenarios.len();
        if benches > BENCHES_MAX {
            return Err(InputError::new(format!("{benches} scenarios with their settings are too many"))
                .with_hint(format!("at most {BENCHES_MAX}")));
        }
        for file in &plan.scenarios {
            for set in &alternatives {
                let words = set.iter().map(|(path, value)| format!("{path}={value}")).collect();
                let overrides = Overrides { set: words, ..Overrides::default() };
                let scenario = scenario::load(file, &overrides, &mut std::io::empty())?;
                let (print, own) = (scenario.fingerprint()?, scenario.seed.0);
                let bench = Arc::new(Bench::new(scenario)?);
                for policy in &plan.policies {
                    bench.admits(policy)?;
                    for &seed in plan.seeds.as_deref().unwrap_or(&[own]) {
                        let id = run_id(print, policy, seed);
                        let listed = Listed { id, scenario: file.clone(), policy: policy.name.clone(), seed, set: set.clone() };
                        runs.push(Run { listed, bench: bench.clone(), policy: policy.clone() });
                        if runs.len() > RUNS_MAX {
                            return Err(InputError::new(format!("more than {RUNS_MAX} runs")));
                        }
                    }
                }
            }
        }
        runs.sort_by(|a, b| a.listed.id.cmp(&b.listed.id));
        if let Some(pair) = runs.windows(2).find(|pair| pair[0].listed.id == pair[1].listed.id) {
            let message = format!("the same run twice: {} and {}", pair[0].listed.shown(), pair[1].listed.shown());
            return Err(InputError::new(message).with_hint("scenarios, policies and settings must differ in what they say"));
        }
        Ok(Grid { runs })
    }

    /// What `grid.json` holds.
    pub fn listing(&self) -> Listing {
        Listing { version: VERSION.into(), runs: self.runs.iter().map(|run| run.listed.clone()).collect() }
    }

    /// Makes the folder of a sweep, or makes sure that it is this one's.
    pub fn enter(&self, dir: &Path) -> Result<(), InputError> {
        let path = dir.join(GRID);
        let text = serde_json::to_string_pretty(&self.listing()).expect("plain data") + "\n";
        match fs::read_to_string(&path) {
            Ok(there) if there == text => {}
            Ok(there) => {
                let count = serde_json::from_str::<Listing>(&there).map_or(0, |listing| listing.runs.len());
                let message = format!("the folder belongs to another sweep ({count} runs, not these {})", self.runs.len());
                let hint = format!("another folder; or remove {} to change the grid: runs that are there are kept", path.display());
                return Err(InputError::new(message).in_file(dir.to_string_lossy()).with_hint(hint));
            }
            Err(_) => write_whole(&path, text.as_bytes()).map_err(|error| unwritable(&path, &error))?,
        }
        fs::create_dir_all(dir.join(RUNS)).map_err(|error| unwritable(dir, &error))
    }
}

impl Listed {
    /// For messages: the scenario, policy, seed and settings.
    pub fn shown(&self) -> String {
        let set: String = self.set.iter().map(|(path, value)| format!(", {path}={value}")).collect();
        format!("{}, {}, seed {}{set}", self.scenario, self.policy, self.seed)
    }
}

impl Run {
    /// Plays it, unless its file is there and sound. Tells whether it played.
    pub fn play(&self, dir: &Path) -> Result<bool, String> {
        let path = run_path(dir, &self.listed.id);
        if read_run(&path, &self.listed).is_ok() {
            return Ok(false);
        }
        let result = self.bench.run_cell(&self.policy, self.listed.seed)?;
        let figures = self.bench.figures();
        let mut file = RunFile {
            listed: self.listed.clone(),
            version: VERSION.into(),
            workload: result.workload.clone(),
            columns: figures.iter().map(|figure| figure.name.to_string()).collect(),
            values: figures.iter().map(|figure| figure.print(result.get(figure.name))).collect(),
            sum: String::new(),
        };
        file.sum = file.sum_of_rest();
        let text = serde_json::to_string_pretty(&file).expect("plain data") + "\n";
        write_whole(&path, text.as_bytes()).map_err(|error| unwritable(&path, &error).to_string())?;
        Ok(true)
    }
}

impl RunFile {
    fn sum_of_rest(&self) -> String {
        let bare = RunFile { sum: String::new(), ..self.clone() };
        format!("{:016x}", xxh3_64(serde_json::to_string(&bare).expect("plain data").as_bytes()))
    }
}

/// The id of a run: version, canonical scenario, policy, seed.
fn run_id(scenario: u128, policy: &Policy, seed: u64) -> String {
    let text = format!("{VERSION}\0{scenario:032x}\0{}\0{:?}\0{seed}", policy.name, policy.configuration);
    format!("{:032x}", xxh3_128(text.as_bytes()))
}

/// `a=1 a=2 b=3` as `{a=1, b=3}, {a=2, b=3}`.
fn alternatives(set: &[String]) -> Result<Vec<BTreeMap<String, String>>, InputError> {
    let mut axes: Vec<(String, Vec<String>)> = Vec::new();
    for word in set {
        let fault = |message: &str| InputError::new(format!("--set {word}: {message}")).with_hint("--set cluster.nodes[0].count=5");
        let (path, value) = word.split_once('=').ok_or_else(|| fault("there is no \"=\" in it"))?;
        let at = match axes.iter().position(|(known, _)| known == path) {
            Some(at) => at,
            None => {
                axes.push((path.into(), Vec::new()));
                axes.len() - 1
            }
        };
        if axes[at].1.iter().any(|known| known == value) {
            return Err(fault("the same value twice"));
        }
        axes[at].1.push(value.into());
    }
    let mut all = vec![BTreeMap::new()];
    for (path, values) in axes {
        if all.len() * values.len() > BENCHES_MAX {
            return Err(InputError::new("too many combinations of settings").with_hint(format!("at most {BENCHES_MAX}")));
        }
        let with = |one: &BTreeMap<String, String>, value: &String| {
            let mut one = one.clone();
            one.insert(path.clone(), value.clone());
            one
        };
        all = all.iter().flat_map(|one| values.iter().map(move |value| with(one, value))).collect();
    }
    Ok(all)
}

/// The file of a run.
pub fn run_path(dir: &Path, id: &str) -> PathBuf {
    dir.join(RUNS).join(format!("{id}.json"))
}

/// Reads the file of a run; the error says what is wrong with it.
pub fn read_run(path: &Path, wanted: &Listed) -> Result<RunFile, String> {
    let text = match fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err("missing".into()),
        Err(error) => return Err(format!("cannot be read: {error}")),
    };
    let file: RunFile = serde_json::from_slice(&text).map_err(|_| "half written or no run".to_string())?;
    if file.sum != file.sum_of_rest() || file.columns.len() != file.values.len() {
        return Err("changed since it was written".into());
    }
    if file.listed.id != wanted.id || file.version != VERSION {
        return Err("of another run".into());
    }
    Ok(file)
}

/// Writes a file whole or not at all: beside its place, then moved there.
pub fn write_whole(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let beside = folder.join(format!(".{name}.{}.tmp", std::process::id()));
    let write = || {
        let mut file = fs::File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().inspect_err(|_| drop(fs::remove_file(&beside)))
}

fn unwritable(path: &Path, error: &std::io::Error) -> InputError {
    InputError::new(format!("cannot be written: {error}")).in_file(path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_one_path_are_alternatives() {
        let set: Vec<String> = ["a=1", "b=x=y", "a=2"].map(str::to_string).to_vec();
        let all = alternatives(&set).unwrap();
        let shown: Vec<String> = all.iter().map(|one| format!("{}{}", one["a"], one["b"])).collect();
        assert_eq!(shown, ["1x=y", "2x=y"]);
        assert_eq!(alternatives(&[]).unwrap().len(), 1);
        assert!(alternatives(&["a=1".into(), "a=1".into()]).unwrap_err().message.contains("the same value twice"));
        assert!(alternatives(&["a".into()]).unwrap_err().message.contains("there is no \"=\""));
    }

    #[test]
    fn a_file_is_there_whole_or_not_at_all() {
        let folder = std::env::temp_dir().join(format!("kubesim-sweep-{}", std::process::id()));
        let path = folder.join("deep/file");
        write_whole(&path, b"one").unwrap();
        write_whole(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.join("deep")).unwrap().count(), 1, "nothing is left beside it");
        let listed = Listed { id: "7".into(), scenario: "s".into(), policy: "p".into(), seed: 1, set: BTreeMap::new() };
        let mut file = RunFile {
            listed: listed.clone(),
            version: VERSION.into(),
            workload: "w".into(),
            columns: vec!["a".into()],
            values: vec!["1.50".into()],
            sum: String::new(),
        };
        file.sum = file.sum_of_rest();
        let whole = serde_json::to_string(&file).unwrap();
        let read = |text: &str| {
            fs::write(&path, text).unwrap();
            read_run(&path, &listed)
        };
        assert_eq!(read(&whole), Ok(file));
        assert_eq!(read(&whole[..whole.len() / 2]), Err("half written or no run".into()));
        assert_eq!(read(&whole.replace("1.50", "1.51")), Err("changed since it was written".into()));
        assert_eq!(read_run(&path, &Listed { id: "8".into(), ..listed.clone() }).unwrap_err(), "changed since it was written");
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(read_run(&path, &listed), Err("missing".into()));
    }
}
