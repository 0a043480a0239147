//! From the tree of a scenario file to a [`Scenario`]: header, then each part, then what the parts demand of each other.

use super::fields::{At, Fields};
use super::*;
use crate::base::input_error::did_you_mean;
use crate::manifest::Source;
use crate::model::Timestamp;
use std::path::{Path, PathBuf};

type Result<T> = std::result::Result<T, InputError>;

/// Keys of a scenario.
pub const KEYS: &[&str] = &[
    "apiVersion",
    "kind",
    "name",
    "question",
    "text",
    "seed",
    "start",
    "duration",
    "cluster",
    "manifests",
    "containers",
    "network",
    "load",
    "timeline",
    "expect",
    "workload",
];

/// Length of a run when the file does not say.
pub(super) const DURATION: Span = Span::from_s(600);
/// Seed when the file does not say.
pub(super) const SEED: u64 = 42;
/// Start when the file does not say: 2026-01-01T00:00:00Z.
pub(super) const START_S: i64 = 1_767_225_600;
/// No run may be longer: ten years.
const DURATION_MAX: Span = Span::from_s(10 * 366 * 86_400);

/// What reading needs beside the text.
pub(super) struct Reader<'r> {
    /// Folder that relative paths are below.
    pub base: PathBuf,
    /// Standard input.
    pub stdin: &'r mut dyn Read,
    /// Whether standard input has been taken.
    pub stdin_taken: bool,
}

impl Reader<'_> {
    /// The objects of some paths, globs or `-`, relative to the scenario file.
    pub fn manifests(&mut self, patterns: &[String], base: &Path) -> Result<Vec<Manifest>> {
        if patterns.iter().any(|pattern| pattern == "-") && std::mem::replace(&mut self.stdin_taken, true) {
            return Err(InputError::new("standard input (\"-\") can be read only once"));
        }
        manifests::read(patterns, base, self.stdin)
    }
}

/// The tree of a scenario file, with `--set` carried out.
pub(super) fn tree(source: &Source, overrides: &Overrides) -> Result<crate::manifest::Node> {
    let mut documents = source.documents()?;
    if documents.is_empty() {
        let hint = if source.text.trim().is_empty() { "the file is empty" } else { "it has comments only" };
        return Err(InputError::new("there is no scenario in it").in_file(&*source.name).with_hint(hint));
    }
    if documents.len() > 1 {
        let error = source.error(documents[1].span, "a scenario file has one document, this is a second one");
        return Err(error.with_hint("manifests go into files of their own, named by `manifests:`"));
    }
    let mut node = documents.remove(0);
    for set in &overrides.set {
        super::overrides::set(&mut node, set)?;
    }
    Ok(node)
}

/// Steps of a timeline that stand in no file.
pub(super) fn steps(lines: &[serde_json::Value]) -> Result<Vec<Step>> {
    let text = serde_json::Value::from(lines.to_vec()).to_string();
    let source = Source::new("timeline", &text);
    let nodes = source.documents()?;
    let mut reader = Reader { base: PathBuf::new(), stdin: &mut std::io::empty(), stdin_taken: true };
    nodes.first().map_or(Ok(Vec::new()), |node| timeline::steps(At::root(&source, node), &mut reader))
}

pub(super) fn scenario(source: &Source, overrides: &Overrides, stdin: &mut dyn Read) -> Result<Scenario> {
    let node = tree(source, overrides)?;
    let root = At::root(source, &node);
    header(root)?;
    let fields = Fields::new(root, "a scenario", KEYS)?;
    let base = if &*source.name == "-" { PathBuf::new() } else { Path::new(&*source.name).parent().map(PathBuf::from).unwrap_or_default() };
    let mut reader = Reader { base, stdin, stdin_taken: &*source.name == "-" };
    let clock = fields.read("start", start)?.unwrap_or(Clock { start_us: START_S * 1_000_000 });
    let seed = Seed(overrides.seed.map_or_else(|| fields.read("seed", |at| at.count(u64::MAX)).map(|seed| seed.unwrap_or(SEED)), Ok)?);
    let duration = duration(&fields, overrides)?;
    let mut cluster = cluster::read(fields.get("cluster"), clock, &mut reader)?;
    let work = fields.read("workload", |at| workload::read(at, &mut reader, clock, Time::ZERO + duration))?.unwrap_or_default();
    if let Some(at) = fields.get("workload") {
        cluster::add_machines(&mut cluster, &work.nodes, clock, at)?;
    }
    let manifests = all_manifests(&fields, overrides, &mut reader)?;
    let mut timeline = fields.read("timeline", |at| timeline::steps(at, &mut reader))?.unwrap_or_default();
    timeline.extend(work.steps);
    let expectations = fields.read("expect", |at| timeline::expectations(at, Time::ZERO + duration))?.unwrap_or_default();
    let scenario = Scenario {
        file: source.name.to_string(),
        name: name(&fields, source)?,
        question: fields.read("question", |at| at.text())?.unwrap_or("").trim().to_string(),
        text: fields.read("text", |at| at.text())?.unwrap_or("").trim().to_string(),
        seed,
        clock,
        duration,
        settle: Span::ZERO,
        cluster,
        manifests,
        behaviours: fields.read("containers", containers::read)?.unwrap_or_default(),
        network: fields.read("network", containers::network)?.unwrap_or_default(),
        loads: fields.read("load", load::read)?.unwrap_or_default(),
        timeline,
        expectations,
        workload: work.workload,
        canonical: canonical::tree(&node).into(),
    };
    load::check_services(fields.get("load"), fields.get("network"), &scenario)?;
    fault_steps::check_targets(&fields, &scenario)?;
    manifests::check_namespaces(&scenario.manifests, &scenario)?;
    Ok(scenario)
}

