//! Datasets of columns in memory: named inputs and labels.

use super::column::Column;
use super::profile::{self, Profile, Source};
use super::{Dataset, Input, LabelGroup, LabelStrand, Mix, Ragged};
use cistron_base::{Result, bail, fault, near, shape};
use std::sync::Arc;

/// How inputs and labels are placed along the sequence.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Inputs of numbers along the sequence; those whose last axis has its length unless given.
    pub along: Option<Vec<String>>,
    /// Inputs `[channels, length]` whose neighbouring channels are the two strands of a signal.
    pub stranded: Vec<String>,
    /// Number of bins along the sequence of each group of labels.
    pub bins: usize,
    /// Groups of labels of the two strands, by name.
    pub label_pairs: Vec<(String, String)>,
    /// What labels become on the reverse strand, by name; an empty name is that of the only label.
    pub label_strands: Vec<(String, LabelStrand)>,
}

/// A label of any shape.
#[derive(Clone, Debug)]
pub struct NamedLabel {
    /// Its name.
    pub name: String,
    /// Its shape in a row.
    pub shape: Vec<usize>,
    /// Its numbers, row after row.
    pub values: Arc<Vec<f32>>,
}

impl Default for Layout {
    /// Labels without bins, inputs by their shapes.
    fn default() -> Layout {
        Layout {
            along: None,
            stranded: Vec::new(),
            bins: 1,
            label_pairs: Vec::new(),
            label_strands: Vec::new(),
        }
    }
}

/// A dataset of inputs and labels; sequences become the first inputs.
pub fn dataset(mut inputs: Vec<Input>, labels: &[NamedLabel], layout: &Layout) -> Result<Dataset> {
    // the main input is the sequence
    inputs
        .sort_by_key(|input| matches!(input.column, Column::Dense { .. } | Column::Picked { .. }));
    let rows = inputs.first().map_or(0, |input| input.column.rows());
    let groups = label_groups(labels, &layout.label_strands)?;
    let mut names = Vec::new();
    for (label, group) in labels.iter().zip(&groups) {
        let size = group.size();
        if label.values.len() != rows * size {
            bail!(
                "data",
                "label `{}` has {} rows, the inputs have {rows}",
                label.name,
                label.values.len() / size.max(1)
            );
        }
        names.extend(task_names(&label.name, size));
    }
    let mut values = Vec::with_capacity(rows * names.len());
    for row in 0..rows {
        for (label, group) in labels.iter().zip(&groups) {
            let size = group.size();
            values.extend_from_slice(&label.values[row * size..(row + 1) * size]);
        }
    }
    let notes = place_inputs(&mut inputs, layout)?;
    let mut set = Dataset::new(inputs, names, values)?;
    let bins = self::groups(&set.label_names, layout.bins);
    let pairs = match layout.label_pairs.is_empty() {
        true => Vec::new(),
        false => profile::pairs_of(&bins, &layout.label_pairs)?,
    };
    if !layout.label_strands.is_empty() && (layout.bins > 1 || !pairs.is_empty()) {
        bail!(
            "option",
            "`label_strands` states what labels become on the reverse strand, and so do `bins` \
            and `label_pairs`";
            hint: "leave `bins` and `label_pairs` out"
        );
    }
    place_labels(&mut set, layout.bins, &pairs, None)?;
    set.group_labels(groups)?;
    set.notes = notes;
    Ok(set)
}

/// What is computed of an input.
pub enum Computed {
    /// Its values.
    Rows(Ragged),
    /// It is removed.
    Removed,
}

