//! CronJobs: Jobs by the clock.
//! Real: pkg/controller/cronjob/{cronjob_controllerv2.go,utils.go} @ v1.37.2.

use super::ControllerManager;
use super::control::{controller_ref, is_controlled_by};
use super::cron::{Schedule, written, zone};
use super::endpointslice::is_namespace_ending;
use super::job_control::is_finished;
use crate::actor::client::Limits;
use crate::actor::controller::{Controller, Step, Sync, Work};
use crate::actor::script::{Run, Script, Scripted, fail, outcome, step};
use crate::actor::{Ctx, EventType, Kinds};
use crate::api::{DeleteOptions, Propagation, Verb};
use crate::base::{Span, Time};
use crate::model::{Body, CronJob, CronJobStatus, Job, Kind, Meta, Obj, Object, ObjectReference, OwnerReference, Timestamp};
use crate::store::{Change, Id, Key};
use jiff::tz::TimeZone;
use std::sync::Arc;

/// Runs are started a little after their time, against clocks that lag.
const DELTA_NS: i128 = 100_000_000;
const NS_PER_S: i128 = 1_000_000_000;
/// More missed runs than this are worth a warning.
const MANY_MISSED: i128 = 100;
/// Most runs looked at to find the last one missed.
const STEPS_MAX: usize = 10_000;
/// When a Job of a CronJob was to run.
const SCHEDULED: &str = "batch.kubernetes.io/cronjob-scheduled-timestamp";

/// The controller.
pub struct CronJobs {
    workers: usize,
    limits: Option<Limits>,
}

/// What a reconciliation works from.
#[derive(Debug)]
pub struct Snapshot {
    cron_job: Obj,
    jobs: Vec<Obj>,
    now: Time,
}

impl CronJobs {
    /// The controller as the settings want it.
    pub fn of(settings: &ControllerManager) -> Self {
        CronJobs { workers: settings.concurrent_cron_job_syncs, limits: settings.client_limits() }
    }

    fn cron_job_changed(change: &Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        let (Some(before), Some(after)) = (change.before, change.after) else { return work.add(change.id) };
        let (Some(old), Some(new)) = (before.as_cron_job(), after.as_cron_job()) else { return };
        if old.spec.schedule == new.spec.schedule && old.spec.time_zone == new.spec.time_zone {
            return work.add(change.id);
        }
        match schedule_of(new) {
            Err(_) => {
                let message = format!("unparseable schedule for cronjob: {}", new.spec.schedule);
                cx.event(after, EventType::Warning, "UnParseableCronJobSchedule", message);
            }
            Ok(schedule) => {
                let now_ns = wall_ns(cx, cx.now);
                let wait = until_next(after, new, &new.status, now_ns, &schedule);
                work.add_after(change.id, wait, cx);
            }
        }
    }
}

fn wall_ns(cx: &Ctx<'_>, at: Time) -> i128 {
    // The clock counts microseconds; what is left of the instant counts too.
    i128::from(cx.clock.micro(at).0) * 1_000 + i128::from(at.0 % 1_000)
}

fn schedule_of(cron_job: &CronJob) -> Result<Schedule, String> {
    let zone = cron_job.spec.time_zone.as_deref().and_then(zone).unwrap_or(TimeZone::UTC);
    Schedule::parse(&cron_job.spec.schedule, zone)
}

/// The last run that is due, and how many have been missed.
struct Due {
    earliest_ns: i128,
    last: Option<i64>,
    missed: i128,
}

