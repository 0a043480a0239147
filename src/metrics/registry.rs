//! Named series, under the real names of kube-state-metrics and kube-scheduler, for CSV and OpenMetrics.
//! Real: docs of kube-state-metrics v2; pkg/scheduler/metrics/metrics.go @ v1.37.2.

use super::series::Series;
use super::traffic::{QUANTILES, Traffic};
use crate::actor::Record;
use crate::actor::traffic::{Cause, Window};
use crate::base::Time;
use crate::base::collections::Map;
use crate::model::{Body, EndpointSlice, PodPhase, Str};
use crate::store::{Id, Key, LogEntry};
use std::collections::BTreeMap;

/// Whether a series may fall.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MetricType {
    /// Goes up and down.
    Gauge,
    /// Only rises.
    Counter,
}

/// A metric's name, type, unit-bearing help text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Metric {
    /// Name without the `_total` of counters.
    pub name: &'static str,
    /// Gauge or counter.
    pub kind: MetricType,
    /// What it counts, with its unit.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($constant:ident $name:literal $kind:ident $help:literal;)*) => {
        $(const $constant: Metric = Metric { name: $name, kind: MetricType::$kind, help: $help };)*
        /// Every metric there can be, in order of name.
        pub const ALL: &[Metric] = &[$($constant,)*];
    };
}

metrics! {
    HTTP_DURATION "http_req_duration" Gauge "Milliseconds that this share of a second's requests do not exceed, per load.";
    HTTP_FAILED "http_req_failed" Gauge "Share of a second's requests that failed, per load.";
    HTTP_RETRIES "http_req_retries" Counter "Attempts that failed and were followed by another, per load and cause.";
    HTTP_REQUESTS "http_reqs" Counter "Requests, per load and fate.";
    DEPLOYMENT_SPEC "kube_deployment_spec_replicas" Gauge "Number of desired pods for a deployment.";
    DEPLOYMENT_STATUS "kube_deployment_status_replicas" Gauge "The number of replicas per deployment.";
    DEPLOYMENT_AVAILABLE "kube_deployment_status_replicas_available" Gauge "The number of available replicas per deployment.";
    DEPLOYMENT_READY "kube_deployment_status_replicas_ready" Gauge "The number of ready replicas per deployment.";
    DEPLOYMENT_UNAVAILABLE "kube_deployment_status_replicas_unavailable" Gauge "The number of unavailable replicas per deployment.";
    DEPLOYMENT_UPDATED "kube_deployment_status_replicas_updated" Gauge "The number of updated replicas per deployment.";
    SLICE_ENDPOINTS "kube_endpointslice_endpoints" Gauge "Number of endpoints of a Service that are ready, by its EndpointSlices.";
    NODE_READY "kube_node_status_condition_ready" Gauge "Whether the node's condition Ready is True (1) or not (0).";
    POD_PHASE "kube_pod_status_phase" Gauge "Number of pods in each phase, per namespace.";
    POD_READY "kube_pod_status_ready" Gauge "Number of pods whose condition Ready is True, per namespace.";
    REPLICASET_SPEC "kube_replicaset_spec_replicas" Gauge "Number of desired pods for a ReplicaSet.";
    REPLICASET_READY "kube_replicaset_status_ready_replicas" Gauge "The number of ready replicas per ReplicaSet.";
    REPLICASET_STATUS "kube_replicaset_status_replicas" Gauge "The number of replicas per ReplicaSet.";
    ATTEMPTS "scheduler_schedule_attempts" Counter "Number of attempts to schedule pods, by the result.";
}

/// The place of a series.
type Place = u32;

/// All named series.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    /// Requests.
    pub traffic: Traffic,
    /// Spans whose requests are summed up by themselves, too.
    pub spans: Vec<(Time, Time)>,
    /// Ready endpoints of each slice, with its Service.
    slices: BTreeMap<(Str, Str), (String, u64)>,
    series: Vec<Series>,
    /// The places of the series of each metric, by labels.
    names: BTreeMap<&'static str, BTreeMap<String, Place>>,
    /// Where the series of an object begin; those of its metrics follow one another.
    of_object: Map<Id, Place>,
    of_phase: Map<(Str, PodPhase), Place>,
    of_ready: Map<Str, Place>,
    of_result: [Option<Place>; 2],
}

/// What of a pod is counted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct PodState {
    /// Its phase.
    pub phase: PodPhase,
    /// Whether its condition Ready is True.
    pub ready: bool,
}

