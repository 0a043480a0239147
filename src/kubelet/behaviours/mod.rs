//! What fake containers do: plain data, one entry per image or group of pods, as `containers:` of a scenario has them.
//!
//! The first entry that matches wins; what it leaves open comes from the defaults. A container's process begins at
//! StartContainer; it *listens* after `start`; readiness probes succeed `ready` after that; liveness and startup probes
//! succeed while it listens. It ends by `exit`, by SIGTERM (`stop`), or by SIGKILL (137).

mod scripted;

use crate::base::Dist;
use crate::base::Span;
use crate::model::{Labels, Quantity, Selector, Str};
pub use scripted::Script;
use std::collections::BTreeMap;
use std::sync::Arc;

/// When readiness probes begin to succeed.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Ready {
    /// So long after the process listens.
    After(Dist),
    /// Not in this life or any other.
    Never,
}

/// What SIGTERM leads to.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Stop {
    /// How long new connections are still taken.
    pub refuses_after: Span,
    /// How long until the process has ended.
    pub drains: Dist,
    /// Its exit code then.
    pub code: i32,
}

/// That a process ends by itself.
#[derive(Clone, PartialEq, Debug)]
pub struct Exit {
    /// With which exit code.
    pub code: i32,
    /// How long after its start.
    pub after: Dist,
    /// What it leaves in its termination message file.
    pub message: Arc<str>,
}

/// What a process uses of its machine.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Uses {
    /// CPU while it idles.
    pub cpu: Quantity,
    /// Memory once it listens.
    pub memory: Quantity,
    /// Memory that is added each second from then on (a leak).
    pub memory_growth_per_s: Quantity,
}

/// What a request costs.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Serves {
    /// CPU time per request.
    pub cpu: Span,
    /// Time per request when there is no queue.
    pub time: Dist,
    /// Requests served at a time; 0: no limit.
    pub concurrency: u32,
    /// Memory of a request that waits.
    pub memory: Quantity,
}

/// Who may pull an image that is not for all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Private {
    /// Everybody whom the registry knows: any user name and password.
    AnyUser,
    /// One user.
    User {
        /// Its name.
        username: String,
        /// Its password.
        password: String,
    },
}

/// What an entry demands of the container's surroundings, beside its image.
#[derive(Clone, PartialEq, Debug)]
pub enum Condition {
    /// The variable has (or, if not `is`, has not) this value; `value: None`: any value.
    Env {
        /// Name of the variable.
        name: String,
        /// Its value.
        value: Option<String>,
        /// Whether it must be so or must not.
        is: bool,
    },
    /// Among command and arguments is (or is not) this word.
    Arg {
        /// The word.
        word: String,
        /// Whether it must be so or must not.
        is: bool,
    },
    /// The mounted file has (or has not) this content; `content: None`: any content.
    File {
        /// Path in the container.
        path: String,
        /// What the whole file says, without white space at its ends.
        content: Option<String>,
        /// Whether it must be so or must not.
        is: bool,
    },
}

/// What a container of some image does. `None`: as the default.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Behaviour {
    /// Glob over the image's name (`*` any text, `?` one character, `[a-z]`); empty: all images.
    pub image: String,
    /// Demands on the pod's labels.
    pub selector: Option<Selector>,
    /// Demands on the container's name; empty: all.
    pub container: String,
    /// Demands on environment, arguments and files; all must hold. Known when the container starts.
    pub when: Vec<Condition>,
    /// Size of the image.
    pub size: Option<Quantity>,
    /// Its layers by name, if it says so: images that name the same layer share it. `size` is their sum then.
    pub layers: Vec<(Str, Quantity)>,
    /// Its registry gives it only to those who log in.
    pub private: Option<Private>,
    /// From the start of the process until it listens.
    pub start: Option<Dist>,
    /// What readiness probes see.
    pub ready: Option<Ready>,
    /// What SIGTERM leads to.
    pub stop: Option<Stop>,
    /// That it ends by itself.
    pub exit: Option<Exit>,
    /// What it uses.
    pub uses: Option<Uses>,
    /// What requests cost.
    pub serves: Option<Serves>,
}

/// What a container started now will do: an entry completed by the defaults.
#[derive(Clone, PartialEq, Debug)]
pub struct Resolved {
    /// Size of the image in bytes.
    pub size_bytes: u64,
    /// From the start of the process until it listens.
    pub start: Dist,
    /// What readiness probes see.
    pub ready: Ready,
    /// What SIGTERM leads to.
    pub stop: Stop,
    /// That it ends by itself.
    pub exit: Option<Exit>,
    /// What it uses.
    pub uses: Uses,
    /// What requests cost.
    pub serves: Serves,
    /// The number of the entry, if one matched.
    pub entry: Option<usize>,
}

/// A default and where it comes from, for `--show-defaults`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DefaultValue {
    /// The key in the scenario file.
    pub key: &'static str,
    /// Its value, written as there.
    pub value: &'static str,
    /// Where the value comes from.
    pub origin: &'static str,
}

