//! `rule::…`: rules that derive labels from planted motifs.

use crate::base::Result;
use crate::bind::args::seed::SeedOptions;
use crate::bind::types::SimRule;
use crate::lang::{Choice, FromValue, Native, Options, native, natives_of, session};
use crate::seq::simulate::{Named, Order, Orientation, Spec};
use crate::{bail, fault};
use rhai::{Array, Dynamic, NativeCallContext};

/// Options of `rule::additive`.
#[derive(Options)]
pub struct AdditiveOptions {
    /// Contribution of each motif of the pool, [motifs]; drawn from the standard normal
    /// distribution unless given.
    weights: Option<Vec<f64>>,
    /// Sum of contributions from which on the label is 1.
    #[option(default = 0)]
    threshold: f64,
    /// Whether the label is the sum itself.
    #[option(default = false)]
    value: bool,
    /// Strand whose sites are counted.
    #[option(default = "any")]
    strand: CountedStrand,
    #[option(flatten)]
    seed: SeedOptions,
}

/// Options of `rule::paired`.
#[derive(Options)]
pub struct PairedOptions {
    /// Pairs [motif, motif] that act together, by number from 0 or by name; 0 and 1, 2 and 3, …
    /// unless given.
    pairs: Option<MotifPairs>,
    /// Smallest and largest number of bases between the two motifs, `[fewest, most]`; any unless
    /// given.
    gap: Option<Gap>,
    /// Motif of the pair that precedes the other on the sequence.
    #[option(default = "any")]
    order: OrderName,
    /// Relative orientation of the strands of the two motifs.
    #[option(default = "any")]
    orientation: OrientationName,
}

/// The strands whose sites are counted.
#[derive(Choice)]
pub enum CountedStrand {
    /// Both strands.
    Any,
    /// The forward strand.
    #[choice(name = "+")]
    Forward,
    /// The reverse strand.
    #[choice(name = "-")]
    Reverse,
}

/// The motif of a pair that precedes the other.
#[derive(Choice)]
pub enum OrderName {
    /// Either motif.
    Any,
    /// The first motif of the pair.
    First,
    /// The second motif of the pair.
    Second,
}

/// The relative orientation of a pair.
#[derive(Choice)]
pub enum OrientationName {
    /// Any orientation.
    Any,
    /// Both motifs are on one strand.
    Same,
    /// The motifs are on different strands.
    Opposite,
    /// The left motif is on the forward strand, the right one on the reverse strand.
    Convergent,
    /// The left motif is on the reverse strand, the right one on the forward strand.
    Divergent,
}

impl CountedStrand {
    /// Whether the reverse strand is counted; none where both are.
    fn is_reverse(&self) -> Option<bool> {
        match self {
            CountedStrand::Any => None,
            CountedStrand::Forward => Some(false),
            CountedStrand::Reverse => Some(true),
        }
    }
}

impl From<OrderName> for Order {
    fn from(name: OrderName) -> Order {
        match name {
            OrderName::Any => Order::Any,
            OrderName::First => Order::First,
            OrderName::Second => Order::Second,
        }
    }
}

impl From<OrientationName> for Orientation {
    fn from(name: OrientationName) -> Orientation {
        match name {
            OrientationName::Any => Orientation::Any,
            OrientationName::Same => Orientation::Same,
            OrientationName::Opposite => Orientation::Opposite,
            OrientationName::Convergent => Orientation::Convergent,
            OrientationName::Divergent => Orientation::Divergent,
        }
    }
}

/// Pairs of motifs.
pub struct MotifPairs(Vec<(Named, Named)>);

impl FromValue for MotifPairs {
    fn kind() -> String {
        "array of [motif, motif], by number or name".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let items = Array::from_value(value, context)?;
        items
            .iter()
            .map(pair)
            .collect::<Result<_>>()
            .map(MotifPairs)
    }
}

fn pair(value: &Dynamic) -> Result<(Named, Named)> {
    let items = value.clone().into_array().unwrap_or_default();
    let [first, second] = items.as_slice() else {
        bail!(
            "type",
            "must hold pairs [motif, motif], got {}",
            session::describe(value)
        )
    };
    Ok((named(first)?, named(second)?))
}

fn named(value: &Dynamic) -> Result<Named> {
    if let Ok(n) = value.as_int() {
        return Ok(Named::Number(n));
    }
    value.clone().into_string().map(Named::Name).map_err(|_| {
        fault!(
            "type",
            "must name motifs by number or name, got {}",
            session::describe(value)
        )
    })
}

/// The fewest and the most bases between two motifs.
pub struct Gap(i64, i64);

impl FromValue for Gap {
    fn kind() -> String {
        "array [fewest, most]".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        match Vec::<i64>::from_value(value, context)?.as_slice() {
            [low, high] if low <= high => Ok(Gap(*low, *high)),
            _ => bail!(
                "option",
                "must be [fewest, most], got {}",
                session::describe(value)
            ),
        }
    }
}

/// Returns the additive rule, which sums the contributions of planted motifs.
///
/// The label is 1 where the sum reaches `threshold`. With the default the sign of the sum decides,
/// so that about half of the labels are 1.
///
/// # Source
/// van den Bogaard, Predicting chromatin accessibility with convolutional neural networks (thesis),
/// 3.1.2.
///
/// ```rhai
/// let pool = sim::motifs(3, #{ width: 6, seed: 1 });
/// let set = sim::world(pool, rule::additive(#{ weights: [1, 1, 0], threshold: 2 }), #{
///     n: 100, length: 50, count: 2, seed: 1
/// });
/// assert_eq(set.truth.sites(0).len(), 2);
/// ```
/// ```rhai,fails
/// sim::world(sim::motifs(3), rule::additive(#{ weights: [1, 1] }), #{ n: 10, count: 1 });
/// //~ 2 weights for 3 motifs
/// ```
#[native(namespace = "rule")]
pub fn additive(options: AdditiveOptions) -> SimRule {
    SimRule(Spec::Additive {
        weights: options.weights,
        threshold: (!options.value).then_some(options.threshold),
        reverse: options.strand.is_reverse(),
        seed: options.seed.seed(),
    })
}

/// Returns the paired rule: the label is 1 where both motifs of a pair occur.
///
/// The options restrict their distance, order and orientation.
///
/// # Source
/// van den Bogaard (thesis), 3.1.2; distance, order and orientation are additions.
///
/// ```rhai
/// let near = rule::paired(#{ pairs: [["motif01", "motif02"]], gap: [0, 20], order: "first" });
/// let set = sim::world(sim::motifs(4), near, #{ n: 50, length: 100, count: 3, seed: 1 });
/// assert_eq(set.truth.pairs, [[0, 1]]);
/// ```
#[native(namespace = "rule")]
pub fn paired(options: PairedOptions) -> SimRule {
    let gap = options.gap.map_or((0, i64::MAX), |gap| (gap.0, gap.1));
    SimRule(Spec::Together {
        pairs: options.pairs.map(|pairs| pairs.0),
        gap,
        order: options.order.into(),
        orientation: options.orientation.into(),
    })
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![additive, paired]
}
