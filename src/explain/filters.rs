//! First-layer filters as motifs, from their weights alone.

use crate::bail;
use crate::base::{Result, shape};
use crate::nn::Model;
use crate::seq::Motif;

/// The filters of a convolution on `[4, length]`: negative weights become 0, each position is scaled to sum to 1.
/// A position without positive weights says nothing and becomes uniform. Gives also how many such positions there are.
pub fn motifs(model: &Model, path: &str) -> Result<(Vec<Motif>, usize)> {
    let name = if path.is_empty() { "weight".to_string() } else { format!("{path}.weight") };
    let weight = match model.get(&name) {
        Ok(weight) => weight,
        Err(fault) => match model.get(&name.replace("weight", "weight_v")) {
            Ok(weight) => weight,
            Err(_) => return Err(fault),
        },
    };
    let [filters, 4, width] = weight.shape()[..] else {
        bail!("shape", "`{name}` is {}, filters on sequences are [filters, 4, width]", shape::text(&weight.shape()); hint: "name the first convolution, the one that reads A C G T");
    };
    let values = weight.to_f32()?;
    let mut empty = 0;
    let motifs = (0..filters as usize)
        .map(|f| {
            let at = |base: usize, position: usize| f64::from(values[(f * 4 + base) * width as usize + position]).max(0.0);
            let ppm = (0..width as usize)
                .map(|position| {
                    let row: [f64; 4] = std::array::from_fn(|base| at(base, position));
                    let sum: f64 = row.iter().sum();
                    if sum > 0.0 {
                        row.map(|x| x / sum)
                    } else {
                        empty += 1;
                        [0.25; 4]
                    }
                })
                .collect();
            Motif::new(format!("filter{}", f + 1), ppm)
        })
        .collect();
    Ok((motifs, empty))
}

/// Basset's rule: each filter's motif is made of the windows of sequences that activate it by more than a share of its
/// largest activation on them. Gives also how many windows there were for each.
///
/// Kelley, Snoek & Rinn, Genome Research 2016.
pub fn motifs_of_activations(model: &Model, path: &str, codes: &[u8], length: usize, share: f64) -> Result<Vec<(Motif, usize)>> {
    let name = |last: &str| if path.is_empty() { last.to_string() } else { format!("{path}.{last}") };
    let weight = model.get(&name("weight"))?;
    let [filters, 4, width] = weight.shape()[..] else {
        bail!("shape", "`{}` is {}, filters on sequences are [filters, 4, width]", name("weight"), shape::text(&weight.shape()); hint: "name the first convolution, the one that reads A C G T");
    };
    let (filters, width) = (filters as usize, width as usize);
    if length < width {
        bail!("shape", "sequences of {length} bp are shorter than filters of {width}");
    }
    let values = weight.to_f32()?;
    let bias = model.get(&name("bias")).and_then(|bias| bias.to_f32()).unwrap_or_else(|_| vec![0.0; filters]);
    let found = crate::torch::parallel::map(filters, &|filter| {
        let weights = |place: usize, code: u8| if code < 4 { values[(filter * 4 + usize::from(code)) * width + place] } else { 0.0 };
        let activation = |window: &[u8]| bias[filter] + window.iter().enumerate().map(|(place, code)| weights(place, *code)).sum::<f32>();
        let windows = || codes.chunks_exact(length).flat_map(|row| row.windows(width));
        let most = windows().map(activation).fold(f32::NEG_INFINITY, f32::max);
        let (mut counts, mut n) = (vec![[0.0f64; 4]; width], 0);
        if most > 0.0 {
            for window in windows().filter(|window| f64::from(activation(window)) > share * f64::from(most)) {
                n += 1;
                window.iter().enumerate().filter(|(_, code)| **code < 4).for_each(|(place, code)| counts[place][usize::from(*code)] += 1.0);
            }
        }
        let row = |row: &[f64; 4]| {
            let sum: f64 = row.iter().sum();
            if sum > 0.0 { row.map(|x| x / sum) } else { [0.25; 4] }
        };
        (Motif { sites: n as f64, ..Motif::new(format!("filter{}", filter + 1), counts.iter().map(row).collect()) }, n)
    });
    Ok(found)
}
