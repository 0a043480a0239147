//! No two pods of one StatefulSet identity at once: the object of a member is removed only when its containers have ended, so that
//! no second one of its name is made while the first may still run somewhere. Members on a machine that has been removed from the
//! cluster are the exception that Kubernetes makes, and users who delete with `--force` know what they do.

use super::{Law, Moment};
use crate::actor::Record;
use crate::base::Time;
use crate::model::{Pod, Str};
use crate::store::{Key, LogEntry};
use std::collections::BTreeSet;

/// The law.
#[derive(Default)]
pub struct OneIdentity {
    nodes: BTreeSet<Str>,
    forced: bool,
}

fn may_run(pod: &Pod) -> bool {
    let all = pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses);
    pod.is_bound() && !pod.is_terminal() && all.clone().any(|status| status.state.running.is_some())
}

impl Law for OneIdentity {
    fn name(&self) -> &'static str {
        "one-identity"
    }

    fn about(&self) -> &'static str {
        "no two pods of one StatefulSet identity at once"
    }

    fn commit(&mut self, _moment: &Moment, key: &Key, entry: &LogEntry) -> Result<(), String> {
        if entry.object().as_node().is_some() {
            match &entry.after {
                Some(_) => self.nodes.insert(key.name.clone()),
                None => self.nodes.remove(&key.name),
            };
        }
        let (Some(before), None) = (&entry.before, &entry.after) else { return Ok(()) };
        let Some(pod) = before.as_pod() else { return Ok(()) };
        let member = before.meta.controller().is_some_and(|owner| &*owner.kind == "StatefulSet");
        if !self.forced && member && may_run(pod) && self.nodes.contains(&pod.node_name) {
            return Err(format!("{}/{} is removed while its containers may still run on {}", key.namespace, key.name, pod.node_name));
        }
        Ok(())
    }

    fn record(&mut self, _at: Time, record: &Record) {
        if let Record::Command { line, .. } = record {
            self.forced |= line.contains("--force") || line.contains("--grace-period=0");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bench;
    use super::*;
    use serde_json::{Value, json};

    fn member(running: bool) -> Value {
        let state = if running { json!({"running": {}}) } else { json!({"terminated": {"exitCode": 0}}) };
        json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "db-0", "namespace": "d", "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "db", "uid": "u", "controller": true}]},
            "spec": {"nodeName": "n"}, "status": {"phase": "Running", "containerStatuses": [{"name": "c", "state": state}]}})
    }

    #[test]
    fn a_member_removed_while_it_runs_breaks_it() {
        let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}});
        let mut bench = Bench::new(OneIdentity::default());
        bench.put(node.clone()).unwrap();
        bench.put(member(true)).unwrap();
        assert_eq!(bench.remove(member(true)).unwrap_err(), "d/db-0 is removed while its containers may still run on n");
        bench.put(member(false)).unwrap();
        bench.remove(member(false)).unwrap();
        bench.put(member(true)).unwrap();
        bench.remove(node).unwrap();
        bench.remove(member(true)).unwrap();
    }
}
