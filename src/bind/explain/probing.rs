//! `explain::…`: what motifs do when they are planted in backgrounds.

use crate::base::Result;
use crate::base::seed::Rng;
use crate::base::table::{Cells, Table};
use crate::bind::data::read::{SEEDED, seed};
use crate::bind::explain::attribution::{AGAINST, BATCH, POSITION, sequences, targets};
use crate::bind::types::Tabled;
use crate::explain::baselines::codes_of;
use crate::explain::planting::{Backgrounds, together, word};
use crate::explain::target::{Still, Target};
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::value::Ints;
use crate::lang::{IntoValue, Options};
use crate::metrics::statistics::{Alternative, mean, t, variance};
use crate::nn::{Model, Shape};
use crate::seq::Motif;
use crate::torch::Tensor;
use crate::{bail, natives};
use rhai::{Dynamic, Map};
use std::rc::Rc;

pub(super) const LABEL: Opt = opt(
    "label",
    OptKind::Other("whole number, or a function |y| one number a sample"),
    "0",
    "which output is looked at, counted from 0",
);
const BACKGROUNDS: Opt = opt(
    "backgrounds",
    OptKind::Other("whole number, tensor of sequences, array of strings or dataset"),
    "100",
    "sequences in which motifs are planted; a number makes so many at random, each base as likely",
);
const AT: Opt = opt(
    "at",
    OptKind::Int(0, MANY),
    "",
    "where the first base of the first motif lies; in the middle unless given",
);
const STRANDS: &[&str] = &["++", "+-", "-+", "--"];

const MARGINAL: &[Opt] = &[
    LABEL,
    AGAINST,
    POSITION,
    BACKGROUNDS,
    AT,
    opt(
        "reverse",
        OptKind::Bool,
        "false",
        "whether the motif is planted on the other strand",
    ),
    SEEDED,
    BATCH,
];
const SPACING: &[Opt] = &[
    LABEL,
    AGAINST,
    POSITION,
    BACKGROUNDS,
    AT,
    opt(
        "distances",
        OptKind::Other("array of whole numbers"),
        "0 to 30",
        "bases between the end of the first motif and the start of the second",
    ),
    opt(
        "orientations",
        OptKind::Other("array of \"++\", \"+-\", \"-+\", \"--\""),
        "all four",
        "strands of the first and of the second motif",
    ),
    SEEDED,
    BATCH,
];
const EPISTASIS: &[Opt] = &[
    LABEL,
    AGAINST,
    POSITION,
    BACKGROUNDS,
    AT,
    opt(
        "distance",
        OptKind::Int(0, MANY),
        "10",
        "bases between the end of the first motif and the start of the second",
    ),
    opt(
        "orientation",
        OptKind::Choice(STRANDS),
        "\"++\"",
        "strands of the first and of the second motif",
    ),
    SEEDED,
    BATCH,
];

fn backgrounds(net: &Model, o: &Options) -> Result<Backgrounds> {
    let given = o.raw("backgrounds");
    let count = match &given {
        None => 100,
        Some(value) => match value.as_int() {
            Ok(n) => n,
            Err(_) => {
                let (codes, length) = codes_of(&sequences(net, value)?)?;
                return Ok(Backgrounds { codes, length });
            }
        },
    };
    let Shape::One(shape) = net.input() else {
        bail!(
            "shape",
            "this takes networks of one input, sequences [4, length]"
        )
    };
    let [4, length] = shape[..] else {
        bail!("shape", "this takes networks of sequences [4, length]")
    };
    if count < 1 {
        bail!(
            "option",
            "option `backgrounds` must be at least 1, got {count}"
        );
    }
    let mut rng = Rng::keyed(&[seed(o), 0x6261_636b]);
    Ok(Backgrounds {
        codes: (0..count * length).map(|_| rng.below(4) as u8).collect(),
        length: length as usize,
    })
}

pub(in crate::bind) fn one_target(net: &Model, o: &Options) -> Result<Target> {
    let (mut targets, several) = targets(net, o, false)?;
    if several {
        bail!("option", "option `label` must be one label here");
    }
    Ok(targets.remove(0))
}

