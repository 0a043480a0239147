//! The ground floor, measured: the event queue with many events pending, and the store's writes with readers that lag.
//!
//! `cargo bench --bench engine`; the binary heap of the standard library and a map of clones stand beside them in the same run.

use kubesim::base::{Seed, Span, Time};
use kubesim::engine::{ActorId, Event, EventQueue};
use kubesim::model::{Body, Kind, Labels, Meta, Object, Pod, PodStatus};
use kubesim::store::{Key, Store, Watch};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;
use std::time::Instant;

const PENDING: usize = 1_000_000;
const STEPS: u64 = 8_000_000;

/// How far ahead the next event of a timer lies: most within milliseconds, some within minutes, as in a cluster.
fn delay(draw: u64) -> u64 {
    let far = draw & 7 == 0;
    let span = if far { Span::from_s(60) } else { Span::from_ms(20) };
    (draw >> 3) % span.0
}

#[allow(clippy::disallowed_methods)] // A benchmark measures wall time.
fn timed(name: &str, count: u64, unit: &str, run: impl FnOnce() -> u64) -> f64 {
    let begin = Instant::now();
    let check = run();
    let seconds = begin.elapsed().as_secs_f64();
    println!("{name}: {:.2} million {unit} a second ({count} in {seconds:.3} s, check {check})", count as f64 / seconds / 1e6);
    seconds
}

fn queue() {
    let mut random = Seed(1).stream("bench");
    let delays: Vec<u64> = (0..1 << 16).map(|_| delay(random.below(u64::MAX))).collect();
    let next = |at: u64| delays[at as usize & 0xffff];
    let event = |token: u64| Event::Wake { actor: ActorId(0), life: 0, token };
    let mut queue = EventQueue::default();
    (0..PENDING as u64).for_each(|at| queue.push(Time(next(at)), event(at)));
    let ours = timed("event queue, a million pending", STEPS, "events", || {
        let mut sum = 0_u64;
        for step in 0..STEPS {
            let (now, event) = queue.pop_until(Time::MAX).expect("there are a million");
            sum = sum.wrapping_mul(31).wrapping_add(now.0);
            queue.push(Time(now.0 + next(step)), event);
        }
        sum
    });
    let mut heap = BinaryHeap::with_capacity(PENDING);
    (0..PENDING as u64).for_each(|at| heap.push(Reverse((next(at), at, at))));
    let theirs = timed("a binary heap with sequence numbers", STEPS, "events", || {
        let mut sum = 0_u64;
        for step in 0..STEPS {
            let Reverse((now, _, token)) = heap.pop().expect("there are a million");
            sum = sum.wrapping_mul(31).wrapping_add(now);
            heap.push(Reverse((now + next(step), PENDING as u64 + step, token)));
        }
        sum
    });
    println!("ratio: {:.2}", theirs / ours);
}

fn pod(number: usize) -> Object {
    let mut labels = Labels::default();
    labels.set("app", format!("d{}", number % 1_500));
    let meta = Meta { name: format!("pod-{number}").into(), namespace: "default".into(), labels, ..Meta::default() };
    Object { meta, body: Body::Pod(Pod::default()) }
}

/// Writes go round over all pods; three readers follow a thousand commits behind.
fn store(pods: usize, writes: u64) {
    let mut store = Store::default();
    let ids: Vec<_> = (0..pods).map(|number| store.intern(Key::of(&pod(number)))).collect();
    timed(&format!("store, {pods} pods: creations"), pods as u64, "writes", || {
        ids.iter().enumerate().map(|(number, id)| store.commit(Time::ZERO, *id, Some(pod(number)))).last().unwrap_or(0)
    });
    let write = |store: &mut Store, at: u64| {
        let id = ids[at as usize % pods];
        let mut object = (**store.current(id).expect("it is there")).clone();
        let status = PodStatus { observed_generation: at as i64, ..PodStatus::default() };
        object.as_pod_mut().expect("it is a pod").status = Arc::new(status);
        store.commit(Time(at), id, Some(object))
    };
    let ours = timed(&format!("store, {pods} pods: status writes, read by three, a thousand behind"), writes, "writes", || {
        let mut read = 0;
        for at in 0..writes {
            let version = write(&mut store, at);
            let behind = version.saturating_sub(1_000);
            for _ in 0..3 {
                read += u64::from(store.view(behind).get(ids[at as usize % pods]).is_some());
            }
            if at % 1_024 == 0 {
                store.prune(behind);
            }
        }
        read
    });
    let mut caches: [BTreeMap<u32, Arc<Object>>; 3] = Default::default();
    let theirs = timed("the same with a map for each reader", writes, "writes", || {
        let mut read = 0;
        for at in 0..writes {
            write(&mut store, at);
            let id = ids[at as usize % pods];
            let object = store.current(id).expect("it is there");
            for cache in &mut caches {
                cache.insert(id.0, object.clone());
                read += u64::from(cache.contains_key(&id.0));
            }
            if at % 1_024 == 0 {
                store.prune(store.version());
            }
        }
        read
    });
    println!("ratio: {:.2}", theirs / ours);
    let mut watch = Watch::from_version(Kind::Pod, store.version());
    timed("watch: changes told", writes, "changes", || {
        let mut told = 0;
        for at in 0..writes {
            write(&mut store, at);
            if at % 64 == 63 {
                told += watch.poll(&store).expect("the log reaches back").len() as u64;
                store.prune(store.version());
            }
        }
        told
    });
}

fn main() {
    queue();
    store(150_000, 1_000_000);
}
