//! Admission, plugin by plugin.

use super::*;
use crate::base::Time;
use crate::store::{Key, Store};
use serde_json::{Value, json};

fn store(objects: &[Value]) -> Store {
    let mut store = Store::default();
    for value in objects {
        let object = object(value);
        let id = store.intern(Key::of(&object));
        store.commit(Time::default(), id, Some(object));
    }
    store
}

fn object(value: &Value) -> Object {
    let mut object = Object::from_json(value.clone()).unwrap();
    super::super::defaulting::apply(&mut object);
    object
}

fn pod(spec: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "ns", "labels": {"app": "x"}}, "spec": spec})
}

fn admitted(store: &Store, value: &Value) -> Result<Value, String> {
    let mut object = object(value);
    mutate_new(&mut object, store.now()).map_err(|error| error.message)?;
    prepare(&mut object);
    check(&object, None, store.now()).map_err(|error| error.message)?;
    Ok(object.to_json())
}

#[test]
fn priority_comes_from_the_class() {
    let class = |name: &str, value: i32, default: bool| {
        json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": name}, "value": value,
            "globalDefault": default})
    };
    let store = store(&[class("high", 1000, false), class("usual", 5, true)]);
    let spec = |store: &Store, spec: Value| {
        admitted(store, &pod(spec)).map(|pod| (pod["spec"]["priority"].clone(), pod["spec"]["priorityClassName"].clone()))
    };
    assert_eq!(spec(&store, json!({"priorityClassName": "high"})), Ok((json!(1000), json!("high"))));
    assert_eq!(spec(&store, json!({})), Ok((json!(5), json!("usual"))));
    assert_eq!(spec(&Store::default(), json!({})), Ok((json!(0), Value::Null)));
    assert_eq!(
        spec(&store, json!({"priorityClassName": "system-node-critical"})),
        Ok((json!(2_000_001_000), json!("system-node-critical")))
    );
    assert_eq!(
        spec(&store, json!({"priorityClassName": "x"})),
        Err("pods \"p\" is forbidden: no PriorityClass with name x was found".into())
    );
    assert!(spec(&store, json!({"priority": 7})).unwrap_err().contains("the integer value of priority (7) must not be provided"));
    let second = object(&class("other", 9, true));
    let refused = check(&second, None, store.now()).unwrap_err().message;
    assert!(refused.ends_with("PriorityClass usual is already marked as default. Only one default can exist"), "{refused}");
}

#[test]
fn pods_tolerate_lost_nodes_for_a_while() {
    let tolerations = |spec: Value| admitted(&Store::default(), &pod(spec)).unwrap()["spec"]["tolerations"].as_array().unwrap().len();
    assert_eq!(tolerations(json!({})), 2);
    assert_eq!(tolerations(json!({"tolerations": [{"operator": "Exists"}]})), 1);
    assert_eq!(
        tolerations(json!({"tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}]})),
        2
    );
}

#[test]
fn limit_ranges_complete_and_bound_containers() {
    let range = json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l", "namespace": "ns"}, "spec": {"limits": [
        {"type": "Container", "default": {"cpu": "500m"}, "defaultRequest": {"cpu": "200m"}, "max": {"cpu": "2"}, "min": {"cpu": "100m"},
            "maxLimitRequestRatio": {"cpu": "4"}}]}});
    let store = store(&[range]);
    let with = |resources: Value| admitted(&store, &pod(json!({"containers": [{"name": "c", "image": "x", "resources": resources}]})));
    let plain = with(json!({})).unwrap();
    assert_eq!(plain["spec"]["containers"][0]["resources"], json!({"limits": {"cpu": "500m"}, "requests": {"cpu": "200m"}}));
    assert_eq!(
        plain["metadata"]["annotations"]["kubernetes.io/limit-ranger"],
        "LimitRanger plugin set: cpu request for container c; cpu limit for container c"
    );
    let rows = [
        (json!({"limits": {"cpu": "3"}}), "pods \"p\" is forbidden: maximum cpu usage per Container is 2, but limit is 3"),
        (
            json!({"requests": {"cpu": "50m"}, "limits": {"cpu": "150m"}}),
            "pods \"p\" is forbidden: minimum cpu usage per Container is 100m, but request is 50m",
        ),
        (
            json!({"requests": {"cpu": "100m"}, "limits": {"cpu": "1"}}),
            "pods \"p\" is forbidden: cpu max limit to request ratio per Container is 4, but provided ratio is 10.000000",
        ),
    ];
    for (resources, message) in rows {
        assert_eq!(with(resources).unwrap_err(), message);
    }
}

#[test]
fn nodes_claims_and_volumes() {
    let class = json!({"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "std",
        "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}, "provisioner": "x"});
    let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c", "namespace": "ns"}, "spec": {}});
    let made = admitted(&store(&[class]), &claim).unwrap();
    assert_eq!(made["spec"]["storageClassName"], "std");
    assert_eq!(made["metadata"]["finalizers"], json!(["kubernetes.io/pvc-protection"]));
    let node = admitted(&Store::default(), &json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}})).unwrap();
    assert_eq!(node["spec"]["taints"], json!([{"key": "node.kubernetes.io/not-ready", "effect": "NoSchedule"}]));
}

#[test]
fn label_keys_become_part_of_selectors() {
    let term = json!({"topologyKey": "zone", "labelSelector": {}, "matchLabelKeys": ["app", "none"], "mismatchLabelKeys": []});
    let affinity = json!({"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}});
    let made = admitted(&Store::default(), &pod(json!({"affinity": affinity, "schedulingGates": [{"name": "g"}]}))).unwrap();
    let made_term = &made["spec"]["affinity"]["podAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"][0];
    assert_eq!(made_term["labelSelector"], json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["x"]}]}));
    assert_eq!(made["status"]["conditions"][0]["reason"], "SchedulingGated");
}

#[test]
fn a_job_selects_by_its_uid() {
    let mut job = object(&json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j", "namespace": "ns", "uid": "u"},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "x"}]}}}}));
    prepare(&mut job);
    let spec = job.to_json()["spec"].take();
    assert_eq!(spec["selector"], json!({"matchLabels": {"batch.kubernetes.io/controller-uid": "u"}}));
    assert_eq!(
        spec["template"]["metadata"]["labels"],
        json!({"batch.kubernetes.io/controller-uid": "u", "batch.kubernetes.io/job-name": "j", "controller-uid": "u", "job-name": "j"})
    );
    assert!(super::super::validation::create(&job).is_ok());
}
