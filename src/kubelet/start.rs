//! Starting: sandbox, image, container, postStart hook.
//! Real: SyncPod and doBackOff in pkg/kubelet/kuberuntime/kuberuntime_manager.go, startContainer in kuberuntime_container.go,
//! pkg/kubelet/images/image_manager.go @ v1.37.2.

use super::backoff::Backoff;
use super::behaviours::{Ready, Serves, Surroundings};
use super::fleet::Fleet;
use super::kill::Cause;
use super::pod::{self, Container, Due, State, Waiting, Which};
use super::runtime::{End, Live, Sandbox};
use super::sync::{Running, Stage};
use super::word;
use super::worker::Kubelet;
use crate::actor::EventType;
use crate::base::{Span, Time};
use crate::model::{Container as Spec, LifecycleHandler, Str};
use std::collections::BTreeMap;

impl Kubelet<'_, '_> {
    /// Asks for a sandbox; gives back the error that it will end with.
    pub fn begin_sandbox(&mut self, running: &mut Running) -> Option<Str> {
        let attempt = running.actions.attempt;
        let (took, error) = self.shared.sandbox_plan(self.cx.seed, &self.pod.object, attempt, &mut self.node.sandbox_tries);
        self.call("RunPodSandbox", None, &format!(" #{attempt}{}", failure(&error)));
        let until = self.cx.now + took;
        self.set_due(Due::Step, until);
        error
    }

    /// The sandbox is there, or is not.
    pub fn sandbox_made(&mut self, running: &mut Running, error: Option<Str>) -> bool {
        if self.pod.due.get(Due::Step).is_some_and(|at| at > self.cx.now) {
            return false;
        }
        running.results += 1;
        if let Some(error) = error {
            let message = format!("Failed to create pod sandbox: rpc error: code = Unknown desc = {error}");
            self.event(None, EventType::Warning, "FailedCreatePodSandBox", message);
            running.failed = true;
            running.stage = Stage::Done;
            return true;
        }
        let host = running.object.as_pod().is_some_and(|pod| pod.spec.host_network);
        let ip = if host { word!("") } else { self.node.give_address(self.slot) };
        if self.pod.sandboxes.is_empty() {
            self.pod.sandboxes.reserve_exact(1);
        }
        self.pod.sandboxes.push(Sandbox { attempt: running.actions.attempt, ready: true, ip });
        self.pod.dirty = true;
        self.note_runtime();
        self.sandbox_ready_condition();
        running.stage = Stage::Next;
        true
    }

    /// Takes the next container to start, if its back-off allows.
    pub fn start_next(&mut self, running: &mut Running) -> bool {
        let Some(which) = running.starts.pop_front() else {
            running.stage = Stage::Done;
            return true;
        };
        running.results += 1;
        let now = self.cx.now;
        let dead = running.seen.containers.iter().find(|life| life.which == which && life.state == State::Exited);
        if let Some(finished) = dead.map(|life| life.finished) {
            let key = self.backoff_key(which);
            let longest = self.shared.settings.configuration.max_container_restart_period;
            let at = self.pod.backoff.iter().position(|(present, _)| *present == key);
            match at.map(|at| self.pod.backoff[at].1) {
                Some(backoff) if backoff.holds_since(finished, now) => {
                    self.restart_later(running, which, backoff, finished);
                    return true;
                }
                Some(backoff) => self.pod.backoff[at.expect("found")].1 = backoff.next(finished, now, longest),
                None => self.pod.backoff.push((key, Backoff::first(now))),
            }
        }
        self.ensure_image(running, which)
    }

    fn restart_later(&mut self, running: &mut Running, which: Which, backoff: Backoff, finished: Time) {
        let name = pod::spec_of(&self.pod.pod().spec, which).name.clone();
        let text = self.pod.text();
        self.event(Some(which), EventType::Warning, "BackOff", format!("Back-off restarting failed container {name} in pod {text}"));
        let message = format!("back-off {} restarting failed container={name} pod={text}", backoff.wait);
        let until = finished + backoff.wait;
        running.retry_at = Some(running.retry_at.map_or(until, |at| at.min(until)));
        self.fail_start(running, which, word!("CrashLoopBackOff"), message.into());
    }

