//! `explain::…`: which bases an output comes from.

use crate::base::Result;
use crate::base::table::{Cells, Table};
use crate::bind::data::read::{SEEDED, seed};
use crate::bind::nn::layers::{input_of, into_dynamic};
use crate::bind::train::fit::warn;
use crate::bind::types::{Data, Tabled};
use crate::data::Loader;
use crate::explain::baselines::{Baselines, codes_of, is_sequence};
use crate::explain::gradients::{self, Found};
use crate::explain::target::{Still, Target};
use crate::explain::{convergence, inside, mutagenesis};
use crate::lang::options::{INF, MANY, Opt, OptKind, opt};
use crate::lang::value::Ints;
use crate::lang::{Callback, IntoValue, Options, session};
use crate::nn::strands::Strands;
use crate::nn::{Model, Value};
use crate::torch::{Device, Tensor};
use crate::{bail, fault, natives};
use rhai::{Dynamic, Map};
use std::rc::Rc;
use std::sync::Arc;

const LABEL: Opt = opt(
    "label",
    OptKind::Other("whole number, array of them, \"all\", or a function |y| one number a sample"),
    "0",
    "which output is explained, counted from 0; several give an axis of labels after that of samples",
);
/// An option that several bindings have.
pub const AGAINST: Opt = opt(
    "against",
    OptKind::Int(0, MANY),
    "",
    "another label, which is taken off: what speaks for one and not for the other",
);
/// An option that several bindings have.
pub const POSITION: Opt = opt(
    "position",
    OptKind::Int(0, MANY),
    "",
    "which position of an output [labels, positions] is explained",
);
const HYPOTHETICAL: Opt = opt(
    "hypothetical",
    OptKind::Bool,
    "false",
    "whether bases that are not there get what they would contribute, as TF-MoDISco reads it; else they are 0",
);
/// An option that several bindings have.
pub const BATCH: Opt = opt(
    "batch",
    OptKind::Int(1, MANY),
    "256",
    "sequences that pass through the network at a time",
);
const BASELINES: Opt = opt(
    "baselines",
    OptKind::Other(
        "\"dinucleotide\", \"mononucleotide\", \"zeros\", \"uniform\", \"composition\" or a tensor",
    ),
    "\"dinucleotide\"",
    "what sequences are compared with: shuffles that keep dinucleotides or bases, zeros, a quarter of each base, the sequence's own composition, or [count, …] or [samples, count, …]",
);
const SHUFFLES: Opt = opt(
    "shuffles",
    OptKind::Int(1, 10_000),
    "20",
    "shuffles of each sequence, where baselines are shuffles",
);
const DETAIL: Opt = opt(
    "detail",
    OptKind::Bool,
    "false",
    "whether a map comes back: contributions, difference (of each sample from its baselines), error (what the contributions' sum misses of it)",
);

const STRANDS: Opt = opt(
    "both_strands",
    OptKind::Bool,
    "false",
    "whether what the other strand gives is turned back and the mean of both taken",
);
const INPUTS: Opt = opt(
    "inputs",
    OptKind::Other("map of input name to \"sequence\", \"track\", \"stranded\" or \"features\""),
    "",
    "what inputs become on the reverse strand, as for `nn::both_strands`; a dataset says it itself",
);

const SALIENCY: &[Opt] = &[LABEL, AGAINST, POSITION, STRANDS, INPUTS, BATCH];
const PLAIN: &[Opt] = &[
    LABEL,
    AGAINST,
    POSITION,
    HYPOTHETICAL,
    opt(
        "correction",
        OptKind::Bool,
        "true",
        "whether the gradient's mean over the bases of a position is taken off",
    ),
    STRANDS,
    INPUTS,
    BATCH,
];
const SMOOTH: &[Opt] = &[
    LABEL,
    AGAINST,
    POSITION,
    opt(
        "samples",
        OptKind::Int(1, 100_000),
        "50",
        "noisy copies of each sequence",
    ),
    opt(
        "deviation",
        OptKind::Float(0.0, INF),
        "0.15",
        "standard deviation of the noise on every number",
    ),
    STRANDS,
    INPUTS,
    SEEDED,
];
/// Options of what goes along lines from baselines; `points` says how many.
const fn along(points: Opt) -> [Opt; 12] {
    [
        LABEL,
        AGAINST,
        POSITION,
        HYPOTHETICAL,
        points,
        BASELINES,
        SHUFFLES,
        STRANDS,
        INPUTS,
        SEEDED,
        DETAIL,
        BATCH,
    ]
}

