//! Lines and points over one pair of axes.

use super::axis::{Drawn, equal, range, short, text, tidy};
use super::colors::{GUIDE, MESH, SERIES};
use plotters::coord::Shift;
use plotters::prelude::*;

/// Pixels around the axes: above, below and on the left; on the right; of labels below and on the
/// left.
const MARGIN: u32 = 10;
const RIGHT: u32 = 18;
const BELOW: u32 = 38;
const LEFT: u32 = 60;

/// A line of a chart.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Its name in the legend.
    pub name: String,
    /// Its points.
    pub points: Vec<(f64, f64)>,
}

/// Points that no line joins.
#[derive(Clone, Debug, PartialEq)]
pub struct Dots {
    /// Their name in the legend.
    pub name: String,
    /// The points.
    pub points: Vec<(f64, f64)>,
}

/// Lines and points over one pair of axes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// Title of the horizontal axis.
    pub x: String,
    /// Title of the vertical axis.
    pub y: String,
    /// The lines.
    pub lines: Vec<Series>,
    /// The points.
    pub dots: Vec<Dots>,
    /// Whether both axes go from 0 to 1.
    pub unit: bool,
    /// Whether a unit has the same length on both axes.
    pub equal: bool,
    /// A line to compare with, such as chance.
    pub guide: Vec<(f64, f64)>,
    /// A moment to mark on the horizontal axis.
    pub mark: Option<f64>,
}

impl Chart {
    fn points(&self) -> impl Iterator<Item = &(f64, f64)> {
        self.lines
            .iter()
            .flat_map(|line| &line.points)
            .chain(self.dots.iter().flat_map(|dots| &dots.points))
    }

    pub(super) fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn {
        let spread = if self.dots.is_empty() { 0.0 } else { 0.04 };
        let (x, y) = if self.unit {
            ((0.0, 1.0), (0.0, 1.0))
        } else {
            (
                range(self.points().map(|p| p.0), spread),
                range(self.points().map(|p| p.1), 0.06),
            )
        };
        let (x, y) = if self.equal {
            let (width, height) = area.dim_in_pixel();
            let around = (MARGIN + RIGHT + LEFT, 2 * MARGIN + BELOW);
            let (width, height) = (
                width.saturating_sub(around.0).max(1),
                height.saturating_sub(around.1).max(1),
            );
            equal(x, y, f64::from(width), f64::from(height))
        } else {
            (x, y)
        };
        let mut built = ChartBuilder::on(area);
        let mut on = built
            .margin(MARGIN)
            .margin_right(RIGHT)
            .x_label_area_size(BELOW)
            .y_label_area_size(LEFT)
            .build_cartesian_2d(x.0..x.1, y.0..y.1)
            .map_err(text)?;
        let whole = !self.unit && x.1 - x.0 < 1000.0 && self.points().all(|p| p.0.fract() == 0.0);
        // as many digits as tell neighbouring labels apart
        let digits = (1.0 - ((x.1 - x.0) / 8.0).log10().floor()).clamp(0.0, 9.0) as usize;
        on.configure_mesh()
            .x_desc(&self.x)
            .y_desc(&self.y)
            .light_line_style(TRANSPARENT)
            .bold_line_style(MESH)
            .label_style(("sans-serif", 13))
            .axis_desc_style(("sans-serif", 14))
            .x_labels(8)
            .y_labels(6)
            .x_label_formatter(&|v| {
                if whole {
                    if v.fract() == 0.0 {
                        format!("{v:.0}")
                    } else {
                        String::new()
                    }
                } else {
                    tidy(format!("{v:.digits$}"))
                }
            })
            .y_label_formatter(&|v| short(*v))
            .draw()
            .map_err(text)?;
        on.draw_series(LineSeries::new(self.guide.iter().copied(), GUIDE))
            .map_err(text)?;
        if let Some(mark) = self.mark {
            on.draw_series(LineSeries::new([(mark, y.0), (mark, y.1)], GUIDE))
                .map_err(text)?;
        }
        for (i, line) in self.lines.iter().enumerate() {
            let color = SERIES[i % SERIES.len()];
            let finite = line.points.iter().copied().filter(|p| p.1.is_finite());
            on.draw_series(LineSeries::new(finite, color.stroke_width(2)))
                .map_err(text)?
                .label(&line.name)
                .legend(move |(x, y)| {
                    PathElement::new([(x, y), (x + 16, y)], color.stroke_width(2))
                });
        }
        let many = self
            .dots
            .iter()
            .map(|dots| dots.points.len())
            .sum::<usize>()
            > 2000;
        let (radius, strength) = if many { (2, 0.45) } else { (3, 0.75) };
        for (i, dots) in self.dots.iter().enumerate() {
            let color = SERIES[(i + self.lines.len()) % SERIES.len()];
            let finite = dots
                .points
                .iter()
                .filter(|p| p.0.is_finite() && p.1.is_finite());
            on.draw_series(finite.map(|p| Circle::new(*p, radius, color.mix(strength).filled())))
                .map_err(text)?
                .label(&dots.name)
                .legend(move |(x, y)| Circle::new((x + 8, y), 4, color.filled()));
        }
        if self.lines.len() + self.dots.len() == 0
            || self
                .lines
                .iter()
                .map(|l| &l.name)
                .chain(self.dots.iter().map(|d| &d.name))
                .all(String::is_empty)
        {
            return Ok(());
        }
        // where the lines end high, the legend stands low
        let ends_high = self
            .lines
            .iter()
            .filter_map(|line| line.points.last())
            .any(|p| p.1 > (y.0 + 3.0 * y.1) / 4.0);
        let place = if self.unit || ends_high {
            SeriesLabelPosition::LowerRight
        } else {
            SeriesLabelPosition::UpperRight
        };
        on.configure_series_labels()
            .position(place)
            .background_style(WHITE.mix(0.85))
            .border_style(RGBColor(215, 215, 215))
            .label_font(("sans-serif", 13))
            .draw()
            .map_err(text)
    }
}
