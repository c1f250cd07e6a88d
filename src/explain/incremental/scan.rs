//! A convolution, perhaps a ReLU, and a pooling over all positions, of sequences in which one base
//! is changed: only the windows that contain it are computed again.

use cistron_base::Result;
use cistron_base::wide::widest;
use cistron_nn::Module;
use cistron_nn::lookup::Over;
use cistron_nn::stem::{Scanned, scanned};
use std::rc::Rc;

/// Filters that are computed at a time.
const LANES: usize = 16;

/// The first layers of a network that scans sequences for motifs.
pub struct Scan {
    /// Of each block of filters, of each base and of none, the weights at each place of the window.
    tables: Vec<Vec<[f32; LANES]>>,
    /// Of each block of filters.
    biases: Vec<[f32; LANES]>,
    filters: usize,
    width: usize,
    pads: (usize, usize),
    relu: bool,
    over: Over,
}

impl Scan {
    /// That of a chain's first parts, and how many they are; none where they are anything else.
    pub fn of(parts: &[Rc<dyn Module>]) -> Result<Option<(Scan, usize)>> {
        let Some(Scanned {
            convolution,
            relu,
            over,
            used,
            ..
        }) = scanned(parts)
        else {
            return Ok(None);
        };
        let [filters, 4, width] = convolution.weight.shape()[..] else {
            return Ok(None);
        };
        if convolution.dilation != 1 {
            return Ok(None);
        }
        let (filters, width) = (filters as usize, width as usize);
        let weight = convolution.weight.current()?.to_f32()?;
        let bias = convolution
            .bias
            .as_ref()
            .map_or_else(|| Ok(vec![0.0; filters]), |bias| bias.to_f32())?;
        let blocks = filters.div_ceil(LANES);
        let mut tables = vec![vec![[0f32; LANES]; 5 * width]; blocks];
        let mut biases = vec![[0f32; LANES]; blocks];
        for filter in 0..filters {
            let (block, lane) = (filter / LANES, filter % LANES);
            biases[block][lane] = bias[filter];
            for base in 0..4 {
                for k in 0..width {
                    tables[block][base * width + k][lane] = weight[(filter * 4 + base) * width + k];
                }
            }
        }
        Ok(Some((
            Scan {
                tables,
                biases,
                filters,
                width,
                pads: convolution.pads,
                relu,
                over,
            },
            used,
        )))
    }

    /// The pooled outputs of one sequence with each change (position, base):
    /// `[changes, filters]`.
    pub fn changed(&self, codes: &[u8], changes: &[(usize, u8)]) -> Vec<f32> {
        let mut out = vec![0f32; changes.len() * self.filters];
        let mut pooled = vec![[0f32; LANES]; changes.len()];
        let shape = (
            self.width,
            self.pads.0,
            (codes.len() + self.pads.0 + self.pads.1 + 1).saturating_sub(self.width),
        );
        for (block, (table, bias)) in self.tables.iter().zip(&self.biases).enumerate() {
            let pool = if self.over == Over::Max {
                largest
            } else {
                mean
            };
            pool(codes, changes, table, bias, shape, self.relu, &mut pooled);
            let from = block * LANES;
            let lanes = LANES.min(self.filters - from);
            for (row, own) in out.chunks_exact_mut(self.filters).zip(&pooled) {
                row[from..from + lanes].copy_from_slice(&own[..lanes]);
            }
        }
        out
    }
}

type Lanes = [f32; LANES];
/// Places of a window, zeros before the sequence, windows.
type Shape = (usize, usize, usize);

/// The row of a table for a base at a place of the window; one of zeros where there is no base.
#[inline(always)]
fn entry(table: &[Lanes], width: usize, base: u8, k: usize) -> &Lanes {
    &table[usize::from(base.min(4)) * width + k]
}

