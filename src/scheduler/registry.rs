//! The list of plugins: a new one is one file and one line here (and one in `config::points`).
//! Real: pkg/scheduler/framework/plugins/registry.go @ v1.37.2.

use super::config::PluginArgs;
use super::framework::Plugin;
use super::plugins::*;

/// Makes a plugin by its name.
pub fn new_plugin(name: &str, args: &PluginArgs) -> Result<Box<dyn Plugin>, String> {
    Ok(match name {
        "SchedulingGates" => Box::new(scheduling_gates::SchedulingGates),
        "PrioritySort" => Box::new(priority_sort::PrioritySort),
        "NodeName" => Box::new(node_name::NodeName),
        "NodeUnschedulable" => Box::new(node_unschedulable::NodeUnschedulable),
        "TaintToleration" => Box::new(taint_toleration::TaintToleration),
        "NodeAffinity" => Box::new(node_affinity::NodeAffinity::new(&args.node_affinity)?),
        "NodePorts" => Box::new(node_ports::NodePorts),
        "NodeResourcesFit" => Box::new(node_resources_fit::NodeResourcesFit::new(&args.node_resources_fit)),
        "DefaultPreemption" => Box::new(default_preemption::DefaultPreemption::new(&args.default_preemption)),
        "NodeResourcesBalancedAllocation" => {
            Box::new(node_resources_balanced_allocation::NodeResourcesBalancedAllocation::new(&args.node_resources_balanced_allocation))
        }
        "DefaultBinder" => Box::new(default_binder::DefaultBinder),
        "VolumeRestrictions" => Box::new(volume_restrictions::VolumeRestrictions),
        "NodeVolumeLimits" => Box::new(node_volume_limits::NodeVolumeLimits),
        "VolumeBinding" => Box::new(volume_binding::VolumeBinding::new(&args.volume_binding)),
        "VolumeZone" => Box::new(volume_zone::VolumeZone),
        "PodTopologySpread" => Box::new(pod_topology_spread::PodTopologySpread::new(&args.pod_topology_spread)),
        "InterPodAffinity" => Box::new(inter_pod_affinity::InterPodAffinity::new(&args.inter_pod_affinity)),
        "DynamicResources" => Box::new(dynamic_resources::DynamicResources::default()),
        "ImageLocality" => Box::new(image_locality::ImageLocality),
        "NodeDeclaredFeatures" => Box::new(node_declared_features::NodeDeclaredFeatures),
        "FGD" => Box::new(fgd::Fgd::new(&args.fgd)),
        "BestFit" => Box::new(best_fit::PLUGIN),
        "DotProd" => Box::new(dot_prod::PLUGIN),
        "GpuPacking" => Box::new(gpu_packing::PLUGIN),
        "GpuClustering" => Box::new(gpu_clustering::GpuClustering),
        "Random" => Box::new(random::Random::new(&args.random)),
        "GpuShare" => Box::new(gpu_share::GpuShare),
        _ => return Err(format!("plugin {name:?} is not simulated")),
    })
}
