//! Every default with its value and where it comes from, for `kubesim run --show-defaults`.

use super::{Network, read};
use crate::base::{Dist, Span};
use crate::controllers::settings::ControllerManager;
use crate::kubelet::behaviours;
use crate::kubelet::settings::{Configuration, RuntimeTimes};
use crate::sim::Latency;

/// A default.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Default {
    /// The key, as a path in the scenario file.
    pub key: String,
    /// Its value, as it would be written there.
    pub value: String,
    /// Where the value comes from.
    pub origin: String,
}

/// All defaults, in the order of the scenario file.
pub fn show_defaults() -> Vec<Default> {
    let mut all = Vec::new();
    let mut add = |key: &str, value: String, origin: &str| all.push(Default { key: key.into(), value, origin: origin.into() });
    let ours = "kubesim";
    add("seed", read::SEED.to_string(), ours);
    add("start", crate::model::Timestamp(read::START_S).to_string(), ours);
    add("duration", read::DURATION.to_string(), ours);
    for (key, value) in [("count", "1"), ("name", "node-#"), ("cpu", "4"), ("memory", "16Gi")] {
        add(&format!("cluster.nodes[].{key}"), value.into(), ours);
    }
    add("cluster.nodes[].pods", "110".into(), "KubeletConfiguration maxPods");
    let scheduler = "kube-scheduler v1.37, pkg/scheduler/apis/config/v1/defaults.go";
    add("cluster.scheduler", "KubeSchedulerConfiguration with its defaults".into(), scheduler);
    let json = serde_json::to_value(ControllerManager::default()).expect("settings are plain data");
    for (key, value) in json.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_string);
        add(&format!("cluster.controllerManager.{key}"), text, "kube-controller-manager v1.37");
    }
    kubelet(&mut add);
    let latency = Latency::default();
    let measured = "order of magnitude on a quiet control plane";
    add("cluster.latency.request", dist(&latency.request), measured);
    add("cluster.latency.watch", dist(&latency.watch), measured);
    let runtime = RuntimeTimes::default();
    let containerd = "containerd on a quiet machine";
    add("cluster.latency.sandbox", dist(&runtime.sandbox), containerd);
    add("cluster.latency.createContainer", dist(&runtime.create), containerd);
    add("cluster.latency.startContainer", dist(&runtime.start), containerd);
    add("cluster.latency.mount", dist(&runtime.mount), ours);
    for default in behaviours::DEFAULTS {
        add(default.key, default.value.into(), default.origin);
    }
    let network = Network::default();
    add("network.endpoints", dist(&network.endpoints), "kube-proxy: minSyncPeriod 1s, and the watch");
    add("network.registry.bandwidth", format!("{}Mi/s", network.registry.bandwidth_bytes_per_s >> 20), ours);
    add("network.registry.latency", dist(&network.registry.latency), ours);
    add("network.dns", "kube-system/kube-dns if it has pods, else free".into(), "resolv.conf of pods");
    add("network.dns.timeout", "5s".into(), "resolv.conf");
    add("network.dns.attempts", "2".into(), "resolv.conf");
    add("load[].namespace", "default".into(), ours);
    add("load[].port", "the first".into(), ours);
    add("load[].from", "nodes".into(), "a client on each node, 16 at most");
    add("load[].connections", "0".into(), "a connection for each request");
    add("load[].timeout", super::load::TIMEOUT.to_string(), "k6");
    add("load[].retries", "0".into(), "k6");
    add("load[].retries.backoff", "100ms, twice as long each time".into(), ours);
    add("load[].nameTTL", super::load::NAME_TTL.to_string(), "CoreDNS, plugin kubernetes, ttl 5");
    add("load[].start", "once every client knows a ready endpoint".into(), ours);
    add("timeline[].mode", "all".into(), ours);
    add("expect[].from", "0s".into(), "the start of the run");
    add("expect[].at", "duration".into(), "the end of the run");
    all
}

fn kubelet(add: &mut impl FnMut(&str, String, &str)) {
    let kubelet = Configuration::default();
    for (key, value) in [
        ("maxPods", kubelet.max_pods.to_string()),
        ("serializeImagePulls", kubelet.serialize_image_pulls.to_string()),
        ("maxParallelImagePulls", kubelet.max_parallel_image_pulls.map_or("none".into(), |pulls| pulls.to_string())),
        ("registryPullQPS", kubelet.registry_pull_qps.to_string()),
        ("registryBurst", kubelet.registry_burst.to_string()),
        ("nodeStatusUpdateFrequency", kubelet.node_status_update_frequency.to_string()),
        ("nodeStatusReportFrequency", kubelet.node_status_report_frequency.to_string()),
        ("nodeLeaseDurationSeconds", kubelet.node_lease_duration_seconds.to_string()),
        ("syncFrequency", kubelet.sync_frequency.to_string()),
        ("crashLoopBackOff.maxContainerRestartPeriod", kubelet.max_container_restart_period.to_string()),
        ("evictionHard.memory.available", kubelet.eviction_memory_available.to_string()),
        ("evictionPressureTransitionPeriod", kubelet.eviction_pressure_transition_period.to_string()),
    ] {
        add(&format!("cluster.kubelet.{key}"), value, "kubelet v1.37, pkg/kubelet/apis/config/v1beta1/defaults.go");
    }
}

/// A distribution as it is written in a scenario.
pub(super) fn dist(dist: &Dist) -> String {
    let shown = |span: &Span| span.to_string();
    match dist {
        Dist::Constant(span) => shown(span),
        Dist::Uniform { min, max } => format!("{{uniform: {{min: {min}, max: {max}}}}}"),
        Dist::Normal { mean, sd, min } => format!("{{normal: {{mean: {mean}, sd: {sd}, min: {min}}}}}"),
        Dist::Exponential { mean } => format!("{{exponential: {{mean: {mean}}}}}"),
        Dist::LogNormal { p50, p99 } => format!("{{lognormal: {{p50: {p50}, p99: {p99}}}}}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_has_a_value_and_an_origin() {
        let all = show_defaults();
        assert!(all.iter().all(|default| !default.value.is_empty() && !default.origin.is_empty()));
        let value = |key: &str| all.iter().find(|default| default.key == key).map(|default| default.value.clone());
        assert_eq!(value("cluster.controllerManager.kubeAPIQPS").as_deref(), Some("20.0"));
        assert_eq!(value("cluster.controllerManager.nodeMonitorGracePeriod").as_deref(), Some("50s"));
        assert_eq!(value("network.endpoints").as_deref(), Some("{uniform: {min: 200ms, max: 2s}}"));
        let mut keys: Vec<_> = all.iter().map(|default| &default.key).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), all.len());
    }
}
