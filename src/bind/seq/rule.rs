//! `rule::…`: rules that make labels out of planted motifs.

use crate::base::Result;
use crate::bind::types::SimRule;
use crate::lang::options::{INF, Opt, OptKind, opt};
use crate::lang::{Options, session};
use crate::seq::simulate::{Named, Order, Orientation, Spec};
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic};

const ADDITIVE: &[Opt] = &[
    opt(
        "weights",
        OptKind::Other("array of numbers, one for each motif"),
        "",
        "what each motif contributes; drawn from the standard normal distribution unless given",
    ),
    opt(
        "threshold",
        OptKind::Float(-INF, INF),
        "0",
        "the label is 1 where the sum reaches it",
    ),
    opt(
        "value",
        OptKind::Bool,
        "false",
        "whether the label is the sum itself",
    ),
    opt(
        "strand",
        OptKind::Choice(&["any", "+", "-"]),
        "\"any\"",
        "the strand that counts",
    ),
    crate::bind::data::read::SEEDED,
];
const PAIRED: &[Opt] = &[
    opt(
        "pairs",
        OptKind::Other("array of [motif, motif], by number or name"),
        "",
        "which motifs act together; 0 and 1, 2 and 3, … unless given",
    ),
    opt(
        "gap",
        OptKind::Other("array [fewest, most]"),
        "",
        "bases between the two",
    ),
    opt(
        "order",
        OptKind::Choice(&["any", "first", "second"]),
        "\"any\"",
        "which one of a pair stands first on the sequence",
    ),
    opt(
        "orientation",
        OptKind::Choice(&["any", "same", "opposite", "convergent", "divergent"]),
        "\"any\"",
        "how their strands lie",
    ),
];

fn additive(o: &Options) -> Result<SimRule> {
    let weights = o.get::<Vec<f64>>("weights")?;
    let reverse = match o.text("strand").as_str() {
        "+" => Some(false),
        "-" => Some(true),
        _ => None,
    };
    let threshold = (!o.flag("value")).then(|| o.float("threshold"));
    Ok(SimRule(Spec::Additive {
        weights,
        threshold,
        reverse,
        seed: crate::bind::data::read::seed(o),
    }))
}

fn named(value: &Dynamic) -> Result<Named> {
    if let Ok(n) = value.as_int() {
        return Ok(Named::Number(n));
    }
    value.clone().into_string().map(Named::Name).map_err(|_| {
        fault!(
            "type",
            "`pairs` must name motifs by number or name, got {}",
            session::describe(value)
        )
    })
}

fn pair(value: &Dynamic) -> Result<(Named, Named)> {
    let items = value.clone().into_array().unwrap_or_default();
    let [a, b] = items.as_slice() else {
        bail!(
            "type",
            "`pairs` must hold pairs [motif, motif], got {}",
            session::describe(value)
        )
    };
    Ok((named(a)?, named(b)?))
}

fn paired(o: &Options) -> Result<SimRule> {
    let pairs = o
        .get::<Array>("pairs")?
        .map(|items| items.iter().map(pair).collect::<Result<_>>())
        .transpose()?;
    let gap = match o.get::<Vec<i64>>("gap")? {
        None => (0, i64::MAX),
        Some(ends) => match ends.as_slice() {
            [low, high] if low <= high => (*low, *high),
            _ => bail!("option", "option `gap` must be [fewest, most]"),
        },
    };
    let order = match o.text("order").as_str() {
        "first" => Order::First,
        "second" => Order::Second,
        _ => Order::Any,
    };
    let orientation = match o.text("orientation").as_str() {
        "same" => Orientation::Same,
        "opposite" => Orientation::Opposite,
        "convergent" => Orientation::Convergent,
        "divergent" => Orientation::Divergent,
        _ => Orientation::Any,
    };
    Ok(SimRule(Spec::Together {
        pairs,
        gap,
        order,
        orientation,
    }))
}

natives! { made in "rule" {
    /// Makes the additive model: contributions of all planted motifs are summed; the label is 1
    /// from a threshold on.
    ///
    /// Without `threshold` the sign of the sum decides, so that about half of the labels are 1.
    ///
    /// # Source
    /// van den Bogaard, Predicting chromatin accessibility with convolutional neural networks
    /// (thesis), 3.1.2.
    ///
    /// ```rhai
    /// let pool = sim::motifs(3, #{ width: 6, seed: 1 });
    /// let set = sim::world(pool, rule::additive(#{ weights: [1, 1, 0], threshold: 2 }), #{ n: 100, length: 50, count: 2, seed: 1 });
    /// assert_eq(set.truth.sites(0).len(), 2);
    /// ```
    /// ```rhai,fails
    /// sim::world(sim::motifs(3), rule::additive(#{ weights: [1, 1] }), #{ n: 10, count: 1 });
    /// //~ 2 weights for 3 motifs
    /// ```
    function "additive"(c; o = ADDITIVE) -> "rule" { additive(&o) }

    /// Makes the paired model: the label is 1 where both motifs of some pair occur, as far apart
    /// and as they lie.
    ///
    /// # Source
    /// van den Bogaard (thesis), 3.1.2; spacing, order and orientation are additions.
    ///
    /// ```rhai
    /// let near = rule::paired(#{ pairs: [["motif01", "motif02"]], gap: [0, 20], order: "first" });
    /// let set = sim::world(sim::motifs(4), near, #{ n: 50, length: 100, count: 3, seed: 1 });
    /// assert_eq(set.truth.pairs, [[0, 1]]);
    /// ```
    function "paired"(c; o = PAIRED) -> "rule" { paired(&o) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    made()
}
