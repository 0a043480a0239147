//! `kubectl expose`: a Service for a workload, pod or Service.
//! Real: staging/src/k8s.io/kubectl/pkg/cmd/expose/expose.go, pkg/polymorphichelpers/{mapbasedselectorforobject,portsforobject}.go @ v1.37.2.

use super::super::KubectlError;
use super::super::each::{Change, Each, Work};
use super::super::flags::Args;
use super::super::pod_spec::of;
use super::super::resources::subject;
use super::super::task::{Plan, Shell};
use super::Entry;
use crate::api::Verb;
use crate::model::{Body, Labels, Obj, Object};
use serde_json::{Value, json};
use std::sync::Arc;

/// The command.
pub const ENTRY: Entry = Entry {
    name: "expose",
    flags: "filename,f:l kustomize,k:s recursive,R:b cluster-ip:s external-ip:s load-balancer-ip:s labels,l:s name:s override-type:s \
            overrides:s port:s protocol:s save-config:b selector:s session-affinity:s target-port:s type:s dry-run:o field-manager:s \
            output,o:s record:b",
    parse,
};

#[derive(Debug)]
struct Expose {
    name: Option<String>,
    ports: Vec<i64>,
    target_port: Option<String>,
    protocol: Option<String>,
    selector: Option<Vec<(String, String)>>,
    labels: Option<Vec<(String, String)>>,
    kind: Option<String>,
    cluster_ip: Option<String>,
    session_affinity: Option<String>,
}

/// `a=b,c=d`.
pub(super) fn pairs(args: &Args, flag: &str) -> Result<Option<Vec<(String, String)>>, KubectlError> {
    let Some(text) = args.text(flag) else { return Ok(None) };
    let pair = |spec: &str| {
        let bad = || args.flag_error(flag, format!("unexpected label spec: {spec}"));
        let (key, value) = spec.split_once('=').ok_or_else(bad)?;
        if key.is_empty() { Err(args.flag_error(flag, "unexpected empty label key")) } else { Ok((key.to_string(), value.to_string())) }
    };
    text.split(',').filter(|spec| !spec.is_empty()).map(pair).collect::<Result<_, _>>().map(Some)
}

fn parse(args: &Args) -> Result<Arc<dyn Plan>, KubectlError> {
    let text = |flag: &str| args.text(flag).filter(|text| !text.is_empty()).map(str::to_string);
    let port = |spec: &str| {
        let number = spec.parse::<i64>().ok().filter(|port| (1..=65535).contains(port));
        number.ok_or_else(|| args.flag_error("port", format!("invalid port {spec:?}: a number from 1 to 65535")))
    };
    let ports = args.text("port").map(|text| text.split(',').map(port).collect::<Result<Vec<_>, _>>()).transpose()?.unwrap_or_default();
    if let Some(affinity) = text("session-affinity").filter(|affinity| affinity != "None" && affinity != "ClientIP") {
        return Err(args.flag_error("session-affinity", format!("unknown session affinity: {affinity}")));
    }
    let work = Expose {
        name: text("name"),
        ports,
        target_port: text("target-port"),
        protocol: text("protocol"),
        selector: pairs(args, "selector")?,
        labels: pairs(args, "labels")?,
        kind: text("type"),
        cluster_ip: text("cluster-ip"),
        session_affinity: text("session-affinity"),
    };
    Ok(Each::plan(args, subject(args, &args.words)?, work))
}

/// The labels that lead to the object's pods.
fn pod_labels(object: &Object) -> Result<Labels, String> {
    let from = |selector: Option<&crate::model::LabelSelector>| {
        let selector = selector.ok_or("invalid deployment: no selectors, therefore cannot be exposed".to_string())?;
        if !selector.match_expressions.is_empty() {
            return Err("couldn't convert expressions to map-based selector format".to_string());
        }
        Ok(selector.match_labels.clone())
    };
    match &object.body {
        Body::Deployment(body) => from(body.spec.selector.as_ref()),
        Body::ReplicaSet(body) => from(body.spec.selector.as_ref()),
        Body::ReplicationController(body) => Ok(body.spec.selector.clone()),
        Body::Pod(_) if object.meta.labels.is_empty() => Err("the pod has no labels and cannot be exposed".into()),
        Body::Pod(_) => Ok(object.meta.labels.clone()),
        Body::Service(body) if body.spec.selector.is_empty() => Err("the service has no pod selector set".into()),
        Body::Service(body) => Ok(body.spec.selector.clone()),
        _ => Err(format!("cannot expose a {}", object.kind_name())),
    }
}

