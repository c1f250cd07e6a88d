//! Contributions along sequences, seqlets that are pieces of them, patterns that are stacks of
//! seqlets.

use cistron_genome::seq::alphabet::complement;
use std::collections::HashSet;

/// Sequences of one length with their hypothetical contributions.
pub struct Tracks {
    /// Codes, one sequence after the other.
    pub codes: Vec<u8>,
    /// Of each sequence, position and base.
    pub hypothetical: Vec<f32>,
    /// Positions of a sequence.
    pub length: usize,
}

/// A piece of a sequence, read on either strand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seqlet {
    /// Number of the sequence.
    pub example: u32,
    /// Its first position.
    pub start: i32,
    /// The position after its last.
    pub end: i32,
    /// Whether it is read backwards, bases exchanged.
    pub reverse: bool,
}

impl Seqlet {
    /// Positions.
    pub fn len(&self) -> usize {
        (self.end - self.start) as usize
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.end <= self.start
    }

    /// Extended by so many positions before and after, in reading direction.
    pub fn grown(&self, before: i32, behind: i32) -> Seqlet {
        let (left, right) = if self.reverse {
            (behind, before)
        } else {
            (before, behind)
        };
        Seqlet {
            start: self.start - left,
            end: self.end + right,
            ..*self
        }
    }

    /// The positions from `from` to before `to`, as it is read.
    pub fn part(&self, from: usize, to: usize) -> Seqlet {
        self.grown(-(from as i32), to as i32 - self.len() as i32)
    }

    /// Read on the other strand.
    pub fn turned(&self) -> Seqlet {
        Seqlet {
            reverse: !self.reverse,
            ..*self
        }
    }

    /// Its position, whatever the strand.
    pub fn place(&self) -> (u32, i32, i32) {
        (self.example, self.start, self.end)
    }
}

impl Tracks {
    /// Contributions rounded to multiples of 2^-17 of the largest (8e-6): what networks in single
    /// precision compute is not more precise, and the order of numbers that differ by rounding
    /// means nothing.
    pub fn rounded(&self) -> Tracks {
        let largest = self
            .hypothetical
            .iter()
            .map(|x| x.abs())
            .filter(|x| x.is_finite())
            .fold(0.0, f32::max);
        let step = largest / 131_072.0;
        let round = |x: &f32| {
            if step > f32::MIN_POSITIVE {
                (x / step).round() * step
            } else {
                *x
            }
        };
        Tracks {
            codes: self.codes.clone(),
            hypothetical: self.hypothetical.iter().map(round).collect(),
            length: self.length,
        }
    }

    /// Sequences.
    pub fn count(&self) -> usize {
        self.codes.len() / self.length.max(1)
    }

    /// Whether a seqlet is inside its sequence.
    pub fn holds(&self, seqlet: &Seqlet) -> bool {
        seqlet.start >= 0 && seqlet.end as usize <= self.length
    }

    /// Code and hypothetical contributions at a place of a seqlet, as it is read.
    pub fn at(&self, seqlet: &Seqlet, place: usize) -> (u8, [f32; 4]) {
        let position = if seqlet.reverse {
            seqlet.end as usize - 1 - place
        } else {
            seqlet.start as usize + place
        };
        let i = seqlet.example as usize * self.length + position;
        let own = &self.hypothetical[4 * i..4 * i + 4];
        match seqlet.reverse {
            false => (self.codes[i], [own[0], own[1], own[2], own[3]]),
            true => (complement(self.codes[i]), [own[3], own[2], own[1], own[0]]),
        }
    }

    /// The contribution of the base at a position of a seqlet; 0 where there is none.
    pub fn contribution(&self, seqlet: &Seqlet, place: usize) -> f32 {
        let (code, hypothetical) = self.at(seqlet, place);
        hypothetical.get(usize::from(code)).copied().unwrap_or(0.0)
    }

    /// The summed size of a seqlet's contributions.
    pub fn size(&self, seqlet: &Seqlet) -> f32 {
        (0..seqlet.len())
            .map(|place| self.contribution(seqlet, place).abs())
            .sum()
    }

    /// A seqlet as rows of eight numbers: hypothetical contributions and contributions, each scaled
    /// to a summed size of 1.
    pub fn rows(&self, seqlet: &Seqlet) -> Vec<f32> {
        let one = |place| {
            let (code, hypothetical) = self.at(seqlet, place);
            let mut row = [0.0; 8];
            row[..4].copy_from_slice(&hypothetical);
            if code < 4 {
                row[4 + usize::from(code)] = hypothetical[usize::from(code)];
            }
            row
        };
        scaled((0..seqlet.len()).map(one))
    }
}

/// Rows whose first and second four columns are each scaled to a summed size of 1.
pub fn scaled(rows: impl Iterator<Item = [f32; 8]>) -> Vec<f32> {
    let mut out: Vec<f32> = rows.flatten().collect();
    for half in [0, 4] {
        let size: f32 = out
            .chunks_exact(8)
            .map(|row| row[half..half + 4].iter().map(|x| x.abs()).sum::<f32>())
            .sum();
        if size > 0.0 {
            out.chunks_exact_mut(8)
                .for_each(|row| row[half..half + 4].iter_mut().for_each(|x| *x /= size));
        }
    }
    out
}

