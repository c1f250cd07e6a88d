use super::*;
use cistron_base::seed::Rng;

const TEXT: &str = "\
ATOM      1  N   GLY A   1      -1.000   0.000   0.000  1.00 10.00           N
ATOM      2  CA  GLY A   1       0.000   0.000   0.000  1.00 11.00           C
ATOM      3  C   GLY A   1       0.500   1.400   0.000  1.00 12.00           C
ATOM      4  O   GLY A   1       0.000   2.400   0.000  1.00 13.00           O
ATOM      5  N   SER A   2       1.800   1.400   0.000  1.00 10.00           N
ATOM      6  CA ASER A   2       2.500   2.700   0.000  0.40 10.00           C
ATOM      7  CA BSER A   2       2.600   2.700   0.100  0.60 20.00           C
ATOM      8  C   SER A   2       4.000   2.500   0.000  1.00 10.00           C
ATOM      9  O   SER A   2       4.500   1.400   0.000  1.00 10.00           O
ATOM     10  CB  SER A   2       2.000   3.500   1.200  1.00 10.00           C
ATOM     11  H   SER A   2       2.300   0.500   0.000  1.00 10.00           H
HETATM   12  CA  MSE A   2A      6.000   3.000   0.000  1.00 10.00           C
HETATM   13 SE   MSE A   2A      7.000   3.000   0.000  1.00 10.00          SE
TER
HETATM   14  O   HOH A 101       9.000   9.000   9.000  1.00 30.00           O
END
";

fn read(text: &str) -> Result<Structure> {
    parse(text.as_bytes(), &ReadSettings::default())
}

fn kinds(own: &Structure) -> Vec<(&str, usize)> {
    own.notes
        .iter()
        .map(|note| (note.kind, note.line))
        .collect()
}

#[test]
fn what_is_left_out_is_noted_with_its_line() {
    let own = read(TEXT).expect("a structure");
    assert_eq!(own.sequence(), "GSM");
    assert_eq!(own.residues[2].label(), "2A");
    assert_eq!(own.residues[1].ca(), [2.6, 2.7, 0.1]);
    assert_eq!(own.b_factors(), [11.0, 20.0, 10.0]);
    assert!(own.residues[2].atom("SD").is_some());
    assert_eq!(
        kinds(&own),
        [
            ("hydrogens", 0),
            ("missing atoms", 5),
            ("alternate location", 6),
            ("modified residue", 12),
            ("missing atoms", 12),
            ("hetero residue", 15),
        ]
    );
    let settings = ReadSettings {
        alternate: Alternate::Letter('A'),
        hydrogens: true,
        ..ReadSettings::default()
    };
    let own = parse(TEXT.as_bytes(), &settings).expect("a structure");
    assert_eq!(own.residues[1].ca(), [2.5, 2.7, 0.0]);
    assert!(own.residues[1].atom("H").is_some());
}

#[test]
fn one_model_is_read() {
    let model = |number: usize, x: f64| {
        let line = format!(
            "ATOM      1  CA  ALA A   1    {x:8.3}   0.000   0.000  1.00  0.00           C\n"
        );
        format!("MODEL     {number:>4}\n{line}ENDMDL\n")
    };
    let text = model(2, 5.0) + &model(4, 7.0);
    let own = read(&text).expect("a structure");
    let note = own.notes.iter().find(|note| note.kind == "other models");
    let note = note.expect("a note");
    assert_eq!((own.ca()[0][0], note.line), (5.0, 5));
    assert!(note.text.contains("model 2 is read, 4 are left out"));
    let of = |number| {
        let settings = ReadSettings {
            model: Some(number),
            ..ReadSettings::default()
        };
        parse(text.as_bytes(), &settings)
    };
    assert_eq!(of(4).expect("a structure").ca()[0][0], 7.0);
    let error = of(3).expect_err("no model").to_string();
    assert!(
        error.contains("there is no model 3") && error.contains("2, 4"),
        "{error}"
    );
}

#[test]
fn chains_without_a_name_get_letters_that_are_free() {
    let atom = |chain: char, number: usize| {
        format!("ATOM      1  CA  ALA {chain}{number:>4}       1.000   0.000   0.000  1.00  0.00\n")
    };
    let text = atom(' ', 1) + "TER\n" + &atom(' ', 1) + "TER\n" + &atom('A', 1);
    let own = read(&text).expect("a structure");
    assert_eq!(own.chains(), ["B", "C", "A"]);
}

