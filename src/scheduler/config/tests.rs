//! Configurations and what comes of them.

use super::*;
use serde_json::json;

fn read(mut body: Value) -> Result<SchedulerConfiguration, ConfigError> {
    body["apiVersion"] = API_VERSION.into();
    body["kind"] = KIND.into();
    SchedulerConfiguration::from_value(body)
}

fn error(body: Value) -> String {
    read(body).expect_err("the configuration is wrong").to_string()
}

/// A configuration of one profile with these plugins.
fn with_plugins(plugins: Value) -> Value {
    json!({"profiles": [{"schedulerName": "default-scheduler", "plugins": plugins}]})
}

fn with_args(plugin: &str, args: Value) -> Value {
    json!({"profiles": [{"schedulerName": "default-scheduler", "pluginConfig": [{"name": plugin, "args": args}]}]})
}

#[test]
fn the_default_profile_is_the_real_one() {
    let config = SchedulerConfiguration::default();
    assert_eq!((config.parallelism, config.percentage_of_nodes_to_score), (16, 0));
    assert_eq!((config.pod_initial_backoff, config.pod_max_backoff), (Span::from_s(1), Span::from_s(10)));
    let profile = config.profile("default-scheduler").expect("it is there");
    assert!(config.profile("other").is_none() && profile.has("NodePorts") && !profile.has("Nothing"));
    let lists = &profile.plugins;
    assert_eq!(lists.pre_enqueue, ["SchedulingGates", "DynamicResources", "DefaultPreemption"]);
    assert_eq!(lists.queue_sort, ["PrioritySort"]);
    let filters = "NodeName NodeUnschedulable TaintToleration NodeAffinity NodePorts NodeResourcesFit VolumeRestrictions NodeVolumeLimits \
                   VolumeBinding VolumeZone PodTopologySpread InterPodAffinity DynamicResources NodeDeclaredFeatures";
    assert_eq!(lists.filter.join(" "), filters);
    assert_eq!(lists.pre_filter, lists.filter);
    assert_eq!(lists.post_filter, ["DynamicResources", "DefaultPreemption"]);
    assert_eq!(lists.reserve, ["VolumeBinding", "DynamicResources"]);
    assert_eq!((lists.bind.as_slice(), lists.permit.len(), lists.post_bind.len()), (["DefaultBinder"].as_slice(), 0, 0));
    let scores: Vec<String> = lists.score.iter().map(|(name, weight)| format!("{name}={weight}")).collect();
    let expected = "TaintToleration=3 NodeAffinity=2 NodeResourcesFit=1 VolumeBinding=1 PodTopologySpread=2 InterPodAffinity=2 \
                    DynamicResources=2 NodeResourcesBalancedAllocation=1 ImageLocality=1";
    assert_eq!(scores.join(" "), expected);
}

#[test]
fn multi_point_replaces_in_place_and_points_go_before_it() {
    let plugins = json!({
        "multiPoint": {"enabled": [{"name": "NodeAffinity", "weight": 7}], "disabled": [{"name": "NodePorts"}]},
        "filter": {"enabled": [{"name": "NodeResourcesFit"}], "disabled": [{"name": "VolumeZone"}]},
        "score": {"enabled": [{"name": "ImageLocality", "weight": 9}], "disabled": [{"name": "*"}]},
    });
    let config = read(with_plugins(plugins)).unwrap();
    let lists = &config.profiles[0].plugins;
    assert_eq!(&lists.filter[..3], ["NodeResourcesFit", "NodeName", "NodeUnschedulable"]);
    assert!(!lists.filter.contains(&"NodePorts") && !lists.filter.contains(&"VolumeZone"));
    assert!(lists.pre_filter.contains(&"VolumeZone"));
    assert_eq!(lists.score, [("ImageLocality", 9)]);
    assert!(!lists.instances.contains(&"NodePorts"));
}

#[test]
fn a_plugin_named_only_at_a_point_comes_last() {
    let plugins = json!({
        "multiPoint": {"disabled": [{"name": "NodeName"}]},
        "filter": {"enabled": [{"name": "NodeName"}]},
    });
    let config = read(with_plugins(plugins)).unwrap();
    assert_eq!(config.profiles[0].plugins.filter.last(), Some(&"NodeName"));
    assert!(!config.profiles[0].plugins.pre_filter.contains(&"NodeName"));
}

