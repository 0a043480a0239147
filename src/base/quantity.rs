//! Amounts of resources: exact decimal numbers that remember how they were written.
//! Real: staging/src/k8s.io/apimachinery/pkg/api/resource/quantity.go @ v1.37.2.
//!
//! Held in units of 10⁻⁹, the finest that the API knows; what is finer is rounded up. A number in an odd but lawful
//! writing ("1.500", "+1") is printed in its canonical form, where the real one may repeat the text it read.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};
use std::str::FromStr;

const NANO: i128 = 1_000_000_000;
const NANO_PER_MILLI: i128 = 1_000_000;
/// Binary amounts end at the greatest i64, as in the API.
const BINARY_MAX: i128 = i64::MAX as i128 * NANO;
const DECIMAL_SUFFIXES: [(&str, i32); 11] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18), ("", 0)];
const BINARY_SUFFIXES: [&str; 7] = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/// How an amount is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Format {
    /// With suffixes of powers of ten: `500m`, `5k`.
    #[default]
    DecimalSI,
    /// With suffixes of powers of 1024: `512Mi`.
    BinarySI,
    /// With an exponent of ten: `5e3`.
    DecimalExponent,
}

/// An amount of a resource. Equality, order and hash go by the amount alone, not by how it is written.
#[derive(Clone, Copy, Default)]
pub struct Quantity {
    nano: i128,
    format: Format,
}

/// Why a text is no amount.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ParseError {
    /// The text has the wrong shape.
    #[error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    Format,
    /// The end of the text is no known suffix.
    #[error("unable to parse quantity's suffix")]
    Suffix,
}

impl Quantity {
    /// Nothing.
    pub const ZERO: Quantity = Quantity { nano: 0, format: Format::DecimalSI };

    /// A whole number.
    pub const fn from_value(value: i64) -> Self {
        Self { nano: value as i128 * NANO, format: Format::DecimalSI }
    }

    /// A number of thousandths.
    pub const fn from_milli(milli: i64) -> Self {
        Self { nano: milli as i128 * NANO_PER_MILLI, format: Format::DecimalSI }
    }

    /// A whole number that is written with binary suffixes, such as bytes.
    pub const fn from_binary(value: i64) -> Self {
        Self { nano: value as i128 * NANO, format: Format::BinarySI }
    }

    /// The amount as a whole number, rounded up (away from zero, as the real one does), within i64.
    pub fn value(&self) -> i64 {
        saturate(div_away(self.nano, NANO))
    }

    /// The amount in thousandths, rounded up (away from zero), within i64.
    pub fn milli_value(&self) -> i64 {
        saturate(div_away(self.nano, NANO_PER_MILLI))
    }

    /// The amount in units of 10⁻⁹, exact.
    pub const fn nano_value(&self) -> i128 {
        self.nano
    }

    /// How the amount is written.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The same amount, written otherwise.
    pub const fn with_format(self, format: Format) -> Self {
        Self { nano: self.nano, format }
    }

    /// Whether this is nothing.
    pub const fn is_zero(&self) -> bool {
        self.nano == 0
    }

    /// -1, 0 or 1.
    pub const fn sign(&self) -> i32 {
        self.nano.signum() as i32
    }

    /// The amount rounded up to whole thousandths, as the API server does with resources of pods.
    pub fn round_up_to_milli(self) -> Self {
        Self { nano: div_away(self.nano, NANO_PER_MILLI).saturating_mul(NANO_PER_MILLI), format: self.format }
    }
}

/// Division that rounds away from zero.
fn div_away(dividend: i128, divisor: i128) -> i128 {
    let (quotient, remainder) = (dividend / divisor, dividend % divisor);
    if remainder == 0 { quotient } else { quotient + remainder.signum() }
}

fn saturate(value: i128) -> i64 {
    value.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
}

// As in the API, the sum of nothing and something is written like the something.
impl Add for Quantity {
    type Output = Quantity;

    fn add(self, other: Quantity) -> Quantity {
        let format = if self.is_zero() { other.format } else { self.format };
        Quantity { nano: self.nano.saturating_add(other.nano), format }
    }
}

