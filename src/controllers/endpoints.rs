//! Endpoints: the older form of what EndpointSlices hold, one object a Service, at most 1000 addresses.
//! Real: pkg/controller/endpoint/endpoints_controller.go, pkg/api/v1/endpoints/util.go @ v1.37.2.

use super::ControllerManager;
use super::endpoints_util::*;
use super::endpointslice::is_namespace_ending;
use super::endpointslice_reconcile::pod_reference;
use crate::actor::client::Limits;
use crate::actor::controller::{Controller, Step, Sync, Work};
use crate::actor::workqueue::Backoff;
use crate::actor::{Ctx, EventType, Kinds};
use crate::api::{Answer, Verb};
use crate::base::Span;
use crate::base::collections::{Map, Set};
use crate::model::{
    Body, EndpointAddress, EndpointPort, EndpointSlicePort, EndpointSubset, Endpoints, EndpointsFields, Kind, Labels, Meta, Obj, Object,
    Pod, ServiceSpec,
};
use crate::store::{Change, Id, Key};

/// Addresses that one Endpoints object holds at most.
const CAPACITY: usize = 1_000;
/// Says that not all addresses fitted.
const OVER_CAPACITY: &str = "endpoints.kubernetes.io/over-capacity";
/// Who manages an Endpoints object.
const MANAGED_BY: &str = "endpoints.kubernetes.io/managed-by";
const MANAGER: &str = "endpoint-controller";
/// What the view may be behind the answer to a creation. The two come by different ways and about the same time; in the
/// recordings (15 starts of a Service beside its pods) a second look never came before the view had it.
const SEEN_WITHIN: Span = Span::from_ms(1);

/// What a sync waits for.
#[derive(Debug, Default)]
pub struct Progress {
    /// The object as sent, and the version it replaces (0: a new one).
    sent: Option<(Box<Object>, u64)>,
}

/// The controller.
pub struct EndpointsController {
    workers: usize,
    limits: Option<Limits>,
    /// How long changes are gathered.
    batch: Span,
    services: ServiceIndex,
    triggers: TriggerTimes,
    /// Versions that the controller has replaced: a view that still shows them is stale.
    replaced: Map<Id, u64>,
    /// Services whose Endpoints have just been created and were not looked for since.
    created: Set<Id>,
}

impl EndpointsController {
    /// The controller with `workers` syncs at a time.
    pub fn new(workers: usize, limits: Option<Limits>) -> Self {
        let (services, triggers) = (ServiceIndex::default(), TriggerTimes::default());
        EndpointsController { workers, limits, batch: Span::ZERO, services, triggers, replaced: Map::default(), created: Set::default() }
    }

    /// The controller as the settings want it.
    pub fn of(settings: &ControllerManager) -> Self {
        let plain = Self::new(settings.concurrent_endpoint_syncs, settings.client_limits());
        Self { batch: settings.endpoint_updates_batch_period, ..plain }
    }

