//! Low-rank adapters (Hu et al. 2022): which weights are adapted, and what a network with adapters
//! remembers of them.

use crate::weight::Weight;
use cistron_base::{Result, fault, near};

/// Kinds of layers that are adapted unless targets are given.
pub const DEFAULT_TARGETS: [&str; 3] = ["linear", "conv", "attention"];
/// Names that a message lists, at most.
const LISTED: usize = 12;

/// How weights are adapted.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Rows of A.
    pub rank: i64,
    /// Numerator of the factor of B A.
    pub alpha: f64,
    /// Chance of a zero in the input of A during training.
    pub dropout: f64,
    /// Paths, patterns of paths with `*`, or kinds of layers.
    pub targets: Vec<String>,
}

impl Plan {
    /// The factor of B A.
    pub fn scale(&self) -> f64 {
        self.alpha / self.rank as f64
    }
}

/// Weights that are adapted.
#[derive(Clone)]
pub struct Adapter {
    /// The path of the weights.
    pub name: String,
    /// The kind of layer, such as `linear`.
    pub kind: String,
    /// Numbers in A and B.
    pub parameters: i64,
    /// The weights.
    pub weight: Weight,
}

/// The adapters of a network that is being built.
pub struct Adapting {
    plan: Plan,
    adapters: Vec<Adapter>,
    /// Paths and kinds of all weights.
    seen: Vec<(String, String)>,
    /// Which targets have matched.
    has_matched: Vec<bool>,
}

impl Adapting {
    /// No weights adapted yet.
    pub fn new(plan: Plan) -> Adapting {
        let has_matched = vec![false; plan.targets.len()];
        Adapting {
            plan,
            adapters: Vec::new(),
            seen: Vec::new(),
            has_matched,
        }
    }

    /// The plan, where weights of this path in a layer of this kind are adapted.
    pub fn choose(&mut self, path: &str, kind: &str) -> Option<Plan> {
        self.seen.push((path.to_string(), kind.to_string()));
        let mut is_chosen = false;
        for (target, has_matched) in self.plan.targets.iter().zip(&mut self.has_matched) {
            if is_of_kind(target, kind) || is_below(target, path) {
                (is_chosen, *has_matched) = (true, true);
            }
        }
        is_chosen.then(|| self.plan.clone())
    }

    /// Records adapted weights; those of a tied layer once.
    pub fn add(&mut self, adapter: Adapter) {
        if self.adapters.iter().all(|known| known.name != adapter.name) {
            self.adapters.push(adapter);
        }
    }

    /// The adapted weights.
    ///
    /// # Errors
    /// Where a target matched nothing.
    pub fn finish(self) -> Result<Vec<Adapter>> {
        let unmatched = self.has_matched.iter().position(|matched| !matched);
        // the default targets need not all occur
        let is_default = self.plan.targets == DEFAULT_TARGETS;
        let missing = match unmatched {
            Some(_) if is_default && !self.adapters.is_empty() => None,
            Some(i) => Some(self.plan.targets[i].as_str()),
            None => None,
        };
        let Some(target) = missing else {
            return Ok(self.adapters);
        };
        let names: Vec<String> = self
            .seen
            .iter()
            .take(LISTED)
            .map(|(path, kind)| format!("{path} ({kind})"))
            .collect();
        let more = match self.seen.len().saturating_sub(LISTED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let what = if is_default {
            "no weights of a linear layer, a convolution or attention can be adapted".to_string()
        } else {
            format!("`targets`: no weights match \"{target}\"")
        };
        let known = self
            .seen
            .iter()
            .flat_map(|(path, kind)| [path.as_str(), kind.as_str()]);
        let near = near::nearest(target, known)
            .map_or(String::new(), |near| format!("did you mean \"{near}\"? "));
        let list = if names.is_empty() {
            "the network has no weights".to_string()
        } else {
            format!("its weights are {}{more}", names.join(", "))
        };
        Err(fault!("option", "{what}").hint(format!("{near}{list}")))
    }
}

/// Whether a target is the kind of a layer, or a family of kinds.
fn is_of_kind(target: &str, kind: &str) -> bool {
    match target {
        "conv" => kind.starts_with("conv"),
        "attention" => kind.ends_with("attention"),
        "recurrent" => matches!(kind, "lstm" | "gru"),
        exact => exact == kind,
    }
}

/// Whether a path matches a pattern, or a part of it at the start up to a dot does.
fn is_below(pattern: &str, path: &str) -> bool {
    let ends = path.match_indices('.').map(|(at, _)| at);
    ends.chain([path.len()])
        .any(|end| matches(pattern.as_bytes(), &path.as_bytes()[..end]))
}

/// Whether a text matches a pattern, in which `*` is any text and `?` any character.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|at| matches(rest, &text[at..])),
        Some((first, rest)) => text
            .split_first()
            .is_some_and(|(own, text)| (first == own || *first == b'?') && matches(rest, text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_paths_patterns_and_kinds() {
        assert!(is_below("blocks.*.out", "blocks.3.out.weight"));
        assert!(is_below("head", "head.weight") && !is_below("head", "header.weight"));
        assert!(is_below("head.weight", "head.weight") && is_below("*", "a"));
        assert!(!is_below("blocks.?.in", "blocks.12.in.weight"));
        assert!(is_of_kind("conv", "conv1d") && is_of_kind("attention", "multihead_attention"));
        assert!(!is_of_kind("linear", "bilinear"));
    }
}
