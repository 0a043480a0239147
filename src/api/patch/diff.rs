//! Comparisons that give patches: what to change, and what to delete.
//! Real: apimachinery/pkg/util/strategicpatch/patch.go (CreateThreeWayMergePatch), util/jsonmergepatch @ v1.37.2.

use super::strategic::{DELETE_PRIMITIVES, DIRECTIVE, Merger, ORDER, RETAIN_KEYS, key_text};
use super::{FieldShape, Shape};
use serde_json::{Map, Value, json};

type Object = Map<String, Value>;

/// The strategic merge patch from `current` to what `modified` says, where `original` said so before. `of` is the type's name in
/// the schema, such as `apps.v1.Deployment`.
pub fn three_way_strategic(original: &Value, modified: &Value, current: &Value, of: &'static str) -> Result<Value, String> {
    let map = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let (original, modified, current) = (map(original), map(modified), map(current));
    let shape = Shape::Struct(of);
    let changes = Differ { changes: true, deletions: false }.maps(&current, &modified, shape, false);
    let deletions = Differ { changes: false, deletions: true }.maps(&original, &modified, shape, false);
    Merger { applying: false }.map(deletions, changes, shape).map(Value::Object)
}

/// What to look for.
struct Differ {
    changes: bool,
    deletions: bool,
}

impl Differ {
    fn maps(&self, original: &Object, modified: &Object, shape: Shape, retain_keys: bool) -> Object {
        let mut patch = Object::new();
        for (key, new) in modified {
            let Some(old) = original.get(key) else {
                if self.changes {
                    patch.insert(key.clone(), new.clone());
                }
                continue;
            };
            let field = shape.field(key);
            match (old, new) {
                (Value::Object(old), Value::Object(new)) => {
                    let inner = self.maps(old, new, field.inner, field.retain_keys);
                    if !inner.is_empty() {
                        patch.insert(key.clone(), Value::Object(inner));
                    }
                }
                (Value::Array(old), Value::Array(new)) if field.merge_key.is_some() => self.merged_lists(key, old, new, field, &mut patch),
                _ if old != new && self.changes => {
                    patch.insert(key.clone(), new.clone());
                }
                _ => {}
            }
        }
        if self.deletions {
            for key in original.keys().filter(|key| !modified.contains_key(*key)) {
                patch.insert(key.clone(), Value::Null);
            }
        }
        let adds = || modified.keys().any(|key| !original.contains_key(key));
        if retain_keys && (!patch.is_empty() || adds()) {
            let mut keys: Vec<&String> = modified.iter().filter(|(_, value)| !value.is_null()).map(|(key, _)| key).collect();
            keys.sort();
            if !keys.is_empty() {
                patch.insert(RETAIN_KEYS.into(), json!(keys));
            }
        }
        patch
    }

    fn merged_lists(&self, key: &str, old: &[Value], new: &[Value], field: FieldShape, patch: &mut Object) {
        if old.is_empty() {
            if !new.is_empty() && self.changes {
                patch.insert(key.into(), new.into());
            }
            return;
        }
        let merge_key = field.merge_key.unwrap_or("");
        if !old.iter().chain(new).any(Value::is_object) {
            return self.primitives(key, old, new, patch);
        }
        let of = |item: &Value| item.get(merge_key).map(key_text).unwrap_or_default();
        let find = |list: &[Value], wanted: &Value| list.iter().position(|item| of(item) == of(wanted));
        let mut items: Vec<Value> = Vec::new();
        for item in new {
            match find(old, item) {
                None if self.changes => items.push(item.clone()),
                None => {}
                Some(at) => {
                    let (Some(before), Some(after)) = (old[at].as_object(), item.as_object()) else { continue };
                    let mut inner = self.maps(before, after, field.inner, field.retain_keys);
                    if !inner.is_empty() {
                        inner.insert(merge_key.into(), item[merge_key].clone());
                        items.push(Value::Object(inner));
                    }
                }
            }
        }
        if self.deletions {
            let gone = old.iter().filter(|item| find(new, item).is_none());
            items.extend(gone.map(|item| json!({DIRECTIVE: "delete", merge_key: item[merge_key]})));
        }
        let order =
            |list: &[Value], other: &[Value]| -> Vec<String> { list.iter().filter(|item| find(other, item).is_some()).map(of).collect() };
        let reordered = order(old, new) != order(new, old);
        if self.changes && (!items.is_empty() || reordered) || self.deletions && !items.is_empty() {
            let keys: Vec<Value> = new.iter().map(|item| json!({merge_key: item[merge_key]})).collect();
            if !keys.is_empty() {
                patch.insert(format!("{ORDER}{key}"), keys.into());
            }
        }
        if !items.is_empty() {
            patch.insert(key.into(), items.into());
        }
    }

    fn primitives(&self, key: &str, old: &[Value], new: &[Value], patch: &mut Object) {
        let added: Vec<Value> = new.iter().filter(|item| !old.contains(item)).cloned().collect();
        let gone: Vec<Value> = old.iter().filter(|item| !new.contains(item)).cloned().collect();
        let set_order = self.deletions && !gone.is_empty() || self.changes && old != new;
        if self.changes && !added.is_empty() {
            patch.insert(key.into(), added.into());
        }
        if self.deletions && !gone.is_empty() {
            patch.insert(format!("{DELETE_PRIMITIVES}{key}"), gone.into());
        }
        if set_order && !new.is_empty() {
            patch.insert(format!("{ORDER}{key}"), new.into());
        }
    }
}

/// The same as a merge patch, for kinds of which nothing is known.
pub fn three_way_merge(original: &Value, modified: &Value, current: &Value) -> Value {
    let mut patch = merge_patch(original, modified, true);
    overlay(&mut patch, merge_patch(current, modified, false));
    patch
}

/// The merge patch between two maps: only its nulls, or all but its nulls.
fn merge_patch(from: &Value, to: &Value, nulls: bool) -> Value {
    let empty = Object::new();
    let (from, to) = (from.as_object().unwrap_or(&empty), to.as_object().unwrap_or(&empty));
    let mut patch = Object::new();
    for (key, new) in to {
        match from.get(key) {
            Some(old) if old == new => {}
            Some(old @ Value::Object(_)) if new.is_object() => {
                let inner = merge_patch(old, new, nulls);
                if inner.as_object().is_some_and(|inner| !inner.is_empty()) {
                    patch.insert(key.clone(), inner);
                }
            }
            _ if !nulls => {
                patch.insert(key.clone(), new.clone());
            }
            _ => {}
        }
    }
    if nulls {
        from.keys().filter(|key| !to.contains_key(*key)).for_each(|key| {
            patch.insert(key.clone(), Value::Null);
        });
    }
    Value::Object(patch)
}

/// Lays one patch over another; nulls stay.
fn overlay(under: &mut Value, over: Value) {
    let (Value::Object(under), Value::Object(over)) = (under, over) else { return };
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(inner @ Value::Object(_)), value @ Value::Object(_)) => overlay(inner, value),
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}
