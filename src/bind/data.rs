//! `data::…`: datasets and batches.

use super::values::{Augmenter, Data, Pass, Rows, codes_of};
use crate::base::{Result, shape};
use crate::data::split::{self, Dealing};
use crate::data::table::Plan;
use crate::data::{Column, Dataset, Input, Loader, Shuffles, duplicates};
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::value::array;
use crate::lang::{Callback, IntoValue, Options, session};
use crate::nn::Value;
use crate::seq::alphabet;
use crate::seq::shuffle::Shuffler;
use crate::torch::{Device, Tensor};
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic, Map};
use std::rc::Rc;
use std::sync::Arc;

const TABLE: &[Opt] = &[
    opt(
        "sequence",
        OptKind::Other("column name, or a map of input name to column name"),
        "",
        "where the sequences stand; without a header, a column's number from 1",
    ),
    opt("label", OptKind::Other("column name or array of them"), "", "where the labels stand"),
    opt("name", OptKind::Text, "", "where a name for each row stands"),
    opt("length", OptKind::Int(1, MANY), "", "bases that each sequence is cut or padded to, around its middle; without it all must have one length"),
];
const FASTA: &[Opt] = &[opt("length", OptKind::Int(1, MANY), "", "bases that each sequence is cut or padded to, around its middle")];
const SEEDED: Opt = opt("seed", OptKind::Int(0, MANY), "", "the same seed gives the same rows; the run's seed unless given");
const SEED: &[Opt] = &[SEEDED];
const SPLIT: &[Opt] = &[
    SEEDED,
    opt("stratify", OptKind::Bool, "false", "whether each class is dealt out by itself"),
    opt("groups", OptKind::Other("array of strings, one for each row"), "", "rows of a group stay together"),
];
const SHUFFLES: &[Opt] = &[
    opt("k", OptKind::Int(1, 20), "2", "the k-lets whose counts are kept"),
    opt("ratio", OptKind::Int(1, 1000), "1", "shuffles for each row"),
    opt("redraw", OptKind::Bool, "false", "whether every epoch draws them anew"),
    SEEDED,
];
const BATCHES: &[Opt] = &[
    SEEDED,
    opt("epoch", OptKind::Int(1, MANY), "1", "the pass: another order, other shuffles and augmentation"),
    opt("order", OptKind::Choice(&["random", "kept"]), "\"random\"", "whether rows are mixed"),
    opt("augment", OptKind::Other("augmenter"), "", "changes made to rows"),
    opt("drop_last", OptKind::Bool, "false", "whether a last, smaller batch is left out"),
];

fn seed(o: &Options) -> u64 {
    o.maybe_int("seed").map_or_else(|| session::settings().seed, |seed| seed as u64)
}

fn device() -> Result<Device> {
    Device::parse(&session::settings().device)
}

/// Says what there is to say of a dataset that was read.
fn noted(mut set: Dataset) -> Result<Data> {
    let repeated = duplicates::within(&set);
    if repeated > 0 {
        set.notes.push(format!("{repeated} of {} sequences repeat an earlier one, on either strand", set.len()));
    }
    set.notes.iter().for_each(|note| super::train::warn(note));
    Ok(Data(Rc::new(set)))
}

/// In a check, a file that is not there is stood in for by a few random rows.
fn or_stand_in(read: Result<Dataset>, labels: &[String]) -> Result<Data> {
    match read {
        Err(fault) if fault.kind == "file" && session::is_dry() => {
            session::guess();
            let codes = (0..8 * 101).map(|i| (i * 7 % 4) as u8).collect();
            let column = Column::Sequence { codes: Arc::new(codes), length: 101 };
            let names = if labels.is_empty() { vec!["label".to_string()] } else { labels.to_vec() };
            let values = (0..8 * names.len()).map(|i| (i % 2) as f32).collect();
            Ok(Data(Rc::new(Dataset::new(vec![Input { name: "sequence".into(), column }], names, values)?)))
        }
        other => noted(other?),
    }
}

fn table(path: &str, o: &Options) -> Result<Data> {
    let mut plan = Plan { length: o.maybe_int("length").map(|n| n as usize), ..Plan::default() };
    match o.raw("sequence") {
        None => {}
        Some(value) if value.is_string() || value.is_int() => plan.sequences.push(("sequence".into(), value.to_string())),
        Some(_) => {
            for (name, column) in o.need::<Map>("sequence")? {
                plan.sequences.push((name.to_string(), column.to_string()));
            }
        }
    }
    match o.raw("label") {
        None => {}
        Some(value) if value.is_string() || value.is_int() => plan.labels.push(value.to_string()),
        Some(_) => plan.labels = o.need::<Vec<String>>("label")?,
    }
    if o.has("name") {
        plan.name = Some(o.text("name"));
    }
    or_stand_in(crate::data::table::read(&session::find_input(path), &plan), &plan.labels)
}

