//! The fake metrics of the recordings: the ConfigMap `load` says how much pods use, or that the metrics API is broken.

use super::play::NAMESPACE;
use kubesim::actor::{Actor, Ctx, Kinds};
use kubesim::api::metrics::pod_metrics_key;
use kubesim::api::{Answer, Verb};
use kubesim::model::{Kind, Obj, Object, Pod, PodPhase, Str};
use kubesim::store::{Change, Key};
use serde_json::{Value, json};

/// Keeps one PodMetrics object for each running pod.
pub struct FakeMetrics;

impl Actor for FakeMetrics {
    fn name(&self) -> &str {
        "fake-metrics"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::ConfigMap, Kind::Pod])
    }

    fn changed(&mut self, _change: Change<'_>, _cx: &mut Ctx<'_>) {}

    fn settled(&mut self, cx: &mut Ctx<'_>) {
        let Some(load) = cx.view.find(Kind::ConfigMap, NAMESPACE, "load").map(|load| load.to_json()["data"].clone()) else { return };
        let service = Key {
            kind: Kind::Other,
            group_kind: "apiregistration.k8s.io/v1/APIService".into(),
            namespace: Str::default(),
            name: "v1beta1.metrics.k8s.io".into(),
        };
        let broken = if load["broken"] == "true" { "False" } else { "True" };
        let condition = json!({"type": "Available", "status": broken, "message": "metrics are broken"});
        put(
            service,
            json!({"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": "v1beta1.metrics.k8s.io"},
                "status": {"conditions": [condition]}}),
            cx,
        );
        let namespace: Str = NAMESPACE.into();
        let pods: Vec<Obj> = cx.view.list_in(Kind::Pod, &namespace).map(|(_, pod)| pod.clone()).collect();
        let ready = pods.iter().filter(|pod| !pod.meta.is_deleting() && pod.as_pod().is_some_and(Pod::is_ready)).count() as i64;
        let number = |name: &str| load[name].as_str().and_then(|text| text.parse::<i64>().ok());
        for pod in &pods {
            let key = pod_metrics_key(&namespace, &pod.meta.name);
            let running = pod.as_pod().is_some_and(|pod| pod.status.phase == PodPhase::Running);
            if !running || pod.meta.is_deleting() || pod.meta.annotations.contains("fake/no-metrics") {
                if cx.view.id(key.as_ref()).and_then(|id| cx.view.get(id)).is_some() {
                    cx.request(Verb::delete(key));
                }
                continue;
            }
            let milli = number("each").unwrap_or_else(|| number("total").unwrap_or(0) / ready.max(1));
            let usage = json!({"cpu": format!("{milli}m")});
            put(
                key,
                json!({"apiVersion": "metrics.k8s.io/v1beta1", "kind": "PodMetrics", "metadata": {"name": &*pod.meta.name, "namespace": NAMESPACE},
                    "timestamp": cx.timestamp().to_string(), "window": "1s", "containers": [{"name": "c", "usage": usage}]}),
                cx,
            );
        }
    }

    fn answered(&mut self, _ticket: kubesim::actor::Ticket, _answer: Answer, _cx: &mut Ctx<'_>) {}
}

/// Writes an object if it differs from what is there (but for its time).
fn put(key: Key, json: Value, cx: &mut Ctx<'_>) {
    let object = Object::from_json(json).expect("an object");
    let essence = |object: &Object| {
        let mut json = object.to_json();
        json["metadata"] = Value::Null;
        json["timestamp"] = Value::Null;
        json
    };
    match cx.view.id(key.as_ref()).and_then(|id| cx.view.get(id)) {
        Some(present) if essence(present) == essence(&object) => {}
        Some(_) => {
            let body = object.body;
            cx.request(Verb::edit(key, move |object| object.body = body.clone()));
        }
        None => {
            cx.request(Verb::Create(Box::new(object)));
        }
    }
}
