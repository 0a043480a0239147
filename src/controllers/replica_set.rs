//! ReplicaSets, and ReplicationControllers, which are run by the same code: as many pods as wanted, made in batches of 1, 2,
//! 4, … and removed in the order of `victims`.
//! Real: pkg/controller/replicaset/{replica_set.go,replica_set_utils.go}, pkg/controller/replication/conversion.go @ v1.37.2.

use super::control::{self, Claiming, Claims, is_active, is_available, may_concern_owners, pod_from_template};
use super::settings::Wrong;
use super::tally::{Counts, Tallies, has_all};
use super::{ControllerManager, victims};
use crate::actor::client::Limits;
use crate::actor::controller::{Controller, Step, Sync, Work};
use crate::actor::expectations::Expectations;
use crate::actor::{Ctx, EventType, Kinds};
use crate::api::{ApiError, Verb};
use crate::base::Span;
use crate::base::collections::Map;
use crate::model::*;
use crate::store::{Change, Id, Key, View};
use std::sync::Arc;

/// Pods made or removed in one go at most.
const BURST_REPLICAS: usize = 500;
/// The first batch of pods.
const BATCH_INITIAL: usize = 1;

/// What both kinds have in common of their spec.
struct Spec<'a> {
    replicas: i32,
    min_ready_seconds: i32,
    template: &'a PodTemplateSpec,
}

/// The controller of ReplicaSets or of ReplicationControllers.
pub struct ReplicaSets {
    kind: Kind,
    workers: usize,
    limits: Option<Limits>,
    expectations: Expectations,
    /// The version of each object's status that it wrote last: before the view shows it, there is no sync.
    written: Map<Id, u64>,
    /// Counts of pods, unless they are to be counted each time.
    tallies: Option<Tallies>,
    wrong: Wrong,
}

impl ReplicaSets {
    /// The controller of ReplicaSets; `caches` allows what is only there for speed.
    pub fn new(settings: &ControllerManager, caches: bool) -> ReplicaSets {
        ReplicaSets {
            kind: Kind::ReplicaSet,
            workers: settings.concurrent_rs_syncs,
            limits: settings.client_limits(),
            expectations: Expectations::default(),
            written: Map::default(),
            tallies: caches.then(Tallies::default),
            wrong: settings.wrong,
        }
    }

    /// The controller of ReplicationControllers.
    pub fn replication_controllers(settings: &ControllerManager, caches: bool) -> ReplicaSets {
        ReplicaSets { kind: Kind::ReplicationController, workers: settings.concurrent_rc_syncs, ..ReplicaSets::new(settings, caches) }
    }

