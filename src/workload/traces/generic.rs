//! The project's own simple CSV, for everything that has no format here yet.
//!
//! Pods: `at_s,cpu_milli,memory_mib` and, as far as wanted, `name,duration_s,count,gpus,gpu_milli,gpu_models,priority`.
//! Machines: `name,cpu_milli,memory_mib` and `gpus,gpu_model,zone`. The first line names the columns, in any order.

use super::lines::{Column, Header, Lines, Table, needed, optional};
use super::{Format, NodeRow, Nodes, PodRow, Pods, Result, Settings, rows};
use crate::workload::{Ask, CPU_MILLI_MAX, MEMORY_BYTES_MAX, SECONDS_MAX, seconds};

/// The format.
pub const FORMAT: Format = Format {
    name: "csv",
    about: "kubesim's own simple CSV: at_s,cpu_milli,memory_mib,...",
    names_are_unique: true,
    pods,
    nodes: Some(nodes),
};

pub(super) const MIB: f64 = 1_048_576.0;

const POD: &[Column] = &[
    needed("at_s"),
    needed("cpu_milli"),
    needed("memory_mib"),
    optional("name"),
    optional("duration_s"),
    optional("count"),
    optional("gpus"),
    optional("gpu_milli"),
    optional("gpu_models"),
    optional("priority"),
];
const NODE: &[Column] =
    &[needed("name"), needed("cpu_milli"), needed("memory_mib"), optional("gpus"), optional("gpu_model"), optional("zone")];

fn pods(lines: Lines, settings: Settings) -> Result<Pods> {
    Ok(rows(Table::new(lines, POD, Header::Strict)?, settings, pod))
}

fn pod(table: &Table, _: Settings) -> Result<Option<PodRow>> {
    let [at, cpu, memory, name, duration, count, gpus, gpu_milli, models, priority] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
    let number = table.lines.number;
    let row = PodRow {
        name: table.get(name).map_or_else(|| format!("pod-{number}"), str::to_string),
        at: seconds(table.needed_amount(at, SECONDS_MAX)?),
        lasts: table.amount(duration, SECONDS_MAX)?.map(seconds),
        count: table.count(count, 1_000_000)?.unwrap_or(1) as u32,
        ask: Ask {
            cpu_milli: table.needed_amount(cpu, CPU_MILLI_MAX)? as u64,
            memory_bytes: (table.needed_amount(memory, MEMORY_BYTES_MAX / MIB)? * MIB) as u64,
            gpu_models: table.get(models).unwrap_or("").to_string(),
            priority: priority_of(table, priority)?,
            ..gpu_ask(table, gpus, gpu_milli)?
        },
        labels: Vec::new(),
        line: table.lines.number,
    };
    Ok(Some(row))
}

fn priority_of(table: &Table, column: usize) -> Result<Option<i32>> {
    let Some(number) = table.number(column)? else { return Ok(None) };
    // The largest that a PriorityClass of a user may have.
    if number != libm::trunc(number) || libm::fabs(number) > 1e9 {
        return Err(table.fault(column, &format!("{number} is no priority")).with_hint("a whole number of at most 1000000000"));
    }
    Ok(Some(number as i32))
}

/// GPUs: how many, and how much of each: less than a whole only of a single one.
pub(super) fn gpu_ask(table: &Table, gpus: usize, gpu_milli: usize) -> Result<Ask> {
    let count = table.count(gpus, 1_000)?.unwrap_or(0) as u32;
    let milli = match table.count(gpu_milli, 1_000)? {
        _ if count == 0 => 0,
        None | Some(0) => 1_000,
        Some(milli) if milli < 1_000 && count > 1 => {
            let fault = table.fault(gpu_milli, &format!("{count} GPUs of {milli} milli each"));
            return Err(fault.with_hint("only a single GPU can be shared: 1000"));
        }
        Some(milli) => milli as u32,
    };
    Ok(Ask { gpus: count, gpu_milli: milli, ..Ask::default() })
}

fn nodes(lines: Lines, settings: Settings) -> Result<Nodes> {
    Ok(rows(Table::new(lines, NODE, Header::Strict)?, settings, node))
}

fn node(table: &Table, _: Settings) -> Result<Option<NodeRow>> {
    let [name, cpu, memory, gpus, model, zone] = [0, 1, 2, 3, 4, 5];
    Ok(Some(NodeRow {
        name: table.text(name)?.to_string(),
        cpu_milli: table.needed_amount(cpu, CPU_MILLI_MAX)? as u64,
        memory_bytes: (table.needed_amount(memory, MEMORY_BYTES_MAX / MIB)? * MIB) as u64,
        gpus: table.count(gpus, 1_000)?.unwrap_or(0) as u32,
        gpu_model: table.get(model).unwrap_or("").to_string(),
        zone: table.get(zone).unwrap_or("").to_string(),
    }))
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use crate::base::Span;

    #[test]
    fn rows_are_pods_and_machines() {
        let pods = testing::pods(&FORMAT, "cpu_milli,at_s,memory_mib,gpus,gpu_milli,priority\n500,1.5,64,1,250,-3\n1,0,0,,,\n").unwrap();
        assert_eq!((pods[0].name.as_str(), pods[0].at, pods[0].lasts), ("pod-2", Span::from_ms(1_500), None));
        let ask = Ask { cpu_milli: 500, memory_bytes: 64 << 20, gpus: 1, gpu_milli: 250, priority: Some(-3), ..Ask::default() };
        assert_eq!((&pods[0].ask, pods[1].ask.gpus, pods[1].count), (&ask, 0, 1));
        let nodes = testing::nodes(&FORMAT, "name,cpu_milli,memory_mib,gpus,zone\na,4000,1024,2,z\n").unwrap();
        assert_eq!((nodes[0].memory_bytes, nodes[0].gpus, nodes[0].zone.as_str()), (1 << 30, 2, "z"));
    }

    #[test]
    fn bad_rows_have_their_place() {
        let fault = |row: &str| testing::pods(&FORMAT, &format!("at_s,cpu_milli,memory_mib,gpus,gpu_milli,count\n{row}\n")).unwrap_err();
        assert!(fault("-1,1,1,,,").contains("t:2:1: at_s: -1 is negative"));
        assert!(fault("0,,1,,,").contains("t:2:3: cpu_milli: this must not be empty"));
        assert!(fault("0,1,1,2,500,").ends_with("only a single GPU can be shared: 1000"));
        assert!(fault("0,1,1,,,1.5").contains("t:2:9: count: 1.5 is no whole number"));
        let typo = testing::pods(&FORMAT, "at_s,cpu_mili\n").unwrap_err();
        assert!(typo.contains("did you mean \"cpu_milli\"?"), "{typo}");
    }
}
