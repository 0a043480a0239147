//! How many replicas a resource metric asks for, with regard to pods that are not ready or have no sample.
//! Real: pkg/controller/podautoscaler/replica_calculator.go, metrics/{client,utilization}.go @ v1.37.2.

use crate::actor::Clock;
use crate::base::{Span, Time};
use crate::model::{Body, Container, Obj, Object, Pod, PodPhase, Quantity, Timestamp};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A pod's sample.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sample {
    /// The end of the window it was taken over.
    pub timestamp: Timestamp,
    /// That window.
    pub window: Span,
    /// In thousandths of the unit.
    pub milli: i64,
}

/// Samples by the pod's name.
pub type Samples = BTreeMap<String, Sample>;

/// What is asked of one metric, and when.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The resource: `cpu`, `memory`.
    pub resource: &'a str,
    /// Only this container; empty: the whole pod.
    pub container: &'a str,
    /// Deviation down and up that is not acted on.
    pub tolerance: (f64, f64),
    /// Replicas the target has now.
    pub current: i32,
    /// Young pods count only under conditions for this long.
    pub cpu_initialization: Span,
    /// Pods that became unready within this time of their start were never ready.
    pub readiness_delay: Span,
    /// Wall-clock times.
    pub clock: Clock,
    /// The present instant.
    pub now: Time,
}

/// What to aim for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// Percent of the pods' requests.
    Utilization(i32),
    /// An average in thousandths.
    AverageMilli(i64),
}

/// What came out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Proposal {
    /// Replicas.
    pub replicas: i32,
    /// Percent of the requests, if asked so.
    pub utilization: Option<i32>,
    /// The average in thousandths.
    pub average_milli: i64,
}

/// The samples of a resource in a list of PodMetrics; pods for which one is missing are left out.
pub fn samples(list: &Object, resource: &str, container: &str) -> Result<Samples, String> {
    let Body::Other(list) = &list.body else { return Err("no metrics returned from resource metrics API".into()) };
    let items = list.fields.get("items").and_then(Value::as_array).map(|items| &items[..]).unwrap_or_default();
    if items.is_empty() {
        return Err("no metrics returned from resource metrics API".into());
    }
    let usage =
        |of: &Value| of["usage"][resource].as_str().and_then(|text| text.parse::<Quantity>().ok()).map(|amount| amount.milli_value());
    let mut all = Samples::new();
    for item in items {
        let containers = item["containers"].as_array().map(|all| &all[..]).unwrap_or_default();
        let milli = if container.is_empty() {
            containers.iter().map(usage).sum::<Option<i64>>().filter(|_| !containers.is_empty())
        } else {
            containers.iter().find(|of| of["name"] == container).and_then(usage)
        };
        let timestamp = serde_json::from_value(item["timestamp"].clone()).unwrap_or_default();
        let window = item["window"].as_str().and_then(|text| Span::parse(text).ok()).unwrap_or_default();
        if let (Some(milli), Some(name)) = (milli, item["metadata"]["name"].as_str()) {
            all.insert(name.to_string(), Sample { timestamp, window, milli });
        }
    }
    Ok(all)
}

#[derive(Default)]
struct Groups {
    ready: usize,
    unready: BTreeSet<String>,
    missing: BTreeSet<String>,
    ignored: BTreeSet<String>,
}

fn group(pods: &[&Obj], samples: &Samples, ask: &Question<'_>) -> Groups {
    let mut groups = Groups::default();
    for object in pods {
        let (name, Some(pod)) = (object.meta.name.to_string(), object.as_pod()) else { continue };
        if object.meta.is_deleting() || pod.status.phase == PodPhase::Failed {
            groups.ignored.insert(name);
        } else if pod.status.phase == PodPhase::Pending {
            groups.unready.insert(name);
        } else {
            match samples.get(&name) {
                None => {
                    groups.missing.insert(name);
                }
                Some(sample) if ask.resource == "cpu" && is_unready(pod, sample, ask) => {
                    groups.unready.insert(name);
                }
                Some(_) => groups.ready += 1,
            }
        }
    }
    groups
}

/// Whether a pod's CPU sample says nothing yet: it starts, or has never been ready.
fn is_unready(pod: &Pod, sample: &Sample, ask: &Question<'_>) -> bool {
    let (Some(ready), Some(started)) = (pod.condition("Ready"), pod.status.start_time) else { return true };
    let is_false = &*ready.status == "False";
    let changed = ready.last_transition_time.unwrap_or_default();
    let ns = |time: Timestamp, span: Span| i128::from(time.0) * 1_000_000_000 + i128::from(span.0);
    if ask.clock.age_ns(started, ask.now) < i128::from(ask.cpu_initialization.0) {
        is_false || ns(sample.timestamp, Span::ZERO) < ns(changed, sample.window)
    } else {
        is_false && ns(started, ask.readiness_delay) > ns(changed, Span::ZERO)
    }
}

