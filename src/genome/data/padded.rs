//! Datasets of rows that differ in length or size, padded with masks.

use super::column::Column;
use super::label_group::{LabelGroup, LabelStrand};
use super::ragged::{Batching, LabelSizes, Ragged, RowValues, crop};
use super::{Dataset, Input};
use cistron_base::{Result, bail};
use std::sync::Arc;

impl Dataset {
    /// A dataset of rows that differ in size. Batches of several rows have an input `mask`
    /// `[1, length]` that is 1 where a row has values and 0 where it is padded; where inputs differ
    /// in length within a row, each has a mask of its own, `mask_NAME`.
    pub fn ragged(
        mut inputs: Vec<(String, Ragged)>,
        label_names: Vec<String>,
        labels: Vec<f32>,
        batching: Batching,
    ) -> Result<Dataset> {
        inputs.sort_by_key(|(_, rows)| !matches!(rows.values, RowValues::Bases(_)));
        let is_bases = |rows: &Ragged| matches!(rows.values, RowValues::Bases(_));
        let bases = inputs.iter().find(|(_, rows)| is_bases(rows));
        let length = bases.map(|(_, rows)| rows.lengths());
        let along = |rows: &Ragged| {
            let fits = rows.largest().len() <= 2 && Some(rows.lengths()) == length;
            is_bases(rows) || fits
        };
        let masks = match batching {
            Batching::One => Vec::new(),
            _ => masks(&inputs)?,
        };
        let of = |(name, rows): (String, Ragged)| {
            let is_along = along(&rows);
            Input {
                is_along,
                ..Input::new(name, rows.into_column())
            }
        };
        let masks = masks.into_iter().map(of).collect::<Vec<_>>();
        let inputs = inputs.iter().cloned().map(of).chain(masks).collect();
        let mut out = Dataset::new(inputs, label_names, labels)?;
        out.batching = Some(batching);
        Ok(out)
    }

    /// The same with labels of a shape in each row, which may differ in size: numbers beyond a row
    /// are undefined, and the labels of a batch are as large as those of its largest row.
    pub fn with_labels(&self, labels: &[(String, Ragged)]) -> Result<Dataset> {
        let rows = self.rows.len();
        let mut columns = Vec::new();
        for (name, own) in labels {
            if own.rows() != rows {
                let found = own.rows();
                bail!(
                    "data",
                    "label `{name}` has {found} rows, the inputs have {rows}"
                );
            }
            columns.push((own.largest().iter().product::<usize>(), own.filled()));
        }
        let mut values = Vec::new();
        for row in 0..rows {
            let blocks = columns.iter();
            blocks.for_each(|(n, own)| values.extend_from_slice(&own[row * n..(row + 1) * n]));
        }
        let task_names = |(name, own): &(String, Ragged)| match own.largest().iter().product() {
            1usize => vec![name.clone()],
            tasks => (1..=tasks).map(|task| format!("{name}{task}")).collect(),
        };
        let names = labels.iter().flat_map(task_names).collect();
        let mut out = Dataset::new(self.inputs.clone(), names, values)?;
        out.batching = self.batching;
        let group = |(name, own): &(String, Ragged)| LabelGroup {
            name: name.clone(),
            shape: own.largest().to_vec(),
            strand: LabelStrand::Unstated,
        };
        out.group_labels(labels.iter().map(group).collect())?;
        let uneven = labels
            .iter()
            .enumerate()
            .filter(|(_, (_, own))| !own.is_even());
        let shapes = |own: &Ragged| (0..own.rows()).map(|row| own.shape_of(row)).collect();
        let uneven = uneven.map(|(group, (_, own))| LabelSizes {
            group,
            shapes: Arc::new(shapes(own)),
        });
        out.label_sizes = uneven.collect();
        Ok(out)
    }

    /// The labels of rows in view, each label as large as that of the largest of them, with their
    /// groups.
    pub fn cropped(&self, labels: Vec<f32>, index: &[u32]) -> (Vec<f32>, Arc<[LabelGroup]>) {
        if self.label_sizes.is_empty() {
            return (labels, self.label_groups.clone());
        }
        let mut groups: Vec<LabelGroup> = self.label_groups.to_vec();
        for sizes in &self.label_sizes {
            let own = &mut groups[sizes.group].shape;
            own.fill(0);
            for row in index {
                let shape = &sizes.shapes[self.locate(*row as usize).0];
                own.iter_mut()
                    .zip(shape)
                    .for_each(|(most, n)| *most = (*most).max(*n));
            }
        }
        let mut out = Vec::new();
        for row in labels.chunks(self.tasks().max(1)) {
            let mut start = 0;
            for (whole, part) in self.label_groups.iter().zip(&groups) {
                let block = &row[start..start + whole.size()];
                crop(block, &whole.shape, &part.shape, &mut out);
                start += whole.size();
            }
        }
        (out, groups.into())
    }

