//! The numbers behind a picture, inside its SVG: what pages need to let readers ask it.

use super::colors::BASES;
use super::letters;
use super::logo::{Letters, Scaling};
use super::structure::{Structure, Trace};
use cistron_base::html::{escaped, unescaped};
use serde_json::{Value, json};

/// An element of an SVG that browsers do not show.
fn element(kind: &str, value: &Value) -> String {
    let inside = escaped(&value.to_string());
    format!("<metadata>cistron:{kind} {inside}</metadata>\n")
}

/// What an element of an SVG holds.
fn inside(svg: &str, kind: &str) -> Option<Value> {
    let open = format!("<metadata>cistron:{kind} ");
    let inside = svg.split_once(&open)?.1.split_once("</metadata>")?.0;
    serde_json::from_str(&unescaped(inside)).ok()
}

/// A number with so many decimals; none where it is not finite.
fn short(x: f64, factor: f64) -> Value {
    if x.is_finite() {
        json!((x * factor).round() / factor)
    } else {
        Value::Null
    }
}

/// Logos as an element of an SVG.
pub(super) fn of_logos(logos: &[Letters]) -> String {
    let one = |own: &Letters| {
        let kind = match own.scaling {
            Scaling::Information => "information",
            Scaling::Probability => "probability",
            Scaling::Contribution => "contribution",
        };
        let heights: Vec<Value> = own
            .heights
            .iter()
            .map(|row| row.iter().map(|h| short(*h, 1e5)).collect())
            .collect();
        json!({ "name": own.name, "first": own.first, "kind": kind, "heights": heights })
    };
    element("logos", &logos.iter().map(one).collect())
}

/// Traces in space as an element of an SVG, in the view of the figure.
pub(super) fn of_structure(structure: &Structure) -> String {
    let point = |point: &[f64; 3]| match point.iter().all(|x| x.is_finite()) {
        true => point.iter().map(|x| short(*x, 1e3)).collect(),
        false => Value::Null,
    };
    let turned = structure.turned();
    let one = |(own, points): (&Trace, &Vec<[f64; 3]>)| {
        let points: Vec<Value> = points.iter().map(point).collect();
        json!({ "name": own.name, "points": points })
    };
    element(
        "structure",
        &structure.traces.iter().zip(&turned).map(one).collect(),
    )
}

/// The logos of an SVG that was written here: arrays of name, first position, kind, and heights of
/// A, C, G, T.
pub fn logos(svg: &str) -> Option<Value> {
    inside(svg, "logos")
}

/// The traces of an SVG that was written here: arrays of name and points, x, y and z in Å, null
/// where the line has a gap.
pub fn structure(svg: &str) -> Option<Value> {
    inside(svg, "structure")
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
        assert!(logos("<svg></svg>").is_none() && structure(&svg).is_none());
        let trace = Trace {
            name: "a < b".into(),
            points: vec![[0.0, 0.0, 0.0], [3.8, 0.0, 0.0], [f64::NAN; 3]],
        };
        let own = Structure {
            traces: vec![trace],
        };
        let found = structure(&crate::structure("", own).to_svg().unwrap()).unwrap();
        assert_eq!(found[0]["name"], "a < b");
        assert_eq!(found[0]["points"][1][0].as_f64().unwrap().abs(), 1.9);
        assert!(found[0]["points"][2].is_null());
    }
}
