//! Layers made of layers.

use crate::fuse::stack;
use crate::fuse::stem::{Fused, Scanned, scanned, windowed};
use crate::layers::pool::Pool;
use crate::layers::{norm, recurrent};
use crate::spec::Role;
use crate::strands::{self, InputKind, Strands};
use crate::watch;
use crate::{Builder, Built, Layer, Mode, Module, Shape, Spec, Value};
use cistron_base::{Result, shape};
use cistron_base::{bail, fault};
use cistron_torch::Tensor;
use std::collections::BTreeMap;
use std::rc::Rc;

/// How several outputs become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// Side by side along the channels.
    Concat,
    /// Their sum.
    Add,
    /// Their mean.
    Mean,
    /// The largest of each.
    Max,
}

impl Merge {
    /// The shape of the combination of outputs; fails where they do not fit.
    pub fn shape(self, what: &str, shapes: &[Shape]) -> Result<Vec<i64>> {
        let shapes = shapes
            .iter()
            .map(|s| s.one(what).map(<[i64]>::to_vec))
            .collect::<Result<Vec<_>>>()?;
        let first = shapes[0].clone();
        for (i, other) in shapes.iter().enumerate().skip(1) {
            let fits = if self == Merge::Concat {
                other.len() == first.len() && other.get(1..) == first.get(1..)
            } else {
                *other == first
            };
            if !fits {
                let verb = if self == Merge::Concat {
                    "concatenated along the channels"
                } else {
                    "merged"
                };
                return Err(fault!(
                    "shape",
                    "{what}: outputs {} and {} (of parts 1 and {}) cannot be {verb}",
                    shape::text(&first),
                    shape::text(other),
                    i + 1
                )
                .hint("padding: \"same\" keeps lengths equal"));
            }
        }
        let mut out = first;
        if self == Merge::Concat {
            out[0] = shapes.iter().map(|s| s[0]).sum();
        }
        Ok(out)
    }

    /// Combines outputs.
    pub fn apply(self, parts: &[Tensor]) -> Result<Tensor> {
        if self == Merge::Concat {
            return Tensor::cat(parts, 1);
        }
        let mut out = parts[0].clone();
        for part in &parts[1..] {
            out = if self == Merge::Max {
                out.maximum(part)?
            } else {
                out.add(part)?
            };
        }
        if self == Merge::Mean {
            out.div_number(parts.len() as f64)
        } else {
            Ok(out)
        }
    }
}

/// The depth of the deepest of some layers.
fn deepest<'a>(parts: impl IntoIterator<Item = &'a Layer>) -> usize {
    parts.into_iter().map(Layer::depth).max().unwrap_or(0)
}

/// Layers one after the other; a layer may have a name, else its number is its name.
pub struct Chain {
    /// The layers.
    pub parts: Vec<(Option<String>, Layer)>,
}

struct Sequence {
    /// As described, for a chain around this one.
    parts: Vec<Rc<dyn Module>>,
    /// With those joined that can be.
    modules: Vec<Rc<dyn Module>>,
}

impl Sequence {
    /// Of parts as described; they are joined where `fast`.
    fn of(parts: Vec<Rc<dyn Module>>, fast: bool) -> Sequence {
        let modules = if fast {
            norm::with_relu(looked_up(
                stack::joined(recurrent::cut(looked_up(parts.clone(), scanned))),
                windowed,
            ))
        } else {
            parts.clone()
        };
        Sequence { parts, modules }
    }
}

/// The parts of a chain from one on, as a chain of their own.
pub fn rest(parts: &[Rc<dyn Module>]) -> Rc<dyn Module> {
    Rc::new(Sequence::of(parts.to_vec(), true))
}

impl Module for Sequence {
    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let mut x = x.clone();
        for module in if watch::is_on() {
            &self.parts
        } else {
            &self.modules
        } {
            x = module.forward(&x, mode)?;
        }
        Ok(x)
    }

    fn role(&self) -> Role<'_> {
        Role::Parts(&self.parts)
    }

    fn ways(&self, out: &mut Vec<String>) {
        self.modules.iter().for_each(|module| module.ways(out));
    }

    fn settled(&self) -> Option<i64> {
        self.parts.iter().map(|part| part.settled()).sum()
    }

    fn reads_codes(&self) -> bool {
        !watch::is_on()
            && self
                .modules
                .first()
                .is_some_and(|first| first.reads_codes())
    }
}