    fn first_turn(&mut self, key: Id, progress: &mut Progress, cx: &Ctx<'_>) -> Step {
        let names = cx.view.key(key);
        let Some(service) = cx.view.get(key) else {
            self.triggers.forget(key);
            self.replaced.remove(&key);
            self.created.remove(&key);
            return Step::call(Verb::delete(Key { kind: Kind::Endpoints, ..names.clone() }));
        };
        let Some(body) = service.as_service().filter(|service| has_endpoints(&service.spec)) else { return Step::Done };
        let pods = pods_of(cx.view, service);
        let trigger = self.triggers.last_change(key, service, &pods);
        let subsets = repack(subsets_of(service, &body.spec, &pods));
        let current = cx.view.find(Kind::Endpoints, &names.namespace, &names.name);
        if self.created.remove(&key) && current.is_none() {
            return Step::After(SEEN_WITHIN);
        }
        if let Some(current) = current
            && self.replaced.get(&key) == Some(&current.meta.resource_version)
        {
            return Step::Retry("endpoints informer cache is out of date".into());
        }
        if let Some(current) = current
            && let Some(fields) = current.as_endpoints()
            && fields.subsets == subsets
            && labels_fit(&current.meta.labels, &service.meta.labels)
            && count(&fields.subsets) <= CAPACITY
            && !current.meta.annotations.contains(OVER_CAPACITY)
        {
            return Step::Done;
        }
        let mut next = current.map_or_else(|| new_endpoints(service), |current| (**current).clone());
        next.meta.labels = endpoints_labels(service, &body.spec);
        annotate_trigger(&mut next.meta.annotations, trigger);
        let mut subsets = subsets;
        if truncate(&mut subsets) {
            next.meta.annotations.set(OVER_CAPACITY, "truncated");
        } else {
            next.meta.annotations.remove(OVER_CAPACITY);
        }
        if let Body::Endpoints(fields) = &mut next.body {
            fields.subsets = subsets;
        }
        let replaces = current.map_or(0, |current| current.meta.resource_version);
        progress.sent = Some((Box::new(next.clone()), replaces));
        Step::call(if current.is_some() { Verb::Update(Box::new(next)) } else { Verb::Create(Box::new(next)) })
    }

    fn last_turn(&mut self, key: Id, progress: &mut Progress, answer: &Answer, cx: &mut Ctx<'_>) -> Step {
        let Some((sent, replaces)) = progress.sent.take() else {
            return match answer {
                Err(error) if error.code() != 404 => Step::Retry(error.to_string()),
                _ => Step::Done,
            };
        };
        let (namespace, name) = (&sent.meta.namespace, &sent.meta.name);
        match answer {
            Ok(written) => {
                if replaces == 0 {
                    self.created.insert(key);
                } else if written.meta.resource_version != replaces {
                    self.replaced.insert(key, replaces);
                }
                Step::Done
            }
            Err(error) if replaces == 0 && is_namespace_ending(error) => Step::Done,
            Err(error) => {
                let (reason, what) = match replaces {
                    0 => ("FailedToCreateEndpoint", format!("Failed to create endpoint for service {namespace}/{name}: {error}")),
                    _ => ("FailedToUpdateEndpoint", format!("Failed to update endpoint {namespace}/{name}: {error}")),
                };
                cx.event(&sent, EventType::Warning, reason, what);
                Step::Retry(error.to_string())
            }
        }
    }
}

fn new_endpoints(service: &Object) -> Object {
    let meta = Meta { name: service.meta.name.clone(), namespace: service.meta.namespace.clone(), ..Meta::default() };
    Object { meta, body: Body::Endpoints(Endpoints::from(EndpointsFields::default())) }
}

fn endpoints_labels(service: &Object, spec: &ServiceSpec) -> Labels {
    let mut labels = service.meta.labels.clone();
    if has_cluster_ip(spec) {
        labels.remove(HEADLESS);
    } else {
        labels.set(HEADLESS, "");
    }
    labels.set(MANAGED_BY, MANAGER);
    labels
}

fn labels_fit(labels: &Labels, service: &Labels) -> bool {
    let own = |key: &str| key == HEADLESS || key == MANAGED_BY;
    let others = labels.iter().filter(|(key, _)| !own(key));
    labels.get(MANAGED_BY) == Some(MANAGER)
        && others.clone().count() == service.len()
        && others.into_iter().all(|(key, value)| service.get(key) == Some(value))
}

fn count(subsets: &[EndpointSubset]) -> usize {
    subsets.iter().map(|subset| subset.addresses.len() + subset.not_ready_addresses.len()).sum()
}

