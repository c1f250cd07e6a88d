//! The types that scripts meet, and how their values are printed.

use crate::base::written::metric;
use crate::base::{Fault, Result, StrandRule, Table, shape};
use crate::bind::seq::genome::{Genomic, Places, Signal};
use crate::data::loader::Transform;
use crate::data::{Batch, Dataset};
use crate::lang::native::TypeInfo;
use crate::lang::value::mismatch;
use crate::lang::{Callback, Choice, FromValue, show};
use crate::metrics::Metric;
use crate::nn::loss::Loss;
use crate::nn::{Layer, Model, Value};
use crate::optim::{Optimizer, Schedule};
use crate::plot::Figure;
use crate::seq::Motif;
use crate::seq::track::Statistic;
use crate::torch::{Device, Kind, Tensor};
use crate::train::{EarlyStop, History};
use crate::{bail, handle, seq};
use rhai::{Dynamic, NativeCallContext};
use std::any::TypeId;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

/// A dataset as scripts hold it.
#[derive(Clone)]
pub struct Data(pub Rc<Dataset>);

/// A batch as scripts hold it, with what a script's own augmenters made of it.
#[derive(Clone)]
pub struct Rows(pub Rc<Batch>, pub Option<Rc<(Value, Tensor)>>);

/// An augmenter as scripts hold it.
#[derive(Clone)]
pub struct Augmenter {
    /// What is done to rows.
    pub step: Arc<dyn Transform>,
    /// Itself in words.
    pub text: String,
    /// What is done to batches, by the script's own functions.
    pub custom: Vec<Callback>,
}

/// An optimizer as scripts hold it: one set of state, however often it is copied.
#[derive(Clone)]
pub struct Optim(pub Rc<RefCell<Optimizer>>);

/// Motifs as scripts hold them.
#[derive(Clone)]
pub struct Motifs(pub Rc<Vec<Motif>>);

/// One pass over a dataset, with a script's own augmenters.
#[derive(Clone)]
pub struct Pass {
    /// The pass.
    pub loader: crate::data::Loader,
    /// The script's own augmenters.
    pub custom: Vec<Callback>,
    /// How many passes there have been, where each is to be another.
    pub passes: Option<Rc<std::cell::Cell<u64>>>,
}

/// What is known of simulated sequences, and the rows in view.
#[derive(Clone)]
pub struct Known(pub Arc<crate::seq::simulate::Truth>, pub Rc<Dataset>);

/// Patterns in contributions as scripts hold them, with the contributions.
#[derive(Clone)]
pub struct Discovered(
    pub  Rc<(
        crate::explain::modisco::Discovery,
        crate::explain::modisco::Tracks,
    )>,
);

/// Values that a parameter of a search can take.
#[derive(Clone)]
pub struct OfSearch {
    /// The values.
    pub space: crate::train::search::Space,
    /// Another parameter and the value it must have.
    pub when: Option<(String, serde_json::Value)>,
}

/// A trial that runs.
#[derive(Clone)]
pub struct TrialOf {
    /// Where trials are kept.
    pub ledger: Rc<crate::train::ledger::Ledger>,
    /// Its number.
    pub number: usize,
    /// What is good.
    pub direction: crate::train::search::Direction,
    /// Trials that must be there before one is hopeless.
    pub startup: usize,
    /// Whether it was called hopeless.
    pub pruned: Rc<std::cell::Cell<bool>>,
    /// Whether nothing is kept.
    pub dry: bool,
}

/// A rule of simulated labels as scripts hold it.
#[derive(Clone)]
pub struct SimRule(pub crate::seq::simulate::Spec);

/// A chain that makes backgrounds, as scripts hold it.
#[derive(Clone)]
pub struct BackgroundSource(pub Arc<crate::seq::simulate::Markov>);

/// A table as scripts hold it.
#[derive(Clone)]
pub struct Tabled(pub Rc<Table>);

handle!(Discovered, "discovery");
handle!(OfSearch, "space");
handle!(TrialOf, "trial");
handle!(Known, "truth");
handle!(SimRule, "rule");
handle!(BackgroundSource, "background");
handle!(Tabled, "table");
handle!(Tensor, "tensor");
handle!(Layer, "layer");
handle!(Model, "model");
handle!(Data, "dataset");
handle!(Rows, "batch");
handle!(Pass, "batches");
handle!(Augmenter, "augmenter");
handle!(Loss, "loss");
handle!(Optim, "optimizer");
handle!(Schedule, "schedule");
handle!(Metric, "metric");
handle!(History, "history");
handle!(EarlyStop, "stopping rule");
handle!(Motif, "motif");
handle!(Motifs, "motifs");
handle!(Figure, "figure");
handle!(Fault, "error");

