//! What kube-scheduler refuses in a configuration, in its words.
//! Real: pkg/scheduler/apis/config/validation/{validation,validation_pluginargs}.go @ v1.37.2.

use super::args::{ResourceSpec, ScoringStrategyType, UtilizationShapePoint, WrittenArgs, WrittenFitArgs};
use super::plugins::PluginSets;
use super::written::{Extender, LeaderElection, WrittenConfiguration, WrittenProfile};
use crate::model::{NodeAffinity, NodeSelectorRequirement, NodeSelectorTerm, TopologySpreadConstraint};
use serde::Serialize;

/// Collects errors with their field paths.
#[derive(Default)]
struct Errors(Vec<String>);

impl Errors {
    fn body(&mut self, field: &str, body: String, detail: &str) {
        let tail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
        self.0.push(format!("{field}: {body}{tail}"));
    }

    fn invalid<T: Serialize + ?Sized>(&mut self, field: &str, value: &T, detail: &str) {
        self.body(field, format!("Invalid value: {}", shown(value)), detail);
    }

    fn duplicate<T: Serialize + ?Sized>(&mut self, field: &str, value: &T) {
        self.body(field, format!("Duplicate value: {}", shown(value)), "");
    }

    fn required(&mut self, field: &str, detail: &str) {
        self.body(field, "Required value".into(), detail);
    }

    fn forbidden(&mut self, field: &str, detail: &str) {
        self.body(field, "Forbidden".into(), detail);
    }

    fn not_supported(&mut self, field: &str, value: &str, supported: &[&str]) {
        let list: Vec<String> = supported.iter().map(|name| format!("{name:?}")).collect();
        self.body(field, format!("Unsupported value: {value:?}"), &format!("supported values: {}", list.join(", ")));
    }
}

fn shown<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

/// Several errors as one text: each once, in brackets if there is more than one.
fn aggregate(errors: Vec<String>) -> Result<(), String> {
    let mut seen: Vec<String> = Vec::with_capacity(errors.len());
    for error in errors {
        if !seen.contains(&error) {
            seen.push(error);
        }
    }
    match seen.len() {
        0 => Ok(()),
        1 => Err(seen.remove(0)),
        _ => Err(format!("[{}]", seen.join(", "))),
    }
}

/// Checks a whole configuration.
pub(super) fn validate(config: &WrittenConfiguration) -> Result<(), String> {
    let mut errors = Errors::default();
    if config.burst < 0 {
        errors.invalid("clientConnection.burst", &config.burst, "must be non-negative");
    }
    leader_election(&config.leader_election, &mut errors);
    if config.parallelism <= 0 {
        errors.invalid("parallelism", &config.parallelism, "should be an integer value greater than zero");
    }
    for (i, profile) in config.profiles.iter().enumerate() {
        let path = format!("profiles[{i}]");
        validate_profile(&path, &config.api_version, profile, &mut errors);
        if config.profiles[..i].iter().any(|other| other.scheduler_name == profile.scheduler_name) {
            // The real message shows a path object, whose fields are private: an empty JSON object.
            errors.duplicate(&format!("{path}.schedulerName"), &serde_json::json!({}));
        }
    }
    common_queue_sort(&config.profiles, &mut errors);
    percentage("percentageOfNodesToScore", Some(config.percentage_of_nodes_to_score), &mut errors);
    if config.pod_initial_backoff_seconds <= 0 {
        errors.invalid("podInitialBackoffSeconds", &config.pod_initial_backoff_seconds, "must be greater than 0");
    }
    if config.pod_max_backoff_seconds < config.pod_initial_backoff_seconds {
        let detail = "must be greater than or equal to PodInitialBackoffSeconds";
        errors.invalid("podMaxBackoffSeconds", &config.pod_max_backoff_seconds, detail);
    }
    extenders(&config.extenders, &mut errors);
    aggregate(errors.0)
}

