//! One reconciliation of a StatefulSet: revisions, members in order, condemned members, rolling update, status.
//! Real: pkg/controller/statefulset/stateful_set_control.go @ v1.37.2.

use super::consistency::Consistency;
use super::control::is_available;
use super::controller_history as history;
use super::settings::Wrong;
use super::statefulset_pods::*;
use crate::actor::script::{Run, Script, fail, outcome};
use crate::actor::{Clock, Ctx, EventType};
use crate::api::{Answer, DeleteOptions, Verb};
use crate::base::Time;
use crate::model::{IntOrString, Obj, Object, PodPhase, PodTemplateSpec, StatefulSet, StatefulSetStatus, Str};
use crate::store::{Id, Key};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most members that are worked on side by side.
const BATCH_MAX: usize = 500;

/// What a reconciliation works from.
#[derive(Debug)]
pub struct Snapshot {
    /// The set.
    pub set: Obj,
    /// Its members.
    pub pods: Vec<Obj>,
    /// Its revisions, oldest first.
    pub revisions: Vec<Obj>,
    /// The present claims of its members, by name.
    pub claims: BTreeMap<Str, Obj>,
    /// What a revision of its present template holds.
    pub patch: Arc<Value>,
    /// When it was taken.
    pub now: Time,
    /// A fault put in on purpose.
    pub wrong: Wrong,
}

impl Snapshot {
    pub(super) fn body(&self) -> &StatefulSet {
        self.set.as_stateful_set().expect("a StatefulSet")
    }
}

/// A member that exists, or one that is about to.
struct Replica {
    object: Obj,
    created: bool,
}

/// The revisions that count.
struct Revisions {
    current: Obj,
    update: Obj,
    collisions: i32,
}

/// One reconciliation.
pub struct Reconcile<'a, 'c> {
    /// What it works from.
    pub given: &'a Snapshot,
    /// The set's key.
    pub key: Id,
    /// What was written.
    pub consistency: &'a mut Consistency,
    /// Claims as this reconciliation wrote them: it reads them again, some requests later, and the view has them by then.
    pub claims: BTreeMap<Str, Obj>,
    /// The world.
    pub cx: &'a mut Ctx<'c>,
}

/// What updating the members came to: the status to write, and an error.
type Updated = (StatefulSetStatus, Option<String>);

impl Reconcile<'_, '_> {
    /// The whole; gives the status.
    pub fn run(&mut self, script: &mut Script<'_>) -> Run<StatefulSetStatus> {
        let mut revisions = None;
        let performed = outcome(self.perform(script, &mut revisions))?;
        let truncated = outcome(self.truncate_history(script, revisions.as_ref()))?;
        match (performed, truncated) {
            (Ok(status), Ok(())) => Ok(status),
            (Err(error), _) | (_, Err(error)) => fail(error),
        }
    }

    fn perform(&mut self, script: &mut Script<'_>, found: &mut Option<Revisions>) -> Run<StatefulSetStatus> {
        let revisions = &*found.insert(self.revisions(script)?);
        let (mut status, error) = self.update_pods(script, revisions)?;
        let written = outcome(self.write_status(script, &mut status))?;
        match error.map_or(written, Err) {
            Ok(()) => Ok(status),
            Err(error) => fail(error),
        }
    }

    fn truncate_history(&mut self, script: &mut Script<'_>, revisions: Option<&Revisions>) -> Run<()> {
        let limit = self.given.body().spec.revision_history_limit.unwrap_or(10);
        let named = revisions.map(|revisions| [revisions.current.meta.name.clone(), revisions.update.meta.name.clone()]);
        history::truncate(script, &self.given.revisions, limit, |revision| {
            let name = &revision.meta.name;
            named.iter().flatten().any(|other| other == name) || self.given.pods.iter().any(|pod| *revision_of(pod) == **name)
        })
    }

    fn revisions(&mut self, script: &mut Script<'_>) -> Run<Revisions> {
        let body = self.given.body();
        let all = &self.given.revisions;
        let mut collisions = body.status.collision_count.unwrap_or(0);
        let next = all.last().map_or(1, |last| history::number(last) + 1);
        let wanted =
            history::new_revision(&self.given.set, &body.spec.template.metadata.labels, (*self.given.patch).clone(), next, collisions);
        let equal = all.iter().rfind(|revision| history::same_data(revision, &wanted));
        let update = match (equal, all.last()) {
            (Some(equal), Some(last)) if history::same_data(equal, last) => last.clone(),
            (Some(equal), _) => history::renumber(script, equal, next)?,
            (None, _) => history::create(script, &self.given.set, &wanted, &mut collisions)?,
        };
        let current = all.iter().find(|revision| *revision.meta.name == *body.status.current_revision);
        Ok(Revisions { current: current.unwrap_or(&update).clone(), update, collisions })
    }

