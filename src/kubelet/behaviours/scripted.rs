//! A runtime that follows a script to the letter: how long each call takes, what it answers, when processes end. With it the
//! fleet replays what a real kubelet did over the same script.

use super::super::node::NodeState;
use super::super::pod::{self, Which};
use super::super::prober::{Answer, Kind};
use super::super::runtime::{End, Live};
use super::super::start::Plan;
use super::super::worker::{Kubelet, Shared};
use super::Behaviours;
use crate::base::{Seed, Span, Time};
use crate::model::{HTTPGetAction, IntOrString, Object, Probe, Quantity, Str};
use serde::Deserialize;
use std::collections::BTreeMap;

/// How long a pull tries to reach a registry that is down.
const REGISTRY_TIMEOUT: Span = Span::from_s(30);

/// A script by names of images, pods and containers; `*` is for all that have no entry.
#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Script {
    images: BTreeMap<String, ImageScript>,
    sandboxes: BTreeMap<String, SandboxScript>,
    containers: BTreeMap<String, ContainerScript>,
}

#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
struct ImageScript {
    present: bool,
    pull_ms: Option<u64>,
    errors: Vec<String>,
    size: Option<u64>,
}

#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
struct SandboxScript {
    ms: u64,
    errors: Vec<String>,
}

#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
struct ContainerScript {
    runs: Vec<RunScript>,
    exec: BTreeMap<String, Vec<AnswerScript>>,
    http: BTreeMap<String, Vec<AnswerScript>>,
}

#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
struct RunScript {
    run_ms: Option<u64>,
    exit: i32,
    reason: Option<String>,
    message: String,
    stop_ms: u64,
    stop_exit: Option<i32>,
    create_ms: u64,
    start_ms: u64,
    create_error: String,
    start_error: String,
}

#[derive(Clone, PartialEq, Debug, Default, Deserialize)]
#[serde(default)]
struct AnswerScript {
    from_ms: u64,
    exit: i32,
    out: String,
    ms: u64,
    run: Option<u32>,
    status: i32,
}

impl Script {
    /// Reads a script.
    pub fn from_json(json: serde_json::Value) -> Result<Script, serde_json::Error> {
        Script::deserialize(json)
    }

    fn image(&self, image: &str) -> ImageScript {
        let name = image.split_once('/').map_or(image, |(_, name)| name);
        self.images.get(name).or_else(|| self.images.get("*")).cloned().unwrap_or_default()
    }

    fn container(&self, object: &Object, name: &str) -> Option<&ContainerScript> {
        let full = format!("{}/{name}", object.meta.name);
        self.containers.get(&full).or_else(|| self.containers.get(name)).or_else(|| self.containers.get("*"))
    }

    fn run(&self, object: &Object, name: &str, number: u32) -> RunScript {
        let runs = self.container(object, name).map(|container| &container.runs[..]).unwrap_or_default();
        runs.get((number as usize).min(runs.len().saturating_sub(1))).cloned().unwrap_or_default()
    }
}

/// The entry of a list for the k-th try; the last one is for all that follow.
fn nth(list: &[String], k: u32) -> Option<&String> {
    list.get((k as usize).min(list.len().checked_sub(1)?)).filter(|text| !text.is_empty())
}

fn answer_at(list: &[AnswerScript], live: Option<&Live>, now: Time) -> (Option<AnswerScript>, Option<Time>) {
    let started = live.and_then(|live| live.seen.started).unwrap_or(now);
    let run = live.and_then(|live| live.script).unwrap_or(0);
    let mine = || list.iter().filter(|answer| answer.run.is_none_or(|only| only == run));
    let age = now.since(started);
    let present = mine().rfind(|answer| Span::from_ms(answer.from_ms) <= age).cloned();
    let next = mine().find(|answer| Span::from_ms(answer.from_ms) > age).map(|answer| started + Span::from_ms(answer.from_ms));
    (present, next)
}

fn key(object: &Object, name: &str) -> String {
    format!("{}/{}/{name}", object.meta.namespace, object.meta.name)
}