    fn backoff_key(&self, which: Which) -> Str {
        let container = pod::spec_of(&self.pod.pod().spec, which);
        format!("{}/{}", container.name, container.image).into()
    }

    /// A container could not be started: it waits, and the sync has failed. A plain init container holds up all others.
    pub fn fail_start(&mut self, running: &mut Running, which: Which, reason: Str, message: Str) {
        running.failed = true;
        self.pod.waiting.retain(|waiting| waiting.which != which);
        self.pod.waiting.push(Waiting { which, reason, message });
        let spec = &self.pod.pod().spec;
        if pod::is_init(spec, which) && !pod::is_sidecar(pod::spec_of(spec, which)) {
            running.starts.clear();
        }
        running.stage = Stage::Next;
    }

    fn ensure_image(&mut self, running: &mut Running, which: Which) -> bool {
        let container = pod::spec_of(&self.pod.pod().spec, which).clone();
        let image: Str = container.image.as_str().into();
        if let Some(error) = invalid_name(&image) {
            let message = format!("Failed to apply default image tag \"{image}\": {error}");
            self.event(Some(which), EventType::Warning, "InspectFailed", message.clone());
            self.event(Some(which), EventType::Warning, "Failed", "Error: InvalidImageName");
            self.fail_start(running, which, word!("InvalidImageName"), message.into());
            return true;
        }
        let policy = pull_policy(&container);
        let present = policy != "Always" && self.shared.image_present(self.node, &image);
        // An image that others have pulled with their Secrets is for those who have them too: all others have to ask for it.
        if present && self.may_use(&image) {
            let message = format!("Container image \"{image}\" already present on machine and can be accessed by the pod");
            self.event(Some(which), EventType::Normal, "Pulled", message);
            running.stage = Stage::Create(which);
            return self.begin_create(running, which);
        }
        if policy == "Never" {
            let message = format!("Container image \"{image}\" is not present with pull policy of Never");
            self.event(Some(which), EventType::Warning, "ErrImageNeverPull", message.clone());
            self.event(Some(which), EventType::Warning, "Failed", "Error: ErrImageNeverPull");
            self.fail_start(running, which, word!("ErrImageNeverPull"), message.into());
            return true;
        }
        let key: Str = format!("pull/{image}").into();
        let now = self.cx.now;
        if let Some((_, backoff)) = self.pod.backoff.iter().find(|(present, _)| *present == key)
            && backoff.holds_since_update(now)
        {
            let message = format!("Back-off pulling image \"{image}\"");
            self.event(Some(which), EventType::Normal, "BackOff", message.clone());
            self.event(Some(which), EventType::Warning, "Failed", "Error: ImagePullBackOff");
            let former = self.pod.waiting.iter().find(|waiting| waiting.which == which).map(|waiting| waiting.message.to_string());
            let cause = former.map(|text| text.split_once(": ErrImagePull: ").map_or(text.clone(), |(_, cause)| cause.to_string()));
            let message = cause.map_or(message.clone(), |cause| format!("{message}: ErrImagePull: {cause}"));
            self.fail_start(running, which, word!("ImagePullBackOff"), message.into());
            return true;
        }
        self.event(Some(which), EventType::Normal, "Pulling", format!("Pulling image \"{image}\""));
        running.stage = Stage::Pull { which, since: now, begun: None, took: Span::ZERO, error: None };
        self.node.pulls.queue(self.slot);
        true
    }

