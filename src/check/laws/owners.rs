//! Owners and dependents agree in the end: nothing is left whose owners have all gone, and nobody is still on the way out who
//! waits for nothing.

use super::{End, Law};
use crate::model::Kind;
use crate::store::View;
use std::collections::BTreeSet;

/// The law.
pub struct Owners;

impl Law for Owners {
    fn name(&self) -> &'static str {
        "owners"
    }

    fn about(&self) -> &'static str {
        "in the end nothing is left whose owners have gone, and no deletion is stuck"
    }

    fn end(&mut self, view: View<'_>, end: &End) -> Result<(), String> {
        let kinds = || Kind::ALL.iter().chain([&Kind::Other]);
        let present: BTreeSet<&str> = kinds().flat_map(|kind| view.list(*kind)).map(|(_, object)| &*object.meta.uid).collect();
        for (_, object) in kinds().flat_map(|kind| view.list(*kind)) {
            let owners = &object.meta.owner_references;
            let name = || format!("{} {}/{}", object.kind_name(), object.meta.namespace, object.meta.name);
            if end.collects_garbage && !owners.is_empty() && owners.iter().all(|owner| !present.contains(&*owner.uid)) {
                return Err(format!("{} is left, and its owner {} {} has gone", name(), owners[0].kind, owners[0].name));
            }
            // A pod's deletionTimestamp is when its grace period ends.
            let overdue = object.meta.deletion_timestamp.is_some_and(|at| end.clock.timestamp(end.at).0 - at.0 > 120);
            if overdue && object.meta.finalizers.is_empty() {
                return Err(format!("{} should have gone at {}", name(), object.meta.deletion_timestamp.unwrap_or_default()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bench;
    use super::*;
    use serde_json::json;

    #[test]
    fn an_orphan_that_should_have_been_collected_breaks_it() {
        let mut bench = Bench::new(Owners);
        let owner = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "o", "namespace": "d", "uid": "u"}});
        bench.put(owner.clone()).unwrap();
        bench
            .put(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c", "namespace": "d", "uid": "c",
                "ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "o", "uid": "u"}]}}))
            .unwrap();
        bench.end().unwrap();
        bench.remove(owner).unwrap();
        assert_eq!(bench.end().unwrap_err(), "ConfigMap d/c is left, and its owner ConfigMap o has gone");
    }

    #[test]
    fn a_deletion_that_is_stuck_breaks_it() {
        let mut bench = Bench::new(Owners);
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "d", "deletionTimestamp": "1970-01-01T00:00:30Z", "deletionGracePeriodSeconds": 30}});
        bench.put(pod).unwrap();
        bench.later(100).end().unwrap();
        assert!(bench.later(100).end().unwrap_err().contains("should have gone"));
    }
}