fn last_due(
    object: &Object,
    cron_job: &CronJob,
    status: &CronJobStatus,
    now_ns: i128,
    schedule: &Schedule,
    deadline: bool,
) -> Result<Due, String> {
    let since = status.last_schedule_time.or(object.meta.creation_timestamp).unwrap_or_default();
    let mut earliest_ns = i128::from(since.0) * NS_PER_S;
    if let Some(seconds) = cron_job.spec.starting_deadline_seconds.filter(|_| deadline) {
        earliest_ns = earliest_ns.max(now_ns - i128::from(seconds) * NS_PER_S);
    }
    let broken = || "time difference between two schedules is less than 1 second".to_string();
    let at_ns = |second: i64| i128::from(second) * NS_PER_S;
    let first = schedule.next(earliest_ns.div_euclid(NS_PER_S) as i64).ok_or_else(broken)?;
    let second = schedule.next(first).ok_or_else(broken)?;
    let due = |last, missed| Ok(Due { earliest_ns, last, missed });
    if now_ns < at_ns(first) {
        return due(None, 0);
    }
    if now_ns < at_ns(second) {
        return due(Some(first), 0);
    }
    let between = i128::from(second - first);
    let missed = (now_ns - at_ns(first)) / NS_PER_S / between + 1;
    let mut last = None;
    let mut next = schedule.next((i128::from(first) + (missed - 2) * between) as i64);
    for _ in 0..STEPS_MAX {
        let Some(time) = next.filter(|time| at_ns(*time) <= now_ns) else { break };
        last = Some(time);
        next = schedule.next(time);
    }
    due(last, missed)
}

/// How long until the next run.
fn until_next(object: &Object, cron_job: &CronJob, status: &CronJobStatus, now_ns: i128, schedule: &Schedule) -> Span {
    let from_ns = match last_due(object, cron_job, status, now_ns, schedule, false) {
        Err(_) => now_ns,
        Ok(Due { last: Some(last), .. }) => i128::from(last) * NS_PER_S,
        Ok(Due { earliest_ns, missed: 0, .. }) => earliest_ns,
        Ok(_) => now_ns,
    };
    let next = schedule.next(from_ns.div_euclid(NS_PER_S) as i64);
    let wait_ns = next.map_or(i128::from(u64::MAX), |next| i128::from(next) * NS_PER_S + DELTA_NS - now_ns);
    Span(u64::try_from(wait_ns).unwrap_or(0))
}

/// One reconciliation. The status is changed in place and written at the end.
struct Reconcile<'a, 'c> {
    given: &'a Snapshot,
    object: Obj,
    status: CronJobStatus,
    changed: bool,
    cx: &'a mut Ctx<'c>,
}

impl Reconcile<'_, '_> {
    fn body(&self) -> &CronJob {
        self.object.as_cron_job().expect("a CronJob")
    }

    fn event(&mut self, script: &Script<'_>, kind: EventType, reason: &'static str, message: String) {
        if script.is_live() {
            self.cx.event(&self.object, kind, reason, message);
        }
    }

    fn run(&mut self, script: &mut Script<'_>) -> Run<Option<Span>> {
        self.clean_up(script)?;
        let synced = outcome(self.sync(script))?;
        if self.changed {
            let mut object = (*self.object).clone();
            object.as_cron_job_mut().expect("a CronJob").status = Arc::new(self.status.clone());
            script.call(Verb::UpdateStatus(Box::new(object)))?.or_else(fail)?;
        }
        match synced {
            Ok(wait) => Ok(wait),
            Err(error) => fail(error),
        }
    }

    fn forget_active(&mut self, uid: &str) {
        self.status.active.retain(|job| &*job.uid != uid);
    }

    /// Deletes a Job; whether that worked.
    fn delete_job(&mut self, script: &mut Script<'_>, job: &Obj) -> Run<bool> {
        let options = DeleteOptions { propagation: Some(Propagation::Background), ..DeleteOptions::default() };
        match script.call(Verb::Delete { target: Key::of(job), options })? {
            Err(error) => {
                self.event(script, EventType::Warning, "FailedDelete", format!("Deleted job: {error}"));
                Ok(false)
            }
            Ok(_) => {
                self.forget_active(&job.meta.uid);
                self.event(script, EventType::Normal, "SuccessfulDelete", format!("Deleted job {}", job.meta.name));
                Ok(true)
            }
        }
    }

