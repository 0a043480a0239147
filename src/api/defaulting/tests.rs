//! Defaults against recorded objects.

use super::*;
use serde_json::{Value, json};

fn completed(value: Value) -> Value {
    let mut object = Object::from_json(value).unwrap();
    apply(&mut object);
    let once = object.clone();
    apply(&mut object);
    assert_eq!(once, object, "defaults must be stable");
    object.to_json()
}

#[test]
fn a_pod_as_the_api_server_shows_it() {
    let pod = completed(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {
        "hostNetwork": true,
        "containers": [{"name": "c", "image": "app:1", "ports": [{"containerPort": 80}], "resources": {"limits": {"cpu": "1"}},
            "readinessProbe": {"httpGet": {"port": 80}}, "env": [{"name": "E", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]}],
        "volumes": [{"name": "v"}, {"name": "s", "secret": {"secretName": "x"}}, {"name": "h", "hostPath": {"path": "/"}}]}}));
    let want = json!({
        "hostNetwork": true, "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "schedulerName": "default-scheduler",
        "securityContext": {}, "terminationGracePeriodSeconds": 30, "enableServiceLinks": true,
        "containers": [{"name": "c", "image": "app:1", "imagePullPolicy": "IfNotPresent", "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File", "ports": [{"containerPort": 80, "hostPort": 80, "protocol": "TCP"}],
            "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}},
            "readinessProbe": {"httpGet": {"path": "/", "port": 80, "scheme": "HTTP"}, "timeoutSeconds": 1, "periodSeconds": 10,
                "successThreshold": 1, "failureThreshold": 3},
            "env": [{"name": "E", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}}]}],
        "volumes": [{"name": "v", "emptyDir": {}}, {"name": "s", "secret": {"secretName": "x", "defaultMode": 420}},
            {"name": "h", "hostPath": {"path": "/", "type": ""}}]});
    assert_eq!(pod["spec"], want);
}

#[test]
fn tags_decide_about_pulls() {
    let rows = [
        ("nginx", "latest"),
        ("nginx:1", "1"),
        ("host:5000/nginx", "latest"),
        ("host:5000/nginx:x", "x"),
        ("nginx@sha256:ab", ""),
        ("nginx:2@sha256:ab", "2"),
    ];
    for (image, tag) in rows {
        assert_eq!(image_tag(image), tag, "{image}");
    }
}

#[test]
fn workloads_get_their_numbers() {
    let of = |api: &str, kind: &str, spec: Value| {
        let mut spec = completed(json!({"apiVersion": api, "kind": kind, "metadata": {"name": "a"}, "spec": spec}))["spec"].take();
        spec.as_object_mut().unwrap().remove("template");
        spec
    };
    let template = json!({"spec": {"containers": []}});
    assert_eq!(
        of("apps/v1", "Deployment", json!({"template": template})),
        json!({"replicas": 1, "selector": null, "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
            "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600})
    );
    let job = of("batch/v1", "Job", json!({"template": template}));
    assert_eq!((&job["completions"], &job["backoffLimit"], &job["completionMode"]), (&json!(1), &json!(6), &json!("NonIndexed")));
    let parallel = of("batch/v1", "Job", json!({"template": template, "parallelism": 3, "backoffLimitPerIndex": 1}));
    assert_eq!((&parallel["completions"], &parallel["backoffLimit"]), (&Value::Null, &json!(i32::MAX)));
    let set = of("apps/v1", "StatefulSet", json!({"template": template}));
    assert_eq!(set["updateStrategy"], json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 0, "maxUnavailable": 1}}));
    let daemon = of("apps/v1", "DaemonSet", json!({"template": template}));
    assert_eq!(daemon["updateStrategy"]["rollingUpdate"], json!({"maxUnavailable": 1, "maxSurge": 0}));
    let cron = of("batch/v1", "CronJob", json!({"schedule": "* * * * *", "jobTemplate": {"spec": {"template": template}}}));
    assert_eq!((&cron["concurrencyPolicy"], &cron["jobTemplate"]["spec"]["backoffLimit"]), (&json!("Allow"), &Value::Null));
    let scaler = of("autoscaling/v2", "HorizontalPodAutoscaler", json!({"behavior": {"scaleUp": {"selectPolicy": "Min"}}}));
    assert_eq!(scaler["metrics"][0]["resource"]["target"]["averageUtilization"], json!(80));
    assert_eq!(scaler["behavior"]["scaleUp"]["selectPolicy"], json!("Min"));
    assert_eq!(scaler["behavior"]["scaleDown"]["policies"], json!([{"type": "Percent", "value": 100, "periodSeconds": 15}]));
}

#[test]
fn services_and_the_rest() {
    let service = completed(json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a"}, "spec": {"ports": [{"port": 80}]}}));
    let want = json!({"ports": [{"port": 80, "protocol": "TCP", "targetPort": 80}], "type": "ClusterIP", "sessionAffinity": "None",
        "internalTrafficPolicy": "Cluster"});
    assert_eq!(service["spec"], want);
    let secret = completed(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}, "stringData": {"k": "hello", "e": ""}}));
    assert_eq!((&secret["data"], &secret["type"]), (&json!({"k": "aGVsbG8=", "e": ""}), &json!("Opaque")));
    let namespace = completed(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}));
    assert_eq!(namespace["metadata"]["labels"], json!({"kubernetes.io/metadata.name": "n"}));
    let limits = completed(json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "l"}, "spec": {"limits": [
        {"type": "Container", "max": {"cpu": "2"}, "min": {"memory": "1Mi"}}]}}));
    let item = &limits["spec"]["limits"][0];
    assert_eq!((&item["default"], &item["defaultRequest"]), (&json!({"cpu": "2"}), &json!({"cpu": "2", "memory": "1Mi"})));
}

#[test]
fn a_complete_template_stays_shared() {
    let mut object = Object::from_json(json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {
        "containers": [{"name": "c", "image": "x"}]}}))
    .unwrap();
    apply(&mut object);
    let spec = object.as_pod().unwrap().spec.clone();
    apply(&mut object);
    assert!(Arc::ptr_eq(&spec, &object.as_pod().unwrap().spec));
}

#[test]
fn resources_of_a_pod_as_a_whole() {
    let mut spec: PodSpec = serde_json::from_value(json!({"resources": {"limits": {"cpu": "4", "memory": "1Gi"}}, "containers": [
        {"name": "a", "resources": {"requests": {"cpu": "1"}}}, {"name": "b", "resources": {"requests": {"cpu": "500m"}}}]}))
    .unwrap();
    pod_level_resources(&mut spec);
    let resources = serde_json::to_value(spec.resources.unwrap()).unwrap();
    assert_eq!(resources["requests"], json!({"cpu": "1500m", "memory": "1Gi"}));
}
