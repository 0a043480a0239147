//! Expectations: what must hold, judged while the run goes on, and the verdicts.

use crate::base::Time;
use crate::base::input_error::did_you_mean;
use crate::metrics::registry;

/// Which figure of a metric is compared.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Figure {
    /// Smallest value.
    Min,
    /// Greatest value.
    Max,
    /// Mean over time.
    Avg,
    /// Value at the end.
    Last,
    /// How often it changed.
    Count,
    /// Increase a second.
    Rate,
    /// A percentile over time.
    Percentile(f64),
}

/// How a figure is compared.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
}

/// What must hold of a metric, as in k6: `rate < 0.001`, `p(99) < 2`.
#[derive(Clone, PartialEq, Debug)]
pub struct Threshold {
    /// Which figure.
    pub figure: Figure,
    /// How it is compared.
    pub comparison: Comparison,
    /// With what.
    pub value: f64,
    /// As written.
    pub text: String,
}

/// Names of figures, for messages.
const FIGURES: &[&str] = &["min", "max", "avg", "last", "count", "rate", "p(99)"];
/// Comparisons; the longer ones first.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("==", Comparison::Equal),
    ("!=", Comparison::NotEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

impl Threshold {
    /// Reads a threshold; the error is a message and a hint.
    pub fn parse(text: &str) -> Result<Threshold, (String, String)> {
        let hint = || "such as \"min >= 4\" or \"p(99) < 2\"".to_string();
        let bad = || (format!("\"{text}\" is no threshold"), hint());
        let found = COMPARISONS.iter().find_map(|(sign, comparison)| Some((text.split_once(sign)?, *comparison)));
        let ((figure, value), comparison) = found.ok_or_else(bad)?;
        let value: f64 = value.trim().parse().ok().filter(|value: &f64| value.is_finite()).ok_or_else(bad)?;
        let figure = match figure.trim() {
            "min" => Figure::Min,
            "max" => Figure::Max,
            "avg" => Figure::Avg,
            "last" | "value" => Figure::Last,
            "count" => Figure::Count,
            "rate" => Figure::Rate,
            "med" => Figure::Percentile(50.0),
            other => {
                let share = other.strip_prefix("p(").and_then(|rest| rest.strip_suffix(')')).and_then(|share| share.trim().parse().ok());
                let share = share.filter(|share: &f64| (0.0..=100.0).contains(share));
                Figure::Percentile(share.ok_or_else(|| {
                    let near = did_you_mean(other, FIGURES.iter().copied());
                    (format!("unknown figure \"{other}\""), if near.is_empty() { format!("one of {}", FIGURES.join(", ")) } else { near })
                })?)
            }
        };
        Ok(Threshold { figure, comparison, value, text: text.trim().to_string() })
    }

    /// Whether a figure is as it must be.
    pub fn holds(&self, figure: f64) -> bool {
        match self.comparison {
            Comparison::Less => figure < self.value,
            Comparison::LessOrEqual => figure <= self.value,
            Comparison::Greater => figure > self.value,
            Comparison::GreaterOrEqual => figure >= self.value,
            Comparison::Equal => figure == self.value,
            Comparison::NotEqual => figure != self.value,
        }
    }
}

/// Whether there is such a metric; else a message and a hint.
pub(super) fn metric_known(metric: &str) -> Result<(), (String, String)> {
    let name = metric.split('{').next().unwrap_or("").trim();
    if metric.contains('{') != metric.ends_with('}') {
        return Err((format!("\"{metric}\" is no metric"), "such as kube_pod_status_phase{phase=\"Failed\"}".into()));
    }
    if registry::ALL.iter().any(|known| known.name == name) {
        return Ok(());
    }
    if name.starts_with("http_req") {
        return Err((format!("the metric `{name}` comes from `load`, which is not simulated yet"), String::new()));
    }
    let hint = did_you_mean(name, registry::ALL.iter().map(|known| known.name));
    Err((format!("unknown metric \"{name}\""), hint))
}

/// What became of an expectation.
#[derive(Clone, PartialEq, Debug)]
pub struct Verdict {
    /// Its name.
    pub name: String,
    /// `always`, `holds`, `eventually` or `threshold`.
    pub kind: &'static str,
    /// Whether it held.
    pub passed: bool,
    /// When it was decided.
    pub at: Time,
    /// The expression or threshold, and the values at that instant if it broke.
    pub detail: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds_are_k6s() {
        let read = |text: &str| Threshold::parse(text).unwrap();
        assert_eq!((read("rate < 0.001").figure, read("rate<0.001").value), (Figure::Rate, 0.001));
        assert_eq!(read("p(99.9)<=2").figure, Figure::Percentile(99.9));
        assert!(read("min >= 4").holds(4.0) && !read("min > 4").holds(4.0) && read("last==3").holds(3.0));
        assert_eq!(Threshold::parse("mn >= 4").unwrap_err().1, "did you mean \"min\"?");
        for bad in ["", "min", "min >= x", "p(101) < 2", "< 3"] {
            assert!(Threshold::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn metrics_are_known() {
        assert!(metric_known("kube_pod_status_phase{phase=\"Failed\"}").is_ok());
        assert!(metric_known("kube_pod_status_phas").unwrap_err().1.contains("kube_pod_status_phase"));
        assert!(metric_known("http_req_failed").unwrap_err().0.contains("not simulated yet"));
        assert!(metric_known("kube_pod_status_phase{phase").is_err());
    }
}
