//! PodDisruptionBudgets hold against evictions: an eviction of a healthy pod takes one disruption from the budget that covers it,
//! in the same instant, and none is taken that is not there.

use super::{Law, Moment};
use crate::base::Time;
use crate::model::{Obj, Selector, Str};
use crate::store::{Key, LogEntry};
use std::collections::BTreeMap;

/// The law.
#[derive(Default)]
pub struct Budgets {
    budgets: BTreeMap<(Str, Str), Obj>,
    /// Disruptions that were taken in this instant: of which pods.
    taken: (Time, Vec<(Str, String)>),
}

fn is_evicted(pod: &Obj) -> bool {
    pod.as_pod().and_then(|pod| pod.condition("DisruptionTarget")).is_some_and(|condition| &*condition.reason == "EvictionByEvictionAPI")
}

impl Budgets {
    fn budget(&mut self, moment: &Moment, key: &Key, entry: &LogEntry) -> Result<(), String> {
        let place = (key.namespace.clone(), key.name.clone());
        let Some(after) = &entry.after else {
            self.budgets.remove(&place);
            return Ok(());
        };
        self.budgets.insert(place, after.clone());
        let status = |object: &Obj| object.as_pod_disruption_budget().map(|budget| budget.status.clone()).unwrap_or_default();
        let after = status(after);
        if after.disruptions_allowed < 0 {
            return Err(format!("budget {}/{} allows {} disruptions", key.namespace, key.name, after.disruptions_allowed));
        }
        let before = entry.before.as_ref().map(status).unwrap_or_default();
        if after.disruptions_allowed == before.disruptions_allowed - 1 {
            if self.taken.0 != moment.at {
                self.taken = (moment.at, Vec::new());
            }
            let new = after.disrupted_pods.keys().filter(|pod| !before.disrupted_pods.contains_key(*pod));
            self.taken.1.extend(new.map(|pod| (key.namespace.clone(), pod.clone())));
        }
        Ok(())
    }
}

impl Law for Budgets {
    fn name(&self) -> &'static str {
        "disruption-budgets"
    }

    fn about(&self) -> &'static str {
        "PodDisruptionBudgets hold against evictions"
    }

    fn commit(&mut self, moment: &Moment, key: &Key, entry: &LogEntry) -> Result<(), String> {
        if entry.object().as_pod_disruption_budget().is_some() {
            return self.budget(moment, key, entry);
        }
        let (Some(before), Some(after)) = (&entry.before, &entry.after) else { return Ok(()) };
        let healthy = before.as_pod().is_some_and(|pod| pod.is_ready() && !pod.is_terminal()) && !before.meta.is_deleting();
        if !healthy || is_evicted(before) || !is_evicted(after) {
            return Ok(());
        }
        let covers = |budget: &Obj| {
            let selector = budget.as_pod_disruption_budget().and_then(|budget| budget.spec.selector.as_ref());
            Selector::from_label_selector(selector).is_ok_and(|selector| selector.matches(&before.meta.labels))
        };
        let covering = self.budgets.iter().find(|((namespace, _), budget)| *namespace == key.namespace && covers(budget));
        let Some(((_, budget), _)) = covering else { return Ok(()) };
        let granted = self.taken.0 == moment.at && self.taken.1.iter().any(|(ns, pod)| *ns == key.namespace && **pod == *key.name);
        if granted { Ok(()) } else { Err(format!("pod {}/{} is evicted, and budget {budget} has not granted it", key.namespace, key.name)) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bench;
    use super::*;
    use serde_json::{Value, json};

    fn pod(evicted: bool) -> Value {
        let mut conditions = vec![json!({"type": "Ready", "status": "True"})];
        if evicted {
            conditions.push(json!({"type": "DisruptionTarget", "status": "True", "reason": "EvictionByEvictionAPI"}));
        }
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "d", "labels": {"a": "b"}}, "status": {"phase": "Running", "conditions": conditions}})
    }

    fn budget(allowed: i32, disrupted: Value) -> Value {
        json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "x", "namespace": "d"},
            "spec": {"selector": {"matchLabels": {"a": "b"}}}, "status": {"disruptionsAllowed": allowed, "disruptedPods": disrupted}})
    }

    #[test]
    fn an_eviction_that_nobody_granted_breaks_it() {
        let mut bench = Bench::new(Budgets::default());
        bench.put(budget(1, json!({}))).unwrap();
        bench.put(pod(false)).unwrap();
        assert!(bench.put(pod(true)).unwrap_err().contains("budget x has not granted it"));
        let mut bench = Bench::new(Budgets::default());
        bench.put(budget(1, json!({}))).unwrap();
        bench.put(pod(false)).unwrap();
        bench.later(5).put(budget(0, json!({"p": "2026-01-01T00:00:00Z"}))).unwrap();
        bench.put(pod(true)).unwrap();
        assert!(bench.put(budget(-1, json!({}))).unwrap_err().contains("allows -1"));
    }
}
