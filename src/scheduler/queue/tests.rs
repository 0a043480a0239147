//! Laws of the queue.

use super::*;
use crate::model::Object;
use proptest::prelude::{Just, ProptestConfig, any, prop_assert_eq, prop_oneof, proptest};
use proptest::strategy::Strategy as _;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// A world with one gate, closed for pods with the label `gated`, and plugins `A` (listens to nodes that come, always
/// hopeful) and `B` (listens to nodes that go, never hopeful).
struct Toy;

impl Env for Toy {
    fn gate(&self, pod: &PodInfo, _first: Option<&'static str>) -> Option<&'static str> {
        pod.labels().contains("gated").then_some("Gate")
    }

    fn is_of_interest(&self, event: &ClusterEvent) -> bool {
        event.is_wildcard() || ["A", "B", "Gate"].iter().any(|plugin| self.listens(plugin, event))
    }

    fn listens(&self, plugin: &str, event: &ClusterEvent) -> bool {
        match plugin {
            "A" => *event == ClusterEvent::NODE_ADD,
            "B" => *event == ClusterEvent::NODE_DELETE,
            _ => event.resource == super::super::events::Resource::TargetPod,
        }
    }

    fn hint(&self, plugin: &str, _: &PodInfo, event: &ClusterEvent, _: Option<&Obj>, _: Option<&Obj>) -> bool {
        plugin != "B" && self.listens(plugin, event)
    }
}

fn pod(name: &str, priority: i32, gated: bool) -> Arc<PodInfo> {
    let labels = if gated { json!({"gated": "yes"}) } else { json!({}) };
    let json = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "ns", "uid": name, "labels": labels}, "spec": {"priority": priority, "containers": []}});
    Arc::new(PodInfo::new(Arc::new(Object::from_json(json).unwrap())))
}

fn queue() -> SchedulingQueue {
    SchedulingQueue::new(Span::from_s(1), Span::from_s(10), Span::from_s(300))
}

fn key(name: &str) -> PodKey {
    ("ns".into(), name.into())
}

