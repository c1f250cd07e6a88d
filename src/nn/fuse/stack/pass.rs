//! The pass over one sequence, forwards and backwards.

use super::plan::Plan;
use super::{Step, stride};
use crate::kernels::dense::{self, Pair, Reads, padded};
use cistron_base::Result;
use cistron_base::wide::widest;
use cistron_torch::Tensor;
use cistron_torch::device::Mask;
use std::rc::Rc;

/// What sequences are read from.
pub enum Input {
    /// Codes, `[batch, length]`.
    Codes(Vec<u8>),
    /// Numbers, `[batch, length, channels]`.
    Rows(Vec<f32>),
}

impl Input {
    /// Sequence `i` as rows of numbers, filled up to whole vectors.
    fn rows(&self, i: usize, length: usize, channels: usize) -> Vec<f32> {
        let columns = padded(channels);
        let mut out = vec![0.0; length * columns];
        let rows = out.chunks_exact_mut(columns);
        match self {
            Input::Codes(codes) => {
                for (row, code) in rows
                    .zip(&codes[i * length..])
                    .filter(|(_, code)| usize::from(**code) < channels)
                {
                    row[usize::from(*code)] = 1.0;
                }
            }
            Input::Rows(values) => rows
                .zip(values[i * length * channels..].chunks_exact(channels))
                .for_each(|(row, own)| row[..channels].copy_from_slice(own)),
        }
        out
    }
}

/// Weights of a step as the loops read them.
pub struct Packed {
    /// `[width][channels][filters]`, filters filled up with zeros.
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Packed {
    /// From `[filters, channels, width]`.
    pub fn new(step: &Step, weight: &Tensor) -> Result<Packed> {
        let ((filters, channels, width), columns) = (step.sizes(), stride(step));
        let values = weight.to_f32()?;
        let mut own = vec![0.0; width * channels * columns];
        for filter in 0..filters {
            for channel in 0..channels {
                for place in 0..width {
                    own[(place * channels + channel) * columns + filter] =
                        values[(filter * channels + channel) * width + place];
                }
            }
        }
        let mut bias = step
            .conv
            .bias
            .as_ref()
            .map_or(Ok(Vec::new()), Tensor::to_f32)?;
        bias.resize(columns, 0.0);
        Ok(Packed { weight: own, bias })
    }

    /// `[width][filters][channels]`, channels filled up with zeros: what gradients of the input are
    /// made with.
    fn turned(&self, step: &Step) -> Vec<f32> {
        let ((filters, channels, width), columns) = (step.sizes(), stride(step));
        let rows = padded(channels);
        let mut own = vec![0.0; width * filters * rows];
        for place in 0..width {
            for filter in 0..filters {
                for channel in 0..channels {
                    own[(place * filters + filter) * rows + channel] =
                        self.weight[(place * channels + channel) * columns + filter];
                }
            }
        }
        own
    }
}

/// What the pass over one sequence leaves behind.
#[derive(Default)]
pub struct Sample {
    /// Outputs, `[rows][channels]`; that of the input stays empty.
    outputs: Vec<Vec<f32>>,
    /// Of steps with a skip: which numbers were above 0 before it was added, 16 channels a word.
    above: Vec<Vec<u16>>,
}

/// Everything that the passes over a batch share.
pub struct Pass {
    pub plan: Rc<Plan>,
    pub steps: Vec<Step>,
    pub packed: Vec<Packed>,
    pub masks: Vec<Option<Mask>>,
    pub input: Input,
    pub batch: usize,
}

/// The loops' view of [`Pass`]: what threads may share.
pub struct Shared<'a> {
    plan: &'a Plan,
    steps: Vec<Shape>,
    packed: &'a [Packed],
    masks: &'a [Option<Mask>],
    input: &'a Input,
}

/// What the loops need to know of a step.
struct Shape {
    from: usize,
    to: usize,
    filters: usize,
    channels: usize,
    columns: usize,
    relu: bool,
    skip: Option<usize>,
    relu_of_sum: bool,
}

/// Gradients of all weights, of some sequences.
pub struct Gradients {
    weights: Vec<Vec<f32>>,
    /// Of each step, `[filters]` and what fills them up.
    pub biases: Vec<Vec<f32>>,
    /// Of the input, `[batch, length, channels]`.
    pub input: Vec<f32>,
    outputs: Vec<Vec<f32>>,
}

/// Numbers of a mask: those of position `p` of a sequence start at `(start + p) * channels`.
struct Numbers<'a> {
    mask: &'a Mask,
    start: u64,
    positions: &'a [u32],
}

widest!(finish(rows: &mut [f32], columns: usize, filters: usize, how: (bool, bool), numbers: Option<&Numbers>, skip: Option<(&[f32], &[u32])>, above: &mut [u16]) -> (), finish_rows);

