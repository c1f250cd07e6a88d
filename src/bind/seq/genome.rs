//! `genome::…`: reference genomes, and sequences and regions of them.

use crate::base::{Interval, Result, Strand};
use crate::bind::args::genome::StrandName;
use crate::bind::args::path::output_path;
use crate::bind::args::seed::SeedOptions;
use crate::bind::args::sequence::codes_of;
use crate::bind::types::{Genomic, Places};
use crate::bind::warnings::warn;
use crate::data::negatives::{self, Matching};
use crate::fault;
use crate::lang::value::array;
use crate::lang::{Choice, Native, Options, native, natives_of, session};
use crate::seq::genome::extract::{Cut, Title};
use crate::seq::{Genome, Intervals, alphabet, variants};
use crate::torch::Tensor;
use rhai::{Array, Dynamic, Identifier, Map};
use std::rc::Rc;
use std::sync::Arc;

/// Options of `genome::open`.
#[derive(Options)]
pub struct OpenOptions {
    /// Coordinate of the first base, where the file holds a range of a chromosome; read from names
    /// such as 22:101-200 unless given.
    #[option(min = 0)]
    origin: Option<i64>,
}

/// Options of `genome.fetch`.
#[derive(Options)]
pub struct FetchOptions {
    /// Strand that is read.
    #[option(default = "+")]
    strand: StrandName,
    /// Whether bases outside of the chromosome are N, instead of an error.
    #[option(default = false)]
    pad: bool,
}

/// Options of all functions that read the sequences of intervals.
#[derive(Options)]
pub struct CutOptions {
    /// Whether bases outside of the chromosome are N, instead of an error.
    #[option(default = false)]
    pad: bool,
    /// Whether intervals on the reverse strand are read as their reverse complement.
    #[option(default = false)]
    use_strand: bool,
}

/// Options of `genome.sequences`.
#[derive(Options)]
pub struct SequencesOptions {
    #[option(flatten)]
    cut: CutOptions,
    /// Whether only the blocks of BED12 rows (exons) are read and concatenated.
    #[option(default = false)]
    split: bool,
    /// Whether soft-masked bases keep their lower case; genomes in memory have none.
    #[option(default = "upper")]
    case: LetterCase,
}

/// Options of `genome.save_fasta`.
#[derive(Options)]
pub struct SaveFastaOptions {
    #[option(flatten)]
    cut: CutOptions,
    /// Whether only the blocks of BED12 rows (exons) are read and concatenated.
    #[option(default = false)]
    split: bool,
    /// Whether soft-masked bases keep their lower case; genomes in memory have none.
    #[option(default = "keep")]
    case: LetterCase,
    /// Names of the records: chr1:10-20, the field `name`, or name::chr1:10-20.
    #[option(default = "position")]
    name: RecordName,
    /// Whether each line is a name and a sequence, separated by a tab.
    #[option(default = false)]
    tab: bool,
}

/// Options of `genome.windows`.
#[derive(Options)]
pub struct WindowsOptions {
    /// Distance between the starts of adjacent windows, in bp; the size unless given.
    #[option(min = 1)]
    step: Option<i64>,
}

/// Options of `genome.random`.
#[derive(Options)]
pub struct RandomOptions {
    /// Intervals that no region overlaps.
    exclude: Option<Places>,
    /// Largest fraction of N in a region.
    #[option(default = 1, min = 0, max = 1)]
    max_n: f64,
    #[option(flatten)]
    seed: SeedOptions,
}

/// Options of `genome.gc_matched`.
#[derive(Options)]
pub struct GcMatchedOptions {
    /// Number of regions for each positive.
    #[option(default = 1, min = 0, max = 1e6)]
    ratio: f64,
    /// Intervals that no region overlaps, besides the positives.
    exclude: Option<Places>,
    /// Width of the bins of GC content.
    #[option(default = 0.02, min = 0.001, max = 1)]
    width: f64,
    /// Largest fraction of N in a region.
    #[option(default = 0.1, min = 0, max = 1)]
    max_n: f64,
    /// Whether too few regions in the genome are an error or are accepted.
    #[option(default = "error")]
    short: Shortage,
    #[option(flatten)]
    seed: SeedOptions,
}