/// One address of the Service's first family, with its ports, for each endpoint.
fn subsets_of(service: &Object, spec: &ServiceSpec, pods: &[(Id, &Obj)]) -> Vec<EndpointSubset> {
    let mut subsets = Vec::with_capacity(pods.len());
    for (_, pod) in pods.iter().filter(|(_, pod)| is_endpoint(pod, spec.publish_not_ready_addresses)) {
        let Some(body) = pod.as_pod() else { continue };
        let Some(ip) = addresses(body, wants_ipv6(spec, body)).next() else { continue };
        let ports: Vec<EndpointPort> = endpoint_ports(spec, body).into_iter().map(plain_port).collect();
        if ports.is_empty() && !(spec.ports.is_empty() && spec.cluster_ip == "None") {
            continue;
        }
        let address = EndpointAddress {
            ip: ip.to_string(),
            hostname: hostname(pod, service).unwrap_or_default().to_string(),
            node_name: Some(body.node_name.to_string()),
            target_ref: Some(pod_reference(pod)),
            ..EndpointAddress::default()
        };
        let ready = spec.publish_not_ready_addresses || body.is_ready();
        let (addresses, not_ready_addresses) = if ready { (vec![address], vec![]) } else { (vec![], vec![address]) };
        subsets.push(EndpointSubset { addresses, not_ready_addresses, ports, ..EndpointSubset::default() });
    }
    subsets
}

fn wants_ipv6(spec: &ServiceSpec, pod: &Pod) -> bool {
    match spec.ip_families.first() {
        Some(family) => family == "IPv6",
        None if has_cluster_ip(spec) => is_ipv6(&spec.cluster_ip),
        None => is_ipv6(&pod.status.pod_ip),
    }
}

fn plain_port(port: EndpointSlicePort) -> EndpointPort {
    EndpointPort {
        name: port.name.unwrap_or_default(),
        port: port.port.unwrap_or_default(),
        protocol: port.protocol.unwrap_or_default(),
        app_protocol: port.app_protocol,
    }
}

/// The canonical form: addresses with the same ports together, sorted by address; not ready trumps ready.
pub fn repack(subsets: Vec<EndpointSubset>) -> Vec<EndpointSubset> {
    let mut all: Vec<EndpointAddress> = Vec::new();
    let mut known: Map<(String, crate::model::Str), usize> = Map::default();
    // For each port the addresses that offer it, and whether they are ready.
    let mut offers: Vec<(Option<EndpointPort>, Vec<(usize, bool)>)> = Vec::new();
    for mut subset in subsets {
        let (ready, not_ready) = (std::mem::take(&mut subset.addresses), std::mem::take(&mut subset.not_ready_addresses));
        let none = [None];
        let ports: Vec<Option<EndpointPort>> = subset.ports.into_iter().map(Some).collect();
        let ports = if ports.is_empty() { &none[..] } else { &ports[..] };
        let both = ready.into_iter().map(|address| (address, true)).chain(not_ready.into_iter().map(|address| (address, false)));
        for (address, ready) in both {
            let uid = address.target_ref.as_ref().map_or_else(Default::default, |target| target.uid.clone());
            let at = *known.get_or_insert_with((address.ip.clone(), uid), || {
                all.push(address);
                all.len() - 1
            });
            for port in ports {
                let place = offers.iter().position(|(other, _)| other == port).unwrap_or_else(|| {
                    offers.push((port.clone(), Vec::new()));
                    offers.len() - 1
                });
                offers[place].1.push((at, ready));
            }
        }
    }
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by(|a, b| address_key(&all[*a]).cmp(&address_key(&all[*b])));
    let mut rank = vec![0; all.len()];
    order.iter().enumerate().for_each(|(place, at)| rank[*at] = place);
    let mut sets: Vec<(Vec<(usize, bool)>, Vec<EndpointPort>)> = Vec::new();
    for (port, mut offer) in offers {
        // Of several states of one address the one that is not ready counts.
        offer.sort_by_key(|(at, ready)| (rank[*at], *ready));
        offer.dedup_by_key(|(at, _)| *at);
        match sets.iter_mut().find(|(set, _)| *set == offer) {
            Some((_, ports)) => ports.extend(port),
            None => sets.push((offer, port.into_iter().collect())),
        }
    }
    let subset = |(set, ports): (Vec<(usize, bool)>, Vec<EndpointPort>)| {
        let of = |wanted: bool| set.iter().filter(|(_, ready)| *ready == wanted).map(|(at, _)| all[*at].clone()).collect();
        EndpointSubset { addresses: of(true), not_ready_addresses: of(false), ports: by_hash(ports), ..EndpointSubset::default() }
    };
    let mut packed: Vec<EndpointSubset> = sets.into_iter().map(subset).collect();
    packed.sort_by_cached_key(|subset| subset.ports.first().map(port_hash));
    packed
}

