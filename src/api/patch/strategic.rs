//! Strategic merge patches: like merge patches, but lists whose entries have a key are merged entry by entry, and directives
//! (`$patch`, `$retainKeys`, `$setElementOrder/x`, `$deleteFromPrimitiveList/x`) say the rest.
//! Real: apimachinery/pkg/util/strategicpatch/patch.go @ v1.37.2.

use super::{FieldShape, Shape, shape_of};
use serde_json::{Map, Value};

pub(super) const DIRECTIVE: &str = "$patch";
pub(super) const RETAIN_KEYS: &str = "$retainKeys";
pub(super) const ORDER: &str = "$setElementOrder/";
pub(super) const DELETE_PRIMITIVES: &str = "$deleteFromPrimitiveList/";

/// Applies a strategic merge patch. The error is the API server's message.
pub fn strategic(object: Value, patch: &Value) -> Result<Value, String> {
    let shape = shape_of(&object).ok_or("strategic merge patches are for kinds of the API only")?;
    let (Value::Object(object), Value::Object(patch)) = (object, patch.clone()) else {
        return Err("a strategic merge patch is a map of fields".into());
    };
    Merger { applying: true }.map(object, patch, shape).map(Value::Object)
}

/// How to merge: into an object, or one patch into another.
pub(super) struct Merger {
    /// Into an object: deletions are carried out, nulls without a match vanish. Else directives are kept for later.
    pub applying: bool,
}

type Object = Map<String, Value>;

impl Merger {
    /// Merges a patch into a map.
    pub fn map(&self, mut original: Object, mut patch: Object, shape: Shape) -> Result<Object, String> {
        match patch.remove(DIRECTIVE) {
            None => {}
            Some(Value::String(word)) if word == "replace" => return Ok(patch),
            Some(Value::String(word)) if word == "delete" => return Ok(Object::new()),
            Some(other) => return Err(format!("unknown patch type found in map: {other}")),
        }
        self.retain_keys(&mut original, &mut patch)?;
        self.ordered_lists(&mut original, &mut patch, shape)?;
        for (key, value) in patch {
            self.field(&mut original, key, value, shape)?;
        }
        Ok(original)
    }

    fn field(&self, original: &mut Object, key: String, mut value: Value, shape: Shape) -> Result<(), String> {
        let (key, deletes) = match key.strip_prefix(DELETE_PRIMITIVES) {
            Some(_) if !self.applying => {
                original.insert(key, value);
                return Ok(());
            }
            Some(name) => (name.to_string(), true),
            None => (key, false),
        };
        if value.is_null() {
            original.remove(&key);
            if self.applying {
                return Ok(());
            }
        }
        let field = shape.field(&key);
        let merged = match (original.remove(&key), value) {
            (Some(Value::Object(old)), Value::Object(new)) => Some(Value::Object(self.map(old, new, field.inner)?)),
            (Some(Value::Array(old)), Value::Array(new)) if deletes => {
                Some(Value::Array(old.into_iter().filter(|item| !new.contains(item)).collect()))
            }
            (Some(Value::Array(old)), Value::Array(new)) => Some(Value::Array(self.list(old, new, field)?)),
            (old, _) if deletes => old,
            (_, new) => {
                value = new;
                if self.applying {
                    drop_nulls(&mut value);
                }
                without_directives(value, self.applying)
            }
        };
        if let Some(merged) = merged {
            original.insert(key, merged);
        }
        Ok(())
    }

    fn retain_keys(&self, original: &mut Object, patch: &mut Object) -> Result<(), String> {
        let Some(keys) = patch.remove(RETAIN_KEYS) else { return Ok(()) };
        if !self.applying {
            original.entry(RETAIN_KEYS).or_insert(keys);
            return Ok(());
        }
        let Value::Array(list) = keys else { return Err("invalid patch format of retainKeys".into()) };
        let kept = |key: &str| list.iter().any(|item| item.as_str() == Some(key));
        if patch.iter().any(|(key, value)| !value.is_null() && !key.starts_with('$') && !kept(key)) {
            return Err("invalid patch format of retainKeys".into());
        }
        original.retain(|key, _| kept(key));
        Ok(())
    }

    /// Lists whose order the patch gives.
    fn ordered_lists(&self, original: &mut Object, patch: &mut Object, shape: Shape) -> Result<(), String> {
        let directives: Vec<String> = patch.keys().filter(|key| key.starts_with(ORDER)).cloned().collect();
        for directive in directives {
            let Some(order) = patch.remove(&directive) else { continue };
            let name = directive[ORDER.len()..].to_string();
            if !self.applying {
                original.entry(directive).or_insert(order.clone());
            }
            let Value::Array(order) = order else { return Err(format!("{ORDER}{name} must be a list")) };
            let field = shape.field(&name);
            let list = |value: Option<Value>| match value {
                None | Some(Value::Null) => Ok(None),
                Some(Value::Array(list)) => Ok(Some(list)),
                Some(_) => Err(format!("{name} must be a list")),
            };
            let server = list(original.get(&name).cloned())?;
            let merged = match (server.clone(), list(patch.remove(&name))?) {
                (None, None) => continue,
                (Some(old), None) => old,
                (None, Some(new)) => match without_directives(Value::Array(new), self.applying) {
                    Some(Value::Array(new)) => new,
                    _ => continue,
                },
                (Some(old), Some(new)) => self.list(old, new, field)?,
            };
            let server = server.unwrap_or_default();
            original.insert(name, Value::Array(in_order(merged, &order, &server, field.merge_key)));
        }
        Ok(())
    }

