//! Names of residues and the atoms that they have.

/// The standard residues in alphabetical order of their three-letter codes: code, letter and
/// heavy atoms of the side chain beyond Cβ.
const STANDARD: [(&str, char, &[&str]); 20] = [
    ("ALA", 'A', &[]),
    ("ARG", 'R', &["CG", "CD", "NE", "CZ", "NH1", "NH2"]),
    ("ASN", 'N', &["CG", "OD1", "ND2"]),
    ("ASP", 'D', &["CG", "OD1", "OD2"]),
    ("CYS", 'C', &["SG"]),
    ("GLN", 'Q', &["CG", "CD", "OE1", "NE2"]),
    ("GLU", 'E', &["CG", "CD", "OE1", "OE2"]),
    ("GLY", 'G', &[]),
    ("HIS", 'H', &["CG", "ND1", "CD2", "CE1", "NE2"]),
    ("ILE", 'I', &["CG1", "CG2", "CD1"]),
    ("LEU", 'L', &["CG", "CD1", "CD2"]),
    ("LYS", 'K', &["CG", "CD", "CE", "NZ"]),
    ("MET", 'M', &["CG", "SD", "CE"]),
    ("PHE", 'F', &["CG", "CD1", "CD2", "CE1", "CE2", "CZ"]),
    ("PRO", 'P', &["CG", "CD"]),
    ("SER", 'S', &["OG"]),
    ("THR", 'T', &["OG1", "CG2"]),
    (
        "TRP",
        'W',
        &["CG", "CD1", "CD2", "NE1", "CE2", "CE3", "CZ2", "CZ3", "CH2"],
    ),
    ("TYR", 'Y', &["CG", "CD1", "CD2", "CE1", "CE2", "CZ", "OH"]),
    ("VAL", 'V', &["CG1", "CG2"]),
];

/// Modified residues and protonation states, with the standard residue that each is read as.
const MODIFIED: [(&str, &str); 26] = [
    ("ASH", "ASP"),
    ("CGU", "GLU"),
    ("CME", "CYS"),
    ("CSD", "CYS"),
    ("CSO", "CYS"),
    ("CSS", "CYS"),
    ("CYM", "CYS"),
    ("CYX", "CYS"),
    ("GLH", "GLU"),
    ("HID", "HIS"),
    ("HIE", "HIS"),
    ("HIP", "HIS"),
    ("HSD", "HIS"),
    ("HSE", "HIS"),
    ("HSP", "HIS"),
    ("HYP", "PRO"),
    ("KCX", "LYS"),
    ("LLP", "LYS"),
    ("LYN", "LYS"),
    ("M3L", "LYS"),
    ("MLY", "LYS"),
    ("MSE", "MET"),
    ("OCS", "CYS"),
    ("PTR", "TYR"),
    ("SEP", "SER"),
    ("TPO", "THR"),
];

/// The number of a residue in alphabetical order of three-letter codes.
pub fn index(name: &str) -> Option<usize> {
    STANDARD.iter().position(|entry| entry.0 == name)
}

/// The three-letter codes in the order of [`index`].
pub fn names() -> impl Iterator<Item = &'static str> {
    STANDARD.iter().map(|entry| entry.0)
}

/// The letter of a standard residue; X of others.
pub fn letter(name: &str) -> char {
    index(name).map_or('X', |i| STANDARD[i].1)
}

/// The three-letter code of a letter; UNK of unknown ones.
pub fn name_of(letter: char) -> &'static str {
    let letter = letter.to_ascii_uppercase();
    let found = STANDARD.iter().find(|entry| entry.1 == letter);
    found.map_or("UNK", |entry| entry.0)
}

/// The standard residue that a modified one is read as.
pub fn standard_of(name: &str) -> Option<&'static str> {
    let found = MODIFIED.iter().find(|(modified, _)| *modified == name);
    found.map(|(_, standard)| *standard)
}

/// The heavy atoms of a standard residue, without the second oxygen of the end; none of others.
pub fn atoms(name: &str) -> Vec<&'static str> {
    let Some(i) = index(name) else {
        return Vec::new();
    };
    let mut all = vec!["N", "CA", "C", "O"];
    if name != "GLY" {
        all.push("CB");
    }
    all.extend(STANDARD[i].2);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_in_order_and_letters_are_unique() {
        assert!(STANDARD.is_sorted_by_key(|entry| entry.0));
        assert!(MODIFIED.is_sorted());
        let mut letters: Vec<char> = STANDARD.iter().map(|entry| entry.1).collect();
        letters.sort_unstable();
        letters.dedup();
        assert_eq!(letters.len(), 20);
        assert!(
            MODIFIED
                .iter()
                .all(|(_, standard)| index(standard).is_some())
        );
    }

    #[test]
    fn atoms_of_residues() {
        assert_eq!(atoms("GLY"), ["N", "CA", "C", "O"]);
        assert_eq!(atoms("SER"), ["N", "CA", "C", "O", "CB", "OG"]);
        let counts: usize = names().map(|name| atoms(name).len()).sum();
        assert_eq!(counts, 167);
    }
}
