//! The text form of label selectors: `a=b,c!=d,e in (x,y),!f,g`.
//! Real: staging/src/k8s.io/apimachinery/pkg/labels/selector.go @ v1.37.2 (its grammar, quirks and error texts).

use super::*;
use std::str::FromStr;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Token {
    Word,
    In,
    NotIn,
    Open,
    Close,
    Comma,
    Not,
    Compare(Operator),
    Wrong,
    End,
}

fn special(text: &str) -> Option<Token> {
    Some(match text {
        "(" => Token::Open,
        ")" => Token::Close,
        "," => Token::Comma,
        "!" => Token::Not,
        "=" => Token::Compare(Operator::Equals),
        "==" => Token::Compare(Operator::DoubleEquals),
        "!=" => Token::Compare(Operator::NotEquals),
        ">" => Token::Compare(Operator::GreaterThan),
        "<" => Token::Compare(Operator::LessThan),
        _ => return None,
    })
}

/// Cuts the text into tokens; the last one is `End`.
fn tokens(text: &str) -> Vec<(Token, String)> {
    let is_special = |c: char| "=!(),><".contains(c);
    let is_space = |c: char| " \t\r\n".contains(c);
    let mut tokens = Vec::new();
    let mut left = text.trim_start_matches(is_space);
    while let Some(first) = left.chars().next() {
        let (token, len) = if is_special(first) {
            let run = left.find(|c| !is_special(c)).unwrap_or(left.len());
            // The longest known sign that the run begins with.
            match (1..=run.min(2)).rev().find_map(|len| Some((special(&left[..len])?, len))) {
                Some(found) => found,
                None => (Token::Wrong, run),
            }
        } else {
            let len = left.find(|c| is_special(c) || is_space(c)).unwrap_or(left.len());
            let word = match &left[..len] {
                "in" => Token::In,
                "notin" => Token::NotIn,
                _ => Token::Word,
            };
            (word, len)
        };
        let literal = &left[..len];
        tokens.push((token, if token == Token::Wrong { format!("error expected: keyword found '{literal}'") } else { literal.to_owned() }));
        left = left[len..].trim_start_matches(is_space);
    }
    tokens.push((Token::End, String::new()));
    tokens
}

struct Parser {
    tokens: Vec<(Token, String)>,
    at: usize,
}

/// `in` and `notin` are words like others where a key or a value is expected.
fn as_value(token: Token) -> Token {
    if matches!(token, Token::In | Token::NotIn) { Token::Word } else { token }
}

impl Parser {
    fn peek(&self) -> (Token, &str) {
        let (token, literal) = &self.tokens[self.at.min(self.tokens.len() - 1)];
        (as_value(*token), literal)
    }

    fn take_raw(&mut self) -> (Token, String) {
        let taken = self.tokens[self.at.min(self.tokens.len() - 1)].clone();
        self.at += 1;
        taken
    }

    fn take(&mut self) -> (Token, String) {
        let (token, literal) = self.take_raw();
        (as_value(token), literal)
    }