    fn spec<'a>(&self, owner: &'a Object) -> Option<Spec<'a>> {
        match &owner.body {
            Body::ReplicaSet(body) => Some(Spec {
                replicas: body.spec.replicas.unwrap_or(1),
                min_ready_seconds: body.spec.min_ready_seconds,
                template: &body.spec.template,
            }),
            Body::ReplicationController(body) => Some(Spec {
                replicas: body.spec.replicas.unwrap_or(1),
                min_ready_seconds: body.spec.min_ready_seconds,
                template: body.spec.template.as_ref()?,
            }),
            _ => None,
        }
    }

    /// The owner that a reference leads to, if it is still the same one.
    fn resolve<'a>(&self, view: View<'a>, namespace: &str, reference: &OwnerReference) -> Option<(Id, &'a Obj)> {
        if *reference.kind != *self.kind.name() {
            return None;
        }
        let id = view.find_id(self.kind, namespace, &reference.name)?;
        view.get(id).filter(|owner| owner.meta.uid == reference.uid).map(|owner| (id, owner))
    }

    fn pod_going(&mut self, pod: &Object, work: &mut Work<'_>, cx: &Ctx<'_>) {
        let Some(reference) = pod.meta.controller() else { return };
        if let Some((id, _)) = self.resolve(cx.view, &pod.meta.namespace, reference) {
            self.expectations.deletion_observed(id, &pod.meta.name);
            work.add(id);
        }
    }

    /// All that might want to adopt an orphan.
    fn add_suitors(&self, pod: &Object, work: &mut Work<'_>, cx: &Ctx<'_>) {
        for (id, owner) in cx.view.list_in(self.kind, &pod.meta.namespace) {
            if selector_of(owner).is_some_and(|selector| selector.matches(&pod.meta.labels)) {
                work.add(id);
            }
        }
    }

    fn pod_changed(&mut self, change: Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        let Some(pod) = change.after else {
            return self.pod_going(change.object(), work, cx);
        };
        if pod.meta.is_deleting() {
            return self.pod_going(pod, work, cx);
        }
        let owner = pod.meta.controller();
        let former = change.before.and_then(|before| before.meta.controller());
        if let (Some(former), Some(_)) = (former, change.before)
            && owner != Some(former)
            && let Some((id, _)) = self.resolve(cx.view, &pod.meta.namespace, former)
        {
            work.add(id);
        }
        let Some(owner) = owner else {
            let news = change.before.is_none_or(|before| before.meta.labels != pod.meta.labels || former.is_some());
            if news {
                self.add_suitors(pod, work, cx);
            }
            return;
        };
        let Some((id, owner)) = self.resolve(cx.view, &pod.meta.namespace, owner) else { return };
        if change.before.is_none() {
            self.expectations.creation_observed(id);
        }
        work.add(id);
        let min_ready_s = self.spec(owner).map_or(0, |spec| spec.min_ready_seconds);
        let ready = |object: &Obj| object.as_pod().is_some_and(Pod::is_ready);
        if min_ready_s > 0 && ready(pod) && change.before.is_some_and(|before| !ready(before)) {
            work.add_after(id, Span::from_s(min_ready_s as u64), cx);
        }
    }

    /// Begins the making or removing of pods; none if there are as many as wanted.
    fn manage(&mut self, key: Id, owner: &Object, p: &mut Progress, cx: &Ctx<'_>) -> Option<Step> {
        let wanted = usize::try_from(self.spec(owner)?.replicas).unwrap_or(0);
        let there = p.there();
        if there < wanted {
            p.missing = (wanted - there).min(BURST_REPLICAS);
            self.expectations.expect(key, p.missing, 0, cx.now);
            return self.next_batch(owner, p, BATCH_INITIAL);
        }
        if there > wanted {
            let surplus = (there - wanted).min(BURST_REPLICAS);
            let related = related_pods(owner, cx.view);
            p.victims = victims::choose(p.active.clone(), &related, surplus, cx.clock, cx.now);
            self.expectations.expect_deletions(key, p.victims.iter().map(|pod| pod.meta.name.clone()), cx.now);
            p.stage = Stage::Deleting;
            return Some(Step::Call(p.victims.iter().map(|pod| Verb::delete(Key::of(pod))).collect()));
        }
        None
    }

    fn next_batch(&self, owner: &Object, p: &mut Progress, size: usize) -> Option<Step> {
        let batch = size.min(p.missing - p.made);
        if batch == 0 {
            return None;
        }
        let template = self.spec(owner)?.template;
        let pod = pod_from_template(template, owner);
        p.stage = Stage::Creating { batch };
        Some(Step::Call((0..batch).map(|_| Verb::Create(Box::new(pod.clone()))).collect()))
    }

    /// Reads the answers to a batch of creations; the next batch is twice as large, unless something failed.
    fn created(&mut self, key: Id, owner: &Object, p: &mut Progress, sync: &Answers<'_>, batch: usize, cx: &mut Ctx<'_>) -> Option<Step> {
        let mut failed = false;
        for answer in sync.0 {
            match answer {
                Ok(pod) => {
                    p.made += 1;
                    cx.event(owner, EventType::Normal, "SuccessfulCreate", format!("Created pod: {}", pod.meta.name));
                }
                // Nothing can be made in a namespace that is going: no failure, and no Event either.
                Err(error) if is_namespace_terminating(error) => p.made += 1,
                Err(error) => {
                    failed = true;
                    cx.event(owner, EventType::Warning, "FailedCreate", format!("Error creating: {error}"));
                    p.error.get_or_insert_with(|| error.to_string());
                }
            }
        }
        if !failed {
            return self.next_batch(owner, p, batch * 2);
        }
        for _ in p.made..p.missing {
            self.expectations.creation_observed(key);
        }
        None
    }

    fn deleted(&mut self, key: Id, owner: &Object, p: &mut Progress, answers: &Answers<'_>, cx: &mut Ctx<'_>) {
        for (pod, answer) in p.victims.iter().zip(answers.0) {
            let Err(error) = answer else {
                cx.event(owner, EventType::Normal, "SuccessfulDelete", format!("Deleted pod: {}", pod.meta.name));
                continue;
            };
            self.expectations.deletion_observed(key, &pod.meta.name);
            if error.code() != 404 {
                cx.event(owner, EventType::Warning, "FailedDelete", format!("Error deleting: {error}"));
                p.error.get_or_insert_with(|| format!("unable to delete pods: {error}"));
            }
        }
    }

    fn new_status(&self, owner: &Object, p: &Progress, cx: &Ctx<'_>) -> ReplicaSetStatus {
        let spec = self.spec(owner).expect("an owner of pods");
        let mut status = status_of(owner);
        let [full, ready, available] = match &p.counts {
            Some(counts) => [counts.full, counts.ready, counts.ready],
            None => self.count(&p.active, &spec, cx),
        };
        let known = status.conditions.iter().any(|condition| &*condition.r#type == "ReplicaFailure");
        match &p.error {
            Some(error) if !known => {
                let reason = if (p.there() as i64) < i64::from(spec.replicas) { "FailedCreate" } else { "FailedDelete" };
                status.conditions.push(ReplicaSetCondition {
                    r#type: "ReplicaFailure".into(),
                    status: "True".into(),
                    last_transition_time: Some(cx.timestamp()),
                    reason: reason.into(),
                    message: error.as_str().into(),
                });
            }
            None if known => status.conditions.retain(|condition| &*condition.r#type != "ReplicaFailure"),
            _ => {}
        }
        status.replicas = p.there() as i32;
        [status.fully_labeled_replicas, status.ready_replicas, status.available_replicas] = [full, ready, available];
        status.terminating_replicas = (self.kind == Kind::ReplicaSet).then_some(p.terminating as i32);
        status
    }

    /// How many pods have all labels of the template, are ready, are available.
    fn count(&self, pods: &[Obj], spec: &Spec<'_>, cx: &Ctx<'_>) -> [i32; 3] {
        let mut counts = [0; 3];
        for object in pods {
            let pod = object.as_pod().expect("a pod");
            counts[0] += i32::from(has_all(&object.meta.labels, &spec.template.metadata.labels));
            counts[1] += i32::from(pod.is_ready());
            counts[2] += i32::from(is_available(pod, spec.min_ready_seconds, cx.clock, cx.now));
        }
        counts
    }

    /// The counts of an owner's pods, if they are all that this sync needs to know of them.
    fn tally(&mut self, owner: &Obj, selector: &Selector, needs_pods: bool, cx: &Ctx<'_>) -> Option<Counts> {
        let spec = self.spec(owner)?;
        let (wanted, labels) = (spec.replicas, &spec.template.metadata.labels);
        let adoptable = || cx.view.unmanaged(Kind::Pod, &owner.meta.namespace).any(|(_, pod)| selector.matches(&pod.meta.labels));
        if self.tallies.is_none() || spec.min_ready_seconds > 0 || adoptable() {
            return None;
        }
        let pods = || cx.view.controlled_by(Kind::Pod, &owner.meta.uid).map(|(_, pod)| pod);
        let counts = self.tallies.as_mut()?.of(owner, selector, labels, pods());
        debug_assert_eq!(counts, Tallies::default().of(owner, selector, labels, pods()));
        let victims = needs_pods && !owner.meta.is_deleting() && counts.active > wanted;
        (counts.strangers == 0 && !victims).then_some(counts)
    }

    /// Writes the status if it differs from what the view shows.
    fn write_status(&self, owner: &Obj, p: &mut Progress, cx: &Ctx<'_>) -> Option<Step> {
        let mut status = self.new_status(owner, p, cx);
        let old = status_of(owner);
        p.short_lived = (status.ready_replicas, status.available_replicas);
        if status == old && old.observed_generation == owner.meta.generation {
            return None;
        }
        status.observed_generation = owner.meta.generation;
        let verb = Verb::UpdateStatus(Box::new(with_status(owner, &status)));
        p.status = Some(status);
        p.stage = Stage::StatusSent { again: false };
        Some(Step::call(verb))
    }

    fn end(&self, owner: &Object, p: &Progress, cx: &Ctx<'_>) -> Step {
        if let Some(error) = &p.error {
            return Step::Retry(error.clone());
        }
        let min_ready_s = self.spec(owner).map_or(0, |spec| spec.min_ready_seconds);
        if min_ready_s > 0 && p.short_lived.0 != p.short_lived.1 {
            return Step::After(next_availability(&p.active, min_ready_s, cx).unwrap_or(Span::from_s(min_ready_s as u64)));
        }
        Step::Done
    }
}

/// Answers to the last call.
struct Answers<'a>(&'a [crate::api::Answer]);

