//! The names of Keras' weights: `layer.kernel`, for every version of its files.

use std::collections::HashMap;

/// The layers of a network as its configuration describes them.
#[derive(Default)]
pub struct Layers {
    by_name: HashMap<String, Layer>,
    places: HashMap<String, usize>,
    counts: HashMap<String, usize>,
}

/// What is known of a layer.
struct Layer {
    class: String,
    scale: bool,
    center: bool,
}

impl Layers {
    /// The layers of a configuration in JSON; none where it is no JSON.
    pub fn of_config(text: &str) -> Layers {
        let mut layers = Layers::default();
        if let Ok(config) = serde_json::from_str::<serde_json::Value>(text) {
            layers.collect(&config);
        }
        layers
    }

    fn collect(&mut self, value: &serde_json::Value) {
        if let (Some(class), Some(config)) = (
            value["class_name"].as_str(),
            value.get("config").and_then(|config| config.as_object()),
        ) {
            let flag = |name: &str| {
                config
                    .get(name)
                    .and_then(|flag| flag.as_bool())
                    .unwrap_or(true)
            };
            let layer = Layer {
                class: class.to_string(),
                scale: flag("scale"),
                center: flag("center"),
            };
            // the groups of Keras 3 are counted by class
            let group = snake(class);
            let count = self.counts.entry(group.clone()).or_default();
            let group = match *count {
                0 => group,
                n => format!("{group}_{n}"),
            };
            *count += 1;
            self.places.insert(group, self.places.len());
            if let Some(name) = config.get("name").and_then(|name| name.as_str()) {
                self.by_name.insert(name.to_string(), layer);
            }
        }
        match value {
            serde_json::Value::Array(items) => items.iter().for_each(|item| self.collect(item)),
            serde_json::Value::Object(items) => items.values().for_each(|item| self.collect(item)),
            _ => {}
        }
    }

    /// The place of a group of Keras 3 in the network; the last one where it is not known.
    pub fn place(&self, group: &str) -> usize {
        self.places.get(group).copied().unwrap_or(usize::MAX)
    }

    fn is_depthwise(&self, layer: &str) -> bool {
        self.by_name
            .get(layer)
            .is_some_and(|layer| layer.class.starts_with("DepthwiseConv"))
    }
}

/// `BatchNormalization` as `batch_normalization`, `Conv1D` as `conv1d`, `LSTM` as `lstm`.
fn snake(class: &str) -> String {
    let letters: Vec<char> = class.chars().collect();
    let mut out = String::new();
    for (i, letter) in letters.iter().enumerate() {
        let after = i.checked_sub(1).map(|k| letters[k]);
        let starts = letter.is_uppercase()
            && after.is_some_and(|a| a.is_lowercase())
            && !letters[..i].is_empty();
        let word = letter.is_uppercase()
            && after.is_some_and(|a| a.is_uppercase())
            && letters.get(i + 1).is_some_and(|b| b.is_lowercase());
        if starts || word {
            out.push('_');
        }
        out.extend(letter.to_lowercase());
    }
    out
}

/// A group of Keras 3 without its number: `conv1d_2` is a `conv1d`.
fn class_of(group: &str) -> &str {
    match group.rsplit_once('_') {
        Some((class, n)) if !n.is_empty() && n.bytes().all(|byte| byte.is_ascii_digit()) => class,
        _ => group,
    }
}

/// The name of a weight of Keras 2, or of Keras 3 in the older format: the layer, then what follows
/// it in the path of the dataset.
pub fn classic_name(layer: &str, path: &[String], layers: &Layers) -> String {
    // `model/layer/kernel:0` within the layer's group: the network's name is no part
    let from = path
        .iter()
        .rposition(|part| part == layer)
        .map_or(0, |at| at + 1);
    let mut parts = vec![layer.to_string()];
    parts.extend(path[from..].iter().cloned());
    let n = parts.len();
    if let Some((plain, _)) = parts[n - 1].rsplit_once(':') {
        parts[n - 1] = plain.to_string();
    }
    if n >= 2 && parts[n - 1] == "kernel" && layers.is_depthwise(&parts[n - 2]) {
        parts[n - 1] = "depthwise_kernel".into();
    }
    parts
        .iter_mut()
        .for_each(|part| *part = part.replace('/', "."));
    parts.join(".")
}

