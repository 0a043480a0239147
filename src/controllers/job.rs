//! Jobs: pods that run to their end, so many of them well.
//! Real: pkg/controller/job/job_controller.go @ v1.37.2. Not modelled: Workloads and PodGroups of Jobs (alpha).

use super::ControllerManager;
use super::control::{Claiming, Claims, candidate_pods, may_concern_owners};
use super::job_control::{BATCH_PERIOD, FINALIZER, Memory, Reconcile, Snapshot, is_finished, is_tracked, untrack};
use crate::actor::client::Limits;
use crate::actor::controller::{Controller, Step, Sync, Work};
use crate::actor::script::{Scripted, step};
use crate::actor::workqueue::Backoff;
use crate::actor::{Ctx, EventType, Kinds};
use crate::base::Span;
use crate::model::{Kind, Obj, OwnerReference, Selector};
use crate::store::{Change, Id};

/// Who manages Jobs that name nobody.
const MANAGER: &str = "kubernetes.io/job-controller";

/// The controller. Its keys are Jobs, and pods that may have lost theirs.
pub struct Jobs {
    workers: usize,
    limits: Option<Limits>,
    memory: Memory,
}

/// How far a reconciliation is.
#[derive(Default)]
pub struct Progress {
    claiming: Option<Claiming>,
    claimed_at: u32,
    scripted: Scripted<Snapshot>,
}

/// The Job that a reference names, if it is that one.
fn resolve(namespace: &str, owner: &OwnerReference, cx: &Ctx<'_>) -> Option<Id> {
    let id = cx.view.find_id(Kind::Job, namespace, &owner.name).filter(|_| &*owner.kind == "Job")?;
    (cx.view.get(id)?.meta.uid == owner.uid).then_some(id)
}

fn is_foreign(job: &Obj) -> bool {
    job.as_job().and_then(|job| job.spec.managed_by.as_deref()).is_some_and(|manager| manager != MANAGER)
}

fn finished(job: Id, cx: &Ctx<'_>) -> bool {
    cx.view.get(job).and_then(|job| job.as_job()).is_some_and(is_finished)
}

impl Jobs {
    /// The controller as the settings want it.
    pub fn of(settings: &ControllerManager) -> Self {
        Jobs { workers: settings.concurrent_job_syncs, limits: settings.client_limits(), memory: Memory::default() }
    }

    fn begin(&mut self, key: Id, job: &Obj, sync: &mut Sync<Progress>, cx: &mut Ctx<'_>) -> Result<(), Step> {
        let body = job.as_job().expect("a Job");
        let selector = match Selector::from_label_selector(body.spec.selector.as_ref()) {
            Ok(selector) => selector,
            Err(error) => return Err(Step::Retry(format!("couldn't convert Job selector: {error}"))),
        };
        if body.spec.completion_mode.as_deref().is_some_and(|mode| !matches!(mode, "NonIndexed" | "Indexed")) {
            cx.event(job, EventType::Warning, "UnknownCompletionMode", "Skipped Job sync because completion mode is unknown");
            return Err(Step::Done);
        }
        let satisfied = self.memory.expectations.satisfied(key, cx.now);
        let claims = Claims::sort(job, candidate_pods(cx.view, job, &selector), |pod| selector.matches(&pod.meta.labels));
        let claiming = sync.progress.claiming.get_or_insert_default();
        let pods = claiming.advance(job, claims, &std::mem::take(&mut sync.answers), Some(FINALIZER))?;
        sync.progress.claimed_at = sync.turn;
        let released = self.memory.released.get(&key).cloned().unwrap_or_default();
        let failures = self.memory.failures.get(&key).copied().unwrap_or_default();
        sync.progress.scripted.snapshot = Some(Snapshot { job: job.clone(), pods, satisfied, released, failures, now: cx.now });
        Ok(())
    }

