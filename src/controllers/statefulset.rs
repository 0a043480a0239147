//! StatefulSets: members with names of their own, made and replaced in order.
//! Real: pkg/controller/statefulset/stateful_set.go @ v1.37.2. Not modelled: the strategy Recreate, whose feature gate is off.

use super::ControllerManager;
use super::consistency::Consistency;
use super::control::{Claiming, Claims, candidate_pods, may_concern_owners, next_availability_check};
use super::controller_history as history;
use super::settings::Wrong;
use super::statefulset_control::{Reconcile, Snapshot};
use super::statefulset_members::present_claims;
use super::statefulset_pods::is_member;
use crate::actor::client::Limits;
use crate::actor::controller::{Controller, Step, Sync, Work};
use crate::actor::script::{Run, Script, Scripted, fail, step};
use crate::actor::{Ctx, Kinds};
use crate::api::Verb;
use crate::base::Span;
use crate::base::collections::Map;
use crate::model::{Kind, Obj, Object, OwnerReference, Selector};
use crate::store::{Change, Id, Key};
use serde_json::Value;
use std::sync::Arc;

/// The controller.
pub struct StatefulSets {
    workers: usize,
    limits: Option<Limits>,
    consistency: Consistency,
    /// What a revision of each set's template holds, by the set's generation.
    patches: Map<Id, (i64, Arc<Value>)>,
    wrong: Wrong,
}

/// How far a reconciliation is.
#[derive(Default)]
pub struct Progress {
    claiming: Option<Claiming>,
    claimed_at: u32,
    scripted: Scripted<Snapshot>,
}

impl StatefulSets {
    /// The controller as the settings want it.
    pub fn of(settings: &ControllerManager) -> Self {
        let (workers, limits) = (settings.concurrent_stateful_set_syncs, settings.client_limits());
        StatefulSets { workers, limits, consistency: Consistency::default(), patches: Map::default(), wrong: settings.wrong }
    }

    fn patch(&mut self, key: Id, set: &Object) -> Arc<Value> {
        let generation = set.meta.generation;
        match self.patches.get(&key) {
            Some((known, patch)) if *known == generation && generation != 0 => patch.clone(),
            _ => {
                let patch = Arc::new(history::template_patch(&set.as_stateful_set().expect("a StatefulSet").spec.template));
                self.patches.insert(key, (generation, patch.clone()));
                patch
            }
        }
    }

    /// Claims pods, then takes the snapshot.
    fn begin(&mut self, key: Id, set: &Obj, sync: &mut Sync<Progress>, cx: &Ctx<'_>) -> Result<(), Step> {
        let body = set.as_stateful_set().expect("a StatefulSet");
        let Ok(selector) = Selector::from_label_selector(body.spec.selector.as_ref()) else { return Err(Step::Done) };
        let candidates = candidate_pods(cx.view, set, &selector);
        let claims = Claims::sort(set, candidates, |pod| selector.matches(&pod.meta.labels) && is_member(set, pod));
        let claiming = sync.progress.claiming.get_or_insert_default();
        let pods = claiming.advance(set, claims, &std::mem::take(&mut sync.answers), None)?;
        let revisions = history::list(cx.view, set, &selector);
        let patch = self.patch(key, set);
        let claims = present_claims(set, &pods, cx);
        sync.progress.claimed_at = sync.turn;
        sync.progress.scripted.snapshot =
            Some(Snapshot { set: set.clone(), pods, revisions, claims, patch, now: cx.now, wrong: self.wrong });
        Ok(())
    }

    fn run(&mut self, key: Id, given: &Snapshot, script: &mut Script<'_>, cx: &mut Ctx<'_>) -> Run<Step> {
        adopt_revisions(given, script)?;
        let status = Reconcile { given, key, consistency: &mut self.consistency, claims: Default::default(), cx }.run(script)?;
        let min_ready = given.set.as_stateful_set().map_or(0, |set| set.spec.min_ready_seconds);
        if min_ready > 0 && status.ready_replicas != status.available_replicas {
            let check = next_availability_check(&given.pods, min_ready, cx.clock, cx.now);
            return Ok(Step::After(check.unwrap_or(Span::from_s(min_ready as u64))));
        }
        Ok(Step::Done)
    }
}

