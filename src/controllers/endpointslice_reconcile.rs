//! Which slices a Service shall have: keeps endpoints where they are, fills slices that are written anyway, then others
//! with room, then new ones.
//! Real: staging/src/k8s.io/endpointslice/{reconciler.go,trafficdist/trafficdist.go} @ v1.37.2.

use super::control::{controller_ref, name_prefix};
use super::endpoints_util::*;
use crate::base::collections::Map;
use crate::model::{
    Body, Endpoint, EndpointConditions, EndpointHints, EndpointSlice, EndpointSliceFields, EndpointSlicePort, ForNode, ForZone, Kind,
    Labels, Meta, Obj, Object, ObjectReference, PodSpec, ServiceSpec,
};
use crate::store::{Id, View};
use std::sync::Arc;

/// Who manages the slices of Services with selectors.
pub const MANAGER: &str = "endpointslice-controller.k8s.io";

/// What is to be done for one family of addresses.
#[derive(Default, Debug)]
pub struct Plan {
    /// New slices.
    pub create: Vec<Object>,
    /// Slices to be written.
    pub update: Vec<Object>,
    /// Slices to be deleted.
    pub delete: Vec<Obj>,
    /// Pods left out, and why: the sync is to be repeated.
    pub errors: Vec<String>,
}

/// What a plan is made from.
#[derive(Clone, Copy)]
pub struct Given<'a> {
    /// The Service.
    pub service: &'a Object,
    /// All pods that it selects.
    pub pods: &'a [(Id, &'a Obj)],
    /// Its present slices of the family.
    pub slices: &'a [&'a Obj],
    /// To look up nodes.
    pub view: View<'a>,
    /// Endpoints in one slice at most.
    pub max: usize,
}

/// The families of addresses that a Service wants, IPv4 first.
pub fn address_types(service: &ServiceSpec) -> Vec<&'static str> {
    let wants = |family: &str| service.ip_families.iter().any(|name| name == family);
    let (v4, v6) = match (wants("IPv4"), wants("IPv6")) {
        (false, false) if has_cluster_ip(service) => (!is_ipv6(&service.cluster_ip), is_ipv6(&service.cluster_ip)),
        (false, false) => (true, true),
        families => families,
    };
    [(v4, "IPv4"), (v6, "IPv6")].into_iter().filter(|(wanted, _)| *wanted).map(|(_, name)| name).collect()
}

struct Wanted<'a> {
    pod: &'a Obj,
    zone: Option<&'a str>,
    placed: bool,
}

/// Endpoints with the same ports.
struct Group<'a> {
    ports: Vec<EndpointSlicePort>,
    wanted: Vec<Wanted<'a>>,
    by_name: Map<&'a str, usize>,
    slices: Vec<&'a Obj>,
}

impl<'a> Group<'a> {
    fn new(ports: Vec<EndpointSlicePort>) -> Self {
        Group { ports, wanted: Vec::new(), by_name: Map::default(), slices: Vec::new() }
    }
}

/// Where endpoints shall be reached from first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hints {
    None,
    Zone,
    Node,
}

fn hints_of(service: &ServiceSpec) -> Hints {
    match service.traffic_distribution.as_deref() {
        Some("PreferClose" | "PreferSameZone") => Hints::Zone,
        Some("PreferSameNode") => Hints::Node,
        _ => Hints::None,
    }
}

impl Hints {
    fn of(self, endpoint: &Endpoint) -> Option<EndpointHints> {
        let for_zones: Vec<ForZone> = endpoint.zone.iter().map(|zone| ForZone { name: zone.clone() }).collect();
        let node = endpoint.node_name.iter().filter(|_| self == Hints::Node);
        let for_nodes: Vec<ForNode> = node.map(|node| ForNode { name: node.clone() }).collect();
        let any = !for_zones.is_empty() || !for_nodes.is_empty();
        any.then(|| EndpointHints { for_zones, for_nodes, ..EndpointHints::default() })
    }

    fn wrong_in(self, slice: &EndpointSliceFields) -> bool {
        slice.endpoints.iter().any(|endpoint| match self {
            Hints::None => endpoint.hints.is_some(),
            _ => endpoint.conditions.ready == Some(true) && endpoint.hints != self.of(endpoint),
        })
    }

    fn set_in(self, slice: &mut Object) {
        let Body::EndpointSlice(slice) = &mut slice.body else { return };
        for endpoint in &mut slice.endpoints {
            match self {
                Hints::None => endpoint.hints = None,
                _ if endpoint.conditions.ready == Some(true) => endpoint.hints = self.of(endpoint),
                _ => {}
            }
        }
    }
}

