//! Rows over one range of a chromosome: signals, genes and peaks, contributions, on one axis.

use super::axis::{Drawn, range, shortened, text};
use super::colors::{BASES, MESH, SERIES};
use super::logo::{Letters, Scaling};
use super::ticks::Axis;
use super::titles::{self, AXIS, LINE, draw_lines, wrapped};
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
    /// Its exons; none is one interval.
    pub exons: Vec<(i64, i64)>,
    /// The coding part: exons outside of it are drawn lower.
    pub coding: Option<(i64, i64)>,
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
    /// Ranges that are shaded in all rows.
    pub highlights: Vec<(i64, i64)>,
    /// Whether all signals have one scale.
    pub same_scale: bool,
}

/// Pixels left of the rows, for their names and the labels of their axes, and right of them.
const SIDES: (i32, i32) = (144, 18);
/// Pixels for the names of rows.
const NAMES: i32 = 88;
/// The size of the names of features.
const SMALL: u32 = 11;

/// Lines that keep spans apart: the line of each.
fn lines(spans: &[(f64, f64)]) -> Vec<usize> {
    let mut ends: Vec<f64> = Vec::new();
    let mut order: Vec<usize> = (0..spans.len()).collect();
    order.sort_by(|a, b| spans[*a].0.total_cmp(&spans[*b].0));
    let mut out = vec![0; spans.len()];
    for i in order {
        let (start, end) = spans[i];
        let free = ends.iter().position(|last| *last <= start);
        let line = free.unwrap_or(ends.len());
        if line == ends.len() {
            ends.push(0.0);
        }
        ends[line] = end;
        out[i] = line;
    }
    out
}

/// A feature as it is placed: its ends within the range, its label and the ends of that.
struct Placed<'a> {
    feature: &'a Feature,
    ends: (f64, f64),
    label: String,
    label_ends: (f64, f64),
    line: usize,
}

impl Row {
    fn name(&self) -> &str {
        match self {
            Row::Signal { name, .. }
            | Row::Features { name, .. }
            | Row::Contributions { name, .. } => name,
        }
    }
}

