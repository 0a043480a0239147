//! EndpointSlices: the addresses behind each Service with a selector, at most 100 in a slice.
//! Real: pkg/controller/endpointslice/endpointslice_controller.go and staging/src/k8s.io/endpointslice @ v1.37.2.
//! Not modelled: the deprecated annotation `service.kubernetes.io/topology-mode` (no hints come of it); `trafficDistribution` is.

use super::ControllerManager;
use super::endpoints_util::*;
use super::endpointslice_reconcile::{Given, MANAGER, Plan, address_types, plan};
use super::endpointslice_tracker::SliceTracker;
use crate::actor::client::Limits;
use crate::actor::controller::{Controller, Step, Sync, Work};
use crate::actor::workqueue::{Backoff, FAILURES};
use crate::actor::{Ctx, EventType, Kinds};
use crate::api::{Answer, Verb};
use crate::base::Span;
use crate::base::collections::Map;
use crate::model::{Kind, Obj, Object, Str, Timestamp};
use crate::store::{Change, Id, Key};
use std::collections::{BTreeSet, VecDeque};

/// How long a Service waits after somebody else changed one of its slices.
const SLICE_CHANGE_DELAY: Span = Span::from_s(1);
/// Back-off of Services: slower than usual, since a sync may be big.
pub(super) const SLICE_BACKOFF: Backoff =
    Backoff { min: Span::from_s(1), max: Span::from_s(1_000), retries_max: 15, together: Some(FAILURES) };

/// Slices by the namespace and name of their Service.
#[derive(Default)]
pub(super) struct SlicesByService(Map<(Str, Str), BTreeSet<Id>>);

impl SlicesByService {
    /// Keeps up with a change of a slice that `manager` manages.
    pub(super) fn slice_changed(&mut self, change: &Change<'_>, manager: &str) {
        let (before, after) =
            (change.before.and_then(|slice| service_of(slice, manager)), change.after.and_then(|slice| service_of(slice, manager)));
        if before == after {
            return;
        }
        if let Some(slices) = before.and_then(|service| self.0.get_mut(&service)) {
            slices.remove(&change.id);
        }
        if let Some(service) = after {
            self.0.get_or_insert_with(service, BTreeSet::new).insert(change.id);
        }
    }

    /// The slices of a Service, in order of their numbers.
    pub(super) fn of<'a>(&self, key: &Key, cx: &Ctx<'a>) -> Vec<&'a Obj> {
        let ids = self.0.get(&(key.namespace.clone(), key.name.clone()));
        ids.into_iter().flatten().filter_map(|id| cx.view.get(*id)).collect()
    }
}

/// Namespace and name of the Service of a slice that `manager` manages.
pub(super) fn service_of(slice: &Obj, manager: &str) -> Option<(Str, Str)> {
    let managed = slice.meta.labels.get(SLICE_MANAGED_BY) == Some(manager);
    let name = slice.meta.labels.get_str(SERVICE_NAME).filter(|_| managed)?;
    Some((slice.meta.namespace.clone(), name.clone()))
}

/// One write of a sync. An error ends the writes of its group (a family of addresses).
#[derive(Debug)]
pub enum Write {
    /// A new slice.
    Create(Object),
    /// A changed slice.
    Update(Object),
    /// A slice to be deleted.
    Delete(Obj),
}

impl Write {
    /// The request.
    pub(super) fn verb(&self) -> Verb {
        match self {
            Write::Create(slice) => Verb::Create(Box::new(slice.clone())),
            Write::Update(slice) => Verb::Update(Box::new(slice.clone())),
            Write::Delete(slice) => Verb::delete(Key::of(slice)),
        }
    }

    /// What to say when it failed. `owner`: `Service ns/name` or the like.
    pub(super) fn failure(&self, owner: &str, error: &str) -> String {
        match self {
            Write::Create(_) => format!("failed to create EndpointSlice for {owner}: {error}"),
            Write::Update(slice) => format!("failed to update {} EndpointSlice for {owner}: {error}", slice.meta.name),
            Write::Delete(slice) => format!("failed to delete {} EndpointSlice for {owner}: {error}", slice.meta.name),
        }
    }
}

/// What a sync has still to do.
#[derive(Debug, Default)]
pub struct Progress {
    /// Writes with the group they belong to.
    pub(super) writes: VecDeque<(usize, Write)>,
    /// The write whose answer is awaited.
    pub(super) sent: Option<(usize, Write)>,
    /// What went wrong.
    pub(super) errors: Vec<String>,
}

