//! `genome::…`: reference genomes, and what is cut out of them.

use crate::base::{Interval, Result, Strand};
use crate::bind::types::codes_of;
use crate::data::negatives;
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::value::array;
use crate::lang::{Options, session};
use crate::seq::fasta::Records;
use crate::seq::genome::extract::{Cut, Title};
use crate::seq::{Genome, Intervals, Track, alphabet, variants};
use crate::torch::Tensor;
use crate::{bail, fault, natives};
use rhai::{Array, Map};
use std::rc::Rc;
use std::sync::Arc;

/// A genome as scripts hold it.
#[derive(Clone)]
pub struct Genomic(pub Arc<Genome>);

/// Intervals as scripts hold them.
#[derive(Clone)]
pub struct Places(pub Rc<Intervals>);

/// A track as scripts hold it.
#[derive(Clone)]
pub struct Signal(pub Arc<Track>);

crate::handle!(Genomic, "genome");
crate::handle!(Places, "intervals");
crate::handle!(Signal, "track");

const OPEN: &[Opt] = &[opt(
    "origin",
    OptKind::Int(0, MANY),
    "",
    "the coordinate of the first base where the file holds a stretch of a chromosome; a name such as 22:101-200 tells it",
)];
const FETCH: &[Opt] = &[
    opt(
        "strand",
        OptKind::Choice(&["+", "-"]),
        "\"+\"",
        "the strand that is read",
    ),
    opt(
        "pad",
        OptKind::Bool,
        "false",
        "whether what lies outside the chromosome is N; else it is an error",
    ),
];
const CUT: &[Opt] = &[
    opt(
        "pad",
        OptKind::Bool,
        "false",
        "whether what lies outside the chromosome is N; else it is an error",
    ),
    opt(
        "use_strand",
        OptKind::Bool,
        "false",
        "whether intervals on the reverse strand are read from there",
    ),
];
const SPLIT: Opt = opt(
    "split",
    OptKind::Bool,
    "false",
    "whether only the blocks of BED12 rows (exons) are cut out and put together",
);
const SEQUENCES: &[Opt] = &[
    CUT[0],
    CUT[1],
    SPLIT,
    opt(
        "case",
        OptKind::Choice(&["upper", "keep"]),
        "\"upper\"",
        "whether the lower case of soft-masked bases is kept; genomes in memory have none",
    ),
];
const EXTRACT: &[Opt] = &[
    CUT[0],
    CUT[1],
    SPLIT,
    opt(
        "case",
        OptKind::Choice(&["upper", "keep"]),
        "\"keep\"",
        "whether the lower case of soft-masked bases is kept; genomes in memory have none",
    ),
    opt(
        "name",
        OptKind::Choice(&["position", "name", "both"]),
        "\"position\"",
        "what records are called: chr1:10-20, the field `name`, or name::chr1:10-20",
    ),
    opt(
        "tab",
        OptKind::Bool,
        "false",
        "whether a name and a sequence are on each line, with a tab between",
    ),
];
const WINDOWS: &[Opt] = &[opt(
    "step",
    OptKind::Int(1, MANY),
    "",
    "bases from one start to the next; the size unless given",
)];
const RANDOM: &[Opt] = &[
    opt(
        "exclude",
        OptKind::Other("intervals"),
        "",
        "where none may lie",
    ),
    opt(
        "max_n",
        OptKind::Float(0.0, 1.0),
        "1",
        "the largest share of N",
    ),
    crate::bind::data::read::SEEDED,
];
const MATCHED: &[Opt] = &[
    opt(
        "ratio",
        OptKind::Float(0.0, 1e6),
        "1",
        "regions for each positive",
    ),
    opt(
        "exclude",
        OptKind::Other("intervals"),
        "",
        "where none may lie, besides the positives",
    ),
    opt(
        "width",
        OptKind::Float(0.001, 1.0),
        "0.02",
        "width of the bins of GC content",
    ),
    opt(
        "max_n",
        OptKind::Float(0.0, 1.0),
        "0.1",
        "the largest share of N",
    ),
    opt(
        "short",
        OptKind::Choice(&["error", "accept"]),
        "\"error\"",
        "what is done where the genome does not offer enough",
    ),
    crate::bind::data::read::SEEDED,
];
const ALLELES: &[Opt] = &[opt(
    "length",
    OptKind::Int(1, MANY),
    "1000",
    "bases of each sequence, around the variant",
)];

