//! What users noticed of one load: requests a second with failures by cause; how long requests took; and, of its Service, the
//! endpoints that are ready against the replicas that are wanted.

use super::frame::*;
use super::{DrawError, Run};
use crate::metrics::series::Series;
use crate::metrics::traffic::{Cause, LoadSeries, Point, ms};
use plotters::prelude::*;

const UPPER: u32 = 330;
const MIDDLE: u32 = 280;
const LOWER: u32 = 240;
/// Points of a line at most: of more, groups are put together.
const POINTS_MAX: usize = 900;

/// The series that the lowest part shows, where there are any.
pub struct Pods<'a> {
    /// Ready endpoints.
    pub endpoints: Option<&'a Series>,
    /// Wanted replicas of the Deployments behind it.
    pub wanted: Option<&'a Series>,
    /// What the wanted replicas belong to.
    pub of: String,
}

/// Colour of a cause.
fn colour(cause: Cause) -> RGBColor {
    match cause {
        Cause::Refused => COLOURS[5],
        Cause::Reset => COLOURS[3],
        Cause::TimeOut => COLOURS[1],
        Cause::NoEndpoints => COLOURS[7],
        Cause::Unreachable => COLOURS[0],
        Cause::Dns => COLOURS[6],
    }
}

/// The chart of one load.
pub fn draw(run: &Run<'_>, name: &str, load: &LoadSeries, pods: &Pods<'_>) -> Result<String, DrawError> {
    let lower = if pods.endpoints.is_some() { LOWER } else { 0 };
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, UPPER + MIDDLE + lower + marks_height(run))).into_drawing_area();
        root.fill(&WHITE).map_err(failed)?;
        let (upper, rest) = root.split_vertically(UPPER);
        let (middle, rest) = rest.split_vertically(MIDDLE);
        let (low, list) = rest.split_vertically(lower);
        let points = grouped(&load.points);
        draw_requests(&upper, run, name, load, &points)?;
        draw_durations(&middle, run, load, &points)?;
        if lower > 0 {
            draw_pods(&low, run, pods)?;
        }
        draw_mark_list(&list, run)?;
        root.present().map_err(failed)?;
    }
    Ok(svg)
}

/// Seconds put together, so that a chart stays small. Of durations the longest counts.
pub(in crate::report) fn grouped(points: &[Point]) -> Vec<Point> {
    let size = points.len().div_ceil(POINTS_MAX).max(1);
    let group = |all: &[Point]| {
        let mut sum = all[0].clone();
        all[1..].iter().for_each(|point| sum.merge(point));
        sum
    };
    points.chunks(size).map(group).collect()
}

/// A step function of the points: one level a point, down to nothing where seconds are missing.
fn levels(points: &[Point], axis: TimeAxis, of: impl Fn(&Point) -> f64) -> Vec<(f64, f64)> {
    let mut line: Vec<(f64, f64)> = Vec::new();
    for point in points {
        let (from, until) = (axis.at(point.at), axis.at(point.at + crate::base::Span::from_s_f64(point.seconds)));
        let level = of(point);
        match line.last().copied() {
            Some((end, _)) if from - end > (until - from) * 0.5 => line.extend([(end, 0.0), (from, 0.0)]),
            None => line.push((from, 0.0)),
            _ => {}
        }
        line.extend([(from, level), (until, level)]);
    }
    if let Some((end, _)) = line.last().copied() {
        line.push((end, 0.0));
    }
    line
}

