//! A line cut into words as a shell cuts it: blanks separate, quotes and backslashes keep together. Nothing else of a shell.

use super::KubectlError;

/// A word and where it stands in the line.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Word {
    /// Without quotes.
    pub text: String,
    /// Where it begins, in bytes.
    pub at: usize,
    /// Its bytes in the line.
    pub width: usize,
}

/// No line may be longer.
const BYTES_MAX: usize = 1 << 20;

/// Cuts a line into words.
pub fn split(line: &str) -> Result<Vec<Word>, KubectlError> {
    if line.len() > BYTES_MAX {
        return Err(KubectlError::plain("the line is longer than a shell would take"));
    }
    let mut words = Vec::new();
    let mut word: Option<Word> = None;
    let mut quote: Option<(char, usize)> = None;
    let mut characters = line.char_indices();
    while let Some((at, c)) = characters.next() {
        match (quote, c) {
            (Some((open, _)), c) if c == open => quote = None,
            (Some(('\'', _)), c) => word.get_or_insert_default().text.push(c),
            (Some(_), '\\') => {
                // Between double quotes a backslash protects only what would mean something there.
                let (_, next) = characters.next().unwrap_or((at, '\\'));
                let text = &mut word.get_or_insert_default().text;
                if !"\"\\$`\n".contains(next) {
                    text.push('\\');
                }
                text.push(next);
            }
            (Some(_), c) => word.get_or_insert_default().text.push(c),
            (None, c) if c.is_whitespace() => finish(&mut words, &mut word, at),
            (None, c) => {
                let word = word.get_or_insert_with(|| Word { at, ..Word::default() });
                match c {
                    '"' | '\'' => quote = Some((c, at)),
                    '\\' => word.text.extend(characters.next().map(|(_, c)| c)),
                    '|' | '>' | '<' | ';' | '&' | '`' => {
                        let message = format!("\"{c}\" belongs to a shell: this is one kubectl command, without pipes or redirection");
                        return Err(KubectlError { message: format!("error: {message}"), at, width: 1, ..KubectlError::default() });
                    }
                    c => word.text.push(c),
                }
            }
        }
    }
    if let Some((open, at)) = quote {
        let message = format!("error: the quote {open} is never closed");
        return Err(KubectlError { message, at, width: 1, ..KubectlError::default() });
    }
    finish(&mut words, &mut word, line.len());
    Ok(words)
}

fn finish(words: &mut Vec<Word>, word: &mut Option<Word>, end: usize) {
    if let Some(mut word) = word.take() {
        word.width = end - word.at;
        words.push(word);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_a_shells() {
        for (line, wanted) in [
            ("scale  deploy/web --replicas=3 ", vec!["scale", "deploy/web", "--replicas=3"]),
            (r#"patch x -p '{"a": "b c"}'"#, vec!["patch", "x", "-p", r#"{"a": "b c"}"#]),
            (r#"a "b \"c\" \d" e\ f"#, vec!["a", r#"b "c" \d"#, "e f"]),
            ("a''b \"\"", vec!["ab", ""]),
            ("", vec![]),
        ] {
            let words: Vec<String> = split(line).unwrap().into_iter().map(|word| word.text).collect();
            assert_eq!(words, wanted, "{line}");
        }
        let second = &split("ab  'c d'").unwrap()[1];
        assert_eq!((second.at, second.width), (4, 5));
    }

    #[test]
    fn a_shell_is_not_there() {
        assert!(split("get pods | wc").unwrap_err().message.contains("without pipes"));
        assert_eq!(split("a 'b").unwrap_err().at, 2);
    }
}
