//! Detection of gradients through a network in evaluation mode.

use crate::lang::{Call, session};
use crate::nn::{Model, Value};
use std::cell::RefCell;

/// The network of the last forward pass with gradients in evaluation mode, if it has layers that
/// work differently in training.
#[derive(Default)]
struct Evaluated(RefCell<Option<Model>>);

/// Notes a forward pass, for [`warn_of_mode`].
pub fn note_mode(model: &Model, x: &Value, out: &Value) {
    if model.in_training().is_empty() {
        return;
    }
    let is_on = |value: &Value| value.tensors().iter().any(|tensor| tensor.is_grad_on());
    // with gradients of the input, as in attribution, evaluation mode is intended
    let evaluates = !model.is_training() && is_on(out) && !is_on(x);
    let evaluated = session::local::<Evaluated>();
    let mut last = evaluated.0.borrow_mut();
    if evaluates {
        *last = Some(model.clone());
    } else if last.as_ref().is_some_and(|noted| noted.is(model)) {
        *last = None;
    }
}

/// Warns of gradients through a network in evaluation mode that has dropout or batch normalisation.
pub fn warn_of_mode(call: &Call) {
    if let Some(model) = session::local::<Evaluated>().0.take() {
        let (name, layers) = (model.name(), model.in_training().join(" and "));
        crate::bind::warnings::at(
            call,
            &format!(
                "`backward` through `{name}` in evaluation mode: {layers} does not work as in \
                 training; `net.train()` before the loop switches, `net.eval()` after it back"
            ),
        );
    }
}
