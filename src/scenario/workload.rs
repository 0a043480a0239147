//! `workload:`: pods that nobody wrote a manifest for. They come from a trace of a real cluster, from an arrival process, or
//! from a published experiment that is to be repeated.

use super::fields::{At, Fields};
use super::read::Reader;
use super::{Clock, Step, traces};
use crate::api::{defaulting, validation};
use crate::base::input_error::{InputError, did_you_mean};
use crate::base::{Span, Time};
use crate::kubectl::checked;
use crate::manifest::{Data, Entry, Item, Node, node};
use crate::model::{Labels, Object};
use crate::workload::arrivals::{Arrivals, Process, RATE_PER_S_MAX};
use crate::workload::pods::{Size, Template, dns_name};
use crate::workload::schedule::Schedule;
use crate::workload::{Ask, NodeRow};
use std::path::PathBuf;
use std::sync::Arc;

type Result<T> = std::result::Result<T, InputError>;

/// Keys of `workload`.
pub(super) const KEYS: &[&str] = &["experiment", "nodes", "pods", "orders", "trace", "arrivals", "pod", "name", "lasts"];
/// Experiments by name.
pub(super) const EXPERIMENTS: &[&str] = &["fgd"];
/// Keys of `arrivals`.
pub(super) const ARRIVAL_KEYS: &[&str] = &["even", "poisson", "bursty", "daily", "from", "to", "limit"];
/// No process makes more pods.
const LIMIT_MAX: u64 = 50_000_000;

