//! What passes rewrite.

use crate::Module;
use crate::spec::LayerPattern;
use std::rc::Rc;

/// The layers of a chain.
pub type Modules = Vec<Rc<dyn Module>>;

/// The pattern of part `i`, [`LayerPattern::Other`] beyond the end.
pub fn pattern(parts: &[Rc<dyn Module>], i: usize) -> LayerPattern<'_> {
    parts
        .get(i)
        .map_or(LayerPattern::Other, |part| part.pattern())
}
