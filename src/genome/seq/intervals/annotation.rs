//! Genes (GTF, GFF3), variants (VCF) and bigBed as intervals.

use super::gather::{Draft, Format, Gather, Plan, Problems, broken};
use super::{Field, Intervals};
use crate::seq::text;
use crate::seq::variants::is_sequence;
use cistron_base::{Result, Strand};
use noodles::gff::feature::record::Strand as Side;
use std::path::Path;

/// Attributes that become fields.
const ATTRIBUTES: [&str; 6] = [
    "gene_id",
    "gene_name",
    "transcript_id",
    "gene_type",
    "ID",
    "Name",
];

/// The rows of a GTF or GFF3 file, with fields `source`, `feature`, `score` and the usual
/// attributes.
pub fn genes(path: &Path, plan: &Plan, format: Format) -> Result<Intervals> {
    let mut lines = text::Lines::open(path)?;
    let mut gather = Gather::new(path, *plan);
    let mut texts: Vec<Vec<Box<str>>> = vec![Vec::new(); 2 + ATTRIBUTES.len()];
    let mut scores: Vec<f64> = Vec::new();
    while let Some((number, text)) = lines.next_line()? {
        if text.starts_with("##FASTA") {
            break;
        }
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        let first = || {
            format!(
                "line {number}: {}",
                text.chars().take(40).collect::<String>()
            )
        };
        let Ok(row) = (match format {
            Format::Gtf => gtf_row(text),
            _ => gff_row(text),
        }) else {
            gather
                .problems
                .add("that are no records of this format", first);
            continue;
        };
        if gather.push(
            &Draft {
                chrom: &row.chrom,
                start: row.start,
                end: row.end,
                strand: row.strand,
            },
            number,
        ) {
            for (own, value) in texts.iter_mut().zip(row.texts) {
                own.push(value.into_boxed_str());
            }
            scores.push(row.score);
        }
    }
    let names = ["source", "feature"].into_iter().chain(ATTRIBUTES);
    let mut fields: Vec<(String, Field)> = Vec::new();
    for (name, own) in names.zip(texts) {
        if own.iter().any(|value| **value != *".") {
            fields.push((name.into(), Field::Text(own)));
        }
    }
    if scores.iter().any(|s| !s.is_nan()) {
        fields.push(("score".into(), Field::Number(scores)));
    }
    gather.finish(fields)
}

/// One record: chromosome, stretch, strand, score, and source, feature and attributes as text.
struct Gene {
    chrom: String,
    start: i64,
    end: i64,
    strand: Strand,
    score: f64,
    texts: Vec<String>,
}

fn side(strand: std::io::Result<Side>) -> std::io::Result<Strand> {
    Ok(match strand? {
        Side::Forward => Strand::Forward,
        Side::Reverse => Strand::Reverse,
        _ => Strand::None,
    })
}

fn or_dot(value: Option<String>) -> String {
    value
        .filter(|value| !value.is_empty())
        .unwrap_or_else(|| ".".into())
}

/// A record's fields; `value` finds an attribute, which the two formats write differently.
fn gene(
    record: &impl noodles::gff::feature::Record,
    value: impl Fn(&[u8]) -> std::io::Result<Option<String>>,
) -> std::io::Result<Gene> {
    let mut texts = vec![record.source().to_string(), record.ty().to_string()];
    for key in ATTRIBUTES {
        texts.push(or_dot(value(key.as_bytes())?));
    }
    Ok(Gene {
        chrom: record.reference_sequence_name().to_string(),
        start: record.feature_start()?.get() as i64 - 1,
        end: record.feature_end()?.get() as i64,
        strand: side(record.strand())?,
        score: record.score().transpose()?.map_or(f64::NAN, f64::from),
        texts,
    })
}

fn no_record() -> std::io::Error {
    std::io::Error::other("no record")
}

fn gtf_row(text: &str) -> std::io::Result<Gene> {
    use noodles::gtf::{self, record::attributes::field::Value};
    let mut line = gtf::Line::default();
    gtf::io::Reader::new(text.as_bytes()).read_line(&mut line)?;
    let record = line.as_record().ok_or_else(no_record)??;
    let attributes = record.attributes()?;
    gene(&record, |key| {
        Ok(match attributes.get(key).transpose()? {
            Some(Value::String(text)) => Some(text.to_string()),
            Some(Value::Array(values)) => values.iter().next().map(|text| text.to_string()),
            None => None,
        })
    })
}

fn gff_row(text: &str) -> std::io::Result<Gene> {
    use noodles::gff::{self, record::attributes::field::Value};
    let mut line = gff::Line::default();
    gff::io::Reader::new(text.as_bytes()).read_line(&mut line)?;
    let record = line.as_record().ok_or_else(no_record)??;
    let attributes = record.attributes();
    gene(&record, |key| {
        Ok(match attributes.get(key).transpose()? {
            Some(Value::String(text)) => Some(text.to_string()),
            Some(Value::Array(values)) => values.iter().next().map(|text| text.to_string()),
            None => None,
        })
    })
}

/// A number of the INFO column.
fn info(text: &str, key: &str) -> Option<i64> {
    let cell = text
        .split('\t')
        .nth(7)?
        .split(';')
        .find_map(|cell| cell.strip_prefix(key)?.strip_prefix('='))?;
    cell.split(',').next()?.trim().parse().ok()
}