    fn list(&self, original: Vec<Value>, patch: Vec<Value>, field: FieldShape) -> Result<Vec<Value>, String> {
        let Some(merge_key) = field.merge_key else { return Ok(patch) };
        let of_maps = original.iter().chain(&patch).any(Value::is_object);
        if !of_maps {
            let mut merged: Vec<Value> = Vec::new();
            for item in original.iter().chain(&patch) {
                if !merged.contains(item) {
                    merged.push(item.clone());
                }
            }
            return Ok(in_order(merged, &patch, &original, None));
        }
        if merge_key.is_empty() {
            return Err("cannot merge lists without merge key".into());
        }
        let (mut original, patch) = special_items(original, patch, merge_key)?;
        let server = original.clone();
        for item in &patch {
            let Some(wanted) = item.get(merge_key) else {
                return Err(format!("map: {item} does not contain declared merge key: {merge_key}"));
            };
            let found = original.iter().position(|old| old.get(merge_key).is_some_and(|key| same_key(key, wanted)));
            match (found, item) {
                (Some(at), Value::Object(new)) => {
                    let Value::Object(old) = original[at].take() else { return Err("a list of maps has maps only".into()) };
                    original[at] = Value::Object(self.map(old, new.clone(), field.inner)?);
                }
                (None, _) => original.extend(without_directives(item.clone(), self.applying)),
                _ => return Err("a list of maps has maps only".into()),
            }
        }
        Ok(in_order(original, &patch, &server, Some(merge_key)))
    }
}

/// Carries out `$patch: delete` and `$patch: replace` among the entries of a list.
fn special_items(mut original: Vec<Value>, patch: Vec<Value>, merge_key: &str) -> Result<(Vec<Value>, Vec<Value>), String> {
    let mut plain = Vec::new();
    let mut replace = false;
    for item in patch {
        match item.get(DIRECTIVE).map(|word| word.as_str().unwrap_or("")) {
            None => plain.push(item),
            Some("delete") => {
                let Some(wanted) = item.get(merge_key) else {
                    return Err(format!("map: {item} does not contain declared merge key: {merge_key}"));
                };
                original.retain(|old| old.get(merge_key).is_none_or(|key| !same_key(key, wanted)));
            }
            Some("replace") => replace = true,
            Some(_) => return Err(format!("unknown patch type found in map: {item}")),
        }
    }
    Ok(if replace { (plain, Vec::new()) } else { (original, plain) })
}

/// Keys of entries are compared as they print: 80 and "80" are the same.
pub(super) fn same_key(a: &Value, b: &Value) -> bool {
    key_text(a) == key_text(b)
}

pub(super) fn key_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_string)
}

/// Where an item stands in a list, by its key or by itself.
fn position(list: &[Value], item: &Value, merge_key: Option<&str>) -> Option<usize> {
    match merge_key.filter(|key| !key.is_empty()) {
        Some(key) => {
            let wanted = item.get(key)?;
            list.iter().position(|other| other.get(key).is_some_and(|found| same_key(found, wanted)))
        }
        None => list.iter().position(|other| other == item),
    }
}

/// The items in the patch's order, and those that only the server has merged in where they stood relative to the others.
fn in_order(merged: Vec<Value>, order: &[Value], server: &[Value], merge_key: Option<&str>) -> Vec<Value> {
    let (mut ours, mut theirs): (Vec<Value>, Vec<Value>) = merged.into_iter().partition(|item| position(order, item, merge_key).is_some());
    ours.sort_by_key(|item| position(order, item, merge_key));
    theirs.sort_by_key(|item| position(server, item, merge_key));
    let mut all = Vec::with_capacity(ours.len() + theirs.len());
    let (mut ours, mut theirs) = (ours.into_iter().peekable(), theirs.into_iter().peekable());
    loop {
        let first_theirs = match (theirs.peek(), ours.peek()) {
            (None, None) => return all,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(left), Some(right)) => match (position(server, left, merge_key), position(server, right, merge_key)) {
                (Some(left), Some(right)) => left < right,
                _ => false,
            },
        };
        all.extend(if first_theirs { theirs.next() } else { ours.next() });
    }
}

fn drop_nulls(value: &mut Value) {
    if let Value::Object(map) = value {
        map.retain(|_, inner| !inner.is_null());
        map.values_mut().for_each(drop_nulls);
    }
}

/// A new value without what is meant for merging: entries marked `$patch`, and, when it goes into an object, all directives.
fn without_directives(value: Value, all: bool) -> Option<Value> {
    match value {
        Value::Object(map) if map.contains_key(DIRECTIVE) => None,
        Value::Object(map) => {
            let kept = map.into_iter().filter(|(key, _)| !(all && is_directive(key)));
            Some(Value::Object(kept.filter_map(|(key, inner)| Some((key, without_directives(inner, all)?))).collect()))
        }
        Value::Array(list) => Some(Value::Array(list.into_iter().filter_map(|item| without_directives(item, all)).collect())),
        other => Some(other),
    }
}

fn is_directive(key: &str) -> bool {
    key == RETAIN_KEYS || key.starts_with(ORDER) || key.starts_with(DELETE_PRIMITIVES)
}
