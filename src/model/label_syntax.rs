//! Which keys and values labels may have, with the API server's words for those they may not.
//! Real: staging/src/k8s.io/apimachinery/pkg/api/validate/content @ v1.37.2.

const PART_BYTES_MAX: usize = 63;
const PREFIX_BYTES_MAX: usize = 253;
const NAME_RULE: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE_RULE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
const SUBDOMAIN_RULE: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

/// Letters, digits and, within, `-`, `_`, `.`.
fn is_name(text: &str) -> bool {
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    edge(bytes.first()) && edge(bytes.last()) && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

fn is_subdomain(text: &str) -> bool {
    let good = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.split('.').all(|label| {
        let bytes = label.as_bytes();
        bytes.first().is_some_and(good) && bytes.last().is_some_and(good) && bytes.iter().all(|byte| good(byte) || *byte == b'-')
    })
}

/// What is wrong with the key of a label; nothing if it is good.
pub fn label_key_errors(key: &str) -> Vec<String> {
    let (prefix, name) = match key.split_once('/') {
        Some((_, name)) if name.contains('/') => {
            return vec![format!(
                "a valid label key {NAME_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
            )];
        }
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, key),
    };
    let mut errors = Vec::new();
    if let Some(prefix) = prefix {
        if prefix.is_empty() {
            errors.push("prefix part must be non-empty".to_owned());
        } else {
            if prefix.len() > PREFIX_BYTES_MAX {
                errors.push(format!("prefix part must be no more than {PREFIX_BYTES_MAX} bytes"));
            }
            if !is_subdomain(prefix) {
                errors.push(format!("prefix part {SUBDOMAIN_RULE}"));
            }
        }
    }
    if name.is_empty() {
        errors.push("name part must be non-empty".to_owned());
    } else if name.len() > PART_BYTES_MAX {
        errors.push(format!("name part must be no more than {PART_BYTES_MAX} bytes"));
    }
    if !is_name(name) {
        errors.push(format!("name part {NAME_RULE}"));
    }
    errors
}

/// What is wrong with the value of a label; nothing if it is good.
pub fn label_value_errors(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if value.len() > PART_BYTES_MAX {
        errors.push(format!("must be no more than {PART_BYTES_MAX} bytes"));
    }
    if !value.is_empty() && !is_name(value) {
        errors.push(VALUE_RULE.to_owned());
    }
    errors
}

/// What is wrong with a name that must be a DNS subdomain, as those of most objects; nothing if it is good.
pub fn subdomain_errors(name: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if name.len() > PREFIX_BYTES_MAX {
        errors.push(format!("must be no more than {PREFIX_BYTES_MAX} bytes"));
    }
    if !is_subdomain(name) {
        errors.push(SUBDOMAIN_RULE.to_owned());
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_are_checked() {
        let long = "a".repeat(64);
        for good in ["a", "A-b_c.9", "example.com/a", "a-b.c/X"] {
            assert_eq!(label_key_errors(good), Vec::<String>::new(), "{good}");
        }
        let bad = [("", 2), ("-a", 1), ("a b", 1), ("a/b/c", 1), ("/a", 1), ("Example.com/a", 1), ("a/", 2), (&long, 1), ("a..b/c", 1)];
        for (key, errors) in bad {
            assert_eq!(label_key_errors(key).len(), errors, "{key}: {:?}", label_key_errors(key));
        }
        for (value, errors) in [("", 0), ("a", 0), ("a_b", 0), ("a/b", 1), ("-", 1), (&long, 1)] {
            assert_eq!(label_value_errors(value).len(), errors, "{value}");
        }
        for (name, errors) in [("a", 0), ("a-1.b", 0), ("A", 1), ("a_b", 1), ("", 1), (&"a".repeat(254), 1)] {
            assert_eq!(subdomain_errors(name).len(), errors, "{name}");
        }
    }
}
