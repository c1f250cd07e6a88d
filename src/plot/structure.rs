//! Traces in space: chains of points, projected onto the plane in which the first one is widest.

use super::axis::{Drawn, text};
use super::colors::SERIES;
use cistron_base::written::cut_middle;
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// A chain of points.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Its name.
    pub name: String,
    /// Its points, Å; the line has a gap at one that is not finite.
    pub points: Vec<[f64; 3]>,
}

/// Chains of points in one space.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Structure {
    /// The chains; the first states the view.
    pub traces: Vec<Trace>,
}

/// A line from a point to the next one, in pixels.
struct Segment {
    trace: usize,
    ends: [(i32, i32); 2],
    /// From 0, farthest, to 1.
    near: f64,
}

/// Height of the legend above and of the scale below, pixels.
const BAR: i32 = 26;

impl Trace {
    /// A chain of points that follow each other in `values`, three numbers each.
    pub fn of(name: &str, values: &[f64]) -> Trace {
        let points = values.chunks_exact(3).map(|p| [p[0], p[1], p[2]]);
        Trace {
            name: name.to_string(),
            points: points.collect(),
        }
    }

    fn finite(&self) -> impl Iterator<Item = &[f64; 3]> {
        self.points.iter().filter(|point| is_finite(point))
    }
}

fn is_finite(point: &[f64; 3]) -> bool {
    point.iter().all(|x| x.is_finite())
}

/// A matrix of three rows.
type Matrix = [[f64; 3]; 3];

/// Axes of a cloud of points by falling variance (Jacobi's rotations), a right-handed system.
fn principal_axes(points: &[[f64; 3]], center: [f64; 3]) -> Matrix {
    let mut variance: Matrix = [[0.0; 3]; 3];
    for point in points {
        for i in 0..3 {
            for j in 0..3 {
                variance[i][j] += (point[i] - center[i]) * (point[j] - center[j]);
            }
        }
    }
    // rows of `axes` are turned until the variance along them is diagonal
    let mut axes: Matrix = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    for _ in 0..30 {
        for (p, q) in [(0, 1), (0, 2), (1, 2)] {
            if variance[p][q].abs() <= f64::MIN_POSITIVE {
                continue;
            }
            let angle = 0.5 * (2.0 * variance[p][q]).atan2(variance[q][q] - variance[p][p]);
            let (sin, cos) = angle.sin_cos();
            for row in &mut variance {
                (row[p], row[q]) = (cos * row[p] - sin * row[q], sin * row[p] + cos * row[q]);
            }
            for own in [&mut variance, &mut axes] {
                let (a, b) = (own[p], own[q]);
                own[p] = std::array::from_fn(|i| cos * a[i] - sin * b[i]);
                own[q] = std::array::from_fn(|i| sin * a[i] + cos * b[i]);
            }
        }
    }
    let mut order = [0, 1, 2];
    order.sort_by(|a, b| variance[*b][*b].total_cmp(&variance[*a][*a]));
    let (x, y) = (axes[order[0]], axes[order[1]]);
    let z = std::array::from_fn(|i| {
        let (j, k) = ((i + 1) % 3, (i + 2) % 3);
        x[j] * y[k] - x[k] * y[j]
    });
    [x, y, z]
}

/// A length of one, two or five times a power of ten, at most so long.
fn round_length(most: f64) -> f64 {
    let power = 10f64.powf(most.log10().floor());
    let fits = [5.0, 2.0, 1.0].map(|factor| factor * power);
    fits.into_iter()
        .find(|length| *length <= most)
        .unwrap_or(power)
}

impl Structure {
    /// The points in the plane of the figure: x and y in it, z towards the reader; centred.
    pub(super) fn turned(&self) -> Vec<Vec<[f64; 3]>> {
        let all: Vec<[f64; 3]> = self
            .traces
            .iter()
            .flat_map(|trace| trace.finite().copied())
            .collect();
        let first: Vec<[f64; 3]> = match self.traces.first() {
            Some(trace) if trace.finite().count() > 2 => trace.finite().copied().collect(),
            _ => all.clone(),
        };
        let mean = |points: &[[f64; 3]]| -> [f64; 3] {
            let n = points.len().max(1) as f64;
            std::array::from_fn(|i| points.iter().map(|point| point[i] / n).sum::<f64>())
        };
        let axes = principal_axes(&first, mean(&first));
        let center = mean(&all);
        let turned = |point: &[f64; 3]| -> [f64; 3] {
            axes.map(|axis| (0..3).map(|i| axis[i] * (point[i] - center[i])).sum())
        };
        let traces = self.traces.iter();
        traces
            .map(|trace| trace.points.iter().map(turned).collect())
            .collect()
    }

