//! The ReplicaSets of a Deployment: which one is the newest, their revisions and annotations, and the name of a template.
//! Real: pkg/controller/deployment/util/deployment_util.go, pkg/controller/controller_utils.go (ComputeHash) @ v1.37.2.

use crate::model::*;
use std::cmp::Ordering;

/// Revision of a ReplicaSet, and of a Deployment that of its newest.
pub const REVISION: &str = "deployment.kubernetes.io/revision";
/// Earlier revisions of a ReplicaSet that was taken up again.
pub const REVISION_HISTORY: &str = "deployment.kubernetes.io/revision-history";
/// Replicas that the Deployment wanted when it last sized the ReplicaSet.
pub const DESIRED_REPLICAS: &str = "deployment.kubernetes.io/desired-replicas";
/// The same with the surge.
pub const MAX_REPLICAS: &str = "deployment.kubernetes.io/max-replicas";
/// Label that tells the pods of one template from those of others.
pub const HASH_LABEL: &str = "pod-template-hash";
/// Longest list of earlier revisions.
const HISTORY_CHARS_MAX: usize = 2_000;
/// Annotations that are not copied from the Deployment to its ReplicaSets.
const OWN_ANNOTATIONS: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    REVISION,
    REVISION_HISTORY,
    DESIRED_REPLICAS,
    MAX_REPLICAS,
    "deprecated.deployment.rollback.to",
];

/// Pods that the ReplicaSet should have.
pub fn replicas(set: &Object) -> i32 {
    set.as_replica_set().map_or(0, |set| set.spec.replicas.unwrap_or(1))
}

/// The status of a ReplicaSet.
pub fn status(set: &Object) -> &ReplicaSetStatus {
    &set.as_replica_set().expect("a ReplicaSet").status
}

/// Pods that all of them should have.
pub fn total(sets: &[Obj]) -> i32 {
    sets.iter().map(|set| replicas(set)).sum()
}

/// A number that an annotation holds.
pub fn annotation_number(set: &Object, name: &str) -> Option<i32> {
    set.meta.annotations.get(name)?.parse().ok().filter(|number| *number >= 0)
}

/// The revision; 0 if it has none.
pub fn revision(set: &Object) -> i64 {
    set.meta.annotations.get(REVISION).and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// By age, then name.
pub fn by_age(a: &Obj, b: &Obj) -> Ordering {
    a.meta.creation_timestamp.cmp(&b.meta.creation_timestamp).then_with(|| a.meta.name.cmp(&b.meta.name))
}

/// Whether two templates are the same but for the hash.
pub fn same_template(a: &PodTemplateSpec, b: &PodTemplateSpec) -> bool {
    let pairs = |template: &PodTemplateSpec| -> Vec<(Str, Str)> {
        let kept = template.metadata.labels.iter().filter(|(key, _)| &***key != HASH_LABEL);
        kept.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    let specs_equal = std::sync::Arc::ptr_eq(&a.spec, &b.spec) || a.spec == b.spec;
    specs_equal
        && pairs(a) == pairs(b)
        && a.metadata.annotations == b.metadata.annotations
        && a.metadata.finalizers == b.metadata.finalizers
        && a.metadata.name == b.metadata.name
}

/// The ReplicaSet whose template is the Deployment's: the oldest if there are several.
pub fn newest(template: &PodTemplateSpec, sets: &[Obj]) -> Option<Obj> {
    let same = |set: &&Obj| set.as_replica_set().is_some_and(|set| same_template(&set.spec.template, template));
    sets.iter().filter(same).min_by(|a, b| by_age(a, b)).cloned()
}

/// Copies the Deployment's annotations, and raises the revision if it is lower. Says whether anything changed.
pub fn annotate(set: &mut Object, deployment: &Object, new_revision: i64) -> bool {
    let mut changed = false;
    for (key, value) in deployment.meta.annotations.iter() {
        if !OWN_ANNOTATIONS.contains(&&**key) && set.meta.annotations.get(key) != Some(value) {
            set.meta.annotations.set(key.clone(), value.clone());
            changed = true;
        }
    }
    let old = set.meta.annotations.get(REVISION).map(String::from);
    let old_revision = match old.as_deref().unwrap_or("0").parse::<i64>() {
        Ok(number) => number,
        Err(_) => return false,
    };
    if old_revision >= new_revision {
        return changed;
    }
    set.meta.annotations.set(REVISION, new_revision.to_string());
    if let Some(old) = old {
        let history = set.meta.annotations.get(REVISION_HISTORY).unwrap_or("").to_string();
        let mut known: Vec<&str> = history.split(',').filter(|part| !part.is_empty()).collect();
        known.push(&old);
        while known.len() > 1 && known.iter().map(|part| part.len() + 1).sum::<usize>() - 1 > HISTORY_CHARS_MAX {
            known.remove(0);
        }
        set.meta.annotations.set(REVISION_HISTORY, known.join(","));
    }
    true
}

/// Notes what the Deployment wants; says whether that is news.
pub fn annotate_size(set: &mut Object, desired: i32, max: i32) -> bool {
    let mut changed = false;
    for (name, number) in [(DESIRED_REPLICAS, desired), (MAX_REPLICAS, max)] {
        let text = number.to_string();
        if set.meta.annotations.get(name) != Some(&text) {
            set.meta.annotations.set(name, text);
            changed = true;
        }
    }
    changed
}

/// The name of a template, in letters that spell no words.
///
/// The real one hashes a dump of Go's memory of the template. This one hashes its JSON the same way (FNV-1a, 32 bits), so it
/// is stable and tells templates apart, but its values differ.
pub fn template_hash(template: &PodTemplateSpec, collisions: Option<i32>) -> String {
    let mut bytes = serde_json::to_vec(template).expect("templates serialise");
    if let Some(collisions) = collisions {
        bytes.extend(collisions.to_le_bytes());
        bytes.extend([0; 4]);
    }
    safe_hash(&bytes)
}

/// FNV-1a of 32 bits, its decimal digits written in safe letters.
pub fn safe_hash(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
    let hash = bytes.iter().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193));
    hash.to_string().bytes().map(|digit| LETTERS[digit as usize % LETTERS.len()] as char).collect()
}

