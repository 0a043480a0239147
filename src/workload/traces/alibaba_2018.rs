//! Alibaba 2018: batch tasks, batch instances and containers of a co-located cluster, and its machines. The files have no
//! header; the columns stand in the order of the schema. CPU: 100 is a core; memory is a share of the largest machine's, in
//! percent (-1 and 101: not known); times in seconds, 0 means outside of the eight days.
//! Documented: alibaba/clusterdata, cluster-trace-v2018/schema.txt and trace_2018.md.
//!
//! A task is as many pods as it has instances. Instances ask for what they used at most (`cpu_max`, `mem_max`): the table does
//! not tell their requests. The order of a job's tasks (in their names) is not simulated: the start times hold.

use super::lines::{Column, Header, Lines, Table, needed, optional};
use super::{Format, NodeRow, Nodes, PodRow, Pods, Result, Settings, rows};
use crate::base::collections::Set;
use crate::workload::{Ask, CPU_MILLI_MAX, SECONDS_MAX, seconds};

/// batch_task.csv.
pub const BATCH_TASK: Format = Format {
    name: "alibaba-2018-batch-task",
    about: "Alibaba 2018 batch_task: task_name,instance_num,job_name,...",
    names_are_unique: false,
    pods: |lines, settings| Ok(rows(Table::new(lines, TASK, Header::Positions)?, settings, task)),
    nodes: Some(machines),
};

/// batch_instance.csv.
pub const BATCH_INSTANCE: Format = Format {
    name: "alibaba-2018-batch-instance",
    about: "Alibaba 2018 batch_instance: instance_name,task_name,job_name,...",
    names_are_unique: false,
    pods: |lines, settings| Ok(rows(Table::new(lines, INSTANCE, Header::Positions)?, settings, instance)),
    nodes: Some(machines),
};

/// container_meta.csv.
pub const CONTAINER: Format = Format {
    name: "alibaba-2018-container",
    about: "Alibaba 2018 container_meta: container_id,machine_id,time_stamp,...",
    names_are_unique: false,
    pods: containers,
    nodes: Some(machines),
};

const TASK: &[Column] = &[
    needed("task_name"),
    needed("instance_num"),
    needed("job_name"),
    needed("task_type"),
    needed("status"),
    needed("start_time"),
    needed("end_time"),
    needed("plan_cpu"),
    needed("plan_mem"),
];
const INSTANCE: &[Column] = &[
    needed("instance_name"),
    needed("task_name"),
    needed("job_name"),
    needed("task_type"),
    needed("status"),
    needed("start_time"),
    needed("end_time"),
    needed("machine_id"),
    needed("seq_no"),
    needed("total_seq_no"),
    optional("cpu_avg"),
    optional("cpu_max"),
    optional("mem_avg"),
    optional("mem_max"),
];
const CONTAINER_META: &[Column] = &[
    needed("container_id"),
    needed("machine_id"),
    needed("time_stamp"),
    needed("app_du"),
    needed("status"),
    needed("cpu_request"),
    needed("cpu_limit"),
    needed("mem_size"),
];
const MACHINE_META: &[Column] = &[
    needed("machine_id"),
    needed("time_stamp"),
    needed("failure_domain_1"),
    needed("failure_domain_2"),
    needed("cpu_num"),
    needed("mem_size"),
    needed("status"),
];

/// CPU of which 100 is a core.
fn cpu(table: &Table, column: usize) -> Result<u64> {
    Ok((table.amount(column, CPU_MILLI_MAX / 10.0)?.unwrap_or(0.0) * 10.0) as u64)
}

/// Memory in percent of the largest machine's; what is not known is nothing.
fn memory(table: &Table, column: usize, settings: Settings) -> Result<u64> {
    let share = match table.number(column)? {
        Some(-1.0 | 101.0) | None => 0.0,
        Some(_) => table.needed_amount(column, 100.0)?,
    };
    Ok((share / 100.0 * settings.machine_memory_bytes) as u64)
}

/// When it begins and how long it lasts; `None`: it did not begin within the trace.
fn times(table: &Table, start: usize, end: usize) -> Result<Option<(f64, Option<f64>)>> {
    let (begins, ends) = (table.amount(start, SECONDS_MAX)?.unwrap_or(0.0), table.amount(end, SECONDS_MAX)?.unwrap_or(0.0));
    if begins == 0.0 {
        return Ok(None);
    }
    if ends != 0.0 && ends < begins {
        return Err(table.fault(end, &format!("{ends} is before {begins}")).with_hint("0 if the end is not known"));
    }
    Ok(Some((begins, (ends != 0.0).then_some(ends - begins))))
}

fn task(table: &Table, settings: Settings) -> Result<Option<PodRow>> {
    let [name, instances, job, _, _, start, end, plan_cpu, plan_mem] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
    let ask = Ask { cpu_milli: cpu(table, plan_cpu)?, memory_bytes: memory(table, plan_mem, settings)?, ..Ask::default() };
    let count = table.count(instances, 1_000_000)?.unwrap_or(0) as u32;
    let Some((at, lasts)) = times(table, start, end)?.filter(|_| count > 0) else { return Ok(None) };
    Ok(Some(PodRow {
        name: format!("{}-{}", table.text(job)?, table.text(name)?),
        at: seconds(at),
        lasts: lasts.map(seconds),
        count,
        ask,
        labels: vec![("job", table.text(job)?.to_string())],
        line: table.lines.number,
    }))
}

