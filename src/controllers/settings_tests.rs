//! Each setting of the controller manager changes what users see: two values of it, the same story, and what comes out.

use super::ControllerManager;
use super::testing::{TinyKubelet, World};
use crate::base::Span;
use crate::model::{Kind, LeaseSpec, MicroTime, PodPhase};
use crate::store::Key;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// How a story is measured under settings.
type Story = fn(ControllerManager) -> u64;

fn world(settings: &ControllerManager) -> World {
    World::new(1, |object| object.meta.name.to_string()).with_all(settings)
}

/// A world with a kubelet, whose requests take 200 ms: what is done one after the other shows.
fn slow(settings: &ControllerManager) -> World {
    let mut world = World::slow(1, |object| object.meta.name.to_string(), Span::from_ms(100)).with_all(settings);
    world.sim.add_actor(Box::new(TinyKubelet));
    world
}

/// Milliseconds until something holds; the limit if it never does.
fn until(world: &mut World, limit_s: u64, holds: impl Fn(&World) -> bool) -> u64 {
    let mut ms = 0;
    while ms < limit_s * 1_000 && !holds(world) {
        world.run(100);
        ms += 100;
    }
    ms
}

/// So many objects of one template, in which `#` is the number.
fn many(world: &mut World, count: u64, template: &Value) {
    for number in 0..count {
        let text = template.to_string().replace('#', &number.to_string());
        world.create(serde_json::from_str(&text).expect("still JSON"));
    }
}

fn template() -> Value {
    json!({"metadata": {"labels": {"app": "w#"}}, "spec": {"containers": [{"name": "c", "image": "i"}]}})
}

fn workload(api: &str, kind: &str, more: Value) -> Value {
    let mut spec = json!({"selector": {"matchLabels": {"app": "w#"}}, "template": template(), "replicas": 1});
    json_patch::merge(&mut spec, &more);
    json!({"apiVersion": api, "kind": kind, "metadata": {"name": "w#"}, "spec": spec})
}

fn job(more: Value) -> Value {
    let mut template = template();
    template["spec"]["restartPolicy"] = "Never".into();
    let mut spec = json!({"template": template});
    json_patch::merge(&mut spec, &more);
    json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "w#"}, "spec": spec})
}

/// Time until six objects have each brought forth one of `made`.
fn six(settings: &ControllerManager, object: &Value, made: Kind) -> u64 {
    let mut world = slow(settings);
    many(&mut world, 6, object);
    until(&mut world, 200, |world| world.list(made).len() >= 6)
}

fn pods_of(settings: ControllerManager, object: &Value) -> u64 {
    six(&settings, object, Kind::Pod)
}

fn service() -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s#"},
        "spec": {"selector": {"app": "w#"}, "ports": [{"port": 80}], "clusterIP": "None"}})
}

fn endpoints(addresses: usize) -> Value {
    let list: Vec<Value> = (1..=addresses).map(|last| json!({"ip": format!("10.9.0.{last}")})).collect();
    json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "s#"}, "subsets": [{"addresses": list, "ports": [{"port": 80}]}]})
}

fn without_selector() -> Value {
    json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s#"}, "spec": {"ports": [{"port": 80}], "clusterIP": "None"}})
}

fn slices_mirrored(settings: ControllerManager) -> u64 {
    let mut world = slow(&settings);
    many(&mut world, 6, &without_selector());
    many(&mut world, 6, &endpoints(1));
    until(&mut world, 200, |world| world.list(Kind::EndpointSlice).len() >= 6)
}

fn finished_jobs_gone(settings: ControllerManager) -> u64 {
    let mut world = slow(&settings);
    many(&mut world, 6, &job(json!({"ttlSecondsAfterFinished": 0, "suspend": true})));
    for number in 0..6 {
        let done = json!({"conditions": [{"type": "Complete", "status": "True", "lastTransitionTime": "2026-03-29T06:50:00Z"}]});
        world.status(Kind::Job, &format!("w{number}"), done);
    }
    until(&mut world, 200, |world| world.list(Kind::Job).iter().all(|job| job.meta.is_deleting()))
}

fn orphan(number: u64) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": format!("c{number}"),
        "ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "gone", "uid": format!("gone-{number}")}]}})
}