/// `deployment-hash`, cut to the length of a name.
pub fn set_name(deployment: &str, hash: &str) -> String {
    let room = 253 - 1 - hash.len();
    let end = (0..=deployment.len().min(room)).rev().find(|end| deployment.is_char_boundary(*end)).unwrap_or(0);
    format!("{}-{hash}", &deployment[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn template(image: &str, hash: &str) -> PodTemplateSpec {
        let json =
            json!({"metadata": {"labels": {"app": "web", HASH_LABEL: hash}}, "spec": {"containers": [{"name": "c", "image": image}]}});
        serde_json::from_value(json).unwrap()
    }

    fn set(name: &str, image: &str, created: i64, revision: &str) -> Obj {
        let json = json!({"apiVersion": "apps/v1", "kind": "ReplicaSet",
            "metadata": {"name": name, "creationTimestamp": Timestamp(created).to_string(), "annotations": {REVISION: revision}},
            "spec": {"replicas": 3, "template": template(image, name)}});
        Obj::new(Object::from_json(json).unwrap())
    }

    #[test]
    fn the_newest_is_the_oldest_with_the_same_template() {
        let sets = [set("a", "app:1", 5, "1"), set("b", "app:2", 9, "2"), set("c", "app:2", 7, "3")];
        assert_eq!(&*newest(&template("app:2", ""), &sets).unwrap().meta.name, "c");
        assert!(newest(&template("app:3", ""), &sets).is_none());
        assert_eq!((total(&sets), replicas(&sets[0]), revision(&sets[2])), (9, 3, 3));
    }

    #[test]
    fn a_set_taken_up_again_remembers_its_revisions() {
        let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"annotations": {"note": "x", REVISION: "9"}}});
        let deployment = Object::from_json(deployment).unwrap();
        let mut again = (*set("a", "app:1", 5, "1")).clone();
        assert!(annotate(&mut again, &deployment, 3));
        assert!(annotate(&mut again, &deployment, 5));
        assert!(!annotate(&mut again, &deployment, 5));
        let get = |name: &str| again.meta.annotations.get(name);
        assert_eq!((get(REVISION), get(REVISION_HISTORY), get("note")), (Some("5"), Some("1,3"), Some("x")));
        assert!(annotate_size(&mut again, 3, 4));
        assert!(!annotate_size(&mut again, 3, 4));
        assert_eq!((annotation_number(&again, DESIRED_REPLICAS), annotation_number(&again, MAX_REPLICAS)), (Some(3), Some(4)));
    }

    #[test]
    fn names_of_templates() {
        let (one, two) = (template_hash(&template("app:1", ""), None), template_hash(&template("app:2", ""), None));
        assert_ne!(one, two);
        assert_ne!(one, template_hash(&template("app:1", ""), Some(1)));
        assert_eq!(one, template_hash(&template("app:1", ""), None));
        assert!(one.bytes().all(|letter| b"bcdfghjklmnpqrstvwxz2456789".contains(&letter)));
        assert_eq!(safe_hash(b""), "65bb57b6b5");
        assert_eq!(set_name("web", "x7"), "web-x7");
        assert_eq!(set_name(&"w".repeat(300), "x7").len(), 253);
        assert!(same_template(&template("a", "1"), &template("a", "2")));
    }
}
