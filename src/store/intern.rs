//! Equal labels of pods are kept once. Memory only; what is read is the same.

use crate::base::pool::Pool;
use crate::model::{Body, Labels, Object};

/// Values seen lately.
#[derive(Default)]
pub(super) struct Interner {
    labels: Pool<Labels>,
}

impl Interner {
    /// Lets a new version of a pod share what is equal. `before` is the version that it replaces: what it shares with that is known.
    pub fn share(&mut self, before: Option<&Object>, object: &mut Object) {
        let known = before.is_some_and(|before| before.meta.labels.same(&object.meta.labels));
        if matches!(object.body, Body::Pod(_)) && !known {
            self.labels.share(&mut object.meta.labels);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn equal_pods_share_labels() {
        let pod = |app: &str| {
            Object::from_json(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "labels": {"app": app}}})).unwrap()
        };
        let mut interner = Interner::default();
        let three = || [pod("a"), pod("a"), pod("b")];
        let (mut pods, plain) = (three(), three());
        pods.iter_mut().for_each(|pod| interner.share(None, pod));
        let [a, b, c] = &pods;
        assert!(a.meta.labels.same(&b.meta.labels) && !a.meta.labels.same(&c.meta.labels));
        assert_eq!(pods, plain);
    }
}
