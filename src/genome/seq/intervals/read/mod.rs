//! Files of intervals: BED of 3 to 12 columns and more, narrowPeak, broadPeak, GTF, GFF, VCF,
//! bigBed; plain or gzipped.

mod annotation;
mod bed;
mod gather;
mod options;

pub use options::{Format, Policy, ReaderOptions, Unsorted};

use super::Intervals;
use cistron_base::Result;
use std::path::Path;

/// Reads a file of intervals.
pub fn read(path: &Path, options: &ReaderOptions) -> Result<Intervals> {
    let format = options.format.unwrap_or_else(|| Format::of(path));
    match format {
        Format::Bed | Format::NarrowPeak | Format::BroadPeak => bed::bed(path, options, format),
        Format::Gtf | Format::Gff => annotation::genes(path, options, format),
        Format::Vcf => annotation::variants(path, options),
        Format::BigBed => annotation::big_bed(path, options),
    }
}
