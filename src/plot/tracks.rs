//! Rows over one range of a chromosome: signals, genes and peaks, contributions, on one axis.

use super::axis::{Drawn, range, text};
use super::colors::{BASES, MESH, SERIES};
use super::logo::{Letters, Scaling};
use super::ticks::Axis;
use super::titles::{AXIS, LINE, draw_lines, wrapped};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// A gene, a peak, a motif.
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    /// First base.
    pub start: i64,
    /// One past the last base.
    pub end: i64,
    /// `+`, `-` or `.`.
    pub strand: char,
    /// Its name.
    pub name: String,
}

/// A row.
#[derive(Clone, Debug, PartialEq)]
pub enum Row {
    /// A number for each base, or for each of equal steps over the range.
    Signal {
        /// Its name.
        name: String,
        /// The numbers.
        values: Vec<f64>,
    },
    /// Intervals, those that overlap below each other.
    Features {
        /// Its name.
        name: String,
        /// The intervals.
        features: Vec<Feature>,
    },
    /// Contributions of each base, as letters where there is room.
    Contributions {
        /// Its name.
        name: String,
        /// Heights of A, C, G, T.
        heights: Vec<[f64; 4]>,
    },
}

/// The rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Tracks {
    /// The chromosome, or what else the axis counts on.
    pub x: String,
    /// First base.
    pub start: i64,
    /// One past the last base.
    pub end: i64,
    /// The rows, from above.
    pub rows: Vec<Row>,
}

/// Lines that keep features apart: the line of each feature.
fn lines(features: &[Feature], space: i64) -> Vec<usize> {
    let mut ends: Vec<i64> = Vec::new();
    let mut order: Vec<usize> = (0..features.len()).collect();
    order.sort_by_key(|i| features[*i].start);
    let mut out = vec![0; features.len()];
    for i in order {
        let free = ends
            .iter()
            .position(|end| *end + space <= features[i].start);
        let line = free.unwrap_or(ends.len());
        if line == ends.len() {
            ends.push(0);
        }
        ends[line] = features[i].end;
        out[i] = line;
    }
    out
}

impl Row {
    fn name(&self) -> &str {
        match self {
            Row::Signal { name, .. }
            | Row::Features { name, .. }
            | Row::Contributions { name, .. } => name,
        }
    }

    /// Its height, pixels.
    pub(super) fn height(&self) -> u32 {
        match self {
            Row::Features { features, .. } => {
                16 + 24 * (lines(features, 0).into_iter().max().unwrap_or(0) as u32 + 1)
            }
            _ => 96,
        }
    }
}

impl Tracks {
    pub(super) fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn {
        let mut rest = area.clone();
        for (i, row) in self.rows.iter().enumerate() {
            let last = i + 1 == self.rows.len();
            let (above, below) = if last {
                (rest.clone(), rest.clone())
            } else {
                rest.split_vertically(row.height())
            };
            self.row(row, &above, last)?;
            rest = below;
        }
        Ok(())
    }

