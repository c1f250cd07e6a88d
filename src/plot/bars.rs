//! Bars with errors.

use super::axis::{AROUND_ROTATED, Drawn, names_below, range, share, shortened, text};
use super::colors::{MESH, SERIES};
use super::frame::{Frame, MARGIN, RIGHT};
use super::legend::{self, Key, Legend, Look, Rect, color};
use super::ticks::Axis;
use plotters::coord::types::RangedCoordf64;
use plotters::coord::{Shift, cartesian::Cartesian2d};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Bars over named groups, several parts of each upon each other or side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    /// Names of the groups.
    pub groups: Vec<String>,
    /// Name, height and error of each part, for each group.
    pub parts: Vec<(String, Vec<(f64, f64)>)>,
    /// Whether the bars of a group are stacked.
    pub stacked: bool,
    /// Title of the vertical axis.
    pub y: String,
}

/// The name of a group where the axis shows an integer.
fn named(groups: &[String], x: f64) -> String {
    let whole = (x - x.round()).abs() < 1e-6 && x > -0.1;
    groups
        .get(x.round().max(0.0) as usize)
        .filter(|_| whole)
        .cloned()
        .unwrap_or_default()
}

/// Pixels of the labels of groups: of horizontal ones, and at most of rotated ones.
const FLAT: i32 = 34;
const MAX_ROTATED: i32 = 180;

/// The vertical axis over named groups, what is around the axes, and whether the names are rotated
/// because they are wider than a group.
pub(super) fn frame(
    groups: &[String],
    y: &str,
    span: (f64, f64),
    size: (u32, u32),
) -> (Axis, Frame, bool) {
    let up = Axis::new(span, 6);
    let left = Frame::new(size, ("", y), None, &up, FLAT)
        .left_and_above()
        .0;
    let room = size.0 as i32 - MARGIN - RIGHT - left;
    let (below, is_rotated) = names_below(groups, room, FLAT, MAX_ROTATED);
    let frame = Frame::new(size, ("", y), None, &up, below);
    (up, frame, is_rotated)
}

/// Axes over named groups, from -0.6 to n - 0.4.
pub(super) fn axes<'a, DB: DrawingBackend>(
    area: &'a DrawingArea<DB, Shift>,
    groups: &[String],
    y: &str,
    span: (f64, f64),
) -> Result<Grouped<'a, DB>, String> {
    let n = groups.len();
    let (up, frame, is_rotated) = frame(groups, y, span, area.dim_in_pixel());
    let mut on = frame
        .builder(area)
        .build_cartesian_2d(-0.6..n as f64 - 0.4, up.clone())
        .map_err(text)?;
    on.configure_mesh()
        .disable_x_mesh()
        .y_desc(frame.titles().1)
        .light_line_style(TRANSPARENT)
        .bold_line_style(MESH)
        .label_style(("sans-serif", 13))
        .axis_desc_style(("sans-serif", 14))
        .x_labels(if is_rotated { 0 } else { 2 * n + 2 })
        .y_labels(6)
        .x_label_formatter(&|x| named(groups, *x))
        .y_label_formatter(&|v| up.label(*v))
        .draw()
        .map_err(text)?;
    frame.draw(area)?;
    if is_rotated {
        let (left, _, right, bottom) = frame.axes();
        let font = ("sans-serif", 13)
            .into_font()
            .transform(FontTransform::Rotate270);
        let style = font
            .color(&RGBColor(20, 20, 20))
            .pos(Pos::new(HPos::Right, VPos::Center));
        for (i, name) in groups.iter().enumerate() {
            let share = (i as f64 + 0.6) / (n as f64 + 0.2);
            let x = left + (f64::from(right - left) * share).round() as i32;
            area.draw(&Text::new(
                shortened(name, MAX_ROTATED - AROUND_ROTATED),
                (x, bottom + 8),
                style.clone(),
            ))
            .map_err(text)?;
        }
    }
    Ok(on)
}

/// A chart over named groups.
pub(super) type Grouped<'a, DB> = ChartContext<'a, DB, Cartesian2d<RangedCoordf64, Axis>>;

impl Bars {
    /// The left, right, lower and upper end of a bar, and its error.
    fn place(&self, part: usize, group: usize) -> (f64, f64, f64, f64, f64) {
        let (height, error) = self.parts[part].1[group];
        if self.stacked {
            // negative parts are below each other, positive ones above
            let is_below = |own: &f64| own.is_finite() && (*own < 0.0) == (height < 0.0);
            let others = self.parts[..part].iter().map(|(_, own)| own[group].0);
            let below: f64 = others.filter(is_below).sum();
            (
                group as f64 - 0.32,
                group as f64 + 0.32,
                below,
                below + height,
                error,
            )
        } else {
            let width = 0.8 / self.parts.len() as f64;
            let left = group as f64 - 0.4 + width * part as f64;
            (left + 0.02, left + width - 0.02, 0.0, height, error)
        }
    }

