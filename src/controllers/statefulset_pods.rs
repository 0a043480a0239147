//! Identity and storage of a StatefulSet's members: names, ordinals, claims and who owns those.
//! Real: pkg/controller/statefulset/{stateful_set_utils.go,stateful_pod_control.go} @ v1.37.2.

use super::control::{controller_ref, pod_from_template};
use crate::model::{
    Body, Labels, Meta, Object, OwnerReference, PersistentVolumeClaim, PersistentVolumeClaimVolumeSource, PodTemplateSpec, StatefulSet,
    Str, Volume,
};
use std::sync::Arc;

/// The pod's own name as a label.
pub const POD_NAME_LABEL: &str = "statefulset.kubernetes.io/pod-name";
/// The pod's ordinal as a label.
pub const POD_INDEX_LABEL: &str = "apps.kubernetes.io/pod-index";
/// The revision that a pod was made from.
pub const REVISION_LABEL: &str = "controller-revision-hash";

/// Name of the set and ordinal, as a pod's name tells them.
pub fn parse_name(name: &str) -> Option<(&str, i32)> {
    let (parent, ordinal) = name.rsplit_once('-')?;
    let digits = !ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit());
    digits.then_some((parent, ordinal.parse().ok()?))
}

/// The ordinal in a pod's name.
pub fn ordinal(pod: &Object) -> Option<i32> {
    parse_name(&pod.meta.name).map(|(_, ordinal)| ordinal)
}

/// Whether a pod's name is one of the set's.
pub fn is_member(set: &Object, pod: &Object) -> bool {
    parse_name(&pod.meta.name).is_some_and(|(parent, _)| parent == &*set.meta.name)
}

/// First ordinal and number of members.
pub fn ordinals(set: &StatefulSet) -> (i32, i32) {
    (set.spec.ordinals.as_ref().map_or(0, |ordinals| ordinals.start), set.spec.replicas.unwrap_or(1))
}

/// Whether the ordinal is one that the set wants.
pub fn is_wanted(set: &StatefulSet, ordinal: i32) -> bool {
    let (start, replicas) = ordinals(set);
    ordinal >= start && ordinal < start + replicas
}

/// The revision that a pod was made from.
pub fn revision_of(pod: &Object) -> &str {
    pod.meta.labels.get(REVISION_LABEL).unwrap_or_default()
}

/// A new member.
pub fn new_pod(set: &Object, template: &PodTemplateSpec, revision: &str, ordinal: i32) -> Object {
    let mut pod = pod_from_template(template, set);
    let name: Str = format!("{}-{ordinal}", set.meta.name).into();
    pod.meta.name = name.clone();
    set_identity(&mut pod.meta, ordinal);
    pod.meta.labels.set(REVISION_LABEL, revision);
    let Some(body) = set.as_stateful_set() else { return pod };
    let claims: Vec<Object> = claims(set, ordinal);
    if let Body::Pod(pod) = &mut pod.body {
        let spec = Arc::make_mut(&mut pod.spec);
        spec.hostname = name.to_string();
        spec.subdomain = body.spec.service_name.clone();
        let templates = &body.spec.volume_claim_templates;
        let others = std::mem::take(&mut spec.volumes)
            .into_iter()
            .filter(|volume| templates.iter().all(|claim| *claim.metadata.name != *volume.name));
        let others: Vec<Volume> = others.collect();
        spec.volumes =
            templates.iter().zip(&claims).map(|(template, claim)| claim_volume(&template.metadata.name, &claim.meta.name)).collect();
        spec.volumes.extend(others);
    }
    pod
}

fn claim_volume(name: &str, claim: &str) -> Volume {
    let source = PersistentVolumeClaimVolumeSource { claim_name: claim.into(), ..PersistentVolumeClaimVolumeSource::default() };
    Volume { name: name.into(), persistent_volume_claim: Some(source), ..Volume::default() }
}

/// Gives a member the labels of its identity.
pub fn set_identity(meta: &mut Meta, ordinal: i32) {
    meta.labels.set(POD_NAME_LABEL, meta.name.clone());
    meta.labels.set(POD_INDEX_LABEL, ordinal.to_string());
}

/// Whether a member has the label of its identity.
pub fn identity_matches(set: &Object, pod: &Object) -> bool {
    is_member(set, pod) && pod.meta.labels.get(POD_NAME_LABEL) == Some(&*pod.meta.name)
}

/// Whether a member mounts all of its claims.
pub fn storage_matches(set: &Object, pod: &Object) -> bool {
    let (Some(body), Some(ordinal), Some(pod)) = (set.as_stateful_set(), ordinal(pod), pod.as_pod()) else { return false };
    body.spec.volume_claim_templates.iter().all(|template| {
        let volume = pod.spec.volumes.iter().find(|volume| *volume.name == *template.metadata.name);
        let claim = volume.and_then(|volume| volume.persistent_volume_claim.as_ref());
        claim.is_some_and(|claim| claim.claim_name == claim_name(set, &template.metadata.name, ordinal))
    })
}

