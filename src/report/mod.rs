//! What a run leaves: files made of the collectors alone, the same bytes for the same run.

pub mod charts;
pub mod csv_file;
mod folder;
pub mod junit;
pub mod narrative;
mod number;
pub mod openmetrics;
pub mod page;
pub mod story;
pub mod summary;

use crate::base::{Span, Time};
use crate::metrics::Collector;
use folder::Folder;
use std::fs;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

/// What became of an expectation.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// What was demanded, as in the scenario.
    pub demand: String,
    /// Whether it held.
    pub passed: bool,
    /// When it was decided.
    pub at: Time,
    /// What was seen, for a broken one.
    pub detail: String,
}

/// A finished run.
pub struct Run<'a> {
    /// The scenario's name.
    pub name: &'a str,
    /// The question that it asks.
    pub question: &'a str,
    /// The seed.
    pub seed: u64,
    /// How long it ran in simulated time.
    pub simulated: Span,
    /// Fingerprint.
    pub trace_hash: u64,
    /// Events of the engine.
    pub events: u64,
    /// Commits to the store.
    pub commits: u64,
    /// Everything measured.
    pub collector: &'a Collector,
    /// Expectations.
    pub cases: &'a [Case],
    /// Pods that are not ready at the end, and why: `namespace/name`, reason.
    pub not_ready: &'a [(String, String)],
}

/// The version of this program, part of what a run depends on.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The file that tells a run's report from other folders.
pub const MARK: &str = "summary.json";

/// Whether a report may be written there: the folder is not there yet, or holds a former report (a file named `mark`) or nothing.
/// To be asked before the work is done, too.
pub fn may_be_written(dir: &Path, mark: &str) -> io::Result<()> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", dir.display()));
    if dir.exists() && !dir.join(mark).exists() && fs::read_dir(dir).map_err(named)?.next().is_some() {
        let text = format!("{} exists and holds no former report; name another folder with --out", dir.display());
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, text));
    }
    match dir.ancestors().skip(1).find(|above| above.exists()) {
        Some(above) if !above.is_dir() => Err(named(io::Error::other(format!("{} is no folder", above.display())))),
        _ => Ok(()),
    }
}

/// A run's folder while the run goes on: the Events are written as they come, all else at the end.
pub struct Draft(Folder);

impl Draft {
    /// Begins the folder that will be `dir`, and lets the collector write its Events into it; of them it keeps as many as the page
    /// shows, or all (`keep_events`) if somebody else wants them too.
    pub fn begin(dir: &Path, collector: &mut Collector, keep_events: bool) -> io::Result<Draft> {
        let folder = Folder::begin(dir, MARK)?;
        let file = fs::File::create(folder.path().join(EVENTS_FILE))?;
        collector.events.stream_to(Box::new(file), if keep_events { usize::MAX } else { page::EVENTS_MAX });
        Ok(Draft(folder))
    }

    /// Writes everything else; the folder is at its place then.
    pub fn finish(self, run: &Run<'_>) -> io::Result<()> {
        self.0.finish(|dir| write_all(dir, run))
    }
}

/// Fills a folder whole or not at all, even if the program is killed meanwhile: it is filled beside its place and then renamed.
/// A former folder of that name is replaced if it holds a former report (a file named `mark`) or nothing.
pub fn write_whole(dir: &Path, mark: &str, fill: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    Folder::begin(dir, mark)?.finish(fill)
}

const EVENTS_FILE: &str = "events.jsonl";

fn write_all(dir: &Path, run: &Run<'_>) -> io::Result<()> {
    let file = |name: &str| Ok::<_, io::Error>(BufWriter::with_capacity(1 << 16, fs::File::create(dir.join(name))?));
    fs::write(dir.join(MARK), summary::to_json(run))?;
    csv_file::write(&run.collector.registry, file("metrics.csv")?)?;
    openmetrics::write(&run.collector.registry, file("metrics.om")?)?;
    fs::write(dir.join("junit.xml"), junit::to_xml(run))?;
    let charts_dir = dir.join("charts");
    fs::create_dir(&charts_dir)?;
    let charts = charts::all(run).map_err(io::Error::other)?;
    for chart in &charts {
        fs::write(charts_dir.join(format!("{}.svg", chart.file)), &chart.svg)?;
    }
    page::write(run, &charts, file("report.html")?)
}

/// The folder in which a run's files go unless the user names another.
pub fn default_dir(name: &str, seed: u64) -> PathBuf {
    Path::new("reports").join(format!("{name}-{seed}"))
}
