//! Which pods go first when there are too many.
//! Real: pkg/controller/controller_utils.go (ActivePodsWithRanks), pkg/controller/replicaset/replica_set.go (getPodsToDelete)
//! @ v1.37.2.

use super::control::{is_active, ready_since};
use crate::actor::Clock;
use crate::base::Time;
use crate::model::{Obj, Pod, PodPhase, Str, Timestamp};
use std::cmp::Ordering;
use std::collections::BTreeMap;

/// Annotation by which a pod says how much its removal costs.
const DELETION_COST: &str = "controller.kubernetes.io/pod-deletion-cost";

struct Candidate<'a> {
    object: &'a Obj,
    pod: &'a Pod,
    cost: i32,
    /// Active pods of the same owner's owner on the node.
    crowd: usize,
    ready: Option<Timestamp>,
    restarts: (i32, i32),
}

/// The `count` pods to remove, first the ones that are missed least. `related` are the pods of the whole group of owners.
pub fn choose(mut pods: Vec<Obj>, related: &[Obj], count: usize, clock: Clock, now: Time) -> Vec<Obj> {
    as_from_a_map(&mut pods, now);
    if count < pods.len() {
        let mut crowds: BTreeMap<Str, usize> = BTreeMap::new();
        for pod in related.iter().filter(|pod| is_active(pod)) {
            *crowds.entry(pod.as_pod().expect("a pod").node_name.clone()).or_default() += 1;
        }
        let candidates: Vec<Candidate<'_>> = pods.iter().map(|pod| candidate(pod, &crowds)).collect();
        let candidates = merge_sort(candidates, &|a, b| compare(a, b, clock, now));
        let order: Vec<Obj> = candidates.into_iter().map(|candidate| candidate.object.clone()).collect();
        pods = order;
    }
    pods.truncate(count);
    pods
}

/// Pods in one group of a map, which keeps them in the order in which they came.
const GROUP: usize = 8;

/// The real one has the pods from a map of Go: of equal ones any may be first. A walk begins at a random slot and goes round; up to
/// eight pods lie in the slots in order of their creation, so that two come in this order seven times of eight; more are scattered.
fn as_from_a_map(pods: &mut [Obj], now: Time) {
    let Some(first) = pods.first() else { return };
    let start = xxhash_rust::xxh3::xxh3_64_with_seed(first.meta.uid.as_bytes(), now.0) as usize;
    if pods.len() > GROUP {
        pods.sort_by(|a, b| a.meta.uid.cmp(&b.meta.uid));
        pods.rotate_left(start % pods.len());
    } else if start % GROUP < pods.len() {
        pods.rotate_left(start % GROUP);
    }
}

fn candidate<'a>(object: &'a Obj, crowds: &BTreeMap<Str, usize>) -> Candidate<'a> {
    let pod = object.as_pod().expect("a pod");
    let cost = object.meta.annotations.get(DELETION_COST).and_then(|text| text.parse().ok()).unwrap_or(0);
    let regular = pod.status.container_statuses.iter().map(|status| status.restart_count).max().unwrap_or(0);
    let is_sidecar = |name: &str| {
        let mut inits = pod.spec.init_containers.iter();
        inits.any(|container| container.name == name && container.restart_policy.as_deref() == Some("Always"))
    };
    let sidecars = pod.status.init_container_statuses.iter().filter(|status| is_sidecar(&status.name));
    let restarts = (regular, sidecars.map(|status| status.restart_count).max().unwrap_or(0));
    Candidate { object, pod, cost, crowd: crowds.get(&pod.node_name).copied().unwrap_or(0), ready: ready_since(pod), restarts }
}

fn phase_rank(phase: PodPhase) -> u8 {
    match phase {
        PodPhase::Pending => 0,
        PodPhase::Unknown => 1,
        _ => 2,
    }
}

/// Ages count by their order of magnitude only, so that no age is safe for long: `None` if both are of the same.
fn by_magnitude(a: Option<Timestamp>, b: Option<Timestamp>, uids: (&str, &str), clock: Clock, now: Time) -> Option<Ordering> {
    if a == b {
        return None;
    }
    let (Some(a), Some(b)) = (a, b) else { return Some(a.is_some().cmp(&b.is_some())) };
    let magnitude = |moment: Timestamp| {
        let age_ns = clock.age_ns(moment, now);
        if age_ns > 0 { i64::from(127 - age_ns.leading_zeros() as i32) } else { -1 }
    };
    Some(magnitude(a).cmp(&magnitude(b)).then_with(|| uids.0.cmp(uids.1)))
}

