//! Numbers of many digits in texts.

use std::borrow::Cow;

/// A text in which numbers of more than 30 digits, such as 1e300 written out, have an exponent.
pub fn with_exponents(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 30;
    let bytes = text.as_bytes();
    let mut out = String::new();
    let (mut copied, mut at) = (0, 0);
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        let is_part = |at: usize| {
            bytes[at].is_ascii_digit()
                || bytes[at] == b'.' && bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
        };
        while at < bytes.len() && is_part(at) {
            at += 1;
        }
        let is_word = |byte: Option<&u8>| byte.is_some_and(|b| b.is_ascii_alphabetic());
        let is_inside = is_word(start.checked_sub(1).and_then(|at| bytes.get(at)));
        if at - start > LONGEST
            && !is_inside
            && !is_word(bytes.get(at))
            && let Ok(number) = text[start..at].parse::<f64>()
            && number.is_finite()
        {
            out.push_str(&text[copied..start]);
            out.push_str(&format!("{number:e}"));
            copied = at;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_have_an_exponent() {
        let of = |x: f64| with_exponents(&format!("got {x}, not 3")).into_owned();
        assert_eq!(of(1e300), "got 1e300, not 3");
        assert_eq!(of(-2.5e-40), "got -2.5e-40, not 3");
        assert_eq!(of(123456.75), "got 123456.75, not 3");
        let name = format!("a{}.bed: {}x", "1".repeat(40), "2".repeat(40));
        assert_eq!(with_exponents(&name), name);
        assert_eq!(with_exponents("1.2.3 …"), "1.2.3 …");
    }
}
