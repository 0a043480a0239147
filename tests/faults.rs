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
    let about = all.iter().filter(|event| event.as_event().unwrap().about_name.starts_with(prefix));
    about.map(|event| event.as_event().unwrap().origin.reason.to_string()).collect()
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

#[test]
fn a_kubelet_that_starts_anew_under_pressure_takes_pods_again_when_it_is_over() {
    for fault in ["memory-pressure", "disk-pressure"] {
        let mut world = world(&[
            "{at: 1s, kubectl: cordon a-2 b-1 b-2}",
            &format!("{{at: 1m, fault: {fault}, node: a-1, for: 20s}}"),
            "{at: 90s, fault: kubelet-stop, node: a-1, for: 10s}",
            "{at: 2m, kubectl: create deployment web --image=web --replicas=2}",
        ]);
        world.run_until(at_s(180));
        // What the node says and what its kubelet does agree: nothing is refused.
        assert_eq!((ready(&world, "web"), pods(&world, "web").len()), (2, 2), "{fault}");
    }
}

#[test]
fn a_pod_that_is_refused_while_it_is_deleted_goes() {
    let begin = [
        "{at: 1s, kubectl: cordon a-2 b-1 b-2}",
        "{at: 50s, fault: etcd-slow, latency: 3s, for: 2m}",
        "{at: 1m, fault: memory-pressure, node: a-1, for: 2m}",
    ];
    // The kubelet knows of the pressure 3 s before the node says so, and 6 s before the taint keeps pods away.
    let mut calm = world(&begin);
    let mut known_ms = 60_000;
    while condition(&calm, "a-1", "MemoryPressure").starts_with("False") {
        known_ms += 10;
        calm.run_until(Time::from_ms(known_ms));
    }
    known_ms -= 3_000;
    let (run, delete) = (
        format!("{{at: {}ms, kubectl: run one --image=web}}", known_ms - 5_000),
        format!("{{at: {known_ms}ms, kubectl: delete pod one --wait=false}}"),
    );
    let mut lines = begin.to_vec();
    lines.extend([&*run, &*delete]);
    let mut world = world(&lines);
    world.run_until(Time::from_ms(known_ms + 4_500));
    let pod = pods(&world, "one")[0].clone();
    assert_eq!((pod.meta.is_deleting(), pod.as_pod().unwrap().status.phase.to_string()), (true, "Failed".to_string()));
    world.run_until(at_s(120));
    assert!(pods(&world, "one").is_empty(), "nothing is left of it");
}

#[test]
fn a_machine_that_boots_without_a_control_plane_has_power() {
    let mut world = world(&[
        "{at: 1s, kubectl: cordon a-2 b-1 b-2}",
        "{at: 2s, kubectl: run one --image=web}",
        "{at: 60s, fault: node-crash, node: a-1, for: 10s}",
        "{at: 55s, fault: node-partition, node: a-1, for: 30s}",
        "{at: 75s, fault: kubelet-stop, node: a-1, for: 20s}",
    ]);
    world.run_until(at_s(120));
    assert_eq!((condition(&world, "a-1", "Ready"), ready(&world, "one")), ("True/KubeletReady".into(), 1));
    // Its kubelet tells that it has booted, though another one was to do so.
    assert_eq!(events(&world, "a-1").iter().filter(|reason| **reason == "Rebooted").count(), 1);
}

#[test]
fn a_report_that_overtakes_another_hides_no_pressure() {
    for (seed, kind) in (0..8).flat_map(|seed| [(seed, "DiskPressure"), (seed, "MemoryPressure")]) {
        let fault = if kind == "DiskPressure" { "disk-pressure" } else { "memory-pressure" };
        // The kubelet learns of it while nothing can be written, and reports it together with all else, in requests of any length.
        let mut world = world(&[
            "{at: 55s, fault: etcd-leaderless, for: 20s}",
            &format!("{{at: {}ms, fault: {fault}, node: a-1, for: 50s}}", 60_000 + seed),
            &format!("{{at: 74s, fault: apiserver-slow, latency: {{uniform: {{min: 0s, max: {}ms}}}}, for: 1m}}", 3_000 + seed),
        ]);
        world.run_until(at_s(100));
        assert!(condition(&world, "a-1", kind).starts_with("True/"), "{kind} {seed}");
        world.run_until(at_s(500));
        assert!(condition(&world, "a-1", kind).starts_with("False/"), "{kind} {seed}");
    }
}

