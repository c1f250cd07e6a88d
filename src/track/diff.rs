//! Differences between two runs.

use super::Record;
use super::ledger::flat;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

/// Names and values that differ, as lines: `name: a -> b`.
pub fn values(head: &str, a: &Value, b: &Value) -> Vec<String> {
    let mut out = Vec::new();
    let (left, right) = (flat(a), flat(b));
    let of = |list: &[(String, Value)], name: &str| {
        list.iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
    };
    let text = |value: Option<Value>| value.map_or("-".to_string(), |value| value.to_string());
    let mut names: Vec<&String> = left.iter().chain(&right).map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    for name in names {
        let (x, y) = (of(&left, name), of(&right, name));
        if x != y {
            out.push(format!("  {head}.{name}: {} -> {}", text(x), text(y)));
        }
    }
    out
}

/// The first line of metrics at which two runs differ; seconds do not count.
pub fn parting(a: &Record, b: &Record) -> Option<String> {
    let plain = |row: &Value| {
        let mut row = row.clone();
        if let Some(map) = row.as_object_mut() {
            map.retain(|name, _| name != "seconds" && name != "speed");
        }
        row
    };
    for (x, y) in a.metrics.iter().zip(&b.metrics) {
        let (x, y) = (plain(x), plain(y));
        if x != y {
            let lines = values("metrics", &x, &y);
            return Some(format!(
                "metrics part at epoch {} of {}:\n{}",
                y["epoch"],
                y["model"].as_str().unwrap_or("?"),
                lines.join("\n")
            ));
        }
    }
    match a.metrics.len() == b.metrics.len() {
        true => None,
        false => Some(format!(
            "metrics agree for {} epochs, then only one run continues: {} and {} epochs",
            a.metrics.len().min(b.metrics.len()),
            a.metrics.len(),
            b.metrics.len()
        )),
    }
}

/// Script, parameters, versions, data, metrics and results of two runs: what differs, as text;
/// empty where nothing does.
pub fn between(a: &Record, b: &Record) -> String {
    let mut out = Vec::new();
    if a.script != b.script {
        out.push("script:".to_string());
        let difference = TextDiff::from_lines(&a.script, &b.script);
        for change in difference
            .iter_all_changes()
            .filter(|change| change.tag() != ChangeTag::Equal)
        {
            let (sign, line) = if change.tag() == ChangeTag::Delete {
                ('-', change.old_index())
            } else {
                ('+', change.new_index())
            };
            out.push(format!(
                "  {sign} {:>4}  {}",
                line.map_or(0, |n| n + 1),
                change.value().trim_end()
            ));
        }
    }
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            out.push(format!("{title}:"));
            out.extend(lines);
        }
    };
    section("parameters", values("set", &a.set, &b.set));
    section("versions", values("versions", &a.versions, &b.versions));
    let files = |record: &Record| {
        let one = |file: &Value| Some((file["path"].as_str()?.to_string(), file["blake3"].clone()));
        Value::Object(
            record
                .data
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(one)
                .collect(),
        )
    };
    section("data", values("data", &files(a), &files(b)));
    section(
        "metrics",
        parting(a, b)
            .into_iter()
            .map(|text| format!("  {}", text.replace('\n', "\n  ")))
            .collect(),
    );
    section("results", values("results", &a.results, &b.results));
    out.join("\n")
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::*;

    #[test]
    fn runs_part_where_they_part() {
        let place = tempfile::tempdir().unwrap();
        let run = |name: &str, script: &str, loss: f64| {
            let folder = place.path().join(name);
            std::fs::create_dir(&folder).unwrap();
            std::fs::write(folder.join("script.rhai"), script).unwrap();
            std::fs::write(
                folder.join("results.json"),
                format!("{{\"auc\": {{\"test\": {loss}}}}}"),
            )
            .unwrap();
            std::fs::write(
                folder.join("metrics.jsonl"),
                format!(
                    "{{\"model\":\"m\",\"epoch\":1,\"loss\":1.0,\"seconds\":{loss}}}\n\
                     {{\"model\":\"m\",\"epoch\":2,\"loss\":{loss}}}\n"
                ),
            )
            .unwrap();
            read(&folder)
        };
        let (a, b, c) = (
            run("a", "let a = 1;\n", 0.5),
            run("b", "let a = 2;\n", 0.25),
            run("c", "let a = 1;\n", 0.5),
        );
        let text = between(&a, &b);
        for wanted in [
            "-    1  let a = 1;",
            "+    1  let a = 2;",
            "part at epoch 2 of m",
            "metrics.loss: 0.5 -> 0.25",
            "results.auc.test: 0.5 -> 0.25",
        ] {
            assert!(text.contains(wanted), "{wanted}\n{text}");
        }
        assert_eq!(between(&a, &c), "");
    }
}