fn compare(a: &Candidate<'_>, b: &Candidate<'_>, clock: Clock, now: Time) -> Ordering {
    let uids = (&*a.object.meta.uid, &*b.object.meta.uid);
    let first = a
        .pod
        .is_bound()
        .cmp(&b.pod.is_bound())
        .then(phase_rank(a.pod.status.phase).cmp(&phase_rank(b.pod.status.phase)))
        .then(a.ready.is_some().cmp(&b.ready.is_some()))
        .then(a.cost.cmp(&b.cost))
        .then(b.crowd.cmp(&a.crowd));
    if first != Ordering::Equal {
        return first;
    }
    if a.ready.is_some()
        && let Some(order) = by_magnitude(a.ready, b.ready, uids, clock, now)
    {
        return order;
    }
    let created = |candidate: &Candidate<'_>| candidate.object.meta.creation_timestamp;
    b.restarts.cmp(&a.restarts).then_with(|| by_magnitude(created(a), created(b), uids, clock, now).unwrap_or(Ordering::Equal))
}

/// Sorts by a relation that need not be transitive, as the real one is not: of pods whose times are of one magnitude the unique ids
/// decide, but those of the very same second are told apart by other things. The library's sort refuses such a relation.
fn merge_sort<T>(mut items: Vec<T>, compare: &impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    if items.len() < 2 {
        return items;
    }
    let right = items.split_off(items.len() / 2);
    let mut left = merge_sort(items, compare).into_iter().peekable();
    let mut right = merge_sort(right, compare).into_iter().peekable();
    let mut out = Vec::with_capacity(left.len() + right.len());
    while let (Some(a), Some(b)) = (left.peek(), right.peek()) {
        out.extend(if compare(a, b).is_le() { left.next() } else { right.next() });
    }
    out.extend(left.chain(right));
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Object;
    use serde_json::{Value, json};

    /// name, node, phase, seconds since ready (if), cost, restarts, age in seconds.
    type Row = (&'static str, &'static str, &'static str, Option<i64>, i64, i64, i64);

    const NOW_S: i64 = 1_000_000;

    fn pod(row: &Row) -> Obj {
        let (name, node, phase, ready, cost, restarts, age) = *row;
        let time = |ago: i64| Value::from(Timestamp(NOW_S - ago).to_string());
        let conditions = ready.map(|ago| json!([{"type": "Ready", "status": "True", "lastTransitionTime": time(ago)}]));
        let json = json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": name, "uid": name, "creationTimestamp": time(age), "annotations": {DELETION_COST: cost.to_string()}},
            "spec": {"nodeName": node},
            "status": {"phase": phase, "conditions": conditions, "containerStatuses": [{"name": "c", "restartCount": restarts}]}});
        Obj::new(Object::from_json(json).unwrap())
    }

    #[test]
    fn of_equal_pods_the_older_is_mostly_first() {
        let (a, b) = (("a", "n", "Pending", None, 0, 0, 9), ("b", "n", "Pending", None, 0, 0, 9));
        let pods = vec![pod(&a), pod(&b)];
        let first =
            |ms: u64| choose(pods.clone(), &pods, 1, Clock { start_us: NOW_S * 1_000_000 }, Time::from_ms(ms))[0].meta.name.to_string();
        let older = (0..800).filter(|ms| first(*ms) == "a").count();
        assert!((650..750).contains(&older), "{older} of 800");
        let many: Vec<Obj> = (0..20).map(|_| pod(&a)).collect();
        assert_eq!(choose(many, &[], 30, Clock { start_us: 0 }, Time::ZERO).len(), 20);
    }

    #[test]
    fn the_one_missed_least_goes_first() {
        let ready = Some(100);
        let cases: &[(&str, [Row; 3], &str)] = &[
            (
                "unbound first",
                [("a", "n", "Pending", None, 0, 0, 9), ("b", "", "Pending", None, 5, 0, 9), ("c", "n", "Running", ready, 0, 0, 9)],
                "b",
            ),
            (
                "pending before running",
                [("a", "n", "Running", None, 0, 0, 9), ("b", "m", "Pending", None, 5, 0, 9), ("c", "o", "Running", ready, 0, 0, 9)],
                "b",
            ),
            (
                "not ready before cheap",
                [("a", "n", "Running", ready, -9, 0, 9), ("b", "m", "Running", None, 5, 0, 9), ("c", "o", "Running", ready, 0, 0, 9)],
                "b",
            ),
            (
                "cheap before crowded",
                [("a", "n", "Running", ready, 0, 0, 9), ("b", "m", "Running", ready, -1, 0, 9), ("c", "n", "Running", ready, 0, 0, 9)],
                "b",
            ),
            (
                "newly ready first",
                [
                    ("a", "n", "Running", Some(900), 0, 0, 9),
                    ("b", "m", "Running", Some(9), 0, 0, 9),
                    ("c", "o", "Running", Some(500), 0, 0, 9),
                ],
                "b",
            ),
            (
                "restarts",
                [("a", "n", "Running", ready, 0, 1, 9), ("b", "m", "Running", ready, 0, 7, 9), ("c", "o", "Running", ready, 0, 0, 9)],
                "b",
            ),
            (
                "newer first",
                [
                    ("a", "n", "Running", ready, 0, 0, 9_000),
                    ("b", "m", "Running", ready, 0, 0, 90),
                    ("c", "o", "Running", ready, 0, 0, 900),
                ],
                "b",
            ),
            (
                "like age by uid",
                [
                    ("c", "n", "Running", Some(100), 0, 0, 9),
                    ("a", "m", "Running", Some(101), 0, 0, 9),
                    ("b", "o", "Running", Some(102), 0, 0, 9),
                ],
                "a",
            ),
        ];
        let (clock, now) = (Clock { start_us: NOW_S * 1_000_000 }, Time::ZERO);
        for (what, rows, first) in cases {
            let pods: Vec<Obj> = rows.iter().map(pod).collect();
            let chosen = choose(pods.clone(), &pods, 1, clock, now);
            assert_eq!(&*chosen[0].meta.name, *first, "{what}");
        }
    }

    #[test]
    fn the_crowded_node_loses_one() {
        let rows: [Row; 3] =
            [("a", "n", "Running", Some(100), 0, 0, 9), ("b", "m", "Running", Some(1), 0, 0, 9), ("c", "n", "Running", Some(100), 0, 0, 9)];
        let pods: Vec<Obj> = rows.iter().map(pod).collect();
        let chosen = choose(pods.clone(), &pods, 1, Clock { start_us: NOW_S * 1_000_000 }, Time::ZERO);
        assert_eq!(&*chosen[0].meta.name, "a");
        // Nobody is compared when all have to go.
    }

    /// Ages in one magnitude, some of the same second, with other ages and ids all in different orders: no order fits all pairs.
    #[test]
    fn a_relation_that_is_not_transitive_is_sorted_all_the_same() {
        let mut seed = 1_u64;
        let mut draw = |below: i64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as i64 % below
        };
        let rows: Vec<Row> = (0..200).map(|_| ("p", "n", "Running", Some(600 + draw(4)), 0, draw(3), 1_000 + draw(100_000))).collect();
        let pods: Vec<Obj> = rows
            .iter()
            .map(|row| {
                let mut object = (*pod(row)).clone();
                object.meta.uid = format!("{:x}", draw(i64::MAX)).into();
                Obj::new(object)
            })
            .collect();
        let clock = Clock { start_us: NOW_S * 1_000_000 };
        let chosen = choose(pods.clone(), &pods, 199, clock, Time::ZERO);
        assert_eq!(chosen.len(), 199);
    }

    proptest::proptest! {
        #[test]
        fn what_has_an_order_is_sorted_as_the_library_does(items in proptest::collection::vec((0_u8..9, proptest::prelude::any::<u8>()), 0..60)) {
            let mut wanted = items.clone();
            wanted.sort_by_key(|item| item.0);
            proptest::prop_assert_eq!(merge_sort(items, &|a, b| a.0.cmp(&b.0)), wanted);
        }
    }
}
