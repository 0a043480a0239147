//! One reconciliation of a Job: counts its pods, decides whether it is over, makes and takes away pods, and counts ended pods
//! in two steps, so that none is lost or counted twice.
//! Real: syncJob and below in pkg/controller/job/job_controller.go @ v1.37.2.

use super::consistency::Consistency;
use super::control::{is_active, pod_from_template};
use super::endpointslice::is_namespace_ending;
use super::job_failures::*;
use super::job_indexes::Indexes;
pub use super::job_pods::{FINALIZER, is_finished, is_suspended, is_tracked, untrack};
use super::job_pods::{add_index_variable, count_released, ensure, is_ready, is_terminating, phase, surplus_pods};
use super::script::{Run, Script, fail, outcome};
use crate::actor::expectations::Expectations;
use crate::actor::{Ctx, EventType};
use crate::api::{Answer, Verb};
use crate::base::collections::Map;
use crate::base::{Span, Time};
use crate::model::{Body, Job, JobCondition, JobStatus, Obj, Object, PodPhase, Str};
use crate::store::{Id, Key};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Most pods created or deleted in one reconciliation.
const MOVES_MAX: usize = 500;
/// Most pods that wait for being counted.
const UNCOUNTED_MAX: usize = 500;
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
    due: Map<Id, Time>,
}

impl Memory {
    /// Looks at a key after a while; one wait at a time, the shortest counts.
    pub fn delay(&mut self, key: Id, span: Span, cx: &mut Ctx<'_>) {
        let at = cx.now + span;
        if self.due.get(&key).is_some_and(|due| *due > cx.now && *due <= at) {
            return;
        }
        self.due.insert(key, at);
        cx.wake_in(span, u64::from(key.0));
    }

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
            self.memory.delay(self.key, Span(u64::try_from(left_ns).unwrap_or(0)), self.cx);
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

    /// The Job is over: its active pods go. Gives an error, if there was one.
    fn delete_all_active(&mut self, state: &mut State, script: &mut Script<'_>) -> Run<Option<String>> {
        let pods = state.active_pods.clone();
        let ends = script.side_by_side(pods.len(), |at, script| self.delete_pod(script, &pods[at]).map(|_| ()))?;
        let deleted = ends.iter().filter(|end| end.is_ok()).count() as i32;
        if deleted != state.active || !self.given.satisfied {
            state.end = None;
        }
        state.ready -= pods.iter().filter(|pod| is_ready(pod)).count() as i32;
        state.active -= deleted;
        state.terminating += deleted;
        Ok(ends.into_iter().find_map(Result::err))
    }

    /// Deletes a pod; whether it was still there.
    fn delete_pod(&mut self, script: &mut Script<'_>, pod: &Obj) -> Run<bool> {
        let answer = script.call(Verb::delete(Key::of(pod)))?;
        let live = script.is_live();
        match answer {
            Ok(_) => {
                if live {
                    self.cx.event(&self.given.job, EventType::Normal, "SuccessfulDelete", format!("Deleted pod: {}", pod.meta.name));
                }
                Ok(true)
            }
            Err(error) if error.code() == 404 => Ok(false),
            Err(error) => {
                if live {
                    self.cx.event(&self.given.job, EventType::Warning, "FailedDelete", format!("Error deleting: {error}"));
                }
                fail(format!("unable to delete pods: {error}"))
            }
        }
    }

    fn manage_and_judge(&mut self, state: &mut State, suspension_changed: &mut bool, script: &mut Script<'_>) -> Run<Option<String>> {
        let mut error = None;
        let manage = self.given.satisfied && !self.given.job.meta.is_deleting();
        if manage {
            error = self.manage(state, script)?;
        }
        let complete = match self.body().spec.completions {
            None => state.succeeded > 0 && state.active == 0,
            Some(completions) => state.succeeded >= completions && state.active == 0,
        };
        if complete {
            let message = "Reached expected number of succeeded pods";
            state.end = Some(self.condition("SuccessCriteriaMet", "True", "CompletionsReached", message));
        } else if manage {
            *suspension_changed = self.note_suspension(state, script);
        }
        Ok(error)
    }

