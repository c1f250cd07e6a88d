//! Datasets joined one after another, and rows in view as separate storage.

use super::{Dataset, Input};
use crate::data::channels::Channels;
use crate::data::column::Column;
use crate::data::profile::{Profile, Source};
use crate::data::ragged::{LabelSizes, Ragged};
use crate::seq::simulate::Truth;
use cistron_base::bail;
use cistron_base::{Interval, Result};
use std::sync::Arc;

impl Dataset {
    /// Fixed shuffles and negatives become separate rows; those that every epoch draws again
    /// cannot.
    pub fn materialised(&self) -> Result<Dataset> {
        if self.shuffles.is_none() && self.pool.is_none() {
            return Ok(self.clone());
        }
        if self.is_redrawn() {
            bail!(
                "data",
                "negatives that are drawn again every epoch have no fixed rows";
                hint: "split first, then call `with_shuffles` or `with_negatives`"
            );
        }
        gathered(std::slice::from_ref(self))
    }

    /// The places of the rows in view.
    fn places<'a>(&'a self, regions: &'a [Interval]) -> impl Iterator<Item = Interval> + 'a {
        (0..self.len()).map(|i| regions[self.locate(i).0])
    }

    /// Several datasets of the same form, one after the other.
    pub fn concat(parts: &[Dataset]) -> Result<Dataset> {
        parts
            .iter()
            .try_for_each(|part| part.refuse_mix("joining"))?;
        let parts = parts
            .iter()
            .map(Dataset::materialised)
            .collect::<Result<Vec<_>>>()?;
        let Some(first) = parts.first() else {
            bail!("data", "concat needs at least one dataset")
        };
        for other in &parts[1..] {
            let same = first.inputs.len() == other.inputs.len()
                && first
                    .inputs
                    .iter()
                    .zip(&other.inputs)
                    .all(|(a, b)| a.name == b.name && is_like(&a.column, &b.column))
                && first.batching == other.batching
                && first.label_sizes.len() == other.label_sizes.len();
            let shapes = |set: &Dataset| -> Vec<Vec<usize>> {
                let groups = set.label_groups.iter();
                groups.map(|group| group.shape.clone()).collect()
            };
            let has_shapes = |set: &Dataset| set.label_groups.iter().any(|g| g.shape.len() > 1);
            let differ = (has_shapes(first) || has_shapes(other)) && shapes(first) != shapes(other);
            if !same || differ || first.label_names.len() != other.label_names.len() {
                bail!(
                    "data",
                    "datasets of different inputs, lengths or labels cannot be joined: {} and {}",
                    first.form(),
                    other.form()
                );
            }
        }
        if let Some((a, b)) = disagreement(&parts) {
            bail!(
                "data",
                "datasets that cannot be joined: {a} and {b}";
                hint: "make both with the same `bins`, `label_pairs`, `stranded` and `along`"
            );
        }
        gathered(&parts)
    }
}

/// Whether columns hold rows of one form.
fn is_like(a: &Column, b: &Column) -> bool {
    match (a, b) {
        (Column::Ragged(a), Column::Ragged(b)) => a.is_like(b),
        (Column::Ragged(_), _) | (_, Column::Ragged(_)) => false,
        _ => a.shape() == b.shape(),
    }
}

/// The rows in view of datasets of the same form, one after the other, as storage of their own.
fn gathered(parts: &[Dataset]) -> Result<Dataset> {
    let first = &parts[0];
    let mut inputs = Vec::new();
    for (i, input) in first.inputs.iter().enumerate() {
        let columns: Vec<(&Dataset, &Column)> = parts
            .iter()
            .map(|part| (part, &part.inputs[i].column))
            .collect();
        inputs.push(Input {
            column: joined(&columns)?,
            ..input.clone()
        });
    }
    let mut out = Dataset::new(
        inputs,
        first.label_names.clone(),
        parts.iter().flat_map(Dataset::all_labels).collect(),
    )?;
    out.label_partners = parts.iter().find_map(|part| part.label_partners.clone());
    out.label_groups = first.label_groups.clone();
    out.profile = joined_profile(parts)?;
    out.truth = joined_truth(parts);
    out.batching = first.batching;
    out.label_sizes = joined_sizes(parts);
    if parts.iter().all(|part| part.names.is_some()) {
        out.names = Some(Arc::new(
            parts
                .iter()
                .flat_map(|part| (0..part.len()).filter_map(|i| part.name(i)))
                .collect(),
        ));
    }
    Ok(out)
}

