//! `explain::…`: effects of variants, and the design of sequences.

use crate::base::delimited::Style;
use crate::base::file::Draft;
use crate::base::table::{Cells, Table};
use crate::base::{Fault, Result};
use crate::bind::args::explain::{BatchOptions, ContrastOptions, Labels, OneLabel};
use crate::bind::args::path::output_path;
use crate::bind::args::samples::sequence_length;
use crate::bind::types::{Genomic, Tabled};
use crate::bind::warnings::warn;
use crate::explain::design::{Designed, Plan, improved};
use crate::explain::incremental::{Change, values};
use crate::explain::target::{Still, Target};
use crate::lang::value::{array, mismatch};
use crate::lang::{FromValue, IntoValue, Native, Options, native, natives_of, session};
use crate::nn::Model;
use crate::seq::variants::{Reader, State, Variant};
use crate::seq::{Genome, alphabet};
use crate::{bail, fault};
use rhai::{Array, Dynamic, Map, NativeCallContext};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::rc::Rc;

/// Options of `explain::variants`.
#[derive(Options)]
pub struct VariantsOptions {
    /// Outputs whose effects are computed, counted from 0; several have columns each.
    #[option(default = "all")]
    label: Labels,
    #[option(flatten)]
    contrast: ContrastOptions,
    /// Whether windows are also read on the reverse strand; the effects of both strands and their
    /// mean are in the table.
    #[option(default = false)]
    both_strands: bool,
    /// Whether indels are moved as far to the left as possible before windows are read.
    #[option(default = true)]
    normalise: bool,
    /// Path of a file that results are written to, .tsv or .vcf (the input with INFO fields); the
    /// table then holds the first rows only.
    save: Option<String>,
    #[option(flatten)]
    batch: BatchOptions,
}

/// Options of `explain::design`.
#[derive(Options)]
pub struct DesignOptions {
    /// Output that is increased, counted from 0, or a function of all outputs.
    #[option(default = 0)]
    label: OneLabel,
    #[option(flatten)]
    contrast: ContrastOptions,
    /// Largest number of substitutions.
    #[option(default = 20, min = 1)]
    steps: usize,
    /// Number of sequences that each step keeps (beam search); 1 is a greedy search.
    #[option(default = 1, min = 1)]
    beam: usize,
    /// Ranges that do not change: [start, end], from 0, end exclusive.
    keep: Option<Ranges>,
    #[option(flatten)]
    batch: BatchOptions,
}

/// Ranges of positions, from 0, end exclusive.
pub struct Ranges(Vec<[usize; 2]>);

impl FromValue for Ranges {
    fn kind() -> String {
        "array of pairs [start, end]".into()
    }
    fn from_value(value: &mut Dynamic, context: &NativeCallContext) -> Result<Self> {
        let wrong = |value: &Dynamic| {
            let mut fault = mismatch(&Self::kind(), value);
            fault.kind = "option";
            fault
        };
        let items = Array::from_value(value, context).map_err(|_| wrong(value))?;
        let range = |mut item: Dynamic| {
            let ends = Vec::<i64>::from_value(&mut item, context);
            match ends.unwrap_or_default()[..] {
                [start, end] if 0 <= start && start < end => Ok([start as usize, end as usize]),
                _ => Err(wrong(&item)),
            }
        };
        let ranges = items.into_iter().map(range);
        ranges.collect::<Result<_>>().map(Ranges)
    }
}

/// Number of variants that are evaluated together.
const CHUNK: usize = 2048;

/// Number of rows of the table where results are written to a file.
const SHOWN: usize = 1000;

/// Numbers of one variant: for each label the value of both alleles, and the effect on each strand.
struct Effect {
    variant: Variant,
    state: State,
    /// For each label: reference, alternate, effect, effect of the forward and the reverse strand.
    numbers: Vec<[f64; 5]>,
}