impl Progress {
    /// Takes in the answer to the last write, then gives the next one.
    pub(super) fn next(&mut self, answers: &[Answer], tracker: &mut SliceTracker, key: Id, owner: &str) -> Option<Verb> {
        if let (Some((group, write)), Some(answer)) = (self.sent.take(), answers.first()) {
            match (answer, &write) {
                (Ok(_), Write::Delete(slice)) => tracker.deleted(key, slice),
                (Ok(slice), _) => tracker.written(key, slice),
                (Err(error), _) => {
                    self.writes.retain(|(other, _)| *other != group);
                    let ending = matches!(write, Write::Create(_)) && is_namespace_ending(error);
                    if !ending {
                        self.errors.push(write.failure(owner, &error.to_string()));
                    }
                }
            }
        }
        let next = self.writes.pop_front()?;
        let verb = next.1.verb();
        self.sent = Some(next);
        Some(verb)
    }
}

/// Whether something was refused because its namespace is being deleted.
pub(super) fn is_namespace_ending(error: &crate::api::ApiError) -> bool {
    error.details.as_ref().is_some_and(|details| details.causes.iter().any(|cause| &*cause.reason == "NamespaceTerminating"))
}

/// Several errors as Go's aggregate prints them.
pub(super) fn aggregate(errors: &[String]) -> String {
    match errors {
        [one] => one.clone(),
        many => format!("[{}]", many.join(", ")),
    }
}

/// The controller.
pub struct EndpointSlices {
    workers: usize,
    max: usize,
    limits: Option<Limits>,
    /// How long changes are gathered.
    batch: Span,
    services: ServiceIndex,
    slices: SlicesByService,
    tracker: SliceTracker,
    triggers: TriggerTimes,
}

impl EndpointSlices {
    /// The controller with `workers` syncs at a time and at most `max` endpoints in a slice.
    pub fn new(workers: usize, max: usize, limits: Option<Limits>) -> Self {
        let (services, slices) = (ServiceIndex::default(), SlicesByService::default());
        EndpointSlices {
            workers,
            max,
            limits,
            batch: Span::ZERO,
            services,
            slices,
            tracker: SliceTracker::default(),
            triggers: TriggerTimes::default(),
        }
    }

    /// The controller as the settings want it.
    pub fn of(settings: &ControllerManager) -> Self {
        let plain = Self::new(settings.concurrent_service_endpoint_syncs, settings.max_endpoints_per_slice, settings.client_limits());
        Self { batch: settings.endpoint_updates_batch_period, ..plain }
    }

    fn slice_changed(&mut self, change: &Change<'_>, work: &mut Work<'_>, cx: &mut Ctx<'_>) {
        self.slices.slice_changed(change, MANAGER);
        let label = |slice: Option<&Obj>| slice.and_then(|slice| slice.meta.labels.get_str(SERVICE_NAME).cloned());
        let managed = |slice: Option<&Obj>| slice.is_some_and(|slice| service_of(slice, MANAGER).is_some());
        let mut touched = Vec::new();
        match (change.before, change.after) {
            (Some(before), None) if managed(Some(before)) => {
                let service = service_id(before, cx);
                if service.is_some_and(|service| self.tracker.has(service, before) && !self.tracker.deletion_seen(service, before)) {
                    touched.push(before);
                }
            }
            (before, Some(after)) => {
                let own = managed(Some(after)) && service_id(after, cx).is_none_or(|service| self.tracker.should_sync(service, after));
                match before {
                    Some(before) if label(Some(before)) != label(Some(after)) => touched.extend([after, before]),
                    Some(_) if managed(before) != managed(Some(after)) || own => touched.push(after),
                    None if own => touched.push(after),
                    _ => {}
                }
            }
            _ => {}
        }
        for slice in touched {
            if let Some(service) = service_id(slice, cx) {
                work.add_after(service, SLICE_CHANGE_DELAY.max(self.batch), cx);
            }
        }
    }

    fn plan(&mut self, key: Id, service: &Object, cx: &Ctx<'_>, progress: &mut Progress) -> Result<(), Step> {
        let slices: Vec<&Obj> = self.slices.of(cx.view.key(key), cx).into_iter().filter(|slice| !slice.meta.is_deleting()).collect();
        if self.tracker.is_stale(key, slices.iter().map(|slice| &***slice)) {
            return Err(Step::Retry("EndpointSlice informer cache is out of date".into()));
        }
        let pods = pods_of(cx.view, service);
        let trigger = self.triggers.last_change(key, service, &pods);
        let types = address_types(&service.as_service().expect("a Service").spec);
        let of_type = |slice: &Obj, wanted: &str| slice.as_endpoint_slice().is_some_and(|slice| slice.address_type == wanted);
        for (group, &address_type) in types.iter().enumerate() {
            let slices: Vec<&Obj> = slices.iter().filter(|slice| of_type(slice, address_type)).copied().collect();
            let given = Given { service, pods: &pods, slices: &slices, view: cx.view, max: self.max };
            add_writes(progress, group, plan(given, address_type), trigger, service.meta.is_deleting());
        }
        let unwanted = slices.iter().filter(|slice| !types.iter().any(|wanted| of_type(slice, wanted)));
        progress.writes.extend(unwanted.enumerate().map(|(at, slice)| (types.len() + at, Write::Delete((*slice).clone()))));
        Ok(())
    }
}

