//! Statistics: tests, intervals, corrections for many tests.

pub mod multiple;
