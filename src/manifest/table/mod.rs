//! kubectl's tables: what `get` prints, with the same columns, values and alignment, and `-o name|json|yaml`.
//! Real: pkg/printers/internalversion/printers.go, cli-runtime/pkg/printers/{tableprinter,tabwriter}.go @ v1.37.2.
//!
//! Pure: objects and an instant in, text out.

mod columns;
mod duration;
mod output;
pub mod pods;
mod rows;

use crate::model::*;

pub use duration::human_duration;
pub use output::{json, name, names, shown_at, yaml};
pub use rows::node_roles;

/// How a table is to look.
#[derive(Clone, Copy, Default, Debug)]
pub struct Options {
    /// `-o wide`: the further columns too.
    pub wide: bool,
    /// `-A`: a first column with the namespace.
    pub all_namespaces: bool,
    /// `--no-headers`.
    pub no_headers: bool,
    /// `--show-labels`: a last column with the labels.
    pub show_labels: bool,
    /// Names as `pod/web`, as kubectl does when it prints several kinds.
    pub with_kind: bool,
}

/// The table of objects of one kind, as `kubectl get` prints it at the instant `now`. Nothing if there is no object.
pub fn table(objects: &[&Object], options: Options, now: MicroTime) -> String {
    let Some(first) = objects.first() else { return String::new() };
    let (usual, further) = columns::of(first.kind());
    let mut titles: Vec<&str> = usual.to_vec();
    if options.wide && first.kind() == Kind::Event {
        titles = columns::EVENTS_WIDE.to_vec();
    } else if options.wide {
        titles.extend(further);
    }
    if options.all_namespaces && first.kind().scope() == Scope::Namespaced {
        titles.insert(0, "NAMESPACE");
    }
    if options.show_labels {
        titles.push("LABELS");
    }
    let rows = objects.iter().map(|object| {
        let mut cells = rows::cells(object, options.wide, now);
        if options.with_kind {
            cells[0] = name(object);
        }
        if options.all_namespaces && object.kind().scope() == Scope::Namespaced {
            cells.insert(0, object.meta.namespace.to_string());
        }
        if options.show_labels {
            cells.push(format_labels(&object.meta.labels));
        }
        cells
    });
    let header = (!options.no_headers).then(|| titles.iter().map(ToString::to_string).collect());
    align(header.into_iter().chain(rows).collect())
}

/// The tables of objects of any kinds: one after the other in order of first appearance, an empty line between.
pub fn tables(objects: &[&Object], options: Options, now: MicroTime) -> String {
    let mut groups: Vec<(&str, Vec<&Object>)> = Vec::new();
    for object in objects {
        match groups.iter_mut().find(|(kind, _)| *kind == object.kind_name()) {
            Some((_, group)) => group.push(object),
            None => groups.push((object.kind_name(), vec![object])),
        }
    }
    let options = Options { with_kind: options.with_kind || groups.len() > 1, ..options };
    let texts: Vec<String> = groups.iter().map(|(_, group)| table(group, options, now)).collect();
    texts.join("\n")
}

/// Columns as wide as their longest cell and three spaces, at least six; the last one is not padded.
pub fn align(rows: Vec<Vec<String>>) -> String {
    const WIDTH_MIN: usize = 6;
    const PADDING: usize = 3;
    let mut widths: Vec<usize> = Vec::new();
    for row in &rows {
        for (at, cell) in row.iter().enumerate() {
            let width = (cell.chars().count() + PADDING).max(WIDTH_MIN);
            match widths.get_mut(at) {
                Some(widest) => *widest = (*widest).max(width),
                None => widths.push(width),
            }
        }
    }
    let mut out = String::new();
    for row in &rows {
        for (at, cell) in row.iter().enumerate() {
            out.push_str(cell);
            if at + 1 < row.len() {
                out.extend(std::iter::repeat_n(' ', widths[at] - cell.chars().count()));
            }
        }
        out.push('\n');
    }
    out
}

/// `a=1,b=2`, or `<none>`.
pub fn format_labels(labels: &Labels) -> String {
    let pairs: Vec<String> = labels.iter().map(|(key, value)| format!("{key}={value}")).collect();
    if pairs.is_empty() { "<none>".into() } else { pairs.join(",") }
}

/// A label selector as text, or `<none>`.
pub fn format_selector(selector: Option<&LabelSelector>) -> String {
    match Selector::from_label_selector(selector) {
        Ok(parsed) if selector.is_some() && !parsed.is_everything() => parsed.to_string(),
        Ok(_) => "<none>".into(),
        Err(_) => "<error>".into(),
    }
}

/// How long ago something was, or `<unknown>`.
pub fn since(time: Option<Timestamp>, now: MicroTime) -> String {
    time.map_or("<unknown>".into(), |time| human_duration(now.0 - time.0 * 1_000_000))
}

#[cfg(test)]
mod tests;
