//! Inputs from ConfigMaps, Secrets and the pod itself: environment, command line, mounted files, and what happens while they
//! are missing. Real: makeEnvironmentVariables in pkg/kubelet/kubelet_pods.go, pkg/kubelet/volumemanager, pkg/volume/configmap,
//! pkg/volume/secret, third_party/forked/golang/expansion @ v1.37.2.

use super::pod::{self, Due, Which};
use super::start::Inputs;
use super::sync::{MOUNT_POLL, Running};
use super::worker::Kubelet;
use crate::actor::EventType;
use crate::base::{Span, Time};
use crate::model::{Container as Spec, KeyToPath, Kind, Labels, ObjectFieldSelector, Volume};
use std::collections::BTreeMap;

/// From the first sync until the reconciler tries the first mount: its populator and itself run each 100 ms.
const FIRST_MOUNT: Span = Span::from_ms(140);
const MOUNT_BACKOFF: Span = Span::from_ms(500);
const MOUNT_BACKOFF_MAX: Span = Span::from_s(122);
/// From a sync until changed files are there.
const REMOUNT: Span = Span::from_ms(120);

type Data = BTreeMap<String, String>;

impl Kubelet<'_, '_> {
    /// Whether all volumes are there; tries those that are not.
    pub fn mounted(&mut self, running: &Running) -> bool {
        if self.pod.pod().spec.volumes.is_empty() || self.pod.mounted {
            if self.pod.mounted && self.files_differ() {
                self.set_due(Due::Files, self.cx.now + REMOUNT);
            }
            return true;
        }
        let now = self.cx.now;
        let first = running.began + FIRST_MOUNT;
        if self.pod.mount_next.is_none() {
            self.pod.mount_next = Some(first);
        }
        if self.pod.mount_next.is_some_and(|at| at <= now) && self.pod.mount_done.is_none() {
            self.try_mount(now);
        }
        let polls_at = now.since(running.began).0.is_multiple_of(MOUNT_POLL.0) && now > running.began;
        self.pod.mounted = polls_at && self.pod.mount_done.is_some_and(|done| done <= now);
        if self.pod.mounted {
            self.fill_files();
        }
        self.pod.mounted
    }

    fn try_mount(&mut self, now: Time) {
        let missing = self.missing();
        if missing.is_empty() {
            self.pod.mount_done = Some(now);
            return;
        }
        for (volume, why) in missing {
            self.event(None, EventType::Warning, "FailedMount", format!("MountVolume.SetUp failed for volume \"{volume}\" : {why}"));
        }
        let wait = Span(MOUNT_BACKOFF.0 << self.pod.mount_failures.min(8)).min(MOUNT_BACKOFF_MAX);
        self.pod.mount_failures += 1;
        self.pod.mount_next = Some(now + wait);
    }

    /// When the sync that waits for volumes has to look again.
    pub fn next_mount_poll(&mut self, running: &Running) -> Time {
        let now = self.cx.now;
        let polls = now.since(running.began).0 / MOUNT_POLL.0 + 1;
        let poll = running.began + Span(MOUNT_POLL.0 * polls);
        if self.pod.mount_done.is_some() {
            return poll;
        }
        let attempt = self.pod.mount_next.unwrap_or(now);
        // With nothing missing, the attempt succeeds unseen between two polls.
        if attempt > now && self.pod.mount_failures == 0 && self.missing().is_empty() && attempt < poll {
            self.pod.mount_done = Some(attempt);
            return poll;
        }
        attempt.max(now + Span(1))
    }

    /// What the Event says when the wait for volumes is over.
    pub fn unmounted_text(&self) -> String {
        let missing: Vec<String> = self.missing().into_iter().map(|(volume, _)| volume).collect();
        let list = missing.join(" ");
        format!("unmounted volumes=[{list}], unattached volumes=[], failed to process volumes=[]: context deadline exceeded")
    }

    /// When the volumes of an ended pod have been taken down.
    pub fn unmount_at(&self, began: Time) -> Time {
        if self.pod.mounted { began + MOUNT_POLL } else { began }
    }

    fn config_map(&self, name: &str) -> Option<Data> {
        let object = self.cx.view.find(Kind::ConfigMap, &self.pod.object.meta.namespace, name)?;
        Some(object.as_config_map()?.data.clone())
    }

    fn secret(&self, name: &str) -> Option<Data> {
        let object = self.cx.view.find(Kind::Secret, &self.pod.object.meta.namespace, name)?;
        let secret = object.as_secret()?;
        let mut data: Data = secret.data.iter().map(|(key, value)| (key.clone(), decode(value))).collect();
        data.extend(secret.string_data.clone());
        Some(data)
    }

    /// Volumes that cannot be set up, and why.
    fn missing(&self) -> Vec<(String, String)> {
        let mut missing = Vec::new();
        for volume in &self.pod.pod().spec.volumes {
            if let Err(why) = self.content(volume) {
                missing.push((volume.name.clone(), why));
            }
        }
        missing
    }