/// Makes the plan for one family.
pub fn plan(given: Given<'_>, address_type: &'static str) -> Plan {
    let Some(service) = given.service.as_service() else { return Plan::default() };
    let mut plan = Plan::default();
    let mut groups = group_pods(given, address_type == "IPv6", &mut plan.errors);
    let mut leftover = Vec::new();
    for &slice in given.slices {
        let Some(fields) = slice.as_endpoint_slice() else { continue };
        if !owned_by(slice, given.service) {
            plan.delete.push(slice.clone());
            continue;
        }
        let ports = if fields.ports.len() > 1 { sorted_ports(fields.ports.clone()) } else { fields.ports.clone() };
        match groups.iter_mut().find(|group| group.ports == ports) {
            Some(group) => group.slices.push(slice),
            None => leftover.push(slice.clone()),
        }
    }
    for group in &mut groups {
        pack(given, address_type, group, &mut plan);
    }
    plan.delete.extend(leftover);
    if given.slices.len() == plan.delete.len() && plan.create.is_empty() {
        let placeholder = new_slice(given.service, Vec::new(), address_type);
        match &plan.delete[..] {
            [only] if same_placeholder(only, &placeholder) => plan.delete.clear(),
            _ => plan.create.push(placeholder),
        }
    }
    let hints = hints_of(&service.spec);
    for slice in given.slices {
        let unchanged = !plan.update.iter().any(|other| other.meta.name == slice.meta.name)
            && !plan.delete.iter().any(|other| other.meta.name == slice.meta.name);
        if unchanged && slice.as_endpoint_slice().is_some_and(|fields| hints.wrong_in(fields)) {
            plan.update.push((***slice).clone());
        }
    }
    plan.create.iter_mut().chain(&mut plan.update).for_each(|slice| hints.set_in(slice));
    recycle(given.service, &mut plan);
    plan
}

/// Slices that would be deleted become those that would be created.
fn recycle(service: &Object, plan: &mut Plan) {
    let mut at = 0;
    while at < plan.delete.len() {
        let Some(new) = plan.create.last() else { return };
        let old = &plan.delete[at];
        let same_type =
            old.as_endpoint_slice().map(|slice| &slice.address_type) == new.as_endpoint_slice().map(|slice| &slice.address_type);
        if !same_type || !owned_by(old, service) {
            at += 1;
            continue;
        }
        let mut slice = plan.create.pop().expect("seen above");
        slice.meta.name = plan.delete.remove(at).meta.name.clone();
        plan.update.push(slice);
    }
}

fn group_pods<'a>(given: Given<'a>, ipv6: bool, errors: &mut Vec<String>) -> Vec<Group<'a>> {
    let Some(service) = given.service.as_service() else { return Vec::new() };
    let mut groups: Vec<Group<'a>> = Vec::new();
    // Pods of one template have their ports looked up once.
    let mut last: Option<(&Arc<PodSpec>, usize)> = None;
    for &(_, pod) in given.pods {
        let Some(body) = pod.as_pod().filter(|_| is_endpoint(pod, true)) else { continue };
        let at = match last {
            Some((spec, at)) if Arc::ptr_eq(spec, &body.spec) => at,
            _ => {
                let ports = endpoint_ports(&service.spec, body);
                groups.iter().position(|group| group.ports == ports).unwrap_or_else(|| {
                    groups.push(Group::new(ports));
                    groups.len() - 1
                })
            }
        };
        last = Some((&body.spec, at));
        let node = given.view.find(Kind::Node, "", &body.node_name);
        if node.is_none() && !service.spec.publish_not_ready_addresses {
            let (name, meta) = (&pod.meta.name, &given.service.meta);
            errors.push(format!("skipping Pod {name} for Service {}/{}: Node {} Not Found", meta.namespace, meta.name, body.node_name));
            continue;
        }
        if addresses(body, ipv6).next().is_none() {
            continue;
        }
        let zone = node.and_then(|node| node.meta.labels.get("topology.kubernetes.io/zone")).filter(|zone| !zone.is_empty());
        let group = &mut groups[at];
        group.by_name.insert(&pod.meta.name, group.wanted.len());
        group.wanted.push(Wanted { pod, zone, placed: false });
    }
    groups
}

