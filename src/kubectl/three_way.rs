//! What `kubectl apply` makes of three states: as last applied, as wanted, as it is. What was applied and is no longer wanted
//! goes, what is wanted is set, and what others set stays. Lists whose items have names are merged by name.
//! Real: apimachinery/pkg/util/strategicpatch/patch.go (CreateThreeWayMergePatch) and jsonmergepatch @ v1.37.2.

use crate::manifest::schema::{Ref, Schema};
use serde_json::{Map, Value};

/// The annotation that holds what was applied last.
pub const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The type of a value, where the API's schema knows it.
type Of<'s> = Option<&'s Ref>;

/// The state that applying leads to. `api_version` and `kind` say how lists merge; unknown kinds replace them whole.
pub fn applied(original: &Value, modified: &Value, current: &Value, api_version: &str, kind: &str) -> Value {
    let of = Schema::get().kind(api_version, kind).map(Ref::Struct);
    let mut result = current.clone();
    merge(original, modified, &mut result, of.as_ref());
    result
}

fn field<'s>(of: Of<'s>, name: &str) -> (Of<'s>, Option<&'s str>) {
    match of {
        Some(Ref::Struct(name_of)) => {
            let field = Schema::get().field(name_of, name);
            (field.map(|field| &field.of), field.and_then(|field| field.merge_key))
        }
        Some(Ref::Map(inner)) => (Some(inner), None),
        _ => (None, None),
    }
}

fn merge(original: &Value, modified: &Value, current: &mut Value, of: Of<'_>) {
    let (Value::Object(wanted), Value::Object(now)) = (modified, &mut *current) else {
        *current = modified.clone();
        return;
    };
    let empty = Map::new();
    let before = original.as_object().unwrap_or(&empty);
    for key in before.keys().filter(|key| !wanted.contains_key(*key)) {
        now.remove(key);
    }
    for (key, value) in wanted {
        let (inner, merge_key) = field(of, key);
        let then = before.get(key).unwrap_or(&Value::Null);
        match (value, now.get_mut(key)) {
            (Value::Null, _) => drop(now.remove(key)),
            (Value::Object(_), Some(there)) if there.is_object() => merge(then, value, there, inner),
            (Value::Array(items), Some(Value::Array(there))) => match merge_key {
                Some(name) => merge_list(then, items, there, name, item_type(inner)),
                None => *there = items.clone(),
            },
            _ => drop(now.insert(key.clone(), without_nulls(value))),
        }
    }
}

fn item_type(of: Of<'_>) -> Of<'_> {
    if let Some(Ref::List(inner)) = of { Some(inner) } else { None }
}

/// Merges items by the value of a key; an empty key means that the items themselves are the keys.
fn merge_list(original: &Value, wanted: &[Value], current: &mut Vec<Value>, key: &str, of: Of<'_>) {
    let id = |item: &Value| if key.is_empty() { item.clone() } else { item.get(key).cloned().unwrap_or(Value::Null) };
    let before = original.as_array().map(Vec::as_slice).unwrap_or_default();
    let gone: Vec<Value> = before.iter().map(id).filter(|old| !wanted.iter().any(|item| id(item) == *old)).collect();
    current.retain(|item| !gone.contains(&id(item)));
    for item in wanted {
        let name = id(item);
        let then = before.iter().find(|old| id(old) == name).unwrap_or(&Value::Null);
        match current.iter_mut().find(|there| id(there) == name) {
            Some(there) => merge(then, item, there, of),
            None => current.push(without_nulls(item)),
        }
    }
    // The order is that of the manifest; what others added comes after.
    let place = |item: &Value| wanted.iter().position(|wanted| id(wanted) == id(item)).unwrap_or(usize::MAX);
    current.sort_by_key(place);
}

fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let kept = map.iter().filter(|(_, value)| !value.is_null());
            Value::Object(kept.map(|(key, value)| (key.clone(), without_nulls(value))).collect())
        }
        other => other.clone(),
    }
}

/// The merge patch that leads from one state to another.
pub fn difference(before: &Value, after: &Value) -> Value {
    let (Value::Object(old), Value::Object(new)) = (before, after) else { return after.clone() };
    let mut patch = Map::new();
    for key in old.keys().filter(|key| !new.contains_key(*key)) {
        patch.insert(key.clone(), Value::Null);
    }
    for (key, value) in new {
        match old.get(key) {
            Some(same) if same == value => {}
            Some(then) if then.is_object() && value.is_object() => drop(patch.insert(key.clone(), difference(then, value))),
            _ => drop(patch.insert(key.clone(), value.clone())),
        }
    }
    Value::Object(patch)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn deployment(spec: Value) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": spec}}})
    }

    #[test]
    fn what_others_set_stays_and_what_is_no_longer_wanted_goes() {
        let original = json!({"metadata": {"labels": {"a": "1", "b": "2"}}, "spec": {"replicas": 3, "paused": true}});
        let modified = json!({"metadata": {"labels": {"a": "9"}}, "spec": {"replicas": 3}});
        let current = json!({"metadata": {"labels": {"a": "1", "b": "2", "c": "3"}}, "spec": {"replicas": 5, "paused": true, "x": 1}});
        let result = applied(&original, &modified, &current, "apps/v1", "Deployment");
        assert_eq!(result, json!({"metadata": {"labels": {"a": "9", "c": "3"}}, "spec": {"replicas": 3, "x": 1}}));
        let patch = difference(&current, &result);
        assert_eq!(patch, json!({"metadata": {"labels": {"a": "9", "b": null}}, "spec": {"replicas": 3, "paused": null}}));
        assert_eq!(difference(&current, &current), json!({}));
    }

    #[test]
    fn containers_merge_by_name_and_keep_defaults() {
        let original = deployment(json!({"containers": [{"name": "a", "image": "x:1"}, {"name": "b", "image": "y"}]}));
        let modified = deployment(json!({"containers": [{"name": "a", "image": "x:2", "args": ["-v"]}, {"name": "c", "image": "z"}]}));
        let current = deployment(json!({"containers": [
            {"name": "injected", "image": "i"}, {"name": "a", "image": "x:1", "imagePullPolicy": "Always"}, {"name": "b", "image": "y"}]}));
        let result = applied(&original, &modified, &current, "apps/v1", "Deployment");
        let wanted = json!({"containers": [
            {"name": "a", "image": "x:2", "imagePullPolicy": "Always", "args": ["-v"]}, {"name": "c", "image": "z"}, {"name": "injected", "image": "i"}]});
        assert_eq!(result, deployment(wanted));
    }
}
