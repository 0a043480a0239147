//! What of a commit goes into the trace: enough to tell two runs apart, cheap for the kinds that are written most.

use super::LogEntry;
use crate::model::{Body, Object};

/// Appends the fingerprint of a commit.
pub fn of(entry: &LogEntry, bytes: &mut Vec<u8>) {
    number(entry.version as i64, bytes);
    number(i64::from(entry.id.0), bytes);
    let Some(object) = &entry.after else { return };
    text(&object.meta.name, bytes);
    number(object.meta.generation, bytes);
    number(object.meta.deletion_timestamp.map_or(0, |time| time.0), bytes);
    number((object.meta.labels.len() + 256 * object.meta.annotations.len()) as i64, bytes);
    number((object.meta.finalizers.len() + 256 * object.meta.owner_references.len()) as i64, bytes);
    body(object, bytes);
}

fn text(text: &str, bytes: &mut Vec<u8>) {
    bytes.extend(text.as_bytes());
    bytes.push(0);
}

fn number(number: i64, bytes: &mut Vec<u8>) {
    bytes.extend(number.to_le_bytes());
}

fn body(object: &Object, bytes: &mut Vec<u8>) {
    match &object.body {
        Body::Pod(pod) => {
            text(&pod.node_name, bytes);
            text(&pod.status.pod_ip, bytes);
            text(&pod.status.reason, bytes);
            text(&pod.status.nominated_node_name, bytes);
            bytes.push(pod.status.phase as u8);
            for condition in &pod.status.conditions {
                text(&condition.r#type, bytes);
                text(&condition.status, bytes);
                text(&condition.reason, bytes);
                text(&condition.message, bytes);
            }
            for container in pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses) {
                bytes.push(u8::from(container.ready));
                number(i64::from(container.restart_count), bytes);
                if let Some(waiting) = &container.state.waiting {
                    text(&waiting.reason, bytes);
                }
                if let Some(ended) = &container.state.terminated {
                    text(&ended.reason, bytes);
                    number(i64::from(ended.exit_code), bytes);
                }
            }
        }
        Body::Node(node) => {
            let (spec, status) = (&node.spec, &node.status);
            bytes.push(u8::from(spec.unschedulable));
            for taint in &spec.taints {
                text(&taint.key, bytes);
                text(&taint.value, bytes);
                text(&taint.effect, bytes);
            }
            for (name, amount) in &status.allocatable {
                text(name, bytes);
                number(amount.milli_value(), bytes);
            }
            for condition in &status.conditions {
                text(&condition.r#type, bytes);
                text(&condition.status, bytes);
                text(&condition.reason, bytes);
            }
            number(status.images.len() as i64, bytes);
            number((status.volumes_attached.len() + 256 * status.volumes_in_use.len()) as i64, bytes);
        }
        Body::Event(event) => {
            text(&event.origin.reason, bytes);
            text(&event.message, bytes);
            number(i64::from(event.count), bytes);
        }
        Body::EndpointSlice(slice) => {
            for endpoint in &slice.endpoints {
                endpoint.addresses.iter().for_each(|address| text(address, bytes));
                let flags = [endpoint.conditions.ready, endpoint.conditions.serving, endpoint.conditions.terminating];
                bytes.extend(flags.map(|flag| flag.map_or(2, u8::from)));
            }
        }
        Body::ReplicaSet(set) => {
            let (spec, status) = (&set.spec, &set.status);
            let counts = [spec.replicas.unwrap_or(1), status.replicas, status.ready_replicas, status.available_replicas];
            counts.into_iter().for_each(|count| number(i64::from(count), bytes));
            number(status.observed_generation, bytes);
            status.conditions.iter().for_each(|condition| text(&condition.message, bytes));
        }
        Body::Deployment(deployment) => {
            let (spec, status) = (&deployment.spec, &deployment.status);
            let counts =
                [spec.replicas.unwrap_or(1), status.replicas, status.updated_replicas, status.ready_replicas, status.available_replicas];
            counts.into_iter().for_each(|count| number(i64::from(count), bytes));
            number(status.observed_generation, bytes);
            for condition in &status.conditions {
                text(&condition.r#type, bytes);
                text(&condition.status, bytes);
                text(&condition.reason, bytes);
                text(&condition.message, bytes);
            }
        }
        body => {
            serde_json::to_writer(&mut *bytes, &object.meta).expect("metadata serialises to JSON");
            body.write(bytes);
        }
    }
}
