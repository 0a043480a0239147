//! Objects that kubectl is given in files: read strictly, with their places.

use crate::api::{admission, defaulting, strategy, validation};
use crate::base::input_error::InputError;
use crate::manifest::{self, Item};
use crate::model::{Kind, Object, Scope};
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
    would_be_accepted(item, &object)?;
    let line = item.node.span.line;
    Ok(Manifest { object, json: Arc::new(json), file: item.source.name.clone(), line })
}

/// What the API server would say of the object alone, before it looks at anything else: defaults and validation.
fn would_be_accepted(item: &Item, object: &Object) -> Result<(), InputError> {
    let mut object = object.clone();
    if object.meta.namespace.is_empty() && object.kind().scope() == Scope::Namespaced {
        object.meta.namespace = "default".into();
    }
    defaulting::apply(&mut object);
    strategy::reset_status(&mut object);
    if object.kind() == Kind::Job {
        // A Job selects its pods by the uid that it gets.
        if object.meta.uid.is_empty() {
            object.meta.uid = "00000000-0000-0000-0000-000000000000".into();
        }
        admission::prepare(&mut object);
    }
    let Err(refusal) = validation::create(&object) else { return Ok(()) };
    let fields = refusal.details.iter().flat_map(|details| &details.causes).map(|cause| cause.field.as_str());
    let place = fields.clone().next().unwrap_or("");
    let more = match fields.count() {
        0 | 1 => String::new(),
        many => format!("{} more fault(s) in this object", many - 1),
    };
    Err(item.error(place, refusal.kubectl_text()).with_hint(more))
}
