//! `explain::…`: what variants do, and sequences made to order.

use crate::base::delimited::Style;
use crate::base::file::Draft;
use crate::base::table::{Cells, Table};
use crate::base::{Fault, Result};
use crate::bind::explain::attribution::{AGAINST, BATCH, POSITION, targets};
use crate::bind::seq::genome::Genomic;
use crate::bind::train::fit::warn;
use crate::bind::types::Tabled;
use crate::explain::design::{Plan, improved};
use crate::explain::mutagenesis::values;
use crate::explain::target::{Still, Target};
use crate::lang::options::{MANY, Opt, OptKind, opt};
use crate::lang::{IntoValue, Options, session};
use crate::nn::{Model, Shape};
use crate::seq::variants::{Reader, State, Variant};
use crate::seq::{Genome, alphabet};
use crate::{bail, fault, natives};
use rhai::{Array, Dynamic, Map};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::rc::Rc;

const LABEL: Opt = opt(
    "label",
    OptKind::Other("whole number, array of them, \"all\", or a function |y| one number a sample"),
    "\"all\"",
    "which outputs are told, counted from 0; each has columns of its own",
);
const VARIANTS: &[Opt] = &[
    LABEL,
    AGAINST,
    POSITION,
    opt(
        "both_strands",
        OptKind::Bool,
        "false",
        "whether windows are also read on the other strand; effects of both are told, and their mean",
    ),
    opt(
        "normalise",
        OptKind::Bool,
        "true",
        "whether variants are moved as far left as they can stand before windows are laid around them",
    ),
    opt(
        "save",
        OptKind::Text,
        "",
        "a file that results are streamed into, .tsv or .vcf (the input with INFO fields); the table then holds the first rows alone",
    ),
    BATCH,
];
const DESIGN: &[Opt] = &[
    opt(
        "label",
        OptKind::Other("whole number, or a function |y| one number a sample"),
        "0",
        "what is to be large: an output, or what a function makes of the outputs",
    ),
    AGAINST,
    POSITION,
    opt(
        "steps",
        OptKind::Int(1, MANY),
        "20",
        "bases that are changed, at most",
    ),
    opt(
        "beam",
        OptKind::Int(1, MANY),
        "1",
        "sequences kept from one step to the next; 1 is greedy",
    ),
    opt(
        "keep",
        OptKind::Other("array of pairs [start, end]"),
        "",
        "stretches that stay as they are, 0-based, half-open",
    ),
    BATCH,
];
/// Variants that are looked at together.
const CHUNK: usize = 2048;
/// Rows of the table where results go to a file.
const SHOWN: usize = 1000;

/// Numbers of one variant: for each label the value with either allele, and the effect on each
/// strand that was read.
struct Effect {
    variant: Variant,
    state: State,
    /// Of each label: reference, alternate, effect, effect forwards, effect backwards.
    numbers: Vec<[f64; 5]>,
}

fn length_of(net: &Model) -> Result<usize> {
    match net.input() {
        Shape::One(shape) if matches!(shape[..], [4, _]) => Ok(shape[1] as usize),
        _ => bail!(
            "shape",
            "this takes networks of one input, sequences [4, length]"
        ),
    }
}

