//! Sequences of a fold, drawn from a Potts model along a random tree.
//!
//! A residue's field is by burial (hydropathy), secondary structure (propensities of Chou and
//! Fasman) and a part of its own; core residues have one letter that is nearly always kept. Coupled
//! contacts prefer opposite charges, two hydrophobic or two polar residues, a small beside a large
//! one, and pairs of letters of their own.

use super::settings::FoldSettings;
use super::topology::{Kind, Segment, Topology};
use crate::alignment::{GAP, LETTERS};
use crate::maps;
use crate::point::{Point, distance};
use cistron_base::seed::Rng;
use cistron_base::{Result, interrupt, memory};

/// Number of amino acids.
const LETTER_COUNT: usize = 20;
/// Distance of Cβ below which residues are in contact, in Å.
const CONTACT: f64 = 8.0;
/// The nearest residues along the chain that are coupled.
const SEPARATION: usize = 4;
/// Rounds of draws of all residues before the first sequence.
const BURN_IN: usize = 60;
/// Share of the residues that are drawn again on a branch of the tree.
const BRANCH: f64 = 0.5;

/// Hydropathy of Kyte and Doolittle, in the order of the letters.
const HYDROPATHY: [f64; LETTER_COUNT] = [
    1.8, 2.5, -3.5, -3.5, 2.8, -0.4, -3.2, 4.5, -3.9, 3.8, 1.9, -3.5, -1.6, -3.5, -4.5, -0.8, -0.7,
    4.2, -0.9, -1.3,
];
/// Volumes of side chains and backbone, in Å³.
const VOLUME: [f64; LETTER_COUNT] = [
    88.6, 108.5, 111.1, 138.4, 189.9, 60.1, 153.2, 166.7, 168.6, 166.7, 162.9, 114.1, 112.7, 143.8,
    173.4, 89.0, 116.1, 140.0, 227.8, 193.6,
];
/// Propensities of helices.
const HELIX: [f64; LETTER_COUNT] = [
    1.42, 0.70, 1.01, 1.51, 1.13, 0.57, 1.00, 1.08, 1.16, 1.21, 1.45, 0.67, 0.57, 1.11, 0.98, 0.77,
    0.83, 1.06, 1.08, 0.69,
];
/// Propensities of strands.
const STRAND: [f64; LETTER_COUNT] = [
    0.83, 1.19, 0.54, 0.37, 1.38, 0.75, 0.87, 1.60, 0.74, 1.30, 1.05, 0.89, 0.55, 1.10, 0.93, 0.75,
    1.19, 1.70, 1.37, 1.47,
];
/// Propensities of turns.
const TURN: [f64; LETTER_COUNT] = [
    0.66, 1.19, 1.46, 0.74, 0.60, 1.56, 0.95, 0.47, 1.01, 0.59, 0.60, 1.56, 1.52, 0.98, 0.95, 1.43,
    0.96, 0.50, 0.96, 1.14,
];
/// Letters that core residues keep.
const CORE: &str = "FILMVWY";

/// Sequences and what was planted in them.
pub struct Drawn {
    /// Codes of the letters, sequence by sequence; the first has no gaps.
    pub rows: Vec<Vec<u8>>,
    /// Pairs of residues whose columns are coupled.
    pub coupled: Vec<(usize, usize)>,
    /// Residues of the conserved core.
    pub core: Vec<usize>,
}

/// The energies of a Potts model: the higher, the likelier.
struct Potts {
    fields: Vec<[f64; LETTER_COUNT]>,
    tables: Vec<Vec<f64>>,
    /// Of each residue the coupled ones, the table, and whether the residue is its first index.
    neighbours: Vec<Vec<(usize, usize, bool)>>,
}

/// Draws the sequences of a fold with Cβ at `sides`.
pub fn draw(
    topology: &Topology,
    sides: &[Point],
    settings: &FoldSettings,
    rng: &mut Rng,
) -> Result<Drawn> {
    let n = sides.len();
    memory::elements(&[settings.depth as i64, n as i64], 2)?;
    let near = |i: usize| {
        let others = sides
            .iter()
            .filter(|other| distance(sides[i], **other) < 10.0);
        others.count() - 1
    };
    let counts: Vec<usize> = (0..n).map(near).collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|i| (counts[*i], *i));
    let mut burial = vec![0.0; n];
    for (rank, i) in order.iter().enumerate() {
        burial[*i] = rank as f64 / (n - 1) as f64;
    }
    let mut core = order[n - (settings.core * n as f64).round() as usize..].to_vec();
    core.sort_unstable();
    let (potts, coupled) = Potts::draw(topology, sides, &burial, &core, settings, rng);
    let mut rows = vec![potts.first(n, rng)];
    while rows.len() < settings.depth {
        interrupt::check()?;
        let mut row = rows[rng.below(rows.len())].clone();
        for i in 0..n {
            if rng.uniform() < BRANCH {
                row[i] = potts.letter(i, &row, rng);
            }
        }
        rows.push(row);
    }
    for row in rows.iter_mut().skip(1) {
        delete(topology, row, rng);
    }
    Ok(Drawn {
        rows,
        coupled,
        core,
    })
}

