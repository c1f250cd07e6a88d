//! Helices, strands and loops of a chain, and which of them pack against each other.

use cistron_base::seed::Rng;

/// What a part of the chain is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An α helix.
    Helix,
    /// A strand of a sheet.
    Strand,
    /// Anything else.
    Loop,
}

/// A part of the chain, end excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    /// What it is.
    pub kind: Kind,
    /// The first residue.
    pub start: usize,
    /// The residue after the last.
    pub end: usize,
}

impl Segment {
    /// The residue in the middle.
    pub fn middle(&self) -> usize {
        (self.start + self.end) / 2
    }
}

/// A distance between two Cα that the fold has.
#[derive(Clone, Copy, Debug)]
pub struct Restraint {
    /// The residues.
    pub pair: (usize, usize),
    /// The distance, in Å.
    pub distance: f64,
    /// Energy of a squared deviation of 1 Å², in kT.
    pub strength: f64,
}

/// The parts of a chain and the distances that hold them together.
#[derive(Clone, Debug)]
pub struct Topology {
    /// The parts, in order, without gaps.
    pub segments: Vec<Segment>,
    /// Distances between residues of sheets.
    pub pairs: Vec<Restraint>,
    /// Helices and the parts that they pack against, by number.
    pub packs: Vec<(usize, usize)>,
    /// Whether the side chain of each residue points into the fold.
    pub inward: Vec<bool>,
}

/// Strands of a sheet: number of the part, and whether it runs upwards.
type Sheet = Vec<(usize, bool)>;

impl Topology {
    /// Draws the topology of a chain of `n` residues, at least 20.
    pub fn draw(n: usize, rng: &mut Rng) -> Topology {
        let segments = segments(n, rng);
        let sheet = sheet(&segments, rng);
        let mut pairs = Vec::new();
        for (k, own) in sheet.iter().enumerate() {
            let shift = rng.below(3) as i64 - 1;
            for (steps, distance, strength) in [(1, 4.9, 5.0), (2, 9.7, 1.0)] {
                if let Some(other) = sheet.get(k + steps) {
                    let shift = if steps == 1 { shift } else { 0 };
                    pairs.extend(
                        ladder(&segments, *own, *other, shift).map(|pair| Restraint {
                            pair,
                            distance,
                            strength,
                        }),
                    );
                }
            }
        }
        let packs = packs(&segments, &sheet, rng);
        let inward = inward(n, &segments, rng);
        Topology {
            segments,
            pairs,
            packs,
            inward,
        }
    }

    /// The number of residues.
    pub fn len(&self) -> usize {
        self.segments.last().map_or(0, |last| last.end)
    }

    /// What a residue is part of.
    pub fn kind(&self, i: usize) -> Kind {
        let own = self.segments.iter().find(|segment| i < segment.end);
        own.map_or(Kind::Loop, |segment| segment.kind)
    }

    /// A letter for each residue: H, E or C.
    pub fn letters(&self) -> String {
        let letter = |i| match self.kind(i) {
            Kind::Helix => 'H',
            Kind::Strand => 'E',
            Kind::Loop => 'C',
        };
        (0..self.len()).map(letter).collect()
    }
}

/// Parts of a chain: loops between helices, strands or both.
fn segments(n: usize, rng: &mut Rng) -> Vec<Segment> {
    let helical = [0.0, 0.5, 1.0][rng.below(3)];
    let mut parts: Vec<(Kind, usize)> = vec![(Kind::Loop, 2 + rng.below(2))];
    let mut used = parts[0].1;
    let is_odd = |parts: &[(Kind, usize)]| {
        parts.iter().filter(|part| part.0 == Kind::Strand).count() % 2 == 1
    };
    loop {
        let room = n - used;
        let needs_partner = is_odd(&parts);
        let is_helix = match needs_partner {
            true => room >= 35 && rng.uniform() < 0.3 * helical,
            false => room < 16 || rng.uniform() < helical,
        };
        // what must remain: a loop, and a partner of the first strand of a pair
        let (kind, least, most, rest) = match (is_helix, needs_partner) {
            (true, _) => (Kind::Helix, 7, 9 + rng.below(9), 2),
            (false, true) => (Kind::Strand, 4, 5 + rng.below(4), 2),
            (false, false) => (Kind::Strand, 5, 5 + rng.below(4), 10),
        };
        if room < least + rest {
            break;
        }
        let length = most.min(room - rest);
        let after = if rest > 2 {
            room - length - 6
        } else {
            room - length
        };
        let turn = (3 + rng.below(4)).min(after);
        parts.push((kind, length));
        parts.push((Kind::Loop, turn));
        used += length + turn;
    }
    if let Some(last) = parts.last_mut() {
        last.1 += n - used;
    }
    let mut start = 0;
    let place = |(kind, length): (Kind, usize)| {
        let end = start + length;
        let own = Segment { kind, start, end };
        start = end;
        own
    };
    parts.into_iter().map(place).collect()
}