fn leader_election(own: &LeaderElection, errors: &mut Errors) {
    if !own.leader_elect {
        return;
    }
    let duration = |ns: i64| {
        let text = crate::base::Span(ns.unsigned_abs()).to_string();
        if ns < 0 { format!("-{text}") } else { text }
    };
    for (name, ns) in
        [("leaseDuration", own.lease_duration_ns), ("renewDeadline", own.renew_deadline_ns), ("retryPeriod", own.retry_period_ns)]
    {
        if ns <= 0 {
            errors.invalid(&format!("leaderElection.{name}"), &duration(ns), "must be greater than zero");
        }
    }
    if own.lease_duration_ns <= own.renew_deadline_ns {
        let detail = "must be greater than `RenewDeadline`";
        errors.invalid("leaderElection.leaseDuration", &duration(own.renew_deadline_ns), detail);
    }
    if own.resource_lock != "leases" {
        errors.invalid("leaderElection.resourceLock", &own.resource_lock, "resourceLock value must be \"leases\"");
    }
}

fn percentage(path: &str, value: Option<i32>, errors: &mut Errors) {
    if let Some(value) = value.filter(|value| !(0..=100).contains(value)) {
        errors.invalid(path, &value, "not in valid range [0-100]");
    }
}

/// Plugins that older versions had.
const REMOVED_PLUGINS: [&str; 4] = ["AzureDiskLimits", "CinderLimits", "EBSLimits", "GCEPDLimits"];

fn removed(path: &str, name: &str, api_version: &str, errors: &mut Errors) -> bool {
    if !REMOVED_PLUGINS.contains(&name) {
        return false;
    }
    // The real list names the version by the core group's constant, which is plain "v1".
    let detail = format!("was invalid in version \"v1\" (KubeSchedulerConfiguration is version {api_version:?})");
    errors.invalid(path, name, &detail);
    true
}

fn validate_profile(path: &str, api_version: &str, profile: &WrittenProfile, errors: &mut Errors) {
    if profile.scheduler_name.as_deref().unwrap_or_default().is_empty() {
        errors.required(&format!("{path}.schedulerName"), "");
    }
    percentage(&format!("{path}.percentageOfNodesToScore"), profile.percentage_of_nodes_to_score, errors);
    plugin_names(path, api_version, &profile.plugins, errors);
    for (i, (name, args)) in profile.plugin_config.iter().enumerate() {
        let path = format!("{path}.pluginConfig[{i}]");
        if profile.plugin_config[..i].iter().any(|(other, _)| other == name) {
            errors.duplicate(&path, name);
        }
        if !removed(&path, name, api_version, errors) && !matches!(args, WrittenArgs::Fit(_)) {
            // NodeResourcesFit is checked only when the plugin is made, with paths that begin at its arguments.
            plugin_args(&format!("{path}.args."), args, errors);
        }
    }
}

fn plugin_names(path: &str, api_version: &str, sets: &PluginSets, errors: &mut Errors) {
    for (point, set) in &sets.at {
        for (i, plugin) in set.enabled.iter().enumerate() {
            removed(&format!("{path}.plugins.{}.enabled[{i}]", point.field()), &plugin.name, api_version, errors);
        }
    }
}

fn common_queue_sort(profiles: &[WrittenProfile], errors: &mut Errors) {
    let set = |profile: &WrittenProfile| profile.plugins.at.get(&super::points::Point::QueueSort).cloned().unwrap_or_default();
    let first = set(&profiles[0]);
    if first.enabled.len() > 1 {
        let detail = "only one queue sort plugin can be enabled";
        errors.invalid("profiles[0].plugins.queueSort.Enabled", &first.enabled.len(), detail);
    }
    for (i, profile) in profiles.iter().enumerate().skip(1) {
        let own = set(profile);
        if own != first {
            errors.invalid(&format!("profiles[{i}].plugins.queueSort"), &own, "must be the same for all profiles");
        }
    }
}

fn extenders(extenders: &[Extender], errors: &mut Errors) {
    let mut managed: Vec<&str> = Vec::new();
    for (i, extender) in extenders.iter().enumerate() {
        let path = format!("extenders[{i}]");
        if !extender.prioritize_verb.is_empty() && extender.weight <= 0 {
            errors.invalid(&format!("{path}.weight"), &extender.weight, "must have a positive weight applied to it");
        }
        for (j, name) in extender.managed_resources.iter().enumerate() {
            let path = format!("{path}.managedResources[{j}].name");
            if !name.contains('/') || name.starts_with("requests.") {
                errors.invalid(&path, name, "is an invalid extended resource name");
            }
            if managed.contains(&name.as_str()) {
                errors.invalid(&path, name, "duplicate extender managed resource name");
            }
            managed.push(name);
        }
    }
    let binders = extenders.iter().filter(|extender| !extender.bind_verb.is_empty()).count();
    if binders > 1 {
        errors.invalid("extenders", &format!("found {binders} extenders implementing bind"), "only one extender can implement bind");
    }
}

