//! Watches the run for expectations: looks on, never reaches back. An `always` is checked after every commit that could
//! break it, `holds` and the bounds of `eventually` and `from` at their very instants (the state between two commits is that
//! after the first).

use super::expect::Verdict;
use super::expressions::Panel;
use super::{Check, Expectation, Scenario};
use crate::actor::Observer;
use crate::base::Time;
use crate::metrics::registry::Registry;
use crate::store::{Key, LogEntry};
use std::cell::RefCell;
use std::rc::Rc;

/// How an expectation stands.
struct Standing {
    /// Its expression among the panel's; none for thresholds.
    expression: Option<usize>,
    /// Whether its first instant has been looked at.
    begun: bool,
    /// Whether the expression ever had an answer.
    answered: bool,
    verdict: Option<Verdict>,
}

/// The judge of a run's expectations.
pub struct Judge {
    expectations: Vec<Expectation>,
    standings: Vec<Standing>,
    panel: Panel,
    /// The expectation of each expression.
    of: Vec<usize>,
}

impl Judge {
    /// The judge of a scenario. It must see every commit from the very first.
    pub fn new(scenario: &Scenario) -> Judge {
        let (mut expressions, mut of, mut standings) = (Vec::new(), Vec::new(), Vec::new());
        for (at, expectation) in scenario.expectations.iter().enumerate() {
            let expression = match &expectation.check {
                Check::Always { expression, .. } | Check::Holds { expression, .. } | Check::Eventually { expression, .. } => {
                    expressions.push(expression.clone());
                    of.push(at);
                    Some(expressions.len() - 1)
                }
                Check::Metric { .. } => None,
            };
            standings.push(Standing { expression, begun: false, answered: false, verdict: None });
        }
        let panel = Panel::new(&expressions, scenario.clock);
        Judge { expectations: scenario.expectations.clone(), standings, panel, of }
    }

    /// Whether all is decided already.
    fn is_open(&self, at: usize) -> bool {
        self.standings[at].verdict.is_none() && self.standings[at].expression.is_some()
    }

    fn decide(&mut self, at: usize, passed: bool, when: Time, detail: String) {
        let Expectation { name, check, .. } = &self.expectations[at];
        self.standings[at].verdict = Some(Verdict { name: name.clone(), kind: check.kind(), passed, at: when, detail });
    }

    /// The text of an expectation's expression.
    fn text(&self, at: usize) -> String {
        match &self.expectations[at].check {
            Check::Always { expression, .. } | Check::Holds { expression, .. } | Check::Eventually { expression, .. } => {
                expression.text().to_string()
            }
            Check::Metric { metric, threshold, .. } => format!("{metric}: {}", threshold.text),
        }
    }

    /// Looks at an expectation's expression as things stand.
    fn look(&mut self, at: usize, when: Time) {
        let Some(expression) = self.standings[at].expression else { return };
        let held = self.panel.holds(expression, when);
        self.standings[at].answered |= held.is_ok();
        let why = |judge: &mut Judge| {
            let why = judge.panel.why(expression, when);
            let text = judge.text(at);
            if why.is_empty() { text } else { format!("{text}: {why}") }
        };
        match (&self.expectations[at].check, held) {
            // What was never there cannot have broken; at the end it counts.
            (Check::Always { .. }, Err(_)) if !self.standings[at].answered => {}
            (Check::Always { .. }, Ok(true)) => {}
            (Check::Always { .. }, _) => {
                let detail = why(self);
                self.decide(at, false, when, detail);
            }
            (Check::Holds { .. }, Ok(true)) | (Check::Eventually { .. }, Ok(true)) => {
                let detail = self.text(at);
                self.decide(at, true, when, detail);
            }
            (Check::Holds { .. }, _) => {
                let detail = why(self);
                self.decide(at, false, when, detail);
            }
            (Check::Eventually { .. }, _) | (Check::Metric { .. }, _) => {}
        }
    }

