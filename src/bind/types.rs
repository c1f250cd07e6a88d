//! Handles: values of the science crates as scripts hold them.

use crate::base::table::Cells;
use crate::base::{Result, Table};
use crate::data::loader::Transform;
use crate::data::{Batch, Dataset};
use crate::explain::modisco::Pattern;
use crate::lang::Callback;
use crate::network::Expression;
use crate::network::gnet2::Gnet2;
use crate::network::score::Gold;
use crate::nn::Value;
use crate::nn::load::Loaded;
use crate::optim::Optimizer;
use crate::seq::{Genome, Intervals, Motif, Track};
use crate::torch::weights::Weights;
use crate::train::own_loop::OwnLoop;
use crate::train::step_call::StepCall;
use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

/// The processes of the run as scripts hold them.
#[derive(Clone, Copy)]
pub struct Ranks;

/// A dataset as scripts hold it.
#[derive(Clone)]
pub struct Data(pub Rc<Dataset>);

/// A batch as scripts hold it, with what a script's own augmenters made of it.
#[derive(Clone)]
pub struct Rows(pub Rc<Batch>, pub Option<Rc<(Value, Value)>>);

/// An augmenter as scripts hold it.
#[derive(Clone)]
pub struct Augmenter {
    /// What is done to rows.
    pub step: Arc<dyn Transform>,
    /// Itself in words.
    pub text: String,
    /// What is done to batches, by the script's own functions.
    pub custom: Vec<Callback>,
}

/// An optimizer as scripts hold it: one set of state, however often it is copied.
#[derive(Clone)]
pub struct Optim(pub Rc<RefCell<Optimizer>>);

/// A call of a step function, as it receives it.
#[derive(Clone)]
pub struct StepOf(pub Rc<StepCall>);

/// The record of a training loop as scripts hold it.
#[derive(Clone)]
pub struct OwnRecord(pub Rc<RefCell<OwnLoop>>);

/// Motifs as scripts hold them.
#[derive(Clone)]
pub struct Motifs(pub Rc<Vec<Motif>>);

/// One pass over a dataset, with a script's own augmenters.
#[derive(Clone)]
pub struct Pass {
    /// The pass.
    pub loader: crate::data::Loader,
    /// The script's own augmenters.
    pub custom: Vec<Callback>,
    /// How many passes there have been, where each is to be another.
    pub passes: Option<Rc<std::cell::Cell<u64>>>,
}

/// An endless stream of batches, with a script's own augmenters.
#[derive(Clone)]
pub struct Stream {
    /// The stream, one however often it is copied.
    pub batches: Rc<RefCell<crate::data::loader::Stream>>,
    /// The script's own augmenters.
    pub custom: Vec<Callback>,
}

/// A tokenizer as scripts hold it.
#[derive(Clone)]
pub struct Tokens(pub Rc<crate::seq::tokens::Tokenizer>);

/// A protein as scripts hold it.
#[derive(Clone)]
pub struct Protein(pub Rc<crate::protein::Structure>);

/// An alignment of protein sequences as scripts hold it.
#[derive(Clone)]
pub struct Aligned(pub Rc<crate::protein::alignment::Alignment>);

/// A table of DNA shape as scripts hold it.
#[derive(Clone)]
pub struct Shapes(pub Rc<crate::seq::shape::ShapeTable>);

/// What is known of simulated sequences, and the rows in view.
#[derive(Clone)]
pub struct Known(pub Arc<crate::seq::simulate::Truth>, pub Rc<Dataset>);

/// Patterns in contributions as scripts hold them, with the contributions.
#[derive(Clone)]
pub struct Discovered(
    pub  Rc<(
        crate::explain::modisco::Discovery,
        crate::explain::modisco::Tracks,
    )>,
);

/// Values that a parameter of a search can take.
#[derive(Clone)]
pub struct OfSearch {
    /// The values.
    pub space: crate::train::search::Space,
    /// Another parameter and the value it must have.
    pub when: Option<(String, serde_json::Value)>,
}

/// A trial that runs.
#[derive(Clone)]
pub struct TrialOf {
    /// Where trials are kept.
    pub ledger: Rc<crate::train::ledger::Ledger>,
    /// Its number.
    pub number: usize,
    /// What is good.
    pub direction: crate::train::search::Direction,
    /// Trials that must be there before one is hopeless.
    pub startup: usize,
    /// Whether it was called hopeless.
    pub pruned: Rc<std::cell::Cell<bool>>,
    /// Whether nothing is kept.
    pub dry: bool,
}

/// A rule of simulated labels as scripts hold it.
#[derive(Clone)]
pub struct SimRule(pub crate::seq::simulate::Spec);

/// A chain that makes backgrounds, as scripts hold it.
#[derive(Clone)]
pub struct BackgroundSource(pub Arc<crate::seq::simulate::Markov>);

/// A table as scripts hold it.
#[derive(Clone)]
pub struct Tabled(pub Rc<Table>);

impl Tabled {
    /// A table of named columns.
    pub fn of(columns: Vec<(String, Cells)>) -> Result<Tabled> {
        Table::new(columns).map(|table| Tabled(Rc::new(table)))
    }
}

/// An expression matrix as scripts hold it.
#[derive(Clone)]
pub struct Expressed(pub Rc<Expression>);

/// Known edges of a network as scripts hold them.
#[derive(Clone)]
pub struct Standard(pub Rc<Gold>);

/// Regulatory modules as scripts hold them.
#[derive(Clone)]
pub struct ModuleSet(pub Rc<Gnet2>);

/// A model of trees as scripts hold it.
#[derive(Clone)]
pub struct TreeModel(pub Rc<crate::network::trees::Model>);

/// A model card as scripts hold it: its parts by name.
#[derive(Clone)]
pub struct ModelCard(pub Rc<serde_json::Value>);

/// A genome as scripts hold it.
#[derive(Clone)]
pub struct Genomic(pub Arc<Genome>);

/// Intervals as scripts hold them.
#[derive(Clone)]
pub struct Places(pub Rc<Intervals>);

/// A track as scripts hold it.
#[derive(Clone)]
pub struct Signal(pub Arc<Track>);

/// A file of weights with its path, as scripts hold it.
#[derive(Clone)]
pub struct WeightsFile(pub Rc<(PathBuf, Weights)>);

/// What a network took from a file of weights, with the file's path, as scripts hold it.
#[derive(Clone)]
pub struct Report(pub Rc<(PathBuf, Loaded)>);

impl Known {
    /// The rules of the labels in words.
    pub fn rules(&self) -> Vec<String> {
        let rules = self.0.rules.iter().map(|rule| match rule {
            Some(rule) => rule.text(),
            None => "the script's own function".to_string(),
        });
        rules.collect()
    }
}

impl Discovered {
    /// The patterns with their names: positive ones, then negative ones.
    pub fn patterns(&self) -> impl Iterator<Item = (String, &Pattern)> {
        let of = |sign: &'static str| move |(i, pattern)| (format!("{sign}_{i}"), pattern);
        let positive = self.0.0.positive.patterns.iter().enumerate();
        let negative = self.0.0.negative.patterns.iter().enumerate();
        positive
            .map(of("positive"))
            .chain(negative.map(of("negative")))
    }
}