/// The effects of some variants.
fn chunk(
    still: &Still,
    targets: &[Target],
    genome: &Genome,
    variants: Vec<Variant>,
    options: &VariantsOptions,
) -> Result<Vec<Effect>> {
    let length = sequence_length(still.net())?;
    let both_strands = options.both_strands;
    let mut out = Vec::with_capacity(variants.len());
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for variant in variants {
        let state = variant.state(genome)?;
        if state == State::Fits {
            let placed = if options.normalise {
                variant.normalised(genome)?
            } else {
                variant.clone()
            };
            let (reference, alternate) = placed.window(genome, length)?;
            before.extend(reference);
            after.extend(alternate);
        }
        out.push(Effect {
            variant,
            state,
            numbers: vec![[f64::NAN; 5]; targets.len()],
        });
    }
    let reversed = |codes: &[u8]| {
        let mut codes = codes.to_vec();
        codes
            .chunks_exact_mut(length)
            .for_each(alphabet::reverse_complement);
        codes
    };
    let of = |codes: &[u8], targets: &[Target]| {
        values(still, codes, length, targets, options.batch.rows())
    };
    let (reference, alternate) = (of(&before, targets)?, of(&after, targets)?);
    let reverse: Vec<Target> = targets.iter().map(|target| target.reverse(None)).collect();
    let reverse_values = if both_strands {
        Some((
            of(&reversed(&before), &reverse)?,
            of(&reversed(&after), &reverse)?,
        ))
    } else {
        None
    };
    let fitting = out.iter_mut().filter(|effect| effect.state == State::Fits);
    for (i, effect) in fitting.enumerate() {
        for (label, numbers) in effect.numbers.iter_mut().enumerate() {
            let (reference, alternate) = (reference[label][i], alternate[label][i]);
            let forward = alternate - reference;
            *numbers = match &reverse_values {
                None => [reference, alternate, forward, forward, f64::NAN],
                Some((r, a)) => {
                    let (r, a) = (r[label][i], a[label][i]);
                    [
                        f64::midpoint(reference, r),
                        f64::midpoint(alternate, a),
                        f64::midpoint(forward, a - r),
                        forward,
                        a - r,
                    ]
                }
            };
        }
    }
    Ok(out)
}

const NUMBERS: [&str; 5] = [
    "reference_value",
    "alternate_value",
    "effect",
    "effect_forward",
    "effect_reverse",
];

/// Names of the columns of numbers, with the label as a suffix where there are several.
fn columns(labels: usize, both_strands: bool) -> Vec<(usize, usize, String)> {
    let count = if both_strands { 5 } else { 3 };
    (0..labels)
        .flat_map(|label| {
            (0..count).map(move |i| {
                (
                    label,
                    i,
                    if labels == 1 {
                        NUMBERS[i].to_string()
                    } else {
                        format!("{}_{label}", NUMBERS[i])
                    },
                )
            })
        })
        .collect()
}

fn tabled(effects: &[Effect], labels: usize, both_strands: bool) -> Result<Tabled> {
    let text = |of: &dyn Fn(&Effect) -> String| Cells::Text(effects.iter().map(of).collect());
    let mut all: Vec<(String, Cells)> = vec![
        ("chrom".into(), text(&|e| e.variant.chrom.clone())),
        (
            "start".into(),
            Cells::Whole(effects.iter().map(|e| e.variant.start).collect()),
        ),
        ("name".into(), text(&|e| e.variant.name.clone())),
        ("reference".into(), text(&|e| e.variant.reference.clone())),
        ("alternate".into(), text(&|e| e.variant.alternate.clone())),
        ("state".into(), text(&|e| e.state.word().into())),
    ];
    for (label, i, name) in columns(labels, both_strands) {
        all.push((
            name,
            Cells::Number(effects.iter().map(|e| e.numbers[label][i]).collect()),
        ));
    }
    Ok(Tabled(Rc::new(Table::new(all)?)))
}

/// The file that results are written to.
struct Sink {
    out: std::io::BufWriter<std::fs::File>,
    draft: Draft,
    path: std::path::PathBuf,
    is_vcf: bool,
    style: Style,
}

