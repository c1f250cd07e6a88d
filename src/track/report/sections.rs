//! Results that have a section of their own: audits, comparisons, model cards.

use super::blocks::{self, Block, facts, list, table};
use serde_json::Value;

/// What a result is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of `data::audit`.
    Audit,
    /// Of `stats::compare`.
    Comparison,
    /// Of `model.card`.
    Card,
}

impl Kind {
    /// The kind that a result states.
    pub fn of(result: &Value) -> Option<Kind> {
        Some(match result["kind"].as_str()? {
            "audit" => Kind::Audit,
            "comparison" => Kind::Comparison,
            "model card" => Kind::Card,
            _ => return None,
        })
    }

    /// The title of its section.
    pub fn title(self) -> &'static str {
        match self {
            Kind::Audit => "Data audit",
            Kind::Comparison => "Comparison",
            Kind::Card => "Model card",
        }
    }

    /// The parts of its section.
    pub fn blocks(self, result: &Value) -> Vec<Block> {
        match self {
            Kind::Audit => audit(result),
            Kind::Comparison => comparison(result),
            Kind::Card => card(result),
        }
    }
}

/// A text that is there.
fn words(value: &Value) -> Option<String> {
    value
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_string)
}

/// A heading with what follows, where that is there.
fn below(heading: &str, block: Option<Block>) -> Vec<Block> {
    block.map_or(Vec::new(), |block| {
        vec![Block::Heading(heading.into()), block]
    })
}

