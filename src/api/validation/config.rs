//! ConfigMaps, Secrets, quotas.
//! Real: pkg/apis/core/validation/validation.go @ v1.37.2.

use super::super::field::{FieldErrors, Path, forbidden, invalid, required, too_long};
use super::names::{config_key, each};
use super::{containers, immutable};
use crate::model::*;
use std::collections::BTreeMap;

/// No ConfigMap or Secret may hold more.
const BYTES_MAX: usize = 1 << 20;

fn keys(data: &BTreeMap<String, String>, field: &str, errors: &mut FieldErrors) {
    for key in data.keys() {
        each(config_key(key), key, &Path::new(field).key(key), errors);
    }
}

fn frozen(was: Option<bool>, is: Option<bool>, fields: &[(&str, bool)], errors: &mut FieldErrors) {
    const TEXT: &str = "field is immutable when `immutable` is set";
    if was != Some(true) {
        return;
    }
    if is != Some(true) {
        errors.push(forbidden(&Path::new("immutable"), TEXT));
    }
    fields.iter().filter(|(_, changed)| *changed).for_each(|(field, _)| errors.push(forbidden(&Path::new(field), TEXT)));
}

/// Checks a ConfigMap.
pub fn config_map(map: &ConfigMap, old: Option<&ConfigMap>, errors: &mut FieldErrors) {
    if let Some(old) = old {
        let changed = [("data", map.data != old.data), ("binaryData", map.binary_data != old.binary_data)];
        frozen(old.immutable, map.immutable, &changed, errors);
    }
    keys(&map.data, "data", errors);
    for key in map.data.keys().filter(|key| map.binary_data.contains_key(*key)) {
        errors.push(invalid(&Path::new("data").key(key), key, "duplicate of key present in binaryData"));
    }
    keys(&map.binary_data, "binaryData", errors);
    let bytes = map.data.values().map(String::len).sum::<usize>() + map.binary_data.values().map(|text| text.len() / 4 * 3).sum::<usize>();
    if bytes > BYTES_MAX {
        errors.push(too_long(&Path::new(""), BYTES_MAX));
    }
}

/// Checks a Secret.
pub fn secret(meta: &Meta, secret: &Secret, old: Option<&Secret>, errors: &mut FieldErrors) {
    if let Some(old) = old {
        immutable(&secret.r#type, &old.r#type, &Path::new("type"), errors);
        frozen(old.immutable, secret.immutable, &[("data", secret.data != old.data)], errors);
    }
    keys(&secret.data, "data", errors);
    let data = Path::new("data");
    if secret.data.values().map(|text| text.len() / 4 * 3).sum::<usize>() > BYTES_MAX {
        errors.push(too_long(&data, BYTES_MAX));
    }
    let needed: &[&str] = match &*secret.r#type {
        "kubernetes.io/tls" => &["tls.crt", "tls.key"],
        "kubernetes.io/dockercfg" => &[".dockercfg"],
        "kubernetes.io/dockerconfigjson" => &[".dockerconfigjson"],
        "kubernetes.io/ssh-auth" => &["ssh-privatekey"],
        "kubernetes.io/basic-auth" if !secret.data.contains_key("username") && !secret.data.contains_key("password") => {
            &["username", "password"]
        }
        _ => &[],
    };
    needed.iter().filter(|key| !secret.data.contains_key(**key)).for_each(|key| errors.push(required(&data.key(key), "")));
    const ACCOUNT: &str = "kubernetes.io/service-account.name";
    if secret.r#type == "kubernetes.io/service-account-token" && meta.annotations.get(ACCOUNT).is_none_or(str::is_empty) {
        let path = Path::new("metadata");
        errors.push(required(&path.child("annotations").key(ACCOUNT), ""));
    }
}

/// Checks a ResourceQuota.
pub fn resource_quota(spec: &ResourceQuotaSpec, errors: &mut FieldErrors) {
    let path = Path::new("spec");
    let path = path.child("hard");
    for (name, amount) in &spec.hard {
        containers::amount_of(name, amount, &path.key(name), errors);
    }
}
