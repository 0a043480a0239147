//! Everything that reads what users write, one function a kind of input: whatever the bytes are, it must not panic, hang or take all
//! memory. The fuzz targets (`fuzz/`) and the tests of `tests/any_input.rs` call the same functions.

use kubesim::base::{Span, Time};
use kubesim::kubectl;
use kubesim::manifest::{Source, read};
use kubesim::model::Object;
use kubesim::scenario::{self, Overrides, Scenario};
use kubesim::scheduler::config::SchedulerConfiguration;
use kubesim::scheduler::driver::SchedulerDriver;
use kubesim::scheduler::vectors;
use kubesim::workload::pods::{Template, capacity};
use kubesim::workload::schedule::{Builder, Window};
use kubesim::workload::traces::lines::Lines;
use kubesim::workload::traces::{FORMATS, Settings, simkube};
use kubesim::world::{Options, World};
use std::io::Cursor;

/// A kind of input: the name of its fuzz target and of its folder of seeds, and what reads it.
pub type Input = (&'static str, fn(&[u8]));

/// All of them.
#[allow(dead_code, reason = "each fuzz target uses one")]
pub const ALL: &[Input] = &[
    ("manifests", manifests),
    ("scenarios", scenarios),
    ("scheduler_config", scheduler_config),
    ("traces", traces),
    ("golden_lines", golden_lines),
    ("kubectl_lines", kubectl_lines),
];

/// Worlds are only played if they have no more pods and machines than these.
const OBJECTS_MAX: i64 = 40;
/// Lines of a timeline in a world that is played, at most.
const STEPS_MAX: usize = 20;
/// How long worlds are played.
const PLAYED: Time = Time::from_s(60);

/// Manifests, as `kubectl apply -f` takes them: read, checked strictly, defaulted, validated, written and read again.
pub fn manifests(bytes: &[u8]) {
    let Ok(source) = Source::from_bytes("input.yaml", bytes) else { return };
    let items = match read::items(&source) {
        Ok(items) => items,
        Err(error) => return drop(error.to_string()),
    };
    for item in items {
        match kubectl::checked(&item) {
            Err(error) => drop(error.to_string()),
            Ok(manifest) => {
                let json = manifest.object.to_json();
                let again = Object::from_json(json.clone()).expect("what was written can be read");
                assert_eq!(again.to_json(), json, "written twice, it says the same");
            }
        }
    }
}

/// Scenario files: read and checked; small ones are played for a minute.
pub fn scenarios(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if names_files(text) {
        return;
    }
    match scenario::parse_with("nowhere/input.yaml", text, &Overrides::default(), &mut std::io::empty()) {
        Ok(scenario) => play(&scenario),
        Err(error) => drop(error.to_string()),
    }
}

/// A scheduler's configuration: read, checked, and a scheduler made of it.
pub fn scheduler_config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match SchedulerConfiguration::from_text(text) {
        Ok(config) => drop(SchedulerDriver::new(&config).map(|_| ())),
        Err(error) => drop(error.to_string()),
    }
}

/// Traces: the first byte chooses the format, the rest is the file. Its pods and machines become objects.
pub fn traces(bytes: &[u8]) {
    let Some((&which, text)) = bytes.split_first() else { return };
    let text = text.to_vec();
    let Some(format) = FORMATS.get(which as usize % (FORMATS.len() + 1)) else { return simkube_trace(text) };
    let lines = || Lines::from_reader("input", Cursor::new(text.clone()));
    let window = Window { from: Span::ZERO, to: Span(u64::MAX), limit: 1_000, speed: 1.5, running: true, end: Time::from_s(1 << 30) };
    let mut builder = Builder::new(Template::default(), window, format.names_are_unique);
    if let Ok(pods) = (format.pods)(lines(), Settings::default()) {
        // What is numbered in the millions is as right as what is numbered in the tens.
        let pods = pods.map(|row| row.map(|row| kubesim::workload::PodRow { count: row.count.min(20), ..row }));
        drop(builder.take("input", pods).map_err(|error| error.to_string()));
        let schedule = builder.finish();
        for number in 0..schedule.len().min(50) {
            drop((schedule.at(number), schedule.pod(number).to_json()));
        }
    }
    if let Some(nodes) = format.nodes
        && let Ok(rows) = nodes(lines(), Settings::default())
    {
        rows.map_while(Result::ok).for_each(|row| drop(capacity(&row)));
    }
}

