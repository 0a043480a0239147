//! Sets of completion indexes as a Job's status writes them, such as `0,2-5,9`.
//! Real: pkg/controller/job/indexed_job_utils.go @ v1.37.2.

use std::fmt;

/// Sorted intervals without overlap: first and last index of each.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Indexes(Vec<(i32, i32)>);

impl Indexes {
    /// Reads the notation; indexes from `completions` on are left out, and so is what cannot be read.
    pub fn parse(text: &str, completions: i32) -> Indexes {
        let mut all: Vec<(i32, i32)> = Vec::new();
        for part in text.split(',').filter(|_| !text.is_empty()) {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (Ok(first), Ok(last)) = (first.parse::<i32>(), last.parse::<i32>()) else { continue };
            if first >= completions {
                break;
            }
            let last = last.min(completions - 1);
            match all.last_mut() {
                Some(before) if before.1 == first - 1 => before.1 = last,
                _ => all.push((first, last)),
            }
        }
        Indexes(all)
    }

    /// From single indexes in any order.
    pub fn of(indexes: impl IntoIterator<Item = i32>) -> Indexes {
        let mut single: Vec<(i32, i32)> = indexes.into_iter().map(|index| (index, index)).collect();
        single.sort_unstable();
        Indexes::default().merge(&Indexes(single))
    }

    /// Both together.
    pub fn merge(&self, other: &Indexes) -> Indexes {
        let mut parts: Vec<(i32, i32)> = self.0.iter().chain(&other.0).copied().collect();
        parts.sort_unstable();
        let mut merged: Vec<(i32, i32)> = Vec::with_capacity(parts.len());
        for (first, last) in parts {
            match merged.last_mut() {
                Some(before) if first <= before.1 + 1 => before.1 = before.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        Indexes(merged)
    }

    /// How many indexes there are.
    pub fn total(&self) -> i32 {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether an index is among them.
    pub fn has(&self, index: i32) -> bool {
        let at = self.0.partition_point(|(_, last)| *last < index);
        self.0.get(at).is_some_and(|(first, _)| *first <= index)
    }

    /// The lowest `count` indexes below `completions` that are not among these.
    pub fn first_missing(&self, count: usize, completions: i32) -> Vec<i32> {
        (0..completions).filter(|index| !self.has(*index)).take(count).collect()
    }

    /// How many indexes both have.
    pub fn overlap(&self, other: &Indexes) -> i32 {
        let common = |a: &(i32, i32), b: &(i32, i32)| (a.1.min(b.1) - a.0.max(b.0) + 1).max(0);
        self.0.iter().map(|a| other.0.iter().map(|b| common(a, b)).sum::<i32>()).sum()
    }
}

impl fmt::Display for Indexes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (first, last)) in self.0.iter().enumerate() {
            let comma = if at > 0 { "," } else { "" };
            match last - first {
                0 => write!(f, "{comma}{first}")?,
                1 => write!(f, "{comma}{first},{last}")?,
                _ => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_notation_goes_in_and_out() {
        let cases =
            [("", ""), ("0", "0"), ("0,1", "0,1"), ("0-2,4", "0-2,4"), ("0,1,2", "0-2"), ("3-20", "3-9"), ("1,x,3", "1,3"), ("12", "")];
        for (text, want) in cases {
            assert_eq!(Indexes::parse(text, 10).to_string(), want, "{text}");
        }
    }

    #[test]
    fn sets_merge_count_and_find() {
        let set = Indexes::parse("0-2,5", 10).merge(&Indexes::of([4, 9, 3]));
        assert_eq!((set.to_string().as_str(), set.total(), set.is_empty()), ("0-5,9", 7, false));
        assert_eq!([0, 5, 6, 9].map(|index| set.has(index)), [true, true, false, true]);
        assert_eq!(set.first_missing(3, 10), [6, 7, 8]);
        assert_eq!(set.first_missing(9, 12), [6, 7, 8, 10, 11]);
        assert_eq!(set.overlap(&Indexes::parse("4-9", 10)), 3);
    }
}
