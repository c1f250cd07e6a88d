//! `sim::network`: simulated expression with a known network.

use crate::base::Result;
use crate::base::table::Cells;
use crate::bind::args::seed::SeedOptions;
use crate::bind::types::{Expressed, Standard, Tabled};
use crate::lang::value::array;
use crate::lang::{Choice, Native, Options, native, natives_of};
use crate::network::simulate::{NetworkSettings, Simulated, Topology, simulate};
use rhai::{Dynamic, Map};
use std::rc::Rc;

/// How regulators are chosen for genes.
#[derive(Choice)]
pub enum TopologyName {
    /// In proportion to the number of genes that they regulate already.
    ScaleFree,
    /// All equally likely.
    Random,
}

/// Options of `sim::network`.
#[derive(Options)]
pub struct SimulationOptions {
    /// Number of genes, with the regulators.
    #[option(default = 100, min = 2)]
    genes: usize,
    /// Number of regulators.
    #[option(default = 20, min = 1)]
    regulators: usize,
    /// Number of samples.
    #[option(default = 100, min = 1)]
    samples: usize,
    /// Choice of regulators: "scale_free", in proportion to the genes that they regulate already,
    /// or "random".
    #[option(default = "scale_free")]
    topology: TopologyName,
    /// Largest number of regulators of a gene.
    #[option(default = 3, min = 1)]
    indegree: usize,
    /// Share of the regulators that other regulators control.
    #[option(default = 0.3, min = 0, max = 1)]
    depth: f64,
    /// Share of edges that repress.
    #[option(default = 0.3, min = 0, max = 1)]
    repressors: f64,
    /// Share of genes with several regulators whose effects are multiplied, not averaged.
    #[option(default = 0.3, min = 0, max = 1)]
    complex: f64,
    /// Largest Hill coefficient; 1 are Michaelis–Menten kinetics.
    #[option(default = 4, min = 1, max = 20)]
    hill: f64,
    /// Number of modules whose genes share their regulators; 0 chooses them for each gene.
    #[option(default = 0)]
    modules: usize,
    /// Number of samples in each of which one regulator is knocked out.
    #[option(default = 0)]
    knockouts: usize,
    /// Standard deviation of both kinds of noise where they are not given.
    #[option(default = 0.1, min = 0, max = 10)]
    noise: f64,
    /// Standard deviation of the logarithm of each steady state; `noise` unless given.
    #[option(min = 0, max = 10)]
    biological: Option<f64>,
    /// Standard deviation of what is added to each measured value; `noise` unless given.
    #[option(min = 0, max = 10)]
    experimental: Option<f64>,
    #[option(flatten)]
    seed: SeedOptions,
}

fn edges_table(found: &Simulated) -> Result<Tabled> {
    let name = |gene: usize| found.matrix.genes()[gene].clone();
    let sign = |activates: bool| if activates { "+" } else { "-" };
    let edges = || found.edges.iter();
    Tabled::of(vec![
        (
            "regulator".into(),
            Cells::Text(edges().map(|edge| name(edge.regulator)).collect()),
        ),
        (
            "target".into(),
            Cells::Text(edges().map(|edge| name(edge.target)).collect()),
        ),
        (
            "sign".into(),
            Cells::Text(edges().map(|edge| sign(edge.activates).into()).collect()),
        ),
    ])
}

/// Simulates expression with a known network, in the manner of SynTReN.
///
/// The network has no cycle. External inputs are uniform between 0 and 1; other genes follow their
/// regulators by Michaelis–Menten or Hill kinetics to a steady state between 0 and 1, then noise
/// is applied and values below 0 become 0. Regulators are called R1, R2, …, other genes G1, G2, ….
///
/// # Source
/// Van den Bulcke et al. 2006 (SynTReN)
///
/// ```rhai
/// let truth = sim::network(#{ genes: 30, regulators: 5, samples: 40, modules: 3, seed: 1 });
/// assert_eq(truth.matrix.values.shape, [30, 40]);
/// let edges = network::infer("mi", truth.matrix, #{ regulators: truth.regulators });
/// assert(network::score(edges, truth.gold).auroc > 0.6);
/// ```
#[native(
    namespace = "sim",
    returns = "map: matrix, gold, regulators, edges (table: regulator, target, sign), modules \
        (module of each gene that is no regulator), knockouts (regulator of each sample, or unit)"
)]
pub fn network(options: SimulationOptions) -> Result<Map> {
    let found = simulate(&NetworkSettings {
        genes: options.genes,
        regulators: options.regulators,
        samples: options.samples,
        topology: match options.topology {
            TopologyName::ScaleFree => Topology::ScaleFree,
            TopologyName::Random => Topology::Random,
        },
        indegree: options.indegree,
        depth: options.depth,
        repressors: options.repressors,
        complex: options.complex,
        hill: options.hill,
        modules: options.modules,
        knockouts: options.knockouts,
        biological: options.biological.unwrap_or(options.noise),
        experimental: options.experimental.unwrap_or(options.noise),
        seed: options.seed.seed(),
    })?;
    let name = |gene: usize| found.matrix.genes()[gene].clone();
    let knockouts = found.knockouts.iter().map(|gene| gene.map(name));
    let modules = found.modules.iter().map(|module| *module as i64);
    Ok(Map::from([
        (
            "gold".into(),
            Dynamic::from(Standard(Rc::new(found.gold()?))),
        ),
        ("edges".into(), Dynamic::from(edges_table(&found)?)),
        (
            "regulators".into(),
            array((0..found.regulators).map(name)).into(),
        ),
        ("modules".into(), array(modules).into()),
        ("knockouts".into(), array(knockouts).into()),
        (
            "matrix".into(),
            Dynamic::from(Expressed(Rc::new(found.matrix.clone()))),
        ),
    ]))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![network,]
}
