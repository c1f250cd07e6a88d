//! Datasets that are mixed in every batch.

use super::mix::Mix;
use super::profile::Profile;
use super::ragged::Batching;
use super::{Dataset, LabelGroup, LabelMatrix};
use cistron_base::{Result, bail};
use std::sync::Arc;

/// A dataset of a mix.
pub struct Part {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub set: Dataset,
    /// How many of them are in a batch.
    pub each: usize,
}

impl Dataset {
    /// A dataset whose batches hold rows of several datasets. The labels of each dataset are
    /// columns of their own, which are undefined in the rows of the others.
    pub fn mixed(parts: &[Part]) -> Result<Dataset> {
        if parts.len() < 2 {
            bail!(
                "data",
                "a mix needs at least two datasets, got {}",
                parts.len()
            );
        }
        parts.iter().try_for_each(check)?;
        let parts: Vec<Part> = parts
            .iter()
            .map(|part| {
                let set = part.set.materialised();
                let set = set.map_err(|fault| fault.context(format!("dataset `{}`", part.name)));
                Ok(Part {
                    name: part.name.clone(),
                    set: set?,
                    each: part.each,
                })
            })
            .collect::<Result<_>>()?;
        let names: Vec<String> = parts.iter().flat_map(label_names).collect();
        let groups: Arc<[LabelGroup]> = parts.iter().flat_map(label_groups).collect();
        let partners = joint_partners(&parts);
        let profile = joint_profile(&parts)?;
        let mut first = 0;
        let widened: Vec<Dataset> = parts
            .iter()
            .map(|part| {
                let mut set = part.set.clone();
                set.labels = Arc::new(widened(&set.labels, first, names.len()));
                first += set.tasks();
                set.label_names.clone_from(&names);
                set.label_groups.clone_from(&groups);
                set.label_partners.clone_from(&partners);
                set.profile.clone_from(&profile);
                set.mix = None;
                set
            })
            .collect();
        let mut out = Dataset::concat(&widened)?;
        out.label_partners = partners;
        let origin = parts
            .iter()
            .zip(0..)
            .flat_map(|(part, number)| std::iter::repeat_n(number, part.set.len()));
        out.mix = Some(Arc::new(Mix {
            names: parts.iter().map(|part| part.name.clone()).collect(),
            each: parts.iter().map(|part| part.each).collect(),
            origin: Arc::new(origin.collect()),
            sampling: parts.iter().map(|part| part.set.sampling.clone()).collect(),
        }));
        Ok(out)
    }

    /// Batches of a pass over a mix.
    pub(super) fn batches_of_mix(&self) -> usize {
        let Some(mix) = &self.mix else { return 0 };
        let mut sizes = vec![0; mix.names.len()];
        self.rows
            .iter()
            .for_each(|row| sizes[mix.origin[*row as usize] as usize] += 1);
        mix.batches(&sizes).0
    }

    /// The datasets of a mix by name, each with the joint labels.
    pub fn parts(&self) -> Vec<(String, Dataset)> {
        let Some(mix) = &self.mix else {
            return Vec::new();
        };
        let part = |(number, name): (usize, &String)| {
            let rows = self.rows.iter().copied();
            let own = rows.filter(|row| mix.origin[*row as usize] as usize == number);
            let set = Dataset {
                mix: None,
                sampling: mix.sampling[number].clone(),
                ..self.with_rows(own.collect())
            };
            (name.clone(), set)
        };
        mix.names.iter().enumerate().map(part).collect()
    }

    /// Fails where an operation has no meaning for a mix.
    pub(in crate::data) fn refuse_mix(&self, what: &str) -> Result<()> {
        if self.mix.is_some() {
            bail!("data", "{what} has no meaning for a mix of datasets";
                hint: "change the datasets, then call `data::mix`");
        }
        Ok(())
    }
}

/// Fails on datasets that cannot be part of a mix.
fn check(part: &Part) -> Result<()> {
    let (name, set) = (&part.name, &part.set);
    if set.mix.is_some() {
        bail!("data", "dataset `{name}` is a mix already";
            hint: "pass all datasets to one `data::mix`");
    }
    if set.batching == Some(Batching::Bucketed) {
        bail!("data", "the rows of dataset `{name}` are bucketed by size, which a mix cannot do";
            hint: "`data::ragged(…, #{{ batches: \"padded\" }})`");
    }
    if set.is_empty() {
        bail!("data", "dataset `{name}` has no rows");
    }
    if set.tasks() == 0 {
        bail!("data", "dataset `{name}` has no label");
    }
    if !set.label_sizes.is_empty() {
        bail!(
            "data",
            "labels of `{name}` differ in size: they cannot be mixed"
        );
    }
    let sampling = &set.sampling;
    if sampling.weights.is_some() || sampling.length.is_some() || sampling.shard.is_some() {
        bail!("data", "dataset `{name}` has weights, a length or a shard of its passes, which have \
            no meaning in a mix";
            hint: "the mix determines how many rows are drawn; weights of all rows may be set with \
                `.sampling(#{{ weights: … }})` of the mix");
    }
    Ok(())
}

