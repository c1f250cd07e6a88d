//! Points with contours of their density, and a box plot of each coordinate along its axis.

use super::axis::{Drawn, range, text};
use super::boxes::quantile;
use super::colors::{MESH, SERIES};
use super::density::Kernels;
use super::frame::Frame;
use super::ticks::Axis;
use plotters::coord::ranged1d::Ranged;
use plotters::coord::{Shift, cartesian::Cartesian2d};
use plotters::prelude::*;

/// Height of the box plot of a coordinate, pixels.
const MARGIN: i32 = 64;
/// Pixels of the labels and of the title below the axes.
const BELOW: i32 = 38;

/// Two quantities of the same objects.
#[derive(Clone, Debug, PartialEq)]
pub struct Joint {
    /// Title of the horizontal axis.
    pub x: String,
    /// Title of the vertical axis.
    pub y: String,
    /// The points.
    pub points: Vec<(f64, f64)>,
    /// Number of contours.
    pub contours: usize,
}

/// What a box plot shows, as multiples of its axis.
struct Summary {
    quartiles: [f64; 3],
    whiskers: (f64, f64),
    outside: Vec<f64>,
}

impl Summary {
    fn of(values: impl Iterator<Item = f64>) -> Option<Summary> {
        let mut sorted: Vec<f64> = values.collect();
        sorted.sort_by(f64::total_cmp);
        if sorted.is_empty() {
            return None;
        }
        let quartiles = [0.25, 0.5, 0.75].map(|share| quantile(&sorted, share));
        let reach = 1.5 * (quartiles[2] - quartiles[0]);
        let is_inside = |v: &f64| (quartiles[0] - reach..=quartiles[2] + reach).contains(v);
        let inside: Vec<f64> = sorted.iter().copied().filter(is_inside).collect();
        let ends = (inside.first(), inside.last());
        Some(Summary {
            whiskers: (
                ends.0.copied().unwrap_or(quartiles[0]),
                ends.1.copied().unwrap_or(quartiles[2]),
            ),
            outside: sorted.into_iter().filter(|v| !is_inside(v)).collect(),
            quartiles,
        })
    }
}

impl Joint {
    /// Points whose coordinates are numbers.
    fn finite(&self) -> Vec<(f64, f64)> {
        let points = self.points.iter().copied();
        points
            .filter(|p| p.0.is_finite() && p.1.is_finite())
            .collect()
    }

    pub(super) fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn {
        let points = self.finite();
        let x = range(points.iter().map(|p| p.0), 0.08);
        let y = range(points.iter().map(|p| p.1), 0.08);
        let (width, _) = area.dim_in_pixel();
        let (top, rest) = area.split_vertically(MARGIN);
        let (top, _) = top.split_horizontally(width as i32 - MARGIN);
        let (main, side) = rest.split_horizontally(width as i32 - MARGIN);
        let (across, up) = (Axis::brief(x, 6), Axis::brief(y, 6));
        let titles = (self.x.as_str(), self.y.as_str());
        let frame = Frame::new(main.dim_in_pixel(), titles, Some(&across), &up, BELOW);
        let frame = frame.within(0, 0);
        self.draw_points(&main, &points, (&across, &up), &frame)?;
        let (left, above) = frame.left_and_above();
        let mut over = ChartBuilder::on(&top);
        let mut over = over
            .margin_left(10)
            .y_label_area_size(left)
            .build_cartesian_2d(across.clone(), Axis::brief((0.0, 1.0), 1))
            .map_err(text)?;
        draw_box(&mut over, points.iter().map(|p| p.0), |at, across| {
            (at, across)
        })?;
        let mut beside = ChartBuilder::on(&side);
        let mut beside = beside
            .margin_top(above)
            .margin_bottom(10)
            .x_label_area_size(frame.below())
            .build_cartesian_2d(Axis::brief((0.0, 1.0), 1), up.clone())
            .map_err(text)?;
        draw_box(&mut beside, points.iter().map(|p| p.1), |at, across| {
            (across, at)
        })
    }

