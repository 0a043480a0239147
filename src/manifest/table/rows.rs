//! The cells of an object's row, by kind.
//! Real: pkg/printers/internalversion/printers.go @ v1.37.2.

use super::{format_labels, format_selector, human_duration, pods, since};
use crate::base::quantity::Quantity;
use crate::model::*;

/// The cells of an object, those of `-o wide` included if asked for.
pub fn cells(object: &Object, wide: bool, now: MicroTime) -> Vec<String> {
    let meta = &object.meta;
    let (name, age) = (meta.name.to_string(), since(meta.creation_timestamp, now));
    match &object.body {
        Body::Pod(pod) => pod_cells(meta, pod, age, wide, now),
        Body::Node(node) => node_cells(meta, node, age, wide),
        Body::Event(event) => event_cells(meta, event, wide, now),
        Body::Service(service) => service_cells(name, service, age, wide),
        Body::Deployment(_) | Body::ReplicaSet(_) | Body::ReplicationController(_) | Body::StatefulSet(_) | Body::DaemonSet(_) => {
            workload_cells(object, name, age, wide)
        }
        Body::Job(job) => job_cells(meta, job, age, wide, now),
        Body::CronJob(cron) => cron_cells(name, cron, age, wide, now),
        Body::PersistentVolume(_) | Body::PersistentVolumeClaim(_) => volume_cells(object, name, age, wide),
        Body::PriorityClass(class) => {
            let mut cells = vec![name, class.value.to_string(), class.global_default.to_string(), age];
            cells.extend(wide.then(|| class.preemption_policy.clone().unwrap_or_default()));
            cells
        }
        _ => small_cells(object, name, age),
    }
}

