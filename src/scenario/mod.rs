//! The scenario file: one file tells the whole story. Read strictly, with the place of every fault, and compiled into what a
//! run needs: a cluster, manifests, behaviours, timed intents and expectations. Nothing here takes part in the run itself
//! except the [`director`] (who makes things happen) and the expectations' observer.
//!
//! All files are read while loading; afterwards a [`Scenario`] is plain data.

pub mod director;
pub mod expect;
pub mod expressions;
pub mod judge;

mod canonical;
mod cluster;
mod containers;
mod defaults;
mod fault_steps;
mod fields;
mod gates;
mod load;
mod manifests;
mod objects;
mod overrides;
mod read;
mod schema;
mod submitter;
mod timeline;
mod traces;
mod workload;

use crate::actor::Clock;
use crate::base::input_error::InputError;
use crate::base::{Dist, Seed, Span, Time};
use crate::controllers::settings::ControllerManager;
use crate::faults::{Fault, Options, Target};
use crate::kubectl;
use crate::kubelet::behaviours::Behaviours;
use crate::kubelet::settings as kubelet;
use crate::model::Object;
use crate::network::{self, Load};
use crate::scheduler::config::SchedulerConfiguration;
use crate::sim::Latency;
use expressions::Expression;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::Arc;

pub use crate::kubectl::Manifest;
pub use defaults::{Default, show_defaults};
pub use objects::initial_objects;
pub use read::KEYS;
pub use schema::json_schema;
pub use submitter::Submitter;
pub use workload::{Fgd, Generated, Workload};

/// Group and version of scenario files.
pub const API_VERSION: &str = "kubesim/v1alpha1";
/// Kind of scenario files.
pub const KIND: &str = "Scenario";

/// What the command line adds to a scenario file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Overrides {
    /// `--set path=value`, such as `cluster.nodes[0].count=5`, in order.
    pub set: Vec<String>,
    /// `-f`: further manifests, after the scenario's own; relative to the working directory, `-` is standard input.
    pub manifests: Vec<String>,
    /// `--seed`.
    pub seed: Option<u64>,
    /// `--until`: the run ends then, instead of at the scenario's `duration`.
    pub until: Option<Span>,
}

/// A scenario, checked and complete.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The file, as the user named it.
    pub file: String,
    /// Name: folder of the reports.
    pub name: String,
    /// What the scenario is to find out; may be empty.
    pub question: String,
    /// What a reader should know beforehand, or look at; may be empty.
    pub text: String,
    /// Seed of all randomness.
    pub seed: Seed,
    /// Wall-clock time at the start.
    pub clock: Clock,
    /// How long the run lasts.
    pub duration: Span,
    /// How long it goes on after that with everything healed; nothing unless somebody asks (`kubesim check`).
    pub settle: Span,
    /// Machines and components.
    pub cluster: Cluster,
    /// What `kubectl apply -f` is given at the start, in order.
    pub manifests: Vec<Manifest>,
    /// What the images do.
    pub behaviours: Behaviours,
    /// How fast images come and endpoints spread.
    pub network: Network,
    /// Who sends requests.
    pub loads: Vec<Load>,
    /// What users do and what breaks, in the order of the file.
    pub timeline: Vec<Step>,
    /// What must hold.
    pub expectations: Vec<Expectation>,
    /// Pods that come from a trace, an arrival process or an experiment.
    pub workload: Option<Workload>,
    /// What the file says, without comments, order of keys and seed; see [`Scenario::fingerprint`].
    pub canonical: Arc<str>,
}

/// Machines, and the components' settings.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// The nodes, complete with status, in the order of the file.
    pub nodes: Vec<Object>,
    /// Objects of a dumped cluster (`cluster: {from: dump.yaml}`) that are no nodes.
    pub dump: Vec<Object>,
    /// The scheduler's configuration.
    pub scheduler: SchedulerConfiguration,
    /// The controller manager's settings.
    pub controller_manager: ControllerManager,
    /// The kubelets' settings.
    pub kubelet: kubelet::Configuration,
    /// How long the container runtimes take.
    pub runtime: kubelet::RuntimeTimes,
    /// Feature gates, as far as the file names them.
    pub feature_gates: BTreeMap<String, bool>,
    /// How long messages take.
    pub latency: Latency,
}

/// How fast images come and endpoints spread.
#[derive(Clone, PartialEq, Debug)]
pub struct Network {
    /// From a change of an EndpointSlice until a node has programmed it.
    pub endpoints: Dist,
    /// Where images come from.
    pub registry: kubelet::Registry,
    /// Where clients look names up.
    pub dns: Dns,
}

/// Where clients look names up.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Dns {
    /// At the Service kube-system/kube-dns if there are pods behind it; else answers come at once and cost nothing.
    #[default]
    Found,
    /// Answers come at once and cost nothing.
    Free,
    /// There.
    At(network::names::Resolver),
}

impl std::default::Default for Network {
    fn default() -> Self {
        let ms = Span::from_ms;
        Network { endpoints: Dist::Uniform { min: ms(200), max: ms(2_000) }, registry: kubelet::Registry::default(), dns: Dns::Found }
    }
}

/// One entry of the timeline.
#[derive(Clone, PartialEq, Debug)]
pub struct Step {
    /// Its line in the file.
    pub line: u32,
    /// When it happens.
    pub trigger: Trigger,
    /// What happens.
    pub action: Action,
}

/// When a step happens.
#[derive(Clone, PartialEq, Debug)]
pub enum Trigger {
    /// At an instant, and then again and again if `every` says so.
    At {
        /// The first time.
        at: Time,
        /// From one time to the next.
        every: Option<Span>,
    },
    /// When an expression becomes true: once, or each time with `every`, which is the least time from one to the next.
    When {
        /// What must become true.
        expression: Expression,
        /// The least time from one firing to the next; once only without.
        every: Option<Span>,
    },
}

