//! When Jobs' pods ended, which failures count, and how long to wait after them.
//! Real: pkg/controller/job/{backoff_utils.go,pod_failure_policy.go,success_policy.go} @ v1.37.2.

use super::job_indexes::Indexes;
use crate::base::Span;
use crate::model::{
    ContainerStatus, Job, Obj, Object, Pod, PodFailurePolicy, PodFailurePolicyOnExitCodesRequirement, PodPhase, SuccessPolicy, Timestamp,
};

/// Wait after the first failure; each further one doubles it.
const WAIT_MIN: Span = Span::from_s(10);
/// Longest wait.
const WAIT_MAX: Span = Span::from_s(600);
/// A pod's completion index, as annotation and label.
pub const INDEX: &str = "batch.kubernetes.io/job-completion-index";
/// How often the index failed before this pod.
pub const FAILURES: &str = "batch.kubernetes.io/job-index-failure-count";
/// How often it failed in ways that do not count.
pub const IGNORED_FAILURES: &str = "batch.kubernetes.io/job-index-ignored-failure-count";

/// Whether a Job numbers its pods.
pub fn is_indexed(job: &Job) -> bool {
    job.spec.completion_mode.as_deref() == Some("Indexed")
}

/// Whether pods are replaced only when they have ended.
pub fn replaces_only_ended(job: &Job) -> bool {
    job.spec.pod_replacement_policy.as_deref() == Some("Failed")
}

/// A pod's completion index, if it has one.
pub fn index_of(pod: &Object) -> Option<i32> {
    pod.meta.annotations.get(INDEX)?.parse().ok().filter(|index| *index >= 0)
}

fn annotated(pod: &Object, annotation: &str) -> i32 {
    pod.meta.annotations.get(annotation).and_then(|text| text.parse().ok()).filter(|count| *count >= 0).unwrap_or(0)
}

/// How often the pod's index has failed before it, counting those that do not count if asked for.
pub fn failures_before(pod: &Object, with_ignored: bool) -> i32 {
    annotated(pod, FAILURES) + if with_ignored { annotated(pod, IGNORED_FAILURES) } else { 0 }
}

/// Whether a pod counts as failed.
pub fn is_failed(pod: &Object, job: &Job) -> bool {
    let phase = pod.as_pod().map_or(PodPhase::Unknown, |pod| pod.status.phase);
    phase == PodPhase::Failed || !replaces_only_ended(job) && pod.meta.is_deleting() && phase != PodPhase::Succeeded
}

/// When a pod ended.
pub fn finished_at(pod: &Object) -> Timestamp {
    let body = pod.as_pod();
    let of_containers = body.and_then(containers_finished);
    let unready = || {
        let ready = body?.condition("Ready")?;
        ready.last_transition_time.filter(|_| &*ready.status == "False")
    };
    let deleted = || Some(Timestamp(pod.meta.deletion_timestamp?.0 - pod.meta.deletion_grace_period_seconds.unwrap_or(0)));
    of_containers.or_else(unready).or_else(deleted).or(pod.meta.creation_timestamp).unwrap_or_default()
}

fn containers_finished(pod: &Pod) -> Option<Timestamp> {
    let end = |status: &ContainerStatus| status.state.terminated.as_ref()?.finished_at;
    let mut latest = None;
    let sidecar = |status: &&ContainerStatus| {
        let named = pod.spec.init_containers.iter().find(|container| *container.name == *status.name);
        named.is_some_and(|container| container.restart_policy.as_deref() == Some("Always"))
    };
    let sidecars = pod.status.init_container_statuses.iter().filter(sidecar);
    for status in pod.status.container_statuses.iter().chain(sidecars) {
        latest = latest.max(Some(end(status)?));
    }
    latest
}

/// Failures in a row of a Job, and when the last one was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Failures {
    count: i32,
    last: Option<Timestamp>,
}

impl Failures {
    /// With pods that have ended since: a success begins the count anew.
    pub fn with(self, succeeded: &[Obj], failed: &[Obj]) -> Failures {
        let mut ends: Vec<Timestamp> = failed.iter().map(|pod| finished_at(pod)).collect();
        ends.sort_unstable();
        let Some(success) = succeeded.iter().map(|pod| finished_at(pod)).max() else {
            return match ends.last() {
                Some(last) => Failures { count: self.count + ends.len() as i32, last: Some(*last) },
                None => self,
            };
        };
        let after = ends.iter().filter(|end| **end > success).count();
        Failures { count: after as i32, last: ends.last().copied().filter(|_| after > 0) }
    }