#[test]
fn one_pod_a_round_is_evicted_however_often_pressure_came_before() {
    let begin = "{at: 1s, kubectl: create deployment web --image=web --replicas=8}";
    let mut world = world(&[
        "{at: 0s, kubectl: cordon a-2 b-1 b-2}",
        begin,
        "{at: 1m, fault: memory-pressure, node: a-1, for: 1s}",
        "{at: 2m, fault: memory-pressure, node: a-1, for: 1s}",
        "{at: 3m, fault: memory-pressure, node: a-1, for: 1s}",
        "{at: 4m, fault: memory-pressure, node: a-1, for: 29s}",
    ]);
    world.run_until(at_s(239));
    let evicted = |world: &World| events(world, "web").iter().filter(|reason| **reason == "Evicted").count();
    let before = evicted(&world);
    world.run_until(at_s(300));
    assert_eq!(evicted(&world) - before, 3);
}

fn taints(world: &World, node: &str) -> Vec<String> {
    let node = world.sim.store().now().find(Kind::Node, "", node).unwrap().clone();
    node.as_node().unwrap().spec.taints.iter().map(|taint| format!("{}:{}", taint.key.rsplit('/').next().unwrap(), taint.effect)).collect()
}

fn on_zone(world: &World, prefix: &str, zone: &str) -> Vec<Obj> {
    let mut found = pods(world, prefix);
    found.retain(|pod| pod.as_pod().unwrap().node_name.starts_with(zone));
    found
}

const WEB: &str = "{at: 1s, kubectl: create deployment web --image=web --replicas=8}";

#[test]
fn a_partition_hides_a_node_and_its_pods_run_on() {
    let mut world = world(&[
        WEB,
        "{at: 1m, fault: node-partition, node: a-1, for: 4m}",
        "{at: 2m30s, fault: container-crash, node: a-1}",
        "{at: 3m, kubectl: scale deployment web --replicas=0}",
    ]);
    world.run_until(at_s(115));
    assert_eq!(condition(&world, "a-1", "Ready"), "Unknown/NodeStatusUnknown");
    assert!(taints(&world, "a-1").contains(&"unreachable:NoExecute".to_string()), "{:?}", taints(&world, "a-1"));
    world.run_until(at_s(299));
    // Their deletion is not heard of.
    let left = pods(&world, "web");
    assert!(!left.is_empty() && left.iter().all(|pod| &*pod.as_pod().unwrap().node_name == "a-1" && pod.meta.is_deleting()));
    assert_eq!(restarts(&world, "web"), 0);
    world.run_until(at_s(360));
    assert_eq!(pods(&world, "web").len(), 0);
    assert_eq!(condition(&world, "a-1", "Ready"), "True/KubeletReady");
    assert_eq!(taints(&world, "a-1"), Vec::<String>::new());
}

#[test]
fn a_restart_behind_a_partition_is_told_when_it_ends() {
    let mut world = world(&[WEB, "{at: 1m, fault: node-partition, node: a-1, for: 1m}", "{at: 70s, fault: container-crash, node: a-1}"]);
    world.run_until(at_s(119));
    assert_eq!(restarts(&world, "web"), 0);
    world.run_until(at_s(180));
    assert_eq!(restarts(&world, "web"), 2);
    assert_eq!(ready(&world, "web"), 8);
    assert!(events(&world, "web").iter().filter(|reason| **reason == "Started").count() >= 8);
}