/// Rows of eight numbers read on the other strand.
pub fn turned(rows: &[f32]) -> Vec<f32> {
    rows.chunks_exact(8)
        .rev()
        .flat_map(|row| {
            [
                row[3], row[2], row[1], row[0], row[7], row[6], row[5], row[4],
            ]
        })
        .collect()
}

/// Sums over the seqlets of a pattern at one place of it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sums {
    /// Of one-hot bases.
    pub sequence: [f64; 4],
    /// Of contributions.
    pub contributions: [f64; 4],
    /// Of hypothetical contributions.
    pub hypothetical: [f64; 4],
}

/// Seqlets of one length, one under the other.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The seqlets, no two at the same place.
    pub seqlets: Vec<Seqlet>,
    /// Sums of each place.
    pub sums: Vec<Sums>,
    places: HashSet<(u32, i32, i32)>,
}

impl Pattern {
    /// Of seqlets of one length; of two at the same place the first stays.
    pub fn of(tracks: &Tracks, seqlets: impl IntoIterator<Item = Seqlet>) -> Pattern {
        let mut pattern = Pattern {
            seqlets: Vec::new(),
            sums: Vec::new(),
            places: HashSet::new(),
        };
        seqlets
            .into_iter()
            .for_each(|seqlet| pattern.add(tracks, seqlet));
        pattern
    }

    /// Adds a seqlet unless one is there already.
    pub fn add(&mut self, tracks: &Tracks, seqlet: Seqlet) {
        if self.sums.is_empty() {
            self.sums = vec![Sums::default(); seqlet.len()];
        }
        if !self.places.insert(seqlet.place()) {
            return;
        }
        for (place, sums) in self.sums.iter_mut().enumerate() {
            let (code, hypothetical) = tracks.at(&seqlet, place);
            let base = usize::from(code);
            if base < 4 {
                sums.sequence[base] += 1.0;
                sums.contributions[base] += f64::from(hypothetical[base]);
            }
            sums.hypothetical
                .iter_mut()
                .zip(hypothetical)
                .for_each(|(sum, own)| *sum += f64::from(own));
        }
        self.seqlets.push(seqlet);
    }

    /// Whether a seqlet is at the position of one of its members.
    pub fn has(&self, seqlet: &Seqlet) -> bool {
        self.places.contains(&seqlet.place())
    }

    /// Places.
    pub fn len(&self) -> usize {
        self.sums.len()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.sums.is_empty()
    }

    /// With every seqlet extended by so many positions before and after; those that would leave
    /// their sequence are left out.
    pub fn grown(&self, tracks: &Tracks, before: i32, behind: i32) -> Option<Pattern> {
        let kept = self
            .seqlets
            .iter()
            .map(|seqlet| seqlet.grown(before, behind))
            .filter(|seqlet| tracks.holds(seqlet));
        let grown = Pattern::of(tracks, kept);
        (!grown.seqlets.is_empty()).then_some(grown)
    }

    /// The places from `from` to before `to`.
    pub fn part(&self, tracks: &Tracks, from: usize, to: usize) -> Pattern {
        Pattern::of(
            tracks,
            self.seqlets.iter().map(|seqlet| seqlet.part(from, to)),
        )
    }

    /// The same seqlets with the sums of other contributions along the same sequences.
    pub fn over(&self, tracks: &Tracks) -> Pattern {
        Pattern::of(tracks, self.seqlets.iter().copied())
    }

    fn means(&self, of: impl Fn(&Sums) -> [f64; 4]) -> Vec<[f64; 4]> {
        let n = self.seqlets.len().max(1) as f64;
        self.sums
            .iter()
            .map(|sums| of(sums).map(|sum| sum / n))
            .collect()
    }

    /// The share of each base at each place.
    pub fn sequence(&self) -> Vec<[f64; 4]> {
        self.means(|sums| sums.sequence)
    }

    /// The mean contribution of each base at each place.
    pub fn contributions(&self) -> Vec<[f64; 4]> {
        self.means(|sums| sums.contributions)
    }

    /// The mean hypothetical contribution of each base at each place.
    pub fn hypothetical(&self) -> Vec<[f64; 4]> {
        self.means(|sums| sums.hypothetical)
    }

    /// As rows of eight numbers, like a seqlet.
    pub fn rows(&self) -> Vec<f32> {
        let n = self.seqlets.len().max(1) as f64;
        scaled(self.sums.iter().map(|sums| {
            let mut row = [0.0; 8];
            for base in 0..4 {
                row[base] = (sums.hypothetical[base] / n) as f32;
                row[4 + base] = (sums.contributions[base] / n) as f32;
            }
            row
        }))
    }

    /// Information of each place against a background, bits.
    pub fn information(&self, background: &[f64; 4], pseudocount: f64) -> Vec<f64> {
        let of = |row: [f64; 4]| {
            let sum: f64 = row.iter().sum::<f64>().max(f64::MIN_POSITIVE);
            (0..4)
                .map(|base| (row[base] / sum, background[base]))
                .map(|(p, b)| {
                    ((p + pseudocount) / (1.0 + 4.0 * pseudocount)).log2() * p - b * b.log2()
                })
                .sum()
        };
        self.sequence().into_iter().map(of).collect()
    }
}
