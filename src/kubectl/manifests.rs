//! Objects that kubectl is given in files: read strictly, with their places.

use crate::base::input_error::InputError;
use crate::manifest::{self, Item};
use crate::model::Object;
use serde_json::Value;
use std::sync::Arc;

/// An object of a manifest, and where it came from.
#[derive(Clone, PartialEq, Debug)]
pub struct Manifest {
    /// The object, without defaults.
    pub object: Object,
    /// The object as written, for the last-applied annotation.
    pub json: Arc<Value>,
    /// The file.
    pub file: Arc<str>,
    /// Its first line there.
    pub line: u32,
}

/// An object of a manifest, if the API server could read it.
pub fn checked(item: &Item) -> Result<Manifest, InputError> {
    manifest::strict::check(item).map_err(|mut faults| faults.remove(0))?;
    let json = item.node.to_value();
    let object = Object::from_json(json.clone()).map_err(|error| item.error("", format!("{}: {error}", item.kind())))?;
    if object.meta.name.is_empty() && object.meta.generate_name.is_empty() {
        let message = format!("{} has no metadata.name", item.kind());
        return Err(item.error("metadata.name", message).with_hint("every object needs a name"));
    }
    let line = item.node.span.line;
    Ok(Manifest { object, json: Arc::new(json), file: item.source.name.clone(), line })
}
