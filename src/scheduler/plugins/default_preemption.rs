//! DefaultPreemption: a pod that fits nowhere may push out pods of lower priority.
//! Real: pkg/scheduler/framework/plugins/defaultpreemption/default_preemption.go @ v1.37.2.
//! The search itself is in `scheduler::preemption`; evicting the victims is done by whoever drives the scheduler.

use crate::scheduler::config::DefaultPreemptionArgs;
use crate::scheduler::framework::{CycleState, Diagnosis, Plugin, PostFilterResult, Reach, World};
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::preemption::{Limits, preempt};
use crate::scheduler::runtime::Framework;
use crate::scheduler::status::Status;

/// The plugin.
pub struct DefaultPreemption {
    limits: Limits,
}

impl DefaultPreemption {
    /// With the profile's arguments.
    pub fn new(args: &DefaultPreemptionArgs) -> Self {
        let limits = Limits { min_percentage: args.min_candidate_nodes_percentage, min_absolute: args.min_candidate_nodes_absolute };
        Self { limits }
    }
}

impl Plugin for DefaultPreemption {
    fn name(&self) -> &'static str {
        "DefaultPreemption"
    }

    fn reach(&self, _: &World, _: &PodInfo) -> Reach {
        Reach::Node
    }

    fn post_filter(
        &self,
        framework: &Framework,
        world: &World,
        state: &CycleState,
        pod: &PodInfo,
        diagnosis: &Diagnosis,
    ) -> PostFilterResult {
        let result = preempt(framework, world, state, pod, diagnosis, self.limits);
        let status = result
            .status
            .map(|status| Status { reasons: [format!("preemption: {}", status.message()).into()].into_iter().collect(), ..status });
        PostFilterResult { message: format!("preemption: {}", result.message), status, ..result }
    }
}
