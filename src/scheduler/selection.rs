//! The best of many nodes, kept while single scores change.
//!
//! The real scheduler makes the scored nodes a heap and takes its root. Which node that is follows from a tournament on the same tree:
//! at each place the better half wins, the left one if they are equal, unless the place's own node is as good. When one score changes,
//! only the way up from it has to be played again.
//!
//! Real: pkg/scheduler/framework/sorted_nodes.go, container/heap @ v1.37.2.

use super::node_info::NodeId;
use crate::base::rng::Stream;

/// How one of several equal nodes is chosen.
pub enum TieBreak {
    /// As v1.37 does: the root of the heap.
    Heap,
    /// The first in the order of the search.
    First,
    /// By lot, as older versions did.
    Random(Box<Stream>),
}

impl TieBreak {
    /// The place of the node to take.
    pub fn pick(&mut self, total: &[i64]) -> usize {
        let best = total.iter().max().expect("there is a node");
        let stream = match self {
            TieBreak::Heap => return heap_root(total),
            TieBreak::First => return total.iter().position(|score| score == best).expect("it is one of them"),
            TieBreak::Random(stream) => stream,
        };
        let ties: Vec<usize> = (0..total.len()).filter(|&at| total[at] == *best).collect();
        ties[stream.below(ties.len() as u64) as usize]
    }
}

/// The node is not among those to choose from.
const NOWHERE: u32 = u32::MAX;

/// Who wins at a place, by the winners below.
fn winner(at: usize, total: &[i64], top: &[u32]) -> u32 {
    let (left, right) = (2 * at + 1, 2 * at + 2);
    if left >= total.len() {
        return at as u32;
    }
    let value = |place: u32| total[place as usize];
    let mut best = top[left];
    if right < total.len() && value(top[right]) > value(best) {
        best = top[right];
    }
    if value(best) > total[at] { best } else { at as u32 }
}

fn play(total: &[i64]) -> Vec<u32> {
    let mut top: Vec<u32> = (0..total.len() as u32).collect();
    for at in (0..total.len() / 2).rev() {
        top[at] = winner(at, total, &top);
    }
    top
}

/// The place of the root once the scores are made a heap: of the best ones, the first in preorder of the tree, as a place wins against
/// what is below it if they are equal, and the left half against the right one.
pub fn heap_root(total: &[i64]) -> usize {
    let best = *total.iter().max().expect("there is a node");
    if total[0] == best {
        return 0;
    }
    let ties = (1..total.len()).filter(|&at| total[at] == best);
    ties.min_by_key(|&at| preorder(at)).expect("one is the best")
}

/// Where a place comes when the tree is walked in preorder: the way down from the root as bits from the left, and how long it is. Places
/// have far fewer bits than 58.
pub(super) fn preorder(at: usize) -> u64 {
    let way = at as u64 + 1;
    way << way.leading_zeros() | u64::from(63 - way.leading_zeros())
}

/// Nodes to choose from, in the order of the search, and their totals.
pub(super) struct Selection {
    nodes: Vec<NodeId>,
    place_of: Vec<u32>,
    total: Vec<i64>,
    top: Vec<u32>,
    /// Where the search began.
    pub start: usize,
    /// How many nodes did not pass.
    pub rejected: usize,
    /// Where the log of changes ended when this was last brought up to date.
    pub log_end: u64,
}

impl Selection {
    /// From nodes and their totals; `places` is how many ids of nodes there are.
    pub fn new(nodes: Vec<NodeId>, total: Vec<i64>, places: usize) -> Self {
        let mut place_of = vec![NOWHERE; places];
        nodes.iter().enumerate().for_each(|(at, &id)| place_of[id as usize] = at as u32);
        Self { top: play(&total), nodes, place_of, total, start: 0, rejected: 0, log_end: 0 }
    }

    /// How many nodes there are to choose from.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether a node is among them.
    pub fn has(&self, node: NodeId) -> bool {
        self.place_of[node as usize] != NOWHERE
    }

    /// Changes the total of a node that is among them.
    pub fn set(&mut self, node: NodeId, total: i64) {
        let mut at = self.place_of[node as usize] as usize;
        if self.total[at] == total {
            return;
        }
        self.total[at] = total;
        loop {
            self.top[at] = winner(at, &self.total, &self.top);
            if at == 0 {
                break;
            }
            at = (at - 1) / 2;
        }
    }

    /// The node that the real scheduler would take.
    pub fn best(&self) -> NodeId {
        self.nodes[self.top[0] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The root of Go's container/heap after Init, by sifting down.
    fn sifted(total: &[i64]) -> usize {
        let mut heap: Vec<usize> = (0..total.len()).collect();
        for start in (0..total.len() / 2).rev() {
            let mut parent = start;
            loop {
                let left = 2 * parent + 1;
                if left >= heap.len() {
                    break;
                }
                let right = left + 1;
                let child = if right < heap.len() && total[heap[right]] > total[heap[left]] { right } else { left };
                if total[heap[child]] <= total[heap[parent]] {
                    break;
                }
                heap.swap(parent, child);
                parent = child;
            }
        }
        heap[0]
    }

    #[test]
    fn lots_are_drawn_among_the_best_only() {
        let mut lots = TieBreak::Random(Box::new(crate::base::rng::Seed(1).stream("ties")));
        let picked: std::collections::BTreeSet<usize> = (0..100).map(|_| lots.pick(&[3, 5, 5, 1, 5])).collect();
        assert_eq!(picked, [1, 2, 4].into());
        assert_eq!(TieBreak::Heap.pick(&[1, 1, 1, 1, 2]), 4);
        assert_eq!((TieBreak::First.pick(&[1, 2, 1, 2]), TieBreak::First.pick(&[3])), (1, 0));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_tournament_ends_as_the_heap(mut total in prop::collection::vec(0_i64..6, 1..40), changes in prop::collection::vec((0_usize..40, 0_i64..6), 0..20)) {
            let nodes: Vec<NodeId> = (0..total.len() as NodeId).map(|at| at * 2 + 1).collect();
            let mut selection = Selection::new(nodes, total.clone(), 80);
            prop_assert_eq!(heap_root(&total), sifted(&total));
            for (at, value) in changes {
                let at = at % total.len();
                total[at] = value;
                selection.set(at as NodeId * 2 + 1, value);
                prop_assert_eq!(selection.best(), sifted(&total) as NodeId * 2 + 1);
            }
            prop_assert!(selection.has(1) && !selection.has(0) && selection.len() == total.len());
        }
    }
}