fn orphans_gone(settings: ControllerManager) -> u64 {
    let mut world = slow(&settings);
    (0..6).for_each(|number| drop(world.create(orphan(number))));
    until(&mut world, 60, |world| world.list(Kind::ConfigMap).iter().all(|map| !map.meta.name.starts_with('c')))
}

fn namespaces_gone(settings: ControllerManager) -> u64 {
    let mut world = slow(&settings);
    for number in 0..6 {
        world.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": format!("x{number}")}}));
        world.delete(Kind::Namespace, &format!("x{number}"));
    }
    until(&mut world, 60, |world| world.list(Kind::Namespace).iter().all(|namespace| !namespace.meta.name.starts_with('x')))
}

fn autoscalers_evaluated(settings: ControllerManager) -> u64 {
    let mut world = slow(&settings);
    let target = json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"});
    many(
        &mut world,
        6,
        &json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "h#"},
            "spec": {"scaleTargetRef": target, "maxReplicas": 3}}),
    );
    let told = |json: Value| json["status"]["conditions"].as_array().is_some_and(|conditions| !conditions.is_empty());
    until(&mut world, 60, |world| world.list(Kind::HorizontalPodAutoscaler).iter().all(|hpa| told(hpa.to_json())))
}

fn budgets_synced(settings: ControllerManager) -> u64 {
    let mut world = slow(&settings);
    many(
        &mut world,
        6,
        &json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b#"},
            "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "w#"}}}}),
    );
    until(&mut world, 60, |world| {
        world.list(Kind::PodDisruptionBudget).iter().all(|budget| budget.to_json()["status"]["observedGeneration"] == 1)
    })
}

fn quota(hard: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "q#"}, "spec": {"hard": hard}})
}

fn quotas_counted(settings: ControllerManager) -> u64 {
    let mut world = slow(&settings);
    many(&mut world, 6, &quota(json!({"pods": "5"})));
    until(&mut world, 60, |world| world.list(Kind::ResourceQuota).iter().all(|quota| quota.to_json()["status"]["used"].is_object()))
}

fn replicas_made(settings: ControllerManager) -> u64 {
    let mut world = world(&settings);
    world.create(serde_json::from_str(&workload("apps/v1", "ReplicaSet", json!({"replicas": 40})).to_string().replace('#', "0")).unwrap());
    until(&mut world, 200, |world| world.list(Kind::Pod).len() == 40)
}

/// A Deployment that failed too often is forgotten until the resync.
fn forgotten_deployment_found(settings: ControllerManager) -> u64 {
    let mut world = world(&settings);
    many(&mut world, 1, &quota(json!({"count/replicasets.apps": "0"})));
    world.run(10_000);
    many(&mut world, 1, &workload("apps/v1", "Deployment", json!({"progressDeadlineSeconds": 2_147_483_647})));
    world.run(300_000);
    world.merge(Kind::ResourceQuota, "q0", json!({"spec": {"hard": {"count/replicasets.apps": "1"}}}));
    until(&mut world, 10_000, |world| !world.list(Kind::ReplicaSet).is_empty())
}

fn endpoints_of_six(settings: ControllerManager) -> World {
    let mut world = world(&settings);
    world.sim.add_actor(Box::new(TinyKubelet));
    many(&mut world, 1, &workload("apps/v1", "ReplicaSet", json!({"replicas": 6})));
    many(&mut world, 1, &service());
    world
}

fn slices_of_six(settings: ControllerManager) -> u64 {
    let mut world = endpoints_of_six(settings);
    world.run(10_000);
    world.list(Kind::EndpointSlice).len() as u64
}

fn endpoints_shown(settings: ControllerManager) -> u64 {
    let mut world = endpoints_of_six(settings);
    until(&mut world, 60, |world| {
        let slices = world.list(Kind::EndpointSlice);
        let ready =
            |slice: Value| slice["endpoints"].as_array().map_or(0, |all| all.iter().filter(|e| e["conditions"]["ready"] == true).count());
        slices.iter().map(|slice| ready(slice.to_json())).sum::<usize>() == 6
    })
}

