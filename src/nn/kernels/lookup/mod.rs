//! A convolution of one-hot sequences with a pooling over all positions, as table lookups on
//! sequence codes.
//!
//! What four neighbouring bases add to all filters is one row of a table with 256 rows; a window of
//! width 20 is the sum of five rows. No one-hot tensor and no activation is ever written to memory.
//! Windows with an N use a second table, in which N adds nothing, as four zeros do.
//!
//! The gradient of a mean is the same at every position where a filter is active, so the backward
//! pass only counts: how often a filter was active and a base stood at some place of its window.
//! Both are bits, 32 positions a word, and the count is a population count of their conjunction.
//! Under a ReLU the forward pass adds up negated windows: the sign of a sum is then the bit.
//!
//! A convolution of one-hot k-mers, and a dilated one, is looked up likewise: a row for each k-mer
//! and place of the window. There the backward pass goes over the rows that the forward pass added.

// loops over lanes are written by index: that is what the compiler turns into wide instructions
#![allow(clippy::needless_range_loop)]

use cistron_base::wide::widest;
use cistron_torch::parallel;

pub mod windows;

/// Filters that are computed side by side.
const LANE: usize = 16;
/// Bases in a row's key.
const KEY: usize = 4;
/// Rows of four known bases; behind them rows of four letters of which some may be N.
const KNOWN: usize = 256;
const ALL: usize = KNOWN + 625;
/// Parts that a batch is split into for its gradients, whatever the number of threads: sums keep
/// their order.
const PARTS: usize = 16;

/// Rows that a thread takes at a time.
const STRETCH: usize = 32;
/// Windows that are added up side by side: their sums stay in registers.
const SIDE: usize = 8;
/// Planes that are counted side by side: those of a place's bases.
const BASES: usize = 4;

/// How positions become one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Their mean.
    Mean,
    /// The largest.
    Max,
}

/// One-hot k-mers under a convolution with gaps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Words {
    /// Bases in a word.
    pub k: usize,
    /// Steps between the places of a window.
    pub dilation: usize,
}

impl Words {
    /// The longest words that have keys.
    pub const LONGEST: usize = 7;

    /// Different words.
    fn count(self) -> usize {
        1 << (2 * self.k)
    }
}

/// What is computed.
#[derive(Clone, Copy, Debug)]
pub struct Stem {
    /// Filters.
    pub filters: usize,
    /// Their width.
    pub width: usize,
    /// Zeros before and after each sequence.
    pub pads: (usize, usize),
    /// What it convolves and how far its places lie apart, where that is not single bases side by
    /// side.
    pub words: Option<Words>,
    /// Whether max(x, 0) comes before the pooling.
    pub relu: bool,
    /// The pooling.
    pub over: Over,
}

/// What the forward pass gives.
pub struct Pooled {
    /// `rows * filters` numbers.
    pub values: Vec<f32>,
    /// The position of each maximum; empty for means.
    pub places: Vec<u32>,
    /// Where filters were active, for means whose gradient will be asked for: for each block of
    /// filters and each stretch of rows.
    active: Vec<Vec<Vec<u32>>>,
}

/// What the backward pass gives.
pub struct Gradients {
    /// `filters * 4 * width` numbers.
    pub weight: Vec<f32>,
    /// `filters` numbers.
    pub bias: Vec<f32>,
}

impl Gradients {
    fn none(stem: &Stem) -> Gradients {
        Gradients {
            weight: vec![0.0; stem.filters * stem.channels() * stem.width],
            bias: vec![0.0; stem.filters],
        }
    }

    /// Takes those of some filters, the first and how many, from rows of which each place of a
    /// window has `each`.
    fn put<const V: usize>(
        &mut self,
        stem: &Stem,
        (first, own): (usize, usize),
        places: &[Row<V>],
        each: usize,
        bias: &Row<V>,
    ) {
        let channels = stem.channels();
        for lane in 0..own {
            for channel in 0..channels {
                for at in 0..stem.width {
                    self.weight[((first + lane) * channels + channel) * stem.width + at] =
                        places[at * each + channel].flat()[lane];
                }
            }
            self.bias[first + lane] = bias.flat()[lane];
        }
    }
}

/// Numbers of some filters, side by side; a row never crosses a cache line.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Row<const V: usize>([[f32; LANE]; V]);

impl<const V: usize> Row<V> {
    const ZERO: Row<V> = Row([[0.0; LANE]; V]);

