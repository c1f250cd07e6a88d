//! Motifs in the XML and HTML that the MEME suite's programs (MEME, STREME, DREME) write beside
//! their text, and in XMS.

use super::check::{Parsed, foreign_alphabet, improbable};
use super::{Motif, shares};
use roxmltree::{Document, Node, ParsingOptions};
use serde_json::Value;

/// Motifs of a page that starts with `<`.
pub(super) fn parse(text: &str) -> Parsed {
    let is_xml = text.trim_start().starts_with("<?xml") || text.contains("<weightmatrix");
    let found = if is_xml { xml(text)? } else { html(text)? };
    match found.iter().find(|motif| motif.ppm.is_empty()) {
        _ if found.is_empty() => Err((1, format!("the page holds no motif: {READ}"))),
        Some(motif) => Err((
            1,
            format!("motif `{}` has no matrix of four bases", motif.name),
        )),
        None => Ok(found),
    }
}

const READ: &str = "XML and HTML of MEME, STREME and DREME and XMS are read";

fn number(node: Node, name: &str) -> Option<f64> {
    node.attribute(name)?.parse().ok()
}

fn line(node: Node) -> usize {
    node.document().text_pos_at(node.range().start).row as usize
}

/// A, C, G, T out of `<value letter_id="A">0.3</value>`, `<weight symbol="adenine">0.3</weight>` or
/// attributes `A="0.3"`; none where there are other letters too.
fn row(node: Node) -> Option<[f64; 4]> {
    let named = |child: &Node| {
        child
            .attribute("letter_id")
            .or(child.attribute("symbol"))
            .map(|id| id.trim_start_matches("letter_").to_string())
    };
    let values: Vec<(String, Node)> = node
        .children()
        .filter_map(|child| Some((named(&child)?, child)))
        .collect();
    let of = |letter: &str, word: &str| -> Option<f64> {
        let value = values
            .iter()
            .find(|(id, _)| id.eq_ignore_ascii_case(letter) || id.eq_ignore_ascii_case(word));
        value.map_or_else(
            || number(node, letter),
            |(_, value)| value.text()?.trim().parse().ok(),
        )
    };
    let row = [
        of("A", "adenine")?,
        of("C", "cytosine")?,
        of("G", "guanine")?,
        of("T", "thymine").or_else(|| of("U", "uracil"))?,
    ];
    (values.is_empty() || values.len() == 4).then_some(row)
}

/// The probabilities of a motif's positions, which must be as many as it declares.
fn ppm(
    name: &str,
    node: Node,
    rows: &[Node],
    width: Option<f64>,
) -> std::result::Result<Vec<[f64; 4]>, (usize, String)> {
    let one = |node: &Node| {
        let own = row(*node).ok_or_else(|| {
            (
                line(*node),
                format!(
                    "motif `{name}`: a position without the probabilities of A, C, G and T alone"
                ),
            )
        })?;
        improbable(&own).map_or(Ok(shares(own)), |what| {
            Err((line(*node), format!("motif `{name}`: {what}")))
        })
    };
    if let Some(width) = width.filter(|width| *width != rows.len() as f64) {
        return Err((
            line(node),
            format!(
                "motif `{name}` declares {width} positions and has {}",
                rows.len()
            ),
        ));
    }
    rows.iter().map(one).collect()
}

fn xml(text: &str) -> Parsed {
    let options = ParsingOptions {
        allow_dtd: true,
        ..ParsingOptions::default()
    };
    let page = Document::parse_with_options(text, options).map_err(|error| {
        (
            error.pos().row as usize,
            format!("the XML is broken: {error}"),
        )
    })?;
    let named = |name: &'static str| {
        page.descendants()
            .filter(move |node| node.has_tag_name(name))
    };
    if let Some(alphabet) =
        named("alphabet").find(|node| node.children().any(|child| child.has_tag_name("letter")))
    {
        // ambiguous letters equal others
        let core = alphabet
            .children()
            .filter(|child| child.has_tag_name("letter") && child.attribute("equals").is_none());
        let letters: String = core
            .filter_map(|letter| letter.attribute("symbol").or(letter.attribute("id")))
            .collect();
        if let Some(what) = foreign_alphabet(&letters) {
            return Err((line(alphabet), what));
        }
    }
    if page
        .descendants()
        .any(|node| node.has_tag_name("weightmatrix"))
    {
        return named("weightmatrix").map(weights).collect();
    }
    let background = named("background_frequencies")
        .flat_map(|node| node.children())
        .find_map(row)
        .or_else(|| named("background").find_map(row))
        .map(shares);
    let motif = |node: Node| {
        let rows = node
            .descendants()
            .filter(|own| own.has_tag_name("pos") || own.has_tag_name("alphabet_array"));
        // scores are in arrays as probabilities are
        let rows: Vec<Node> = rows
            .filter(|own| !own.ancestors().any(|above| above.has_tag_name("scores")))
            .collect();
        let name = node
            .attribute("name")
            .or(node.attribute("seq"))
            .or(node.attribute("id"))
            .unwrap_or("motif");
        let width = number(node, "width").or(number(node, "length"));
        Ok(Motif {
            alt: node.attribute("alt").unwrap_or("").into(),
            sites: number(node, "sites")
                .or(number(node, "nsites"))
                .unwrap_or(0.0),
            background,
            ..Motif::new(name, ppm(name, node, &rows, width)?)
        })
    };
    let top = |node: &Node| {
        node.parent()
            .is_some_and(|parent| parent.has_tag_name("motifs"))
    };
    named("motif").filter(top).map(motif).collect()
}

