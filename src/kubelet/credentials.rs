//! Who may pull a private image: what the Secrets of a pod hold for a registry, what the registry says to them, and which pods may
//! use an image that others have pulled.
//! Real: pkg/credentialprovider/keyring.go, pkg/credentialprovider/secrets/secrets.go, pkg/kubelet/kuberuntime/kuberuntime_image.go,
//! pkg/kubelet/images/pullmanager (gate KubeletEnsureSecretPulledImages, on; policy NeverVerifyPreloadedImages) @ v1.37.2; what is
//! refused in what words: the resolver of containerd.

use super::behaviours::Private;
use super::environment::decode;
use super::worker::Kubelet;
use crate::base::collections::Map;
use crate::model::{Kind, Secret, Str};
use serde_json::Value;

/// One user of a registry, from a Secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Login {
    /// The Secret's uid, so that one with the same name made anew is another.
    secret: Str,
    username: String,
    password: String,
}

/// Who may use an image of a node, once it was pulled with a Secret; images that are not in it are for all.
#[derive(Default)]
pub(crate) struct Owners(Map<Str, Vec<Login>>);

impl Owners {
    /// An image was pulled; without any Secret it is for all pods from then on.
    pub fn pulled(&mut self, image: &Str, was_there: bool, with: Option<Login>) {
        match with {
            None => drop(self.0.remove(image)),
            Some(login) => match self.0.get_mut(image) {
                Some(known) if !known.contains(&login) => known.push(login),
                Some(_) => {}
                // An image for all stays so.
                None if was_there => {}
                None => drop(self.0.get_or_insert_with(image.clone(), || vec![login])),
            },
        }
    }

    /// An image has gone.
    pub fn forget(&mut self, image: &Str) {
        self.0.remove(image);
    }

    /// Whether a pod with these logins may use it: the same Secret, or one that says the same.
    fn allow(&self, image: &Str, logins: impl FnOnce() -> Vec<Login>) -> bool {
        let Some(known) = self.0.get(image) else { return true };
        let same = |a: &Login, b: &Login| a.secret == b.secret || (&a.username, &a.password) == (&b.username, &b.password);
        logins().iter().any(|login| known.iter().any(|owner| same(owner, login)))
    }
}

impl Kubelet<'_, '_> {
    /// Whether the pod may use an image that is on the node.
    pub fn may_use(&self, image: &Str) -> bool {
        self.node.owners.allow(image, || self.logins(image))
    }

    /// Secrets for pulls that the pod names and that are not there.
    pub fn missing_pull_secrets(&self) -> Vec<&str> {
        let names = self.pod.pod().spec.image_pull_secrets.iter().map(|wanted| wanted.name.as_str());
        names.filter(|name| !name.is_empty() && self.pull_secret(name).is_none()).collect()
    }

    fn pull_secret(&self, name: &str) -> Option<(Str, &Secret)> {
        let object = self.cx.view.find(Kind::Secret, &self.pod.object.meta.namespace, name)?;
        Some((object.meta.uid.clone(), object.as_secret()?))
    }

    /// What the pod's Secrets hold for the registry of an image: longer places first.
    fn logins(&self, image: &str) -> Vec<Login> {
        let mut found: Vec<(String, Login)> = Vec::new();
        for wanted in &self.pod.pod().spec.image_pull_secrets {
            let Some((uid, secret)) = self.pull_secret(&wanted.name) else { continue };
            let entries = entries(secret).into_iter().filter(|(place, ..)| covers(place, image));
            found.extend(entries.map(|(place, username, password)| (place, Login { secret: uid.clone(), username, password })));
        }
        found.sort_by(|a, b| b.0.cmp(&a.0));
        found.into_iter().map(|(_, login)| login).collect()
    }

    /// What a registry says to the pod: the login that it takes, if the pod has any, or why it refuses all.
    pub fn log_in(&self, image: &str) -> Result<Option<Login>, String> {
        let logins = self.logins(image);
        let Some(private) = self.shared.settings.behaviours.private(image) else { return Ok(logins.into_iter().next()) };
        if logins.is_empty() {
            return Err(refusal(image, None));
        }
        let fits = |login: &Login| match private {
            Private::AnyUser => !login.username.is_empty() && !login.password.is_empty(),
            Private::User { username, password } => (&login.username, &login.password) == (username, password),
        };
        let mut refusals: Vec<String> = Vec::new();
        for login in logins {
            if fits(&login) {
                return Ok(Some(login));
            }
            let text = refusal(image, Some(&login));
            if !refusals.contains(&text) {
                refusals.push(text);
            }
        }
        Err(if refusals.len() == 1 { refusals.remove(0) } else { format!("[{}]", refusals.join(", ")) })
    }
}

