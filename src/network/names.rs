//! Look-ups of names as requests of their own: to the pods of the cluster's DNS Service, through the table of the client's node,
//! with the resolver's own time-out and attempts. A request leaves for its Service when its name is known.
//! Real: resolv.conf(5) as the kubelet writes it for pods (pkg/kubelet/network/dns/dns.go @ v1.37.2), CoreDNS behind the Service
//! kube-dns. A client with a cache asks once when its answer has become too old, and its requests wait for that; one without
//! asks for each attempt.
//!
//! Within a step look-ups come first, so that it is known when their answers come; the requests follow.

use super::flights::{Attempt, Who};
use super::load::{Load, Port, Rate, Retries, Sender};
use super::mix;
use super::step::{LoadState, Retry, Traffic};
use crate::actor::traffic::Cause;
use crate::base::{Span, Time};
use crate::model::Str;

/// The cluster's DNS as its clients use it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resolver {
    /// Namespace of its Service.
    pub namespace: Str,
    /// The Service.
    pub service: Str,
    /// How long a client waits for an answer. Real: `timeout:` of resolv.conf, 5 s.
    pub timeout: Span,
    /// How often it asks in all. Real: `attempts:` of resolv.conf, 2.
    pub attempts: u32,
}

impl Resolver {
    /// With the defaults of resolv.conf.
    pub fn new(namespace: &str, service: &str) -> Resolver {
        Resolver { namespace: namespace.into(), service: service.into(), timeout: Span::from_s(5), attempts: 2 }
    }

    /// Whether clients of a load ask it. Those outside ask others; who keeps connections asks so rarely that it is left out.
    pub(super) fn is_asked_by(&self, load: &Load) -> bool {
        load.from != Sender::Outside && load.connections == 0 && !self.is_target_of(load)
    }

    /// Whether a load is sent to it.
    pub(super) fn is_target_of(&self, load: &Load) -> bool {
        (&load.namespace, &load.service) == (&self.namespace, &self.service)
    }

    /// The look-ups of a load, as a load.
    pub(super) fn look_ups(&self, of: &Load) -> Load {
        Load {
            name: format!("look-ups-of-{}", of.name).into(),
            namespace: self.namespace.clone(),
            service: self.service.clone(),
            host: Str::default(),
            port: Port::First,
            from: of.from.clone(),
            clients: of.clients,
            connections: 0,
            timeout: self.timeout,
            retries: Retries { limit: self.attempts.saturating_sub(1), backoff: Span::ZERO, factor: 1 },
            name_ttl: Span::ZERO,
            start: None,
            rate: Rate::constant(0),
        }
    }
}

/// A look-up under way and who waits for it.
#[derive(Debug)]
pub(super) struct LookUp {
    /// The load whose clients ask.
    load: u32,
    /// The client's place among them.
    place: usize,
    waiting: Vec<Retry>,
    /// When it is answered (`true`) or given up, as far as is known.
    settles: Option<(Time, bool)>,
}

impl Traffic {
    /// The new requests of a load that need a name: the first of each client that asks, or all.
    pub(super) fn ask(&mut self, number: usize) {
        let (n0, n1) = self.loads[number].numbers(self.from, self.until);
        let clients = self.loads[number].clients.all.len() as u64;
        if clients == 0 {
            return;
        }
        if self.loads[number].load.name_ttl.is_zero() {
            for n in n0..n1 {
                let retry = self.new_request(number, n);
                self.look_up((n % clients) as usize, retry);
            }
            return;
        }
        for client in 0..clients {
            let own = &self.loads[number].clients.all[client as usize];
            if own.asking.is_none()
                && let Some(n) = self.loads[number].first_from(own.known_until, (client, clients), (n0, n1))
            {
                let retry = self.new_request(number, n);
                self.look_up(client as usize, retry);
            }
        }
    }

    /// A request that has to wait.
    fn new_request(&mut self, number: usize, n: u64) -> Retry {
        let state = &mut self.loads[number];
        let at = state.load.rate.time_of(n);
        state.windows.at(at).waits();
        Retry { at, load: number as u32, n, attempt: 0, first: at, named: false }
    }

    /// Another attempt at a request needs a name.
    pub(super) fn need_name(&mut self, retry: Retry) {
        let state = &self.loads[retry.load as usize];
        let place = (retry.n % (state.clients.all.len() as u64).max(1)) as usize;
        let known = state.clients.all.get(place).filter(|_| !state.load.name_ttl.is_zero());
        match known {
            Some(client) if client.known_until > retry.at => drop(self.late.insert(Retry { named: true, ..retry })),
            Some(client) => match client.asking.and_then(|id| self.look_ups.get_mut(&id)) {
                Some(look_up) => look_up.waiting.push(retry),
                None => self.look_up(place, retry),
            },
            None => self.look_up(place, retry),
        }
    }

    fn look_up(&mut self, place: usize, retry: Retry) {
        let Some(names) = self.loads[retry.load as usize].names else { return };
        let id = self.next_look_up;
        self.next_look_up += 1;
        self.look_ups.insert(id, LookUp { load: retry.load, place, waiting: vec![retry], settles: None });
        let state = &mut self.loads[retry.load as usize];
        if let Some(client) = state.clients.all.get_mut(place).filter(|_| !state.load.name_ttl.is_zero()) {
            client.asking = Some(id);
        }
        self.query(names, id, retry.at, 0, retry.at);
    }