/// A motif of XMS, the format of NestedMICA and iMotifs.
fn weights(node: Node) -> std::result::Result<Motif, (usize, String)> {
    let text = node
        .parent()
        .and_then(|motif| motif.children().find(|child| child.has_tag_name("name")))
        .and_then(|name| name.text());
    let name = text.map_or("motif", str::trim);
    if let Some(alphabet) = node
        .attribute("alphabet")
        .filter(|alphabet| !alphabet.eq_ignore_ascii_case("DNA"))
    {
        return Err((
            line(node),
            format!("motif `{name}` is of the alphabet {alphabet}, not DNA"),
        ));
    }
    let mut columns: Vec<Node> = node
        .children()
        .filter(|child| child.has_tag_name("column"))
        .collect();
    columns.sort_by_key(|column| {
        column
            .attribute("pos")
            .and_then(|pos| pos.parse::<usize>().ok())
    });
    Ok(Motif::new(
        name,
        ppm(name, node, &columns, number(node, "columns"))?,
    ))
}

fn numbers(value: &Value) -> Option<[f64; 4]> {
    let items: Vec<f64> = value
        .as_array()?
        .iter()
        .map(Value::as_f64)
        .collect::<Option<_>>()?;
    items.try_into().ok()
}

fn html(text: &str) -> Parsed {
    let line_of = |at: usize| text[..at].lines().count().max(1);
    let Some(start) = text.find("var data = ").map(|at| at + "var data = ".len()) else {
        return Err((
            1,
            format!("the page holds no data of the MEME suite: {READ}"),
        ));
    };
    let mut values = serde_json::Deserializer::from_str(&text[start..]).into_iter::<Value>();
    let data = match values.next() {
        Some(Ok(data)) => data,
        Some(Err(error)) => {
            return Err((
                line_of(start) + error.line() - 1,
                format!("the page's data are broken: {error}"),
            ));
        }
        None => return Err((line_of(start), "the page's data are empty".into())),
    };
    let background = data
        .get("background")
        .and_then(|own| numbers(own.get("freqs").unwrap_or(own)))
        .map(shares);
    let motif = |value: &Value| {
        let text = |name: &str| value.get(name).and_then(Value::as_str).unwrap_or("");
        let name = text("id");
        let one = |row: &Value| {
            let own = numbers(row).ok_or_else(|| {
                (
                    line_of(start),
                    format!("motif `{name}`: a position has no four probabilities: {row}"),
                )
            })?;
            improbable(&own).map_or(Ok(shares(own)), |what| {
                Err((line_of(start), format!("motif `{name}`: {what}")))
            })
        };
        let rows = value
            .get("pwm")
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice);
        if let Some(width) = value
            .get("len")
            .and_then(Value::as_u64)
            .filter(|width| *width as usize != rows.len())
        {
            return Err((
                line_of(start),
                format!(
                    "motif `{name}` declares {width} positions and has {}",
                    rows.len()
                ),
            ));
        }
        Ok(Motif {
            alt: text("alt").into(),
            sites: value.get("nsites").and_then(Value::as_f64).unwrap_or(0.0),
            background,
            ..Motif::new(
                name,
                rows.iter()
                    .map(one)
                    .collect::<std::result::Result<_, _>>()?,
            )
        })
    };
    data.get("motifs")
        .and_then(Value::as_array)
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .map(motif)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_may_hold_attributes_or_values() {
        let streme = r#"<?xml version="1.0"?><STREME>
            <model><background A="0.3" C="0.2" G="0.2" T="0.3"/></model>
            <motifs><motif id="1-AC" alt="STREME-1" nsites="7">
            <pos A="1" C="0" G="0" T="0"/><pos A="0" C="1" G="0" T="0"/>
            </motif></motifs></STREME>"#;
        let found = parse(streme).unwrap();
        assert_eq!(
            (found[0].consensus(), found[0].alt.as_str(), found[0].sites),
            ("AC".into(), "STREME-1", 7.0)
        );
        assert_eq!(found[0].background, Some([0.3, 0.2, 0.2, 0.3]));
    }

    #[test]
    fn pages_of_proteins_are_no_dna() {
        let letters: String = "ACDEFGHIKLMNPQRSTVWY"
            .chars()
            .map(|l| format!("<letter id=\"{l}\" symbol=\"{l}\"/>"))
            .collect();
        let values: String = "ACDEFGHIKLMNPQRSTVWY"
            .chars()
            .map(|l| format!("<value letter_id=\"{l}\">0.05</value>"))
            .collect();
        let page = |head: &str| {
            format!(
                "<?xml version='1.0'?>\n<MEME>\n{head}<motifs><motif id=\"m\" \
                width=\"1\"><probabilities>\n\
                <alphabet_array>{values}</alphabet_array></probabilities></motif></motifs></MEME>"
            )
        };
        let fault = parse(&page(&format!(
            "<alphabet name=\"Protein\">{letters}</alphabet>\n"
        )))
        .unwrap_err();
        assert_eq!(fault.0, 3);
        assert!(fault.1.contains("20 letters"), "{}", fault.1);
        // twenty values are no four, whatever the alphabet is called
        assert_eq!(parse(&page("")).unwrap_err().0, 4);
        let dna = |values: &str, width: usize| {
            format!(
                "<?xml version='1.0'?><STREME><motifs><motif id=\"m\" width=\"{width}\">\n<pos \
                {values}/></motif></motifs></STREME>"
            )
        };
        assert_eq!(
            parse(&dna("A=\"0\" C=\"0\" G=\"0\" U=\"1\"", 1)).unwrap()[0].consensus(),
            "T"
        );
        assert_eq!(
            parse(&dna("A=\"1\" C=\"1\" G=\"0\" T=\"0\"", 1)).unwrap_err(),
            (
                2,
                "motif `m`: the probabilities of a position sum to 2.000, not to 1".into()
            )
        );
        assert!(
            parse(&dna("A=\"1\" C=\"0\" G=\"0\" T=\"0\"", 2))
                .unwrap_err()
                .1
                .contains("declares 2 positions and has 1")
        );
        assert_eq!(parse(&dna("A=\"1\" C=\"0\"", 1)).unwrap_err().0, 2);
    }

    #[test]
    fn weights_of_xms_are_read() {
        let weights = |a: f64| {
            format!(
                "<column pos=\"0\"><weight symbol=\"thymine\">0.1</weight><weight \
                symbol=\"adenine\">{a}</weight><weight symbol=\"cytosine\">0.1</weight><weight \
                symbol=\"guanine\">0.1</weight></column>"
            )
        };
        let page = |a: f64, alphabet: &str| {
            format!(
                "<motif>\n<name>Abd-B</name>\n<weightmatrix alphabet=\"{alphabet}\" \
                columns=\"1\">{}</weightmatrix></motif>",
                weights(a)
            )
        };
        let found = parse(&page(0.7, "DNA")).unwrap();
        assert_eq!(
            (found[0].name.as_str(), found[0].consensus()),
            ("Abd-B", "A".into())
        );
        assert!(parse(&page(1.7, "DNA")).is_err());
        assert_eq!(parse(&page(0.7, "PROTEIN")).unwrap_err().0, 3);
    }

    #[test]
    fn broken_pages_are_told_with_their_line() {
        assert_eq!(
            parse("<?xml version=\"1.0\"?>\n<MEME>\n<motifs></MEME>")
                .unwrap_err()
                .0,
            3
        );
        assert!(
            parse("<html><body>hello</body></html>")
                .unwrap_err()
                .1
                .contains("no data")
        );
        assert_eq!(
            parse("<html>\n<script>\nvar data = {\n\"motifs\": [,]};")
                .unwrap_err()
                .0,
            4
        );
        assert!(
            parse("<?xml version=\"1.0\"?><GPX></GPX>")
                .unwrap_err()
                .1
                .contains("no motif")
        );
    }
}
