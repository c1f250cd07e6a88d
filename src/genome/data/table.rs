//! Tables of sequences and labels: TSV, CSV (with quotes) or blanks, plain or gzipped; FASTA pairs.

use super::delimited::Rows;
use super::{Column, Dataset, Input};
use crate::seq::alphabet::{self, Census};
use crate::seq::fasta;
use cistron_base::{Result, near};
use cistron_base::{bail, fault};
use std::path::Path;
use std::sync::Arc;

/// The columns to read from a table.
#[derive(Clone, Debug, Default)]
pub struct TableColumns {
    /// Input name and column name (or number, from 1) of each sequence.
    pub sequences: Vec<(String, String)>,
    /// Columns of labels.
    pub labels: Vec<String>,
    /// Column of a name for each row.
    pub name: Option<String>,
    /// Bases that each sequence is cut or padded to, around its middle; none demands one length.
    pub length: Option<usize>,
}

/// Reads a table. Without a plan the DeepBind form (`FoldID EventID seq Bound`), the Zeng form
/// (`>chr:a-b SEQ label`) and a bare `SEQ label` are recognised.
pub fn read(path: &Path, plan: &TableColumns) -> Result<Dataset> {
    let shown = path.display().to_string();
    let mut rows = Rows::open(path)?;
    let mut form: Option<Form> = None;
    let mut store: Option<Store> = None;
    while let Some((number, cells)) = rows.next_row()? {
        if form.is_none() {
            let found = Form::find(cells, plan, &shown, number)?;
            let has_header = found.has_header;
            store = Some(Store::new(&found, plan));
            form = Some(found);
            if has_header {
                continue;
            }
        }
        if let (Some(form), Some(store)) = (&form, &mut store) {
            store.push(cells, form, &shown, number)?;
        }
    }
    match (store, form) {
        (Some(store), Some(form)) if store.rows > 0 => store.finish(form, &shown),
        (Some(_), Some(form)) if form.has_header => {
            bail!("data", "`{shown}` holds a header and no rows")
        }
        _ => bail!("data", "`{shown}` is empty"),
    }
}

/// Which columns hold what.
struct Form {
    columns: usize,
    has_header: bool,
    sequences: Vec<(String, usize)>,
    labels: Vec<(String, usize)>,
    name: Option<usize>,
}

fn is_sequence(text: &str) -> bool {
    text.len() >= 4 && text.bytes().all(|b| b"ACGTNacgtn".contains(&b))
}

fn is_label(text: &str) -> bool {
    text.parse::<f32>().is_ok()
}

impl Form {
    fn find(first: &[String], plan: &TableColumns, path: &str, number: usize) -> Result<Form> {
        let cells: Vec<&str> = first.iter().map(|cell| cell.trim()).collect();
        let has_header = !cells.iter().any(|cell| is_sequence(cell));
        let place = |wanted: &str| -> Result<usize> {
            if let Some(index) = cells.iter().position(|cell| has_header && *cell == wanted) {
                return Ok(index);
            }
            match wanted.parse::<usize>() {
                Ok(index) if index >= 1 && index <= cells.len() => Ok(index - 1),
                _ if !has_header => {
                    bail!(
                        "data",
                        "`{path}` line {number} has no header, so column `{wanted}` cannot be \
                        found";
                        hint: "give columns by number, from 1: `#{{ sequence: \"2\", label: \"3\" \
                            }}`"
                    )
                }
                _ => {
                    let fault = fault!(
                        "data",
                        "`{path}` has no column `{wanted}`; it has {}",
                        cells.join(", ")
                    );
                    Err(near::nearest(wanted, cells.iter().copied())
                        .map_or(fault.clone(), |near| {
                            fault.hint(format!("did you mean `{near}`?"))
                        }))
                }
            }
        };
        let mut form = Form {
            columns: cells.len(),
            has_header,
            sequences: Vec::new(),
            labels: Vec::new(),
            name: None,
        };
        if plan.sequences.is_empty() && plan.labels.is_empty() {
            form.recognise(&cells, path, number)?;
        }
        for (name, column) in &plan.sequences {
            form.sequences.push((name.clone(), place(column)?));
        }
        for column in &plan.labels {
            form.labels.push((
                if has_header {
                    column.clone()
                } else {
                    "label".into()
                },
                place(column)?,
            ));
        }
        if let Some(column) = &plan.name {
            form.name = Some(place(column)?);
        }
        if form.sequences.is_empty() {
            bail!(
                "option",
                "`{path}`: no column of sequences was named";
                hint: "`#{{ sequence: \"…\", label: \"…\" }}`"
            );
        }
        Ok(form)
    }

