//! A scheduling policy: one that is shipped, by its name, or a KubeSchedulerConfiguration of one's own.

use super::fgd::run::Rule;
use crate::base::input_error::{InputError, did_you_mean};
use crate::manifest::Source;
use crate::scheduler::config::SchedulerConfiguration;

/// What decides where pods run.
#[derive(Clone, PartialEq, Debug)]
pub struct Policy {
    /// What tables call it.
    pub name: String,
    /// The scheduler's configuration.
    pub configuration: SchedulerConfiguration,
}

/// A shipped policy: its name and the profile.
struct Shipped {
    name: &'static str,
    profile: &'static str,
}

const SHIPPED: &[Shipped] = &[
    Shipped { name: "Default", profile: r#"{"plugins": {"multiPoint": {"enabled": [{"name": "GpuShare"}]}}}"# },
    Shipped {
        name: "LeastAllocated",
        profile: r#"{"pluginConfig": [{"name": "NodeResourcesFit", "args": {"scoringStrategy": {"type": "LeastAllocated"}}}],
            "plugins": {"multiPoint": {"enabled": [{"name": "GpuShare"}]},
                "score": {"disabled": [{"name": "*"}], "enabled": [{"name": "NodeResourcesFit"}]}}}"#,
    },
    Shipped {
        name: "MostAllocated",
        profile: r#"{"pluginConfig": [{"name": "NodeResourcesFit", "args": {"scoringStrategy": {"type": "MostAllocated"}}}],
            "plugins": {"multiPoint": {"enabled": [{"name": "GpuShare"}]},
                "score": {"disabled": [{"name": "*"}], "enabled": [{"name": "NodeResourcesFit"}]}}}"#,
    },
    Shipped {
        name: "RequestedToCapacityRatio",
        profile: r#"{"pluginConfig": [{"name": "NodeResourcesFit", "args": {"scoringStrategy": {"type": "RequestedToCapacityRatio",
                "requestedToCapacityRatio": {"shape": [{"utilization": 0, "score": 0}, {"utilization": 100, "score": 10}]}}}}],
            "plugins": {"multiPoint": {"enabled": [{"name": "GpuShare"}]},
                "score": {"disabled": [{"name": "*"}], "enabled": [{"name": "NodeResourcesFit"}]}}}"#,
    },
];

/// The profile of a policy whose plugin alone scores, all feasible nodes.
fn alone(plugin: &str) -> String {
    format!(
        r#"{{"percentageOfNodesToScore": 100, "plugins": {{"multiPoint": {{"enabled": [{{"name": "GpuShare"}}]}},
            "score": {{"disabled": [{{"name": "*"}}], "enabled": [{{"name": "{plugin}"}}]}},
            "preScore": {{"disabled": [{{"name": "*"}}], "enabled": [{{"name": "{plugin}"}}]}}}}}}"#
    )
}

impl Policy {
    /// Names of the shipped policies.
    pub fn names() -> Vec<&'static str> {
        SHIPPED.iter().map(|shipped| shipped.name).chain(Rule::ALL.iter().map(|(name, _)| *name)).collect()
    }

    /// A shipped policy.
    pub fn named(name: &str) -> Result<Policy, InputError> {
        if let Some(shipped) = SHIPPED.iter().find(|shipped| shipped.name == name) {
            return Ok(Policy { name: name.into(), configuration: configuration(shipped.profile) });
        }
        if Rule::named(name).is_some() {
            return Ok(Policy { name: name.into(), configuration: configuration(&alone(name)) });
        }
        let known = Policy::names();
        let mut hint = did_you_mean(name, known.iter().copied());
        if hint.is_empty() {
            hint = format!("shipped policies: {}; or the path of a KubeSchedulerConfiguration", known.join(", "));
        }
        Err(InputError::new(format!("there is no policy \"{name}\"")).with_hint(hint))
    }

    /// A policy by its name, or by the path of a KubeSchedulerConfiguration.
    pub fn find(word: &str) -> Result<Policy, InputError> {
        let is_path = word.contains(['/', '\\']) || [".yaml", ".yml", ".json"].iter().any(|ending| word.ends_with(ending));
        if !is_path {
            return Policy::named(word);
        }
        let source = Source::read(word, &mut std::io::empty())?;
        let configuration = SchedulerConfiguration::from_text(&source.text);
        let configuration = configuration.map_err(|error| InputError::new(error.to_string()).in_file(word))?;
        let stem = std::path::Path::new(word).file_stem().map(|stem| stem.to_string_lossy().into_owned());
        Ok(Policy { name: stem.unwrap_or_else(|| word.into()), configuration })
    }

    /// The rule of the experiment `fgd` that this policy is: that of the only plugin that scores.
    pub fn rule(&self) -> Option<Rule> {
        match self.configuration.profiles.as_slice() {
            [profile] => match profile.plugins.score.as_slice() {
                [(only, _)] => Rule::named(only),
                _ => None,
            },
            _ => None,
        }
    }
}

fn configuration(profile: &str) -> SchedulerConfiguration {
    let text =
        format!(r#"{{"apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration", "profiles": [{profile}]}}"#);
    SchedulerConfiguration::from_text(&text).expect("shipped policies are valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shipped_policies_are_found_and_others_are_guessed() {
        for name in Policy::names() {
            let policy = Policy::find(name).unwrap();
            assert_eq!((policy.name.as_str(), policy.rule()), (name, Rule::named(name)));
        }
        assert_eq!(
            Policy::named("BestFti").unwrap_err().to_string(),
            "error: there is no policy \"BestFti\"\n  hint: did you mean \"BestFit\"?"
        );
        assert!(Policy::find("nowhere/x.yaml").unwrap_err().to_string().contains("does not exist"));
    }
}
