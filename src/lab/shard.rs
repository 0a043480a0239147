//! Shards of a sweep: which part of the grid one process runs, by numbers on the command line or by what the scheduler of a
//! cluster says in the environment of an array job.
//!
//! Real: Slurm `sbatch(1)` (job arrays), Kubernetes Indexed Jobs (`JOB_COMPLETION_INDEX`), OpenPBS and Torque `qsub -J`/`-t`,
//! Grid Engine `qsub -t`, AWS Batch array jobs.

/// No sweep has more shards.
pub const SHARDS_MAX: u64 = 1_000_000;

/// One part of several.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shard {
    /// Which, from 1.
    pub number: u64,
    /// Of how many.
    pub of: u64,
}

impl Shard {
    /// The whole.
    pub const ALL: Shard = Shard { number: 1, of: 1 };

    /// Reads `i/n`.
    pub fn parse(text: &str) -> Result<Shard, String> {
        let bad = || format!("\"{text}\" is no shard; shards are `1/4` to `4/4`, or `auto`");
        let (number, of) = text.split_once('/').ok_or_else(bad)?;
        let number: u64 = number.trim().parse().map_err(|_| bad())?;
        let of: u64 = of.trim().parse().map_err(|_| bad())?;
        if number == 0 || number > of || of > SHARDS_MAX {
            return Err(bad());
        }
        Ok(Shard { number, of })
    }

    /// Whether the cell at this place of the sorted grid belongs to it.
    pub fn holds(&self, place: usize) -> bool {
        place as u64 % self.of == self.number - 1
    }
}

/// An array job's variables.
struct Scheduler {
    name: &'static str,
    /// This task's number.
    index: &'static str,
    /// The first number; without a variable, this one.
    first: Option<&'static str>,
    or_first: u64,
    /// The last number, if there is a variable.
    last: Option<&'static str>,
    /// How many tasks there are, if there is a variable.
    count: Option<&'static str>,
    /// From one number to the next, if there is a variable.
    step: Option<&'static str>,
}

const SCHEDULERS: &[Scheduler] = &[
    Scheduler {
        name: "Slurm",
        index: "SLURM_ARRAY_TASK_ID",
        first: Some("SLURM_ARRAY_TASK_MIN"),
        or_first: 1,
        last: Some("SLURM_ARRAY_TASK_MAX"),
        count: Some("SLURM_ARRAY_TASK_COUNT"),
        step: Some("SLURM_ARRAY_TASK_STEP"),
    },
    Scheduler {
        name: "a Kubernetes Indexed Job",
        index: "JOB_COMPLETION_INDEX",
        first: None,
        or_first: 0,
        last: None,
        count: None,
        step: None,
    },
    Scheduler {
        name: "AWS Batch",
        index: "AWS_BATCH_JOB_ARRAY_INDEX",
        first: None,
        or_first: 0,
        last: None,
        count: Some("AWS_BATCH_JOB_ARRAY_SIZE"),
        step: None,
    },
    Scheduler {
        name: "Grid Engine",
        index: "SGE_TASK_ID",
        first: Some("SGE_TASK_FIRST"),
        or_first: 1,
        last: Some("SGE_TASK_LAST"),
        count: None,
        step: Some("SGE_TASK_STEPSIZE"),
    },
    Scheduler { name: "PBS", index: "PBS_ARRAY_INDEX", first: None, or_first: 1, last: None, count: None, step: None },
    Scheduler { name: "Torque", index: "PBS_ARRAYID", first: None, or_first: 1, last: None, count: None, step: None },
];

/// The variable that tells how many shards there are, where the scheduler does not.
pub const SHARDS_VARIABLE: &str = "KUBESIM_SHARDS";