fn instance(table: &Table, settings: Settings) -> Result<Option<PodRow>> {
    let [name, task, job, _, _, start, end, _, seq, _, _, cpu_max, _, mem_max] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];
    let ask = Ask { cpu_milli: cpu(table, cpu_max)?, memory_bytes: memory(table, mem_max, settings)?, ..Ask::default() };
    table.text(name)?;
    let Some((at, lasts)) = times(table, start, end)? else { return Ok(None) };
    let job = table.text(job)?.to_string();
    Ok(Some(PodRow {
        name: format!("{job}-{}-{}-{}", table.text(task)?, table.lines.number, table.count(seq, 1 << 40)?.unwrap_or(0)),
        at: seconds(at),
        lasts: lasts.map(seconds),
        count: 1,
        ask,
        labels: vec![("job", job)],
        line: table.lines.number,
    }))
}

/// The first row of each thing: later rows tell changes of its state.
struct Firsts<T> {
    rows: Box<dyn Iterator<Item = Result<(String, T)>>>,
    seen: Set<String>,
}

impl<T> Iterator for Firsts<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Result<T>> {
        loop {
            match self.rows.next()? {
                Ok((id, row)) => {
                    if self.seen.insert(id) {
                        return Some(Ok(row));
                    }
                }
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

fn containers(lines: Lines, settings: Settings) -> Result<Pods> {
    let table = Table::new(lines, CONTAINER_META, Header::Positions)?;
    Ok(Box::new(Firsts { rows: rows(table, settings, container), seen: Set::default() }))
}

fn container(table: &Table, settings: Settings) -> Result<Option<(String, PodRow)>> {
    let [id, _, time, app, _, request, _, mem] = [0, 1, 2, 3, 4, 5, 6, 7];
    let name = table.text(id)?.to_string();
    let row = PodRow {
        name: name.clone(),
        at: seconds(table.amount(time, SECONDS_MAX)?.unwrap_or(0.0)),
        lasts: None,
        count: 1,
        ask: Ask { cpu_milli: cpu(table, request)?, memory_bytes: memory(table, mem, settings)?, ..Ask::default() },
        labels: vec![("app", table.text(app)?.to_string())],
        line: table.lines.number,
    };
    Ok(Some((name, row)))
}

fn machines(lines: Lines, settings: Settings) -> Result<Nodes> {
    let table = Table::new(lines, MACHINE_META, Header::Positions)?;
    Ok(Box::new(Firsts { rows: rows(table, settings, machine), seen: Set::default() }))
}

fn machine(table: &Table, settings: Settings) -> Result<Option<(String, NodeRow)>> {
    let [id, _, domain, _, cpus, mem, _] = [0, 1, 2, 3, 4, 5, 6];
    let name = table.text(id)?.to_string();
    // A machine whose size is not told cannot be simulated.
    let Some(cores) = table.amount(cpus, CPU_MILLI_MAX / 1_000.0)? else { return Ok(None) };
    let row = NodeRow {
        name: name.clone(),
        cpu_milli: (cores * 1_000.0) as u64,
        memory_bytes: memory(table, mem, settings)?,
        zone: table.get(domain).unwrap_or("").to_string(),
        ..NodeRow::default()
    };
    Ok(Some((name, row)))
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use crate::base::Span;

    #[test]
    fn tasks_instances_and_containers_are_pods() {
        let tasks =
            testing::pods(&BATCH_TASK, "M1,3,j_1,1,Terminated,100,160,50,0.39\nM2,1,j_2,1,Waiting,0,0,100,0.5\nM3,1,j_3,1,Running,5,0,,\n");
        let tasks = tasks.unwrap();
        assert_eq!((tasks.len(), tasks[0].count, tasks[0].ask.cpu_milli), (2, 3, 500));
        assert_eq!((tasks[0].at, tasks[0].lasts, tasks[0].name.as_str()), (Span::from_s(100), Some(Span::from_s(60)), "j_1-M1"));
        assert_eq!(tasks[0].ask.memory_bytes, (0.0039 * (256u64 << 30) as f64) as u64);
        assert_eq!((tasks[1].lasts, tasks[1].ask.memory_bytes), (None, 0));
        let instances = testing::pods(&BATCH_INSTANCE, "ins_7,M1,j_1,1,Terminated,100,160,m_2,1,1,30,60,0.1,0.2\n").unwrap();
        assert_eq!((instances[0].ask.cpu_milli, instances[0].name.as_str()), (600, "j_1-M1-1-1"));
        let containers =
            testing::pods(&CONTAINER, "c_1,m_1,0,app_1,started,400,800,1.56\nc_1,m_1,86400,app_1,started,400,800,1.56\n").unwrap();
        assert_eq!((containers.len(), containers[0].ask.cpu_milli), (1, 4_000));
        let machines = testing::nodes(&BATCH_TASK, "m_1,0,5,x,96,50,USING\nm_1,9,5,x,96,50,USING\nm_2,0,6,x,,100,USING\n").unwrap();
        assert_eq!((machines.len(), machines[0].cpu_milli, machines[0].memory_bytes), (1, 96_000, 128 << 30));
    }

    #[test]
    fn bad_rows_have_their_place() {
        let fault = |row: &str| testing::pods(&BATCH_TASK, row).unwrap_err();
        assert!(fault("M1,3,j_1,1,Terminated,100,60,50,0.39\n").contains("t:1:27: end_time: 60 is before 100"));
        assert!(fault("M1,3,j_1,1,Terminated,100,160,50,140\n").contains("plan_mem: 140 is too large"));
        assert!(fault("M1,3,j_1\n").contains("the row has 3 fields, \"task_type\" would be field 4"));
    }
}
