//! What keeps pods running: Deployment, ReplicaSet, StatefulSet, DaemonSet.
//! Real: pkg/apis/apps/validation/validation.go @ v1.37.2.

use super::super::field::{FieldErrors, Path, forbidden, invalid, not_supported, required};
use super::names::{self, each, int_or_percent};
use super::pod_spec::{lasting_template, matches_selector};
use super::{immutable, meta, nonnegative, nonnegative_if, volumes};
use crate::model::*;

const SPEC: Path = Path::new("spec");

/// A selector is there, is sound and is not empty.
fn selector(selector: Option<&LabelSelector>, what: &str, errors: &mut FieldErrors) {
    let path = SPEC.child("selector");
    let Some(selector) = selector else {
        errors.push(required(&path, ""));
        return;
    };
    meta::selector(selector, &path, errors);
    if selector.match_labels.is_empty() && selector.match_expressions.is_empty() {
        errors.push(invalid(&path, selector, format!("empty selector is invalid for {what}")));
    }
}

/// Checks a Deployment.
pub fn deployment(spec: &DeploymentSpec, old: Option<&DeploymentSpec>, errors: &mut FieldErrors) {
    nonnegative_if(spec.replicas, &SPEC.child("replicas"), errors);
    selector(spec.selector.as_ref(), "deployment", errors);
    lasting_template(&spec.template, spec.selector.as_ref(), "ReplicaSet", &SPEC.child("template"), errors);
    strategy(&spec.strategy, &SPEC.child("strategy"), errors);
    nonnegative(spec.min_ready_seconds, &SPEC.child("minReadySeconds"), errors);
    nonnegative_if(spec.revision_history_limit, &SPEC.child("revisionHistoryLimit"), errors);
    if let Some(deadline) = spec.progress_deadline_seconds {
        let path = SPEC.child("progressDeadlineSeconds");
        nonnegative(deadline, &path, errors);
        if deadline <= spec.min_ready_seconds {
            errors.push(invalid(&path, &deadline, "must be greater than minReadySeconds"));
        }
    }
    if let Some(old) = old {
        immutable(&spec.selector, &old.selector, &SPEC.child("selector"), errors);
    }
}

fn strategy(strategy: &DeploymentStrategy, path: &Path, errors: &mut FieldErrors) {
    let rolling_path = path.child("rollingUpdate");
    match (&*strategy.r#type, &strategy.rolling_update) {
        ("Recreate", Some(_)) => errors.push(forbidden(&rolling_path, "may not be specified when strategy `type` is 'Recreate'")),
        ("Recreate", None) => {}
        ("RollingUpdate", None) => errors.push(required(&rolling_path, "this should be defaulted and never be nil")),
        ("RollingUpdate", Some(rolling)) => {
            let (unavailable, surge) = (rolling_path.child("maxUnavailable"), rolling_path.child("maxSurge"));
            let none = IntOrString::Int(0);
            let (down, up) = (rolling.max_unavailable.as_ref().unwrap_or(&none), rolling.max_surge.as_ref().unwrap_or(&none));
            int_or_percent(down, &unavailable, errors);
            int_or_percent(up, &surge, errors);
            if names::is_zero(down) && names::is_zero(up) {
                errors.push(invalid(&unavailable, down, "may not be 0 when `maxSurge` is 0"));
            }
            names::at_most_all(down, &unavailable, errors);
        }
        _ => errors.push(not_supported(path, strategy, &["Recreate", "RollingUpdate"])),
    }
}

/// Checks a ReplicaSet.
pub fn replica_set(spec: &ReplicaSetSpec, old: Option<&ReplicaSetSpec>, errors: &mut FieldErrors) {
    nonnegative_if(spec.replicas, &SPEC.child("replicas"), errors);
    nonnegative(spec.min_ready_seconds, &SPEC.child("minReadySeconds"), errors);
    selector(spec.selector.as_ref(), "deployment", errors);
    if old.is_none_or(|old| spec.template != old.template || spec.selector != old.selector) {
        lasting_template(&spec.template, spec.selector.as_ref(), "ReplicaSet", &SPEC.child("template"), errors);
    }
    if let Some(old) = old {
        immutable(&spec.selector, &old.selector, &SPEC.child("selector"), errors);
    }
}

