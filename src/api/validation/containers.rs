//! Containers: names, ports, environment, mounts, probes, resources.
//! Real: pkg/apis/core/validation/validation.go @ v1.37.2.

use super::super::field::{FieldErrors, Path, duplicate, forbidden, invalid, not_found, not_supported, required};
use super::names::{self, each};
use super::{nonnegative, require};
use crate::base::collections::Set;
use crate::base::quantity::Quantity;
use crate::model::label_key_errors;
use crate::model::*;

const PROTOCOLS: [&str; 3] = ["SCTP", "TCP", "UDP"];

/// Checks the regular containers of a pod.
pub fn regular(spec: &PodSpec, volumes: &Set<&str>, path: &Path, errors: &mut FieldErrors) {
    if spec.containers.is_empty() {
        errors.push(required(path, ""));
        return;
    }
    let mut seen: Set<&str> = Set::default();
    for (index, container) in spec.containers.iter().enumerate() {
        let at = path.index(index);
        common(container, volumes, &at, errors);
        if !seen.insert(&container.name) {
            errors.push(duplicate(&at.child("name"), &container.name));
        }
        running(container, &at, errors);
    }
    host_ports(&spec.containers, path, errors);
}

/// Checks the init containers and sidecars of a pod.
pub fn init(spec: &PodSpec, volumes: &Set<&str>, path: &Path, errors: &mut FieldErrors) {
    let mut seen: Set<&str> = Set::default();
    spec.containers.iter().for_each(|container| {
        seen.insert(&container.name);
    });
    for (index, container) in spec.init_containers.iter().enumerate() {
        let at = path.index(index);
        common(container, volumes, &at, errors);
        let sidecar = container.restart_policy.as_deref() == Some("Always");
        if !container.name.is_empty() && !seen.insert(&container.name) {
            errors.push(duplicate(&at.child("name"), &container.name));
        }
        host_ports(std::slice::from_ref(container), path, errors);
        if sidecar {
            running(container, &at, errors);
            continue;
        }
        let unfit = [
            ("lifecycle", container.lifecycle.is_some()),
            ("livenessProbe", container.liveness_probe.is_some()),
            ("readinessProbe", container.readiness_probe.is_some()),
            ("startupProbe", container.startup_probe.is_some()),
        ];
        for (field, _) in unfit.iter().filter(|(_, set)| *set) {
            errors.push(forbidden(&at.child(field), "may not be set for init containers without restartPolicy=Always"));
        }
    }
}

fn common(container: &Container, volumes: &Set<&str>, path: &Path, errors: &mut FieldErrors) {
    if require(&container.name, &path.child("name"), errors) {
        each(names::dns_label(&container.name), &container.name, &path.child("name"), errors);
    }
    require(&container.image, &path.child("image"), errors);
    let policy = path.child("terminationMessagePolicy");
    match &*container.termination_message_policy {
        "File" | "FallbackToLogsOnError" => {}
        "" => errors.push(required(&policy, "")),
        other => errors.push(not_supported(&policy, other, &["File", "FallbackToLogsOnError"])),
    }
    ports(&container.ports, &path.child("ports"), errors);
    environment(container, path, errors);
    mounts(container, volumes, &path.child("volumeMounts"), errors);
    match &*container.image_pull_policy {
        "Always" | "IfNotPresent" | "Never" => {}
        "" => errors.push(required(&path.child("imagePullPolicy"), "")),
        other => errors.push(not_supported(&path.child("imagePullPolicy"), other, &["Always", "IfNotPresent", "Never"])),
    }
    resources(&container.resources, &path.child("resources"), errors);
}

fn running(container: &Container, path: &Path, errors: &mut FieldErrors) {
    if let Some(lifecycle) = &container.lifecycle {
        let path = path.child("lifecycle");
        for (name, handler) in [("postStart", &lifecycle.post_start), ("preStop", &lifecycle.pre_stop)] {
            if let Some(handler) = handler {
                let kinds = [
                    ("exec", handler.exec.is_some()),
                    ("httpGet", handler.http_get.is_some()),
                    ("tcpSocket", handler.tcp_socket.is_some()),
                    ("sleep", handler.sleep.is_some()),
                ];
                one_handler(&kinds, handler.http_get.as_ref(), handler.exec.as_ref(), &path.child(name), errors);
            }
        }
    }
    probe(container.liveness_probe.as_ref(), true, &path.child("livenessProbe"), errors);
    probe(container.readiness_probe.as_ref(), false, &path.child("readinessProbe"), errors);
    probe(container.startup_probe.as_ref(), true, &path.child("startupProbe"), errors);
}

