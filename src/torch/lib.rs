//! The only user of `tch`: tensors, devices, gradients, files of tensors.
//!
//! Every operation returns a [`Result`](cistron_base::Result): torch's C++ errors become faults
//! that name the operation and the shapes of its operands, and nothing here panics.

pub mod assign;
pub mod attention;
mod codes;
pub mod collective;
pub mod contention;
pub mod custom;
pub mod device;
pub mod file;
pub mod grad;
pub mod graph;
pub mod index;
pub mod inplace;
pub mod library;
pub mod make;
mod npy;
pub mod op;
pub mod pairs;
pub mod parallel;
pub mod precision;
pub mod random;
pub mod recurrent;
pub mod resample;
pub mod sample;
pub mod scatter;
pub mod spectrum;
pub mod tensor;
pub mod weights;

pub use device::Device;
pub use graph::Number;
pub use precision::Precision;
pub use tensor::{Kind, Tensor};