/// Where pods come from that no manifest holds.
#[derive(Clone, PartialEq, Debug)]
pub enum Workload {
    /// The placement experiment of "Beware of Fragmentation" (USENIX ATC 2023).
    Fgd(Fgd),
    /// Pods of a trace, at their times.
    Trace(Arc<Schedule>),
    /// Pods of an arrival process, drawn from the run's seed.
    Arrivals(Arc<Generated>),
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

/// Pods of an arrival process.
#[derive(Clone, PartialEq, Debug)]
pub struct Generated {
    /// When they come.
    pub arrivals: Arrivals,
    /// How their names begin.
    pub name: String,
    /// What they have in common.
    pub template: Template,
    /// What they look like.
    pub size: Size,
}

/// What reading a workload yields beside itself.
#[derive(Default)]
pub(super) struct Found {
    /// The workload.
    pub workload: Option<Workload>,
    /// Machines of its trace.
    pub nodes: Vec<NodeRow>,
    /// What a trace of whole objects makes users do.
    pub steps: Vec<Step>,
}

/// Reads the key.
pub(super) fn read(at: At<'_>, reader: &mut Reader<'_>, clock: Clock, end: Time) -> Result<Found> {
    let fields = Fields::new(at, "`workload`", KEYS)?;
    let kinds: Vec<&str> = ["experiment", "trace", "arrivals"].into_iter().filter(|key| fields.has(key)).collect();
    let [kind] = kinds[..] else {
        let message = "a workload is one of `trace`, `arrivals`, `experiment`";
        return Err(if kinds.is_empty() { fields.error(message) } else { fields.error_at_key(kinds[1], message) });
    };
    let allowed: &[&str] = match kind {
        "experiment" => &["nodes", "pods", "orders"],
        "trace" => &["pod"],
        _ => &["pod", "name", "lasts"],
    };
    if let Some(key) = KEYS.iter().find(|key| **key != kind && fields.has(key) && !allowed.contains(key)) {
        let error = fields.error_at_key(key, format!("`{key}` does not go with `{kind}`"));
        return Err(error.with_hint(format!("`{kind}` goes with {}", allowed.join(", "))));
    }
    match kind {
        "experiment" => Ok(Found { workload: Some(Workload::Fgd(fgd(&fields, reader)?)), ..Found::default() }),
        "trace" => {
            let template = fields.read("pod", |at| template(at, reader))?.unwrap_or_default();
            traces::read(fields.required("trace", "`workload`")?, template, reader, end)
        }
        _ => {
            let generated = generated(&fields, reader, clock, end)?;
            Ok(Found { workload: Some(Workload::Arrivals(Arc::new(generated))), ..Found::default() })
        }
    }
}

fn fgd(fields: &Fields<'_>, reader: &Reader<'_>) -> Result<Fgd> {
    let experiment = fields.required("experiment", "`workload`")?;
    let name = experiment.word()?;
    if !EXPERIMENTS.contains(&name) {
        let mut hint = did_you_mean(name, EXPERIMENTS.iter().copied());
        if hint.is_empty() {
            hint = format!("known experiments: {}", EXPERIMENTS.join(", "));
        }
        return Err(experiment.error(format!("unknown experiment \"{name}\"")).with_hint(hint));
    }
    Ok(Fgd {
        line: experiment.line(),
        nodes: file(fields.required("nodes", "`experiment: fgd`")?, reader)?,
        pods: file(fields.required("pods", "`experiment: fgd`")?, reader)?,
        orders: fields.read("orders", |at| file(at, reader))?,
    })
}

/// A file that is there, below the scenario's folder.
pub(super) fn file(at: At<'_>, reader: &Reader<'_>) -> Result<PathBuf> {
    let path = reader.base.join(at.word()?);
    match std::fs::metadata(&path) {
        Ok(meta) if meta.is_dir() => Err(at.error(format!("\"{}\" is a directory", path.display())).with_hint("name the file in it")),
        Ok(_) => Ok(path),
        Err(error) => {
            let error = crate::manifest::read::read_error(&path.to_string_lossy(), &error);
            Err(at.error(error.message).with_hint(error.hint))
        }
    }
}

fn generated(fields: &Fields<'_>, reader: &mut Reader<'_>, clock: Clock, end: Time) -> Result<Generated> {
    let template = fields.read("pod", |at| template(at, reader))?.unwrap_or_default();
    let mut arrivals = arrivals(fields.required("arrivals", "`workload`")?, clock, end)?;
    arrivals.lasts = fields.read("lasts", |at| at.dist())?;
    let name = match fields.get("name") {
        None => "pod".to_string(),
        Some(at) if dns_name(at.word()?) == at.word()? => at.word()?.to_string(),
        Some(at) => return Err(at.error(format!("\"{}\" cannot begin the name of a pod", at.word()?)).with_hint(dns_name(at.word()?))),
    };
    let size = template.size(&Ask::default());
    let sample = template.pod(&size, "sample", &template.labels, None);
    acceptable(&sample)
        .map_err(|message| fields.get("pod").map_or_else(|| fields.error(message.clone()), |at| at.error(message.clone())))?;
    Ok(Generated { arrivals, name, template, size })
}

fn arrivals(at: At<'_>, clock: Clock, end: Time) -> Result<Arrivals> {
    let fields = Fields::new(at, "`arrivals`", ARRIVAL_KEYS)?;
    let kinds: Vec<&str> = ARRIVAL_KEYS[..4].iter().copied().filter(|key| fields.has(key)).collect();
    let [kind] = kinds[..] else {
        let error =
            if kinds.is_empty() { at.error("`arrivals` needs a process") } else { fields.error_at_key(kinds[1], "one process only") };
        return Err(error.with_hint("one of even, poisson, bursty, daily"));
    };
    let instant = |key: &str, or: Time| Ok(fields.read(key, |at| at.span())?.map_or(or, |span| Time::ZERO + span));
    let (from, to) = (instant("from", Time::ZERO)?, instant("to", end)?);
    if to < from {
        return Err(fields.error_at_key("to", format!("{to} is before {from}")));
    }
    let process = process(kind, fields.required(kind, "`arrivals`")?, clock)?;
    let limit = fields.read("limit", |at| at.count(LIMIT_MAX))?.unwrap_or(LIMIT_MAX);
    Ok(Arrivals { process, from, to: to.min(end), limit, lasts: None })
}

fn process(kind: &str, at: At<'_>, clock: Clock) -> Result<Process> {
    let what = format!("`{kind}`");
    let span = |fields: &Fields<'_>, key: &str, or: Option<Span>| match fields.get(key) {
        Some(at) if at.span()?.is_zero() => Err(at.error("this must be longer than nothing")),
        Some(at) => at.span(),
        None => or.ok_or_else(|| fields.error(format!("{what} needs `{key}`"))),
    };
    Ok(match kind {
        "even" => Process::Even { every: span(&Fields::new(at, &what, &["every"])?, "every", None)? },
        "poisson" => Process::Poisson { rate_per_s: rate(Fields::new(at, &what, &["rate"])?.required("rate", &what)?)? },
        "bursty" => {
            // Not `on` and `off`: in YAML those are true and false.
            let fields = Fields::new(at, &what, &["burst", "calm"])?;
            let state = |key: &str| {
                let name = format!("`{key}`");
                let inner = Fields::new(fields.required(key, &what)?, &name, &["rate", "mean"])?;
                Ok::<_, InputError>((rate(inner.required("rate", &name)?)?, span(&inner, "mean", None)?))
            };
            let ((on_per_s, on_mean), (off_per_s, off_mean)) = (state("burst")?, state("calm")?);
            Process::Bursty { on_per_s, off_per_s, on_mean, off_mean }
        }
        _ => {
            let fields = Fields::new(at, &what, &["rate", "amplitude", "peak", "period"])?;
            let period = span(&fields, "period", Some(Span::from_s(86_400)))?;
            let amplitude = match fields.get("amplitude") {
                None => 0.5,
                Some(at) => match at.node.to_value().as_f64() {
                    Some(amplitude) if (0.0..=1.0).contains(&amplitude) => amplitude,
                    _ => return Err(at.error("an amplitude is a number from 0 to 1").with_hint("1: nothing comes at the lowest point")),
                },
            };
            // `peak` is a time of day (of the period) in UTC.
            let peak = fields.read("peak", |at| at.span())?.unwrap_or(Span(period.0 / 2)).0 % period.0;
            let begins = (i128::from(clock.start_us) * 1_000).rem_euclid(i128::from(period.0)) as u64;
            let peak = Span((peak + period.0 - begins) % period.0);
            Process::Daily { mean_per_s: rate(fields.required("rate", &what)?)?, amplitude, peak, period }
        }
    })
}

