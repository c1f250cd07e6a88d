//! `nn::…`, `loss::…`: layers, initialisers, models and losses.

pub mod blocks;
pub mod init;
pub mod layers;
pub mod loss;
