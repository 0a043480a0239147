//! What is known of a node's heartbeats, and when they count as lost.
//! Real: pkg/controller/nodelifecycle/node_lifecycle_controller.go (tryUpdateNodeHealth) @ v1.37.2.
//!
//! The real one looks at each node at each tick. Here a node is looked at when it or its lease changed, and when its grace
//! period would end; a lease that its holder keeps renewing (`renewed_every`) needs no look at all.

use crate::actor::Clock;
use crate::base::{Span, Time};
use crate::model::{MicroTime, NodeCondition, NodeStatus, Obj, Object, Str, Timestamp};
use std::sync::Arc;

/// The conditions that the kubelet reports. NetworkUnavailable is others' business.
const KUBELET_CONDITIONS: [&str; 4] = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

/// The condition Ready of a node, as the controller last knew it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Ready {
    /// The kubelet has not reported yet.
    #[default]
    Missing,
    /// True.
    True,
    /// False.
    False,
    /// Unknown.
    Unknown,
}

impl Ready {
    /// Of a node's condition.
    pub fn of(condition: Option<&NodeCondition>) -> Ready {
        match condition.map(|condition| &*condition.status) {
            None => Ready::Missing,
            Some("True") => Ready::True,
            Some("False") => Ready::False,
            Some(_) => Ready::Unknown,
        }
    }
}

/// The times that decide.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Periods {
    /// Between two looks (ticks).
    pub monitor: Span,
    /// Silence that is allowed.
    pub grace: Span,
    /// The same before the first report.
    pub startup_grace: Span,
}

/// What was seen of a node's heartbeats.
#[derive(Clone, Debug, Default)]
pub struct Health {
    seen: bool,
    /// When a sign of life was last noticed.
    pub probe: Time,
    had_ready: bool,
    heartbeat: Option<Timestamp>,
    reporting: bool,
    /// The newest renewal that was noticed, and the lease's version.
    renewed: Option<MicroTime>,
    lease_version: u64,
    /// The lease is being renewed by itself.
    alive: bool,
}

/// What a look at a node came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// All is well, until this instant if nothing is heard any more.
    Until(Time),
    /// All is well until something changes.
    Well,
    /// To be looked at again at the next tick, whatever happens.
    Again,
    /// The grace period is over. Carries the version of the lease that was believed (0: none).
    Lost(u64),
}