/// The defaults of everything an entry may leave open.
pub const DEFAULTS: &[DefaultValue] = &[
    DefaultValue { key: "containers[].size", value: "100Mi", origin: "order of magnitude of common application images" },
    DefaultValue { key: "containers[].start", value: "1s", origin: "a small server: one second from exec to listening" },
    DefaultValue { key: "containers[].ready.after", value: "0s", origin: "ready as soon as it listens" },
    DefaultValue { key: "containers[].stop.refusesAfter", value: "0s", origin: "a process that closes its sockets on SIGTERM" },
    DefaultValue { key: "containers[].stop.drains", value: "0s", origin: "a process without a handler of its own ends at once" },
    DefaultValue { key: "containers[].stop.code", value: "143", origin: "128 + SIGTERM; 0 when `stop` is given" },
    DefaultValue { key: "containers[].exit", value: "never", origin: "servers run until they are stopped" },
    DefaultValue { key: "containers[].uses.cpu", value: "10m", origin: "an idling server" },
    DefaultValue { key: "containers[].uses.memory", value: "32Mi", origin: "an idling server" },
    DefaultValue { key: "containers[].serves.cpu", value: "1m", origin: "one millisecond of CPU a request" },
    DefaultValue { key: "containers[].serves.time", value: "10ms", origin: "a request without input and output of its own" },
];

/// Pods may say by annotation what their containers do, where no entry matches: these keys with plain values.
pub const ANNOTATION_PREFIX: &str = "kubesim.io/";

/// All entries, in the order of the scenario.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Behaviours {
    /// The entries.
    pub entries: Vec<Behaviour>,
    /// A runtime that follows a script instead.
    pub script: Option<Arc<Script>>,
}

/// What entries are matched against.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The container's image.
    pub image: &'a str,
    /// The container's name.
    pub container: &'a str,
    /// The pod's labels.
    pub labels: &'a Labels,
    /// The pod's annotations.
    pub annotations: &'a Labels,
    /// Command and arguments.
    pub words: &'a [String],
    /// The environment.
    pub env: &'a BTreeMap<String, String>,
    /// Mounted files by their path in the container.
    pub files: &'a BTreeMap<String, String>,
}

impl Behaviours {
    /// What a container does.
    pub fn resolve(&self, around: Surroundings<'_>) -> Resolved {
        let found = self.entries.iter().position(|entry| entry.matches(around));
        let annotated = annotated(around.annotations);
        let empty = Behaviour::default();
        let annotated = annotated.as_ref().unwrap_or(&empty);
        let Some(at) = found else { return annotated.completed(None) };
        // A pod of a trace ends at its time whatever its image does otherwise.
        let mut done = self.entries[at].completed(found);
        done.exit = done.exit.or_else(|| annotated.exit.clone());
        done
    }

    /// The size of an image, in bytes.
    pub fn image_size_bytes(&self, image: &str) -> u64 {
        let entry = self.entries.iter().find(|entry| (entry.size.is_some() || !entry.layers.is_empty()) && glob(&entry.image, image));
        match entry {
            Some(entry) if !entry.layers.is_empty() => entry.layers.iter().map(|(_, size)| size.value().max(0) as u64).sum(),
            found => found.and_then(|entry| entry.size).map_or(100 << 20, |size| size.value().max(0) as u64),
        }
    }

    /// The layers of an image by name, if any are told apart.
    pub fn image_layers(&self, image: &str) -> &[(Str, Quantity)] {
        let entry = self.entries.iter().find(|entry| (entry.size.is_some() || !entry.layers.is_empty()) && glob(&entry.image, image));
        entry.map_or(&[], |entry| &entry.layers)
    }

    /// Who may pull an image, if not everybody.
    pub fn private(&self, image: &str) -> Option<&Private> {
        self.entries.iter().find(|entry| entry.private.is_some() && glob(&entry.image, image))?.private.as_ref()
    }
}

impl Behaviour {
    fn matches(&self, around: Surroundings<'_>) -> bool {
        glob(&self.image, around.image)
            && (self.container.is_empty() || self.container == around.container)
            && self.selector.as_ref().is_none_or(|selector| selector.matches(around.labels))
            && self.when.iter().all(|condition| condition.holds(around))
    }

    fn completed(&self, entry: Option<usize>) -> Resolved {
        let zero = Dist::Constant(Span::ZERO);
        Resolved {
            size_bytes: self.size.map_or(100 << 20, |size| size.value().max(0) as u64),
            start: self.start.unwrap_or(Dist::Constant(Span::from_s(1))),
            ready: self.ready.unwrap_or(Ready::After(zero)),
            stop: self.stop.unwrap_or(Stop { refuses_after: Span::ZERO, drains: zero, code: 143 }),
            exit: self.exit.clone(),
            uses: self.uses.unwrap_or(Uses {
                cpu: Quantity::from_milli(10),
                memory: Quantity::from_binary(32 << 20),
                memory_growth_per_s: Quantity::ZERO,
            }),
            serves: self.serves.unwrap_or(Serves {
                cpu: Span::from_ms(1),
                time: Dist::Constant(Span::from_ms(10)),
                concurrency: 0,
                memory: Quantity::ZERO,
            }),
            entry,
        }
    }
}

