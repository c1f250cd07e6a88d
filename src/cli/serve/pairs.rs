//! Requests about pairs of a transcription factor and a target.

use super::answer::{Answer, Cell, Form};
use super::asked::{Asked, PairsRequest, listed, pairs_of};
use super::histogram::Histogram;
use super::inputs::Row;
use super::limits;
use super::profiles::Profiles;
use super::refusal::{Refusal, aside};
use super::worker::{Queue, Served};
use crate::bail;
use crate::base::Result;
use crate::explain::inside;
use crate::explain::target::Still;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// What is known of the model and its data.
pub struct Pairs {
    /// The profiles.
    pub profiles: Arc<Profiles>,
    /// The layer of Grad-CAM; none where the network has no fitting one.
    pub layer: Option<String>,
    /// What the API reports of the model.
    pub about: Value,
}

/// A pair with its probability.
#[derive(Serialize)]
struct Scored<'a> {
    factor: &'a str,
    target: &'a str,
    probability: f64,
}

/// A request for the details of a pair.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairRequest {
    factor: String,
    target: String,
}

/// The layer of Grad-CAM: the chosen one; without a choice that of `std/models/tf_cnn`, or the
/// last one whose output has channels and several positions.
///
/// # Errors
/// Where the chosen layer does not exist, or has no such output.
pub fn layer(served: &Served, chosen: Option<&str>) -> Result<Option<String>> {
    let row = Row::Pair([0, 0]);
    let input = served.inputs.value(&[&row])?;
    let all = inside::layers(&Still::of(&served.network.model)?, &input)?;
    let fits = |shape: &[i64]| matches!(shape, [_, n] | [_, 1, n] if *n > 1);
    let fitting: Vec<&str> = all
        .iter()
        .filter(|(_, shape)| fits(shape))
        .map(|(path, _)| path.as_str())
        .collect();
    if let Some(name) = chosen {
        if !fitting.contains(&name) {
            bail!("usage", "--layer {name}: Grad-CAM needs a layer with an output [channels, \
                positions] or [channels, 1, positions]";
                hint: "there are {}", fitting.join(", "));
        }
        return Ok(Some(name.to_string()));
    }
    let mut backwards = fitting.iter().rev();
    let usual = backwards.find(|path| path.starts_with("convolutions."));
    Ok(usual.or(fitting.last()).map(|path| path.to_string()))
}

impl Pairs {
    /// Answers a request for probabilities.
    pub async fn predict(
        self: &Arc<Self>,
        queue: &Queue,
        request: PairsRequest,
        form: Form,
    ) -> std::result::Result<Answer, Refusal> {
        let own = self.clone();
        // similar ids are searched among all genes
        let asked = aside("the request could not be read", move || {
            pairs_of(&own.profiles, &request)
        })
        .await??;
        let rows = asked.pairs.iter().map(|pair| Row::Pair(*pair)).collect();
        let values = queue.predict(rows).await?;
        let own = self.clone();
        aside("the answer could not be written", move || {
            own.written(&asked, &values, form)
        })
        .await
    }

    /// The answer with probabilities.
    fn written(&self, asked: &Asked, values: &[f64], form: Form) -> Answer {
        let genes = self.profiles.genes();
        let scored = asked.pairs.iter().zip(values);
        let scored = scored.map(|([factor, target], probability)| Scored {
            factor: &genes[*factor],
            target: &genes[*target],
            probability: *probability,
        });
        if form == Form::Csv {
            let cells = |pair: Scored| {
                vec![
                    Cell::Text(pair.factor.to_string()),
                    Cell::Text(pair.target.to_string()),
                    Cell::Number(pair.probability),
                ]
            };
            return Answer::csv(&["factor", "target", "probability"], scored.map(cells));
        }
        Answer::json(&json!({
            "pairs": scored.collect::<Vec<_>>(),
            "unknown": asked.unknown,
            "repeated": asked.repeated,
            "incomplete": asked.incomplete,
            "constant": asked.constant,
            "excluded_pairs": asked.excluded,
            "histogram": Histogram::of("this request", values),
        }))
    }

