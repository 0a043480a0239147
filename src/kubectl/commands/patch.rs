//! `kubectl patch`: strategic, merge or JSON patches.
//! Real: staging/src/k8s.io/kubectl/pkg/cmd/patch/patch.go @ v1.37.2.

use super::super::KubectlError;
use super::super::each::{Change, Each, Work, title};
use super::super::flags::Args;
use super::super::resources::subject;
use super::super::task::{Plan, Shell};
use super::Entry;
use crate::api::{Answer, Patch, Subresource, Verb};
use crate::manifest::yaml;
use crate::model::{Kind, Obj};
use crate::store::Key;
use std::sync::Arc;

/// The command.
pub const ENTRY: Entry = Entry {
    name: "patch",
    flags: "filename,f:l kustomize,k:s recursive,R:b patch,p:s patch-file:s type:s subresource:s local:b dry-run:o field-manager:s output,o:s \
            record:b",
    parse,
};

#[derive(Debug)]
struct Patching {
    patch: Patch,
    subresource: Subresource,
}

fn parse(args: &Args) -> Result<Arc<dyn Plan>, KubectlError> {
    let Some(text) = args.text("patch").filter(|text| !text.is_empty()) else {
        return Err(KubectlError::plain("must specify --patch or --patch-file containing the contents of the patch"));
    };
    let unable = |why: &str| args.flag_error("patch", format!("unable to parse {text:?}: {why}"));
    let mut documents = yaml::parse(text).map_err(|error| unable(&error.message))?;
    if documents.len() != 1 {
        return Err(unable("there must be one patch"));
    }
    let value = documents.remove(0).to_value();
    let kind = args.text("type").unwrap_or("strategic");
    let patch = match kind {
        "strategic" | "merge" if !value.is_object() => return Err(unable("the patch must be a map of fields")),
        "strategic" => Patch::Strategic(value),
        "merge" => Patch::Merge(value),
        "json" if value.is_array() => Patch::Json(value),
        "json" => return Err(unable("a JSON patch is a list of operations")),
        other => return Err(args.flag_error("type", format!("--type must be one of [json merge strategic], not {other:?}"))),
    };
    let subresource = match args.text("subresource").unwrap_or("") {
        "" => Subresource::Main,
        "status" => Subresource::Status,
        "scale" => Subresource::Scale,
        "resize" => Subresource::Resize,
        other => {
            let message = format!("invalid subresource value: {other:?}. Must be one of [status scale resize]");
            return Err(args.flag_error("subresource", message));
        }
    };
    Ok(Each::plan(args, subject(args, &args.words)?, Patching { patch, subresource }))
}

impl Work for Patching {
    fn change(&self, object: &Obj, _shell: &mut Shell<'_>) -> Change {
        if object.kind() == Kind::Other && matches!(self.patch, Patch::Strategic(_)) {
            let types = "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml";
            let message = format!("the body of the request was in an unknown format - accepted media types include: {types}");
            return Change::Fail(format!("Error from server (UnsupportedMediaType): {message}"));
        }
        let verb = Verb::Patch { target: Key::of(object), subresource: self.subresource, patch: self.patch.clone() };
        Change::WriteThen(verb, |before: &Obj, answer: &Answer| {
            let same = answer.as_ref().is_ok_and(|after| after.meta.resource_version == before.meta.resource_version);
            format!("{} patched{}", title(before), if same { " (no change)" } else { "" })
        })
    }
}