    /// All instants before `now` have passed with things as they stand.
    fn pass(&mut self, now: Time) {
        for at in 0..self.expectations.len() {
            if !self.is_open(at) {
                continue;
            }
            let (first, last) = match self.expectations[at].check {
                Check::Always { from, to, .. } => (from, to.unwrap_or(Time::MAX)),
                Check::Holds { at, .. } => (at, at),
                Check::Eventually { from, to, .. } => (from, to),
                Check::Metric { .. } => continue,
            };
            if !self.standings[at].begun && first < now {
                self.standings[at].begun = true;
                self.look(at, first);
            }
            if last < now && self.is_open(at) {
                self.look(at, last);
                if self.is_open(at) {
                    match self.expectations[at].check {
                        Check::Always { .. } => self.stood(at, last),
                        _ => self.never(at, last),
                    }
                }
            }
        }
    }

    /// An `always` that nothing has broken by its last instant.
    fn stood(&mut self, at: usize, when: Time) {
        let text = self.text(at);
        if self.standings[at].answered {
            return self.decide(at, true, when, text);
        }
        let why = self.standings[at].expression.map(|expression| self.panel.why(expression, when)).unwrap_or_default();
        self.decide(at, false, when, format!("{text} never had an answer: {why}"));
    }

    fn never(&mut self, at: usize, when: Time) {
        let Some(expression) = self.standings[at].expression else { return };
        let why = self.panel.why(expression, when);
        let detail = format!("{} never became true; at last {why}", self.text(at));
        self.decide(at, false, when, detail);
    }

    fn committed(&mut self, entry: &LogEntry) {
        if self.of.is_empty() {
            return;
        }
        self.pass(entry.at);
        self.panel.note(entry.id, entry.before.as_ref(), entry.after.as_ref());
        if self.panel.asks_time() {
            self.panel.time_passes();
        }
        // Before the run begins things are being set up.
        if entry.at == Time::ZERO {
            return;
        }
        for expression in self.panel.take_dirty() {
            let at = self.of[expression];
            if !self.is_open(at) {
                continue;
            }
            let counts = match self.expectations[at].check {
                Check::Always { from, to, .. } => (from..=to.unwrap_or(Time::MAX)).contains(&entry.at),
                Check::Eventually { from, to, .. } => (from..=to).contains(&entry.at),
                _ => false,
            };
            if counts {
                self.standings[at].begun = true;
                self.look(at, entry.at);
            }
        }
    }

    /// The verdicts when the run has ended at `end`, in the order of the file. Metrics come from the run's registry.
    pub fn verdicts(&mut self, end: Time, registry: &Registry) -> Vec<Verdict> {
        self.pass(end);
        for at in 0..self.expectations.len() {
            if self.standings[at].verdict.is_some() {
                continue;
            }
            match self.expectations[at].check.clone() {
                Check::Metric { metric, threshold, between } => {
                    let (passed, detail) = threshold.judge(&metric, registry, between, end);
                    self.decide(at, passed, end, detail);
                }
                Check::Holds { at: instant, .. } if instant > end => {
                    let detail = format!("{}: the run ended before", self.text(at));
                    self.decide(at, false, end, detail);
                }
                Check::Always { from, .. } if from > end => {
                    let detail = format!("{}: the run ended before {from}", self.text(at));
                    self.decide(at, false, end, detail);
                }
                Check::Always { .. } => {
                    self.look(at, end);
                    if self.is_open(at) {
                        self.stood(at, end);
                    }
                }
                Check::Holds { .. } | Check::Eventually { .. } => {
                    self.look(at, end);
                    if self.is_open(at) {
                        self.never(at, end);
                    }
                }
            }
        }
        self.standings.iter().filter_map(|standing| standing.verdict.clone()).collect()
    }
}

/// A judge that both the run and the one who reads the verdicts hold.
#[derive(Clone)]
pub struct SharedJudge(pub Rc<RefCell<Judge>>);

impl SharedJudge {
    /// The judge of a scenario.
    pub fn new(scenario: &Scenario) -> SharedJudge {
        SharedJudge(Rc::new(RefCell::new(Judge::new(scenario))))
    }

    /// As [`Judge::verdicts`].
    pub fn verdicts(&self, end: Time, registry: &Registry) -> Vec<Verdict> {
        self.0.borrow_mut().verdicts(end, registry)
    }
}

