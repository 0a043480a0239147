//! PrioritySort: in the queue, higher priority comes first, then the pod that has waited longer.
//! Real: pkg/scheduler/framework/plugins/queuesort/priority_sort.go @ v1.37.2. The order itself is kept by the queue.

use crate::scheduler::framework::{Plugin, Reach, World};
use crate::scheduler::pod_info::PodInfo;

/// The plugin.
pub struct PrioritySort;

impl Plugin for PrioritySort {
    fn name(&self) -> &'static str {
        "PrioritySort"
    }

    fn reach(&self, _: &World, _: &PodInfo) -> Reach {
        Reach::Node
    }
}