const INTEGRATED: &[Opt] = &along(opt(
    "steps",
    OptKind::Int(1, 10_000),
    "50",
    "points on each line",
));
const EXPECTED: &[Opt] = &along(opt(
    "samples",
    OptKind::Int(1, 100_000),
    "200",
    "points of each sequence",
));
const DEEP: &[Opt] = &[
    LABEL,
    AGAINST,
    POSITION,
    HYPOTHETICAL,
    BASELINES,
    SHUFFLES,
    STRANDS,
    INPUTS,
    SEEDED,
    DETAIL,
    BATCH,
];
const CONVERGENCE: &[Opt] = &[LABEL, AGAINST, POSITION, BASELINES, SEEDED];
const MUTAGENESIS: &[Opt] = &[
    LABEL,
    AGAINST,
    POSITION,
    opt(
        "start",
        OptKind::Int(0, MANY),
        "0",
        "first position that is changed",
    ),
    opt(
        "end",
        OptKind::Int(1, MANY),
        "",
        "end of the positions that are changed, itself excluded; the sequence's unless given",
    ),
    STRANDS,
    BATCH,
];
const OCCLUSION: &[Opt] = &[
    LABEL,
    AGAINST,
    POSITION,
    opt(
        "width",
        OptKind::Int(1, MANY),
        "10",
        "positions of a window",
    ),
    opt(
        "step",
        OptKind::Int(1, MANY),
        "1",
        "positions from one window to the next",
    ),
    opt(
        "baselines",
        OptKind::Other(""),
        "\"zeros\"",
        "what stands in the window: as for `explain::integrated_gradients`",
    ),
    SHUFFLES,
    SEEDED,
    BATCH,
];
const CAM: &[Opt] = &[LABEL, AGAINST, POSITION, BATCH];
const INSIDE: &[Opt] = &[BATCH];

/// Samples as passes take them: one-hot sequences, or several inputs by name, on the processor.
pub fn samples(net: &Model, x: &Dynamic) -> Result<Value> {
    let value = if let Some(set) = x.read_lock::<Data>() {
        let parts = Loader::plain(&set.0, 1024)
            .start()
            .map(|rows| crate::train::feed::inputs(&rows?, Device::CPU, false))
            .collect::<Result<Vec<_>>>()?;
        Value::cat(&parts)?
    } else if x.is_array() {
        let texts = x.clone().into_typed_array::<String>().map_err(|_| {
            fault!(
                "type",
                "sequences must be strings, got {}",
                session::describe(x)
            )
        })?;
        let (codes, length) = crate::bind::types::codes_of(&texts)?;
        Value::One(Tensor::from_u8(
            &codes,
            &[texts.len() as i64, length as i64],
        )?)
    } else {
        input_of(net, x)?
    };
    let value = value.map(|tensor| {
        if crate::nn::stem::is_codes(tensor) {
            tensor.one_hot_codes()
        } else {
            Ok(tensor.clone())
        }
    })?;
    if value.rows() == 0 {
        bail!("value", "there are no samples to explain");
    }
    Ok(value)
}

/// The one tensor of sequences among samples.
pub fn sequences(net: &Model, x: &Dynamic) -> Result<Tensor> {
    let value = samples(net, x)?;
    let tensor = value.one().map_err(|_| {
        fault!(
            "shape",
            "this takes networks of one input, sequences [4, length]"
        )
    })?;
    if !is_sequence(tensor) {
        bail!(
            "shape",
            "this takes sequences [batch, 4, length], got {}",
            crate::base::shape::text(&tensor.shape())
        );
    }
    Ok(tensor.clone())
}

