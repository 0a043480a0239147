//! Pods on each node over time, and whether the node is ready.

use super::series::Series;
use crate::base::Time;
use crate::model::{Body, Obj, Str};
use crate::store::LogEntry;
use std::collections::BTreeMap;

/// One node over time.
#[derive(Clone, Debug, Default)]
pub struct NodeLoad {
    /// Zone, if it has one.
    pub zone: String,
    /// Pods bound to it that have not ended.
    pub pods: Series,
    /// 1 while its condition Ready is True, else 0.
    pub ready: Series,
    count: i64,
}

/// All nodes by name.
#[derive(Clone, Debug, Default)]
pub struct NodeLoads(pub BTreeMap<Str, NodeLoad>);

impl NodeLoads {
    pub(super) fn commit(&mut self, entry: &LogEntry) {
        match &entry.object().body {
            Body::Pod(_) => self.pod(entry),
            Body::Node(node) => {
                let object = entry.object();
                let load = self.0.entry(object.meta.name.clone()).or_default();
                load.zone = object.meta.labels.get("topology.kubernetes.io/zone").unwrap_or_default().into();
                let is_ready = node.status.conditions.iter().any(|c| &*c.r#type == "Ready" && &*c.status == "True");
                load.ready.set(entry.at, f64::from(u8::from(is_ready && entry.after.is_some())));
                load.pods.set(entry.at, load.count as f64);
            }
            _ => {}
        }
    }

    fn pod(&mut self, entry: &LogEntry) {
        let (before, after) = (place(entry.before.as_ref()), place(entry.after.as_ref()));
        if before == after {
            return;
        }
        self.change(before, -1, entry.at);
        self.change(after, 1, entry.at);
    }

    fn change(&mut self, node: Option<&Str>, by: i64, at: Time) {
        let Some(node) = node else { return };
        if !self.0.contains_key(node) {
            self.0.insert(node.clone(), NodeLoad::default());
        }
        let load = self.0.get_mut(node).expect("just put in");
        load.count += by;
        load.pods.set(at, load.count as f64);
    }
}

/// The node on which the pod takes room.
fn place(pod: Option<&Obj>) -> Option<&Str> {
    let pod = pod?.as_pod()?;
    (pod.is_bound() && !pod.is_terminal()).then_some(&pod.node_name)
}
