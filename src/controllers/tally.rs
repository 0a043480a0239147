//! Counts of the pods of each ReplicaSet, kept as changes come in, so that a status needs no walk over all its pods. Only there for
//! speed: what it says is what counting would say.

use super::control::is_active;
use crate::base::collections::Map;
use crate::model::{Labels, Obj, Object, Selector, Str};
use crate::store::Change;

/// Counts of an owner's pods.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Neither ended nor being deleted, and meant by the selector.
    pub active: i32,
    /// Of these, with all labels of the template.
    pub full: i32,
    /// Of these, ready.
    pub ready: i32,
    /// Being deleted but not ended, and meant by the selector.
    pub terminating: i32,
    /// Active, but no longer meant by the selector: to be released.
    pub strangers: i32,
}

struct Entry {
    selector: Selector,
    template_labels: Labels,
    /// Whether the selector means the template's own labels, as it must: what has them need not be tested.
    safe: bool,
    counts: Counts,
}

impl Entry {
    fn count(&mut self, pod: &Object, sign: i32) {
        let body = pod.as_pod().expect("a pod");
        if body.is_terminal() {
            return;
        }
        let meant = (self.safe && self.template_labels.same(&pod.meta.labels)) || self.selector.matches(&pod.meta.labels);
        match (is_active(pod), meant) {
            (true, true) => {
                let full = has_all(&pod.meta.labels, &self.template_labels);
                self.counts.active += sign;
                self.counts.full += if full { sign } else { 0 };
                self.counts.ready += if body.is_ready() { sign } else { 0 };
            }
            (true, false) => self.counts.strangers += sign,
            (false, true) => self.counts.terminating += sign,
            (false, false) => {}
        }
    }
}

/// Whether an object has all these labels.
pub fn has_all(labels: &Labels, wanted: &Labels) -> bool {
    wanted.same(labels) || wanted.iter().all(|(key, value)| labels.get_str(key) == Some(value))
}

/// The counts of all owners that were asked for.
#[derive(Default)]
pub struct Tallies {
    by_uid: Map<Str, Entry>,
}

impl Tallies {
    /// Follows the change of a pod.
    pub fn pod_changed(&mut self, change: Change<'_>) {
        if let (Some(before), Some(after)) = (change.before, change.after)
            && count_the_same(before, after)
        {
            return;
        }
        for (pod, sign) in [(change.before, -1), (change.after, 1)] {
            let Some(pod) = pod else { continue };
            let Some(owner) = pod.meta.controller() else { continue };
            if let Some(entry) = self.by_uid.get_mut(&owner.uid) {
                entry.count(pod, sign);
            }
        }
    }

    /// Forgets an owner: it is gone, or what its pods are to be like has changed.
    pub fn forget(&mut self, uid: &Str) {
        self.by_uid.remove(uid);
    }

    /// The counts of an owner; `pods` are all that it manages, walked only if it is asked for the first time.
    pub fn of<'a>(
        &mut self,
        owner: &Object,
        selector: &Selector,
        template_labels: &Labels,
        pods: impl IntoIterator<Item = &'a Obj>,
    ) -> Counts {
        if let Some(entry) = self.by_uid.get(&owner.meta.uid) {
            return entry.counts;
        }
        let safe = selector.matches(template_labels);
        let mut entry = Entry { selector: selector.clone(), template_labels: template_labels.clone(), safe, counts: Counts::default() };
        pods.into_iter().for_each(|pod| entry.count(pod, 1));
        let counts = entry.counts;
        self.by_uid.insert(owner.meta.uid.clone(), entry);
        counts
    }
}

fn count_the_same(before: &Obj, after: &Obj) -> bool {
    let (Some(old), Some(new)) = (before.as_pod(), after.as_pod()) else { return false };
    before.meta.labels.same(&after.meta.labels)
        && before.meta.is_deleting() == after.meta.is_deleting()
        && before.meta.owner_references == after.meta.owner_references
        && old.is_terminal() == new.is_terminal()
        && old.is_ready() == new.is_ready()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::sync::Arc;

    fn pod(labels: serde_json::Value, phase: &str, ready: bool, deleting: bool) -> Obj {
        let stamp = if deleting { json!("2026-01-01T00:00:00Z") } else { json!(null) };
        let json = json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": []},
            "metadata": {"name": "p", "uid": "p", "labels": labels, "deletionTimestamp": stamp, "ownerReferences": [{"apiVersion": "v1", "kind": "X", "name": "x", "uid": "u", "controller": true}]},
            "status": {"phase": phase, "conditions": [{"type": "Ready", "status": if ready { "True" } else { "False" }}]}});
        Arc::new(Object::from_json(json).unwrap())
    }

    #[test]
    fn counts_follow_changes() {
        let template = Labels::from_pairs([("app", "a"), ("v", "1")]);
        let selector = Selector::from_map(&Labels::from_pairs([("app", "a")]));
        let mut owner = (*pod(json!({}), "Running", false, false)).clone();
        owner.meta.uid = "u".into();
        let states = [
            None,
            Some(pod(json!({"app": "a", "v": "1"}), "Pending", false, false)),
            Some(pod(json!({"app": "a", "v": "1"}), "Running", true, false)),
            Some(pod(json!({"app": "a", "v": "2"}), "Running", true, false)),
            Some(pod(json!({"app": "b"}), "Running", true, false)),
            Some(pod(json!({"app": "a", "v": "1"}), "Running", true, true)),
            Some(pod(json!({"app": "a", "v": "1"}), "Failed", false, true)),
        ];
        let count = |state: &Option<Obj>| Tallies::default().of(&owner, &selector, &template, state);
        let wanted =
            [(0, 0, 0, 0, 0), (1, 1, 0, 0, 0), (1, 1, 1, 0, 0), (1, 0, 1, 0, 0), (0, 0, 0, 0, 1), (0, 0, 0, 1, 0), (0, 0, 0, 0, 0)];
        for (state, (active, full, ready, terminating, strangers)) in states.iter().zip(wanted) {
            assert_eq!(count(state), Counts { active, full, ready, terminating, strangers });
        }
        for from in &states {
            for to in &states {
                if from.is_none() && to.is_none() {
                    continue;
                }
                let mut tallies = Tallies::default();
                tallies.of(&owner, &selector, &template, from);
                tallies.pod_changed(Change { id: crate::store::Id(0), before: from.as_ref(), after: to.as_ref() });
                assert_eq!(tallies.of(&owner, &selector, &template, None), count(to));
            }
        }
    }
}
