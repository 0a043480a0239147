//! Deletion: grace periods, finalizers, and what becomes of dependents.
//! Real: staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go (Delete, deletionFinalizersForGarbageCollection),
//! staging/src/k8s.io/apiserver/pkg/registry/rest/delete.go, pkg/registry/core/pod/strategy.go (CheckGracefulDelete) @ v1.37.2.

use super::request::{Answer, DeleteOptions, Propagation};
use super::server::{Server, present, resource_of, write};
use super::{ApiError, strategy};
use crate::base::Time;
use crate::model::{Body, Kind, Meta, Obj, Object, Str, Timestamp};
use crate::store::{Id, Key, Store};
use std::sync::Arc;

/// Finalizer that keeps an owner until its dependents have lost it.
pub const ORPHAN: &str = "orphan";
/// Finalizer that keeps an owner until its blocking dependents are gone.
pub const FOREGROUND: &str = "foregroundDeletion";

/// Namespaces that may not be deleted. Real: staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

impl Server {
    pub(super) fn delete(&mut self, store: &mut Store, at: Time, target: &Key, options: &DeleteOptions) -> Answer {
        let (id, before) = present(store, target)?;
        check_preconditions(target, &before, options)?;
        if before.kind() == Kind::Namespace {
            if IMMORTAL.contains(&&*target.name) {
                return Err(ApiError::forbidden("namespaces", &target.name, "this namespace may not be deleted"));
            }
            return Ok(self.terminate_namespace(store, at, id, &before));
        }
        let mut after = (*before).clone();
        set_finalizers(&mut after, options);
        let grace_s = grace_period(&after, options);
        let now = self.clock.timestamp(at);
        if !after.meta.finalizers.is_empty() || grace_s > 0 {
            mark(&mut after.meta, now, grace_s);
            if strategy::unchanged(&before, &after) {
                return Ok(before);
            }
            return Ok(write(store, at, id, after));
        }
        // What the last change shows: a pod deleted for good carries a grace period of 0 before it is gone.
        if before.meta.is_deleting() && before.meta.deletion_grace_period_seconds != Some(0) {
            mark(&mut after.meta, now, 0);
        }
        Ok(self.remove(store, at, id, &before, after))
    }

    /// A namespace stays, marked, until the namespace controller has emptied it and taken off the finalizer of its spec.
    fn terminate_namespace(&mut self, store: &mut Store, at: Time, id: Id, before: &Obj) -> Obj {
        let mut after = (**before).clone();
        let Body::Namespace(namespace) = &mut after.body else { unreachable!("asked for a namespace") };
        if namespace.spec.finalizers.is_empty() && before.meta.finalizers.is_empty() {
            return self.remove(store, at, id, before, after);
        }
        if before.meta.is_deleting() {
            return before.clone();
        }
        Arc::make_mut(&mut namespace.status).phase = "Terminating".into();
        after.meta.deletion_timestamp = Some(self.clock.timestamp(at));
        write(store, at, id, after)
    }
}

fn check_preconditions(target: &Key, before: &Obj, options: &DeleteOptions) -> Result<(), ApiError> {
    let wanted = &options.preconditions;
    if let Some(uid) = &wanted.uid
        && *uid != before.meta.uid
    {
        return Err(ApiError::uid_precondition(&resource_of(target), &target.name, uid, &before.meta.uid));
    }
    if let Some(version) = wanted.resource_version
        && version != before.meta.resource_version
    {
        let found = before.meta.resource_version;
        let cause = format!("Precondition failed: ResourceVersion in precondition: {version}, ResourceVersion in object meta: {found}");
        return Err(ApiError::conflict(&resource_of(target), &target.name, &cause));
    }
    Ok(())
}

/// The garbage collector's finalizers, as the way of propagation asks.
fn set_finalizers(object: &mut Object, options: &DeleteOptions) {
    let has = |name: &str| object.meta.finalizers.iter().any(|finalizer| &**finalizer == name);
    let propagation = match options.propagation {
        Some(propagation) => propagation,
        None if has(ORPHAN) => Propagation::Orphan,
        None if has(FOREGROUND) => Propagation::Foreground,
        // These two orphan by default, for clients older than the garbage collector.
        None if matches!(object.kind(), Kind::ReplicationController | Kind::Job) => Propagation::Orphan,
        None => Propagation::Background,
    };
    let wanted = match propagation {
        Propagation::Background => None,
        Propagation::Foreground => Some(FOREGROUND),
        Propagation::Orphan => Some(ORPHAN),
    };
    let others = object.meta.finalizers.iter().filter(|name| ![ORPHAN, FOREGROUND].contains(&&***name)).cloned();
    let finalizers: Vec<Str> = others.chain(wanted.map(Str::from)).collect();
    if finalizers[..] != object.meta.finalizers[..] {
        object.meta.finalizers = finalizers.into();
    }
}

/// Seconds that the object may take. Only pods that run somewhere take any.
fn grace_period(object: &Object, options: &DeleteOptions) -> i64 {
    let Body::Pod(pod) = &object.body else { return 0 };
    if pod.node_name.is_empty() || pod.is_terminal() {
        return 0;
    }
    let wished = options.grace_period_seconds.or(pod.spec.termination_grace_period_seconds).unwrap_or(30);
    // A negative wish of the pod means one second.
    let wished = if wished < 0 { 1 } else { wished };
    match object.meta.deletion_grace_period_seconds {
        // A second deletion may only shorten the time; without a wish of its own it changes nothing.
        Some(present) if options.grace_period_seconds.is_none() => present,
        Some(present) => wished.min(present),
        None => wished,
    }
}

fn mark(meta: &mut Meta, now: Timestamp, grace_s: i64) {
    if let Some(present_s) = meta.deletion_grace_period_seconds
        && meta.is_deleting()
    {
        if grace_s < present_s {
            // Counted from when the first deletion came.
            let began_s = meta.deletion_timestamp.map_or(now.0, |end| end.0 - present_s);
            // A time that has passed already means now: one second is left, unless none was asked for.
            let end_s = began_s + grace_s;
            let (end_s, grace_s) = if end_s < now.0 { (now.0, grace_s.min(1)) } else { (end_s, grace_s) };
            meta.deletion_timestamp = Some(Timestamp(end_s));
            meta.deletion_grace_period_seconds = Some(grace_s);
        }
        return;
    }
    if meta.generation > 0 {
        meta.generation += 1;
    }
    meta.deletion_timestamp = Some(Timestamp(now.0 + grace_s));
    meta.deletion_grace_period_seconds = Some(grace_s);
}