/// The names of the columns of a dataset in a mix: its own name, or with the labels where it has
/// several.
fn label_names(part: &Part) -> Vec<String> {
    match part.set.label_names.as_slice() {
        [_] => vec![part.name.clone()],
        names => names
            .iter()
            .map(|name| format!("{}.{name}", part.name))
            .collect(),
    }
}

/// The labels of a dataset in a mix, each in its shape.
fn label_groups(part: &Part) -> Vec<LabelGroup> {
    let groups = &part.set.label_groups;
    let name = |group: &LabelGroup| match groups.len() {
        1 => part.name.clone(),
        _ => format!("{}.{}", part.name, group.name),
    };
    let named = |group: &LabelGroup| LabelGroup {
        name: name(group),
        ..group.clone()
    };
    groups.iter().map(named).collect()
}

/// Labels as columns from `first` on among `tasks`, the others undefined.
fn widened(labels: &LabelMatrix, first: usize, tasks: usize) -> LabelMatrix {
    let mut out = LabelMatrix::from_elem((labels.nrows(), tasks), f32::NAN);
    let own = first..first + labels.ncols();
    out.slice_mut(ndarray::s![.., own]).assign(labels);
    out
}

/// The label that each becomes on the reverse strand.
fn joint_partners(parts: &[Part]) -> Option<Arc<Vec<usize>>> {
    if parts.iter().all(|part| part.set.label_partners.is_none()) {
        return None;
    }
    let mut out = Vec::new();
    for part in parts {
        let first = out.len();
        match &part.set.label_partners {
            Some(partners) => out.extend(partners.iter().map(|partner| first + partner)),
            None => out.extend(first..first + part.set.tasks()),
        }
    }
    Some(Arc::new(out))
}