/// A tensor or a plain number, where both make sense.
#[derive(Clone, Debug)]
pub enum Operand {
    /// A tensor.
    Tensor(Tensor),
    /// A number with a fraction.
    Float(f64),
    /// A whole number.
    Int(i64),
}

impl FromValue for Operand {
    fn kind() -> String {
        "tensor or number".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if let Ok(n) = value.as_int() {
            return Ok(Operand::Int(n));
        }
        if let Ok(x) = value.as_float() {
            return Ok(Operand::Float(x));
        }
        Tensor::from_value(value, context)
            .map(Operand::Tensor)
            .map_err(|_| mismatch("tensor or number", value))
    }
    fn receiver() -> TypeId {
        TypeId::of::<Tensor>()
    }
}

/// A value that is compared with a tensor, of any type.
#[derive(Clone, Debug)]
pub struct Compared(pub Dynamic);

impl FromValue for Compared {
    fn kind() -> String {
        "any value".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        Ok(Compared(value.flatten_clone()))
    }
    fn receiver() -> TypeId {
        TypeId::of::<Tensor>()
    }
}

impl Operand {
    /// As a tensor on the device of another, with the other's digits: a float beside a float64
    /// tensor keeps all of its own.
    pub fn beside(&self, other: &Tensor) -> Result<Tensor> {
        let kind = match self {
            Operand::Tensor(tensor) => return Ok(tensor.clone()),
            Operand::Int(_) if !other.kind().is_floating() => Kind::Int64,
            _ if other.kind().is_floating() => other.kind(),
            _ => Kind::Float,
        };
        self.of_kind(kind, other.device())
    }

    /// Two operands as tensors, plain numbers with the digits of the other side.
    pub fn both(a: &Operand, b: &Operand) -> Result<(Tensor, Tensor)> {
        match (a, b) {
            (Operand::Tensor(t), other) => Ok((t.clone(), other.beside(t)?)),
            (other, Operand::Tensor(t)) => Ok((other.beside(t)?, t.clone())),
            _ => Ok((
                a.of_kind(Kind::Float, Device::CPU)?,
                b.of_kind(Kind::Float, Device::CPU)?,
            )),
        }
    }

    /// As a tensor to compare with another: a float beside integers is compared with all of its
    /// digits.
    pub fn compared(&self, other: &Tensor) -> Result<Tensor> {
        match self {
            Operand::Float(_) if !other.kind().is_floating() => {
                self.of_kind(Kind::Double, other.device())
            }
            _ => self.beside(other),
        }
    }

    /// As a tensor that changes another in place; fails where its fractions would be lost.
    pub fn into_place(&self, other: &Tensor) -> Result<Tensor> {
        let has_fraction = match self {
            Operand::Tensor(tensor) => tensor.kind().is_floating(),
            Operand::Float(x) => x.fract() != 0.0 || !x.is_finite(),
            Operand::Int(_) => false,
        };
        if has_fraction && !other.kind().is_floating() {
            let got = match self {
                Operand::Tensor(tensor) => tensor.kind().name().to_string(),
                Operand::Float(x) => show::number(*x),
                Operand::Int(n) => n.to_string(),
            };
            bail!("type", "a tensor of {} cannot hold {got}", other.kind().name(); hint: "`.float()` first");
        }
        self.of_kind(other.kind(), other.device())
    }

    /// As a tensor of a kind on a device.
    pub fn of_kind(&self, kind: Kind, device: Device) -> Result<Tensor> {
        match self {
            Operand::Tensor(tensor) => tensor.to_kind(kind)?.to_device(device),
            Operand::Float(x) => Scalar::Float(*x).full(&[], kind, device),
            Operand::Int(n) => Scalar::Int(*n).full(&[], kind, device),
        }
    }
}

/// A plain number, which keeps its digits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// A float.
    Float(f64),
    /// An integer.
    Int(i64),
}

impl Scalar {
    /// As a float.
    pub fn float(self) -> f64 {
        match self {
            Scalar::Float(x) => x,
            Scalar::Int(n) => n as f64,
        }
    }

