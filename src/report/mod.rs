//! What a run leaves: files made of the collectors alone, the same bytes for the same run.

pub mod charts;
pub mod csv_file;
pub mod junit;
pub mod narrative;
pub mod openmetrics;
pub mod page;
pub mod story;
pub mod summary;

use crate::base::{Span, Time};
use crate::metrics::Collector;
use std::fs;
use std::io;
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

/// Writes all files of a run into `dir`, whole or not at all.
pub fn write(dir: &Path, run: &Run<'_>) -> io::Result<()> {
    write_whole(dir, MARK, |dir| write_all(dir, run))
}

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

/// Fills a folder whole or not at all, even if the program is killed meanwhile: it is filled beside its place and then renamed.
/// A former folder of that name is replaced if it holds a former report (a file named `mark`) or nothing.
pub fn write_whole(dir: &Path, mark: &str, fill: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
    may_be_written(dir, mark)?;
    let parent = dir.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", parent.display())))?;
    let file_name = dir.file_name().ok_or_else(|| io::Error::other(format!("{} names no folder", dir.display())))?;
    let hidden = |what: &str| parent.join(format!(".{}.{what}", file_name.to_string_lossy()));
    let (beside, former) = (hidden("partial"), hidden("former"));
    // What an earlier run left that was killed.
    for left in [&beside, &former] {
        if left.exists() {
            fs::remove_dir_all(left)?;
        }
    }
    fs::create_dir(&beside)?;
    let written = fill(&beside).and_then(|()| {
        // Removing takes many steps, renaming one: at no moment is there half a folder.
        if dir.exists() {
            fs::rename(dir, &former)?;
        }
        fs::rename(&beside, dir)
    });
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_dir_all(&beside);
    }
    if former.exists() {
        fs::remove_dir_all(&former)?;
    }
    written
}

fn write_all(dir: &Path, run: &Run<'_>) -> io::Result<()> {
    fs::write(dir.join(MARK), summary::to_json(run))?;
    fs::write(dir.join("events.jsonl"), summary::events_jsonl(run)?)?;
    fs::write(dir.join("metrics.csv"), csv_file::to_csv(&run.collector.registry)?)?;
    fs::write(dir.join("metrics.om"), openmetrics::to_text(&run.collector.registry))?;
    fs::write(dir.join("junit.xml"), junit::to_xml(run))?;
    let charts_dir = dir.join("charts");
    fs::create_dir(&charts_dir)?;
    let charts = charts::all(run).map_err(io::Error::other)?;
    for chart in &charts {
        fs::write(charts_dir.join(format!("{}.svg", chart.file)), &chart.svg)?;
    }
    fs::write(dir.join("report.html"), page::page(run, &charts))
}

/// The folder in which a run's files go unless the user names another.
pub fn default_dir(name: &str, seed: u64) -> PathBuf {
    Path::new("reports").join(format!("{name}-{seed}"))
}
