//! The spec of a pod or of a template.
//! Real: pkg/apis/core/validation/validation.go (ValidatePodSpec) @ v1.37.2.

use super::super::field::{FieldErrors, Path, forbidden, invalid, not_supported, required};
use super::names::{self, each};
use super::{containers, meta, placement, require, volumes};
use crate::model::label_key_errors;
use crate::model::*;

/// Checks a spec. `path` is `spec` or `spec.template.spec`.
pub fn pod_spec(spec: &PodSpec, path: &Path, errors: &mut FieldErrors) {
    if spec.termination_grace_period_seconds.is_none() {
        errors.push(required(&path.child("terminationGracePeriodSeconds"), ""));
    }
    let known = volumes::volumes(&spec.volumes, &path.child("volumes"), errors);
    containers::regular(spec, &known, &path.child("containers"), errors);
    containers::init(spec, &known, &path.child("initContainers"), errors);
    if let Some(resources) = &spec.resources {
        containers::resources(resources, &path.child("resources"), errors);
    }
    policies(spec, path, errors);
    meta::labels(&spec.node_selector, &path.child("nodeSelector"), errors);
    if let Some(affinity) = &spec.affinity {
        placement::affinity(affinity, &path.child("affinity"), errors);
    }
    scheduling_gates(spec, &path.child("schedulingGates"), errors);
    placement::spreading(&spec.topology_spread_constraints, &path.child("topologySpreadConstraints"), errors);
    texts(spec, path, errors);
    if let Some(seconds) = spec.active_deadline_seconds.filter(|seconds| !(1..=i64::from(i32::MAX)).contains(seconds)) {
        errors.push(invalid(&path.child("activeDeadlineSeconds"), &seconds, "must be between 1 and 2147483647, inclusive"));
    }
    placement::tolerations(&spec.tolerations, &path.child("tolerations"), errors);
    for (name, amount) in &spec.overhead {
        containers::amount_of(name, amount, &path.child("overhead").key(name), errors);
    }
}

fn policies(spec: &PodSpec, path: &Path, errors: &mut FieldErrors) {
    const RESTART: [&str; 3] = ["Always", "OnFailure", "Never"];
    const DNS: [&str; 4] = ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"];
    let rows = [("restartPolicy", &spec.restart_policy, &RESTART[..]), ("dnsPolicy", &spec.dns_policy, &DNS[..])];
    for (field, value, known) in rows {
        if require(value, &path.child(field), errors) && !known.contains(&value.as_str()) {
            errors.push(not_supported(&path.child(field), value, known));
        }
    }
    if let Some(policy) = spec.preemption_policy.as_deref().filter(|policy| !matches!(*policy, "PreemptLowerPriority" | "Never")) {
        errors.push(not_supported(&path.child("preemptionPolicy"), policy, &["PreemptLowerPriority", "Never"]));
    }
    if spec.host_network {
        for (field, list) in [("containers", &spec.containers), ("initContainers", &spec.init_containers)] {
            let path = path.child(field);
            for (at, container) in list.iter().enumerate() {
                for (index, port) in container.ports.iter().enumerate() {
                    if port.host_port != 0 && port.host_port != port.container_port {
                        let path = path.index(at);
                        let path = path.child("ports");
                        let text = "must match `containerPort` when `hostNetwork` is true";
                        errors.push(invalid(&path.index(index).child("hostPort"), &port.host_port, text));
                    }
                }
            }
        }
    }
}

fn scheduling_gates(spec: &PodSpec, path: &Path, errors: &mut FieldErrors) {
    for (index, gate) in spec.scheduling_gates.iter().enumerate() {
        each(label_key_errors(&gate.name), &gate.name, &path.index(index), errors);
        if spec.scheduling_gates[..index].contains(gate) {
            errors.push(super::super::field::duplicate(&path.index(index), &gate.name));
        }
    }
}

/// Gives the faults of a text.
type Rule = fn(&str) -> Vec<String>;

fn texts(spec: &PodSpec, path: &Path, errors: &mut FieldErrors) {
    let rows: [(&str, &str, Rule); 5] = [
        ("serviceAccountName", &spec.service_account_name, names::dns_subdomain),
        ("hostname", &spec.hostname, names::dns_label),
        ("subdomain", &spec.subdomain, names::dns_label),
        ("priorityClassName", &spec.priority_class_name, names::dns_subdomain),
        ("runtimeClassName", spec.runtime_class_name.as_deref().unwrap_or(""), names::dns_subdomain),
    ];
    for (field, value, faults) in rows {
        if !value.is_empty() {
            each(faults(value), value, &path.child(field), errors);
        }
    }
}

/// Checks a template of a workload whose pods run for ever, against the workload's selector.
pub fn lasting_template(template: &PodTemplateSpec, selector: Option<&LabelSelector>, what: &str, path: &Path, errors: &mut FieldErrors) {
    matches_selector(template, selector, path, errors);
    pod_template(template, path, errors);
    let path = path.child("spec");
    let policy = &template.spec.restart_policy;
    if policy != "Always" {
        errors.push(not_supported(&path.child("restartPolicy"), policy, &["Always"]));
    }
    if template.spec.active_deadline_seconds.is_some() {
        errors.push(forbidden(&path.child("activeDeadlineSeconds"), format!("activeDeadlineSeconds in {what} is not Supported")));
    }
}

/// The template's labels must match the selector.
pub fn matches_selector(template: &PodTemplateSpec, selector: Option<&LabelSelector>, path: &Path, errors: &mut FieldErrors) {
    let Ok(parsed) = Selector::from_label_selector(selector) else { return };
    if selector.is_some() && !parsed.is_everything() && !parsed.matches(&template.metadata.labels) {
        let labels = &template.metadata.labels;
        let text = "`selector` does not match template `labels`";
        let path = path.child("metadata");
        // Go prints a map that is not there as null.
        let shown = if labels.is_empty() { serde_json::Value::Null } else { serde_json::to_value(labels).unwrap_or_default() };
        errors.push(invalid(&path.child("labels"), &shown, text));
    }
}

/// Checks a template.
pub fn pod_template(template: &PodTemplateSpec, path: &Path, errors: &mut FieldErrors) {
    meta::labels(&template.metadata.labels, &path.child("labels"), errors);
    meta::annotations(&template.metadata.annotations, &path.child("annotations"), errors);
    pod_spec(&template.spec, &path.child("spec"), errors);
}