/// Pods a second, as `2/s`, `30/m`, `0.5/h`, `100/d`.
fn rate(at: At<'_>) -> Result<f64> {
    let hint = "so many in a time, such as 2/s, 30/m or 100/h";
    let text = at.text().map_err(|error| error.with_hint(hint))?;
    let fault = || at.error(format!("\"{text}\" is no rate")).with_hint(hint);
    let (number, unit) = text.split_once('/').ok_or_else(fault)?;
    let number: f64 = number.trim().parse().map_err(|_| fault())?;
    let seconds = match unit.trim() {
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        "d" => 86_400.0,
        _ => return Err(fault()),
    };
    match number / seconds {
        rate if (0.0..=RATE_PER_S_MAX).contains(&rate) => Ok(rate),
        _ => Err(at.error(format!("{text} is out of reach")).with_hint(format!("from 0/s to {RATE_PER_S_MAX}/s"))),
    }
}

/// A pod template (`metadata` and `spec`), or the file of a Pod.
fn template(at: At<'_>, reader: &mut Reader<'_>) -> Result<Template> {
    let object = if at.node.text().is_some() {
        let base = reader.base.clone();
        let mut all = reader
            .manifests(&[at.word()?.to_string()], &base)
            .map_err(|error| if error.file.is_empty() { super::read::place(at, error) } else { error })?;
        if all.len() != 1 || all[0].object.as_pod().is_none() {
            return Err(at.error("this must be the file of one Pod"));
        }
        all.remove(0).object
    } else {
        Fields::new(at, "`pod`", &["metadata", "spec"])?;
        checked(&Item { source: at.source().clone(), node: as_pod(at.node) })?.object
    };
    let Some(pod) = object.as_pod() else { return Err(at.error("this is no pod")) };
    let mut spec = (*pod.spec).clone();
    if !pod.node_name.is_empty() {
        return Err(at.error("pods of a workload are placed by the scheduler: leave `nodeName` out"));
    }
    if spec.restart_policy.is_empty() {
        spec.restart_policy = "Never".into();
    }
    let or_default = |text: &str| if text.is_empty() { "default".into() } else { text.into() };
    Ok(Template {
        namespace: or_default(&object.meta.namespace),
        labels: object.meta.labels.clone(),
        annotations: object.meta.annotations.clone(),
        spec,
        ..Template::default()
    })
}

/// A template as a Pod with a name, so that it is checked like one; its parts keep their places.
fn as_pod(template: &Node) -> Node {
    let entry = |key: &str, value: Node| Entry { key: key.into(), span: node::Span::default(), value };
    let text = |value: &str| Node { span: node::Span::default(), data: Data::Text(value.into()) };
    let mut entries = vec![entry("apiVersion", text("v1")), entry("kind", text("Pod"))];
    let mut meta = template.get("metadata").cloned().unwrap_or(Node { span: template.span, data: Data::Null });
    if matches!(meta.data, Data::Null) {
        meta.data = Data::Map(Vec::new());
    }
    if let Data::Map(inner) = &mut meta.data
        && inner.iter().all(|entry| entry.key != "name")
    {
        inner.push(entry("name", text("template")));
    }
    entries.push(entry("metadata", meta));
    entries.extend(template.entries().iter().filter(|entry| entry.key != "metadata").cloned());
    Node { span: template.span, data: Data::Map(entries) }
}

