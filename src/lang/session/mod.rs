//! The session of a running script: engine, settings, files, parameters, output and results.

mod counters;
mod journal;
mod output;
mod parameters;
mod sandbox;
mod sources;
mod state;

pub use crate::catalog::current as catalog;
pub use crate::types::{type_info, types};
pub use crate::value::describe;
pub use counters::{
    Counts, Trial, checkpoint_folder, counts, enter_trial, next_draw, next_search, replace_draws,
    reset_draws, set_counts, skip_trial, trial,
};
pub use journal::{Event, Recorder, record, record_to, swap_recorder};
pub use output::{
    Listener, Shown, capture, captured, displayed, listen, log_to, print, print_colored,
};
pub use parameters::{declare, report, results};
pub use sandbox::{find_input, permitted, place_checkpoints, place_output};
pub use sources::{place, place_in, remember_behind, remember_source, show_as, source};
pub use state::{
    Session, Settings, Unit, abridges, current_file, engine, enter, finish, guess, is_abridged,
    is_dry, is_guessed, local, set_settings, settings, start, swap,
};