fn addresses_mirrored(settings: ControllerManager) -> u64 {
    let mut world = world(&settings);
    many(&mut world, 1, &without_selector());
    many(&mut world, 1, &endpoints(6));
    world.run(5_000);
    let slices = world.list(Kind::EndpointSlice);
    slices.iter().map(|slice| slice.to_json()["endpoints"].as_array().map_or(0, Vec::len) as u64).sum()
}

fn mirrored_slice_back(settings: ControllerManager) -> u64 {
    let mut world = world(&settings);
    many(&mut world, 1, &without_selector());
    many(&mut world, 1, &endpoints(6));
    world.run(20_000);
    let name = world.list(Kind::EndpointSlice)[0].meta.name.clone();
    world.delete(Kind::EndpointSlice, &name);
    until(&mut world, 60, |world| !world.list(Kind::EndpointSlice).is_empty())
}

/// A pod may take an hour to end but is gone at once: nobody tells the controller.
fn emptied_namespace_gone(settings: ControllerManager) -> u64 {
    let mut world = world(&settings);
    world.create(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {
        "nodeName": "n1", "terminationGracePeriodSeconds": 3_600, "containers": [{"name": "c", "image": "i"}]}}));
    world.delete(Kind::Namespace, "ns");
    world.run(20_000);
    world.finish_deletion("p");
    until(&mut world, 2_000, |world| world.get(Kind::Namespace, "ns").is_none() && world.list(Kind::Namespace).is_empty())
}

/// Ten nodes in two zones; those in `silent` never report again.
fn nodes(settings: ControllerManager, silent: &[u32], seconds: u64) -> World {
    let mut world = World::new(10, |object| object.meta.name.to_string()).with_all(&settings);
    world.create(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-node-lease"}}));
    for number in (1..=10).filter(|number| !silent.contains(number)) {
        let spec = LeaseSpec {
            renew_time: Some(MicroTime(world.sim.clock().start_us)),
            renewed_every: Some(Span::from_s(10)),
            ..LeaseSpec::default()
        };
        let name = format!("n{number}");
        let lease = crate::model::Lease { spec: Arc::new(spec), ..crate::model::Lease::default() };
        let meta = crate::model::Meta { name: name.as_str().into(), namespace: "kube-node-lease".into(), ..crate::model::Meta::default() };
        let object = crate::model::Object { meta, body: crate::model::Body::Lease(lease) };
        world.send(crate::api::Verb::Create(Box::new(object))).expect("a lease");
    }
    world.run(seconds * 1_000);
    world
}

fn evicting(world: &World) -> u64 {
    let evicts = |node: &Value| node["spec"]["taints"].as_array().is_some_and(|taints| taints.iter().any(|t| t["effect"] == "NoExecute"));
    world.list(Kind::Node).iter().filter(|node| evicts(&node.to_json())).count() as u64
}

fn node_found_silent(settings: ControllerManager) -> u64 {
    let mut world = nodes(settings, &[1], 0);
    let unknown = |node: Value| node["status"]["conditions"].as_array().is_some_and(|all| all.iter().any(|c| c["status"] == "Unknown"));
    until(&mut world, 300, |world| world.list(Kind::Node).iter().any(|node| unknown(node.to_json())))
}

fn new_node_found_silent(settings: ControllerManager) -> u64 {
    let mut world = nodes(settings, &[], 0);
    world.create(json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "new"}}));
    let unknown = |world: &World| world.get(Kind::Node, "new").is_some_and(|node| node.to_json()["status"]["conditions"].is_array());
    until(&mut world, 300, unknown)
}

/// Two of five nodes of a zone fall silent: nodes that lose their pods one second after the first of them.
fn nodes_evicted_in_a_healthy_zone(settings: ControllerManager) -> u64 {
    let mut world = nodes(settings, &[1, 3], 0);
    until(&mut world, 300, |world| evicting(world) == 1);
    world.run(5_000);
    evicting(&world)
}

/// Three of five nodes of a zone fall silent: nodes that lose their pods within ten minutes.
fn nodes_evicted_in_a_broken_zone(settings: ControllerManager) -> u64 {
    evicting(&nodes(settings, &[1, 3, 5], 600))
}