/// What one sync keeps between its turns.
#[derive(Default)]
pub struct Progress {
    owner: Option<Obj>,
    claiming: Claiming,
    stage: Stage,
    needs_pods: bool,
    active: Vec<Obj>,
    /// In place of `active`, if that is enough.
    counts: Option<Counts>,
    terminating: usize,
    victims: Vec<Obj>,
    missing: usize,
    made: usize,
    error: Option<String>,
    status: Option<ReplicaSetStatus>,
    /// Ready and available pods of the new status.
    short_lived: (i32, i32),
}

impl Progress {
    /// How many pods there are.
    fn there(&self) -> usize {
        self.counts.map_or(self.active.len(), |counts| counts.active as usize)
    }
}

#[derive(Clone, Copy, Default)]
enum Stage {
    #[default]
    Claiming,
    Creating {
        batch: usize,
    },
    Deleting,
    StatusSent {
        again: bool,
    },
    /// The status was refused; the present object was asked for.
    Refetched,
}

impl Controller for ReplicaSets {
    type Progress = Progress;

    fn name(&self) -> &'static str {
        if self.kind == Kind::ReplicaSet { "replicaset-controller" } else { "replication-controller" }
    }

    fn watches(&self) -> Kinds {
        if self.kind == Kind::ReplicaSet {
            Kinds::of(&[Kind::ReplicaSet, Kind::Pod])
        } else {
            Kinds::of(&[Kind::ReplicationController, Kind::Pod])
        }
    }

    fn resyncs(&self) -> Kinds {
        Kinds::of(&[self.kind])
    }

    fn workers(&self) -> usize {
        self.workers
    }

    fn client_limits(&self) -> Option<Limits> {
        self.limits
    }

    fn minds(&self, change: Change<'_>) -> bool {
        change.kind() != Kind::Pod || may_concern_owners(&change, self.kind.name())
    }

    fn changed(&mut self, change: Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        if change.kind() == Kind::Pod {
            if let Some(tallies) = &mut self.tallies {
                tallies.pod_changed(change);
            }
            return self.pod_changed(change, work, cx);
        }
        if change.after.is_none() {
            self.expectations.forget(change.id);
            self.written.remove(&change.id);
        }
        if let (Some(tallies), Some(before)) = (&mut self.tallies, change.before)
            && change.after.is_none_or(|after| after.meta.uid != before.meta.uid || after.meta.generation != before.meta.generation)
        {
            tallies.forget(&before.meta.uid);
        }
        work.add(change.id);
    }

    fn sync(&mut self, key: Id, sync: &mut Sync<Progress>, cx: &mut Ctx<'_>) -> Step {
        let p = &mut sync.progress;
        if sync.turn == 0 {
            let Some(owner) = cx.view.get(key) else {
                self.expectations.forget(key);
                return Step::Done;
            };
            let forgets = self.wrong == Wrong::NoExpectations;
            if !forgets && self.written.get(&key).is_some_and(|written| *written > owner.meta.resource_version) {
                return Step::Retry("the view does not show the status written last".into());
            }
            p.owner = Some(owner.clone());
            p.needs_pods = forgets || self.expectations.satisfied(key, cx.now);
        }
        let owner = p.owner.clone().expect("set in the first turn");
        let answers = Answers(&sync.answers);
        match p.stage {
            Stage::Claiming => {
                let Some(selector) = selector_of(&owner) else { return Step::Done };
                p.counts = if sync.turn == 0 { self.tally(&owner, &selector, p.needs_pods, cx) } else { None };
                match &p.counts {
                    Some(counts) => p.terminating = counts.terminating as usize,
                    None => {
                        let candidates = candidates(&owner, &selector, cx.view);
                        let active = candidates.iter().filter(|pod| is_active(pod));
                        let claims = Claims::sort(&owner, active, |pod| selector.matches(&pod.meta.labels));
                        p.active = match p.claiming.advance(&owner, claims, answers.0, None) {
                            Ok(pods) => pods,
                            Err(step) => return step,
                        };
                        p.terminating = candidates.iter().filter(|pod| is_terminating_of(pod, &owner, &selector)).count();
                    }
                }
                if p.needs_pods
                    && !owner.meta.is_deleting()
                    && let Some(step) = self.manage(key, &owner, p, cx)
                {
                    return step;
                }
            }
            Stage::Creating { batch } => {
                if let Some(step) = self.created(key, &owner, p, &answers, batch, cx) {
                    return step;
                }
            }
            Stage::Deleting => self.deleted(key, &owner, p, &answers, cx),
            Stage::StatusSent { again } => match &answers.0[0] {
                Ok(object) => {
                    self.written.insert(key, object.meta.resource_version);
                    return self.end(&owner, p, cx);
                }
                Err(error) if again => return Step::Retry(error.to_string()),
                Err(_) => {
                    p.stage = Stage::Refetched;
                    return Step::call(Verb::Get(Key::of(&owner)));
                }
            },
            Stage::Refetched => {
                let fresh = match &answers.0[0] {
                    Ok(fresh) => fresh,
                    Err(error) => return Step::Retry(error.to_string()),
                };
                p.stage = Stage::StatusSent { again: true };
                let status = p.status.as_ref().expect("written before");
                return Step::call(Verb::UpdateStatus(Box::new(with_status(fresh, status))));
            }
        }
        self.write_status(&owner, p, cx).unwrap_or_else(|| self.end(&owner, p, cx))
    }
}

