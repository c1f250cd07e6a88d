//! The numbers behind a picture, inside its SVG: what pages need to let readers ask it.

use super::colors::BASES;
use super::letters;
use super::logo::{Letters, Scaling};
use cistron_base::html::{escaped, unescaped};
use serde_json::{Value, json};

const OPEN: &str = "<metadata>cistron:logos ";
const CLOSE: &str = "</metadata>";

/// Logos as an element of an SVG that browsers do not show.
pub(super) fn written(logos: &[Letters]) -> String {
    let short = |x: f64| {
        if x.is_finite() {
            json!((x * 1e5).round() / 1e5)
        } else {
            Value::Null
        }
    };
    let one = |own: &Letters| {
        let kind = match own.scaling {
            Scaling::Information => "information",
            Scaling::Probability => "probability",
            Scaling::Contribution => "contribution",
        };
        let heights: Vec<Value> = own
            .heights
            .iter()
            .map(|row| row.iter().map(|h| short(*h)).collect())
            .collect();
        json!({ "name": own.name, "first": own.first, "kind": kind, "heights": heights })
    };
    let all: Vec<Value> = logos.iter().map(one).collect();
    format!("{OPEN}{}{CLOSE}\n", escaped(&Value::Array(all).to_string()))
}

/// The logos of an SVG that was written here: arrays of name, first position, kind, and heights of
/// A, C, G, T.
pub fn logos(svg: &str) -> Option<Value> {
    let inside = svg.split_once(OPEN)?.1.split_once(CLOSE)?.0;
    serde_json::from_str(&unescaped(inside)).ok()
}

/// How A, C, G and T are drawn: the path of each in the unit square, y downwards, and its colour.
pub fn alphabet() -> Value {
    let path = |base: usize| {
        let (filled, holes) = letters::outlines(base);
        let part = |outline: &Vec<(f64, f64)>| {
            format!(
                "M{}Z",
                outline
                    .iter()
                    .map(|(x, y)| format!("{x:.3} {:.3}", 1.0 - y))
                    .collect::<Vec<_>>()
                    .join("L")
            )
        };
        filled.iter().chain(&holes).map(part).collect::<String>()
    };
    let colors = BASES.map(|color| format!("#{:02x}{:02x}{:02x}", color.0, color.1, color.2));
    let glyph = |(i, letter): (usize, &&str)| {
        let path = path(i);
        json!({ "letter": letter, "path": path, "color": colors[i], "holes": i == 0 })
    };
    ["A", "C", "G", "T"].iter().enumerate().map(glyph).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_out_of_the_picture() {
        let own = Letters {
            name: "a <b> & \"c\"".into(),
            heights: vec![[0.5, 0.25, f64::NAN, 0.0]],
            scaling: Scaling::Probability,
            first: 3,
            ends: None,
            room: 1,
        };
        let svg = crate::logos("", vec![own]).to_svg().unwrap();
        let found = logos(&svg).unwrap();
        assert_eq!(found[0]["name"], "a <b> & \"c\"");
        assert_eq!(found[0]["heights"], json!([[0.5, 0.25, null, 0.0]]));
        assert!(logos("<svg></svg>").is_none());
    }
}