/// The shard of this task of an array job. `variable` looks up the environment.
pub fn auto(variable: impl Fn(&str) -> Option<String>) -> Result<Shard, String> {
    // Grid Engine says "undefined" outside of arrays.
    let look = |name: &str| variable(name).filter(|text| !text.is_empty() && text != "undefined");
    let number = |name: &str| match look(name) {
        None => Ok(None),
        Some(text) => match text.trim().parse::<u64>() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(format!("error: {name} is \"{text}\", which is no number")),
        },
    };
    let Some(scheduler) = SCHEDULERS.iter().find(|scheduler| look(scheduler.index).is_some()) else {
        let names: Vec<&str> = SCHEDULERS.iter().map(|scheduler| scheduler.index).collect();
        return Err(format!("error: --shard auto: this is no task of an array job\n  hint: none of {} is set", names.join(", ")));
    };
    let find = |name: Option<&'static str>| name.map_or(Ok(None), number);
    let index = number(scheduler.index)?.expect("it is set");
    let own = number(SHARDS_VARIABLE)?;
    // Who says the number of shards may submit them in pieces, or one again: then a task's own number counts, not its place in this array.
    let (mut first, mut step) = (scheduler.or_first, 1);
    let mut counted = find(scheduler.count)?;
    if own.is_none() {
        first = find(scheduler.first)?.unwrap_or(first);
        step = find(scheduler.step)?.unwrap_or(1).max(1);
        if let Some(last) = find(scheduler.last)?.filter(|last| *last >= first) {
            let of = (last - first) / step + 1;
            if let Some(count) = counted.filter(|count| *count != of) {
                let message = format!("error: --shard auto: the array has holes: {count} tasks from {first} to {last} in steps of {step}");
                return Err(format!("{message}\n  hint: set {SHARDS_VARIABLE} to the number of shards; tasks are then numbered from 1"));
            }
            counted = Some(of);
        }
    }
    let Some(of) = own.or(counted).filter(|of| (1..=SHARDS_MAX).contains(of)) else {
        let message = format!("error: --shard auto: {} does not say how many tasks there are", scheduler.name);
        return Err(format!("{message}\n  hint: set {SHARDS_VARIABLE} to their number"));
    };
    let place = index.checked_sub(first).filter(|beyond| beyond % step == 0).map(|beyond| beyond / step);
    match place.filter(|place| *place < of) {
        Some(place) => Ok(Shard { number: place + 1, of }),
        None => {
            let range = if step == 1 { String::new() } else { format!(" in steps of {step}") };
            let last = first + (of - 1) * step;
            Err(format!(
                "error: --shard auto: {} is {index}, outside of {first} to {last}{range}\n  hint: {}",
                scheduler.index,
                if scheduler.first.is_some() && own.is_none() { "submit one array" } else { "number the tasks so" }
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(variables: &str) -> Result<(u64, u64), String> {
        let find = |name: &str| {
            variables.split(' ').find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name)).map(|(_, value)| value.to_string())
        };
        auto(find).map(|shard| (shard.number, shard.of))
    }

    #[test]
    fn array_jobs_are_understood() {
        for (variables, wanted) in [
            ("SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=4 SLURM_ARRAY_TASK_COUNT=4", (3, 4)),
            ("SLURM_ARRAY_TASK_ID=0 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=3", (1, 4)),
            ("SLURM_ARRAY_TASK_ID=33 SLURM_ARRAY_TASK_MIN=33 SLURM_ARRAY_TASK_MAX=64 KUBESIM_SHARDS=64", (33, 64)),
            ("SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_MIN=3 SLURM_ARRAY_TASK_MAX=7 SLURM_ARRAY_TASK_COUNT=2 KUBESIM_SHARDS=8", (7, 8)),
            ("SLURM_ARRAY_TASK_ID=14 SLURM_ARRAY_TASK_MIN=10 SLURM_ARRAY_TASK_MAX=16 SLURM_ARRAY_TASK_STEP=2", (3, 4)),
            ("JOB_COMPLETION_INDEX=0 KUBESIM_SHARDS=8", (1, 8)),
            ("AWS_BATCH_JOB_ARRAY_INDEX=9 AWS_BATCH_JOB_ARRAY_SIZE=10", (10, 10)),
            ("SGE_TASK_ID=2 SGE_TASK_FIRST=1 SGE_TASK_LAST=5 SGE_TASK_STEPSIZE=1", (2, 5)),
            ("SGE_TASK_ID=4 SGE_TASK_FIRST=4 SGE_TASK_LAST=4 SGE_TASK_STEPSIZE=1 KUBESIM_SHARDS=5", (4, 5)),
            ("SGE_TASK_ID=undefined PBS_ARRAY_INDEX=5 KUBESIM_SHARDS=5", (5, 5)),
            ("PBS_ARRAYID=1 KUBESIM_SHARDS=3", (1, 3)),
        ] {
            assert_eq!(of(variables), Ok(wanted), "{variables}");
        }
        for (variables, wanted) in [
            ("", "this is no task of an array job"),
            ("SGE_TASK_ID=undefined", "this is no task of an array job"),
            ("JOB_COMPLETION_INDEX=0", "set KUBESIM_SHARDS to their number"),
            ("JOB_COMPLETION_INDEX=4 KUBESIM_SHARDS=4", "outside of 0 to 3"),
            ("PBS_ARRAY_INDEX=0 KUBESIM_SHARDS=4", "outside of 1 to 4"),
            ("SLURM_ARRAY_TASK_ID=x", "which is no number"),
            ("SLURM_ARRAY_TASK_ID=3 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=7 SLURM_ARRAY_TASK_COUNT=3", "the array has holes"),
            ("SLURM_ARRAY_TASK_ID=0 SLURM_ARRAY_TASK_MIN=0 SLURM_ARRAY_TASK_MAX=3 KUBESIM_SHARDS=4", "outside of 1 to 4"),
        ] {
            assert!(of(variables).unwrap_err().contains(wanted), "{variables}");
        }
    }

    #[test]
    fn shards_part_the_grid() {
        let shards: Vec<Shard> = (1..=3).map(|number| Shard { number, of: 3 }).collect();
        for place in 0..20 {
            assert_eq!(shards.iter().filter(|shard| shard.holds(place)).count(), 1);
        }
        assert_eq!(Shard::parse(" 2/3"), Ok(shards[1]));
        for bad in ["0/3", "4/3", "1", "a/b", "1/0", "-1/3"] {
            assert!(Shard::parse(bad).unwrap_err().contains("is no shard"), "{bad}");
        }
    }
}
