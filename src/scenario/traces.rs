//! `workload: {trace: ...}`: which file in which format, which part of it, and what its normalised figures mean. The file is read
//! once, row by row, before the run; what falls into the run is kept.

use super::fields::{At, Fields};
use super::read::Reader;
use super::workload::{Found, Workload, acceptable, file};
use super::{Action, Step, Trigger};
use crate::base::input_error::{InputError, did_you_mean};
use crate::base::{Span, Time};
use crate::kubectl::{self, Command, Manifest, checked};
use crate::manifest::{self, Source};
use crate::workload::pods::{Gpus, Template};
use crate::workload::schedule::{Builder, Schedule, Window};
use crate::workload::traces::lines::{Lines, open};
use crate::workload::traces::{FORMATS, Settings, find, simkube};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

type Result<T> = std::result::Result<T, InputError>;

/// Keys of `trace`.
pub(super) const KEYS: &[&str] =
    &["format", "file", "nodes", "from", "to", "limit", "speed", "running", "gpus", "machine", "processorsPerPod"];
/// Fields of an object that are of the cluster it was recorded in.
const RECORDED: &[&str] = &["uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "ownerReferences", "selfLink"];
/// Nothing of a trace is later: a hundred years.
const SECONDS_MAX: i64 = 3_200_000_000;
/// No trace holds more events of whole objects.
const EVENTS_MAX: usize = 1_000_000;

/// Names of all formats.
pub(super) fn format_names() -> Vec<&'static str> {
    FORMATS.iter().map(|format| format.name).chain([simkube::NAME]).collect()
}

pub(super) fn read(at: At<'_>, template: Template, reader: &Reader<'_>, end: Time) -> Result<Found> {
    let fields = Fields::new(at, "`trace`", KEYS)?;
    let format = fields.required("format", "`trace`")?;
    let name = format.word()?;
    let files = fields.required("file", "`trace`")?.texts()?.into_iter().map(|at| file(at, reader)).collect::<Result<Vec<_>>>()?;
    let window = window(&fields, end)?;
    if name == simkube::NAME {
        if let Some(key) = KEYS[2..].iter().find(|key| fields.has(key) && !matches!(**key, "from" | "to" | "speed")) {
            return Err(fields.error_at_key(key, format!("`{key}` does not go with `format: simkube`")));
        }
        return Ok(Found { steps: simkube_steps(&files, window, at.line())?, ..Found::default() });
    }
    let Some(found) = find(name) else {
        let names = format_names();
        let mut hint = did_you_mean(name, names.iter().copied());
        if hint.is_empty() {
            hint = format!("one of {}", names.join(", "));
        }
        return Err(format.error(format!("unknown trace format \"{name}\"")).with_hint(hint));
    };
    let settings = settings(&fields)?;
    let gpus = match fields.get("gpus").map(|at| Ok((at, at.word()?))).transpose()? {
        None | Some((_, "whole")) => Gpus::Whole,
        Some((_, "shared")) => Gpus::Shared,
        Some((at, other)) => return Err(at.error(format!("\"{other}\" is no way to count GPUs")).with_hint("whole or shared")),
    };
    let mut builder = Builder::new(Template { gpus, ..template }, window, found.names_are_unique);
    for path in &files {
        builder.take(&path.to_string_lossy(), (found.pods)(Lines::open(path)?, settings)?)?;
    }
    let schedule = builder.finish();
    if schedule.is_empty() {
        let hint = "the run lasts `duration`; the trace's own times begin at `from`";
        return Err(at.error("no pod of the trace falls into the run").with_hint(hint));
    }
    for pod in schedule.samples() {
        acceptable(&pod).map_err(|message| at.error(message))?;
    }
    let mut nodes = Vec::new();
    for at in fields.read("nodes", |at| at.texts())?.unwrap_or_default() {
        let Some(read) = found.nodes else {
            return Err(at.error(format!("the format {name} has no table of machines")).with_hint("`cluster: {nodes: ...}`"));
        };
        let path = file(at, reader)?;
        nodes.extend(read(Lines::open(&path)?, settings)?.collect::<Result<Vec<_>>>()?);
    }
    Ok(Found { workload: Some(Workload::Trace(Arc::<Schedule>::new(schedule))), nodes, steps: Vec::new() })
}

fn window(fields: &Fields<'_>, end: Time) -> Result<Window> {
    let span = |key: &str, or: Span| Ok(fields.read(key, |at| at.span())?.unwrap_or(or));
    let (from, to) = (span("from", Span::ZERO)?, span("to", Span(u64::MAX))?);
    if to <= from {
        return Err(fields.error_at_key("to", format!("{to} is not after {from}")));
    }
    let limit = fields.read("limit", |at| at.count(u64::from(u32::MAX)))?.map_or(usize::MAX, |limit| limit as usize);
    let speed = match fields.get("speed") {
        None => 1.0,
        Some(at) => match at.node.to_value().as_f64() {
            Some(speed) if (1e-3..=1e6).contains(&speed) => speed,
            _ => return Err(at.error("a speed is a number from 0.001 to 1000000").with_hint("60: an hour of the trace takes a minute")),
        },
    };
    Ok(Window { from, to, limit, speed, running: fields.read("running", |at| at.bool())?.unwrap_or(false), end })
}

