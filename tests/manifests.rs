//! The edge between text and model, on recorded objects and on random ones: nothing is lost, real objects are complete and valid, and
//! what we print is what Kubernetes' own types read.

use flate2::read::GzDecoder;
use k8s_openapi::api::{
    apps::v1 as apps, autoscaling::v2 as autoscaling, batch::v1 as batch, core::v1 as core, discovery::v1 as discovery,
};
use kubesim::api::{defaulting, validation};
use kubesim::manifest::{Node, read, strict, table, yaml};
use kubesim::model::{Kind, Object};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;

fn objects(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/model").join(file);
    let packed = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    BufReader::new(GzDecoder::new(packed)).lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
}

#[test]
fn the_schema_knows_every_field() {
    for value in objects("filled.jsonl.gz").into_iter().chain(objects("recorded.jsonl.gz")) {
        let faults: Vec<_> = strict::faults(&Node::from_value(value.clone())).into_iter().filter(|fault| fault.unknown_field).collect();
        assert!(faults.is_empty(), "{} {}: {faults:?}", value["kind"], value["metadata"]["name"]);
    }
}

#[test]
fn recorded_objects_are_complete_and_valid() {
    for value in objects("recorded.jsonl.gz") {
        let name = format!("{} {}", value["kind"], value["metadata"]["name"]);
        let object = Object::from_json(value).unwrap();
        let mut completed = object.clone();
        defaulting::apply(&mut completed);
        let difference = json_patch::diff(&object.to_json(), &completed.to_json());
        assert!(difference.0.is_empty(), "{name}: defaults change {difference}");
        if let Err(error) = validation::create(&object) {
            panic!("{name}: {error}");
        }
        validation::update(&object, &object).unwrap();
    }
}

#[test]
fn printed_yaml_and_json_read_back_the_same() {
    for value in objects("recorded.jsonl.gz").into_iter().chain(objects("filled.jsonl.gz")) {
        let object = Object::from_json(value).unwrap();
        let text = table::yaml(&[&object], false);
        let back = yaml::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}")).remove(0).to_value();
        assert_eq!(back, object.to_json(), "{text}");
        let list = table::json(&[&object, &object], true);
        let items = read::items(&kubesim::manifest::Source::new("list.json", &list)).unwrap();
        assert_eq!((items.len(), items[0].node.to_value()), (2, object.to_json()));
    }
}

/// Reads with Kubernetes' own type and prints again.
fn through<T: serde::de::DeserializeOwned + serde::Serialize>(value: &Value) -> Value {
    let typed: T = serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"));
    serde_json::to_value(typed).unwrap()
}

/// Without empty maps and lists, which one prints and the other leaves out.
fn bare(value: Value) -> Value {
    let empty = |value: &Value| {
        value.is_null()
            || value.as_object().is_some_and(Map::is_empty)
            || value.as_array().is_some_and(Vec::is_empty)
            || value == &json!("")
    };
    match value {
        Value::Object(map) => {
            Value::Object(map.into_iter().map(|(key, value)| (key, bare(value))).filter(|(_, value)| !empty(value)).collect())
        }
        Value::Array(list) => Value::Array(list.into_iter().map(bare).collect()),
        other => other,
    }
}

#[test]
fn kubernetes_own_types_read_what_we_print() {
    let mut seen = 0;
    for value in objects("recorded.jsonl.gz") {
        let object = Object::from_json(value).unwrap();
        let printed = object.to_json();
        let typed = match object.kind() {
            Kind::Pod => through::<core::Pod>(&printed),
            Kind::Node => through::<core::Node>(&printed),
            Kind::Service => through::<core::Service>(&printed),
            Kind::ConfigMap => through::<core::ConfigMap>(&printed),
            Kind::Namespace => through::<core::Namespace>(&printed),
            Kind::Deployment => through::<apps::Deployment>(&printed),
            Kind::ReplicaSet => through::<apps::ReplicaSet>(&printed),
            Kind::StatefulSet => through::<apps::StatefulSet>(&printed),
            Kind::DaemonSet => through::<apps::DaemonSet>(&printed),
            Kind::Job => through::<batch::Job>(&printed),
            Kind::CronJob => through::<batch::CronJob>(&printed),
            Kind::HorizontalPodAutoscaler => through::<autoscaling::HorizontalPodAutoscaler>(&printed),
            Kind::EndpointSlice => through::<discovery::EndpointSlice>(&printed),
            _ => continue,
        };
        seen += 1;
        // Events and times of day aside, nothing may be lost.
        assert_eq!(bare(typed), bare(printed));
    }
    assert!(seen > 0);
}

/// Random JSON of moderate size.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[ -~äß\n\t]{0,12}".prop_map(Value::from),
        prop_oneof![Just("no"), Just("1.0"), Just("0x10"), Just("2026-01-01"), Just("~"), Just("- a"), Just("a: b"), Just("&a"), Just("'")]
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map("[a-zA-Z0-9./:# -]{1,8}", inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn unknown_fields_survive(extra in any_json(), inside in any_json(), top in any_json()) {
        let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "xMeta": extra},
            "spec": {"containers": [{"name": "c", "resources": {}, "xContainer": inside}], "xSpec": top}, "status": {"phase": "Pending"}, "xTop": extra});
        prop_assert_eq!(Object::from_json(pod.clone()).unwrap().to_json(), pod);
        let custom = json!({"apiVersion": "example.com/v1", "kind": "Any", "metadata": {"name": "x"}, "spec": top, "other": inside});
        let object = Object::from_json(custom.clone()).unwrap();
        prop_assert_eq!(object.to_json(), custom.clone());
        let text = table::yaml(&[&object], false);
        let back = yaml::parse(&text).map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(back[0].to_value(), custom, "{}", text);
    }

    #[test]
    fn reading_never_panics(text in "[ -~\n\t{}\\[\\]:,&*#|>'\"]{0,80}") {
        let source = kubesim::manifest::Source::new("x", &text);
        if let Err(error) = read::items(&source) {
            prop_assert!(!error.to_string().is_empty());
        }
    }
}