/// A convolution of one-hot sequences or k-mers that comes first, with what `read` finds behind it,
/// becomes one lookup on sequence codes.
fn looked_up(
    modules: Vec<Rc<dyn Module>>,
    read: fn(&[Rc<dyn Module>]) -> Option<Scanned>,
) -> Vec<Rc<dyn Module>> {
    let (k, at) = if let Some(Role::Kmers(k)) = modules.first().map(|first| first.role()) {
        (k, 1)
    } else {
        (1, 0)
    };
    let Some(found) = modules.get(at..).and_then(read) else {
        return modules;
    };
    let used = at + found.used;
    let Some(first) = Fused::new(modules[..used].to_vec(), &found, k) else {
        return modules;
    };
    let first: Rc<dyn Module> = Rc::new(first);
    std::iter::once(first)
        .chain(modules[used..].iter().cloned())
        .collect()
}

/// Chains inside a chain become part of it, and a ReLU before a max pool comes after it: the
/// largest of windows is the same either way, and a third or less of the numbers is left.
fn smoothed(modules: Vec<Rc<dyn Module>>) -> Vec<Rc<dyn Module>> {
    let mut flat: Vec<Rc<dyn Module>> = Vec::with_capacity(modules.len());
    for module in modules {
        match module.role() {
            Role::Parts(parts) => flat.extend(parts.iter().cloned()),
            _ => flat.push(module),
        }
    }
    for i in 1..flat.len() {
        if let (Role::Relu, Role::Pool(Pool { max: true, .. })) =
            (flat[i - 1].role(), flat[i].role())
        {
            flat.swap(i - 1, i);
        }
    }
    flat
}

impl Spec for Chain {
    fn depth(&self) -> usize {
        deepest(self.parts.iter().map(|(_, part)| part))
    }

    fn text(&self) -> String {
        format!("chain of {}", self.parts.len())
    }

    fn is_group(&self) -> bool {
        true
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let mut shape = input.clone();
        let mut modules = Vec::new();
        for (i, (name, layer)) in self.parts.iter().enumerate() {
            let name = name.clone().unwrap_or_else(|| i.to_string());
            let built = builder.child(&name, layer, &shape)?;
            shape = built.output;
            modules.push(built.module);
        }
        Ok(Built {
            module: Rc::new(Sequence::of(smoothed(modules), builder.fast)),
            output: shape,
        })
    }
}

/// x + layer(x), with a layer on the skip where shapes differ.
pub struct Residual {
    /// What is added to the input.
    pub layer: Layer,
    /// What the input goes through; none adds it as it is.
    pub shortcut: Option<Layer>,
    /// What the sum goes through.
    pub after: Option<Layer>,
}

struct Sum {
    body: Rc<dyn Module>,
    shortcut: Option<Rc<dyn Module>>,
    after: Option<Rc<dyn Module>>,
}

impl Module for Sum {
    fn ways(&self, out: &mut Vec<String>) {
        [
            Some(&self.body),
            self.shortcut.as_ref(),
            self.after.as_ref(),
        ]
        .into_iter()
        .flatten()
        .for_each(|module| module.ways(out));
    }

    fn role(&self) -> Role<'_> {
        Role::Residual {
            body: &self.body,
            shortcut: self.shortcut.as_ref(),
            after: self.after.as_ref(),
        }
    }

    fn settled(&self) -> Option<i64> {
        [
            Some(&self.body),
            self.shortcut.as_ref(),
            self.after.as_ref(),
        ]
        .into_iter()
        .flatten()
        .map(|module| module.settled())
        .sum()
    }

    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let skip = match &self.shortcut {
            Some(shortcut) => shortcut.forward(x, mode)?,
            None => x.clone(),
        };
        let sum = Value::One(self.body.forward(x, mode)?.one()?.add(skip.one()?)?);
        match &self.after {
            Some(after) => after.forward(&sum, mode),
            None => Ok(sum),
        }
    }
}

impl Spec for Residual {
    fn depth(&self) -> usize {
        deepest(
            [
                Some(&self.layer),
                self.shortcut.as_ref(),
                self.after.as_ref(),
            ]
            .into_iter()
            .flatten(),
        )
    }

    fn text(&self) -> String {
        "residual".into()
    }

