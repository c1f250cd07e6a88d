//! Simulated expression with a known network, in the manner of SynTReN (Van den Bulcke et al.
//! 2006).

use crate::expression::Expression;
use crate::score::Gold;
use cistron_base::seed::Rng;
use cistron_base::{Result, bail, interrupt, memory};
use ndarray::Array2;

/// How regulators are chosen for genes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topology {
    /// In proportion to the number of genes that they regulate already: few have many targets.
    ScaleFree,
    /// All equally likely.
    Random,
}

/// How a network and its expression are simulated.
#[derive(Clone, Copy, Debug)]
pub struct NetworkSettings {
    /// Number of genes, with the regulators.
    pub genes: usize,
    /// Number of regulators.
    pub regulators: usize,
    /// Number of samples.
    pub samples: usize,
    /// How regulators are chosen for genes.
    pub topology: Topology,
    /// Largest number of regulators of a gene.
    pub indegree: usize,
    /// Share of the regulators that others regulate.
    pub depth: f64,
    /// Share of edges that repress.
    pub repressors: f64,
    /// Share of genes with several regulators on which these act together.
    pub complex: f64,
    /// Largest Hill coefficient; 1 are Michaelis–Menten kinetics.
    pub hill: f64,
    /// Number of modules, whose genes share regulators; 0 chooses them for each gene.
    pub modules: usize,
    /// Number of samples in each of which one regulator is knocked out.
    pub knockouts: usize,
    /// Standard deviation of the logarithm of each steady state, of the cells themselves.
    pub biological: f64,
    /// Standard deviation of what is added to each value, of the measurement.
    pub experimental: f64,
    /// Seed of the random numbers.
    pub seed: u64,
}

/// An edge of a simulated network.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SimulatedEdge {
    /// The regulator.
    pub regulator: usize,
    /// The gene.
    pub target: usize,
    /// Whether the regulator activates it.
    pub activates: bool,
}

/// A simulated network with its expression.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// The expression, of regulators first.
    pub matrix: Expression,
    /// How many of the first genes are regulators.
    pub regulators: usize,
    /// The edges.
    pub edges: Vec<SimulatedEdge>,
    /// The module of each gene that is no regulator, where there are modules.
    pub modules: Vec<usize>,
    /// The regulator that is knocked out in each sample.
    pub knockouts: Vec<Option<usize>>,
}

/// The kinetics of a gene.
struct Kinetics {
    /// Regulator, whether it activates, half-saturation, Hill coefficient.
    terms: Vec<(usize, bool, f64, f64)>,
    /// Whether regulators act together: effects are multiplied, not averaged.
    is_complex: bool,
}

impl Kinetics {
    fn level(&self, levels: &[f64]) -> f64 {
        let term = |(regulator, activates, half, hill): &(usize, bool, f64, f64)| {
            let (x, k) = (levels[*regulator].powf(*hill), half.powf(*hill));
            // at full expression an activator has effect 1, without expression a repressor
            match activates {
                true => x * (1.0 + k) / (x + k),
                false => k / (x + k),
            }
        };
        let effects = self.terms.iter().map(term);
        match self.is_complex {
            true => effects.product(),
            false => effects.sum::<f64>() / self.terms.len() as f64,
        }
    }
}

fn check(settings: &NetworkSettings) -> Result<()> {
    let NetworkSettings {
        genes,
        regulators,
        samples,
        ..
    } = *settings;
    if regulators == 0 || regulators >= genes {
        bail!(
            "value",
            "a network needs from 1 regulator to one fewer than genes, got {regulators} of {genes}"
        );
    }
    if samples == 0 || settings.indegree == 0 {
        bail!(
            "value",
            "a network needs samples and an `indegree` of at least 1, got {samples} and {}",
            settings.indegree
        );
    }
    if settings.knockouts > samples {
        bail!(
            "value",
            "there are {samples} samples, too few for {} knock-outs",
            settings.knockouts
        );
    }
    memory::elements(&[genes as i64, samples as i64], 3 * size_of::<f64>())?;
    memory::elements(
        &[genes as i64, regulators.min(settings.indegree) as i64],
        64,
    )?;
    Ok(())
}

