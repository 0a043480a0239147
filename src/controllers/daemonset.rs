//! DaemonSets: a pod on every node that wants one.
//! Real: pkg/controller/daemon/daemon_controller.go @ v1.37.2.

use super::ControllerManager;
use super::consistency::Consistency;
use super::control::{Claiming, Claims, adopt, candidate_pods, may_concern_owners};
use super::controller_history as history;
use super::daemonset_control::{FailedPods, Moves, NodeWish, Reconcile, Snapshot};
use super::daemonset_nodes::Demands;
use crate::actor::client::Limits;
use crate::actor::controller::{Controller, Step, Sync, Work};
use crate::actor::expectations::Expectations;
use crate::actor::script::{Run, Script, Scripted, fail, step};
use crate::actor::{Ctx, EventType, Kinds};
use crate::api::Verb;
use crate::base::Span;
use crate::model::{Kind, LabelSelector, Obj, OwnerReference, Selector};
use crate::store::{Change, Id, Key};

/// The controller.
pub struct DaemonSets {
    workers: usize,
    limits: Option<Limits>,
    consistency: Consistency,
    expectations: Expectations,
    failed: FailedPods,
}

/// How far a reconciliation is.
#[derive(Default)]
pub struct Progress {
    claiming: Option<Claiming>,
    claimed_at: u32,
    scripted: Scripted<Snapshot>,
    moves: Option<Moves>,
}

impl DaemonSets {
    /// The controller as the settings want it.
    pub fn of(settings: &ControllerManager) -> Self {
        DaemonSets {
            workers: settings.concurrent_daemon_set_syncs,
            limits: settings.client_limits(),
            consistency: Consistency::default(),
            expectations: Expectations::default(),
            failed: FailedPods::default(),
        }
    }

    fn begin(&mut self, key: Id, set: &Obj, sync: &mut Sync<Progress>, cx: &Ctx<'_>) -> Result<(), Step> {
        let body = set.as_daemon_set().expect("a DaemonSet");
        let Ok(selector) = Selector::from_label_selector(body.spec.selector.as_ref()) else { return Err(Step::Done) };
        let claims = Claims::sort(set, candidate_pods(cx.view, set, &selector), |pod| selector.matches(&pod.meta.labels));
        let claiming = sync.progress.claiming.get_or_insert_default();
        let pods = claiming.advance(set, claims, &std::mem::take(&mut sync.answers), None)?;
        let demands = Demands::of(&body.spec.template.spec);
        let wish = |(_, node): (Id, &Obj)| {
            let (run, keep) = demands.of_node(node);
            NodeWish { name: node.meta.name.clone(), run, keep }
        };
        let nodes = cx.view.list(Kind::Node).map(wish).collect();
        let revisions = history::list(cx.view, set, &selector);
        let satisfied = self.expectations.satisfied(key, cx.now);
        sync.progress.claimed_at = sync.turn;
        sync.progress.scripted.snapshot = Some(Snapshot { set: set.clone(), pods, nodes, revisions, now: cx.now, satisfied });
        Ok(())
    }

    fn node_changed(&self, change: &Change<'_>, work: &mut Work<'_>, cx: &Ctx<'_>) {
        let Some(node) = change.after else { return };
        let taints = |node: &Obj| node.as_node().map(|node| node.spec.taints.clone());
        if change.before.is_some_and(|before| before.meta.labels == node.meta.labels && taints(before) == taints(node)) {
            return;
        }
        for (id, set) in cx.view.list(Kind::DaemonSet) {
            let Some(body) = set.as_daemon_set() else { continue };
            let (run, keep) = Demands::of(&body.spec.template.spec).of_node(node);
            let owned = |(_, pod): (Id, &Obj)| pod.meta.controller().is_some_and(|owner| owner.uid == set.meta.uid);
            let scheduled = cx.view.pods_on(&node.meta.name).any(owned);
            let is_wrong = if scheduled { !keep || body.status.number_misscheduled > 0 } else { run };
            if is_wrong {
                work.add(id);
            }
        }
    }

    fn pod_changed(&mut self, change: &Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        let pod = change.object();
        let owner = pod.meta.controller();
        let set = owner.and_then(|owner| resolve(&pod.meta.namespace, owner, cx));
        if change.after.is_none() || pod.meta.is_deleting() {
            if let Some(set) = set {
                self.expectations.deletion_observed(set, &pod.meta.uid);
                work.add(set);
            }
            return;
        }
        let former = change.before.and_then(|before| before.meta.controller()).filter(|former| Some(*former) != owner);
        if let Some(former) = former.and_then(|former| resolve(&pod.meta.namespace, former, cx)) {
            work.add(former);
        }
        if owner.is_some() {
            let Some(set) = set else { return };
            work.add(set);
            let ready = |pod: &Obj| pod.as_pod().is_some_and(|pod| pod.is_ready());
            let min_ready = cx.view.get(set).and_then(|set| set.as_daemon_set()).map_or(0, |set| set.spec.min_ready_seconds);
            match change.before {
                None => self.expectations.creation_observed(set),
                // A second more than asked for, against skewed clocks.
                Some(before) if min_ready > 0 && !ready(before) && ready(pod) => {
                    work.add_after(set, Span::from_s(min_ready as u64 + 1), cx)
                }
                Some(_) => {}
            }
            return;
        }
        if change.before.is_none_or(|before| before.meta.labels != pod.meta.labels) || former.is_some() {
            add_matching(pod, work, cx);
        }
    }
}

