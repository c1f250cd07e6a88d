//! Batches: one pass over a dataset, and what a script sees of each batch.

use crate::base::Result;
use crate::bind::data::read::seed;
use crate::bind::types::{Augmenter, Data, Pass, Rows};
use crate::data::{Batch, Dataset, Loader};
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::value::array;
use crate::lang::{Callback, IntoValue, Options, session};
use crate::natives;
use crate::nn::Value;
use crate::torch::{Device, Tensor};
use crate::train::feed;
use rhai::Map;
use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

/// Options of a pass.
pub const BATCHES: &[Opt] = &[
    crate::bind::data::read::SEEDED,
    opt(
        "epoch",
        OptKind::Int(1, MANY),
        "",
        "the number of the pass, from 1: each has another order, other shuffles and augmentation; the next one of the dataset and seed unless given",
    ),
    opt(
        "order",
        OptKind::Choice(&["random", "kept"]),
        "\"random\"",
        "whether rows are mixed",
    ),
    opt(
        "augment",
        OptKind::Other("augmenter"),
        "",
        "changes made to rows",
    ),
    opt(
        "drop_last",
        OptKind::Bool,
        "false",
        "whether a last, smaller batch is left out",
    ),
];

fn device() -> Result<Device> {
    Device::parse(&session::settings().device)
}

/// One pass over a dataset.
pub fn batches_of(set: &Data, size: i64, o: &Options) -> Result<Pass> {
    crate::lang::native::at_least("size", size, 1)?;
    let random = o.text("order") == "random";
    let augmenter = o.get::<Augmenter>("augment")?;
    let is_fixed = o.has("epoch") || (!random && augmenter.is_none());
    let loader = Loader {
        seed: random.then(|| seed(o)),
        epoch: (o.maybe_int("epoch").unwrap_or(1) - 1) as u64,
        transform: augmenter.as_ref().map(|augmenter| augmenter.step.clone()),
        drop_last: o.flag("drop_last"),
        threads: session::settings().loaders,
        ..Loader::plain(&set.0, size as usize)
    };
    let custom = augmenter
        .map(|augmenter| augmenter.custom)
        .unwrap_or_default();
    Ok(Pass {
        passes: (!is_fixed).then(|| passes_of(set, seed(o))),
        loader,
        custom,
    })
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
    let is_waiting =
        |(set, seed, _): &&Passes| !begun.iter().any(|own| own.0 == *set && own.1 == *seed);
    let restored = counts.restored.borrow();
    let waiting: Vec<Passes> = restored.iter().filter(is_waiting).cloned().collect();
    [begun, waiting].concat()
}

/// Puts back counts that a checkpoint holds.
pub fn set_passes(restored: Vec<Passes>) {
    let counts = counts();
    for (set, seed, count) in counts.begun.borrow().iter() {
        let Some(set) = set.upgrade() else { continue };
        let digest = crate::train::identity::digest(&set);
        restored
            .iter()
            .filter(|own| own.0 == digest && own.1 == *seed)
            .for_each(|own| count.set(own.2));
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
        .find(|(own, of, _)| *of == seed && std::ptr::eq(own.as_ptr(), Rc::as_ptr(&set.0)));
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
            .position(|own| own.0 == digest && own.1 == seed)
            .map_or(0, |at| restored.remove(at).2)
    };
    let count = Rc::new(Cell::new(done));
    begun.push((Rc::downgrade(&set.0), seed, count.clone()));
    count
}

/// A few rows of both classes, for a check.
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

/// The batches of a pass, for `for` loops; a row that cannot be read ends it with what is wrong.
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
            let made = batch.and_then(|batch| Rows::new(batch, &custom));
            made.map_err(|fault| crate::lang::diagnostics::pass(fault, rhai::Position::NONE))
        }))
    }
}

impl Rows {
    /// A batch with what a script's own augmenters make of it.
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

natives! { natives in "batch" {
    /// The inputs, one-hot.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// for b in set.batches(4) { assert_eq(b.x.shape, [4, 4, 4]); }
    /// ```
    property "x"(c, this: Rows) -> "tensor [batch, 4, length], or a map by input name" { Ok(match this.x()? { Value::One(t) => t.into_value(), Value::Many(many) => many.into_iter().map(|(name, t)| (name.into(), t.into_value())).collect::<Map>().into() }) }

    /// The labels.
    ///
    /// ```rhai
    /// let set = data::from(#{ sequence: ["ACGT", "TTTT", "GGCC", "CATG"], label: [1, 0, 1, 0] });
    /// for b in set.batches(4) { assert_eq(b.y.shape, [4, 1]); }
    /// ```
    property "y"(c, this: Rows) -> "tensor [batch, tasks]" { this.y() }

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
    method "len"(c, this: Pass) -> "whole number" { Ok(this.loader.batches() as i64) }
} }
