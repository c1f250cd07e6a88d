//! Drawing figures on any backend.

use super::{Bars, Chart, Content, Figure, letters};
use crate::seq::Motif;
use plotters::coord::Shift;
use plotters::prelude::*;

type Drawn = Result<(), String>;
const COLORS: [RGBColor; 6] =
    [RGBColor(31, 98, 168), RGBColor(214, 96, 30), RGBColor(40, 140, 70), RGBColor(150, 60, 150), RGBColor(120, 120, 120), RGBColor(180, 40, 40)];
/// A green, C blue, G orange, T red, as logos usually are.
const BASES: [RGBColor; 4] = [RGBColor(28, 140, 60), RGBColor(36, 84, 180), RGBColor(240, 160, 20), RGBColor(205, 40, 40)];

fn text<E: std::error::Error>(error: E) -> String {
    error.to_string()
}

/// Draws a figure.
pub fn figure<DB: DrawingBackend>(figure: &Figure, root: &DrawingArea<DB, Shift>) -> Drawn {
    root.fill(&WHITE).map_err(text)?;
    match &figure.content {
        Content::Charts(charts) => {
            let parts = root.titled(&figure.title, ("sans-serif", 18)).map_err(text)?.split_evenly((charts.len().max(1), 1));
            charts.iter().zip(parts).try_for_each(|(chart, area)| draw_chart(chart, &area))
        }
        Content::Bars(bars) => draw_bars(bars, &root.titled(&figure.title, ("sans-serif", 18)).map_err(text)?),
        Content::Logos(motifs) => {
            let parts = root.margin(8, 8, 8, 8).split_evenly((motifs.len().max(1), 1));
            motifs.iter().zip(parts).try_for_each(|(motif, area)| draw_logo(motif, &area))
        }
    }
}

fn range(values: impl Iterator<Item = f64>, pad: f64) -> (f64, f64) {
    let (low, high) = values.filter(|v| v.is_finite()).fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
    if low > high {
        return (0.0, 1.0);
    }
    let space = if high > low { (high - low) * pad } else { high.abs().max(1.0) * 0.05 };
    (low - space, high + space)
}

fn draw_chart<DB: DrawingBackend>(chart: &Chart, area: &DrawingArea<DB, Shift>) -> Drawn {
    let points = || chart.lines.iter().flat_map(|line| line.points.iter());
    let (x, y) = if chart.unit { ((0.0, 1.0), (0.0, 1.0)) } else { (range(points().map(|p| p.0), 0.0), range(points().map(|p| p.1), 0.06)) };
    let mut built = ChartBuilder::on(area);
    let mut on = built.margin(10).margin_right(18).x_label_area_size(38).y_label_area_size(56).build_cartesian_2d(x.0..x.1, y.0..y.1).map_err(text)?;
    let whole = !chart.unit && x.1 - x.0 < 1000.0 && points().all(|p| p.0.fract() == 0.0);
    // as many digits as tell neighbouring labels apart
    let digits = (1.0 - ((x.1 - x.0) / 8.0).log10().floor()).clamp(0.0, 9.0) as usize;
    on.configure_mesh()
        .x_desc(&chart.x)
        .y_desc(&chart.y)
        .light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(225, 225, 225))
        .label_style(("sans-serif", 13))
        .axis_desc_style(("sans-serif", 14))
        .x_labels(8)
        .y_labels(6)
        .x_label_formatter(&|v| if whole { format!("{v:.0}") } else { tidy(format!("{v:.digits$}")) })
        .y_label_formatter(&|v| crate_number(*v))
        .draw()
        .map_err(text)?;
    if chart.unit {
        on.draw_series(LineSeries::new([(0.0, 0.0), (1.0, 1.0)], RGBColor(190, 190, 190))).map_err(text)?;
    }
    if let Some(mark) = chart.mark {
        on.draw_series(LineSeries::new([(mark, y.0), (mark, y.1)], RGBColor(190, 190, 190))).map_err(text)?;
    }
    for (i, line) in chart.lines.iter().enumerate() {
        let color = COLORS[i % COLORS.len()];
        let finite = line.points.iter().copied().filter(|p| p.1.is_finite());
        on.draw_series(LineSeries::new(finite, color.stroke_width(2)))
            .map_err(text)?
            .label(&line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], color.stroke_width(2)));
    }
    // where the lines end high, the legend stands low
    let ends_high = chart.lines.iter().filter_map(|line| line.points.last()).any(|p| p.1 > (y.0 + 3.0 * y.1) / 4.0);
    let place = if chart.unit || ends_high { SeriesLabelPosition::LowerRight } else { SeriesLabelPosition::UpperRight };
    on.configure_series_labels()
        .position(place)
        .background_style(WHITE.mix(0.85))
        .border_style(RGBColor(215, 215, 215))
        .label_font(("sans-serif", 13))
        .draw()
        .map_err(text)
}

