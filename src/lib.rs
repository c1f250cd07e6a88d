//! A scripting runtime for genomic deep learning: Rhai over libtorch, for Rust programs.
//!
//! [`Runtime`] runs scripts and returns what they reported; errors are values ([`Fault`]) with the
//! position in the script and a hint.
//!
//! ```no_run
//! let mut runtime = cistron::Runtime::builder().seed(1).device("cpu").build()?;
//! let outcome = runtime.run(r#"
//!     let x = seq::one_hot(["ACGT", "TTTT"]);
//!     report("gc", x.sum().item() / 8.0);
//! "#)?;
//! assert_eq!(outcome.number("gc"), Some(1.0));
//! # Ok::<(), cistron::Fault>(())
//! ```
//!
//! `examples/embed` is a program that adds a function and a type.
//!
//! # libtorch
//!
//! Dependants need libtorch 2.11.0 twice: to build, where the environment variable `LIBTORCH` names
//! its folder (`scripts/libtorch.py` fetches one and prints it), and to run, where it is found in
//! the folder of `CISTRON_LIBTORCH`, those of `LD_LIBRARY_PATH`, or the one that the program was
//! built with. It is loaded when a session starts ([`torch::library`]); the program is not linked
//! against it.
//!
//! # Architecture
//!
//! Dependencies point one way: `cli → bind → science → torch → base`,
//! `bind → convert → lang → base`.
//!
//! - [`base`]: errors, files, seeds, names, shapes, interrupts
//! - [`torch`]: the only user of `tch`: tensors, devices, gradients, files of tensors
//! - the science crates never see Rhai: [`seq`] (sequences, shuffles, motifs, simulation), [`data`]
//!   (datasets, splits, batches), [`augment`] and [`audit`], all without torch; [`protein`]
//!   (structures, contacts); [`metrics`]; [`nn`] (layers, models, losses), [`optim`] (optimizers,
//!   schedules), [`train`] (fitting, checkpoints); [`explain`]; [`network`] (expression, regulatory
//!   networks, clusters, trees); [`plot`] (figures)
//! - [`track`]: records of runs
//! - [`lang`]: the script language without science: engine, session, callbacks, options, catalog,
//!   diagnostics
//! - [`convert`]: values, arguments and options between scripts and Rust
//! - [`bind`]: the script namespaces, a file for each subject
//! - [`cli`]: one file for each command

// the path that `#[native]` and the derives name
extern crate self as cistron;

pub use cistron_base as base;
pub use cistron_base::{Fault, Result, bail, errln, fault, outln};
pub use cistron_explain as explain;
pub use cistron_genome::{audit, augment, data, seq};
pub use cistron_metrics as metrics;
pub use cistron_network as network;
pub use cistron_nn as nn;
pub use cistron_nn::{optim, train};
pub use cistron_plot as plot;
pub use cistron_protein as protein;
pub use cistron_torch as torch;

pub mod bind;
pub mod cli;
pub mod convert;
mod runtime;
pub mod track;

/// Rhai without science (the crate `cistron-lang`), with the conversions of [`convert`] and the
/// attributes that declare native functions.
pub mod lang {
    pub use crate::convert::{FromOptions, FromValue, Given, IntoValue, value};
    pub use cistron_lang::*;
    pub use cistron_macros::{Choice, Options, native, natives_of};
}

pub use runtime::{Builder, Outcome, Runtime};
