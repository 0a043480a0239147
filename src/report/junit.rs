//! `junit.xml`: each expectation is a test case, so that CI systems show which one broke.

use super::Run;
use std::fmt::Write;

/// Text with what XML gives a meaning to written otherwise, and without characters that XML 1.0 forbids.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\n' | '\t' => safe.push(letter),
            control if control.is_control() => safe.push('\u{fffd}'),
            other => safe.push(other),
        }
    }
    safe
}

/// The report of all expectations.
pub fn to_xml(run: &Run<'_>) -> String {
    let failures = run.cases.iter().filter(|case| !case.passed).count();
    let (name, seconds) = (escaped(run.name), run.simulated.as_s_f64());
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let counts = format!("tests=\"{}\" failures=\"{failures}\"", run.cases.len());
    let _ = writeln!(xml, "<testsuites {counts}>\n  <testsuite name=\"{name}\" {counts} time=\"{seconds}\">");
    for case in run.cases {
        let (title, at) = (escaped(&case.name), case.at.as_s_f64());
        let _ = write!(xml, "    <testcase classname=\"{name}\" name=\"{title}\" time=\"{at}\"");
        if case.passed {
            xml.push_str("/>\n");
        } else {
            let message = escaped(&format!("{} (at {})", case.demand, case.at));
            let _ = writeln!(xml, ">\n      <failure message=\"{message}\">{}</failure>\n    </testcase>", escaped(&case.detail));
        }
    }
    xml.push_str("  </testsuite>\n</testsuites>\n");
    xml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_control_characters_are_harmless() {
        assert_eq!(escaped("a < b && \"c\"\u{1}"), "a &lt; b &amp;&amp; &quot;c&quot;\u{fffd}");
    }
}
