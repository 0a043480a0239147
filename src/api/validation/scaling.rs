//! Autoscalers, disruption budgets, priority classes.
//! Real: pkg/apis/{autoscaling,policy,scheduling}/validation/validation.go @ v1.37.2.

use super::super::field::{FieldErrors, Path, forbidden, invalid, not_supported, required};
use super::names::{at_most_all, int_or_percent};
use super::{immutable, meta as metadata, require};
use crate::base::quantity::Quantity;
use crate::model::*;

const SPEC: Path = Path::new("spec");
const WINDOW_S_MAX: i32 = 3600;
const PERIOD_S_MAX: i32 = 1800;
const PRIORITY_MAX: i32 = 1_000_000_000;

/// Checks a HorizontalPodAutoscaler.
pub fn autoscaler(spec: &HorizontalPodAutoscalerSpec, errors: &mut FieldErrors) {
    if let Some(least) = spec.min_replicas.filter(|least| *least < 0) {
        errors.push(invalid(&SPEC.child("minReplicas"), &least, super::NEGATIVE));
    }
    let most = SPEC.child("maxReplicas");
    if spec.max_replicas == 0 {
        errors.push(required(&most, "must be set and greater than 0"));
    } else if spec.max_replicas < 0 {
        errors.push(invalid(&most, &spec.max_replicas, "must be greater than or equal to 1"));
    }
    if spec.min_replicas.is_some_and(|least| spec.max_replicas < least) {
        errors.push(invalid(&most, &spec.max_replicas, "must be greater than or equal to `minReplicas`"));
    }
    let target = SPEC.child("scaleTargetRef");
    require(&spec.scale_target_ref.kind, &target.child("kind"), errors);
    require(&spec.scale_target_ref.name, &target.child("name"), errors);
    let metrics = SPEC.child("metrics");
    spec.metrics.iter().enumerate().for_each(|(index, one)| metric(one, &metrics.index(index), errors));
    let from_outside = spec.metrics.iter().any(|one| matches!(&*one.r#type, "Object" | "External"));
    if spec.min_replicas == Some(0) && !from_outside {
        errors.push(forbidden(&metrics, "must specify at least one Object or External metric to support scaling to zero replicas"));
    }
    if let Some(behavior) = &spec.behavior {
        let path = SPEC.child("behavior");
        for (field, rules) in [("scaleUp", &behavior.scale_up), ("scaleDown", &behavior.scale_down)] {
            if let Some(rules) = rules {
                scaling_rules(rules, &path.child(field), errors);
            }
        }
    }
}

fn metric(metric: &MetricSpec, path: &Path, errors: &mut FieldErrors) {
    const TYPES: [&str; 5] = ["ContainerResource", "External", "Object", "Pods", "Resource"];
    let sources = [
        ("Object", "object", metric.object.as_ref().map(|source| &source.target)),
        ("Pods", "pods", metric.pods.as_ref().map(|source| &source.target)),
        ("Resource", "resource", metric.resource.as_ref().map(|source| &source.target)),
        ("External", "external", metric.external.as_ref().map(|source| &source.target)),
        ("ContainerResource", "containerResource", metric.container_resource.as_ref().map(|source| &source.target)),
    ];
    let at = path.child("type");
    if metric.r#type.is_empty() {
        errors.push(required(&at, "must specify a metric source type"));
    }
    if !TYPES.contains(&&*metric.r#type) {
        errors.push(not_supported(&at, &metric.r#type, &TYPES));
    }
    for (kind, field, target) in sources {
        match target {
            None if kind == metric.r#type => {
                errors.push(required(&path.child(field), "must populate information for the given metric source"));
            }
            Some(_) if kind != metric.r#type && TYPES.contains(&&*metric.r#type) => {
                errors.push(forbidden(&path.child(field), "must populate the given metric source only"));
            }
            Some(target) => metric_target(target, matches!(kind, "Resource" | "ContainerResource"), &path.child(field), errors),
            None => {}
        }
    }
    if metric.resource.as_ref().is_some_and(|source| source.name.is_empty()) {
        let path = path.child("resource");
        errors.push(required(&path.child("name"), "must specify a resource name"));
    }
}

fn metric_target(target: &MetricTarget, of_resource: bool, path: &Path, errors: &mut FieldErrors) {
    let path = path.child("target");
    if target.r#type.is_empty() {
        errors.push(required(&path.child("type"), "must specify a metric target type"));
    }
    if !matches!(&*target.r#type, "Utilization" | "Value" | "AverageValue") {
        errors.push(invalid(&path.child("type"), &target.r#type, "must be either Utilization, Value, or AverageValue"));
    }
    for (field, amount) in [("value", target.value), ("averageValue", target.average_value)] {
        if let Some(amount) = amount.filter(|amount| *amount <= Quantity::ZERO) {
            errors.push(invalid(&path.child(field), &amount, "must be positive"));
        }
    }
    let utilization = path.child("averageUtilization");
    if let Some(percent) = target.average_utilization.filter(|percent| *percent < 1) {
        errors.push(invalid(&utilization, &percent, "must be greater than 0"));
    }
    match (of_resource, target.average_utilization, target.average_value) {
        (true, None, None) => errors.push(required(&utilization, "must set either a target raw value or a target utilization")),
        (true, Some(_), Some(_)) => {
            errors.push(forbidden(&path.child("averageValue"), "may not set both a target raw value and a target utilization"));
        }
        _ => {}
    }
}

fn scaling_rules(rules: &HPAScalingRules, path: &Path, errors: &mut FieldErrors) {
    let window = path.child("stabilizationWindowSeconds");
    match rules.stabilization_window_seconds {
        Some(seconds) if seconds < 0 => errors.push(invalid(&window, &seconds, "must be greater than or equal to zero")),
        Some(seconds) if seconds > WINDOW_S_MAX => {
            errors.push(invalid(&window, &seconds, format!("must be less than or equal to {WINDOW_S_MAX}")));
        }
        _ => {}
    }
    if let Some(policy) = rules.select_policy.as_deref().filter(|policy| !matches!(*policy, "Max" | "Min" | "Disabled")) {
        errors.push(not_supported(&path.child("selectPolicy"), policy, &["Disabled", "Max", "Min"]));
    }
    let policies = path.child("policies");
    if rules.policies.is_empty() {
        errors.push(required(&policies, "must specify at least one Policy"));
    }
    for (index, policy) in rules.policies.iter().enumerate() {
        let at = policies.index(index);
        if !matches!(&*policy.r#type, "Pods" | "Percent") {
            errors.push(not_supported(&at.child("type"), &policy.r#type, &["Percent", "Pods"]));
        }
        if policy.value <= 0 {
            errors.push(invalid(&at.child("value"), &policy.value, "must be greater than zero"));
        }
        let period = at.child("periodSeconds");
        if policy.period_seconds <= 0 {
            errors.push(invalid(&period, &policy.period_seconds, "must be greater than zero"));
        } else if policy.period_seconds > PERIOD_S_MAX {
            errors.push(invalid(&period, &policy.period_seconds, format!("must be less than or equal to {PERIOD_S_MAX}")));
        }
    }
}

/// Checks a PodDisruptionBudget.
pub fn disruption_budget(spec: &PodDisruptionBudgetSpec, errors: &mut FieldErrors) {
    if spec.min_available.is_some() && spec.max_unavailable.is_some() {
        errors.push(invalid(&SPEC, spec, "minAvailable and maxUnavailable cannot be both set"));
    }
    for (field, value) in [("minAvailable", &spec.min_available), ("maxUnavailable", &spec.max_unavailable)] {
        if let Some(value) = value {
            int_or_percent(value, &SPEC.child(field), errors);
            at_most_all(value, &SPEC.child(field), errors);
        }
    }
    if let Some(selector) = &spec.selector {
        metadata::selector(selector, &SPEC.child("selector"), errors);
    }
    let policy = spec.unhealthy_pod_eviction_policy.as_deref();
    if let Some(policy) = policy.filter(|policy| !matches!(*policy, "IfHealthyBudget" | "AlwaysAllow")) {
        errors.push(not_supported(&SPEC.child("unhealthyPodEvictionPolicy"), policy, &["AlwaysAllow", "IfHealthyBudget"]));
    }
}

/// Checks a PriorityClass.
pub fn priority_class(meta: &Meta, class: &PriorityClass, old: Option<&PriorityClass>, errors: &mut FieldErrors) {
    let value = Path::new("value");
    if meta.name.starts_with("system-") {
        let known = [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];
        if !known.contains(&(&meta.name, class.value)) {
            let text =
                "priority class names with 'system-' prefix are reserved for system use only. error: not a known system priority class";
            errors.push(forbidden(&Path::new("metadata").child("name"), text));
        }
    } else if class.value > PRIORITY_MAX {
        errors.push(forbidden(&value, format!("maximum allowed value of a user defined priority is {PRIORITY_MAX}")));
    }
    if let Some(policy) = class.preemption_policy.as_deref().filter(|policy| !matches!(*policy, "PreemptLowerPriority" | "Never")) {
        errors.push(not_supported(&Path::new("preemptionPolicy"), policy, &["PreemptLowerPriority", "Never"]));
    }
    if let Some(old) = old {
        if class.value != old.value {
            errors.push(forbidden(&value, "may not be changed in an update."));
        }
        immutable(&class.preemption_policy, &old.preemption_policy, &Path::new("preemptionPolicy"), errors);
    }
}
