//! Charts that set several policies side by side: curves, and bars with whiskers.

use super::DrawError;
use super::frame::{Area, COLOURS, INK, WIDTH, failed};
use plotters::prelude::*;

const HEIGHT: u32 = 400;
/// Height of the row below a chart that tells the curves apart.
const LEGEND_HEIGHT: u32 = 28;
/// Width of a letter there, about.
const LETTER: i32 = 7;

/// A named curve.
#[derive(Clone, PartialEq, Debug)]
pub struct Named {
    /// Whose it is.
    pub name: String,
    /// Its points.
    pub points: Vec<(f64, f64)>,
}

/// A named bar.
#[derive(Clone, PartialEq, Debug)]
pub struct Bar {
    /// Whose it is.
    pub name: String,
    /// Its height.
    pub mean: f64,
    /// How far the whisker reaches up and down.
    pub sd: f64,
}

/// What axes are called.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Words<'w> {
    /// Above the chart.
    pub title: &'w str,
    /// Below the horizontal axis.
    pub right: &'w str,
    /// Beside the vertical one.
    pub up: &'w str,
}

/// The colour and stroke of the n-th of several policies; with more than there are colours, strokes get thinner.
fn style(at: usize) -> ShapeStyle {
    COLOURS[at % COLOURS.len()].stroke_width(if at < COLOURS.len() { 2 } else { 1 })
}

fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.into()
}

/// Curves over a common axis. `from_zero`: the vertical axis begins at 0 and not at the least value.
pub fn curves(words: Words<'_>, curves: &[Named], from_zero: bool) -> Result<String, DrawError> {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let bounds = |of: fn(&(f64, f64)) -> f64| {
        let least = points().map(of).fold(f64::INFINITY, f64::min);
        let most = points().map(of).fold(f64::NEG_INFINITY, f64::max);
        if least > most { (0.0, 1.0) } else { (least, most) }
    };
    let ((left, right), (least, most)) = (bounds(|point| point.0), bounds(|point| point.1));
    let room = ((most - least) * 0.06).max(most.abs() * 0.01).max(1e-3);
    let bottom = if from_zero { 0.0 } else { least - room };
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT + LEGEND_HEIGHT)).into_drawing_area();
        root.fill(&WHITE).map_err(failed)?;
        let (area, legend) = root.split_vertically(HEIGHT);
        let mut chart = ChartBuilder::on(&area)
            .caption(words.title, ("sans-serif", 17).into_font().color(&INK))
            .margin(10)
            .margin_right(20)
            .x_label_area_size(42)
            .y_label_area_size(60)
            .build_cartesian_2d(left..right.max(left + 1e-3), bottom..most + room)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .light_line_style(WHITE)
            .bold_line_style(RGBColor(225, 225, 225))
            .axis_style(RGBColor(150, 150, 150))
            .x_desc(words.right)
            .y_desc(words.up)
            .x_labels(12)
            .y_labels(8)
            .x_label_formatter(&|value| number(*value))
            .y_label_formatter(&|value| number(*value))
            .label_style(("sans-serif", 12).into_font().color(&INK))
            .axis_desc_style(("sans-serif", 13).into_font().color(&INK))
            .draw()
            .map_err(failed)?;
        for (at, curve) in curves.iter().enumerate() {
            chart.draw_series(LineSeries::new(curve.points.iter().copied(), style(at))).map_err(failed)?;
        }
        draw_legend(&legend, curves)?;
        root.present().map_err(failed)?;
    }
    Ok(svg)
}

fn draw_legend(area: &Area<'_>, curves: &[Named]) -> Result<(), DrawError> {
    let mut x = 66;
    for (at, curve) in curves.iter().enumerate() {
        area.draw(&PathElement::new(vec![(x, 10), (x + 20, 10)], style(at))).map_err(failed)?;
        area.draw_text(&curve.name, &("sans-serif", 13).into_font().color(&INK), (x + 26, 3)).map_err(failed)?;
        x += 26 + LETTER * curve.name.chars().count() as i32 + 22;
    }
    Ok(())
}

