//! Reading manifests: files, globs, directories and standard input, into single objects with their places.
//! Real: staging/src/k8s.io/cli-runtime/pkg/resource/{builder,visitor}.go and apimachinery/pkg/util/yaml/decoder.go @ v1.37.2.

use super::node::{Data, Entry, Node, Span};
use super::{json, yaml};
use crate::base::input_error::InputError;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// No input may be larger.
pub const BYTES_MAX: u64 = 64 << 20;
/// Lists inside lists go no deeper.
const LIST_DEPTH_MAX: usize = 16;

/// A text and what the user calls it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Source {
    /// File name, or `-` for standard input.
    pub name: Arc<str>,
    /// The text.
    pub text: Arc<str>,
}

impl Source {
    /// From a text at hand.
    pub fn new(name: &str, text: &str) -> Source {
        Source { name: name.into(), text: text.into() }
    }

    /// From bytes, which must be UTF-8. A byte-order mark is skipped.
    pub fn from_bytes(name: &str, bytes: &[u8]) -> Result<Source, InputError> {
        if bytes.len() as u64 > BYTES_MAX {
            return Err(too_large(name, None));
        }
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        match std::str::from_utf8(bytes) {
            Ok(text) => Ok(Source::new(name, text)),
            Err(error) => {
                let sound = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
                let line = sound.matches('\n').count() as u32 + 1;
                let column = sound.rsplit('\n').next().unwrap_or("").chars().count() as u32 + 1;
                let byte = bytes[error.valid_up_to()];
                let error = InputError::new(format!("the text is not UTF-8: byte 0x{byte:02x}")).in_file(name);
                Err(InputError { line, column, ..error }.with_hint("save it as UTF-8"))
            }
        }
    }

    /// Reads a file, or standard input if the path is `-`.
    pub fn read(path: &str, stdin: &mut dyn Read) -> Result<Source, InputError> {
        let mut bytes = Vec::new();
        let result = if path == "-" {
            stdin.take(BYTES_MAX + 1).read_to_end(&mut bytes)
        } else {
            std::fs::File::open(path).and_then(|file| {
                let meta = file.metadata()?;
                if meta.is_dir() {
                    return Err(std::io::Error::other("it is a directory"));
                }
                if meta.len() > BYTES_MAX {
                    bytes.clear();
                    return Err(std::io::Error::other(too_large(path, Some(meta.len())).message));
                }
                file.take(BYTES_MAX + 1).read_to_end(&mut bytes)
            })
        };
        result.map_err(|error| read_error(path, &error))?;
        Source::from_bytes(path, &bytes)
    }

    /// The documents of the text. YAML and JSON are told apart by the first character.
    pub fn documents(&self) -> Result<Vec<Node>, InputError> {
        let result = if self.text.trim_start().starts_with(['{', '[']) {
            // What looks like JSON may be YAML in flow style. Of two errors the one further down is about the real fault.
            json::parse(&self.text).or_else(|first| {
                yaml::parse(&self.text)
                    .map_err(|second| if (second.line, second.column) > (first.line, first.column) { second } else { first })
            })
        } else {
            yaml::parse(&self.text)
        };
        result.map_err(|error| error.in_file(&*self.name))
    }

    /// An error at a place of this text.
    pub fn error(&self, span: Span, message: impl Into<String>) -> InputError {
        let error = InputError::new(message).in_file(&*self.name);
        if span.line == 0 { error } else { error.at(&self.text, span.line, span.column, span.width) }
    }
}

fn too_large(name: &str, bytes: Option<u64>) -> InputError {
    let size = bytes.map(|bytes| format!(" ({} MiB)", bytes >> 20)).unwrap_or_default();
    InputError::new(format!("the input is too large{size}: the limit is {} MiB", BYTES_MAX >> 20)).in_file(name)
}

