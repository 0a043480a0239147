//! A Service with its endpoints as a change of its EndpointSlices leaves them, and what a node's kube-proxy makes of that.
//! Real: CategorizeEndpoints in pkg/proxy/topology.go, pkg/proxy/endpointslicecache.go @ v1.37.2; DNS: the specification of
//! Kubernetes DNS-based service discovery, 1.1.0.

use super::load::{Load, Port};
use crate::actor::traffic::Cause;
use crate::base::Span;
use crate::model::{Endpoint as ApiEndpoint, Kind, Object, Service, ServicePort, Str};
use crate::store::View;

/// The label that ties a slice to its Service.
pub(super) const SERVICE_NAME: &str = "kubernetes.io/service-name";

/// Where a request may go.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Target {
    pub ip: Str,
    pub port: i32,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Endpoint {
    target: Target,
    node: Str,
    hostname: Str,
    ready: bool,
    serving: bool,
    terminating: bool,
    for_zones: Vec<Str>,
    for_nodes: Vec<Str>,
}

/// A Service as it can be programmed on a node.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Snapshot {
    /// There is such a Service with such a port.
    pub known: bool,
    /// Clients get the endpoints' own addresses from DNS.
    pub headless: bool,
    /// How long a client stays with its endpoint.
    pub affinity: Option<Span>,
    pub internal_local: bool,
    pub external_local: bool,
    /// Node ports lead to it.
    pub has_node_port: bool,
    pub endpoints: Vec<Endpoint>,
}

/// What a node knows: where to send, or why that fails.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Route {
    pub targets: Vec<Target>,
    /// What becomes of requests if there is no target.
    pub none: Cause,
}

impl Snapshot {
    /// The Service of a load as the view shows it.
    pub fn of(load: &Load, view: View<'_>) -> Snapshot {
        let Some(service) = view.find(Kind::Service, &load.namespace, &load.service).and_then(|object| object.as_service()) else {
            return Snapshot::default();
        };
        let spec = &service.spec;
        let headless = spec.cluster_ip == "None";
        let port = wanted_port(service, &load.port);
        if spec.r#type == "ExternalName" || port.is_none() && !headless {
            return Snapshot::default();
        }
        let client_ip = spec.session_affinity_config.as_ref().and_then(|config| config.client_ip.as_ref()?.timeout_seconds);
        let seconds = client_ip.unwrap_or(10_800).max(0) as u64;
        let mut snapshot = Snapshot {
            known: true,
            headless,
            affinity: (spec.session_affinity == "ClientIP" && !headless).then(|| Span::from_s(seconds)),
            internal_local: spec.internal_traffic_policy.as_deref() == Some("Local"),
            external_local: spec.external_traffic_policy == "Local",
            has_node_port: port.is_some_and(|port| port.node_port != 0),
            endpoints: Vec::new(),
        };
        let named = port.map_or("", |port| port.name.as_str());
        for (_, object) in view.list_in(Kind::EndpointSlice, &load.namespace) {
            snapshot.add_slice(object, &load.service, named, &load.port);
        }
        snapshot.endpoints.sort_by(|a, b| a.target.cmp(&b.target));
        snapshot.endpoints.dedup_by(|a, b| a.target == b.target);
        snapshot
    }

    fn add_slice(&mut self, object: &Object, service: &str, named: &str, wish: &Port) {
        let Some(slice) = object.as_endpoint_slice().filter(|_| object.meta.labels.get(SERVICE_NAME) == Some(service)) else { return };
        let fits = |name: &Option<String>| name.as_deref().unwrap_or("") == named;
        let port = slice.ports.iter().find(|port| fits(&port.name)).and_then(|port| port.port);
        // Names of headless services lead to addresses; the port is the client's own choice.
        let port = match (port, wish) {
            (_, Port::Number(number)) if self.headless => *number,
            (Some(port), _) => port,
            (None, _) => return,
        };
        self.endpoints.extend(slice.endpoints.iter().filter_map(|endpoint| endpoint_of(endpoint, port)));
    }

    /// What a node's table, or a client's resolver, makes of it.
    pub fn route(&self, node: &Str, zone: &str, outside: bool, host: &str) -> Route {
        let route = |chosen: Vec<&Endpoint>, none| Route { targets: chosen.iter().map(|endpoint| endpoint.target.clone()).collect(), none };
        if !self.known {
            return route(Vec::new(), Cause::Dns);
        }
        if self.headless {
            // No address, no answer: there are no rules that could refuse.
            let named = self.endpoints.iter().filter(|endpoint| endpoint.ready && (host.is_empty() || &*endpoint.hostname == host));
            return route(named.collect(), Cause::Dns);
        }
        if outside && !self.has_node_port {
            return route(Vec::new(), Cause::Refused);
        }
        let only_local = if outside { self.external_local } else { self.internal_local };
        if only_local {
            let local = usable(self.endpoints.iter().filter(|endpoint| endpoint.node == *node).collect());
            // With endpoints elsewhere the packet is dropped, without any it is refused.
            let elsewhere = !usable(self.endpoints.iter().collect()).is_empty();
            return route(local, if elsewhere { Cause::TimeOut } else { Cause::NoEndpoints });
        }
        route(self.near(usable(self.endpoints.iter().collect()), node, zone), Cause::NoEndpoints)
    }

    /// Those that hints keep for this node or zone, if every ready endpoint has hints and any fits.
    fn near<'a>(&self, endpoints: Vec<&'a Endpoint>, node: &Str, zone: &str) -> Vec<&'a Endpoint> {
        let hinted = |hints: fn(&Endpoint) -> &Vec<Str>, wanted: &str| -> Option<Vec<&'a Endpoint>> {
            let all = endpoints.iter().all(|endpoint| endpoint.ready && !hints(endpoint).is_empty());
            let fit: Vec<_> = endpoints.iter().copied().filter(|endpoint| hints(endpoint).iter().any(|hint| &**hint == wanted)).collect();
            (all && !fit.is_empty()).then_some(fit)
        };
        let by_node = hinted(|endpoint| &endpoint.for_nodes, node);
        by_node.or_else(|| hinted(|endpoint| &endpoint.for_zones, zone)).unwrap_or(endpoints)
    }

    /// How many endpoints are ready.
    pub fn ready(&self) -> usize {
        self.endpoints.iter().filter(|endpoint| endpoint.ready).count()
    }
}

