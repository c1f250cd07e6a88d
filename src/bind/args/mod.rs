//! Readers of arguments that several namespaces share, by subject.

pub mod attribution;
pub mod augment;
pub mod checkpoint;
pub mod dataset;
pub mod explain;
pub mod figure;
pub mod genome;
pub mod intervals;
pub mod labels;
pub mod layer;
pub mod loss;
pub mod measure;
pub mod metric;
pub mod motif;
pub mod network;
pub mod numbers;
pub mod operand;
pub mod path;
pub mod samples;
pub mod seed;
pub mod sequence;
pub mod simulation;
pub mod statistics;
pub mod tensor;
pub mod training;
