//! How a reconciliation of a Job makes and takes away pods.
//! Real: manageJob, deleteActivePods, deleteJobPods in pkg/controller/job/job_controller.go @ v1.37.2.

use super::*;

/// Most pods created or deleted in one reconciliation.
const MOVES_MAX: usize = 500;

impl Reconcile<'_, '_> {
    /// The Job is over: its active pods go. Gives an error, if there was one.
    pub(super) fn delete_all_active(&mut self, state: &mut State, script: &mut Script<'_>) -> Run<Option<String>> {
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

    pub(super) fn manage_and_judge(
        &mut self,
        state: &mut State,
        suspension_changed: &mut bool,
        script: &mut Script<'_>,
    ) -> Run<Option<String>> {
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
                self.again.push(wait.max(BATCH_PERIOD));
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
}
