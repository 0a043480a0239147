//! From a recording to facts, in the form of the recorded ones, and their comparison.

use super::kubelet_world::Recording;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A sequence of texts and when each came.
#[derive(Default)]
struct Sequence {
    texts: Vec<String>,
    at_ms: Vec<i64>,
}

impl Sequence {
    fn push(&mut self, at: i64, text: String) {
        if self.texts.last() != Some(&text) {
            self.texts.push(text);
            self.at_ms.push(at);
        }
    }

    fn store(self, into: &mut Map<String, Value>, name: &str) {
        into.insert(format!("{name} t_ms"), self.at_ms.into());
        into.insert(name.into(), self.texts.into());
    }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or("")
}

fn with_reason(first: &str, reason: &str) -> String {
    if reason.is_empty() { first.to_string() } else { format!("{first}/{reason}") }
}

fn state_text(state: &Value) -> String {
    if let Some(waiting) = state.get("waiting") {
        return with_reason("waiting", text(waiting, "reason"));
    }
    if state.get("running").is_some() {
        return "running".into();
    }
    if let Some(end) = state.get("terminated") {
        return format!("{}({})", with_reason("terminated", text(end, "reason")), end["exitCode"]);
    }
    "waiting".into()
}

fn container_text(status: &Value) -> String {
    let mut out = state_text(&status["state"]);
    if status["started"] == true {
        out.push_str(" started");
    }
    if status["ready"] == true {
        out.push_str(" ready");
    }
    if status["restartCount"].as_i64().unwrap_or(0) > 0 {
        out.push_str(&format!(" restarts={}", status["restartCount"]));
    }
    if status["lastState"].as_object().is_some_and(|last| !last.is_empty()) {
        out.push_str(&format!(" last={}", state_text(&status["lastState"])));
    }
    out
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], |list| list)
}

fn statuses(status: &Value) -> impl Iterator<Item = &Value> {
    list(status, "initContainerStatuses").iter().chain(list(status, "containerStatuses"))
}

fn pod_step(pod: &Value) -> String {
    let status = &pod["status"];
    let mut first = with_reason(text(status, "phase"), text(status, "reason"));
    if pod["metadata"].get("deletionTimestamp").is_some() {
        first.push_str(&format!(" deleting({})", pod["metadata"]["deletionGracePeriodSeconds"]));
    }
    let conditions: Vec<String> = list(status, "conditions")
        .iter()
        .map(|condition| with_reason(&format!("{}={}", text(condition, "type"), text(condition, "status")), text(condition, "reason")))
        .collect();
    let mut parts = vec![first];
    if !conditions.is_empty() {
        parts.push(conditions.join(" "));
    }
    parts.extend(statuses(status).map(|status| format!("{}: {}", text(status, "name"), container_text(status))));
    parts.join(" | ")
}

/// Takes what differs between any two runs out of texts.
struct Plain {
    replace: Vec<(String, &'static str)>,
}

impl Plain {
    fn of(record: &Recording) -> Plain {
        let mut replace = Vec::new();
        for (_, _, after) in &record.changes {
            let Some(after) = after else { continue };
            for (value, word) in
                [(&after["metadata"]["uid"], "uid"), (&after["status"]["podIP"], "pod-ip"), (&after["status"]["hostIP"], "host-ip")]
            {
                if let Some(value) = value.as_str()
                    && !replace.iter().any(|(old, _)| old == value)
                {
                    replace.push((value.to_string(), word));
                }
            }
        }
        Plain { replace }
    }

    fn text(&self, value: &str) -> String {
        let mut out = value.to_string();
        for (old, new) in &self.replace {
            out = out.replace(old, new);
        }
        if let Some(at) = out.find(" in ").filter(|_| out.starts_with("Successfully pulled image")) {
            let size = out.find("Image size").unwrap_or(out.len());
            out = format!("{} in DURATION (DURATION including waiting). {}", &out[..at], &out[size..]);
        }
        out
    }

