//! Numbers as text, by a form such as `.3f` or `>10.2e`.

use super::Result;
use crate::{bail, fault};
use std::borrow::Cow;

/// A number with so many significant digits at most, without zeros at its end: `0.946`, `1.2e-7`,
/// `12350`.
pub fn significant(x: f64, digits: usize) -> String {
    if !x.is_finite() {
        return format!("{x}");
    }
    if x == 0.0 {
        return "0".into();
    }
    let digits = digits.max(1);
    let scientific = format!("{x:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trimmed = |text: &str| {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_string()
        } else {
            text.to_string()
        }
    };
    if !(-5..9).contains(&exponent) {
        return format!("{}e{exponent}", trimmed(mantissa));
    }
    let decimals = digits as i32 - 1 - exponent;
    if decimals >= 0 {
        return trimmed(&format!("{x:.*}", decimals as usize));
    }
    // digits before the point that are not significant are zeros
    let step = 10f64.powi(-decimals);
    format!("{:.0}", (x / step).round() * step)
}

/// A text whose control characters are written as escapes: names and messages of files must not
/// steer a terminal.
///
/// Line ends and tabs stay.
pub fn printable(text: &str) -> Cow<'_, str> {
    let steers = |c: char| {
        (c.is_control() && c != '\n' && c != '\t')
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    if !text.contains(steers) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .map(|c| {
                if steers(c) {
                    c.escape_default().to_string()
                } else {
                    c.to_string()
                }
            })
            .collect(),
    )
}

/// The same, for text of this program's own colours: sequences that set a colour or reset it stay.
pub fn printable_colored(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let mut out = printable(parts.next().unwrap_or("")).into_owned();
    for part in parts {
        let code = part.strip_prefix('[').and_then(|rest| rest.split_once('m'));
        match code.filter(|(code, _)| {
            *code == "0" || code.starts_with("38;5;") || code.starts_with("1;38;2;")
        }) {
            Some((code, rest))
                if code
                    .bytes()
                    .all(|byte| byte.is_ascii_digit() || byte == b';') =>
            {
                out += &format!("\u{1b}[{code}m{}", printable(rest));
            }
            _ => out += &printable(&format!("\u{1b}{part}")),
        }
    }
    out
}

/// A metric as people read it: at most four significant digits.
pub fn metric(x: f64) -> String {
    significant(x, 4)
}

/// A text of at most so many letters; a longer one ends with `…`.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_string();
    }
    let head: String = text.chars().take(most.saturating_sub(1)).collect();
    head.trim_end().to_string() + "…"
}

/// A text of at most so many letters; a longer one has `…` in its middle, so that names that differ
/// at their ends remain different.
pub fn cut_middle(text: &str, most: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    if letters.len() <= most {
        return text.to_string();
    }
    let kept = most.saturating_sub(1);
    let (head, tail) = (kept - kept / 2, kept / 2);
    let ends = letters[..head].iter().chain(&['…']);
    ends.chain(&letters[letters.len() - tail..]).collect()
}

/// A number rounded to so many decimals, or with fewer than none to tens, hundreds …; halves by the
/// digits that are there.
pub fn rounded(x: f64, decimals: i64) -> f64 {
    if !x.is_finite() || decimals > 300 {
        return x;
    }
    if decimals >= 0 {
        return format!("{x:.*}", decimals as usize).parse().unwrap_or(x);
    }
    let step = 10f64.powi(i32::try_from(-decimals).unwrap_or(i32::MAX));
    if step.is_finite() {
        (x / step).round_ties_even() * step
    } else {
        0.0
    }
}

/// A value that is to be written.
#[derive(Clone, Copy, Debug)]
pub enum Written<'a> {
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// A text.
    Text(&'a str),
}

/// How a value is to be written: Python's `[[fill]align][sign][0][width][,][.precision][type]`.
#[derive(Debug)]
struct Form {
    fill: char,
    align: Option<char>,
    sign: Option<char>,
    width: usize,
    grouped: bool,
    precision: Option<usize>,
    kind: Option<char>,
}

/// The most letters that a form may ask for.
const MOST: usize = 10_000;

