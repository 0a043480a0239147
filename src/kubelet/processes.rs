//! What those who send requests are told of a pod: its network space, and each process in it that may serve, with what it is
//! known to do next. Told when it changes, and only where somebody asks.

use super::fleet::Fleet;
use super::pod::{self, State};
use super::worker::Kubelet;
use crate::actor::traffic::{Life, Process};
use crate::actor::{Ctx, Signal};
use crate::base::Time;
use crate::model::{Kind, Str};
use std::sync::Arc;

impl Kubelet<'_, '_> {
    /// Tells what has changed since the last time.
    pub fn tell_processes(&mut self) {
        if !self.shared.settings.tell_processes {
            return;
        }
        let present = self.processes();
        let now = self.cx.now;
        let told = std::mem::take(&mut self.pod.told);
        let serial = |process: &Process| process.life.as_ref().map(|life| life.serial);
        // Lives that are over.
        for old in &told {
            let Some(life) = &old.life else { continue };
            if life.ends > now && !present.iter().any(|process| serial(process) == serial(old)) {
                let life = Life { ends: now, refuses: now.min(life.refuses), ..life.clone() };
                self.cx.signal(Signal::Process(Arc::new(Process { life: Some(life), ..(**old).clone() })));
            }
        }
        for process in &present {
            if !told.iter().any(|old| **old == **process) {
                self.cx.signal(Signal::Process(process.clone()));
            }
        }
        self.pod.told = present;
    }

    fn processes(&self) -> Vec<Arc<Process>> {
        let Some(sandbox) = self.pod.sandboxes.last() else { return Vec::new() };
        let meta = &self.pod.object.meta;
        let space = Process {
            namespace: meta.namespace.clone(),
            pod: meta.name.clone(),
            uid: self.pod.uid.clone(),
            node: self.node.name.clone(),
            ip: if sandbox.ip.is_empty() { self.node.address.clone() } else { sandbox.ip.clone() },
            up: sandbox.ready && self.node.powered,
            life: None,
        };
        let running = self.pod.lives.iter().filter(|live| live.seen.state == State::Running && space.up);
        let spec = &self.pod.pod().spec;
        let lives = running.filter_map(|live| {
            let serves = live.serves?;
            let container = pod::spec_of(spec, live.seen.which);
            let of_node = self.node.allocatable.get("cpu").map_or(0, |cpu| cpu.milli_value());
            let limit = container.resources.limits.get("cpu").map(|cpu| cpu.milli_value());
            let each = serves.memory.value();
            let ends = live.end.as_ref().map_or(Time::MAX, |end| end.at);
            let life = Life {
                serial: live.seen.serial,
                container: container.name.as_str().into(),
                ports: container.ports.iter().map(|port| port.container_port).collect(),
                is_main: live.seen.which == pod::regular(spec).start,
                listens: live.listens,
                refuses: live.stopping.map_or(ends, |at| at + live.refuses_after).min(ends),
                ends,
                cpu_per_request: serves.cpu,
                time: serves.time,
                concurrency: serves.concurrency,
                cpu_limit_milli: limit.unwrap_or(of_node).max(0) as u64,
                waiting_max: container.resources.limits.get("memory").filter(|_| each > 0).map(|most| {
                    let left = most.value().saturating_sub(live.memory_bytes);
                    (left / each.max(1)).max(0) as u64
                }),
            };
            Some(Arc::new(Process { life: Some(life), ..space.clone() }))
        });
        let lives: Vec<_> = lives.collect();
        std::iter::once(Arc::new(space)).chain(lives).collect()
    }
}

impl Fleet {
    /// Requests make a pod busier, or less busy.
    pub(super) fn busy(&mut self, namespace: &Str, name: &Str, cpu_milli: i64, cx: &mut Ctx<'_>) {
        let id = cx.view.find_id(Kind::Pod, namespace, name);
        if let Some(slot) = id.and_then(|id| self.slot_of(id)) {
            self.pods[slot].busy_milli = cpu_milli;
            self.with(slot, cx, |kubelet| kubelet.report_usage());
        }
    }
}
