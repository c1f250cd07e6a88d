//! Decoys of a small protein with all backbone atoms, of one residue, and of Cα alone.

use super::*;
use crate::lddt::lddt;
use crate::point::{Point, cross, distance, dot, length};

/// A helix with N, Cα, C, O and Cβ: ideal bonds and torsions of -57° and -47°.
fn helix(n: usize) -> Structure {
    let mut rows: Vec<Vec<Point>> = Vec::new();
    let (radius, rise, turn) = (2.3, 1.5, 100.0_f64.to_radians());
    let at = |radius: f64, angle: f64, z: f64| [radius * angle.cos(), radius * angle.sin(), z];
    for i in 0..n {
        let (angle, z) = (turn * i as f64, rise * i as f64);
        rows.push(vec![
            at(1.55, angle - 28.0_f64.to_radians(), z - 0.9),
            at(radius, angle, z),
            at(1.65, angle + 26.0_f64.to_radians(), z + 1.1),
            at(1.9, angle + 24.0_f64.to_radians(), z + 2.3),
            at(3.3, angle - 20.0_f64.to_radians(), z - 0.9),
        ]);
    }
    let names = ["N", "CA", "C", "O", "CB"];
    Structure::of(&rows, &names, &"A".repeat(n)).expect("a structure")
}

/// A chain of Cα in steps of 3.8 Å that stays within a sphere, as in a globular protein.
fn coil(n: usize) -> Structure {
    let mut rng = Rng::keyed(&[5]);
    let mut rows: Vec<Vec<Point>> = vec![vec![[0.0; 3]]];
    while rows.len() < n {
        let step = [rng.normal(), rng.normal(), rng.normal()];
        let step = crate::point::times(step, 3.8 / length(step));
        let next = crate::point::plus(rows[rows.len() - 1][0], step);
        if length(next) < 12.0 {
            rows.push(vec![next]);
        }
    }
    Structure::of(&rows, &["CA"], &"A".repeat(n)).expect("a structure")
}

fn settings(scheme: Scheme, count: usize) -> DecoySettings {
    DecoySettings {
        scheme: Some(scheme),
        count,
        range: None,
        seed: 1,
    }
}

fn score(decoy: &Decoy, native: &Structure) -> f64 {
    let model: Vec<_> = decoy.structure.ca().into_iter().map(Some).collect();
    let rows: Vec<usize> = (0..native.len()).collect();
    let found = lddt(&model, &native.ca(), &rows, native.len(), 15.0);
    found.expect("a score").score
}

/// The signed volume of the tetrahedron at a Cα: its sign is the chirality.
fn chirality(residue: &crate::Residue) -> f64 {
    let [n, ca, c] = residue.backbone().expect("a backbone");
    let cb = residue.at("CB").expect("a Cβ");
    dot(cross(minus(n, ca), minus(c, ca)), minus(cb, ca))
}

fn minus(a: Point, b: Point) -> Point {
    crate::point::minus(a, b)
}

#[test]
fn the_same_seed_repeats_decoys_and_another_does_not() {
    let native = helix(30);
    let all = DecoySettings {
        scheme: None,
        count: 8,
        range: None,
        seed: 7,
    };
    let first = decoys(&native, &all).expect("decoys");
    let again = decoys(&native, &all).expect("decoys");
    let other = decoys(&native, &DecoySettings { seed: 8, ..all }).expect("decoys");
    for ((a, b), c) in first.iter().zip(&again).zip(&other) {
        assert_eq!(a.structure, b.structure);
        assert_ne!(a.structure, c.structure);
    }
    let names: Vec<_> = first.iter().map(|decoy| decoy.scheme).collect();
    assert_eq!(names, [Scheme::ALL, Scheme::ALL].concat());
}

#[test]
fn quality_falls_with_the_strength() {
    for scheme in Scheme::ALL {
        // torsions need N and C; a helix that is shifted along itself is nearly the same
        let native = match scheme {
            Scheme::Torsions => helix(40),
            _ => coil(60),
        };
        let mean = |strength: f64| {
            let of = |seed: u64| {
                let one = DecoySettings {
                    range: Some([strength, strength]),
                    seed,
                    ..settings(scheme, 1)
                };
                score(&decoys(&native, &one).expect("a decoy")[0], &native)
            };
            (0..20).map(of).sum::<f64>() / 20.0
        };
        let high = scheme.usual_range()[1];
        let means = [0.0, high / 4.0, high / 2.0, high].map(mean);
        assert!((means[0] - 1.0).abs() < 1e-9, "{scheme:?} {means:?}");
        assert!(means.is_sorted_by(|a, b| a > b), "{scheme:?} {means:?}");
        assert!(means[3] < 0.85, "{scheme:?} {means:?}");
    }
}

#[test]
fn strengths_increase_from_the_low_to_the_high_end() {
    let native = helix(10);
    let found = decoys(&native, &settings(Scheme::Thermal, 5)).expect("decoys");
    let strengths: Vec<f64> = found.iter().map(|decoy| decoy.strength).collect();
    assert_eq!((strengths[0], strengths[4]), (0.3, 6.0));
    assert!(strengths.is_sorted_by(|a, b| a < b));
    let one = decoys(&native, &settings(Scheme::Thermal, 1)).expect("a decoy");
    assert_eq!(one[0].strength, 6.0);
}

