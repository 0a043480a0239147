//! One reconciliation of a Job: counts its pods, decides whether it is over, makes and takes away pods, and counts ended pods
//! in two steps, so that none is lost or counted twice.
//! Real: syncJob and below in pkg/controller/job/job_controller.go @ v1.37.2.

mod manage;
mod track;

use super::consistency::Consistency;
use super::control::{is_active, pod_from_template};
use super::endpointslice::is_namespace_ending;
use super::job_failures::*;
use super::job_indexes::Indexes;
pub use super::job_pods::{FINALIZER, is_finished, is_suspended, is_tracked, untrack};
use super::job_pods::{add_index_variable, count_released, ensure, is_ready, is_terminating, phase, surplus_pods};
use crate::actor::expectations::Expectations;
use crate::actor::script::{Run, Script, fail, outcome};
use crate::actor::{Ctx, EventType};
use crate::api::{Answer, Verb};
use crate::base::collections::Map;
use crate::base::{Span, Time};
use crate::model::{Body, Job, JobCondition, JobStatus, Obj, Object, PodPhase, Str};
use crate::store::{Id, Key};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Pod events and such are gathered for so long.
pub const BATCH_PERIOD: Span = Span::from_s(1);

/// What a reconciliation works from.
#[derive(Debug)]
pub struct Snapshot {
    /// The Job.
    pub job: Obj,
    /// Its pods.
    pub pods: Vec<Obj>,
    /// Whether all that was expected had been seen.
    pub satisfied: bool,
    /// Pods whose finalizers have been removed, though the view does not show it.
    pub released: BTreeSet<Str>,
    /// Failures known before.
    pub failures: Failures,
    /// When it was taken.
    pub now: Time,
}

/// What the controller remembers of Jobs between reconciliations.
#[derive(Default)]
pub struct Memory {
    /// Pods to be seen before others are created or deleted.
    pub expectations: Expectations,
    /// Pods whose finalizers have been removed, until the view shows it.
    pub released: Map<Id, BTreeSet<Str>>,
    /// Failures in a row.
    pub failures: Map<Id, Failures>,
    /// The end of the Job of this uid has been written.
    pub finished: Map<Id, Str>,
    /// What was written.
    pub consistency: Consistency,
}

impl Memory {
    /// The removal of a pod's finalizer was seen.
    pub fn release_seen(&mut self, job: Id, pod: &Object) {
        if let Some(pods) = self.released.get_mut(&job) {
            pods.remove(&pod.meta.uid);
        }
    }

    /// The Job is gone.
    pub fn forget(&mut self, job: Id) {
        self.expectations.forget(job);
        self.released.remove(&job);
        self.failures.remove(&job);
        self.finished.remove(&job);
        self.consistency.forget(job);
    }
}

/// The state of a reconciliation under way.
struct State {
    status: JobStatus,
    active_pods: Vec<Obj>,
    active: i32,
    ready: i32,
    terminating: i32,
    succeeded: i32,
    failed: i32,
    succeeded_before: Indexes,
    succeeded_indexes: Indexes,
    failed_indexes: Option<Indexes>,
    /// The last failed pod of indexes that have none running.
    delayed: BTreeMap<i32, Obj>,
    failures: Failures,
    /// The condition that ends the Job.
    end: Option<JobCondition>,
}

/// One reconciliation.
pub struct Reconcile<'a, 'c> {
    /// What it works from.
    pub given: &'a Snapshot,
    /// The Job's key.
    pub key: Id,
    /// What is remembered.
    pub memory: &'a mut Memory,
    /// When it is to be looked at again.
    pub again: &'a mut Vec<Span>,
    /// The world.
    pub cx: &'a mut Ctx<'c>,
}

impl Reconcile<'_, '_> {
    fn body(&self) -> &Job {
        self.given.job.as_job().expect("a Job")
    }

    fn completions(&self) -> i32 {
        self.body().spec.completions.unwrap_or(i32::MAX)
    }

    fn now_ns(&self) -> i128 {
        i128::from(self.cx.clock.micro(self.given.now).0) * 1_000
    }

    fn condition(&self, kind: &str, status: &str, reason: &str, message: &str) -> JobCondition {
        let now = Some(self.cx.clock.timestamp(self.given.now));
        JobCondition {
            r#type: kind.into(),
            status: status.into(),
            last_probe_time: now,
            last_transition_time: now,
            reason: reason.into(),
            message: message.into(),
        }
    }