/// What is explained (the first label, or all of them, unless told), and whether there is an axis
/// of labels.
pub fn targets(net: &Model, o: &Options, usually_all: bool) -> Result<(Vec<Target>, bool)> {
    let (against, position) = (o.maybe_int("against"), o.maybe_int("position"));
    let plain = |label: i64| match (against, position) {
        (Some(_), Some(_)) => {
            bail!("option", "options `against` and `position` do not go together"; hint: "a function does both: `label: |y| y[[.., 0, 5]] - y[[.., 1, 5]]`")
        }
        (Some(other), None) => Ok(Target::Contrast(label, other)),
        (None, Some(position)) => Ok(Target::Position(label, position)),
        (None, None) => Ok(Target::Label(label)),
    };
    let usual = || {
        if usually_all {
            Dynamic::from("all")
        } else {
            Dynamic::from(0_i64)
        }
    };
    let value = o.raw("label").unwrap_or_else(usual);
    if value.is_fnptr() {
        let function: Callback = o.need("label")?;
        let own = move |out: &Tensor| {
            let made = function.call(vec![out.clone().into_value()])?;
            made.read_lock::<Tensor>()
                .map(|t| t.clone())
                .ok_or_else(|| {
                    fault!(
                        "type",
                        "the function `label` must give a tensor, gave {}",
                        session::describe(&made)
                    )
                })
        };
        return Ok((vec![Target::Own(Rc::new(own))], false));
    }
    let counted = |label: i64| {
        if label >= 0 {
            plain(label)
        } else {
            Err(fault!(
                "option",
                "option `label` must be at least 0, got {label}"
            ))
        }
    };
    if let Ok(label) = value.as_int() {
        return Ok((vec![counted(label)?], false));
    }
    if value.clone().into_string().is_ok_and(|word| word == "all") {
        let crate::nn::Shape::One(shape) = net.output() else {
            bail!("shape", "the network has several outputs")
        };
        return Ok((
            (0..shape.first().copied().unwrap_or(1))
                .map(plain)
                .collect::<Result<_>>()?,
            true,
        ));
    }
    if value.is_array() {
        let Ints(labels) = o.need("label")?;
        if labels.is_empty() {
            bail!("option", "option `label` is an empty array");
        }
        return Ok((
            labels.into_iter().map(counted).collect::<Result<_>>()?,
            true,
        ));
    }
    bail!(
        "option",
        "option `label` must be {}, got {}",
        LABEL.takes(),
        session::describe(&value)
    )
}

fn baselines(o: &Options, usual: &str, count: i64) -> Result<Baselines> {
    let value = o
        .raw("baselines")
        .unwrap_or_else(|| Dynamic::from(usual.to_string()));
    if let Some(tensor) = value.read_lock::<Tensor>() {
        if o.flag("both_strands") {
            bail!("option", "option `both_strands` does not go with a tensor of baselines"; hint: "turn the sequences yourself: `x.flip([1, 2])`, and the contributions back");
        }
        return Ok(Baselines::Given(if crate::nn::stem::is_codes(&tensor) {
            tensor.one_hot_codes()?
        } else {
            tensor.clone()
        }));
    }
    let shuffled = |k: usize| Baselines::Shuffled {
        k,
        count,
        seed: seed(o),
    };
    Ok(match value.clone().into_string().as_deref() {
        Ok("dinucleotide") => shuffled(2),
        Ok("mononucleotide") => shuffled(1),
        Ok("zeros") => Baselines::Constant(0.0),
        Ok("uniform") => Baselines::Constant(0.25),
        Ok("composition") => Baselines::Composition,
        _ => bail!(
            "option",
            "option `baselines` must be {}, got {}",
            BASELINES.takes(),
            session::describe(&value)
        ),
    })
}

/// One result for each target, stacked where there is an axis of labels.
fn stacked(parts: Vec<Value>, several: bool) -> Result<Value> {
    let [first, rest @ ..] = &parts[..] else {
        bail!("value", "there is no label to explain")
    };
    if !several {
        return first.map(|tensor| tensor.to_device(Device::CPU));
    }
    let first = first.map(|tensor| tensor.to_device(Device::CPU)?.unsqueeze(1))?;
    rest.iter().try_fold(first, |all, part| {
        all.zip(part, |all, part| {
            Tensor::cat(
                &[all.clone(), part.to_device(Device::CPU)?.unsqueeze(1)?],
                1,
            )
        })
    })
}

/// How samples are read on the reverse strand, where that is asked for.
struct Reversed {
    strands: Strands,
    labels: Option<Arc<Vec<usize>>>,
}

impl Reversed {
    /// What the options ask of samples as a script gives them.
    fn of(given: &Dynamic, x: &Value, o: &Options) -> Result<Option<Reversed>> {
        if !o.flag("both_strands") {
            return Ok(None);
        }
        let declared = crate::bind::nn::blocks::kinds_of(o.get("inputs")?)?;
        Ok(Some(match given.read_lock::<Data>() {
            Some(set) if declared.is_empty() => Reversed {
                strands: crate::train::evaluate::strands(&set.0),
                labels: set.0.label_partners.clone(),
            },
            _ => Reversed {
                strands: Strands::of(&x.shape(), &declared, true)?,
                labels: None,
            },
        }))
    }

