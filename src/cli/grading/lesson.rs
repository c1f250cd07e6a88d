//! A lesson: its tests with their points, and the functions that it asks for.

use super::source::{self, Function};
use crate::base::{Fault, Result};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// A text with the name that it goes by in messages.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Source {
    /// Its name.
    pub file: String,
    /// Its text.
    pub text: String,
}

/// A `fn test_…` with what is written above it: `/// 2 points: what it asks` and `/// hint: …`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Test {
    /// Its name.
    pub name: String,
    /// Its points.
    pub points: u32,
    /// What it asks for.
    pub asks: String,
    /// What helps.
    pub hint: String,
    /// Whether it takes a seed.
    pub takes_seed: bool,
    /// Whether it is in the hidden tests.
    pub is_hidden: bool,
}

/// The tests of a text.
pub fn tests_of(text: &str, is_hidden: bool) -> Vec<Test> {
    let is_test =
        |function: &Function| function.name.starts_with("test_") && function.params.len() <= 1;
    source::functions(text)
        .into_iter()
        .filter(is_test)
        .map(|function| test_of(function, is_hidden))
        .collect()
}

fn test_of(function: Function, is_hidden: bool) -> Test {
    let mut test = Test {
        takes_seed: !function.params.is_empty(),
        name: function.name,
        points: 1,
        is_hidden,
        ..Test::default()
    };
    for line in &function.docs {
        if let Some(hint) = line.strip_prefix("hint:") {
            test.hint = hint.trim().to_string();
        } else if let Some((head, asks)) = line.split_once(':')
            && let Some(points) = head
                .trim()
                .strip_suffix("points")
                .or(head.trim().strip_suffix("point"))
                .and_then(|n| n.trim().parse().ok())
        {
            (test.points, test.asks) = (points, asks.trim().to_string());
        }
    }
    test
}

/// The functions that a lesson asks for: those with an empty body or with `/// exercise` above
/// them; where there is none, those whose body is a placeholder. Tests and `private` functions are
/// never among them.
pub fn asked(text: &str) -> Vec<Function> {
    let open: Vec<Function> = source::functions(text)
        .into_iter()
        .filter(|function| !function.is_private && !function.name.starts_with("test_"))
        .collect();
    let of = |wanted: &dyn Fn(&Function) -> bool| {
        open.iter()
            .filter(|function| wanted(function))
            .cloned()
            .collect::<Vec<_>>()
    };
    let exercises =
        of(&|function| function.is_empty() || function.docs.iter().any(|line| line == "exercise"));
    if exercises.is_empty() {
        of(&Function::is_placeholder)
    } else {
        exercises
    }
}

/// A lesson with its hidden tests.
pub struct Lesson {
    /// Its file.
    pub path: PathBuf,
    /// Its text.
    pub source: Source,
    /// The text of its hidden tests.
    pub hidden: Option<Source>,
    /// Its tests, hidden ones last.
    pub tests: Vec<Test>,
}

impl Lesson {
    /// Reads a lesson, and its hidden tests: from a file, or from the file of the same name in a
    /// folder; unless given, from the folder `hidden` beside the lesson.
    ///
    /// # Errors
    /// Where a file cannot be read, or a hidden test has the name of another.
    pub fn read(path: &Path, hidden: Option<&Path>) -> Result<Lesson> {
        let read = |path: &Path| {
            crate::base::file::read_text(path).map_err(|error| Fault::file(path, &error))
        };
        let source = Source {
            file: path.display().to_string(),
            text: read(path)?,
        };
        let name = path.file_name().unwrap_or_default();
        let beside = crate::base::file::folder_of(path).join("hidden").join(name);
        let hidden = match hidden {
            Some(folder) if folder.is_dir() => Some(folder.join(name)).filter(|path| path.exists()),
            Some(file) => Some(file.to_path_buf()),
            None => Some(beside).filter(|path| path.exists()),
        };
        let hidden = hidden
            .map(|path| {
                read(&path).map(|text| Source {
                    file: path.display().to_string(),
                    text,
                })
            })
            .transpose()?;
        let mut tests = tests_of(&source.text, false);
        for test in hidden
            .iter()
            .flat_map(|hidden| tests_of(&hidden.text, true))
        {
            if tests.iter().any(|known| known.name == test.name) {
                let file = hidden.as_ref().map_or("", |hidden| hidden.file.as_str());
                return Err(crate::fault!(
                    "value",
                    "`{file}`: the lesson has a test `{}` already",
                    test.name;
                    hint: "a hidden test has a name of its own"
                ));
            }
            tests.push(test);
        }
        Ok(Lesson {
            path: path.to_path_buf(),
            source,
            hidden,
            tests,
        })
    }

