//! Requests about the contributions of the bases of a sequence.

use super::answer::{Answer, Cell, Form};
use super::limits::{EXPLAINED, LOGO};
use super::refusal::{Refusal, aside};
use super::sequences::{Named, Sequences, SequencesRequest};
use super::worker::{Queue, Served};
use crate::base::Result;
use crate::explain::baselines::Baselines;
use crate::explain::contributions::by_position;
use crate::explain::target::Still;
use crate::explain::{gradients, mutagenesis};
use crate::nn::{Codes, Value};
use crate::plot::{Letters, Scaling, logos};
use crate::seq::alphabet;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// Dinucleotide shuffles that DeepLIFT compares a sequence with.
const SHUFFLES: i64 = 20;
/// Rows of a batch of explanations.
const BATCH: i64 = 64;

/// How contributions are computed.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Method {
    /// DeepLIFT against dinucleotide shuffles.
    #[default]
    DeepLift,
    /// Saturation mutagenesis.
    Mutagenesis,
}

/// A request for the contributions of one sequence.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContributionsRequest {
    fasta: Option<String>,
    region: Option<String>,
    #[serde(default)]
    output: usize,
    #[serde(default)]
    method: Method,
    start: Option<usize>,
    end: Option<usize>,
}

impl Sequences {
    /// Answers a request for contributions.
    pub async fn explain(
        self: &Arc<Self>,
        queue: &Queue,
        request: ContributionsRequest,
        form: Form,
    ) -> std::result::Result<Answer, Refusal> {
        let (output, method) = (request.output, request.method);
        if output >= self.outputs.len() {
            let n = self.outputs.len();
            return Err(Refusal::bad(format!(
                "`output` is {output}, the network has {n}, from 0"
            )));
        }
        if self.length > EXPLAINED {
            return Err(Refusal::too_large(format!(
                "contributions are computed of up to {EXPLAINED} bp, the network takes {}",
                self.length
            )));
        }
        let window = request.start.zip(request.end);
        let is_inside =
            |(start, end): (usize, usize)| start < end && end <= self.length && end - start <= LOGO;
        if window.is_some_and(|window| !is_inside(window))
            || request.start.is_some() != request.end.is_some()
        {
            return Err(Refusal::bad(format!(
                "`start` and `end` are 0-based positions of a window of up to {LOGO} within {} bp",
                self.length
            )));
        }
        let own = self.clone();
        let read = move || {
            own.named(SequencesRequest {
                fasta: request.fasta,
                regions: request.region.map(|region| vec![region]),
            })
        };
        let mut named = aside("the request could not be read", read).await??;
        let (Some(one), true) = (named.pop(), named.is_empty()) else {
            return Err(Refusal::bad(
                "contributions are computed of one sequence at a time",
            ));
        };
        let codes = one.codes.clone();
        let found = queue
            .run(move |served| contributions(served, &codes, output, method))
            .await?;
        self.explained(&one, output, method, &found, window, form)
    }

    fn explained(
        &self,
        one: &Named,
        output: usize,
        method: Method,
        found: &Explained,
        window: Option<(usize, usize)>,
        form: Form,
    ) -> std::result::Result<Answer, Refusal> {
        let bases = alphabet::decode(&one.codes);
        if form == Form::Csv {
            let rows = bases.chars().zip(&found.values).enumerate();
            let cells = |(i, (base, value)): (usize, (char, &f64))| {
                vec![
                    Cell::Number(i as f64),
                    Cell::Text(base.to_string()),
                    Cell::Number(*value),
                ]
            };
            return Ok(Answer::csv(
                &["position", "base", "contribution"],
                rows.map(cells),
            ));
        }
        let (start, end) = window.unwrap_or_else(|| strongest(&found.values));
        let height = |i: usize| {
            let mut heights = [0.0; 4];
            if let Some(height) = heights.get_mut(usize::from(one.codes[i])) {
                *height = found.values[i];
            }
            heights
        };
        let letters = Letters {
            name: format!("{}, {}", one.name, self.outputs[output]),
            heights: (start..end).map(height).collect(),
            scaling: Scaling::Contribution,
            first: start as i64,
            ends: None,
            room: 1,
        };
        let logo = logos("", vec![letters]).to_svg()?;
        Ok(Answer::json(&json!({
            "name": one.name,
            "output": self.outputs[output],
            "method": match method {
                Method::DeepLift => "deep_lift",
                Method::Mutagenesis => "mutagenesis",
            },
            "sequence": bases,
            "contributions": found.values,
            "sum": found.values.iter().sum::<f64>(),
            "difference": found.difference,
            "start": start,
            "end": end,
            "logo": logo,
        })))
    }
}

/// The contribution of each position, and what they sum to where the method states that.
struct Explained {
    values: Vec<f64>,
    difference: Option<f64>,
}

/// The contributions of the bases of a sequence to an output before its link.
fn contributions(served: &Served, codes: &[u8], label: usize, method: Method) -> Result<Explained> {
    let still = Still::of(&served.network.model)?;
    let target = served.network.output_target(label);
    let x = Codes::from_bytes(Arc::new(codes.to_vec()), codes.len()).one_hot()?;
    if method == Method::Mutagenesis {
        let effects = mutagenesis::saturation(&still, &x, &[target], &(0..codes.len()), 256)?;
        let effects = effects.first().map_or(Ok((Vec::new(), 0)), by_position)?;
        // the base less the mean of the three others
        return Ok(Explained {
            values: effects.0.iter().map(|sum| -sum / 3.0).collect(),
            difference: None,
        });
    }
    let baselines = Baselines::Shuffled {
        k: 2,
        count: SHUFFLES,
        seed: 0,
    };
    let x = Value::One(x);
    let found = gradients::deep_lift(&still, &x, &target, &baselines, BATCH)?;
    let actual = gradients::actual(&found.contributions, &x)?;
    Ok(Explained {
        values: by_position(actual.one()?)?.0,
        difference: found.difference.first().copied(),
    })
}

/// The window of a logo: all positions, or those with the largest contributions.
fn strongest(values: &[f64]) -> (usize, usize) {
    const WINDOW: usize = 200;
    if values.len() <= WINDOW {
        return (0, values.len());
    }
    let mut sum: f64 = values[..WINDOW].iter().map(|x| x.abs()).sum();
    let (mut best, mut start) = (sum, 0);
    for i in WINDOW..values.len() {
        sum += values[i].abs() - values[i - WINDOW].abs();
        if sum > best {
            (best, start) = (sum, i + 1 - WINDOW);
        }
    }
    (start, start + WINDOW)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_has_the_largest_contributions() {
        assert_eq!(strongest(&[1.0; 50]), (0, 50));
        let mut values = vec![0.0; 500];
        values[450] = -3.0;
        values[300] = 1.0;
        assert_eq!(strongest(&values), (251, 451));
    }
}