/// The strands in their order in the sheet: each is added at an edge, mostly beside its
/// predecessor.
fn sheet(segments: &[Segment], rng: &mut Rng) -> Sheet {
    let strands = (0..segments.len()).filter(|k| segments[*k].kind == Kind::Strand);
    let mut sheet: Sheet = Vec::new();
    let mut last = None;
    for own in strands {
        let Some((edge, other)) = edge(&sheet, last, rng) else {
            sheet.push((own, true));
            last = Some(own);
            continue;
        };
        // with only a loop between them strands are antiparallel, else mostly parallel
        let is_hairpin = own == other.0 + 2;
        let is_parallel = !is_hairpin && rng.uniform() < 0.7;
        let added = (own, other.1 == is_parallel);
        if edge == 0 {
            sheet.insert(0, added);
        } else {
            sheet.push(added);
        }
        last = Some(own);
    }
    sheet
}

/// The edge of a sheet where the next strand is added, and the strand there.
fn edge(sheet: &Sheet, last: Option<usize>, rng: &mut Rng) -> Option<(usize, (usize, bool))> {
    let (first, end) = (*sheet.first()?, *sheet.last()?);
    let near = if Some(first.0) == last { 0 } else { 1 };
    let at = if rng.uniform() < 0.7 { near } else { 1 - near };
    Some((at, if at == 0 { first } else { end }))
}

/// Pairs of residues of two neighbouring strands.
fn ladder(
    segments: &[Segment],
    a: (usize, bool),
    b: (usize, bool),
    shift: i64,
) -> impl Iterator<Item = (usize, usize)> {
    let (first, second) = (segments[a.0], segments[b.0]);
    let sign = if a.1 == b.1 { 1 } else { -1 };
    let middles = (first.middle() as i64, second.middle() as i64 + shift);
    (first.start..first.end).filter_map(move |i| {
        let j = middles.1 + sign * (i as i64 - middles.0);
        let inside = j >= second.start as i64 && j < second.end as i64;
        // residues of a tight turn are held by the chain
        let pair = (i.min(j as usize), i.max(j as usize));
        (inside && pair.1 - pair.0 >= 3).then_some(pair)
    })
}

/// Which parts helices pack against: strands where there are some, else earlier helices.
fn packs(segments: &[Segment], sheet: &Sheet, rng: &mut Rng) -> Vec<(usize, usize)> {
    let helices = (0..segments.len()).filter(|k| segments[*k].kind == Kind::Helix);
    let helices: Vec<usize> = helices.collect();
    let mut packs = Vec::new();
    for (at, own) in helices.iter().enumerate() {
        if !sheet.is_empty() {
            packs.push((*own, sheet[rng.below(sheet.len())].0));
        }
        if at > 0 {
            packs.push((*own, helices[at - 1]));
        }
        if at > 1 && sheet.is_empty() {
            packs.push((*own, helices[rng.below(at - 1)]));
        }
    }
    packs
}

/// Which side chains point into the fold: a face of each helix, each second residue of a strand,
/// and a few of loops.
fn inward(n: usize, segments: &[Segment], rng: &mut Rng) -> Vec<bool> {
    let mut inward = vec![false; n];
    for segment in segments {
        let phase = rng.below(7);
        let own = inward[segment.start..segment.end].iter_mut();
        for (i, is_inward) in own.enumerate() {
            let k = i + phase;
            *is_inward = match segment.kind {
                // 3.6 residues a turn
                Kind::Helix => (k as f64 * 100.0).to_radians().cos() > 0.1,
                Kind::Strand => k.is_multiple_of(2),
                Kind::Loop => rng.uniform() < 0.2,
            };
        }
    }
    inward
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_the_chain() {
        for seed in 0..200 {
            let n = 20 + seed as usize;
            let own = Topology::draw(n, &mut Rng::keyed(&[seed]));
            assert_eq!((own.len(), own.letters().len()), (n, n));
            let mut at = 0;
            for segment in &own.segments {
                assert_eq!(segment.start, at);
                assert!(segment.end > segment.start);
                at = segment.end;
            }
            assert!(
                own.segments
                    .iter()
                    .any(|segment| segment.kind != Kind::Loop)
            );
            for restraint in &own.pairs {
                let (i, j) = restraint.pair;
                assert_eq!((own.kind(i), own.kind(j)), (Kind::Strand, Kind::Strand));
            }
        }
    }
}
