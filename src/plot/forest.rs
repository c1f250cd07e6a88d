//! Differences with their intervals, a line each.

use super::axis::{Drawn, range, share, text};
use super::colors::{GUIDE, MESH, SERIES};
use super::ticks::{Axis, ticks as decimal_ticks};
use super::titles::{draw_lines, wrapped};
use cistron_base::written::cut;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// A difference with its interval.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    /// What is compared.
    pub name: String,
    /// The heading that it is below, such as a set; lines of one heading follow each other.
    pub group: String,
    /// The difference.
    pub value: f64,
    /// The ends of its interval; NaN where there is none.
    pub ends: (f64, f64),
    /// What is written beside it.
    pub text: String,
    /// Whether it is significant.
    pub is_shown: bool,
}

/// Differences below each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Forest {
    /// The differences.
    pub rows: Vec<Interval>,
    /// Title of the axis.
    pub x: String,
}

/// Height of a line, of a heading, and of what is below the lines.
const LINE: i32 = 22;
const HEADING: i32 = 28;
const BELOW: i32 = 56;
/// Width of a letter, about.
const LETTER: f64 = 7.2;

/// Numbers of letters that columns have room for, from the widest entries.
fn widest<'a>(texts: impl Iterator<Item = &'a str>) -> usize {
    texts.map(|text| text.chars().count()).max().unwrap_or(0)
}

/// Letters of names, at most.
const LONGEST: usize = 44;

impl Forest {
    /// Height of all lines and headings.
    fn lines(&self) -> i32 {
        self.rows.len() as i32 * LINE + self.headings() as i32 * HEADING
    }

    fn headings(&self) -> usize {
        let starts = |i: &usize| self.starts_group(*i);
        (0..self.rows.len()).filter(starts).count()
    }

    fn starts_group(&self, row: usize) -> bool {
        let group = &self.rows[row].group;
        !group.is_empty() && (row == 0 || self.rows[row - 1].group != *group)
    }

    /// Width of the names, and of the texts.
    fn columns(&self) -> (i32, i32) {
        let names = widest(self.rows.iter().map(|row| row.name.as_str())).min(LONGEST);
        let texts = widest(self.rows.iter().map(|row| row.text.as_str()));
        let pixels = |letters: usize| (letters as f64 * LETTER) as i32 + 24;
        (pixels(names) + 12, pixels(texts))
    }

    /// As text of about some columns.
    pub(super) fn to_text(&self, width: usize) -> String {
        let names = widest(self.rows.iter().map(|row| row.name.as_str())).min(LONGEST);
        let texts = widest(self.rows.iter().map(|row| row.text.as_str()));
        let room = width.saturating_sub(names + texts + 6).clamp(16, 60);
        let ends = self
            .rows
            .iter()
            .flat_map(|row| [row.ends.0, row.ends.1, row.value]);
        let (low, high) = range(ends.chain([0.0]), 0.0);
        let column = |value: f64| (share(value, (low, high)) * (room - 1) as f64) as usize;
        let mut out = String::new();
        for (i, row) in self.rows.iter().enumerate() {
            if self.starts_group(i) {
                out += &format!("{}\n", row.group);
            }
            let mut cells = vec![' '; room];
            if row.ends.0.is_finite() && row.ends.1.is_finite() {
                cells[column(row.ends.0)..=column(row.ends.1)].fill('─');
            }
            cells[column(0.0)] = '│';
            if row.value.is_finite() {
                cells[column(row.value)] = if row.is_shown { '●' } else { '○' };
            }
            let drawn: String = cells.into_iter().collect();
            out += &format!(
                "  {:<names$}  {drawn}  {}\n",
                cut(&row.name, LONGEST),
                row.text
            );
        }
        out
    }

    pub(super) fn size(&self) -> (u32, u32) {
        let (names, texts) = self.columns();
        (
            (names + texts + 340) as u32,
            (self.lines() + BELOW + 40) as u32,
        )
    }

