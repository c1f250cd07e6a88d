//! Shapes and sizes: in words, and positions in them.

/// A shape as it is printed everywhere: `[2, 4, 101]`.
pub fn text(shape: &[i64]) -> String {
    format!(
        "[{}]",
        shape
            .iter()
            .map(|n| n.to_string())
            .collect::<Vec<_>>()
            .join(", ")
    )
}

/// An integer with separated thousands: `46,926,479`.
pub fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if n < 0 { format!("-{out}") } else { out }
}

/// A position among `n` things, counted from the end where negative.
pub fn index(i: i64, n: usize, things: &str) -> super::Result<usize> {
    let at = if i < 0 { i + n as i64 } else { i };
    match usize::try_from(at) {
        Ok(at) if at < n => Ok(at),
        _ => Err(crate::fault!(
            "value",
            "index {i} is out of range: there are {n} {things}"
        )),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn thousands_are_apart() {
        assert_eq!(super::grouped(46_926_479), "46,926,479");
        assert_eq!(super::grouped(-1000), "-1,000");
        assert_eq!(super::grouped(12), "12");
    }
}
