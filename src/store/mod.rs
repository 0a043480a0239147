//! etcd as the simulator has it: one row per key, an append-only log of changes (its position is the resourceVersion), and
//! views of the past as of a cursor. Only the API server (`api`) commits.
//!
//! A reader holds no copy of the cluster: it is a position in the log. What it reads is the present row, or, if that was
//! written after its position, the image from before, kept in the log until the slowest reader has passed.

pub mod fingerprint;
mod index;
mod intern;
mod log;
mod view;
mod watch;

pub use index::{ADOPTABLE, IndexKey};
pub use log::{Change, LogEntry};
pub use view::View;
pub use watch::{Watch, WatchEvent, WatchFault};

use crate::base::Time;
use crate::model::{Kind, Obj, Object, Str};
use index::Indexes;
use indexmap::{Equivalent, IndexSet};
use log::Log;
use rustc_hash::FxBuildHasher;
use std::hash::{Hash, Hasher};

/// The number of a key (kind, namespace, name). A namesake created later has the same number, as it has the same key.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Id(pub u32);

/// What names an object: its kind, namespace and name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Key {
    /// Kind; for `Kind::Other`, `group_kind` says which.
    pub kind: Kind,
    /// `apiVersion/Kind` of a kind that is not modelled, else empty.
    pub group_kind: Str,
    /// Namespace; empty for cluster-wide kinds.
    pub namespace: Str,
    /// Name.
    pub name: Str,
}

/// A borrowed `Key`, for looking things up without copying text.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct KeyRef<'a> {
    /// As in `Key`.
    pub kind: Kind,
    /// As in `Key`.
    pub group_kind: &'a str,
    /// As in `Key`.
    pub namespace: &'a str,
    /// As in `Key`.
    pub name: &'a str,
}

impl<'a> KeyRef<'a> {
    /// The key of an object of a modelled kind.
    pub fn new(kind: Kind, namespace: &'a str, name: &'a str) -> Self {
        KeyRef { kind, group_kind: "", namespace, name }
    }
}

impl Hash for KeyRef<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.kind.hash(state);
        self.group_kind.hash(state);
        self.namespace.hash(state);
        self.name.hash(state);
    }
}

impl Key {
    /// The key of an object.
    pub fn of(object: &Object) -> Key {
        let group_kind = match &object.body {
            crate::model::Body::Other(other) => format!("{}/{}", other.api_version, other.kind).into(),
            _ => Str::default(),
        };
        Key { kind: object.kind(), group_kind, namespace: object.meta.namespace.clone(), name: object.meta.name.clone() }
    }

    /// Borrowed.
    pub fn as_ref(&self) -> KeyRef<'_> {
        KeyRef { kind: self.kind, group_kind: &self.group_kind, namespace: &self.namespace, name: &self.name }
    }
}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_ref().hash(state);
    }
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        *self == key.as_ref()
    }
}

#[derive(Default)]
struct Row {
    current: Option<Obj>,
    /// resourceVersion of the last change of this key; 0 when there was none.
    changed: u64,
}

/// All objects, their history as far as some reader still needs it, and indexes over them.
#[derive(Default)]
pub struct Store {
    keys: IndexSet<Key, FxBuildHasher>,
    rows: Vec<Row>,
    log: Log,
    indexes: Indexes,
    interner: intern::Interner,
    /// Present objects.
    live: usize,
}

impl Store {
    /// The resourceVersion of the last commit; 0 at the beginning.
    pub fn version(&self) -> u64 {
        self.log.last_version()
    }

    /// The number of a key, given out now if it never had one.
    pub fn intern(&mut self, key: Key) -> Id {
        let (at, new) = self.keys.insert_full(key);
        if new {
            self.rows.push(Row::default());
        }
        Id(u32::try_from(at).expect("fewer than 2^32 keys"))
    }

    /// The number of a key, if it ever had one.
    pub fn id(&self, key: KeyRef<'_>) -> Option<Id> {
        self.keys.get_index_of(&key).map(|at| Id(at as u32))
    }

