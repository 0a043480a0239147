//! Tables against kubectl's own.

use super::*;
use serde_json::{Value, json};

/// An hour after the objects were created.
const NOW: MicroTime = MicroTime((1_774_767_300 + 3600) * 1_000_000);

fn object(mut value: Value) -> Object {
    value["metadata"]["creationTimestamp"] = json!("2026-03-29T06:55:00Z");
    Object::from_json(value).unwrap()
}

fn pod(name: &str, spec: Value, status: Value) -> Object {
    let mut whole = json!({"containers": [{"name": "c", "image": "x:1"}]});
    spec.as_object().unwrap().iter().for_each(|(key, value)| whole[key] = value.clone());
    object(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "ns"}, "spec": whole, "status": status}))
}

fn status_of(spec: Value, status: Value) -> String {
    let pod = pod("p", spec, status);
    let cells = rows::cells(&pod, false, NOW);
    format!("{} {} {}", cells[1], cells[2], cells[3])
}

#[test]
fn a_pod_shows_its_state() {
    let running = json!({"name": "c", "ready": true, "restartCount": 0, "state": {"running": {}}});
    let crashed = json!({"name": "c", "ready": false, "restartCount": 3, "state": {"waiting": {"reason": "CrashLoopBackOff"}},
        "lastState": {"terminated": {"exitCode": 1, "finishedAt": "2026-03-29T07:50:00Z"}}});
    let of = |statuses: Value, phase: &str| status_of(json!({}), json!({"phase": phase, "containerStatuses": statuses}));
    assert_eq!(of(json!([running]), "Running"), "1/1 Running 0");
    assert_eq!(of(json!([crashed]), "Running"), "0/1 CrashLoopBackOff 3 (5m ago)");
    assert_eq!(of(json!([{"name": "c", "state": {"terminated": {"exitCode": 0, "reason": "Completed"}}}]), "Succeeded"), "0/1 Completed 0");
    assert_eq!(of(json!([{"name": "c", "state": {"terminated": {"exitCode": 137}}}]), "Failed"), "0/1 ExitCode:137 0");
    assert_eq!(of(json!([]), "Pending"), "0/1 Pending 0");
    let init = |state: Value| {
        let spec = json!({"initContainers": [{"name": "i", "image": "x"}, {"name": "j", "image": "x"}]});
        status_of(spec, json!({"phase": "Pending", "initContainerStatuses": [{"name": "i", "state": state}]}))
    };
    assert_eq!(init(json!({"running": {}})), "0/1 Init:0/2 0");
    assert_eq!(init(json!({"waiting": {"reason": "PodInitializing"}})), "0/1 Init:0/2 0");
    assert_eq!(init(json!({"waiting": {"reason": "ImagePullBackOff"}})), "0/1 Init:ImagePullBackOff 0");
    assert_eq!(init(json!({"terminated": {"exitCode": 2, "reason": "Error"}})), "0/1 Init:Error 0");
    let sidecar = json!({"initContainers": [{"name": "s", "image": "x", "restartPolicy": "Always"}]});
    let ready = json!({"phase": "Running", "initContainerStatuses": [{"name": "s", "ready": true, "started": true, "state": {"running": {}}}],
        "containerStatuses": [running]});
    assert_eq!(status_of(sidecar, ready), "2/2 Running 0");
    let mut going = pod("p", json!({}), json!({"phase": "Running"}));
    going.meta.deletion_timestamp = Some(Timestamp(1));
    assert_eq!(rows::cells(&going, false, NOW)[2], "Terminating");
}

#[test]
fn pods_in_a_table() {
    let status = json!({"phase": "Running", "podIPs": [{"ip": "10.0.0.1"}], "containerStatuses": [{"name": "c", "ready": true, "state": {"running": {}}}]});
    let (a, b) = (pod("web", json!({"nodeName": "n1"}), status), pod("a-longer-name", json!({}), json!({"phase": "Pending"})));
    let plain = table(&[&a, &b], Options::default(), NOW);
    assert_eq!(
        plain,
        "NAME            READY   STATUS    RESTARTS   AGE\nweb             1/1     Running   0          60m\na-longer-name   0/1     Pending   0          60m\n"
    );
    let wide = table(&[&a], Options { wide: true, all_namespaces: true, ..Options::default() }, NOW);
    assert_eq!(
        wide,
        "NAMESPACE   NAME   READY   STATUS    RESTARTS   AGE   IP         NODE   NOMINATED NODE   READINESS GATES\n\
         ns          web    1/1     Running   0          60m   10.0.0.1   n1     <none>           <none>\n"
    );
    assert_eq!(table(&[&a], Options { no_headers: true, ..Options::default() }, NOW), "web   1/1   Running   0     60m\n");
    assert_eq!(table(&[], Options::default(), NOW), "");
}