fn refusal(image: &str, login: Option<&Login>) -> String {
    let (registry, rest) = image.split_once('/').unwrap_or(("docker.io", image));
    let (name, tag) = rest.rsplit_once(':').unwrap_or((rest, "latest"));
    let why = match login.filter(|login| !login.username.is_empty() && !login.password.is_empty()) {
        Some(_) => format!("unexpected status from HEAD request to https://{registry}/v2/{name}/manifests/{tag}: 401 Unauthorized"),
        None => {
            "pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials"
                .into()
        }
    };
    format!("rpc error: code = Unknown desc = failed to pull and unpack image \"{image}\": failed to resolve reference \"{image}\": {why}")
}

/// Place, user and password of each entry of a Secret with docker's configuration.
fn entries(secret: &Secret) -> Vec<(String, String, String)> {
    let key = match &*secret.r#type {
        "kubernetes.io/dockerconfigjson" => ".dockerconfigjson",
        "kubernetes.io/dockercfg" => ".dockercfg",
        _ => return Vec::new(),
    };
    let Some(json) = secret.data.get(key).and_then(|text| serde_json::from_str::<Value>(&decode(text)).ok()) else { return Vec::new() };
    let auths = if key == ".dockercfg" { &json } else { &json["auths"] };
    let entry = |(place, entry): (&String, &Value)| {
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_string();
        let both = decode(&text("auth"));
        let (username, password) = match both.split_once(':') {
            Some((username, password)) => (username.to_string(), password.to_string()),
            None => (text("username"), text("password")),
        };
        (host_of(place), username, password)
    };
    auths.as_object().into_iter().flatten().map(entry).collect()
}

/// `https://registry.example/v2/team` as `registry.example/team`.
fn host_of(place: &str) -> String {
    let bare = place.strip_prefix("https://").or_else(|| place.strip_prefix("http://")).unwrap_or(place);
    let (host, path) = bare.split_once('/').unwrap_or((bare, ""));
    let path = path.strip_prefix("v1/").or_else(|| path.strip_prefix("v2/")).unwrap_or(path);
    if path.is_empty() { host.to_string() } else { format!("{host}/{path}") }
}

/// Whether a place such as `*.example/team` covers an image: part by part of the host, and by the path's beginning.
fn covers(place: &str, image: &str) -> bool {
    let name = image.split('@').next().unwrap_or(image);
    let (host, path) = name.split_once('/').filter(|(host, _)| host.contains(['.', ':'])).unwrap_or(("docker.io", name));
    let (wanted, prefix) = place.split_once('/').unwrap_or((place, ""));
    if host == "docker.io" && wanted == "index.docker.io" {
        return true;
    }
    let split = |host: &str| host.split_once(':').map_or((host.to_string(), String::new()), |(name, port)| (name.into(), port.into()));
    let ((host, port), (wanted, wanted_port)) = (split(host), split(wanted));
    let parts = |text: &str| text.split('.').map(str::to_string).collect::<Vec<_>>();
    let (host, wanted) = (parts(&host), parts(&wanted));
    let alike = |(wanted, part): (&String, &String)| super::behaviours::glob(wanted, part);
    port == wanted_port && host.len() == wanted.len() && wanted.iter().zip(&host).all(alike) && path.starts_with(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_cover_images_part_by_part() {
        let cases = [
            ("registry.example", "registry.example/shop:v1", true),
            ("https://registry.example/v2/", "registry.example/shop:v1", true),
            ("registry.example/team", "registry.example/team/shop:v1", true),
            ("registry.example/team", "registry.example/other:v1", false),
            ("*.example", "registry.example/shop", true),
            ("*.example", "a.registry.example/shop", false),
            ("registry.example:5000", "registry.example/shop", false),
            ("registry.example:5000", "registry.example:5000/shop", true),
            ("https://index.docker.io/v1/", "nginx:1", true),
            ("https://index.docker.io/v1/", "library/nginx", true),
            ("https://index.docker.io/v1/", "quay.io/nginx", false),
        ];
        for (place, image, want) in cases {
            assert_eq!(covers(&host_of(place), image), want, "{place} {image}");
        }
    }

    #[test]
    fn an_image_belongs_to_those_who_pulled_it() {
        let image: Str = "i".into();
        let login = |secret: &str, password: &str| Login { secret: secret.into(), username: "u".into(), password: password.into() };
        let mut owners = Owners::default();
        assert!(owners.allow(&image, Vec::new));
        owners.pulled(&image, false, Some(login("1", "a")));
        assert!(!owners.allow(&image, Vec::new));
        assert!(owners.allow(&image, || vec![login("1", "changed")]), "the same Secret");
        assert!(owners.allow(&image, || vec![login("2", "a")]), "the same content");
        assert!(!owners.allow(&image, || vec![login("2", "b")]));
        owners.pulled(&image, true, Some(login("2", "b")));
        assert!(owners.allow(&image, || vec![login("2", "b")]));
        owners.pulled(&image, true, None);
        assert!(owners.allow(&image, Vec::new) && !owners.0.contains_key(&image));
    }
}