fn parse(pattern: &str) -> Result<Form> {
    let wrong = || {
        fault!("value", "`{pattern}` is no form of a number or text";
            hint: "`.3f` three decimals, `.2e` scientific, `.1%` percent, `.4g` digits, `8.3f` \
                and `<8` with a width, `,` with thousands, `x` hexadecimal")
    };
    let letters: Vec<char> = pattern.chars().collect();
    let mut at = 0;
    let is_align = |c: Option<&char>| c.is_some_and(|c| ['<', '>', '^', '='].contains(c));
    let mut form = Form {
        fill: ' ',
        align: None,
        sign: None,
        width: 0,
        grouped: false,
        precision: None,
        kind: None,
    };
    if is_align(letters.get(1)) {
        (form.fill, form.align, at) = (letters[0], Some(letters[1]), 2);
    } else if is_align(letters.first()) {
        (form.align, at) = (Some(letters[0]), 1);
    }
    if let Some(sign) = letters.get(at).filter(|c| ['+', '-', ' '].contains(c)) {
        form.sign = Some(*sign);
        at += 1;
    }
    if letters.get(at) == Some(&'0') && !is_align(letters.get(1)) {
        (form.fill, form.align) = ('0', form.align.or(Some('=')));
        at += 1;
    }
    let number = |at: &mut usize| -> Result<Option<usize>> {
        let digits: String = letters[(*at).min(letters.len())..]
            .iter()
            .take_while(|c| c.is_ascii_digit())
            .collect();
        *at += digits.len();
        if digits.is_empty() {
            return Ok(None);
        }
        digits
            .parse()
            .ok()
            .filter(|n| *n <= MOST)
            .map(Some)
            .ok_or_else(wrong)
    };
    form.width = number(&mut at)?.unwrap_or(0);
    if letters.get(at) == Some(&',') {
        form.grouped = true;
        at += 1;
    }
    if letters.get(at) == Some(&'.') {
        at += 1;
        form.precision = Some(number(&mut at)?.ok_or_else(wrong)?);
    }
    form.kind = letters.get(at).copied();
    at += usize::from(form.kind.is_some());
    if at < letters.len()
        || form
            .kind
            .is_some_and(|kind| !"dfFeEgGsxXbo%".contains(kind))
    {
        return Err(wrong());
    }
    Ok(form)
}

/// Rust's `1.5e-7` as C's `1.5e-07`.
fn exponent(text: &str) -> String {
    let (mantissa, power) = text.split_once('e').unwrap_or((text, "0"));
    let power: i32 = power.parse().unwrap_or(0);
    format!(
        "{mantissa}e{}{:02}",
        if power < 0 { '-' } else { '+' },
        power.abs()
    )
}

/// C's `%g`.
fn general(x: f64, precision: usize) -> String {
    let digits = precision.max(1);
    let scientific = format!("{x:.*e}", digits - 1);
    let power: i32 = scientific
        .rsplit('e')
        .next()
        .and_then(|e| e.parse().ok())
        .unwrap_or(0);
    let trimmed = |text: &str| {
        if text.contains('.') {
            text.trim_end_matches('0').trim_end_matches('.').to_string()
        } else {
            text.to_string()
        }
    };
    if power < -4 || power >= digits as i32 {
        let (mantissa, _) = scientific.split_once('e').unwrap_or((&scientific, ""));
        return exponent(&format!("{}e{power}", trimmed(mantissa)));
    }
    trimmed(&format!(
        "{x:.*}",
        (digits as i32 - 1 - power).max(0) as usize
    ))
}

/// The digits of a number without its sign.
fn digits(value: Written, form: &Form) -> Result<(bool, String)> {
    let kind = form.kind.map(|kind| kind.to_ascii_lowercase());
    let whole = |n: i64, text: String| Ok((n < 0, text));
    if let Written::Int(n) = value {
        let size = n.unsigned_abs();
        match kind {
            None | Some('d') if form.precision.is_none() => return whole(n, size.to_string()),
            Some('x') => return whole(n, format!("{size:x}")),
            Some('b') => return whole(n, format!("{size:b}")),
            Some('o') => return whole(n, format!("{size:o}")),
            _ => {}
        }
    }
    let x = match value {
        Written::Int(n) => n as f64,
        Written::Float(x) => x,
        Written::Text(_) => bail!("value", "a text has no digits"),
    };
    let size = x.abs();
    let text = match kind {
        _ if !x.is_finite() => {
            if x.is_nan() {
                "nan".into()
            } else {
                "inf".into()
            }
        }
        Some('f') => format!("{size:.*}", form.precision.unwrap_or(6)),
        Some('e') => exponent(&format!("{size:.*e}", form.precision.unwrap_or(6))),
        Some('g') => general(size, form.precision.unwrap_or(6)),
        Some('%') => format!("{:.*}", form.precision.unwrap_or(6), size * 100.0),
        None => form
            .precision
            .map_or_else(|| plain(size), |precision| general(size, precision)),
        Some(kind) => {
            bail!(
                "value",
                "`{kind}` writes integers, got {x}";
                hint: "`x.to_int()` cuts a float; `.0f` rounds it"
            )
        }
    };
    let text = if kind == Some('%') && x.is_finite() {
        format!("{text}%")
    } else {
        text
    };
    Ok((x.is_sign_negative() && !x.is_nan(), text))
}

/// A float with as many digits as it needs.
fn plain(x: f64) -> String {
    if x == x.trunc() && x < 1e16 {
        format!("{x:.1}")
    } else {
        format!("{x}")
    }
}

fn grouped(text: &str) -> String {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (whole, rest) = text.split_at(end);
    let mut out = String::new();
    for (i, c) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(c);
    }
    out + rest
}

