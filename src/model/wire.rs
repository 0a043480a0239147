//! How the API's JSON leaves out what is unset (Go's `omitempty`) and takes null for it.
//! Real: encoding/json as the types of staging/src/k8s.io/api use it @ v1.37.2.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// Whether a field has its zero value and so is left out.
pub(super) fn unset<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Reads null as the zero value.
pub(super) fn null<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Writes an empty list or map that is not left out as null, as Go does with nil.
pub(super) fn null_if_empty<S: Serializer, T: Serialize + Default + PartialEq>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    if unset(value) { serializer.serialize_none() } else { value.serialize(serializer) }
}

/// Reads a map of texts, of which any may be null, as empty YAML values are.
pub(super) fn null_values<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<String, String>, D::Error> {
    let map = Option::<BTreeMap<String, Option<String>>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(map.into_iter().map(|(key, value)| (key, value.unwrap_or_default())).collect())
}
