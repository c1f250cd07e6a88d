//! DNA as codes: A C G T are 0 1 2 3, anything else 4.

/// The code of a base that is not one of A, C, G, T.
pub const UNKNOWN: u8 = 4;

/// Letters of the codes.
pub const LETTERS: [u8; 5] = *b"ACGTN";

/// Letters of a text that are not plain upper-case bases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Lower-case letters (soft-masked), read as their upper-case bases.
    pub lower: usize,
    /// N.
    pub unknown: usize,
    /// Other IUPAC codes (R, Y, S, W, K, M, B, D, H, V), read as N.
    pub ambiguous: usize,
}

/// The entry of [`CODES`] for a letter that is not a base.
pub const NO_BASE: u8 = 255;

/// The code of each byte: bases 0 to 3, N and other IUPAC letters 4, anything else [`NO_BASE`].
pub const CODES: [u8; 256] = {
    let mut table = [NO_BASE; 256];
    let known = b"AaCcGgTtUu";
    let codes = [0, 0, 1, 1, 2, 2, 3, 3, 3, 3];
    let mut i = 0;
    while i < known.len() {
        table[known[i] as usize] = codes[i];
        i += 1;
    }
    let unknown = b"NnRrYySsWwKkMmBbDdHhVvXx-.";
    i = 0;
    while i < unknown.len() {
        table[unknown[i] as usize] = UNKNOWN;
        i += 1;
    }
    table
};

/// Encodes letters in place. Runs of plain bases, the common case, are encoded by arithmetic on
/// many bytes at once; others by [`CODES`].
pub fn encode_in_place(letters: &mut [u8]) {
    let odd = |upper: u8| {
        u8::from(upper != b'A')
            & u8::from(upper != b'C')
            & u8::from(upper != b'G')
            & u8::from(upper != b'T')
    };
    if letters
        .iter()
        .fold(0u8, |any, letter| any | odd(letter & 0xDF))
        == 0
    {
        // bits 1 and 2 of A C G T are 00 01 11 10
        letters
            .iter_mut()
            .for_each(|letter| *letter = ((*letter >> 1) ^ (*letter >> 2)) & 3);
    } else {
        letters
            .iter_mut()
            .for_each(|letter| *letter = CODES[*letter as usize]);
    }
}

/// Appends the codes of a text; fails with the first character that is no IUPAC base (its column,
/// from 1).
pub fn encode(text: &str, codes: &mut Vec<u8>, census: &mut Census) -> Result<(), (usize, char)> {
    codes.reserve(text.len());
    for (column, letter) in text.bytes().enumerate() {
        let code = CODES[letter as usize];
        match code {
            NO_BASE => return Err((column + 1, text[column..].chars().next().unwrap_or('?'))),
            UNKNOWN if matches!(letter, b'N' | b'n' | b'-' | b'.') => census.unknown += 1,
            UNKNOWN => census.ambiguous += 1,
            _ => census.lower += usize::from(letter.is_ascii_lowercase()),
        }
        codes.push(code);
    }
    Ok(())
}

/// The codes of a text.
pub fn codes(text: &str) -> cistron_base::Result<Vec<u8>> {
    let mut codes = Vec::new();
    encode(text, &mut codes, &mut Census::default()).map_err(|(at, letter)| {
        cistron_base::fault!("value", "`{letter}` at position {at} is no base")
    })?;
    Ok(codes)
}

/// The letters of codes.
pub fn decode(codes: &[u8]) -> String {
    codes
        .iter()
        .map(|code| LETTERS[usize::from(*code).min(4)] as char)
        .collect()
}

/// The fraction of G and C among the known bases; 0 where there is none.
pub fn gc_content(codes: &[u8]) -> f64 {
    let known = codes.iter().filter(|code| **code < UNKNOWN).count();
    let strong = codes.iter().filter(|code| matches!(code, 1 | 2)).count();
    strong as f64 / known.max(1) as f64
}

/// The code of the base that pairs with a base.
pub fn complement(code: u8) -> u8 {
    if code < 4 { 3 - code } else { code }
}

/// Turns codes into those of the other strand.
pub fn reverse_complement(codes: &mut [u8]) {
    codes.reverse();
    for code in codes {
        *code = complement(*code);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_letters_agree() {
        let (mut codes, mut census) = (Vec::new(), Census::default());
        encode("ACGTacgtNR", &mut codes, &mut census).unwrap();
        assert_eq!(codes, [0, 1, 2, 3, 0, 1, 2, 3, 4, 4]);
        assert_eq!(
            census,
            Census {
                lower: 4,
                unknown: 1,
                ambiguous: 1
            }
        );
        assert_eq!(decode(&codes), "ACGTACGTNN");
        assert_eq!(gc_content(&codes), 0.5);
        assert_eq!(gc_content(&[1, 2, 0, 4]), 2.0 / 3.0);
        assert_eq!(gc_content(&[4]), 0.0);
        assert_eq!(encode("AC*", &mut codes, &mut census), Err((3, '*')));
    }

    #[test]
    fn codes_in_place_are_those_of_the_table() {
        let every: Vec<u8> = (0..=255).collect();
        for letters in [&b"ACGTacgtTTGCA"[..], b"ACGTUu", b"ACNNryx-", &every] {
            let mut own = letters.to_vec();
            encode_in_place(&mut own);
            assert_eq!(
                own,
                letters
                    .iter()
                    .map(|b| CODES[*b as usize])
                    .collect::<Vec<_>>()
            );
        }
    }

    #[test]
    fn the_other_strand_twice_is_the_same() {
        let mut codes = vec![0, 1, 2, 3, 4, 0];
        reverse_complement(&mut codes);
        assert_eq!(decode(&codes), "TNACGT");
        reverse_complement(&mut codes);
        assert_eq!(decode(&codes), "ACGTNA");
    }
}