#[test]
fn a_namesake_of_a_pod_behind_a_partition_runs_here_and_elsewhere() {
    let begin = [
        "{at: 1s, kubectl: cordon a-2 b-1 b-2}",
        "{at: 2s, kubectl: run one --image=web}",
        "{at: 1m, fault: node-partition, node: a-1, for: 2m}",
        "{at: 70s, kubectl: delete pod one --force --grace-period=0}",
    ];
    let node = |world: &World| pods(world, "one")[0].as_pod().unwrap().node_name.to_string();
    // Elsewhere it runs at once, and nothing of it changes when the first one's node learns what it has missed.
    let mut lines = begin.to_vec();
    lines.extend(["{at: 72s, kubectl: uncordon b-1}", "{at: 72s, kubectl: cordon a-1}", "{at: 75s, kubectl: run one --image=web}"]);
    let mut elsewhere = world(&lines);
    elsewhere.run_until(at_s(110));
    assert_eq!((node(&elsewhere), ready(&elsewhere, "one")), ("b-1".into(), 1));
    elsewhere.run_until(at_s(400));
    assert_eq!((node(&elsewhere), ready(&elsewhere, "one"), restarts(&elsewhere, "one")), ("b-1".into(), 1, 0));
    // On the same node it waits until that is back.
    let mut lines = begin.to_vec();
    lines.push("{at: 75s, kubectl: run one --image=web}");
    let mut here = world(&lines);
    here.run_until(at_s(170));
    assert_eq!((node(&here), ready(&here, "one")), ("a-1".into(), 0));
    here.run_until(at_s(250));
    assert_eq!((node(&here), ready(&here, "one")), ("a-1".into(), 1));
}

#[test]
fn a_zone_behind_a_partition_loses_its_pods_at_the_eviction_rate() {
    let mut world = world(&[WEB, "{at: 1m, fault: node-partition, zone: za, for: 10m}"]);
    world.run_until(at_s(112));
    let tainted =
        |world: &World| ["a-1", "a-2"].iter().filter(|node| taints(world, node).contains(&"unreachable:NoExecute".to_string())).count();
    // 0.1 nodes a second: the second one 10 s after the first.
    assert_eq!(tainted(&world), 1);
    world.run_until(at_s(125));
    assert_eq!(tainted(&world), 2);
    world.run_until(at_s(600));
    assert_eq!(on_zone(&world, "web", "b").len(), 8);
    world.run_until(at_s(900));
    assert_eq!((ready(&world, "web"), on_zone(&world, "web", "a").len()), (8, 0));
}

#[test]
fn when_all_nodes_are_cut_off_nobody_is_evicted() {
    let mut world = world(&[WEB, "{at: 1m, fault: node-partition, selector: \"\", for: 15m}"]);
    world.run_until(at_s(950));
    assert_eq!(condition(&world, "b-1", "Ready"), "Unknown/NodeStatusUnknown");
    assert_eq!(pods(&world, "web").iter().filter(|pod| pod.meta.is_deleting()).count(), 0);
    world.run_until(at_s(1_100));
    assert_eq!((ready(&world, "web"), restarts(&world, "web")), (8, 0));
}

#[test]
fn without_an_api_server_nothing_is_written_and_all_goes_on_after() {
    let mut world = world(&[
        WEB,
        "{at: 1m, fault: apiserver-down, for: 5s}",
        "{at: 62s, kubectl: scale deployment web --replicas=12}",
        "{at: 80s, kubectl: scale deployment web --replicas=10}",
    ]);
    world.run_until(at_s(60));
    world.run_until(Time::from_ms(60_001));
    let before = world.sim.counters().commits;
    world.run_until(Time::from_ms(64_999));
    assert_eq!(world.sim.counters().commits, before);
    world.run_until(at_s(79));
    assert_eq!(pods(&world, "web").len(), 8, "the user was refused");
    let collector = world.collector.0.borrow();
    let told =
        collector.story.lines.iter().any(|line| format!("{line:?}").contains("was refused - did you specify the right host or port?"));
    assert!(told);
    drop(collector);
    world.run_until(at_s(180));
    assert_eq!(ready(&world, "web"), 10);
    assert_eq!(condition(&world, "a-1", "Ready"), "True/KubeletReady");
    assert_eq!(holder(&world, "kube-scheduler").1, 0, "the lease was held all the time");
}

