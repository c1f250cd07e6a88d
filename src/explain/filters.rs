//! First-layer filters as motifs, from their weights alone.

use cistron_base::bail;
use cistron_base::{Result, shape};
use cistron_genome::seq::Motif;
use cistron_genome::seq::motif::shares;
use cistron_nn::Model;
use ndarray::Array3;

/// Weights of a convolution on sequences.
struct Filters {
    count: usize,
    width: usize,
    /// `[filters, 4, width]`
    weights: Array3<f32>,
}

impl Filters {
    fn of(model: &Model, path: &str) -> Result<Filters> {
        let name = named(path, "weight");
        let weight = model.effective(&name)?;
        let [filters, 4, width] = weight.shape()[..] else {
            bail!(
                "shape",
                "`{name}` is {}, filters on sequences are [filters, 4, width]",
                shape::text(&weight.shape());
                hint: "name the first convolution, the one that reads A C G T"
            );
        };
        Ok(Filters {
            count: filters as usize,
            width: width as usize,
            weights: weight.to_array3()?,
        })
    }

    fn weight(&self, filter: usize, base: usize, position: usize) -> f32 {
        self.weights[[filter, base, position]]
    }
}

fn named(path: &str, last: &str) -> String {
    if path.is_empty() {
        last.to_string()
    } else {
        format!("{path}.{last}")
    }
}

/// The filters of a convolution on `[4, length]`: negative weights become 0, each position is
/// scaled to sum to 1. A position without positive weights becomes uniform. Returns
/// also how many such positions there are.
pub fn motifs(model: &Model, path: &str) -> Result<(Vec<Motif>, usize)> {
    let filters = Filters::of(model, path)?;
    let row = |filter: usize, position: usize| {
        std::array::from_fn(|base| f64::from(filters.weight(filter, base, position)).max(0.0))
    };
    let rows: Vec<Vec<[f64; 4]>> = (0..filters.count)
        .map(|filter| {
            (0..filters.width)
                .map(|position| row(filter, position))
                .collect()
        })
        .collect();
    let empty = rows
        .iter()
        .flatten()
        .filter(|row| row.iter().sum::<f64>() <= 0.0)
        .count();
    let motif = |(i, rows): (usize, Vec<[f64; 4]>)| {
        Motif::new(
            format!("filter{}", i + 1),
            rows.into_iter().map(shares).collect(),
        )
    };
    Ok((rows.into_iter().enumerate().map(motif).collect(), empty))
}

/// Basset's rule: each filter's motif is made of the windows of sequences that activate it by more
/// than a share of its largest activation on them. Also returns the number of windows of each.
///
/// Kelley, Snoek & Rinn, Genome Research 2016.
pub fn motifs_of_activations(
    model: &Model,
    path: &str,
    codes: &[u8],
    length: usize,
    share: f64,
) -> Result<Vec<(Motif, usize)>> {
    let filters = Filters::of(model, path)?;
    let width = filters.width;
    if length < width {
        bail!(
            "shape",
            "sequences of {length} bp are shorter than filters of {width}"
        );
    }
    let bias = model
        .get(&named(path, "bias"))
        .and_then(|bias| bias.to_f32())
        .unwrap_or_else(|_| vec![0.0; filters.count]);
    let found = cistron_torch::parallel::map(filters.count, &|filter| {
        let weights = |place: usize, code: u8| {
            if code < 4 {
                filters.weight(filter, usize::from(code), place)
            } else {
                0.0
            }
        };
        let activation = |window: &[u8]| {
            bias[filter]
                + window
                    .iter()
                    .enumerate()
                    .map(|(place, code)| weights(place, *code))
                    .sum::<f32>()
        };
        let windows = || {
            codes
                .chunks_exact(length)
                .flat_map(|row| row.windows(width))
        };
        let most = windows().map(activation).fold(f32::NEG_INFINITY, f32::max);
        let (mut counts, mut n) = (vec![[0.0f64; 4]; width], 0);
        if most > 0.0 {
            for window in
                windows().filter(|window| f64::from(activation(window)) > share * f64::from(most))
            {
                n += 1;
                window
                    .iter()
                    .enumerate()
                    .filter(|(_, code)| **code < 4)
                    .for_each(|(place, code)| counts[place][usize::from(*code)] += 1.0);
            }
        }
        (
            Motif {
                sites: n as f64,
                ..Motif::new(
                    format!("filter{}", filter + 1),
                    counts.into_iter().map(shares).collect(),
                )
            },
            n,
        )
    });
    Ok(found)
}
