//! `genome::…`: reference genomes, and sequences and regions of them.

use crate::base::{Interval, Result, Strand};
use crate::bind::args::genome::StrandName;
use crate::bind::args::path::output_path;
use crate::bind::args::sequence::codes_of;
use crate::bind::types::{Genomic, Places};
use crate::bind::warnings::warn;
use crate::fault;
use crate::lang::{Choice, Native, Options, native, natives_of, session};
use crate::seq::genome::extract::{Cut, Title};
use crate::seq::{Genome, Intervals, alphabet};
use crate::torch::Tensor;
use rhai::{Dynamic, Identifier, Map};
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
        notes,
    ]
}
