//! `kubectl create deployment|configmap|secret generic|...`: objects made up from flags.
//! Real: staging/src/k8s.io/kubectl/pkg/cmd/create/create_*.go @ v1.37.2.

use super::super::KubectlError;
use super::super::flags::Args;
use super::super::task::Plan;
use super::Entry;
use super::create::Create;
use super::expose::pairs;
use super::run::object;
use crate::model::Quantity;
use serde_json::{Map, Value, json};
use std::sync::Arc;

type Parsed = Result<Arc<dyn Plan>, KubectlError>;

/// `create deployment`.
pub const DEPLOYMENT: Entry = Entry {
    name: "create deployment",
    flags: "image:l port:i replicas,r:i save-config:b dry-run:o field-manager:s validate:o output,o:s",
    parse: deployment,
};
/// `create configmap`.
pub const CONFIG_MAP: Entry = Entry {
    name: "create configmap",
    flags: "append-hash:b from-literal:l from-file:l from-env-file:l save-config:b dry-run:o field-manager:s validate:o output,o:s",
    parse: |args| data(args, "ConfigMap", "configmap"),
};
/// `create secret`.
pub const SECRET: Entry = Entry {
    name: "create secret",
    flags: "append-hash:b from-literal:l from-file:l from-env-file:l type:s docker-server:s docker-username:s docker-password:s docker-email:s \
            save-config:b dry-run:o field-manager:s validate:o output,o:s",
    parse: secret,
};
/// `create namespace`.
pub const NAMESPACE: Entry = Entry {
    name: "create namespace",
    flags: "save-config:b dry-run:o field-manager:s validate:o output,o:s",
    parse: |args| made(args, "v1", "Namespace", Map::new()),
};
/// `create serviceaccount`.
pub const SERVICE_ACCOUNT: Entry = Entry {
    name: "create serviceaccount",
    flags: "save-config:b dry-run:o field-manager:s validate:o output,o:s",
    parse: |args| made(args, "v1", "ServiceAccount", Map::new()),
};
/// `create service clusterip|nodeport|loadbalancer`.
pub const SERVICE: Entry = Entry {
    name: "create service",
    flags: "clusterip:s node-port:i tcp:l save-config:b dry-run:o field-manager:s validate:o output,o:s",
    parse: service,
};
/// `create job`.
pub const JOB: Entry =
    Entry { name: "create job", flags: "image:s from:s save-config:b dry-run:o field-manager:s validate:o output,o:s", parse: job };
/// `create cronjob`.
pub const CRON_JOB: Entry = Entry {
    name: "create cronjob",
    flags: "image:s restart:s schedule:s save-config:b dry-run:o field-manager:s validate:o output,o:s",
    parse: cron_job,
};
/// `create quota`.
pub const QUOTA: Entry =
    Entry { name: "create quota", flags: "hard:s scopes:s save-config:b dry-run:o field-manager:s validate:o output,o:s", parse: quota };
/// `create priorityclass`.
pub const PRIORITY_CLASS: Entry = Entry {
    name: "create priorityclass",
    flags: "value:i global-default:b description:s preemption-policy:s save-config:b dry-run:o field-manager:s validate:o output,o:s",
    parse: priority_class,
};
/// `create poddisruptionbudget`.
pub const DISRUPTION_BUDGET: Entry = Entry {
    name: "create poddisruptionbudget",
    flags: "min-available:s max-unavailable:s selector:s save-config:b dry-run:o field-manager:s validate:o output,o:s",
    parse: disruption_budget,
};

/// The one name.
fn name(args: &Args) -> Result<String, KubectlError> {
    name_at(args, 0)
}

fn name_at(args: &Args, at: usize) -> Result<String, KubectlError> {
    let given = args.before_dash.unwrap_or(args.words.len()).saturating_sub(at);
    match args.words.get(at) {
        Some(word) if given == 1 => Ok(word.text.clone()),
        _ => Err(args.usage(format!("exactly one NAME is required, got {given}"))),
    }
}

fn made(args: &Args, version: &str, kind: &str, mut fields: Map<String, Value>) -> Parsed {
    fields.insert("apiVersion".into(), version.into());
    fields.insert("kind".into(), kind.into());
    if !fields.contains_key("metadata") {
        fields.insert("metadata".into(), json!({"name": name(args)?}));
    }
    Ok(Create::plan(vec![object(args, Value::Object(fields))?]))
}

fn fields(value: Value) -> Map<String, Value> {
    if let Value::Object(map) = value { map } else { Map::new() }
}

