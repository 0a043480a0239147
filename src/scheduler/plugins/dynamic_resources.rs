//! DynamicResources: devices that pods claim.
//! Real: pkg/scheduler/framework/plugins/dynamicresources @ v1.37.2.

use crate::scheduler::framework::Plugin;

/// The plugin.
pub struct DynamicResources;

impl Plugin for DynamicResources {
    fn name(&self) -> &'static str {
        "DynamicResources"
    }
}
