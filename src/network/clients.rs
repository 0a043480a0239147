//! Who sends, and what each of them knows: the table of its node, or what DNS told it, each a little behind the cluster.
//! Real: kube-proxy programs a node's rules some time after an EndpointSlice has changed; resolvers ask again when a name's
//! time to live has passed. Which endpoint a new connection gets is a matter of chance there; here it goes round, so that each
//! gets its even share.

use super::endpoints::Snapshot;
use super::load::{Load, Sender};
use super::servers::Servers;
use crate::actor::traffic::Cause;
use crate::base::{Dist, Seed, Span, Time};
use crate::model::Str;
use std::collections::VecDeque;
use std::sync::Arc;

/// What a client will know from an instant on.
#[derive(Clone, Debug)]
struct News {
    at: Time,
    snapshot: Arc<Snapshot>,
    /// The rules have gone but the name is still remembered.
    remembered: bool,
    /// It comes with the answer to a look-up made after `at`.
    by_name: bool,
}

/// One client.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub node: Str,
    pub zone: Str,
    /// Unique in the load.
    pub name: Str,
    /// Servers that it may be led to, and why it fails without.
    pub table: Vec<u32>,
    pub none: Cause,
    /// How far the round has got before the first request.
    pub offset: u64,
    /// What its lanes begin with in the tables of times.
    pub salt: u64,
    /// The servers of kept connections.
    pub lanes: Vec<Option<u32>>,
    sticky: Option<u32>,
    affinity: Option<Span>,
    /// For how long it has sent nothing.
    idle: Span,
    news: VecDeque<News>,
    /// Its node hears nothing of the control plane; what the tables say stays.
    pub cut_off: bool,
    changes: u64,
    /// Until when its name is known, and when it was asked for last, if its look-ups are requests.
    pub known_until: Time,
    asked_at: Option<Time>,
    /// Its look-up under way.
    pub asking: Option<u64>,
    /// Its look-ups are requests.
    looks_up: bool,
}

/// All clients of a load.
#[derive(Clone, Debug, Default)]
pub(super) struct Clients {
    pub all: Vec<Client>,
    /// The newest state of the Service.
    pub latest: Arc<Snapshot>,
}

/// How far behind clients are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lag {
    pub seed: Seed,
    pub endpoints: Dist,
}

impl Client {
    fn new(load: &Load, name: Str, node: Str, zone: Str, seed: Seed) -> Client {
        let draw = seed.draw("client", &format!("{}/{name}", load.name), 0).0;
        Client {
            node,
            zone,
            name,
            table: Vec::new(),
            none: Cause::Dns,
            offset: draw >> 48,
            salt: draw & 0xffff,
            lanes: vec![None; load.connections as usize],
            sticky: None,
            affinity: None,
            idle: Span::ZERO,
            news: VecDeque::new(),
            cut_off: false,
            changes: 0,
            known_until: Time::ZERO,
            asked_at: None,
            asking: None,
            looks_up: false,
        }
    }

    /// The Service has changed: when this client will know.
    fn hear(&mut self, snapshot: &Arc<Snapshot>, before: &Snapshot, load: &Load, now: Time, lag: Lag) {
        self.changes += 1;
        let after = self.news.back().map_or(now, |last| last.at);
        let thing = format!("{}/{}/{}", self.node, load.namespace, load.service);
        let programmed = (now + lag.endpoints.at(lag.seed.draw("endpoints", &thing, self.changes))).max(after);
        // Names are asked again at a rhythm of the client's own.
        let ttl = load.name_ttl.0;
        let phase = if ttl == 0 { 0 } else { lag.seed.draw("name", &format!("{}/{}", load.name, self.name), 0).0 % ttl };
        let asked = if ttl == 0 { now } else { Time(now.0.saturating_sub(phase).div_ceil(ttl) * ttl + phase) }.max(after);
        let asked = if self.looks_up { now.max(after) } else { asked };
        let news = |at, remembered, by_name| News { at, snapshot: snapshot.clone(), remembered, by_name };
        if snapshot.headless || before.headless && !snapshot.known {
            self.news.push_back(news(asked, false, self.looks_up));
        } else if snapshot.known {
            self.news.push_back(news(programmed, false, false));
        } else {
            self.news.push_back(news(programmed, true, false));
            self.news.push_back(news(asked.max(programmed), false, self.looks_up));
        }
    }

