//! A finished Job stays finished: the condition is never taken back, and no further pod is made for it.

use super::{Law, Moment};
use crate::model::{Obj, Str};
use crate::store::{Key, LogEntry};
use std::collections::BTreeSet;

/// The law.
#[derive(Default)]
pub struct FinishedJobs {
    finished: BTreeSet<Str>,
}

/// How the Job ended, if it did.
fn ended(job: &Obj) -> Option<Str> {
    let ends = |kind: &str| matches!(kind, "Complete" | "Failed");
    let conditions = &job.as_job()?.status.conditions;
    conditions
        .iter()
        .find(|condition| ends(&condition.r#type) && &*condition.status == "True")
        .map(|condition| condition.r#type.as_ref().into())
}

impl Law for FinishedJobs {
    fn name(&self) -> &'static str {
        "finished-jobs"
    }

    fn about(&self) -> &'static str {
        "a finished Job stays finished and gets no further pod"
    }

    fn commit(&mut self, moment: &Moment, key: &Key, entry: &LogEntry) -> Result<(), String> {
        let object = entry.object();
        if object.as_job().is_some() {
            let (before, after) = (entry.before.as_ref().and_then(ended), entry.after.as_ref().and_then(ended));
            if after.is_some() {
                self.finished.insert(object.meta.uid.clone());
            }
            if entry.after.is_none() {
                self.finished.remove(&object.meta.uid);
            } else if before.is_some() && before != after {
                return Err(format!(
                    "job {}/{} was {} and is {}",
                    key.namespace,
                    key.name,
                    before.unwrap_or_default(),
                    after.as_deref().unwrap_or("open again")
                ));
            }
            return Ok(());
        }
        if object.as_pod().is_none() || entry.before.is_some() || moment.lossy {
            return Ok(());
        }
        match object.meta.controller().filter(|owner| self.finished.contains(&owner.uid)) {
            Some(owner) => Err(format!("pod {}/{} is made for job {}, which has finished", key.namespace, key.name, owner.name)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bench;
    use super::*;
    use serde_json::{Value, json};

    fn job(conditions: Value) -> Value {
        json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": "d", "uid": "u"}, "status": {"conditions": conditions}})
    }

    #[test]
    fn a_job_that_goes_on_breaks_it() {
        let mut bench = Bench::new(FinishedJobs::default());
        bench.put(job(json!([]))).unwrap();
        bench.put(job(json!([{"type": "Complete", "status": "True"}]))).unwrap();
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "d",
            "ownerReferences": [{"apiVersion": "batch/v1", "kind": "Job", "name": "j", "uid": "u", "controller": true}]}});
        assert!(bench.put(pod).unwrap_err().contains("which has finished"));
        assert_eq!(bench.put(job(json!([]))).unwrap_err(), "job d/j was Complete and is open again");
    }
}