    /// A lesson whose tests are in a text.
    pub fn of_text(file: &str, text: &str) -> Lesson {
        Lesson {
            path: PathBuf::from(file),
            source: Source {
                file: file.into(),
                text: text.into(),
            },
            hidden: None,
            tests: tests_of(text, false),
        }
    }

    /// The file of a lesson: a path, or the beginning of its name up to `_`, such as `02`.
    ///
    /// # Errors
    /// Where several files begin so.
    pub fn find(asked: &str) -> Result<Option<PathBuf>> {
        let path = Path::new(asked);
        if asked.is_empty() || path.is_file() {
            return Ok(Some(path.to_path_buf()).filter(|_| !asked.is_empty()));
        }
        let folder = crate::base::file::folder_of(path);
        let begin = path.file_name().unwrap_or_default().to_string_lossy();
        let begins = [format!("{begin}_"), format!("0{begin}_")];
        let is_asked = |path: &PathBuf| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_lesson = name.ends_with(".rhai");
            is_lesson
                && (begins.iter().any(|b| name.starts_with(b)) || name == format!("{begin}.rhai"))
        };
        let Ok(entries) = std::fs::read_dir(folder) else {
            return Ok(None);
        };
        let mut found: Vec<PathBuf> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(is_asked)
            .collect();
        found.sort();
        match &found[..] {
            [_, _, ..] => {
                let names = found.iter().map(|path| path.display().to_string());
                let names = names.collect::<Vec<_>>().join(", ");
                Err(crate::fault!(
                    "value",
                    "several lessons begin with `{asked}`: {names}"
                ))
            }
            _ => Ok(found.pop()),
        }
    }

    /// The name of its column in a table: the file's name without its ending.
    pub fn name(&self) -> String {
        self.path
            .file_stem()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    /// The points of all its tests.
    pub fn of(&self) -> u32 {
        self.tests.iter().map(|test| test.points).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_and_hints_are_above_their_test() {
        let found = tests_of(
            "fn f() {}\n/// 2 points: adds\n/// hint: use +\nfn test_add(seed) {\n}\nfn \
            test_plain() { }\n",
            false,
        );
        assert_eq!(found.len(), 2);
        let expected = Test {
            name: "test_add".into(),
            points: 2,
            asks: "adds".into(),
            hint: "use +".into(),
            takes_seed: true,
            is_hidden: false,
        };
        assert_eq!(found[0], expected);
        assert_eq!(
            (found[1].points, found[1].hint.as_str(), found[1].takes_seed),
            (1, "", false)
        );
    }

    #[test]
    fn empty_functions_are_asked_for_and_given_ones_are_not() {
        let names = |text: &str| {
            asked(text)
                .into_iter()
                .map(|function| function.name)
                .collect::<Vec<_>>()
                .join(" ")
        };
        assert_eq!(
            names(
                "fn a() { }\nfn given() { 1e-6 }\n/// exercise\nfn b() { 1 + 1 }\nprivate fn c() \
                { }\nfn test_a() { }"
            ),
            "a b"
        );
        assert_eq!(names("fn a(x) { x }\nfn given(x) { x + 1 }"), "a");
    }
}
