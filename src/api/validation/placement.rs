//! Where pods may go: taints, tolerations, affinity, spreading.
//! Real: pkg/apis/core/validation/validation.go @ v1.37.2.

use super::super::field::{FieldErrors, Path, duplicate, forbidden, invalid, not_supported, required};
use super::meta;
use super::names::each;
use super::positive;
use crate::model::*;
use crate::model::{label_key_errors, label_value_errors};

const EFFECTS: [&str; 3] = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

/// Checks the taints of a node.
pub fn taints(taints: &[Taint], path: &Path, errors: &mut FieldErrors) {
    for (index, taint) in taints.iter().enumerate() {
        let at = path.index(index);
        each(label_key_errors(&taint.key), &taint.key, &at.child("key"), errors);
        let faults = label_value_errors(&taint.value);
        if !faults.is_empty() {
            errors.push(invalid(&at.child("value"), &taint.value, faults.join(";")));
        }
        if taint.effect.is_empty() {
            errors.push(required(&at.child("effect"), ""));
        } else {
            effect(&taint.effect, &at.child("effect"), errors);
        }
        if taints[..index].iter().any(|other| other.key == taint.key && other.effect == taint.effect) {
            let mut error = duplicate(&at, taint);
            error.body.push_str(": taints must be unique by key and effect pair");
            errors.push(error);
        }
    }
}

fn effect(effect: &str, path: &Path, errors: &mut FieldErrors) {
    if !EFFECTS.contains(&effect) {
        errors.push(not_supported(path, effect, &EFFECTS));
    }
}