fn from_map(sequences: &Map) -> Result<Genomic> {
    let mut records = Records::default();
    for (name, value) in sequences {
        let text = value.clone().into_string().map_err(|_| {
            fault!(
                "type",
                "`{name}` must be a string of bases, got {}",
                session::describe(value)
            )
        })?;
        let (codes, _) = codes_of(&[text])?;
        if codes.is_empty() {
            bail!("value", "`{name}` holds no base");
        }
        records.names.push(name.to_string());
        records.offsets.push(records.codes.len());
        records.codes.extend(codes);
    }
    records.offsets.push(records.codes.len());
    Ok(Genomic(Arc::new(Genome::of_records(records))))
}

/// In a check, a genome that is not there is stood in for by a few random chromosomes.
fn open(path: &str, o: &Options) -> Result<Genomic> {
    match Genome::open(&session::find_input(path)?, o.maybe_int("origin")) {
        Err(fault) if fault.kind == "file" && session::is_dry() => {
            session::guess();
            let codes: String = (0..4000)
                .map(|i| ["A", "C", "G", "T"][(i * 7 + i / 5) % 4])
                .collect();
            from_map(&Map::from([("chr1".into(), codes.into())]))
        }
        other => {
            let genome = other?;
            genome
                .notes
                .iter()
                .for_each(|note| crate::bind::train::fit::warn(note));
            Ok(Genomic(Arc::new(genome)))
        }
    }
}

fn place(genome: &Genome, chrom: &str, start: i64, end: i64, o: &Options) -> Result<Interval> {
    let strand = if o.text("strand") == "-" {
        Strand::Reverse
    } else {
        Strand::Forward
    };
    Ok(Interval {
        chrom: genome.chrom(chrom)?,
        strand,
        start,
        end,
    })
}

fn fetch(genome: &Genome, place: &Interval, pad: bool) -> Result<String> {
    if !pad {
        return genome.fetch(place).map(|codes| alphabet::decode(&codes));
    }
    let mut out = Vec::new();
    genome.fetch_into(place, &mut out)?;
    Ok(alphabet::decode(&out))
}

fn save_fasta(genome: &Genome, path: &str, list: &Intervals, o: &Options) -> Result<()> {
    let how = Cut {
        keep_case: o.text("case") == "keep",
        split: o.flag("split"),
        by_strand: o.flag("use_strand"),
    };
    let title = match o.text("name").as_str() {
        "name" => Title::Name,
        "both" => Title::Both,
        _ => Title::Position,
    };
    let (text, empty) = genome.fasta(&placed(genome, list, o)?, &how, title, o.flag("tab"))?;
    if empty > 0 {
        crate::bind::train::fit::warn(&format!(
            "{empty} of {} intervals hold no base and are left out",
            list.len()
        ));
    }
    crate::base::file::write_whole(&crate::bind::tensor::file::written(path)?, text.as_bytes())
}

/// The intervals as places of a genome, checked.
fn places(genome: &Genome, list: &Intervals, o: &Options) -> Result<Vec<Interval>> {
    let own = placed(genome, list, o)?;
    let strand = |row: Interval| {
        if o.flag("use_strand") {
            row
        } else {
            Interval {
                strand: Strand::None,
                ..row
            }
        }
    };
    Ok(own.rows.into_iter().map(strand).collect())
}

/// The intervals by the chromosomes of a genome, which must hold them unless they are padded.
fn placed(genome: &Genome, list: &Intervals, o: &Options) -> Result<Intervals> {
    let own = list.in_genome(genome)?;
    if let Some(i) = own
        .rows
        .iter()
        .position(|row| !o.flag("pad") && !genome.holds(row))
    {
        return Err(genome
            .outside(&own.rows[i])
            .context(format!("interval {i}"))
            .hint("`#{ pad: true }` gives N outside"));
    }
    Ok(own)
}

