//! What a pod asks for: the sum over its containers, the peak of its init containers, pod-level requests, overhead.
//! Real: component-helpers resource/helpers.go @ v0.37.2, pkg/scheduler/framework/types.go (Resource) @ v1.37.2.

use super::{Container, ContainerStatus, Pod, PodSpec, PodStatus, Quantity, ResourceList, ResourceRequirements, Str};
use std::sync::Arc;

/// CPU (in milli) that a container without a cpu request counts for in scores.
pub const DEFAULT_MILLI_CPU_REQUEST: i64 = 100;
/// Memory (in bytes) that a container without a memory request counts for in scores.
pub const DEFAULT_MEMORY_REQUEST: i64 = 200 * 1024 * 1024;

/// Amounts in the scheduler's units: milli for cpu, whole units for all else.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct Resource {
    /// CPU in milli.
    pub milli_cpu: i64,
    /// Memory in bytes.
    pub memory: i64,
    /// Ephemeral storage in bytes.
    pub ephemeral_storage: i64,
    /// Pods (only of what a node offers).
    pub allowed_pod_number: i64,
    /// Extended resources, huge pages and the like, by name in order.
    pub scalars: Vec<(Str, i64)>,
}

impl Resource {
    /// From amounts of the API.
    pub fn from_list(list: &ResourceList) -> Self {
        let mut out = Self::default();
        for (name, quantity) in list {
            match name.as_str() {
                "cpu" => out.milli_cpu = quantity.milli_value(),
                "memory" => out.memory = quantity.value(),
                "ephemeral-storage" => out.ephemeral_storage = quantity.value(),
                "pods" => out.allowed_pod_number = quantity.value(),
                name if is_scalar_resource_name(name) => out.scalars.push((name.into(), quantity.value())),
                _ => {}
            }
        }
        out
    }

    /// The amount of a scalar resource, 0 if absent.
    pub fn scalar(&self, name: &str) -> i64 {
        self.scalar_if_any(name).unwrap_or(0)
    }

    /// The amount of a scalar resource, if it is there.
    pub fn scalar_if_any(&self, name: &str) -> Option<i64> {
        self.scalars.iter().find(|(key, _)| **key == *name).map(|(_, amount)| *amount)
    }

    /// Adds `sign` times the other's amounts (not the number of pods).
    pub fn add(&mut self, other: &Resource, sign: i64) {
        self.milli_cpu += sign * other.milli_cpu;
        self.memory += sign * other.memory;
        self.ephemeral_storage += sign * other.ephemeral_storage;
        for (name, amount) in &other.scalars {
            match self.scalars.iter_mut().find(|(key, _)| key == name) {
                Some((_, mine)) => *mine += sign * amount,
                None => self.scalars.push((name.clone(), sign * amount)),
            }
        }
    }

    /// Whether nothing at all is asked for.
    pub fn is_nothing(&self) -> bool {
        self.milli_cpu == 0 && self.memory == 0 && self.ephemeral_storage == 0 && self.scalars.is_empty()
    }
}

/// Whether the scheduler counts this resource by name (beside cpu, memory, ephemeral-storage and pods).
pub fn is_scalar_resource_name(name: &str) -> bool {
    is_extended_resource_name(name)
        || name.starts_with("hugepages-")
        || name.contains("kubernetes.io/")
        || name.starts_with("attachable-volumes-")
}

/// Whether this is an extended resource: a qualified name of a domain that is not Kubernetes' own.
pub fn is_extended_resource_name(name: &str) -> bool {
    if !name.contains('/') || name.contains("kubernetes.io/") || name.starts_with("requests.") {
        return false;
    }
    let Some((prefix, suffix)) = name.split_once('/') else { return false };
    // The rule is on the name with the prefix that quotas give it.
    prefix.len() + "requests.".len() <= 253 && is_dns_subdomain(prefix) && is_qualified_suffix(suffix)
}

fn is_dns_subdomain(text: &str) -> bool {
    !text.is_empty()
        && text.split('.').all(|label| {
            let bytes = label.as_bytes();
            let ends = |b: &u8| b.is_ascii_lowercase() || b.is_ascii_digit();
            bytes.first().is_some_and(ends) && bytes.last().is_some_and(ends) && bytes.iter().all(|b| ends(b) || *b == b'-')
        })
}

