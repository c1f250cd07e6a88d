//! Gold standards: known edges of networks.

use crate::edges::names_of;
use crate::expression::{Expression, plain, read_lined};
use cistron_base::table::Cells;
use cistron_base::{Fault, Result, Table, bail, fault};
use std::collections::{HashMap, HashSet};
use std::path::Path;

/// Known edges.
#[derive(Clone, Debug)]
pub struct Gold {
    /// Pairs (regulator, target) and whether they are edges, each once.
    pub(crate) pairs: Vec<((String, String), bool)>,
    /// Whether pairs that are not listed are known to be no edges.
    pub(crate) is_open: bool,
    /// Whether the order within pairs has no meaning.
    pub(crate) is_undirected: bool,
    /// What was guessed, in sentences.
    pub notes: Vec<String>,
}

/// Headers of the first column of a list without directions, as [`plain`] writes them.
const UNDIRECTED: [&str; 4] = ["genea", "node1", "protein1", "proteina"];

/// Headers of the first column of a list with directions.
const DIRECTED: [&str; 12] = [
    "cause",
    "from",
    "gene1",
    "parent",
    "regulator",
    "regulatorgene",
    "regulators",
    "source",
    "tf",
    "tfname",
    "tfs",
    "transcriptionfactor",
];

/// Headers of the second column of a list. Some are names of genes as well: they are headers where
/// no other row has them.
const TARGETS: [&str; 20] = [
    "child",
    "effect",
    "gene",
    "gene2",
    "geneb",
    "genes",
    "node2",
    "protein2",
    "proteinb",
    "regulated",
    "regulatedgene",
    "target",
    "targetgene",
    "targetgenes",
    "targetid",
    "targetname",
    "targets",
    "targetsymbol",
    "tg",
    "to",
];

/// The forms of a file, for errors.
const FORMS: &str = "a gold standard is a list of `regulator target` or `regulator target label`, \
    or a matrix of labels; a label is 0 or 1, true, false, or a sign, + or -";

/// The cells of a row and its line.
type Row = (usize, Vec<String>);

/// What a cell states of an edge.
#[derive(Clone, Copy, PartialEq)]
enum Label {
    /// There is none.
    Absent,
    /// There is one.
    Present,
    /// There is one of this sign, which is + or -.
    Signed,
    /// -1: an edge that represses, where 0 stands for none.
    Minus,
}

impl Label {
    fn of(cell: &str) -> Option<Label> {
        match cell.to_ascii_lowercase().as_str() {
            "+" | "-" => return Some(Label::Signed),
            "true" => return Some(Label::Present),
            "false" => return Some(Label::Absent),
            _ => {}
        }
        match cell.parse::<f64>().ok()? {
            0.0 => Some(Label::Absent),
            1.0 => Some(Label::Present),
            -1.0 => Some(Label::Minus),
            _ => None,
        }
    }

    fn read(cell: &str, line: usize, column: &str) -> Result<Label> {
        Label::of(cell).ok_or_else(|| {
            fault!("data", "line {line}, {column}: a label must be 0, 1, + or -, got `{cell}`";
                hint: "{FORMS}")
        })
    }
}

/// Whether each label is that of an edge; fails where -1 may be a sign or stand for no edge.
fn edges_of(labels: &[Label]) -> Result<Vec<bool>> {
    if labels.contains(&Label::Minus) && !labels.contains(&Label::Absent) {
        bail!("data", "the label -1 may be a sign or stand for no edge, as no label is 0";
            hint: "write + and - for signs, 0 and 1 for labels");
    }
    Ok(labels.iter().map(|label| *label != Label::Absent).collect())
}

/// Whether cells are those of a matrix: a name and labels that are numbers.
fn is_of_matrix(cells: &[String]) -> bool {
    let is_number = |cell: &String| matches!(Label::of(cell), Some(own) if own != Label::Signed);
    cells.len() > 1 && cells[1..].iter().all(is_number)
}

/// Whether a first row has the names of the columns of a list, by its first name, or by both where
/// the target is the first.
fn is_header(cells: &[String]) -> bool {
    let first = plain(&cells[0]);
    let first = first.as_str();
    UNDIRECTED.contains(&first) || DIRECTED.contains(&first) || is_turned(cells)
}