fn one_handler(kinds: &[(&str, bool)], http: Option<&HTTPGetAction>, exec: Option<&ExecAction>, path: &Path, errors: &mut FieldErrors) {
    let mut set = kinds.iter().filter(|(_, set)| *set);
    if set.next().is_none() {
        errors.push(required(path, "must specify a handler type"));
    }
    set.for_each(|(name, _)| errors.push(forbidden(&path.child(name), "may not specify more than 1 handler type")));
    if exec.is_some_and(|exec| exec.command.is_empty()) {
        errors.push(required(&path.child("exec").child("command"), ""));
    }
    if let Some(http) = http {
        let path = path.child("httpGet");
        require(&http.path, &path.child("path"), errors);
        names::port(&http.port, &path.child("port"), errors);
        if !matches!(&*http.scheme, "HTTP" | "HTTPS") {
            errors.push(not_supported(&path.child("scheme"), &http.scheme, &["HTTP", "HTTPS"]));
        }
    }
}

fn probe(probe: Option<&Probe>, one_success: bool, path: &Path, errors: &mut FieldErrors) {
    let Some(probe) = probe else { return };
    let kinds = [
        ("exec", probe.exec.is_some()),
        ("httpGet", probe.http_get.is_some()),
        ("tcpSocket", probe.tcp_socket.is_some()),
        ("grpc", probe.grpc.is_some()),
    ];
    one_handler(&kinds, probe.http_get.as_ref(), probe.exec.as_ref(), path, errors);
    if let Some(tcp) = &probe.tcp_socket {
        names::port(&tcp.port, &path.child("tcpSocket").child("port"), errors);
    }
    if let Some(grpc) = &probe.grpc {
        names::port_number(grpc.port, &path.child("grpc").child("port"), errors);
    }
    let numbers = [
        ("initialDelaySeconds", probe.initial_delay_seconds),
        ("timeoutSeconds", probe.timeout_seconds),
        ("periodSeconds", probe.period_seconds),
        ("successThreshold", probe.success_threshold),
        ("failureThreshold", probe.failure_threshold),
    ];
    numbers.iter().for_each(|(name, number)| nonnegative(*number, &path.child(name), errors));
    let grace = path.child("terminationGracePeriodSeconds");
    match probe.termination_grace_period_seconds {
        Some(seconds) if seconds <= 0 => errors.push(invalid(&grace, &seconds, "must be greater than 0")),
        Some(seconds) if !one_success => errors.push(invalid(&grace, &seconds, "must not be set for readinessProbes")),
        _ => {}
    }
    if one_success && probe.success_threshold != 1 {
        errors.push(invalid(&path.child("successThreshold"), &probe.success_threshold, "must be 1"));
    }
}

fn ports(ports: &[ContainerPort], path: &Path, errors: &mut FieldErrors) {
    let mut seen: Set<&str> = Set::default();
    for (index, port) in ports.iter().enumerate() {
        let at = path.index(index);
        if !port.name.is_empty() {
            let faults = names::port_name(&port.name);
            if !faults.is_empty() {
                each(faults, &port.name, &at.child("name"), errors);
            } else if !seen.insert(&port.name) {
                errors.push(duplicate(&at.child("name"), &port.name));
            }
        }
        if port.container_port == 0 {
            errors.push(required(&at.child("containerPort"), ""));
        } else {
            names::port_number(port.container_port, &at.child("containerPort"), errors);
        }
        if port.host_port != 0 {
            names::port_number(port.host_port, &at.child("hostPort"), errors);
        }
        protocol(&port.protocol, &at.child("protocol"), errors);
    }
}

/// Checks the protocol of a port.
pub fn protocol(protocol: &str, path: &Path, errors: &mut FieldErrors) {
    if require(protocol, path, errors) && !PROTOCOLS.contains(&protocol) {
        errors.push(not_supported(path, protocol, &PROTOCOLS));
    }
}

fn host_ports(containers: &[Container], path: &Path, errors: &mut FieldErrors) {
    let mut seen: Set<String> = Set::default();
    for (at, container) in containers.iter().enumerate() {
        for (index, port) in container.ports.iter().enumerate().filter(|(_, port)| port.host_port != 0) {
            let text = format!("{}/{}/{}", port.protocol, port.host_ip, port.host_port);
            if !seen.insert(text.clone()) {
                errors.push(duplicate(&path.index(at).child("ports").index(index).child("hostPort"), &text));
            }
        }
    }
}

