//! The settings of the kube-controller-manager that matter to what users see, under their real names.
//! Real: pkg/controller/apis/config/types.go and pkg/controller/*/config/v1alpha1/defaults.go @ v1.37.2.

use crate::actor::client::Limits;
use crate::base::Span;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

/// A fault put into a component on purpose, to see whether checks find it. No file and no flag can ask for one.
#[doc(hidden)]
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Wrong {
    /// None.
    #[default]
    Nothing,
    /// The ReplicaSet controller forgets what it has asked for and written.
    NoExpectations,
    /// The StatefulSet controller removes members of lost nodes by force.
    ForceDeletes,
    /// The Deployment controller takes every pod for available.
    TrustsPods,
}

/// KubeControllerManagerConfiguration, flattened.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ControllerManager {
    /// Requests a second that each controller's client sends in the long run; 0 or less: no limit.
    #[serde(rename = "kubeAPIQPS")]
    pub kube_api_qps: f64,
    /// Requests that each controller's client sends at once.
    #[serde(rename = "kubeAPIBurst")]
    pub kube_api_burst: u32,
    /// How often informers hand out all they hold once more, at least: the period is drawn when the process starts, between once
    /// and twice this; 0: never.
    #[serde(with = "duration")]
    pub min_resync_period: Span,
    /// Deployments synced at a time.
    pub concurrent_deployment_syncs: usize,
    /// ReplicaSets synced at a time.
    #[serde(rename = "concurrentRSSyncs")]
    pub concurrent_rs_syncs: usize,
    /// ReplicationControllers synced at a time.
    #[serde(rename = "concurrentRCSyncs")]
    pub concurrent_rc_syncs: usize,
    /// StatefulSets synced at a time.
    pub concurrent_stateful_set_syncs: usize,
    /// DaemonSets synced at a time.
    pub concurrent_daemon_set_syncs: usize,
    /// Jobs synced at a time.
    pub concurrent_job_syncs: usize,
    /// CronJobs synced at a time.
    pub concurrent_cron_job_syncs: usize,
    /// Finished Jobs cleaned up at a time.
    #[serde(rename = "concurrentTTLSyncs")]
    pub concurrent_ttl_syncs: usize,
    /// Services whose Endpoints are synced at a time.
    pub concurrent_endpoint_syncs: usize,
    /// Services whose EndpointSlices are synced at a time.
    pub concurrent_service_endpoint_syncs: usize,
    /// Endpoints in one EndpointSlice at most.
    pub max_endpoints_per_slice: usize,
    /// How long changes of pods are gathered before their Services' Endpoints and EndpointSlices are written.
    #[serde(with = "duration")]
    pub endpoint_updates_batch_period: Span,
    /// Endpoints mirrored to EndpointSlices at a time.
    pub mirroring_concurrent_service_endpoint_syncs: usize,
    /// Addresses of one subset mirrored at most.
    pub mirroring_max_endpoints_per_subset: usize,
    /// How long changes of mirrored slices are gathered.
    #[serde(with = "duration")]
    pub mirroring_endpoint_updates_batch_period: Span,
    /// Whether dependents of deleted owners are collected.
    pub enable_garbage_collector: bool,
    /// Objects that the garbage collector works on at a time.
    #[serde(rename = "concurrentGCSyncs")]
    pub concurrent_gc_syncs: usize,
    /// Namespaces emptied at a time.
    pub concurrent_namespace_syncs: usize,
    /// How often every namespace is looked at again.
    #[serde(with = "duration")]
    pub namespace_sync_period: Span,
    /// How often the nodes' heartbeats are looked at.
    #[serde(with = "duration")]
    pub node_monitor_period: Span,
    /// Silence after which a node counts as not ready.
    #[serde(with = "duration")]
    pub node_monitor_grace_period: Span,
    /// The same for a node that has never reported.
    #[serde(with = "duration")]
    pub node_startup_grace_period: Span,
    /// Nodes a second that lose their pods in a healthy zone.
    pub node_eviction_rate: f64,
    /// The same in a large zone that is partly down.
    pub secondary_node_eviction_rate: f64,
    /// Zones up to this many nodes stop evicting when partly down.
    pub large_cluster_size_threshold: usize,
    /// Share of nodes not ready from which a zone counts as partly down.
    pub unhealthy_zone_threshold: f64,
    /// Finished pods kept; 0 or less: all.
    #[serde(rename = "terminatedPodGCThreshold")]
    pub terminated_pod_gc_threshold: i64,
    /// How often each HorizontalPodAutoscaler is evaluated.
    #[serde(with = "duration")]
    pub horizontal_pod_autoscaler_sync_period: Span,
    /// HorizontalPodAutoscalers evaluated at a time.
    pub concurrent_horizontal_pod_autoscaler_syncs: usize,
    /// The highest recommendation of this long counts when scaling down.
    #[serde(with = "duration")]
    pub horizontal_pod_autoscaler_downscale_stabilization_window: Span,
    /// Deviation of a metric from its target that is not acted on.
    pub horizontal_pod_autoscaler_tolerance: f64,
    /// Young pods' CPU samples count only under conditions for this long.
    #[serde(rename = "horizontalPodAutoscalerCPUInitializationPeriod", with = "duration")]
    pub horizontal_pod_autoscaler_cpu_initialization_period: Span,
    /// Changes of readiness within this time of the start count as the start itself.
    #[serde(with = "duration")]
    pub horizontal_pod_autoscaler_initial_readiness_delay: Span,
    /// PodDisruptionBudgets synced at a time.
    pub concurrent_disruption_syncs: usize,
    /// ResourceQuotas synced at a time.
    pub concurrent_resource_quota_syncs: usize,
    /// How often every ResourceQuota is counted anew.
    #[serde(with = "duration")]
    pub resource_quota_sync_period: Span,
    /// A fault put in on purpose.
    #[doc(hidden)]
    #[serde(skip)]
    pub wrong: Wrong,
}