    /// A target of what the reverse strand gives.
    fn target(&self, target: &Target) -> Target {
        target.reverse(self.labels.clone())
    }

    /// The mean of what both strands give, that of the reverse strand turned back.
    fn mean(&self, own: &Value, other: &Value) -> Result<Value> {
        own.zip(&self.strands.turned(other)?, |own, other| {
            own.add(other)?.mul_number(0.5)
        })
    }
}

/// What is found on the strand that is given, or the mean with what is found on the reverse strand.
fn on_strands(
    reversed: Option<&Reversed>,
    x: &Value,
    target: &Target,
    run: impl Fn(&Value, &Target) -> Result<Value>,
) -> Result<Value> {
    let own = run(x, target)?;
    match reversed {
        None => Ok(own),
        Some(reversed) => reversed.mean(
            &own,
            &run(&reversed.strands.turned(x)?, &reversed.target(target))?,
        ),
    }
}

/// One value of each sample for each target: `[samples]`, or `[samples, labels]`.
fn of_targets(
    net: &Model,
    x: &Value,
    o: &Options,
    run: impl Fn(&Still, &Target) -> Result<Value>,
) -> Result<Value> {
    let (targets, several) = targets(net, o, false)?;
    if session::is_dry() {
        return stacked(
            targets
                .iter()
                .map(|_| x.map(Tensor::zeros_like))
                .collect::<Result<_>>()?,
            several,
        );
    }
    let still = Still::of(net)?;
    stacked(
        targets
            .iter()
            .map(|target| run(&still, target))
            .collect::<Result<_>>()?,
        several,
    )
}

fn shown(contributions: Value, x: &Value, o: &Options) -> Result<Value> {
    if o.flag("hypothetical") {
        Ok(contributions)
    } else {
        gradients::actual(&contributions, x)
    }
}

