//! The kubectl lines of the recorded scenarios, typed at the moment of their action. The world goes on until a line has ended.

use super::play::{NAMESPACE, Player};
use kubesim::actor::{Actor, Ctx, Kinds, Observer, Record, Ticket};
use kubesim::api::Answer;
use kubesim::base::{Span, Time};
use kubesim::kubectl::{Command, Runner, parse_args};
use kubesim::model::Kind;
use kubesim::store::{Change, Key, LogEntry};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// How soon a typed line is seen.
const GLANCE: Span = Span::from_ms(5);
/// A line that has not ended by then never does.
const WAIT_MS_MAX: u64 = 600_000;

/// Lines typed and not yet begun, and how the last one ended.
#[derive(Default)]
pub struct Desk {
    typed: Vec<Arc<Command>>,
    ended: Option<(u16, String)>,
}

/// Who carries the lines out.
pub struct Typist {
    desk: Rc<RefCell<Desk>>,
    runner: Runner,
}

impl Typist {
    /// Takes its lines from the desk.
    pub fn new(desk: Rc<RefCell<Desk>>) -> Typist {
        Typist { desk, runner: Runner::default() }
    }
}

impl Actor for Typist {
    fn name(&self) -> &str {
        "kubectl"
    }

    fn watches(&self) -> Kinds {
        Kinds::of(&[Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet])
    }

    fn start(&mut self, cx: &mut Ctx<'_>) {
        cx.wake_in(GLANCE, 0);
    }

    fn changed(&mut self, _change: Change<'_>, _cx: &mut Ctx<'_>) {}

    fn settled(&mut self, cx: &mut Ctx<'_>) {
        self.runner.settled(cx);
    }

    fn wake(&mut self, token: u64, cx: &mut Ctx<'_>) {
        if token & Runner::TIMER != 0 {
            return self.runner.wake(token, cx);
        }
        for command in std::mem::take(&mut self.desk.borrow_mut().typed) {
            self.runner.start(0, command, cx);
        }
        cx.wake_in(GLANCE, 0);
    }

    fn answered(&mut self, ticket: Ticket, answer: Answer, cx: &mut Ctx<'_>) {
        self.runner.answered(ticket, answer, cx);
    }
}

/// Sees how lines end.
pub struct Reader(pub Rc<RefCell<Desk>>);

impl Observer for Reader {
    fn commit(&mut self, _key: &Key, _entry: &LogEntry) {}

    fn record(&mut self, _at: Time, record: &Record) {
        if let Record::CommandDone { exit_code, output, .. } = record {
            // The recordings have standard error after standard output.
            let (errors, lines): (Vec<&str>, Vec<&str>) =
                output.lines().partition(|line| line.starts_with("Warning:") || line.starts_with("error"));
            self.0.borrow_mut().ended = Some((*exit_code as u16, [lines, errors].concat().join("\n")));
        }
    }
}

/// Exit code and output of a line.
pub fn run(player: &mut Player, args: &[&str]) -> (u16, String) {
    let mut command = match parse_args(args) {
        Ok(command) => command,
        Err(error) => return (1, error.to_string()),
    };
    command.namespace.get_or_insert_with(|| NAMESPACE.to_string());
    player.desk.borrow_mut().typed.push(Arc::new(command));
    let until = player.now_ms() + WAIT_MS_MAX;
    while player.now_ms() < until {
        player.run_to(player.now_ms() + GLANCE.as_ms());
        if let Some(end) = player.desk.borrow_mut().ended.take() {
            return end;
        }
    }
    (1, "it never ended".into())
}
