//! Arguments of the plugins: how they are written, their defaults.
//! Real: staging/src/k8s.io/kube-scheduler/config/v1/types_pluginargs.go and pkg/scheduler/apis/config/v1/defaults.go @ v1.37.2.

use super::decode::{DecodeError, Fields};
use crate::model::{NodeAffinity, TopologySpreadConstraint};
use crate::scheduler::gpu_sharing::fragmentation::TypicalPod;
use serde_json::Value;

/// Arguments of DefaultPreemption.
#[derive(Clone, PartialEq, Debug)]
pub struct DefaultPreemptionArgs {
    /// Share of the nodes, in percent, among which candidates are looked for at least.
    pub min_candidate_nodes_percentage: i32,
    /// The same as a number of nodes; the larger of the two counts.
    pub min_candidate_nodes_absolute: i32,
}

impl Default for DefaultPreemptionArgs {
    fn default() -> Self {
        Self { min_candidate_nodes_percentage: 10, min_candidate_nodes_absolute: 100 }
    }
}

/// Arguments of InterPodAffinity.
#[derive(Clone, PartialEq, Debug)]
pub struct InterPodAffinityArgs {
    /// Weight of other pods' required affinity in the score.
    pub hard_pod_affinity_weight: i32,
    /// Whether preferred terms of existing pods count only for pods that have some of their own.
    pub ignore_preferred_terms_of_existing_pods: bool,
}

impl Default for InterPodAffinityArgs {
    fn default() -> Self {
        Self { hard_pod_affinity_weight: 1, ignore_preferred_terms_of_existing_pods: false }
    }
}

/// Arguments of NodeAffinity.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct NodeAffinityArgs {
    /// Affinity added to every pod of the profile.
    pub added_affinity: Option<NodeAffinity>,
}

/// A resource and its weight in a score.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResourceSpec {
    /// Name of the resource.
    pub name: String,
    /// Weight, 1..=100.
    pub weight: i64,
}

/// A point of a piecewise linear function from utilisation to score.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UtilizationShapePoint {
    /// Utilisation in percent.
    pub utilization: i32,
    /// Score, 0..=10.
    pub score: i32,
}

/// How NodeResourcesFit scores.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ScoringStrategyType {
    /// The emptier the better.
    #[default]
    LeastAllocated,
    /// The fuller the better.
    MostAllocated,
    /// By a function of the utilisation.
    RequestedToCapacityRatio,
}

impl ScoringStrategyType {
    pub(super) const NAMES: [&'static str; 3] = ["LeastAllocated", "MostAllocated", "RequestedToCapacityRatio"];

    pub(super) fn parse(name: &str) -> Option<ScoringStrategyType> {
        Some(match name {
            "LeastAllocated" => Self::LeastAllocated,
            "MostAllocated" => Self::MostAllocated,
            "RequestedToCapacityRatio" => Self::RequestedToCapacityRatio,
            _ => return None,
        })
    }
}

/// Scoring of NodeResourcesFit.
#[derive(Clone, PartialEq, Debug)]
pub struct ScoringStrategy {
    /// The strategy.
    pub strategy: ScoringStrategyType,
    /// Resources with their weights.
    pub resources: Vec<ResourceSpec>,
    /// The function of RequestedToCapacityRatio; empty for the others.
    pub shape: Vec<UtilizationShapePoint>,
}

/// Arguments of NodeResourcesFit.
#[derive(Clone, PartialEq, Debug)]
pub struct NodeResourcesFitArgs {
    /// Extended resources that the filter does not look at.
    pub ignored_resources: Vec<String>,
    /// Groups (the part before the slash) of such resources.
    pub ignored_resource_groups: Vec<String>,
    /// Scoring.
    pub scoring_strategy: ScoringStrategy,
}

impl Default for NodeResourcesFitArgs {
    fn default() -> Self {
        let scoring_strategy =
            ScoringStrategy { strategy: ScoringStrategyType::LeastAllocated, resources: default_resources(), shape: Vec::new() };
        Self { ignored_resources: Vec::new(), ignored_resource_groups: Vec::new(), scoring_strategy }
    }
}

/// Arguments of NodeResourcesBalancedAllocation.
#[derive(Clone, PartialEq, Debug)]
pub struct NodeResourcesBalancedAllocationArgs {
    /// Resources; the weight is always 1.
    pub resources: Vec<ResourceSpec>,
}

impl Default for NodeResourcesBalancedAllocationArgs {
    fn default() -> Self {
        Self { resources: default_resources() }
    }
}

/// Where PodTopologySpread takes the constraints of pods without their own from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum PodTopologySpreadConstraintsDefaulting {
    /// The built-in ones: zone and hostname, both soft.
    #[default]
    System,
    /// The configured list.
    List,
}