    /// Pods not counted yet that meet a test; of an indexed Job only those with an index that counts.
    fn uncounted(&self, known: &[String], test: impl Fn(&Object) -> bool) -> Vec<Obj> {
        let indexed = is_indexed(self.body());
        let valid = |pod: &&Obj| {
            is_tracked(pod)
                && !known.iter().any(|uid| **uid == *pod.meta.uid)
                && !self.given.released.contains(&pod.meta.uid)
                && (!indexed || index_of(pod).is_some_and(|index| index < self.completions()))
                && test(pod)
        };
        self.given.pods.iter().filter(valid).cloned().collect()
    }

    fn begin(&self) -> State {
        let body = self.body();
        let mut status = (*body.status).clone();
        let uncounted = status.uncounted_terminated_pods.get_or_insert_default().clone();
        let active_pods: Vec<Obj> = self.given.pods.iter().filter(|pod| is_active(pod)).cloned().collect();
        let succeeded = self.uncounted(&uncounted.succeeded, |pod| phase(pod) == PodPhase::Succeeded);
        let failed = self.uncounted(&uncounted.failed, |pod| is_failed(pod, body));
        let policy = body.spec.pod_failure_policy.as_ref();
        let counted = failed.iter().filter(|pod| judge(policy, pod) != Verdict::Ignore).count();
        if status.start_time.is_none() && !is_suspended(body) {
            status.start_time = Some(self.cx.clock.timestamp(self.given.now));
        }
        State {
            active: active_pods.len() as i32,
            ready: active_pods.iter().filter(|pod| is_ready(pod)).count() as i32,
            terminating: self.given.pods.iter().filter(|pod| is_terminating(pod)).count() as i32,
            succeeded: status.succeeded + (succeeded.len() + uncounted.succeeded.len()) as i32,
            failed: status.failed + (counted + uncounted.failed.len()) as i32,
            failures: self.given.failures.with(&succeeded, &failed),
            succeeded_before: Indexes::default(),
            succeeded_indexes: Indexes::default(),
            failed_indexes: None,
            delayed: BTreeMap::new(),
            end: None,
            active_pods,
            status,
        }
    }

    /// The whole.
    pub fn run(&mut self, script: &mut Script<'_>) -> Run<()> {
        let mut state = self.begin();
        self.judge_end(&mut state, script);
        let mut suspension_changed = false;
        let managed = if state.end.is_some() {
            self.delete_all_active(&mut state, script)?
        } else {
            self.manage_and_judge(&mut state, &mut suspension_changed, script)?
        };
        let status = &mut state.status;
        let news = suspension_changed
            || state.active != status.active
            || Some(state.ready) != status.ready
            || Some(state.terminating) != status.terminating;
        (status.active, status.ready, status.terminating) = (state.active, Some(state.ready), Some(state.terminating));
        match outcome(self.track(state, news, script))? {
            Err(error) => fail(format!("tracking status: {error}")),
            Ok(()) => managed.map_or(Ok(()), fail),
        }
    }

    /// Whether the Job is over, by what was decided before, failures, limits and policies.
    fn judge_end(&mut self, state: &mut State, script: &Script<'_>) {
        let body = self.body();
        let is_true = |kind: &str| {
            let mut conditions = state.status.conditions.iter();
            conditions.find(|condition| &*condition.r#type == kind && &*condition.status == "True").cloned()
        };
        let policy = body.spec.pod_failure_policy.as_ref();
        let verdict = |pod: &Obj| match judge(policy, pod) {
            Verdict::FailJob(why) if is_failed(pod, body) => Some(why),
            _ => None,
        };
        state.end = is_true("SuccessCriteriaMet");
        if state.end.is_none() {
            state.end = if let Some(target) = is_true("FailureTarget") {
                Some(self.condition("Failed", "True", &target.reason, &target.message))
            } else {
                let why = self.given.pods.iter().find_map(verdict);
                why.map(|why| self.condition("FailureTarget", "True", "PodFailurePolicy", &why))
            };
        }
        if state.end.is_none() {
            state.end = self.judge_limits(state, script);
        }
        if is_indexed(self.body()) {
            self.judge_indexes(state);
        }
    }

    fn judge_limits(&mut self, state: &State, script: &Script<'_>) -> Option<JobCondition> {
        let body = self.body();
        let limit = body.spec.backoff_limit.unwrap_or(6);
        if state.failed > limit || self.restarted_too_often(limit) {
            return Some(self.condition("FailureTarget", "True", "BackoffLimitExceeded", "Job has reached the specified backoff limit"));
        }
        let deadline = body.spec.active_deadline_seconds.filter(|_| !is_suspended(body))?;
        let started = state.status.start_time?;
        let left_ns = i128::from(deadline) * 1_000_000_000 - self.cx.clock.age_ns(started, self.given.now);
        if left_ns <= 0 && body.status.start_time.is_some() {
            let message = "Job was active longer than specified deadline";
            return Some(self.condition("FailureTarget", "True", "DeadlineExceeded", message));
        }
        if script.is_live() {
            self.again.push(Span(u64::try_from(left_ns).unwrap_or(0)));
        }
        None
    }

    fn restarted_too_often(&self, limit: i32) -> bool {
        if self.body().spec.template.spec.restart_policy != "OnFailure" {
            return false;
        }
        let alive = self
            .given
            .pods
            .iter()
            .filter_map(|pod| pod.as_pod())
            .filter(|pod| matches!(pod.status.phase, PodPhase::Running | PodPhase::Pending));
        let restarts: i32 = alive
            .flat_map(|pod| pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses))
            .map(|status| status.restart_count)
            .sum();
        if limit == 0 { restarts > 0 } else { restarts >= limit }
    }

