//! Requests are booked in runs; looked at one by one they must give the same books, second by second and cause by cause.

use kubesim::metrics::traffic::{Cause, Totals, Traffic};
use kubesim::scenario;
use kubesim::world::{Options, World};

const HEAD: &str = "apiVersion: kubesim/v1alpha1
kind: Scenario
cluster:
  nodes: [{count: 3, name: 'n-#', cpu: 4, memory: 16Gi}, {count: 1, name: 'm-#', cpu: 4, memory: 16Gi}]
manifests: [traffic.yaml]
";

const CONTAINERS: &str = "containers:
  - image: shop:*
    start: {uniform: {min: 1s, max: 3s}}
    stop: {refusesAfter: 50ms, drains: 100ms}
    serves: {cpu: 2ms, time: {lognormal: {p50: 40ms, p99: 200ms}}}
";

/// The requests of a scenario, and the fingerprint of its run.
fn play(rest: &str, aggregate: bool) -> (Traffic, u64) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/traffic.scenario.yaml");
    let containers = if rest.contains("containers:") { "" } else { CONTAINERS };
    let head = if rest.contains("coredns") { HEAD.replace("[traffic.yaml]", "[traffic.yaml, dns.yaml]") } else { HEAD.to_string() };
    let scenario = scenario::parse(file, &format!("{head}{containers}{rest}")).unwrap_or_else(|error| panic!("{error}"));
    let mut world = World::new(&scenario, Options { aggregate, ..Options::default() }).unwrap();
    world.run_until(scenario.end());
    let traffic = world.collector.0.borrow().registry.traffic.clone();
    (traffic, world.sim.trace().hash())
}

/// Plays it in both ways, demands equal books, and gives back the sums over all loads.
fn both(rest: &str) -> Totals {
    both_loads(rest).totals(None)
}

/// The same with each load by itself.
fn both_loads(rest: &str) -> Traffic {
    let (runs, runs_hash) = play(rest, true);
    let (single, single_hash) = play(rest, false);
    for (name, load) in &runs.0 {
        let other = &single.0[name];
        assert_eq!(load.totals, other.totals, "{name}");
        for (point, one) in load.points.iter().zip(&other.points) {
            assert_eq!(point, one, "{name}");
        }
    }
    assert_eq!(runs, single);
    assert_eq!(runs_hash, single_hash);
    runs
}

/// Pods that answer look-ups: two, at 100 thousandths of a CPU each.
fn with_dns(cpu: &str, rest: &str) -> String {
    format!(
        "containers:
  - image: coredns:v1
    start: 1s
    serves: {{cpu: {cpu}, time: 2ms}}
  - image: shop:*
    start: 1s
    stop: {{refusesAfter: 50ms, drains: 100ms}}
    serves: {{cpu: 2ms, time: {{lognormal: {{p50: 40ms, p99: 200ms}}}}}}
{rest}"
    )
}

fn failed(totals: &Totals, cause: Cause) -> u64 {
    totals.failed[cause as usize]
}

const ROLLOUT: &str = "timeline:
  - {at: 30s, kubectl: set image deployment/shop shop=shop:v2}
";

#[test]
fn a_rollout_without_care() {
    let totals =
        both(&format!("duration: 90s\nload: [{{service: shop, rps: 210.5, stages: [{{at: 20s, target: 500, over: 7s}}]}}]\n{ROLLOUT}"));
    assert!(totals.ok > 20_000 && failed(&totals, Cause::Refused) > 0, "{totals:?}");
    assert!(failed(&totals, Cause::Reset) > 0, "100 ms are too short for all that is under way: {totals:?}");
    assert_eq!(totals.requests(), totals.durations.total());
}

#[test]
fn retries_make_good_what_others_would_notice() {
    let rollout = |retries: &str| both(&format!("duration: 90s\nload: [{{service: shop, rps: 200, {retries}start: 20s}}]\n{ROLLOUT}"));
    let without = rollout("");
    let with = rollout("retries: {limit: 5, backoff: 300ms}, ");
    assert_eq!(without.requests(), with.requests());
    assert!(without.failures() > 20 * (with.failures() + 1), "{} and {}", without.failures(), with.failures());
    assert!(with.retried.iter().sum::<u64>() >= without.failures() / 2);
}