impl PodState {
    /// The states before and after a change; none where there is no pod.
    pub fn of(entry: &LogEntry) -> [Option<PodState>; 2] {
        [&entry.before, &entry.after].map(|object| {
            let pod = object.as_ref()?.as_pod()?;
            Some(PodState { phase: pod.status.phase, ready: pod.is_ready() })
        })
    }
}

impl Registry {
    /// The metrics that have series, in order of name, each with its series by their labels as they are written:
    /// `{namespace="default",deployment="web"}`.
    pub fn iter(&self) -> impl Iterator<Item = (Metric, impl Iterator<Item = (&String, &Series)>)> {
        ALL.iter().filter_map(|metric| {
            let labelled = self.names.get(metric.name)?;
            Some((*metric, labelled.iter().map(|(labels, place)| (labels, &self.series[*place as usize]))))
        })
    }

    /// A series by name and labels as written.
    pub fn get(&self, name: &str, labels: &str) -> Option<&Series> {
        let place = self.names.get(name)?.get(labels)?;
        Some(&self.series[*place as usize])
    }

    /// The place of a series, which is made if there is none.
    fn place(&mut self, metric: Metric, labels: &str) -> Place {
        let labelled = self.names.entry(metric.name).or_default();
        if let Some(place) = labelled.get(labels) {
            return *place;
        }
        let place = self.series.len() as Place;
        labelled.insert(labels.to_string(), place);
        self.series.push(Series::default());
        place
    }

    fn set(&mut self, metric: Metric, labels: &str, at: Time, value: f64) {
        let place = self.place(metric, labels);
        self.series[place as usize].set(at, value);
    }

    fn add(&mut self, place: Place, at: Time, by: i64) {
        let series = &mut self.series[place as usize];
        let last = series.last().unwrap_or(0.0);
        series.set(at, last + by as f64);
    }

    /// Sets the series of an object: its metrics are the same each time.
    fn set_all<const N: usize>(&mut self, id: Id, labels: impl Fn() -> String, at: Time, values: [(Metric, f64); N]) {
        let first = match self.of_object.get(&id) {
            Some(first) => *first,
            None => {
                let labels = labels();
                let first = self.series.len() as Place;
                for (place, (metric, _)) in (first..).zip(&values) {
                    let made = self.place(*metric, &labels);
                    assert_eq!(made, place, "the series of an object follow one another");
                }
                self.of_object.insert(id, first);
                first
            }
        };
        for (place, (_, value)) in (first as usize..).zip(values) {
            self.series[place].set(at, value);
        }
    }