/// Arguments of PodTopologySpread.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PodTopologySpreadArgs {
    /// Constraints for pods that have none; their selector comes from services and owners.
    pub default_constraints: Vec<TopologySpreadConstraint>,
    /// Which constraints those are.
    pub defaulting_type: PodTopologySpreadConstraintsDefaulting,
}

/// Arguments of VolumeBinding.
#[derive(Clone, PartialEq, Debug)]
pub struct VolumeBindingArgs {
    /// How long the binding of volumes may take.
    pub bind_timeout_seconds: i64,
    /// Score by utilisation of the storage capacity.
    pub shape: Vec<UtilizationShapePoint>,
}

impl Default for VolumeBindingArgs {
    fn default() -> Self {
        let shape = vec![UtilizationShapePoint { utilization: 0, score: 10 }, UtilizationShapePoint { utilization: 100, score: 0 }];
        Self { bind_timeout_seconds: 600, shape }
    }
}

/// Arguments of DynamicResources.
#[derive(Clone, PartialEq, Debug)]
pub struct DynamicResourcesArgs {
    /// Longest time of one node's filtering, in nanoseconds; 0 is without limit.
    pub filter_timeout_ns: i64,
    /// Longest time of waiting for device bindings, in nanoseconds.
    pub binding_timeout_ns: i64,
}

impl Default for DynamicResourcesArgs {
    fn default() -> Self {
        Self { filter_timeout_ns: 10_000_000_000, binding_timeout_ns: 600_000_000_000 }
    }
}

/// Arguments of FGD.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct FgdArgs {
    /// The pods that usually come; empty: what is on the nodes.
    pub typical_pods: Vec<TypicalPod>,
}

/// Arguments of Random.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct RandomArgs {
    /// What the draws depend on beside the pod; a run gives its own seed if there is none.
    pub seed: Option<u64>,
}

/// The arguments of all plugins that take some, with defaults for those that were not configured.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PluginArgs {
    /// Of DefaultPreemption.
    pub default_preemption: DefaultPreemptionArgs,
    /// Of InterPodAffinity.
    pub inter_pod_affinity: InterPodAffinityArgs,
    /// Of NodeAffinity.
    pub node_affinity: NodeAffinityArgs,
    /// Of NodeResourcesFit.
    pub node_resources_fit: NodeResourcesFitArgs,
    /// Of NodeResourcesBalancedAllocation.
    pub node_resources_balanced_allocation: NodeResourcesBalancedAllocationArgs,
    /// Of PodTopologySpread.
    pub pod_topology_spread: PodTopologySpreadArgs,
    /// Of VolumeBinding.
    pub volume_binding: VolumeBindingArgs,
    /// Of DynamicResources.
    pub dynamic_resources: DynamicResourcesArgs,
    /// Of FGD.
    pub fgd: FgdArgs,
    /// Of Random.
    pub random: RandomArgs,
}

/// NodeResourcesFit's arguments as written, after defaulting and before validation.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct WrittenFitArgs {
    pub ignored_resources: Vec<String>,
    pub ignored_resource_groups: Vec<String>,
    pub strategy: String,
    pub resources: Vec<ResourceSpec>,
    pub shape: Option<Vec<UtilizationShapePoint>>,
}

/// Arguments as written, defaulted, before validation.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum WrittenArgs {
    DefaultPreemption(DefaultPreemptionArgs),
    InterPodAffinity(InterPodAffinityArgs),
    NodeAffinity(NodeAffinityArgs),
    Fit(WrittenFitArgs),
    Balanced(NodeResourcesBalancedAllocationArgs),
    PodTopologySpread {
        default_constraints: Vec<TopologySpreadConstraint>,
        defaulting_type: String,
    },
    VolumeBinding(VolumeBindingArgs),
    DynamicResources(DynamicResourcesArgs),
    Fgd(FgdArgs),
    Random(RandomArgs),
    /// Of a plugin without known arguments; kept unread.
    Unknown(Value),
}