    fn update_pods(&mut self, script: &mut Script<'_>, revisions: &Revisions) -> Run<Updated> {
        let given = self.given;
        let body = given.body();
        let mut status = StatefulSetStatus {
            observed_generation: given.set.meta.generation,
            current_revision: revisions.current.meta.name.to_string(),
            update_revision: revisions.update.meta.name.to_string(),
            collision_count: Some(revisions.collisions),
            conditions: body.status.conditions.clone(),
            ..StatefulSetStatus::default()
        };
        if body.spec.update_strategy.r#type == "Recreate" {
            let meta = &given.set.meta;
            let message = format!(
                "statefulset {}/{} uses Recreate strategy but feature gate StatefulSetRecreateStrategy is disabled",
                meta.namespace, meta.name
            );
            if script.is_live() {
                self.cx.event(&given.set, EventType::Warning, "UnknownStrategy", message.clone());
            }
            return fail(message);
        }
        let (replicas, condemned) = self.members(revisions);
        self.count(&mut status, &replicas, &condemned);
        if given.set.meta.is_deleting() {
            return Ok((status, None));
        }
        let blocked = self.establish(script, &replicas, &condemned)?;
        self.count(&mut status, &replicas, &condemned);
        match blocked {
            Blocked::By(error) => Ok((status, error)),
            Blocked::No if body.spec.update_strategy.r#type == "OnDelete" => Ok((status, None)),
            Blocked::No => {
                let rolled = outcome(self.roll(script, &replicas, &revisions.update.meta.name, &mut status.current_replicas))?;
                Ok((status, rolled.err()))
            }
        }
    }

    /// The wanted members by ordinal, made up where missing; and the others, highest ordinal first.
    fn members(&self, revisions: &Revisions) -> (Vec<Replica>, Vec<Replica>) {
        let body = self.given.body();
        let (start, count) = ordinals(body);
        let mut replicas: Vec<Option<Replica>> = (0..count).map(|_| None).collect();
        let mut condemned = Vec::new();
        for pod in &self.given.pods {
            let Some(ordinal) = ordinal(pod) else { continue };
            let replica = Replica { object: pod.clone(), created: true };
            match replicas.get_mut(usize::try_from(ordinal - start).unwrap_or(usize::MAX)) {
                Some(place) => *place = Some(replica),
                None => condemned.push(replica),
            }
        }
        condemned.sort_by_key(|replica| std::cmp::Reverse(ordinal(&replica.object)));
        let mut former = None;
        let fresh = |ordinal: i32, former: &mut Option<PodTemplateSpec>| {
            let rolling = body.spec.update_strategy.rolling_update.as_ref();
            let (template, revision) = match rolling {
                _ if revisions.current.meta.name == revisions.update.meta.name => (&body.spec.template, &revisions.update),
                Some(rolling) if ordinal >= start + rolling.partition.unwrap_or(0) => (&body.spec.template, &revisions.update),
                None if body.spec.update_strategy.r#type == "OnDelete" || ordinal >= start + body.status.current_replicas => {
                    (&body.spec.template, &revisions.update)
                }
                _ => {
                    let template = history::template_of(&revisions.current).unwrap_or_else(|| body.spec.template.clone());
                    (&*former.insert(template), &revisions.current)
                }
            };
            let object = Obj::new(new_pod(&self.given.set, template, &revision.meta.name, ordinal));
            Replica { object, created: false }
        };
        let whole = replicas.into_iter().zip(start..).map(|(replica, ordinal)| replica.unwrap_or_else(|| fresh(ordinal, &mut former)));
        (whole.collect(), condemned)
    }

    fn clock(&self) -> (Clock, Time) {
        (self.cx.clock, self.given.now)
    }

    fn is_available(&self, replica: &Replica) -> bool {
        let (clock, now) = self.clock();
        let min_ready = self.given.body().spec.min_ready_seconds;
        replica.object.as_pod().is_some_and(|pod| is_available(pod, min_ready, clock, now))
    }

    fn is_unavailable(&self, replica: &Replica) -> bool {
        !self.is_available(replica) || replica.object.meta.is_deleting()
    }

    fn count(&self, status: &mut StatefulSetStatus, replicas: &[Replica], condemned: &[Replica]) {
        (status.replicas, status.ready_replicas, status.available_replicas) = (0, 0, 0);
        (status.current_replicas, status.updated_replicas) = (0, 0);
        for replica in replicas.iter().chain(condemned).filter(|replica| replica.created) {
            status.replicas += 1;
            if is_running_and_ready(&replica.object) {
                status.ready_replicas += 1;
                status.available_replicas += i32::from(self.is_available(replica));
            }
            if !replica.object.meta.is_deleting() {
                let revision = revision_of(&replica.object);
                status.current_replicas += i32::from(revision == status.current_revision);
                status.updated_replicas += i32::from(revision == status.update_revision);
            }
        }
    }

    /// Makes the members what they shall be, and takes away those not wanted: one after the other, or all at once.
    fn establish(&mut self, script: &mut Script<'_>, replicas: &[Replica], condemned: &[Replica]) -> Run<Blocked> {
        let monotonic = self.given.body().spec.pod_management_policy != "Parallel";
        let unhealthy = replicas.iter().chain(condemned.iter().rev()).find(|replica| self.is_unavailable(replica));
        let unhealthy = unhealthy.map(|replica| replica.object.meta.name.clone());
        let blocked = run_for_all(script, replicas, monotonic, |replica, script| self.process(script, replica, monotonic))?;
        if let Blocked::By(error) = blocked {
            return Ok(Blocked::By(error));
        }
        let blocked = run_for_all(script, condemned, monotonic, |replica, script| {
            if !self.claims_match(&replica.object) {
                self.update_claims(script, &replica.object)?;
            }
            Ok(false)
        })?;
        if let Blocked::By(error) = blocked {
            return Ok(Blocked::By(error));
        }
        run_for_all(script, condemned, monotonic, |replica, script| {
            if replica.object.meta.is_deleting() {
                return Ok(monotonic);
            }
            let first = unhealthy.as_ref() == Some(&replica.object.meta.name);
            if monotonic && !first && !(is_running_and_ready(&replica.object) && self.is_available(replica)) {
                return Ok(true);
            }
            self.delete_pod(script, &replica.object)?;
            Ok(true)
        })
    }

    /// One wanted member. True: nothing more can be done in this round.
    fn process(&mut self, script: &mut Script<'_>, replica: &Replica, monotonic: bool) -> Run<bool> {
        let pod = &replica.object;
        let body = pod.as_pod().expect("members are pods");
        if body.is_terminal() {
            if !pod.meta.is_deleting() {
                self.delete_pod(script, pod)?;
            }
            return Ok(true);
        }
        if !replica.created {
            if self.claim_is_stale(pod) {
                return Ok(true);
            }
            self.create_pod(script, pod)?;
            if monotonic {
                return Ok(true);
            }
        } else if body.status.phase == PodPhase::Pending {
            self.create_claims(script, pod)?;
            self.update_claims_noted(script, pod)?;
        }
        if self.given.wrong == Wrong::ForceDeletes && pod.meta.is_deleting() && self.is_lost(pod) {
            let options = DeleteOptions { grace_period_seconds: Some(0), ..DeleteOptions::default() };
            let _ = script.call(Verb::Delete { target: Key::of(pod), options })?;
            return Ok(true);
        }
        if monotonic && (pod.meta.is_deleting() || !is_running_and_ready(pod) || !self.is_available(replica)) {
            return Ok(true);
        }
        if !(identity_matches(&self.given.set, pod) && storage_matches(&self.given.set, pod) && self.claims_match(pod)) {
            self.update_pod(script, pod)?;
        }
        Ok(false)
    }

    /// Deletes members of another revision, highest ordinal first, as many as may be unavailable.
    fn roll(&mut self, script: &mut Script<'_>, replicas: &[Replica], update: &str, current: &mut i32) -> Run<()> {
        let body = self.given.body();
        let rolling = body.spec.update_strategy.rolling_update.as_ref();
        let update_min = rolling.and_then(|rolling| rolling.partition).unwrap_or(0).max(0) as usize;
        let max_unavailable = max_unavailable(rolling.and_then(|rolling| rolling.max_unavailable.as_ref()), replicas.len());
        let parallel = body.spec.pod_management_policy == "Parallel";
        let is_old = |replica: &Replica| revision_of(&replica.object) != update;
        let unavailable = replicas.iter().filter(|replica| self.is_unavailable(replica)).count();
        let stuck = |replica: &&Replica| is_old(replica) && !self.is_available(replica) && !replica.object.meta.is_deleting();
        if unavailable >= max_unavailable && !(parallel && replicas.iter().any(|replica| stuck(&replica))) {
            return Ok(());
        }
        let targets: Vec<&Replica> = replicas.iter().skip(update_min).rev().filter(|replica| is_old(replica)).collect();
        let budget = max_unavailable.saturating_sub(unavailable);
        let doomed: Vec<&Replica> = if parallel {
            // Those that do not work anyway come first, and do not count.
            let broken = targets.iter().copied().filter(stuck);
            let working = targets.iter().copied().filter(|replica| !self.is_unavailable(replica)).take(budget);
            broken.chain(working).collect()
        } else {
            targets.into_iter().filter(|replica| !replica.object.meta.is_deleting()).take(budget).collect()
        };
        for replica in doomed {
            self.delete_pod(script, &replica.object)?;
            *current -= 1;
        }
        Ok(())
    }

    fn write_status(&mut self, script: &mut Script<'_>, status: &mut StatefulSetStatus) -> Run<()> {
        let body = self.given.body();
        let replicas = body.spec.replicas.unwrap_or(1);
        if [status.updated_replicas, status.ready_replicas, status.replicas] == [replicas; 3] {
            status.current_replicas = status.updated_replicas;
            status.current_revision = status.update_revision.clone();
        }
        let mut same = StatefulSetStatus { collision_count: body.status.collision_count, ..status.clone() };
        if status.observed_generation <= body.status.observed_generation {
            same.observed_generation = body.status.observed_generation;
        }
        same.rest = body.status.rest.clone();
        if same == *body.status {
            return Ok(());
        }
        let mut set = (*self.given.set).clone();
        set.as_stateful_set_mut().expect("a StatefulSet").status = Arc::new(status.clone());
        let mut answer = script.call(Verb::UpdateStatus(Box::new(set)))?;
        if matches!(&answer, Err(error) if error.code() == 409) {
            // Somebody else wrote the set in between: the status is written upon that.
            let status = Arc::new(status.clone());
            answer = script.call(Verb::edit_status(Key::of(&self.given.set), move |set| {
                if let Some(set) = set.as_stateful_set_mut() {
                    set.status = status.clone();
                }
            }))?;
        }
        self.note_write(&answer);
        answer.map(|_| ()).or_else(fail)
    }

    pub(super) fn note_write(&mut self, answer: &Answer) {
        if let Ok(object) = answer {
            self.consistency.wrote(self.key, object);
        }
    }
}

