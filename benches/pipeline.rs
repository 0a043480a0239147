//! The whole pipeline, measured. Figures go to standard output; `docs/performance.md` keeps those of record.
//!
//! `cargo bench --bench pipeline` runs all in small; `cargo bench --bench pipeline -- KIND SIZES...` one of them:
//! - `rollout NODES PODS`: Deployments of 100 pods until all are ready, then one rolling update of everything;
//! - `quiet NODES HOURS`: nothing happens;
//! - `backlog NODES PODS`: pods that run for a minute, far more than fit at once, to the end;
//! - `month NODES DAYS`: one Deployment whose load and autoscaler go up and down once a day.

use kubesim::api::Verb;
use kubesim::base::{Span, Time};
use kubesim::model::{Kind, Obj};
use kubesim::scenario::{self, Overrides};
use kubesim::store::Key;
use kubesim::world::{Options, World};
use std::fmt::Write;
use std::time::Instant;

const REPLICAS: usize = 100;

fn scenario_text(nodes: usize, duration: &str, more: &str) -> String {
    format!(
        "apiVersion: kubesim/v1alpha1\nkind: Scenario\nname: bench\nduration: {duration}\ncluster:\n  nodes:\n    \
         - {{count: {nodes}, name: \"n-#\", zone: z1, cpu: 32, memory: 256Gi}}\n  controllerManager: {{kubeAPIQPS: 1000, kubeAPIBurst: 2000}}\n  \
         scheduler: scheduler.yaml\n{more}"
    )
}

const CONTAINERS: &str = "containers:\n  - image: \"*\"\n    size: 50Mi\n    start: 1s\n";
/// The scheduler's client is not what is measured.
const SCHEDULER: &str = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\nclientConnection: {qps: -1}\n";

fn deployments(pods: usize) -> String {
    let mut text = String::new();
    for number in 0..pods / REPLICAS {
        let _ = write!(
            text,
            "---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: d{number}}}\nspec:\n  replicas: {REPLICAS}\n  selector: {{matchLabels: {{app: d{number}}}}}\n  \
             template:\n    metadata: {{labels: {{app: d{number}}}}}\n    spec:\n      containers:\n        - {{name: c, image: \"app:1\", resources: {{requests: {{cpu: 100m, memory: 128Mi}}}}}}\n"
        );
    }
    text
}

/// A figure of this process's memory in MiB (Linux).
fn memory_mib(what: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(what)).unwrap_or("");
    line.split_whitespace().nth(1).and_then(|number| number.parse().ok()).unwrap_or(0.0) / 1024.0
}

