//! `kubesim get TYPE [NAME...] SCENARIO`: objects as `kubectl get` shows them, at any instant of a run.

use super::Outcome;
use super::load::{ScenarioArgs, span};
use crate::base::{Span, Time};
use crate::kubectl::select::{Scoped, select};
use crate::manifest::table;
use crate::model::{MicroTime, Obj, Object};
use crate::world::World;

/// Which objects of which run.
#[derive(clap::Args, Debug)]
pub struct Place {
    /// What to show, as in kubectl (`pods`, `deploy/web`, `node a-1`), then the scenario file.
    #[arg(required = true, num_args = 2.., value_names = ["TYPE[/NAME]", "SCENARIO"])]
    words: Vec<String>,
    #[command(flatten)]
    common: ScenarioArgs,
    /// The instant to look at, such as `7m` [default: the end].
    #[arg(long, value_name = "TIME", value_parser = span)]
    at: Option<Span>,
    /// Namespace.
    #[arg(short, long, default_value = "default")]
    namespace: String,
    /// All namespaces.
    #[arg(short = 'A', long)]
    pub all_namespaces: bool,
    /// Only objects with these labels, such as `app=web`.
    #[arg(short = 'l', long, value_name = "LABELS")]
    selector: Option<String>,
    /// Only objects with these fields, such as `status.phase=Running,spec.nodeName=a-1`.
    #[arg(long, value_name = "FIELDS")]
    field_selector: Option<String>,
}

/// The run at that instant, with the objects found.
pub struct Found {
    /// The world, played up to the instant.
    pub world: World,
    /// The objects.
    pub objects: Vec<Obj>,
    /// The instant as a wall-clock moment.
    pub now: MicroTime,
}

impl Place {
    /// Plays the scenario and looks.
    pub fn find(&self) -> Result<Found, String> {
        let (file, words) = self.words.split_last().ok_or("error: name what to show and a scenario")?;
        let scenario = self.common.load(Some(file), None)?;
        let world = self.common.play(&scenario, self.at.map(|span| Time(span.0)))?;
        let scoped = Scoped {
            namespace: (!self.all_namespaces).then_some(&*self.namespace),
            selector: self.selector.as_deref(),
            field_selector: self.field_selector.as_deref(),
        };
        let objects = select(world.sim.store().now(), words, scoped).map_err(|error| with_hint(&error.to_string(), &error.hint))?;
        let now = scenario.clock.micro(world.sim.now());
        Ok(Found { world, objects, now })
    }

    /// What kubectl says when there is nothing.
    pub fn nothing(&self) -> String {
        if self.all_namespaces { "No resources found".into() } else { format!("No resources found in {} namespace.", self.namespace) }
    }
}

fn with_hint(message: &str, hint: &str) -> String {
    if hint.is_empty() { message.into() } else { format!("{message}\n{hint}") }
}

/// Show objects as kubectl does, at any instant of a run.
#[derive(clap::Args, Debug)]
pub struct Args {
    #[command(flatten)]
    place: Place,
    /// How to show them.
    #[arg(short, long, value_parser = ["wide", "name", "json", "yaml"])]
    output: Option<String>,
    /// A last column with the labels.
    #[arg(long)]
    show_labels: bool,
    /// No titles.
    #[arg(long)]
    no_headers: bool,
}

/// Shows them.
pub fn run(args: Args) -> Outcome {
    let found = args.place.find()?;
    if found.objects.is_empty() && !matches!(args.output.as_deref(), Some("json" | "yaml")) {
        eprintln!("{}", args.place.nothing());
        return Ok(0);
    }
    let shown: Vec<Object> = found.objects.iter().map(|object| table::shown_at(object, found.now)).collect();
    let objects: Vec<&Object> = shown.iter().collect();
    let as_list = objects.len() != 1 || !args.place.words[0].contains('/') && args.place.words.len() == 2;
    let text = match args.output.as_deref() {
        Some("name") => table::names(&objects),
        Some("json") => table::json(&objects, as_list),
        Some("yaml") => table::yaml(&objects, as_list),
        wide => {
            let options = table::Options {
                wide: wide.is_some(),
                all_namespaces: args.place.all_namespaces,
                no_headers: args.no_headers,
                show_labels: args.show_labels,
                with_kind: false,
            };
            table::tables(&objects, options, found.now)
        }
    };
    print!("{text}");
    Ok(0)
}