fn address_key(address: &EndpointAddress) -> (&str, &str) {
    (&address.ip, address.target_ref.as_ref().map_or("", |target| &target.uid))
}

fn by_hash(mut ports: Vec<EndpointPort>) -> Vec<EndpointPort> {
    if ports.len() > 1 {
        ports.sort_by_cached_key(port_hash);
    }
    ports
}

fn port_hash(port: &EndpointPort) -> u128 {
    let app_protocol = port.app_protocol.as_deref().unwrap_or("<nil>");
    let (name, number, protocol) = (&port.name, port.port, &port.protocol);
    let printed = format!(
        "(v1.EndpointPort){{Name:(string){name} Port:(int32){number} Protocol:(v1.Protocol){protocol} AppProtocol:(*string){app_protocol}}}"
    );
    fnv128a(printed.as_bytes())
}

/// Cuts the subsets to the capacity, in proportion; addresses that are not ready go first. Says whether it had to.
fn truncate(subsets: &mut [EndpointSubset]) -> bool {
    let ready: usize = subsets.iter().map(|subset| subset.addresses.len()).sum();
    let total = count(subsets);
    if total <= CAPACITY {
        return false;
    }
    let cut_ready = ready > CAPACITY;
    let (room, of) = if cut_ready { (CAPACITY, ready) } else { (CAPACITY - ready, total - ready) };
    let mut left = room;
    for subset in subsets {
        let list = if cut_ready { &mut subset.addresses } else { &mut subset.not_ready_addresses };
        let share = (list.len() * room).div_ceil(of).min(left);
        list.truncate(share);
        left -= list.len();
        if cut_ready {
            subset.not_ready_addresses.clear();
        }
    }
    true
}

impl Controller for EndpointsController {
    type Progress = Progress;

