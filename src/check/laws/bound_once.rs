//! A pod is bound once and never moves.

use super::{Law, Moment};
use crate::store::{Key, LogEntry};

/// The law.
pub struct BoundOnce;

impl Law for BoundOnce {
    fn name(&self) -> &'static str {
        "bound-once"
    }

    fn about(&self) -> &'static str {
        "a pod is bound once and never moves"
    }

    fn commit(&mut self, _moment: &Moment, key: &Key, entry: &LogEntry) -> Result<(), String> {
        let node = |object: &Option<crate::model::Obj>| object.as_ref().and_then(|object| Some(object.as_pod()?.node_name.clone()));
        match (node(&entry.before), node(&entry.after)) {
            (Some(before), Some(after)) if !before.is_empty() && before != after => {
                Err(format!("pod {}/{} went from {before} to {after:?}", key.namespace, key.name))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bench;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pod_that_moves_breaks_it() {
        let pod = |node: &str| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "d"}, "spec": {"nodeName": node}});
        let mut bench = Bench::new(BoundOnce);
        bench.put(pod("")).unwrap();
        bench.put(pod("a")).unwrap();
        assert_eq!(bench.put(pod("b")).unwrap_err(), "pod d/p went from a to \"b\"");
    }
}
