//! Laws that hold in every world, tried on random small scenarios: whole clusters with kubelets, scheduler and controllers.

use kubesim::actor::Observer;
use kubesim::base::Time;
use kubesim::controllers::settings::Wrong;
use kubesim::model::{Body, IntOrString, Kind, Obj, Pod, PodDisruptionBudget, PodPhase};
use kubesim::scenario::{self, Overrides};
use kubesim::store::{Key, LogEntry};
use kubesim::world::{Options, World};
use proptest::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

/// So long a component may act on what it saw before: the latencies of a scenario without settings, several times over.
const STALE_MS: u64 = 100;

/// A scenario of four nodes in two zones. `lines` are the steps of its timeline.
fn world(manifests: &str, containers: &str, minutes: u64, seed: u64, lines: &[String]) -> World {
    world_with(Wrong::Nothing, manifests, containers, minutes, seed, lines)
}

/// The same with a fault in a controller.
fn world_with(wrong: Wrong, manifests: &str, containers: &str, minutes: u64, seed: u64, lines: &[String]) -> World {
    let timeline: String = lines.iter().map(|line| format!("  - {line}\n")).collect();
    let timeline = if lines.is_empty() { "  []\n".to_string() } else { timeline };
    let text = format!(
        "apiVersion: kubesim/v1alpha1\nkind: Scenario\nname: law\nquestion: Does the law hold?\nseed: {seed}\nstart: \"2026-03-29T06:55:00Z\"\n\
         duration: {minutes}m\ncluster:\n  nodes:\n    - {{count: 2, name: \"a-#\", zone: a, cpu: 8, memory: 16Gi}}\n    \
         - {{count: 2, name: \"b-#\", zone: b, cpu: 8, memory: 16Gi}}\nmanifests: [\"-\"]\ncontainers:\n{containers}timeline:\n{timeline}"
    );
    let parsed = scenario::parse_with("law.yaml", &text, &Overrides::default(), &mut manifests.as_bytes());
    let mut scenario = parsed.unwrap_or_else(|error| panic!("{error}\n{text}"));
    scenario.cluster.controller_manager.wrong = wrong;
    World::new(&scenario, Options::default()).expect("a world")
}

fn template(name: &str) -> String {
    format!(
        "selector: {{matchLabels: {{app: {name}}}}}\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec:\n      \
         terminationGracePeriodSeconds: 10\n      containers:\n        - {{name: c, image: \"x/{name}:v1\", resources: {{requests: {{cpu: 100m}}}}}}\n"
    )
}

fn deployment(replicas: i32, surge: &str, unavailable: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: {replicas}\n  strategy: {{type: RollingUpdate, \
         rollingUpdate: {{maxSurge: {surge}, maxUnavailable: {unavailable}}}}}\n  {}",
        template("web")
    )
}

/// Images become ready after different times; `never` matches the tag of one that never does.
fn images() -> &'static str {
    "  - {image: \"x/*:never\", start: 1s, ready: never}\n  - {image: \"x/*:slow\", start: {uniform: {min: 2s, max: 20s}}, ready: {after: 3s}, stop: {drains: 4s}}\n  \
     - {image: \"x/*\", start: {uniform: {min: 500ms, max: 4s}}, ready: {after: 1s}, stop: {drains: 2s}}\n"
}

fn step(at_s: u64, kubectl: &str) -> String {
    format!("{{at: {at_s}s, kubectl: \"{kubectl}\"}}")
}

fn counts(pod: &Obj) -> bool {
    !pod.meta.is_deleting() && pod.as_pod().is_some_and(Pod::is_ready)
}

/// Rounds a share of `replicas` as the Deployment controller does: surge up, unavailable down.
fn share(value: &str, replicas: i32, up: bool) -> i32 {
    match value.strip_suffix('%') {
        None => value.parse().expect("a number"),
        Some(percent) => {
            let hundredths = percent.parse::<i32>().expect("a number") * replicas;
            if up { (hundredths + 99) / 100 } else { hundredths / 100 }
        }
    }
}

