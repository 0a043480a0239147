//! Patches that come as JSON: applied to the object's JSON, read back.

use super::ApiError;
use super::request::{Patch, Subresource};
use crate::model::{Obj, Object};
use serde_json::Value;

/// The object with the patch applied; a patch of the status touches the status alone (the caller sees to that).
pub(super) fn apply(before: &Obj, _subresource: Subresource, patch: &Patch) -> Result<Object, ApiError> {
    let mut json = before.to_json();
    match patch {
        Patch::Merge(change) | Patch::Strategic(change) => json_patch::merge(&mut json, change),
        Patch::Json(change) => apply_json(&mut json, change)?,
        Patch::Edit(_) => unreachable!("edits are no JSON"),
    }
    Object::from_json(json).map_err(|error| ApiError::bad_request(error.to_string()))
}

fn apply_json(json: &mut Value, change: &Value) -> Result<(), ApiError> {
    let patch: json_patch::Patch = serde_json::from_value(change.clone()).map_err(|error| ApiError::bad_request(error.to_string()))?;
    json_patch::patch(json, &patch).map_err(|error| ApiError::bad_request(error.to_string()))
}
