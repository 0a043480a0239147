//! NodeName: a pod that names its node may only run there.
//! Real: pkg/scheduler/framework/plugins/nodename/node_name.go @ v1.37.2. Modelled in full.

use crate::scheduler::framework::{CycleState, Plugin, PreFilterResult, Reach, World};
use crate::scheduler::node_info::NodeInfo;
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::status::Status;

/// The plugin.
pub struct NodeName;

impl Plugin for NodeName {
    fn name(&self) -> &'static str {
        "NodeName"
    }

    fn reach(&self, _: &World, _: &PodInfo) -> Reach {
        Reach::Node
    }

    fn pre_filter(&self, _: &World, _: &mut CycleState, pod: &PodInfo) -> PreFilterResult {
        let wanted = &pod.pod().node_name;
        // The real one lets the filter run for every pod; without a wish it passes every node.
        if wanted.is_empty() { PreFilterResult::Skip } else { PreFilterResult::Nodes([wanted.clone()].into()) }
    }

    fn filter(&self, _: &World, _: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        let wanted = &pod.pod().node_name;
        if wanted.is_empty() || *wanted == node.name {
            Ok(())
        } else {
            Err(Status::unresolvable("node(s) didn't match the requested node name"))
        }
    }
}
