//! Words of every script, arrays, tables and statistics.

pub mod array_items;
pub mod arrays;
pub mod assertions;
pub mod compare;
pub mod correlation;
pub mod counts;
pub mod errors;
pub mod files;
pub mod iterate;
pub mod logarithms;
pub mod mapping;
pub mod ranked;
pub mod rounding;
pub mod stats;
pub mod table;
pub mod words;
pub mod world;
