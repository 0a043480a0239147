//! A reconciliation written as one straight function that asks the API server in the middle.
//!
//! Each turn runs the function again from its beginning on what it saw in the first turn; calls that were answered already give
//! their answers at once, and the first new one ends the turn. So a function must depend on nothing but what it was given
//! and the answers, and whatever else it does (Events) happens only when it is `fresh`.

use super::controller::Step;
use crate::api::{Answer, Verb};

/// Why the function stops early.
#[derive(Debug)]
pub enum Stop {
    /// These requests have to be answered first.
    Ask(Vec<Verb>),
    /// It failed: again after a back-off.
    Fail(String),
    /// Done; look again after a while.
    After(crate::base::Span),
}

impl From<Stop> for Step {
    fn from(stop: Stop) -> Step {
        match stop {
            Stop::Ask(verbs) => Step::Call(verbs),
            Stop::Fail(text) => Step::Retry(text),
            Stop::After(span) => Step::After(span),
        }
    }
}

/// The answers so far.
#[derive(Debug, Default)]
pub struct Script {
    answers: Vec<Vec<Answer>>,
    at: usize,
}

impl Script {
    /// A turn begins; `answers` are those of the last call (none in the first turn).
    pub fn begin(&mut self, turn: u32, answers: &mut Vec<Answer>) {
        if turn > 0 {
            self.answers.push(std::mem::take(answers));
        }
        self.at = 0;
    }

    /// Whether all that comes from here on is done for the first time.
    pub fn fresh(&self) -> bool {
        self.at == self.answers.len()
    }

    /// The answers to requests sent side by side.
    pub fn ask(&mut self, verbs: impl FnOnce() -> Vec<Verb>) -> Result<Vec<Answer>, Stop> {
        match self.answers.get(self.at) {
            Some(answers) => {
                self.at += 1;
                Ok(answers.clone())
            }
            None => match verbs() {
                verbs if verbs.is_empty() => Ok(Vec::new()),
                verbs => Err(Stop::Ask(verbs)),
            },
        }
    }

    /// The answer to one request.
    pub fn ask_one(&mut self, verb: impl FnOnce() -> Verb) -> Result<Answer, Stop> {
        Ok(self.ask(|| vec![verb()])?.pop().expect("an answer to each request"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ApiError;
    use crate::model::Kind;
    use crate::store::Key;

    fn get(name: &str) -> Verb {
        Verb::Get(Key { kind: Kind::Pod, group_kind: "".into(), namespace: "n".into(), name: name.into() })
    }

    /// Asks twice, and notes something in between.
    fn story(script: &mut Script, notes: &mut Vec<&'static str>) -> Result<u16, Stop> {
        let first = script.ask_one(|| get("a"))?;
        if script.fresh() {
            notes.push("between");
        }
        let second = script.ask_one(|| get("b"))?;
        Ok(first.unwrap_err().code() + second.unwrap_err().code())
    }

    #[test]
    fn a_script_goes_on_where_it_stopped() {
        let (mut script, mut notes) = (Script::default(), Vec::new());
        let mut answers = Vec::new();
        for turn in 0..2 {
            script.begin(turn, &mut answers);
            let stop = story(&mut script, &mut notes).unwrap_err();
            let Step::Call(verbs) = stop.into() else { panic!("a call") };
            assert_eq!(*verbs[0].target().name, *["a", "b"][turn as usize]);
            answers = vec![Err(ApiError::not_found("pods", "a"))];
        }
        script.begin(2, &mut answers);
        assert_eq!(story(&mut script, &mut notes).unwrap(), 808);
        assert_eq!(notes, ["between"]);
    }
}