    fn job_changed(&mut self, change: &Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        let job = change.object();
        let Some(body) = job.as_job() else { return };
        if change.after.is_none() {
            self.memory.forget(change.id);
            work.add(change.id);
            return add_tracked_pods(job, work, cx);
        }
        let Some(before) = change.before else { return work.add(change.id) };
        if is_finished(body) {
            return add_tracked_pods(job, work, cx);
        }
        if before.meta.generation == job.meta.generation {
            work.add_after(change.id, BATCH_PERIOD, cx);
        } else {
            work.add(change.id);
        }
        let deadline = body.spec.active_deadline_seconds;
        if let (Some(started), Some(seconds)) = (body.status.start_time, deadline)
            && before.as_job().and_then(|job| job.spec.active_deadline_seconds) != deadline
        {
            let left_ns = i128::from(seconds) * 1_000_000_000 - cx.clock.age_ns(started, cx.now);
            work.add_after(change.id, Span(u64::try_from(left_ns).unwrap_or(0)), cx);
        }
    }

    fn pod_gone(&mut self, pod: &Obj, id: Id, for_good: bool, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        let job = pod.meta.controller().map(|owner| resolve(&pod.meta.namespace, owner, cx));
        match job {
            Some(Some(job)) if !finished(job, cx) => {
                self.memory.expectations.deletion_observed(job, &pod.meta.uid);
                if for_good || !is_tracked(pod) {
                    self.memory.release_seen(job, pod);
                }
                work.add_after(job, BATCH_PERIOD, cx);
            }
            _ if is_tracked(pod) => work.add(id),
            _ => {}
        }
    }

    fn pod_changed(&mut self, change: &Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        let pod = change.object();
        if change.after.is_none() || pod.meta.is_deleting() {
            return self.pod_gone(pod, change.id, change.after.is_none(), work, cx);
        }
        let owner = pod.meta.controller();
        let former = change.before.and_then(|before| before.meta.controller()).filter(|former| Some(*former) != owner);
        if let Some(job) = former.and_then(|former| resolve(&pod.meta.namespace, former, cx)) {
            if !is_tracked(pod) {
                self.memory.release_seen(job, pod);
            }
            work.add_after(job, BATCH_PERIOD, cx);
        }
        if let Some(owner) = owner {
            let Some(job) = resolve(&pod.meta.namespace, owner, cx) else { return };
            if change.before.is_none() {
                self.memory.expectations.creation_observed(job);
            } else if !is_tracked(pod) {
                self.memory.release_seen(job, pod);
            }
            return work.add_after(job, BATCH_PERIOD, cx);
        }
        if is_tracked(pod) {
            work.add(change.id);
        }
        if change.before.is_none_or(|before| before.meta.labels != pod.meta.labels) || former.is_some() {
            let matching = |job: &Obj| {
                let selector = job.as_job().and_then(|job| Selector::from_label_selector(job.spec.selector.as_ref()).ok());
                selector.is_some_and(|selector| !selector.is_everything() && selector.matches(&pod.meta.labels))
            };
            let jobs: Vec<Id> =
                cx.view.list_in(Kind::Job, &pod.meta.namespace).filter(|(_, job)| matching(job)).map(|(id, _)| id).collect();
            jobs.into_iter().for_each(|job| work.add_after(job, BATCH_PERIOD, cx));
        }
    }

    /// A pod that may have lost its Job must not be kept by the finalizer.
    fn sync_orphan(&mut self, key: Id, sync: &Sync<Progress>, cx: &Ctx<'_>) -> Step {
        if let Some(answer) = sync.answers.first() {
            return match answer {
                Err(error) if error.code() != 404 => Step::Retry(error.to_string()),
                _ => Step::Done,
            };
        }
        let Some(pod) = cx.view.get(key).filter(|pod| is_tracked(pod)) else { return Step::Done };
        if let Some(owner) = pod.meta.controller() {
            if (&*owner.kind, &*owner.api_version) != ("Job", "batch/v1") {
                return Step::Done;
            }
            if let Some(job) = resolve(&pod.meta.namespace, owner, cx)
                && (!finished(job, cx) || cx.view.get(job).is_some_and(is_foreign))
            {
                return Step::Done;
            }
        }
        Step::call(untrack(pod))
    }
}

