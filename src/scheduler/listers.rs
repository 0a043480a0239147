//! Objects other than nodes and pods that plugins look at, with the changes that the scheduler assumes but has not written yet.
//! Real: client-go listers, pkg/scheduler/util/assumecache/assume_cache.go @ v1.37.2.

use crate::model::{Body, Kind, Labels, Obj, Str};
use std::collections::BTreeMap;

/// Kinds that plugins look at.
pub const KINDS: [Kind; 17] = [
    Kind::Namespace,
    Kind::Service,
    Kind::ReplicationController,
    Kind::ReplicaSet,
    Kind::StatefulSet,
    Kind::PodDisruptionBudget,
    Kind::PersistentVolume,
    Kind::PersistentVolumeClaim,
    Kind::StorageClass,
    Kind::CSINode,
    Kind::CSIDriver,
    Kind::CSIStorageCapacity,
    Kind::VolumeAttachment,
    Kind::ResourceClaim,
    Kind::ResourceClaimTemplate,
    Kind::ResourceSlice,
    Kind::DeviceClass,
];

type Key = (Str, Str);

/// Whether the change from one version of an object to the next can mean anything for pods without volumes and claims.
fn matters(old: &Obj, new: &Obj) -> bool {
    match (&old.body, &new.body) {
        (Body::Namespace(_), Body::Namespace(_)) => old.meta.labels != new.meta.labels,
        (Body::Service(old), Body::Service(new)) => old.spec.selector != new.spec.selector,
        (Body::ReplicationController(old), Body::ReplicationController(new)) => old.spec.selector != new.spec.selector,
        (Body::ReplicaSet(old), Body::ReplicaSet(new)) => old.spec.selector != new.spec.selector,
        (Body::StatefulSet(old), Body::StatefulSet(new)) => old.spec.selector != new.spec.selector,
        (Body::DeviceClass(_), _) => true,
        _ => false,
    }
}

/// Objects by kind, namespace and name.
#[derive(Clone, Debug, Default)]
pub struct Listers {
    objects: BTreeMap<Kind, BTreeMap<Key, Obj>>,
    assumed: BTreeMap<Kind, BTreeMap<Key, Obj>>,
    none: Labels,
    generation: u64,
    device_classes: u64,
}

fn key(object: &Obj) -> Key {
    (object.meta.namespace.clone(), object.meta.name.clone())
}

impl Listers {
    /// Adds or replaces an object. What was assumed of an older version is forgotten.
    pub fn set(&mut self, object: &Obj) {
        let kind = object.kind();
        self.device_classes += u64::from(kind == Kind::DeviceClass);
        self.generation += u64::from(self.get_api(kind, &object.meta.namespace, &object.meta.name).is_none_or(|old| matters(old, object)));
        if let Some(assumed) = self.assumed.get_mut(&kind) {
            let old = assumed.get(&key(object)).is_some_and(|mine| mine.meta.resource_version <= object.meta.resource_version);
            if old {
                assumed.remove(&key(object));
            }
        }
        self.objects.entry(kind).or_default().insert(key(object), object.clone());
    }

    /// Removes an object.
    pub fn remove(&mut self, object: &Obj) {
        self.generation += 1;
        self.device_classes += u64::from(object.kind() == Kind::DeviceClass);
        for map in [&mut self.objects, &mut self.assumed] {
            if let Some(objects) = map.get_mut(&object.kind()) {
                objects.remove(&key(object));
            }
        }
    }

    /// From now on the object is taken to be like this, until a newer version arrives or `restore` is called.
    pub fn assume(&mut self, object: Obj) {
        self.assumed.entry(object.kind()).or_default().insert(key(&object), object);
    }

    /// Forgets what was assumed of an object.
    pub fn restore(&mut self, kind: Kind, namespace: &str, name: &str) {
        if let Some(objects) = self.assumed.get_mut(&kind) {
            objects.remove(&(namespace.into(), name.into()));
        }
    }

    /// An object, with what is assumed of it. Cluster-wide kinds have an empty namespace.
    pub fn get(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Obj> {
        let key: Key = (namespace.into(), name.into());
        let assumed = self.assumed.get(&kind).and_then(|objects| objects.get(&key));
        assumed.or_else(|| self.objects.get(&kind)?.get(&key))
    }

    /// An object as the API has it.
    pub fn get_api(&self, kind: Kind, namespace: &str, name: &str) -> Option<&Obj> {
        self.objects.get(&kind)?.get(&(namespace.into(), name.into()))
    }

    /// All objects of a kind, with what is assumed of them, by namespace and name.
    pub fn all(&self, kind: Kind) -> impl Iterator<Item = &Obj> {
        let assumed = self.assumed.get(&kind);
        self.objects
            .get(&kind)
            .into_iter()
            .flatten()
            .map(move |(key, object)| assumed.and_then(|objects| objects.get(key)).unwrap_or(object))
    }

    /// All objects of a kind in a namespace.
    pub fn in_namespace<'a>(&'a self, kind: Kind, namespace: &'a str) -> impl Iterator<Item = &'a Obj> {
        self.all(kind).filter(move |object| *object.meta.namespace == *namespace)
    }

    /// The labels of a namespace; none if it is unknown.
    pub fn namespace_labels(&self, namespace: &str) -> &Labels {
        self.get(Kind::Namespace, "", namespace).map_or(&self.none, |object| &object.meta.labels)
    }

    /// Grows with each change of a DeviceClass.
    pub fn device_classes(&self) -> u64 {
        self.device_classes
    }

    /// Grows when an object comes or goes, and with each change that can mean something for pods without volumes and claims.
    pub fn generation(&self) -> u64 {
        self.generation
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Object;
    use serde_json::json;
    use std::sync::Arc;

    fn volume(phase: &str, version: &str) -> Obj {
        let json = json!({"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "pv", "resourceVersion": version}, "spec": {}, "status": {"phase": phase}});
        Arc::new(Object::from_json(json).unwrap())
    }

    #[test]
    fn what_is_assumed_holds_until_something_newer_arrives() {
        let mut listers = Listers::default();
        let phase = |listers: &Listers| {
            listers.get(Kind::PersistentVolume, "", "pv").map(|pv| pv.as_persistent_volume().unwrap().status.phase.clone())
        };
        listers.set(&volume("Available", "4"));
        listers.assume(volume("Bound", "5"));
        assert_eq!(phase(&listers).as_deref(), Some("Bound"));
        assert_eq!(listers.get_api(Kind::PersistentVolume, "", "pv").unwrap().meta.resource_version, 4);
        assert_eq!(listers.all(Kind::PersistentVolume).next().unwrap().meta.resource_version, 5);
        listers.set(&volume("Released", "6"));
        assert_eq!(phase(&listers).as_deref(), Some("Released"));
        listers.assume(volume("Bound", "7"));
        listers.restore(Kind::PersistentVolume, "", "pv");
        assert_eq!(phase(&listers).as_deref(), Some("Released"));
        listers.remove(&volume("Released", "6"));
        assert_eq!((phase(&listers), listers.in_namespace(Kind::PersistentVolume, "").count()), (None, 0));
        assert!(listers.namespace_labels("x").is_empty() && listers.generation() > 0 && KINDS.contains(&Kind::CSINode));
    }
}
