//! `sim::…`: simulated datasets whose motifs and rules are known.

use crate::base::{Result, memory};
use crate::bind::args::ends::{self, fewest_and_most};
use crate::bind::args::seed::SeedOptions;
use crate::bind::args::simulation::sites_of;
use crate::bind::types::{BackgroundSource, Data, Motifs, SimRule};
use crate::data::{Column, Dataset, Input};
use crate::lang::value::{mismatch, number};
use crate::lang::{Callback, FromValue, IntoValue, Native, Options, native, natives_of, session};
use crate::seq::alphabet;
use crate::seq::simulate::labelled::{self, Task};
use crate::seq::simulate::{self, Background, Markov, Simulated, SimulationPlan, Spec};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map, NativeCallContext};
use std::rc::Rc;
use std::sync::Arc;

/// Options of `sim::motifs`.
#[derive(Options)]
pub struct MotifsOptions {
    /// Width of the motifs, in bp.
    #[option(default = 12, min = 1, max = 1000)]
    width: i64,
    /// Probability of the likely base of each position.
    #[option(default = 0.97, min = 0.25, max = 1)]
    sharpness: f64,
    #[option(flatten)]
    seed: SeedOptions,
}

/// Options of `sim::paired`.
#[derive(Options)]
pub struct PairedOptions {
    /// Number of sequences.
    #[option(default = 10000, min = 1)]
    n: usize,
    /// Length of each sequence, in bp.
    #[option(default = 100, min = 1)]
    length: usize,
    /// Number of motifs planted in each sequence, without overlap.
    #[option(default = 3, min = 2, max = 1000)]
    per_sequence: usize,
    /// Fraction of sequences of label 1.
    #[option(default = 0.5, min = 0, max = 1)]
    positives: f64,
    /// Whether sites are drawn from the probabilities of the motifs, instead of their consensus.
    #[option(default = false)]
    sampled: bool,
    #[option(flatten)]
    seed: SeedOptions,
}

/// Options of `sim::world`.
#[derive(Options)]
pub struct WorldOptions {
    /// Number of sequences.
    #[option(default = 10000, min = 1)]
    n: usize,
    /// Length of each sequence, in bp.
    #[option(default = 600, min = 1)]
    length: usize,
    /// Number of motifs planted in each sequence, without overlap.
    #[option(default = 3)]
    count: MotifCount,
    /// Whether a motif may occur more than once in a sequence.
    #[option(default = false)]
    repeats: bool,
    /// Groups of motifs, by number from 0; instead of `count`, one motif of each group is planted.
    groups: Option<MotifGroups>,
    /// Bases between motifs: probabilities of A, C, G, T, a Markov chain, or real sequences, of
    /// which random ranges are taken; all bases are equally likely unless given.
    background: Option<BackgroundChoice>,
    /// Whether sites are drawn from the probabilities of the motifs, instead of their consensus.
    #[option(default = false)]
    sampled: bool,
    /// Whether each site is on a random strand, instead of the forward strand.
    #[option(default = false)]
    both_strands: bool,
    /// Probability that a label of 0 or 1 is flipped.
    #[option(default = 0, min = 0, max = 1)]
    noise: f64,
    #[option(flatten)]
    seed: SeedOptions,
}

/// The fewest and the most motifs of a sequence.
pub struct MotifCount {
    low: usize,
    high: usize,
}

impl FromValue for MotifCount {
    fn kind() -> String {
        ends::KIND.into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        match fewest_and_most(value, context) {
            Some((low, high)) if high >= low => Ok(MotifCount { low, high }),
            _ => bail!(
                "option",
                "must be an integer or [fewest, most], got {}",
                session::describe(value)
            ),
        }
    }
}

/// Groups of motifs, by number.
pub struct MotifGroups(Vec<Vec<u32>>);

