//! Legends: in a corner of the axes that the data leave free, else beside the axes.

use super::axis::{Drawn, LETTER, shortened, text};
use super::colors::SERIES;
use super::titles::{self, wrapped_over};
use plotters::coord::{CoordTranslate, Shift};
use plotters::element::{Cross, TriangleMarker};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Height of a row, width of a mark with the space after it, and space inside the frame; pixels.
const ROW: i32 = 18;
const MARK: i32 = 26;
const INSIDE: i32 = 6;
/// Height of each line of a name after its first.
const LINE: i32 = 14;

/// Space above, below and left of a legend beside the axes, pixels.
const SPACE: i32 = 10;

/// What a series looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Line,
    Dots,
    Bar,
}

/// A row of a legend: a name, the number of its series, and its look.
pub(super) struct Key<'a> {
    pub name: &'a str,
    pub series: usize,
    pub look: Look,
}

/// A rectangle in pixels: left, top, right, bottom.
pub(super) type Rect = (i32, i32, i32, i32);

/// The colour of a series. Colours repeat after some series; lines and points then look different.
pub(super) fn color(series: usize) -> RGBColor {
    SERIES[series % SERIES.len()]
}

/// Pixels that are drawn and left out of a line; none where it is whole.
pub(super) fn dashes(series: usize) -> Option<(u32, u32)> {
    const PATTERNS: [(u32, u32); 4] = [(9, 5), (3, 4), (16, 4), (2, 9)];
    let pattern = (series / SERIES.len()).checked_sub(1)?;
    Some(PATTERNS[pattern % PATTERNS.len()])
}

/// Draws points of a series on a chart or in a legend: discs, and other marks where colours repeat.
pub(super) fn marks<DB: DrawingBackend, CT: CoordTranslate>(
    area: &DrawingArea<DB, CT>,
    series: usize,
    mut points: impl Iterator<Item = CT::From>,
    radius: i32,
    strength: f64,
) -> Drawn {
    let color = color(series).mix(strength);
    let drawn = match series / SERIES.len() {
        0 => points.try_for_each(|at| area.draw(&Circle::new(at, radius, color.filled()))),
        1 => points
            .try_for_each(|at| area.draw(&TriangleMarker::new(at, radius + 1, color.filled()))),
        _ => {
            let stroke = color.stroke_width(radius as u32 / 2);
            points.try_for_each(|at| area.draw(&Cross::new(at, radius, stroke)))
        }
    };
    drawn.map_err(text)
}

/// Pixels of a name of one line.
fn pixels(name: &str) -> i32 {
    (name.chars().count() as f64 * LETTER).ceil() as i32
}

/// A legend.
pub(super) struct Legend<'a> {
    keys: Vec<Key<'a>>,
    /// The most pixels of a name, and the most lines.
    room: i32,
    lines: usize,
}

