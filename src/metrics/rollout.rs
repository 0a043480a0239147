//! Rollouts: of each Deployment the numbers of its ReplicaSets over time, against the bounds that its strategy allows.

use super::series::Series;
use crate::model::{Body, Deployment, Object, ReplicaSet, Str};
use crate::store::{Key, LogEntry};
use std::collections::BTreeMap;

/// One ReplicaSet of a Deployment.
#[derive(Clone, Debug, Default)]
pub struct Revision {
    /// Name of the ReplicaSet.
    pub name: String,
    /// Its revision when last seen.
    pub revision: i64,
    /// Images of its containers.
    pub images: String,
    /// Wanted pods.
    pub wanted: Series,
    /// Ready pods.
    pub ready: Series,
}

/// One Deployment over time.
#[derive(Clone, Debug, Default)]
pub struct Rollout {
    /// Wanted pods.
    pub desired: Series,
    /// Least number of available pods that the strategy allows.
    pub available_min: Series,
    /// Greatest number of pods that the strategy allows.
    pub total_max: Series,
    /// Available pods.
    pub available: Series,
    /// Ready pods.
    pub ready: Series,
    /// Wanted pods that are not available.
    pub unavailable: Series,
    /// All pods that are not terminating.
    pub total: Series,
    /// ReplicaSets in order of creation.
    pub revisions: Vec<Revision>,
}

/// All Deployments, by namespace and name.
#[derive(Clone, Debug, Default)]
pub struct Rollouts(pub BTreeMap<(Str, Str), Rollout>);

impl Rollouts {
    pub(super) fn commit(&mut self, key: &Key, entry: &LogEntry) {
        match entry.after.as_ref().map(|object| (object, &object.body)) {
            Some((_, Body::Deployment(deployment))) => {
                let rollout = self.0.entry((key.namespace.clone(), key.name.clone())).or_default();
                rollout.deployment(entry, deployment);
            }
            Some((object, Body::ReplicaSet(set))) => self.replica_set(entry, object, set),
            None => self.removed(entry),
            _ => {}
        }
    }

    fn of_owner(&mut self, object: &Object) -> Option<&mut Rollout> {
        let owner = object.meta.controller().filter(|owner| &*owner.kind == "Deployment")?;
        Some(self.0.entry((object.meta.namespace.clone(), owner.name.clone())).or_default())
    }

    fn replica_set(&mut self, entry: &LogEntry, object: &Object, set: &ReplicaSet) {
        let Some(rollout) = self.of_owner(object) else { return };
        let revision = rollout.revision(&object.meta.name);
        if let Some(number) = object.meta.annotations.get("deployment.kubernetes.io/revision") {
            revision.revision = number.parse().unwrap_or(0);
        }
        if revision.images.is_empty() {
            let images: Vec<_> = set.spec.template.spec.containers.iter().map(|container| container.image.as_str()).collect();
            revision.images = images.join(", ");
        }
        revision.wanted.set(entry.at, f64::from(set.spec.replicas.unwrap_or(1)));
        revision.ready.set(entry.at, f64::from(set.status.ready_replicas));
    }

    fn removed(&mut self, entry: &LogEntry) {
        let object = entry.object();
        if object.as_replica_set().is_some()
            && let Some(rollout) = self.of_owner(object)
        {
            let revision = rollout.revision(&object.meta.name);
            revision.wanted.set(entry.at, 0.0);
            revision.ready.set(entry.at, 0.0);
        }
    }
}

impl Rollout {
    fn revision(&mut self, name: &str) -> &mut Revision {
        let at = self.revisions.iter().position(|revision| revision.name == name).unwrap_or_else(|| {
            self.revisions.push(Revision { name: name.into(), ..Revision::default() });
            self.revisions.len() - 1
        });
        &mut self.revisions[at]
    }

    fn deployment(&mut self, entry: &LogEntry, deployment: &Deployment) {
        let (spec, status) = (&deployment.spec, &deployment.status);
        let desired = spec.replicas.unwrap_or(1);
        let (available_min, total_max) = bounds(deployment, desired);
        let set = |series: &mut Series, value: i32| series.set(entry.at, f64::from(value));
        set(&mut self.desired, desired);
        set(&mut self.available_min, available_min);
        set(&mut self.total_max, total_max);
        set(&mut self.available, status.available_replicas);
        set(&mut self.ready, status.ready_replicas);
        set(&mut self.unavailable, status.unavailable_replicas);
        set(&mut self.total, status.replicas);
    }
}

/// How many pods must be available and how many may exist, by the Deployment's strategy.
/// Real: pkg/controller/deployment/util/deployment_util.go (ResolveFenceposts) @ v1.37.2.
fn bounds(deployment: &Deployment, desired: i32) -> (i32, i32) {
    let Some(rolling) = &deployment.spec.strategy.rolling_update else { return (0, desired) };
    let surge = rolling.max_surge.as_ref().and_then(|surge| surge.scaled(desired, true)).unwrap_or(0);
    let missing = rolling.max_unavailable.as_ref().and_then(|missing| missing.scaled(desired, false)).unwrap_or(0);
    // Both zero would never move: the real controller then allows one to be missing.
    let missing = if surge == 0 && missing == 0 { 1 } else { missing.min(desired) };
    (desired - missing, desired + surge)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{DeploymentSpec, DeploymentStrategy, IntOrString, RollingUpdateDeployment};
    use std::sync::Arc;

    #[test]
    fn bounds_are_those_of_the_strategy() {
        let with = |surge: IntOrString, missing: IntOrString| {
            let rolling = RollingUpdateDeployment { max_surge: Some(surge), max_unavailable: Some(missing), ..Default::default() };
            let strategy = DeploymentStrategy { rolling_update: Some(rolling), ..Default::default() };
            Deployment { spec: Arc::new(DeploymentSpec { strategy, ..Default::default() }), ..Default::default() }
        };
        assert_eq!(bounds(&with("25%".into(), "25%".into()), 10), (8, 13));
        assert_eq!(bounds(&with(0.into(), 0.into()), 10), (9, 10));
        assert_eq!(bounds(&with("100%".into(), 0.into()), 4), (4, 8));
        assert_eq!(bounds(&Deployment::default(), 3), (0, 3));
    }
}
