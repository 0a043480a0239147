//! The API server: carries out verbs on the store, with the checks, completions and refusals of the real one.
//! Real: staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go @ v1.37.2.

use super::addresses::Addresses;
use super::error::qualified;
use super::pod_cache::PodCache;
use super::request::{Answer, Patch, Subresource, Verb};
use super::{ApiError, admission, defaulting, strategy, validation};
use crate::actor::Clock;
use crate::base::{Seed, Stream, Time};
use crate::model::{Body, Kind, Meta, Obj, Object, Scope, Str};
use crate::store::{Id, Key, Store};
use std::sync::Arc;

/// Tries to find a free name for `generateName`. Real: staging/src/k8s.io/apiserver/pkg/registry/generic/registry/store.go.
const NAME_TRIES_MAX: usize = 8;
/// Letters of generated names: no vowels, no look-alikes. Real: staging/src/k8s.io/apimachinery/pkg/util/rand/rand.go.
const NAME_LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
/// Longest prefix that still leaves room for the five letters.
const NAME_PREFIX_MAX: usize = 63 - 5;

/// The API server's own state: what it draws and allots.
pub struct Server {
    /// Wall-clock times.
    pub clock: Clock,
    random: Stream,
    addresses: Addresses,
    pods: PodCache,
}

/// The name of the kind's resource in messages: `deployments.apps`.
pub fn resource_of(key: &Key) -> String {
    if key.kind == Kind::Other {
        let (api_version, kind) = key.group_kind.rsplit_once('/').unwrap_or(("", &key.group_kind));
        return qualified(&plural_of(kind), api_version);
    }
    qualified(key.kind.plural(), key.kind.api_version())
}

/// The usual plural of a kind that is not modelled.
pub fn plural_of(kind: &str) -> String {
    let lower = kind.to_lowercase();
    match lower.as_bytes().last() {
        Some(b's' | b'x' | b'z') => lower + "es",
        Some(b'y') => lower[..lower.len() - 1].to_string() + "ies",
        _ => lower + "s",
    }
}

impl Server {
    /// A server at the start of a run.
    pub fn new(seed: Seed, clock: Clock) -> Server {
        Server { clock, random: seed.stream("apiserver"), addresses: Addresses::default(), pods: PodCache::default() }
    }

    /// Carries out a request.
    pub fn handle(&mut self, store: &mut Store, at: Time, verb: Verb) -> Answer {
        if admission_reads(&verb) {
            self.pods.forget();
        }
        match verb {
            Verb::Get(key) => present(store, &key).map(|(_, object)| object),
            Verb::Create(object) => self.create(store, at, *object, false),
            Verb::DryRunCreate(object) => self.create(store, at, *object, true),
            Verb::Update(object) => self.update(store, at, *object, Subresource::Main),
            Verb::UpdateStatus(object) => self.update(store, at, *object, Subresource::Status),
            Verb::Patch { target, subresource, patch } => self.patch(store, at, &target, subresource, &patch),
            Verb::Delete { target, options } => self.delete(store, at, &target, &options),
            Verb::Bind { pod, uid, node, annotations } => self.bind(store, at, &pod, &uid, node, annotations),
            Verb::Evict { pod, options } => self.evict(store, at, &pod, &options),
            Verb::Sample { target, fields } => sample(store, &target, fields),
            Verb::PodMetrics { namespace, selector } => self.pod_metrics(store, at, &namespace, &selector),
        }
    }

    fn create(&mut self, store: &mut Store, at: Time, mut object: Object, dry_run: bool) -> Answer {
        self.place_in_namespace(store, &mut object)?;
        self.name(store, &mut object)?;
        // Some kinds refer to themselves: their selectors name their uid.
        object.meta.uid = self.uid();
        self.complete(store, &mut object)?;
        let key = Key::of(&object);
        let id = store.intern(key);
        if store.current(id).is_some() {
            return Err(ApiError::already_exists(&resource_of(store.key(id)), &object.meta.name));
        }
        if dry_run {
            return Ok(Obj::new(object));
        }
        self.charge(store, at, &object, None)?;
        self.allot(&mut object);
        let generation = i64::from(strategy::has_generation(object.kind()));
        let meta = &mut object.meta;
        meta.creation_timestamp = Some(self.clock.timestamp(at));
        (meta.deletion_timestamp, meta.deletion_grace_period_seconds) = (None, None);
        meta.generation = generation;
        Ok(write(store, at, id, object))
    }