    /// As an integer, without a fraction.
    pub fn whole(self) -> i64 {
        match self {
            Scalar::Float(x) => x as i64,
            Scalar::Int(n) => n,
        }
    }

    /// A tensor of this number repeated; fails where the kind would cut its fraction.
    pub fn full(self, shape: &[i64], kind: Kind, device: Device) -> Result<Tensor> {
        match self {
            Scalar::Int(n) => Tensor::full(shape, n, kind, device),
            Scalar::Float(x) if kind.is_floating() || kind == Kind::Bool || x.fract() == 0.0 => {
                Tensor::full(shape, x, kind, device)
            }
            Scalar::Float(x) => {
                bail!("type", "a tensor of {} cannot hold {}", kind.name(), show::number(x); hint: "`kind: \"float32\"`")
            }
        }
    }
}

impl FromValue for Scalar {
    fn kind() -> String {
        f64::kind()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        match value.as_int() {
            Ok(n) => Ok(Scalar::Int(n)),
            Err(_) => f64::from_value(value, context).map(Scalar::Float),
        }
    }
}

/// Numbers of any nesting, or a tensor: what constructors and metrics take.
///
/// Floats of an array keep all their digits (float64); the second value tells whether they were
/// plain numbers of the script.
#[derive(Clone, Debug)]
pub struct Numbers(pub Tensor, pub bool);

impl Numbers {
    /// As a tensor of the kind that scripts compute with: plain floats become float32.
    pub fn tensor(&self) -> Result<Tensor> {
        if self.1 {
            self.0.to_kind(Kind::Float)
        } else {
            Ok(self.0.clone())
        }
    }

    /// As labels beside outputs: plain floats take the outputs' kind.
    pub fn beside(&self, outputs: &Tensor) -> Result<Tensor> {
        if self.1 && outputs.kind().is_floating() {
            self.0.to_kind(outputs.kind())
        } else {
            self.tensor()
        }
    }
}

impl FromValue for Numbers {
    fn kind() -> String {
        "tensor or array of numbers".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        crate::bind::tensor::basic::numbers_of(value)
    }
}

fn intervals_line(list: &Places) -> String {
    let bases: i64 = list.0.rows.iter().map(crate::base::Interval::len).sum();
    format!(
        "intervals: {}, {} bp",
        shape::grouped(list.0.len() as i64),
        shape::grouped(bases)
    )
}

fn intervals_pretty(list: &Places) -> String {
    let first: Vec<u32> = (0..list.0.len().min(8) as u32).collect();
    let more = if list.0.len() > 8 { "\n…" } else { "" };
    format!(
        "{}\n{}{more}",
        intervals_line(list),
        list.0.select(&first).to_bed().trim_end()
    )
}

/// One tensor's values in a line.
fn tensor_line(tensor: &Tensor) -> String {
    let head = format!(
        "tensor {} {}",
        shape::text(&tensor.shape()),
        tensor.kind().name()
    );
    let device = if tensor.device().is_cuda() {
        format!(" on {}", tensor.device().name())
    } else {
        String::new()
    };
    if tensor.numel() > 16 {
        let stats = || -> Result<String> {
            let x = tensor.detach()?.to_kind(Kind::Double)?;
            let of = |t: Tensor| t.item().map(show::number);
            Ok(format!(
                " mean {} min {} max {}",
                of(x.mean(&None, false)?)?,
                of(x.amin(&None, false)?)?,
                of(x.amax(&None, false)?)?
            ))
        };
        return format!("{head}{device}{}", stats().unwrap_or_default());
    }
    format!("{head}{device} {}", tensor_values(tensor, ", ", usize::MAX))
}

/// Nested brackets; rows beyond `most` are cut.
fn tensor_values(tensor: &Tensor, between: &str, most: usize) -> String {
    let values: Result<Vec<String>> = match tensor.kind() {
        Kind::Bool => tensor
            .to_f64()
            .map(|all| all.into_iter().map(|x| (x != 0.0).to_string()).collect()),
        kind if kind.is_floating() => tensor
            .to_f64()
            .map(|all| all.into_iter().map(show::number).collect()),
        _ => tensor
            .to_i64()
            .map(|all| all.into_iter().map(|n| n.to_string()).collect()),
    };
    let Ok(values) = values else {
        return String::new();
    };
    fn nest(values: &[String], shape: &[i64], between: &str, most: usize) -> String {
        let Some((first, rest)) = shape.split_first() else {
            return values.first().cloned().unwrap_or_default();
        };
        let step = values.len() / (*first).max(1) as usize;
        let separator = if rest.is_empty() { ", " } else { between };
        let mut parts: Vec<String> = (0..(*first as usize).min(most))
            .map(|i| nest(&values[i * step..(i + 1) * step], rest, between, most))
            .collect();
        if *first as usize > most {
            parts.push("…".into());
        }
        format!("[{}]", parts.join(separator))
    }
    nest(&values, &tensor.shape(), between, most)
}

