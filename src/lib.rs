//! cistron: a scripting runtime for genomic deep learning.
//!
//! The house, from the ground up; arrows run one way:
//! `cli → bind → science rooms → torch → base`, `bind → lang → base`.
//!
//! - [`base`]: faults, seeds, names, shapes, interrupts; knows only `std`
//! - [`torch`]: the one room that says `use tch`: tensors, devices, gradients, files of tensors
//! - the science rooms never see Rhai: [`seq`] (sequences, shuffles, motifs, simulation), [`data`]
//!   (datasets, splits, batches), [`nn`] (layers, models, losses), [`optim`] (optimizers,
//!   schedules), [`augment`], [`metrics`], [`train`] (fitting, checkpoints), [`explain`], [`plot`]
//!   (figures), [`track`] (runs that are kept)
//! - [`lang`]: Rhai machinery that knows no science: engine, session, callbacks, options, catalog,
//!   diagnostics
//! - [`bind`]: one file for each script namespace, declarative
//! - [`cli`]: one file for each command
//!
//! A test reads the sources and holds these rules.

pub mod augment;
pub mod base;
pub mod bind;
pub mod cli;
pub mod data;
pub mod explain;
pub mod lang;
pub mod metrics;
pub mod nn;
pub mod optim;
pub mod plot;
pub mod seq;
pub mod torch;
pub mod track;
pub mod train;
