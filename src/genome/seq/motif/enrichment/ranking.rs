//! Sequences with their ranks by given scores and by a motif's scores.

/// A sequence.
#[derive(Clone, Debug)]
pub struct Row {
    /// Its number.
    pub sequence: usize,
    /// Its score, or its number from 1.
    pub fasta_score: f64,
    /// Its rank by that, from 1 for the smallest.
    pub fasta_rank: f64,
    /// Its score by the motif.
    pub pwm_score: f64,
    /// Its rank by that, from 1 for the largest.
    pub pwm_rank: f64,
}

/// Sequences in an order.
pub struct Ranking(pub Vec<Row>);

impl Ranking {
    /// Ranks sequences; they are in the order of the motif's scores. Of equal ones, the last by the
    /// given scores is first, so that p-values are conservative.
    pub fn new(pwm: &[f64], fasta: Option<&[f64]>, share_ties: bool) -> Ranking {
        let row = |(i, score): (usize, &f64)| Row {
            sequence: i,
            fasta_score: fasta.map_or(i as f64 + 1.0, |scores| scores[i]),
            fasta_rank: i as f64 + 1.0,
            pwm_score: *score,
            pwm_rank: 0.0,
        };
        let mut ranking = Ranking(pwm.iter().enumerate().map(row).collect());
        if fasta.is_some() {
            ranking.sort_by_fasta();
            let (of, set) = (
                |row: &Row| row.fasta_score,
                |row: &mut Row, rank: f64| row.fasta_rank = rank,
            );
            ranking.rank(share_ties, of, set);
        }
        ranking.0.sort_by(|a, b| {
            let equal = b.fasta_rank.total_cmp(&a.fasta_rank);
            b.pwm_score.total_cmp(&a.pwm_score).then(equal)
        });
        ranking.rank(
            share_ties,
            |row| row.pwm_score,
            |row, rank| row.pwm_rank = rank,
        );
        ranking
    }

    /// Orders sequences by the given scores; of equal ones the last is first.
    pub fn sort_by_fasta(&mut self) {
        self.0.sort_by(|a, b| {
            let equal = b.sequence.cmp(&a.sequence);
            a.fasta_score.total_cmp(&b.fasta_score).then(equal)
        });
    }

    /// Sets ranks by the present order; equal values share their mean rank where that is asked for.
    fn rank(&mut self, share_ties: bool, of: impl Fn(&Row) -> f64, set: impl Fn(&mut Row, f64)) {
        let mut first = 0;
        while first < self.0.len() {
            let value = of(&self.0[first]);
            let equal = self.0[first..].iter().take_while(|row| of(row) == value);
            let n = if share_ties { equal.count().max(1) } else { 1 };
            let rank = first as f64 + (n as f64 + 1.0) / 2.0;
            for row in &mut self.0[first..first + n] {
                set(row, rank);
            }
            first += n;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_scores_share_ranks_and_negatives_come_first() {
        let ranking = Ranking::new(&[2.0, 5.0, 2.0, 1.0], None, true);
        let of = |ranking: &Ranking| -> Vec<(usize, f64, f64)> {
            let rows = ranking.0.iter();
            rows.map(|row| (row.sequence, row.pwm_rank, row.fasta_rank))
                .collect()
        };
        assert_eq!(
            of(&ranking),
            [(1, 1.0, 2.0), (2, 2.5, 3.0), (0, 2.5, 1.0), (3, 4.0, 4.0)]
        );
        let scores = [3.0, -1.0, 3.0, 7.0];
        let mut ranking = Ranking::new(&[2.0, 5.0, 2.0, 1.0], Some(&scores), false);
        ranking.sort_by_fasta();
        assert_eq!(
            of(&ranking),
            [(1, 1.0, 1.0), (2, 3.0, 2.0), (0, 2.0, 3.0), (3, 4.0, 4.0)]
        );
    }
}
