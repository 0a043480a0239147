//! Reconciliations that read like the real ones, one call after the other, although each call's answer comes turns later.
//!
//! A script is run again from its start in each turn: calls that have been answered give their recorded answers at once, the
//! first one that has not ends the turn. For this to come out the same each time, a script reads nothing but its snapshot
//! (taken in turn 0) and the answers; what must happen once only (Events, counters) asks `is_live`.

use super::controller::Step;
use crate::api::{Answer, Verb};

/// Why a script stops before its end.
#[derive(Debug)]
pub enum Halt {
    /// These requests need answers first.
    Call(Vec<Verb>),
    /// It failed: the key comes again after its back-off.
    Fail(String),
    /// It ends early, for good or for a while.
    End(Step),
}

/// What a part of a script comes to.
pub type Run<T> = Result<T, Halt>;

/// Ends a script with an error.
pub fn fail<T>(error: impl ToString) -> Run<T> {
    Err(Halt::Fail(error.to_string()))
}

/// Gives a part's own failure as a value; only a call that waits, or an early end, stops the whole.
pub fn outcome<T>(run: Run<T>) -> Run<Result<T, String>> {
    match run {
        Ok(value) => Ok(Ok(value)),
        Err(Halt::Fail(error)) => Ok(Err(error)),
        Err(halt) => Err(halt),
    }
}

/// The snapshot of a script and the answers so far: the progress of a scripted reconciliation.
#[derive(Debug)]
pub struct Scripted<S> {
    /// What turn 0 saw.
    pub snapshot: Option<S>,
    log: Vec<Vec<Answer>>,
}

impl<S> Default for Scripted<S> {
    fn default() -> Self {
        Scripted { snapshot: None, log: Vec::new() }
    }
}

impl<S> Scripted<S> {
    /// Takes in the answers of a turn (but the first) and gives the script for it.
    pub fn script(&mut self, turn: u32, answers: &mut Vec<Answer>) -> (&S, Script<'_>) {
        if turn > 0 {
            self.log.push(std::mem::take(answers));
        }
        (self.snapshot.as_ref().expect("taken in turn 0"), Script::new(&self.log))
    }
}

/// Turns the end of a script into the end of a turn.
pub fn step(run: Run<Step>) -> Step {
    match run {
        Ok(step) => step,
        Err(Halt::Call(verbs)) => Step::Call(verbs),
        Err(Halt::Fail(error)) => Step::Retry(error),
        Err(Halt::End(step)) => step,
    }
}

/// The place in a run of a script.
pub struct Script<'s> {
    log: &'s [Vec<Answer>],
    at: usize,
    /// Whether the whole, of which this may be a part, has used up its answers.
    live: bool,
}

impl<'s> Script<'s> {
    /// At the start, with the answers recorded so far.
    pub fn new(log: &'s [Vec<Answer>]) -> Self {
        Script { log, at: 0, live: true }
    }

    /// Whether this point is reached for the first time: what happens once happens now.
    pub fn is_live(&self) -> bool {
        self.live && self.at == self.log.len()
    }

    /// Whether the next call has been answered already.
    pub fn is_answered(&self) -> bool {
        self.at < self.log.len()
    }

    /// Sends requests side by side; their answers, in the same order.
    pub fn call_all(&mut self, verbs: Vec<Verb>) -> Run<Vec<Answer>> {
        if verbs.is_empty() {
            return Ok(Vec::new());
        }
        let Some(answers) = self.log.get(self.at) else { return Err(Halt::Call(verbs)) };
        assert_eq!(answers.len(), verbs.len(), "a script took another way than before");
        self.at += 1;
        Ok(answers.clone())
    }

    /// Sends one request.
    pub fn call(&mut self, verb: Verb) -> Run<Answer> {
        self.call_with(|| verb)
    }

    /// Sends one request, which is made only if it has not been answered yet.
    pub fn call_with(&mut self, verb: impl FnOnce() -> Verb) -> Run<Answer> {
        let Some(answers) = self.log.get(self.at) else { return Err(Halt::Call(vec![verb()])) };
        assert_eq!(answers.len(), 1, "a script took another way than before");
        self.at += 1;
        Ok(answers[0].clone())
    }