/// Activation, dropout and sum of some rows.
#[inline(always)]
fn finish_rows(
    rows: &mut [f32],
    columns: usize,
    filters: usize,
    (relu, relu_of_sum): (bool, bool),
    numbers: Option<&Numbers>,
    skip: Option<(&[f32], &[u32])>,
    above: &mut [u16],
) {
    let mut factors = vec![0.0; if numbers.is_some() { columns } else { 0 }];
    for (r, row) in rows.chunks_exact_mut(columns).enumerate() {
        if relu {
            row.iter_mut()
                .for_each(|x| *x = if *x < 0.0 { 0.0 } else { *x });
        }
        if let Some(numbers) = numbers {
            numbers.mask.fill(
                (numbers.start + u64::from(numbers.positions[r])) * filters as u64,
                &mut factors[..filters],
            );
            row.iter_mut()
                .zip(&factors)
                .for_each(|(x, factor)| *x *= factor);
        }
        let Some((other, places)) = skip else {
            continue;
        };
        if relu {
            for (word, own) in above[r * columns / dense::LANE..]
                .iter_mut()
                .zip(row.chunks_exact(dense::LANE))
            {
                *word = own
                    .iter()
                    .enumerate()
                    .fold(0, |word, (lane, x)| word | u16::from(*x > 0.0) << lane);
            }
        }
        let other = &other[places[r] as usize * columns..][..columns];
        if relu_of_sum {
            row.iter_mut().zip(other).for_each(|(x, y)| {
                let sum = *x + y;
                *x = if sum < 0.0 { 0.0 } else { sum };
            });
        } else {
            row.iter_mut().zip(other).for_each(|(x, y)| *x += y);
        }
    }
}

widest!(undo(gradient: &mut [f32], output: &[f32], columns: usize, how: (bool, bool), kept: f32, skip: Option<(&mut [f32], &[u32])>, above: &[u16], bias: &mut [f32]) -> (), undo_rows);

/// From the gradient of rows to that of the convolution's own output; the skip and the bias get
/// theirs.
#[inline(always)]
#[allow(clippy::too_many_arguments)]
fn undo_rows(
    gradient: &mut [f32],
    output: &[f32],
    columns: usize,
    (relu, relu_of_sum): (bool, bool),
    kept: f32,
    mut skip: Option<(&mut [f32], &[u32])>,
    above: &[u16],
    bias: &mut [f32],
) {
    for (r, (row, output)) in gradient
        .chunks_exact_mut(columns)
        .zip(output.chunks_exact(columns))
        .enumerate()
    {
        if relu_of_sum {
            row.iter_mut()
                .zip(output)
                .for_each(|(g, y)| *g = if *y > 0.0 { *g } else { 0.0 });
        }
        if let Some((other, places)) = &mut skip {
            other[places[r] as usize * columns..][..columns]
                .iter_mut()
                .zip(&*row)
                .for_each(|(to, g)| *to += g);
            if relu {
                for (own, word) in row
                    .chunks_exact_mut(dense::LANE)
                    .zip(&above[r * columns / dense::LANE..])
                {
                    own.iter_mut().enumerate().for_each(|(lane, g)| {
                        *g = if *word >> lane & 1 == 1 {
                            *g * kept
                        } else {
                            0.0
                        }
                    });
                }
            }
        } else if relu {
            row.iter_mut()
                .zip(output)
                .for_each(|(g, y)| *g = if *y > 0.0 { *g * kept } else { 0.0 });
        }
        bias.iter_mut().zip(&*row).for_each(|(sum, g)| *sum += g);
    }
}

fn add(to: &mut [f32], from: &[f32]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
}

impl Pass {
    /// What threads may share of it.
    pub fn shared(&self) -> Shared<'_> {
        let shape = |step: &Step| {
            let (filters, channels, _) = step.sizes();
            Shape {
                from: step.from,
                to: step.to,
                filters,
                channels,
                columns: stride(step),
                relu: step.relu,
                skip: step.skip,
                relu_of_sum: step.relu_of_sum,
            }
        };
        Shared {
            plan: &self.plan,
            steps: self.steps.iter().map(shape).collect(),
            packed: &self.packed,
            masks: &self.masks,
            input: &self.input,
        }
    }

    /// Matrices that gradients of inputs are made with.
    pub fn turned(&self) -> Vec<Vec<f32>> {
        self.packed
            .iter()
            .zip(&self.steps)
            .map(|(packed, step)| packed.turned(step))
            .collect()
    }
}

