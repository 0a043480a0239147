//! Unschedulable and gated pods, found by name and by the plugins that rejected them.
//! Real: pkg/scheduler/backend/queue/unschedulable_entities.go @ v1.37.2, which has only the first and walks all pods for each
//! event; here an event costs nothing to pods whose plugins do not listen to it.

use super::info::{PodKey, QueuedPodInfo};
use std::collections::{BTreeMap, BTreeSet};

/// The pool.
#[derive(Clone, Debug, Default)]
pub(super) struct Pool {
    pods: BTreeMap<PodKey, Box<QueuedPodInfo>>,
    rejected_by: BTreeMap<&'static str, BTreeSet<PodKey>>,
}

impl Pool {
    /// A pod of the pool.
    pub fn get(&self, key: &PodKey) -> Option<&QueuedPodInfo> {
        self.pods.get(key).map(|info| &**info)
    }

    /// The pods by name.
    pub fn iter(&self) -> impl Iterator<Item = &QueuedPodInfo> {
        self.pods.values().map(|info| &**info)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.pods.len()
    }

    /// Adds a pod or replaces it.
    pub fn insert(&mut self, info: Box<QueuedPodInfo>) {
        let key = info.key();
        self.remove(&key);
        for plugin in info.unschedulable_plugins.iter().chain(&info.pending_plugins) {
            self.rejected_by.entry(plugin).or_default().insert(key.clone());
        }
        self.pods.insert(key, info);
    }

    /// Takes a pod out.
    pub fn remove(&mut self, key: &PodKey) -> Option<Box<QueuedPodInfo>> {
        let info = self.pods.remove(key)?;
        for plugin in info.unschedulable_plugins.iter().chain(&info.pending_plugins) {
            if let Some(keys) = self.rejected_by.get_mut(plugin) {
                keys.remove(key);
            }
        }
        Some(info)
    }

    /// The names of pods that some of these plugins rejected.
    pub fn rejected_by(&self, listens: impl Fn(&'static str) -> bool) -> BTreeSet<PodKey> {
        let heard = self.rejected_by.iter().filter(|(plugin, keys)| !keys.is_empty() && listens(plugin));
        heard.flat_map(|(_, keys)| keys.iter().cloned()).collect()
    }

    /// Marks all pods for which `is_due` holds as flushed, and names them.
    pub fn flush(&mut self, mut is_due: impl FnMut(&mut QueuedPodInfo) -> bool) -> Vec<PodKey> {
        self.pods.iter_mut().filter_map(|(key, info)| is_due(info).then(|| key.clone())).collect()
    }
}
