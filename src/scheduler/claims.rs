//! Volume claims of pods: which they are, what class they have, and the words for what is missing.
//! Real: component-helpers storage/volume, storage/ephemeral, apimachinery api/errors @ v0.37.2.

use super::framework::World;
use super::pod_info::PodInfo;
use crate::model::{Kind, Meta, Obj, PersistentVolumeClaim, StorageClass, Str};

const BETA_CLASS: &str = "volume.beta.kubernetes.io/storage-class";

/// A claim that a pod mounts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PodClaim {
    /// The claim's name.
    pub name: String,
    /// Whether it is made for this pod from a template.
    pub ephemeral: bool,
}

/// The claims that a pod mounts, one for each volume.
pub fn pod_claims(pod: &PodInfo) -> Vec<PodClaim> {
    let name = &pod.object.meta.name;
    let of = |volume: &crate::model::Volume| match (&volume.persistent_volume_claim, &volume.ephemeral) {
        (Some(source), _) => Some(PodClaim { name: source.claim_name.clone(), ephemeral: false }),
        (None, Some(_)) => Some(PodClaim { name: format!("{name}-{}", volume.name), ephemeral: true }),
        (None, None) => None,
    };
    pod.spec().volumes.iter().filter_map(of).collect()
}

/// The class of a claim, empty if none.
pub fn claim_class(object: &Obj) -> &str {
    class(&object.meta, claim(object).spec.storage_class_name.as_deref().unwrap_or_default())
}

/// The class of a volume, empty if none.
pub fn volume_class(object: &Obj) -> &str {
    class(&object.meta, object.as_persistent_volume().map_or("", |volume| &volume.spec.storage_class_name))
}

fn class<'a>(meta: &'a Meta, of_spec: &'a str) -> &'a str {
    meta.annotations.get(BETA_CLASS).unwrap_or(of_spec)
}

/// The fields of a claim; the object must be one.
pub fn claim(object: &Obj) -> &PersistentVolumeClaim {
    object.as_persistent_volume_claim().expect("the object is a claim")
}

/// A storage class by name.
pub fn storage_class<'a>(world: &'a World, name: &str) -> Option<&'a StorageClass> {
    world.listers.get(Kind::StorageClass, "", name)?.as_storage_class()
}

/// Whether volumes of the class are bound only once a pod needs them. Without a word they are bound at once.
pub fn waits_for_consumer(class: &StorageClass) -> bool {
    class.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer")
}

/// What an API server says of an object that is not there.
pub fn not_found(kind: Kind, name: &str) -> String {
    let resource = match kind {
        Kind::StorageClass => "storageclass.storage.k8s.io",
        Kind::PersistentVolume => "persistentvolume",
        Kind::PersistentVolumeClaim => "persistentvolumeclaim",
        Kind::ResourceClaim => "resourceclaim.resource.k8s.io",
        _ => kind.name(),
    };
    format!("{resource} \"{name}\" not found")
}

/// Whether a claim made from a template belongs to the pod, and not to a namesake.
pub fn claim_is_for_pod(object: &Obj, pod: &PodInfo) -> Result<(), String> {
    let owned = object
        .meta
        .controller()
        .is_some_and(|owner| &*owner.kind == "Pod" && owner.uid == *pod.uid() && owner.name == pod.object.meta.name);
    let (ns, name): (&Str, &Str) = (&object.meta.namespace, &object.meta.name);
    if owned { Ok(()) } else { Err(format!("PVC {ns}/{name} was not created for pod {} (pod is not owner)", pod.key())) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Object;
    use serde_json::json;
    use std::sync::Arc;

    #[test]
    fn claims_of_a_pod_and_their_class() {
        let object = |value| Arc::new(Object::from_json(value).unwrap());
        let pod = PodInfo::new(object(
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "ns", "uid": "u"}, "spec": {"containers": [],
            "volumes": [{"name": "a", "persistentVolumeClaim": {"claimName": "data"}}, {"name": "b", "ephemeral": {}}, {"name": "c", "emptyDir": {}}]}}),
        ));
        let names: Vec<_> = pod_claims(&pod).into_iter().map(|claim| (claim.name, claim.ephemeral)).collect();
        assert_eq!(names, [("data".to_owned(), false), ("p-b".to_owned(), true)]);
        let claim = object(
            json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "p-b", "annotations": {"volume.beta.kubernetes.io/storage-class": "old"}}, "spec": {"storageClassName": "new"}}),
        );
        assert_eq!(claim_class(&claim), "old");
        assert!(claim_is_for_pod(&claim, &pod).is_err());
        let volume = object(
            json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "v"}, "spec": {"storageClassName": "fast"}}),
        );
        assert_eq!(
            (volume_class(&volume), not_found(Kind::StorageClass, "x").as_str()),
            ("fast", "storageclass.storage.k8s.io \"x\" not found")
        );
        let class: StorageClass = serde_json::from_value(json!({"provisioner": "p"})).unwrap();
        assert!(!waits_for_consumer(&class) && storage_class(&World::default(), "x").is_none());
    }
}
