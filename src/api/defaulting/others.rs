//! Defaults of services, storage, configuration and policies.
//! Real: pkg/apis/{core/v1,storage/v1,discovery/v1,scheduling/v1,resource/v1}/defaults.go @ v1.37.2.

use super::{change, optional, text};
use crate::model::*;

/// How long ClientIP affinity lasts.
const CLIENT_IP_AFFINITY_S: i32 = 10_800;

/// Amounts are kept in thousandths, rounded up.
pub fn resource_list(list: &mut ResourceList) {
    for amount in list.values_mut() {
        *amount = amount.round_up_to_milli();
    }
}

pub fn service(service: &mut Service) {
    change(&mut service.spec, |spec| {
        text(&mut spec.session_affinity, "None");
        match &*spec.session_affinity {
            "None" => spec.session_affinity_config = None,
            "ClientIP" => {
                let client = spec.session_affinity_config.get_or_insert_default().client_ip.get_or_insert_default();
                optional(&mut client.timeout_seconds, CLIENT_IP_AFFINITY_S);
            }
            _ => {}
        }
        text(&mut spec.r#type, "ClusterIP");
        for port in &mut spec.ports {
            text(&mut port.protocol, "TCP");
            if port.target_port == IntOrString::Int(0) || port.target_port == IntOrString::String(String::new()) {
                port.target_port = port.port.into();
            }
        }
        let outside = matches!(&*spec.r#type, "LoadBalancer" | "NodePort") || spec.r#type == "ClusterIP" && !spec.external_ips.is_empty();
        if outside {
            text(&mut spec.external_traffic_policy, "Cluster");
        }
        if spec.r#type != "ExternalName" {
            optional(&mut spec.internal_traffic_policy, "Cluster".into());
        }
        if spec.r#type == "LoadBalancer" {
            optional(&mut spec.allocate_load_balancer_node_ports, true);
        }
    });
    if service.spec.r#type == "LoadBalancer" {
        change(&mut service.status, |status| {
            for ingress in status.load_balancer.ingress.iter_mut().filter(|ingress| !ingress.ip.is_empty()) {
                optional(&mut ingress.ip_mode, "VIP".into());
            }
        });
    }
}

pub fn secret(secret: &mut Secret) {
    if secret.r#type.is_empty() {
        secret.r#type = "Opaque".into();
    }
    // Plain text becomes data on the way in; the write-only field is empty afterwards.
    if !secret.string_data.is_empty() {
        let plain = std::mem::take(&mut secret.string_data);
        for (key, value) in plain {
            secret.data.insert(key, base64(value.as_bytes()));
        }
    }
}

/// Standard base64 with padding.
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().enumerate().fold(0u32, |group, (at, byte)| group | u32::from(*byte) << (16 - 8 * at));
        for at in 0..4 {
            let letter = LETTERS[(group >> (18 - 6 * at) & 63) as usize] as char;
            out.push(if at <= chunk.len() { letter } else { '=' });
        }
    }
    out
}

pub fn endpoints(endpoints: &mut Endpoints) {
    if endpoints.subsets.iter().flat_map(|subset| &subset.ports).any(|port| port.protocol.is_empty()) {
        endpoints.subsets.iter_mut().flat_map(|subset| &mut subset.ports).for_each(|port| text(&mut port.protocol, "TCP"));
    }
}

pub fn endpoint_slice(slice: &mut EndpointSlice) {
    if slice.ports.iter().any(|port| port.name.is_none() || port.protocol.is_none()) {
        for port in &mut slice.ports {
            optional(&mut port.name, String::new());
            optional(&mut port.protocol, "TCP".into());
        }
    }
}

pub fn namespace(meta: &mut Meta, namespace: &mut Namespace) {
    const NAME_LABEL: &str = "kubernetes.io/metadata.name";
    if !meta.name.is_empty() && meta.labels.get(NAME_LABEL) != Some(&*meta.name) {
        meta.labels.set(NAME_LABEL, meta.name.clone());
    }
    change(&mut namespace.status, |status| text(&mut status.phase, "Active"));
}

