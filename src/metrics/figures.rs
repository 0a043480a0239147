//! Single figures of a run.

use crate::actor::Record;
use crate::model::Body;
use crate::store::LogEntry;
use serde::Serialize;

/// Counts over a whole run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// Pods created.
    pub pods_created: u64,
    /// Pods removed.
    pub pods_deleted: u64,
    /// Pods given to a node.
    pub pods_scheduled: u64,
    /// Most pods that existed at once.
    pub pods_max: u64,
    /// Restarts of containers.
    pub container_restarts: u64,
    /// Pods deleted because their node was lost or tainted, or evicted.
    pub pods_disrupted: u64,
    /// kubectl lines carried out.
    pub commands: u64,
    /// kubectl lines that ended with an error.
    pub commands_failed: u64,
    /// Failures that struck.
    pub faults: u64,
    #[serde(skip)]
    pods: u64,
}

impl Figures {
    pub(super) fn commit(&mut self, entry: &LogEntry) {
        let Body::Pod(last) = &entry.object().body else { return };
        match (&entry.before, &entry.after) {
            (None, Some(_)) => {
                self.pods_created += 1;
                self.pods += 1;
                self.pods_max = self.pods_max.max(self.pods);
            }
            (Some(_), None) => {
                self.pods_deleted += 1;
                self.pods -= 1;
            }
            _ => {}
        }
        let (Some(before), Some(_)) = (entry.before.as_ref().and_then(|object| object.as_pod()), &entry.after) else { return };
        self.pods_scheduled += u64::from(!before.is_bound() && last.is_bound());
        if std::sync::Arc::ptr_eq(&before.status, &last.status) {
            return;
        }
        self.container_restarts += restarts(last).saturating_sub(restarts(before));
        let disrupted = |pod: &crate::model::Pod| pod.condition("DisruptionTarget").is_some_and(|c| &*c.status == "True");
        self.pods_disrupted += u64::from(!disrupted(before) && disrupted(last));
    }

    pub(super) fn record(&mut self, record: &Record) {
        match record {
            Record::Command { .. } => self.commands += 1,
            Record::CommandDone { exit_code, .. } => self.commands_failed += u64::from(*exit_code != 0),
            Record::Fault { healed: false, .. } => self.faults += 1,
            _ => {}
        }
    }
}

fn restarts(pod: &crate::model::Pod) -> u64 {
    let all = pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses);
    all.map(|status| u64::try_from(status.restart_count).unwrap_or(0)).sum()
}
