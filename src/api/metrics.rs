//! The resource metrics API, as a metrics-server behind the API server answers it: the newest sample of each pod.
//! Real: sigs.k8s.io/metrics-server pkg/api/pod.go; staging/src/k8s.io/metrics/pkg/apis/metrics/v1beta1/types.go @ v1.37.2.
//!
//! Whoever knows what pods use (the kubelets) writes a PodMetrics object when a pod's usage changes. It stands for a sample in
//! each of its windows from its timestamp on, until it is written again.

use super::ApiError;
use super::request::Answer;
use super::server::Server;
use crate::base::{Span, Time};
use crate::model::{Body, Kind, Meta, MicroTime, Obj, Object, Other, Selector, Str, Timestamp, last_of};
use crate::store::{Key, Store};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// Group, version and kind of a pod's sample.
pub const POD_METRICS: &str = "metrics.k8s.io/v1beta1/PodMetrics";
const API_SERVICE: &str = "apiregistration.k8s.io/v1/APIService";
const GROUP_VERSION: &str = "metrics.k8s.io/v1beta1";

/// The key of a pod's sample.
pub fn pod_metrics_key(namespace: &Str, pod: &Str) -> Key {
    Key { kind: Kind::Other, group_kind: POD_METRICS.into(), namespace: namespace.clone(), name: pod.clone() }
}

impl Server {
    /// The samples of a namespace's pods that a selector matches, as a PodMetricsList.
    pub(super) fn pod_metrics(&self, store: &Store, at: Time, namespace: &Str, selector: &Selector) -> Answer {
        self.check_metrics_service(store)?;
        let view = store.now();
        let now = self.clock.micro(at);
        let samples = view.list_in(Kind::Other, namespace).filter_map(|(id, object)| {
            let Body::Other(other) = &object.body else { return None };
            let pod = (&*view.key(id).group_kind == POD_METRICS).then(|| view.find(Kind::Pod, namespace, &object.meta.name)).flatten()?;
            selector.matches(&pod.meta.labels).then(|| sample(&object.meta, &other.fields, now))
        });
        let fields = Map::from_iter([("items".to_string(), Value::Array(samples.collect()))]);
        let body = Body::Other(Other { api_version: GROUP_VERSION.into(), kind: "PodMetricsList".into(), fields: Arc::new(fields) });
        Ok(Obj::new(Object { meta: Meta::default(), body }))
    }

    /// While the APIService says that the metrics-server is not there, nobody answers.
    fn check_metrics_service(&self, store: &Store) -> Result<(), ApiError> {
        let key =
            Key { kind: Kind::Other, group_kind: API_SERVICE.into(), namespace: Str::default(), name: "v1beta1.metrics.k8s.io".into() };
        let service = store.id(key.as_ref()).and_then(|id| store.current(id));
        let Some(Body::Other(service)) = service.map(|object| &object.body) else { return Ok(()) };
        let conditions = service.fields.get("status").and_then(|status| status["conditions"].as_array());
        let down = conditions.into_iter().flatten().find(|condition| condition["type"] == "Available" && condition["status"] == "False");
        let Some(condition) = down else { return Ok(()) };
        let message = condition["message"].as_str().filter(|text| !text.is_empty());
        Err(ApiError::unavailable(message.unwrap_or("the server is currently unable to handle the request (get pods.metrics.k8s.io)")))
    }
}

fn sample(meta: &Meta, fields: &Map<String, Value>, now: MicroTime) -> Value {
    let taken: Timestamp = fields.get("timestamp").and_then(|time| serde_json::from_value(time.clone()).ok()).unwrap_or_default();
    let window = fields.get("window").and_then(Value::as_str).unwrap_or("0s");
    let every = Span::parse(window).ok().filter(|span| !span.is_zero());
    let newest = last_of(MicroTime(taken.0 * 1_000_000), every, now);
    json!({
        "metadata": {"name": &*meta.name, "namespace": &*meta.namespace},
        "timestamp": Timestamp(newest.0.div_euclid(1_000_000)).to_string(),
        "window": window,
        "containers": fields.get("containers").cloned().unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::Verb;
    use super::*;
    use crate::actor::Clock;
    use crate::base::Seed;

    #[test]
    fn samples_of_matching_pods_are_listed_with_their_newest_time() {
        let mut store = Store::default();
        let mut server = Server::new(Seed(1), Clock { start_us: 0 });
        let mut create = |json: Value| {
            let object = Object::from_json(json).unwrap();
            server.handle(&mut store, Time::ZERO, Verb::Create(Box::new(object))).unwrap();
        };
        create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}));
        for (name, app) in [("a", "web"), ("b", "api")] {
            create(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "default", "labels": {"app": app}},
                          "spec": {"containers": [{"name": "c", "image": "i"}]}}));
            create(json!({"apiVersion": GROUP_VERSION, "kind": "PodMetrics", "metadata": {"name": name, "namespace": "default"},
                          "timestamp": "1970-01-01T00:00:05Z", "window": "15s", "containers": [{"name": "c", "usage": {"cpu": "70m"}}]}));
        }
        let selector = Selector::from_map(&crate::model::Labels::from_pairs([("app", "web")]));
        let ask = || Verb::PodMetrics { namespace: "default".into(), selector: selector.clone() };
        let list = server.handle(&mut store, Time::from_s(49), ask()).unwrap().to_json();
        assert_eq!(list["items"].as_array().unwrap().len(), 1);
        assert_eq!((&list["items"][0]["metadata"]["name"], &list["items"][0]["timestamp"]), (&json!("a"), &json!("1970-01-01T00:00:35Z")));
        let service = json!({"apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": "v1beta1.metrics.k8s.io"},
                             "status": {"conditions": [{"type": "Available", "status": "False"}]}});
        server.handle(&mut store, Time::ZERO, Verb::Create(Box::new(Object::from_json(service).unwrap()))).unwrap();
        assert_eq!(server.handle(&mut store, Time::from_s(50), ask()).unwrap_err().code(), 503);
    }
}