    /// The key with this number.
    pub fn key(&self, id: Id) -> &Key {
        &self.keys[id.0 as usize]
    }

    /// The present object of a key.
    pub fn current(&self, id: Id) -> Option<&Obj> {
        self.rows[id.0 as usize].current.as_ref()
    }

    /// How many objects there are now.
    pub fn len(&self) -> usize {
        self.live
    }

    /// Whether there is no object.
    pub fn is_empty(&self) -> bool {
        self.live == 0
    }

    /// The view of somebody who has seen the log up to `version`.
    pub fn view(&self, version: u64) -> View<'_> {
        View::new(self, version)
    }

    /// The view of the API server itself: the present.
    pub fn now(&self) -> View<'_> {
        View::new(self, self.version())
    }

    /// The change with this resourceVersion, if the log still has it.
    pub fn entry(&self, version: u64) -> Option<&LogEntry> {
        self.log.get(version)
    }

    /// The oldest resourceVersion of which the log still has the change.
    pub fn oldest_version(&self) -> u64 {
        self.log.first_version()
    }

    /// Writes an object (`Some`) or removes it (`None`); gives back the resourceVersion. The object written carries it.
    /// Only `api` calls this.
    pub fn commit(&mut self, at: Time, id: Id, after: Option<Object>) -> u64 {
        let version = self.log.last_version() + 1;
        let after = after.map(|mut object| {
            object.meta.resource_version = version;
            self.interner.share(self.rows[id.0 as usize].current.as_deref(), &mut object);
            Obj::new(object)
        });
        let row = &mut self.rows[id.0 as usize];
        let before = std::mem::replace(&mut row.current, after.clone());
        let previous = std::mem::replace(&mut row.changed, version);
        self.live = self.live + usize::from(after.is_some()) - usize::from(before.is_some());
        assert!(before.is_some() || after.is_some(), "removal of {:?}, which is not there", self.keys[id.0 as usize]);
        self.indexes.update(id, before.as_deref(), after.as_deref(), version);
        self.log.push(LogEntry { version, at, id, previous, before, after });
        version
    }

    /// Puts another object in the place of the present one, without a commit: for what has no versions and cannot be watched. Its
    /// labels, owners and all else that indexes go by must be the same. Only `api` calls this.
    pub fn replace_unlogged(&mut self, id: Id, object: Object) -> Obj {
        let row = &mut self.rows[id.0 as usize];
        let before = row.current.as_ref().expect("only what is there is replaced");
        assert_eq!((before.kind(), before.meta.resource_version), (object.kind(), object.meta.resource_version), "the same version of it");
        let object = Obj::new(object);
        row.current = Some(object.clone());
        object
    }

    /// Forgets changes up to `version`: no reader stands before it any more.
    pub fn prune(&mut self, version: u64) {
        self.log.prune(version);
        self.indexes.prune(version);
    }

    /// Changes that the log holds now.
    pub fn log_len(&self) -> usize {
        self.log.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Body, ConfigMap, Meta};
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn object(name: &str, label: u8) -> Object {
        let mut meta = Meta { name: name.into(), namespace: "n".into(), ..Meta::default() };
        meta.labels.set("l", label.to_string());
        Object { meta, body: Body::ConfigMap(ConfigMap::default()) }
    }

    proptest! {
        /// A reader at any position sees exactly what was there after that many commits, whatever came later, as long as
        /// nothing it needs was pruned.
        #[test]
        fn views_show_the_past(steps in prop::collection::vec((0u8..6, any::<bool>(), any::<u8>()), 1..60), pruned in 0usize..60) {
            let mut store = Store::default();
            let mut history: Vec<BTreeMap<u8, u8>> = vec![BTreeMap::new()];
            for (name, remove, label) in steps {
                let id = store.intern(Key::of(&object(&name.to_string(), 0)));
                let mut now = history.last().unwrap().clone();
                if remove {
                    if now.remove(&name).is_none() {
                        continue;
                    }
                    store.commit(Time::ZERO, id, None);
                } else {
                    now.insert(name, label);
                    store.commit(Time::ZERO, id, Some(object(&name.to_string(), label)));
                }
                history.push(now);
            }
            let pruned = pruned.min(history.len() - 1);
            store.prune(pruned as u64);
            for (version, wanted) in history.iter().enumerate().skip(pruned) {
                let view = store.view(version as u64);
                let seen: BTreeMap<u8, u8> = view
                    .list_in(Kind::ConfigMap, &"n".into())
                    .map(|(_, o)| (o.meta.name.parse().unwrap(), o.meta.labels.get("l").unwrap().parse().unwrap()))
                    .collect();
                prop_assert_eq!(&seen, wanted);
                for name in 0u8..6 {
                    let found = view.find(Kind::ConfigMap, "n", &name.to_string());
                    prop_assert_eq!(found.is_some(), wanted.contains_key(&name));
                }
            }
        }
    }

    #[test]
    fn what_is_replaced_without_a_commit_is_seen_by_all() {
        let mut store = Store::default();
        let id = store.intern(Key::of(&object("a", 0)));
        store.commit(Time::ZERO, id, Some(object("a", 1)));
        let mut other = (**store.current(id).unwrap()).clone();
        other.meta.annotations.set("x", "1");
        store.replace_unlogged(id, other);
        assert_eq!((store.version(), store.view(1).get(id).unwrap().meta.annotations.get("x")), (1, Some("1")));
    }

    #[test]
    fn what_nobody_manages_is_found() {
        let mut store = Store::default();
        let mut pod = object("a", 0);
        pod.body = Body::Pod(crate::model::Pod::default());
        let id = store.intern(Key::of(&pod));
        store.commit(Time::ZERO, id, Some(pod.clone()));
        let owner =
            serde_json::from_value(serde_json::json!({"apiVersion": "v1", "kind": "X", "name": "x", "uid": "u", "controller": true}))
                .unwrap();
        pod.meta.owner_references = std::sync::Arc::from([owner]);
        store.commit(Time::ZERO, id, Some(pod));
        let count = |version: u64| store.view(version).unmanaged(Kind::Pod, &"n".into()).count();
        assert_eq!((count(0), count(1), count(2)), (0, 1, 0));
    }

    #[test]
    fn a_watch_tells_all_and_is_gone_when_too_old() {
        let mut store = Store::default();
        let id = store.intern(Key::of(&object("a", 0)));
        let mut watch = Watch::from_version(Kind::ConfigMap, 0);
        store.commit(Time::ZERO, id, Some(object("a", 1)));
        store.commit(Time::ZERO, id, Some(object("a", 2)));
        store.commit(Time::ZERO, id, None);
        let types: Vec<_> = watch.poll(&store).unwrap().iter().map(WatchEvent::type_name).collect();
        assert_eq!(types, ["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]);
        assert_eq!(watch.poll(&store).unwrap(), [WatchEvent::Bookmark(3)]);
        store.prune(2);
        assert_eq!(Watch::from_version(Kind::ConfigMap, 2).poll(&store).unwrap().len(), 2);
        let fault = Watch::from_version(Kind::ConfigMap, 1).poll(&store).unwrap_err();
        assert_eq!(fault.to_string(), "too old resource version: 1 (2)");
    }

    #[test]
    fn versions_rise_by_one_and_a_namesake_has_the_same_number() {
        let mut store = Store::default();
        let id = store.intern(Key::of(&object("a", 0)));
        assert_eq!(store.commit(Time::ZERO, id, Some(object("a", 1))), 1);
        assert_eq!(store.current(id).unwrap().meta.resource_version, 1);
        assert_eq!(store.commit(Time::ZERO, id, None), 2);
        assert_eq!(store.intern(Key::of(&object("a", 5))), id);
        assert!(store.is_empty());
    }
}
