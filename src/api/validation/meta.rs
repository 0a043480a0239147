//! Metadata: names, labels, annotations, owners.
//! Real: apimachinery/pkg/api/validation/objectmeta.go, apimachinery/pkg/apis/meta/v1/validation/validation.go @ v1.37.2.

use super::super::field::{FieldErrors, Path, forbidden, invalid, required, too_long};
use super::names::{self, each};
use crate::model::*;
use crate::model::{label_key_errors, label_value_errors};

const ANNOTATIONS_MAX: usize = 256 << 10;
const METADATA: Path = Path::new("metadata");

/// Checks the metadata of a new object.
pub fn create(object: &Object, errors: &mut FieldErrors) {
    let meta = &object.meta;
    let faults_of = name_rule(object.kind());
    if !meta.generate_name.is_empty() {
        // Something will follow the last dash.
        let masked = meta.generate_name.strip_suffix('-').filter(|rest| !rest.is_empty()).map(|rest| format!("{rest}a"));
        each(faults_of(masked.as_deref().unwrap_or(&meta.generate_name)), &meta.generate_name, &METADATA.child("generateName"), errors);
    }
    let path = METADATA.child("name");
    if meta.name.is_empty() {
        errors.push(required(&path, "name or generateName is required"));
    } else {
        each(faults_of(&meta.name), &meta.name, &path, errors);
    }
    let path = METADATA.child("namespace");
    if object.kind() == Kind::Other {
        // Whether a custom kind has namespaces is not known.
    } else if object.kind().scope() == Scope::Namespaced {
        if meta.namespace.is_empty() {
            errors.push(required(&path, ""));
        } else {
            each(names::dns_label(&meta.namespace), &meta.namespace, &path, errors);
        }
    } else if !meta.namespace.is_empty() {
        errors.push(forbidden(&path, "not allowed on this type"));
    }
    common(meta, errors);
}

/// Checks the metadata of a changed object.
pub fn update(object: &Object, before: &Object, errors: &mut FieldErrors) {
    let (meta, old) = (&object.meta, &before.meta);
    if old.is_deleting() {
        let path = METADATA.child("finalizers");
        let new: Vec<&str> = meta.finalizers.iter().filter(|name| !old.finalizers.contains(name)).map(|name| &**name).collect();
        if !new.is_empty() {
            let text = format!("no new finalizers can be added if the object is being deleted, found new finalizers {}", go_strings(&new));
            errors.push(forbidden(&path, text));
        }
    }
    super::immutable(&meta.name, &old.name, &METADATA.child("name"), errors);
    super::immutable(&meta.namespace, &old.namespace, &METADATA.child("namespace"), errors);
    super::immutable(&meta.uid, &old.uid, &METADATA.child("uid"), errors);
    // What did not change was checked before.
    if meta.labels != old.labels || meta.annotations != old.annotations || meta.owner_references != old.owner_references {
        common(meta, errors);
    }
}

fn go_strings(list: &[&str]) -> String {
    let quoted: Vec<String> = list.iter().map(|text| super::super::field::quoted(text)).collect();
    format!("[]string{{{}}}", quoted.join(", "))
}

fn common(meta: &Meta, errors: &mut FieldErrors) {
    labels(&meta.labels, &METADATA.child("labels"), errors);
    annotations(&meta.annotations, &METADATA.child("annotations"), errors);
    owners(meta, errors);
    for name in meta.finalizers.iter() {
        each(label_key_errors(name), name, &METADATA.child("finalizers"), errors);
    }
}

fn owners(meta: &Meta, errors: &mut FieldErrors) {
    let path = METADATA.child("ownerReferences");
    let mut controller: Option<String> = None;
    for (index, owner) in meta.owner_references.iter().enumerate() {
        let at = path.index(index);
        let parts = [("apiVersion", &owner.api_version), ("kind", &owner.kind), ("name", &owner.name), ("uid", &owner.uid)];
        for (field, value) in parts {
            if value.is_empty() {
                errors.push(required(&at.child(field), "must not be empty"));
            }
        }
        if &*owner.api_version == "v1" && &*owner.kind == "Event" {
            errors.push(invalid(&at, owner, "/v1, Kind=Event is disallowed from being an owner"));
        }
        if owner.controller == Some(true) {
            let own = format!("{}/{}", owner.kind, owner.name);
            match &controller {
                None => controller = Some(own),
                Some(first) => {
                    let text =
                        format!("Only one reference can have Controller set to true. Found \"true\" in references for {first} and {own}");
                    errors.push(invalid(&path, &*meta.owner_references, text));
                }
            }
        }
    }
}

/// Checks labels.
pub fn labels(labels: &Labels, path: &Path, errors: &mut FieldErrors) {
    for (key, value) in labels.iter() {
        each(label_key_errors(key), key, path, errors);
        each(label_value_errors(value), value, path, errors);
    }
}

/// Checks annotations.
pub fn annotations(annotations: &Labels, path: &Path, errors: &mut FieldErrors) {
    let mut size = 0;
    for (key, value) in annotations.iter() {
        each(label_key_errors(&key.to_lowercase()), key, path, errors);
        size += key.len() + value.len();
    }
    if size > ANNOTATIONS_MAX {
        errors.push(too_long(path, ANNOTATIONS_MAX));
    }
}

/// Checks a label selector.
pub fn selector(selector: &LabelSelector, path: &Path, errors: &mut FieldErrors) {
    labels(&selector.match_labels, &path.child("matchLabels"), errors);
    let path = path.child("matchExpressions");
    for (index, expression) in selector.match_expressions.iter().enumerate() {
        let path = path.index(index);
        let values = path.child("values");
        match &*expression.operator {
            "In" | "NotIn" if expression.values.is_empty() => {
                errors.push(required(&values, "must be specified when `operator` is 'In' or 'NotIn'"));
            }
            "Exists" | "DoesNotExist" if !expression.values.is_empty() => {
                errors.push(forbidden(&values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" => {}
            other => errors.push(invalid(&path.child("operator"), other, "not a valid selector operator")),
        }
        each(label_key_errors(&expression.key), &expression.key, &path.child("key"), errors);
        for (at, value) in expression.values.iter().enumerate() {
            each(label_value_errors(value), value, &values.index(at), errors);
        }
    }
}

/// What names of a kind must look like.
fn name_rule(kind: Kind) -> fn(&str) -> Vec<String> {
    match kind {
        Kind::Namespace | Kind::Service | Kind::StatefulSet => names::dns_label,
        Kind::Other | Kind::ControllerRevision => |name| {
            let odd = name.contains('/') || name.contains('%') || name == "." || name == "..";
            if odd { vec!["may not contain '/' or '%', and may not be '.' or '..'".into()] } else { Vec::new() }
        },
        _ => names::dns_subdomain,
    }
}