/// What a Deployment allows, as it was at recent instants.
struct Bounds {
    surge: &'static str,
    unavailable: &'static str,
    replicas: Vec<(Time, i32)>,
    sets: BTreeMap<String, i32>,
    pods: BTreeMap<String, Obj>,
    broken: Vec<String>,
}

impl Bounds {
    /// Numbers of replicas that the controller may believe in at an instant.
    fn believed(&self, now: Time) -> impl Iterator<Item = i32> + '_ {
        let since = Time::from_ms(now.as_ms().saturating_sub(STALE_MS));
        let first = self.replicas.iter().rposition(|(at, _)| *at <= since).unwrap_or(0);
        self.replicas[first..].iter().map(|(_, replicas)| *replicas)
    }

    /// At most `maxSurge` more than wanted, or, if both bounds come out as 0, as the controller does: one may be missing.
    fn at_most(&self, now: Time) -> i32 {
        self.believed(now).map(|replicas| replicas + share(self.surge, replicas, true)).max().unwrap_or(0)
    }

    fn at_least(&self, now: Time) -> i32 {
        let least = |replicas: i32| match (share(self.surge, replicas, true), share(self.unavailable, replicas, false)) {
            (0, 0) => replicas - 1,
            (_, unavailable) => replicas - unavailable.min(replicas),
        };
        self.believed(now).map(least).min().unwrap_or(0)
    }

    fn set(&mut self, key: &Key, entry: &LogEntry) {
        let before: i32 = self.sets.values().sum();
        match entry.after.as_ref().and_then(|object| object.as_replica_set()) {
            Some(set) => drop(self.sets.insert(key.name.to_string(), set.spec.replicas.unwrap_or(1))),
            None => drop(self.sets.remove(&*key.name)),
        }
        let after: i32 = self.sets.values().sum();
        if after > before && after > self.at_most(entry.at) {
            self.broken.push(format!("{}: {:?} with at most {} wanted", entry.at, self.sets, self.at_most(entry.at)));
        }
    }

    fn pod(&mut self, key: &Key, entry: &LogEntry) {
        let was = self.pods.get(&*key.name).is_some_and(counts);
        match &entry.after {
            Some(pod) => drop(self.pods.insert(key.name.to_string(), pod.clone())),
            None => drop(self.pods.remove(&*key.name)),
        }
        let taken = was && entry.after.as_ref().is_none_or(|pod| pod.meta.is_deleting());
        let ready = self.pods.values().filter(|pod| counts(pod)).count() as i32;
        if taken && ready < self.at_least(entry.at) {
            self.broken.push(format!("{}: {} went, {ready} ready, {} needed", entry.at, key.name, self.at_least(entry.at)));
        }
    }
}

struct Watcher<T>(Rc<RefCell<T>>);

impl Observer for Watcher<Bounds> {
    fn commit(&mut self, key: &Key, entry: &LogEntry) {
        let mut bounds = self.0.borrow_mut();
        match &entry.object().body {
            Body::Deployment(web) if entry.after.is_some() => bounds.replicas.push((entry.at, web.spec.replicas.unwrap_or(1))),
            Body::ReplicaSet(_) => bounds.set(key, entry),
            Body::Pod(_) => bounds.pod(key, entry),
            _ => {}
        }
    }
}

/// What users do to a Deployment.
fn rollouts() -> impl Strategy<Value = Vec<(u64, String)>> {
    let change = prop_oneof![
        4 => prop_oneof![Just("v2"), Just("v3"), Just("slow"), Just("never")].prop_map(|tag| format!("set image deployment/web c=x/web:{tag}")),
        2 => (0u32..9).prop_map(|replicas| format!("scale deployment/web --replicas={replicas}")),
        1 => Just("rollout undo deployment/web".to_string()),
        1 => Just("rollout restart deployment/web".to_string()),
        1 => Just("rollout pause deployment/web".to_string()),
        1 => Just("rollout resume deployment/web".to_string()),
    ];
    prop::collection::vec((1u64..40, change), 1..7)
}

