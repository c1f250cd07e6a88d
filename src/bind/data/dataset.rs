//! Methods of datasets.

use crate::base::{Result, shape};
use crate::bind::data::batch::{BATCHES, batches_of};
use crate::bind::data::read::{SEEDED, seed};
use crate::bind::seq::genome::Places;
use crate::bind::types::Data;
use crate::data::split::{self, Dealing};
use crate::data::{Column, Dataset, Sampling, Shuffles, duplicates};
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::value::array;
use crate::lang::{Callback, IntoValue, Options, session};
use crate::seq::{Intervals, alphabet};
use crate::torch::Tensor;
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic, Map};
use std::rc::Rc;
use std::sync::Arc;

const SEED: &[Opt] = &[SEEDED];
const SPLIT: &[Opt] = &[
    SEEDED,
    opt(
        "stratify",
        OptKind::Bool,
        "false",
        "whether each class is dealt out by itself",
    ),
    opt(
        "groups",
        OptKind::Other("array of strings, one for each row"),
        "",
        "rows of a group stay together",
    ),
];
const SHUFFLES: &[Opt] = &[
    opt(
        "k",
        OptKind::Int(1, 20),
        "2",
        "the k-lets whose counts are kept",
    ),
    opt("ratio", OptKind::Int(1, 1000), "1", "shuffles for each row"),
    opt(
        "redraw",
        OptKind::Bool,
        "false",
        "whether every epoch draws them anew",
    ),
    SEEDED,
];
const NEGATIVES: &[Opt] = &[
    opt(
        "ratio",
        OptKind::Float(0.0, 1e6),
        "1",
        "negatives for each row",
    ),
    opt(
        "redraw",
        OptKind::Bool,
        "true",
        "whether every epoch draws them anew",
    ),
    SEEDED,
];
const SAMPLING: &[Opt] = &[
    opt(
        "weights",
        OptKind::Other("array of numbers, one for each row"),
        "",
        "how likely each row is; rows are then drawn with replacement",
    ),
    opt(
        "balance",
        OptKind::Bool,
        "false",
        "whether rows with and without a positive label are drawn equally often",
    ),
    opt(
        "length",
        OptKind::Int(1, MANY),
        "",
        "rows in a pass; every row comes once before any comes again",
    ),
    opt(
        "shard",
        OptKind::Other("array [rank, processes]"),
        "",
        "this process' share of every pass",
    ),
];

fn labels(set: &Data) -> Result<Tensor> {
    Tensor::from_f32(
        &set.0.all_labels(),
        &[set.0.len() as i64, set.0.tasks() as i64],
    )
}

fn input(set: &Data, name: Option<&str>) -> Result<Tensor> {
    let names = || set.0.inputs.iter().map(|input| input.name.as_str());
    let wanted = name.unwrap_or(&set.0.inputs[0].name);
    let Some(input) = set.0.inputs.iter().find(|input| input.name == wanted) else {
        bail!(
            "name",
            "the dataset has no input `{wanted}`; it has {}",
            names().collect::<Vec<_>>().join(", ")
        );
    };
    let (codes, values) = set.0.gather(&input.column, 0..set.0.len())?;
    let whole: Vec<i64> = std::iter::once(set.0.len() as i64)
        .chain(input.column.row_shape().iter().map(|n| *n as i64))
        .collect();
    if input.column.is_sequence() {
        Tensor::from_u8(&codes, &whole)?.one_hot_codes()
    } else {
        Tensor::from_f32(&values, &whole)
    }
}

fn row_sequence(set: &Dataset, index: usize) -> Result<String> {
    Ok(alphabet::decode(&set.sequences(std::iter::once(index))?.0))
}

fn sequences(set: &Data) -> Result<Array> {
    (0..set.0.len())
        .map(|i| row_sequence(&set.0, i).map(Dynamic::from))
        .collect()
}

fn dealing(o: &Options) -> Result<Dealing> {
    Ok(Dealing {
        seed: seed(o),
        stratify: o.flag("stratify"),
        groups: o.get("groups")?,
    })
}

