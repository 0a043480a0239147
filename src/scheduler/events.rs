//! Cluster events: what may make a waiting pod schedulable, and which events an update of a pod or a node amounts to.
//! Real: staging/src/k8s.io/kube-scheduler/framework/types.go, pkg/scheduler/framework/{events,types}.go @ v1.37.2.

use crate::model::requests::{RequestOptions, pod_requests, surely_same_requests};
use crate::model::{Node, Object, Pod, ResourceList};
use smallvec::SmallVec;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::ops::BitOr;

/// What happened to a resource; several can be combined when a plugin says what it listens to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ActionType(u32);

macro_rules! actions {
    ($($(#[$doc:meta])* $name:ident = $bit:literal $label:literal;)*) => {
        impl ActionType {
            $($(#[$doc])* pub const $name: ActionType = ActionType(1 << $bit);)*

            fn single(self) -> Option<&'static str> {
                match self { $(Self::$name => Some($label),)* _ => None }
            }
        }
    };
}

actions! {
    /// It came.
    ADD = 0 "Add";
    /// It went.
    DELETE = 1 "Delete";
    /// A node offers something else.
    UPDATE_NODE_ALLOCATABLE = 2 "UpdateNodeAllocatable";
    /// A node's labels.
    UPDATE_NODE_LABEL = 3 "UpdateNodeLabel";
    /// A node's taints, or it was uncordoned.
    UPDATE_NODE_TAINT = 4 "UpdateNodeTaint";
    /// The status of a node's condition.
    UPDATE_NODE_CONDITION = 5 "UpdateNodeCondition";
    /// A node's annotations.
    UPDATE_NODE_ANNOTATION = 6 "UpdateNodeAnnotation";
    /// A node's declared features.
    UPDATE_NODE_DECLARED_FEATURE = 7 "UpdateNodeDeclaredFeature";
    /// A node's policy about preemption for resizes.
    UPDATE_NODE_PREEMPTION_POLICY = 8 "UpdateNodePreemptionPolicy";
    /// A pod's labels.
    UPDATE_POD_LABEL = 9 "UpdatePodLabel";
    /// A pod asks for less of something.
    UPDATE_POD_SCALE_DOWN = 10 "UpdatePodScaleDown";
    /// A pod asks for more of something.
    UPDATE_POD_SCALE_UP = 11 "UpdatePodScaleUp";
    /// A pod has another number of tolerations.
    UPDATE_POD_TOLERATION = 12 "UpdatePodToleration";
    /// A pod's last scheduling gate is gone.
    UPDATE_POD_SCHEDULING_GATES_ELIMINATED = 13 "UpdatePodSchedulingGatesEliminated";
    /// The claims made for a pod are named in its status.
    UPDATE_POD_GENERATED_RESOURCE_CLAIM = 14 "UpdatePodGeneratedResourceClaim";
}

impl ActionType {
    /// Everything.
    pub const ALL: ActionType = ActionType((1 << 15) - 1);
    /// Any update.
    pub const UPDATE: ActionType = ActionType(Self::ALL.0 & !Self::ADD.0 & !Self::DELETE.0);

    /// All of these.
    pub const fn union(bits: &[ActionType]) -> ActionType {
        let (mut out, mut at) = (0, 0);
        while at < bits.len() {
            out |= bits[at].0;
            at += 1;
        }
        ActionType(out)
    }

    /// Whether both have something in common.
    pub fn intersects(self, other: ActionType) -> bool {
        self.0 & other.0 != 0
    }

    /// The name in labels.
    fn name(self) -> &'static str {
        match self {
            Self::ALL => "All",
            Self::UPDATE => "Update",
            other => other.single().unwrap_or(""),
        }
    }
}

impl BitOr for ActionType {
    type Output = ActionType;
    fn bitor(self, other: ActionType) -> ActionType {
        ActionType(self.0 | other.0)
    }
}

impl fmt::Debug for ActionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({:#x})", self.name(), self.0)
    }
}

/// What an event is about.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Resource {
    /// A pod on a node.
    AssignedPod,
    /// The waiting pod itself.
    TargetPod,
    /// Another waiting pod.
    UnscheduledPod,
    /// A node.
    Node,
    /// A PersistentVolume.
    PersistentVolume,
    /// A PersistentVolumeClaim.
    PersistentVolumeClaim,
    /// A CSINode.
    CSINode,
    /// A CSIDriver.
    CSIDriver,
    /// A VolumeAttachment.
    VolumeAttachment,
    /// A CSIStorageCapacity.
    CSIStorageCapacity,
    /// A StorageClass.
    StorageClass,
    /// A ResourceClaim.
    ResourceClaim,
    /// A ResourceSlice.
    ResourceSlice,
    /// A DeviceClass.
    DeviceClass,
    /// Everything.
    WildCard,
}

impl Resource {
    /// The name in labels, with the API group where there is one.
    pub fn name(self) -> &'static str {
        match self {
            Resource::AssignedPod => "AssignedPod",
            Resource::TargetPod => "TargetPod",
            Resource::UnscheduledPod => "UnscheduledPod",
            Resource::Node => "Node",
            Resource::PersistentVolume => "PersistentVolume",
            Resource::PersistentVolumeClaim => "PersistentVolumeClaim",
            Resource::CSINode => "storage.k8s.io/CSINode",
            Resource::CSIDriver => "storage.k8s.io/CSIDriver",
            Resource::VolumeAttachment => "storage.k8s.io/VolumeAttachment",
            Resource::CSIStorageCapacity => "storage.k8s.io/CSIStorageCapacity",
            Resource::StorageClass => "storage.k8s.io/StorageClass",
            Resource::ResourceClaim => "resource.k8s.io/ResourceClaim",
            Resource::ResourceSlice => "resource.k8s.io/ResourceSlice",
            Resource::DeviceClass => "resource.k8s.io/DeviceClass",
            Resource::WildCard => "*",
        }
    }
}

