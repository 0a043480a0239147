//! ControllerRevisions: the templates that a StatefulSet or DaemonSet has had, each under a hash.
//! Real: pkg/controller/history/controller_history.go @ v1.37.2.

use super::control::controller_ref;
use crate::actor::script::{Run, Script, fail};
use crate::api::Verb;
use crate::model::{Body, ControllerRevision, ControllerRevisionFields, Labels, Meta, Obj, Object, PodTemplateSpec, Selector, Str};
use crate::store::{Key, View};
use serde_json::{Value, json};
use std::sync::Arc;

/// The hash of a revision, as a label of it.
pub const HASH_LABEL: &str = "controller.kubernetes.io/hash";
/// Letters that make no words. Real: staging/src/k8s.io/apimachinery/pkg/util/rand/rand.go.
const SAFE_LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
/// Longest prefix that leaves room for the hash.
const PREFIX_MAX: usize = 223;

/// What a revision holds: a patch that restores the template.
pub fn template_patch(template: &PodTemplateSpec) -> Value {
    let mut template = serde_json::to_value(template).expect("templates serialise");
    template["$patch"] = "replace".into();
    json!({"spec": {"template": template}})
}

/// The template that a revision holds.
pub fn template_of(revision: &Object) -> Option<PodTemplateSpec> {
    let mut template = revision.as_controller_revision()?.data.get("spec")?.get("template")?.clone();
    template.as_object_mut()?.remove("$patch");
    serde_json::from_value(template).ok()
}

/// The number of a revision.
pub fn number(revision: &Object) -> i64 {
    revision.as_controller_revision().map_or(0, |revision| revision.revision)
}

/// Encodes text so that it makes no words.
pub fn safe_encode(text: &str) -> String {
    text.bytes().map(|byte| char::from(SAFE_LETTERS[usize::from(byte) % SAFE_LETTERS.len()])).collect()
}

/// The hash FNV-1 of 32 bits.
pub fn fnv32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(2_166_136_261, |hash: u32, byte| hash.wrapping_mul(16_777_619) ^ u32::from(*byte))
}

fn hash(data: &Value, collisions: i32) -> String {
    let mut bytes = serde_json::to_vec(data).expect("JSON serialises");
    bytes.extend(collisions.to_string().as_bytes());
    safe_encode(&fnv32(&bytes).to_string())
}

fn name(parent: &Object, hash: &str) -> Str {
    let prefix: String = parent.meta.name.chars().take(PREFIX_MAX).collect();
    format!("{prefix}-{hash}").into()
}

/// A new revision of `parent`.
pub fn new_revision(parent: &Object, template_labels: &Labels, data: Value, revision: i64, collisions: i32) -> Object {
    let hash = hash(&data, collisions);
    let mut labels = template_labels.clone();
    labels.set(HASH_LABEL, hash.as_str());
    let meta = Meta {
        name: name(parent, &hash),
        namespace: parent.meta.namespace.clone(),
        labels,
        annotations: parent.meta.annotations.clone(),
        owner_references: Arc::from([controller_ref(parent)]),
        ..Meta::default()
    };
    let fields = ControllerRevisionFields { data, revision, ..ControllerRevisionFields::default() };
    Object { meta, body: Body::ControllerRevision(ControllerRevision::from(fields)) }
}

/// Whether both hold the same.
pub fn same_data(a: &Object, b: &Object) -> bool {
    match (a.as_controller_revision(), b.as_controller_revision()) {
        (Some(a), Some(b)) => a.data == b.data,
        _ => false,
    }
}

/// The revisions of `parent`, and those without owner that its selector matches: oldest first.
pub fn list(view: View<'_>, parent: &Object, selector: &Selector) -> Vec<Obj> {
    let all = view.list_in(crate::model::Kind::ControllerRevision, &parent.meta.namespace).map(|(_, revision)| revision);
    let own = all.filter(|revision| revision.meta.controller().is_none_or(|owner| owner.uid == parent.meta.uid));
    let mut revisions: Vec<Obj> = own.filter(|revision| selector.matches(&revision.meta.labels)).cloned().collect();
    sort(&mut revisions);
    revisions
}

/// Oldest first; ties by time of creation, then name.
pub fn sort(revisions: &mut [Obj]) {
    revisions.sort_by(|a, b| {
        let key = |revision: &Obj| (number(revision), revision.meta.creation_timestamp);
        key(a).cmp(&key(b)).then_with(|| a.meta.name.cmp(&b.meta.name))
    });
}

