//! What the three controllers around endpoints share: which Services a pod concerns, which pods count as endpoints, their
//! ports and addresses, and the times that triggered a change.
//! Real: staging/src/k8s.io/endpointslice/{utils.go,util/*.go} @ v1.37.2.

use crate::base::collections::Map;
use crate::model::{EndpointSlicePort, IntOrString, Labels, Obj, Object, Pod, ServicePort, ServiceSpec, Str, Timestamp};
use crate::store::{Change, Id, View};

/// Says when the endpoints' last change was triggered.
pub const TRIGGER_TIME: &str = "endpoints.kubernetes.io/last-change-trigger-time";
/// Marks the endpoints of Services without a cluster address.
pub const HEADLESS: &str = "service.kubernetes.io/headless";
/// The Service that a slice belongs to.
pub const SERVICE_NAME: &str = "kubernetes.io/service-name";
/// Who manages a slice.
pub const SLICE_MANAGED_BY: &str = "endpointslice.kubernetes.io/managed-by";

/// Whether the Service has an address of its own.
pub fn has_cluster_ip(service: &ServiceSpec) -> bool {
    !service.cluster_ip.is_empty() && service.cluster_ip != "None"
}

/// Whether a controller keeps the endpoints of the Service.
pub fn has_endpoints(service: &ServiceSpec) -> bool {
    service.r#type != "ExternalName" && !service.selector.is_empty()
}

/// Whether all pairs of a selector are among the labels.
pub fn selects(selector: &Labels, labels: &Labels) -> bool {
    selector.iter().all(|(key, value)| labels.get(key) == Some(value))
}

/// The pods that a Service selects, in order of their numbers.
pub fn pods_of<'a>(view: View<'a>, service: &Object) -> Vec<(Id, &'a Obj)> {
    let Some(body) = service.as_service() else { return Vec::new() };
    let selector = &body.spec.selector;
    let Some((key, value)) = selector.iter().next() else { return Vec::new() };
    view.pods_labelled(&service.meta.namespace, key, value).filter(|(_, pod)| selects(selector, &pod.meta.labels)).collect()
}

/// Whether a pod is an endpoint at all.
pub fn is_endpoint(pod: &Object, include_terminating: bool) -> bool {
    let Some(body) = pod.as_pod() else { return false };
    !body.is_terminal() && has_address(body) && (include_terminating || !pod.meta.is_deleting())
}

fn has_address(pod: &Pod) -> bool {
    !pod.status.pod_ip.is_empty() || !pod.status.pod_ips.is_empty()
}

/// The pod's addresses of one family.
pub fn addresses(pod: &Pod, ipv6: bool) -> impl Iterator<Item = &Str> {
    pod.status.pod_ips.iter().map(|entry| &entry.ip).filter(move |ip| is_ipv6(ip) == ipv6)
}

/// Whether an address is an IPv6 one.
pub fn is_ipv6(ip: &str) -> bool {
    ip.contains(':')
}

/// The host name that the endpoint of the pod has.
pub fn hostname<'a>(pod: &'a Object, service: &Object) -> Option<&'a str> {
    let spec = &pod.as_pod()?.spec;
    (!spec.hostname.is_empty() && *spec.subdomain == *service.meta.name).then_some(&*spec.hostname)
}

/// The container port that a port of a Service leads to. A name is looked up among the containers and sidecars.
pub fn find_port(pod: &Pod, port: &ServicePort) -> Option<i32> {
    let protocol = protocol(&port.protocol);
    match &port.target_port {
        IntOrString::Int(0) => Some(port.port),
        IntOrString::Int(number) => Some(*number),
        IntOrString::String(name) => {
            let sidecars = pod.spec.init_containers.iter().filter(|container| container.restart_policy.as_deref() == Some("Always"));
            let mut ports = pod.spec.containers.iter().chain(sidecars).flat_map(|container| &container.ports);
            ports.find(|found| found.name == *name && self::protocol(&found.protocol) == protocol).map(|found| found.container_port)
        }
    }
}