/// Why a file cannot be read; a missing one with the name that was probably meant.
pub fn read_error(path: &str, error: &std::io::Error) -> InputError {
    if error.kind() == std::io::ErrorKind::NotFound {
        let mut found = InputError::new(format!("the path \"{path}\" does not exist"));
        let parent = Path::new(path).parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let names: Vec<String> = std::fs::read_dir(parent)
            .map(|dir| dir.flatten().take(10_000).map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
            .unwrap_or_default();
        let wanted = Path::new(path).file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        names.sort_unstable();
        found.hint = crate::base::input_error::did_you_mean(&wanted, names);
        return found;
    }
    InputError::new(format!("cannot read it: {error}")).in_file(path)
}

/// One object of a manifest, with the text that it came from.
#[derive(Clone, PartialEq, Debug)]
pub struct Item {
    /// Where it came from.
    pub source: Source,
    /// The object: a map with apiVersion and kind.
    pub node: Node,
}

impl Item {
    /// `apiVersion` of the object.
    pub fn api_version(&self) -> &str {
        self.node.get("apiVersion").and_then(Node::text).unwrap_or("")
    }

    /// `kind` of the object.
    pub fn kind(&self) -> &str {
        self.node.get("kind").and_then(Node::text).unwrap_or("")
    }

    /// `metadata.name` of the object.
    pub fn name(&self) -> &str {
        self.node.get("metadata").and_then(|meta| meta.get("name")).and_then(Node::text).unwrap_or("")
    }

    /// An error at the place of a field path such as `spec.replicas`.
    pub fn error(&self, path: &str, message: impl Into<String>) -> InputError {
        self.source.error(self.node.locate(path), message)
    }
}

/// The objects of a text: all documents, lists taken apart. A text without any object is an error.
pub fn items(source: &Source) -> Result<Vec<Item>, InputError> {
    let mut items = Vec::new();
    for node in source.documents()? {
        flatten(source, node, 0, &mut items)?;
    }
    if items.is_empty() {
        let error = InputError::new("there is no object in it").in_file(&*source.name);
        let hint = if source.text.trim().is_empty() { "the file is empty" } else { "it has comments or separators only" };
        return Err(error.with_hint(hint));
    }
    Ok(items)
}

fn flatten(source: &Source, mut node: Node, depth: usize, out: &mut Vec<Item>) -> Result<(), InputError> {
    if !matches!(node.data, Data::Map(_)) {
        let message = format!("an object is a map of fields, this is {}", a(node.kind_name()));
        return Err(source.error(node.span, message).with_hint("a manifest begins with apiVersion and kind"));
    }
    for (key, word) in [("kind", "Kind"), ("apiVersion", "apiVersion")] {
        match node.get(key).map(|value| (value.text(), value.span)) {
            Some((Some(text), _)) if !text.is_empty() => {}
            Some((None, span)) => return Err(source.error(span, format!("{key} must be a string"))),
            _ => {
                let keys = node.entries().iter().map(|entry| entry.key.as_str());
                let near = crate::base::input_error::nearest(key, keys);
                let error = source.error(near.map_or(node.span, |near| node.locate(near)), format!("Object '{word}' is missing"));
                let hint = near.map_or_else(|| format!("every object begins with {key}"), |_| format!("did you mean \"{key}\"?"));
                return Err(error.with_hint(hint));
            }
        }
    }
    let items_at = node.entries().iter().position(|entry| entry.key == "items" && matches!(entry.value.data, Data::List(_)));
    let Some(at) = items_at else {
        out.push(Item { source: source.clone(), node });
        return Ok(());
    };
    if depth >= LIST_DEPTH_MAX {
        return Err(source.error(node.span, format!("lists are nested deeper than {LIST_DEPTH_MAX}")));
    }
    let text = |key: &str| node.get(key).and_then(Node::text).unwrap_or("").to_string();
    let (version, kind) = (text("apiVersion"), text("kind"));
    let item_kind = kind.strip_suffix("List").unwrap_or(&kind).to_string();
    let Data::Map(entries) = &mut node.data else { unreachable!("looked at above") };
    let Data::List(list) = std::mem::replace(&mut entries[at].value.data, Data::Null) else { unreachable!("looked at above") };
    for mut item in list {
        // In typed lists, such as PodList, the API server leaves out what is the same for all.
        if let (Data::Map(fields), false) = (&mut item.data, item_kind.is_empty()) {
            for (key, value) in [("apiVersion", &version), ("kind", &item_kind)] {
                if !fields.iter().any(|entry| entry.key == key) {
                    let value = Node { span: Span::default(), data: Data::Text(value.clone()) };
                    fields.push(Entry { key: key.into(), span: Span::default(), value });
                }
            }
        }
        flatten(source, item, depth + 1, out)?;
    }
    Ok(())
}

fn a(kind: &str) -> String {
    match kind {
        "array" | "object" => format!("an {kind}"),
        "null" => "null".into(),
        _ => format!("a {kind}"),
    }
}

/// The files that a path means: itself; `-`; the .yaml, .yml and .json files of a directory; or those that match a glob. Relative
/// ones are looked up below `base`. A glob that matches nothing is an error.
pub fn expand(pattern: &str, base: &Path) -> Result<Vec<PathBuf>, InputError> {
    if pattern == "-" {
        return Ok(vec![PathBuf::from("-")]);
    }
    let path = base.join(pattern);
    if path.is_dir() {
        let dir = std::fs::read_dir(&path).map_err(|error| read_error(pattern, &error))?;
        let mut files: Vec<PathBuf> = dir.flatten().map(|entry| entry.path()).filter(|path| is_manifest(path)).collect();
        files.sort();
        return if files.is_empty() {
            Err(InputError::new(format!("the directory \"{pattern}\" has no .yaml, .yml or .json file")))
        } else {
            Ok(files)
        };
    }
    if path.exists() || !pattern.contains(['*', '?', '[']) {
        return Ok(vec![path]);
    }
    // The base is no pattern, whatever characters it has.
    let text = Path::new(&glob::Pattern::escape(&base.to_string_lossy())).join(pattern);
    let paths = glob::glob(&text.to_string_lossy()).map_err(|error| InputError::new(format!("bad glob \"{pattern}\": {}", error.msg)))?;
    let mut files: Vec<PathBuf> = paths.flatten().filter(|path| path.is_file()).collect();
    files.sort();
    if files.is_empty() {
        return Err(InputError::new(format!("no file matches \"{pattern}\"")).with_hint(format!("looked in {}", base.display())));
    }
    Ok(files)
}

fn is_manifest(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|ext| ext == "yaml" || ext == "yml" || ext == "json")
}