    /// Checks and completes a new object: defaults, admission, validation, first status.
    fn complete(&mut self, store: &Store, object: &mut Object) -> Result<(), ApiError> {
        match self.pods.complete(object) {
            Ok(()) => validation::create_metadata(object)?,
            Err(asked) => {
                defaulting::apply(object);
                strategy::reset_status(object);
                admission::mutate_new(object, store.now())?;
                admission::prepare(object);
                validation::create(object)?;
                if let Some(asked) = asked {
                    self.pods.remember(asked, object);
                }
            }
        }
        admission::check(object, None, store.now())
    }

    /// Switches off what is only there for speed.
    pub fn without_caches(&mut self) {
        self.pods.switch_off();
    }

    fn allot(&mut self, object: &mut Object) {
        if let Body::Service(service) = &mut object.body {
            self.addresses.complete(service);
        }
    }

    /// Namespaced objects live in a namespace that exists and is not on its way out; others in none.
    fn place_in_namespace(&self, store: &Store, object: &mut Object) -> Result<(), ApiError> {
        if object.kind().scope() == Scope::Cluster {
            object.meta.namespace = Str::default();
            return Ok(());
        }
        if object.meta.namespace.is_empty() {
            if object.kind() == Kind::Other {
                return Ok(());
            }
            object.meta.namespace = "default".into();
        }
        let namespace = &object.meta.namespace;
        let Some(found) = store.now().find(Kind::Namespace, "", namespace) else {
            return Err(ApiError::not_found("namespaces", namespace));
        };
        if found.meta.is_deleting() {
            let resource = resource_of(&Key::of(object));
            return Err(ApiError::namespace_terminating(&resource, &object.meta.name, namespace));
        }
        Ok(())
    }

    fn name(&mut self, store: &Store, object: &mut Object) -> Result<(), ApiError> {
        if !object.meta.name.is_empty() || object.meta.generate_name.is_empty() {
            return Ok(());
        }
        let prefix: String = object.meta.generate_name.chars().take(NAME_PREFIX_MAX).collect();
        for _ in 0..NAME_TRIES_MAX {
            let letters = (0..5).map(|_| NAME_LETTERS[self.random.below(NAME_LETTERS.len() as u64) as usize] as char);
            object.meta.name = letters.fold(prefix.clone(), |name, letter| name + letter.encode_utf8(&mut [0; 4])).into();
            if present(store, &Key::of(object)).is_err() {
                return Ok(());
            }
        }
        Err(ApiError::generate_name_conflict(&resource_of(&Key::of(object)), &object.meta.name))
    }

    /// A random UUID (version 4) of the run's own.
    fn uid(&mut self) -> Str {
        let (high, low) = (self.random.draw().0, self.random.draw().0);
        let (a, b, c) = (high >> 32, high >> 16 & 0xffff, high & 0xfff);
        let (d, e) = (low >> 48 & 0x3fff | 0x8000, low & 0xffff_ffff_ffff);
        format!("{a:08x}-{b:04x}-4{c:03x}-{d:04x}-{e:012x}").into()
    }

    fn update(&mut self, store: &mut Store, at: Time, object: Object, subresource: Subresource) -> Answer {
        let (id, before) = present(store, &Key::of(&object))?;
        let asked = &object.meta;
        if asked.resource_version != 0 && asked.resource_version != before.meta.resource_version {
            return Err(ApiError::modified(&resource_of(store.key(id)), &asked.name));
        }
        if !asked.uid.is_empty() && asked.uid != before.meta.uid {
            return Err(ApiError::uid_precondition(&resource_of(store.key(id)), &asked.name, &asked.uid, &before.meta.uid));
        }
        self.replace(store, at, id, &before, object, subresource)
    }

    fn patch(&mut self, store: &mut Store, at: Time, target: &Key, subresource: Subresource, patch: &Patch) -> Answer {
        let (id, before) = present(store, target)?;
        let mut after = match patch {
            Patch::Edit(edit) => {
                let mut after = (*before).clone();
                (edit.0)(&mut after);
                after
            }
            Patch::Merge(_) | Patch::Json(_) | Patch::Strategic(_) => super::patching::apply(&before, subresource, patch)?,
        };
        if after.meta.resource_version != before.meta.resource_version && after.meta.resource_version != 0 {
            return Err(ApiError::modified(&resource_of(store.key(id)), &target.name));
        }
        after.meta.resource_version = before.meta.resource_version;
        self.replace(store, at, id, &before, after, subresource)
    }

