//! Everything agrees in the end: statuses say what is there, controllers have seen the newest wish and carried it out as far as they
//! can, no pod is forgotten by the scheduler or by its kubelet, and Services lead to exactly the ready pods.

use super::{End, Law};
use crate::model::{Kind, Obj, Object, Selector, Str};
use crate::store::View;
use std::collections::BTreeSet;

/// The law.
pub struct Agreement;

fn equal(what: &str, object: &Object, said: i64, there: i64) -> Result<(), String> {
    if said == there {
        return Ok(());
    }
    Err(format!("{} {}/{}: {what} is {said}, and {there} are there", object.kind_name(), object.meta.namespace, object.meta.name))
}

fn observed(object: &Object, generation: i64) -> Result<(), String> {
    if generation >= object.meta.generation {
        return Ok(());
    }
    let name = format!("{} {}/{}", object.kind_name(), object.meta.namespace, object.meta.name);
    Err(format!("{name}: generation {} has not been observed (only {generation})", object.meta.generation))
}

/// Pods of a controller that are neither going nor ended, and how many of them are ready.
fn pods_of<'a>(view: View<'a>, owner: &'a Object) -> (Vec<&'a Obj>, i64) {
    let own = view.controlled_by(Kind::Pod, &owner.meta.uid).map(|(_, pod)| pod);
    let active: Vec<&Obj> = own.filter(|pod| !pod.meta.is_deleting() && pod.as_pod().is_some_and(|body| !body.is_terminal())).collect();
    let ready = active.iter().filter(|pod| pod.as_pod().is_some_and(|body| body.is_ready())).count() as i64;
    (active, ready)
}