    fn flat(&self) -> &[f32] {
        self.0.as_flattened()
    }
}

/// Sums of weights over four bases, for some of the filters.
struct Tables<const V: usize> {
    rows: Vec<Row<V>>,
    /// Rows of a chunk.
    each: usize,
    /// Positions between chunks.
    step: usize,
    bias: Row<V>,
}

/// The bases of a row, N as 4.
fn bases(row: usize) -> [usize; KEY] {
    let (rest, radix) = if row < KNOWN {
        (row, 4)
    } else {
        (row - KNOWN, 5)
    };
    [
        rest / (radix * radix * radix),
        rest / (radix * radix) % radix,
        rest / radix % radix,
        rest % radix,
    ]
}

impl<const V: usize> Tables<V> {
    /// Those of some filters from `first` on, times `sign`.
    fn new(
        stem: &Stem,
        weight: &[f32],
        bias: &[f32],
        first: usize,
        unknown: bool,
        sign: f32,
    ) -> Tables<V> {
        let Stem { filters, width, .. } = *stem;
        let mut start = Row::<V>::ZERO;
        for lane in 0..(LANE * V).min(filters - first) {
            // a sum that does not begin with -0 is never -0, so that its sign says whether it is
            // below zero
            start.0[lane / LANE][lane % LANE] =
                0.0 + sign * bias.get(first + lane).copied().unwrap_or(0.0);
        }
        if let Some(words) = stem.words {
            return Tables {
                rows: Tables::of_words(stem, words, weight, first, sign),
                each: words.count() + 1,
                step: words.dilation,
                bias: start,
            };
        }
        let chunks = width.div_ceil(KEY);
        let own = LANE * V;
        // what one base adds at one position: `[width][4]` rows
        let mut single: Vec<Row<V>> = vec![Row::ZERO; chunks * KEY * 5];
        for lane in 0..own.min(filters - first) {
            for base in 0..4 {
                for at in 0..width {
                    single[at * 5 + base].0[lane / LANE][lane % LANE] =
                        sign * weight[((first + lane) * 4 + base) * width + at];
                }
            }
        }
        let rows = if unknown { ALL } else { KNOWN };
        let mut tables = vec![Row::ZERO; chunks * rows];
        for chunk in 0..chunks {
            for row in 0..rows {
                let target = &mut tables[chunk * rows + row];
                for (offset, base) in bases(row).into_iter().enumerate() {
                    add(target, &single[(chunk * KEY + offset) * 5 + base]);
                }
            }
        }
        Tables {
            rows: tables,
            each: rows,
            step: KEY,
            bias: start,
        }
    }

    /// For each place of a window what each word adds, and a row of zeros for words that are not
    /// known.
    fn of_words(stem: &Stem, words: Words, weight: &[f32], first: usize, sign: f32) -> Vec<Row<V>> {
        let (count, width) = (words.count(), stem.width);
        let mut rows = vec![Row::ZERO; width * (count + 1)];
        for lane in 0..(LANE * V).min(stem.filters - first) {
            let own = &weight[(first + lane) * count * width..][..count * width];
            for (word, places) in own.chunks_exact(width).enumerate() {
                for (place, value) in places.iter().enumerate() {
                    rows[place * (count + 1) + word].0[lane / LANE][lane % LANE] = sign * value;
                }
            }
        }
        rows
    }
}

#[inline(always)]
fn add<const V: usize>(to: &mut Row<V>, row: &Row<V>) {
    for v in 0..V {
        for lane in 0..LANE {
            to.0[v][lane] += row.0[v][lane];
        }
    }
}

/// The rows of parts, added in order.
fn added<const V: usize>(parts: Vec<Vec<Row<V>>>) -> Vec<Row<V>> {
    let more = |mut total: Vec<Row<V>>, part: Vec<Row<V>>| {
        total
            .iter_mut()
            .zip(&part)
            .for_each(|(to, row)| add(to, row));
        total
    };
    parts.into_iter().reduce(more).unwrap_or_default()
}

/// What all positions had together, of which each added to one of the first place's rows.
fn of_first_place<const V: usize>(rows: &[Row<V>], each: usize) -> Row<V> {
    let mut total = Row::ZERO;
    rows[..each].iter().for_each(|row| add(&mut total, row));
    total
}

