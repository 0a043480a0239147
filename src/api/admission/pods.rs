//! What plugins and the registry do to pods: priority, tolerations of lost nodes, and the merging of label keys into selectors.
//! Real: plugin/pkg/admission/{priority,defaulttolerationseconds,serviceaccount}/admission.go, pkg/registry/core/pod/strategy.go @ v1.37.2.

use super::ApiError;
use crate::model::*;
use crate::store::View;
use std::sync::Arc;

/// How long a pod stays bound to a node that is lost, unless it says otherwise.
const LOST_NODE_S: i64 = 300;
/// The taints that it tolerates for so long.
const LOST_NODE_TAINTS: [&str; 2] = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];
/// The classes of the system, which always exist.
const SYSTEM_CLASSES: [(&str, i32); 2] = [("system-cluster-critical", 2_000_000_000), ("system-node-critical", 2_000_001_000)];

/// A pod without Secrets for its images gets those of its service account, if there are any.
pub fn pull_secrets(object: &mut Object, view: View<'_>) {
    let namespace = object.meta.namespace.clone();
    let Body::Pod(pod) = &mut object.body else { return };
    if !pod.spec.image_pull_secrets.is_empty() {
        return;
    }
    let account = if pod.spec.service_account_name.is_empty() { "default" } else { &pod.spec.service_account_name };
    let found = view.find(Kind::ServiceAccount, &namespace, account).and_then(|object| object.as_service_account());
    if let Some(account) = found.filter(|account| !account.image_pull_secrets.is_empty()) {
        Arc::make_mut(&mut pod.spec).image_pull_secrets = account.image_pull_secrets.clone();
    }
}

/// Sets the priority by the pod's class, or by the default class.
pub fn priority(object: &mut Object, view: View<'_>) -> Result<(), ApiError> {
    let name = object.meta.name.clone();
    let Body::Pod(pod) = &mut object.body else { return Ok(()) };
    let refuse = |cause: String| Err(ApiError::forbidden("pods", &name, &cause));
    let wanted = pod.spec.priority_class_name.clone();
    let (class, value, policy) = if wanted.is_empty() {
        default_class(view)
    } else if let Some(class) = view.find(Kind::PriorityClass, "", &wanted).and_then(|found| found.as_priority_class().cloned()) {
        (wanted, class.value, class.preemption_policy.clone())
    } else if let Some((_, value)) = SYSTEM_CLASSES.iter().find(|(class, _)| *class == wanted) {
        (wanted, *value, Some("PreemptLowerPriority".into()))
    } else {
        return refuse(format!("no PriorityClass with name {wanted} was found"));
    };
    if let Some(given) = pod.spec.priority.filter(|given| *given != value) {
        return refuse(format!(
            "the integer value of priority ({given}) must not be provided in pod spec; priority admission controller computed {value} \
             from the given PriorityClass name"
        ));
    }
    if let (Some(given), Some(computed)) = (&pod.spec.preemption_policy, &policy)
        && given != computed
    {
        return refuse(format!(
            "the string value of PreemptionPolicy ({given}) must not be provided in pod spec; priority admission controller computed \
             {computed} from the given PriorityClass name"
        ));
    }
    let complete = pod.spec.priority == Some(value) && pod.spec.priority_class_name == class;
    if !complete || policy.is_some() && pod.spec.preemption_policy != policy {
        let spec = Arc::make_mut(&mut pod.spec);
        (spec.priority, spec.priority_class_name) = (Some(value), class);
        spec.preemption_policy = policy.or_else(|| spec.preemption_policy.take());
    }
    Ok(())
}

/// The class marked as default (of several the lowest), else priority 0.
fn default_class(view: View<'_>) -> (String, i32, Option<String>) {
    let classes = view.list(Kind::PriorityClass).filter_map(|(_, object)| Some((object.meta.name.clone(), object.as_priority_class()?)));
    match classes.filter(|(_, class)| class.global_default).min_by_key(|(_, class)| class.value) {
        Some((name, class)) => (name.to_string(), class.value, class.preemption_policy.clone()),
        None => (String::new(), 0, Some("PreemptLowerPriority".into())),
    }
}

/// An update may leave out what admission had set.
pub fn keep_priority(pod: &mut Pod, before: &Pod) {
    if pod.spec.priority.is_none() && before.spec.priority.is_some() {
        Arc::make_mut(&mut pod.spec).priority = before.spec.priority;
    }
    if pod.spec.preemption_policy.is_none() && before.spec.preemption_policy.is_some() {
        Arc::make_mut(&mut pod.spec).preemption_policy = before.spec.preemption_policy.clone();
    }
}

