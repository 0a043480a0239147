//! The kubectl lines that the recorded scenarios use. A line that waits lets the world go on meanwhile.

use super::play::{NAMESPACE, Player};
use kubesim::api::{DeleteOptions, Verb};
use kubesim::model::{Kind, Obj};
use kubesim::store::Key;
use std::sync::Arc;

const REVISION: &str = "deployment.kubernetes.io/revision";
const HASH: &str = "pod-template-hash";

/// Exit code and output of a line.
pub fn run(player: &mut Player, args: &[&str]) -> (u16, String) {
    match args {
        ["rollout", verb, target, rest @ ..] => {
            let name = target.rsplit('/').next().unwrap_or(target).to_string();
            rollout(player, verb, &name, rest)
        }
        ["cordon", node] => (0, cordon(player, node, true)),
        ["uncordon", node] => (0, cordon(player, node, false)),
        ["drain", node, rest @ ..] => drain(player, node, rest),
        other => (1, format!("error: unknown command {other:?}")),
    }
}

fn option<'a>(args: &[&'a str], name: &str) -> Option<&'a str> {
    args.iter().find_map(|arg| arg.strip_prefix(name)?.strip_prefix('='))
}

fn edit(player: &mut Player, key: Key, change: impl Fn(&mut kubesim::model::Object) + Send + Sync + 'static) {
    player.ask(Verb::edit(key, change)).expect("an edit");
}

fn rollout(player: &mut Player, verb: &str, name: &str, args: &[&str]) -> (u16, String) {
    let key = player.key("Deployment", name);
    let pause = |player: &mut Player, paused: bool| {
        edit(player, key.clone(), move |object| {
            Arc::make_mut(&mut object.as_deployment_mut().expect("a Deployment").spec).paused = paused;
        });
    };
    match verb {
        "pause" => {
            pause(player, true);
            (0, format!("deployment.apps/{name} paused"))
        }
        "resume" => {
            pause(player, false);
            (0, format!("deployment.apps/{name} resumed"))
        }
        "restart" => {
            let now = player.sim.clock().timestamp(player.sim.now()).to_string();
            edit(player, key.clone(), move |object| {
                let spec = Arc::make_mut(&mut object.as_deployment_mut().expect("a Deployment").spec);
                spec.template.metadata.annotations.set("kubectl.kubernetes.io/restartedAt", now.clone());
            });
            (0, format!("deployment.apps/{name} restarted"))
        }
        "undo" => undo(player, name, option(args, "--to-revision").and_then(|n| n.parse().ok()).unwrap_or(0)),
        "history" => {
            let rows: String = history(player, name).iter().map(|(revision, _)| format!("\n{revision:<10}<none>")).collect();
            (0, format!("deployment.apps/{name} \nREVISION  CHANGE-CAUSE{rows}"))
        }
        "status" => status(player, name, option(args, "--timeout")),
        other => (1, format!("error: unknown command {other:?}")),
    }
}

fn history(player: &Player, name: &str) -> Vec<(i64, Obj)> {
    let owned = |object: &Obj| object.meta.controller().is_some_and(|owner| *owner.name == *name);
    let revision = |object: &Obj| object.meta.annotations.get(REVISION).and_then(|text| text.parse().ok()).unwrap_or(0);
    let sets = player.list(Kind::ReplicaSet).into_iter().filter(owned);
    let mut rows: Vec<(i64, Obj)> = sets.map(|object| (revision(&object), object)).collect();
    rows.sort_by_key(|(revision, _)| *revision);
    rows
}

fn undo(player: &mut Player, name: &str, to: i64) -> (u16, String) {
    let rows = history(player, name);
    let found = match to {
        0 => rows.len().checked_sub(2).map(|at| &rows[at]),
        to => rows.iter().find(|(revision, _)| *revision == to),
    };
    let Some((_, set)) = found else { return (1, format!("error: unable to find specified revision {to} in history")) };
    let mut template = set.as_replica_set().expect("a ReplicaSet").spec.template.clone();
    template.metadata.labels.remove(HASH);
    edit(player, player.key("Deployment", name), move |object| {
        Arc::make_mut(&mut object.as_deployment_mut().expect("a Deployment").spec).template = template.clone();
    });
    (0, format!("deployment.apps/{name} rolled back"))
}

