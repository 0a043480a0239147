//! What the tests share: recorded scenarios, their replay, and the facts by which a run is judged.

pub mod compare;
pub mod facts;
pub mod kubectl;
pub mod kubelet;
pub mod metrics;
pub mod play;
pub mod scenario;
pub mod stream;
pub mod typed;
