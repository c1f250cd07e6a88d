//! The reverse strand: what each input becomes there, and how outputs are aligned.

use super::{Shape, Value};
use cistron_base::{Result, shape};
use cistron_base::{bail, fault};
use cistron_torch::Tensor;
use std::collections::BTreeMap;

/// The kind of an input, which determines its value on the reverse strand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputKind {
    /// One-hot bases `[4, length]`: reverse complement.
    Sequence,
    /// Numbers along the sequence, `[…, length]`: reversed.
    Track,
    /// Tracks `[channels, length]` in pairs of strands, plus and minus: reversed, pairs
    /// exchanged.
    Stranded,
    /// Numbers that do not depend on the strand: unchanged.
    Features,
    /// Numbers of pairs of positions, `[…, length, length]`: reversed along both axes.
    Map,
    /// Numbers in pairs of strands, `[channels, …]`: pairs exchanged.
    Pairs,
}

impl InputKind {
    /// Names in options.
    pub const NAMES: &'static [&'static str] =
        &["sequence", "track", "stranded", "features", "map", "pairs"];

    /// The kind of a name.
    pub fn named(name: &str) -> Option<InputKind> {
        use InputKind::*;
        Self::NAMES
            .iter()
            .position(|known| *known == name)
            .map(|i| [Sequence, Track, Stranded, Features, Map, Pairs][i])
    }

    fn fits(self, name: &str, of: &[i64]) -> Result<()> {
        let wanted = match self {
            InputKind::Sequence if !matches!(of, [4, _]) => "[4, length]",
            InputKind::Stranded if !matches!(of, [channels, _] if channels % 2 == 0) => {
                "[channels, length] with pairs of channels"
            }
            InputKind::Track if of.is_empty() => "[…, length]",
            InputKind::Map if !matches!(of, [.., a, b] if a == b) => "[…, length, length]",
            InputKind::Pairs if !matches!(of, [channels, ..] if channels % 2 == 0) => {
                "[channels, …] with pairs of channels"
            }
            _ => return Ok(()),
        };
        bail!(
            "shape",
            "input{name} is {}, where {wanted} is needed",
            shape::text(of)
        )
    }
}

/// The kinds of a network's inputs.
#[derive(Clone, Debug)]
pub enum Strands {
    /// Of one input.
    One(InputKind),
    /// Of several by name.
    Many(BTreeMap<String, InputKind>),
}

impl Strands {
    /// Whether no input changes on the reverse strand.
    pub fn is_unchanged(&self) -> bool {
        let is_feature = |kind: &InputKind| *kind == InputKind::Features;
        match self {
            Strands::One(kind) => is_feature(kind),
            Strands::Many(kinds) => kinds.values().all(is_feature),
        }
    }

    /// Kinds of inputs as declared; one that is not declared is inferred from its shape where that
    /// leaves no doubt. Four channels are bases in an input of the network that is alone with them
    /// or is called `sequence`.
    pub fn of(
        inputs: &Shape,
        declared: &BTreeMap<String, InputKind>,
        is_input: bool,
    ) -> Result<Strands> {
        match inputs {
            Shape::One(own) => {
                let stated = declared.get("").or_else(|| declared.get("sequence"));
                let kind = match stated {
                    Some(kind) => *kind,
                    None if matches!(own[..], [4, _]) && !is_input => {
                        return Err(fault!(
                            "shape",
                            "four channels of another layer may be bases or filters";
                            hint: "`input: \"sequence\"` or `input: \"track\"` states which"
                        ));
                    }
                    None => inferred_kind("", own)?,
                };
                kind.fits("", own)?;
                Ok(Strands::One(kind))
            }
            Shape::Many(many) => {
                if let Some(name) = declared.keys().find(|name| !many.contains_key(*name)) {
                    bail!(
                        "option",
                        "there is no input `{name}`; there are {}",
                        many.keys().cloned().collect::<Vec<_>>().join(", ")
                    );
                }
                let fours = many
                    .values()
                    .filter(|own| matches!(own[..], [4, _]))
                    .count();
                let kind = |(name, own): (&String, &Vec<i64>)| {
                    let label = format!(" `{name}`");
                    let kind = match declared.get(name) {
                        Some(kind) => *kind,
                        None if matches!(own[..], [4, _])
                            && name != "sequence"
                            && (fours > 1 || many.contains_key("sequence")) =>
                        {
                            return Err(fault!(
                                    "shape",
                                    "input `{name}` {} has four channels, which may be bases or \
                                        tracks",
                                    shape::text(own
                                );
                                hint: "`inputs: #{{ {name}: \"track\" }}` or `\"sequence\"` states \
                                    which"));
                        }
                        None => inferred_kind(&label, own)?,
                    };
                    kind.fits(&label, own)?;
                    Ok((name.clone(), kind))
                };
                many.iter()
                    .map(kind)
                    .collect::<Result<_>>()
                    .map(Strands::Many)
            }
        }
    }

    /// The inputs on the reverse strand; applied twice, the inputs themselves.
    pub fn turned(&self, x: &Value) -> Result<Value> {
        match (self, x) {
            (Strands::One(kind), Value::One(tensor)) => turn(tensor, *kind).map(Value::One),
            (Strands::One(_), Value::Codes(_)) => self.turned(&x.one_hot()?),
            (Strands::Many(kinds), Value::Many(many)) => {
                let one = |(name, tensor): (&String, &Tensor)| {
                    let kind = kinds.get(name).copied().unwrap_or(InputKind::Features);
                    Ok((name.clone(), turn(tensor, kind)?))
                };
                many.iter().map(one).collect::<Result<_>>().map(Value::Many)
            }
            _ => bail!(
                "shape",
                "inputs are not those that the strands were declared for"
            ),
        }
    }
}

