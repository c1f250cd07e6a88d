//! Residues from what pdbtbx read.

use super::prepared::{Prepared, Row};
use super::{Alternate, ReadSettings};
use crate::residues;
use crate::structure::{Atom, Note, Residue, Structure};
use cistron_base::{Result, bail};

/// What is left out or replaced, with the rows of the file.
struct Builder<'a> {
    rows: &'a [Row],
    settings: &'a ReadSettings,
    notes: Vec<Note>,
    hydrogens: usize,
    unoccupied: usize,
}

/// The structure of a model.
pub(super) fn structure(
    pdb: &pdbtbx::PDB,
    prepared: Prepared,
    settings: &ReadSettings,
) -> Result<Structure> {
    let Some(model) = pdb.model(0) else {
        bail!("data", "the file has no atoms");
    };
    let mut builder = Builder {
        rows: &prepared.rows,
        settings,
        notes: prepared.notes.clone(),
        hydrogens: 0,
        unoccupied: 0,
    };
    let mut residues = Vec::new();
    for chain in model.chains() {
        for residue in chain.residues() {
            residues.extend(builder.residue(chain.id(), residue));
        }
    }
    if residues.is_empty() {
        bail!("data", "the file has no residues with a Cα";
            hint: "it has {} atoms; are they nucleic acids or ligands?", prepared.rows.len());
    }
    builder.note_missing(&residues);
    builder.note_counts();
    let mut notes = builder.notes;
    notes.sort_by_key(|note| note.line);
    Ok(Structure { residues, notes })
}

/// The element of an atom. Where a file has none, pdbtbx reads it from the name, and a Cα as
/// calcium: in residues of proteins it is the first letter of the name.
fn element_of(given: &str, name: &str, residue: &str) -> String {
    let is_known = residues::index(residue).is_some() || residues::standard_of(residue).is_some();
    let is_usual = ["C", "D", "H", "N", "O", "P", "S", "Se"].contains(&given);
    if is_usual || !(is_known || name == "CA") {
        return given.to_string();
    }
    let letter = name.chars().find(char::is_ascii_alphabetic);
    letter.map_or(String::new(), |letter| letter.to_string())
}

