//! Formats of intervals and options of reading them.

use crate::seq::genome::Genome;
use std::path::Path;

/// How invalid rows are handled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// The whole file is refused, with all that is wrong counted.
    #[default]
    Refuse,
    /// They are left out and counted.
    Skip,
    /// Those that reach out of a chromosome are cut at its end; others are left out.
    Clip,
}

/// How a file is handled whose rows are not in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Unsorted {
    /// Rows out of order are counted and reported; the order is kept, for nothing depends on it.
    #[default]
    Note,
    /// Rows are sorted.
    Sort,
    /// The file is refused.
    Refuse,
}

/// How a file is read.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReaderOptions<'a> {
    /// The format; found by name and content unless given.
    pub format: Option<Format>,
    /// How invalid rows are handled.
    pub policy: Policy,
    /// How rows out of order are handled.
    pub unsorted: Unsorted,
    /// The genome that the rows must be within, where it is known.
    pub genome: Option<&'a Genome>,
}

/// Formats of intervals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// BED with any number of columns.
    Bed,
    /// ENCODE's narrowPeak (BED6+4).
    NarrowPeak,
    /// ENCODE's broadPeak (BED6+3).
    BroadPeak,
    /// GTF.
    Gtf,
    /// GFF3.
    Gff,
    /// VCF: an interval for each reference allele.
    Vcf,
    /// bigBed.
    BigBed,
}

impl Format {
    /// The format by a file's extension; BED for an unknown one.
    pub(super) fn of(path: &Path) -> Format {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().to_ascii_lowercase())
            .unwrap_or_default();
        let plain = [".gz", ".bgz"]
            .iter()
            .find_map(|ending| name.strip_suffix(ending))
            .unwrap_or(&name);
        match plain.rsplit_once('.').map_or("", |(_, ending)| ending) {
            "narrowpeak" => Format::NarrowPeak,
            "broadpeak" => Format::BroadPeak,
            "gtf" => Format::Gtf,
            "gff" | "gff3" => Format::Gff,
            "vcf" => Format::Vcf,
            "bb" | "bigbed" => Format::BigBed,
            _ => Format::Bed,
        }
    }
}
