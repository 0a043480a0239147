//! Processes of the control plane: several actors that live and die together. A process that ends takes all with it that its
//! actors knew; one that begins to lead has actors made anew, which list everything.

use super::Sim;
use crate::actor::Actor;
use crate::base::collections::Map;
use crate::engine::ActorId;
use crate::model::Str;
use smallvec::SmallVec;
use std::mem;

/// How the actors of a process are made.
pub(super) struct Process {
    name: Str,
    make: Box<dyn Fn() -> Vec<Box<dyn Actor>>>,
}

impl Sim {
    /// Adds the actors of a process, and remembers how to make them anew: always the same, in the same order.
    pub fn add_process(&mut self, name: &str, make: Box<dyn Fn() -> Vec<Box<dyn Actor>>>) {
        for actor in make() {
            self.add(actor, name.into());
        }
        self.processes.push(Process { name: name.into(), make });
    }

    /// The process ends: nothing reaches its actors any more, and what they had asked for is answered to nobody.
    pub(super) fn kill(&mut self, process: &Str) {
        for slot in self.slots.iter_mut().filter(|slot| slot.process == *process && slot.up) {
            slot.up = false;
            slot.life = slot.life.wrapping_add(1);
            (slot.delivery_pending, slot.stalled) = (false, false);
            slot.recorders = Map::default();
            slot.outbox.requests.clear();
            slot.outbox.wakes.clear();
            slot.outbox.notes.clear();
        }
    }

    /// The process leads: fresh actors with a fresh view.
    pub(super) fn revive(&mut self, process: &Str) {
        let Some(made) = self.processes.iter().find(|known| known.name == *process).map(|known| (known.make)()) else { return };
        let mut made = made.into_iter();
        let places: Vec<usize> = (0..self.slots.len()).filter(|at| self.slots[*at].process == *process).collect();
        for at in places {
            let actor = made.next().expect("a process has the same actors in each of its lives");
            let slot = &mut self.slots[at];
            if slot.up {
                continue;
            }
            assert_eq!(&*slot.name, actor.name(), "a process has the same actors in each of its lives");
            (slot.limits, slot.throttles) = (actor.client_limits(), SmallVec::new());
            slot.actor = actor;
            slot.up = true;
            // Signals that its first steps send come after those that are being handed out now.
            let waiting = mem::take(&mut self.signals);
            self.begin(ActorId(at as u16));
            self.signals = waiting;
        }
    }
}
