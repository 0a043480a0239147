//! What can be asked of the API server, and what it answers.

use super::ApiError;
use crate::model::{Obj, Object, Selector, Str};
use crate::store::Key;
use serde_json::Value;
use std::fmt;
use std::sync::Arc;

/// What a request came to: the object as it is now (for a removal: as it last was), or why not.
pub type Answer = Result<Obj, ApiError>;

/// A request.
#[derive(Clone, Debug)]
pub enum Verb {
    /// The object as it is now, straight from the store (not from anybody's view).
    Get(Key),
    /// A new object. Without a name, `meta.generate_name` begins it.
    Create(Box<Object>),
    /// A new object, checked and completed but not stored (`--dry-run=server`).
    DryRunCreate(Box<Object>),
    /// The object's desired state; its status is kept. With a resourceVersion that is no longer the present one: 409.
    Update(Box<Object>),
    /// The object's status; all else but finalizers-free metadata is kept. resourceVersion as in `Update`.
    UpdateStatus(Box<Object>),
    /// A change of part of an object.
    Patch {
        /// Which object.
        target: Key,
        /// What of it.
        subresource: Subresource,
        /// The change.
        patch: Patch,
    },
    /// Removal, by grace period, finalizers and owners as the options say.
    Delete {
        /// Which object.
        target: Key,
        /// How.
        options: DeleteOptions,
    },
    /// `pods/binding`: gives a pod to a node, once.
    Bind {
        /// Which pod.
        pod: Key,
        /// The pod's uid, when it must be that one.
        uid: Str,
        /// The node's name.
        node: Str,
        /// The binding's annotations, which the pod gets.
        annotations: Vec<(Str, Str)>,
    },
    /// `pods/eviction`: deletes a pod if its PodDisruptionBudget allows.
    Evict {
        /// Which pod.
        pod: Key,
        /// How to delete.
        options: DeleteOptions,
    },
    /// A newer sample of what a pod uses, in place of the one that is there; no sample, no change. Not a write: samples are held in
    /// memory, have no versions and cannot be watched.
    Sample {
        /// The PodMetrics object.
        target: Key,
        /// Its fields now.
        fields: Arc<serde_json::Map<String, Value>>,
    },
    /// The newest samples of what pods use, as a PodMetricsList.
    PodMetrics {
        /// Of this namespace.
        namespace: Str,
        /// Of the pods that it matches.
        selector: Selector,
    },
}

impl Verb {
    /// The verb as audit logs and RBAC rules name it, with the subresource if there is one.
    pub fn name(&self) -> &'static str {
        match self {
            Verb::Get(_) => "get",
            Verb::Create(_) | Verb::DryRunCreate(_) => "create",
            Verb::Update(_) => "update",
            Verb::UpdateStatus(_) => "update status",
            Verb::Patch { subresource: Subresource::Main, .. } => "patch",
            Verb::Patch { subresource: Subresource::Status, .. } => "patch status",
            Verb::Patch { subresource: Subresource::Scale, .. } => "patch scale",
            Verb::Patch { subresource: Subresource::Resize, .. } => "patch resize",
            Verb::Delete { .. } => "delete",
            Verb::Bind { .. } => "create binding",
            Verb::Evict { .. } => "create eviction",
            Verb::Sample { .. } => "sample",
            Verb::PodMetrics { .. } => "list metrics",
        }
    }
}

/// Which part of an object a patch is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Subresource {
    /// The object itself.
    #[default]
    Main,
    /// Its status.
    Status,
    /// Its number of replicas.
    Scale,
    /// The resources of a running pod's containers.
    Resize,
}

/// A change of part of an object.
#[derive(Clone, Debug)]
pub enum Patch {
    /// RFC 7386.
    Merge(Value),
    /// RFC 6902.
    Json(Value),
    /// Kubernetes' own, which knows the keys of lists.
    Strategic(Value),
    /// A change written in code: what a component would send as a patch.
    Edit(Edit),
}

/// A change to an object as code, applied at the server to what is there then.
#[derive(Clone)]
pub struct Edit(pub Arc<dyn Fn(&mut Object) + Send + Sync>);

impl Edit {
    /// From a closure. It must depend on nothing but the object and what it captured.
    pub fn new(change: impl Fn(&mut Object) + Send + Sync + 'static) -> Edit {
        Edit(Arc::new(change))
    }
}

impl fmt::Debug for Edit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Edit")
    }
}

/// Who goes when an owner goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Propagation {
    /// The owner at once, its dependents after.
    Background,
    /// The owner last.
    Foreground,
    /// The dependents stay, without owner.
    Orphan,
}

/// What must hold for a deletion to be carried out; else 409.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Preconditions {
    /// The uid must be this.
    pub uid: Option<Str>,
    /// The resourceVersion must be this.
    pub resource_version: Option<u64>,
}

/// How to delete.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DeleteOptions {
    /// Seconds that the object may take to end (pods); the object's own wish when absent; 0 removes at once.
    pub grace_period_seconds: Option<i64>,
    /// What becomes of dependents; the kind's default (background) when absent.
    pub propagation: Option<Propagation>,
    /// What must hold.
    pub preconditions: Preconditions,
}

impl Verb {
    /// A change written in code to the object itself.
    pub fn edit(target: Key, change: impl Fn(&mut Object) + Send + Sync + 'static) -> Verb {
        Verb::Patch { target, subresource: Subresource::Main, patch: Patch::Edit(Edit::new(change)) }
    }

    /// A change written in code to the object's status.
    pub fn edit_status(target: Key, change: impl Fn(&mut Object) + Send + Sync + 'static) -> Verb {
        Verb::Patch { target, subresource: Subresource::Status, patch: Patch::Edit(Edit::new(change)) }
    }

    /// A deletion with the kind's defaults.
    pub fn delete(target: Key) -> Verb {
        Verb::Delete { target, options: DeleteOptions::default() }
    }

    /// The key that the request is about.
    pub fn target(&self) -> Key {
        match self {
            Verb::Create(object) | Verb::DryRunCreate(object) | Verb::Update(object) | Verb::UpdateStatus(object) => Key::of(object),
            Verb::Get(key) => key.clone(),
            Verb::Patch { target, .. } | Verb::Delete { target, .. } | Verb::Sample { target, .. } => target.clone(),
            Verb::Bind { pod, .. } | Verb::Evict { pod, .. } => pod.clone(),
            Verb::PodMetrics { namespace, .. } => super::metrics::pod_metrics_key(namespace, &Str::default()),
        }
    }
}