fn column(name: &str, value: &Dynamic) -> Result<Column> {
    if let Some(items) = value.read_lock::<Array>()
        && items.first().is_some_and(Dynamic::is_string)
    {
        let texts: Vec<String> = items
            .iter()
            .map(|item| item.clone().into_string().map_err(|_| fault!("type", "column `{name}` mixes strings and other values")))
            .collect::<Result<_>>()?;
        let (codes, length) = codes_of(&texts).map_err(|fault| fault.context(format!("column `{name}`")))?;
        return Ok(Column::Sequence { codes: Arc::new(codes), length });
    }
    let tensor = match value.read_lock::<Tensor>() {
        Some(tensor) => tensor.clone(),
        None => super::tensor::from_nested(value).map_err(|fault| fault.context(format!("column `{name}`")))?,
    };
    let sizes: Vec<usize> = tensor.shape().iter().map(|n| *n as usize).collect();
    let Some((_, rest)) = sizes.split_first() else { bail!("shape", "column `{name}` must have a row for each sample, got {}", shape::text(&tensor.shape())) };
    let row = if rest.is_empty() { vec![1] } else { rest.to_vec() };
    Ok(Column::Dense { values: Arc::new(tensor.to_f32()?), shape: row })
}

fn from_columns(columns: &Map) -> Result<Data> {
    let mut inputs = Vec::new();
    let mut labels: Vec<(String, Vec<f32>)> = Vec::new();
    for (name, value) in columns {
        if name == "label" || name == "labels" {
            let parts: Vec<(String, Dynamic)> = match value.read_lock::<Map>() {
                Some(map) => map.iter().map(|(name, v)| (name.to_string(), v.clone())).collect(),
                None => vec![("label".into(), value.clone())],
            };
            for (label, values) in parts {
                let Column::Dense { values, shape } = column(&label, &values)? else { bail!("type", "label `{label}` must hold numbers") };
                let tasks: usize = shape.iter().product();
                for task in 0..tasks {
                    let own = if tasks == 1 { label.clone() } else { format!("{label}{}", task + 1) };
                    labels.push((own, values.iter().skip(task).step_by(tasks).copied().collect()));
                }
            }
        } else {
            inputs.push(Input { name: name.to_string(), column: column(name, value)? });
        }
    }
    // sequences first: the main input is the sequence
    inputs.sort_by_key(|input| matches!(input.column, Column::Dense { .. }));
    let rows = inputs.first().map_or(0, |input| input.column.rows());
    if let Some((name, values)) = labels.iter().find(|(_, values)| values.len() != rows) {
        bail!("data", "label `{name}` has {} rows, the inputs have {rows}", values.len());
    }
    let flat = (0..rows).flat_map(|row| labels.iter().map(move |(_, values)| values[row])).collect();
    let names = labels.iter().map(|(name, _)| name.clone()).collect();
    Ok(Data(Rc::new(Dataset::new(inputs, names, flat)?)))
}

fn labels(set: &Data) -> Result<Tensor> {
    Tensor::from_f32(&set.0.all_labels(), &[set.0.len() as i64, set.0.tasks() as i64])
}

fn input(set: &Data, name: Option<&str>) -> Result<Tensor> {
    let names = || set.0.inputs.iter().map(|input| input.name.as_str());
    let wanted = name.unwrap_or(&set.0.inputs[0].name);
    let Some(input) = set.0.inputs.iter().find(|input| input.name == wanted) else {
        bail!("name", "the dataset has no input `{wanted}`; it has {}", names().collect::<Vec<_>>().join(", "));
    };
    let n = set.0.len() as i64;
    let mut shuffler = Shuffler::default();
    if let Column::Sequence { length, .. } = &input.column {
        let mut codes = Vec::new();
        (0..set.0.len()).for_each(|i| set.0.push_codes(&input.column, i, 0, &mut shuffler, &mut codes));
        return Tensor::from_u8(&codes, &[n, *length as i64])?.one_hot_codes();
    }
    let mut values = Vec::new();
    (0..set.0.len()).for_each(|i| set.0.push_dense(&input.column, i, &mut values));
    let whole: Vec<i64> = std::iter::once(n).chain(input.column.shape()).collect();
    Tensor::from_f32(&values, &whole)
}

