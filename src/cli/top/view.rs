//! How it looks: where one is in the run, the nodes with their pods, the step in words, and one of four panels.

use super::app::{App, FILTERS, Panel};
use crate::base::Span;
use crate::manifest::table::{self, pods};
use crate::metrics::replay::data::ms;
use crate::metrics::replay::steps::Sort;
use crate::model::{Kind, Obj, Object};
use crate::report::story::clock;
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span as Words};
use ratatui::widgets::{Block, LineGauge, Paragraph, Wrap};

/// Colours that colour-blind people can tell apart, as far as terminals have them; each state has a sign of its own beside.
const STATES: [(&str, Color); 5] =
    [("…", Color::Gray), ("◐", Color::Cyan), ("✓", Color::Green), ("×", Color::DarkGray), ("!", Color::LightRed)];

/// Draws everything.
pub fn draw(frame: &mut Frame<'_>, app: &App<'_>) {
    // As high as the nodes need, up to half of the screen.
    let rows = (list(app, Kind::Node).len() + 3).min(usize::from(frame.area().height / 2)) as u16;
    let one = Constraint::Length(1);
    let heights = [one, one, Constraint::Length(2), Constraint::Length(rows), Constraint::Fill(1), one];
    let [title, line, step, cluster, panel, keys] = Layout::vertical(heights).areas(frame.area());
    let playing = if app.is_playing { "  playing" } else { "" };
    let at = format!("{}  {} of {}{playing}", app.name, clock(Span(app.now.0)), clock(Span(app.end.0)));
    frame.render_widget(Line::from(at).style(Style::new().add_modifier(Modifier::BOLD)), title);
    let ratio = if app.end.0 == 0 { 0.0 } else { (app.now.0 as f64 / app.end.0 as f64).clamp(0.0, 1.0) };
    let count = format!("step {} of {}", app.step.map_or(0, |step| step + 1), app.replay.steps.len());
    frame.render_widget(
        LineGauge::default().ratio(ratio).filled_symbol("━").unfilled_symbol("─").label(count).filled_style(Style::new().fg(Color::Cyan)),
        line,
    );
    frame.render_widget(told(app), step);
    frame.render_widget(nodes(app, cluster), cluster);
    let (shown, _) = Panel::ALL[app.panel];
    let titles = Panel::ALL.iter().enumerate().map(|(place, (_, name))| {
        let style = if place == app.panel { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() };
        Words::styled(format!(" {name} "), style)
    });
    let block = Block::bordered().title(Line::from(titles.collect::<Vec<_>>()));
    let room = usize::from(panel.height.saturating_sub(2));
    let lines: Vec<Line<'_>> = match shown {
        Panel::Pods => pods_table(app),
        Panel::Events => events(app, room),
        Panel::Queue => queue(app),
        Panel::Steps => steps(app, room),
    };
    frame.render_widget(Paragraph::new(lines).block(block), panel);
    let help =
        format!(" ← → step by {} (f)   Shift ← → 1s   PgUp PgDn 10s   Home End   space play   Tab panel   q quit", FILTERS[app.filter].0);
    frame.render_widget(Line::from(help).style(Style::new().fg(Color::DarkGray)), keys);
}

/// The objects of a kind as they are shown now.
fn list<'a>(app: &App<'a>, kind: Kind) -> Vec<&'a Obj> {
    app.replay.list_at(kind, app.now, app.version())
}

fn told<'a>(app: &App<'a>) -> Paragraph<'a> {
    let text = match app.step.map(|step| &app.replay.steps[step]) {
        None => "Nothing has happened yet.".to_string(),
        Some(step) => {
            let by = match step.sort {
                Sort::Command | Sort::Fault | Sort::Pod => String::new(),
                _ => format!("{} ", app.replay.actors[usize::from(step.by)]),
            };
            format!("{} {}: {by}{}", clock(Span(step.at.0)), step.sort.name(), step.text)
        }
    };
    Paragraph::new(text).wrap(Wrap { trim: true }).style(Style::new().fg(Color::Yellow))
}

