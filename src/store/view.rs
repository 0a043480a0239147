//! What a reader at a position of the log sees: exactly the cluster as it was after that many commits.

use super::index::{HOLDS, holds};
use super::{Id, IndexKey, Key, KeyRef, LogEntry, Store};
use crate::model::{Kind, Obj, Str};

/// The cluster as of a resourceVersion.
#[derive(Clone, Copy)]
pub struct View<'a> {
    store: &'a Store,
    version: u64,
}

impl<'a> View<'a> {
    pub(super) fn new(store: &'a Store, version: u64) -> Self {
        View { store, version }
    }

    /// As of which resourceVersion.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Commits `from` to `to`, as far as this view shows them.
    pub fn entries(self, from: u64, to: u64) -> impl Iterator<Item = &'a LogEntry> {
        (from..=to.min(self.version)).filter_map(move |version| self.store.entry(version))
    }

    /// The object with this number.
    pub fn get(&self, id: Id) -> Option<&'a Obj> {
        self.store.as_of(id, self.version)
    }

    /// The key with this number.
    pub fn key(&self, id: Id) -> &'a Key {
        self.store.key(id)
    }

    /// The number of a key, if it ever had one.
    pub fn id(&self, key: KeyRef<'_>) -> Option<Id> {
        self.store.id(key)
    }

    /// The number of an object of a modelled kind, if its key ever had one.
    pub fn find_id(&self, kind: Kind, namespace: &str, name: &str) -> Option<Id> {
        self.store.id(KeyRef::new(kind, namespace, name))
    }

    /// An object of a modelled kind by namespace and name.
    pub fn find(&self, kind: Kind, namespace: &str, name: &str) -> Option<&'a Obj> {
        self.get(self.find_id(kind, namespace, name)?)
    }

    /// Objects of an index, in order of their numbers (the order in which their keys first appeared).
    pub fn indexed(self, key: IndexKey) -> impl Iterator<Item = (Id, &'a Obj)> {
        let ids = self.store.indexes.get(&key);
        ids.into_iter().flatten().filter_map(move |(&id, &since)| {
            if since == HOLDS
                && let Some(object) = self.store.unchanged_since(id, self.version)
            {
                return Some((id, object));
            }
            let object = self.get(id)?;
            holds(object, &key).then_some((id, object))
        })
    }

    /// All objects of a kind.
    pub fn list(self, kind: Kind) -> impl Iterator<Item = (Id, &'a Obj)> {
        self.indexed(IndexKey::Kind(kind))
    }

    /// All objects of a kind in a namespace.
    pub fn list_in(self, kind: Kind, namespace: &Str) -> impl Iterator<Item = (Id, &'a Obj)> {
        self.indexed(IndexKey::Namespace(kind, namespace.clone()))
    }

    /// All objects of any kind that name `uid` as an owner.
    pub fn owned_by(self, uid: &Str) -> impl Iterator<Item = (Id, &'a Obj)> {
        self.indexed(IndexKey::Owner(uid.clone()))
    }

    /// Objects of a kind whose managing controller has this uid.
    pub fn controlled_by(self, kind: Kind, uid: &Str) -> impl Iterator<Item = (Id, &'a Obj)> {
        let wanted = uid.clone();
        self.owned_by(uid)
            .filter(move |(_, object)| object.kind() == kind && object.meta.controller().is_some_and(|owner| owner.uid == wanted))
    }

    /// Objects of a kind (one of [`ADOPTABLE`](super::ADOPTABLE)) in a namespace that no controller manages.
    pub fn unmanaged(self, kind: Kind, namespace: &Str) -> impl Iterator<Item = (Id, &'a Obj)> {
        self.indexed(IndexKey::Unmanaged(kind, namespace.clone()))
    }

    /// Pods bound to a node.
    pub fn pods_on(self, node: &Str) -> impl Iterator<Item = (Id, &'a Obj)> {
        self.indexed(IndexKey::Node(node.clone()))
    }

    /// Pods of a namespace that carry this label with this value. For selectors: take the pair that a selector demands and
    /// test the whole selector on what comes.
    pub fn pods_labelled(self, namespace: &Str, label: &Str, value: &Str) -> impl Iterator<Item = (Id, &'a Obj)> {
        self.indexed(IndexKey::PodLabel(namespace.clone(), label.clone(), value.clone()))
    }
}
