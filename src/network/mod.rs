//! Requests of users to Services: names, tables of nodes, processes that serve or do not, and what the users notice.
//! Real: kube-proxy (pkg/proxy @ v1.37.2), CoreDNS, and the machines' kernels.
//!
//! Nothing here happens request by request: between two changes (of an endpoint, a process, a rate) all requests are booked at
//! once when the next change comes (`step`). Clients know the cluster as their nodes' tables and DNS show it (`endpoints`,
//! `clients`), processes come from the kubelets as signals of the physical world (`servers`).

mod clients;
mod endpoints;
mod flights;
pub mod load;
pub mod names;
mod servers;
mod step;
#[cfg(test)]
mod tests;
mod times;
mod windows;

use crate::actor::traffic::Process;
use crate::actor::{Actor, Ctx, Kinds, Record, Signal};
use crate::base::{Dist, Span, Time};
use crate::model::{Kind, Labels, Object, PodPhase, Str};
use crate::store::Change;
use clients::Lag;
use endpoints::{SERVICE_NAME, Snapshot};
pub use load::Load;
use load::{CLIENTS_MAX, Sender};
use names::Resolver;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use step::Traffic;

/// How often processes are looked at whose memory waiting requests can fill.
const MEMORY_EVERY: Span = Span::from_s(1);
/// How often what pods use is measured. Real: metrics-server's --metric-resolution.
const METERED_EVERY: Span = Span::from_s(15);
const CHANGE: u64 = 0;
const METER: u64 = 1;
const END: u64 = 2;

/// What the network is made with.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// Who sends what.
    pub loads: Vec<Load>,
    /// From a change of an EndpointSlice until a node has programmed it.
    pub endpoints: Dist,
    /// Where clients look names up, if that costs requests.
    pub resolver: Option<Resolver>,
    /// Look at each request by itself, which is slow and must change nothing.
    pub one_by_one: bool,
    /// When the run ends.
    pub end: Time,
}

/// The network of a cluster, and those who send requests through it.
pub struct Network {
    traffic: Traffic,
    endpoints: Dist,
    end: Time,
    kinds: Kinds,
    /// Zone and labels of each node.
    nodes: BTreeMap<Str, (Str, Labels)>,
    dark: BTreeSet<Str>,
    /// Loads whose Service has changed.
    changed: BTreeSet<usize>,
    /// Who sends may have changed.
    senders_changed: bool,
    metered: bool,
    /// The earliest timer that is set.
    timer: Option<Time>,
}