impl Builder<'_> {
    fn row(&self, atom: &pdbtbx::Atom) -> Option<&Row> {
        self.rows.get(atom.serial_number())
    }

    fn line(&self, atom: &pdbtbx::Atom) -> usize {
        self.row(atom).map_or(0, |row| row.line)
    }

    fn note(&mut self, kind: &'static str, residue: &str, line: usize, text: String) {
        self.notes.push(Note {
            kind,
            residue: residue.to_string(),
            line,
            text,
        });
    }

    /// The conformer that is read of a residue with several.
    fn conformer<'c>(
        &mut self,
        label: &str,
        of: &'c pdbtbx::Residue,
    ) -> Option<&'c pdbtbx::Conformer> {
        let all: Vec<&pdbtbx::Conformer> = of.conformers().collect();
        if all.len() < 2 {
            return all.first().copied();
        }
        let letter = |own: &pdbtbx::Conformer| {
            own.alternative_location()
                .and_then(|text| text.chars().next())
                .unwrap_or(' ')
        };
        let occupancy = |own: &pdbtbx::Conformer| {
            let name = letter(own);
            let rows = own.atoms().filter_map(|atom| self.row(atom));
            let values: Vec<f64> = rows
                .filter(|row| row.alternate == name)
                .map(|row| row.occupancy)
                .collect();
            values.iter().sum::<f64>() / values.len().max(1) as f64
        };
        let line = |own: &pdbtbx::Conformer| {
            let name = letter(own);
            let rows = own.atoms().filter_map(|atom| self.row(atom));
            rows.filter(|row| row.alternate == name)
                .map(|row| row.line)
                .min()
                .unwrap_or(usize::MAX)
        };
        let best = |all: &[&'c pdbtbx::Conformer]| {
            all.iter().copied().min_by(|a, b| {
                let order = occupancy(b).total_cmp(&occupancy(a));
                order.then(line(a).cmp(&line(b)))
            })
        };
        let chosen = match self.settings.alternate {
            Alternate::First => all.iter().copied().min_by_key(|own| line(own)),
            Alternate::Letter(name) => all
                .iter()
                .copied()
                .find(|own| letter(own) == name)
                .or_else(|| best(&all)),
            Alternate::Occupancy => best(&all),
        }?;
        let mut notes = Vec::new();
        for own in all.iter().filter(|own| !std::ptr::eq(**own, chosen)) {
            let count = own.atoms().filter_map(|atom| self.row(atom));
            let count = count.filter(|row| row.alternate == letter(own)).count();
            notes.push((
                line(own),
                format!(
                    "{} is left out (atoms: {}, occupancy {:.2}), {} is read (occupancy {:.2})",
                    letter(own),
                    count,
                    occupancy(own),
                    letter(chosen),
                    occupancy(chosen),
                ),
            ));
        }
        for (line, text) in notes {
            self.note("alternate location", label, line, text);
        }
        Some(chosen)
    }

    fn residue(&mut self, chain: &str, of: &pdbtbx::Residue) -> Option<Residue> {
        let (number, insertion) = of.id();
        let insertion = insertion
            .and_then(|text| text.chars().next())
            .unwrap_or(' ');
        let mut out = Residue {
            chain: chain.to_string(),
            number: number as i64,
            insertion,
            name: of.name().unwrap_or("UNK").to_string(),
            atoms: Vec::new(),
        };
        let label = out.text();
        let conformer = self.conformer(&label, of)?;
        out.name = conformer.name().to_string();
        let label = out.text();
        let mut atoms: Vec<&pdbtbx::Atom> = conformer.atoms().collect();
        atoms.sort_by_key(|atom| atom.serial_number());
        let line = atoms.first().map_or(0, |atom| self.line(atom));
        let is_hetero = atoms.iter().all(|atom| atom.hetero());
        let standard = residues::standard_of(&out.name);
        let is_known = residues::index(&out.name).is_some() || standard.is_some();
        // a calcium ion is called CA as well
        let is_ion = matches!(atoms[..], [only] if only.name() == out.name);
        if !is_known && (is_hetero || is_ion) {
            let text = format!("left out, {} atoms", atoms.len());
            self.note("hetero residue", &label, line, text);
            return None;
        }
        for atom in atoms {
            self.add(&mut out, &label, atom);
        }
        if out.atom("CA").is_none() {
            let text = format!("left out, {} atoms", out.atoms.len());
            self.note("no Cα", &label, line, text);
            return None;
        }
        if let Some(name) = standard {
            self.note("modified residue", &label, line, format!("read as {name}"));
            if out.name == "MSE" {
                for atom in out.atoms.iter_mut().filter(|atom| atom.name == "SE") {
                    (atom.name, atom.element) = ("SD".into(), "S".into());
                }
            }
            out.name = name.to_string();
        } else if !is_known {
            self.note("unknown residue", &label, line, "read as X".into());
        }
        Some(out)
    }

    fn add(&mut self, residue: &mut Residue, label: &str, atom: &pdbtbx::Atom) {
        let given = atom.element().map_or("", |element| element.symbol());
        let element = element_of(given, atom.name(), &residue.name);
        let is_hydrogen = ["H", "D"].contains(&element.as_str());
        if is_hydrogen && !self.settings.hydrogens {
            self.hydrogens += 1;
            return;
        }
        let row = self.row(atom).copied();
        let line = row.map_or(0, |row| row.line);
        if residue.atom(atom.name()).is_some() {
            let text = format!("a second atom {} is left out", atom.name());
            self.note("repeated atom", label, line, text);
            return;
        }
        let occupancy = row.map_or(1.0, |row| row.occupancy);
        self.unoccupied += usize::from(occupancy <= 0.0);
        residue.atoms.push(Atom {
            name: atom.name().to_string(),
            element,
            at: [atom.x(), atom.y(), atom.z()],
            b_factor: atom.b_factor(),
            occupancy,
            line,
        });
    }

    fn note_missing(&mut self, residues: &[Residue]) {
        if residues.iter().all(|residue| residue.atoms.len() == 1) {
            let n = residues.len();
            let line = residues[0].atoms[0].line;
            self.note(
                "missing atoms",
                "",
                line,
                format!("only the Cα of {n} residues are there"),
            );
            return;
        }
        for residue in residues {
            let wanted = residues::atoms(&residue.name);
            let missing: Vec<&str> = wanted
                .into_iter()
                .filter(|name| residue.atom(name).is_none())
                .collect();
            if missing.is_empty() {
                continue;
            }
            let line = residue.atoms[0].line;
            let guess = match (missing.contains(&"CB"), residue.backbone().is_some()) {
                (true, true) => "; its Cβ is computed from the backbone",
                (true, false) => "; its Cα is used as its Cβ",
                _ => "",
            };
            let text = format!("{}{guess}", missing.join(", "));
            self.note("missing atoms", &residue.text(), line, text);
        }
    }

    fn note_counts(&mut self) {
        if self.hydrogens > 0 {
            let n = self.hydrogens;
            self.note("hydrogens", "", 0, format!("{n} hydrogens are left out"));
        }
        if self.unoccupied > 0 {
            let n = self.unoccupied;
            self.note(
                "no occupancy",
                "",
                0,
                format!("{n} atoms of occupancy 0 are read"),
            );
        }
    }
}
