//! Simulated time: whole nanoseconds since the start of the run, and spans between two instants.

use std::fmt;
use std::ops::{Add, AddAssign, Mul, Sub};

const NS_PER_MS: u64 = 1_000_000;
const NS_PER_S: u64 = 1_000_000_000;

/// An instant: nanoseconds since the start of the run.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Time(pub u64);

/// A length of time in nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span(pub u64);

impl Time {
    /// The start of the run.
    pub const ZERO: Time = Time(0);
    /// Later than everything.
    pub const MAX: Time = Time(u64::MAX);

    /// The instant so many whole seconds after the start.
    pub const fn from_s(seconds: u64) -> Time {
        Time(seconds * NS_PER_S)
    }

    /// The instant so many milliseconds after the start.
    pub const fn from_ms(ms: u64) -> Time {
        Time(ms * NS_PER_MS)
    }

    /// Whole milliseconds since the start.
    pub const fn as_ms(self) -> u64 {
        self.0 / NS_PER_MS
    }

    /// Whole seconds since the start.
    pub const fn as_s(self) -> u64 {
        self.0 / NS_PER_S
    }

    /// Seconds since the start, for charts and figures only.
    pub fn as_s_f64(self) -> f64 {
        self.0 as f64 / NS_PER_S as f64
    }

    /// The time from `earlier` to here; zero when `earlier` is later.
    pub const fn since(self, earlier: Time) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }

    /// The first multiple of `period` at or after this instant. `period` must not be zero.
    pub const fn round_up(self, period: Span) -> Time {
        Time(self.0.div_ceil(period.0) * period.0)
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Span = Span(0);

    /// Whole seconds.
    pub const fn from_s(seconds: u64) -> Span {
        Span(seconds * NS_PER_S)
    }

    /// Whole milliseconds.
    pub const fn from_ms(ms: u64) -> Span {
        Span(ms * NS_PER_MS)
    }

    /// Whole microseconds.
    pub const fn from_us(us: u64) -> Span {
        Span(us * 1_000)
    }

    /// Seconds as a float, rounded to the nanosecond; negative and not-a-number become zero.
    pub fn from_s_f64(seconds: f64) -> Span {
        Span((seconds.max(0.0) * NS_PER_S as f64) as u64)
    }

    /// Whole milliseconds in it.
    pub const fn as_ms(self) -> u64 {
        self.0 / NS_PER_MS
    }

    /// Whole seconds in it.
    pub const fn as_s(self) -> u64 {
        self.0 / NS_PER_S
    }

    /// Seconds, for charts and figures only.
    pub fn as_s_f64(self) -> f64 {
        self.0 as f64 / NS_PER_S as f64
    }

    /// Whether it is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Reads Go's notation: `250ms`, `1m30s`, `1.5h`, `0`. The error says what is wrong.
    pub fn parse(text: &str) -> Result<Span, String> {
        let bad = || format!("\"{text}\" is no duration such as 250ms, 30s, 1m30s or 2h");
        if text == "0" {
            return Ok(Span::ZERO);
        }
        let mut rest = text;
        let mut total: u128 = 0;
        while !rest.is_empty() {
            let number_len = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(bad)?;
            let (number, tail) = rest.split_at(number_len);
            let unit_len = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
            let (unit, tail) = tail.split_at(unit_len);
            let unit_ns: u128 = match unit {
                "ns" => 1,
                "us" | "µs" => 1_000,
                "ms" => NS_PER_MS as u128,
                "s" => NS_PER_S as u128,
                "m" => 60 * NS_PER_S as u128,
                "h" => 3_600 * NS_PER_S as u128,
                "d" => 86_400 * NS_PER_S as u128,
                _ => return Err(bad()),
            };
            let (whole, part) = number.split_once('.').unwrap_or((number, ""));
            if whole.is_empty() && part.is_empty() || whole.len() > 12 || part.contains('.') {
                return Err(bad());
            }
            let whole: u128 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| bad())? };
            total += whole * unit_ns;
            let mut digit_ns = unit_ns;
            for digit in part.bytes() {
                digit_ns /= 10;
                total += u128::from(digit - b'0') * digit_ns;
            }
            rest = tail;
        }
        if text.is_empty() {
            return Err(bad());
        }
        u64::try_from(total).map(Span).map_err(|_| bad())
    }
}

impl Add<Span> for Time {
    type Output = Time;
    fn add(self, span: Span) -> Time {
        Time(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Span> for Time {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Sub for Time {
    type Output = Span;
    fn sub(self, earlier: Time) -> Span {
        self.since(earlier)
    }
}

impl Sub<Span> for Time {
    type Output = Time;
    fn sub(self, span: Span) -> Time {
        Time(self.0.saturating_sub(span.0))
    }
}

impl Add for Span {
    type Output = Span;
    fn add(self, other: Span) -> Span {
        Span(self.0.saturating_add(other.0))
    }
}

impl Mul<u64> for Span {
    type Output = Span;
    fn mul(self, times: u64) -> Span {
        Span(self.0.saturating_mul(times))
    }
}

impl fmt::Display for Span {
    /// Go's notation, to the millisecond: `1h2m3s`, `1.5s`, `250ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.as_ms();
        if ms == 0 {
            return if self.0 == 0 { write!(f, "0s") } else { write!(f, "{}µs", self.0 / 1_000) };
        }
        if ms < 1_000 {
            return write!(f, "{ms}ms");
        }
        let (hours, minutes, seconds, rest_ms) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60, ms % 1_000);
        if hours > 0 {
            write!(f, "{hours}h")?;
        }
        if minutes > 0 {
            write!(f, "{minutes}m")?;
        }
        if rest_ms > 0 {
            let part = format!("{rest_ms:03}");
            write!(f, "{seconds}.{}s", part.trim_end_matches('0'))
        } else if seconds > 0 || (hours == 0 && minutes == 0) {
            write!(f, "{seconds}s")
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Span(self.0).fmt(f)
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", Span(self.0))
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_shown_as_go_does() {
        for (text, ms, shown) in [
            ("250ms", 250, "250ms"),
            ("1.5s", 1_500, "1.5s"),
            ("1m30s", 90_000, "1m30s"),
            ("2h", 7_200_000, "2h"),
            ("90s", 90_000, "1m30s"),
            ("1h0m1s", 3_601_000, "1h1s"),
            ("0", 0, "0s"),
        ] {
            let span = Span::parse(text).unwrap();
            assert_eq!((span.as_ms(), span.to_string().as_str()), (ms, shown), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in ["", "5", "s", "1x", "-1s", "1..5s", ".s", "99999999999999h"] {
            assert!(Span::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn instants_round_up_to_a_period() {
        assert_eq!(Time::from_ms(5_001).round_up(Span::from_s(5)), Time::from_s(10));
        assert_eq!(Time::from_s(10).round_up(Span::from_s(5)), Time::from_s(10));
    }

    #[test]
    fn time_never_runs_below_zero() {
        assert_eq!(Time::ZERO - Time::from_s(3), Span::ZERO);
        assert_eq!(Time::from_s(1) - Span::from_s(3), Time::ZERO);
    }
}