/// The keys of all windows of four bases of a padded sequence; behind its end stands A, whose
/// weights there are 0.
fn keys(codes: &[u8], pads: (usize, usize), out: &mut Vec<u16>) {
    out.clear();
    if pads == (0, 0) && known(codes) {
        let letter = |i: usize| u16::from(codes.get(i).copied().unwrap_or(0));
        out.resize((codes.len() + 1).saturating_sub(KEY), 0);
        known_keys(codes, out);
        out.extend(
            (out.len()..=codes.len())
                .map(|i| (0..KEY).fold(0, |key, offset| key << 2 | letter(i + offset))),
        );
        return;
    }
    let length = pads.0 + codes.len() + pads.1;
    let at = |i: usize| {
        if i < pads.0 || i >= pads.0 + codes.len() {
            if i >= length { 0 } else { 4 }
        } else {
            codes[i - pads.0].min(4)
        }
    };
    let (mut known, mut mixed) = (0u16, 0u16);
    let mut last_unknown: Option<usize> = None;
    for i in 0..length + KEY {
        let code = at(i);
        if code == 4 {
            last_unknown = Some(i);
        }
        known = (known << 2 | u16::from(code & 3)) & 255;
        mixed = (mixed % 125) * 5 + u16::from(code);
        if i + 1 >= KEY {
            let clean = last_unknown.is_none_or(|n| n + KEY <= i);
            out.push(if clean { known } else { KNOWN as u16 + mixed });
        }
    }
}

/// The numbers of all words of a padded sequence; words that are not known have the last.
fn word_keys(codes: &[u8], pads: (usize, usize), words: Words, out: &mut Vec<u16>) {
    out.clear();
    let unknown = words.count() as u16;
    out.resize(pads.0, unknown);
    let (mut word, mut known) = (0u16, 0);
    for (i, code) in codes.iter().enumerate() {
        word = (word << 2 | u16::from(code & 3)) & (unknown - 1);
        known = if *code < 4 { known + 1 } else { 0 };
        if i + 1 >= words.k {
            out.push(if known >= words.k { word } else { unknown });
        }
    }
    out.resize(out.len() + pads.1, unknown);
}

/// Whether all bases are known.
fn known(codes: &[u8]) -> bool {
    // without a way out, so that many are looked at together
    codes.iter().fold(0, |most, code| most.max(*code)) < 4
}

/// The keys of windows of four known bases.
#[inline(always)]
fn keys_of_known(codes: &[u8], out: &mut [u16]) {
    for (four, key) in codes.windows(KEY).zip(out) {
        *key = u16::from(four[0]) << 6
            | u16::from(four[1]) << 4
            | u16::from(four[2]) << 2
            | u16::from(four[3]);
    }
}

/// The sums of windows side by side, the first of them at `position`.
#[inline(always)]
fn sums<const V: usize, const N: usize>(
    tables: &Tables<V>,
    keys: &[u16],
    position: usize,
) -> [Row<V>; N] {
    let mut totals = [tables.bias; N];
    for (chunk, table) in tables.rows.chunks_exact(tables.each).enumerate() {
        let keys = &keys[position + tables.step * chunk..][..N];
        for i in 0..N {
            add(&mut totals[i], &table[usize::from(keys[i])]);
        }
    }
    totals
}

/// Adds windows to a sum, with a ReLU those that are negative, and keeps their signs as bits.
#[inline(always)]
fn gather<const V: usize, const N: usize, const RELU: bool>(
    windows: [Row<V>; N],
    part: &mut Row<V>,
    bits: &mut [[u32; LANE]; V],
) {
    for i in 0..N {
        for v in 0..V {
            for lane in 0..LANE {
                let x = windows[i].0[v][lane];
                // NaN goes through, as in torch
                part.0[v][lane] += if RELU && x > 0.0 { 0.0 } else { x };
                bits[v][lane] = bits[v][lane] << 1 | x.to_bits() >> 31;
            }
        }
    }
}

