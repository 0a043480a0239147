//! Mirrors Endpoints of Services without selector into EndpointSlices, so that readers need to know only those.
//! Real: pkg/controller/endpointslicemirroring @ v1.37.2.

use super::ControllerManager;
use super::control::{controller_ref, name_prefix};
use super::endpoints::repack;
use super::endpoints_util::*;
use super::endpointslice::{Progress, SLICE_BACKOFF, SlicesByService, Write, service_of};
use super::endpointslice_tracker::SliceTracker;
use crate::actor::client::Limits;
use crate::actor::controller::{Controller, Step, Sync, Work};
use crate::actor::workqueue::Backoff;
use crate::actor::{Ctx, EventType, Kinds};
use crate::base::Span;
use crate::model::{
    Body, Endpoint, EndpointAddress, EndpointConditions, EndpointSlice, EndpointSliceFields, EndpointSlicePort, Kind, Labels, Meta, Obj,
    Object,
};
use crate::store::{Change, Id};
use std::net::IpAddr;
use std::sync::Arc;

/// Who manages the mirrored slices.
const MANAGER: &str = "endpointslicemirroring-controller.k8s.io";
/// Endpoints with this label set to "true" are left alone.
const SKIP: &str = "endpointslice.kubernetes.io/skip-mirror";
/// Endpoints with this annotation are locks of an old kind.
const LEADER: &str = "control-plane.alpha.kubernetes.io/leader";
/// What kubectl keeps is no annotation of the endpoints themselves.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The controller. Its keys are those of the Endpoints.
pub struct EndpointSliceMirroring {
    workers: usize,
    max: usize,
    limits: Option<Limits>,
    /// How long changes are gathered.
    batch: Span,
    slices: SlicesByService,
    tracker: SliceTracker,
}

/// The endpoints that one slice shall hold.
struct Wanted {
    address_type: &'static str,
    ports: Vec<EndpointSlicePort>,
    endpoints: Vec<Endpoint>,
}

impl EndpointSliceMirroring {
    /// The controller with `workers` syncs at a time and at most `max` addresses of a subset.
    pub fn new(workers: usize, max: usize, limits: Option<Limits>) -> Self {
        EndpointSliceMirroring {
            workers,
            max,
            limits,
            batch: Span::ZERO,
            slices: SlicesByService::default(),
            tracker: SliceTracker::default(),
        }
    }

    /// The controller as the settings want it.
    pub fn of(settings: &ControllerManager) -> Self {
        let (workers, max) = (settings.mirroring_concurrent_service_endpoint_syncs, settings.mirroring_max_endpoints_per_subset);
        Self { batch: settings.mirroring_endpoint_updates_batch_period, ..Self::new(workers, max, settings.client_limits()) }
    }

    fn plan(&mut self, key: Id, progress: &mut Progress, cx: &mut Ctx<'_>) -> Result<(), Step> {
        let names = cx.view.key(key);
        let slices = self.slices.of(names, cx);
        let service = cx.view.find(Kind::Service, &names.namespace, &names.name).and_then(|service| service.as_service());
        let endpoints = cx.view.get(key).filter(|endpoints| should_mirror(endpoints));
        let (Some(endpoints), Some(_)) = (endpoints, service.filter(|service| service.spec.selector.is_empty())) else {
            self.tracker.forget(key);
            progress.writes.extend(slices.iter().enumerate().map(|(at, slice)| (at, Write::Delete((*slice).clone()))));
            return Ok(());
        };
        if self.tracker.is_stale(key, slices.iter().map(|slice| &***slice)) {
            return Err(Step::Retry("EndpointSlice informer cache is out of date".into()));
        }
        let wanted = self.wanted(endpoints, cx);
        progress.writes.extend(self.writes(key, endpoints, wanted, &slices).into_iter().map(|write| (0, write)));
        Ok(())
    }

