//! Networks for other programs: GraphML, and tables of edges that Cytoscape imports.

use crate::edges::Edges;
use cistron_base::delimited::Style;
use cistron_base::{Result, bail, file, html, table};
use std::collections::BTreeSet;
use std::path::Path;

/// What a network is called in files of edges.
const INTERACTION: &str = "regulates";

/// Writes edges by the ending of the path: GraphML, or a table of source, interaction, target and
/// score, with the sign of the edge where signs are given.
///
/// # Errors
/// Another ending, signs of another number, or a score that is NaN.
pub fn save(edges: &Edges, signs: Option<&[String]>, path: &Path) -> Result<()> {
    if let Some(signs) = signs.filter(|signs| signs.len() != edges.len()) {
        bail!("value", "{} signs for {} edges", signs.len(), edges.len());
    }
    if let Some(at) = edges.scores.iter().position(|score| !score.is_finite()) {
        bail!(
            "value",
            "the score of {} → {} is {}",
            edges.regulators[at],
            edges.targets[at],
            edges.scores[at]
        );
    }
    let text = match path.extension().and_then(|ending| ending.to_str()) {
        Some("graphml" | "xml") => graphml(edges, signs),
        Some("tsv" | "csv" | "txt") => rows(edges, signs, Style::of(path)),
        Some("sif") => sif(edges),
        _ => bail!(
            "value",
            "`{}`: a network is saved as .graphml, .tsv, .csv or .sif",
            path.display()
        ),
    };
    file::write_whole(path, text.as_bytes())
}

/// The nodes in the order of their names, and whether each is a regulator.
fn nodes(edges: &Edges) -> Vec<(&String, bool)> {
    let regulators: BTreeSet<&String> = edges.regulators.iter().collect();
    let all: BTreeSet<&String> = edges.regulators.iter().chain(&edges.targets).collect();
    all.into_iter()
        .map(|name| (name, regulators.contains(name)))
        .collect()
}

fn graphml(edges: &Edges, signs: Option<&[String]>) -> String {
    let mut out = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
        <graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n\
        <key id=\"name\" for=\"node\" attr.name=\"name\" attr.type=\"string\"/>\n\
        <key id=\"regulator\" for=\"node\" attr.name=\"regulator\" attr.type=\"boolean\"/>\n\
        <key id=\"score\" for=\"edge\" attr.name=\"score\" attr.type=\"double\"/>\n\
        <key id=\"interaction\" for=\"edge\" attr.name=\"interaction\" attr.type=\"string\"/>\n",
    );
    if signs.is_some() {
        out += "<key id=\"sign\" for=\"edge\" attr.name=\"sign\" attr.type=\"string\"/>\n";
    }
    out += "<graph id=\"network\" edgedefault=\"directed\">\n";
    for (name, is_regulator) in nodes(edges) {
        let name = html::escaped(name);
        out += &format!(
            "<node id=\"{name}\"><data key=\"name\">{name}</data>\
            <data key=\"regulator\">{is_regulator}</data></node>\n"
        );
    }
    for (i, ((from, to), score)) in edges
        .regulators
        .iter()
        .zip(&edges.targets)
        .zip(&edges.scores)
        .enumerate()
    {
        let sign = signs.map_or(String::new(), |signs| {
            format!("<data key=\"sign\">{}</data>", html::escaped(&signs[i]))
        });
        out += &format!(
            "<edge id=\"e{i}\" source=\"{}\" target=\"{}\"><data key=\"score\">{}</data>\
            <data key=\"interaction\">{INTERACTION}</data>{sign}</edge>\n",
            html::escaped(from),
            html::escaped(to),
            table::whole(*score)
        );
    }
    out + "</graph>\n</graphml>\n"
}

fn rows(edges: &Edges, signs: Option<&[String]>, style: Style) -> String {
    let mut header = vec!["source", "interaction", "target", "score"];
    header.extend(signs.map(|_| "sign"));
    let mut out = style.row(header);
    for i in 0..edges.len() {
        let score = table::whole(edges.scores[i]);
        let mut cells = vec![
            edges.regulators[i].as_str(),
            INTERACTION,
            edges.targets[i].as_str(),
            score.as_str(),
        ];
        cells.extend(signs.map(|signs| signs[i].as_str()));
        out += &style.row(cells);
    }
    out
}

fn sif(edges: &Edges) -> String {
    let row = |(from, to): (&String, &String)| format!("{from}\t{INTERACTION}\t{to}\n");
    edges
        .regulators
        .iter()
        .zip(&edges.targets)
        .map(row)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edges() -> Edges {
        Edges {
            regulators: vec!["A<1>".into(), "B".into()],
            targets: vec!["x & y".into(), "A<1>".into()],
            scores: vec![0.5, 1e-12],
            notes: Vec::new(),
        }
    }

    fn written(name: &str, signs: Option<&[String]>) -> Result<String> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        save(&edges(), signs, &path)?;
        Ok(std::fs::read_to_string(path).expect("written"))
    }

    #[test]
    fn networks_are_written_for_other_programs() {
        let signs = ["+".to_string(), "-".into()];
        let text = written("n.graphml", Some(&signs)).expect("written");
        assert!(text.contains("<node id=\"A&lt;1&gt;\"><data key=\"name\">A&lt;1&gt;</data>"));
        assert!(text.contains("target=\"x &amp; y\"><data key=\"score\">0.5</data>"));
        assert!(text.contains("<data key=\"score\">1e-12</data>"));
        assert_eq!(text.matches("<node ").count(), 3);
        assert_eq!(text.matches("<data key=\"sign\">").count(), 2);
        let text = written("n.tsv", None).expect("written");
        assert_eq!(
            text.lines().next(),
            Some("source\tinteraction\ttarget\tscore")
        );
        assert_eq!(text.lines().nth(1), Some("A<1>\tregulates\tx & y\t0.5"));
        assert_eq!(written("n.sif", None).expect("written").lines().count(), 2);
        assert!(written("n.png", None).is_err());
        assert!(written("n.tsv", Some(&signs[..1])).is_err());
    }
}
