//! What all charts share: size, colours, axes, steps, and the marks of what users and failures did.

use super::{DrawError, Run};
use crate::base::{Span, Time};
use crate::metrics::Mark;
use crate::metrics::series::Series;
use plotters::coord::Shift;
use plotters::prelude::*;

/// Width of every chart in pixels.
pub const WIDTH: u32 = 960;
/// Okabe and Ito: black, orange, sky blue, bluish green, blue, vermilion, reddish purple, and a grey.
pub const COLOURS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(230, 159, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(213, 94, 0),
    RGBColor(120, 120, 120),
    RGBColor(0, 0, 0),
];
/// Of unavailability and of failures.
pub const ALARM: RGBColor = RGBColor(213, 94, 0);
/// Of text.
pub const INK: RGBColor = RGBColor(40, 40, 40);
/// Marks that are written out below a chart.
const MARKS_MAX: usize = 10;
const MARK_HEIGHT: u32 = 17;

/// A drawing area.
pub type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;
/// A chart with seconds to the right and a number upwards.
pub type Plot<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<plotters::coord::types::RangedCoordf64, plotters::coord::types::RangedCoordf64>>;

/// Height of the list of marks.
pub fn marks_height(run: &Run<'_>) -> u32 {
    let marks = &run.collector.marks;
    if marks.is_empty() { 0 } else { 14 + MARK_HEIGHT * (marks.len().min(MARKS_MAX + 1) as u32) }
}

/// The time axis: its unit is a second, a minute or an hour, so that the axis is divided at round times.
#[derive(Clone, Copy, Debug)]
pub struct TimeAxis {
    unit_s: f64,
    /// The right end, in units.
    pub end: f64,
}

impl TimeAxis {
    /// The axis of a run.
    pub fn of(run: &Run<'_>) -> TimeAxis {
        let end_s = run.simulated.as_s_f64().max(1.0);
        let unit_s = match end_s {
            s if s < 300.0 => 1.0,
            s if s < 5.0 * 3_600.0 => 60.0,
            _ => 3_600.0,
        };
        TimeAxis { unit_s, end: end_s / unit_s }
    }

    /// An instant on the axis.
    pub fn at(self, at: Time) -> f64 {
        at.as_s_f64() / self.unit_s
    }

    /// A place on the axis as it is written there: `45s`, `5m`, `1h30m`.
    pub fn text(self, place: f64) -> String {
        Span::from_ms((place * self.unit_s * 1_000.0).round() as u64).to_string()
    }
}

/// The points of a step function up to the end of the run.
pub fn steps(series: &Series, axis: TimeAxis) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = Vec::with_capacity(series.points().len() * 2 + 1);
    for &(at, value) in series.points() {
        if let Some(&(_, before)) = points.last() {
            points.push((axis.at(at), before));
        }
        points.push((axis.at(at), value));
    }
    if let Some(&(_, last)) = points.last() {
        points.push((axis.end, last));
    }
    points
}

/// A chart with axes, over the time of the run and from zero to `top`.
pub fn plot<'a, 'b: 'a>(area: &'a Area<'b>, title: &str, what: &str, axis: TimeAxis, top: f64) -> Result<Plot<'a, 'b>, DrawError> {
    let mut plot = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 17).into_font().color(&INK))
        .margin(10)
        .margin_right(20)
        .x_label_area_size(42)
        .y_label_area_size(56)
        .build_cartesian_2d(0.0..axis.end, 0.0..top)
        .map_err(failed)?;
    plot.configure_mesh()
        .light_line_style(WHITE)
        .bold_line_style(RGBColor(225, 225, 225))
        .axis_style(RGBColor(150, 150, 150))
        .x_desc("time since the start")
        .y_desc(what)
        .x_labels(10)
        .y_labels(6)
        .x_label_formatter(&|place| axis.text(*place))
        .y_label_formatter(&|value| if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") })
        .label_style(("sans-serif", 12).into_font().color(&INK))
        .axis_desc_style(("sans-serif", 13).into_font().color(&INK))
        .draw()
        .map_err(failed)?;
    Ok(plot)
}

