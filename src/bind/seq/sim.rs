//! `sim::…`: simulated data for which the truth is known.

use crate::base::table::{Cells, Table};
use crate::base::{Result, Strand, shape};
use crate::bind::data::read::{SEEDED, seed};
use crate::bind::types::{BackgroundSource, Data, Known, Motifs, SimRule, Tabled};
use crate::data::{Column, Dataset, Input};
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::value::{FromValue, array, number};
use crate::lang::{Callback, Options, session};
use crate::seq::alphabet;
use crate::seq::simulate::{
    self, Background, Choice, Markov, Plan, Rule, Site, Spec, Truth, World,
};
use crate::torch::Tensor;
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic, Map};
use std::rc::Rc;
use std::sync::Arc;

const MOTIFS: &[Opt] = &[
    opt("width", OptKind::Int(1, 1000), "12", "positions"),
    opt(
        "sharpness",
        OptKind::Float(0.25, 1.0),
        "0.97",
        "probability of the likely base",
    ),
    SEEDED,
];

const PAIRED: &[Opt] = &[
    opt("n", OptKind::Int(1, MANY), "10000", "sequences"),
    opt("length", OptKind::Int(1, MANY), "100", "bases in each"),
    opt(
        "per_sequence",
        OptKind::Int(2, 1000),
        "3",
        "motifs planted in each, without overlap",
    ),
    opt(
        "positives",
        OptKind::Float(0.0, 1.0),
        "0.5",
        "share of sequences with label 1",
    ),
    opt(
        "sampled",
        OptKind::Bool,
        "false",
        "whether sites are drawn from the probabilities; else they are the consensus",
    ),
    SEEDED,
];

const WORLD: &[Opt] = &[
    opt("n", OptKind::Int(1, MANY), "10000", "sequences"),
    opt("length", OptKind::Int(1, MANY), "600", "bases in each"),
    opt(
        "count",
        OptKind::Other("whole number, or [fewest, most]"),
        "3",
        "motifs planted in each, without overlap",
    ),
    opt(
        "repeats",
        OptKind::Bool,
        "false",
        "whether a motif may come more than once in a sequence",
    ),
    opt(
        "groups",
        OptKind::Other("array of arrays of motif numbers"),
        "",
        "instead of `count`: each sequence gets one motif of each group",
    ),
    opt(
        "background",
        OptKind::Other("array of four shares, sim::markov(…), a dataset, or an array of sequences"),
        "",
        "what lies between motifs; every base as likely unless given; stretches of real sequences keep their order",
    ),
    opt(
        "sampled",
        OptKind::Bool,
        "false",
        "whether sites are drawn from the probabilities; else they are the consensus",
    ),
    opt(
        "both_strands",
        OptKind::Bool,
        "false",
        "whether each site stands on either strand; else all stand forward",
    ),
    opt(
        "noise",
        OptKind::Float(0.0, 1.0),
        "0",
        "probability that a label of 0 or 1 is flipped",
    ),
    SEEDED,
];

const MASK: &[Opt] = &[opt(
    "motif",
    OptKind::Int(0, MANY),
    "",
    "only this motif of the pool",
)];

fn dataset(world: World, names: Vec<String>, labels: Vec<f32>, length: usize) -> Result<Data> {
    let input = Input::new(
        "sequence",
        Column::Sequence {
            codes: Arc::new(world.codes),
            length,
        },
    );
    let mut set = Dataset::new(vec![input], names, labels)?;
    set.truth = Some(Arc::new(world.truth));
    Ok(Data(Rc::new(set)))
}

fn paired(motifs: &Motifs, o: &Options) -> Result<Data> {
    let length = o.int("length") as usize;
    let plan = Plan {
        n: rows(o),
        length,
        choice: Choice::Paired {
            count: o.int("per_sequence") as usize,
            positives: o.float("positives"),
        },
        background: Background::Uniform,
        sampled: o.flag("sampled"),
        both_strands: false,
        seed: seed(o),
    };
    let pool = Arc::new(motifs.0.to_vec());
    let mut world = simulate::world(pool.clone(), &plan)?;
    let rule = Spec::any_pair().resolve(&pool)?;
    let labels = (0..plan.n)
        .map(|row| rule.label(world.truth.sites(row), &pool))
        .collect();
    world.truth.rules = vec![Some(rule)];
    dataset(world, vec!["paired".into()], labels, length)
}

/// A check plants few sequences.
fn rows(o: &Options) -> usize {
    let n = o.int("n") as usize;
    if session::is_dry() { n.min(64) } else { n }
}

