//! The policy lab: one workload under several scheduling policies.

pub mod fgd;
