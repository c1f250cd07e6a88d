//! Batches: passes over datasets, and the properties of a batch.

use crate::base::Result;
use crate::bind::data::read::SeedOptions;
use crate::bind::types::{Augmenter, Data, Pass, Rows};
use crate::data::{Batch, Dataset, Loader};
use crate::lang::{Callback, Choice, IntoValue, Native, Options, native, natives_of, session};
use crate::nn::Value;
use crate::torch::{Device, Tensor};
use crate::train::feed;
use rhai::{Dynamic, Map};
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

/// Options of `dataset.batches`.
#[derive(Options)]
pub struct BatchOptions {
    #[option(flatten)]
    seed: SeedOptions,
    /// Number of the pass, from 1, which determines the order of rows, shuffles and augmentation;
    /// the next pass over the dataset with this seed unless given.
    #[option(min = 1)]
    epoch: Option<u64>,
    /// Whether rows are in random order ("random") or in that of the dataset ("kept").
    #[option(default = "random")]
    order: Order,
    /// Augmenter that is applied to the rows.
    augment: Option<Augmenter>,
    /// Whether a last batch of fewer rows is left out.
    #[option(default = false)]
    drop_last: bool,
}

/// The order of rows in a pass.
#[derive(Choice, Clone, Copy, PartialEq)]
pub enum Order {
    /// A permutation that the seed and the number of the pass determine.
    Random,
    /// The order of the dataset.
    Kept,
}

fn device() -> Result<Device> {
    Device::parse(&session::settings().device)
}

/// One pass over a dataset, in batches of `size` rows.
pub fn batches_of(set: &Data, size: usize, options: BatchOptions) -> Pass {
    let is_random = options.order == Order::Random;
    let is_fixed = options.epoch.is_some() || (!is_random && options.augment.is_none());
    let seed = options.seed.seed();
    let augment = options.augment.as_ref();
    let loader = Loader {
        seed: is_random.then_some(seed),
        epoch: options.epoch.unwrap_or(1) - 1,
        transform: augment.map(|augmenter| augmenter.step.clone()),
        drop_last: options.drop_last,
        threads: session::settings().loaders,
        ..Loader::plain(&set.0, size)
    };
    Pass {
        passes: (!is_fixed).then(|| passes_of(set, seed)),
        loader,
        custom: options
            .augment
            .map_or(Vec::new(), |augmenter| augmenter.custom),
    }
}

/// Passes over a dataset with a seed, which are counted as long as a script holds the dataset.
type Counted = (Weak<Dataset>, u64, Rc<Cell<u64>>);

/// The count of passes over a dataset, by a hash of it, with a seed.
pub type Passes = (String, u64, u64);

/// The counts of the session.
#[derive(Default)]
struct Counts {
    begun: RefCell<Vec<Counted>>,
    /// Counts that a checkpoint holds of datasets over which no pass has begun yet.
    restored: RefCell<Vec<Passes>>,
}

fn counts() -> Rc<Counts> {
    session::local()
}

/// The counts of passes over datasets that a script holds.
pub fn passes() -> Vec<Passes> {
    let counted = |(set, seed, count): &Counted| {
        Some((
            crate::train::identity::digest(&*set.upgrade()?),
            *seed,
            count.get(),
        ))
    };
    let counts = counts();
    let begun: Vec<Passes> = counts.begun.borrow().iter().filter_map(counted).collect();
    let is_waiting = |(set, seed, _): &&Passes| {
        !begun
            .iter()
            .any(|other| other.0 == *set && other.1 == *seed)
    };
    let restored = counts.restored.borrow();
    let waiting: Vec<Passes> = restored.iter().filter(is_waiting).cloned().collect();
    [begun, waiting].concat()
}

/// Restores counts of a checkpoint.
pub fn set_passes(restored: Vec<Passes>) {
    let counts = counts();
    for (set, seed, count) in counts.begun.borrow().iter() {
        let Some(set) = set.upgrade() else { continue };
        let digest = crate::train::identity::digest(&set);
        restored
            .iter()
            .filter(|passes| passes.0 == digest && passes.1 == *seed)
            .for_each(|passes| count.set(passes.2));
    }
    counts.restored.replace(restored);
}

/// The count of passes over a dataset with a seed.
fn passes_of(set: &Data, seed: u64) -> Rc<Cell<u64>> {
    let counts = counts();
    let mut begun = counts.begun.borrow_mut();
    begun.retain(|(set, ..)| set.strong_count() > 0);
    let known = begun
        .iter()
        .find(|(other, of, _)| *of == seed && std::ptr::eq(other.as_ptr(), Rc::as_ptr(&set.0)));
    if let Some((_, _, count)) = known {
        return count.clone();
    }
    let mut restored = counts.restored.borrow_mut();
    let done = if restored.is_empty() {
        0
    } else {
        let digest = crate::train::identity::digest(&set.0);
        restored
            .iter()
            .position(|passes| passes.0 == digest && passes.1 == seed)
            .map_or(0, |at| restored.remove(at).2)
    };
    let count = Rc::new(Cell::new(done));
    begun.push((Rc::downgrade(&set.0), seed, count.clone()));
    count
}

