//! The garbage collector: dependents of owners that are gone go too, owners deleted in the foreground wait for theirs, and those
//! deleted as orphans let theirs go free.
//! Real: pkg/controller/garbagecollector/{garbagecollector.go,graph_builder.go} @ v1.37.2. Its graph of owners is the store's
//! index here, so what it calls virtual nodes is simply an owner that the view does not show.

use super::ControllerManager;
use crate::actor::client::Limits;
use crate::actor::controller::{Controller, Step, Sync, Work};
use crate::actor::{Ctx, Kinds};
use crate::api::{Answer, DeleteOptions, Preconditions, Propagation, Verb};
use crate::base::collections::Set;
use crate::model::*;
use crate::store::{Change, Id, Key, View};

const ORPHAN: &str = "orphan";
const FOREGROUND: &str = "foregroundDeletion";
/// Owners known to be absent, remembered at most.
const ABSENT_MAX: usize = 500;
/// Kinds that are never collected.
const IGNORED: &[Kind] = &[Kind::Event, Kind::Lease];

/// Its name.
pub const NAME: &str = "garbage-collector-controller";

/// The garbage collector.
pub struct GarbageCollector {
    workers: usize,
    limits: Option<Limits>,
    kinds: Kinds,
    /// Uids of owners that the API server has said to be gone.
    absent: Set<Str>,
}

impl GarbageCollector {
    /// The garbage collector.
    pub fn new(settings: &ControllerManager) -> GarbageCollector {
        let kinds: Vec<Kind> = Kind::ALL.iter().chain([&Kind::Other]).filter(|kind| !IGNORED.contains(kind)).copied().collect();
        GarbageCollector {
            workers: settings.concurrent_gc_syncs,
            // A deletion takes two requests, so this client may send twice as many.
            limits: settings.client_limits().map(|limits| Limits { qps: limits.qps * 2.0, ..limits }),
            kinds: Kinds::of(&kinds),
            absent: Set::default(),
        }
    }

    fn note_absent(&mut self, uid: &Str) {
        if self.absent.len() >= ABSENT_MAX {
            self.absent.clear();
        }
        self.absent.insert(uid.clone());
    }
}

fn has_finalizer(object: &Object, name: &str) -> bool {
    object.meta.finalizers.iter().any(|finalizer| &**finalizer == name)
}

/// Whether it waits for its dependents to be gone.
fn is_deleting_dependents(object: &Object) -> bool {
    object.meta.is_deleting() && has_finalizer(object, FOREGROUND)
}

fn is_orphaning(object: &Object) -> bool {
    object.meta.is_deleting() && has_finalizer(object, ORPHAN)
}

/// The key that a reference of an object in `namespace` leads to.
fn key_of(reference: &OwnerReference, namespace: &Str) -> Key {
    let known = Kind::ALL.iter().find(|kind| kind.name() == &*reference.kind && kind.api_version() == &*reference.api_version);
    let kind = known.copied().unwrap_or(Kind::Other);
    let group_kind = if kind == Kind::Other { format!("{}/{}", reference.api_version, reference.kind).into() } else { Str::default() };
    let namespace = if kind.scope() == Scope::Cluster { Str::default() } else { namespace.clone() };
    Key { kind, group_kind, namespace, name: reference.name.clone() }
}

/// The owner as the view shows it, if it is the very one.
fn owner<'a>(view: View<'a>, reference: &OwnerReference, namespace: &Str) -> Option<(Id, &'a Obj)> {
    let id = view.id(key_of(reference, namespace).as_ref())?;
    view.get(id).filter(|owner| owner.meta.uid == reference.uid).map(|owner| (id, owner))
}

fn add_dependents(object: &Object, work: &mut Work<'_>, view: View<'_>) {
    for (id, _) in view.owned_by(&object.meta.uid) {
        work.add(id);
    }
}

/// Owners that wait for this dependent may be free now.
fn add_waiting_owners(object: &Object, work: &mut Work<'_>, view: View<'_>) {
    for reference in object.meta.owner_references.iter() {
        if let Some((id, _)) = owner(view, reference, &object.meta.namespace).filter(|(_, owner)| is_deleting_dependents(owner)) {
            work.add(id);
        }
    }
}

