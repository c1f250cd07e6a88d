//! `expression::…`: matrices of genes and samples.

use crate::bail;
use crate::base::Result;
use crate::bind::args::expression::tensor_of_rows;
use crate::bind::args::path::output_path;
use crate::bind::args::tensor::Numbers;
use crate::bind::types::Expressed;
use crate::bind::warnings;
use crate::lang::{Call, Choice, Native, Options, native, natives_of, session};
use crate::network::Expression;
use crate::network::expression::{self, Duplicates, Orientation, ReadSettings};
use crate::torch::Tensor;
use ndarray::Array2;
use std::path::PathBuf;
use std::rc::Rc;

/// Options of `expression::read`.
#[derive(Options)]
pub struct ReadOptions {
    /// Side of the file that holds the genes: "rows", "columns", or "auto": rows where rows have
    /// names (other than times), else columns. With "rows" a first column of different integers has
    /// names, unless its header and another one differ only by a number.
    #[option(default = "auto")]
    genes: Side,
    /// Treatment of several rows of one gene: "error", or their "mean", or the row with the
    /// "highest" mean, or with the largest "variance".
    #[option(default = "error")]
    duplicates: DuplicatesName,
    /// File of the names of the genes of a MatrixMarket file, one a line; features.tsv or
    /// genes.tsv beside it unless given.
    gene_file: Option<String>,
    /// File of the names of its samples; barcodes.tsv beside it unless given.
    sample_file: Option<String>,
    /// Column of the names of the genes: its number from 1 in `gene_file`, such as "2" for symbols,
    /// or its name in `var` of an h5ad file.
    column: Option<String>,
    /// Layer of an h5ad file that is read, or "raw"; `X` unless given.
    layer: Option<String>,
}

/// Which side of a file holds the genes.
#[derive(Choice)]
pub enum Side {
    /// Rows where rows have names, else columns.
    Auto,
    /// Rows.
    Rows,
    /// Columns.
    Columns,
}

/// What becomes of several rows of one gene.
#[derive(Choice)]
pub enum DuplicatesName {
    /// They are an error.
    Error,
    /// Their mean is taken.
    Mean,
    /// The one with the highest mean is kept.
    Highest,
    /// The one with the largest variance is kept.
    Variance,
}

impl From<DuplicatesName> for Duplicates {
    fn from(name: DuplicatesName) -> Duplicates {
        match name {
            DuplicatesName::Error => Duplicates::Error,
            DuplicatesName::Mean => Duplicates::Mean,
            DuplicatesName::Highest => Duplicates::Highest,
            DuplicatesName::Variance => Duplicates::Variance,
        }
    }
}

fn held(matrix: Expression) -> Expressed {
    Expressed(Rc::new(matrix))
}

/// Reads an expression matrix: a table, a GEO series matrix, MatrixMarket or h5ad.
///
/// The format is recognised by the content of the file, text may be compressed by gzip. The first
/// row of a table (separated by tabs, commas, semicolons or blanks) has the names of the columns.
/// The first column has the names of the rows where it holds text, where its header is a common one
/// (empty, Gene Symbol, Entrez ID, index, …), or where the header lacks a cell for it; it has
/// samples where it is called Time. Lines that start with # are passed over, but the last of them
/// is the header where the first row is one of numbers; missing values are empty, NA or NaN. Files
/// in GCT 1.2 are read without their descriptions. Of a series matrix the table is read, of a
/// MatrixMarket file the names in files beside it, as 10x Genomics writes them (matrix.mtx,
/// features.tsv, barcodes.tsv). Samples are rows (`obs`) and genes columns
/// (`var`) of h5ad files, whose matrices may be sparse. Matrices are dense here: the memory of
/// those of more than 1 GiB is printed before they are read. What was guessed or combined is
/// printed.
///
/// ```rhai
/// let m = expression::from([[1.0, 2.0], [3.0, 4.0]], ["a", "b"], ["s1", "s2"]);
/// m.save("/tmp/cistron_example_expression.tsv");
/// let again = expression::read("/tmp/cistron_example_expression.tsv");
/// assert_eq(again.genes, ["a", "b"]);
/// ```
#[native(namespace = "expression", stand_in = read_stand_in)]
pub fn read(
    call: &Call,
    /// Path of the file.
    path: &str,
    options: ReadOptions,
) -> Result<Expressed> {
    let path = session::find_input(path)?;
    let (gene_files, sample_files) = expression::companions(&path);
    let settings = ReadSettings {
        genes: match options.genes {
            Side::Auto => Orientation::Auto,
            Side::Rows => Orientation::Rows,
            Side::Columns => Orientation::Columns,
        },
        duplicates: options.duplicates.into(),
        gene_file: beside(options.gene_file, &gene_files)?,
        sample_file: beside(options.sample_file, &sample_files)?,
        column: options.column,
        layer: options.layer,
    };
    let mut say = |text: &str| warnings::say(text);
    let matrix = expression::read_stating(&path, &settings, &mut say)?;
    for note in &matrix.notes {
        warnings::at(call, note);
    }
    Ok(held(matrix))
}

