//! The processes (ranks) of a run that were started together by `mpirun` or `srun`: their number,
//! and the operations in which all of them take part.
//!
//! Every operation starts with a small agreement: each rank states what it is about to do, whether
//! it was asked to stop, and whether it has failed. Ranks that are about to do different things
//! all fail with an error that names both, and the error of one rank reaches all others. Without
//! this an operation that one rank never begins waits forever.
//!
//! A program that was started alone has rank 0 of 1, and every operation returns at once. So has a
//! rank during work that it does apart from the others ([`alone`]).

pub mod abi;
mod agreement;
mod alone;
mod collective;
mod connection;
mod ending;
mod failure;
pub mod launcher;
pub mod library;

pub use agreement::{check_interrupt, is_interrupted};
pub use alone::{Alone, alone};
pub use cistron_base::parallel::share_of;
pub use collective::{barrier, broadcast, close, finish, gather, sum_f32, sum_f64};
pub use connection::{is_first, is_parallel, rank, size, start};
pub use ending::fail;
pub use failure::{from_json, to_json};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_all_items_once() {
        for (n, size) in [(10, 3), (2, 3), (0, 2), (7, 7), (64, 5)] {
            let shares: Vec<usize> = (0..size).flat_map(|rank| share_of(n, rank, size)).collect();
            assert_eq!(shares, (0..n).collect::<Vec<_>>());
        }
    }

    #[test]
    fn one_process_is_the_whole_world() {
        assert_eq!(
            (rank(), size(), is_parallel(), is_first()),
            (0, 1, false, true)
        );
        let mut values = [1.0, 2.0];
        sum_f64("test", &mut values).unwrap();
        barrier("test").unwrap();
        assert_eq!(values, [1.0, 2.0]);
        assert_eq!(gather("test", b"ab").unwrap(), [b"ab"]);
        assert_eq!(broadcast("test", 0, vec![1]).unwrap(), [1]);
        finish().unwrap();
    }
}