impl Dataset {
    /// The rows in view with other inputs beside, or in place of, their own.
    pub fn with_columns(&self, columns: Vec<(String, Computed)>) -> Result<Dataset> {
        let mix = self.mix.clone();
        let mut out = Dataset::concat(&[Dataset {
            mix: None,
            ..self.clone()
        }])?;
        out.sampling = self.sampling.clone();
        if let Some(mix) = mix {
            let origin = self.rows.iter().map(|row| mix.origin[*row as usize]);
            out.mix = Some(Arc::new(Mix {
                origin: Arc::new(origin.collect()),
                ..(*mix).clone()
            }));
        }
        for (name, computed) in columns {
            let known = out.inputs.iter().position(|input| input.name == name);
            let computed = match computed {
                Computed::Rows(rows) => Some(rows.into_column()),
                Computed::Removed => None,
            };
            match (computed, known) {
                (Some(column), Some(at)) => {
                    let is_like = out.inputs[at].column.shape() == column.shape();
                    let before = out.inputs[at].clone();
                    out.inputs[at] = Input::new(name, column);
                    if is_like {
                        out.inputs[at].is_along = before.is_along;
                        out.inputs[at].partners = before.partners;
                    }
                }
                (Some(column), None) => out.inputs.push(Input::new(name, column)),
                (None, Some(at)) => {
                    out.inputs.remove(at);
                }
                (None, None) => {}
            }
        }
        if out.inputs.is_empty() {
            bail!("data", "no input is left");
        }
        out.add_masks()?;
        let rows = out.len();
        let other = out.inputs.iter().find(|input| input.column.rows() != rows);
        if let Some(input) = other {
            let found = input.column.rows();
            bail!(
                "data",
                "input `{}` has {found} rows, the dataset has {rows}",
                input.name
            );
        }
        Ok(out)
    }
}

/// The names of the numbers of a label; several are numbered from 1.
pub(super) fn task_names(name: &str, tasks: usize) -> Vec<String> {
    match tasks {
        1 => vec![name.to_string()],
        _ => (1..=tasks).map(|task| format!("{name}{task}")).collect(),
    }
}

/// Labels with what they become on the reverse strand.
fn label_groups(
    labels: &[NamedLabel],
    strands: &[(String, LabelStrand)],
) -> Result<Vec<LabelGroup>> {
    let names: Vec<&str> = labels.iter().map(|label| label.name.as_str()).collect();
    for (name, _) in strands {
        if name.is_empty() && names.len() != 1 {
            bail!("option", "`label_strands` is one word for {} labels", names.len();
                hint: "`label_strands: #{{ name: \"track\", … }}`");
        }
        if !name.is_empty() && !names.contains(&name.as_str()) {
            let fault = fault!(
                "name",
                "option `label_strands`: no label is called `{name}`; there are {}",
                names.join(", ")
            );
            return Err(match near::nearest(name, names) {
                Some(near) => fault.hint(format!("did you mean `{near}`?")),
                None => fault,
            });
        }
    }
    let group = |label: &NamedLabel| {
        let mut own = strands
            .iter()
            .filter(|(name, _)| name.is_empty() || *name == label.name);
        LabelGroup {
            name: label.name.clone(),
            shape: label.shape.clone(),
            strand: own
                .next()
                .map_or(LabelStrand::Unstated, |(_, strand)| *strand),
        }
    };
    Ok(labels.iter().map(group).collect())
}

/// The names of groups of labels: those of labels without the number of their bin.
pub(super) fn groups(names: &[String], bins: usize) -> Vec<String> {
    let name = |name: &String| match bins {
        1 => name.clone(),
        _ => name.strip_suffix('1').unwrap_or(name).to_string(),
    };
    names.iter().step_by(bins).map(name).collect()
}

/// Places the labels of a dataset along the sequence: groups of bins, and pairs of groups that are
/// the two strands.
pub(super) fn place_labels(
    set: &mut Dataset,
    bins: usize,
    pairs: &[(usize, usize)],
    source: Option<Source>,
) -> Result<()> {
    let tasks = set.tasks();
    if !tasks.is_multiple_of(bins) {
        bail!("option", "{tasks} labels are not groups of {bins} bins");
    }
    set.label_partners = profile::partners(tasks / bins, bins, pairs);
    set.profile = (bins > 1).then(|| Arc::new(Profile { bins, source }));
    Ok(())
}

