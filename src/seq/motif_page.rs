//! Motifs in the XML and HTML that the MEME suite's programs (MEME, STREME, DREME) write beside their text.

use super::motif::{Motif, shares};
use roxmltree::{Document, Node, ParsingOptions};
use serde_json::Value;

type Parsed = std::result::Result<Vec<Motif>, (usize, String)>;

/// Motifs of a page that starts with `<`.
pub(super) fn parse(text: &str) -> Parsed {
    let found = if text.trim_start().starts_with("<?xml") { xml(text)? } else { html(text)? };
    match found.iter().find(|motif| motif.ppm.is_empty()) {
        _ if found.is_empty() => Err((1, "the page holds no motif: XML and HTML of MEME, STREME and DREME are read".into())),
        Some(motif) => Err((1, format!("motif `{}` has no matrix of four bases", motif.name))),
        None => Ok(found),
    }
}

fn number(node: Node, name: &str) -> Option<f64> {
    node.attribute(name)?.parse().ok()
}

/// A, C, G, T out of `<value letter_id="A">0.3</value>` or of attributes `A="0.3"`.
fn row(node: Node) -> Option<[f64; 4]> {
    let of = |letter: &str| -> Option<f64> {
        let value = node.children().find(|child| child.attribute("letter_id").is_some_and(|id| id.trim_start_matches("letter_") == letter));
        value.map_or_else(|| number(node, letter), |value| value.text()?.trim().parse().ok())
    };
    Some([of("A")?, of("C")?, of("G")?, of("T")?])
}

fn xml(text: &str) -> Parsed {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let page = Document::parse_with_options(text, options).map_err(|error| (error.pos().row as usize, format!("the XML is broken: {error}")))?;
    let named = |name: &'static str| page.descendants().filter(move |node| node.has_tag_name(name));
    let background = named("background_frequencies").flat_map(|node| node.children()).find_map(row).or_else(|| named("background").find_map(row)).map(shares);
    let motif = |node: Node| {
        let rows = node.descendants().filter(|own| own.has_tag_name("pos") || own.has_tag_name("alphabet_array"));
        // scores stand in arrays as probabilities do
        let rows = rows.filter(|own| !own.ancestors().any(|above| above.has_tag_name("scores")));
        let name = node.attribute("name").or(node.attribute("seq")).or(node.attribute("id")).unwrap_or("motif");
        Motif {
            alt: node.attribute("alt").unwrap_or("").into(),
            sites: number(node, "sites").or(number(node, "nsites")).unwrap_or(0.0),
            background,
            ..Motif::new(name, rows.filter_map(row).map(shares).collect())
        }
    };
    let top = |node: &Node| node.parent().is_some_and(|parent| parent.has_tag_name("motifs"));
    Ok(named("motif").filter(top).map(motif).collect())
}

fn numbers(value: &Value) -> Option<[f64; 4]> {
    let items: Vec<f64> = value.as_array()?.iter().map(Value::as_f64).collect::<Option<_>>()?;
    items.try_into().ok()
}

fn html(text: &str) -> Parsed {
    let line_of = |at: usize| text[..at].lines().count().max(1);
    let Some(start) = text.find("var data = ").map(|at| at + "var data = ".len()) else {
        return Err((1, "the page holds no data of the MEME suite: XML and HTML of MEME, STREME and DREME are read".into()));
    };
    let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
    let data = match values.next() {
        Some(Ok(data)) => data,
        Some(Err(error)) => return Err((line_of(start) + error.line() - 1, format!("the page's data are broken: {error}"))),
        None => return Err((line_of(start), "the page's data are empty".into())),
    };
    let background = data.get("background").and_then(|own| numbers(own.get("freqs").unwrap_or(own))).map(shares);
    let motif = |value: &Value| {
        let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or("");
        let rows = value.get("pwm").and_then(Value::as_array).map(|rows| rows.iter().filter_map(numbers).map(shares).collect());
        Motif {
            alt: text("alt").into(),
            sites: value.get("nsites").and_then(Value::as_f64).unwrap_or(0.0),
            background,
            ..Motif::new(text("id"), rows.unwrap_or_default())
        }
    };
    Ok(data.get("motifs").and_then(Value::as_array).map_or(Vec::new(), |motifs| motifs.iter().map(motif).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_may_hold_attributes_or_values() {
        let streme = r#"<?xml version="1.0"?><STREME><model><background A="0.3" C="0.2" G="0.2" T="0.3"/></model>
            <motifs><motif id="1-AC" alt="STREME-1" nsites="7"><pos A="1" C="0" G="0" T="0"/><pos A="0" C="1" G="0" T="0"/></motif></motifs></STREME>"#;
        let found = parse(streme).unwrap();
        assert_eq!((found[0].consensus(), found[0].alt.as_str(), found[0].sites), ("AC".into(), "STREME-1", 7.0));
        assert_eq!(found[0].background, Some([0.3, 0.2, 0.2, 0.3]));
    }

    #[test]
    fn broken_pages_are_told_with_their_line() {
        assert_eq!(parse("<?xml version=\"1.0\"?>\n<MEME>\n<motifs></MEME>").unwrap_err().0, 3);
        assert!(parse("<html><body>hello</body></html>").unwrap_err().1.contains("no data"));
        assert_eq!(parse("<html>\n<script>\nvar data = {\n\"motifs\": [,]};").unwrap_err().0, 4);
        assert!(parse("<?xml version=\"1.0\"?><GPX></GPX>").unwrap_err().1.contains("no motif"));
    }
}
