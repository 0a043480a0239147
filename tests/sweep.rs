//! Sweeps as users run them: shards that know nothing of each other, runs that were cut off, a process that is killed.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder of this test alone.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("kubesim-sweep-test-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kubesim"));
    for variable in
        ["SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "AWS_BATCH_JOB_ARRAY_INDEX", "SGE_TASK_ID", "PBS_ARRAY_INDEX", "PBS_ARRAYID"]
    {
        command.env_remove(variable);
    }
    command.arg("sweep").args(args);
    command
}

fn sweep(args: &[&str]) -> Output {
    command(args).output().unwrap()
}

fn grid<'a>(dir: &'a Path, seeds: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut args = vec!["tests/sweep/tiny.yaml", "--policies", "FGD,BestFit", "--seeds", seeds, "--out", dir.to_str().unwrap()];
    args.extend(more);
    args
}

/// The hash that `sweep merge` prints.
fn merged(dir: &Path) -> String {
    let output = sweep(&["merge", dir.to_str().unwrap()]);
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    told.trim().rsplit(' ').next().unwrap().to_string()
}

fn refused(output: Output) -> String {
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn shards_make_the_same_table_as_one_process() {
    let (one, many) = (folder("one"), folder("many"));
    assert!(sweep(&grid(&one, "1..6", &[])).status.success());
    for number in ["3/4", "1/4", "4/4"] {
        assert!(sweep(&grid(&many, "1..6", &["--shard", number, "--jobs", "1"])).status.success());
    }
    let gaps = refused(sweep(&["merge", many.to_str().unwrap()]));
    assert!(gaps.contains("3 of 12 runs are not there") && gaps.contains("tests/sweep/tiny.yaml, "), "{gaps}");
    assert!(!many.join("merged.csv").exists(), "nothing is written while something is missing");
    let mut last = command(&grid(&many, "1..6", &["--shard", "auto"]));
    assert!(last.env("JOB_COMPLETION_INDEX", "1").env("KUBESIM_SHARDS", "4").status().unwrap().success());
    assert_eq!(merged(&one), merged(&many));
    assert_eq!(std::fs::read(one.join("merged.csv")).unwrap(), std::fs::read(many.join("merged.csv")).unwrap());
    for dir in [one, many] {
        std::fs::remove_dir_all(dir).unwrap();
    }
}

#[test]
fn what_is_there_is_kept_and_what_is_broken_is_done_again() {
    let dir = folder("again");
    assert!(sweep(&grid(&dir, "1..2", &[])).status.success());
    let hash = merged(&dir);
    let mut runs: Vec<PathBuf> = std::fs::read_dir(dir.join("runs")).unwrap().map(|entry| entry.unwrap().path()).collect();
    runs.sort();
    let text = std::fs::read_to_string(&runs[0]).unwrap();
    // A process that died while it wrote, before this was done beside the file; and what such a process leaves beside it.
    std::fs::write(&runs[0], &text[..text.len() / 2]).unwrap();
    std::fs::write(dir.join("runs").join(format!(".{}.77.tmp", runs[1].file_name().unwrap().to_string_lossy())), "{").unwrap();
    let gaps = refused(sweep(&["merge", dir.to_str().unwrap()]));
    assert!(gaps.contains("1 of 4 runs are not there") && gaps.contains("half written"), "{gaps}");
    let listed = String::from_utf8(sweep(&grid(&dir, "1..2", &["--list"])).stdout).unwrap();
    assert_eq!((listed.matches(" done ").count(), listed.matches(" bad ").count()), (3, 1));
    let again = sweep(&grid(&dir, "1..2", &[]));
    let told = String::from_utf8(again.stderr).unwrap();
    assert!(told.starts_with("4 runs: 1 played in") && told.contains("3 were there"), "{told}");
    assert_eq!((std::fs::read_to_string(&runs[0]).unwrap(), merged(&dir)), (text, hash));
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn a_killed_sweep_goes_on_where_it_was() {
    let (one, killed) = (folder("whole"), folder("killed"));
    let seeds = "1..300";
    assert!(sweep(&grid(&one, seeds, &[])).status.success());
    let mut child = command(&grid(&killed, seeds, &["--jobs", "1"])).stderr(Stdio::null()).spawn().unwrap();
    let count = || std::fs::read_dir(killed.join("runs")).map_or(0, Iterator::count);
    while count() < 3 && child.try_wait().unwrap().is_none() {
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(count() >= 3);
    assert!(sweep(&grid(&killed, seeds, &[])).status.success());
    assert_eq!(merged(&one), merged(&killed));
    for dir in [one, killed] {
        std::fs::remove_dir_all(dir).unwrap();
    }
}

#[test]
fn settings_are_axes_of_the_grid() {
    let dir = folder("axes");
    let out = dir.to_str().unwrap();
    let set = ["--set", "duration=5m", "--set", "duration=6m", "--set", "question=why"];
    let mut args = vec!["tests/sweep/tiny.yaml", "--policies", "FGD", "--seeds", "1", "--out", out];
    args.extend(set);
    assert!(sweep(&args).status.success());
    merged(&dir);
    let table = std::fs::read_to_string(dir.join("merged.csv")).unwrap();
    let rows: Vec<&str> = table.lines().collect();
    assert!(rows[0].starts_with("run,workload,policy,seed,duration,question,alloc_100"), "{}", rows[0]);
    let mut lengths: Vec<&str> = rows[1..].iter().map(|row| row.split(',').nth(4).unwrap()).collect();
    lengths.sort();
    assert_eq!(lengths, ["5m", "6m"]);
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn bad_input_leaves_nothing() {
    let dir = folder("bad");
    let out = dir.to_str().unwrap();
    let tiny = "tests/sweep/tiny.yaml";
    for (args, wanted) in [
        (vec!["tests/sweep/tinny.yaml", "--out", out], "did you mean \"tiny.yaml\"?"),
        (vec![tiny, "--policies", "FDG", "--out", out], "did you mean \"FGD\"?"),
        (vec![tiny, "--policies", "FGD,FGD", "--out", out], "policy \"FGD\" is there twice"),
        (vec![tiny, tiny, "--policies", "FGD", "--out", out], "the same run twice"),
        (vec![tiny, "--policies", "FGD", "--set", "workload.node=x", "--out", out], "did you mean \"nodes\"?"),
        (vec![tiny, "--policies", "FGD", "--shard", "3/2", "--out", out], "is no shard"),
        (vec![tiny, "--policies", "FGD", "--shard", "auto", "--out", out], "this is no task of an array job"),
        (vec!["-", "--policies", "FGD", "--out", out], "not from standard input"),
        (vec!["merge", out], "there is no sweep here"),
    ] {
        let told = refused(sweep(&args));
        assert!(told.contains(wanted), "{args:?}: {told}");
        assert!(!dir.exists(), "{args:?}");
    }
    assert!(sweep(&grid(&dir, "1", &[])).status.success());
    let other = refused(sweep(&grid(&dir, "2", &[])));
    assert!(other.contains("the folder belongs to another sweep (2 runs, not these 2)"), "{other}");
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn the_template_of_a_slurm_array_runs_its_shard() {
    let dir = folder("slurm");
    let task = |number: &str| {
        let mut script = Command::new("bash");
        script.args(["contrib/slurm-array.sh", "tests/sweep/tiny.yaml", "--policies", "FGD,BestFit", "--seeds", "1..3"]);
        script.env("KUBESIM", env!("CARGO_BIN_EXE_kubesim")).env("OUT", &dir).env("SLURM_ARRAY_TASK_ID", number);
        script.env("SLURM_ARRAY_TASK_MIN", "1").env("SLURM_ARRAY_TASK_MAX", "3").env("SLURM_ARRAY_TASK_COUNT", "3");
        script.env_remove("KUBESIM_SHARDS").output().unwrap()
    };
    for number in ["1", "2", "3"] {
        let output = task(number);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success() && told.contains(&format!("(shard {number}/3 of 6)")), "{told}");
    }
    merged(&dir);
    std::fs::remove_dir_all(dir).unwrap();
}

#[test]
fn the_template_of_an_indexed_job_is_a_job_and_its_numbers_agree() {
    let dir = folder("job");
    std::fs::create_dir_all(&dir).unwrap();
    let job = concat!(env!("CARGO_MANIFEST_DIR"), "/contrib/indexed-job.yaml");
    let scenario = dir.join("job.yaml");
    let cluster = "{nodes: [{count: 4, cpu: 8, memory: 32Gi}]}";
    let text = format!("apiVersion: kubesim/v1alpha1\nkind: Scenario\nname: job\nduration: 30s\nmanifests: [{job}]\ncluster: {cluster}\n");
    std::fs::write(&scenario, text).unwrap();
    let run = Command::new(env!("CARGO_BIN_EXE_kubesim")).arg("run").arg(&scenario).arg("--out").arg(dir.join("report")).output().unwrap();
    let told = String::from_utf8(run.stdout).unwrap();
    assert!(told.contains("job.batch/kubesim-sweep created") && told.contains("kubesim-sweep-0-"), "{told}");
    let text = std::fs::read_to_string(job).unwrap();
    let number = |before: &str| {
        let rest = text.split(before).nth(1).unwrap();
        rest.chars().take_while(char::is_ascii_digit).collect::<String>()
    };
    assert_eq!(number("completions: "), number("KUBESIM_SHARDS, value: \""));
    std::fs::remove_dir_all(dir).unwrap();
}