    fn note_suspension(&mut self, state: &mut State, script: &Script<'_>) -> bool {
        let suspended = is_suspended(self.body());
        let wanted = match suspended {
            true => self.condition("Suspended", "True", "JobSuspended", "Job suspended"),
            false => self.condition("Suspended", "False", "JobResumed", "Job resumed"),
        };
        if !ensure(&mut state.status.conditions, wanted) {
            return false;
        }
        let (reason, message) = if suspended { ("Suspended", "Job suspended") } else { ("Resumed", "Job resumed") };
        if script.is_live() {
            self.cx.event(&self.given.job, EventType::Normal, reason, message);
        }
        state.status.start_time = (!suspended).then(|| self.cx.clock.timestamp(self.given.now));
        true
    }

    /// Makes or takes away pods until as many run as shall.
    fn manage(&mut self, state: &mut State, script: &mut Script<'_>) -> Run<Option<String>> {
        let body = self.body();
        let parallelism = body.spec.parallelism.unwrap_or(1);
        let want = match body.spec.completions {
            _ if is_suspended(body) => 0,
            None if state.succeeded > 0 => state.active,
            None => parallelism,
            Some(completions) => (completions - state.succeeded).min(parallelism).max(0),
        };
        let surplus = (state.active - want).max(0) as usize;
        let mut doomed = surplus_pods(body, &state.active_pods, surplus, self.completions());
        if !is_suspended(body) {
            doomed.truncate(MOVES_MAX);
        }
        if is_suspended(body) || !doomed.is_empty() {
            return self.delete_pods(state, doomed, script);
        }
        let leaving = if replaces_only_ended(body) { state.terminating } else { 0 };
        let missing = (want - leaving - state.active).max(0) as usize;
        if missing == 0 {
            return Ok(None);
        }
        let per_index = body.spec.backoff_limit_per_index.is_some();
        let mut wait = if per_index { Span::ZERO } else { state.failures.wait(self.now_ns()) };
        let mut indexes = Vec::new();
        let mut count = missing.min(MOVES_MAX);
        if wait.is_zero() && is_indexed(body) {
            indexes = self.pending_indexes(state, count);
            if per_index {
                let waits: Vec<Span> = indexes.iter().map(|index| index_wait(state.delayed.get(index), self.now_ns())).collect();
                let now: Vec<i32> = indexes.iter().zip(&waits).filter(|(_, wait)| wait.is_zero()).map(|(index, _)| *index).collect();
                wait = if now.is_empty() { waits.into_iter().min().unwrap_or(Span::ZERO) } else { Span::ZERO };
                indexes = now;
            }
            count = indexes.len();
        }
        if !wait.is_zero() {
            if script.is_live() {
                self.memory.delay(self.key, wait.max(BATCH_PERIOD), self.cx);
            }
            return Ok(None);
        }
        self.create_pods(state, count, &indexes, script)
    }

    fn pending_indexes(&self, state: &State, count: usize) -> Vec<i32> {
        let of = |pods: &mut dyn Iterator<Item = &Obj>| Indexes::of(pods.filter_map(|pod| index_of(pod)));
        let mut taken = state.succeeded_indexes.merge(&of(&mut state.active_pods.iter()));
        if replaces_only_ended(self.body()) {
            taken = taken.merge(&of(&mut self.given.pods.iter().filter(|pod| is_terminating(pod))));
        }
        if let Some(failed) = &state.failed_indexes {
            taken = taken.merge(failed);
        }
        taken.first_missing(count, self.completions())
    }