fn column(values: &[f64]) -> Result<Dynamic> {
    Ok(Tensor::from_f64(values, &[values.len() as i64])?
        .to_kind(crate::torch::Kind::Float)?
        .into_value())
}

fn start(o: &Options, length: usize, width: usize) -> usize {
    o.maybe_int("at")
        .map_or(length.saturating_sub(width) / 2, |at| at as usize)
}

fn marginal(net: &Model, motif: &Motif, o: &Options) -> Result<Map> {
    let (target, grounds) = (one_target(net, o)?, backgrounds(net, o)?);
    let still = Still::of(net)?;
    let (word, batch) = (word(motif, o.flag("reverse")), o.int("batch") as usize);
    let before = grounds.with(&still, &target, &[], batch)?;
    let after = grounds.with(
        &still,
        &target,
        &[(&word, start(o, grounds.length, word.len()))],
        batch,
    )?;
    let effect: Vec<f64> = after
        .iter()
        .zip(&before)
        .map(|(after, before)| after - before)
        .collect();
    let columns = [("before", &before), ("after", &after), ("effect", &effect)];
    columns
        .into_iter()
        .map(|(name, values)| Ok((name.into(), column(values)?)))
        .collect()
}

fn words(orientation: &str, first: &Motif, second: &Motif) -> (Vec<u8>, Vec<u8>) {
    (
        word(first, orientation.starts_with('-')),
        word(second, orientation.ends_with('-')),
    )
}

/// The mean, and its standard error.
fn with_error(values: &[f64]) -> (f64, f64) {
    (
        mean(values),
        (variance(values) / values.len() as f64).sqrt(),
    )
}

fn spacing(net: &Model, first: &Motif, second: &Motif, o: &Options) -> Result<Tabled> {
    let (target, grounds) = (one_target(net, o)?, backgrounds(net, o)?);
    let distances = o
        .get::<Ints>("distances")?
        .map_or_else(|| (0..=30).collect(), |Ints(distances)| distances);
    if let Some(bad) = distances.iter().find(|distance| **distance < 0) {
        bail!("option", "a distance must be at least 0, got {bad}");
    }
    let orientations = o
        .get::<Vec<String>>("orientations")?
        .unwrap_or_else(|| STRANDS.iter().map(ToString::to_string).collect());
    if let Some(bad) = orientations
        .iter()
        .find(|way| !STRANDS.contains(&way.as_str()))
    {
        bail!(
            "option",
            "an orientation is one of \"++\", \"+-\", \"-+\", \"--\", got \"{bad}\""
        );
    }
    let (width, longest) = (
        first.width() + second.width(),
        distances.iter().copied().max().unwrap_or(0) as usize,
    );
    let at = start(o, grounds.length, width + longest);
    let still = Still::of(net)?;
    let (mut ways, mut apart, mut columns) = (Vec::new(), Vec::new(), vec![Vec::new(); 4]);
    for way in &orientations {
        let (one, other) = words(way, first, second);
        for distance in &distances {
            let second_at = at + one.len() + *distance as usize;
            let found = together(
                &still,
                &target,
                &grounds,
                (&one, at),
                (&other, second_at),
                o.int("batch") as usize,
            )?;
            let ((effect, effect_error), (interaction, interaction_error)) = (
                with_error(&found.effects()),
                with_error(&found.interactions()),
            );
            ways.push(way.clone());
            apart.push(*distance);
            columns
                .iter_mut()
                .zip([effect, effect_error, interaction, interaction_error])
                .for_each(|(column, value)| column.push(value));
        }
    }
    let names = ["effect", "effect_error", "interaction", "interaction_error"];
    let all = [
        ("orientation".to_string(), Cells::Text(ways)),
        ("distance".to_string(), Cells::Whole(apart)),
    ];
    Ok(Tabled(Rc::new(Table::new(
        all.into_iter()
            .chain(
                names
                    .iter()
                    .map(ToString::to_string)
                    .zip(columns.into_iter().map(Cells::Number)),
            )
            .collect(),
    )?)))
}