/// A few rows of both classes, for dry runs.
pub fn few(set: &Dataset) -> Dataset {
    let tasks = set.tasks().max(1);
    let positive = |row: &&u32| {
        set.labels
            .get(**row as usize * tasks)
            .is_some_and(|l| *l > 0.5)
    };
    let mut rows: Vec<u32> = set.rows.iter().filter(positive).take(4).copied().collect();
    rows.extend(set.rows.iter().filter(|row| !positive(row)).take(4));
    set.with_rows(rows)
}

/// The batches of a pass, for `for` loops; a row that cannot be read ends it with an error.
impl IntoIterator for Pass {
    type Item = std::result::Result<Rows, Box<rhai::EvalAltResult>>;
    type IntoIter = Box<dyn Iterator<Item = Self::Item>>;

    fn into_iter(mut self) -> Self::IntoIter {
        if session::is_dry() {
            self.loader.set = few(&self.loader.set);
        }
        if let Some(passes) = &self.passes {
            self.loader.epoch = passes.get();
            passes.set(passes.get() + 1);
        }
        let custom = self.custom;
        Box::new(self.loader.start().map(move |batch| {
            let rows = batch.and_then(|batch| Rows::new(batch, &custom));
            rows.map_err(|fault| crate::lang::diagnostics::pass(fault, rhai::Position::NONE))
        }))
    }
}

impl Rows {
    /// A batch after the augmenters that are functions of the script.
    fn new(batch: Batch, custom: &[Callback]) -> Result<Rows> {
        let tensors = match custom {
            [] => None,
            custom => {
                let (x, y) = (
                    feed::inputs(&batch, device()?, false)?,
                    feed::labels(&batch, device()?)?,
                );
                Some(crate::bind::data::augment::customised(x, y, custom)?)
            }
        };
        Ok(Rows(Rc::new(batch), tensors.map(Rc::new)))
    }

    fn x(&self) -> Result<Value> {
        match &self.1 {
            Some(tensors) => Ok(tensors.0.clone()),
            None => feed::inputs(&self.0, device()?, false),
        }
    }

    fn y(&self) -> Result<Tensor> {
        match &self.1 {
            Some(tensors) => Ok(tensors.1.clone()),
            None => feed::labels(&self.0, device()?),
        }
    }
}

/// A tensor, or a map of tensors by input name.
fn shown(inputs: Value) -> Dynamic {
    match inputs {
        Value::One(tensor) => tensor.into_value(),
        Value::Many(many) => {
            let entries = many
                .into_iter()
                .map(|(name, tensor)| (name.into(), tensor.into_value()));
            entries.collect::<Map>().into()
        }
    }
}

/// The inputs; sequences are one-hot.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// for b in set.batches(4) { assert_eq(b.x.shape, [4, 4, 4]); }
/// ```
#[native(
    namespace = "batch",
    form = property,
    returns = "tensor [batch, 4, length], or a map by input name"
)]
pub fn x(this: &Rows) -> Result<Dynamic> {
    this.x().map(shown)
}

/// The labels; undefined ones are NaN.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// for b in set.batches(4) { assert_eq(b.y.shape, [4, 1]); }
/// ```
#[native(
    namespace = "batch",
    form = property,
    returns = "tensor [batch, tasks]"
)]
pub fn y(this: &Rows) -> Result<Tensor> {
    this.y()
}

/// The indices of its rows in the dataset, from 0.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// for b in set.batches(4, #{ order: "kept" }) { assert_eq(b.index, [0, 1, 2, 3]); }
/// ```
#[native(namespace = "batch", form = property)]
pub fn index(this: &Rows) -> Vec<i64> {
    this.0.index.iter().map(|row| i64::from(*row)).collect()
}

/// Returns the number of rows.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// for b in set.batches(4) { assert_eq(b.len(), 4); }
/// ```
#[native(namespace = "batch", form = method)]
pub fn len(this: &Rows) -> i64 {
    this.0.size as i64
}

/// Returns the number of batches.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// assert_eq(set.batches(3).len(), 2);
/// ```
#[native(namespace = "batch", form = method, name = "len")]
pub fn len_of_pass(this: &Pass) -> i64 {
    this.loader.batches() as i64
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![x, y, index, len, len_of_pass]
}
