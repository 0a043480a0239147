//! A heap with lookup by key that moves its items exactly as Go's container/heap does, so that items which compare equal
//! come out in the same order as from the real queue.
//! Real: Go's container/heap, pkg/scheduler/backend/heap/heap.go @ v1.37.2.

use crate::base::collections::Map;
use std::hash::Hash;

/// Which of two items comes first.
pub(super) type Less<T> = fn(&T, &T) -> bool;

/// The heap. `K` names an item; there is one item per name.
#[derive(Clone, Debug)]
pub(super) struct Heap<K, T> {
    items: Vec<(K, T)>,
    place: Map<K, usize>,
    less: Less<T>,
}

impl<K: Clone + Eq + Hash, T> Heap<K, T> {
    /// An empty heap.
    pub fn new(less: Less<T>) -> Self {
        Self { items: Vec::new(), place: Map::default(), less }
    }

    /// How many items there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The first item.
    pub fn peek(&self) -> Option<&T> {
        self.items.first().map(|(_, item)| item)
    }

    /// The item of that name.
    pub fn get(&self, key: &K) -> Option<&T> {
        self.place.get(key).map(|&at| &self.items[at].1)
    }

    /// Adds an item, or replaces the one of that name.
    pub fn add_or_update(&mut self, key: K, item: T) {
        match self.place.get(&key) {
            Some(&at) => {
                self.items[at].1 = item;
                self.fix(at);
            }
            None => {
                let at = self.items.len();
                self.place.insert(key.clone(), at);
                self.items.push((key, item));
                self.up(at);
            }
        }
    }

    /// Changes the item of that name in place; says whether it is there.
    pub fn update(&mut self, key: &K, change: impl FnOnce(&mut T)) -> bool {
        let Some(&at) = self.place.get(key) else { return false };
        change(&mut self.items[at].1);
        self.fix(at);
        true
    }

    /// Takes the first item out.
    pub fn pop(&mut self) -> Option<T> {
        let last = self.items.len().checked_sub(1)?;
        self.swap(0, last);
        self.down(0, last);
        self.take_last()
    }

    /// Takes the item of that name out.
    pub fn remove(&mut self, key: &K) -> Option<T> {
        let at = *self.place.get(key)?;
        let last = self.items.len() - 1;
        if at != last {
            self.swap(at, last);
            if !self.down(at, last) {
                self.up(at);
            }
        }
        self.take_last()
    }

    fn take_last(&mut self) -> Option<T> {
        let (key, item) = self.items.pop()?;
        self.place.remove(&key);
        Some(item)
    }

    fn fix(&mut self, at: usize) {
        if !self.down(at, self.items.len()) {
            self.up(at);
        }
    }

    fn swap(&mut self, a: usize, b: usize) {
        if a != b {
            self.items.swap(a, b);
            for at in [a, b] {
                *self.place.get_mut(&self.items[at].0).expect("each item has a place") = at;
            }
        }
    }

    fn before(&self, a: usize, b: usize) -> bool {
        (self.less)(&self.items[a].1, &self.items[b].1)
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

    fn heap(items: &[(&'static str, u32)]) -> Heap<&'static str, (u32, &'static str)> {
        let mut heap = Heap::new(|a: &(u32, &str), b: &(u32, &str)| a.0 < b.0);
        for &(name, rank) in items {
            heap.add_or_update(name, (rank, name));
        }
        heap
    }

    fn drain(mut heap: Heap<&'static str, (u32, &'static str)>) -> String {
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