/// The state of a pod: its place in `STATES`.
fn state(object: &Object) -> usize {
    let Some(pod) = object.as_pod() else { return 0 };
    let status = pods::summary(&object.meta, pod).status;
    match status.as_str() {
        "Terminating" => 3,
        "Running" | "Completed" | "Succeeded" => {
            if pod.is_ready() || pod.is_terminal() {
                2
            } else {
                1
            }
        }
        bad if bad.contains("Err") || bad.contains("Back") || bad.contains("OOM") || bad.contains("Fail") || bad == "Evicted" => 4,
        _ if !pod.is_bound() => 0,
        _ => 1,
    }
}

fn nodes<'a>(app: &App<'a>, area: Rect) -> Paragraph<'a> {
    let pods = list(app, Kind::Pod);
    let changed = app.step.and_then(|step| app.replay.steps[step].object).map(|place| &app.replay.objects[place].key);
    let chip = |pod: &&'a Obj| {
        let (sign, color) = STATES[state(pod)];
        let is_changed =
            changed.is_some_and(|key| key.kind == Kind::Pod && key.name == pod.meta.name && key.namespace == pod.meta.namespace);
        let style = if is_changed { Style::new().fg(color).add_modifier(Modifier::REVERSED) } else { Style::new().fg(color) };
        Words::styled(format!("{sign}{} ", pod.meta.name.rsplit('-').next().unwrap_or("")), style)
    };
    let mut lines: Vec<Line<'a>> = Vec::new();
    let room = usize::from(area.height.saturating_sub(2)).max(1);
    let all = list(app, Kind::Node);
    let waiting: Vec<Words<'a>> = pods.iter().filter(|pod| pod.as_pod().is_some_and(|pod| !pod.is_bound())).map(chip).collect();
    if !waiting.is_empty() {
        lines.push(Line::from([vec![Words::raw(format!("{:<24}", "on no node"))], waiting].concat()));
    }
    let shown = room.saturating_sub(lines.len() + usize::from(all.len() + lines.len() > room));
    for node in all.iter().take(shown) {
        let ready = node.as_node().is_some_and(|node| node.status.conditions.iter().any(|c| &*c.r#type == "Ready" && &*c.status == "True"));
        let name = Words::styled(
            format!("{:<16}{:<8}", node.meta.name, if ready { "" } else { "NotReady" }),
            if ready { Style::new() } else { Style::new().fg(Color::LightRed) },
        );
        let on = pods.iter().filter(|pod| pod.as_pod().is_some_and(|pod| pod.node_name == node.meta.name));
        lines.push(Line::from([vec![name], on.map(chip).collect()].concat()));
    }
    if all.len() > shown {
        lines.push(Line::from(format!("and {} nodes more", all.len() - shown)));
    }
    let title = format!(" Cluster: {} pods   … waits  ◐ starts  ✓ ready  × ends  ! fails ", pods.len());
    Paragraph::new(lines).block(Block::bordered().title(title))
}

fn pods_table<'a>(app: &App<'a>) -> Vec<Line<'a>> {
    let pods = list(app, Kind::Pod);
    let objects: Vec<&Object> = pods.iter().map(|pod| &***pod).collect();
    let several = objects.iter().any(|object| &*object.meta.namespace != "default");
    let options = table::Options { wide: true, all_namespaces: several, ..table::Options::default() };
    let text = if objects.is_empty() { "No pods.".into() } else { table::table(&objects, options, app.clock.micro(app.now)) };
    text.lines().map(|line| Line::from(line.to_string())).collect()
}

fn events<'a>(app: &App<'a>, room: usize) -> Vec<Line<'a>> {
    let so_far: Vec<_> = app.events.lines().take_while(|event| event.t <= app.now.as_ms()).collect();
    let shown = so_far.iter().rev().take(room).map(|event| {
        let age = clock(Span::from_ms(ms(app.now).saturating_sub(event.t)));
        let style = if &*event.kind == "Warning" { Style::new().fg(Color::LightRed) } else { Style::new() };
        Line::styled(format!("{age:>9} ago  {:<8} {:<20} {}: {}", event.kind, event.reason, event.object, event.message), style)
    });
    shown.collect()
}