fn count(o: &Options) -> Result<(usize, usize)> {
    let value = o.raw("count").unwrap_or_else(|| Dynamic::from(3_i64));
    if let Ok(n) = value.as_int()
        && n >= 0
    {
        return Ok((n as usize, n as usize));
    }
    let ends: Vec<i64> = value
        .clone()
        .into_array()
        .unwrap_or_default()
        .iter()
        .filter_map(|n| n.as_int().ok())
        .collect();
    match ends.as_slice() {
        [low, high] if *low >= 0 && *high >= *low => Ok((*low as usize, *high as usize)),
        _ => bail!(
            "option",
            "option `count` must be a whole number or [fewest, most], got {}",
            session::describe(&value)
        ),
    }
}

fn groups(items: &Array) -> Result<Vec<Vec<u32>>> {
    let one = |item: &Dynamic| {
        let numbers: Option<Vec<u32>> = item
            .clone()
            .into_array()
            .ok()?
            .iter()
            .map(|n| n.as_int().ok().and_then(|n| u32::try_from(n).ok()))
            .collect();
        numbers
    };
    items
        .iter()
        .map(|item| {
            one(item).ok_or_else(|| {
                fault!(
                    "option",
                    "option `groups` must hold arrays of motif numbers, got {}",
                    session::describe(item)
                )
            })
        })
        .collect()
}

/// Sequences as codes, out of a dataset or an array of strings.
fn sequences(value: &Dynamic) -> Result<Vec<Vec<u8>>> {
    if let Some(set) = value.read_lock::<Data>() {
        let (codes, length) = set.0.sequences(0..set.0.len())?;
        return Ok(codes.chunks(length).map(<[u8]>::to_vec).collect());
    }
    let items = value.clone().into_array().unwrap_or_default();
    let texts: Option<Vec<String>> = items
        .iter()
        .map(|item| item.clone().into_string().ok())
        .collect();
    let Some(texts) = texts.filter(|texts| !texts.is_empty()) else {
        bail!(
            "type",
            "background sequences are a dataset or an array of strings, got {}",
            session::describe(value)
        );
    };
    texts.iter().map(|text| alphabet::codes(text)).collect()
}

fn background(o: &Options, length: usize) -> Result<Background> {
    let Some(value) = o.raw("background") else {
        return Ok(Background::Uniform);
    };
    if let Some(chain) = value.read_lock::<BackgroundSource>() {
        return Ok(Background::Markov(chain.0.clone()));
    }
    let items = value.clone().into_array().unwrap_or_default();
    let shares: Option<Vec<f64>> = items.iter().map(number).collect();
    if let Some([a, c, g, t]) = shares.as_deref() {
        return Background::composition([*a, *c, *g, *t]);
    }
    if !items.is_empty() && shares.is_some() {
        bail!(
            "option",
            "option `background` needs four shares, of A, C, G and T, got {}",
            items.len()
        );
    }
    Background::real(sequences(&value)?, length)
}

/// A rule, or a script's own function of sites.
enum Labeller {
    Rule(Spec),
    Own(Callback),
}

fn labeller(value: &Dynamic, context: &rhai::NativeCallContext) -> Result<Labeller> {
    if let Some(rule) = value.read_lock::<SimRule>() {
        return Ok(Labeller::Rule(rule.0.clone()));
    }
    if value.is_fnptr() {
        return Callback::from_value(&mut value.clone(), context).map(Labeller::Own);
    }
    bail!(
        "type",
        "`rules` must be a rule such as rule::additive(), a function |sites|, or an array or map of them, got {}",
        session::describe(value)
    )
}

fn labellers(
    rules: &Dynamic,
    context: &rhai::NativeCallContext,
) -> Result<Vec<(String, Labeller)>> {
    if let Some(map) = rules.read_lock::<Map>() {
        return map
            .iter()
            .map(|(name, value)| Ok((name.to_string(), labeller(value, context)?)))
            .collect();
    }
    if let Some(items) = rules.read_lock::<Array>() {
        return items
            .iter()
            .enumerate()
            .map(|(i, value)| Ok((format!("target{}", i + 1), labeller(value, context)?)))
            .collect();
    }
    let one = labeller(rules, context)?;
    let name = match &one {
        Labeller::Rule(spec) => spec.name(),
        Labeller::Own(_) => "label",
    };
    Ok(vec![(name.to_string(), one)])
}

