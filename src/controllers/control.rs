//! What controllers that own objects share: owner references, adoption and release, pods from templates, what counts as
//! an active or available pod.
//! Real: pkg/controller/{controller_ref_manager.go,controller_utils.go}, pkg/api/v1/pod/util.go @ v1.37.2.

use crate::actor::Clock;
use crate::actor::controller::Step;
use crate::api::{Answer, DeleteOptions, Preconditions, Verb};
use crate::base::{Span, Time};
use crate::model::{Body, Kind, Meta, Obj, Object, OwnerReference, Pod, PodTemplateSpec, Selector, Str, Timestamp};
use crate::store::{Change, Id, Key, View};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The reference by which `owner` manages an object.
pub fn controller_ref(owner: &Object) -> OwnerReference {
    OwnerReference {
        api_version: owner.api_version().into(),
        kind: owner.kind_name().into(),
        name: owner.meta.name.clone(),
        uid: owner.meta.uid.clone(),
        controller: Some(true),
        block_owner_deletion: Some(true),
    }
}

/// Whether the object with this uid manages `object`.
pub fn is_controlled_by(object: &Object, uid: &str) -> bool {
    object.meta.controller().is_some_and(|owner| &*owner.uid == uid)
}

/// A prefix for generated names, with a dash unless that makes it too long for a name (253 letters).
pub fn name_prefix(name: &str) -> Str {
    if name.len() < 253 { format!("{name}-").into() } else { name.into() }
}

/// A new pod from a template, for `owner`; the API server makes up its name.
pub fn pod_from_template(template: &PodTemplateSpec, owner: &Object) -> Object {
    let meta = Meta {
        generate_name: name_prefix(&owner.meta.name),
        namespace: owner.meta.namespace.clone(),
        labels: template.metadata.labels.clone(),
        annotations: template.metadata.annotations.clone(),
        finalizers: template.metadata.finalizers.clone(),
        owner_references: Arc::from([controller_ref(owner)]),
        ..Meta::default()
    };
    Object { meta, body: Body::Pod(Pod::from_spec(template.spec.clone())) }
}

/// Whether a pod counts for its controller: neither ended nor being deleted.
pub fn is_active(pod: &Object) -> bool {
    !pod.meta.is_deleting() && pod.as_pod().is_some_and(|body| !body.is_terminal())
}

/// Since when the pod is Ready, if it is.
pub fn ready_since(pod: &Pod) -> Option<Timestamp> {
    let condition = pod.condition("Ready")?;
    (&*condition.status == "True").then(|| condition.last_transition_time.unwrap_or_default())
}

/// Whether the pod has been Ready for at least `min_ready_seconds`, at this instant.
pub fn is_available(pod: &Pod, min_ready_seconds: i32, clock: Clock, now: Time) -> bool {
    let Some(since) = ready_since(pod) else { return false };
    min_ready_seconds == 0 || since.0 != 0 && clock.age_ns(since, now) >= i128::from(min_ready_seconds) * 1_000_000_000
}

/// When the next of these pods becomes available, if one is ready but not yet for long enough.
pub fn next_availability_check(pods: &[Obj], min_ready_seconds: i32, clock: Clock, now: Time) -> Option<Span> {
    let wait = |pod: &Obj| {
        let since = ready_since(pod.as_pod()?)?;
        let left_ns = i128::from(min_ready_seconds) * 1_000_000_000 - clock.age_ns(since, now);
        (left_ns > 0).then(|| Span(u64::try_from(left_ns).unwrap_or(u64::MAX)))
    };
    pods.iter().filter_map(wait).min()
}

/// The pods that an owner may claim: its own, and those that its selector might match. In order of their numbers.
pub fn candidate_pods<'a>(view: View<'a>, owner: &Object, selector: &Selector) -> Vec<&'a Obj> {
    let mut found: BTreeMap<Id, &Obj> = view.controlled_by(Kind::Pod, &owner.meta.uid).collect();
    found.extend(view.unmanaged(Kind::Pod, &owner.meta.namespace).filter(|(_, pod)| selector.matches(&pod.meta.labels)));
    found.into_values().collect()
}

/// Deletes an object only if it is still this very one.
pub fn delete_exactly(object: &Object) -> Verb {
    let preconditions = Preconditions { uid: Some(object.meta.uid.clone()), ..Preconditions::default() };
    Verb::Delete { target: Key::of(object), options: DeleteOptions { preconditions, ..DeleteOptions::default() } }
}