/// Whether a round is over, and with what error.
enum Blocked {
    No,
    By(Option<String>),
}

fn run_for_all(
    script: &mut Script<'_>,
    replicas: &[Replica],
    monotonic: bool,
    mut part: impl FnMut(&Replica, &mut Script<'_>) -> Run<bool>,
) -> Run<Blocked> {
    if monotonic {
        for replica in replicas {
            match outcome(part(replica, script))? {
                Ok(false) => {}
                Ok(true) => return Ok(Blocked::By(None)),
                Err(error) => return Ok(Blocked::By(Some(error))),
            }
        }
        return Ok(Blocked::No);
    }
    let (_, errors) = script.slow_start(replicas.len(), BATCH_MAX, |at, script| part(&replicas[at], script).map(|_| ()))?;
    Ok(if errors.is_empty() { Blocked::No } else { Blocked::By(Some(super::endpointslice::aggregate(&errors))) })
}

fn is_running_and_ready(pod: &Object) -> bool {
    pod.as_pod().is_some_and(|pod| pod.status.phase == PodPhase::Running && pod.is_ready())
}

/// How many members may be unavailable: at least one.
fn max_unavailable(wish: Option<&IntOrString>, replicas: usize) -> usize {
    let scaled = wish.and_then(|wish| wish.scaled(replicas as i32, false)).unwrap_or(1);
    scaled.max(1) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_least_one_may_be_unavailable() {
        let cases = [
            (None, 5, 1),
            (Some(IntOrString::Int(2)), 5, 2),
            (Some("10%".into()), 5, 1),
            (Some("50%".into()), 5, 2),
            (Some("100%".into()), 3, 3),
        ];
        for (wish, replicas, want) in cases {
            assert_eq!(max_unavailable(wish.as_ref(), replicas), want, "{wish:?} of {replicas}");
        }
    }
}