/// Checks a ReplicationController.
pub fn replication_controller(spec: &ReplicationControllerSpec, errors: &mut FieldErrors) {
    nonnegative(spec.min_ready_seconds, &SPEC.child("minReadySeconds"), errors);
    if spec.selector.is_empty() {
        errors.push(required(&SPEC.child("selector"), ""));
    }
    nonnegative_if(spec.replicas, &SPEC.child("replicas"), errors);
    match &spec.template {
        None => errors.push(required(&SPEC.child("template"), "")),
        Some(template) => {
            let selector = LabelSelector { match_labels: spec.selector.clone(), ..LabelSelector::default() };
            lasting_template(template, Some(&selector), "ReplicationController", &SPEC.child("template"), errors);
        }
    }
}

/// Checks a StatefulSet.
pub fn stateful_set(spec: &StatefulSetSpec, old: Option<&StatefulSetSpec>, errors: &mut FieldErrors) {
    let path = SPEC.child("podManagementPolicy");
    match &*spec.pod_management_policy {
        "OrderedReady" | "Parallel" => {}
        "" => errors.push(required(&path, "")),
        other => errors.push(invalid(&path, other, "must be 'OrderedReady' or 'Parallel'")),
    }
    stateful_strategy(&spec.update_strategy, &SPEC.child("updateStrategy"), errors);
    if let Some(policy) = &spec.persistent_volume_claim_retention_policy {
        let path = SPEC.child("persistentVolumeClaimRetentionPolicy");
        for (field, value) in [("whenDeleted", &policy.when_deleted), ("whenScaled", &policy.when_scaled)] {
            if !matches!(&**value, "Retain" | "Delete") {
                errors.push(not_supported(&path.child(field), value, &["Retain", "Delete"]));
            }
        }
    }
    let claims = SPEC.child("volumeClaimTemplates");
    for (index, claim) in spec.volume_claim_templates.iter().enumerate() {
        volumes::claim_spec(&claim.spec, &claims.index(index).child("spec"), errors);
    }
    nonnegative_if(spec.replicas, &SPEC.child("replicas"), errors);
    nonnegative(spec.min_ready_seconds, &SPEC.child("minReadySeconds"), errors);
    if let Some(ordinals) = &spec.ordinals {
        nonnegative(ordinals.start, &SPEC.child("ordinals.start"), errors);
    }
    if !spec.service_name.is_empty() {
        each(names::dns_label(&spec.service_name), &spec.service_name, &SPEC.child("serviceName"), errors);
    }
    selector(spec.selector.as_ref(), "statefulset", errors);
    lasting_template(&with_claims(spec), spec.selector.as_ref(), "StatefulSet", &SPEC.child("template"), errors);
    if let Some(old) = old {
        immutable(&spec.selector, &old.selector, &SPEC.child("selector"), errors);
        let templates = |spec: &StatefulSetSpec| serde_json::to_value(&spec.volume_claim_templates).unwrap_or_default();
        immutable(&templates(spec), &templates(old), &claims, errors);
        immutable(&spec.service_name, &old.service_name, &SPEC.child("serviceName"), errors);
        immutable(&spec.pod_management_policy, &old.pod_management_policy, &path, errors);
    }
}

/// The template with the volumes that the claims will give it.
fn with_claims(spec: &StatefulSetSpec) -> PodTemplateSpec {
    let mut template = spec.template.clone();
    if !spec.volume_claim_templates.is_empty() {
        let pod = std::sync::Arc::make_mut(&mut template.spec);
        for claim in &spec.volume_claim_templates {
            let name = claim.metadata.name.to_string();
            pod.volumes.retain(|volume| volume.name != name);
            let source = PersistentVolumeClaimVolumeSource { claim_name: name.clone(), ..Default::default() };
            pod.volumes.push(Volume { name, persistent_volume_claim: Some(source), ..Volume::default() });
        }
    }
    template
}