#[test]
fn too_much_for_the_pods() {
    let slow = "containers:
  - image: shop:*
    serves: {cpu: 20ms, time: 100ms, concurrency: 4}
duration: 60s
load: [{service: shop, rps: 60, stages: [{at: 20s, target: 220, over: 0s}, {at: 35s, target: 60, over: 5s}], timeout: 2s, retries: 2}]
";
    let totals = both(slow);
    // Four at a time, 100 ms each, four pods: 160 a second.
    assert!(failed(&totals, Cause::TimeOut) > 0 && totals.retried[Cause::TimeOut as usize] > 0, "{totals:?}");
    assert!(totals.durations.quantile(1.0).unwrap().as_ms() > 2_000);
}

#[test]
fn waiting_requests_fill_the_memory() {
    let rest = |memory: &str| {
        format!(
            "containers:
  - image: shop:*
    uses: {{memory: 64Mi}}
    serves: {{cpu: 20ms, time: 100ms, concurrency: 4, memory: {memory}}}
duration: 60s
load: [{{service: shop, rps: 60, start: 15s, stages: [{{at: 20s, target: 220, over: 0s}}, {{at: 35s, target: 60, over: 5s}}], timeout: 10s}}]
timeline:
  - {{at: 1s, kubectl: set resources deployment/shop --limits=memory=256Mi}}
"
        )
    };
    // 160 a second are served, so that 900 wait in the end, in four pods: 225 MiB in each, where 192 MiB are left.
    let (tight, roomy) = (both(&rest("1Mi")), both(&rest("64Ki")));
    assert!(failed(&tight, Cause::Reset) > 100, "{tight:?}");
    assert_eq!(roomy.failures(), 0, "{roomy:?}");
}

#[test]
fn far_too_much_for_the_pods() {
    let totals = both(
        "containers:
  - image: shop:*
    start: 1s
    stop: {drains: 500ms}
    serves: {cpu: 10us, time: {lognormal: {p50: 20ms, p99: 90ms}}, concurrency: 40}
duration: 40s
load: [{service: shop, rps: 200, stages: [{at: 15s, target: 26000}, {at: 25s, target: 200, over: 2s}], timeout: 30s}]
timeline:
  - {at: 18s, kubectl: set image deployment/shop shop=shop:v2}
",
    );
    assert!(failed(&totals, Cause::TimeOut) > 10_000 && failed(&totals, Cause::Reset) > 100, "{totals:?}");
}

#[test]
fn connections_are_kept_and_opened_anew() {
    let load = |connections: &str| both(&format!("duration: 90s\nload: [{{service: shop, rps: 400, {connections}start: 20s}}]\n{ROLLOUT}"));
    let (kept, fresh) = (load("connections: 5, "), load(""));
    // Who has a connection does not ask the table.
    assert!(kept.failures() * 3 < fresh.failures() * 2, "{} and {}", kept.failures(), fresh.failures());
}

#[test]
fn clients_stay_with_their_endpoint() {
    let totals = both(&format!(
        "duration: 60s\nload: [{{service: sticky, rps: 100, clients: 7, start: 20s}}, {{service: sticky, name: b, rps: 0, stages: [{{at: 30s, target: 9}}, {{at: 32s, target: 0}}, {{at: 45s, target: 9}}]}}]\n{ROLLOUT}"
    ));
    assert!(totals.ok > 2_000, "{totals:?}");
}

#[test]
fn headless_names_are_remembered_for_their_time() {
    let load = |ttl: &str| {
        both(&format!("duration: 90s\nload: [{{service: headless, rps: 100, port: 8080, nameTTL: {ttl}, start: 20s}}]\n{ROLLOUT}"))
    };
    let (short, long) = (load("1s"), load("20s"));
    assert!(short.failures() > 0 && long.failures() > 3 * short.failures(), "{} and {}", short.failures(), long.failures());
}