/// A change in the cluster, as the queue hears of it; or what a plugin listens to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ClusterEvent {
    /// What it is about.
    pub resource: Resource,
    /// What happened.
    pub action: ActionType,
    /// Name of special events; empty for the others.
    pub custom_label: &'static str,
}

impl ClusterEvent {
    /// An assigned pod came, or a pod was bound.
    pub const ASSIGNED_POD_ADD: Self = Self::new(Resource::AssignedPod, ActionType::ADD);
    /// An assigned pod went.
    pub const ASSIGNED_POD_DELETE: Self = Self::new(Resource::AssignedPod, ActionType::DELETE);
    /// A pod to schedule came.
    pub const UNSCHEDULED_POD_ADD: Self = Self::new(Resource::UnscheduledPod, ActionType::ADD);
    /// A pod to schedule went.
    pub const UNSCHEDULED_POD_DELETE: Self = Self::new(Resource::UnscheduledPod, ActionType::DELETE);
    /// A node came.
    pub const NODE_ADD: Self = Self::new(Resource::Node, ActionType::ADD);
    /// A node went.
    pub const NODE_DELETE: Self = Self::new(Resource::Node, ActionType::DELETE);
    /// A pod was unschedulable for too long.
    pub const UNSCHEDULABLE_TIMEOUT: Self = Self::wild("UnschedulableTimeout");
    /// A plugin asked for the pod to be tried.
    pub const FORCE_ACTIVATE: Self = Self::wild("ForceActivate");

    /// An event.
    pub const fn new(resource: Resource, action: ActionType) -> Self {
        Self { resource, action, custom_label: "" }
    }

    const fn wild(custom_label: &'static str) -> Self {
        Self { resource: Resource::WildCard, action: ActionType::ALL, custom_label }
    }

    /// The name in records and metrics.
    pub fn label(&self) -> Cow<'static, str> {
        match self.custom_label {
            "" => Cow::Owned(format!("{}{}", self.resource.name(), self.action.name())),
            label => Cow::Borrowed(label),
        }
    }

    /// Whether it concerns every pod whatever the reason of its rejection.
    pub fn is_wildcard(&self) -> bool {
        self.resource == Resource::WildCard && self.action == ActionType::ALL
    }

    /// Whether someone who listens to `self` hears `event`: the same resource, and `event` is the same action or a more
    /// special one. A plain update is heard only by those who listen to all updates.
    pub fn hears(&self, event: &ClusterEvent) -> bool {
        let resource = self.resource == Resource::WildCard || self.resource == event.resource;
        self.is_wildcard() || resource && self.action.0 & event.action.0 != 0 && event.action <= self.action
    }
}

/// The events of one update; usually one.
pub type Events = SmallVec<[ClusterEvent; 2]>;

