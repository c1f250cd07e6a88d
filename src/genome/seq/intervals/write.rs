//! Intervals as text: BED, narrowPeak, or BED with a header that names its columns.

use super::{Field, Intervals};
use cistron_base::Strand;
use cistron_base::delimited::one_line;
use std::fmt::Write;

impl Intervals {
    /// BED. Without fields and strands it has three columns; with `name`, `score` or strands six;
    /// other fields follow after a header line that names them.
    pub fn to_bed(&self) -> String {
        let has_strand = self.rows.iter().any(|row| row.strand != Strand::None);
        let standard = ["name", "score"];
        let extra: Vec<&(String, Field)> = self
            .fields
            .iter()
            .filter(|(name, _)| !standard.contains(&name.as_str()))
            .collect();
        let six = has_strand
            || self
                .fields
                .iter()
                .any(|(name, _)| standard.contains(&name.as_str()));
        let mut out = String::new();
        if !extra.is_empty() {
            let names: Vec<&str> = extra
                .iter()
                .map(|(name, _)| {
                    if name == "summit" {
                        "summit_offset"
                    } else {
                        name.as_str()
                    }
                })
                .collect();
            out += "#chrom\tstart\tend";
            out += if six { "\tname\tscore\tstrand\t" } else { "\t" };
            out += &names
                .iter()
                .map(|name| one_line(name))
                .collect::<Vec<_>>()
                .join("\t");
            out.push('\n');
        }
        for (i, row) in self.rows.iter().enumerate() {
            // writing to a string cannot fail
            let _ = write!(
                out,
                "{}\t{}\t{}",
                one_line(self.chrom(i)),
                row.start,
                row.end
            );
            if six {
                let name = self.field("name").map_or(".".into(), |field| field.text(i));
                let score = self
                    .field("score")
                    .map_or("0".into(), |field| field.text(i));
                let _ = write!(
                    out,
                    "\t{}\t{}\t{}",
                    one_line(&name),
                    one_line(&score),
                    row.strand.letter()
                );
            }
            for (name, field) in &extra {
                let _ = match (name.as_str(), field) {
                    ("summit", Field::Number(values)) if values[i].is_nan() => write!(out, "\t-1"),
                    ("summit", Field::Number(values)) => {
                        write!(out, "\t{}", values[i] as i64 - row.start)
                    }
                    _ => write!(out, "\t{}", one_line(&field.text(i))),
                };
            }
            out.push('\n');
        }
        out
    }

    /// narrowPeak: BED6 with signal, p, q (-1 where there is none) and the summit's offset.
    pub fn to_narrow_peak(&self) -> String {
        let mut out = String::new();
        let number = |name: &str, i: usize| match self.field(name) {
            Some(Field::Number(values)) if !values[i].is_nan() => values[i],
            _ => -1.0,
        };
        for (i, row) in self.rows.iter().enumerate() {
            let name = self.field("name").map_or(".".into(), |field| field.text(i));
            let score = number("score", i).clamp(0.0, 1000.0);
            let summit = match self.field("summit") {
                Some(Field::Number(values)) if !values[i].is_nan() => values[i] as i64 - row.start,
                _ => -1,
            };
            let _ = writeln!(
                out,
                "{}\t{}\t{}\t{}\t{score}\t{}\t{}\t{}\t{}\t{summit}",
                one_line(self.chrom(i)),
                row.start,
                row.end,
                one_line(&name),
                row.strand.letter(),
                number("signal", i),
                number("p", i),
                number("q", i)
            );
        }
        out
    }
}