/// Checks what NodeResourcesFit checks when it is made.
pub(super) fn validate_fit(args: &WrittenFitArgs) -> Result<(), String> {
    let mut errors = Errors::default();
    fit(args, &mut errors);
    aggregate(errors.0)
}

/// Checks arguments; `path` ends in a dot.
fn plugin_args(path: &str, args: &WrittenArgs, errors: &mut Errors) {
    match args {
        WrittenArgs::DefaultPreemption(args) => {
            let (share, count) = (args.min_candidate_nodes_percentage, args.min_candidate_nodes_absolute);
            let (share_path, count_path) = (format!("{path}minCandidateNodesPercentage"), format!("{path}minCandidateNodesAbsolute"));
            if !(0..=100).contains(&share) {
                errors.invalid(&share_path, &share, "not in valid range [0, 100]");
            }
            if count < 0 {
                errors.invalid(&count_path, &count, "not in valid range [0, inf)");
            }
            if share == 0 && count == 0 {
                errors.invalid(&share_path, &share, "cannot be zero at the same time as minCandidateNodesAbsolute");
                errors.invalid(&count_path, &count, "cannot be zero at the same time as minCandidateNodesPercentage");
            }
        }
        WrittenArgs::InterPodAffinity(args) if !(0..=100).contains(&args.hard_pod_affinity_weight) => {
            errors.invalid(&format!("{path}hardPodAffinityWeight"), &args.hard_pod_affinity_weight, "not in valid range [0, 100]");
        }
        WrittenArgs::NodeAffinity(args) => {
            if let Some(affinity) = &args.added_affinity {
                added_affinity(&format!("{path}addedAffinity"), affinity, errors);
            }
        }
        WrittenArgs::Balanced(args) => {
            for (i, resource) in args.resources.iter().enumerate() {
                if args.resources[..i].iter().any(|other| other.name == resource.name) {
                    errors.duplicate(&format!("{path}resources[{i}].name"), &resource.name);
                }
                if resource.weight != 1 {
                    errors.invalid(&format!("{path}resources[{i}].weight"), &resource.weight, "must be 1");
                }
            }
        }
        WrittenArgs::PodTopologySpread { default_constraints, defaulting_type } => {
            topology_spread(path, default_constraints, defaulting_type, errors);
        }
        WrittenArgs::VolumeBinding(args) => {
            if args.bind_timeout_seconds < 0 {
                let detail = "invalid BindTimeoutSeconds, should not be a negative value";
                errors.invalid(&format!("{path}bindTimeoutSeconds"), &args.bind_timeout_seconds, detail);
            }
            function_shape(&args.shape, &format!("{path}shape"), errors);
        }
        WrittenArgs::DynamicResources(args) => {
            let text = |ns: i64| format!("{}{}", if ns < 0 { "-" } else { "" }, crate::base::Span(ns.unsigned_abs()));
            if args.filter_timeout_ns < 0 {
                errors.invalid(&format!("{path}filterTimeout"), &text(args.filter_timeout_ns), "must be zero or positive");
            }
            if args.binding_timeout_ns < 1_000_000_000 {
                errors.invalid(&format!("{path}bindingTimeout"), &text(args.binding_timeout_ns), "must be at least 1 second");
            }
        }
        WrittenArgs::Fgd(args) => {
            for (i, pod) in args.typical_pods.iter().enumerate() {
                let sound = pod.cpu_milli >= 0 && pod.gpus >= 0 && (0..=1000).contains(&pod.gpu_milli) && pod.weight.is_finite();
                if !sound || pod.weight < 0.0 {
                    errors.invalid(&format!("{path}typicalPods[{i}]"), &i, "amounts must not be negative, gpuMilli not above 1000");
                }
            }
        }
        WrittenArgs::Fit(_) | WrittenArgs::InterPodAffinity(_) | WrittenArgs::Random(_) | WrittenArgs::Unknown(_) => {}
    }
}