/// Who holds a lease, and how often it changed hands.
fn holder(world: &World, lease: &str) -> (String, i32) {
    let lease = world.sim.store().now().find(Kind::Lease, "kube-system", lease).unwrap().clone();
    let spec = &lease.as_lease().unwrap().spec;
    (spec.holder_identity.clone().unwrap().to_string(), spec.lease_transitions.unwrap())
}

#[test]
fn a_long_outage_costs_the_leaders_their_leases() {
    let mut world = world(&[WEB, "{at: 1m, fault: apiserver-down, for: 2m}", "{at: 4m, kubectl: scale deployment web --replicas=10}"]);
    world.run_until(at_s(59));
    let before = holder(&world, "kube-controller-manager");
    world.run_until(at_s(300));
    let after = holder(&world, "kube-controller-manager");
    assert_eq!((before.1, after.1), (0, 1));
    assert_ne!(before.0, after.0);
    // Nobody was evicted for the silence.
    assert_eq!((ready(&world, "web"), restarts(&world, "web")), (10, 0));
    assert!(!events(&world, "web").contains(&"TaintManagerEviction".to_string()));
}

#[test]
fn a_slow_api_server_makes_everything_slow_and_its_errors_are_overcome() {
    let until_ready = |timeline: &[&str]| {
        let mut world = world(timeline);
        let mut second = 60;
        while ready(&world, "late") < 4 {
            second += 1;
            assert!(second < 1_000);
            world.run_until(at_s(second));
        }
        second - 60
    };
    let begin = "{at: 1m, kubectl: create deployment late --image=web --replicas=4}";
    let calm = until_ready(&[begin]);
    let slow = until_ready(&[begin, "{at: 50s, fault: apiserver-slow, latency: 2s, for: 10m}"]);
    // Deployment, ReplicaSet, pod, binding and status each take a request, and kubectl two.
    assert!(slow >= calm + 8, "{calm} s, {slow} s");
    let etcd = until_ready(&[begin, "{at: 50s, fault: etcd-slow, latency: 2s, for: 10m}"]);
    assert!(etcd >= calm + 8, "{calm} s, {etcd} s");
    let begin = "{at: 1s, kubectl: create deployment late --image=web --replicas=4}";
    let failing = until_ready(&[begin, "{at: 5s, fault: apiserver-slow, latency: 1ms, errors: 30, for: 5m}"]);
    assert!(failing < 600, "{failing} s");
}

#[test]
fn an_etcd_without_a_leader_takes_nothing() {
    let mut world = world(&[WEB, "{at: 1m, fault: etcd-leaderless, for: 8s}", "{at: 61s, kubectl: scale deployment web --replicas=12}"]);
    world.run_until(Time::from_ms(60_100));
    let before = world.sim.counters().commits;
    world.run_until(Time::from_ms(67_999));
    assert_eq!(world.sim.counters().commits, before);
    world.run_until(at_s(180));
    let collector = world.collector.0.borrow();
    assert!(collector.story.lines.iter().any(|line| format!("{line:?}").contains("etcdserver: request timed out")));
    assert_eq!(ready(&world, "web"), 8);
}

#[test]
fn late_watches_make_decisions_late() {
    let first_bound = |lag: &[&str]| {
        let mut lines = vec!["{at: 1m, kubectl: run one --image=web}"];
        lines.extend(lag);
        let mut world = world(&lines);
        let mut second = 60;
        while !pods(&world, "one").first().is_some_and(|pod| pod.as_pod().unwrap().is_bound()) {
            second += 1;
            world.run_until(at_s(second));
        }
        second - 60
    };
    assert_eq!(first_bound(&[]), 1);
    assert_eq!(first_bound(&["{at: 30s, fault: watch-lag, component: scheduler, lag: 20s, for: 5m}"]), 21);
    assert_eq!(first_bound(&["{at: 30s, fault: watch-lag, component: scheduler, lag: 20s, for: 20s}"]), 1);
    assert_eq!(first_bound(&["{at: 30s, fault: watch-lag, component: kubelet, lag: 20s, for: 5m}"]), 1);
}

