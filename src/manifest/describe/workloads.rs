//! Deployments, ReplicaSets, Services.
//! Real: staging/src/k8s.io/kubectl/pkg/describe/describe.go @ v1.37.2.

use super::pod::template;
use super::writer::Writer;
use super::{date, labels};
use crate::manifest::table::{format_labels, format_selector};
use crate::model::*;
use crate::store::View;

/// The label by which a Deployment tells its ReplicaSets apart.
const HASH: &str = "pod-template-hash";

fn head(meta: &Meta, out: &mut Writer) {
    out.line(0, format!("Name:\t{}", meta.name));
    out.line(0, format!("Namespace:\t{}", meta.namespace));
}

fn conditions<'a>(rows: impl Iterator<Item = (&'a Str, &'a Str, &'a Str)>, out: &mut Writer) {
    let mut rows = rows.peekable();
    if rows.peek().is_none() {
        return;
    }
    out.line(0, "Conditions:");
    out.line(1, "Type\tStatus\tReason");
    out.line(1, "----\t------\t------");
    rows.for_each(|(kind, status, reason)| out.line(1, format!("{kind} \t{status}\t{reason}")));
}

/// Describes a Deployment.
pub fn deployment(meta: &Meta, deployment: &Deployment, view: View<'_>, out: &mut Writer) {
    let (spec, status) = (&deployment.spec, &deployment.status);
    head(meta, out);
    out.line(0, format!("CreationTimestamp:\t{}", meta.creation_timestamp.map_or_else(String::new, date)));
    labels(meta, out);
    out.line(0, format!("Selector:\t{}", format_selector(spec.selector.as_ref())));
    out.line(
        0,
        format!(
            "Replicas:\t{} desired | {} updated | {} total | {} available | {} unavailable",
            spec.replicas.unwrap_or(0),
            status.updated_replicas,
            status.replicas,
            status.available_replicas,
            status.unavailable_replicas
        ),
    );
    out.line(0, format!("StrategyType:\t{}", spec.strategy.r#type));
    out.line(0, format!("MinReadySeconds:\t{}", spec.min_ready_seconds));
    if let Some(rolling) = &spec.strategy.rolling_update {
        let text = |value: &Option<IntOrString>| value.as_ref().map_or("<nil>".into(), ToString::to_string);
        let (down, up) = (text(&rolling.max_unavailable), text(&rolling.max_surge));
        out.line(0, format!("RollingUpdateStrategy:\t{down} max unavailable, {up} max surge"));
    }
    template(&spec.template, out);
    conditions(status.conditions.iter().map(|c| (&c.r#type, &c.status, &c.reason)), out);
    let (new, old) = replica_sets(meta, deployment, view);
    if !new.is_empty() || !old.is_empty() {
        out.line(0, format!("OldReplicaSets:\t{}", created(&old)));
        out.line(0, format!("NewReplicaSet:\t{}", created(&new)));
    }
}

/// The ReplicaSet of the present template, and all others, the oldest first.
fn replica_sets<'a>(meta: &Meta, deployment: &Deployment, view: View<'a>) -> (Vec<&'a Obj>, Vec<&'a Obj>) {
    let mut all: Vec<&Obj> = view.controlled_by(Kind::ReplicaSet, &meta.uid).map(|(_, object)| object).collect();
    all.sort_by_key(|object| (object.meta.creation_timestamp, object.meta.name.clone()));
    let is_new = |object: &&&Obj| {
        let Some(set) = object.as_replica_set() else { return false };
        let mut labels = set.spec.template.metadata.labels.clone();
        labels.remove(HASH);
        let mut wanted = deployment.spec.template.metadata.labels.clone();
        wanted.remove(HASH);
        set.spec.template.spec == deployment.spec.template.spec && labels == wanted
    };
    let new: Vec<&Obj> = all.iter().find(|object| is_new(object)).copied().into_iter().collect();
    let old = all.into_iter().filter(|object| new.first().is_none_or(|new| new.meta.uid != object.meta.uid)).collect();
    (new, old)
}

fn created(sets: &[&Obj]) -> String {
    let text = |object: &&Obj| {
        let (total, wanted) = object.as_replica_set().map_or((0, 0), |set| (set.status.replicas, set.spec.replicas.unwrap_or(0)));
        format!("{} ({total}/{wanted} replicas created)", object.meta.name)
    };
    if sets.is_empty() { "<none>".into() } else { sets.iter().map(text).collect::<Vec<_>>().join(", ") }
}

/// Describes a ReplicaSet.
pub fn replica_set(meta: &Meta, set: &ReplicaSet, view: View<'_>, out: &mut Writer) {
    head(meta, out);
    out.line(0, format!("Selector:\t{}", format_selector(set.spec.selector.as_ref())));
    labels(meta, out);
    if let Some(owner) = meta.controller() {
        out.line(0, format!("Controlled By:\t{}/{}", owner.kind, owner.name));
    }
    out.line(0, format!("Replicas:\t{} current / {} desired", set.status.replicas, set.spec.replicas.unwrap_or(0)));
    let phases: Vec<PodPhase> =
        view.controlled_by(Kind::Pod, &meta.uid).filter_map(|(_, object)| Some(object.as_pod()?.status.phase)).collect();
    let count = |phase: PodPhase| phases.iter().filter(|other| **other == phase).count();
    out.line(
        0,
        format!(
            "Pods Status:\t{} Running / {} Waiting / {} Succeeded / {} Failed",
            count(PodPhase::Running),
            count(PodPhase::Pending),
            count(PodPhase::Succeeded),
            count(PodPhase::Failed)
        ),
    );
    template(&set.spec.template, out);
    conditions(set.status.conditions.iter().map(|c| (&c.r#type, &c.status, &c.reason)), out);
}

/// Describes a Service.
pub fn service(meta: &Meta, service: &Service, view: View<'_>, out: &mut Writer) {
    let spec = &service.spec;
    let or_none = |list: &[String]| if list.is_empty() { "<none>".to_string() } else { list.join(",") };
    head(meta, out);
    labels(meta, out);
    out.line(0, format!("Selector:\t{}", format_labels(&spec.selector)));
    out.line(0, format!("Type:\t{}", spec.r#type));
    if let Some(policy) = &spec.ip_family_policy {
        out.line(0, format!("IP Family Policy:\t{policy}"));
    }
    out.line(0, format!("IP Families:\t{}", or_none(&spec.ip_families)));
    out.line(0, format!("IP:\t{}", spec.cluster_ip));
    out.line(0, format!("IPs:\t{}", or_none(&spec.cluster_ips)));
    let external = spec.external_ips.join(",");
    for (title, value) in
        [("External IPs", &external), ("Desired LoadBalancer IP", &spec.load_balancer_ip), ("External Name", &spec.external_name)]
    {
        if !value.is_empty() {
            out.line(0, format!("{title}:\t{value}"));
        }
    }
    let slices: Vec<&EndpointSlice> = view
        .list_in(Kind::EndpointSlice, &meta.namespace)
        .filter(|(_, object)| object.meta.labels.get("kubernetes.io/service-name") == Some(&*meta.name))
        .filter_map(|(_, object)| object.as_endpoint_slice())
        .collect();
    for port in &spec.ports {
        let name = if port.name.is_empty() { "<unset>" } else { &port.name };
        out.line(0, format!("Port:\t{name}\t{}/{}", port.port, port.protocol));
        out.line(0, format!("TargetPort:\t{}/{}", port.target_port, port.protocol));
        if let Some(protocol) = &port.app_protocol {
            out.line(0, format!("AppProtocol:\t{protocol}"));
        }
        if port.node_port != 0 {
            out.line(0, format!("NodePort:\t{name}\t{}/{}", port.node_port, port.protocol));
        }
        out.line(0, format!("Endpoints:\t{}", endpoints(&slices, &port.name)));
    }
    out.line(0, format!("Session Affinity:\t{}", spec.session_affinity));
    if !spec.external_traffic_policy.is_empty() {
        out.line(0, format!("External Traffic Policy:\t{}", spec.external_traffic_policy));
    }
    if let Some(policy) = &spec.internal_traffic_policy {
        out.line(0, format!("Internal Traffic Policy:\t{policy}"));
    }
    if let Some(distribution) = &spec.traffic_distribution {
        out.line(0, format!("Traffic Distribution:\t{distribution}"));
    }
}

/// The ready addresses of a port, three at most.
fn endpoints(slices: &[&EndpointSlice], port_name: &str) -> String {
    const SHOWN_MAX: usize = 3;
    if slices.is_empty() {
        return "<none>".into();
    }
    let mut all = Vec::new();
    for slice in slices {
        let ready = slice.endpoints.iter().filter(|endpoint| endpoint.conditions.ready != Some(false));
        let addresses: Vec<&String> = ready.filter_map(|endpoint| endpoint.addresses.first()).collect();
        if slice.ports.is_empty() {
            all.extend(addresses.iter().map(ToString::to_string));
        }
        for port in slice.ports.iter().filter(|port| port.name.as_deref().unwrap_or("") == port_name) {
            let number = port.port.unwrap_or(0);
            all.extend(addresses.iter().map(|ip| if ip.contains(':') { format!("[{ip}]:{number}") } else { format!("{ip}:{number}") }));
        }
    }
    let shown = all.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join(",");
    if all.len() > SHOWN_MAX { format!("{shown} + {} more...", all.len() - SHOWN_MAX) } else { shown }
}