/// The ratio of use to target, with the utilization and the average.
fn ratio(samples: &Samples, requests: &BTreeMap<String, i64>, target: Target) -> Result<(f64, Option<i32>, i64), String> {
    match target {
        Target::AverageMilli(wanted) => {
            let average = samples.values().map(|sample| sample.milli).sum::<i64>() / samples.len() as i64;
            Ok((average as f64 / wanted as f64, None, average))
        }
        Target::Utilization(wanted) => {
            let known: Vec<(i64, i64)> = samples.iter().filter_map(|(pod, sample)| Some((sample.milli, *requests.get(pod)?))).collect();
            let (used, requested) = known.iter().fold((0, 0), |(used, asked), (milli, request)| (used + milli, asked + request));
            if requested == 0 {
                return Err("no metrics returned matched known pods".into());
            }
            let utilization = (used * 100 / requested) as i32;
            Ok((f64::from(utilization) / f64::from(wanted), Some(utilization), used / known.len() as i64))
        }
    }
}

/// How many replicas the samples ask for.
pub fn propose(pods: &[&Obj], mut samples: Samples, target: Target, ask: &Question<'_>) -> Result<Proposal, String> {
    if pods.is_empty() {
        return Err("no pods returned by selector while calculating replica count".into());
    }
    let groups = group(pods, &samples, ask);
    samples.retain(|pod, _| !groups.ignored.contains(pod) && !groups.unready.contains(pod));
    if samples.is_empty() {
        return Err("did not receive metrics for targeted pods (pods might be unready)".into());
    }
    let requests = match target {
        Target::Utilization(_) => requests(pods, ask)?,
        Target::AverageMilli(_) => BTreeMap::new(),
    };
    let (usage, utilization, average_milli) = ratio(&samples, &requests, target)?;
    let answer = |replicas: i32| Ok(Proposal { replicas, utilization, average_milli });
    let within = |ratio: f64| 1.0 - ask.tolerance.0 <= ratio && ratio <= 1.0 + ask.tolerance.1;
    let up_with_unready = !groups.unready.is_empty() && usage > 1.0;
    if !up_with_unready && groups.missing.is_empty() {
        return answer(if within(usage) { ask.current } else { (usage * groups.ready as f64).ceil() as i32 });
    }
    // What is not known is taken as it would dampen the change: idle when growing, at its target when shrinking.
    let mut suppose = |pod: &String, milli: i64| {
        samples.insert(pod.clone(), Sample { timestamp: Timestamp(0), window: Span::ZERO, milli });
    };
    for pod in &groups.missing {
        if usage < 1.0 {
            suppose(
                pod,
                match target {
                    Target::Utilization(wanted) => requests.get(pod).copied().unwrap_or(0) * i64::from(wanted.max(100)) / 100,
                    Target::AverageMilli(wanted) => wanted,
                },
            );
        } else if usage > 1.0 {
            suppose(pod, 0);
        }
    }
    if up_with_unready {
        groups.unready.iter().for_each(|pod| suppose(pod, 0));
    }
    let (again, ..) = ratio(&samples, &requests, target)?;
    if within(again) || usage < 1.0 && again > 1.0 || usage > 1.0 && again < 1.0 {
        return answer(ask.current);
    }
    let replicas = (again * samples.len() as f64).ceil() as i32;
    if again < 1.0 && replicas > ask.current || again > 1.0 && replicas < ask.current {
        return answer(ask.current);
    }
    answer(replicas)
}

fn requests(pods: &[&Obj], ask: &Question<'_>) -> Result<BTreeMap<String, i64>, String> {
    let request = |object: &&Obj| Ok((object.meta.name.to_string(), pod_request(object, ask.resource, ask.container)?));
    pods.iter().map(request).collect()
}

fn pod_request(object: &Obj, resource: &str, container: &str) -> Result<i64, String> {
    let (name, Some(pod)) = (&object.meta.name, object.as_pod()) else { return Ok(0) };
    let pod_level = pod.spec.resources.as_ref().filter(|resources| !resources.requests.is_empty() && container.is_empty());
    if let Some(amount) = pod_level.and_then(|resources| resources.requests.get(resource)) {
        return Ok(amount.milli_value());
    }
    let sidecars = pod.spec.init_containers.iter().filter(|init| init.restart_policy.as_deref() == Some("Always"));
    let mut sum = 0;
    let all: Vec<&Container> = pod.spec.containers.iter().chain(sidecars).collect();
    let wanted = all.iter().filter(|one| container.is_empty() || one.name == container);
    let mut found = false;
    for one in wanted {
        let amount = one.resources.requests.get(resource);
        let amount = amount.ok_or_else(|| format!("missing request for {resource} in container {} of Pod {name}", one.name))?;
        sum += amount.milli_value();
        found = true;
    }
    if !container.is_empty() && !found {
        return Err(format!("container {container} not found in Pod {name}"));
    }
    Ok(sum)
}