impl Observer for SharedJudge {
    fn commit(&mut self, _key: &Key, entry: &LogEntry) {
        self.0.borrow_mut().committed(entry);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Object;
    use crate::store::Store;
    use serde_json::json;

    fn deployment(ready: i32) -> Object {
        Object::from_json(json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": "default"},
            "status": {"readyReplicas": ready}}))
        .unwrap()
    }

    /// The verdicts of expectations when the Deployment's ready replicas go through these values at these seconds.
    fn judged(expect: &str, steps: &[(u64, i32)]) -> Vec<(bool, String, String)> {
        let text = format!("apiVersion: kubesim/v1alpha1\nkind: Scenario\nduration: 100s\nexpect:\n{expect}");
        let scenario = super::super::parse("x.yaml", &text).unwrap_or_else(|error| panic!("{error}"));
        let mut judge = SharedJudge::new(&scenario);
        let mut store = Store::default();
        for (at, ready) in steps {
            let object = deployment(*ready);
            let id = store.intern(Key::of(&object));
            let version = store.commit(Time::from_s(*at), id, Some(object));
            judge.commit(store.key(id), store.entry(version).unwrap());
        }
        let verdicts = judge.verdicts(Time::from_s(100), &Registry::default());
        verdicts.into_iter().map(|verdict| (verdict.passed, verdict.at.to_string(), verdict.detail)).collect()
    }

    #[test]
    fn always_breaks_at_the_commit_that_breaks_it() {
        let expect = "- {always: \"deployment('web').status.readyReplicas >= 4\", from: 20s}\n";
        assert!(judged(expect, &[(1, 0), (10, 4), (50, 5)])[0].0);
        let broken = &judged(expect, &[(1, 0), (10, 4), (50, 3), (51, 4)])[0];
        let text = "deployment('web').status.readyReplicas >= 4: deployment('web').status.readyReplicas is 3";
        assert_eq!(broken, &(false, "50s".to_string(), text.to_string()));
        // At 20 s it still stands as it did at 1 s.
        assert_eq!(judged(expect, &[(1, 0), (30, 4)])[0].1, "20s");
        assert!(judged(expect, &[(1, 0), (20, 4)])[0].0);
        let never = &judged(expect, &[])[0];
        assert!(!never.0 && never.2.contains("never had an answer: there is no deployment"), "{never:?}");
    }

    #[test]
    fn always_may_have_an_end() {
        let expect = "- {always: \"deployment('web').status.readyReplicas == 4\", between: [20s, 40s]}\n";
        let stood = &judged(expect, &[(1, 0), (20, 4), (41, 5)])[0];
        assert!(stood.0 && stood.1 == "40s", "{stood:?}");
        assert_eq!(judged(expect, &[(1, 4), (40, 5)])[0].1, "40s");
        assert_eq!(judged(expect, &[(1, 0), (30, 4)])[0].1, "20s");
    }

    #[test]
    fn holds_looks_at_one_instant() {
        let expect = "- {holds: \"deployment('web').status.readyReplicas == 3\", at: 40s}\n";
        assert!(judged(expect, &[(1, 3), (41, 0)])[0].0);
        assert!(judged(expect, &[(1, 0), (40, 3)])[0].0);
        assert_eq!(judged(expect, &[(1, 3), (40, 2), (60, 3)])[0].1, "40s");
        assert!(!judged(expect, &[(41, 3)])[0].0);
    }

    #[test]
    fn eventually_needs_one_moment_between() {
        let expect = "- {eventually: \"deployment('web').status.readyReplicas == 3\", between: [20s, 40s]}\n";
        assert_eq!(judged(expect, &[(1, 0), (30, 3), (31, 0)])[0].1, "30s");
        assert_eq!(judged(expect, &[(1, 3), (25, 0)])[0].1, "20s");
        let late = &judged(expect, &[(1, 0), (41, 3)])[0];
        assert!(
            !late.0 && late.1 == "40s" && late.2.contains("never became true; at last deployment('web').status.readyReplicas is 0"),
            "{late:?}"
        );
        assert!(!judged(expect, &[(1, 3), (10, 0)])[0].0);
    }

    #[test]
    fn time_is_asked_for() {
        let expect = "- {name: a, holds: \"now == 40\", at: 40s}\n- {name: b, eventually: \"now >= duration('1m')\"}\n- {name: c, always: \"now < 50\"}\n";
        let verdicts = judged(expect, &[(1, 0), (45, 0), (70, 0)]);
        let passed: Vec<bool> = verdicts.iter().map(|verdict| verdict.0).collect();
        assert_eq!((passed, verdicts[1].1.as_str(), verdicts[2].1.as_str()), (vec![true, true, false], "1m10s", "1m10s"));
    }
}
