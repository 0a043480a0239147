//! Namespaces on their way out: everything in them is deleted, pods first, then their finalizer is taken off.
//! Real: pkg/controller/namespace/{namespace_controller.go,deletion/namespaced_resources_deleter.go,deletion/status_condition_utils.go}
//! @ v1.37.2.

use super::ControllerManager;
use crate::actor::client::Limits;
use crate::actor::controller::{Controller, Step, Sync, Work};
use crate::actor::workqueue::Backoff;
use crate::actor::{Ctx, Kinds};
use crate::api::server::plural_of;
use crate::api::{DeleteOptions, Propagation, Verb};
use crate::base::Span;
use crate::model::*;
use crate::store::{Change, Id, Key, View};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A namespace is looked at this long after the wish to delete it, so that all API servers know of it.
const GRACE: Span = Span::from_s(5);
/// How long finalizers are thought to take.
const FINALIZER_ESTIMATE_S: i64 = 15;
/// The finalizer in a namespace's spec.
const FINALIZER: &str = "kubernetes";

/// The controller of namespaces.
pub struct Namespaces {
    workers: usize,
    limits: Option<Limits>,
}

impl Namespaces {
    /// The controller.
    pub fn new(settings: &ControllerManager) -> Namespaces {
        // Emptying a namespace is a flood of small requests, so this client may do more than others.
        let limits = settings.client_limits().map(|limits| Limits { qps: limits.qps * 20.0, burst: limits.burst.saturating_mul(100) });
        Namespaces { workers: settings.concurrent_namespace_syncs, limits }
    }
}

/// What one sync keeps between its turns.
#[derive(Default)]
pub struct Progress {
    stage: Stage,
    /// Until the pods that run are thought to have ended, from what was there before; 0 when they should have.
    pods_estimate_s: i64,
    /// How the round ends, once the status is written.
    end: End,
}

#[derive(Clone, Copy, Default)]
enum Stage {
    #[default]
    Pods,
    Others,
    StatusWritten,
    Finalized,
}

#[derive(Default)]
enum End {
    /// Nothing is left.
    #[default]
    Empty,
    /// Something is left, as expected; look again then.
    Later(Span),
    /// Something is left that should not be.
    Failed(String),
}

fn pods(view: View<'_>, namespace: &Str) -> Vec<Obj> {
    view.list_in(Kind::Pod, namespace).map(|(_, object)| object.clone()).collect()
}

fn others(view: View<'_>, namespace: &Str) -> Vec<Obj> {
    let kinds = Kind::ALL.iter().filter(|kind| kind.scope() == Scope::Namespaced && **kind != Kind::Pod).chain([&Kind::Other]);
    kinds.flat_map(|kind| view.list_in(*kind, namespace)).map(|(_, object)| object.clone()).collect()
}

/// The longest grace period of pods that have not ended; 0 when so much time has passed since the namespace was to go.
fn estimate_s(pods: &[Obj], namespace: &Object, cx: &Ctx<'_>) -> i64 {
    let grace = |pod: &Pod| pod.spec.termination_grace_period_seconds.unwrap_or(30);
    let longest = pods.iter().filter_map(|pod| pod.as_pod()).filter(|pod| !pod.is_terminal()).map(grace).max().unwrap_or(0);
    let since = namespace.meta.deletion_timestamp.unwrap_or_default();
    if cx.clock.age_ns(since, cx.now) >= i128::from(longest) * 1_000_000_000 { 0 } else { longest }
}

/// One request for each object; those already going are not asked again.
fn deletions(objects: &[Obj]) -> Step {
    let options = DeleteOptions { propagation: Some(Propagation::Background), ..DeleteOptions::default() };
    let staying = objects.iter().filter(|object| !object.meta.is_deleting());
    Step::Call(staying.map(|object| Verb::Delete { target: Key::of(object), options: options.clone() }).collect())
}

fn plural(object: &Object) -> String {
    if object.kind() == Kind::Other { plural_of(object.kind_name()) } else { object.kind().plural().into() }
}

/// What is said when objects are left although nothing keeps them.
fn unexpected(left: &[Obj], namespace: &str) -> Vec<String> {
    let unheld = left.iter().filter(|object| object.meta.finalizers.is_empty());
    let resources: BTreeSet<String> = unheld
        .map(|object| match object.api_version().split_once('/') {
            Some((group, version)) => format!("{group}/{version}, Resource={}", plural(object)),
            None => format!("/{}, Resource={}", object.api_version(), plural(object)),
        })
        .collect();
    resources.into_iter().map(|resource| format!("unexpected items still remain in namespace: {namespace} for gvr: {resource}")).collect()
}