fn timeline(steps: &[(u64, String)], from_s: u64) -> Vec<String> {
    let mut at_s = from_s;
    let line = |(wait_s, line): &(u64, String)| {
        at_s += wait_s;
        step(at_s, line)
    };
    steps.iter().map(line).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// A rollout never makes more pods than `maxSurge` allows and never takes away what `maxUnavailable` protects.
    #[test]
    fn rollouts_keep_their_bounds(
        replicas in 1..8i32,
        surge in prop_oneof![Just("0"), Just("1"), Just("3"), Just("25%"), Just("100%")],
        unavailable in prop_oneof![Just("1"), Just("2"), Just("25%"), Just("50%")],
        steps in rollouts(),
        seed in 0..1_000u64,
    ) {
        let mut world = world(&deployment(replicas, surge, unavailable), images(), 10, seed, &timeline(&steps, 60));
        let (sets, pods) = (BTreeMap::new(), BTreeMap::new());
        let bounds = Rc::new(RefCell::new(Bounds { surge, unavailable, replicas: Vec::new(), sets, pods, broken: Vec::new() }));
        world.observe(Box::new(Watcher(bounds.clone())));
        world.run_until(Time::from_s(600));
        prop_assert!(bounds.borrow().broken.is_empty(), "{:#?}", bounds.borrow().broken);
        prop_assert!(!bounds.borrow().pods.is_empty() || bounds.borrow().replicas.last().unwrap().1 == 0);
    }
}

/// Counts healthy pods against a budget at every eviction.
#[derive(Default)]
struct Budget {
    budget: Option<PodDisruptionBudget>,
    pods: BTreeMap<String, Obj>,
    wanted: i32,
    /// How many may be missing, if not what the budget says.
    told: Option<i32>,
    evictions: u32,
    broken: Vec<String>,
}

impl Budget {
    fn needed(&self) -> i32 {
        let Some(budget) = &self.budget else { return 0 };
        if let Some(told) = self.told {
            return self.wanted - told;
        }
        let of = |value: &IntOrString, up: bool| match value {
            IntOrString::Int(number) => *number,
            IntOrString::String(text) => share(text, self.wanted, up),
        };
        match (&budget.spec.min_available, &budget.spec.max_unavailable) {
            (Some(least), _) => of(least, true),
            (None, Some(most)) => self.wanted - of(most, true),
            (None, None) => 0,
        }
    }
}

impl Observer for Watcher<Budget> {
    fn commit(&mut self, key: &Key, entry: &LogEntry) {
        let mut state = self.0.borrow_mut();
        match &entry.object().body {
            Body::PodDisruptionBudget(budget) => state.budget = entry.after.as_ref().map(|_| budget.clone()),
            Body::Deployment(web) => state.wanted = web.spec.replicas.unwrap_or(1),
            Body::Pod(_) => {
                let was = state.pods.get(&*key.name).is_some_and(counts);
                match &entry.after {
                    Some(pod) => drop(state.pods.insert(key.name.to_string(), pod.clone())),
                    None => drop(state.pods.remove(&*key.name)),
                }
                let evicted = |pod: &Obj| {
                    pod.meta.is_deleting()
                        && pod.as_pod().is_some_and(|pod| pod.status.conditions.iter().any(|c| &*c.reason == "EvictionByEvictionAPI"))
                };
                if was && entry.after.as_ref().is_some_and(evicted) {
                    state.evictions += 1;
                    let (ready, needed) = (state.pods.values().filter(|pod| counts(pod)).count() as i32, state.needed());
                    if ready < needed {
                        state.broken.push(format!("{}: {} was evicted, {ready} left, {needed} needed", entry.at, key.name));
                    }
                }
            }
            _ => {}
        }
    }
}

