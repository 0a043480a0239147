//! What a scenario says, whatever it is called and however it is laid out: the same text means the same run. Comments, order of
//! keys, places of files and the seed are left out; the contents of all files are in.

use super::{Action, Scenario, Workload};
use crate::base::input_error::InputError;
use crate::manifest::Node;
use crate::workload::traces::lines::open;
use serde_json::Value;
use std::io::Read;
use std::path::Path;
use xxhash_rust::xxh3::Xxh3;

/// Keys of `workload` (and of its `trace`) that name files.
const FILES: &[&str] = &["nodes", "pods", "orders", "file"];

/// The tree of a scenario file as one line of JSON with sorted keys.
pub(super) fn tree(node: &Node) -> String {
    let mut value = node.to_value();
    if let Some(fields) = value.as_object_mut() {
        fields.remove("seed");
        if let Some(workload) = fields.get_mut("workload") {
            names_only(workload);
            workload.get_mut("trace").into_iter().for_each(names_only);
        }
    }
    sorted(&value)
}

/// Of a file only its name counts here, its content elsewhere.
fn names_only(value: &mut Value) {
    let shorten = |value: &mut Value| {
        if let Some(name) = value.as_str().and_then(|path| Path::new(path).file_name()) {
            *value = name.to_string_lossy().into_owned().into();
        }
    };
    for key in FILES {
        match value.get_mut(*key) {
            Some(Value::Array(list)) => list.iter_mut().for_each(shorten),
            Some(one) => shorten(one),
            None => {}
        }
    }
}

fn sorted(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut keys: Vec<&String> = fields.keys().collect();
            keys.sort();
            let inner: Vec<String> = keys.iter().map(|key| format!("{}:{}", Value::from(key.as_str()), sorted(&fields[*key]))).collect();
            format!("{{{}}}", inner.join(","))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(sorted).collect::<Vec<_>>().join(",")),
        plain => plain.to_string(),
    }
}

impl Scenario {
    /// A number that is equal for equal scenarios with equal files, and for others differs.
    pub fn fingerprint(&self) -> Result<u128, InputError> {
        let mut hash = Xxh3::new();
        let mut take = |text: &str| {
            hash.update(&(text.len() as u64).to_le_bytes());
            hash.update(text.as_bytes());
        };
        take(&self.canonical);
        // `-f`, `--until`: they are not in the file.
        take(&format!("{:?}", self.duration));
        self.manifests.iter().for_each(|manifest| take(&sorted(&manifest.json)));
        for step in &self.timeline {
            if let Action::Kubectl { command, .. } = &step.action {
                command.manifests.iter().for_each(|manifest| take(&sorted(&manifest.json)));
            }
        }
        self.cluster.nodes.iter().chain(&self.cluster.dump).for_each(|object| take(&sorted(&object.to_json())));
        take(&format!("{:?}", self.cluster.scheduler));
        match &self.workload {
            None => {}
            Some(Workload::Arrivals(generated)) => take(&format!("{generated:?}")),
            Some(Workload::Trace(schedule)) => take(&schedule.fingerprint().to_string()),
            Some(Workload::Fgd(files)) => {
                for path in [Some(&files.nodes), Some(&files.pods), files.orders.as_ref()].into_iter().flatten() {
                    take(&content(path)?.to_string());
                }
            }
        }
        Ok(hash.digest128())
    }
}

/// The hash of a file's content, packed or not.
fn content(path: &Path) -> Result<u128, InputError> {
    let mut reader = open(path)?;
    let mut hash = Xxh3::new();
    let mut bytes = vec![0; 64 << 10];
    loop {
        match reader.read(&mut bytes) {
            Ok(0) => return Ok(hash.digest128()),
            Ok(length) => hash.update(&bytes[..length]),
            Err(error) => return Err(InputError::new(format!("cannot read on: {error}")).in_file(path.to_string_lossy())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{parse, parse_with};

    const HEAD: &str = "apiVersion: kubesim/v1alpha1\nkind: Scenario\nname: x\n";

    fn print(rest: &str) -> u128 {
        parse("x.yaml", &format!("{HEAD}{rest}")).unwrap().fingerprint().unwrap()
    }

    #[test]
    fn layout_comments_and_seed_do_not_count() {
        let first = print("cluster: {nodes: [{count: 2, cpu: 4}]}\nseed: 4\n");
        assert_eq!(first, print("seed: 5\n# more\ncluster:\n  nodes:\n  - cpu: 4\n    count: 2\n"));
        assert_ne!(first, print("cluster: {nodes: [{count: 3, cpu: 4}]}\n"));
        assert_eq!(print("workload: {trace: {format: swf, file: tests/traces/jobs.swf}}\n"), {
            let text = format!("{HEAD}workload: {{trace: {{format: swf, file: ./tests/../tests/traces/jobs.swf}}}}\n");
            parse("y.yaml", &text).unwrap().fingerprint().unwrap()
        });
    }

    #[test]
    fn what_the_files_hold_counts() {
        let folder = std::env::temp_dir().join(format!("kubesim-canonical-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
        let print = |rest: &str| {
            let file = folder.join("x.yaml").display().to_string();
            let overrides = super::super::Overrides::default();
            parse_with(&file, &format!("{HEAD}{rest}"), &overrides, &mut std::io::empty()).unwrap().fingerprint().unwrap()
        };
        for (file, rest, texts) in [
            (
                "m.yaml",
                "manifests: [m.yaml]\n",
                ["apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n"],
            ),
            (
                "p.csv",
                "workload: {trace: {format: csv, file: p.csv}}\n",
                ["at_s,cpu_milli,memory_mib\n1,2,3\n", "at_s,cpu_milli,memory_mib\n1,2,4\n"],
            ),
        ] {
            write(file, texts[0]);
            let first = print(rest);
            assert_eq!(first, print(rest));
            write(file, texts[1]);
            assert_ne!(first, print(rest), "{file}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