    fn recognise(&mut self, cells: &[&str], path: &str, number: usize) -> Result<()> {
        let sequence: String = "sequence".into();
        if cells == ["FoldID", "EventID", "seq", "Bound"] {
            self.sequences.push((sequence, 2));
            self.labels.push(("Bound".into(), 3));
            self.name = Some(1);
        } else if cells.len() == 3 && is_sequence(cells[1]) && is_label(cells[2]) {
            self.sequences.push((sequence, 1));
            self.labels.push(("label".into(), 2));
            self.name = Some(0);
        } else if cells.len() == 2 && is_sequence(cells[0]) && is_label(cells[1]) {
            self.sequences.push((sequence, 0));
            self.labels.push(("label".into(), 1));
        } else {
            let short = |cell: &&str| cell.chars().take(24).collect::<String>();
            let row: Vec<String> = cells.iter().map(short).collect();
            bail!(
                "data",
                "`{path}` line {number}: the form of this table is not known: {}",
                row.join(" | ");
                hint: "name the columns: `data::table(path, #{{ sequence: \"…\", label: \"…\" }})`"
            );
        }
        Ok(())
    }
}

struct Store {
    codes: Vec<Vec<u8>>,
    lengths: Vec<Option<usize>>,
    wanted: Option<usize>,
    labels: Vec<f32>,
    names: Vec<String>,
    rows: usize,
    census: Census,
    resized: usize,
}

impl Store {
    fn new(form: &Form, plan: &TableColumns) -> Store {
        Store {
            codes: vec![Vec::new(); form.sequences.len()],
            lengths: vec![plan.length; form.sequences.len()],
            wanted: plan.length,
            labels: Vec::new(),
            names: Vec::new(),
            rows: 0,
            census: Census::default(),
            resized: 0,
        }
    }

    fn push(&mut self, cells: &[String], form: &Form, path: &str, number: usize) -> Result<()> {
        if cells.len() != form.columns {
            bail!(
                "data",
                "`{path}` line {number}: expected {} columns, got {}",
                form.columns,
                cells.len()
            );
        }
        for (i, (name, column)) in form.sequences.iter().enumerate() {
            let cell = cells[*column].trim();
            if cell.is_empty() {
                bail!("data", "`{path}` line {number}: the {name} is empty");
            }
            let start = self.codes[i].len();
            alphabet::encode(cell, &mut self.codes[i], &mut self.census).map_err(|(at, letter)| {
                fault!(
                    "data",
                    "`{path}` line {number}: `{letter}` at position {at} of the {name} is no base";
                    hint: "bases are A C G T, N and the IUPAC codes"
                )
            })?;
            let length = self.codes[i].len() - start;
            match self.lengths[i] {
                None => self.lengths[i] = Some(length),
                Some(wanted) if wanted == length => {}
                Some(wanted) if self.wanted.is_some() => {
                    resize(&mut self.codes[i], start, wanted);
                    self.resized += 1;
                }
                Some(wanted) => {
                    bail!(
                        "data",
                        "`{path}` line {number}: the {name} has {length} bases, those before it \
                        have {wanted}";
                        hint: "`length: {wanted}` cuts or pads each one around its middle"
                    )
                }
            }
        }
        for (name, column) in &form.labels {
            let label = match cells[*column].trim() {
                "" | "NA" | "nan" | "NaN" | "." => f32::NAN,
                other => other.parse().map_err(|_| {
                    fault!(
                        "data",
                        "`{path}` line {number}: label `{name}` must be a number, got `{other}`"
                    )
                })?,
            };
            self.labels.push(label);
        }
        if let Some(column) = form.name {
            self.names
                .push(cells[column].trim_start_matches('>').to_string());
        }
        self.rows += 1;
        Ok(())
    }