    /// A pull: waits for its turn, then for the image.
    pub fn pull(&mut self, running: &mut Running, which: Which, since: Time, begun: Option<Time>, took: Span, error: Option<Str>) -> bool {
        let image: Str = pod::spec_of(&self.pod.pod().spec, which).image.as_str().into();
        let now = self.cx.now;
        let Some(begun) = begun else {
            let configuration = &self.shared.settings.configuration;
            let limit = if configuration.serialize_image_pulls { Some(1) } else { configuration.max_parallel_image_pulls };
            if !self.node.pulls.may_begin(self.slot, self.node.parallel_pulls.or(limit)) {
                return false;
            }
            let short = image.split_once('/').map_or(&*image, |(_, name)| name).to_string();
            let (took, error) = self.plan_pull(&image);
            let failure = error.as_ref().map(|error| format!(" -> {error}")).unwrap_or_default();
            self.call("PullImage", None, &format!(" {short}{failure}"));
            running.stage = Stage::Pull { which, since, begun: Some(now), took, error };
            return self.pause(now + took);
        };
        if now < begun + took {
            return false;
        }
        self.node.pulls.end(self.slot);
        self.shared.wake_pulls.extend(self.node.pulls.next_waiting());
        if let Some(error) = error {
            self.pull_failed(running, which, &image, &error);
            return true;
        }
        let size = self.shared.image_size(&image);
        let was_there = self.node.images.contains(&image);
        let login = self.log_in(&image).ok().flatten();
        self.node.owners.pulled(&image, was_there, login);
        if self.node.images.insert(image.clone()) && !std::mem::replace(&mut self.node.images_changed, true) {
            let round = self.node.status_round(self.cx.now);
            self.cx.wake_at(round, Fleet::images_token(self.node.number));
        }
        let message = format!(
            "Successfully pulled image \"{image}\" in {} ({} including waiting). Image size: {size} bytes.",
            go_duration(took),
            go_duration(now.since(since))
        );
        self.event(Some(which), EventType::Normal, "Pulled", message);
        running.stage = Stage::Create(which);
        self.begin_create(running, which)
    }

    /// How long a pull takes, and with what error it ends: the registry may be away, or may not know the pod.
    fn plan_pull(&mut self, image: &Str) -> (Span, Option<Str>) {
        let (qps, burst) = (self.shared.settings.configuration.registry_pull_qps, self.shared.settings.configuration.registry_burst);
        if !self.node.pulls.within_rate(self.cx.now, qps, burst) {
            return (Span::ZERO, Some(word!("pull QPS exceeded")));
        }
        let refused = if self.shared.registry_slowness == 0 { None } else { self.log_in(image).err() };
        if let Some(error) = refused {
            let latency = self.shared.settings.registry.latency;
            return (latency.at(self.cx.seed.draw("refused-pull", &self.pod.uid, self.cx.now.0)), Some(error.into()));
        }
        self.shared.pull_plan(self.cx.seed, self.node, &self.pod.uid, image, self.cx.now)
    }

    /// After a sync in which a pull failed: Secrets that should have helped and are not there.
    pub fn tell_missing_secrets(&mut self) {
        let missing = self.missing_pull_secrets().join(", ");
        if !missing.is_empty() {
            let text = format!("Unable to retrieve some image pull secrets ({missing}); attempting to pull the image may not succeed.");
            self.event(None, EventType::Warning, "FailedToRetrieveImagePullSecret", text);
        }
    }

    fn pull_failed(&mut self, running: &mut Running, which: Which, image: &Str, error: &Str) {
        let cause = error.to_string();
        self.event(Some(which), EventType::Warning, "Failed", format!("Failed to pull image \"{image}\": {cause}"));
        self.event(Some(which), EventType::Warning, "Failed", "Error: ErrImagePull");
        let key: Str = format!("pull/{image}").into();
        let now = self.cx.now;
        match self.pod.backoff.iter_mut().find(|(present, _)| *present == key) {
            Some((_, backoff)) => *backoff = backoff.next(now, now, Span::from_s(300)),
            None => self.pod.backoff.push((key, Backoff::first(now))),
        }
        running.pull_failed = true;
        self.fail_start(running, which, word!("ErrImagePull"), cause.into());
    }