/// The bins of labels along the sequence, where all datasets have as many.
fn joint_profile(parts: &[Part]) -> Result<Option<Arc<Profile>>> {
    let bins = |part: &Part| part.set.profile.as_ref().map_or(1, |profile| profile.bins);
    let first = bins(&parts[0]);
    if let Some(other) = parts.iter().find(|part| bins(part) != first) {
        bail!(
            "data",
            "labels of `{}` are in {first} bins, those of `{}` in {}: they cannot be mixed",
            parts[0].name,
            other.name,
            bins(other)
        );
    }
    Ok((first > 1).then(|| {
        Arc::new(Profile {
            bins: first,
            source: None,
        })
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::loader::Loader;
    use crate::data::{Column, Input};
    use cistron_base::seed::Rng;

    /// A dataset whose input numbers its rows from `first`; every third label is 1.
    fn numbered(first: usize, n: usize) -> Dataset {
        let column = Column::Dense {
            values: Arc::new((first..first + n).map(|i| i as f32).collect()),
            shape: vec![1],
        };
        let labels = (0..n).map(|i| f32::from(u8::from(i % 3 == 0))).collect();
        Dataset::new(vec![Input::new("x", column)], vec!["y".into()], labels).expect("a dataset")
    }

    fn part(name: &str, set: Dataset, each: usize) -> Part {
        Part {
            name: name.into(),
            set,
            each,
        }
    }

    fn pass(set: &Dataset, seed: u64, epoch: u64, threads: usize) -> Vec<Vec<u32>> {
        let loader = Loader {
            seed: Some(seed),
            epoch,
            threads,
            ..Loader::plain(set, 7)
        };
        let batches = loader
            .start()
            .map(|batch| batch.expect("a batch").index.clone());
        let all: Vec<Vec<u32>> = batches.collect();
        assert_eq!(all.len(), loader.batches());
        all
    }

    #[test]
    fn labels_of_the_other_datasets_are_undefined() {
        let set = Dataset::mixed(&[
            part("disc", numbered(0, 3), 2),
            part("occ", numbered(3, 2), 1),
        ])
        .expect("a mix");
        assert_eq!(set.label_names, ["disc", "occ"]);
        let labels: Vec<String> = set.all_labels().iter().map(f32::to_string).collect();
        assert_eq!(
            labels,
            ["1", "NaN", "0", "NaN", "0", "NaN", "NaN", "1", "NaN", "0"]
        );
        let parts = set.parts();
        assert_eq!(parts[1].0, "occ");
        assert_eq!(*parts[1].1.rows, [3, 4]);
        assert!(Dataset::mixed(&[part("one", numbered(0, 3), 2)]).is_err());
        assert!(
            set.with_shuffles(super::super::Shuffles {
                k: 2,
                ratio: 1,
                redraw: false,
                seed: 1
            })
            .is_err()
        );
    }

    /// Exact counts in every batch; every row of the largest dataset in every pass, at most once
    /// more where the last batch is filled up; rows of the others as often as one another, one time
    /// apart at most, over any number of passes; any number of threads.
    #[test]
    fn batches_of_random_mixes_have_exact_counts() {
        let mut rng = Rng::keyed(&[0x6d69_7865]);
        for case in 0..300 {
            let count = 2 + rng.below(3);
            let sizes: Vec<usize> = (0..count).map(|_| 1 + rng.below(60)).collect();
            let each: Vec<usize> = (0..count).map(|_| 1 + rng.below(9)).collect();
            let mut first = 0;
            let mut parts = Vec::new();
            for (i, (n, each)) in sizes.iter().zip(&each).enumerate() {
                parts.push(part(&format!("s{i}"), numbered(first, *n), *each));
                first += n;
            }
            let set = Dataset::mixed(&parts).expect("a mix");
            let mix = set.mix.clone().expect("a mix");
            let (batches, largest) = mix.batches(&sizes);
            let mut seen = vec![0usize; first];
            for epoch in 0..3 {
                let pass_seen = pass(&set, case, epoch, 1);
                assert_eq!(pass_seen, pass(&set, case, epoch, 3));
                assert_eq!(pass_seen.len(), batches);
                let mut own = vec![0usize; first];
                for batch in &pass_seen {
                    for (number, each) in mix.each.iter().enumerate() {
                        let rows = batch.iter();
                        let rows = rows.filter(|row| mix.origin[**row as usize] as usize == number);
                        assert_eq!(rows.count(), *each);
                    }
                    batch.iter().for_each(|row| own[*row as usize] += 1);
                }
                let of = |number: usize| {
                    let origin = mix.origin.iter().zip(&own);
                    origin.filter(move |(own, _)| **own as usize == number)
                };
                assert!(of(largest).all(|(_, n)| *n == 1 || *n == 2));
                if sizes[largest].is_multiple_of(each[largest]) {
                    assert!(of(largest).all(|(_, n)| *n == 1));
                }
                seen.iter_mut().zip(&own).for_each(|(all, own)| *all += own);
            }
            for number in (0..count).filter(|number| *number != largest) {
                let times = mix.origin.iter().zip(&seen);
                let times = times.filter(|(own, _)| **own as usize == number);
                let times: Vec<usize> = times.map(|(_, n)| *n).collect();
                let (low, high) = (times.iter().min(), times.iter().max());
                assert!(high.zip(low).is_some_and(|(high, low)| high - low <= 1));
            }
            assert_ne!(
                pass(&set, case, 0, 1).concat(),
                (0..first as u32).collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn datasets_of_a_mix_keep_their_share_of_positives() {
        let mut some = numbered(0, 60);
        some.sampling.positives = Some(0.5);
        let set = Dataset::mixed(&[part("a", some, 8), part("b", numbered(60, 90), 4)]);
        let set = set.expect("a mix");
        for batch in pass(&set, 3, 0, 2) {
            let own = batch.iter().filter(|row| **row < 60);
            assert_eq!(own.filter(|row| **row % 3 == 0).count(), 4);
        }
    }

    #[test]
    fn a_dataset_of_a_mix_without_rows_is_an_error() {
        let set = Dataset::mixed(&[part("a", numbered(0, 3), 1), part("b", numbered(3, 3), 1)]);
        let set = set.expect("a mix").with_rows(vec![0, 1]);
        let loader = Loader {
            seed: Some(1),
            ..Loader::plain(&set, 2)
        };
        let fault = loader
            .start()
            .next()
            .expect("an answer")
            .expect_err("no rows");
        assert!(fault.message.contains("`b`"), "{}", fault.message);
    }
}
