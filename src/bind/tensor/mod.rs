//! `tensor::…` and the methods of tensors.

pub mod compare;
pub mod convolution;
pub mod create;
pub mod file;
pub mod index;
pub mod layers;
pub mod math;
pub mod property;
pub mod scatter;
pub mod shape;
pub mod spectrum;