fn row_sequence(set: &Dataset, index: usize) -> Option<String> {
    let input = set.inputs.iter().find(|input| matches!(input.column, Column::Sequence { .. }))?;
    let mut codes = Vec::new();
    set.push_codes(&input.column, index, 0, &mut Shuffler::default(), &mut codes);
    Some(alphabet::decode(&codes))
}

fn sequences(set: &Data) -> Result<Array> {
    (0..set.0.len()).map(|i| row_sequence(&set.0, i).map(Dynamic::from).ok_or_else(|| fault!("data", "the dataset has no sequences"))).collect()
}

fn dealing(o: &Options) -> Result<Dealing> {
    Ok(Dealing { seed: seed(o), stratify: o.flag("stratify"), groups: o.get("groups")? })
}

fn split_by(set: &Data, shares: &Map, o: &Options) -> Result<Map> {
    let shares: Vec<(String, f64)> = shares
        .iter()
        .map(|(name, value)| {
            crate::lang::value::number(value)
                .map(|share| (name.to_string(), share))
                .ok_or_else(|| fault!("type", "share `{name}` must be a number, got {}", session::describe(value)))
        })
        .collect::<Result<_>>()?;
    let parts = split::split(&set.0, &shares, &dealing(o)?)?;
    Ok(parts.into_iter().map(|(name, part)| (name.into(), Data(Rc::new(part)).into_value())).collect())
}

fn folds(set: &Data, k: i64, o: &Options) -> Result<Array> {
    let folds = split::folds(&set.0, k.max(0) as usize, &dealing(o)?)?;
    let pair = |(train, test)| Map::from([("train".into(), Data(Rc::new(train)).into_value()), ("test".into(), Data(Rc::new(test)).into_value())]);
    Ok(folds.into_iter().map(|fold| pair(fold).into()).collect())
}

fn filter(set: &Data, keep: &Callback) -> Result<Data> {
    let plain = set.0.materialised()?;
    let tasks = plain.tasks();
    let mut rows = Vec::new();
    for (index, row) in plain.rows.iter().enumerate() {
        let own = *row as usize;
        let labels: Array = plain.labels[own * tasks..(own + 1) * tasks].iter().map(|l| f64::from(*l).into()).collect();
        let mut map = Map::from([("label".into(), labels.into()), ("index".into(), (index as i64).into())]);
        if let Some(sequence) = row_sequence(&plain, index) {
            map.insert("sequence".into(), sequence.into());
        }
        if let Some(names) = &plain.names {
            map.insert("name".into(), names[own].clone().into());
        }
        let answer = keep.call(vec![map.into()])?;
        if answer.as_bool().map_err(|_| fault!("type", "the filter must give true or false, got {}", session::describe(&answer)))? {
            rows.push(*row);
        }
    }
    if rows.is_empty() {
        bail!("data", "no row passes the filter");
    }
    Ok(Data(Rc::new(plain.with_rows(rows))))
}

fn with_shuffles(set: &Data, o: &Options) -> Result<Data> {
    let how = Shuffles { k: o.int("k") as usize, ratio: o.int("ratio") as usize, redraw: o.flag("redraw"), seed: seed(o) };
    let shuffled = set.0.with_shuffles(how)?;
    shuffled.notes.iter().skip(set.0.notes.len()).for_each(|note| super::train::warn(note));
    Ok(Data(Rc::new(shuffled)))
}

fn batches_of(set: &Data, size: i64, o: &Options) -> Result<Pass> {
    crate::lang::native::at_least("size", size, 1)?;
    let random = o.text("order") == "random";
    Ok(Pass(Loader {
        seed: random.then(|| seed(o)),
        epoch: (o.int("epoch") - 1) as u64,
        transform: o.get::<Augmenter>("augment")?.map(|augmenter| augmenter.0),
        drop_last: o.flag("drop_last"),
        threads: session::settings().loaders,
        ..Loader::plain(&set.0, size as usize)
    }))
}

/// A few rows of both classes, for a check.
pub fn few(set: &Dataset) -> Dataset {
    let tasks = set.tasks().max(1);
    let positive = |row: &&u32| set.labels.get(**row as usize * tasks).is_some_and(|l| *l > 0.5);
    let mut rows: Vec<u32> = set.rows.iter().filter(positive).take(4).copied().collect();
    rows.extend(set.rows.iter().filter(|row| !positive(row)).take(4));
    set.with_rows(rows)
}

/// The batches of a pass, for `for` loops.
impl IntoIterator for Pass {
    type Item = Rows;
    type IntoIter = std::iter::Map<crate::data::loader::Batches, fn(crate::data::Batch) -> Rows>;

    fn into_iter(mut self) -> Self::IntoIter {
        if session::is_dry() {
            self.0.set = few(&self.0.set);
        }
        self.0.start().map(|batch| Rows(Rc::new(batch)))
    }
}

