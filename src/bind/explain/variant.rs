//! `explain::…`: effects of variants, and the design of sequences.

use crate::bail;
use crate::base::Result;
use crate::base::table::Cells;
use crate::bind::args::explain::{BatchOptions, ContrastOptions, Labels, OneLabel};
use crate::bind::args::path::output_path;
use crate::bind::args::samples::sequence_length;
use crate::bind::types::{Genomic, Tabled};
use crate::bind::warnings::warn;
use crate::explain::design::{self, Designed};
use crate::explain::effects::{self, Columns, EffectSettings};
use crate::explain::incremental::Change;
use crate::explain::target::{Still, Target};
use crate::lang::value::{array, mismatch};
use crate::lang::{FromValue, IntoValue, Native, Options, native, natives_of, session};
use crate::nn::Model;
use crate::seq::alphabet;
use rhai::{Array, Dynamic, Map, NativeCallContext};
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

impl VariantsOptions {
    /// How the effects on targets are computed.
    fn plan<'a>(
        &self,
        net: &Model,
        genome: &'a Genomic,
        targets: &'a [Target],
    ) -> Result<EffectSettings<'a>> {
        Ok(EffectSettings {
            genome: &genome.0,
            targets,
            length: sequence_length(net)?,
            both_strands: self.both_strands,
            normalise: self.normalise,
            batch: self.batch.rows(),
        })
    }
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
    Tabled::of(columns)
}

/// Computes the effect of each variant of a VCF file on an output.
///
/// A window of the length of the network's input is centred at each variant, with the reference and
/// with the alternate allele: the first base of a substitution is at index (length - 1) / 2 of it,
/// rounded down. Bases after an insertion are shifted out of the window, bases after a deletion are
/// shifted in.
///
/// Variants without effects have a `state` other than "ok": "swapped" where the alternate allele is
/// in the genome, "mismatched" where neither allele is, "outside" (of the chromosome), "unknown
/// chromosome", "symbolic" (`<DUP>`, `*`, breakends), "no sequence" (`-`, IUPAC codes). `<DEL>`
/// with `END` or `SVLEN` is a deletion that leaves its first base, as in `bcftools consensus`.
///
/// ```rhai
/// let header = "##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";
/// let rows = "chr1\t6\trs1\tC\tT\t.\t.\t.\nchr1\t7\t.\tA\tG\t.\t.\t.\n";
/// save_text("/tmp/cistron_example.vcf", header + rows);
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
    let path = session::find_input(variants)?;
    let plan = options.plan(net, genome, &targets)?;
    let save = options.save.as_deref().map(output_path).transpose()?;
    let effects = plan.stream(&Still::of(net)?, &path, save.as_deref())?;
    for skipped in effects.skipped.values() {
        warn(&skipped.text(effects.total));
    }
    let table = effects::table(&effects.shown, plan.columns())?;
    Ok(Tabled(Rc::new(table)))
}

/// The result of `explain::variants` in a dry run.
fn no_variants(net: &Model, _: &str, _: &Genomic, options: VariantsOptions) -> Result<Tabled> {
    let targets = options.contrast.targets(net, &options.label)?.list;
    let columns = Columns {
        labels: targets.len(),
        both_strands: options.both_strands,
    };
    Ok(Tabled(Rc::new(effects::table(&[], columns)?)))
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
    let plan = design::DesignPlan {
        steps: options.steps,
        width: options.beam,
        keep: design::kept(length, &ranges)?,
        batch: options.batch.rows(),
    };
    let designed = design::improved(&Still::of(net)?, &codes, &target, &plan)?;
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