    pub(super) fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn {
        let (width, _) = area.dim_in_pixel();
        let (names, texts) = self.columns();
        let (left, right) = (names, width as i32 - texts - 6);
        let ends = self
            .rows
            .iter()
            .flat_map(|row| [row.ends.0, row.ends.1, row.value]);
        let (low, high) = range(ends.chain([0.0]), 0.06);
        let x = |value: f64| left + (share(value, (low, high)) * f64::from(right - left)) as i32;
        let style = |size: i32, h: HPos| {
            TextStyle::from(("sans-serif", size).into_font()).pos(Pos::new(h, VPos::Center))
        };
        let write = |words: String, at: (i32, i32), style: TextStyle| {
            area.draw(&Text::new(words, at, style)).map_err(text)
        };
        let line = |from: (i32, i32), to: (i32, i32), style: ShapeStyle| {
            area.draw(&PathElement::new([from, to], style))
                .map_err(text)
        };
        let bottom = self.lines() + 8;
        let axis = Axis::with_ticks((low, high), ticks(low, high));
        for (tick, label) in axis.ticks() {
            line((x(tick), 4), (x(tick), bottom), MESH.stroke_width(1))?;
            write(label, (x(tick), bottom + 14), style(12, HPos::Center))?;
        }
        line(
            (x(0.0), 4),
            (x(0.0), bottom),
            RGBColor(90, 90, 90).stroke_width(1),
        )?;
        let middle = (left + right) / 2;
        let words = match axis.offset.is_empty() {
            true => self.x.clone(),
            false => format!("{} ({})", self.x, axis.offset),
        };
        // the title may be wider than the axis
        let lines = wrapped(&words, 2 * middle.min(width as i32 - middle) - 16, 13);
        draw_lines(
            area,
            &lines,
            (middle, bottom + 34),
            &style(13, HPos::Center),
        )?;
        let mut top = 4;
        for (i, row) in self.rows.iter().enumerate() {
            if self.starts_group(i) {
                write(
                    cut(&row.group, 60),
                    (12, top + HEADING / 2 + 3),
                    style(14, HPos::Left),
                )?;
                top += HEADING;
            }
            let y = top + LINE / 2;
            top += LINE;
            let color = match row.is_shown {
                true if row.value < 0.0 => SERIES[1],
                true => SERIES[0],
                false => RGBColor(110, 110, 110),
            };
            write(cut(&row.name, LONGEST), (24, y), style(13, HPos::Left))?;
            if row.ends.0.is_finite() && row.ends.1.is_finite() {
                line(
                    (x(row.ends.0), y),
                    (x(row.ends.1), y),
                    color.stroke_width(2),
                )?;
                for end in [row.ends.0, row.ends.1] {
                    line((x(end), y - 4), (x(end), y + 4), color.stroke_width(2))?;
                }
            }
            if row.value.is_finite() {
                let dot = Circle::new((x(row.value), y), 4, color.filled());
                area.draw(&dot).map_err(text)?;
            }
            let ink = style(12, HPos::Left).color(&RGBColor(60, 60, 60));
            write(row.text.clone(), (right + 14, y), ink)?;
        }
        line((left, bottom), (right, bottom), GUIDE.stroke_width(1))
    }
}

/// Round numbers between two others.
fn ticks(low: f64, high: f64) -> Vec<f64> {
    let raw = (high - low) / 4.0;
    if !(1e-12..1e15).contains(&raw) {
        return decimal_ticks((low, high), 5);
    }
    let power = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|times| times * power);
    let step = step.into_iter().find(|step| *step >= raw).unwrap_or(raw);
    let first = (low / step).ceil() as i64;
    let last = (high / step).floor() as i64;
    (first..=last).map(|i| i as f64 * step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(ticks(-0.9, 2.1), [0.0, 1.0, 2.0]);
        assert!(ticks(1.0, 1.0).is_empty() && ticks(f64::NAN, 1.0).is_empty());
    }

    #[test]
    fn text_has_the_interval_around_the_value() {
        let row = |value: f64, ends: (f64, f64)| Interval {
            name: "a − b".into(),
            group: "s".into(),
            value,
            ends,
            text: "x".into(),
            is_shown: value > 0.0,
        };
        let forest = Forest {
            rows: vec![row(1.0, (0.5, 1.5)), row(-0.5, (f64::NAN, f64::NAN))],
            x: "difference".into(),
        };
        let text = forest.to_text(30);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "s");
        assert!(lines[1].contains("─●─") && lines[2].contains('○'), "{text}");
        assert_eq!(lines.len(), 3);
        assert!(forest.size().1 > 100);
    }

    #[test]
    fn long_names_are_cut() {
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("abcd", 4), "abcd");
    }
}
