//! Chains, residues and atoms, and what was left out of them.

use crate::point::{Point, virtual_cb};
use crate::residues;
use cistron_base::{Result, bail, fault};

/// An atom.
#[derive(Clone, Debug, PartialEq)]
pub struct Atom {
    /// Its name, such as "CA".
    pub name: String,
    /// The symbol of its element, such as "C"; empty where it is unknown.
    pub element: String,
    /// Its position, in Å.
    pub at: Point,
    /// B factor; of predicted models often a confidence.
    pub b_factor: f64,
    /// Occupancy.
    pub occupancy: f64,
    /// The line in the file; 0 of atoms that are from no file.
    pub line: usize,
}

/// A residue of a chain.
#[derive(Clone, Debug, PartialEq)]
pub struct Residue {
    /// The name of its chain.
    pub chain: String,
    /// Its number in the file.
    pub number: i64,
    /// Its insertion code, or a space.
    pub insertion: char,
    /// Its three-letter code; that of the standard residue where it is a modified one.
    pub name: String,
    /// Its atoms, in the order of the file.
    pub atoms: Vec<Atom>,
}

/// Something that was left out, replaced or guessed.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// What happened: "alternate location", "hetero residue", "missing atoms", ….
    pub kind: &'static str,
    /// The residue, such as "A 52A GLY"; empty where it is none.
    pub residue: String,
    /// The first line of the file that is concerned; 0 where it is none.
    pub line: usize,
    /// What was done.
    pub text: String,
}

/// A structure: the residues of one model, chain by chain.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Structure {
    /// The residues, each with a Cα.
    pub residues: Vec<Residue>,
    /// What was left out, replaced or guessed.
    pub notes: Vec<Note>,
}

impl Residue {
    /// The atom of a name.
    pub fn atom(&self, name: &str) -> Option<&Atom> {
        self.atoms.iter().find(|atom| atom.name == name)
    }

    /// The position of the atom of a name.
    pub fn at(&self, name: &str) -> Option<Point> {
        self.atom(name).map(|atom| atom.at)
    }

    /// The position of the Cα.
    pub fn ca(&self) -> Point {
        self.at("CA").unwrap_or([f64::NAN; 3])
    }

    /// The positions of N, Cα and C, where all are known.
    pub fn backbone(&self) -> Option<[Point; 3]> {
        Some([self.at("N")?, self.at("CA")?, self.at("C")?])
    }

    /// The position of the Cβ: that of the file, else where it would be by the backbone, else the
    /// Cα.
    pub fn cb(&self) -> Point {
        let cb = (self.name != "GLY").then(|| self.at("CB")).flatten();
        let ideal = || self.backbone().map(|[n, ca, c]| virtual_cb(n, ca, c));
        cb.or_else(ideal).unwrap_or_else(|| self.ca())
    }

    /// Its letter; X where it is no standard residue.
    pub fn letter(&self) -> char {
        residues::letter(&self.name)
    }

    /// Its number with the insertion code, such as "52A".
    pub fn label(&self) -> String {
        format!("{}{}", self.number, self.insertion)
            .trim_end()
            .to_string()
    }

    /// Chain, number and name, such as "A 52A GLY".
    pub fn text(&self) -> String {
        format!("{} {} {}", self.chain, self.label(), self.name)
            .trim_start()
            .to_string()
    }
}

impl Structure {
    /// A structure of given coordinates: atoms `names` of each residue, in this order.
    pub fn of(coordinates: &[Vec<Point>], names: &[&str], sequence: &str) -> Result<Structure> {
        let letters: Vec<char> = sequence.chars().collect();
        if letters.len() != coordinates.len() {
            let (n, residues) = (letters.len(), coordinates.len());
            bail!(
                "shape",
                "the sequence has {n} letters for {residues} residues"
            );
        }
        if !names.contains(&"CA") {
            bail!("value", "the atoms must include \"CA\", got {names:?}");
        }
        let residue = |(i, (points, letter)): (usize, (&Vec<Point>, &char))| {
            let atoms = points.iter().zip(names).map(|(at, name)| Atom {
                name: name.to_string(),
                element: name.chars().take(1).collect(),
                at: *at,
                b_factor: 0.0,
                occupancy: 1.0,
                line: 0,
            });
            let known = |atom: &Atom| atom.at.iter().all(|x| x.is_finite());
            let atoms: Vec<Atom> = atoms.filter(known).collect();
            let number = i as i64 + 1;
            if !atoms.iter().any(|atom| atom.name == "CA") {
                bail!(
                    "value",
                    "the Cα of residue {number} must have finite coordinates"
                );
            }
            Ok(Residue {
                chain: "A".into(),
                number,
                insertion: ' ',
                name: residues::name_of(*letter).into(),
                atoms,
            })
        };
        let rows = coordinates.iter().zip(&letters).enumerate();
        Ok(Structure {
            residues: rows.map(residue).collect::<Result<_>>()?,
            notes: Vec::new(),
        })
    }

    /// How many residues it has.
    pub fn len(&self) -> usize {
        self.residues.len()
    }

    /// Whether it has no residue.
    pub fn is_empty(&self) -> bool {
        self.residues.is_empty()
    }

    /// The letters of its residues.
    pub fn sequence(&self) -> String {
        self.residues.iter().map(Residue::letter).collect()
    }

    /// The names of its chains, in order.
    pub fn chains(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for residue in &self.residues {
            if !names.contains(&residue.chain) {
                names.push(residue.chain.clone());
            }
        }
        names
    }

