//! Defaults of pods and pod templates.
//! Real: pkg/apis/core/v1/defaults.go, pkg/api/pod/util.go (DefaultPodLevelResources) @ v1.37.2.

use super::others::{claim_spec, resource_list};
use super::{change, optional, text};
use crate::base::quantity::Quantity;
use crate::model::*;

/// Mode of files in volumes of Secrets, ConfigMaps and the like: 0644.
const FILE_MODE: i32 = 0o644;
/// Life of a projected service account token.
const TOKEN_S: i64 = 3600;

/// Defaults of a pod: those of its spec, and some that templates do not get.
pub fn pod(pod: &mut Pod) {
    change(&mut pod.spec, |spec| {
        pod_only(spec);
        pod_spec(spec);
    });
}

/// Defaults of the template of a workload.
pub fn template(template: &mut PodTemplateSpec) {
    change(&mut template.spec, pod_spec);
}

fn pod_only(spec: &mut PodSpec) {
    if spec.termination_grace_period_seconds.is_some_and(|seconds| seconds < 0) {
        spec.termination_grace_period_seconds = Some(1);
    }
    let host_network = spec.host_network;
    for container in spec.containers.iter_mut().chain(&mut spec.init_containers) {
        let resources = &mut container.resources;
        for (name, limit) in &resources.limits {
            if !resources.requests.contains_key(name) {
                resources.requests.insert(name.clone(), *limit);
            }
        }
        if host_network {
            for port in container.ports.iter_mut().filter(|port| port.host_port == 0) {
                port.host_port = port.container_port;
            }
        }
    }
    optional(&mut spec.enable_service_links, true);
}

fn pod_spec(spec: &mut PodSpec) {
    text(&mut spec.dns_policy, "ClusterFirst");
    text(&mut spec.restart_policy, "Always");
    text(&mut spec.scheduler_name, "default-scheduler");
    optional(&mut spec.security_context, PodSecurityContext::default());
    optional(&mut spec.termination_grace_period_seconds, 30);
    // The old name of the field follows the new one.
    if spec.service_account_name.is_empty() {
        spec.service_account_name = spec.service_account.clone();
    }
    spec.service_account = spec.service_account_name.clone();
    resource_list(&mut spec.overhead);
    if let Some(resources) = &mut spec.resources {
        resource_list(&mut resources.limits);
        resource_list(&mut resources.requests);
    }
    spec.volumes.iter_mut().for_each(volume);
    spec.init_containers.iter_mut().chain(&mut spec.containers).for_each(container);
}

fn container(container: &mut Container) {
    if container.image_pull_policy.is_empty() {
        container.image_pull_policy = pull_policy(&container.image).into();
    }
    text(&mut container.termination_message_path, "/dev/termination-log");
    text(&mut container.termination_message_policy, "File");
    resource_list(&mut container.resources.limits);
    resource_list(&mut container.resources.requests);
    for port in &mut container.ports {
        text(&mut port.protocol, "TCP");
    }
    for field in container.env.iter_mut().filter_map(|env| env.value_from.as_mut()?.field_ref.as_mut()) {
        text(&mut field.api_version, "v1");
    }
    let probes = [&mut container.liveness_probe, &mut container.readiness_probe, &mut container.startup_probe];
    probes.into_iter().flatten().for_each(probe);
    if let Some(lifecycle) = &mut container.lifecycle {
        let handlers = [&mut lifecycle.post_start, &mut lifecycle.pre_stop];
        handlers.into_iter().flatten().filter_map(|handler| handler.http_get.as_mut()).for_each(http_get);
    }
}

fn probe(probe: &mut Probe) {
    let fields = [
        (&mut probe.timeout_seconds, 1),
        (&mut probe.period_seconds, 10),
        (&mut probe.success_threshold, 1),
        (&mut probe.failure_threshold, 3),
    ];
    for (field, default) in fields {
        if *field == 0 {
            *field = default;
        }
    }
    if let Some(action) = &mut probe.http_get {
        http_get(action);
    }
    if let Some(grpc) = &mut probe.grpc {
        optional(&mut grpc.service, String::new());
    }
}

fn http_get(action: &mut HTTPGetAction) {
    text(&mut action.path, "/");
    text(&mut action.scheme, "HTTP");
}

fn pull_policy(image: &str) -> &'static str {
    if image_tag(image) == "latest" { "Always" } else { "IfNotPresent" }
}

/// The tag of an image name: `latest` if it has neither tag nor digest, nothing if it has a digest only.
pub fn image_tag(image: &str) -> &str {
    let (name, digest) = image.split_once('@').unwrap_or((image, ""));
    let last = name.rfind('/').map_or(0, |at| at + 1);
    match name[last..].split_once(':') {
        Some((_, tag)) => tag,
        None if digest.is_empty() => "latest",
        None => "",
    }
}

