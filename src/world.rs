//! A scenario becomes a world: the objects that exist from the start, all components with their settings, the observers.

use crate::actor::election::Elections;
use crate::actor::{Actor, Observer};
use crate::api::Verb;
use crate::base::Time;
use crate::controllers;
use crate::kubelet::Fleet;
use crate::metrics::SharedCollector;
use crate::metrics::replay::Replay;
use crate::model::{Kind, Object, Pod};
use crate::network::Network;
use crate::report::Case;
use crate::scenario::director::Director;
use crate::scenario::judge::SharedJudge;
use crate::scenario::{Action, Check, Expectation, Scenario, Step, Submitter, Workload, initial_objects};
use crate::scheduler::actor::{Explain, SchedulerActor, Settings as SchedulerSettings};
use crate::sim::Sim;
use std::collections::BTreeSet;

/// What the scheduler tells a replay: enough for every decision of a small run, and little enough not to be felt in a big one.
const EXPLAINED: Explain = Explain::First { attempts: 1_000, nodes: 60_000, moves: 6_000 };

/// How a world is run, beside what the scenario says. Nothing here but `shuffle` may change what happens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Options {
    /// Collect metrics, story and Events.
    pub metrics: bool,
    /// Use what is only there for speed.
    pub caches: bool,
    /// Book requests in runs instead of one by one.
    pub aggregate: bool,
    /// Tell the observers everything about the scheduling of this pod (`namespace/name`).
    pub explain: Option<String>,
    /// Keep what the report page and `top` step through.
    pub replay: bool,
    /// Let events at equal times come in an order drawn from the seed and this number, instead of in that of their arrival.
    pub shuffle: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Options { metrics: true, caches: true, aggregate: true, explain: None, replay: false, shuffle: None }
    }
}

/// A simulated cluster with a scenario to play.
pub struct World {
    /// The simulation.
    pub sim: Sim,
    /// What is measured.
    pub collector: SharedCollector,
    judge: SharedJudge,
    demands: Vec<String>,
}

impl World {
    /// Builds the world of a scenario. The error says what of the scenario the cluster refuses.
    pub fn new(scenario: &Scenario, options: Options) -> Result<World, String> {
        World::observed(scenario, options, Vec::new())
    }

    /// The same under the eyes of somebody who sees everything from the very first object on.
    pub fn observed(scenario: &Scenario, options: Options, observers: Vec<Box<dyn Observer>>) -> Result<World, String> {
        if let Some(Workload::Fgd(fgd)) = &scenario.workload {
            let hint = "kubesim compare FILE --policies FGD,BestFit,Random --seeds 42..51";
            return Err(format!("error: {}:{}: an experiment is run by `kubesim compare`\n  hint: {hint}", scenario.file, fgd.line));
        }
        let mut sim = Sim::new(scenario.sim_settings());
        observers.into_iter().for_each(|observer| sim.add_observer(observer));
        if !options.caches {
            sim.without_caches();
        }
        if let Some(number) = options.shuffle {
            sim.shuffle(number);
        }
        let collector = SharedCollector::new(scenario.clock);
        if options.replay {
            collector.0.borrow_mut().replay = Some(Replay::default());
        }
        collector.0.borrow_mut().registry.spans = spans(scenario);
        // Expectations of metrics are judged by what the collector holds.
        let judged = scenario.expectations.iter().any(|expectation| matches!(expectation.check, Check::Metric { .. }));
        if options.metrics || judged {
            sim.add_observer(Box::new(collector.clone()));
        }
        let judge = SharedJudge::new(scenario);
        sim.add_observer(Box::new(judge.clone()));
        for object in initial_objects(scenario) {
            let name = format!("{} {}", object.kind_name(), object.meta.name);
            sim.request_now(Verb::Create(Box::new(object))).map_err(|error| format!("{}: {name}: {error}", scenario.file))?;
        }
        add_components(&mut sim, scenario, &options)?;
        if let Some(replay) = &mut collector.0.borrow_mut().replay {
            replay.text = scenario.text.clone();
            replay.watches = sim.components().map(|(name, kinds)| (name.to_string(), kinds)).collect();
        }
        let demands = scenario.expectations.iter().map(|expectation| demand(&expectation.check)).collect();
        Ok(World { sim, collector, judge, demands })
    }

    /// Adds somebody who looks on.
    pub fn observe(&mut self, observer: Box<dyn Observer>) {
        self.sim.add_observer(observer);
    }

    /// Runs up to an instant.
    pub fn run_until(&mut self, until: Time) {
        self.sim.run_until(until);
    }

    /// What became of the expectations by now; those not decided yet are decided as if the run ended here.
    pub fn verdicts(&self) -> Vec<Case> {
        let verdicts = self.judge.verdicts(self.sim.now(), &self.collector.0.borrow().registry);
        let cases = verdicts.into_iter().zip(&self.demands).map(|(verdict, demand)| {
            let detail = if verdict.passed { String::new() } else { verdict.detail };
            Case { name: verdict.name, demand: demand.clone(), passed: verdict.passed, at: verdict.at, detail }
        });
        cases.collect()
    }