impl FromValue for MotifGroups {
    fn kind() -> String {
        "array of arrays of motif numbers".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let items = Array::from_value(value, context)?;
        let groups = items.into_iter().map(|mut item| {
            let numbers = Vec::<i64>::from_value(&mut item, context).ok();
            let group = numbers.and_then(|numbers| {
                let numbers = numbers.into_iter().map(|n| u32::try_from(n).ok());
                numbers.collect::<Option<Vec<u32>>>()
            });
            group.ok_or_else(|| {
                fault!(
                    "option",
                    "must hold arrays of motif numbers, got {}",
                    session::describe(&item)
                )
            })
        });
        groups.collect::<Result<_>>().map(MotifGroups)
    }
}

/// Real sequences as codes, from a dataset or an array of strings.
pub struct RealSequences(Vec<Vec<u8>>);

impl FromValue for RealSequences {
    fn kind() -> String {
        "dataset or array of strings".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if let Some(set) = value.read_lock::<Data>() {
            let (codes, length) = set.0.sequences(0..set.0.len())?;
            return Ok(RealSequences(
                codes.chunks(length).map(<[u8]>::to_vec).collect(),
            ));
        }
        let texts = Vec::<String>::from_value(value, context).unwrap_or_default();
        if texts.is_empty() {
            return Err(mismatch(&Self::kind(), value));
        }
        let codes = texts.iter().map(|text| alphabet::codes(text));
        codes.collect::<Result<_>>().map(RealSequences)
    }
}

/// The bases between motifs, before their length is known.
pub enum BackgroundChoice {
    /// A Markov chain.
    Markov(Arc<Markov>),
    /// Probabilities of A, C, G, T.
    Composition([f64; 4]),
    /// Ranges of real sequences.
    Real(RealSequences),
}

impl FromValue for BackgroundChoice {
    fn kind() -> String {
        "array of four shares, sim::markov(…), a dataset, or an array of sequences".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        if let Some(chain) = value.read_lock::<BackgroundSource>() {
            return Ok(BackgroundChoice::Markov(chain.0.clone()));
        }
        let shares = Vec::<f64>::from_value(value, context).unwrap_or_default();
        if shares.is_empty() {
            return RealSequences::from_value(value, context).map(BackgroundChoice::Real);
        }
        let n = shares.len();
        shares
            .try_into()
            .map(BackgroundChoice::Composition)
            .map_err(|_| {
                fault!(
                    "option",
                    "must be four shares, of A, C, G and T, got {n} numbers"
                )
            })
    }
}

impl BackgroundChoice {
    fn background(&self, length: usize) -> Result<Background> {
        match self {
            BackgroundChoice::Markov(chain) => Ok(Background::Markov(chain.clone())),
            BackgroundChoice::Composition(shares) => Background::composition(*shares),
            BackgroundChoice::Real(sequences) => Background::real(sequences.0.clone(), length),
        }
    }
}

/// A rule, or a function of a script that takes sites.
enum Labeller {
    Rule(Spec),
    Function(Callback),
}

impl Labeller {
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Labeller> {
        if let Some(rule) = value.read_lock::<SimRule>() {
            return Ok(Labeller::Rule(rule.0.clone()));
        }
        if value.is_fnptr() {
            return Callback::from_value(value, context).map(Labeller::Function);
        }
        bail!(
            "type",
            "must be a rule such as rule::additive(), a function |sites|, or an array or map of \
             them, got {}",
            session::describe(value)
        )
    }

    /// The labels of simulated sequences.
    fn task(&self, name: &str, simulated: &Simulated) -> Result<Task> {
        match self {
            Labeller::Rule(spec) => spec.task(name, simulated),
            Labeller::Function(function) => {
                let rows = 0..simulated.truth.len();
                let labels = rows.map(|row| label_of(function, sites_of(&simulated.truth, row)));
                Ok(Task {
                    name: name.into(),
                    labels: labels.collect::<Result<_>>()?,
                    rule: None,
                })
            }
        }
    }
}

/// Rules by the names of their labels.
pub struct Labellers(Vec<(String, Labeller)>);