    fn finish(self, form: Form, path: &str) -> Result<Dataset> {
        let inputs = form
            .sequences
            .iter()
            .zip(self.codes)
            .zip(&self.lengths)
            .map(|(((name, _), codes), length)| {
                Input::new(
                    name.clone(),
                    Column::Sequence {
                        codes: Arc::new(codes),
                        length: length.unwrap_or(0),
                    },
                )
            })
            .collect();
        let label_names: Vec<String> = form.labels.iter().map(|(name, _)| name.clone()).collect();
        let mut set = Dataset::new(inputs, label_names, self.labels)?;
        set.names = (!self.names.is_empty()).then(|| Arc::new(self.names));
        set.notes = census_notes(&self.census, path);
        if self.resized > 0 {
            set.notes.push(format!(
                "`{path}`: {} sequences were cut or padded to {} bases",
                self.resized,
                self.wanted.unwrap_or(0)
            ));
        }
        Ok(set)
    }
}

/// Cuts or pads with N, around the middle, what stands from `start` on.
fn resize(codes: &mut Vec<u8>, start: usize, wanted: usize) {
    let own = codes.split_off(start);
    if own.len() >= wanted {
        let from = (own.len() - wanted) / 2;
        codes.extend_from_slice(&own[from..from + wanted]);
    } else {
        let before = (wanted - own.len()) / 2;
        codes.extend(std::iter::repeat_n(alphabet::UNKNOWN, before));
        codes.extend_from_slice(&own);
        codes.resize(start + wanted, alphabet::UNKNOWN);
    }
}

fn census_notes(census: &Census, path: &str) -> Vec<String> {
    let mut notes = Vec::new();
    if census.unknown + census.ambiguous > 0 {
        notes.push(format!(
            "`{path}`: {} N and {} other IUPAC codes are read as N (four zeros)",
            census.unknown, census.ambiguous
        ));
    }
    if census.lower > 0 {
        notes.push(format!(
            "`{path}`: {} lower-case bases are read as upper case",
            census.lower
        ));
    }
    notes
}

/// Positives (label 1) and negatives (label 0) from two FASTA files; the second may be left out.
pub fn from_fasta(
    positives: &Path,
    negatives: Option<&Path>,
    length: Option<usize>,
) -> Result<Dataset> {
    let mut codes = Vec::new();
    let (mut labels, mut names, mut notes) = (Vec::new(), Vec::new(), Vec::new());
    let mut wanted = length;
    for (path, label) in [(Some(positives), 1.0f32), (negatives, 0.0)] {
        let Some(path) = path else { continue };
        let records = fasta::read(path)?;
        for (i, name) in records.names.iter().enumerate() {
            let sequence = records.sequence(i);
            if sequence.is_empty() {
                bail!(
                    "data",
                    "`{}` line {}: record `{name}` has no sequence",
                    path.display(),
                    records.lines[i]
                );
            }
            let start = codes.len();
            codes.extend_from_slice(sequence);
            match wanted {
                None => wanted = Some(sequence.len()),
                Some(n) if n == sequence.len() => {}
                Some(n) if length.is_some() => resize(&mut codes, start, n),
                Some(n) => {
                    bail!(
                        "data",
                        "`{}` line {}: record `{name}` has {} bases, those before it have {n}",
                        path.display(),
                        records.lines[i],
                        sequence.len();
                        hint: "`length: {n}` cuts or pads each one around its middle"
                    )
                }
            }
            labels.push(label);
            names.push(name.clone());
        }
        // names only label rows here, and bedtools repeats those of repeated regions
        notes.extend(
            records
                .check_unique(path)
                .err()
                .map(|fault| format!("{}; both are rows", fault.message)),
        );
        notes.extend(census_notes(&records.census, &path.display().to_string()));
    }
    let column = Column::Sequence {
        codes: Arc::new(codes),
        length: wanted.unwrap_or(0),
    };
    let mut set = Dataset::new(
        vec![Input::new("sequence", column)],
        vec!["label".into()],
        labels,
    )?;
    set.names = Some(Arc::new(names));
    set.notes = notes;
    Ok(set)
}
