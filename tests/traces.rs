//! Every trace format from file to run: small synthetic look-alikes of each are played, and bad files are refused with their row.

use kubesim::scenario::{self, Scenario, Workload};
use kubesim::world::{Options, World};
use std::path::Path;

/// A scenario whose workload is a trace of `tests/traces`.
fn scenario(trace: &str) -> Result<Scenario, String> {
    let text = format!(
        "apiVersion: kubesim/v1alpha1\nkind: Scenario\nname: t\nduration: 10m\n\
         cluster: {{nodes: [{{count: 2, cpu: 16, memory: 64Gi}}]}}\nworkload:\n  trace: {trace}\n"
    );
    scenario::parse("tests/traces/t.yaml", &text).map_err(|error| error.to_string())
}

/// What the world holds at the end: `name node phase` of each pod.
fn played(scenario: &Scenario) -> Vec<String> {
    let mut world = World::new(scenario, Options::default()).unwrap();
    world.run_until(scenario.end());
    let view = world.sim.store().now();
    let pods = view.list(kubesim::model::Kind::Pod);
    let mut told: Vec<String> = pods
        .map(|(_, object)| {
            let pod = object.as_pod().unwrap();
            format!("{} {} {}", object.meta.name, if pod.is_bound() { "placed" } else { "waits" }, pod.status.phase)
        })
        .collect();
    told.sort();
    told
}

#[test]
fn each_format_is_played() {
    let cases: &[(&str, usize, &[&str])] = &[
        ("{format: csv, file: generic.csv}", 0, &["pod-2 placed Succeeded", "pod-3 placed Succeeded", "pod-4 placed Running"]),
        (
            "{format: openb, file: openb-pods.csv, nodes: openb-nodes.csv}",
            3,
            &[
                "made-up-pod-01 placed Succeeded",
                "made-up-pod-02 placed Succeeded",
                "made-up-pod-03 placed Succeeded",
                "made-up-pod-04 placed Succeeded",
            ],
        ),
        ("{format: openb, file: openb-pods-packed.csv.gz, nodes: openb-nodes.csv, limit: 1}", 3, &["made-up-pod-01 placed Succeeded"]),
        (
            "{format: alibaba-gpu-2025, file: alibaba-gpu-2025.csv}",
            0,
            &["made-up-1 waits Pending", "made-up-2 placed Succeeded", "made-up-3 placed Running"],
        ),
        (
            "{format: swf, file: jobs.swf, processorsPerPod: 2}",
            0,
            &["job-1-1 placed Succeeded", "job-1-2 placed Succeeded", "job-2 placed Succeeded", "job-4 placed Succeeded"],
        ),
        (
            "{format: google-borg-2019, file: borg-instances.json, nodes: borg-machines.csv, machine: {cpu: 32, memory: 128Gi}}",
            2,
            &["101-0 placed Running", "102-3 placed Succeeded"],
        ),
        (
            "{format: alibaba-2018-batch-task, file: alibaba-2018-batch_task.csv, nodes: alibaba-2018-machine_meta.csv}",
            2,
            &["j-1-m1-1 placed Succeeded", "j-1-m1-2 placed Succeeded", "j-1-r2-1 placed Succeeded", "j-2-task-bwfkzs11ca placed Running"],
        ),
        (
            "{format: alibaba-2018-batch-instance, file: alibaba-2018-batch_instance.csv, nodes: alibaba-2018-machine_meta.csv}",
            2,
            &["j-1-m1-1-1 placed Succeeded", "j-1-m1-2-1 placed Succeeded", "j-1-r2-1-3-1 placed Succeeded"],
        ),
        (
            "{format: alibaba-2018-container, file: alibaba-2018-container_meta.csv, nodes: alibaba-2018-machine_meta.csv}",
            2,
            &["c-1 placed Running", "c-2 placed Running"],
        ),
    ];
    for (trace, machines, wanted) in cases {
        let scenario = scenario(trace).unwrap_or_else(|error| panic!("{trace}: {error}"));
        assert_eq!(scenario.cluster.nodes.len(), 2 + machines, "{trace}");
        assert_eq!(played(&scenario), *wanted, "{trace}");
    }
}

