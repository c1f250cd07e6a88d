//! Arithmetic, reductions, linear algebra and in-place changes of tensors.

pub mod arithmetic;
pub mod comparison;
pub mod elementwise;
pub mod in_place;
pub mod linear;
pub mod logic;
pub mod order;
pub mod reduction;

use crate::lang::Native;

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    [
        elementwise::natives(),
        logic::natives(),
        arithmetic::natives(),
        comparison::natives(),
        linear::natives(),
        reduction::natives(),
        order::natives(),
        in_place::natives(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