/// Sites as scripts see them.
fn sites_of(truth: &Truth, row: usize) -> Array {
    let one = |site: &Site| {
        let strand = if site.reverse {
            Strand::Reverse
        } else {
            Strand::Forward
        };
        Dynamic::from(Map::from([
            ("motif".into(), i64::from(site.motif).into()),
            (
                "name".into(),
                truth.motifs[site.motif as usize].name.clone().into(),
            ),
            ("start".into(), i64::from(site.start).into()),
            ("end".into(), (truth.end(site) as i64).into()),
            ("strand".into(), strand.letter().to_string().into()),
        ]))
    };
    truth.sites(row).iter().map(one).collect()
}

fn own_label(rule: &Callback, sites: Array) -> Result<f32> {
    let answer = rule.call(vec![sites.into()])?;
    match (answer.as_bool(), number(&answer)) {
        (Ok(yes), _) => Ok(f32::from(u8::from(yes))),
        (_, Some(x)) => Ok(x as f32),
        _ => bail!(
            "type",
            "a rule must give true, false or a number, got {}",
            session::describe(&answer)
        ),
    }
}

fn world(
    motifs: &Motifs,
    rules: &Dynamic,
    o: &Options,
    context: &rhai::NativeCallContext,
) -> Result<Data> {
    let rules = labellers(rules, context)?;
    if rules.is_empty() {
        bail!("value", "`rules` holds no rule");
    }
    let length = o.int("length") as usize;
    let (low, high) = count(o)?;
    let choice = match o.get::<Array>("groups")? {
        Some(items) => Choice::Groups(groups(&items)?),
        None => Choice::Any {
            low,
            high,
            repeats: o.flag("repeats"),
        },
    };
    let plan = Plan {
        n: rows(o),
        length,
        choice,
        background: background(o, length)?,
        sampled: o.flag("sampled"),
        both_strands: o.flag("both_strands"),
        seed: seed(o),
    };
    let pool = Arc::new(motifs.0.to_vec());
    let mut world = simulate::world(pool.clone(), &plan)?;
    let tasks = rules.len();
    let mut labels = vec![0.0; plan.n * tasks];
    let (mut names, mut known) = (Vec::new(), Vec::new());
    for (task, (name, labeller)) in rules.into_iter().enumerate() {
        let rule: Option<Rule> = match &labeller {
            Labeller::Rule(spec) => Some(spec.resolve(&pool)?),
            Labeller::Own(_) => None,
        };
        for row in 0..plan.n {
            labels[row * tasks + task] = match (&rule, &labeller) {
                (Some(rule), _) => rule.label(world.truth.sites(row), &pool),
                (None, Labeller::Own(own)) => own_label(own, sites_of(&world.truth, row))?,
                _ => 0.0,
            };
        }
        names.push(name);
        known.push(rule);
    }
    if o.float("noise") > 0.0 {
        if labels.iter().any(|label| *label != 0.0 && *label != 1.0) {
            bail!(
                "option",
                "option `noise` flips labels of 0 and 1; these labels are other numbers"
            );
        }
        simulate::flip(&mut labels, tasks, o.float("noise"), plan.seed);
    }
    world.truth.rules = known;
    dataset(world, names, labels, length)
}

fn truth(set: &Data) -> Result<Known> {
    match &set.0.truth {
        Some(truth) if set.0.shuffles.is_none() => Ok(Known(truth.clone(), set.0.clone())),
        _ => {
            bail!("data", "the truth of these sequences is not known"; hint: "`sim::world(…)` and `sim::paired(…)` give sets with their truth")
        }
    }
}

fn row_of(known: &Known, i: i64) -> Result<usize> {
    Ok(known
        .1
        .locate(shape::index(i, known.1.len(), "sequences")?)
        .0)
}

fn mask(known: &Known, motif: Option<i64>) -> Result<Tensor> {
    let rows = known.1.len();
    let motif = motif.map(|m| m as usize);
    let values: Vec<f32> = (0..rows)
        .flat_map(|i| known.0.mask(known.1.locate(i).0, motif))
        .collect();
    Tensor::from_f32(&values, &[rows as i64, known.0.length as i64])
}

