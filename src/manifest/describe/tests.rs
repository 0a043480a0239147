//! Descriptions against kubectl's own.

use super::*;
use crate::base::Time;
use crate::store::{Key, Store};
use serde_json::{Value, json};

/// Ten minutes after the objects were created.
const NOW: MicroTime = MicroTime((1_774_767_300 + 600) * 1_000_000);

fn store(objects: &[Value]) -> Store {
    let mut store = Store::default();
    for value in objects {
        let mut value = value.clone();
        value["metadata"]["creationTimestamp"] = json!("2026-03-29T06:55:00Z");
        let object = Object::from_json(value).unwrap();
        let id = store.intern(Key::of(&object));
        store.commit(Time::default(), id, Some(object));
    }
    store
}

fn described(objects: &[Value], kind: Kind, namespace: &str, name: &str) -> String {
    let store = store(objects);
    let object = store.now().find(kind, namespace, name).unwrap().clone();
    describe(&object, store.now(), NOW)
}

fn check(text: &str, want: &[&str]) {
    for line in want {
        assert!(text.lines().any(|found| found == *line), "no line {line:?} in\n{text}");
    }
}

#[test]
fn cells_align_in_runs_of_lines() {
    assert_eq!(writer::tabbed("a:\tb\nlonger:\tc\nx\ny:\tz\n"), "a:       b\nlonger:  c\nx\ny:  z\n");
    assert_eq!(writer::tabbed("a\tb\tc\nd\t\te\n"), "a  b  c\nd     e\n");
}

#[test]
fn a_pod_with_its_events() {
    let event = |name: &str, reason: &str, count: i32, last: &str| {
        json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": name, "namespace": "ns"}, "type": "Normal", "reason": reason,
            "involvedObject": {"kind": "Pod", "name": "web", "namespace": "ns", "uid": "u1", "fieldPath": "spec.containers{c}"}, "message": "did it",
            "count": count, "firstTimestamp": "2026-03-29T07:00:00Z", "lastTimestamp": last, "source": {"component": "kubelet"}})
    };
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "ns", "uid": "u1", "labels": {"app": "web", "b": "c"},
        "ownerReferences": [{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-1", "uid": "r", "controller": true}]},
        "spec": {"nodeName": "n1", "priority": 0, "containers": [{"name": "c", "image": "x:1", "ports": [{"containerPort": 80, "protocol": "TCP"}],
            "resources": {"requests": {"cpu": "250m"}}, "env": [{"name": "A", "value": "1"},
                {"name": "N", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}}],
            "readinessProbe": {"httpGet": {"path": "/", "port": 80, "scheme": "HTTP"}, "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3},
            "volumeMounts": [{"name": "v", "mountPath": "/v"}]}], "volumes": [{"name": "v", "emptyDir": {}}],
            "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}]},
        "status": {"phase": "Running", "hostIP": "10.1.1.1", "podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}], "qosClass": "Burstable",
            "startTime": "2026-03-29T06:55:01Z", "conditions": [{"type": "Ready", "status": "True"}],
            "containerStatuses": [{"name": "c", "ready": true, "restartCount": 1, "state": {"running": {"startedAt": "2026-03-29T06:55:04Z"}},
                "lastState": {"terminated": {"exitCode": 1, "reason": "Error", "startedAt": "2026-03-29T06:55:02Z", "finishedAt": "2026-03-29T06:55:03Z"}}}]}});
    let text = described(
        &[pod, event("e2", "Started", 3, "2026-03-29T07:04:50Z"), event("e1", "Pulled", 1, "2026-03-29T07:00:00Z")],
        Kind::Pod,
        "ns",
        "web",
    );
    check(
        &text,
        &[
            "Name:         web",
            "Node:         n1/10.1.1.1",
            "Start Time:   Sun, 29 Mar 2026 06:55:01 +0000",
            "Labels:       app=web",
            "              b=c",
            "Annotations:  <none>",
            "Status:       Running",
            "  IP:           10.0.0.1",
            "Controlled By:  ReplicaSet/web-1",
            "    Port:           80/TCP",
            "    State:          Running",
            "      Started:      Sun, 29 Mar 2026 06:55:04 +0000",
            "      Exit Code:    1",
            "    Restart Count:  1",
            "    Readiness:  http-get http://:80/ delay=0s timeout=1s period=10s successThreshold=1 failureThreshold=3",
            "      N:  web (v1:metadata.name)",
            "      /v from v (rw)",
            "    Type:        EmptyDir (a temporary directory that shares a pod's lifetime)",
            "QoS Class:       Burstable",
            "Tolerations:     node.kubernetes.io/not-ready:NoExecute op=Exists for 300s",
            "Events:",
            "  Type    Reason   Age               From     Message",
            "  Normal  Pulled   5m                kubelet  spec.containers{c}: did it",
            "  Normal  Started  10s (x3 over 5m)  kubelet  spec.containers{c}: did it",
        ],
    );
}

