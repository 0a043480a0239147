//! The Standard Workload Format of the Parallel Workloads Archive: a job a line, 18 numbers, -1 for what is not known.
//! Documented: <https://www.cs.huji.ac.il/labs/parallel/workload/swf.html> (version 2.2).
//!
//! A job of n processors is n pods of one CPU, or fewer and larger ones (`processorsPerPod`). Dependencies between jobs
//! (fields 17 and 18) are not simulated: the submit times hold.

use super::lines::{Column, Header, Lines, Table, needed, optional};
use super::{Format, PodRow, Pods, Result, Settings, rows};
use crate::workload::{Ask, MEMORY_BYTES_MAX, SECONDS_MAX, seconds};

/// The format.
pub const FORMAT: Format =
    Format { name: "swf", about: "Standard Workload Format: 18 numbers a line", names_are_unique: false, pods, nodes: None };

const PROCESSORS_MAX: f64 = 1e6;
const JOB: &[Column] = &[
    needed("job number"),
    needed("submit time"),
    needed("wait time"),
    needed("run time"),
    needed("allocated processors"),
    optional("average CPU time"),
    optional("used memory"),
    optional("requested processors"),
    optional("requested time"),
    optional("requested memory"),
    optional("status"),
    optional("user"),
    optional("group"),
    optional("executable"),
    optional("queue"),
    optional("partition"),
];

fn pods(lines: Lines, settings: Settings) -> Result<Pods> {
    Ok(rows(Table::new(lines, JOB, Header::Blanks)?, settings, job))
}

/// A number; -1 and missing fields are not known.
fn known(table: &Table, column: usize, max: f64) -> Result<Option<f64>> {
    match table.number(column)? {
        Some(-1.0) => Ok(None),
        _ => table.amount(column, max),
    }
}

fn job(table: &Table, settings: Settings) -> Result<Option<PodRow>> {
    let [number, submit, _, run, allocated, _, used, requested, _, memory, status, user, _, _, queue] =
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14];
    let Some(at) = known(table, submit, SECONDS_MAX)? else {
        return Err(table.fault(submit, "the submit time must be known").with_hint("seconds since the log's beginning"));
    };
    let lasts = known(table, run, SECONDS_MAX)?;
    let processors = known(table, requested, PROCESSORS_MAX)?.or(known(table, allocated, PROCESSORS_MAX)?);
    let status = known(table, status, 10.0)?;
    // Jobs that were cancelled before they began (5), and jobs of which neither size nor length is known, never ran.
    let (Some(lasts), Some(processors)) = (lasts, processors.filter(|processors| *processors >= 1.0)) else { return Ok(None) };
    if status == Some(5.0) && lasts == 0.0 {
        return Ok(None);
    }
    // Kilobytes a processor.
    let kb_max = MEMORY_BYTES_MAX / 1_024.0;
    let kb = known(table, memory, kb_max)?.or(known(table, used, kb_max)?).unwrap_or(0.0);
    let per_pod = f64::from(settings.processors_per_pod).min(processors);
    let mut labels = Vec::new();
    for (column, label) in [(user, "user"), (queue, "queue")] {
        if let Some(id) = known(table, column, 1e12)? {
            labels.push((label, format!("{id}")));
        }
    }
    Ok(Some(PodRow {
        name: format!("job-{}", table.text(number)?),
        at: seconds(at),
        lasts: Some(seconds(lasts)),
        count: libm::ceil(processors / per_pod) as u32,
        ask: Ask {
            cpu_milli: (per_pod * 1_000.0) as u64,
            memory_bytes: (kb * 1_024.0 * per_pod).min(MEMORY_BYTES_MAX) as u64,
            ..Ask::default()
        },
        labels,
        line: table.lines.number,
    }))
}

#[cfg(test)]
mod tests {
    use super::super::testing;
    use super::*;
    use crate::base::Span;

    #[test]
    fn jobs_are_groups_of_pods() {
        let text = "; Version: 2.2\n; MaxProcs: 64\n\n\
                    1 0 5 100 4 -1 -1 4 120 2048 1 3 1 -1 2 -1 -1 -1\n\
                    2 10 -1 -1 -1 -1 -1 8 60 -1 5 3 1 -1 1 -1 -1 -1\n\
                    3 20.5 0 7 2 -1 512 -1 60 -1 1 -1 -1 -1 -1 -1 -1 -1\n";
        let jobs = testing::pods(&FORMAT, text).unwrap();
        assert_eq!(jobs.len(), 2, "the cancelled job never ran");
        assert_eq!((jobs[0].count, jobs[0].ask.cpu_milli, jobs[0].ask.memory_bytes), (4, 1_000, 2 << 20));
        assert_eq!((jobs[0].name.as_str(), jobs[0].lasts), ("job-1", Some(Span::from_s(100))));
        assert_eq!(jobs[0].labels, [("user", "3".to_string()), ("queue", "2".to_string())]);
        assert_eq!((jobs[1].at, jobs[1].count, jobs[1].ask.memory_bytes), (Span::from_ms(20_500), 2, 512 << 10));
    }

    #[test]
    fn faults_have_the_field_s_name() {
        let fault = |text: &str| testing::pods(&FORMAT, text).unwrap_err();
        assert!(fault("1 0 5\n").contains("t:1: the row has 3 fields, \"run time\" would be field 4"));
        assert!(fault("; x\n1 zero 5 1 1\n").contains("t:2:3: submit time: \"zero\" is no number"));
        assert!(fault("1 -1 5 1 1\n").contains("the submit time must be known"));
        assert!(fault("1 -7 5 1 1\n").contains("-7 is negative"));
    }
}