    fn is_group(&self) -> bool {
        true
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let (start, is_input) = (builder.field, builder.is_input);
        let body = builder.child("body", &self.layer, input)?;
        let end = builder.field;
        (builder.field, builder.is_input) = (start, is_input);
        let (shortcut, skip) = match &self.shortcut {
            Some(layer) => {
                let built = builder.child("shortcut", layer, input)?;
                (Some(built.module), built.output)
            }
            None => (None, input.clone()),
        };
        builder.field = end;
        if skip != body.output {
            let fault = fault!(
                "shape",
                "residual: the layer gives {}, the skip {}",
                body.output.text(),
                skip.text()
            );
            let wanted = body
                .output
                .one("residual")
                .ok()
                .and_then(|s| s.first().copied())
                .unwrap_or(0);
            return Err(fault.hint(format!("bring the skip into shape: `#{{ shortcut: nn::conv1d({wanted}, 1) }}`, or keep the length with padding: \"same\"")));
        }
        let mut output = body.output;
        let after = match &self.after {
            Some(layer) => {
                let built = builder.child("after", layer, &output)?;
                output = built.output;
                Some(built.module)
            }
            None => None,
        };
        Ok(Built {
            module: Rc::new(Sum {
                body: body.module,
                shortcut,
                after,
            }),
            output,
        })
    }
}

/// One input through several layers, merged.
pub struct Parallel {
    /// The layers.
    pub parts: Vec<Layer>,
    /// How their outputs become one.
    pub merge: Merge,
}

struct Side {
    parts: Vec<Rc<dyn Module>>,
    merge: Merge,
}

impl Module for Side {
    fn ways(&self, out: &mut Vec<String>) {
        self.parts.iter().for_each(|module| module.ways(out));
    }

    fn settled(&self) -> Option<i64> {
        self.parts.iter().map(|part| part.settled()).sum()
    }

    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let parts = self
            .parts
            .iter()
            .map(|part| part.forward(x, mode)?.one().cloned())
            .collect::<Result<Vec<_>>>()?;
        self.merge.apply(&parts).map(Value::One)
    }
}

/// The wider of two receptive fields.
fn wider(a: crate::build::Field, b: crate::build::Field) -> crate::build::Field {
    match (a, b) {
        (Some(a), Some(b)) => Some(if b.0 > a.0 { b } else { a }),
        _ => None,
    }
}

impl Spec for Parallel {
    fn depth(&self) -> usize {
        deepest(&self.parts)
    }

    fn text(&self) -> String {
        format!("parallel of {}", self.parts.len())
    }

    fn is_group(&self) -> bool {
        true
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let (start, mut end, is_input) = (builder.field, builder.field, builder.is_input);
        let mut parts = Vec::new();
        let mut shapes = Vec::new();
        for (i, layer) in self.parts.iter().enumerate() {
            (builder.field, builder.is_input) = (start, is_input);
            let built = builder.child(&i.to_string(), layer, input)?;
            end = wider(end, builder.field);
            parts.push(built.module);
            shapes.push(built.output);
        }
        builder.field = end;
        let output = self.merge.shape("parallel", &shapes)?;
        Built::one(
            Side {
                parts,
                merge: self.merge,
            },
            output,
        )
    }
}

/// Named inputs, each through a layer of its own, merged.
pub struct Branches {
    /// Input name and layer, in the order of their outputs.
    pub parts: Vec<(String, Layer)>,
    /// How their outputs become one.
    pub merge: Merge,
}

struct Fan {
    parts: Vec<(String, Rc<dyn Module>)>,
    merge: Merge,
}

impl Module for Fan {
    fn ways(&self, out: &mut Vec<String>) {
        self.parts.iter().for_each(|(_, module)| module.ways(out));
    }

    fn settled(&self) -> Option<i64> {
        self.parts.iter().map(|(_, part)| part.settled()).sum()
    }

    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let Value::Many(inputs) = x else {
            bail!(
                "shape",
                "branches take several named inputs, got one tensor"
            )
        };
        let parts = self
            .parts
            .iter()
            .map(|(name, part)| {
                let own = inputs
                    .get(name)
                    .ok_or_else(|| fault!("shape", "there is no input called `{name}`"))?;
                part.forward(&Value::One(own.clone()), mode)?.one().cloned()
            })
            .collect::<Result<Vec<_>>>()?;
        self.merge.apply(&parts).map(Value::One)
    }
}

impl Branches {
    fn names(&self) -> String {
        self.parts
            .iter()
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>()
            .join(", ")
    }
}

impl Spec for Branches {
    fn depth(&self) -> usize {
        deepest(self.parts.iter().map(|(_, part)| part))
    }