impl FromValue for Labellers {
    fn kind() -> String {
        "rule, function |sites|, or array or map of them".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let named: Vec<(String, Dynamic)> = if let Some(map) = value.read_lock::<Map>() {
            let items = map.iter();
            items.map(|(k, v)| (k.to_string(), v.clone())).collect()
        } else if let Some(items) = value.read_lock::<Array>() {
            let items = items.iter().enumerate();
            items
                .map(|(i, v)| (format!("target{}", i + 1), v.clone()))
                .collect()
        } else {
            let labeller = Labeller::from_value(value, context)?;
            let name = match &labeller {
                Labeller::Rule(spec) => spec.name(),
                Labeller::Function(_) => "label",
            };
            return Ok(Labellers(vec![(name.to_string(), labeller)]));
        };
        if named.is_empty() {
            bail!("value", "must hold at least one rule");
        }
        let labellers = named
            .into_iter()
            .map(|(name, mut value)| Ok((name, Labeller::from_value(&mut value, context)?)));
        labellers.collect::<Result<_>>().map(Labellers)
    }
}

/// A dataset of simulated sequences with labels, of which a fraction `noise` is flipped.
fn dataset(
    mut simulated: Simulated,
    tasks: Vec<Task>,
    plan: &SimulationPlan,
    noise: f64,
) -> Result<Data> {
    let labels = labelled::interleaved(&tasks, noise, plan.seed)?;
    let (names, rules) = tasks.into_iter().map(|task| (task.name, task.rule)).unzip();
    simulated.truth.rules = rules;
    let input = Input::new(
        "sequence",
        Column::Sequence {
            codes: Arc::new(simulated.codes),
            length: plan.length,
        },
    );
    let mut set = Dataset::new(vec![input], names, labels)?;
    set.truth = Some(Arc::new(simulated.truth));
    Ok(Data(Rc::new(set)))
}

/// The sequences that a dry run simulates.
const DRY_SEQUENCES: usize = 64;

/// The label that a function of a script returns for sites.
fn label_of(function: &Callback, sites: Vec<Map>) -> Result<f32> {
    let answer = function.call(vec![sites.into_value()])?;
    match (answer.as_bool(), number(&answer)) {
        (Ok(label), _) => Ok(f32::from(u8::from(label))),
        (_, Some(label)) => Ok(label as f32),
        _ => bail!(
            "type",
            "a rule must give true, false or a number, got {}",
            session::describe(&answer)
        ),
    }
}

/// Rules in words.
/// Draws random motifs, with one likely base at each position.
///
/// ```rhai
/// assert_eq(sim::motifs(20, #{ width: 12, seed: 1 }).len(), 20);
/// ```
#[native(namespace = "sim")]
pub fn motifs(
    /// Number of motifs.
    #[check(min = 1)]
    n: i64,
    options: MotifsOptions,
) -> Result<Motifs> {
    let MotifsOptions {
        width, sharpness, ..
    } = options;
    memory::elements(&[n, width + 4], 32)?;
    let seed = options.seed.seed();
    let motifs = simulate::motifs(n as usize, width as usize, sharpness, seed);
    Ok(Motifs(Rc::new(motifs)))
}

/// Simulates sequences whose label is 1 where both motifs of a pair occur.
///
/// Pairs are motifs 0 and 1, 2 and 3, and so on. A single motif is uninformative: each is as
/// frequent with a pair as without.
///
/// ```rhai
/// let set = sim::paired(sim::motifs(6, #{ width: 5 }), #{ n: 50, length: 40, per_sequence: 3 });
/// assert_eq(set.len(), 50);
/// ```
#[native(
    namespace = "sim",
    dry = paired_dry,
    returns = "dataset, input sequence [4, length], label paired"
)]
pub fn paired(
    /// Pool of motifs.
    motifs: &Motifs,
    options: PairedOptions,
) -> Result<Data> {
    let plan = SimulationPlan {
        n: options.n,
        length: options.length,
        choice: simulate::Choice::Paired {
            count: options.per_sequence,
            positives: options.positives,
        },
        background: Background::Uniform,
        sampled: options.sampled,
        both_strands: false,
        seed: options.seed.seed(),
    };
    let simulated = simulate::simulate(Arc::new(motifs.0.to_vec()), &plan)?;
    let task = Spec::any_pair().task("paired", &simulated)?;
    dataset(simulated, vec![task], &plan, 0.0)
}

