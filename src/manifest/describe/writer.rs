//! Text with tabs, laid out so that the cells of neighbouring lines align.
//! Real: Go's text/tabwriter as kubectl/pkg/describe uses it @ v1.37.2.

use crate::model::Labels;

/// Annotations longer than this go onto lines of their own and are cut.
const ANNOTATION_MAX: usize = 140;
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Collects lines with tabs.
#[derive(Default)]
pub struct Writer {
    done: String,
    open: String,
}

impl Writer {
    /// A line, indented by two spaces a level. The text may have tabs.
    pub fn line(&mut self, level: usize, text: impl AsRef<str>) {
        self.open.extend(std::iter::repeat_n("  ", level));
        self.open.push_str(text.as_ref());
        self.open.push('\n');
    }

    /// What follows is laid out by itself.
    pub fn flush(&mut self) {
        self.done.push_str(&tabbed(&self.open));
        self.open.clear();
    }

    /// The whole text.
    pub fn finish(mut self) -> String {
        self.flush();
        self.done
    }

    /// Labels, one a line.
    pub fn pairs(&mut self, title: &str, labels: &Labels) {
        self.list(title, labels.iter().map(|(key, value)| format!("{key}={value}")).collect());
    }

    /// A title and values below each other, or `<none>`.
    pub fn list(&mut self, title: &str, values: Vec<String>) {
        if values.is_empty() {
            self.line(0, format!("{title}:\t<none>"));
        }
        for (index, value) in values.iter().enumerate() {
            let head = if index == 0 { format!("{title}:") } else { String::new() };
            self.line(0, format!("{head}\t{value}"));
        }
    }

    /// Annotations, one a line, long ones below their key.
    pub fn annotations(&mut self, title: &str, annotations: &Labels) {
        let shown: Vec<_> = annotations.iter().filter(|(key, _)| &***key != LAST_APPLIED).collect();
        if shown.is_empty() {
            self.line(0, format!("{title}:\t<none>"));
        }
        for (index, (key, value)) in shown.into_iter().enumerate() {
            let head = if index == 0 { format!("{title}:") } else { String::new() };
            let value = value.strip_suffix('\n').unwrap_or(value);
            if key.len() + value.len() + 2 <= ANNOTATION_MAX && !value.contains('\n') {
                self.line(0, format!("{head}\t{key}: {value}"));
                continue;
            }
            self.line(0, format!("{head}\t{key}:"));
            for line in value.split('\n') {
                let cut: String = line.chars().take(ANNOTATION_MAX - 2).collect();
                let dots = if cut.len() < line.len() { "..." } else { "" };
                self.line(0, format!("\t  {cut}{dots}"));
            }
        }
    }
}

/// Lays out: in each run of lines that have a cell, the cell is as wide as the widest one and two spaces.
pub fn tabbed(text: &str) -> String {
    const PADDING: usize = 2;
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    let mut widths: Vec<Vec<usize>> = lines.iter().map(|cells| vec![0; cells.len() - 1]).collect();
    let columns = widths.iter().map(Vec::len).max().unwrap_or(0);
    for column in 0..columns {
        let mut from = 0;
        while from < lines.len() {
            let run = widths[from..].iter().take_while(|cells| cells.len() > column).count();
            let widest = lines[from..from + run].iter().map(|cells| cells[column].chars().count()).max().unwrap_or(0);
            widths[from..from + run].iter_mut().for_each(|cells| cells[column] = widest + PADDING);
            from += run.max(1);
        }
    }
    let mut out = String::with_capacity(text.len() * 2);
    for (cells, widths) in lines.iter().zip(&widths) {
        for (at, cell) in cells.iter().enumerate() {
            out.push_str(cell);
            if let Some(width) = widths.get(at) {
                out.extend(std::iter::repeat_n(' ', width - cell.chars().count()));
            }
        }
        out.push('\n');
    }
    out
}
