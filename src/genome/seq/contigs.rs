//! The chromosomes of a file: names, lengths, and the other names that files give them.

use cistron_base::Fault;
use cistron_base::fault;
use std::collections::{HashMap, HashSet};

/// Chromosomes in the order of their file.
#[derive(Clone, Debug, Default)]
pub struct Contigs {
    names: Vec<String>,
    lengths: Vec<i64>,
    lookup: HashMap<String, u32>,
    /// By canonical name; none where several chromosomes share it.
    aliases: HashMap<String, Option<u32>>,
    /// By number, where the chromosomes are numbered in Roman.
    roman: HashMap<u32, u32>,
}

/// The name without what files write differently: `chr`, capitals, `MT`/`M`, and the range of a
/// cut-out (`22:1-100`).
pub fn canonical(name: &str) -> String {
    let name = cut_out(name).map_or(name, |(plain, _)| plain);
    let lower = name.to_ascii_lowercase();
    let plain = ["chromosome", "chr"]
        .iter()
        .find_map(|prefix| lower.strip_prefix(prefix))
        .map_or(lower.as_str(), |rest| rest.trim_start_matches('_'));
    match plain {
        "m" | "mt" | "mito" | "mitochondrion" | "mtdna" => "mt".into(),
        "" => lower,
        plain => plain.into(),
    }
}

/// The chromosome and the two numbers of a name such as `22:20000001-21000000`.
pub fn cut_out(name: &str) -> Option<(&str, (i64, i64))> {
    let (plain, range) = name.rsplit_once(':')?;
    let (from, to) = range.split_once('-')?;
    Some((
        plain,
        (
            from.replace(',', "").parse().ok()?,
            to.replace(',', "").parse().ok()?,
        ),
    ))
}

/// The Roman numerals of 1 to 39, lower case.
fn numerals() -> &'static HashMap<String, u32> {
    static NUMERALS: std::sync::OnceLock<HashMap<String, u32>> = std::sync::OnceLock::new();
    const ONES: [&str; 10] = ["", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"];
    NUMERALS.get_or_init(|| {
        (1..40)
            .map(|n| ("x".repeat(n / 10) + ONES[n % 10], n as u32))
            .collect()
    })
}

/// The number of each canonical name, where the set as a whole is numbered in Roman: it holds a
/// numeral of several letters and no Arabic number. X is ten only beside another numeral above five
/// (yeast), else the sex chromosome (worms).
fn roman_numbers(plain: &[String]) -> Vec<Option<u32>> {
    // 4, 2L, 2A
    let is_arabic = |name: &String| {
        let digits = name.trim_end_matches(|c: char| c.is_ascii_lowercase());
        name.len() <= digits.len() + 1
            && !digits.is_empty()
            && digits.bytes().all(|b| b.is_ascii_digit())
    };
    let mut numbers: Vec<Option<u32>> = plain
        .iter()
        .map(|name| numerals().get(name).copied())
        .collect();
    let is_roman = plain
        .iter()
        .zip(&numbers)
        .any(|(name, number)| name.len() > 1 && number.is_some());
    if !is_roman || plain.iter().any(is_arabic) {
        return vec![None; plain.len()];
    }
    if !numbers.iter().flatten().any(|n| *n > 5 && *n != 10) {
        numbers
            .iter_mut()
            .filter(|n| **n == Some(10))
            .for_each(|n| *n = None);
    }
    numbers
}

