//! Files of motifs: MEME (text, XML, HTML), JASPAR (matrices and sites), TRANSFAC, HOMER, UniPROBE,
//! Cluster-Buster, CIS-BP, XMS, AlignACE and bare matrices, recognised by their content.

use super::check::Parsed;
use super::{Motif, matrices, meme, page, sites, transfac};
use crate::seq::text;
use cistron_base::Result;
use cistron_base::fault;
use std::path::Path;

/// Reads all motifs of a file, plain or gzipped.
pub fn read(path: &Path) -> Result<Vec<Motif>> {
    let text = text::read(path)?;
    let stem = path
        .file_stem()
        .map_or("motif".into(), |stem| stem.to_string_lossy().into_owned());
    parse(&text, &stem)
        .map_err(|(line, what)| fault!("data", "`{}` line {line}: {what}", path.display()))
}

fn parse(text: &str, stem: &str) -> Parsed {
    let head = text.trim_start();
    if head.starts_with('<') {
        return page::parse(text);
    }
    let starts = |word: &str| text.lines().any(|line| line.starts_with(word));
    if starts("MEME version")
        || starts("MOTIF ")
        || starts("MOTIF\t")
        || starts("# DREME")
        || starts("# STREME")
    {
        return meme::parse(text);
    }
    if starts("P0") || starts("PO") {
        return transfac::parse(text);
    }
    if head.starts_with("AlignACE") {
        return sites::align_ace(text);
    }
    if sites::is_fasta(text) {
        return sites::jaspar(text);
    }
    if let Some(line) = text
        .lines()
        .position(|line| line.contains("ADM_DI") || line.contains("ADM_MONO"))
    {
        return Err((
            line + 1,
            "this is a model of adjacent dinucleotides (ADM), not a matrix of four bases".into(),
        ));
    }
    matrices::parse(text, stem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Vec<(String, String, usize)> {
        parse(text, "stem")
            .unwrap()
            .into_iter()
            .map(|m| (m.name.clone(), m.consensus(), m.sites as usize))
            .collect()
    }

    #[test]
    fn every_form_says_the_same() {
        let wanted = vec![("m1".to_string(), "ACG".to_string(), 10)];
        assert_eq!(
            of(">m1\tNAME\nA  [ 10 0 0 ]\nC  [ 0 9 0 ]\nG  [ 0 1 10 ]\nT  [ 0 0 0 ]\n"),
            wanted
        );
        assert_eq!(of(">m1 NAME\n10 0 0\n0 9 0\n0 1 10\n0 0 0\n"), wanted);
        assert_eq!(
            of(
                "AC  m1\nXX\nID  other\nP0  A  C  G  T\n01  10  0  0  0  A\n02  0  9  1  0  C\n\
                03  0  0  10  0  G\nXX\n//\n"
            ),
            wanted
        );
        assert_eq!(
            of(
                "AC  m1\nP0  A  T  G  C\n01  10  0  0  0  A\n02  0  0  1  9  C\n03  0  0  10  0  \
                G\n"
            ),
            wanted
        );
        assert_eq!(
            of(
                ">ACG\tm1\t6.0\t-3.5\n0.97\t0.01\t0.01\t0.01\n0.01\t0.97\t0.01\t0.01\n\
            0.01\t0.01\t0.97\t0.01\n"
            )[0]
            .1,
            "ACG"
        );
        assert_eq!(
            of("Gene:  m1  Motif: x\nA:\t1 0 0\nC:\t0 1 0\nG:\t0 0 1\nT:\t0 0 0\n")[0].1,
            "ACG"
        );
        assert_eq!(
            of("Pos\tA\tC\tG\tT\n1\t1\t0\t0\t0\n2\t0\t1\t0\t0\n3\t0\t0\t1\t0\n")[0],
            ("stem".into(), "ACG".into(), 0)
        );
        assert_eq!(
            of("10 0 0 0 9\n0 10 0 0 1\n0 0 10 0 0\n0 0 0 10 0\n")[0].1,
            "ACGTA"
        );
    }

    #[test]
    fn headers_name_the_order_of_columns() {
        let one = |text: &str| of(text)[0].1.clone();
        assert_eq!(
            one("Pos\tT\tG\tC\tA\n1\t0.9\t0.1\t0.0\t0.0\n2\t0.1\t0.1\t0.7\t0.1\n"),
            "TC"
        );
        assert_eq!(one("T   A   G   C\n0   0   0   99\n99  0   0   0\n"), "CT");
        assert_eq!(one("t a g c\n0 0 0 9\n9 0 0 0\n0 9 0 0\n0 0 9 0\n"), "CTAG");
        assert_eq!(one("pos G A U C\n1 0 0 9 0\n2 9 0 0 0\n"), "TG");
        // a header of one matrix does not hold for the next, one at the top of the file does
        let both = ">a\nT G C A\n9 0 0 0\n0 9 0 0\n0 0 9 0\n>b\n9 0 0 0\n0 9 0 0\n0 0 9 0\n";
        assert_eq!(
            of(both).iter().map(|m| m.1.as_str()).collect::<Vec<_>>(),
            ["TGC", "ACG"]
        );
        let top = "T G C A\n>a\n9 0 0 0\n0 9 0 0\n0 0 9 0\n>b\n9 0 0 0\n0 9 0 0\n0 0 9 0\n";
        assert_eq!(
            of(top).iter().map(|m| m.1.as_str()).collect::<Vec<_>>(),
            ["TGC", "TGC"]
        );
        assert!(
            parse("T G C A\n1 2 3\n", "stem")
                .unwrap_err()
                .1
                .contains("four columns")
        );
        // every order of four letters, in rows and in columns
        let letters = ["A", "C", "G", "T"];
        for i in 0..256usize {
            let order = [i % 4, i / 4 % 4, i / 16 % 4, i / 64];
            if (0..4).any(|base| !order.contains(&base)) {
                continue;
            }
            let head: Vec<&str> = order.iter().map(|base| letters[*base]).collect();
            let row = |base: usize| {
                order
                    .map(|own| if own == base { "7" } else { "0" })
                    .join(" ")
            };
            let wide = format!("{}\n{}\n{}\n{}\n", head.join(" "), row(2), row(0), row(3));
            assert_eq!(one(&wide), "GAT", "{wide}");
            let tall: String = order
                .iter()
                .map(|base| {
                    format!(
                        "{} {} {}\n",
                        letters[*base],
                        7 * usize::from(*base == 2),
                        7 * usize::from(*base == 0)
                    )
                })
                .collect();
            assert_eq!(one(&tall), "GA", "{tall}");
        }
    }

    #[test]
    fn broken_files_are_told() {
        let fault = |text: &str| parse(text, "stem").unwrap_err().1;
        assert_eq!(
            parse(">a\n0.5 0.5 0 0\n0.9 0.9 0.1 0.1\n0.5 0.5 0 0\n", "stem")
                .unwrap_err()
                .0,
            3
        );
        assert_eq!(
            parse("P0 A C G T\n01 1 2 3 4\n02 1 -2 3 4\n", "stem")
                .unwrap_err()
                .0,
            3
        );
        assert!(fault("0.8 0.1 ADM_DI AA\n").contains("dinucleotides"));
        assert!(fault("").contains("no motif"));
        assert!(fault("<?xml version='1.0'?>").contains("XML"));
        assert!(fault(">a\n1 2 3\n1 2\n1 2 3\n1 2 3\n").contains("different lengths"));
        assert!(fault(">a\n-1 2 3 1\n1 2 3 1\n1 2 3 4\n").contains("negative"));
        assert!(fault("P0 A C G\n01 1 2 3\n").contains("P0 A C G T"));
    }
}
