//! A table that grows without moving what it holds and without room for twice as much: rows live in blocks.

use std::ops::{Index, IndexMut};

const BLOCK: usize = 256;

/// Rows by number.
pub(crate) struct Table<T>(Vec<Vec<T>>);

impl<T> Default for Table<T> {
    fn default() -> Self {
        Table(Vec::new())
    }
}

impl<T> Table<T> {
    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.0.last().map_or(0, |last| (self.0.len() - 1) * BLOCK + last.len())
    }

    /// Adds a row; gives its number.
    pub fn push(&mut self, row: T) -> u32 {
        let number = self.len() as u32;
        if self.0.last().is_none_or(|block| block.len() == BLOCK) {
            self.0.push(Vec::with_capacity(BLOCK));
        }
        self.0.last_mut().expect("there is a block").push(row);
        number
    }
}

impl<T> Index<u32> for Table<T> {
    type Output = T;

    fn index(&self, number: u32) -> &T {
        &self.0[number as usize / BLOCK][number as usize % BLOCK]
    }
}

impl<T> IndexMut<u32> for Table<T> {
    fn index_mut(&mut self, number: u32) -> &mut T {
        &mut self.0[number as usize / BLOCK][number as usize % BLOCK]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_numbers_over_blocks() {
        let mut table = Table::default();
        for number in 0..3 * BLOCK as u32 + 1 {
            assert_eq!((table.len(), table.push(number)), (number as usize, number));
        }
        table[BLOCK as u32] = 7;
        assert_eq!((table[0], table[BLOCK as u32], table[3 * BLOCK as u32]), (0, 7, 3 * BLOCK as u32));
    }
}
