//! Small plugins: the default storage class, finalizers of volumes and claims, the first taint of a node.
//! Real: plugin/pkg/admission/{storage/storageclass/setdefault,storage/storageobjectinuseprotection,nodetaint} @ v1.37.2.

use crate::model::*;
use crate::store::View;
use std::sync::Arc;

const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";
const NOT_READY: &str = "node.kubernetes.io/not-ready";

/// A claim that names no class gets the default one: of several the newest, then the first by name.
pub fn default_class(object: &mut Object, view: View<'_>) {
    let Body::PersistentVolumeClaim(claim) = &mut object.body else { return };
    if claim.spec.storage_class_name.is_some() {
        return;
    }
    let marked =
        view.list(Kind::StorageClass).map(|(_, class)| &class.meta).filter(|meta| meta.annotations.get(DEFAULT_CLASS) == Some("true"));
    let newest = marked.min_by_key(|meta| (std::cmp::Reverse(meta.creation_timestamp), meta.name.clone()));
    if let Some(meta) = newest {
        Arc::make_mut(&mut claim.spec).storage_class_name = Some(meta.name.to_string());
    }
}

/// Nobody may take away what is in use.
pub fn protect(object: &mut Object, finalizer: &str) {
    if !object.meta.finalizers.iter().any(|name| &**name == finalizer) {
        object.meta.finalizers = object.meta.finalizers.iter().cloned().chain([finalizer.into()]).collect();
    }
}

/// A new node takes no pods until it is seen to be ready.
pub fn not_ready_taint(object: &mut Object) {
    let Body::Node(node) = &mut object.body else { return };
    if !node.spec.taints.iter().any(|taint| taint.key == NOT_READY && taint.effect == "NoSchedule") {
        let taint = Taint { key: NOT_READY.into(), effect: "NoSchedule".into(), ..Taint::default() };
        Arc::make_mut(&mut node.spec).taints.push(taint);
    }
}