/// The mean over positions of tables that are negated; behind `active` come the bits of active
/// filters, first position first.
#[inline(always)]
fn mean_row<const V: usize, const RELU: bool>(
    tables: &Tables<V>,
    keys: &[u16],
    positions: usize,
    mut active: Option<&mut Vec<u32>>,
) -> Row<V> {
    let mut total = Row::<V>::ZERO;
    for first in (0..positions).step_by(32) {
        let last = positions.min(first + 32);
        let (mut part, mut bits) = (Row::<V>::ZERO, [[0u32; LANE]; V]);
        let mut position = first;
        while position + SIDE <= last {
            gather::<V, SIDE, RELU>(
                sums::<V, SIDE>(tables, keys, position),
                &mut part,
                &mut bits,
            );
            position += SIDE;
        }
        while position < last {
            gather::<V, 1, RELU>(sums::<V, 1>(tables, keys, position), &mut part, &mut bits);
            position += 1;
        }
        if !RELU {
            bits = [[u32::MAX; LANE]; V];
        }
        add(&mut total, &part);
        if let Some(words) = &mut active {
            bits.iter_mut()
                .flatten()
                .for_each(|word| *word <<= 32 - (last - first));
            words.extend_from_slice(bits.as_flattened());
        }
    }
    scale(&mut total, -1.0 / positions as f32);
    total
}

#[inline(always)]
fn scale<const V: usize>(row: &mut Row<V>, by: f32) {
    row.0.as_flattened_mut().iter_mut().for_each(|x| *x *= by);
}

#[inline(always)]
fn max_row<const V: usize>(
    tables: &Tables<V>,
    keys: &[u16],
    positions: usize,
) -> (Row<V>, [[u32; LANE]; V]) {
    let (mut best, mut place) = ([[f32::NEG_INFINITY; LANE]; V], [[0u32; LANE]; V]);
    let mut take = |windows: &[Row<V>], first: usize| {
        for (position, window) in (first..).zip(windows) {
            for v in 0..V {
                for lane in 0..LANE {
                    let x = window.0[v][lane];
                    // NaN wins, as in torch
                    let better = x > best[v][lane] || x.is_nan();
                    best[v][lane] = if better { x } else { best[v][lane] };
                    place[v][lane] = if better {
                        position as u32
                    } else {
                        place[v][lane]
                    };
                }
            }
        }
    };
    let blocks = positions / SIDE * SIDE;
    for position in (0..blocks).step_by(SIDE) {
        take(&sums::<V, SIDE>(tables, keys, position), position);
    }
    for position in blocks..positions {
        take(&sums::<V, 1>(tables, keys, position), position);
    }
    (Row(best), place)
}

/// How often a filter was active above the bits of each of some planes.
#[inline(always)]
fn count_planes<const V: usize, const N: usize>(
    planes: &[u32],
    active: &[u32],
    out: &mut [[[u32; LANE]; V]; N],
) {
    let words = active.len() / (V * LANE);
    let each: [&[u32]; N] = std::array::from_fn(|i| &planes[i * words..(i + 1) * words]);
    let mut counts = [[[0u32; LANE]; V]; N];
    for (word, active) in active.chunks_exact(V * LANE).enumerate() {
        for i in 0..N {
            let bits = each[i][word];
            for v in 0..V {
                for lane in 0..LANE {
                    counts[i][v][lane] += (active[v * LANE + lane] & bits).count_ones();
                }
            }
        }
    }
    *out = counts;
}

/// How often a filter was active above each base, `[width][4]` rows, and above the planes behind
/// those.
#[inline(always)]
fn count_row<const V: usize>(planes: &[u32], active: &[u32], counts: &mut [[[u32; LANE]; V]]) {
    let words = active.len() / (V * LANE);
    let (places, rest) = counts.as_chunks_mut::<BASES>();
    for (planes, counts) in planes.chunks_exact(BASES * words).zip(&mut *places) {
        count_planes(planes, active, counts);
    }
    for (plane, counts) in planes
        .chunks_exact(words)
        .skip(places.len() * BASES)
        .zip(rest)
    {
        count_planes(plane, active, std::array::from_mut(counts));
    }
}

/// Adds each count times its filter's number; rows as long as `by`.
#[inline(always)]
fn weigh_rows(counts: &[u32], by: &[f32], into: &mut [f32]) {
    for (into, counts) in into
        .chunks_exact_mut(by.len())
        .zip(counts.chunks_exact(by.len()))
    {
        for ((to, count), by) in into.iter_mut().zip(counts).zip(by) {
            *to += by * *count as f32;
        }
    }
}

/// Adds `gradient` to the rows that were summed where a filter was active.
#[inline(always)]
fn scatter_row<const V: usize>(
    keys: &[u16],
    step: usize,
    rows: usize,
    active: &[u32],
    gradient: &Row<V>,
    into: &mut [Row<V>],
    positions: usize,
) {
    for position in 0..positions {
        let bits = &active[position / 32 * V * LANE..][..V * LANE];
        let mut own = Row::<V>::ZERO;
        for v in 0..V {
            for lane in 0..LANE {
                own.0[v][lane] = if bits[v * LANE + lane] << (position % 32) >> 31 == 1 {
                    gradient.0[v][lane]
                } else {
                    0.0
                };
            }
        }
        for (chunk, into) in into.chunks_exact_mut(rows).enumerate() {
            add(&mut into[usize::from(keys[position + step * chunk])], &own);
        }
    }
}

