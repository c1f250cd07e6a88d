//! Sizes are checked before memory is allocated: a failed allocation would end the process, past
//! any `try`.

use super::{Result, shape, system};
use crate::bail;

/// Below this many bytes the free memory is not looked up.
const SMALL: u128 = 1 << 26;

/// The product of a shape's sizes; fails on negative sizes and where numbers of `bytes` each would
/// not fit into memory.
pub fn elements(sizes: &[i64], bytes: usize) -> Result<usize> {
    if let Some(bad) = sizes.iter().find(|size| **size < 0) {
        bail!(
            "shape",
            "a size must be at least 0, got {bad} in {}",
            shape::text(sizes)
        );
    }
    if sizes.contains(&0) {
        return Ok(0);
    }
    let count = sizes
        .iter()
        .try_fold(1u128, |count, size| count.checked_mul(*size as u128));
    let total = count
        .and_then(|count| count.checked_mul(bytes as u128))
        .unwrap_or(u128::MAX);
    check(total, &format!("a shape of {}", shape::text(sizes)))?;
    // the bytes fit into memory, so their number fits
    Ok(count.unwrap_or_default() as usize)
}

/// Fails where `count` items of `bytes` each, which `what` names, would not fit into memory.
pub fn items(count: i64, bytes: usize, what: &str) -> Result<usize> {
    if count < 0 {
        bail!(
            "value",
            "the number of {what} must be at least 0, got {count}"
        );
    }
    check(
        count as u128 * bytes as u128,
        &format!("{} {what}", shape::grouped(count)),
    )?;
    Ok(count as usize)
}

/// Fails where so many bytes, which `what` takes, are not free.
pub fn check(bytes: u128, what: &str) -> Result<()> {
    if bytes < SMALL {
        Ok(())
    } else {
        room(bytes, what)
    }
}

/// The same for small sizes too.
pub fn room(bytes: u128, what: &str) -> Result<()> {
    // where nothing is known (not Linux): what no machine has
    let free = u128::from(system::free_memory().unwrap_or(1 << 42));
    if bytes > free {
        bail!(
            "memory",
            "{what} takes {} of memory, {} are free",
            text(bytes),
            text(free);
            hint: "use smaller sizes"
        );
    }
    Ok(())
}

/// An empty list with room for `count` items; fails where there is no memory for it.
pub fn reserved<T>(count: usize, what: &str) -> Result<Vec<T>> {
    check(count as u128 * size_of::<T>() as u128, what)?;
    let mut list = Vec::new();
    match list.try_reserve_exact(count) {
        Ok(()) => Ok(list),
        Err(_) => bail!("memory", "there is no memory for {what}"; hint: "use smaller sizes"),
    }
}

/// `8.0 GB`
pub fn text(bytes: u128) -> String {
    const UNITS: [&str; 7] = ["bytes", "kB", "MB", "GB", "TB", "PB", "EB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit == 0 {
        format!("{bytes} bytes")
    } else {
        format!("{value:.1} {}", UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_that_do_not_fit_are_refused_before_they_are_allocated() {
        assert_eq!(elements(&[2, 3], 4).expect("fits"), 6);
        assert_eq!(elements(&[0, 1 << 60, 1 << 60], 4).expect("empty"), 0);
        assert_eq!(elements(&[], 4).expect("one number"), 1);
        for sizes in [
            vec![1i64 << 60],
            vec![i64::MAX, i64::MAX, i64::MAX],
            vec![-1, 3],
            vec![0, -1],
            vec![1 << 32, 1 << 32],
        ] {
            assert!(elements(&sizes, 4).is_err(), "{sizes:?}");
        }
        assert!(reserved::<f64>(1 << 60, "numbers").is_err());
        assert!(items(-1, 1, "rows").is_err());
    }

    #[test]
    fn bytes_are_written_with_their_unit() {
        assert_eq!(text(8_000_000_000), "8.0 GB");
        assert_eq!(text(12), "12 bytes");
    }
}
