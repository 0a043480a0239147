//! `report.html`: story, expectations and charts in one file that needs nothing else.

use super::charts::Chart;
use super::junit::escaped;
use super::{Run, VERSION};
use crate::base::Span;
use crate::metrics::story::Tone;
use std::fmt::Write;

const STYLE: &str = "
:root { color-scheme: light dark; --ink: #1c1c1c; --paper: #fff; --soft: #666; --line: #ddd; --good: #007a59; --bad: #b34700; --fault: #a3457a; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #16181c; --soft: #a5a5a5; --line: #3a3d44; --good: #4fd1a5; --bad: #ff9b57; --fault: #e39cc4; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 1000px; margin: 0 auto; padding: 1rem; }
h1 { margin-bottom: 0; } .question { color: var(--soft); font-size: 1.1rem; }
table { border-collapse: collapse; width: 100%; } td, th { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
.story { font: 14px/1.5 ui-monospace, monospace; overflow-x: auto; } .story td:first-child { text-align: right; color: var(--soft); white-space: nowrap; }
.story td { white-space: pre-wrap; border: 0; padding: .05rem .6rem; }
.Command { font-weight: 700; } .Output { color: var(--soft); } .Fault { color: var(--fault); font-weight: 700; } .Good { color: var(--good); } .Bad { color: var(--bad); }
figure { margin: 1.5rem 0; background: #fff; border: 1px solid var(--line); overflow-x: auto; } figure svg { max-width: 100%; height: auto; display: block; }
figcaption { position: absolute; left: -9999px; }
";

/// The page.
pub fn page(run: &Run<'_>, charts: &[Chart]) -> String {
    let mut page = String::new();
    let (name, question) = (escaped(run.name), escaped(run.question));
    let _ = write!(
        page,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{name}</title><style>{STYLE}</style></head><body>\n<h1>{name}</h1>\n<p class=\"question\">{question}</p>\n"
    );
    expectations(&mut page, run);
    for chart in charts {
        let title = escaped(&chart.title);
        let svg = chart.svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{title}\" "), 1);
        let _ = writeln!(page, "<figure>{svg}<figcaption>{title}</figcaption></figure>");
    }
    story(&mut page, run);
    let _ = write!(
        page,
        "<p>Seed {}, {} of simulated time, {} events, {} commits, trace {:016x}, kubesim {VERSION}.</p>\n</body></html>\n",
        run.seed, run.simulated, run.events, run.commits, run.trace_hash
    );
    page
}

fn expectations(page: &mut String, run: &Run<'_>) {
    if run.cases.is_empty() {
        return;
    }
    page.push_str("<h2>Expectations</h2>\n<table><tr><th>Expectation</th><th>Demand</th><th>Verdict</th></tr>\n");
    for case in run.cases {
        let verdict = if case.passed {
            "<span class=\"Good\">holds</span>".to_string()
        } else {
            format!("<span class=\"Bad\">broken at {}</span> {}", case.at, escaped(&case.detail))
        };
        let _ =
            writeln!(page, "<tr><td>{}</td><td><code>{}</code></td><td>{verdict}</td></tr>", escaped(&case.name), escaped(&case.demand));
    }
    page.push_str("</table>\n");
}

fn story(page: &mut String, run: &Run<'_>) {
    page.push_str("<h2>Story</h2>\n<table class=\"story\">\n");
    for line in &run.collector.story.lines {
        let class = match line.tone {
            Tone::Plain => "Plain",
            Tone::Command => "Command",
            Tone::Output => "Output",
            Tone::Fault => "Fault",
            Tone::Good => "Good",
            Tone::Bad => "Bad",
        };
        let clock = super::story::clock(Span(line.at.0));
        let _ = writeln!(page, "<tr><td>{clock}</td><td class=\"{class}\">{}</td></tr>", escaped(&line.text));
    }
    page.push_str("</table>\n");
}
