//! Lines and points over one pair of axes.

use super::axis::{Drawn, equal, range, share, text};
use super::colors::{GUIDE, MESH};
use super::frame::Frame;
use super::legend::{self, Key, Legend, Look, Rect, color, dashes, marks};
use super::ticks::Axis;
use plotters::coord::Shift;
use plotters::prelude::*;

/// Pixels of the labels and of the title below the axes.
const BELOW: i32 = 38;

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
    /// Whether horizontal coordinates are decimal logarithms, which labels show as powers.
    pub log_x: bool,
    /// Whether vertical coordinates are.
    pub log_y: bool,
    /// A line to compare with, such as chance.
    pub guide: Vec<(f64, f64)>,
    /// A moment to mark on the horizontal axis.
    pub mark: Option<f64>,
}

/// The part of a line that is within the axes.
fn clipped(
    (a, b): ((f64, f64), (f64, f64)),
    x: (f64, f64),
    y: (f64, f64),
) -> Option<[(f64, f64); 2]> {
    let (mut from, mut to) = (0.0_f64, 1.0_f64);
    for (start, end, (low, high)) in [(a.0, b.0, x), (a.1, b.1, y)] {
        let by = end - start;
        if by == 0.0 {
            if start < low || start > high {
                return None;
            }
            continue;
        }
        let (first, second) = ((low - start) / by, (high - start) / by);
        from = from.max(first.min(second));
        to = to.min(first.max(second));
    }
    let at = |share: f64| (a.0 + (b.0 - a.0) * share, a.1 + (b.1 - a.1) * share);
    (from <= to).then(|| [at(from), at(to)])
}

impl Chart {
    fn points(&self) -> impl Iterator<Item = &(f64, f64)> {
        self.lines
            .iter()
            .flat_map(|line| &line.points)
            .chain(self.dots.iter().flat_map(|dots| &dots.points))
    }