fn draw_requests<'b>(area: &Area<'b>, run: &Run<'_>, name: &str, load: &LoadSeries, points: &[Point]) -> Result<(), DrawError> {
    let axis = TimeAxis::of(run);
    let causes: Vec<Cause> = Cause::ALL.into_iter().filter(|cause| load.totals.failed[*cause as usize] > 0).collect();
    let rate = |point: &Point, count: u64| count as f64 / point.seconds.max(0.001);
    let sent = |point: &Point| rate(point, point.ok + point.failed.iter().sum::<u64>());
    let top = head_room(points.iter().map(sent).fold(1.0, f64::max), 1 + causes.len());
    let (all, failures) = (load.totals.requests(), load.totals.failures());
    let title = format!("Requests to {name}: {all}, of which {failures} failed");
    let mut plot = plot(area, &title, "requests a second", axis, top)?;
    draw_marks(&mut plot, run, top)?;
    let answered = COLOURS[2];
    // Failures lie on top of what was answered.
    let below = |plot: &mut Plot<'_, 'b>, upto: usize, colour: RGBColor, label: String| -> Result<(), DrawError> {
        let height = |point: &Point| {
            let failed: u64 = causes.iter().take(upto).map(|cause| point.failed[*cause as usize]).sum();
            rate(point, point.ok + failed)
        };
        plot.draw_series(AreaSeries::new(levels(points, axis, height), 0.0, colour.mix(if upto == 0 { 0.35 } else { 1.0 })))
            .map_err(failed)?
            .label(label)
            .legend(move |(x, y)| Rectangle::new([(x, y - 4), (x + 18, y + 4)], colour.mix(0.8).filled()));
        Ok(())
    };
    for upto in (1..=causes.len()).rev() {
        let cause = causes[upto - 1];
        let count = load.totals.failed[cause as usize];
        below(&mut plot, upto, colour(cause), format!("{} ({count})", cause.label()))?;
    }
    // What was answered hides the failures' feet.
    let ground = points.iter().any(|point| point.failed.iter().any(|count| *count > 0));
    if ground {
        plot.draw_series(AreaSeries::new(levels(points, axis, |point| rate(point, point.ok)), 0.0, WHITE)).map_err(failed)?;
    }
    below(&mut plot, 0, answered, format!("answered ({})", load.totals.ok))?;
    legend(&mut plot)
}

fn draw_durations<'b>(area: &Area<'b>, run: &Run<'_>, load: &LoadSeries, points: &[Point]) -> Result<(), DrawError> {
    let axis = TimeAxis::of(run);
    let of = |share: f64| load.totals.durations.quantile(share).map_or(0.0, ms);
    // A rare time-out must not flatten all the rest.
    let mut highest: Vec<f64> = points.iter().map(|point| point.quantiles_ms[2]).collect();
    highest.sort_by(f64::total_cmp);
    let usual = highest.get(highest.len() * 9 / 10).copied().unwrap_or(1.0);
    let most = highest.last().copied().unwrap_or(1.0);
    let cap = most.min(usual * 8.0).max(1.0);
    let top = head_room(cap, 3);
    let title = "Duration of requests, by the second in which they were sent";
    let mut plot = plot(area, title, "milliseconds", axis, top)?;
    draw_marks(&mut plot, run, top)?;
    for (index, (label, share, colour)) in
        [("p50", 0.5, COLOURS[2]), ("p95", 0.95, COLOURS[1]), ("p99", 0.99, ALARM)].into_iter().enumerate()
    {
        let line = levels(points, axis, |point| point.quantiles_ms[index].min(top));
        let over_all = crate::report::story::short_ms(of(share));
        draw_steps(&mut plot, line, colour, 1, format!("{label} ({over_all} over all)"))?;
    }
    legend(&mut plot)
}

fn draw_pods<'b>(area: &Area<'b>, run: &Run<'_>, pods: &Pods<'_>) -> Result<(), DrawError> {
    let axis = TimeAxis::of(run);
    let highest = [pods.endpoints, pods.wanted].into_iter().flatten().filter_map(Series::max).fold(1.0, f64::max);
    let top = head_room(highest, 2);
    let mut plot = plot(area, "Endpoints that are ready, by the EndpointSlices", "endpoints", axis, top)?;
    draw_marks(&mut plot, run, top)?;
    if let Some(endpoints) = pods.endpoints {
        let colour = COLOURS[0];
        plot.draw_series(AreaSeries::new(steps(endpoints, axis), 0.0, colour.mix(0.25)).border_style(colour.stroke_width(2)))
            .map_err(failed)?
            .label("ready endpoints")
            .legend(move |(x, y)| Rectangle::new([(x, y - 4), (x + 18, y + 4)], colour.mix(0.6).filled()));
    }
    if let Some(wanted) = pods.wanted {
        draw_dashes(&mut plot, steps(wanted, axis), INK, Some(format!("replicas wanted ({})", pods.of)))?;
    }
    legend(&mut plot)
}
