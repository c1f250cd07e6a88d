//! Files that changed since a run read or imported them.

use super::versions;
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// When a file was written, nanoseconds since 1970.
pub(super) fn modified(about: &std::fs::Metadata) -> u64 {
    let since = about
        .modified()
        .ok()
        .and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok());
    since.map_or(0, |since| since.as_nanos() as u64)
}

/// Files that a run read or imported whose content differs now or that are missing.
pub(super) fn changed_files(folder: &Path, work: &Path, data: &Value) -> Vec<String> {
    let of_data = |input: &Value| {
        let path = PathBuf::from(input["path"].as_str()?);
        let name = path.display();
        let Ok(about) = std::fs::metadata(&path) else {
            return Some(format!("`{name}` is missing"));
        };
        if input["size"]
            .as_u64()
            .is_some_and(|size| size != about.len())
        {
            return Some(format!("`{name}` has another size"));
        }
        if input["modified"].as_u64() == Some(modified(&about)) {
            return None;
        }
        match input["blake3"].as_str() {
            Some(was) => {
                (versions::hash_of(&path)? != was).then(|| format!("`{name}` has another content"))
            }
            None => Some(format!("`{name}` was written since")),
        }
    };
    let sources: Map<String, Value> = std::fs::read(folder.join("sources.json"))
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    // modules of the standard library are compared by its version
    let of_source = |(file, was): (&String, &Value)| {
        let path = work.join(file);
        match versions::hash_of(&path) {
            None if file.starts_with("std/") => None,
            None => Some(format!("`{}` is missing", path.display())),
            Some(is) => (Some(is.as_str()) != was.as_str())
                .then(|| format!("`{}` has another content", path.display())),
        }
    };
    data.as_array()
        .into_iter()
        .flatten()
        .filter_map(of_data)
        .chain(sources.iter().filter_map(of_source))
        .collect()
}