fn split_by(set: &Data, shares: &Map, o: &Options) -> Result<Map> {
    let shares: Vec<(String, f64)> = shares
        .iter()
        .map(|(name, value)| {
            crate::lang::value::number(value)
                .map(|share| (name.to_string(), share))
                .ok_or_else(|| {
                    fault!(
                        "type",
                        "share `{name}` must be a number, got {}",
                        session::describe(value)
                    )
                })
        })
        .collect::<Result<_>>()?;
    let parts = split::split(&set.0, &shares, &dealing(o)?)?;
    Ok(parts
        .into_iter()
        .map(|(name, part)| (name.into(), Data(Rc::new(part)).into_value()))
        .collect())
}

fn folds(set: &Data, k: i64, o: &Options) -> Result<Array> {
    let folds = split::folds(&set.0, k.max(0) as usize, &dealing(o)?)?;
    let pair = |(train, test)| {
        Map::from([
            ("train".into(), Data(Rc::new(train)).into_value()),
            ("test".into(), Data(Rc::new(test)).into_value()),
        ])
    };
    Ok(folds.into_iter().map(|fold| pair(fold).into()).collect())
}

fn filter(set: &Data, keep: &Callback) -> Result<Data> {
    let plain = set.0.materialised()?;
    let tasks = plain.tasks();
    let mut rows = Vec::new();
    for (index, row) in plain.rows.iter().enumerate() {
        let own = *row as usize;
        let labels: Array = plain.labels[own * tasks..(own + 1) * tasks]
            .iter()
            .map(|l| f64::from(*l).into())
            .collect();
        let mut map = Map::from([
            ("label".into(), labels.into()),
            ("index".into(), (index as i64).into()),
        ]);
        if plain.sequence_input().is_some() {
            map.insert("sequence".into(), row_sequence(&plain, index)?.into());
        }
        if let Some(name) = plain.name(index) {
            map.insert("name".into(), name.into());
        }
        let answer = keep.call(vec![map.into()])?;
        if answer.as_bool().map_err(|_| {
            fault!(
                "type",
                "the filter must give true or false, got {}",
                session::describe(&answer)
            )
        })? {
            rows.push(*row);
        }
    }
    if rows.is_empty() {
        bail!("data", "no row passes the filter");
    }
    Ok(Data(Rc::new(plain.with_rows(rows))))
}

fn with_shuffles(set: &Data, o: &Options) -> Result<Data> {
    let how = Shuffles {
        k: o.int("k") as usize,
        ratio: o.int("ratio") as usize,
        redraw: o.flag("redraw"),
        seed: seed(o),
    };
    let shuffled = set.0.with_shuffles(how)?;
    shuffled
        .notes
        .iter()
        .skip(set.0.notes.len())
        .for_each(|note| crate::bind::train::fit::warn(note));
    Ok(Data(Rc::new(shuffled)))
}

fn with_negatives(set: &Data, pool: &Data, o: &Options) -> Result<Data> {
    let out = set
        .0
        .with_negatives(&pool.0, o.float("ratio"), o.flag("redraw"), seed(o))?;
    out.notes
        .iter()
        .for_each(|note| crate::bind::train::fit::warn(note));
    Ok(Data(Rc::new(out)))
}

fn sampling(set: &Data, o: &Options) -> Result<Data> {
    let weights: Option<Vec<f64>> = o.get("weights")?;
    if let Some(weights) = &weights {
        if weights.len() != set.0.len() {
            bail!(
                "value",
                "{} weights for {} rows",
                weights.len(),
                set.0.len()
            );
        }
        if weights.iter().any(|w| !w.is_finite() || *w < 0.0) || weights.iter().all(|w| *w == 0.0) {
            bail!(
                "value",
                "weights must be numbers of at least 0, and one of them more"
            );
        }
    }
    let shard = match o.get::<Vec<i64>>("shard")?.as_deref() {
        None => None,
        Some([rank, of]) if *of >= 1 && (0..*of).contains(rank) => {
            Some((*rank as usize, *of as usize))
        }
        Some(other) => bail!(
            "option",
            "`shard` must be [rank, processes] with a rank from 0 to processes - 1, got {}",
            shape::text(other)
        ),
    };
    let how = Sampling {
        weights: weights.map(Arc::new),
        balance: o.flag("balance"),
        length: o.maybe_int("length").map(|n| n as usize),
        shard,
    };
    Ok(Data(Rc::new(Dataset {
        sampling: how,
        ..(*set.0).clone()
    })))
}