fn default_resources() -> Vec<ResourceSpec> {
    ["cpu", "memory"].map(|name| ResourceSpec { name: name.into(), weight: 1 }).into()
}

fn resources(fields: &mut Fields, unknown: &mut Vec<String>) -> Result<Vec<ResourceSpec>, DecodeError> {
    let mut out = Vec::new();
    for mut item in fields.objects("resources", "ResourceSpec")? {
        let weight = item.int64("weight")?.unwrap_or(0);
        out.push(ResourceSpec { name: item.text("name")?.unwrap_or_default(), weight: if weight == 0 { 1 } else { weight } });
        item.finish(unknown);
    }
    Ok(if out.is_empty() { default_resources() } else { out })
}

fn shape(fields: &mut Fields, unknown: &mut Vec<String>) -> Result<Vec<UtilizationShapePoint>, DecodeError> {
    let mut out = Vec::new();
    for mut item in fields.objects("shape", "UtilizationShapePoint")? {
        let (utilization, score) = (item.int32("utilization")?.unwrap_or(0), item.int32("score")?.unwrap_or(0));
        out.push(UtilizationShapePoint { utilization, score });
        item.finish(unknown);
    }
    Ok(out)
}

fn fit(fields: &mut Fields, unknown: &mut Vec<String>) -> Result<WrittenFitArgs, DecodeError> {
    let mut out = WrittenFitArgs {
        ignored_resources: fields.texts("ignoredResources")?,
        ignored_resource_groups: fields.texts("ignoredResourceGroups")?,
        strategy: "LeastAllocated".into(),
        resources: default_resources(),
        shape: None,
    };
    if let Some(mut strategy) = fields.object("scoringStrategy", "ScoringStrategy")? {
        out.strategy = strategy.text("type")?.unwrap_or_default();
        out.resources = resources(&mut strategy, unknown)?;
        if let Some(mut ratio) = strategy.object("requestedToCapacityRatio", "RequestedToCapacityRatioParam")? {
            out.shape = Some(shape(&mut ratio, unknown)?);
            ratio.finish(unknown);
        }
        strategy.finish(unknown);
    }
    Ok(out)
}

fn typical_pods(fields: &mut Fields, unknown: &mut Vec<String>) -> Result<Vec<TypicalPod>, DecodeError> {
    let mut out = Vec::new();
    for mut item in fields.objects("typicalPods", "TypicalPod")? {
        out.push(TypicalPod {
            cpu_milli: item.int64("cpuMilli")?.unwrap_or(0),
            gpu_milli: item.int64("gpuMilli")?.unwrap_or(0),
            gpus: item.int64("gpus")?.unwrap_or(0),
            models: item.text("models")?.unwrap_or_default().into(),
            weight: item.raw("weight").and_then(|value| value.as_f64()).unwrap_or(1.0),
        });
        item.finish(unknown);
    }
    Ok(out)
}

fn typed<T: serde::de::DeserializeOwned + Default>(fields: &mut Fields, key: &str) -> Result<T, DecodeError> {
    let Some(value) = fields.raw(key) else { return Ok(T::default()) };
    serde_json::from_value(value).map_err(|error| format!("json: {key}: {error}"))
}

/// Whether a plugin has arguments of its own type.
pub(super) fn takes_args(plugin: &str) -> bool {
    matches!(
        plugin,
        "DefaultPreemption"
            | "InterPodAffinity"
            | "NodeAffinity"
            | "NodeResourcesFit"
            | "NodeResourcesBalancedAllocation"
            | "PodTopologySpread"
            | "VolumeBinding"
            | "DynamicResources"
            | "FGD"
            | "Random"
    )
}

