//! What a Job's controller asks of pods and conditions one by one: which pods wait to be counted, which go first when there are too
//! many, which conditions change.
//! Real: pkg/controller/job/{job_controller.go,indexed_job_utils.go,tracking_utils.go} @ v1.37.2.

use super::control::ready_since;
use super::job_failures::*;
use crate::api::Verb;
use crate::model::{EnvVar, Job, JobCondition, JobStatus, Obj, Object, PodPhase, PodSpec, Str};
use crate::store::Key;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// Keeps an ended pod until it has been counted.
pub const FINALIZER: &str = "batch.kubernetes.io/job-tracking";

/// Whether a pod waits to be counted.
pub fn is_tracked(pod: &Object) -> bool {
    pod.meta.finalizers.iter().any(|name| &**name == FINALIZER)
}

/// Takes the finalizer off a pod.
pub fn untrack(pod: &Object) -> Verb {
    Verb::edit(Key::of(pod), |pod| {
        if is_tracked(pod) {
            pod.meta.finalizers = pod.meta.finalizers.iter().filter(|name| &***name != FINALIZER).cloned().collect();
        }
    })
}

/// Whether the Job has come to an end.
pub fn is_finished(job: &Job) -> bool {
    job.status.conditions.iter().any(|condition| matches!(&*condition.r#type, "Complete" | "Failed") && &*condition.status == "True")
}

/// Whether the Job is to make no pods.
pub fn is_suspended(job: &Job) -> bool {
    job.spec.suspend == Some(true)
}

/// Where the pod stands.
pub fn phase(pod: &Object) -> PodPhase {
    pod.as_pod().map_or(PodPhase::Unknown, |pod| pod.status.phase)
}

/// Whether the pod is ready.
pub fn is_ready(pod: &Obj) -> bool {
    pod.as_pod().is_some_and(|pod| pod.is_ready())
}

/// Whether the pod is on its way out and has not ended yet.
pub fn is_terminating(pod: &Object) -> bool {
    pod.meta.is_deleting() && !phase(pod).is_terminal()
}

/// Which active pods go when there are too many: doubles and strays of an indexed Job first, then the least advanced.
pub fn surplus_pods(job: &Job, pods: &[Obj], at_least: usize, completions: i32) -> Vec<Obj> {
    let (mut doomed, mut rest) = (Vec::new(), pods.to_vec());
    if is_indexed(job) {
        let mut by_index: BTreeMap<Option<i32>, Vec<Obj>> = BTreeMap::new();
        for pod in rest.drain(..) {
            by_index.entry(index_of(&pod)).or_default().push(pod);
        }
        for (index, mut same) in by_index {
            if index.is_some_and(|index| index < completions) {
                sort_active(&mut same);
                rest.extend(same.pop());
            }
            doomed.extend(same);
        }
    }
    let more = at_least.saturating_sub(doomed.len());
    if more > 0 {
        sort_active(&mut rest);
        doomed.extend(rest.into_iter().take(more));
    }
    doomed
}

/// The least advanced pods first: without node, pending, not ready, ready for a shorter time, restarted more often, newer.
fn sort_active(pods: &mut [Obj]) {
    let rank = |pod: &Obj| {
        let Some(body) = pod.as_pod() else { return Default::default() };
        let phase = match body.status.phase {
            PodPhase::Pending => 0,
            PodPhase::Unknown => 1,
            _ => 2,
        };
        let since = ready_since(body).map(|since| std::cmp::Reverse(since.0));
        let restarts = body.status.container_statuses.iter().map(|status| status.restart_count).max().unwrap_or(0);
        let born = std::cmp::Reverse(pod.meta.creation_timestamp.unwrap_or_default().0);
        (body.is_bound(), phase, since.is_some(), since, std::cmp::Reverse(restarts), Some(born))
    };
    pods.sort_by_key(rank);
}

/// Tells the containers of an indexed Job's pod which index is theirs.
pub fn add_index_variable(spec: &mut PodSpec) {
    const NAME: &str = "JOB_COMPLETION_INDEX";
    let path = format!("metadata.labels['{INDEX}']");
    let variable: EnvVar =
        serde_json::from_value(json!({"name": NAME, "valueFrom": {"fieldRef": {"fieldPath": path}}})).expect("a variable");
    for container in spec.init_containers.iter_mut().chain(&mut spec.containers) {
        if !container.env.iter().any(|other| other.name == NAME) {
            container.env.push(variable.clone());
        }
    }
}

/// Puts a condition in its place, or adds it unless it says no to what nobody said yes to. Says whether anything changed.
pub fn ensure(conditions: &mut Vec<JobCondition>, wanted: JobCondition) -> bool {
    match conditions.iter_mut().find(|condition| condition.r#type == wanted.r#type) {
        Some(present) if (&present.status, &present.reason, &present.message) == (&wanted.status, &wanted.reason, &wanted.message) => false,
        Some(present) => {
            *present = wanted;
            true
        }
        None if &*wanted.status != "False" => {
            conditions.push(wanted);
            true
        }
        None => false,
    }
}

/// Pods noted in the status whose finalizers are gone are counted. Says whether there were any.
pub fn count_released(status: &mut JobStatus, tracked: &BTreeSet<Str>) -> bool {
    let Some(uncounted) = &mut status.uncounted_terminated_pods else { return false };
    let (succeeded, failed) = (uncounted.succeeded.len(), uncounted.failed.len());
    uncounted.succeeded.retain(|uid| tracked.contains(uid.as_str()));
    uncounted.failed.retain(|uid| tracked.contains(uid.as_str()));
    let (succeeded, failed) = (succeeded - uncounted.succeeded.len(), failed - uncounted.failed.len());
    status.succeeded += succeeded as i32;
    status.failed += failed as i32;
    succeeded + failed > 0
}