#[test]
fn a_crashed_scheduler_waits_for_its_lease_and_lists_anew() {
    let mut world = world(&[
        "{at: 1m, fault: component-crash, component: scheduler}",
        "{at: 61s, kubectl: create deployment late --image=web --replicas=4}",
    ]);
    world.run_until(at_s(75));
    let bound = |world: &World| pods(world, "late").iter().filter(|pod| pod.as_pod().unwrap().is_bound()).count();
    assert_eq!((pods(&world, "late").len(), bound(&world)), (4, 0));
    assert_eq!(holder(&world, "kube-scheduler").1, 0);
    // It is there again at 61 s, looks, and must see no change for 15 s; then it tries each 2 to 4.4 s.
    world.run_until(at_s(82));
    assert_eq!((holder(&world, "kube-scheduler").1, holder(&world, "kube-controller-manager").1, bound(&world)), (1, 0, 4));
}

#[test]
fn a_crashed_controller_manager_finishes_what_it_began() {
    let mut world = world(&[
        WEB,
        "{at: 1015ms, fault: component-crash, component: controller-manager, for: 30s}",
        "{at: 40s, kubectl: scale deployment web --replicas=5}",
    ]);
    world.run_until(at_s(31));
    assert!(pods(&world, "web").len() < 8);
    world.run_until(at_s(90));
    assert_eq!(ready(&world, "web"), 5);
}

#[test]
fn a_wrong_clock_starts_cron_jobs_early_and_dates_conditions() {
    // The run begins at a full hour: the next full 10 minutes are 10 minutes away.
    let started = |timeline: &[&str]| {
        let mut lines = vec!["{at: 1s, kubectl: \"create cronjob tick --image=web --schedule='*/10 * * * *'\"}"];
        lines.extend(timeline);
        let mut world = world(&lines);
        let mut second = 0;
        while objects(&world, Kind::Job).is_empty() {
            second += 1;
            world.run_until(at_s(second));
        }
        second
    };
    assert_eq!(started(&[]), 601);
    let early = started(&["{at: 0s, fault: clock-skew, component: controller-manager, offset: 90s}"]);
    assert!((510..=512).contains(&early), "{early}");
    let mut world = world(&[
        "{at: 10s, fault: clock-skew, node: a-1, offset: -5m}",
        "{at: 1m, kubectl: create deployment web --image=web --replicas=8}",
    ]);
    world.run_until(at_s(100));
    let start = |zone: &str| on_zone(&world, "web", zone)[0].as_pod().unwrap().status.start_time.unwrap().0;
    assert!((298..=302).contains(&(start("a-2") - start("a-1"))), "{}", start("a-2") - start("a-1"));
}

#[test]
fn a_machine_whose_processes_use_too_much_evicts_who_is_farthest_above_its_request() {
    let scenario = scenario::parse(
        "memory.yaml",
        "apiVersion: kubesim/v1alpha1
kind: Scenario
duration: 10m
cluster: {nodes: [{count: 1, name: 'n-#', cpu: 4, memory: 4Gi}]}
containers:
  - {image: big*, uses: {memory: 2Gi}}
  - {image: leak*, uses: {memory: 100Mi, memoryGrowthPerSecond: 10Mi}}
timeline: [{at: 0s, kubectl: run big --image=big}, {at: 0s, kubectl: run leak --image=leak}]
",
    );
    let mut world = World::new(&scenario.unwrap_or_else(|error| panic!("{error}")), Options::default()).unwrap();
    let reason = |world: &World, name: &str| pods(world, name)[0].as_pod().unwrap().status.reason.to_string();
    // 100 MiB are left of 4 GiB after 185 s; then the leak is less above its request than the other.
    world.run_until(at_s(180));
    assert_eq!(condition(&world, "n-1", "MemoryPressure"), "False/KubeletHasSufficientMemory");
    world.run_until(at_s(210));
    assert_eq!(condition(&world, "n-1", "MemoryPressure"), "True/KubeletHasInsufficientMemory");
    assert_eq!((reason(&world, "big"), reason(&world, "leak")), ("Evicted".to_string(), String::new()));
    world.run_until(at_s(9 * 60));
    assert_eq!(reason(&world, "leak"), "Evicted");
}