fn is_namespace_terminating(error: &ApiError) -> bool {
    error.details.as_ref().is_some_and(|details| details.causes.iter().any(|cause| &*cause.reason == "NamespaceTerminating"))
}

fn is_terminating_of(pod: &Object, owner: &Object, selector: &Selector) -> bool {
    pod.meta.is_deleting()
        && pod.as_pod().is_some_and(|body| !body.is_terminal())
        && control::is_controlled_by(pod, &owner.meta.uid)
        && selector.matches(&pod.meta.labels)
}

/// Which pods an owner is about.
fn selector_of(owner: &Object) -> Option<Selector> {
    match &owner.body {
        Body::ReplicaSet(body) => Selector::from_label_selector(body.spec.selector.as_ref()).ok(),
        Body::ReplicationController(body) => Some(Selector::from_map(&body.spec.selector)),
        _ => None,
    }
}

/// Its own pods, and orphans that it might adopt.
fn candidates(owner: &Obj, selector: &Selector, view: View<'_>) -> Vec<Obj> {
    let mut all: Vec<Obj> = view.controlled_by(Kind::Pod, &owner.meta.uid).map(|(_, pod)| pod.clone()).collect();
    let orphans = view.unmanaged(Kind::Pod, &owner.meta.namespace).map(|(_, pod)| pod);
    all.extend(orphans.filter(|pod| selector.matches(&pod.meta.labels)).cloned());
    all
}

