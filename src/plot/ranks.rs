//! Average ranks with a critical difference (Demšar 2006, figure 1).

use super::axis::{Drawn, text};
use super::colors::SERIES;
use cistron_base::written::cut_middle;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Average ranks of models.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranks {
    /// Name and average rank of each; 1 is best.
    pub models: Vec<(String, f64)>,
    /// The difference that is significant; NaN where it is unknown.
    pub critical: f64,
    /// Numbers of models that do not differ.
    pub cliques: Vec<Vec<usize>>,
    /// What is written below.
    pub text: String,
}

/// Height of a label, of a bar, and of what is above the axis.
const LABEL: i32 = 24;
const BAR: i32 = 10;
const ABOVE: i32 = 64;
/// Width of the axis.
const AXIS: i32 = 400;
/// Letters of names, at most, and about the width of one.
const LONGEST: usize = 36;
const LETTER: f64 = 7.6;

impl Ranks {
    fn labels(&self) -> i32 {
        self.models.len().div_ceil(2) as i32
    }

    fn bars(&self) -> i32 {
        self.cliques.len() as i32 * BAR + 12
    }

    /// As text of about some columns.
    pub(super) fn to_text(&self, width: usize) -> String {
        let lengths = self.models.iter().map(|own| own.0.chars().count());
        let names = lengths.max().unwrap_or(0);
        let room = width.saturating_sub(names + 10).clamp(16, 60);
        let most = (self.models.len() as f64 - 1.0).max(1.0);
        let mut order: Vec<usize> = (0..self.models.len()).collect();
        order.sort_by(|a, b| self.models[*a].1.total_cmp(&self.models[*b].1));
        let mut out = String::new();
        for i in order {
            let (name, rank) = &self.models[i];
            let at = ((rank - 1.0) / most * (room - 1) as f64) as usize;
            let groups: String = (self.cliques.iter())
                .map(|clique| if clique.contains(&i) { " ┃" } else { "  " })
                .collect();
            let before = "·".repeat(at.min(room - 1));
            let line = format!("  {name:<names$} {rank:>5.2} {before}●");
            out += &format!("{line:<wide$}{groups}\n", wide = names + room + 10);
        }
        if self.critical.is_finite() {
            out += &format!("  critical difference {:.2}\n", self.critical);
        }
        out
    }

    /// Room for a name and a rank, on both sides.
    fn side(&self) -> i32 {
        let lengths = self.models.iter().map(|own| own.0.chars().count());
        let letters = lengths.max().unwrap_or(0).clamp(12, LONGEST);
        (letters as f64 * LETTER) as i32 + 70
    }

    pub(super) fn size(&self) -> (u32, u32) {
        let height = ABOVE + self.bars() + self.labels() * LABEL + 80;
        ((AXIS + 2 * self.side()) as u32, height as u32)
    }

    pub(super) fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn {
        let (width, _) = area.dim_in_pixel();
        let most = self.models.len().max(2) as f64;
        let (left, right) = (self.side(), width as i32 - self.side());
        let x = |rank: f64| left + ((rank - 1.0) / (most - 1.0) * f64::from(right - left)) as i32;
        let style = |size: i32, h: HPos| {
            TextStyle::from(("sans-serif", size).into_font()).pos(Pos::new(h, VPos::Center))
        };
        let write = |words: String, at: (i32, i32), style: TextStyle| {
            area.draw(&Text::new(words, at, style)).map_err(text)
        };
        let line = |points: &[(i32, i32)], style: ShapeStyle| {
            area.draw(&PathElement::new(points.to_vec(), style))
                .map_err(text)
        };
        let ink = || BLACK.stroke_width(1);
        if self.critical.is_finite() {
            let end = x(1.0 + self.critical).min(width as i32 - 16);
            line(&[(left, 14), (end, 14)], BLACK.stroke_width(2))?;
            line(&[(left, 9), (left, 19)], ink())?;
            line(&[(end, 9), (end, 19)], ink())?;
            let words = format!("critical difference {:.2}", self.critical);
            write(words, (left, 28), style(12, HPos::Left))?;
        }
        line(&[(left, ABOVE), (right, ABOVE)], ink())?;
        let step = (most / 10.0).ceil() as usize;
        for rank in (1..=most as usize).step_by(step.max(1)) {
            let at = x(rank as f64);
            line(&[(at, ABOVE), (at, ABOVE - 6)], ink())?;
            write(rank.to_string(), (at, ABOVE - 14), style(12, HPos::Center))?;
        }
        for (i, clique) in self.cliques.iter().enumerate() {
            let ranks = clique.iter().map(|model| self.models[*model].1);
            let (low, high) = ranks.fold((f64::INFINITY, 0.0f64), |(low, high), rank| {
                (low.min(rank), high.max(rank))
            });
            let y = ABOVE + 12 + i as i32 * BAR;
            line(
                &[(x(low) - 4, y), (x(high) + 4, y)],
                SERIES[1].stroke_width(5),
            )?;
        }
        let mut order: Vec<&(String, f64)> = self.models.iter().collect();
        order.sort_by(|a, b| a.1.total_cmp(&b.1));
        let half = self.labels() as usize;
        for (i, (name, rank)) in order.iter().map(|own| (&own.0, own.1)).enumerate() {
            // the better half is labelled on the left, the best at the top; the other half on the
            // right, the worst at the top
            let is_left = i < half;
            let place = (if is_left { i } else { order.len() - 1 - i }) as i32;
            let y = ABOVE + self.bars() + 14 + place * LABEL;
            let (end, h) = if is_left {
                (left - 8, HPos::Right)
            } else {
                (right + 8, HPos::Left)
            };
            line(&[(x(rank), ABOVE), (x(rank), y), (end, y)], ink())?;
            let name = cut_middle(name, LONGEST);
            let words = match is_left {
                true => format!("{name}  {rank:.2}"),
                false => format!("{rank:.2}  {name}"),
            };
            let gap = if is_left { -4 } else { 4 };
            write(words, (end + gap, y), style(14, h))?;
        }
        let bottom = ABOVE + self.bars() + self.labels() * LABEL + 16;
        let grey = style(12, HPos::Center).color(&RGBColor(80, 80, 80));
        write(self.text.clone(), (width as i32 / 2, bottom), grey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_lists_models_by_rank() {
        let ranks = Ranks {
            models: vec![("b".into(), 2.5), ("a".into(), 1.0), ("c".into(), 2.5)],
            critical: 1.2,
            cliques: vec![vec![0, 2]],
            text: String::new(),
        };
        let text = ranks.to_text(60);
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[0].trim_start().starts_with("a  1.00 ●"), "{text}");
        assert!(lines[1].ends_with('┃') && !lines[0].ends_with('┃'));
        assert!(lines[3].contains("1.20"));
    }
}