    fn status(&self, value: &Value) -> Value {
        match value {
            Value::Object(map) => map
                .iter()
                .map(|(key, value)| {
                    let plain = match (key.as_str(), value) {
                        ("startTime" | "startedAt" | "finishedAt" | "lastTransitionTime" | "lastHeartbeatTime", Value::String(_)) => {
                            "time".into()
                        }
                        ("hostIP", _) => "host-ip".into(),
                        ("podIP", _) => "pod-ip".into(),
                        ("hostIPs", _) => json!([{"ip": "host-ip"}]),
                        ("podIPs", _) => json!([{"ip": "pod-ip"}]),
                        ("containerID", Value::String(_)) => "fake://id".into(),
                        ("imageID", Value::String(id)) if !id.is_empty() => "sha256:id".into(),
                        _ => self.status(value),
                    };
                    (key.clone(), plain)
                })
                .collect::<Map<_, _>>()
                .into(),
            Value::Array(list) => list.iter().map(|value| self.status(value)).collect(),
            Value::String(text) => self.text(text).into(),
            other => other.clone(),
        }
    }
}

fn pod_facts(record: &Recording, name: &str, plain: &Plain) -> Value {
    let mut facts = Map::new();
    let mut steps = Sequence::default();
    let mut phases = Sequence::default();
    let mut conditions: BTreeMap<String, Sequence> = BTreeMap::new();
    let mut containers: BTreeMap<String, Sequence> = BTreeMap::new();
    let mut messages: Vec<String> = Vec::new();
    let mut last = Value::Null;
    let mut previous: Option<&Value> = None;
    let mut say = |about: String, message: &str| {
        let line = format!("{about}: {}", plain.text(message));
        if !message.is_empty() && !messages.contains(&line) {
            messages.push(line);
        }
    };
    for (at, key, after) in &record.changes {
        if key.kind.name() != "Pod" || *key.name != *name {
            continue;
        }
        let Some(pod) = after else {
            // What the API server's last message shows of a pod that is removed at once.
            if let Some(pod) = previous.as_ref().filter(|pod| pod["metadata"].get("deletionTimestamp").is_none()) {
                let mut removed: Value = (*pod).clone();
                removed["metadata"]["deletionTimestamp"] = "now".into();
                removed["metadata"]["deletionGracePeriodSeconds"] = 0.into();
                steps.push(*at, pod_step(&removed));
            }
            steps.push(*at, "gone".into());
            continue;
        };
        previous = Some(pod);
        let status = &pod["status"];
        steps.push(*at, pod_step(pod));
        phases.push(*at, text(status, "phase").into());
        for condition in list(status, "conditions") {
            let shown = with_reason(text(condition, "status"), text(condition, "reason"));
            conditions.entry(text(condition, "type").into()).or_default().push(*at, shown);
            say(text(condition, "type").into(), text(condition, "message"));
        }
        for status in statuses(status) {
            let name = text(status, "name");
            containers.entry(name.into()).or_default().push(*at, container_text(status));
            for state in [&status["state"], &status["lastState"]] {
                for kind in ["waiting", "terminated"] {
                    if let Some(detail) = state.get(kind) {
                        say(format!("{name} {}", with_reason(kind, text(detail, "reason"))), text(detail, "message"));
                    }
                }
            }
        }
        say("pod".into(), text(status, "message"));
        last = plain.status(status);
    }
    steps.store(&mut facts, "steps");
    phases.store(&mut facts, "phases");
    conditions.into_iter().for_each(|(name, sequence)| sequence.store(&mut facts, &format!("condition {name}")));
    containers.into_iter().for_each(|(name, sequence)| sequence.store(&mut facts, &format!("container {name}")));
    facts.insert("messages".into(), messages.into());
    facts.insert("final_status".into(), last);
    facts.into()
}

fn event_facts(record: &Recording, about: &str, plain: &Plain) -> Value {
    let mut facts = Map::new();
    let (mut texts, mut at_ms) = (Vec::new(), Vec::new());
    let mut counts: BTreeMap<String, (String, i64)> = BTreeMap::new();
    for (at, key, after) in &record.changes {
        let Some(event) = after.as_ref().filter(|_| key.kind.name() == "Event") else { continue };
        let object = &event["involvedObject"];
        if format!("{}/{}", text(object, "kind"), text(object, "name")) != about {
            continue;
        }
        let field = text(object, "fieldPath");
        let field = if field.is_empty() { String::new() } else { format!(" {field}") };
        let line = format!("{} {}{field}: {}", text(event, "type"), text(event, "reason"), plain.text(text(event, "message")));
        if !texts.contains(&line) {
            texts.push(line.clone());
            at_ms.push(*at);
        }
        counts.insert(key.name.to_string(), (line, event["count"].as_i64().unwrap_or(1)));
    }
    let mut sums: BTreeMap<String, i64> = BTreeMap::new();
    counts.into_values().for_each(|(line, count)| *sums.entry(line).or_default() += count);
    facts.insert("messages_seq".into(), texts.into());
    facts.insert("messages_seq t_ms".into(), at_ms.into());
    facts.insert("counts".into(), json!(sums));
    facts.into()
}

fn runtime_facts(record: &Recording, pod: &str, plain: &Plain) -> Value {
    let mut facts = Map::new();
    let mut all = Sequence::default();
    let mut without = Sequence::default();
    let mut answers: BTreeMap<String, Sequence> = BTreeMap::new();
    let mut env = Map::new();
    for (at, _, call) in record.calls.iter().filter(|(_, name, _)| name == pod) {
        let call = plain.text(call);
        if call.starts_with("File ") {
            continue;
        }
        if let Some(rest) = call.strip_prefix("Env ") {
            let (container, pairs) = rest.split_once(' ').unwrap_or((rest, ""));
            env.insert(container.into(), pairs.split(' ').filter(|pair| !pair.is_empty()).collect::<Vec<_>>().into());
        } else if call.starts_with("ExecSync") {
            let (name, result) = call.rsplit_once("] ").unwrap();
            answers.entry(format!("{name}]")).or_default().push(*at, result.into());
        } else if call.starts_with("GET") {
            let (name, result) = call.rsplit_once(' ').unwrap();
            answers.entry(name.into()).or_default().push(*at, result.into());
        } else {
            if !call.starts_with("Remove") {
                without.texts.push(call.split(" -> ").next().unwrap_or_default().to_string());
                without.at_ms.push(*at);
            }
            all.texts.push(call);
            all.at_ms.push(*at);
        }
    }
    all.store(&mut facts, "calls");
    without.store(&mut facts, "calls_without_gc");
    answers.into_iter().for_each(|(name, sequence)| sequence.store(&mut facts, &name));
    facts.insert("env".into(), env.into());
    facts.into()
}

/// All facts of a recording.
pub fn reduce(record: &Recording) -> Value {
    let plain = Plain::of(record);
    let mut facts = Map::new();
    facts.insert("manifest_results".into(), record.manifest.clone().into());
    facts.insert("action_results".into(), record.actions.clone().into());
    let mut pods: Vec<String> = Vec::new();
    for (_, key, _) in &record.changes {
        if key.kind.name() == "Pod" && !pods.contains(&key.name.to_string()) {
            pods.push(key.name.to_string());
        }
    }
    for pod in &pods {
        facts.insert(format!("Pod/{pod}"), pod_facts(record, pod, &plain));
        facts.insert(format!("Events/Pod/{pod}"), event_facts(record, &format!("Pod/{pod}"), &plain));
        facts.insert(format!("Runtime/{pod}"), runtime_facts(record, pod, &plain));
    }
    let mut files: BTreeMap<String, Sequence> = BTreeMap::new();
    for (at, _, call) in &record.calls {
        if let Some((name, value)) = call.strip_prefix("File ").and_then(|file| file.split_once('=')) {
            files.entry(name.into()).or_default().push(*at, value.into());
        }
    }
    for (name, sequence) in files {
        let texts: Vec<Value> = std::iter::once(Value::Null).chain(sequence.texts.into_iter().map(Value::from)).collect();
        let at: Vec<i64> = std::iter::once(0).chain(sequence.at_ms).collect();
        facts.insert(format!("File/{name}"), texts.into());
        facts.insert(format!("File/{name} t_ms"), at.into());
    }
    facts.into()
}

/// How a scenario's facts compare.
#[derive(Default)]
pub struct Outcome {
    pub equal: usize,
    pub all: usize,
    pub differing: Vec<String>,
}

impl Outcome {
    fn count(&mut self, name: &str, difference: Option<String>) {
        self.all += 1;
        match difference {
            None => self.equal += 1,
            Some(difference) => self.differing.push(format!("{name}: {difference}")),
        }
    }
}

/// Compares all facts that were recorded.
pub fn compare(scenario: &str, wanted: &Value, found: &Value) -> Outcome {
    let mut outcome = Outcome::default();
    for (name, value) in wanted.as_object().unwrap() {
        let ours = &found[name];
        match value {
            Value::Object(parts) => {
                for (part, value) in parts {
                    outcome.count(&format!("{name} {part}"), differs(scenario, part, value, parts, ours));
                }
            }
            _ => {
                let all = wanted.as_object().unwrap();
                // The file of a subPath mount is never written again: it is what the container began with.
                let ours = if name.starts_with("File/subPath") { &sub_path(found, name) } else { ours };
                let mut whole = found.clone();
                whole[name] = ours.clone();
                if let Some(base) = name.strip_suffix(" t_ms").filter(|base| base.starts_with("File/subPath")) {
                    whole[base] = sub_path(found, base);
                }
                outcome.count(name, differs(scenario, name, value, all, &whole));
            }
        }
    }
    outcome
}

fn sub_path(found: &Value, name: &str) -> Value {
    let first = |value: &Value, n: usize| value.as_array().map(|list| list.iter().take(n).cloned().collect()).unwrap_or_default();
    first(&found[name.replace("subPath", "v/k")], 2)
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().map(|list| list.iter().map(|text| text.as_str().unwrap_or("null")).collect()).unwrap_or_default()
}

fn is_subsequence(part: &[&str], whole: &[&str]) -> Option<String> {
    let mut rest = whole.iter();
    let missing = part.iter().find(|wanted| !rest.any(|text| text == *wanted));
    missing.map(|missing| format!("lacks, in order: {missing}"))
}

fn differs(scenario: &str, name: &str, wanted: &Value, parts: &Map<String, Value>, found: &Value) -> Option<String> {
    if let Some(base) = name.strip_suffix(" t_ms") {
        return times(scenario, base, wanted, parts, found);
    }
    let (base, common) = name.strip_suffix(" common").map_or((name, false), |base| (base, true));
    let ours = &found[base];
    if base == "calls" {
        let split = |value: &Value| -> (Vec<String>, Vec<String>) {
            let all = strings(value).into_iter().map(str::to_string);
            let (mut gc, rest): (Vec<_>, Vec<_>) = all.partition(|call| call.starts_with("Remove"));
            gc.sort();
            (gc, rest)
        };
        let ((gc, calls), (our_gc, our_calls)) = (split(wanted), split(ours));
        let gc_well = gc.iter().all(|call| our_gc.contains(call)) && (common || gc.len() == our_gc.len());
        let calls_well = if common {
            is_subsequence(&calls.iter().map(String::as_str).collect::<Vec<_>>(), &our_calls.iter().map(String::as_str).collect::<Vec<_>>())
                .is_none()
        } else {
            calls == our_calls
        };
        return (!gc_well || !calls_well).then(|| format!("wanted {wanted}, found {ours}"));
    }
    if common {
        return is_subsequence(&strings(wanted), &strings(ours)).map(|text| format!("{text}\n        found {ours}"));
    }
    if ours.is_null() && (wanted.as_array().is_some_and(Vec::is_empty) || wanted.as_object().is_some_and(Map::is_empty)) {
        return None;
    }
    (wanted != ours).then(|| format!("\n        wanted {wanted}\n        found  {ours}"))
}

/// Scenarios in which syncs wait for a back-off, whose length is drawn anew each time.
const WITH_BACKOFF: &[&str] = &[
    "01-two-fail-onfailure",
    "03-init-fail",
    "04-sidecar-crash",
    "05-",
    "06-liveness",
    "06-startup-fails",
    "08-fail",
    "08-never",
    "08-invalid",
    "09-",
    "10-env",
    "13-poststart-fails",
    "14-onfailure",
    "15-",
    "21-",
];

fn times(scenario: &str, base: &str, wanted: &Value, parts: &Map<String, Value>, found: &Value) -> Option<String> {
    let ours = &found[format!("{base} t_ms")];
    if parts.get(base).is_some_and(|texts| *texts != found[base]) && base != "calls" {
        return Some("the sequence differs".into());
    }
    let gc = |list: &Value| strings(list).iter().map(|call| call.starts_with("Remove")).collect::<Vec<_>>();
    let pick = |times: &Value, skip: &[bool]| -> Vec<Value> {
        let all = times.as_array().cloned().unwrap_or_default();
        all.into_iter().enumerate().filter(|(at, _)| !skip.get(*at).unwrap_or(&false)).map(|(_, time)| time).collect()
    };
    let (want, have) = if base == "calls" {
        (pick(wanted, &gc(parts.get(base).unwrap_or(&Value::Null))), pick(ours, &gc(&found[base])))
    } else {
        (pick(wanted, &[]), pick(ours, &[]))
    };
    if want.len() != have.len() {
        return Some(format!("{} times instead of {}", have.len(), want.len()));
    }
    let backoff = WITH_BACKOFF.iter().any(|prefix| scenario.starts_with(prefix));
    for (want, have) in want.iter().zip(&have) {
        let (low, high) = (want[0].as_i64().unwrap(), want[1].as_i64().unwrap());
        let have = have.as_i64().unwrap();
        let slack = if backoff && low > 10_000 { 5_000 } else { 1_500 };
        // Files follow the regular sync: 60 to 90 s after the one before.
        let (low, high) = if base.starts_with("File/") && low > 60_000 { (60_000, 92_000) } else { (low, high) };
        if have < low - slack || have > high + slack {
            return Some(format!("{have} ms is not in [{low}, {high}] ± {slack}: wanted {wanted}, found {ours}"));
        }
    }
    None
}