#[test]
fn a_node_and_what_runs_there() {
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}, "spec": {"taints": [{"key": "a", "value": "b", "effect": "NoSchedule"}]},
        "status": {"capacity": {"cpu": "4", "memory": "8Gi"}, "conditions": [{"type": "Ready", "status": "True", "reason": "KubeletReady"}]}});
    let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "ns"}, "spec": {"nodeName": "n1",
        "containers": [{"name": "c", "image": "x", "resources": {"requests": {"cpu": "1", "memory": "1Gi"}, "limits": {"cpu": "6"}}}]}});
    let text = described(&[node, pod], Kind::Node, "", "n1");
    check(
        &text,
        &[
            "Taints:             a=b:NoSchedule",
            "Non-terminated Pods:          (1 in total)",
            "  ns                          p       1 (25%)       6 (150%)    1Gi (12%)        0 (0%)         10m",
            "  cpu                1 (25%)    6 (150%)",
            "Events:              <none>",
        ],
    );
}

#[test]
fn a_deployment_its_sets_and_a_service() {
    let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "x:2"}]}});
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "ns", "uid": "d"},
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "web"}}, "template": template,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": 1}}},
        "status": {"replicas": 3, "updatedReplicas": 2, "availableReplicas": 1, "unavailableReplicas": 2}});
    let set = |name: &str, image: &str, replicas: i32| {
        let mut template = template.clone();
        template["metadata"]["labels"]["pod-template-hash"] = json!(name);
        template["spec"]["containers"][0]["image"] = json!(image);
        json!({"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": {"name": name, "namespace": "ns", "uid": name,
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "d", "controller": true}]},
            "spec": {"replicas": replicas, "template": template}, "status": {"replicas": replicas}})
    };
    let all = [deployment, set("web-a", "x:1", 1), set("web-b", "x:2", 2)];
    let text = described(&all, Kind::Deployment, "ns", "web");
    check(
        &text,
        &[
            "Replicas:               3 desired | 2 updated | 3 total | 1 available | 2 unavailable",
            "RollingUpdateStrategy:  1 max unavailable, 25% max surge",
            "   c:",
            "OldReplicaSets:    web-a (1/1 replicas created)",
            "NewReplicaSet:     web-b (2/2 replicas created)",
        ],
    );
    check(&described(&all, Kind::ReplicaSet, "ns", "web-a"), &["Pods Status:    0 Running / 0 Waiting / 0 Succeeded / 0 Failed"]);
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "ns"}, "spec": {"type": "ClusterIP",
        "clusterIP": "10.96.0.1", "clusterIPs": ["10.96.0.1"], "ports": [{"port": 80, "targetPort": 8080, "protocol": "TCP"}], "sessionAffinity": "None"}});
    let slice = json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "s-1", "namespace": "ns",
        "labels": {"kubernetes.io/service-name": "s"}}, "addressType": "IPv4", "ports": [{"name": "", "port": 8080}],
        "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": true}}, {"addresses": ["10.0.0.2"], "conditions": {"ready": false}}]});
    let text = described(&[service, slice], Kind::Service, "ns", "s");
    check(
        &text,
        &[
            "Port:              <unset>  80/TCP",
            "TargetPort:        8080/TCP",
            "Endpoints:         10.0.0.1:8080",
            "Session Affinity:  None",
        ],
    );
}

#[test]
fn other_kinds_show_all_fields() {
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "ns"}, "data": {"key": "value"}});
    let text = described(&[map], Kind::ConfigMap, "ns", "m");
    check(&text, &["API Version:  v1", "Kind:         ConfigMap", "Data:", "  Key:  value", "  Creation Timestamp:  2026-03-29T06:55:00Z"]);
    let store = store(&[]);
    assert_eq!(describe_all([], store.now(), NOW), "");
}
