//! What everything else stands on: time, quantities, random streams, distributions, collections. Imports nothing.

pub use dist::Dist;
pub use histogram::Histogram;
pub use rng::{Draw, Seed, Stream};
pub use time::{Span, Time};
pub use word::word;

pub mod collections;
pub mod dist;
pub mod histogram;
pub mod input_error;
pub mod pool;
pub mod quantity;
pub mod rng;
pub mod time;
pub mod word;
