//! Pods on nodes by namespace and labels: what selectors can tell apart. Whoever counts pods by selectors tests each group once
//! and then follows the log of pods that came and went.

use super::node_info::NodeId;
use super::pod_info::PodInfo;
use crate::base::collections::Map;
use crate::model::{Labels, Str};
use std::collections::BTreeMap;

/// The log holds at most so many entries.
const LOG_MAX: usize = 1 << 16;

/// The number of a group; never given out twice.
pub type GroupId = u32;

/// The pods of one namespace with the same labels that are on nodes and are not being deleted.
#[derive(Clone, Debug)]
pub struct Group {
    /// Their namespace.
    pub namespace: Str,
    /// Their labels.
    pub labels: Labels,
    /// How many there are, by node.
    pub on: BTreeMap<NodeId, u32>,
}

/// A pod came to a node (1) or left it (-1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shift {
    /// Its group.
    pub group: GroupId,
    /// The node.
    pub node: NodeId,
    /// 1 or -1.
    pub delta: i64,
}

/// All groups that have pods.
#[derive(Clone, Debug, Default)]
pub struct PodGroups {
    by_key: Map<(Str, Labels), GroupId>,
    groups: BTreeMap<GroupId, Group>,
    next: GroupId,
    log: Vec<Shift>,
    log_dropped: u64,
}

impl PodGroups {
    /// Takes note of a pod on a node (`delta` 1), or that it left (-1). Pods being deleted do not count.
    pub fn shift(&mut self, pod: &PodInfo, node: NodeId, delta: i64) {
        if pod.object.meta.is_deleting() {
            return;
        }
        let key = (pod.namespace().clone(), pod.labels().clone());
        let next = &mut self.next;
        let groups = &mut self.groups;
        let group = *self.by_key.get_or_insert_with(key.clone(), || {
            *next += 1;
            groups.insert(*next, Group { namespace: key.0.clone(), labels: key.1.clone(), on: BTreeMap::new() });
            *next
        });
        let members = self.groups.get_mut(&group).expect("a group with a key");
        let count = members.on.entry(node).or_insert(0);
        *count = count.checked_add_signed(delta as i32).expect("a pod that leaves was there");
        if *count == 0 {
            members.on.remove(&node);
            if members.on.is_empty() {
                self.groups.remove(&group);
                self.by_key.remove(&key);
            }
        }
        if self.log.len() == LOG_MAX {
            self.log.drain(..LOG_MAX / 2);
            self.log_dropped += (LOG_MAX / 2) as u64;
        }
        self.log.push(Shift { group, node, delta });
    }

    /// The groups with numbers above this one, in order.
    pub fn since(&self, number: GroupId) -> impl Iterator<Item = (GroupId, &Group)> {
        self.groups.range(number + 1..).map(|(&id, group)| (id, group))
    }

    /// The highest number given out.
    pub fn newest(&self) -> GroupId {
        self.next
    }

    /// Where the log ends.
    pub fn log_end(&self) -> u64 {
        self.log_dropped + self.log.len() as u64
    }

    /// What happened since the log ended there. None: the log does not reach back so far.
    pub fn log_since(&self, end: u64) -> Option<&[Shift]> {
        self.log.get(end.checked_sub(self.log_dropped)? as usize..)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Object;
    use serde_json::json;
    use std::sync::Arc;

    fn pod(app: &str, deleting: bool) -> PodInfo {
        let stamp = if deleting { json!("2026-01-01T00:00:00Z") } else { json!(null) };
        let json = json!({"apiVersion": "v1", "kind": "Pod", "spec": {"containers": []},
            "metadata": {"name": "p", "namespace": "ns", "uid": "u", "labels": {"app": app}, "deletionTimestamp": stamp}});
        PodInfo::new(Arc::new(Object::from_json(json).unwrap()))
    }

    #[test]
    fn equal_pods_are_one_group() {
        let mut groups = PodGroups::default();
        for (app, node) in [("a", 1), ("a", 1), ("a", 2), ("b", 1)] {
            groups.shift(&pod(app, false), node, 1);
        }
        groups.shift(&pod("a", true), 1, 1);
        let counts: Vec<_> = groups.since(0).map(|(id, group)| (id, group.on.clone().into_iter().collect::<Vec<_>>())).collect();
        assert_eq!(counts, [(1, vec![(1, 2), (2, 1)]), (2, vec![(1, 1)])]);
        let end = groups.log_end();
        groups.shift(&pod("b", false), 1, -1);
        assert_eq!(groups.log_since(end), Some(&[Shift { group: 2, node: 1, delta: -1 }][..]));
        assert_eq!((groups.since(0).count(), groups.newest()), (1, 2));
        groups.shift(&pod("b", false), 1, 1);
        assert_eq!((groups.since(2).count(), groups.newest()), (1, 3), "a number is never given out twice");
        for _ in 0..LOG_MAX {
            groups.shift(&pod("c", false), 1, 1);
        }
        assert_eq!((groups.log_since(end), groups.log_since(groups.log_end())), (None, Some(&[][..])));
    }
}
