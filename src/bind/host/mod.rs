//! Words of every script, arrays, tables and statistics.

pub mod arrays;
pub mod files;
pub mod iterate;
pub mod logarithms;
pub mod stats;
pub mod table;
pub mod words;