#[test]
fn repeated_atoms_and_residues_are_noted() {
    let line = |name: &str, residue: &str, x: f64| {
        format!("ATOM      1  {name:<3} {residue} A   1    {x:8.3}   0.000   0.000  1.00  0.00\n")
    };
    let text = line("CA", "ALA", 1.0) + &line("CA", "ALA", 2.0) + &line("CB", "GLY", 3.0);
    let own = read(&text).expect("a structure");
    assert_eq!((own.len(), own.ca()[0][0]), (1, 1.0));
    let found = kinds(&own);
    assert!(found.contains(&("repeated atom", 2)), "{found:?}");
    assert!(found.contains(&("repeated number", 3)), "{found:?}");
}

#[test]
fn mmcif_and_pdb_are_read_alike() {
    let mut text = "data_1ABC\n#\nloop_\n".to_string();
    let names = [
        "group_PDB",
        "id",
        "type_symbol",
        "label_atom_id",
        "label_alt_id",
        "label_comp_id",
        "label_asym_id",
        "label_entity_id",
        "label_seq_id",
        "pdbx_PDB_ins_code",
        "Cartn_x",
        "Cartn_y",
        "Cartn_z",
        "occupancy",
        "B_iso_or_equiv",
        "auth_seq_id",
        "auth_asym_id",
    ];
    for name in names {
        text += &format!("_atom_site.{name}\n");
    }
    for line in TEXT.lines().filter(|line| line.len() > 60) {
        let field = |from: usize, to: usize| {
            let text = line[from..to].trim();
            if text.is_empty() { "." } else { text }
        };
        text += &format!(
            "{} {} {} {} {} {} {} 1 {} {} {} {} {} {} {} {} {}\n",
            field(0, 6),
            field(6, 11),
            field(76, 78),
            field(12, 16),
            field(16, 17),
            field(17, 20),
            field(21, 22),
            field(22, 26),
            field(26, 27),
            field(30, 38),
            field(38, 46),
            field(46, 54),
            field(54, 60),
            field(60, 66),
            field(22, 26),
            field(21, 22),
        );
    }
    text += "#\n";
    let (a, b) = (
        read(TEXT).expect("a structure"),
        read(&text).expect("a structure"),
    );
    assert_eq!(a.len(), b.len());
    for (x, y) in a.residues.iter().zip(&b.residues) {
        assert_eq!(x.text(), y.text());
        for (one, other) in x.atoms.iter().zip(&y.atoms) {
            assert_eq!(one.name, other.name);
            assert!(crate::point::distance(one.at, other.at) < 1e-9);
            assert_eq!(one.b_factor, other.b_factor);
        }
    }
    let kinds = |own: &Structure| own.notes.iter().map(|note| note.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&a), kinds(&b));
    // standard uncertainties
    let measured = text
        .replace(" -1.000 ", " -1.000(3) ")
        .replace(" 11.00 ", " 11.00(12) ");
    assert_ne!(measured, text);
    let measured = read(&measured).expect("a structure");
    assert_eq!(measured.residues[0].atoms[0].at[0], -1.0);
    assert_eq!(measured.b_factors(), b.b_factors());
    for wrong in ["-1.000()", "-1.000(x)", "(3)"] {
        let fault = read(&text.replace(" -1.000 ", &format!(" {wrong} "))).expect_err(wrong);
        assert!(fault.to_string().contains("must be a number"), "{fault}");
    }
    // a file that is cut short
    let error = read(&text[..text.len() - 30])
        .expect_err("a fault")
        .to_string();
    assert!(error.contains("ends within a row"), "{error}");
}

