//! Surge and unavailability: a Deployment's controller never asks for more pods than `replicas` and `maxSurge` allow, and never
//! takes away more healthy pods than there are above `replicas` less `maxUnavailable`. By its own doing: machines may fail.
//!
//! It is judged by what it may have known: its knowledge is as old as its watches are late. The real controller counts what
//! the ReplicaSets' statuses say, and those may still count pods that it has taken away a moment ago; so in each step it may take
//! as many as *any* status of late seemed to spare, and the sum of two steps can be below the bound (kubernetes/kubernetes has the
//! same race). What the law catches is a controller that takes pods for healthy that no status ever called so.

use super::{Believed, Law, Moment};
use crate::model::{Deployment, Obj, Str};
use crate::store::{Key, LogEntry};
use std::collections::BTreeMap;

/// The law.
#[derive(Default)]
pub struct RolloutBounds {
    deployments: BTreeMap<Str, Wish>,
    sets: BTreeMap<Str, Set>,
}

#[derive(Default)]
struct Wish {
    most: Believed,
    least: Believed,
    /// Whether it may take all away: it recreates, or is going.
    free: bool,
}

#[derive(Default)]
struct Set {
    owner: Str,
    replicas: i64,
    available: Believed,
}

/// How many pods there may be and how many must be available.
fn bounds(deployment: &Deployment) -> (i64, i64) {
    let replicas = deployment.spec.replicas.unwrap_or(1);
    let rolling = deployment.spec.strategy.rolling_update.clone().unwrap_or_default();
    let surge = rolling.max_surge.as_ref().and_then(|value| value.scaled(replicas, true)).unwrap_or(0);
    let unavailable = rolling.max_unavailable.as_ref().and_then(|value| value.scaled(replicas, false)).unwrap_or(0);
    let unavailable = if surge == 0 && unavailable == 0 { 1 } else { unavailable };
    (i64::from(replicas) + i64::from(surge), i64::from(replicas) - i64::from(unavailable))
}

impl RolloutBounds {
    fn deployment(&mut self, moment: &Moment, entry: &LogEntry) {
        let uid = entry.object().meta.uid.clone();
        let (Some(after), Some(body)) = (&entry.after, entry.object().as_deployment()) else {
            self.deployments.remove(&uid);
            return;
        };
        let wish = self.deployments.entry(uid).or_default();
        let (most, least) = bounds(body);
        wish.most.set(moment.at, most);
        wish.least.set(moment.at, least);
        wish.free |= after.meta.is_deleting() || body.spec.strategy.rolling_update.is_none();
    }

    fn set(&mut self, moment: &Moment, key: &Key, entry: &LogEntry) -> Result<(), String> {
        let object = entry.object();
        let Some(body) = object.as_replica_set() else { return Ok(()) };
        let uid = object.meta.uid.clone();
        let owner = object.meta.controller().filter(|owner| &*owner.kind == "Deployment").map(|owner| owner.uid.clone());
        let Some(owner) = owner.filter(|_| entry.after.is_some()) else {
            self.sets.remove(&uid);
            return Ok(());
        };
        let replicas = i64::from(body.spec.replicas.unwrap_or(1));
        let set = self.sets.entry(uid).or_default();
        let before = std::mem::replace(&mut set.replicas, replicas);
        let adopted = set.owner != owner && entry.before.is_some();
        set.owner = owner.clone();
        set.available.set(moment.at, i64::from(body.status.available_replicas));
        let unhealthy = (before - set.available.min(moment)).max(0);
        if before == replicas || adopted || moment.lossy {
            return Ok(());
        }
        let Some(wish) = self.deployments.get_mut(&owner).filter(|wish| !wish.free) else { return Ok(()) };
        let own = self.sets.values_mut().filter(|set| set.owner == owner);
        if replicas > before {
            let (total, most) = (own.map(|set| set.replicas).sum::<i64>(), wish.most.max(moment));
            return if total <= most {
                Ok(())
            } else {
                Err(format!(
                    "ReplicaSet {}/{} goes from {before} to {replicas}: {total} pods where {most} are allowed",
                    key.namespace, key.name
                ))
            };
        }
        let (most, least) = (own.map(|set| set.available.max(moment)).sum::<i64>(), wish.least.min(moment));
        // Unhealthy ones may always go, and go first.
        let healthy = (before - replicas - unhealthy).max(0);
        let spare = (most - least).max(0);
        if healthy <= spare {
            return Ok(());
        }
        let name = format!("{}/{}", key.namespace, key.name);
        Err(format!("ReplicaSet {name} goes from {before} to {replicas}: that takes {healthy} healthy pods where {spare} can be spared"))
    }
}

impl Law for RolloutBounds {
    fn name(&self) -> &'static str {
        "rollout-bounds"
    }

    fn about(&self) -> &'static str {
        "maxSurge and maxUnavailable hold, as far as the Deployment's controller can know"
    }

    fn commit(&mut self, moment: &Moment, key: &Key, entry: &LogEntry) -> Result<(), String> {
        let object: &Obj = entry.object();
        if object.as_deployment().is_some() {
            self.deployment(moment, entry);
        }
        if object.as_replica_set().is_some() { self.set(moment, key, entry) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bench;
    use super::*;
    use serde_json::{Value, json};

    fn deployment(replicas: i32) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "w", "namespace": "d", "uid": "u"},
            "spec": {"replicas": replicas, "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}}})
    }

    fn set(name: &str, replicas: i32, available: i32) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": name, "namespace": "d", "uid": name,
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "w", "uid": "u", "controller": true}]},
            "spec": {"replicas": replicas}, "status": {"replicas": available, "availableReplicas": available}})
    }

    #[test]
    fn too_many_and_too_few_break_it() {
        let mut bench = Bench::new(RolloutBounds::default());
        bench.put(deployment(4)).unwrap();
        bench.put(set("a", 4, 0)).unwrap();
        bench.put(set("a", 4, 4)).unwrap();
        assert!(bench.put(set("b", 2, 0)).unwrap_err().contains("6 pods where 5 are allowed"));
        bench.put(set("b", 1, 0)).unwrap();
        let broken = bench.later(60).put(set("a", 2, 4)).unwrap_err();
        assert_eq!(broken, "ReplicaSet d/a goes from 4 to 2: that takes 2 healthy pods where 1 can be spared");
    }

    #[test]
    fn what_it_may_not_have_seen_is_no_fault() {
        let mut bench = Bench::new(RolloutBounds::default());
        bench.put(deployment(4)).unwrap();
        bench.put(set("a", 4, 0)).unwrap();
        bench.put(set("a", 4, 4)).unwrap();
        bench.put(set("b", 1, 0)).unwrap();
        // One has just become unavailable: the controller does not know.
        bench.later(60).put(set("a", 4, 3)).unwrap();
        bench.later(1).put(set("a", 3, 3)).unwrap();
        // Later it must.
        assert!(bench.later(60).put(set("a", 1, 3)).is_err());
    }
}
