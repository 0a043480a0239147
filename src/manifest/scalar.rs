//! What an unquoted word of YAML means: kubectl reads YAML 1.1 words (`no` is false, `0644` is 420).
//! Real: go.yaml.in/yaml/v2 resolve.go and sigs.k8s.io/yaml yaml.go as used by kubectl @ v1.37.2.

use super::node::{Data, float};
use serde_json::Number;

/// The meaning of a plain (unquoted, untagged) word.
pub fn plain(word: &str) -> Data {
    match word {
        "" | "~" | "null" | "Null" | "NULL" => return Data::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Data::Bool(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => return Data::Bool(false),
        _ => {}
    }
    match word.as_bytes()[0] {
        b'.' | b'0'..=b'9' | b'+' | b'-' => number(word).map(Data::Number).unwrap_or_else(|| Data::Text(word.to_string())),
        _ => Data::Text(word.to_string()),
    }
}

/// Whether a word means infinity or not-a-number, which JSON cannot hold.
pub fn not_finite(word: &str) -> bool {
    matches!(word.trim_start_matches(['+', '-']), ".inf" | ".Inf" | ".INF") || matches!(word, ".nan" | ".NaN" | ".NAN")
}

fn number(word: &str) -> Option<Number> {
    if word.starts_with('.') {
        return go_float(word).and_then(float);
    }
    if is_date(word) {
        return None;
    }
    let plain = word.replace('_', "");
    if let Some(number) = integer(&plain) {
        return Some(number);
    }
    if !yaml_float(&plain) {
        return None;
    }
    go_float(&plain).and_then(float)
}

/// An integer with Go's prefixes: 0x, 0o, 0b, and a bare 0 for octal. Beyond 64 bits it is none.
fn integer(word: &str) -> Option<Number> {
    let (negative, digits) = match word.as_bytes().first()? {
        b'-' => (true, &word[1..]),
        b'+' => (false, &word[1..]),
        _ => (false, word),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, &lower[..]),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return None;
    }
    let value = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return 0i64.checked_sub_unsigned(value).map(Number::from);
    }
    // An explicit plus sign is for signed numbers only.
    if word.starts_with('+') && value > i64::MAX as u64 {
        return None;
    }
    Some(Number::from(value))
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn yaml_float(word: &str) -> bool {
    let word = word.strip_prefix(['-', '+']).unwrap_or(word);
    let (mantissa, exponent) = match word.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (word, None),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let sound = match mantissa.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && digits(fraction),
        Some((whole, fraction)) => digits(whole) && digits(fraction),
        None => !mantissa.is_empty() && digits(mantissa),
    };
    sound && exponent.is_none_or(|text| !text.is_empty() && digits(text))
}

fn go_float(word: &str) -> Option<f64> {
    word.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)).then(|| word.parse().ok()).flatten().filter(|v: &f64| v.is_finite())
}

/// Four digits and a dash begin a date, which stays text.
fn is_date(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() > 7 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-'
}

/// A number, truth value or text as a key of a JSON object; nothing for null.
pub fn key_text(data: &Data) -> Option<String> {
    match data {
        Data::Text(text) => Some(text.clone()),
        Data::Bool(value) => Some(value.to_string()),
        Data::Number(number) => Some(match number.as_f64() {
            Some(value) if number.is_f64() => format!("{}", value as f32),
            _ => number.to_string(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    #[test]
    fn words_mean_what_kubectl_reads() {
        let rows: &[(&str, Value)] = &[
            ("no", json!(false)),
            ("Yes", json!(true)),
            ("on", json!(true)),
            ("y", json!(true)),
            ("~", json!(null)),
            ("null", json!(null)),
            ("nULL", json!("nULL")),
            ("0644", json!(420)),
            ("0o17", json!(15)),
            ("0x1F", json!(31)),
            ("0b11", json!(3)),
            ("089", json!(89)),
            ("1_000", json!(1000)),
            ("+12", json!(12)),
            ("-12", json!(-12)),
            ("1e3", json!(1000)),
            ("1.0", json!(1)),
            ("1.50", json!(1.5)),
            (".5", json!(0.5)),
            ("1.2.3", json!("1.2.3")),
            ("100m", json!("100m")),
            ("12:30:45", json!("12:30:45")),
            ("2001-01-01", json!("2001-01-01")),
            ("18446744073709551615", json!(18446744073709551615u64)),
            ("-", json!("-")),
            ("1e", json!("1e")),
            ("<<", json!("<<")),
            ("0", json!(0)),
            ("-0", json!(0)),
            ("-9223372036854775808", json!(i64::MIN)),
            ("0_7", json!(7)),
            ("0777_0", json!(4088)),
            ("0x", json!("0x")),
            ("+0x10", json!(16)),
            ("-0b11", json!(-3)),
            ("0o8", json!("0o8")),
            ("08.5", json!(8.5)),
            ("6.", json!(6)),
            (".e1", json!(".e1")),
            ("+.5", json!(0.5)),
            ("1.e3", json!(1000)),
            ("1e-3", json!(0.001)),
            ("1e400", json!("1e400")),
            ("99999999999999999999", json!(1e20)),
            ("_1", json!("_1")),
            ("1_", json!(1)),
            ("2001-01-01T00:00:00Z", json!("2001-01-01T00:00:00Z")),
        ];
        for (word, value) in rows {
            let node = crate::manifest::Node { span: Default::default(), data: plain(word) };
            assert_eq!(node.to_value(), *value, "{word}");
        }
        assert!(not_finite("-.inf") && not_finite(".NaN") && !not_finite("inf"));
    }
}