    /// What the slices shall hold, by ports and family; Events tell what was left out.
    fn wanted(&self, endpoints: &Obj, cx: &mut Ctx<'_>) -> Vec<Wanted> {
        let subsets = endpoints.as_endpoints().map(|fields| fields.subsets.clone()).unwrap_or_default();
        let mut all: Vec<Wanted> = Vec::new();
        let (mut invalid, mut skipped) = (0, 0);
        for subset in repack(subsets) {
            let ports = subset.ports.iter().map(|port| EndpointSlicePort {
                name: Some(port.name.clone()),
                protocol: Some(port.protocol.clone()),
                port: Some(port.port),
                app_protocol: port.app_protocol.clone(),
            });
            let ports = sorted_ports(ports.collect());
            let total = subset.addresses.len() + subset.not_ready_addresses.len();
            let ready = subset.addresses.iter().map(|address| (address, true));
            let mut taken = 0;
            for (address, ready) in ready.chain(subset.not_ready_addresses.iter().map(|address| (address, false))) {
                if taken >= self.max {
                    break;
                }
                let Some((address_type, endpoint)) = mirrored(address, ready) else {
                    invalid += 1;
                    continue;
                };
                taken += 1;
                match all.iter_mut().find(|wanted| wanted.address_type == address_type && wanted.ports == ports) {
                    Some(wanted) => wanted.endpoints.push(endpoint),
                    None => all.push(Wanted { address_type, ports: ports.clone(), endpoints: vec![endpoint] }),
                }
            }
            skipped += total - taken;
        }
        if invalid > 0 {
            let message = format!("Skipped {invalid} invalid IP addresses when mirroring to EndpointSlices");
            cx.event(endpoints, EventType::Warning, "InvalidIPAddress", message);
        }
        if skipped > invalid {
            let max = self.max;
            let message = format!(
                "A max of {max} addresses can be mirrored to EndpointSlices per Endpoints subset. {skipped} addresses were skipped"
            );
            cx.event(endpoints, EventType::Warning, "TooManyAddressesToMirror", message);
        }
        all
    }

    fn writes(&mut self, key: Id, endpoints: &Obj, wanted: Vec<Wanted>, slices: &[&Obj]) -> Vec<Write> {
        let (mut create, mut update, mut delete) = (Vec::new(), Vec::new(), Vec::new());
        let mut rest: Vec<&Obj> = slices.to_vec();
        for wanted in wanted {
            let (mut same, others): (Vec<&Obj>, Vec<&Obj>) = rest.into_iter().partition(|slice| {
                let fields = slice.as_endpoint_slice();
                fields
                    .is_some_and(|fields| fields.address_type == wanted.address_type && sorted_ports(fields.ports.clone()) == wanted.ports)
            });
            rest = others;
            if same.is_empty() {
                create.push(mirror_slice(endpoints, wanted));
                continue;
            }
            delete.extend(same.drain(1..).cloned());
            let present = same[0];
            let mut next = mirror_slice(endpoints, wanted);
            if is_same(present, &next) {
                if !self.tracker.has(key, present) {
                    self.tracker.written(key, present);
                }
                continue;
            }
            next.meta.name = present.meta.name.clone();
            next.meta.generate_name = "".into();
            update.push(next);
        }
        delete.extend(rest.into_iter().cloned());
        recycle(&mut create, &mut update, &mut delete);
        let create = create.into_iter().filter(|_| !endpoints.meta.is_deleting()).map(Write::Create);
        create.chain(update.into_iter().map(Write::Update)).chain(delete.into_iter().map(Write::Delete)).collect()
    }
}

/// Slices to be created take the place of slices to be deleted, family by family.
fn recycle(create: &mut Vec<Object>, update: &mut Vec<Object>, delete: &mut Vec<Obj>) {
    let family = |slice: &Object| slice.as_endpoint_slice().map(|slice| slice.address_type.clone());
    let mut at = 0;
    while at < create.len() {
        match delete.iter().position(|old| family(old) == family(&create[at])) {
            Some(old) => {
                let mut slice = create.remove(at);
                slice.meta.name = delete.remove(old).meta.name.clone();
                update.push(slice);
            }
            None => at += 1,
        }
    }
}

fn should_mirror(endpoints: &Object) -> bool {
    endpoints.meta.labels.get(SKIP) != Some("true") && !endpoints.meta.annotations.contains(LEADER)
}

fn mirrored(address: &EndpointAddress, ready: bool) -> Option<(&'static str, Endpoint)> {
    let ip: IpAddr = address.ip.parse().ok()?;
    let endpoint = Endpoint {
        addresses: vec![ip.to_string()],
        conditions: EndpointConditions { ready: Some(ready), ..EndpointConditions::default() },
        target_ref: address.target_ref.clone(),
        node_name: address.node_name.clone(),
        hostname: (!address.hostname.is_empty()).then(|| address.hostname.clone()),
        ..Endpoint::default()
    };
    Some((if ip.is_ipv6() { "IPv6" } else { "IPv4" }, endpoint))
}

