//! Pods of one template come in thousands, alike but for their names: what defaulting, admission and validation made of the
//! first is kept for the others. The same result with the cache off, only slower.

use crate::base::collections::Map;
use crate::model::{Body, Labels, Object, PodSpec, PodStatus, Str};
use std::sync::Arc;

/// Templates remembered at most; then all are forgotten.
const TEMPLATES_MAX: usize = 8_192;

/// How annotations begin that tell what fake containers do.
const OURS: &str = "kubesim.io/";

/// What can make a difference between two pods of a template.
struct Input {
    spec: Arc<PodSpec>,
    labels: Labels,
    annotations: Labels,
    namespace: Str,
}

struct Known {
    input: Input,
    spec: Arc<PodSpec>,
    annotations: Labels,
    status: Arc<PodStatus>,
}

/// Pods completed before, by the address of the spec that they came with.
#[derive(Default)]
pub struct PodCache {
    known: Map<usize, Known>,
    off: bool,
}

/// A pod as it came, to be remembered with what becomes of it.
pub struct Asked(Input);

impl PodCache {
    /// Switches the cache off (`--no-cache`).
    pub fn switch_off(&mut self) {
        self.off = true;
    }

    /// Forgets everything: an object that admission looks at has changed.
    pub fn forget(&mut self) {
        self.known.clear();
    }

    /// Completes the pod from memory, or says what to remember afterwards. Nothing for other kinds.
    pub fn complete(&self, object: &mut Object) -> Result<(), Option<Asked>> {
        let Body::Pod(pod) = &mut object.body else { return Err(None) };
        if self.off || pod.is_bound() {
            return Err(None);
        }
        match self.known.get(&(Arc::as_ptr(&pod.spec) as usize)) {
            Some(known) if known.input.is_of(&pod.spec, object.meta.labels.clone(), &object.meta.annotations, &object.meta.namespace) => {
                pod.spec = known.spec.clone();
                pod.status = known.status.clone();
                object.meta.annotations = known.annotations_for(&object.meta.annotations);
                Ok(())
            }
            _ => Err(Some(Asked(Input {
                spec: pod.spec.clone(),
                labels: object.meta.labels.clone(),
                annotations: object.meta.annotations.clone(),
                namespace: object.meta.namespace.clone(),
            }))),
        }
    }

    /// Remembers what became of a pod.
    pub fn remember(&mut self, asked: Asked, object: &Object) {
        let Body::Pod(pod) = &object.body else { return };
        if self.known.len() >= TEMPLATES_MAX {
            self.known.clear();
        }
        let (spec, status) = (pod.spec.clone(), pod.status.clone());
        // The spec asked for is held here, so its address stays its own.
        let key = Arc::as_ptr(&asked.0.spec) as usize;
        self.known.insert(key, Known { input: asked.0, spec, annotations: object.meta.annotations.clone(), status });
    }
}

impl Input {
    fn is_of(&self, spec: &Arc<PodSpec>, labels: Labels, annotations: &Labels, namespace: &Str) -> bool {
        Arc::ptr_eq(&self.spec, spec)
            && (self.labels.same(&labels) || self.labels == labels)
            && (self.annotations.same(annotations) || self.annotations == *annotations || others(&self.annotations).eq(others(annotations)))
            && self.namespace == *namespace
    }
}

/// Annotations that the API server may look at: what a container is to do is for the kubelet alone.
fn others(annotations: &Labels) -> impl Iterator<Item = (&Str, &Str)> {
    annotations.iter().filter(|(key, _)| !key.starts_with(OURS))
}

impl Known {
    /// The annotations of a pod that came with these.
    fn annotations_for(&self, came: &Labels) -> Labels {
        if self.input.annotations.same(came) || self.input.annotations == *came {
            return self.annotations.clone();
        }
        let ours = came.iter().filter(|(key, _)| key.starts_with(OURS));
        Labels::from_pairs(others(&self.annotations).chain(ours).map(|(key, value)| (key.clone(), value.clone())))
    }
}
