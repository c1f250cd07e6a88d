//! How alike seqlets are: first by gapped k-mers, then by the overlap of contributions.

use super::divided::{self, Compared};
use super::overlap::Rows;
use super::slim::{self, Block, LANES, Own, Slim};
use super::tracks::{Seqlet, Tracks};
use cistron_base::Result;
use cistron_torch::parallel;

/// Neighbours of each seqlet, the most similar first, and how similar they are.
pub struct Neighbours {
    /// Numbers of the neighbours.
    pub of: Vec<Vec<u32>>,
    /// How similar they are.
    pub similarity: Vec<Vec<f64>>,
}

/// The `count` largest, of equal ones the first.
pub fn most(values: &[f64], count: usize) -> (Vec<u32>, Vec<f64>) {
    let mut order: Vec<u32> = (0..values.len() as u32).collect();
    let rank = |a: &u32, b: &u32| {
        values[*b as usize]
            .total_cmp(&values[*a as usize])
            .then(a.cmp(b))
    };
    if count < order.len() {
        order.select_nth_unstable_by(count, rank);
        order.truncate(count);
    }
    order.sort_unstable_by(rank);
    let kept = order.iter().map(|i| values[*i as usize]).collect();
    (order, kept)
}

/// Of each column the rows in which it stands, with what stands there, in the order of rows.
pub struct Columns<T> {
    starts: Vec<usize>,
    rows: Vec<(u32, T)>,
}

impl<T: Copy + Default> Columns<T> {
    /// Of rows of columns, as many columns as rows.
    pub fn of(rows: &[Vec<(u32, T)>]) -> Columns<T> {
        let mut starts = vec![0usize; rows.len() + 1];
        rows.iter()
            .flatten()
            .for_each(|(j, _)| starts[*j as usize + 1] += 1);
        (0..rows.len()).for_each(|i| starts[i + 1] += starts[i]);
        let (mut next, mut columns) = (
            starts.clone(),
            vec![(0u32, T::default()); starts[rows.len()]],
        );
        for (row, i) in rows.iter().zip(0u32..) {
            for (j, value) in row {
                columns[next[*j as usize]] = (i, *value);
                next[*j as usize] += 1;
            }
        }
        Columns {
            starts,
            rows: columns,
        }
    }

    /// The rows of a column.
    pub fn of_column(&self, i: usize) -> &[(u32, T)] {
        &self.rows[self.starts[i]..self.starts[i + 1]]
    }
}

/// The Jaccard indices of each seqlet with its neighbours, at the best shift and strand. The
/// processes of a run divide the seqlets.
pub fn jaccard(
    tracks: &Tracks,
    seqlets: &[Seqlet],
    neighbours: &[Vec<u32>],
    overlap: f64,
) -> Result<Vec<Vec<f64>>> {
    let n = seqlets.len();
    let rows = parallel::map(n, &|i| Rows::of(tracks.rows(&seqlets[i])));
    let slim = parallel::map(n, &|i| Slim::of(&rows[i]));
    let places = Columns::of(&parallel::map(n, &|i| {
        neighbours[i]
            .iter()
            .copied()
            .zip(0u32..)
            .collect::<Vec<_>>()
    }));
    // of two that are neighbours of each other the first compares both: what they share at a shift
    // is the same. So each has the indices of its neighbours and theirs with it, or where the first
    // of the pair has them
    let both = divided::rows(n, &|i| {
        let pad = (seqlets[i].len() as f64 * (1.0 - overlap)) as usize;
        let strands = [Own::of(&rows[i]), Own::of(&rows[i].turned())];
        let mut earlier = vec![None; n];
        places
            .of_column(i)
            .iter()
            .take_while(|(j, _)| (*j as usize) < i)
            .for_each(|(j, place)| earlier[*j as usize] = Some(*place));
        let mut out: Vec<Compared> = neighbours[i]
            .iter()
            .map(|j| earlier[*j as usize].map_or(Ok((f32::NAN, f32::NAN)), Err))
            .collect();
        let own: Vec<usize> = (0..out.len()).filter(|place| out[*place].is_ok()).collect();
        let mut block = Block::default();
        for places in own.chunks(LANES) {
            // a block that is not full has its last seqlet several times
            block.fill(&std::array::from_fn(|lane| {
                &slim[neighbours[i][places[lane.min(places.len() - 1)]] as usize]
            }));
            let [laid, under] = slim::indices(strands.each_ref(), &block, pad);
            places
                .iter()
                .zip(laid.into_iter().zip(under))
                .for_each(|(place, found)| out[*place] = Ok(found));
        }
        out
    })?;
    Ok(parallel::map(n, &|i| {
        let found = |(j, found): (&u32, &Compared)| match found {
            Ok((laid, _)) => f64::from(*laid),
            Err(place) => {
                both[*j as usize][*place as usize].map_or(f64::NAN, |(_, under)| f64::from(under))
            }
        };
        neighbours[i].iter().zip(&both[i]).map(found).collect()
    }))
}

/// The `count` nearest by the Jaccard index row on row, with that index; seqlets of one length.
pub fn nearest_aligned(rows: &[Rows], count: usize) -> Neighbours {
    let blocks = slim::blocks(rows);
    let found = slim::each_with_each(rows, &blocks, &|own: &[f32]| {
        most(
            &own.iter().map(|x| f64::from(*x)).collect::<Vec<_>>(),
            count,
        )
    });
    let (of, similarity) = found.into_iter().unzip();
    Neighbours { of, similarity }
}