/// Revisions without owner become the set's, once it is sure that the set is still there.
fn adopt_revisions(given: &Snapshot, script: &mut Script<'_>) -> Run<()> {
    let orphans: Vec<&Obj> = given.revisions.iter().filter(|revision| revision.meta.controller().is_none()).collect();
    if orphans.is_empty() {
        return Ok(());
    }
    match script.call(Verb::Get(Key::of(&given.set)))? {
        Ok(fresh) if fresh.meta.uid == given.set.meta.uid && !fresh.meta.is_deleting() => {}
        Ok(_) => return fail("can't adopt ControllerRevisions: the set is gone or being deleted"),
        Err(error) => return fail(format!("can't adopt ControllerRevisions: {error}")),
    }
    for orphan in orphans {
        script.call(super::control::adopt(&given.set, orphan, None))?.map(|_| ()).or_else(fail)?;
    }
    Ok(())
}

/// The set that a reference names, if it is that one.
fn resolve(namespace: &str, owner: &OwnerReference, cx: &Ctx<'_>) -> Option<Id> {
    let id = cx.view.find_id(Kind::StatefulSet, namespace, &owner.name).filter(|_| &*owner.kind == "StatefulSet")?;
    (cx.view.get(id)?.meta.uid == owner.uid).then_some(id)
}

fn pod_changed(change: &Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
    let pod = change.object();
    let owner = pod.meta.controller();
    let former = change.before.and_then(|before| before.meta.controller()).filter(|former| Some(*former) != owner);
    if let Some(set) = former.and_then(|former| resolve(&pod.meta.namespace, former, cx)) {
        work.add(set);
    }
    if let Some(owner) = owner {
        let Some(set) = resolve(&pod.meta.namespace, owner, cx) else { return };
        work.add(set);
        let ready = |pod: &Obj| pod.as_pod().is_some_and(|pod| pod.is_ready());
        let min_ready = cx.view.get(set).and_then(|set| set.as_stateful_set()).map_or(0, |set| set.spec.min_ready_seconds);
        if min_ready > 0 && change.before.is_some_and(|before| !ready(before)) && change.after.is_some_and(ready) {
            work.add_after(set, Span::from_s(min_ready as u64), cx);
        }
        return;
    }
    let moved = change.before.is_none_or(|before| before.meta.labels != pod.meta.labels) || former.is_some();
    if change.after.is_none() || !moved {
        return;
    }
    for (id, set) in cx.view.list_in(Kind::StatefulSet, &pod.meta.namespace) {
        let selector = set.as_stateful_set().and_then(|set| Selector::from_label_selector(set.spec.selector.as_ref()).ok());
        if selector.is_some_and(|selector| !selector.is_everything() && selector.matches(&pod.meta.labels)) {
            work.add(id);
        }
    }
}

impl Controller for StatefulSets {
    type Progress = Progress;

    fn name(&self) -> &'static str {
        "statefulset-controller"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::StatefulSet, Kind::Pod, Kind::PersistentVolumeClaim, Kind::ControllerRevision])
    }

    fn resyncs(&self) -> Kinds {
        Kinds::of(&[Kind::StatefulSet])
    }

    fn workers(&self) -> usize {
        self.workers
    }

    fn client_limits(&self) -> Option<Limits> {
        self.limits
    }

    fn minds(&self, change: Change<'_>) -> bool {
        change.kind() != Kind::Pod || may_concern_owners(&change, "StatefulSet")
    }

    fn changed(&mut self, change: Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        match change.kind() {
            Kind::StatefulSet => work.add(change.id),
            Kind::Pod => pod_changed(&change, work, cx),
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
                self.consistency.forget(key);
                self.patches.remove(&key);
                return Step::Done;
            };
            if let Err(step) = self.begin(key, set, sync, cx) {
                return step;
            }
        }
        let turn = sync.turn - sync.progress.claimed_at;
        let (given, mut script) = sync.progress.scripted.script(turn, &mut sync.answers);
        step(self.run(key, given, &mut script, cx))
    }
}

#[cfg(test)]
#[path = "statefulset_tests.rs"]
mod tests;