impl Behaviours {
    /// What becomes of a process by the script, if there is one.
    pub(crate) fn scripted_life(&self, object: &Object, name: &str, number: u32, now: Time) -> Option<Plan> {
        let script = self.script.as_ref()?;
        let run = script.run(object, name, number);
        let end = run.run_ms.map(|ms| {
            let reason = run.reason.as_deref().unwrap_or(if run.exit == 0 { "Completed" } else { "Error" });
            End { at: now + Span::from_ms(ms), code: run.exit, reason: reason.into(), message: run.message.as_str().into() }
        });
        Some(Plan {
            end: end.map(Box::new),
            listens: now,
            ready: Some(now),
            drains: Span::from_ms(run.stop_ms),
            stop_code: run.stop_exit.unwrap_or(143),
            script: Some(number),
            cpu_milli: 0,
            memory_bytes: 0,
            memory_growth_per_s: 0,
            refuses_after: Span::ZERO,
            serves: None,
        })
    }
}

impl Shared {
    /// How long a sandbox takes, and with what error it ends.
    pub(crate) fn sandbox_plan(&self, seed: Seed, object: &Object, attempt: u32, tries: &mut BTreeMap<String, u32>) -> (Span, Option<Str>) {
        let mut took = self.settings.runtime.sandbox.at(seed.draw("sandbox", &object.meta.uid, u64::from(attempt)));
        let Some(script) = &self.settings.behaviours.script else { return (took, None) };
        let Some(own) = script.sandboxes.get(&*object.meta.name).or_else(|| script.sandboxes.get("*")) else { return (took, None) };
        took = took + Span::from_ms(own.ms);
        let tried = tries.entry(key(object, "")).or_default();
        let error = nth(&own.errors, *tried).map(|text| text.as_str().into());
        *tried += 1;
        (took, error)
    }

    /// Whether an image is on the node.
    pub(crate) fn image_present(&self, node: &NodeState, image: &Str) -> bool {
        node.images.contains(image) || self.settings.behaviours.script.as_ref().is_some_and(|script| script.image(image).present)
    }

    /// The size of an image in bytes.
    pub(crate) fn image_size(&self, image: &str) -> u64 {
        match &self.settings.behaviours.script {
            Some(script) => script.image(image).size.unwrap_or(1_000_000),
            None => self.settings.behaviours.image_size_bytes(image),
        }
    }

    /// How long a pull takes, and with what error it ends.
    pub(crate) fn pull_plan(&self, seed: Seed, node: &mut NodeState, uid: &Str, image: &Str, now: Time) -> (Span, Option<Str>) {
        if let Some(script) = &self.settings.behaviours.script {
            let own = script.image(image);
            let tried = node.pull_tries.entry(image.to_string()).or_default();
            let error = nth(&own.errors, *tried).map(|text| format!("rpc error: code = NotFound desc = {text}").into());
            *tried += 1;
            return (Span::from_ms(own.pull_ms.unwrap_or(500)), error);
        }
        let tries = node.pull_tries.entry(String::new()).or_default();
        *tries += 1;
        let latency = self.settings.registry.latency.at(seed.draw("pull", uid, u64::from(*tries)));
        if self.registry_slowness == 0 {
            let error = format!(
                "rpc error: code = Unknown desc = failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": failed to do request: dial tcp: i/o timeout"
            );
            return (REGISTRY_TIMEOUT, Some(error.into()));
        }
        (self.transfer(node, image, now + latency).since(now), None)
    }

    /// When a transfer that begins now ends: of the layers that are not on the node yet. Those on their way for another pull
    /// are waited for, as the runtime's store takes each only once. An image whose layers nobody told apart is one layer.
    fn transfer(&self, node: &mut NodeState, image: &Str, begins: Time) -> Time {
        let whole = [(image.clone(), Quantity::from_binary(self.image_size(image) as i64))];
        let told = self.settings.behaviours.image_layers(image);
        let layers = if told.is_empty() { &whole[..] } else { told };
        let absent = |(name, _): &&(Str, Quantity)| !node.layers.contains_key(name);
        let bytes: u64 = layers.iter().filter(absent).map(|(_, size)| size.value().max(0) as u64).sum();
        let rate = (self.settings.registry.bandwidth_bytes_per_s.max(1) / u64::from(self.registry_slowness)).max(1);
        let took = (u128::from(bytes) * 1_000_000_000 / u128::from(rate)).min(u128::from(u64::MAX));
        let end = begins + Span(took as u64);
        layers.iter().map(|(name, _)| *node.layers.entry(name.clone()).or_insert(end)).fold(end, Time::max)
    }

    /// How long CreateContainer takes.
    pub(crate) fn create_time(&self, seed: Seed, object: &Object, which: Which, number: u32) -> Span {
        let drawn = self.settings.runtime.create.at(seed.draw("create", &object.meta.uid, u64::from(which) << 32 | u64::from(number)));
        let Some(script) = &self.settings.behaviours.script else { return drawn };
        drawn + Span::from_ms(script.run(object, &name_of(object, which), number).create_ms)
    }

