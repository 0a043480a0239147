//! `kubesim top SCENARIO`: steps through a run in the terminal, both ways.

mod app;
mod view;

use super::Outcome;
use super::load::{ScenarioArgs, run_with_progress, span};
use crate::base::{Span, Time};
use crate::world::{Options, World};
use app::App;
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use std::io::IsTerminal;
use std::time::Duration;

/// Step through a run in the terminal: cluster, decisions, scheduling queue, pods and Events at any instant.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The scenario file.
    scenario: String,
    #[command(flatten)]
    common: ScenarioArgs,
    /// The instant to begin at, such as `7m` [default: the start].
    #[arg(long, value_name = "TIME", value_parser = span)]
    at: Option<Span>,
}

/// While playing, the time between two steps.
const STEP: Duration = Duration::from_millis(600);

/// Steps through it.
pub fn run(args: Args) -> Outcome {
    let scenario = args.common.load(Some(&args.scenario), None)?;
    if !std::io::stdout().is_terminal() {
        return Err("error: top needs a terminal\n`kubesim run --story SCENARIO` tells the same as a text".into());
    }
    let options = Options { caches: !args.common.no_cache, aggregate: !args.common.no_aggregate, replay: true, ..Options::default() };
    let mut world = World::new(&scenario, options)?;
    run_with_progress(&mut world, scenario.end());
    let collector = world.collector.0.borrow();
    let replay = collector.replay.as_ref().expect("it was asked for");
    let mut app = App::new(&scenario.name, replay, &collector.events, collector.clock, scenario.end());
    app.go(args.at.map_or(Time::ZERO, |at| Time(at.0)));
    let mut terminal = ratatui::try_init().map_err(|error| format!("error: the terminal cannot be used: {error}"))?;
    let ended = show(&mut terminal, &mut app);
    ratatui::restore();
    ended.map(|()| 0).map_err(|error| format!("error: the terminal: {error}"))
}

fn show(terminal: &mut ratatui::DefaultTerminal, app: &mut App<'_>) -> std::io::Result<()> {
    while !app.is_done {
        terminal.draw(|frame| view::draw(frame, app))?;
        if app.is_playing && !event::poll(STEP)? {
            app.play_on();
            continue;
        }
        if let Event::Key(key) = event::read()?
            && key.kind != KeyEventKind::Release
        {
            app.press(key.code, key.modifiers);
        }
    }
    Ok(())
}