    /// The files of a volume, by path.
    fn content(&self, volume: &Volume) -> Result<Data, String> {
        let mut files = Data::new();
        if let Some(source) = &volume.config_map {
            files.extend(self.items("configmap", &source.name, &source.items, source.optional, self.config_map(&source.name))?);
        }
        if let Some(source) = &volume.secret {
            files.extend(self.items("secret", &source.secret_name, &source.items, source.optional, self.secret(&source.secret_name))?);
        }
        if let Some(source) = &volume.downward_api {
            for item in &source.items {
                let value = item.field_ref.as_ref().map(|field| self.field(field)).unwrap_or_default();
                files.insert(item.path.clone(), value);
            }
        }
        for source in volume.projected.iter().flat_map(|projected| &projected.sources) {
            if let Some(source) = &source.config_map {
                files.extend(self.items("configmap", &source.name, &source.items, source.optional, self.config_map(&source.name))?);
            }
            if let Some(source) = &source.secret {
                files.extend(self.items("secret", &source.name, &source.items, source.optional, self.secret(&source.name))?);
            }
            for item in source.downward_api.iter().flat_map(|source| &source.items) {
                let value = item.field_ref.as_ref().map(|field| self.field(field)).unwrap_or_default();
                files.insert(item.path.clone(), value);
            }
        }
        Ok(files)
    }

    fn items(&self, kind: &str, name: &str, items: &[KeyToPath], optional: Option<bool>, data: Option<Data>) -> Result<Data, String> {
        let optional = optional == Some(true);
        let Some(data) = data else {
            return if optional || name == "kube-root-ca.crt" { Ok(Data::new()) } else { Err(format!("{kind} \"{name}\" not found")) };
        };
        if items.is_empty() {
            return Ok(data);
        }
        let mut files = Data::new();
        for item in items {
            match data.get(&item.key) {
                Some(value) => drop(files.insert(item.path.clone(), value.clone())),
                None if optional => {}
                None => return Err(format!("{kind} references non-existent config key: {}", item.key)),
            }
        }
        Ok(files)
    }

    fn fill_files(&mut self) {
        let spec = self.pod.pod().spec.clone();
        for volume in &spec.volumes {
            if let Ok(files) = self.content(volume)
                && self.pod.files.get(&volume.name) != Some(&files)
                && (!files.is_empty() || self.pod.files.contains_key(&volume.name))
            {
                for (path, value) in &files {
                    self.note_file(&volume.name, path, value);
                }
                self.pod.files.insert(volume.name.clone(), files);
            }
        }
        self.shared.mounts.add(&spec, &self.pod.object.meta.namespace, self.slot);
    }

    fn files_differ(&self) -> bool {
        self.pod.pod().spec.volumes.iter().any(|volume| {
            let empty = Data::new();
            self.content(volume).is_ok_and(|files| files != *self.pod.files.get(&volume.name).unwrap_or(&empty))
        })
    }

    /// Mounted files take up what has changed.
    pub fn refresh_files(&mut self) {
        self.fill_files();
    }

    /// Something that the pod mounts has changed: the next regular sync will see it.
    pub fn inputs_changed(&mut self) {
        let now = self.cx.now;
        let Some(mut at) = self.pod.resync_at else { return };
        let every = self.shared.settings.configuration.sync_frequency;
        // The regular syncs that nobody needed are counted through.
        for _sync in 0..100_000 {
            if at > now {
                break;
            }
            at += self.jittered(every);
        }
        self.pod.resync_at = Some(at);
        let tick = self.node.sync_tick(at);
        self.set_due(Due::Resync, tick);
    }

    /// Whether the container's environment can be made; if not, why.
    pub fn check_config(&mut self, which: Which, number: i32) -> Result<(), String> {
        let spec = self.pod.pod().spec.clone();
        let container = pod::spec_of(&spec, which);
        let env = self.environment(container)?;
        self.note_env(&container.name, number, &env);
        Ok(())
    }

    /// Environment, command line and files as the container will have them.
    pub fn surroundings(&self, container: &Spec) -> Inputs {
        let env = self.environment(container).unwrap_or_default();
        let words = container.command.iter().chain(&container.args).map(|word| expand(word, &env)).collect();
        let mut files = Data::new();
        for mount in &container.volume_mounts {
            let Some(volume) = self.pod.files.get(&mount.name) else { continue };
            let base = mount.mount_path.trim_end_matches('/');
            for (path, value) in volume {
                if mount.sub_path.is_empty() {
                    files.insert(format!("{base}/{path}"), value.clone());
                } else if mount.sub_path == *path {
                    files.insert(base.to_string(), value.clone());
                }
            }
        }
        (env, words, files)
    }

