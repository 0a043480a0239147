//! Patches as JSON: merge patches (RFC 7386), JSON patches (RFC 6902), strategic merge patches, and the three-way comparison by which
//! `kubectl apply` makes one.
//! Real: apimachinery/pkg/util/{strategicpatch,jsonmergepatch}, kubectl/pkg/cmd/apply/patcher.go @ v1.37.2.

mod diff;
mod strategic;

use crate::model::schema::{Ref, Schema};
use serde_json::{Map, Value};

pub use diff::three_way_strategic;
pub use strategic::strategic;

/// Where the manifest is kept that was last applied.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What a patch knows of the map that it goes into.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Shape {
    /// A struct of the schema.
    Struct(&'static str),
    /// A map of values of one type; keys carry no meaning.
    Map(&'static Ref),
    /// Nothing is known.
    Unknown,
}

/// What a patch knows of one field.
#[derive(Clone, Copy, Debug)]
struct FieldShape {
    inner: Shape,
    merge_key: Option<&'static str>,
    retain_keys: bool,
}

impl Shape {
    fn of(reference: &'static Ref) -> Shape {
        match reference {
            Ref::Struct(name) => Shape::Struct(name),
            Ref::Map(inner) => Shape::Map(inner),
            Ref::List(inner) => Shape::of(inner),
            _ => Shape::Unknown,
        }
    }

    fn field(self, name: &str) -> FieldShape {
        let unknown = FieldShape { inner: Shape::Unknown, merge_key: None, retain_keys: false };
        match self {
            Shape::Struct(of) => Schema::get().field(of, name).map_or(unknown, |field| FieldShape {
                inner: Shape::of(&field.of),
                merge_key: field.merge_key,
                retain_keys: field.retain_keys,
            }),
            Shape::Map(inner) => FieldShape { inner: Shape::of(inner), ..unknown },
            Shape::Unknown => unknown,
        }
    }
}

/// The shape of a kind's objects, if the API has the kind: others know no strategic merge patches.
fn shape_of(object: &Value) -> Option<Shape> {
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or("");
    Schema::get().kind(text("apiVersion"), text("kind")).map(Shape::Struct)
}

/// Applies a merge patch.
pub fn merge(mut object: Value, patch: &Value) -> Value {
    json_patch::merge(&mut object, patch);
    object
}

/// Applies a JSON patch, all of it or nothing.
pub fn json(mut object: Value, patch: &Value) -> Result<Value, String> {
    let operations: json_patch::Patch = serde_json::from_value(patch.clone()).map_err(|error| error.to_string())?;
    json_patch::patch(&mut object, &operations).map_err(|error| error.to_string())?;
    Ok(object)
}

/// A patch that `kubectl apply` sends.
#[derive(Clone, PartialEq, Debug)]
pub enum Applied {
    /// Nothing differs.
    Unchanged,
    /// For kinds of the API.
    Strategic(Value),
    /// For custom kinds.
    Merge(Value),
}

/// The manifest as it is applied: with itself in the annotation, as text.
pub fn with_last_applied(manifest: &Value) -> Value {
    let mut bare = manifest.clone();
    if let Some(Value::Object(annotations)) = bare.pointer_mut("/metadata/annotations") {
        annotations.remove(LAST_APPLIED);
    }
    // kubectl writes a set of annotations even if it is empty, and ends with a line feed.
    if let Some(Value::Object(meta)) = bare.get_mut("metadata") {
        meta.entry("annotations").or_insert_with(|| Value::Object(Map::new()));
    }
    let text = sorted(&bare).to_string() + "\n";
    bare["metadata"]["annotations"][LAST_APPLIED] = text.into();
    bare
}

/// The patch that makes `current` follow `manifest`: what the manifest says is set, what it said when it was last applied and says no
/// longer is removed, and what others have set stays.
pub fn apply(manifest: &Value, current: &Value) -> Result<Applied, String> {
    let modified = with_last_applied(manifest);
    let annotation = current.pointer("/metadata/annotations").and_then(|annotations| annotations.get(LAST_APPLIED)).and_then(Value::as_str);
    let original = match annotation {
        Some(text) => serde_json::from_str(text).map_err(|error| format!("the annotation {LAST_APPLIED} is no JSON: {error}"))?,
        None => Value::Object(Map::new()),
    };
    let patch = match shape_of(manifest) {
        Some(shape) => three_way_strategic(&original, &modified, current, shape.name())?,
        None => diff::three_way_merge(&original, &modified, current),
    };
    Ok(match (patch.as_object().is_some_and(Map::is_empty), shape_of(manifest)) {
        (true, _) => Applied::Unchanged,
        (false, Some(_)) => Applied::Strategic(patch),
        (false, None) => Applied::Merge(patch),
    })
}

impl Shape {
    fn name(self) -> &'static str {
        if let Shape::Struct(name) = self { name } else { "" }
    }
}

/// The value with the keys of all maps in order, as Go prints maps.
pub fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut keys: Vec<&String> = map.keys().collect();
            keys.sort();
            Value::Object(keys.into_iter().map(|key| (key.clone(), sorted(&map[key]))).collect())
        }
        Value::Array(list) => Value::Array(list.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests;
