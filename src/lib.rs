//! cistron: a scripting runtime for genomic deep learning.
//!
//! The layers, from the ground up; dependencies point one way:
//! `cli → bind → science → torch → base`, `bind → lang → base`.
//!
//! - [`base`]: faults, files, seeds, names, shapes, interrupts
//! - [`torch`]: the only user of `tch`: tensors, devices, gradients, files of tensors
//! - the science crates never see Rhai: [`seq`] (sequences, shuffles, motifs, simulation), [`data`]
//!   (datasets, splits, batches) and [`augment`], all three without torch; [`metrics`]; [`nn`]
//!   (layers, models, losses), [`optim`] (optimizers, schedules), [`train`] (fitting, checkpoints);
//!   [`explain`]; [`plot`] (figures)
//! - [`track`]: records of runs
//! - [`lang`]: Rhai machinery that knows no science: engine, session, callbacks, options, catalog,
//!   diagnostics
//! - [`bind`]: one file for each script namespace, declarative
//! - [`cli`]: one file for each command
//!
//! Cargo and a test hold these rules.

pub use cistron_base as base;
pub use cistron_base::{bail, errln, fault, outln};
pub use cistron_explain as explain;
pub use cistron_genome::{augment, data, seq};
pub use cistron_metrics as metrics;
pub use cistron_nn as nn;
pub use cistron_nn::{optim, train};
pub use cistron_plot as plot;
pub use cistron_torch as torch;

pub mod bind;
pub mod cli;
pub mod lang;
pub mod track;
