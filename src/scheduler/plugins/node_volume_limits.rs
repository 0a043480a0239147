//! NodeVolumeLimits: a node can attach only so many volumes of a CSI driver.
//! Real: pkg/scheduler/framework/plugins/nodevolumelimits/csi.go @ v1.37.2. Modelled; of the in-tree volumes those that CSI has taken over.

use crate::model::{CSINode, Kind, Obj, PersistentVolume, Volume};
use crate::scheduler::claims::{claim, claim_class, claim_is_for_pod, not_found, pod_claims, storage_class};
use crate::scheduler::framework::{CycleState, Plugin, PreFilterResult, Reach, World};
use crate::scheduler::node_info::NodeInfo;
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::status::Status;
use std::collections::{BTreeMap, BTreeSet};

/// In-tree plugins that CSI drivers have taken over, with the driver's name.
const MIGRATED: [(&str, &str); 5] = [
    ("kubernetes.io/aws-ebs", "ebs.csi.aws.com"),
    ("kubernetes.io/gce-pd", "pd.csi.storage.gke.io"),
    ("kubernetes.io/azure-disk", "disk.csi.azure.com"),
    ("kubernetes.io/cinder", "cinder.csi.openstack.org"),
    ("kubernetes.io/portworx-volume", "pxd.portworx.com"),
];

/// A volume as drivers know it: driver and handle.
type Handle = (String, String);

/// The plugin.
pub struct NodeVolumeLimits;

fn inline(volume: &Volume) -> Option<Handle> {
    let aws = volume.aws_elastic_block_store.as_ref().map(|source| ("ebs.csi.aws.com", &source.volume_id));
    let gce = volume.gce_persistent_disk.as_ref().map(|source| ("pd.csi.storage.gke.io", &source.pd_name));
    let azure = volume.azure_disk.as_ref().map(|source| ("disk.csi.azure.com", &source.disk_uri));
    aws.or(gce).or(azure).map(|(driver, handle)| (driver.to_owned(), handle.clone()))
}

fn handle_of_volume(volume: &PersistentVolume, migrated: bool) -> Option<Handle> {
    let spec = &volume.spec;
    if let Some(csi) = &spec.csi {
        return Some((csi.driver.clone(), csi.volume_handle.clone()));
    }
    let aws = spec.aws_elastic_block_store.as_ref().map(|source| ("ebs.csi.aws.com", &source.volume_id));
    let gce = spec.gce_persistent_disk.as_ref().map(|source| ("pd.csi.storage.gke.io", &source.pd_name));
    let azure = spec.azure_disk.as_ref().map(|source| ("disk.csi.azure.com", &source.disk_uri));
    aws.or(gce).or(azure).filter(|_| migrated).map(|(driver, handle)| (driver.to_owned(), handle.clone()))
}

/// The driver and handle of a claim's volume; of a claim without a volume, those that it would get.
fn handle_of_claim(world: &World, object: &Obj, migrated: bool) -> Option<Handle> {
    let volume = world.listers.get_api(Kind::PersistentVolume, "", &claim(object).spec.volume_name);
    if let Some(volume) = volume.and_then(|volume| volume.as_persistent_volume()) {
        return handle_of_volume(volume, migrated);
    }
    let class = storage_class(world, claim_class(object))?;
    let driver = match MIGRATED.iter().find(|(plugin, _)| *plugin == class.provisioner) {
        Some(_) if !migrated => return None,
        Some((_, driver)) => (*driver).to_owned(),
        None => class.provisioner.clone(),
    };
    // No real handle can look like this.
    Some((driver, format!("\0{}/{}", object.meta.namespace, object.meta.name)))
}

/// The volumes of a pod that a driver has to attach.
fn handles(world: &World, pod: &PodInfo, migrated: bool, new: bool) -> Result<BTreeSet<Handle>, Status> {
    let mut out: BTreeSet<Handle> = if migrated { pod.spec().volumes.iter().filter_map(inline).collect() } else { BTreeSet::new() };
    for wanted in pod_claims(pod) {
        let Some(object) = world.listers.get_api(Kind::PersistentVolumeClaim, pod.namespace(), &wanted.name) else {
            if new {
                let text = not_found(Kind::PersistentVolumeClaim, &wanted.name);
                return Err(Status::unresolvable(format!("looking up PVC {}/{}: {text}", pod.namespace(), wanted.name)));
            }
            continue;
        };
        if wanted.ephemeral {
            claim_is_for_pod(object, pod).map_err(Status::error)?;
        }
        out.extend(handle_of_claim(world, object, migrated));
    }
    out.retain(|(driver, handle)| !driver.is_empty() && !handle.is_empty());
    Ok(out)
}

