//! One reconciliation of a Deployment under way: its copy of the Deployment, requests, Events, and status.
//! Real: pkg/controller/deployment/{sync.go,progress.go} @ v1.37.2.

use super::control::controller_ref;
use super::deployment::{Seen, update_status, with_status};
use super::deployment_sets as sets;
use super::settings::Wrong;
use crate::actor::controller::Step;
use crate::actor::script::{Halt, Script};
use crate::actor::{Ctx, EventType};
use crate::api::{Answer, ApiError, Verb};
use crate::base::Span;
use crate::model::*;
use crate::store::Key;
use std::sync::Arc;

/// A reconciliation under way.
pub struct Run<'a, 'b> {
    script: Script<'a>,
    seen: &'a Seen,
    /// The Deployment, with what this reconciliation has changed of it.
    deployment: Object,
    cx: &'a mut Ctx<'b>,
}

fn failed(error: &ApiError) -> Halt {
    Halt::Fail(error.to_string())
}

/// Largest number of a deadline or limit: none.
const UNLIMITED: i32 = i32::MAX;

impl<'a, 'b> Run<'a, 'b> {
    /// At its beginning.
    pub fn new(script: Script<'a>, seen: &'a Seen, cx: &'a mut Ctx<'b>) -> Run<'a, 'b> {
        Run { script, seen, deployment: (*seen.deployment).clone(), cx }
    }

    /// Pods of a ReplicaSet that are available.
    pub fn available(&self, set: &Object) -> i32 {
        let trusts = self.seen.wrong == Wrong::TrustsPods;
        if trusts { super::deployment_sets::replicas(set) } else { super::deployment_sets::status(set).available_replicas }
    }

    /// The Deployment's metadata.
    pub fn meta(&self) -> &Meta {
        &self.deployment.meta
    }

    fn body(&self) -> &Deployment {
        self.deployment.as_deployment().expect("a Deployment")
    }

    /// The Deployment's spec.
    pub fn spec(&self) -> &DeploymentSpec {
        &self.body().spec
    }

    /// The Deployment's status.
    pub fn status(&self) -> &DeploymentStatus {
        &self.body().status
    }

    /// Replicas wanted.
    pub fn replicas(&self) -> i32 {
        self.spec().replicas.unwrap_or(1)
    }

    /// Uids of ReplicaSets with pods that have not ended.
    pub fn running(&self) -> &[Str] {
        &self.seen.running
    }

    /// Whether lack of progress is noted.
    pub fn has_progress_deadline(&self) -> bool {
        self.spec().progress_deadline_seconds.is_some_and(|seconds| seconds != UNLIMITED)
    }

