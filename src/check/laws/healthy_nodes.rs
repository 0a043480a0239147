//! When all faults are over, every machine is ready again, without the taints that tell of its illness.

use super::{End, Law};
use crate::model::Kind;
use crate::store::View;

/// The law.
pub struct HealthyNodes;

/// Taints that the control plane sets for as long as something is wrong.
const ILL: [&str; 6] = [
    "node.kubernetes.io/not-ready",
    "node.kubernetes.io/unreachable",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/pid-pressure",
    "node.kubernetes.io/network-unavailable",
];

impl Law for HealthyNodes {
    fn name(&self) -> &'static str {
        "healthy-nodes"
    }

    fn about(&self) -> &'static str {
        "in the end every machine is ready again, and its taints are gone"
    }

    fn end(&mut self, view: View<'_>, _end: &End) -> Result<(), String> {
        for (_, node) in view.list(Kind::Node) {
            let Some(body) = node.as_node() else { continue };
            if !body.is_ready() {
                let ready = body.condition("Ready").map(|ready| format!("{}: {}", ready.status, ready.reason));
                return Err(format!("node {} is not ready ({})", node.meta.name, ready.unwrap_or("it never reported".into())));
            }
            if let Some(taint) = body.spec.taints.iter().find(|taint| ILL.contains(&&*taint.key)) {
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
        let mut bench = Bench::new(HealthyNodes);
        bench.put(node("True", json!([]))).unwrap();
        bench.end().unwrap();
        bench.put(node("True", json!([{"key": "node.kubernetes.io/unreachable", "effect": "NoExecute"}]))).unwrap();
        assert!(bench.end().unwrap_err().contains("still has the taint node.kubernetes.io/unreachable:NoExecute"));
        bench.put(node("Unknown", json!([]))).unwrap();
        assert!(bench.end().unwrap_err().contains("is not ready"));
    }
}
