//! A module of genes: its regulators as bars above the expression of its genes.

use super::axis::{Drawn, short, text};
use super::colors::{SERIES, diverging};
use cistron_base::written::cut_middle;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Samples are columns, genes are rows; both in the order in which they are drawn.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModuleMap {
    /// Names of the genes.
    pub genes: Vec<String>,
    /// Standardised expression of the genes, row by row.
    pub values: Vec<Vec<f64>>,
    /// Regulators in the order of their splits: name, and standardised expression.
    pub regulators: Vec<(String, Vec<f64>)>,
    /// Labels of the samples, such as conditions; none where there are none.
    pub labels: Vec<String>,
    /// Columns at which another leaf of the tree starts.
    pub cuts: Vec<usize>,
    /// Merges of the genes: the middles of both clusters (in rows) with their heights, and the
    /// height of the merge; heights from 0 to 1.
    pub merges: Vec<[(f64, f64); 3]>,
}

/// Height of a regulator and of a gene, and width of the dendrogram, in pixels.
const BAR: i32 = 16;
const ROW: i32 = 14;
const TREE: i32 = 90;
/// Largest height of the genes, and width of all samples.
const MOST: i32 = 760;
const WIDTH: i32 = 640;
/// z-score of the last colour.
const LIMIT: f64 = 3.0;

impl ModuleMap {
    fn names_width(&self) -> i32 {
        let names = self
            .genes
            .iter()
            .chain(self.regulators.iter().map(|own| &own.0));
        let longest = names.map(|name| name.chars().count()).max().unwrap_or(4);
        8 * longest.clamp(4, 20) as i32 + 12
    }

    fn bars(&self) -> i32 {
        (self.regulators.len() as i32 + i32::from(!self.labels.is_empty())) * (BAR + 3) + 8
    }

    fn body(&self) -> i32 {
        (self.genes.len() as i32 * ROW).clamp(40, MOST)
    }

    /// Distinct labels in the order of the samples.
    fn kinds(&self) -> Vec<&String> {
        let mut kinds: Vec<&String> = Vec::new();
        for label in &self.labels {
            if !kinds.contains(&label) {
                kinds.push(label);
            }
        }
        kinds
    }

    /// Width and height, pixels.
    pub fn size(&self) -> (u32, u32) {
        let legend = if self.labels.is_empty() { 0 } else { 26 };
        (
            (TREE + WIDTH + self.names_width() + 84) as u32,
            (56 + self.bars() + self.body() + 34 + legend) as u32,
        )
    }

    /// As text: the leaves of the tree and the mean of each gene and regulator in them.
    pub(super) fn to_text(&self) -> String {
        let samples = self.values.first().map_or(0, Vec::len);
        let bounds: Vec<usize> = [&[0], &self.cuts[..], &[samples]].concat();
        let means = |row: &[f64]| {
            let mean = |pair: &[usize]| {
                let part = row.get(pair[0]..pair[1]).unwrap_or_default();
                part.iter().sum::<f64>() / part.len().max(1) as f64
            };
            bounds
                .windows(2)
                .map(mean)
                .map(|m| format!("{m:>7.2}"))
                .collect::<String>()
        };
        let sizes = bounds
            .windows(2)
            .map(|pair| format!("{:>7}", pair[1] - pair[0]));
        let mut out = format!("  {:<20}{}\n", "samples in leaf", sizes.collect::<String>());
        for (name, row) in &self.regulators {
            out += &format!("  {:<20}{}\n", format!("{name} (regulator)"), means(row));
        }
        for (name, row) in self.genes.iter().zip(&self.values) {
            out += &format!("  {name:<20}{}\n", means(row));
        }
        out
    }

