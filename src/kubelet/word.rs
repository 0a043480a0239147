//! Words that statuses repeat by the million, shared instead of copied.

/// A shared string that is made once.
macro_rules! word {
    ($text:literal) => {{
        static WORD: std::sync::LazyLock<crate::model::Str> = std::sync::LazyLock::new(|| $text.into());
        std::sync::LazyLock::force(&WORD).clone()
    }};
}
pub(crate) use word;