fn nodes_evicted_in_a_large_broken_zone(settings: ControllerManager) -> u64 {
    evicting(&nodes(ControllerManager { large_cluster_size_threshold: 2, ..settings }, &[1, 3, 5], 150))
}

fn ended_pods_kept(settings: ControllerManager) -> u64 {
    let mut world = world(&settings);
    for number in 0..6 {
        world.create(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": format!("p{number}")}}));
        world.pod_state(&format!("p{number}"), "n1", PodPhase::Failed, false);
    }
    world.run(60_000);
    world.list(Kind::Pod).len() as u64
}

fn wrong_count_mended(settings: ControllerManager) -> u64 {
    let mut world = world(&settings);
    many(&mut world, 1, &quota(json!({"pods": "5"})));
    world.run(5_000);
    world.status(Kind::ResourceQuota, "q0", json!({"used": {"pods": "3"}}));
    until(&mut world, 1_000, |world| world.get(Kind::ResourceQuota, "q0").unwrap().to_json()["status"]["used"]["pods"] == "0")
}

/// A Deployment of two pods under an autoscaler with a target of 50 % of 100m; `status` is that of the pods.
fn autoscaled(settings: ControllerManager, cpu: &str, status: impl Fn(&World) -> Value) -> World {
    let mut world = World::new(1, |object| object.meta.name.to_string()).with(super::hpa::Autoscaler::new(&settings));
    let mut deployment = workload("apps/v1", "Deployment", json!({"replicas": 2}));
    deployment = serde_json::from_str(&deployment.to_string().replace('#', "0")).unwrap();
    world.create(deployment);
    world.create(json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "h"}, "spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "w0"}, "minReplicas": 1, "maxReplicas": 9,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 50}}}]}}));
    for name in ["a", "b"] {
        world.create(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": "w0"}}, "spec": {
            "nodeName": "n1", "containers": [{"name": "c", "image": "i", "resources": {"requests": {"cpu": "100m"}}}]}}));
        let status = status(&world);
        world.status(Kind::Pod, name, status);
        usage(&mut world, name, cpu);
    }
    world
}

fn usage(world: &mut World, pod: &str, cpu: &str) {
    let at = world.sim.clock().timestamp(world.sim.now());
    world.create(json!({"apiVersion": "metrics.k8s.io/v1beta1", "kind": "PodMetrics", "metadata": {"name": pod},
        "timestamp": at, "window": "2m", "containers": [{"name": "c", "usage": {"cpu": cpu}}]}));
}

fn ready_long_ago(_: &World) -> Value {
    let long_ago = "2026-03-01T00:00:00Z";
    json!({"phase": "Running", "startTime": long_ago, "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": long_ago}]})
}

fn ready_just_now(world: &World) -> Value {
    let now = world.sim.clock().timestamp(world.sim.now());
    json!({"phase": "Running", "startTime": now, "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": now}]})
}

/// Started long ago, it was said not to be ready twenty seconds after that.
fn unready_since_its_start(_: &World) -> Value {
    let (started, changed) = ("2026-03-01T00:00:00Z", "2026-03-01T00:00:20Z");
    json!({"phase": "Running", "startTime": started, "conditions": [{"type": "Ready", "status": "False", "lastTransitionTime": changed}]})
}

fn size(world: &World) -> u64 {
    world.get(Kind::Deployment, "w0").expect("a Deployment").to_json()["spec"]["replicas"].as_u64().unwrap_or(0)
}

fn load_answered(settings: ControllerManager) -> u64 {
    let mut world = autoscaled(settings, "50m", ready_long_ago);
    world.run(1_000);
    for sample in world.list(Kind::Other) {
        world.send(crate::api::Verb::delete(Key::of(&sample))).expect("gone");
        usage(&mut world, &sample.meta.name, "100m");
    }
    until(&mut world, 200, |world| size(world) != 2)
}

fn idle_answered(settings: ControllerManager) -> u64 {
    let mut world = autoscaled(settings, "10m", ready_long_ago);
    until(&mut world, 1_000, |world| size(world) == 1)
}