fn fit(args: &WrittenFitArgs, errors: &mut Errors) {
    for (i, name) in args.ignored_resources.iter().enumerate() {
        label_name(&format!("ignoredResources[{i}]"), name, errors);
    }
    for (i, group) in args.ignored_resource_groups.iter().enumerate() {
        let path = format!("ignoredResourceGroups[{i}]");
        if group.contains('/') {
            errors.invalid(&path, group, "resource group name can't contain '/'");
        }
        label_name(&path, group, errors);
    }
    let strategy = ScoringStrategyType::parse(&args.strategy);
    if strategy.is_none() {
        errors.not_supported("scoringStrategy.type", &args.strategy, &ScoringStrategyType::NAMES);
    }
    for (i, ResourceSpec { name, weight }) in args.resources.iter().enumerate() {
        if !(1..=100).contains(weight) {
            let detail = format!("resource weight of {name} not in valid range (0, 100]");
            errors.invalid(&format!("scoringStrategy.resources[{i}].weight"), weight, &detail);
        }
    }
    let path = "scoringStrategy.requestedToCapacityRatio";
    match (&args.shape, strategy == Some(ScoringStrategyType::RequestedToCapacityRatio)) {
        (None, true) => errors.required(path, "must be specified when type is RequestedToCapacityRatio"),
        (Some(shape), true) => function_shape(shape, &format!("{path}.shape"), errors),
        (Some(_), false) => errors.forbidden(path, "must be nil when type is not RequestedToCapacityRatio"),
        (None, false) => {}
    }
}

fn function_shape(shape: &[UtilizationShapePoint], path: &str, errors: &mut Errors) {
    if shape.is_empty() {
        return errors.required(path, "at least one point must be specified");
    }
    if let Some(i) = (1..shape.len()).find(|&i| shape[i - 1].utilization >= shape[i].utilization) {
        let detail = "values must be sorted in increasing order";
        errors.invalid(&format!("{path}[{i}].utilization"), &shape[i].utilization, detail);
    }
    for (i, point) in shape.iter().enumerate() {
        if !(0..=100).contains(&point.utilization) {
            errors.invalid(&format!("{path}[{i}].utilization"), &point.utilization, "not in valid range [0, 100]");
        }
        if !(0..=10).contains(&point.score) {
            errors.invalid(&format!("{path}[{i}].score"), &point.score, "not in valid range [0, 10]");
        }
    }
}

fn topology_spread(path: &str, constraints: &[TopologySpreadConstraint], defaulting_type: &str, errors: &mut Errors) {
    let type_path = format!("{path}defaultingType");
    match defaulting_type {
        "System" if !constraints.is_empty() => {
            errors.invalid(&type_path, defaulting_type, "when .defaultConstraints are not empty");
        }
        "System" | "List" => {}
        other => errors.not_supported(&type_path, other, &["System", "List"]),
    }
    for (i, constraint) in constraints.iter().enumerate() {
        let path = format!("{path}defaultConstraints[{i}]");
        if constraint.max_skew <= 0 {
            errors.invalid(&format!("{path}.maxSkew"), &constraint.max_skew, "not in valid range (0, inf)");
        }
        let key_path = format!("{path}.topologyKey");
        match constraint.topology_key.is_empty() {
            true => errors.required(&key_path, "can not be empty"),
            false => label_name(&key_path, &constraint.topology_key, errors),
        }
        let action_path = format!("{path}.whenUnsatisfiable");
        match constraint.when_unsatisfiable.as_str() {
            "" => errors.required(&action_path, "can not be empty"),
            "DoNotSchedule" | "ScheduleAnyway" => {}
            other => errors.not_supported(&action_path, other, &["DoNotSchedule", "ScheduleAnyway"]),
        }
        if constraint.label_selector.is_some() {
            let detail = "constraint must not define a selector, as they deduced for each pod";
            errors.forbidden(&format!("{path}.labelSelector"), detail);
        }
        let same = |other: &TopologySpreadConstraint| {
            other.topology_key == constraint.topology_key && other.when_unsatisfiable == constraint.when_unsatisfiable
        };
        if constraints[..i].iter().any(same) {
            errors.duplicate(&path, &format!("{{{}, {}}}", constraint.topology_key, constraint.when_unsatisfiable));
        }
    }
}