/// The dependents of a controller, as its view shows them.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// Managed by it, and its selector matches.
    pub mine: Vec<Obj>,
    /// Managed by nobody, its selector matches: to be adopted.
    pub orphans: Vec<Obj>,
    /// Managed by it, but its selector does not match any more: to be released.
    pub strangers: Vec<Obj>,
}

impl Claims {
    /// Sorts candidates (in their order). An owner that is being deleted neither adopts nor releases.
    pub fn sort<'a>(owner: &Object, candidates: impl IntoIterator<Item = &'a Obj>, matches: impl Fn(&Object) -> bool) -> Claims {
        let mut claims = Claims::default();
        let ending = owner.meta.is_deleting();
        for object in candidates {
            match object.meta.controller() {
                Some(managing) if managing.uid != owner.meta.uid => {}
                Some(_) if matches(object) => claims.mine.push(object.clone()),
                Some(_) if !ending => claims.strangers.push(object.clone()),
                None if !ending && !object.meta.is_deleting() && matches(object) => claims.orphans.push(object.clone()),
                _ => {}
            }
        }
        claims
    }

    fn verbs(&self, owner: &Object, finalizer: Option<&'static str>) -> Vec<Verb> {
        let adoptions = self.orphans.iter().map(|orphan| adopt(owner, orphan, finalizer));
        let releases = self.strangers.iter().map(|stranger| release(owner, stranger, finalizer));
        adoptions.chain(releases).collect()
    }
}

/// Makes `owner` the controller of an object that has none, and adds a finalizer.
pub fn adopt(owner: &Object, orphan: &Object, finalizer: Option<&'static str>) -> Verb {
    let (reference, uid) = (controller_ref(owner), orphan.meta.uid.clone());
    Verb::edit(Key::of(orphan), move |object| {
        if object.meta.uid != uid || object.meta.controller().is_some() {
            return;
        }
        let others = object.meta.owner_references.iter().filter(|other| other.uid != reference.uid);
        object.meta.owner_references = others.chain([&reference]).cloned().collect();
        if let Some(finalizer) = finalizer
            && !object.meta.finalizers.iter().any(|name| &**name == finalizer)
        {
            object.meta.finalizers = object.meta.finalizers.iter().cloned().chain([finalizer.into()]).collect();
        }
    })
}

fn release(owner: &Object, stranger: &Object, finalizer: Option<&'static str>) -> Verb {
    let (owner_uid, uid) = (owner.meta.uid.clone(), stranger.meta.uid.clone());
    Verb::edit(Key::of(stranger), move |object| {
        if object.meta.uid != uid {
            return;
        }
        object.meta.owner_references = object.meta.owner_references.iter().filter(|other| other.uid != owner_uid).cloned().collect();
        if let Some(finalizer) = finalizer {
            object.meta.finalizers = object.meta.finalizers.iter().filter(|name| &***name != finalizer).cloned().collect();
        }
    })
}

/// Adoption and release, turn by turn, at the beginning of a reconciliation.
#[derive(Debug, Default)]
pub struct Claiming {
    stage: Stage,
    adopted: Vec<Obj>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Stage {
    #[default]
    New,
    /// Asked the API server whether the owner is still the same and not being deleted.
    OwnerAsked,
    /// Sent the changes: so many adoptions come first.
    Sent {
        adoptions: usize,
    },
    Settled,
}

impl Claiming {
    /// To be called in each turn with the present claims and the answers to its own last step. Gives the dependents once all
    /// are claimed (without asking anybody if nothing has to change), else what to do next.
    pub fn advance(
        &mut self,
        owner: &Object,
        claims: Claims,
        answers: &[Answer],
        finalizer: Option<&'static str>,
    ) -> Result<Vec<Obj>, Step> {
        match self.stage {
            Stage::New if !claims.orphans.is_empty() => {
                self.stage = Stage::OwnerAsked;
                return Err(Step::call(Verb::Get(Key::of(owner))));
            }
            Stage::New if !claims.strangers.is_empty() => return Err(self.send(owner, &claims, finalizer)),
            Stage::OwnerAsked => match answers.first() {
                Some(Ok(fresh)) if fresh.meta.uid == owner.meta.uid && !fresh.meta.is_deleting() => {
                    return Err(self.send(owner, &claims, finalizer));
                }
                Some(Err(error)) => return Err(Step::Retry(error.to_string())),
                _ => return Err(Step::Retry(format!("{} is not the one it was, or is being deleted", owner.meta.name))),
            },
            Stage::Sent { adoptions } => {
                for (at, answer) in answers.iter().enumerate() {
                    match answer {
                        Ok(object) if at < adoptions && is_controlled_by(object, &owner.meta.uid) => self.adopted.push(object.clone()),
                        Ok(_) => {}
                        Err(error) if matches!(error.code(), 404 | 422) => {}
                        Err(error) => return Err(Step::Retry(error.to_string())),
                    }
                }
                self.stage = Stage::Settled;
            }
            Stage::New | Stage::Settled => self.stage = Stage::Settled,
        }
        let mut all = claims.mine;
        for adopted in &self.adopted {
            if !all.iter().any(|object| object.meta.uid == adopted.meta.uid) {
                all.push(adopted.clone());
            }
        }
        Ok(all)
    }