fn is_qualified_suffix(text: &str) -> bool {
    let bytes = text.as_bytes();
    let ends = |b: &u8| b.is_ascii_alphanumeric();
    bytes.len() <= 63
        && bytes.first().is_some_and(ends)
        && bytes.last().is_some_and(ends)
        && bytes.iter().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
}

/// Whether requests may be set for the pod as a whole in this resource.
pub fn is_pod_level_resource(name: &str) -> bool {
    name == "cpu" || name == "memory" || name.starts_with("hugepages-")
}

/// How requests are added up.
#[derive(Clone, Copy, Debug, Default)]
pub struct RequestOptions<'a> {
    /// Count what the kubelet has allocated and set in motion too, for pods on nodes (in-place resize).
    pub use_status: bool,
    /// Leave pod-level requests out.
    pub skip_pod_level: bool,
    /// What a container counts for if it does not name the resource.
    pub non_missing: Option<&'a ResourceList>,
}

/// Whether the pod as a whole states requests.
pub fn pod_level_requests_set(spec: &PodSpec) -> bool {
    spec.resources.as_ref().is_some_and(|resources| resources.requests.keys().any(|name| is_pod_level_resource(name)))
}

/// Whether the status surely states no other resources than the spec asks for, as it is but for pods that are resized. Pods of several
/// containers whose status states resources of the whole are not looked into.
fn has_what_it_asked_for(pod: &Pod) -> bool {
    let (spec, status) = (&pod.spec, &pod.status);
    let plain = |list: &ResourceList, asked: &ResourceList| list.is_empty() || list == asked;
    let mut statuses = status.container_statuses.iter().chain(&status.init_container_statuses);
    let whole = match (spec.containers.as_slice(), spec.init_containers.as_slice()) {
        ([only], []) => {
            let asked = &only.resources.requests;
            plain(&status.allocated_resources, asked) && status.resources.as_ref().is_none_or(|actual| plain(&actual.requests, asked))
        }
        _ => status.resources.is_none() && status.allocated_resources.is_empty(),
    };
    whole
        && statuses.all(|found| {
            let container = spec.containers.iter().chain(&spec.init_containers).find(|container| *container.name == *found.name);
            container.is_some_and(|container| {
                let asked = &container.resources.requests;
                plain(&found.allocated_resources, asked) && found.resources.as_ref().is_none_or(|actual| plain(&actual.requests, asked))
            })
        })
        && !is_resize_infeasible(status)
}

/// Whether two versions of a pod surely ask for the same, so that it need not be added up.
pub fn surely_same_requests(old: &Pod, new: &Pod) -> bool {
    fn each(status: &PodStatus) -> impl Iterator<Item = (&Str, &Arc<ResourceList>, &Option<Arc<ResourceRequirements>>)> {
        let all = status.container_statuses.iter().chain(&status.init_container_statuses);
        all.map(|container| (&container.name, &container.allocated_resources, &container.resources))
    }
    let (before, after) = (&old.status, &new.status);
    let same = || {
        before.resources == after.resources
            && before.allocated_resources == after.allocated_resources
            && is_resize_infeasible(before) == is_resize_infeasible(after)
            && each(before).eq(each(after))
    };
    Arc::ptr_eq(&old.spec, &new.spec) && (same() || has_what_it_asked_for(old) && has_what_it_asked_for(new))
}

/// All that a pod asks for.
pub fn pod_requests(pod: &Pod, options: RequestOptions) -> ResourceList {
    let mut out = container_requests(&pod.spec, &pod.status, options);
    if let Some(resources) = &pod.spec.resources
        && !options.skip_pod_level
        && pod_level_requests_set(&pod.spec)
    {
        let mut effective = resources.requests.clone();
        if let Some(actual) = pod.status.resources.as_ref().filter(|_| options.use_status) {
            if is_resize_infeasible(&pod.status) {
                effective.clear();
            }
            max_into(&mut effective, &actual.requests);
            max_into(&mut effective, &pod.status.allocated_resources);
        }
        for (name, quantity) in effective.into_iter().filter(|(name, _)| is_pod_level_resource(name)) {
            out.insert(name, quantity);
        }
    }
    add_into(&mut out, &pod.spec.overhead);
    out
}