impl Condition {
    fn holds(&self, around: Surroundings<'_>) -> bool {
        match self {
            Condition::Env { name, value, is } => same(around.env.get(name).map(String::as_str), value) == *is,
            Condition::Arg { word, is } => around.words.contains(word) == *is,
            Condition::File { path, content, is } => same(around.files.get(path).map(|text| text.trim()), content) == *is,
        }
    }
}

fn same(found: Option<&str>, wanted: &Option<String>) -> bool {
    match (found, wanted) {
        (Some(found), Some(wanted)) => found == wanted,
        (found, None) => found.is_some(),
        (None, Some(_)) => false,
    }
}

/// Whether a glob fits a whole text. The empty one fits all.
pub fn glob(pattern: &str, text: &str) -> bool {
    pattern.is_empty() || glob::Pattern::new(pattern).is_ok_and(|pattern| pattern.matches(text))
}

/// A behaviour written in a pod's annotations: `kubesim.io/start: 3s`, `ready-after`, `drains`, `exit-code`, `exit-after`,
/// `cpu`, `memory`, `size`. What does not parse counts as absent.
fn annotated(annotations: &Labels) -> Option<Behaviour> {
    if !annotations.iter().any(|(key, _)| key.starts_with(ANNOTATION_PREFIX)) {
        return None;
    }
    let text = |key: &str| annotations.get(&format!("{ANNOTATION_PREFIX}{key}"));
    let span = |key: &str| text(key).and_then(|text| Span::parse(text).ok()).map(Dist::Constant);
    let amount = |key: &str| text(key).and_then(|text| text.parse::<Quantity>().ok());
    let code = text("exit-code").and_then(|text| text.parse::<i32>().ok());
    let exit = match (code, span("exit-after")) {
        (None, None) => None,
        (code, after) => Some(Exit { code: code.unwrap_or(0), after: after.unwrap_or(Dist::Constant(Span::ZERO)), message: "".into() }),
    };
    let mut behaviour = Behaviour { size: amount("size"), start: span("start"), exit, ..Behaviour::default() };
    behaviour.ready = match text("ready-after") {
        Some("never") => Some(Ready::Never),
        _ => span("ready-after").map(Ready::After),
    };
    behaviour.stop = span("drains").map(|drains| Stop { refuses_after: Span::ZERO, drains, code: 0 });
    if let (cpu, memory) = (amount("cpu"), amount("memory"))
        && (cpu.is_some() || memory.is_some())
    {
        let base = Behaviour::default().completed(None).uses;
        behaviour.uses = Some(Uses { cpu: cpu.unwrap_or(base.cpu), memory: memory.unwrap_or(base.memory), ..base });
    }
    Some(behaviour)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn around<'a>(image: &'a str, annotations: &'a Labels, env: &'a BTreeMap<String, String>) -> Surroundings<'a> {
        static NONE: BTreeMap<String, String> = BTreeMap::new();
        Surroundings { image, container: "app", labels: annotations, annotations, words: &[], env, files: &NONE }
    }

    #[test]
    fn the_first_entry_that_matches_wins_and_defaults_complete_it() {
        let second = Dist::Constant(Span::from_s(2));
        let wrong_key = Condition::Env { name: "KEY".into(), value: Some("right".into()), is: false };
        let all = Behaviours {
            entries: vec![
                Behaviour {
                    image: "shop/api:*".into(),
                    when: vec![wrong_key],
                    exit: Some(Exit { code: 1, after: second, message: "".into() }),
                    ..Behaviour::default()
                },
                Behaviour { image: "shop/*".into(), start: Some(second), size: Some("10Mi".parse().unwrap()), ..Behaviour::default() },
            ],
            script: None,
        };
        let none = Labels::default();
        let mut env = BTreeMap::new();
        assert_eq!(all.resolve(around("shop/api:v1", &none, &env)).exit.unwrap().code, 1);
        env.insert("KEY".to_string(), "right".to_string());
        let good = all.resolve(around("shop/api:v1", &none, &env));
        assert_eq!((good.exit, good.start, good.entry), (None, second, Some(1)));
        assert_eq!(all.resolve(around("other", &none, &env)).entry, None);
        assert_eq!((all.image_size_bytes("shop/x"), all.image_size_bytes("other")), (10 << 20, 100 << 20));
    }

    #[test]
    fn annotations_speak_where_no_entry_does() {
        let notes = Labels::from_pairs([("kubesim.io/start", "7s"), ("kubesim.io/ready-after", "never"), ("kubesim.io/exit-code", "3")]);
        let env = BTreeMap::new();
        let found = Behaviours::default().resolve(around("x", &notes, &env));
        assert_eq!(found.start, Dist::Constant(Span::from_s(7)));
        assert_eq!((found.ready, found.exit.unwrap().code), (Ready::Never, 3));
    }
}
