//! Alibaba GPU 2025: instances of GPU-disaggregated recommendation services. CPU in cores, memory in GiB, times in seconds;
//! an empty time is outside of the trace.
//! Documented: alibaba/clusterdata, cluster-trace-gpu-v2025/README.md. RDMA, disks and `max_instance_per_node` are not simulated.

use super::lines::{Column, Header, Lines, Table, needed, optional};
use super::{Format, PodRow, Pods, Result, Settings, lasts, rows};
use crate::workload::{Ask, CPU_MILLI_MAX, MEMORY_BYTES_MAX, SECONDS_MAX, seconds};

/// The format.
pub const FORMAT: Format = Format {
    name: "alibaba-gpu-2025",
    about: "Alibaba GPU 2025: instance_sn,role,app_name,cpu_request,gpu_request,memory_request,...",
    names_are_unique: true,
    pods,
    nodes: None,
};

const GIB: f64 = (1u64 << 30) as f64;
const POD: &[Column] = &[
    needed("instance_sn"),
    needed("role"),
    needed("app_name"),
    needed("cpu_request"),
    needed("gpu_request"),
    needed("memory_request"),
    needed("creation_time"),
    optional("scheduled_time"),
    needed("deletion_time"),
];

fn pods(lines: Lines, settings: Settings) -> Result<Pods> {
    Ok(rows(Table::new(lines, POD, Header::Named)?, settings, pod))
}

fn pod(table: &Table, _: Settings) -> Result<Option<PodRow>> {
    let [name, role, app, cpu, gpus, memory, creation, scheduled, deletion] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
    let role = match table.text(role)? {
        known @ ("CN" | "HN") => known,
        other => return Err(table.fault(role, &format!("\"{other}\" is no role")).with_hint("CN or HN")),
    };
    let at = table.amount(creation, SECONDS_MAX)?.unwrap_or(0.0);
    let begins = table.amount(scheduled, SECONDS_MAX)?.unwrap_or(at);
    let lasts = lasts(table, deletion, begins, "instances end after they were scheduled")?;
    let gpus = table.count(gpus, 1_000)?.unwrap_or(0) as u32;
    Ok(Some(PodRow {
        name: table.text(name)?.to_string(),
        at: seconds(at),
        lasts,
        count: 1,
        ask: Ask {
            cpu_milli: (table.needed_amount(cpu, CPU_MILLI_MAX / 1_000.0)? * 1_000.0) as u64,
            memory_bytes: (table.needed_amount(memory, MEMORY_BYTES_MAX / GIB)? * GIB) as u64,
            gpus,
            gpu_milli: if gpus > 0 { 1_000 } else { 0 },
            ..Ask::default()
        },
        labels: vec![("app", table.text(app)?.to_string()), ("role", role.to_string())],
        line: table.lines.number,
    }))
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use crate::base::Span;

    const HEADER: &str = "instance_sn,role,app_name,cpu_request,cpu_limit,gpu_request,gpu_limit,rdma_request,rdma_limit,\
                          memory_request,memory_limit,disk_request,disk_limit,max_instance_per_node,creation_time,scheduled_time,deletion_time\n";

    #[test]
    fn instances_are_pods() {
        let text = format!(
            "{HEADER}instance_7,HN,app_0,12,12,1,1,25,25,120.0,120.0,680.0,800.0,8,,,\n\
             instance_9,CN,app_1,64,64,0,0,1,1,0.5,0.5,255.0,300.0,-1,1435629.0,1435630.0,1435760.0\n"
        );
        let pods = testing::pods(&FORMAT, &text).unwrap();
        assert_eq!((pods[0].at, pods[0].lasts, pods[0].ask.gpus, pods[0].ask.memory_bytes), (Span::ZERO, None, 1, 120 << 30));
        assert_eq!((pods[1].at, pods[1].lasts), (Span::from_s(1_435_629), Some(Span::from_s(130))));
        assert_eq!((pods[1].ask.cpu_milli, pods[1].ask.memory_bytes), (64_000, 1 << 29));
        assert_eq!(pods[1].labels, [("app", "app_1".to_string()), ("role", "CN".to_string())]);
    }

    #[test]
    fn roles_are_known() {
        let fault = testing::pods(&FORMAT, &format!("{HEADER}i,XN,a,1,1,0,0,1,1,1,1,1,1,1,,,\n")).unwrap_err();
        assert!(fault.contains("t:2:3: role: \"XN\" is no role") && fault.ends_with("CN or HN"), "{fault}");
    }
}