/// What the containers of a pod ask for together.
pub fn container_requests(spec: &PodSpec, status: &PodStatus, options: RequestOptions) -> ResourceList {
    let stated = |container: &Container| container.resources.requests.clone();
    if !options.use_status
        || (status.container_statuses.is_empty() && status.init_container_statuses.is_empty() && status.resources.is_none())
    {
        return aggregate(spec, options.non_missing, stated);
    }
    let infeasible = is_resize_infeasible(status);
    let mut out = if infeasible { ResourceList::new() } else { aggregate(spec, options.non_missing, stated) };
    let pod_level = status.resources.as_ref().filter(|r| !status.allocated_resources.is_empty() && !r.requests.is_empty());
    if let Some(actual) = pod_level {
        max_into(&mut out, &actual.requests);
        max_into(&mut out, &status.allocated_resources);
        return out;
    }
    let fallback = |container: &Container| if infeasible { ResourceList::new() } else { stated(container) };
    let allocated = |container: &Container| match find_status(status, &container.name) {
        Some(found) if !found.allocated_resources.is_empty() => (*found.allocated_resources).clone(),
        _ => fallback(container),
    };
    let actuated = |container: &Container| match find_status(status, &container.name).and_then(|found| found.resources.as_ref()) {
        Some(resources) if !resources.requests.is_empty() => resources.requests.clone(),
        _ => allocated(container),
    };
    max_into(&mut out, &aggregate(spec, options.non_missing, actuated));
    max_into(&mut out, &aggregate(spec, options.non_missing, allocated));
    out
}

/// What the containers of a pod may use at most together.
pub fn container_limits(spec: &PodSpec) -> ResourceList {
    aggregate(spec, None, |container| container.resources.limits.clone())
}

fn find_status<'a>(status: &'a PodStatus, name: &str) -> Option<&'a ContainerStatus> {
    status.container_statuses.iter().chain(&status.init_container_statuses).find(|found| *found.name == *name)
}

/// Whether the kubelet has said that the pod can never be resized as asked.
pub fn is_resize_infeasible(status: &PodStatus) -> bool {
    status.conditions.iter().find(|condition| &*condition.r#type == "PodResizePending").is_some_and(|c| &*c.reason == "Infeasible")
}

/// Whether an init container goes on running beside the main ones.
pub fn is_sidecar(container: &Container) -> bool {
    container.restart_policy.as_deref() == Some("Always")
}

fn aggregate(spec: &PodSpec, non_missing: Option<&ResourceList>, of: impl Fn(&Container) -> ResourceList) -> ResourceList {
    let counted = |container: &Container| {
        let mut list = of(container);
        for (name, quantity) in non_missing.into_iter().flatten() {
            list.entry(name.clone()).or_insert(*quantity);
        }
        list
    };
    let mut out = ResourceList::new();
    for container in &spec.containers {
        add_into(&mut out, &counted(container));
    }
    let (mut sidecars, mut peak) = (ResourceList::new(), ResourceList::new());
    for container in &spec.init_containers {
        let mut list = counted(container);
        if is_sidecar(container) {
            add_into(&mut out, &list);
            add_into(&mut sidecars, &list);
            max_into(&mut peak, &sidecars);
        } else {
            add_into(&mut list, &sidecars);
            max_into(&mut peak, &list);
        }
    }
    max_into(&mut out, &peak);
    out
}

fn add_into(list: &mut ResourceList, more: &ResourceList) {
    for (name, quantity) in more {
        match list.get_mut(name) {
            Some(mine) => *mine += *quantity,
            None => {
                list.insert(name.clone(), *quantity);
            }
        }
    }
}

fn max_into(list: &mut ResourceList, other: &ResourceList) {
    for (name, quantity) in other {
        match list.get_mut(name) {
            Some(mine) if *mine >= *quantity => {}
            Some(mine) => *mine = *quantity,
            None => {
                list.insert(name.clone(), *quantity);
            }
        }
    }
}

/// What a pod counts for on a node.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct PodResource {
    /// What it asks for.
    pub resource: Resource,
    /// CPU in milli, with the substitute for containers that name none.
    pub non0_cpu: i64,
    /// Memory in bytes, with the substitute.
    pub non0_memory: i64,
}

/// What containers count for in scores if they name neither cpu nor memory.
pub fn non_missing_defaults() -> ResourceList {
    ResourceList::from([
        ("cpu".into(), Quantity::from_milli(DEFAULT_MILLI_CPU_REQUEST)),
        ("memory".into(), Quantity::from_value(DEFAULT_MEMORY_REQUEST)),
    ])
}

