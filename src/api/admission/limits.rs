//! LimitRanger: defaults, bounds and ratios of a namespace's LimitRanges.
//! Real: plugin/pkg/admission/limitranger/admission.go @ v1.37.2.

use super::ApiError;
use crate::base::quantity::Quantity;
use crate::model::*;
use crate::store::View;
use std::sync::Arc;

const ANNOTATION: &str = "kubernetes.io/limit-ranger";

/// Fills in the requests and limits that a container lacks and notes it in an annotation.
pub fn complete(object: &mut Object, view: View<'_>) {
    let namespace = object.meta.namespace.clone();
    for (_, range) in view.list_in(Kind::LimitRange, &namespace) {
        let Some(range) = range.as_limit_range() else { continue };
        let (mut requests, mut limits) = (ResourceList::new(), ResourceList::new());
        for item in range.spec.limits.iter().filter(|item| item.r#type == "Container") {
            requests.extend(item.default_request.clone());
            limits.extend(item.default.clone());
        }
        let Body::Pod(pod) = &mut object.body else { return };
        if requests.is_empty() && limits.is_empty() {
            continue;
        }
        let mut notes = Vec::new();
        let spec = Arc::make_mut(&mut pod.spec);
        spec.containers.iter_mut().for_each(|container| fill(container, &requests, &limits, "container", &mut notes));
        spec.init_containers.iter_mut().for_each(|container| fill(container, &requests, &limits, "init container", &mut notes));
        if !notes.is_empty() {
            object.meta.annotations.set(ANNOTATION, format!("LimitRanger plugin set: {}", notes.join("; ")));
        }
    }
}

fn fill(container: &mut Container, requests: &ResourceList, limits: &ResourceList, what: &str, notes: &mut Vec<String>) {
    let mut merge = |into: &mut ResourceList, from: &ResourceList, word: &str| {
        let missing: Vec<&String> = from.keys().filter(|name| !into.contains_key(*name)).collect();
        if !missing.is_empty() {
            let names: Vec<&str> = missing.iter().map(|name| name.as_str()).collect();
            notes.push(format!("{} {word} for {what} {}", names.join(", "), container.name));
            into.extend(missing.into_iter().map(|name| (name.clone(), from[name])));
        }
    };
    merge(&mut container.resources.requests, requests, "request");
    merge(&mut container.resources.limits, limits, "limit");
}

/// Refuses what is outside of the bounds; all faults of one LimitRange at once.
pub fn check(object: &Object, view: View<'_>) -> Result<(), ApiError> {
    for (_, range) in view.list_in(Kind::LimitRange, &object.meta.namespace) {
        let Some(range) = range.as_limit_range() else { continue };
        let mut faults: Vec<String> = Vec::new();
        for item in &range.spec.limits {
            let mut bounds = |requests: &ResourceList, limits: &ResourceList| faults.extend(faults_of(item, requests, limits));
            match (&object.body, &*item.r#type) {
                (Body::Pod(pod), "Container") => {
                    let containers = pod.spec.containers.iter().chain(&pod.spec.init_containers);
                    containers.for_each(|container| bounds(&container.resources.requests, &container.resources.limits));
                }
                (Body::Pod(pod), "Pod") => bounds(&total(&pod.spec, |r| &r.requests), &total(&pod.spec, |r| &r.limits)),
                (Body::PersistentVolumeClaim(claim), "PersistentVolumeClaim") => {
                    // Only requests count; the greatest allowed is compared with them.
                    let requests = &claim.spec.resources.requests;
                    bounds(requests, requests);
                }
                _ => {}
            }
        }
        faults.dedup();
        let cause = match &faults[..] {
            [] => continue,
            [one] => one.clone(),
            many => format!("[{}]", many.join(", ")),
        };
        let resource = super::super::error::qualified(object.kind().plural(), object.kind().api_version());
        return Err(ApiError::forbidden(&resource, &object.meta.name, &cause));
    }
    Ok(())
}

/// Requests or limits of the pod as the scheduler counts them.
fn total(spec: &PodSpec, of: fn(&ResourceRequirements) -> &ResourceList) -> ResourceList {
    let mut total = super::super::defaulting::container_sum(spec, of);
    if let Some(resources) = &spec.resources {
        total.extend(of(resources).iter().map(|(name, amount)| (name.clone(), *amount)));
    }
    total
}

fn faults_of(item: &LimitRangeItem, requests: &ResourceList, limits: &ResourceList) -> Vec<String> {
    let kind = &item.r#type;
    let claim = kind == "PersistentVolumeClaim";
    let mut faults = Vec::new();
    for (name, least) in &item.min {
        let head = format!("minimum {name} usage per {kind} is {least}");
        match (requests.get(name), limits.get(name)) {
            (None, _) => faults.push(format!("{head}.  No request is specified")),
            (Some(request), _) if request < least => faults.push(format!("{head}, but request is {request}")),
            (_, Some(limit)) if limit < least => faults.push(format!("{head}, but limit is {limit}")),
            _ => {}
        }
    }
    for (name, most) in &item.max {
        let head = format!("maximum {name} usage per {kind} is {most}");
        match (requests.get(name), limits.get(name)) {
            (None, _) if claim => faults.push(format!("{head}.  No request is specified")),
            (Some(request), _) if claim && request > most => faults.push(format!("{head}, but request is {request}")),
            (_, None) => faults.push(format!("{head}.  No limit is specified")),
            (_, Some(limit)) if limit > most => faults.push(format!("{head}, but limit is {limit}")),
            (Some(request), _) if request > most => faults.push(format!("{head}, but request is {request}")),
            _ => {}
        }
    }
    for (name, most) in &item.max_limit_request_ratio {
        let zero = Quantity::ZERO;
        let (request, limit) = (requests.get(name).unwrap_or(&zero), limits.get(name).unwrap_or(&zero));
        let head = format!("{name} max limit to request ratio per {kind} is {most}");
        if request.is_zero() {
            faults.push(format!("{head}, but no request is specified or request is 0"));
        } else if limit.is_zero() {
            faults.push(format!("{head}, but no limit is specified or limit is 0"));
        } else {
            let ratio = limit.milli_value() as f64 / request.milli_value() as f64;
            if ratio * 1000.0 > most.milli_value() as f64 {
                faults.push(format!("{head}, but provided ratio is {ratio:.6}"));
            }
        }
    }
    faults
}