impl Default for ControllerManager {
    fn default() -> Self {
        ControllerManager {
            kube_api_qps: 20.0,
            kube_api_burst: 30,
            min_resync_period: Span::from_s(12 * 3600),
            concurrent_deployment_syncs: 5,
            concurrent_rs_syncs: 5,
            concurrent_rc_syncs: 5,
            concurrent_stateful_set_syncs: 5,
            concurrent_daemon_set_syncs: 2,
            concurrent_job_syncs: 5,
            concurrent_cron_job_syncs: 5,
            concurrent_ttl_syncs: 5,
            concurrent_endpoint_syncs: 5,
            concurrent_service_endpoint_syncs: 5,
            max_endpoints_per_slice: 100,
            endpoint_updates_batch_period: Span::ZERO,
            mirroring_concurrent_service_endpoint_syncs: 5,
            mirroring_max_endpoints_per_subset: 1000,
            mirroring_endpoint_updates_batch_period: Span::ZERO,
            enable_garbage_collector: true,
            concurrent_gc_syncs: 20,
            concurrent_namespace_syncs: 10,
            namespace_sync_period: Span::from_s(300),
            node_monitor_period: Span::from_s(5),
            node_monitor_grace_period: Span::from_s(50),
            node_startup_grace_period: Span::from_s(60),
            node_eviction_rate: 0.1,
            secondary_node_eviction_rate: 0.01,
            large_cluster_size_threshold: 50,
            unhealthy_zone_threshold: 0.55,
            terminated_pod_gc_threshold: 12500,
            horizontal_pod_autoscaler_sync_period: Span::from_s(15),
            concurrent_horizontal_pod_autoscaler_syncs: 5,
            horizontal_pod_autoscaler_downscale_stabilization_window: Span::from_s(300),
            horizontal_pod_autoscaler_tolerance: 0.1,
            horizontal_pod_autoscaler_cpu_initialization_period: Span::from_s(300),
            horizontal_pod_autoscaler_initial_readiness_delay: Span::from_s(30),
            concurrent_disruption_syncs: 1,
            concurrent_resource_quota_syncs: 5,
            resource_quota_sync_period: Span::from_s(300),
            wrong: Wrong::Nothing,
        }
    }
}

