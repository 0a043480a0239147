//! Patches of every kind, as tables.

use super::*;
use serde_json::json;

fn deployment(spec: Value) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": {"spec": spec}}})
}

fn patched(object: Value, patch: Value) -> Value {
    strategic(object, &json!({"spec": {"template": {"spec": patch}}})).unwrap()["spec"]["template"]["spec"].take()
}

#[test]
fn lists_merge_by_their_keys() {
    let web = || {
        deployment(
            json!({"containers": [{"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}]}, {"name": "b", "image": "b:1"}],
        "tolerations": [{"key": "t"}]}),
        )
    };
    let of = |patch: Value| patched(web(), patch);
    assert_eq!(
        of(json!({"containers": [{"name": "b", "image": "b:2"}]}))["containers"],
        json!([{"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}]}, {"name": "b", "image": "b:2"}])
    );
    let env = of(json!({"containers": [{"name": "a", "env": [{"name": "Y", "value": "2"}, {"$patch": "delete", "name": "X"}]}]}));
    assert_eq!(env["containers"][0]["env"], json!([{"name": "Y", "value": "2"}]));
    assert_eq!(of(json!({"containers": [{"$patch": "delete", "name": "a"}]}))["containers"], json!([{"name": "b", "image": "b:1"}]));
    assert_eq!(of(json!({"containers": [{"$patch": "replace"}, {"name": "c"}]}))["containers"], json!([{"name": "c"}]));
    // A new entry comes first unless an order is given.
    assert_eq!(of(json!({"containers": [{"name": "c"}]}))["containers"][0], json!({"name": "c"}));
    let order = json!([{"name": "a"}, {"name": "b"}, {"name": "c"}]);
    let ordered = of(json!({"$setElementOrder/containers": order, "containers": [{"name": "c"}]}));
    assert_eq!(ordered["containers"][2], json!({"name": "c"}));
    assert_eq!(of(json!({"tolerations": [{"key": "u"}]}))["tolerations"], json!([{"key": "u"}]));
    assert_eq!(of(json!({"containers": [{"name": "a", "env": null}]}))["containers"][0], json!({"name": "a", "image": "a:1"}));
}

#[test]
fn directives_for_maps_and_simple_lists() {
    let volumes = || deployment(json!({"volumes": [{"name": "v", "emptyDir": {}}]}));
    let changed = patched(volumes(), json!({"volumes": [{"$retainKeys": ["name", "hostPath"], "name": "v", "hostPath": {"path": "/"}}]}));
    assert_eq!(changed["volumes"], json!([{"name": "v", "hostPath": {"path": "/"}}]));
    let object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"finalizers": ["a", "b"], "labels": {"x": "1"}}});
    let meta = |patch: Value| strategic(object.clone(), &json!({"metadata": patch})).unwrap()["metadata"].take();
    assert_eq!(meta(json!({"finalizers": ["c"]}))["finalizers"], json!(["c", "a", "b"]));
    assert_eq!(meta(json!({"$deleteFromPrimitiveList/finalizers": ["a"]}))["finalizers"], json!(["b"]));
    assert_eq!(meta(json!({"labels": {"$patch": "replace", "y": "2"}}))["labels"], json!({"y": "2"}));
    assert_eq!(meta(json!({"labels": {"x": null, "z": null}}))["labels"], json!({}));
    assert!(strategic(object.clone(), &json!({"spec": {"containers": [{}]}})).is_ok());
    let web = deployment(json!({"containers": [{"name": "a"}]}));
    let error = strategic(web, &json!({"spec": {"template": {"spec": {"containers": [{"image": "x"}]}}}})).unwrap_err();
    assert_eq!(error, "map: {\"image\":\"x\"} does not contain declared merge key: name");
}

#[test]
fn the_other_two_kinds_of_patches() {
    let object = json!({"a": {"b": 1, "c": 2}, "l": [1, 2]});
    assert_eq!(merge(object.clone(), &json!({"a": {"b": null}, "l": [3]})), json!({"a": {"c": 2}, "l": [3]}));
    let patch =
        json!([{"op": "test", "path": "/a/b", "value": 1}, {"op": "add", "path": "/l/-", "value": 3}, {"op": "remove", "path": "/a/c"}]);
    assert_eq!(json(object.clone(), &patch).unwrap(), json!({"a": {"b": 1}, "l": [1, 2, 3]}));
    assert!(json(object, &json!([{"op": "test", "path": "/a/b", "value": 2}])).is_err());
}

/// Applies one manifest after another as `kubectl apply` does.
fn apply_to(current: Value, manifest: &Value) -> Value {
    match apply(manifest, &current).unwrap() {
        Applied::Unchanged => current,
        Applied::Strategic(patch) => strategic(current, &patch).unwrap(),
        Applied::Merge(patch) => merge(current, &patch),
    }
}

#[test]
fn apply_sets_removes_and_leaves_alone() {
    let first = deployment(
        json!({"containers": [{"name": "a", "image": "a:1", "env": [{"name": "X", "value": "1"}]}, {"name": "b", "image": "b:1"}]}),
    );
    let mut current = with_last_applied(&first);
    assert!(matches!(apply(&first, &current), Ok(Applied::Unchanged)));
    // Others add defaults, a sidecar and a number of replicas.
    current["spec"]["replicas"] = json!(7);
    current["spec"]["template"]["spec"]["dnsPolicy"] = json!("ClusterFirst");
    current["spec"]["template"]["spec"]["containers"].as_array_mut().unwrap().push(json!({"name": "side", "image": "s"}));
    let second = deployment(json!({"containers": [{"name": "c", "image": "c:1"}, {"name": "a", "image": "a:2"}]}));
    let after = apply_to(current, &second);
    let spec = &after["spec"]["template"]["spec"];
    let names: Vec<&str> = spec["containers"].as_array().unwrap().iter().map(|c| c["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["c", "a", "side"]);
    assert_eq!(spec["containers"][1], json!({"name": "a", "image": "a:2"}));
    assert_eq!((&after["spec"]["replicas"], &spec["dnsPolicy"]), (&json!(7), &json!("ClusterFirst")));
    assert!(matches!(apply(&second, &after), Ok(Applied::Unchanged)));
    assert!(!after.to_string().contains("$setElementOrder"));
}

#[test]
fn apply_of_a_custom_kind_is_a_merge_patch() {
    let object = |spec: Value| json!({"apiVersion": "example.com/v1", "kind": "X", "metadata": {"name": "x"}, "spec": spec});
    let mut current = with_last_applied(&object(json!({"a": 1, "b": 2, "l": [1]})));
    current["spec"]["c"] = json!(3);
    let after = apply_to(current, &object(json!({"b": 4, "l": [2]})));
    assert_eq!(after["spec"], json!({"b": 4, "c": 3, "l": [2]}));
}

#[test]
fn the_annotation_holds_the_manifest() {
    let made = with_last_applied(&json!({"kind": "X", "apiVersion": "v1", "metadata": {"name": "x"}}));
    let text = "{\"apiVersion\":\"v1\",\"kind\":\"X\",\"metadata\":{\"annotations\":{},\"name\":\"x\"}}\n";
    assert_eq!(made["metadata"]["annotations"][LAST_APPLIED], json!(text));
    assert_eq!(sorted(&json!({"b": [{"d": 1, "c": 2}], "a": 0})).to_string(), "{\"a\":0,\"b\":[{\"c\":2,\"d\":1}]}");
}
