//! Structures against Biopython, and precision of contacts against disteval.

use crate::{data_folder, root};
use cistron::protein::Structure;
use cistron::protein::contacts::{PrecisionSettings, Range, Top, precision};
use cistron::protein::decoys::{DecoySettings, Scheme, decoys};
use cistron::protein::features::{SurfaceSettings, residue_sasa};
use cistron::protein::lddt::{AtomSet, Missing, lddt, shared};
use cistron::protein::matching::{Matching, matched};
use cistron::protein::point::{cross, dot, minus};
use cistron::protein::radii::Radii;
use cistron::protein::read::{self, ReadSettings};
use cistron::protein::superpose::superpose;
use cistron::protein::{alignment, coevolution, distogram, pssm, rr};
use serde_json::Value;

fn glucagon() -> Structure {
    let path = root().join("tests/oracles/glucagon.pdb");
    read::open(&path, &ReadSettings::default()).expect("a structure")
}

fn expected() -> Value {
    let text = std::fs::read_to_string(root().join("tests/oracles/protein.json")).expect("a file");
    serde_json::from_str(&text).expect("JSON")
}

fn numbers(value: &Value) -> Vec<f64> {
    let items = value.as_array().expect("an array");
    items
        .iter()
        .map(|item| item.as_f64().expect("a number"))
        .collect()
}

fn points(value: &Value) -> Vec<[f64; 3]> {
    let rows = value.as_array().expect("an array").iter();
    rows.map(|row| numbers(row).try_into().expect("three numbers"))
        .collect()
}

#[test]
fn accessible_surfaces_are_those_of_biopython() {
    let own = glucagon();
    let settings = SurfaceSettings {
        radii: Radii::Bondi,
        ..SurfaceSettings::default()
    };
    let areas = residue_sasa(&own, settings).expect("areas");
    let wanted = numbers(&expected()["sasa"]);
    assert_eq!(areas.len(), wanted.len());
    for (ours, theirs) in areas.iter().zip(&wanted) {
        assert!((ours - theirs).abs() < 0.02 * theirs, "{ours} {theirs}");
    }
    let (ours, theirs): (f64, f64) = (areas.iter().sum(), wanted.iter().sum());
    assert!((ours / theirs - 1.0).abs() < 2e-3, "{ours} {theirs}");
}

#[test]
fn superpositions_are_those_of_biopython() {
    let own = glucagon();
    let fixed: Vec<_> = own.atoms().map(|(_, atom)| atom.at).collect();
    for case in expected()["superpositions"].as_array().expect("cases") {
        let moving = points(&case["points"]);
        let found = superpose(&moving, &fixed, false).expect("a movement");
        let rmsd = case["rmsd"].as_f64().expect("a number");
        assert!((found.rmsd - rmsd).abs() < 1e-4, "{} {rmsd}", found.rmsd);
        let rotation = points(&case["rotation"]);
        for (ours, theirs) in found
            .rotation
            .iter()
            .flatten()
            .zip(rotation.iter().flatten())
        {
            assert!((ours - theirs).abs() < 1e-4, "{ours} {theirs}");
        }
        for (ours, theirs) in found.shift.iter().zip(numbers(&case["shift"])) {
            assert!((ours - theirs).abs() < 1e-2, "{ours} {theirs}");
        }
    }
}

#[test]
fn couplings_are_those_of_numpy() {
    let wanted = &expected()["alignment"];
    let rows = wanted["sequences"].as_array().expect("an array").iter();
    let rows: Vec<String> = rows
        .map(|row| row.as_str().expect("a text").into())
        .collect();
    let own = alignment::of(&rows).expect("an alignment");
    let weights = own.weights(0.8);
    assert_eq!(weights, numbers(&wanted["weights"]));
    let map = coevolution::mean_field(&own, &weights, 0.5).expect("couplings");
    let rows = wanted["couplings"].as_array().expect("an array").iter();
    for (ours, theirs) in map.rows().into_iter().zip(rows) {
        for (ours, theirs) in ours.iter().zip(numbers(theirs)) {
            assert!((ours - theirs).abs() < 1e-9, "{ours} {theirs}");
        }
    }
}

/// 1GUU of disteval's example: the number of residues and its contacts, of Cβ, of glycine Cα.
fn disteval_truth(folder: &std::path::Path) -> (usize, Vec<f64>) {
    let native = read::open(&folder.join("1guuA.pdb"), &ReadSettings::default()).expect("a file");
    let at = |i: usize| {
        let residue = &native.residues[i];
        if residue.name == "GLY" {
            residue.ca()
        } else {
            residue.cb()
        }
    };
    let n = native.len();
    let distance = |i: usize, j: usize| cistron::protein::point::distance(at(i), at(j));
    let is_contact = |k: usize| k / n != k % n && distance(k / n, k % n) < 8.0;
    let truth = (0..n * n).map(|k| f64::from(u8::from(is_contact(k))));
    (n, truth.collect())
}

/// Compares precisions of the pairs from a separation on with disteval's: separation, the part of
/// the length (0: as many as there are contacts), precision and number of pairs.
fn compare_with_disteval(
    scores: &[f64],
    folder: &std::path::Path,
    rows: &[(usize, f64, f64, usize)],
) {
    let (n, truth) = disteval_truth(folder);
    for (from, part, wanted, count) in rows {
        let settings = PrecisionSettings {
            range: Range {
                from: *from,
                to: usize::MAX,
            },
            top: if *part == 0.0 {
                Top::Contacts
            } else {
                Top::Fraction(*part)
            },
            capped: true,
        };
        let found = precision(scores, &truth, n, settings).expect("a precision");
        assert_eq!(found.pairs, *count);
        assert!(
            (found.precision - wanted).abs() < 1e-3,
            "{found:?} {wanted}"
        );
    }
}