fn protocol(protocol: &str) -> &str {
    if protocol.is_empty() { "TCP" } else { protocol }
}

/// The ports of an endpoint, in the order that slices have them.
pub fn endpoint_ports(service: &ServiceSpec, pod: &Pod) -> Vec<EndpointSlicePort> {
    let found = service.ports.iter().filter_map(|port| {
        Some(EndpointSlicePort {
            name: Some(port.name.clone()),
            protocol: Some(protocol(&port.protocol).to_string()),
            port: Some(find_port(pod, port)?),
            app_protocol: port.app_protocol.clone(),
        })
    });
    sorted_ports(found.collect())
}

/// Ports in the order of a hash over how Go prints them, which is the order in which the real controllers write them.
pub fn sorted_ports(mut ports: Vec<EndpointSlicePort>) -> Vec<EndpointSlicePort> {
    if ports.len() > 1 {
        ports.sort_by_cached_key(port_hash);
    }
    ports
}

fn port_hash(port: &EndpointSlicePort) -> u128 {
    let text = |value: &Option<String>, kind: &str| format!("(*{kind}){}", value.as_deref().unwrap_or("<nil>"));
    let number = port.port.map_or("<nil>".into(), |port| port.to_string());
    let (name, protocol) = (text(&port.name, "string"), text(&port.protocol, "v1.Protocol"));
    let app_protocol = text(&port.app_protocol, "string");
    let printed = format!("(v1.EndpointPort){{Name:{name} Protocol:{protocol} Port:(*int32){number} AppProtocol:{app_protocol}}}");
    fnv128a(printed.as_bytes())
}

/// The hash FNV-1a of 128 bits.
pub fn fnv128a(bytes: &[u8]) -> u128 {
    const OFFSET: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.iter().fold(OFFSET, |hash, byte| (hash ^ u128::from(*byte)).wrapping_mul(PRIME))
}

/// Which Services select pods with a label.
#[derive(Default)]
pub struct ServiceIndex {
    by_pair: Map<(Str, Str, Str), Vec<Id>>,
}

impl ServiceIndex {
    /// A Service appeared, changed or went.
    pub fn service_changed(&mut self, change: &Change<'_>) {
        let pair = |service: Option<&Obj>| {
            let service = service?;
            let (key, value) = service.as_service()?.spec.selector.iter().next()?;
            Some((service.meta.namespace.clone(), key.clone(), value.clone()))
        };
        let (before, after) = (pair(change.before), pair(change.after));
        if before == after {
            return;
        }
        if let Some(services) = before.and_then(|pair| self.by_pair.get_mut(&pair)) {
            services.retain(|service| *service != change.id);
        }
        if let Some(pair) = after {
            self.by_pair.get_or_insert_with(pair, Vec::new).push(change.id);
        }
    }

    /// Whether a pod has a label, before or after the change, that some Service asks for.
    pub fn may_touch(&self, change: &Change<'_>) -> bool {
        let mut versions = change.before.into_iter().chain(change.after);
        !self.by_pair.is_empty()
            && versions.any(|pod| {
                let namespace = &pod.meta.namespace;
                pod.meta.labels.iter().any(|(key, value)| self.by_pair.contains_key(&(namespace.clone(), key.clone(), value.clone())))
            })
    }

    fn services(&self, view: View<'_>, pod: &Object, found: &mut Vec<Id>) {
        for (key, value) in pod.meta.labels.iter() {
            let pair = (pod.meta.namespace.clone(), key.clone(), value.clone());
            for &id in self.by_pair.get(&pair).into_iter().flatten() {
                let service = view.get(id).and_then(|service| service.as_service());
                if service.is_some_and(|service| selects(&service.spec.selector, &pod.meta.labels)) && !found.contains(&id) {
                    found.push(id);
                }
            }
        }
    }

