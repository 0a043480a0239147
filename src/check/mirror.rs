//! Watches miss nothing: a client that sees the cluster only through its watch keeps a copy; each change must fit to what it has,
//! and in the end the copy must be what the API server has.

use crate::actor::{Actor, Ctx, Kinds};
use crate::store::{Change, Id, View};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// The copy: the resourceVersion of everything, and the first thing that did not fit.
#[derive(Default)]
pub struct Copy {
    versions: BTreeMap<Id, u64>,
    /// What did not fit.
    pub fault: Option<String>,
}

/// The client.
pub struct Mirror(pub Rc<RefCell<Copy>>);

impl Copy {
    fn change(&mut self, change: Change<'_>) {
        let version = |object: Option<&crate::model::Obj>| object.map(|object| object.meta.resource_version);
        let (known, before) = (self.versions.get(&change.id).copied(), version(change.before));
        if known != before && self.fault.is_none() {
            let meta = &change.object().meta;
            let text = |version: Option<u64>| version.map_or("nothing".into(), |version| format!("version {version}"));
            self.fault = Some(format!(
                "a watch tells how {}/{} changed from {}, and had told {}",
                meta.namespace,
                meta.name,
                text(before),
                text(known)
            ));
        }
        match version(change.after) {
            Some(version) => drop(self.versions.insert(change.id, version)),
            None => drop(self.versions.remove(&change.id)),
        }
    }

    /// Compares the copy with what there is.
    pub fn compare(&self, view: View<'_>) -> Option<String> {
        if self.fault.is_some() {
            return self.fault.clone();
        }
        let kinds = crate::model::Kind::ALL.iter().chain([&crate::model::Kind::Other]);
        let mut there = 0;
        for (id, object) in kinds.flat_map(|kind| view.list(*kind)) {
            there += 1;
            let version = object.meta.resource_version;
            if self.versions.get(&id) != Some(&version) {
                let name = format!("{} {}/{}", object.kind_name(), object.meta.namespace, object.meta.name);
                return Some(format!("{name} is at version {version}, and the watch told of {:?}", self.versions.get(&id)));
            }
        }
        (there != self.versions.len()).then(|| format!("the watch told of {} objects, and there are {there}", self.versions.len()))
    }
}

impl Actor for Mirror {
    fn name(&self) -> &str {
        "mirror"
    }

    fn watches(&self) -> Kinds {
        Kinds::ALL
    }

    fn changed(&mut self, change: Change<'_>, _cx: &mut Ctx<'_>) {
        self.0.borrow_mut().change(change);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Time;
    use crate::model::Object;
    use crate::store::{Key, Store};
    use serde_json::json;

    #[test]
    fn a_change_that_was_missed_is_noticed() {
        let mut store = Store::default();
        let map = |value: &str| {
            Object::from_json(
                json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "d"}, "data": {"x": value}}),
            )
            .unwrap()
        };
        let id = store.intern(Key::of(&map("")));
        for value in ["1", "2", "3"] {
            store.commit(Time::ZERO, id, Some(map(value)));
        }
        let copy = |versions: &[u64]| {
            let mut copy = Copy::default();
            versions.iter().for_each(|version| copy.change(store.entry(*version).unwrap().as_change()));
            copy.compare(store.now())
        };
        assert_eq!(copy(&[1, 2, 3]), None);
        assert!(copy(&[1, 3]).unwrap().contains("changed from version 2, and had told version 1"));
        assert!(copy(&[1, 2]).unwrap().contains("is at version 3, and the watch told of Some(2)"));
    }
}