    /// How long to wait from `now_ns` (wall clock, nanoseconds since 1970) until the next pod.
    pub fn wait(self, now_ns: i128) -> Span {
        self.last.filter(|_| self.count > 0).map_or(Span::ZERO, |last| wait(self.count, last, now_ns))
    }
}

fn wait(failures: i32, last: Timestamp, now_ns: i128) -> Span {
    let mut backoff = WAIT_MIN;
    for _ in 1..failures {
        backoff = backoff * 2;
        if backoff >= WAIT_MAX {
            backoff = WAIT_MAX;
            break;
        }
    }
    let elapsed = now_ns - i128::from(last.0) * 1_000_000_000;
    Span(u64::try_from(i128::from(backoff.0) - elapsed).unwrap_or(0))
}

/// How long the index of a failed pod has to wait for its next pod.
pub fn index_wait(last: Option<&Obj>, now_ns: i128) -> Span {
    last.map_or(Span::ZERO, |pod| wait(failures_before(pod, true) + 1, finished_at(pod), now_ns))
}

/// What a failure policy says of a failed pod.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It counts as usual.
    Count,
    /// It does not count.
    Ignore,
    /// Its index has failed for good.
    FailIndex,
    /// The Job has failed for good; why.
    FailJob(String),
}

/// Asks a failure policy about a failed pod.
pub fn judge(policy: Option<&PodFailurePolicy>, pod: &Object) -> Verdict {
    let (Some(policy), Some(body)) = (policy, pod.as_pod()) else { return Verdict::Count };
    let (namespace, name) = (&pod.meta.namespace, &pod.meta.name);
    for (at, rule) in policy.rules.iter().enumerate() {
        let why = match &rule.on_exit_codes {
            Some(wanted) => container_matching(body, wanted).map(|(container, code)| {
                format!(
                    "Container {container} for pod {namespace}/{name} failed with exit code {code} matching {} rule at index {at}",
                    rule.action
                )
            }),
            None => condition_matching(body, rule)
                .map(|condition| format!("Pod {namespace}/{name} has condition {condition} matching {} rule at index {at}", rule.action)),
        };
        match (why, rule.action.as_str()) {
            (None, _) => {}
            (Some(_), "Ignore") => return Verdict::Ignore,
            (Some(_), "FailIndex") => return Verdict::FailIndex,
            (Some(_), "Count") => return Verdict::Count,
            (Some(why), "FailJob") => return Verdict::FailJob(why),
            _ => {}
        }
    }
    Verdict::Count
}

fn container_matching<'a>(pod: &'a Pod, wanted: &PodFailurePolicyOnExitCodesRequirement) -> Option<(&'a str, i32)> {
    let all = pod.status.container_statuses.iter().chain(&pod.status.init_container_statuses);
    let named = all.filter(|status| wanted.container_name.as_ref().is_none_or(|name| **name == *status.name));
    let mut ended = named.filter_map(|status| Some((&*status.name, status.state.terminated.as_ref()?.exit_code)));
    let listed = |code: i32| wanted.values.contains(&code);
    ended.find(|(_, code)| {
        *code != 0
            && match wanted.operator.as_str() {
                "In" => listed(*code),
                "NotIn" => !listed(*code),
                _ => false,
            }
    })
}

