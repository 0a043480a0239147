//! The policy lab: one workload under several scheduling policies, with the same luck for each.

pub mod cell;
pub mod charts;
pub mod compare;
pub mod curve;
pub mod fgd;
pub mod figure;
pub mod fragmented;
pub mod merge;
pub mod meter;
#[cfg(feature = "parquet")]
pub mod parquet_file;
pub mod policy;
pub mod shard;
pub mod sweep;

pub use cell::{Bench, run_cell};
pub use charts::charts;
pub use compare::{Comparison, compare};
pub use curve::{Curve, Curves};
pub use figure::{Better, CellResult, Figure, Value};
pub use policy::Policy;
