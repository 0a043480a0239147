//! The edge between text and model: YAML and JSON with places, strict field checks, patches, kubectl's tables and descriptions.

pub mod describe;
pub mod json;
pub mod node;
pub mod read;
pub mod scalar;
pub mod strict;
pub mod table;
pub mod yaml;
pub mod yaml_text;

pub use crate::base::input_error::InputError;
pub use crate::model::schema;
pub use node::{Data, Entry, Node, Span};
pub use read::{Item, Source};