fn codes(genome: &Genome, list: &Intervals, o: &Options) -> Result<Tensor> {
    use rayon::prelude::*;
    let places = places(genome, list, o)?;
    let length = places.first().map_or(0, Interval::len);
    if let Some(i) = places.iter().position(|row| row.len() != length) {
        bail!("data", "interval {i} ({}) has {} bases, those before it have {length}", list.shown(i), places[i].len(); hint: "`.resize({length})` gives them one length");
    }
    const GROUP: usize = 64;
    Tensor::filled(&[places.len() as i64, length], |out| {
        out.par_chunks_mut(length.max(1) as usize * GROUP)
            .zip(places.par_chunks(GROUP))
            .try_for_each_init(Vec::new, |room, (own, rows)| {
                room.clear();
                rows.iter()
                    .try_for_each(|row| genome.fetch_into(row, room))?;
                own.copy_from_slice(room);
                Ok(())
            })
    })
}

fn matched(genome: &Genomic, list: &Places, o: &Options) -> Result<Places> {
    let how = negatives::Matching {
        ratio: o.float("ratio"),
        exclude: o.get::<Places>("exclude")?.map(|list| (*list.0).clone()),
        width: o.float("width"),
        unknown: o.float("max_n"),
        is_short_allowed: o.text("short") == "accept",
        seed: crate::bind::data::read::seed(o),
    };
    let found = negatives::gc_matched(&genome.0, &list.0, &how)?;
    Ok(Places(Rc::new(found)))
}

fn alleles(genome: &Genome, list: &Intervals, length: i64) -> Result<Map> {
    let found = variants::alleles(genome, list, length as usize)?;
    let texts = |all: &[Vec<u8>]| {
        all.iter()
            .map(|codes| alphabet::decode(codes).into())
            .collect::<Array>()
    };
    let wrong: Array = found
        .mismatched
        .iter()
        .map(|i| (*i as i64).into())
        .collect();
    Ok(Map::from([
        ("reference".into(), texts(&found.reference).into()),
        ("alternate".into(), texts(&found.alternate).into()),
        ("mismatched".into(), wrong.into()),
    ]))
}

natives! { made in "genome" {
    /// Opens a genome: FASTA (plain with its `.fai`, which is made where it is not there; bgzipped;
    /// gzipped) or 2bit.
    ///
    /// A `.fai` is compared with the file (names, lengths, lines of every record) and made again,
    /// with a warning, where it is older or does not fit. Two records of one name are an error; a
    /// record without bases is kept, with length 0.
    ///
    /// Coordinates are 0-based and half-open. Chromosomes are found by any of their names: `chr1`
    /// or `1`, `chrM` or `MT`, and where they are numbered in Roman, `chrIV` or `chr4`.
    ///
    /// ```rhai
    /// seq::save_fasta("/tmp/cistron_example_genome.fa", #{ chr1: "ACGTACGT" });
    /// assert_eq(genome::open("/tmp/cistron_example_genome.fa").fetch("1", 2, 5), "GTA");
    /// ```
    /// ```rhai,fails
    /// genome::open("/nowhere.fa");
    /// //~ `/nowhere.fa`: no such file or directory
    /// ```
    function "open"(c, path: String; o = OPEN) -> "genome" { open(&path, &o) }

    /// Makes a genome of sequences in memory.
    ///
    /// ```rhai
    /// assert_eq(genome::from(#{ chr1: "ACGT" }).fetch("chr1", 1, 3), "CG");
    /// ```
    function "from"(c, sequences: Map) -> "genome" { from_map(&sequences) }
} }