fn tensor_pretty(tensor: &Tensor) -> String {
    let head = format!(
        "tensor {} {}",
        shape::text(&tensor.shape()),
        tensor.kind().name()
    );
    if tensor.rank() == 0 {
        return tensor_line(tensor);
    }
    format!("{head}\n{}", tensor_values(tensor, ",\n ", 8))
}

fn dataset_line(set: &Dataset) -> String {
    let mut line = format!(
        "dataset of {}: {}",
        shape::grouped(set.len() as i64),
        set.form()
    );
    if let Some(how) = set.shuffles {
        line += &format!(
            ", {} {}-let shuffle{} each{}",
            how.ratio,
            how.k,
            if how.ratio == 1 { "" } else { "s" },
            if how.redraw { ", redrawn" } else { "" }
        );
    }
    line
}

fn history_line(history: &History) -> String {
    let best = history.best_value.map_or(String::new(), |value| {
        format!(
            ", {} {}",
            history.watched.clone().unwrap_or_default(),
            metric(value)
        )
    });
    format!(
        "history of {} epochs, best {}{best}",
        history.epochs.len(),
        history.best_epoch
    )
}

fn history_pretty(history: &History) -> String {
    let names = history.names();
    let mut out = format!("{}\nepoch  {}", history_line(history), names.join("  "));
    for epoch in &history.epochs {
        let cells: Vec<String> = names
            .iter()
            .map(|name| {
                format!(
                    "{:<width$}",
                    epoch.get(name).map_or("".into(), metric),
                    width = name.len()
                )
            })
            .collect();
        out += &format!("\n{:>5}  {}", epoch.epoch, cells.join("  ").trim_end());
    }
    out
}

fn motif_line(motif: &Motif) -> String {
    format!(
        "motif {} {} {} bits",
        motif.name,
        motif.consensus(),
        show::number(motif.total_information())
    )
}

/// A condition on the strands of two intervals.
#[derive(Choice, Clone, Copy)]
pub enum StrandCondition {
    /// None.
    Any,
    /// Both are known and the same.
    Same,
    /// Both are known and differ.
    Opposite,
}

impl From<StrandCondition> for StrandRule {
    fn from(condition: StrandCondition) -> StrandRule {
        match condition {
            StrandCondition::Any => StrandRule::Any,
            StrandCondition::Same => StrandRule::Same,
            StrandCondition::Opposite => StrandRule::Opposite,
        }
    }
}

/// A statistic of the values of a track in an interval.
#[derive(Choice, Clone, Copy)]
pub enum StatisticName {
    /// Mean.
    Mean,
    /// Largest value.
    Max,
    /// Smallest value.
    Min,
    /// Sum.
    Sum,
    /// Fraction of the bases that have a value.
    Covered,
}

impl From<StatisticName> for Statistic {
    fn from(name: StatisticName) -> Statistic {
        match name {
            StatisticName::Mean => Statistic::Mean,
            StatisticName::Max => Statistic::Max,
            StatisticName::Min => Statistic::Min,
            StatisticName::Sum => Statistic::Sum,
            StatisticName::Covered => Statistic::Covered,
        }
    }
}

macro_rules! info {
    ($type:ty, $name:literal, $line:expr) => {
        info!($type, $name, $line, $line)
    };
    ($type:ty, $name:literal, $line:expr, $pretty:expr) => {
        TypeInfo {
            id: TypeId::of::<$type>(),
            receiver: TypeId::of::<$type>,
            path: std::any::type_name::<$type>(),
            name: $name,
            line: |value| {
                value
                    .read_lock::<$type>()
                    .map_or(String::new(), |v| $line(&*v))
            },
            pretty: |value| {
                value
                    .read_lock::<$type>()
                    .map_or(String::new(), |v| $pretty(&*v))
            },
        }
    };
}