impl<'a> Legend<'a> {
    /// A legend of named series on an area of a size; none where no series has a name. It takes at
    /// most half of the width: longer names are wrapped where the height has room for that.
    pub fn of(keys: Vec<Key<'a>>, (width, height): (u32, u32)) -> Option<Legend<'a>> {
        let is_named = keys.iter().any(|key| !key.name.is_empty());
        let room = width as i32 / 2 - SPACE - 2 * INSIDE - MARK - 10;
        let row = (height as i32 - 2 * SPACE - 2 * INSIDE) / keys.len().max(1) as i32;
        let most = ((row - ROW) / LINE + 1).clamp(1, titles::MOST as i32) as usize;
        let lines = keys.iter().map(|key| lines(key.name, room, most).len());
        let lines = lines.max().unwrap_or(1);
        is_named.then_some(Legend { keys, room, lines })
    }

    /// The height of a row.
    fn row(&self) -> i32 {
        ROW + (self.lines as i32 - 1) * LINE
    }

    /// The rows of a column within a height, and the columns.
    fn rows(&self, height: i32) -> (usize, usize) {
        let most = ((height - 2 * INSIDE) / self.row()).max(1) as usize;
        let rows = self.keys.len().min(most);
        (rows, self.keys.len().div_ceil(rows))
    }

    fn column(&self) -> i32 {
        let longest = self.keys.iter().map(|key| pixels(key.name)).max();
        let longest = longest.unwrap_or(0);
        let is_wrapped = self.lines > 1;
        MARK + if is_wrapped {
            longest.min(self.room)
        } else {
            longest
        } + 10
    }

    /// Its width and height where so much height is there.
    pub fn size(&self, height: i32) -> (i32, i32) {
        let (rows, columns) = self.rows(height);
        (
            2 * INSIDE + columns as i32 * self.column(),
            2 * INSIDE + rows as i32 * self.row(),
        )
    }

    /// The corner of the axes in which no data are: the upper ones are tried first, with `is_low`
    /// the lower ones.
    pub fn free_corner(
        &self,
        axes: Rect,
        points: &[(f64, f64)],
        is_low: bool,
    ) -> Option<(i32, i32)> {
        const GAP: i32 = 8;
        let (left, top, right, bottom) = axes;
        let (width, height) = self.size(bottom - top);
        if width + 2 * GAP > (right - left) / 2 || height + 2 * GAP > (bottom - top) * 3 / 4 {
            return None;
        }
        let (far, low) = (right - GAP - width, bottom - GAP - height);
        let mut corners = [
            (far, top + GAP),
            (left + GAP, top + GAP),
            (far, low),
            (left + GAP, low),
        ];
        if is_low {
            corners.rotate_left(2);
        }
        let is_free = |(x, y): &(i32, i32)| {
            let (x, y) = (f64::from(*x), f64::from(*y));
            let (width, height) = (f64::from(width), f64::from(height));
            let around = 5.0;
            !points.iter().any(|p| {
                p.0 > x - around
                    && p.0 < x + width + around
                    && p.1 > y - around
                    && p.1 < y + height + around
            })
        };
        corners.into_iter().find(is_free)
    }

    /// Draws it at a corner within an area.
    pub fn draw<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        (left, top): (i32, i32),
    ) -> Drawn {
        let (width, height) = area.dim_in_pixel();
        let (wide, height) = (width as i32 - left, height as i32 - 2 * SPACE);
        let (width, high) = self.size(height);
        let width = width.min(wide);
        let frame = [(left, top), (left + width, top + high)];
        area.draw(&Rectangle::new(frame, WHITE.mix(0.85).filled()))
            .map_err(text)?;
        area.draw(&Rectangle::new(frame, RGBColor(215, 215, 215)))
            .map_err(text)?;
        let (rows, columns) = self.rows(height);
        let column = (width - 2 * INSIDE) / columns as i32;
        let style = ("sans-serif", 13).into_font().color(&RGBColor(30, 30, 30));
        let style = style.pos(Pos::new(HPos::Left, VPos::Center));
        for (i, key) in self.keys.iter().enumerate() {
            let x = left + INSIDE + (i / rows) as i32 * column;
            let y = top + INSIDE + (i % rows) as i32 * self.row() + self.row() / 2;
            let color = color(key.series);
            match key.look {
                Look::Line => {
                    let ends = [(x, y), (x + 18, y)];
                    line(area, &ends, key.series)?;
                }
                Look::Dots => marks(area, key.series, std::iter::once((x + 9, y)), 4, 1.0)?,
                Look::Bar => {
                    let ends = [(x + 2, y - 5), (x + 16, y + 5)];
                    let strength = 0.85 / (1 + key.series / SERIES.len()) as f64;
                    area.draw(&Rectangle::new(ends, color.mix(strength).filled()))
                        .map_err(text)?;
                }
            }
            let names = lines(key.name, column - MARK - 4, self.lines);
            let first = y - (names.len() as i32 - 1) * LINE / 2;
            for (line, name) in names.into_iter().enumerate() {
                let place = (x + MARK, first + line as i32 * LINE);
                area.draw(&Text::new(name, place, style.clone()))
                    .map_err(text)?;
            }
        }
        Ok(())
    }
}