/// Whether a header has the column of targets first.
fn is_turned(cells: &[String]) -> bool {
    let [first, second, ..] = cells else {
        return false;
    };
    TARGETS.contains(&plain(first).as_str()) && DIRECTED.contains(&plain(second).as_str())
}

impl Gold {
    /// Known edges from pairs; `labels` states which ones are edges, all unless given. Repeated
    /// pairs count once; fails where they contradict each other.
    pub fn new(
        regulators: Vec<String>,
        targets: Vec<String>,
        labels: Option<Vec<bool>>,
        is_undirected: bool,
    ) -> Result<Gold> {
        let labels = labels.unwrap_or_else(|| vec![true; regulators.len()]);
        if regulators.len() != targets.len() || regulators.len() != labels.len() {
            bail!(
                "shape",
                "a gold standard has as many regulators as targets and labels, got {}, {} and {}",
                regulators.len(),
                targets.len(),
                labels.len()
            );
        }
        let mut seen: HashMap<(String, String), bool> = HashMap::new();
        let mut pairs = Vec::new();
        for ((regulator, target), label) in regulators.into_iter().zip(targets).zip(labels) {
            let pair = (regulator, target);
            match seen.insert(pair.clone(), label) {
                None => pairs.push((pair, label)),
                Some(known) if known == label => {}
                Some(_) => bail!(
                    "data",
                    "the pair {} → {} is listed both as an edge and as none",
                    pair.0,
                    pair.1
                ),
            }
        }
        let is_open = pairs.iter().all(|(_, label)| *label);
        Ok(Gold {
            pairs,
            is_open,
            is_undirected,
            notes: Vec::new(),
        })
    }

    /// Reads a gold standard: two columns (all of them edges), a third with labels 0 and 1 or with
    /// signs (+, -), or a matrix whose rows are targets and columns regulators, or the reverse.
    pub fn read(path: &Path) -> Result<Gold> {
        let (mut rows, comment) = read_lined(path)?;
        let Some(first) = rows.first() else {
            bail!("data", "`{}` has no rows", path.display())
        };
        // a header may start with #
        if let Some(comment) = comment
            && comment.1.len() == first.1.len()
            && (is_header(&comment.1) || is_of_matrix(&first.1))
        {
            rows.insert(0, comment);
        }
        let named = |fault: Fault| fault.context(format!("`{}`", path.display()));
        let name = path.to_string_lossy().to_lowercase();
        match name.trim_end_matches(".gz").ends_with(".sif") {
            true => Gold::of_sif(rows).map_err(named),
            false => Gold::of_file(rows).map_err(named),
        }
    }

    fn of_file(rows: Vec<Row>) -> Result<Gold> {
        let first = &rows[0].1;
        let second = rows.get(1).map_or(first.len(), |row| row.1.len());
        let width = second.max(first.len());
        if width < 2 {
            bail!("data", "line {}: rows have one cell", rows[0].0; hint: "{FORMS}");
        }
        let is_list = width < 4 && first.len() == second && is_header(first);
        let has_labels = rows.len() > 1
            && rows[1..]
                .iter()
                .all(|row| row.1.len() == second && is_of_matrix(&row.1));
        let has_names = first[0].is_empty() || first.len() + 1 == second;
        match !is_list && (width > 3 || has_names || has_labels) {
            true => Gold::of_matrix(rows),
            false => Gold::of_rows(rows),
        }
    }

    /// Edges of the format SIF: a source, an interaction, and targets in each row; a row of one
    /// cell is a node without edges.
    fn of_sif(rows: Vec<Row>) -> Result<Gold> {
        let (mut regulators, mut targets) = (Vec::new(), Vec::new());
        for (line, row) in rows {
            match &row[..] {
                [_] => {}
                [source, _, others @ ..] if !others.is_empty() => {
                    for target in others.iter().filter(|name| !name.is_empty()) {
                        regulators.push(source.clone());
                        targets.push(target.clone());
                    }
                }
                _ => bail!("data", "line {line}: expected a source, an interaction and targets";
                    hint: "this is the format SIF: `TF1 pp G1 G2`"),
            }
        }
        Gold::new(regulators, targets, None, false)
    }

