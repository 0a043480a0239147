//! What an object costs in terms of ResourceQuotas, and which quotas cover it. Used by admission, which charges, and by the
//! quota controller, which counts anew.
//! Real: pkg/quota/v1/evaluator/core/*.go, staging/src/k8s.io/apiserver/pkg/quota/v1/generic @ v1.37.2.

use super::*;

/// Amounts of pods that quotas know by their plain name.
const POD_RESOURCES: [&str; 10] = [
    "cpu",
    "memory",
    "ephemeral-storage",
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "limits.cpu",
    "limits.memory",
    "limits.ephemeral-storage",
    "pods",
];
/// If a quota limits one of these, each container must name it.
const REQUIRED: [&str; 6] = ["cpu", "memory", "requests.cpu", "requests.memory", "limits.cpu", "limits.memory"];
/// Kinds that quotas count by their plural alone.
const COUNTED: [Kind; 6] =
    [Kind::ConfigMap, Kind::Secret, Kind::ReplicationController, Kind::ResourceQuota, Kind::Service, Kind::PersistentVolumeClaim];
const STORAGE_CLASS: &str = ".storageclass.storage.k8s.io/";

/// The name under which a quota counts objects of a kind: `count/deployments.apps`.
pub fn count_name(kind: Kind) -> String {
    let group = kind.api_version().split_once('/').map(|(group, _)| format!(".{group}")).unwrap_or_default();
    format!("count/{}{group}", kind.plural())
}

/// Whether a limit of this name concerns objects of a kind.
pub fn concerns(kind: Kind, name: &str) -> bool {
    if name == count_name(kind) {
        return true;
    }
    match kind {
        Kind::Pod => {
            let extended = name.strip_prefix("requests.").is_some_and(|rest| rest.contains('/') && !rest.contains("kubernetes.io/"));
            POD_RESOURCES.contains(&name) || name.starts_with("hugepages-") || name.starts_with("requests.hugepages-") || extended
        }
        Kind::Service => ["services", "services.nodeports", "services.loadbalancers"].contains(&name),
        Kind::PersistentVolumeClaim => name == "persistentvolumeclaims" || name == "requests.storage" || name.contains(STORAGE_CLASS),
        _ => COUNTED.contains(&kind) && name == kind.plural(),
    }
}

/// Whether a pod is still charged for what it computes with: not ended, and not past its time to end.
pub fn is_charged(pod: &Object, now: Timestamp) -> bool {
    let Some(body) = pod.as_pod() else { return true };
    let overdue = match (pod.meta.deletion_timestamp, pod.meta.deletion_grace_period_seconds) {
        (Some(at), Some(grace_s)) => now.0 > at.0 + grace_s,
        _ => false,
    };
    !body.is_terminal() && !overdue
}

/// What an object costs.
pub fn usage(object: &Object, now: Timestamp) -> ResourceList {
    let one = Quantity::from_value(1);
    let kind = object.kind();
    let mut used = ResourceList::from([(count_name(kind), one)]);
    match &object.body {
        Body::Pod(pod) => {
            if is_charged(object, now) {
                let (requests, limits) = (pod_amounts(&pod.spec, |r| &r.requests), pod_amounts(&pod.spec, |r| &r.limits));
                used.extend(compute_usage(&requests, &limits));
            }
        }
        Body::Service(service) => {
            let ports = Quantity::from_value(service.spec.ports.len() as i64);
            used.insert("services".into(), one);
            match service.spec.r#type.as_str() {
                "NodePort" => {
                    used.insert("services.nodeports".into(), ports);
                }
                "LoadBalancer" => {
                    let allocated = service.spec.allocate_load_balancer_node_ports.unwrap_or(true);
                    used.insert("services.nodeports".into(), if allocated { ports } else { Quantity::ZERO });
                    used.insert("services.loadbalancers".into(), one);
                }
                _ => {}
            }
        }
        Body::PersistentVolumeClaim(claim) => {
            let storage = claim.spec.resources.requests.get("storage").copied().unwrap_or_default();
            used.insert("persistentvolumeclaims".into(), one);
            used.insert("requests.storage".into(), storage);
            if let Some(class) = claim.spec.storage_class_name.as_ref().filter(|class| !class.is_empty()) {
                used.insert(format!("{class}{STORAGE_CLASS}requests.storage"), storage);
                used.insert(format!("{class}{STORAGE_CLASS}persistentvolumeclaims"), one);
            }
        }
        _ if COUNTED.contains(&kind) => {
            used.insert(kind.plural().into(), one);
        }
        _ => {}
    }
    used
}

