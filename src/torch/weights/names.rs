//! Which tensors of a file are meant, and under which names.

use super::entry::Entry;
use cistron_base::{Result, bail};
use std::collections::HashMap;

/// How names of a file become names of a network.
#[derive(Clone, Debug, Default)]
pub struct Naming {
    /// Prefixes that are removed; of each name the first that fits.
    pub strip: Vec<String>,
    /// Prefixes of names, after `strip`, of which one has to fit; all names where there are none.
    pub only: Vec<String>,
    /// Old and new names, of tensors or of layers.
    pub map: HashMap<String, String>,
}

/// An entry under its name in the network.
#[derive(Clone, Debug)]
pub struct Renamed {
    /// Its name in the file.
    pub old: String,
    /// The entry, with its new name.
    pub entry: Entry,
}

/// Whether a name is a path, or below it: `stem.weight` is below `stem`, `stem2.weight` is not.
pub fn is_below(name: &str, prefix: &str) -> bool {
    match name.strip_prefix(prefix) {
        Some(rest) => {
            rest.is_empty() || prefix.is_empty() || prefix.ends_with('.') || rest.starts_with('.')
        }
        None => false,
    }
}

impl Naming {
    /// The entries that are meant, renamed, and the names of those that are skipped. `rename` is
    /// applied last; without a name it skips the entry.
    ///
    /// # Errors
    /// Two entries get one name, or a part of the naming fits no entry.
    pub fn apply(
        &self,
        entries: Vec<Entry>,
        mut rename: impl FnMut(&str) -> Result<Option<String>>,
    ) -> Result<(Vec<Renamed>, Vec<String>)> {
        let (mut kept, mut skipped) = (Vec::new(), Vec::new());
        let mut unused: Vec<&String> = self.map.keys().collect();
        let mut known: HashMap<String, String> = HashMap::new();
        for mut entry in entries {
            let old = entry.name.clone();
            let stripped = self
                .strip
                .iter()
                .find_map(|prefix| old.strip_prefix(prefix.as_str()));
            let plain = stripped.unwrap_or(&old);
            if !self.only.is_empty() && !self.only.iter().any(|prefix| is_below(plain, prefix)) {
                skipped.push(old);
                continue;
            }
            let mapped = match self.longest(plain) {
                Some((from, to)) => {
                    unused.retain(|key| *key != from);
                    joined(to, &plain[from.len()..])
                }
                None => plain.to_string(),
            };
            let Some(new) = rename(&mapped)? else {
                skipped.push(old);
                continue;
            };
            if let Some(other) = known.insert(new.clone(), old.clone()) {
                bail!("name", "`{other}` and `{old}` both become `{new}`");
            }
            entry.name = new;
            kept.push(Renamed { old, entry });
        }
        if let Some(key) = unused.iter().min() {
            bail!("name", "option `map`: there is no tensor or layer `{key}`";
                hint: "`weights::open(path).names` lists the tensors");
        }
        Ok((kept, skipped))
    }

    /// The longest name of the map that is a name or the path of its layer.
    fn longest(&self, name: &str) -> Option<(&String, &String)> {
        let below = self.map.iter().filter(|(from, _)| is_below(name, from));
        below.max_by_key(|(from, _)| from.len())
    }
}

/// A new path with the rest of the old one; an empty path removes the level.
fn joined(to: &str, rest: &str) -> String {
    match to {
        "" => rest.trim_start_matches('.').to_string(),
        _ => format!("{to}{rest}"),
    }
}
