//! Folders that the program reads and writes, and the standard library.

use super::finding::Finding;
use crate::cli::{history, sandbox};
use crate::lang::stdlib;
use std::path::{Path, PathBuf};

pub(super) fn examine(runs: &Path) -> Vec<Finding> {
    let runs = std::path::absolute(runs).unwrap_or_else(|_| runs.to_path_buf());
    let mut found = vec![library()];
    found.push(writable(
        "runs",
        Some(runs),
        "work in another folder, or name one: `cistron run --run-dir DIR`",
        true,
    ));
    found.push(writable(
        "temporary",
        Some(std::env::temp_dir()),
        "let TMPDIR name a folder that can be written to",
        true,
    ));
    found.push(writable(
        "state",
        sandbox::seal::folder(),
        "set XDG_STATE_HOME to a folder that can be written to: records of sandboxed runs are \
         sealed there",
        false,
    ));
    let history = history::file();
    found.push(writable(
        "history",
        history
            .as_deref()
            .and_then(Path::parent)
            .map(Path::to_path_buf),
        "set CISTRON_HISTORY to a file that can be written: the REPL stores its lines there",
        false,
    ));
    found
}

/// The standard library: where it is, and whether it is complete.
fn library() -> Finding {
    let all = stdlib::paths();
    let missing: Vec<&String> = all
        .iter()
        .filter(|path| stdlib::read(path).is_none())
        .collect();
    let folder = std::env::var("CISTRON_STDLIB").ok();
    let place = match &folder {
        Some(folder) => format!("in {folder} (CISTRON_STDLIB)"),
        None => "embedded in the program".into(),
    };
    let found = match missing.first() {
        None => Finding::sound("stdlib", format!("{} modules {place}", all.len())),
        Some(first) => Finding::fault(
            "stdlib",
            format!(
                "{} of {} modules are missing {place}, such as {first}",
                missing.len(),
                all.len()
            ),
            "let CISTRON_STDLIB name the folder `stdlib` of this version's sources, or unset it",
        ),
    };
    found
        .fact("folder", folder)
        .fact("modules", all.len() - missing.len())
}

/// The nearest folder above a path that exists.
fn existing(path: &Path) -> Option<&Path> {
    path.ancestors().find(|path| path.exists())
}

/// Whether files can be made in a folder, or the folder in the nearest one that exists.
fn writable(
    subject: &'static str,
    folder: Option<PathBuf>,
    hint: &str,
    is_needed: bool,
) -> Finding {
    let bad = |text: String| match is_needed {
        true => Finding::fault(subject, text, hint),
        false => Finding::note(subject, text, hint),
    };
    let Some(folder) = folder else {
        return bad("no folder: HOME is not set".into()).fact("folder", ());
    };
    let outcome = existing(&folder).map(|place| {
        let name = format!(".cistron-doctor-{}", std::process::id());
        let file = place.join(name);
        let written = std::fs::write(&file, b"written");
        std::fs::remove_file(&file).ok();
        written
    });
    let found = match outcome {
        Some(Ok(())) => Finding::sound(subject, format!("{} can be written to", folder.display())),
        Some(Err(error)) => bad(format!("{}: {error}", folder.display())),
        None => bad(format!("{} does not exist", folder.display())),
    };
    found.fact("folder", folder.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::doctor::finding::State;

    #[test]
    fn folders_that_cannot_be_written_to_are_faults_where_they_are_needed() {
        let place = tempfile::tempdir().unwrap();
        let inner = place.path().join("a/b");
        assert_eq!(
            writable("runs", Some(inner.clone()), "", true).state,
            State::Sound
        );
        assert!(!inner.exists() && std::fs::read_dir(place.path()).unwrap().count() == 0);
        // a file is no folder, whatever rights the user has
        let file = place.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(
            writable("runs", Some(file.join("x")), "", true).state,
            State::Fault
        );
        assert_eq!(writable("state", Some(file), "", false).state, State::Note);
        assert_eq!(writable("state", None, "", false).state, State::Note);
    }
}
