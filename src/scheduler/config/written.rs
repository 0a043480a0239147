//! KubeSchedulerConfiguration (v1) as written, with its defaults.
//! Real: staging/src/k8s.io/kube-scheduler/config/v1/types.go, pkg/scheduler/apis/config/v1/defaults.go @ v1.37.2.

use super::args::{self, WrittenArgs};
use super::decode::{DecodeError, Fields, strict_error};
use super::plugins::{Plugin, PluginSet, PluginSets};
use super::points::Point;
use serde_json::Value;

/// Leader election, as far as it is validated.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct LeaderElection {
    pub leader_elect: bool,
    pub lease_duration_ns: i64,
    pub renew_deadline_ns: i64,
    pub retry_period_ns: i64,
    pub resource_lock: String,
    pub resource_name: String,
    pub resource_namespace: String,
}

/// An extender, as far as it is validated.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Extender {
    pub url_prefix: String,
    pub prioritize_verb: String,
    pub bind_verb: String,
    pub weight: i64,
    pub managed_resources: Vec<String>,
}

/// A profile as written.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct WrittenProfile {
    pub scheduler_name: Option<String>,
    pub percentage_of_nodes_to_score: Option<i32>,
    pub plugins: PluginSets,
    pub plugin_config: Vec<(String, WrittenArgs)>,
}

/// A configuration as written, defaulted.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct WrittenConfiguration {
    pub api_version: String,
    pub parallelism: i32,
    pub leader_election: LeaderElection,
    pub qps: f64,
    pub burst: i32,
    pub percentage_of_nodes_to_score: i32,
    pub pod_initial_backoff_seconds: i64,
    pub pod_max_backoff_seconds: i64,
    pub profiles: Vec<WrittenProfile>,
    pub extenders: Vec<Extender>,
}

/// Reads a document.
pub(super) fn read(value: Value) -> Result<WrittenConfiguration, DecodeError> {
    let mut unknown = Vec::new();
    let mut fields = Fields::top(value, super::KIND)?;
    let (api_version, kind) = (fields.text("apiVersion")?.unwrap_or_default(), fields.text("kind")?.unwrap_or_default());
    check_type(&api_version, &kind)?;
    let mut args_errors = Vec::new();
    let (qps, burst) = client_limits(&mut fields, &mut unknown)?;
    let out = WrittenConfiguration {
        parallelism: fields.int32("parallelism")?.unwrap_or(16),
        leader_election: leader_election(&mut fields, &mut unknown)?,
        qps,
        burst,
        percentage_of_nodes_to_score: fields.int32("percentageOfNodesToScore")?.unwrap_or(0),
        pod_initial_backoff_seconds: fields.int64("podInitialBackoffSeconds")?.unwrap_or(1),
        pod_max_backoff_seconds: fields.int64("podMaxBackoffSeconds")?.unwrap_or(10),
        profiles: profiles(&mut fields, &mut unknown, &mut args_errors)?,
        extenders: extenders(&mut fields, &mut unknown)?,
        api_version,
    };
    for flag in ["enableProfiling", "enableContentionProfiling", "delayCacheUntilActive"] {
        fields.flag(flag)?;
    }
    fields.finish(&mut unknown);
    strict_error(unknown)?;
    strict_error(args_errors)?;
    Ok(out)
}

fn check_type(api_version: &str, kind: &str) -> Result<(), DecodeError> {
    if kind.is_empty() {
        return Err("Object 'Kind' is missing".into());
    }
    if api_version.is_empty() {
        return Err("Object 'apiVersion' is missing".into());
    }
    if api_version == super::API_VERSION && kind == super::KIND {
        return Ok(());
    }
    let scheme = "pkg/scheduler/apis/config/scheme/scheme.go:30";
    Err(format!("no kind {kind:?} is registered for version {api_version:?} in scheme {scheme:?}"))
}

fn leader_election(fields: &mut Fields, unknown: &mut Vec<String>) -> Result<LeaderElection, DecodeError> {
    const S: i64 = 1_000_000_000;
    let mut out = LeaderElection {
        leader_elect: true,
        lease_duration_ns: 15 * S,
        renew_deadline_ns: 10 * S,
        retry_period_ns: 2 * S,
        resource_lock: "leases".into(),
        resource_name: "kube-scheduler".into(),
        resource_namespace: "kube-system".into(),
    };
    if let Some(mut own) = fields.object("leaderElection", "LeaderElectionConfiguration")? {
        let set = |text: Option<String>, default: &mut String| *default = text.filter(|t| !t.is_empty()).unwrap_or(default.clone());
        let set_ns = |ns: Option<i64>, default: &mut i64| *default = ns.filter(|ns| *ns != 0).unwrap_or(*default);
        out.leader_elect = own.flag("leaderElect")?.unwrap_or(true);
        set_ns(own.duration_ns("leaseDuration")?, &mut out.lease_duration_ns);
        set_ns(own.duration_ns("renewDeadline")?, &mut out.renew_deadline_ns);
        set_ns(own.duration_ns("retryPeriod")?, &mut out.retry_period_ns);
        set(own.text("resourceLock")?, &mut out.resource_lock);
        set(own.text("resourceName")?, &mut out.resource_name);
        set(own.text("resourceNamespace")?, &mut out.resource_namespace);
        own.finish(unknown);
    }
    Ok(out)
}

