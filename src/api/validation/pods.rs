//! Pods: what may be changed once they exist.
//! Real: pkg/apis/core/validation/validation.go (ValidatePodCreate, ValidatePodUpdate) @ v1.37.2.

use super::super::field::{FieldErrors, Path, forbidden, invalid, required};
use super::names::{self, each};
use super::pod_spec::pod_spec;
use super::{nonnegative_if, placement};
use crate::model::*;
use std::sync::Arc;

const SPEC: Path = Path::new("spec");

/// Checks a new pod.
pub fn create(pod: &Pod, errors: &mut FieldErrors) {
    both(pod, errors);
    if pod.is_bound() && !pod.spec.scheduling_gates.is_empty() {
        errors.push(forbidden(&SPEC.child("nodeName"), "cannot be set until all schedulingGates have been cleared"));
    }
}

fn both(pod: &Pod, errors: &mut FieldErrors) {
    pod_spec(&pod.spec, &SPEC, errors);
    if pod.is_bound() {
        each(names::dns_subdomain(&pod.node_name), &pod.node_name, &SPEC.child("nodeName"), errors);
    }
    nonnegative_if(pod.spec.termination_grace_period_seconds, &SPEC.child("terminationGracePeriodSeconds"), errors);
}

/// Checks a changed pod.
pub fn update(pod: &Pod, old: &Pod, errors: &mut FieldErrors) {
    // Most updates touch labels or finalizers only.
    if Arc::ptr_eq(&pod.spec, &old.spec) || pod.spec == old.spec {
        return;
    }
    both(pod, errors);
    for (field, new, old) in [
        ("containers", &pod.spec.containers, &old.spec.containers),
        ("initContainers", &pod.spec.init_containers, &old.spec.init_containers),
    ] {
        let path = SPEC.child(field);
        if new.len() != old.len() {
            errors.push(forbidden(&path, "pod updates may not add or remove containers"));
            return;
        }
        for (index, container) in new.iter().enumerate() {
            let at = path.index(index);
            if container.image.is_empty() {
                errors.push(required(&at.child("image"), ""));
            } else if container.image.trim() != container.image {
                errors.push(invalid(&at.child("image"), &container.image, "must not have leading or trailing whitespace"));
            }
        }
    }
    if !deadline(pod, old, errors) {
        return;
    }
    tolerations(pod, old, errors);
    gates(pod, old, errors);
    let mut munged = (*pod.spec).clone();
    keep_changeable(&mut munged, &old.spec);
    if munged != *old.spec {
        let fields = "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only \
                      additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously \
                      negative)";
        let text = format!("pod updates may not change fields other than {fields}\n{}", changed_fields(&munged, &old.spec));
        errors.push(forbidden(&SPEC, text));
    }
}

/// Takes over from the old spec whatever an update may change.
fn keep_changeable(munged: &mut PodSpec, old: &PodSpec) {
    for (new, old) in [(&mut munged.containers, &old.containers), (&mut munged.init_containers, &old.init_containers)] {
        new.iter_mut().zip(old).for_each(|(new, old)| new.image = old.image.clone());
    }
    munged.active_deadline_seconds = old.active_deadline_seconds;
    munged.scheduling_gates = old.scheduling_gates.clone();
    munged.tolerations = old.tolerations.clone();
    if old.termination_grace_period_seconds.is_some_and(|s| s < 0) && munged.termination_grace_period_seconds == Some(1) {
        munged.termination_grace_period_seconds = old.termination_grace_period_seconds;
    }
    // A pod that no scheduler has looked at yet may be narrowed down.
    if !old.scheduling_gates.is_empty() {
        let narrowed = old.node_selector.iter().all(|(key, value)| munged.node_selector.get(key) == Some(value));
        if narrowed {
            munged.node_selector = old.node_selector.clone();
        }
        let before = old.affinity.as_ref().and_then(|affinity| affinity.node_affinity.clone());
        if before.is_none() {
            if let Some(affinity) = &mut munged.affinity {
                affinity.node_affinity = None;
            }
            if old.affinity.is_none() && munged.affinity == Some(Affinity::default()) {
                munged.affinity = None;
            }
        }
    }
}

fn deadline(pod: &Pod, old: &Pod, errors: &mut FieldErrors) -> bool {
    let path = SPEC.child("activeDeadlineSeconds");
    match (pod.spec.active_deadline_seconds, old.spec.active_deadline_seconds) {
        (Some(new), Some(old)) if old < new => {
            errors.push(invalid(&path, &new, "must be less than or equal to previous value"));
            return false;
        }
        (None, Some(_)) => errors.push(invalid(&path, &serde_json::Value::Null, "must not update from a positive integer to nil value")),
        _ => {}
    }
    true
}

fn tolerations(pod: &Pod, old: &Pod, errors: &mut FieldErrors) {
    let path = SPEC.child("tolerations");
    let kept = |old: &Toleration| {
        pod.spec.tolerations.iter().any(|new| Toleration { toleration_seconds: new.toleration_seconds, ..old.clone() } == *new)
    };
    if old.spec.tolerations.iter().all(kept) {
        placement::tolerations(&pod.spec.tolerations, &path, errors);
    } else {
        errors.push(forbidden(&path, "existing toleration can not be modified except its tolerationSeconds"));
    }
}

fn gates(pod: &Pod, old: &Pod, errors: &mut FieldErrors) {
    let path = SPEC.child("schedulingGates");
    for (index, gate) in pod.spec.scheduling_gates.iter().enumerate() {
        if !old.spec.scheduling_gates.contains(gate) {
            let text = format!("only deletion is allowed, but found new scheduling gate '{}'", gate.name);
            errors.push(forbidden(&path.index(index), text));
        }
    }
}

/// The top-level fields that differ, one a line.
fn changed_fields(new: &PodSpec, old: &PodSpec) -> String {
    let (new, old) = (serde_json::to_value(new).unwrap_or_default(), serde_json::to_value(old).unwrap_or_default());
    let empty = serde_json::Map::new();
    let (new, old) = (new.as_object().unwrap_or(&empty), old.as_object().unwrap_or(&empty));
    let mut names: Vec<&String> = new.keys().chain(old.keys()).filter(|name| new.get(*name) != old.get(*name)).collect();
    names.sort();
    names.dedup();
    let shown = |value: Option<&serde_json::Value>| value.map_or("unset".to_string(), ToString::to_string);
    names.iter().map(|name| format!("  {name}: {} -> {}\n", shown(old.get(*name)), shown(new.get(*name)))).collect()
}