fn queue<'a>(app: &App<'a>) -> Vec<Line<'a>> {
    let mut places: Vec<(&str, &str)> = Vec::new();
    for step in app.replay.moves.iter().take_while(|step| step.at <= app.now) {
        places.retain(|(pod, _)| *pod != step.pod);
        if step.to != "gone" {
            places.push((&step.pod, step.to));
        }
    }
    let mut lines: Vec<Line<'a>> = Vec::new();
    for part in ["active", "backoff", "backoff after an error", "unschedulable", "gated", "being scheduled"] {
        let pods: Vec<&str> = places.iter().filter(|(_, place)| *place == part).map(|(pod, _)| *pod).collect();
        if !pods.is_empty() || ["active", "backoff", "unschedulable"].contains(&part) {
            lines.push(Line::from(format!("{part:<24}{:>4}  {}", pods.len(), pods.join(" "))));
        }
    }
    lines.push(Line::default());
    if let Some((at, attempt)) = app.replay.attempts.iter().rev().find(|(at, _)| *at <= app.now) {
        lines.push(Line::from(format!("last decision, {}:", clock(Span(at.0)))));
        lines.extend(super::super::explain::shown(*at, attempt).lines().map(|line| Line::from(line.to_string())));
    }
    lines
}

fn steps<'a>(app: &App<'a>, room: usize) -> Vec<Line<'a>> {
    let present = app.step.unwrap_or(0);
    let first = present.saturating_sub(room / 2).min(app.replay.steps.len().saturating_sub(room));
    let around = app.replay.steps.iter().enumerate().skip(first).take(room);
    let lines = around.map(|(place, step)| {
        let style = if Some(place) == app.step { Style::new().add_modifier(Modifier::REVERSED) } else { Style::new() };
        Line::styled(
            format!(
                "{:>10}  {:<8} {:<24} {}",
                clock(Span(step.at.0)),
                step.sort.name(),
                app.replay.actors[usize::from(step.by)],
                step.text
            ),
            style,
        )
    });
    lines.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Overrides, parse_with};
    use crate::world::{Options, World};
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::crossterm::event::{KeyCode, KeyModifiers};

    const SCENARIO: &str = "apiVersion: kubesim/v1alpha1
kind: Scenario
name: two
duration: 1m
cluster: {nodes: [{count: 2, name: 'n-#', cpu: 4, memory: 8Gi}]}
timeline:
  - {at: 1s, kubectl: create deployment web --image=web --replicas=2}
";

    fn screen(app: &App<'_>) -> String {
        let mut terminal = Terminal::new(TestBackend::new(120, 30)).unwrap();
        terminal.draw(|frame| draw(frame, app)).unwrap();
        terminal.backend().to_string()
    }

    #[test]
    fn one_steps_both_ways_and_sees_pods_events_queue_and_steps() {
        let scenario = parse_with("two.yaml", SCENARIO, &Overrides::default(), &mut std::io::empty()).unwrap();
        let mut world = World::new(&scenario, Options { replay: true, ..Options::default() }).unwrap();
        world.run_until(scenario.end());
        let collector = world.collector.0.borrow();
        let replay = collector.replay.as_ref().unwrap();
        let mut app = App::new("two", replay, &collector.events, collector.clock, scenario.end());
        let press = |app: &mut App<'_>, key| app.press(key, KeyModifiers::NONE);
        assert!(screen(&app).contains("Nothing has happened yet."));
        press(&mut app, KeyCode::End);
        let end = screen(&app);
        assert!(end.contains("n-1") && end.contains("1/1     Running") && end.contains("1m00.0s of 1m00.0s"), "{end}");
        press(&mut app, KeyCode::Left);
        let before = screen(&app);
        press(&mut app, KeyCode::Right);
        press(&mut app, KeyCode::Left);
        assert_eq!(screen(&app), before, "a step back leads to the same picture");
        press(&mut app, KeyCode::Tab);
        assert!(screen(&app).contains("ScalingReplicaSet"));
        press(&mut app, KeyCode::Tab);
        assert!(screen(&app).contains("NodeResourcesFit"));
        press(&mut app, KeyCode::Tab);
        assert!(screen(&app).contains("deployment-controller"));
        press(&mut app, KeyCode::Home);
        press(&mut app, KeyCode::Char('f'));
        press(&mut app, KeyCode::Char('f'));
        press(&mut app, KeyCode::Right);
        assert!(screen(&app).contains("schedule: default-scheduler puts pod web-"), "{}", screen(&app));
        press(&mut app, KeyCode::Char(' '));
        assert!(app.is_playing);
        while app.is_playing {
            app.play_on();
        }
        press(&mut app, KeyCode::Char('q'));
        assert!(app.is_done);
    }
}
