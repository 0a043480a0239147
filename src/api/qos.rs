//! Quality-of-service class of a pod: fixed at creation by its requests and limits.
//! Real: pkg/apis/core/v1/helper/qos/qos.go @ v1.37.2.

use crate::base::quantity::Quantity;
use crate::model::{PodSpec, ResourceList, ResourceRequirements};

/// The resources that decide.
const DECIDING: [&str; 2] = ["cpu", "memory"];

/// `Guaranteed`, `Burstable` or `BestEffort`.
pub fn class(spec: &PodSpec) -> &'static str {
    if let Some(resources) = &spec.resources
        && (deciding(&resources.requests).next().is_some() || deciding(&resources.limits).next().is_some())
    {
        return if is_guaranteed(resources) { "Guaranteed" } else { "Burstable" };
    }
    let containers = || spec.init_containers.iter().chain(&spec.containers).map(|container| &container.resources);
    if containers().all(|r| deciding(&r.requests).next().is_none() && deciding(&r.limits).next().is_none()) {
        "BestEffort"
    } else if containers().all(is_guaranteed) {
        "Guaranteed"
    } else {
        "Burstable"
    }
}

fn deciding(list: &ResourceList) -> impl Iterator<Item = (&str, &Quantity)> {
    DECIDING.into_iter().filter_map(|name| list.get(name).filter(|quantity| !quantity.is_zero()).map(|quantity| (name, quantity)))
}

/// Both limits are set, and requests are the same.
fn is_guaranteed(resources: &ResourceRequirements) -> bool {
    DECIDING.into_iter().all(|name| match (resources.requests.get(name), resources.limits.get(name)) {
        (Some(request), Some(limit)) => request == limit && !limit.is_zero(),
        (None, Some(limit)) => !limit.is_zero(),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Container;

    fn of(containers: &[(&[(&str, &str)], &[(&str, &str)])]) -> &'static str {
        let list = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| (k.to_string(), v.parse().unwrap())).collect();
        let container = |(requests, limits): &(&[(&str, &str)], &[(&str, &str)])| Container {
            resources: ResourceRequirements { requests: list(requests), limits: list(limits), ..Default::default() },
            ..Container::default()
        };
        class(&PodSpec { containers: containers.iter().map(container).collect(), ..PodSpec::default() })
    }

    #[test]
    fn the_three_classes() {
        let full: &[(&str, &str)] = &[("cpu", "1"), ("memory", "1Gi")];
        assert_eq!(of(&[(&[], &[])]), "BestEffort");
        assert_eq!(of(&[(full, full)]), "Guaranteed");
        assert_eq!(of(&[(&[], full)]), "Guaranteed");
        assert_eq!(of(&[(full, full), (&[], &[])]), "Burstable");
        assert_eq!(of(&[(&[("cpu", "1")], &[])]), "Burstable");
        assert_eq!(of(&[(&[("cpu", "500m"), ("memory", "1Gi")], full)]), "Burstable");
        assert_eq!(of(&[(&[("ephemeral-storage", "1Gi")], &[])]), "BestEffort");
    }
}
