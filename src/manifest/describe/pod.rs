//! Pods, and the templates of pods.
//! Real: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describePod, DescribePodTemplate) @ v1.37.2.

use super::writer::Writer;
use super::{date, labels};
use crate::base::quantity::Quantity;
use crate::manifest::table::{format_selector, since};
use crate::model::*;

/// Describes a pod.
pub fn pod(meta: &Meta, pod: &Pod, now: MicroTime, out: &mut Writer) {
    let (spec, status) = (&pod.spec, &pod.status);
    out.line(0, format!("Name:\t{}", meta.name));
    out.line(0, format!("Namespace:\t{}", meta.namespace));
    if let Some(priority) = spec.priority {
        out.line(0, format!("Priority:\t{priority}"));
    }
    let optional = [
        ("Priority Class Name", &*spec.priority_class_name),
        ("Runtime Class Name", spec.runtime_class_name.as_deref().unwrap_or("")),
        ("Service Account", &spec.service_account_name),
    ];
    if_any(&optional, out);
    let node = if pod.is_bound() { format!("{}/{}", pod.node_name, status.host_ip) } else { "<none>".into() };
    out.line(0, format!("Node:\t{node}"));
    if let Some(time) = status.start_time {
        out.line(0, format!("Start Time:\t{}", date(time)));
    }
    labels(meta, out);
    match meta.deletion_timestamp.filter(|_| !pod.is_terminal()) {
        Some(time) => {
            out.line(0, format!("Status:\tTerminating (lasts {})", since(Some(time), now)));
            out.line(0, format!("Termination Grace Period:\t{}s", meta.deletion_grace_period_seconds.unwrap_or(0)));
        }
        None => out.line(0, format!("Status:\t{}", status.phase)),
    }
    if_any(&[("Reason", &*status.reason), ("Message", &*status.message)], out);
    if let Some(profile) = spec.security_context.as_ref().and_then(|context| context.seccomp_profile.as_ref()) {
        out.line(0, format!("SeccompProfile:\t{}", profile.r#type));
    }
    out.line(0, format!("IP:\t{}", status.pod_ip));
    if status.pod_ips.is_empty() {
        out.line(0, "IPs:\t<none>");
    } else {
        out.line(0, "IPs:");
        status.pod_ips.iter().for_each(|ip| out.line(1, format!("IP:\t{}", ip.ip)));
    }
    if let Some(owner) = meta.controller() {
        out.line(0, format!("Controlled By:\t{}/{}", owner.kind, owner.name));
    }
    if_any(&[("NominatedNodeName", &*status.nominated_node_name)], out);
    if let Some(list) = &spec.resources {
        out.line(0, "Resources:");
        resources(list, 1, out);
    }
    let of = |env: &EnvVar| field_value(meta, pod, env);
    if !spec.init_containers.is_empty() {
        containers("Init Containers", &spec.init_containers, &status.init_container_statuses, Some(&of), "", out);
    }
    containers("Containers", &spec.containers, &status.container_statuses, Some(&of), "", out);
    conditions(pod, out);
    volumes(&spec.volumes, "", out);
    out.line(0, format!("QoS Class:\t{}", status.qos_class));
    out.pairs("Node-Selectors", &spec.node_selector);
    tolerations("Tolerations", &spec.tolerations, out);
    spreading(&spec.topology_spread_constraints, "", out);
}

fn if_any(rows: &[(&str, &str)], out: &mut Writer) {
    rows.iter().filter(|(_, value)| !value.is_empty()).for_each(|(title, value)| out.line(0, format!("{title}:\t{value}")));
}

fn conditions(pod: &Pod, out: &mut Writer) {
    if !pod.spec.readiness_gates.is_empty() {
        out.line(0, "Readiness Gates:");
        out.line(1, "Type\tStatus");
        for gate in &pod.spec.readiness_gates {
            let status = pod.condition(&gate.condition_type).map_or("<none>", |condition| &condition.status);
            out.line(1, format!("{} \t{status} ", gate.condition_type));
        }
    }
    if !pod.status.conditions.is_empty() {
        out.line(0, "Conditions:");
        out.line(1, "Type\tStatus");
        pod.status.conditions.iter().for_each(|c| out.line(1, format!("{} \t{} ", c.r#type, c.status)));
    }
}

/// Describes the template of a workload.
pub fn template(template: &PodTemplateSpec, out: &mut Writer) {
    let spec = &template.spec;
    out.line(0, "Pod Template:");
    out.pairs("  Labels", &template.metadata.labels);
    if !template.metadata.annotations.is_empty() {
        out.annotations("  Annotations", &template.metadata.annotations);
    }
    if !spec.service_account_name.is_empty() {
        out.line(1, format!("Service Account:\t{}", spec.service_account_name));
    }
    if !spec.init_containers.is_empty() {
        containers("Init Containers", &spec.init_containers, &[], None, "  ", out);
    }
    containers("Containers", &spec.containers, &[], None, "  ", out);
    volumes(&spec.volumes, "  ", out);
    spreading(&spec.topology_spread_constraints, "  ", out);
    if !spec.priority_class_name.is_empty() {
        out.line(1, format!("Priority Class Name:\t{}", spec.priority_class_name));
    }
    out.pairs("  Node-Selectors", &spec.node_selector);
    tolerations("  Tolerations", &spec.tolerations, out);
}

type EnvValue<'a> = Option<&'a dyn Fn(&EnvVar) -> String>;

fn containers(title: &str, list: &[Container], statuses: &[ContainerStatus], of: EnvValue, space: &str, out: &mut Writer) {
    if list.is_empty() {
        out.line(0, format!("{space}{title}: <none>"));
    } else {
        out.line(0, format!("{space}{title}:"));
    }
    let name_indent = if space.is_empty() { "" } else { " " };
    for container in list {
        let status = statuses.iter().find(|status| *status.name == *container.name);
        out.line(1, format!("{name_indent}{}:", container.name));
        basics(container, status, out);
        for (title, words) in [("Command", &container.command), ("Args", &container.args)] {
            if !words.is_empty() {
                out.line(2, format!("{title}:"));
                words.iter().flat_map(|word| word.split('\n')).for_each(|line| out.line(3, line));
            }
        }
        if let Some(status) = status {
            state("State", &status.state, out);
            if status.last_state.terminated.is_some() {
                state("Last State", &status.last_state, out);
            }
            out.line(2, format!("Ready:\t{}", if status.ready { "True" } else { "False" }));
            out.line(2, format!("Restart Count:\t{}", status.restart_count));
        }
        resources(&container.resources, 2, out);
        let probes =
            [("Liveness", &container.liveness_probe), ("Readiness", &container.readiness_probe), ("Startup", &container.startup_probe)];
        for (title, probe) in probes {
            if let Some(probe) = probe {
                out.line(2, format!("{title}:\t{}", probe_text(probe)));
            }
        }
        environment(container, of, out);
        mounts(container, out);
    }
}

fn basics(container: &Container, status: Option<&ContainerStatus>, out: &mut Writer) {
    if let Some(status) = status {
        out.line(2, format!("Container ID:\t{}", status.container_id));
    }
    out.line(2, format!("Image:\t{}", container.image));
    if let Some(status) = status {
        out.line(2, format!("Image ID:\t{}", status.image_id));
    }
    let text = |number: fn(&ContainerPort) -> i32| {
        let one = |port: &ContainerPort| {
            let name = if port.name.is_empty() { String::new() } else { format!(" ({})", port.name) };
            format!("{}/{}{name}", number(port), port.protocol)
        };
        container.ports.iter().map(one).collect::<Vec<_>>().join(", ")
    };
    for (title, ports) in [("Port", text(|port| port.container_port)), ("Host Port", text(|port| port.host_port))] {
        match &*ports {
            "" => out.line(2, format!("{title}:\t<none>")),
            several if several.contains(',') => out.line(2, format!("{title}s:\t{several}")),
            one => out.line(2, format!("{title}:\t{one}")),
        }
    }
}

fn state(title: &str, state: &ContainerState, out: &mut Writer) {
    let time = |time: Option<Timestamp>| time.map_or("Mon, 01 Jan 0001 00:00:00 +0000".into(), date);
    if let Some(running) = &state.running {
        out.line(2, format!("{title}:\tRunning"));
        out.line(3, format!("Started:\t{}", time(running.started_at)));
    } else if let Some(ended) = state.terminated.as_ref().filter(|_| state.waiting.is_none()) {
        out.line(2, format!("{title}:\tTerminated"));
        for (field, text) in [("Reason", &ended.reason), ("Message", &ended.message)] {
            if !text.is_empty() {
                out.line(3, format!("{field}:\t{text}"));
            }
        }
        out.line(3, format!("Exit Code:\t{}", ended.exit_code));
        if ended.signal > 0 {
            out.line(3, format!("Signal:\t{}", ended.signal));
        }
        out.line(3, format!("Started:\t{}", time(ended.started_at)));
        out.line(3, format!("Finished:\t{}", time(ended.finished_at)));
    } else {
        out.line(2, format!("{title}:\tWaiting"));
        if let Some(waiting) = state.waiting.as_ref().filter(|waiting| !waiting.reason.is_empty()) {
            out.line(3, format!("Reason:\t{}", waiting.reason));
        }
    }
}

fn resources(resources: &ResourceRequirements, level: usize, out: &mut Writer) {
    for (title, list) in [("Limits", &resources.limits), ("Requests", &resources.requests)] {
        if !list.is_empty() {
            out.line(level, format!("{title}:"));
            list.iter().for_each(|(name, amount)| out.line(level + 1, format!("{name}:\t{amount}")));
        }
    }
}

fn probe_text(probe: &Probe) -> String {
    let numbers = format!(
        "delay={}s timeout={}s period={}s successThreshold={} failureThreshold={}",
        probe.initial_delay_seconds, probe.timeout_seconds, probe.period_seconds, probe.success_threshold, probe.failure_threshold
    );
    let what = match (&probe.exec, &probe.http_get, &probe.tcp_socket, &probe.grpc) {
        (Some(exec), ..) => format!("exec [{}]", exec.command.join(" ")),
        (_, Some(http), ..) => format!("http-get {}://{}:{}{}", http.scheme.to_lowercase(), http.host, http.port, http.path),
        (_, _, Some(tcp), _) => format!("tcp-socket {}:{}", tcp.host, tcp.port),
        (.., Some(grpc)) => format!("grpc <pod>:{} {}", grpc.port, grpc.service.as_deref().unwrap_or("")),
        _ => "unknown".into(),
    };
    format!("{what} {numbers}")
}

fn environment(container: &Container, of: EnvValue, out: &mut Writer) {
    if !container.env_from.is_empty() {
        out.line(2, "Environment Variables from:");
        for from in &container.env_from {
            let (kind, name, optional) = match (&from.config_map_ref, &from.secret_ref) {
                (Some(map), _) => ("ConfigMap", &*map.name, map.optional),
                (_, Some(secret)) => ("Secret", &*secret.name, secret.optional),
                _ => ("", "", None),
            };
            let prefix = if from.prefix.is_empty() { String::new() } else { format!(" with prefix '{}'", from.prefix) };
            out.line(3, format!("{name}\t{kind}{prefix}\tOptional: {}", optional == Some(true)));
        }
    }
    out.line(2, if container.env.is_empty() { "Environment:\t<none>" } else { "Environment:" });
    for env in &container.env {
        let name = &env.name;
        let Some(from) = &env.value_from else {
            for (index, line) in env.value.split('\n').enumerate() {
                out.line(3, if index == 0 { format!("{name}:\t{line}") } else { format!("\t{line}") });
            }
            continue;
        };
        let optional = |optional: Option<bool>| optional == Some(true);
        if let Some(field) = &from.field_ref {
            let value = of.map_or(String::new(), |of| of(env));
            out.line(3, format!("{name}:\t{value} ({}:{})", field.api_version, field.field_path));
        } else if let Some(field) = &from.resource_field_ref {
            out.line(3, format!("{name}:\t{} ({})", resource_value(container, field), field.resource));
        } else if let Some(key) = &from.secret_key_ref {
            let text = format!("<set to the key '{}' in secret '{}'>", key.key, key.name);
            out.line(3, format!("{name}:\t{text}\tOptional: {}", optional(key.optional)));
        } else if let Some(key) = &from.config_map_key_ref {
            let text = format!("<set to the key '{}' of config map '{}'>", key.key, key.name);
            out.line(3, format!("{name}:\t{text}\tOptional: {}", optional(key.optional)));
        }
    }
}

/// The value that a field of the pod gives to a variable.
fn field_value(meta: &Meta, pod: &Pod, env: &EnvVar) -> String {
    let Some(field) = env.value_from.as_ref().and_then(|from| from.field_ref.as_ref()) else { return String::new() };
    let keyed = |prefix: &str| field.field_path.strip_prefix(prefix).and_then(|rest| rest.strip_prefix("['")?.strip_suffix("']"));
    let value = match &*field.field_path {
        "metadata.name" => &*meta.name,
        "metadata.namespace" => &meta.namespace,
        "metadata.uid" => &meta.uid,
        "spec.nodeName" => &pod.node_name,
        "spec.serviceAccountName" => &pod.spec.service_account_name,
        "status.podIP" | "status.podIPs" => &pod.status.pod_ip,
        "status.hostIP" | "status.hostIPs" => &pod.status.host_ip,
        _ => match (keyed("metadata.labels"), keyed("metadata.annotations")) {
            (Some(key), _) => meta.labels.get(key).unwrap_or(""),
            (_, Some(key)) => meta.annotations.get(key).unwrap_or(""),
            _ => "",
        },
    };
    value.to_string()
}

fn resource_value(container: &Container, field: &ResourceFieldSelector) -> String {
    let (list, name) = match field.resource.split_once('.') {
        Some(("limits", name)) => (&container.resources.limits, name),
        Some(("requests", name)) => (&container.resources.requests, name),
        _ => return String::new(),
    };
    let amount = list.get(name).copied().unwrap_or(Quantity::ZERO);
    if amount.is_zero() {
        return if field.resource.starts_with("limits.") { "node allocatable".into() } else { "0".into() };
    }
    let divisor = if field.divisor.is_zero() { Quantity::from_value(1) } else { field.divisor };
    let (amount, divisor) = if name == "cpu" { (amount.milli_value(), divisor.milli_value()) } else { (amount.value(), divisor.value()) };
    // Rounded up.
    ((amount + divisor - 1) / divisor.max(1)).to_string()
}

fn mounts(container: &Container, out: &mut Writer) {
    out.line(2, if container.volume_mounts.is_empty() { "Mounts:\t<none>" } else { "Mounts:" });
    let mut mounts: Vec<&VolumeMount> = container.volume_mounts.iter().collect();
    mounts.sort_by(|a, b| a.mount_path.cmp(&b.mount_path));
    for mount in mounts {
        let path = if mount.sub_path.is_empty() { String::new() } else { format!(",path=\"{}\"", mount.sub_path) };
        let mode = if mount.read_only { "ro" } else { "rw" };
        out.line(3, format!("{} from {} ({mode}{path})", mount.mount_path, mount.name));
    }
}

fn volumes(volumes: &[Volume], space: &str, out: &mut Writer) {
    if volumes.is_empty() {
        out.line(0, format!("{space}Volumes:\t<none>"));
        return;
    }
    out.line(0, format!("{space}Volumes:"));
    let name_indent = if space.is_empty() { "" } else { " " };
    for volume in volumes {
        out.line(1, format!("{name_indent}{}:", volume.name));
        for line in volume_lines(volume) {
            out.line(2, line);
        }
    }
}

fn volume_lines(volume: &Volume) -> Vec<String> {
    let truth = |value: Option<bool>| value == Some(true);
    if let Some(source) = &volume.host_path {
        let kind = source.r#type.as_deref().unwrap_or("<none>");
        return vec![
            "Type:\tHostPath (bare host directory volume)".into(),
            format!("Path:\t{}", source.path),
            format!("HostPathType:\t{kind}"),
        ];
    }
    if let Some(source) = &volume.empty_dir {
        let limit = source.size_limit.filter(|limit| *limit > Quantity::ZERO).map_or("<unset>".into(), |limit| limit.to_string());
        let kind = "Type:\tEmptyDir (a temporary directory that shares a pod's lifetime)";
        return vec![kind.into(), format!("Medium:\t{}", source.medium), format!("SizeLimit:\t{limit}")];
    }
    if let Some(source) = &volume.secret {
        let kind = "Type:\tSecret (a volume populated by a Secret)";
        return vec![kind.into(), format!("SecretName:\t{}", source.secret_name), format!("Optional:\t{}", truth(source.optional))];
    }
    if let Some(source) = &volume.config_map {
        let kind = "Type:\tConfigMap (a volume populated by a ConfigMap)";
        return vec![kind.into(), format!("Name:\t{}", source.name), format!("Optional:\t{}", truth(source.optional))];
    }
    if let Some(source) = &volume.persistent_volume_claim {
        let kind = "Type:\tPersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)";
        return vec![kind.into(), format!("ClaimName:\t{}", source.claim_name), format!("ReadOnly:\t{}", source.read_only)];
    }
    if let Some(source) = &volume.projected {
        let mut lines = vec!["Type:\tProjected (a volume that contains injected data from multiple sources)".to_string()];
        for part in &source.sources {
            if let Some(secret) = &part.secret {
                lines.extend([format!("SecretName:\t{}", secret.name), format!("Optional:\t{}", truth(secret.optional))]);
            } else if part.downward_api.is_some() {
                lines.push("DownwardAPI:\ttrue".into());
            } else if let Some(map) = &part.config_map {
                lines.extend([format!("ConfigMapName:\t{}", map.name), format!("Optional:\t{}", truth(map.optional))]);
            } else if let Some(token) = &part.service_account_token {
                lines.push(format!("TokenExpirationSeconds:\t{}", token.expiration_seconds.unwrap_or(0)));
            }
        }
        return lines;
    }
    if let Some(source) = &volume.csi {
        let kind = "Type:\tCSI (a Container Storage Interface (CSI) volume source)";
        return vec![kind.into(), format!("Driver:\t{}", source.driver)];
    }
    vec!["<unknown>".into()]
}

fn tolerations(title: &str, list: &[Toleration], out: &mut Writer) {
    let mut sorted: Vec<&Toleration> = list.iter().collect();
    sorted.sort_by(|a, b| a.key.cmp(&b.key));
    let text = |toleration: &&Toleration| {
        let mut text = toleration.key.clone();
        if !toleration.value.is_empty() {
            text.push_str(&format!("={}", toleration.value));
        }
        if !toleration.effect.is_empty() {
            text.push_str(&format!(":{}", toleration.effect));
        }
        if toleration.operator == "Exists" && toleration.value.is_empty() {
            text.push_str(if text.is_empty() { "op=Exists" } else { " op=Exists" });
        }
        if let Some(seconds) = toleration.toleration_seconds {
            text.push_str(&format!(" for {seconds}s"));
        }
        text
    };
    out.list(title, sorted.iter().map(text).collect());
}

fn spreading(list: &[TopologySpreadConstraint], space: &str, out: &mut Writer) {
    if list.is_empty() {
        return;
    }
    let mut sorted: Vec<&TopologySpreadConstraint> = list.iter().collect();
    sorted.sort_by(|a, b| a.topology_key.cmp(&b.topology_key));
    let text = |c: &&TopologySpreadConstraint| {
        let selector = c.label_selector.as_ref().map_or(String::new(), |s| format!(" for selector {}", format_selector(Some(s))));
        format!("{}:{} when max skew {} is exceeded{selector}", c.topology_key, c.when_unsatisfiable, c.max_skew)
    };
    out.list(&format!("{space}Topology Spread Constraints"), sorted.iter().map(text).collect());
}