    fn environment(&self, container: &Spec) -> Result<Data, String> {
        let mut env = Data::new();
        let namespace = &self.pod.object.meta.namespace;
        for from in &container.env_from {
            let (kind, name, optional, data) = match (&from.config_map_ref, &from.secret_ref) {
                (Some(source), _) => ("configmap", &source.name, source.optional, self.config_map(&source.name)),
                (_, Some(source)) => ("secret", &source.name, source.optional, self.secret(&source.name)),
                _ => continue,
            };
            match data {
                Some(data) => env.extend(data.into_iter().map(|(key, value)| (format!("{}{key}", from.prefix), value))),
                None if optional == Some(true) => {}
                None => return Err(format!("{kind} \"{name}\" not found")),
            }
        }
        for variable in &container.env {
            let mut value = expand(&variable.value, &env);
            if let (true, Some(source)) = (variable.value.is_empty(), &variable.value_from) {
                let keyed = match (&source.config_map_key_ref, &source.secret_key_ref) {
                    (Some(key), _) => Some(("configmap", "ConfigMap", &key.name, &key.key, key.optional, self.config_map(&key.name))),
                    (_, Some(key)) => Some(("secret", "Secret", &key.name, &key.key, key.optional, self.secret(&key.name))),
                    _ => None,
                };
                if let Some((kind, title, name, key, optional, data)) = keyed {
                    let optional = optional == Some(true);
                    match data.as_ref().map(|data| data.get(key)) {
                        Some(Some(found)) => value = found.clone(),
                        _ if optional => continue,
                        None => return Err(format!("{kind} \"{name}\" not found")),
                        Some(None) => return Err(format!("couldn't find key {key} in {title} {namespace}/{name}")),
                    }
                } else if let Some(field) = &source.field_ref {
                    value = self.field(field);
                } else if let Some(field) = &source.resource_field_ref {
                    value = self.resource(container, &field.resource, field.divisor.milli_value());
                }
            }
            env.insert(variable.name.clone(), value);
        }
        Ok(env)
    }

    /// A field of the pod, as environment and files show it.
    fn field(&self, field: &ObjectFieldSelector) -> String {
        let (meta, pod) = (&self.pod.object.meta, self.pod.pod());
        let path = field.field_path.as_str();
        let keyed = |prefix: &str, map: &Labels| {
            let key = path.strip_prefix(prefix)?.strip_suffix("']")?;
            Some(map.get(key).unwrap_or_default().to_string())
        };
        let all = |map: &Labels| map.iter().map(|(key, value)| format!("{key}={value:?}")).collect::<Vec<_>>().join("\n");
        match path {
            "metadata.name" => meta.name.to_string(),
            "metadata.namespace" => meta.namespace.to_string(),
            "metadata.uid" => meta.uid.to_string(),
            "metadata.labels" => all(&meta.labels),
            "metadata.annotations" => all(&meta.annotations),
            "spec.nodeName" => pod.node_name.to_string(),
            "spec.serviceAccountName" => pod.spec.service_account_name.clone(),
            "status.hostIP" | "status.hostIPs" => self.node.address.to_string(),
            "status.podIP" | "status.podIPs" => {
                let own = self.pod.sandboxes.last().map(|sandbox| sandbox.ip.clone()).filter(|ip| !ip.is_empty());
                own.unwrap_or_else(|| self.node.address.clone()).to_string()
            }
            _ => {
                keyed("metadata.labels['", &meta.labels).or_else(|| keyed("metadata.annotations['", &meta.annotations)).unwrap_or_default()
            }
        }
    }

    fn resource(&self, container: &Spec, name: &str, divisor_milli: i64) -> String {
        let divisor = if divisor_milli == 0 { 1_000 } else { divisor_milli };
        let (list, key) = match name.split_once('.') {
            Some(("limits", key)) => (&container.resources.limits, key),
            Some(("requests", key)) => (&container.resources.requests, key),
            _ => return String::new(),
        };
        let amount = list.get(key).copied().or_else(|| self.node.allocatable.get(key).copied()).unwrap_or_default();
        let milli = i128::from(amount.milli_value());
        ((milli + i128::from(divisor) - 1) / i128::from(divisor)).to_string()
    }
}

/// Puts variables into `$(NAME)`; `$$` is a plain `$`; unknown names stay as they are.
pub(crate) fn expand(text: &str, env: &Data) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(tail) = rest.strip_prefix('$') {
            out.push('$');
            rest = tail;
        } else if let Some((name, tail)) = rest.strip_prefix('(').and_then(|tail| tail.split_once(')')) {
            match env.get(name) {
                Some(value) => out.push_str(value),
                None => out.push_str(&format!("$({name})")),
            }
            rest = tail;
        } else {
            out.push('$');
        }
    }
    out + rest
}

/// Base 64 to text; what is no text is kept as it stands.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return text.to_string(),
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_put_in_and_dollars_escaped() {
        let env = Data::from([("A".to_string(), "x".to_string())]);
        for (text, want) in [("$(A)b", "xb"), ("$$(A)", "$(A)"), ("$(B)", "$(B)"), ("$A $(A", "$A $(A"), ("a$", "a$")] {
            assert_eq!(expand(text, &env), want, "{text}");
        }
    }

    #[test]
    fn secrets_are_decoded() {
        assert_eq!(decode("b2xk"), "old");
        assert_eq!(decode("bmV3ZXI="), "newer");
        assert_eq!(decode("?"), "?");
    }
}