fn compute_usage(requests: &ResourceList, limits: &ResourceList) -> ResourceList {
    let mut used = ResourceList::from([("pods".to_string(), Quantity::from_value(1))]);
    for (name, amount) in requests {
        match name.as_str() {
            "cpu" | "memory" | "ephemeral-storage" => {
                used.insert(name.clone(), *amount);
                used.insert(format!("requests.{name}"), *amount);
            }
            huge if huge.starts_with("hugepages-") => {
                used.insert(name.clone(), *amount);
                used.insert(format!("requests.{name}"), *amount);
            }
            extended if extended.contains('/') => {
                used.insert(format!("requests.{name}"), *amount);
            }
            _ => {}
        }
    }
    for name in ["cpu", "memory", "ephemeral-storage"] {
        if let Some(amount) = limits.get(name) {
            used.insert(format!("limits.{name}"), *amount);
        }
    }
    used
}

/// What a pod asks for (or is limited to) at the worst moment of its life: containers and sidecars together, or an init
/// container with the sidecars before it; and its overhead. What the pod itself says goes before.
fn pod_amounts(spec: &PodSpec, of: impl Fn(&ResourceRequirements) -> &ResourceList) -> ResourceList {
    let add = |to: &mut ResourceList, from: &ResourceList| {
        for (name, amount) in from {
            *to.entry(name.clone()).or_default() += *amount;
        }
    };
    let most = |to: &mut ResourceList, from: &ResourceList| {
        for (name, amount) in from {
            let entry = to.entry(name.clone()).or_default();
            *entry = (*entry).max(*amount);
        }
    };
    let (mut sum, mut sidecars, mut init) = (ResourceList::new(), ResourceList::new(), ResourceList::new());
    spec.containers.iter().for_each(|container| add(&mut sum, of(&container.resources)));
    for container in &spec.init_containers {
        if container.restart_policy.as_deref() == Some("Always") {
            add(&mut sum, of(&container.resources));
            add(&mut sidecars, of(&container.resources));
            most(&mut init, &sidecars);
        } else {
            let mut moment = sidecars.clone();
            add(&mut moment, of(&container.resources));
            most(&mut init, &moment);
        }
    }
    most(&mut sum, &init);
    if let Some(pod_level) = &spec.resources {
        sum.extend(of(pod_level).iter().map(|(name, amount)| (name.clone(), *amount)));
    }
    for (name, amount) in &spec.overhead {
        if let Some(entry) = sum.get_mut(name) {
            *entry += *amount;
        } else {
            sum.insert(name.clone(), *amount);
        }
    }
    sum
}

/// What the containers of a pod must name because a quota limits it, and do not: `limits.memory for: c; requests.cpu for: c`.
pub fn missing(pod: &Pod, limited: &[&String]) -> Option<String> {
    if pod.spec.resources.as_ref().is_some_and(|level| !level.requests.is_empty() || !level.limits.is_empty()) {
        return None;
    }
    let required = limited.iter().filter(|name| REQUIRED.contains(&name.as_str()));
    let mut all: BTreeMap<&str, std::collections::BTreeSet<&str>> = BTreeMap::new();
    for name in required {
        for container in pod.spec.containers.iter().chain(&pod.spec.init_containers) {
            if !compute_usage(&container.resources.requests, &container.resources.limits).contains_key(*name) {
                all.entry(name).or_default().insert(&container.name);
            }
        }
    }
    let text = |(name, containers): (&&str, &std::collections::BTreeSet<&str>)| {
        format!("{name} for: {}", containers.iter().copied().collect::<Vec<_>>().join(","))
    };
    (!all.is_empty()).then(|| all.iter().map(text).collect::<Vec<_>>().join("; "))
}

/// Whether a quota's scopes take an object in. Only pods are told apart by scopes.
pub fn in_scope(quota: &ResourceQuotaSpec, object: &Object) -> bool {
    let selected = quota.scope_selector.iter().flat_map(|selector| &selector.match_expressions);
    let Some(pod) = object.as_pod() else { return quota.scopes.is_empty() && selected.count() == 0 };
    quota.scopes.iter().all(|scope| pod_in_scope(pod, scope, "Exists", &[])) && {
        let mut selected = selected;
        selected.all(|expression| pod_in_scope(pod, &expression.scope_name, &expression.operator, &expression.values))
    }
}

fn pod_in_scope(pod: &Pod, scope: &str, operator: &str, values: &[String]) -> bool {
    let terminating = pod.spec.active_deadline_seconds.is_some_and(|seconds| seconds >= 0);
    let class = pod.spec.priority_class_name.as_str();
    match scope {
        "Terminating" => terminating,
        "NotTerminating" => !terminating,
        "BestEffort" => &*pod.status.qos_class == "BestEffort",
        "NotBestEffort" => &*pod.status.qos_class != "BestEffort",
        "PriorityClass" => match operator {
            "Exists" => !class.is_empty(),
            "DoesNotExist" => class.is_empty(),
            "In" => !class.is_empty() && values.iter().any(|value| value == class),
            _ => class.is_empty() || !values.iter().any(|value| value == class),
        },
        "CrossNamespacePodAffinity" => crosses_namespaces(pod),
        _ => false,
    }
}

