//! A dataset as one safetensors file.

use super::arrays::{self, Array, Numbers};
use super::dataset::joined_truth;
use super::{Column, Dataset, Input, LabelGroup, LabelStrand, Profile, Shuffles};
use crate::seq::alphabet::UNKNOWN;
use crate::seq::simulate::Truth;
use cistron_base::Result;
use cistron_base::{bail, fault};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

/// The longest words whose counts shuffles keep, and the most shuffles of a row, that a file may
/// declare.
const MOST_LETTERS: u64 = 20;
const MOST_SHUFFLES: u64 = 1000;

/// Writes the rows in view; shuffles that every epoch draws again keep their rule.
pub fn save(set: &Dataset, path: &Path) -> Result<()> {
    set.refuse_mix("writing")?;
    if set.batching.is_some()
        || set
            .inputs
            .iter()
            .any(|input| input.column.alphabet().is_some())
    {
        bail!("data", "rows that differ in size, or letters of another alphabet than DNA, cannot \
            be written as one file of arrays"; hint: "keep the files that they were read from");
    }
    let plain = Dataset {
        shuffles: None,
        ..set.clone()
    }
    .materialised()?;
    let n = plain.len();
    let mut saved = Vec::new();
    for input in &plain.inputs {
        let (codes, values) = plain.gather(&input.column, 0..plain.len())?;
        let shape = [&[n], input.column.row_shape().as_slice()].concat();
        let numbers = if input.column.is_sequence() {
            Numbers::Codes(codes)
        } else {
            Numbers::Floats(values)
        };
        saved.push((format!("input.{}", input.name), Array { shape, numbers }));
    }
    saved.push((
        "labels".into(),
        Array {
            shape: vec![n, plain.tasks()],
            numbers: Numbers::Floats(plain.all_labels()),
        },
    ));
    let mut notes = HashMap::from([
        ("format".to_string(), "cistron dataset 1".to_string()),
        (
            "inputs".into(),
            listed(plain.inputs.iter().map(|i| i.name.as_str())),
        ),
        (
            "labels".into(),
            listed(plain.label_names.iter().map(String::as_str)),
        ),
    ]);
    let along = |input: &&Input| input.is_along && !input.column.is_sequence();
    notes.insert(
        "along".into(),
        listed(plain.inputs.iter().filter(along).map(|i| i.name.as_str())),
    );
    for input in &plain.inputs {
        if input.reversed_axes > 0 {
            notes.insert(
                format!("reversed.{}", input.name),
                input.reversed_axes.to_string(),
            );
        }
        if let Some(partners) = &input.partners {
            notes.insert(format!("partners.{}", input.name), numbers(partners));
        }
    }
    if let Some(partners) = &plain.label_partners {
        notes.insert("label_partners".into(), numbers(partners));
    }
    if plain.label_groups[..] != LabelGroup::single(&plain.label_names)[..] {
        let groups = plain.label_groups.iter();
        let groups: Vec<_> = groups
            .map(|group| serde_json::json!([group.name, group.shape, group.strand.name()]))
            .collect();
        notes.insert("label_groups".into(), serde_json::json!(groups).to_string());
    }
    if let Some(profile) = &plain.profile {
        notes.insert("bins".into(), profile.bins.to_string());
    }
    if let Some(names) = &set.names {
        notes.insert(
            "names".into(),
            listed(set.rows.iter().map(|row| names[*row as usize].as_str())),
        );
    }
    if let Some(truth) = joined_truth(std::slice::from_ref(set)) {
        let (text, sites) = truth.to_parts();
        notes.insert("truth".into(), text);
        saved.push((
            "truth".into(),
            Array {
                shape: vec![sites.len() / 4, 4],
                numbers: Numbers::Integers(sites),
            },
        ));
    }
    if let Some(how) = set.shuffles {
        notes.insert(
            "shuffles".into(),
            format!("{} {} {} {}", how.k, how.ratio, how.redraw, how.seed),
        );
    }
    arrays::save(path, &saved, notes)
}

