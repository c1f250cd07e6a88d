//! Networks: layers are described first, then built into a model with parameters on a device.
//!
//! - [`layers`]: the layers that scripts describe, one family a file
//! - [`fuse`]: several layers of a chain, computed in one pass
//! - [`kernels`]: loops over slices of numbers that both call
//! - [`optim`], [`train`]: optimizers and schedules, the fitting loop

pub mod adapt;
pub mod build;
pub mod codes;
pub mod ensembles;
pub mod fuse;
pub mod init;
pub mod kernels;
pub mod layers;
pub mod load;
pub mod loss;
pub mod model;
pub mod onnx;
pub mod optim;
pub mod parametrize;
pub mod spec;
pub mod strands;
pub mod summary;
pub mod train;
pub mod value;
pub mod watch;
pub mod weight;

pub use build::Builder;
pub use codes::Codes;
pub use init::Init;
pub use layers::{
    activation, attention, compose, conv, custom, dropout, linear, module, norm, pool, recurrent,
    reshape,
};
pub use model::{Frozen, How, Model};
pub use spec::{Built, Layer, Mode, Module, Spec};
pub use value::{Shape, Value};
