//! Deployments: which of them need work, and the order of the parts of a reconciliation.
//! Real: pkg/controller/deployment/deployment_controller.go @ v1.37.2.

use super::ControllerManager;
use super::control::{Claiming, Claims};
use super::deployment_rollout as rollout;
use super::deployment_run::Run;
use super::settings::Wrong;
use crate::actor::client::Limits;
use crate::actor::controller::{Controller, Step, Sync, Work};
use crate::actor::script::{Halt, Scripted, step};
use crate::actor::workqueue::Backoff;
use crate::actor::{Ctx, EventType, Kinds};
use crate::api::Verb;
use crate::model::*;
use crate::store::{Change, Id, View};
use std::sync::Arc;

/// The controller of Deployments.
pub struct Deployments {
    workers: usize,
    limits: Option<Limits>,
    wrong: Wrong,
}

impl Deployments {
    /// The controller.
    pub fn new(settings: &ControllerManager) -> Deployments {
        Deployments { workers: settings.concurrent_deployment_syncs, limits: settings.client_limits(), wrong: settings.wrong }
    }
}

/// What one sync keeps between its turns: all that it saw in the first one.
#[derive(Default)]
pub struct Progress {
    claiming: Claiming,
    claimed: bool,
    scripted: Scripted<Seen>,
}

/// The Deployment and its ReplicaSets as the first turn found them.
#[derive(Clone)]
pub struct Seen {
    /// The Deployment.
    pub deployment: Obj,
    /// ReplicaSets that might be its own.
    pub candidates: Vec<Obj>,
    /// Its ReplicaSets, once claimed.
    pub sets: Vec<Obj>,
    /// Whether pods of ReplicaSets other than the newest still run, by the uid of their ReplicaSet.
    pub running: Vec<Str>,
    /// A fault put in on purpose.
    pub wrong: Wrong,
}

/// The Deployment that a reference leads to, if it is still the same one.
fn resolve(view: View<'_>, namespace: &str, reference: &OwnerReference) -> Option<Id> {
    if &*reference.kind != "Deployment" {
        return None;
    }
    let id = view.find_id(Kind::Deployment, namespace, &reference.name)?;
    view.get(id).filter(|object| object.meta.uid == reference.uid).map(|_| id)
}

fn selector_of(deployment: &Object) -> Option<Selector> {
    Selector::from_label_selector(deployment.as_deployment()?.spec.selector.as_ref()).ok()
}

fn add_suitors(set: &Object, work: &mut Work<'_>, view: View<'_>) {
    for (id, deployment) in view.list_in(Kind::Deployment, &set.meta.namespace) {
        if selector_of(deployment).is_some_and(|selector| !selector.is_everything() && selector.matches(&set.meta.labels)) {
            work.add(id);
        }
    }
}

fn set_changed(change: Change<'_>, work: &mut Work<'_>, view: View<'_>) {
    let set = change.object();
    let namespace = &set.meta.namespace;
    let (before, after) = (change.before.and_then(|set| set.meta.controller()), change.after.and_then(|set| set.meta.controller()));
    for reference in [before.filter(|before| Some(*before) != after), after].into_iter().flatten() {
        if let Some(id) = resolve(view, namespace, reference) {
            work.add(id);
        }
    }
    if let Some(set) = change.after
        && after.is_none()
        && !(change.before.is_none() && set.meta.is_deleting())
        && change.before.is_none_or(|old| old.meta.labels != set.meta.labels || before.is_some())
    {
        add_suitors(set, work, view);
    }
}

