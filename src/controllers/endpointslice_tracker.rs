//! Which generation of each slice a controller has written: tells stale views, and changes by others.
//! Real: staging/src/k8s.io/endpointslice/util/endpointslice_tracker.go @ v1.37.2.

use crate::base::collections::Map;
use crate::model::{Object, Str};
use crate::store::Id;
use std::collections::BTreeMap;

/// In place of a generation: the slice was deleted.
const DELETION_EXPECTED: i64 = -1;

/// Generations by owner (a Service, or its Endpoints) and slice.
#[derive(Default)]
pub struct SliceTracker(Map<Id, BTreeMap<Str, i64>>);

impl SliceTracker {
    /// Whether the slice is known.
    pub fn has(&self, owner: Id, slice: &Object) -> bool {
        self.0.get(&owner).is_some_and(|slices| slices.contains_key(&slice.meta.uid))
    }

    /// Whether somebody else has written the slice.
    pub fn should_sync(&self, owner: Id, slice: &Object) -> bool {
        let known = self.0.get(&owner).and_then(|slices| slices.get(&slice.meta.uid));
        known.is_none_or(|generation| slice.meta.generation > *generation)
    }

    /// Whether the view lags behind the controller's own writes.
    pub fn is_stale<'a>(&self, owner: Id, slices: impl Iterator<Item = &'a Object> + Clone) -> bool {
        let Some(known) = self.0.get(&owner) else { return false };
        let behind = |slice: &Object| {
            known.get(&slice.meta.uid).is_some_and(|generation| *generation == DELETION_EXPECTED || *generation > slice.meta.generation)
        };
        let missing = |uid: &Str| !slices.clone().any(|slice| slice.meta.uid == *uid);
        slices.clone().any(behind) || known.iter().any(|(uid, generation)| *generation != DELETION_EXPECTED && missing(uid))
    }

    /// The controller wrote the slice.
    pub fn written(&mut self, owner: Id, slice: &Object) {
        self.0.get_or_insert_with(owner, BTreeMap::new).insert(slice.meta.uid.clone(), slice.meta.generation);
    }

    /// The controller deleted the slice.
    pub fn deleted(&mut self, owner: Id, slice: &Object) {
        self.0.get_or_insert_with(owner, BTreeMap::new).insert(slice.meta.uid.clone(), DELETION_EXPECTED);
    }

    /// The slice is gone. Says whether the controller expected that.
    pub fn deletion_seen(&mut self, owner: Id, slice: &Object) -> bool {
        let known = self.0.get_mut(&owner).and_then(|slices| slices.remove(&slice.meta.uid));
        known.is_none_or(|generation| generation == DELETION_EXPECTED)
    }

    /// The owner is gone.
    pub fn forget(&mut self, owner: Id) {
        self.0.remove(&owner);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Body, EndpointSlice, Meta};

    fn slice(uid: &str, generation: i64) -> Object {
        let meta = Meta { uid: uid.into(), generation, ..Meta::default() };
        Object { meta, body: Body::EndpointSlice(EndpointSlice::default()) }
    }

    #[test]
    fn a_view_is_stale_until_it_shows_what_was_written() {
        let (owner, mut tracker) = (Id(1), SliceTracker::default());
        let (old, new, other) = (slice("a", 1), slice("a", 2), slice("b", 1));
        assert!(!tracker.is_stale(owner, [&old].into_iter()) && tracker.should_sync(owner, &old));
        tracker.written(owner, &new);
        assert!(tracker.is_stale(owner, [&old].into_iter()) && tracker.is_stale(owner, [&other].into_iter()));
        assert!(!tracker.is_stale(owner, [&new, &other].into_iter()));
        assert!(!tracker.should_sync(owner, &new) && tracker.should_sync(owner, &slice("a", 3)) && tracker.has(owner, &new));
        tracker.deleted(owner, &new);
        assert!(tracker.is_stale(owner, [&new].into_iter()) && !tracker.is_stale(owner, [].into_iter()));
        assert!(tracker.deletion_seen(owner, &new) && tracker.deletion_seen(owner, &new));
        tracker.written(owner, &new);
        assert!(!tracker.deletion_seen(owner, &new));
        tracker.written(owner, &new);
        tracker.forget(owner);
        assert!(!tracker.has(owner, &new));
    }
}
