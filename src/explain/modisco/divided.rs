//! Rows of an affinity matrix, which the processes of a run divide.

use cistron_base::{Result, fault};
use cistron_torch::parallel;
use cistron_world as world;

/// A row that is sent to the other processes.
pub trait Row: Sized + Send {
    /// Appends it as bytes.
    fn write(&self, out: &mut Vec<u8>);

    /// Reads what [`Row::write`] has written.
    fn read(from: &mut Bytes) -> Option<Self>;
}

/// Bytes that are read from the start.
pub struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    /// The next bytes.
    pub fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*first)
    }
}

/// Computes `n` rows on the threads of all processes; every process has all of them, in order.
///
/// Rows are dealt in turn, since the first ones take longer than the last.
pub fn rows<T: Row>(n: usize, compute: &(dyn Fn(usize) -> T + Sync)) -> Result<Vec<T>> {
    if !world::is_parallel() {
        return Ok(parallel::map(n, compute));
    }
    let (rank, size) = (world::rank(), world::size());
    let count = |rank: usize| (n + size - 1 - rank) / size;
    let own = parallel::map(count(rank), &|i| compute(rank + i * size));
    let mut bytes = Vec::new();
    own.iter().for_each(|row| row.write(&mut bytes));
    drop(own);
    let all = world::gather("the affinities of seqlets", &bytes)?;
    let mut all: Vec<Bytes> = all.iter().map(|bytes| Bytes(bytes)).collect();
    (0..n)
        .map(|i| T::read(&mut all[i % size]))
        .collect::<Option<_>>()
        .ok_or_else(|| fault!("internal", "the affinities of another process are damaged"))
}

/// The neighbours of a seqlet and how similar they are.
impl Row for (Vec<u32>, Vec<f64>) {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend((self.0.len() as u32).to_le_bytes());
        self.0.iter().for_each(|own| out.extend(own.to_le_bytes()));
        self.1.iter().for_each(|own| out.extend(own.to_le_bytes()));
    }

    fn read(from: &mut Bytes) -> Option<Self> {
        let count = u32::from_le_bytes(from.take()?) as usize;
        let of = (0..count).map(|_| from.take().map(u32::from_le_bytes));
        let of = of.collect::<Option<_>>()?;
        let similarity = (0..count).map(|_| from.take().map(f64::from_le_bytes));
        Some((of, similarity.collect::<Option<_>>()?))
    }
}

/// A similarity in both directions, or where the other seqlet of the pair has it.
pub type Compared = std::result::Result<(f32, f32), u32>;

impl Row for Vec<Compared> {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend((self.len() as u32).to_le_bytes());
        for own in self {
            match own {
                Ok((laid, under)) => {
                    out.push(1);
                    out.extend(laid.to_le_bytes());
                    out.extend(under.to_le_bytes());
                }
                Err(place) => {
                    out.push(0);
                    out.extend(place.to_le_bytes());
                }
            }
        }
    }

    fn read(from: &mut Bytes) -> Option<Self> {
        let count = u32::from_le_bytes(from.take()?);
        (0..count)
            .map(|_| {
                Some(match from.take::<1>()? {
                    [0] => Err(u32::from_le_bytes(from.take()?)),
                    _ => Ok((
                        f32::from_le_bytes(from.take()?),
                        f32::from_le_bytes(from.take()?),
                    )),
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_travel_as_bytes() {
        let near = (vec![3_u32, 1], vec![0.5, -0.25]);
        let compared: Vec<Compared> = vec![Ok((0.5, -1.0)), Err(7), Ok((f32::NEG_INFINITY, 0.0))];
        let mut bytes = Vec::new();
        near.write(&mut bytes);
        compared.write(&mut bytes);
        let mut from = Bytes(&bytes);
        assert_eq!(Row::read(&mut from), Some(near));
        assert_eq!(Row::read(&mut from), Some(compared));
        assert!(<Vec<Compared>>::read(&mut from).is_none());
    }
}
