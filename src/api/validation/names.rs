//! What names and ports may look like.
//! Real: apimachinery/pkg/util/validation/validation.go, apimachinery/pkg/api/validate/content @ v1.37.2.

use super::super::field::{FieldErrors, Path, invalid};
use crate::model::IntOrString;

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const LABEL_TEXT: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
const SUBDOMAIN_TEXT: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start \
                              and end with an alphanumeric character";
const LABEL_MAX: usize = 63;
const SUBDOMAIN_MAX: usize = 253;

fn too_long(max: usize) -> String {
    format!("must be no more than {max} bytes")
}

fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    matches!(bytes, [first, .., last] if alphanumeric(*first) && alphanumeric(*last)) && bytes.iter().all(|&b| alphanumeric(b) || b == b'-')
        || matches!(bytes, [only] if alphanumeric(*only))
}

fn is_subdomain(text: &str) -> bool {
    text.split('.').all(is_label)
}

/// Faults of a DNS label (RFC 1123).
pub fn dns_label(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if text.len() > LABEL_MAX {
        faults.push(too_long(LABEL_MAX));
    }
    if !is_label(text) {
        faults.push(if is_subdomain(text) {
            "must not contain dots".into()
        } else {
            format!("{LABEL_TEXT} (e.g. 'my-name',  or '123-abc', regex used for validation is '{LABEL}')")
        });
    }
    faults
}

/// Faults of a DNS subdomain (RFC 1123).
pub fn dns_subdomain(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if text.len() > SUBDOMAIN_MAX {
        faults.push(too_long(SUBDOMAIN_MAX));
    }
    if !is_subdomain(text) {
        faults.push(format!("{SUBDOMAIN_TEXT} (e.g. 'example.com', regex used for validation is '{LABEL}(\\.{LABEL})*')"));
    }
    faults
}

/// Faults of a key in a ConfigMap or Secret.
pub fn config_key(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if text.len() > SUBDOMAIN_MAX {
        faults.push(too_long(SUBDOMAIN_MAX));
    }
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) {
        faults.push(
            "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', \
             regex used for validation is '[-._a-zA-Z0-9]+')"
                .into(),
        );
    }
    match text {
        "." => faults.push("must not be '.'".into()),
        ".." => faults.push("must not be '..'".into()),
        _ if text.starts_with("..") => faults.push("must not start with '..'".into()),
        _ => {}
    }
    faults
}

/// Faults of the name of an environment variable.
pub fn env_name(text: &str) -> Option<&'static str> {
    let odd = text.chars().any(|c| !(' '..='~').contains(&c) || c == '=');
    odd.then_some("a valid environment variable name must consist only of printable ASCII characters other than '='")
}

/// Faults of a port's name.
pub fn port_name(text: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if text.len() > 15 {
        faults.push(too_long(15));
    }
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
        faults.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".into());
    }
    if !text.bytes().any(|b| b.is_ascii_lowercase()) {
        faults.push("must contain at least one letter (a-z)".into());
    }
    if text.contains("--") {
        faults.push("must not contain consecutive hyphens".into());
    }
    if text.starts_with('-') || text.ends_with('-') {
        faults.push("must not begin or end with a hyphen".into());
    }
    faults
}

/// Checks the number of a port.
pub fn port_number(port: i32, path: &Path, errors: &mut FieldErrors) {
    if !(1..=65535).contains(&port) {
        errors.push(invalid(path, &port, "must be between 1 and 65535, inclusive"));
    }
}

/// Checks a port given by number or name.
pub fn port(port: &IntOrString, path: &Path, errors: &mut FieldErrors) {
    match port {
        IntOrString::Int(number) => port_number(*number, path, errors),
        IntOrString::String(name) => each(port_name(name), name, path, errors),
    }
}

/// One error for each fault of a text.
pub fn each(faults: Vec<String>, text: &str, path: &Path, errors: &mut FieldErrors) {
    errors.extend(faults.into_iter().map(|fault| invalid(path, text, fault)));
}

/// Checks a number that may be a percentage.
pub fn int_or_percent(value: &IntOrString, path: &Path, errors: &mut FieldErrors) {
    match value {
        IntOrString::Int(number) => super::nonnegative(*number, path, errors),
        IntOrString::String(text) if percent(value).is_none() => {
            let fault = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for \
                         validation is '[0-9]+%')";
            errors.push(invalid(path, text, fault));
        }
        IntOrString::String(_) => {}
    }
}

/// The number before a percent sign.
pub fn percent(value: &IntOrString) -> Option<i64> {
    let IntOrString::String(text) = value else { return None };
    let digits = text.strip_suffix('%')?;
    (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())).then(|| digits.parse().unwrap_or(i64::MAX))
}

/// Checks that a percentage is at most the whole.
pub fn at_most_all(value: &IntOrString, path: &Path, errors: &mut FieldErrors) {
    if percent(value).is_some_and(|percent| percent > 100) {
        errors.push(invalid(path, value, "must not be greater than 100%"));
    }
}

/// Whether a number or percentage is zero.
pub fn is_zero(value: &IntOrString) -> bool {
    match value {
        IntOrString::Int(number) => *number == 0,
        IntOrString::String(_) => percent(value).unwrap_or(0) == 0,
    }
}
