//! Edits of sequences: insertions, deletions, substitutions. Rows are letters or codes alike.
//!
//! Positions are those of tangermeme's `ersatz` (Schreiber 2025), with which results are equal.

use cistron_base::Result;
use cistron_base::bail;

/// Fails unless the `width` positions from `start` are within `length`.
fn check_inside(start: i64, width: usize, length: usize) -> Result<usize> {
    match usize::try_from(start) {
        Ok(start) if start.checked_add(width).is_some_and(|end| end <= length) => Ok(start),
        _ => bail!(
            "value",
            "{width} positions from {start} on do not lie inside of a sequence of {length}"
        ),
    }
}

/// The sequence with a motif put between the positions before `start` and those from it on; in the
/// middle unless given.
pub fn insert<T: Copy>(row: &[T], motif: &[T], start: Option<i64>) -> Result<Vec<T>> {
    let start = match start {
        Some(start) => check_inside(start, 0, row.len())?,
        None => row.len() / 2,
    };
    Ok([&row[..start], motif, &row[start..]].concat())
}

/// The sequence without the positions from `start` to before `end`.
pub fn delete<T: Copy>(row: &[T], start: i64, end: i64) -> Result<Vec<T>> {
    let (start, end) = range(start, end, row.len())?;
    Ok([&row[..start], &row[end..]].concat())
}

/// A range that holds at least one position of a sequence.
pub fn range(start: i64, end: i64, length: usize) -> Result<(usize, usize)> {
    if start < 0 || end <= start || end > length as i64 {
        bail!(
            "value",
            "positions {start} to {end} are no range of a sequence of {length}";
            hint: "`end` comes after `start` and is at most the length"
        );
    }
    Ok((start as usize, end as usize))
}

/// Puts a motif over the positions from `start` on; in the middle unless given. Positions of the
/// motif that `keeps` names stay.
pub fn substitute<T: Copy>(
    row: &mut [T],
    motif: &[T],
    start: Option<i64>,
    keeps: impl Fn(T) -> bool,
) -> Result<()> {
    if motif.len() > row.len() {
        bail!(
            "value",
            "the motif has {} positions, the sequence {}",
            motif.len(),
            row.len()
        );
    }
    let start = start.unwrap_or((row.len() / 2 - motif.len() / 2) as i64);
    let start = check_inside(start, motif.len(), row.len())?;
    for (own, new) in row[start..].iter_mut().zip(motif) {
        if !keeps(*new) {
            *own = *new;
        }
    }
    Ok(())
}

/// Where motifs of some widths start, `spacing` positions between neighbours; all of them in the
/// middle unless `start` is given.
pub fn arranged(
    widths: &[usize],
    spacing: &[i64],
    length: usize,
    start: Option<i64>,
) -> Result<Vec<i64>> {
    if spacing.len() + 1 != widths.len() {
        bail!(
            "value",
            "{} motifs have {} spacings between them, got {}",
            widths.len(),
            widths.len().saturating_sub(1),
            spacing.len()
        );
    }
    if let Some(bad) = spacing
        .iter()
        .find(|gap| **gap < 0 || **gap >= length as i64)
    {
        bail!(
            "value",
            "a spacing must be from 0 to less than the length {length}, got {bad}"
        );
    }
    let whole = widths.iter().sum::<usize>() as i64 + spacing.iter().sum::<i64>();
    let mut at = start.unwrap_or(length as i64 / 2 - whole / 2);
    if start.is_none() && at < 0 {
        bail!(
            "value",
            "motifs and spacings take {whole} positions, the sequence has {length}"
        );
    }
    let mut starts = Vec::with_capacity(widths.len());
    for (i, width) in widths.iter().enumerate() {
        starts.push(at);
        at += *width as i64 + spacing.get(i).copied().unwrap_or(0);
    }
    Ok(starts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(row: &[u8]) -> &str {
        std::str::from_utf8(row).expect("letters")
    }

    #[test]
    fn edits_are_those_of_tangermemes_documentation() {
        let row = b"AAAAAACCCCAAAAAA";
        assert_eq!(
            text(&insert(row, b"GGGG", None).expect("fits")),
            "AAAAAACCGGGGCCAAAAAA"
        );
        let mut own = row.to_vec();
        substitute(&mut own, b"GGGG", None, |letter| letter == b'N').expect("fits");
        assert_eq!(text(&own), "AAAAAAGGGGAAAAAA");
        substitute(&mut own, b"TNT", Some(0), |letter| letter == b'N').expect("fits");
        assert_eq!(text(&own), "TATAAAGGGGAAAAAA");
        assert_eq!(text(&delete(row, 6, 10).expect("inside")), "AAAAAAAAAAAA");
    }

    #[test]
    fn positions_outside_of_the_sequence_are_refused() {
        assert!(
            insert(b"ACGT", b"G", Some(5)).is_err() && insert(b"ACGT", b"G", Some(-1)).is_err()
        );
        assert!(insert(b"ACGT", b"G", Some(4)).is_ok() && insert(b"", b"G", None).is_ok());
        for (start, end) in [(-1, 2), (2, 2), (3, 5), (0, i64::MAX)] {
            assert!(delete(b"ACGT", start, end).is_err(), "{start} {end}");
        }
        let mut row = *b"ACGT";
        assert!(substitute(&mut row, b"GG", Some(3), |_| false).is_err());
        assert!(substitute(&mut row, b"GGGGG", None, |_| false).is_err());
        assert!(substitute(&mut row, b"G", Some(i64::MAX), |_| false).is_err());
    }

    #[test]
    fn motifs_are_arranged_around_the_middle() {
        assert_eq!(arranged(&[3, 2], &[4], 20, None).expect("fits"), [6, 13]);
        assert_eq!(arranged(&[3, 2], &[4], 20, Some(1)).expect("fits"), [1, 8]);
        assert!(
            arranged(&[3, 2], &[], 20, None).is_err()
                && arranged(&[3, 2], &[-1], 20, None).is_err()
        );
        assert!(arranged(&[30], &[], 20, None).is_err() && arranged(&[], &[], 20, None).is_err());
    }
}