    fn name(&self) -> &'static str {
        "endpoint-controller"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::Service, Kind::Pod, Kind::Endpoints])
    }

    fn workers(&self) -> usize {
        self.workers
    }

    fn resyncs(&self) -> Kinds {
        Kinds::of(&[Kind::Service])
    }

    fn client_limits(&self) -> Option<Limits> {
        self.limits
    }

    fn backoff(&self) -> Backoff {
        Backoff { retries_max: 15, ..Backoff::default() }
    }

    fn minds(&self, change: Change<'_>) -> bool {
        change.kind() != Kind::Pod || self.services.may_touch(&change)
    }

    fn changed(&mut self, change: Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        match change.kind() {
            Kind::Service => {
                self.services.service_changed(&change);
                work.add(change.id);
            }
            Kind::Pod => self.services.touched(cx.view, &change).into_iter().for_each(|service| work.add_after(service, self.batch, cx)),
            Kind::Endpoints if change.after.is_none() => {
                let meta = &change.object().meta;
                if let Some(service) = cx.view.find_id(Kind::Service, &meta.namespace, &meta.name) {
                    work.add(service);
                }
            }
            _ => {}
        }
    }

    fn sync(&mut self, key: Id, sync: &mut Sync<Progress>, cx: &mut Ctx<'_>) -> Step {
        match sync.answers.first() {
            Some(answer) => self.last_turn(key, &mut sync.progress, answer, cx),
            None => self.first_turn(key, &mut sync.progress, cx),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn subsets(json: Value) -> Vec<EndpointSubset> {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn repacking_groups_by_ports_and_sorts_by_address() {
        let (a, b, c) = (json!({"ip": "10.0.0.1"}), json!({"ip": "10.0.0.2"}), json!({"ip": "10.0.0.10"}));
        let (http, admin) =
            (json!({"name": "http", "port": 80, "protocol": "TCP"}), json!({"name": "admin", "port": 9, "protocol": "TCP"}));
        let cases = [
            (
                json!([{"addresses": [b], "ports": [http]}, {"addresses": [a], "ports": [http]}, {"notReadyAddresses": [c], "ports": [http]}]),
                json!([{"addresses": [a, b], "notReadyAddresses": [c], "ports": [http]}]),
            ),
            (
                json!([{"addresses": [a], "ports": [http]}, {"notReadyAddresses": [a], "ports": [http]}]),
                json!([{"notReadyAddresses": [a], "ports": [http]}]),
            ),
            (json!([{"addresses": [a]}, {"addresses": [b]}]), json!([{"addresses": [a, b]}])),
            (
                json!([{"addresses": [a], "ports": [http]}, {"addresses": [a], "ports": [admin]}]),
                json!([{"addresses": [a], "ports": [admin, http]}]),
            ),
        ];
        for (given, want) in cases {
            let (got, want) = (repack(subsets(given.clone())), subsets(want));
            let ports = |subsets: &[EndpointSubset]| subsets.iter().map(|subset| subset.ports.len()).collect::<Vec<_>>();
            let addresses = |subsets: &[EndpointSubset]| {
                subsets.iter().map(|subset| (subset.addresses.clone(), subset.not_ready_addresses.clone())).collect::<Vec<_>>()
            };
            assert_eq!((addresses(&got), ports(&got)), (addresses(&want), ports(&want)), "{given}");
            assert_eq!(repack(got.clone()), got);
        }
    }

    #[test]
    fn a_service_that_comes_with_its_pods_brings_no_warning() {
        use crate::controllers::testing::World;
        let mut world = World::new(0, |_| String::new()).with(EndpointsController::new(5, None));
        world.create(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"},
            "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}}));
        for name in ["a", "b", "c", "d"] {
            world.create(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": "web"}},
                "spec": {"containers": [{"name": "c", "image": "i"}]}}));
            world.run(1);
        }
        world.run(100);
        assert_eq!((world.list(Kind::Endpoints).len(), world.events("web")), (1, Vec::new()));
    }

    #[test]
    fn too_many_addresses_are_cut() {
        let many = |count: usize| vec![EndpointAddress::default(); count];
        let cases = [((600, 300), (600, 300), false), ((900, 300), (900, 100), true), ((1200, 5), (1000, 0), true)];
        for ((ready, not_ready), want, cut) in cases {
            let mut subsets =
                vec![EndpointSubset { addresses: many(ready), not_ready_addresses: many(not_ready), ..EndpointSubset::default() }];
            assert_eq!(truncate(&mut subsets), cut);
            assert_eq!((subsets[0].addresses.len(), subsets[0].not_ready_addresses.len()), want);
        }
    }

    #[test]
    fn labels_follow_the_service() {
        let service = Labels::from_pairs([("app", "web")]);
        let fit = |pairs: &[(&str, &str)]| labels_fit(&Labels::from_pairs(pairs.iter().copied()), &service);
        assert!(fit(&[("app", "web"), (MANAGED_BY, MANAGER), (HEADLESS, "")]));
        assert!(!fit(&[("app", "web")]) && !fit(&[(MANAGED_BY, MANAGER)]) && !fit(&[("app", "api"), (MANAGED_BY, MANAGER)]));
    }
}
