//! Generated names become names by order of creation: `web-rs1-p2`, `db-cr1`, `cj-job1`; what a run draws (uids, addresses,
//! hashes) becomes a word. So two runs of one scenario can be compared.

use super::{controller_of, text};
use crate::support::stream::Line;
use serde_json::Value;
use std::collections::BTreeMap;

/// The new names of a run's objects.
#[derive(Default)]
pub struct Names {
    /// Old name to new name, for texts.
    words: BTreeMap<String, String>,
    /// Hash of a template or revision to `rs1`, `cr1`.
    hashes: BTreeMap<String, String>,
    /// Kind and old name to new name.
    objects: BTreeMap<(String, String), String>,
    /// How often an owner has given a name.
    counts: BTreeMap<(String, String), usize>,
    namespace: String,
    pool: String,
}

impl Names {
    /// Reads the names off a stream. `pool` begins the names of the scenario's own nodes.
    pub fn of(lines: &[Line], namespace: &str, pool: &str) -> Names {
        let mut names = Names { namespace: namespace.into(), pool: pool.into(), ..Names::default() };
        for line in lines.iter().filter(|line| line.event == "ADDED") {
            names.add(line);
        }
        names
    }

    fn add(&mut self, line: &Line) {
        let name = text(&line.object, "metadata.name");
        let Some((owner_kind, owner)) = controller_of(&line.object) else { return };
        let owner = self.object(&owner_kind, &owner);
        let short = match (line.kind.as_str(), owner_kind.as_str()) {
            ("ReplicaSet", "Deployment") => "rs",
            ("ControllerRevision", _) => "cr",
            ("Job", "CronJob") => "job",
            ("EndpointSlice", _) => "es",
            ("Pod", "StatefulSet") => return,
            ("Pod", _) if !text(&line.object, "metadata.generateName").is_empty() => "p",
            _ => return,
        };
        if self.objects.contains_key(&(line.kind.clone(), name.clone())) {
            return;
        }
        let count = self.counts.entry((short.into(), owner.clone())).or_default();
        *count += 1;
        let new = format!("{owner}-{short}{count}");
        let labels = &line.object["metadata"]["labels"];
        let hash = match short {
            "rs" => labels["pod-template-hash"].as_str(),
            "cr" => labels["controller.kubernetes.io/hash"].as_str().or(labels["controller-revision-hash"].as_str()),
            _ => None,
        };
        if let Some(hash) = hash {
            self.hashes.insert(hash.to_string(), format!("{short}{count}"));
        }
        self.words.insert(name.clone(), new.clone());
        self.objects.insert((line.kind.clone(), name), new);
    }

    /// The new name of an object.
    pub fn object(&self, kind: &str, name: &str) -> String {
        if let Some(new) = self.objects.get(&(kind.to_string(), name.to_string())) {
            return new.clone();
        }
        if kind == "Node" { self.node(name) } else { self.text(name) }
    }

    /// A node's name without the scenario's prefix.
    pub fn node(&self, name: &str) -> String {
        name.strip_prefix(&format!("{}-", self.pool)).unwrap_or(name).to_string()
    }

    /// `cr1` for a revision, by its hash or its full name.
    pub fn revision(&self, hash: &str) -> String {
        if let Some(short) = self.hashes.get(hash) {
            return short.clone();
        }
        self.words.get(hash).and_then(|name| name.rsplit('-').next()).unwrap_or(hash).to_string()
    }

    /// A text with all names replaced.
    pub fn text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut word = String::new();
        for c in text.chars().chain(['\n']) {
            if c.is_ascii_alphanumeric()
                || c == '-'
                || (c == '.' && word.chars().all(|w| w.is_ascii_digit() || w == '.') && !word.is_empty())
            {
                word.push(c);
                continue;
            }
            let dots = word.len() - word.trim_end_matches('.').len();
            let tail = word.split_off(word.len() - dots);
            out.push_str(&self.word(&word));
            out.push_str(&tail);
            word.clear();
            out.push(c);
        }
        out.pop();
        out
    }

    fn word(&self, word: &str) -> String {
        if let Some(new) = self.words.get(word).or_else(|| self.hashes.get(word)) {
            return new.clone();
        }
        if is_uid(word) {
            return "uid".into();
        }
        if word.matches('.').count() == 3 && word.split('.').all(|part| part.parse::<u8>().is_ok()) {
            return "ip".into();
        }
        // A pod that was refused has no name by order: only its owner's part is replaced.
        let mut end = word.len();
        while let Some(dash) = word[..end].rfind('-') {
            if let Some(new) = self.words.get(&word[..dash]) {
                return format!("{new}{}", &word[dash..]);
            }
            end = dash;
        }
        if let Some(rest) = word.strip_prefix(&format!("{}-", self.pool)) {
            return rest.into();
        }
        if word == self.namespace {
            return "ns".into();
        }
        match word.strip_prefix(&format!("{}-", self.namespace)) {
            Some(rest) => format!("ns-{rest}"),
            None => word.to_string(),
        }
    }

    /// The same for every text inside a value.
    pub fn value(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.value(item)).collect(),
            Value::Object(map) => map.iter().map(|(key, item)| (key.clone(), self.value(item))).collect::<serde_json::Map<_, _>>().into(),
            other => other.clone(),
        }
    }
}

fn is_uid(word: &str) -> bool {
    let parts: Vec<&str> = word.split('-').collect();
    parts.iter().map(|part| part.len()).eq([8, 4, 4, 4, 12]) && parts.concat().bytes().all(|b| b.is_ascii_hexdigit())
}

/// Every generated pod name ends in `-pN`: which pod it was plays no part.
pub fn any_pod(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("-p") {
        let digits = rest[at + 2..].bytes().take_while(u8::is_ascii_digit).count();
        let after = rest[at + 2 + digits..].chars().next();
        let ends = !after.is_some_and(|c| c.is_ascii_alphanumeric());
        out.push_str(&rest[..at + 2]);
        if digits > 0 && ends {
            out.push('N');
            rest = &rest[at + 2 + digits..];
        } else {
            rest = &rest[at + 2..];
        }
    }
    out + rest
}
