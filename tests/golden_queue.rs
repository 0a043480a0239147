//! Replays what the real kube-scheduler's queue did, and compares every record.
//!
//! `queue`: the queue with scripted outcomes. `queue-cycles`: the whole scheduler decides, preempts and binds. The recordings
//! are in `tests/golden/`, or in the folders named by `KUBESIM_GOLDEN_QUEUE` and `KUBESIM_GOLDEN_QUEUE_CYCLES`.

#[path = "golden_queue/cycles.rs"]
mod cycles;
#[path = "golden_queue/outcomes.rs"]
mod outcomes;
#[path = "golden_queue/shared.rs"]
mod shared;

#[test]
fn the_queue_moves_pods_as_the_real_one() {
    shared::check("queue", "KUBESIM_GOLDEN_QUEUE", outcomes::replay);
}

#[test]
fn whole_cycles_go_as_the_real_ones() {
    shared::check("queue-cycles", "KUBESIM_GOLDEN_QUEUE_CYCLES", cycles::replay);
}