    /// What the legend lists. One series has none: its name is the title of the vertical axis,
    /// where that has no other.
    fn legend(&self, size: (u32, u32)) -> Option<Legend<'_>> {
        if self.lines.len() + self.dots.len() == 1 && self.y.is_empty() {
            return None;
        }
        let lines = self.lines.iter().map(|line| (&line.name, Look::Line));
        let dots = self.dots.iter().map(|dots| (&dots.name, Look::Dots));
        let all = lines.chain(dots).enumerate();
        let keys = all.map(|(series, (name, look))| Key { name, series, look });
        Legend::of(keys.collect(), size)
    }

    /// The title of the vertical axis.
    fn title_of_y(&self) -> &str {
        let mut names = self.lines.iter().map(|line| &line.name);
        let mut others = self.dots.iter().map(|dots| &dots.name);
        let only = names.next().or_else(|| others.next());
        match only {
            Some(name) if self.y.is_empty() && self.lines.len() + self.dots.len() == 1 => name,
            _ => &self.y,
        }
    }

    /// Both axes with the spans of the data.
    fn axes_over(&self, x: (f64, f64), y: (f64, f64)) -> (Axis, Axis) {
        let whole = !self.unit && x.1 - x.0 < 1000.0 && self.points().all(|p| p.0.fract() == 0.0);
        let across = match (self.log_x, whole) {
            (true, _) => Axis::of_logarithms(x, 8),
            (_, true) => Axis::of_integers(x, 8),
            _ => Axis::new(x, 8),
        };
        let up = match self.log_y {
            true => Axis::of_logarithms(y, 6),
            false => Axis::new(y, 6),
        };
        (across, up)
    }

    /// Both axes on an area of so many pixels, and what is around them.
    fn axes(&self, size: (u32, u32)) -> (Axis, Axis, Frame) {
        let spread = if self.dots.is_empty() { 0.0 } else { 0.04 };
        let (x, y) = match self.unit {
            true => ((0.0, 1.0), (0.0, 1.0)),
            false => (
                range(self.points().map(|p| p.0), spread),
                range(self.points().map(|p| p.1), 0.06),
            ),
        };
        let titles = (self.x.as_str(), self.title_of_y());
        let framed = |(across, up): (Axis, Axis)| {
            let frame = Frame::new(size, titles, Some(&across), &up, BELOW);
            (across, up, frame)
        };
        let (across, up, frame) = framed(self.axes_over(x, y));
        if !self.equal || self.unit {
            return (across, up, frame);
        }
        let (left, top, right, bottom) = frame.axes();
        let pixels = |length: i32| f64::from(length.max(1));
        let (x, y) = equal(x, y, pixels(right - left), pixels(bottom - top));
        framed(self.axes_over(x, y))
    }

    /// The points of the data in pixels of an area, with those between the ends of lines.
    fn pixels(&self, axes: Rect, across: &Axis, up: &Axis) -> Vec<(f64, f64)> {
        /// Pixels between points of a line.
        const STEP: f64 = 6.0;
        let (left, top, right, bottom) = axes;
        let (width, height) = (f64::from(right - left), f64::from(bottom - top));
        let (x, y) = (across.span(), up.span());
        let place = |p: &(f64, f64)| {
            (
                f64::from(left) + share(p.0, x) * width,
                f64::from(bottom) - share(p.1, y) * height,
            )
        };
        let is_finite = |p: &&(f64, f64)| p.0.is_finite() && p.1.is_finite();
        let mut out: Vec<(f64, f64)> = Vec::new();
        for dots in &self.dots {
            out.extend(dots.points.iter().filter(is_finite).map(place));
        }
        for line in &self.lines {
            let points: Vec<(f64, f64)> = line.points.iter().filter(is_finite).map(place).collect();
            out.extend(points.first());
            for pair in points.windows(2) {
                let (dx, dy) = (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1);
                let steps = (dx.abs().max(dy.abs()) / STEP).ceil().clamp(1.0, 1000.0) as usize;
                out.extend((1..=steps).map(|i| {
                    let share = i as f64 / steps as f64;
                    (pair[0].0 + dx * share, pair[0].1 + dy * share)
                }));
            }
        }
        out
    }

    pub(super) fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn {
        let (across, up, frame) = self.axes(area.dim_in_pixel());
        let legend = self.legend(area.dim_in_pixel());
        let axes = frame.axes();
        let corner = legend.as_ref().and_then(|legend| {
            legend.free_corner(axes, &self.pixels(axes, &across, &up), self.unit)
        });
        legend::draw_with(legend, corner, area, |area| self.draw_axes(area))
    }

    fn draw_axes<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn {
        let (across, up, frame) = self.axes(area.dim_in_pixel());
        let y = up.span();
        let mut on = frame
            .builder(area)
            .build_cartesian_2d(across.clone(), up.clone())
            .map_err(text)?;
        let titles = frame.titles();
        on.configure_mesh()
            .x_desc(titles.0)
            .y_desc(titles.1)
            .light_line_style(TRANSPARENT)
            .bold_line_style(MESH)
            .label_style(("sans-serif", 13))
            .axis_desc_style(("sans-serif", 14))
            .x_labels(8)
            .y_labels(6)
            .x_label_formatter(&|v| across.label(*v))
            .y_label_formatter(&|v| up.label(*v))
            .draw()
            .map_err(text)?;
        frame.draw(area)?;
        for pair in self.guide.windows(2) {
            if let Some(within) = clipped((pair[0], pair[1]), across.span(), y) {
                on.draw_series(LineSeries::new(within, GUIDE))
                    .map_err(text)?;
            }
        }
        if let Some(mark) = self.mark {
            on.draw_series(LineSeries::new([(mark, y.0), (mark, y.1)], GUIDE))
                .map_err(text)?;
        }
        for (i, line) in self.lines.iter().enumerate() {
            let style = color(i).stroke_width(2);
            // a value that is no number leaves a gap
            for part in line.points.split(|p| !(p.0.is_finite() && p.1.is_finite())) {
                let points = part.iter().copied();
                match (part, dashes(i)) {
                    ([], _) => continue,
                    ([one, others @ ..], _) if others.iter().all(|own| own == one) => on
                        .draw_series([Circle::new(*one, 3, color(i).filled())])
                        .map(|_| ()),
                    (_, None) => on.draw_series(LineSeries::new(points, style)).map(|_| ()),
                    (_, Some((long, gap))) => on
                        .draw_series(DashedLineSeries::new(points, long, gap, style))
                        .map(|_| ()),
                }
                .map_err(text)?;
            }
        }
        let all = self.dots.iter().map(|dots| dots.points.len());
        let (radius, strength) = if all.sum::<usize>() > 2000 {
            (2, 0.45)
        } else {
            (3, 0.75)
        };
        for (i, dots) in self.dots.iter().enumerate() {
            let series = i + self.lines.len();
            let finite = dots
                .points
                .iter()
                .copied()
                .filter(|p| p.0.is_finite() && p.1.is_finite());
            marks(on.plotting_area(), series, finite, radius, strength)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guides_are_clipped_at_the_axes() {
        let diagonal = ((0.0, 0.0), (6.0, 6.0));
        assert_eq!(clipped(diagonal, (0.0, 1.0), (5.0, 6.0)), None);
        let within = clipped(diagonal, (0.0, 1.0), (0.0, 10.0));
        assert_eq!(within, Some([(0.0, 0.0), (1.0, 1.0)]));
        let level = ((0.0, 2.0), (8.0, 2.0));
        let within = clipped(level, (1.0, 3.0), (0.0, 2.0));
        assert_eq!(within, Some([(1.0, 2.0), (3.0, 2.0)]));
        assert_eq!(clipped(level, (1.0, 3.0), (3.0, 4.0)), None);
    }
}
