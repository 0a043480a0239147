//! The scale of an autoscaler's target: which object, how many replicas, which pods.
//! Real: staging/src/k8s.io/client-go/scale, pkg/registry/*/storage (ScaleREST) @ v1.37.2.

use crate::api::Answer;
use crate::api::error::qualified;
use crate::model::*;
use crate::store::Key;
use serde_json::{Map, Value};
use std::sync::Arc;

/// What the scale subresource says.
#[derive(Clone, Debug)]
pub(super) struct Scale {
    pub(super) replicas: i32,
    pub(super) version: u64,
    /// Nothing: the target has no selector.
    pub(super) selector: Option<Selector>,
}

const SCALABLE: [Kind; 4] = [Kind::Deployment, Kind::ReplicaSet, Kind::StatefulSet, Kind::ReplicationController];

fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// The target's key.
pub(super) fn target(hpa: &Object, spec: &HorizontalPodAutoscalerSpec) -> Result<Key, String> {
    let reference = &spec.scale_target_ref;
    let known = Kind::ALL.iter().find(|kind| kind.name() == reference.kind && group(kind.api_version()) == group(&reference.api_version));
    let (namespace, name) = (hpa.meta.namespace.clone(), Str::from(&*reference.name));
    match known {
        Some(&kind) if SCALABLE.contains(&kind) => Ok(Key { kind, group_kind: Str::default(), namespace, name }),
        Some(_) => Err("the server could not find the requested resource".into()),
        None if group(&reference.api_version).contains('.') => {
            let group_kind = format!("{}/{}", reference.api_version, reference.kind).into();
            Ok(Key { kind: Kind::Other, group_kind, namespace, name })
        }
        None => Err(format!("no matches for kind {:?} in group {:?}", reference.kind, group(&reference.api_version))),
    }
}

/// The target's scale, or why it cannot be had.
pub(super) fn read(spec: &HorizontalPodAutoscalerSpec, answer: Option<&Answer>) -> Result<Scale, String> {
    let reference = &spec.scale_target_ref;
    let object = match answer {
        Some(Ok(object)) => object,
        Some(Err(error)) if error.code() == 404 => {
            let known = Kind::ALL.iter().find(|kind| kind.name() == reference.kind);
            let plural = known.map_or_else(|| crate::api::server::plural_of(&reference.kind), |kind| kind.plural().to_string());
            return Err(format!("{} {:?} not found", qualified(&format!("{plural}/scale"), &reference.api_version), reference.name));
        }
        Some(Err(error)) => return Err(error.to_string()),
        None => return Err("no answer".into()),
    };
    let labels = |selector: Option<&LabelSelector>| selector.and_then(|selector| Selector::from_label_selector(Some(selector)).ok());
    let (replicas, selector) = match &object.body {
        Body::Deployment(body) => (body.spec.replicas, labels(body.spec.selector.as_ref())),
        Body::ReplicaSet(body) => (body.spec.replicas, labels(body.spec.selector.as_ref())),
        Body::StatefulSet(body) => (body.spec.replicas, labels(body.spec.selector.as_ref())),
        Body::ReplicationController(body) => (body.spec.replicas, Some(Selector::from_map(&body.spec.selector))),
        Body::Other(other) => {
            let spec = other.fields.get("spec");
            let replicas = spec.and_then(|spec| spec["replicas"].as_i64()).map(|number| number as i32);
            let selector = spec.and_then(|spec| serde_json::from_value(spec["selector"].clone()).ok());
            (replicas, labels(selector.as_ref()))
        }
        _ => return Err("the server could not find the requested resource".into()),
    };
    Ok(Scale { replicas: replicas.unwrap_or(1), version: object.meta.resource_version, selector })
}

/// Sets the size of a target.
pub(super) fn set_replicas(object: &mut Object, replicas: i32) {
    match &mut object.body {
        Body::Deployment(body) => Arc::make_mut(&mut body.spec).replicas = Some(replicas),
        Body::ReplicaSet(body) => Arc::make_mut(&mut body.spec).replicas = Some(replicas),
        Body::StatefulSet(body) => Arc::make_mut(&mut body.spec).replicas = Some(replicas),
        Body::ReplicationController(body) => Arc::make_mut(&mut body.spec).replicas = Some(replicas),
        Body::Other(other) => {
            let fields = Arc::make_mut(&mut other.fields);
            let spec = fields.entry("spec").or_insert_with(|| Value::Object(Map::new()));
            spec["replicas"] = replicas.into();
        }
        _ => {}
    }
}

/// The error of a metric that needs an adapter: reason, error, and the error as the whole evaluation tells it.
pub(super) fn no_adapter(hpa: &Object, spec: &MetricSpec) -> (&'static str, String, String) {
    const CUSTOM: &str = "unable to fetch metrics from custom metrics API: no custom metrics API (custom.metrics.k8s.io) registered";
    let namespace = &hpa.meta.namespace;
    if let Some(source) = &spec.pods {
        let error = format!("unable to get metric {}: {CUSTOM}", source.metric.name);
        let outer = format!("failed to get pods metric value: {error}");
        return ("FailedGetPodsMetric", error, outer);
    }
    if let Some(source) = &spec.object {
        let (name, on) = (&source.metric.name, &source.described_object);
        let error = format!("unable to get metric {name} on {} {namespace}/{}: {CUSTOM}", on.kind, on.name);
        let outer = format!("failed to get object metric value: {error}");
        return ("FailedGetObjectMetric", error, outer);
    }
    if let Some(source) = &spec.external {
        let name = &source.metric.name;
        let error = format!(
            "unable to get external metric {namespace}/{name}/nil: unable to fetch metrics from external metrics API: the server could not \
             find the requested resource (get {name}.external.metrics.k8s.io)"
        );
        let outer = format!("failed to get {name} external metric value: {error}");
        return ("FailedGetExternalMetric", error, outer);
    }
    let error = format!("unknown metric source type {:?}", spec.r#type);
    ("InvalidMetricSourceType", error.clone(), error)
}
