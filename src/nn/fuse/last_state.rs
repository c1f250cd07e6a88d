//! A recurrent layer and the reading of its last position.

use super::modules::Modules;
use super::pattern::LayerPattern;
use crate::layers::recurrent::Running;
use std::rc::Rc;

/// A recurrent layer followed by the reading of its last position computes that position alone.
pub fn joined(modules: Modules) -> Modules {
    let mut out: Modules = Vec::with_capacity(modules.len());
    for module in modules {
        if let (LayerPattern::LastPosition, Some(LayerPattern::Recurrent(recurrent))) =
            (module.pattern(), out.last().map(|last| last.pattern()))
        {
            let last = Running::last_position(recurrent.clone());
            out.pop();
            out.push(Rc::new(last));
        } else {
            out.push(module);
        }
    }
    out
}
