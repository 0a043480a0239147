//! No node is given more than it has: when a pod is bound, the requests of all pods there that have not ended fit into what
//! is allocatable. Not judged while answers may have been lost: a scheduler that was told its binding failed plans again.

use super::{Law, Moment};
use crate::model::requests::{RequestOptions, Resource, pod_requests};
use crate::model::{Obj, Str};
use crate::store::{Key, LogEntry};
use std::collections::BTreeMap;

/// The law.
#[derive(Default)]
pub struct NodeCapacity {
    offers: BTreeMap<Str, Resource>,
    given: BTreeMap<Str, (Resource, i64)>,
}

/// Where a pod counts, and with what.
fn share(pod: Option<&Obj>) -> Option<(Str, Resource)> {
    let body = pod?.as_pod().filter(|pod| pod.is_bound() && !pod.is_terminal())?;
    Some((body.node_name.clone(), Resource::from_list(&pod_requests(body, RequestOptions::default()))))
}

impl NodeCapacity {
    fn add(&mut self, share: Option<(Str, Resource)>, sign: i64) {
        let Some((node, requests)) = share else { return };
        let (sum, pods) = self.given.entry(node).or_default();
        sum.add(&requests, sign);
        *pods += sign;
    }

    fn check(&self, node: &Str, moment: &Moment, key: &Key) -> Result<(), String> {
        let (Some(offer), Some((sum, pods))) = (self.offers.get(node), self.given.get(node)) else { return Ok(()) };
        if moment.lossy {
            return Ok(());
        }
        let scalars = sum.scalars.iter().map(|(name, sum)| (&**name, *sum, offer.scalar(name)));
        let plain = [
            ("cpu (milli)", sum.milli_cpu, offer.milli_cpu),
            ("memory", sum.memory, offer.memory),
            ("pods", *pods, offer.allowed_pod_number),
        ];
        match plain.into_iter().chain(scalars).find(|(_, sum, offer)| sum > offer) {
            Some((what, sum, offer)) => {
                Err(format!("with pod {}/{} node {node} is given {sum} of {what} and has {offer}", key.namespace, key.name))
            }
            None => Ok(()),
        }
    }
}

impl Law for NodeCapacity {
    fn name(&self) -> &'static str {
        "node-capacity"
    }

    fn about(&self) -> &'static str {
        "no node is given more than it has"
    }

    fn commit(&mut self, moment: &Moment, key: &Key, entry: &LogEntry) -> Result<(), String> {
        if let Some(node) = entry.object().as_node() {
            match &entry.after {
                Some(_) => drop(self.offers.insert(key.name.clone(), Resource::from_list(&node.status.allocatable))),
                None => drop(self.offers.remove(&key.name)),
            }
            return Ok(());
        }
        if entry.object().as_pod().is_none() {
            return Ok(());
        }
        let (before, after) = (share(entry.before.as_ref()), share(entry.after.as_ref()));
        if before == after {
            return Ok(());
        }
        let bound = entry.before.as_ref().is_some_and(|before| before.as_pod().is_some_and(|pod| !pod.is_bound()));
        let node = after.as_ref().map(|(node, _)| node.clone()).filter(|_| bound);
        self.add(before, -1);
        self.add(after, 1);
        node.map_or(Ok(()), |node| self.check(&node, moment, key))
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bench;
    use super::*;
    use serde_json::{Value, json};

    fn pod(name: &str, node: &str, phase: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "d"}, "status": {"phase": phase},
            "spec": {"nodeName": node, "containers": [{"name": "c", "resources": {"requests": {"cpu": "600m"}}}]}})
    }

    #[test]
    fn two_pods_where_one_fits_break_it() {
        let mut bench = Bench::new(NodeCapacity::default());
        let node =
            json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "status": {"allocatable": {"cpu": "1", "pods": "9"}}});
        bench.put(node).unwrap();
        for name in ["a", "b"] {
            bench.put(pod(name, "", "Pending")).unwrap();
        }
        bench.put(pod("a", "n", "Pending")).unwrap();
        assert_eq!(bench.put(pod("b", "n", "Pending")).unwrap_err(), "with pod d/b node n is given 1200 of cpu (milli) and has 1000");
        bench.put(pod("a", "n", "Succeeded")).unwrap();
        bench.put(pod("c", "", "Pending")).unwrap();
        bench.moment.lossy = true;
        bench.put(pod("c", "n", "Pending")).unwrap();
    }
}
