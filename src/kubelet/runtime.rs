//! The container runtime of a node: sandboxes and containers, what will become of each, and what stops them. It knows nothing of
//! the kubelet. Real: CRI (staging/src/k8s.io/cri-api @ v1.37.2) as containerd implements it.

use super::behaviours::Serves;
use super::pod::{Container, PodState, Seen, State, Which};
use super::word;
use crate::base::{Span, Time};
use crate::model::Str;

/// What the runtime takes at least to stop a container.
const STOP_MIN: Span = Span::from_ms(2);

/// A pod's network space, held by its pause container.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Sandbox {
    pub attempt: u32,
    pub ready: bool,
    pub ip: Str,
}

/// How a process will end if nobody interferes.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct End {
    pub at: Time,
    pub code: i32,
    pub reason: Str,
    pub message: Str,
}

/// A container and what will become of it.
#[derive(Clone, PartialEq, Debug)]
pub(crate) struct Live {
    pub seen: Container,
    pub end: Option<Box<End>>,
    /// When the process listens, and from when on it says that it is ready.
    pub listens: Time,
    pub ready: Option<Time>,
    /// From SIGTERM to its end, and its exit code then.
    pub drains: Span,
    pub stop_code: i32,
    /// When it was asked to stop, and how long after that it takes new connections.
    pub stopping: Option<Time>,
    pub refuses_after: Span,
    /// What requests to it cost.
    pub serves: Option<Serves>,
    /// Number of its entry in the script, if there is one.
    pub script: Option<u32>,
    /// What it uses.
    pub cpu_milli: i64,
    pub memory_bytes: i64,
    pub memory_growth_per_s: i64,
}

impl Live {
    /// Whether the process takes new connections: it listens, and was not told to stop too long ago.
    pub fn takes_connections(&self, now: Time) -> bool {
        self.listens <= now && self.stopping.is_none_or(|stopping| now < stopping + self.refuses_after)
    }

    /// SIGTERM now, SIGKILL after the timeout; gives back when it will have ended.
    pub fn stop(&mut self, now: Time, timeout: Span) -> Time {
        // Even a process without a handler takes a moment to go.
        let by_term = now + self.drains.max(STOP_MIN);
        let kill = now + timeout;
        let end = if by_term <= kill {
            let reason = if self.stop_code == 0 { word!("Completed") } else { word!("Error") };
            End { at: by_term, code: self.stop_code, reason, message: word!("") }
        } else {
            End { at: kill, code: 137, reason: word!("Error"), message: word!("") }
        };
        self.stopping = Some(now);
        let sooner = self.end.as_ref().is_none_or(|present| end.at < present.at);
        if sooner {
            self.end = Some(Box::new(end));
        }
        self.end.as_ref().map_or(now, |end| end.at)
    }
}

impl PodState {
    /// Lets everything happen that is due by now; says whether anything did.
    pub fn run_runtime(&mut self, now: Time) -> bool {
        let mut any = false;
        for live in &mut self.lives {
            if live.seen.state != State::Running {
                continue;
            }
            if let Some(end) = live.end.take_if(|end| end.at <= now) {
                let seen = &mut live.seen;
                (seen.state, seen.finished, seen.exit) = (State::Exited, end.at, end.code);
                (seen.reason, seen.message) = (end.reason, end.message);
                any = true;
            }
        }
        self.dirty |= any;
        any
    }

    /// When something happens next by itself.
    pub fn next_in_runtime(&self) -> Option<Time> {
        let running = self.lives.iter().filter(|live| live.seen.state == State::Running);
        running.filter_map(|live| live.end.as_ref().map(|end| end.at)).min()
    }

    /// A snapshot for the cache. The address of a pod is kept when its sandbox has gone.
    pub fn look(&self) -> Seen {
        let mut sandboxes = self.sandboxes.clone();
        sandboxes.reverse();
        let mut containers: Vec<Container> = self.lives.iter().map(|live| live.seen.clone()).collect();
        containers.reverse();
        let ip = match sandboxes.first() {
            Some(sandbox) if sandbox.ready => sandbox.ip.clone(),
            _ => self.seen.ip.clone(),
        };
        Seen { sandboxes, containers, ip }
    }

    /// The running life of a container.
    pub fn live(&self, serial: u32) -> Option<&Live> {
        self.lives.iter().find(|live| live.seen.serial == serial)
    }

    /// The same, to change.
    pub fn live_mut(&mut self, serial: u32) -> Option<&mut Live> {
        self.lives.iter_mut().find(|live| live.seen.serial == serial)
    }

    /// Takes a container out of the runtime.
    pub fn remove_container(&mut self, serial: u32) {
        let before = self.lives.len();
        self.lives.retain(|live| live.seen.serial != serial);
        self.dirty |= self.lives.len() != before;
    }

    /// Whether any container runs.
    pub fn any_running(&self) -> bool {
        self.lives.iter().any(|live| live.seen.state == State::Running)
    }

    /// The machine goes down: every process ends at once, every sandbox with it.
    pub fn lose_power(&mut self, now: Time) {
        for live in &mut self.lives {
            if live.seen.state == State::Running {
                let seen = &mut live.seen;
                (seen.state, seen.finished, seen.exit) = (State::Exited, now, 255);
                (seen.reason, seen.message) = (word!("Unknown"), word!(""));
                live.end = None;
            }
        }
        self.sandboxes.iter_mut().for_each(|sandbox| sandbox.ready = false);
        self.dirty = true;
    }

    /// Exited lives of a container beyond the newest `keep`, oldest last.
    pub fn old_lives(&self, which: Option<Which>, keep: usize) -> Vec<u32> {
        let dead = self.lives.iter().rev().filter(|live| live.seen.state == State::Exited);
        dead.filter(|live| which.is_none_or(|which| live.seen.which == which)).skip(keep).map(|live| live.seen.serial).collect()
    }
}
