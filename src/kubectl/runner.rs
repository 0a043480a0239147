//! Carries out commands: each one a task with its own requests, sleeps and output. Used by whoever plays the user.

use super::task::{Next, Shell, Task};
use super::{Command, KubectlError, parse_args};
use crate::actor::{Actor, Ctx, Kinds, Record, Ticket};
use crate::api::{Answer, Verb};
use crate::base::Time;
use crate::model::Kind;
use crate::store::{Change, Key};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Turns of one command at most: a loop otherwise.
const TURNS_MAX: u32 = 10_000_000;

/// Workloads whose changes wake commands that watch.
pub(crate) const WATCHED: Kinds = Kinds::of(&[Kind::Deployment, Kind::StatefulSet, Kind::DaemonSet]);

struct Job {
    index: usize,
    command: Arc<Command>,
    task: Box<dyn Task>,
    answers: Vec<Option<Answer>>,
    missing: usize,
    output: String,
    /// How much of the output has been told.
    told: usize,
    failed: bool,
    turns: u32,
    /// Which of its timers counts.
    timer: u64,
    /// Whether it waits for changes.
    watching: bool,
    /// Whether the answer under way only tells that time has passed.
    listing: bool,
}

/// Commands under way.
#[derive(Default)]
pub struct Runner {
    jobs: BTreeMap<u64, Job>,
    next: u64,
    tickets: BTreeMap<Ticket, (u64, usize)>,
    timers: BTreeMap<u64, u64>,
    next_timer: u64,
}

impl Runner {
    /// Timer tokens of the runner have this bit.
    pub const TIMER: u64 = 1 << 63;

    /// Begins a command; `index` is its number in records.
    pub fn start(&mut self, index: usize, command: Arc<Command>, cx: &mut Ctx<'_>) {
        cx.record(Record::Command { index, line: command.words.join(" ") });
        let task = command.plan.task();
        let number = self.next;
        self.next += 1;
        let job = Job {
            index,
            command,
            task,
            answers: Vec::new(),
            missing: 0,
            output: String::new(),
            told: 0,
            failed: false,
            turns: 0,
            timer: 0,
            watching: false,
            listing: false,
        };
        self.jobs.insert(number, job);
        self.turn(number, cx);
    }

    /// Whether no command is under way.
    pub fn is_idle(&self) -> bool {
        self.jobs.is_empty()
    }

    /// Changes of workloads have been told.
    pub fn settled(&mut self, cx: &mut Ctx<'_>) {
        let watching: Vec<u64> = self.jobs.iter().filter(|(_, job)| job.watching).map(|(number, _)| *number).collect();
        for number in watching {
            self.turn(number, cx);
        }
    }

    /// A timer of the runner fires.
    pub fn wake(&mut self, token: u64, cx: &mut Ctx<'_>) {
        let Some(number) = self.timers.remove(&token) else { return };
        if self.jobs.get(&number).is_some_and(|job| job.timer == token) {
            self.turn(number, cx);
        }
    }

    /// An answer, if it is to one of the runner's requests.
    pub fn answered(&mut self, ticket: Ticket, answer: Answer, cx: &mut Ctx<'_>) {
        let Some((number, place)) = self.tickets.remove(&ticket) else { return };
        let job = self.jobs.get_mut(&number).expect("a request belongs to a command");
        job.answers[place] = Some(answer);
        job.missing -= 1;
        if job.missing == 0 {
            self.turn(number, cx);
        }
    }