fn replica_sets(view: View<'_>) -> Result<(), String> {
    for (_, object) in view.list(Kind::ReplicaSet).filter(|(_, object)| !object.meta.is_deleting()) {
        let Some(set) = object.as_replica_set() else { continue };
        let (active, ready) = pods_of(view, object);
        observed(object, set.status.observed_generation)?;
        let fails = set.status.conditions.iter().any(|condition| &*condition.r#type == "ReplicaFailure" && &*condition.status == "True");
        if !fails {
            equal("spec.replicas", object, i64::from(set.spec.replicas.unwrap_or(1)), active.len() as i64)?;
        }
        equal("status.replicas", object, i64::from(set.status.replicas), active.len() as i64)?;
        equal("status.readyReplicas", object, i64::from(set.status.ready_replicas), ready)?;
    }
    Ok(())
}

fn deployments(view: View<'_>) -> Result<(), String> {
    for (_, object) in view.list(Kind::Deployment).filter(|(_, object)| !object.meta.is_deleting()) {
        let Some(deployment) = object.as_deployment() else { continue };
        observed(object, deployment.status.observed_generation)?;
        let sets: Vec<&Obj> = view.controlled_by(Kind::ReplicaSet, &object.meta.uid).map(|(_, set)| set).collect();
        let sum = |of: fn(&crate::model::ReplicaSetStatus) -> i32| -> i64 {
            sets.iter().filter_map(|set| set.as_replica_set()).map(|set| i64::from(of(&set.status))).sum()
        };
        equal("status.replicas", object, i64::from(deployment.status.replicas), sum(|status| status.replicas))?;
        equal("status.readyReplicas", object, i64::from(deployment.status.ready_replicas), sum(|status| status.ready_replicas))?;
        equal(
            "status.availableReplicas",
            object,
            i64::from(deployment.status.available_replicas),
            sum(|status| status.available_replicas),
        )?;
    }
    Ok(())
}

fn others(view: View<'_>) -> Result<(), String> {
    for (_, object) in view.list(Kind::StatefulSet).filter(|(_, object)| !object.meta.is_deleting()) {
        let Some(set) = object.as_stateful_set() else { continue };
        let (_, ready) = pods_of(view, object);
        observed(object, set.status.observed_generation)?;
        equal("status.readyReplicas", object, i64::from(set.status.ready_replicas), ready)?;
    }
    for (_, object) in view.list(Kind::DaemonSet).filter(|(_, object)| !object.meta.is_deleting()) {
        let Some(set) = object.as_daemon_set() else { continue };
        let (_, ready) = pods_of(view, object);
        observed(object, set.status.observed_generation)?;
        equal("status.numberReady", object, i64::from(set.status.number_ready), ready)?;
    }
    for (_, object) in view.list(Kind::Job).filter(|(_, object)| !object.meta.is_deleting()) {
        let Some(job) = object.as_job() else { continue };
        equal("status.active", object, i64::from(job.status.active), pods_of(view, object).0.len() as i64)?;
    }
    Ok(())
}

/// Every pod is in somebody's care.
fn pods(view: View<'_>) -> Result<(), String> {
    for (_, object) in view.list(Kind::Pod) {
        let Some(pod) = object.as_pod() else { continue };
        if object.meta.is_deleting() || pod.is_terminal() {
            continue;
        }
        let name = format!("pod {}/{}", object.meta.namespace, object.meta.name);
        if !pod.is_bound() {
            if pod.condition("PodScheduled").is_none()
                && pod.spec.scheduling_gates.is_empty()
                && &*pod.spec.scheduler_name == "default-scheduler"
            {
                return Err(format!("{name} has never been looked at by the scheduler"));
            }
        } else if view.find(Kind::Node, "", &pod.node_name).is_none() {
            return Err(format!("{name} is bound to node {}, which does not exist", pod.node_name));
        } else if pod.status.container_statuses.is_empty() && pod.status.init_container_statuses.is_empty() {
            return Err(format!("{name} has never been looked at by the kubelet of {}", pod.node_name));
        }
    }
    Ok(())
}

/// Services lead to the ready pods that they select, and to no others.
fn services(view: View<'_>) -> Result<(), String> {
    for (_, object) in view.list(Kind::Service).filter(|(_, object)| !object.meta.is_deleting()) {
        let Some(service) = object.as_service().filter(|service| !service.spec.selector.is_empty()) else { continue };
        if service.spec.publish_not_ready_addresses {
            continue;
        }
        let selector = Selector::from_map(&service.spec.selector);
        let there: BTreeSet<Str> = view
            .list_in(Kind::Pod, &object.meta.namespace)
            .map(|(_, pod)| pod)
            .filter(|pod| selector.matches(&pod.meta.labels) && !pod.meta.is_deleting())
            .filter_map(|pod| pod.as_pod())
            .filter(|pod| pod.is_ready() && !pod.is_terminal())
            .map(|pod| pod.status.pod_ip.clone())
            .collect();
        let slices = view.list_in(Kind::EndpointSlice, &object.meta.namespace).map(|(_, slice)| slice);
        let own = slices.filter(|slice| slice.meta.labels.get("kubernetes.io/service-name") == Some(&*object.meta.name));
        let told: BTreeSet<Str> = own
            .filter_map(|slice| slice.as_endpoint_slice())
            .flat_map(|slice| slice.endpoints.iter())
            .filter(|endpoint| endpoint.conditions.ready != Some(false))
            .flat_map(|endpoint| endpoint.addresses.iter().map(|address| Str::from(&**address)))
            .collect();
        if there != told {
            let name = format!("service {}/{}", object.meta.namespace, object.meta.name);
            return Err(format!("{name} leads to {told:?}, and ready are {there:?}"));
        }
    }
    Ok(())
}

impl Law for Agreement {
    fn name(&self) -> &'static str {
        "agreement"
    }

    fn about(&self) -> &'static str {
        "in the end statuses say what is there, wishes are carried out, no pod is forgotten, Services lead to the ready pods"
    }

    fn end(&mut self, view: View<'_>, _end: &End) -> Result<(), String> {
        replica_sets(view)?;
        deployments(view)?;
        others(view)?;
        pods(view)?;
        services(view)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::Bench;
    use super::*;
    use serde_json::json;

    #[test]
    fn a_status_that_is_wrong_breaks_it() {
        let set = |replicas: i32, said: i32| {
            json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": "r", "namespace": "d", "uid": "u"},
                "spec": {"replicas": replicas}, "status": {"replicas": said}})
        };
        let mut bench = Bench::new(Agreement);
        bench.put(set(0, 0)).unwrap();
        bench.end().unwrap();
        bench.put(set(0, 1)).unwrap();
        assert_eq!(bench.end().unwrap_err(), "ReplicaSet d/r: status.replicas is 1, and 0 are there");
        bench.put(set(1, 0)).unwrap();
        assert_eq!(bench.end().unwrap_err(), "ReplicaSet d/r: spec.replicas is 1, and 0 are there");
    }

    #[test]
    fn a_forgotten_pod_breaks_it() {
        let mut bench = Bench::new(Agreement);
        bench.put(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "d"}, "spec": {"schedulerName": "default-scheduler"}})).unwrap();
        assert!(bench.end().unwrap_err().contains("never been looked at by the scheduler"));
        bench
            .put(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "d"}, "spec": {"nodeName": "n"}}))
            .unwrap();
        assert!(bench.end().unwrap_err().contains("is bound to node n, which does not exist"));
    }

    #[test]
    fn each_controller_that_has_not_finished_breaks_it() {
        let meta = |generation: i64| json!({"name": "x", "namespace": "d", "uid": "u", "generation": generation});
        let cases = [
            ("apps/v1", "Deployment", 2, json!({"observedGeneration": 1}), "Deployment d/x: generation 2 has not been observed (only 1)"),
            (
                "apps/v1",
                "Deployment",
                1,
                json!({"observedGeneration": 1, "replicas": 1}),
                "Deployment d/x: status.replicas is 1, and 0 are there",
            ),
            (
                "apps/v1",
                "Deployment",
                1,
                json!({"observedGeneration": 1, "availableReplicas": 2}),
                "Deployment d/x: status.availableReplicas is 2, and 0 are there",
            ),
            ("apps/v1", "StatefulSet", 2, json!({}), "StatefulSet d/x: generation 2 has not been observed (only 0)"),
            ("apps/v1", "StatefulSet", 0, json!({"readyReplicas": 1}), "StatefulSet d/x: status.readyReplicas is 1, and 0 are there"),
            ("apps/v1", "DaemonSet", 0, json!({"numberReady": 1}), "DaemonSet d/x: status.numberReady is 1, and 0 are there"),
            ("batch/v1", "Job", 0, json!({"active": 1}), "Job d/x: status.active is 1, and 0 are there"),
        ];
        for (version, kind, generation, status, broken) in cases {
            let mut bench = Bench::new(Agreement);
            bench.put(json!({"apiVersion": version, "kind": kind, "metadata": meta(generation), "status": status})).unwrap();
            assert_eq!(bench.end().unwrap_err(), broken);
        }
    }

    #[test]
    fn a_service_that_leads_elsewhere_breaks_it() {
        let pod = |ready: &str| {
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "d", "labels": {"app": "a"}}, "spec": {"nodeName": "n"},
                "status": {"phase": "Running", "podIP": "10.0.0.1", "conditions": [{"type": "Ready", "status": ready}], "containerStatuses": [{"name": "c"}]}})
        };
        let slice = |addresses: serde_json::Value| {
            json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
                "metadata": {"name": "s", "namespace": "d", "labels": {"kubernetes.io/service-name": "s"}}, "addressType": "IPv4", "endpoints": addresses})
        };
        let leads = json!([{"addresses": ["10.0.0.1"], "conditions": {"ready": true}}]);
        let mut bench = Bench::new(Agreement);
        bench.put(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}})).unwrap();
        bench.put(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "d"}, "spec": {"selector": {"app": "a"}}})).unwrap();
        bench.put(pod("True")).unwrap();
        assert_eq!(bench.end().unwrap_err(), "service d/s leads to {}, and ready are {\"10.0.0.1\"}");
        bench.put(slice(leads.clone())).unwrap();
        bench.end().unwrap();
        bench.put(pod("False")).unwrap();
        assert_eq!(bench.end().unwrap_err(), "service d/s leads to {\"10.0.0.1\"}, and ready are {}");
    }
}