/// Draws different regulators below a number.
fn drawn(below: usize, settings: &NetworkSettings, targets: &[f64], rng: &mut Rng) -> Vec<usize> {
    let most = settings.indegree.min(below);
    let count = 1 + rng.below(most);
    let mut chosen: Vec<usize> = Vec::new();
    while chosen.len() < count {
        let next = match settings.topology {
            Topology::Random => rng.below(below),
            Topology::ScaleFree => {
                let total: f64 = targets[..below].iter().sum();
                let mut left = rng.uniform() * total;
                let found = targets[..below].iter().position(|weight| {
                    left -= weight;
                    left < 0.0
                });
                found.unwrap_or(below - 1)
            }
        };
        if !chosen.contains(&next) {
            chosen.push(next);
        }
    }
    chosen
}

fn kinetics(regulators: &[(usize, bool)], settings: &NetworkSettings, rng: &mut Rng) -> Kinetics {
    let term = |(regulator, activates): &(usize, bool)| {
        let half = 0.2 + 0.6 * rng.uniform();
        let hill = 1.0 + rng.uniform() * (settings.hill - 1.0).max(0.0);
        (*regulator, *activates, half, hill)
    };
    let terms: Vec<_> = regulators.iter().map(term).collect();
    let is_complex = terms.len() > 1 && rng.uniform() < settings.complex;
    Kinetics { terms, is_complex }
}

struct Wiring {
    /// Kinetics of genes; none of external inputs.
    kinetics: Vec<Option<Kinetics>>,
    modules: Vec<usize>,
}

fn wired(settings: &NetworkSettings, rng: &mut Rng) -> Result<Wiring> {
    let mut targets = vec![1.0; settings.regulators];
    let mut signed = |below: usize, rng: &mut Rng, weight: f64| -> Vec<(usize, bool)> {
        let chosen = drawn(below, settings, &targets, rng);
        chosen
            .iter()
            .for_each(|regulator| targets[*regulator] += weight);
        chosen
            .into_iter()
            .map(|r| (r, rng.uniform() >= settings.repressors))
            .collect()
    };
    let mut all = Vec::with_capacity(settings.genes);
    for regulator in 0..settings.regulators {
        let is_input = regulator == 0 || rng.uniform() >= settings.depth;
        all.push(match is_input {
            true => None,
            false => Some(kinetics(&signed(regulator, rng, 1.0), settings, rng)),
        });
    }
    let others = settings.genes - settings.regulators;
    let count = settings.modules.min(others);
    let size = others as f64 / count.max(1) as f64;
    let shared: Vec<_> = (0..count)
        .map(|_| signed(settings.regulators, rng, size))
        .collect();
    let mut modules = Vec::new();
    for gene in 0..others {
        interrupt::check()?;
        // each module has a gene
        let module = (count > 0).then(|| if gene < count { gene } else { rng.below(count) });
        let own = match module {
            Some(module) => shared[module].clone(),
            None => signed(settings.regulators, rng, 1.0),
        };
        modules.extend(module);
        all.push(Some(kinetics(&own, settings, rng)));
    }
    Ok(Wiring {
        kinetics: all,
        modules,
    })
}

/// Simulates a network without cycles and the steady states of its genes.
///
/// External inputs are uniform between 0 and 1; other genes follow their regulators by Michaelis–
/// Menten or Hill kinetics.
pub fn simulate(settings: &NetworkSettings) -> Result<Simulated> {
    check(settings)?;
    let mut rng = Rng::keyed(&[settings.seed, 0x6e65_7477]);
    let wiring = wired(settings, &mut rng)?;
    let mut knockouts: Vec<Option<usize>> = vec![None; settings.samples];
    for knocked in knockouts.iter_mut().take(settings.knockouts) {
        *knocked = Some(rng.below(settings.regulators));
    }
    rng.shuffle(&mut knockouts);
    let mut values = Array2::zeros((settings.genes, settings.samples));
    for (sample, knocked) in knockouts.iter().enumerate() {
        interrupt::check()?;
        let mut levels: Vec<f64> = Vec::with_capacity(settings.genes);
        for (gene, kinetics) in wiring.kinetics.iter().enumerate() {
            let steady = match kinetics {
                None => rng.uniform(),
                Some(kinetics) => kinetics.level(&levels),
            };
            let noisy = steady * (settings.biological * rng.normal()).exp();
            levels.push(if *knocked == Some(gene) { 0.0 } else { noisy });
        }
        for (gene, level) in levels.into_iter().enumerate() {
            values[[gene, sample]] = (level + settings.experimental * rng.normal()).max(0.0);
        }
    }
    let name = |gene: usize| match gene < settings.regulators {
        true => format!("R{}", gene + 1),
        false => format!("G{}", gene + 1 - settings.regulators),
    };
    let edges = wiring
        .kinetics
        .iter()
        .enumerate()
        .flat_map(|(target, kinetics)| {
            let terms = kinetics.iter().flat_map(|kinetics| &kinetics.terms);
            terms.map(move |(regulator, activates, ..)| SimulatedEdge {
                regulator: *regulator,
                target,
                activates: *activates,
            })
        });
    Ok(Simulated {
        edges: edges.collect(),
        matrix: Expression::new(
            (0..settings.genes).map(name).collect(),
            (1..=settings.samples)
                .map(|i| format!("sample{i}"))
                .collect(),
            values,
        )?,
        regulators: settings.regulators,
        modules: wiring.modules,
        knockouts,
    })
}