fn paired_dry(motifs: &Motifs, options: PairedOptions) -> Result<Data> {
    let n = options.n.min(DRY_SEQUENCES);
    paired(motifs, PairedOptions { n, ..options })
}

/// Simulates sequences with planted motifs and a label for each rule.
///
/// The dataset carries its truth: sites, motifs and rules.
///
/// # Source
/// van den Bogaard, Predicting chromatin accessibility with convolutional neural networks (thesis),
/// 3.1.
///
/// ```rhai
/// let pool = sim::motifs(6, #{ width: 8, seed: 1 });
/// let set = sim::world(pool, #{
///     open: rule::additive(#{ seed: 1 }), early: |sites| sites[0].start < 20
/// }, #{ n: 200, length: 100, both_strands: true, seed: 1 });
/// assert_eq(set.label_names, ["early", "open"]);
/// assert_eq(set.truth.sites(0)[0].start < 20, set.label[[0, 0]].item() == 1.0);
/// ```
/// ```rhai,fails
/// sim::world(sim::motifs(2), rule::additive(), #{ count: 3 });
/// //~ 3 different motifs cannot be chosen from 2
/// ```
#[native(
    namespace = "sim",
    dry = world_dry,
    returns = "dataset, input sequence [4, length], a label for each rule"
)]
pub fn world(
    /// Pool of motifs.
    motifs: &Motifs,
    /// Rule such as rule::additive() or rule::paired(), function |sites| of the script that returns
    /// a boolean or a number, or an array or map of them: several labels of the same sequences.
    /// `sites` is an array of maps #{ motif, name, start, end, strand }, in order of their starts.
    rules: &Labellers,
    options: WorldOptions,
) -> Result<Data> {
    let length = options.length;
    let choice = match options.groups {
        Some(groups) => simulate::Choice::Groups(groups.0),
        None => simulate::Choice::Any {
            low: options.count.low,
            high: options.count.high,
            repeats: options.repeats,
        },
    };
    let background = options.background.map(|choice| choice.background(length));
    let plan = SimulationPlan {
        n: options.n,
        length,
        choice,
        background: background.transpose()?.unwrap_or_default(),
        sampled: options.sampled,
        both_strands: options.both_strands,
        seed: options.seed.seed(),
    };
    let simulated = simulate::simulate(Arc::new(motifs.0.to_vec()), &plan)?;
    let tasks = rules.0.iter();
    let tasks = tasks.map(|(name, labeller)| labeller.task(name, &simulated));
    let tasks = tasks.collect::<Result<_>>()?;
    dataset(simulated, tasks, &plan, options.noise)
}

fn world_dry(motifs: &Motifs, rules: &Labellers, options: WorldOptions) -> Result<Data> {
    let n = options.n.min(DRY_SEQUENCES);
    world(motifs, rules, WorldOptions { n, ..options })
}

/// Estimates a Markov chain from sequences, as a background of simulations.
///
/// ```rhai
/// let chain = sim::markov(1, ["ACACACACAC", "ACACGTACAC"]);
/// let set = sim::world(sim::motifs(2, #{ width: 4 }), rule::additive(), #{
///     n: 10, length: 50, count: 1, background: chain
/// });
/// assert_eq(set.len(), 10);
/// ```
#[native(namespace = "sim")]
pub fn markov(
    /// Number of preceding bases on which each base depends.
    #[check(min = 0, max = 8)]
    order: i64,
    /// Dataset, or array of strings.
    sequences: &RealSequences,
) -> Result<BackgroundSource> {
    let chain = Markov::count(order as usize, &sequences.0)?;
    Ok(BackgroundSource(Arc::new(chain)))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![motifs, paired, world, markov,]
}
