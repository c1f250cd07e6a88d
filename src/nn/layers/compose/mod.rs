//! Layers made of layers.

mod both_strands;
mod branches;
mod chain;
mod heads;
mod merge;
mod merge_by;
mod parallel;
mod residual;

pub use both_strands::{BothStrands, TurnedBack};
pub use branches::Branches;
pub use chain::{Chain, rest};
pub use heads::Heads;
pub use merge::Merge;
pub use merge_by::{MergeBy, MergeOutputs};
pub use parallel::Parallel;
pub use residual::Residual;

use crate::{Builder, Built, Layer, Shape, Spec};
use cistron_base::Result;

/// The largest depth of nesting among some layers.
fn deepest<'a>(parts: impl IntoIterator<Item = &'a Layer>) -> usize {
    parts.into_iter().map(Layer::depth).max().unwrap_or(0)
}

/// One set of parameters wherever this description occurs.
pub struct Tied(pub Layer);

impl Spec for Tied {
    fn depth(&self) -> usize {
        self.0.depth()
    }

    fn text(&self) -> String {
        format!("tied {}", self.0.text())
    }

    // only the first occurrence holds the parameters
    fn varies(&self) -> bool {
        true
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        builder.shared(&self.0, input)
    }
}