fn mirror_slice(endpoints: &Object, wanted: Wanted) -> Object {
    let mut labels = endpoints.meta.labels.clone();
    labels.set(SERVICE_NAME, endpoints.meta.name.clone());
    labels.set(SLICE_MANAGED_BY, MANAGER);
    let meta = Meta {
        generate_name: name_prefix(&endpoints.meta.name),
        namespace: endpoints.meta.namespace.clone(),
        labels,
        annotations: without(&endpoints.meta.annotations, &[TRIGGER_TIME, LAST_APPLIED]),
        owner_references: Arc::from([controller_ref(endpoints)]),
        ..Meta::default()
    };
    let Wanted { address_type, ports, endpoints } = wanted;
    let fields = EndpointSliceFields { address_type: address_type.into(), ports, endpoints, ..EndpointSliceFields::default() };
    Object { meta, body: Body::EndpointSlice(EndpointSlice::from(fields)) }
}

fn without(labels: &Labels, keys: &[&str]) -> Labels {
    if !keys.iter().any(|key| labels.contains(key)) {
        return labels.clone();
    }
    Labels::from_pairs(labels.iter().filter(|(key, _)| !keys.contains(&&***key)).map(|(key, value)| (key.clone(), value.clone())))
}

fn is_same(present: &Object, next: &Object) -> bool {
    let (Some(a), Some(b)) = (present.as_endpoint_slice(), next.as_endpoint_slice()) else { return false };
    let owner = |slice: &Object| slice.meta.controller().map(|owner| owner.uid.clone());
    a.endpoints == b.endpoints
        && present.meta.labels == next.meta.labels
        && present.meta.annotations == next.meta.annotations
        && owner(present) == owner(next)
}

impl Controller for EndpointSliceMirroring {
    type Progress = Progress;

    fn name(&self) -> &'static str {
        "endpoint-slice-mirroring-controller"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::Service, Kind::Endpoints, Kind::EndpointSlice])
    }

    fn workers(&self) -> usize {
        self.workers
    }

    fn resyncs(&self) -> Kinds {
        Kinds::of(&[Kind::Endpoints])
    }

    fn client_limits(&self) -> Option<Limits> {
        self.limits
    }

    fn backoff(&self) -> Backoff {
        Backoff { max: Span::from_s(100), ..SLICE_BACKOFF }
    }

    fn changed(&mut self, change: Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        let meta = &change.object().meta;
        match change.kind() {
            Kind::Endpoints => {
                if [change.before, change.after].into_iter().flatten().any(|endpoints| should_mirror(endpoints)) {
                    work.add(change.id);
                }
            }
            Kind::Service => {
                let free = |service: Option<&Obj>| service.and_then(|service| Some(service.as_service()?.spec.selector.is_empty()));
                let touched = match (free(change.before), free(change.after)) {
                    (Some(before), Some(after)) => before != after,
                    (before, after) => before.or(after) == Some(true),
                };
                if touched && let Some(endpoints) = cx.view.find_id(Kind::Endpoints, &meta.namespace, &meta.name) {
                    work.add(endpoints);
                }
            }
            Kind::EndpointSlice => {
                self.slices.slice_changed(&change, MANAGER);
                for slice in [change.before, change.after].into_iter().flatten() {
                    let Some((namespace, name)) = service_of(slice, MANAGER) else { continue };
                    let Some(endpoints) = cx.view.find_id(Kind::Endpoints, &namespace, &name) else { continue };
                    let foreign = match change.after {
                        Some(after) => self.tracker.should_sync(endpoints, after),
                        None => self.tracker.has(endpoints, slice) && !self.tracker.deletion_seen(endpoints, slice),
                    };
                    if foreign {
                        work.add_after(endpoints, self.batch, cx);
                    }
                }
            }
            _ => {}
        }
    }

    fn sync(&mut self, key: Id, sync: &mut Sync<Progress>, cx: &mut Ctx<'_>) -> Step {
        if sync.turn == 0
            && let Err(step) = self.plan(key, &mut sync.progress, cx)
        {
            return step;
        }
        let names = cx.view.key(key);
        let owner = format!("Endpoints {}/{}", names.namespace, names.name);
        if let Some(verb) = sync.progress.next(&sync.answers, &mut self.tracker, key, &owner) {
            return Step::call(verb);
        }
        match sync.progress.errors.first() {
            Some(error) => Step::Retry(error.clone()),
            None => Step::Done,
        }
    }
}
