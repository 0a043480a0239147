//! The one way out: what the run tells its observers. Metrics and reports are made of this alone and never reach back.

use crate::api::Answer;
use crate::base::Time;
use crate::store::{Key, LogEntry};
use std::sync::Arc;

/// Something that no object of the API shows.
#[derive(Clone, PartialEq, Debug)]
pub enum Record {
    /// A user's kubectl line begins.
    Command {
        /// Which one of the timeline.
        index: usize,
        /// The line.
        line: String,
    },
    /// A user's kubectl line has printed something.
    CommandPrinted {
        /// Which one of the timeline.
        index: usize,
        /// Whole lines of text.
        text: String,
    },
    /// A user's kubectl line has ended.
    CommandDone {
        /// Which one of the timeline.
        index: usize,
        /// kubectl's exit status.
        exit_code: i32,
        /// What it printed, standard output and error together.
        output: String,
    },
    /// A failure begins (`healed`: false) or ends.
    Fault {
        /// Its name as in scenarios.
        name: &'static str,
        /// What it hits.
        target: String,
        /// Whether this is its end.
        healed: bool,
    },
    /// The scheduler tried to place a pod.
    Attempt {
        /// `namespace/name` of the pod.
        pod: String,
        /// Which attempt, from 1.
        attempt: u32,
        /// The node, if one was found.
        node: Option<String>,
        /// What the PodScheduled condition says otherwise.
        message: String,
        /// Nanoseconds since the pod entered the queue for the first time.
        waited_ns: u64,
    },
    /// A kubelet's call to its container runtime, if the fleet is set up to tell.
    Runtime {
        /// `namespace/name` of the pod.
        pod: String,
        /// The call with its arguments.
        call: String,
    },
    /// Everything about an attempt to place a pod that the observers asked about.
    Explained {
        /// `namespace/name` of the pod.
        pod: String,
        /// Moves in the queue, each node's verdict and scores, what would help.
        attempt: serde_json::Value,
    },
    /// A pod moved in the scheduling queue, if the scheduler is set up to tell.
    Queue {
        /// When.
        at: Time,
        /// `namespace/name` of the pod.
        pod: String,
        /// The part of the queue that it left.
        from: &'static str,
        /// The part that it is in now.
        to: &'static str,
        /// What caused it.
        event: String,
    },
    /// What became of the requests that were sent within a span of time.
    Traffic(Arc<super::traffic::Window>),
    /// A part of the story that is worth a line of its own.
    Story {
        /// The line.
        line: String,
    },
}

/// Somebody who looks on. Must not influence the run: everything comes by shared reference.
pub trait Observer {
    /// A commit.
    fn commit(&mut self, key: &Key, entry: &LogEntry);
    /// Something else.
    fn record(&mut self, _at: Time, _record: &Record) {}
    /// The API server has answered a request of the component `from`; the commits that it made come next.
    fn request(&mut self, _at: Time, _from: &str, _verb: &'static str, _answer: &Answer) {}
    /// The watch has shown the component `to` everything that it watches up to the resourceVersion.
    fn delivered(&mut self, _at: Time, _to: &str, _version: u64) {}
}