fn draw_bars<DB: DrawingBackend>(bars: &Bars, area: &DrawingArea<DB, Shift>) -> Drawn {
    let n = bars.groups.len();
    // the lower end, the upper end and the middle of each bar, and its error
    let place = |part: usize, group: usize| {
        let (height, error) = bars.parts[part].1[group];
        if bars.stacked {
            let below: f64 = bars.parts[..part].iter().map(|(_, own)| own[group].0).sum();
            (group as f64 - 0.32, group as f64 + 0.32, below, below + height, error)
        } else {
            let width = 0.8 / bars.parts.len() as f64;
            let left = group as f64 - 0.4 + width * part as f64;
            (left + 0.02, left + width - 0.02, 0.0, height, error)
        }
    };
    let all = || (0..bars.parts.len()).flat_map(|part| (0..n).map(move |group| (part, group)));
    let ends = all().map(|(part, group)| place(part, group)).flat_map(|(_, _, _, top, error)| [top - error, top + error]);
    let (low, high) = range(ends.chain([0.0]), 0.08);
    let mut built = ChartBuilder::on(area);
    let mut on = built
        .margin(10)
        .margin_right(18)
        .x_label_area_size(34)
        .y_label_area_size(56)
        .build_cartesian_2d(-0.6..n as f64 - 0.4, low.min(0.0)..high)
        .map_err(text)?;
    let name = |x: &f64| {
        if (x - x.round()).abs() < 1e-6 {
            bars.groups.get(x.round().max(0.0) as usize).filter(|_| *x > -0.1).cloned().unwrap_or_default()
        } else {
            String::new()
        }
    };
    on.configure_mesh()
        .disable_x_mesh()
        .y_desc(&bars.y)
        .light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(225, 225, 225))
        .label_style(("sans-serif", 13))
        .axis_desc_style(("sans-serif", 14))
        .x_labels(2 * n + 2)
        .y_labels(6)
        .x_label_formatter(&name)
        .y_label_formatter(&|v| crate_number(*v))
        .draw()
        .map_err(text)?;
    for (part, (name, _)) in bars.parts.iter().enumerate() {
        let color = COLORS[part % COLORS.len()];
        let boxes = (0..n).map(|group| {
            let (left, right, bottom, top, _) = place(part, group);
            Rectangle::new([(left, bottom), (right, top)], color.mix(0.8).filled())
        });
        on.draw_series(boxes).map_err(text)?.label(name).legend(move |(x, y)| Rectangle::new([(x, y - 5), (x + 14, y + 5)], color.mix(0.8).filled()));
    }
    for (part, group) in all() {
        let (left, right, _, top, error) = place(part, group);
        let middle = (left + right) / 2.0;
        let cap = |y: f64| [(middle - 0.05, y), (middle + 0.05, y)];
        let lines = [[(middle, top - error), (middle, top + error)], cap(top + error), cap(top - error)];
        for line in lines.into_iter().filter(|_| error > 0.0) {
            on.draw_series([PathElement::new(line, BLACK.stroke_width(1))]).map_err(text)?;
        }
    }
    if bars.parts.len() < 2 {
        return Ok(());
    }
    on.configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.85))
        .border_style(RGBColor(215, 215, 215))
        .label_font(("sans-serif", 13))
        .draw()
        .map_err(text)
}

/// A label of at most four digits.
fn crate_number(v: f64) -> String {
    tidy(format!("{v:.3}"))
}

/// Without zeros at the end and without a minus before 0.
fn tidy(text: String) -> String {
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".into() } else { text.to_string() }
}

fn draw_logo<DB: DrawingBackend>(motif: &Motif, area: &DrawingArea<DB, Shift>) -> Drawn {
    let width = motif.width().max(1) as f64;
    let mut built = ChartBuilder::on(area);
    let mut on = built
        .margin_bottom(4)
        .x_label_area_size(18)
        .y_label_area_size(46)
        .caption(&motif.name, ("sans-serif", 13))
        .build_cartesian_2d(0.5..width + 0.5, 0.0..2.0)
        .map_err(text)?;
    on.configure_mesh()
        .disable_mesh()
        .y_desc("bits")
        .y_labels(3)
        .x_labels(motif.width().min(24))
        .x_label_formatter(&|v| if v.fract() == 0.0 && *v >= 1.0 { format!("{v:.0}") } else { String::new() })
        .label_style(("sans-serif", 11))
        .axis_desc_style(("sans-serif", 12))
        .draw()
        .map_err(text)?;
    for (position, (row, bits)) in motif.ppm.iter().zip(motif.information()).enumerate() {
        let mut order = [0usize, 1, 2, 3];
        order.sort_by(|a, b| row[*a].total_cmp(&row[*b]));
        let mut bottom = 0.0;
        for base in order {
            let height = row[base] * bits;
            if height < 0.004 {
                continue;
            }
            let (filled, holes) = letters::outlines(base);
            let place = |outline: &Vec<(f64, f64)>| outline.iter().map(|(x, y)| (position as f64 + 0.54 + 0.92 * x, bottom + height * y)).collect::<Vec<_>>();
            for outline in &filled {
                on.draw_series([Polygon::new(place(outline), BASES[base].filled())]).map_err(text)?;
            }
            for outline in &holes {
                on.draw_series([Polygon::new(place(outline), WHITE.filled())]).map_err(text)?;
            }
            bottom += height;
        }
    }
    Ok(())
}
