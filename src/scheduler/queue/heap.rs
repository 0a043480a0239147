//! A heap with lookup by key that moves its items exactly as Go's container/heap does, so that items which compare equal
//! come out in the same order as from the real queue.
//! Real: Go's container/heap, pkg/scheduler/backend/heap/heap.go @ v1.37.2.

use crate::base::collections::Map;
use std::hash::Hash;

/// What an item is compared by: the lesser comes first.
pub(super) type Rank<T, R> = fn(&T) -> R;

/// An item with its place in the heap.
#[derive(Clone, Debug)]
struct Slot<K, T> {
    key: K,
    item: T,
    place: u32,
}

/// The heap. `K` names an item; there is one item per name. What moves is small: an item's rank and the number of its slot.
#[derive(Clone, Debug)]
pub(super) struct Heap<K, T, R> {
    heap: Vec<(R, u32)>,
    slots: Vec<Option<Slot<K, T>>>,
    free: Vec<u32>,
    slot_of: Map<K, u32>,
    rank: Rank<T, R>,
}

impl<K: Clone + Eq + Hash, T, R: Copy + Ord> Heap<K, T, R> {
    /// An empty heap.
    pub fn new(rank: Rank<T, R>) -> Self {
        Self { heap: Vec::new(), slots: Vec::new(), free: Vec::new(), slot_of: Map::default(), rank }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.heap.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.heap.is_empty()
    }

    fn slot(&self, slot: u32) -> &Slot<K, T> {
        self.slots[slot as usize].as_ref().expect("the heap names slots that are taken")
    }

    fn slot_mut(&mut self, slot: u32) -> &mut Slot<K, T> {
        self.slots[slot as usize].as_mut().expect("the heap names slots that are taken")
    }

    /// The first item.
    pub fn peek(&self) -> Option<&T> {
        self.heap.first().map(|(_, slot)| &self.slot(*slot).item)
    }

    /// The item of that name.
    pub fn get(&self, key: &K) -> Option<&T> {
        self.slot_of.get(key).map(|slot| &self.slot(*slot).item)
    }

    /// Adds an item, or replaces the one of that name.
    pub fn add_or_update(&mut self, key: K, item: T) {
        let rank = (self.rank)(&item);
        if let Some(&slot) = self.slot_of.get(&key) {
            let known = self.slot_mut(slot);
            known.item = item;
            let at = known.place as usize;
            self.heap[at].0 = rank;
            return self.fix(at);
        }
        let at = self.heap.len();
        let taken = Some(Slot { key: key.clone(), item, place: at as u32 });
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = taken;
                slot
            }
            None => {
                self.slots.push(taken);
                self.slots.len() as u32 - 1
            }
        };
        self.slot_of.insert(key, slot);
        self.heap.push((rank, slot));
        self.up(at);
    }

    /// Changes the item of that name in place; says whether it is there.
    pub fn update(&mut self, key: &K, change: impl FnOnce(&mut T)) -> bool {
        let Some(&slot) = self.slot_of.get(key) else { return false };
        let rank = self.rank;
        let known = self.slot_mut(slot);
        change(&mut known.item);
        let (at, rank) = (known.place as usize, rank(&known.item));
        self.heap[at].0 = rank;
        self.fix(at);
        true
    }

    /// Takes the first item out.
    pub fn pop(&mut self) -> Option<T> {
        let last = self.heap.len().checked_sub(1)?;
        self.swap(0, last);
        self.down(0, last);
        self.take_last()
    }

    /// Takes the item of that name out.
    pub fn remove(&mut self, key: &K) -> Option<T> {
        let at = self.slot(*self.slot_of.get(key)?).place as usize;
        let last = self.heap.len() - 1;
        if at != last {
            self.swap(at, last);
            if !self.down(at, last) {
                self.up(at);
            }
        }
        self.take_last()
    }

    fn take_last(&mut self) -> Option<T> {
        let (_, slot) = self.heap.pop()?;
        let taken = self.slots[slot as usize].take().expect("the heap names slots that are taken");
        self.free.push(slot);
        self.slot_of.remove(&taken.key);
        Some(taken.item)
    }

    fn fix(&mut self, at: usize) {
        if !self.down(at, self.heap.len()) {
            self.up(at);
        }
    }

    fn swap(&mut self, a: usize, b: usize) {
        if a != b {
            self.heap.swap(a, b);
            for at in [a, b] {
                let slot = self.heap[at].1;
                self.slot_mut(slot).place = at as u32;
            }
        }
    }

    fn before(&self, a: usize, b: usize) -> bool {
        self.heap[a].0 < self.heap[b].0
    }

    fn up(&mut self, mut at: usize) {
        while at > 0 {
            let parent = (at - 1) / 2;
            if !self.before(at, parent) {
                break;
            }
            self.swap(parent, at);
            at = parent;
        }
    }

    /// Sinks an item among the first `len`; says whether it moved.
    fn down(&mut self, start: usize, len: usize) -> bool {
        let mut at = start;
        loop {
            let left = 2 * at + 1;
            if left >= len {
                break;
            }
            let right = left + 1;
            let child = if right < len && self.before(right, left) { right } else { left };
            if !self.before(child, at) {
                break;
            }
            self.swap(at, child);
            at = child;
        }
        at > start
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heap(items: &[(&'static str, u32)]) -> Heap<&'static str, (u32, &'static str), u32> {
        let mut heap = Heap::new(|item: &(u32, &str)| item.0);
        for &(name, rank) in items {
            heap.add_or_update(name, (rank, name));
        }
        heap
    }

    fn drain(mut heap: Heap<&'static str, (u32, &'static str), u32>) -> String {
        std::iter::from_fn(|| heap.pop()).map(|(_, name)| name).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn equal_items_come_out_as_from_gos_heap() {
        // The orders are those that a Go program with container/heap printed.
        assert_eq!(drain(heap(&[("a", 1), ("b", 1), ("c", 1), ("d", 1), ("e", 1)])), "a e d c b");
        assert_eq!(drain(heap(&[("a", 2), ("b", 1), ("c", 2), ("d", 1)])), "b d c a");
    }

    #[test]
    fn items_are_found_changed_and_removed() {
        let mut heap = heap(&[("a", 3), ("b", 2), ("c", 1)]);
        assert_eq!((heap.len(), heap.is_empty(), heap.get(&"b")), (3, false, Some(&(2, "b"))));
        assert!(heap.update(&"a", |item| item.0 = 0));
        assert!(!heap.update(&"z", |_| unreachable!("there is no z")));
        assert_eq!(heap.peek(), Some(&(0, "a")));
        assert_eq!(heap.remove(&"c"), Some((1, "c")));
        assert_eq!(heap.remove(&"c"), None);
        assert_eq!(heap.len(), 2);
        heap.add_or_update("b", (0, "b"));
        assert_eq!(drain(heap), "a b");
    }
}