/// The kind that a shape implies.
fn inferred_kind(name: &str, own: &[i64]) -> Result<InputKind> {
    match own {
        [] | [_] => Ok(InputKind::Features),
        [4, _] => Ok(InputKind::Sequence),
        [_, _] => Ok(InputKind::Track),
        _ => Err(fault!(
            "shape",
            "the shape {} does not say what input{name} becomes on the reverse strand",
            shape::text(own)
        )
        .hint(
            "`\"track\"` reads its last axis backwards, `\"features\"` leaves it as it is: \
             `nn::both_strands(layer, #{ input: \"features\" })`",
        )),
    }
}

fn turn(x: &Tensor, kind: InputKind) -> Result<Tensor> {
    match kind {
        InputKind::Sequence => x.flip(&[1, 2]),
        InputKind::Track => x.flip(&[-1]),
        InputKind::Stranded => exchanged(&x.flip(&[-1])?, 1),
        InputKind::Features => Ok(x.clone()),
        InputKind::Map => x.flip(&[-2, -1]),
        InputKind::Pairs => exchanged(x, 1),
    }
}

/// Exchanges neighbours along an axis: 1 0 3 2 ….
pub fn exchanged(x: &Tensor, axis: usize) -> Result<Tensor> {
    let n = x.shape().get(axis).copied().unwrap_or(0);
    chosen(
        x,
        axis as i64,
        &(0..n).map(|i| (i ^ 1) as usize).collect::<Vec<_>>(),
    )
}

fn chosen(x: &Tensor, axis: i64, places: &[usize]) -> Result<Tensor> {
    let places: Vec<i64> = places.iter().map(|i| *i as i64).collect();
    x.take(
        axis,
        &Tensor::from_i64(&places, &[places.len() as i64])?.to_device(x.device())?,
    )
}

/// An output `[batch, …]` of the reverse strand in the order of the forward strand: permuted as
/// the labels where there is one for each of its numbers, otherwise with the last axis of
/// `[batch, channels, positions]` reversed.
pub fn turned_back(out: &Tensor, labels: Option<&[usize]>) -> Result<Tensor> {
    let shape = out.shape();
    let each: i64 = shape.iter().skip(1).product();
    match labels {
        Some(labels) if labels.len() as i64 == each => {
            chosen(&out.reshape(&[-1, each])?, 1, labels)?.reshape(&shape)
        }
        _ if shape.len() > 2 => out.flip(&[-1]),
        _ => Ok(out.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(shape: &[i64]) -> Tensor {
        let n = shape.iter().product::<i64>();
        Tensor::from_f32(&(0..n).map(|i| i as f32).collect::<Vec<_>>(), shape).unwrap()
    }

    #[test]
    fn four_channels_are_bases_only_where_there_is_no_doubt() {
        let none = BTreeMap::new();
        let many = |list: &[(&str, &[i64])]| {
            Shape::Many(
                list.iter()
                    .map(|(name, own)| (name.to_string(), own.to_vec()))
                    .collect(),
            )
        };
        let kinds = |inputs: &Shape| match Strands::of(inputs, &none, true) {
            Ok(Strands::Many(kinds)) => kinds.into_values().collect(),
            Ok(Strands::One(kind)) => vec![kind],
            Err(_) => Vec::new(),
        };
        use InputKind::*;
        assert_eq!(kinds(&Shape::One(vec![4, 9])), [Sequence]);
        assert_eq!(kinds(&Shape::One(vec![5, 9])), [Track]);
        assert_eq!(kinds(&Shape::One(vec![9])), [Features]);
        assert_eq!(
            kinds(&many(&[("dna", &[4, 9]), ("marks", &[8, 9])])),
            [Sequence, Track]
        );
        assert_eq!(
            kinds(&many(&[("sequence", &[4, 9]), ("histone", &[4, 9])])),
            []
        );
        assert_eq!(
            kinds(&many(&[("sequence", &[64, 7]), ("histone", &[4, 9])])),
            []
        );
        assert!(Strands::of(&Shape::One(vec![4, 9]), &none, false).is_err());
        let declared = BTreeMap::from([("histone".to_string(), Stranded)]);
        let found = Strands::of(
            &many(&[("sequence", &[4, 9]), ("histone", &[4, 9])]),
            &declared,
            true,
        )
        .unwrap();
        assert!(matches!(found, Strands::Many(kinds)
                if kinds["histone"] == Stranded && kinds["sequence"] == Sequence));
    }

    #[test]
    fn pairs_change_places_and_twice_is_the_same() {
        let x = Value::One(numbers(&[1, 2, 3]));
        let strands = Strands::One(InputKind::Stranded);
        let once = strands.turned(&x).unwrap();
        assert_eq!(
            once.one().unwrap().to_f32().unwrap(),
            [5.0, 4.0, 3.0, 2.0, 1.0, 0.0]
        );
        assert_eq!(
            strands
                .turned(&once)
                .unwrap()
                .one()
                .unwrap()
                .to_f32()
                .unwrap(),
            numbers(&[1, 2, 3]).to_f32().unwrap()
        );
        let out = turned_back(&numbers(&[1, 4]), Some(&[3, 2, 1, 0])).unwrap();
        assert_eq!(out.to_f32().unwrap(), [3.0, 2.0, 1.0, 0.0]);
        assert_eq!(
            turned_back(&numbers(&[2, 2]), None)
                .unwrap()
                .to_f32()
                .unwrap(),
            [0.0, 1.0, 2.0, 3.0]
        );
    }
}