impl Sink {
    fn open(path: &Path, header: &[String], labels: usize, both_strands: bool) -> Result<Sink> {
        let draft = Draft::of(path)?;
        let file =
            std::fs::File::create(draft.part()).map_err(|error| Fault::file(path, &error))?;
        let is_vcf = path.extension().is_some_and(|end| end == "vcf");
        let mut sink = Sink {
            out: std::io::BufWriter::new(file),
            draft,
            path: path.into(),
            is_vcf,
            style: Style::of(path),
        };
        let names: Vec<String> = columns(labels, both_strands)
            .into_iter()
            .map(|(_, _, name)| name)
            .collect();
        if sink.is_vcf {
            let (last, first) = header
                .split_last()
                .ok_or_else(|| fault!("file", "a .vcf file is only written from a .vcf file"))?;
            let infos = names.iter().map(|name| {
                format!(
                    "##INFO=<ID={},Number=A,Type=Float,Description=\"{}\">",
                    name.to_uppercase(),
                    name.replace('_', " ")
                )
            });
            for line in first.iter().cloned().chain(infos).chain([last.clone()]) {
                sink.line(&line)?;
            }
        } else {
            let cells = ["chrom", "start", "name", "reference", "alternate", "state"].into_iter();
            sink.row(cells.chain(names.iter().map(String::as_str)))?;
        }
        Ok(sink)
    }

    fn line(&mut self, text: &str) -> Result<()> {
        writeln!(self.out, "{text}").map_err(|error| Fault::file(&self.path, &error))
    }

    fn row<'a>(&mut self, cells: impl Iterator<Item = &'a str>) -> Result<()> {
        let text = self.style.row(cells);
        self.line(text.trim_end_matches('\n'))
    }

    /// Moves the whole file into place.
    fn close(mut self) -> Result<()> {
        self.out
            .flush()
            .map_err(|error| Fault::file(&self.path, &error))?;
        self.draft.commit()
    }

    /// The effects of one line of the input.
    fn write(&mut self, line: &str, effects: &[Effect], both_strands: bool) -> Result<()> {
        let number = |x: f64| {
            if x.is_nan() {
                ".".to_string()
            } else {
                crate::base::table::short(x)
            }
        };
        let labels = effects.first().map_or(0, |effect| effect.numbers.len());
        if self.is_vcf {
            let mut cells: Vec<String> = line.split('\t').map(String::from).collect();
            cells.resize(cells.len().max(8), ".".into());
            let infos: Vec<String> = columns(labels, both_strands)
                .into_iter()
                .map(|(label, i, name)| {
                    format!(
                        "{}={}",
                        name.to_uppercase(),
                        effects
                            .iter()
                            .map(|e| number(e.numbers[label][i]))
                            .collect::<Vec<_>>()
                            .join(",")
                    )
                })
                .collect();
            if !infos.is_empty() {
                cells[7] = if cells[7] == "." {
                    infos.join(";")
                } else {
                    format!("{};{}", cells[7], infos.join(";"))
                };
            }
            return self.line(&cells.join("\t"));
        }
        for effect in effects {
            let v = &effect.variant;
            let numbers: Vec<String> = columns(labels, both_strands)
                .into_iter()
                .map(|(label, i, _)| number(effect.numbers[label][i]))
                .collect();
            let start = v.start.to_string();
            let cells = [
                &v.chrom,
                &start,
                &v.name,
                &v.reference,
                &v.alternate,
                effect.state.word(),
            ]
            .into_iter();
            self.row(cells.chain(numbers.iter().map(String::as_str)))?;
        }
        Ok(())
    }
}

/// Counts of the variants without effects by their state, and the first of each.
type States = BTreeMap<&'static str, (usize, Variant)>;