fn stateful_strategy(strategy: &StatefulSetUpdateStrategy, path: &Path, errors: &mut FieldErrors) {
    match (&*strategy.r#type, &strategy.rolling_update) {
        ("", _) => errors.push(required(path, "")),
        ("OnDelete", Some(rolling)) => {
            errors.push(invalid(&path.child("rollingUpdate"), rolling, "only allowed for updateStrategy 'RollingUpdate'"));
        }
        ("OnDelete", None) | ("RollingUpdate", None) => {}
        ("RollingUpdate", Some(rolling)) => {
            let path = path.child("rollingUpdate");
            nonnegative_if(rolling.partition, &path.child("partition"), errors);
            if let Some(most) = &rolling.max_unavailable {
                let path = path.child("maxUnavailable");
                int_or_percent(most, &path, errors);
                if names::is_zero(most) {
                    errors.push(invalid(&path, most, "cannot be 0"));
                }
                names::at_most_all(most, &path, errors);
            }
        }
        _ => errors.push(invalid(path, strategy, "must be 'RollingUpdate' or 'OnDelete'")),
    }
}

/// Checks a DaemonSet.
pub fn daemon_set(spec: &DaemonSetSpec, old: Option<&DaemonSetSpec>, errors: &mut FieldErrors) {
    let path = SPEC.child("selector");
    if let Some(selector) = &spec.selector {
        meta::selector(selector, &path, errors);
    }
    let template = SPEC.child("template");
    matches_selector(&spec.template, spec.selector.as_ref(), &template, errors);
    if let Some(selector) = spec.selector.as_ref().filter(|s| s.match_labels.is_empty() && s.match_expressions.is_empty()) {
        errors.push(invalid(&path, selector, "empty selector is invalid for daemonset"));
    }
    lasting_template(&spec.template, None, "DaemonSet", &template, errors);
    nonnegative(spec.min_ready_seconds, &SPEC.child("minReadySeconds"), errors);
    daemon_strategy(&spec.update_strategy, &SPEC.child("updateStrategy"), errors);
    nonnegative_if(spec.revision_history_limit, &SPEC.child("revisionHistoryLimit"), errors);
    if let Some(old) = old {
        immutable(&spec.selector, &old.selector, &path, errors);
    }
}

fn daemon_strategy(strategy: &DaemonSetUpdateStrategy, path: &Path, errors: &mut FieldErrors) {
    match (&*strategy.r#type, &strategy.rolling_update) {
        ("OnDelete", _) => {}
        ("RollingUpdate", None) => errors.push(required(&path.child("rollingUpdate"), "")),
        ("RollingUpdate", Some(rolling)) => {
            let path = path.child("rollingUpdate");
            let (unavailable, surge) = (path.child("maxUnavailable"), path.child("maxSurge"));
            let none = IntOrString::Int(0);
            let (down, up) = (rolling.max_unavailable.as_ref().unwrap_or(&none), rolling.max_surge.as_ref().unwrap_or(&none));
            for (value, path) in [(down, &unavailable), (up, &surge)] {
                int_or_percent(value, path, errors);
            }
            for (value, path) in [(down, &unavailable), (up, &surge)] {
                names::at_most_all(value, path, errors);
            }
            match (names::is_zero(down), names::is_zero(up)) {
                (false, false) => errors.push(invalid(&surge, up, "may not be set when maxUnavailable is non-zero")),
                (true, true) => errors.push(required(&unavailable, "cannot be 0 when maxSurge is 0")),
                _ => {}
            }
        }
        _ => errors.push(not_supported(path, strategy, &["RollingUpdate", "OnDelete"])),
    }
}