    /// As text: the chains with their points and sizes.
    pub(super) fn to_text(&self) -> String {
        let mut out = String::new();
        for trace in &self.traces {
            let points: Vec<&[f64; 3]> = trace.finite().collect();
            let widest = (0..3)
                .map(|i| {
                    let of = points.iter().map(|point| point[i]);
                    of.clone().fold(f64::MIN, f64::max) - of.fold(f64::MAX, f64::min)
                })
                .fold(0.0, f64::max);
            out += &format!("  {}: {} points, {widest:.1} Å\n", trace.name, points.len());
        }
        out
    }

    pub(super) fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn {
        let (width, height) = area.dim_in_pixel();
        let (width, height) = (width as i32, height as i32);
        let turned = self.turned();
        let all = || turned.iter().flatten().filter(|point| is_finite(point));
        let range = |i: usize| {
            let low = all().map(|point| point[i]).fold(f64::INFINITY, f64::min);
            let high = all()
                .map(|point| point[i])
                .fold(f64::NEG_INFINITY, f64::max);
            if low <= high { (low, high) } else { (0.0, 0.0) }
        };
        let (x, y, z) = (range(0), range(1), range(2));
        let room = (f64::from(width - 40), f64::from(height - 2 * BAR - 20));
        let scale = (room.0 / (x.1 - x.0).max(1e-9)).min(room.1 / (y.1 - y.0).max(1e-9));
        let scale = if scale.is_finite() && scale < 1e8 {
            scale
        } else {
            1.0
        };
        let middle = (f64::from(width) / 2.0, f64::from(height) / 2.0);
        let at = |point: &[f64; 3]| {
            (
                (middle.0 + scale * (point[0] - (x.0 + x.1) / 2.0)).round() as i32,
                (middle.1 - scale * (point[1] - (y.0 + y.1) / 2.0)).round() as i32,
            )
        };
        let depth = (z.1 - z.0).max(1e-9);
        let mut segments: Vec<Segment> = Vec::new();
        for (trace, points) in turned.iter().enumerate() {
            for pair in points.windows(2) {
                if is_finite(&pair[0]) && is_finite(&pair[1]) {
                    segments.push(Segment {
                        trace,
                        ends: [at(&pair[0]), at(&pair[1])],
                        near: ((pair[0][2] + pair[1][2]) / 2.0 - z.0) / depth,
                    });
                }
            }
        }
        segments.sort_by(|a, b| a.near.total_cmp(&b.near));
        for segment in &segments {
            let color = SERIES[segment.trace % SERIES.len()];
            // near lines cover far ones, but not the ends of their own neighbours
            let [(ax, ay), (bx, by)] = segment.ends;
            let inner = [
                (ax + (bx - ax) / 5, ay + (by - ay) / 5),
                (bx - (bx - ax) / 5, by - (by - ay) / 5),
            ];
            area.draw(&PathElement::new(inner, WHITE.stroke_width(7)))
                .map_err(text)?;
            let stroke = color
                .mix(0.35 + 0.65 * segment.near)
                .stroke_width(2 + (2.0 * segment.near).round() as u32);
            area.draw(&PathElement::new(segment.ends.to_vec(), stroke))
                .map_err(text)?;
        }
        self.legend(area, width)?;
        scale_bar(area, (width, height), scale)
    }

    fn legend<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>, width: i32) -> Drawn {
        if self.traces.len() < 2 {
            return Ok(());
        }
        let style =
            TextStyle::from(("sans-serif", 13).into_font()).pos(Pos::new(HPos::Left, VPos::Center));
        let mut left = 20;
        for (i, trace) in self.traces.iter().enumerate() {
            let name = cut_middle(&trace.name, 24);
            let line = vec![(left, BAR / 2), (left + 18, BAR / 2)];
            let stroke = SERIES[i % SERIES.len()].stroke_width(4);
            area.draw(&PathElement::new(line, stroke)).map_err(text)?;
            area.draw(&Text::new(
                name.clone(),
                (left + 24, BAR / 2),
                style.clone(),
            ))
            .map_err(text)?;
            left += 48 + 8 * name.chars().count() as i32;
            if left > width - 40 && i + 1 < self.traces.len() {
                let more = format!("and {} more", self.traces.len() - i - 1);
                let right = style.clone().pos(Pos::new(HPos::Right, VPos::Center));
                let at = (width - 8, BAR / 2 + 14);
                return area.draw(&Text::new(more, at, right)).map_err(text);
            }
        }
        Ok(())
    }
}