/// Whether a driver that asks for it is missing on the node.
fn is_missing(world: &World, driver: &str, node: Option<&CSINode>) -> bool {
    let object = world.listers.get(Kind::CSIDriver, "", driver).and_then(|object| object.as_csi_driver());
    object.is_some_and(|object| object.spec.prevent_pod_scheduling_if_missing == Some(true))
        && !node.is_some_and(|node| node.spec.drivers.iter().any(|there| there.name == driver))
}

fn attachments(world: &World, node: &str) -> BTreeSet<Handle> {
    let of = |object: &Obj| {
        let spec = &object.as_volume_attachment()?.spec;
        let volume = world.listers.get_api(Kind::PersistentVolume, "", spec.source.persistent_volume_name.as_deref()?)?;
        let csi = volume.as_persistent_volume()?.spec.csi.as_ref()?;
        (spec.node_name == node && !spec.attacher.is_empty()).then(|| (spec.attacher.clone(), csi.volume_handle.clone()))
    };
    world.listers.all(Kind::VolumeAttachment).filter_map(of).collect()
}

impl Plugin for NodeVolumeLimits {
    fn name(&self) -> &'static str {
        "NodeVolumeLimits"
    }

    fn reach(&self, _: &World, pod: &PodInfo) -> Reach {
        let counts = |volume: &Volume| volume.persistent_volume_claim.is_some() || volume.ephemeral.is_some() || inline(volume).is_some();
        if pod.spec().volumes.iter().any(counts) { Reach::World } else { Reach::Node }
    }

    fn pre_filter(&self, _: &World, _: &mut CycleState, pod: &PodInfo) -> PreFilterResult {
        let counts = |volume: &Volume| volume.persistent_volume_claim.is_some() || volume.ephemeral.is_some() || inline(volume).is_some();
        if pod.spec().volumes.iter().any(counts) { PreFilterResult::Pass } else { PreFilterResult::Skip }
    }

    fn filter(&self, world: &World, _: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        let csi_node = world.listers.get(Kind::CSINode, "", &node.name).and_then(|object| object.as_csi_node());
        let migrated = csi_node.is_some();
        let mut wanted = handles(world, pod, migrated, true)?;
        if let Some((driver, _)) = wanted.iter().find(|(driver, _)| is_missing(world, driver, csi_node)) {
            return Err(Status::unschedulable(format!("{driver} CSI driver is not installed on the node")));
        }
        let limit = |driver: &crate::model::CSINodeDriver| Some((driver.name.clone(), i64::from(driver.allocatable.as_ref()?.count?)));
        let limits: BTreeMap<String, i64> = csi_node.into_iter().flat_map(|node| &node.spec.drivers).filter_map(limit).collect();
        if wanted.is_empty() || limits.is_empty() {
            return Ok(());
        }
        let mut attached = BTreeSet::new();
        for other in node.pods.iter().filter(|other| !other.spec().volumes.is_empty()) {
            attached.extend(handles(world, other, migrated, false)?);
        }
        wanted.retain(|handle| !attached.contains(handle));
        attached.extend(attachments(world, &node.name));
        let count = |set: &BTreeSet<Handle>, driver: &str| set.iter().filter(|(name, _)| name == driver).count() as i64;
        let too_many = |(driver, limit): (&String, &i64)| match count(&wanted, driver) {
            0 => false,
            new => count(&attached, driver) + new > *limit,
        };
        if limits.iter().any(too_many) { Err(Status::unschedulable("node(s) exceed max volume count")) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn volumes_in_tree_are_known_by_their_csi_driver() {
        let volume: Volume = serde_json::from_value(json!({"name": "v", "gcePersistentDisk": {"pdName": "d"}})).unwrap();
        assert_eq!(inline(&volume), Some(("pd.csi.storage.gke.io".into(), "d".into())));
        let volume: PersistentVolume = serde_json::from_value(json!({"spec": {"awsElasticBlockStore": {"volumeID": "d"}}})).unwrap();
        assert_eq!(
            (handle_of_volume(&volume, true), handle_of_volume(&volume, false)),
            (Some(("ebs.csi.aws.com".into(), "d".into())), None)
        );
    }
}