/// A number that two others lead to, and nothing else.
fn mix(a: u64, b: u64) -> u64 {
    let mut x = a.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ b.wrapping_add(0x2545_f491_4f6c_dd1d);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

impl Network {
    /// A network in which these loads are sent.
    pub fn new(settings: Settings) -> Network {
        let from_pods = settings.loads.iter().any(|load| matches!(load.from, Sender::Pods(_)));
        let traffic = Traffic::new(settings.loads, settings.resolver.as_ref(), settings.one_by_one);
        let kinds = Kinds::of(&[Kind::Service, Kind::EndpointSlice, Kind::Node, Kind::HorizontalPodAutoscaler]);
        Network {
            changed: (0..traffic.loads.len()).collect(),
            traffic,
            endpoints: settings.endpoints,
            end: settings.end,
            kinds: if from_pods { kinds.union(Kinds::of(&[Kind::Pod])) } else { kinds },
            nodes: BTreeMap::new(),
            dark: BTreeSet::new(),
            senders_changed: true,
            metered: false,
            timer: None,
        }
    }

    /// Whether the loads have ended: what is looked at after a scenario's end (to see that everything comes to rest) is sent nothing.
    fn is_over(&self, now: Time) -> bool {
        now > self.end
    }

    /// Books what has happened by now.
    fn catch_up(&mut self, now: Time) {
        self.traffic.advance(now);
        self.traffic.reap();
    }

    /// What follows from what has just changed.
    fn go_on(&mut self, cx: &mut Ctx<'_>) {
        let now = cx.now;
        let traffic = &mut self.traffic;
        for state in &mut traffic.loads {
            state.clients.learn(&state.load, now, &mut traffic.servers);
        }
        for number in 0..traffic.loads.len() {
            let state = &traffic.loads[number];
            let ready = || match state.load.start {
                Some(start) => start <= now,
                None => {
                    let names = state.names.is_none_or(|names| traffic.loads[names].clients.all_know_some());
                    names && state.clients.all_know_some()
                }
            };
            if state.begun.is_none() && ready() {
                traffic.loads[number].begun = Some(state.load.rate.sent_before(now));
            }
        }
        self.tell(cx, false);
        self.kill_starved(cx);
        self.set_timer(cx);
    }

    /// The kernel kills processes in which more requests wait than they have memory for.
    fn kill_starved(&mut self, cx: &mut Ctx<'_>) {
        for server in self.traffic.servers.all.iter_mut().filter(|server| server.starved) {
            server.starved = false;
            let Some(running) = server.running.as_ref().filter(|running| server.up && running.ends > cx.now) else { continue };
            let (namespace, pod, container) = (server.namespace.clone(), server.pod.clone(), running.container.clone());
            cx.signal(Signal::ContainerKill { namespace, pod, container, oom: true });
        }
    }

    fn tell(&mut self, cx: &mut Ctx<'_>, all: bool) {
        let traffic = &mut self.traffic;
        for state in &mut traffic.loads {
            let look_ups = state.asks_for.is_some();
            for window in state.windows.take_done(&state.load, look_ups, cx.now, all, &traffic.servers.tables) {
                cx.record(Record::Traffic(Arc::new(window)));
            }
        }
    }

    fn set_timer(&mut self, cx: &mut Ctx<'_>) {
        let now = cx.now;
        let mut next = Time::MAX;
        for state in &self.traffic.loads {
            let start = state.load.start.filter(|start| state.begun.is_none() && *start > now);
            next = next.min(state.clients.next_news()).min(start.unwrap_or(Time::MAX));
        }
        for server in &self.traffic.servers.all {
            next = next.min(self.traffic.servers.next_change(&server.target.ip, now));
            if server.up && server.running.as_ref().is_some_and(|running| running.waiting_max.is_some() && running.ends > now) {
                next = next.min(now + MEMORY_EVERY);
            }
        }
        if next < Time::MAX && self.timer.is_none_or(|set| next < set || set <= now) {
            self.timer = Some(next);
            cx.wake_at(next, CHANGE);
        }
    }

    /// Takes up news of a process.
    fn learn(&mut self, process: &Process, cx: &mut Ctx<'_>) {
        let concerns = self.traffic.servers.all.iter().any(|server| server.target.ip == process.ip);
        if concerns {
            self.catch_up(cx.now);
        }
        self.traffic.servers.learn(process);
        self.traffic.servers.tidy(&process.ip, cx.now);
        if concerns {
            self.traffic.reap();
            self.go_on(cx);
        }
    }

    /// A machine loses its power, or gets it back.
    fn power(&mut self, node: &Str, on: bool, cx: &mut Ctx<'_>) {
        self.catch_up(cx.now);
        if on {
            self.dark.remove(node);
        } else {
            self.dark.insert(node.clone());
            self.traffic.servers.all.iter_mut().filter(|server| server.node == *node).for_each(|server| server.powered = false);
            self.traffic.reap();
        }
        self.traffic.servers.power(node, on);
        self.senders_changed = true;
        self.choose_senders(cx);
        self.go_on(cx);
    }

    /// A machine is cut off from the control plane, or hears of it again: its tables stay as they are meanwhile.
    fn cut_off(&mut self, node: &Str, on: bool, cx: &mut Ctx<'_>) {
        self.catch_up(cx.now);
        for state in &mut self.traffic.loads {
            state.clients.all.iter_mut().filter(|client| client.node == *node).for_each(|client| client.cut_off = on);
        }
        self.go_on(cx);
    }

    /// Works out who sends.
    fn choose_senders(&mut self, cx: &mut Ctx<'_>) {
        if !std::mem::take(&mut self.senders_changed) {
            return;
        }
        for number in 0..self.traffic.loads.len() {
            // Look-ups come from where the requests come from.
            let source = self.traffic.loads[number].asks_for.unwrap_or(number);
            let load = &self.traffic.loads[source].load;
            let places: Vec<(Str, Str)> = match &load.from {
                Sender::Pods(selector) => {
                    let pods = cx.view.list_in(Kind::Pod, &load.namespace).filter(|(_, pod)| selector.matches(&pod.meta.labels));
                    let running = pods.filter_map(|(_, object)| {
                        let pod = object.as_pod().filter(|pod| pod.status.phase == PodPhase::Running)?;
                        (!self.dark.contains(&pod.node_name)).then(|| (object.meta.name.clone(), pod.node_name.clone()))
                    });
                    running.collect()
                }
                Sender::Nodes(selector) => {
                    let fit = |labels: &Labels| selector.as_ref().is_none_or(|selector| selector.matches(labels));
                    let nodes = self.nodes.iter().filter(|(name, (_, labels))| fit(labels) && !self.dark.contains(*name));
                    nodes.map(|(name, _)| (name.clone(), name.clone())).collect()
                }
                Sender::Outside => {
                    self.nodes.keys().filter(|name| !self.dark.contains(*name)).map(|name| (name.clone(), name.clone())).collect()
                }
            };
            let zone = |node: &Str| self.nodes.get(node).map(|(zone, _)| zone.clone()).unwrap_or_default();
            let wanted = spread(places, load, cx.seed).into_iter().map(|(name, node)| {
                let zone = zone(&node);
                (name, node, zone)
            });
            let wanted = wanted.collect();
            let state = &mut self.traffic.loads[number];
            state.clients.replace(wanted, &state.load, state.names.is_some(), cx.now, cx.seed);
        }
    }

    fn concerned(&mut self, object: &Object) {
        let service = match object.kind() {
            Kind::Service => Some(&*object.meta.name),
            _ => object.meta.labels.get(SERVICE_NAME),
        };
        for (number, state) in self.traffic.loads.iter().enumerate() {
            if Some(&*state.load.service) == service && state.load.namespace == object.meta.namespace {
                self.changed.insert(number);
            }
        }
    }

    /// Tells the kubelets what requests make their pods use.
    fn meter(&mut self, cx: &mut Ctx<'_>) {
        // A pod may serve at several ports.
        let mut used: BTreeMap<(Str, Str), (u128, i64)> = BTreeMap::new();
        for server in &mut self.traffic.servers.all {
            let cpu_ns = std::mem::take(&mut server.cpu_ns);
            if server.up && server.powered && !server.pod.is_empty() {
                let pod = used.entry((server.namespace.clone(), server.pod.clone())).or_default();
                *pod = (pod.0 + cpu_ns, pod.1.max(server.told_milli));
            }
        }
        let milli = |cpu_ns: u128| (cpu_ns * 1_000 / u128::from(METERED_EVERY.0)) as i64;
        let changed = used.iter().filter(|(_, (cpu_ns, told))| milli(*cpu_ns) != *told);
        let news: Arc<[_]> = changed.map(|((namespace, pod), (cpu_ns, _))| (namespace.clone(), pod.clone(), milli(*cpu_ns))).collect();
        if !news.is_empty() {
            cx.signal(Signal::Busy(news));
        }
        for server in &mut self.traffic.servers.all {
            if let Some((cpu_ns, _)) = used.get(&(server.namespace.clone(), server.pod.clone())) {
                server.told_milli = milli(*cpu_ns);
            }
        }
    }
}

/// The clients at some places: one at each, or as many as wanted in turn.
fn spread(mut places: Vec<(Str, Str)>, load: &Load, seed: crate::base::Seed) -> Vec<(Str, Str)> {
    places.sort();
    if load.clients == 0 {
        if places.len() > CLIENTS_MAX {
            let draw = |name: &Str| seed.draw("sender", &format!("{}/{name}", load.name), 0).0;
            places.sort_by_cached_key(|(name, _)| draw(name));
            places.truncate(CLIENTS_MAX);
        }
        return places;
    }
    let client = |number: usize| {
        let (place, node) = &places[number % places.len()];
        (format!("{place}/{number}").into(), node.clone())
    };
    if places.is_empty() { Vec::new() } else { (0..load.clients as usize).map(client).collect() }
}

impl Actor for Network {
    fn name(&self) -> &str {
        "network"
    }

    fn watches(&self) -> Kinds {
        self.kinds
    }

    fn start(&mut self, cx: &mut Ctx<'_>) {
        cx.wake_at(self.end, END);
        for state in &self.traffic.loads {
            if let Some(start) = state.load.start {
                cx.wake_at(start, CHANGE);
            }
        }
    }

    fn changed(&mut self, change: Change<'_>, cx: &mut Ctx<'_>) {
        let object = change.object();
        match object.kind() {
            Kind::Service | Kind::EndpointSlice => self.concerned(object),
            Kind::HorizontalPodAutoscaler if !self.metered => {
                self.metered = true;
                cx.wake_in(METERED_EVERY, METER);
            }
            Kind::Node => {
                let name = object.meta.name.clone();
                let zone: Str = object.meta.labels.get("topology.kubernetes.io/zone").unwrap_or("").into();
                let new = change.after.is_some().then(|| (zone, object.meta.labels.clone()));
                let same = self.nodes.get(&name) == new.as_ref();
                match new {
                    Some(new) => drop(self.nodes.insert(name, new)),
                    None => drop(self.nodes.remove(&name)),
                }
                self.senders_changed |= !same;
            }
            Kind::Pod => {
                let state = |object: Option<&crate::model::Obj>| {
                    object.and_then(|object| object.as_pod()).map(|pod| (pod.status.phase, pod.node_name.clone()))
                };
                self.senders_changed |= state(change.before) != state(change.after);
            }
            _ => {}
        }
    }

    fn settled(&mut self, cx: &mut Ctx<'_>) {
        if self.is_over(cx.now) || self.changed.is_empty() && !self.senders_changed {
            return;
        }
        self.catch_up(cx.now);
        let lag = Lag { seed: cx.seed, endpoints: self.endpoints };
        for number in std::mem::take(&mut self.changed) {
            let state = &mut self.traffic.loads[number];
            let snapshot = Snapshot::of(&state.load, cx.view);
            if snapshot != *state.clients.latest {
                state.clients.hear(snapshot, &state.load, cx.now, lag);
            }
        }
        self.choose_senders(cx);
        self.go_on(cx);
    }

    fn wake(&mut self, token: u64, cx: &mut Ctx<'_>) {
        match token {
            CHANGE if self.is_over(cx.now) => {}
            CHANGE => {
                if self.timer.is_some_and(|at| at <= cx.now) {
                    self.timer = None;
                }
                self.catch_up(cx.now);
                self.go_on(cx);
            }
            METER => {
                if !self.is_over(cx.now) {
                    self.catch_up(cx.now);
                }
                self.meter(cx);
                cx.wake_in(METERED_EVERY, METER);
            }
            _ => {
                self.catch_up(cx.now);
                self.tell(cx, true);
            }
        }
    }

    fn signalled(&mut self, signal: &Signal, cx: &mut Ctx<'_>) {
        match signal {
            _ if self.is_over(cx.now) => {}
            Signal::Process(process) => self.learn(process, cx),
            Signal::NodeCrash(node) => self.power(node, false, cx),
            Signal::NodeBoot(node) => self.power(node, true, cx),
            Signal::Partition { node, on } => self.cut_off(node, *on, cx),
            _ => {}
        }
    }
}
