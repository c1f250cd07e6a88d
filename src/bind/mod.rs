//! The script language's namespaces, a file for each subject: thin, declarative.
//!
//! Namespace files do not depend on each other. What they share is in [`types`] (handles of script
//! values), `args` (readers of arguments), [`printing`] and `warnings`; [`script_types`] lists the
//! types of script values.

mod args;
pub mod data;
pub mod explain;
pub mod expression;
pub mod host;
pub mod nn;
mod passes;
pub mod plot;
pub mod printing;
pub mod protein;
pub mod rehearsals;
mod script_state;
pub mod script_types;
pub mod seq;
mod shared_trials;
pub mod tensor;
pub mod train;
pub mod types;
mod warnings;

use crate::lang::engine::Guarded;
use crate::lang::{Library, native, session};
use rhai::Engine;
use std::rc::Rc;

/// Everything that scripts can call.
pub fn library() -> Library {
    let natives = [
        host::words::natives(),
        host::mapping::natives(),
        host::errors::natives(),
        host::assertions::natives(),
        native::printing(&script_types::types()),
        host::logarithms::natives(),
        host::arrays::natives(),
        host::array_items::natives(),
        host::rounding::natives(),
        host::files::natives(),
        tensor::create::natives(),
        tensor::property::natives(),
        tensor::math::natives(),
        tensor::compare::natives(),
        tensor::shape::natives(),
        tensor::convolution::natives(),
        tensor::index::natives(),
        tensor::layers::natives(),
        tensor::scatter::natives(),
        tensor::spectrum::natives(),
        tensor::file::natives(),
        nn::init::natives(),
        nn::layers::natives(),
        nn::conv::natives(),
        nn::recurrent::natives(),
        nn::norm::natives(),
        nn::parametrize::natives(),
        nn::adapters::natives(),
        nn::onnx::natives(),
        nn::regional::natives(),
        nn::ensemble::natives(),
        nn::pool::natives(),
        nn::self_attention::natives(),
        nn::activation::natives(),
        nn::attention::natives(),
        nn::blocks::natives(),
        nn::custom::natives(),
        nn::module::natives(),
        nn::branches::natives(),
        nn::resize::natives(),
        nn::model::natives(),
        nn::card::natives(),
        nn::weights::natives(),
        nn::load_report::natives(),
        nn::loss::natives(),
        nn::loss_counts::natives(),
        nn::loss_heads::natives(),
        nn::loss_robust::natives(),
        train::optim::natives(),
        train::optim_custom::natives(),
        train::optimizer::natives(),
        train::average::natives(),
        train::schedule::natives(),
        train::metric::natives(),
        train::decision::natives(),
        train::profile::natives(),
        train::regression::natives(),
        seq::sequences::natives(),
        seq::shape::natives(),
        seq::tokens::natives(),
        seq::edit::natives(),
        seq::sim::natives(),
        seq::sim_truth::natives(),
        seq::rule::natives(),
        host::world::natives(),
        host::table::natives(),
        host::stats::natives(),
        host::correlation::natives(),
        host::counts::natives(),
        host::compare::natives(),
        host::ranked::natives(),
        seq::motif::natives(),
        seq::motif::methods(),
        seq::motif_search::all(),
        seq::motif_compare::natives(),
        seq::motif_enrichment::natives(),
        data::read::natives(),
        data::example::natives(),
        data::regions::natives(),
        data::dataset::natives(),
        data::rows::natives(),
        data::batch::natives(),
        data::mapping::natives(),
        data::audit::natives(),
        data::mix::natives(),
        data::ragged::natives(),
        seq::genome::natives(),
        seq::genome_regions::natives(),
        seq::intervals::natives(),
        seq::track::natives(),
        seq::track_values::natives(),
        data::label::natives(),
        data::augment::natives(),
        data::augment_chain::natives(),
        data::augment_named::natives(),
        train::training::natives(),
        train::step::natives(),
        train::record::natives(),
        train::probe::natives(),
        train::estimate::natives(),
        train::evaluate::natives(),
        train::history::natives(),
        explain::filters::natives(),
        explain::importance::natives(),
        explain::attribution::natives(),
        explain::differences::natives(),
        explain::mutagenesis::natives(),
        explain::activations::natives(),
        explain::discovery::natives(),
        explain::patterns::natives(),
        train::search::natives(),
        train::search_space::natives(),
        train::trial::natives(),
        explain::probing::natives(),
        explain::perturbing::natives(),
        explain::variant::natives(),
        expression::natives(),
        protein::structure::natives(),
        protein::values::natives(),
        protein::compare::natives(),
        protein::features::natives(),
        protein::contacts::natives(),
        protein::decoys::natives(),
        protein::graph::natives(),
        protein::alignment::natives(),
        protein::predicted::natives(),
        protein::simulation::natives(),
        plot::figures::natives(),
        plot::scores::natives(),
        plot::groups::natives(),
        plot::points::natives(),
        plot::modules::natives(),
        plot::sequence::natives(),
        plot::figures::methods(),
    ];
    Library {
        natives: natives.into_iter().flatten().collect(),
        types: script_types::types(),
        globals: vec![("world", || rhai::Dynamic::from(types::Ranks))],
        extras: vec![|engine| {
            engine.register_iterator_result::<types::Pass, types::Rows>();
            host::iterate::register(engine);
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
    let mut library = library();
    library.extras.push(more);
    start_library(&library, settings)
}

/// Starts a session with a library that has been extended.
pub(crate) fn start_library(library: &Library, settings: session::Settings) -> Rc<Engine> {
    let no_grad = Guarded {
        word: "no_grad",
        begin: || Box::new(crate::torch::grad::no_grad()),
    };
    crate::nn::layers::checkpointed::count_draws_with(session::replace_draws);
    crate::lang::engine::start(library, &[no_grad], settings)
}
