//! VolumeRestrictions: disks that only one pod may mount, and claims that only one pod of the cluster may use (ReadWriteOncePod).
//! Real: pkg/scheduler/framework/plugins/volumerestrictions/volume_restrictions.go @ v1.37.2. Modelled in full.

use crate::model::{Kind, Str, Volume};
use crate::scheduler::claims::{claim, not_found};
use crate::scheduler::framework::{CycleState, Plugin, PreFilterResult, Reach, World};
use crate::scheduler::node_info::NodeInfo;
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::status::Status;
use std::collections::BTreeSet;

/// The plugin.
pub struct VolumeRestrictions;

/// Exclusive claims of the pod and how often others use them.
#[derive(Clone, Debug)]
struct Exclusive {
    claims: BTreeSet<Str>,
    users: i64,
}

fn is_restricted(volume: &Volume) -> bool {
    volume.gce_persistent_disk.is_some() || volume.aws_elastic_block_store.is_some() || volume.rbd.is_some() || volume.iscsi.is_some()
}

fn clash(a: &Volume, b: &Volume) -> bool {
    let gce = |(a, b): (&crate::model::GCEPersistentDiskVolumeSource, &crate::model::GCEPersistentDiskVolumeSource)| {
        a.pd_name == b.pd_name && !(a.read_only && b.read_only)
    };
    let aws = a.aws_elastic_block_store.as_ref().zip(b.aws_elastic_block_store.as_ref()).is_some_and(|(a, b)| a.volume_id == b.volume_id);
    let iscsi = a.iscsi.as_ref().zip(b.iscsi.as_ref()).is_some_and(|(a, b)| a.iqn == b.iqn && !(a.read_only && b.read_only));
    let rbd = a.rbd.as_ref().zip(b.rbd.as_ref()).is_some_and(|(a, b)| {
        a.monitors.iter().any(|monitor| b.monitors.contains(monitor))
            && a.pool == b.pool
            && a.image == b.image
            && !(a.read_only && b.read_only)
    });
    a.gce_persistent_disk.as_ref().zip(b.gce_persistent_disk.as_ref()).is_some_and(gce) || aws || iscsi || rbd
}

fn exclusive_claims(world: &World, pod: &PodInfo) -> Result<BTreeSet<Str>, String> {
    let mut out = BTreeSet::new();
    for source in pod.spec().volumes.iter().filter_map(|volume| volume.persistent_volume_claim.as_ref()) {
        let object = world.listers.get_api(Kind::PersistentVolumeClaim, pod.namespace(), &source.claim_name);
        let object = object.ok_or_else(|| not_found(Kind::PersistentVolumeClaim, &source.claim_name))?;
        if claim(object).spec.access_modes.iter().any(|mode| mode == "ReadWriteOncePod") {
            out.insert(object.meta.name.clone());
        }
    }
    Ok(out)
}

fn shift(state: &mut CycleState, other: &PodInfo, delta: i64) {
    let Some(exclusive) = state.get_mut::<Exclusive>() else { return };
    // As in the real one, claims of the same name in other namespaces count too.
    let names = other.spec().volumes.iter().filter_map(|volume| volume.persistent_volume_claim.as_ref());
    exclusive.users += delta * names.filter(|source| exclusive.claims.contains(source.claim_name.as_str())).count() as i64;
}

impl Plugin for VolumeRestrictions {
    fn name(&self) -> &'static str {
        "VolumeRestrictions"
    }

    fn reach(&self, _: &World, pod: &PodInfo) -> Reach {
        let claims = pod.spec().volumes.iter().any(|volume| volume.persistent_volume_claim.is_some());
        if claims { Reach::World } else { Reach::Node }
    }

    fn pre_filter(&self, world: &World, state: &mut CycleState, pod: &PodInfo) -> PreFilterResult {
        let claims = match exclusive_claims(world, pod) {
            Ok(claims) => claims,
            Err(error) => return PreFilterResult::Fail(Status::unresolvable(error)),
        };
        let used = |claim: &&Str| world.cache.claim_users(&format!("{}/{claim}", pod.namespace())) > 0;
        let users = claims.iter().filter(used).count() as i64;
        if users == 0 && !pod.spec().volumes.iter().any(is_restricted) {
            return PreFilterResult::Skip;
        }
        state.put(Exclusive { claims, users });
        PreFilterResult::Pass
    }

    fn add_pod(&self, _: &World, state: &mut CycleState, _: &PodInfo, added: &PodInfo, _: &NodeInfo) -> Result<(), Status> {
        shift(state, added, 1);
        Ok(())
    }

    fn remove_pod(&self, _: &World, state: &mut CycleState, _: &PodInfo, removed: &PodInfo, _: &NodeInfo) -> Result<(), Status> {
        shift(state, removed, -1);
        Ok(())
    }

    fn filter(&self, _: &World, state: &CycleState, pod: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        let theirs = || node.pods.iter().flat_map(|other| &other.spec().volumes);
        if pod.spec().volumes.iter().filter(|volume| is_restricted(volume)).any(|mine| theirs().any(|other| clash(mine, other))) {
            return Err(Status::unschedulable("node(s) had no available disk"));
        }
        if state.get::<Exclusive>().is_some_and(|exclusive| exclusive.users > 0) {
            return Err(Status::unschedulable(
                "node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode already in-use by another pod",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn disks_clash_unless_both_only_read() {
        let volume = |value| serde_json::from_value::<Volume>(value).unwrap();
        let gce = |read_only: bool| volume(json!({"name": "v", "gcePersistentDisk": {"pdName": "d", "readOnly": read_only}}));
        let aws = volume(json!({"name": "v", "awsElasticBlockStore": {"volumeID": "d", "readOnly": true}}));
        assert_eq!((clash(&gce(true), &gce(true)), clash(&gce(true), &gce(false)), clash(&aws, &aws)), (false, true, true));
        let rbd = |monitor: &str| volume(json!({"name": "v", "rbd": {"monitors": [monitor, "x"], "image": "i"}}));
        assert!(clash(&rbd("a"), &rbd("b")) && !clash(&rbd("a"), &aws) && is_restricted(&aws));
    }
}
