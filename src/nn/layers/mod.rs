//! The layers that scripts describe: one family a file.

pub mod activation;
pub mod attention;
pub mod compose;
pub mod conv;
pub mod custom;
pub mod dropout;
pub mod linear;
pub mod norm;
pub mod pool;
pub mod recurrent;
pub mod reshape;