    fn send(&mut self, owner: &Object, claims: &Claims, finalizer: Option<&'static str>) -> Step {
        self.stage = Stage::Sent { adoptions: claims.orphans.len() };
        Step::Call(claims.verbs(owner, finalizer))
    }
}

/// Whether a pod before or after the change belongs to a controller of this kind, or to none at all.
pub fn may_concern_owners(change: &Change<'_>, kind: &str) -> bool {
    let mut versions = change.before.into_iter().chain(change.after);
    versions.any(|object| object.meta.controller().is_none_or(|owner| &*owner.kind == kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ConfigMap, Labels};

    fn object(name: &str, label: &str, owner: Option<&Object>) -> Obj {
        let meta = Meta {
            name: name.into(),
            uid: format!("uid-{name}").into(),
            labels: Labels::from_pairs([("app", label)]),
            owner_references: owner.map(controller_ref).into_iter().collect(),
            ..Meta::default()
        };
        Obj::new(Object { meta, body: Body::ConfigMap(ConfigMap::default()) })
    }

    fn matches(object: &Object) -> bool {
        object.meta.labels.get("app") == Some("web")
    }

    fn names(objects: &[Obj]) -> Vec<&str> {
        objects.iter().map(|object| &*object.meta.name).collect()
    }

    #[test]
    fn dependents_are_mine_orphans_or_strangers() {
        let (me, other) = (object("me", "x", None), object("other", "x", None));
        let all = [
            object("a", "web", Some(&me)),
            object("b", "api", Some(&me)),
            object("c", "web", None),
            object("d", "api", None),
            object("e", "web", Some(&other)),
        ];
        let claims = Claims::sort(&me, &all, matches);
        assert_eq!((names(&claims.mine), names(&claims.orphans), names(&claims.strangers)), (vec!["a"], vec!["c"], vec!["b"]));
        let mut ending = (*me).clone();
        ending.meta.deletion_timestamp = Some(Timestamp(1));
        let claims = Claims::sort(&ending, &all, matches);
        assert_eq!((names(&claims.mine), claims.orphans.len(), claims.strangers.len()), (vec!["a"], 0, 0));
    }

    #[test]
    fn claiming_asks_first_and_counts_what_was_adopted() {
        let me = object("me", "x", None);
        let all = [object("a", "web", Some(&me)), object("c", "web", None)];
        let claims = Claims::sort(&me, &all, matches);
        let mut claiming = Claiming::default();
        let asked = claiming.advance(&me, claims.clone(), &[], None);
        assert!(matches!(asked, Err(Step::Call(verbs)) if matches!(verbs[..], [Verb::Get(_)])));
        let sent = claiming.advance(&me, claims.clone(), &[Ok(me.clone())], None);
        let Err(Step::Call(verbs)) = sent else { panic!("expected the adoption") };
        let [Verb::Patch { patch: crate::api::Patch::Edit(edit), .. }] = &verbs[..] else { panic!("one patch") };
        let mut adopted = (*all[1]).clone();
        (edit.0)(&mut adopted);
        assert!(is_controlled_by(&adopted, "uid-me"));
        let all = claiming.advance(&me, claims, &[Ok(Obj::new(adopted))], None).unwrap();
        assert_eq!(names(&all), ["a", "c"]);
    }

    #[test]
    fn availability_counts_from_the_moment_of_readiness() {
        let clock = Clock { start_us: 1_000_000_000 };
        let pod: Pod = serde_json::from_value(serde_json::json!({"status": {"conditions": [
            {"type": "Ready", "status": "True", "lastTransitionTime": "1970-01-01T00:16:45Z"}]}}))
        .unwrap();
        assert!(is_available(&pod, 0, clock, Time::from_s(5)));
        assert!(!is_available(&pod, 10, clock, Time::from_ms(14_999)));
        assert!(is_available(&pod, 10, clock, Time::from_s(15)));
    }
}