/// The name of a member's claim.
pub fn claim_name(set: &Object, template: &str, ordinal: i32) -> String {
    format!("{template}-{}-{ordinal}", set.meta.name)
}

/// The claims of a member.
pub fn claims(set: &Object, ordinal: i32) -> Vec<Object> {
    let Some(body) = set.as_stateful_set() else { return Vec::new() };
    let selector = body.spec.selector.as_ref().map(|selector| selector.match_labels.clone()).unwrap_or_default();
    let claim = |template: &crate::model::EmbeddedClaim| {
        let mut meta = template.metadata.clone();
        meta.name = claim_name(set, &template.metadata.name, ordinal).into();
        meta.namespace = set.meta.namespace.clone();
        meta.labels = Labels::from_pairs(meta.labels.iter().chain(selector.iter()).map(|(key, value)| (key.clone(), value.clone())));
        let claim = PersistentVolumeClaim { spec: template.spec.clone(), ..PersistentVolumeClaim::default() };
        Object { meta, body: Body::PersistentVolumeClaim(claim) }
    };
    body.spec.volume_claim_templates.iter().map(claim).collect()
}

/// Whether claims go with the set, and with members scaled away.
fn retention(set: &StatefulSet) -> (bool, bool) {
    let policy = set.spec.persistent_volume_claim_retention_policy.as_ref();
    policy.map_or((false, false), |policy| (policy.when_deleted == "Delete", policy.when_scaled == "Delete"))
}

/// Whether claims of members scaled away are deleted with them.
pub fn deletes_when_scaled(set: &StatefulSet) -> bool {
    retention(set).1
}

fn is_ref_to(reference: &OwnerReference, object: &Object) -> bool {
    *reference.api_version == *object.api_version() && *reference.kind == *object.kind_name() && reference.name == object.meta.name
}

/// Whether an owner of that name was another object.
pub fn has_stale_owner(claim: &Object, owner: &Object) -> bool {
    let reference = claim.meta.owner_references.iter().find(|reference| is_ref_to(reference, owner));
    reference.is_some_and(|reference| reference.uid != owner.meta.uid)
}

fn has_owner(claim: &Object, owner: &Object) -> bool {
    claim.meta.owner_references.iter().any(|reference| reference.uid == owner.meta.uid)
}

/// Whether somebody else manages the claim although the set has a say in its end.
pub fn has_foreign_controller(claim: &Object, set: &Object, pod: &Object) -> bool {
    if set.as_stateful_set().is_none_or(|set| retention(set) == (false, false)) {
        return false;
    }
    claim.meta.owner_references.iter().any(|reference| match () {
        () if is_ref_to(reference, set) => reference.uid != set.meta.uid,
        () if is_ref_to(reference, pod) => reference.uid != pod.meta.uid,
        () => reference.controller == Some(true),
    })
}

/// Who shall own a member's claim: the set, the pod.
fn wanted_owners(set: &Object, pod: &Object) -> (bool, bool) {
    let Some(body) = set.as_stateful_set() else { return (false, false) };
    let condemned = !ordinal(pod).is_some_and(|ordinal| is_wanted(body, ordinal));
    match retention(body) {
        (false, false) => (false, false),
        (true, false) => (true, false),
        (false, true) => (false, condemned),
        (true, true) => (!condemned, condemned),
    }
}

/// Whether the owners of a member's claim are as the retention policy wants them.
pub fn owners_match(claim: &Object, set: &Object, pod: &Object) -> bool {
    if has_stale_owner(claim, set) || has_stale_owner(claim, pod) {
        return true;
    }
    if has_foreign_controller(claim, set, pod) {
        return !has_owner(claim, set) && !has_owner(claim, pod);
    }
    let idle =
        |reference: &OwnerReference| (reference.uid == set.meta.uid || reference.uid == pod.meta.uid) && reference.controller != Some(true);
    !claim.meta.owner_references.iter().any(idle) && wanted_owners(set, pod) == (has_owner(claim, set), has_owner(claim, pod))
}

