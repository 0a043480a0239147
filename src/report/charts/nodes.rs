//! Pods on each node over time: a row a node, darker where there are more pods, hatched grey while the node is not ready.

use super::frame::*;
use super::{DrawError, Run};
use crate::metrics::nodes::NodeLoad;
use plotters::prelude::*;

/// Nodes that get a row; of more, those in equal distances are shown.
const ROWS_MAX: usize = 60;
const LEFT: i32 = 130;
const RIGHT: i32 = 24;
const TOP: i32 = 46;

/// The chart of all nodes.
pub fn draw(run: &Run<'_>) -> Result<String, DrawError> {
    let nodes: Vec<_> = run.collector.nodes.0.iter().collect();
    let stride = nodes.len().div_ceil(ROWS_MAX);
    let shown: Vec<_> = nodes.iter().step_by(stride).collect();
    let row = if shown.len() > 20 { 12 } else { 26 };
    let body = row * shown.len() as i32;
    let height = (TOP + body + 76) as u32 + marks_height(run);
    let top = shown.iter().filter_map(|(_, load)| load.pods.max()).fold(1.0, f64::max);
    let mut svg = String::new();
    {
        let root = SVGBackend::with_string(&mut svg, (WIDTH, height)).into_drawing_area();
        root.fill(&WHITE).map_err(failed)?;
        let more = if stride > 1 { format!(" (every {stride}th of {} nodes)", nodes.len()) } else { String::new() };
        let style = ("sans-serif", 17).into_font().color(&INK);
        root.draw_text(&format!("Pods per node over time{more}"), &style, (LEFT, 12)).map_err(failed)?;
        for (index, (name, load)) in shown.iter().enumerate() {
            draw_row(&root, run, name, load, TOP + row * index as i32, row, top)?;
        }
        draw_axis(&root, run, TOP + body)?;
        draw_scale(&root, TOP + body + 48, top)?;
        let (_, list) = root.split_vertically(TOP + body + 76);
        draw_mark_list(&list, run)?;
        root.present().map_err(failed)?;
    }
    Ok(svg)
}

fn x_of(axis: TimeAxis, place: f64) -> i32 {
    LEFT + (place / axis.end * f64::from(WIDTH as i32 - LEFT - RIGHT)) as i32
}

/// A round step that divides the axis into ten parts at most.
fn tick_step(end: f64) -> f64 {
    const STEPS: [f64; 14] = [0.1, 0.2, 0.5, 1.0, 2.0, 3.0, 5.0, 6.0, 10.0, 12.0, 15.0, 24.0, 30.0, 60.0];
    STEPS.into_iter().find(|step| end / step <= 10.0).unwrap_or((end / 10.0).ceil())
}

fn shade(pods: f64, top: f64) -> RGBColor {
    let part = (pods / top).clamp(0.0, 1.0);
    let between = |light: f64, dark: f64| (light + (dark - light) * part) as u8;
    RGBColor(between(236.0, 0.0), between(244.0, 90.0), between(250.0, 150.0))
}

fn draw_row(root: &Area<'_>, run: &Run<'_>, name: &str, load: &NodeLoad, y: i32, row: i32, top: f64) -> Result<(), DrawError> {
    let axis = TimeAxis::of(run);
    let font = if row > 14 { 12 } else { 10 };
    let label = if load.zone.is_empty() { name.to_string() } else { format!("{name} ({})", load.zone) };
    root.draw_text(&label, &("sans-serif", font).into_font().color(&INK), (8, y + row / 2 - font / 2)).map_err(failed)?;
    let points = load.pods.points();
    for (index, &(at, pods)) in points.iter().enumerate() {
        let until = points.get(index + 1).map_or(axis.end, |(next, _)| axis.at(*next));
        let (from, to) = (x_of(axis, axis.at(at)), x_of(axis, until));
        root.draw(&Rectangle::new([(from, y), (to, y + row - 2)], shade(pods, top).filled())).map_err(failed)?;
        if row > 14 && to - from > 20 {
            let ink = if pods / top > 0.55 { WHITE } else { INK };
            root.draw_text(&format!("{pods:.0}"), &("sans-serif", 11).into_font().color(&ink), (from + 4, y + row / 2 - 7))
                .map_err(failed)?;
        }
    }
    let ready = load.ready.points();
    for (index, &(at, value)) in ready.iter().enumerate() {
        if value == 0.0 {
            let until = ready.get(index + 1).map_or(axis.end, |(next, _)| axis.at(*next));
            let (from, to) = (x_of(axis, axis.at(at)), x_of(axis, until));
            root.draw(&Rectangle::new([(from, y + row - 6), (to, y + row - 2)], ALARM.filled())).map_err(failed)?;
        }
    }
    Ok(())
}

fn draw_axis(root: &Area<'_>, run: &Run<'_>, y: i32) -> Result<(), DrawError> {
    let style = ("sans-serif", 12).into_font().color(&INK);
    let axis = TimeAxis::of(run);
    let step = tick_step(axis.end);
    for tick in 0..=(axis.end / step) as u32 {
        let place = step * f64::from(tick);
        let x = x_of(axis, place);
        root.draw(&PathElement::new(vec![(x, y), (x, y + 4)], INK)).map_err(failed)?;
        root.draw_text(&axis.text(place), &style, (x - 12, y + 8)).map_err(failed)?;
    }
    root.draw_text("time since the start", &style, (LEFT + 330, y + 25)).map_err(failed)?;
    for (index, mark) in run.collector.marks.iter().enumerate().take(10) {
        let x = x_of(axis, axis.at(mark.at));
        root.draw(&PathElement::new(vec![(x, TOP), (x, y)], INK.mix(0.4))).map_err(failed)?;
        root.draw_text(&(index + 1).to_string(), &style, (x - 3, TOP - 14)).map_err(failed)?;
    }
    Ok(())
}

fn draw_scale(root: &Area<'_>, y: i32, top: f64) -> Result<(), DrawError> {
    let style = ("sans-serif", 12).into_font().color(&INK);
    root.draw_text("pods: 0", &style, (LEFT, y)).map_err(failed)?;
    for step in 0..20 {
        let x = LEFT + 50 + step * 8;
        root.draw(&Rectangle::new([(x, y), (x + 8, y + 12)], shade(f64::from(step) / 19.0 * top, top).filled())).map_err(failed)?;
    }
    root.draw_text(&format!("{top:.0}"), &style, (LEFT + 216, y)).map_err(failed)?;
    root.draw(&Rectangle::new([(LEFT + 270, y + 4), (LEFT + 290, y + 8)], ALARM.filled())).map_err(failed)?;
    root.draw_text("node not ready", &style, (LEFT + 296, y)).map_err(failed)
}
