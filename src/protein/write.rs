//! Structures as PDB files.

use crate::structure::{Atom, Residue, Structure};
use cistron_base::{Result, bail};

/// The text of a PDB file: the atoms of each chain, each chain ended by TER.
pub fn pdb(structure: &Structure) -> Result<String> {
    let mut out = String::new();
    let mut serial = 0_usize;
    let residues = &structure.residues;
    for (i, residue) in residues.iter().enumerate() {
        checked(residue)?;
        for atom in &residue.atoms {
            serial += 1;
            out += &line(residue, atom, serial)?;
        }
        if residues
            .get(i + 1)
            .is_none_or(|next| next.chain != residue.chain)
        {
            serial += 1;
            out += &format!(
                "TER   {:>5}      {:>3} {}{:>4}{}\n",
                serial % 100_000,
                residue.name,
                residue.chain,
                residue.number,
                residue.insertion
            );
        }
    }
    out += "END\n";
    Ok(out)
}

fn checked(residue: &Residue) -> Result<()> {
    let text = residue.text();
    if residue.chain.chars().count() != 1 || !residue.chain.is_ascii() {
        bail!(
            "value",
            "{text}: PDB files have chain names of one letter, not `{}`",
            residue.chain
        );
    }
    if !(-999..=9999).contains(&residue.number) {
        bail!(
            "value",
            "{text}: PDB files number residues from -999 to 9999"
        );
    }
    if residue.name.len() > 3 {
        bail!(
            "value",
            "{text}: PDB files have residue names of up to 3 letters"
        );
    }
    Ok(())
}

fn line(residue: &Residue, atom: &Atom, serial: usize) -> Result<String> {
    // names of one-letter elements begin in the second column
    let name = if atom.name.len() >= 4 || atom.element.len() > 1 {
        format!("{:<4}", atom.name)
    } else {
        format!(" {:<3}", atom.name)
    };
    let [x, y, z] = atom.at;
    let line = format!(
        "ATOM  {:>5} {name} {:>3} {}{:>4}{}   {x:8.3}{y:8.3}{z:8.3}{:6.2}{:6.2}          {:>2}\n",
        serial % 100_000,
        residue.name,
        residue.chain,
        residue.number,
        residue.insertion,
        atom.occupancy,
        atom.b_factor,
        atom.element,
    );
    if line.len() != 79 {
        bail!(
            "value",
            "{} {}: coordinates, occupancy or B factor do not fit into the columns of \
            PDB files",
            residue.text(),
            atom.name
        );
    }
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::read::{ReadSettings, parse};

    #[test]
    fn what_is_written_is_read_again() {
        let rows = vec![vec![[1.5, -2.25, 3.0], [2.0, 0.0, -100.125]]; 2];
        let own = Structure::of(&rows, &["N", "CA"], "GW").expect("a structure");
        let own = own.with_b_factors(&[12.5, 99.25]).expect("values");
        let text = pdb(&own).expect("a text");
        let read = parse(text.as_bytes(), &ReadSettings::default()).expect("a structure");
        assert_eq!(read.sequence(), "GW");
        assert_eq!(read.ca(), own.ca());
        assert_eq!(read.b_factors(), [12.5, 99.25]);
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let own = Structure::of(&[vec![[1e6, 0.0, 0.0]]], &["CA"], "A").expect("a structure");
        assert!(pdb(&own).is_err());
    }
}
