//! What the API server refuses: checks of new and of changed objects, with its field paths and words.
//! Real: pkg/apis/*/validation/validation.go, apimachinery/pkg/api/validation/*.go @ v1.37.2.
//!
//! Objects are completed by `defaulting` and `admission` before. Fields that the model does not know are not checked.

mod config;
mod containers;
mod jobs;
mod meta;
mod names;
mod placement;
mod pod_spec;
mod pods;
mod scaling;
mod services;
mod volumes;
mod workloads;

use super::ApiError;
use super::error::qualified;
use super::field::{FieldErrors, Path, invalid, required};
use crate::model::*;
use serde::Serialize;

/// Checks a new object.
pub fn create(object: &Object) -> Result<(), ApiError> {
    let mut errors = FieldErrors::new();
    meta::create(object, &mut errors);
    body(object, None, &mut errors);
    finish(object, errors)
}

/// Checks only what differs between new objects of one template: names, labels, owners.
pub fn create_metadata(object: &Object) -> Result<(), ApiError> {
    let mut errors = FieldErrors::new();
    meta::create(object, &mut errors);
    finish(object, errors)
}

/// Checks an object that replaces `before` (not for writes of the status alone).
pub fn update(object: &Object, before: &Object) -> Result<(), ApiError> {
    let mut errors = FieldErrors::new();
    meta::update(object, before, &mut errors);
    body(object, Some(before), &mut errors);
    finish(object, errors)
}

fn finish(object: &Object, errors: FieldErrors) -> Result<(), ApiError> {
    if errors.is_empty() {
        return Ok(());
    }
    let kind = qualified(object.kind_name(), object.api_version());
    Err(ApiError::invalid(&kind, &object.meta.name, errors))
}

/// The former body of the same kind, if there is one.
macro_rules! old {
    ($before:expr, $kind:ident) => {
        $before.and_then(|before| match &before.body {
            Body::$kind(body) => Some(body),
            _ => None,
        })
    };
}

fn body(object: &Object, before: Option<&Object>, errors: &mut FieldErrors) {
    match &object.body {
        Body::Pod(pod) => match old!(before, Pod) {
            Some(old) => pods::update(pod, old, errors),
            None => pods::create(pod, errors),
        },
        Body::Deployment(body) => workloads::deployment(&body.spec, old!(before, Deployment).map(|b| &*b.spec), errors),
        Body::ReplicaSet(body) => workloads::replica_set(&body.spec, old!(before, ReplicaSet).map(|b| &*b.spec), errors),
        Body::ReplicationController(body) => workloads::replication_controller(&body.spec, errors),
        Body::StatefulSet(body) => workloads::stateful_set(&body.spec, old!(before, StatefulSet).map(|b| &*b.spec), errors),
        Body::DaemonSet(body) => workloads::daemon_set(&body.spec, old!(before, DaemonSet).map(|b| &*b.spec), errors),
        Body::Job(body) => jobs::job(&object.meta, &body.spec, old!(before, Job).map(|b| &*b.spec), errors),
        Body::CronJob(body) => jobs::cron_job(&object.meta, &body.spec, before.is_none(), errors),
        Body::HorizontalPodAutoscaler(body) => scaling::autoscaler(&body.spec, errors),
        Body::PodDisruptionBudget(body) => scaling::disruption_budget(&body.spec, errors),
        Body::PriorityClass(class) => scaling::priority_class(&object.meta, class, old!(before, PriorityClass), errors),
        Body::Service(body) => services::service(&body.spec, old!(before, Service).map(|b| &*b.spec), errors),
        Body::ConfigMap(map) => config::config_map(map, old!(before, ConfigMap), errors),
        Body::Secret(secret) => config::secret(&object.meta, secret, old!(before, Secret), errors),
        Body::Node(node) => placement::taints(&node.spec.taints, &Path::new("metadata").child("taints"), errors),
        Body::PersistentVolumeClaim(claim) => volumes::claim(claim, old!(before, PersistentVolumeClaim), errors),
        Body::ResourceQuota(body) => config::resource_quota(&body.spec, errors),
        _ => {}
    }
}

const NEGATIVE: &str = "must be greater than or equal to 0";

fn nonnegative(value: impl Into<i64>, path: &Path, errors: &mut FieldErrors) {
    let value = value.into();
    if value < 0 {
        errors.push(invalid(path, &value, NEGATIVE));
    }
}

fn nonnegative_if(value: Option<impl Into<i64>>, path: &Path, errors: &mut FieldErrors) {
    if let Some(value) = value {
        nonnegative(value, path, errors);
    }
}

fn positive(value: impl Into<i64>, path: &Path, errors: &mut FieldErrors) {
    let value = value.into();
    if value <= 0 {
        errors.push(invalid(path, &value, "must be greater than zero"));
    }
}

fn immutable<T: PartialEq + Serialize>(new: &T, old: &T, path: &Path, errors: &mut FieldErrors) {
    if new != old {
        errors.push(invalid(path, new, "field is immutable"));
    }
}

fn require(value: &str, path: &Path, errors: &mut FieldErrors) -> bool {
    if value.is_empty() {
        errors.push(required(path, ""));
    }
    !value.is_empty()
}

#[cfg(test)]
mod tests;
