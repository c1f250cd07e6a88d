//! `data::mix`: several datasets in every batch.

use crate::base::Result;
use crate::bind::args::dataset::data;
use crate::bind::types::Data;
use crate::data::Dataset;
use crate::data::mixed::Part;
use crate::lang::value::mismatch;
use crate::lang::{FromValue, IntoValue, Native, Options, native, natives_of, session};
use crate::{bail, fault};
use rhai::{Dynamic, Map, NativeCallContext};

/// Options of `data::mix`.
#[derive(Options)]
pub struct MixOptions {
    /// Rows of each dataset in a batch: an integer, or a map by name.
    each: Each,
}

/// Rows in a batch: of every dataset, or by name.
pub enum Each {
    /// Of every dataset.
    All(usize),
    /// By name.
    Named(Vec<(String, usize)>),
}

impl FromValue for Each {
    fn kind() -> String {
        "integer of at least 1, or a map of them by name".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        let rows = |value: &Dynamic| {
            let rows = value.as_int().ok().filter(|rows| *rows >= 1);
            rows.map(|rows| rows as usize)
                .ok_or_else(|| mismatch(&Self::kind(), value))
        };
        let Some(map) = value.read_lock::<Map>() else {
            return rows(value).map(Each::All);
        };
        let named = map
            .iter()
            .map(|(name, value)| Ok((name.to_string(), rows(value)?)));
        named.collect::<Result<_>>().map(Each::Named)
    }
}

impl Each {
    fn of(&self, name: &str) -> Result<usize> {
        match self {
            Each::All(rows) => Ok(*rows),
            Each::Named(named) => {
                let own = named.iter().find(|(other, _)| other == name);
                own.map(|(_, rows)| *rows)
                    .ok_or_else(|| fault!("option", "`each` has no number of rows of `{name}`"))
            }
        }
    }

    /// Fails on a name that is no dataset's.
    fn check(&self, sets: &Map) -> Result<()> {
        let Each::Named(named) = self else {
            return Ok(());
        };
        match named
            .iter()
            .find(|(name, _)| !sets.contains_key(name.as_str()))
        {
            Some((name, _)) => bail!("name", "`each` has rows of `{name}`, which is no dataset"),
            None => Ok(()),
        }
    }
}

/// Returns a dataset whose batches hold rows of several datasets.
///
/// Every batch of a training pass has exactly `each` rows of every dataset. A pass is as long as
/// the dataset needs that takes the most batches: each of its rows comes once, and where its last
/// batch is not full, rows of a second permutation fill it. The other datasets are repeated
/// endlessly: each of their rows comes once before any comes again, over all passes.
///
/// The labels of each dataset are a column of their own, named as the dataset (`name.label` where
/// it has several), and undefined (NaN) in rows of the others; losses and metrics leave undefined
/// labels out. `balance` and `positives` of `dataset.sampling` apply within each dataset.
///
/// ```rhai
/// let a = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC"], label: [1, 0, 1] });
/// let b = data::from(#{ sequence: ["CATG"], label: [0] });
/// let both = data::mix(#{ disc: a, occ: b }, #{ each: 2 });
/// assert_eq(both.label_names, ["disc", "occ"]);
/// for batch in both.batches(4, #{ seed: 1 }) { assert_eq(batch.len(), 4); }
/// ```
/// ```rhai,fails
/// let a = data::from(#{ sequence: ["ACGT"], label: [1] });
/// data::mix(#{ a: a, b: 3 }, #{ each: 1 });
/// //~ `sets` must hold datasets, got integer 3 under `b`
/// ```
#[native(namespace = "data")]
pub fn mix(
    /// Datasets by name, with the same inputs.
    sets: &Map,
    options: MixOptions,
) -> Result<Data> {
    options.each.check(sets)?;
    let part = |(name, value): (&rhai::Identifier, &Dynamic)| {
        let Some(set) = value.read_lock::<Data>() else {
            let found = session::describe(value);
            bail!(
                "type",
                "`sets` must hold datasets, got {found} under `{name}`"
            );
        };
        Ok(Part {
            name: name.to_string(),
            set: (*set.0).clone(),
            each: options.each.of(name)?,
        })
    };
    let parts = sets.iter().map(part).collect::<Result<Vec<_>>>()?;
    Dataset::mixed(&parts).map(data)
}

/// The datasets of a mix by name, with the labels of the mix.
///
/// ```rhai
/// let a = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC"], label: [1, 0, 1] });
/// let b = data::from(#{ sequence: ["CATG"], label: [0] });
/// let both = data::mix(#{ disc: a, occ: b }, #{ each: 2 });
/// assert_eq(both.parts.disc.len(), 3);
/// ```
#[native(namespace = "dataset", form = property, returns = "map of datasets")]
pub fn parts(this: &Data) -> Map {
    let parts = this.0.parts().into_iter();
    parts
        .map(|(name, set)| (name.into(), data(set).into_value()))
        .collect()
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![mix, parts]
}
