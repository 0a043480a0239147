//! Hints of NodeResourcesFit.
//! Real: pkg/scheduler/framework/plugins/noderesources/fit.go @ v1.37.2.

use super::nodes::has_or_will_have_node;
use super::{Context, Question, Registration, always, any, on};
use crate::model::requests::{RequestOptions, Resource as Amounts, pod_requests};
use crate::model::{Node, Pod};
use crate::scheduler::devices::is_backed_by_devices;
use crate::scheduler::events::{ActionType as A, Resource};

pub(super) const NODE_RESOURCES_FIT: &[Registration] = &[
    on(Resource::AssignedPod, A::DELETE, |_, q| q.old.and_then(|pod| pod.as_pod()).is_none_or(has_or_will_have_node)),
    on(Resource::Node, any(&[A::ADD, A::UPDATE_NODE_ALLOCATABLE]), node_change),
    on(Resource::DeviceClass, any(&[A::ADD, A::UPDATE]), device_class),
    on(Resource::AssignedPod, A::UPDATE_POD_SCALE_DOWN, other_scaled_down),
    always(Resource::TargetPod, A::UPDATE_POD_SCALE_DOWN),
];

fn requested(pod: &Pod) -> Amounts {
    Amounts::from_list(&pod_requests(pod, RequestOptions::default()))
}

fn offered(node: &Node) -> Amounts {
    Amounts::from_list(&node.status.allocatable)
}

/// The empty node can take the pod, and it is new or offers more of something that the pod asks for.
fn node_change(context: &Context, q: &Question) -> bool {
    let Some(node) = q.new.and_then(|node| node.as_node()) else { return true };
    let (request, now) = (requested(q.pod.pod()), offered(node));
    let by_devices = |name: &str, offer: &Amounts| offer.scalar(name) == 0 && is_backed_by_devices(context.world, name);
    let fits = now.allowed_pod_number >= 1
        && request.milli_cpu <= now.milli_cpu.max(0)
        && request.memory <= now.memory.max(0)
        && request.ephemeral_storage <= now.ephemeral_storage.max(0)
        && request.scalars.iter().all(|(name, amount)| *amount <= 0 || *amount <= now.scalar(name) || by_devices(name, &now));
    if !fits {
        return false;
    }
    let Some(before) = q.old.and_then(|node| node.as_node()).map(offered) else { return true };
    now.allowed_pod_number > before.allowed_pod_number
        || request.milli_cpu > 0 && now.milli_cpu > before.milli_cpu
        || request.memory > 0 && now.memory > before.memory
        || request.ephemeral_storage > 0 && now.ephemeral_storage > before.ephemeral_storage
        || request.scalars.iter().any(|(name, amount)| *amount != 0 && (now.scalar(name) > before.scalar(name) || by_devices(name, &now)))
}

/// A class came, or got the name of a resource, that the pod asks for.
fn device_class(_: &Context, q: &Question) -> bool {
    let class = |object: &crate::model::Obj| object.as_device_class().and_then(|class| class.spec.extended_resource_name.clone());
    let Some(new) = q.new else { return true };
    let requests = pod_requests(q.pod.pod(), RequestOptions::default());
    let name = class(new);
    match q.old {
        Some(old) if class(old).unwrap_or_default() == name.clone().unwrap_or_default() => return false,
        Some(_) => {}
        None if requests.contains_key(format!("deviceclass.resource.kubernetes.io/{}", new.meta.name).as_str()) => return true,
        None => {}
    }
    name.is_some_and(|name| requests.contains_key(name.as_str()))
}

/// A pod on a node asks for less of something that the waiting pod asks for.
fn other_scaled_down(_: &Context, q: &Question) -> bool {
    let (Some(old), Some(new)) = (q.old.and_then(|pod| pod.as_pod()), q.new.and_then(|pod| pod.as_pod())) else { return true };
    if new.node_name.is_empty() {
        return false;
    }
    let with_status = RequestOptions { use_status: true, ..RequestOptions::default() };
    let amounts = |pod: &Pod| Amounts::from_list(&pod_requests(pod, with_status));
    let (old, new, wanted) = (amounts(old), amounts(new), amounts(q.pod.pod()));
    wanted.milli_cpu != 0 && old.milli_cpu > new.milli_cpu
        || wanted.memory != 0 && old.memory > new.memory
        || wanted.ephemeral_storage != 0 && old.ephemeral_storage > new.ephemeral_storage
        || wanted.scalars.iter().any(|(name, amount)| *amount != 0 && old.scalar(name) > new.scalar(name))
}