#[inline(always)]
fn windows(
    codes: &[u8],
    table: &[Lanes],
    bias: &Lanes,
    (width, before, count): Shape,
) -> Vec<Lanes> {
    let one = |w: usize| {
        let mut sum = *bias;
        for k in before.saturating_sub(w)..width.min((codes.len() + before).saturating_sub(w)) {
            let own = entry(table, width, codes[w + k - before], k);
            (0..LANES).for_each(|lane| sum[lane] += own[lane]);
        }
        sum
    };
    (0..count).map(one).collect()
}

/// Visits each window that contains the changed position, before and after the change; returns the
/// first of them and the one after the last.
#[inline(always)]
fn touched(
    codes: &[u8],
    (at, to): (usize, u8),
    table: &[Lanes],
    (width, before, count): Shape,
    windows: &[Lanes],
    mut each: impl FnMut(&Lanes, &Lanes),
) -> (usize, usize) {
    let first = (at + before + 1).saturating_sub(width).min(count);
    let end = (at + before + 1).min(count);
    for (w, own) in windows[first..end].iter().enumerate() {
        let k = at + before - (first + w);
        let (gone, come) = (
            entry(table, width, codes[at], k),
            entry(table, width, to, k),
        );
        let mut now = *own;
        (0..LANES).for_each(|lane| now[lane] += come[lane] - gone[lane]);
        each(own, &now);
    }
    (first, end)
}

#[inline(always)]
fn larger(a: &mut Lanes, b: &Lanes) {
    (0..LANES).for_each(|lane| a[lane] = if b[lane] > a[lane] { b[lane] } else { a[lane] });
}

#[inline(always)]
fn largest_of(
    codes: &[u8],
    changes: &[(usize, u8)],
    table: &[Lanes],
    bias: &Lanes,
    shape: Shape,
    relu: bool,
    out: &mut [Lanes],
) {
    let windows = windows(codes, table, bias, shape);
    let least = [if relu { 0.0 } else { f32::NEG_INFINITY }; LANES];
    // the largest of the windows before each, and from each on
    let mut ahead = vec![least];
    for own in &windows {
        let mut next = ahead[ahead.len() - 1];
        larger(&mut next, own);
        ahead.push(next);
    }
    let mut behind = vec![least; windows.len() + 1];
    for (w, own) in windows.iter().enumerate().rev() {
        behind[w] = behind[w + 1];
        larger(&mut behind[w], own);
    }
    for (change, out) in changes.iter().zip(out) {
        let mut best = least;
        let (first, end) = touched(codes, *change, table, shape, &windows, |_, now| {
            larger(&mut best, now)
        });
        larger(&mut best, &ahead[first]);
        larger(&mut best, &behind[end]);
        *out = best;
    }
}

#[inline(always)]
fn mean_of(
    codes: &[u8],
    changes: &[(usize, u8)],
    table: &[Lanes],
    bias: &Lanes,
    shape: Shape,
    relu: bool,
    out: &mut [Lanes],
) {
    let windows = windows(codes, table, bias, shape);
    let rectified = |x: f32| if relu && x < 0.0 { 0.0 } else { x };
    let mut total = [0f32; LANES];
    windows
        .iter()
        .for_each(|own| (0..LANES).for_each(|lane| total[lane] += rectified(own[lane])));
    for (change, out) in changes.iter().zip(out) {
        let mut sum = total;
        touched(codes, *change, table, shape, &windows, |own, now| {
            (0..LANES).for_each(|lane| sum[lane] += rectified(now[lane]) - rectified(own[lane]))
        });
        *out = sum.map(|sum| sum / windows.len() as f32);
    }
}

widest!(
    largest(
        codes: &[u8],
        changes: &[(usize, u8)],
        table: &[Lanes],
        bias: &Lanes,
        shape: Shape,
        relu: bool,
        out: &mut [Lanes],
    ) -> (),
    largest_of
);
widest!(
    mean(
        codes: &[u8],
        changes: &[(usize, u8)],
        table: &[Lanes],
        bias: &Lanes,
        shape: Shape,
        relu: bool,
        out: &mut [Lanes],
    ) -> (),
    mean_of
);