/// What a step reads of one sequence.
enum Source<'a> {
    /// Its codes.
    Codes(&'a [u8]),
    /// Rows of numbers, and how far apart they start.
    Rows(&'a [f32], usize),
}

/// Rows of the output, and the known codes that they meet.
fn met(codes: &[u8], pairs: &[Pair], known: usize) -> impl Iterator<Item = (usize, usize)> {
    pairs
        .iter()
        .map(|[row, at]| (*row as usize, usize::from(codes[*at as usize])))
        .filter(move |(_, code)| *code < known)
}

impl Shared<'_> {
    /// Sequence `i` where a step reads the input, else the output before it.
    fn source<'b>(&'b self, step: &Shape, i: usize, output: &'b [f32]) -> Source<'b> {
        let length = self.plan.length;
        match self.input {
            Input::Codes(codes) if step.from == 0 => Source::Codes(&codes[i * length..][..length]),
            Input::Rows(values) if step.from == 0 => Source::Rows(
                &values[i * length * step.channels..][..length * step.channels],
                step.channels,
            ),
            _ => Source::Rows(output, padded(step.channels)),
        }
    }

    /// Computes all outputs of sequence `i`; `keep` what the gradients need, or only the last.
    pub fn forward(&self, i: usize, sample: &mut Sample, keep: bool) {
        let home = |output: usize| {
            if keep {
                output
            } else {
                self.plan.homes[output]
            }
        };
        sample
            .outputs
            .resize_with(self.plan.outputs.len(), Vec::new);
        sample.above.resize_with(self.steps.len(), Vec::new);
        for (s, step) in self.steps.iter().enumerate() {
            let (columns, meetings, rows) = (
                step.columns,
                &self.plan.steps[s],
                &self.plan.outputs[step.to],
            );
            let mut to = std::mem::take(&mut sample.outputs[home(step.to)]);
            to.resize(rows.positions.len() * columns, 0.0);
            let mut above = std::mem::take(&mut sample.above[s]);
            above.resize(
                if step.skip.is_some() {
                    to.len() / dense::LANE
                } else {
                    0
                },
                0,
            );
            let input = if step.skip == Some(0) {
                self.input.rows(i, self.plan.length, step.filters)
            } else {
                Vec::new()
            };
            for block in &meetings.blocks {
                let own = block.rows.start * columns..block.rows.end * columns;
                to[own.clone()]
                    .chunks_exact_mut(columns)
                    .for_each(|row| row.copy_from_slice(&self.packed[s].bias));
                for (place, pairs) in block.places.iter().enumerate() {
                    let matrix = &self.packed[s].weight[place * step.channels * columns..]
                        [..step.channels * columns];
                    match self.source(step, i, &sample.outputs[home(step.from)]) {
                        Source::Codes(codes) => {
                            met(codes, pairs, step.channels).for_each(|(row, code)| {
                                add(
                                    &mut to[row * columns..][..columns],
                                    &matrix[code * columns..][..columns],
                                )
                            });
                        }
                        Source::Rows(values, apart) => {
                            dense::add_product(
                                pairs,
                                Reads::Second,
                                values,
                                matrix,
                                &mut to,
                                (apart, columns),
                                step.channels,
                                columns,
                            );
                        }
                    }
                }
                let positions = &rows.positions[block.rows.clone()];
                let numbers = self.masks[s].as_ref().map(|mask| Numbers {
                    mask,
                    start: (i * rows.length) as u64,
                    positions,
                });
                let skipped = if step.skip == Some(0) {
                    Some(&input)
                } else {
                    step.skip.map(|skip| &sample.outputs[home(skip)])
                };
                let skip = skipped.map(|rows| (&rows[..], &meetings.skip[block.rows.clone()]));
                let words = if above.is_empty() {
                    0..0
                } else {
                    own.start / dense::LANE..own.end / dense::LANE
                };
                finish(
                    &mut to[own],
                    columns,
                    step.filters,
                    (step.relu, step.relu_of_sum),
                    numbers.as_ref(),
                    skip,
                    &mut above[words],
                );
            }
            sample.outputs[home(step.to)] = to;
            sample.above[s] = above;
        }
    }

    /// Appends the last output, without what fills its channels up.
    pub fn emit(&self, sample: &Sample, keep: bool, out: &mut Vec<f32>) {
        let Some(step) = self.steps.last() else {
            return;
        };
        let values = &sample.outputs[if keep {
            step.to
        } else {
            self.plan.homes[step.to]
        }];
        values
            .chunks_exact(step.columns)
            .for_each(|row| out.extend_from_slice(&row[..step.filters]));
    }

    /// Adds the gradients of sequence `i`, given that of its last output.
    pub fn backward(
        &self,
        i: usize,
        sample: &Sample,
        turned: &[Vec<f32>],
        gradient: &[f32],
        into: &mut Gradients,
        wants_input: bool,
    ) {
        let Some(last) = self.steps.last() else {
            return;
        };
        for (output, rows) in into
            .outputs
            .iter_mut()
            .zip(&self.plan.outputs)
            .skip(usize::from(!wants_input))
        {
            output.clear();
            output.resize(rows.positions.len() * rows.columns, 0.0);
        }
        for (row, own) in into.outputs[last.to]
            .chunks_exact_mut(last.columns)
            .zip(gradient.chunks_exact(last.filters))
        {
            row[..last.filters].copy_from_slice(own);
        }
        for (s, step) in self.steps.iter().enumerate().rev() {
            let (columns, meetings) = (step.columns, &self.plan.steps[s]);
            let mut own = std::mem::take(&mut into.outputs[step.to]);
            let kept = self.masks[s].as_ref().map_or(1.0, Mask::kept);
            let skip = step.skip.map(|skip| {
                (skip != 0 || wants_input).then(|| std::mem::take(&mut into.outputs[skip]))
            });
            let mut other = skip.map(Option::unwrap_or_default);
            let rows = own.len() / columns.max(1);
            let unread;
            let skipped = match &mut other {
                None => None,
                Some(other) if other.is_empty() => {
                    // nobody asks for the gradient of the input: it goes into one row that is
                    // thrown away
                    unread = vec![0; rows];
                    other.resize(columns, 0.0);
                    Some((&mut other[..], &unread[..]))
                }
                Some(other) => Some((&mut other[..], &meetings.skip[..])),
            };
            undo(
                &mut own,
                &sample.outputs[step.to],
                columns,
                (step.relu, step.relu_of_sum),
                kept,
                skipped,
                &sample.above[s],
                &mut into.biases[s],
            );
            if let (Some(skip), Some(other)) = (step.skip, other)
                && (skip != 0 || wants_input)
            {
                into.outputs[skip] = other;
            }
            let learns = !into.weights[s].is_empty();
            let wants = step.from != 0 || wants_input;
            let mut from = if wants {
                std::mem::take(&mut into.outputs[step.from])
            } else {
                Vec::new()
            };
            let size = step.channels * columns;
            for block in &meetings.blocks {
                for (place, pairs) in block.places.iter().enumerate() {
                    if learns {
                        let total = &mut into.weights[s][place * size..][..size];
                        match self.source(step, i, &sample.outputs[step.from]) {
                            Source::Codes(codes) => {
                                met(codes, pairs, step.channels).for_each(|(row, code)| {
                                    add(
                                        &mut total[code * columns..][..columns],
                                        &own[row * columns..][..columns],
                                    )
                                });
                            }
                            Source::Rows(values, apart) => {
                                dense::add_outer(
                                    pairs,
                                    Reads::Second,
                                    values,
                                    &own,
                                    total,
                                    (apart, columns),
                                    step.channels,
                                    columns,
                                );
                            }
                        }
                    }
                    if wants {
                        let channels = padded(step.channels);
                        let matrix = &turned[s][place * step.filters * channels..]
                            [..step.filters * channels];
                        dense::add_product(
                            pairs,
                            Reads::First,
                            &own,
                            matrix,
                            &mut from,
                            (columns, channels),
                            step.filters,
                            channels,
                        );
                    }
                }
            }
            if wants {
                into.outputs[step.from] = from;
            }
            into.outputs[step.to] = own;
        }
        if wants_input {
            let channels = self.steps[0].channels;
            into.outputs[0]
                .chunks_exact(padded(channels))
                .for_each(|row| into.input.extend_from_slice(&row[..channels]));
        }
    }
}