/// Bars from zero, with whiskers of one standard deviation.
pub fn bars(words: Words<'_>, bars: &[Bar], decimals: usize) -> Result<String, DrawError> {
    let top = bars.iter().map(|bar| bar.mean + bar.sd).fold(0.0, f64::max);
    let top = if top > 0.0 { top * 1.12 } else { 1.0 };
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, HEIGHT)).into_drawing_area();
        root.fill(&WHITE).map_err(failed)?;
        let mut chart = ChartBuilder::on(&root)
            .caption(words.title, ("sans-serif", 17).into_font().color(&INK))
            .margin(10)
            .margin_right(20)
            .x_label_area_size(42)
            .y_label_area_size(60)
            .build_cartesian_2d(0.0..bars.len().max(1) as f64, 0.0..top)
            .map_err(failed)?;
        chart
            .configure_mesh()
            .disable_x_mesh()
            .disable_x_axis()
            .light_line_style(WHITE)
            .bold_line_style(RGBColor(225, 225, 225))
            .axis_style(RGBColor(150, 150, 150))
            .x_desc(words.right)
            .y_desc(words.up)
            .y_labels(8)
            .y_label_formatter(&|value| number(*value))
            .label_style(("sans-serif", 12).into_font().color(&INK))
            .axis_desc_style(("sans-serif", 13).into_font().color(&INK))
            .draw()
            .map_err(failed)?;
        let text = |text: String, at: (f64, f64), size: u32| {
            use plotters::style::text_anchor::{HPos, Pos, VPos};
            Text::new(text, at, ("sans-serif", size).into_font().color(&INK).pos(Pos::new(HPos::Center, VPos::Bottom)))
        };
        for (at, bar) in bars.iter().enumerate() {
            let (x, colour) = (at as f64, COLOURS[at % COLOURS.len()]);
            chart.draw_series([Rectangle::new([(x + 0.2, 0.0), (x + 0.8, bar.mean)], colour.mix(0.75).filled())]).map_err(failed)?;
            if bar.sd > 0.0 {
                let whisker = vec![(x + 0.5, (bar.mean - bar.sd).max(0.0)), (x + 0.5, bar.mean + bar.sd)];
                chart.draw_series([PathElement::new(whisker, INK.stroke_width(1))]).map_err(failed)?;
            }
            let over = bar.mean + bar.sd + top * 0.015;
            chart.draw_series([text(format!("{:.decimals$}", bar.mean), (x + 0.5, over), 12)]).map_err(failed)?;
        }
        draw_names(&root, &chart, bars)?;
        root.present().map_err(failed)?;
    }
    Ok(svg)
}

type Bars<'a, 'b> =
    ChartContext<'a, SVGBackend<'b>, Cartesian2d<plotters::coord::types::RangedCoordf64, plotters::coord::types::RangedCoordf64>>;

/// Whose bar is which, below the axis.
fn draw_names(root: &Area<'_>, chart: &Bars<'_, '_>, bars: &[Bar]) -> Result<(), DrawError> {
    use plotters::style::text_anchor::{HPos, Pos, VPos};
    for (at, bar) in bars.iter().enumerate() {
        let (x, y) = chart.backend_coord(&(at as f64 + 0.5, 0.0));
        let style = ("sans-serif", 12).into_font().color(&INK).pos(Pos::new(HPos::Center, VPos::Top));
        root.draw_text(&bar.name, &style, (x, y + 6)).map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Words<'_> = Words { title: "Which is best?", right: "demand", up: "%" };

    #[test]
    fn curves_and_bars_name_everyone() {
        let named = |name: &str, up: f64| Named { name: name.into(), points: vec![(0.0, 0.0), (10.0, up)] };
        let svg = curves(WORDS, &[named("FGD", 5.0), named("Random", 4.0)], true).unwrap();
        assert!(["<svg", "Which is best?", "FGD", "Random", "demand", "<polyline"].iter().all(|word| svg.contains(word)), "{svg}");
        let bar = |name: &str, mean, sd| Bar { name: name.into(), mean, sd };
        let svg = bars(WORDS, &[bar("FGD", 4.773, 0.2), bar("Random", 13.5, 0.0)], 1).unwrap();
        assert!(["FGD", "Random", "4.8", "13.5", "<rect"].iter().all(|word| svg.contains(word)), "{svg}");
    }

    #[test]
    fn nothing_and_flat_lines_can_be_drawn() {
        assert!(curves(WORDS, &[], true).is_ok());
        assert!(curves(WORDS, &[Named { name: "a".into(), points: vec![(1.0, 3.0)] }], false).is_ok());
        assert!(bars(WORDS, &[Bar { name: "a".into(), mean: 0.0, sd: 0.0 }], 0).is_ok());
    }
}
