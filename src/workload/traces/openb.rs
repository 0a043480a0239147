//! openb, the GPU cluster of "Beware of Fragmentation" (Alibaba, 2023): pods and machines as CSV.
//! Documented: alibaba/clusterdata, cluster-trace-gpu-v2023/README.md.

use super::generic::{MIB, gpu_ask};
use super::lines::{Column, Header, Lines, Table, needed, optional};
use super::{Format, NodeRow, Nodes, PodRow, Pods, Result, Settings, lasts, rows};
use crate::workload::{Ask, CPU_MILLI_MAX, MEMORY_BYTES_MAX, SECONDS_MAX, seconds};

/// The format.
pub const FORMAT: Format = Format {
    name: "openb",
    about: "Alibaba GPU 2023 (openb): name,cpu_milli,memory_mib,num_gpu,gpu_milli,...",
    names_are_unique: true,
    pods,
    nodes: Some(nodes),
};

const POD: &[Column] = &[
    needed("name"),
    needed("cpu_milli"),
    needed("memory_mib"),
    needed("num_gpu"),
    needed("gpu_milli"),
    optional("gpu_spec"),
    optional("qos"),
    optional("creation_time"),
    optional("deletion_time"),
    optional("scheduled_time"),
];
const NODE: &[Column] = &[needed("sn"), needed("cpu_milli"), needed("memory_mib"), needed("gpu"), optional("model")];

fn pods(lines: Lines, settings: Settings) -> Result<Pods> {
    Ok(rows(Table::new(lines, POD, Header::Named)?, settings, pod))
}

fn pod(table: &Table, _: Settings) -> Result<Option<PodRow>> {
    let [name, cpu, memory, gpus, gpu_milli, spec, qos, creation, deletion, scheduled] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    // Some workloads of the family have no times: all their pods are there from the start.
    let at = table.amount(creation, SECONDS_MAX)?.unwrap_or(0.0);
    let begins = table.amount(scheduled, SECONDS_MAX)?.unwrap_or(at);
    let lasts = lasts(table, deletion, begins, "pods end after they were scheduled")?;
    let ask = gpu_ask(table, gpus, gpu_milli)?;
    Ok(Some(PodRow {
        name: table.text(name)?.to_string(),
        at: seconds(at),
        lasts,
        count: 1,
        ask: Ask {
            cpu_milli: table.needed_amount(cpu, CPU_MILLI_MAX)? as u64,
            memory_bytes: (table.needed_amount(memory, MEMORY_BYTES_MAX / MIB)? * MIB) as u64,
            // A pod without GPUs has no wish about their model.
            gpu_models: table.get(spec).filter(|_| ask.gpus > 0).unwrap_or("").to_string(),
            ..ask
        },
        labels: table.get(qos).map(|qos| ("qos", qos.to_string())).into_iter().collect(),
        line: table.lines.number,
    }))
}

fn nodes(lines: Lines, settings: Settings) -> Result<Nodes> {
    Ok(rows(Table::new(lines, NODE, Header::Named)?, settings, node))
}

fn node(table: &Table, _: Settings) -> Result<Option<NodeRow>> {
    let [name, cpu, memory, gpus, model] = [0, 1, 2, 3, 4];
    Ok(Some(NodeRow {
        name: table.text(name)?.to_string(),
        cpu_milli: table.needed_amount(cpu, CPU_MILLI_MAX)? as u64,
        memory_bytes: (table.needed_amount(memory, MEMORY_BYTES_MAX / MIB)? * MIB) as u64,
        gpus: table.count(gpus, 1_000)?.unwrap_or(0) as u32,
        gpu_model: table.get(model).unwrap_or("").to_string(),
        zone: String::new(),
    }))
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use crate::base::Span;

    const HEADER: &str = "name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time\n";

    #[test]
    fn pods_have_shares_models_and_times() {
        let text = format!("{HEADER}p-1,4000,1024,1,220,,BE,Running,10,100,20\np-2,8000,2048,2,1000,A|B,LS,Pending,30,,\n");
        let pods = testing::pods(&FORMAT, &text).unwrap();
        assert_eq!((pods[0].at, pods[0].lasts, pods[0].ask.gpu_milli), (Span::from_s(10), Some(Span::from_s(80)), 220));
        assert_eq!((pods[1].lasts, pods[1].ask.gpus, pods[1].ask.gpu_models.as_str()), (None, 2, "A|B"));
        let bare = testing::pods(&FORMAT, "name,cpu_milli,memory_mib,num_gpu,gpu_milli\np,1,1,0,0\n").unwrap();
        assert_eq!((bare[0].at, bare[0].ask.gpus), (Span::ZERO, 0));
        let nodes = testing::nodes(&FORMAT, "sn,cpu_milli,memory_mib,gpu,model\nn,96000,1024,8,V100M32\nm,1,1,0,nan\n").unwrap();
        assert_eq!((nodes[0].gpus, nodes[0].gpu_model.as_str(), nodes[1].gpu_model.as_str()), (8, "V100M32", ""));
    }

    #[test]
    fn ends_come_after_beginnings() {
        let fault = testing::pods(&FORMAT, &format!("{HEADER}p,1,1,0,0,,,Running,10,5,10\n")).unwrap_err();
        assert!(fault.contains("t:2:24: deletion_time: 5 is before 10"), "{fault}");
    }
}