fn world(name: &str, text: &str, files: &[(&str, String)]) -> (World, Time) {
    let dir = std::env::temp_dir().join(format!("kubesim-bench-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    std::fs::write(dir.join("scheduler.yaml"), SCHEDULER).unwrap();
    files.iter().for_each(|(file, content)| std::fs::write(dir.join(file), content).unwrap());
    std::fs::write(dir.join("scenario.yaml"), text).unwrap();
    let scenario = scenario::load(&dir.join("scenario.yaml").display().to_string(), &Overrides::default(), &mut std::io::empty()).unwrap();
    let _ = std::fs::remove_dir_all(&dir);
    let world = World::new(&scenario, Options { metrics: false, replay: false, ..Options::default() }).unwrap();
    (world, scenario.end())
}

/// Prints how long a part took and what it needed.
#[allow(clippy::disallowed_methods)] // A benchmark measures wall time.
fn measured(name: &str, world: &mut World, part: impl FnOnce(&mut World) -> String) {
    let (begin, before) = (Instant::now(), world.sim.counters());
    let said = part(world);
    let (wall, after) = (begin.elapsed().as_secs_f64(), world.sim.counters());
    println!(
        "{name}: {said}, {wall:.2} s wall, {} events, {} commits, {} requests; resident {:.0} MiB, at most {:.0} MiB",
        after.events - before.events,
        after.commits - before.commits,
        after.requests - before.requests,
        memory_mib("VmRSS:"),
        memory_mib("VmHWM:")
    );
}

/// Runs in steps of five seconds until something is so.
fn run_while(world: &mut World, end: Time, goes_on: impl Fn(&World) -> bool) {
    while world.sim.now() < end && goes_on(world) {
        let until = world.sim.now() + Span::from_s(5);
        world.run_until(until);
    }
}

/// How many Deployments have all replicas ready, of the present template.
fn done(world: &World) -> usize {
    let is_done = |object: &Obj| {
        let deployment = object.as_deployment().unwrap();
        let (wanted, status) = (deployment.spec.replicas.unwrap_or(1), &deployment.status);
        status.observed_generation == object.meta.generation
            && [status.replicas, status.updated_replicas, status.ready_replicas].iter().all(|count| *count == wanted)
    };
    world.sim.store().now().list(Kind::Deployment).filter(|(_, object)| is_done(object)).count()
}

fn rollout(nodes: usize, pods: usize) {
    let text = scenario_text(nodes, "12h", &format!("manifests: [deployments.yaml]\n{CONTAINERS}"));
    let all = pods / REPLICAS;
    let (mut world, end) = world("rollout", &text, &[("deployments.yaml", deployments(pods))]);
    measured("rollout", &mut world, |world| {
        run_while(world, end, |world| done(world) < all);
        format!("{nodes} nodes, {pods} pods, {} of {all} Deployments ready after {}", done(world), world.sim.now())
    });
    measured("update", &mut world, |world| {
        let begin = world.sim.now();
        for number in 0..all {
            let key = Key { kind: Kind::Deployment, group_kind: "".into(), namespace: "default".into(), name: format!("d{number}").into() };
            let edit = Verb::edit(key, |object| {
                let deployment = object.as_deployment_mut().unwrap();
                let template = &mut std::sync::Arc::make_mut(&mut deployment.spec).template;
                template.metadata.annotations.set("bench/version", "2");
            });
            world.sim.request_now(edit).unwrap();
        }
        run_while(world, end, |world| done(world) < all);
        format!("{} of {all} Deployments updated in {}", done(world), world.sim.now() - begin)
    });
}

fn quiet(nodes: usize, hours: u64) {
    let (mut world, end) = world("quiet", &scenario_text(nodes, &format!("{hours}h"), CONTAINERS), &[]);
    measured("quiet", &mut world, |world| {
        world.run_until(end);
        format!("{nodes} nodes, {hours} h")
    });
}

fn backlog(nodes: usize, pods: usize) {
    let node = |number: usize| format!("n-{number},1600,65536,0,,z1\n");
    let nodes_file = "name,cpu_milli,memory_mib,gpus,gpu_model,zone\n".to_string() + &(0..nodes).map(node).collect::<String>();
    let pods_file = format!("name,at_s,duration_s,cpu_milli,memory_mib,priority,count\np,1,60,100,100,0,{pods}\n");
    let text =
        "apiVersion: kubesim/v1alpha1\nkind: Scenario\nname: bench\nduration: 6h\ncluster:\n  scheduler: scheduler.yaml\nworkload:\n  \
         trace: {format: csv, file: pods.csv, nodes: nodes.csv}\n  pod:\n    spec:\n      restartPolicy: Never\n      \
         containers: [{name: work, image: \"batch:v1\"}]\n"
            .to_string()
            + CONTAINERS;
    let (mut world, end) = world("backlog", &text, &[("nodes.csv", nodes_file), ("pods.csv", pods_file)]);
    let left = |world: &World| {
        let is_left = |object: &Obj| !object.as_pod().unwrap().is_terminal();
        world.sim.store().now().list(Kind::Pod).filter(|(_, object)| is_left(object)).count()
    };
    measured("backlog", &mut world, |world| {
        world.run_until(Time::from_s(30));
        run_while(world, end, |world| left(world) > 0);
        format!("{nodes} nodes of 16 places, {pods} pods of a minute, {} left after {}", left(world), world.sim.now())
    });
}

fn month(nodes: usize, days: u64) {
    let app = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: shop}\nspec:\n  selector: {matchLabels: {app: shop}}\n  template:\n    \
         metadata: {labels: {app: shop}}\n    spec:\n      containers:\n        - {name: c, image: \"shop:1\", ports: [{containerPort: 80}], \
         resources: {requests: {cpu: 500m, memory: 256Mi}}}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec:\n  \
         selector: {app: shop}\n  ports: [{port: 80}]\n---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: shop}\n\
         spec:\n  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: shop}\n  minReplicas: 3\n  maxReplicas: 40\n  metrics:\n    \
         - {type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 60}}}\n";
    let stage = |day: u64| format!("{{at: {}h, target: 2000, over: 6h}}, {{at: {}h, target: 200, over: 6h}}", day * 24 + 6, day * 24 + 16);
    let stages = (0..days).map(stage).collect::<Vec<_>>().join(", ");
    let load = format!("load:\n  - {{service: shop, rps: 200, stages: [{stages}]}}\n");
    let serves = CONTAINERS.to_string() + "    uses: {cpu: 20m, memory: 100Mi}\n    serves: {cpu: 5ms, time: 20ms}\n";
    let text = scenario_text(nodes, &format!("{}h", days * 24), &format!("manifests: [app.yaml]\n{serves}{load}"));
    let (mut world, end) = world("month", &text, &[("app.yaml", app.into())]);
    measured("month", &mut world, |world| {
        let mut most = 0;
        while world.sim.now() < end {
            let until = (world.sim.now() + Span::from_s(3_600)).min(end);
            world.run_until(until);
            most = most.max(world.sim.store().now().list(Kind::Pod).count());
        }
        format!("{nodes} nodes, {days} days, {most} pods at most")
    });
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let number = |at: usize, default: usize| words.get(at).and_then(|word| word.parse().ok()).unwrap_or(default);
    match words.first().map(String::as_str) {
        Some("rollout") => rollout(number(1, 1_000), number(2, 10_000)),
        Some("quiet") => quiet(number(1, 1_000), number(2, 24) as u64),
        Some("backlog") => backlog(number(1, 100), number(2, 20_000)),
        Some("month") => month(number(1, 1_000), number(2, 30) as u64),
        Some(other) => panic!("no such kind: {other}"),
        None => {
            quiet(1_000, 24);
            rollout(1_000, 10_000);
            backlog(100, 3_000);
            month(1_000, 3);
        }
    }
}