    fn row<DB: DrawingBackend>(
        &self,
        row: &Row,
        area: &DrawingArea<DB, Shift>,
        last: bool,
    ) -> Drawn {
        let (x0, x1) = (self.start as f64, self.end as f64);
        let levels = if let Row::Features { features, .. } = row {
            lines(features, (self.end - self.start) / 50)
        } else {
            Vec::new()
        };
        let depth = levels.iter().max().map_or(1.0, |n| *n as f64 + 1.0);
        let (low, high) = match row {
            Row::Signal { values, .. } => range(values.iter().copied().chain([0.0]), 0.04),
            Row::Features { .. } => (-depth, 0.0),
            Row::Contributions { heights, .. } => range(
                heights.iter().flat_map(|r| {
                    [
                        r.iter().copied().fold(0.0, f64::max),
                        r.iter().copied().fold(0.0, f64::min),
                    ]
                }),
                0.06,
            ),
        };
        let (width, height) = area.dim_in_pixel();
        let titles = wrapped(&self.x, width as i32 - 140 - 4 - 18, AXIS - 1);
        let (x_title, others) = titles
            .split_last()
            .map_or(("", &[][..]), |(last, others)| (last.as_str(), others));
        let below = match last {
            true => 38 + others.len() as i32 * LINE,
            false => 0,
        };
        let plain = matches!(row, Row::Features { .. });
        let up = Axis::brief((low, high), if plain { 0 } else { 3 });
        let mut built = ChartBuilder::on(area);
        let mut on = built
            .margin(4)
            .margin_right(18)
            .x_label_area_size(below)
            .y_label_area_size(140)
            .build_cartesian_2d(x0..x1, up.clone())
            .map_err(text)?;
        let label = |v: &f64| up.label(*v);
        let mut mesh = on.configure_mesh();
        mesh.light_line_style(TRANSPARENT)
            .bold_line_style(MESH)
            .disable_y_mesh()
            .label_style(("sans-serif", 12))
            .axis_desc_style(("sans-serif", 13))
            .x_labels(8)
            .y_labels(if plain { 0 } else { 3 })
            .y_label_formatter(&label)
            .x_label_formatter(&|v| cistron_base::shape::grouped(v.round() as i64));
        if last {
            mesh.x_desc(x_title);
        }
        mesh.draw().map_err(text)?;
        if last {
            let style = TextStyle::from(("sans-serif", AXIS - 1).into_font())
                .pos(Pos::new(HPos::Center, VPos::Bottom));
            let middle = (144 + width as i32 - 18) / 2;
            let place = (middle, height as i32 - 4 - LINE * others.len() as i32);
            draw_lines(area, others, place, &style)?;
        }
        let named =
            TextStyle::from(("sans-serif", 13).into_font()).pos(Pos::new(HPos::Left, VPos::Center));
        let name: String = row.name().chars().take(16).collect();
        area.draw(&Text::new(
            name,
            (4, (height as i32 - below) / 2),
            named.clone(),
        ))
        .map_err(text)?;
        if !up.offset.is_empty() && !plain {
            let place = (4, (height as i32 - below) / 2 + LINE);
            area.draw(&Text::new(up.offset.clone(), place, named))
                .map_err(text)?;
        }
        match row {
            Row::Signal { values, .. } => {
                let step = (x1 - x0) / values.len().max(1) as f64;
                let corners = values.iter().enumerate().flat_map(|(i, v)| {
                    [(x0 + step * i as f64, *v), (x0 + step * (i + 1) as f64, *v)]
                });
                let clean = corners.map(|(x, v)| (x, if v.is_finite() { v } else { 0.0 }));
                let outline: Vec<(f64, f64)> = std::iter::once((x0, 0.0))
                    .chain(clean)
                    .chain([(x1, 0.0)])
                    .collect();
                on.draw_series([Polygon::new(outline, SERIES[0].mix(0.75).filled())])
                    .map_err(text)?;
            }
            Row::Features { features, .. } => {
                for (feature, level) in features.iter().zip(levels) {
                    let (from, to) = ((feature.start as f64).max(x0), (feature.end as f64).min(x1));
                    if from >= to {
                        continue;
                    }
                    let color = SERIES[if feature.strand == '-' { 1 } else { 2 }];
                    let (top, bottom) = (-(level as f64) - 0.08, -(level as f64) - 0.46);
                    on.draw_series([Rectangle::new(
                        [(from, bottom), (to, top)],
                        color.mix(0.85).filled(),
                    )])
                    .map_err(text)?;
                    let arrow = match feature.strand {
                        '+' => " >",
                        '-' => " <",
                        _ => "",
                    };
                    let style = TextStyle::from(("sans-serif", 11).into_font())
                        .pos(Pos::new(HPos::Left, VPos::Top));
                    on.draw_series([Text::new(
                        format!("{}{arrow}", feature.name),
                        (from, bottom - 0.02),
                        style,
                    )])
                    .map_err(text)?;
                }
            }
            Row::Contributions { heights, .. } => {
                let zero = [(x0, 0.0), (x1, 0.0)];
                on.draw_series([PathElement::new(zero, RGBColor(120, 120, 120))])
                    .map_err(text)?;
                if heights.len() <= 160 {
                    let logo = Letters {
                        name: String::new(),
                        heights: heights.clone(),
                        scaling: Scaling::Contribution,
                        first: 0,
                        ends: None,
                        room: 1,
                    };
                    for (base, filled, polygon) in logo.polygons(x0 + 0.5, (high - low) / 500.0) {
                        let color = if filled { BASES[base] } else { WHITE };
                        on.draw_series([Polygon::new(polygon, color.filled())])
                            .map_err(text)?;
                    }
                } else {
                    for (i, row) in heights.iter().enumerate() {
                        let at = x0 + i as f64;
                        let bars = (0..4).filter(|b| row[*b] != 0.0 && row[*b].is_finite());
                        on.draw_series(bars.map(|b| {
                            Rectangle::new([(at, 0.0), (at + 1.0, row[b])], BASES[b].filled())
                        }))
                        .map_err(text)?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn features_that_overlap_stand_on_lines_of_their_own() {
        let of = |start, end| Feature {
            start,
            end,
            strand: '.',
            name: String::new(),
        };
        assert_eq!(
            lines(&[of(0, 10), of(5, 20), of(12, 15), of(30, 40)], 0),
            [0, 1, 0, 0]
        );
    }
}
