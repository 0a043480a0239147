//! `kubectl run`: one pod.
//! Real: staging/src/k8s.io/kubectl/pkg/cmd/run/run.go @ v1.37.2.

use super::super::KubectlError;
use super::super::flags::Args;
use super::super::task::Plan;
use super::Entry;
use super::create::Create;
use super::expose::pairs;
use crate::model::Object;
use serde_json::{Value, json};
use std::sync::Arc;

/// The command.
pub const ENTRY: Entry = Entry {
    name: "run",
    flags: "annotations:l attach:b command:b detach-keys:s env:l expose:b image:s image-pull-policy:s labels,l:s leave-stdin-open:b \
            override-type:s overrides:s pod-running-timeout:d port:s privileged:b quiet,q:b restart:s rm:b save-config:b stdin,i:b tty,t:b \
            cascade:o force:b grace-period:i timeout:d wait:b dry-run:o field-manager:s output,o:s record:b",
    parse,
};

fn parse(args: &Args) -> Result<Arc<dyn Plan>, KubectlError> {
    let dash = args.before_dash.unwrap_or(args.words.len());
    let Some(name) = args.words.first().filter(|_| dash > 0) else { return Err(args.usage("NAME is required for run")) };
    let image = args.text("image").filter(|image| !image.is_empty()).ok_or_else(|| args.usage("--image is required"))?;
    let words: Vec<&str> = args.words[1..].iter().map(|word| word.text.as_str()).collect();
    let mut container = json!({"name": name.text, "image": image});
    if !words.is_empty() {
        container[if args.bool("command", false) { "command" } else { "args" }] = json!(words);
    }
    let mut variables = Vec::new();
    for text in args.values("env") {
        let (key, value) = text
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| args.flag_error("env", format!("invalid env: {text}")))?;
        variables.push(json!({"name": key, "value": value}));
    }
    if !variables.is_empty() {
        container["env"] = Value::Array(variables);
    }
    if let Some(port) = args.text("port") {
        let number: i64 = port.parse().map_err(|_| args.flag_error("port", "--port must be a number"))?;
        container["ports"] = json!([{"containerPort": number}]);
    } else if args.bool("expose", false) {
        return Err(args.flag_error("expose", "--port must be set when exposing a service"));
    }
    if let Some(policy) = args.text("image-pull-policy") {
        container["imagePullPolicy"] = policy.into();
    }
    if args.bool("privileged", false) {
        container["securityContext"] = json!({"privileged": true});
    }
    let restart = args.text("restart").unwrap_or("Always");
    if !["Always", "OnFailure", "Never"].contains(&restart) {
        let message = format!("invalid restart policy: {restart}, valid values are: Always, OnFailure, Never");
        return Err(args.flag_error("restart", message));
    }
    let labels = pairs(args, "labels")?.unwrap_or_else(|| vec![("run".into(), name.text.clone())]);
    let labels: Value = labels.into_iter().map(|(key, value)| (key, Value::from(value))).collect();
    let mut annotations = serde_json::Map::new();
    for text in args.list("annotations") {
        let (key, value) = text.split_once('=').ok_or_else(|| args.flag_error("annotations", format!("unexpected annotation: {text}")))?;
        annotations.insert(key.into(), value.into());
    }
    let meta = json!({"name": name.text, "labels": labels, "annotations": annotations});
    let spec = json!({"containers": [container], "restartPolicy": restart, "dnsPolicy": "ClusterFirst"});
    let mut made = vec![object(args, json!({"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": spec}))?];
    if args.bool("expose", false) {
        let port: i64 = args.text("port").and_then(|port| port.parse().ok()).unwrap_or(0);
        let spec = json!({"selector": labels, "ports": [{"port": port, "protocol": "TCP", "targetPort": port}]});
        made.insert(0, object(args, json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name.text}, "spec": spec}))?);
    }
    Ok(Create::plan(made))
}

/// A made-up object.
pub(super) fn object(args: &Args, json: Value) -> Result<Object, KubectlError> {
    Object::from_json(json).map_err(|error| args.usage(error.to_string()))
}
