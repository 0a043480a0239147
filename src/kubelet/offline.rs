//! Nodes that do not reach the control plane, because they are cut off or because there is no API server. Containers run on, the
//! kubelet probes and restarts them by what it last knew; statuses and Events wait. When the control plane is found again the
//! kubelet reports, renews its lease and lists its pods anew.
//! Real: pkg/kubelet/kubelet_node_status.go, staging/src/k8s.io/component-helpers/apimachinery/lease/controller.go (back-off of
//! 100 ms, doubled up to 7 s), staging/src/k8s.io/client-go/tools/record/event.go @ v1.37.2.

use super::fleet::Fleet;
use super::node::NodeState;
use super::pod::{Due, Slot};
use super::worker::Kubelet;
use crate::actor::{Ctx, EventNote, Trouble};
use crate::api::ApiError;
use crate::base::{Span, Time};
use crate::model::{Kind, Obj, Str};
use crate::store::Id;

/// Longest wait until a kubelet tries to renew its lease again.
const RETRY_MAX: Span = Span::from_s(7);
/// An Event that could not be written for this long is given up. Real: 12 tries, 10 s apart.
const EVENT_KEPT: Span = Span::from_s(120);
/// Events that wait at most.
const EVENTS_MAX: usize = 1_000;

impl NodeState {
    /// Whether the kubelet runs and reaches the API server.
    pub fn is_talking(&self) -> bool {
        self.up && self.online
    }

    /// The write of a pod's status has been answered, or its removal.
    pub fn has_sent(&mut self, slot: Slot) {
        if self.sending == Some(slot) {
            self.sending = None;
        }
    }

    /// Keeps an Event until it can be written.
    pub fn hold_back(&mut self, now: Time, note: EventNote) {
        if self.unsaid.len() < EVENTS_MAX {
            self.unsaid.push_back((now, note));
        }
    }
}

impl Fleet {
    /// Whether nobody hears of this change of a pod: its node is cut off.
    pub(super) fn is_unheard(&self, known: Option<Slot>, after: Option<&Obj>) -> bool {
        // A namesake, which may be bound to another node, is no change of the pod that is known.
        let same = known.filter(|&slot| after.is_none_or(|pod| pod.meta.uid == self.pods[slot].uid));
        let node = match same {
            Some(slot) => Some(self.pods[slot].node),
            None => after.and_then(|pod| pod.as_pod()).and_then(|pod| self.number_of(&pod.node_name)),
        };
        node.is_some_and(|number| !self.nodes[number as usize].online)
    }

    /// A heartbeat was not taken: it is sent again when the back-off ends.
    pub(super) fn heartbeat_failed(&mut self, number: u32, error: &ApiError, cx: &mut Ctx<'_>) {
        // A node that has gone does not come back by trying again.
        if error.code() != 404 && self.nodes[number as usize].is_talking() {
            self.nodes[number as usize].online = false;
            self.look_for(number, cx);
        }
    }

    /// A node's network to the control plane is cut, or mended.
    pub(super) fn partition(&mut self, name: &Str, on: bool, cx: &mut Ctx<'_>) {
        let Some(number) = self.number_of(name) else { return };
        self.node_mut(number).cut = on;
        if on { self.lose(number, cx) } else { self.look_for(number, cx) }
    }

    /// The API server takes writes, or no longer does.
    pub(super) fn server(&mut self, trouble: Trouble, cx: &mut Ctx<'_>) {
        let gone = trouble.down || trouble.leaderless;
        if std::mem::replace(&mut self.shared.server_gone, gone) == gone {
            return;
        }
        for number in 0..self.nodes.len() as u32 {
            if gone { self.lose(number, cx) } else { self.look_for(number, cx) }
        }
    }

    fn lose(&mut self, number: u32, cx: &mut Ctx<'_>) {
        let node = self.node_mut(number);
        if std::mem::replace(&mut node.online, false) && node.up {
            self.fall_silent(number, cx);
        }
    }

    /// The node finds the control plane again when its back-off ends.
    fn look_for(&mut self, number: u32, cx: &mut Ctx<'_>) {
        let gone = self.shared.server_gone;
        let node = self.node_mut(number);
        if node.online || node.cut || gone {
            return;
        }
        let wait = Span((RETRY_MAX.0 as f64 * cx.seed.draw("reconnect", &node.name, node.reconnects).unit()) as u64);
        node.reconnects += 1;
        cx.wake_in(wait, Self::online_token(number));
    }

    /// The control plane is there again.
    pub(super) fn found(&mut self, number: u32, cx: &mut Ctx<'_>) {
        let gone = self.shared.server_gone;
        let node = self.node_mut(number);
        if node.online || node.cut || gone {
            return;
        }
        node.online = true;
        let name = node.name.clone();
        for (at, note) in std::mem::take(&mut node.unsaid) {
            if at + EVENT_KEPT >= cx.now {
                cx.note(note);
            }
        }
        if let Some(power) = node.begins.take() {
            return self.begin(&name, power, cx);
        }
        if !node.up {
            return;
        }
        node.registered = node.present;
        self.report(number, cx);
        self.tell_pressures(number, cx);
        self.renew(number, cx);
        self.list_again(number, cx);
        self.adopt(number, cx);
        self.shared.touched.push(number);
    }

    /// What became of the node's pods while nothing was heard.
    fn list_again(&mut self, number: u32, cx: &mut Ctx<'_>) {
        let slots: Vec<Slot> = self.nodes[number as usize].slots.iter().copied().collect();
        for slot in slots {
            let pod = &self.pods[slot];
            let (id, before): (Id, Obj) = (pod.id, pod.object.clone());
            if pod.gone_from_api {
                continue;
            }
            let after = cx.view.get(id).cloned();
            match &after {
                Some(after) if after.meta.uid == before.meta.uid => {
                    if after.meta.resource_version != before.meta.resource_version {
                        self.pod_changed(id, Some(&before), Some(after), cx);
                    }
                }
                // It has gone. A namesake is taken up as one that is new, here or elsewhere.
                _ => self.leave(id, slot, cx),
            }
            if self.slot_of(id) == Some(slot) {
                self.with(slot, cx, |kubelet| kubelet.heard_again());
            }
        }
    }

    /// A machine's clock goes wrong, or right again.
    pub(super) fn set_clock(&mut self, name: &Str, offset_ms: i64) {
        if let Some(number) = self.number_of(name) {
            self.node_mut(number).offset_ms = offset_ms;
        }
    }
}

impl Kubelet<'_, '_> {
    /// The API could not take what was written: the next round writes the status again.
    pub(super) fn write_again(&mut self) {
        let round = self.node.status_round(self.cx.now);
        self.set_due(Due::Reconcile, round);
    }

    /// Files and samples may have been missed.
    fn heard_again(&mut self) {
        self.inputs_changed();
        if self.shared.usage_wanted {
            let (meta, kind) = (&self.pod.object.meta, Kind::Other);
            let group_kind: Str = format!("{}/PodMetrics", super::usage::API_VERSION).into();
            let key = crate::store::KeyRef { kind, group_kind: &group_kind, namespace: &meta.namespace, name: &meta.name };
            if self.cx.view.id(key).is_none_or(|id| self.cx.view.get(id).is_none()) {
                self.pod.usage.clear();
            }
            self.report_usage();
        }
    }
}