/// Options of `genome.alleles`.
#[derive(Options)]
pub struct AllelesOptions {
    /// Length of each sequence, in bp, around the variant.
    #[option(default = 1000, min = 1)]
    length: usize,
}

/// The case of soft-masked bases.
#[derive(Choice, PartialEq)]
pub enum LetterCase {
    /// All letters are upper case.
    Upper,
    /// Letters are as in the file.
    Keep,
}

/// What records are called.
#[derive(Choice)]
pub enum RecordName {
    /// `chr1:10-20`.
    Position,
    /// The field `name`.
    Name,
    /// `name::chr1:10-20`.
    Both,
}

impl From<RecordName> for Title {
    fn from(name: RecordName) -> Title {
        match name {
            RecordName::Position => Title::Position,
            RecordName::Name => Title::Name,
            RecordName::Both => Title::Both,
        }
    }
}

/// What happens where a genome has too few regions.
#[derive(Choice, PartialEq)]
pub enum Shortage {
    /// An error.
    Error,
    /// Fewer regions are returned.
    Accept,
}

fn genome_of_map(sequences: &Map) -> Result<Genome> {
    let one = |(name, value): (&Identifier, &Dynamic)| {
        let text = value.clone().into_string().map_err(|_| {
            fault!(
                "type",
                "`{name}` must be a string of bases, got {}",
                session::describe(value)
            )
        })?;
        Ok((name.to_string(), codes_of(&[text])?.0))
    };
    Genome::of_sequences(sequences.iter().map(one).collect::<Result<_>>()?)
}

/// Codes of intervals, [intervals, length].
fn codes_tensor(genome: &Genome, list: &Intervals, options: &CutOptions) -> Result<Tensor> {
    let mut placed = genome.place(list, options.pad)?;
    if !options.use_strand {
        let rows = placed.rows.iter_mut();
        rows.for_each(|row| row.strand = Strand::None);
    }
    let length = placed.equal_length(list)?;
    Tensor::filled(&[placed.rows.len() as i64, length], |out| {
        genome.read_rows(&placed.rows, length as usize, out)
    })
}

/// Opens a genome: FASTA (plain, bgzipped or gzipped) or 2bit.
///
/// A plain FASTA file has an index beside it, `.fai`, which is written where it does not exist. It
/// is compared with the file (names, lengths, lines of every record), and written again, with a
/// warning, where it is older or does not match. Two records of one name are an error; a record
/// without bases is kept, with length 0.
///
/// Coordinates are 0-based and half-open. Chromosomes have any of their names: `chr1` or `1`,
/// `chrM` or `MT`, and where they are numbered in Roman, `chrIV` or `chr4`.
///
/// ```rhai
/// seq::save_fasta("/tmp/cistron_example_genome.fa", #{ chr1: "ACGTACGT" });
/// assert_eq(genome::open("/tmp/cistron_example_genome.fa").fetch("1", 2, 5), "GTA");
/// ```
/// ```rhai,fails
/// genome::open("/nowhere.fa");
/// //~ `/nowhere.fa`: no such file or directory
/// ```
#[native(namespace = "genome", stand_in = stand_in)]
pub fn open(
    /// Path of the file.
    path: &str,
    options: OpenOptions,
) -> Result<Genomic> {
    let genome = Genome::open(&session::find_input(path)?, options.origin)?;
    genome.notes.iter().for_each(|note| warn(note));
    Ok(Genomic(Arc::new(genome)))
}

/// The genome of a dry run whose file does not exist.
fn stand_in(_: &str, _: OpenOptions) -> Result<Genomic> {
    let letters: String = (0..4000)
        .map(|i| ["A", "C", "G", "T"][(i * 7 + i / 5) % 4])
        .collect();
    let genome = genome_of_map(&Map::from([("chr1".into(), letters.into())]))?;
    Ok(Genomic(Arc::new(genome)))
}

