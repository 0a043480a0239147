//! Indexes: which objects there are of a kind, in a namespace, of an owner, on a node, with a label.
//!
//! An index may hold too much but never too little: an entry leaves it only when no reader can see the object there any
//! more. Readers therefore test again what they find (`View`).

use super::Id;
use crate::base::collections::Map;
use crate::model::{Kind, Object, Str};
use std::collections::{BTreeMap, VecDeque};

/// What an index is asked for.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum IndexKey {
    /// Objects of a kind.
    Kind(Kind),
    /// Objects of a kind in a namespace.
    Namespace(Kind, Str),
    /// Objects that name this uid as an owner.
    Owner(Str),
    /// Pods bound to a node.
    Node(Str),
    /// Pods of a namespace with this label and value.
    PodLabel(Str, Str, Str),
    /// Objects in a namespace that no controller manages, of the kinds in [`ADOPTABLE`].
    Unmanaged(Kind, Str),
}

/// Kinds whose objects controllers adopt.
pub const ADOPTABLE: [Kind; 4] = [Kind::Pod, Kind::ReplicaSet, Kind::ControllerRevision, Kind::Job];

/// Entries of one key: each with the version since which it no longer holds, or `HOLDS`.
type Entries = BTreeMap<Id, u64>;
/// The present object is rightly here.
pub(super) const HOLDS: u64 = 0;

#[derive(Default)]
pub(super) struct Indexes {
    sets: Map<IndexKey, Entries>,
    /// Entries that no longer hold since this version.
    stale: VecDeque<(u64, IndexKey, Id)>,
}

impl Indexes {
    pub(super) fn get(&self, key: &IndexKey) -> Option<&Entries> {
        self.sets.get(key)
    }

    pub(super) fn update(&mut self, id: Id, before: Option<&Object>, after: Option<&Object>, version: u64) {
        if let Some(after) = after
            && before.is_none_or(|before| !same_keys(before, after))
        {
            each_key(after, |key| {
                self.sets.get_or_insert_with(key, Entries::new).insert(id, HOLDS);
            });
        }
        if let Some(before) = before
            && after.is_none_or(|after| !same_keys(before, after))
        {
            each_key(before, |key| {
                if after.is_none_or(|after| !holds(after, &key)) {
                    if let Some(since) = self.sets.get_mut(&key).and_then(|entries| entries.get_mut(&id)) {
                        *since = version;
                    }
                    self.stale.push_back((version, key, id));
                }
            });
        }
    }

    /// Drops what no longer holds since `version` or before. What held again later has a mark of its own.
    pub(super) fn prune(&mut self, version: u64) {
        while self.stale.front().is_some_and(|(since, ..)| *since <= version) {
            let Some((since, key, id)) = self.stale.pop_front() else { return };
            let Some(entries) = self.sets.get_mut(&key) else { continue };
            if entries.get(&id) == Some(&since) {
                entries.remove(&id);
            }
            if entries.is_empty() {
                self.sets.remove(&key);
            }
        }
    }
}

/// A quick test that the index keys of both are the same, for the many writes that change a status only.
fn same_keys(before: &Object, after: &Object) -> bool {
    let pods_alike = match (before.as_pod(), after.as_pod()) {
        (Some(b), Some(a)) => b.node_name == a.node_name && before.meta.labels == after.meta.labels,
        _ => true,
    };
    pods_alike && before.meta.owner_references == after.meta.owner_references
}

fn each_key(object: &Object, mut take: impl FnMut(IndexKey)) {
    let kind = object.kind();
    take(IndexKey::Kind(kind));
    if !object.meta.namespace.is_empty() {
        take(IndexKey::Namespace(kind, object.meta.namespace.clone()));
    }
    for owner in object.meta.owner_references.iter() {
        take(IndexKey::Owner(owner.uid.clone()));
    }
    if ADOPTABLE.contains(&kind) && object.meta.controller().is_none() {
        take(IndexKey::Unmanaged(kind, object.meta.namespace.clone()));
    }
    if let Some(pod) = object.as_pod() {
        if !pod.node_name.is_empty() {
            take(IndexKey::Node(pod.node_name.clone()));
        }
        for (label, value) in object.meta.labels.iter() {
            take(IndexKey::PodLabel(object.meta.namespace.clone(), label.clone(), value.clone()));
        }
    }
}

/// Whether an object belongs under this key.
pub(super) fn holds(object: &Object, key: &IndexKey) -> bool {
    match key {
        IndexKey::Kind(kind) => object.kind() == *kind,
        IndexKey::Namespace(kind, namespace) => object.kind() == *kind && object.meta.namespace == *namespace,
        IndexKey::Owner(uid) => object.meta.owner_references.iter().any(|owner| owner.uid == *uid),
        IndexKey::Node(node) => object.as_pod().is_some_and(|pod| pod.node_name == *node),
        IndexKey::Unmanaged(kind, namespace) => {
            object.kind() == *kind && object.meta.namespace == *namespace && object.meta.controller().is_none()
        }
        IndexKey::PodLabel(namespace, label, value) => {
            object.kind() == Kind::Pod && object.meta.namespace == *namespace && object.meta.labels.get(label) == Some(value)
        }
    }
}