fn fail(queue: &mut SchedulingQueue, name: &str, plugins: &[&'static str], at: u64) {
    let (mut info, _) = queue.pop().expect("a pod can be popped");
    assert_eq!(&*info.pod.object.meta.name, name);
    info.unschedulable_plugins = plugins.iter().copied().collect();
    queue.add_unschedulable(&Toy, info, Time::from_ms(at));
}

#[test]
fn backoff_doubles_up_to_its_limit_and_ends_with_its_second() {
    let mut queue = queue();
    queue.add(&Toy, pod("p", 0, false), Time::ZERO);
    let mut at = 500;
    for expected in [1, 2, 4, 8, 10, 10] {
        fail(&mut queue, "p", &["A"], at);
        assert_eq!(queue.place(&key("p")), Some(Place::Unschedulable));
        queue.move_all(&Toy, ClusterEvent::NODE_ADD, None, None, None, Time::from_ms(at));
        assert_eq!(queue.place(&key("p")), Some(Place::Backoff));
        let end = at / 1000 * 1000 + expected * 1000;
        assert_eq!(queue.get(&key("p")).unwrap().backoff_expiration, Some(Time::from_ms(end)));
        assert_eq!(queue.next_backoff_completion(), Some(Time::from_ms(end + 1000)));
        queue.flush_backoff(&Toy, Time::from_ms(end + 999));
        assert_eq!(queue.place(&key("p")), Some(Place::Backoff));
        queue.flush_backoff(&Toy, Time::from_ms(end + 1000));
        assert_eq!(queue.place(&key("p")), Some(Place::Active));
        at = end + 1500;
    }
}

#[test]
fn errors_wait_in_their_own_queue_and_are_not_popped_from_it() {
    let mut queue = queue();
    queue.add(&Toy, pod("p", 0, false), Time::ZERO);
    fail(&mut queue, "p", &[], 100);
    assert_eq!((queue.place(&key("p")), queue.can_pop()), (Some(Place::ErrorBackoff), false));
    assert_eq!(queue.get(&key("p")).unwrap().consecutive_errors_count, 1);
    queue.move_all(&Toy, ClusterEvent::NODE_ADD, None, None, None, Time::from_ms(200));
    assert_eq!(queue.place(&key("p")), Some(Place::ErrorBackoff));
}

#[test]
fn an_empty_active_queue_pops_from_backoff() {
    let mut queue = queue();
    queue.add(&Toy, pod("p", 0, false), Time::ZERO);
    fail(&mut queue, "p", &["A"], 100);
    queue.move_all(&Toy, ClusterEvent::NODE_ADD, None, None, None, Time::from_ms(200));
    assert_eq!(queue.pop().map(|(info, place)| (info.attempts, place)), Some((2, Place::Backoff)));
}

#[test]
fn events_during_an_attempt_are_replayed() {
    let mut queue = queue();
    queue.record_moves();
    queue.add(&Toy, pod("p", 0, false), Time::ZERO);
    let (mut info, _) = queue.pop().unwrap();
    queue.move_all(&Toy, ClusterEvent::NODE_ADD, None, None, None, Time::from_ms(50));
    assert_eq!((queue.held_events(), queue.is_in_flight("p")), (1, true));
    info.unschedulable_plugins = BTreeSet::from(["A"]);
    queue.add_unschedulable(&Toy, info, Time::from_ms(100));
    assert_eq!((queue.place(&key("p")), queue.held_events()), (Some(Place::Backoff), 0));
    let moves: Vec<_> = queue.take_moves().into_iter().map(|m| (m.event.into_owned(), m.from, m.to)).collect();
    let expected = [
        ("UnscheduledPodAdd".to_string(), None, Some(Place::Active)),
        ("ScheduleAttemptFailure".to_string(), Some(Place::InFlight), Some(Place::Backoff)),
    ];
    assert_eq!(moves, expected);
}

#[test]
fn a_pending_plugin_brings_a_pod_back_without_backoff() {
    let mut queue = queue();
    queue.add(&Toy, pod("p", 0, false), Time::ZERO);
    let (mut info, _) = queue.pop().unwrap();
    info.pending_plugins = BTreeSet::from(["A"]);
    queue.add_unschedulable(&Toy, info, Time::from_ms(100));
    queue.move_all(&Toy, ClusterEvent::NODE_ADD, None, None, None, Time::from_ms(200));
    assert_eq!(queue.place(&key("p")), Some(Place::Active));
}

#[test]
fn a_gate_keeps_a_pod_out_until_an_update_opens_it() {
    let mut queue = queue();
    let gated = pod("p", 0, true);
    queue.add(&Toy, gated.clone(), Time::ZERO);
    assert_eq!((queue.place(&key("p")), queue.count_at(Place::Gated)), (Some(Place::Gated), 1));
    queue.move_all(&Toy, ClusterEvent::NODE_ADD, None, None, None, Time::from_ms(1));
    queue.activate(&Toy, &gated, Time::from_ms(2));
    assert_eq!(queue.place(&key("p")), Some(Place::Gated));
    assert!(queue.update(&Toy, &gated.object, pod("p", 0, false), Time::from_ms(3)));
    assert_eq!(queue.place(&key("p")), Some(Place::Active));
    assert!(queue.get(&key("p")).unwrap().unschedulable_plugins.contains("Gate"), "the gate is remembered until the next failure");
}

#[test]
fn five_minutes_in_the_pool_are_enough() {
    let mut queue = queue();
    queue.add(&Toy, pod("p", 0, false), Time::ZERO);
    fail(&mut queue, "p", &["B"], 0);
    queue.flush_unschedulable(&Toy, Time::from_s(300));
    assert_eq!(queue.place(&key("p")), Some(Place::Unschedulable));
    queue.flush_unschedulable(&Toy, Time::from_s(330));
    assert_eq!(queue.place(&key("p")), Some(Place::Active));
    assert!(queue.get(&key("p")).unwrap().was_flushed_from_unschedulable);
}

#[test]
fn deletion_and_activation_find_a_pod_anywhere() {
    let mut queue = queue();
    let p = pod("p", 0, false);
    queue.add(&Toy, p.clone(), Time::ZERO);
    fail(&mut queue, "p", &["A"], 100);
    queue.activate(&Toy, &p, Time::from_ms(200));
    assert_eq!(queue.place(&key("p")), Some(Place::Active));
    let (info, _) = queue.pop().unwrap();
    queue.activate(&Toy, &p, Time::from_ms(300));
    assert_eq!(queue.held_events(), 1);
    let mut info = info;
    info.unschedulable_plugins = BTreeSet::from(["B"]);
    queue.add_unschedulable(&Toy, info, Time::from_ms(5_400));
    assert_eq!(queue.place(&key("p")), Some(Place::Backoff));
    assert!(!queue.has_unschedulable());
    queue.delete(&key("p"), Time::from_ms(5_500));
    assert!(queue.is_empty());
}

#[derive(Clone, Debug)]
enum Op {
    Add(u8, i32, bool),
    Update(u8, bool),
    Delete(u8),
    Pop,
    Fail(u8, u8),
    Bind(u8),
    Activate(u8),
    Event(bool),
    Flush,
    Wait(u16),
}

fn op() -> impl proptest::strategy::Strategy<Value = Op> {
    prop_oneof![
        4 => (0..8u8, 0..3i32, any::<bool>()).prop_map(|(n, p, g)| Op::Add(n, p, g)),
        1 => (0..8u8, any::<bool>()).prop_map(|(n, g)| Op::Update(n, g)),
        1 => (0..8u8).prop_map(Op::Delete),
        4 => Just(Op::Pop),
        4 => (0..8u8, 0..4u8).prop_map(|(n, plugins)| Op::Fail(n, plugins)),
        1 => (0..8u8).prop_map(Op::Bind),
        1 => (0..8u8).prop_map(Op::Activate),
        2 => any::<bool>().prop_map(Op::Event),
        1 => Just(Op::Flush),
        3 => (0..20_000u16).prop_map(Op::Wait),
    ]
}

/// What must be true of a queue at any time.
fn check_laws(queue: &SchedulingQueue, known: &BTreeSet<PodKey>, flying: &BTreeMap<PodKey, Box<QueuedPodInfo>>) {
    let mut seen = BTreeSet::new();
    for place in [Place::Active, Place::Backoff, Place::ErrorBackoff, Place::Unschedulable, Place::Gated] {
        let pods = queue.pods_at(place);
        assert_eq!(pods.len(), queue.count_at(place));
        for info in &pods {
            assert!(seen.insert(info.key()), "{:?} is in two places", info.key());
            assert_eq!(queue.place(&info.key()), Some(place));
            assert_eq!(info.is_gated(), place == Place::Gated);
        }
        if place == Place::Active {
            let ranks: Vec<_> = pods.iter().map(|info| (-info.pod.priority(), info.timestamp)).collect();
            assert!(ranks.is_sorted(), "active pods come by priority and age");
        }
        if matches!(place, Place::Backoff | Place::ErrorBackoff) {
            assert!(pods.iter().map(|info| info.backoff_expiration).is_sorted(), "pods in backoff come by its end");
        }
    }
    for key in flying.keys() {
        assert!(!seen.contains(key), "{key:?} is in flight and in the queue");
    }
    let expected: BTreeSet<_> = known.iter().filter(|key| !flying.contains_key(*key)).cloned().collect();
    assert_eq!(seen, expected, "no pod is lost and none comes from nowhere");
    if flying.is_empty() {
        assert_eq!(queue.held_events(), 0, "events are kept only for pods in flight");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_pod_is_lost_or_doubled(ops in proptest::collection::vec(op(), 1..80)) {
        let mut queue = queue();
        let mut now = Time::ZERO;
        let mut known = BTreeSet::new();
        let mut flying: BTreeMap<PodKey, Box<QueuedPodInfo>> = BTreeMap::new();
        for op in ops {
            now += Span(1);
            match op {
                Op::Add(n, priority, gated) if !known.contains(&key(&n.to_string())) => {
                    queue.add(&Toy, pod(&n.to_string(), priority, gated), now);
                    known.insert(key(&n.to_string()));
                }
                Op::Update(n, gated) if known.contains(&key(&n.to_string())) => {
                    let (old, new) = (pod(&n.to_string(), 0, false), pod(&n.to_string(), 1, gated));
                    let waits = queue.update(&Toy, &old.object, new, now);
                    prop_assert_eq!(waits, !flying.contains_key(&key(&n.to_string())));
                }
                Op::Delete(n) if !flying.contains_key(&key(&n.to_string())) => {
                    queue.delete(&key(&n.to_string()), now);
                    known.remove(&key(&n.to_string()));
                }
                Op::Pop => {
                    prop_assert_eq!(queue.can_pop(), queue.count_at(Place::Active) + queue.count_at(Place::Backoff) > 0);
                    if let Some((info, _)) = queue.pop() {
                        flying.insert(info.key(), info);
                    }
                }
                Op::Fail(n, plugins) => {
                    if let Some(mut info) = flying.remove(&key(&n.to_string())) {
                        let chosen = ["A", "B"].into_iter().enumerate().filter(|(i, _)| plugins & (1 << i) != 0);
                        info.unschedulable_plugins = chosen.map(|(_, plugin)| plugin).collect();
                        queue.add_unschedulable(&Toy, info, now);
                    }
                }
                Op::Bind(n) => {
                    if flying.remove(&key(&n.to_string())).is_some() {
                        queue.done(&n.to_string());
                        known.remove(&key(&n.to_string()));
                    }
                }
                Op::Activate(n) => queue.activate(&Toy, &pod(&n.to_string(), 0, false), now),
                Op::Event(add) => {
                    let event = if add { ClusterEvent::NODE_ADD } else { ClusterEvent::NODE_DELETE };
                    queue.move_all(&Toy, event, None, None, None, now);
                }
                Op::Flush => {
                    queue.flush_backoff(&Toy, now);
                    queue.flush_unschedulable(&Toy, now);
                }
                Op::Wait(ms) => now += Span::from_ms(u64::from(ms)),
                Op::Add(..) | Op::Update(..) | Op::Delete(_) => {}
            }
            check_laws(&queue, &known, &flying);
        }
    }
}
