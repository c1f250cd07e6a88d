//! Augmenters: changes to sequences while they are loaded.

pub mod chain;
pub mod mutate;
pub mod named;
pub mod reverse_complement;
pub mod shift;
pub mod structural;

pub use chain::{Blended, Chain, During, OneOf, SomeOf, Sometimes};
pub use mutate::Mutate;
pub use named::{Exchange, Gaussian, MixInputs};
pub use reverse_complement::ReverseComplement;
pub use shift::Shift;
pub use structural::{Crop, Deletion, Insertion, Inversion, Mask, ToNegative, Translocation};