    pub(super) fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn {
        let samples = self.values.first().map_or(1, Vec::len).max(1);
        let (left, right) = (TREE + 8, TREE + 8 + WIDTH);
        let x = |column: usize| {
            left + (f64::from(WIDTH) * column as f64 / samples as f64).round() as i32
        };
        let style = |size: i32, h: HPos| {
            TextStyle::from(("sans-serif", size).into_font()).pos(Pos::new(h, VPos::Center))
        };
        let write = |words: String, at: (i32, i32), style: TextStyle| {
            area.draw(&Text::new(words, at, style)).map_err(text)
        };
        let color = |z: f64| diverging(0.5 + 0.5 * (z / LIMIT).clamp(-1.0, 1.0));
        let cells = |row: &[f64], top: i32, bottom: i32| {
            row.iter().enumerate().try_for_each(|(column, z)| {
                let place = [(x(column), top), (x(column + 1), bottom)];
                area.draw(&Rectangle::new(place, color(*z).filled()))
                    .map_err(text)
            })
        };
        let mut top = 10;
        let kinds = self.kinds();
        if !self.labels.is_empty() {
            for (column, label) in self.labels.iter().enumerate() {
                let kind = kinds.iter().position(|own| *own == label).unwrap_or(0);
                let place = [(x(column), top), (x(column + 1), top + BAR)];
                let color = SERIES[kind % SERIES.len()];
                area.draw(&Rectangle::new(place, color.filled()))
                    .map_err(text)?;
            }
            write(
                "condition".into(),
                (right + 8, top + BAR / 2),
                style(13, HPos::Left),
            )?;
            top += BAR + 3;
        }
        for (name, row) in &self.regulators {
            cells(row, top, top + BAR)?;
            write(
                name.clone(),
                (right + 8, top + BAR / 2),
                style(13, HPos::Left),
            )?;
            top += BAR + 3;
        }
        top += 8;
        let (rows, height) = (self.genes.len().max(1), self.body());
        let y = |row: f64| top + (f64::from(height) * row / rows as f64).round() as i32;
        for (row, values) in self.values.iter().enumerate() {
            cells(values, y(row as f64), y(row as f64 + 1.0))?;
        }
        for cut in &self.cuts {
            let line = [(x(*cut), 6), (x(*cut), top + height)];
            area.draw(&PathElement::new(line, BLACK.stroke_width(2)))
                .map_err(text)?;
        }
        let every = (rows * 13).div_ceil(height as usize).max(1);
        for (row, name) in self.genes.iter().enumerate().step_by(every) {
            let at = (right + 8, y(row as f64 + 0.5));
            write(cut_middle(name, 20), at, style(12, HPos::Left))?;
        }
        let depth = |share: f64| TREE - (share.clamp(0.0, 1.0) * f64::from(TREE - 14)) as i32;
        for [(a, low), (b, other), (_, merged)] in &self.merges {
            let points = [
                (depth(*low), y(a + 0.5)),
                (depth(*merged), y(a + 0.5)),
                (depth(*merged), y(b + 0.5)),
                (depth(*other), y(b + 0.5)),
            ];
            let ink = RGBColor(60, 60, 60).stroke_width(1);
            area.draw(&PathElement::new(points.to_vec(), ink))
                .map_err(text)?;
        }
        let below = top + height;
        let words = format!(
            "{samples} samples by leaf of the tree, {} genes",
            self.genes.len()
        );
        write(
            words,
            ((left + right) / 2, below + 14),
            style(13, HPos::Center),
        )?;
        let mut at = left;
        if !self.labels.is_empty() {
            for (kind, name) in kinds.iter().enumerate().take(12) {
                let color = SERIES[kind % SERIES.len()];
                let box_ = [(at, below + 28), (at + 12, below + 40)];
                area.draw(&Rectangle::new(box_, color.filled()))
                    .map_err(text)?;
                let name = cut_middle(name, 18);
                let width = 8 * name.chars().count() as i32 + 30;
                write(name, (at + 17, below + 34), style(12, HPos::Left))?;
                at += width;
            }
        }
        self.key(area, right + self.names_width() + 6, (top, below))
    }

    /// The meaning of the colours.
    fn key<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        from: i32,
        (top, bottom): (i32, i32),
    ) -> Drawn {
        let bottom = bottom.min(top + 240);
        let at = |i: i32| bottom - (bottom - top) * i / 48;
        for i in 0..48 {
            let color = diverging((f64::from(i) + 0.5) / 48.0);
            area.draw(&Rectangle::new(
                [(from, at(i + 1)), (from + 12, at(i))],
                color.filled(),
            ))
            .map_err(text)?;
        }
        for share in [0.0, 0.5, 1.0] {
            let style = TextStyle::from(("sans-serif", 12).into_font())
                .pos(Pos::new(HPos::Left, VPos::Center));
            let place = (from + 16, bottom - (f64::from(bottom - top) * share) as i32);
            area.draw(&Text::new(short(LIMIT * (2.0 * share - 1.0)), place, style))
                .map_err(text)?;
        }
        let turned = TextStyle::from(
            ("sans-serif", 13)
                .into_font()
                .transform(FontTransform::Rotate270),
        )
        .pos(Pos::new(HPos::Center, VPos::Center));
        area.draw(&Text::new(
            "z-score",
            (from + 46, (top + bottom) / 2),
            turned,
        ))
        .map_err(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_the_mean_of_each_leaf() {
        let map = ModuleMap {
            genes: vec!["a".into()],
            values: vec![vec![-1.0, -1.0, 2.0]],
            regulators: vec![("TF".into(), vec![0.0, 1.0, 2.0])],
            cuts: vec![2],
            ..ModuleMap::default()
        };
        let text = map.to_text();
        assert!(
            text.contains("TF (regulator)         0.50   2.00"),
            "{text}"
        );
        assert!(text.contains("-1.00   2.00"), "{text}");
    }
}
