//! Layers whose weights are normalised.

use crate::weight::WeightNorm;
use crate::{Builder, Built, Layer, Shape, Spec};
use cistron_base::{Result, bail};

/// A layer, each of whose weights is normalised.
pub struct Normalised {
    /// The layer.
    pub layer: Layer,
    /// How.
    pub norm: WeightNorm,
}

impl Spec for Normalised {
    fn text(&self) -> String {
        let name = match self.norm {
            WeightNorm::Length => "weight_norm",
            WeightNorm::Spectral(_) => "spectral_norm",
        };
        format!("{name} {}", self.layer.text())
    }

    fn depth(&self) -> usize {
        self.layer.depth()
    }

    fn is_group(&self) -> bool {
        true
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let before = (builder.parameters.len(), builder.used.len());
        let built = builder.normed(self.norm, |builder| builder.child("", &self.layer, input))?;
        let ends = match self.norm {
            WeightNorm::Length => "_g",
            WeightNorm::Spectral(_) => "_orig",
        };
        let mut names = builder.parameters[before.0..].iter();
        if builder.used.len() == before.1 || names.all(|(name, _)| !name.ends_with(ends)) {
            bail!("value", "{} has no weights to normalise", self.layer.text();
                hint: "linear layers, convolutions, recurrent layers and attention have");
        }
        Ok(built)
    }
}