natives! { made in "data" {
    /// Reads a table of sequences and labels: TSV, CSV or blanks, plain or gzipped. The DeepBind form (FoldID EventID seq Bound), the Zeng form (>chr:a-b SEQ label) and a bare SEQ label need no options.
    ///
    /// ```rhai
    /// try { data::table("/nowhere.tsv"); } catch (e) { assert_eq(e.kind, "file"); }
    /// ```
    function "table"(c, path: String; o = TABLE) -> "dataset" { table(&path, &o) }

    /// Reads positives and negatives from FASTA files, plain or gzipped; without negatives, add `.with_shuffles(…)`.
    ///
    /// ```rhai
    /// try { data::fasta("/nowhere.fa"); } catch (e) { assert_eq(e.kind, "file"); }
    /// ```
    function "fasta"(c, positives: String, negatives: Option<String>; o = FASTA) -> "dataset, label 1 for positives, 0 for negatives" { or_stand_in(crate::data::table::from_fasta(&session::find_input(&positives), negatives.map(|n| session::find_input(&n)).as_deref(), o.maybe_int("length").map(|n| n as usize)), &[]) }

    /// Makes a dataset of columns: strings are sequences, tensors and arrays of numbers are numbers; `label` (or a map of them) holds the labels.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT"], height: tensor::ones([2, 3]), label: [1, 0] });
    /// assert_eq(set.len(), 2);
    /// ```
    function "from"(c, columns: Map) -> "dataset" { from_columns(&columns) }

    /// Reads what `.save` wrote.
    ///
    /// ```rhai
    /// data::from(#{ sequence: ["ACGT"], label: [1] }).save("/tmp/cistron_example_set.safetensors");
    /// assert_eq(data::load("/tmp/cistron_example_set.safetensors").len(), 1);
    /// ```
    function "load"(c, path: String) -> "dataset" { Ok(Data(Rc::new(crate::data::save::load(&session::find_input(&path))?))) }
} }

natives! { methods in "dataset" {
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

    /// The names of its rows, where the source had them.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// assert_eq(set.names, ());
    /// ```
    property "names"(c, this: Data) -> "array of strings, or ()" { Ok(this.0.names.as_ref().map(|names| array(this.0.rows.iter().map(|row| names[*row as usize].clone())))) }

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
    method "sample"(c, this: Data, n: i64; o = SEED) -> "dataset" { Ok(Data(Rc::new(split::sample(&this.0, n.max(0) as usize, seed(&o))?))) }

    /// Adds exact shuffles of each sequence as negatives.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// let both = set.filter(|row| row.label[0] == 1.0).with_shuffles(#{ k: 2, seed: 1 });
    /// assert_eq(both.positives, [0.5]);
    /// ```
    method "with_shuffles"(c, this: Data; o = SHUFFLES) -> "dataset of (1 + ratio) times the rows" { with_shuffles(&this, &o) }

    /// Cuts rows into batches, in random order unless told otherwise.
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
    method "save"(c, this: Data, path: String) -> "nothing" { crate::data::save::save(&this.0, &super::tensor_file::written(&path)?) }

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

natives! { batches in "batch" {
    /// The inputs, one-hot.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// for b in set.batches(4) { assert_eq(b.x.shape, [4, 4, 4]); }
    /// ```
    property "x"(c, this: Rows) -> "tensor [batch, 4, length], or a map by input name" { Ok(match crate::train::feed::inputs(&this.0, device()?)? { Value::One(t) => t.into_value(), Value::Many(many) => many.into_iter().map(|(name, t)| (name.into(), t.into_value())).collect::<Map>().into() }) }

    /// The labels.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// for b in set.batches(4) { assert_eq(b.y.shape, [4, 1]); }
    /// ```
    property "y"(c, this: Rows) -> "tensor [batch, tasks]" { crate::train::feed::labels(&this.0, device()?) }

    /// Which rows of the dataset these are.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// for b in set.batches(4, #{ order: "kept" }) { assert_eq(b.index, [0, 1, 2, 3]); }
    /// ```
    property "index"(c, this: Rows) -> "array of whole numbers" { Ok(array(this.0.index.iter().map(|i| i64::from(*i)))) }

    /// How many rows it has.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// for b in set.batches(4) { assert_eq(b.len(), 4); }
    /// ```
    method "len"(c, this: Rows) -> "whole number" { Ok(this.0.size as i64) }

    /// How many batches there are.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// assert_eq(set.batches(3).len(), 2);
    /// ```
    method "len"(c, this: Pass) -> "whole number" { Ok(this.0.batches() as i64) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    made()
}
