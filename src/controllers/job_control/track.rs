//! How a reconciliation of a Job counts ended pods: noted in the status first, then released, then counted.
//! Real: trackJobStatusAndRemoveFinalizers and below in pkg/controller/job/job_controller.go @ v1.37.2.

use super::*;

/// Most pods that wait for being counted.
const UNCOUNTED_MAX: usize = 500;

impl Reconcile<'_, '_> {
    /// Counts ended pods: notes them in the status, takes off their finalizers, then counts them; at last ends the Job.
    pub(super) fn track(&mut self, mut state: State, news: bool, script: &mut Script<'_>) -> Run<()> {
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

    pub(super) fn note_write(&mut self, answer: &Answer) {
        if let Ok(object) = answer {
            self.memory.consistency.wrote(self.key, object);
        }
    }
}