/// What comes after `--`.
fn command(args: &Args) -> Vec<&str> {
    args.words[args.before_dash.unwrap_or(args.words.len())..].iter().map(|word| word.text.as_str()).collect()
}

/// A container's name from its image, as kubectl makes it.
fn container_name(image: &str) -> String {
    let last = image.rsplit('/').next().unwrap_or(image);
    last.split([':', '@']).next().unwrap_or(last).replace('_', "-")
}

fn required<'a>(args: &'a Args, flag: &str) -> Result<&'a str, KubectlError> {
    args.text(flag).ok_or_else(|| KubectlError::plain(&format!("required flag(s) {flag:?} not set")))
}

fn deployment(args: &Args) -> Parsed {
    let name = name(args)?;
    required(args, "image")?;
    let images = args.list("image");
    let words = command(args);
    if images.len() > 1 && !words.is_empty() {
        return Err(KubectlError::plain("cannot specify multiple --image options and command"));
    }
    let mut containers: Vec<Value> = images.iter().map(|image| json!({"name": container_name(image), "image": image})).collect();
    if !words.is_empty() {
        containers[0]["command"] = json!(words);
    }
    let port = args.int("port", -1);
    if port >= 0 {
        containers[0]["ports"] = json!([{"containerPort": port}]);
    }
    let replicas = args.int("replicas", 1);
    if !(0..=i64::from(i32::MAX)).contains(&replicas) {
        return Err(args.flag_error("replicas", format!("invalid replicas: {replicas}")));
    }
    let labels = json!({"app": name});
    let spec = json!({
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
    });
    made(args, "apps/v1", "Deployment", fields(json!({"metadata": {"name": name, "labels": labels}, "spec": spec})))
}

fn literals(args: &Args) -> Result<Map<String, Value>, KubectlError> {
    let mut data = Map::new();
    for text in args.values("from-literal") {
        let bad = || args.flag_error("from-literal", format!("invalid literal source {text}, expected key=value"));
        let (key, value) = text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(bad)?;
        let value = value.trim_matches(['"', '\'']);
        if data.insert(key.into(), value.into()).is_some() {
            let message = format!("cannot add key {key:?}, another key by that name already exists in Data");
            return Err(args.flag_error("from-literal", message));
        }
    }
    Ok(data)
}

fn data(args: &Args, kind: &str, _what: &str) -> Parsed {
    made(args, "v1", kind, fields(json!({"data": literals(args)?})))
}

fn secret(args: &Args) -> Parsed {
    match args.words.first() {
        Some(word) if word.text == "generic" => {}
        Some(word) if word.text == "docker-registry" => return docker_registry(args),
        Some(word) => {
            let message = format!("`create secret {}` is not simulated: only `generic` and `docker-registry` are", word.text);
            return Err(args.word_error(word, message));
        }
        None => return Err(args.usage("Create a secret with specified type: generic or docker-registry")),
    }
    let name = name_at(args, 1)?;
    let kind = args.text("type").filter(|kind| !kind.is_empty()).unwrap_or("Opaque");
    // stringData becomes data on the way in.
    made(args, "v1", "Secret", fields(json!({"metadata": {"name": name}, "type": kind, "stringData": literals(args)?})))
}

/// `create secret docker-registry`: what pods need to pull private images.
fn docker_registry(args: &Args) -> Parsed {
    let name = name_at(args, 1)?;
    let text = |flag: &str| args.text(flag).unwrap_or("");
    let (username, password) = (text("docker-username"), text("docker-password"));
    if username.is_empty() || password.is_empty() {
        let needed = "either --from-file or the combination of --docker-username, --docker-password and --docker-server is required";
        return Err(KubectlError::plain(needed));
    }
    let server = args.text("docker-server").filter(|server| !server.is_empty()).unwrap_or("https://index.docker.io/v1/");
    let mut entry = json!({"username": username, "password": password});
    if !text("docker-email").is_empty() {
        entry["email"] = text("docker-email").into();
    }
    let config = json!({"auths": {server: entry}}).to_string();
    let all = json!({
        "metadata": {"name": name},
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": config},
    });
    made(args, "v1", "Secret", fields(all))
}