/// Reads all objects of several paths, globs or `-`, in order.
pub fn read(patterns: &[String], base: &Path, stdin: &mut dyn Read) -> Result<Vec<Item>, InputError> {
    let mut all = Vec::new();
    for pattern in patterns {
        for path in expand(pattern, base)? {
            let source = Source::read(&path.to_string_lossy(), stdin)?;
            all.extend(items(&source)?);
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(text: &str) -> String {
        items(&Source::new("x.yaml", text)).unwrap_err().to_string()
    }

    #[test]
    fn lists_are_taken_apart() {
        let text = "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n- apiVersion: v1\n  kind: PodList\n  \
                    items: [{metadata: {name: b}}]\n---\nkind: X\napiVersion: g/v1\n";
        let found = items(&Source::new("x", text)).unwrap();
        let shown: Vec<_> = found.iter().map(|item| (item.api_version(), item.kind(), item.name())).collect();
        assert_eq!(shown, [("v1", "Pod", "a"), ("v1", "Pod", "b"), ("g/v1", "X", "")]);
    }

    #[test]
    fn what_is_no_object_is_refused() {
        assert_eq!(fault(""), "error: x.yaml: there is no object in it\n  hint: the file is empty");
        assert!(fault("# only\n---\n").contains("hint: it has comments or separators only"));
        assert!(fault("just words").contains("x.yaml:1:1: an object is a map of fields, this is a string"));
        assert!(fault("apiVersion: v1\nknd: Pod\n").contains("x.yaml:2:1: Object 'Kind' is missing"));
        assert!(fault("apiversion: v1\nkind: Pod\n").ends_with("did you mean \"apiVersion\"?"));
        assert!(fault("apiVersion: v1\nkind: 3\n").contains("x.yaml:2:7: kind must be a string"));
    }

    #[test]
    fn json_and_flow_yaml_are_told_apart() {
        assert_eq!(items(&Source::new("x", "{apiVersion: v1, kind: Pod}")).unwrap().len(), 1);
        assert_eq!(
            items(&Source::new("x", "{\"apiVersion\": \"v1\", \"kind\": \"Pod\"}{\"apiVersion\": \"v1\", \"kind\": \"Pod\"}"))
                .unwrap()
                .len(),
            2
        );
    }

    #[test]
    fn bytes_that_are_no_text_have_a_place() {
        let error = Source::from_bytes("x", b"a: 1\nb: \xff").unwrap_err();
        assert_eq!(error.to_string(), "error: x:2:4: the text is not UTF-8: byte 0xff\n  hint: save it as UTF-8");
        assert_eq!(&*Source::from_bytes("x", b"\xef\xbb\xbfa").unwrap().text, "a");
    }

    #[test]
    fn files_globs_and_directories() {
        let dir = std::env::temp_dir().join(format!("kubesim-read-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        for name in ["b.yaml", "a.json", "c.txt"] {
            std::fs::write(dir.join(name), "{\"apiVersion\": \"v1\", \"kind\": \"Pod\"}").unwrap();
        }
        let names = |pattern: &str| -> Vec<String> {
            expand(pattern, &dir).unwrap().iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
        };
        assert_eq!(names("."), ["a.json", "b.yaml"]);
        assert_eq!(names("*.[ty][xa]*"), ["b.yaml", "c.txt"]);
        assert!(expand("*.none", &dir).unwrap_err().message.contains("no file matches"));
        let stdin: &mut dyn Read = &mut std::io::Cursor::new(b"apiVersion: v1\nkind: Pod\n".to_vec());
        assert_eq!(read(&["*.yaml".into(), "-".into()], &dir, stdin).unwrap().len(), 2);
        let missing = Source::read(&dir.join("d.yaml").to_string_lossy(), stdin).unwrap_err();
        assert!(missing.message.contains("does not exist") && missing.hint == "did you mean \"b.yaml\"?", "{missing}");
        let file = std::fs::File::create(dir.join("big.yaml")).unwrap();
        file.set_len(100 << 20).unwrap();
        let big = Source::read(&dir.join("big.yaml").to_string_lossy(), stdin).unwrap_err();
        assert!(big.message.contains("too large (100 MiB): the limit is 64 MiB"), "{big}");
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
