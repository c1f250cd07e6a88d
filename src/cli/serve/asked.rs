//! The pairs that a request asks for, and what of it has no prediction.

use super::limits::{ID, IDS, PAIRS, SUGGESTED};
use super::profiles::Profiles;
use super::refusal::Refusal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashSet};

/// A request for probabilities: all pairs of factors and targets, or listed pairs.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairsRequest {
    /// Ids of factors.
    pub factors: Option<Vec<String>>,
    /// Ids of targets; all genes unless given.
    pub targets: Option<Vec<String>>,
    /// Pairs of factor and target, instead of both lists.
    pub pairs: Option<Vec<[String; 2]>>,
}

/// An id that the matrix has not.
#[derive(Debug, PartialEq, Serialize)]
pub struct Unknown {
    /// The id.
    pub id: String,
    /// The most similar id of the matrix.
    pub did_you_mean: Option<String>,
}

/// What a request asks for.
#[derive(Debug, Default)]
pub struct Asked {
    /// Pairs of genes, each once.
    pub pairs: Vec<[usize; 2]>,
    /// Ids that the matrix has not.
    pub unknown: Vec<Unknown>,
    /// Ids, or pairs, that occur several times and are predicted once.
    pub repeated: Vec<String>,
    /// Genes with missing values, whose pairs have no prediction.
    pub incomplete: Vec<String>,
    /// Genes with equal values, whose profile is 0 everywhere.
    pub constant: Vec<String>,
    /// The number of pairs of complete lists that are not predicted.
    pub excluded: usize,
}

/// Fails where ids exceed the limits.
fn check<'a>(ids: impl Iterator<Item = &'a String>) -> Result<(), Refusal> {
    let mut count = 0;
    for id in ids {
        count += 1;
        if count > IDS {
            return Err(Refusal::too_large(format!(
                "a request has at most {IDS} ids"
            )));
        }
        if id.chars().count() > ID {
            let shown: String = id.chars().take(20).collect();
            return Err(Refusal::bad(format!(
                "an id has at most {ID} characters; one starts with `{shown}`"
            )));
        }
    }
    Ok(())
}

/// The unknown ids of a list, with similar ones.
fn unknown_of<'a>(profiles: &Profiles, ids: impl Iterator<Item = &'a str>) -> Vec<Unknown> {
    let mut seen = HashSet::new();
    let unknown = ids.filter(|id| profiles.position(id).is_none() && seen.insert(*id));
    let one = |(i, id): (usize, &str)| {
        let nearest = (i < SUGGESTED).then(|| profiles.nearest(id)).flatten();
        Unknown {
            id: id.to_string(),
            did_you_mean: nearest.map(str::to_string),
        }
    };
    unknown.enumerate().map(one).collect()
}

/// The unknown ids of a list as JSON.
pub fn listed(profiles: &Profiles, ids: &[String]) -> Value {
    let ids = ids.iter().filter(|id| id.chars().count() <= ID);
    json!(unknown_of(profiles, ids.map(String::as_str)))
}

/// The genes of a list, each once and in order, with the ids that occur several times.
fn genes_of<'a>(
    profiles: &Profiles,
    ids: impl Iterator<Item = &'a str>,
    repeated: &mut BTreeSet<String>,
) -> Vec<usize> {
    let mut seen = HashSet::new();
    let mut genes = Vec::new();
    for id in ids {
        if !seen.insert(id) {
            repeated.insert(id.to_string());
        } else if let Some(gene) = profiles.position(id) {
            genes.push(gene);
        }
    }
    genes
}

fn too_many(pairs: usize) -> Refusal {
    Refusal::too_large(format!(
        "the request asks for {pairs} pairs, at most {PAIRS} are predicted at once"
    ))
}

