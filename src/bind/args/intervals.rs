//! Options that several functions of intervals have.

use crate::base::Result;
use crate::bind::args::genome::StrandCondition;
use crate::bind::types::Places;
use crate::fault;
use crate::lang::{Options, session};
use crate::seq::Intervals;
use crate::seq::intervals::columns::{Operation, Request};
use crate::seq::intervals::overlap::Rule;
use rhai::Map;
use std::rc::Rc;

/// Options of functions that compare two lists: when two intervals overlap.
#[derive(Options)]
pub struct OverlapOptions {
    #[option(flatten)]
    shared: SharedOptions,
    /// Whether only the blocks of BED12 rows (exons) count, without the gaps between them.
    #[option(default = false)]
    split: bool,
    /// Relation of the strands; an interval without a strand is neither the same nor opposite.
    #[option(default = "any")]
    strand: StrandCondition,
}

impl OverlapOptions {
    /// The rule of an overlap.
    pub fn rule(&self) -> Rule {
        self.shared.rule(self.strand, self.split)
    }
}

/// The smallest overlap that counts.
#[derive(Options)]
pub struct SharedOptions {
    /// Smallest number of bases that two intervals share.
    #[option(default = 1, min = 1)]
    bp: i64,
    /// Smallest fraction of the first interval that is covered.
    #[option(default = 0, min = 0, max = 1)]
    fraction: f64,
    /// Smallest fraction of the second interval that is covered.
    #[option(default = 0, min = 0, max = 1)]
    other_fraction: f64,
    /// Whether one of the two fractions suffices.
    #[option(default = false)]
    either: bool,
}

impl SharedOptions {
    /// The rule of an overlap.
    pub fn rule(&self, strand: StrandCondition, split: bool) -> Rule {
        Rule {
            bp: self.bp,
            fraction: self.fraction,
            other_fraction: self.other_fraction,
            either: self.either,
            split,
            strand: strand.into(),
        }
    }
}

/// Intervals as a script value.
pub fn places(list: Intervals) -> Places {
    Places(Rc::new(list))
}

/// The operations of a map of columns to one or several of them:
/// `#{ score: "mean", name: ["distinct", "count"] }`.
pub fn requests(map: &Map) -> Result<Vec<Request>> {
    let mut requests = Vec::new();
    for (name, value) in map {
        let words = match value.clone().into_array() {
            Ok(items) => items,
            Err(_) => vec![value.clone()],
        };
        for word in words {
            let word = word.clone().into_string().map_err(|_| {
                fault!(
                    "type",
                    "the operation of column `{name}` must be a string or an array of \
                    strings, got {}",
                    session::describe(&word)
                )
                .hint("such as `#{ score: \"mean\", name: [\"distinct\", \"count\"] }`")
            })?;
            requests.push((
                name.to_string(),
                Operation::named(&word)
                    .map_err(|fault| fault.context(format!("column `{name}`")))?,
            ));
        }
    }
    Ok(requests)
}