/// Asks for work on the pods of a Job that still have the finalizer.
fn add_tracked_pods(job: &Obj, work: &mut Work<'_>, cx: &Ctx<'_>) {
    for (id, _) in cx.view.owned_by(&job.meta.uid).filter(|(_, pod)| pod.kind() == Kind::Pod && is_tracked(pod)) {
        work.add(id);
    }
}

impl Controller for Jobs {
    type Progress = Progress;

    fn name(&self) -> &'static str {
        "job-controller"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::Job, Kind::Pod])
    }

    fn resyncs(&self) -> Kinds {
        Kinds::of(&[Kind::Job])
    }

    fn workers(&self) -> usize {
        self.workers
    }

    fn client_limits(&self) -> Option<Limits> {
        self.limits
    }

    fn backoff(&self) -> Backoff {
        Backoff { min: Span::from_s(1), max: Span::from_s(60), together: None, ..Backoff::default() }
    }

    fn minds(&self, change: Change<'_>) -> bool {
        change.kind() != Kind::Pod || may_concern_owners(&change, "Job")
    }

    fn changed(&mut self, change: Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        match change.kind() {
            Kind::Job => self.job_changed(&change, work, cx),
            Kind::Pod => self.pod_changed(&change, work, cx),
            _ => {}
        }
    }

    fn sync(&mut self, key: Id, sync: &mut Sync<Progress>, cx: &mut Ctx<'_>) -> Step {
        if cx.view.key(key).kind == Kind::Pod {
            return self.sync_orphan(key, sync, cx);
        }
        if sync.turn == 0
            && let Err(error) = self.memory.consistency.ensure_ready(key, cx.view)
        {
            return Step::Retry(error);
        }
        if sync.progress.scripted.snapshot.is_none() {
            let Some(job) = cx.view.get(key) else {
                self.memory.forget(key);
                return Step::Done;
            };
            if is_foreign(job) {
                return Step::Done;
            }
            if job.as_job().is_some_and(is_finished) {
                self.memory.forget(key);
                return Step::Done;
            }
            if self.memory.finished.get(&key) == Some(&job.meta.uid) {
                return Step::Done;
            }
            if let Err(step) = self.begin(key, job, sync, cx) {
                return step;
            }
        }
        let turn = sync.turn - sync.progress.claimed_at;
        let (given, mut script) = sync.progress.scripted.script(turn, &mut sync.answers);
        let run = Reconcile { given, key, memory: &mut self.memory, again: &mut sync.again, cx }.run(&mut script);
        step(run.map(|()| Step::Done))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controllers::testing::{TinyKubelet, World};
    use crate::model::Object;
    use serde_json::{Value, json};

    fn describe(object: &Object) -> String {
        let Some(job) = object.as_job() else { return object.meta.name.to_string() };
        format!("{}/{}/{}", job.status.active, job.status.succeeded, job.status.failed)
    }

    fn world(ends: &str, extra: Value) -> World {
        let mut world = World::new(1, describe).with(Jobs::of(&ControllerManager::default()));
        world.sim.add_actor(Box::new(TinyKubelet));
        let mut spec = json!({"template": {"metadata": {"annotations": {"ends": ends}},
            "spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}});
        json_patch::merge(&mut spec, &extra);
        world.create(json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"}, "spec": spec}));
        world
    }

    fn conditions(world: &World) -> Vec<String> {
        let job = world.get(Kind::Job, "job").unwrap();
        let conditions = &job.as_job().unwrap().status.conditions;
        conditions.iter().map(|condition| format!("{}={}/{}", condition.r#type, condition.status, condition.reason)).collect()
    }

    fn counts(world: &World) -> String {
        describe(&world.get(Kind::Job, "job").unwrap())
    }

    #[test]
    fn pods_run_until_enough_have_ended_well() {
        let mut world = world("well", json!({"completions": 5, "parallelism": 2}));
        world.run(60_000);
        assert_eq!(conditions(&world), ["SuccessCriteriaMet=True/CompletionsReached", "Complete=True/CompletionsReached"]);
        assert_eq!((counts(&world).as_str(), world.list(Kind::Pod).len()), ("0/5/0", 5));
        assert!(world.list(Kind::Pod).iter().all(|pod| pod.meta.finalizers.is_empty()));
        assert!(world.lines(Kind::Job).iter().all(|line| !line.starts_with('3')));
        assert_eq!(world.events("job").last().unwrap(), "Completed Job completed");
    }

    #[test]
    fn failures_are_repeated_ever_later_until_the_limit() {
        let mut world = world("badly", json!({"backoffLimit": 2}));
        world.run(5_000);
        assert_eq!(world.list(Kind::Pod).len(), 1);
        world.run(10_000);
        assert_eq!(world.list(Kind::Pod).len(), 2);
        world.run(15_000);
        assert_eq!(world.list(Kind::Pod).len(), 2);
        world.run(60_000);
        assert_eq!(conditions(&world), ["FailureTarget=True/BackoffLimitExceeded", "Failed=True/BackoffLimitExceeded"]);
        assert_eq!(counts(&world), "0/0/3");
    }

    #[test]
    fn indexes_are_counted_each() {
        let mut world = world("well", json!({"completionMode": "Indexed", "completions": 4, "parallelism": 3}));
        world.run(60_000);
        let job = world.get(Kind::Job, "job").unwrap();
        assert_eq!(job.as_job().unwrap().status.completed_indexes, "0-3");
        // Of the second batch (1 and 2) the last comes first.
        let pod = &world.list(Kind::Pod)[1];
        assert!(pod.meta.name.starts_with("job-2-"));
        let spec = &pod.as_pod().unwrap().spec;
        assert_eq!((spec.hostname.as_str(), spec.containers[0].env[0].name.as_str()), ("job-2", "JOB_COMPLETION_INDEX"));
    }

    #[test]
    fn suspension_takes_pods_away_and_resumption_brings_new_ones() {
        let mut world = world("well", json!({"parallelism": 2, "completions": 2, "suspend": true}));
        world.run(3_000);
        assert_eq!((world.list(Kind::Pod).len(), conditions(&world)), (0, vec!["Suspended=True/JobSuspended".to_string()]));
        world.merge(Kind::Job, "job", json!({"spec": {"suspend": false}}));
        world.run(500);
        assert_eq!(world.list(Kind::Pod).len(), 2);
        world.merge(Kind::Job, "job", json!({"spec": {"suspend": true}}));
        world.run(4_000);
        assert_eq!(world.list(Kind::Pod).len(), 0);
        assert!(world.get(Kind::Job, "job").unwrap().as_job().unwrap().status.start_time.is_none());
    }

    #[test]
    fn a_deadline_ends_the_job() {
        let mut world = world("never", json!({"activeDeadlineSeconds": 5}));
        world.run(20_000);
        assert_eq!(conditions(&world), ["FailureTarget=True/DeadlineExceeded", "Failed=True/DeadlineExceeded"]);
    }

    #[test]
    fn pods_of_a_deleted_job_are_not_kept() {
        let mut world = world("well", json!({}));
        world.run(1_500);
        let name = world.list(Kind::Pod)[0].meta.name.to_string();
        world.edit(Kind::Job, "job", |job| job.meta.finalizers = std::sync::Arc::from([]));
        let options = crate::api::DeleteOptions { propagation: Some(crate::api::Propagation::Background), ..Default::default() };
        let target = crate::store::Key::of(&world.get(Kind::Job, "job").unwrap());
        world.send(crate::api::Verb::Delete { target, options }).unwrap();
        world.run(500);
        assert!(world.get(Kind::Pod, &name).unwrap().meta.finalizers.is_empty());
    }
}
