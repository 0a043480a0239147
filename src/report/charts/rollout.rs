//! A rollout: above, wanted and ready pods of each ReplicaSet; below, available pods within the bounds that the strategy
//! allows, and what is missing.

use super::frame::*;
use super::{DrawError, Run};
use crate::metrics::rollout::Rollout;
use crate::metrics::series::Series;
use plotters::prelude::*;

/// ReplicaSets that get a line of their own; older ones are left out.
const REVISIONS_MAX: usize = 6;

/// The chart of one Deployment.
pub fn draw(run: &Run<'_>, name: &str, rollout: &Rollout) -> Result<String, DrawError> {
    let mut svg = String::new();
    let marks = marks_height(run);
    let height = 330 + 310 + marks;
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        root.fill(&WHITE).map_err(failed)?;
        let (upper, rest) = root.split_vertically(330);
        let (lower, list) = rest.split_vertically(310);
        draw_revisions(&upper, run, name, rollout)?;
        draw_availability(&lower, run, rollout)?;
        draw_mark_list(&list, run)?;
        root.present().map_err(failed)?;
    }
    Ok(svg)
}

fn top_of(series: impl Iterator<Item = Option<f64>>, legend_lines: usize) -> f64 {
    head_room(series.flatten().fold(1.0, f64::max), legend_lines)
}

fn draw_revisions<'b>(area: &Area<'b>, run: &Run<'_>, name: &str, rollout: &Rollout) -> Result<(), DrawError> {
    let axis = TimeAxis::of(run);
    let top = top_of(
        rollout.revisions.iter().map(|revision| revision.wanted.max()).chain([rollout.total_max.max()]),
        2 * rollout.revisions.len().min(REVISIONS_MAX),
    );
    let mut plot = plot(area, &format!("Rollout of deployment {name}: pods of each ReplicaSet"), "pods", axis, top)?;
    draw_marks(&mut plot, run, top)?;
    let skipped = rollout.revisions.len().saturating_sub(REVISIONS_MAX);
    for (index, revision) in rollout.revisions.iter().enumerate().skip(skipped) {
        let colour = COLOURS[(index - skipped) % COLOURS.len()];
        let ready = steps(&revision.ready, axis);
        plot.draw_series(AreaSeries::new(ready, 0.0, colour.mix(0.18)).border_style(colour.stroke_width(2)))
            .map_err(failed)?
            .label(format!("{} ready ({})", revision.name, revision.images))
            .legend(move |(x, y)| Rectangle::new([(x, y - 4), (x + 18, y + 4)], colour.mix(0.6).filled()));
        draw_dashes(&mut plot, steps(&revision.wanted, axis), colour, Some(format!("{} wanted", revision.name)))?;
    }
    legend(&mut plot)
}

fn draw_availability<'b>(area: &Area<'b>, run: &Run<'_>, rollout: &Rollout) -> Result<(), DrawError> {
    let axis = TimeAxis::of(run);
    let top = top_of([&rollout.total_max, &rollout.available, &rollout.total].into_iter().map(Series::max), 5);
    let mut plot = plot(area, "Available pods against the bounds of the strategy", "pods", axis, top)?;
    let mut band = steps(&rollout.total_max, axis);
    band.extend(steps(&rollout.available_min, axis).into_iter().rev());
    let shade = RGBColor(0, 158, 115).mix(0.12);
    plot.draw_series([Polygon::new(band, shade)])
        .map_err(failed)?
        .label("allowed: replicas - maxUnavailable to replicas + maxSurge")
        .legend(move |(x, y)| Rectangle::new([(x, y - 4), (x + 18, y + 4)], RGBColor(0, 158, 115).mix(0.3).filled()));
    draw_marks(&mut plot, run, top)?;
    draw_dashes(&mut plot, steps(&rollout.desired, axis), INK, Some("replicas wanted".into()))?;
    draw_steps(&mut plot, steps(&rollout.total, axis), COLOURS[6], 1, "pods in all".into())?;
    draw_steps(&mut plot, steps(&rollout.available, axis), COLOURS[2], 3, "available".into())?;
    draw_steps(&mut plot, steps(&rollout.unavailable, axis), ALARM, 2, "unavailable".into())?;
    legend(&mut plot)
}
