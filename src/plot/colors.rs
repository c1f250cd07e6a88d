//! Colours that people with any colour vision can tell apart (Okabe & Ito 2008), and scales of
//! them.

use plotters::style::RGBColor;

/// Colours of lines, bars and points, in order.
pub const SERIES: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(110, 110, 110),
];
/// A green, C blue, G orange, T red, everywhere.
pub const BASES: [RGBColor; 4] = [
    RGBColor(0, 145, 95),
    RGBColor(0, 98, 178),
    RGBColor(230, 159, 0),
    RGBColor(208, 60, 20),
];
/// Lines that only guide the eye.
pub const GUIDE: RGBColor = RGBColor(190, 190, 190);
/// Lines of a mesh.
pub const MESH: RGBColor = RGBColor(228, 228, 228);

/// From dark blue over grey to yellow (as cividis), of equal steps in lightness.
const SEQUENTIAL: [(f64, f64, f64); 6] = [
    (0.0, 32.0, 77.0),
    (62.0, 74.0, 107.0),
    (113.0, 113.0, 121.0),
    (161.0, 151.0, 118.0),
    (209.0, 193.0, 99.0),
    (255.0, 234.0, 70.0),
];
/// From blue over white to vermillion.
const DIVERGING: [(f64, f64, f64); 5] = [
    (0.0, 84.0, 148.0),
    (120.0, 175.0, 215.0),
    (248.0, 248.0, 248.0),
    (236.0, 158.0, 104.0),
    (180.0, 66.0, 0.0),
];

/// A colour that is no pure grey, which a dark page would turn around.
fn tinted(color: RGBColor) -> RGBColor {
    match color {
        RGBColor(r, g, b) if r == g && g == b => RGBColor(r, g, b ^ 1),
        other => other,
    }
}

fn between(stops: &[(f64, f64, f64)], at: f64) -> RGBColor {
    if !at.is_finite() {
        return tinted(RGBColor(225, 225, 225));
    }
    let place = at.clamp(0.0, 1.0) * (stops.len() - 1) as f64;
    let i = (place.floor() as usize).min(stops.len() - 2);
    let (a, b, share) = (stops[i], stops[i + 1], place - i as f64);
    let mix = |a: f64, b: f64| (a + (b - a) * share).round() as u8;
    tinted(RGBColor(mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2)))
}

/// A colour for a number from 0 to 1; grey where it is none.
pub fn sequential(at: f64) -> RGBColor {
    between(&SEQUENTIAL, at)
}

/// A colour for a number from 0 over 1/2, which is white, to 1.
pub fn diverging(at: f64) -> RGBColor {
    between(&DIVERGING, at)
}

/// Black or white, whichever reads better on a colour.
pub fn ink(on: RGBColor) -> RGBColor {
    let light = 0.299 * f64::from(on.0) + 0.587 * f64::from(on.1) + 0.114 * f64::from(on.2);
    let grey = if light > 140.0 { 20 } else { 255 };
    tinted(RGBColor(grey, grey, grey))
}