/// The shapes of labels that differ in size, of the rows in view.
fn joined_sizes(parts: &[Dataset]) -> Vec<LabelSizes> {
    let joined = |(at, first): (usize, &LabelSizes)| {
        let shapes = parts.iter().flat_map(|part| {
            let own = part.label_sizes.get(at).map(|sizes| sizes.shapes.clone());
            let rows = (0..part.len()).map(|i| part.locate(i).0);
            rows.filter_map(move |row| own.as_ref()?.get(row).cloned())
        });
        LabelSizes {
            group: first.group,
            shapes: Arc::new(shapes.collect()),
        }
    };
    parts[0]
        .label_sizes
        .iter()
        .enumerate()
        .map(joined)
        .collect()
}

/// The truth of the rows in view, where it is known for all of them; shuffles have none.
pub(in crate::data) fn joined_truth(parts: &[Dataset]) -> Option<Arc<Truth>> {
    let own = |part: &Dataset| {
        part.truth
            .as_deref()
            .filter(|_| part.shuffles.is_none())
            .map(|_| (0..part.len()).map(|i| part.locate(i).0).collect())
    };
    let rows: Vec<Vec<usize>> = parts.iter().map(own).collect::<Option<_>>()?;
    let known: Vec<(&Truth, Vec<usize>)> = parts
        .iter()
        .filter_map(|part| part.truth.as_deref())
        .zip(rows)
        .collect();
    Truth::gather(&known).map(Arc::new)
}

/// What two datasets of the same form say differently of the reverse strand, in words. Labels that
/// are 0 in every row, as those of negatives, agree with any.
fn disagreement(parts: &[Dataset]) -> Option<(&'static str, &'static str)> {
    let first = parts.first()?;
    for other in &parts[1..] {
        for (a, b) in first.inputs.iter().zip(&other.inputs) {
            if a.is_along != b.is_along || a.reversed_axes != b.reversed_axes {
                return Some(("an input along the sequence", "one that is not"));
            }
            if a.partners != b.partners {
                return Some((
                    "an input whose channels are pairs of strands",
                    "one whose channels are not",
                ));
            }
        }
        let is_set = |set: &Dataset| set.labels.iter().any(|label| *label != 0.0);
        if first.label_partners != other.label_partners && is_set(first) && is_set(other) {
            return Some((
                "labels that change places on the reverse strand",
                "labels that do so in another way, or not at all",
            ));
        }
    }
    None
}

/// How the labels of the rows in view are placed; their signals are known where they are for every
/// row.
fn joined_profile(parts: &[Dataset]) -> Result<Option<Arc<Profile>>> {
    let Some(known) = parts.iter().find_map(|part| part.profile.clone()) else {
        return Ok(None);
    };
    let of = |part: &Dataset| {
        part.profile
            .as_ref()
            .filter(|_| part.shuffles.is_none())
            .and_then(|own| own.source.clone())
    };
    let sources: Vec<Source> = parts.iter().filter_map(of).collect();
    let mut source = None;
    if let Some(first) = sources.first().filter(|first| {
        sources.len() == parts.len() && sources.iter().all(|own| own.is_like(first))
    }) {
        let columns: Vec<(&Dataset, &Column)> = parts
            .iter()
            .zip(&sources)
            .map(|(part, own)| (part, &own.column))
            .collect();
        source = Some(Source {
            column: joined(&columns)?,
            ..first.clone()
        });
    }
    Ok(Some(Arc::new(Profile {
        bins: known.bins,
        source,
    })))
}