    /// The error of CreateContainer.
    pub(crate) fn create_error(&self, object: &Object, which: Which, number: u32) -> Option<Str> {
        let script = self.settings.behaviours.script.as_ref()?;
        let error = script.run(object, &name_of(object, which), number).create_error;
        (!error.is_empty()).then(|| error.into())
    }

    /// How long StartContainer takes.
    pub(crate) fn start_time(&self, seed: Seed, object: &Object, which: Which, number: u32) -> Span {
        let drawn = self.settings.runtime.start.at(seed.draw("begin", &object.meta.uid, u64::from(which) << 32 | u64::from(number)));
        let Some(script) = &self.settings.behaviours.script else { return drawn };
        drawn + Span::from_ms(script.run(object, &name_of(object, which), number).start_ms)
    }

    /// The error of StartContainer.
    pub(crate) fn start_error(&self, object: &Object, which: Which, number: u32) -> Option<Str> {
        let script = self.settings.behaviours.script.as_ref()?;
        let error = script.run(object, &name_of(object, which), number).start_error;
        (!error.is_empty()).then(|| error.into())
    }

    /// What a command answers; `None`: nothing is said about it, it succeeds.
    pub(crate) fn exec(&self, object: &Object, name: &str, command: &str, live: Option<&Live>, now: Time) -> Option<Answer> {
        let script = self.settings.behaviours.script.as_ref()?;
        let quiet = Answer { took: Span::ZERO, exit: 0, output: String::new(), until: None };
        let Some(list) = script.container(object, name).and_then(|container| container.exec.get(command)) else { return Some(quiet) };
        let (answer, until) = answer_at(list, live, now);
        let answer = answer.unwrap_or_default();
        Some(Answer { took: Span::from_ms(answer.ms), exit: answer.exit, output: answer.out, until })
    }

    /// What a probe gets.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn probe(
        &self,
        object: &Object,
        which: Which,
        kind: Kind,
        probe: &Probe,
        live: Option<&Live>,
        ip: &str,
        now: Time,
    ) -> Answer {
        match &self.settings.behaviours.script {
            Some(script) => self.scripted_probe(script, object, which, probe, live, ip, now),
            None => behaved_probe(object, which, kind, probe, live, ip, now),
        }
    }

    #[allow(clippy::too_many_arguments)]
    fn scripted_probe(
        &self,
        script: &Script,
        object: &Object,
        which: Which,
        probe: &Probe,
        live: Option<&Live>,
        ip: &str,
        now: Time,
    ) -> Answer {
        let name = name_of(object, which);
        let well = Answer { took: Span::ZERO, exit: 0, output: String::new(), until: None };
        if let Some(exec) = &probe.exec {
            let command = exec.command.join(" ");
            let answer = self.exec(object, &name, &command, live, now).unwrap_or(well);
            let limit = Span::from_s(probe.timeout_seconds.max(1) as u64);
            if answer.took > limit {
                let output = format!("command timed out: \"{command}\" timed out after {limit}");
                return Answer { took: limit, exit: 1, output, until: answer.until };
            }
            return answer;
        }
        let port = port_of(object, which, probe).unwrap_or(0);
        let empty = BTreeMap::new();
        let pages = script.container(object, &name).map_or(&empty, |container| &container.http);
        if !pages.keys().any(|page| page.split('/').next() == Some(&port.to_string())) {
            return Answer { exit: 1, output: refused(probe, ip, port), ..well };
        }
        let Some(get) = &probe.http_get else { return well };
        let Some(list) = pages.get(&format!("{port}{}", get.path)) else { return well };
        let (answer, until) = answer_at(list, live, now);
        let code = answer.map_or(200, |answer| answer.status);
        if (200..400).contains(&code) {
            return Answer { until, ..well };
        }
        Answer { exit: 1, output: format!("HTTP probe failed with statuscode: {code}"), until, ..well }
    }

    /// What a record of a probe shows of its answer: the exit code, or the status of the page.
    pub(crate) fn shown_answer(
        &self,
        object: &Object,
        which: Which,
        probe: &Probe,
        live: Option<&Live>,
        answer: &Answer,
        now: Time,
    ) -> Option<String> {
        let script = self.settings.behaviours.script.as_ref()?;
        let name = name_of(object, which);
        if let Some(exec) = &probe.exec {
            let raw = self.exec(object, &name, &exec.command.join(" "), live, now)?;
            let late = if answer.output.starts_with("command timed out") { " timeout" } else { "" };
            return Some(format!("{}{late}", raw.exit));
        }
        let get = probe.http_get.as_ref()?;
        let port = port_of(object, which, probe)?;
        let list = script.container(object, &name)?.http.get(&format!("{port}{}", get.path))?;
        answer_at(list, live, now).0.map(|answer| answer.status.to_string())
    }
}

