//! `--set path=value`: changes the tree of a scenario file before it is read, as Helm's flag of that name does.

use crate::base::input_error::InputError;
use crate::manifest::{Data, Entry, Node, Span, yaml};

/// No index in a path may be larger.
const INDEX_MAX: usize = 10_000;

enum Step {
    Key(String),
    Index(usize),
}

/// Carries out one `path=value`. The value is read as YAML: `5`, `true`, `"text"`, `[a, b]`, `{a: 1}`; `null` removes.
pub(super) fn set(node: &mut Node, set: &str) -> Result<(), InputError> {
    let fault = |message: String| InputError::new(format!("--set {set}: {message}"));
    let hint = "--set cluster.nodes[0].count=5";
    let Some((path, value)) = set.split_once('=') else {
        return Err(fault("there is no \"=\" in it".into()).with_hint(hint));
    };
    let steps = steps(path).ok_or_else(|| fault(format!("\"{path}\" is no path")).with_hint(hint))?;
    let mut documents = yaml::parse(value).map_err(|error| fault(error.message))?;
    let mut value = if documents.len() == 1 { documents.remove(0) } else { Node { span: Span::default(), data: Data::Null } };
    forget_places(&mut value);
    put(node, &steps, value).map_err(fault)
}

/// `a.b[2].c`; a dot inside a key is written `\.`.
fn steps(path: &str) -> Option<Vec<Step>> {
    let mut steps = Vec::new();
    let mut key = String::new();
    let mut characters = path.trim().chars().peekable();
    let mut after_index = false;
    while let Some(c) = characters.next() {
        match c {
            '\\' => key.push(characters.next()?),
            '.' => {
                if key.is_empty() && !after_index {
                    return None;
                }
                if !key.is_empty() {
                    steps.push(Step::Key(std::mem::take(&mut key)));
                }
                after_index = false;
            }
            '[' => {
                if !key.is_empty() {
                    steps.push(Step::Key(std::mem::take(&mut key)));
                }
                let mut digits = String::new();
                while let Some(digit) = characters.next_if(char::is_ascii_digit) {
                    digits.push(digit);
                }
                let index: usize = digits.parse().ok().filter(|index| *index <= INDEX_MAX)?;
                if characters.next() != Some(']') {
                    return None;
                }
                steps.push(Step::Index(index));
                after_index = true;
            }
            c => key.push(c),
        }
    }
    if !key.is_empty() {
        steps.push(Step::Key(key));
    }
    (!steps.is_empty() && !path.trim().ends_with('.')).then_some(steps)
}

/// What comes from the command line has no place in the file.
fn forget_places(node: &mut Node) {
    node.span = Span::default();
    match &mut node.data {
        Data::List(items) => items.iter_mut().for_each(forget_places),
        Data::Map(entries) => {
            for entry in entries {
                entry.span = Span::default();
                forget_places(&mut entry.value);
            }
        }
        _ => {}
    }
}

fn put(node: &mut Node, steps: &[Step], value: Node) -> Result<(), String> {
    let Some((step, rest)) = steps.split_first() else {
        *node = value;
        return Ok(());
    };
    match step {
        Step::Key(key) => {
            if node.is_null() {
                node.data = Data::Map(Vec::new());
            }
            let Data::Map(entries) = &mut node.data else { return Err(format!("\"{key}\" is looked for in a value that is no map")) };
            let at = match entries.iter().position(|entry| entry.key == *key) {
                Some(at) => at,
                None => {
                    let value = Node { span: Span::default(), data: Data::Null };
                    entries.push(Entry { key: key.clone(), span: Span::default(), value });
                    entries.len() - 1
                }
            };
            put(&mut entries[at].value, rest, value)
        }
        Step::Index(index) => {
            if node.is_null() {
                node.data = Data::List(Vec::new());
            }
            let Data::List(items) = &mut node.data else { return Err(format!("[{index}] is looked for in a value that is no list")) };
            if *index > items.len() {
                return Err(format!("[{index}] is beyond the list's end, it has {} items", items.len()));
            }
            if *index == items.len() {
                items.push(Node { span: Span::default(), data: Data::Null });
            }
            put(&mut items[*index], rest, value)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn tree() -> Node {
        Node::from_value(json!({"seed": 1, "cluster": {"nodes": [{"count": 2}]}}))
    }

    #[test]
    fn paths_lead_into_maps_and_lists() {
        let mut node = tree();
        for change in [
            "seed=7",
            "cluster.nodes[0].count=5",
            "cluster.nodes[1]={name: b}",
            "cluster.nodes[0].labels.a\\.b/c=x",
            "name=\"12\"",
            "x=",
            "kind=a=b",
        ] {
            set(&mut node, change).unwrap();
        }
        let wanted = json!({"seed": 7, "name": "12", "x": null, "kind": "a=b",
            "cluster": {"nodes": [{"count": 5, "labels": {"a.b/c": "x"}}, {"name": "b"}]}});
        assert_eq!(node.to_value(), wanted);
    }

    #[test]
    fn what_is_no_path_is_refused() {
        for (change, message) in [
            ("seed", "--set seed: there is no \"=\" in it"),
            ("=3", "\"\" is no path"),
            ("a..b=3", "is no path"),
            ("cluster.nodes[x]=3", "is no path"),
            ("cluster.nodes[5].count=3", "[5] is beyond the list's end, it has 1 items"),
            ("seed.x=3", "\"x\" is looked for in a value that is no map"),
            ("cluster[0]=3", "no list"),
            ("seed={", "--set seed={: "),
        ] {
            let error = set(&mut tree(), change).unwrap_err().to_string();
            assert!(error.contains(message), "{change}: {error}");
        }
    }
}