/// Returns a genome of sequences in memory.
///
/// ```rhai
/// assert_eq(genome::from(#{ chr1: "ACGT" }).fetch("chr1", 1, 3), "CG");
/// ```
#[native(namespace = "genome")]
pub fn from(
    /// Map of chromosome names to sequences.
    sequences: &Map,
) -> Result<Genomic> {
    Ok(Genomic(Arc::new(genome_of_map(sequences)?)))
}

/// Returns the sequence of a range.
///
/// ```rhai
/// let g = genome::from(#{ chr1: "AACGTT" });
/// assert_eq(g.fetch("chr1", 0, 3), "AAC");
/// assert_eq(g.fetch("chr1", 0, 3, #{ strand: "-" }), "GTT");
/// assert_eq(g.fetch("chr1", 4, 8, #{ pad: true }), "TTNN");
/// ```
/// ```rhai,fails
/// genome::from(#{ chr1: "AACGTT" }).fetch("chr1", 4, 8);
/// //~ 4-8 is not within `chr1`
/// ```
#[native(namespace = "genome", form = method)]
pub fn fetch(
    this: &Genomic,
    /// Name of the chromosome.
    chrom: &str,
    /// First base, from 0.
    start: i64,
    /// End of the range, excluded.
    end: i64,
    options: FetchOptions,
) -> Result<String> {
    let range = Interval {
        chrom: this.0.chrom(chrom)?,
        strand: options.strand.into(),
        start,
        end,
    };
    if !options.pad {
        return this.0.fetch(&range).map(|codes| alphabet::decode(&codes));
    }
    let mut codes = Vec::new();
    this.0.fetch_into(&range, &mut codes)?;
    Ok(alphabet::decode(&codes))
}

/// Returns the sequences of intervals, of any lengths.
///
/// ```rhai
/// let g = genome::from(#{ chr1: "AACGTT" });
/// assert_eq(g.sequences(g.windows(3)), ["AAC", "GTT"]);
/// let gene = intervals::from(
///     #{ chrom: ["chr1"], start: [0], end: [6], block_sizes: ["2,1"], block_starts: ["0,5"] }
/// );
/// assert_eq(g.sequences(gene, #{ split: true }), ["AAT"]);
/// ```
#[native(namespace = "genome", form = method)]
pub fn sequences(
    this: &Genomic,
    /// Intervals that are read.
    intervals: &Places,
    options: SequencesOptions,
) -> Result<Vec<String>> {
    let cut = Cut {
        keep_case: options.case == LetterCase::Keep,
        split: options.split,
        by_strand: options.cut.use_strand,
    };
    let list = this.0.place(&intervals.0, options.cut.pad)?;
    this.0.cut(&list, &cut)
}

/// Writes the sequences of intervals as a FASTA file, as `bedtools getfasta`.
///
/// Intervals without bases are omitted, with a warning.
///
/// ```rhai
/// let g = genome::from(#{ chr1: "AACGTT" });
/// g.save_fasta("/tmp/cistron_example_cut.fa", g.windows(3));
/// assert_eq(genome::open("/tmp/cistron_example_cut.fa").names, ["chr1:0-3", "chr1:3-6"]);
/// ```
#[native(namespace = "genome", form = method)]
pub fn save_fasta(
    this: &Genomic,
    /// Path of the file.
    path: &str,
    /// Intervals that are written.
    intervals: &Places,
    options: SaveFastaOptions,
) -> Result<()> {
    let cut = Cut {
        keep_case: options.case == LetterCase::Keep,
        split: options.split,
        by_strand: options.cut.use_strand,
    };
    let list = this.0.place(&intervals.0, options.cut.pad)?;
    let (text, empty) = this
        .0
        .fasta(&list, &cut, options.name.into(), options.tab)?;
    if empty > 0 {
        warn(&format!(
            "{empty} of {} intervals hold no base and are left out",
            list.len()
        ));
    }
    crate::base::file::write_whole(&output_path(path)?, text.as_bytes())
}

/// Returns the sequences of intervals of one length, as codes.
///
/// A, C, G, T are 0, 1, 2, 3, other letters 4.
///
/// ```rhai
/// let g = genome::from(#{ chr1: "AACGTT" });
/// assert_eq(g.codes(g.windows(3)).shape, [2, 3]);
/// ```
#[native(
    namespace = "genome",
    form = method,
    returns = "tensor [intervals, length] uint8"
)]
pub fn codes(
    this: &Genomic,
    /// Intervals of one length.
    intervals: &Places,
    options: CutOptions,
) -> Result<Tensor> {
    codes_tensor(&this.0, &intervals.0, &options)
}