/// Ports and their protocols.
fn ports(object: &Obj) -> Vec<(i64, String)> {
    let protocol = |text: &str| if text.is_empty() { "TCP".to_string() } else { text.to_string() };
    if let Body::Service(service) = &object.body {
        return service.spec.ports.iter().map(|port| (i64::from(port.port), protocol(&port.protocol))).collect();
    }
    let mut copy = (**object).clone();
    let Some(spec) = of(&mut copy) else { return Vec::new() };
    spec.containers
        .iter()
        .flat_map(|container| &container.ports)
        .map(|port| (i64::from(port.container_port), protocol(&port.protocol)))
        .collect()
}

impl Work for Expose {
    fn change(&self, object: &Obj, _shell: &mut Shell<'_>) -> Change {
        match self.service(object) {
            Err(message) => Change::Fail(format!("error: {message}")),
            Ok((name, service)) => Change::Write(Verb::Create(Box::new(service)), format!("service/{name} exposed")),
        }
    }
}

impl Expose {
    fn service(&self, object: &Obj) -> Result<(String, Object), String> {
        let selector: Value = match &self.selector {
            Some(pairs) => pairs.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect(),
            None => {
                let found = pod_labels(object);
                let found = found.map_err(|why| format!("couldn't retrieve selectors via --selector flag or introspection: {why}"))?;
                serde_json::to_value(found).expect("labels are text")
            }
        };
        let known = ports(object);
        let numbers: Vec<i64> = if self.ports.is_empty() {
            let mut numbers: Vec<i64> = known.iter().map(|(port, _)| *port).collect();
            numbers.dedup();
            numbers
        } else {
            self.ports.clone()
        };
        if numbers.is_empty() && self.cluster_ip.as_deref() != Some("None") {
            return Err("couldn't find port via --port flag or introspection".into());
        }
        let port = |(at, number): (usize, &i64)| {
            let found = known.iter().find(|(port, _)| port == number).map(|(_, protocol)| protocol.clone());
            let protocol = self.protocol.clone().or(found).unwrap_or_else(|| "TCP".into());
            let target =
                self.target_port.as_ref().map_or(json!(number), |text| text.parse::<i64>().map_or(json!(text), |port| json!(port)));
            let mut port = json!({"port": number, "protocol": protocol, "targetPort": target});
            if numbers.len() > 1 {
                port["name"] = format!("port-{}", at + 1).into();
            }
            port
        };
        let mut spec = json!({"selector": selector, "ports": numbers.iter().enumerate().map(port).collect::<Vec<_>>()});
        for (field, value) in [("type", &self.kind), ("clusterIP", &self.cluster_ip), ("sessionAffinity", &self.session_affinity)] {
            if let Some(value) = value {
                spec[field] = value.as_str().into();
            }
        }
        let labels: Value = match &self.labels {
            Some(pairs) => pairs.iter().map(|(key, value)| (key.clone(), Value::from(value.as_str()))).collect(),
            None => serde_json::to_value(&object.meta.labels).expect("labels are text"),
        };
        let name: String = self.name.clone().unwrap_or_else(|| object.meta.name.chars().take(63).collect());
        let meta = json!({"name": name, "namespace": &*object.meta.namespace, "labels": labels});
        let json = json!({"apiVersion": "v1", "kind": "Service", "metadata": meta, "spec": spec});
        Ok((name, Object::from_json(json).map_err(|error| error.to_string())?))
    }
}