    /// The Services whose endpoints a change of a pod may touch.
    pub fn touched(&self, view: View<'_>, change: &Change<'_>) -> Vec<Id> {
        let mut services = Vec::new();
        let (Some(before), Some(after)) = (change.before, change.after) else {
            for pod in [change.before, change.after].into_iter().flatten() {
                self.services(view, pod, &mut services);
            }
            return services;
        };
        let (pod_changed, membership_changed) = (endpoint_changed(before, after), membership_changed(before, after));
        if !pod_changed && !membership_changed {
            return services;
        }
        self.services(view, after, &mut services);
        if membership_changed {
            let mut former = Vec::new();
            self.services(view, before, &mut former);
            if pod_changed {
                former.retain(|id| !services.contains(id));
                services.extend(former);
            } else {
                let left: Vec<Id> = former.iter().filter(|id| !services.contains(id)).copied().collect();
                services.retain(|id| !former.contains(id));
                services.extend(left);
            }
        }
        services
    }
}

fn membership_changed(before: &Object, after: &Object) -> bool {
    let (Some(b), Some(a)) = (before.as_pod(), after.as_pod()) else { return false };
    before.meta.labels != after.meta.labels || b.spec.hostname != a.spec.hostname || b.spec.subdomain != a.spec.subdomain
}

fn endpoint_changed(before: &Object, after: &Object) -> bool {
    let (Some(b), Some(a)) = (before.as_pod(), after.as_pod()) else { return false };
    // Any change of a pod on its way out counts, since the real comparison is one of pointers.
    before.meta.is_deleting() || after.meta.is_deleting() || b.is_ready() != a.is_ready() || b.status.pod_ips != a.status.pod_ips
}

/// When pods and Services last changed in a way that matters, as far as syncs have seen.
#[derive(Default)]
pub struct TriggerTimes(Map<Id, Seen>);

struct Seen {
    service: Timestamp,
    /// In order of the pods' numbers.
    pods: Vec<(Id, Timestamp)>,
}

impl TriggerTimes {
    /// The earliest change since the last sync of the Service, if any; its creation at first. `pods` in order of their numbers.
    pub fn last_change(&mut self, id: Id, service: &Object, pods: &[(Id, &Obj)]) -> Option<Timestamp> {
        let created = service.meta.creation_timestamp.unwrap_or_default();
        let moments = pods.iter().filter_map(|(id, pod)| {
            let ready = pod.as_pod()?.condition("Ready")?;
            Some((*id, ready.last_transition_time?))
        });
        let now = Seen { service: created, pods: moments.collect() };
        let before = match self.0.get_mut(&id) {
            None => {
                self.0.insert(id, now);
                return Some(created);
            }
            Some(seen) => std::mem::replace(seen, now),
        };
        let now = self.0.get(&id)?;
        let mut earlier = before.pods.iter().peekable();
        let mut earliest = (created > before.service).then_some(created);
        for (pod, moment) in &now.pods {
            while earlier.next_if(|(id, _)| id < pod).is_some() {}
            let known = earlier.peek().filter(|(id, _)| id == pod).map(|(_, moment)| *moment);
            if known.is_none_or(|known| *moment > known) {
                earliest = Some(earliest.map_or(*moment, |earliest| earliest.min(*moment)));
            }
        }
        earliest
    }

    /// The Service is gone.
    pub fn forget(&mut self, id: Id) {
        self.0.remove(&id);
    }
}