fn crosses_namespaces(pod: &Pod) -> bool {
    let crosses = |term: &PodAffinityTerm| !term.namespaces.is_empty() || term.namespace_selector.is_some();
    let Some(affinity) = &pod.spec.affinity else { return false };
    let (near, far) = (affinity.pod_affinity.as_ref(), affinity.pod_anti_affinity.as_ref());
    let hard = near.into_iter().flat_map(|a| &a.required_during_scheduling_ignored_during_execution);
    let hard_anti = far.into_iter().flat_map(|a| &a.required_during_scheduling_ignored_during_execution);
    let soft = near.into_iter().flat_map(|a| &a.preferred_during_scheduling_ignored_during_execution);
    let soft_anti = far.into_iter().flat_map(|a| &a.preferred_during_scheduling_ignored_during_execution);
    hard.chain(hard_anti).any(crosses) || soft.chain(soft_anti).any(|term| crosses(&term.pod_affinity_term))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn object(json: Value) -> Object {
        Object::from_json(json).unwrap()
    }

    fn shown(used: &ResourceList) -> String {
        used.iter().map(|(name, amount)| format!("{name}={amount}")).collect::<Vec<_>>().join(",")
    }

    #[test]
    fn objects_cost_what_they_ask_for() {
        let cases = [
            (
                json!({"apiVersion": "v1", "kind": "Pod", "spec": {
                    "containers": [{"name": "a", "resources": {"requests": {"cpu": "1", "x.io/gpu": "2"}, "limits": {"memory": "1Gi"}}}],
                    "initContainers": [{"name": "i", "resources": {"requests": {"cpu": "3"}}}]}}),
                "count/pods=1,cpu=3,limits.memory=1Gi,pods=1,requests.cpu=3,requests.x.io/gpu=2",
            ),
            (json!({"apiVersion": "v1", "kind": "Pod", "status": {"phase": "Failed"}}), "count/pods=1"),
            (
                json!({"apiVersion": "v1", "kind": "Service", "spec": {"type": "NodePort", "ports": [{"port": 1}, {"port": 2}]}}),
                "count/services=1,services=1,services.nodeports=2",
            ),
            (
                json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
                       "spec": {"storageClassName": "s", "resources": {"requests": {"storage": "1Gi"}}}}),
                "count/persistentvolumeclaims=1,persistentvolumeclaims=1,requests.storage=1Gi,\
                 s.storageclass.storage.k8s.io/persistentvolumeclaims=1,s.storageclass.storage.k8s.io/requests.storage=1Gi",
            ),
            (json!({"apiVersion": "apps/v1", "kind": "Deployment"}), "count/deployments.apps=1"),
            (json!({"apiVersion": "v1", "kind": "ConfigMap"}), "configmaps=1,count/configmaps=1"),
        ];
        for (json, want) in cases {
            let object = object(json);
            let used = usage(&object, Timestamp(0));
            assert_eq!(shown(&used), want);
            assert!(used.keys().filter(|name| !name.contains("x.io")).all(|name| concerns(object.kind(), name)), "{want}");
        }
    }

    #[test]
    fn scopes_and_constraints() {
        let pod = object(json!({"apiVersion": "v1", "kind": "Pod", "spec": {"priorityClassName": "high", "activeDeadlineSeconds": 5,
            "containers": [{"name": "c"}, {"name": "d", "resources": {"requests": {"cpu": "1"}}}]}, "status": {"qosClass": "Burstable"}}));
        let quota = |json: Value| serde_json::from_value::<ResourceQuotaSpec>(json).unwrap();
        let selector = |operator: &str, values: Value| json!({"scopeSelector": {"matchExpressions": [{"scopeName": "PriorityClass", "operator": operator, "values": values}]}});
        for (spec, want) in [
            (json!({}), true),
            (json!({"scopes": ["Terminating", "NotBestEffort"]}), true),
            (json!({"scopes": ["NotTerminating"]}), false),
            (json!({"scopes": ["BestEffort"]}), false),
            (selector("In", json!(["high"])), true),
            (selector("NotIn", json!(["high"])), false),
        ] {
            assert_eq!(in_scope(&quota(spec.clone()), &pod), want, "{spec}");
        }
        let (cpu, memory) = ("requests.cpu".to_string(), "limits.memory".to_string());
        let text = missing(pod.as_pod().unwrap(), &[&cpu, &memory]);
        assert_eq!(text.unwrap(), "limits.memory for: c,d; requests.cpu for: c");
    }
}
