//! The story as prose (`kubesim run --story`): a chapter for each thing that users and failures did, and in each what the
//! components made of it, counted and put in order, so that one can read it aloud.

use super::Run;
use super::story::{Palette, clock};
use crate::base::{Span, Time};
use crate::metrics::Mark;
use crate::metrics::events::EventLine;
use crate::metrics::story::{Line, Tone};
use std::collections::BTreeMap;

/// Width of the text.
const WIDTH: usize = 96;
/// What users do within this span begins one chapter.
const TOGETHER: Span = Span::from_ms(500);
/// Chapters told at most.
const CHAPTERS_MAX: usize = 60;
/// Nodes named one by one at most.
const NODES_MAX: usize = 6;
/// Sorts of warnings told in a chapter at most.
const WARNINGS_MAX: usize = 4;
/// Longest message told whole.
const MESSAGE_MAX: usize = 110;

/// What happened from one cause to the next.
struct Chapter<'a> {
    from: Time,
    to: Time,
    causes: Vec<&'a Mark>,
}

/// The whole narrative; `text` is what the scenario says about itself.
pub fn tell(run: &Run<'_>, text: &str, palette: Palette) -> String {
    let mut out = String::new();
    for paragraph in text.split("\n\n").filter(|part| !part.trim().is_empty()) {
        out += &wrapped(paragraph, "", WIDTH);
        out.push('\n');
    }
    let lines: Vec<EventLine> = run.collector.events.lines().collect();
    let chapters = chapters(&run.collector.marks, Time(run.simulated.0));
    for chapter in chapters.iter().take(CHAPTERS_MAX) {
        out += &heading(chapter, palette);
        for sentence in sentences(run, &lines, chapter) {
            out += &wrapped(&sentence, "  ", WIDTH);
        }
        out.push('\n');
    }
    if chapters.len() > CHAPTERS_MAX {
        out += &format!("... and {} chapters more.\n\n", chapters.len() - CHAPTERS_MAX);
    }
    out + &ending(run, palette)
}

fn chapters(marks: &[Mark], end: Time) -> Vec<Chapter<'_>> {
    let mut found: Vec<Chapter<'_>> = Vec::new();
    for mark in marks {
        match found.last_mut() {
            Some(last) if mark.at - last.from <= TOGETHER => last.causes.push(mark),
            last => {
                if let Some(last) = last {
                    last.to = mark.at;
                }
                found.push(Chapter { from: mark.at, to: end, causes: vec![mark] });
            }
        }
    }
    if found.first().is_none_or(|first| first.from > Time::ZERO) {
        let to = found.first().map_or(end, |first| first.from);
        found.insert(0, Chapter { from: Time::ZERO, to, causes: Vec::new() });
    }
    found
}

fn heading(chapter: &Chapter<'_>, palette: Palette) -> String {
    let at = clock(Span(chapter.from.0));
    let of = |mark: &&Mark| match mark.is_fault {
        true => palette.painted(Tone::Fault, &format!("a failure: {}", mark.label)),
        false => palette.painted(Tone::Command, &format!("the user runs `{}`", mark.label)),
    };
    if chapter.causes.is_empty() {
        return format!("At {at} the cluster is as it was given.\n");
    }
    let causes: Vec<String> = chapter.causes.iter().map(of).collect();
    format!("At {at} {}.\n", causes.join(",\nand "))
}

fn sentences(run: &Run<'_>, lines: &[EventLine], chapter: &Chapter<'_>) -> Vec<String> {
    let (from, to) = (chapter.from.as_ms(), chapter.to.as_ms());
    let events: Vec<&EventLine> = lines.iter().filter(|line| line.t >= from && (line.t < to || to == run.simulated.as_ms())).collect();
    let story = run.collector.story.lines.iter().filter(|line| line.at >= chapter.from && line.at < chapter.to);
    let story: Vec<&Line> = story.collect();
    let mut out: Vec<String> = Vec::new();
    out.extend(answers(&story));
    out.extend(scaled(&events));
    out.extend(placed(&events));
    out.extend(containers(&events));
    out.extend(warnings(&events));
    out.extend(turns(&story, chapter.from));
    if out.is_empty() {
        out.push("Nothing comes of it that anybody would see.".into());
    }
    out
}

