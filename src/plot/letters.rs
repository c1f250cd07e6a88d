//! Letters of sequence logos as outlines, and the font of all other text.

use plotters::style::{FontStyle, register_font as register};
use std::sync::Once;

/// Makes the embedded font known to the drawing library.
pub fn register_font() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // fails only on a damaged font, which is a constant here
        register(
            "sans-serif",
            FontStyle::Normal,
            epaint_default_fonts::UBUNTU_LIGHT,
        )
        .ok();
    });
}

/// Outlines of a base in the unit square, y upwards: filled polygons, then holes drawn over them.
pub fn outlines(base: usize) -> (Vec<Vec<(f64, f64)>>, Vec<Vec<(f64, f64)>>) {
    match base {
        0 => {
            let body = vec![
                (0.0, 0.0),
                (0.37, 1.0),
                (0.63, 1.0),
                (1.0, 0.0),
                (0.78, 0.0),
                (0.69, 0.25),
                (0.31, 0.25),
                (0.22, 0.0),
            ];
            (
                vec![body],
                vec![vec![(0.37, 0.42), (0.63, 0.42), (0.5, 0.80)]],
            )
        }
        1 => (vec![ring(0.14, 0.86)], Vec::new()),
        2 => (
            vec![
                ring(0.12, 1.0),
                vec![
                    (0.52, 0.52),
                    (1.0, 0.52),
                    (1.0, 0.08),
                    (0.82, 0.08),
                    (0.82, 0.36),
                    (0.52, 0.36),
                ],
            ],
            Vec::new(),
        ),
        _ => (
            vec![vec![
                (0.39, 0.0),
                (0.39, 0.83),
                (0.0, 0.83),
                (0.0, 1.0),
                (1.0, 1.0),
                (1.0, 0.83),
                (0.61, 0.83),
                (0.61, 0.0),
            ]],
            Vec::new(),
        ),
    }
}

/// An open ring, as C and G are: from a share of the turn to another, the opening to the right.
fn ring(from: f64, to: f64) -> Vec<(f64, f64)> {
    let to = to.min(0.88);
    let point = |turn: f64, rx: f64, ry: f64| {
        let angle = turn * std::f64::consts::TAU;
        (0.5 + rx * angle.cos(), 0.5 + ry * angle.sin())
    };
    let steps = 40;
    let turn = |i: usize| from + (to - from) * i as f64 / steps as f64;
    let outer = (0..=steps).map(|i| point(turn(i), 0.5, 0.5));
    let inner = (0..=steps).rev().map(|i| point(turn(i), 0.28, 0.33));
    outer.chain(inner).collect()
}
