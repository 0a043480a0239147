//! A ReplicaSet's controller never makes more pods than its ReplicaSet asks for, whatever it has not seen yet: it expects what it
//! has asked for. Not judged while answers may have been lost: what it was told had failed, it makes again, as the real one does.

use super::{Believed, Law, Moment};
use crate::model::{Obj, Str};
use crate::store::{Key, LogEntry};
use std::collections::BTreeMap;

/// The law.
#[derive(Default)]
pub struct Replicas {
    wanted: BTreeMap<Str, Believed>,
    active: BTreeMap<Str, i64>,
}

/// The ReplicaSet of a pod that counts.
fn owner(pod: Option<&Obj>) -> Option<Str> {
    let pod = pod.filter(|pod| !pod.meta.is_deleting() && pod.as_pod().is_some_and(|body| !body.is_terminal()))?;
    Some(pod.meta.controller().filter(|owner| &*owner.kind == "ReplicaSet")?.uid.clone())
}

impl Law for Replicas {
    fn name(&self) -> &'static str {
        "replicas"
    }

    fn about(&self) -> &'static str {
        "a ReplicaSet's controller makes no more pods than are wanted"
    }

    fn commit(&mut self, moment: &Moment, key: &Key, entry: &LogEntry) -> Result<(), String> {
        if let Some(set) = entry.object().as_replica_set() {
            let uid = entry.object().meta.uid.clone();
            match &entry.after {
                Some(_) => self.wanted.entry(uid).or_default().set(moment.at, i64::from(set.spec.replicas.unwrap_or(1))),
                None => drop(self.wanted.remove(&uid)),
            }
            return Ok(());
        }
        let (before, after) = (owner(entry.before.as_ref()), owner(entry.after.as_ref()));
        if before == after {
            return Ok(());
        }
        if let Some(uid) = &before {
            *self.active.entry(uid.clone()).or_default() -= 1;
        }
        let Some(uid) = after else { return Ok(()) };
        let active = self.active.entry(uid.clone()).or_default();
        *active += 1;
        let made = entry.before.is_none() && !moment.lossy;
        match self.wanted.get_mut(&uid).filter(|_| made).map(|wanted| wanted.max(moment)) {
            Some(wanted) if *active > wanted => {
                Err(format!("pod {}/{} is made as number {active} of a ReplicaSet that wants {wanted}", key.namespace, key.name))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bench;
    use super::*;
    use serde_json::{Value, json};

    fn set(replicas: i32) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "r", "namespace": "d", "uid": "u"}, "spec": {"replicas": replicas}})
    }

    fn pod(name: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "d",
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "r", "uid": "u", "controller": true}]}})
    }

    #[test]
    fn one_pod_too_many_breaks_it_unless_more_were_wanted_lately() {
        let mut bench = Bench::new(Replicas::default());
        bench.put(set(2)).unwrap();
        bench.put(pod("a")).unwrap();
        bench.put(pod("b")).unwrap();
        assert!(bench.put(pod("c")).unwrap_err().contains("number 3 of a ReplicaSet that wants 2"));
        bench.remove(pod("c")).unwrap();
        bench.later(60).put(set(3)).unwrap();
        bench.later(60).put(set(1)).unwrap();
        bench.later(5).put(pod("d")).unwrap();
        bench.remove(pod("d")).unwrap();
        assert!(bench.later(60).put(pod("e")).is_err());
    }
}