/// Checks the tolerations of a pod.
pub fn tolerations(tolerations: &[Toleration], path: &Path, errors: &mut FieldErrors) {
    for (index, toleration) in tolerations.iter().enumerate() {
        let at = path.index(index);
        let operator = at.child("operator");
        if !toleration.key.is_empty() {
            each(label_key_errors(&toleration.key), &toleration.key, &at.child("key"), errors);
        } else if toleration.operator != "Exists" {
            let text = "operator must be Exists when `key` is empty, which means \"match all values and all keys\"";
            errors.push(invalid(&operator, &toleration.operator, text));
        }
        if toleration.toleration_seconds.is_some() && toleration.effect != "NoExecute" {
            errors.push(invalid(&at.child("effect"), &toleration.effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
        }
        match &*toleration.operator {
            "Equal" | "" => {
                let faults = label_value_errors(&toleration.value);
                if !faults.is_empty() {
                    errors.push(invalid(&operator, &toleration.value, faults.join(";")));
                }
            }
            "Exists" if !toleration.value.is_empty() => {
                errors.push(invalid(&operator, &toleration.value, "value must be empty when `operator` is 'Exists'"));
            }
            "Exists" => {}
            "Lt" | "Gt" => errors.push(not_supported(&operator, &toleration.operator, &["Equal", "Exists", "Lt", "Gt"])),
            other => errors.push(not_supported(&operator, other, &["Equal", "Exists"])),
        }
        if !toleration.effect.is_empty() {
            effect(&toleration.effect, &at.child("effect"), errors);
        }
    }
}

/// Checks topology spread constraints.
pub fn spreading(constraints: &[TopologySpreadConstraint], path: &Path, errors: &mut FieldErrors) {
    for (index, constraint) in constraints.iter().enumerate() {
        let at = path.index(index);
        positive(constraint.max_skew, &at.child("maxSkew"), errors);
        if constraint.topology_key.is_empty() {
            errors.push(required(&at.child("topologyKey"), "can not be empty"));
        }
        let action = &*constraint.when_unsatisfiable;
        if !matches!(action, "DoNotSchedule" | "ScheduleAnyway") {
            errors.push(not_supported(&at.child("whenUnsatisfiable"), action, &["DoNotSchedule", "ScheduleAnyway"]));
        }
        let same = |other: &&TopologySpreadConstraint| other.topology_key == constraint.topology_key && other.when_unsatisfiable == action;
        if constraints[index + 1..].iter().any(|other| same(&other)) {
            let text = format!("{{{}, {action}}}", constraint.topology_key);
            errors.push(duplicate(&at.child("{topologyKey, whenUnsatisfiable}"), &text));
        }
        if let Some(domains) = constraint.min_domains {
            positive(domains, &at.child("minDomains"), errors);
            if action != "DoNotSchedule" {
                let text = format!("can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {action}");
                errors.push(invalid(&at.child("minDomains"), &domains, text));
            }
        }
        let policies = [("nodeAffinityPolicy", &constraint.node_affinity_policy), ("nodeTaintsPolicy", &constraint.node_taints_policy)];
        for (field, policy) in policies {
            if let Some(policy) = policy.as_deref().filter(|policy| !matches!(*policy, "Ignore" | "Honor")) {
                errors.push(not_supported(&at.child(field), policy, &["Honor", "Ignore"]));
            }
        }
        if let Some(selector) = &constraint.label_selector {
            meta::selector(selector, &at.child("labelSelector"), errors);
        }
    }
}

/// Checks the affinities of a pod.
pub fn affinity(affinity: &Affinity, path: &Path, errors: &mut FieldErrors) {
    const REQUIRED: &str = "requiredDuringSchedulingIgnoredDuringExecution";
    const PREFERRED: &str = "preferredDuringSchedulingIgnoredDuringExecution";
    if let Some(node) = &affinity.node_affinity {
        let path = path.child("nodeAffinity");
        if let Some(selector) = &node.required_during_scheduling_ignored_during_execution {
            node_selector(selector, &path.child(REQUIRED), errors);
        }
        let path = path.child(PREFERRED);
        for (index, term) in node.preferred_during_scheduling_ignored_during_execution.iter().enumerate() {
            weight(term.weight, &path.index(index).child("weight"), errors);
            node_term(&term.preference, &path.index(index).child("preference"), errors);
        }
    }
    let with = affinity.pod_affinity.as_ref().map(|a| {
        ("podAffinity", &a.required_during_scheduling_ignored_during_execution, &a.preferred_during_scheduling_ignored_during_execution)
    });
    let against = affinity.pod_anti_affinity.as_ref().map(|a| {
        ("podAntiAffinity", &a.required_during_scheduling_ignored_during_execution, &a.preferred_during_scheduling_ignored_during_execution)
    });
    for (name, required, preferred) in [with, against].into_iter().flatten() {
        let path = path.child(name);
        let at = path.child(REQUIRED);
        required.iter().enumerate().for_each(|(index, term)| pod_term(term, &at.index(index), errors));
        let at = path.child(PREFERRED);
        for (index, term) in preferred.iter().enumerate() {
            weight(term.weight, &at.index(index).child("weight"), errors);
            pod_term(&term.pod_affinity_term, &at.index(index).child("podAffinityTerm"), errors);
        }
    }
}

fn weight(weight: i32, path: &Path, errors: &mut FieldErrors) {
    if !(1..=100).contains(&weight) {
        errors.push(invalid(path, &weight, "must be in the range 1-100"));
    }
}

fn pod_term(term: &PodAffinityTerm, path: &Path, errors: &mut FieldErrors) {
    if let Some(selector) = &term.label_selector {
        meta::selector(selector, &path.child("labelSelector"), errors);
    }
    if let Some(selector) = &term.namespace_selector {
        meta::selector(selector, &path.child("namespaceSelector"), errors);
    }
    for name in &term.namespaces {
        each(super::names::dns_label(name), name, &path.child("namespace"), errors);
    }
    let key = path.child("topologyKey");
    if term.topology_key.is_empty() {
        errors.push(required(&key, "can not be empty"));
    }
    each(label_key_errors(&term.topology_key), &term.topology_key, &key, errors);
}

fn node_selector(selector: &NodeSelector, path: &Path, errors: &mut FieldErrors) {
    let path = path.child("nodeSelectorTerms");
    if selector.node_selector_terms.is_empty() {
        errors.push(required(&path, "must have at least one node selector term"));
    }
    selector.node_selector_terms.iter().enumerate().for_each(|(index, term)| node_term(term, &path.index(index), errors));
}

fn node_term(term: &NodeSelectorTerm, path: &Path, errors: &mut FieldErrors) {
    let at = path.child("matchExpressions");
    for (index, requirement) in term.match_expressions.iter().enumerate() {
        let path = at.index(index);
        let values = path.child("values");
        match &*requirement.operator {
            "In" | "NotIn" if requirement.values.is_empty() => {
                errors.push(required(&values, "must be specified when `operator` is 'In' or 'NotIn'"));
            }
            "Exists" | "DoesNotExist" if !requirement.values.is_empty() => {
                errors.push(forbidden(&values, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
            }
            "Gt" | "Lt" if requirement.values.len() != 1 => {
                errors.push(required(&values, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
            }
            "In" | "NotIn" | "Exists" | "DoesNotExist" | "Gt" | "Lt" => {}
            other => errors.push(invalid(&path.child("operator"), other, "not a valid selector operator")),
        }
        each(label_key_errors(&requirement.key), &requirement.key, &path.child("key"), errors);
    }
}