    fn turn(&mut self, number: u64, cx: &mut Ctx<'_>) {
        loop {
            let job = self.jobs.get_mut(&number).expect("a command under way");
            job.turns += 1;
            (job.watching, job.timer) = (false, 0);
            let answers: Vec<Answer> = job.answers.drain(..).flatten().collect();
            let answers = if std::mem::take(&mut job.listing) { Vec::new() } else { answers };
            let mut shell = Shell {
                answers,
                namespace: job.command.namespace.as_deref().unwrap_or("default"),
                namespace_given: job.command.namespace.is_some(),
                manifests: &job.command.manifests,
                view: cx.view,
                now: cx.now,
                clock: cx.clock,
                output: &mut job.output,
                failed: &mut job.failed,
            };
            let next = job.task.turn(&mut shell);
            if job.output.len() > job.told && job.output.ends_with('\n') {
                cx.record(Record::CommandPrinted { index: job.index, text: job.output[job.told..].to_string() });
                job.told = job.output.len();
            }
            assert!(job.turns < TURNS_MAX, "kubectl never ends: {:?}", job.command);
            match next {
                Next::Done => return self.end(number, cx),
                Next::Call(verbs) if verbs.is_empty() => continue,
                Next::Call(verbs) => return self.call(number, verbs, cx),
                Next::List => {
                    job.listing = true;
                    // The list itself is read from the view; this request stands for the time that it takes.
                    let key = Key { kind: Kind::Namespace, group_kind: "".into(), namespace: "".into(), name: "default".into() };
                    return self.call(number, vec![Verb::Get(key)], cx);
                }
                Next::Sleep(span) => return self.timer(number, cx.now + span, cx),
                Next::Watch(until) => {
                    job.watching = true;
                    if let Some(until) = until {
                        self.timer(number, until, cx);
                    }
                    return;
                }
            }
        }
    }

    fn call(&mut self, number: u64, verbs: Vec<Verb>, cx: &mut Ctx<'_>) {
        let job = self.jobs.get_mut(&number).expect("a command under way");
        job.missing = verbs.len();
        job.answers = verbs.iter().map(|_| None).collect();
        for (place, verb) in verbs.into_iter().enumerate() {
            self.tickets.insert(cx.request(verb), (number, place));
        }
    }

    fn timer(&mut self, number: u64, at: Time, cx: &mut Ctx<'_>) {
        self.next_timer += 1;
        let token = Runner::TIMER | self.next_timer;
        self.timers.insert(token, number);
        self.jobs.get_mut(&number).expect("a command under way").timer = token;
        cx.wake_at(at, token);
    }

    fn end(&mut self, number: u64, cx: &mut Ctx<'_>) {
        let job = self.jobs.remove(&number).expect("a command under way");
        if job.told < job.output.len() {
            cx.record(Record::CommandPrinted { index: job.index, text: job.output[job.told..].to_string() });
        }
        let output = job.output.trim_end_matches('\n').to_string();
        cx.record(Record::CommandDone { index: job.index, exit_code: i32::from(job.failed), output });
    }
}

/// A user with a list of commands at given times and nothing else to do.
pub struct Kubectl {
    name: String,
    commands: Vec<(Time, Arc<Command>)>,
    runner: Runner,
}

impl Kubectl {
    /// A user who gives these commands; their number in records is their place in the list.
    pub fn new(commands: Vec<(Time, Command)>) -> Kubectl {
        let commands = commands.into_iter().map(|(at, command)| (at, Arc::new(command))).collect();
        Kubectl { name: "kubectl".into(), commands, runner: Runner::default() }
    }

    /// The same, from words as a shell would pass them.
    pub fn from_args<S: AsRef<str>>(commands: &[(Time, Vec<S>)]) -> Result<Kubectl, KubectlError> {
        let parsed = commands.iter().map(|(at, args)| Ok((*at, parse_args(args)?)));
        Ok(Kubectl::new(parsed.collect::<Result<_, KubectlError>>()?))
    }
}

impl Actor for Kubectl {
    fn name(&self) -> &str {
        &self.name
    }

    fn watches(&self) -> Kinds {
        WATCHED
    }

    fn start(&mut self, cx: &mut Ctx<'_>) {
        for (token, (at, _)) in self.commands.iter().enumerate() {
            cx.wake_at(*at, token as u64);
        }
    }

    fn changed(&mut self, _change: Change<'_>, _cx: &mut Ctx<'_>) {}

    fn settled(&mut self, cx: &mut Ctx<'_>) {
        self.runner.settled(cx);
    }

    fn wake(&mut self, token: u64, cx: &mut Ctx<'_>) {
        if token & Runner::TIMER != 0 {
            return self.runner.wake(token, cx);
        }
        let command = self.commands[token as usize].1.clone();
        self.runner.start(token as usize, command, cx);
    }

    fn answered(&mut self, ticket: Ticket, answer: Answer, cx: &mut Ctx<'_>) {
        self.runner.answered(ticket, answer, cx);
    }
}
