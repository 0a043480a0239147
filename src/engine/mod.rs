//! The heart: an event queue, the closed list of events, and the trace with its rolling hash.

pub mod event;
pub mod queue;
pub mod trace;

pub use event::{ActorId, Event, RequestId};
pub use queue::EventQueue;
pub use trace::{Checkpoint, TraceHash};