/// What kubectl printed.
fn answers(story: &[&Line]) -> Option<String> {
    let told = story.iter().filter(|line| line.text.starts_with("  ") && matches!(line.tone, Tone::Output | Tone::Bad));
    let told: Vec<&str> = told.map(|line| line.text.trim()).collect();
    (!told.is_empty()).then(|| format!("kubectl says: {}.", told.join("; ")))
}

/// `replica set x from 3 to 4` several times: the way of its numbers.
fn scaled(events: &[&EventLine]) -> Option<String> {
    let mut ways: Vec<(&str, Vec<&str>)> = Vec::new();
    for event in events.iter().filter(|event| &*event.reason == "ScalingReplicaSet") {
        let Some((_, rest)) = event.message.split_once("replica set ") else { continue };
        let Some(((name, from), to)) = rest.split_once(" to ").and_then(|(left, to)| Some((left.split_once(" from ")?, to))) else {
            continue;
        };
        match ways.iter_mut().find(|(known, _)| *known == name) {
            Some((_, way)) => way.push(to),
            None => ways.push((name, vec![from, to])),
        }
    }
    let told: Vec<String> = ways.iter().map(|(name, way)| format!("ReplicaSet {name} goes {}", shortened(way))).collect();
    (!told.is_empty()).then(|| format!("{}.", told.join("; ")))
}

fn shortened(way: &[&str]) -> String {
    if way.len() <= 9 {
        return way.join(" → ");
    }
    format!("{} → … → {} ({} steps)", way[..3].join(" → "), way[way.len() - 3..].join(" → "), way.len() - 1)
}

/// Where the scheduler put pods.
fn placed(events: &[&EventLine]) -> Option<String> {
    let mut nodes: BTreeMap<&str, usize> = BTreeMap::new();
    for event in events.iter().filter(|event| &*event.reason == "Scheduled") {
        *nodes.entry(event.message.rsplit(' ').next().unwrap_or("")).or_default() += 1;
    }
    let pods: usize = nodes.values().sum();
    let places = if nodes.len() > NODES_MAX {
        format!("on {} nodes", nodes.len())
    } else {
        nodes.iter().map(|(node, count)| format!("{count} on {node}")).collect::<Vec<_>>().join(", ")
    };
    (pods > 0).then(|| format!("The scheduler places {}: {places}.", counted(pods, "pod")))
}

/// What the kubelets did.
fn containers(events: &[&EventLine]) -> Option<String> {
    let count = |reason: &str, word: &str| events.iter().filter(|e| &*e.reason == reason && e.message.contains(word)).count();
    let pulled = count("Pulled", "Successfully pulled");
    let there = count("Pulled", "already present");
    let (started, killed) = (count("Started", ""), count("Killing", ""));
    let mut parts = Vec::new();
    if pulled > 0 {
        parts.push(format!("pull {}", counted(pulled, "image")));
    }
    if there > 0 {
        parts.push(format!("find {} already there", counted(there, "image")));
    }
    if started > 0 {
        parts.push(format!("start {}", counted(started, "container")));
    }
    if killed > 0 {
        parts.push(format!("stop {}", counted(killed, "container")));
    }
    (!parts.is_empty()).then(|| format!("The kubelets {}.", listed(&parts)))
}