fn service(args: &Args) -> Parsed {
    let Some(word) = args.words.first() else { return Err(args.usage("Create a service: clusterip, nodeport or loadbalancer")) };
    let kind = match word.text.as_str() {
        "clusterip" => "ClusterIP",
        "nodeport" => "NodePort",
        "loadbalancer" => "LoadBalancer",
        other => return Err(args.word_error(word, format!("`create service {other}` is not simulated"))),
    };
    let name = name_at(args, 1)?;
    let mut ports = Vec::new();
    for spec in args.list("tcp") {
        let (port, target) = spec.split_once(':').unwrap_or((&spec, &spec));
        let port: i64 = port.parse().map_err(|_| args.flag_error("tcp", format!("invalid port value {spec:?}")))?;
        let target = target.parse::<i64>().map_or(json!(target), |number| json!(number));
        ports.push(json!({"name": spec.replace(':', "-"), "port": port, "protocol": "TCP", "targetPort": target}));
    }
    if ports.is_empty() && args.text("clusterip") != Some("None") {
        return Err(KubectlError::plain("at least one tcp port specifier must be provided"));
    }
    let mut spec = json!({"type": kind, "selector": {"app": name}, "ports": ports});
    if let Some(ip) = args.text("clusterip") {
        spec["clusterIP"] = ip.into();
    }
    if args.has("node-port") && kind == "NodePort" {
        spec["ports"][0]["nodePort"] = args.int("node-port", 0).into();
    }
    made(args, "v1", "Service", fields(json!({"metadata": {"name": name, "labels": {"app": name}}, "spec": spec})))
}

fn job_template(args: &Args, name: &str, restart: &str) -> Result<Value, KubectlError> {
    let mut container = json!({"name": name, "image": required(args, "image")?});
    let words = command(args);
    if !words.is_empty() {
        container["command"] = json!(words);
    }
    Ok(json!({"template": {"spec": {"containers": [container], "restartPolicy": restart}}}))
}

fn job(args: &Args) -> Parsed {
    if args.has("from") {
        return Err(args.flag_error("from", "`--from` is not simulated"));
    }
    let name = name(args)?;
    let spec = job_template(args, &name, "Never")?;
    made(args, "batch/v1", "Job", fields(json!({"metadata": {"name": name}, "spec": spec})))
}

fn cron_job(args: &Args) -> Parsed {
    let name = name(args)?;
    let schedule = required(args, "schedule")?;
    let restart = args.text("restart").unwrap_or("OnFailure");
    let template = job_template(args, &name, restart)?;
    let spec = json!({"schedule": schedule, "jobTemplate": {"metadata": {"name": name}, "spec": template}});
    made(args, "batch/v1", "CronJob", fields(json!({"metadata": {"name": name}, "spec": spec})))
}

fn quota(args: &Args) -> Parsed {
    let mut hard = Map::new();
    for pair in args.text("hard").unwrap_or("").split(',').filter(|pair| !pair.is_empty()) {
        let bad = || args.flag_error("hard", format!("invalid argument syntax {pair}, expected <resource>=<quantity>"));
        let (resource, amount) = pair.split_once('=').ok_or_else(bad)?;
        let amount: Quantity = amount.parse().map_err(|error| args.flag_error("hard", format!("{error}")))?;
        hard.insert(resource.into(), json!(amount));
    }
    let mut spec = json!({"hard": hard});
    let scopes: Vec<&str> = args.text("scopes").unwrap_or("").split(',').filter(|scope| !scope.is_empty()).collect();
    if !scopes.is_empty() {
        spec["scopes"] = json!(scopes);
    }
    made(args, "v1", "ResourceQuota", fields(json!({"spec": spec})))
}

fn priority_class(args: &Args) -> Parsed {
    let policy = args.text("preemption-policy").unwrap_or("PreemptLowerPriority");
    let all = json!({
        "value": args.int("value", 0),
        "globalDefault": args.bool("global-default", false),
        "description": args.text("description").unwrap_or(""),
        "preemptionPolicy": policy,
    });
    made(args, "scheduling.k8s.io/v1", "PriorityClass", fields(all))
}

fn disruption_budget(args: &Args) -> Parsed {
    let selector = pairs(args, "selector")?.filter(|pairs| !pairs.is_empty());
    let selector = selector.ok_or_else(|| KubectlError::plain("a selector must be specified"))?;
    let labels: Value = selector.into_iter().map(|(key, value)| (key, Value::from(value))).collect();
    let mut spec = json!({"selector": {"matchLabels": labels}});
    let amount = |text: &str| text.parse::<i64>().map_or(json!(text), |number| json!(number));
    match (args.text("min-available"), args.text("max-unavailable")) {
        (Some(min), None) => spec["minAvailable"] = amount(min),
        (None, Some(max)) => spec["maxUnavailable"] = amount(max),
        (None, None) => return Err(KubectlError::plain("one of min-available or max-unavailable must be specified")),
        (Some(_), Some(_)) => return Err(KubectlError::plain("min-available and max-unavailable cannot be both specified")),
    }
    made(args, "policy/v1", "PodDisruptionBudget", fields(json!({"spec": spec})))
}