/// The file that is given, else the first of the candidates that exists.
fn beside(given: Option<String>, candidates: &[PathBuf]) -> Result<Option<PathBuf>> {
    if let Some(path) = given {
        return session::find_input(&path).map(Some);
    }
    let found = candidates.iter().find(|path| path.exists());
    let found = found.and_then(|path| path.to_str());
    found.map(session::find_input).transpose()
}

fn read_stand_in(_: &Call, _: &str, _: ReadOptions) -> Result<Expressed> {
    let names = |prefix: &str, n| (1..=n).map(|i| format!("{prefix}{i}")).collect();
    let value = |(gene, sample): (usize, usize)| ((gene * 7 + sample * 5) % 11) as f64;
    let values = Array2::from_shape_fn((40, 24), value);
    Expression::new(names("G", 40), names("sample", 24), values).map(held)
}

/// Returns an expression matrix of numbers with names.
///
/// ```rhai
/// let m = expression::from([[1.0, 2.0, 3.0], [3.0, 4.0, 0.0]], ["a", "b"]);
/// assert_eq(m.samples, ["sample1", "sample2", "sample3"]);
/// ```
/// ```rhai,fails
/// expression::from([[1.0], [2.0]], ["a"]);
/// //~ there are 1 genes
/// ```
#[native(namespace = "expression")]
pub fn from(
    /// Values [genes, samples]; NaN where missing.
    values: &Numbers,
    /// Names of the genes.
    genes: Vec<String>,
    /// Names of the samples; sample1, sample2, … unless given.
    samples: Option<Vec<String>>,
) -> Result<Expressed> {
    let [rows, columns] = values.0.shape()[..] else {
        let found = crate::base::shape::text(&values.0.shape());
        bail!("shape", "`values` must be [genes, samples], got {found}")
    };
    let numbered = || (1..=columns).map(|i| format!("sample{i}")).collect();
    let samples = samples.unwrap_or_else(numbered);
    let table = Array2::from_shape_vec((rows as usize, columns as usize), values.0.to_f64()?);
    let Ok(table) = table else {
        bail!("internal", "rows of a tensor")
    };
    Expression::new(genes, samples, table).map(held)
}

/// The names of the genes.
///
/// ```rhai
/// assert_eq(expression::from([[1.0], [2.0]], ["a", "b"]).genes, ["a", "b"]);
/// ```
#[native(namespace = "expression", form = property)]
pub fn genes(this: &Expressed) -> Vec<String> {
    this.0.genes().to_vec()
}

/// The names of the samples.
///
/// ```rhai
/// assert_eq(expression::from([[1.0]], ["a"], ["s"]).samples, ["s"]);
/// ```
#[native(namespace = "expression", form = property)]
pub fn samples(this: &Expressed) -> Vec<String> {
    this.0.samples().to_vec()
}

/// The values.
///
/// ```rhai
/// assert_eq(expression::from([[1.0, 2.0]], ["a"]).values.shape, [1, 2]);
/// ```
#[native(namespace = "expression", form = property, returns = "tensor [genes, samples]")]
pub fn values(this: &Expressed) -> Result<Tensor> {
    tensor_of_rows(this.0.values().view())
}

/// The number of missing values.
///
/// ```rhai
/// assert_eq(expression::from([[1.0, 2.0]], ["a"]).missing, 0);
/// ```
#[native(namespace = "expression", form = property)]
pub fn missing(this: &Expressed) -> i64 {
    this.0.missing() as i64
}

/// What was guessed, dropped or changed since the matrix was read, in sentences.
///
/// ```rhai
/// assert_eq(expression::from([[1.0, 1.0]], ["a"]).zscore().notes.len(), 1);
/// ```
#[native(namespace = "expression", form = property)]
pub fn notes(this: &Expressed) -> Vec<String> {
    this.0.notes.clone()
}

/// Returns the values of a gene by its name.
///
/// ```rhai
/// assert_eq(expression::from([[1.0, 2.0]], ["a"])["a"], [1.0, 2.0]);
/// ```
/// ```rhai,fails
/// expression::from([[1.0, 2.0]], ["TF1"])["TF2"]
/// //~ the matrix has no gene `TF2`
/// ```
#[native(namespace = "expression", form = index)]
pub fn index(
    this: &Expressed,
    /// Name of the gene.
    gene: &str,
) -> Result<Vec<f64>> {
    let row = this.0.position(gene)?;
    Ok(this.0.gene(row).to_vec())
}

/// Returns the matrix of some genes, in the order of the names.
///
/// ```rhai
/// assert_eq(expression::from([[1.0], [2.0]], ["a", "b"]).select(["b"]).genes, ["b"]);
/// ```
#[native(namespace = "expression", form = method)]
pub fn select(
    this: &Expressed,
    /// Names of the genes.
    genes: Vec<String>,
) -> Result<Expressed> {
    let rows = this.0.all_positions(&genes)?;
    this.0.select_genes(&rows).map(held)
}

