//! Devices of nodes: which are there, which are taken, which match (dynamic resource allocation with structured parameters).
//! Real: staging/src/k8s.io/dynamic-resource-allocation, pkg/scheduler/framework/plugins/dynamicresources @ v1.37.2.

use super::framework::World;
use super::node_info::NodeInfo;
use crate::model::Kind;

/// Whether devices may stand in for an extended resource that a node does not offer itself.
pub fn is_backed_by_devices(world: &World, resource: &str) -> bool {
    world.listers.all(Kind::DeviceClass).any(|class| {
        let name = class.as_device_class().and_then(|class| class.spec.extended_resource_name.as_deref());
        name == Some(resource) || resource.strip_prefix("deviceclass.resource.kubernetes.io/") == Some(&*class.meta.name)
    })
}

/// How many devices of a node could stand in for an extended resource, and how many of them are taken.
pub fn extended_resource_load(_world: &World, _node: &NodeInfo, _resource: &str) -> Option<(i64, i64)> {
    None
}
