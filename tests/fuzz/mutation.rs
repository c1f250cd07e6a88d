//! Changes to files that often break readers.

use cistron::base::seed::Rng;

/// What is put in place of bytes.
const WORDS: [&[u8]; 16] = [
    b"\t",
    b"\n",
    b"\r\n",
    b"-1",
    b"99999999999999999999",
    b"9223372036854775807",
    b"NaN",
    b"1e400",
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b">",
    b"chr1",
    b"\xf0\x9f\xa7\xac",
    b"",
    b"4294967295",
    b"\"",
];

/// What opens a level of nesting.
const OPENERS: [&[u8]; 6] = [b"[", b"{\"a\":", b"(", b"<a>", b"\"", b"\xff"];

/// Numbers at the ends of ranges.
const NUMBERS: [u64; 14] = [
    0,
    1,
    2,
    127,
    128,
    255,
    256,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    0x7fff_ffff_ffff_ffff,
    0xffff_ffff_ffff_fff0,
    0xffff_ffff_ffff_ffff,
];

/// A range of up to `most` bytes.
fn range(bytes: &[u8], rng: &mut Rng, most: usize) -> std::ops::Range<usize> {
    let at = rng.below(bytes.len() + 1);
    at..(at + rng.below(most)).min(bytes.len())
}

/// A binary number of 1 to 8 bytes, of either byte order, at any place: lengths, counts and
/// offsets.
fn binary_number(bytes: &mut [u8], rng: &mut Rng) {
    let width = [1, 2, 4, 8][rng.below(4)];
    if bytes.len() < width {
        return;
    }
    let at = rng.below(bytes.len() - width + 1);
    let number = NUMBERS[rng.below(NUMBERS.len())].wrapping_add(rng.below(3) as u64);
    let place = &mut bytes[at..at + width];
    if rng.below(2) == 0 {
        place.copy_from_slice(&number.to_le_bytes()[..width]);
    } else {
        place.copy_from_slice(&number.to_be_bytes()[8 - width..]);
    }
}

/// A written number, in place of one that is there.
fn written_number(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let starts: Vec<usize> = (0..bytes.len())
        .filter(|i| bytes[*i].is_ascii_digit() && (*i == 0 || !bytes[i - 1].is_ascii_digit()))
        .take(4000)
        .collect();
    if starts.is_empty() {
        return;
    }
    let at = starts[rng.below(starts.len())];
    let end = at
        + bytes[at..]
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
    let number = NUMBERS[rng.below(NUMBERS.len())];
    let text = match rng.below(5) {
        0 => format!("-{number}"),
        1 => format!("{number}.5"),
        2 => format!("{number}e{}", rng.below(400)),
        3 => format!("{}", rng.below(20)),
        _ => number.to_string(),
    };
    bytes.splice(at..end, text.into_bytes());
}

/// Two lines (or other parts between separators) in each other's place.
fn swap_parts(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let separator = [b'\n', b'\t', b',', b' ', b'"'][rng.below(5)];
    let mut parts: Vec<Vec<u8>> = bytes
        .split(|byte| *byte == separator)
        .map(<[u8]>::to_vec)
        .collect();
    let (a, b) = (rng.below(parts.len()), rng.below(parts.len()));
    parts.swap(a, b);
    *bytes = parts.join(&separator);
}

/// A part again and again, up to 200 kB.
fn repeat(bytes: &mut Vec<u8>, rng: &mut Rng) {
    let part = bytes[range(bytes, rng, 40)].to_vec();
    let times = 1 << rng.below(13);
    let at = rng.below(bytes.len() + 1);
    if part.len() * times < 200_000 {
        bytes.splice(at..at, part.repeat(times));
    }
}

/// A file with some of its bytes, numbers and parts changed, cut, doubled, swapped or nested.
pub fn broken(seeds: &[Vec<u8>], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = seeds[rng.below(seeds.len())].clone();
    for _ in 0..1 + rng.below(6) {
        let at = rng.below(bytes.len() + 1);
        match rng.below(14) {
            0 if at < bytes.len() => bytes[at] ^= 1 << rng.below(8),
            1 if at < bytes.len() => bytes[at] = rng.next_u64() as u8,
            2 if rng.below(3) == 0 => bytes.truncate(at),
            3 => {
                let word = WORDS[rng.below(WORDS.len())];
                bytes.splice(at..at, word.iter().copied());
            }
            4 => drop(bytes.drain(range(&bytes, rng, 20))),
            5 => {
                let part = bytes[range(&bytes, rng, 60)].to_vec();
                bytes.splice(at..at, part);
            }
            6 | 7 => binary_number(&mut bytes, rng),
            8 | 9 => written_number(&mut bytes, rng),
            10 => swap_parts(&mut bytes, rng),
            11 if rng.below(4) == 0 => repeat(&mut bytes, rng),
            12 if rng.below(8) == 0 => {
                let opener = OPENERS[rng.below(OPENERS.len())];
                bytes.splice(at..at, opener.repeat(1 << rng.below(15)));
            }
            13 => {
                // a part of another file
                let other = &seeds[rng.below(seeds.len())];
                let part = other[range(other, rng, 80)].to_vec();
                let end = (at + if rng.below(2) == 0 { part.len() } else { 0 }).min(bytes.len());
                bytes.splice(at..end, part);
            }
            _ => {
                let word = WORDS[rng.below(WORDS.len())];
                let end = (at + word.len()).min(bytes.len());
                bytes.splice(at..end, word.iter().copied());
            }
        }
    }
    bytes
}
