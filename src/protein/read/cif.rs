//! The table of atoms of mmCIF files.

use super::prepared::{Models, Prepared, Repeated, Row};
use crate::structure::Note;
use cistron_base::{Result, bail, fault};

/// Columns that pdbtbx reads: name, whether it must be there, whether it is a number.
const COLUMNS: [(&str, bool, bool); 16] = [
    ("group_PDB", true, false),
    ("type_symbol", true, false),
    ("label_atom_id", true, false),
    ("label_alt_id", false, false),
    ("label_comp_id", true, false),
    ("label_asym_id", true, false),
    ("label_seq_id", true, true),
    ("pdbx_PDB_ins_code", false, false),
    ("Cartn_x", true, true),
    ("Cartn_y", true, true),
    ("Cartn_z", true, true),
    ("occupancy", false, true),
    ("B_iso_or_equiv", false, true),
    ("auth_seq_id", false, true),
    ("auth_asym_id", false, false),
    ("pdbx_PDB_model_num", false, true),
];

/// Whether a text is mmCIF rather than PDB.
pub(super) fn is_cif(text: &str) -> bool {
    let starts = |line: &str, word: &str| {
        line.get(..word.len())
            .is_some_and(|own| own.eq_ignore_ascii_case(word))
    };
    let first = text.lines().find(|line| {
        let line = line.trim();
        !line.is_empty() && !line.starts_with('#')
    });
    first.is_some_and(|line| starts(line, "data_"))
        || text
            .lines()
            .any(|line| starts(line.trim_start(), "_atom_site."))
}

/// A word of a file, its line, and whether it is in quotes.
struct Word<'a> {
    text: &'a str,
    line: usize,
    is_quoted: bool,
}

/// The words of a line; quotes end where a space follows them.
fn words(line: &str, number: usize) -> Result<Vec<Word<'_>>> {
    let (mut out, mut rest) = (Vec::new(), line.trim_start());
    while let Some(first) = rest.chars().next() {
        if first == '#' {
            break;
        }
        let quoted = first == '\'' || first == '"';
        let end = if quoted {
            let ends = |(i, c): (usize, char)| {
                let next = rest[i + 1..].chars().next();
                (i > 0 && c == first && next.is_none_or(char::is_whitespace)).then_some(i)
            };
            let end = rest
                .char_indices()
                .filter(|(_, c)| c.is_ascii())
                .find_map(ends);
            end.ok_or_else(|| fault!("data", "line {number}: a quote does not end"))?
        } else {
            rest.find(char::is_whitespace).unwrap_or(rest.len())
        };
        out.push(Word {
            text: &rest[usize::from(quoted)..end],
            line: number,
            is_quoted: quoted,
        });
        rest = rest[end + usize::from(quoted)..].trim_start();
    }
    Ok(out)
}

/// The names of the columns of the table of atoms, and its words.
fn table(text: &str) -> Result<(Vec<String>, Vec<Word<'_>>)> {
    let (mut names, mut cells): (Vec<String>, Vec<Word<'_>>) = (Vec::new(), Vec::new());
    let mut is_inside = false;
    for (i, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        if let Some(name) = trimmed.strip_prefix("_atom_site.") {
            if !cells.is_empty() {
                bail!("data", "line {}: there are two tables `_atom_site`", i + 1;
                    hint: "split the data blocks into files");
            }
            names.push(name.split_whitespace().next().unwrap_or("").to_string());
            if name.split_whitespace().nth(1).is_some() {
                bail!(
                    "data",
                    "line {}: `_atom_site` must be a table (`loop_`)",
                    i + 1
                );
            }
            is_inside = true;
        } else if is_inside {
            let ends = ["_", "loop_", "data_", "save_"];
            if ends.iter().any(|word| trimmed.starts_with(word)) {
                is_inside = false;
            } else if line.starts_with(';') {
                bail!(
                    "data",
                    "line {}: texts of several lines are not read in the table of atoms",
                    i + 1
                );
            } else {
                cells.extend(words(line, i + 1)?);
            }
        }
    }
    Ok((names, cells))
}

/// A cell, without the signs of what is unknown or does not apply.
fn known<'a>(word: &Word<'a>) -> Option<&'a str> {
    let is_none = !word.is_quoted && [".", "?"].contains(&word.text);
    (!is_none && !word.text.is_empty()).then_some(word.text)
}

/// A number without its standard uncertainty, as in `-10.869(3)`.
fn without_uncertainty(text: &str) -> &str {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match text
        .strip_suffix(')')
        .and_then(|text| text.rsplit_once('('))
    {
        Some((number, uncertainty)) if digits(uncertainty) => number,
        _ => text,
    }
}

/// The places of the columns of [`COLUMNS`].
fn columns(names: &[String]) -> Result<[Option<usize>; COLUMNS.len()]> {
    let mut out = [None; COLUMNS.len()];
    for (place, (column, needed, _)) in out.iter_mut().zip(COLUMNS) {
        *place = names
            .iter()
            .position(|name| name.eq_ignore_ascii_case(column));
        if place.is_none() && needed {
            bail!(
                "data",
                "the table of atoms has no column `_atom_site.{column}`"
            );
        }
    }
    Ok(out)
}

