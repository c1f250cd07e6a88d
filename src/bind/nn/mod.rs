//! `nn::…`, `loss::…`: layers, initialisers, models and losses.

pub mod activation;
pub mod blocks;
pub mod init;
pub mod layers;
pub mod loss;
pub mod model;
pub mod weights;
