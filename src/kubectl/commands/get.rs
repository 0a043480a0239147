//! `kubectl get`: into the story. Names and states only; tables of every kind are the command line's.
//! Real: staging/src/k8s.io/kubectl/pkg/cmd/get/get.go @ v1.37.2.

use super::super::KubectlError;
use super::super::each::title;
use super::super::flags::Args;
use super::super::gather::{Gather, Gathered};
use super::super::resources::{Subject, everything, find_all, subject};
use super::super::task::{Next, Plan, Shell, Task};
use super::Entry;
use crate::model::{Body, Obj};
use std::sync::Arc;

/// The command.
pub const ENTRY: Entry = Entry {
    name: "get",
    flags: "filename,f:l kustomize,k:s recursive,R:b all-namespaces,A:b chunk-size:i field-selector:s ignore-not-found:b label-columns,L:l \
            no-headers:b output,o:s output-watch-events:b raw:s selector,l:s server-print:b show-kind:b show-labels:b sort-by:s \
            subresource:s watch,w:b watch-only:b",
    parse,
};

#[derive(Clone, Debug)]
struct Get {
    subject: Subject,
    all_namespaces: bool,
    output: Output,
    ignore_not_found: bool,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Output {
    Table,
    Name,
    Json,
}

fn parse(args: &Args) -> Result<Arc<dyn Plan>, KubectlError> {
    for flag in ["watch", "watch-only", "field-selector", "sort-by", "subresource", "raw", "label-columns"] {
        if args.has(flag) {
            return Err(args.flag_error(flag, format!("`--{flag}` is not simulated")));
        }
    }
    let output = match args.text("output").unwrap_or("") {
        "" | "wide" => Output::Table,
        "name" => Output::Name,
        "json" => Output::Json,
        other => return Err(args.flag_error("output", format!("`--output {other}` is not simulated: name, json or wide"))),
    };
    let subject = match subject(args, &args.words) {
        Err(error) if error.message.ends_with("but no name was specified") => Subject::Selected(find_all(&args.words[0])?, everything()),
        other => other?,
    };
    let all_namespaces = args.bool("all-namespaces", false);
    Ok(Arc::new(Get { subject, all_namespaces, output, ignore_not_found: args.bool("ignore-not-found", false) }))
}

impl Plan for Get {
    fn task(&self) -> Box<dyn Task> {
        Box::new(GetTask { gather: Gather::new(&self.subject, self.all_namespaces), plan: self.clone() })
    }
}

struct GetTask {
    gather: Gather,
    plan: Get,
}

impl Task for GetTask {
    fn turn(&mut self, shell: &mut Shell<'_>) -> Next {
        let found = match self.gather.turn(shell) {
            Gathered::Not(next) => return next,
            Gathered::All(found) => found,
        };
        if found.is_empty() && !*shell.failed && !self.plan.ignore_not_found {
            let place = if self.plan.all_namespaces { String::new() } else { format!(" in {} namespace", shell.namespace) };
            shell.print(format!("No resources found{place}."));
        }
        if self.plan.output == Output::Table && !found.is_empty() {
            shell.print(table(&found));
            return Next::Done;
        }
        for object in &found {
            match self.plan.output {
                Output::Name => shell.print(title(object)),
                _ => shell.print(serde_json::to_string_pretty(&object.to_json()).expect("objects serialise")),
            }
        }
        Next::Done
    }
}

fn table(found: &[Obj]) -> String {
    let several = found.iter().any(|object| object.kind() != found[0].kind());
    let rows: Vec<(String, String)> =
        found.iter().map(|object| (if several { title(object) } else { object.meta.name.to_string() }, state(object))).collect();
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0).max(4);
    let mut lines = vec![format!("{:width$}   STATE", "NAME")];
    lines.extend(rows.iter().map(|(name, state)| format!("{name:width$}   {state}")));
    lines.join("\n")
}

/// One word or two of what people look for.
fn state(object: &Obj) -> String {
    let deleting = if object.meta.is_deleting() { "Terminating" } else { "" };
    match &object.body {
        Body::Pod(_) if !deleting.is_empty() => deleting.into(),
        Body::Pod(pod) => format!("{} {}", pod.status.phase, if pod.is_ready() { "ready" } else { "not ready" }),
        Body::Node(node) => {
            let ready = node.status.conditions.iter().any(|c| &*c.r#type == "Ready" && &*c.status == "True");
            let cordoned = if node.spec.unschedulable { ",SchedulingDisabled" } else { "" };
            format!("{}{cordoned}", if ready { "Ready" } else { "NotReady" })
        }
        Body::Deployment(body) => format!("{}/{} ready", body.status.ready_replicas, body.spec.replicas.unwrap_or(1)),
        Body::ReplicaSet(body) => format!("{}/{} ready", body.status.ready_replicas, body.spec.replicas.unwrap_or(1)),
        Body::StatefulSet(body) => format!("{}/{} ready", body.status.ready_replicas, body.spec.replicas.unwrap_or(1)),
        Body::DaemonSet(body) => format!("{}/{} ready", body.status.number_ready, body.status.desired_number_scheduled),
        _ => deleting.into(),
    }
}