impl Tracks {
    /// The features within the range of a figure of some width, on lines on which neither they nor
    /// their names overlap.
    fn placed<'a>(&self, features: &'a [Feature], width: u32) -> Vec<Placed<'a>> {
        let (x0, x1) = (self.start as f64, self.end as f64);
        let room = (width as i32 - SIDES.0 - SIDES.1).max(40);
        let pixel = (x1 - x0) / f64::from(room);
        let mut out: Vec<Placed> = features
            .iter()
            .filter(|feature| feature.start < self.end && feature.end > self.start)
            .map(|feature| {
                let ends = ((feature.start as f64).max(x0), (feature.end as f64).min(x1));
                let arrow = match feature.strand {
                    '+' => " >",
                    '-' => " <",
                    _ => "",
                };
                let label = shortened(&feature.name, room - 20) + arrow;
                let long = match label.trim().is_empty() {
                    true => 0.0,
                    false => titles::width(&label, SMALL) * pixel,
                };
                // what has no room at the right end begins further left
                let from = ends.0.min(x1 - long).max(x0);
                Placed {
                    feature,
                    ends,
                    label,
                    label_ends: (from, from + long),
                    line: 0,
                }
            })
            .collect();
        let spans: Vec<(f64, f64)> = out
            .iter()
            .map(|own| {
                let end = own.ends.1.max(own.label_ends.1);
                (own.ends.0.min(own.label_ends.0), end + 4.0 * pixel)
            })
            .collect();
        let lines = lines(&spans);
        out.iter_mut()
            .zip(lines)
            .for_each(|(own, line)| own.line = line);
        out
    }

    /// The height of a row in a figure of some width, pixels.
    fn row_height(&self, row: &Row, width: u32) -> u32 {
        match row {
            Row::Features { features, .. } => {
                let lines = self.placed(features, width).into_iter();
                16 + 24 * (lines.map(|own| own.line).max().unwrap_or(0) as u32 + 1)
            }
            _ => 96,
        }
    }

    /// The heights of the rows in a figure of some width, pixels.
    pub(super) fn heights(&self, width: u32) -> Vec<u32> {
        let rows = self.rows.iter();
        rows.map(|row| self.row_height(row, width)).collect()
    }

    /// The ends of the scale of a signal.
    fn scale(&self, values: &[f64]) -> (f64, f64) {
        let all = self.rows.iter().filter_map(|row| match row {
            Row::Signal { values, .. } if self.same_scale => Some(values.as_slice()),
            _ => None,
        });
        let numbers = all.chain([values]).flatten().copied();
        range(numbers.chain([0.0]), 0.04)
    }

    pub(super) fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn {
        let mut rest = area.clone();
        let heights = self.heights(area.dim_in_pixel().0);
        for (i, (row, height)) in self.rows.iter().zip(heights).enumerate() {
            let last = i + 1 == self.rows.len();
            let (above, below) = if last {
                (rest.clone(), rest.clone())
            } else {
                rest.split_vertically(height)
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
        let (width, height) = area.dim_in_pixel();
        let placed = match row {
            Row::Features { features, .. } => self.placed(features, width),
            _ => Vec::new(),
        };
        let depth = placed.iter().map(|own| own.line + 1).max().unwrap_or(1) as f64;
        let (low, high) = match row {
            Row::Signal { values, .. } => self.scale(values),
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
        let titles = wrapped(&self.x, width as i32 - SIDES.0 - SIDES.1, AXIS - 1);
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
            let middle = (SIDES.0 + width as i32 - SIDES.1) / 2;
            let place = (middle, height as i32 - 4 - LINE * others.len() as i32);
            draw_lines(area, others, place, &style)?;
        }
        let named =
            TextStyle::from(("sans-serif", 13).into_font()).pos(Pos::new(HPos::Left, VPos::Center));
        let room = (height as i32 - below - 8).max(LINE);
        let mut names = wrapped(row.name(), NAMES, 13);
        if names.len() as i32 * LINE > room {
            names = vec![shortened(row.name(), NAMES)];
        }
        if !up.offset.is_empty() && !plain {
            names.push(up.offset.clone());
        }
        let first = (height as i32 - below) / 2 - (names.len() as i32 - 1) * LINE / 2;
        draw_lines(area, &names, (4, first), &named)?;
        for (from, to) in &self.highlights {
            let (from, to) = ((*from as f64).max(x0), (*to as f64).min(x1));
            if from < to {
                let shade = RGBColor(255, 200, 60).mix(0.28).filled();
                on.draw_series([Rectangle::new([(from, low), (to, high)], shade)])
                    .map_err(text)?;
            }
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
            Row::Features { .. } => {
                let pixel = (x1 - x0) / f64::from((width as i32 - SIDES.0 - SIDES.1).max(40));
                for own in &placed {
                    for (shape, style) in own.shapes(pixel) {
                        on.draw_series([Polygon::new(shape, style)]).map_err(text)?;
                    }
                    let style = TextStyle::from(("sans-serif", SMALL).into_font())
                        .pos(Pos::new(HPos::Left, VPos::Top));
                    let place = (own.label_ends.0, -(own.line as f64) - 0.5);
                    on.draw_series([Text::new(own.label.clone(), place, style)])
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

impl Placed<'_> {
    /// What is drawn of it; `pixel` is the width of one in bases.
    fn shapes(&self, pixel: f64) -> Vec<(Vec<(f64, f64)>, ShapeStyle)> {
        let (from, to) = self.ends;
        // opaque, since parts overlap
        let RGBColor(r, g, b) = SERIES[if self.feature.strand == '-' { 1 } else { 2 }];
        let [r, g, b] = [r, g, b].map(|v| (f64::from(v) * 0.85 + 255.0 * 0.15) as u8);
        let color = RGBColor(r, g, b);
        let top = -(self.line as f64) - 0.08;
        let middle = top - 0.19;
        let rectangle = |(a, b): (f64, f64), half: f64| {
            let (low, high) = (middle - half, middle + half);
            vec![(a, low), (a, high), (b, high), (b, low)]
        };
        if self.feature.exons.is_empty() {
            return vec![(rectangle((from, to), 0.19), color.filled())];
        }
        // introns: a line with arrows along the strand
        let mut out = vec![(rectangle((from, to), 0.04), color.filled())];
        let forward = match self.feature.strand {
            '+' => 1.0,
            '-' => -1.0,
            _ => 0.0,
        };
        let count = ((to - from) / (28.0 * pixel)).floor() as usize;
        for i in 0..count.min(200) {
            let at = from + (i as f64 + 0.5) * (to - from) / count as f64;
            let back = at - 4.0 * pixel * forward;
            if forward != 0.0 {
                let head = vec![(back, middle - 0.1), (at, middle), (back, middle + 0.1)];
                out.push((head, color.filled()));
            }
        }
        let clipped = |(a, b): (i64, i64)| ((a as f64).max(from), (b as f64).min(to));
        for exon in &self.feature.exons {
            let (a, b) = clipped(*exon);
            // an exon narrower than a pixel stays visible
            let b = b.max(a + pixel);
            if a >= to || clipped(*exon).1 <= from {
                continue;
            }
            let coding = self.feature.coding.map_or((a, b), clipped);
            out.push((rectangle((a, b), 0.1), color.filled()));
            let (a, b) = (a.max(coding.0), b.min(coding.1));
            if a < b {
                out.push((rectangle((a, b), 0.19), color.filled()));
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(start: i64, end: i64, name: &str) -> Feature {
        Feature {
            start,
            end,
            strand: '+',
            name: name.into(),
            exons: Vec::new(),
            coding: None,
        }
    }

    fn tracks(features: Vec<Feature>) -> Tracks {
        Tracks {
            x: "chrI".into(),
            start: 0,
            end: 1000,
            rows: vec![Row::Features {
                name: "genes".into(),
                features,
            }],
            highlights: vec![(100, 200), (900, 5000)],
            same_scale: false,
        }
    }

    #[test]
    fn spans_that_overlap_have_lines_of_their_own() {
        let spans = [(0.0, 10.0), (5.0, 20.0), (12.0, 15.0), (30.0, 40.0)];
        assert_eq!(lines(&spans), [0, 1, 0, 0]);
    }

    #[test]
    fn names_do_not_reach_into_other_features() {
        crate::letters::register_font();
        let names = [
            "a-gene-with-a-long-name",
            "b",
            "c",
            "at the right end",
            "outside",
        ];
        let starts = [10, 40, 400, 990, 2000];
        let all = starts.iter().zip(names);
        let own = tracks(
            all.map(|(start, name)| of(*start, start + 10, name))
                .collect(),
        );
        let Row::Features { features, .. } = &own.rows[0] else {
            panic!("features")
        };
        for width in [300, 600, 1000] {
            let placed = own.placed(features, width);
            assert_eq!(placed.len(), 4, "one is outside of the range");
            assert!(placed[0].line != placed[1].line, "width {width}");
            let last = &placed[3];
            assert!(last.label_ends.1 <= 1000.5 && last.label_ends.0 < 990.0);
            assert_eq!(
                own.heights(width)[0],
                16 + 24 * (1 + placed.iter().map(|p| p.line).max().unwrap_or(0) as u32)
            );
        }
    }

    #[test]
    fn exons_are_boxes_on_a_line_and_coding_ones_are_higher() {
        let mut gene = of(100, 900, "gene");
        gene.exons = vec![(100, 200), (500, 600), (880, 900), (5000, 6000)];
        gene.coding = Some((150, 550));
        let own = tracks(vec![gene]);
        let Row::Features { features, .. } = &own.rows[0] else {
            panic!("features")
        };
        let shapes = own.placed(features, 1000)[0].shapes(1.0);
        let heights = shapes.iter().map(|(shape, _)| {
            let ys = || shape.iter().map(|p| p.1);
            ys().fold(f64::MIN, f64::max) - ys().fold(f64::MAX, f64::min)
        });
        let heights: Vec<f64> = heights.collect();
        let count = |wanted: f64| {
            heights
                .iter()
                .filter(|h| (**h - wanted).abs() < 1e-9)
                .count()
        };
        // 28 arrows and 3 exons of .2; 2 coding parts of .38
        assert_eq!((count(0.2), count(0.38), count(0.08)), (28 + 3, 2, 1));
    }

    #[test]
    fn signals_share_a_scale_where_asked() {
        let signal = |name: &str, values: &[f64]| Row::Signal {
            name: name.into(),
            values: values.to_vec(),
        };
        let mut own = tracks(Vec::new());
        own.rows = vec![signal("a", &[1.0, 2.0]), signal("b", &[10.0, 0.0])];
        assert!(own.scale(&[1.0, 2.0]).1 < 3.0);
        own.same_scale = true;
        assert!(own.scale(&[1.0, 2.0]).1 > 10.0);
        assert_eq!(own.scale(&[1.0, 2.0]), own.scale(&[10.0, 0.0]));
    }
}