/// The owners of a member's claim as the retention policy wants them.
pub fn new_owners(claim: &Object, set: &Object, pod: &Object) -> Arc<[OwnerReference]> {
    let others = claim.meta.owner_references.iter().filter(|reference| !is_ref_to(reference, set) && !is_ref_to(reference, pod));
    let (of_set, of_pod) = if has_foreign_controller(claim, set, pod) { (false, false) } else { wanted_owners(set, pod) };
    let own = [of_set.then(|| controller_ref(set)), of_pod.then(|| controller_ref(pod))];
    others.cloned().chain(own.into_iter().flatten()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Obj;
    use serde_json::json;

    fn set(deleted: &str, scaled: &str) -> Object {
        let json = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db", "namespace": "ns", "uid": "set"},
            "spec": {"replicas": 2, "ordinals": {"start": 3}, "serviceName": "svc", "selector": {"matchLabels": {"app": "db"}},
                "persistentVolumeClaimRetentionPolicy": {"whenDeleted": deleted, "whenScaled": scaled},
                "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {}}],
                "template": {"metadata": {"labels": {"app": "db"}},
                    "spec": {"containers": [], "volumes": [{"name": "data", "emptyDir": {}}, {"name": "x", "emptyDir": {}}]}}}});
        Object::from_json(json).unwrap()
    }

    fn pod(name: &str) -> Obj {
        Obj::new(Object::from_json(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "uid": name}})).unwrap())
    }

    #[test]
    fn names_tell_set_and_ordinal() {
        let cases = [
            ("db-3", Some(("db", 3))),
            ("a-b-10", Some(("a-b", 10))),
            ("db", None),
            ("db-", None),
            ("db-x", None),
            ("db--1", Some(("db-", 1))),
        ];
        for (name, want) in cases {
            assert_eq!(parse_name(name), want, "{name}");
        }
        let set = set("Retain", "Retain");
        assert!(is_member(&set, &pod("db-0")) && !is_member(&set, &pod("web-0")));
        let wanted = |ordinal| is_wanted(set.as_stateful_set().unwrap(), ordinal);
        assert_eq!([2, 3, 4, 5].map(wanted), [false, true, true, false]);
    }

    #[test]
    fn a_member_has_its_identity_and_its_claims() {
        let set = set("Retain", "Retain");
        let pod = new_pod(&set, &set.as_stateful_set().unwrap().spec.template, "db-1", 3);
        assert!(identity_matches(&set, &pod) && storage_matches(&set, &pod));
        let json = pod.to_json();
        assert_eq!((&json["spec"]["hostname"], &json["spec"]["subdomain"]), (&json!("db-3"), &json!("svc")));
        assert_eq!(
            json["spec"]["volumes"],
            json!([{"name": "data", "persistentVolumeClaim": {"claimName": "data-db-3"}}, {"name": "x", "emptyDir": {}}])
        );
        assert_eq!(json["metadata"]["labels"], json!({"app": "db", POD_NAME_LABEL: "db-3", POD_INDEX_LABEL: "3", REVISION_LABEL: "db-1"}));
        assert_eq!((revision_of(&pod), &*claims(&set, 3)[0].meta.name), ("db-1", "data-db-3"));
        assert_eq!(claims(&set, 3)[0].meta.labels.get("app"), Some("db"));
    }

    #[test]
    fn owners_of_claims_follow_the_policy() {
        // (whenDeleted, whenScaled), owners of a claim of a member wanted and of one scaled away.
        let cases = [
            (("Retain", "Retain"), vec![], vec![]),
            (("Delete", "Retain"), vec!["set"], vec!["set"]),
            (("Retain", "Delete"), vec![], vec!["db-9"]),
            (("Delete", "Delete"), vec!["set"], vec!["db-9"]),
        ];
        for ((deleted, scaled), wanted, condemned) in cases {
            let set = set(deleted, scaled);
            for (name, want) in [("db-3", wanted), ("db-9", condemned)] {
                let pod = pod(name);
                let mut claim = claims(&set, 3).remove(0);
                assert_eq!(owners_match(&claim, &set, &pod), want.is_empty(), "{deleted} {scaled} {name}");
                claim.meta.owner_references = new_owners(&claim, &set, &pod);
                assert_eq!(claim.meta.owner_references.iter().map(|owner| &*owner.uid).collect::<Vec<_>>(), want);
                assert!(owners_match(&claim, &set, &pod));
            }
        }
    }

    #[test]
    fn foreign_and_stale_owners_are_left_alone() {
        let (set, pod) = (set("Delete", "Delete"), pod("db-3"));
        let mut claim = claims(&set, 3).remove(0);
        claim.meta.owner_references = Arc::from([controller_ref(&super::tests::pod("other"))]);
        assert!(has_foreign_controller(&claim, &set, &pod) && owners_match(&claim, &set, &pod));
        let mut former = (*pod).clone();
        former.meta.uid = "former".into();
        claim.meta.owner_references = Arc::from([controller_ref(&former)]);
        assert!(has_stale_owner(&claim, &pod) && owners_match(&claim, &set, &pod));
    }
}
