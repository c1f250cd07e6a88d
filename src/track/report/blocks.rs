//! Parts of a section of the report, written as HTML or Markdown.

use crate::base::html::escaped;
use crate::base::written::significant;
use serde_json::Value;

/// Rows of a table that are shown, at most.
const ROWS: usize = 200;
/// Rows of a table above which it is folded.
const LONG: usize = 12;

/// A part of a section.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A heading below that of the section.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// The outcome in a sentence, and whether it is good, bad, or neither.
    Verdict(String, Option<bool>),
    /// Names and values.
    Facts(Vec<(String, String)>),
    /// Lines.
    List(Vec<String>),
    /// A picture: its path in the folder of the run.
    Picture(String),
    /// A table: names of columns, rows of texts, whether columns are numbers.
    Table(Vec<String>, Vec<Vec<String>>, Vec<bool>),
}

/// A value as text: numbers with four digits.
pub fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_i64() || number.is_u64() => number.to_string(),
        Value::Number(number) => significant(number.as_f64().unwrap_or(f64::NAN), 4),
        Value::Bool(is) => if *is { "yes" } else { "no" }.into(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(", "),
        Value::Object(map) => {
            let parts = map
                .iter()
                .map(|(name, value)| format!("{name} {}", text(value)));
            parts.collect::<Vec<_>>().join(", ")
        }
    }
}

/// A table of some columns of rows; columns that no row has are left out.
pub fn table(rows: &Value, columns: &[&str]) -> Option<Block> {
    let rows = rows.as_array().filter(|rows| !rows.is_empty())?;
    let is_there = |name: &&&str| rows.iter().any(|row| !row[**name].is_null());
    let columns: Vec<&str> = columns.iter().filter(is_there).copied().collect();
    let is_number = |name: &&str| {
        let mut cells = rows.iter().map(|row| &row[*name]);
        cells.all(|cell| cell.is_number() || cell.is_null())
    };
    let cells = |row: &Value| columns.iter().map(|name| text(&row[*name])).collect();
    Some(Block::Table(
        columns.iter().map(|name| name.replace('_', " ")).collect(),
        rows.iter().map(cells).collect(),
        columns.iter().map(is_number).collect(),
    ))
}

/// Facts out of a value: names in words, and keys. Missing ones are left out.
pub fn facts(value: &Value, names: &[(&str, &str)]) -> Option<Block> {
    let one = |(words, key): &(&str, &str)| {
        let own = &value[*key];
        (!own.is_null()).then(|| (words.to_string(), text(own)))
    };
    let facts: Vec<(String, String)> = names.iter().filter_map(one).collect();
    (!facts.is_empty()).then_some(Block::Facts(facts))
}

/// A list of texts, with a heading.
pub fn list(heading: &str, items: &Value) -> Vec<Block> {
    match items.as_array().filter(|items| !items.is_empty()) {
        Some(items) => vec![
            Block::Heading(heading.into()),
            Block::List(items.iter().map(text).collect()),
        ],
        None => Vec::new(),
    }
}

/// Blocks as HTML; `picture` is the HTML of the picture at a path.
pub fn html(blocks: &[Block], picture: &dyn Fn(&str) -> Option<String>) -> String {
    let one = |block: &Block| match block {
        Block::Picture(path) => picture(path).map_or(String::new(), |drawn| {
            format!("<div class=\"figures one\">{drawn}</div>")
        }),
        other => html_of(other),
    };
    blocks.iter().map(one).collect()
}

fn html_of(block: &Block) -> String {
    match block {
        Block::Picture(path) => format!("<p>{}</p>", escaped(path)),
        Block::Heading(heading) => format!("<h3>{}</h3>", escaped(heading)),
        Block::Text(words) => format!("<p>{}</p>", escaped(words)),
        Block::Verdict(words, is_good) => {
            let class = match is_good {
                Some(true) => "verdict good",
                Some(false) => "verdict bad",
                None => "verdict",
            };
            format!("<p class=\"{class}\">{}</p>", escaped(words))
        }
        Block::Facts(facts) => {
            let line = |(name, value): &(String, String)| {
                let (name, value) = (escaped(name), escaped(value));
                format!("<tr><th scope=\"row\">{name}</th><td>{value}</td></tr>")
            };
            let lines: String = facts.iter().map(line).collect();
            format!("<div class=\"scroll\"><table>{lines}</table></div>")
        }
        Block::List(items) => {
            let items = items
                .iter()
                .map(|item| format!("<li>{}</li>", escaped(item)));
            format!("<ul>{}</ul>", items.collect::<String>())
        }
        Block::Table(columns, rows, numbers) => html_table(columns, rows, numbers),
    }
}