/// What a step does.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// A kubectl command.
    Kubectl {
        /// The line as written, without `kubectl`.
        line: String,
        /// What it asks for.
        command: Arc<kubectl::Command>,
    },
    /// A failure.
    Fault {
        /// Which.
        fault: Fault,
        /// What it hits.
        target: Target,
        /// How bad it is.
        options: Options,
        /// When it heals; never without.
        lasts: Option<Span>,
    },
}

/// Something that must hold.
#[derive(Clone, PartialEq, Debug)]
pub struct Expectation {
    /// Its name, unique in the scenario.
    pub name: String,
    /// Its line in the file.
    pub line: u32,
    /// What must hold.
    pub check: Check,
}

/// What an expectation demands.
#[derive(Clone, PartialEq, Debug)]
pub enum Check {
    /// True at every instant from `from` to `to`, or to the end.
    Always {
        /// What must be true.
        expression: Expression,
        /// From when on.
        from: Time,
        /// The last instant that counts; the run's end without.
        to: Option<Time>,
    },
    /// True at one instant.
    Holds {
        /// What must be true.
        expression: Expression,
        /// When.
        at: Time,
    },
    /// True at some instant between two.
    Eventually {
        /// What must be true.
        expression: Expression,
        /// From when on it counts.
        from: Time,
        /// The last instant that counts.
        to: Time,
    },
    /// A figure of a metric over the whole run.
    Metric {
        /// Its name, with a selection of labels if the file has one: `kube_pod_status_phase{phase="Failed"}`.
        metric: String,
        /// What must hold of it.
        threshold: expect::Threshold,
        /// Only the requests sent within this span count, or the values that hold then.
        between: Option<(Time, Time)>,
    },
}

impl Check {
    /// The key of the file that says what kind of expectation this is.
    pub fn kind(&self) -> &'static str {
        match self {
            Check::Always { .. } => "always",
            Check::Holds { .. } => "holds",
            Check::Eventually { .. } => "eventually",
            Check::Metric { .. } => "threshold",
        }
    }
}

impl Scenario {
    /// What the fleet of kubelets is made with.
    pub fn kubelet_settings(&self) -> kubelet::Settings {
        kubelet::Settings {
            configuration: self.cluster.kubelet.clone(),
            runtime: self.cluster.runtime.clone(),
            registry: self.network.registry.clone(),
            behaviours: self.behaviours.clone(),
            tell_processes: !self.loads.is_empty(),
            ..kubelet::Settings::default()
        }
    }

    /// What the network is made with; none if nobody sends anything.
    pub fn network_settings(&self, one_by_one: bool) -> Option<network::Settings> {
        let (loads, resolver) = (self.loads.clone(), self.resolver());
        let settings = network::Settings { loads, endpoints: self.network.endpoints, resolver, one_by_one, end: self.end() };
        (!self.loads.is_empty()).then_some(settings)
    }

    /// Where clients look names up, if that costs requests.
    pub fn resolver(&self) -> Option<network::names::Resolver> {
        match &self.network.dns {
            Dns::Free => None,
            Dns::At(resolver) => Some(resolver.clone()),
            Dns::Found => {
                let resolver = network::names::Resolver::new("kube-system", "kube-dns");
                load::has_pods(self, &resolver.namespace, &resolver.service).then_some(resolver)
            }
        }
    }

    /// What the world is made with.
    pub fn sim_settings(&self) -> crate::sim::Settings {
        crate::sim::Settings { seed: self.seed, clock: self.clock, latency: self.cluster.latency }
    }

    /// The instant at which the run ends.
    pub fn end(&self) -> Time {
        Time::ZERO + self.duration
    }
}

/// Reads and checks a scenario file (`-`: standard input) with everything that it names.
pub fn load(path: &str, overrides: &Overrides, stdin: &mut dyn Read) -> Result<Scenario, InputError> {
    let source = crate::manifest::Source::read(path, stdin)?;
    read::scenario(&source, overrides, stdin)
}

/// A scenario as a tree, with overrides in it, and as it was read.
pub fn load_tree(path: &str, overrides: &Overrides, stdin: &mut dyn Read) -> Result<(serde_json::Value, Scenario), InputError> {
    let source = crate::manifest::Source::read(path, stdin)?;
    let tree = read::tree(&source, overrides)?;
    let scenario = read::scenario(&source, overrides, stdin)?;
    Ok((tree.to_value(), scenario))
}

/// The same from a text.
pub fn parse_tree(file: &str, text: &str) -> Result<(serde_json::Value, Scenario), InputError> {
    let source = crate::manifest::Source::from_bytes(file, text.as_bytes())?;
    let tree = read::tree(&source, &Overrides::default())?;
    Ok((tree.to_value(), read::scenario(&source, &Overrides::default(), &mut std::io::empty())?))
}

/// Lines of a timeline, as trees.
pub fn fault_lines(lines: &[serde_json::Value]) -> Result<Vec<Step>, InputError> {
    read::steps(lines)
}

/// Reads and checks a scenario from a text; files that it names are looked up relative to `file`.
pub fn parse(file: &str, text: &str) -> Result<Scenario, InputError> {
    parse_with(file, text, &Overrides::default(), &mut std::io::empty())
}

/// The same with what the command line adds.
pub fn parse_with(file: &str, text: &str, overrides: &Overrides, stdin: &mut dyn Read) -> Result<Scenario, InputError> {
    let source = crate::manifest::Source::from_bytes(file, text.as_bytes())?;
    read::scenario(&source, overrides, stdin)
}