#[test]
fn a_step_with_when_and_every_happens_each_time() {
    let begin = "{at: 1s, kubectl: run web --image=web --labels=app=web}";
    let step = |every: &str| format!("{{when: \"pods('app=web').exists(p, p.ready)\", {every}fault: container-crash, selector: app=web}}");
    let kills = |every: &str| {
        let mut world = world(&[begin, &step(every)]);
        world.run_until(at_s(120));
        restarts(&world, "web")
    };
    assert_eq!(kills(""), 1);
    assert!(kills("every: 1s, ") >= 3, "{}", kills("every: 1s, "));
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

/// A process that ends while it takes the lease leaves a lease that runs out: whatever the moment, somebody leads again.
#[test]
fn a_lease_taken_at_the_last_moment_runs_out() {
    let pod = "{at: 90s, kubectl: run web --image=web}";
    let first = "{at: 10s, fault: component-crash, component: scheduler, for: 1s}";
    let lease = |world: &World| {
        let lease = world.sim.store().now().find(Kind::Lease, "kube-system", "kube-scheduler").expect("there is a lease").clone();
        lease.as_lease().unwrap().spec.clone()
    };
    let mut whole = world(&[first]);
    whole.run_until(at_s(11));
    let holder = lease(&whole).holder_identity.clone();
    let mut ms = 11_000;
    while lease(&whole).holder_identity == holder {
        ms += 1;
        whole.run_until(Time::ZERO + Span::from_ms(ms));
        assert!(ms < 60_000, "nobody takes the lease");
    }
    assert_eq!(lease(&whole).lease_duration_seconds, Some(15));
    for offset in 0..9 {
        let second = format!("{{at: {}ms, fault: component-crash, component: scheduler, for: 1s}}", ms + offset - 5);
        let mut world = world(&[first, &second, pod]);
        world.run_until(at_s(150));
        assert_eq!(ready(&world, "web"), 1, "{second}");
    }
}

/// A taint that could not be taken off because the server failed is taken off later.
#[test]
fn a_taint_that_failed_to_go_goes_later() {
    let pressure = "{at: 10s, fault: memory-pressure, node: a-1, for: 5s}";
    let broken = "{at: 300s, fault: apiserver-slow, errors: 90, latency: 1ms, for: 60s}";
    let mut world = world(&[pressure, broken]);
    world.run_until(at_s(900));
    let node = world.sim.store().now().find(Kind::Node, "", "a-1").unwrap().clone();
    assert_eq!(condition(&world, "a-1", "MemoryPressure"), "False/KubeletHasSufficientMemory");
    assert!(node.as_node().unwrap().spec.taints.is_empty(), "{:?}", node.as_node().unwrap().spec.taints);
}

/// NoExecute taints that the server refused to take off are taken off at a later look at the node. (Where it also refused to take off
/// another taint, that later success is such a look anyway: hence several shares of failures.)
#[test]
fn a_node_that_is_back_loses_its_taints_however_often_the_server_fails() {
    for errors in [20, 30, 40, 50, 60] {
        let slow = format!("{{at: 175s, fault: apiserver-slow, errors: {errors}, latency: 1ms, for: 60s}}");
        let mut world = world(&["{at: 60s, fault: node-partition, zone: za, for: 2m}", &slow]);
        world.run_until(at_s(170));
        assert!(taints(&world, "a-1").len() == 2 && taints(&world, "a-2").len() == 2, "{:?}", taints(&world, "a-1"));
        world.run_until(at_s(900));
        for node in ["a-1", "a-2"] {
            let state = (condition(&world, node, "Ready"), taints(&world, node));
            assert_eq!(state, ("True/KubeletReady".into(), vec![]), "{node} with {errors} %");
        }
    }
}