/// The ready ones; if there are none, those that still serve while they terminate.
fn usable(endpoints: Vec<&Endpoint>) -> Vec<&Endpoint> {
    if endpoints.iter().any(|endpoint| endpoint.ready) {
        return endpoints.into_iter().filter(|endpoint| endpoint.ready).collect();
    }
    endpoints.into_iter().filter(|endpoint| endpoint.serving && endpoint.terminating).collect()
}

fn wanted_port<'a>(service: &'a Service, wish: &Port) -> Option<&'a ServicePort> {
    let mut ports = service.spec.ports.iter();
    match wish {
        Port::First => ports.next(),
        Port::Named(name) => ports.find(|port| *port.name == **name),
        Port::Number(number) => ports.find(|port| port.port == *number || port.node_port == *number),
    }
}

fn endpoint_of(endpoint: &ApiEndpoint, port: i32) -> Option<Endpoint> {
    let conditions = &endpoint.conditions;
    // Unset: ready; serving as ready.
    let ready = conditions.ready.unwrap_or(true);
    let text = |text: &Option<String>| text.as_deref().unwrap_or("").into();
    let hints = endpoint.hints.as_ref();
    Some(Endpoint {
        target: Target { ip: endpoint.addresses.first()?.as_str().into(), port },
        node: text(&endpoint.node_name),
        hostname: text(&endpoint.hostname),
        ready,
        serving: conditions.serving.unwrap_or(ready),
        terminating: conditions.terminating.unwrap_or(false),
        for_zones: hints.map_or(Vec::new(), |hints| hints.for_zones.iter().map(|zone| zone.name.as_str().into()).collect()),
        for_nodes: hints.map_or(Vec::new(), |hints| hints.for_nodes.iter().map(|node| node.name.as_str().into()).collect()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ip@node` with letters: r ready, s serving, t terminating, `z=zone` a hint.
    fn snapshot(endpoints: &[(&str, &str)]) -> Snapshot {
        let endpoint = |(place, state): &(&str, &str)| {
            let (ip, node) = place.split_once('@').unwrap();
            let (letters, zone) = state.split_once('=').unwrap_or((state, ""));
            Endpoint {
                target: Target { ip: ip.into(), port: 80 },
                node: node.into(),
                hostname: format!("pod-{ip}").as_str().into(),
                ready: letters.contains('r'),
                serving: letters.contains('s'),
                terminating: letters.contains('t'),
                for_zones: if zone.is_empty() { Vec::new() } else { vec![zone.into()] },
                for_nodes: Vec::new(),
            }
        };
        Snapshot { known: true, has_node_port: true, endpoints: endpoints.iter().map(endpoint).collect(), ..Snapshot::default() }
    }

    fn routed(snapshot: &Snapshot, node: &str, outside: bool) -> (String, Cause) {
        let route = snapshot.route(&node.into(), "z1", outside, "");
        (route.targets.iter().map(|target| &*target.ip).collect::<Vec<_>>().join(" "), route.none)
    }

    #[test]
    fn terminating_endpoints_serve_only_when_none_is_ready() {
        let some = snapshot(&[("1@a", "rs"), ("2@a", "st"), ("3@b", "")]);
        assert_eq!(routed(&some, "a", false).0, "1");
        let none = snapshot(&[("1@a", "t"), ("2@a", "st"), ("3@b", "s")]);
        assert_eq!(routed(&none, "a", false).0, "2");
        assert_eq!(routed(&snapshot(&[("1@a", "")]), "a", false), ("".into(), Cause::NoEndpoints));
        assert_eq!(routed(&Snapshot::default(), "a", false).1, Cause::Dns);
    }

    #[test]
    fn local_policies_drop_where_others_have_endpoints() {
        let mut service = snapshot(&[("1@a", "rs"), ("2@b", "rs"), ("3@b", "st")]);
        service.internal_local = true;
        assert_eq!(routed(&service, "b", false).0, "2");
        assert_eq!(routed(&service, "c", false), ("".into(), Cause::TimeOut));
        assert_eq!(routed(&service, "c", true).0, "1 2");
        service.external_local = true;
        assert_eq!(routed(&service, "c", true).1, Cause::TimeOut);
        service.endpoints.clear();
        assert_eq!(routed(&service, "c", true).1, Cause::NoEndpoints);
        service.has_node_port = false;
        assert_eq!(routed(&service, "c", true).1, Cause::Refused);
        // A node whose own endpoints all terminate still uses them.
        let mut draining = snapshot(&[("1@a", "rs"), ("3@b", "st")]);
        draining.internal_local = true;
        assert_eq!(routed(&draining, "b", false).0, "3");
    }

    #[test]
    fn hints_count_only_if_all_have_them() {
        let all = snapshot(&[("1@a", "rs=z1"), ("2@b", "rs=z2")]);
        assert_eq!(routed(&all, "a", false).0, "1");
        let some = snapshot(&[("1@a", "rs=z1"), ("2@b", "rs")]);
        assert_eq!(routed(&some, "a", false).0, "1 2");
        let elsewhere = snapshot(&[("1@a", "rs=z3"), ("2@b", "rs=z2")]);
        assert_eq!(routed(&elsewhere, "a", false).0, "1 2");
    }

    #[test]
    fn names_of_headless_services_lead_to_ready_pods() {
        let mut service = snapshot(&[("1@a", "rs"), ("2@b", "st"), ("3@b", "rs")]);
        service.headless = true;
        assert_eq!(routed(&service, "a", false), ("1 3".into(), Cause::Dns));
        let one = service.route(&"a".into(), "", false, "pod-3");
        assert_eq!(&*one.targets[0].ip, "3");
        assert!(service.route(&"a".into(), "", false, "pod-2").targets.is_empty());
    }
}