fn table(known: &Known) -> Result<Tabled> {
    let (mut sequence, mut motif, mut start, mut stop, mut strand) =
        (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for i in 0..known.1.len() {
        for site in known.0.sites(known.1.locate(i).0) {
            sequence.push(known.1.name(i).unwrap_or_else(|| i.to_string()));
            motif.push(known.0.motifs[site.motif as usize].name.clone());
            start.push(i64::from(site.start));
            stop.push(known.0.end(site) as i64);
            strand.push(if site.reverse {
                "-".to_string()
            } else {
                "+".to_string()
            });
        }
    }
    let columns = vec![
        ("sequence".into(), Cells::Text(sequence)),
        ("motif".into(), Cells::Text(motif)),
        ("start".into(), Cells::Whole(start)),
        ("stop".into(), Cells::Whole(stop)),
        ("strand".into(), Cells::Text(strand)),
    ];
    Ok(Tabled(Rc::new(Table::new(columns)?)))
}

fn weights(known: &Known) -> Array {
    let one = |rule: &Option<Rule>| match rule {
        Some(Rule::Additive { weights, .. }) => Dynamic::from(array(weights.clone())),
        _ => Dynamic::UNIT,
    };
    known.0.rules.iter().map(one).collect()
}

fn pairs(known: &Known) -> Array {
    let mut all: Vec<(u32, u32)> = known
        .0
        .rules
        .iter()
        .flatten()
        .flat_map(Rule::pairs)
        .collect();
    all.sort_unstable();
    all.dedup();
    all.into_iter()
        .map(|(a, b)| {
            Dynamic::from(vec![
                Dynamic::from(i64::from(a)),
                Dynamic::from(i64::from(b)),
            ])
        })
        .collect()
}

fn texts(known: &Known) -> Array {
    known
        .0
        .rules
        .iter()
        .map(|rule| {
            rule.as_ref()
                .map_or("the script's own function".to_string(), Rule::text)
                .into()
        })
        .collect()
}

natives! { made in "sim" {
    /// Draws random motifs, one base likely at each position.
    ///
    /// ```rhai
    /// assert_eq(sim::motifs(20, #{ width: 12, seed: 1 }).len(), 20);
    /// ```
    function "motifs"(c, n: i64; o = MOTIFS) -> "motifs" { crate::bind::nn::layers::positive(&[("n", n)])?; crate::base::memory::elements(&[n, o.int("width") + 4], 32)?; Ok(Motifs(Rc::new(simulate::motifs(n as usize, o.int("width") as usize, o.float("sharpness"), seed(&o))))) }

    /// Makes random sequences with planted motifs, labelled 1 where both motifs of a pair occur
    /// (motifs 1 and 2, 3 and 4, …). No motif tells anything by itself.
    ///
    /// ```rhai
    /// let world = sim::paired(sim::motifs(6, #{ width: 5 }), #{ n: 50, length: 40, per_sequence: 3 });
    /// assert_eq(world.len(), 50);
    /// ```
    function "paired"(c, motifs: Motifs; o = PAIRED) -> "dataset, input sequence [4, length], label paired" { paired(&motifs, &o) }

    /// Makes random sequences with planted motifs and a label for each rule; the dataset carries
    /// its truth.
    ///
    /// - `rules`: a rule such as rule::additive() or rule::paired(), the script's own function
    ///   |sites| that gives true, false or a number, or an array or map of them: several labels of
    ///   the same sequences. `sites` is an array of maps
    ///   #{ motif, name, start, end, strand }, in order of their starts.
    ///
    /// # Source
    /// van den Bogaard, Predicting chromatin accessibility with convolutional neural networks
    /// (thesis), 3.1.
    ///
    /// ```rhai
    /// let pool = sim::motifs(6, #{ width: 8, seed: 1 });
    /// let set = sim::world(pool, #{ open: rule::additive(#{ seed: 1 }), early: |sites| sites[0].start < 20 }, #{ n: 200, length: 100, both_strands: true, seed: 1 });
    /// assert_eq(set.label_names, ["early", "open"]);
    /// assert_eq(set.truth.sites(0)[0].start < 20, set.label[[0, 0]].item() == 1.0);
    /// ```
    /// ```rhai,fails
    /// sim::world(sim::motifs(2), rule::additive(), #{ count: 3 });
    /// //~ 3 different motifs cannot be chosen from 2
    /// ```
    function "world"(c, motifs: Motifs, rules: Dynamic; o = WORLD) -> "dataset, input sequence [4, length], a label for each rule" { world(&motifs, &rules, &o, c.context) }

    /// Counts a Markov chain on sequences, as a background: each base depends on the `order` bases
    /// before it.
    ///
    /// ```rhai
    /// let chain = sim::markov(1, ["ACACACACAC", "ACACGTACAC"]);
    /// let set = sim::world(sim::motifs(2, #{ width: 4 }), rule::additive(), #{ n: 10, length: 50, count: 1, background: chain });
    /// assert_eq(set.len(), 10);
    /// ```
    function "markov"(c, order: i64, sequences: Dynamic) -> "background" {
        if !(0..=8).contains(&order) { bail!("value", "`order` must be from 0 to 8, got {order}") }
        Ok(BackgroundSource(Arc::new(Markov::count(order as usize, &self::sequences(&sequences)?)?)))
    }
} }

natives! { known in "dataset" {
    /// What is known of simulated sequences: what was planted where, and the rules of the labels.
    ///
    /// ```rhai
    /// let set = sim::paired(sim::motifs(4, #{ width: 5 }), #{ n: 20, length: 40, per_sequence: 2 });
    /// assert_eq(set.truth.sites(0).len(), 2);
    /// ```
    /// ```rhai,fails
    /// data::from(#{ sequence: ["ACGT"], label: [1] }).truth
    /// //~ the truth of these sequences is not known
    /// ```
    property "truth"(c, this: Data) -> "truth" { truth(&this) }
} }

natives! { truths in "truth" {
    /// The motifs that were planted.
    ///
    /// ```rhai
    /// assert_eq(sim::paired(sim::motifs(4), #{ n: 2, per_sequence: 2 }).truth.motifs.len(), 4);
    /// ```
    property "motifs"(c, this: Known) -> "motifs" { Ok(Motifs(Rc::new(this.0.motifs.to_vec()))) }

    /// The rules of the labels, in words.
    ///
    /// ```rhai
    /// assert_eq(sim::paired(sim::motifs(4), #{ n: 2, per_sequence: 2 }).truth.rules, ["both motifs of one of 2 pairs"]);
    /// ```
    property "rules"(c, this: Known) -> "array of strings" { Ok(texts(&this)) }

    /// The pairs of motifs that act together, by number, over all rules.
    ///
    /// ```rhai
    /// assert_eq(sim::paired(sim::motifs(4), #{ n: 2, per_sequence: 2 }).truth.pairs, [[0, 1], [2, 3]]);
    /// ```
    property "pairs"(c, this: Known) -> "array of [motif, motif]" { Ok(pairs(&this)) }

    /// What each motif contributes, for each rule; () where a rule is not additive.
    ///
    /// ```rhai
    /// let set = sim::world(sim::motifs(2), rule::additive(#{ weights: [1, 2] }), #{ n: 2, count: 1 });
    /// assert_eq(set.truth.weights, [[1.0, 2.0]]);
    /// ```
    property "weights"(c, this: Known) -> "array of arrays of numbers" { Ok(weights(&this)) }

    /// The sites of a sequence, in order of their starts: maps #{ motif, name, start, end, strand
    /// }.
    ///
    /// ```rhai
    /// let set = sim::paired(sim::motifs(4, #{ width: 5 }), #{ n: 20, length: 40, per_sequence: 2 });
    /// let first = set.truth.sites(0)[0];
    /// assert_eq(first.end - first.start, 5);
    /// ```
    method "sites"(c, this: Known, row: i64) -> "array of maps" { Ok(sites_of(&this.0, row_of(&this, row)?)) }

    /// 1 where a motif was planted, 0 elsewhere.
    ///
    /// ```rhai
    /// let set = sim::paired(sim::motifs(4, #{ width: 5 }), #{ n: 20, length: 40, per_sequence: 2 });
    /// assert_eq(set.truth.mask().sum().item(), 20.0 * 2.0 * 5.0);
    /// ```
    method "mask"(c, this: Known; o = MASK) -> "tensor [rows, length]" { mask(&this, o.maybe_int("motif")) }

    /// All sites: sequence, motif, start, stop, strand.
    ///
    /// ```rhai
    /// let set = sim::paired(sim::motifs(4, #{ width: 5 }), #{ n: 20, length: 40, per_sequence: 2 });
    /// assert_eq(set.truth.table().len(), 40);
    /// ```
    method "table"(c, this: Known) -> "table" { table(&this) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [made(), known(), truths()].into_iter().flatten().collect()
}

/// How a truth is printed.
pub fn line(known: &Known) -> String {
    let rules: Vec<String> = texts(known).iter().map(ToString::to_string).collect();
    format!(
        "truth of {} sequences, {} motifs: {}",
        known.1.len(),
        known.0.motifs.len(),
        rules.join("; ")
    )
}