    /// Deletes finished Jobs beyond the limits, oldest first.
    fn clean_up(&mut self, script: &mut Script<'_>) -> Run<()> {
        let limits = [("Complete", self.body().spec.successful_jobs_history_limit), ("Failed", self.body().spec.failed_jobs_history_limit)];
        for (end, limit) in limits {
            let Some(limit) = limit else { continue };
            let mut jobs: Vec<Obj> = self.given.jobs.iter().filter(|job| finished_as(job) == Some(end)).cloned().collect();
            let started = |job: &Obj| job.as_job().and_then(|job| job.status.start_time);
            jobs.sort_by(|a, b| {
                let key = |job: &Obj| (started(job).is_none(), started(job));
                key(a).cmp(&key(b)).then_with(|| a.meta.name.cmp(&b.meta.name))
            });
            for job in jobs.iter().take(jobs.len().saturating_sub(limit.max(0) as usize)) {
                self.changed |= self.delete_job(script, job)?;
            }
        }
        Ok(())
    }

    /// Takes in what became of the Jobs.
    fn look_at_jobs(&mut self, script: &mut Script<'_>) -> Run<()> {
        for job in &self.given.jobs {
            let active = self.status.active.iter().any(|other| other.uid == job.meta.uid);
            let Some(end) = finished_as(job) else {
                if !active {
                    let fresh = script.call(Verb::Get(Key::of(&self.object)))?.or_else(fail)?;
                    let fresh_status = fresh.as_cron_job().map(|fresh| (*fresh.status).clone()).unwrap_or_default();
                    if fresh_status.active.iter().any(|other| other.uid == job.meta.uid) {
                        (self.object, self.status) = (fresh, fresh_status);
                        continue;
                    }
                    let message = format!("Saw a job that the controller did not create or forgot: {}", job.meta.name);
                    self.event(script, EventType::Warning, "UnexpectedJob", message);
                }
                continue;
            };
            if active {
                self.forget_active(&job.meta.uid);
                let message = format!("Saw completed job: {}, condition: {end}", job.meta.name);
                self.event(script, EventType::Normal, "SawCompletedJob", message);
                self.changed = true;
            }
            let completed = job.as_job().and_then(|job| job.status.completion_time).filter(|_| end == "Complete");
            if completed.is_some() && completed > self.status.last_successful_time {
                self.status.last_successful_time = completed;
                self.changed = true;
            }
        }
        for active in self.status.active.clone() {
            if self.given.jobs.iter().any(|job| job.meta.uid == active.uid) {
                continue;
            }
            match script.call(Verb::Get(job_key(&active)))? {
                Ok(_) => {}
                Err(error) if error.code() == 404 => {
                    self.event(script, EventType::Normal, "MissingJob", format!("Active job went missing: {}", active.name));
                    self.forget_active(&active.uid);
                    self.changed = true;
                }
                Err(error) => return fail(error),
            }
        }
        Ok(())
    }

    /// Starts a Job if one is due. Gives when to look again.
    fn sync(&mut self, script: &mut Script<'_>) -> Run<Option<Span>> {
        self.look_at_jobs(script)?;
        if self.object.meta.is_deleting() {
            return Ok(None);
        }
        let spec = self.body().spec.clone();
        if let Some(name) = spec.time_zone.as_deref().filter(|name| zone(name).is_none()) {
            let message = format!("invalid timeZone: {name:?}: unknown time zone {name}");
            self.event(script, EventType::Warning, "UnknownTimeZone", message);
            return Ok(None);
        }
        if spec.suspend == Some(true) {
            return Ok(None);
        }
        if spec.schedule.contains("TZ") {
            let message = format!(
                "CRON_TZ or TZ used in schedule {:?} is not officially supported, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details",
                spec.schedule
            );
            self.event(script, EventType::Warning, "UnsupportedSchedule", message);
        }
        let schedule = match schedule_of(self.body()) {
            Ok(schedule) => schedule,
            Err(error) => {
                let message = format!("unparseable schedule: {:?} : {error}", spec.schedule);
                self.event(script, EventType::Warning, "UnparseableSchedule", message);
                return Ok(None);
            }
        };
        let now_ns = wall_ns(self.cx, self.given.now);
        let due = match last_due(&self.object, self.body(), &self.status, now_ns, &schedule, true) {
            Ok(due) => due,
            Err(error) => {
                let message = format!("invalid schedule: {} : {error}", spec.schedule);
                self.event(script, EventType::Warning, "InvalidSchedule", message);
                return Ok(None);
            }
        };
        if due.last.is_some() && due.missed > MANY_MISSED {
            let message = "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew";
            self.event(script, EventType::Warning, "TooManyMissedTimes", message.into());
        }
        if let Some(scheduled) = due.last
            && !self.start(script, scheduled, now_ns, &schedule)?
        {
            return Ok(None);
        }
        Ok(Some(until_next(&self.object, self.body(), &self.status, now_ns, &schedule)))
    }

