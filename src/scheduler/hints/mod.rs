//! Queueing hints: which events each plugin listens to, and whether an event may change its mind about a pod.
//!
//! Each plugin that can reject a pod has a table of [`Registration`]s here; a plugin without one can never bring a pod back.
//!
//! Real: `EventsToRegister` of the plugins below pkg/scheduler/framework/plugins @ v1.37.2, with the default feature gates.

mod devices;
mod nodes;
mod pod_affinity;
mod resources;
mod topology_spread;
mod volumes;

use super::config::{PluginArgs, Profile, SchedulerConfiguration};
use super::events::{ActionType, ClusterEvent, Resource};
use super::framework::World;
use super::pod_info::PodInfo;
use crate::model::Obj;

/// What a hint may look at.
pub struct Context<'a> {
    /// What the scheduler knows of the cluster.
    pub world: &'a World,
    /// Arguments of the plugins of the pod's profile.
    pub args: &'a PluginArgs,
}

/// An event as a hint sees it: a waiting pod, and the object before and after.
pub struct Question<'a> {
    /// The pod that was rejected.
    pub pod: &'a PodInfo,
    /// The object before; none if it came.
    pub old: Option<&'a Obj>,
    /// The object after; none if it went.
    pub new: Option<&'a Obj>,
}

/// Says whether the pod may be schedulable now.
pub type HintFn = fn(&Context, &Question) -> bool;

/// An event that a plugin listens to.
pub struct Registration {
    /// The event.
    pub event: ClusterEvent,
    /// What decides; without it the event always counts.
    pub hint: Option<HintFn>,
}

const fn on(resource: Resource, action: ActionType, hint: HintFn) -> Registration {
    Registration { event: ClusterEvent::new(resource, action), hint: Some(hint) }
}

const fn always(resource: Resource, action: ActionType) -> Registration {
    Registration { event: ClusterEvent::new(resource, action), hint: None }
}

const fn any(bits: &[ActionType]) -> ActionType {
    ActionType::union(bits)
}

/// The events that a plugin listens to.
pub fn registrations(plugin: &str) -> &'static [Registration] {
    match plugin {
        "SchedulingGates" => nodes::SCHEDULING_GATES,
        "NodeName" => nodes::NODE_NAME,
        "NodeUnschedulable" => nodes::NODE_UNSCHEDULABLE,
        "TaintToleration" => nodes::TAINT_TOLERATION,
        "NodeAffinity" => nodes::NODE_AFFINITY,
        "NodePorts" => nodes::NODE_PORTS,
        "NodeDeclaredFeatures" => nodes::NODE_DECLARED_FEATURES,
        "NodeResourcesFit" => resources::NODE_RESOURCES_FIT,
        "VolumeRestrictions" => volumes::VOLUME_RESTRICTIONS,
        "NodeVolumeLimits" => volumes::NODE_VOLUME_LIMITS,
        "VolumeBinding" => volumes::VOLUME_BINDING,
        "VolumeZone" => volumes::VOLUME_ZONE,
        "PodTopologySpread" => topology_spread::POD_TOPOLOGY_SPREAD,
        "InterPodAffinity" => pod_affinity::INTER_POD_AFFINITY,
        "DynamicResources" => devices::DYNAMIC_RESOURCES,
        "DefaultPreemption" => DEFAULT_PREEMPTION,
        "GpuShare" => GPU_SHARE,
        _ => &[],
    }
}

/// A GPU pod waits for GPUs: of a pod that goes, or of a node that comes or changes.
const GPU_SHARE: &[Registration] = &[
    always(Resource::AssignedPod, ActionType::DELETE),
    always(Resource::Node, any(&[ActionType::ADD, ActionType::UPDATE_NODE_ALLOCATABLE, ActionType::UPDATE_NODE_LABEL])),
];

/// Its gate is reopened by a pod that goes, but for its sake no pod comes back.
const DEFAULT_PREEMPTION: &[Registration] = &[on(Resource::AssignedPod, ActionType::DELETE, |_, _| false)];

/// All that the profiles of a configuration listen to.
#[derive(Clone, Debug, Default)]
pub struct Listening {
    events: Vec<ClusterEvent>,
    plugins: Vec<Vec<&'static str>>,
}

impl Listening {
    /// Collects the events of all plugins that the profiles have.
    pub fn new(config: &SchedulerConfiguration) -> Self {
        let mut out = Self::default();
        for profile in &config.profiles {
            out.plugins.push(profile.plugins.instances.clone());
            for registration in profile.plugins.instances.iter().flat_map(|plugin| registrations(plugin)) {
                if !out.events.contains(&registration.event) {
                    out.events.push(registration.event);
                }
            }
        }
        out
    }

    /// Whether any plugin listens to the event.
    pub fn is_of_interest(&self, event: &ClusterEvent) -> bool {
        event.is_wildcard() || self.events.iter().any(|own| own.hears(event))
    }

    /// Whether a plugin of some profile listens to the event.
    pub fn listens(&self, plugin: &str, event: &ClusterEvent) -> bool {
        self.plugins.iter().any(|plugins| plugins.contains(&plugin)) && registrations(plugin).iter().any(|own| own.event.hears(event))
    }

    /// Whether changes of this kind are watched at all: the real scheduler asks the API only for what some plugin listens to.
    pub fn watches(&self, resource: Resource, action: ActionType) -> bool {
        self.events.iter().any(|own| own.resource == resource && own.action.intersects(action))
    }
}

/// Whether a plugin of the profile, which rejected the pod, thinks that the event may change that.
pub fn ask(world: &World, profile: &Profile, plugin: &str, event: &ClusterEvent, question: &Question) -> bool {
    if !profile.has(plugin) {
        return false;
    }
    let context = Context { world, args: &profile.args };
    let mut heard = registrations(plugin).iter().filter(|own| own.event.hears(event));
    heard.any(|own| own.hint.is_none_or(|hint| hint(&context, question)))
}

#[cfg(test)]
mod tests;