/// What one sync keeps between its turns.
#[derive(Default)]
pub struct Progress {
    stage: Stage,
    latest: Option<Obj>,
    /// References whose owners were asked for.
    asked: Vec<OwnerReference>,
}

#[derive(Clone, Copy, Default)]
enum Stage {
    #[default]
    New,
    Orphaning,
    Fetched,
    OwnersAsked,
    /// The last write is under way.
    Last,
    /// Its own references were unblocked; its deletion comes next.
    Unblocked,
}

impl Controller for GarbageCollector {
    type Progress = Progress;

    fn name(&self) -> &'static str {
        NAME
    }

    fn watches(&self) -> Kinds {
        self.kinds
    }

    fn workers(&self) -> usize {
        self.workers
    }

    fn client_limits(&self) -> Option<Limits> {
        self.limits
    }

    fn minds(&self, change: Change<'_>) -> bool {
        let (Some(before), Some(after)) = (change.before, change.after) else { return true };
        let (before, after) = (&before.meta, &after.meta);
        before.owner_references != after.owner_references
            || before.finalizers != after.finalizers
            || before.deletion_timestamp != after.deletion_timestamp
    }

    fn changed(&mut self, change: Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        let Some(object) = change.after else {
            let gone = change.object();
            self.absent.insert(gone.meta.uid.clone());
            add_dependents(gone, work, cx.view);
            add_waiting_owners(gone, work, cx.view);
            return;
        };
        let before = change.before;
        let references = &object.meta.owner_references;
        if before.is_none_or(|before| before.meta.owner_references != *references) {
            let must_look = references.iter().any(|reference| match owner(cx.view, reference, &object.meta.namespace) {
                None => true,
                Some((_, owner)) => is_deleting_dependents(owner),
            });
            if must_look {
                work.add(change.id);
            }
            if let Some(before) = before {
                add_waiting_owners(before, work, cx.view);
            }
        }
        let began = |is: fn(&Object) -> bool| is(object) && before.is_none_or(|before| !is(before));
        if began(is_orphaning) {
            work.add(change.id);
        }
        if began(is_deleting_dependents) {
            add_dependents(object, work, cx.view);
            work.add(change.id);
        }
    }

    fn sync(&mut self, key: Id, sync: &mut Sync<Progress>, cx: &mut Ctx<'_>) -> Step {
        let Some(object) = cx.view.get(key).cloned() else { return Step::Done };
        let p = &mut sync.progress;
        let fault = sync.answers.iter().find_map(|answer| answer.as_ref().err().filter(|error| error.code() != 404));
        if let Some(error) = fault {
            return Step::Retry(error.to_string());
        }
        match p.stage {
            Stage::New if is_orphaning(&object) => {
                p.stage = Stage::Orphaning;
                let free = |(_, dependent): (Id, &Obj)| without_owners(dependent, vec![object.meta.uid.clone()]);
                Step::Call(cx.view.owned_by(&object.meta.uid).map(free).collect())
            }
            Stage::New if object.meta.is_deleting() && !is_deleting_dependents(&object) => Step::Done,
            Stage::New => {
                p.stage = Stage::Fetched;
                Step::call(Verb::Get(Key::of(&object)))
            }
            Stage::Orphaning => {
                p.stage = Stage::Last;
                Step::call(without_finalizer(&object, ORPHAN))
            }
            Stage::Fetched => match sync.answers.first() {
                Some(Ok(latest)) if latest.meta.uid == object.meta.uid => self.classify(latest.clone(), p, cx.view),
                _ => Step::Done,
            },
            Stage::OwnersAsked => self.decide(p, &sync.answers, cx.view),
            Stage::Unblocked => {
                p.stage = Stage::Last;
                Step::call(deletion(&object, Propagation::Foreground))
            }
            Stage::Last => Step::Done,
        }
    }
}