/// The values that the program disteval prints for its example, in its README.
#[test]
fn precision_of_contacts_is_that_of_disteval() {
    let Some(data) = data_folder() else { return };
    let folder = data.join("protein/disteval_1guuA");
    let predicted = cistron::torch::file::load_npy(&folder.join("1guuA.predicted.npy"));
    let predicted = predicted.expect("a file").to_f64().expect("numbers");
    let n = (predicted.len() as f64).sqrt() as usize;
    // disteval reads the values above the diagonal
    let above = |k: usize| (k / n).min(k % n) * n + (k / n).max(k % n);
    let scores: Vec<f64> = (0..n * n).map(|k| -predicted[above(k)]).collect();
    let rows = [
        (12, 5.0, 0.9, 10),
        (12, 1.0, 0.6, 30),
        (12, 0.0, 0.6, 30),
        (24, 5.0, 0.5, 10),
        (24, 1.0, 0.38462, 13),
        (24, 0.0, 0.38462, 13),
    ];
    compare_with_disteval(&scores, &folder, &rows);
    // contacts in the format RR: pairs that are not listed do not count
    let (sequence, scores) = rr::open(&folder.join("1guuA.contact.rr")).expect("contacts");
    assert_eq!(sequence.len(), n);
    compare_with_disteval(&scores, &folder, &[(12, 5.0, 1.0, 9), (24, 1.0, 1.0, 1)]);
    // distances in bins of trRosetta: the first is of pairs beyond 20 Å
    let file = cistron::torch::file::load_npz(&folder.join("1guuA.npz")).expect("a file");
    let (_, bins) = file.iter().find(|(name, _)| name == "dist").expect("bins");
    let bins = bins.roll(-1, 2).expect("bins").to_f64().expect("numbers");
    let edges: Vec<f64> = (1..37).map(|k| 2.0 + 0.5 * f64::from(k)).collect();
    let p = distogram::contacts(&bins, &edges, 8.0).expect("contacts");
    let scores: Vec<f64> = (0..n * n).map(|k| p[above(k)]).collect();
    let rows = [
        (12, 5.0, 1.0, 10),
        (12, 1.0, 0.8, 30),
        (24, 5.0, 1.0, 10),
        (24, 1.0, 0.84615, 13),
    ];
    compare_with_disteval(&scores, &folder, &rows);
}

/// Profiles of InterpretContactMap are texts of numbers, [20, n].
#[test]
fn profiles_of_the_authors_of_attcontact_are_read() {
    let Some(data) = data_folder() else { return };
    let folder = data.join("protein/attcontact/other");
    for (name, n, first) in [("1B0X-A", 72, 0.018), ("T0970", 97, 0.1192)] {
        let (letters, rows) = pssm::open(&folder.join(format!("{name}.pssm.npy"))).expect("a file");
        assert_eq!((letters.as_str(), rows.len()), ("", n));
        assert_eq!(rows[0][0], first);
        assert!(rows.as_flattened().iter().all(|x| (0.0..=1.0).contains(x)));
    }
}

/// The lDDT of all heavy atoms, which are matched by number.
fn all_atom_lddt(model: &Structure, native: &Structure) -> f64 {
    let by = matched(model, native, Matching::Number).expect("residues of the same numbers");
    let atoms = shared(model, native, &by, AtomSet::All, Missing::Wrong);
    assert_eq!(atoms.missing, 0);
    let found = lddt(
        &atoms.model,
        &atoms.native,
        &atoms.residues,
        native.len(),
        15.0,
    );
    found.expect("a score").score
}

#[test]
fn decoys_of_a_real_structure_range_from_near_native_to_poor() {
    let native = glucagon();
    for scheme in Scheme::ALL {
        let mean = |strength: f64| {
            let one = |seed: u64| {
                let settings = DecoySettings {
                    scheme: Some(scheme),
                    count: 1,
                    range: Some([strength, strength]),
                    seed,
                };
                let found = decoys(&native, &settings).expect("a decoy");
                all_atom_lddt(&found[0].structure, &native)
            };
            (0..10).map(one).sum::<f64>() / 10.0
        };
        let [low, high] = scheme.usual_range();
        let mut means = vec![mean(low), mean((low + high) / 2.0)];
        // a helix that is shifted as a whole keeps its distances
        if scheme != Scheme::Threading {
            means.push(mean(high));
        }
        assert!(means.is_sorted_by(|a, b| a > b), "{scheme:?} {means:?}");
    }
}

#[test]
fn decoys_of_a_real_structure_have_l_amino_acids() {
    let native = glucagon();
    let chirality = |of: &Structure| -> Vec<f64> {
        let rows = of.residues.iter().filter(|own| own.name != "GLY");
        rows.filter_map(|own| {
            let [n, ca, c] = own.backbone()?;
            Some(dot(
                cross(minus(n, ca), minus(c, ca)),
                minus(own.at("CB")?, ca),
            ))
        })
        .collect()
    };
    let wanted = chirality(&native);
    assert!(
        wanted.len() > 25 && wanted.iter().all(|x| *x > 1.0),
        "{wanted:?}"
    );
    for scheme in Scheme::ALL {
        let settings = DecoySettings {
            scheme: Some(scheme),
            count: 6,
            range: None,
            seed: 3,
        };
        for decoy in decoys(&native, &settings).expect("decoys") {
            let found = chirality(&decoy.structure);
            assert!(found.iter().all(|x| *x > 1.0), "{scheme:?} {found:?}");
        }
    }
}
