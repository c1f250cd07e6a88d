//! An interval of a chromosome. Coordinates are 0-based and half-open.

/// The strand of an interval.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Strand {
    /// Unknown.
    #[default]
    None,
    /// The strand of the reference.
    Forward,
    /// The reverse complement.
    Reverse,
}

impl Strand {
    /// `+`, `-` or `.`.
    pub fn letter(self) -> char {
        match self {
            Strand::None => '.',
            Strand::Forward => '+',
            Strand::Reverse => '-',
        }
    }

    /// The strand of a field of a file; none where it is neither `+`, `-` nor a blank.
    pub fn parse(field: &str) -> Option<Strand> {
        match field {
            "+" | "1" => Some(Strand::Forward),
            "-" | "-1" => Some(Strand::Reverse),
            "." | "*" | "" | "?" => Some(Strand::None),
            _ => None,
        }
    }

    /// Whether two strands satisfy a rule; unknown strands satisfy only [`StrandRule::Any`].
    pub fn is_as(self, other: Strand, rule: StrandRule) -> bool {
        match rule {
            StrandRule::Any => true,
            StrandRule::Same => self == other && self != Strand::None,
            StrandRule::Opposite => self != other && self != Strand::None && other != Strand::None,
        }
    }
}

/// A condition on the strands of two intervals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StrandRule {
    /// No condition.
    #[default]
    Any,
    /// Both are known and equal.
    Same,
    /// Both are known and differ.
    Opposite,
}

/// An interval of a chromosome, which is an index into a list of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Interval {
    /// Index of the chromosome.
    pub chrom: u32,
    /// Its strand.
    pub strand: Strand,
    /// The first base.
    pub start: i64,
    /// One past the last base.
    pub end: i64,
}

impl Interval {
    /// An interval of unknown strand.
    pub fn new(chrom: u32, start: i64, end: i64) -> Interval {
        Interval {
            chrom,
            strand: Strand::None,
            start,
            end,
        }
    }

    /// Number of bases.
    pub fn len(&self) -> i64 {
        self.end - self.start
    }

    /// Whether it holds no base.
    pub fn is_empty(&self) -> bool {
        self.end <= self.start
    }

    /// The interval, or where it holds no base the two bases around it: what bedtools searches
    /// with.
    pub fn padded(&self) -> Interval {
        match self.is_empty() {
            true => Interval {
                start: self.start.saturating_sub(1),
                end: self.end.saturating_add(1),
                ..*self
            },
            false => *self,
        }
    }

    /// The middle; of an even length the base right of it.
    pub fn middle(&self) -> i64 {
        self.start + self.len().div_euclid(2)
    }

    /// Bases that two intervals share; negative is the gap between them.
    pub fn overlap(&self, other: &Interval) -> i64 {
        self.end.min(other.end) - self.start.max(other.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touching_intervals_share_nothing() {
        let (a, b) = (Interval::new(0, 10, 20), Interval::new(0, 20, 25));
        assert_eq!(a.overlap(&b), 0);
        assert_eq!(a.overlap(&Interval::new(0, 19, 30)), 1);
        assert_eq!(a.overlap(&Interval::new(0, 23, 30)), -3);
        assert_eq!(a.middle(), 15);
    }
}