/// Kinds of few columns.
fn small_cells(object: &Object, name: String, age: String) -> Vec<String> {
    let truth = |value: Option<bool>, default: bool| value.unwrap_or(default).to_string();
    match &object.body {
        Body::Namespace(body) => vec![name, body.status.phase.clone(), age],
        Body::Secret(body) => vec![name, body.r#type.clone(), body.data.len().to_string(), age],
        Body::ConfigMap(body) => vec![name, (body.data.len() + body.binary_data.len()).to_string(), age],
        Body::Lease(body) => vec![name, body.spec.holder_identity.as_deref().unwrap_or("").to_string(), age],
        Body::HorizontalPodAutoscaler(body) => scaler_cells(name, body, age),
        Body::PodDisruptionBudget(body) => {
            let bound = |value: &Option<IntOrString>| value.as_ref().map_or("N/A".into(), ToString::to_string);
            let allowed = body.status.disruptions_allowed.to_string();
            vec![name, bound(&body.spec.min_available), bound(&body.spec.max_unavailable), allowed, age]
        }
        Body::Endpoints(body) => vec![name, endpoints_text(body), age],
        Body::EndpointSlice(body) => slice_cells(name, body, age),
        Body::StorageClass(class) => {
            let default = object.meta.annotations.get("storageclass.kubernetes.io/is-default-class") == Some("true");
            let name = if default { format!("{name} (default)") } else { name };
            let text = |value: &Option<String>, default: &str| value.clone().unwrap_or_else(|| default.into());
            let (policy, mode) = (text(&class.reclaim_policy, "Delete"), text(&class.volume_binding_mode, "<unset>"));
            vec![name, class.provisioner.clone(), policy, mode, truth(class.allow_volume_expansion, false), age]
        }
        Body::ResourceQuota(body) => quota_cells(name, body, age),
        Body::LimitRange(_) => vec![name, object.meta.creation_timestamp.map_or_else(String::new, |time| time.to_string())],
        Body::ControllerRevision(body) => {
            let owner = object.meta.controller().map_or("<none>".into(), |owner| {
                let group = owner.api_version.split_once('/').map_or(String::new(), |(group, _)| format!(".{group}"));
                format!("{}{group}/{}", owner.kind.to_lowercase(), owner.name)
            });
            vec![name, owner, body.revision.to_string(), age]
        }
        Body::CSINode(body) => vec![name, body.spec.drivers.len().to_string(), age],
        Body::CSIDriver(body) => {
            let spec = &body.spec;
            let audiences: Vec<&str> = spec.token_requests.iter().map(|request| &*request.audience).collect();
            let tokens = if audiences.is_empty() { "<unset>".into() } else { audiences.join(",") };
            let modes = if spec.volume_lifecycle_modes.is_empty() { "<none>".into() } else { spec.volume_lifecycle_modes.join(",") };
            let (attach, info) = (truth(spec.attach_required, true), truth(spec.pod_info_on_mount, false));
            vec![name, attach, info, truth(spec.storage_capacity, false), tokens, truth(spec.requires_republish, false), modes, age]
        }
        Body::CSIStorageCapacity(body) => {
            vec![name, body.storage_class_name.clone(), body.capacity.map_or("<unset>".into(), |capacity| capacity.to_string())]
        }
        Body::VolumeAttachment(body) => {
            let volume = body.spec.source.persistent_volume_name.clone().unwrap_or_default();
            vec![name, body.spec.attacher.clone(), volume, body.spec.node_name.clone(), body.status.attached.to_string(), age]
        }
        Body::ResourceClaim(body) => vec![name, claim_state(&object.meta, body), age],
        Body::ResourceSlice(body) => {
            let spec = &body.spec;
            vec![name, spec.node_name.clone().unwrap_or_default(), spec.driver.clone(), spec.pool.name.clone(), age]
        }
        _ => vec![name, age],
    }
}

fn or_none(text: &str) -> String {
    if text.is_empty() { "<none>".into() } else { text.into() }
}

fn pod_cells(meta: &Meta, pod: &Pod, age: String, wide: bool, now: MicroTime) -> Vec<String> {
    let sum = pods::summary(meta, pod);
    let mut cells = vec![meta.name.to_string(), format!("{}/{}", sum.ready, sum.total), sum.status.clone(), sum.restarts_shown(now), age];
    if wide {
        let ip = pod.status.pod_ips.first().map_or("", |ip| &ip.ip);
        let gates = &pod.spec.readiness_gates;
        let met = gates.iter().filter(|gate| pod.condition(&gate.condition_type).is_some_and(|c| &*c.status == "True")).count();
        let gates = if gates.is_empty() { "<none>".into() } else { format!("{met}/{}", gates.len()) };
        cells.extend([or_none(ip), or_none(&pod.node_name), or_none(&pod.status.nominated_node_name), gates]);
    }
    cells
}

/// The roles that a node's labels give it.
pub fn node_roles(labels: &Labels) -> String {
    let mut roles: Vec<&str> = labels
        .iter()
        .filter_map(|(key, value)| match key.strip_prefix("node-role.kubernetes.io/") {
            Some(role) => Some(role),
            None if &**key == "kubernetes.io/role" => Some(&**value),
            None => None,
        })
        .filter(|role| !role.is_empty())
        .collect();
    roles.sort_unstable();
    roles.dedup();
    or_none(&roles.join(","))
}

fn node_cells(meta: &Meta, node: &Node, age: String, wide: bool) -> Vec<String> {
    let ready = node.status.conditions.iter().find(|condition| &*condition.r#type == "Ready");
    let mut status = match ready.map(|condition| &*condition.status) {
        Some("True") => "Ready".to_string(),
        Some(_) => "NotReady".into(),
        None => "Unknown".into(),
    };
    if node.spec.unschedulable {
        status.push_str(",SchedulingDisabled");
    }
    let info = &node.status.node_info;
    let mut cells = vec![meta.name.to_string(), status, node_roles(&meta.labels), age, info.kubelet_version.clone()];
    if wide {
        let address = |kind: &str| or_none(node.status.addresses.iter().find(|a| a.r#type == kind).map_or("", |a| &a.address));
        let known = |text: &str| if text.is_empty() { "<unknown>".to_string() } else { text.to_string() };
        let mut kernel = known(&info.kernel_version);
        if !info.architecture.is_empty() {
            kernel.push_str(&format!(" ({})", info.architecture));
        }
        let (inside, outside) = (address("InternalIP"), address("ExternalIP"));
        cells.extend([inside, outside, known(&info.os_image), kernel, known(&info.container_runtime_version)]);
    }
    cells
}

fn containers(spec: &PodSpec) -> [String; 2] {
    let join = |of: fn(&Container) -> &str| spec.containers.iter().map(of).collect::<Vec<_>>().join(",");
    [join(|container| &container.name), join(|container| &container.image)]
}

fn workload_cells(object: &Object, name: String, age: String, wide: bool) -> Vec<String> {
    let of = |wanted: Option<i32>| wanted.unwrap_or(0).to_string();
    let count = |number: i32| number.to_string();
    let (mut cells, template, selector) = match &object.body {
        Body::Deployment(body) => {
            let status = &body.status;
            let ready = format!("{}/{}", status.ready_replicas, of(body.spec.replicas));
            let cells = vec![name, ready, count(status.updated_replicas), count(status.available_replicas), age];
            (cells, Some(&body.spec.template), Some(format_selector(body.spec.selector.as_ref())))
        }
        Body::ReplicaSet(body) => {
            let status = &body.status;
            let cells = vec![name, of(body.spec.replicas), count(status.replicas), count(status.ready_replicas), age];
            (cells, Some(&body.spec.template), Some(format_selector(body.spec.selector.as_ref())))
        }
        Body::ReplicationController(body) => {
            let status = &body.status;
            let cells = vec![name, of(body.spec.replicas), count(status.replicas), count(status.ready_replicas), age];
            (cells, body.spec.template.as_ref(), Some(format_labels(&body.spec.selector)))
        }
        Body::StatefulSet(body) => {
            let cells = vec![name, format!("{}/{}", body.status.ready_replicas, of(body.spec.replicas)), age];
            (cells, Some(&body.spec.template), None)
        }
        Body::DaemonSet(body) => {
            let s = &body.status;
            let numbers =
                [s.desired_number_scheduled, s.current_number_scheduled, s.number_ready, s.updated_number_scheduled, s.number_available];
            let mut cells = vec![name];
            cells.extend(numbers.map(count));
            cells.extend([format_labels(&body.spec.template.spec.node_selector), age]);
            (cells, Some(&body.spec.template), Some(format_selector(body.spec.selector.as_ref())))
        }
        _ => return vec![name, age],
    };
    if wide {
        cells.extend(template.map(|template| containers(&template.spec)).unwrap_or_default());
        cells.extend(selector);
    }
    cells
}

fn job_cells(meta: &Meta, job: &Job, age: String, wide: bool, now: MicroTime) -> Vec<String> {
    let (spec, status) = (&job.spec, &job.status);
    let is = |kind: &str| status.conditions.iter().any(|condition| &*condition.r#type == kind && &*condition.status == "True");
    let state = match () {
        () if is("Complete") => "Complete",
        () if is("Failed") => "Failed",
        () if meta.is_deleting() => "Terminating",
        () if is("Suspended") => "Suspended",
        () if is("FailureTarget") => "FailureTarget",
        () if is("SuccessCriteriaMet") => "SuccessCriteriaMet",
        () => "Running",
    };
    let completions = match (spec.completions, spec.parallelism.unwrap_or(0)) {
        (Some(completions), _) => format!("{}/{completions}", status.succeeded),
        (None, parallelism) if parallelism > 1 => format!("{}/1 of {parallelism}", status.succeeded),
        _ => format!("{}/1", status.succeeded),
    };
    let duration = match (status.start_time, status.completion_time) {
        (None, _) => String::new(),
        (Some(start), Some(end)) => human_duration((end.0 - start.0) * 1_000_000),
        (start, None) => since(start, now),
    };
    let mut cells = vec![meta.name.to_string(), state.into(), completions, duration, age];
    if wide {
        cells.extend(containers(&spec.template.spec));
        cells.push(format_selector(spec.selector.as_ref()));
    }
    cells
}

fn cron_cells(name: String, cron: &CronJob, age: String, wide: bool, now: MicroTime) -> Vec<String> {
    let spec = &cron.spec;
    let truth = spec.suspend.map_or("<unset>", |suspend| if suspend { "True" } else { "False" });
    let last = cron.status.last_schedule_time.map_or("<none>".into(), |time| since(Some(time), now));
    let zone = spec.time_zone.clone().unwrap_or_else(|| "<none>".into());
    let mut cells = vec![name, spec.schedule.clone(), zone, truth.into(), cron.status.active.len().to_string(), last, age];
    if wide {
        cells.extend(containers(&spec.job_template.spec.template.spec));
        cells.push(format_selector(spec.job_template.spec.selector.as_ref()));
    }
    cells
}

fn service_cells(name: String, service: &Service, age: String, wide: bool) -> Vec<String> {
    let spec = &service.spec;
    let ports: Vec<String> = spec
        .ports
        .iter()
        .map(|port| match port.node_port {
            0 => format!("{}/{}", port.port, port.protocol),
            node_port => format!("{}:{node_port}/{}", port.port, port.protocol),
        })
        .collect();
    let inside = or_none(spec.cluster_ips.first().map_or("", String::as_str));
    let mut cells = vec![name, spec.r#type.clone(), inside, external_address(service, wide), or_none(&ports.join(",")), age];
    cells.extend(wide.then(|| format_labels(&spec.selector)));
    cells
}

fn external_address(service: &Service, wide: bool) -> String {
    const SHOWN_MAX: usize = 16;
    let spec = &service.spec;
    match &*spec.r#type {
        "ClusterIP" | "NodePort" => or_none(&spec.external_ips.join(",")),
        "ExternalName" => spec.external_name.clone(),
        "LoadBalancer" => {
            let ingress = service.status.load_balancer.ingress.iter();
            let mut all: Vec<&str> = ingress.map(|one| if one.ip.is_empty() { &*one.hostname } else { &*one.ip }).collect();
            all.sort_unstable();
            all.dedup();
            let mut text = all.join(",");
            if !wide && text.len() > SHOWN_MAX {
                text = format!("{}...", &text[..SHOWN_MAX - 3]);
            }
            let all: Vec<&str> =
                [&*text].into_iter().filter(|text| !text.is_empty()).chain(spec.external_ips.iter().map(String::as_str)).collect();
            if all.is_empty() { "<pending>".into() } else { all.join(",") }
        }
        _ => "<unknown>".into(),
    }
}

/// `a,b,c + 2 more...`
fn first_three(items: &[String]) -> String {
    const SHOWN_MAX: usize = 3;
    let shown = items.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join(",");
    match items.len() {
        0 => "<unset>".into(),
        count if count > SHOWN_MAX => format!("{shown} + {} more...", count - SHOWN_MAX),
        _ => shown,
    }
}

fn slice_cells(name: String, slice: &EndpointSlice, age: String) -> Vec<String> {
    let port = |port: &EndpointSlicePort| match (port.port, &port.name) {
        (Some(number), _) => number.to_string(),
        (None, Some(name)) => name.clone(),
        _ => "*".into(),
    };
    let ports: Vec<String> = slice.ports.iter().map(port).collect();
    let addresses: Vec<String> = slice.endpoints.iter().flat_map(|endpoint| endpoint.addresses.iter().cloned()).collect();
    vec![name, slice.address_type.clone(), first_three(&ports), first_three(&addresses), age]
}

fn endpoints_text(endpoints: &Endpoints) -> String {
    let mut all = Vec::new();
    for subset in &endpoints.subsets {
        let addresses = || subset.addresses.iter().map(|address| address.ip.clone());
        if subset.ports.is_empty() {
            all.extend(addresses());
        }
        subset.ports.iter().for_each(|port| all.extend(addresses().map(|ip| format!("{ip}:{}", port.port))));
    }
    if endpoints.subsets.is_empty() { "<none>".into() } else { first_three(&all).replace("<unset>", "") }
}

fn event_cells(meta: &Meta, event: &Event, wide: bool, now: MicroTime) -> Vec<String> {
    let micro = |time: Option<MicroTime>| time.map_or("<unknown>".into(), |time| human_duration(now.0 - time.0));
    let first = event.first_timestamp.map_or_else(|| micro(event.event_time), |time| since(Some(time), now));
    let (last, count) = match event.series() {
        Some(series) => (micro(series.last_observed_time), series.count),
        None => (event.last_timestamp.map_or(first.clone(), |time| since(Some(time), now)), event.count.max(1)),
    };
    let origin = &event.origin;
    let kind = origin.about_kind.to_lowercase();
    let target = if event.about_name.is_empty() { kind } else { format!("{kind}/{}", event.about_name) };
    let message = event.message.trim().to_string();
    let mut cells = vec![last, origin.r#type.to_string(), origin.reason.to_string(), target];
    if !wide {
        cells.push(message);
        return cells;
    }
    cells.extend([origin.about_field.to_string(), event_source(event), message, first, count.to_string(), meta.name.to_string()]);
    cells
}

/// `kubelet, node-1`
pub fn event_source(event: &Event) -> String {
    let (component, origin) = (event.component(), &event.origin);
    let host = if origin.source.host.is_empty() { &origin.reporting_instance } else { &origin.source.host };
    if host.is_empty() { component.to_string() } else { format!("{component}, {host}") }
}

fn scaler_cells(name: String, scaler: &HorizontalPodAutoscaler, age: String) -> Vec<String> {
    let (spec, status) = (&scaler.spec, &scaler.status);
    let target = format!("{}/{}", spec.scale_target_ref.kind, spec.scale_target_ref.name);
    let least = spec.min_replicas.map_or("<unset>".into(), |least| least.to_string());
    let metrics = metrics_text(&spec.metrics, &status.current_metrics);
    vec![name, target, metrics, least, spec.max_replicas.to_string(), status.current_replicas.to_string(), age]
}

/// The targets of an autoscaler and where they stand: `cpu: 50%/80%`.
pub fn metrics_text(specs: &[MetricSpec], statuses: &[MetricStatus]) -> String {
    const SHOWN_MAX: usize = 2;
    if specs.is_empty() {
        return "<none>".into();
    }
    let texts: Vec<String> = specs.iter().enumerate().map(|(index, spec)| metric_text(spec, statuses.get(index))).collect();
    let shown = texts.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join(", ");
    if texts.len() > SHOWN_MAX { format!("{shown} + {} more...", texts.len() - SHOWN_MAX) } else { shown }
}

fn metric_text(spec: &MetricSpec, status: Option<&MetricStatus>) -> String {
    let amount = |value: Option<Quantity>| value.map_or("<unknown>".to_string(), |value| value.to_string());
    let of_resource = |name: &str, target: &MetricTarget, current: Option<&MetricValueStatus>| match target.average_value {
        Some(target) => format!("{name}: {}/{target}", amount(current.and_then(|current| current.average_value))),
        None => {
            let percent = |value: Option<i32>, other: &str| value.map_or(other.to_string(), |value| format!("{value}%"));
            let now = percent(current.and_then(|current| current.average_utilization), "<unknown>");
            format!("{name}: {now}/{}", percent(target.average_utilization, "<auto>"))
        }
    };
    let of_value = |target: &MetricTarget, current: Option<&MetricValueStatus>| match target.average_value {
        Some(target) => format!("{}/{target} (avg)", amount(current.and_then(|current| current.average_value))),
        None => format!("{}/{}", amount(current.and_then(|current| current.value)), amount(target.value)),
    };
    match (&spec.resource, &spec.container_resource, &spec.pods, &spec.object, &spec.external) {
        (Some(source), ..) => of_resource(&source.name, &source.target, status.and_then(|s| s.resource.as_ref()).map(|s| &s.current)),
        (_, Some(source), ..) => {
            of_resource(&source.name, &source.target, status.and_then(|s| s.container_resource.as_ref()).map(|s| &s.current))
        }
        (_, _, Some(source), ..) => {
            let current = status.and_then(|status| status.pods.as_ref()).and_then(|status| status.current.average_value);
            format!("{}/{}", amount(current), amount(source.target.average_value))
        }
        (_, _, _, Some(source), _) => of_value(&source.target, status.and_then(|s| s.object.as_ref()).map(|s| &s.current)),
        (.., Some(source)) => of_value(&source.target, status.and_then(|s| s.external.as_ref()).map(|s| &s.current)),
        _ => "<unknown type>".into(),
    }
}

/// `RWO,ROX`
pub fn access_modes(modes: &[String]) -> String {
    let short = [("ReadWriteOnce", "RWO"), ("ReadOnlyMany", "ROX"), ("ReadWriteMany", "RWX"), ("ReadWriteOncePod", "RWOP")];
    let present = short.iter().filter(|(mode, _)| modes.iter().any(|other| other == mode));
    present.map(|(_, short)| *short).collect::<Vec<_>>().join(",")
}

fn volume_cells(object: &Object, name: String, age: String, wide: bool) -> Vec<String> {
    let unset = |value: &Option<String>| value.clone().unwrap_or_else(|| "<unset>".into());
    let storage = |list: &ResourceList| list.get("storage").copied().unwrap_or(Quantity::ZERO).to_string();
    let phase = |phase: &str| if object.meta.is_deleting() { "Terminating".to_string() } else { phase.to_string() };
    let (mut cells, mode) = match &object.body {
        Body::PersistentVolume(volume) => {
            let spec = &volume.spec;
            let claim = spec.claim_ref.as_ref().map_or(String::new(), |claim| format!("{}/{}", claim.namespace, claim.name));
            let cells = vec![
                name,
                storage(&spec.capacity),
                access_modes(&spec.access_modes),
                spec.persistent_volume_reclaim_policy.clone(),
                phase(&volume.status.phase),
                claim,
                spec.storage_class_name.clone(),
                unset(&spec.volume_attributes_class_name),
                volume.status.reason.clone(),
                age,
            ];
            (cells, &spec.volume_mode)
        }
        Body::PersistentVolumeClaim(claim) => {
            let spec = &claim.spec;
            let bound = !spec.volume_name.is_empty();
            let cells = vec![
                name,
                phase(&claim.status.phase),
                spec.volume_name.clone(),
                if bound { storage(&claim.status.capacity) } else { String::new() },
                if bound { access_modes(&claim.status.access_modes) } else { String::new() },
                spec.storage_class_name.clone().unwrap_or_default(),
                unset(&spec.volume_attributes_class_name),
                age,
            ];
            (cells, &spec.volume_mode)
        }
        _ => return vec![name, age],
    };
    cells.extend(wide.then(|| unset(mode)));
    cells
}

fn quota_cells(name: String, quota: &ResourceQuota, age: String) -> Vec<String> {
    let (mut requests, mut limits) = (Vec::new(), Vec::new());
    for (resource, hard) in &quota.status.hard {
        let used = quota.status.used.get(resource).copied().unwrap_or(Quantity::ZERO);
        let into = if resource.starts_with("limits.") { &mut limits } else { &mut requests };
        into.push(format!("{resource}: {used}/{hard}"));
    }
    vec![name, requests.join(", "), limits.join(", "), age]
}

fn claim_state(meta: &Meta, claim: &ResourceClaim) -> String {
    let mut states = Vec::new();
    if meta.is_deleting() {
        states.push("deleted");
    }
    match &claim.status.allocation {
        None if !meta.is_deleting() => states.push("pending"),
        None => {}
        Some(_) => {
            states.push("allocated");
            if !claim.status.reserved_for.is_empty() {
                states.push("reserved");
            }
        }
    }
    states.join(",")
}