impl Simulated {
    /// The edges as a gold standard.
    pub fn gold(&self) -> Result<Gold> {
        let name = |gene: usize| self.matrix.genes()[gene].clone();
        Gold::new(
            self.edges.iter().map(|edge| name(edge.regulator)).collect(),
            self.edges.iter().map(|edge| name(edge.target)).collect(),
            None,
            false,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: NetworkSettings = NetworkSettings {
        genes: 60,
        regulators: 10,
        samples: 40,
        topology: Topology::ScaleFree,
        indegree: 3,
        depth: 0.4,
        repressors: 0.3,
        complex: 0.3,
        hill: 4.0,
        modules: 0,
        knockouts: 0,
        biological: 0.0,
        experimental: 0.0,
        seed: 1,
    };

    #[test]
    fn networks_have_no_cycle_and_states_between_0_and_1() {
        for seed in 0..50 {
            let found = simulate(&NetworkSettings { seed, ..SETTINGS }).expect("a network");
            assert!(found.edges.iter().all(|edge| {
                edge.regulator < 10 && (edge.target >= 10 || edge.regulator < edge.target)
            }));
            assert!(
                found
                    .matrix
                    .values()
                    .iter()
                    .all(|x| (0.0..=1.0 + 1e-12).contains(x))
            );
            assert!(found.matrix.variances()[10..].iter().all(|v| *v > 0.0));
            let targets: std::collections::HashSet<usize> =
                found.edges.iter().map(|edge| edge.target).collect();
            assert!((10..60).all(|gene| targets.contains(&gene)));
            assert!(found.gold().expect("a gold standard").pairs().len() == found.edges.len());
        }
    }

    /// A gene with one activator rises with it, one with a repressor falls.
    #[test]
    fn single_regulators_order_their_targets() {
        let found = simulate(&NetworkSettings {
            indegree: 1,
            ..SETTINGS
        })
        .expect("a network");
        for edge in found.edges {
            let (x, y) = (
                found.matrix.gene(edge.regulator),
                found.matrix.gene(edge.target),
            );
            let (x, y) = (x.to_vec(), y.to_vec());
            let rho = cistron_metrics::statistics::of_ranks(&x, &y);
            assert!(
                (rho - if edge.activates { 1.0 } else { -1.0 }).abs() < 1e-9,
                "{rho}"
            );
        }
    }

    #[test]
    fn modules_share_regulators_and_knocked_out_regulators_are_0() {
        let settings = NetworkSettings {
            modules: 5,
            knockouts: 20,
            ..SETTINGS
        };
        let found = simulate(&settings).expect("a network");
        assert_eq!(found.modules.len(), 50);
        let regulators = |gene: usize| -> Vec<usize> {
            let own = found.edges.iter().filter(|edge| edge.target == gene + 10);
            own.map(|edge| edge.regulator).collect()
        };
        for gene in 0..50 {
            assert_eq!(regulators(gene), regulators(found.modules[gene]));
        }
        assert_eq!(found.knockouts.iter().flatten().count(), 20);
        for (sample, knocked) in found.knockouts.iter().enumerate() {
            assert!(knocked.is_none_or(|gene| found.matrix.values()[[gene, sample]] == 0.0));
        }
        let wrong = |settings: NetworkSettings| simulate(&settings).is_err();
        assert!(wrong(NetworkSettings {
            regulators: 60,
            ..SETTINGS
        }));
        assert!(wrong(NetworkSettings {
            regulators: 0,
            ..SETTINGS
        }));
        assert!(wrong(NetworkSettings {
            samples: 0,
            ..SETTINGS
        }));
        assert!(wrong(NetworkSettings {
            knockouts: 41,
            ..SETTINGS
        }));
    }
}
