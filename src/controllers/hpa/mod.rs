//! HorizontalPodAutoscaler: each period, how many replicas do the metrics ask for, and how far may the target be scaled now?
//! Real: pkg/controller/podautoscaler/horizontal.go @ v1.37.2.
//!
//! Resource metrics only: there is no adapter for custom and external ones, and they fail as they do without one.

mod behavior;
mod replicas;
mod scale;

use super::{ControllerManager, select};
use crate::actor::client::Limits;
use crate::actor::controller::{Controller, Step, Sync, Work};
use crate::actor::{Ctx, EventType, Kinds};
use crate::api::{Answer, Edit, Patch, Subresource, Verb};
use crate::base::Time;
use crate::model::*;
use crate::store::{Change, Id};
use behavior::{Bounds, Memory};
use replicas::{Question, Target};
use scale::Scale;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Tries to write the scale.
const RESCALE_TRIES_MAX: u32 = 5;

/// The controller.
pub struct Autoscaler {
    settings: ControllerManager,
    memory: BTreeMap<Id, Memory>,
    /// The selectors of the targets, as last seen.
    selectors: BTreeMap<Id, (Str, Selector)>,
    /// When each is evaluated next.
    next: BTreeMap<Id, Time>,
    /// To be evaluated at once: new, or its spec changed.
    urgent: BTreeSet<Id>,
}

impl Autoscaler {
    /// With the kube-controller-manager's settings.
    pub fn new(settings: &ControllerManager) -> Autoscaler {
        Autoscaler {
            settings: settings.clone(),
            memory: BTreeMap::new(),
            selectors: BTreeMap::new(),
            next: BTreeMap::new(),
            urgent: BTreeSet::new(),
        }
    }
}

/// Which answer an evaluation waits for.
#[derive(Debug, Default)]
enum Stage {
    #[default]
    Begin,
    Scale,
    Metrics,
    /// The write of the scale; the next try knows the target anew.
    Rescale,
    Refresh,
    Status,
}

/// An evaluation under way.
#[derive(Debug, Default)]
pub struct Progress {
    stage: Stage,
    /// The autoscaler as it was at the beginning, and as it is being changed.
    before: Option<Obj>,
    hpa: Option<Object>,
    scale: Option<Scale>,
    tries: u32,
    wanted: i32,
    reason: String,
    metrics: Vec<MetricStatus>,
    last_error: String,
    /// An Event to be noted after the status is written.
    after: Option<String>,
}

impl Progress {
    fn hpa(&self) -> &Object {
        self.hpa.as_ref().expect("set at the beginning")
    }

    fn spec(&self) -> &HorizontalPodAutoscalerSpec {
        &self.hpa().as_horizontal_pod_autoscaler().expect("an autoscaler").spec
    }

    fn status(&mut self) -> &mut HorizontalPodAutoscalerStatus {
        let hpa = self.hpa.as_mut().expect("set at the beginning");
        Arc::make_mut(&mut hpa.as_horizontal_pod_autoscaler_mut().expect("an autoscaler").status)
    }

    fn current(&self) -> i32 {
        self.scale.as_ref().map_or(0, |scale| scale.replicas)
    }