/// Pods of all owners that have the same owner themselves.
fn related_pods(owner: &Object, view: View<'_>) -> Vec<Obj> {
    let Some(parent) = owner.meta.controller() else { return Vec::new() };
    let siblings = view.controlled_by(owner.kind(), &parent.uid);
    siblings.flat_map(|(_, sibling)| view.controlled_by(Kind::Pod, &sibling.meta.uid)).map(|(_, pod)| pod.clone()).collect()
}

/// Until the first of the ready pods becomes available.
fn next_availability(pods: &[Obj], min_ready_s: i32, cx: &Ctx<'_>) -> Option<Span> {
    let wait = |pod: &Obj| {
        let since = control::ready_since(pod.as_pod()?)?;
        let left_ns = i128::from(min_ready_s) * 1_000_000_000 - cx.clock.age_ns(since, cx.now);
        (left_ns > 0).then_some(Span(left_ns as u64))
    };
    pods.iter().filter_map(wait).min()
}

/// The status of either kind in the form of a ReplicaSet's.
fn status_of(owner: &Object) -> ReplicaSetStatus {
    match &owner.body {
        Body::ReplicaSet(body) => (*body.status).clone(),
        Body::ReplicationController(body) => {
            let status = &body.status;
            let condition = |c: &ReplicationControllerCondition| ReplicaSetCondition {
                r#type: c.r#type.clone(),
                status: c.status.clone(),
                last_transition_time: c.last_transition_time,
                reason: c.reason.clone(),
                message: c.message.clone(),
            };
            ReplicaSetStatus {
                replicas: status.replicas,
                fully_labeled_replicas: status.fully_labeled_replicas,
                ready_replicas: status.ready_replicas,
                available_replicas: status.available_replicas,
                observed_generation: status.observed_generation,
                conditions: status.conditions.iter().map(condition).collect(),
                ..ReplicaSetStatus::default()
            }
        }
        _ => ReplicaSetStatus::default(),
    }
}

fn with_status(owner: &Object, status: &ReplicaSetStatus) -> Object {
    let mut object = owner.clone();
    match &mut object.body {
        Body::ReplicaSet(body) => body.status = Arc::new(status.clone()),
        Body::ReplicationController(body) => {
            let to = Arc::make_mut(&mut body.status);
            to.replicas = status.replicas;
            to.fully_labeled_replicas = status.fully_labeled_replicas;
            to.ready_replicas = status.ready_replicas;
            to.available_replicas = status.available_replicas;
            to.observed_generation = status.observed_generation;
            let condition = |c: &ReplicaSetCondition| ReplicationControllerCondition {
                r#type: c.r#type.clone(),
                status: c.status.clone(),
                last_transition_time: c.last_transition_time,
                reason: c.reason.clone(),
                message: c.message.clone(),
            };
            to.conditions = status.conditions.iter().map(condition).collect();
        }
        _ => {}
    }
    object
}