fn settings(fields: &Fields<'_>) -> Result<Settings> {
    let mut settings = Settings::default();
    if let Some(at) = fields.get("machine") {
        let inner = Fields::new(at, "`machine`", &["cpu", "memory"])?;
        if let Some(cpu) = inner.read("cpu", |at| at.quantity())? {
            settings.machine_cpu_milli = cpu.milli_value() as f64;
        }
        if let Some(memory) = inner.read("memory", |at| at.quantity())? {
            settings.machine_memory_bytes = memory.value() as f64;
        }
    }
    if let Some(at) = fields.get("processorsPerPod") {
        settings.processors_per_pod = at.count(1_000_000)? as u32;
        if settings.processors_per_pod == 0 {
            return Err(at.error("a pod takes at least 1 processor"));
        }
    }
    Ok(settings)
}

/// Events of SimKube's traces as kubectl lines: `apply` of what was applied, `delete` of what was deleted.
fn simkube_steps(files: &[PathBuf], window: Window, line: u32) -> Result<Vec<Step>> {
    let mut steps = Vec::new();
    for path in files {
        let name = path.to_string_lossy();
        let survey = simkube::survey(&name, open(path)?)?;
        let spaces = survey.namespaces.iter().filter(|name| !matches!(name.as_str(), "default" | "kube-system" | "kube-public"));
        let spaces = spaces.map(|name| serde_json::json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}));
        let spaces: Vec<Value> = spaces.collect();
        if !spaces.is_empty() {
            steps.push(apply(Time::ZERO, spaces, &name, 0, line)?);
        }
        simkube::events(&name, open(path)?, &mut |event| {
            let since = Span::from_s(event.ts.saturating_sub(survey.begins).clamp(0, SECONDS_MAX) as u64);
            if since < window.from || since >= window.to {
                return Ok(());
            }
            let at = Time::ZERO + Span(((since.0 - window.from.0) as f64 / window.speed) as u64);
            if at > window.end {
                return Ok(());
            }
            if steps.len() >= EVENTS_MAX {
                return Err(InputError::new(format!("more than {EVENTS_MAX} events")).in_file(&*name).with_hint("`from` and `to`"));
            }
            for object in &event.deleted {
                steps.push(delete(at, object, &name, event.number, line)?);
            }
            let mut applied = event.applied;
            if !applied.is_empty() {
                applied.iter_mut().for_each(|object| simkube::with_lifetime(object, &survey.lifetimes));
                steps.push(apply(at, applied, &name, event.number, line)?);
            }
            Ok(())
        })?;
    }
    Ok(steps)
}

fn step(at: Time, line: u32, shown: String, command: Command) -> Step {
    let action = Action::Kubectl { line: shown, command: Arc::new(command) };
    Step { line, trigger: Trigger::At { at, every: None }, action }
}

fn apply(at: Time, objects: Vec<Value>, file: &str, number: u64, line: u32) -> Result<Step> {
    let name = if number == 0 { file.to_string() } else { format!("{file}#event-{number}") };
    let mut manifests: Vec<Manifest> = Vec::new();
    for mut object in objects {
        as_written(&mut object);
        let text = serde_json::to_string_pretty(&object).expect("JSON from JSON");
        for item in manifest::read::items(&Source::new(&name, &text))? {
            manifests.push(checked(&item)?);
        }
    }
    let command = Command::apply(manifests, Path::new(file).parent().unwrap_or(Path::new("")));
    Ok(step(at, line, command.words.join(" "), command))
}

/// An object as somebody would have written it: without what its cluster added.
fn as_written(object: &mut Value) {
    let Some(fields) = object.as_object_mut() else { return };
    fields.remove("status");
    let is_pod = fields.get("kind").and_then(Value::as_str) == Some("Pod");
    if let Some(meta) = fields.get_mut("metadata").and_then(Value::as_object_mut) {
        RECORDED.iter().for_each(|key| drop(meta.remove(*key)));
    }
    if let Some(spec) = fields.get_mut("spec").and_then(Value::as_object_mut).filter(|_| is_pod) {
        spec.remove("nodeName");
    }
}

fn delete(at: Time, object: &Value, file: &str, number: u64, line: u32) -> Result<Step> {
    let text = |path: &str| object.pointer(path).and_then(Value::as_str).unwrap_or("");
    let (kind, name, namespace) = (text("/kind"), text("/metadata/name"), text("/metadata/namespace"));
    let mut shown = format!("delete {}/{name} --wait=false --ignore-not-found", kind.to_lowercase());
    if !namespace.is_empty() {
        shown.push_str(&format!(" -n {namespace}"));
    }
    let command = kubectl::parse(&shown).map_err(|error| {
        let message = format!("event {number}: {kind} \"{name}\" cannot be deleted: {}", error.summary());
        InputError::new(message).in_file(file).with_hint(error.hint())
    })?;
    Ok(step(at, line, shown, command))
}
