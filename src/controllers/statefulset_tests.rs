//! StatefulSets in a small world, and laws that hold whatever happens to their pods.

use super::*;
use crate::controllers::statefulset_pods::{ordinal, revision_of};
use crate::controllers::testing::{TinyKubelet, World};
use crate::model::{Object, PodPhase};
use proptest::prelude::*;
use serde_json::{Value, json};

fn describe(object: &Object) -> String {
    match object.as_stateful_set() {
        Some(set) => {
            let status = &set.status;
            format!("{}/{}/{}/{}", status.replicas, status.ready_replicas, status.current_replicas, status.updated_replicas)
        }
        None => object.meta.name.to_string(),
    }
}

fn world(extra: Value) -> World {
    let mut world = World::new(1, describe).with(StatefulSets::of(&ControllerManager::default()));
    world.sim.add_actor(Box::new(TinyKubelet));
    let mut spec = json!({"replicas": 3, "serviceName": "db", "selector": {"matchLabels": {"app": "db"}},
        "template": {"metadata": {"labels": {"app": "db"}}, "spec": {"containers": [{"name": "c", "image": "app:1"}]}}});
    json_patch::merge(&mut spec, &extra);
    world.create(json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"}, "spec": spec}));
    world
}

fn update(world: &mut World, image: &str) {
    world.merge(Kind::StatefulSet, "db", json!({"spec": {"template": {"spec": {"containers": [{"name": "c", "image": image}]}}}}));
}

fn pods(world: &World) -> Vec<String> {
    world.list(Kind::Pod).iter().map(|pod| pod.meta.name.to_string()).collect()
}

/// Names of pods in the order of their creation since the last call.
fn created(world: &mut World) -> Vec<String> {
    let events = world.events("db");
    let names = events.iter().filter_map(|event| event.strip_prefix("SuccessfulCreate Create Pod ")?.split(' ').next());
    names.map(str::to_string).collect()
}

#[test]
fn members_come_in_order_and_are_replaced_from_the_last() {
    let mut world = world(json!({}));
    world.run(1_500);
    assert_eq!(pods(&world), ["db-0", "db-1"]);
    world.run(3_000);
    assert_eq!(created(&mut world), ["db-0", "db-1", "db-2"]);
    assert_eq!(world.lines(Kind::StatefulSet).last().unwrap(), "3/3/3/3");
    update(&mut world, "app:2");
    world.run(500);
    let leaving: Vec<_> = world.list(Kind::Pod).iter().filter(|pod| pod.meta.is_deleting()).map(|pod| pod.meta.name.to_string()).collect();
    assert_eq!(leaving, ["db-2"]);
    world.run(10_000);
    let deleted: Vec<String> = world.events("db").into_iter().filter(|event| event.starts_with("SuccessfulDelete")).collect();
    assert_eq!(deleted, ["db-2", "db-1", "db-0"].map(|pod| format!("SuccessfulDelete Delete Pod {pod} in StatefulSet db successful")));
    let set = world.get(Kind::StatefulSet, "db").unwrap();
    let status = &set.as_stateful_set().unwrap().status;
    assert_eq!((status.current_replicas, &status.current_revision), (3, &status.update_revision));
    assert_eq!(world.list(Kind::ControllerRevision).len(), 2);
}

#[test]
fn a_partition_holds_the_lower_members_back() {
    let mut world = world(json!({"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}}));
    world.run(5_000);
    update(&mut world, "app:2");
    world.run(8_000);
    let image = |pod: &Obj| pod.as_pod().unwrap().spec.containers[0].image.clone();
    assert_eq!(world.list(Kind::Pod).iter().map(image).collect::<Vec<_>>(), ["app:1", "app:1", "app:2"]);
    // A member below the partition comes back as it was.
    world.delete(Kind::Pod, "db-0");
    world.run(4_000);
    assert_eq!(image(&world.get(Kind::Pod, "db-0").unwrap()), "app:1");
}

#[test]
fn parallel_members_come_and_go_together() {
    let mut world = world(json!({"podManagementPolicy": "Parallel", "replicas": 5}));
    world.run(500);
    assert_eq!(pods(&world).len(), 5);
    world.merge(Kind::StatefulSet, "db", json!({"spec": {"replicas": 1}}));
    world.run(500);
    assert_eq!(world.list(Kind::Pod).iter().filter(|pod| pod.meta.is_deleting()).count(), 4);
}

#[test]
fn an_ended_member_is_replaced() {
    let mut world = world(json!({}));
    world.run(5_000);
    let uid = world.get(Kind::Pod, "db-1").unwrap().meta.uid.clone();
    world.pod_state("db-1", "n1", PodPhase::Failed, false);
    world.run(4_000);
    let pod = world.get(Kind::Pod, "db-1").unwrap();
    assert!(pod.meta.uid != uid && pod.as_pod().unwrap().is_ready());
}

#[test]
fn on_delete_replaces_only_what_is_deleted() {
    let mut world = world(json!({"updateStrategy": {"type": "OnDelete"}}));
    world.run(5_000);
    update(&mut world, "app:2");
    world.run(2_000);
    assert_eq!(world.list(Kind::Pod).iter().filter(|pod| pod.meta.is_deleting()).count(), 0);
    world.delete(Kind::Pod, "db-1");
    world.run(4_000);
    let image = |pod: &Obj| pod.as_pod().unwrap().spec.containers[0].image.clone();
    assert_eq!(world.list(Kind::Pod).iter().map(image).collect::<Vec<_>>(), ["app:1", "app:2", "app:1"]);
}

#[derive(Clone, Debug)]
enum Blow {
    Scale(i32),
    Image(u8),
    Delete(i32),
    Fail(i32),
    Wait(u64),
}

fn blow() -> impl Strategy<Value = Blow> {
    prop_oneof![
        (0..5).prop_map(Blow::Scale),
        (1u8..4).prop_map(Blow::Image),
        (0..5).prop_map(Blow::Delete),
        (0..5).prop_map(Blow::Fail),
        (1u64..3_000).prop_map(Blow::Wait),
    ]
}

fn strike(world: &mut World, blow: &Blow) {
    match blow {
        Blow::Scale(replicas) => drop(world.merge(Kind::StatefulSet, "db", json!({"spec": {"replicas": replicas}}))),
        Blow::Image(version) => update(world, &format!("app:{version}")),
        Blow::Delete(ordinal) => {
            if world.get(Kind::Pod, &format!("db-{ordinal}")).is_some() {
                world.delete(Kind::Pod, &format!("db-{ordinal}"));
            }
        }
        Blow::Fail(ordinal) => {
            let name = format!("db-{ordinal}");
            if world.get(Kind::Pod, &name).is_some_and(|pod| pod.as_pod().is_some_and(|pod| pod.is_bound() && !pod.is_terminal())) {
                world.pod_state(&name, "n1", PodPhase::Failed, false);
            }
        }
        Blow::Wait(ms) => world.run(*ms),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever happens: no identity twice, claims included; and once nothing happens any more, all members are as wanted.
    #[test]
    fn identities_are_never_doubled_and_all_converges(blows in prop::collection::vec(blow(), 1..12), parallel: bool) {
        let policy = if parallel { "Parallel" } else { "OrderedReady" };
        let claim = json!([{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}]);
        let mut world = world(json!({"podManagementPolicy": policy, "volumeClaimTemplates": claim}));
        for blow in &blows {
            strike(&mut world, blow);
            world.run(100);
            let mut ordinals: Vec<_> = world.list(Kind::Pod).iter().map(|pod| ordinal(pod)).collect();
            let count = ordinals.len();
            ordinals.sort_unstable();
            ordinals.dedup();
            prop_assert_eq!(ordinals.len(), count);
            let claims = world.list(Kind::PersistentVolumeClaim);
            prop_assert!(claims.len() <= 5);
        }
        // A broken rollout is not healed by the real controller either, but these pods all become ready.
        world.run(60_000);
        let set = world.get(Kind::StatefulSet, "db").unwrap();
        let body = set.as_stateful_set().unwrap();
        let wanted = body.spec.replicas.unwrap();
        let pods = world.list(Kind::Pod);
        prop_assert_eq!(pods.len() as i32, wanted);
        prop_assert!(pods.iter().all(|pod| pod.as_pod().unwrap().is_ready() && *revision_of(pod) == *body.status.update_revision));
        prop_assert_eq!((body.status.replicas, body.status.ready_replicas, body.status.observed_generation), (wanted, wanted, set.meta.generation));
    }
}

#[test]
fn claims_get_their_owner_once_and_nobody_collides() {
    let claim =
        json!({"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}});
    let mut world = world(json!({"podManagementPolicy": "Parallel", "volumeClaimTemplates": [claim],
        "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete", "whenScaled": "Delete"}}));
    world.run(5_000);
    let owners: Vec<usize> = world.list(Kind::PersistentVolumeClaim).iter().map(|claim| claim.meta.owner_references.len()).collect();
    assert_eq!(owners, [1, 1, 1]);
    let failed: Vec<String> = world.events("db").into_iter().filter(|event| event.starts_with("Failed")).collect();
    assert!(failed.is_empty(), "{failed:?}");
}