#[test]
fn normalised_amounts_are_shares_of_the_largest_machine() {
    let trace = "{format: google-borg-2019, file: borg-instances.json, nodes: borg-machines.csv, machine: {cpu: 32, memory: 128Gi}}";
    let scenario = scenario(trace).unwrap();
    let node = scenario.cluster.nodes[2].to_json();
    assert_eq!((&node["status"]["capacity"]["cpu"], &node["status"]["capacity"]["memory"]), (&"32".into(), &"64Gi".into()));
    assert_eq!(node["metadata"]["labels"]["topology.kubernetes.io/zone"], "made-up-switch-1");
    let Some(Workload::Trace(schedule)) = &scenario.workload else { panic!("no trace") };
    let pod = schedule.pod(0).to_json();
    assert_eq!(pod["spec"]["containers"][0]["resources"]["requests"], serde_json::json!({"cpu": "4", "memory": "8Gi"}));
    let classes = scenario::initial_objects(&scenario).into_iter().filter(|object| object.kind_name() == "PriorityClass");
    assert_eq!(classes.map(|class| class.meta.name.to_string()).collect::<Vec<_>>(), ["trace-25", "trace-200"]);
}

#[test]
fn a_simkube_trace_is_applied_and_deleted() {
    let scenario = scenario("{format: simkube, file: simkube-v2.sktrace}").unwrap();
    assert_eq!(scenario.timeline.len(), 5, "the namespace, and an event each");
    let mut world = World::new(&scenario, Options::default()).unwrap();
    world.run_until(kubesim::base::Time::from_s(100));
    let count = |world: &World, app: &str| {
        let pods = world.sim.store().now();
        pods.list(kubesim::model::Kind::Pod).filter(|(_, pod)| pod.meta.labels.get("app") == Some(app)).count()
    };
    assert_eq!((count(&world, "web"), count(&world, "sum")), (4, 2));
    let ended = {
        let view = world.sim.store().now();
        let pods: Vec<_> = view.list(kubesim::model::Kind::Pod).map(|(_, pod)| pod.clone()).collect();
        let sums = pods.iter().filter(|pod| pod.meta.labels.get("app") == Some("sum"));
        sums.map(|pod| pod.as_pod().unwrap().status.phase.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(ended, ["Succeeded", "Succeeded"], "the lifecycles say 25 seconds");
    world.run_until(scenario.end());
    assert_eq!((count(&world, "web"), count(&world, "sum")), (0, 2));
}

#[test]
fn bad_files_are_refused_with_file_row_and_hint() {
    let folder = std::env::temp_dir().join(format!("kubesim-traces-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let refused = |name: &str, bytes: &[u8], trace: &str| {
        let path = folder.join(name);
        std::fs::write(&path, bytes).unwrap();
        let error = scenario(&trace.replace("FILE", &path.display().to_string())).expect_err(name);
        error.replace(&folder.display().to_string(), "DIR")
    };
    let bad_row = refused("a.csv", b"at_s,cpu_milli,memory_mib\n0,500,64\n1,5oo,64\n", "{format: csv, file: FILE}");
    assert_eq!(bad_row, "error: DIR/a.csv:3:3: cpu_milli: \"5oo\" is no number\n   3 | 1,5oo,64\n     |   ^^^ a number such as 12 or 0.5");
    let twice = refused("b.csv", b"at_s,cpu_milli,memory_mib,name\n0,1,1,a\n0,1,1,a\n", "{format: csv, file: FILE}");
    assert!(twice.contains("DIR/b.csv:3: a second pod is named \"a\""), "{twice}");
    let other = refused("c.csv", &std::fs::read("tests/traces/openb-pods.csv").unwrap(), "{format: csv, file: FILE}");
    assert!(other.contains("DIR/c.csv:1:1: unknown column \"name\"") || other.contains("unknown column \"num_gpu\""), "{other}");
    let packed = std::fs::read("tests/traces/openb-pods-packed.csv.gz").unwrap();
    let cut = refused("d.csv.gz", &packed[..packed.len() - 20], "{format: openb, file: FILE}");
    assert!(cut.contains("DIR/d.csv.gz:") && cut.contains("the compressed file is not complete"), "{cut}");
    let binary = refused("e.csv", b"at_s,cpu_milli,memory_mib\n\xff\xfe,1,1\n", "{format: csv, file: FILE}");
    assert!(binary.contains("DIR/e.csv:2: the line is not UTF-8"), "{binary}");
    let pack = std::fs::read("tests/traces/simkube-v2.sktrace").unwrap();
    let cut = refused("f.sktrace", &pack[..600], "{format: simkube, file: FILE}");
    assert!(cut.contains("DIR/f.sktrace: event") && cut.contains("the file is not complete"), "{cut}");
    let old = refused("g.sktrace", b"\x81\xa7version\x01", "{format: simkube, file: FILE}");
    assert!(old.contains("version 1 of SimKube's traces cannot be read"), "{old}");
    let none = refused("h.sktrace", b"\x92\x01\x02", "{format: simkube, file: FILE}");
    assert!(none.contains("a SimKube trace is a map"), "{none}");
    std::fs::remove_dir_all(&folder).unwrap();
}

/// Damages a file in a few places, as the generator says.
fn damaged(bytes: &[u8], seed: u64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let mut bytes = bytes.to_vec();
    for _ in 0..1 + next(4) {
        let at = next(bytes.len());
        match next(5) {
            0 => bytes[at] = next(256) as u8,
            1 => drop(bytes.remove(at)),
            2 => bytes.insert(at, b"0123456789-.,\n\"e"[next(16)]),
            3 => bytes.truncate(at.max(1)),
            _ => {
                let run = bytes[at..(at + 1 + next(20)).min(bytes.len())].to_vec();
                bytes.splice(at..at, run.repeat(1 + next(3)));
            }
        }
    }
    bytes
}

#[test]
fn damaged_files_are_read_or_refused_and_nothing_else() {
    let folder = std::env::temp_dir().join(format!("kubesim-damaged-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let files = [
        ("csv", "generic.csv"),
        ("openb", "openb-pods.csv"),
        ("openb", "openb-pods-packed.csv.gz"),
        ("alibaba-gpu-2025", "alibaba-gpu-2025.csv"),
        ("swf", "jobs.swf"),
        ("google-borg-2019", "borg-instances.json"),
        ("alibaba-2018-batch-task", "alibaba-2018-batch_task.csv"),
        ("alibaba-2018-batch-instance", "alibaba-2018-batch_instance.csv"),
        ("alibaba-2018-container", "alibaba-2018-container_meta.csv"),
        ("simkube", "simkube-v2.sktrace"),
    ];
    let (mut taken, mut refused) = (0, 0);
    for (format, file) in files {
        let sound = std::fs::read(format!("tests/traces/{file}")).unwrap();
        for seed in 0..150 {
            let path = folder.join(file);
            std::fs::write(&path, damaged(&sound, seed)).unwrap();
            match scenario(&format!("{{format: {format}, file: {}}}", path.display())) {
                Ok(_) => taken += 1,
                Err(error) => {
                    assert!(error.starts_with("error: "), "{error}");
                    refused += 1;
                }
            }
        }
    }
    assert!(taken > 100 && refused > 300, "{taken} {refused}");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn bad_settings_have_their_place() {
    for (trace, wanted) in [
        ("{format: sfw, file: jobs.swf}", "did you mean \"swf\"?"),
        ("{format: swf, file: job.swf}", "did you mean \"jobs.swf\"?"),
        ("{format: swf, file: jobs.swf, nodes: openb-nodes.csv}", "the format swf has no table of machines"),
        ("{format: swf, file: jobs.swf, form: 5s}", "did you mean \"from\"?"),
        ("{format: swf, file: jobs.swf, from: 5h, to: 4h}", "is not after 5h"),
        ("{format: swf, file: jobs.swf, from: 5h}", "no pod of the trace falls into the run"),
        ("{format: swf, file: jobs.swf, speed: 0}", "a speed is a number"),
        ("{format: swf, file: jobs.swf, processorsPerPod: 0}", "at least 1 processor"),
        ("{format: openb, file: openb-pods.csv, gpus: half}", "whole or shared"),
        ("{format: simkube, file: simkube-v2.sktrace, limit: 4}", "`limit` does not go with `format: simkube`"),
        ("{file: jobs.swf}", "`trace` needs `format`"),
    ] {
        let shown = scenario(trace).expect_err(trace);
        assert!(shown.contains("tests/traces/t.yaml:") && shown.contains(wanted), "{trace}: {shown}");
    }
    assert!(Path::new("tests/traces/jobs.swf").exists());
}
