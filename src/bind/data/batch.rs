//! Batches: passes over datasets, and the properties of a batch.

use crate::base::Result;
use crate::bind::args::augment::customised;
use crate::bind::args::network::into_dynamic;
use crate::bind::args::seed::SeedOptions;
use crate::bind::passes;
use crate::bind::types::{Augmenter, Data, Pass, Rows, Stream};
use crate::data::{Batch, Loader, loader};
use crate::lang::{Callback, Choice, Native, Options, native, natives_of, session};
use crate::nn::Value;
use crate::torch::Device;
use crate::train::feed;
use rhai::Dynamic;
use std::cell::RefCell;
use std::rc::Rc;

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

/// Options of `dataset.stream`.
#[derive(Options)]
pub struct StreamOptions {
    #[option(flatten)]
    seed: SeedOptions,
    /// Augmenter that is applied to the rows.
    augment: Option<Augmenter>,
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

/// The batches of a pass, for `for` loops; a row that cannot be read ends it with an error.
impl IntoIterator for Pass {
    type Item = std::result::Result<Rows, Box<rhai::EvalAltResult>>;
    type IntoIter = Box<dyn Iterator<Item = Self::Item>>;

    fn into_iter(mut self) -> Self::IntoIter {
        if session::is_dry() {
            self.loader.set = self.loader.set.few();
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
                let (x, y) = (feed::inputs(&batch, device()?, false)?, labels_of(&batch)?);
                Some(customised(x, y, custom)?)
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

    fn y(&self) -> Result<Value> {
        match &self.1 {
            Some(tensors) => Ok(tensors.1.clone()),
            None => labels_of(&self.0),
        }
    }
}

/// The labels of a batch as scripts see them.
fn labels_of(batch: &Batch) -> Result<Value> {
    feed::labels_in_shape(&feed::flat_labels(batch, device()?)?, &batch.label_groups)
}

/// Divides the rows into batches, in random order unless `order` is "kept".
///
/// Each `for` loop over them is the next pass over the dataset with this seed: another order,
/// other shuffles and augmentation. A script that runs again draws the same passes; `epoch`
/// selects one of them.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
/// for batch in set.batches(2, #{ seed: 1 }) { assert_eq(batch.x.shape, [2, 4, 4]); }
/// ```
#[native(
    namespace = "dataset",
    form = method,
    returns = "batches, for a `for` loop"
)]
pub fn batches(
    this: &Data,
    /// Rows per batch.
    #[check(min = 1)]
    size: i64,
    options: BatchOptions,
) -> Pass {
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
        ..Loader::plain(&this.0, size as usize)
    };
    Pass {
        passes: (!is_fixed).then(|| passes::count_of(this, seed)),
        loader,
        custom: options
            .augment
            .map_or(Vec::new(), |augmenter| augmenter.custom),
    }
}

/// Returns an endless stream of batches in random order, for custom loops.
///
/// All batches have `size` rows, and every row comes once before any comes again. The batches
/// depend on the seed and on the position in the stream alone. A stream that a function of
/// `train::fit` has captured continues at its position when the training is resumed.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC"], label: [1, 0, 1] });
/// let stream = set.stream(2, #{ seed: 1 });
/// for i in 0..5 { assert_eq(stream.next().len(), 2); }
/// assert_eq(stream.position, 5);
/// ```
#[native(namespace = "dataset", form = method)]
pub fn stream(
    this: &Data,
    /// Rows per batch; a mix has those of its `each`.
    #[check(min = 1)]
    size: i64,
    options: StreamOptions,
) -> Result<Stream> {
    let set = match session::is_dry() {
        true => this.0.few(),
        false => (*this.0).clone(),
    };
    let augment = options.augment.as_ref();
    let stream = loader::Stream::new(Loader {
        seed: Some(options.seed.seed()),
        transform: augment.map(|augmenter| augmenter.step.clone()),
        threads: session::settings().loaders,
        ..Loader::plain(&set, size as usize)
    })?;
    Ok(Stream {
        batches: Rc::new(RefCell::new(stream)),
        custom: options
            .augment
            .map_or(Vec::new(), |augmenter| augmenter.custom),
    })
}

/// Returns the next batch of the stream.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC"], label: [1, 0, 1] });
/// assert_eq(set.stream(4).next().x.shape, [4, 4, 4]);
/// ```
#[native(namespace = "stream", form = method)]
pub fn next(this: &Stream) -> Result<Rows> {
    let batch = this.batches.borrow_mut().next_batch()?;
    Rows::new(batch, &this.custom)
}

/// The number of batches that the stream has returned.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC"], label: [1, 0, 1] });
/// assert_eq(set.stream(4).position, 0);
/// ```
#[native(namespace = "stream", form = property)]
pub fn position(this: &Stream) -> i64 {
    this.batches.borrow().position() as i64
}

/// Continues the stream after this number of batches.
///
/// ```rhai
/// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC"], label: [1, 0, 1] });
/// let stream = set.stream(2, #{ seed: 1 });
/// let first = stream.next().index;
/// stream.position = 0;
/// assert_eq(stream.next().index, first);
/// ```
#[native(namespace = "stream", form = setter, name = "position")]
pub fn set_position(
    this: &Stream,
    /// Number of batches before the next one.
    #[check(min = 0)]
    position: i64,
) {
    this.batches.borrow_mut().seek(position as u64);
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
    this.x().and_then(into_dynamic)
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
    returns = "tensor [batch, tasks] or [batch, …], or a map by label name"
)]
pub fn y(this: &Rows) -> Result<Dynamic> {
    this.y().and_then(into_dynamic)
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
    natives_of![
        batches,
        stream,
        next,
        position,
        set_position,
        x,
        y,
        index,
        len,
        len_of_pass,
    ]
}