/// Which nodes are drained, and when.
fn drains() -> impl Strategy<Value = Vec<(u64, String)>> {
    let node = prop_oneof![Just("a-1"), Just("a-2"), Just("b-1"), Just("b-2")];
    let line = (node, 0..4u8).prop_map(|(node, kind)| match kind {
        0 => format!("uncordon {node}"),
        _ => format!("drain {node} --ignore-daemonsets --timeout=90s"),
    });
    prop::collection::vec((0u64..60, line), 2..8)
}

fn any_drains(steps: &[(u64, String)]) -> bool {
    steps.iter().any(|(_, line)| line.starts_with("drain"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// However many drains run at once: no eviction leaves fewer healthy pods than the budget asks for.
    #[test]
    fn evictions_never_break_a_budget(
        replicas in 1..8i32,
        bound in prop_oneof![Just("minAvailable: 2"), Just("minAvailable: 50%"), Just("maxUnavailable: 1"), Just("maxUnavailable: 30%"), Just("maxUnavailable: 0")],
        steps in drains(),
        seed in 0..1_000u64,
    ) {
        let budget = format!("---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {{name: web}}\nspec:\n  {bound}\n  selector: {{matchLabels: {{app: web}}}}\n");
        let manifests = deployment(replicas, "1", "0") + &budget;
        let mut world = world(&manifests, images(), 12, seed, &timeline(&steps, 60));
        let state = Rc::new(RefCell::new(Budget::default()));
        world.observe(Box::new(Watcher(state.clone())));
        world.run_until(Time::from_s(720));
        let state = state.borrow();
        prop_assert!(state.broken.is_empty(), "{:#?}", state.broken);
        prop_assert!(state.evictions == 0 || any_drains(&steps));
        prop_assert!(bound != "maxUnavailable: 0" || state.evictions == 0);
    }
}

/// Every incarnation of a StatefulSet's members.
#[derive(Default)]
struct Members {
    alive: BTreeMap<String, String>,
    /// Node and uid of the pod whose containers may still run there.
    running: BTreeMap<String, (String, String)>,
    broken: Vec<String>,
}

impl Observer for Watcher<Members> {
    fn commit(&mut self, key: &Key, entry: &LogEntry) {
        let Body::Pod(pod) = &entry.object().body else { return };
        if !key.name.starts_with("db-") {
            return;
        }
        let mut state = self.0.borrow_mut();
        let (name, uid) = (key.name.to_string(), entry.object().meta.uid.to_string());
        if entry.after.is_none() {
            state.alive.remove(&name);
            // Taken away before its containers had ended: they may run on.
            if pod.status.phase != PodPhase::Running {
                state.running.remove(&name);
            }
            return;
        }
        if let Some(other) = state.alive.insert(name.clone(), uid.clone()).filter(|other| *other != uid) {
            state.broken.push(format!("{}: {name} is both {other} and {uid}", entry.at));
        }
        if pod.is_bound() {
            let place = (pod.node_name.to_string(), uid);
            if let Some(other) = state.running.insert(name.clone(), place.clone()).filter(|other| *other != place) {
                state.broken.push(format!("{}: {name} runs on {} and on {}", entry.at, other.0, place.0));
            }
        }
    }
}

fn stateful_set(replicas: i32, policy: &str) -> String {
    format!(
        "---\napiVersion: apps/v1\nkind: StatefulSet\nmetadata: {{name: db}}\nspec:\n  serviceName: db\n  replicas: {replicas}\n  podManagementPolicy: {policy}\n  {}",
        template("db")
    )
}

fn daemon_set() -> String {
    format!("---\napiVersion: apps/v1\nkind: DaemonSet\nmetadata: {{name: agent}}\nspec:\n  {}", template("agent"))
}

/// Failures that heal, and users beside them.
fn blows() -> impl Strategy<Value = Vec<(u64, String)>> {
    let node = || prop_oneof![Just("a-1"), Just("a-2"), Just("b-1"), Just("b-2")];
    let heals = || prop_oneof![Just("30s"), Just("2m"), Just("7m")];
    let blow = prop_oneof![
        3 => (node(), heals()).prop_map(|(node, heals)| format!("fault: node-crash, node: {node}, for: {heals}")),
        2 => (node(), heals()).prop_map(|(node, heals)| format!("fault: kubelet-stop, node: {node}, for: {heals}")),
        1 => heals().prop_map(|heals| format!("fault: zone-outage, zone: a, for: {heals}")),
        2 => prop_oneof![Just("v2"), Just("slow")].prop_map(|tag| format!("kubectl: set image statefulset/db c=x/db:{tag}")),
        1 => prop_oneof![Just("v2"), Just("slow")].prop_map(|tag| format!("kubectl: set image daemonset/agent c=x/agent:{tag}")),
        1 => (1..5u32).prop_map(|replicas| format!("kubectl: scale statefulset/db --replicas={replicas}")),
        1 => (0..3u32).prop_map(|member| format!("kubectl: delete pod db-{member} --wait=false")),
        2 => prop_oneof![Just("v2"), Just("slow")].prop_map(|tag| format!("kubectl: set image deployment/web c=x/web:{tag}")),
    ];
    prop::collection::vec((5u64..120, blow), 1..6)
}

/// What is not as it is wanted when nothing has happened for long.
fn unsettled(world: &World) -> Vec<String> {
    let now = world.sim.store().now();
    let mut out = Vec::new();
    for kind in [Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet] {
        for (_, object) in now.list(kind) {
            let json = object.to_json();
            let number = |path: &str| json.pointer(path).and_then(serde_json::Value::as_i64).unwrap_or(0);
            let (wanted, ready, updated) = match kind {
                Kind::DaemonSet => (4, number("/status/numberReady"), number("/status/updatedNumberScheduled")),
                _ => (number("/spec/replicas"), number("/status/readyReplicas"), number("/status/updatedReplicas")),
            };
            let observed = number("/status/observedGeneration") == object.meta.generation;
            if !observed || ready != wanted || updated != wanted {
                out.push(format!("{}: {wanted} wanted, {ready} ready, {updated} updated, observed: {observed}", object.meta.name));
            }
        }
    }
    for (_, pod) in now.list(Kind::Pod) {
        if !counts(pod) {
            out.push(format!(
                "pod {}: deleting: {}, {:?}",
                pod.meta.name,
                pod.meta.is_deleting(),
                pod.as_pod().map(|pod| pod.status.phase)
            ));
        }
    }
    for (_, node) in now.list(Kind::Node) {
        let taints = node.as_node().map_or(0, |node| node.spec.taints.len());
        if taints > 0 {
            out.push(format!("node {}: {taints} taints", node.meta.name));
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever fails: no member of a StatefulSet is there twice; and when all has healed, everything becomes as it is wanted.
    #[test]
    fn members_are_never_doubled_and_all_converges(
        policy in prop_oneof![Just("OrderedReady"), Just("Parallel")],
        blows in blows(),
        seed in 0..1_000u64,
    ) {
        let manifests = deployment(4, "1", "1") + &stateful_set(3, policy) + &daemon_set();
        let mut at_s = 90;
        let lines: Vec<String> = blows.iter().map(|(wait_s, blow)| {
            at_s += wait_s;
            format!("{{at: {at_s}s, {blow}}}")
        }).collect();
        let mut world = world(&manifests, images(), 40, seed, &lines);
        let members = Rc::new(RefCell::new(Members::default()));
        world.observe(Box::new(Watcher(members.clone())));
        world.run_until(Time::from_s(2_400));
        prop_assert!(members.borrow().broken.is_empty(), "{:#?}", members.borrow().broken);
        prop_assert!(unsettled(&world).is_empty(), "{:#?}\n{lines:#?}", unsettled(&world));
    }
}

/// What a rollout of a DaemonSet or a StatefulSet takes away, beside what it may.
#[derive(Default)]
struct Rollout {
    /// How many nodes or members may be without a pod that works.
    unavailable: String,
    /// How many nodes may have a second pod.
    surge: String,
    replicas: Vec<(Time, i32)>,
    pods: BTreeMap<String, Obj>,
    taken: u32,
    broken: Vec<String>,
}

impl Rollout {
    fn of(unavailable: &str, surge: &str) -> Rc<RefCell<Rollout>> {
        Rc::new(RefCell::new(Rollout { unavailable: unavailable.into(), surge: surge.into(), ..Rollout::default() }))
    }

    /// Pods that are wanted on their node, by node. A daemon pod says by its affinity where it belongs.
    fn by_node(&self) -> BTreeMap<String, Vec<&Obj>> {
        let mut nodes: BTreeMap<String, Vec<&Obj>> = BTreeMap::new();
        for pod in self.pods.values().filter(|pod| !pod.meta.is_deleting()) {
            let text = pod.to_json()["spec"]["affinity"].to_string();
            let node = ["a-1", "a-2", "b-1", "b-2"].into_iter().find(|node| text.contains(node)).unwrap_or_default();
            nodes.entry(node.into()).or_default().push(pod);
        }
        nodes
    }

    fn daemons(&mut self, entry: &LogEntry, fresh: bool, taken: bool) {
        let nodes = self.by_node();
        let working = nodes.values().filter(|pods| pods.iter().any(|pod| counts(pod))).count() as i32;
        let doubled = nodes.values().filter(|pods| pods.len() > 1).count() as i32;
        let most = nodes.values().map(Vec::len).max().unwrap_or(0);
        // Both round up.
        let (unavailable, surge) = (share(&self.unavailable, 4, true), share(&self.surge, 4, true));
        if taken && working < 4 - unavailable {
            self.broken.push(format!("{}: {working} nodes with a pod that works, {unavailable} may be without", entry.at));
        }
        if fresh && (doubled > surge || most > 2) {
            self.broken.push(format!("{}: {doubled} nodes have two pods, {surge} may; {most} on one", entry.at));
        }
    }

    fn members(&mut self, entry: &LogEntry, name: &str) {
        let since = Time::from_ms(entry.at.as_ms().saturating_sub(STALE_MS));
        let first = self.replicas.iter().rposition(|(at, _)| *at <= since).unwrap_or(0);
        let wanted = self.replicas[first..].iter().map(|(_, replicas)| *replicas).min().unwrap_or(0);
        let works = |ordinal: i32| self.pods.get(&format!("db-{ordinal}")).is_some_and(counts);
        let missing = (0..wanted).filter(|ordinal| !works(*ordinal)).count() as i32;
        let may = share(&self.unavailable, wanted, false).max(i32::from(self.unavailable != "0"));
        if (0..wanted).any(|ordinal| name == format!("db-{ordinal}")) && missing > may {
            self.broken.push(format!("{}: {name} went, {missing} of {wanted} missing, {may} may be", entry.at));
        }
    }
}

impl Observer for Watcher<Rollout> {
    fn commit(&mut self, key: &Key, entry: &LogEntry) {
        let mut state = self.0.borrow_mut();
        if let Body::StatefulSet(set) = &entry.object().body
            && entry.after.is_some()
        {
            state.replicas.push((entry.at, set.spec.replicas.unwrap_or(1)));
        }
        if entry.object().as_pod().is_none() {
            return;
        }
        let was = state.pods.get(&*key.name).cloned();
        match &entry.after {
            Some(pod) => drop(state.pods.insert(key.name.to_string(), pod.clone())),
            None => drop(state.pods.remove(&*key.name)),
        }
        let taken = was.as_ref().is_some_and(counts) && entry.after.as_ref().is_none_or(|pod| pod.meta.is_deleting());
        state.taken += u32::from(taken);
        if !key.name.starts_with("db-") {
            state.daemons(entry, was.is_none(), taken);
        } else if taken {
            state.members(entry, &key.name);
        }
    }
}

fn rolling_daemon_set(unavailable: &str, surge: &str) -> String {
    let strategy = format!("spec:\n  updateStrategy: {{rollingUpdate: {{maxUnavailable: {unavailable}, maxSurge: {surge}}}}}\n");
    daemon_set().replace("spec:\n  selector", &(strategy + "  selector"))
}

fn rolling_stateful_set(replicas: i32, policy: &str, unavailable: &str) -> String {
    let strategy = format!("serviceName: db\n  updateStrategy: {{rollingUpdate: {{maxUnavailable: {unavailable}}}}}\n");
    stateful_set(replicas, policy).replace("serviceName: db\n", &strategy)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, failure_persistence: None, ..ProptestConfig::default() })]

    /// A DaemonSet's rollout leaves no more nodes without a working pod than `maxUnavailable`, and doubles none beyond `maxSurge`.
    #[test]
    fn daemon_sets_keep_their_bounds(
        (unavailable, surge) in prop_oneof![
            Just(("1", "0")), Just(("2", "0")), Just(("50%", "0")), Just(("0", "1")), Just(("0", "2")), Just(("0", "30%"))
        ],
        tags in prop::collection::vec((1u64..40, prop_oneof![Just("v2"), Just("v3"), Just("slow"), Just("never")]), 1..5),
        seed in 0..1_000u64,
    ) {
        let steps: Vec<(u64, String)> =
            tags.iter().map(|(wait_s, tag)| (*wait_s, format!("set image daemonset/agent c=x/agent:{tag}"))).collect();
        let mut world = world(&rolling_daemon_set(unavailable, surge), images(), 10, seed, &timeline(&steps, 60));
        let state = Rollout::of(unavailable, surge);
        world.observe(Box::new(Watcher(state.clone())));
        world.run_until(Time::from_s(600));
        prop_assert!(state.borrow().broken.is_empty(), "{:#?}", state.borrow().broken);
        prop_assert!(!state.borrow().pods.is_empty());
    }

    /// A StatefulSet's rollout never takes more members away than `maxUnavailable`.
    #[test]
    fn stateful_sets_keep_their_bounds(
        replicas in 1..7i32,
        policy in prop_oneof![Just("OrderedReady"), Just("Parallel")],
        unavailable in prop_oneof![Just("1"), Just("2"), Just("3"), Just("50%")],
        changes in prop::collection::vec((1u64..60, prop_oneof![
            3 => prop_oneof![Just("v2"), Just("v3"), Just("slow"), Just("never")].prop_map(|tag| format!("set image statefulset/db c=x/db:{tag}")),
            1 => (0u32..7).prop_map(|replicas| format!("scale statefulset/db --replicas={replicas}")),
            1 => Just("rollout undo statefulset/db".to_string()),
        ]), 1..6),
        seed in 0..1_000u64,
    ) {
        let manifests = rolling_stateful_set(replicas, policy, unavailable);
        let mut world = world(&manifests, images(), 10, seed, &timeline(&changes, 90));
        let state = Rollout::of(unavailable, "0");
        world.observe(Box::new(Watcher(state.clone())));
        world.run_until(Time::from_s(600));
        prop_assert!(state.borrow().broken.is_empty(), "{:#?}", state.borrow().broken);
        prop_assert!(!state.borrow().replicas.is_empty());
    }
}

/// Runs a world under a watcher and gives what it noted.
fn watched<T: Default>(mut world: World, until_s: u64) -> (World, Rc<RefCell<T>>)
where
    Watcher<T>: Observer + 'static,
{
    let state = Rc::new(RefCell::new(T::default()));
    world.observe(Box::new(Watcher(state.clone())));
    world.run_until(Time::from_s(until_s));
    (world, state)
}

#[test]
fn a_controller_that_trusts_its_pods_breaks_the_bounds() {
    let lines = [step(60, "set image deployment/web c=x/web:never")];
    for (wrong, breaks) in [(Wrong::Nothing, false), (Wrong::TrustsPods, true)] {
        let mut world = world_with(wrong, &deployment(6, "1", "1"), images(), 10, 1, &lines);
        let (sets, pods) = (BTreeMap::new(), BTreeMap::new());
        let bounds = Bounds { surge: "1", unavailable: "1", replicas: Vec::new(), sets, pods, broken: Vec::new() };
        let bounds = Rc::new(RefCell::new(bounds));
        world.observe(Box::new(Watcher(bounds.clone())));
        world.run_until(Time::from_s(600));
        assert_eq!(!bounds.borrow().broken.is_empty(), breaks, "{wrong:?}: {:#?}", bounds.borrow().broken);
    }
}

#[test]
fn a_controller_that_removes_lost_members_by_force_doubles_them() {
    // The kubelets of one zone fall silent; their containers go on.
    let lines = ["a-1", "a-2"].map(|node| format!("{{at: 90s, fault: kubelet-stop, node: {node}}}"));
    for (wrong, breaks) in [(Wrong::Nothing, false), (Wrong::ForceDeletes, true)] {
        let world = world_with(wrong, &stateful_set(4, "Parallel"), images(), 20, 1, &lines);
        let (_, members) = watched::<Members>(world, 1_200);
        assert_eq!(!members.borrow().broken.is_empty(), breaks, "{wrong:?}: {:#?}", members.borrow().broken);
    }
}

#[test]
fn an_eviction_that_a_budget_forbids_is_seen() {
    // The budget lets two go where the watcher is told of one.
    let budget = "---\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web}\nspec:\n  maxUnavailable: 2\n  selector: {matchLabels: {app: web}}\n";
    let lines: Vec<String> = ["a-1", "a-2", "b-1"].map(|node| step(60, &format!("drain {node} --timeout=90s"))).into();
    for (told, breaks) in [(2, false), (0, true)] {
        let mut world = world(&(deployment(6, "1", "0") + budget), images(), 5, 1, &lines);
        let state = Rc::new(RefCell::new(Budget { told: Some(told), ..Budget::default() }));
        world.observe(Box::new(Watcher(state.clone())));
        world.run_until(Time::from_s(300));
        let state = state.borrow();
        assert_eq!((state.evictions > 0, !state.broken.is_empty()), (true, breaks), "{:#?}", state.broken);
    }
}

#[test]
fn what_does_not_heal_does_not_settle() {
    let manifests = stateful_set(4, "Parallel");
    let mut world = world(&manifests, images(), 20, 1, &["{at: 90s, fault: node-crash, node: a-1}".to_string()]);
    world.run_until(Time::from_s(60));
    assert_eq!(unsettled(&world), Vec::<String>::new());
    world.run_until(Time::from_s(1_200));
    assert!(!unsettled(&world).is_empty());
}

#[test]
fn a_rollout_that_takes_more_than_it_may_is_seen() {
    // The watcher is told of stricter bounds than the rollouts have.
    let daemons = |unavailable, surge| (rolling_daemon_set(unavailable, surge), "set image daemonset/agent c=x/agent:slow");
    let members = |policy| (rolling_stateful_set(5, policy, "3"), "set image statefulset/db c=x/db:slow");
    let cases = [
        (daemons("2", "0"), [("2", "0", false), ("1", "0", true)]),
        (daemons("0", "2"), [("0", "2", false), ("0", "1", true)]),
        (members("Parallel"), [("3", "0", false), ("2", "0", true)]),
        (members("OrderedReady"), [("3", "0", false), ("2", "0", true)]),
    ];
    for ((manifests, change), told) in cases {
        for (unavailable, surge, breaks) in told {
            let mut world = world(&manifests, images(), 10, 1, &[step(120, change)]);
            let state = Rollout::of(unavailable, surge);
            world.observe(Box::new(Watcher(state.clone())));
            world.run_until(Time::from_s(600));
            let state = state.borrow();
            assert!(state.taken > 0);
            assert_eq!(!state.broken.is_empty(), breaks, "{change} with {unavailable} and {surge}: {:#?}", state.broken);
        }
    }
}