impl Sub for Quantity {
    type Output = Quantity;

    fn sub(self, other: Quantity) -> Quantity {
        let format = if self.is_zero() { other.format } else { self.format };
        Quantity { nano: self.nano.saturating_sub(other.nano), format }
    }
}

impl AddAssign for Quantity {
    fn add_assign(&mut self, other: Quantity) {
        *self = *self + other;
    }
}

impl SubAssign for Quantity {
    fn sub_assign(&mut self, other: Quantity) {
        *self = *self - other;
    }
}

impl Neg for Quantity {
    type Output = Quantity;

    fn neg(self) -> Quantity {
        Quantity { nano: self.nano.saturating_neg(), format: self.format }
    }
}

impl Sum for Quantity {
    fn sum<I: Iterator<Item = Quantity>>(amounts: I) -> Quantity {
        amounts.fold(Quantity::ZERO, Add::add)
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.nano == other.nano
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.nano.cmp(&other.nano)
    }
}

impl Hash for Quantity {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.nano.hash(state);
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Quantity({self})")
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.nano == 0 {
            return f.write_str("0");
        }
        match self.format {
            // Small and broken amounts are written in decimals: nothing is lost that way.
            Format::BinarySI if self.nano % NANO == 0 && self.nano.abs() >= 1024 * NANO => {
                let (mut number, mut power) = (self.nano / NANO, 0);
                while number % 1024 == 0 && power < 6 {
                    number /= 1024;
                    power += 1;
                }
                write!(f, "{number}{}", BINARY_SUFFIXES[power])
            }
            format => {
                let (mut number, mut exponent) = (self.nano, -9);
                while number % 1000 == 0 && (exponent < 18 || format == Format::DecimalExponent) {
                    number /= 1000;
                    exponent += 3;
                }
                match format {
                    _ if exponent == 0 => write!(f, "{number}"),
                    Format::DecimalExponent => write!(f, "{number}e{exponent}"),
                    _ => write!(f, "{number}{}", DECIMAL_SUFFIXES[(exponent / 3 + 3) as usize].0),
                }
            }
        }
    }
}

/// The base, the exponent and the format that a suffix means.
fn suffix(text: &str) -> Option<(i128, i32, Format)> {
    if let Some(&(_, exponent)) = DECIMAL_SUFFIXES.iter().find(|(suffix, _)| *suffix == text) {
        return Some((10, exponent, Format::DecimalSI));
    }
    if let Some(power) = BINARY_SUFFIXES.iter().position(|suffix| *suffix == text) {
        return Some((1024, power as i32, Format::BinarySI));
    }
    let exponent = text.strip_prefix(['e', 'E'])?.parse().ok()?;
    Some((10, exponent, Format::DecimalExponent))
}

/// `mantissa` · 10^`exponent`, rounded up, or the greatest number.
fn scale_by_ten(mut mantissa: i128, exponent: i64) -> i128 {
    if mantissa == 0 {
        return 0;
    }
    for _ in 0..exponent.max(0) {
        match mantissa.checked_mul(10) {
            Some(more) => mantissa = more,
            None => return i128::MAX,
        }
    }
    let shift = exponent.min(0).unsigned_abs();
    match 10i128.checked_pow(shift.min(u64::from(u32::MAX)) as u32) {
        Some(divisor) => div_away(mantissa, divisor),
        None => 1,
    }
}