/// What the API server would say of a pod, before it looks at anything else.
pub(super) fn acceptable(pod: &Object) -> std::result::Result<(), String> {
    let mut pod = pod.clone();
    // Priority classes are there when the pods come.
    if let Some(body) = pod.as_pod_mut() {
        Arc::make_mut(&mut body.spec).priority_class_name.clear();
    }
    defaulting::apply(&mut pod);
    validation::create(&pod).map_err(|refusal| format!("the API server would refuse these pods: {}", refusal.message))
}

impl Generated {
    /// The pod with this number, from 0.
    pub fn pod(&self, number: u64, lasts: Option<Span>) -> Object {
        let labels: &Labels = &self.template.labels;
        self.template.pod(&self.size, &format!("{}-{}", self.name, number + 1), labels, lasts)
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
        assert!(shown.ends_with("`experiment` goes with nodes, pods, orders"), "{shown}");
    }

    fn of(workload: &str) -> std::result::Result<Scenario, String> {
        let head = "apiVersion: kubesim/v1alpha1\nkind: Scenario\nname: x\nstart: \"2026-01-01T06:00:00Z\"\nworkload:\n";
        parse("x.yaml", &format!("{head}  {}\n", workload.replace('\n', "\n  "))).map_err(|error| error.to_string())
    }

    use super::super::Scenario;

    #[test]
    fn arrivals_have_a_process_and_a_pod() {
        let text = "arrivals: {daily: {rate: 60/m, amplitude: 0.5, peak: 14h}, from: 1m, limit: 5}\nname: job\nlasts: 30s\n\
                    pod: {metadata: {labels: {app: x}}, spec: {containers: [{name: a, image: b, resources: {requests: {cpu: 1}}}]}}";
        let Some(Workload::Arrivals(found)) = of(text).unwrap().workload else { panic!("no arrivals") };
        let day = Span::from_s(86_400);
        let process = Process::Daily { mean_per_s: 1.0, amplitude: 0.5, peak: Span::from_s(8 * 3_600), period: day };
        assert_eq!((found.arrivals.process, found.arrivals.limit, found.arrivals.from), (process, 5, Time::from_s(60)));
        let pod = found.pod(0, Some(Span::from_s(30))).to_json();
        assert_eq!((&pod["metadata"]["name"], &pod["spec"]["restartPolicy"]), (&"job-1".into(), &"Never".into()));
        assert_eq!(pod["spec"]["containers"][0]["resources"]["requests"]["cpu"], "1");
    }

    #[test]
    fn bad_arrivals_have_their_place() {
        for (text, wanted) in [
            ("arrivals: {poisson: {rate: 5}}", "so many in a time, such as 2/s, 30/m or 100/h"),
            ("arrivals: {poisson: {rate: 5/y}}", "\"5/y\" is no rate"),
            ("arrivals: {poisson: {rate: 1e9/s}}", "out of reach"),
            ("arrivals: {poison: {rate: 5/s}}", "did you mean \"poisson\"?"),
            ("arrivals: {}", "one of even, poisson, bursty, daily"),
            ("arrivals: {even: {every: 0s}}", "longer than nothing"),
            ("arrivals: {bursty: {burst: {rate: 1/s, mean: 5s}}}", "`bursty` needs `calm`"),
            ("arrivals: {daily: {rate: 1/s, amplitude: 2}}", "a number from 0 to 1"),
            ("arrivals: {even: {every: 1s}}\nname: A_b", "a-b"),
            ("arrivals: {even: {every: 1s}}\nnodes: x", "`arrivals` goes with pod, name, lasts"),
            ("arrivals: {even: {every: 1s}}\ntrace: {}", "a workload is one of `trace`, `arrivals`, `experiment`"),
            ("arrivals: {even: {every: 1s}}\npod: {spec: {containers: [{name: a, imge: b}]}}", "did you mean \"image\"?"),
            ("arrivals: {even: {every: 1s}}\npod: {specs: {}}", "did you mean \"spec\"?"),
        ] {
            let shown = of(text).unwrap_err();
            assert!(shown.contains("x.yaml:") && shown.contains(wanted), "{text}: {shown}");
        }
    }
}