    fn selector(&mut self) -> Result<Vec<Requirement>, String> {
        let mut requirements = Vec::new();
        loop {
            match self.peek() {
                (Token::Word | Token::Not, _) => {}
                (Token::End, _) => return Ok(requirements),
                (_, literal) => return Err(format!("found '{literal}', expected: !, identifier, or 'end of string'")),
            }
            requirements.push(self.requirement().map_err(|error| format!("unable to parse requirement: {error}"))?);
            match self.take() {
                (Token::End, _) => return Ok(requirements),
                (Token::Comma, _) => match self.peek() {
                    (Token::Word | Token::Not, _) => {}
                    (_, literal) => return Err(format!("found '{literal}', expected: identifier after ','")),
                },
                (_, literal) => return Err(format!("found '{literal}', expected: ',' or 'end of string'")),
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let (mut token, mut key) = self.take();
        let negated = token == Token::Not;
        if negated {
            (token, key) = self.take();
        }
        if token != Token::Word {
            return Err(format!("found '{key}', expected: identifier"));
        }
        let wrong = label_key_errors(&key);
        if !wrong.is_empty() {
            return Err(format!("<nil>: Invalid value: {key:?}: {}", wrong.join("; ")));
        }
        const NONE: [&str; 0] = [];
        if negated {
            return Requirement::new(key, Operator::DoesNotExist, NONE);
        }
        if matches!(self.peek().0, Token::End | Token::Comma) {
            return Requirement::new(key, Operator::Exists, NONE);
        }
        match self.take_raw() {
            (Token::In, _) => Requirement::new(key, Operator::In, self.values()?),
            (Token::NotIn, _) => Requirement::new(key, Operator::NotIn, self.values()?),
            (Token::Compare(operator), _) => Requirement::new(key, operator, [self.exact_value()?]),
            (_, literal) => Err(format!("found '{literal}', expected: in, notin, =, ==, !=, gt, lt")),
        }
    }

    fn exact_value(&mut self) -> Result<String, String> {
        if matches!(self.peek().0, Token::End | Token::Comma) {
            return Ok(String::new());
        }
        match self.take() {
            (Token::Word, literal) => Ok(literal),
            (_, literal) => Err(format!("found '{literal}', expected: identifier")),
        }
    }

    /// A list in brackets. Nothing between two signs is the empty value.
    fn values(&mut self) -> Result<Vec<String>, String> {
        let (token, literal) = self.take();
        if token != Token::Open {
            return Err(format!("found '{literal}' expected: '('"));
        }
        match self.peek() {
            (Token::Close, _) => {
                self.take();
                return Ok(vec![String::new()]);
            }
            (Token::Word | Token::Comma, _) => {}
            (_, literal) => return Err(format!("found '{literal}', expected: ',', ')' or identifier")),
        }
        let mut values = std::collections::BTreeSet::new();
        loop {
            match self.take() {
                (Token::Word, literal) => {
                    values.insert(literal);
                    match self.peek() {
                        (Token::Comma, _) => {}
                        (Token::Close, _) => break,
                        (_, literal) => return Err(format!("found '{literal}', expected: ',' or ')'")),
                    }
                }
                (Token::Comma, _) => {
                    let next = self.peek().0;
                    if values.is_empty() || matches!(next, Token::Close | Token::Comma) {
                        values.insert(String::new());
                    }
                    if next == Token::Close {
                        break;
                    }
                }
                (_, literal) => return Err(format!("found '{literal}', expected: ',', or identifier")),
            }
        }
        self.take();
        Ok(values.into_iter().collect())
    }
}

impl FromStr for Selector {
    type Err = String;

    fn from_str(text: &str) -> Result<Selector, String> {
        Parser { tokens: tokens(text), at: 0 }.selector().map(Selector::of)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_read_and_printed() {
        let cases = [
            ("", ""),
            ("a=b", "a=b"),
            ("a==b , c!=d", "a==b,c!=d"),
            ("x in (c, a,b),y notin (z)", "x in (a,b,c),y notin (z)"),
            ("!f,g", "!f,g"),
            ("b,a", "a,b"),
            ("a=", "a="),
            ("a=,b", "a=,b"),
            ("in in (notin)", "in in (notin)"),
            ("a>5,b<6", "a>5,b<6"),
            ("x in ()", "x in ()"),
            ("x in (,a)", "x in (,a)"),
            ("x in (a,)", "x in (,a)"),
            ("x in (a,,b)", "x in (,a,b)"),
            ("\tk8s.io/a = b\n", "k8s.io/a=b"),
        ];
        for (text, want) in cases {
            assert_eq!(text.parse::<Selector>().map(|s| s.to_string()), Ok(want.to_owned()), "{text}");
        }
    }

    #[test]
    fn wrong_texts_are_refused_in_the_real_words() {
        let cases = [
            ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
            ("=a", "found '=', expected: !, identifier, or 'end of string'"),
            ("a,", "found '', expected: identifier after ','"),
            ("a=b c", "found 'c', expected: ',' or 'end of string'"),
            ("!", "unable to parse requirement: found '', expected: identifier"),
            ("a in b", "unable to parse requirement: found 'b' expected: '('"),
            ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
            ("a in (=", "unable to parse requirement: found '=', expected: ',', ')' or identifier"),
            ("a=(b)", "unable to parse requirement: found '(', expected: identifier"),
            ("a>b", "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer"),
        ];
        for (text, want) in cases {
            assert_eq!(text.parse::<Selector>().unwrap_err(), want, "{text}");
        }
        let error = "-a=b".parse::<Selector>().unwrap_err();
        assert!(error.starts_with("unable to parse requirement: <nil>: Invalid value: \"-a\": name part must consist of"), "{error}");
    }
}
