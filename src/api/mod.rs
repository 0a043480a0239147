//! The API server as a set of rules: defaulting, validation, admission, errors, and the verbs that use them.

pub mod error;
pub mod field;
