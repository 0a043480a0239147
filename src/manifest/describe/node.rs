//! Nodes: conditions, capacity, the pods on them and what those ask for.
//! Real: staging/src/k8s.io/kubectl/pkg/describe/describe.go (describeNode) @ v1.37.2.

use super::writer::Writer;
use super::{date, labels, micro_date};
use crate::base::quantity::Quantity;
use crate::manifest::table::{node_roles, since};
use crate::model::requests::{RequestOptions, container_limits, pod_requests};
use crate::model::*;
use crate::store::View;

/// Describes a node.
pub fn node(meta: &Meta, node: &Node, view: View<'_>, now: MicroTime, out: &mut Writer) {
    out.line(0, format!("Name:\t{}", meta.name));
    out.line(0, format!("Roles:\t{}", node_roles(&meta.labels)));
    labels(meta, out);
    out.line(0, format!("CreationTimestamp:\t{}", meta.creation_timestamp.map_or_else(String::new, date)));
    let mut taints: Vec<&Taint> = node.spec.taints.iter().collect();
    taints.sort_by(|a, b| (&a.effect, &a.key).cmp(&(&b.effect, &b.key)));
    let text = |taint: &&Taint| match &*taint.value {
        "" => format!("{}:{}", taint.key, taint.effect),
        value => format!("{}={value}:{}", taint.key, taint.effect),
    };
    out.list("Taints", taints.iter().map(text).collect());
    out.line(0, format!("Unschedulable:\t{}", node.spec.unschedulable));
    lease(&meta.name, view, now, out);
    let status = node.status.reported_at(now);
    if !status.conditions.is_empty() {
        out.line(0, "Conditions:");
        out.line(1, "Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage");
        out.line(1, "----\t------\t-----------------\t------------------\t------\t-------");
        for c in &status.conditions {
            let time = |time: Option<Timestamp>| time.map_or("Mon, 01 Jan 0001 00:00:00 +0000".into(), date);
            let (beat, changed) = (time(c.last_heartbeat_time), time(c.last_transition_time));
            out.line(1, format!("{} \t{} \t{beat} \t{changed} \t{} \t{}", c.r#type, c.status, c.reason, c.message));
        }
    }
    out.line(0, "Addresses:");
    status.addresses.iter().for_each(|address| out.line(1, format!("{}:\t{}", address.r#type, address.address)));
    for (title, list) in [("Capacity", &status.capacity), ("Allocatable", &status.allocatable)] {
        if !list.is_empty() {
            out.line(0, format!("{title}:"));
            list.iter().for_each(|(name, amount)| out.line(1, format!("{name}:\t{amount}")));
        }
    }
    system(&status, node, out);
    pods(meta, &status, view, now, out);
}

fn lease(name: &str, view: View<'_>, now: MicroTime, out: &mut Writer) {
    let Some(lease) = view.find(Kind::Lease, "kube-node-lease", name).and_then(|found| found.as_lease()) else {
        out.line(0, format!("Lease:\tFailed to get lease: leases.coordination.k8s.io \"{name}\" not found"));
        return;
    };
    let time = |time: Option<MicroTime>| time.map_or("<unset>".into(), micro_date);
    out.line(0, "Lease:");
    out.line(1, format!("HolderIdentity:\t{}", lease.spec.holder_identity.as_deref().unwrap_or("<unset>")));
    out.line(1, format!("AcquireTime:\t{}", time(lease.spec.acquire_time)));
    out.line(1, format!("RenewTime:\t{}", time(lease.spec.renewed_at(now))));
}

fn system(status: &NodeStatus, node: &Node, out: &mut Writer) {
    let info = &status.node_info;
    out.line(0, "System Info:");
    let rows = [
        ("Machine ID", &info.machine_id),
        ("System UUID", &info.system_uuid),
        ("Boot ID", &info.boot_id),
        ("Kernel Version", &info.kernel_version),
        ("OS Image", &info.os_image),
        ("Operating System", &info.operating_system),
        ("Architecture", &info.architecture),
        ("Container Runtime Version", &info.container_runtime_version),
        ("Kubelet Version", &info.kubelet_version),
    ];
    rows.iter().for_each(|(title, value)| out.line(1, format!("{title}:\t{value}")));
    let ranges = node.spec.pod_cidrs.join(",");
    for (title, value) in [("PodCIDR", &node.spec.pod_cidr), ("PodCIDRs", &ranges), ("ProviderID", &node.spec.provider_id)] {
        if !value.is_empty() {
            out.line(0, format!("{title}:\t{value}"));
        }
    }
}

fn limits_of(pod: &Pod) -> ResourceList {
    let mut limits = container_limits(&pod.spec);
    if let Some(whole) = &pod.spec.resources {
        limits.extend(whole.limits.iter().map(|(name, amount)| (name.clone(), *amount)));
    }
    limits
}

fn amount(list: &ResourceList, name: &str) -> Quantity {
    list.get(name).copied().unwrap_or(Quantity::ZERO)
}

/// `250m (12%)`
fn share(list: &ResourceList, name: &str, whole: &ResourceList) -> String {
    let (part, all) = (amount(list, name), amount(whole, name));
    let (parts, alls) = if name == "cpu" { (part.milli_value(), all.milli_value()) } else { (part.value(), all.value()) };
    let percent = if alls == 0 { 0 } else { (parts as f64 / alls as f64 * 100.0) as i64 };
    format!("{part} ({percent}%)")
}

fn pods(meta: &Meta, status: &NodeStatus, view: View<'_>, now: MicroTime, out: &mut Writer) {
    let whole = if status.allocatable.is_empty() { &status.capacity } else { &status.allocatable };
    let mut found: Vec<(&Meta, &Pod)> = view
        .pods_on(&meta.name)
        .filter_map(|(_, object)| Some((&object.meta, object.as_pod()?)))
        .filter(|(_, pod)| !pod.is_terminal())
        .collect();
    found.sort_by_key(|(meta, _)| (meta.namespace.clone(), meta.name.clone()));
    out.line(0, format!("Non-terminated Pods:\t({} in total)", found.len()));
    out.line(1, "Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge");
    out.line(1, "---------\t----\t\t------------\t----------\t---------------\t-------------\t---");
    let (mut requests, mut limits) = (ResourceList::new(), ResourceList::new());
    for (meta, pod) in found {
        let (asked, most) = (pod_requests(pod, RequestOptions { use_status: true, ..RequestOptions::default() }), limits_of(pod));
        let cells =
            [share(&asked, "cpu", whole), share(&most, "cpu", whole), share(&asked, "memory", whole), share(&most, "memory", whole)];
        let age = since(meta.creation_timestamp, now);
        out.line(1, format!("{}\t{}\t\t{}\t{age}", meta.namespace, meta.name, cells.join("\t")));
        for (total, list) in [(&mut requests, asked), (&mut limits, most)] {
            list.into_iter().for_each(|(name, amount)| *total.entry(name).or_insert(Quantity::ZERO) += amount);
        }
    }
    out.line(0, "Allocated resources:");
    out.line(1, "(Total limits may be over 100 percent, i.e., overcommitted.)");
    out.line(1, "Resource\tRequests\tLimits");
    out.line(1, "--------\t--------\t------");
    let huge = whole.keys().filter(|name| name.starts_with("hugepages-")).map(String::as_str);
    for name in ["cpu", "memory", "ephemeral-storage"].into_iter().chain(huge) {
        out.line(1, format!("{name}\t{}\t{}", share(&requests, name, whole), share(&limits, name, whole)));
    }
    let usual = |name: &str| matches!(name, "cpu" | "memory" | "ephemeral-storage" | "pods") || name.starts_with("hugepages-");
    for name in whole.keys().filter(|name| !usual(name)) {
        out.line(1, format!("{name}\t{}\t{}", amount(&requests, name), amount(&limits, name)));
    }
}
