//! The chromosomes of a file: names, lengths, and the other names that files give them.

use crate::base::{Fault, near};
use crate::fault;
use std::collections::HashMap;

/// Chromosomes in the order of their file.
#[derive(Clone, Debug, Default)]
pub struct Contigs {
    names: Vec<String>,
    lengths: Vec<i64>,
    lookup: HashMap<String, u32>,
}

/// The name without what files write differently: `chr`, capitals, `MT`/`M`, and the range of a cut-out (`22:1-100`).
pub fn canonical(name: &str) -> String {
    let name = cut_out(name).map_or(name, |(plain, _)| plain);
    let lower = name.to_ascii_lowercase();
    let plain = ["chromosome", "chr"].iter().find_map(|prefix| lower.strip_prefix(prefix)).map_or(lower.as_str(), |rest| rest.trim_start_matches('_'));
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
    Some((plain, (from.replace(',', "").parse().ok()?, to.replace(',', "").parse().ok()?)))
}

/// The value of a Roman numeral up to 39.
fn roman(text: &str) -> Option<u32> {
    let values = text.bytes().map(|b| match b {
        b'i' => Some(1),
        b'v' => Some(5),
        b'x' => Some(10),
        _ => None,
    });
    let values: Vec<u32> = values.collect::<Option<_>>()?;
    if values.is_empty() || values.len() > 7 {
        return None;
    }
    let sum = values.iter().enumerate().map(|(i, v)| if values.get(i + 1).is_some_and(|next| next > v) { -(*v as i64) } else { *v as i64 }).sum::<i64>();
    u32::try_from(sum).ok().filter(|n| *n > 0)
}

impl Contigs {
    /// Chromosomes with their lengths; a length of 0 is not known.
    pub fn new(names: Vec<String>, lengths: Vec<i64>) -> Contigs {
        let mut lookup: HashMap<String, u32> = HashMap::new();
        let plain: Vec<String> = names.iter().map(|name| canonical(name)).collect();
        for (i, name) in names.iter().enumerate() {
            lookup.entry(name.clone()).or_insert(i as u32);
        }
        for (i, name) in plain.iter().enumerate() {
            lookup.entry(format!("~{name}")).or_insert(i as u32);
        }
        // yeast and worms number their chromosomes in Roman: chr4 is chrIV there, while elsewhere chrX is no tenth chromosome
        let is_roman = plain.iter().any(|name| ["ii", "iii", "iv", "vi", "vii"].contains(&name.as_str()));
        for (i, name) in plain.iter().enumerate().filter(|_| is_roman) {
            if let Some(number) = roman(name) {
                lookup.entry(format!("~{number}")).or_insert(i as u32);
            }
        }
        Contigs { names, lengths, lookup }
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
        if let Some(found) = self.lookup.get(name) {
            return Some(*found);
        }
        let plain = canonical(name);
        self.lookup.get(&format!("~{plain}")).or_else(|| self.lookup.get(&format!("~{}", roman(&plain)?))).copied()
    }

    /// The fault of a chromosome that is not there; `owner` is the file that was asked.
    pub fn missing(&self, name: &str, owner: &str) -> Fault {
        let fault = fault!("data", "{owner} has no chromosome `{name}`");
        match near::nearest(name, self.names.iter().map(String::as_str)) {
            Some(near) => fault.hint(format!("did you mean `{near}`?")),
            None => {
                let shown: Vec<&str> = self.names.iter().take(6).map(String::as_str).collect();
                fault.hint(format!("it has {}{}", shown.join(", "), if self.names.len() > 6 { ", …" } else { "" }))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(names: &[&str]) -> Contigs {
        Contigs::new(names.iter().map(|n| n.to_string()).collect(), vec![0; names.len()])
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
        let yeast = of(&["chrI", "chrII", "chrIV", "chrX", "chrM"]);
        assert_eq!((yeast.find("chr4"), yeast.find("10"), yeast.find("chrIV"), yeast.find("mito")), (Some(2), Some(3), Some(2), Some(4)));
        assert_eq!(of(&["chr4", "chr10"]).find("chrIV"), Some(0));
        assert_eq!(of(&["chr1", "chrX"]).find("chr10"), None);
    }
}
