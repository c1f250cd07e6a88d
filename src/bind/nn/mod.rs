//! `nn::…`, `loss::…`: layers, initialisers, models and losses.

pub mod activation;
pub mod adapters;
pub mod attention;
pub mod blocks;
pub mod branches;
pub mod card;
pub mod conv;
pub mod custom;
pub mod ensemble;

pub mod init;
pub mod layers;
pub mod load_report;
pub mod loss;
pub mod loss_counts;
pub mod loss_heads;
pub mod loss_robust;
pub mod model;
pub mod module;
pub mod norm;
pub mod onnx;
pub mod parametrize;
pub mod pool;
pub mod recurrent;
pub mod regional;
pub mod resize;
pub mod self_attention;
pub mod weights;