/// Named labels from a note of a file.
fn label_groups(text: &str) -> Option<Vec<LabelGroup>> {
    let groups: Vec<(String, Vec<usize>, String)> = serde_json::from_str(text).ok()?;
    let group = |(name, shape, strand): (String, Vec<usize>, String)| LabelGroup {
        name,
        shape,
        strand: LabelStrand::named(&strand),
    };
    Some(groups.into_iter().map(group).collect())
}

fn numbers(values: &[usize]) -> String {
    values
        .iter()
        .map(|n| n.to_string())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Names as one text: separated by tabs, as a JSON array where one of them holds a tab or is empty.
fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let is_plain = !names
        .iter()
        .any(|name| name.is_empty() || name.contains('\t'))
        && !names.first().is_some_and(|name| name.starts_with("[\""));
    if is_plain {
        names.join("\t")
    } else {
        serde_json::json!(names).to_string()
    }
}

/// The names of a text that [`listed`] made.
fn names_of(text: &str) -> Vec<String> {
    let array = if text.starts_with("[\"") {
        serde_json::from_str(text).ok()
    } else {
        None
    };
    array.unwrap_or_else(|| {
        text.split('\t')
            .filter(|name| !name.is_empty())
            .map(str::to_string)
            .collect()
    })
}

/// Numbers that put `n` things in each other's places.
fn permutation(text: &str, n: usize) -> Option<Arc<Vec<usize>>> {
    let values: Vec<usize> = text
        .split(' ')
        .map(str::parse)
        .collect::<std::result::Result<_, _>>()
        .ok()?;
    let mut sorted = values.clone();
    sorted.sort_unstable();
    sorted.iter().copied().eq(0..n).then(|| Arc::new(values))
}

