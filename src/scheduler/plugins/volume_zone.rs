//! VolumeZone: a bound volume with zone or region labels may only be used on nodes of that zone or region.
//! Real: pkg/scheduler/framework/plugins/volumezone/volume_zone.go @ v1.37.2. Modelled in full.

use crate::model::Kind;
use crate::scheduler::claims::{claim, claim_class, not_found, pod_claims, storage_class, waits_for_consumer};
use crate::scheduler::framework::{CycleState, Plugin, PreFilterResult, Reach, World};
use crate::scheduler::node_info::NodeInfo;
use crate::scheduler::pod_info::PodInfo;
use crate::scheduler::status::Status;

const ZONE: &str = "topology.kubernetes.io/zone";
const REGION: &str = "topology.kubernetes.io/region";
const BETA_ZONE: &str = "failure-domain.beta.kubernetes.io/zone";
const BETA_REGION: &str = "failure-domain.beta.kubernetes.io/region";
const LABELS: [&str; 4] = [BETA_ZONE, BETA_REGION, ZONE, REGION];

/// The plugin.
pub struct VolumeZone;

/// Where the pod's volumes are: a label and the values that will do.
struct Places(Vec<(&'static str, Vec<String>)>);

/// The values of a label that lists several, `a__b`. An empty part makes the whole void.
fn values(label: &str) -> Option<Vec<String>> {
    label.split("__").map(|part| (!part.trim().is_empty()).then(|| part.trim().to_owned())).collect()
}

fn places(world: &World, pod: &PodInfo) -> Result<Vec<(&'static str, Vec<String>)>, String> {
    let mut out = vec![];
    // Volumes made from a template have no place yet.
    for wanted in pod_claims(pod).into_iter().filter(|claim| !claim.ephemeral) {
        if wanted.name.is_empty() {
            return Err("PersistentVolumeClaim had no name".into());
        }
        let object = world.listers.get_api(Kind::PersistentVolumeClaim, pod.namespace(), &wanted.name);
        let object = object.ok_or_else(|| not_found(Kind::PersistentVolumeClaim, &wanted.name))?;
        let volume = &claim(object).spec.volume_name;
        if volume.is_empty() {
            let class = claim_class(object);
            if class.is_empty() {
                return Err("PersistentVolumeClaim had no pv name and storageClass name".into());
            }
            let found = storage_class(world, class).ok_or_else(|| not_found(Kind::StorageClass, class))?;
            if waits_for_consumer(found) {
                continue;
            }
            return Err("PersistentVolume had no name".into());
        }
        let volume_object =
            world.listers.get_api(Kind::PersistentVolume, "", volume).ok_or_else(|| not_found(Kind::PersistentVolume, volume))?;
        out.extend(LABELS.iter().filter_map(|label| Some((*label, values(volume_object.meta.labels.get(label)?)?))));
    }
    Ok(out)
}

impl Plugin for VolumeZone {
    fn name(&self) -> &'static str {
        "VolumeZone"
    }

    fn reach(&self, _: &World, pod: &PodInfo) -> Reach {
        if pod_claims(pod).is_empty() { Reach::Node } else { Reach::World }
    }

    fn pre_filter(&self, world: &World, state: &mut CycleState, pod: &PodInfo) -> PreFilterResult {
        match places(world, pod) {
            Err(error) => PreFilterResult::Fail(Status::unresolvable(error)),
            Ok(places) if places.is_empty() => PreFilterResult::Skip,
            Ok(places) => {
                state.put(Places(places));
                PreFilterResult::Pass
            }
        }
    }

    fn filter(&self, _: &World, state: &CycleState, _: &PodInfo, node: &NodeInfo) -> Result<(), Status> {
        if !LABELS.iter().any(|label| node.labels.contains(label)) {
            return Ok(());
        }
        let newer = |label: &str| match label {
            BETA_ZONE => ZONE,
            BETA_REGION => REGION,
            _ => "",
        };
        for (label, wanted) in &state.get::<Places>().expect("PreFilter has run").0 {
            let value = node.labels.get(label).or_else(|| node.labels.get(newer(label)));
            if !value.is_some_and(|value| wanted.iter().any(|wanted| wanted == value)) {
                return Err(Status::unresolvable("node(s) had no available volume zone"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_may_list_several_zones() {
        assert_eq!(values("a__b"), Some(vec!["a".into(), "b".into()]));
        assert_eq!(values("a__"), None);
    }
}
