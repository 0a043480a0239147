//! When all faults are over, every machine is ready again, without the taints that tell of its illness. A machine that is short of
//! memory because of what runs on it, without any fault, may be so to the end: then taint and condition agree.

use super::{End, Law, Moment};
use crate::actor::Record;
use crate::base::Time;
use crate::model::{Kind, Node, Object, Str};
use crate::store::{Key, LogEntry, View};
use std::collections::BTreeSet;

/// The law.
#[derive(Default)]
pub struct HealthyNodes {
    /// Faults of memory that strike now.
    faults: usize,
    /// Machines that fell short of memory while there was no such fault.
    busy: BTreeSet<Str>,
}

const PRESSURE: &str = "node.kubernetes.io/memory-pressure";

/// Taints that the control plane sets for as long as something is wrong.
const ILL: [&str; 6] = [
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/pid-pressure",
    "node.kubernetes.io/network-unavailable",
];

fn is_short(node: &Node) -> bool {
    node.condition("MemoryPressure").is_some_and(|pressure| &*pressure.status == "True")
}

impl Law for HealthyNodes {
    fn name(&self) -> &'static str {
        "healthy-nodes"
    }

    fn about(&self) -> &'static str {
        "in the end every machine is ready again, and its taints are gone"
    }

    fn commit(&mut self, _moment: &Moment, key: &Key, entry: &LogEntry) -> Result<(), String> {
        if self.faults > 0 {
            return Ok(());
        }
        let turned = |of: fn(&Object) -> bool| entry.after.as_deref().is_some_and(of) && !entry.before.as_deref().is_some_and(of);
        if turned(|object| object.as_node().is_some_and(is_short)) {
            self.busy.insert(key.name.clone());
        } else if turned(|object| object.as_pod().is_some_and(|pod| &*pod.status.reason == "Evicted")) {
            // Who still has to be evicted is short, whatever it was that came first.
            self.busy.extend(entry.object().as_pod().map(|pod| pod.node_name.clone()));
        }
        Ok(())
    }

    fn record(&mut self, _at: Time, record: &Record) {
        if let Record::Fault { name: "memory-pressure", healed, .. } = record {
            self.faults = if *healed { self.faults.saturating_sub(1) } else { self.faults + 1 };
        }
    }

    fn end(&mut self, view: View<'_>, _end: &End) -> Result<(), String> {
        for (_, node) in view.list(Kind::Node) {
            let Some(body) = node.as_node() else { continue };
            if !body.is_ready() {
                let ready = body.condition("Ready").map(|ready| format!("{}: {}", ready.status, ready.reason));
                return Err(format!("node {} is not ready ({})", node.meta.name, ready.unwrap_or("it never reported".into())));
            }
            let excused = |key: &str| key == PRESSURE && is_short(body) && self.busy.contains(&node.meta.name);
            if let Some(taint) = body.spec.taints.iter().find(|taint| ILL.contains(&&*taint.key) && !excused(&taint.key)) {
                return Err(format!("node {} still has the taint {}:{}", node.meta.name, taint.key, taint.effect));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bench;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_taint_that_stays_breaks_it() {
        let node = |status: &str, taints: serde_json::Value| json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "spec": {"taints": taints}, "status": {"conditions": [{"type": "Ready", "status": status}]}});
        let mut bench = Bench::new(HealthyNodes::default());
        bench.put(node("True", json!([]))).unwrap();
        bench.end().unwrap();
        bench.put(node("True", json!([{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}]))).unwrap();
        assert!(bench.end().unwrap_err().contains("still has the taint node.kubernetes.io/unreachable:NoExecute"));
        bench.put(node("Unknown", json!([]))).unwrap();
        assert!(bench.end().unwrap_err().contains("is not ready"));
    }

    #[test]
    fn memory_that_is_short_without_a_fault_is_none() {
        let node = |pressure: &str| {
            json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "spec": {"taints": [{"key": PRESSURE, "effect": "NoSchedule"}]},
                "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "MemoryPressure", "status": pressure}]}})
        };
        let mut bench = Bench::new(HealthyNodes::default());
        let fault = |healed| Record::Fault { name: "memory-pressure", target: "n".into(), healed };
        bench.law.record(Time::ZERO, &fault(false));
        bench.put(node("True")).unwrap();
        bench.law.record(Time::ZERO, &fault(true));
        assert!(bench.end().unwrap_err().contains("memory-pressure"));
        bench.put(node("False")).unwrap();
        bench.put(node("True")).unwrap();
        bench.end().unwrap();
        // A taint that stays behind is one too many all the same.
        bench.put(node("False")).unwrap();
        assert!(bench.end().unwrap_err().contains("memory-pressure"));
    }
}
