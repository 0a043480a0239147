//! DefaultBinder: binds the pod to the chosen node by writing `spec.nodeName` through the API.
//! Real: pkg/scheduler/framework/plugins/defaultbinder/default_binder.go @ v1.37.2. The write itself is done by whoever drives the scheduler.

use crate::scheduler::framework::{Plugin, Reach, World};
use crate::scheduler::pod_info::PodInfo;

/// The plugin.
pub struct DefaultBinder;

impl Plugin for DefaultBinder {
    fn name(&self) -> &'static str {
        "DefaultBinder"
    }

    fn reach(&self, _: &World, _: &PodInfo) -> Reach {
        Reach::Node
    }
}