    /// The common end of updates and patches.
    fn replace(&mut self, store: &mut Store, at: Time, id: Id, before: &Obj, after: Object, subresource: Subresource) -> Answer {
        let mut after = match subresource {
            Subresource::Status => {
                let mut merged = strategy::only_status(before, &after);
                merged.meta.annotations = after.meta.annotations;
                merged.meta.finalizers = after.meta.finalizers;
                merged
            }
            _ => {
                let mut after = after;
                strategy::keep_status(&mut after, before);
                if let (Body::Pod(after), Body::Pod(before)) = (&mut after.body, &before.body) {
                    after.node_name = before.node_name.clone();
                }
                after
            }
        };
        keep_identity(&mut after.meta, &before.meta);
        if subresource != Subresource::Status {
            self.check_update(store, before, &mut after)?;
            // Only these can come to cost more than when they were created.
            if matches!(after.kind(), Kind::Service | Kind::PersistentVolumeClaim) || subresource == Subresource::Resize {
                self.charge(store, at, &after, Some(before))?;
            }
            if strategy::has_generation(after.kind()) && strategy::desired_state_differs(before, &after) {
                after.meta.generation += 1;
            }
        }
        let held = !after.meta.finalizers.is_empty() || after.as_namespace().is_some_and(|namespace| !namespace.spec.finalizers.is_empty());
        if after.meta.is_deleting() && !held && after.meta.deletion_grace_period_seconds.unwrap_or(0) == 0 {
            // The write that takes off the last finalizer is the removal itself.
            store.commit(at, id, None);
            return Ok(Obj::new(after));
        }
        if strategy::unchanged(before, &after) {
            return Ok(before.clone());
        }
        Ok(write(store, at, id, after))
    }

    /// Defaults and validation of a changed object.
    fn check_update(&mut self, store: &Store, before: &Obj, after: &mut Object) -> Result<(), ApiError> {
        defaulting::apply(after);
        admission::mutate_changed(after, before);
        validation::update(after, before)?;
        admission::check(after, Some(before), store.now())
    }

    /// Takes the object out of the store; its last state may differ from `before`.
    pub(super) fn remove(&mut self, store: &mut Store, at: Time, id: Id, before: &Obj, last: Object) -> Obj {
        if !strategy::unchanged(before, &last) {
            write(store, at, id, last);
        }
        let last = store.current(id).expect("present until now").clone();
        store.commit(at, id, None);
        last
    }
}

/// Whether the request may change an object that decides how pods are admitted.
fn admission_reads(verb: &Verb) -> bool {
    let kind = match verb {
        Verb::Create(object) | Verb::Update(object) => object.kind(),
        Verb::Patch { target, .. } | Verb::Delete { target, .. } => target.kind,
        _ => return false,
    };
    matches!(kind, Kind::PriorityClass | Kind::LimitRange | Kind::Namespace)
}

/// What no client may change.
fn keep_identity(after: &mut Meta, before: &Meta) {
    after.uid = before.uid.clone();
    after.name = before.name.clone();
    after.namespace = before.namespace.clone();
    after.generate_name = before.generate_name.clone();
    after.resource_version = before.resource_version;
    after.generation = before.generation;
    after.creation_timestamp = before.creation_timestamp;
    after.deletion_timestamp = before.deletion_timestamp;
    after.deletion_grace_period_seconds = before.deletion_grace_period_seconds;
}

/// The present object of a key, or 404.
pub(super) fn present(store: &Store, key: &Key) -> Result<(Id, Obj), ApiError> {
    let found = store.id(key.as_ref()).and_then(|id| Some((id, store.current(id)?.clone())));
    found.ok_or_else(|| ApiError::not_found(&resource_of(key), &key.name))
}

/// A newer sample takes the place of the one that is there.
fn sample(store: &mut Store, key: &Key, fields: Arc<serde_json::Map<String, serde_json::Value>>) -> Answer {
    let (id, known) = present(store, key)?;
    let mut object = (*known).clone();
    if let Body::Other(other) = &mut object.body {
        other.fields = fields;
    }
    Ok(store.replace_unlogged(id, object))
}

/// Commits and gives back the object with its new version.
pub(super) fn write(store: &mut Store, at: Time, id: Id, object: Object) -> Obj {
    store.commit(at, id, Some(object));
    Arc::clone(store.current(id).expect("just written"))
}