/// Requests a second and at once; 50 and 100 unless said otherwise.
fn client_limits(fields: &mut Fields, unknown: &mut Vec<String>) -> Result<(f64, i32), DecodeError> {
    let (mut qps, mut burst) = (0.0, 0);
    if let Some(mut own) = fields.object("clientConnection", "ClientConnectionConfiguration")? {
        for text in ["kubeconfig", "acceptContentTypes", "contentType"] {
            own.text(text)?;
        }
        (qps, burst) = (own.float32("qps")?.unwrap_or(0.0), own.int32("burst")?.unwrap_or(0));
        own.finish(unknown);
    }
    Ok((if qps == 0.0 { 50.0 } else { qps }, if burst == 0 { 100 } else { burst }))
}

fn profiles(fields: &mut Fields, unknown: &mut Vec<String>, args_errors: &mut Vec<String>) -> Result<Vec<WrittenProfile>, DecodeError> {
    let mut out = Vec::new();
    for (i, mut item) in fields.objects("profiles", "KubeSchedulerProfile")?.into_iter().enumerate() {
        let mut profile = WrittenProfile {
            scheduler_name: item.text("schedulerName")?,
            percentage_of_nodes_to_score: item.int32("percentageOfNodesToScore")?,
            ..WrittenProfile::default()
        };
        let plugins = match item.object("plugins", "Plugins")? {
            Some(own) => Some(plugin_sets(own, unknown)?),
            None => None,
        };
        profile.plugins = PluginSets::defaults().merge(plugins);
        for (j, mut config) in item.objects("pluginConfig", "PluginConfig")?.into_iter().enumerate() {
            let name = config.text("name")?.unwrap_or_default();
            let value = config.raw("args").unwrap_or(Value::Null);
            config.finish(unknown);
            let mut unknown_args = Vec::new();
            let place = format!("decoding .profiles[{i}].pluginConfig[{j}]");
            let read = args::read(&name, value, &mut unknown_args).map_err(|error| match error.starts_with("args for plugin") {
                true => format!("{place}: {error}"),
                false => format!("{place}: decoding args for plugin {name}: {error}"),
            })?;
            if let Err(error) = strict_error(unknown_args) {
                args_errors.push(format!("{place}: strict decoding error: decoding args for plugin {name}: {error}"));
            }
            profile.plugin_config.push((name, read));
        }
        item.finish(unknown);
        out.push(profile);
    }
    if out.is_empty() {
        out.push(WrittenProfile { plugins: PluginSets::defaults(), ..WrittenProfile::default() });
    }
    if let [only] = out.as_mut_slice() {
        only.scheduler_name.get_or_insert_with(|| super::DEFAULT_SCHEDULER_NAME.into());
    }
    Ok(out)
}

fn plugin_sets(mut fields: Fields, unknown: &mut Vec<String>) -> Result<PluginSets, DecodeError> {
    let mut out = PluginSets::default();
    let mut read = |fields: &mut Fields, key: &str| match fields.object(key, "PluginSet")? {
        Some(own) => plugin_set(own, unknown),
        None => Ok(PluginSet::default()),
    };
    out.multi_point = read(&mut fields, "multiPoint")?;
    for point in Point::ALL {
        out.at.insert(point, read(&mut fields, point.field())?);
    }
    for point in ["placementGenerate", "placementScore", "podGroupPostFilter"] {
        out.group_points.insert(point, read(&mut fields, point)?);
    }
    fields.finish(unknown);
    Ok(out)
}

fn plugin_set(mut fields: Fields, unknown: &mut Vec<String>) -> Result<PluginSet, DecodeError> {
    let mut list = |key| {
        let mut out = Vec::new();
        for mut item in fields.objects(key, "Plugin")? {
            out.push(Plugin { name: item.text("name")?.unwrap_or_default(), weight: item.int32("weight")?.unwrap_or(0) });
            item.finish(unknown);
        }
        Ok::<_, DecodeError>(out)
    };
    let set = PluginSet { enabled: list("enabled")?, disabled: list("disabled")? };
    fields.finish(unknown);
    Ok(set)
}

fn extenders(fields: &mut Fields, unknown: &mut Vec<String>) -> Result<Vec<Extender>, DecodeError> {
    let mut out = Vec::new();
    for mut item in fields.objects("extenders", "Extender")? {
        let mut managed_resources = Vec::new();
        for mut resource in item.objects("managedResources", "ExtenderManagedResource")? {
            managed_resources.push(resource.text("name")?.unwrap_or_default());
            resource.flag("ignoredByScheduler")?;
            resource.finish(unknown);
        }
        for text in ["filterVerb", "preemptVerb"] {
            item.text(text)?;
        }
        for flag in ["enableHTTPS", "nodeCacheCapable", "ignorable"] {
            item.flag(flag)?;
        }
        if let Some(mut tls) = item.object("tlsConfig", "ExtenderTLSConfig")? {
            tls.ignore_rest();
        }
        item.duration_ns("httpTimeout")?;
        out.push(Extender {
            url_prefix: item.text("urlPrefix")?.unwrap_or_default(),
            prioritize_verb: item.text("prioritizeVerb")?.unwrap_or_default(),
            bind_verb: item.text("bindVerb")?.unwrap_or_default(),
            weight: item.int64("weight")?.unwrap_or(0),
            managed_resources,
        });
        item.finish(unknown);
    }
    Ok(out)
}