#[test]
fn machines_go_dark() {
    let totals = both(
        "duration: 90s\nload: [{service: shop, rps: 300, timeout: 3s, start: 20s}]\ntimeline:\n  - {at: 30s, fault: node-crash, node: n-1, for: 20s}\n",
    );
    // Until the node is given up after 50 s, a part of all requests goes into the dark.
    assert!(failed(&totals, Cause::TimeOut) > 1_000, "{totals:?}");
}

#[test]
fn node_ports_lead_to_local_endpoints_only_where_they_should() {
    let load =
        |name: &str| both(&format!("duration: 40s\nload: [{{service: {name}, from: outside, rps: 100, timeout: 1s, start: 20s}}]\n"));
    assert_eq!(load("door").failures(), 0);
    // The third node has no pod: what comes in there is dropped.
    let local = load("local-door");
    assert!(failed(&local, Cause::TimeOut) > 200 && failed(&local, Cause::TimeOut) < local.requests() / 2, "{local:?}");
    let none = both("duration: 40s\nload: [{service: shop, from: outside, rps: 100, start: 20s}]\n");
    assert_eq!(failed(&none, Cause::Refused), none.requests());
}

#[test]
fn nobody_there() {
    let totals = both(
        "duration: 40s\nload: [{service: shop, rps: 100, start: 20s}]\ntimeline:\n  - {at: 25s, kubectl: scale deployment/shop --replicas=0}\n  - {at: 32s, kubectl: delete service shop}\n",
    );
    assert!(failed(&totals, Cause::NoEndpoints) > 300 && failed(&totals, Cause::Dns) > 10, "{totals:?}");
}

#[test]
fn load_makes_an_autoscaler_scale() {
    let text = "duration: 4m\nload: [{service: shop, rps: 200, stages: [{at: 1m, target: 1500}], start: 20s}]\ntimeline:\n  - {at: 20s, kubectl: autoscale deployment/shop --min=2 --max=9 --cpu=50%}\nexpect:\n  - {holds: \"deployment('shop').status.readyReplicas > 4\"}\n";
    let totals = both(text);
    assert!(totals.ok > 200_000);
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/traffic.scenario.yaml");
    let scenario = scenario::parse(file, &format!("{HEAD}{CONTAINERS}{text}")).unwrap();
    let mut world = World::new(&scenario, Options::default()).unwrap();
    world.run_until(scenario.end());
    assert!(world.verdicts()[0].passed, "{:?}", world.verdicts());
}

#[test]
fn look_ups_are_requests_to_the_pods_of_the_dns_service() {
    let load = |ttl: &str| {
        both_loads(&with_dns("1ms", &format!("duration: 60s\nload: [{{service: shop, rps: 80, nameTTL: {ttl}, start: 20s}}]\n")))
    };
    let each = load("0s");
    assert_eq!(each.0["look-ups-of-shop"].totals.requests(), each.0["shop"].totals.requests());
    assert_eq!((each.totals(None).failures(), each.totals(None).requests()), (0, 3_200), "look-ups are no requests of users");
    // Four clients, each asks every 5 s.
    let cached = load("5s");
    let asked = cached.0["look-ups-of-shop"].totals.requests();
    assert!((28..=36).contains(&asked), "{asked}");
    assert_eq!(cached.totals(None).failures(), 0);
    // What asks takes its time: two pods can answer 200 a second.
    let slow = both_loads(&with_dns(
        "1ms",
        "duration: 60s\nload: [{service: shop, rps: 80, nameTTL: 0s, start: 20s, stages: [{at: 30s, target: 215}, {at: 35s, target: 50}]}]\n",
    ));
    let took = |traffic: &Traffic| traffic.0["shop"].totals.durations.quantile(1.0).unwrap().as_ms();
    assert!(slow.totals(None).failures() == 0 && took(&slow) > took(&each) + 200, "{} and {}", took(&slow), took(&each));
    // Without pods that answer there is nobody to ask.
    let free = both_loads("duration: 60s\nload: [{service: shop, rps: 80, nameTTL: 0s, start: 20s}]\n");
    assert_eq!(free.0.len(), 1);
}