    /// One attempt at a look-up.
    pub(super) fn query(&mut self, names: usize, id: u64, at: Time, attempt: u32, first: Time) {
        let place = self.look_ups.get(&id).map_or(0, |look_up| look_up.place);
        let clients = &self.loads[names].clients.all;
        let target = match clients.get(place).or(clients.last()) {
            Some(client) => client.pick(id, attempt).ok_or(client.none),
            None => Err(Cause::TimeOut),
        };
        let number = mix(id, u64::from(attempt));
        self.meet(names as u32, target, Who::One { n: id, number, place: number, at, first, attempt });
    }

    /// It is known when a look-up is answered or given up.
    pub(super) fn settles(&mut self, id: u64, at: Time, answered: bool) {
        if let Some(look_up) = self.look_ups.get_mut(&id) {
            look_up.settles = Some((at, answered));
            self.settled.insert((at, id));
        }
    }

    /// The answer does not come after all.
    pub(super) fn unsettle(&mut self, id: u64) {
        if let Some((at, _)) = self.look_ups.get_mut(&id).and_then(|look_up| look_up.settles.take()) {
            self.settled.remove(&(at, id));
        }
    }

    /// The new requests of a client with a cache: those whose name is known go, the others wait with the look-up.
    pub(super) fn send_named(&mut self, number: usize, (client, clients): (u64, u64), (n0, n1): (u64, u64)) {
        let own = |n: u64| n.saturating_sub(client).div_ceil(clients);
        let state = &self.loads[number];
        let (m0, m1) = (own(n0), own(n1));
        let begins = |at: Time| own(state.load.rate.sent_before(at)).clamp(m0, m1);
        let client_now = &state.clients.all[client as usize];
        let known = begins(client_now.known_until);
        let look_up = client_now.asking.and_then(|id| self.look_ups.get(&id));
        let settles = look_up.and_then(|look_up| look_up.settles).filter(|(at, _)| *at < self.until);
        let (id, since) = (client_now.asking, look_up.and_then(|look_up| look_up.waiting.first()).map(|first| first.n));
        let after = settles.map_or(m1, |(at, _)| begins(at)).max(known);
        self.send_part(number, client, clients, known, m0);
        for m in known..after {
            let n = m * clients + client;
            if since != Some(n) {
                let retry = self.new_request(number, n);
                match id.and_then(|id| self.look_ups.get_mut(&id)) {
                    Some(look_up) => look_up.waiting.push(retry),
                    None => self.later(Retry { at: self.until, ..retry }),
                }
            }
        }
        match settles {
            Some((_, true)) => self.send_part(number, client, clients, m1, after),
            // It asks anew.
            _ => {
                for m in after..m1 {
                    let retry = self.new_request(number, m * clients + client);
                    self.later(Retry { at: self.until, ..retry });
                }
            }
        }
    }

    fn send_part(&mut self, number: usize, client: u64, clients: u64, end: u64, begin: u64) {
        if self.one_by_one {
            (begin..end).for_each(|m| self.send_one(number, m * clients + client, clients));
        } else if end > begin {
            self.send_runs(number, client, clients, begin, end);
        }
    }

    /// Look-ups that have been answered or given up by the end of the step: their requests go, or fail.
    pub(super) fn settle(&mut self) {
        while let Some((at, id)) = self.settled.first().copied().filter(|(at, _)| *at < self.until) {
            self.settled.pop_first();
            let Some(look_up) = self.look_ups.remove(&id) else { continue };
            let answered = look_up.settles.is_some_and(|(_, answered)| answered);
            let state = &mut self.loads[look_up.load as usize];
            let ttl = state.load.name_ttl;
            let all = &mut state.clients.all;
            let place = if ttl.is_zero() { Some(look_up.place) } else { all.iter().position(|client| client.asking == Some(id)) };
            if let Some(client) = place.and_then(|place| all.get_mut(place)) {
                client.settled(at, ttl, answered);
            }
            if answered {
                state.clients.learn(&state.load, self.from, &mut self.servers);
            }
            for retry in look_up.waiting {
                if answered {
                    self.late.insert(Retry { at: at.max(retry.at), named: true, ..retry });
                    continue;
                }
                let Retry { load, n, attempt, first, .. } = retry;
                self.loads[load as usize].windows.at(first).tries_again();
                let failed = Attempt { n, number: 0, place: 0, at, first, attempt };
                self.fail_one(load, failed, Cause::Dns, at.max(retry.at), self.until);
            }
        }
    }
}

impl LoadState {
    /// The first request of a client, among those from `n0` to `n1`, that leaves at an instant or later.
    fn first_from(&self, at: Time, (client, clients): (u64, u64), (n0, n1): (u64, u64)) -> Option<u64> {
        let begin = n0.max(self.load.rate.sent_before(at));
        let n = begin.saturating_sub(client).div_ceil(clients) * clients + client;
        (n < n1).then_some(n)
    }
}
