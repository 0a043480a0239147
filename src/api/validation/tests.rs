//! Refusals in the API server's words, as tables.

use super::*;
use serde_json::{Value, json};

fn object(value: &Value) -> Object {
    let mut object = Object::from_json(value.clone()).unwrap();
    super::super::defaulting::apply(&mut object);
    object
}

/// The causes of a new object's refusal, as `field: message`.
fn faults(value: Value) -> Vec<String> {
    causes(create(&object(&value)))
}

fn faults_of_update(before: Value, after: Value) -> Vec<String> {
    causes(update(&object(&after), &object(&before)))
}

fn causes(result: Result<(), ApiError>) -> Vec<String> {
    let Err(error) = result else { return Vec::new() };
    error.details.unwrap().causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect()
}

fn pod(spec: Value) -> Value {
    let mut whole = json!({"containers": [{"name": "c", "image": "x"}]});
    spec.as_object().unwrap().iter().for_each(|(key, value)| whole[key] = value.clone());
    json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "ns"}, "spec": whole})
}

fn container(fields: Value) -> Value {
    let mut whole = json!({"name": "c", "image": "x"});
    fields.as_object().unwrap().iter().for_each(|(key, value)| whole[key] = value.clone());
    pod(json!({"containers": [whole]}))
}

fn workload(kind: &str, spec: Value) -> Value {
    let api = if kind == "Job" { "batch/v1" } else { "apps/v1" };
    let mut whole = json!({"selector": {"matchLabels": {"app": "web"}}, "template": {"metadata": {"labels": {"app": "web"}},
        "spec": {"containers": [{"name": "c", "image": "x"}]}}});
    spec.as_object().unwrap().iter().for_each(|(key, value)| whole[key] = value.clone());
    json!({"apiVersion": api, "kind": kind, "metadata": {"name": "web", "namespace": "ns"}, "spec": whole})
}

#[test]
fn pods_are_checked_in_the_servers_words() {
    let rows: &[(Value, &str)] = &[
        (
            pod(json!({"restartPolicy": "Sometimes"})),
            "spec.restartPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"OnFailure\", \"Never\"",
        ),
        (pod(json!({"containers": []})), "spec.containers: Required value"),
        (
            pod(json!({"containers": [{"name": "c", "image": "x"}, {"name": "c", "image": "x"}]})),
            "spec.containers[1].name: Duplicate value: \"c\"",
        ),
        (container(json!({"image": ""})), "spec.containers[0].image: Required value"),
        (
            container(json!({"resources": {"requests": {"cpu": "800m"}, "limits": {"cpu": "500m"}}})),
            "spec.containers[0].resources.requests: Invalid value: \"800m\": must be less than or equal to cpu limit of 500m",
        ),
        (
            container(json!({"resources": {"requests": {"cpu": "-1"}}})),
            "spec.containers[0].resources.requests[cpu]: Invalid value: \"-1\": must be greater than or equal to 0",
        ),
        (
            container(json!({"resources": {"requests": {"gpu": "1"}}})),
            "spec.containers[0].resources.requests[gpu]: Invalid value: \"gpu\": must be a standard resource type or fully qualified",
        ),
        (
            container(json!({"resources": {"requests": {"nvidia.com/gpu": "1"}}})),
            "spec.containers[0].resources.limits: Required value: Limit must be set for non overcommitable resources",
        ),
        (
            container(json!({"ports": [{"containerPort": 70000}]})),
            "spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive",
        ),
        (container(json!({"ports": [{}]})), "spec.containers[0].ports[0].containerPort: Required value"),
        (
            container(json!({"ports": [{"containerPort": 80, "protocol": "http"}]})),
            "spec.containers[0].ports[0].protocol: Unsupported value: \"http\": supported values: \"SCTP\", \"TCP\", \"UDP\"",
        ),
        (
            container(json!({"volumeMounts": [{"name": "v", "mountPath": "/v"}]})),
            "spec.containers[0].volumeMounts[0].name: Not found: \"v\"",
        ),
        (container(json!({"livenessProbe": {}})), "spec.containers[0].livenessProbe: Required value: must specify a handler type"),
        (
            container(json!({"livenessProbe": {"httpGet": {"port": 80}, "successThreshold": 2}})),
            "spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1",
        ),
        (
            container(json!({"readinessProbe": {"tcpSocket": {"port": "a_b"}, "periodSeconds": -1}})),
            "spec.containers[0].readinessProbe.tcpSocket.port: Invalid value: \"a_b\": must contain only alpha-numeric characters (a-z, 0-9), \
             and hyphens (-)",
        ),
        (
            container(json!({"env": [{"name": "a=b"}]})),
            "spec.containers[0].env[0].name: Invalid value: \"a=b\": a valid environment variable name must consist only of printable ASCII \
             characters other than '='",
        ),
        (
            container(json!({"imagePullPolicy": "Sometimes"})),
            "spec.containers[0].imagePullPolicy: Unsupported value: \"Sometimes\": supported values: \"Always\", \"IfNotPresent\", \"Never\"",
        ),
        (
            pod(json!({"tolerations": [{"key": "a", "operator": "Maybe"}]})),
            "spec.tolerations[0].operator: Unsupported value: \"Maybe\": supported values: \"Equal\", \"Exists\"",
        ),
        (
            pod(json!({"topologySpreadConstraints": [{"maxSkew": 0, "topologyKey": "z", "whenUnsatisfiable": "DoNotSchedule"}]})),
            "spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero",
        ),
        (pod(json!({"volumes": [{"name": "v"}, {"name": "v"}]})), "spec.volumes[1].name: Duplicate value: \"v\""),
        (
            pod(json!({"initContainers": [{"name": "i", "image": "x", "livenessProbe": {"exec": {"command": ["a"]}}}]})),
            "spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always",
        ),
    ];
    for (value, first) in rows {
        assert_eq!(faults(value.clone()).first().map(String::as_str), Some(*first));
    }
    assert!(faults(pod(json!({}))).is_empty());
}

