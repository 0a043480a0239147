//! What the fleet is set up with: the fields of KubeletConfiguration that are modelled, and how fast the runtime and the
//! registry are. Real: pkg/kubelet/apis/config/v1beta1/defaults.go @ v1.37.2.

use super::behaviours::Behaviours;
use crate::base::{Dist, Span};
use crate::model::Quantity;

/// KubeletConfiguration, as far as it is modelled; `Default` has the real defaults.
#[derive(Clone, PartialEq, Debug)]
pub struct Configuration {
    /// Pods that a node takes at most.
    pub max_pods: u32,
    /// One image pull at a time on a node.
    pub serialize_image_pulls: bool,
    /// Pulls at a time when they are not serialized; `None`: no limit.
    pub max_parallel_image_pulls: Option<u32>,
    /// Pulls that may begin in a second; 0: any number.
    pub registry_pull_qps: u32,
    /// Pulls that may begin at once.
    pub registry_burst: u32,
    /// How often the node's status is computed.
    pub node_status_update_frequency: Span,
    /// How often it is written although nothing changed.
    pub node_status_report_frequency: Span,
    /// How long a lease counts; it is renewed each quarter of that.
    pub node_lease_duration_seconds: u32,
    /// How often a pod is synced at least, before jitter.
    pub sync_frequency: Span,
    /// Longest wait between restarts of a container.
    pub max_container_restart_period: Span,
    /// Memory below which pods are evicted at once.
    pub eviction_memory_available: Quantity,
    /// How long a pressure condition lasts after its cause.
    pub eviction_pressure_transition_period: Span,
}

impl Default for Configuration {
    fn default() -> Self {
        Configuration {
            max_pods: 110,
            serialize_image_pulls: true,
            max_parallel_image_pulls: None,
            registry_pull_qps: 5,
            registry_burst: 10,
            node_status_update_frequency: Span::from_s(10),
            node_status_report_frequency: Span::from_s(300),
            node_lease_duration_seconds: 40,
            sync_frequency: Span::from_s(60),
            max_container_restart_period: Span::from_s(300),
            eviction_memory_available: Quantity::from_binary(100 << 20),
            eviction_pressure_transition_period: Span::from_s(300),
        }
    }
}

/// How long the container runtime takes for its steps.
#[derive(Clone, PartialEq, Debug)]
pub struct RuntimeTimes {
    /// From RunPodSandbox until the pod has its network and its address.
    pub sandbox: Dist,
    /// CreateContainer.
    pub create: Dist,
    /// StartContainer.
    pub start: Dist,
    /// Setting up one pod's volumes.
    pub mount: Dist,
}

impl Default for RuntimeTimes {
    /// Medians of containerd on a quiet machine are of this order: 300 ms for a sandbox with CNI, some tens for the rest.
    fn default() -> Self {
        let ms = Span::from_ms;
        RuntimeTimes {
            sandbox: Dist::LogNormal { p50: ms(300), p99: ms(900) },
            create: Dist::LogNormal { p50: ms(40), p99: ms(200) },
            start: Dist::LogNormal { p50: ms(60), p99: ms(250) },
            mount: Dist::Constant(ms(0)),
        }
    }
}

impl RuntimeTimes {
    /// A runtime that takes no time at all, as the scripted one of the recorded cases.
    pub fn instant() -> Self {
        let zero = Dist::Constant(Span::ZERO);
        RuntimeTimes { sandbox: zero, create: zero, start: zero, mount: zero }
    }
}

/// Where images come from.
#[derive(Clone, PartialEq, Debug)]
pub struct Registry {
    /// Bytes a second that one pull gets.
    pub bandwidth_bytes_per_s: u64,
    /// What each pull takes beside the transfer.
    pub latency: Dist,
}

impl Default for Registry {
    fn default() -> Self {
        Registry { bandwidth_bytes_per_s: 50 << 20, latency: Dist::Constant(Span::from_ms(500)) }
    }
}

/// All that a fleet is made with.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Settings {
    /// KubeletConfiguration.
    pub configuration: Configuration,
    /// Speed of the runtime.
    pub runtime: RuntimeTimes,
    /// Speed of the registry.
    pub registry: Registry,
    /// What containers do.
    pub behaviours: Behaviours,
    /// Nodes whose kubelets do not serialize image pulls, whatever the configuration says.
    pub parallel_pulls_on: Vec<String>,
    /// Whether processes are told of to those who send requests.
    pub tell_processes: bool,
    /// Whether observers are told of each call to the runtime.
    pub trace_runtime: bool,
    /// Jitters of resyncs are the middle of their range instead of drawn.
    pub steady: bool,
}