/// apiVersion and kind come first: whatever else is wrong with a file that is no scenario does not matter.
fn header(root: At<'_>) -> Result<()> {
    if !matches!(root.node.data, crate::manifest::Data::Map(_)) {
        let error = root.error("a scenario is a map of keys");
        return Err(error.with_hint(format!("it begins with apiVersion: {API_VERSION} and kind: {KIND}")));
    }
    // An experiment may be nothing but its name and its files.
    let experiment = root.node.get("workload").is_some_and(|workload| workload.get("experiment").is_some());
    for (key, wanted) in [("apiVersion", API_VERSION), ("kind", KIND)] {
        if experiment && root.node.get(key).is_none() {
            continue;
        }
        let Some(value) = root.node.get(key) else {
            let near = root.node.entries().iter().find(|entry| !did_you_mean(&entry.key, [key]).is_empty());
            let span = near.map_or(crate::manifest::Span { width: 1, ..root.node.span }, |entry| entry.span);
            let hint = near.map_or_else(|| format!("it begins with {key}: {wanted}"), |_| format!("did you mean \"{key}\"?"));
            return Err(root.source().error(span, format!("`{key}` is missing")).with_hint(hint));
        };
        let at = At::root(root.source(), value);
        if value.text() != Some(wanted) {
            let found = value.text().map_or_else(|| value.kind_name().to_string(), |text| format!("\"{text}\""));
            let what = if key == "kind" { "no scenario" } else { "no version of scenarios that is known" };
            return Err(at.error(format!("{key} {found} is {what}")).with_hint(format!("{key}: {wanted}")));
        }
    }
    Ok(())
}

fn name(fields: &Fields<'_>, source: &Source) -> Result<String> {
    let Some(at) = fields.get("name") else {
        let stem = Path::new(&*source.name).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        return Ok(if stem.is_empty() || stem == "-" { "scenario".into() } else { stem });
    };
    let name = at.word()?;
    let sound = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.len() > 100 || name.starts_with('.') || !name.chars().all(sound) {
        let error = at.error(format!("\"{name}\" cannot name a folder of reports"));
        return Err(error.with_hint("letters, digits, \"-\", \"_\" and \".\", at most 100"));
    }
    Ok(name.to_string())
}

fn start(at: At<'_>) -> Result<Clock> {
    let text = at.text()?;
    let value = serde_json::Value::String(text.to_string());
    let start: std::result::Result<Timestamp, _> = serde_json::from_value(value);
    let start = start.map_err(|error| at.error(error.to_string()))?;
    Ok(Clock { start_us: start.0 * 1_000_000 })
}

fn duration(fields: &Fields<'_>, overrides: &Overrides) -> Result<Span> {
    let written = fields.read("duration", |at| {
        let span = at.span()?;
        if span > DURATION_MAX {
            return Err(at.error(format!("{span} is longer than a run may last")).with_hint("at most 10 years"));
        }
        if span.is_zero() { Err(at.error("a run without any time shows nothing")) } else { Ok(span) }
    })?;
    Ok(overrides.until.or(written).unwrap_or(DURATION))
}

/// A path, or a list of paths and of objects that stand in the scenario itself.
fn listed(at: At<'_>) -> Result<Vec<At<'_>>> {
    if at.node.text().is_some() { Ok(vec![at]) } else { at.list() }
}

fn all_manifests(fields: &Fields<'_>, overrides: &Overrides, reader: &mut Reader<'_>) -> Result<Vec<Manifest>> {
    let mut all = Vec::new();
    for at in fields.read("manifests", listed)?.unwrap_or_default() {
        if matches!(at.node.data, crate::manifest::Data::Map(_)) {
            let item = crate::manifest::Item { source: at.source().clone(), node: at.node.clone() };
            all.push(kubectl::checked(&item)?);
            continue;
        }
        let pattern = at.word()?.to_string();
        let base = reader.base.clone();
        // A fault of the list itself (no such file) is shown in the scenario; one inside a manifest in the manifest.
        all.extend(reader.manifests(&[pattern], &base).map_err(|error| if error.file.is_empty() { place(at, error) } else { error })?);
    }
    for pattern in &overrides.manifests {
        all.extend(reader.manifests(std::slice::from_ref(pattern), Path::new(""))?);
    }
    manifests::check_together(&all)?;
    Ok(all)
}

/// Gives an error without a place the place of a value in the scenario.
pub(super) fn place(at: At<'_>, error: InputError) -> InputError {
    at.error(error.message).with_hint(error.hint)
}
