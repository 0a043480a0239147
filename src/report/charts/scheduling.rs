//! Scheduling latency: from a pod's creation to its binding, over time and as a distribution.

use super::frame::*;
use super::{DrawError, Run};
use crate::metrics::latency::percentiles;
use plotters::prelude::*;

/// Points drawn at most; of more, those in equal distances.
const POINTS_MAX: usize = 3_000;

/// The chart of all pods.
pub fn draw(run: &Run<'_>) -> Result<String, DrawError> {
    let times = &run.collector.latency.scheduling;
    let found = percentiles(times);
    let max_s = found.max.as_s_f64();
    let top = (max_s * 1.2).max(0.001);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, 330 + marks_height(run))).into_drawing_area();
        root.fill(&WHITE).map_err(failed)?;
        let (upper, list) = root.split_vertically(330);
        let title = format!(
            "Scheduling latency: creation to node, {} pods (p50 {}, p90 {}, p99 {}, max {})",
            found.count, found.p50, found.p90, found.p99, found.max
        );
        let mut chart = ChartBuilder::on(&upper);
        let axis = TimeAxis::of(run);
        let mut plot = chart
            .caption(title, ("sans-serif", 17).into_font().color(&INK))
            .margin(10)
            .margin_right(20)
            .x_label_area_size(42)
            .y_label_area_size(64)
            .build_cartesian_2d(0.0..axis.end, 0.0..top)
            .map_err(failed)?;
        plot.configure_mesh()
            .light_line_style(WHITE)
            .bold_line_style(RGBColor(225, 225, 225))
            .axis_style(RGBColor(150, 150, 150))
            .x_desc("time of binding since the start")
            .y_desc("seconds from creation to node")
            .x_label_formatter(&|place| axis.text(*place))
            .y_label_formatter(&|seconds| format!("{seconds:.3}"))
            .label_style(("sans-serif", 12).into_font().color(&INK))
            .axis_desc_style(("sans-serif", 13).into_font().color(&INK))
            .draw()
            .map_err(failed)?;
        draw_marks(&mut plot, run, top)?;
        let stride = times.len().div_ceil(POINTS_MAX);
        let points =
            times.iter().step_by(stride).map(|(at, span)| Circle::new((axis.at(*at), span.as_s_f64()), 2, COLOURS[0].mix(0.5).filled()));
        plot.draw_series(points).map_err(failed)?;
        for (label, span, colour) in [("p50", found.p50, COLOURS[2]), ("p99", found.p99, ALARM)] {
            let y = span.as_s_f64();
            draw_dashes(&mut plot, vec![(0.0, y), (axis.end, y)], colour, Some(label.to_string()))?;
        }
        legend(&mut plot)?;
        draw_mark_list(&list, run)?;
        root.present().map_err(failed)?;
    }
    Ok(svg)
}
