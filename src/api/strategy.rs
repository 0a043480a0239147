//! What differs between kinds on their way into the store: generations, statuses, what a status write may touch.
//! Real: the strategy.go files of pkg/registry/* @ v1.37.2.

use crate::model::{Body, Kind, Object, PodPhase};
use std::sync::Arc;

/// Whether objects of the kind count the changes of their desired state.
pub fn has_generation(kind: Kind) -> bool {
    use Kind::*;
    matches!(
        kind,
        Pod | ReplicaSet
            | ReplicationController
            | Deployment
            | StatefulSet
            | DaemonSet
            | Job
            | CronJob
            | HorizontalPodAutoscaler
            | PodDisruptionBudget
            | EndpointSlice
            | PriorityClass
            | Other
    )
}

macro_rules! with_status {
    ($($kind:ident)*) => {
        /// Gives `after` the status of `before`; for kinds without one nothing happens.
        pub fn keep_status(after: &mut Object, before: &Object) {
            match (&mut after.body, &before.body) {
                $((Body::$kind(after), Body::$kind(before)) => after.status = before.status.clone(),)*
                _ => {}
            }
        }

        /// `before` with the status of `after`, as a write to the status subresource means it.
        pub fn only_status(before: &Object, after: &Object) -> Object {
            let mut merged = before.clone();
            match (&mut merged.body, &after.body) {
                $((Body::$kind(merged), Body::$kind(after)) => merged.status = after.status.clone(),)*
                _ => return after.clone(),
            }
            merged
        }
    };
}

with_status! {
    Namespace Node Pod Service ReplicationController ReplicaSet Deployment StatefulSet DaemonSet Job CronJob
    HorizontalPodAutoscaler PodDisruptionBudget ResourceQuota PersistentVolume PersistentVolumeClaim VolumeAttachment ResourceClaim
}

/// The status that a new object begins with, whatever the client sent. Nodes bring their own.
pub fn reset_status(object: &mut Object) {
    match &mut object.body {
        Body::Namespace(namespace) => {
            namespace.status = Arc::default();
            Arc::make_mut(&mut namespace.status).phase = "Active".into();
            let spec = Arc::make_mut(&mut namespace.spec);
            if !spec.finalizers.iter().any(|name| &**name == "kubernetes") {
                spec.finalizers.push("kubernetes".into());
            }
        }
        Body::Pod(pod) => {
            pod.status = Arc::default();
            let qos = super::qos::class(&pod.spec);
            let status = Arc::make_mut(&mut pod.status);
            (status.phase, status.qos_class) = (PodPhase::Pending, qos.into());
        }
        Body::PersistentVolume(volume) => {
            volume.status = Arc::default();
            Arc::make_mut(&mut volume.status).phase = "Pending".into();
        }
        Body::PersistentVolumeClaim(claim) => {
            claim.status = Arc::default();
            Arc::make_mut(&mut claim.status).phase = "Pending".into();
        }
        Body::Service(service) => service.status = Arc::default(),
        Body::ReplicationController(body) => body.status = Arc::default(),
        Body::ReplicaSet(body) => body.status = Arc::default(),
        Body::Deployment(body) => body.status = Arc::default(),
        Body::StatefulSet(body) => body.status = Arc::default(),
        Body::DaemonSet(body) => body.status = Arc::default(),
        Body::Job(body) => body.status = Arc::default(),
        Body::CronJob(body) => body.status = Arc::default(),
        Body::HorizontalPodAutoscaler(body) => body.status = Arc::default(),
        Body::PodDisruptionBudget(body) => body.status = Arc::default(),
        Body::ResourceQuota(body) => body.status = Arc::default(),
        Body::VolumeAttachment(body) => body.status = Arc::default(),
        Body::ResourceClaim(body) => body.status = Arc::default(),
        _ => {}
    }
}

/// Whether the desired state differs: everything but metadata and status.
pub fn desired_state_differs(before: &Object, after: &Object) -> bool {
    match (&before.body, &after.body) {
        (Body::Pod(b), Body::Pod(a)) => !Arc::ptr_eq(&b.spec, &a.spec) && b.spec != a.spec || b.rest != a.rest,
        _ => {
            let mut same_status = after.clone();
            keep_status(&mut same_status, before);
            before.body != same_status.body
        }
    }
}

/// Whether a write changes nothing at all, so that no new version comes of it.
pub fn unchanged(before: &Object, after: &Object) -> bool {
    let pods_alike = match (&before.body, &after.body) {
        (Body::Pod(b), Body::Pod(a)) => {
            (Arc::ptr_eq(&b.status, &a.status) || b.status == a.status)
                && b.node_name == a.node_name
                && (Arc::ptr_eq(&b.spec, &a.spec) || b.spec == a.spec)
        }
        (before, after) => before == after,
    };
    pods_alike && before.meta == after.meta
}