/// A round is over: what is left, and what the conditions say about it. Of pods that are left they say nothing.
fn judge(p: &mut Progress, left: &[Obj], pods: bool, namespace: &Object, cx: &Ctx<'_>) -> Step {
    let held = left.iter().any(|object| !object.meta.finalizers.is_empty());
    let wait_s = if pods && p.pods_estimate_s > 0 { p.pods_estimate_s } else { i64::from(held) * FINALIZER_ESTIMATE_S };
    let errors = if wait_s > 0 { Vec::new() } else { unexpected(left, &namespace.meta.name) };
    p.end = match (left.is_empty(), errors.is_empty()) {
        (true, _) => End::Empty,
        (false, true) => End::Later(Span::from_s(wait_s as u64 / 2 + 1)),
        (false, false) => End::Failed(errors.join(", ")),
    };
    p.stage = Stage::StatusWritten;
    let conditions = conditions(if pods { &[] } else { left }, &errors, cx.timestamp());
    Step::call(Verb::edit_status(Key::of(namespace), move |object| {
        if let Some(namespace) = object.as_namespace_mut() {
            merge(&mut Arc::make_mut(&mut namespace.status).conditions, &conditions);
        }
    }))
}

impl Controller for Namespaces {
    type Progress = Progress;

    fn name(&self) -> &'static str {
        "namespace-controller"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::Namespace])
    }

    fn workers(&self) -> usize {
        self.workers
    }

    fn client_limits(&self) -> Option<Limits> {
        self.limits
    }

    fn changed(&mut self, change: Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        if change.after.is_some_and(|namespace| namespace.meta.is_deleting()) {
            work.add_after(change.id, GRACE, cx);
        }
    }

    fn backoff(&self) -> Backoff {
        Backoff { max: Span::from_s(60), ..Backoff::default() }
    }

    fn resyncs(&self) -> Kinds {
        Kinds::of(&[Kind::Namespace])
    }

    fn resynced(&mut self, key: Id, namespace: &Obj, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        if namespace.meta.is_deleting() {
            work.add_after(key, GRACE, cx);
        }
    }

    fn sync(&mut self, key: Id, sync: &mut Sync<Progress>, cx: &mut Ctx<'_>) -> Step {
        let Some(object) = cx.view.get(key).filter(|object| object.meta.is_deleting()).cloned() else { return Step::Done };
        let p = &mut sync.progress;
        let fault = sync.answers.iter().find_map(|answer| answer.as_ref().err().filter(|error| error.code() != 404));
        if let Some(error) = fault {
            return Step::Retry(error.to_string());
        }
        let name = &object.meta.name;
        match p.stage {
            // The first turn: pods go before all else, which they may depend on.
            Stage::Pods if sync.turn == 0 => {
                let pods = pods(cx.view, name);
                p.pods_estimate_s = estimate_s(&pods, &object, cx);
                deletions(&pods)
            }
            Stage::Pods => {
                let left = remaining(&sync.answers, pods(cx.view, name));
                if !left.is_empty() {
                    return judge(p, &left, true, &object, cx);
                }
                p.stage = Stage::Others;
                deletions(&others(cx.view, name))
            }
            Stage::Others => {
                let left = remaining(&sync.answers, others(cx.view, name));
                judge(p, &left, false, &object, cx)
            }
            Stage::StatusWritten => match std::mem::take(&mut p.end) {
                End::Later(span) => Step::After(span),
                End::Failed(error) => Step::Retry(error),
                End::Empty => {
                    p.stage = Stage::Finalized;
                    Step::call(Verb::edit(Key::of(&object), |object| {
                        if let Some(namespace) = object.as_namespace_mut() {
                            Arc::make_mut(&mut namespace.spec).finalizers.retain(|name| name != FINALIZER);
                        }
                    }))
                }
            },
            Stage::Finalized => Step::Done,
        }
    }
}

/// What is left: objects that the answers show as still there, and those that were going before.
fn remaining(answers: &[crate::api::Answer], known: Vec<Obj>) -> Vec<Obj> {
    let answered: Vec<&Obj> = answers.iter().flatten().collect();
    let fresh = |object: &Obj| answered.iter().find(|answer| answer.meta.uid == object.meta.uid).copied().unwrap_or(object).clone();
    let stays = |object: &Obj| {
        let meta = &object.meta;
        meta.is_deleting() && (!meta.finalizers.is_empty() || meta.deletion_grace_period_seconds.unwrap_or(0) > 0)
    };
    known.iter().map(fresh).filter(stays).collect()
}