/// The rows in view of columns of one form, one after another: regions of one genome stay regions
/// where no row is a shuffle, anything else is read.
fn joined(parts: &[(&Dataset, &Column)]) -> Result<Column> {
    let first = parts[0].1;
    match first {
        Column::Genome { genome, length, .. } => {
            let own = parts.iter().map(|(part, column)| match column {
                Column::Genome {
                    genome: other,
                    regions,
                    ..
                } if Arc::ptr_eq(other, genome) && part.shuffles.is_none() => {
                    Some(part.places(regions))
                }
                _ => None,
            });
            if let Some(lists) = own.collect::<Option<Vec<_>>>() {
                return Ok(Column::Genome {
                    genome: genome.clone(),
                    regions: Arc::new(lists.into_iter().flatten().collect()),
                    length: *length,
                });
            }
        }
        Column::Signal {
            length, partners, ..
        } => {
            let own = parts.iter().map(|(part, column)| match column {
                Column::Signal {
                    channels, regions, ..
                } => Some((
                    part.places(regions),
                    (
                        channels,
                        (0..part.len()).map(|i| part.locate(i).0).collect(),
                    ),
                )),
                _ => None,
            });
            if let Some(lists) = own.collect::<Option<Vec<_>>>() {
                let (places, channels): (Vec<_>, Vec<_>) = lists.into_iter().unzip();
                return Ok(Column::Signal {
                    channels: Channels::joined(&channels),
                    regions: Arc::new(places.into_iter().flatten().collect()),
                    length: *length,
                    partners: partners.clone(),
                });
            }
        }
        Column::Ragged(_) => {
            let own = |(part, column): &(&Dataset, &Column)| match column {
                Column::Ragged(rows) if part.shuffles.is_none() => {
                    let own = (0..part.len()).map(|i| part.locate(i).0).collect();
                    Ok((rows.clone(), own))
                }
                _ => bail!(
                    "data",
                    "rows that differ in length cannot be joined with their \
                    shuffles, or with rows of one length"
                ),
            };
            let own: Vec<(Arc<Ragged>, Vec<usize>)> =
                parts.iter().map(own).collect::<Result<_>>()?;
            let own: Vec<(&Ragged, Vec<usize>)> = own
                .iter()
                .map(|(rows, own)| (&**rows, own.clone()))
                .collect();
            return Ok(Column::Ragged(Arc::new(Ragged::gathered(&own)?)));
        }
        Column::Picked {
            table,
            width,
            shape,
            ..
        } => {
            let own = parts.iter().map(|(part, column)| match column {
                Column::Picked {
                    table: own, picks, ..
                } if Arc::ptr_eq(own, table) => Some(picked(part, picks, shape, *width)),
                _ => None,
            });
            if let Some(lists) = own.collect::<Option<Vec<_>>>() {
                return Ok(Column::Picked {
                    table: table.clone(),
                    width: *width,
                    picks: Arc::new(lists.concat()),
                    shape: shape.clone(),
                });
            }
        }
        Column::Sequence { .. } | Column::Dense { .. } => {}
    }
    let (mut codes, mut values) = (Vec::new(), Vec::new());
    for (part, column) in parts {
        let (own_codes, own_values) = part.gather(column, 0..part.len())?;
        codes.extend(own_codes);
        values.extend(own_values);
    }
    let shape = first.row_shape();
    Ok(if first.is_sequence() {
        Column::Sequence {
            codes: Arc::new(codes),
            length: shape[0],
        }
    } else {
        Column::Dense {
            values: Arc::new(values),
            shape,
        }
    })
}

/// The vectors of the rows in view.
fn picked(part: &Dataset, picks: &[u32], shape: &[usize], width: usize) -> Vec<u32> {
    let vectors = shape.iter().product::<usize>() / width.max(1);
    let own = |index| {
        let row = part.locate(index).0;
        &picks[row * vectors..(row + 1) * vectors]
    };
    (0..part.len()).flat_map(own).copied().collect()
}
