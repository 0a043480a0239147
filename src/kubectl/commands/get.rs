//! `kubectl get`: into the story.
//! Real: staging/src/k8s.io/kubectl/pkg/cmd/get/get.go @ v1.37.2.

use super::super::KubectlError;
use super::super::each::title;
use super::super::flags::Args;
use super::super::gather::{Gather, Gathered};
use super::super::resources::{Subject, everything, find_all, subject};
use super::super::task::{Next, Plan, Shell, Task};
use super::Entry;
use crate::manifest::table::{Options, tables};
use crate::model::Object;
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
    options: Options,
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
    let several = match &subject {
        Subject::Named(named) => named.iter().any(|(resource, _)| *resource != named[0].0),
        Subject::Selected(types, _) => types.len() > 1,
        Subject::Files => false,
    };
    let options = Options {
        wide: args.text("output") == Some("wide"),
        all_namespaces,
        no_headers: args.bool("no-headers", false),
        show_labels: args.bool("show-labels", false),
        with_kind: args.bool("show-kind", several),
    };
    Ok(Arc::new(Get { subject, all_namespaces, output, options, ignore_not_found: args.bool("ignore-not-found", false) }))
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
            let objects: Vec<&Object> = found.iter().map(|object| &**object).collect();
            let text = tables(&objects, self.plan.options, shell.clock.micro(shell.now));
            shell.print(text.trim_end_matches('\n'));
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
