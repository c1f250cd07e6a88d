//! `explain::…`: what a network learned.

use super::values::Motifs;
use crate::base::Result;
use crate::explain::filters;
use crate::natives;
use crate::nn::Model;
use std::rc::Rc;

fn filter_motifs(net: &Model, path: &str) -> Result<Motifs> {
    let (motifs, empty) = filters::motifs(net, path)?;
    if empty > 0 {
        let all: usize = motifs.iter().map(|m| m.width()).sum();
        super::train::warn(&format!("{empty} of {all} filter positions have no positive weight and are shown as uniform"));
    }
    Ok(Motifs(Rc::new(motifs)))
}

natives! { made in "explain" {
    /// Turns the filters of a first convolution into motifs: negative weights become 0, each position is scaled to sum to 1 (uniform where nothing is positive).
    ///
    /// ```rhai
    /// let net = nn::build(nn::conv1d(8, 5), [4, 20], #{ seed: 1 });
    /// assert_eq(explain::filter_motifs(net, "").len(), 8);
    /// ```
    function "filter_motifs"(c, net: Model, path: String) -> "motifs, one for each filter" { filter_motifs(&net, &path) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [made()].into_iter().flatten().collect()
}