    /// Takes up what it has come to know by now; says whether anything.
    fn learn(&mut self, load: &Load, now: Time, servers: &mut Servers) -> bool {
        let mut any = false;
        let (cut_off, asked_at) = (self.cut_off, self.asked_at);
        let is_heard = |news: &News| (!cut_off || news.snapshot.headless) && (!news.by_name || asked_at.is_some_and(|at| news.at <= at));
        while let Some(news) = self.news.pop_front_if(|news| news.at <= now && is_heard(news)) {
            any = true;
            let route = news.snapshot.route(&self.node, &self.zone, load.from == Sender::Outside, &load.host);
            self.table = route.targets.iter().map(|target| servers.number(target)).collect();
            self.none = if news.remembered { Cause::TimeOut } else { route.none };
            self.affinity = news.snapshot.affinity;
            self.stick();
        }
        any
    }

    /// With session affinity, the one endpoint that all its connections go to.
    fn stick(&mut self) {
        if self.affinity.is_none() || self.table.is_empty() {
            self.sticky = None;
            return;
        }
        if self.sticky.is_none_or(|server| !self.table.contains(&server)) {
            let pick = super::mix(self.salt, self.changes) % self.table.len() as u64;
            self.sticky = Some(self.table[pick as usize]);
        }
        self.table = self.sticky.into_iter().collect();
    }

    /// It has sent so many requests within so much time: after too long a silence it may be led elsewhere.
    pub fn note(&mut self, requests: u64, within: Span, load: &Load, latest: &Snapshot, servers: &mut Servers) {
        let Some(affinity) = self.affinity else { return };
        let before = self.idle;
        self.idle = if requests > 0 { Span::ZERO } else { self.idle + within };
        if before < affinity && self.idle >= affinity {
            self.sticky = None;
            self.changes += 1;
            let route = latest.route(&self.node, &self.zone, load.from == Sender::Outside, &load.host);
            self.table = route.targets.iter().map(|target| servers.number(target)).collect();
            self.stick();
        }
    }

    /// The endpoint of an attempt that goes no regular way.
    pub fn pick(&self, n: u64, attempt: u32) -> Option<u32> {
        let count = self.table.len() as u64;
        (count > 0).then(|| self.table[(super::mix(self.salt ^ n, u64::from(attempt)) % count) as usize])
    }

    /// When it will come to know something.
    pub fn next_news(&self) -> Option<Time> {
        self.news.front().filter(|news| !news.by_name && (!self.cut_off || news.snapshot.headless)).map(|news| news.at)
    }

    /// A look-up has been answered, or given up.
    pub fn settled(&mut self, at: Time, ttl: Span, answered: bool) {
        self.asking = None;
        if answered {
            self.known_until = at + ttl;
            self.asked_at = Some(at);
        }
    }
}

impl Clients {
    /// These are the clients from now on: name, node and zone of each. Those that were there before keep what they know; new
    /// ones begin with what is true now.
    pub fn replace(&mut self, wanted: Vec<(Str, Str, Str)>, load: &Load, looks_up: bool, now: Time, seed: Seed) {
        let mut old = std::mem::take(&mut self.all);
        for (name, node, zone) in wanted {
            let known = old.iter().position(|client| client.name == name && client.node == node);
            let client = known.map(|at| old.swap_remove(at)).unwrap_or_else(|| {
                let mut client = Client::new(load, name, node, zone, seed);
                client.looks_up = looks_up;
                client.news.push_back(News { at: now, snapshot: self.latest.clone(), remembered: false, by_name: false });
                client
            });
            self.all.push(client);
        }
    }

    /// The Service has changed.
    pub fn hear(&mut self, snapshot: Snapshot, load: &Load, now: Time, lag: Lag) {
        let snapshot = Arc::new(snapshot);
        let before = std::mem::replace(&mut self.latest, snapshot.clone());
        for client in &mut self.all {
            client.hear(&snapshot, &before, load, now, lag);
        }
    }

    /// All take up what they have come to know.
    pub fn learn(&mut self, load: &Load, now: Time, servers: &mut Servers) -> bool {
        let mut any = false;
        for client in &mut self.all {
            any |= client.learn(load, now, servers);
        }
        any
    }

    /// Whether everybody knows an endpoint.
    pub fn all_know_some(&self) -> bool {
        !self.all.is_empty() && self.all.iter().all(|client| !client.table.is_empty()) && self.latest.ready() > 0
    }

    /// When somebody will come to know something.
    pub fn next_news(&self) -> Time {
        self.all.iter().filter_map(Client::next_news).min().unwrap_or(Time::MAX)
    }
}