#[test]
fn wrong_configurations_get_the_real_words() {
    for (body, message) in [
        (json!({"parallelism": 0}), "parallelism: Invalid value: 0: should be an integer value greater than zero"),
        (json!({"percentageOfNodesToScore": 101}), "percentageOfNodesToScore: Invalid value: 101: not in valid range [0-100]"),
        (
            json!({"podInitialBackoffSeconds": 0, "podMaxBackoffSeconds": -1}),
            "[podInitialBackoffSeconds: Invalid value: 0: must be greater than 0, podMaxBackoffSeconds: Invalid value: -1: must be greater \
             than or equal to PodInitialBackoffSeconds]",
        ),
        (
            json!({"profiles": [{"schedulerName": "a"}, {}, {"schedulerName": "a"}]}),
            "[profiles[1].schedulerName: Required value, profiles[2].schedulerName: Duplicate value: {}]",
        ),
        (
            json!({"profiles": [{"schedulerName": "a"}, {"schedulerName": "b", "plugins": {"queueSort": {"enabled": [{"name": "X"}]}}}]}),
            "profiles[1].plugins.queueSort: Invalid value: {\"Enabled\":[{\"Name\":\"X\",\"Weight\":0}],\"Disabled\":null}: must be the \
             same for all profiles",
        ),
        (
            with_plugins(json!({"score": {"enabled": [{"name": "EBSLimits"}]}})),
            "profiles[0].plugins.score.enabled[0]: Invalid value: \"EBSLimits\": was invalid in version \"v1\" \
             (KubeSchedulerConfiguration is version \"kubescheduler.config.k8s.io/v1\")",
        ),
        (
            json!({"leaderElection": {"resourceLock": "configmap"}}),
            "leaderElection.resourceLock: Invalid value: \"configmap\": resourceLock value must be \"leases\"",
        ),
        (
            with_args("DefaultPreemption", json!({"minCandidateNodesPercentage": 200})),
            "profiles[0].pluginConfig[0].args.minCandidateNodesPercentage: Invalid value: 200: not in valid range [0, 100]",
        ),
        (
            with_args("NodeResourcesFit", json!({"scoringStrategy": {"type": "Worst"}})),
            "initializing profiles: creating profile for scheduler name default-scheduler: initializing plugin \"NodeResourcesFit\": \
             scoringStrategy.type: Unsupported value: \"Worst\": supported values: \"LeastAllocated\", \"MostAllocated\", \
             \"RequestedToCapacityRatio\"",
        ),
        (
            with_args("PodTopologySpread", json!({"defaultConstraints": [{"maxSkew": 0, "whenUnsatisfiable": "Never"}]})),
            "[profiles[0].pluginConfig[0].args.defaultingType: Invalid value: \"System\": when .defaultConstraints are not empty, \
             profiles[0].pluginConfig[0].args.defaultConstraints[0].maxSkew: Invalid value: 0: not in valid range (0, inf), \
             profiles[0].pluginConfig[0].args.defaultConstraints[0].topologyKey: Required value: can not be empty, \
             profiles[0].pluginConfig[0].args.defaultConstraints[0].whenUnsatisfiable: Unsupported value: \"Never\": supported values: \
             \"DoNotSchedule\", \"ScheduleAnyway\"]",
        ),
        (
            with_plugins(json!({"filter": {"enabled": [{"name": "ImageLocality"}]}})),
            "initializing profiles: creating profile for scheduler name default-scheduler: plugin \"ImageLocality\" does not extend \
             FilterPlugin plugin",
        ),
        (
            with_plugins(json!({"multiPoint": {"enabled": [{"name": "Mine"}]}})),
            "initializing profiles: creating profile for scheduler name default-scheduler: PreFilterPlugin \"Mine\" does not exist",
        ),
        (
            with_plugins(json!({"queueSort": {"disabled": [{"name": "*"}]}})),
            "initializing profiles: creating profile for scheduler name default-scheduler: only one queue sort plugin required for \
             profile with scheduler name \"default-scheduler\", but got 0",
        ),
        (
            with_plugins(json!({"multiPoint": {"disabled": [{"name": "DefaultBinder"}]}})),
            "initializing profiles: creating profile for scheduler name default-scheduler: at least one bind plugin is needed for profile \
             with scheduler name \"default-scheduler\"",
        ),
    ] {
        assert_eq!(error(body), message);
    }
}