/// A name as at most so many lines within so many pixels; one line is cut in its middle.
fn lines(name: &str, room: i32, most: usize) -> Vec<String> {
    if most < 2 || pixels(name) <= room {
        return vec![shortened(name, room)];
    }
    wrapped_over(most, name, room, 13)
}

/// Draws axes and their legend on an area: in a corner, else beside the axes, which are then
/// narrower.
pub(super) fn draw_with<DB: DrawingBackend>(
    legend: Option<Legend>,
    corner: Option<(i32, i32)>,
    area: &DrawingArea<DB, Shift>,
    axes: impl Fn(&DrawingArea<DB, Shift>) -> Drawn,
) -> Drawn {
    let Some(legend) = legend else {
        return axes(area);
    };
    if let Some(corner) = corner {
        axes(area)?;
        return legend.draw(area, corner);
    }
    let (width, height) = area.dim_in_pixel();
    let (width, height) = (width as i32, height as i32);
    let wide = legend.size(height - 2 * SPACE).0;
    let (left, right) = area.split_horizontally((width - wide - SPACE).max(width / 2));
    axes(&left)?;
    legend.draw(&right, (0, SPACE))
}

fn line<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    ends: &[(i32, i32); 2],
    series: usize,
) -> Drawn {
    let style = color(series).stroke_width(2);
    let [(from, y), (to, _)] = *ends;
    let (on, off) = dashes(series).unwrap_or(((to - from) as u32, 1));
    let mut x = from;
    while x < to {
        let end = (x + on as i32).min(to);
        area.draw(&PathElement::new([(x, y), (end, y)], style))
            .map_err(text)?;
        x = end + off as i32;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: (u32, u32) = (480, 340);

    fn keys(n: usize) -> Vec<Key<'static>> {
        let key = |series| Key {
            name: "network",
            series,
            look: Look::Line,
        };
        (0..n).map(key).collect()
    }

    #[test]
    fn series_look_different_and_data_are_not_covered() {
        assert!(Legend::of(Vec::new(), SIZE).is_none());
        let patterns: Vec<_> = (0..35).map(|series| (series % 7, dashes(series))).collect();
        assert!((0..35).all(|i| !patterns[..i].contains(&patterns[i])));
        let legend = Legend::of(keys(2), SIZE).unwrap();
        let axes = (60, 10, 460, 310);
        let far = (460 - 8 - legend.size(300).0, 18);
        assert_eq!(legend.free_corner(axes, &[], false), Some(far));
        // a point in the upper right corner, then in each
        assert_eq!(
            legend.free_corner(axes, &[(440.0, 30.0)], false),
            Some((68, 18))
        );
        let all = [(440.0, 30.0), (80.0, 30.0), (440.0, 300.0), (80.0, 300.0)];
        assert_eq!(legend.free_corner(axes, &all, false), None);
        // many names are in columns
        let many = Legend::of(keys(40), SIZE).unwrap();
        let (_, height) = many.size(300);
        assert!(height <= 300 && many.rows(300).1 > 1);
    }

    #[test]
    fn long_names_are_wrapped() {
        crate::letters::register_font();
        let name = "a network of many layers that was trained on all cells ".repeat(9);
        let key = |series, name| Key {
            name,
            series,
            look: Look::Dots,
        };
        let long = Legend::of(vec![key(0, &name), key(1, "b")], SIZE).unwrap();
        assert_eq!(long.lines, 3);
        let (width, height) = long.size(320);
        assert!(width <= 230 && height == 2 * INSIDE + 2 * (ROW + 2 * LINE));
        let names = lines(&name, long.column() - MARK - 4, 3);
        assert!(names.len() == 3 && names[2].ends_with('…'), "{names:?}");
        // many long names have a line each
        let many = (0..30).map(|series| key(series, &name)).collect();
        assert_eq!(Legend::of(many, SIZE).unwrap().lines, 1);
    }
}
