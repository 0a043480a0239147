//! What everything else stands on: time, quantities, random streams, hashing, collections. Imports nothing.

pub mod collections;
