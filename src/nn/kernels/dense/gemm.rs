//! Which rows of products meet, and their sizes.

/// Columns of a vector.
pub const LANE: usize = 16;

/// A row of the result and a row of the operand.
pub type Pair = [u32; 2];

/// Which half of a [`Pair`] is the operand's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reads {
    /// The first; the second is the result's.
    First,
    /// The second; the first is the result's.
    Second,
}

impl Reads {
    fn from(self, pair: Pair) -> usize {
        pair[if self == Reads::First { 0 } else { 1 }] as usize
    }

    fn to(self, pair: Pair) -> usize {
        pair[if self == Reads::First { 1 } else { 0 }] as usize
    }
}

/// Numbers from the start of one row to the start of the next.
#[derive(Clone, Copy, Debug)]
pub struct Strides {
    /// Of the operand.
    pub from: usize,
    /// Of the result.
    pub to: usize,
}

/// Which rows meet, and their sizes.
#[derive(Clone, Copy)]
pub struct Gemm<'a> {
    /// Rows of the operand and of the result.
    pub pairs: &'a [Pair],
    /// Which of a pair is the operand's.
    pub reads: Reads,
    /// Distances between rows.
    pub strides: Strides,
    /// Numbers of an operand's row that take part: rows of the matrix.
    pub inner: usize,
    /// Columns of the matrix, a multiple of [`LANE`].
    pub columns: usize,
}

impl Gemm<'_> {
    /// Where the operand's row of a pair starts.
    #[inline(always)]
    pub(super) fn from(&self, pair: Pair) -> usize {
        self.reads.from(pair) * self.strides.from
    }

    /// Where the result's row of a pair starts.
    #[inline(always)]
    pub(super) fn to(&self, pair: Pair) -> usize {
        self.reads.to(pair) * self.strides.to
    }

    /// Asserts that the rows are inside of their slices.
    ///
    /// # Panics
    /// Where a row is outside of its slice.
    pub(super) fn check(&self, from: &[f32], matrix: &[f32], to: &[f32]) {
        assert!(self.columns.is_multiple_of(LANE) && matrix.len() >= self.inner * self.columns);
        assert!(
            self.pairs
                .iter()
                .all(|pair| self.from(*pair) + self.inner <= from.len()
                    && self.to(*pair) + self.columns <= to.len())
        );
    }
}