impl Gradients {
    /// Zeros, for weights that learn.
    pub fn new(shared: &Shared, learns: &[bool]) -> Gradients {
        let weight = |(packed, learns): (&Packed, &bool)| {
            if *learns {
                vec![0.0; packed.weight.len()]
            } else {
                Vec::new()
            }
        };
        Gradients {
            weights: shared.packed.iter().zip(learns).map(weight).collect(),
            biases: shared
                .packed
                .iter()
                .map(|packed| vec![0.0; packed.bias.len()])
                .collect(),
            input: Vec::new(),
            outputs: vec![Vec::new(); shared.plan.outputs.len()],
        }
    }

    /// Adds those of the sequences that follow.
    pub fn add(&mut self, other: Gradients) {
        self.weights
            .iter_mut()
            .zip(&other.weights)
            .for_each(|(to, own)| add(to, own));
        self.biases
            .iter_mut()
            .zip(&other.biases)
            .for_each(|(to, own)| add(to, own));
        self.input.extend(other.input);
    }

    /// The gradient of a step's weights as `[filters, channels, width]`.
    pub fn weight_of(&self, i: usize, step: &Step) -> Vec<f32> {
        let ((filters, channels, width), columns) = (step.sizes(), stride(step));
        let mut out = Vec::with_capacity(filters * channels * width);
        for filter in 0..filters {
            for channel in 0..channels {
                out.extend(
                    (0..width).map(|place| {
                        self.weights[i][(place * channels + channel) * columns + filter]
                    }),
                );
            }
        }
        out
    }
}
