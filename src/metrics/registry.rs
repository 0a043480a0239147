//! Named series, under the real names of kube-state-metrics and kube-scheduler, for CSV and OpenMetrics.
//! Real: docs of kube-state-metrics v2; pkg/scheduler/metrics/metrics.go @ v1.37.2.

use super::series::Series;
use super::traffic::{QUANTILES, Traffic};
use crate::actor::Record;
use crate::actor::traffic::{Cause, Window};
use crate::base::Time;
use crate::model::{Body, Deployment, EndpointSlice, ReplicaSet, Str};
use crate::store::{Key, LogEntry};
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

/// The series of one metric, by their labels as they are written: `{namespace="default",deployment="web"}`.
pub type Labelled = BTreeMap<String, Series>;

/// All named series.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    /// Requests.
    pub traffic: Traffic,
    /// Spans whose requests are summed up by themselves, too.
    pub spans: Vec<(Time, Time)>,
    /// Ready endpoints of each slice, with its Service.
    slices: BTreeMap<(Str, Str), (String, u64)>,
    series: BTreeMap<&'static str, Labelled>,
}

impl Registry {
    /// The metrics that have series, with them, in order of name.
    pub fn iter(&self) -> impl Iterator<Item = (Metric, &Labelled)> {
        ALL.iter().filter_map(|metric| Some((*metric, self.series.get(metric.name)?)))
    }

    /// A series by name and labels as written.
    pub fn get(&self, name: &str, labels: &str) -> Option<&Series> {
        self.series.get(name)?.get(labels)
    }

    fn set(&mut self, metric: Metric, labels: &str, at: Time, value: f64) {
        let labelled = self.series.entry(metric.name).or_default();
        match labelled.get_mut(labels) {
            Some(series) => series.set(at, value),
            None => labelled.entry(labels.to_string()).or_default().set(at, value),
        }
    }

    fn add(&mut self, metric: Metric, labels: String, at: Time, by: i64) {
        let last = self.get(metric.name, &labels).and_then(Series::last).unwrap_or(0.0);
        self.set(metric, &labels, at, last + by as f64);
    }

    pub(super) fn commit(&mut self, key: &Key, entry: &LogEntry) {
        match &entry.object().body {
            Body::Deployment(deployment) => self.deployment(key, entry, deployment),
            Body::ReplicaSet(set) => self.replica_set(key, entry, set),
            Body::Pod(_) => self.pod(key, entry),
            Body::EndpointSlice(slice) => self.slice(key, entry, slice),
            Body::Node(node) => {
                let ready = node.status.conditions.iter().any(|c| &*c.r#type == "Ready" && &*c.status == "True");
                let labels = format!("{{node=\"{}\"}}", key.name);
                self.set(NODE_READY, &labels, entry.at, f64::from(u8::from(ready && entry.after.is_some())));
            }
            _ => {}
        }
    }

    fn deployment(&mut self, key: &Key, entry: &LogEntry, deployment: &Deployment) {
        let labels = format!("{{namespace=\"{}\",deployment=\"{}\"}}", key.namespace, key.name);
        let there = i32::from(entry.after.is_some());
        let status = &deployment.status;
        for (metric, value) in [
            (DEPLOYMENT_SPEC, deployment.spec.replicas.unwrap_or(1)),
            (DEPLOYMENT_STATUS, status.replicas),
            (DEPLOYMENT_AVAILABLE, status.available_replicas),
            (DEPLOYMENT_READY, status.ready_replicas),
            (DEPLOYMENT_UNAVAILABLE, status.unavailable_replicas),
            (DEPLOYMENT_UPDATED, status.updated_replicas),
        ] {
            self.set(metric, &labels, entry.at, f64::from(value * there));
        }
    }

    fn replica_set(&mut self, key: &Key, entry: &LogEntry, set: &ReplicaSet) {
        let labels = format!("{{namespace=\"{}\",replicaset=\"{}\"}}", key.namespace, key.name);
        let there = i32::from(entry.after.is_some());
        for (metric, value) in [
            (REPLICASET_SPEC, set.spec.replicas.unwrap_or(1)),
            (REPLICASET_READY, set.status.ready_replicas),
            (REPLICASET_STATUS, set.status.replicas),
        ] {
            self.set(metric, &labels, entry.at, f64::from(value * there));
        }
    }

    fn pod(&mut self, key: &Key, entry: &LogEntry) {
        let state = |object: &Option<crate::model::Obj>| {
            object.as_ref().and_then(|object| object.as_pod()).map(|pod| (pod.status.phase, pod.is_ready()))
        };
        let (before, after) = (state(&entry.before), state(&entry.after));
        if before == after {
            return;
        }
        for (state, by) in [(before, -1), (after, 1)] {
            let Some((phase, ready)) = state else { continue };
            self.add(POD_PHASE, format!("{{namespace=\"{}\",phase=\"{phase}\"}}", key.namespace), entry.at, by);
            if ready {
                self.add(POD_READY, format!("{{namespace=\"{}\"}}", key.namespace), entry.at, by);
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
            let result = if node.is_some() { "scheduled" } else { "unschedulable" };
            self.add(ATTEMPTS, format!("{{profile=\"default-scheduler\",result=\"{result}\"}}"), at, 1);
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
