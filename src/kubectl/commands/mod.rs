//! The commands, one file each (close relatives share one).

mod apply;
mod autoscale;
mod create;
mod delete;
mod drain;
mod expose;
mod generators;
mod get;
mod metadata;
mod patch;
mod rollout;
mod run;
mod scale;
mod set;
mod taint;
mod undo;

use super::KubectlError;
use super::flags::Args;
use super::task::Plan;
use std::sync::Arc;

/// A command.
pub struct Entry {
    /// Its name: one word or two.
    pub name: &'static str,
    /// Its flags, beside those that all commands have.
    pub flags: &'static str,
    /// Reads its arguments.
    pub parse: fn(&Args) -> Result<Arc<dyn Plan>, KubectlError>,
}

/// All commands that are simulated.
pub const ALL: &[Entry] = &[
    apply::ENTRY,
    create::ENTRY,
    generators::DEPLOYMENT,
    generators::CONFIG_MAP,
    generators::SECRET,
    generators::NAMESPACE,
    generators::SERVICE,
    generators::JOB,
    generators::CRON_JOB,
    generators::QUOTA,
    generators::PRIORITY_CLASS,
    generators::DISRUPTION_BUDGET,
    generators::SERVICE_ACCOUNT,
    delete::ENTRY,
    scale::ENTRY,
    autoscale::ENTRY,
    set::IMAGE,
    set::RESOURCES,
    set::ENV,
    patch::ENTRY,
    metadata::LABEL,
    metadata::ANNOTATE,
    taint::ENTRY,
    drain::CORDON,
    drain::UNCORDON,
    drain::DRAIN,
    rollout::STATUS,
    rollout::PAUSE,
    rollout::RESUME,
    rollout::RESTART,
    undo::UNDO,
    undo::HISTORY,
    expose::ENTRY,
    run::ENTRY,
    get::ENTRY,
];

/// Commands of kubectl that mean nothing in a simulation, or not yet.
pub const ELSEWHERE: &[&str] = &[
    "alpha",
    "api-resources",
    "api-versions",
    "attach",
    "auth",
    "certificate",
    "cluster-info",
    "completion",
    "config",
    "cp",
    "debug",
    "describe",
    "diff",
    "edit",
    "events",
    "exec",
    "explain",
    "kustomize",
    "logs",
    "options",
    "plugin",
    "port-forward",
    "proxy",
    "replace",
    "top",
    "version",
    "wait",
];

/// `kubectl apply -f` of the command's manifests.
pub fn apply_plan() -> Arc<dyn Plan> {
    Arc::new(apply::Apply)
}