/// What to do about variants of a state.
fn advice(state: &str) -> &'static str {
    match state {
        "swapped" => {
            "; the alternate allele is in the genome: are reference and alternate exchanged?"
        }
        "mismatched" => "; is the genome of another assembly?",
        "no sequence" => {
            "; alleles are written in A, C, G, T and N, an indel with the base before it (`bcftools norm -f genome.fa`)"
        }
        "symbolic" => {
            "; of symbolic alleles only <DEL> has a sequence, where END or SVLEN states its length"
        }
        _ => "",
    }
}

fn warn_of(states: States, total: usize) {
    for (state, (count, first)) in states {
        warn(&format!(
            "{count} of {total} variants: {state}, such as {}:{} {}>{}{}",
            first.chrom,
            first.start + 1,
            first.reference,
            first.alternate,
            advice(state)
        ));
    }
}

/// The bases that a design does not change.
fn kept(length: usize, ranges: &[[usize; 2]]) -> Result<Vec<bool>> {
    let mut kept = vec![false; length];
    for [start, end] in ranges {
        let Some(range) = kept.get_mut(*start..*end) else {
            bail!(
                "option",
                "option `keep` must be an array of pairs [start, end] within {length} bp, got [{start}, {end}]"
            );
        };
        range.fill(true);
    }
    Ok(kept)
}

/// The substitutions of a design, in order.
fn changes_of(designed: &Designed) -> Result<Tabled> {
    let changes = &designed.changes;
    let text = |code: fn(&Change) -> u8| {
        let letters = changes
            .iter()
            .map(|(change, _)| alphabet::decode(&[code(change)]));
        Cells::Text(letters.collect())
    };
    let positions = changes.iter().map(|(change, _)| change.position as i64);
    let values = changes.iter().map(|(_, value)| *value);
    let columns = vec![
        ("position".into(), Cells::Whole(positions.collect())),
        ("from".into(), text(|change| change.from)),
        ("to".into(), text(|change| change.to)),
        ("value".into(), Cells::Number(values.collect())),
    ];
    Ok(Tabled(Rc::new(Table::new(columns)?)))
}

/// Computes the effect of each variant of a VCF file on an output.
///
/// A window of the length of the network's input is centred at each variant, with the reference and
/// with the alternate allele. Bases after an insertion are shifted out of the window, bases after a
/// deletion are shifted in.
///
/// Variants without effects have a `state` other than "ok": "swapped" where the alternate allele is
/// in the genome, "mismatched" where neither allele is, "outside" (of the chromosome), "unknown
/// chromosome", "symbolic" (`<DUP>`, `*`, breakends), "no sequence" (`-`, IUPAC codes). `<DEL>` with
/// `END` or `SVLEN` is a deletion that leaves its first base, as in `bcftools consensus`.
///
/// ```rhai
/// save_text("/tmp/cistron_example.vcf", "##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nchr1\t6\trs1\tC\tT\t.\t.\t.\nchr1\t7\t.\tA\tG\t.\t.\t.\n");
/// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 6], #{ seed: 1 });
/// let assembly = genome::from(#{ chr1: "ACGTACGTACGT" });
/// let effects = explain::variants(net, "/tmp/cistron_example.vcf", assembly);
/// assert_eq(effects["state"], ["ok", "swapped"]);
/// let first = effects[0];
/// assert_near(first.effect, first.alternate_value - first.reference_value, 1e-6);
/// ```
/// ```rhai,fails
/// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 6]);
/// explain::variants(net, "/nowhere.vcf", genome::from(#{ chr1: "ACGT" }));
/// //~ `/nowhere.vcf`: no such file or directory
/// ```
#[native(
    namespace = "explain",
    returns = "table: chrom, start, name, reference, alternate, state, and numbers of each label",
    dry = no_variants
)]
pub fn variants(
    /// Network of one input, sequences [4, length].
    net: &Model,
    /// Path of a VCF file, plain or gzipped; it is streamed.
    variants: &str,
    /// Reference genome of the variants.
    genome: &Genomic,
    options: VariantsOptions,
) -> Result<Tabled> {
    let targets = options.contrast.targets(net, &options.label)?.list;
    let (labels, both_strands) = (targets.len(), options.both_strands);
    let path = session::find_input(variants)?;
    let mut reader = Reader::open(&path)?;
    let still = Still::of(net)?;
    let mut sink = match &options.save {
        Some(path) => Some(Sink::open(
            &output_path(path)?,
            &reader.header,
            labels,
            both_strands,
        )?),
        None => None,
    };
    let mut shown: Vec<Effect> = Vec::new();
    let (mut states, mut total) = (States::new(), 0);
    loop {
        let (mut lines, mut variants) = (Vec::new(), Vec::new());
        while variants.len() < CHUNK
            && let Some((line, record)) = reader.next_record()?
        {
            lines.push((line, record.len()));
            variants.extend(record);
        }
        if lines.is_empty() {
            break;
        }
        let effects = chunk(&still, &targets, &genome.0, variants, &options)?;
        total += effects.len();
        for effect in effects.iter().filter(|effect| effect.state != State::Fits) {
            let first = || (0, effect.variant.clone());
            states.entry(effect.state.word()).or_insert_with(first).0 += 1;
        }
        let Some(sink) = &mut sink else {
            shown.extend(effects);
            continue;
        };
        let mut rest = &effects[..];
        for (line, count) in &lines {
            let (record, others) = rest.split_at(*count);
            sink.write(line, record, both_strands)?;
            rest = others;
        }
        shown.extend(effects.into_iter().take(SHOWN.saturating_sub(shown.len())));
    }
    if let Some(sink) = sink {
        sink.close()?;
    }
    warn_of(states, total);
    tabled(&shown, labels, both_strands)
}