fn html_table(columns: &[String], rows: &[Vec<String>], numbers: &[bool]) -> String {
    let class = |column: usize| {
        if numbers[column] {
            " class=\"number\""
        } else {
            ""
        }
    };
    let heads = columns
        .iter()
        .enumerate()
        .map(|(i, name)| format!("<th scope=\"col\"{}>{}</th>", class(i), escaped(name)));
    let line = |row: &Vec<String>| {
        let cells = row.iter().enumerate();
        let cells = cells.map(|(i, cell)| format!("<td{}>{}</td>", class(i), escaped(cell)));
        format!("<tr>{}</tr>", cells.collect::<String>())
    };
    let lines: String = rows.iter().take(ROWS).map(line).collect();
    let more = match rows.len().saturating_sub(ROWS) {
        0 => String::new(),
        n => format!("<p>{n} more rows are in results.json</p>"),
    };
    let table = format!(
        "<div class=\"scroll\"><table class=\"rows\"><thead><tr>{}</tr></thead>\
        <tbody>{lines}</tbody></table></div>{more}",
        heads.collect::<String>()
    );
    match rows.len() > LONG {
        true => format!(
            "<details><summary>{} rows</summary>{table}</details>",
            rows.len()
        ),
        false => table,
    }
}

/// A text in a cell of a table of Markdown.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// Blocks as Markdown; `level` is the number of # of headings.
pub fn markdown(blocks: &[Block], level: usize) -> String {
    let one = |block: &Block| match block {
        Block::Heading(heading) => format!("{} {heading}", "#".repeat(level)),
        Block::Text(words) => words.clone(),
        Block::Verdict(words, _) => format!("**{words}**"),
        Block::Picture(path) => format!("![]({path})"),
        Block::Facts(facts) => {
            let lines = facts
                .iter()
                .map(|(name, value)| format!("- {name}: {value}"));
            lines.collect::<Vec<_>>().join("\n")
        }
        Block::List(items) => {
            let lines = items.iter().map(|item| format!("- {item}"));
            lines.collect::<Vec<_>>().join("\n")
        }
        Block::Table(columns, rows, numbers) => {
            let line = |cells: &[String]| {
                let cells: Vec<String> = cells.iter().map(|text| cell(text)).collect();
                format!("| {} |", cells.join(" | "))
            };
            let rule: Vec<&str> = numbers
                .iter()
                .map(|own| if *own { "--:" } else { "---" })
                .collect();
            let mut lines = vec![line(columns), format!("| {} |", rule.join(" | "))];
            lines.extend(rows.iter().take(ROWS).map(|row| line(row)));
            if rows.len() > ROWS {
                lines.push(format!("\n{} more rows", rows.len() - ROWS));
            }
            lines.join("\n")
        }
    };
    blocks.iter().map(one).collect::<Vec<_>>().join("\n\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tables_have_the_columns_that_are_there() {
        let rows = json!([{ "b": 0.123456, "a": "x|y" }, { "b": null, "a": "<z>" }]);
        let found = table(&rows, &["a", "c", "b"]).unwrap();
        let text = markdown(std::slice::from_ref(&found), 3);
        assert_eq!(
            text,
            "| a | b |\n| --- | --: |\n| x\\|y | 0.1235 |\n| <z> |  |"
        );
        let page = html(&[found], &|_| None);
        assert!(page.contains("<td>&lt;z&gt;</td><td class=\"number\"></td>"));
        let long = Value::Array(vec![json!({ "a": 1 }); 13]);
        let page = html(
            &table(&long, &["a"]).into_iter().collect::<Vec<_>>(),
            &|_| None,
        );
        assert!(page.starts_with("<details><summary>13 rows</summary>"));
        let picture = [Block::Picture("figures/a.svg".into())];
        assert_eq!(html(&picture, &|_| None), "");
        assert!(html(&picture, &|path| Some(path.to_uppercase())).contains("FIGURES/A.SVG"));
        assert_eq!(markdown(&picture, 2), "![](figures/a.svg)");
        assert!(table(&json!([]), &["a"]).is_none() && table(&Value::Null, &["a"]).is_none());
    }

    #[test]
    fn facts_leave_out_what_is_missing() {
        let value = json!({ "n": 3, "is": true });
        let found = facts(&value, &[("rows", "n"), ("fair", "is"), ("other", "none")]);
        let wanted = [("rows", "3"), ("fair", "yes")];
        let wanted = wanted.map(|(a, b)| (a.to_string(), b.to_string())).to_vec();
        assert_eq!(found, Some(Block::Facts(wanted)));
        assert_eq!(facts(&value, &[("other", "none")]), None);
    }
}