    pub(super) fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn {
        let n = self.groups.len();
        let all = || (0..self.parts.len()).flat_map(|part| (0..n).map(move |group| (part, group)));
        let ends = all()
            .map(|(part, group)| self.place(part, group))
            .flat_map(|(_, _, _, top, error)| [top - error, top + error]);
        let (low, high) = range(ends.clone().chain([0.0]), 0.08);
        // bars stand on the axis where none goes below it
        let low = if ends.fold(0.0, f64::min) < 0.0 {
            low
        } else {
            0.0
        };
        let keys = self.parts.iter().enumerate();
        let keys = keys.map(|(series, (name, _))| Key {
            name,
            series,
            look: Look::Bar,
        });
        // one part needs no legend
        let (width, height) = area.dim_in_pixel();
        let legend = Legend::of(keys.collect(), (width, height)).filter(|_| self.parts.len() > 1);
        let covered = |axes: Rect| self.pixels(axes, (low, high));
        let corner = legend.as_ref().and_then(|legend| {
            let axes = frame(&self.groups, &self.y, (low, high), (width, height))
                .1
                .axes();
            legend.free_corner(axes, &covered(axes), false)
        });
        legend::draw_with(legend, corner, area, |area| {
            self.draw_bars(area, (low, high))
        })
    }

    /// Points of the bars and their errors in pixels.
    fn pixels(&self, axes: Rect, (low, high): (f64, f64)) -> Vec<(f64, f64)> {
        let (left, top, right, bottom) = axes;
        let (width, height) = (f64::from(right - left), f64::from(bottom - top));
        let across =
            |x: f64| f64::from(left) + (x + 0.6) / (self.groups.len() as f64 + 0.2) * width;
        let up = |y: f64| f64::from(bottom) - share(y, (low, high)) * height;
        let mut out = Vec::new();
        for (part, group) in
            (0..self.parts.len()).flat_map(|part| (0..self.groups.len()).map(move |g| (part, g)))
        {
            let (from, to, base, end, error) = self.place(part, group);
            if !end.is_finite() {
                continue;
            }
            for i in 0..=40 {
                let y = base + (end + error - base) * f64::from(i) / 40.0;
                out.extend(
                    (0..=8).map(|k| (across(from + (to - from) * f64::from(k) / 8.0), up(y))),
                );
            }
        }
        out
    }

    fn draw_bars<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        (low, high): (f64, f64),
    ) -> Drawn {
        let n = self.groups.len();
        let all = || (0..self.parts.len()).flat_map(|part| (0..n).map(move |group| (part, group)));
        let mut on = axes(area, &self.groups, &self.y, (low, high))?;
        for part in 0..self.parts.len() {
            // where colours repeat, bars are paler
            let strength = 0.85 / (1 + part / SERIES.len()) as f64;
            let color = color(part);
            let places = || (0..n).map(|group| self.place(part, group));
            let finite = places().filter(|(_, _, bottom, top, _)| (top - bottom).is_finite());
            let boxes = finite.map(|(left, right, bottom, top, _)| {
                Rectangle::new([(left, bottom), (right, top)], color.mix(strength).filled())
            });
            on.draw_series(boxes).map_err(text)?;
            // a value that is no number has no bar
            let style = TextStyle::from(("sans-serif", 11).into_font())
                .pos(Pos::new(HPos::Center, VPos::Bottom));
            let missing = places().filter(|(_, _, _, top, _)| !top.is_finite());
            let words = missing.map(|(left, right, bottom, top, _)| {
                let word = if top.is_nan() { "NaN" } else { "∞" };
                let at = ((left + right) / 2.0, bottom.clamp(low, high));
                Text::new(word, at, style.clone())
            });
            on.draw_series(words).map_err(text)?;
        }
        for (part, group) in all() {
            let (left, right, _, top, error) = self.place(part, group);
            let middle = (left + right) / 2.0;
            let cap = |y: f64| [(middle - 0.05, y), (middle + 0.05, y)];
            let lines = [
                [(middle, top - error), (middle, top + error)],
                cap(top + error),
                cap(top - error),
            ];
            for line in lines.into_iter().filter(|_| error > 0.0 && top.is_finite()) {
                on.draw_series([PathElement::new(line, BLACK.stroke_width(1))])
                    .map_err(text)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacked_bars_keep_signs_apart_and_no_number_has_no_bar() {
        let one = |name: &str, heights: &[f64]| {
            (
                name.to_string(),
                heights.iter().map(|h| (*h, 0.0)).collect(),
            )
        };
        let bars = Bars {
            groups: vec!["a".into(), "b".into()],
            parts: vec![
                one("x", &[3.0, f64::NAN]),
                one("y", &[-2.0, 2.0]),
                one("z", &[1.0, -1.0]),
            ],
            stacked: true,
            y: String::new(),
        };
        let ends = |part: usize, group: usize| {
            let place = bars.place(part, group);
            (place.2, place.3)
        };
        assert_eq!(
            (ends(0, 0), ends(1, 0), ends(2, 0)),
            ((0.0, 3.0), (0.0, -2.0), (3.0, 4.0))
        );
        assert_eq!((ends(1, 1), ends(2, 1)), ((0.0, 2.0), (0.0, -1.0)));
        let svg = super::super::figure::bars("bars", bars)
            .to_svg()
            .expect("an SVG");
        assert!(svg.contains("NaN"));
    }
}