fn simkube_trace(bytes: Vec<u8>) {
    let Ok(survey) = simkube::survey("input", Box::new(Cursor::new(bytes.clone()))) else { return };
    let each = &mut |event: simkube::Event| {
        for mut object in event.applied {
            simkube::with_lifetime(&mut object, &survey.lifetimes);
        }
        Ok(())
    };
    drop(simkube::events("input", Box::new(Cursor::new(bytes)), each).map_err(|error| error.to_string()));
}

/// Lines of recorded scheduling: frozen clusters with a queue, which is scheduled.
pub fn golden_lines(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    for line in text.lines().take(4) {
        drop(vectors::run_line(line));
    }
}

/// Lines for kubectl, one a line of the text; those that can be read are carried out in a small cluster.
pub fn kubectl_lines(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let mut lines = Vec::new();
    for line in text.lines().take(STEPS_MAX) {
        match kubectl::parse(line) {
            Ok(command) if command.filenames.is_empty() => lines.push(line),
            Ok(_) => {}
            Err(error) => drop((error.hint(), error.summary(), error.to_string())),
        }
    }
    if lines.is_empty() {
        return;
    }
    let step = |(at, line): (usize, &&str)| serde_json::json!({"at": format!("{}s", 10 + at), "kubectl": line});
    let timeline: Vec<_> = lines.iter().enumerate().map(step).collect();
    let text = SMALL.replace("TIMELINE", &serde_json::Value::from(timeline).to_string());
    match scenario::parse("nowhere/input.yaml", &text) {
        Ok(scenario) => play(&scenario),
        Err(error) => drop(error.to_string()),
    }
}

/// A cluster with something of everything, to give commands to.
const SMALL: &str = r#"{"apiVersion": "kubesim/v1alpha1", "kind": "Scenario", "duration": "1m",
"cluster": {"nodes": [{"count": 3, "name": "a-#", "zone": "z", "cpu": 4, "memory": "8Gi"}]},
"manifests": [
{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "labels": {"app": "web"}}, "spec": {"replicas": 2, "selector": {"matchLabels": {"app": "web"}},
 "template": {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "x/web:1", "ports": [{"containerPort": 80}], "resources": {"requests": {"cpu": "100m"}}}]}}}},
{"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": {"serviceName": "db", "replicas": 1, "selector": {"matchLabels": {"app": "db"}},
 "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "c", "image": "x/db:1"}]}}}},
{"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent"}, "spec": {"selector": {"matchLabels": {"app": "agent"}},
 "template": {"metadata": {"labels": {"app": "agent"}}, "spec": {"containers": [{"name": "c", "image": "x/agent:1"}]}}}},
{"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "tick"}, "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "x/job:1"}]}}}}}},
{"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"}, "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}},
{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]}},
{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "cities"}, "data": {"a": "b"}},
{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare"}, "spec": {"containers": [{"name": "c", "image": "x/bare:1"}]}}],
"containers": [{"image": "x/*", "start": "1s"}],
"timeline": TIMELINE}"#;

/// Whether a text may name files outside: what lies on this machine must not decide.
fn names_files(text: &str) -> bool {
    let absolute = |at: usize| !text[..at].chars().next_back().is_some_and(|c| c.is_alphanumeric() || ".-_*".contains(c));
    text.contains("..") || text.contains("\\") || text.match_indices('/').any(|(at, _)| absolute(at))
}

/// Plays a scenario for a minute if it is small.
fn play(scenario: &Scenario) {
    let objects = scenario.manifests.iter().map(|manifest| &manifest.object).chain(&scenario.cluster.dump);
    let many: i64 = objects.map(weight).fold(0, i64::saturating_add).saturating_add(scenario.cluster.nodes.len() as i64);
    if many > OBJECTS_MAX || scenario.timeline.len() > STEPS_MAX || scenario.workload.is_some() {
        return;
    }
    if let Ok(mut world) = World::new(scenario, Options::default()) {
        world.run_until(scenario.end().min(PLAYED));
        drop(world.verdicts());
    }
}

/// How many pods an object may make.
fn weight(object: &Object) -> i64 {
    let json = object.to_json();
    let number = |path: &str| json.pointer(path).and_then(serde_json::Value::as_i64).unwrap_or(1).max(1);
    let paths = ["/spec/replicas", "/spec/parallelism", "/spec/minReplicas", "/spec/jobTemplate/spec/parallelism"];
    paths.into_iter().map(number).max().unwrap_or(1)
}