    pub(super) fn commit(&mut self, key: &Key, entry: &LogEntry, states: [Option<PodState>; 2]) {
        let there = i32::from(entry.after.is_some());
        let count = |value: i32| f64::from(value * there);
        match &entry.object().body {
            Body::Deployment(deployment) => {
                let (spec, status) = (&deployment.spec, &deployment.status);
                let values = [
                    (DEPLOYMENT_SPEC, count(spec.replicas.unwrap_or(1))),
                    (DEPLOYMENT_STATUS, count(status.replicas)),
                    (DEPLOYMENT_AVAILABLE, count(status.available_replicas)),
                    (DEPLOYMENT_READY, count(status.ready_replicas)),
                    (DEPLOYMENT_UNAVAILABLE, count(status.unavailable_replicas)),
                    (DEPLOYMENT_UPDATED, count(status.updated_replicas)),
                ];
                let labels = || format!("{{namespace=\"{}\",deployment=\"{}\"}}", key.namespace, key.name);
                self.set_all(entry.id, labels, entry.at, values);
            }
            Body::ReplicaSet(set) => {
                let values = [
                    (REPLICASET_SPEC, count(set.spec.replicas.unwrap_or(1))),
                    (REPLICASET_READY, count(set.status.ready_replicas)),
                    (REPLICASET_STATUS, count(set.status.replicas)),
                ];
                let labels = || format!("{{namespace=\"{}\",replicaset=\"{}\"}}", key.namespace, key.name);
                self.set_all(entry.id, labels, entry.at, values);
            }
            Body::Pod(_) => self.pod(key, entry, states),
            Body::EndpointSlice(slice) => self.slice(key, entry, slice),
            Body::Node(node) => {
                let ready = node.status.conditions.iter().any(|c| &*c.r#type == "Ready" && &*c.status == "True");
                let labels = || format!("{{node=\"{}\"}}", key.name);
                self.set_all(entry.id, labels, entry.at, [(NODE_READY, f64::from(u8::from(ready) * there as u8))]);
            }
            _ => {}
        }
    }

    fn pod(&mut self, key: &Key, entry: &LogEntry, [before, after]: [Option<PodState>; 2]) {
        if before == after {
            return;
        }
        for (state, by) in [(before, -1), (after, 1)] {
            let Some(PodState { phase, ready }) = state else { continue };
            let namespace = &key.namespace;
            let place = self.of_phase.get(&(namespace.clone(), phase)).copied().unwrap_or_else(|| {
                let place = self.place(POD_PHASE, &format!("{{namespace=\"{namespace}\",phase=\"{phase}\"}}"));
                self.of_phase.insert((namespace.clone(), phase), place);
                place
            });
            self.add(place, entry.at, by);
            if ready {
                let place = self.of_ready.get(namespace).copied().unwrap_or_else(|| {
                    let place = self.place(POD_READY, &format!("{{namespace=\"{namespace}\"}}"));
                    self.of_ready.insert(namespace.clone(), place);
                    place
                });
                self.add(place, entry.at, by);
            }
        }
    }

    fn slice(&mut self, key: &Key, entry: &LogEntry, slice: &EndpointSlice) {
        let Some(service) = entry.object().meta.labels.get("kubernetes.io/service-name") else { return };
        let is_ready = |endpoint: &&crate::model::Endpoint| endpoint.conditions.ready.unwrap_or(true);
        let ready = if entry.after.is_some() { slice.endpoints.iter().filter(is_ready).count() as u64 } else { 0 };
        self.slices.insert((key.namespace.clone(), key.name.clone()), (service.to_string(), ready));
        let namespace = &key.namespace;
        let own = self.slices.range((namespace.clone(), Str::default())..).take_while(|((place, _), _)| place == namespace);
        let sum: u64 = own.filter(|(_, (name, _))| name == service).map(|(_, (_, ready))| ready).sum();
        let labels = format!("{{namespace=\"{namespace}\",service=\"{service}\",ready=\"true\"}}");
        self.set(SLICE_ENDPOINTS, &labels, entry.at, sum as f64);
    }

    fn requests(&mut self, window: &Window) {
        let Some(quantiles_ms) = self.traffic.record(window, &self.spans) else { return };
        let load = &window.load;
        let at = window.from;
        let share = window.failures() as f64 / window.requests() as f64;
        self.set(HTTP_FAILED, &format!("{{load=\"{load}\"}}"), at, share);
        for (share, ms) in QUANTILES.into_iter().zip(quantiles_ms) {
            self.set(HTTP_DURATION, &format!("{{load=\"{load}\",quantile=\"{share}\"}}"), at, ms);
        }
        let totals = self.traffic.totals(Some(load));
        self.set(HTTP_REQUESTS, &format!("{{load=\"{load}\",result=\"ok\"}}"), window.until, totals.ok as f64);
        for cause in Cause::ALL {
            let (failed, retried) = (totals.failed[cause as usize], totals.retried[cause as usize]);
            let label = cause.label();
            if failed > 0 {
                self.set(HTTP_REQUESTS, &format!("{{load=\"{load}\",result=\"{label}\"}}"), window.until, failed as f64);
            }
            if retried > 0 {
                self.set(HTTP_RETRIES, &format!("{{load=\"{load}\",cause=\"{label}\"}}"), window.until, retried as f64);
            }
        }
    }

    pub(super) fn record(&mut self, at: Time, record: &Record) {
        if let Record::Traffic(window) = record {
            self.requests(window);
        }
        if let Record::Attempt { node, .. } = record {
            let found = node.is_some();
            let place = self.of_result[usize::from(found)].unwrap_or_else(|| {
                let result = if found { "scheduled" } else { "unschedulable" };
                self.place(ATTEMPTS, &format!("{{profile=\"default-scheduler\",result=\"{result}\"}}"))
            });
            self.of_result[usize::from(found)] = Some(place);
            self.add(place, at, 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_in_order_and_counters_count() {
        assert!(ALL.is_sorted_by_key(|metric| metric.name));
        let mut registry = Registry::default();
        for second in 1..=3 {
            let node = (second != 2).then(|| "n".to_string());
            let record = Record::Attempt { pod: "d/p".into(), attempt: 1, node, message: String::new(), waited_ns: 0 };
            registry.record(Time::from_s(second), &record);
        }
        let labels = "{profile=\"default-scheduler\",result=\"scheduled\"}";
        assert_eq!(registry.get("scheduler_schedule_attempts", labels).unwrap().last(), Some(2.0));
    }
}