fn audit(result: &Value) -> Vec<Block> {
    let mut out = Vec::new();
    if let Some(verdict) = words(&result["verdict"]) {
        out.push(Block::Verdict(verdict, result["is_fair"].as_bool()));
    }
    let (leaks, labels) = (&result["leaks"], &result["labels"]);
    out.extend(below(
        "Leaks",
        facts(
            leaks,
            &[
                ("test rows", "rows"),
                ("leaking rows", "count"),
                ("share", "share"),
                ("same sequence", "duplicates"),
                ("reverse complement", "reverse_complements"),
                ("same interval", "same_interval"),
                ("overlapping interval", "overlapping"),
                ("similar sequence", "similar"),
            ],
        ),
    ));
    let examples = leaks["examples"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let first: Value = examples.iter().take(10).cloned().collect();
    out.extend(table(
        &first,
        &["test", "train", "identity", "overlap", "is_reverse"],
    ));
    let columns = [
        "baseline",
        "auroc",
        "average_precision",
        "without_leaks",
        "text",
    ];
    out.extend(below("Baselines", table(&result["baselines"], &columns)));
    let gain = &result["gain"];
    if gain.is_object() {
        let of = |key: &str| blocks::text(&gain[key]);
        out.push(Block::Text(format!(
            "The network adds {} AUROC to {} (95 % interval {} to {}, p {}).",
            of("difference"),
            of("over"),
            of("low"),
            of("high"),
            of("p")
        )));
    }
    out.extend(below(
        "Labels",
        facts(
            labels,
            &[
                ("positives", "positives"),
                ("negatives", "negatives"),
                ("undefined", "undefined"),
                ("duplicates", "duplicates"),
                ("contradictions", "contradictions"),
                ("accuracy at most", "ceiling"),
            ],
        ),
    ));
    out.extend(below(
        "Learning curve of k-mers",
        table(&labels["learning"], &["rows", "auroc"]),
    ));
    out.extend(list("Notes", &result["notes"]));
    out
}

/// A picture of a result, which `report` saved in the folder of the run.
fn picture(path: &Value) -> Option<Block> {
    let file = path.as_str()?.strip_prefix("figures/")?;
    let is_name = !file.contains(['/', '\\']) && file.ends_with(".svg");
    is_name.then(|| Block::Picture(format!("figures/{file}")))
}

fn comparison(result: &Value) -> Vec<Block> {
    let mut out = Vec::new();
    out.extend(words(&result["verdict"]).map(|words| Block::Verdict(words, None)));
    out.extend(picture(&result["diagram"]));
    out.extend(below(
        "Average ranks",
        table(&result["ranks"], &["model", "rank", "mean", "sets"]),
    ));
    out.extend(facts(
        &result["friedman"],
        &[
            ("Friedman χ²", "statistic"),
            ("p-value", "p_value"),
            ("critical difference", "critical"),
        ],
    ));
    let columns = [
        "first",
        "second",
        "sets",
        "wins",
        "ties",
        "losses",
        "difference",
        "p_value",
        "adjusted",
    ];
    out.extend(below("Pairs over sets", table(&result["pairs"], &columns)));
    let columns = [
        "set",
        "first",
        "second",
        "difference",
        "low",
        "high",
        "p_value",
        "adjusted",
        "seed_sd",
        "test",
    ];
    let drawn = picture(&result["plot"]);
    let differences = drawn
        .into_iter()
        .chain(table(&result["differences"], &columns));
    out.push(Block::Heading("Differences on sets".into()));
    out.extend(differences);
    if matches!(out.last(), Some(Block::Heading(_))) {
        out.pop();
    }
    let columns = ["set", "model", "seeds", "value", "sd", "low", "high"];
    let metric = words(&result["metric"]).unwrap_or_else(|| "Values".into());
    out.extend(below(&metric, table(&result["scores"], &columns)));
    out.extend(list("Notes", &result["notes"]));
    out
}

/// A part of a card that is a result of its own, below a heading.
fn part(heading: &str, blocks: Vec<Block>) -> Vec<Block> {
    if blocks.is_empty() {
        return blocks;
    }
    let inner = blocks.into_iter().map(|block| match block {
        // headings of the part are texts, so that those of the card stay apart
        Block::Heading(words) => Block::Text(format!("{words}:")),
        other => other,
    });
    std::iter::once(Block::Heading(heading.into()))
        .chain(inner)
        .collect()
}

fn probe(result: &Value) -> Vec<Block> {
    let mut out = Vec::new();
    let names = [
        ("AUROC", "auroc"),
        ("expected calibration error", "ece"),
        ("largest probability of an unbound sequence", "confidence"),
        ("largest difference of strands", "strands"),
    ];
    out.extend(facts(result, &names));
    let columns = [
        "probe",
        "kind",
        "rows",
        "auroc",
        "average_precision",
        "change",
    ];
    out.extend(table(&result["table"], &columns));
    let notes = result["notes"].as_array().filter(|notes| !notes.is_empty());
    out.extend(notes.map(|notes| Block::List(notes.iter().map(blocks::text).collect())));
    out
}

fn card(result: &Value) -> Vec<Block> {
    let mut out = Vec::new();
    out.extend(words(&result["description"]).map(Block::Text));
    for (heading, key) in [("Intended use", "intended"), ("Limits", "limits")] {
        let items = &result[key];
        out.extend(match items {
            Value::Array(_) => list(heading, items),
            other => below(heading, words(other).map(Block::Text)),
        });
    }
    let net = &result["architecture"];
    let names = [
        ("network", "network"),
        ("input", "input"),
        ("output", "output"),
        ("parameters", "parameters"),
        ("trainable", "trainable"),
        ("hash of the parameters", "hash"),
    ];
    out.extend(below("Architecture", facts(net, &names)));
    out.extend(table(
        &net["layers"],
        &["name", "layer", "output", "parameters"],
    ));
    let columns = ["name", "rows", "content", "positives", "hash"];
    out.extend(below("Data", table(&result["data"], &columns)));
    let names = [
        ("epochs", "epochs"),
        ("best epoch", "best_epoch"),
        ("monitored", "monitored"),
        ("best value", "best_value"),
        ("seconds", "seconds"),
        ("ended", "ended"),
    ];
    out.extend(below("Training", facts(&result["training"], &names)));
    out.extend(below(
        "Scores",
        table(&result["scores"], &["name", "value", "low", "high"]),
    ));
    out.extend(part("Data audit", audit(&result["audit"])));
    out.extend(part("Out of distribution", probe(&result["probe"])));
    out.extend(part("Comparison", comparison(&result["comparison"])));
    let names = [
        ("cistron", "cistron"),
        ("libtorch", "libtorch"),
        ("device", "device"),
        ("seed", "seed"),
    ];
    out.extend(below("Versions", facts(&result["versions"], &names)));
    for (name, value) in result["more"].as_object().into_iter().flatten() {
        out.extend(below(name, Some(Block::Text(blocks::text(value)))));
    }
    out
}

/// A card as Markdown.
pub fn card_markdown(result: &Value) -> String {
    let name = words(&result["name"]).unwrap_or_else(|| "model".into());
    format!(
        "# Model card: {name}\n\n{}\n",
        blocks::markdown(&card(result), 2)
    )
}

/// A link to each section, and the sections; `picture` is the HTML of the picture at a path in the
/// folder of the run.
pub fn html(results: &Value, picture: &dyn Fn(&str) -> Option<String>) -> (String, String) {
    let (mut links, mut sections) = (String::new(), String::new());
    let own = results.as_object().into_iter().flatten();
    let own = own.filter_map(|(name, result)| Some((name, result, Kind::of(result)?)));
    let own: Vec<(&String, &Value, Kind)> = own.collect();
    for (i, &(name, result, kind)) in own.iter().enumerate() {
        let name = crate::base::html::escaped(name);
        let title = kind.title();
        let is_alone = own.iter().filter(|(_, _, other)| *other == kind).count() == 1;
        let which = if is_alone {
            String::new()
        } else {
            format!(" {name}")
        };
        links += &format!("<a href=\"#part{i}\">{}{which}</a> ", title.to_lowercase());
        sections += &format!(
            "<section id=\"part{i}\"><h2>{title}: {name}</h2>{}</section>\n",
            blocks::html(&kind.blocks(result), picture)
        );
    }
    (links, sections)
}

/// Names of the pictures that sections have.
pub fn pictures(results: &Value) -> Vec<String> {
    let of = |result: &Value| Kind::of(result).map_or(Vec::new(), |kind| kind.blocks(result));
    let own = results.as_object().into_iter().flatten();
    let blocks = own.flat_map(|(_, result)| of(result));
    let name = |block: Block| match block {
        Block::Picture(path) => path.strip_prefix("figures/").map(str::to_string),
        _ => None,
    };
    blocks.filter_map(name).collect()
}

/// Results without those that have a section of their own.
pub fn others(results: &Value) -> Value {
    let Some(map) = results.as_object() else {
        return results.clone();
    };
    let plain = map.iter().filter(|(_, result)| Kind::of(result).is_none());
    plain
        .map(|(name, result)| (name.clone(), result.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn results_of_a_kind_have_a_section() {
        let results = json!({
            "n": 1,
            "fair": { "kind": "audit", "verdict": "a <fair> test", "is_fair": true,
                "leaks": { "rows": 10, "count": 2, "examples": [] },
                "baselines": [{ "baseline": "gc", "auroc": 0.61 }], "notes": ["one note"] },
            "models": { "kind": "comparison", "verdict": "a over b", "metric": "auroc",
                "plot": "figures/p.svg", "diagram": "figures/../../etc.svg",
                "scores": [{ "set": "s", "model": "a", "value": 0.9 }], "ranks": null },
            "other": { "kind": "fruit" },
        });
        let (links, sections) = html(&results, &|path| Some(format!("[{path}]")));
        assert_eq!(pictures(&results), ["p.svg"]);
        assert!(sections.contains("[figures/p.svg]") && !sections.contains("etc.svg"));
        assert_eq!(links.matches("<a ").count(), 2);
        assert!(sections.contains("verdict good") && sections.contains("a &lt;fair&gt; test"));
        assert!(sections.contains("<td>gc</td><td class=\"number\">0.61</td>"));
        assert!(sections.contains("<h2>Comparison: models</h2>"));
        assert_eq!(
            others(&results),
            json!({ "n": 1, "other": { "kind": "fruit" } })
        );
        assert_eq!(
            html(&Value::Null, &|_| None),
            (String::new(), String::new())
        );
    }

    #[test]
    fn a_card_is_markdown() {
        let result = json!({
            "kind": "model card", "name": "net", "intended": "to test", "limits": ["a", "b"],
            "architecture": { "parameters": 12, "layers": [] },
            "scores": [{ "name": "auroc", "value": 0.91234, "low": 0.9, "high": 0.92 }],
            "audit": { "verdict": "fair", "is_fair": true },
            "more": { "licence": "MIT" },
        });
        let text = card_markdown(&result);
        assert!(text.starts_with("# Model card: net\n\n## Intended use\n\nto test\n"));
        assert!(text.contains("## Limits\n\n- a\n- b\n"));
        assert!(text.contains("- parameters: 12"));
        assert!(text.contains("| auroc | 0.9123 | 0.9 | 0.92 |"));
        assert!(text.contains("## Data audit\n\n**fair**") && text.ends_with("MIT\n"));
    }
}
