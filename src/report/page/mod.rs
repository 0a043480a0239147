//! `report.html`: the run to step through, with story, expectations and charts, in one file that needs nothing else. The page
//! is made of the files beside this one; what it shows is in it as JSON (`docs/report-page.md`).

#[cfg(test)]
mod colours;
mod data;

pub use data::EVENTS_MAX;

use super::charts::Chart;
use super::junit::escaped;
use super::{Run, VERSION};
use crate::base::Span;
use crate::metrics::replay::data::ms;
use crate::metrics::story::Tone;
use std::fmt::Write as _;
use std::io::{self, Write};

const PAGE: &str = include_str!("index.html");
const STYLES: [&str; 2] = [include_str!("vendor/uPlot.min.css"), include_str!("style.css")];
/// In the order in which they need each other.
const SCRIPTS: [&str; 16] = [
    include_str!("vendor/uPlot.iife.min.js"),
    include_str!("data.js"),
    include_str!("state.js"),
    include_str!("player.js"),
    include_str!("big.js"),
    include_str!("cluster.js"),
    include_str!("ring.js"),
    include_str!("queue.js"),
    include_str!("decision.js"),
    include_str!("plot.js"),
    include_str!("chart.js"),
    include_str!("traffic.js"),
    include_str!("events.js"),
    include_str!("yaml.js"),
    include_str!("object.js"),
    include_str!("main.js"),
];
/// Charts larger than this stay out of the page; they are in `charts/`.
const CHART_BYTES_MAX: usize = 600_000;

/// Writes the page.
pub fn write(run: &Run<'_>, charts: &[Chart], mut to: impl Write) -> io::Result<()> {
    let text = run.collector.replay.as_ref().map_or("", |replay| replay.text.trim());
    let text = if text.is_empty() {
        String::new()
    } else {
        format!("<section class=\"card lesson\" aria-label=\"Text\">{}</section>", prose(text))
    };
    let foot = format!(
        "Seed {}, {} of simulated time, {} events, {} commits, trace {:016x}, kubesim {VERSION}.",
        run.seed, run.simulated, run.events, run.commits, run.trace_hash
    );
    let parts = [
        ("title", escaped(run.name)),
        ("question", escaped(run.question)),
        ("text", text),
        ("style", STYLES.join("\n")),
        ("static", fixed(run, charts)),
        ("foot", foot),
        ("script", format!("\"use strict\";\n{}", SCRIPTS.join("\n"))),
    ];
    fill(PAGE, &mut to, |name, to| match parts.iter().find(|(known, _)| *known == name) {
        Some((_, text)) => to.write_all(text.as_bytes()),
        None if name == "data" => Ok(serde_json::to_writer(InScript(to), &data::Data(run))?),
        None => panic!("nothing named {name} for the page"),
    })?;
    to.flush()
}

/// JSON within a script element, which ends at the first `</`, whatever the JSON means by it.
struct InScript<'a, W: Write>(&'a mut W);

impl<W: Write> Write for InScript<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        for (place, part) in bytes.split(|byte| *byte == b'<').enumerate() {
            if place > 0 {
                self.0.write_all(b"\\u003c")?;
            }
            self.0.write_all(part)?;
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The template with each `{{name}}` replaced; what is put in is not looked at again.
fn fill<W: Write>(template: &str, to: &mut W, put: impl Fn(&str, &mut W) -> io::Result<()>) -> io::Result<()> {
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").expect("the template closes what it opens");
        to.write_all(before.as_bytes())?;
        put(name, to)?;
        rest = after;
    }
    to.write_all(rest.as_bytes())
}

/// Paragraphs, and words between backticks as code.
fn prose(text: &str) -> String {
    let paragraph = |part: &str| {
        let words = part.split_whitespace().collect::<Vec<_>>().join(" ");
        let code = |(place, word): (usize, &str)| if place % 2 == 1 { format!("<code>{word}</code>") } else { word.to_string() };
        format!("<p>{}</p>", escaped(&words).split('`').enumerate().map(code).collect::<String>())
    };
    text.split("\n\n").filter(|part| !part.trim().is_empty()).map(paragraph).collect()
}