    fn of_rows(mut rows: Vec<Row>) -> Result<Gold> {
        let header = rows[0].1.clone();
        if header.len() < 2 {
            bail!("data", "line {}: the row has one cell", rows[0].0; hint: "{FORMS}");
        }
        let is_undirected = UNDIRECTED.contains(&plain(&header[0]).as_str());
        let is_alone = rows[1..].iter().all(|row| {
            let mut names = row.1.iter().take(2);
            names.all(|name| !header[..2].contains(name))
        });
        let is_word = |cell: &String| Label::of(cell).is_none() && cell.parse::<f64>().is_err();
        let has_header = is_header(&header)
            || (is_alone && TARGETS.contains(&plain(&header[1]).as_str()))
            || header.get(2).is_some_and(is_word);
        let mut notes = Vec::new();
        if has_header {
            rows.remove(0);
        } else if is_alone && rows.len() > 1 {
            notes.push(format!(
                "the first row, `{}`, is read as an edge, and no other row has its names: where it \
                is a header, call its columns `regulator` and `target`",
                header.join(" ")
            ));
        }
        if rows.is_empty() {
            bail!("data", "the file has no edges: its only row is read as a header, `{}`",
                header.join(" "); hint: "{FORMS}");
        }
        let width = header.len();
        let mut labels = Vec::new();
        for (line, row) in &rows {
            if row.len() != width {
                bail!("data", "line {line}: the row has {} cells, expected {width}: {}", row.len(),
                    row.join(" "); hint: "{FORMS}");
            }
            labels.push(match row.get(2) {
                Some(cell) => Label::read(cell, *line, "column 3")?,
                None => Label::Present,
            });
        }
        let column = |i: usize| rows.iter().map(|row| row.1[i].clone()).collect();
        let (regulator, target) = match has_header && is_turned(&header) {
            true => (1, 0),
            false => (0, 1),
        };
        let gold = Gold::new(
            column(regulator),
            column(target),
            Some(edges_of(&labels)?),
            is_undirected,
        )?;
        Ok(Gold { notes, ..gold })
    }