/// Returns which of some names the matrix does not have.
///
/// ```rhai
/// assert_eq(expression::from([[1.0]], ["a"]).unknown(["a", "b"]), ["b"]);
/// ```
#[native(namespace = "expression", form = method)]
pub fn unknown(
    this: &Expressed,
    /// Names of genes.
    genes: Vec<String>,
) -> Vec<String> {
    let names = this.0.unknown(&genes).into_iter();
    names.map(str::to_string).collect()
}

/// Options of `matrix.filter`.
#[derive(Options)]
pub struct FilterOptions {
    /// Variance (over n - 1) that genes must exceed.
    variance: Option<f64>,
    /// Number of genes of largest variance that are kept.
    most_variable: Option<usize>,
    /// Value that genes must reach in `samples` samples.
    least: Option<f64>,
    /// Number of samples in which genes must reach `least`.
    #[option(default = 1, min = 1)]
    samples: usize,
}

/// Returns the genes that vary or are expressed enough; `notes` states how many were dropped.
///
/// ```rhai
/// let m = expression::from([[1.0, 1.0], [0.0, 9.0]], ["a", "b"]);
/// assert_eq(m.filter(#{ variance: 0.0001 }).genes, ["b"]);
/// assert_eq(m.filter(#{ least: 1.0, samples: 2 }).genes, ["a"]);
/// ```
#[native(namespace = "expression", form = method)]
pub fn filter(this: &Expressed, options: FilterOptions) -> Result<Expressed> {
    let mut matrix = (*this.0).clone();
    if let Some(least) = options.least {
        matrix = matrix.expressed(least, options.samples)?;
    }
    if let Some(variance) = options.variance {
        matrix = matrix.above_variance(variance)?;
    }
    if let Some(count) = options.most_variable {
        matrix = matrix.most_variable(count)?;
    }
    Ok(held(matrix))
}

/// Returns the binary logarithm of each value plus an offset.
///
/// ```rhai
/// assert_eq(expression::from([[0.0, 3.0]], ["a"]).log2()["a"], [0.0, 2.0]);
/// ```
/// ```rhai,fails
/// expression::from([[-2.0, 3.0]], ["a"]).log2();
/// //~ the logarithm of -2 + 1 does not exist
/// ```
#[native(namespace = "expression", form = method)]
pub fn log2(
    this: &Expressed,
    /// What is added to each value before.
    #[default(1.0)]
    offset: f64,
) -> Result<Expressed> {
    this.0.log2(offset).map(held)
}

/// Returns each gene with mean 0 and standard deviation 1 (over n - 1); constant genes become 0.
///
/// ```rhai
/// assert_eq(expression::from([[1.0, 2.0, 3.0]], ["a"]).zscore()["a"], [-1.0, 0.0, 1.0]);
/// ```
#[native(namespace = "expression", form = method)]
pub fn zscore(this: &Expressed) -> Expressed {
    held(this.0.z_scores())
}

/// Returns samples with one distribution, the mean of their sorted values.
///
/// Equal values of a sample share the value of their mean rank, as in limma.
///
/// # Source
/// Bolstad et al. 2003
///
/// ```rhai
/// let m = expression::from([[5.0, 4.0], [2.0, 1.0]], ["a", "b"]).quantile_normalise();
/// assert_eq(m["a"], [4.5, 4.5]);
/// ```
#[native(namespace = "expression", form = method)]
pub fn quantile_normalise(this: &Expressed) -> Result<Expressed> {
    this.0.quantile_normalised().map(held)
}

/// Estimates missing values from the nearest genes that have them.
///
/// Distances are Euclidean over shared samples, scaled to all of them, as in scikit-learn's
/// `KNNImputer`.
///
/// # Source
/// Troyanskaya et al. 2001
///
/// ```rhai
/// table::from(#{ gene: ["a", "b", "c"], s1: [1.0, 1.0, 9.0], s2: [(), 5.0, 7.0] })
///     .save("/tmp/cistron_missing.csv");
/// let m = expression::read("/tmp/cistron_missing.csv");
/// assert_eq(m.missing, 1);
/// assert_eq(m.impute(1)["a"], [1.0, 5.0]);
/// ```
#[native(namespace = "expression", form = method)]
pub fn impute(
    this: &Expressed,
    /// Number of genes whose mean is taken.
    #[default(5)]
    #[check(min = 1)]
    neighbours: i64,
) -> Result<Expressed> {
    this.0.imputed(neighbours as usize).map(held)
}

/// Writes the matrix, genes by samples: separated by commas in .csv, by tabs otherwise.
///
/// ```rhai
/// expression::from([[1.0, 2.0]], ["a"]).save("/tmp/cistron_example_expression.csv");
/// ```
#[native(namespace = "expression", form = method)]
pub fn save(
    this: &Expressed,
    /// Path of the file, relative to the folder of the run unless it is absolute.
    path: &str,
) -> Result<()> {
    this.0.save(&output_path(path)?)
}

/// The native functions declared here.
pub fn natives() -> Vec<Native> {
    natives_of![
        read,
        from,
        genes,
        samples,
        values,
        missing,
        notes,
        index,
        select,
        unknown,
        filter,
        log2,
        zscore,
        quantile_normalise,
        impute,
        save,
    ]
}