/// Reads what [`save`] wrote.
pub fn load(path: &Path) -> Result<Dataset> {
    let (mut arrays, notes) = arrays::load(path)?;
    if notes.get("format").map(String::as_str) != Some("cistron dataset 1") {
        bail!("data", "`{}` holds tensors, not a dataset", path.display());
    }
    let list = |key: &str| -> Vec<String> {
        notes
            .get(key)
            .map(|text| names_of(text))
            .unwrap_or_default()
    };
    let mut take = |name: &str| {
        arrays
            .remove(name)
            .ok_or_else(|| fault!("data", "`{}` lacks `{name}`", path.display()))
    };
    let wrong = |name: &str, found: &[usize], wanted: &str| {
        let found: Vec<i64> = found.iter().map(|n| *n as i64).collect();
        let found = cistron_base::shape::text(&found);
        fault!(
            "data",
            "`{}`: `{name}` is {found}, not {wanted}",
            path.display();
            hint: "the file is damaged: save the dataset again"
        )
    };
    let mut inputs = Vec::new();
    for name in list("inputs") {
        let key = format!("input.{name}");
        let array = take(&key)?;
        let wrong = || wrong(&key, &array.shape, "rows of sequences or numbers");
        let row = array.shape.get(1..).ok_or_else(wrong)?;
        let column = match array.numbers {
            Numbers::Codes(codes) => {
                let [length] = *row else { return Err(wrong()) };
                if let Some(code) = codes.iter().find(|code| **code > UNKNOWN) {
                    bail!(
                        "data",
                        "`{}`: `input.{name}` holds the code {code}; bases are 0 to 3, unknown \
                        ones 4",
                        path.display();
                        hint: "the file is damaged: save the dataset again"
                    );
                }
                Column::Sequence {
                    codes: Arc::new(codes),
                    length,
                }
            }
            Numbers::Floats(values) => Column::Dense {
                values: Arc::new(values),
                shape: row.to_vec(),
            },
            Numbers::Integers(_) => return Err(wrong()),
        };
        let mut input = Input::new(name, column);
        let width = input.column.row_shape().last().copied();
        input.is_along |= match notes.get("along") {
            Some(along) => names_of(along).contains(&input.name),
            // files of earlier versions do not say
            None => {
                width.is_some()
                    && width
                        == inputs
                            .iter()
                            .find(|own: &&Input| own.column.is_sequence())
                            .map(|own| own.column.row_shape()[0])
            }
        };
        let reversed = notes.get(&format!("reversed.{}", input.name));
        input.reversed_axes = match reversed.map(String::as_str) {
            None => 0,
            Some("1") => 1,
            Some("2") => 2,
            Some(other) => bail!("data", "`{}`: {other} reversed axes", path.display()),
        };
        let damaged = || {
            fault!(
                "data",
                "`{}`: the pairs of `{}` are damaged",
                path.display(),
                input.name
            )
        };
        if let Some(text) = notes.get(&format!("partners.{}", input.name)) {
            input.partners = Some(
                permutation(text, input.column.row_shape().first().copied().unwrap_or(0))
                    .ok_or_else(damaged)?,
            );
        }
        inputs.push(input);
    }
    let labels = take("labels")?;
    let Numbers::Floats(values) = labels.numbers else {
        return Err(wrong("labels", &labels.shape, "rows of floats"));
    };
    let mut set = Dataset::new(inputs, list("labels"), values)?;
    if let Some(text) = notes.get("label_groups") {
        let groups = label_groups(text).ok_or_else(|| {
            fault!(
                "data",
                "`{}`: the names of its labels are damaged",
                path.display()
            )
        })?;
        if groups.iter().map(LabelGroup::size).sum::<usize>() != set.tasks() {
            bail!(
                "data",
                "`{}`: the shapes of its labels are damaged",
                path.display()
            );
        }
        set.label_groups = groups.into();
    }
    if let Some(text) = notes.get("label_partners") {
        let partners = permutation(text, set.tasks());
        set.label_partners = Some(partners.ok_or_else(|| {
            fault!(
                "data",
                "`{}`: the pairs of labels are damaged",
                path.display()
            )
        })?);
    }
    if let Some(text) = notes.get("bins") {
        let bins = text
            .parse()
            .ok()
            .filter(|bins| *bins > 0 && set.tasks().is_multiple_of(*bins));
        let bins = bins.ok_or_else(|| {
            fault!(
                "data",
                "`{}`: {text} bins do not divide its {} labels",
                path.display(),
                set.tasks()
            )
        })?;
        set.profile = Some(Arc::new(Profile { bins, source: None }));
    }
    let names = list("names");
    set.names = (names.len() == set.rows.len()).then(|| Arc::new(names));
    if let Some(text) = notes.get("truth") {
        let sites = take("truth")?;
        let Numbers::Integers(values) = sites.numbers else {
            return Err(wrong("truth", &sites.shape, "rows of integers"));
        };
        let truth = Truth::from_parts(text, &values, set.rows.len());
        set.truth = Some(Arc::new(truth.map_err(|what| {
            fault!(
                "data",
                "`{}`: the truth in it is damaged: {what}",
                path.display()
            )
        })?));
    }
    if let Some(text) = notes.get("shuffles") {
        let parts: Vec<&str> = text.split(' ').collect();
        let number = |i: usize| parts.get(i).and_then(|text| text.parse::<u64>().ok());
        match (number(0), number(1), parts.get(2), number(3)) {
            (
                Some(k @ 1..=MOST_LETTERS),
                Some(ratio @ 1..=MOST_SHUFFLES),
                Some(redraw),
                Some(seed),
            ) => {
                set.shuffles = Some(Shuffles {
                    k: k as usize,
                    ratio: ratio as usize,
                    redraw: *redraw == "true",
                    seed,
                });
            }
            _ => bail!(
                "data",
                "`{}`: its rule of shuffles, `{text}`, is damaged",
                path.display()
            ),
        }
    }
    Ok(set)
}
