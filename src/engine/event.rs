//! Everything that can happen in a run. The list is closed: new components use `Wake` with tokens of their own.

/// A component of the simulated cluster, by its place in the list of actors.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ActorId(pub u16);

/// A request under way to or from the API server.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct RequestId(pub u32);

/// One thing that happens at one instant.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Event {
    /// A timer of an actor fires; the token means something to that actor alone.
    Wake {
        /// Whose timer.
        actor: ActorId,
        /// In which of the actor's lives it was set.
        life: u16,
        /// What it stands for.
        token: u64,
    },
    /// Changes reach an actor's view of the cluster.
    Deliver {
        /// Who sees them.
        actor: ActorId,
        /// In which of the actor's lives the message was sent.
        life: u16,
    },
    /// A request reaches the API server and is carried out there.
    Arrive {
        /// Which one.
        request: RequestId,
    },
    /// The API server's answer reaches the one who asked.
    Answer {
        /// To which request.
        request: RequestId,
    },
}

impl Event {
    /// The event as 11 bytes, for the trace.
    pub fn bytes(self) -> [u8; 11] {
        let (tag, actor, value) = match self {
            Event::Wake { actor, token, .. } => (0, actor.0, token),
            Event::Deliver { actor, .. } => (1, actor.0, 0),
            Event::Arrive { request } => (2, 0, u64::from(request.0)),
            Event::Answer { request } => (3, 0, u64::from(request.0)),
        };
        let mut bytes = [0; 11];
        bytes[0] = tag;
        bytes[1..3].copy_from_slice(&actor.to_le_bytes());
        bytes[3..].copy_from_slice(&value.to_le_bytes());
        bytes
    }
}

// Millions of events wait at a time: they must stay small.
const _: () = assert!(std::mem::size_of::<Event>() <= 16);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn different_events_have_different_bytes() {
        let all = [
            Event::Wake { actor: ActorId(1), life: 0, token: 0 },
            Event::Wake { actor: ActorId(1), life: 0, token: 1 },
            Event::Deliver { actor: ActorId(1), life: 0 },
            Event::Arrive { request: RequestId(1) },
            Event::Answer { request: RequestId(1) },
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(all[..i].iter().all(|b| a.bytes() != b.bytes()));
        }
    }
}