/// The cells of a row in the order of [`COLUMNS`], checked.
fn checked<'a>(
    row: &[Word<'a>],
    places: &[Option<usize>],
) -> Result<[Option<&'a str>; COLUMNS.len()]> {
    let mut out = [None; COLUMNS.len()];
    for (i, (column, needed, is_number)) in COLUMNS.iter().enumerate() {
        let Some(word) = places[i].map(|place| &row[place]) else {
            continue;
        };
        let is_measured = ["Cartn_", "occupancy", "B_iso"];
        out[i] = known(word).map(|text| {
            match is_measured.iter().any(|start| column.starts_with(start)) {
                true => without_uncertainty(text),
                false => text,
            }
        });
        let line = word.line;
        let is_free = ["label_seq_id", "type_symbol"].contains(column);
        match out[i] {
            None if *needed && !is_free => {
                bail!("data", "line {line}: `{column}` has no value")
            }
            Some(text) if *is_number => {
                let value = text.parse::<f64>().ok();
                let most = if column.starts_with("Cartn") {
                    1e6
                } else {
                    1e15
                };
                if value.is_none_or(|x| !x.is_finite() || x.abs() > most) {
                    bail!(
                        "data",
                        "line {line}: `{column}` must be a number, got `{text}`"
                    );
                }
            }
            Some(text) if !text.bytes().all(|byte| byte.is_ascii_graphic()) => {
                bail!(
                    "data",
                    "line {line}: `{column}` must be a plain word, got `{text}`"
                )
            }
            _ => {}
        }
    }
    if out[6].or(out[13]).is_none() {
        let line = row.first().map_or(0, |word| word.line);
        bail!("data", "line {line}: the residue has no number");
    }
    Ok(out)
}

/// The atoms of a model, with their place in the list as serial number.
pub(super) fn prepare(text: &str, wanted: Option<i64>) -> Result<Prepared> {
    let (names, cells) = table(text)?;
    let places = if names.is_empty() {
        [None; COLUMNS.len()]
    } else {
        columns(&names)?
    };
    if !names.is_empty() && cells.len() % names.len() != 0 {
        let last = cells.last().map_or(0, |word| word.line);
        let (count, columns) = (cells.len(), names.len());
        bail!(
            "data",
            "the table of atoms ends within a row: {count} values for {columns} columns, \
            at line {last}";
            hint: "is the file cut short?"
        );
    }
    let rows = cells.chunks_exact(names.len().max(1));
    let mut models = Models::new();
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        let values = checked(row, &places)?;
        let model = values[15].and_then(|text| text.parse().ok()).unwrap_or(1);
        models.meet(model, row[0].line);
        all.push((model, row[0].line, values));
    }
    let (model, note) = models.chosen(wanted)?;
    let header: String = COLUMNS
        .iter()
        .map(|(name, ..)| format!("_atom_site.{name}\n"))
        .collect();
    let mut out = Prepared {
        format: pdbtbx::Format::Mmcif,
        text: format!("data_x\nloop_\n_atom_site.id\n{header}"),
        rows: Vec::new(),
        notes: note.into_iter().collect(),
        head: 3 + COLUMNS.len(),
    };
    let mut repeated = Repeated::new();
    for (_, line, values) in all.iter().filter(|(own, ..)| *own == model) {
        add(&mut out, &mut repeated, *line, values);
    }
    Ok(out)
}

fn add(out: &mut Prepared, repeated: &mut Repeated, line: usize, values: &[Option<&str>]) {
    let alternate = values[3]
        .and_then(|text| text.chars().next())
        .unwrap_or(' ');
    let label = [values[13].or(values[6]), values[7]].map(|part| part.unwrap_or(""));
    let chain = values[14].or(values[5]).unwrap_or("");
    let name = values[4].unwrap_or("");
    if alternate == ' '
        && let Some(note) = repeated.note(chain, &label.concat(), name, line)
    {
        let is_known = |own: &Note| own.kind == note.kind && own.residue == note.residue;
        if !out.notes.iter().rev().take(2).any(is_known) {
            out.notes.push(note);
        }
        return;
    }
    out.text += &out.rows.len().to_string();
    for (value, (column, _, is_number)) in values.iter().zip(COLUMNS) {
        let quote = |text: &str| if text.contains('\'') { '"' } else { '\'' };
        out.text += &match value {
            // this row has its own, and pdbtbx refuses some
            _ if column == "occupancy" => " 1.0".to_string(),
            None if column == "type_symbol" => " X".to_string(),
            None if column == "B_iso_or_equiv" => " 0.0".to_string(),
            None => " ?".to_string(),
            Some(text) if is_number => format!(" {text}"),
            Some(text) => format!(" {q}{text}{q}", q = quote(text)),
        };
    }
    out.text.push('\n');
    out.rows.push(Row {
        line,
        alternate,
        occupancy: values[11].and_then(|text| text.parse().ok()).unwrap_or(1.0),
    });
}