#[test]
fn broken_files_are_errors() {
    let fails = |bytes: &[u8], text: &str| {
        let error = parse(bytes, &ReadSettings::default())
            .expect_err("a fault")
            .to_string();
        assert!(error.contains(text), "{error}");
    };
    fails(b"", "is empty");
    fails(b" \n\n", "is empty");
    fails(b"ATOM\0\0", "is binary");
    fails(&[0xff, 0xfe, 0x00], "is binary");
    fails(&[0x1f, 0x8b, 8, 0], "damaged or cut short");
    fails(b"hello\n", "has no atoms");
    fails(b"data_x\n", "has no atoms");
    fails(&TEXT.as_bytes()[..120], "line 2 ends at column");
    fails(
        TEXT.replace("   2.500   2.700", "   2.5x0   2.700")
            .as_bytes(),
        "line 6, columns 31 to 38",
    );
    fails(
        TEXT.replace("SER A   2 ", "SER A   B ").as_bytes(),
        "line 5, columns 23 to 26",
    );
    fails(
        TEXT.replace("1.400   0.000", "1.400     NaN").as_bytes(),
        "must be a coordinate",
    );
    let water = TEXT.lines().nth(14).expect("a line");
    fails(water.as_bytes(), "no residues with a Cα");
}

#[test]
fn a_compressed_file_is_read() {
    use std::io::Write;
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(TEXT.as_bytes()).expect("written");
    let bytes = gz.finish().expect("finished");
    let own = parse(&bytes, &ReadSettings::default()).expect("a structure");
    assert_eq!(own, read(TEXT).expect("a structure"));
    let cut = &bytes[..bytes.len() / 2];
    assert!(parse(cut, &ReadSettings::default()).is_err());
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gz.write_all(b"").expect("written");
    let nothing = gz.finish().expect("finished");
    let error = parse(&nothing, &ReadSettings::default())
        .expect_err("a fault")
        .to_string();
    assert!(error.contains("is empty"), "{error}");
}

/// Files with bytes changed, lines dropped, doubled, cut or exchanged: read or refused.
#[test]
fn mutated_files_never_panic() {
    let cases = std::env::var("CISTRON_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(400);
    let mut rng = Rng::keyed(&[1]);
    let mut below = |n: usize| (rng.next_u64() % n.max(1) as u64) as usize;
    let cif = "data_a\nloop_\n_atom_site.group_PDB\n_atom_site.id\n_atom_site.type_symbol\n\
        _atom_site.label_atom_id\n_atom_site.label_alt_id\n_atom_site.label_comp_id\n\
        _atom_site.label_asym_id\n_atom_site.label_seq_id\n_atom_site.Cartn_x\n\
        _atom_site.Cartn_y\n_atom_site.Cartn_z\n_atom_site.pdbx_PDB_model_num\n\
        ATOM 1 N N . GLY A 1 1.0 2.0 3.0 1\nATOM 2 C CA A GLY A 1 1.5 2.0 3.0 1\n\
        ATOM 3 C CA B GLY A 1 1.5 2.0 3.5 1\nATOM 4 C \"C'\" . GLY A 1 2.5 2.0 3.0 2\n#\n";
    for case in 0..cases {
        let text = if case % 2 == 0 { TEXT } else { cif };
        let mut lines: Vec<Vec<u8>> = text.lines().map(|line| line.as_bytes().to_vec()).collect();
        for _ in 0..1 + below(4) {
            let i = below(lines.len());
            let n = lines[i].len();
            match below(7) {
                0 => lines[i].truncate(below(n)),
                1 => drop(lines.remove(i)),
                2 => lines.insert(i, lines[below(lines.len())].clone()),
                3 if n > 0 => lines[i][below(n)] = b" 0-9.AZ'\"#;\xc3\xffe?"[below(15)],
                4 if n > 0 => lines[i].insert(below(n), b" 1E-.'"[below(6)]),
                5 => {
                    let j = below(lines.len());
                    lines.swap(i, j);
                }
                _ => lines[i].extend(b" 1e999 ?"),
            }
            if lines.is_empty() {
                break;
            }
        }
        let bytes = lines.join(&b'\n');
        let outcome = panic::guarded(|| parse(&bytes, &ReadSettings::default()));
        let shown = String::from_utf8_lossy(&bytes).into_owned();
        let outcome = outcome.unwrap_or_else(|_| std::panic!("{}\n{shown}", panic::last()));
        if let Ok(own) = outcome {
            assert!(
                own.residues
                    .iter()
                    .all(|residue| residue.ca()[0].is_finite()),
                "{shown}"
            );
        }
    }
}
