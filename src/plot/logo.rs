//! Sequence logos: letters as high as what they say.

use super::axis::{Drawn, range, text};
use super::colors::BASES;
use super::letters;
use super::ticks::Axis;
use super::titles::{titled, width as width_of, wrapped};
use cistron_genome::seq::Motif;
use plotters::coord::Shift;
use plotters::prelude::*;

/// The meaning of the height of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scaling {
    /// Share of the position's information, bits.
    Information,
    /// Probability.
    Probability,
    /// A contribution as it is; negative letters hang below the line.
    Contribution,
}

/// Heights of A, C, G, T at each position.
#[derive(Clone, Debug, PartialEq)]
pub struct Letters {
    /// Its name.
    pub name: String,
    /// The heights.
    pub heights: Vec<[f64; 4]>,
    /// Their meaning.
    pub scaling: Scaling,
    /// The number of the first position.
    pub first: i64,
    /// The lowest and the highest value of the axis; those of the letters unless given.
    pub ends: Option<(f64, f64)>,
    /// The fewest positions that the axis has room for.
    pub room: usize,
}

/// The most positions of a row of contributions that is not wrapped, and those of a wrapped one.
const MAX_UNWRAPPED: usize = 200;
const WRAPPED: usize = 100;

impl Letters {
    /// A motif, scaled to information or probability.
    pub fn of_motif(motif: &Motif, scaling: Scaling) -> Letters {
        let heights = match scaling {
            Scaling::Information => motif
                .ppm
                .iter()
                .zip(motif.information())
                .map(|(row, bits)| row.map(|p| p * bits))
                .collect(),
            _ => motif.ppm.clone(),
        };
        Letters {
            name: motif.name.clone(),
            heights,
            scaling,
            first: 0,
            ends: None,
            room: 1,
        }
    }

    /// Makes several logos have one vertical axis.
    pub fn share_axis(logos: &mut [Letters]) {
        let spans = logos.iter().map(Letters::span);
        let both = |a: (f64, f64), b: (f64, f64)| (a.0.min(b.0), a.1.max(b.1));
        let ends = spans.reduce(both);
        logos.iter_mut().for_each(|logo| logo.ends = ends);
    }

    /// Contributions to many positions as rows below each other, with one vertical axis.
    pub(super) fn wrapped(self) -> Vec<Letters> {
        if self.scaling != Scaling::Contribution || self.heights.len() <= MAX_UNWRAPPED {
            return vec![self];
        }
        let ends = Some(self.span());
        let rows = self.heights.chunks(WRAPPED).enumerate();
        let row = |(i, heights): (usize, &[[f64; 4]])| Letters {
            name: if i == 0 {
                self.name.clone()
            } else {
                String::new()
            },
            heights: heights.to_vec(),
            scaling: self.scaling,
            first: self.first + (i * WRAPPED) as i64,
            ends,
            room: WRAPPED,
        };
        rows.map(row).collect()
    }

    fn span(&self) -> (f64, f64) {
        if let Some(ends) = self.ends {
            return ends;
        }
        match self.scaling {
            Scaling::Information => (0.0, 2.0),
            Scaling::Probability => (0.0, 1.0),
            Scaling::Contribution => {
                let ends = self.heights.iter().flat_map(|row| {
                    [
                        row.iter().filter(|h| **h > 0.0).sum::<f64>(),
                        row.iter().filter(|h| **h < 0.0).sum::<f64>(),
                    ]
                });
                range(ends.chain([0.0]), 0.05)
            }
        }
    }

    fn unit(&self) -> &'static str {
        match self.scaling {
            Scaling::Information => "bits",
            Scaling::Probability => "probability",
            Scaling::Contribution => "contribution",
        }
    }

    pub(super) fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn {
        let width = self.heights.len().max(self.room).max(1) as f64;
        let (low, high) = self.span();
        let offset = self.first as f64;
        let up = Axis::brief((low, high), 3);
        // as many positions are labelled as have room beside each other
        let last = (self.first + self.heights.len() as i64).to_string();
        let room = area.dim_in_pixel().0 as i32 - 52;
        let fitting = (room / (width_of(&last, 11).ceil() as i32 + 6)).max(2);
        // a name of one line is written by the chart
        let is_long = wrapped(&self.name, area.dim_in_pixel().0 as i32 - 16, 13).len() > 1;
        let below = match is_long {
            true => titled(area, &self.name, 13)?,
            false => area.clone(),
        };
        let name = if is_long { "" } else { self.name.as_str() };
        let mut built = ChartBuilder::on(&below);
        let mut on = built
            .margin_bottom(4)
            .x_label_area_size(18)
            .y_label_area_size(52)
            .caption(name, ("sans-serif", 13))
            .build_cartesian_2d(offset - 0.5..offset + width - 0.5, up.clone())
            .map_err(text)?;
        on.configure_mesh()
            .disable_mesh()
            .y_desc(format!("{}{}", self.unit(), up.offset))
            .y_labels(3)
            .x_labels(self.heights.len().min(24).min(fitting as usize))
            .x_label_formatter(&|v| {
                if v.fract() == 0.0 {
                    format!("{v:.0}")
                } else {
                    String::new()
                }
            })
            .y_label_formatter(&|v| up.label(*v))
            .label_style(("sans-serif", 11))
            .axis_desc_style(("sans-serif", 12))
            .draw()
            .map_err(text)?;
        if low < 0.0 {
            on.draw_series([PathElement::new(
                [(offset - 0.5, 0.0), (offset + width - 0.5, 0.0)],
                RGBColor(120, 120, 120),
            )])
            .map_err(text)?;
        }
        for (base, filled, polygon) in self.polygons(offset, (high - low) / 500.0) {
            let color = if filled { BASES[base] } else { WHITE };
            on.draw_series([Polygon::new(polygon, color.filled())])
                .map_err(text)?;
        }
        Ok(())
    }

    /// Outlines of all letters, the smallest next to the line: base, whether it is filled (else a
    /// hole), corners.
    pub(super) fn polygons(&self, offset: f64, least: f64) -> Vec<(usize, bool, Vec<(f64, f64)>)> {
        let mut out = Vec::new();
        for (position, row) in self.heights.iter().enumerate() {
            let mut order = [0usize, 1, 2, 3];
            order.sort_by(|a, b| row[*a].abs().total_cmp(&row[*b].abs()));
            let (mut above, mut below) = (0.0, 0.0);
            for base in order
                .into_iter()
                .filter(|base| row[*base].is_finite() && row[*base].abs() > least)
            {
                let height = row[base];
                let bottom = if height > 0.0 { above } else { below + height };
                let place = |outline: &Vec<(f64, f64)>| {
                    outline
                        .iter()
                        .map(|(x, y)| {
                            (
                                offset + position as f64 - 0.46 + 0.92 * x,
                                bottom + height.abs() * y,
                            )
                        })
                        .collect::<Vec<_>>()
                };
                let (filled, holes) = letters::outlines(base);
                out.extend(filled.iter().map(|outline| (base, true, place(outline))));
                out.extend(holes.iter().map(|outline| (base, false, place(outline))));
                if height > 0.0 {
                    above += height;
                } else {
                    below += height;
                }
            }
        }
        out
    }
}
