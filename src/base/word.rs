//! Words that the program itself says by the million (reasons, kinds, conditions): shared instead of copied.

use super::collections::Map;
use std::cell::RefCell;
use std::sync::Arc;

thread_local! {
    /// By the address of the literal. A cache only: which copy one gets makes no difference.
    static WORDS: RefCell<Map<(usize, usize), Arc<str>>> = RefCell::default();
}

/// A literal as a shared string, the same one each time on a thread.
pub fn word(text: &'static str) -> Arc<str> {
    WORDS.with_borrow_mut(|words| words.get_or_insert_with((text.as_ptr() as usize, text.len()), || text.into()).clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_made_once() {
        assert!(Arc::ptr_eq(&word("Scheduled"), &word("Scheduled")));
        assert_eq!(&*word("Scheduled"), "Scheduled");
        assert_eq!(&*word(""), "");
    }
}
