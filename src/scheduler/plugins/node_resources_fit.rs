//! NodeResourcesFit: a node must have room for what the pod asks for; scored by how full it would be.
//! Real: pkg/scheduler/framework/plugins/noderesources/fit.go @ v1.37.2. Modelled in full.

use super::resource_allocation::{Resources, Strategy};
use crate::model::Str;
use crate::model::requests::{RequestOptions, Resource, is_extended_resource_name, pod_requests};
use crate::scheduler::config::NodeResourcesFitArgs;
use crate::scheduler::devices::{extended_resource_load, is_backed_by_devices};
use crate::scheduler::framework::{CycleState, Plugin, PreFilterResult, PreScoreResult, Reach, World};
use crate::scheduler::node_info::{NodeId, NodeInfo};
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::status::{Code, Reason, Status};
use smallvec::SmallVec;

/// The plugin.
pub struct NodeResourcesFit {
    ignored: Vec<String>,
    ignored_groups: Vec<String>,
    resources: Resources,
    strategy: Strategy,
}

/// What a pod asks for.
#[derive(Clone, Debug)]
struct Wanted {
    request: Resource,
    /// Scalar resources that count, and whether devices may stand in for them.
    scalars: Vec<(Str, i64, bool)>,
}

struct Asked {
    amounts: Vec<i64>,
    /// Whether some resource of the score may be backed by devices.
    devices: bool,
}

impl NodeResourcesFit {
    /// With the profile's arguments.
    pub fn new(args: &NodeResourcesFitArgs) -> Self {
        Self {
            ignored: args.ignored_resources.clone(),
            ignored_groups: args.ignored_resource_groups.clone(),
            resources: Resources::for_fit(&args.scoring_strategy.resources),
            strategy: Strategy::new(&args.scoring_strategy),
        }
    }

    fn is_ignored(&self, name: &str) -> bool {
        is_extended_resource_name(name)
            && (self.ignored.iter().any(|ignored| ignored == name)
                || self.ignored_groups.iter().any(|group| name.split('/').next() == Some(group.as_str())))
    }
}

impl Plugin for NodeResourcesFit {
    fn name(&self) -> &'static str {
        "NodeResourcesFit"
    }

    fn reach(&self, world: &World, pod: &PodInfo) -> Reach {
        // Devices may stand in for extended resources, and they are shared by nodes.
        let mut names = pod.traits.request.resource.scalars.iter().map(|(name, _)| &**name).chain(self.resources.names());
        if names.any(|name| is_backed_by_devices(world, name)) { Reach::World } else { Reach::Node }
    }

    fn pre_filter(&self, world: &World, state: &mut CycleState, pod: &PodInfo) -> PreFilterResult {
        let request = Resource::from_list(&pod_requests(pod.pod(), RequestOptions::default()));
        let counts = |(name, amount): &&(Str, i64)| *amount > 0 && !self.is_ignored(name);
        let scalars =
            request.scalars.iter().filter(counts).map(|(name, amount)| (name.clone(), *amount, is_backed_by_devices(world, name)));
        state.put(Wanted { scalars: scalars.collect(), request });
        PreFilterResult::Pass
    }

    fn filter(&self, _: &World, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        let wanted = state.get::<Wanted>().expect("PreFilter has run");
        let (offered, used, request) = (&node.allocatable, &node.requested, &wanted.request);
        let mut reasons: SmallVec<[Reason; 1]> = SmallVec::new();
        let mut hopeless = false;
        if node.pods.len() as i64 + 1 > offered.allowed_pod_number {
            reasons.push("Too many pods".into());
        }
        let mut check = |asked: i64, offered: i64, used: i64, reason: &dyn Fn() -> Reason| {
            // A resource that is not asked for is not looked at, even on an overcommitted node.
            if asked > 0 && asked > offered - used {
                reasons.push(reason());
                hopeless |= asked > offered;
            }
        };
        check(request.milli_cpu, offered.milli_cpu, used.milli_cpu, &|| "Insufficient cpu".into());
        check(request.memory, offered.memory, used.memory, &|| "Insufficient memory".into());
        check(request.ephemeral_storage, offered.ephemeral_storage, used.ephemeral_storage, &|| "Insufficient ephemeral-storage".into());
        for (name, asked, by_devices) in &wanted.scalars {
            let there = offered.scalar(name);
            if !by_devices || there > 0 {
                check(*asked, there, used.scalar(name), &|| format!("Insufficient {name}").into());
            }
        }
        if reasons.is_empty() {
            return Ok(());
        }
        let code = if hopeless { Code::UnschedulableAndUnresolvable } else { Code::Unschedulable };
        Err(Status { reasons, ..Status::bare(code) })
    }

    fn pre_score(&self, world: &World, state: &mut CycleState, pod: &PodInfo, _: &[NodeId]) -> PreScoreResult {
        let devices = self.resources.names().any(|name| is_backed_by_devices(world, name));
        state.put(Asked { amounts: self.resources.of_pod(pod.pod()), devices });
        PreScoreResult::Pass
    }

    fn score(&self, world: &World, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> Result<i64, Status> {
        let asked = state.get::<Asked>().expect("PreScore has run");
        let lookup = |name: &str| if asked.devices { extended_resource_load(world, node, name) } else { None };
        Ok(self.strategy.score(self.resources.loads(node, &asked.amounts, &lookup)))
    }
}