fn name_of(object: &Object, which: Which) -> String {
    object.as_pod().map(|pod| pod::spec_of(&pod.spec, which).name.clone()).unwrap_or_default()
}

/// The number of the port that a probe asks for.
fn port_of(object: &Object, which: Which, probe: &Probe) -> Option<i32> {
    let by_name = |port: &IntOrString| match port {
        IntOrString::Int(number) => Some(*number),
        IntOrString::String(name) => {
            let spec = &object.as_pod()?.spec;
            let container = pod::spec_of(spec, which);
            container.ports.iter().find(|port| port.name == **name).map(|port| port.container_port).or_else(|| name.parse().ok())
        }
    };
    let get = probe.http_get.as_ref().and_then(|get| by_name(&get.port));
    let tcp = || probe.tcp_socket.as_ref().and_then(|tcp| by_name(&tcp.port));
    get.or_else(tcp).or_else(|| probe.grpc.as_ref().map(|grpc| grpc.port))
}

/// What a probe says of a port on which nobody listens.
fn refused(probe: &Probe, ip: &str, port: i32) -> String {
    let dial = format!("dial tcp {ip}:{port}: connect: connection refused");
    match (&probe.http_get, &probe.grpc) {
        (Some(get), _) => {
            let scheme = if get.scheme.is_empty() { "http".to_string() } else { get.scheme.to_lowercase() };
            format!("Get \"{scheme}://{ip}:{port}{}\": {dial}", get.path)
        }
        (_, Some(_)) => {
            let limit = Span::from_s(probe.timeout_seconds.max(1) as u64);
            format!("timeout: failed to connect service \"{ip}:{port}\" within {limit}: context deadline exceeded")
        }
        _ => dial,
    }
}

impl Kubelet<'_, '_> {
    /// What a hook gets that asks for a page: only whether anybody listens counts, not the status of the answer.
    pub(crate) fn hook_refused(&self, which: Which, serial: u32, get: &HTTPGetAction) -> Option<String> {
        let live = self.pod.live(serial)?;
        let listens = self.shared.settings.behaviours.script.is_some() || live.takes_connections(self.cx.now);
        if listens {
            return None;
        }
        let own = self.pod.sandboxes.last().map(|sandbox| &sandbox.ip).filter(|ip| !ip.is_empty());
        let ip: &str = if get.host.is_empty() { own.unwrap_or(&self.node.address) } else { &get.host };
        let probe = Probe { http_get: Some(get.clone()), ..Probe::default() };
        let port = port_of(&self.pod.object, which, &probe).unwrap_or(0);
        Some(refused(&probe, ip, port))
    }
}

/// What a probe gets of a container that follows the scenario: all but readiness only ask whether it listens.
fn behaved_probe(object: &Object, which: Which, kind: Kind, probe: &Probe, live: Option<&Live>, ip: &str, now: Time) -> Answer {
    let none = Answer { took: Span::ZERO, exit: 1, output: String::new(), until: None };
    let port = || port_of(object, which, probe).unwrap_or(0);
    let Some(live) = live else { return Answer { output: refused(probe, ip, port()), ..none } };
    if !live.takes_connections(now) {
        let output = if probe.exec.is_some() { String::new() } else { refused(probe, ip, port()) };
        let until = Some(live.listens).filter(|listens| now < *listens);
        return Answer { output, until, ..none };
    }
    let refuses = live.stopping.map(|stopping| stopping + live.refuses_after);
    let ready = kind != Kind::Readiness || live.ready.is_some_and(|ready| ready <= now);
    if ready {
        return Answer { exit: 0, until: refuses, ..none };
    }
    let output = match (&probe.http_get, &probe.grpc, &probe.tcp_socket) {
        (Some(_), _, _) => "HTTP probe failed with statuscode: 503".into(),
        (_, Some(_), _) => "service unhealthy (responded with \"NOT_SERVING\")".into(),
        (_, _, Some(_)) => refused(probe, ip, port()),
        _ => String::new(),
    };
    Answer { output, until: live.ready, ..none }
}
