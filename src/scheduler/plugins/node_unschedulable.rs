//! NodeUnschedulable: a cordoned node takes only pods that tolerate the taint `node.kubernetes.io/unschedulable:NoSchedule`.
//! Real: pkg/scheduler/framework/plugins/nodeunschedulable/node_unschedulable.go @ v1.37.2. Modelled in full.

use super::taint_toleration::tolerates;
use crate::model::Taint;
use crate::scheduler::framework::{CycleState, Plugin, Reach, World};
use crate::scheduler::node_info::NodeInfo;
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::status::Status;

/// The plugin.
pub struct NodeUnschedulable;

impl Plugin for NodeUnschedulable {
    fn name(&self) -> &'static str {
        "NodeUnschedulable"
    }

    fn reach(&self, _: &World, _: &PodInfo) -> Reach {
        Reach::Node
    }

    fn filter(&self, _: &World, _: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        if !node.spec().unschedulable {
            return Ok(());
        }
        let taint = Taint { key: "node.kubernetes.io/unschedulable".into(), effect: "NoSchedule".into(), ..Taint::default() };
        let tolerated = pod.spec().tolerations.iter().any(|toleration| tolerates(toleration, &taint));
        if tolerated { Ok(()) } else { Err(Status::unresolvable("node(s) were unschedulable")) }
    }
}