impl Health {
    /// Looks at a node and its lease.
    pub fn look(&mut self, node: &Object, lease: Option<&Obj>, periods: &Periods, clock: Clock, now: Time) -> Look {
        let status = &node.as_node().expect("only nodes are looked at").status;
        let ready = status.conditions.iter().find(|condition| &*condition.r#type == "Ready");
        let renewed_before = self.renewed;
        self.see_status(status, ready, node.meta.creation_timestamp, periods, clock, now);
        let unsure = self.see_lease(lease, renewed_before, periods, clock, now);
        let grace = if ready.is_none() { periods.startup_grace } else { periods.grace };
        if self.alive {
            return Look::Well;
        }
        if now >= self.probe + grace {
            return Look::Lost(if self.renewed.is_some() { self.lease_version } else { 0 });
        }
        if unsure { Look::Again } else { Look::Until(self.probe + grace) }
    }

    fn see_status(
        &mut self,
        status: &NodeStatus,
        ready: Option<&NodeCondition>,
        created: Option<Timestamp>,
        periods: &Periods,
        clock: Clock,
        now: Time,
    ) {
        let heartbeat = ready.and_then(|condition| condition.last_heartbeat_time);
        let reporting = status.reported_every.is_some();
        if !self.seen && ready.is_none() {
            self.probe = created.map_or(now, |created| clock.time(created));
        } else if !self.seen || self.had_ready != ready.is_some() {
            self.probe = now;
            self.renewed = None;
        } else if heartbeat != self.heartbeat {
            if self.reporting && !reporting {
                // The last report of a kubelet that fell silent: noticed at the tick after it.
                let at = heartbeat.map_or(now, |time| clock.time(time));
                self.probe = self.probe.max(at.round_up(periods.monitor).min(now));
            } else {
                self.probe = now;
                self.renewed = None;
            }
        }
        (self.seen, self.had_ready, self.heartbeat, self.reporting) = (true, ready.is_some(), heartbeat, reporting);
    }

    /// Says whether the next tick has to look again: a status report makes the real one forget which renewal it saw last.
    fn see_lease(&mut self, lease: Option<&Obj>, before: Option<MicroTime>, periods: &Periods, clock: Clock, now: Time) -> bool {
        let was_alive = std::mem::take(&mut self.alive);
        let Some((object, spec)) = lease.and_then(|object| Some((object, &object.as_lease()?.spec))) else { return false };
        let present = clock.micro(now);
        let Some(renewed) = spec.renewed_at(present) else { return false };
        if spec.renewed_every.is_some() {
            self.alive = true;
            (self.probe, self.renewed, self.lease_version) = (now, Some(renewed), object.meta.resource_version);
            return false;
        }
        if was_alive {
            let at = Time((renewed.0 - clock.start_us).max(0) as u64 * 1_000);
            self.probe = self.probe.max(at.round_up(periods.monitor).min(now));
        } else if before.is_none_or(|before| before < renewed) {
            self.probe = now;
        } else {
            return self.renewed.is_none();
        }
        (self.renewed, self.lease_version) = (Some(renewed), object.meta.resource_version);
        false
    }

    /// The controller has itself written the node's status: that is no sign of life.
    pub fn wrote(&mut self, status: &NodeStatus) {
        let ready = status.conditions.iter().find(|condition| &*condition.r#type == "Ready");
        (self.had_ready, self.heartbeat) = (ready.is_some(), ready.and_then(|condition| condition.last_heartbeat_time));
        self.reporting = status.reported_every.is_some();
    }
}

/// The node with its kubelet's conditions Unknown; nothing if Ready is so already.
pub fn silenced(node: &Object, now: Timestamp, present: MicroTime) -> Option<Object> {
    let mut after = node.clone();
    let body = after.as_node_mut()?;
    let mut status = body.status.reported_at(present);
    status.reported_every = None;
    let mut ready_changed = false;
    for kind in KUBELET_CONDITIONS {
        let unknown: Str = "Unknown".into();
        match status.conditions.iter_mut().find(|condition| &*condition.r#type == kind) {
            Some(condition) if condition.status == unknown => {}
            Some(condition) => {
                condition.status = unknown;
                condition.reason = "NodeStatusUnknown".into();
                condition.message = "Kubelet stopped posting node status.".into();
                condition.last_transition_time = Some(now);
                ready_changed |= kind == "Ready";
            }
            None => {
                status.conditions.push(NodeCondition {
                    r#type: kind.into(),
                    status: unknown,
                    last_heartbeat_time: node.meta.creation_timestamp,
                    last_transition_time: Some(now),
                    reason: "NodeStatusNeverUpdated".into(),
                    message: "Kubelet never posted node status.".into(),
                });
                ready_changed |= kind == "Ready";
            }
        }
    }
    body.status = Arc::new(status);
    ready_changed.then_some(after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Body, Lease, LeaseSpec, Meta};
    use serde_json::json;

    const PERIODS: Periods = Periods { monitor: Span::from_s(5), grace: Span::from_s(50), startup_grace: Span::from_s(60) };
    const CLOCK: Clock = Clock { start_us: 0 };

    fn node(heartbeat_s: Option<i64>) -> Object {
        let conditions = heartbeat_s.map(|s| json!([{"type": "Ready", "status": "True", "lastHeartbeatTime": Timestamp(s).to_string()}]));
        Object::from_json(
            json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "creationTimestamp": "1970-01-01T00:00:00Z"},
            "status": {"conditions": conditions}}),
        )
        .unwrap()
    }

    fn lease(renewed_s: i64, every: Option<Span>, version: u64) -> Obj {
        let spec = LeaseSpec { renew_time: Some(MicroTime(renewed_s * 1_000_000)), renewed_every: every, ..LeaseSpec::default() };
        let meta = Meta { resource_version: version, ..Meta::default() };
        Obj::new(Object { meta, body: Body::Lease(Lease { spec: Arc::new(spec), ..Lease::default() }) })
    }

    fn look(health: &mut Health, node: &Object, lease: Option<&Obj>, now_s: u64) -> Look {
        health.look(node, lease, &PERIODS, CLOCK, Time::from_s(now_s))
    }

    #[test]
    fn a_node_that_never_reported_has_the_startup_grace() {
        let mut health = Health::default();
        assert_eq!(look(&mut health, &node(None), None, 5), Look::Until(Time::from_s(60)));
        assert_eq!(look(&mut health, &node(None), None, 60), Look::Lost(0));
    }

    #[test]
    fn renewals_that_are_seen_count_from_the_tick_that_sees_them() {
        let mut health = Health::default();
        let node = node(Some(1));
        assert_eq!(look(&mut health, &node, Some(&lease(2, None, 7)), 5), Look::Until(Time::from_s(55)));
        assert_eq!(look(&mut health, &node, Some(&lease(8, None, 8)), 10), Look::Until(Time::from_s(60)));
        assert_eq!(look(&mut health, &node, Some(&lease(8, None, 8)), 60), Look::Lost(8));
    }

    #[test]
    fn a_lease_that_renews_itself_needs_no_look_until_it_stops() {
        let mut health = Health::default();
        let node = node(Some(1));
        assert_eq!(look(&mut health, &node, Some(&lease(3, Some(Span::from_s(10)), 7)), 5), Look::Well);
        // It died at 1,234 s; the last renewal was at 1,233 s, noticed by the tick at 1,235 s.
        assert_eq!(look(&mut health, &node, Some(&lease(1_233, None, 8)), 1_235), Look::Until(Time::from_s(1_285)));
        assert_eq!(look(&mut health, &node, Some(&lease(1_233, None, 8)), 1_285), Look::Lost(8));
    }

    #[test]
    fn all_of_the_kubelets_conditions_become_unknown_once() {
        let lost = silenced(&node(Some(1)), Timestamp(60), MicroTime(60_000_000)).unwrap();
        let shown: Vec<String> =
            lost.as_node().unwrap().status.conditions.iter().map(|c| format!("{}={}/{}", c.r#type, c.status, c.reason)).collect();
        assert_eq!(shown[..2], ["Ready=Unknown/NodeStatusUnknown", "MemoryPressure=Unknown/NodeStatusNeverUpdated"]);
        assert_eq!(silenced(&lost, Timestamp(65), MicroTime(65_000_000)), None);
    }
}
