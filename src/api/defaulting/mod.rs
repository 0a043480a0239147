//! What the API server fills in when a manifest does not say: the versioned defaults of every modelled kind. They depend on the
//! object alone. A part that is complete already is left untouched, so that shared specs stay shared.
//! Real: pkg/apis/*/v1/defaults.go and zz_generated.defaults.go @ v1.37.2.

mod others;
mod pods;
mod workloads;

use crate::model::*;
use std::sync::Arc;

pub use pods::{container_sum, image_tag, pod_level_resources};

/// Fills in the defaults of an object, as on its way from the client into the server.
pub fn apply(object: &mut Object) {
    match &mut object.body {
        Body::Pod(pod) => pods::pod(pod),
        Body::Deployment(body) => change(&mut body.spec, workloads::deployment),
        Body::ReplicaSet(body) => change(&mut body.spec, workloads::replica_set),
        Body::ReplicationController(body) => workloads::replication_controller(&mut object.meta, body),
        Body::StatefulSet(body) => change(&mut body.spec, workloads::stateful_set),
        Body::DaemonSet(body) => change(&mut body.spec, workloads::daemon_set),
        Body::Job(body) => {
            change(&mut body.spec, workloads::job);
            if object.meta.labels.is_empty() {
                object.meta.labels = body.spec.template.metadata.labels.clone();
            }
        }
        Body::CronJob(body) => change(&mut body.spec, workloads::cron_job),
        Body::HorizontalPodAutoscaler(body) => change(&mut body.spec, workloads::horizontal_pod_autoscaler),
        Body::Service(body) => others::service(body),
        Body::Secret(body) => others::secret(body),
        Body::Endpoints(body) => others::endpoints(body),
        Body::EndpointSlice(body) => others::endpoint_slice(body),
        Body::Namespace(body) => others::namespace(&mut object.meta, body),
        Body::Node(body) => others::node(body),
        Body::PersistentVolume(body) => others::persistent_volume(body),
        Body::PersistentVolumeClaim(body) => change(&mut body.spec, others::claim_spec),
        Body::PriorityClass(body) => others::priority_class(body),
        Body::LimitRange(body) => change(&mut body.spec, others::limit_range),
        Body::ResourceQuota(body) => change(&mut body.spec, |spec| others::resource_list(&mut spec.hard)),
        Body::StorageClass(body) => others::storage_class(body),
        Body::CSIDriver(body) => change(&mut body.spec, others::csi_driver),
        Body::ResourceClaim(body) => change(&mut body.spec, others::resource_claim),
        Body::ResourceClaimTemplate(body) => change(&mut body.spec, |template| others::resource_claim(&mut template.spec)),
        _ => {}
    }
}

/// Changes what is shared only if the change makes a difference.
fn change<T: Clone + PartialEq>(shared: &mut Arc<T>, change: impl FnOnce(&mut T)) {
    let mut copy = (**shared).clone();
    change(&mut copy);
    if copy != **shared {
        *shared = Arc::new(copy);
    }
}

fn text(value: &mut String, default: &str) {
    if value.is_empty() {
        *value = default.to_string();
    }
}

fn optional<T>(value: &mut Option<T>, default: T) {
    if value.is_none() {
        *value = Some(default);
    }
}

#[cfg(test)]
mod tests;
