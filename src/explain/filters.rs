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