    fn condition(&mut self, kind: &str, value: &str, reason: &str, message: String, now: Timestamp) {
        let conditions = &mut self.status().conditions;
        if !conditions.iter().any(|condition| &*condition.r#type == kind) {
            conditions.push(HorizontalPodAutoscalerCondition { r#type: kind.into(), ..HorizontalPodAutoscalerCondition::default() });
        }
        for condition in conditions.iter_mut().filter(|condition| &*condition.r#type == kind) {
            if &*condition.status != value {
                (condition.status, condition.last_transition_time) = (value.into(), Some(now));
            }
            (condition.reason, condition.message) = (reason.into(), message.as_str().into());
        }
    }

    fn is_true(&self, kind: &str) -> bool {
        let conditions = &self.hpa().as_horizontal_pod_autoscaler().expect("an autoscaler").status.conditions;
        conditions.iter().any(|condition| &*condition.r#type == kind && &*condition.status == "True")
    }

    /// Sets the figures of the status; `rescaled` also its time.
    fn figures(&mut self, current: i32, desired: Option<i32>, rescaled: bool, now: Timestamp) {
        let (generation, metrics) = (self.hpa().meta.generation, std::mem::take(&mut self.metrics));
        let status = self.status();
        status.observed_generation = Some(generation);
        status.current_replicas = current;
        status.desired_replicas = desired.unwrap_or(status.desired_replicas);
        status.current_metrics = metrics;
        if rescaled {
            status.last_scale_time = Some(now);
        }
    }
}

impl Controller for Autoscaler {
    type Progress = Progress;

    fn name(&self) -> &'static str {
        "horizontal-pod-autoscaler"
    }

    fn watches(&self) -> Kinds {
        // Pods are read when an autoscaler is evaluated; their changes wake nobody.
        Kinds::of(&[Kind::HorizontalPodAutoscaler])
    }

    fn workers(&self) -> usize {
        self.settings.concurrent_horizontal_pod_autoscaler_syncs
    }

    fn client_limits(&self) -> Option<Limits> {
        self.settings.client_limits()
    }

    fn client(&self, verb: &Verb) -> usize {
        // Sizes of workloads and metrics are read by clients of their own.
        match verb {
            Verb::Get(_) | Verb::Patch { .. } => 1,
            Verb::PodMetrics { .. } => 2,
            _ => 0,
        }
    }

    fn changed(&mut self, change: Change<'_>, work: &mut Work<'_>, _cx: &mut Ctx<'_>) {
        if change.kind() != Kind::HorizontalPodAutoscaler {
            return;
        }
        let generation = |object: Option<&Obj>| object.map(|object| (object.meta.uid.clone(), object.meta.generation));
        if change.after.is_none() {
            self.memory.remove(&change.id);
            self.selectors.remove(&change.id);
        } else if generation(change.before) != generation(change.after) {
            self.urgent.insert(change.id);
            work.add(change.id);
        }
    }

    fn sync(&mut self, key: Id, sync: &mut Sync<Progress>, cx: &mut Ctx<'_>) -> Step {
        if sync.turn == 0 {
            let Some(object) = cx.view.get(key) else { return Step::Done };
            let due = self.next.get(&key).is_none_or(|at| *at <= cx.now);
            if !self.urgent.remove(&key) && !due {
                return Step::Done;
            }
            sync.progress.before = Some(object.clone());
            sync.progress.hpa = Some((**object).clone());
        }
        let step = self.advance(key, sync, cx);
        if !matches!(step, Step::Done) {
            return step;
        }
        // However it ended, the next evaluation comes a period later, unless one is set before.
        if self.next.get(&key).is_some_and(|at| *at > cx.now) {
            return Step::Done;
        }
        let period = self.settings.horizontal_pod_autoscaler_sync_period;
        self.next.insert(key, cx.now + period);
        Step::After(period)
    }
}

impl Autoscaler {
    fn advance(&mut self, key: Id, sync: &mut Sync<Progress>, cx: &mut Ctx<'_>) -> Step {
        let job = &mut sync.progress;
        match job.stage {
            Stage::Begin => {
                job.stage = Stage::Scale;
                match scale::target(job.hpa(), job.spec()) {
                    Ok(target) => Step::call(Verb::Get(target)),
                    Err(text) => no_scale(job, text, cx),
                }
            }
            Stage::Scale => match scale::read(job.spec(), sync.answers.first()) {
                Err(text) => no_scale(job, text, cx),
                Ok(scale) => {
                    let text = "the HPA controller was able to get the target's current scale".into();
                    job.condition("AbleToScale", "True", "SucceededGetScale", text, cx.timestamp());
                    self.memory.entry(key).or_default().begin(scale.replicas, cx.now);
                    job.scale = Some(scale);
                    self.decide(key, job, cx)
                }
            },
            Stage::Metrics => {
                let answers = std::mem::take(&mut sync.answers);
                self.evaluate(key, job, answers, cx)
            }
            Stage::Rescale => match sync.answers.first() {
                Some(Ok(_)) => self.rescaled(key, job, cx),
                Some(Err(error)) => {
                    job.tries += 1;
                    job.last_error = error.to_string();
                    let again = error.code() == 409 && job.tries < RESCALE_TRIES_MAX;
                    if !again {
                        return failed_rescale(job, cx);
                    }
                    job.stage = Stage::Refresh;
                    scale::target(job.hpa(), job.spec()).map_or(Step::Done, |target| Step::call(Verb::Get(target)))
                }
                None => Step::Done,
            },
            Stage::Refresh => {
                if let (Ok(fresh), Some(scale)) = (scale::read(job.spec(), sync.answers.first()), &mut job.scale) {
                    scale.version = fresh.version;
                }
                rescale(job)
            }
            Stage::Status => {
                if let Some(Err(error)) = sync.answers.first() {
                    cx.event(job.hpa(), EventType::Warning, "FailedUpdateStatus", error.to_string());
                }
                if let Some(text) = job.after.take() {
                    cx.event(job.hpa(), EventType::Warning, "FailedComputeMetricsReplicas", text);
                }
                Step::Done
            }
        }
    }

    /// The target's size is known: is there anything to compute?
    fn decide(&mut self, key: Id, job: &mut Progress, cx: &mut Ctx<'_>) -> Step {
        let (current, spec) = (job.current(), job.spec());
        let (min, max) = (spec.min_replicas.unwrap_or(1), spec.max_replicas);
        let outside = spec.metrics.iter().any(|metric| matches!(metric.r#type.as_str(), "Object" | "External"));
        if current == 0 && !(job.is_true("ScaledToZero") && (min != 0 || outside)) {
            let text = "scaling is disabled since the replica count of the target is zero".into();
            job.condition("ScalingActive", "False", "ScalingDisabled", text, cx.timestamp());
            job.figures(0, Some(0), false, cx.timestamp());
            return write_status(job);
        }
        if current > max {
            (job.wanted, job.reason) = (max, "Current number of replicas above Spec.MaxReplicas".into());
            return rescale(job);
        }
        if current < min && current != 0 {
            (job.wanted, job.reason) = (min, "Current number of replicas below Spec.MinReplicas".into());
            return rescale(job);
        }
        if let Err(text) = self.check_selector(key, job, cx) {
            return no_metrics(job, text, cx);
        }
        let (namespace, selector) = (job.hpa().meta.namespace.clone(), self.selectors[&key].1.clone());
        let is_resource = |metric: &&MetricSpec| metric.resource.is_some() || metric.container_resource.is_some();
        let asked = job.spec().metrics.iter().filter(is_resource).count();
        let ask = || Verb::PodMetrics { namespace: namespace.clone(), selector: selector.clone() };
        job.stage = Stage::Metrics;
        Step::Call((0..asked).map(|_| ask()).collect())
    }

    fn check_selector(&mut self, key: Id, job: &mut Progress, cx: &mut Ctx<'_>) -> Result<(), String> {
        let text = job.scale.as_ref().map(|scale| scale.selector.clone()).unwrap_or_default();
        let Some(selector) = text else {
            let shown = Some("the HPA target's scale is missing a selector");
            return Err(refuse(job, ("SelectorRequired", "InvalidSelector"), "selector is required".into(), shown, cx));
        };
        let namespace = job.hpa().meta.namespace.clone();
        self.selectors.insert(key, (namespace.clone(), selector.clone()));
        let pods = select::pods(cx.view, &namespace, &selector);
        let others = self.selectors.iter().filter(|(id, (space, _))| **id != key && *space == namespace && self.memory.contains_key(*id));
        let mut rivals = others.filter(|(_, (_, other))| pods.iter().any(|(_, pod)| other.matches(&pod.meta.labels)));
        if let Some((rival, _)) = rivals.next() {
            let shown = [key, *rival].map(|id| format!("{{{} {namespace}}}", cx.view.key(id).name)).join(" ");
            let text = format!("pods by selector {selector} are controlled by more than one HPA (e.g. [{shown}])");
            return Err(refuse(job, ("AmbiguousSelector", "AmbiguousSelector"), text, None, cx));
        }
        Ok(())
    }

    /// The metrics have come.
    fn evaluate(&mut self, key: Id, job: &mut Progress, answers: Vec<Answer>, cx: &mut Ctx<'_>) -> Step {
        let (current, specs) = (job.current(), job.spec().metrics.clone());
        let mut answers = answers.into_iter();
        let (mut best, mut first_error, mut invalid) = ((0, String::new()), None, 0);
        let mut statuses = Vec::new();
        for spec in &specs {
            match self.evaluate_one(key, job, spec, &mut answers, cx) {
                Ok((replicas, name, status)) => {
                    if best.0 == 0 || replicas > best.0 {
                        best = (replicas, name);
                    }
                    statuses.push(status);
                }
                Err((reason, inner, outer)) => {
                    cx.event(job.hpa(), EventType::Warning, reason, inner.clone());
                    invalid += 1;
                    first_error.get_or_insert((reason, inner, outer));
                    statuses.push(MetricStatus::default());
                }
            }
        }
        job.metrics = statuses;
        let now = cx.timestamp();
        if let Some((reason, inner, outer)) = first_error
            && (invalid == specs.len() || best.0 < current)
        {
            let text = format!("the HPA was unable to compute the replica count: {inner}");
            job.condition("ScalingActive", "False", reason, text, now);
            return no_metrics(job, format!("invalid metrics ({invalid} invalid out of {}), first error is: {outer}", specs.len()), cx);
        }
        let text = format!("the HPA was able to successfully calculate a replica count from {}", best.1);
        job.condition("ScalingActive", "True", "ValidMetricFound", text, now);
        self.normalize(key, job, best, cx)
    }

    /// One metric: replicas, its name in texts and its status, or reason, error and the error as the whole evaluation tells it.
    #[allow(clippy::type_complexity)]
    fn evaluate_one(
        &self,
        key: Id,
        job: &Progress,
        spec: &MetricSpec,
        answers: &mut impl Iterator<Item = Answer>,
        cx: &Ctx<'_>,
    ) -> Result<(i32, String, MetricStatus), (&'static str, String, String)> {
        let (resource, container, target) = match (&spec.resource, &spec.container_resource) {
            (Some(source), _) => (&source.name, "", &source.target),
            (_, Some(source)) => (&source.name, source.container.as_str(), &source.target),
            _ => return Err(scale::no_adapter(job.hpa(), spec)),
        };
        let answer = answers.next().expect("asked for each");
        let outcome = self.resource_replicas(key, job, (resource, container, target), answer, cx);
        let (replicas, name, current) = outcome.map_err(|error| {
            if container.is_empty() {
                let outer = format!("failed to get {resource} resource metric value: {error}");
                ("FailedGetResourceMetric", error, outer)
            } else {
                let outer = format!("failed to get {container} container metric value: {error}");
                ("FailedGetContainerResourceMetric", error, outer)
            }
        })?;
        let mut status = MetricStatus { r#type: spec.r#type.clone(), ..MetricStatus::default() };
        if container.is_empty() {
            status.resource = Some(ResourceMetricStatus { name: resource.clone(), current, ..ResourceMetricStatus::default() });
        } else {
            let (name, container) = (resource.clone(), container.to_string());
            status.container_resource = Some(ContainerResourceMetricStatus { name, current, container, ..Default::default() });
        }
        Ok((replicas, name, status))
    }

    fn resource_replicas(
        &self,
        key: Id,
        job: &Progress,
        (resource, container, target): (&str, &str, &MetricTarget),
        answer: Answer,
        cx: &Ctx<'_>,
    ) -> Result<(i32, String, MetricValueStatus), String> {
        let (wanted, what, name) = match (target.average_value, target.average_utilization) {
            (Some(amount), _) => (Target::AverageMilli(amount.milli_value()), "usage", format!("{resource} resource")),
            (None, Some(percent)) => {
                let part = if container.is_empty() { "" } else { " container" };
                let name = format!("{resource}{part} resource utilization (percentage of request)");
                (Target::Utilization(percent), "utilization", name)
            }
            (None, None) => {
                let text =
                    "invalid resource metric source: neither an average utilization target nor an average value (usage) target was set";
                return Err(text.into());
            }
        };
        let context = |error: String| format!("failed to get {resource} {what}: {error}");
        let metrics = |error: String| context(format!("unable to get metrics for resource {resource}: {error}"));
        let list = answer.map_err(|error| metrics(format!("unable to fetch metrics from resource metrics API: {error}")))?;
        let samples = replicas::samples(&list, resource, container).map_err(metrics)?;
        let (namespace, selector) = &self.selectors[&key];
        let pods: Vec<&Obj> = select::pods(cx.view, namespace, selector).into_iter().map(|(_, pod)| pod).collect();
        let ask = Question {
            resource,
            container,
            tolerance: self.tolerance(job.spec()),
            current: job.current(),
            cpu_initialization: self.settings.horizontal_pod_autoscaler_cpu_initialization_period,
            readiness_delay: self.settings.horizontal_pod_autoscaler_initial_readiness_delay,
            clock: cx.clock,
            now: cx.now,
        };
        let proposal = replicas::propose(&pods, samples, wanted, &ask).map_err(context)?;
        let average = Quantity::from_milli(proposal.average_milli);
        let average = if resource == "memory" { average.with_format(crate::base::quantity::Format::BinarySI) } else { average };
        let current = MetricValueStatus { average_value: Some(average), average_utilization: proposal.utilization, ..Default::default() };
        Ok((proposal.replicas, name, current))
    }

    fn tolerance(&self, spec: &HorizontalPodAutoscalerSpec) -> (f64, f64) {
        let default = self.settings.horizontal_pod_autoscaler_tolerance;
        let of = |rules: Option<&HPAScalingRules>| {
            let amount = rules.and_then(|rules| rules.tolerance);
            amount.map_or(default, |amount| amount.nano_value() as f64 / 1e9)
        };
        let behavior = spec.behavior.as_ref();
        (of(behavior.and_then(|b| b.scale_down.as_ref())), of(behavior.and_then(|b| b.scale_up.as_ref())))
    }

    /// How far the recommendation may be followed now.
    fn normalize(&mut self, key: Id, job: &mut Progress, (proposed, metric): (i32, String), cx: &mut Ctx<'_>) -> Step {
        let (current, spec, now) = (job.current(), job.spec(), cx.timestamp());
        let bounds = Bounds {
            current,
            min: spec.min_replicas.unwrap_or(1),
            max: spec.max_replicas,
            downscale_window: self.settings.horizontal_pod_autoscaler_downscale_stabilization_window,
            now: cx.now,
        };
        let wanted = proposed.max(0);
        let mut reason = match wanted.cmp(&current) {
            std::cmp::Ordering::Greater => format!("{metric} above target"),
            std::cmp::Ordering::Less => "All metrics below target".into(),
            std::cmp::Ordering::Equal => String::new(),
        };
        let memory = self.memory.entry(key).or_default();
        let normal = match &spec.behavior {
            None => memory.normalize(wanted, &bounds),
            Some(behavior) => memory.normalize_with(behavior, wanted, &bounds),
        };
        job.condition("AbleToScale", "True", normal.able.0, normal.able.1.into(), now);
        let limited = if normal.limited { "True" } else { "False" };
        job.condition("ScalingLimited", limited, normal.limit.0, normal.limit.1.into(), now);
        job.wanted = normal.replicas;
        if current == 0 && bounds.min != 0 && job.wanted < bounds.min {
            job.wanted = bounds.min;
            if reason.is_empty() {
                reason = "Current number of replicas below Spec.MinReplicas".into();
            }
        }
        job.reason = reason;
        if job.wanted != current {
            return rescale(job);
        }
        job.figures(current, Some(current), false, now);
        write_status(job)
    }

    fn rescaled(&mut self, key: Id, job: &mut Progress, cx: &mut Ctx<'_>) -> Step {
        let (current, wanted, now) = (job.current(), job.wanted, cx.timestamp());
        let text = format!("the HPA controller was able to update the target scale to {wanted}");
        job.condition("AbleToScale", "True", "SucceededRescale", text, now);
        cx.event(job.hpa(), EventType::Normal, "SuccessfulRescale", format!("New size: {wanted}; reason: {}", job.reason));
        let behavior = job.spec().behavior.clone();
        self.memory.entry(key).or_default().scaled(behavior.as_ref(), current, wanted, cx.now);
        let outside = job.spec().metrics.iter().any(|metric| matches!(metric.r#type.as_str(), "Object" | "External"));
        if current > 0 && wanted == 0 && job.spec().min_replicas == Some(0) && outside {
            job.condition("ScaledToZero", "True", "ScaledToZero", "the HPA controller scaled the workload to zero".into(), now);
        } else {
            let text = "the HPA controller did not scale the workload to zero".into();
            job.condition("ScaledToZero", "False", "NotScaledToZero", text, now);
        }
        job.figures(current, Some(wanted), true, now);
        write_status(job)
    }
}

/// The write of the target's size, if it is still as it was read.
fn rescale(job: &mut Progress) -> Step {
    job.stage = Stage::Rescale;
    let (wanted, version) = (job.wanted, job.scale.as_ref().map_or(0, |scale| scale.version));
    let Ok(target) = scale::target(job.hpa(), job.spec()) else { return Step::Done };
    let edit = Edit::new(move |object| {
        object.meta.resource_version = version;
        scale::set_replicas(object, wanted);
    });
    Step::call(Verb::Patch { target, subresource: Subresource::Scale, patch: Patch::Edit(edit) })
}

fn write_status(job: &mut Progress) -> Step {
    job.stage = Stage::Status;
    let before = job.before.as_ref().and_then(|object| object.as_horizontal_pod_autoscaler()).map(|body| &body.status);
    let after = job.hpa().as_horizontal_pod_autoscaler().map(|body| &body.status);
    if before == after {
        return Step::Call(Vec::new());
    }
    Step::call(Verb::UpdateStatus(Box::new(job.hpa().clone())))
}

/// Notes that the selector will not do: an Event and the condition, each with its reason.
fn refuse(job: &mut Progress, (event, reason): (&'static str, &str), text: String, shown: Option<&str>, cx: &mut Ctx<'_>) -> String {
    cx.event(job.hpa(), EventType::Warning, event, text.clone());
    job.condition("ScalingActive", "False", reason, shown.unwrap_or(&text).to_string(), cx.timestamp());
    text
}

fn no_scale(job: &mut Progress, text: String, cx: &mut Ctx<'_>) -> Step {
    cx.event(job.hpa(), EventType::Warning, "FailedGetScale", text.clone());
    let message = format!("the HPA controller was unable to get the target's current scale: {text}");
    job.condition("AbleToScale", "False", "FailedGetScale", message, cx.timestamp());
    write_status(job)
}

fn no_metrics(job: &mut Progress, text: String, cx: &mut Ctx<'_>) -> Step {
    job.figures(job.current(), None, false, cx.timestamp());
    job.after = Some(text);
    write_status(job)
}

fn failed_rescale(job: &mut Progress, cx: &mut Ctx<'_>) -> Step {
    let text = format!("New size: {}; reason: {}; error: {}", job.wanted, job.reason, job.last_error);
    cx.event(job.hpa(), EventType::Warning, "FailedRescale", text);
    let message = format!("the HPA controller was unable to update the target scale: {}", job.last_error);
    job.condition("AbleToScale", "False", "FailedUpdateScale", message, cx.timestamp());
    job.figures(job.current(), None, false, cx.timestamp());
    write_status(job)
}

#[cfg(test)]
mod tests;