/// The pairs of a request.
pub fn pairs_of(profiles: &Profiles, request: &PairsRequest) -> Result<Asked, Refusal> {
    let mut asked = Asked::default();
    let mut repeated = BTreeSet::new();
    let wanted;
    match (&request.factors, &request.targets, &request.pairs) {
        (Some(factors), targets, None) => {
            check(factors.iter().chain(targets.iter().flatten()))?;
            if factors.is_empty() {
                return Err(Refusal::bad("`factors` is empty: it lists at least one id"));
            }
            if targets.as_ref().is_some_and(Vec::is_empty) {
                return Err(Refusal::bad("`targets` is empty")
                    .with("hint", "leave it out for all genes of the matrix"));
            }
            let ids = factors.iter().chain(targets.iter().flatten());
            asked.unknown = unknown_of(profiles, ids.map(String::as_str));
            let first = genes_of(profiles, factors.iter().map(String::as_str), &mut repeated);
            let second = match targets {
                Some(ids) => genes_of(profiles, ids.iter().map(String::as_str), &mut repeated),
                None => (0..profiles.genes().len()).collect(),
            };
            wanted = first.len() * second.len();
            if wanted > PAIRS {
                return Err(too_many(wanted));
            }
            let with_targets = |factor: usize| second.iter().map(move |target| [factor, *target]);
            asked.pairs = first.into_iter().flat_map(with_targets).collect();
        }
        (None, None, Some(pairs)) => {
            if pairs.len() > PAIRS {
                return Err(too_many(pairs.len()));
            }
            check(pairs.iter().flatten())?;
            if pairs.is_empty() {
                return Err(Refusal::bad("`pairs` is empty: it lists at least one pair"));
            }
            asked.unknown = unknown_of(profiles, pairs.iter().flatten().map(String::as_str));
            let mut seen = HashSet::new();
            for [factor, target] in pairs {
                let genes = (profiles.position(factor), profiles.position(target));
                if !seen.insert((factor, target)) {
                    repeated.insert(format!("{factor} {target}"));
                } else if let (Some(factor), Some(target)) = genes {
                    asked.pairs.push([factor, target]);
                }
            }
            wanted = asked.pairs.len();
        }
        _ => {
            return Err(Refusal::bad(
                "expected `factors`, with or without `targets`, or `pairs` alone",
            )
            .with(
                "hint",
                r#"{"factors": ["id"], "targets": ["id"]} or {"pairs": [["id", "id"]]}"#,
            ));
        }
    }
    asked.repeated = repeated.into_iter().collect();
    report_genes(profiles, &mut asked);
    asked
        .pairs
        .retain(|pair| pair.iter().all(|gene| !profiles.is_incomplete(*gene)));
    asked.excluded = wanted - asked.pairs.len();
    if asked.pairs.is_empty() {
        let message = match asked.unknown.is_empty() {
            true => "all pairs have genes with missing values",
            false => "none of the pairs has two genes of the expression matrix",
        };
        return Err(Refusal::unusable(message)
            .with("unknown", json!(asked.unknown))
            .with("incomplete", asked.incomplete));
    }
    Ok(asked)
}

/// Lists genes with missing and with equal values, each once.
fn report_genes(profiles: &Profiles, asked: &mut Asked) {
    let genes: BTreeSet<usize> = asked.pairs.iter().flatten().copied().collect();
    let name = |gene: &usize| profiles.genes()[*gene].clone();
    let incomplete = genes.iter().filter(|gene| profiles.is_incomplete(**gene));
    asked.incomplete = incomplete.map(name).collect();
    let constant = genes.iter().filter(|gene| profiles.is_constant(**gene));
    asked.constant = constant.map(name).collect();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Expression;
    use ndarray::array;

    fn profiles() -> Profiles {
        let values = array![[1.0, 2.0], [3.0, 1.0], [5.0, 5.0], [f64::NAN, 1.0]];
        let genes = ["AT1G01010", "AT1G01020", "FLAT", "GAP"]
            .map(String::from)
            .to_vec();
        let samples = ["a", "b"].map(String::from).to_vec();
        Profiles::of(Expression::new(genes, samples, values).unwrap())
    }

    fn request(text: &str) -> Result<Asked, Refusal> {
        pairs_of(&profiles(), &serde_json::from_str(text).unwrap())
    }

    #[test]
    fn what_has_no_prediction_is_listed() {
        let asked = request(
            r#"{"factors": ["AT1G01010", "at1g01010", "AT1G01010"],
                "targets": ["AT1G01020", "FLAT", "GAP", "wrong"]}"#,
        )
        .unwrap();
        assert_eq!(asked.pairs, [[0, 1], [0, 2]]);
        assert_eq!(asked.unknown[0].did_you_mean.as_deref(), Some("AT1G01010"));
        assert_eq!(
            asked.unknown[1],
            Unknown {
                id: "wrong".into(),
                did_you_mean: None
            }
        );
        assert_eq!(asked.repeated, ["AT1G01010"]);
        assert_eq!(
            (asked.incomplete, asked.constant),
            (vec!["GAP".into()], vec!["FLAT".into()])
        );
        assert_eq!(asked.excluded, 1);
        let all = request(r#"{"factors": ["FLAT"]}"#).unwrap();
        assert_eq!(all.pairs, [[2, 0], [2, 1], [2, 2]]);
        let listed = r#"{"pairs": [["FLAT", "AT1G01010"], ["FLAT", "AT1G01010"]]}"#;
        let listed = request(listed).unwrap();
        assert_eq!(
            (listed.pairs.len(), listed.repeated),
            (1, vec!["FLAT AT1G01010".to_string()])
        );
    }

    #[test]
    fn requests_without_a_pair_are_refused() {
        let refused = |text: &str| {
            let refusal = request(text).unwrap_err();
            (
                refusal.status.as_u16(),
                refusal.fields["error"].as_str().unwrap().to_string(),
            )
        };
        assert_eq!(refused("{}").0, 400);
        assert_eq!(refused(r#"{"factors": []}"#).0, 400);
        assert_eq!(refused(r#"{"factors": ["FLAT"], "targets": []}"#).0, 400);
        assert_eq!(refused(r#"{"factors": ["FLAT"], "pairs": []}"#).0, 400);
        assert_eq!(refused(r#"{"factors": ["x"], "targets": ["FLAT"]}"#).0, 422);
        assert_eq!(refused(r#"{"factors": ["GAP"]}"#).0, 422);
        let long = format!(r#"{{"factors": ["{}"]}}"#, "x".repeat(300));
        assert!(refused(&long).1.contains("200 characters"));
    }
}
