//! Numbers as Rust shows them, of which most are whole or have a few digits: quicker than its general way, with the same bytes.

use crate::base::Time;
use std::io::Write;

/// Writes numbers into a buffer of its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Numbers {
    buffer: Vec<u8>,
}

impl Numbers {
    /// Seconds since the start.
    pub fn seconds(&mut self, at: Time) -> &[u8] {
        let (whole, ns) = (at.0 / 1_000_000_000, at.0 % 1_000_000_000);
        if whole >= 1_000_000 {
            // More digits than the nearest float tells apart.
            return self.shown(at.as_s_f64());
        }
        self.buffer.clear();
        let _ = write!(self.buffer, "{whole}");
        if ns > 0 {
            let _ = write!(self.buffer, ".{ns:09}");
            let end = self.buffer.iter().rposition(|digit| *digit != b'0').map_or(0, |last| last + 1);
            self.buffer.truncate(end);
        }
        &self.buffer
    }

    /// A value.
    pub fn value(&mut self, value: f64) -> &[u8] {
        if value.fract() != 0.0 || value.abs() >= 1e15 || value == 0.0 {
            return self.shown(value);
        }
        self.buffer.clear();
        let _ = write!(self.buffer, "{}", value as i64);
        &self.buffer
    }

    fn shown(&mut self, value: f64) -> &[u8] {
        self.buffer.clear();
        let _ = write!(self.buffer, "{value}");
        &self.buffer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_rust_shows_them() {
        let mut numbers = Numbers::default();
        let mut ns = 1u64;
        for at in (0..4_000u64).map(|step| step * 250_000_000).chain((0..40_000).map(|_| {
            ns = ns.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ns >> (ns % 40)
        })) {
            let at = Time(at);
            assert_eq!(std::str::from_utf8(numbers.seconds(at)).unwrap(), at.as_s_f64().to_string(), "{}", at.0);
        }
        for value in [0.0, -0.0, 1.0, -1.0, 0.5, 1e15, 1e22, 999_999_999_999_999.0, f64::NAN, f64::INFINITY, 1.0 / 3.0] {
            assert_eq!(std::str::from_utf8(numbers.value(value)).unwrap(), value.to_string());
        }
    }
}