impl FromStr for Quantity {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let (negative, unsigned) = match text.as_bytes().first() {
            Some(b'-') => (true, &text[1..]),
            Some(b'+') => (false, &text[1..]),
            Some(_) => (false, text),
            None => return Err(ParseError::Format),
        };
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let (whole, after) = unsigned.split_at(digits(unsigned));
        let (fraction, end) = match after.strip_prefix('.') {
            Some(after) => after.split_at(digits(after)),
            None => ("", after),
        };
        check_suffix_shape(end)?;
        let (base, exponent, format) = suffix(end).ok_or(ParseError::Suffix)?;
        // More than 36 digits do not fit. Digits after the point count by their place; further ones only round up.
        let mut mantissa: i128 = 0;
        let mut places = 0;
        let mut more = false;
        for (at, digit) in whole.bytes().chain(fraction.bytes()).enumerate() {
            let digit = i128::from(digit - b'0');
            match mantissa.checked_mul(10).and_then(|m| m.checked_add(digit)).filter(|m| *m < i128::MAX / 2048 || at < whole.len()) {
                Some(next) => {
                    mantissa = next;
                    places += i64::from(at >= whole.len());
                }
                None if at < whole.len() => {
                    mantissa = i128::MAX;
                    break;
                }
                None => {
                    more |= digit != 0;
                }
            }
        }
        let nano = if base == 1024 {
            let shifted = (0..exponent).fold(mantissa, |m, _| m.saturating_mul(1024));
            scale_by_ten(shifted.saturating_add(i128::from(more)), 9 - places).min(BINARY_MAX)
        } else {
            scale_by_ten(mantissa.saturating_add(i128::from(more)), i64::from(exponent) + 9 - places)
        };
        // A binary amount below one is written in decimals from then on.
        let format = if format == Format::BinarySI && nano < NANO && nano > 0 { Format::DecimalSI } else { format };
        Ok(Self { nano: if negative { -nano } else { nano }, format })
    }
}