/// Pods leave lost nodes after five minutes, unless they say otherwise.
pub fn tolerations(object: &mut Object) {
    let Body::Pod(pod) = &mut object.body else { return };
    for taint in LOST_NODE_TAINTS {
        let covers = |t: &Toleration| (t.key == taint || t.key.is_empty()) && (t.effect == "NoExecute" || t.effect.is_empty());
        if !pod.spec.tolerations.iter().any(covers) {
            let toleration = Toleration {
                key: taint.into(),
                operator: "Exists".into(),
                effect: "NoExecute".into(),
                toleration_seconds: Some(LOST_NODE_S),
                ..Toleration::default()
            };
            Arc::make_mut(&mut pod.spec).tolerations.push(toleration);
        }
    }
}

/// Refuses a second default class.
pub fn one_default_class(object: &Object, view: View<'_>) -> Result<(), ApiError> {
    if !object.as_priority_class().is_some_and(|class| class.global_default) {
        return Ok(());
    }
    let (other, ..) = default_class(view);
    if other.is_empty() || *other == *object.meta.name {
        return Ok(());
    }
    let cause = format!("PriorityClass {other} is already marked as default. Only one default can exist");
    Err(ApiError::forbidden("priorityclasses.scheduling.k8s.io", &object.meta.name, &cause))
}

/// What the registry does to a new pod between admission and validation: label keys become part of affinity selectors, the resources
/// of the pod as a whole are completed, and a gated pod says so in its conditions.
pub fn prepare(object: &mut Object) {
    let labels = object.meta.labels.clone();
    let Body::Pod(pod) = &mut object.body else { return };
    let keyed = |affinity: &Affinity| terms(affinity).any(|term| !term.match_label_keys.is_empty() || !term.mismatch_label_keys.is_empty());
    if pod.spec.affinity.as_ref().is_some_and(keyed)
        && let Some(affinity) = &mut Arc::make_mut(&mut pod.spec).affinity
    {
        terms_mut(affinity).into_iter().for_each(|term| merge_label_keys(term, &labels));
    }
    if pod.spec.topology_spread_constraints.iter().any(|constraint| !constraint.match_label_keys.is_empty()) {
        for constraint in &mut Arc::make_mut(&mut pod.spec).topology_spread_constraints {
            add_keys(constraint.label_selector.as_mut(), &constraint.match_label_keys, "In", &labels);
        }
    }
    if pod.spec.resources.is_some() {
        super::super::defaulting::pod_level_resources(Arc::make_mut(&mut pod.spec));
    }
    if !pod.spec.scheduling_gates.is_empty() && pod.condition("PodScheduled").is_none() {
        Arc::make_mut(&mut pod.status).conditions.push(PodCondition {
            r#type: "PodScheduled".into(),
            status: "False".into(),
            reason: "SchedulingGated".into(),
            message: "Scheduling is blocked due to non-empty scheduling gates".into(),
            ..PodCondition::default()
        });
    }
}

fn terms(affinity: &Affinity) -> impl Iterator<Item = &PodAffinityTerm> {
    let with = affinity.pod_affinity.iter().flat_map(|a| {
        let preferred = a.preferred_during_scheduling_ignored_during_execution.iter().map(|term| &term.pod_affinity_term);
        preferred.chain(&a.required_during_scheduling_ignored_during_execution)
    });
    let against = affinity.pod_anti_affinity.iter().flat_map(|a| {
        let preferred = a.preferred_during_scheduling_ignored_during_execution.iter().map(|term| &term.pod_affinity_term);
        preferred.chain(&a.required_during_scheduling_ignored_during_execution)
    });
    with.chain(against)
}

fn terms_mut(affinity: &mut Affinity) -> Vec<&mut PodAffinityTerm> {
    let mut terms = Vec::new();
    if let Some(a) = &mut affinity.pod_affinity {
        terms.extend(a.preferred_during_scheduling_ignored_during_execution.iter_mut().map(|term| &mut term.pod_affinity_term));
        terms.extend(&mut a.required_during_scheduling_ignored_during_execution);
    }
    if let Some(a) = &mut affinity.pod_anti_affinity {
        terms.extend(a.preferred_during_scheduling_ignored_during_execution.iter_mut().map(|term| &mut term.pod_affinity_term));
        terms.extend(&mut a.required_during_scheduling_ignored_during_execution);
    }
    terms
}

fn merge_label_keys(term: &mut PodAffinityTerm, labels: &Labels) {
    add_keys(term.label_selector.as_mut(), &term.match_label_keys, "In", labels);
    add_keys(term.label_selector.as_mut(), &term.mismatch_label_keys, "NotIn", labels);
}

/// Keys become requirements with the pod's own values.
fn add_keys(selector: Option<&mut LabelSelector>, keys: &[String], operator: &str, labels: &Labels) {
    let Some(selector) = selector else { return };
    for key in keys {
        if let Some(value) = labels.get(key) {
            let values = vec![value.to_string()];
            selector.match_expressions.push(LabelSelectorRequirement { key: key.clone(), operator: operator.into(), values });
        }
    }
}