    fn begin_create(&mut self, running: &mut Running, which: Which) -> bool {
        let number = self.next_number(running, which);
        if let Err(message) = self.check_config(which, number) {
            self.event(Some(which), EventType::Warning, "Failed", format!("Error: {message}"));
            self.fail_start(running, which, word!("CreateContainerConfigError"), message.into());
            return true;
        }
        running.script = number as u32;
        if self.shared.settings.behaviours.script.is_some() {
            let name = &pod::spec_of(&self.pod.pod().spec, which).name;
            let key = format!("{}/{}/{name}", self.pod.object.meta.namespace, self.pod.object.meta.name);
            let tried = self.node.create_tries.entry(key).or_default();
            running.script = *tried;
            *tried += 1;
        }
        let error = self.shared.create_error(&self.pod.object, which, running.script);
        self.call("CreateContainer", Some((which, number)), &failure(&error));
        let took = self.shared.create_time(self.cx.seed, &self.pod.object, which, running.script);
        self.pause(self.cx.now + took)
    }

    fn next_number(&self, running: &Running, which: Which) -> i32 {
        let removed = self.pod.status.as_ref().map_or(0, |status| {
            let name = &pod::spec_of(&self.pod.pod().spec, which).name;
            let mut all = status.init_container_statuses.iter().chain(&status.container_statuses);
            all.find(|status| *status.name == **name).map_or(0, |status| status.restart_count)
        });
        running.seen.find(which).map_or(removed, |life| life.number + 1)
    }

    /// CreateContainer has returned.
    pub fn create(&mut self, running: &mut Running, which: Which) -> bool {
        if self.pod.due.get(Due::Step).is_some_and(|at| at > self.cx.now) {
            return false;
        }
        let number = self.next_number(running, which);
        if let Some(error) = self.shared.create_error(&self.pod.object, which, running.script) {
            self.event(Some(which), EventType::Warning, "Failed", format!("Error: {error}"));
            self.fail_start(running, which, word!("CreateContainerError"), error);
            return true;
        }
        let serial = self.pod.next_serial;
        self.pod.next_serial += 1;
        let image: Str = pod::spec_of(&self.pod.pod().spec, which).image.as_str().into();
        let sandbox = self.pod.sandboxes.last().map_or(0, |sandbox| sandbox.attempt);
        let seen = Container {
            which,
            number,
            sandbox,
            serial,
            state: State::Created,
            image,
            started: None,
            finished: Time::ZERO,
            exit: 0,
            reason: word!(""),
            message: word!(""),
        };
        let live = Live {
            seen,
            end: None,
            listens: Time::MAX,
            ready: None,
            drains: Span::ZERO,
            stop_code: 143,
            stopping: None,
            refuses_after: Span::ZERO,
            serves: None,
            script: None,
            cpu_milli: 0,
            memory_bytes: 0,
            memory_growth_per_s: 0,
        };
        if self.pod.lives.is_empty() {
            self.pod.lives.reserve_exact(1);
        }
        self.pod.lives.push(live);
        self.pod.dirty = true;
        self.note_runtime();
        self.event(Some(which), EventType::Normal, "Created", "Container created");
        let error = self.shared.start_error(&self.pod.object, which, running.script);
        self.call("StartContainer", Some((which, number)), &failure(&error));
        running.stage = Stage::Start(which, serial);
        let took = self.shared.start_time(self.cx.seed, &self.pod.object, which, running.script);
        self.pause(self.cx.now + took)
    }