impl Contigs {
    /// Chromosomes with their lengths; a length of 0 is not known.
    pub fn new(names: Vec<String>, lengths: Vec<i64>) -> Contigs {
        let mut lookup: HashMap<String, u32> = HashMap::new();
        let plain: Vec<String> = names.iter().map(|name| canonical(name)).collect();
        for (i, name) in names.iter().enumerate() {
            lookup.entry(name.clone()).or_insert(i as u32);
        }
        let mut aliases: HashMap<String, Option<u32>> = HashMap::new();
        for (i, name) in plain.iter().enumerate() {
            aliases
                .entry(name.clone())
                .and_modify(|known| *known = None)
                .or_insert(Some(i as u32));
        }
        let numbers = roman_numbers(&plain);
        let roman = numbers
            .iter()
            .enumerate()
            .filter_map(|(i, n)| Some(((*n)?, i as u32)))
            .collect();
        Contigs {
            names,
            lengths,
            lookup,
            aliases,
            roman,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Their names.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Their lengths; 0 is not known.
    pub fn lengths(&self) -> &[i64] {
        &self.lengths
    }

    /// The number of a chromosome by any of its names.
    pub fn find(&self, name: &str) -> Option<u32> {
        self.find_all(&[name]).pop().flatten()
    }

    /// The number of each chromosome of a set of names: by the name itself, by the name as other
    /// files write it, and by its number where one of both sets is numbered in Roman as a whole.
    pub fn find_all(&self, names: &[impl AsRef<str>]) -> Vec<Option<u32>> {
        let exact: Vec<Option<u32>> = names
            .iter()
            .map(|name| self.lookup.get(name.as_ref()).copied())
            .collect();
        if exact.iter().all(Option::is_some) {
            return exact;
        }
        let plain: Vec<String> = names.iter().map(|name| canonical(name.as_ref())).collect();
        let numbers = roman_numbers(&plain);
        let taken: HashSet<u32> = exact.iter().flatten().copied().collect();
        let other = |i: usize| {
            let alias = self.aliases.get(&plain[i]).copied().flatten();
            let number = || match numbers[i] {
                Some(number) => self.aliases.get(&number.to_string()).copied().flatten(),
                None => plain[i]
                    .parse()
                    .ok()
                    .and_then(|number: u32| self.roman.get(&number).copied()),
            };
            // two names of one set are two chromosomes
            alias.or_else(number).filter(|found| !taken.contains(found))
        };
        (0..names.len())
            .map(|i| exact[i].or_else(|| other(i)))
            .collect()
    }

    /// The fault of a chromosome that is not there; `owner` is the file that was asked.
    pub fn missing(&self, name: &str, owner: &str) -> Fault {
        let fault = fault!("data", "{owner} has no chromosome `{name}`");
        let shown: Vec<&str> = self.names.iter().take(6).map(String::as_str).collect();
        let more = if self.names.len() > 6 { ", …" } else { "" };
        fault.hint(if shown.is_empty() {
            "it has none".to_string()
        } else {
            format!("it has {}{more}", shown.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Contigs {
        Contigs::new(
            names.iter().map(|n| n.to_string()).collect(),
            vec![0; names.len()],
        )
    }

    #[test]
    fn aliases_find_the_same_chromosome() {
        let human = of(&["chr1", "chrX", "chrM", "chr10"]);
        assert_eq!(human.find("1"), Some(0));
        assert_eq!(human.find("x"), Some(1));
        assert_eq!(human.find("MT"), Some(2));
        assert_eq!(human.find("chr10"), Some(3));
        assert_eq!(human.find("chrX"), Some(1));
        assert_eq!(human.find("chr2"), None);
        assert_eq!(of(&["22:20000001-21000000"]).find("chr22"), Some(0));
    }

    #[test]
    fn roman_numbers_stand_for_arabic_ones_only_where_chromosomes_are_roman() {
        let yeast = of(&["chrI", "chrII", "chrIV", "chrIX", "chrX", "chrM"]);
        let found = ["chr4", "10", "chrIV", "mito", "chr7"].map(|name| yeast.find(name));
        assert_eq!(found, [Some(2), Some(4), Some(2), Some(5), None]);
        assert_eq!(of(&["chr4", "chr10"]).find("chrIV"), Some(0));
        assert_eq!(of(&["chr1", "chrX"]).find("chr10"), None);
    }

    /// chrX was found as chr10 and chrV as chr5 wherever a set lacked chrX.
    #[test]
    fn a_letter_alone_is_no_number() {
        let numbers: Vec<String> = (1..=22).map(|i| format!("chr{i}")).collect();
        let human = Contigs::new(numbers, vec![0; 22]);
        for name in ["chrX", "X", "chrV", "V", "chrI", "chrY", "chrM"] {
            assert_eq!(human.find(name), None, "{name}");
        }
        let worm = of(&["chrI", "chrII", "chrIII", "chrIV", "chrV", "chrX"]);
        assert_eq!((worm.find("chr5"), worm.find("chr10")), (Some(4), None));
        assert_eq!(human.find_all(worm.names())[4..], [Some(4), None]);
        let fly = of(&["chr2L", "chr2R", "chr4", "chrX"]);
        assert_eq!(
            (fly.find("chr10"), fly.find("chrIV"), fly.find("chrII")),
            (None, Some(2), None)
        );
    }

    /// `chr1` and `1` of one set were both taken for the other set's `chr1`.
    #[test]
    fn two_names_of_a_set_stay_two_chromosomes() {
        let both = of(&["chr1", "1"]);
        assert_eq!(
            (both.find("1"), both.find("chr1"), both.find("Chr1")),
            (Some(1), Some(0), None)
        );
        assert_eq!(of(&["chr1"]).find_all(both.names()), [Some(0), None]);
    }
}