/// What needs no script.
fn fixed(run: &Run<'_>, charts: &[Chart]) -> String {
    let mut out = String::new();
    expectations(&mut out, run);
    story(&mut out, run);
    out.push_str(
        "<section class=\"card\" aria-labelledby=\"h-charts\"><h2 id=\"h-charts\">Charts</h2><details><summary>Show the charts</summary>\n",
    );
    for chart in charts {
        let title = escaped(&chart.title);
        if chart.svg.len() > CHART_BYTES_MAX {
            let _ = writeln!(out, "<p>{title}: too large for this page, see <code>charts/{}.svg</code>.</p>", chart.file);
            continue;
        }
        let svg = chart.svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{title}\" "), 1);
        let _ = writeln!(out, "<figure>{svg}<figcaption>{title}</figcaption></figure>");
    }
    out + "</details></section>\n"
}

fn expectations(page: &mut String, run: &Run<'_>) {
    if run.cases.is_empty() {
        return;
    }
    page.push_str("<section class=\"card\" aria-labelledby=\"h-expect\"><h2 id=\"h-expect\">Expectations</h2>\n");
    // A lesson asks first.
    let is_lesson = run.collector.replay.as_ref().is_some_and(|replay| !replay.text.trim().is_empty());
    if is_lesson {
        page.push_str("<details><summary>Show what is expected, and whether it holds: answer the question first</summary>\n");
    }
    page.push_str(
        "<div class=\"tables\"><table>\
         <thead><tr><th scope=\"col\">Expectation</th><th scope=\"col\">Demand</th><th scope=\"col\">Verdict</th></tr></thead>\n",
    );
    for case in run.cases {
        let verdict = if case.passed {
            "<span class=\"Good\">holds</span>".to_string()
        } else {
            format!("<span class=\"Bad\">broken at {}</span> {}", case.at, escaped(&case.detail))
        };
        let _ =
            writeln!(page, "<tr><td>{}</td><td><code>{}</code></td><td>{verdict}</td></tr>", escaped(&case.name), escaped(&case.demand));
    }
    page.push_str("</table></div>");
    page.push_str(if is_lesson { "</details></section>\n" } else { "</section>\n" });
}

fn story(page: &mut String, run: &Run<'_>) {
    page.push_str("<section class=\"card\" aria-labelledby=\"h-story\"><h2 id=\"h-story\">Story</h2>\n<div class=\"tables\"><table class=\"story\">\n");
    for line in &run.collector.story.lines {
        let class = tone(line.tone);
        let clock = super::story::clock(Span(line.at.0));
        let _ = writeln!(page, "<tr data-t=\"{}\"><td>{clock}</td><td class=\"{class}\">{}</td></tr>", ms(line.at), escaped(&line.text));
    }
    page.push_str("</table></div></section>\n");
}

fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "Plain",
        Tone::Command => "Command",
        Tone::Output => "Output",
        Tone::Fault => "Fault",
        Tone::Good => "Good",
        Tone::Bad => "Bad",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_is_not_looked_at_again() {
        let mut page = Vec::new();
        fill("x{{a}}y{{b}}", &mut page, |name, to| to.write_all(if name == "a" { b"{{b}}" } else { b"2" })).unwrap();
        assert_eq!(page, b"x{{b}}y2");
    }

    #[test]
    fn no_text_ends_the_script() {
        let mut page = Vec::new();
        serde_json::to_writer(InScript(&mut page), &["</script><", "a"]).unwrap();
        assert_eq!(String::from_utf8(page).unwrap(), r#"["\u003c/script>\u003c","a"]"#);
    }

    #[test]
    fn prose_has_paragraphs_and_code() {
        assert_eq!(prose("a `b`\nc\n\nd <e>\n"), "<p>a <code>b</code> c</p><p>d &lt;e&gt;</p>");
    }

    #[test]
    fn the_page_asks_for_nothing_from_elsewhere() {
        for text in SCRIPTS.iter().chain(&STYLES).chain([&PAGE]) {
            for word in ["fetch(", "XMLHttpRequest", "@import", "src=\"http", "href=\"http", "url(http"] {
                assert!(!text.contains(word), "{word}");
            }
        }
    }
}
