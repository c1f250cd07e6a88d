//! Did-you-mean: the nearest of some names.

/// The number of single-letter edits (swaps of neighbours count once) between two words.
pub use strsim::osa_distance as distance;

/// The name nearest to `wrong`, where one is near enough to be meant.
pub fn nearest<'a>(wrong: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wrong_lower = wrong.to_lowercase();
    let allowed = match wrong.chars().count() {
        0..=2 => 1,
        n => (n / 3).max(1) + 1,
    };
    names
        .into_iter()
        .map(|name| {
            let lower = name.to_lowercase();
            let is_contained = lower.len() > 2
                && wrong_lower.len() > 2
                && (lower.starts_with(&wrong_lower) || wrong_lower.starts_with(&lower));
            let distance = if lower == wrong_lower {
                0
            } else {
                distance(&lower, &wrong_lower)
            };
            (
                if is_contained {
                    distance.min(allowed)
                } else {
                    distance
                },
                name,
            )
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, name)| (*distance, name.len()))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_finds_its_word() {
        let names = ["stride", "padding", "dilation", "lr", "momentum"];
        assert_eq!(nearest("strid", names), Some("stride"));
        assert_eq!(nearest("paddign", names), Some("padding"));
        assert_eq!(nearest("dilatoin", names), Some("dilation"));
        assert_eq!(nearest("colour", names), None);
    }

    #[test]
    fn a_swap_is_one_edit() {
        assert_eq!(distance("acgt", "agct"), 1);
        assert_eq!(distance("", "acgt"), 4);
    }
}