    fn judge_indexes(&self, state: &mut State) {
        let body = self.body();
        let completions = self.completions();
        let indexes = |test: &dyn Fn(&Object) -> bool| {
            let pods = self.given.pods.iter().filter(|pod| is_tracked(pod) && test(pod));
            Indexes::of(pods.filter_map(|pod| index_of(pod)).filter(|index| *index < completions))
        };
        state.succeeded_before = Indexes::parse(&state.status.completed_indexes, completions);
        state.succeeded_indexes = state.succeeded_before.merge(&indexes(&|pod| phase(pod) == PodPhase::Succeeded));
        state.succeeded = state.succeeded_indexes.total();
        if let Some(limit) = body.spec.backoff_limit_per_index {
            let known = Indexes::parse(state.status.failed_indexes.as_deref().unwrap_or_default(), completions);
            let failed = known.merge(&indexes(&|pod| self.index_has_failed(pod, limit)));
            if state.end.is_none() {
                if body.spec.max_failed_indexes.is_some_and(|max| failed.total() > max) {
                    let message = "Job has exceeded the specified maximal number of failed indexes";
                    state.end = Some(self.condition("FailureTarget", "True", "MaxFailedIndexesExceeded", message));
                } else if failed.total() > 0 && failed.total() + state.succeeded >= completions {
                    state.end = Some(self.condition("FailureTarget", "True", "FailedIndexes", "Job has failed indexes"));
                }
            }
            state.failed_indexes = Some(failed);
            state.delayed = self.delayed(state);
        }
        if state.end.is_none() {
            let rule = success_rule(body.spec.success_policy.as_ref(), completions, &state.succeeded_indexes);
            state.end = rule.map(|rule| self.condition("SuccessCriteriaMet", "True", "SuccessPolicy", &rule));
        }
    }

    fn index_has_failed(&self, pod: &Object, limit: i32) -> bool {
        let body = self.body();
        if !is_failed(pod, body) {
            return false;
        }
        match judge(body.spec.pod_failure_policy.as_ref(), pod) {
            Verdict::FailIndex => true,
            Verdict::Ignore => false,
            _ => failures_before(pod, false) >= limit,
        }
    }

    /// The last failed pod of each index that is neither done nor running: its successor inherits its count.
    fn delayed(&self, state: &State) -> BTreeMap<i32, Obj> {
        let body = self.body();
        let active: BTreeSet<i32> = state.active_pods.iter().filter_map(|pod| index_of(pod)).collect();
        let mut last: BTreeMap<i32, Obj> = BTreeMap::new();
        for pod in self.uncounted(&[], |pod| is_failed(pod, body)) {
            let Some(index) = index_of(&pod) else { continue };
            let failed = state.failed_indexes.as_ref().is_some_and(|failed| failed.has(index));
            if state.succeeded_indexes.has(index) || failed || active.contains(&index) {
                continue;
            }
            let newer = |old: &Obj| failures_before(old, true) <= failures_before(&pod, true) && finished_at(&pod) >= finished_at(old);
            if last.get(&index).is_none_or(newer) {
                last.insert(index, pod);
            }
        }
        last
    }
}
