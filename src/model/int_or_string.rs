//! A number or a text such as a percentage. Real: apimachinery/pkg/util/intstr/intstr.go @ v1.37.2.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::fmt;

/// A number, or a text that is a percentage ("25%") or the name of a port.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum IntOrString {
    /// A number.
    Int(i32),
    /// A text.
    String(String),
}

impl Default for IntOrString {
    fn default() -> Self {
        Self::Int(0)
    }
}

impl IntOrString {
    /// The number meant by this value: itself, or the percentage of `total`, rounded up or down. None for other texts.
    pub fn scaled(&self, total: i32, round_up: bool) -> Option<i32> {
        match self {
            Self::Int(number) => Some(*number),
            Self::String(_) => {
                let product = i64::from(self.percent()?) * i64::from(total);
                let scaled = if round_up { (product + 99).div_euclid(100) } else { product.div_euclid(100) };
                Some(scaled.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32)
            }
        }
    }

    /// The number before the percent sign, if this is a percentage.
    pub fn percent(&self) -> Option<i32> {
        match self {
            Self::Int(_) => None,
            Self::String(text) => text.strip_suffix('%')?.parse().ok(),
        }
    }
}

impl From<i32> for IntOrString {
    fn from(number: i32) -> Self {
        Self::Int(number)
    }
}

impl From<&str> for IntOrString {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl fmt::Display for IntOrString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int(number) => number.fmt(f),
            Self::String(text) => text.fmt(f),
        }
    }
}

impl Serialize for IntOrString {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Int(number) => serializer.serialize_i32(*number),
            Self::String(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for IntOrString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = IntOrString;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a text such as \"25%\"")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<IntOrString, E> {
                i32::try_from(number).map(IntOrString::Int).map_err(|_| E::custom(format!("{number} is outside of 32 bits")))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<IntOrString, E> {
                i32::try_from(number).map(IntOrString::Int).map_err(|_| E::custom(format!("{number} is outside of 32 bits")))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<IntOrString, E> {
                Ok(IntOrString::String(text.to_owned()))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentages_round_as_asked() {
        let cases = [
            ("25%", 10, true, Some(3)),
            ("25%", 10, false, Some(2)),
            ("100%", 7, false, Some(7)),
            ("http", 7, true, None),
            ("0%", 9, true, Some(0)),
        ];
        for (text, total, up, want) in cases {
            assert_eq!(IntOrString::from(text).scaled(total, up), want, "{text} of {total}");
        }
        assert_eq!(IntOrString::from(3).scaled(10, true), Some(3));
        assert_eq!((IntOrString::from("30%").percent(), IntOrString::from(30).percent()), (Some(30), None));
    }

    #[test]
    fn json_keeps_the_kind_of_value() {
        for json in ["3", "\"25%\""] {
            let value: IntOrString = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_string(&value).unwrap(), json);
        }
        assert!(serde_json::from_str::<IntOrString>("4294967296").is_err());
    }
}