    /// Runs parts side by side, as goroutines: `count` of them, each with calls of its own. Gives their ends in order.
    /// Of goroutines that one loop starts, Go's scheduler runs the last first and then the others in their order.
    pub fn side_by_side<T>(&mut self, count: usize, mut part: impl FnMut(usize, &mut Script<'_>) -> Run<T>) -> Run<Vec<Result<T, String>>> {
        let mut logs: Vec<Vec<Vec<Answer>>> = vec![Vec::new(); count];
        let mut ends: Vec<Option<Result<T, String>>> = (0..count).map(|_| None).collect();
        loop {
            let (mut verbs, mut waiting) = (Vec::new(), Vec::new());
            for at in (count.max(1) - 1..count).chain(0..count.max(1) - 1) {
                if ends[at].is_some() {
                    continue;
                }
                let mut script = Script { log: &logs[at], at: 0, live: self.is_live() };
                match outcome(part(at, &mut script)) {
                    Ok(end) => ends[at] = Some(end),
                    Err(Halt::Call(calls)) => {
                        waiting.push((at, calls.len()));
                        verbs.extend(calls);
                    }
                    Err(Halt::Fail(error)) => ends[at] = Some(Err(error)),
                    Err(Halt::End(_)) => unreachable!("a part does not end the whole"),
                }
            }
            if waiting.is_empty() {
                return Ok(ends.into_iter().flatten().collect());
            }
            let mut answers = self.call_all(verbs)?.into_iter();
            for (at, calls) in waiting {
                logs[at].push(answers.by_ref().take(calls).collect());
            }
        }
    }

    /// Runs parts in batches of 1, 2, 4, ... as long as none fails. Gives how many succeeded, and the errors of the last batch.
    pub fn slow_start(
        &mut self,
        count: usize,
        batch_max: usize,
        mut part: impl FnMut(usize, &mut Script<'_>) -> Run<()>,
    ) -> Run<(usize, Vec<String>)> {
        let (mut done, mut batch) = (0, 1.min(count));
        while batch > 0 {
            let ends = self.side_by_side(batch, |at, script| part(done + at, script))?;
            let errors: Vec<String> = ends.iter().filter_map(|end| end.as_ref().err().cloned()).collect();
            if !errors.is_empty() {
                return Ok((done + batch - errors.len(), errors));
            }
            done += batch;
            batch = (2 * batch).min(count - done).min(batch_max);
        }
        Ok((done, Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ApiError;
    use crate::model::{Body, ConfigMap, Kind, Meta, Obj, Object};
    use crate::store::Key;

    fn verb(name: &str) -> Verb {
        Verb::Get(Key { kind: Kind::ConfigMap, group_kind: "".into(), namespace: "ns".into(), name: name.into() })
    }

    fn object(name: &str) -> Answer {
        let meta = Meta { name: name.into(), ..Meta::default() };
        Ok(Obj::new(Object { meta, body: Body::ConfigMap(ConfigMap::default()) }))
    }

    /// Plays a script to its end; names of the requests turn by turn, and what `is_live` let happen.
    fn play<T>(part: impl Fn(&mut Script<'_>, &mut Vec<String>) -> Run<T>) -> (Vec<String>, Vec<String>) {
        let (mut log, mut turns, mut once) = (Vec::new(), Vec::new(), Vec::new());
        loop {
            match part(&mut Script::new(&log), &mut once) {
                Err(Halt::Call(verbs)) => {
                    let names: Vec<String> = verbs.iter().map(|verb| verb.target().name.to_string()).collect();
                    turns.push(names.join(" "));
                    let answer = |name: &String| if name.starts_with("bad") { Err(ApiError::not_found("x", name)) } else { object(name) };
                    log.push(names.iter().map(answer).collect());
                }
                _ => return (turns, once),
            }
        }
    }

    #[test]
    fn calls_come_one_after_the_other_and_effects_once() {
        let (turns, once) = play(|script, once| {
            for name in ["a", "b"] {
                let answer = script.call(verb(name))?;
                if script.is_live() {
                    once.push(format!("{} answered", answer.expect("found").meta.name));
                }
            }
            Ok(())
        });
        assert_eq!((turns, once), (vec!["a".into(), "b".into()], vec!["a answered".to_string(), "b answered".into()]));
    }

    #[test]
    fn parts_run_side_by_side() {
        let (turns, once) = play(|script, once| {
            script.side_by_side(3, |at, script| {
                for step in 0..=at {
                    script.call(verb(&format!("{at}{step}")))?.expect("found");
                    if script.is_live() {
                        once.push(format!("{at}{step}"));
                    }
                }
                Ok(())
            })
        });
        assert_eq!(turns, ["20 00 10", "21 11", "22"]);
        assert_eq!(once, ["20", "00", "10", "21", "11", "22"]);
    }

    #[test]
    fn a_slow_start_doubles_until_something_fails() {
        let names = ["a", "b", "c", "d", "bad", "f", "g", "h", "i"];
        let (turns, _) =
            play(|script, _| script.slow_start(names.len(), 500, |at, script| script.call(verb(names[at]))?.map(|_| ()).or_else(fail)));
        assert_eq!(turns, ["a", "c b", "g d bad f"]);
        let (turns, _) = play(|script, _| script.slow_start(9, 3, |at, script| script.call(verb(&at.to_string())).map(|_| ())));
        assert_eq!(turns, ["0", "2 1", "5 3 4", "8 6 7"]);
    }
}