/// All types that scripts meet.
pub fn types() -> Vec<TypeInfo> {
    vec![
        info!(Tensor, "tensor", tensor_line, tensor_pretty),
        info!(Layer, "layer", |layer: &Layer| format!(
            "layer {}",
            layer.text()
        )),
        info!(
            Model,
            "model",
            |m: &Model| format!(
                "model {}, {} parameters, {} to {}",
                m.name(),
                shape::grouped(m.count().0),
                m.input().text(),
                m.output().text()
            ),
            |m: &Model| m.summary()
        ),
        info!(Data, "dataset", |set: &Data| dataset_line(&set.0)),
        info!(Genomic, "genome", |g: &Genomic| format!(
            "genome {}: {} chromosomes, {} bp",
            g.0.shown(),
            g.0.contigs.len(),
            shape::grouped(g.0.total())
        )),
        info!(Places, "intervals", intervals_line, intervals_pretty),
        info!(Signal, "track", |t: &Signal| format!(
            "track {}",
            t.0.shown()
        )),
        info!(Rows, "batch", |batch: &Rows| format!(
            "batch of {}",
            batch.0.size
        )),
        info!(Pass, "batches", |pass: &Pass| format!(
            "batches: {} of {}",
            pass.loader.batches(),
            pass.loader.batch
        )),
        info!(Augmenter, "augmenter", |augmenter: &Augmenter| format!(
            "augmenter {}",
            augmenter.text
        )),
        info!(Loss, "loss", |loss: &Loss| format!("loss {}", loss.name)),
        info!(Optim, "optimizer", |o: &Optim| o.0.try_borrow().map_or(
            "optimizer".into(),
            |o| format!(
                "optimizer {}, lr {}",
                crate::bind::train::optim::name(&o),
                show::number(o.lr)
            )
        )),
        info!(Schedule, "schedule", |schedule: &Schedule| format!(
            "schedule {}",
            schedule.text()
        )),
        info!(Metric, "metric", |metric: &Metric| format!(
            "metric {}",
            metric.name
        )),
        info!(History, "history", history_line, history_pretty),
        info!(EarlyStop, "stopping rule", |stop: &EarlyStop| format!(
            "stopping rule on {}, patience {}",
            stop.monitor, stop.patience
        )),
        info!(Motif, "motif", motif_line),
        info!(
            Motifs,
            "motifs",
            |motifs: &Motifs| format!("motifs: {}", motifs.0.len()),
            |motifs: &Motifs| motifs
                .0
                .iter()
                .map(motif_line)
                .collect::<Vec<_>>()
                .join("\n")
        ),
        info!(
            Discovered,
            "discovery",
            crate::bind::explain::discovery::line
        ),
        info!(OfSearch, "space", |own: &OfSearch| format!(
            "space {:?}",
            own.space
        )),
        info!(TrialOf, "trial", |trial: &TrialOf| format!(
            "trial {}",
            trial.number
        )),
        info!(Known, "truth", crate::bind::seq::sim::line),
        info!(SimRule, "rule", |rule: &SimRule| format!(
            "rule {}",
            rule.0.name()
        )),
        info!(
            BackgroundSource,
            "background",
            |b: &BackgroundSource| format!(
                "background of order {}, from {} bases",
                b.0.order,
                shape::grouped(b.0.bases as i64)
            )
        ),
        info!(
            Tabled,
            "table",
            |t: &Tabled| format!(
                "table of {} rows: {}",
                t.0.len(),
                t.0.names().collect::<Vec<_>>().join(", ")
            ),
            |t: &Tabled| t.0.to_pretty(20)
        ),
        info!(Figure, "figure", |figure: &Figure| format!(
            "figure {}",
            figure.title
        )),
        info!(Fault, "error", |fault: &Fault| format!(
            "error[{}]: {}",
            fault.kind, fault
        )),
    ]
}

/// Sequences as scripts write them: codes of one length.
pub fn codes_of(texts: &[String]) -> Result<(Vec<u8>, usize)> {
    let mut codes = Vec::new();
    let length = texts.first().map_or(0, String::len);
    for (i, text) in texts.iter().enumerate() {
        if text.len() != length {
            crate::bail!("shape", "sequence {i} has {} bases, the first has {length}", text.len(); hint: "sequences of one batch have one length");
        }
        codes.extend(
            seq::alphabet::codes(text).map_err(|fault| fault.context(format!("sequence {i}")))?,
        );
    }
    Ok((codes, length))
}
