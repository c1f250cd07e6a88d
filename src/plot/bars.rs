//! Bars with errors.

use super::colors::{MESH, SERIES};
use super::drawing::{Drawn, range, short, text};
use plotters::coord::types::RangedCoordf64;
use plotters::coord::{Shift, cartesian::Cartesian2d};
use plotters::prelude::*;

/// Bars over named groups, several parts of each upon each other or side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Bars {
    /// Names of the groups.
    pub groups: Vec<String>,
    /// Name, height and error of each part, for each group.
    pub parts: Vec<(String, Vec<(f64, f64)>)>,
    /// Whether parts stand upon each other.
    pub stacked: bool,
    /// Title of the vertical axis.
    pub y: String,
}

/// The name of a group where the axis shows a whole number.
fn named(groups: &[String], x: f64) -> String {
    let whole = (x - x.round()).abs() < 1e-6 && x > -0.1;
    groups
        .get(x.round().max(0.0) as usize)
        .filter(|_| whole)
        .cloned()
        .unwrap_or_default()
}

/// Axes over named groups, from -0.6 to n - 0.4.
pub(super) fn axes<'a, DB: DrawingBackend>(
    area: &'a DrawingArea<DB, Shift>,
    groups: &[String],
    y: &str,
    (low, high): (f64, f64),
) -> Result<Grouped<'a, DB>, String> {
    let n = groups.len();
    let mut built = ChartBuilder::on(area);
    let mut on = built
        .margin(10)
        .margin_right(18)
        .x_label_area_size(34)
        .y_label_area_size(60)
        .build_cartesian_2d(-0.6..n as f64 - 0.4, low..high)
        .map_err(text)?;
    on.configure_mesh()
        .disable_x_mesh()
        .y_desc(y)
        .light_line_style(TRANSPARENT)
        .bold_line_style(MESH)
        .label_style(("sans-serif", 13))
        .axis_desc_style(("sans-serif", 14))
        .x_labels(2 * n + 2)
        .y_labels(6)
        .x_label_formatter(&|x| named(groups, *x))
        .y_label_formatter(&|v| short(*v))
        .draw()
        .map_err(text)?;
    Ok(on)
}

/// A chart over named groups.
pub(super) type Grouped<'a, DB> = ChartContext<'a, DB, Cartesian2d<RangedCoordf64, RangedCoordf64>>;

impl Bars {
    /// The left, right, lower and upper end of a bar, and its error.
    fn place(&self, part: usize, group: usize) -> (f64, f64, f64, f64, f64) {
        let (height, error) = self.parts[part].1[group];
        if self.stacked {
            let below: f64 = self.parts[..part].iter().map(|(_, own)| own[group].0).sum();
            (
                group as f64 - 0.32,
                group as f64 + 0.32,
                below,
                below + height,
                error,
            )
        } else {
            let width = 0.8 / self.parts.len() as f64;
            let left = group as f64 - 0.4 + width * part as f64;
            (left + 0.02, left + width - 0.02, 0.0, height, error)
        }
    }

    pub(super) fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn {
        let n = self.groups.len();
        let all = || (0..self.parts.len()).flat_map(|part| (0..n).map(move |group| (part, group)));
        let ends = all()
            .map(|(part, group)| self.place(part, group))
            .flat_map(|(_, _, _, top, error)| [top - error, top + error]);
        let (low, high) = range(ends.clone().chain([0.0]), 0.08);
        // bars stand on the axis where none goes below it
        let low = if ends.fold(0.0, f64::min) < 0.0 {
            low
        } else {
            0.0
        };
        let mut on = axes(area, &self.groups, &self.y, (low, high))?;
        for (part, (name, _)) in self.parts.iter().enumerate() {
            let color = SERIES[part % SERIES.len()];
            let boxes = (0..n).map(|group| {
                let (left, right, bottom, top, _) = self.place(part, group);
                Rectangle::new([(left, bottom), (right, top)], color.mix(0.85).filled())
            });
            on.draw_series(boxes)
                .map_err(text)?
                .label(name)
                .legend(move |(x, y)| {
                    Rectangle::new([(x, y - 5), (x + 14, y + 5)], color.mix(0.85).filled())
                });
        }
        for (part, group) in all() {
            let (left, right, _, top, error) = self.place(part, group);
            let middle = (left + right) / 2.0;
            let cap = |y: f64| [(middle - 0.05, y), (middle + 0.05, y)];
            let lines = [
                [(middle, top - error), (middle, top + error)],
                cap(top + error),
                cap(top - error),
            ];
            for line in lines.into_iter().filter(|_| error > 0.0) {
                on.draw_series([PathElement::new(line, BLACK.stroke_width(1))])
                    .map_err(text)?;
            }
        }
        if self.parts.len() < 2 {
            return Ok(());
        }
        on.configure_series_labels()
            .position(SeriesLabelPosition::UpperLeft)
            .background_style(WHITE.mix(0.85))
            .border_style(RGBColor(215, 215, 215))
            .label_font(("sans-serif", 13))
            .draw()
            .map_err(text)
    }
}