#[test]
fn a_storm_of_look_ups_feeds_itself() {
    let load = |more: &str| {
        both_loads(&with_dns(
            "2ms",
            &format!(
                "duration: 130s\nload: [{{service: shop, rps: 60, {more}start: 20s, stages: [{{at: 30s, target: 150}}, {{at: 60s, target: 60}}]}}]\n"
            ),
        ))
    };
    let storm = load("nameTTL: 0s, retries: {limit: 2, backoff: 100ms}, ");
    let look_ups = &storm.0["look-ups-of-shop"].totals;
    let unresolved = failed(&storm.totals(None), Cause::Dns);
    assert!(unresolved > 2_000 && look_ups.retried[Cause::TimeOut as usize] > 2_000, "{unresolved}, {look_ups:?}");
    assert_eq!(load("nameTTL: 10s, ").totals(None).failures(), 0);
}

#[test]
fn without_dns_names_last_as_long_as_they_are_remembered() {
    let load = |service: &str, ttl: &str, step: &str| {
        both_loads(&with_dns(
            "1ms",
            &format!(
                "duration: 80s\nload: [{{service: {service}, rps: 50, port: 8080, nameTTL: {ttl}, start: 20s}}]\ntimeline:\n  - {{at: 30s, kubectl: {step}}}\n"
            ),
        ))
    };
    let scale = "scale deployment/coredns -n kube-system --replicas=0";
    let (short, long) = (load("headless", "1s", scale), load("headless", "40s", scale));
    assert!(
        failed(&short.totals(None), Cause::Dns) > 2_000 && failed(&long.totals(None), Cause::Dns) < 1_500,
        "{:?} {:?}",
        short.totals(None).failed,
        long.totals(None).failed
    );
    // A headless Service's new addresses come with the next answer.
    let rollout = "set image deployment/shop shop=shop:v2";
    let (short, long) = (load("headless", "1s", rollout), load("headless", "20s", rollout));
    assert!(short.totals(None).failures() > 0 && long.totals(None).failures() > 3 * short.totals(None).failures());
    let restart = load("headless", "0s", "rollout restart deployment/coredns -n kube-system");
    assert!(restart.0["look-ups-of-headless"].totals.retried.iter().sum::<u64>() > 0, "{:?}", restart.totals(None));
}

#[test]
fn thresholds_look_at_the_requests_between_two_instants() {
    let text = "duration: 60s
load: [{service: shop, rps: 100, start: 10s, stages: [{at: 30s, target: 200}]}]
timeline:
  - {at: 30s, kubectl: scale deployment/shop --replicas=0}
expect:
  - {name: a, metric: http_req_duration, threshold: \"p(99) > 150\", between: [12s, 20s]}
  - {name: b, metric: http_req_duration, threshold: \"p(99) < 2\", between: [40s, 50s]}
  - {name: c, metric: http_reqs, threshold: \"count == 2000\", between: [40s, 50s]}
  - {name: d, metric: http_req_failed, threshold: \"count == 0\", between: [10s, 29s]}
  - {name: e, metric: http_req_failed, threshold: \"rate == 1\", between: [40s, 50s]}
  - {name: f, metric: kube_deployment_spec_replicas, threshold: \"max == 0\", between: [40s, 50s]}
  - {name: g, metric: kube_deployment_spec_replicas, threshold: \"min == 4\", between: [12s, 20s]}
"
    .to_string();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/traffic.scenario.yaml");
    let scenario = scenario::parse(file, &format!("{HEAD}{CONTAINERS}{text}")).unwrap_or_else(|error| panic!("{error}"));
    let mut world = World::new(&scenario, Options::default()).unwrap();
    world.run_until(scenario.end());
    for verdict in world.verdicts() {
        assert!(verdict.passed, "{verdict:?}");
    }
}