    /// StartContainer has returned: the process runs.
    pub fn begin(&mut self, running: &mut Running, which: Which, serial: u32) -> bool {
        let now = self.cx.now;
        if self.pod.due.get(Due::Step).is_some_and(|at| at > now) {
            return false;
        }
        if let Some(error) = self.shared.start_error(&self.pod.object, which, running.script) {
            if let Some(live) = self.pod.live_mut(serial) {
                let seen = &mut live.seen;
                (seen.state, seen.finished, seen.exit) = (State::Exited, now, 128);
                (seen.reason, seen.message) = (word!("StartError"), error.clone());
                seen.started = Some(now);
            }
            self.pod.dirty = true;
            self.note_runtime();
            self.event(Some(which), EventType::Warning, "Failed", format!("Error: {error}"));
            self.fail_start(running, which, word!("RunContainerError"), error);
            return true;
        }
        self.pod.waiting.retain(|waiting| waiting.which != which);
        self.give_life(which, serial, running.script);
        self.event(Some(which), EventType::Normal, "Started", "Container started");
        let hook = pod::spec_of(&self.pod.pod().spec, which).lifecycle.as_ref().and_then(|lifecycle| lifecycle.post_start.clone());
        let Some(hook) = hook else {
            running.stage = Stage::Next;
            return true;
        };
        let (took, failure) = self.run_hook(which, serial, &hook);
        running.stage = Stage::Hook { which, serial, failure };
        self.pause(now + took)
    }

    /// Decides what becomes of a process that starts now.
    fn give_life(&mut self, which: Which, serial: u32, script: u32) {
        let now = self.cx.now;
        let spec = self.pod.pod().spec.clone();
        let container = pod::spec_of(&spec, which);
        let (env, words, files) = self.surroundings(container);
        let object = self.pod.object.clone();
        let name = format!("{}/{}/{}", object.meta.namespace, object.meta.name, container.name);
        let number = self.pod.live(serial).map_or(0, |live| live.seen.number);
        let around = Surroundings {
            image: &container.image,
            container: &container.name,
            labels: &object.meta.labels,
            annotations: &object.meta.annotations,
            words: &words,
            env: &env,
            files: &files,
        };
        let plan = self.shared.life(self.cx.seed, &object, around, &name, (number, script), now, memory_limit(container));
        if let Some(live) = self.pod.live_mut(serial) {
            (live.seen.state, live.seen.started) = (State::Running, Some(now));
            (live.end, live.listens, live.ready) = (plan.end, plan.listens, plan.ready);
            (live.drains, live.stop_code, live.script) = (plan.drains, plan.stop_code, plan.script);
            (live.cpu_milli, live.memory_bytes, live.memory_growth_per_s) = (plan.cpu_milli, plan.memory_bytes, plan.memory_growth_per_s);
            (live.refuses_after, live.serves) = (plan.refuses_after, plan.serves);
            self.book_memory(plan.memory_bytes, plan.memory_growth_per_s);
        }
        self.pod.dirty = true;
        self.pod.run_runtime(now);
        self.note_runtime();
    }

    /// The postStart hook has ended.
    pub fn hook_done(&mut self, running: &mut Running, which: Which, serial: u32, failure: Option<String>) -> bool {
        if self.pod.due.get(Due::Step).is_some_and(|at| at > self.cx.now) {
            return false;
        }
        let Some(message) = failure else {
            running.stage = Stage::Next;
            return true;
        };
        self.event(Some(which), EventType::Warning, "FailedPostStartHook", "PostStartHook failed");
        running.kills = [self.kill_of(which, serial, "FailedPostStartHook".into(), Cause::Other, None)].into();
        running.stage = Stage::HookKill { which, message };
        true
    }