    fn text(&self) -> String {
        format!("branches {}", self.names())
    }

    fn is_group(&self) -> bool {
        true
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let names = || self.names();
        let Shape::Many(shapes) = input else {
            bail!("shape", "branches take the named inputs {}, got one of {}", names(), input.text(); hint: "build with `nn::build(layer, #{{ name: [channels, length], … }})`");
        };
        let (start, mut end, is_input) = (builder.field, builder.field, builder.is_input);
        let (mut parts, mut outputs) = (Vec::new(), Vec::new());
        for (name, layer) in &self.parts {
            let shape = shapes.get(name).ok_or_else(|| {
                fault!(
                    "shape",
                    "branches need an input `{name}`; there are {}",
                    shapes.keys().cloned().collect::<Vec<_>>().join(", ")
                )
            })?;
            (builder.field, builder.is_input) = (start, is_input);
            let built = builder.child(name, layer, &Shape::One(shape.clone()))?;
            end = wider(end, builder.field);
            parts.push((name.clone(), built.module));
            outputs.push(built.output);
        }
        builder.field = end;
        let output = self.merge.shape("branches", &outputs)?;
        Built::one(
            Fan {
                parts,
                merge: self.merge,
            },
            output,
        )
    }
}

/// The same layer on a sequence and on its reverse complement, merged.
pub struct BothStrands {
    /// The layer.
    pub layer: Layer,
    /// How the two outputs become one.
    pub merge: Merge,
    /// What inputs are, by name; of one input under the empty name.
    pub inputs: BTreeMap<String, InputKind>,
    /// How the output of the reverse strand is turned back.
    pub outputs: TurnedBack,
}

/// How the output of the reverse strand is turned back before it is merged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnedBack {
    /// Positions of `[channels, positions]` are read backwards.
    Aligned,
    /// So, and channels, pairs of strands, change places.
    Stranded,
    /// Not at all.
    AsIs,
}

impl TurnedBack {
    fn apply(self, out: Tensor) -> Result<Tensor> {
        if self == TurnedBack::AsIs {
            return Ok(out);
        }
        let out = strands::turned_back(&out, None)?;
        if self == TurnedBack::Stranded {
            strands::exchanged(&out, 1)
        } else {
            Ok(out)
        }
    }
}

struct Both {
    body: Rc<dyn Module>,
    merge: Merge,
    strands: Strands,
    outputs: TurnedBack,
}

impl Module for Both {
    fn ways(&self, out: &mut Vec<String>) {
        self.body.ways(out);
    }

    fn settled(&self) -> Option<i64> {
        self.body.settled()
    }

    fn forward(&self, x: &Value, mode: Mode) -> Result<Value> {
        let turned = self.strands.turned(x)?;
        let other = self.body.forward(&turned, mode)?.one()?.clone();
        let parts = [
            self.body.forward(x, mode)?.one()?.clone(),
            self.outputs.apply(other)?,
        ];
        self.merge.apply(&parts).map(Value::One)
    }
}

impl Spec for BothStrands {
    fn depth(&self) -> usize {
        self.layer.depth()
    }

    fn text(&self) -> String {
        "both strands".into()
    }

    fn is_group(&self) -> bool {
        true
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        let strands = Strands::of(input, &self.inputs, builder.is_input)
            .map_err(|fault| fault.context("both_strands"))?;
        let built = builder.child("", &self.layer, input)?;
        let output = self.merge.shape(
            "both_strands",
            &[built.output.clone(), built.output.clone()],
        )?;
        if let (TurnedBack::Stranded, Shape::One(own)) = (self.outputs, &built.output)
            && own[0] % 2 == 1
        {
            bail!("shape", "both_strands: an output {} has no pairs of channels to exchange", built.output.text(); hint: "`outputs: \"aligned\"`");
        }
        Built::one(
            Both {
                body: built.module,
                merge: self.merge,
                strands,
                outputs: self.outputs,
            },
            output,
        )
    }
}

/// One set of parameters wherever this description stands.
pub struct Tied(pub Layer);

impl Spec for Tied {
    fn depth(&self) -> usize {
        self.0.depth()
    }

    fn text(&self) -> String {
        format!("tied {}", self.0.text())
    }

    // the first of them alone holds the parameters
    fn varies(&self) -> bool {
        true
    }

    fn build(&self, builder: &mut Builder, input: &Shape) -> Result<Built> {
        builder.shared(&self.0, input)
    }
}
