//! Admission: what the API server's plugins add to an object on its way in, and what they refuse. Pure functions of the object and of
//! what a view of the store holds. The order is that of the real server: LimitRanger, TaintNodesByCondition, Priority,
//! DefaultTolerationSeconds, DefaultStorageClass, StorageObjectInUseProtection; checks come after validation.
//! Real: pkg/kubeapiserver/options/plugins.go, plugin/pkg/admission/* @ v1.37.2.
//!
//! Of ServiceAccount only this: a pod without imagePullSecrets gets those of its account. (A token volume of its own for each pod would
//! keep pods from sharing a spec.)

mod jobs;
mod limits;
mod pods;
mod storage;

use super::ApiError;
use crate::model::*;
use crate::store::View;

/// Changes a new object as the mutating plugins do.
pub fn mutate_new(object: &mut Object, view: View<'_>) -> Result<(), ApiError> {
    match object.kind() {
        Kind::Pod => {
            limits::complete(object, view);
            pods::pull_secrets(object, view);
            pods::priority(object, view)?;
            pods::tolerations(object);
        }
        Kind::Node => storage::not_ready_taint(object),
        Kind::PersistentVolumeClaim => {
            storage::default_class(object, view);
            storage::protect(object, "kubernetes.io/pvc-protection");
        }
        Kind::PersistentVolume => storage::protect(object, "kubernetes.io/pv-protection"),
        _ => {}
    }
    Ok(())
}

/// What the registry does to a new object between admission and validation. The uid is there already.
pub fn prepare(object: &mut Object) {
    match object.kind() {
        Kind::Pod => pods::prepare(object),
        Kind::Job => jobs::prepare(object),
        _ => {}
    }
}

/// Changes an object that replaces `before` as the mutating plugins do.
pub fn mutate_changed(object: &mut Object, before: &Object) {
    if let (Body::Pod(pod), Body::Pod(old)) = (&mut object.body, &before.body) {
        pods::keep_priority(pod, old);
        pods::tolerations(object);
    }
}

/// Refuses a new object, or one that replaces `before`, as the validating plugins do.
pub fn check(object: &Object, before: Option<&Object>, view: View<'_>) -> Result<(), ApiError> {
    match object.kind() {
        Kind::Pod if before.is_none() => limits::check(object, view),
        Kind::PersistentVolumeClaim => limits::check(object, view),
        Kind::PriorityClass => pods::one_default_class(object, view),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