fn conditions(left: &[Obj], errors: &[String], now: Timestamp) -> Vec<NamespaceCondition> {
    let condition = |kind: &str, status: bool, reason: &str, message: String| NamespaceCondition {
        r#type: kind.into(),
        status: if status { "True" } else { "False" }.into(),
        last_transition_time: Some(now),
        reason: reason.into(),
        message: message.into(),
    };
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut finalizers: BTreeMap<&str, usize> = BTreeMap::new();
    for object in left {
        let group = object.api_version().split_once('/').map_or("", |(group, _)| group);
        *counts.entry(format!("{}.{group}", plural(object))).or_default() += 1;
        for finalizer in object.meta.finalizers.iter() {
            *finalizers.entry(finalizer).or_default() += 1;
        }
    }
    let remaining = if counts.is_empty() {
        condition("NamespaceContentRemaining", false, "ContentRemoved", "All content successfully removed".into())
    } else {
        let shown: Vec<String> = counts.iter().map(|(resource, count)| format!("{resource} has {count} resource instances")).collect();
        let message = format!("Some resources are remaining: {}", shown.join(", "));
        condition("NamespaceContentRemaining", true, "SomeResourcesRemain", message)
    };
    let holding = if finalizers.is_empty() {
        let message = "All content-preserving finalizers finished".into();
        condition("NamespaceFinalizersRemaining", false, "ContentHasNoFinalizers", message)
    } else {
        let shown: Vec<String> = finalizers.iter().map(|(name, count)| format!("{name} in {count} resource instances")).collect();
        let message = format!("Some content in the namespace has finalizers remaining: {}", shown.join(", "));
        condition("NamespaceFinalizersRemaining", true, "SomeFinalizersRemain", message)
    };
    let failure = if errors.is_empty() {
        let message = "All content successfully deleted, may be waiting on finalization".into();
        condition("NamespaceDeletionContentFailure", false, "ContentDeleted", message)
    } else {
        let message = format!("Failed to delete all resource types, {} remaining: {}", errors.len(), errors.join(", "));
        condition("NamespaceDeletionContentFailure", true, "ContentDeletionFailed", message)
    };
    vec![
        condition("NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered", "All resources successfully discovered".into()),
        condition(
            "NamespaceDeletionGroupVersionParsingFailure",
            false,
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed".into(),
        ),
        failure,
        remaining,
        holding,
    ]
}

/// Conditions that say the same keep their time.
fn merge(present: &mut Vec<NamespaceCondition>, new: &[NamespaceCondition]) {
    for condition in new {
        match present.iter_mut().find(|old| old.r#type == condition.r#type) {
            Some(old) if (&old.status, &old.reason, &old.message) == (&condition.status, &condition.reason, &condition.message) => {}
            Some(old) => {
                let same_status = old.status == condition.status;
                let since = if same_status { old.last_transition_time } else { condition.last_transition_time };
                *old = NamespaceCondition { last_transition_time: since, ..condition.clone() };
            }
            None => present.push(condition.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controllers::testing::{TinyKubelet, World};
    use serde_json::json;

    fn world(finalizer: &[&str]) -> World {
        let mut world = World::new(1, |_| String::new()).with(Namespaces::new(&ControllerManager::default()));
        world.sim.add_actor(Box::new(TinyKubelet));
        world.create(
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": {"containers": [{"name": "c", "image": "i"}]}}),
        );
        world.create(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "held", "finalizers": finalizer}}));
        world.create(json!({"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "set"}, "spec": {"selector": {"matchLabels": {"a": "b"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}}}}));
        world.run(3_000);
        let namespace = world.list(Kind::Namespace).into_iter().find(|namespace| &*namespace.meta.name == "ns").expect("the namespace");
        world.send(Verb::delete(Key::of(&namespace))).expect("marked");
        world
    }

    fn left(world: &World) -> Vec<usize> {
        [Kind::Pod, Kind::ConfigMap, Kind::DaemonSet].map(|kind| world.list(kind).len()).to_vec()
    }

    fn namespace(world: &World) -> Option<Obj> {
        world.list(Kind::Namespace).into_iter().find(|namespace| &*namespace.meta.name == "ns")
    }

    #[test]
    fn pods_go_first_then_all_else_then_the_namespace() {
        let mut world = world(&[]);
        world.run(4_900);
        assert_eq!(left(&world), [1, 1, 1]);
        world.run(200);
        assert!(world.list(Kind::Pod).iter().all(|pod| pod.meta.is_deleting()) && namespace(&world).is_some());
        assert_eq!(left(&world)[1..], [1, 1]);
        // The status that the first round wrote brings the next one.
        world.run(5_200);
        assert_eq!((left(&world), namespace(&world).is_some()), (vec![0, 0, 0], false));
    }

    #[test]
    fn what_a_finalizer_keeps_keeps_the_namespace() {
        let mut world = world(&["example.com/keep"]);
        world.run(60_000);
        assert_eq!(left(&world), [0, 1, 0]);
        let namespace_is = namespace(&world).expect("kept");
        let conditions = &namespace_is.as_namespace().unwrap().status.conditions;
        let said: Vec<String> = conditions.iter().filter(|one| &*one.status == "True").map(|one| one.message.to_string()).collect();
        let wanted = [
            "Some resources are remaining: configmaps. has 1 resource instances",
            "Some content in the namespace has finalizers remaining: example.com/keep in 1 resource instances",
        ];
        assert_eq!(said, wanted);
        world.edit(Kind::ConfigMap, "held", |object| object.meta.finalizers = Arc::from([]));
        world.run(20_000);
        assert!(namespace(&world).is_none());
    }
}