    /// Runs a hook: how long it takes, and with what message it fails.
    pub fn run_hook(&mut self, which: Which, serial: u32, hook: &LifecycleHandler) -> (Span, Option<String>) {
        if let Some(sleep) = &hook.sleep {
            return (Span::from_s(sleep.seconds.max(0) as u64), None);
        }
        let name = pod::spec_of(&self.pod.pod().spec, which).name.clone();
        if let Some(get) = &hook.http_get {
            let failure = self.hook_refused(which, serial, get).map(|error| {
                let text = self.pod.text();
                format!("HTTP lifecycle hook ({}) for Container \"{name}\" in Pod \"{text}\" failed - error: {error}", get.path)
            });
            return (Span::ZERO, failure);
        }
        let Some(exec) = &hook.exec else { return (Span::ZERO, None) };
        let command = exec.command.join(" ");
        if let Some(seconds) = sleeping(&exec.command) {
            return (seconds, None);
        }
        let number = self.pod.live(serial).map_or(0, |live| live.seen.number);
        let Some(answer) = self.shared.exec(&self.pod.object, &name, &command, self.pod.live(serial), self.cx.now) else {
            return (Span::ZERO, None);
        };
        self.call(&format!("ExecSync {name}#{number} [{command}]"), None, &format!(" {}", answer.exit));
        let failure = (answer.exit != 0).then(|| {
            let text = self.pod.text();
            let list = exec.command.join(" ");
            format!(
                "Exec lifecycle hook ([{list}]) for Container \"{name}\" in Pod \"{text}\" failed - error: command '{command}' exited with {}: , message: \"{}\"",
                answer.exit, answer.output
            )
        });
        (answer.took, failure)
    }
}

/// How a call's record shows that it failed.
fn failure(error: &Option<Str>) -> String {
    error.as_ref().map(|error| format!(" -> rpc error: code = Unknown desc = {error}")).unwrap_or_default()
}

/// What becomes of a process.
pub(crate) struct Plan {
    pub end: Option<Box<End>>,
    pub listens: Time,
    pub ready: Option<Time>,
    pub drains: Span,
    pub stop_code: i32,
    pub script: Option<u32>,
    pub cpu_milli: i64,
    pub memory_bytes: i64,
    pub memory_growth_per_s: i64,
    pub refuses_after: Span,
    pub serves: Option<Serves>,
}

impl super::worker::Shared {
    /// Draws what becomes of a process.
    #[allow(clippy::too_many_arguments)]
    pub fn life(
        &self,
        seed: crate::base::Seed,
        object: &crate::model::Object,
        around: Surroundings<'_>,
        name: &str,
        (number, script): (i32, u32),
        now: Time,
        limit: Option<i64>,
    ) -> Plan {
        if let Some(plan) = self.settings.behaviours.scripted_life(object, around.container, script, now) {
            return plan;
        }
        let what = self.settings.behaviours.resolve(around);
        let n = number as u64;
        let listens = now + what.start.at(seed.draw("start", name, n));
        let ready = match what.ready {
            Ready::After(dist) => Some(listens + dist.at(seed.draw("ready", name, n))),
            Ready::Never => None,
        };
        let mut end = what.exit.as_ref().map(|exit| End {
            at: now + exit.after.at(seed.draw("exit", name, n)),
            code: exit.code,
            reason: if exit.code == 0 { word!("Completed") } else { word!("Error") },
            message: exit.message.clone(),
        });
        let memory = what.uses.memory.value();
        if let Some(at) = limit.and_then(|limit| exceeds_at(memory, what.uses.memory_growth_per_s.value(), limit, listens))
            && end.as_ref().is_none_or(|end| at < end.at)
        {
            end = Some(End { at, code: 137, reason: word!("OOMKilled"), message: word!("") });
        }
        let drains = what.stop.drains.at(seed.draw("drains", name, n));
        let cpu_milli = what.uses.cpu.milli_value();
        Plan {
            end: end.map(Box::new),
            listens,
            ready,
            drains,
            stop_code: what.stop.code,
            script: None,
            cpu_milli,
            memory_bytes: memory,
            memory_growth_per_s: what.uses.memory_growth_per_s.value(),
            refuses_after: what.stop.refuses_after,
            serves: Some(what.serves),
        }
    }
}

/// When a growing use passes a limit.
fn exceeds_at(memory: i64, growth_per_s: i64, limit: i64, listens: Time) -> Option<Time> {
    if memory > limit {
        return Some(listens);
    }
    (growth_per_s > 0).then(|| listens + Span::from_s_f64((limit - memory + 1) as f64 / growth_per_s as f64))
}

