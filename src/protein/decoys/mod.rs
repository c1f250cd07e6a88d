//! Decoys: models of known quality, as perturbations of a native structure.

mod schemes;
#[cfg(test)]
mod tests;

use crate::structure::Structure;
use crate::superpose::superpose;
use cistron_base::seed::Rng;
use cistron_base::{Result, bail};

/// A way to perturb a structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// Changes of the backbone torsions φ and ψ.
    Torsions,
    /// Displacements of residues that are larger where the structure is less dense.
    Thermal,
    /// Rigid rotations of fragments of the chain.
    Fragments,
    /// Shifts of the sequence along the backbone.
    Threading,
}

impl Scheme {
    /// Every scheme, in the order in which a mixture uses them.
    pub const ALL: [Scheme; 4] = [
        Scheme::Torsions,
        Scheme::Thermal,
        Scheme::Fragments,
        Scheme::Threading,
    ];

    /// The name of the scheme.
    pub fn name(self) -> &'static str {
        match self {
            Scheme::Torsions => "torsions",
            Scheme::Thermal => "thermal",
            Scheme::Fragments => "fragments",
            Scheme::Threading => "threading",
        }
    }

    /// The unit of its strength.
    pub fn unit(self) -> &'static str {
        match self {
            Scheme::Torsions | Scheme::Fragments => "degrees",
            Scheme::Thermal => "Å",
            Scheme::Threading => "fraction of residues",
        }
    }

    /// The range of strengths from near native to poor.
    pub fn usual_range(self) -> [f64; 2] {
        match self {
            Scheme::Torsions => [0.3, 12.0],
            Scheme::Thermal => [0.3, 6.0],
            Scheme::Fragments => [5.0, 120.0],
            Scheme::Threading => [0.1, 1.0],
        }
    }

    /// The largest strength.
    pub fn limit(self) -> f64 {
        match self {
            Scheme::Torsions | Scheme::Fragments => 180.0,
            Scheme::Thermal => 50.0,
            Scheme::Threading => 1.0,
        }
    }
}

/// Which decoys are made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DecoySettings {
    /// The scheme; all of them in turn where there is none.
    pub scheme: Option<Scheme>,
    /// Number of decoys.
    pub count: usize,
    /// Range of strengths, in the unit of the scheme; its usual range where there is none.
    pub range: Option<[f64; 2]>,
    /// Seed of the random numbers.
    pub seed: u64,
}

/// A perturbed structure.
#[derive(Clone, Debug)]
pub struct Decoy {
    /// The structure: the atoms of the native one at other positions.
    pub structure: Structure,
    /// How it was perturbed.
    pub scheme: Scheme,
    /// How strongly, in the unit of the scheme.
    pub strength: f64,
}

/// Perturbs a structure.
///
/// The strengths of the decoys of a scheme increase: low + (high - low) t², with t from 0 to 1 in
/// equal steps; a single decoy has the highest. Random numbers depend on the seed, the scheme and
/// the position of the decoy in the result. Decoys of three or more residues are superposed onto
/// the native structure.
pub fn decoys(native: &Structure, settings: &DecoySettings) -> Result<Vec<Decoy>> {
    checked(native, settings)?;
    let schemes = settings
        .scheme
        .map_or(Scheme::ALL.to_vec(), |one| vec![one]);
    let one = |k: usize| {
        let scheme = schemes[k % schemes.len()];
        // position among the decoys of the scheme, and their number
        let step = k / schemes.len();
        let steps = (settings.count - 1 - k % schemes.len()) / schemes.len();
        let t = match steps {
            0 => 1.0,
            _ => step as f64 / steps as f64,
        };
        let [low, high] = settings.range.unwrap_or_else(|| scheme.usual_range());
        let strength = low + (high - low) * t * t;
        perturbed(native, scheme, strength, settings.seed, k as u64)
    };
    (0..settings.count).map(one).collect()
}

fn perturbed(
    native: &Structure,
    scheme: Scheme,
    strength: f64,
    seed: u64,
    row: u64,
) -> Result<Decoy> {
    let mut rng = Rng::keyed(&[seed, scheme as u64, row]);
    let points = match scheme {
        Scheme::Torsions => schemes::torsions(native, strength, &mut rng),
        Scheme::Thermal => schemes::thermal(native, strength, &mut rng),
        Scheme::Fragments => schemes::fragments(native, strength, &mut rng),
        Scheme::Threading => schemes::threading(native, strength, &mut rng),
    };
    let moved = native.with_coordinates(&points)?;
    let structure = if native.len() < 3 {
        moved
    } else {
        let onto = superpose(&moved.ca(), &native.ca(), false)?;
        let there: Vec<_> = points.into_iter().map(|point| onto.apply(point)).collect();
        moved.with_coordinates(&there)?
    };
    Ok(Decoy {
        structure,
        scheme,
        strength,
    })
}

fn checked(native: &Structure, settings: &DecoySettings) -> Result<()> {
    if native.is_empty() {
        bail!("value", "a structure without residues has no decoys");
    }
    let Some([low, high]) = settings.range else {
        return Ok(());
    };
    let Some(scheme) = settings.scheme else {
        bail!("value", "a range of strengths needs one scheme, because units differ";
            hint: "name the scheme: \"torsions\", \"thermal\", \"fragments\" or \"threading\"");
    };
    let (name, unit, limit) = (scheme.name(), scheme.unit(), scheme.limit());
    if !(0.0 <= low && low <= high && high <= limit) {
        bail!(
            "value",
            "strengths of {name} must be within 0 and {limit} ({unit}), the lower one first, \
            got [{low}, {high}]"
        );
    }
    Ok(())
}
