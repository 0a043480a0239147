//! `kubectl autoscale`: a HorizontalPodAutoscaler for a workload.
//! Real: staging/src/k8s.io/kubectl/pkg/cmd/autoscale/autoscale.go @ v1.37.2.

use super::super::KubectlError;
use super::super::each::{Change, Each, Work};
use super::super::flags::Args;
use super::super::resources::{Resource, Subject, subject};
use super::super::task::{Plan, Shell};
use super::Entry;
use crate::api::Verb;
use crate::model::{Obj, Object, Quantity};
use serde_json::{Value, json};
use std::sync::Arc;

/// The command.
pub const ENTRY: Entry = Entry {
    name: "autoscale",
    flags: "filename,f:l kustomize,k:s recursive,R:b cpu:s cpu-percent:i memory:s max:i min:i name:s dry-run:o field-manager:s output,o:s \
            save-config:b record:b",
    parse,
};

#[derive(Debug)]
struct Autoscale {
    name: Option<String>,
    min: i64,
    max: i64,
    metrics: Value,
}

fn parse(args: &Args) -> Result<Arc<dyn Plan>, KubectlError> {
    let (min, max) = (args.int("min", -1), args.int("max", -1));
    if !args.has("max") {
        return Err(KubectlError::plain("required flag(s) \"max\" not set"));
    }
    if max < 1 {
        return Err(args.flag_error("max", format!("--max=MAXPODS is required and must be at least 1, max: {max}")));
    }
    if max < min {
        return Err(args.flag_error("max", format!("--max=MAXPODS must be larger or equal to --min=MINPODS, max: {max}, min: {min}")));
    }
    let mut metrics = Vec::new();
    if args.has("cpu-percent") && args.has("cpu") {
        return Err(args.flag_error("cpu", "--cpu and --cpu-percent cannot both be specified"));
    }
    let percent = args.int("cpu-percent", -1);
    if percent > 0 {
        metrics.push(utilization("cpu", percent));
    }
    for resource in ["cpu", "memory"] {
        let Some(text) = args.text(resource) else { continue };
        let bad = || args.flag_error(resource, format!("invalid value for --{resource}: {text:?}"));
        match text.strip_suffix('%') {
            Some(percent) => metrics.push(utilization(resource, percent.parse().ok().filter(|p| *p > 0).ok_or_else(bad)?)),
            None => {
                // A bare number is thousandths of a CPU.
                let bare = resource == "cpu" && text.bytes().all(|b| b.is_ascii_digit());
                let quantity: Quantity = if bare { format!("{text}m") } else { text.to_string() }.parse().map_err(|_| bad())?;
                metrics.push(target(resource, json!({"type": "AverageValue", "averageValue": quantity})));
            }
        }
    }
    let subject = subject(args, &args.words)?;
    if let Subject::Named(named) = &subject {
        named.iter().try_for_each(|(resource, _)| autoscalable(resource))?;
    }
    let work = Autoscale { name: args.text("name").map(str::to_string), min, max, metrics: Value::Array(metrics) };
    Ok(Each::plan(args, subject, work))
}

fn autoscalable(resource: &Resource) -> Result<(), KubectlError> {
    if super::scale::has_scale(resource) {
        return Ok(());
    }
    let version = if resource.api_version.contains('/') { resource.api_version.to_string() } else { format!("/{}", resource.api_version) };
    let why = format!("could not find scale subresource for {version}, Resource={} in discovery information", resource.plural());
    Err(KubectlError::plain(&format!("cannot autoscale a {}: {why}", resource.kind_name)))
}

fn target(resource: &str, target: Value) -> Value {
    json!({"type": "Resource", "resource": {"name": resource, "target": target}})
}

fn utilization(resource: &str, percent: i64) -> Value {
    target(resource, json!({"type": "Utilization", "averageUtilization": percent}))
}

impl Work for Autoscale {
    fn change(&self, object: &Obj, _shell: &mut Shell<'_>) -> Change {
        let name = self.name.clone().unwrap_or_else(|| object.meta.name.to_string());
        let mut spec = json!({
            "maxReplicas": self.max,
            "metrics": self.metrics,
            "scaleTargetRef": {"apiVersion": object.api_version(), "kind": object.kind_name(), "name": &*object.meta.name},
        });
        if self.min > 0 {
            spec["minReplicas"] = self.min.into();
        }
        let meta = json!({"name": name, "namespace": &*object.meta.namespace});
        let json = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": meta, "spec": spec});
        match Object::from_json(json) {
            Ok(made) => Change::Write(Verb::Create(Box::new(made)), format!("horizontalpodautoscaler.autoscaling/{name} autoscaled")),
            Err(error) => Change::Fail(format!("error: {error}")),
        }
    }
}
