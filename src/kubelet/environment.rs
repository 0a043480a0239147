//! What a container's process finds around it: environment from literals, ConfigMaps, Secrets, fields, resources and Services,
//! and its command line. Real: makeEnvironmentVariables in pkg/kubelet/kubelet_pods.go, pkg/kubelet/envvars/envvars.go,
//! third_party/forked/golang/expansion, pkg/api/v1/resource/helpers.go @ v1.37.2.

use super::behaviours::Condition;
use super::pod::{self, Which};
use super::worker::Kubelet;
use crate::model::{Container as Spec, Kind, Labels, ObjectFieldSelector, ResourceFieldSelector, Service};
use std::collections::BTreeMap;

/// Names and texts.
pub(super) type Data = BTreeMap<String, String>;

impl Kubelet<'_, '_> {
    pub(super) fn config_map(&self, name: &str) -> Option<Data> {
        let object = self.cx.view.find(Kind::ConfigMap, &self.pod.object.meta.namespace, name)?;
        Some(object.as_config_map()?.data.clone())
    }

    pub(super) fn secret(&self, name: &str) -> Option<Data> {
        let object = self.cx.view.find(Kind::Secret, &self.pod.object.meta.namespace, name)?;
        let secret = object.as_secret()?;
        let mut data: Data = secret.data.iter().map(|(key, value)| (key.clone(), decode(value))).collect();
        data.extend(secret.string_data.clone());
        Some(data)
    }

    /// Whether the container's environment can be made; if not, why.
    pub fn check_config(&mut self, which: Which, number: i32) -> Result<(), String> {
        let spec = self.pod.pod().spec.clone();
        let container = pod::spec_of(&spec, which);
        let env = self.environment(container)?;
        self.note_env(&container.name, number, &env);
        Ok(())
    }

    /// The environment of a container; variables of Services only where anybody could see them.
    pub(super) fn environment(&self, container: &Spec) -> Result<Data, String> {
        let services = if self.services_matter(container) { self.services() } else { Data::new() };
        let mut env = Data::new();
        let namespace = &self.pod.object.meta.namespace;
        for from in &container.env_from {
            let (kind, name, optional, data) = match (&from.config_map_ref, &from.secret_ref) {
                (Some(source), _) => ("configmap", &source.name, source.optional, self.config_map(&source.name)),
                (_, Some(source)) => ("secret", &source.name, source.optional, self.secret(&source.name)),
                _ => continue,
            };
            match data {
                Some(data) => env.extend(data.into_iter().map(|(key, value)| (format!("{}{key}", from.prefix), value))),
                None if optional == Some(true) => {}
                None => return Err(format!("{kind} \"{name}\" not found")),
            }
        }
        for variable in &container.env {
            let mut value = expand(&variable.value, |name| env.get(name).or_else(|| services.get(name)));
            if let (true, Some(source)) = (variable.value.is_empty(), &variable.value_from) {
                let keyed = match (&source.config_map_key_ref, &source.secret_key_ref) {
                    (Some(key), _) => Some(("configmap", "ConfigMap", &key.name, &key.key, key.optional, self.config_map(&key.name))),
                    (_, Some(key)) => Some(("secret", "Secret", &key.name, &key.key, key.optional, self.secret(&key.name))),
                    _ => None,
                };
                if let Some((kind, title, name, key, optional, data)) = keyed {
                    let optional = optional == Some(true);
                    match data.as_ref().map(|data| data.get(key)) {
                        Some(Some(found)) => value = found.clone(),
                        _ if optional => continue,
                        None => return Err(format!("{kind} \"{name}\" not found")),
                        Some(None) => return Err(format!("couldn't find key {key} in {title} {namespace}/{name}")),
                    }
                } else if let Some(field) = &source.field_ref {
                    value = self.field(field);
                } else if let Some(field) = &source.resource_field_ref {
                    value = self.resource(container, field);
                }
            }
            env.insert(variable.name.clone(), value);
        }
        for (name, value) in services {
            env.entry(name).or_insert(value);
        }
        Ok(env)
    }

    /// Whether anything in the container's surroundings asks for variables of Services.
    fn services_matter(&self, container: &Spec) -> bool {
        let is_theirs = |text: &str| text.contains("_SERVICE_") || text.contains("_PORT");
        let asks = |text: &String| text.contains("$(") && is_theirs(text);
        let wanted = |condition: &Condition| matches!(condition, Condition::Env { name, .. } if is_theirs(name));
        container.env.iter().any(|variable| asks(&variable.value))
            || container.command.iter().chain(&container.args).any(asks)
            || container.volume_mounts.iter().any(|mount| asks(&mount.sub_path_expr))
            || self.shared.settings.behaviours.entries.iter().flat_map(|entry| &entry.when).any(wanted)
    }

    /// Where the Services of the namespace are, by environment variables; only a Service that was there before the container is.
    fn services(&self) -> Data {
        let mut all = Data::new();
        if self.pod.pod().spec.enable_service_links == Some(false) {
            return all;
        }
        for (_, object) in self.cx.view.list_in(Kind::Service, &self.pod.object.meta.namespace) {
            let Some(service) = object.as_service() else { continue };
            if !matches!(&*service.spec.cluster_ip, "" | "None") {
                add_service(&mut all, &object.meta.name, service);
            }
        }
        all
    }

