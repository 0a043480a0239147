//! Equal parts of pods are kept once: their labels and their conditions. Memory only; what is read is the same.

use crate::base::collections::Map;
use crate::model::{Body, Labels, Object, PodCondition, Shared};

/// So many different values are remembered before all are forgotten; objects keep what they have.
const VALUES_MAX: usize = 4_096;

/// Values seen lately.
#[derive(Default)]
pub(super) struct Interner {
    labels: Map<Labels, Labels>,
    conditions: Map<Shared<Vec<PodCondition>>, Shared<Vec<PodCondition>>>,
}

impl Interner {
    /// Lets a new version of a pod share what is equal. `before` is the version that it replaces: what it shares with that is known.
    pub fn share(&mut self, before: Option<&Object>, object: &mut Object) {
        let Body::Pod(pod) = &mut object.body else { return };
        let old = before.and_then(|before| Some((&before.meta.labels, &before.as_pod()?.status.conditions)));
        if old.is_none_or(|(labels, _)| !labels.same(&object.meta.labels)) {
            share(&mut self.labels, &mut object.meta.labels);
        }
        if old.is_none_or(|(_, conditions)| !conditions.same(&pod.status.conditions))
            && let Some(status) = std::sync::Arc::get_mut(&mut pod.status)
        {
            share(&mut self.conditions, &mut status.conditions);
        }
    }
}

fn share<T: Clone + Eq + std::hash::Hash>(known: &mut Map<T, T>, value: &mut T) {
    if known.len() >= VALUES_MAX {
        known.clear();
    }
    let kept = value.clone();
    *value = known.get_or_insert_with(kept.clone(), || kept).clone();
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn equal_pods_share_labels_and_conditions() {
        let pod = |ready: &str| {
            Object::from_json(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": {"app": "a"}},
                "status": {"conditions": [{"type": "Ready", "status": ready}]}}))
            .unwrap()
        };
        let mut interner = Interner::default();
        let three = || [pod("True"), pod("True"), pod("False")];
        let (mut pods, plain) = (three(), three());
        pods.iter_mut().for_each(|pod| interner.share(None, pod));
        let [a, b, c] = &pods;
        let conditions = |pod: &Object| pod.as_pod().unwrap().status.conditions.clone();
        assert!(a.meta.labels.same(&b.meta.labels) && a.meta.labels.same(&c.meta.labels));
        assert!(conditions(a).same(&conditions(b)) && !conditions(a).same(&conditions(c)));
        assert_eq!(pods, plain);
    }
}
