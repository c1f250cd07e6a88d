//! The types that scripts meet.
//!
//! One list feeds the conversion of arguments and results, `type_of` and printing.

use crate::base::Fault;
use crate::bind::printing::{json, line, weights};
use crate::bind::types::{
    Aligned, Augmenter, BackgroundSource, Data, Discovered, Expressed, Genomic, Known, ModelCard,
    ModuleSet, Motifs, OfSearch, Optim, OwnRecord, Pass, Places, Protein, Ranks, Report, Rows,
    Shapes, Signal, SimRule, Standard, StepOf, Stream, Tabled, Tokens, TreeModel, TrialOf,
    WeightsFile,
};
use crate::lang::native::TypeInfo;
use crate::metrics::Metric;
use crate::nn::loss::Loss;
use crate::nn::{Layer, Model};
use crate::optim::Schedule;
use crate::plot::Figure;
use crate::seq::Motif;
use crate::torch::Tensor;
use crate::train::average::AverageSettings;
use crate::train::{EarlyStop, History};
use std::any::TypeId;

/// For each type its name, how a value is printed in one line, how over several, and how it is
/// stored as JSON.
macro_rules! script_types {
    ($($type:ty, $name:literal, $line:expr $(, $pretty:expr $(, $json:expr)?)?;)*) => {
        $(crate::handle!($type, $name);)*

        /// All types that scripts meet.
        pub fn types() -> Vec<TypeInfo> {
            vec![$(script_types!(@entry $type, $name, $line $(, $pretty $(, $json)?)?)),*]
        }
    };
    (@entry $type:ty, $name:literal, $line:expr) => {
        script_types!(@entry $type, $name, $line, $line)
    };
    (@entry $type:ty, $name:literal, $line:expr, $pretty:expr) => {
        script_types!(@entry $type, $name, $line, $pretty, json::none)
    };
    (@entry $type:ty, $name:literal, $line:expr, $pretty:expr, $json:expr) => {
        TypeInfo {
            id: TypeId::of::<$type>(),
            receiver: TypeId::of::<$type>,
            path: std::any::type_name::<$type>(),
            name: $name,
            line: |value| {
                let own = value.read_lock::<$type>();
                own.map_or(String::new(), |own| $line(&*own))
            },
            pretty: |value| {
                let own = value.read_lock::<$type>();
                own.map_or(String::new(), |own| $pretty(&*own))
            },
            json: |value| {
                let own = value.read_lock::<$type>();
                own.and_then(|own| $json(&*own))
            },
        }
    };
}

script_types! {
    Ranks, "world", line::world;
    Tensor, "tensor", line::tensor, line::tensor_pretty;
    Layer, "layer", line::layer;
    Model, "model", line::model, Model::summary;
    Data, "dataset", line::dataset;
    Genomic, "genome", line::genome;
    Places, "intervals", line::intervals, line::intervals_pretty;
    Signal, "track", line::track;
    Rows, "batch", line::batch;
    Pass, "batches", line::batches;
    Stream, "stream", line::stream;
    Tokens, "tokenizer", line::tokenizer;
    Shapes, "shape_table", line::shape_table;
    Protein, "protein", line::protein;
    Aligned, "alignment", line::alignment;
    Augmenter, "augmenter", line::augmenter;
    Loss, "loss", line::loss;
    Optim, "optimizer", line::optimizer;
    Schedule, "schedule", line::schedule;
    AverageSettings, "average", line::average;
    Metric, "metric", line::metric_name;
    History, "history", line::history, line::history_pretty;
    EarlyStop, "stopping rule", line::stopping_rule;
    StepOf, "step", line::step;
    OwnRecord, "record", line::record;
    Motif, "motif", line::motif;
    Motifs, "motifs", line::motifs, line::motifs_pretty;
    Discovered, "discovery", line::discovery;
    OfSearch, "space", line::space;
    TrialOf, "trial", line::trial;
    Known, "truth", line::truth;
    SimRule, "rule", line::rule;
    BackgroundSource, "background", line::background;
    Tabled, "table", line::table, line::table_pretty, json::table;
    ModelCard, "card", line::card, line::card_pretty, json::card;
    Expressed, "expression", line::expression;
    Standard, "gold_standard", line::gold_standard;
    ModuleSet, "modules", line::modules;
    TreeModel, "trees", line::trees;
    WeightsFile, "weights", weights::file, weights::file_pretty;
    Report, "loaded", weights::report;
    Figure, "figure", line::figure;
    Fault, "error", line::error;
}
