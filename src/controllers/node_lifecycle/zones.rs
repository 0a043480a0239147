//! Failure zones: how many of their nodes are not ready decides how fast their pods are evicted.
//! Real: pkg/controller/nodelifecycle/node_lifecycle_controller.go (ComputeZoneState, handleDisruption),
//! pkg/controller/nodelifecycle/scheduler/rate_limited_queue.go @ v1.37.2.

use crate::base::{Span, Time};
use crate::model::Str;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// In what state a zone is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ZoneState {
    /// Just seen for the first time.
    Initial,
    /// Most nodes are ready.
    Normal,
    /// Many nodes are not ready.
    PartialDisruption,
    /// No node is ready.
    FullDisruption,
}

/// The figures that decide about eviction, as the kube-controller-manager is told them.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Rates {
    /// Nodes a second in a healthy zone.
    pub normal: f64,
    /// Nodes a second in a large zone that is partly down.
    pub secondary: f64,
    /// A zone of more nodes than this is large.
    pub large_zone: usize,
    /// Share of nodes not ready from which on a zone is partly down.
    pub unhealthy_share: f64,
}

impl Rates {
    /// The state of a zone with so many ready and unready nodes.
    pub fn state(&self, ready: usize, not_ready: usize) -> ZoneState {
        if ready == 0 && not_ready > 0 {
            ZoneState::FullDisruption
        } else if not_ready > 2 && (not_ready as f32 / (not_ready + ready) as f32) >= self.unhealthy_share as f32 {
            ZoneState::PartialDisruption
        } else {
            ZoneState::Normal
        }
    }

    fn rate(&self, state: ZoneState, size: usize) -> f64 {
        match state {
            ZoneState::PartialDisruption if size > self.large_zone => self.secondary,
            ZoneState::PartialDisruption => 0.0,
            _ => self.normal,
        }
    }
}

/// A token bucket of one token.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Limiter {
    rate: f64,
    next: Time,
}

impl Limiter {
    fn try_accept(&mut self, now: Time) -> bool {
        let accepted = self.rate > 0.0 && now >= self.next;
        if accepted {
            self.next = now + Span::from_s_f64(1.0 / self.rate);
        }
        accepted
    }

    /// Another rate; who had to wait goes on waiting.
    fn swap(&mut self, rate: f64, now: Time) {
        if rate == self.rate {
            return;
        }
        let free = self.try_accept(now);
        *self = Limiter { rate, next: now };
        if !free {
            self.try_accept(now);
        }
    }
}

/// A zone: its state, and its nodes that wait for the NoExecute taint.
#[derive(Clone, Debug)]
pub struct Zone {
    state: ZoneState,
    limiter: Limiter,
    waiting: VecDeque<Str>,
    /// Nodes that wait or had their turn: these do not come again until removed.
    known: BTreeSet<Str>,
}

impl Zone {
    /// Lets a node wait for its taint, unless it does or had its turn.
    pub fn add(&mut self, node: &Str) {
        if self.known.insert(node.clone()) {
            self.waiting.push_back(node.clone());
        }
    }

    /// A node whose taint is not there (any more) may come again; one that waits keeps its place.
    pub fn renew(&mut self, node: &Str) {
        if !self.waiting.contains(node) {
            self.known.remove(node);
        }
        self.add(node);
    }

    /// The node shall not be tainted.
    pub fn remove(&mut self, node: &Str) {
        self.known.remove(node);
        self.waiting.retain(|name| name != node);
    }

    /// The node whose turn it is, if the rate allows one now.
    pub fn take(&mut self, now: Time) -> Option<Str> {
        if self.waiting.is_empty() || !self.limiter.try_accept(now) {
            return None;
        }
        self.waiting.pop_front()
    }

    /// The node's turn failed: it waits again, first in line.
    pub fn put_back(&mut self, node: Str) {
        self.waiting.push_front(node);
    }

    /// When `take` may give a node next, if ever.
    pub fn next(&self) -> Option<Time> {
        (!self.waiting.is_empty() && self.limiter.rate > 0.0).then_some(self.limiter.next)
    }
}

/// What a change of the zones' states means for all nodes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// Nothing special.
    None,
    /// No node of the cluster is ready any more: evictions stop, and NoExecute taints come off.
    EnterMasterDisruption,
    /// Some node is ready again: all nodes get a fresh grace period.
    ExitMasterDisruption,
}

/// All zones.
#[derive(Clone, Debug)]
pub struct Zones {
    rates: Rates,
    /// With their states.
    zones: BTreeMap<String, Zone>,
    /// Zones whose last node went: their queues stay, as the real one never forgets them.
    gone: BTreeSet<String>,
}

impl Zones {
    /// None yet.
    pub fn new(rates: Rates) -> Zones {
        Zones { rates, zones: BTreeMap::new(), gone: BTreeSet::new() }
    }

    /// A zone, made when it is new.
    pub fn get(&mut self, key: &str) -> &mut Zone {
        let limiter = Limiter { rate: self.rates.normal, next: Time::ZERO };
        if self.gone.remove(key) {
            let zone = self.zones.get_mut(key).expect("zones are never dropped");
            (zone.state, zone.limiter, zone.waiting, zone.known) = (ZoneState::Initial, limiter, VecDeque::new(), BTreeSet::new());
        }
        self.zones.entry(key.to_string()).or_insert_with(|| Zone {
            state: ZoneState::Initial,
            limiter,
            waiting: VecDeque::new(),
            known: BTreeSet::new(),
        })
    }