/// Returns the one-hot sequences of intervals of one length.
///
/// ```rhai
/// let g = genome::from(#{ chr1: "AACGTT" });
/// assert_eq(g.one_hot(g.windows(3)).shape, [2, 4, 3]);
/// ```
#[native(
    namespace = "genome",
    form = method,
    returns = "tensor [intervals, 4, length]"
)]
pub fn one_hot(
    this: &Genomic,
    /// Intervals of one length.
    intervals: &Places,
    options: CutOptions,
) -> Result<Tensor> {
    codes_tensor(&this.0, &intervals.0, &options)?.one_hot_codes()
}

/// The names of the chromosomes, in the order of the file.
///
/// ```rhai
/// assert_eq(genome::from(#{ chr1: "AACGTT" }).names, ["chr1"]);
/// ```
#[native(namespace = "genome", form = property)]
pub fn names(this: &Genomic) -> Vec<String> {
    this.0.contigs.names().to_vec()
}

/// The lengths of the chromosomes, in bp.
///
/// ```rhai
/// assert_eq(genome::from(#{ chr1: "AACGTT" }).sizes.chr1, 6);
/// ```
#[native(
    namespace = "genome",
    form = property,
    returns = "map of integers by chromosome"
)]
pub fn sizes(this: &Genomic) -> Map {
    let contigs = &this.0.contigs;
    let sizes = contigs.names().iter().zip(contigs.lengths());
    sizes
        .map(|(name, length)| (name.into(), (*length).into()))
        .collect()
}

/// Returns the chromosomes as intervals.
///
/// ```rhai
/// assert_eq(genome::from(#{ chr1: "AACGTT" }).chromosomes().len(), 1);
/// ```
#[native(namespace = "genome", form = method)]
pub fn chromosomes(this: &Genomic) -> Places {
    Places(Rc::new(this.0.chromosomes()))
}

/// Divides all chromosomes into windows of one size.
///
/// Bases at the end of a chromosome that do not fill a window are omitted.
///
/// ```rhai
/// let g = genome::from(#{ chr1: "AACGTTA" });
/// assert_eq(g.windows(3).len(), 2);
/// assert_eq(g.windows(3, #{ step: 1 }).len(), 5);
/// ```
#[native(namespace = "genome", form = method)]
pub fn windows(
    this: &Genomic,
    /// Length of the windows, in bp.
    #[check(min = 1)]
    size: i64,
    options: WindowsOptions,
) -> Places {
    let step = options.step.unwrap_or(size);
    Places(Rc::new(this.0.windows(size, step)))
}

/// Draws random regions of one length, uniformly over all positions.
///
/// ```rhai
/// let g = genome::from(#{ chr1: seq::random(1, 500, #{ seed: 1 })[0] });
/// let r = g.random(20, 30, #{
///     exclude: intervals::from(#{ chrom: ["chr1"], start: [100], end: [400] }), seed: 1
/// });
/// assert_eq(r.len(), 20);
/// assert(r.start.map(|s| s <= 70 || s >= 400).reduce(|a, b| a && b, true));
/// ```
#[native(namespace = "genome", form = method)]
pub fn random(
    this: &Genomic,
    /// Number of regions.
    #[check(min = 1)]
    n: i64,
    /// Length of each region, in bp.
    #[check(min = 1)]
    length: i64,
    options: RandomOptions,
) -> Result<Places> {
    let exclude = options.exclude.as_ref().map(|exclude| &*exclude.0);
    let seed = options.seed.seed();
    let regions = negatives::random(&this.0, n as usize, length, exclude, options.max_n, seed)?;
    Ok(Places(Rc::new(regions)))
}