/// Neighbouring channels as partners: 1 0 3 2 ….
pub(super) fn neighbours(channels: usize) -> Arc<Vec<usize>> {
    Arc::new((0..channels).map(|i| i ^ 1).collect())
}

/// Places inputs of numbers along the sequence; returns what was guessed.
fn place_inputs(inputs: &mut [Input], layout: &Layout) -> Result<Vec<String>> {
    let sequence = inputs.iter().find(|input| input.column.is_sequence());
    let length = sequence.map(|input| input.column.row_shape()[0]);
    let (along, stranded) = (&layout.along, &layout.stranded);
    let known = |name: &String| {
        let mut named = inputs.iter().filter(|input| input.name == *name);
        named.any(|input| !input.column.is_sequence())
    };
    let mut named = along.iter().flatten().chain(stranded);
    if let Some(name) = named.find(|name| !known(name)) {
        bail!("name", "no input of numbers is called `{name}`");
    }
    let mut notes = Vec::new();
    let numbers = inputs
        .iter_mut()
        .filter(|input| !input.column.is_sequence());
    for input in numbers {
        let shape = input.column.row_shape();
        let fits = shape.last().copied() == length && length.is_some();
        let is_stranded = stranded.contains(&input.name);
        let is_listed = along
            .as_ref()
            .is_some_and(|along| along.contains(&input.name));
        let is_stated = is_stranded || is_listed;
        input.is_along = is_stated || (fits && along.is_none());
        if is_stated && !fits {
            let length = length.map_or("there is no sequence".to_string(), |length| {
                format!("the sequence has {length} positions")
            });
            bail!(
                "shape",
                "input `{}` {} is not along the sequence: {length}",
                input.name,
                shape_text(&shape)
            );
        }
        if is_stranded {
            if shape.len() != 2 || shape[0] % 2 == 1 {
                bail!(
                    "shape",
                    "stranded input `{}` must be [channels, length] with pairs of channels, got {}",
                    input.name,
                    shape_text(&shape)
                );
            }
            input.partners = Some(neighbours(shape[0]));
        }
        if fits && along.is_none() && !is_stranded && shape.len() == 1 {
            notes.push(format!(
                "input `{}` has a number for each position and is taken to be along the sequence; \
                `#{{ along: [] }}` as second argument states that it is not",
                input.name
            ));
        }
    }
    Ok(notes)
}

