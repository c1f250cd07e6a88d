//! Adds a namespace `barcode` with a function and a type to the script language, runs a script that
//! uses them beside the library, and reads what it reported.
//!
//! ```sh
//! cargo run --release -p embed
//! ```

use cistron::lang::native::ScriptType;
use cistron::lang::{Choice, Native, Options, native, natives_of};
use cistron::{Result, Runtime, bail, handle};

/// A cell barcode: its bases and how many reads carry it.
#[derive(Clone)]
pub struct Barcode {
    bases: String,
    reads: i64,
}

impl ScriptType for Barcode {
    const NAME: &'static str = "barcode";

    fn line(&self) -> String {
        format!("barcode {} ({} reads)", self.bases, self.reads)
    }
}

// scripts pass it to functions and get it from them
handle!(Barcode, "barcode");

/// How sequencing errors are counted.
#[derive(Choice)]
pub enum Errors {
    /// Substitutions alone.
    Hamming,
    /// None are allowed.
    None,
}

/// Options of `barcode::count`.
#[derive(Options)]
pub struct CountOptions {
    /// Barcodes with fewer reads are left out.
    #[option(default = 1, min = 1)]
    least: i64,
    /// How a read with an error is assigned.
    #[option(default = "none")]
    errors: Errors,
}

/// Counts the barcodes at the start of reads, the most frequent first.
///
/// ```rhai
/// let all = barcode::count(["ACGTTT", "ACGTAA", "GGGGTT"], 4);
/// assert_eq(all.len(), 2);
/// ```
#[native(namespace = "barcode")]
pub fn count(
    /// Reads, 5' to 3'.
    reads: &[String],
    /// Length of a barcode, in bases.
    #[check(min = 1, max = 64)]
    length: i64,
    options: CountOptions,
) -> Result<Vec<Barcode>> {
    let mut counted: Vec<Barcode> = Vec::new();
    for (i, read) in reads.iter().enumerate() {
        let Some(bases) = read.get(..length as usize) else {
            bail!("data", "read {i} has {} bases, a barcode has {length}", read.len();
                hint: "trim the reads, or give a shorter length");
        };
        match counted
            .iter_mut()
            .find(|own| same(&own.bases, bases, &options.errors))
        {
            Some(barcode) => barcode.reads += 1,
            None => counted.push(Barcode {
                bases: bases.to_string(),
                reads: 1,
            }),
        }
    }
    counted.retain(|own| own.reads >= options.least);
    counted.sort_by_key(|own| -own.reads);
    Ok(counted)
}

fn same(a: &str, b: &str, errors: &Errors) -> bool {
    let different = a.bytes().zip(b.bytes()).filter(|(a, b)| a != b).count();
    match errors {
        Errors::Hamming => different <= 1,
        Errors::None => different == 0,
    }
}

/// Number of reads with a barcode.
#[native(namespace = "barcode", form = property)]
pub fn reads(barcode: &Barcode) -> i64 {
    barcode.reads
}

fn natives() -> Vec<Native> {
    natives_of![count, reads]
}

const SCRIPT: &str = r#"
let reads = param("reads", ["ACGTTTGA", "ACGTAACC", "ACGAAACC", "GGGGTTTT"], "reads, 5' to 3'");
let barcodes = barcode::count(reads, 4, #{ errors: "hamming" });
print(`${barcodes.len()} barcodes, first ${barcodes[0]}`);

// beside the library: the bases after the barcode as a tensor
let rest = seq::one_hot(reads.map(|read| read.sub_string(4)));
report("reads", barcodes[0].reads);
report("gc", rest.sum([0, 2])[1..3].sum().item() / rest.sum().item());
"#;

fn main() -> Result<()> {
    let mut runtime = Runtime::builder()
        .device("cpu")
        .seed(1)
        .natives(natives())
        .script_type::<Barcode>()
        .build()?;

    let outcome = runtime.run(SCRIPT)?;
    println!(
        "reads {:?}, gc {:?}",
        outcome.number("reads"),
        outcome.number("gc")
    );
    assert_eq!(outcome.number("reads"), Some(3.0));

    // values of the script as Rust values
    let first: Barcode = runtime.eval("barcodes[0]")?;
    println!("{}", first.line());

    // errors are values, with their place and what to do
    for wrong in [
        "barcode::count([\"ACG\"], 4)",
        "barcode::count([\"ACG\"], 0)",
        "barcode::count([\"ACG\"], 2, #{ leest: 2 })",
    ] {
        let fault = runtime.run(wrong).expect_err("an error");
        let place = fault
            .at
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        println!("{place}: {fault}");
    }
    Ok(())
}
