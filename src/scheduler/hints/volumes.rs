//! Hints of the volume plugins.
//! Real: pkg/scheduler/framework/plugins/{volumerestrictions,nodevolumelimits,volumebinding,volumezone} @ v1.37.2.

use super::nodes::has_or_will_have_node;
use super::{Context, Question, Registration, always, any, on};
use crate::model::{CSINode, CSIStorageCapacity, Obj, PersistentVolumeClaim, Pod, Quantity, StorageClass, Volume};
use crate::scheduler::events::{ActionType as A, Resource};
use crate::scheduler::pod_info::PodInfo;
use std::collections::{BTreeMap, BTreeSet};

pub(super) const VOLUME_RESTRICTIONS: &[Registration] = &[
    on(Resource::AssignedPod, A::DELETE, released_volume),
    always(Resource::Node, A::ADD),
    on(Resource::PersistentVolumeClaim, A::ADD, |_, q| names_claim(q, false)),
];

pub(super) const NODE_VOLUME_LIMITS: &[Registration] = &[
    always(Resource::CSINode, A::ADD),
    on(Resource::CSINode, A::UPDATE, |_, q| match (csi_node(q.old), csi_node(q.new)) {
        (Some(old), Some(new)) => limit_raised(old, new),
        _ => true,
    }),
    on(Resource::AssignedPod, A::DELETE, |_, q| {
        let Some(pod) = q.old.and_then(|pod| pod.as_pod()) else { return true };
        let counts =
            |volume: &Volume| volume.persistent_volume_claim.is_some() || volume.ephemeral.is_some() || migrated_driver(volume).is_some();
        has_or_will_have_node(pod) && pod.spec.volumes.iter().any(counts)
    }),
    on(Resource::PersistentVolumeClaim, A::ADD, |_, q| names_claim(q, true)),
    on(Resource::VolumeAttachment, A::DELETE, detached),
];

pub(super) const VOLUME_BINDING: &[Registration] = &[
    on(Resource::StorageClass, any(&[A::ADD, A::UPDATE]), |_, q| {
        let topologies = |class: &StorageClass| class.allowed_topologies.clone();
        let class = |object: Option<&Obj>| object.and_then(|object| object.as_storage_class()).map(topologies);
        q.old.is_none() || class(q.old) != class(q.new)
    }),
    on(Resource::PersistentVolumeClaim, any(&[A::ADD, A::UPDATE]), |_, q| names_claim(q, true)),
    always(Resource::PersistentVolume, any(&[A::ADD, A::UPDATE])),
    always(Resource::Node, any(&[A::ADD, A::UPDATE_NODE_LABEL])),
    on(Resource::CSINode, any(&[A::ADD, A::UPDATE]), |_, q| {
        let migrated =
            |object: &Obj| object.meta.annotations.get("storage.alpha.kubernetes.io/migrated-plugins").unwrap_or_default().to_string();
        q.old.is_none_or(|old| q.new.is_none_or(|new| migrated(old) != migrated(new)))
    }),
    on(Resource::CSIDriver, A::UPDATE, capacity_tracking_ended),
    on(Resource::CSIStorageCapacity, any(&[A::ADD, A::UPDATE]), |_, q| {
        let limit = |object: Option<&Obj>| object.and_then(|object| object.as_csi_storage_capacity()).and_then(volume_limit);
        q.old.is_none() || limit(q.new).is_some_and(|new| limit(q.old).is_none_or(|old| new.value() > old.value()))
    }),
];