/// Warnings by their reasons, each with one example.
fn warnings(events: &[&EventLine]) -> Option<String> {
    let mut sorts: Vec<(&str, usize, &EventLine)> = Vec::new();
    for event in events.iter().filter(|event| &*event.kind == "Warning") {
        match sorts.iter_mut().find(|(reason, ..)| *reason == &*event.reason) {
            Some((_, count, _)) => *count += 1,
            None => sorts.push((&event.reason, 1, event)),
        }
    }
    let told = sorts.iter().take(WARNINGS_MAX).map(|(reason, count, event)| {
        let times = if *count == 1 { String::new() } else { format!(" {count} times, first") };
        format!("{reason}{times} on {}: {}", event.object, cut(&event.message))
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| format!("Warnings: {}.", told.join("; ").trim_end_matches('.')))
}

/// The turning points that the story tells.
fn turns(story: &[&Line], from: Time) -> Vec<String> {
    let told = story.iter().filter(|line| !line.text.starts_with(' ') && matches!(line.tone, Tone::Good | Tone::Bad));
    // Warnings have been told, as Events.
    let told = told.filter(|line| !line.text.starts_with("pod/"));
    told.map(|line| format!("After {}: {}.", clock(line.at - from), line.text)).collect()
}

fn ending(run: &Run<'_>, palette: Palette) -> String {
    let mut out = format!("At {} the run ends", clock(run.simulated));
    out += match (run.not_ready.len(), run.not_ready.first()) {
        (0, _) => " with every pod ready or done.\n".to_string(),
        (1, Some((pod, why))) => format!("; {pod} is not ready: {why}.\n"),
        (count, _) => format!("; {count} pods are not ready.\n"),
    }
    .as_str();
    for case in run.cases {
        let (mark, tone) = if case.passed { ("holds ", Tone::Good) } else { ("BROKEN", Tone::Bad) };
        let detail = if case.passed { String::new() } else { format!(": at {}, {}", clock(Span(case.at.0)), case.detail) };
        out += &format!("  {} {}{detail}\n", palette.painted(tone, mark), case.name);
    }
    out
}

fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}

fn listed(parts: &[String]) -> String {
    match parts {
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
        [] => String::new(),
    }
}

fn cut(message: &str) -> String {
    match message.char_indices().nth(MESSAGE_MAX) {
        Some((at, _)) => format!("{} …", &message[..at]),
        None => message.into(),
    }
}

/// Broken into lines, each with an indent.
fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let mut out = String::new();
    let mut line = indent.to_string();
    for word in text.split_whitespace() {
        if line.chars().count() + 1 + word.chars().count() > width && line.trim() != "" {
            out += line.trim_end();
            out.push('\n');
            line = indent.to_string();
        }
        line += word;
        line.push(' ');
    }
    out + line.trim_end() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(reason: &str, message: &str) -> EventLine {
        EventLine {
            t: 0,
            last_seen: String::new(),
            namespace: "default".into(),
            kind: "Normal".into(),
            reason: reason.into(),
            object: "deployment/web".into(),
            subobject: "".into(),
            source: String::new(),
            message: message.into(),
            count: 1,
        }
    }

    #[test]
    fn numbers_are_told_as_ways_and_places() {
        let steps = [
            event("ScalingReplicaSet", "Scaled up replica set web-b from 0 to 2"),
            event("ScalingReplicaSet", "Scaled down replica set web-a from 3 to 2"),
            event("ScalingReplicaSet", "Scaled up replica set web-b from 2 to 3"),
            event("Scheduled", "Successfully assigned default/web-b-1 to n-2"),
            event("Scheduled", "Successfully assigned default/web-b-2 to n-1"),
            event("Started", "Started container web"),
        ];
        let events: Vec<&EventLine> = steps.iter().collect();
        assert_eq!(scaled(&events).unwrap(), "ReplicaSet web-b goes 0 → 2 → 3; ReplicaSet web-a goes 3 → 2.");
        assert_eq!(placed(&events).unwrap(), "The scheduler places 2 pods: 1 on n-1, 1 on n-2.");
        assert_eq!(containers(&events).unwrap(), "The kubelets start 1 container.");
        assert_eq!(warnings(&events), None);
    }

    #[test]
    fn chapters_begin_with_what_users_and_failures_do() {
        let mark = |ms, label: &str| Mark { at: Time::from_ms(ms), label: label.into(), is_fault: false };
        let marks = [mark(1_000, "a"), mark(1_300, "b"), mark(9_000, "c")];
        let found = chapters(&marks, Time::from_ms(20_000));
        let told: Vec<_> = found.iter().map(|c| (c.from.as_ms(), c.to.as_ms(), c.causes.len())).collect();
        assert_eq!(told, [(0, 1_000, 0), (1_000, 9_000, 2), (9_000, 20_000, 1)]);
    }

    #[test]
    fn lines_are_wrapped_at_words() {
        assert_eq!(wrapped("one two three", "  ", 10), "  one two\n  three\n");
    }
}