/// Distributes the endpoints of one group over its slices.
fn pack<'a>(given: Given<'a>, address_type: &'static str, group: &mut Group<'a>, plan: &mut Plan) {
    let ipv6 = address_type == "IPv6";
    let (mut touched, mut unchanged): (Vec<Object>, Vec<&Obj>) = (Vec::new(), Vec::new());
    for slice in std::mem::take(&mut group.slices) {
        match keep(given.service, slice, group, ipv6) {
            Kept::Same => unchanged.push(slice),
            Kept::Nothing => plan.delete.push(slice.clone()),
            Kept::Changed(changed) => touched.push(*changed),
        }
    }
    let mut rest: std::collections::VecDeque<Endpoint> =
        (group.wanted.iter().filter(|wanted| !wanted.placed)).map(|wanted| endpoint(wanted, given.service, ipv6)).collect();
    if !rest.is_empty() {
        touched.sort_by_key(|slice| std::cmp::Reverse(endpoints_in(slice)));
        touched.iter_mut().for_each(|slice| fill(slice, &mut rest, given.max));
    }
    while !rest.is_empty() {
        let room = if rest.len() < given.max { best_fit(&unchanged, rest.len(), given.max) } else { None };
        match room {
            Some(at) => {
                let mut slice = (**unchanged.remove(at)).clone();
                fill(&mut slice, &mut rest, given.max);
                touched.push(slice);
            }
            None => {
                let mut slice = new_slice(given.service, group.ports.clone(), address_type);
                fill(&mut slice, &mut rest, given.max);
                plan.create.push(slice);
            }
        }
    }
    plan.update.extend(touched);
}

fn endpoints_in(slice: &Object) -> usize {
    slice.as_endpoint_slice().map_or(0, |slice| slice.endpoints.len())
}

fn fill(slice: &mut Object, rest: &mut std::collections::VecDeque<Endpoint>, max: usize) {
    let Body::EndpointSlice(slice) = &mut slice.body else { return };
    let room = max.saturating_sub(slice.endpoints.len()).min(rest.len());
    if room > 0 {
        slice.endpoints.extend(rest.drain(..room));
    }
}

/// The slice that is fullest once so many are added.
fn best_fit(slices: &[&Obj], count: usize, max: usize) -> Option<usize> {
    let room = |slice: &Obj| max.checked_sub(count + endpoints_in(slice)).filter(|left| *left < max);
    let fitting = slices.iter().enumerate().filter_map(|(at, slice)| Some((room(slice)?, at)));
    fitting.min().map(|(_, at)| at)
}

enum Kept {
    Same,
    Nothing,
    Changed(Box<Object>),
}

/// What remains of a slice: endpoints still wanted stay, in their new state.
fn keep(service: &Object, slice: &Obj, group: &mut Group<'_>, ipv6: bool) -> Kept {
    let Some(fields) = slice.as_endpoint_slice() else { return Kept::Same };
    let mut found: Vec<Option<(usize, bool)>> = Vec::with_capacity(fields.endpoints.len());
    for endpoint in &fields.endpoints {
        let name = endpoint.target_ref.as_ref().map(|target| &*target.name);
        let at = name.and_then(|name| group.by_name.get(name)).copied();
        let at = at.filter(|at| !group.wanted[*at].placed && same_place(endpoint, &group.wanted[*at], service, ipv6));
        if let Some(at) = at {
            group.wanted[at].placed = true;
        }
        found.push(at.map(|at| (at, same_state(endpoint, &group.wanted[at], service))));
    }
    let changed = found.iter().any(|found| !matches!(found, Some((_, true))));
    let labels = slice_labels(service, MANAGER);
    let labels_changed = own_labels(&slice.meta.labels) != own_labels(&labels);
    if !changed && !labels_changed {
        return Kept::Same;
    }
    if changed && found.iter().all(Option::is_none) {
        return Kept::Nothing;
    }
    let mut after = (**slice).clone();
    after.meta.labels = labels;
    if changed && let Body::EndpointSlice(body) = &mut after.body {
        let kept = fields.endpoints.iter().zip(&found).filter_map(|(old, found)| match found {
            Some((_, true)) => Some(old.clone()),
            Some((at, false)) => Some(endpoint(&group.wanted[*at], service, ipv6)),
            None => None,
        });
        body.endpoints = kept.collect();
    }
    Kept::Changed(Box::new(after))
}