/// For each place of a window and each base: where that base stands at that place, 32 positions a
/// word; then all ones, for the bias.
fn planes(codes: &[u8], pads: (usize, usize), width: usize, positions: usize, out: &mut Vec<u32>) {
    let words = positions.div_ceil(32);
    // 64 bits from each 32nd position on, so that any 32 of them are one shift away
    let size = words + width / 32 + 2;
    let mut plain = vec![0u64; BASES * size];
    let mut padded = [4u8; 32];
    for word in 0..size {
        // the codes of 32 positions, pads and what is behind the end as N
        let own = if pads.0 == 0 {
            codes.get(word * 32..word * 32 + 32)
        } else {
            None
        };
        let own = own.unwrap_or_else(|| {
            padded = std::array::from_fn(|i| {
                (word * 32 + i)
                    .checked_sub(pads.0)
                    .and_then(|i| codes.get(i))
                    .copied()
                    .unwrap_or(4)
            });
            &padded
        });
        for (base, bits) in bits_of_bases(own).into_iter().enumerate() {
            plain[base * size + word] |= u64::from(bits) << 32;
            if word > 0 {
                plain[base * size + word - 1] |= u64::from(bits);
            }
        }
    }
    out.clear();
    out.resize((width * BASES + 1) * words, u32::MAX);
    shifted(&plain, size, words, &mut out[..width * BASES * words]);
}

/// Where each base stands among 32 codes, the first in the highest bit.
fn bits_of_bases(codes: &[u8]) -> [u32; BASES] {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let (mut low, mut high, mut other) = (0u32, 0u32, 0u32);
    for eight in codes.chunks_exact(8) {
        let bytes = u64::from_be_bytes(eight.try_into().unwrap_or_default());
        // the lowest bits of eight bytes, gathered in the highest byte
        let gathered = |bits: u64| (bits & ONES).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        let rest = (bytes >> 2) & (ONES * 63);
        let is_rest = (rest + ONES * 127) >> 7;
        low = low << 8 | gathered(bytes) as u32;
        high = high << 8 | gathered(bytes >> 1) as u32;
        other = other << 8 | gathered(is_rest) as u32;
    }
    [
        !low & !high & !other,
        low & !high & !other,
        !low & high & !other,
        low & high & !other,
    ]
}

/// For each place of a window each base's bits, moved to where the window begins.
#[inline(always)]
fn shifted_rows(plain: &[u64], size: usize, words: usize, out: &mut [u32]) {
    for (i, out) in out.chunks_exact_mut(words).enumerate() {
        let (place, base) = (i / BASES, i % BASES);
        let (from, by) = (place / 32, place % 32);
        for (word, out) in plain[base * size + from..][..words].iter().zip(out) {
            *out = (word << by >> 32) as u32;
        }
    }
}

widest!(mean_of<V, RELU>(tables: &Tables<V>, keys: &[u16], positions: usize, active: Option<&mut Vec<u32>>) -> Row<V>, mean_row);
widest!(known_keys(codes: &[u8], out: &mut [u16]) -> (), keys_of_known);
widest!(shifted(plain: &[u64], size: usize, words: usize, out: &mut [u32]) -> (), shifted_rows);
widest!(max_of<V>(tables: &Tables<V>, keys: &[u16], positions: usize) -> (Row<V>, [[u32; LANE]; V]), max_row);
widest!(scatter_into<V>(keys: &[u16], step: usize, rows: usize, active: &[u32], gradient: &Row<V>, into: &mut [Row<V>], positions: usize) -> (), scatter_row);
widest!(count<V>(planes: &[u32], active: &[u32], counts: &mut [[[u32; LANE]; V]]) -> (), count_row);
widest!(weigh(counts: &[u32], by: &[f32], into: &mut [f32]) -> (), weigh_rows);

impl Stem {
    /// Windows of a sequence.
    pub fn positions(&self, length: usize) -> usize {
        let padded = self.pads.0 + length + self.pads.1 + 1;
        match self.words {
            None => padded.saturating_sub(self.width),
            Some(words) => {
                (padded + 1).saturating_sub(words.k + (self.width - 1) * words.dilation + 1)
            }
        }
    }

