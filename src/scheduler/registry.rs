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
        _ => return Err(format!("plugin {name:?} is not simulated")),
    })
}
