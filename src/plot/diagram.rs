//! The layers of a network, from its input down.

use super::colors::SERIES;
use super::drawing::{Drawn, text};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

/// A layer.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Its path in the network.
    pub name: String,
    /// What it is.
    pub layer: String,
    /// The shape that it gives.
    pub output: String,
    /// How many parameters it holds.
    pub parameters: i64,
    /// How deep it lies inside other layers.
    pub depth: usize,
}

/// Layers in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagram {
    /// The layers.
    pub parts: Vec<Part>,
}

/// The colour of a kind of layer.
fn color(layer: &str) -> RGBColor {
    let is = |words: &[&str]| words.iter().any(|word| layer.contains(word));
    match () {
        () if is(&["conv", "kmers"]) => SERIES[0],
        () if is(&["lstm", "gru", "rnn"]) => SERIES[3],
        () if is(&["attention"]) => SERIES[1],
        () if is(&["pool", "flatten"]) => SERIES[4],
        () if is(&["linear", "dense", "embedding", "machine"]) => SERIES[2],
        () if is(&["norm"]) => SERIES[5],
        () => SERIES[6],
    }
}

impl Diagram {
    pub(super) fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> Drawn {
        let (width, _) = area.dim_in_pixel();
        let style = |size: i32, h: HPos| {
            TextStyle::from(("sans-serif", size).into_font()).pos(Pos::new(h, VPos::Center))
        };
        for (i, part) in self.parts.iter().enumerate() {
            let left = 20 + 22 * part.depth.min(8) as i32;
            let (top, right) = (8 + 58 * i as i32, width as i32 - 20);
            let color = color(&part.layer);
            area.draw(&Rectangle::new(
                [(left, top), (right, top + 42)],
                color.mix(0.14).filled(),
            ))
            .map_err(text)?;
            area.draw(&Rectangle::new(
                [(left, top), (left + 6, top + 42)],
                color.filled(),
            ))
            .map_err(text)?;
            let long: String = if part.layer.chars().count() > 56 {
                part.layer.chars().take(54).chain("…".chars()).collect()
            } else {
                part.layer.clone()
            };
            area.draw(&Text::new(
                long,
                (left + 14, top + 13),
                style(14, HPos::Left),
            ))
            .map_err(text)?;
            area.draw(&Text::new(
                part.name.clone(),
                (left + 14, top + 31),
                style(11, HPos::Left).color(&RGBColor(90, 90, 90)),
            ))
            .map_err(text)?;
            area.draw(&Text::new(
                part.output.clone(),
                (right - 8, top + 13),
                style(13, HPos::Right),
            ))
            .map_err(text)?;
            if part.parameters > 0 {
                let count = format!(
                    "{} parameters",
                    cistron_base::shape::grouped(part.parameters)
                );
                area.draw(&Text::new(
                    count,
                    (right - 8, top + 31),
                    style(11, HPos::Right).color(&RGBColor(90, 90, 90)),
                ))
                .map_err(text)?;
            }
            if i + 1 < self.parts.len() {
                let (x, y) = (width as i32 / 2, top + 42);
                area.draw(&PathElement::new(
                    [(x, y), (x, y + 12)],
                    RGBColor(120, 120, 120).stroke_width(1),
                ))
                .map_err(text)?;
                area.draw(&Polygon::new(
                    [(x - 4, y + 10), (x + 4, y + 10), (x, y + 16)],
                    RGBColor(120, 120, 120).filled(),
                ))
                .map_err(text)?;
            }
        }
        Ok(())
    }
}