fn requests(pod: &Pod) -> ResourceList {
    pod_requests(pod, RequestOptions { use_status: true, ..RequestOptions::default() })
}

/// Whether something in `from` is absent or less in `to`.
fn shrinks(from: &ResourceList, to: &ResourceList) -> bool {
    from.iter().any(|(name, amount)| to.get(name).is_none_or(|other| amount.milli_value() > other.milli_value()))
}

/// What an update of a pod amounts to. `is_target` says that the event is for the waiting pod itself.
pub fn pod_events(new: &Object, old: &Object, is_target: bool) -> Events {
    let (new_pod, old_pod) = (new.as_pod().expect("the object is a pod"), old.as_pod().expect("the object is a pod"));
    let resource = match (new_pod.node_name.is_empty(), is_target) {
        (false, _) => Resource::AssignedPod,
        (true, true) => Resource::TargetPod,
        (true, false) => Resource::UnscheduledPod,
    };
    let mut out = Events::new();
    let mut note = |yes: bool, action| {
        if yes {
            out.push(ClusterEvent::new(resource, action));
        }
    };
    note(new.meta.labels != old.meta.labels, ActionType::UPDATE_POD_LABEL);
    if !surely_same_requests(old_pod, new_pod) {
        let (new_requests, old_requests) = (requests(new_pod), requests(old_pod));
        note(shrinks(&old_requests, &new_requests), ActionType::UPDATE_POD_SCALE_DOWN);
        note(shrinks(&new_requests, &old_requests), ActionType::UPDATE_POD_SCALE_UP);
    }
    let gates_gone = new_pod.spec.scheduling_gates.is_empty() && !old_pod.spec.scheduling_gates.is_empty();
    note(gates_gone, ActionType::UPDATE_POD_SCHEDULING_GATES_ELIMINATED);
    note(new_pod.spec.tolerations.len() != old_pod.spec.tolerations.len(), ActionType::UPDATE_POD_TOLERATION);
    let claims = new_pod.status.resource_claim_statuses != old_pod.status.resource_claim_statuses
        || new_pod.status.extended_resource_claim_status != old_pod.status.extended_resource_claim_status;
    note(claims, ActionType::UPDATE_POD_GENERATED_RESOURCE_CLAIM);
    if out.is_empty() {
        out.push(ClusterEvent::new(resource, ActionType::UPDATE));
    }
    out
}

/// What an update of a node amounts to; nothing if it cannot matter.
pub fn node_events(new: &Object, old: &Object) -> Events {
    let (new_node, old_node) = (new.as_node().expect("the object is a node"), old.as_node().expect("the object is a node"));
    let mut out = Events::new();
    let mut note = |yes: bool, action| {
        if yes {
            out.push(ClusterEvent::new(Resource::Node, action));
        }
    };
    // Uncordoning counts as a taint change, besides the change of the taint itself.
    note(old_node.spec.unschedulable && !new_node.spec.unschedulable, ActionType::UPDATE_NODE_TAINT);
    note(new_node.status.allocatable != old_node.status.allocatable, ActionType::UPDATE_NODE_ALLOCATABLE);
    note(new.meta.labels != old.meta.labels, ActionType::UPDATE_NODE_LABEL);
    note(new_node.spec.taints != old_node.spec.taints, ActionType::UPDATE_NODE_TAINT);
    note(conditions(new_node) != conditions(old_node), ActionType::UPDATE_NODE_CONDITION);
    note(new.meta.annotations != old.meta.annotations, ActionType::UPDATE_NODE_ANNOTATION);
    note(new_node.spec.pod_preemption_policy != old_node.spec.pod_preemption_policy, ActionType::UPDATE_NODE_PREEMPTION_POLICY);
    note(new_node.status.declared_features != old_node.status.declared_features, ActionType::UPDATE_NODE_DECLARED_FEATURE);
    out
}