fn size_for_a_little_more(settings: ControllerManager) -> u64 {
    let mut world = autoscaled(settings, "60m", ready_long_ago);
    world.run(60_000);
    size(&world)
}

fn size_for_young_pods(settings: ControllerManager) -> u64 {
    let mut world = autoscaled(settings, "100m", ready_just_now);
    world.run(60_000);
    size(&world)
}

fn size_for_unready_pods(settings: ControllerManager) -> u64 {
    let mut world = autoscaled(settings, "100m", unready_since_its_start);
    world.run(60_000);
    size(&world)
}

/// A setting, two values of it, how it is measured, and what must hold of the two figures.
type Row = (&'static str, Value, Value, Story, fn(u64, u64) -> bool);

/// One worker needs at least five round trips of 200 ms more than six.
fn later_by_a_second(one: u64, six: u64) -> bool {
    one >= six + 900 && six < 150_000
}

fn rows() -> Vec<Row> {
    let workers = |name: &'static str, story: Story| -> Row { (name, json!(1), json!(6), story, later_by_a_second) };
    vec![
        ("kubeAPIQPS", json!(2), json!(200), replicas_made, |a, b| a >= 4_000 && b < 1_000),
        ("kubeAPIBurst", json!(1), json!(300), replicas_made, |a, b| a >= 1_500 && b < 500),
        ("minResyncPeriod", json!("10m"), json!("1h"), forgotten_deployment_found, |a, b| {
            (300_000..=900_000).contains(&a) && (3_300_000..=6_900_000).contains(&b)
        }),
        workers("concurrentDeploymentSyncs", |s| six(&s, &workload("apps/v1", "Deployment", json!({})), Kind::ReplicaSet)),
        workers("concurrentRSSyncs", |s| pods_of(s, &workload("apps/v1", "ReplicaSet", json!({})))),
        workers("concurrentRCSyncs", |s| {
            pods_of(s, &workload("v1", "ReplicationController", json!({"selector": {"matchLabels": null, "app": "w#"}})))
        }),
        workers("concurrentStatefulSetSyncs", |s| pods_of(s, &workload("apps/v1", "StatefulSet", json!({})))),
        workers("concurrentDaemonSetSyncs", |s| pods_of(s, &workload("apps/v1", "DaemonSet", json!({"replicas": null})))),
        workers("concurrentJobSyncs", |s| pods_of(s, &job(json!({})))),
        workers("concurrentCronJobSyncs", |s| {
            let cron = json!({"schedule": "* * * * *", "jobTemplate": {"spec": job(json!({}))["spec"]}});
            six(&s, &json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "w#"}, "spec": cron}), Kind::Job)
        }),
        workers("concurrentTTLSyncs", finished_jobs_gone),
        workers("concurrentEndpointSyncs", |s| six(&s, &service(), Kind::Endpoints)),
        workers("concurrentServiceEndpointSyncs", |s| six(&s, &service(), Kind::EndpointSlice)),
        ("maxEndpointsPerSlice", json!(4), json!(100), slices_of_six, |a, b| (a, b) == (2, 1)),
        ("endpointUpdatesBatchPeriod", json!("5s"), json!("0s"), endpoints_shown, |a, b| a >= 5_000 && b < 1_500),
        workers("mirroringConcurrentServiceEndpointSyncs", slices_mirrored),
        ("mirroringMaxEndpointsPerSubset", json!(4), json!(1_000), addresses_mirrored, |a, b| (a, b) == (4, 6)),
        ("mirroringEndpointUpdatesBatchPeriod", json!("5s"), json!("0s"), mirrored_slice_back, |a, b| (b + 4_500..=b + 5_500).contains(&a)),
        ("enableGarbageCollector", json!(false), json!(true), orphans_gone, |a, b| a == 60_000 && b < 5_000),
        workers("concurrentGCSyncs", orphans_gone),
        workers("concurrentNamespaceSyncs", namespaces_gone),
        ("namespaceSyncPeriod", json!("1m"), json!("5m"), emptied_namespace_gone, |a, b| {
            a <= 66_000 && (b + 10_000 > 266_000 && b <= 306_000)
        }),
        ("nodeMonitorPeriod", json!("40s"), json!("5s"), node_found_silent, |a, b| (a, b) == (80_100, 50_100)),
        ("nodeMonitorGracePeriod", json!("20s"), json!("50s"), node_found_silent, |a, b| a + 30_000 == b),
        ("nodeStartupGracePeriod", json!("20s"), json!("60s"), new_node_found_silent, |a, b| a + 40_000 == b),
        ("nodeEvictionRate", json!(1), json!(0.1), nodes_evicted_in_a_healthy_zone, |a, b| (a, b) == (2, 1)),
        ("secondaryNodeEvictionRate", json!(0.1), json!(0.01), nodes_evicted_in_a_large_broken_zone, |a, b| a == 3 && b < 3),
        ("largeClusterSizeThreshold", json!(2), json!(50), nodes_evicted_in_a_broken_zone, |a, b| a == 3 && b < 2),
        ("unhealthyZoneThreshold", json!(0.7), json!(0.55), nodes_evicted_in_a_broken_zone, |a, b| a == 3 && b < 2),
        ("terminatedPodGCThreshold", json!(2), json!(12_500), ended_pods_kept, |a, b| (a, b) == (2, 6)),
        ("horizontalPodAutoscalerSyncPeriod", json!("60s"), json!("15s"), load_answered, |a, b| a >= b + 40_000 && b < 20_000),
        workers("concurrentHorizontalPodAutoscalerSyncs", autoscalers_evaluated),
        ("horizontalPodAutoscalerDownscaleStabilizationWindow", json!("1m"), json!("5m"), idle_answered, |a, b| {
            a + 230_000 <= b && b < 330_000
        }),
        ("horizontalPodAutoscalerTolerance", json!(0.3), json!(0.1), size_for_a_little_more, |a, b| (a, b) == (2, 3)),
        ("horizontalPodAutoscalerCPUInitializationPeriod", json!("10s"), json!("5m"), size_for_young_pods, |a, b| (a, b) == (4, 2)),
        ("horizontalPodAutoscalerInitialReadinessDelay", json!("10s"), json!("30s"), size_for_unready_pods, |a, b| (a, b) == (4, 2)),
        workers("concurrentDisruptionSyncs", budgets_synced),
        workers("concurrentResourceQuotaSyncs", quotas_counted),
        ("resourceQuotaSyncPeriod", json!("1m"), json!("5m"), wrong_count_mended, |a, b| a <= 60_000 && (200_000..=300_000).contains(&b)),
    ]
}