    /// Makes a dataset of which an input differs in size padded, with a mask.
    pub(super) fn add_masks(&mut self) -> Result<()> {
        let uneven: Vec<(String, Ragged)> = self
            .inputs
            .iter()
            .filter_map(|input| match &input.column {
                Column::Ragged(rows) if !rows.is_even() => {
                    Some((input.name.clone(), (**rows).clone()))
                }
                _ => None,
            })
            .collect();
        if uneven.is_empty() || self.batching.is_some() {
            return Ok(());
        }
        self.batching = Some(Batching::Padded);
        for (name, rows) in masks(&uneven)? {
            let mask = Input {
                is_along: true,
                ..Input::new(name, rows.into_column())
            };
            self.inputs.push(mask);
        }
        Ok(())
    }

    /// The shape of a row in view of an input.
    pub fn size_of(&self, column: &Column, index: usize) -> Vec<usize> {
        match column {
            Column::Ragged(rows) => rows.shape_of(self.locate(index).0),
            _ => column.row_shape(),
        }
    }

    /// The shape of an input in a batch of rows: the largest size of each axis.
    pub fn size_in_batch(&self, column: &Column, index: &[u32]) -> Vec<usize> {
        let Column::Ragged(_) = column else {
            return column.row_shape();
        };
        let mut out: Vec<usize> = Vec::new();
        for row in index {
            let own = self.size_of(column, *row as usize);
            out.resize(own.len(), 0);
            out.iter_mut()
                .zip(&own)
                .for_each(|(most, size)| *most = (*most).max(*size));
        }
        out
    }

    /// Number of values of a row in view, which determines its bucket.
    pub fn values_of(&self, index: usize) -> usize {
        let inputs = self.inputs.iter();
        let sizes =
            inputs.map(|input| self.size_of(&input.column, index).iter().product::<usize>());
        sizes.sum()
    }
}