impl ControllerManager {
    /// What the real program would refuse, if anything: the field and what is wrong with it.
    pub fn problem(&self) -> Option<(&'static str, String)> {
        let counts = [
            ("concurrentDeploymentSyncs", self.concurrent_deployment_syncs),
            ("concurrentRSSyncs", self.concurrent_rs_syncs),
            ("concurrentRCSyncs", self.concurrent_rc_syncs),
            ("concurrentStatefulSetSyncs", self.concurrent_stateful_set_syncs),
            ("concurrentDaemonSetSyncs", self.concurrent_daemon_set_syncs),
            ("concurrentJobSyncs", self.concurrent_job_syncs),
            ("concurrentCronJobSyncs", self.concurrent_cron_job_syncs),
            ("concurrentTTLSyncs", self.concurrent_ttl_syncs),
            ("concurrentEndpointSyncs", self.concurrent_endpoint_syncs),
            ("concurrentServiceEndpointSyncs", self.concurrent_service_endpoint_syncs),
            ("maxEndpointsPerSlice", self.max_endpoints_per_slice),
            ("mirroringConcurrentServiceEndpointSyncs", self.mirroring_concurrent_service_endpoint_syncs),
            ("mirroringMaxEndpointsPerSubset", self.mirroring_max_endpoints_per_subset),
            ("concurrentGCSyncs", self.concurrent_gc_syncs),
            ("concurrentNamespaceSyncs", self.concurrent_namespace_syncs),
            ("concurrentHorizontalPodAutoscalerSyncs", self.concurrent_horizontal_pod_autoscaler_syncs),
            ("concurrentDisruptionSyncs", self.concurrent_disruption_syncs),
            ("concurrentResourceQuotaSyncs", self.concurrent_resource_quota_syncs),
        ];
        let periods = [
            ("namespaceSyncPeriod", self.namespace_sync_period),
            ("nodeMonitorPeriod", self.node_monitor_period),
            ("nodeMonitorGracePeriod", self.node_monitor_grace_period),
            ("horizontalPodAutoscalerSyncPeriod", self.horizontal_pod_autoscaler_sync_period),
            ("resourceQuotaSyncPeriod", self.resource_quota_sync_period),
        ];
        let shares = [
            ("nodeEvictionRate", self.node_eviction_rate),
            ("secondaryNodeEvictionRate", self.secondary_node_eviction_rate),
            ("unhealthyZoneThreshold", self.unhealthy_zone_threshold),
            ("horizontalPodAutoscalerTolerance", self.horizontal_pod_autoscaler_tolerance),
        ];
        let zero = counts.iter().find(|(_, count)| *count == 0).map(|(name, _)| *name);
        if let Some(name) = zero.or(periods.iter().find(|(_, period)| period.is_zero()).map(|(name, _)| *name)) {
            return Some((name, "must be greater than 0".into()));
        }
        for (name, most) in [("maxEndpointsPerSlice", 1_000), ("mirroringMaxEndpointsPerSubset", 1_000)] {
            if counts.iter().any(|(known, count)| *known == name && *count > most) {
                return Some((name, format!("must be at most {most}")));
            }
        }
        let (name, _) = shares.iter().find(|(_, share)| !(share.is_finite() && *share >= 0.0))?;
        Some((name, "must be a number that is not below 0".into()))
    }

    /// The limits of each controller's own client.
    pub fn client_limits(&self) -> Option<Limits> {
        (self.kube_api_qps > 0.0).then_some(Limits { qps: self.kube_api_qps, burst: self.kube_api_burst })
    }
}

/// Spans in Go's notation.
mod duration {
    use super::*;

    pub fn serialize<S: Serializer>(span: &Span, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(span)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
        Span::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn real_names_and_defaults() {
        let json = serde_json::to_value(ControllerManager::default()).unwrap();
        for (name, value) in [
            ("kubeAPIQPS", serde_json::json!(20.0)),
            ("kubeAPIBurst", serde_json::json!(30)),
            ("nodeMonitorPeriod", serde_json::json!("5s")),
            ("nodeMonitorGracePeriod", serde_json::json!("50s")),
            ("horizontalPodAutoscalerCPUInitializationPeriod", serde_json::json!("5m")),
            ("concurrentGCSyncs", serde_json::json!(20)),
            ("terminatedPodGCThreshold", serde_json::json!(12500)),
        ] {
            assert_eq!(json[name], value, "{name}");
        }
        let read: ControllerManager = serde_json::from_value(json).unwrap();
        assert_eq!(read, ControllerManager::default());
        assert!(serde_json::from_str::<ControllerManager>(r#"{"nodeMonitorPeriods": "1s"}"#).is_err());
    }

    #[test]
    fn what_the_real_one_refuses_is_refused() {
        let problem = |json: serde_json::Value| serde_json::from_value::<ControllerManager>(json).unwrap().problem();
        assert_eq!(problem(serde_json::json!({})), None);
        assert_eq!(problem(serde_json::json!({"concurrentJobSyncs": 0})).unwrap().0, "concurrentJobSyncs");
        assert_eq!(problem(serde_json::json!({"nodeMonitorPeriod": "0s"})).unwrap().0, "nodeMonitorPeriod");
        assert_eq!(problem(serde_json::json!({"maxEndpointsPerSlice": 1001})).unwrap().1, "must be at most 1000");
        assert_eq!(problem(serde_json::json!({"nodeEvictionRate": -0.1})).unwrap().0, "nodeEvictionRate");
    }

    #[test]
    fn without_a_rate_clients_are_not_limited() {
        let unlimited = ControllerManager { kube_api_qps: 0.0, ..ControllerManager::default() };
        assert_eq!(unlimited.client_limits(), None);
        assert_eq!(ControllerManager::default().client_limits(), Some(Limits { qps: 20.0, burst: 30 }));
    }
}
