//! Patches that come as JSON: applied to the object's JSON, read back.
//! Real: staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go @ v1.37.2.

use super::ApiError;
use super::patch;
use super::request::{Patch, Subresource};
use crate::model::{Kind, Obj, Object};

/// The object with the patch applied; a patch of the status touches the status alone (the caller sees to that).
pub(super) fn apply(before: &Obj, _subresource: Subresource, change: &Patch) -> Result<Object, ApiError> {
    let json = before.to_json();
    let patched = match change {
        Patch::Merge(change) => Ok(patch::merge(json, change)),
        Patch::Strategic(_) if before.kind() == Kind::Other => return Err(ApiError::unsupported_patch()),
        Patch::Strategic(change) => patch::strategic(json, change),
        Patch::Json(change) => patch::json(json, change),
        Patch::Edit(_) => unreachable!("edits are no JSON"),
    };
    let patched = patched.map_err(ApiError::bad_request)?;
    Object::from_json(patched).map_err(|error| ApiError::bad_request(error.to_string()))
}