#[test]
fn atoms_and_numbers_are_those_of_the_native_structure() {
    let mut native = helix(20);
    for (i, residue) in native.residues.iter_mut().enumerate() {
        residue.number = 3 * i as i64 - 5;
        residue.insertion = if i == 4 { 'B' } else { ' ' };
        residue.chain = if i < 12 { "A".into() } else { "C".into() };
    }
    for scheme in Scheme::ALL {
        for decoy in decoys(&native, &settings(scheme, 3)).expect("decoys") {
            for (own, wanted) in decoy.structure.residues.iter().zip(&native.residues) {
                assert_eq!((own.text(), own.atoms.len()), (wanted.text(), 5));
                let names = own.atoms.iter().zip(&wanted.atoms);
                assert!(names.into_iter().all(|(a, b)| a.name == b.name));
            }
        }
    }
}

#[test]
fn no_residue_is_mirrored_and_no_structure() {
    let native = helix(40);
    for scheme in Scheme::ALL {
        for decoy in decoys(&native, &settings(scheme, 12)).expect("decoys") {
            let pairs = decoy.structure.residues.iter().zip(&native.residues);
            for (own, wanted) in pairs {
                let (a, b) = (chirality(own), chirality(wanted));
                assert!(a * b > 0.0, "{scheme:?} {} {a} {b}", decoy.strength);
            }
            let best = superpose(&decoy.structure.ca(), &native.ca(), true).expect("a motion");
            let is_near = score(&decoy, &native) > 0.6;
            assert!(
                !(is_near && best.is_mirrored),
                "{scheme:?} {}",
                decoy.strength
            );
        }
    }
}

#[test]
fn torsions_and_fragments_keep_the_geometry_of_residues() {
    let native = helix(30);
    for scheme in [Scheme::Torsions, Scheme::Fragments] {
        for decoy in decoys(&native, &settings(scheme, 4)).expect("decoys") {
            for (own, wanted) in decoy.structure.residues.iter().zip(&native.residues) {
                for (a, b) in [
                    ("N", "CA"),
                    ("CA", "C"),
                    ("C", "O"),
                    ("CA", "CB"),
                    ("N", "C"),
                ] {
                    let apart = |of: &crate::Residue| {
                        distance(of.at(a).expect("an atom"), of.at(b).expect("an atom"))
                    };
                    assert!(
                        (apart(own) - apart(wanted)).abs() < 1e-9,
                        "{scheme:?} {a} {b}"
                    );
                }
            }
        }
    }
    // torsions keep the peptide bonds as well
    let link = |of: &Structure, i: usize| {
        let [a, b] = [of.residues[i].at("C"), of.residues[i + 1].at("N")];
        distance(a.expect("C"), b.expect("N"))
    };
    let decoy = &decoys(&native, &settings(Scheme::Torsions, 1)).expect("a decoy")[0];
    for i in 0..29 {
        assert!((link(&decoy.structure, i) - link(&native, i)).abs() < 1e-9);
    }
}

#[test]
fn threading_moves_residues_to_the_backbone_of_others() {
    let native = helix(20);
    let all = DecoySettings {
        range: Some([1.0, 1.0]),
        ..settings(Scheme::Threading, 1)
    };
    let decoy = &decoys(&native, &all).expect("a decoy")[0];
    // positions after the superposition: compare distances
    let (own, native) = (decoy.structure.ca(), native.ca());
    let step = (1..20)
        .find(|step| {
            let place = |i: usize| native[(i + step) % 20];
            (0..19).all(|i| {
                let (a, b) = (
                    distance(own[i], own[i + 1]),
                    distance(place(i), place(i + 1)),
                );
                (a - b).abs() < 1e-9
            }) && distance(own[20 - step], own[19 - step]) > 20.0
        })
        .expect("an offset");
    assert!(step <= 4 || step >= 16, "{step}");
}

#[test]
fn one_residue_and_missing_atoms() {
    let one = helix(1);
    let bare = helix(12).without_atoms(&["N".into(), "C".into(), "O".into(), "CB".into()]);
    let bare = bare.expect("a structure");
    let mut broken = helix(12);
    broken.residues[5].atoms.retain(|atom| atom.name != "C");
    broken.residues[6].atoms.retain(|atom| atom.name != "N");
    for scheme in Scheme::ALL {
        for native in [&one, &bare, &broken, &helix(2)] {
            for decoy in decoys(native, &settings(scheme, 3)).expect("decoys") {
                assert_eq!(decoy.structure.atom_count(), native.atom_count());
                let at = decoy.structure.atoms().flat_map(|(_, atom)| atom.at);
                assert!(at.into_iter().all(f64::is_finite), "{scheme:?}");
            }
        }
    }
    // of a single residue without neighbours a fragment and a shift are nothing
    let same = decoys(&one, &settings(Scheme::Threading, 2)).expect("decoys");
    assert!(same.iter().all(|decoy| decoy.structure == one));
    let moved = &decoys(&one, &settings(Scheme::Thermal, 1)).expect("a decoy")[0];
    assert!(length(minus(moved.structure.ca()[0], one.ca()[0])) > 0.0);
}

#[test]
fn strengths_that_are_out_of_range_are_errors() {
    let native = helix(5);
    for range in [[-1.0, 1.0], [2.0, 1.0], [0.0, 1000.0], [f64::NAN, 1.0]] {
        let one = DecoySettings {
            range: Some(range),
            ..settings(Scheme::Torsions, 2)
        };
        assert!(decoys(&native, &one).is_err(), "{range:?}");
    }
    let all = DecoySettings {
        scheme: None,
        range: Some([1.0, 2.0]),
        ..settings(Scheme::Torsions, 2)
    };
    assert!(decoys(&native, &all).is_err());
    assert!(decoys(&Structure::default(), &settings(Scheme::Thermal, 1)).is_err());
    assert!(
        decoys(&native, &settings(Scheme::Thermal, 0))
            .expect("none")
            .is_empty()
    );
}