/// A pod is gone: a Deployment that recreates may have waited for it.
fn pod_gone(pod: &Object, work: &mut Work<'_>, view: View<'_>) {
    let Some(owner) = pod.meta.controller().filter(|owner| &*owner.kind == "ReplicaSet") else { return };
    let Some(set) = view.find(Kind::ReplicaSet, &pod.meta.namespace, &owner.name).filter(|set| set.meta.uid == owner.uid) else { return };
    let Some(id) = set.meta.controller().and_then(|owner| resolve(view, &pod.meta.namespace, owner)) else { return };
    let recreates = view.get(id).and_then(|d| d.as_deployment()).is_some_and(|d| d.spec.strategy.r#type == "Recreate");
    if recreates {
        work.add(id);
    }
}

/// ReplicaSets that the Deployment has or might adopt.
fn candidates(deployment: &Obj, view: View<'_>) -> Vec<Obj> {
    let own = view.controlled_by(Kind::ReplicaSet, &deployment.meta.uid).map(|(_, set)| set.clone());
    own.chain(view.unmanaged(Kind::ReplicaSet, &deployment.meta.namespace).map(|(_, set)| set.clone())).collect()
}

fn running_pods(sets: &[Obj], view: View<'_>) -> Vec<Str> {
    let runs = |set: &&Obj| view.controlled_by(Kind::Pod, &set.meta.uid).any(|(_, pod)| pod.as_pod().is_some_and(|pod| !pod.is_terminal()));
    sets.iter().filter(runs).map(|set| set.meta.uid.clone()).collect()
}

impl Controller for Deployments {
    type Progress = Progress;

    fn name(&self) -> &'static str {
        "deployment-controller"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::Deployment, Kind::ReplicaSet, Kind::Pod])
    }

    fn resyncs(&self) -> Kinds {
        Kinds::of(&[Kind::Deployment])
    }

    fn workers(&self) -> usize {
        self.workers
    }

    fn backoff(&self) -> Backoff {
        // After so many failures it is left alone until it, one of its ReplicaSets or the resync brings it back.
        Backoff { retries_max: 15, ..Backoff::default() }
    }

    fn client_limits(&self) -> Option<Limits> {
        self.limits
    }

    fn minds(&self, change: Change<'_>) -> bool {
        change.kind() != Kind::Pod || change.after.is_none()
    }

    fn changed(&mut self, change: Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        match change.kind() {
            Kind::Deployment => work.add(change.id),
            Kind::ReplicaSet => set_changed(change, work, cx.view),
            _ if change.after.is_none() => pod_gone(change.object(), work, cx.view),
            _ => {}
        }
    }

    fn sync(&mut self, key: Id, sync: &mut Sync<Progress>, cx: &mut Ctx<'_>) -> Step {
        let p = &mut sync.progress;
        if p.scripted.snapshot.is_none() {
            let Some(deployment) = cx.view.get(key) else { return Step::Done };
            let candidates = candidates(deployment, cx.view);
            p.scripted.snapshot =
                Some(Seen { deployment: deployment.clone(), candidates, sets: Vec::new(), running: Vec::new(), wrong: self.wrong });
        }
        let seen = p.scripted.snapshot.as_mut().expect("set in the first turn");
        let deployment = seen.deployment.clone();
        let Some(selector) = selector_of(&deployment) else { return Step::Done };
        if selector.is_everything() {
            let text = "This deployment is selecting all pods. A non-empty selector is required.";
            cx.event(&deployment, EventType::Warning, "SelectingAll", text);
            return Step::Done;
        }
        let mut script_turn = 0;
        if !p.claimed {
            let claims = Claims::sort(&deployment, &seen.candidates, |set| selector.matches(&set.meta.labels));
            match p.claiming.advance(&deployment, claims, &sync.answers, None) {
                Ok(sets) => {
                    seen.running = running_pods(&sets, cx.view);
                    seen.sets = sets;
                    p.claimed = true;
                    sync.answers.clear();
                }
                Err(step) => return step,
            }
        } else {
            script_turn = 1;
        }
        let (seen, script) = p.scripted.script(script_turn, &mut sync.answers);
        step(reconcile(&mut Run::new(script, seen, cx), seen.sets.clone()).map(|()| Step::Done))
    }
}

/// One reconciliation, from its beginning.
fn reconcile(run: &mut Run<'_, '_>, sets: Vec<Obj>) -> Result<(), Halt> {
    if run.meta().is_deleting() {
        let (newest, old) = run.sets_and_revision(&sets, false)?;
        return run.sync_status(&old, newest.as_ref());
    }
    check_paused(run)?;
    if run.spec().paused {
        return rollout::scale_and_sync(run, &sets);
    }
    if is_scaling_event(run, &sets)? {
        return rollout::scale_and_sync(run, &sets);
    }
    match run.spec().strategy.r#type.as_str() {
        "Recreate" => rollout::recreate(run, &sets),
        _ => rollout::rolling(run, &sets),
    }
}

/// Notes when a Deployment is paused or resumed, so that the time does not count as lack of progress.
fn check_paused(run: &mut Run<'_, '_>) -> Result<(), Halt> {
    if !run.has_progress_deadline() {
        return Ok(());
    }
    let reason = run.condition("Progressing").map(|condition| condition.reason.clone()).unwrap_or_default();
    if &*reason == "ProgressDeadlineExceeded" {
        return Ok(());
    }
    let known = &*reason == "DeploymentPaused";
    match (run.spec().paused, known) {
        (true, false) => run.set_own_condition("Progressing", "Unknown", "DeploymentPaused", "Deployment is paused"),
        (false, true) => run.set_own_condition("Progressing", "Unknown", "DeploymentResumed", "Deployment is resumed"),
        _ => return Ok(()),
    }
    run.write_own_status()
}

/// Whether the wanted number of replicas differs from what some ReplicaSet with pods was told.
fn is_scaling_event(run: &mut Run<'_, '_>, sets: &[Obj]) -> Result<bool, Halt> {
    let (newest, old) = run.sets_and_revision(sets, false)?;
    let wanted = run.replicas();
    let differs = |set: &&Obj| {
        let told = super::deployment_sets::annotation_number(set, super::deployment_sets::DESIRED_REPLICAS);
        super::deployment_sets::replicas(set) > 0 && told.is_some_and(|told| told != wanted)
    };
    Ok(old.iter().chain(&newest).any(|set| differs(&set)))
}

/// The object with another status.
pub fn with_status(object: &Object, status: DeploymentStatus) -> Object {
    let mut object = object.clone();
    if let Some(deployment) = object.as_deployment_mut() {
        deployment.status = Arc::new(status);
    }
    object
}

/// The request that writes it.
pub fn update_status(object: Object) -> Verb {
    Verb::UpdateStatus(Box::new(object))
}
