//! Optimizers that follow one another in a training.

use super::schedule::{Clock, Span};
use std::rc::Rc;

/// Optimizers in order, each with the time at which the next one begins.
#[derive(Clone, Debug)]
pub(super) enum Sequence<T> {
    /// One optimizer, without parameters.
    One(Rc<T>),
    /// Ends after a length of time.
    Until(Rc<Sequence<T>>, Span),
    /// One sequence that ends, then another.
    Then(Rc<Sequence<T>>, Rc<Sequence<T>>),
}

impl<T> Sequence<T> {
    /// Returns the number of steps after which it ends; `None` if it has no end.
    pub fn duration(&self, clock: &Clock) -> Option<f64> {
        match self {
            Sequence::One(_) => None,
            Sequence::Until(_, span) => Some(span.steps(clock)),
            Sequence::Then(a, b) => Some(a.duration(clock)? + b.duration(clock)?),
        }
    }

    /// Returns the optimizers in order.
    pub fn optimizers(&self) -> Vec<Rc<T>> {
        match self {
            Sequence::One(optimizer) => vec![optimizer.clone()],
            Sequence::Until(inner, _) => inner.optimizers(),
            Sequence::Then(a, b) => [a.optimizers(), b.optimizers()].concat(),
        }
    }

    /// Returns the lengths of time after which optimizers end.
    pub fn spans(&self) -> Vec<Span> {
        match self {
            Sequence::One(_) => Vec::new(),
            Sequence::Until(inner, span) => [inner.spans(), vec![*span]].concat(),
            Sequence::Then(a, b) => [a.spans(), b.spans()].concat(),
        }
    }

    /// Returns the index of the optimizer at a step since the sequence began.
    pub fn index(&self, step: f64, clock: &Clock) -> usize {
        match self {
            Sequence::One(_) => 0,
            Sequence::Until(inner, _) => inner.index(step, clock),
            Sequence::Then(a, b) => {
                let end = a.duration(clock).unwrap_or(f64::INFINITY);
                if step + 1e-9 < end {
                    a.index(step, clock)
                } else {
                    a.optimizers().len() + b.index(step - end, clock)
                }
            }
        }
    }
}