pub fn node(node: &mut Node) {
    if node.status.allocatable.is_empty() && !node.status.capacity.is_empty() {
        change(&mut node.status, |status| status.allocatable = status.capacity.clone());
    }
    change(&mut node.status, |status| {
        resource_list(&mut status.capacity);
        resource_list(&mut status.allocatable);
    });
}

pub fn persistent_volume(volume: &mut PersistentVolume) {
    change(&mut volume.status, |status| text(&mut status.phase, "Pending"));
    change(&mut volume.spec, |spec| {
        text(&mut spec.persistent_volume_reclaim_policy, "Retain");
        optional(&mut spec.volume_mode, "Filesystem".into());
        resource_list(&mut spec.capacity);
        if let Some(source) = &mut spec.host_path {
            optional(&mut source.r#type, String::new());
        }
        if let Some(source) = &mut spec.iscsi {
            text(&mut source.iscsi_interface, "default");
        }
        if let Some(source) = &mut spec.rbd {
            text(&mut source.pool, "rbd");
            text(&mut source.user, "admin");
            text(&mut source.keyring, "/etc/ceph/keyring");
        }
        if let Some(source) = &mut spec.azure_disk {
            optional(&mut source.caching_mode, "ReadWrite".into());
            optional(&mut source.kind, "Shared".into());
            optional(&mut source.fs_type, "ext4".into());
            optional(&mut source.read_only, false);
        }
    });
}

pub fn claim_spec(spec: &mut PersistentVolumeClaimSpec) {
    optional(&mut spec.volume_mode, "Filesystem".into());
    resource_list(&mut spec.resources.limits);
    resource_list(&mut spec.resources.requests);
}

pub fn priority_class(class: &mut PriorityClass) {
    if class.preemption_policy.is_none() {
        class.preemption_policy = Some("PreemptLowerPriority".into());
    }
}

pub fn limit_range(spec: &mut LimitRangeSpec) {
    for item in &mut spec.limits {
        if item.r#type == "Container" {
            let LimitRangeItem { max, min, default, default_request, .. } = item;
            let fill = |into: &mut ResourceList, from: &ResourceList| {
                for (name, amount) in from {
                    into.entry(name.clone()).or_insert(*amount);
                }
            };
            fill(default, max);
            fill(default_request, default);
            fill(default_request, min);
        }
        let lists = [&mut item.max, &mut item.min, &mut item.default, &mut item.default_request, &mut item.max_limit_request_ratio];
        lists.into_iter().for_each(resource_list);
    }
}

pub fn storage_class(class: &mut StorageClass) {
    if class.reclaim_policy.is_none() || class.volume_binding_mode.is_none() {
        let fields: &mut StorageClassFields = class;
        optional(&mut fields.reclaim_policy, "Delete".into());
        optional(&mut fields.volume_binding_mode, "Immediate".into());
    }
}

pub fn csi_driver(spec: &mut CSIDriverSpec) {
    optional(&mut spec.attach_required, true);
    optional(&mut spec.pod_info_on_mount, false);
    optional(&mut spec.storage_capacity, false);
    optional(&mut spec.fs_group_policy, "ReadWriteOnceWithFSType".into());
    if spec.volume_lifecycle_modes.is_empty() {
        spec.volume_lifecycle_modes.push("Persistent".into());
    }
    optional(&mut spec.requires_republish, false);
    optional(&mut spec.se_linux_mount, false);
}

pub fn resource_claim(spec: &mut ResourceClaimSpec) {
    fn request(mode: &mut String, count: &mut i64) {
        text(mode, "ExactCount");
        if mode == "ExactCount" && *count == 0 {
            *count = 1;
        }
    }
    for wanted in &mut spec.devices.requests {
        if let Some(exactly) = &mut wanted.exactly {
            request(&mut exactly.allocation_mode, &mut exactly.count);
        }
        wanted.first_available.iter_mut().for_each(|sub| request(&mut sub.allocation_mode, &mut sub.count));
    }
}
