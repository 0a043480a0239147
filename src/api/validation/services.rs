//! Services.
//! Real: pkg/apis/core/validation/validation.go (validateService) @ v1.37.2.

use super::super::field::{FieldErrors, Path, duplicate, forbidden, invalid, not_supported, required};
use super::names::{self, each};
use super::{containers, immutable, meta, require};
use crate::base::collections::Set;
use crate::model::*;

const SPEC: Path = Path::new("spec");
const TYPES: [&str; 4] = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

/// Checks a Service.
pub fn service(spec: &ServiceSpec, old: Option<&ServiceSpec>, errors: &mut FieldErrors) {
    let headless = spec.cluster_ip == "None";
    if spec.ports.is_empty() && !headless && spec.r#type != "ExternalName" {
        errors.push(required(&SPEC.child("ports"), ""));
    }
    let addresses = SPEC.child("clusterIPs");
    match &*spec.r#type {
        "LoadBalancer" | "NodePort" if headless => {
            let text = format!("may not be set to 'None' for {} services", spec.r#type);
            errors.push(invalid(&addresses.index(0), "None", text));
        }
        "ExternalName" => {
            if !spec.cluster_ips.is_empty() {
                errors.push(forbidden(&addresses, "may not be set for ExternalName services"));
            }
            let name = spec.external_name.trim_end_matches('.');
            if require(name, &SPEC.child("externalName"), errors) {
                each(names::dns_subdomain(name), name, &SPEC.child("externalName"), errors);
            }
        }
        _ => {}
    }
    ports(spec, errors);
    meta::labels(&spec.selector, &SPEC.child("selector"), errors);
    let affinity = SPEC.child("sessionAffinity");
    if require(&spec.session_affinity, &affinity, errors) && !matches!(&*spec.session_affinity, "None" | "ClientIP") {
        errors.push(not_supported(&affinity, &spec.session_affinity, &["ClientIP", "None"]));
    }
    if require(&spec.r#type, &SPEC.child("type"), errors) && !TYPES.contains(&&*spec.r#type) {
        errors.push(not_supported(&SPEC.child("type"), &spec.r#type, &TYPES));
    }
    for (field, value) in [
        ("externalTrafficPolicy", Some(&*spec.external_traffic_policy)),
        ("internalTrafficPolicy", spec.internal_traffic_policy.as_deref()),
    ] {
        if let Some(value) = value.filter(|value| !matches!(*value, "" | "Cluster" | "Local")) {
            errors.push(not_supported(&SPEC.child(field), value, &["Cluster", "Local"]));
        }
    }
    // An address once given stays, unless the kind of service changes to or from one without.
    if let Some(old) = old
        && !old.cluster_ip.is_empty()
        && spec.r#type != "ExternalName"
        && old.r#type != "ExternalName"
    {
        immutable(&spec.cluster_ips, &old.cluster_ips, &SPEC.child("clusterIPs"), errors);
    }
}

fn ports(spec: &ServiceSpec, errors: &mut FieldErrors) {
    let path = SPEC.child("ports");
    let mut seen: Set<&str> = Set::default();
    for (index, port) in spec.ports.iter().enumerate() {
        let at = path.index(index);
        let name = at.child("name");
        if spec.ports.len() > 1 && port.name.is_empty() {
            errors.push(required(&name, ""));
        } else if !port.name.is_empty() {
            each(names::dns_label(&port.name), &port.name, &name, errors);
            if !seen.insert(&port.name) {
                errors.push(duplicate(&name, &port.name));
            }
        }
        names::port_number(port.port, &at.child("port"), errors);
        containers::protocol(&port.protocol, &at.child("protocol"), errors);
        names::port(&port.target_port, &at.child("targetPort"), errors);
        if spec.r#type == "ClusterIP" && port.node_port != 0 {
            errors.push(forbidden(&at.child("nodePort"), "may not be used when `type` is 'ClusterIP'"));
        }
        let same = |other: &ServicePort| other.protocol == port.protocol && other.port == port.port;
        if spec.ports[..index].iter().any(same) {
            errors.push(duplicate(&at, &serde_json::json!({"port": port.port, "protocol": port.protocol})));
        }
    }
}