    /// Starts the Job of a scheduled time unless something speaks against it. False: nothing is to be waited for.
    fn start(&mut self, script: &mut Script<'_>, scheduled: i64, now_ns: i128, schedule: &Schedule) -> Run<bool> {
        let spec = self.body().spec.clone();
        let late = |seconds: i64| i128::from(scheduled + seconds) * NS_PER_S < now_ns;
        if spec.starting_deadline_seconds.is_some_and(late) {
            let message = format!("Missed scheduled time to start a job: {}", rfc1123(scheduled));
            self.event(script, EventType::Warning, "MissSchedule", message);
            return Ok(true);
        }
        let name = format!("{}-{}", self.object.meta.name, scheduled / 60);
        let running = self.status.active.iter().any(|job| *job.name == *name);
        if running || self.status.last_schedule_time == Some(Timestamp(scheduled)) {
            return Ok(true);
        }
        if spec.concurrency_policy == "Forbid" && !self.status.active.is_empty() {
            let message = "Not starting job because prior execution is running and concurrency policy is Forbid";
            self.event(script, EventType::Normal, "JobAlreadyActive", message.into());
            return Ok(true);
        }
        if spec.concurrency_policy == "Replace" {
            self.replace_active(script)?;
        }
        let job = self.new_job(&name, scheduled, schedule);
        let created = match script.call(Verb::Create(Box::new(job.clone())))? {
            Ok(created) => {
                self.event(script, EventType::Normal, "SuccessfulCreate", format!("Created job {}", created.meta.name));
                created
            }
            Err(error) if error.code() == 409 => {
                let present = script.call(Verb::Get(Key::of(&job)))?.or_else(fail)?;
                let known = self.status.active.iter().any(|other| other.uid == present.meta.uid);
                if known || !is_controlled_by(&present, &self.object.meta.uid) {
                    return Ok(false);
                }
                present
            }
            Err(error) => {
                if !is_namespace_ending(&error) {
                    self.event(script, EventType::Warning, "FailedCreate", format!("Error creating job: {error}"));
                }
                return fail(error);
            }
        };
        self.status.active.push(reference(&created));
        self.status.last_schedule_time = Some(Timestamp(scheduled));
        self.changed = true;
        Ok(true)
    }

    fn replace_active(&mut self, script: &mut Script<'_>) -> Run<()> {
        for active in self.status.active.clone() {
            let job = match script.call(Verb::Get(job_key(&active)))? {
                Ok(job) => job,
                Err(error) => {
                    self.event(script, EventType::Warning, "FailedGet", format!("Get job: {error}"));
                    return fail(error);
                }
            };
            if !self.delete_job(script, &job)? {
                return fail(format!("could not replace job {}/{}", job.meta.namespace, job.meta.name));
            }
            self.changed = true;
        }
        Ok(())
    }

    fn new_job(&self, name: &str, scheduled: i64, schedule: &Schedule) -> Object {
        let template = &self.body().spec.job_template;
        let mut annotations = template.metadata.annotations.clone();
        let zone_of = self.body().spec.time_zone.as_deref().and_then(zone).unwrap_or(TimeZone::UTC);
        let text = if self.body().spec.time_zone.is_some() { written(scheduled, &zone_of) } else { written(scheduled, &TimeZone::UTC) };
        debug_assert!(!schedule.written(scheduled).is_empty());
        annotations.set(SCHEDULED, text);
        let meta = Meta {
            name: name.into(),
            namespace: self.object.meta.namespace.clone(),
            labels: template.metadata.labels.clone(),
            annotations,
            owner_references: Arc::from([controller_ref(&self.object)]),
            ..Meta::default()
        };
        Object { meta, body: Body::Job(Job { spec: template.spec.clone(), ..Job::default() }) }
    }
}