fn environment(container: &Container, path: &Path, errors: &mut FieldErrors) {
    let at = path.child("env");
    for (index, env) in container.env.iter().enumerate() {
        let at = at.index(index);
        if require(&env.name, &at.child("name"), errors)
            && let Some(fault) = names::env_name(&env.name)
        {
            errors.push(invalid(&at.child("name"), &env.name, fault));
        }
        if let Some(from) = &env.value_from {
            let count = [
                from.field_ref.is_some(),
                from.resource_field_ref.is_some(),
                from.config_map_key_ref.is_some(),
                from.secret_key_ref.is_some(),
                from.file_key_ref.is_some(),
            ];
            let count = count.iter().filter(|set| **set).count();
            let text = match count {
                0 => "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
                _ if !env.value.is_empty() => "may not be specified when `value` is not empty",
                1 => continue,
                _ => "may not have more than one field specified at a time",
            };
            errors.push(invalid(&at.child("valueFrom"), "", text));
        }
    }
    let at = path.child("envFrom");
    for (index, from) in container.env_from.iter().enumerate() {
        match (&from.config_map_ref, &from.secret_ref) {
            (None, None) => errors.push(invalid(&at.index(index), "", "must specify one of: `configMapRef` or `secretRef`")),
            (Some(_), Some(_)) => errors.push(invalid(&at.index(index), "", "may not have more than one field specified at a time")),
            _ => {}
        }
    }
}

fn mounts(container: &Container, volumes: &Set<&str>, path: &Path, errors: &mut FieldErrors) {
    let mut seen: Set<&str> = Set::default();
    for (index, mount) in container.volume_mounts.iter().enumerate() {
        let at = path.index(index);
        require(&mount.name, &at.child("name"), errors);
        if !volumes.contains(&*mount.name) {
            errors.push(not_found(&at.child("name"), &mount.name));
        }
        require(&mount.mount_path, &at.child("mountPath"), errors);
        if !seen.insert(&mount.mount_path) {
            errors.push(invalid(&at.child("mountPath"), &mount.mount_path, "must be unique"));
        }
    }
}

/// Checks the requests and limits of a container.
pub fn resources(resources: &ResourceRequirements, path: &Path, errors: &mut FieldErrors) {
    let (limits, requests) = (path.child("limits"), path.child("requests"));
    for (name, amount) in &resources.limits {
        resource_name(name, &limits.key(name), errors);
        amount_of(name, amount, &limits.key(name), errors);
    }
    for (name, amount) in &resources.requests {
        resource_name(name, &requests.key(name), errors);
        amount_of(name, amount, &requests.key(name), errors);
        let overcommit = !name.contains('/') && !name.starts_with("hugepages-") || name.contains("kubernetes.io/");
        match resources.limits.get(name) {
            Some(limit) if !overcommit && amount != limit => {
                errors.push(invalid(&requests, &amount.to_string(), format!("must be equal to {name} limit of {limit}")));
            }
            Some(limit) if amount > limit => {
                errors.push(invalid(&requests, &amount.to_string(), format!("must be less than or equal to {name} limit of {limit}")));
            }
            None if !overcommit => errors.push(required(&limits, "Limit must be set for non overcommitable resources")),
            _ => {}
        }
    }
}

fn resource_name(name: &str, path: &Path, errors: &mut FieldErrors) {
    let faults = label_key_errors(name);
    if !faults.is_empty() {
        each(faults, name, path, errors);
    } else if !name.contains('/') && !matches!(name, "cpu" | "memory" | "ephemeral-storage") && !name.starts_with("hugepages-") {
        if !matches!(name, "storage" | "pods" | "services" | "secrets" | "configmaps") {
            errors.push(invalid(path, name, "must be a standard resource type or fully qualified"));
        }
        errors.push(invalid(path, name, "must be a standard resource for containers"));
    }
}

/// Checks that an amount is not negative, and whole where parts make no sense.
pub fn amount_of(name: &str, amount: &Quantity, path: &Path, errors: &mut FieldErrors) {
    if *amount < Quantity::ZERO {
        errors.push(invalid(path, &amount.to_string(), super::NEGATIVE));
    }
    let whole = name.contains('/') && !name.contains("kubernetes.io/") || matches!(name, "pods" | "services");
    if whole && amount.milli_value() % 1000 != 0 {
        errors.push(invalid(path, amount, "must be an integer"));
    }
}
