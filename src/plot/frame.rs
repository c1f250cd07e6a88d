//! The space around the axes of a chart: labels, titles of the axes, offsets of labels.

use super::axis::{Drawn, text};
use super::legend::Rect;
use super::ticks::Axis;
use super::titles::{AXIS, LINE, draw_lines, width, wrapped};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// Pixels around a chart: above, below and on the left; on the right; of the vertical labels.
pub(super) const MARGIN: i32 = 10;
pub(super) const RIGHT: i32 = 18;
const LEFT: i32 = 60;
/// Pixels above a chart whose vertical labels have an offset.
const ABOVE: i32 = 18;

/// Where the axes of a chart are within an area, and what is beside them.
pub(super) struct Frame {
    size: (i32, i32),
    /// The lines of the titles of the horizontal and of the vertical axis.
    x: Vec<String>,
    y: Vec<String>,
    /// The offsets of their labels.
    offsets: [String; 2],
    /// Pixels of the labels below and on the left, with the titles.
    below: i32,
    left: i32,
    /// Pixels above and on the right.
    above: i32,
    right: i32,
}

impl Frame {
    /// The frame of a chart on an area of a size; labels and the title of the horizontal axis take
    /// `below` pixels where the title has one line.
    pub fn new(
        size: (u32, u32),
        titles: (&str, &str),
        across: Option<&Axis>,
        up: &Axis,
        below: i32,
    ) -> Frame {
        let widths = up.labels().iter().map(|label| width(label, 13));
        let labels = widths.fold(0.0, f64::max).ceil() as i32;
        // ticks, and a line of the title; labels of usual lengths have room
        let title = if titles.1.is_empty() { 0 } else { 14 };
        let need = labels + 12 + title;
        let left = if need > LEFT + 6 { need } else { LEFT };
        let size = (size.0 as i32, size.1 as i32);
        let mut frame = Frame {
            size,
            x: wrapped(titles.0, size.0 - MARGIN - RIGHT - left, AXIS),
            y: wrapped(titles.1, size.1 - 2 * MARGIN - below, AXIS),
            offsets: [
                across.map(|axis| axis.offset.clone()).unwrap_or_default(),
                up.offset.clone(),
            ],
            below,
            left,
            above: if up.offset.is_empty() { MARGIN } else { ABOVE },
            right: RIGHT,
        };
        frame.below += (frame.x.len() as i32 - 1) * LINE;
        frame.left += (frame.y.len() as i32 - 1) * LINE;
        frame
    }

    /// Itself with other space above and on the right.
    pub fn within(self, above: i32, right: i32) -> Frame {
        let above = if self.offsets[1].is_empty() {
            above
        } else {
            above.max(ABOVE)
        };
        Frame {
            above,
            right,
            ..self
        }
    }

    /// Pixels of the labels on the left, and above.
    pub fn left_and_above(&self) -> (i32, i32) {
        (self.left, self.above)
    }

    /// Pixels of the labels below.
    pub fn below(&self) -> i32 {
        self.below
    }

    /// The rectangle of the axes.
    pub fn axes(&self) -> Rect {
        (
            MARGIN + self.left,
            self.above,
            self.size.0 - self.right,
            self.size.1 - MARGIN - self.below,
        )
    }

    /// A builder of a chart with this space around it.
    pub fn builder<'a, 'b, DB: DrawingBackend>(
        &self,
        area: &'a DrawingArea<DB, Shift>,
    ) -> ChartBuilder<'a, 'b, DB> {
        let mut built = ChartBuilder::on(area);
        built
            .margin(MARGIN)
            .margin_top(self.above)
            .margin_right(self.right)
            .x_label_area_size(self.below)
            .y_label_area_size(self.left);
        built
    }

    /// The lines of the titles that are next to the edge of the area, which the chart draws.
    pub fn titles(&self) -> (&str, &str) {
        let last = self.x.last().map_or("", String::as_str);
        (last, self.y.first().map_or("", String::as_str))
    }

    /// Draws the other lines of the titles, and the offsets at the ends of the axes.
    pub fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn {
        let (left, top, right, bottom) = self.axes();
        let style = TextStyle::from(("sans-serif", AXIS).into_font());
        if self.x.len() > 1 {
            let lines = &self.x[..self.x.len() - 1];
            let place = (
                (left + right) / 2,
                self.size.1 - MARGIN - LINE * lines.len() as i32,
            );
            let style = style.pos(Pos::new(HPos::Center, VPos::Bottom));
            draw_lines(area, lines, place, &style)?;
        }
        if self.y.len() > 1 {
            let style = style
                .transform(FontTransform::Rotate270)
                .pos(Pos::new(HPos::Center, VPos::Top));
            let place = (MARGIN + LINE, (top + bottom) / 2);
            draw_lines(area, &self.y[1..], place, &style)?;
        }
        let [across, up] = &self.offsets;
        let small = TextStyle::from(("sans-serif", 13).into_font());
        let places = [
            (across, (right, self.size.1 - MARGIN), HPos::Right),
            (up, (left, top - 2), HPos::Left),
        ];
        for (offset, place, side) in places.into_iter().filter(|own| !own.0.is_empty()) {
            let style = small.pos(Pos::new(side, VPos::Bottom));
            area.draw(&Text::new(offset.clone(), place, style))
                .map_err(text)?;
        }
        Ok(())
    }
}