pub(super) const VOLUME_ZONE: &[Registration] = &[
    on(Resource::StorageClass, A::ADD, |_, q| {
        let class = q.new.and_then(|object| object.as_storage_class());
        class.is_none_or(|class| class.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer"))
    }),
    always(Resource::Node, any(&[A::ADD, A::UPDATE_NODE_LABEL])),
    on(Resource::PersistentVolumeClaim, any(&[A::ADD, A::UPDATE]), |_, q| names_claim(q, false)),
    on(Resource::PersistentVolume, any(&[A::ADD, A::UPDATE]), |_, q| match (q.old, q.new) {
        (Some(old), Some(new)) => zones(old) != zones(new),
        _ => true,
    }),
];

/// Whether the claim that came or changed is one of the pod's; the claims of ephemeral volumes count if `ephemeral` says so.
fn names_claim(q: &Question, ephemeral: bool) -> bool {
    let Some(claim) = q.new else { return true };
    debug_assert!(claim.as_persistent_volume_claim().is_some_and(|_: &PersistentVolumeClaim| true));
    let named = |volume: &Volume| match (&volume.persistent_volume_claim, &volume.ephemeral) {
        (Some(source), _) => *source.claim_name == *claim.meta.name,
        (None, Some(_)) if ephemeral => format!("{}-{}", q.pod.object.meta.name, volume.name) == *claim.meta.name,
        _ => false,
    };
    claim.meta.namespace == *q.pod.namespace() && q.pod.spec().volumes.iter().any(named)
}

/// The pod that went used a volume that the waiting pod cannot share, or one of its claims.
fn released_volume(_: &Context, q: &Question) -> bool {
    let Some(gone) = q.old else { return true };
    let volumes: &[Volume] = &gone.as_pod().expect("the object is a pod").spec.volumes;
    gone.meta.namespace == *q.pod.namespace() && (conflicts(q.pod, volumes) || shares_claim(q.pod.pod(), volumes))
}

fn shares_claim(pod: &Pod, volumes: &[Volume]) -> bool {
    let claim = |volume: &Volume| volume.persistent_volume_claim.as_ref().map(|source| source.claim_name.clone());
    let own: Vec<_> = pod.spec.volumes.iter().filter_map(claim).collect();
    volumes.iter().filter_map(claim).any(|name| own.contains(&name))
}

fn conflicts(pod: &PodInfo, volumes: &[Volume]) -> bool {
    pod.spec().volumes.iter().any(|own| volumes.iter().any(|other| volume_conflict(own, other)))
}

/// Whether two pods with these volumes cannot be on one node.
fn volume_conflict(a: &Volume, b: &Volume) -> bool {
    let gce = a.gce_persistent_disk.as_ref().zip(b.gce_persistent_disk.as_ref());
    let ebs = a.aws_elastic_block_store.as_ref().zip(b.aws_elastic_block_store.as_ref());
    let iscsi = a.iscsi.as_ref().zip(b.iscsi.as_ref());
    let rbd = a.rbd.as_ref().zip(b.rbd.as_ref());
    gce.is_some_and(|(a, b)| a.pd_name == b.pd_name && !(a.read_only && b.read_only))
        || ebs.is_some_and(|(a, b)| a.volume_id == b.volume_id)
        || iscsi.is_some_and(|(a, b)| a.iqn == b.iqn && !(a.read_only && b.read_only))
        || rbd.is_some_and(|(a, b)| {
            let monitor = a.monitors.iter().any(|monitor| b.monitors.contains(monitor));
            monitor && a.pool == b.pool && a.image == b.image && !(a.read_only && b.read_only)
        })
}

/// The CSI driver that serves an in-tree volume today.
fn migrated_driver(volume: &Volume) -> Option<&'static str> {
    [
        (volume.aws_elastic_block_store.is_some(), "ebs.csi.aws.com"),
        (volume.gce_persistent_disk.is_some(), "pd.csi.storage.gke.io"),
        (volume.rest.get("cinder").is_some(), "cinder.csi.openstack.org"),
        (volume.azure_disk.is_some(), "disk.csi.azure.com"),
        (volume.rest.get("azureFile").is_some(), "file.csi.azure.com"),
        (volume.rest.get("vsphereVolume").is_some(), "csi.vsphere.vmware.com"),
        (volume.rest.get("portworxVolume").is_some(), "pxd.portworx.com"),
    ]
    .into_iter()
    .find_map(|(is_it, driver)| is_it.then_some(driver))
}

fn csi_node(object: Option<&Obj>) -> Option<&CSINode> {
    object.and_then(|object| object.as_csi_node())
}

/// Whether some driver takes more volumes than before. No limit counts as 0.
fn limit_raised(old: &CSINode, new: &CSINode) -> bool {
    let limits = |node: &CSINode| -> BTreeMap<String, i32> {
        let count = |driver: &crate::model::CSINodeDriver| driver.allocatable.as_ref().and_then(|a| a.count).unwrap_or(0);
        node.spec.drivers.iter().map(|driver| (driver.name.clone(), count(driver))).collect()
    };
    let before = limits(old);
    limits(new).into_iter().any(|(name, count)| count > before.get(&name).copied().unwrap_or(0))
}

/// A volume was detached: a pod with claims may have room now, or one whose in-tree volume the same driver serves.
fn detached(_: &Context, q: &Question) -> bool {
    let Some(attachment) = q.old.and_then(|object| object.as_volume_attachment()) else { return true };
    let concerns =
        |volume: &Volume| volume.persistent_volume_claim.is_some() || migrated_driver(volume) == Some(attachment.spec.attacher.as_str());
    q.pod.spec().volumes.iter().any(concerns)
}

/// The driver of an inline volume of the pod no longer publishes capacities. Claims are not looked at.
fn capacity_tracking_ended(_: &Context, q: &Question) -> bool {
    let (Some(old), Some(new)) = (q.old.and_then(|o| o.as_csi_driver()), q.new.and_then(|o| o.as_csi_driver())) else { return true };
    let name = &q.new.expect("there is a new one").meta.name;
    let uses = |volume: &Volume| volume.csi.as_ref().is_some_and(|csi| *csi.driver == **name);
    let ended = old.spec.storage_capacity == Some(true) && new.spec.storage_capacity != Some(true);
    ended && q.pod.spec().volumes.iter().any(uses)
}

/// The greatest volume that fits.
fn volume_limit(capacity: &CSIStorageCapacity) -> Option<Quantity> {
    capacity.maximum_volume_size.or(capacity.capacity)
}

/// The zones and regions of a volume; a label that cannot be read is left out.
fn zones(volume: &Obj) -> Vec<(&'static str, BTreeSet<String>)> {
    const KEYS: [&str; 4] = [
        "failure-domain.beta.kubernetes.io/zone",
        "failure-domain.beta.kubernetes.io/region",
        "topology.kubernetes.io/zone",
        "topology.kubernetes.io/region",
    ];
    let read = |key: &'static str| {
        let parts: BTreeSet<String> = volume.meta.labels.get(key)?.split("__").map(|part| part.trim().to_string()).collect();
        (!parts.contains("")).then_some((key, parts))
    };
    KEYS.into_iter().filter_map(read).collect()
}