#[test]
fn names_labels_and_owners() {
    let mut odd = pod(json!({}));
    odd["metadata"]["name"] = json!("My_Pod");
    let label = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an \
                 alphanumeric character (e.g. 'example.com', regex used for validation is \
                 '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    assert_eq!(faults(odd), [format!("metadata.name: Invalid value: \"My_Pod\": {label}")]);
    let mut service =
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a.b", "namespace": "ns"}, "spec": {"ports": [{"port": 80}]}});
    assert_eq!(faults(service.clone()), ["metadata.name: Invalid value: \"a.b\": must not contain dots"]);
    service["metadata"]["name"] = json!("1a");
    assert!(faults(service).is_empty());
    let mut labelled = pod(json!({}));
    labelled["metadata"]["labels"] = json!({"a": "b c"});
    assert!(faults(labelled)[0].starts_with("metadata.labels: Invalid value: \"b c\": a valid label must be an empty string or"));
    let mut nameless = pod(json!({}));
    nameless["metadata"]["name"] = json!("");
    assert_eq!(faults(nameless), ["metadata.name: Required value: name or generateName is required"]);
    let mut owned = pod(json!({}));
    owned["metadata"]["ownerReferences"] = json!([
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "a", "uid": "1", "controller": true},
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "b", "uid": "2", "controller": true}]);
    assert!(
        faults(owned)[0]
            .contains("Only one reference can have Controller set to true. Found \"true\" in references for ReplicaSet/a and ReplicaSet/b")
    );
}

#[test]
fn workloads() {
    let rows: &[(Value, &str)] = &[
        (workload("Deployment", json!({"replicas": -1})), "spec.replicas: Invalid value: -1: must be greater than or equal to 0"),
        (workload("Deployment", json!({"selector": null})), "spec.selector: Required value"),
        (
            workload("Deployment", json!({"selector": {"matchLabels": {"app": "other"}}})),
            "spec.template.metadata.labels: Invalid value: {\"app\":\"web\"}: `selector` does not match template `labels`",
        ),
        (workload("Deployment", json!({"selector": {}})), "spec.selector: Invalid value: {}: empty selector is invalid for deployment"),
        (
            workload("Deployment", json!({"strategy": {"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}})),
            "spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0",
        ),
        (
            workload("Deployment", json!({"strategy": {"type": "Recreate", "rollingUpdate": {}}})),
            "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
        ),
        (
            workload("Deployment", json!({"strategy": {"rollingUpdate": {"maxSurge": "x"}}})),
            "spec.strategy.rollingUpdate.maxSurge: Invalid value: \"x\": a valid percent string must be a numeric string followed by an ending \
             '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
        ),
        (
            workload("Deployment", json!({"progressDeadlineSeconds": 5, "minReadySeconds": 5})),
            "spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds",
        ),
        (
            workload("StatefulSet", json!({"podManagementPolicy": "Any"})),
            "spec.podManagementPolicy: Invalid value: \"Any\": must be 'OrderedReady' or 'Parallel'",
        ),
        (
            workload("DaemonSet", json!({"updateStrategy": {"rollingUpdate": {"maxSurge": 1, "maxUnavailable": 1}}})),
            "spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero",
        ),
    ];
    for (value, first) in rows {
        assert_eq!(faults(value.clone()), [first.to_string()]);
    }
    let error = create(&object(&workload("Deployment", json!({"replicas": -1})))).unwrap_err();
    assert_eq!(error.message, "Deployment.apps \"web\" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0");
}

#[test]
fn a_stateful_set_mounts_its_claims() {
    let claims =
        json!([{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}]);
    let template = json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "c", "image": "x",
        "volumeMounts": [{"name": "data", "mountPath": "/d"}]}]}});
    let set = |claims: Value| workload("StatefulSet", json!({"volumeClaimTemplates": claims, "template": template.clone()}));
    assert!(faults(set(claims.clone())).is_empty());
    assert_eq!(faults(set(json!([]))), ["spec.template.spec.containers[0].volumeMounts[0].name: Not found: \"data\""]);
    let changed = faults_of_update(set(claims), workload("StatefulSet", json!({"serviceName": "x"})));
    assert_eq!(changed.last().unwrap(), "spec.serviceName: Invalid value: \"x\": field is immutable");
}

