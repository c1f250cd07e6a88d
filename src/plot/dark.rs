//! Figures on a dark page: greys are turned around, colours stay.

/// The greys that black and white become.
const ENDS: (f64, f64) = (228.0, 24.0);

/// A grey on a dark page.
fn turned(grey: u8) -> u8 {
    (ENDS.0 + (ENDS.1 - ENDS.0) * f64::from(grey) / 255.0).round() as u8
}

/// The grey of a colour `#rrggbb` at the beginning of a text; none where it is another colour.
fn grey(text: &str) -> Option<u8> {
    let digits = text.strip_prefix('#')?.get(..6)?;
    let value = |part: &str| u8::from_str_radix(part, 16).ok();
    let (red, green, blue) = (&digits[..2], &digits[2..4], &digits[4..]);
    (red == green && green == blue)
        .then(|| value(red))
        .flatten()
}

/// An SVG of this crate for a dark page. Cells of heat maps and what is written in them stay: their
/// greys are no pure ones.
pub fn darkened(svg: &str) -> String {
    let mut out = String::with_capacity(svg.len());
    let mut rest = svg;
    while let Some(at) = rest.find("=\"#") {
        let (before, color) = rest.split_at(at + 2);
        out += before;
        let is_paint = before.ends_with("fill=\"") || before.ends_with("stroke=\"");
        rest = color;
        if let Some(grey) = grey(color).filter(|_| is_paint) {
            let own = turned(grey);
            out += &format!("#{own:02X}{own:02X}{own:02X}");
            rest = &color[7..];
        }
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Chart, colors, figure};

    #[test]
    fn greys_are_turned_and_colours_stay() {
        let svg =
            r##"<rect fill="#FFFFFF" stroke="#000000"/><path fill="#0072B2"/><a id="#000000"/>"##;
        assert_eq!(
            darkened(svg),
            r##"<rect fill="#181818" stroke="#E4E4E4"/><path fill="#0072B2"/><a id="#000000"/>"##
        );
        assert_eq!(darkened("fill=\"#é\""), "fill=\"#é\"");
    }

    #[test]
    fn cells_and_their_numbers_are_no_pure_greys() {
        let all = (0..=100).map(|i| f64::from(i) / 100.0).chain([f64::NAN]);
        for at in all {
            for color in [colors::sequential(at), colors::diverging(at)] {
                let ink = colors::ink(color);
                for own in [color, ink] {
                    assert!(own.0 != own.1 || own.1 != own.2, "{at}: {own:?}");
                }
            }
        }
    }

    #[test]
    fn the_page_is_dark_and_its_text_light() {
        let svg = figure::chart("loss", Chart::default()).to_svg();
        let dark = darkened(&svg.expect("an SVG"));
        assert!(dark.contains("fill=\"#181818\"") && !dark.contains("\"#FFFFFF\""));
        assert!(dark.contains("#E4E4E4") && !dark.contains("\"#000000\""));
    }
}
