//! Legends: in a corner of the axes that the data leave free, else beside the axes.

use super::axis::{Drawn, LETTER, shortened, text};
use super::colors::SERIES;
use plotters::coord::Shift;
use plotters::element::{Cross, TriangleMarker};
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Height of a row, width of a mark with the space after it, and space inside the frame; pixels.
const ROW: i32 = 18;
const MARK: i32 = 26;
const INSIDE: i32 = 6;

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

/// A legend.
pub(super) struct Legend<'a> {
    keys: Vec<Key<'a>>,
}

impl<'a> Legend<'a> {
    /// A legend of named series; none where no series has a name.
    pub fn of(keys: Vec<Key<'a>>) -> Option<Legend<'a>> {
        let is_named = keys.iter().any(|key| !key.name.is_empty());
        is_named.then_some(Legend { keys })
    }

    /// The rows of a column within a height, and the columns.
    fn rows(&self, height: i32) -> (usize, usize) {
        let most = ((height - 2 * INSIDE) / ROW).max(1) as usize;
        let rows = self.keys.len().min(most);
        (rows, self.keys.len().div_ceil(rows))
    }

    fn column(&self) -> i32 {
        let longest = self.keys.iter().map(|key| key.name.chars().count()).max();
        MARK + (longest.unwrap_or(0) as f64 * LETTER).ceil() as i32 + 10
    }

    /// Its width and height where so much height is there.
    pub fn size(&self, height: i32) -> (i32, i32) {
        let (rows, columns) = self.rows(height);
        (
            2 * INSIDE + columns as i32 * self.column(),
            2 * INSIDE + rows as i32 * ROW,
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
            let y = top + INSIDE + (i % rows) as i32 * ROW + ROW / 2;
            let color = color(key.series);
            match key.look {
                Look::Line => {
                    let ends = [(x, y), (x + 18, y)];
                    line(area, &ends, key.series)?;
                }
                Look::Dots => dot(area, (x + 9, y), key.series)?,
                Look::Bar => {
                    let ends = [(x + 2, y - 5), (x + 16, y + 5)];
                    let strength = 0.85 / (1 + key.series / SERIES.len()) as f64;
                    area.draw(&Rectangle::new(ends, color.mix(strength).filled()))
                        .map_err(text)?;
                }
            }
            area.draw(&Text::new(
                shortened(key.name, column - MARK - 4),
                (x + MARK, y),
                style.clone(),
            ))
            .map_err(text)?;
        }
        Ok(())
    }
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

/// A point of a series: a disc, and another mark where colours repeat.
fn dot<DB: DrawingBackend>(area: &DrawingArea<DB, Shift>, at: (i32, i32), series: usize) -> Drawn {
    let color = color(series);
    match series / SERIES.len() {
        0 => area.draw(&Circle::new(at, 4, color.filled())),
        1 => area.draw(&TriangleMarker::new(at, 5, color.filled())),
        _ => area.draw(&Cross::new(at, 4, color.stroke_width(2))),
    }
    .map_err(text)
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert!(Legend::of(Vec::new()).is_none());
        let patterns: Vec<_> = (0..35).map(|series| (series % 7, dashes(series))).collect();
        assert!((0..35).all(|i| !patterns[..i].contains(&patterns[i])));
        let legend = Legend::of(keys(2)).unwrap();
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
        let many = Legend::of(keys(40)).unwrap();
        let (_, height) = many.size(300);
        assert!(height <= 300 && many.rows(300).1 > 1);
    }
}