/// The result of `explain::variants` in a dry run.
fn no_variants(net: &Model, _: &str, _: &Genomic, options: VariantsOptions) -> Result<Tabled> {
    let targets = options.contrast.targets(net, &options.label)?.list;
    tabled(&[], targets.len(), options.both_strands)
}

/// Substitutes bases of a sequence one by one so that an output increases.
///
/// Each step evaluates all single substitutions and keeps the best `beam` sequences; a step without
/// improvement ends the search.
///
/// Returns a map: sequence, value (its output), changes (a table: position, from, to, value),
/// values (after each substitution).
///
/// ```rhai
/// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 8], #{ seed: 1 });
/// let designed = explain::design(net, "AAAAAAAA", #{ steps: 3, keep: [[0, 4]] });
/// assert(designed.sequence.starts_with("AAAA"));
/// assert(designed.value >= net.forward(seq::one_hot(["AAAAAAAA"])).item());
/// ```
/// ```rhai,fails
/// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 8]);
/// explain::design(net, "ACGT");
/// //~ takes sequences of 8 bp, `sequence` has 4
/// ```
#[native(
    namespace = "explain",
    returns = "map: sequence, value, changes, values"
)]
pub fn design(
    /// Network of one input, sequences [4, length].
    net: &Model,
    /// Initial sequence, of the length that the network takes.
    sequence: &str,
    options: DesignOptions,
) -> Result<Map> {
    let codes = alphabet::codes(sequence)?;
    let length = sequence_length(net)?;
    if codes.len() != length {
        bail!(
            "shape",
            "the network takes sequences of {length} bp, `sequence` has {}",
            codes.len()
        );
    }
    let target = options.contrast.target_of(net, &options.label)?;
    let ranges = options.keep.map_or(Vec::new(), |ranges| ranges.0);
    let plan = Plan {
        steps: options.steps,
        width: options.beam,
        keep: kept(length, &ranges)?,
        batch: options.batch.rows(),
    };
    let designed = improved(&Still::of(net)?, &codes, &target, &plan)?;
    let values = array(designed.changes.iter().map(|(_, value)| *value));
    Ok(Map::from([
        ("sequence".into(), alphabet::decode(&designed.codes).into()),
        ("value".into(), designed.value.into()),
        ("changes".into(), changes_of(&designed)?.into_value()),
        ("values".into(), values.into()),
    ]))
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![variants, design]
}