    /// All zones, to be worked on in order of their names.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&String, &mut Zone)> {
        self.zones.iter_mut()
    }

    /// When the next node of any zone may be tainted.
    pub fn next(&self) -> Option<Time> {
        self.zones.values().filter_map(Zone::next).min()
    }

    /// Takes note of how many nodes are ready and not ready in each zone, and sets the rates.
    pub fn update(&mut self, counts: &BTreeMap<String, (usize, usize)>, now: Time) -> Turn {
        for key in counts.keys() {
            self.get(key);
        }
        let states: BTreeMap<&String, ZoneState> =
            counts.iter().map(|(key, &(ready, not_ready))| (key, self.rates.state(ready, not_ready))).collect();
        for key in self.zones.keys() {
            if !counts.contains_key(key) {
                self.gone.insert(key.clone());
            }
        }
        let present =
            |zones: &Zones| zones.zones.iter().filter(|(key, _)| !zones.gone.contains(*key)).map(|(_, z)| z.state).collect::<Vec<_>>();
        let all_are = states.values().all(|state| *state == ZoneState::FullDisruption);
        let all_were = present(self).iter().all(|state| *state == ZoneState::FullDisruption);
        if all_are && all_were {
            return Turn::None;
        }
        for (key, &state) in &states {
            let (ready, not_ready) = counts[*key];
            let rate = if all_are { 0.0 } else { self.rates.rate(state, ready + not_ready) };
            let zone = self.zones.get_mut(*key).expect("made above");
            if zone.state != state || all_are || all_were {
                zone.limiter.swap(rate, now);
            }
            zone.state = state;
        }
        match (all_are, all_were) {
            (true, _) => Turn::EnterMasterDisruption,
            (_, true) => Turn::ExitMasterDisruption,
            _ => Turn::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATES: Rates = Rates { normal: 0.1, secondary: 0.01, large_zone: 50, unhealthy_share: 0.55 };

    fn counts(all: &[(&str, usize, usize)]) -> BTreeMap<String, (usize, usize)> {
        all.iter().map(|(key, ready, not)| (key.to_string(), (*ready, *not))).collect()
    }

    #[test]
    fn the_state_of_a_zone_by_its_nodes() {
        use ZoneState::*;
        for (ready, not_ready, want) in [
            (3, 0, Normal),
            (0, 0, Normal),
            (0, 1, FullDisruption),
            (1, 2, Normal),
            (1, 3, PartialDisruption),
            (3, 3, Normal),
            (45, 55, PartialDisruption),
        ] {
            assert_eq!(RATES.state(ready, not_ready), want, "{ready} {not_ready}");
        }
        assert_eq!((RATES.rate(PartialDisruption, 50), RATES.rate(PartialDisruption, 51), RATES.rate(FullDisruption, 9)), (0.0, 0.01, 0.1));
    }

    #[test]
    fn one_node_in_ten_seconds_and_none_in_a_small_zone_partly_down() {
        let mut zones = Zones::new(RATES);
        zones.update(&counts(&[("a", 4, 0), ("b", 1, 0)]), Time::ZERO);
        let zone = zones.get("a");
        zone.add(&"n1".into());
        zone.add(&"n2".into());
        zone.add(&"n2".into());
        assert_eq!(zone.take(Time::from_s(1)).as_deref(), Some("n1"));
        assert_eq!((zone.take(Time::from_s(2)), zone.next()), (None, Some(Time::from_s(11))));
        assert_eq!(zones.update(&counts(&[("a", 1, 3), ("b", 1, 0)]), Time::from_s(3)), Turn::None);
        assert_eq!((zones.get("a").take(Time::from_s(20)), zones.next()), (None, None));
        zones.update(&counts(&[("a", 0, 4), ("b", 1, 0)]), Time::from_s(21));
        // Back at the full rate, but whoever waited goes on waiting.
        assert_eq!((zones.get("a").take(Time::from_s(30)), zones.get("a").take(Time::from_s(31)).as_deref()), (None, Some("n2")));
    }

    #[test]
    fn when_no_node_is_ready_evictions_stop() {
        let mut zones = Zones::new(RATES);
        assert_eq!(zones.update(&counts(&[("", 0, 3)]), Time::ZERO), Turn::EnterMasterDisruption);
        zones.get("").add(&"n1".into());
        assert_eq!(zones.get("").take(Time::from_s(100)), None);
        assert_eq!(zones.update(&counts(&[("", 0, 3)]), Time::from_s(5)), Turn::None);
        assert_eq!(zones.update(&counts(&[("", 1, 2)]), Time::from_s(10)), Turn::ExitMasterDisruption);
        assert_eq!(zones.next(), Some(Time::from_s(20)));
    }

    #[test]
    fn a_node_waits_once_until_renewed() {
        let mut zones = Zones::new(RATES);
        let zone = zones.get("");
        let node: Str = "n1".into();
        zone.add(&node);
        assert_eq!(zone.take(Time::ZERO), Some(node.clone()));
        zone.add(&node);
        assert_eq!(zone.next(), None);
        zone.renew(&node);
        zone.renew(&node);
        assert_eq!(zone.waiting.len(), 1);
        zone.remove(&node);
        assert_eq!(zone.next(), None);
        zone.put_back(node);
        assert_eq!(zone.next(), Some(Time::from_s(10)));
    }
}
