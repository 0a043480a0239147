//! The story on the terminal, and the table at its end.

use super::Run;
use crate::base::Span;
use crate::metrics::latency::percentiles;
use crate::metrics::story::{Line, Tone};
use crate::metrics::traffic::{ByCause, Cause, Totals, ms};
use std::fmt::Write;

/// Colours for a terminal, or none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Palette {
    /// Text alone.
    Plain,
    /// ANSI colours.
    Ansi,
}

impl Palette {
    /// The text in the colour of its tone.
    pub fn painted(self, tone: Tone, text: &str) -> String {
        let code = match (self, tone) {
            (Palette::Plain, _) | (_, Tone::Plain) => return text.to_string(),
            (_, Tone::Command) => "1",
            (_, Tone::Output) => "2",
            (_, Tone::Fault) => "35",
            (_, Tone::Good) => "32",
            (_, Tone::Bad) => "31",
        };
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    }
}

/// One line of the story.
pub fn line(line: &Line, palette: Palette) -> String {
    format!("{:>9}  {}", clock(Span(line.at.0)), palette.painted(line.tone, &line.text))
}

/// A time to the tenth of a second, as in `5m03.2s`.
pub fn clock(span: Span) -> String {
    let tenths = span.as_ms() / 100;
    let (hours, minutes, seconds, tenth) = (tenths / 36_000, tenths / 600 % 60, tenths / 10 % 60, tenths % 10);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}.{tenth}s"),
        (0, _) => format!("{minutes}m{seconds:02}.{tenth}s"),
        _ => format!("{hours}h{minutes:02}m{seconds:02}s"),
    }
}

/// The summary at the end of a run.
pub fn summary(run: &Run<'_>, palette: Palette) -> String {
    let figures = &run.collector.figures;
    let mut text = String::new();
    let mut row = |name: &str, value: String| {
        let _ = writeln!(text, "  {name:<24} {value}");
    };
    row("simulated time", run.simulated.to_string());
    row("seed", run.seed.to_string());
    row("trace hash", format!("{:016x}", run.trace_hash));
    row("events / commits", format!("{} / {}", run.events, run.commits));
    row("pods", format!("{} created, {} at most at once", figures.pods_created, figures.pods_max));
    for (name, times) in [("creation to node", &run.collector.latency.scheduling), ("creation to ready", &run.collector.latency.startup)] {
        let found = percentiles(times);
        if found.count > 0 {
            row(name, format!("p50 {}, p99 {}, max {} ({} pods)", clock(found.p50), clock(found.p99), clock(found.max), found.count));
        }
    }
    for (name, load) in &run.collector.registry.traffic.0 {
        row(&if load.look_ups { name.to_string() } else { format!("requests to {name}") }, requests(&load.totals));
        if let Some(failures) = failures(&load.totals) {
            row("  failed", failures);
        }
        if load.totals.retried.iter().any(|count| *count > 0) {
            row("  tried again", by_cause(&load.totals.retried));
        }
        row("  took", durations(&load.totals));
    }
    if figures.container_restarts + figures.pods_disrupted > 0 {
        row("restarts / disruptions", format!("{} / {}", figures.container_restarts, figures.pods_disrupted));
    }
    for case in run.cases {
        let (mark, tone) = if case.passed { ("holds ", Tone::Good) } else { ("BROKEN", Tone::Bad) };
        let _ = write!(text, "  {} {} ({})", palette.painted(tone, mark), case.name, case.demand);
        match (case.passed, case.detail.is_empty()) {
            (false, false) => drop(writeln!(text, "\n         at {}: {}", case.at, case.detail)),
            (false, true) => drop(writeln!(text, "\n         at {}", case.at)),
            _ => text.push('\n'),
        }
    }
    if !run.not_ready.is_empty() {
        let _ = writeln!(text, "  not ready at the end:");
        for (pod, why) in run.not_ready.iter().take(10) {
            let _ = writeln!(text, "    {pod}: {why}");
        }
        if run.not_ready.len() > 10 {
            let _ = writeln!(text, "    ... and {} more", run.not_ready.len() - 10);
        }
    }
    text
}

fn requests(totals: &Totals) -> String {
    let (all, failed) = (totals.requests(), totals.failures());
    let share = if all == 0 { 0.0 } else { failed as f64 / all as f64 * 100.0 };
    match failed {
        0 => format!("{all}, none failed"),
        _ => format!("{all}, {failed} failed ({share:.3} %)"),
    }
}

fn failures(totals: &Totals) -> Option<String> {
    (totals.failures() > 0).then(|| by_cause(&totals.failed))
}

fn by_cause(counts: &ByCause) -> String {
    let some = Cause::ALL.into_iter().filter(|cause| counts[*cause as usize] > 0);
    some.map(|cause| format!("{} {}", cause.label(), counts[cause as usize])).collect::<Vec<_>>().join(", ")
}

/// A duration in milliseconds, with as many digits as it is exact to.
pub fn short_ms(ms: f64) -> String {
    match ms {
        ms if ms >= 1_000.0 => format!("{:.2}s", ms / 1e3),
        ms if ms >= 10.0 => format!("{ms:.0}ms"),
        _ => format!("{ms:.1}ms"),
    }
}

fn durations(totals: &Totals) -> String {
    let at = |share: f64| totals.durations.quantile(share).map_or(0.0, ms);
    let shown = [("p50", 0.5), ("p95", 0.95), ("p99", 0.99), ("max", 1.0)].map(|(name, share)| format!("{name} {}", short_ms(at(share))));
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Time;

    #[test]
    fn lines_are_aligned_and_plain_without_colours() {
        let told = Line { at: Time::from_ms(303_240), tone: Tone::Bad, text: "x".into() };
        assert_eq!(line(&told, Palette::Plain), "  5m03.2s  x");
        assert_eq!(line(&told, Palette::Ansi), "  5m03.2s  \u{1b}[31mx\u{1b}[0m");
        assert_eq!((clock(Span::from_ms(90)), clock(Span::from_s(3_723))), ("0.0s".to_string(), "1h02m03s".to_string()));
    }
}