fn condition_matching<'a>(pod: &'a Pod, rule: &crate::model::PodFailurePolicyRule) -> Option<&'a str> {
    let wanted = |condition: &&crate::model::PodCondition| {
        rule.on_pod_conditions.iter().any(|pattern| *pattern.r#type == *condition.r#type && *pattern.status == *condition.status)
    };
    pod.status.conditions.iter().find(wanted).map(|condition| &*condition.r#type)
}

/// The rule of a success policy that the succeeded indexes meet, as a message.
pub fn success_rule(policy: Option<&SuccessPolicy>, completions: i32, succeeded: &Indexes) -> Option<String> {
    let policy = policy.filter(|_| !succeeded.is_empty())?;
    let met = |rule: &crate::model::SuccessPolicyRule| {
        let enough = |count: i32| rule.succeeded_count.is_some_and(|wanted| count >= wanted);
        match &rule.succeeded_indexes {
            Some(text) => {
                let wanted = Indexes::parse(text, completions);
                let common = wanted.overlap(succeeded);
                !wanted.is_empty() && (common == wanted.total() || enough(common))
            }
            None => enough(succeeded.total()),
        }
    };
    policy.rules.iter().position(met).map(|at| format!("Matched rules at index {at}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn pod(status: Value) -> Obj {
        let json = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "ns", "creationTimestamp": "1970-01-01T00:00:01Z"}, "status": status});
        Obj::new(Object::from_json(json).unwrap())
    }

    fn ended(second: i64, code: i32) -> Obj {
        pod(json!({"phase": if code == 0 { "Succeeded" } else { "Failed" }, "containerStatuses": [
            {"name": "c", "state": {"terminated": {"exitCode": code, "finishedAt": Timestamp(second).to_string()}}}]}))
    }

    #[test]
    fn failures_in_a_row_double_the_wait() {
        let now = 100 * 1_000_000_000;
        let seconds = |failures: Failures| failures.wait(now).as_s();
        let none = Failures::default();
        assert_eq!(seconds(none), 0);
        assert_eq!(seconds(none.with(&[], &[ended(98, 1)])), 8);
        assert_eq!(seconds(none.with(&[], &[ended(98, 1), ended(95, 1)])), 18);
        assert_eq!(seconds(none.with(&[], &[ended(98, 1)]).with(&[ended(99, 0)], &[])), 0);
        assert_eq!(seconds(none.with(&[ended(96, 0)], &[ended(95, 1), ended(98, 1)])), 8);
        let many = (0..20).fold(none, |failures, _| failures.with(&[], &[ended(100, 1)]));
        assert_eq!(seconds(many), 600);
        assert_eq!(index_wait(None, now), Span::ZERO);
        assert_eq!(index_wait(Some(&ended(95, 1)), now), Span::from_s(5));
    }

    #[test]
    fn the_end_of_a_pod_is_read_where_it_can_be() {
        assert_eq!(finished_at(&ended(7, 1)), Timestamp(7));
        assert_eq!(
            finished_at(&pod(json!({"conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": "1970-01-01T00:00:05Z"}]}))),
            Timestamp(5)
        );
        assert_eq!(finished_at(&pod(json!({}))), Timestamp(1));
    }

    #[test]
    fn policies_judge_failed_pods() {
        let policy = |rule: Value| -> PodFailurePolicy { serde_json::from_value(json!({"rules": [rule]})).unwrap() };
        let on_codes =
            |action: &str, operator: &str| policy(json!({"action": action, "onExitCodes": {"operator": operator, "values": [42]}}));
        let job = "Container c for pod ns/p failed with exit code 42 matching FailJob rule at index 0";
        let cases = [
            (on_codes("FailJob", "In"), 42, Verdict::FailJob(job.into())),
            (on_codes("FailJob", "In"), 1, Verdict::Count),
            (on_codes("Ignore", "NotIn"), 1, Verdict::Ignore),
            (on_codes("FailIndex", "In"), 42, Verdict::FailIndex),
            (on_codes("Count", "In"), 42, Verdict::Count),
        ];
        for (policy, code, want) in cases {
            assert_eq!(judge(Some(&policy), &ended(5, code)), want);
        }
        let disrupted = pod(json!({"phase": "Failed", "conditions": [{"type": "DisruptionTarget", "status": "True"}]}));
        let policy = policy(json!({"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]}));
        assert_eq!(judge(Some(&policy), &disrupted), Verdict::Ignore);
        assert_eq!(judge(None, &disrupted), Verdict::Count);
    }

    #[test]
    fn success_policies_name_their_rule() {
        let policy: SuccessPolicy = serde_json::from_value(json!({"rules": [
            {"succeededIndexes": "0,1"}, {"succeededIndexes": "4-6", "succeededCount": 2}, {"succeededCount": 5}]}))
        .unwrap();
        let cases = [("0", None), ("0,1", Some(0)), ("4,6", Some(1)), ("2-4,7,8", Some(2)), ("", None)];
        for (succeeded, want) in cases {
            let message = success_rule(Some(&policy), 10, &Indexes::parse(succeeded, 10));
            assert_eq!(message, want.map(|at: i32| format!("Matched rules at index {at}")), "{succeeded}");
        }
    }

    #[test]
    fn pods_on_their_way_out_count_as_failed_unless_only_ended_ones_do() {
        let mut leaving = (*pod(json!({"phase": "Running"}))).clone();
        leaving.meta.deletion_timestamp = Some(Timestamp(9));
        let job = |policy: &str| -> Job { serde_json::from_value(json!({"spec": {"podReplacementPolicy": policy}})).unwrap() };
        assert!(is_failed(&leaving, &job("TerminatingOrFailed")) && !is_failed(&leaving, &job("Failed")));
        assert!(is_failed(&ended(1, 1), &job("Failed")));
    }
}