/// Creates a revision, under another name while its own is taken by one that holds something else.
pub fn create(script: &mut Script<'_>, parent: &Object, revision: &Object, collisions: &mut i32) -> Run<Obj> {
    let data = revision.as_controller_revision().map(|revision| revision.data.clone()).unwrap_or_default();
    loop {
        let mut attempt = revision.clone();
        attempt.meta.name = name(parent, &hash(&data, *collisions));
        let key = Key::of(&attempt);
        match script.call(Verb::Create(Box::new(attempt)))? {
            Ok(created) => return Ok(created),
            Err(error) if error.code() == 409 => {}
            Err(error) => return fail(error),
        }
        match script.call(Verb::Get(key))? {
            Ok(present) if same_data(&present, revision) => return Ok(present),
            Ok(_) => *collisions += 1,
            Err(error) => return fail(error),
        }
    }
}

/// Gives a revision a new number.
pub fn renumber(script: &mut Script<'_>, revision: &Obj, to: i64) -> Run<Obj> {
    if number(revision) == to {
        return Ok(revision.clone());
    }
    let edit = move |object: &mut Object| {
        if let Body::ControllerRevision(revision) = &mut object.body {
            revision.revision = to;
        }
    };
    script.call(Verb::edit(Key::of(revision), edit))?.or_else(fail)
}

/// Deletes the oldest of those revisions that are not `live` until at most `limit` of them are left.
pub fn truncate(script: &mut Script<'_>, revisions: &[Obj], limit: i32, live: impl Fn(&Object) -> bool) -> Run<()> {
    let old: Vec<&Obj> = revisions.iter().filter(|revision| !live(revision)).collect();
    let Ok(limit) = usize::try_from(limit) else { return Ok(()) };
    for revision in old.iter().take(old.len().saturating_sub(limit)) {
        script.call(Verb::delete(Key::of(revision)))?.map(|_| ()).or_else(fail)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ConfigMap;

    fn parent() -> Object {
        let meta = Meta { name: "db".into(), namespace: "ns".into(), uid: "u".into(), ..Meta::default() };
        Object { meta, body: Body::ConfigMap(ConfigMap::default()) }
    }

    fn template(image: &str) -> PodTemplateSpec {
        serde_json::from_value(json!({"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "c", "image": image}]}}))
            .unwrap()
    }

    fn revision(image: &str, number: i64) -> Object {
        let template = template(image);
        new_revision(&parent(), &template.metadata.labels, template_patch(&template), number, 0)
    }

    #[test]
    fn a_revision_restores_its_template() {
        let first = revision("app:1", 1);
        assert_eq!(template_of(&first), Some(template("app:1")));
        assert_eq!(first.meta.labels.get("app"), Some("db"));
        assert!(first.meta.name.ends_with(first.meta.labels.get(HASH_LABEL).unwrap()));
        assert!(same_data(&first, &revision("app:1", 7)) && !same_data(&first, &revision("app:2", 1)));
        assert_ne!(first.meta.name, revision("app:2", 1).meta.name);
    }

    #[test]
    fn hashes_are_the_real_ones() {
        assert_eq!(fnv32(b"hello"), 0xb6fa_7167);
        assert_eq!(safe_encode("3069866343"), "74bfdbb787");
    }

    #[test]
    fn revisions_sort_by_number() {
        let mut all = vec![Obj::new(revision("a", 3)), Obj::new(revision("b", 1)), Obj::new(revision("c", 2))];
        sort(&mut all);
        assert_eq!(all.iter().map(|revision| number(revision)).collect::<Vec<_>>(), [1, 2, 3]);
    }

    #[test]
    fn old_revisions_beyond_the_limit_go() {
        let all: Vec<Obj> = (1..=4).map(|number| Obj::new(revision(&format!("app:{number}"), number))).collect();
        let run = truncate(&mut Script::new(&[]), &all, 2, |revision| number(revision) == 4);
        assert!(matches!(run, Err(crate::actor::script::Halt::Call(verbs)) if verbs[0].target().name == all[0].meta.name));
        assert!(truncate(&mut Script::new(&[]), &all, 3, |revision| number(revision) == 4).is_ok());
    }
}