fn status(player: &mut Player, name: &str, timeout: Option<&str>) -> (u16, String) {
    let limit_ms = timeout.and_then(|text| kubesim::base::Span::parse(text).ok()).map_or(600_000, |span| span.as_ms());
    let until = player.now_ms() + limit_ms;
    loop {
        let Some(object) = player.list(Kind::Deployment).into_iter().find(|object| *object.meta.name == *name) else {
            return (1, format!("Error from server (NotFound): deployments.apps \"{name}\" not found"));
        };
        let deployment = object.as_deployment().expect("a Deployment");
        let late = deployment.status.conditions.iter().any(|c| &*c.reason == "ProgressDeadlineExceeded");
        if object.meta.generation <= deployment.status.observed_generation {
            if late {
                return (1, format!("error: deployment \"{name}\" exceeded its progress deadline"));
            }
            let (wanted, status) = (deployment.spec.replicas.unwrap_or(1), &deployment.status);
            if status.updated_replicas >= wanted
                && status.replicas <= status.updated_replicas
                && status.available_replicas >= status.updated_replicas
            {
                return (0, format!("deployment \"{name}\" successfully rolled out"));
            }
        }
        if player.now_ms() >= until {
            return (1, "error: timed out waiting for the condition".into());
        }
        player.run_to(player.now_ms() + 50);
    }
}

fn cordon(player: &mut Player, node: &str, on: bool) -> String {
    edit(player, player.key("Node", node), move |object| {
        Arc::make_mut(&mut object.as_node_mut().expect("a Node").spec).unschedulable = on;
    });
    format!("node/{node} {}", if on { "cordoned" } else { "uncordoned" })
}

/// Evicts all pods but daemons, those refused again each 5 s, and waits until they are gone.
fn drain(player: &mut Player, node: &str, args: &[&str]) -> (u16, String) {
    let limit_ms = option(args, "--timeout").and_then(|text| kubesim::base::Span::parse(text).ok()).map_or(600_000, |span| span.as_ms());
    let until = player.now_ms() + limit_ms;
    let (mut out, mut errors) = (vec![cordon(player, node, true)], Vec::new());
    let mut waiting: Vec<(Obj, u64, bool)> = Vec::new();
    for pod in player.list(Kind::Pod).into_iter().filter(|pod| *pod.as_pod().expect("a pod").node_name == *node) {
        let name = format!("{NAMESPACE}/{}", pod.meta.name);
        match pod.meta.controller().map(|owner| owner.kind.to_string()).as_deref() {
            Some("DaemonSet") => errors.push(format!("Warning: ignoring DaemonSet-managed Pods: {name}")),
            _ => waiting.push((pod, player.now_ms(), false)),
        }
    }
    while !waiting.is_empty() && player.now_ms() < until {
        for (pod, next_ms, evicted) in &mut waiting {
            if *evicted || *next_ms > player.now_ms() {
                continue;
            }
            out.push(format!("evicting pod {NAMESPACE}/{}", pod.meta.name));
            match player.ask(Verb::Evict { pod: Key::of(pod), options: DeleteOptions::default() }) {
                Ok(_) => *evicted = true,
                Err(error) if error.code() == 404 => *evicted = true,
                Err(error) => {
                    let message = error.to_status()["message"].as_str().unwrap_or("").to_string();
                    errors.push(format!(
                        "error when evicting pods/\"{}\" -n \"{NAMESPACE}\" (will retry after 5s): {message}",
                        pod.meta.name
                    ));
                    *next_ms = player.now_ms() + 5_000;
                }
            }
        }
        player.run_to(player.now_ms() + 100);
        let alive: Vec<_> = player.list(Kind::Pod).iter().map(|pod| pod.meta.uid.clone()).collect();
        waiting.retain(|(pod, _, evicted)| {
            let gone = *evicted && !alive.contains(&pod.meta.uid);
            if gone {
                out.push(format!("pod/{} evicted", pod.meta.name));
            }
            !gone
        });
    }
    if !waiting.is_empty() {
        return (1, [out, errors].concat().join("\n"));
    }
    out.push(format!("node/{node} drained"));
    (0, [out, errors].concat().join("\n"))
}