fn shape_text(sizes: &[usize]) -> String {
    shape::text(&sizes.iter().map(|n| *n as i64).collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two sequences of three bases and an input of numbers of a shape.
    fn inputs(shape: &[usize]) -> Vec<Input> {
        let values = vec![0.0; 2 * shape.iter().product::<usize>()];
        let numbers = Column::Dense {
            values: Arc::new(values),
            shape: shape.to_vec(),
        };
        let sequence = Column::Sequence {
            codes: Arc::new(vec![0; 6]),
            length: 3,
        };
        vec![
            Input::new("height", numbers),
            Input::new("sequence", sequence),
        ]
    }

    fn label(name: &str, shape: &[usize], values: &[f32]) -> NamedLabel {
        NamedLabel {
            name: name.into(),
            shape: shape.to_vec(),
            values: Arc::new(values.to_vec()),
        }
    }

    #[test]
    fn labels_are_reversed_as_stated() {
        let strands = |word: &str| Layout {
            label_strands: vec![(String::new(), LabelStrand::named(word))],
            ..Layout::default()
        };
        let profile = label("p", &[2, 3], &[0.0; 12]);
        let partners = |word: &str| {
            let set = dataset(inputs(&[5]), std::slice::from_ref(&profile), &strands(word));
            set.map(|set| set.label_partners.as_deref().cloned())
        };
        assert_eq!(partners("track").ok(), Some(Some(vec![2, 1, 0, 5, 4, 3])));
        assert_eq!(
            partners("stranded").ok(),
            Some(Some(vec![5, 4, 3, 2, 1, 0]))
        );
        assert_eq!(partners("features").ok(), Some(None));
        let counts = label("c", &[2], &[0.0; 4]);
        let set = dataset(
            inputs(&[5]),
            &[profile.clone(), counts],
            &Layout {
                label_strands: vec![
                    ("p".into(), LabelStrand::Track),
                    ("c".into(), LabelStrand::Stranded),
                ],
                ..Layout::default()
            },
        );
        let set = set.expect("a dataset");
        assert_eq!(
            set.label_partners.as_deref(),
            Some(&vec![2, 1, 0, 5, 4, 3, 7, 6])
        );
        assert_eq!(set.partners_named("c").ok(), Some(Some(vec![1, 0])));
    }

    #[test]
    fn labels_are_laid_out_row_by_row() {
        let labels = [
            label("a", &[1], &[1.0, 2.0]),
            label("b", &[2], &[3.0, 4.0, 5.0, 6.0]),
        ];
        let set = dataset(inputs(&[5]), &labels, &Layout::default()).expect("a dataset");
        assert_eq!(set.inputs[0].name, "sequence");
        assert_eq!(set.label_names, ["a", "b1", "b2"]);
        assert_eq!(set.all_labels(), [1.0, 3.0, 4.0, 2.0, 5.0, 6.0]);
        let short = label("a", &[1], &[1.0]);
        assert!(dataset(inputs(&[5]), &[short], &Layout::default()).is_err());
    }

    #[test]
    fn inputs_of_the_length_of_the_sequence_are_along_it() {
        let placed = |shape: &[usize], layout: &Layout| {
            let set = dataset(inputs(shape), &[], layout);
            set.map(|set| (set.inputs[1].is_along, set.notes.len()))
        };
        assert_eq!(placed(&[3], &Layout::default()).ok(), Some((true, 1)));
        assert_eq!(placed(&[2, 3], &Layout::default()).ok(), Some((true, 0)));
        assert_eq!(placed(&[5], &Layout::default()).ok(), Some((false, 0)));
        let none = Layout {
            along: Some(Vec::new()),
            ..Layout::default()
        };
        assert_eq!(placed(&[3], &none).ok(), Some((false, 0)));
        let stated = Layout {
            along: Some(vec!["height".into()]),
            ..Layout::default()
        };
        assert!(placed(&[5], &stated).is_err());
    }

    #[test]
    fn stranded_channels_come_in_pairs() {
        let stranded = Layout {
            stranded: vec!["height".into()],
            ..Layout::default()
        };
        let set = dataset(inputs(&[4, 3]), &[], &stranded).expect("a dataset");
        assert_eq!(set.inputs[1].partners.as_deref(), Some(&vec![1, 0, 3, 2]));
        assert!(dataset(inputs(&[3, 3]), &[], &stranded).is_err());
    }

    #[test]
    fn groups_of_bins_are_named_without_numbers() {
        let names = ["a1", "a2", "b1", "b2"].map(String::from);
        assert_eq!(groups(&names, 2), ["a", "b"]);
        assert_eq!(groups(&names, 1), names);
        let layout = Layout {
            bins: 2,
            label_pairs: vec![("a".into(), "b".into())],
            ..Layout::default()
        };
        let labels = names.map(|name| label(&name, &[1], &[0.0, 0.0]));
        let set = dataset(inputs(&[5]), &labels, &layout).expect("a dataset");
        // bins run backwards, and the groups change places
        assert_eq!(set.label_partners.as_deref(), Some(&vec![3, 2, 1, 0]));
        assert!(dataset(inputs(&[5]), &labels[..3], &layout).is_err());
    }
}