#[test]
fn jobs_and_cron_jobs() {
    let job = |restart: &str| {
        let mut job = workload("Job", json!({"manualSelector": true}));
        job["spec"]["template"]["spec"]["restartPolicy"] = json!(restart);
        job
    };
    assert!(faults(job("Never")).is_empty());
    assert_eq!(faults(job("Always")), ["spec.template.spec.restartPolicy: Required value: valid values: \"OnFailure\", \"Never\""]);
    let mut more = job("Never");
    more["spec"]["completions"] = json!(3);
    assert_eq!(faults_of_update(job("Never"), more), ["spec.completions: Invalid value: 3: field is immutable"]);
    let cron = |schedule: &str| {
        json!({"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "c", "namespace": "ns"}, "spec": {"schedule": schedule,
            "jobTemplate": {"spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "c", "image": "x"}]}}}}}})
    };
    for sound in ["*/5 * * * *", "0 8-18 * jan,MAR mon-fri", "@hourly", "@every 5m"] {
        assert!(faults(cron(sound)).is_empty(), "{sound}");
    }
    let rows = [
        ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
        ("60 * * * *", "end of range (60) above maximum (59): 60"),
        ("x * * * *", "failed to parse int from x: strconv.Atoi: parsing \"x\": invalid syntax"),
        ("@nightly", "unrecognized descriptor: @nightly"),
    ];
    for (schedule, fault) in rows {
        assert_eq!(faults(cron(schedule)), [format!("spec.schedule: Invalid value: \"{schedule}\": {fault}")]);
    }
}

#[test]
fn what_may_not_change() {
    let other = json!({"selector": {"matchLabels": {"app": "b"}}, "template": {"metadata": {"labels": {"app": "b"}}, "spec": {"containers": [{"name": "c", "image": "x"}]}}});
    let changed = faults_of_update(workload("Deployment", json!({})), workload("Deployment", other));
    assert_eq!(changed, ["spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"b\"}}: field is immutable"]);
    let image = faults_of_update(pod(json!({})), container(json!({"image": "y"})));
    assert!(image.is_empty());
    let changed = faults_of_update(pod(json!({})), container(json!({"command": ["a"]})));
    assert!(
        changed[0].starts_with("spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"),
        "{changed:?}"
    );
    let two = pod(json!({"containers": [{"name": "c", "image": "x"}, {"name": "d", "image": "x"}]}));
    assert_eq!(faults_of_update(pod(json!({})), two), ["spec.containers: Forbidden: pod updates may not add or remove containers"]);
    let map = |data: Value| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "ns"}, "data": data, "immutable": true});
    assert_eq!(
        faults_of_update(map(json!({"a": "1"})), map(json!({"a": "2"}))),
        ["data: Forbidden: field is immutable when `immutable` is set"]
    );
    assert!(faults(map(json!({"a b": ""})))[0].starts_with("data[a b]: Invalid value: \"a b\": a valid config key must consist of"));
}

#[test]
fn services_scalers_budgets_and_classes() {
    let service = |spec: Value| json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "ns"}, "spec": spec});
    assert_eq!(faults(service(json!({}))), ["spec.ports: Required value"]);
    assert_eq!(faults(service(json!({"ports": [{"port": 80}, {"port": 81, "name": "b"}]}))), ["spec.ports[0].name: Required value"]);
    assert_eq!(
        faults(service(json!({"type": "Any", "ports": [{"port": 80}]}))),
        ["spec.type: Unsupported value: \"Any\": supported values: \"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\""]
    );
    let scaler = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": "h", "namespace": "ns"},
        "spec": {"minReplicas": 5, "maxReplicas": 3, "scaleTargetRef": {"kind": "Deployment", "name": "web"}}});
    assert_eq!(faults(scaler), ["spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`"]);
    let budget = json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "b", "namespace": "ns"},
        "spec": {"minAvailable": "150%"}});
    assert_eq!(faults(budget), ["spec.minAvailable: Invalid value: \"150%\": must not be greater than 100%"]);
    let class = json!({"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "c"}, "value": 2_000_000_000});
    assert_eq!(faults(class), ["value: Forbidden: maximum allowed value of a user defined priority is 1000000000"]);
    let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n"}, "spec": {"taints": [{"key": "a", "effect": "No"}]}});
    assert_eq!(
        faults(node),
        ["metadata.taints[0].effect: Unsupported value: \"No\": supported values: \"NoSchedule\", \"PreferNoSchedule\", \"NoExecute\""]
    );
}