#[test]
fn every_kind_has_as_many_cells_as_titles() {
    for kind in Kind::ALL {
        let object = object(json!({"apiVersion": kind.api_version(), "kind": kind.name(), "metadata": {"name": "x"}}));
        for wide in [false, true] {
            let text = table(&[&object], Options { wide, ..Options::default() }, NOW);
            let (usual, further) = columns::of(*kind);
            let titles = if wide && *kind == Kind::Event { 10 } else { usual.len() + if wide { further.len() } else { 0 } };
            assert_eq!(rows::cells(&object, wide, NOW).len(), titles, "{kind:?}: {text}");
        }
    }
}

#[test]
fn rows_of_the_main_kinds() {
    let row = |value: Value, wide: bool| rows::cells(&object(value), wide, NOW).join("|");
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n", "labels": {"node-role.kubernetes.io/control-plane": ""}},
        "spec": {"unschedulable": true}, "status": {"conditions": [{"type": "Ready", "status": "True"}], "nodeInfo": {"kubeletVersion": "v1.37.2"}}});
    assert_eq!(row(node, false), "n|Ready,SchedulingDisabled|control-plane|60m|v1.37.2");
    let deployment = json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {"replicas": 3,
        "selector": {"matchLabels": {"app": "web"}}, "template": {"spec": {"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]}}},
        "status": {"readyReplicas": 2, "updatedReplicas": 3, "availableReplicas": 1}});
    assert_eq!(row(deployment, true), "web|2/3|3|1|60m|a,b|x,y|app=web");
    let service = json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": {"type": "NodePort", "clusterIPs": ["10.96.0.1"],
        "ports": [{"port": 80, "nodePort": 30080, "protocol": "TCP"}, {"port": 53, "protocol": "UDP"}]}});
    assert_eq!(row(service, false), "s|NodePort|10.96.0.1|<none>|80:30080/TCP,53/UDP|60m");
    let job = json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "j"}, "spec": {"completions": 3},
        "status": {"succeeded": 3, "startTime": "2026-03-29T06:55:00Z", "completionTime": "2026-03-29T06:57:30Z", "conditions": [{"type": "Complete", "status": "True"}]}});
    assert_eq!(row(job, false), "j|Complete|3/3|2m30s|60m");
    let scaler = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "h"}, "spec": {"minReplicas": 1,
        "maxReplicas": 9, "scaleTargetRef": {"kind": "Deployment", "name": "web"},
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}]},
        "status": {"currentReplicas": 2, "currentMetrics": [{"type": "Resource", "resource": {"name": "cpu", "current": {"averageUtilization": 33}}}]}});
    assert_eq!(row(scaler, false), "h|Deployment/web|cpu: 33%/80%|1|9|2|60m");
    let slice = json!({"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "metadata": {"name": "e"}, "addressType": "IPv4",
        "ports": [{"port": 80}], "endpoints": [{"addresses": ["1"]}, {"addresses": ["2"]}, {"addresses": ["3"]}, {"addresses": ["4"]}]});
    assert_eq!(row(slice, false), "e|IPv4|80|1,2,3 + 1 more...|60m");
    let event = json!({"apiVersion": "v1", "kind": "Event", "metadata": {"name": "x"}, "involvedObject": {"kind": "Pod", "name": "web"}, "type": "Normal",
        "reason": "Pulled", "message": "done ", "lastTimestamp": "2026-03-29T07:54:00Z", "count": 2, "source": {"component": "kubelet", "host": "n1"}});
    assert_eq!(row(event.clone(), false), "60s|Normal|Pulled|pod/web|done");
    assert_eq!(row(event, true), "60s|Normal|Pulled|pod/web||kubelet, n1|done|<unknown>|2|x");
}

#[test]
fn other_outputs() {
    let map = object(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "ns"},
        "data": {"a": "1", "b": "x: y", "c": "l1\nl2\n", "d": "", "e": "plain text", "f": "no", "g": "it's"}}));
    let deployment = object(json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": {}}));
    assert_eq!(names(&[&map, &deployment]), "configmap/m\ndeployment.apps/web\n");
    let text = yaml(&[&map], false);
    let want = "apiVersion: v1\ndata:\n  a: \"1\"\n  b: 'x: y'\n  c: |\n    l1\n    l2\n  d: \"\"\n  e: plain text\n  f: \"no\"\n  g: it's\nkind: ConfigMap\n\
                metadata:\n  creationTimestamp: \"2026-03-29T06:55:00Z\"\n  name: m\n  namespace: ns\n";
    assert_eq!(text, want);
    let back = crate::manifest::yaml::parse(&text).unwrap()[0].to_value();
    assert_eq!(back, map.to_json());
    let list = json(&[&map, &deployment], false);
    assert!(list.starts_with("{\n    \"apiVersion\": \"v1\",\n    \"items\": [\n        {\n            \"apiVersion\": \"v1\""), "{list}");
    let pod = pod("p", json!({}), json!({"phase": "Running"}));
    let back = crate::manifest::yaml::parse(&yaml(&[&pod], true)).unwrap()[0].to_value();
    assert_eq!(back["items"][0], pod.to_json());
    assert!(tables(&[&map, &pod], Options::default(), NOW).contains("AGE\nconfigmap/m   7      60m\n\nNAME"));
}
