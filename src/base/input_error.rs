//! What a person got wrong in a file or on the command line: where it is, what it is, and how to put it right.

use std::fmt;

/// A fault in some input. `Display` shows the place, the line with a caret, and the hint.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct InputError {
    /// File as the user named it (`-` for standard input); empty if the input is no file.
    pub file: String,
    /// Line, from 1; 0 if the fault has no place.
    pub line: u32,
    /// Column in characters, from 1; 0 if only the line is known.
    pub column: u32,
    /// How many characters the caret covers (at least one is drawn).
    pub width: u32,
    /// What is wrong.
    pub message: String,
    /// How to put it right; empty if there is no guess.
    pub hint: String,
    /// The source line; empty if not at hand.
    pub source: String,
}

/// No more of a source line than this is shown.
const SHOWN_MAX: usize = 160;

impl InputError {
    /// A fault without a place.
    pub fn new(message: impl Into<String>) -> Self {
        InputError { message: message.into(), ..InputError::default() }
    }

    /// Says in which file.
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.file = file.into();
        self
    }

    /// Says where in the text, and keeps the source line. Line and column count from 1.
    pub fn at(mut self, text: &str, line: u32, column: u32, width: u32) -> Self {
        (self.line, self.column, self.width) = (line, column, width);
        self.source = text.lines().nth(line.saturating_sub(1) as usize).unwrap_or("").trim_end().to_string();
        self
    }

    /// Says how to put it right.
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

impl std::error::Error for InputError {}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut place = self.file.clone();
        for number in [self.line, self.column] {
            if number > 0 {
                if !place.is_empty() {
                    place.push(':');
                }
                place.push_str(&number.to_string());
            }
        }
        if place.is_empty() {
            write!(f, "error: {}", self.message)?;
        } else {
            write!(f, "error: {place}: {}", self.message)?;
        }
        if self.line == 0 || self.source.is_empty() {
            return if self.hint.is_empty() { Ok(()) } else { write!(f, "\n  hint: {}", self.hint) };
        }
        // A long line is cut around the fault.
        let column = (self.column.max(1) - 1) as usize;
        let from = if column >= SHOWN_MAX { column - SHOWN_MAX / 2 } else { 0 };
        let shown: String = self.source.chars().skip(from).take(SHOWN_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
        let number = self.line.to_string();
        let room = number.len().max(4);
        write!(f, "\n{number:>room$} | {shown}")?;
        if self.column > 0 {
            let left = (SHOWN_MAX - (column - from)).max(1);
            let carets = "^".repeat((self.width.max(1) as usize).min(left));
            write!(f, "\n{:room$} | {:pad$}{carets}", "", "", pad = column - from)?;
        }
        match (self.hint.is_empty(), self.column > 0) {
            (true, _) => Ok(()),
            (false, true) => write!(f, " {}", self.hint),
            (false, false) => write!(f, "\n{:room$} | hint: {}", "", self.hint),
        }
    }
}

/// The known word nearest to a mistyped one, if any is near enough to be meant.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let limit = (word.chars().count() / 3).max(1);
    let mut best: Option<(usize, &str)> = None;
    for candidate in known {
        let distance = distance(&lower, &candidate.to_lowercase());
        if distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// The hint `did you mean "x"?`, or nothing.
pub fn did_you_mean<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map(|found| format!("did you mean \"{found}\"?")).unwrap_or_default()
}

/// Edits (insert, delete, replace, swap of neighbours) between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows = [vec![0; b.len() + 1], (0..=b.len()).collect::<Vec<_>>(), vec![0; b.len() + 1]];
    for i in 1..=a.len() {
        rows[2][0] = i;
        for j in 1..=b.len() {
            let cost = usize::from(a[i - 1] != b[j - 1]);
            let mut least = (rows[1][j] + 1).min(rows[2][j - 1] + 1).min(rows[1][j - 1] + cost);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(rows[0][j - 2] + 1);
            }
            rows[2][j] = least;
        }
        rows.rotate_left(1);
    }
    rows[1][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_place_line_caret_and_hint() {
        let text = "a: 1\n  imge: foo\n";
        let error = InputError::new("unknown key \"imge\"").in_file("scenarios/x.yaml").at(text, 2, 3, 4);
        let error = error.with_hint(did_you_mean("imge", ["name", "image", "command"]));
        let want = "error: scenarios/x.yaml:2:3: unknown key \"imge\"\n   2 |   imge: foo\n     |   ^^^^ did you mean \"image\"?";
        assert_eq!(error.to_string(), want);
    }

    #[test]
    fn an_error_without_a_place_is_one_line_and_its_hint() {
        assert_eq!(InputError::new("no").to_string(), "error: no");
        assert_eq!(InputError::new("no").in_file("a").with_hint("yes").to_string(), "error: a: no\n  hint: yes");
    }

    #[test]
    fn a_long_line_is_cut_around_the_fault() {
        let text = format!("{}x{}", "a".repeat(5000), "b".repeat(5000));
        let shown = InputError::new("odd").at(&text, 1, 5001, 1).to_string();
        assert!(shown.len() < 500, "{shown}");
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[1].find('x'), lines[2].find('^'));
    }

    #[test]
    fn only_near_words_are_meant() {
        assert_eq!(nearest("contianers", ["containers", "volumes"]), Some("containers"));
        assert_eq!(nearest("Replicas", ["replicas"]), Some("replicas"));
        assert_eq!(nearest("xyz", ["replicas", "image"]), None);
    }
}