fn service_id(slice: &Object, cx: &Ctx<'_>) -> Option<Id> {
    cx.view.find_id(Kind::Service, &slice.meta.namespace, slice.meta.labels.get(SERVICE_NAME)?)
}

fn add_writes(progress: &mut Progress, group: usize, plan: Plan, trigger: Option<Timestamp>, ending: bool) {
    let stamped = |mut slice: Object| {
        annotate_trigger(&mut slice.meta.annotations, trigger);
        slice
    };
    progress.errors.extend(plan.errors);
    if !ending {
        progress.writes.extend(plan.create.into_iter().map(|slice| (group, Write::Create(stamped(slice)))));
    }
    progress.writes.extend(plan.update.into_iter().map(|slice| (group, Write::Update(stamped(slice)))));
    progress.writes.extend(plan.delete.into_iter().map(|slice| (group, Write::Delete(slice))));
}

impl Controller for EndpointSlices {
    type Progress = Progress;

    fn name(&self) -> &'static str {
        "endpoint-slice-controller"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::Service, Kind::Pod, Kind::EndpointSlice, Kind::Node])
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
        SLICE_BACKOFF
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
            Kind::EndpointSlice => self.slice_changed(&change, work, cx),
            _ => {}
        }
    }

    fn sync(&mut self, key: Id, sync: &mut Sync<Progress>, cx: &mut Ctx<'_>) -> Step {
        let Some(service) = cx.view.get(key) else {
            self.triggers.forget(key);
            self.tracker.forget(key);
            return Step::Done;
        };
        if sync.turn == 0 {
            if service.as_service().is_none_or(|service| !has_endpoints(&service.spec)) {
                return Step::Done;
            }
            if let Err(step) = self.plan(key, service, cx, &mut sync.progress) {
                return step;
            }
        }
        let owner = format!("Service {}/{}", service.meta.namespace, service.meta.name);
        if let Some(verb) = sync.progress.next(&sync.answers, &mut self.tracker, key, &owner) {
            return Step::call(verb);
        }
        if sync.progress.errors.is_empty() {
            return Step::Done;
        }
        let errors = aggregate(&sync.progress.errors);
        cx.event(
            service,
            EventType::Warning,
            "FailedToUpdateEndpointSlices",
            format!("Error updating Endpoint Slices for {owner}: {errors}"),
        );
        Step::Retry(errors)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::controllers::testing::World;
    use crate::model::PodPhase;
    use serde_json::json;

    fn describe(object: &Object) -> String {
        let Some(slice) = object.as_endpoint_slice() else { return String::new() };
        let flag = |value: Option<bool>, letter: char| if value == Some(true) { letter } else { '-' };
        let endpoints = slice.endpoints.iter().map(|endpoint| {
            let conditions = &endpoint.conditions;
            let name = endpoint.target_ref.as_ref().map_or("?", |target| &*target.name);
            format!(" {name}={}{}{}", flag(conditions.ready, 'R'), flag(conditions.serving, 'S'), flag(conditions.terminating, 'T'))
        });
        endpoints.collect::<String>()
    }

    fn world() -> World {
        let mut world = World::new(2, describe).with(EndpointSlices::new(5, 3, None));
        world.create(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "svc", "labels": {"team": "a"}},
            "spec": {"selector": {"app": "web"}, "ipFamilies": ["IPv4"], "ports": [{"name": "http", "port": 80, "targetPort": 8080, "protocol": "TCP"}]}}));
        world
    }

    fn add_pod(world: &mut World, name: &str) {
        world.create(
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "i:1"}]}}),
        );
    }

    #[test]
    fn endpoints_follow_their_pods() {
        let mut world = world();
        world.run(1_000);
        assert_eq!(world.lines(Kind::EndpointSlice), [""]);
        add_pod(&mut world, "a");
        world.run(1_000);
        assert!(world.lines(Kind::EndpointSlice).is_empty(), "no address, no endpoint");
        world.pod_state("a", "n1", PodPhase::Running, false);
        world.run(1_000);
        world.pod_state("a", "n1", PodPhase::Running, true);
        world.run(1_000);
        world.delete(Kind::Pod, "a");
        world.run(1_000);
        world.pod_state("a", "n1", PodPhase::Running, false);
        world.run(1_000);
        world.finish_deletion("a");
        world.run(1_000);
        assert_eq!(world.lines(Kind::EndpointSlice), [" a=---", " a=RS-", " a=-ST", " a=--T", ""]);
        let slices = world.list(Kind::EndpointSlice);
        assert_eq!(slices.len(), 1);
        assert_eq!(slices[0].meta.labels.get("team"), Some("a"));
        assert_eq!(&*slices[0].meta.generate_name, "svc-");
        world.delete(Kind::Service, "svc");
        world.run(1_000);
        assert!(world.lines(Kind::EndpointSlice).is_empty(), "the garbage collector's work");
    }

    #[test]
    fn slices_hold_so_many_and_are_not_repacked() {
        let mut world = world();
        let names: Vec<String> = (0..7).map(|at| format!("p{at}")).collect();
        for name in &names {
            add_pod(&mut world, name);
            world.pod_state(name, "n1", PodPhase::Running, true);
        }
        let sizes = |world: &World| {
            let of = |slice: &Obj| slice.as_endpoint_slice().unwrap().endpoints.len();
            world.list(Kind::EndpointSlice).iter().map(of).collect::<Vec<_>>()
        };
        world.run(3_000);
        assert_eq!(sizes(&world), [3, 3, 1]);
        for name in &names[..4] {
            world.delete(Kind::Pod, name);
            world.finish_deletion(name);
        }
        world.run(3_000);
        assert_eq!(sizes(&world), [2, 1]);
        add_pod(&mut world, "new");
        world.pod_state("new", "n2", PodPhase::Running, true);
        world.run(3_000);
        // The fullest slice with room takes it; zones come from the nodes.
        assert_eq!(sizes(&world), [3, 1]);
        let zones = |slice: &Obj| slice.as_endpoint_slice().unwrap().endpoints.iter().map(|e| e.zone.clone().unwrap()).collect::<Vec<_>>();
        assert_eq!(zones(&world.list(Kind::EndpointSlice)[0]), ["z1", "z1", "z0"]);
    }

    #[test]
    fn options_of_the_service_show_in_its_slices() {
        let mut world = world();
        add_pod(&mut world, "a");
        world.pod_state("a", "n1", PodPhase::Running, false);
        world.merge(Kind::Service, "svc", json!({"spec": {"publishNotReadyAddresses": true, "trafficDistribution": "PreferSameNode"}}));
        world.run(2_000);
        let slice = world.list(Kind::EndpointSlice)[0].to_json();
        assert_eq!(slice["endpoints"][0]["conditions"], json!({"ready": true, "serving": false, "terminating": false}));
        assert_eq!(slice["endpoints"][0]["hints"], json!({"forZones": [{"name": "z1"}], "forNodes": [{"name": "n1"}]}));
        assert_eq!(slice["ports"], json!([{"name": "http", "protocol": "TCP", "port": 8080}]));
        world.merge(Kind::Service, "svc", json!({"spec": {"trafficDistribution": null, "selector": {"app": "none"}}}));
        world.run(2_000);
        let slice = world.list(Kind::EndpointSlice)[0].to_json();
        assert_eq!((&slice["endpoints"], &slice["ports"]), (&json!(null), &json!(null)));
    }

    #[test]
    fn a_pod_on_an_unknown_node_is_left_out_with_a_warning() {
        let mut world = world();
        add_pod(&mut world, "a");
        world.pod_state("a", "lost", PodPhase::Running, true);
        world.run(500);
        let want = "FailedToUpdateEndpointSlices Error updating Endpoint Slices for Service ns/svc: \
                    skipping Pod a for Service ns/svc: Node lost Not Found";
        assert_eq!(world.events("svc"), [want]);
        world.create(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "lost"}}));
        world.run(2_000);
        assert_eq!(world.lines(Kind::EndpointSlice).last().unwrap(), " a=RS-");
    }

    #[test]
    fn foreign_changes_are_undone_after_a_second() {
        let mut world = world();
        world.run(1_000);
        let name = world.list(Kind::EndpointSlice)[0].meta.name.to_string();
        world.delete(Kind::EndpointSlice, &name);
        world.run(900);
        assert!(world.list(Kind::EndpointSlice).is_empty());
        world.run(200);
        assert_eq!(world.list(Kind::EndpointSlice).len(), 1);
    }
}