fn memory_limit(container: &Spec) -> Option<i64> {
    container.resources.limits.get("memory").map(|limit| limit.value())
}

/// `sleep 5`, or `sh -c "sleep 5 && nginx -s quit"`: what a hook most often does, with its real meaning; other commands take no time.
fn sleeping(command: &[String]) -> Option<Span> {
    let [shell, flag, line] = command else { return sleep_of(command.iter().map(String::as_str)) };
    if !shell.ends_with("sh") || !flag.starts_with('-') || !flag.ends_with('c') {
        return sleep_of(command.iter().map(String::as_str));
    }
    let commands = line.split([';', '&', '\n']);
    commands.filter_map(|command| sleep_of(command.split_whitespace())).reduce(|sum, span| sum + span)
}

fn sleep_of<'a>(mut words: impl Iterator<Item = &'a str>) -> Option<Span> {
    words.next().filter(|program| program.rsplit('/').next() == Some("sleep"))?;
    let seconds = words.next().filter(|_| words.next().is_none())?;
    let text = if seconds.ends_with(|c: char| c.is_ascii_digit()) { format!("{seconds}s") } else { seconds.to_string() };
    Span::parse(&text).ok()
}

/// Always for `latest` and no tag, else IfNotPresent, if the API has not said.
fn pull_policy(container: &Spec) -> &str {
    match container.image_pull_policy.as_str() {
        "" => {
            let last = container.image.rsplit('/').next().unwrap_or("");
            if last.contains('@') || last.contains(':') && !last.ends_with(":latest") { "IfNotPresent" } else { "Always" }
        }
        policy => policy,
    }
}

/// Why the text is no name of an image, if it is none.
fn invalid_name(image: &str) -> Option<String> {
    let bad = |why: &str| Some(format!("couldn't parse image name \"{image}\": {why}"));
    let (name, _) = image.split_once('@').unwrap_or((image, ""));
    let path = match name.rsplit_once(':') {
        Some((path, tag)) if !tag.contains('/') => path,
        _ => name,
    };
    let (domain, rest) = path.split_once('/').unwrap_or(("", path));
    let is_domain = domain.contains('.') || domain.contains(':') || domain == "localhost" || domain != domain.to_lowercase();
    let repository = if is_domain { rest } else { path };
    if repository.chars().any(|c| c.is_ascii_uppercase()) {
        return bad(&format!("invalid reference format: repository name ({repository}) must be lowercase"));
    }
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/".contains(c);
    if repository.is_empty() || !repository.chars().all(fine) || !repository.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return bad("invalid reference format");
    }
    None
}

/// A span as Go prints it, cut to milliseconds.
fn go_duration(span: Span) -> String {
    Span::from_ms(span.as_ms()).to_string()
}

/// Environment, command line and files of a container.
pub(crate) type Inputs = (BTreeMap<String, String>, Vec<String>, BTreeMap<String, String>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hooks_that_sleep_take_their_time() {
        let cases = [
            ("sleep 5", Some(5_000)),
            ("/bin/sleep 1.5", Some(1_500)),
            ("nginx -s quit", None),
            ("sh -c|sleep 5", Some(5_000)),
            ("/bin/sh -c|sleep 5 && /usr/sbin/nginx -s quit", Some(5_000)),
            ("bash -ec|sleep 1m; sleep 2; exit 0", Some(62_000)),
            ("sh -c|kill -QUIT 1", None),
            ("sleep", None),
        ];
        for (text, want) in cases {
            let (program, line) = text.split_once('|').map_or((text, None), |(program, line)| (program, Some(line)));
            let words: Vec<String> = program.split(' ').chain(line).map(String::from).collect();
            assert_eq!(sleeping(&words).map(|span| span.as_ms()), want, "{text}");
        }
    }
}