    /// The structure of some chains.
    pub fn of_chains(&self, names: &[String]) -> Result<Structure> {
        let known = self.chains();
        if let Some(missing) = names.iter().find(|name| !known.contains(name)) {
            return Err(fault!("value", "there is no chain `{missing}`";
                hint: "chains: {}", known.join(", ")));
        }
        let kept = self.residues.iter();
        let kept = kept.filter(|residue| names.contains(&residue.chain));
        Ok(Structure {
            residues: kept.cloned().collect(),
            notes: self.notes.clone(),
        })
    }

    /// The structure without the atoms of some names.
    pub fn without_atoms(&self, names: &[String]) -> Result<Structure> {
        if names.iter().any(|name| name == "CA") {
            bail!(
                "value",
                "residues without a Cα are none: \"CA\" cannot be left out"
            );
        }
        let mut out = self.clone();
        for residue in &mut out.residues {
            residue.atoms.retain(|atom| !names.contains(&atom.name));
        }
        Ok(out)
    }

    /// The structure without hydrogens.
    pub fn heavy(&self) -> Structure {
        let mut out = self.clone();
        for residue in &mut out.residues {
            residue
                .atoms
                .retain(|atom| !["H", "D"].contains(&atom.element.as_str()));
        }
        out
    }

    /// How many atoms it has.
    pub fn atom_count(&self) -> usize {
        self.residues
            .iter()
            .map(|residue| residue.atoms.len())
            .sum()
    }

    /// All atoms with the number of their residue.
    pub fn atoms(&self) -> impl Iterator<Item = (usize, &Atom)> {
        let rows = self.residues.iter().enumerate();
        rows.flat_map(|(i, residue)| residue.atoms.iter().map(move |atom| (i, atom)))
    }

    /// The same atoms at other places.
    pub fn with_coordinates(&self, points: &[Point]) -> Result<Structure> {
        let n = self.atom_count();
        if points.len() != n {
            let given = points.len();
            bail!("shape", "there are {given} coordinates for {n} atoms";
                hint: "`coordinates` has them in this order");
        }
        let mut out = self.clone();
        let atoms = out.residues.iter_mut().flat_map(|own| &mut own.atoms);
        for (atom, at) in atoms.zip(points) {
            if !at.iter().all(|x| x.is_finite()) {
                bail!(
                    "value",
                    "coordinates must be finite, got {at:?} of atom {}",
                    atom.name
                );
            }
            atom.at = *at;
        }
        Ok(out)
    }

    /// The same atoms with a B factor for each residue.
    pub fn with_b_factors(&self, values: &[f64]) -> Result<Structure> {
        if values.len() != self.len() {
            let (given, n) = (values.len(), self.len());
            bail!("shape", "there are {given} values for {n} residues");
        }
        let mut out = self.clone();
        for (residue, value) in out.residues.iter_mut().zip(values) {
            residue
                .atoms
                .iter_mut()
                .for_each(|atom| atom.b_factor = *value);
        }
        Ok(out)
    }

    /// The B factor of each Cα.
    pub fn b_factors(&self) -> Vec<f64> {
        let of = |residue: &Residue| residue.atom("CA").map_or(f64::NAN, |atom| atom.b_factor);
        self.residues.iter().map(of).collect()
    }

    /// The confidence of each residue, from 0 to 100, as predictors write it into B factors.
    pub fn plddt(&self) -> Result<Vec<f64>> {
        let values = self.b_factors();
        let wrong = self.residues.iter().zip(&values);
        let mut wrong = wrong.filter(|(_, value)| !(0.0..=100.0).contains(*value));
        if let Some((residue, value)) = wrong.next() {
            bail!("value", "B factors are no pLDDT: that of {} is {value}", residue.text();
                hint: "pLDDT is from 0 to 100; `b_factors` has the values of any file");
        }
        Ok(values)
    }

    /// The positions of the Cα.
    pub fn ca(&self) -> Vec<Point> {
        self.residues.iter().map(Residue::ca).collect()
    }

    /// The positions of the Cβ; see [`Residue::cb`].
    pub fn cb(&self) -> Vec<Point> {
        self.residues.iter().map(Residue::cb).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn three() -> Structure {
        let rows: Vec<Vec<Point>> = (0..3).map(|i| vec![[f64::from(i), 0.0, 0.0]]).collect();
        Structure::of(&rows, &["CA"], "GXM").expect("a structure")
    }

    #[test]
    fn residues_have_letters_and_labels() {
        let own = three();
        assert_eq!(own.sequence(), "GXM");
        assert_eq!(own.residues[2].text(), "A 3 MET");
        assert_eq!(own.cb()[1], [1.0, 0.0, 0.0]);
        assert_eq!(own.chains(), ["A"]);
    }

    #[test]
    fn wrong_numbers_of_values_are_errors() {
        let own = three();
        assert!(own.with_coordinates(&[[0.0; 3]]).is_err());
        assert!(own.with_coordinates(&[[f64::NAN; 3]; 3]).is_err());
        assert!(own.with_b_factors(&[1.0]).is_err());
        let own = own.with_b_factors(&[1.0, 200.0, 3.0]).expect("values");
        assert!(own.plddt().is_err());
        assert!(own.of_chains(&["B".into()]).is_err());
        assert!(Structure::of(&[vec![[f64::NAN; 3]]], &["CA"], "A").is_err());
    }
}