/// Draws a step function with an entry in the legend.
pub fn draw_steps<'a, 'b: 'a>(
    plot: &mut Plot<'a, 'b>,
    points: Vec<(f64, f64)>,
    colour: RGBColor,
    width: u32,
    label: String,
) -> Result<(), DrawError> {
    let style = colour.stroke_width(width);
    plot.draw_series(LineSeries::new(points, style))
        .map_err(failed)?
        .label(label)
        .legend(move |(x, y)| PathElement::new(vec![(x, y), (x + 18, y)], colour.stroke_width(width.max(2))));
    Ok(())
}

/// Draws a dashed step function with an entry in the legend.
pub fn draw_dashes<'a, 'b: 'a>(
    plot: &mut Plot<'a, 'b>,
    points: Vec<(f64, f64)>,
    colour: RGBColor,
    label: Option<String>,
) -> Result<(), DrawError> {
    let series = plot.draw_series(DashedLineSeries::new(points, 5, 4, colour.stroke_width(1))).map_err(failed)?;
    if let Some(label) = label {
        let dash = move |x: i32, y: i32| vec![(x, y), (x + 7, y)];
        series.label(label).legend(move |(x, y)| {
            EmptyElement::at((x, y))
                + PathElement::new(dash(0, 0), colour.stroke_width(1))
                + PathElement::new(dash(11, 0), colour.stroke_width(1))
        });
    }
    Ok(())
}

/// The legend, in the upper right corner.
pub fn legend<'a, 'b: 'a>(plot: &mut Plot<'a, 'b>) -> Result<(), DrawError> {
    plot.configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.85))
        .border_style(RGBColor(210, 210, 210))
        .label_font(("sans-serif", 12).into_font().color(&INK))
        .draw()
        .map_err(failed)
}

/// Vertical lines with numbers at what users and failures did.
pub fn draw_marks<'a, 'b: 'a>(plot: &mut Plot<'a, 'b>, run: &Run<'_>, top: f64) -> Result<(), DrawError> {
    for (index, mark) in run.collector.marks.iter().enumerate().take(MARKS_MAX) {
        let (at, colour) = (TimeAxis::of(run).at(mark.at), mark_colour(mark));
        let line = vec![(at, 0.0), (at, top)];
        plot.draw_series(DashedLineSeries::new(line, 3, 3, colour.stroke_width(1))).map_err(failed)?;
        let style = ("sans-serif", 12).into_font().color(&colour);
        plot.draw_series([Text::new((index + 1).to_string(), (at, top), style)]).map_err(failed)?;
    }
    Ok(())
}

fn mark_colour(mark: &Mark) -> RGBColor {
    if mark.is_fault { RGBColor(204, 121, 167) } else { RGBColor(90, 90, 90) }
}

/// What the numbers of the marks stand for.
pub fn draw_mark_list(area: &Area<'_>, run: &Run<'_>) -> Result<(), DrawError> {
    let marks = &run.collector.marks;
    for (index, mark) in marks.iter().enumerate().take(MARKS_MAX) {
        let clock = crate::report::story::clock(mark.at - Time::ZERO);
        let text = format!("{}  {clock}  {}", index + 1, shortened(&mark.label));
        let style = ("sans-serif", 12).into_font().color(&mark_colour(mark));
        area.draw_text(&text, &style, (66, (index as u32 * MARK_HEIGHT) as i32)).map_err(failed)?;
    }
    if marks.len() > MARKS_MAX {
        let style = ("sans-serif", 12).into_font().color(&INK);
        let text = format!("... and {} more", marks.len() - MARKS_MAX);
        area.draw_text(&text, &style, (66, (MARKS_MAX as u32 * MARK_HEIGHT) as i32)).map_err(failed)?;
    }
    Ok(())
}

fn shortened(text: &str) -> String {
    const LETTERS_MAX: usize = 120;
    let mut line: String = text.chars().take(LETTERS_MAX).collect();
    if line.len() < text.len() {
        line.push('…');
    }
    line
}

/// A height that leaves room for a legend of so many lines above the greatest value.
pub fn head_room(max: f64, legend_lines: usize) -> f64 {
    let legend_part = 0.06 + 0.07 * legend_lines as f64;
    (max / (1.0 - legend_part.min(0.6))).max(max + 1.0).ceil()
}

/// An error of the drawing library as one of ours.
pub fn failed<E: std::error::Error + Send + Sync>(error: DrawingAreaErrorKind<E>) -> DrawError {
    error.to_string().into()
}