    /// Answers a request for the profiles and the Grad-CAM map of a pair.
    pub async fn explain(
        self: &Arc<Self>,
        queue: &Queue,
        request: PairRequest,
        form: Form,
    ) -> std::result::Result<Answer, Refusal> {
        let own = self.clone();
        let [factor, target] =
            [&request.factor, &request.target].map(|id| own.profiles.position(id));
        let (Some(factor), Some(target)) = (factor, target) else {
            let ids = [request.factor, request.target];
            return Err(Refusal::unusable("the expression matrix has no such gene")
                .with("unknown", listed(&self.profiles, &ids)));
        };
        if let Some(gene) = [factor, target]
            .into_iter()
            .find(|gene| own.profiles.is_incomplete(*gene))
        {
            let name = &own.profiles.genes()[gene];
            return Err(
                Refusal::unusable(format!("values of gene `{name}` are missing"))
                    .with("incomplete", vec![name.clone()]),
            );
        }
        let layer = self.layer.clone();
        let found = queue
            .run(move |served| explained(served, [factor, target], layer.as_deref()))
            .await?;
        Ok(self.detailed([factor, target], &found, form))
    }

    /// The answer with profiles and map.
    fn detailed(&self, [factor, target]: [usize; 2], found: &Explained, form: Form) -> Answer {
        let profiles = &self.profiles;
        let samples = profiles.samples();
        let scores = |gene| profiles.scores(gene).map(f64::from).collect::<Vec<f64>>();
        let (first, second) = (scores(factor), scores(target));
        let map = &found.map;
        if form == Form::Csv {
            let rows = samples.iter().enumerate().map(|(i, sample)| {
                // a position of the layer covers several samples
                let position = i * map.len() / samples.len().max(1);
                vec![
                    Cell::Text(sample.clone()),
                    Cell::Number(first[i]),
                    Cell::Number(second[i]),
                    Cell::Number(map.get(position).copied().unwrap_or(f64::NAN)),
                ]
            });
            return Answer::csv(&["sample", "factor_z", "target_z", "grad_cam"], rows);
        }
        let gene = |gene: usize, scores: Vec<f64>| {
            json!({ "id": profiles.genes()[gene], "profile": scores,
                "constant": profiles.is_constant(gene) })
        };
        Answer::json(&json!({
            "probability": found.probability,
            "factor": gene(factor, first),
            "target": gene(target, second),
            "samples": samples,
            "grad_cam": self.layer.as_ref().map(|layer| json!({ "layer": layer, "map": map })),
        }))
    }
}

/// Probability and map of a pair.
struct Explained {
    probability: f64,
    map: Vec<f64>,
}

fn explained(served: &Served, pair: [usize; 2], layer: Option<&str>) -> Result<Explained> {
    let row = Row::Pair(pair);
    let input = served.inputs.value(&[&row])?;
    let probability = served.network.predict(&input)?;
    let map = match layer {
        None => Vec::new(),
        Some(layer) => {
            let still = Still::of(&served.network.model)?;
            let target = served.network.prediction_target();
            inside::activation_map(&still, &input, layer, &target, 1)?.to_f64()?
        }
    };
    Ok(Explained {
        probability: probability.first().copied().unwrap_or(f64::NAN),
        map,
    })
}

/// What the API reports of the data.
pub fn about(profiles: &Profiles) -> Value {
    json!({
        "genes": profiles.genes().len(),
        "samples": profiles.samples().len(),
        "first_genes": profiles.genes().iter().take(6).collect::<Vec<_>>(),
        "constant_genes": profiles.count(Profiles::is_constant),
        "incomplete_genes": profiles.count(Profiles::is_incomplete),
        "notes": profiles.notes(),
        "limits": limits::listed(),
    })
}
