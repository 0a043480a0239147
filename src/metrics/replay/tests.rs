//! A replay shows the past as it was, and of a big run no more than it may.

use super::*;
use crate::model::{Body, ConfigMap, Meta, Node, Object, Pod, Str};
use std::sync::Arc;

fn object(name: &str, body: Body) -> Obj {
    Arc::new(Object { meta: Meta { name: name.into(), namespace: "default".into(), ..Meta::default() }, body })
}

fn pod(name: &str, node: &str) -> Obj {
    object(name, Body::Pod(Pod { node_name: node.into(), ..Pod::default() }))
}

struct Writer {
    replay: Replay,
    version: u64,
}

impl Writer {
    fn write(&mut self, id: u32, at_ms: u64, before: Option<&Obj>, after: Option<&Obj>) {
        self.version += 1;
        let shown = after.or(before).unwrap();
        let key = Key { kind: shown.kind(), group_kind: Str::default(), namespace: "default".into(), name: shown.meta.name.clone() };
        let (version, at) = (self.version, Time::from_ms(at_ms));
        let entry = LogEntry { version, at, id: Id(id), previous: 0, before: before.cloned(), after: after.cloned() };
        self.replay.commit(&key, &entry);
    }
}

fn writer() -> Writer {
    Writer { replay: Replay::default(), version: 0 }
}

#[test]
fn an_instant_shows_what_was_there() {
    let mut writer = writer();
    let (waiting, bound) = (pod("a", ""), pod("a", "n"));
    writer.write(0, 10, None, Some(&waiting));
    writer.replay.request(Time::from_ms(20), "default-scheduler", "create binding", &Ok(bound.clone()));
    writer.write(0, 20, Some(&waiting), Some(&bound));
    writer.write(0, 30, Some(&bound), None);
    let node_at = |ms| writer.replay.list(Kind::Pod, Time::from_ms(ms)).first().map(|pod| pod.as_pod().unwrap().node_name.to_string());
    assert_eq!([9, 10, 20, 30].map(node_at), [None, Some("".into()), Some("n".into()), None]);
    let told: Vec<_> = writer.replay.steps.iter().map(|step| (step.sort.name(), step.text.as_str())).collect();
    assert_eq!(told, [("scale", "creates pod/a"), ("sync", "binds pod/a to node n"), ("kill", "removes pod/a")]);
    let json = serde_json::to_value(&writer.replay).unwrap();
    assert_eq!(json["objects"][0]["versions"][1][4], serde_json::json!({"spec": {"nodeName": ["n"]}}));
    assert_eq!(json["actors"], serde_json::json!(["start", "default-scheduler"]));
}

#[test]
fn a_big_run_keeps_the_first_pods_and_nodes() {
    let mut writer = writer();
    for id in 0..PODS_MAX as u32 + 5 {
        writer.write(2 * id, 1, None, Some(&pod(&format!("p{id}"), "")));
        writer.write(2 * id + 1, 1, None, Some(&object(&format!("n{id}"), Body::Node(Node::default()))));
    }
    writer.write(50_000, 2, None, Some(&object("c", Body::ConfigMap(ConfigMap::default()))));
    let count = |kind| writer.replay.list(kind, Time::from_ms(5)).len();
    assert!(writer.replay.big);
    assert_eq!((count(Kind::Pod), count(Kind::Node), count(Kind::ConfigMap)), (PODS_OF_BIG, NODES_OF_BIG, 1));
    assert_eq!(writer.replay.versions_left_out, 2 * (PODS_MAX as u64 + 5) - 240);
    // Those that are left are still found by their numbers, and others stay out.
    writer.write(2, 3, Some(&pod("p1", "")), Some(&pod("p1", "n")));
    writer.write(4_000, 3, Some(&pod("p2000", "")), Some(&pod("p2000", "n")));
    let bound = writer.replay.list(Kind::Pod, Time::from_ms(5)).iter().filter(|pod| pod.as_pod().unwrap().is_bound()).count();
    assert_eq!(bound, 1);
    assert!(writer.replay.steps.iter().all(|step| step.object.is_some_and(|place| place < writer.replay.objects.len())));
}

#[test]
fn too_many_versions_end_the_record() {
    let mut writer = writer();
    let before = pod("a", "");
    for at in 0..VERSIONS_MAX as u64 + 3 {
        writer.write(0, at, Some(&before), Some(&before));
    }
    assert_eq!((writer.replay.kept_until, writer.replay.versions_left_out), (Some(Time::from_ms(VERSIONS_MAX as u64)), 3));
}