/// The shape that a suffix must have before it is looked up: letters, then a sign, then digits.
fn check_suffix_shape(text: &str) -> Result<(), ParseError> {
    let text = text.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    if text.bytes().all(|b| b.is_ascii_digit()) { Ok(()) } else { Err(ParseError::Format) }
}

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Quantity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an amount such as \"500m\" or \"2Gi\"")
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Quantity, E> {
                Ok(Quantity::from_value(value))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Quantity, E> {
                self.visit_str(&value.to_string())
            }

            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Quantity, E> {
                self.visit_str(&value.to_string())
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Quantity, E> {
                text.trim().parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn quantity(text: &str) -> Quantity {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn texts_become_canonical() {
        // text, canonical text, value, thousandths
        let cases = [
            ("0", "0", 0, 0),
            ("1", "1", 1, 1000),
            ("1.5", "1500m", 2, 1500),
            ("0.5Gi", "512Mi", 536_870_912, 536_870_912_000),
            ("1000m", "1", 1, 1000),
            ("100m", "100m", 1, 100),
            ("1024", "1024", 1024, 1_024_000),
            ("1000", "1k", 1000, 1_000_000),
            ("1Ki", "1Ki", 1024, 1_024_000),
            ("1023Ki", "1023Ki", 1_047_552, 1_047_552_000),
            ("1024Ki", "1Mi", 1_048_576, 1_048_576_000),
            ("0.5Ki", "512", 512, 512_000),
            ("0.0001Ki", "102400u", 1, 103),
            ("1.1Ki", "1126400m", 1127, 1_126_400),
            ("12e6", "12e6", 12_000_000, 12_000_000_000),
            ("1e3", "1e3", 1000, 1_000_000),
            ("1E3", "1e3", 1000, 1_000_000),
            ("1e-3", "1e-3", 1, 1),
            ("1E", "1E", 1_000_000_000_000_000_000, i64::MAX),
            ("100E", "100E", i64::MAX, i64::MAX),
            ("16Ei", "9223372036854775807", i64::MAX, i64::MAX),
            ("-1500m", "-1500m", -2, -1500),
            ("+2", "2", 2, 2000),
            ("1n", "1n", 1, 1),
            ("0.0000000001", "1n", 1, 1),
            ("1.0000000000000000000000000000000000000000001", "1000000001n", 2, 1001),
            ("5.", "5", 5, 5000),
            (".5", "500m", 1, 500),
            ("007", "7", 7, 7000),
            ("Gi", "0", 0, 0), // The real one takes a lone suffix, too.
            ("-0", "0", 0, 0),
            ("-0.5Ki", "-512", -512, -512_000),
            ("1e-12", "1e-9", 1, 1),
            ("12345e1", "123450", 123_450, 123_450_000),
            ("-16Ei", "-9223372036854775807", -i64::MAX, i64::MIN),
            ("110", "110", 110, 110_000),
            ("3920m", "3920m", 4, 3920),
            ("16384Mi", "16Gi", 17_179_869_184, 17_179_869_184_000),
        ];
        for (text, canonical, value, milli) in cases {
            let quantity = quantity(text);
            assert_eq!((quantity.to_string().as_str(), quantity.value(), quantity.milli_value()), (canonical, value, milli), "{text}");
        }
    }

    #[test]
    fn wrong_texts_are_refused_in_the_real_words() {
        let cases = [
            ("", ParseError::Format),
            ("1 Gi", ParseError::Format),
            ("abc", ParseError::Format),
            ("1.2.3", ParseError::Format),
            ("1GiB", ParseError::Format),
            ("--1", ParseError::Suffix),
            ("1mm", ParseError::Suffix),
            ("1ki", ParseError::Suffix),
            ("1K", ParseError::Suffix),
            ("1e", ParseError::Suffix),
        ];
        for (text, want) in cases {
            assert_eq!(text.parse::<Quantity>(), Err(want), "{text}");
        }
        assert_eq!(
            ParseError::Format.to_string(),
            "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        );
    }

    #[test]
    fn arithmetic_goes_by_the_amount() {
        assert_eq!(quantity("1Gi") + quantity("512Mi"), quantity("1536Mi"));
        assert_eq!((quantity("0") + quantity("1Gi")).to_string(), "1Gi");
        assert_eq!((quantity("2") - quantity("500m")).to_string(), "1500m");
        assert!(quantity("1Gi") > quantity("1G") && quantity("1k") == quantity("1000"));
        assert_eq!([Quantity::from_value(2), Quantity::from_milli(5)].into_iter().sum::<Quantity>().to_string(), "2005m");
        assert_eq!(Quantity::from_binary(3 << 20).to_string(), "3Mi");
        assert_eq!(((-quantity("1")).sign(), Quantity::ZERO.sign(), Quantity::ZERO.is_zero()), (-1, 0, true));
        assert_eq!(quantity("1u").round_up_to_milli().to_string(), "1m");
        assert_eq!(quantity("1Ki").with_format(Format::DecimalSI).to_string(), "1024");
        assert_eq!((quantity("5n").nano_value(), quantity("1Ki").format()), (5, Format::BinarySI));
        let mut sum = quantity("1");
        sum += quantity("2");
        sum -= quantity("500m");
        assert_eq!(sum, quantity("2.5"));
    }

    #[test]
    fn json_takes_texts_and_numbers() {
        for (json, want) in [("\"100m\"", "100m"), ("2", "2"), ("0.5", "500m"), ("\"1Gi\"", "1Gi"), ("-3", "-3")] {
            let quantity: Quantity = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_value(quantity).unwrap(), want);
        }
        assert!(serde_json::from_str::<Quantity>("\"much\"").unwrap_err().to_string().contains("regular expression"));
        assert!(serde_json::from_str::<Quantity>("true").is_err());
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_back(nano in any::<i64>(), times in 0u32..4, format in 0..3) {
            let format = [Format::DecimalSI, Format::BinarySI, Format::DecimalExponent][format as usize];
            let quantity = Quantity { nano: i128::from(nano) * 1000i128.pow(times), format };
            let read: Quantity = quantity.to_string().parse().unwrap();
            prop_assert_eq!(read, quantity);
            // A number without a suffix is read as a decimal one, whatever it was printed from, as in Kubernetes.
            if format != Format::BinarySI || quantity.to_string().ends_with('i') {
                prop_assert_eq!(read.to_string(), quantity.to_string());
            }
        }

        #[test]
        fn no_text_breaks_the_parser(text in "[-+0-9.eEinumkKMGTP]{0,60}") {
            let _ = text.parse::<Quantity>().map(|quantity| (quantity.to_string(), quantity.value(), quantity.milli_value()));
        }
    }
}