fn finished_as(job: &Obj) -> Option<&'static str> {
    let body = job.as_job().filter(|body| is_finished(body))?;
    let is = |kind: &str| body.status.conditions.iter().any(|condition| &*condition.r#type == kind && &*condition.status == "True");
    Some(if is("Complete") { "Complete" } else { "Failed" })
}

fn job_key(job: &ObjectReference) -> Key {
    Key { kind: Kind::Job, group_kind: "".into(), namespace: job.namespace.clone(), name: job.name.clone() }
}

fn reference(job: &Object) -> ObjectReference {
    ObjectReference {
        kind: job.kind_name().into(),
        namespace: job.meta.namespace.clone(),
        name: job.meta.name.clone(),
        uid: job.meta.uid.clone(),
        api_version: job.api_version().into(),
        resource_version: job.meta.resource_version.to_string().into(),
        ..ObjectReference::default()
    }
}

/// A moment as `Sun, 29 Mar 2026 06:55:00 +0000`.
fn rfc1123(second: i64) -> String {
    let Ok(moment) = jiff::Timestamp::from_second(second) else { return String::new() };
    moment.to_zoned_datetime(TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string()
}

/// The CronJob that a reference names, if it is that one.
fn resolve(namespace: &str, owner: &OwnerReference, cx: &Ctx<'_>) -> Option<Id> {
    let id = cx.view.find_id(Kind::CronJob, namespace, &owner.name).filter(|_| &*owner.kind == "CronJob")?;
    (cx.view.get(id)?.meta.uid == owner.uid).then_some(id)
}

impl Controller for CronJobs {
    type Progress = Scripted<Snapshot>;

    fn name(&self) -> &'static str {
        "cronjob-controller"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::CronJob, Kind::Job])
    }

    fn resyncs(&self) -> Kinds {
        Kinds::of(&[Kind::CronJob])
    }

    fn workers(&self) -> usize {
        self.workers
    }

    fn client_limits(&self) -> Option<Limits> {
        self.limits
    }

    fn changed(&mut self, change: Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        if change.kind() == Kind::CronJob {
            return CronJobs::cron_job_changed(&change, work, cx);
        }
        let owners =
            [change.before, change.after].into_iter().flatten().filter_map(|job| Some((&job.meta.namespace, job.meta.controller()?)));
        for (namespace, owner) in owners {
            if let Some(cron_job) = resolve(namespace, owner, cx) {
                work.add(cron_job);
            }
        }
    }

    fn sync(&mut self, key: Id, sync: &mut Sync<Scripted<Snapshot>>, cx: &mut Ctx<'_>) -> Step {
        if sync.progress.snapshot.is_none() {
            let Some(cron_job) = cx.view.get(key).cloned() else { return Step::Done };
            let jobs = cx.view.controlled_by(Kind::Job, &cron_job.meta.uid).map(|(_, job)| job.clone()).collect();
            sync.progress.snapshot = Some(Snapshot { cron_job, jobs, now: cx.now });
        }
        let (given, mut script) = sync.progress.script(sync.turn, &mut sync.answers);
        let (object, status) = (given.cron_job.clone(), (*given.cron_job.as_cron_job().expect("a CronJob").status).clone());
        let run = Reconcile { given, object, status, changed: false, cx }.run(&mut script);
        step(run.map(|wait| wait.map_or(Step::Done, Step::After)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cron_job(schedule: &str, last: Option<&str>, deadline: Option<i64>) -> Object {
        Object::from_json(json!({"apiVersion": "batch/v1", "kind": "CronJob",
            "metadata": {"name": "c", "namespace": "ns", "creationTimestamp": "2026-01-01T00:00:30Z"},
            "spec": {"schedule": schedule, "startingDeadlineSeconds": deadline, "jobTemplate": {"spec": {"template": {}}}},
            "status": {"lastScheduleTime": last}}))
        .unwrap()
    }

    fn second(text: &str) -> i64 {
        text.parse::<jiff::Timestamp>().unwrap().as_second()
    }

    #[test]
    fn the_last_run_that_is_due() {
        // Schedule, last run, deadline, now; the run due and the wait in seconds.
        let cases = [
            ("* * * * *", None, None, "2026-01-01T00:00:59Z", None, 1),
            ("* * * * *", None, None, "2026-01-01T00:01:00Z", Some("2026-01-01T00:01:00Z"), 60),
            ("* * * * *", Some("2026-01-01T00:01:00Z"), None, "2026-01-01T00:01:05Z", None, 55),
            ("* * * * *", None, None, "2026-01-01T00:05:10Z", Some("2026-01-01T00:05:00Z"), 50),
            ("0 * * * *", None, None, "2026-01-02T00:30:00Z", Some("2026-01-02T00:00:00Z"), 1800),
            ("0 * * * *", None, Some(60), "2026-01-02T00:30:00Z", None, 1800),
            ("@every 1h", None, None, "2026-01-01T02:30:00Z", Some("2026-01-01T02:00:30Z"), 1830),
        ];
        for (schedule, last, deadline, now, want, wait) in cases {
            let object = cron_job(schedule, last, deadline);
            let body = object.as_cron_job().unwrap();
            let (schedule_of, now_ns) = (schedule_of(body).unwrap(), i128::from(second(now)) * NS_PER_S);
            let due = last_due(&object, body, &body.status, now_ns, &schedule_of, true).unwrap();
            assert_eq!(due.last, want.map(second), "{schedule} at {now}");
            let span = until_next(&object, body, &body.status, now_ns, &schedule_of);
            assert_eq!(span.as_ms(), wait * 1000 + 100, "{schedule} at {now}");
        }
    }

    #[test]
    fn many_missed_runs_are_counted_roughly() {
        let object = cron_job("* * * * *", None, None);
        let body = object.as_cron_job().unwrap();
        let due =
            last_due(&object, body, &body.status, i128::from(second("2026-01-01T03:00:10Z")) * NS_PER_S, &schedule_of(body).unwrap(), true)
                .unwrap();
        assert_eq!((due.last, due.missed), (Some(second("2026-01-01T03:00:00Z")), 180));
        let never = cron_job("0 0 31 2 *", None, None);
        let body = never.as_cron_job().unwrap();
        assert!(last_due(&never, body, &body.status, 0, &schedule_of(body).unwrap(), true).is_err());
    }

    #[test]
    fn moments_in_messages() {
        assert_eq!(rfc1123(second("2026-03-29T06:55:00Z")), "Sun, 29 Mar 2026 06:55:00 +0000");
    }

    /// Runs of two minutes each, every minute.
    fn pile_up(policy: &str) -> (Vec<String>, Vec<String>, Vec<i32>) {
        use crate::controllers::testing::World;
        let mut world = World::new(0, |_| String::new()).with(CronJobs::of(&ControllerManager::default()));
        world.create(json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c"},
            "spec": {"schedule": "* * * * *", "concurrencyPolicy": policy, "jobTemplate": {"metadata": {"labels": {"app": "c"}},
                "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "i"}]}}}}}}));
        for _ in 0..20 {
            world.run(10_000);
        }
        let names = world.list(Kind::Job).iter().filter(|job| !job.meta.is_deleting()).map(|job| job.meta.name.to_string()).collect();
        let counts = world.list(Kind::Event).iter().filter_map(|event| event.as_event()).map(|event| event.count).collect();
        (names, world.events("c"), counts)
    }

    #[test]
    fn policies_decide_about_runs_that_overlap() {
        let (jobs, events, _) = pile_up("Allow");
        assert_eq!((jobs.len(), events.len()), (3, 3));
        assert!(events[0].starts_with("SuccessfulCreate Created job c-"));
        let (jobs, events, counts) = pile_up("Forbid");
        assert_eq!(jobs.len(), 1);
        assert_eq!(events[1], "JobAlreadyActive Not starting job because prior execution is running and concurrency policy is Forbid");
        // One look a minute, although the Job's changes asked for that look, too.
        assert_eq!(counts[1], 2, "{counts:?}");
        let (jobs, events, _) = pile_up("Replace");
        assert_eq!(jobs.len(), 1);
        assert!(events[1].starts_with("SuccessfulDelete Deleted job c-") && events[2].starts_with("SuccessfulCreate Created job c-"));
    }
}