    fn keys(&self, codes: &[u8], out: &mut Vec<u16>) {
        match self.words {
            None => keys(codes, self.pads, out),
            Some(words) => word_keys(codes, self.pads, words, out),
        }
    }

    /// Channels of what it convolves.
    fn channels(&self) -> usize {
        self.words.map_or(4, Words::count)
    }

    /// Whether some window may hold an N.
    fn unknown(&self, codes: &[u8]) -> bool {
        self.pads != (0, 0) || !known(codes)
    }

    /// The pooled activations of sequences of one length; `keep` what their gradients need, or not.
    pub fn forward(
        &self,
        codes: &[u8],
        length: usize,
        weight: &[f32],
        bias: &[f32],
        keep: bool,
    ) -> Pooled {
        let n = codes.len() / length.max(1);
        let mut out = Pooled {
            values: vec![0.0; n * self.filters],
            places: Vec::new(),
            active: Vec::new(),
        };
        if self.over == Over::Max {
            out.places = vec![0; n * self.filters];
        }
        let unknown = self.unknown(codes);
        let mut first = 0;
        while first < self.filters {
            first += match (self.filters - first).div_ceil(LANE) {
                1 => self.block::<1>(
                    codes,
                    length,
                    weight,
                    bias,
                    first,
                    (unknown, keep),
                    &mut out,
                ),
                _ => self.block::<2>(
                    codes,
                    length,
                    weight,
                    bias,
                    first,
                    (unknown, keep),
                    &mut out,
                ),
            };
        }
        out
    }

