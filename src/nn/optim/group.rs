//! Parameters that have their own settings: by path, and by depth.

use cistron_base::{Result, bail};

/// Parameters that have their own settings.
#[derive(Clone, Debug)]
pub struct Group {
    /// See [`matches`].
    pub pattern: String,
    /// Factor on the learning rate.
    pub lr: Option<f64>,
    /// Weight decay.
    pub weight_decay: Option<f64>,
}

impl Group {
    pub(super) fn contains(&self, name: &str) -> bool {
        matches(&self.pattern, name)
    }
}

/// Whether a pattern is the path of a parameter, a prefix of it, or `*` and its end.
pub fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(ending) => name.ends_with(ending),
        None => {
            name == pattern
                || name
                    .strip_prefix(pattern)
                    .is_some_and(|rest| rest.starts_with('.'))
        }
    }
}

/// Decrease of the learning rate towards the first layers: each layer has that of the next one
/// times a factor, the last one that of the optimizer.
///
/// A layer is all parameters whose paths start with the same components: the first `level` of
/// them, of which the name of the parameter is none. Layers are in the order of their parameters.
#[derive(Clone, Debug)]
pub struct LayerDecay {
    /// The factor of a layer on the learning rate of the next one.
    pub factor: f64,
    /// Number of components of a path that name a layer.
    pub level: usize,
}

impl LayerDecay {
    /// Returns the layer of a parameter: `blocks.3` of `blocks.3.attention.weight` at level 2.
    fn layer<'a>(&self, path: &'a str) -> &'a str {
        let owner = path.rsplit_once('.').map_or("", |(owner, _)| owner);
        let end = owner.match_indices('.').nth(self.level - 1);
        end.map_or(owner, |(end, _)| &owner[..end])
    }

    /// Returns the factor of each parameter.
    ///
    /// # Errors
    /// If all parameters are of one layer.
    pub fn factors<'a>(&self, paths: impl Iterator<Item = &'a str>) -> Result<Vec<f64>> {
        let mut layers: Vec<&str> = Vec::new();
        let mut depths = Vec::new();
        for path in paths {
            let layer = self.layer(path);
            let known = layers.iter().position(|known| *known == layer);
            depths.push(known.unwrap_or(layers.len()));
            if known.is_none() {
                layers.push(layer);
            }
        }
        if let [layer] = layers[..] {
            bail!("value", "layer decay needs several layers: all parameters are of layer \
                `{layer}`";
                hint: "a larger `layer_level` distinguishes the layers within it");
        }
        let last = layers.len().saturating_sub(1);
        let factor = |depth| self.factor.powi((last - depth) as i32);
        Ok(depths.into_iter().map(factor).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_components_of_paths() -> Result<()> {
        let paths = [
            "stem.weight",
            "stem.bias",
            "blocks.0.attention.weight",
            "blocks.0.norm.weight",
            "blocks.1.norm.weight",
            "head.weight",
        ];
        let decay = |level| LayerDecay { factor: 0.5, level };
        let factors = decay(1).factors(paths.into_iter())?;
        assert_eq!(factors, [0.25, 0.25, 0.5, 0.5, 0.5, 1.0]);
        let factors = decay(2).factors(paths.into_iter())?;
        assert_eq!(factors, [0.125, 0.125, 0.25, 0.25, 0.5, 1.0]);
        assert!(
            decay(1)
                .factors(["a.weight", "a.bias"].into_iter())
                .is_err()
        );
        Ok(())
    }
}