fn regions(set: &Data) -> Option<Places> {
    set.0.inputs.iter().find_map(|input| match &input.column {
        Column::Genome {
            genome, regions, ..
        } => {
            let rows = (0..set.0.len())
                .map(|i| regions[set.0.locate(i).0])
                .collect();
            Some(Places(Rc::new(Intervals::new(
                genome.contigs.clone(),
                rows,
            ))))
        }
        _ => None,
    })
}

natives! { natives in "dataset" {
    /// How many rows it has, shuffles included.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// assert_eq(set.len(), 4);
    /// ```
    method "len"(c, this: Data) -> "whole number" { Ok(this.0.len() as i64) }

    /// Its labels; NaN is undefined.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// assert_eq(set.label.shape, [4, 1]);
    /// ```
    property "label"(c, this: Data) -> "tensor [rows, tasks]" { labels(&this) }

    /// The names of its labels.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// assert_eq(set.label_names, ["label"]);
    /// ```
    property "label_names"(c, this: Data) -> "array of strings" { Ok(array(this.0.label_names.clone())) }

    /// The share of positives of each task.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// assert_eq(set.positives, [0.5]);
    /// ```
    property "positives"(c, this: Data) -> "array of numbers, one for each task" { Ok(array(this.0.positives())) }

    /// The names of its rows, where the source had them; of regions their places.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// assert_eq(set.names, ());
    /// ```
    property "names"(c, this: Data) -> "array of strings, or ()" { Ok(this.0.name(0).map(|_| array((0..this.0.len()).filter_map(|i| this.0.name(i))))) }

    /// What reading it had to say.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// assert_eq(set.notes, []);
    /// ```
    property "notes"(c, this: Data) -> "array of strings" { Ok(array(this.0.notes.clone())) }

    /// All values of an input, the first unless named.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// assert_eq(set.input().shape, [4, 4, 4]);
    /// ```
    method "input"(c, this: Data, name: Option<String>) -> "tensor [rows, …], one-hot for sequences" { input(&this, name.as_deref()) }

    /// The sequences as letters.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// assert_eq(set.sequences()[1], "TTTT");
    /// ```
    method "sequences"(c, this: Data) -> "array of strings" { sequences(&this) }

    /// Deals rows out by shares.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// assert_eq(set.split(#{ train: 0.5, test: 0.5 }, #{ seed: 1 }).train.len(), 2);
    /// ```
    method "split"(c, this: Data, shares: Map; o = SPLIT) -> "map of datasets" { split_by(&this, &shares, &o) }

    /// Makes `k` pairs of training and held-out rows; every row is held out once.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// assert_eq(set.folds(2)[0].test.len(), 2);
    /// ```
    method "folds"(c, this: Data, k: i64; o = SPLIT) -> "array of maps with train and test" { folds(&this, k, &o) }

    /// Keeps the rows for which a function of #{ sequence, label, name, index } gives true.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// assert_eq(set.filter(|row| row.label[0] == 1.0).len(), 2);
    /// ```
    method "filter"(c, this: Data, keep: Callback) -> "dataset" { filter(&this, &keep) }

    /// Puts another dataset of the same form behind this one.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// assert_eq(set.concat(set).len(), 8);
    /// ```
    method "concat"(c, this: Data, other: Data) -> "dataset" { Ok(Data(Rc::new(Dataset::concat(&[(*this.0).clone(), (*other.0).clone()])?))) }

    /// Draws `n` rows without replacement.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// assert_eq(set.sample(2, #{ seed: 1 }).len(), 2);
    /// ```
    method "sample"(c, this: Data, n: i64; o = SEED) -> "dataset" {
        // a check holds few rows
        let n = if session::is_dry() { (n.max(0) as usize).min(this.0.len()) } else { n.max(0) as usize };
        Ok(Data(Rc::new(split::sample(&this.0, n, seed(&o))?)))
     }

    /// The first `n` rows, or all of them where there are fewer.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// assert_eq(set.take(2).sequences(), ["ACGT", "TTTT"]);
    /// ```
    /// ```rhai,fails
    /// data::from(#{ sequence: ["ACGT"], label: [1] }).take(0);
    /// //~ `n` must be at least 1, got 0
    /// ```
    method "take"(c, this: Data, n: i64) -> "dataset" {
        crate::lang::native::at_least("n", n, 1)?;
        Ok(Data(Rc::new(split::first(&this.0, n as usize))))
    }

    /// Adds exact shuffles of each sequence as negatives.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// let both = set.filter(|row| row.label[0] == 1.0).with_shuffles(#{ k: 2, seed: 1 });
    /// assert_eq(both.positives, [0.5]);
    /// ```
    method "with_shuffles"(c, this: Data; o = SHUFFLES) -> "dataset of (1 + ratio) times the rows" { with_shuffles(&this, &o) }

    /// Adds negatives that are drawn from another dataset of the same form, anew for every epoch
    /// unless told otherwise.
    ///
    /// ```rhai
    /// let bound = data::from(#{ sequence: ["ACGT", "GGCC"], label: [1, 1] });
    /// let pool = data::from(#{ sequence: ["TTTT", "AAAA", "CATG"], label: [0, 0, 0] });
    /// assert_eq(bound.with_negatives(pool, #{ ratio: 1.0, seed: 1 }).positives, [0.5]);
    /// ```
    method "with_negatives"(c, this: Data, pool: Data; o = NEGATIVES) -> "dataset of (1 + ratio) times the rows" { with_negatives(&this, &pool, &o) }

    /// Sets how training passes draw rows: by weights, both classes equally often, so many at a
    /// time, or one process' share.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 0, 0] });
    /// let rows = 0;
    /// for b in set.sampling(#{ balance: true, length: 100 }).batches(20) { rows += b.len(); }
    /// assert_eq(rows, 100);
    /// ```
    method "sampling"(c, this: Data; o = SAMPLING) -> "dataset" { sampling(&this, &o) }

    /// The places of its rows, where they were cut from a genome.
    ///
    /// ```rhai
    /// let g = genome::from(#{ chr1: "ACGTACGTAC" });
    /// assert_eq(data::regions(g, g.windows(5)).regions.len(), 2);
    /// ```
    property "regions"(c, this: Data) -> "intervals, or ()" { Ok(regions(&this)) }

    /// Cuts rows into batches, in random order unless told otherwise.
    ///
    /// Each `for` loop over them is the next pass over the dataset with this seed: another order,
    /// other shuffles and augmentation. A script that runs again draws the same passes; `epoch`
    /// states which one is meant.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// for batch in set.batches(2, #{ seed: 1 }) { assert_eq(batch.x.shape, [2, 4, 4]); }
    /// ```
    method "batches"(c, this: Data, size: i64; o = BATCHES) -> "batches, for a `for` loop" { batches_of(&this, size, &o) }

    /// Writes it as one safetensors file.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// set.save("/tmp/cistron_example_save.safetensors");
    /// ```
    method "save"(c, this: Data, path: String) -> "nothing" { crate::data::save::save(&this.0, &crate::bind::tensor::file::written(&path)?) }

    /// Counts rows that repeat an earlier sequence, on either strand.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["AACG", "CGTT"], label: [1, 0] });
    /// assert_eq(set.duplicates(), 1);
    /// ```
    method "duplicates"(c, this: Data) -> "whole number" { Ok(duplicates::within(&this.0) as i64) }

    /// Counts rows of another dataset whose sequence occurs here, on either strand.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// assert_eq(set.overlap(set), 4);
    /// ```
    method "overlap"(c, this: Data, other: Data) -> "whole number" { Ok(duplicates::overlap(&this.0, &other.0) as i64) }
} }
