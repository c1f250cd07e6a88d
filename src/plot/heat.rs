//! Coloured cells: matrices, confusion, attention.

use super::axis::{Drawn, names_below, range, share, short, shortened, text};
use super::colors::{diverging, ink, sequential};
use super::ticks::Axis;
use super::titles::{AXIS, LINE, draw_lines, width, wrapped};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// How numbers become colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scale {
    /// From the least to the largest.
    #[default]
    Sequential,
    /// Around 0, which is white.
    Diverging,
}

/// Coloured cells in rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Heat {
    /// The numbers, row by row.
    pub values: Vec<Vec<f64>>,
    /// Names of the rows; numbers where there are none.
    pub rows: Vec<String>,
    /// Names of the columns; numbers where there are none.
    pub columns: Vec<String>,
    /// Title of the horizontal axis.
    pub x: String,
    /// Title of the vertical axis.
    pub y: String,
    /// The meaning of the colours.
    pub unit: String,
    /// The colours.
    pub scale: Scale,
    /// Whether each cell shows its number.
    pub numbers: bool,
}

/// The height of names of columns, and the most of rotated ones, pixels.
const LABELS: i32 = 24;
const MAX_ROTATED: i32 = 160;

impl Heat {
    fn shape(&self) -> (usize, usize) {
        (self.values.len(), self.values.first().map_or(0, Vec::len))
    }

    fn margins(&self) -> (i32, i32) {
        let longest = |names: &[String]| {
            names
                .iter()
                .map(|name| name.chars().count())
                .max()
                .unwrap_or(3) as i32
        };
        (26 + 7 * longest(&self.rows).min(26), 30)
    }

    /// The height of the names of columns where the columns share so many pixels, and whether they
    /// are rotated because they are wider than a column.
    fn below(&self, room: i32) -> (i32, bool) {
        names_below(&self.columns, room, LABELS, MAX_ROTATED)
    }

    /// The ends of the colours.
    fn ends(&self, (low, high): (f64, f64)) -> (f64, f64) {
        match self.scale {
            Scale::Sequential => (low, high),
            Scale::Diverging => {
                let most = low.abs().max(high.abs());
                (-most, most)
            }
        }
    }

    /// Width and height, pixels.
    pub fn size(&self) -> (u32, u32) {
        let (rows, columns) = self.shape();
        let cell = |n: usize, wide: u32| {
            (n as u32 * if self.numbers { wide } else { wide / 2 }).clamp(220, 900)
        };
        let wide = cell(columns, 64);
        let below = self.below(wide as i32).0 - LABELS;
        (
            wide + self.margins().0 as u32 + 110,
            cell(rows, 46) + 110 + below as u32,
        )
    }

    /// The width and height below which cells have no room.
    pub(super) fn least(&self) -> (u32, u32) {
        let (rows, columns) = self.shape();
        let cells = |n: usize| (n as i32).clamp(30, 200);
        let width = cells(columns);
        let below = self.below(width).0;
        (
            (self.margins().0 + 96 + width) as u32,
            (below + 30 + cells(rows)) as u32,
        )
    }

    fn color(&self, value: f64, (low, high): (f64, f64)) -> RGBColor {
        match self.scale {
            Scale::Sequential => sequential(share(value, (low, high))),
            Scale::Diverging => {
                let most = low.abs().max(high.abs());
                diverging(0.5 + 0.5 * value / most)
            }
        }
    }