/// What a pod counts for on a node, in filters and in scores.
pub fn pod_resource(pod: &Pod) -> PodResource {
    let plain = RequestOptions { use_status: true, ..RequestOptions::default() };
    let requests = pod_requests(pod, plain);
    let mut non_missing = non_missing_defaults();
    if pod_level_requests_set(&pod.spec) {
        non_missing.retain(|name, _| !requests.contains_key(name));
    }
    let non0 = pod_requests(pod, RequestOptions { non_missing: Some(&non_missing), ..plain });
    let amount = |name: &str| non0.get(name).copied().unwrap_or_default();
    PodResource { resource: Resource::from_list(&requests), non0_cpu: amount("cpu").milli_value(), non0_memory: amount("memory").value() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn pod(spec: serde_json::Value) -> Pod {
        serde_json::from_value(json!({"spec": spec})).unwrap()
    }

    #[test]
    fn init_containers_count_by_their_peak_and_sidecars_stay() {
        let cpu = |amount: &str| json!({"requests": {"cpu": amount}});
        let pod = pod(json!({
            "containers": [{"name": "a", "resources": cpu("300m")}],
            "initContainers": [
                {"name": "i1", "resources": cpu("700m")},
                {"name": "s1", "restartPolicy": "Always", "resources": cpu("200m")},
                {"name": "i2", "resources": cpu("600m")}],
            "overhead": {"cpu": "10m"}}));
        let got = pod_resource(&pod);
        // main + sidecar = 500m; first init = 700m; second init beside the sidecar = 800m.
        assert_eq!((got.resource.milli_cpu, got.non0_memory), (810, 3 * DEFAULT_MEMORY_REQUEST.min(i64::MAX / 3) - DEFAULT_MEMORY_REQUEST));
    }

    #[test]
    fn pod_level_requests_replace_the_sum() {
        let pod = pod(json!({
            "containers": [{"name": "a", "resources": {"requests": {"cpu": "300m", "example.com/gpu": "1"}}}],
            "resources": {"requests": {"cpu": "1"}}}));
        let got = pod_resource(&pod);
        assert_eq!((got.resource.milli_cpu, got.resource.scalar("example.com/gpu")), (1000, 1));
        assert_eq!((got.non0_cpu, got.non0_memory), (1000, DEFAULT_MEMORY_REQUEST));
        let bare = pod_requests(&pod, RequestOptions { skip_pod_level: true, ..RequestOptions::default() });
        assert_eq!(bare["cpu"], Quantity::from_milli(300));
        assert!(pod_level_requests_set(&pod.spec));
    }

    #[test]
    fn names_of_resources_are_told_apart() {
        for (name, extended, scalar) in [
            ("example.com/gpu", true, true),
            ("hugepages-2Mi", false, true),
            ("kubernetes.io/x", false, true),
            ("attachable-volumes-csi-x", false, true),
            ("requests.example.com/x", false, false),
            ("cpu", false, false),
            ("Example.com/gpu", false, false),
        ] {
            assert_eq!((is_extended_resource_name(name), is_scalar_resource_name(name)), (extended, scalar), "{name}");
        }
    }

    #[test]
    fn amounts_add_and_take_away() {
        let one =
            Resource::from_list(&serde_json::from_value(json!({"cpu": "1", "memory": "1Ki", "pods": "5", "example.com/a": "2"})).unwrap());
        let mut sum = Resource::default();
        assert!(sum.is_nothing());
        sum.add(&one, 1);
        sum.add(&one, 1);
        sum.add(&one, -1);
        assert_eq!((sum.milli_cpu, sum.memory, sum.allowed_pod_number), (1000, 1024, 0));
        assert_eq!((sum.scalar_if_any("example.com/a"), sum.scalar_if_any("b")), (Some(2), None));
    }

    #[test]
    fn limits_add_up_like_requests() {
        let pod = pod(
            json!({"containers": [{"name": "a", "resources": {"limits": {"hugepages-2Mi": "4Mi"}}}, {"name": "b", "resources": {"limits": {"hugepages-2Mi": "2Mi"}}}]}),
        );
        assert_eq!(container_limits(&pod.spec)["hugepages-2Mi"].value(), 6 << 20);
        assert!(!is_sidecar(&pod.spec.containers[0]) && is_pod_level_resource("cpu") && !is_pod_level_resource("pods"));
        assert!(container_requests(&pod.spec, &pod.status, RequestOptions::default()).is_empty());
    }
}
