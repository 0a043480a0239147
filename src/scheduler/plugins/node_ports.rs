//! NodePorts: a host port serves one pod of a node.
//! Real: pkg/scheduler/framework/plugins/nodeports/node_ports.go @ v1.37.2. Modelled in full.

use crate::scheduler::framework::{CycleState, Plugin, PreFilterResult, Reach, World};
use crate::scheduler::node_info::NodeInfo;
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::status::Status;

/// The plugin.
pub struct NodePorts;

impl Plugin for NodePorts {
    fn name(&self) -> &'static str {
        "NodePorts"
    }

    fn reach(&self, _: &World, _: &PodInfo) -> Reach {
        Reach::Node
    }

    fn pre_filter(&self, _: &World, _: &mut CycleState, pod: &PodInfo) -> PreFilterResult {
        if pod.traits.host_ports.is_empty() { PreFilterResult::Skip } else { PreFilterResult::Pass }
    }

    fn filter(&self, _: &World, _: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        let taken = pod.traits.host_ports.iter().any(|port| node.port_taken(port));
        if taken { Err(Status::unschedulable("node(s) didn't have free ports for the requested pod ports")) } else { Ok(()) }
    }
}