/// A line of a round length in the lower left corner.
fn scale_bar<DB: DrawingBackend>(
    area: &DrawingArea<DB, Shift>,
    (width, height): (i32, i32),
    scale: f64,
) -> Drawn {
    let length = round_length(f64::from(width) / 5.0 / scale);
    let (left, y) = (20, height - BAR / 2);
    let right = left + (length * scale).round() as i32;
    area.draw(&PathElement::new(
        vec![(left, y), (right, y)],
        BLACK.stroke_width(2),
    ))
    .map_err(text)?;
    let style =
        TextStyle::from(("sans-serif", 12).into_font()).pos(Pos::new(HPos::Left, VPos::Center));
    area.draw(&Text::new(format!("{length} Å"), (right + 6, y), style))
        .map_err(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn helix(n: usize) -> Vec<[f64; 3]> {
        (0..n)
            .map(|i| {
                let angle = i as f64 * 1.745;
                [1.5 * i as f64, 2.3 * angle.cos(), 2.3 * angle.sin()]
            })
            .collect()
    }

    #[test]
    fn the_longest_axis_is_horizontal_and_distances_remain() {
        let turned = Structure {
            traces: vec![Trace {
                name: "helix".into(),
                points: helix(30).iter().map(|p| [p[2], p[0], p[1]]).collect(),
            }],
        }
        .turned();
        let first = &turned[0];
        let span = |i: usize| {
            let of = first.iter().map(|point| point[i]);
            of.clone().fold(f64::MIN, f64::max) - of.fold(f64::MAX, f64::min)
        };
        assert!((span(0) - 43.5).abs() < 1.0 && span(1) < 5.0 && span(2) < 5.0);
        let distance = |a: [f64; 3], b: [f64; 3]| -> f64 {
            (0..3).map(|i| (a[i] - b[i]).powi(2)).sum::<f64>().sqrt()
        };
        let wanted = distance(helix(30)[3], helix(30)[17]);
        assert!((distance(first[3], first[17]) - wanted).abs() < 1e-9);
        // no mirror image
        let volume = |p: &[[f64; 3]]| {
            let edge = |k: usize| -> [f64; 3] { std::array::from_fn(|i| p[k][i] - p[0][i]) };
            let (a, b, c) = (edge(1), edge(2), edge(3));
            (0..3)
                .map(|i| a[i] * (b[(i + 1) % 3] * c[(i + 2) % 3] - b[(i + 2) % 3] * c[(i + 1) % 3]))
                .sum::<f64>()
        };
        assert!((volume(first) - volume(&helix(30))).abs() < 1e-9);
    }

    #[test]
    fn gaps_and_odd_points_are_drawn() {
        let of = |points: Vec<[f64; 3]>| Structure {
            traces: vec![
                Trace {
                    name: "a".into(),
                    points,
                },
                Trace {
                    name: "b & c".into(),
                    points: helix(5),
                },
            ],
        };
        let lines = |own: Structure| {
            let svg = crate::structure("t", own).to_svg().expect("an SVG");
            svg.matches("<polyline").count()
        };
        let whole = lines(of(helix(10)));
        let mut gap = helix(10);
        gap[4] = [f64::NAN; 3];
        // two segments less, each with its surrounding
        assert_eq!(whole - lines(of(gap)), 4);
        for points in [
            vec![],
            vec![[0.0; 3]],
            vec![[1.0; 3]; 4],
            vec![[f64::INFINITY, 0.0, 0.0]; 2],
            vec![[1e300, 0.0, 0.0], [-1e300, 0.0, 0.0]],
        ] {
            lines(of(points));
        }
        assert_eq!(round_length(37.0), 20.0);
        assert_eq!(round_length(0.09), 0.05);
    }
}