/// The name of weight `i` of `count` weights of a layer of Keras 3; `names` are those of the layers
/// around it, `group` its class with a number. Weights of unknown layers keep their numbers.
pub fn numbered_name(
    names: &[String],
    group: &str,
    i: usize,
    count: usize,
    layers: &Layers,
) -> String {
    let own = names.last().map(String::as_str).unwrap_or_default();
    let config = layers.by_name.get(own);
    let mut class = class_of(group).to_string();
    if matches!(group, "layer" | "forward_layer" | "backward_layer") {
        class = config.map(|layer| snake(&layer.class)).unwrap_or(class);
    }
    let roles: &[&str] = match (class.as_str(), count) {
        ("depthwise_conv1d" | "depthwise_conv2d", _) => &["depthwise_kernel", "bias"],
        ("separable_conv1d" | "separable_conv2d", _) => {
            &["depthwise_kernel", "pointwise_kernel", "bias"]
        }
        ("cell" | "lstm_cell" | "gru_cell" | "simple_rnn_cell", _) => {
            &["kernel", "recurrent_kernel", "bias"]
        }
        ("batch_normalization", 4) => &["gamma", "beta", "moving_mean", "moving_variance"],
        ("batch_normalization", 3) => match config {
            Some(layer) if !layer.scale => &["beta", "moving_mean", "moving_variance"],
            Some(layer) if !layer.center => &["gamma", "moving_mean", "moving_variance"],
            // whether the first is `gamma` or `beta` is not in the file
            _ => &["vars.0", "moving_mean", "moving_variance"],
        },
        ("batch_normalization", 2) => &["moving_mean", "moving_variance"],
        ("layer_normalization" | "group_normalization", 2) => &["gamma", "beta"],
        ("layer_normalization" | "group_normalization", 1) => match config {
            Some(layer) if !layer.scale => &["beta"],
            Some(layer) if !layer.center => &["gamma"],
            _ => &[],
        },
        ("embedding", _) => &["embeddings"],
        ("p_re_lu" | "prelu", _) => &["alpha"],
        ("seed_generator", _) => &["seed_generator_state"],
        (class, _) if class.starts_with("conv") || class.ends_with("dense") => &["kernel", "bias"],
        // a wrapped layer whose class is not known, such as that of TimeDistributed
        ("layer", 2) => &["kernel", "bias"],
        ("layer", 1) => &["kernel"],
        _ => &[],
    };
    let role = match roles.get(i) {
        Some(role) => role.to_string(),
        None => format!("vars.{i}"),
    };
    let mut parts: Vec<String> = names
        .iter()
        .map(|part| part.replace(['/', '.'], "_"))
        .collect();
    parts.push(role);
    parts.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_written_as_groups() {
        for (class, group) in [
            ("Conv1D", "conv1d"),
            ("BatchNormalization", "batch_normalization"),
            ("LSTM", "lstm"),
            ("SeparableConv2D", "separable_conv2d"),
            ("GlobalMaxPooling1D", "global_max_pooling1d"),
        ] {
            assert_eq!(snake(class), group);
        }
        assert_eq!(class_of("conv1d_12"), "conv1d");
        assert_eq!(class_of("conv1d"), "conv1d");
    }

    #[test]
    fn a_layer_follows_the_name_of_the_network() {
        let name = |layer: &str, path: &[&str]| {
            let path: Vec<String> = path.iter().map(|part| part.to_string()).collect();
            classic_name(layer, &path, &Layers::default())
        };
        assert_eq!(name("stem", &["stem", "kernel:0"]), "stem.kernel");
        assert_eq!(name("stem", &["net", "stem", "kernel"]), "stem.kernel");
        assert_eq!(name("inner", &["dense", "bias:0"]), "inner.dense.bias");
        assert_eq!(
            name("rnn", &["rnn", "forward_lstm", "cell", "bias:0"]),
            "rnn.forward_lstm.cell.bias"
        );
    }
}