    /// Pods that neither are ready nor have ended, and why.
    pub fn not_ready(&self) -> Vec<(String, String)> {
        let pods = self.sim.store().now().list(Kind::Pod);
        let waiting = pods.filter_map(|(_, object)| Some((object, object.as_pod().filter(|pod| !pod.is_ready() && !pod.is_terminal())?)));
        waiting.map(|(object, pod)| (format!("{}/{}", object.meta.namespace, object.meta.name), why_not_ready(object, pod))).collect()
    }
}

/// The spans whose requests somebody asks for.
fn spans(scenario: &Scenario) -> Vec<(Time, Time)> {
    let between = |expectation: &Expectation| match &expectation.check {
        Check::Metric { between, .. } => *between,
        _ => None,
    };
    let all: BTreeSet<(Time, Time)> = scenario.expectations.iter().filter_map(between).collect();
    all.into_iter().collect()
}

/// All components, in the order in which they act at equal times.
fn add_components(sim: &mut Sim, scenario: &Scenario, options: &Options) -> Result<(), String> {
    let mut configuration = scenario.cluster.scheduler.clone();
    for profile in &mut configuration.profiles {
        profile.args.random.seed.get_or_insert(scenario.seed.0);
    }
    let mut settings = SchedulerSettings::new(configuration);
    settings.caches = options.caches && options.explain.is_none();
    settings.explain = match &options.explain {
        Some(pod) => Explain::Pod(pod.clone()),
        None if options.replay => EXPLAINED,
        None => Explain::Nothing,
    };
    SchedulerActor::new(settings.clone()).map_err(|error| format!("{}: {error}", scenario.file))?;
    let scheduler = move || -> Vec<Box<dyn Actor>> {
        vec![Box::new(SchedulerActor::new(settings.clone()).expect("the same settings were taken before"))]
    };
    let (manager, caches) = (scenario.cluster.controller_manager.clone(), options.caches);
    sim.add_actor(Box::new(Director::new(scenario)));
    if let Some(submitter) = Submitter::new(scenario) {
        sim.add_actor(Box::new(submitter));
    }
    sim.add_process("scheduler", Box::new(scheduler));
    sim.add_process("controller-manager", Box::new(move || controllers::all(&manager, caches)));
    sim.add_actor(Box::new(Fleet::new(scenario.kubelet_settings())));
    if let Some(settings) = scenario.network_settings(!options.aggregate) {
        sim.add_actor(Box::new(Network::new(settings)));
    }
    if scenario.timeline.iter().any(concerns_leaders) {
        sim.add_actor(Box::new(Elections::new()));
    }
    Ok(())
}

/// Whether a step can cost somebody the lead. Elections are simulated where they matter: elsewhere leaders lead throughout.
fn concerns_leaders(step: &Step) -> bool {
    let Action::Fault { fault, .. } = &step.action else { return false };
    ["component-crash", "apiserver-down", "apiserver-slow", "etcd-slow", "etcd-leaderless"].contains(&fault.name)
}

fn demand(check: &Check) -> String {
    match check {
        Check::Always { expression, from, to: None } => format!("always from {from}: {}", expression.text()),
        Check::Always { expression, from, to: Some(to) } => format!("always between {from} and {to}: {}", expression.text()),
        Check::Holds { expression, at } => format!("at {at}: {}", expression.text()),
        Check::Eventually { expression, from, to } => format!("between {from} and {to}: {}", expression.text()),
        Check::Metric { metric, threshold, between: None } => format!("{metric}: {}", threshold.text),
        Check::Metric { metric, threshold, between: Some((from, to)) } => format!("between {from} and {to}: {metric}: {}", threshold.text),
    }
}

fn why_not_ready(object: &Object, pod: &Pod) -> String {
    if object.meta.is_deleting() {
        return "terminating".into();
    }
    if !pod.is_bound() {
        let condition = pod.condition("PodScheduled").filter(|condition| !condition.message.is_empty());
        return condition.map_or("not scheduled yet".into(), |condition| format!("not scheduled: {}", condition.message));
    }
    if !pod.status.reason.is_empty() {
        return format!("{}: {}", pod.status.reason, pod.status.message);
    }
    let statuses = pod.status.init_container_statuses.iter().chain(&pod.status.container_statuses);
    let waiting = statuses.clone().find_map(|status| Some((status, status.state.waiting.as_ref()?)));
    if let Some((status, waiting)) = waiting {
        let message = if waiting.message.is_empty() { String::new() } else { format!(" ({})", waiting.message) };
        return format!("container {}: {}{message}", status.name, waiting.reason);
    }
    if let Some(condition) = pod.condition("Ready").filter(|condition| !condition.message.is_empty()) {
        return condition.message.to_string();
    }
    format!("phase {}", pod.status.phase)
}
