//! Radii of atoms.

/// Which radii atoms have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Radii {
    /// Heavy atoms with their hydrogens, by residue and name (Li & Nussinov 1998).
    United,
    /// Van der Waals radii of elements (Bondi 1964).
    Bondi,
}

/// Atoms of side chains, by residue: names and radii, in Å.
const SIDE: [(&str, &[(&str, f64)]); 19] = [
    ("ALA", &[("CB", 1.92)]),
    (
        "ARG",
        &[
            ("CB", 1.91),
            ("CD", 1.88),
            ("CG", 1.92),
            ("CZ", 1.80),
            ("NE", 1.62),
            ("NH1", 1.62),
            ("NH2", 1.67),
        ],
    ),
    (
        "ASN",
        &[("CB", 1.91), ("CG", 1.81), ("ND2", 1.62), ("OD1", 1.52)],
    ),
    (
        "ASP",
        &[("CB", 1.91), ("CG", 1.76), ("OD1", 1.49), ("OD2", 1.49)],
    ),
    ("CYS", &[("CB", 1.91), ("SG", 1.88)]),
    (
        "GLN",
        &[
            ("CB", 1.91),
            ("CD", 1.81),
            ("CG", 1.80),
            ("NE2", 1.62),
            ("OE1", 1.52),
        ],
    ),
    (
        "GLU",
        &[
            ("CB", 1.91),
            ("CD", 1.76),
            ("CG", 1.88),
            ("OE1", 1.49),
            ("OE2", 1.49),
        ],
    ),
    (
        "HIS",
        &[
            ("CB", 1.91),
            ("CD2", 1.74),
            ("CE1", 1.74),
            ("CG", 1.80),
            ("ND1", 1.60),
            ("NE2", 1.60),
        ],
    ),
    (
        "ILE",
        &[("CB", 2.01), ("CD1", 1.92), ("CG1", 1.92), ("CG2", 1.92)],
    ),
    (
        "LEU",
        &[("CB", 1.91), ("CD1", 1.92), ("CD2", 1.92), ("CG", 2.01)],
    ),
    (
        "LYS",
        &[
            ("CB", 1.91),
            ("CD", 1.92),
            ("CE", 1.88),
            ("CG", 1.92),
            ("NZ", 1.67),
        ],
    ),
    (
        "MET",
        &[("CB", 1.91), ("CE", 1.80), ("CG", 1.92), ("SD", 1.94)],
    ),
    (
        "PHE",
        &[
            ("CB", 1.91),
            ("CD1", 1.82),
            ("CD2", 1.82),
            ("CE1", 1.82),
            ("CE2", 1.82),
            ("CG", 1.74),
            ("CZ", 1.82),
        ],
    ),
    ("PRO", &[("CB", 1.91), ("CD", 1.92), ("CG", 1.92)]),
    ("SER", &[("CB", 1.91), ("OG", 1.54)]),
    ("THR", &[("CB", 2.01), ("CG2", 1.92), ("OG1", 1.54)]),
    (
        "TRP",
        &[
            ("CB", 1.91),
            ("CD1", 1.82),
            ("CD2", 1.82),
            ("CE2", 1.74),
            ("CE3", 1.82),
            ("CG", 1.74),
            ("CH2", 1.82),
            ("CZ2", 1.82),
            ("CZ3", 1.82),
            ("NE1", 1.66),
        ],
    ),
    (
        "TYR",
        &[
            ("CB", 1.91),
            ("CD1", 1.82),
            ("CD2", 1.82),
            ("CE1", 1.82),
            ("CE2", 1.82),
            ("CG", 1.74),
            ("CZ", 1.80),
            ("OH", 1.54),
        ],
    ),
    ("VAL", &[("CB", 2.01), ("CG1", 1.92), ("CG2", 1.92)]),
];

impl Radii {
    /// The radius of an atom, in Å.
    pub fn of(self, residue: &str, atom: &str, element: &str) -> f64 {
        let element = element.to_ascii_uppercase();
        if self == Radii::Bondi {
            return match element.as_str() {
                "H" | "D" => 1.20,
                "N" => 1.55,
                "O" => 1.52,
                "S" => 1.80,
                "P" => 1.80,
                "SE" => 1.90,
                _ => 1.70,
            };
        }
        match atom {
            "C" => return 1.75,
            "CA" => return 1.90,
            "N" => return 1.70,
            "O" => return 1.49,
            _ => {}
        }
        let side = SIDE.iter().find(|(name, _)| *name == residue);
        let known = side.and_then(|(_, atoms)| atoms.iter().find(|(name, _)| *name == atom));
        known.map_or_else(
            || match element.as_str() {
                "H" | "D" => 1.30,
                "N" => 1.60,
                "O" => 1.50,
                "P" | "S" => 1.90,
                _ => 1.80,
            },
            |(_, radius)| *radius,
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn radii_by_name() {
        assert_eq!(Radii::United.of("GLY", "CA", "C"), 1.90);
        assert_eq!(Radii::United.of("MET", "SD", "S"), 1.94);
        assert_eq!(Radii::United.of("GLY", "OXT", "O"), 1.50);
        assert_eq!(Radii::Bondi.of("GLY", "CA", "C"), 1.70);
    }
}
