//! Layers: described first, then built into a model with parameters on a device. One family a file.

pub mod activation;
pub mod attention;
pub mod build;
mod cell;
pub mod changed;
pub mod compose;
pub mod conv;
pub mod custom;
pub mod dense;
pub mod dropout;
pub mod init;
pub mod linear;
pub mod lookup;
pub mod loss;
pub mod model;
pub mod norm;
mod norm_relu;
pub mod optim;
pub mod pool;
pub mod recurrent;
pub mod reshape;
pub mod spec;
pub mod stack;
pub mod stem;
pub mod strands;
pub mod summary;
pub mod train;
pub mod watch;

pub use build::Builder;
pub use init::Init;
pub use model::{How, Model};
pub use spec::{Built, Layer, Mode, Module, Shape, Spec, Value};