/// Draws random regions that match the lengths and the GC contents of others.
///
/// They do not overlap the others, and serve as negatives that GC content does not distinguish from
/// positives. `.notes` reports how well the histograms of GC content agree.
///
/// ```rhai
/// let g = genome::from(#{ chr1: seq::random(1, 20_000, #{ seed: 1 })[0] });
/// let r = g.gc_matched(g.random(20, 50, #{ seed: 2 }), #{ width: 0.05, seed: 1 });
/// assert_eq(r.len(), 20);
/// assert(r.notes[0].contains("differs from the positives' by"));
/// ```
#[native(namespace = "genome", form = method)]
pub fn gc_matched(
    this: &Genomic,
    /// Regions that are matched.
    positives: &Places,
    options: GcMatchedOptions,
) -> Result<Places> {
    let matching = Matching {
        ratio: options.ratio,
        exclude: options.exclude.map(|exclude| (*exclude.0).clone()),
        width: options.width,
        unknown: options.max_n,
        is_short_allowed: options.short == Shortage::Accept,
        seed: options.seed.seed(),
    };
    let regions = negatives::gc_matched(&this.0, &positives.0, &matching)?;
    Ok(Places(Rc::new(regions)))
}

/// Computes the fraction of intervals in each bin of GC content.
///
/// ```rhai
/// let g = genome::from(#{ chr1: "AAAAGGGG" });
/// assert_eq(g.gc_histogram(g.windows(4), 0.5), [0.5, 0.0, 0.5]);
/// ```
#[native(
    namespace = "genome",
    form = method,
    returns = "array of numbers, bins of `width` from 0 to 1"
)]
pub fn gc_histogram(
    this: &Genomic,
    /// Intervals whose GC contents are counted.
    intervals: &Places,
    /// Width of the bins.
    #[check(min = 0.001, max = 1)]
    #[default(0.02)]
    width: f64,
) -> Result<Array> {
    negatives::histogram(&this.0, &intervals.0, width).map(array)
}

/// Returns the sequences of both alleles of variants, each around its variant.
///
/// An insertion shifts the bases on its right beyond the end of the sequence.
///
/// Alleles consist of A, C, G, T and N. Of symbolic alleles only `<DEL>` has a sequence, by its
/// interval: the first base remains, as in `bcftools consensus`. Others (`<DUP>`, `*`, breakends,
/// `-`, IUPAC codes) are an error. `mismatched` lists the variants whose reference allele differs
/// from the genome.
///
/// ```rhai
/// let g = genome::from(#{ chr1: "AACGTTAACC" });
/// let v = intervals::from(
///     #{ chrom: ["chr1"], start: [3], end: [4], reference: ["G"], alternate: ["T"] }
/// );
/// let pair = g.alleles(v, #{ length: 5 });
/// assert_eq([pair.reference[0], pair.alternate[0]], ["ACGTT", "ACTTT"]);
/// ```
#[native(
    namespace = "genome",
    form = method,
    returns = "map of reference, alternate: arrays of strings, and mismatched: array of row numbers"
)]
pub fn alleles(
    this: &Genomic,
    /// Intervals with the fields `reference` and `alternate`.
    variants: &Places,
    options: AllelesOptions,
) -> Result<Map> {
    let alleles = variants::alleles(&this.0, &variants.0, options.length)?;
    let letters = |rows: &[Vec<u8>]| array(rows.iter().map(|codes| alphabet::decode(codes)));
    let mismatched = array(alleles.mismatched.iter().map(|i| *i as i64));
    Ok(Map::from([
        ("reference".into(), letters(&alleles.reference).into()),
        ("alternate".into(), letters(&alleles.alternate).into()),
        ("mismatched".into(), mismatched.into()),
    ]))
}

/// The warnings of opening the file.
///
/// ```rhai
/// assert_eq(genome::from(#{ chr1: "AACGTT" }).notes, []);
/// ```
#[native(namespace = "genome", form = property)]
pub fn notes(this: &Genomic) -> Vec<String> {
    this.0.notes.clone()
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        open,
        from,
        fetch,
        sequences,
        save_fasta,
        codes,
        one_hot,
        names,
        sizes,
        chromosomes,
        windows,
        random,
        gc_matched,
        gc_histogram,
        alleles,
        notes,
    ]
}