fn volume(volume: &mut Volume) {
    let bare = Volume { name: volume.name.clone(), ..Volume::default() };
    if *volume == bare {
        volume.empty_dir = Some(EmptyDirVolumeSource::default());
    }
    if let Some(source) = &mut volume.host_path {
        optional(&mut source.r#type, String::new());
    }
    if let Some(source) = &mut volume.secret {
        optional(&mut source.default_mode, FILE_MODE);
    }
    if let Some(source) = &mut volume.config_map {
        optional(&mut source.default_mode, FILE_MODE);
    }
    if let Some(source) = &mut volume.downward_api {
        optional(&mut source.default_mode, FILE_MODE);
        source.items.iter_mut().for_each(downward_file);
    }
    if let Some(source) = &mut volume.projected {
        optional(&mut source.default_mode, FILE_MODE);
        for projection in &mut source.sources {
            if let Some(token) = &mut projection.service_account_token {
                optional(&mut token.expiration_seconds, TOKEN_S);
            }
            projection.downward_api.iter_mut().flat_map(|source| &mut source.items).for_each(downward_file);
        }
    }
    if let Some(image) = &mut volume.image
        && image.pull_policy.is_empty()
    {
        image.pull_policy = pull_policy(&image.reference).into();
    }
    if let Some(template) = volume.ephemeral.as_mut().and_then(|source| source.volume_claim_template.as_mut()) {
        claim_spec(&mut template.spec);
    }
    network_disks(volume);
}

fn downward_file(file: &mut DownwardAPIVolumeFile) {
    if let Some(field) = &mut file.field_ref {
        text(&mut field.api_version, "v1");
    }
}

fn network_disks(volume: &mut Volume) {
    if let Some(source) = &mut volume.iscsi {
        text(&mut source.iscsi_interface, "default");
    }
    if let Some(source) = &mut volume.rbd {
        text(&mut source.pool, "rbd");
        text(&mut source.user, "admin");
        text(&mut source.keyring, "/etc/ceph/keyring");
    }
    if let Some(source) = &mut volume.azure_disk {
        optional(&mut source.caching_mode, "ReadWrite".into());
        optional(&mut source.kind, "Shared".into());
        optional(&mut source.fs_type, "ext4".into());
        optional(&mut source.read_only, false);
    }
}

/// Completes the resources of a pod as a whole from those of its containers, once admission has had its say. Nothing happens
/// unless the pod sets some of them.
pub fn pod_level_resources(spec: &mut PodSpec) {
    let Some(mut resources) = spec.resources.clone() else { return };
    if resources.limits.is_empty() && resources.requests.is_empty() {
        return;
    }
    let requests = container_sum(spec, |resources| &resources.requests);
    let limits = container_sum(spec, |resources| &resources.limits);
    let supported = |name: &str| matches!(name, "cpu" | "memory") || name.starts_with("hugepages-");
    for (name, amount) in &limits {
        if name.starts_with("hugepages-") && !resources.requests.contains_key(name) {
            resources.limits.entry(name.clone()).or_insert(*amount);
        }
    }
    for (name, amount) in &requests {
        if supported(name) && !name.starts_with("hugepages-") {
            resources.requests.entry(name.clone()).or_insert(*amount);
        }
    }
    for (name, amount) in &resources.limits {
        if supported(name) {
            resources.requests.entry(name.clone()).or_insert(*amount);
        }
    }
    spec.resources = Some(resources);
}

/// What all containers need at once: the sum of the regular ones and the sidecars, or the greatest moment of the start.
pub fn container_sum(spec: &PodSpec, of: fn(&ResourceRequirements) -> &ResourceList) -> ResourceList {
    let add = |total: &mut ResourceList, list: &ResourceList| {
        for (name, amount) in list {
            *total.entry(name.clone()).or_insert(Quantity::ZERO) += *amount;
        }
    };
    let raise = |total: &mut ResourceList, list: &ResourceList| {
        for (name, amount) in list {
            let old = total.entry(name.clone()).or_insert(Quantity::ZERO);
            *old = (*old).max(*amount);
        }
    };
    let mut total = ResourceList::new();
    spec.containers.iter().for_each(|container| add(&mut total, of(&container.resources)));
    let (mut sidecars, mut start) = (ResourceList::new(), ResourceList::new());
    for container in &spec.init_containers {
        let mut now = sidecars.clone();
        add(&mut now, of(&container.resources));
        raise(&mut start, &now);
        if container.restart_policy.as_deref() == Some("Always") {
            sidecars = now;
        }
    }
    add(&mut total, &sidecars);
    raise(&mut total, &start);
    total
}