fn added_affinity(path: &str, affinity: &NodeAffinity, errors: &mut Errors) {
    if let Some(selector) = &affinity.required_during_scheduling_ignored_during_execution {
        let path = format!("{path}.requiredDuringSchedulingIgnoredDuringExecution");
        for (i, term) in selector.node_selector_terms.iter().enumerate() {
            selector_term(&format!("{path}.nodeSelectorTerms[{i}]"), term, errors);
        }
    }
    let path = format!("{path}.preferredDuringSchedulingIgnoredDuringExecution");
    for (i, term) in affinity.preferred_during_scheduling_ignored_during_execution.iter().enumerate() {
        if term.weight != 0 {
            selector_term(&format!("{path}[{i}]"), &term.preference, errors);
        }
    }
}

fn selector_term(path: &str, term: &NodeSelectorTerm, errors: &mut Errors) {
    for (i, requirement) in term.match_expressions.iter().enumerate() {
        expression(&format!("{path}.matchExpressions[{i}]"), requirement, errors);
    }
    for (i, requirement) in term.match_fields.iter().enumerate() {
        let path = format!("{path}.matchFields[{i}]");
        match requirement.operator.as_str() {
            "In" | "NotIn" if requirement.values.len() == 1 => {}
            "In" | "NotIn" => errors.invalid(&format!("{path}.values"), &requirement.values, "must have one element"),
            other => errors.not_supported(&format!("{path}.operator"), other, &["In", "NotIn"]),
        }
    }
}

fn expression(path: &str, requirement: &NodeSelectorRequirement, errors: &mut Errors) {
    let values = &requirement.values;
    let values_path = format!("{path}.values");
    let operators = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];
    let operator = requirement.operator.as_str();
    if !operators.contains(&operator) {
        return errors.not_supported(&format!("{path}.operator"), operator, &operators);
    }
    label_name(&format!("{path}.key"), &requirement.key, errors);
    match operator {
        "In" | "NotIn" if values.is_empty() => {
            errors.invalid(&values_path, values, "for 'in', 'notin' operators, values set can't be empty");
        }
        "Exists" | "DoesNotExist" if !values.is_empty() => {
            errors.invalid(&values_path, values, "values set must be empty for exists and does not exist");
        }
        "Gt" | "Lt" => {
            if values.len() != 1 {
                errors.invalid(&values_path, values, "for 'Gt', 'Lt' operators, exactly one value is required");
            }
            for (i, value) in values.iter().enumerate().filter(|(_, value)| value.parse::<i64>().is_err()) {
                let detail = "for 'Gt', 'Lt' operators, the value must be an integer";
                errors.invalid(&format!("{values_path}[{i}]"), value, detail);
            }
        }
        _ => {}
    }
}

/// A label key: an optional DNS prefix, a slash, a name of up to 63 letters.
fn label_name(path: &str, name: &str, errors: &mut Errors) {
    let form = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character \
                (e.g. 'MyName', or 'my.name', or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    // Go's list of examples has a comma and two blanks before each "or".
    let form = form.replace(", or", ",  or");
    let (prefix, own) = match name.split_once('/') {
        Some((_, own)) if own.contains('/') => {
            let tail = " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            return errors.invalid(path, name, &format!("a valid label key {form}{tail}"));
        }
        Some((prefix, own)) => (Some(prefix), own),
        None => (None, name),
    };
    if prefix == Some("") {
        errors.invalid(path, name, "prefix part must be non-empty");
    } else if !prefix.is_none_or(is_dns_subdomain) {
        let detail = "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must \
                      start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is \
                      '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
        errors.invalid(path, name, detail);
    }
    if own.is_empty() {
        errors.invalid(path, name, "name part must be non-empty");
    } else if own.len() > 63 {
        errors.invalid(path, name, "name part must be no more than 63 bytes");
    }
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    if !(own.chars().all(inner) && edge(own.chars().next()) && edge(own.chars().last())) {
        errors.invalid(path, name, &format!("name part {form}"));
    }
}

fn is_dns_subdomain(text: &str) -> bool {
    let lower = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let part = |part: &str| {
        part.chars().all(|c| lower(c) || c == '-') && part.chars().next().is_some_and(lower) && part.chars().last().is_some_and(lower)
    };
    text.len() <= 253 && text.split('.').all(part)
}