fn same_place(endpoint: &Endpoint, wanted: &Wanted<'_>, service: &Object, ipv6: bool) -> bool {
    let Some(pod) = wanted.pod.as_pod() else { return false };
    let target = endpoint.target_ref.as_ref().is_some_and(|target| target.namespace == wanted.pod.meta.namespace);
    let mut own: Vec<&str> = addresses(pod, ipv6).map(|ip| &**ip).collect();
    own.sort_unstable();
    target && endpoint.addresses.iter().map(|ip| &**ip).eq(own) && endpoint.hostname.as_deref() == hostname(wanted.pod, service)
}

fn same_state(endpoint: &Endpoint, wanted: &Wanted<'_>, service: &Object) -> bool {
    let Some(pod) = wanted.pod.as_pod() else { return false };
    endpoint.node_name.as_deref().unwrap_or_default() == &*pod.node_name
        && endpoint.zone.as_deref() == wanted.zone
        && endpoint.conditions == conditions(wanted.pod, service)
        && endpoint.target_ref.as_ref().is_some_and(|target| target.uid == wanted.pod.meta.uid && &*target.kind == "Pod")
}

fn conditions(pod: &Object, service: &Object) -> EndpointConditions {
    let serving = pod.as_pod().is_some_and(|pod| pod.is_ready());
    let terminating = pod.meta.is_deleting();
    let publish = service.as_service().is_some_and(|service| service.spec.publish_not_ready_addresses);
    let ready = publish || serving && !terminating;
    EndpointConditions { ready: Some(ready), serving: Some(serving), terminating: Some(terminating) }
}

fn endpoint(wanted: &Wanted<'_>, service: &Object, ipv6: bool) -> Endpoint {
    let pod = wanted.pod;
    let body = pod.as_pod().expect("only pods are wanted");
    let mut own: Vec<String> = addresses(body, ipv6).map(|ip| ip.to_string()).collect();
    own.sort_unstable();
    Endpoint {
        addresses: own,
        conditions: conditions(pod, service),
        target_ref: Some(pod_reference(pod)),
        node_name: (!body.node_name.is_empty()).then(|| body.node_name.to_string()),
        zone: wanted.zone.map(str::to_string),
        hostname: hostname(pod, service).map(str::to_string),
        ..Endpoint::default()
    }
}

/// The reference to a pod in an endpoint.
pub fn pod_reference(pod: &Object) -> ObjectReference {
    ObjectReference {
        kind: "Pod".into(),
        namespace: pod.meta.namespace.clone(),
        name: pod.meta.name.clone(),
        uid: pod.meta.uid.clone(),
        ..ObjectReference::default()
    }
}

fn owned_by(slice: &Object, service: &Object) -> bool {
    let owner =
        |owner: &crate::model::OwnerReference| owner.uid == service.meta.uid && &*owner.kind == "Service" && &*owner.api_version == "v1";
    slice.meta.owner_references.iter().any(owner)
}

fn own_labels(labels: &Labels) -> Vec<(&str, &str)> {
    let reserved = [SERVICE_NAME, SLICE_MANAGED_BY, HEADLESS];
    labels.iter().map(|(key, value)| (&**key, &**value)).filter(|(key, _)| !reserved.contains(key)).collect()
}

fn slice_labels(service: &Object, manager: &str) -> Labels {
    let mut pairs = own_labels(&service.meta.labels);
    if service.as_service().is_some_and(|service| !has_cluster_ip(&service.spec)) {
        pairs.push((HEADLESS, ""));
    }
    pairs.extend([(SERVICE_NAME, &*service.meta.name), (SLICE_MANAGED_BY, manager)]);
    Labels::from_pairs(pairs)
}

fn new_slice(service: &Object, ports: Vec<EndpointSlicePort>, address_type: &str) -> Object {
    let meta = Meta {
        generate_name: name_prefix(&service.meta.name),
        namespace: service.meta.namespace.clone(),
        labels: slice_labels(service, MANAGER),
        owner_references: Arc::from([controller_ref(service)]),
        ..Meta::default()
    };
    let fields = EndpointSliceFields { address_type: address_type.into(), ports, ..EndpointSliceFields::default() };
    Object { meta, body: Body::EndpointSlice(EndpointSlice::from(fields)) }
}

fn same_placeholder(slice: &Object, placeholder: &Object) -> bool {
    let empty = |slice: &Object| slice.as_endpoint_slice().is_some_and(|slice| slice.endpoints.is_empty() && slice.ports.is_empty());
    empty(slice) && slice.meta.labels == placeholder.meta.labels
}