    fn delete_pods(&mut self, state: &mut State, doomed: Vec<Obj>, script: &mut Script<'_>) -> Run<Option<String>> {
        if script.is_live() {
            self.memory.expectations.expect(self.key, 0, doomed.len(), self.cx.now);
        }
        let ends = script.side_by_side(doomed.len(), |at, script| {
            let pod = &doomed[at];
            let unexpected = |this: &mut Self, script: &Script<'_>| {
                if script.is_live() {
                    this.memory.expectations.deletion_observed(this.key, &pod.meta.uid);
                }
            };
            if is_tracked(pod) {
                let answer = script.call(untrack(pod))?;
                self.note_write(&answer);
                if let Err(error) = answer {
                    unexpected(self, script);
                    // What is gone counts as taken away, though nobody saw it ready.
                    return if error.code() == 404 { Ok(0) } else { fail(format!("removing completion finalizer: {error}")) };
                }
            }
            match outcome(self.delete_pod(script, pod))? {
                Ok(true) => {}
                Ok(false) => unexpected(self, script),
                Err(error) => {
                    unexpected(self, script);
                    return fail(error);
                }
            }
            Ok(i32::from(is_ready(pod)))
        })?;
        let removed = ends.iter().filter(|end| end.is_ok()).count() as i32;
        state.active -= removed;
        state.terminating += removed;
        state.ready -= ends.iter().flatten().sum::<i32>();
        Ok(ends.into_iter().find_map(Result::err))
    }

    fn create_pods(&mut self, state: &mut State, count: usize, indexes: &[i32], script: &mut Script<'_>) -> Run<Option<String>> {
        if script.is_live() {
            self.memory.expectations.expect(self.key, count, 0, self.cx.now);
        }
        let plain = self.plain_pod();
        let (created, errors) = script.slow_start(count, MOVES_MAX, |at, script| {
            let mut pod = plain.clone();
            if let Some(index) = indexes.get(at) {
                self.give_index(&mut pod, *index, state.delayed.get(index));
            }
            let answer = script.call(Verb::Create(Box::new(pod)))?;
            self.note_write(&answer);
            let live = script.is_live();
            match answer {
                Ok(pod) => {
                    if live {
                        self.cx.event(&self.given.job, EventType::Normal, "SuccessfulCreate", format!("Created pod: {}", pod.meta.name));
                    }
                    Ok(())
                }
                Err(error) if is_namespace_ending(&error) => Ok(()),
                Err(error) => {
                    if live {
                        self.cx.event(&self.given.job, EventType::Warning, "FailedCreate", format!("Error creating: {error}"));
                        self.memory.expectations.creation_observed(self.key);
                    }
                    fail(error)
                }
            }
        })?;
        if script.is_live() {
            for _ in created + errors.len()..count {
                self.memory.expectations.creation_observed(self.key);
            }
        }
        state.active += created as i32;
        Ok(errors.into_iter().next())
    }

    fn plain_pod(&self) -> Object {
        let body = self.body();
        let mut pod = pod_from_template(&body.spec.template, &self.given.job);
        if !is_tracked(&pod) {
            pod.meta.finalizers = pod.meta.finalizers.iter().cloned().chain([FINALIZER.into()]).collect();
        }
        if is_indexed(body)
            && let Body::Pod(pod) = &mut pod.body
        {
            add_index_variable(Arc::make_mut(&mut pod.spec));
        }
        pod
    }

    fn give_index(&self, pod: &mut Object, index: i32, replaced: Option<&Obj>) {
        let name = &self.given.job.meta.name;
        pod.meta.annotations.set(INDEX, index.to_string());
        pod.meta.labels.set(INDEX, index.to_string());
        // Room is left for the letters that the API server adds.
        let suffix = format!("-{index}-");
        let room = 58usize.saturating_sub(suffix.len()).min(name.len());
        let end = (0..=room).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
        pod.meta.generate_name = format!("{}{suffix}", &name[..end]).into();
        if let Body::Pod(pod) = &mut pod.body {
            Arc::make_mut(&mut pod.spec).hostname = format!("{name}-{index}");
        }
        if self.body().spec.backoff_limit_per_index.is_none() {
            return;
        }
        let policy = self.body().spec.pod_failure_policy.as_ref();
        let ignored = replaced.is_some_and(|pod| judge(policy, pod) == Verdict::Ignore);
        let before = replaced.map_or((0, 0), |pod| (failures_before(pod, false), failures_before(pod, true) - failures_before(pod, false)));
        let counted = before.0 + i32::from(replaced.is_some() && !ignored);
        let uncounted = before.1 + i32::from(ignored);
        pod.meta.annotations.set(FAILURES, counted.to_string());
        if uncounted > 0 {
            pod.meta.annotations.set(IGNORED_FAILURES, uncounted.to_string());
        }
    }

    /// Counts ended pods: notes them in the status, takes off their finalizers, then counts them; at last ends the Job.
    fn track(&mut self, mut state: State, news: bool, script: &mut Script<'_>) -> Run<()> {
        let mut tracked: BTreeSet<Str> = self.given.pods.iter().filter(|pod| is_tracked(pod)).map(|pod| pod.meta.uid.clone()).collect();
        tracked.retain(|uid| !self.given.released.contains(uid));
        let mut flush = count_released(&mut state.status, &tracked) || news;
        let (to_release, full) = self.note_ended(&mut state, &mut flush);
        if let Some(end) = state.end.take() {
            state.end = Some(self.interim(&mut state.status, end, &mut flush));
        }
        let mut base = self.given.job.clone();
        if flush {
            base = match self.write_status(&base, &state.status, script)? {
                Ok(written) => written,
                Err(error) => return fail(format!("adding uncounted pods to status: {error}")),
            };
            if script.is_live() {
                self.memory.failures.insert(self.key, state.failures);
            }
            flush = false;
        }
        let error = self.release(&to_release, &mut tracked, script)?;
        flush |= count_released(&mut state.status, &tracked);
        if let Some(error) = error {
            if flush && let Err(error) = self.write_status(&base, &state.status, script)? {
                return fail(format!("removing uncounted pods from status: {error}"));
            }
            return fail(error);
        }
        let ended = !full && self.enact_end(&mut state);
        if !(flush || ended) {
            return Ok(());
        }
        match self.write_status(&base, &state.status, script)? {
            Err(error) => fail(format!("removing uncounted pods from status: {error}")),
            Ok(written) => {
                if ended && script.is_live() {
                    self.record_end(&written, state.end.as_ref());
                }
                Ok(())
            }
        }
    }

    /// Which pods are to lose their finalizers; those that have to be counted first are noted in the status.
    fn note_ended(&self, state: &mut State, flush: &mut bool) -> (Vec<Obj>, bool) {
        let body = self.body();
        let indexed = is_indexed(body);
        let mut pods: Vec<&Obj> = self.given.pods.iter().collect();
        if indexed {
            pods.sort_by_key(|pod| index_of(pod).unwrap_or(-1));
        }
        let before = body.status.uncounted_terminated_pods.clone().unwrap_or_default();
        let mut new_indexes = Vec::new();
        let (mut to_release, mut full) = (Vec::new(), false);
        let over = state.end.as_ref().map(|end| &*end.r#type != "SuccessCriteriaMet");
        for pod in pods {
            if !is_tracked(pod) || self.given.released.contains(&pod.meta.uid) || !self.may_release(pod, state) {
                continue;
            }
            to_release.push(pod.clone());
            let index = index_of(pod).filter(|index| *index < self.completions());
            let known = |list: &[String]| list.iter().any(|uid| **uid == *pod.meta.uid);
            let uncounted = state.status.uncounted_terminated_pods.get_or_insert_default();
            if phase(pod) == PodPhase::Succeeded && !known(&before.failed) {
                match index {
                    Some(index) if indexed => {
                        if !state.succeeded_before.has(index) {
                            new_indexes.push(index);
                            *flush = true;
                        }
                    }
                    _ if !indexed && !known(&before.succeeded) => {
                        uncounted.succeeded.push(pod.meta.uid.to_string());
                        *flush = true;
                    }
                    _ => {}
                }
            } else if (is_failed(pod, body) || over == Some(true)) && !known(&before.failed) && (!indexed || index.is_some()) {
                let counts = judge(body.spec.pod_failure_policy.as_ref(), pod) != Verdict::Ignore;
                if counts {
                    uncounted.failed.push(pod.meta.uid.to_string());
                    *flush = true;
                }
            }
            if new_indexes.len() + uncounted.succeeded.len() + uncounted.failed.len() >= UNCOUNTED_MAX {
                full = true;
                break;
            }
        }
        if indexed {
            self.note_indexes(state, new_indexes, flush);
        }
        (to_release, full)
    }

    fn note_indexes(&self, state: &mut State, new: Vec<i32>, flush: &mut bool) {
        let all = state.succeeded_indexes.merge(&Indexes::of(new));
        let text = all.to_string();
        *flush |= text != state.status.completed_indexes;
        (state.status.succeeded, state.status.completed_indexes) = (all.total(), text);
        let failed = state.failed_indexes.as_ref().map(Indexes::to_string);
        *flush |= failed != state.status.failed_indexes;
        state.status.failed_indexes = failed;
    }

    fn may_release(&self, pod: &Obj, state: &State) -> bool {
        if self.given.job.meta.is_deleting() || state.end.is_some() || phase(pod) == PodPhase::Succeeded {
            return true;
        }
        let delayed = index_of(pod).and_then(|index| state.delayed.get(&index));
        is_failed(pod, self.body()) && delayed.is_none_or(|delayed| delayed.meta.uid != pod.meta.uid)
    }

    /// The condition that tells of the end to come is written first; gives the one that is written last.
    fn interim(&self, status: &mut JobStatus, end: JobCondition, flush: &mut bool) -> JobCondition {
        match &*end.r#type {
            "FailureTarget" => {
                let last = self.condition("Failed", "True", &end.reason, &end.message);
                status.conditions.push(end);
                *flush = true;
                last
            }
            "SuccessCriteriaMet" => {
                let last = self.condition("Complete", "True", &end.reason, &end.message);
                if !status.conditions.iter().any(|condition| condition.r#type == end.r#type && &*condition.status == "True") {
                    status.conditions.push(end);
                    *flush = true;
                }
                last
            }
            _ => end,
        }
    }

    fn release(&mut self, pods: &[Obj], tracked: &mut BTreeSet<Str>, script: &mut Script<'_>) -> Run<Option<String>> {
        if pods.is_empty() {
            return Ok(None);
        }
        if script.is_live() {
            let expected = self.memory.released.get_or_insert_with(self.key, BTreeSet::new);
            expected.extend(pods.iter().map(|pod| pod.meta.uid.clone()));
        }
        let answers = script.call_all(pods.iter().map(|pod| untrack(pod)).collect())?;
        let live = script.is_live();
        let mut failed = None;
        for (pod, answer) in pods.iter().zip(answers) {
            self.note_write(&answer);
            if answer.is_err() && live {
                self.memory.release_seen(self.key, pod);
            }
            match answer {
                Err(error) if error.code() != 404 => {
                    failed.get_or_insert(error.to_string());
                }
                _ => {
                    tracked.remove(&pod.meta.uid);
                }
            }
        }
        Ok(failed)
    }

    fn enact_end(&self, state: &mut State) -> bool {
        let Some(end) = state.end.clone() else { return false };
        let uncounted = state.status.uncounted_terminated_pods.as_ref();
        if uncounted.is_some_and(|pods| !pods.succeeded.is_empty() || !pods.failed.is_empty()) || state.terminating > 0 {
            return false;
        }
        if &*end.r#type == "Complete" {
            state.status.completion_time = end.last_transition_time;
        }
        ensure(&mut state.status.conditions, end);
        true
    }

    fn record_end(&mut self, job: &Obj, end: Option<&JobCondition>) {
        self.memory.finished.insert(self.key, job.meta.uid.clone());
        let Some(end) = end else { return };
        if &*end.r#type != "Complete" {
            let reason = match &*end.reason {
                "BackoffLimitExceeded" => "BackoffLimitExceeded",
                "DeadlineExceeded" => "DeadlineExceeded",
                "MaxFailedIndexesExceeded" => "MaxFailedIndexesExceeded",
                "FailedIndexes" => "FailedIndexes",
                _ => "PodFailurePolicy",
            };
            return self.cx.event(job, EventType::Warning, reason, &*end.message);
        }
        let (succeeded, wanted) = job.as_job().map_or((0, None), |job| (job.status.succeeded, job.spec.completions));
        if wanted.is_some_and(|wanted| succeeded > wanted) {
            let message = "Too many succeeded pods running after completion count reached";
            self.cx.event(job, EventType::Warning, "TooManySucceededPods", message);
        }
        self.cx.event(job, EventType::Normal, "Completed", "Job completed");
    }

    fn write_status(&mut self, base: &Obj, status: &JobStatus, script: &mut Script<'_>) -> Run<Answer> {
        let mut job = (**base).clone();
        job.as_job_mut().expect("a Job").status = Arc::new(status.clone());
        let answer = script.call(Verb::UpdateStatus(Box::new(job)))?;
        self.note_write(&answer);
        Ok(answer)
    }

    fn note_write(&mut self, answer: &Answer) {
        if let Ok(object) = answer {
            self.memory.consistency.wrote(self.key, object);
        }
    }
}