/// Sets or clears the annotation of the trigger time.
pub fn annotate_trigger(annotations: &mut Labels, moment: Option<Timestamp>) {
    match moment {
        Some(moment) => annotations.set(TRIGGER_TIME, moment.to_string()),
        None => {
            annotations.remove(TRIGGER_TIME);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(json: serde_json::Value) -> Obj {
        Obj::new(Object::from_json(json).unwrap())
    }

    fn pod(json: serde_json::Value) -> Obj {
        let mut whole = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "ns"}});
        json_patch::merge(&mut whole, &json);
        object(whole)
    }

    #[test]
    fn ports_come_in_the_real_order() {
        let port =
            |name: &str| EndpointSlicePort { name: Some(name.into()), protocol: Some("TCP".into()), port: Some(8080), app_protocol: None };
        assert_eq!(format!("{:032x}", port_hash(&port("http"))), "0e874d5677090ee5c32afa85f637c347");
        let sorted = sorted_ports(["http", "https", "metrics", "grpc"].map(port).into());
        let names: Vec<_> = sorted.iter().map(|port| port.name.as_deref().unwrap()).collect();
        assert_eq!(names, ["http", "metrics", "grpc", "https"]);
    }

    #[test]
    fn named_ports_are_found_in_containers_and_sidecars() {
        let pod = pod(json!({"spec": {
            "containers": [{"name": "a", "ports": [{"name": "web", "containerPort": 8080}]}],
            "initContainers": [
                {"name": "s", "restartPolicy": "Always", "ports": [{"name": "side", "containerPort": 15000}]},
                {"name": "i", "ports": [{"name": "init", "containerPort": 1}]}]}}));
        let cases = [("web".into(), Some(8080)), ("side".into(), Some(15000)), ("init".into(), None), (IntOrString::Int(7), Some(7))];
        for (target_port, want) in cases {
            let port = ServicePort { target_port: target_port.clone(), port: 80, ..ServicePort::default() };
            assert_eq!(find_port(pod.as_pod().unwrap(), &port), want, "{target_port}");
        }
    }

    #[test]
    fn what_makes_a_pod_matter_again() {
        let base = json!({"metadata": {"labels": {"app": "web"}}, "status": {"podIPs": [{"ip": "10.0.0.1"}]}});
        let with = |patch: serde_json::Value| {
            let mut json = base.clone();
            json_patch::merge(&mut json, &patch);
            pod(json)
        };
        let cases = [
            (json!({}), (false, false)),
            (json!({"status": {"phase": "Running"}}), (false, false)),
            (json!({"status": {"podIPs": [{"ip": "10.0.0.2"}]}}), (true, false)),
            (json!({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}), (true, false)),
            (json!({"metadata": {"deletionTimestamp": "2026-03-29T06:55:00Z"}}), (true, false)),
            (json!({"metadata": {"labels": {"app": "api"}}}), (false, true)),
        ];
        for (patch, want) in cases {
            let (before, after) = (pod(base.clone()), with(patch.clone()));
            assert_eq!((endpoint_changed(&before, &after), membership_changed(&before, &after)), want, "{patch}");
        }
    }

    #[test]
    fn the_trigger_is_the_earliest_change_since_the_last_sync() {
        let service = object(json!({"apiVersion": "v1", "kind": "Service",
            "metadata": {"name": "s", "namespace": "ns", "creationTimestamp": "2026-01-01T00:00:00Z"}}));
        let ready = |at: &str| {
            pod(
                json!({"status": {"conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": format!("2026-01-01T00:00:{at}Z")}]}}),
            )
        };
        let (a, b, later) = (ready("05"), ready("06"), ready("09"));
        let mut times = TriggerTimes::default();
        let second = |moment: Option<Timestamp>| moment.map(|moment| moment.0.rem_euclid(60));
        assert_eq!(second(times.last_change(Id(1), &service, &[])), Some(0));
        assert_eq!(second(times.last_change(Id(1), &service, &[(Id(7), &a), (Id(9), &b)])), Some(5));
        assert_eq!(second(times.last_change(Id(1), &service, &[(Id(7), &a), (Id(9), &b)])), None);
        assert_eq!(second(times.last_change(Id(1), &service, &[(Id(7), &later), (Id(9), &b)])), Some(9));
        times.forget(Id(1));
        assert_eq!(second(times.last_change(Id(1), &service, &[])), Some(0));
    }
}