/// The sum of a sample's contributions, of all inputs.
fn sums(contributions: &Value) -> Result<Vec<f64>> {
    let mut total = vec![0.0; contributions.rows() as usize];
    for tensor in contributions.tensors() {
        let flat = tensor
            .to_kind(crate::torch::Kind::Double)?
            .reshape(&[tensor.shape()[0], -1])?
            .sum(&Some(vec![1]), false)?
            .to_f64()?;
        total
            .iter_mut()
            .zip(flat)
            .for_each(|(total, own)| *total += own);
    }
    Ok(total)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Contributions that should sum to a difference, and a warning where they do not.
fn complete(
    net: &Model,
    x: &Dynamic,
    o: &Options,
    tolerance: f64,
    advice: &dyn Fn(&Still, &Value, &Target) -> Result<String>,
    run: impl Fn(&Still, &Value, &Target) -> Result<Found>,
) -> Result<Dynamic> {
    let given = x;
    let x = samples(net, x)?;
    let reversed = Reversed::of(given, &x, o)?;
    let (mut differences, mut errors) = (Vec::new(), Vec::new());
    let noted = std::cell::RefCell::new((&mut differences, &mut errors));
    let contributions = of_targets(net, &x, o, |still, target| {
        let mut found = run(still, &x, target)?;
        if let Some(reversed) = &reversed {
            let other = run(
                still,
                &reversed.strands.turned(&x)?,
                &reversed.target(target),
            )?;
            found.contributions = reversed.mean(&found.contributions, &other.contributions)?;
            found
                .difference
                .iter_mut()
                .zip(other.difference)
                .for_each(|(own, other)| *own = f64::midpoint(*own, other));
        }
        let Found {
            contributions,
            difference,
        } = found;
        let actual = gradients::actual(&contributions, &x)?;
        let errors: Vec<f64> = sums(&actual)?
            .iter()
            .zip(&difference)
            .map(|(sum, difference)| sum - difference)
            .collect();
        let (size, missed) = (
            median(difference.iter().map(|d| d.abs()).collect()),
            median(errors.iter().map(|e| e.abs()).collect()),
        );
        if missed > tolerance * size && missed > 1e-5 {
            let percent = 100.0 * missed / size.max(f64::MIN_POSITIVE);
            warn(&format!(
                "contributions miss {percent:.2} % of the differences they should sum to (median over samples); {}",
                advice(still, &x, target)?
            ));
        }
        let n = difference.len() as i64;
        let mut noted = noted.borrow_mut();
        noted
            .0
            .push(Value::One(Tensor::from_f64(&difference, &[n])?));
        noted.1.push(Value::One(Tensor::from_f64(&errors, &[n])?));
        shown(contributions, &x, o)
    })?;
    let contributions = into_dynamic(contributions);
    if !o.flag("detail") {
        return Ok(contributions);
    }
    let several = targets(net, o, false)?.1;
    if session::is_dry() {
        let none = Value::One(Tensor::zeros(&[x.rows()])?);
        (differences, errors) = (vec![none.clone()], vec![none]);
    }
    let mut map = Map::new();
    map.insert("contributions".into(), contributions);
    map.insert(
        "difference".into(),
        into_dynamic(stacked(differences, several)?),
    );
    map.insert("error".into(), into_dynamic(stacked(errors, several)?));
    Ok(map.into())
}

fn deep_lift(net: &Model, x: &Dynamic, o: &Options) -> Result<Dynamic> {
    let baselines = baselines(o, "dinucleotide", o.int("shuffles"))?;
    let advice = |still: &Still, x: &Value, target: &Target| {
        let few = x.map(|tensor| tensor.narrow(0, 0, tensor.shape()[0].min(32)))?;
        let found = convergence::losses(still, &few, target, &baselines)?;
        Ok(
            convergence::culprit(&found, 1e-3).unwrap_or_else(|| "no layer stands out".into())
                + "; see `explain::convergence`",
        )
    };
    complete(net, x, o, 1e-3, &advice, |still, x, target| {
        gradients::deep_lift(still, x, target, &baselines, o.int("batch"))
    })
}

fn losses(net: &Model, x: &Dynamic, o: &Options) -> Result<Tabled> {
    let baselines = baselines(o, "dinucleotide", 1)?;
    let x = samples(net, x)?;
    let (targets, _) = targets(net, o, false)?;
    let still = Still::of(net)?;
    let found = convergence::losses(&still, &x, &targets[0], &baselines)?;
    let whole = found
        .last()
        .map_or(0.0, |last| last.size)
        .max(f64::MIN_POSITIVE);
    let columns = vec![
        (
            "layer".into(),
            Cells::Text(found.iter().map(|loss| loss.path.clone()).collect()),
        ),
        (
            "what".into(),
            Cells::Text(found.iter().map(|loss| loss.layer.clone()).collect()),
        ),
        (
            "difference".into(),
            Cells::Number(found.iter().map(|loss| loss.size).collect()),
        ),
        (
            "error".into(),
            Cells::Number(found.iter().map(|loss| loss.error).collect()),
        ),
        (
            "share".into(),
            Cells::Number(found.iter().map(|loss| loss.error / whole).collect()),
        ),
    ];
    Ok(Tabled(Rc::new(Table::new(columns)?)))
}

fn saturation(net: &Model, x: &Dynamic, o: &Options) -> Result<Value> {
    let given = x;
    let x = sequences(net, x)?;
    let length = x.shape()[2];
    let stretch = o.int("start") as usize..o.maybe_int("end").unwrap_or(length) as usize;
    let like = Value::One(x.narrow(2, 0, (stretch.len() as i64).clamp(1, length))?);
    let (targets, several) = targets(net, o, false)?;
    if session::is_dry() {
        return of_targets(net, &like, o, |_, _| Ok(like.clone()));
    }
    let (still, batch) = (Still::of(net)?, o.int("batch") as usize);
    let on =
        |x: &Tensor, targets: &[Target], stretch: &std::ops::Range<usize>| -> Result<Vec<Value>> {
            Ok(mutagenesis::saturation(&still, x, targets, stretch, batch)?
                .into_iter()
                .map(Value::One)
                .collect())
        };
    let mut found = on(&x, &targets, &stretch)?;
    if let Some(reversed) = Reversed::of(given, &Value::One(x.clone()), o)? {
        let length = length as usize;
        let mirrored = length.saturating_sub(stretch.end)..length.saturating_sub(stretch.start);
        let reverse: Vec<Target> = targets
            .iter()
            .map(|target| reversed.target(target))
            .collect();
        for (own, other) in found
            .iter_mut()
            .zip(on(&x.flip(&[1, 2])?, &reverse, &mirrored)?)
        {
            *own = reversed.mean(own, &other)?;
        }
    }
    stacked(found, several)
}

fn occlusion(net: &Model, x: &Dynamic, o: &Options) -> Result<Value> {
    let value = samples(net, x)?;
    let x = value.one()?.clone();
    let like = Value::One(x.select(1, 0)?);
    let baselines = baselines(o, "zeros", o.int("shuffles"))?;
    if matches!(baselines, Baselines::Shuffled { .. }) {
        codes_of(&x)?;
    }
    of_targets(net, &like, o, |still, target| {
        mutagenesis::occlusion(
            still,
            &x,
            target,
            &baselines,
            (o.int("width"), o.int("step")),
            o.int("batch"),
        )
        .map(Value::One)
    })
}

natives! { made in "explain" {
    /// Gives the gradient of an output with respect to its input.
    ///
    /// - `net`: a network
    /// - `x`: a tensor of sequences (one-hot or codes), an array of strings, a batch, a dataset, or
    ///   a map of several inputs
    ///
    /// Returns a tensor as the input, [samples, 4, length]; a map of them where there are several
    /// inputs.
    ///
    /// # Source
    /// Simonyan, Vedaldi & Zisserman, arXiv 1312.6034.
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([nn::conv1d(8, 5), nn::relu(), nn::global_max_pool(), nn::linear(2)]), [4, 20], #{ seed: 1 });
    /// assert_eq(explain::saliency(net, ["ACGTACGTACGTACGTACGT"], #{ label: "all" }).shape, [1, 2, 4, 20]);
    /// ```
    function "saliency"(c, net: Model, x: Dynamic; o = SALIENCY) -> "tensor [samples, 4, length]" {
        let given = x;
        let x = samples(&net, &given)?;
        let reversed = Reversed::of(&given, &x, &o)?;
        of_targets(&net, &x, &o, |still, target| on_strands(reversed.as_ref(), &x, target, |x, target| gradients::saliency(still, x, target, o.int("batch")))).map(into_dynamic)
    }

    /// Gives input × gradient, the gradient taken off its mean over the bases of a position:
    /// one-hot sequences cannot leave the simplex.
    ///
    /// # Source
    /// The correction is Majdandzic, Rajesh & Koo, Genome Biology 2023.
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([nn::conv1d(8, 5), nn::relu(), nn::global_max_pool(), nn::linear(1)]), [4, 20], #{ seed: 1 });
    /// let c = explain::input_x_gradient(net, ["ACGTACGTACGTACGTACGT"], #{ hypothetical: true });
    /// assert(c.sum(1).abs().max().item() < 1e-6);
    /// ```
    function "input_x_gradient"(c, net: Model, x: Dynamic; o = PLAIN) -> "tensor [samples, 4, length]" {
        let given = x;
        let x = samples(&net, &given)?;
        let reversed = Reversed::of(&given, &x, &o)?;
        let one = |still: &Still, x: &Value, target: &Target| shown(gradients::input_x_gradient(still, x, target, o.int("batch"), o.flag("correction"))?, x, &o);
        of_targets(&net, &x, &o, |still, target| on_strands(reversed.as_ref(), &x, target, |x, target| one(still, x, target))).map(into_dynamic)
    }

    /// Gives gradients averaged over noisy copies of the input.
    ///
    /// # Source
    /// Smilkov, Thorat, Kim, Viégas & Wattenberg, arXiv 1706.03825.
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 8], #{ seed: 1 });
    /// let x = ["ACGTACGT"];
    /// assert((explain::smooth_grad(net, x) - explain::saliency(net, x)).abs().max().item() < 1e-6);   // a linear network has one gradient
    /// ```
    function "smooth_grad"(c, net: Model, x: Dynamic; o = SMOOTH) -> "tensor [samples, 4, length]" {
        let given = x;
        let x = samples(&net, &given)?;
        let reversed = Reversed::of(&given, &x, &o)?;
        let one = |still: &Still, x: &Value, target: &Target| gradients::smooth_grad(still, x, target, o.int("samples"), o.float("deviation"), seed(&o));
        of_targets(&net, &x, &o, |still, target| on_strands(reversed.as_ref(), &x, target, |x, target| one(still, x, target))).map(into_dynamic)
    }

    /// Gives integrated gradients: what each base contributes to the difference between a
    /// sequence's output and that of its baselines.
    ///
    /// Contributions sum to that difference, the better the more steps; where they miss it by more
    /// than 5 % a warning says so. What an absent base of a baseline contributes counts for the
    /// base that is there.
    ///
    /// # Source
    /// Sundararajan, Taly & Yan, Axiomatic Attribution for Deep Networks (ICML 2017); points by
    /// Gauss and Legendre's rule.
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([nn::conv1d(8, 5), nn::gelu(), nn::global_avg_pool(), nn::linear(1)]), [4, 20], #{ seed: 1 });
    /// let found = explain::integrated_gradients(net, ["ACGTTCGAACGTAAGTACGT"], #{ baselines: "zeros", detail: true });
    /// assert_eq(found.contributions.shape, [1, 4, 20]);
    /// assert(found.error.abs().max().item() < 1e-5);
    /// ```
    /// ```rhai,fails
    /// let net = nn::build(nn::chain([nn::flatten(), nn::linear(2)]), [4, 4]);
    /// explain::integrated_gradients(net, ["ACGT"], #{ label: 2 });
    /// //~ the network has 2 labels, counted from 0
    /// ```
    function "integrated_gradients"(c, net: Model, x: Dynamic; o = INTEGRATED) -> "tensor [samples, 4, length]; with `detail` a map" {
        let baselines = baselines(&o, "dinucleotide", o.int("shuffles"))?;
        let advice = |_: &Still, _: &Value, _: &Target| Ok(format!("more than {} steps come closer", o.int("steps")));
        complete(&net, &x, &o, 0.05, &advice, |still, x, target| gradients::integrated(still, x, target, &baselines, o.int("steps") as usize, o.int("batch")))
    }

    /// Gives expected gradients: integrated gradients at random points of lines from random
    /// baselines.
    ///
    /// # Source
    /// Erion, Janizek, Sturmfels, Lundberg & Lee, Nature Machine Intelligence 2021.
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 8], #{ seed: 1 });
    /// let found = explain::expected_gradients(net, ["ACGTTCGA"], #{ baselines: "zeros", samples: 5, detail: true });
    /// assert(found.error.abs().max().item() < 1e-5);
    /// ```
    function "expected_gradients"(c, net: Model, x: Dynamic; o = EXPECTED) -> "tensor [samples, 4, length]; with `detail` a map" {
        let baselines = baselines(&o, "dinucleotide", o.int("shuffles"))?;
        let advice = |_: &Still, _: &Value, _: &Target| Ok(format!("more than {} samples come closer", o.int("samples")));
        complete(&net, &x, &o, 0.2, &advice, |still, x, target| {
            gradients::expected(still, x, target, &baselines, o.int("samples") as usize, seed(&o), o.int("batch"))
        })
    }

    /// Gives DeepLIFT's contributions by the rescale rule, averaged over the baselines (DeepSHAP).
    ///
    /// Every operation has a rule, those of a script's own layers too: bent functions pass
    /// differences instead of slopes, products the mean of the other factor, maxima go where they
    /// were found. Contributions so sum to the difference of the outputs; where they do not, a
    /// warning names the layer that loses most.
    ///
    /// # Source
    /// Shrikumar, Greenside & Kundaje, Learning Important Features Through Propagating Activation
    /// Differences (ICML 2017); Lundberg & Lee (NeurIPS 2017).
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([nn::conv1d(8, 5), nn::relu(), nn::max_pool(4), nn::flatten(), nn::linear(1), nn::sigmoid()]), [4, 20], #{ seed: 1 });
    /// let found = explain::deep_lift(net, ["ACGTTCGAACGTAAGTACGT"], #{ shuffles: 4, detail: true });
    /// assert(found.error.abs().max().item() < 1e-5);
    /// ```
    function "deep_lift"(c, net: Model, x: Dynamic; o = DEEP) -> "tensor [samples, 4, length]; with `detail` a map" { deep_lift(&net, &x, &o) }

    /// Tells for each layer how much of the difference between samples and baselines DeepLIFT loses
    /// there.
    ///
    /// Returns a table: layer, what, difference (what its output contributes, mean size over
    /// samples), error (what is lost from its output to its input), share (of the whole
    /// difference).
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([["stem", nn::conv1d(8, 5)], nn::relu(), nn::global_avg_pool(), nn::linear(1)]), [4, 20], #{ seed: 1 });
    /// let lost = explain::convergence(net, ["ACGTTCGAACGTAAGTACGT"]);
    /// assert_eq(lost["layer"][0], "stem");
    /// assert(lost["error"].all(|error| error < 1e-5));
    /// ```
    function "convergence"(c, net: Model, x: Dynamic; o = CONVERGENCE) -> "table: layer, what, difference, error, share" { losses(&net, &x, &o) }

    /// Gives what an output changes by when a base becomes another, for every base at every
    /// position.
    ///
    /// Returns a tensor [samples, 4, positions]; 0 where the base is there already and where a
    /// position holds no base.
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 8], #{ seed: 1 });
    /// let change = explain::mutagenesis(net, ["ACGTACGT"]);
    /// let weight = net["1.weight"].reshape([4, 8]);
    /// assert((change[[0, 1, 0]] - (weight[[1, 0]] - weight[[0, 0]])).abs().item() < 1e-6);   // A at position 0 becomes C
    /// ```
    function "mutagenesis"(c, net: Model, x: Dynamic; o = MUTAGENESIS) -> "tensor [samples, 4, positions]" { saturation(&net, &x, &o).map(into_dynamic) }

    /// Gives how much an output falls when a window is hidden: for each position the mean over the
    /// windows that cover it.
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 8], #{ seed: 1 });
    /// let c = explain::occlusion(net, ["ACGTACGT"], #{ width: 1 });
    /// let exact = explain::input_x_gradient(net, ["ACGTACGT"], #{ correction: false }).sum(1);
    /// assert((c - exact).abs().max().item() < 1e-6);              // of a linear network the same
    /// ```
    function "occlusion"(c, net: Model, x: Dynamic; o = OCCLUSION) -> "tensor [samples, length]" { occlusion(&net, &x, &o).map(into_dynamic) }

    /// Gives what a layer puts out, without gradients and without dropout.
    ///
    /// - `layer`: its path, as `net.summary()` shows it
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([["stem", nn::conv1d(8, 5)], nn::relu(), nn::flatten(), nn::linear(1)]), [4, 20]);
    /// assert_eq(explain::activations(net, ["ACGTTCGAACGTAAGTACGT"], "stem").shape, [1, 8, 16]);
    /// ```
    /// ```rhai,fails
    /// let net = nn::build(nn::chain([["stem", nn::conv1d(8, 5)], nn::flatten()]), [4, 20]);
    /// explain::activations(net, ["ACGTTCGAACGTAAGTACGT"], "stm");
    /// //~ did you mean "stem"?
    /// ```
    function "activations"(c, net: Model, x: Dynamic, layer: String; o = INSIDE) -> "tensor [samples, …]" {
        inside::activations(&Still::of(&net)?, &samples(&net, &x)?, &layer, o.int("batch"))
    }

    /// Gives where a layer's channels speak for an output: channels weighted by their mean
    /// gradient, summed, negative sums 0.
    ///
    /// # Source
    /// Selvaraju et al., Grad-CAM (ICCV 2017).
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([["stem", nn::conv1d(8, 5)], nn::relu(), nn::flatten(), nn::linear(1)]), [4, 20]);
    /// assert_eq(explain::grad_cam(net, ["ACGTTCGAACGTAAGTACGT"], "stem").shape, [1, 16]);
    /// ```
    function "grad_cam"(c, net: Model, x: Dynamic, layer: String; o = CAM) -> "tensor [samples, positions]" {
        let x = samples(&net, &x)?;
        let (targets, several) = targets(&net, &o, false)?;
        let still = Still::of(&net)?;
        let parts = targets.iter().map(|target| inside::grad_cam(&still, &x, &layer, target, o.int("batch")).map(Value::One)).collect::<Result<Vec<_>>>()?;
        stacked(parts, several).map(into_dynamic)
    }

    /// Gives the weights of every attention layer: how much each position (rows) reads of each
    /// (columns).
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([["look", nn::attention(8, 8)], nn::flatten(), nn::linear(1)]), [4, 20]);
    /// let weights = explain::attention(net, ["ACGTTCGAACGTAAGTACGT"]);
    /// assert_eq(weights.look.shape, [1, 20, 20]);
    /// ```
    function "attention"(c, net: Model, x: Dynamic) -> "map of layer to tensor [samples, heads, length, length]" {
        let found = inside::attention(&Still::of(&net)?, &samples(&net, &x)?)?;
        Ok(found.into_iter().map(|(path, weights)| (path.into(), weights.into_value())).collect::<Map>())
    }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [made()].into_iter().flatten().collect()
}
