//! Namespaces on their way out: everything in them is deleted, pods first, then their finalizer is taken off.
//! Real: pkg/controller/namespace/{namespace_controller.go,deletion/namespaced_resources_deleter.go,deletion/status_condition_utils.go}
//! @ v1.37.2.

use super::ControllerManager;
use crate::actor::client::Limits;
use crate::actor::controller::{Controller, Step, Sync, Work};
use crate::actor::{Ctx, Kinds};
use crate::api::{DeleteOptions, Propagation, Verb};
use crate::base::Span;
use crate::model::*;
use crate::store::{Change, Id, Key, View};
use std::collections::BTreeMap;
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
        Namespaces { workers: settings.concurrent_namespace_syncs, limits: settings.client_limits() }
    }
}

/// What one sync keeps between its turns.
#[derive(Default)]
pub struct Progress {
    stage: Stage,
    /// Until all is thought to be gone; 0 when it is.
    estimate_s: i64,
}

#[derive(Clone, Copy, Default)]
enum Stage {
    #[default]
    New,
    Deleting,
    StatusWritten,
    Finalized,
    Removed,
}

fn contents(view: View<'_>, namespace: &Str) -> Vec<Obj> {
    let kinds = Kind::ALL.iter().filter(|kind| kind.scope() == Scope::Namespaced).chain([&Kind::Other]);
    let all: Vec<Obj> = kinds.flat_map(|kind| view.list_in(*kind, namespace)).map(|(_, object)| object.clone()).collect();
    let pods: Vec<Obj> = all.iter().filter(|object| object.kind() == Kind::Pod).cloned().collect();
    // Pods first: what they depend on goes only after them.
    if pods.is_empty() { all } else { pods }
}

fn estimate_s(object: &Object) -> i64 {
    match object.as_pod() {
        Some(pod) if object.meta.finalizers.is_empty() => pod.spec.termination_grace_period_seconds.unwrap_or(30),
        _ => FINALIZER_ESTIMATE_S,
    }
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

    fn sync(&mut self, key: Id, sync: &mut Sync<Progress>, cx: &mut Ctx<'_>) -> Step {
        let Some(object) = cx.view.get(key).filter(|object| object.meta.is_deleting()).cloned() else { return Step::Done };
        let p = &mut sync.progress;
        let fault = sync.answers.iter().find_map(|answer| answer.as_ref().err().filter(|error| error.code() != 404));
        if let Some(error) = fault {
            return Step::Retry(error.to_string());
        }
        match p.stage {
            Stage::New if is_finalized(&object) => {
                p.stage = Stage::Removed;
                Step::call(Verb::delete(Key::of(&object)))
            }
            Stage::New => {
                p.stage = Stage::Deleting;
                let options = DeleteOptions { propagation: Some(Propagation::Background), ..DeleteOptions::default() };
                let left = contents(cx.view, &object.meta.name);
                let going = left.iter().filter(|object| !object.meta.is_deleting());
                Step::Call(going.map(|object| Verb::Delete { target: Key::of(object), options: options.clone() }).collect())
            }
            Stage::Deleting => {
                // Counted on what is there now, not on what the view still shows.
                let left = remaining(&sync.answers, contents(cx.view, &object.meta.name));
                p.estimate_s = left.iter().map(|object| estimate_s(object)).max().unwrap_or(0);
                p.stage = Stage::StatusWritten;
                let conditions = conditions(&left, cx.timestamp());
                Step::call(Verb::edit_status(Key::of(&object), move |object| {
                    if let Some(namespace) = object.as_namespace_mut() {
                        merge(&mut Arc::make_mut(&mut namespace.status).conditions, &conditions);
                    }
                }))
            }
            Stage::StatusWritten if p.estimate_s > 0 => Step::After(Span::from_s(p.estimate_s as u64 / 2 + 1)),
            Stage::StatusWritten => {
                p.stage = Stage::Finalized;
                Step::call(Verb::edit(Key::of(&object), |object| {
                    if let Some(namespace) = object.as_namespace_mut() {
                        Arc::make_mut(&mut namespace.spec).finalizers.retain(|name| name != FINALIZER);
                    }
                }))
            }
            Stage::Finalized => {
                p.stage = Stage::Removed;
                Step::call(Verb::delete(Key::of(&object)))
            }
            Stage::Removed => Step::Done,
        }
    }
}

fn is_finalized(namespace: &Object) -> bool {
    namespace.as_namespace().is_some_and(|namespace| namespace.spec.finalizers.is_empty())
}

/// What is left: objects that the answers show as still there, and those that were going before.
fn remaining(answers: &[crate::api::Answer], known: Vec<Obj>) -> Vec<Obj> {
    let answered: Vec<&Obj> = answers.iter().flatten().collect();
    let fresh = |object: &Obj| answered.iter().find(|answer| answer.meta.uid == object.meta.uid).copied().unwrap_or(object).clone();
    known.iter().map(fresh).filter(|object| object.meta.is_deleting()).collect()
}

fn conditions(left: &[Obj], now: Timestamp) -> Vec<NamespaceCondition> {
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
        *counts.entry(format!("{}.{group}", object.kind().plural())).or_default() += 1;
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
    vec![
        condition("NamespaceDeletionDiscoveryFailure", false, "ResourcesDiscovered", "All resources successfully discovered".into()),
        condition(
            "NamespaceDeletionGroupVersionParsingFailure",
            false,
            "ParsedGroupVersions",
            "All legacy kube types successfully parsed".into(),
        ),
        condition(
            "NamespaceDeletionContentFailure",
            false,
            "ContentDeleted",
            "All content successfully deleted, may be waiting on finalization".into(),
        ),
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
