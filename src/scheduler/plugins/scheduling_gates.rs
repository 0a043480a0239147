//! SchedulingGates: a pod with gates does not enter the queue before all of them are taken away.
//! Real: pkg/scheduler/framework/plugins/schedulinggates/scheduling_gates.go @ v1.37.2. Modelled in full.

use crate::scheduler::framework::{Plugin, Reach, World};
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::status::Status;

/// The plugin.
pub struct SchedulingGates;

impl Plugin for SchedulingGates {
    fn name(&self) -> &'static str {
        "SchedulingGates"
    }

    fn reach(&self, _: &World, _: &PodInfo) -> Reach {
        Reach::Node
    }

    fn pre_enqueue(&self, _: &World, pod: &PodInfo) -> Result<(), Status> {
        let gates: Vec<_> = pod.spec().scheduling_gates.iter().map(|gate| gate.name.as_str()).collect();
        if gates.is_empty() { Ok(()) } else { Err(Status::unresolvable(format!("waiting for scheduling gates: [{}]", gates.join(" ")))) }
    }
}
