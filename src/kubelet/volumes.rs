//! Mounted files from ConfigMaps, Secrets, tokens and the pod itself, when they change, and what happens while they are missing.
//! Real: pkg/kubelet/volumemanager, pkg/volume/{configmap,secret,downwardapi,projected}, pkg/volume/util/subpath @ v1.37.2.

use super::environment::{Data, decode, expand};
use super::pod::Due;
use super::start::Inputs;
use super::sync::{MOUNT_POLL, Running};
use super::worker::Kubelet;
use crate::actor::EventType;
use crate::base::{Span, Time};
use crate::model::{Container as Spec, DownwardAPIVolumeFile, KeyToPath, Kind, Volume};

/// From the first sync until the reconciler tries the first mount: its populator and itself run each 100 ms.
const FIRST_MOUNT: Span = Span::from_ms(140);
const MOUNT_BACKOFF: Span = Span::from_ms(500);
const MOUNT_BACKOFF_MAX: Span = Span::from_s(122);
/// From a sync until changed files are there.
const REMOUNT: Span = Span::from_ms(120);

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

    /// The files of a volume, by path. Their permissions play no role: processes here are allowed to read all they have.
    fn content(&self, volume: &Volume) -> Result<Data, String> {
        let mut files = Data::new();
        if let Some(source) = &volume.config_map {
            files.extend(self.items("configmap", &source.name, &source.items, source.optional, self.map_files(&source.name))?);
        }
        if let Some(source) = &volume.secret {
            files.extend(self.items("secret", &source.secret_name, &source.items, source.optional, self.secret(&source.secret_name))?);
        }
        if let Some(source) = &volume.downward_api {
            files.extend(source.items.iter().map(|item| self.told(item)));
        }
        let mut missing = Vec::new();
        for source in volume.projected.iter().flat_map(|projected| &projected.sources) {
            let map = source.config_map.as_ref();
            let map = map.map(|map| self.items("configmap", &map.name, &map.items, map.optional, self.map_files(&map.name)));
            let secret = source.secret.as_ref();
            let secret = secret.map(|it| self.items("secret", &it.name, &it.items, it.optional, self.secret(&it.name)));
            for found in [map, secret].into_iter().flatten() {
                match found {
                    Ok(found) => files.extend(found),
                    Err(why) if missing.contains(&why) => {}
                    Err(why) => missing.push(why),
                }
            }
            files.extend(source.downward_api.iter().flat_map(|source| &source.items).map(|item| self.told(item)));
            if let Some(token) = &source.service_account_token {
                let account = &self.pod.pod().spec.service_account_name;
                let account = if account.is_empty() { "default" } else { account };
                files.insert(token.path.clone(), format!("system:serviceaccount:{}:{account}", self.pod.object.meta.namespace));
            }
        }
        // Of a projected volume all that is missing is told at once.
        match missing.len() {
            0 => Ok(files),
            1 => Err(missing.remove(0)),
            _ => Err(format!("[{}]", missing.join(", "))),
        }
    }

    /// The files of a ConfigMap: texts and bytes.
    fn map_files(&self, name: &str) -> Option<Data> {
        let mut data = self.config_map(name)?;
        let object = self.cx.view.find(Kind::ConfigMap, &self.pod.object.meta.namespace, name)?;
        data.extend(object.as_config_map()?.binary_data.iter().map(|(key, value)| (key.clone(), decode(value))));
        Some(data)
    }

    /// A file with something of the pod.
    fn told(&self, item: &DownwardAPIVolumeFile) -> (String, String) {
        let own = self.pod.pod().spec.containers.first();
        let value = match (&item.field_ref, &item.resource_field_ref) {
            (Some(field), _) => self.field(field),
            (None, Some(field)) => own.map(|own| self.resource(own, field)).unwrap_or_default(),
            _ => String::new(),
        };
        (item.path.clone(), value)
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
                None if kind == "secret" => return Err(format!("references non-existent secret key: {}", item.key)),
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

    /// Environment, command line and files as the container will have them.
    pub fn surroundings(&self, container: &Spec) -> Inputs {
        let env = self.environment(container).unwrap_or_default();
        let words = container.command.iter().chain(&container.args).map(|word| expand(word, |name| env.get(name))).collect();
        let mut files = Data::new();
        for mount in &container.volume_mounts {
            let Some(volume) = self.pod.files.get(&mount.name) else { continue };
            let base = mount.mount_path.trim_end_matches('/');
            let part =
                if mount.sub_path_expr.is_empty() { mount.sub_path.clone() } else { expand(&mount.sub_path_expr, |name| env.get(name)) };
            for (path, value) in volume {
                // A part of a volume is one of its files, or all in one of its folders.
                let below = if part.is_empty() { Some(path.as_str()) } else { path.strip_prefix(&*part) };
                match below {
                    Some("") => drop(files.insert(base.to_string(), value.clone())),
                    Some(below) if part.is_empty() || below.starts_with('/') => {
                        files.insert(format!("{base}/{}", below.trim_start_matches('/')), value.clone());
                    }
                    _ => {}
                }
            }
        }
        (env, words, files)
    }
}