/// The status of each condition; times and words do not matter.
fn conditions(node: &Node) -> BTreeMap<&str, &str> {
    node.status.conditions.iter().map(|condition| (condition.r#type.as_ref(), condition.status.as_ref())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn object(kind: &str, patch: Value) -> Object {
        let mut json = json!({"apiVersion": "v1", "kind": kind, "metadata": {"name": "x"}, "spec": {}});
        json_patch::merge(&mut json, &patch);
        Object::from_json(json).unwrap()
    }

    fn labels(events: Events) -> String {
        events.iter().map(|event| event.label().into_owned()).collect::<Vec<_>>().join("+")
    }

    #[test]
    fn an_update_of_a_pod_is_named_by_what_changed() {
        let pod = |patch| object("Pod", patch);
        let request = |cpu: &str| json!({"spec": {"containers": [{"name": "c", "resources": {"requests": {"cpu": cpu}}}]}});
        let old = pod(request("1"));
        assert_eq!(labels(pod_events(&pod(request("1")), &old, true)), "TargetPodUpdate");
        assert_eq!(labels(pod_events(&pod(request("500m")), &old, true)), "TargetPodUpdatePodScaleDown");
        assert_eq!(labels(pod_events(&pod(request("2")), &old, false)), "UnscheduledPodUpdatePodScaleUp");
        let mut both = request("1");
        json_patch::merge(
            &mut both,
            &json!({"metadata": {"labels": {"a": "b"}}, "spec": {"nodeName": "n", "tolerations": [{"operator": "Exists"}]}}),
        );
        assert_eq!(labels(pod_events(&pod(both), &old, true)), "AssignedPodUpdatePodLabel+AssignedPodUpdatePodToleration");
        let gated = pod(json!({"spec": {"schedulingGates": [{"name": "g"}]}}));
        assert_eq!(labels(pod_events(&pod(json!({})), &gated, true)), "TargetPodUpdatePodSchedulingGatesEliminated");
        let claimed = pod(json!({"status": {"resourceClaimStatuses": [{"name": "a", "resourceClaimName": "b"}]}}));
        assert_eq!(labels(pod_events(&claimed, &pod(json!({})), true)), "TargetPodUpdatePodGeneratedResourceClaim");
    }

    #[test]
    fn an_update_of_a_node_is_several_events() {
        let node = |patch| object("Node", patch);
        let taint = json!({"spec": {"unschedulable": true, "taints": [{"key": "k", "effect": "NoSchedule"}]}});
        let (cordoned, plain) = (node(taint), node(json!({})));
        assert_eq!(labels(node_events(&plain, &cordoned)), "NodeUpdateNodeTaint+NodeUpdateNodeTaint");
        assert_eq!(labels(node_events(&cordoned, &plain)), "NodeUpdateNodeTaint");
        let ready = |status: &str, time: &str| {
            node(json!({"status": {"conditions": [{"type": "Ready", "status": status, "lastHeartbeatTime": time}]}}))
        };
        let at = |hour: u32| format!("2026-06-01T0{hour}:00:00Z");
        assert!(node_events(&ready("True", &at(2)), &ready("True", &at(1))).is_empty());
        assert_eq!(labels(node_events(&ready("False", &at(2)), &ready("True", &at(1)))), "NodeUpdateNodeCondition");
        let amount = |cpu: &str| node(json!({"status": {"allocatable": {"cpu": cpu}}}));
        assert!(node_events(&amount("1"), &amount("1000m")).is_empty());
        assert_eq!(labels(node_events(&amount("2"), &amount("1"))), "NodeUpdateNodeAllocatable");
    }

    #[test]
    fn listeners_hear_the_same_or_more_special_events() {
        let on = |action| ClusterEvent::new(Resource::Node, action);
        let label = on(ActionType::UPDATE_NODE_LABEL);
        assert!(on(ActionType::ADD | ActionType::UPDATE_NODE_LABEL).hears(&label));
        assert!(on(ActionType::UPDATE).hears(&label));
        assert!(!label.hears(&on(ActionType::UPDATE)), "a plain update is nothing special");
        assert!(!label.hears(&ClusterEvent::new(Resource::TargetPod, ActionType::UPDATE_POD_LABEL)));
        assert!(ClusterEvent::FORCE_ACTIVATE.is_wildcard() && !label.is_wildcard());
        assert!(!on(ActionType::ALL).hears(&ClusterEvent::UNSCHEDULABLE_TIMEOUT));
        assert_eq!(ClusterEvent::UNSCHEDULABLE_TIMEOUT.label(), "UnschedulableTimeout");
        assert_eq!(ClusterEvent::new(Resource::CSINode, ActionType::UPDATE).label(), "storage.k8s.io/CSINodeUpdate");
    }
}
