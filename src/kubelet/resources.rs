//! Requests and limits as statuses show them, and their sums over a pod.
//! Real: staging/src/k8s.io/component-helpers/resource/helpers.go @ v1.37.2.

use crate::model::{Container as Spec, PodSpec, Quantity, ResourceList, ResourceRequirements};

use super::pod::is_sidecar;

fn add(sum: &mut ResourceList, list: &ResourceList) {
    for (name, amount) in list {
        *sum.entry(name.clone()).or_default() += *amount;
    }
}

fn at_least(sum: &mut ResourceList, list: &ResourceList) {
    for (name, amount) in list {
        let present = sum.entry(name.clone()).or_default();
        if *amount > *present {
            *present = *amount;
        }
    }
}

fn total(spec: &PodSpec, of: impl Fn(&Spec) -> &ResourceList) -> ResourceList {
    let mut sum = ResourceList::new();
    spec.containers.iter().for_each(|container| add(&mut sum, of(container)));
    let mut sidecars = ResourceList::new();
    let mut init = ResourceList::new();
    for container in &spec.init_containers {
        if is_sidecar(container) {
            add(&mut sum, of(container));
            add(&mut sidecars, of(container));
            at_least(&mut init, &sidecars.clone());
        } else {
            let mut with = sidecars.clone();
            add(&mut with, of(container));
            at_least(&mut init, &with);
        }
    }
    at_least(&mut sum, &init);
    sum
}

/// What a pod asks for in all.
pub(crate) fn requests(spec: &PodSpec) -> ResourceList {
    let mut sum = total(spec, |container| &container.resources.requests);
    if let Some(whole) = &spec.resources {
        sum.extend(whole.requests.clone());
    }
    add(&mut sum, &spec.overhead);
    sum
}

/// What a pod may use in all.
pub(crate) fn limits(spec: &PodSpec) -> ResourceList {
    let mut sum = total(spec, |container| &container.resources.limits);
    if let Some(whole) = &spec.resources {
        sum.extend(whole.limits.clone());
    }
    sum
}

/// `allocatedResources` and `resources` of a pod's status.
pub(crate) fn of_pod(spec: &PodSpec) -> (ResourceList, Option<Box<ResourceRequirements>>) {
    let requests = requests(spec);
    let whole = ResourceRequirements { requests: requests.clone(), limits: limits(spec), ..ResourceRequirements::default() };
    (requests, Some(Box::new(whole)))
}

/// The same of a container's status.
pub(crate) fn of_container(container: &Spec) -> (ResourceList, Option<Box<ResourceRequirements>>) {
    (container.resources.requests.clone(), Some(Box::new(container.resources.clone())))
}

/// An amount of a list, zero if absent.
pub(crate) fn amount(list: &ResourceList, name: &str) -> Quantity {
    list.get(name).copied().unwrap_or_default()
}
