//! The policy lab: one workload under several scheduling policies, with the same luck for each.

pub mod cell;
pub mod compare;
pub mod fgd;
pub mod figure;
pub mod merge;
#[cfg(feature = "parquet")]
pub mod parquet_file;
pub mod policy;
pub mod shard;
pub mod sweep;

pub use cell::{Bench, run_cell};
pub use compare::{Comparison, compare};
pub use figure::{Better, CellResult, Figure, Value};
pub use policy::Policy;