    #[allow(clippy::too_many_arguments)]
    fn block<const V: usize>(
        &self,
        codes: &[u8],
        length: usize,
        weight: &[f32],
        bias: &[f32],
        first: usize,
        (unknown, keep): (bool, bool),
        out: &mut Pooled,
    ) -> usize {
        // those of means are negated
        let sign = if self.over == Over::Mean { -1.0 } else { 1.0 };
        let tables = Tables::<V>::new(self, weight, bias, first, unknown, sign);
        let own = (LANE * V).min(self.filters - first);
        let positions = self.positions(length);
        let filters = self.filters;
        let part = |part: usize| {
            let (mut keys, mut values, mut places, mut active) =
                (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            for codes in codes
                .chunks(STRETCH * length)
                .nth(part)
                .unwrap_or_default()
                .chunks(length)
            {
                self.keys(codes, &mut keys);
                if self.over == Over::Mean {
                    let active = keep.then_some(&mut active);
                    let mean = if self.relu {
                        mean_of::<V, true>(&tables, &keys, positions, active)
                    } else {
                        mean_of::<V, false>(&tables, &keys, positions, active)
                    };
                    values.extend_from_slice(&mean.flat()[..own]);
                } else {
                    let (best, place) = max_of(&tables, &keys, positions);
                    values.extend(best.flat()[..own].iter().map(|value| {
                        if self.relu && *value < 0.0 {
                            0.0
                        } else {
                            *value
                        }
                    }));
                    places.extend_from_slice(&place.as_flattened()[..own]);
                }
            }
            (values, places, active)
        };
        let n = codes.len() / length;
        let parts = parallel::map(n.div_ceil(STRETCH), &part);
        let computed = parts.iter().flat_map(|(values, ..)| values.chunks(own));
        out.values
            .chunks_mut(filters)
            .zip(computed)
            .for_each(|(row, own_values)| row[first..first + own].copy_from_slice(own_values));
        let found = parts.iter().flat_map(|(_, places, _)| places.chunks(own));
        out.places
            .chunks_mut(filters)
            .zip(found)
            .for_each(|(row, own_places)| row[first..first + own].copy_from_slice(own_places));
        if keep {
            out.active
                .push(parts.into_iter().map(|(.., active)| active).collect());
        }
        own
    }

    /// The gradients of weights and bias from those of the pooled activations.
    pub fn backward(
        &self,
        codes: &[u8],
        length: usize,
        pooled: &Pooled,
        gradient: &[f32],
    ) -> Gradients {
        let mut out = Gradients::none(self);
        if self.over == Over::Max {
            self.backward_max(codes, length, pooled, gradient, &mut out);
            return out;
        }
        let mut first = 0;
        for active in &pooled.active {
            first += match (self.filters - first).div_ceil(LANE) {
                1 => self.backward_block::<1>(codes, length, active, first, gradient, &mut out),
                _ => self.backward_block::<2>(codes, length, active, first, gradient, &mut out),
            };
        }
        out
    }

    fn backward_block<const V: usize>(
        &self,
        codes: &[u8],
        length: usize,
        active: &[Vec<u32>],
        first: usize,
        gradient: &[f32],
        out: &mut Gradients,
    ) -> usize {
        let own = (LANE * V).min(self.filters - first);
        let channels = self.channels();
        // places and channels, and the bias; of words there is one that is not known
        let (rows, size_of_total) = match self.words {
            None => (4, self.width * 4 + 1),
            Some(_) => (channels + 1, self.width * (channels + 1)),
        };
        let positions = self.positions(length);
        let words = positions.div_ceil(32) * V * LANE;
        let n = codes.len() / length.max(1);
        let size = n.div_ceil(PARTS).max(1);
        let part = |part: usize| {
            let (mut into, mut planes, mut keys) =
                (vec![Row::<V>::ZERO; size_of_total], Vec::new(), Vec::new());
            let mut counts = vec![[[0u32; LANE]; V]; size_of_total];
            let mut weighed = vec![0.0f32; size_of_total * V * LANE];
            for i in part * size..n.min((part + 1) * size) {
                let mut row = Row::<V>::ZERO;
                row.0.as_flattened_mut()[..own]
                    .copy_from_slice(&gradient[i * self.filters + first..][..own]);
                scale(&mut row, 1.0 / positions as f32);
                let (codes, active) = (
                    &codes[i * length..(i + 1) * length],
                    &active[i / STRETCH][i % STRETCH * words..][..words],
                );
                if let Some(words) = self.words {
                    self.keys(codes, &mut keys);
                    scatter_into(
                        &keys,
                        words.dilation,
                        rows,
                        active,
                        &row,
                        &mut into,
                        positions,
                    );
                } else {
                    self::planes(codes, self.pads, self.width, positions, &mut planes);
                    count(&planes, active, &mut counts);
                    weigh(
                        counts.as_flattened().as_flattened(),
                        row.flat(),
                        &mut weighed,
                    );
                }
            }
            if self.words.is_none() {
                into.iter_mut()
                    .zip(weighed.chunks_exact(V * LANE))
                    .for_each(|(row, own)| row.0.as_flattened_mut().copy_from_slice(own));
            }
            into
        };
        let total = added(parallel::map(n.div_ceil(size).max(1), &part));
        let bias = if self.words.is_some() {
            of_first_place(&total, rows)
        } else {
            total[self.width * 4]
        };
        out.put(self, (first, own), &total, rows, &bias);
        own
    }

    /// Only the window of each maximum learns.
    fn backward_max(
        &self,
        codes: &[u8],
        length: usize,
        pooled: &Pooled,
        gradient: &[f32],
        out: &mut Gradients,
    ) {
        let (channels, mut keys) = (self.channels(), Vec::new());
        for (row, codes) in codes.chunks(length.max(1)).enumerate() {
            if self.words.is_some() {
                self.keys(codes, &mut keys);
            }
            for filter in 0..self.filters {
                let i = row * self.filters + filter;
                if self.relu && pooled.values[i] <= 0.0 {
                    continue;
                }
                out.bias[filter] += gradient[i];
                if let Some(words) = self.words {
                    for at in 0..self.width {
                        let word =
                            usize::from(keys[pooled.places[i] as usize + at * words.dilation]);
                        if word < channels {
                            out.weight[(filter * channels + word) * self.width + at] += gradient[i];
                        }
                    }
                    continue;
                }
                for at in 0..self.width {
                    let position = (pooled.places[i] as usize + at).checked_sub(self.pads.0);
                    if let Some(code) = position
                        .and_then(|p| codes.get(p))
                        .filter(|code| **code < 4)
                    {
                        out.weight[(filter * 4 + usize::from(*code)) * self.width + at] +=
                            gradient[i];
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cistron_base::seed::Rng;

    pub fn random(n: usize, rng: &mut Rng) -> Vec<f32> {
        (0..n).map(|_| rng.normal() as f32).collect()
    }

    /// The plain sum over a window.
    pub fn activation(
        stem: &Stem,
        codes: &[u8],
        weight: &[f32],
        bias: &[f32],
        filter: usize,
        position: usize,
    ) -> f64 {
        let at = |place: usize| {
            channel(stem, codes, position, place)
                .map(|c| weight[(filter * stem.channels() + c) * stem.width + place])
        };
        f64::from(bias[filter]) + (0..stem.width).filter_map(at).map(f64::from).sum::<f64>()
    }

    /// The channel that is 1 at a place of a window; none where a base is unknown.
    pub fn channel(stem: &Stem, codes: &[u8], position: usize, place: usize) -> Option<usize> {
        let (k, dilation) = stem.words.map_or((1, 1), |own| (own.k, own.dilation));
        let start = (position + place * dilation).checked_sub(stem.pads.0)?;
        codes
            .get(start..start + k)?
            .iter()
            .try_fold(0, |word, code| {
                (*code < 4).then_some(word << 2 | usize::from(*code))
            })
    }

    #[test]
    fn pooled_activations_and_gradients_are_those_of_the_plain_sum() {
        let mut rng = Rng::keyed(&[5]);
        let words = |k, dilation| Some(Words { k, dilation });
        for (filters, width, length, pads, relu, over, words) in [
            (20, 20, 60, (0, 0), true, Over::Mean, None),
            (3, 5, 30, (0, 0), false, Over::Mean, None),
            (70, 7, 25, (3, 3), true, Over::Mean, None),
            (17, 12, 40, (11, 0), true, Over::Max, None),
            (5, 1, 9, (0, 0), false, Over::Max, None),
            (3, 3, 40, (0, 0), true, Over::Max, words(4, 4)),
            (19, 3, 50, (2, 3), true, Over::Mean, words(2, 5)),
            (70, 5, 45, (4, 0), false, Over::Mean, words(1, 3)),
        ] {
            let stem = Stem {
                filters,
                width,
                pads,
                relu,
                over,
                words,
            };
            let channels = stem.channels();
            let n = 33;
            let codes: Vec<u8> = (0..n * length)
                .map(|i| {
                    if i % 37 == 5 && filters != 20 {
                        4
                    } else {
                        rng.below(4) as u8
                    }
                })
                .collect();
            let (weight, bias, gradient) = (
                random(filters * channels * width, &mut rng),
                random(filters, &mut rng),
                random(n * filters, &mut rng),
            );
            let pooled = stem.forward(&codes, length, &weight, &bias, true);
            let got = stem.backward(&codes, length, &pooled, &gradient);
            let (k, dilation) = words.map_or((1, 1), |own| (own.k, own.dilation));
            let positions = (length - k + 1) + pads.0 + pads.1 - (width - 1) * dilation;
            assert_eq!(stem.positions(length), positions);
            let (mut wanted_weight, mut wanted_bias) =
                (vec![0.0f64; weight.len()], vec![0.0f64; filters]);
            for row in 0..n {
                let own = &codes[row * length..(row + 1) * length];
                for filter in 0..filters {
                    let all: Vec<f64> = (0..positions)
                        .map(|p| activation(&stem, own, &weight, &bias, filter, p))
                        .collect();
                    let after = |x: f64| if relu { x.max(0.0) } else { x };
                    let best = (0..positions)
                        .max_by(|a, b| all[*a].total_cmp(&all[*b]))
                        .unwrap();
                    let wanted = if over == Over::Mean {
                        all.iter().map(|x| after(*x)).sum::<f64>() / positions as f64
                    } else {
                        after(all[best])
                    };
                    assert!(
                        (f64::from(pooled.values[row * filters + filter]) - wanted).abs() < 1e-4
                    );
                    for p in 0..positions {
                        let share = if over == Over::Mean {
                            1.0 / positions as f64
                        } else {
                            f64::from(u8::from(p == best))
                        };
                        if share == 0.0 || (relu && all[p] <= 0.0) {
                            continue;
                        }
                        let g = share * f64::from(gradient[row * filters + filter]);
                        wanted_bias[filter] += g;
                        for at in 0..width {
                            if let Some(channel) = channel(&stem, own, p, at) {
                                wanted_weight[(filter * channels + channel) * width + at] += g;
                            }
                        }
                    }
                }
            }
            assert!(
                got.weight
                    .iter()
                    .zip(&wanted_weight)
                    .all(|(a, b)| (f64::from(*a) - b).abs() < 1e-4)
            );
            assert!(
                got.bias
                    .iter()
                    .zip(&wanted_bias)
                    .all(|(a, b)| (f64::from(*a) - b).abs() < 1e-4)
            );
        }
    }
}
