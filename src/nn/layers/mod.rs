//! The layers that scripts describe: one family a file.

pub mod activation;
pub mod attention;
pub mod attention_pool;
pub mod checkpointed;
pub mod compose;
pub mod conv;
pub mod cross_attention;
pub mod custom;
pub mod dropout;
pub mod enformer_attention;
pub mod ensemble;
pub mod gate;
pub mod linear;
pub mod module;
pub mod norm;
pub mod parametrized;
pub mod pool;
pub mod positional;
pub mod recurrent;
pub mod recurrent_steps;
pub mod regional_attention;
pub mod reshape;
pub mod resize;