impl GarbageCollector {
    /// The object is there: it lets go of its finalizer, or its owners are asked for.
    fn classify(&self, latest: Obj, p: &mut Progress, view: View<'_>) -> Step {
        if is_deleting_dependents(&latest) {
            let uid = &latest.meta.uid;
            let blocks = |(_, dependent): (Id, &Obj)| {
                dependent.meta.owner_references.iter().any(|r| r.uid == *uid && r.block_owner_deletion == Some(true))
            };
            if view.owned_by(uid).any(blocks) {
                return Step::Done;
            }
            p.stage = Stage::Last;
            return Step::call(without_finalizer(&latest, FOREGROUND));
        }
        if latest.meta.owner_references.is_empty() {
            return Step::Done;
        }
        let unknown = latest.meta.owner_references.iter().filter(|reference| !self.absent.contains(&reference.uid));
        p.asked = unknown.cloned().collect();
        p.stage = Stage::OwnersAsked;
        let verbs = p.asked.iter().map(|reference| Verb::Get(key_of(reference, &latest.meta.namespace))).collect();
        p.latest = Some(latest);
        Step::Call(verbs)
    }

    /// All owners are known: the object stays, loses references, or goes.
    fn decide(&mut self, p: &mut Progress, answers: &[Answer], view: View<'_>) -> Step {
        let latest = p.latest.clone().expect("fetched before");
        let (mut solid, mut waiting) = (0, Vec::new());
        for (reference, answer) in p.asked.iter().zip(answers) {
            match answer {
                Ok(owner) if owner.meta.uid == reference.uid => {
                    if is_deleting_dependents(owner) {
                        waiting.push(reference.uid.clone());
                    } else {
                        solid += 1;
                    }
                }
                _ => self.note_absent(&reference.uid),
            }
        }
        let all = &latest.meta.owner_references;
        p.stage = Stage::Last;
        if solid > 0 {
            if solid == all.len() {
                return Step::Done;
            }
            let asked_solid = |uid: &Str| !waiting.contains(uid) && !self.absent.contains(uid);
            let lost = all.iter().map(|reference| reference.uid.clone()).filter(|uid| !asked_solid(uid)).collect();
            return Step::call(without_owners(&latest, lost));
        }
        let mut dependents = view.owned_by(&latest.meta.uid).map(|(_, dependent)| dependent).peekable();
        if !waiting.is_empty() && dependents.peek().is_some() {
            // Two owners that wait for each other would wait for ever.
            if dependents.any(|dependent| is_deleting_dependents(dependent)) {
                p.stage = Stage::Unblocked;
                return Step::call(unblocked(&latest));
            }
            return Step::call(deletion(&latest, Propagation::Foreground));
        }
        let propagation = if has_finalizer(&latest, ORPHAN) {
            Propagation::Orphan
        } else if has_finalizer(&latest, FOREGROUND) {
            Propagation::Foreground
        } else {
            Propagation::Background
        };
        Step::call(deletion(&latest, propagation))
    }
}

fn deletion(object: &Object, propagation: Propagation) -> Verb {
    let preconditions = Preconditions { uid: Some(object.meta.uid.clone()), ..Preconditions::default() };
    Verb::Delete {
        target: Key::of(object),
        options: DeleteOptions { propagation: Some(propagation), preconditions, ..DeleteOptions::default() },
    }
}

fn without_owners(object: &Object, uids: Vec<Str>) -> Verb {
    let own = object.meta.uid.clone();
    Verb::edit(Key::of(object), move |object| {
        if object.meta.uid == own {
            object.meta.owner_references = object.meta.owner_references.iter().filter(|r| !uids.contains(&r.uid)).cloned().collect();
        }
    })
}

fn without_finalizer(object: &Object, name: &'static str) -> Verb {
    let own = object.meta.uid.clone();
    Verb::edit(Key::of(object), move |object| {
        if object.meta.uid == own {
            object.meta.finalizers = object.meta.finalizers.iter().filter(|finalizer| &***finalizer != name).cloned().collect();
        }
    })
}

fn unblocked(object: &Object) -> Verb {
    let own = object.meta.uid.clone();
    Verb::edit(Key::of(object), move |object| {
        if object.meta.uid != own {
            return;
        }
        let free = |reference: &OwnerReference| OwnerReference { block_owner_deletion: Some(false), ..reference.clone() };
        object.meta.owner_references = object.meta.owner_references.iter().map(free).collect();
    })
}