    /// A condition of the Deployment.
    pub fn condition(&self, type_: &str) -> Option<&DeploymentCondition> {
        self.status().conditions.iter().find(|condition| &*condition.r#type == type_)
    }

    fn is_rolling(&self) -> bool {
        self.spec().strategy.r#type == "RollingUpdate"
    }

    /// Surge and unavailability in pods.
    fn bounds(&self) -> (i32, i32) {
        let rolling = self.spec().strategy.rolling_update.clone().unwrap_or_default();
        let scaled = |value: &Option<IntOrString>, up: bool| value.as_ref().and_then(|v| v.scaled(self.replicas(), up)).unwrap_or(0);
        let (surge, unavailable) = (scaled(&rolling.max_surge, true), scaled(&rolling.max_unavailable, false));
        // Both zero would stand still for ever.
        if surge == 0 && unavailable == 0 { (0, 1) } else { (surge, unavailable) }
    }

    /// Pods above the wanted number.
    pub fn max_surge(&self) -> i32 {
        if self.is_rolling() { self.bounds().0 } else { 0 }
    }

    /// Pods that may be unavailable.
    pub fn max_unavailable(&self) -> i32 {
        if self.is_rolling() && self.replicas() > 0 { self.bounds().1.min(self.replicas()) } else { 0 }
    }

    /// Sends a request, in its turn.
    pub fn ask(&mut self, verb: impl FnOnce() -> Verb) -> Result<Answer, Halt> {
        self.script.call_with(verb)
    }

    fn event(&mut self, kind: EventType, reason: &'static str, message: String) {
        if self.script.is_live() {
            self.cx.event(&self.seen.deployment, kind, reason, message);
        }
    }

    /// Sets a condition of this run's copy of the Deployment.
    pub fn set_own_condition(&mut self, type_: &str, status: &str, reason: &str, message: &str) {
        let condition = self.new_condition(type_, status, reason, message);
        let deployment = self.deployment.as_deployment_mut().expect("a Deployment");
        set_condition(&mut Arc::make_mut(&mut deployment.status).conditions, condition);
    }

    fn new_condition(&self, type_: &str, status: &str, reason: &str, message: &str) -> DeploymentCondition {
        let now = Some(self.cx.timestamp());
        DeploymentCondition {
            r#type: type_.into(),
            status: status.into(),
            last_update_time: now,
            last_transition_time: now,
            reason: reason.into(),
            message: message.into(),
        }
    }

    /// Writes this run's copy of the Deployment (status and annotations). The copy keeps its version, as the real one does: a
    /// second write in the same run conflicts.
    pub fn write_own_status(&mut self) -> Result<(), Halt> {
        let object = self.deployment.clone();
        self.ask(|| update_status(object))?.map(|_| ()).map_err(|error| failed(&error))
    }

    /// The newest ReplicaSet, made if asked for, with its revision, and all others.
    pub fn sets_and_revision(&mut self, all: &[Obj], create: bool) -> Result<(Option<Obj>, Vec<Obj>), Halt> {
        let newest = sets::newest(&self.spec().template, all);
        let mut old: Vec<Obj> = all.iter().filter(|set| newest.as_ref().is_none_or(|n| n.meta.uid != set.meta.uid)).cloned().collect();
        old.sort_by(sets::by_age);
        let revision = old.iter().map(|set| sets::revision(set)).max().unwrap_or(0) + 1;
        let newest = match newest {
            Some(existing) => Some(self.take_up(existing, revision)?),
            None if create => Some(self.create_set(&old, revision)?),
            None => None,
        };
        Ok((newest, old))
    }

    /// The newest ReplicaSet exists: its annotations follow the Deployment's, and the Deployment's revision follows it.
    fn take_up(&mut self, existing: Obj, revision: i64) -> Result<Obj, Halt> {
        let mut set = (*existing).clone();
        let mut changed = sets::annotate(&mut set, &self.deployment, revision);
        let min_ready_s = self.spec().min_ready_seconds;
        let body = set.as_replica_set_mut().expect("a ReplicaSet");
        if body.spec.min_ready_seconds != min_ready_s {
            Arc::make_mut(&mut body.spec).min_ready_seconds = min_ready_s;
            changed = true;
        }
        if changed {
            return self.ask(|| Verb::Update(Box::new(set)))?.map_err(|error| failed(&error));
        }
        let mut changed = self.set_revision(existing.meta.annotations.get(sets::REVISION).unwrap_or("").to_string());
        if self.has_progress_deadline() && self.condition("Progressing").is_none() {
            let message = format!("Found new replica set \"{}\"", existing.meta.name);
            self.set_own_condition("Progressing", "True", "FoundNewReplicaSet", &message);
            changed = true;
        }
        if changed {
            self.write_own_status()?;
        }
        Ok(existing)
    }

    fn set_revision(&mut self, revision: String) -> bool {
        let annotations = &mut self.deployment.meta.annotations;
        let changed = annotations.get(sets::REVISION) != Some(&revision);
        if changed {
            annotations.set(sets::REVISION, revision);
        }
        changed
    }

    fn create_set(&mut self, old: &[Obj], revision: i64) -> Result<Obj, Halt> {
        let (set, size) = self.new_set(old, revision);
        let name = set.meta.name.clone();
        let target = Key::of(&set);
        let created = match self.ask(|| Verb::Create(Box::new(set)))? {
            Ok(created) => created,
            Err(error) if error.reason == crate::api::error::Reason::AlreadyExists => return self.already_there(&target, &error),
            // Nothing more will come of it.
            Err(error) if is_namespace_terminating(&error) => return Err(Halt::End(Step::Done)),
            Err(error) => {
                let message = format!("Failed to create new replica set \"{name}\": {error}");
                self.event(EventType::Warning, "ReplicaSetCreateError", message.clone());
                if self.has_progress_deadline() {
                    self.set_own_condition("Progressing", "False", "ReplicaSetCreateError", &message);
                    let _ = self.write_own_status();
                }
                return Err(failed(&error));
            }
        };
        if size > 0 {
            self.event(EventType::Normal, "ScalingReplicaSet", format!("Scaled up replica set {name} from 0 to {size}"));
        }
        let mut changed = self.set_revision(revision.to_string());
        if self.has_progress_deadline() {
            self.set_own_condition("Progressing", "True", "NewReplicaSetCreated", &format!("Created new replica set \"{name}\""));
            changed = true;
        }
        if changed {
            self.write_own_status()?;
        }
        Ok(created)
    }

    /// The name is taken: by this Deployment's very ReplicaSet, which the view does not show yet, or by another template with
    /// the same hash; then the count of collisions rises and gives another hash next time.
    fn already_there(&mut self, target: &Key, error: &ApiError) -> Result<Obj, Halt> {
        let Some(there) = self.cx.view.find(Kind::ReplicaSet, &target.namespace, &target.name).cloned() else {
            return Err(failed(error));
        };
        let ours = super::control::is_controlled_by(&there, &self.deployment.meta.uid);
        if ours && there.as_replica_set().is_some_and(|set| sets::same_template(&set.spec.template, &self.spec().template)) {
            let revision = sets::revision(&there).to_string();
            if self.set_revision(revision) {
                self.write_own_status()?;
            }
            return Ok(there);
        }
        let deployment = self.deployment.as_deployment_mut().expect("a Deployment");
        let status = Arc::make_mut(&mut deployment.status);
        status.collision_count = Some(status.collision_count.unwrap_or(0) + 1);
        self.write_own_status()?;
        Err(failed(error))
    }

    fn new_set(&self, old: &[Obj], revision: i64) -> (Object, i32) {
        let spec = self.spec();
        let hash = sets::template_hash(&spec.template, self.status().collision_count);
        let mut template = spec.template.clone();
        template.metadata.labels.set(sets::HASH_LABEL, hash.as_str());
        let mut selector = spec.selector.clone().unwrap_or_default();
        selector.match_labels.set(sets::HASH_LABEL, hash.as_str());
        let size = self.newest_size(sets::total(old), 0);
        let meta = Meta {
            name: sets::set_name(&self.deployment.meta.name, &hash).into(),
            namespace: self.deployment.meta.namespace.clone(),
            labels: template.metadata.labels.clone(),
            owner_references: Arc::from([controller_ref(&self.deployment)]),
            ..Meta::default()
        };
        let body = ReplicaSetSpec {
            replicas: Some(size),
            min_ready_seconds: spec.min_ready_seconds,
            selector: Some(selector),
            template,
            ..ReplicaSetSpec::default()
        };
        let body = ReplicaSet { spec: Arc::new(body), ..ReplicaSet::default() };
        let mut set = Object { meta, body: Body::ReplicaSet(body) };
        sets::annotate(&mut set, &self.deployment, revision);
        sets::annotate_size(&mut set, self.replicas(), self.replicas() + self.max_surge());
        (set, size)
    }

    /// The size that the newest ReplicaSet may have beside all pods there are.
    pub fn newest_size(&self, total: i32, size: i32) -> i32 {
        if !self.is_rolling() {
            return self.replicas();
        }
        let rolling = self.spec().strategy.rolling_update.clone().unwrap_or_default();
        let surge = rolling.max_surge.and_then(|value| value.scaled(self.replicas(), true)).unwrap_or(0);
        let room = self.replicas() + surge - total;
        if room <= 0 { size } else { size + room.min(self.replicas() - size) }
    }

    /// Gives a ReplicaSet another size. With `force`, its annotations are brought up to date even if the size stays. Gives the
    /// ReplicaSet as it is then, and whether its size changed.
    pub fn scale(&mut self, set: &Obj, size: i32, force: bool) -> Result<(Obj, bool), Halt> {
        let before = sets::replicas(set);
        if !force && before == size {
            return Ok((set.clone(), false));
        }
        let mut wanted = (**set).clone();
        let annotated = sets::annotate_size(&mut wanted, self.replicas(), self.replicas() + self.max_surge());
        if !annotated && before == size {
            return Ok((set.clone(), false));
        }
        Arc::make_mut(&mut wanted.as_replica_set_mut().expect("a ReplicaSet").spec).replicas = Some(size);
        let written = self.ask(|| Verb::Update(Box::new(wanted)))?.map_err(|error| failed(&error))?;
        if before != size {
            let way = if before < size { "up" } else { "down" };
            let message = format!("Scaled {way} replica set {} from {before} to {size}", written.meta.name);
            self.event(EventType::Normal, "ScalingReplicaSet", message);
        }
        Ok((written, before != size))
    }

    /// Old ReplicaSets beyond the limit of history go, oldest revision first.
    pub fn clean_up(&mut self, old: &[Obj]) -> Result<(), Halt> {
        let Some(limit) = self.spec().revision_history_limit.filter(|limit| *limit != UNLIMITED) else { return Ok(()) };
        let mut alive: Vec<&Obj> = old.iter().filter(|set| !set.meta.is_deleting()).collect();
        let surplus = alive.len().saturating_sub(usize::try_from(limit).unwrap_or(0));
        alive.sort_by_key(|set| sets::revision(set));
        for set in alive.into_iter().take(surplus) {
            let status = sets::status(set);
            if status.replicas != 0 || sets::replicas(set) != 0 || set.meta.generation > status.observed_generation {
                continue;
            }
            let target = Key::of(set);
            if let Err(error) = self.ask(|| Verb::delete(target))?
                && error.code() != 404
            {
                return Err(failed(&error));
            }
        }
        Ok(())
    }

    fn new_status(&self, old: &[Obj], newest: Option<&Obj>) -> DeploymentStatus {
        let all = || old.iter().chain(newest);
        let sum = |of: fn(&ReplicaSetStatus) -> i32| all().map(|set| of(sets::status(set))).sum::<i32>();
        let available = sum(|status| status.available_replicas);
        let wanted: i32 = all().map(|set| sets::replicas(set)).sum();
        // A ReplicaSet that nobody has looked at yet has no pods going; one that does not count them makes the sum unknown.
        let counted = all().filter(|set| sets::status(set).observed_generation != 0 || sets::status(set).terminating_replicas.is_some());
        let terminating = counted.map(|set| sets::status(set).terminating_replicas).sum::<Option<i32>>();
        let mut status = DeploymentStatus {
            observed_generation: self.deployment.meta.generation,
            replicas: sum(|status| status.replicas),
            updated_replicas: newest.map_or(0, |set| sets::status(set).replicas),
            ready_replicas: sum(|status| status.ready_replicas),
            available_replicas: available,
            unavailable_replicas: (wanted - available).max(0),
            terminating_replicas: terminating,
            conditions: self.status().conditions.clone(),
            collision_count: self.status().collision_count,
            ..DeploymentStatus::default()
        };
        let enough = available >= self.replicas() - self.max_unavailable();
        let condition = if enough {
            self.new_condition("Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
        } else {
            self.new_condition("Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
        };
        set_condition(&mut status.conditions, condition);
        status
    }

    /// Writes the status, without a look at progress.
    pub fn sync_status(&mut self, old: &[Obj], newest: Option<&Obj>) -> Result<(), Halt> {
        let status = self.new_status(old, newest);
        self.write_status(status)
    }

    fn write_status(&mut self, status: DeploymentStatus) -> Result<(), Halt> {
        if *self.status() == status {
            return Ok(());
        }
        let object = with_status(&self.deployment, status);
        self.ask(|| update_status(object))?.map(|_| ()).map_err(|error| failed(&error))
    }

    /// Writes the status of a rollout, with what it says about progress.
    pub fn sync_rollout_status(&mut self, old: &[Obj], newest: Option<&Obj>) -> Result<(), Halt> {
        let mut status = self.new_status(old, newest);
        if self.has_progress_deadline() {
            self.note_progress(&mut status, newest);
        } else {
            status.conditions.retain(|condition| &*condition.r#type != "Progressing");
        }
        let failure = |set: &Obj| sets::status(set).conditions.iter().find(|c| &*c.r#type == "ReplicaFailure").cloned();
        match newest.and_then(failure).or_else(|| old.iter().find_map(failure)) {
            Some(failure) => set_condition(
                &mut status.conditions,
                DeploymentCondition {
                    r#type: failure.r#type,
                    status: failure.status,
                    last_update_time: failure.last_transition_time,
                    last_transition_time: failure.last_transition_time,
                    reason: failure.reason,
                    message: failure.message,
                },
            ),
            None => status.conditions.retain(|condition| &*condition.r#type != "ReplicaFailure"),
        }
        if *self.status() == status { self.look_again(&status) } else { self.write_status(status) }
    }

    /// Whether all replicas are of the newest template and available.
    pub fn is_complete(&self, status: &DeploymentStatus) -> bool {
        let wanted = self.replicas();
        status.updated_replicas == wanted
            && status.replicas == wanted
            && status.available_replicas == wanted
            && status.observed_generation >= self.deployment.meta.generation
    }

    fn has_progressed(&self, status: &DeploymentStatus) -> bool {
        let before = self.status();
        status.updated_replicas > before.updated_replicas
            || status.replicas - status.updated_replicas < before.replicas - before.updated_replicas
            || status.ready_replicas > before.ready_replicas
            || status.available_replicas > before.available_replicas
    }

    fn note_progress(&self, status: &mut DeploymentStatus, newest: Option<&Obj>) {
        let current = self.condition("Progressing").cloned();
        let over = current.as_ref().is_some_and(|current| &*current.reason == "NewReplicaSetAvailable");
        if over && status.replicas == status.updated_replicas {
            return;
        }
        let subject = newest.map_or_else(
            || format!("Deployment \"{}\"", self.deployment.meta.name),
            |newest| format!("ReplicaSet \"{}\"", newest.meta.name),
        );
        if self.is_complete(status) {
            let message = format!("{subject} has successfully progressed.");
            set_condition(&mut status.conditions, self.new_condition("Progressing", "True", "NewReplicaSetAvailable", &message));
        } else if self.has_progressed(status) {
            let mut condition = self.new_condition("Progressing", "True", "ReplicaSetUpdated", &format!("{subject} is progressing."));
            // Each sign of progress moves the time, which `set_condition` would leave as it is.
            if let Some(current) = current {
                if &*current.status == "True" {
                    condition.last_transition_time = current.last_transition_time;
                }
                status.conditions.retain(|condition| &*condition.r#type != "Progressing");
            }
            set_condition(&mut status.conditions, condition);
        } else if self.has_timed_out(status) {
            let message = format!("{subject} has timed out progressing.");
            set_condition(&mut status.conditions, self.new_condition("Progressing", "False", "ProgressDeadlineExceeded", &message));
        }
    }

    /// Nanoseconds since the last progress, less the deadline.
    fn overdue_ns(&self, condition: &DeploymentCondition) -> i128 {
        let deadline_s = self.spec().progress_deadline_seconds.unwrap_or(UNLIMITED);
        let age_ns = self.cx.clock.age_ns(condition.last_update_time.unwrap_or_default(), self.cx.now);
        age_ns - i128::from(deadline_s) * 1_000_000_000
    }

    fn has_timed_out(&self, status: &DeploymentStatus) -> bool {
        let Some(condition) = status.conditions.iter().find(|condition| &*condition.r#type == "Progressing") else { return false };
        match &*condition.reason {
            "NewReplicaSetAvailable" => false,
            "ProgressDeadlineExceeded" => true,
            _ => self.overdue_ns(condition) > 0,
        }
    }

    /// Nothing new: if the rollout is under way, look again when its deadline is over.
    fn look_again(&self, status: &DeploymentStatus) -> Result<(), Halt> {
        let Some(condition) = self.condition("Progressing").filter(|_| self.has_progress_deadline()) else { return Ok(()) };
        if self.is_complete(status) || &*condition.reason == "ProgressDeadlineExceeded" {
            return Ok(());
        }
        let left_ns = -self.overdue_ns(condition);
        if left_ns < 1_000_000_000 {
            return Err(Halt::Fail("the deadline is about to be over".into()));
        }
        Err(Halt::End(Step::After(Span(left_ns as u64) + Span::from_s(1))))
    }
}

fn is_namespace_terminating(error: &ApiError) -> bool {
    error.details.as_ref().is_some_and(|details| details.causes.iter().any(|cause| cause.reason == "NamespaceTerminating"))
}

/// Puts a condition at the end of the list, unless one with the same status and reason is there.
fn set_condition(conditions: &mut Vec<DeploymentCondition>, mut condition: DeploymentCondition) {
    if let Some(current) = conditions.iter().find(|current| current.r#type == condition.r#type) {
        if current.status == condition.status && current.reason == condition.reason {
            return;
        }
        if current.status == condition.status {
            condition.last_transition_time = current.last_transition_time;
        }
    }
    conditions.retain(|current| current.r#type != condition.r#type);
    conditions.push(condition);
}
