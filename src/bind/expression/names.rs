//! Methods of expression matrices: probes as genes, names against lists.

use crate::base::Result;
use crate::base::table::Cells;
use crate::bind::types::{Expressed, Tabled};
use crate::bind::warnings;
use crate::lang::value::mismatch;
use crate::lang::{Call, Choice, FromValue, Native, Options, native, natives_of, session};
use crate::network::expression::{self, Ambiguous, Duplicates};
use rhai::{Dynamic, Map, NativeCallContext};
use std::path::PathBuf;
use std::rc::Rc;

/// Which genes probes measure: a map, or a file.
pub enum Annotation {
    /// The gene of each probe.
    Pairs(Vec<(String, String)>),
    /// A file of an annotation.
    File(PathBuf),
}

impl FromValue for Annotation {
    fn kind() -> String {
        "path of an annotation, or map of probe to gene".into()
    }
    fn from_value(value: &mut Dynamic, _: &NativeCallContext) -> Result<Self> {
        if let Some(map) = value.read_lock::<Map>() {
            let pairs = map
                .iter()
                .map(|(probe, gene)| (probe.to_string(), gene.to_string()));
            return Ok(Annotation::Pairs(pairs.collect()));
        }
        match value.clone().into_string() {
            Ok(path) => session::find_input(&path).map(Annotation::File),
            Err(_) => Err(mismatch(&Self::kind(), value)),
        }
    }
}

/// What becomes of several probes of one gene.
#[derive(Choice)]
pub enum ProbesName {
    /// They are an error.
    Error,
    /// Their mean is taken.
    Mean,
    /// The one with the highest mean is kept.
    Highest,
    /// The one with the largest variance is kept.
    Variance,
}

/// What becomes of a probe of several genes.
#[derive(Choice)]
pub enum AmbiguousName {
    /// It is left out.
    Drop,
    /// It counts for the first gene.
    First,
    /// It counts for each gene.
    Each,
}

/// Options of `matrix.to_genes`.
#[derive(Options)]
pub struct ProbeOptions {
    /// Treatment of several probes of one gene: the one with the "highest" mean or the largest
    /// "variance" is kept, or their "mean" is taken; they may be an "error".
    #[option(default = "highest")]
    how: ProbesName,
    /// Treatment of probes of several genes, separated by ///: "drop", "first" or "each".
    #[option(default = "drop")]
    ambiguous: AmbiguousName,
    /// Column of the probes in the file; the first unless given.
    probe: Option<String>,
    /// Column of the genes in the file; one called Gene Symbol, Symbol, Gene, AGI or ORF unless
    /// given.
    gene: Option<String>,
}

/// Returns the matrix of the genes that the probes of an array measure.
///
/// The annotation is a table with a header, such as that of a GEO platform, or a map. Probes
/// without a gene are left out; what was left out or combined is printed.
///
/// ```rhai
/// let m = expression::from([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], ["p1", "p2", "p3"]);
/// let genes = m.to_genes(#{ p1: "A", p2: "A", p3: "B /// C" });
/// assert_eq(genes.genes, ["A"]);
/// assert_eq(genes["A"], [3.0, 4.0]);
/// ```
/// ```rhai,fails
/// expression::from([[1.0, 2.0]], ["p1"]).to_genes(#{ q1: "A" });
/// //~ none of 1 probes has a gene
/// ```
#[native(namespace = "expression", form = method)]
pub fn to_genes(
    call: &Call,
    this: &Expressed,
    /// Map of probe to gene, or path of a table of them.
    annotation: Annotation,
    options: ProbeOptions,
) -> Result<Expressed> {
    let pairs = match annotation {
        Annotation::Pairs(pairs) => pairs,
        Annotation::File(path) => {
            let (probe, gene) = (options.probe.as_deref(), options.gene.as_deref());
            expression::annotation(&path, probe, gene)?
        }
    };
    let how = match options.how {
        ProbesName::Error => Duplicates::Error,
        ProbesName::Mean => Duplicates::Mean,
        ProbesName::Highest => Duplicates::Highest,
        ProbesName::Variance => Duplicates::Variance,
    };
    let ambiguous = match options.ambiguous {
        AmbiguousName::Drop => Ambiguous::Drop,
        AmbiguousName::First => Ambiguous::First,
        AmbiguousName::Each => Ambiguous::Each,
    };
    let matrix = this.0.of_probes(&pairs, how, ambiguous)?;
    for note in matrix.notes.iter().skip(this.0.notes.len()) {
        warnings::at(call, note);
    }
    Ok(Expressed(Rc::new(matrix)))
}

/// Lists the names that the matrix lacks, each with a gene that may be meant.
///
/// `reason` is how they differ: "case" (upper and lower case), "version" (ENSG00000141510.17) or
/// "spelling"; both are empty where no gene is similar.
///
/// ```rhai
/// let m = expression::from([[1.0], [2.0]], ["TP53", "SOX2"]);
/// let missing = m.check(["TP53", "sox2", "qqqqqq"]);
/// assert_eq(missing["name"], ["sox2", "qqqqqq"]);
/// assert_eq(missing["suggestion"], ["SOX2", ""]);
/// assert_eq(missing["reason"], ["case", ""]);
/// ```
#[native(namespace = "expression", form = method, returns = "table: name, suggestion, reason")]
pub fn check(
    this: &Expressed,
    /// Names of genes.
    genes: Vec<String>,
) -> Result<Tabled> {
    let unknown = this.0.unknown_names(&genes);
    let column =
        |of: fn(&expression::Unknown) -> String| Cells::Text(unknown.iter().map(of).collect());
    let suggestion = |own: &expression::Unknown| {
        own.suggestion
            .as_ref()
            .map_or(String::new(), |(name, _)| name.clone())
    };
    let reason = |own: &expression::Unknown| {
        own.suggestion
            .as_ref()
            .map_or(String::new(), |(_, why)| why.word().to_string())
    };
    Tabled::of(vec![
        ("name".into(), column(|own| own.name.clone())),
        ("suggestion".into(), column(suggestion)),
        ("reason".into(), column(reason)),
    ])
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![to_genes, check,]
}
