//! The script language's namespaces, one file each: thin, declarative.

pub mod arrays;
pub mod attribution;
pub mod augment;
pub mod batch;
mod broadcast;
pub mod data;
pub mod dataset;
pub mod discovery;
pub mod explain;
pub mod genome;
pub mod host;
pub mod init;
pub mod intervals;
pub mod iterate;
pub mod label;
pub mod logarithms;
pub mod loss;
pub mod metric;
pub mod motif;
pub mod motif_search;
pub mod nn;
pub mod nn_blocks;
pub mod optim;
pub mod perturbing;
pub mod plot;
pub mod plot_sequence;
pub mod probing;
pub mod rule;
pub mod schedule;
mod script_state;
pub mod search;
pub mod seq;
pub mod seq_edit;
pub mod shown;
pub mod sim;
pub mod stats;
pub mod table;
pub mod tensor;
pub mod tensor_compare;
pub mod tensor_file;
pub mod tensor_index;
pub mod tensor_layers;
pub mod tensor_math;
pub mod tensor_shape;
pub mod tensor_spectrum;
pub mod track;
pub mod train;
pub mod values;
pub mod variant;
mod warned;

use crate::lang::engine::Guarded;
use crate::lang::{Library, session};
use rhai::Engine;
use std::rc::Rc;

/// Everything that scripts can call.
pub fn library() -> Library {
    let natives = [
        host::natives(),
        logarithms::natives(),
        arrays::natives(),
        tensor::natives(),
        tensor_math::natives(),
        tensor_compare::natives(),
        tensor_shape::natives(),
        tensor_index::natives(),
        tensor_layers::natives(),
        tensor_spectrum::natives(),
        tensor_file::natives(),
        init::natives(),
        nn::natives(),
        nn_blocks::natives(),
        nn::models(),
        loss::natives(),
        optim::natives(),
        schedule::natives(),
        metric::natives(),
        seq::natives(),
        seq_edit::natives(),
        sim::natives(),
        rule::natives(),
        table::all(),
        stats::natives(),
        motif::natives(),
        motif::methods(),
        motif_search::all(),
        data::natives(),
        dataset::natives(),
        batch::natives(),
        genome::natives(),
        intervals::natives(),
        track::natives(),
        label::natives(),
        augment::natives(),
        train::natives(),
        train::methods(),
        explain::natives(),
        attribution::natives(),
        discovery::natives(),
        search::natives(),
        probing::natives(),
        perturbing::natives(),
        variant::natives(),
        plot::natives(),
        plot_sequence::natives(),
        plot::methods(),
    ];
    Library {
        natives: natives.into_iter().flatten().collect(),
        types: values::types(),
        extras: vec![|engine| {
            engine.register_iterator_result::<values::Pass, values::Rows>();
            iterate::register(engine);
        }],
    }
}

/// Starts a session in which scripts can be run.
pub fn start(settings: session::Settings) -> Rc<Engine> {
    start_with(settings, |_| {})
}

/// Starts a session whose engine has functions beside those of the library, before which they are
/// found.
pub fn start_with(settings: session::Settings, more: fn(&mut Engine)) -> Rc<Engine> {
    let no_grad = Guarded {
        word: "no_grad",
        begin: || Box::new(crate::torch::grad::no_grad()),
    };
    let mut library = library();
    library.extras.push(more);
    crate::lang::engine::start(&library, &[no_grad], settings)
}