/// A mask of all inputs, or of each where their lengths differ within a row.
fn masks(inputs: &[(String, Ragged)]) -> Result<Vec<(String, Ragged)>> {
    let uneven: Vec<&(String, Ragged)> =
        inputs.iter().filter(|(_, rows)| !rows.is_even()).collect();
    let uneven = match uneven.is_empty() {
        true => inputs.first().into_iter().collect(),
        false => uneven,
    };
    let first = uneven.first().map(|(_, rows)| rows.lengths());
    let is_one = uneven.iter().all(|(_, rows)| Some(rows.lengths()) == first);
    let chosen = if is_one {
        &uneven[..uneven.len().min(1)]
    } else {
        &uneven[..]
    };
    let mask = |(name, rows): &&(String, Ragged)| {
        let lengths = rows.lengths();
        let name = match is_one {
            true => "mask".to_string(),
            false => format!("mask_{name}"),
        };
        if inputs.iter().any(|(other, _)| *other == name) {
            bail!("name", "an input is called `{name}`, which is the name of the mask";
                hint: "rename the input, or use `batches: \"one\"`");
        }
        let shapes: Vec<Vec<usize>> = lengths.iter().map(|length| vec![1, *length]).collect();
        let ones = RowValues::Numbers(vec![1.0; lengths.iter().sum()]);
        Ok((name, Ragged::new(ones, &shapes)?))
    };
    chosen.iter().map(mask).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::loader::{Loader, Values};
    use cistron_base::seed::Rng;

    /// Rows of random lengths whose values are the number of the row plus a fraction of the place,
    /// and pair maps of the same lengths.
    fn set(lengths: &[usize], batching: Batching) -> Dataset {
        let value = |row: usize, at: usize| row as f32 + at as f32 / 1000.0;
        let tracks = lengths.iter().enumerate();
        let tracks: Vec<f32> = tracks
            .flat_map(|(row, n)| (0..*n).map(move |i| value(row, i)))
            .collect();
        let maps = lengths.iter().enumerate();
        let maps = maps.flat_map(|(row, n)| (0..n * n).map(move |i| value(row, i % 100)));
        let shapes: Vec<Vec<usize>> = lengths.iter().map(|n| vec![1, *n]).collect();
        let squares: Vec<Vec<usize>> = lengths.iter().map(|n| vec![*n, *n]).collect();
        let track = Ragged::new(RowValues::Numbers(tracks), &shapes).expect("rows");
        let map = Ragged::new(RowValues::Numbers(maps.collect()), &squares).expect("rows");
        let inputs = vec![("track".into(), track), ("map".into(), map)];
        let labels = (0..lengths.len()).map(|row| row as f32).collect();
        Dataset::ragged(inputs, vec!["y".into()], labels, batching).expect("a dataset")
    }

    /// Every row is in one batch of a pass, its values in their places, zeros and mask 0 elsewhere;
    /// batches are as large as their largest row, and the same for any number of threads.
    #[test]
    fn batches_hold_rows_padded_to_their_largest() {
        let mut rng = Rng::keyed(&[0x7261_6767]);
        for case in 0..100 {
            let n = 1 + rng.below(30);
            let mut lengths: Vec<usize> = (0..n).map(|_| 1 + rng.below(12)).collect();
            lengths.extend([1, 13]);
            for batching in [Batching::One, Batching::Padded, Batching::Bucketed] {
                let set = set(&lengths, batching);
                let loader = |threads| Loader {
                    seed: Some(case),
                    threads,
                    ..Loader::plain(&set, 1 + case as usize % 7)
                };
                let batches: Vec<_> = loader(1).start().map(|b| b.expect("a batch")).collect();
                let other: Vec<_> = loader(3).start().map(|b| b.expect("a batch")).collect();
                let mut seen = Vec::new();
                for (batch, same) in batches.iter().zip(&other) {
                    assert_eq!(batch.index, same.index);
                    let most = batch.index.iter().map(|row| lengths[*row as usize]).max();
                    let most = most.expect("rows");
                    for (name, values) in &batch.inputs {
                        let Values::Dense(numbers, shape) = values else {
                            panic!("numbers")
                        };
                        assert_eq!(shape.last(), Some(&most));
                        let block: usize = shape.iter().product();
                        for (row, own) in batch.index.iter().zip(numbers.chunks(block)) {
                            let n = lengths[*row as usize];
                            for (at, found) in own.iter().enumerate() {
                                let (i, j) = (at / most, at % most);
                                let inside = j < n && (name != "map" || i < n);
                                let value = match name.as_str() {
                                    "mask" => 1.0,
                                    "track" => *row as f32 + j as f32 / 1000.0,
                                    _ => *row as f32 + ((i * n + j) % 100) as f32 / 1000.0,
                                };
                                assert_eq!(*found, if inside { value } else { 0.0 });
                            }
                        }
                    }
                    assert_eq!(
                        batch.inputs.len(),
                        if batching == Batching::One { 2 } else { 3 }
                    );
                    seen.extend(batch.index.iter().copied());
                }
                if batching == Batching::One {
                    assert!(batches.iter().all(|batch| batch.size == 1));
                }
                seen.sort_unstable();
                assert_eq!(seen, (0..lengths.len() as u32).collect::<Vec<_>>());
            }
        }
    }

    /// Labels of batches are those of their rows, as large as the largest, undefined beyond a row.
    #[test]
    fn labels_are_cropped_to_the_largest_row_of_a_batch() {
        let lengths = [3, 1, 5, 2];
        let plain = set(&lengths, Batching::Padded);
        let own = |square: bool| {
            let shape = |n: &usize| if square { vec![*n, *n] } else { vec![*n] };
            let shapes: Vec<Vec<usize>> = lengths.iter().map(shape).collect();
            let values = shapes.iter().zip(0..).flat_map(|(shape, row)| {
                (0..shape.iter().product::<usize>()).map(move |i| (100 * row + i) as f32)
            });
            Ragged::new(RowValues::Numbers(values.collect()), &shapes).expect("rows")
        };
        let labels = [
            ("y".to_string(), own(false)),
            ("map".to_string(), own(true)),
        ];
        let set = plain.with_labels(&labels).expect("a dataset");
        assert_eq!(set.tasks(), 5 + 25);
        for batch in Loader::plain(&set, 2).start() {
            let batch = batch.expect("a batch");
            let most = batch.index.iter().map(|row| lengths[*row as usize]).max();
            let most = most.expect("rows");
            assert_eq!(batch.label_groups[1].shape, [most, most]);
            assert_eq!(batch.tasks, most + most * most);
            for (row, found) in batch.index.iter().zip(batch.labels.chunks(batch.tasks)) {
                let n = lengths[*row as usize];
                let value = |i: usize| (100 * *row as usize + i) as f32;
                for (at, label) in found[..most].iter().enumerate() {
                    assert!(if at < n {
                        *label == value(at)
                    } else {
                        label.is_nan()
                    });
                }
                for (at, label) in found[most..].iter().enumerate() {
                    let (i, j) = (at / most, at % most);
                    let inside = i < n && j < n;
                    assert!(if inside {
                        *label == value(i * n + j)
                    } else {
                        label.is_nan()
                    });
                }
            }
        }
        let part = set.with_rows(vec![1, 3]);
        let (labels, groups) = part.cropped(part.all_labels(), &[0, 1]);
        assert_eq!(
            (labels.len(), groups[1].shape.as_slice()),
            (2 * (2 + 4), &[2, 2][..])
        );
    }

    #[test]
    fn buckets_hold_rows_of_similar_size() {
        let mut rng = Rng::keyed(&[3]);
        let lengths: Vec<usize> = (0..640).map(|_| 1 + rng.below(100)).collect();
        let waste = |batching| {
            let set = set(&lengths, batching);
            let loader = Loader {
                seed: Some(1),
                ..Loader::plain(&set, 10)
            };
            let batches = loader
                .start()
                .map(|batch| batch.expect("a batch").index.clone());
            let padding = |rows: Vec<u32>| {
                let most = rows
                    .iter()
                    .map(|row| lengths[*row as usize])
                    .max()
                    .unwrap_or(0);
                rows.iter()
                    .map(|row| most - lengths[*row as usize])
                    .sum::<usize>()
            };
            batches.map(padding).sum::<usize>()
        };
        assert!(waste(Batching::Bucketed) * 20 < waste(Batching::Padded));
    }
}