#[test]
fn each_setting_changes_what_happens() {
    let mut wrong = Vec::new();
    for (name, value, other, story, holds) in rows() {
        let under = |value: &Value| story(serde_json::from_value(json!({name: value})).expect("a setting"));
        let (first, second) = (under(&value), under(&other));
        if !holds(first, second) {
            wrong.push(format!("{name}: {first} with {value}, {second} with {other}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_setting_is_left_out() {
    let known = serde_json::to_value(ControllerManager::default()).unwrap();
    let known: BTreeSet<String> = known.as_object().unwrap().keys().cloned().collect();
    let shown: BTreeSet<String> = rows().iter().map(|row| row.0.to_string()).collect();
    assert_eq!(shown, known);
}

#[test]
fn events_wait_for_the_controllers_own_requests() {
    let first_event = |qps: f64| {
        let mut world = world(&ControllerManager { kube_api_qps: qps, kube_api_burst: 1, ..ControllerManager::default() });
        many(&mut world, 1, &workload("apps/v1", "ReplicaSet", json!({"replicas": 3})));
        until(&mut world, 60, |world| !world.events("w0").is_empty())
    };
    assert!(first_event(0.0) <= 100);
    assert!(first_event(1.0) >= 2_000, "two pods were asked for before it");
}

#[test]
fn some_clients_may_do_more_than_others() {
    use crate::actor::client::Limits;
    use crate::actor::controller::Controller;
    let settings = ControllerManager::default();
    assert_eq!(super::namespace::Namespaces::new(&settings).client_limits(), Some(Limits { qps: 400.0, burst: 3_000 }));
    assert_eq!(super::garbage_collector::GarbageCollector::new(&settings).client_limits(), Some(Limits { qps: 40.0, burst: 30 }));
}
