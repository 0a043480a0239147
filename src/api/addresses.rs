//! Cluster addresses and node ports of Services, allotted in order so that runs repeat.
//! Real: pkg/registry/core/service/{ipallocator,portallocator} @ v1.37.2 (which draw at random).

use crate::model::{Service, ServiceSpec};
use std::sync::Arc;

/// First address of the default service range 10.96.0.0/12 that is given out; .1 is `kubernetes`, .10 the DNS service.
const FIRST_ADDRESS: u32 = u32::from_be_bytes([10, 96, 0, 11]);
/// First of the default node ports 30000-32767.
const FIRST_PORT: i32 = 30_000;

/// What has been given out so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Addresses {
    addresses: u32,
    ports: i32,
}

impl Addresses {
    /// Completes a new Service: a cluster address unless it is headless or external, node ports where its type has them.
    pub fn complete(&mut self, service: &mut Service) {
        if service.spec.r#type == "ExternalName" {
            return;
        }
        let spec = Arc::make_mut(&mut service.spec);
        choose_families(spec);
        if spec.cluster_ip.is_empty() {
            spec.cluster_ip = std::net::Ipv4Addr::from(FIRST_ADDRESS + self.addresses).to_string();
            self.addresses += 1;
        }
        if spec.cluster_ips.is_empty() {
            spec.cluster_ips = vec![spec.cluster_ip.clone()];
        }
        if matches!(spec.r#type.as_str(), "NodePort" | "LoadBalancer") && spec.allocate_load_balancer_node_ports != Some(false) {
            for port in spec.ports.iter_mut().filter(|port| port.node_port == 0) {
                port.node_port = FIRST_PORT + self.ports;
                self.ports += 1;
            }
        }
    }
}

/// The cluster has IPv4 only; a headless Service without selector may have addresses of both families all the same.
fn choose_families(spec: &mut ServiceSpec) {
    let free = spec.cluster_ip == "None" && spec.selector.is_empty();
    let policy = spec.ip_family_policy.get_or_insert_with(|| if free { "RequireDualStack" } else { "SingleStack" }.into());
    let both = free && policy != "SingleStack";
    if spec.ip_families.is_empty() {
        spec.ip_families.push("IPv4".into());
    }
    if both && spec.ip_families.len() == 1 {
        let other = if spec.ip_families[0] == "IPv4" { "IPv6" } else { "IPv4" };
        spec.ip_families.push(other.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ServicePort;

    fn completed(addresses: &mut Addresses, spec: ServiceSpec) -> ServiceSpec {
        let mut service = Service { spec: Arc::new(spec), ..Service::default() };
        addresses.complete(&mut service);
        (*service.spec).clone()
    }

    #[test]
    fn families_are_those_of_a_cluster_with_ipv4() {
        let families = |cluster_ip: &str, selector: &[(&str, &str)]| {
            let selector = crate::model::Labels::from_pairs(selector.iter().copied());
            let spec =
                completed(&mut Addresses::default(), ServiceSpec { cluster_ip: cluster_ip.into(), selector, ..ServiceSpec::default() });
            (spec.ip_family_policy.unwrap(), spec.ip_families.join(" "))
        };
        assert_eq!(families("", &[]), ("SingleStack".into(), "IPv4".into()));
        assert_eq!(families("None", &[("app", "web")]), ("SingleStack".into(), "IPv4".into()));
        assert_eq!(families("None", &[]), ("RequireDualStack".into(), "IPv4 IPv6".into()));
    }

    #[test]
    fn each_service_has_an_address_of_its_own() {
        let mut addresses = Addresses::default();
        let first = completed(&mut addresses, ServiceSpec::default());
        let headless = completed(&mut addresses, ServiceSpec { cluster_ip: "None".into(), ..ServiceSpec::default() });
        let ports = vec![ServicePort { port: 80, ..ServicePort::default() }];
        let second = completed(&mut addresses, ServiceSpec { r#type: "NodePort".into(), ports, ..ServiceSpec::default() });
        assert_eq!((first.cluster_ip.as_str(), &first.cluster_ips[..]), ("10.96.0.11", &["10.96.0.11".to_string()][..]));
        assert_eq!(headless.cluster_ips, ["None"]);
        assert_eq!((second.cluster_ip.as_str(), second.ports[0].node_port), ("10.96.0.12", 30_000));
    }
}