/// The digits with the zeros that fill the width, where thousands are grouped: the zeros are
/// grouped with them.
fn zeros(text: String, form: &Form, negative: bool) -> String {
    let sign = usize::from(negative || form.sign.is_some_and(|sign| sign != '-'));
    let mut text = text;
    if (form.fill, form.align) == ('0', Some('=')) && text.starts_with(|c: char| c.is_ascii_digit())
    {
        while sign + grouped(&text).len() < form.width {
            text.insert(0, '0');
        }
    }
    text
}

/// A value in the format of a pattern.
pub fn written(value: Written, pattern: &str) -> Result<String> {
    let form = parse(pattern)?;
    let (sign, body, align) = match value {
        Written::Text(text) => {
            if form.sign.is_some()
                || form.grouped
                || form.align == Some('=')
                || form.kind.is_some_and(|kind| kind != 's')
            {
                bail!("value", "`{pattern}` is a form of numbers, got a text");
            }
            let cut: String = text
                .chars()
                .take(form.precision.unwrap_or(usize::MAX))
                .collect();
            (String::new(), cut, form.align.unwrap_or('<'))
        }
        _ if form.kind == Some('s') => bail!("value", "`s` is a form of texts, got a number"),
        _ => {
            let (negative, text) = digits(value, &form)?;
            let text = if form.grouped {
                grouped(&zeros(text, &form, negative))
            } else {
                text
            };
            let text = if form.kind.is_some_and(|kind| kind.is_ascii_uppercase()) {
                text.to_uppercase()
            } else {
                text
            };
            let sign = match form.sign {
                _ if negative => "-",
                Some('+') => "+",
                Some(' ') => " ",
                _ => "",
            };
            (sign.to_string(), text, form.align.unwrap_or('>'))
        }
    };
    let missing = form
        .width
        .saturating_sub(sign.chars().count() + body.chars().count());
    let fill = |n: usize| form.fill.to_string().repeat(n);
    Ok(match align {
        '<' => format!("{sign}{body}{}", fill(missing)),
        '^' => format!(
            "{}{sign}{body}{}",
            fill(missing / 2),
            fill(missing - missing / 2)
        ),
        '=' => format!("{sign}{}{body}", fill(missing)),
        _ => format!("{}{sign}{body}", fill(missing)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_to_a_number_of_letters() {
        assert_eq!(
            (cut("abcdef", 6), cut("abc def", 5)),
            ("abcdef".into(), "abc…".into())
        );
        assert_eq!(cut_middle("network_1", 5), "ne…_1");
        assert_eq!(cut_middle("network_1", 4), "ne…1");
        assert_eq!(cut_middle("äöüäöü", 1), "…");
    }
    use std::f64::consts::PI;

    #[test]
    fn forms_are_those_of_python() {
        let of = |x: f64, form: &str| written(Written::Float(x), form).expect(form);
        assert_eq!(of(PI, ".2f"), "3.14");
        assert_eq!(of(PI, "8.2f"), "    3.14");
        assert_eq!(of(-PI, "08.2f"), "-0003.14");
        assert_eq!(of(0.1234, ".1%"), "12.3%");
        assert_eq!(of(1.5e-7, ".2e"), "1.50e-07");
        assert_eq!(of(1234567.0, ",.1f"), "1,234,567.0");
        assert_eq!(of(0.00001234, ".3g"), "1.23e-05");
        assert_eq!(of(f64::NAN, ".2f"), "nan");
        assert_eq!(written(Written::Int(255), "x").expect("hex"), "ff");
        assert_eq!(written(Written::Int(-5), "+d").expect("sign"), "-5");
        assert_eq!(written(Written::Text("ab"), "*^6").expect("text"), "**ab**");
        for wrong in ["q", ".f", "..2f", "5.2.1f", "99999999f"] {
            assert!(written(Written::Float(1.0), wrong).is_err(), "{wrong}");
        }
        assert!(
            written(Written::Float(1.5), "d").is_err()
                && written(Written::Text("a"), ".2f").is_err()
        );
    }

    #[test]
    fn control_characters_are_written_out() {
        assert_eq!(
            printable("a\u{1b}[2Jb\r\u{7}\u{9b}\u{202e}"),
            "a\\u{1b}[2Jb\\r\\u{7}\\u{9b}\\u{202e}"
        );
        assert!(matches!(printable("chr1\té\n🧬"), Cow::Borrowed(_)));
    }

    #[test]
    fn metrics_have_four_digits() {
        let all = [
            0.946_012_3,
            0.95,
            1.0,
            0.0,
            1.234_56e-7,
            123_456.0,
            -0.000_123_456,
            f64::NAN,
            12.345_67,
            1e12,
        ];
        let wanted = [
            "0.946",
            "0.95",
            "1",
            "0",
            "1.235e-7",
            "123500",
            "-0.0001235",
            "NaN",
            "12.35",
            "1e12",
        ];
        assert_eq!(all.map(metric), wanted);
        assert_eq!(
            [
                rounded(2.675, 2),
                rounded(1234.0, -2),
                rounded(0.5, 0),
                rounded(-1.25, 1)
            ],
            [2.67, 1200.0, 0.0, -1.2]
        );
    }
}
