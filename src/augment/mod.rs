//! Augmenters: changes to sequences while they are loaded, one a file.

pub mod chain;
pub mod mutate;
pub mod reverse_complement;
pub mod shift;

pub use chain::{Chain, OneOf};
pub use mutate::Mutate;
pub use reverse_complement::ReverseComplement;
pub use shift::Shift;