natives! { methods in "genome" {
    /// Cuts one stretch out.
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
    method "fetch"(c, this: Genomic, chrom: String, start: i64, end: i64; o = FETCH) -> "string" { fetch(&this.0, &place(&this.0, &chrom, start, end, &o)?, o.flag("pad")) }

    /// Cuts intervals out, of any lengths.
    ///
    /// ```rhai
    /// let g = genome::from(#{ chr1: "AACGTT" });
    /// assert_eq(g.sequences(g.windows(3)), ["AAC", "GTT"]);
    /// let gene = intervals::from(#{ chrom: ["chr1"], start: [0], end: [6], block_sizes: ["2,1"], block_starts: ["0,5"] });
    /// assert_eq(g.sequences(gene, #{ split: true }), ["AAT"]);
    /// ```
    method "sequences"(c, this: Genomic, intervals: Places; o = SEQUENCES) -> "array of strings" {
        let how = Cut { keep_case: o.text("case") == "keep", split: o.flag("split"), by_strand: o.flag("use_strand") };
        Ok(array(this.0.cut(&placed(&this.0, &intervals.0, &o)?, &how)?))
    }

    /// Writes the sequences of intervals as FASTA, as `bedtools getfasta`; intervals without bases
    /// are left out.
    ///
    /// ```rhai
    /// let g = genome::from(#{ chr1: "AACGTT" });
    /// g.save_fasta("/tmp/cistron_example_cut.fa", g.windows(3));
    /// assert_eq(genome::open("/tmp/cistron_example_cut.fa").names, ["chr1:0-3", "chr1:3-6"]);
    /// ```
    method "save_fasta"(c, this: Genomic, path: String, intervals: Places; o = EXTRACT) -> "nothing" { save_fasta(&this.0, &path, &intervals.0, &o) }

    /// Cuts intervals of one length out, as codes: A C G T are 0 1 2 3, anything else 4.
    ///
    /// ```rhai
    /// let g = genome::from(#{ chr1: "AACGTT" });
    /// assert_eq(g.codes(g.windows(3)).shape, [2, 3]);
    /// ```
    method "codes"(c, this: Genomic, intervals: Places; o = CUT) -> "tensor [intervals, length] uint8" { codes(&this.0, &intervals.0, &o) }

    /// Cuts intervals of one length out, one-hot.
    ///
    /// ```rhai
    /// let g = genome::from(#{ chr1: "AACGTT" });
    /// assert_eq(g.one_hot(g.windows(3)).shape, [2, 4, 3]);
    /// ```
    method "one_hot"(c, this: Genomic, intervals: Places; o = CUT) -> "tensor [intervals, 4, length]" { codes(&this.0, &intervals.0, &o)?.one_hot_codes() }

    /// The names of its chromosomes, in the order of the file.
    ///
    /// ```rhai
    /// assert_eq(genome::from(#{ chr1: "AACGTT" }).names, ["chr1"]);
    /// ```
    property "names"(c, this: Genomic) -> "array of strings" { Ok(array(this.0.contigs.names().to_vec())) }

    /// The lengths of its chromosomes.
    ///
    /// ```rhai
    /// assert_eq(genome::from(#{ chr1: "AACGTT" }).sizes.chr1, 6);
    /// ```
    property "sizes"(c, this: Genomic) -> "map of whole numbers by chromosome" { Ok(this.0.contigs.names().iter().zip(this.0.contigs.lengths()).map(|(name, n)| (name.into(), (*n).into())).collect::<Map>()) }

    /// Its chromosomes as intervals.
    ///
    /// ```rhai
    /// assert_eq(genome::from(#{ chr1: "AACGTT" }).chromosomes().len(), 1);
    /// ```
    method "chromosomes"(c, this: Genomic) -> "intervals" { Ok(Places(Rc::new(this.0.chromosomes()))) }

    /// Cuts all chromosomes into windows of one size; what is left at an end is left out.
    ///
    /// ```rhai
    /// let g = genome::from(#{ chr1: "AACGTTA" });
    /// assert_eq(g.windows(3).len(), 2);
    /// assert_eq(g.windows(3, #{ step: 1 }).len(), 5);
    /// ```
    method "windows"(c, this: Genomic, size: i64; o = WINDOWS) -> "intervals" {
        crate::bind::nn::layers::positive(&[("size", size)])?;
        Ok(Places(Rc::new(this.0.windows(size, o.maybe_int("step").unwrap_or(size)))))
    }

    /// Draws random regions of one length, every place as likely.
    ///
    /// ```rhai
    /// let g = genome::from(#{ chr1: seq::random(1, 500, #{ seed: 1 })[0] });
    /// let r = g.random(20, 30, #{ exclude: intervals::from(#{ chrom: ["chr1"], start: [100], end: [400] }), seed: 1 });
    /// assert_eq(r.len(), 20);
    /// assert(r.start.map(|s| s <= 70 || s >= 400).reduce(|a, b| a && b, true));
    /// ```
    method "random"(c, this: Genomic, n: i64, length: i64; o = RANDOM) -> "intervals" {
        crate::bind::nn::layers::positive(&[("n", n), ("length", length)])?;
        let exclude = o.get::<Places>("exclude")?;
        Ok(Places(Rc::new(negatives::random(&this.0, n as usize, length, exclude.as_ref().map(|e| &*e.0), o.float("max_n"), crate::bind::data::read::seed(&o))?)))
    }

    /// Draws random regions with the lengths and the GC contents of others, outside of them:
    /// negatives that GC content cannot tell from positives. `.notes` says how well the two
    /// histograms agree.
    ///
    /// ```rhai
    /// let g = genome::from(#{ chr1: seq::random(1, 20_000, #{ seed: 1 })[0] });
    /// let r = g.gc_matched(g.random(20, 50, #{ seed: 2 }), #{ width: 0.05, seed: 1 });
    /// assert_eq(r.len(), 20);
    /// assert(r.notes[0].contains("differs from the positives' by"));
    /// ```
    method "gc_matched"(c, this: Genomic, positives: Places; o = MATCHED) -> "intervals" { matched(&this, &positives, &o) }

    /// Computes the share of intervals in each bin of GC content.
    ///
    /// ```rhai
    /// let g = genome::from(#{ chr1: "AAAAGGGG" });
    /// assert_eq(g.gc_histogram(g.windows(4), 0.5), [0.5, 0.0, 0.5]);
    /// ```
    method "gc_histogram"(c, this: Genomic, intervals: Places, width: Option<f64>) -> "array of numbers, bins of `width` (0.02) from 0 to 1" {
        let width = width.unwrap_or(0.02);
        if !(0.001..=1.0).contains(&width) {
            bail!("value", "`width` must be from 0.001 to 1, got {width}");
        }
        Ok(array(negatives::histogram(&this.0, &intervals.0, width)?))
    }

    /// Makes the sequences of both alleles of variants, each around its variant; an insertion
    /// pushes the right end out.
    ///
    /// Alleles are written in A, C, G, T and N. Of symbolic ones `<DEL>` has a sequence, by its
    /// interval: the first base is left, as in `bcftools consensus`. Others (`<DUP>`, `*`,
    /// breakends, `-`, IUPAC codes) are an error.
    ///
    /// `mismatched` lists the variants whose reference allele is not what the genome holds.
    ///
    /// ```rhai
    /// let g = genome::from(#{ chr1: "AACGTTAACC" });
    /// let v = intervals::from(#{ chrom: ["chr1"], start: [3], end: [4], reference: ["G"], alternate: ["T"] });
    /// let pair = g.alleles(v, #{ length: 5 });
    /// assert_eq([pair.reference[0], pair.alternate[0]], ["ACGTT", "ACTTT"]);
    /// ```
    method "alleles"(c, this: Genomic, variants: Places; o = ALLELES) -> "map of reference, alternate: arrays of strings, and mismatched: array of row numbers" { alleles(&this.0, &variants.0, o.int("length")) }

    /// What opening it had to say.
    ///
    /// ```rhai
    /// assert_eq(genome::from(#{ chr1: "AACGTT" }).notes, []);
    /// ```
    property "notes"(c, this: Genomic) -> "array of strings" { Ok(array(this.0.notes.clone())) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [made(), methods()].into_iter().flatten().collect()
}
