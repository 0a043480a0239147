//! Reading the recordings, comparing, counting.

use flate2::read::GzDecoder;
use kubesim::api::pod_prepare::prepare_pod;
use kubesim::model::{Obj, Object, PriorityClass};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::sync::Arc;

/// Replays all recordings of a folder; fails if any record differs.
pub fn check(folder: &str, variable: &str, replay: fn(&Value) -> Vec<Value>) {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(folder);
    let folder = std::env::var_os(variable).map_or(own, PathBuf::from);
    let mut files: Vec<PathBuf> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.to_string_lossy().ends_with(".jsonl.gz"))
        .collect();
    files.sort();
    let (mut all, mut same) = (0, 0);
    for path in files {
        let family = path.file_name().expect("a file has a name").to_string_lossy().replace(".jsonl.gz", "");
        let (records, identical) = check_file(&path, replay);
        println!("{family:32} {identical:6} of {records:6} records identical");
        (all, same) = (all + records, same + identical);
    }
    println!("{:32} {same:6} of {all:6} records identical ({:.2} %)", "all", 100.0 * same as f64 / all.max(1) as f64);
    assert!(all > 0, "no recordings in {}", folder.display());
    assert_eq!(same, all, "records differ");
}

fn check_file(path: &PathBuf, replay: fn(&Value) -> Vec<Value>) -> (usize, usize) {
    let file = std::fs::File::open(path).expect("the file can be opened");
    let (mut records, mut identical, mut shown) = (0, 0, 0);
    for line in BufReader::new(GzDecoder::new(file)).lines() {
        let golden: Value = serde_json::from_str(&line.expect("a line of text")).expect("a line of JSON");
        let expected = golden["records"].as_array().expect("a list of records");
        let got = replay(&golden["script"]);
        assert_eq!(expected.len(), got.len(), "one record for each step");
        let differing: Vec<usize> = (0..got.len()).filter(|&at| !same(&expected[at], &got[at])).collect();
        records += got.len();
        identical += got.len() - differing.len();
        if let Some(&at) = differing.first().filter(|_| shown < 3) {
            shown += 1;
            let script = &golden["script"];
            let step = script.get("ops").or(script.get("steps")).map_or(&Value::Null, |steps| &steps[at]);
            println!("{} step {at}: {step}\n  real {}\n  ours {}", script["name"], expected[at], got[at]);
        }
    }
    (records, identical)
}

/// Equal, whatever way a number is written.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b))),
        _ => a == b,
    }
}

/// Objects as the API server has them.
#[derive(Default)]
pub struct Api {
    classes: BTreeMap<String, PriorityClass>,
    version: u64,
}

impl Api {
    /// Reads an object as a user writes it and completes it as on creation. `kind` is for objects that do not name theirs.
    pub fn read(&mut self, json: &Value, kind: &str) -> Obj {
        let mut json = json.clone();
        let fields = json.as_object_mut().expect("an object");
        fields.entry("apiVersion").or_insert("v1".into());
        fields.entry("kind").or_insert(kind.into());
        let object = Object::from_json(json).expect("an object of the API");
        self.store(object)
    }

    /// Completes an object and gives it a new version.
    pub fn store(&mut self, mut object: Object) -> Obj {
        if object.as_pod().is_some() {
            prepare_pod(&mut object, |name| self.classes.get(name).cloned());
        } else if object.kind().scope() == kubesim::model::Scope::Namespaced && object.meta.namespace.is_empty() {
            object.meta.namespace = "default".into();
        }
        if object.meta.uid.is_empty() {
            let (namespace, name) = (&object.meta.namespace, &object.meta.name);
            object.meta.uid = if namespace.is_empty() { name.clone() } else { format!("{namespace}/{name}").into() };
        }
        if let Some(class) = object.as_priority_class() {
            self.classes.insert(object.meta.name.to_string(), class.clone());
        }
        self.version += 1;
        object.meta.resource_version = self.version;
        Arc::new(object)
    }
}

/// A list of names as JSON.
pub fn names<'a>(names: impl IntoIterator<Item = &'a &'static str>) -> Value {
    names.into_iter().copied().collect()
}

/// The plugin of that name.
pub fn plugin(name: &Value) -> &'static str {
    let name = name.as_str().expect("a plugin's name");
    kubesim::scheduler::config::points::find(name).unwrap_or_else(|| panic!("plugin {name}")).name
}

/// Adds a field unless the value is empty or zero.
pub fn put(record: &mut serde_json::Map<String, Value>, key: &str, value: Value) {
    let empty = match &value {
        Value::Null => true,
        Value::Bool(flag) => !flag,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        Value::Object(fields) => fields.is_empty(),
    };
    if !empty {
        record.insert(key.into(), value);
    }
}