fn chunk(
    still: &Still,
    targets: &[Target],
    genome: &Genome,
    variants: Vec<Variant>,
    o: &Options,
) -> Result<Vec<Effect>> {
    let length = length_of(still.net())?;
    let both = o.flag("both_strands");
    let mut out = Vec::with_capacity(variants.len());
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for variant in variants {
        let state = variant.state(genome)?;
        if state == State::Fits {
            let placed = if o.flag("normalise") {
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
    let turned = |codes: &[u8]| {
        let mut codes = codes.to_vec();
        codes
            .chunks_exact_mut(length)
            .for_each(alphabet::reverse_complement);
        codes
    };
    let of = |codes: &[u8], targets: &[Target]| {
        values(still, codes, length, targets, o.int("batch") as usize)
    };
    let (reference, alternate) = (of(&before, targets)?, of(&after, targets)?);
    let reverse: Vec<Target> = targets.iter().map(|target| target.reverse(None)).collect();
    let other = if both {
        Some((
            of(&turned(&before), &reverse)?,
            of(&turned(&after), &reverse)?,
        ))
    } else {
        None
    };
    let fitting = out.iter_mut().filter(|effect| effect.state == State::Fits);
    for (i, effect) in fitting.enumerate() {
        for (label, numbers) in effect.numbers.iter_mut().enumerate() {
            let (reference, alternate) = (reference[label][i], alternate[label][i]);
            let forward = alternate - reference;
            *numbers = match &other {
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

/// Names of the columns of numbers, with the label where there are several.
fn columns(labels: usize, both: bool) -> Vec<(usize, usize, String)> {
    let count = if both { 5 } else { 3 };
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

fn tabled(effects: &[Effect], labels: usize, both: bool) -> Result<Tabled> {
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
    for (label, i, name) in columns(labels, both) {
        all.push((
            name,
            Cells::Number(effects.iter().map(|e| e.numbers[label][i]).collect()),
        ));
    }
    Ok(Tabled(Rc::new(Table::new(all)?)))
}

/// Where results go as they come.
struct Sink {
    out: std::io::BufWriter<std::fs::File>,
    draft: Draft,
    path: std::path::PathBuf,
    is_vcf: bool,
    style: Style,
}

impl Sink {
    fn open(path: &Path, header: &[String], labels: usize, both: bool) -> Result<Sink> {
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
        let names: Vec<String> = columns(labels, both)
            .into_iter()
            .map(|(_, _, name)| name)
            .collect();
        if sink.is_vcf {
            let (last, first) = header
                .split_last()
                .ok_or_else(|| fault!("file", "a .vcf is written from a .vcf alone"))?;
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
    fn write(&mut self, line: &str, effects: &[Effect], both: bool) -> Result<()> {
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
            let infos: Vec<String> = columns(labels, both)
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
            let numbers: Vec<String> = columns(labels, both)
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

fn effects(net: &Model, path: &str, genome: &Genomic, o: &Options) -> Result<Tabled> {
    let (targets, _) = targets(net, o, true)?;
    let both = o.flag("both_strands");
    if session::is_dry() {
        return tabled(&[], targets.len(), both);
    }
    let path = session::find_input(path)?;
    let mut reader = Reader::open(&path)?;
    let still = Still::of(net)?;
    let mut sink = match o.has("save") {
        true => Some(Sink::open(
            &crate::bind::tensor::file::written(&o.text("save"))?,
            &reader.header,
            targets.len(),
            both,
        )?),
        false => None,
    };
    let mut kept: Vec<Effect> = Vec::new();
    let mut states: BTreeMap<&'static str, (usize, Variant)> = BTreeMap::new();
    let mut total = 0;
    loop {
        let (mut lines, mut variants) = (Vec::new(), Vec::new());
        while variants.len() < CHUNK
            && let Some((line, own)) = reader.next_record()?
        {
            lines.push((line, own.len()));
            variants.extend(own);
        }
        if lines.is_empty() {
            break;
        }
        let found = chunk(&still, &targets, &genome.0, variants, o)?;
        total += found.len();
        for effect in found.iter().filter(|effect| effect.state != State::Fits) {
            states
                .entry(effect.state.word())
                .or_insert_with(|| (0, effect.variant.clone()))
                .0 += 1;
        }
        if let Some(sink) = &mut sink {
            let mut rest = &found[..];
            for (line, n) in &lines {
                let (own, left) = rest.split_at(*n);
                sink.write(line, own, both)?;
                rest = left;
            }
            kept.extend(found.into_iter().take(SHOWN.saturating_sub(kept.len())));
        } else {
            kept.extend(found);
        }
    }
    if let Some(sink) = sink {
        sink.close()?;
    }
    for (word, (n, first)) in states {
        let advice = match word {
            "swapped" => {
                "; the alternate allele stands in the genome: are reference and alternate exchanged?"
            }
            "mismatched" => "; is the genome of another assembly?",
            "no sequence" => {
                "; alleles are written in A, C, G, T and N, an indel with the base before it (`bcftools norm -f genome.fa`)"
            }
            "symbolic" => {
                "; of symbolic alleles <DEL> alone has a sequence, where END or SVLEN gives its length"
            }
            _ => "",
        };
        warn(&format!(
            "{n} of {total} variants: {word}, such as {}:{} {}>{}{advice}",
            first.chrom,
            first.start + 1,
            first.reference,
            first.alternate
        ));
    }
    tabled(&kept, targets.len(), both)
}

fn kept(length: usize, o: &Options) -> Result<Vec<bool>> {
    let mut out = vec![false; length];
    let Some(pairs) = o.raw("keep") else {
        return Ok(out);
    };
    let wrong = |value: &Dynamic| {
        fault!(
            "option",
            "option `keep` must be an array of pairs [start, end] within {length} bp, got {}",
            session::describe(value)
        )
    };
    for pair in pairs.clone().into_array().map_err(|_| wrong(&pairs))? {
        let ends: Vec<i64> = pair
            .clone()
            .into_array()
            .unwrap_or_default()
            .iter()
            .filter_map(|end| end.as_int().ok())
            .collect();
        match ends[..] {
            [start, end] if 0 <= start && start < end && end as usize <= length => {
                out[start as usize..end as usize].fill(true)
            }
            _ => return Err(wrong(&pair)),
        }
    }
    Ok(out)
}

fn design(net: &Model, sequence: &str, o: &Options) -> Result<Map> {
    let codes = alphabet::codes(sequence)?;
    let length = length_of(net)?;
    if codes.len() != length {
        bail!(
            "shape",
            "the network takes sequences of {length} bp, `sequence` has {}",
            codes.len()
        );
    }
    let (mut targets, several) = targets(net, o, false)?;
    if several {
        bail!("option", "option `label` must be one label, or a function of all"; hint: "`label: |y| y[[.., 0]] - y[[.., 1]]`");
    }
    let plan = Plan {
        steps: o.int("steps") as usize,
        width: o.int("beam") as usize,
        keep: kept(length, o)?,
        batch: o.int("batch") as usize,
    };
    let still = Still::of(net)?;
    let found = improved(&still, &codes, &targets.remove(0), &plan)?;
    let letter = |code: u8| alphabet::decode(&[code]);
    let columns = vec![
        (
            "position".into(),
            Cells::Whole(
                found
                    .changes
                    .iter()
                    .map(|(change, _)| change.position as i64)
                    .collect(),
            ),
        ),
        (
            "from".into(),
            Cells::Text(
                found
                    .changes
                    .iter()
                    .map(|(change, _)| letter(change.from))
                    .collect(),
            ),
        ),
        (
            "to".into(),
            Cells::Text(
                found
                    .changes
                    .iter()
                    .map(|(change, _)| letter(change.to))
                    .collect(),
            ),
        ),
        (
            "value".into(),
            Cells::Number(found.changes.iter().map(|(_, value)| *value).collect()),
        ),
    ];
    let mut map = Map::new();
    map.insert("sequence".into(), alphabet::decode(&found.codes).into());
    map.insert("value".into(), found.value.into());
    map.insert(
        "changes".into(),
        Tabled(Rc::new(Table::new(columns)?)).into_value(),
    );
    let values: Array = found
        .changes
        .iter()
        .map(|(_, value)| (*value).into())
        .collect();
    map.insert("values".into(), values.into());
    Ok(map)
}

natives! { made in "explain" {
    /// Tells what each variant of a VCF file changes an output by.
    ///
    /// - `variants`: path of a VCF file, plain or gzipped; it is streamed
    /// - `genome`: its reference
    ///
    /// A window of the network's length is laid around each variant, with the reference and with
    /// the alternate allele; insertions push what is behind them out at the end, deletions draw it
    /// in. Variants whose reference allele is not in the genome are reported (`state`) and have no
    /// numbers: "swapped" where the alternate is there, else "mismatched". So are alleles that are
    /// no sequence: "symbolic" (`<DUP>`, `*`, breakends), "no sequence" (`-`, IUPAC codes). `<DEL>`
    /// with `END` or `SVLEN` is a deletion that leaves its first base, as in `bcftools consensus`.
    ///
    /// ```rhai
    /// save_text("/tmp/cistron_example.vcf", "##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\nchr1\t6\trs1\tC\tT\t.\t.\t.\nchr1\t7\t.\tA\tG\t.\t.\t.\n");
    /// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 6], #{ seed: 1 });
    /// let found = explain::variants(net, "/tmp/cistron_example.vcf", genome::from(#{ chr1: "ACGTACGTACGT" }));
    /// assert_eq(found["state"], ["ok", "swapped"]);
    /// assert_near(found[0].effect, found[0].alternate_value - found[0].reference_value, 1e-6);
    /// ```
    /// ```rhai,fails
    /// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 6]);
    /// explain::variants(net, "/nowhere.vcf", genome::from(#{ chr1: "ACGT" }));
    /// //~ `/nowhere.vcf`: no such file or directory
    /// ```
    function "variants"(c, net: Model, variants: String, genome: Genomic; o = VARIANTS) -> "table: chrom, start, name, reference, alternate, state, and numbers of each label" { effects(&net, &variants, &genome, &o) }

    /// Changes a sequence base by base so that an output grows: each step takes the best of all
    /// single changes, or keeps the best few.
    ///
    /// Returns a map: sequence, value, changes (a table: position, from, to, value), values (after
    /// each change).
    ///
    /// ```rhai
    /// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 8], #{ seed: 1 });
    /// let found = explain::design(net, "AAAAAAAA", #{ steps: 3, keep: [[0, 4]] });
    /// assert(found.sequence.starts_with("AAAA"));
    /// assert(found.value >= net.forward(seq::one_hot(["AAAAAAAA"])).item());
    /// ```
    /// ```rhai,fails
    /// let net = nn::build(nn::chain([nn::flatten(), nn::linear(1)]), [4, 8]);
    /// explain::design(net, "ACGT");
    /// //~ takes sequences of 8 bp, `sequence` has 4
    /// ```
    function "design"(c, net: Model, sequence: String; o = DESIGN) -> "map: sequence, value, changes, values" { design(&net, &sequence, &o) }
} }

/// All of them.
pub fn natives() -> Vec<crate::lang::Native> {
    [made()].into_iter().flatten().collect()
}
