//! Requests and limits as statuses show them, and their sums over a pod.
//! Real: staging/src/k8s.io/component-helpers/resource/helpers.go @ v1.37.2.

use crate::base::collections::Map;
use crate::model::{Container as Spec, PodSpec, Quantity, ResourceList, ResourceRequirements};

use super::pod::is_sidecar;
use std::sync::Arc;

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

/// `allocatedResources` and `resources` as a status shows them.
pub(crate) type Shown = (Arc<ResourceList>, Option<Arc<ResourceRequirements>>);

/// What the statuses of all pods of one spec show, shared by them.
#[derive(Clone)]
pub(crate) struct OfSpec {
    /// Held, so that its address stays its own.
    spec: Arc<PodSpec>,
    pub pod: Shown,
    /// Init containers first, then containers.
    pub containers: Arc<[Shown]>,
}

/// Specs remembered, by their addresses.
#[derive(Default)]
pub(crate) struct KnownSpecs(Map<usize, OfSpec>);

/// Specs remembered at most; then all are forgotten.
const SPECS_MAX: usize = 8_192;

impl KnownSpecs {
    /// What the statuses of pods of this spec show.
    pub fn of(&mut self, spec: &Arc<PodSpec>) -> OfSpec {
        let key = Arc::as_ptr(spec) as usize;
        if let Some(known) = self.0.get(&key).filter(|known| Arc::ptr_eq(&known.spec, spec)) {
            return known.clone();
        }
        if self.0.len() >= SPECS_MAX {
            self.0.clear();
        }
        let requests = requests(spec);
        let whole = ResourceRequirements { requests: requests.clone(), limits: limits(spec), ..ResourceRequirements::default() };
        let containers = spec.init_containers.iter().chain(&spec.containers);
        let shown = OfSpec {
            spec: spec.clone(),
            pod: (Arc::new(requests), Some(Arc::new(whole))),
            containers: containers.map(|c| (Arc::new(c.resources.requests.clone()), Some(Arc::new(c.resources.clone())))).collect(),
        };
        self.0.insert(key, shown.clone());
        shown
    }
}

/// An amount of a list, zero if absent.
pub(crate) fn amount(list: &ResourceList, name: &str) -> Quantity {
    list.get(name).copied().unwrap_or_default()
}
