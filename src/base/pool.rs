//! Equal values are kept once. Memory only; what is read is the same.

use super::collections::Map;
use std::hash::Hash;

/// So many different values are remembered before all are forgotten; who holds one keeps it.
const VALUES_MAX: usize = 4_096;

/// Values seen lately, cheap to clone.
#[derive(Debug)]
pub struct Pool<T>(Map<T, T>);

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Pool(Map::default())
    }
}

impl<T: Clone + Eq + Hash> Pool<T> {
    /// Puts an equal value from before in the place of this one, if there was one.
    pub fn share(&mut self, value: &mut T) {
        if let Some(known) = self.0.get(value) {
            *value = known.clone();
            return;
        }
        if self.0.len() >= VALUES_MAX {
            self.0.clear();
        }
        self.0.insert(value.clone(), value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn equal_values_become_one_and_few_are_remembered() {
        let mut pool = Pool::default();
        let (mut a, mut b, mut c): (Arc<str>, Arc<str>, Arc<str>) = ("x".into(), "x".into(), "y".into());
        for value in [&mut a, &mut b, &mut c] {
            pool.share(value);
        }
        assert!(Arc::ptr_eq(&a, &b) && &*c == "y");
        for number in 0..2 * VALUES_MAX {
            pool.share(&mut number.to_string().into());
            assert!(pool.0.len() <= VALUES_MAX);
        }
    }
}