/// Reads the arguments of a plugin and fills in the defaults. Unknown fields are added to `unknown`.
pub(super) fn read(plugin: &str, value: Value, unknown: &mut Vec<String>) -> Result<WrittenArgs, DecodeError> {
    if !takes_args(plugin) {
        return Ok(WrittenArgs::Unknown(value));
    }
    let mut fields = Fields::top(value, "PluginArgs")?;
    let (api_version, kind) = (fields.text("apiVersion")?, fields.text("kind")?);
    let wanted = format!("{plugin}Args");
    if let Some(kind) = kind.filter(|kind| *kind != wanted) {
        let group = api_version.as_deref().unwrap_or(super::API_VERSION).split('/').next().unwrap_or_default().to_string();
        return Err(format!("args for plugin {plugin} were not of type {wanted}.{}, got {kind}.{group}", super::GROUP));
    }
    let out = match plugin {
        "DefaultPreemption" => WrittenArgs::DefaultPreemption(DefaultPreemptionArgs {
            min_candidate_nodes_percentage: fields.int32("minCandidateNodesPercentage")?.unwrap_or(10),
            min_candidate_nodes_absolute: fields.int32("minCandidateNodesAbsolute")?.unwrap_or(100),
        }),
        "InterPodAffinity" => WrittenArgs::InterPodAffinity(InterPodAffinityArgs {
            hard_pod_affinity_weight: fields.int32("hardPodAffinityWeight")?.unwrap_or(1),
            ignore_preferred_terms_of_existing_pods: fields.flag("ignorePreferredTermsOfExistingPods")?.unwrap_or(false),
        }),
        "NodeAffinity" => WrittenArgs::NodeAffinity(NodeAffinityArgs { added_affinity: typed(&mut fields, "addedAffinity")? }),
        "NodeResourcesFit" => WrittenArgs::Fit(fit(&mut fields, unknown)?),
        "NodeResourcesBalancedAllocation" => {
            WrittenArgs::Balanced(NodeResourcesBalancedAllocationArgs { resources: resources(&mut fields, unknown)? })
        }
        "PodTopologySpread" => WrittenArgs::PodTopologySpread {
            default_constraints: typed(&mut fields, "defaultConstraints")?,
            defaulting_type: fields.text("defaultingType")?.filter(|text| !text.is_empty()).unwrap_or("System".into()),
        },
        "VolumeBinding" => {
            let bind_timeout_seconds = fields.int64("bindTimeoutSeconds")?.unwrap_or(600);
            let shape = shape(&mut fields, unknown)?;
            let shape = if shape.is_empty() { VolumeBindingArgs::default().shape } else { shape };
            WrittenArgs::VolumeBinding(VolumeBindingArgs { bind_timeout_seconds, shape })
        }
        "FGD" => WrittenArgs::Fgd(FgdArgs { typical_pods: typical_pods(&mut fields, unknown)? }),
        "Random" => {
            let seed = fields.int64("seed")?;
            WrittenArgs::Random(RandomArgs { seed: seed.map(|seed| seed as u64) })
        }
        _ => {
            let defaults = DynamicResourcesArgs::default();
            WrittenArgs::DynamicResources(DynamicResourcesArgs {
                filter_timeout_ns: fields.duration_ns("filterTimeout")?.unwrap_or(defaults.filter_timeout_ns),
                binding_timeout_ns: fields.duration_ns("bindingTimeout")?.unwrap_or(defaults.binding_timeout_ns),
            })
        }
    };
    fields.finish(unknown);
    Ok(out)
}

impl WrittenArgs {
    /// Puts validated arguments in their place.
    pub fn resolve(self, into: &mut PluginArgs) {
        match self {
            WrittenArgs::DefaultPreemption(args) => into.default_preemption = args,
            WrittenArgs::InterPodAffinity(args) => into.inter_pod_affinity = args,
            WrittenArgs::NodeAffinity(args) => into.node_affinity = args,
            WrittenArgs::Fit(args) => {
                into.node_resources_fit = NodeResourcesFitArgs {
                    ignored_resources: args.ignored_resources,
                    ignored_resource_groups: args.ignored_resource_groups,
                    scoring_strategy: ScoringStrategy {
                        strategy: ScoringStrategyType::parse(&args.strategy).expect("the strategy was validated"),
                        resources: args.resources,
                        shape: args.shape.unwrap_or_default(),
                    },
                };
            }
            WrittenArgs::Balanced(args) => into.node_resources_balanced_allocation = args,
            WrittenArgs::PodTopologySpread { default_constraints, defaulting_type } => {
                let defaulting_type = match defaulting_type.as_str() {
                    "List" => PodTopologySpreadConstraintsDefaulting::List,
                    _ => PodTopologySpreadConstraintsDefaulting::System,
                };
                into.pod_topology_spread = PodTopologySpreadArgs { default_constraints, defaulting_type };
            }
            WrittenArgs::VolumeBinding(args) => into.volume_binding = args,
            WrittenArgs::DynamicResources(args) => into.dynamic_resources = args,
            WrittenArgs::Fgd(args) => into.fgd = args,
            WrittenArgs::Random(args) => into.random = args,
            WrittenArgs::Unknown(_) => {}
        }
    }
}