fn epistasis(net: &Model, first: &Motif, second: &Motif, o: &Options) -> Result<Map> {
    let (target, grounds) = (one_target(net, o)?, backgrounds(net, o)?);
    let still = Still::of(net)?;
    let (one, other) = words(&o.text("orientation"), first, second);
    let distance = o.int("distance") as usize;
    let at = start(o, grounds.length, one.len() + distance + other.len());
    let found = together(
        &still,
        &target,
        &grounds,
        (&one, at),
        (&other, at + one.len() + distance),
        o.int("batch") as usize,
    )?;
    let interactions = found.interactions();
    let mut map = Map::new();
    for (name, values) in [
        ("none", &found.none),
        ("first", &found.first),
        ("second", &found.second),
        ("both", &found.both),
        ("interactions", &interactions),
    ] {
        map.insert(name.into(), column(values)?);
    }
    let (mean, error) = with_error(&interactions);
    map.insert("interaction".into(), mean.into());
    map.insert("error".into(), error.into());
    let p_value = t::one_sample(&interactions, 0.0, Alternative::TwoSided)
        .map_or(f64::NAN, |outcome| outcome.p_value);
    map.insert("p_value".into(), p_value.into());
    Ok(map)
}

natives! { made in "explain" {
    /// Plants a motif in backgrounds and gives what an output changes by.
    ///
    /// Its likeliest word is planted.
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([nn::conv1d(4, 6), nn::relu(), nn::global_max_pool(), nn::linear(1)]), [4, 50], #{ seed: 1 });
    /// let found = explain::marginal(net, motif::from_consensus("TATAAA"), #{ backgrounds: 20 });
    /// assert_near(found.after - found.before, found.effect, 1e-6);
    /// ```
    /// ```rhai,fails
    /// let net = nn::build(nn::chain([nn::conv1d(4, 6), nn::global_max_pool(), nn::linear(1)]), [4, 50]);
    /// explain::marginal(net, motif::from_consensus("TATAAA"), #{ at: 46 });
    /// //~ a motif of 6 bp at position 46 is beyond the end of sequences of 50 bp
    /// ```
    function "marginal"(c, net: Model, motif: Motif; o = MARGINAL) -> "map: before, after, effect, tensors [backgrounds]" { marginal(&net, &motif, &o) }

    /// Plants two motifs at all distances and orientations and tells what both do, and what they do
    /// beyond the sum of what each does alone.
    ///
    /// Returns a table: orientation, distance, effect (both less none, mean over backgrounds),
    /// effect_error (its standard error), interaction (both - first - second + none),
    /// interaction_error.
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 50], #{ seed: 1 });
    /// let a = motif::from_consensus("TATAAA"); let b = motif::from_consensus("GGCC");
    /// let scan = explain::spacing(net, a, b, #{ backgrounds: 5, distances: [0, 4, 8], orientations: ["++", "+-"] });
    /// assert_eq(scan.len(), 6);
    /// assert(scan["interaction"].all(|x| x.abs() < 1e-4));      // a linear network has none
    /// ```
    function "spacing"(c, net: Model, first: Motif, second: Motif; o = SPACING) -> "table: orientation, distance, effect, effect_error, interaction, interaction_error" { spacing(&net, &first, &second, &o) }

    /// Plants two motifs alone and together: do they act together?
    ///
    /// Returns a map: none, first, second, both, interactions (tensors [backgrounds]), interaction
    /// (mean of both - first - second + none), error (its standard error), p_value (of Student's t
    /// against 0).
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([nn::conv1d(4, 6), nn::relu(), nn::global_avg_pool(), nn::linear(1), nn::exp()]), [4, 50], #{ seed: 1 });
    /// let a = motif::from_consensus("TATAAA"); let b = motif::from_consensus("GGCC");
    /// let found = explain::epistasis(net, a, b, #{ backgrounds: 20, distance: 3 });
    /// assert_near(found.interactions.mean().item(), found.interaction, 1e-6);
    /// ```
    function "epistasis"(c, net: Model, first: Motif, second: Motif; o = EPISTASIS) -> "map: none, first, second, both, interactions, interaction, error, p_value" { epistasis(&net, &first, &second, &o) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [made()].into_iter().flatten().collect()
}