/// A scale with mean 0 and standard deviation 1 over the letters.
fn standard(scale: [f64; LETTER_COUNT]) -> [f64; LETTER_COUNT] {
    let mean = scale.iter().sum::<f64>() / LETTER_COUNT as f64;
    let squares = scale.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    let deviation = (squares / LETTER_COUNT as f64).sqrt();
    scale.map(|x| (x - mean) / deviation)
}

/// The charge of a letter.
fn charge(code: usize) -> f64 {
    match LETTERS.as_bytes()[code] {
        b'K' | b'R' => 1.0,
        b'D' | b'E' => -1.0,
        _ => 0.0,
    }
}

/// How well two letters go together at a contact.
fn affinity(a: usize, b: usize) -> f64 {
    let (hydropathy, volume) = (standard(HYDROPATHY), standard(VOLUME));
    0.5 * hydropathy[a] * hydropathy[b] - 0.4 * volume[a] * volume[b] - 1.5 * charge(a) * charge(b)
}

impl Potts {
    fn draw(
        topology: &Topology,
        sides: &[Point],
        burial: &[f64],
        core: &[usize],
        settings: &FoldSettings,
        rng: &mut Rng,
    ) -> (Potts, Vec<(usize, usize)>) {
        let n = sides.len();
        let hydropathy = standard(HYDROPATHY);
        let field = |i: usize, rng: &mut Rng| {
            let propensity = match topology.kind(i) {
                Kind::Helix => HELIX,
                Kind::Strand => STRAND,
                Kind::Loop => TURN,
            };
            std::array::from_fn(|a| {
                let buried = 1.2 * (2.0 * burial[i] - 1.0) * hydropathy[a];
                buried + propensity[a].ln() + 0.5 * rng.normal()
            })
        };
        let mut fields: Vec<[f64; LETTER_COUNT]> = (0..n).map(|i| field(i, rng)).collect();
        for i in core {
            let letter = CORE.as_bytes()[rng.below(CORE.len())] as char;
            fields[*i][LETTERS.find(letter).unwrap_or(0)] += 6.0;
        }
        let pairs: Vec<f64> = (0..LETTER_COUNT * LETTER_COUNT)
            .map(|k| affinity(k / LETTER_COUNT, k % LETTER_COUNT))
            .collect();
        let touching = maps::contacts(sides, CONTACT);
        let (mut tables, mut coupled) = (Vec::new(), Vec::new());
        let mut neighbours = vec![Vec::new(); n];
        for i in 0..n {
            for j in i + SEPARATION..n {
                if !touching[[i, j]] || rng.uniform() >= settings.coupled {
                    continue;
                }
                neighbours[i].push((j, tables.len(), true));
                neighbours[j].push((i, tables.len(), false));
                let own = pairs
                    .iter()
                    .map(|pair| settings.coupling * (pair + 0.7 * rng.normal()));
                tables.push(own.collect());
                coupled.push((i, j));
            }
        }
        let potts = Potts {
            fields,
            tables,
            neighbours,
        };
        (potts, coupled)
    }

    /// A letter of a residue, drawn given all others.
    fn letter(&self, i: usize, row: &[u8], rng: &mut Rng) -> u8 {
        let mut energies = self.fields[i];
        for (j, table, is_first) in &self.neighbours[i] {
            let other = usize::from(row[*j]);
            let (start, step) = if *is_first {
                (other, LETTER_COUNT)
            } else {
                (other * LETTER_COUNT, 1)
            };
            let table = &self.tables[*table];
            for (a, energy) in energies.iter_mut().enumerate() {
                *energy += table[start + a * step];
            }
        }
        let largest = energies.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let shares = energies.map(|energy| (energy - largest).exp());
        let mut left = rng.uniform() * shares.iter().sum::<f64>();
        let found = shares.iter().position(|share| {
            left -= share;
            left < 0.0
        });
        found.unwrap_or(LETTER_COUNT - 1) as u8
    }

    /// The sequence at the root of the tree.
    fn first(&self, n: usize, rng: &mut Rng) -> Vec<u8> {
        let mut row: Vec<u8> = (0..n).map(|_| rng.below(LETTER_COUNT) as u8).collect();
        for _ in 0..BURN_IN {
            for i in 0..n {
                row[i] = self.letter(i, &row, rng);
            }
        }
        row
    }
}

/// Deletes an end of some sequences, and part of a loop of others.
fn delete(topology: &Topology, row: &mut [u8], rng: &mut Rng) {
    let n = row.len();
    if rng.uniform() < 0.25 {
        let count = rng.below(n / 7 + 1);
        if rng.uniform() < 0.5 {
            row[..count].fill(GAP);
        } else {
            row[n - count..].fill(GAP);
        }
    }
    if rng.uniform() < 0.3 {
        let is_loop = |segment: &&Segment| segment.kind == Kind::Loop;
        let loops: Vec<_> = topology.segments.iter().filter(is_loop).collect();
        if let Some(own) = loops.get(rng.below(loops.len())) {
            let end = own.end.min(own.start + 1 + rng.below(3));
            row[own.start..end].fill(GAP);
        }
    }
}