/// Asks for work on the sets whose selectors match an object without owner.
fn add_matching(orphan: &Obj, work: &mut Work<'_>, cx: &Ctx<'_>) {
    for (id, set) in cx.view.list_in(Kind::DaemonSet, &orphan.meta.namespace) {
        let selector = set.as_daemon_set().and_then(|set| Selector::from_label_selector(set.spec.selector.as_ref()).ok());
        if selector.is_some_and(|selector| !selector.is_everything() && selector.matches(&orphan.meta.labels)) {
            work.add(id);
        }
    }
}

/// The set that a reference names, if it is that one.
fn resolve(namespace: &str, owner: &OwnerReference, cx: &Ctx<'_>) -> Option<Id> {
    let id = cx.view.find_id(Kind::DaemonSet, namespace, &owner.name).filter(|_| &*owner.kind == "DaemonSet")?;
    (cx.view.get(id)?.meta.uid == owner.uid).then_some(id)
}

fn revision_changed(change: &Change<'_>, work: &mut Work<'_>, cx: &Ctx<'_>) {
    let revision = change.object();
    match revision.meta.controller() {
        Some(owner) => {
            if change.before.is_some()
                && let Some(set) = resolve(&revision.meta.namespace, owner, cx)
            {
                work.add(set);
            }
        }
        None if change.after.is_some() => add_matching(revision, work, cx),
        None => {}
    }
}

/// Revisions without owner become the set's, once it is sure that the set is still there.
fn adopt_revisions(given: &Snapshot, script: &mut Script<'_>) -> Run<()> {
    let orphans: Vec<&Obj> = given.revisions.iter().filter(|revision| revision.meta.controller().is_none()).collect();
    if orphans.is_empty() {
        return Ok(());
    }
    let fresh = script.call(Verb::Get(Key::of(&given.set)))?.or_else(fail)?;
    if fresh.meta.uid != given.set.meta.uid || fresh.meta.is_deleting() {
        return fail("failed to construct revisions of DaemonSet: it is gone or being deleted");
    }
    for orphan in orphans {
        script.call(adopt(&given.set, orphan, None))?.map(|_| ()).or_else(fail)?;
    }
    Ok(())
}

impl Controller for DaemonSets {
    type Progress = Progress;

    fn name(&self) -> &'static str {
        "daemonset-controller"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::DaemonSet, Kind::Pod, Kind::Node, Kind::ControllerRevision])
    }

    fn resyncs(&self) -> Kinds {
        Kinds::of(&[Kind::DaemonSet])
    }

    fn workers(&self) -> usize {
        self.workers
    }

    fn client_limits(&self) -> Option<Limits> {
        self.limits
    }

    fn minds(&self, change: Change<'_>) -> bool {
        change.kind() != Kind::Pod || may_concern_owners(&change, "DaemonSet")
    }

    fn changed(&mut self, change: Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        match change.kind() {
            Kind::DaemonSet => {
                if change.after.is_none() {
                    self.expectations.forget(change.id);
                    self.consistency.forget(change.id);
                }
                work.add(change.id);
            }
            Kind::Pod => self.pod_changed(&change, work, cx),
            Kind::Node => self.node_changed(&change, work, cx),
            Kind::ControllerRevision => revision_changed(&change, work, cx),
            _ => {}
        }
    }

    fn sync(&mut self, key: Id, sync: &mut Sync<Progress>, cx: &mut Ctx<'_>) -> Step {
        if sync.turn == 0
            && let Err(error) = self.consistency.ensure_ready(key, cx.view)
        {
            return Step::Retry(error);
        }
        if sync.progress.scripted.snapshot.is_none() {
            let Some(set) = cx.view.get(key) else {
                self.expectations.forget(key);
                self.consistency.forget(key);
                return Step::Done;
            };
            let body = set.as_daemon_set().expect("a DaemonSet");
            if body.spec.selector == Some(LabelSelector::default()) {
                let message = "This daemon set is selecting all pods. A non-empty selector is required.";
                cx.event(set, EventType::Warning, "SelectingAll", message);
                return Step::Done;
            }
            if set.meta.is_deleting() {
                return Step::Done;
            }
            if let Err(step) = self.begin(key, set, sync, cx) {
                return step;
            }
        }
        let turn = sync.turn - sync.progress.claimed_at;
        let (given, mut script) = sync.progress.scripted.script(turn, &mut sync.answers);
        let (moves, consistency) = (&mut sync.progress.moves, &mut self.consistency);
        let (expectations, failed) = (&mut self.expectations, &mut self.failed);
        let mut run = || -> Run<Step> {
            adopt_revisions(given, &mut script)?;
            let again = Reconcile { given, moves, key, consistency, expectations, failed, cx }.run(&mut script)?;
            Ok(again.map_or(Step::Done, Step::After))
        };
        step(run())
    }
}

#[cfg(test)]
#[path = "daemonset_tests.rs"]
mod tests;
