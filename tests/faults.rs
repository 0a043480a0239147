//! Every fault of the timeline, and what users see of it: small scenarios, played, and the cluster asked.

use kubesim::base::{Span, Time};
use kubesim::faults::FAULTS;
use kubesim::model::{Kind, Obj};
use kubesim::scenario;
use kubesim::world::{Options, World};

const HEAD: &str = "apiVersion: kubesim/v1alpha1
kind: Scenario
duration: 1h
cluster:
  nodes:
    - {count: 2, name: \"a-#\", zone: za, cpu: 4, memory: 8Gi}
    - {count: 2, name: \"b-#\", zone: zb, cpu: 4, memory: 8Gi}
containers:
  - {image: web*, size: 100Mi, start: 1s, ready: {after: 1s}}
network: {registry: {bandwidth: 50Mi/s, latency: 0s}}
";

fn world(timeline: &[&str]) -> World {
    let steps: String = timeline.iter().map(|line| format!("  - {line}\n")).collect();
    let scenario = scenario::parse("faults.yaml", &format!("{HEAD}timeline:\n{steps}")).unwrap_or_else(|error| panic!("{error}"));
    World::new(&scenario, Options::default()).unwrap()
}

fn at_s(seconds: u64) -> Time {
    Time::ZERO + Span::from_s(seconds)
}

fn objects(world: &World, kind: Kind) -> Vec<Obj> {
    world.sim.store().now().list(kind).map(|(_, object)| object.clone()).collect()
}

/// Pods whose name begins so, in order of their names.
fn pods(world: &World, prefix: &str) -> Vec<Obj> {
    let mut found = objects(world, Kind::Pod);
    found.retain(|pod| pod.meta.name.starts_with(prefix));
    found.sort_by(|a, b| a.meta.name.cmp(&b.meta.name));
    found
}

fn ready(world: &World, prefix: &str) -> usize {
    pods(world, prefix).iter().filter(|pod| !pod.meta.is_deleting() && pod.as_pod().unwrap().is_ready()).count()
}

fn restarts(world: &World, prefix: &str) -> i32 {
    pods(world, prefix)
        .iter()
        .flat_map(|pod| pod.as_pod().unwrap().status.container_statuses.clone())
        .map(|status| status.restart_count)
        .sum()
}

/// What condition of a node says, with its reason.
fn condition(world: &World, node: &str, kind: &str) -> String {
    let node = world.sim.store().now().find(Kind::Node, "", node).unwrap().clone();
    let found = node.as_node().unwrap().status.conditions.iter().find(|condition| &*condition.r#type == kind).cloned();
    found.map_or("none".into(), |condition| format!("{}/{}", condition.status, condition.reason))
}

/// Reasons of the Events about objects whose name begins so.
fn events(world: &World, prefix: &str) -> Vec<String> {
    let all = objects(world, Kind::Event);
    let about = all.iter().filter(|event| event.as_event().unwrap().involved_object.name.starts_with(prefix));
    about.map(|event| event.as_event().unwrap().reason.to_string()).collect()
}

#[test]
fn registry_slow_makes_pulls_long() {
    let usual = |timeline: &[&str]| {
        let mut world = world(timeline);
        let mut second = 0;
        while ready(&world, "one") == 0 {
            second += 1;
            world.run_until(at_s(second));
        }
        second
    };
    let calm = usual(&["{at: 10s, kubectl: run one --image=web}"]);
    let slow = usual(&["{at: 5s, fault: registry-slow, slowness: 20, for: 10m}", "{at: 10s, kubectl: run one --image=web}"]);
    // 100 Mi at 50 Mi/s are 2 s; at a twentieth of that 40 s.
    assert!((37..=39).contains(&(slow - calm)), "{calm} s, {slow} s");
    let healed = usual(&["{at: 5s, fault: registry-slow, slowness: 20, for: 4s}", "{at: 10s, kubectl: run one --image=web}"]);
    assert_eq!(healed, calm);
}

#[test]
fn registry_down_fails_pulls_until_it_heals() {
    let mut world = world(&["{at: 5s, fault: registry-down, for: 5m}", "{at: 10s, kubectl: run one --image=web}"]);
    world.run_until(at_s(5 * 60));
    assert_eq!(ready(&world, "one"), 0);
    let waiting = pods(&world, "one")[0].as_pod().unwrap().status.container_statuses[0].state.waiting.clone().unwrap();
    assert!(matches!(&*waiting.reason, "ErrImagePull" | "ImagePullBackOff"), "{waiting:?}");
    world.run_until(at_s(15 * 60));
    assert_eq!(ready(&world, "one"), 1);
}

#[test]
fn container_crash_kills_once_or_as_long_as_it_lasts() {
    let begin = "{at: 1s, kubectl: create deployment web --image=web --replicas=3}";
    let mut once = world(&[begin, "{at: 1m, fault: container-crash, selector: app=web, mode: one}"]);
    once.run_until(at_s(180));
    assert_eq!((restarts(&once, "web"), ready(&once, "web")), (1, 3));
    let ended = pods(&once, "web").iter().find_map(|pod| pod.as_pod().unwrap().status.container_statuses[0].last_state.terminated.clone());
    assert_eq!(ended.map(|ended| (ended.exit_code, ended.reason.to_string())), Some((137, "Error".to_string())));
    let mut again = world(&[begin, "{at: 1m, fault: container-crash, selector: app=web, for: 4m}"]);
    again.run_until(at_s(5 * 60 + 1));
    assert!(restarts(&again, "web") >= 3 * 4, "{}", restarts(&again, "web"));
    again.run_until(at_s(15 * 60));
    assert_eq!(ready(&again, "web"), 3);
}

#[test]
fn container_oom_says_so() {
    let begin = "{at: 1s, kubectl: create deployment web --image=web --replicas=2}";
    let mut world = world(&[begin, "{at: 1m, fault: container-oom, zone: za, mode: all}"]);
    world.run_until(at_s(120));
    let ended: Vec<_> = pods(&world, "web")
        .iter()
        .filter_map(|pod| pod.as_pod().unwrap().status.container_statuses[0].last_state.terminated.clone())
        .collect();
    assert_eq!(ended.iter().map(|ended| &*ended.reason).collect::<Vec<_>>(), ["OOMKilled"]);
}

#[test]
fn pressure_shows_taints_evicts_and_ends() {
    for (fault, kind, reason) in
        [("memory-pressure", "MemoryPressure", "KubeletHasInsufficientMemory"), ("disk-pressure", "DiskPressure", "KubeletHasDiskPressure")]
    {
        let begin = "{at: 1s, kubectl: create deployment web --image=web --replicas=4}";
        let mut world = world(&[begin, &format!("{{at: 1m, fault: {fault}, node: a-1, for: 20s}}")]);
        world.run_until(at_s(79));
        assert_eq!(condition(&world, "a-1", kind), format!("True/{reason}"));
        let node = world.sim.store().now().find(Kind::Node, "", "a-1").unwrap().clone();
        assert!(node.as_node().unwrap().spec.taints.iter().any(|taint| taint.key.ends_with("pressure")), "{fault}");
        world.run_until(at_s(600));
        assert!(condition(&world, "a-1", kind).starts_with("False/"));
        assert!(events(&world, "web").contains(&"Evicted".to_string()), "{fault}");
        assert_eq!(ready(&world, "web"), 4);
    }
}

/// The example of each fault is read and struck.
#[test]
fn every_example_is_a_line_of_a_timeline() {
    for fault in FAULTS {
        let line = fault.example.replace("eu-1a", "za").replace("eu-1b", "zb");
        let mut world = world(&["{at: 1s, kubectl: create deployment web --image=web --replicas=3}", &line]);
        world.run_until(at_s(6 * 60));
        let collector = world.collector.0.borrow();
        let told = collector.story.lines.iter().any(|line| format!("{line:?}").contains(fault.name));
        assert!(told, "{} is not told", fault.name);
    }
}

#[test]
fn the_reference_describes_every_fault_with_its_example() {
    let reference = include_str!("../docs/faults.md");
    for fault in FAULTS {
        assert!(reference.contains(&format!("### {}\n", fault.name)), "docs/faults.md has no {}", fault.name);
        assert!(reference.contains(fault.example), "docs/faults.md does not show {}", fault.example);
    }
}
