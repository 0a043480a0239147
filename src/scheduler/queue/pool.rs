//! Unschedulable and gated pods, found by name and by the plugins that rejected them.
//! Real: pkg/scheduler/backend/queue/unschedulable_entities.go @ v1.37.2, which has only the first and walks all pods for each
//! event; here an event costs nothing to pods whose plugins do not listen to it.

use super::info::{PodKey, QueuedPodInfo};
use crate::base::collections::Map;
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;
use std::collections::BTreeMap;

/// A pod is known by the number of its slot.
type Slots = IndexSet<u32, FxBuildHasher>;

/// The pool.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    pods: Vec<Option<Box<QueuedPodInfo>>>,
    free: Vec<u32>,
    slot_of: Map<PodKey, u32>,
    rejected_by: BTreeMap<&'static str, Slots>,
}

/// By namespace and name. Most pods share the namespace's text.
fn sort(keys: &mut [PodKey]) {
    let namespaces = |a: &PodKey, b: &PodKey| if std::sync::Arc::ptr_eq(&a.0, &b.0) { std::cmp::Ordering::Equal } else { a.0.cmp(&b.0) };
    keys.sort_unstable_by(|a, b| namespaces(a, b).then_with(|| a.1.cmp(&b.1)));
}

impl Pool {
    /// A pod of the pool.
    pub fn get(&self, key: &PodKey) -> Option<&QueuedPodInfo> {
        self.slot_of.get(key).and_then(|slot| self.pods[*slot as usize].as_deref())
    }

    /// The pods by name.
    pub fn iter(&self) -> impl Iterator<Item = &QueuedPodInfo> {
        let mut keys: Vec<PodKey> = self.pods.iter().flatten().map(|info| info.key()).collect();
        sort(&mut keys);
        keys.into_iter().filter_map(|key| self.get(&key))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.slot_of.len()
    }

    /// Adds a pod or replaces it.
    pub fn insert(&mut self, info: Box<QueuedPodInfo>) {
        let key = info.key();
        self.remove(&key);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.pods.push(None);
            self.pods.len() as u32 - 1
        });
        for plugin in info.unschedulable_plugins.iter().chain(&info.pending_plugins) {
            self.rejected_by.entry(plugin).or_default().insert(slot);
        }
        self.slot_of.insert(key, slot);
        self.pods[slot as usize] = Some(info);
    }

    /// Takes a pod out.
    pub fn remove(&mut self, key: &PodKey) -> Option<Box<QueuedPodInfo>> {
        let slot = self.slot_of.remove(key)?;
        let info = self.pods[slot as usize].take().expect("the pod is there");
        self.free.push(slot);
        for plugin in info.unschedulable_plugins.iter().chain(&info.pending_plugins) {
            if let Some(slots) = self.rejected_by.get_mut(plugin) {
                slots.swap_remove(&slot);
            }
        }
        Some(info)
    }

    /// The names of pods that some of these plugins rejected, in order.
    pub fn rejected_by(&self, listens: impl Fn(&'static str) -> bool) -> Vec<PodKey> {
        let heard = self.rejected_by.iter().filter(|(plugin, slots)| !slots.is_empty() && listens(plugin));
        let mut keys: Vec<PodKey> = heard
            .flat_map(|(_, slots)| slots.iter().filter_map(|slot| self.pods[*slot as usize].as_ref()).map(|info| info.key()))
            .collect();
        sort(&mut keys);
        keys.dedup();
        keys
    }

    /// Marks all pods for which `is_due` holds as flushed, and names them in order.
    pub fn flush(&mut self, mut is_due: impl FnMut(&mut QueuedPodInfo) -> bool) -> Vec<PodKey> {
        let mut keys: Vec<PodKey> = self.pods.iter_mut().flatten().filter_map(|info| is_due(info).then(|| info.key())).collect();
        sort(&mut keys);
        keys
    }
}