#[test]
fn strict_decoding_names_the_field() {
    assert_eq!(error(json!({"profile": []})), "strict decoding error: unknown field \"profile\"");
    let args = json!({"scoringStrategy": {"resources": [{"Name": "cpu", "Weight": 1}]}});
    let expected = "strict decoding error: decoding .profiles[0].pluginConfig[0]: strict decoding error: decoding args for plugin \
                    NodeResourcesFit: strict decoding error: unknown field \"scoringStrategy.resources[0].Name\", unknown field \
                    \"scoringStrategy.resources[0].Weight\"";
    assert_eq!(error(with_args("NodeResourcesFit", args)), expected);
    let expected = "decoding .profiles[0].pluginConfig[0]: args for plugin DefaultPreemption were not of type \
                    DefaultPreemptionArgs.kubescheduler.config.k8s.io, got InterPodAffinityArgs.kubescheduler.config.k8s.io";
    let args = json!({"apiVersion": API_VERSION, "kind": "InterPodAffinityArgs"});
    assert_eq!(error(with_args("DefaultPreemption", args)), expected);
    let other = json!({"apiVersion": "kubescheduler.config.k8s.io/v1beta3", "kind": KIND});
    assert!(SchedulerConfiguration::from_value(other).unwrap_err().to_string().starts_with("no kind \"KubeSchedulerConfiguration\""));
}

#[test]
fn extenders_and_gated_plugins_are_refused_clearly() {
    let extender = json!({"extenders": [{"urlPrefix": "http://x", "filterVerb": "filter"}]});
    assert_eq!(error(extender), "HTTP extenders are not simulated (extenders[0].urlPrefix is \"http://x\")");
    let two = json!({"extenders": [{"urlPrefix": "a", "bindVerb": "b"}, {"urlPrefix": "c", "bindVerb": "d"}]});
    let expected = "extenders: Invalid value: \"found 2 extenders implementing bind\": only one extender can implement bind";
    assert_eq!(error(two), expected);
    let gang = with_plugins(json!({"multiPoint": {"enabled": [{"name": "GangScheduling"}]}}));
    assert!(error(gang).ends_with("its feature gate GenericWorkload is off by default in Kubernetes 1.37"));
}

#[test]
fn arguments_are_defaulted() {
    let args = json!({"scoringStrategy": {"type": "MostAllocated", "resources": [{"name": "cpu"}]}, "ignoredResources": ["a.b/c"]});
    let config = read(with_args("NodeResourcesFit", args)).unwrap();
    let fit = &config.profiles[0].args.node_resources_fit;
    assert_eq!(fit.scoring_strategy.strategy, ScoringStrategyType::MostAllocated);
    assert_eq!(fit.scoring_strategy.resources, [ResourceSpec { name: "cpu".into(), weight: 1 }]);
    assert_eq!(config.profiles[0].args.volume_binding, VolumeBindingArgs::default());
    let config = read(with_args("Foreign", json!({"anything": true})));
    assert!(config.is_ok(), "arguments of unknown plugins are not read");
}

#[test]
fn yaml_and_json_read_the_same() {
    let yaml = "apiVersion: kubescheduler.config.k8s.io/v1\nkind: KubeSchedulerConfiguration\npodMaxBackoffSeconds: 20\n";
    let json = r#"{"apiVersion":"kubescheduler.config.k8s.io/v1","kind":"KubeSchedulerConfiguration","podMaxBackoffSeconds":20}"#;
    assert_eq!(SchedulerConfiguration::from_text(yaml), SchedulerConfiguration::from_text(json));
    assert!(SchedulerConfiguration::from_text(": :").is_err());
}