    /// A field of the pod, as environment and files show it.
    pub(super) fn field(&self, field: &ObjectFieldSelector) -> String {
        let (meta, pod) = (&self.pod.object.meta, self.pod.pod());
        let path = field.field_path.as_str();
        let keyed = |prefix: &str, map: &Labels| {
            let key = path.strip_prefix(prefix)?.strip_suffix("']")?;
            Some(map.get(key).unwrap_or_default().to_string())
        };
        let all = |map: &Labels| map.iter().map(|(key, value)| format!("{key}={value:?}")).collect::<Vec<_>>().join("\n");
        match path {
            "metadata.name" => meta.name.to_string(),
            "metadata.namespace" => meta.namespace.to_string(),
            "metadata.uid" => meta.uid.to_string(),
            "metadata.labels" => all(&meta.labels),
            "metadata.annotations" => all(&meta.annotations),
            "spec.nodeName" => pod.node_name.to_string(),
            "spec.serviceAccountName" => pod.spec.service_account_name.clone(),
            "status.hostIP" | "status.hostIPs" => self.node.address.to_string(),
            "status.podIP" | "status.podIPs" => {
                let own = self.pod.sandboxes.last().map(|sandbox| sandbox.ip.clone()).filter(|ip| !ip.is_empty());
                own.unwrap_or_else(|| self.node.address.clone()).to_string()
            }
            _ => {
                keyed("metadata.labels['", &meta.labels).or_else(|| keyed("metadata.annotations['", &meta.annotations)).unwrap_or_default()
            }
        }
    }

    /// What a container may use or asks for, in units of the divisor, rounded up; without a limit, what its node has.
    pub(super) fn resource(&self, own: &Spec, field: &ResourceFieldSelector) -> String {
        let spec = &self.pod.pod().spec;
        let mut all = spec.containers.iter().chain(&spec.init_containers);
        let named = all.find(|container| container.name == field.container_name);
        let container = if field.container_name.is_empty() { own } else { named.unwrap_or(own) };
        let divisor = if field.divisor.milli_value() == 0 { 1_000 } else { field.divisor.milli_value() };
        let (list, key) = match field.resource.split_once('.') {
            Some(("limits", key)) => (&container.resources.limits, key),
            Some(("requests", key)) => (&container.resources.requests, key),
            _ => return String::new(),
        };
        let of_node = || self.node.allocatable.get(key).copied().filter(|_| field.resource.starts_with("limits."));
        let amount = list.get(key).copied().or_else(of_node).unwrap_or_default();
        let milli = i128::from(amount.milli_value());
        ((milli + i128::from(divisor) - 1) / i128::from(divisor)).to_string()
    }
}

/// The variables of one Service. Real: FromServices and makeLinkVariables.
fn add_service(all: &mut Data, name: &str, service: &Service) {
    let upper = |text: &str| text.replace('-', "_").to_uppercase();
    let (prefix, ip) = (upper(name), &service.spec.cluster_ip);
    let address = if ip.contains(':') { format!("[{ip}]") } else { ip.to_string() };
    all.insert(format!("{prefix}_SERVICE_HOST"), ip.clone());
    for (at, port) in service.spec.ports.iter().enumerate() {
        let number = port.port.to_string();
        let protocol = if port.protocol.is_empty() { "TCP" } else { &port.protocol };
        let url = format!("{}://{address}:{number}", protocol.to_lowercase());
        if at == 0 {
            all.insert(format!("{prefix}_SERVICE_PORT"), number.clone());
            all.insert(format!("{prefix}_PORT"), url.clone());
        }
        if !port.name.is_empty() {
            all.insert(format!("{prefix}_SERVICE_PORT_{}", upper(&port.name)), number.clone());
        }
        let link = format!("{prefix}_PORT_{number}_{}", protocol.to_uppercase());
        all.insert(format!("{link}_PROTO"), protocol.to_lowercase());
        all.insert(format!("{link}_PORT"), number);
        all.insert(format!("{link}_ADDR"), ip.clone());
        all.insert(link, url);
    }
}

/// Puts variables into `$(NAME)`; `$$` is a plain `$`; unknown names stay as they are.
pub(super) fn expand<'a>(text: &str, env: impl Fn(&str) -> Option<&'a String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(tail) = rest.strip_prefix('$') {
            out.push('$');
            rest = tail;
        } else if let Some((name, tail)) = rest.strip_prefix('(').and_then(|tail| tail.split_once(')')) {
            match env(name) {
                Some(value) => out.push_str(value),
                None => out.push_str(&format!("$({name})")),
            }
            rest = tail;
        } else {
            out.push('$');
        }
    }
    out + rest
}

/// Base 64 to text; what is no text is kept as it stands.
pub(super) fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0);
    for byte in text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=') {
        let six = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return text.to_string(),
        };
        bits = bits << 6 | u32::from(six);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_put_in_and_dollars_escaped() {
        let env = Data::from([("A".to_string(), "x".to_string())]);
        for (text, want) in [("$(A)b", "xb"), ("$$(A)", "$(A)"), ("$(B)", "$(B)"), ("$A $(A", "$A $(A"), ("a$", "a$")] {
            assert_eq!(expand(text, |name| env.get(name)), want, "{text}");
        }
    }

    #[test]
    fn secrets_are_decoded() {
        assert_eq!(decode("b2xk"), "old");
        assert_eq!(decode("bmV3ZXI="), "newer");
        assert_eq!(decode("?"), "?");
    }
}