    pub(super) fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn {
        let (rows, columns) = self.shape();
        let (low, high) = range(self.values.iter().flatten().copied(), 0.0);
        let (full, height) = area.dim_in_pixel();
        let (full, height) = (full as i32, height as i32);
        let ends = self.ends((low, high));
        let key = Axis::with_ticks(ends, vec![ends.0, ends.0 / 2.0 + ends.1 / 2.0, ends.1]);
        // lines of titles beyond their first, and labels of colours that are long
        let labels = key.labels().iter().map(|label| width(label, 13));
        let wide = labels.fold(0.0, f64::max).ceil() as i32;
        let more = |lines: &[String]| (lines.len() as i32 - 1) * LINE;
        let y_title = wrapped(&self.y, height - 60, AXIS);
        let unit = wrapped(&self.unit, height - 60, AXIS);
        let right = full - 96 - more(&unit) - (wide - 46).max(0);
        let (left, top) = (self.margins().0 + more(&y_title), 8);
        let (below, is_rotated) = self.below(right - left);
        let middle = (left + right) / 2;
        let x_title = wrapped(&self.x, 2 * middle.min(full - middle) - 16, AXIS);
        let bottom = height - below - 22 - more(&x_title);
        let x = |column: usize| {
            left + ((right - left) as f64 * column as f64 / columns.max(1) as f64).round() as i32
        };
        let y = |row: usize| {
            top + ((bottom - top) as f64 * row as f64 / rows.max(1) as f64).round() as i32
        };
        let font = ("sans-serif", 13).into_font();
        let centred = |size: i32| {
            TextStyle::from(("sans-serif", size).into_font())
                .pos(Pos::new(HPos::Center, VPos::Center))
        };
        for (i, row) in self.values.iter().enumerate() {
            for (j, value) in row.iter().enumerate() {
                let color = self.color(*value, (low, high));
                area.draw(&Rectangle::new(
                    [(x(j), y(i)), (x(j + 1), y(i + 1))],
                    color.filled(),
                ))
                .map_err(text)?;
                if self.numbers {
                    let ink = ink(color);
                    let style = centred(13).color(&ink);
                    area.draw(&Text::new(
                        short(*value - key.from),
                        ((x(j) + x(j + 1)) / 2, (y(i) + y(i + 1)) / 2),
                        style,
                    ))
                    .map_err(text)?;
                }
            }
        }
        // as many labels as have room
        let every = |n: usize, room: i32, need: i32| {
            (n * need.max(1) as usize)
                .div_ceil(room.max(1) as usize)
                .max(1)
        };
        let name =
            |names: &[String], i: usize| names.get(i).cloned().unwrap_or_else(|| i.to_string());
        let step = every(rows, bottom - top, 15);
        for i in (0..rows).step_by(step) {
            let style = TextStyle::from(font.clone()).pos(Pos::new(HPos::Right, VPos::Center));
            area.draw(&Text::new(
                shortened(&name(&self.rows, i), self.margins().0 - 20),
                (left - 6, (y(i) + y(i + 1)) / 2),
                style,
            ))
            .map_err(text)?;
        }
        let longest = (0..columns)
            .map(|j| name(&self.columns, j).chars().count())
            .max()
            .unwrap_or(1) as i32;
        let need = if is_rotated { 15 } else { 8 * longest + 8 };
        for j in (0..columns).step_by(every(columns, right - left, need)) {
            let middle = (x(j) + x(j + 1)) / 2;
            let name = name(&self.columns, j);
            let label = if is_rotated {
                let style = font.clone().transform(FontTransform::Rotate270);
                let style = TextStyle::from(style).pos(Pos::new(HPos::Right, VPos::Center));
                Text::new(
                    shortened(&name, MAX_ROTATED - 12),
                    (middle, bottom + 6),
                    style,
                )
            } else {
                Text::new(name, (middle, bottom + 11), centred(13))
            };
            area.draw(&label).map_err(text)?;
        }
        draw_lines(area, &x_title, (middle, bottom + below + 8), &centred(14))?;
        let turned = TextStyle::from(
            ("sans-serif", 14)
                .into_font()
                .transform(FontTransform::Rotate270),
        )
        .pos(Pos::new(HPos::Center, VPos::Center));
        draw_lines(area, &y_title, (11, (top + bottom) / 2), &turned)?;
        // the key
        let (from, steps) = (right + 16, 64);
        let at = |i: i32| bottom - (bottom - top) * i / steps;
        for i in 0..steps {
            let share = (f64::from(i) + 0.5) / f64::from(steps);
            let value = match (ends.1 - ends.0).is_finite() {
                true => ends.0 + (ends.1 - ends.0) * share,
                false => ends.0 * (1.0 - share) + ends.1 * share,
            };
            area.draw(&Rectangle::new(
                [(from, at(i + 1)), (from + 12, at(i))],
                self.color(value, (low, high)).filled(),
            ))
            .map_err(text)?;
        }
        for (label, share) in key.labels().iter().zip([0.0, 0.5, 1.0]) {
            let style = TextStyle::from(font.clone()).pos(Pos::new(HPos::Left, VPos::Center));
            let place = (from + 16, bottom - ((bottom - top) as f64 * share) as i32);
            area.draw(&Text::new(label.clone(), place, style))
                .map_err(text)?;
        }
        if !key.offset.is_empty() {
            let style = TextStyle::from(font.clone()).pos(Pos::new(HPos::Left, VPos::Top));
            let place = (from, bottom + 8);
            area.draw(&Text::new(key.offset.clone(), place, style))
                .map_err(text)?;
        }
        let place = (full - 14 - more(&unit), (top + bottom) / 2);
        draw_lines(area, &unit, place, &turned)
    }
}