    /// A matrix of regulators and targets: the side with fewer names has the regulators; of a
    /// square one the columns.
    fn of_matrix(mut rows: Vec<Row>) -> Result<Gold> {
        let (first, mut header) = rows.remove(0);
        let Some(width) = rows.first().map(|row| row.1.len()) else {
            bail!("data", "line {first}: a header and no rows"; hint: "{FORMS}");
        };
        if header.len() == width {
            if is_of_matrix(&header) {
                bail!("data", "line {first}: the matrix has no header: its first row is `{}`",
                    header.join(" ");
                    hint: "the first row must have the names of the columns; a list whose genes \
                        are called 0 and 1 must have the header `regulator target label`");
            }
            header.remove(0);
        }
        let regulators_in_rows = rows.len() < header.len();
        let (mut regulators, mut targets, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        for (line, row) in &rows {
            if row.len() != header.len() + 1 {
                bail!("data", "line {line}: row `{}` has {} cells, expected {}", row[0], row.len(),
                    header.len() + 1; hint: "{FORMS}");
            }
            for (name, cell) in header.iter().zip(&row[1..]) {
                labels.push(Label::read(cell, *line, &format!("column `{name}`"))?);
                let (regulator, target) = if regulators_in_rows {
                    (&row[0], name)
                } else {
                    (name, &row[0])
                };
                regulators.push(regulator.clone());
                targets.push(target.clone());
            }
        }
        Gold::new(regulators, targets, Some(edges_of(&labels)?), false)
    }

    /// Known edges of a table: the columns regulator and target, else its first two, and labels in
    /// the column label, edge or score, or in the third one of three. Labels are 0 or 1.
    pub fn of_table(table: &Table) -> Result<Gold> {
        let names: Vec<&str> = table.names().collect();
        let [first, second, rest @ ..] = &names[..] else {
            bail!(
                "value",
                "a gold standard must have columns of regulators and of targets"
            )
        };
        let is_named = names.contains(&"regulator") && names.contains(&"target");
        let (first, second) = match is_named {
            true => ("regulator", "target"),
            false => (*first, *second),
        };
        let known = ["label", "edge", "score"];
        let label = known.into_iter().find(|name| names.contains(name));
        let label = label.or(match rest {
            [one] if !is_named => Some(*one),
            _ => None,
        });
        let labels = label.map(|name| table_labels(table, name)).transpose()?;
        let is_undirected = UNDIRECTED.contains(&plain(first).as_str());
        let (regulators, targets) = (names_of(table, first)?, names_of(table, second)?);
        Gold::new(regulators, targets, labels, is_undirected)
    }

    /// The names of regulators with at least one edge, in order of their first one.
    pub fn sources(&self) -> Vec<String> {
        let mut seen = HashSet::new();
        let edges = self.pairs.iter().filter(|(_, label)| *label);
        let names = edges.map(|((regulator, _), _)| regulator);
        names
            .filter(|name| seen.insert(name.as_str()))
            .cloned()
            .collect()
    }

    /// Its edges as positions in a matrix, and how many have a gene that the matrix lacks.
    pub fn edges_in(&self, matrix: &Expression) -> (Vec<(usize, usize)>, usize) {
        let mut left_out = 0;
        let mut found = Vec::new();
        for ((regulator, target), _) in self.pairs.iter().filter(|(_, label)| *label) {
            match (matrix.index_of(regulator), matrix.index_of(target)) {
                (Some(regulator), Some(target)) => found.push((regulator, target)),
                _ => left_out += 1,
            }
        }
        (found, left_out)
    }

    /// The columns regulator, target, label of its pairs.
    pub fn table(&self) -> Result<Table> {
        let names = |of: fn(&(String, String)) -> &String| {
            self.pairs
                .iter()
                .map(|(pair, _)| of(pair).clone())
                .collect()
        };
        let labels = self.pairs.iter().map(|(_, label)| i64::from(*label));
        Table::new(vec![
            ("regulator".into(), Cells::Text(names(|pair| &pair.0))),
            ("target".into(), Cells::Text(names(|pair| &pair.1))),
            ("label".into(), Cells::Whole(labels.collect())),
        ])
    }

    /// Pairs and labels in the order of the file.
    pub fn pairs(&self) -> &[((String, String), bool)] {
        &self.pairs
    }
}

/// The labels of a column: 0 and 1, or true and false.
fn table_labels(table: &Table, name: &str) -> Result<Vec<bool>> {
    let wrong = |row: usize, got: String| {
        fault!("value", "row {row}, column `{name}`: a label must be 0 or 1, got {got}";
            hint: "in a table without this column all pairs are edges")
    };
    let of = |(row, x): (usize, f64)| match x {
        0.0 => Ok(false),
        1.0 => Ok(true),
        x => Err(wrong(row, format!("{x}"))),
    };
    match table.column(name)? {
        Cells::Number(cells) => cells.iter().copied().enumerate().map(of).collect(),
        Cells::Whole(cells) => cells
            .iter()
            .map(|x| *x as f64)
            .enumerate()
            .map(of)
            .collect(),
        Cells::Text(cells) => {
            let of = |(row, cell): (usize, &String)| match Label::of(cell) {
                Some(Label::Absent) => Ok(false),
                Some(Label::Present | Label::Signed) => Ok(true),
                Some(Label::Minus) | None => Err(wrong(row, format!("`{cell}`"))),
            };
            cells.iter().enumerate().map(of).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gold(text: &str) -> Result<Gold> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("gold.tsv");
        std::fs::write(&path, text).expect("written");
        Gold::read(&path)
    }

    #[test]
    fn gold_standards_are_read_in_their_forms() {
        let dream = gold("G2\tG91\t1\nG3\tG90\t0\n").expect("labels");
        assert!(!dream.is_open && !dream.is_undirected);
        assert_eq!(dream.sources(), ["G2"]);
        let minet = gold("gene_a\tgene_b\nA\tB\nB\tA\nA\tA\n").expect("pairs");
        assert!(minet.is_open && minet.is_undirected);
        let minet = gold("#gene_a\tgene_b\nA\tB\n").expect("pairs");
        assert!(minet.is_undirected && minet.pairs.len() == 1);
        let beeline = gold("Gene1,Gene2,Type\nSOX9,AMH,+\nX,Y,-\n").expect("signs");
        assert!(beeline.is_open && !beeline.is_undirected && beeline.pairs.len() == 2);
        let matrix = gold("\tr1\tr2\tr3\nt1\t0\t1\t0\nt2\t-1\t0\t0\nt3\t0\t0\t0\nt4\t0\t0\t1\n");
        assert_eq!(matrix.expect("a matrix").sources(), ["r2", "r1", "r3"]);
        assert!(gold("a\tb\t1\na\tb\t0\n").is_err());
        assert!(gold("a\tb\t1\nc\td\tx\n").is_err());
    }

    /// A matrix of two regulators was read as a list of edges to the targets 0 and 1.
    #[test]
    fn matrices_of_few_regulators_are_matrices() {
        for text in [
            "\tR1\tR2\nG1\t0\t1\nG2\t1\t0\nG3\t0\t1\n",
            "gene\tR1\tR2\nG1\t0\t1\nG2\t1\t0\nG3\tfalse\tTRUE\n",
            "R1\tR2\nG1\t0\t1\nG2\t1\t0\nG3\t0\t1\n",
            "#\tR1\tR2\nG1\t0\t1\nG2\t1\t0\nG3\t0\t1\n",
        ] {
            let gold = gold(text).unwrap_or_else(|fault| panic!("{text}: {fault}"));
            assert_eq!(gold.sources(), ["R2", "R1"], "{text}");
            assert_eq!(gold.pairs[0], (("R1".into(), "G1".into()), false), "{text}");
            assert_eq!(gold.pairs.len(), 6);
        }
        let one = gold("\tR1\nG1\t0\nG2\t1\n").expect("a matrix");
        assert_eq!(one.pairs[1], (("R1".into(), "G2".into()), true));
        // genes may be numbers
        let list = gold("1\t2\t1\n1\t3\t0\n").expect("a list");
        assert_eq!(list.pairs[1], (("1".into(), "3".into()), false));
        let list = gold("regulator\ttarget\tlabel\n0\t1\t1\n1\t0\t0\n").expect("a list");
        assert_eq!(list.pairs[0], (("0".into(), "1".into()), true));
    }

    /// A cell `nan` was an edge, as were 2 and 0.5.
    #[test]
    fn columns_are_known_by_their_names_and_sif_is_read() {
        let turned = gold("target\tregulator\tlabel\nG1\tTF1\t1\nG2\tTF1\t0\n").expect("edges");
        assert_eq!(turned.sources(), ["TF1"]);
        assert_eq!(
            gold("gene,tf\nG1,TF1\nG2,TF1\n").expect("edges").sources(),
            ["TF1"]
        );
        assert_eq!(gold("TF,gene\nTF1,G1\n").expect("edges").sources(), ["TF1"]);
        for alone in ["regulator\ttarget\n", "A\tpp\tB\n"] {
            let fault = gold(alone).expect_err("no edges");
            assert!(
                fault.message.contains("read as a header"),
                "{alone}: {}",
                fault.message
            );
        }
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("e.SIF");
        std::fs::write(&path, "A\tactivates\tB\tC\nD\nB\trepresses\tC\n").expect("written");
        let sif = Gold::read(&path).expect("edges");
        assert_eq!(
            (sif.pairs.len(), sif.sources()),
            (3, vec!["A".to_string(), "B".into()])
        );
    }

    #[test]
    fn labels_are_checked() {
        for (text, words) in [
            (
                "\tR1\tR2\tR3\nG1\t0\tnan\t0\n",
                "line 2, column `R2`: a label must be 0, 1",
            ),
            ("\tR1\tR2\tR3\nG1\t0\t2\t0\n", "got `2`"),
            ("a\tb\tnan\nc\td\t1\n", "line 1, column 3"),
            ("a\tb\t0.5\nc\td\t1\n", "got `0.5`"),
            ("a\tb\t-1\nc\td\t1\n", "-1 may be a sign"),
            (
                "G1\t0\t1\t0\nG2\t0\t1\t1\n",
                "line 1: the matrix has no header",
            ),
            ("G1\t0\t1\nG2\t1\t1\n", "line 1: the matrix has no header"),
            ("a b\nc\n", "line 2: the row has 1 cells, expected 2"),
            ("a\n", "line 1: rows have one cell"),
        ] {
            let fault = gold(text).expect_err(text).to_string();
            assert!(
                fault.contains(words) && fault.contains("gold.tsv"),
                "{text}: {fault}"
            );
        }
        let list = gold("a\tb\tTrue\nc\td\tfalse\n").expect("a list");
        assert_eq!(list.sources(), ["a"]);
    }

    /// The header was an edge unless its first word was known.
    #[test]
    fn headers_are_known_by_their_second_word_too() {
        for text in [
            "TF1\tTarget\nR1\tG1\n",
            "A\tgene2\nR1\tG1\n",
            "x\tTG\nR1\tG1\n",
        ] {
            let gold = gold(text).expect(text);
            assert_eq!(
                (gold.sources(), gold.notes.len()),
                (vec!["R1".to_string()], 0),
                "{text}"
            );
        }
        // a gene called `to`
        let list = gold("R1\tto\nR1\tG1\n").expect("a list");
        assert_eq!((list.pairs.len(), list.notes.len()), (2, 0));
        let list = gold("Factor\tRegulon\nR1\tG1\n").expect("a list");
        assert!(
            list.notes[0].contains("`Factor Regulon`"),
            "{:?}",
            list.notes
        );
    }

    /// Files of all forms with bytes changed, left out or added are read or refused by name.
    #[test]
    fn broken_files_never_panic() {
        let sources = [
            "\tR1\tR2\nG1\t0\t1\nG2\t1\t0\n",
            "#a b\nTF target label\nR1 G1 1\nR1 G2 0\n",
            "R1,G1,+\nR2,G1,-\n",
        ];
        let mut rng = cistron_base::seed::Rng::keyed(&[5]);
        for case in 0..600 {
            let mut bytes = sources[case % sources.len()].as_bytes().to_vec();
            for _ in 0..1 + rng.below(4) {
                let at = rng.below(bytes.len());
                match rng.below(3) {
                    0 => bytes[at] = b"01\t \n,#;x-"[rng.below(10)],
                    1 if bytes.len() > 1 => drop(bytes.remove(at)),
                    _ => bytes.insert(at, b"01\t \n,#;x-"[rng.below(10)]),
                }
            }
            let text = String::from_utf8(bytes).expect("text");
            if let Err(fault) = gold(&text) {
                assert!(fault.to_string().contains("gold.tsv"), "{text:?}: {fault}");
                assert_ne!(fault.kind, "internal", "{text:?}: {fault}");
            }
        }
    }

    #[test]
    fn tables_have_labels_0_and_1() {
        let table = |labels: Cells| {
            Table::new(vec![
                ("regulator".into(), Cells::Whole(vec![101, 101])),
                ("target".into(), Cells::Text(vec!["b".into(), "c".into()])),
                ("label".into(), labels),
            ])
            .expect("a table")
        };
        let gold = Gold::of_table(&table(Cells::Number(vec![0.0, 1.0]))).expect("labels");
        assert_eq!(gold.pairs[1], (("101".into(), "c".into()), true));
        let words = Cells::Text(vec!["true".into(), "false".into()]);
        assert_eq!(
            Gold::of_table(&table(words)).expect("labels").sources(),
            ["101"]
        );
        for x in [f64::NAN, 2.0, 0.5, -1.0] {
            let fault = Gold::of_table(&table(Cells::Number(vec![0.0, x]))).expect_err("a label");
            assert!(fault.message.contains("row 1, column `label`"), "{fault}");
        }
    }
}
