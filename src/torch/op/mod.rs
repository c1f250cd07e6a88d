//! Operations on tensors.

mod elementwise;
mod linear;
mod normalise;
mod reduce;
mod select;
mod shape;
mod window;

pub use reduce::Dims;
pub use window::Window;
