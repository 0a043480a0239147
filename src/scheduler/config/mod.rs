//! KubeSchedulerConfiguration: read strictly, defaulted, validated, resolved into profiles with one plugin list per
//! extension point. The resolved form is what the rest of the scheduler sees.
//!
//! Real: cmd/kube-scheduler/app/options, pkg/scheduler/apis/config, pkg/scheduler/framework/runtime/framework.go @ v1.37.2.
//! Not simulated: HTTP extenders (an error says so), plugins behind feature gates that are off by default.

mod args;
mod decode;
mod plugins;
pub mod points;
mod validation;
mod written;

pub use args::{
    DefaultPreemptionArgs, DynamicResourcesArgs, FgdArgs, InterPodAffinityArgs, NodeAffinityArgs, NodeResourcesBalancedAllocationArgs,
    NodeResourcesFitArgs, PluginArgs, PodTopologySpreadArgs, PodTopologySpreadConstraintsDefaulting, RandomArgs, ResourceSpec,
    ScoringStrategy, ScoringStrategyType, UtilizationShapePoint, VolumeBindingArgs,
};
pub use plugins::PluginLists;
pub use points::Point;

use crate::actor::client::Limits;
use crate::base::Span;
use serde_json::Value;

/// The API group.
const GROUP: &str = "kubescheduler.config.k8s.io";
/// Group and version that are read.
pub const API_VERSION: &str = "kubescheduler.config.k8s.io/v1";
/// The kind.
pub const KIND: &str = "KubeSchedulerConfiguration";
/// The profile of pods that name no scheduler.
pub const DEFAULT_SCHEDULER_NAME: &str = "default-scheduler";

/// Why a configuration is not taken. The message is kube-scheduler's, where that has one.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct ConfigError(String);

/// One profile: what pods that name it meet.
#[derive(Clone, PartialEq, Debug)]
pub struct Profile {
    /// `spec.schedulerName` of its pods.
    pub scheduler_name: String,
    /// Share of nodes to score in percent; 0 is adaptive. `None` takes the configuration's.
    pub percentage_of_nodes_to_score: Option<i32>,
    /// Plugins by extension point, in order.
    pub plugins: PluginLists,
    /// Arguments of the plugins.
    pub args: PluginArgs,
}

impl Profile {
    /// Whether the profile has an instance of the plugin.
    pub fn has(&self, plugin: &str) -> bool {
        self.plugins.instances.contains(&plugin)
    }
}

/// A whole configuration.
#[derive(Clone, PartialEq, Debug)]
pub struct SchedulerConfiguration {
    /// Workers of the real scheduler's search. The simulator searches with one, whatever is said here.
    pub parallelism: i32,
    /// How fast its client may ask the API server (`clientConnection`); a negative rate means no limit.
    pub client: Limits,
    /// Share of nodes to score in percent; 0 is adaptive.
    pub percentage_of_nodes_to_score: i32,
    /// Backoff after the first failed attempt; doubled each time.
    pub pod_initial_backoff: Span,
    /// Longest backoff.
    pub pod_max_backoff: Span,
    /// How long a pod stays in the unschedulable pool before it is tried without reason. A command line flag, no field.
    pub pod_max_in_unschedulable_pods: Span,
    /// The profiles; at least one.
    pub profiles: Vec<Profile>,
}

impl Default for SchedulerConfiguration {
    fn default() -> Self {
        let value = serde_json::json!({"apiVersion": API_VERSION, "kind": KIND});
        Self::from_value(value).expect("the default configuration is valid")
    }
}

impl SchedulerConfiguration {
    /// Reads YAML or JSON text.
    ///
    /// ```
    /// use kubesim::scheduler::config::SchedulerConfiguration;
    /// let text = "
    /// apiVersion: kubescheduler.config.k8s.io/v1
    /// kind: KubeSchedulerConfiguration
    /// profiles:
    /// - schedulerName: packer
    ///   plugins:
    ///     score:
    ///       disabled: [{name: ImageLocality}]
    ///       enabled: [{name: NodeResourcesFit, weight: 5}]
    /// ";
    /// let config = SchedulerConfiguration::from_text(text).unwrap();
    /// assert_eq!(config.profiles[0].plugins.score[0], ("NodeResourcesFit", 5));
    /// ```
    pub fn from_text(text: &str) -> Result<Self, ConfigError> {
        let options = serde_saphyr::options! { legacy_octal_numbers: true, strict_booleans: false };
        let value = serde_saphyr::from_str_with_options(text, options);
        Self::from_value(value.map_err(|error| ConfigError(format!("error converting YAML to JSON: {error}")))?)
    }

    /// Reads a parsed document.
    pub fn from_value(value: Value) -> Result<Self, ConfigError> {
        let written = written::read(value).map_err(ConfigError)?;
        validation::validate(&written).map_err(ConfigError)?;
        if let Some(extender) = written.extenders.first() {
            let message = format!("HTTP extenders are not simulated (extenders[0].urlPrefix is {:?})", extender.url_prefix);
            return Err(ConfigError(message));
        }
        let profiles = written.profiles.into_iter().map(resolve).collect::<Result<Vec<_>, _>>();
        let seconds = |seconds: i64| Span::from_s(u64::try_from(seconds).unwrap_or(0));
        Ok(SchedulerConfiguration {
            parallelism: written.parallelism,
            client: Limits { qps: written.qps, burst: u32::try_from(written.burst).unwrap_or(0) },
            percentage_of_nodes_to_score: written.percentage_of_nodes_to_score,
            pod_initial_backoff: seconds(written.pod_initial_backoff_seconds),
            pod_max_backoff: seconds(written.pod_max_backoff_seconds),
            pod_max_in_unschedulable_pods: Span::from_s(300),
            profiles: profiles.map_err(|error| ConfigError(format!("initializing profiles: {error}")))?,
        })
    }

    /// The profile of a pod's `spec.schedulerName`.
    pub fn profile(&self, scheduler_name: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.scheduler_name == scheduler_name)
    }
}

fn resolve(written: written::WrittenProfile) -> Result<Profile, String> {
    let scheduler_name = written.scheduler_name.expect("validation asks for a name");
    let in_profile = |error: String| format!("creating profile for scheduler name {scheduler_name}: {error}");
    let mut args = PluginArgs::default();
    for (name, own) in written.plugin_config {
        if let args::WrittenArgs::Fit(fit) = &own {
            validation::validate_fit(fit).map_err(|error| in_profile(format!("initializing plugin {name:?}: {error}")))?;
        }
        own.resolve(&mut args);
    }
    let plugins = plugins::expand(&written.plugins, &scheduler_name).map_err(in_profile)?;
    Ok(Profile { scheduler_name, percentage_of_nodes_to_score: written.percentage_of_nodes_to_score, plugins, args })
}

#[cfg(test)]
mod tests;