/// One past the last base of a symbolic allele such as `<DEL>`: `END`, or by `SVLEN` where it is
/// not an insertion.
fn symbolic_end(text: &str, allele: &str, start: i64, reference: i64) -> i64 {
    let by_length = || {
        info(text, "SVLEN")
            .filter(|_| !allele.starts_with("<INS"))
            .map(|n| start + n.saturating_abs())
    };
    info(text, "END")
        .or_else(by_length)
        .unwrap_or(start + reference)
        .max(start + reference)
}

/// The variants of a VCF file, a row for each alternate allele, with fields `name`, `reference` and
/// `alternate`. Symbolic alleles reach to their `END`, as in bedtools and bcftools; breakends, `*`
/// and `.` are where their reference allele is.
pub fn variants(path: &Path, plan: &Plan) -> Result<Intervals> {
    use noodles::vcf;
    let mut lines = text::Lines::open(path)?;
    let mut gather = Gather::new(path, *plan);
    let mut texts: [Vec<Box<str>>; 3] = Default::default();
    let mut symbolic = Problems::default();
    while let Some((number, text)) = lines.next_line()? {
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        let first = || {
            format!(
                "line {number}: {}",
                text.chars().take(40).collect::<String>()
            )
        };
        let mut record = vcf::Record::default();
        // files without QUAL, FILTER or INFO are about
        let columns = text.split('\t').count();
        let whole = format!(
            "{text}{}\n",
            if (5..8).contains(&columns) {
                "\t.".repeat(8 - columns)
            } else {
                String::new()
            }
        );
        let read = vcf::io::Reader::new(whole.as_bytes()).read_record(&mut record);
        let start = record
            .variant_start()
            .and_then(std::io::Result::ok)
            .map(|p| p.get() as i64 - 1);
        let reference = record.reference_bases().to_string();
        let (Ok(_), Some(start)) = (read, start) else {
            gather
                .problems
                .add("that are no records of this format", first);
            continue;
        };
        if !is_sequence(&reference) {
            gather
                .problems
                .add("with a reference allele that is no sequence", first);
            continue;
        }
        let name = text.split('\t').nth(2).unwrap_or(".").to_string();
        let length = reference.len() as i64;
        for alternate in text.split('\t').nth(4).unwrap_or("").split(',') {
            let end = match alternate.starts_with('<') {
                true => symbolic_end(text, alternate, start, length),
                false => start + length,
            };
            if !is_sequence(alternate) {
                symbolic.add("alternate alleles that are no sequence", first);
            }
            let draft = Draft {
                chrom: record.reference_sequence_name(),
                start,
                end,
                strand: Strand::None,
            };
            if gather.push(&draft, number) {
                texts[0].push(name.as_str().into());
                texts[1].push(reference.as_str().into());
                texts[2].push(alternate.into());
            }
        }
    }
    let fields = ["name", "reference", "alternate"].into_iter().zip(texts);
    let mut out = gather.finish(
        fields
            .map(|(name, own)| (name.to_string(), Field::Text(own)))
            .collect(),
    )?;
    if symbolic.total() > 0 {
        out.notes.push(format!(
            "`{}` has {}: they are intervals without a sequence",
            path.display(),
            symbolic.text()
        ));
    }
    Ok(out)
}

/// The entries of a bigBed file.
pub fn big_bed(path: &Path, plan: &Plan) -> Result<Intervals> {
    if !crate::seq::track::index::verify(path)? {
        return Gather::new(path, *plan).finish(Vec::new());
    }
    // the library gives up on damaged blocks
    let read = cistron_base::panic::guarded(|| big_bed_entries(path, plan));
    read.unwrap_or_else(|_| {
        Err(broken(path, None, &"a block of it cannot be read")
            .hint("it is no whole bigBed file: fetch or copy it again"))
    })
}

fn big_bed_entries(path: &Path, plan: &Plan) -> Result<Intervals> {
    let mut file =
        bigtools::BigBedRead::open(cistron_base::file::open(path)?).map_err(|error| {
            broken(path, None, &error).hint("it is no whole bigBed file: fetch or copy it again")
        })?;
    let chroms: Vec<(String, u32)> = file
        .chroms()
        .iter()
        .map(|c| (c.name.clone(), c.length))
        .collect();
    let mut gather = Gather::new(path, *plan);
    let (mut names, mut scores) = (Vec::<Box<str>>::new(), Vec::new());
    let mut number = 0;
    for (chrom, length) in &chroms {
        let entries = file
            .get_interval(chrom, 0, *length)
            .map_err(|error| broken(path, None, &error))?;
        for entry in entries {
            let entry =
                entry.map_err(|error| broken(path, None, &error).hint("the file is damaged"))?;
            number += 1;
            let rest: Vec<&str> = entry.rest.split('\t').collect();
            let strand = rest
                .get(2)
                .and_then(|cell| Strand::parse(cell))
                .unwrap_or_default();
            if gather.push(
                &Draft {
                    chrom,
                    start: i64::from(entry.start),
                    end: i64::from(entry.end),
                    strand,
                },
                number,
            ) {
                names.push(
                    rest.first()
                        .filter(|name| !name.is_empty())
                        .copied()
                        .unwrap_or(".")
                        .into(),
                );
                scores.push(
                    rest.get(1)
                        .and_then(|cell| cell.parse().ok())
                        .unwrap_or(f64::NAN),
                );
            }
        }
    }
    gather.finish(vec![
        ("name".into(), Field::Text(names)),
        ("score".into(), Field::Number(scores)),
    ])
}