    fn draw_points<DB: DrawingBackend>(
        &self,
        area: &DrawingArea<DB, Shift>,
        points: &[(f64, f64)],
        (across, up): (&Axis, &Axis),
        frame: &Frame,
    ) -> Drawn {
        let (x, y) = (across.span(), up.span());
        let mut on = frame
            .builder(area)
            .build_cartesian_2d(across.clone(), up.clone())
            .map_err(text)?;
        let titles = frame.titles();
        on.configure_mesh()
            .x_desc(titles.0)
            .y_desc(titles.1)
            .light_line_style(TRANSPARENT)
            .bold_line_style(MESH)
            .label_style(("sans-serif", 13))
            .axis_desc_style(("sans-serif", 14))
            .x_labels(6)
            .y_labels(6)
            .x_label_formatter(&|v| across.label(*v))
            .y_label_formatter(&|v| up.label(*v))
            .draw()
            .map_err(text)?;
        frame.draw(area)?;
        if let Some(kernels) = Kernels::new(points) {
            let density = kernels.grid(x, y);
            let n = self.contours as f64;
            for i in 0..self.contours {
                // from the outermost: shares .9, .7, … of the mass for five
                let share = 1.0 - (i as f64 + 0.5) / n;
                let ink = SERIES[0].mix(0.25 + 0.6 * (i as f64 + 1.0) / n);
                let pieces = density.contour(density.level(share)).into_iter();
                on.draw_series(pieces.map(|piece| PathElement::new(piece, ink.stroke_width(1))))
                    .map_err(text)?;
            }
        }
        let dots = points.iter();
        on.draw_series(dots.map(|p| Circle::new(*p, 3, SERIES[1].mix(0.75).filled())))
            .map_err(text)?;
        Ok(())
    }
}

/// Draws a box plot; `place` is the point at a value and at a fraction across the box.
fn draw_box<DB: DrawingBackend, R: Ranged<ValueType = f64>>(
    on: &mut ChartContext<DB, Cartesian2d<R, R>>,
    values: impl Iterator<Item = f64>,
    place: impl Fn(f64, f64) -> (f64, f64),
) -> Drawn {
    let Some(own) = Summary::of(values) else {
        return Ok(());
    };
    let (low, high) = (0.3, 0.7);
    let [first, median, third] = own.quartiles;
    let corners = [place(first, low), place(third, high)];
    let lines = [
        [place(own.whiskers.0, 0.5), place(first, 0.5)],
        [place(third, 0.5), place(own.whiskers.1, 0.5)],
    ];
    on.draw_series(lines.map(|line| PathElement::new(line, BLACK.stroke_width(1))))
        .map_err(text)?;
    on.draw_series([
        Rectangle::new(corners, SERIES[0].mix(0.75).filled()),
        Rectangle::new(corners, BLACK.stroke_width(1)),
    ])
    .map_err(text)?;
    let middle = [place(median, low), place(median, high)];
    on.draw_series([PathElement::new(middle, BLACK.stroke_width(2))])
        .map_err(text)?;
    let outside = own.outside.iter();
    on.draw_series(outside.map(|v| Circle::new(place(*v, 0.5), 2, SERIES[0].mix(0.8).filled())))
        .map_err(text)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whiskers_end_at_values_within_reach() {
        let own = Summary::of([1.0, 2.0, 3.0, 4.0, 50.0].into_iter()).expect("values");
        assert_eq!(own.quartiles, [2.0, 3.0, 4.0]);
        assert_eq!((own.whiskers, own.outside), ((1.0, 4.0), vec![50.0]));
        assert!(Summary::of(std::iter::empty()).is_none());
    }

    #[test]
    fn any_points_are_drawn() {
        let draw = |points: &[(f64, f64)]| {
            let joint = Joint {
                x: "a".into(),
                y: "b".into(),
                points: points.to_vec(),
                contours: 5,
            };
            crate::joint("t", joint).to_svg().expect("a figure")
        };
        let scattered = [(0.0, 1.0), (1.0, 3.0), (2.0, 0.5), (3.0, 2.0)];
        assert!(draw(&scattered).matches("<polyline").count() > 50);
        for points in [
            &[][..],
            &[(1.0, 2.0)],
            &[(1.0, 2.0); 5],
            &[(f64::NAN, 1.0), (0.0, 1.0)],
        ] {
            assert!(draw(points).contains("</svg>"));
        }
    }
}
