//! An independent judge of rendered objects: Kubernetes' own types read them and print them again.

use super::stream::Line;
use k8s_openapi::api::{
    apps::v1 as apps, autoscaling::v2 as autoscaling, batch::v1 as batch, coordination::v1 as coordination, core::v1 as core,
    discovery::v1 as discovery, policy::v1 as policy, scheduling::v1 as scheduling, storage::v1 as storage,
};
use serde_json::Value;

/// What Kubernetes' own type makes of an object: none for kinds that have none here.
fn through(kind: &str, object: &Value) -> Option<Result<Value, String>> {
    fn of<T: serde::de::DeserializeOwned + serde::Serialize>(object: &Value) -> Result<Value, String> {
        let typed: T = serde_json::from_value(object.clone()).map_err(|error| error.to_string())?;
        serde_json::to_value(typed).map_err(|error| error.to_string())
    }
    Some(match kind {
        "Pod" => of::<core::Pod>(object),
        "Node" => of::<core::Node>(object),
        "Namespace" => of::<core::Namespace>(object),
        "Service" => of::<core::Service>(object),
        "ConfigMap" => of::<core::ConfigMap>(object),
        "Event" => of::<core::Event>(object),
        "ReplicationController" => of::<core::ReplicationController>(object),
        "Secret" => of::<core::Secret>(object),
        "ResourceQuota" => of::<core::ResourceQuota>(object),
        "LimitRange" => of::<core::LimitRange>(object),
        "ServiceAccount" => of::<core::ServiceAccount>(object),
        "PersistentVolume" => of::<core::PersistentVolume>(object),
        "PersistentVolumeClaim" => of::<core::PersistentVolumeClaim>(object),
        "Endpoints" => of::<core::Endpoints>(object),
        "Deployment" => of::<apps::Deployment>(object),
        "ReplicaSet" => of::<apps::ReplicaSet>(object),
        "StatefulSet" => of::<apps::StatefulSet>(object),
        "DaemonSet" => of::<apps::DaemonSet>(object),
        "ControllerRevision" => of::<apps::ControllerRevision>(object),
        "Job" => of::<batch::Job>(object),
        "CronJob" => of::<batch::CronJob>(object),
        "HorizontalPodAutoscaler" => of::<autoscaling::HorizontalPodAutoscaler>(object),
        "PodDisruptionBudget" => of::<policy::PodDisruptionBudget>(object),
        "EndpointSlice" => of::<discovery::EndpointSlice>(object),
        "PriorityClass" => of::<scheduling::PriorityClass>(object),
        "StorageClass" => of::<storage::StorageClass>(object),
        "Lease" => of::<coordination::Lease>(object),
        _ => return None,
    })
}

/// Fields that the one has and the other has not, or otherwise. Empty and missing are the same.
fn lost(path: &str, ours: &Value, theirs: &Value, out: &mut Vec<String>) {
    match (ours, theirs) {
        (Value::Object(a), Value::Object(b)) => {
            for key in a.keys().chain(b.keys().filter(|key| !a.contains_key(*key))) {
                let null = Value::Null;
                lost(&format!("{path}.{key}"), a.get(key).unwrap_or(&null), b.get(key).unwrap_or(&null), out);
            }
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().for_each(|(at, (a, b))| lost(&format!("{path}[{at}]"), a, b, out));
        }
        (a, b) if a != b && !(is_empty(a) && is_empty(b)) => out.push(format!("{path}: {a} is read as {b}")),
        _ => {}
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(map) => map.values().all(is_empty),
        Value::Array(list) => list.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// What is lost of a stream's objects, and how many objects were read.
pub fn losses(lines: &[Line]) -> (Vec<String>, usize) {
    let (mut out, mut read) = (Vec::new(), 0);
    for line in lines {
        match through(&line.kind, &line.object) {
            // Kinds that are only kept as they came.
            None => {}
            Some(Err(error)) => out.push(format!("{} {}: {error}", line.kind, line.object["metadata"]["name"])),
            Some(Ok(typed)) => {
                read += 1;
                lost(&line.kind, &line.object, &typed, &mut out);
            }
        }
    }
    out.sort();
    out.dedup();
    (out, read)
}
