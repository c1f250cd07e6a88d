//! Students and their submissions.

use super::lesson::{Lesson, Source};
use crate::base::{Fault, Result};
use crate::cli::notebook;
use crate::fault;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The largest submission that is read, in bytes.
const LARGEST: u64 = 4 << 20;

/// A student.
pub struct Student {
    /// The name of the file or folder.
    pub name: String,
    origin: Origin,
}

enum Origin {
    /// The lessons are their own submissions.
    Lesson,
    /// A folder of files named as the lessons.
    Folder(PathBuf),
    /// A file with the functions of all lessons.
    File(PathBuf),
}

/// The submission of a student to a lesson.
pub enum Submission {
    /// The lesson itself.
    Lesson,
    /// A text.
    File(Source),
    /// Nothing that can be graded, with the reason.
    Missing(String),
}

/// The students that a path or a pattern names, by name.
///
/// # Errors
/// Where nothing fits.
pub fn students(answers: Option<&str>, lessons: &[Lesson]) -> Result<Vec<Student>> {
    let Some(pattern) = answers else {
        return Ok(vec![Student {
            name: String::new(),
            origin: Origin::Lesson,
        }]);
    };
    let path = Path::new(pattern);
    if path.is_file() {
        return Ok(vec![student(path.to_path_buf(), false)]);
    }
    if path.is_dir()
        && lessons
            .iter()
            .any(|lesson| of_folder(path, lesson).is_some())
    {
        return Ok(vec![student(path.to_path_buf(), true)]);
    }
    let found = if path.is_dir() {
        listed(path)?
    } else {
        matching(pattern)?
    };
    let mut places: Vec<PathBuf> = Vec::new();
    for path in found {
        if path.is_symlink() {
            crate::errln!("note: `{}` is a link, and is not graded", path.display());
        } else if path.is_dir() || is_submission(&path) {
            places.push(path);
        } else {
            crate::errln!(
                "note: `{}` is neither a folder nor a .rhai or .ipynb file, and is not graded",
                path.display()
            );
        }
    }
    if places.is_empty() {
        let fault = fault!(
            "usage",
            "--answers {pattern}: no folder and no .rhai or .ipynb file is there"
        );
        return Err(fault.hint(
            "quote a pattern, so that the shell leaves it as it is: --answers 'submissions/*'",
        ));
    }
    let is_lesson = |path: &Path| {
        lessons
            .iter()
            .any(|lesson| Some(lesson.name()) == stem(path))
    };
    let mut students: Vec<Student> = Vec::new();
    for path in places {
        let is_folder = path.is_dir();
        // a file named as a lesson is in the folder of its student
        if !is_folder
            && is_lesson(&path)
            && !lessons.is_empty()
            && path
                .parent()
                .is_some_and(|folder| !folder.as_os_str().is_empty())
        {
            let folder = path.parent().map(Path::to_path_buf).unwrap_or_default();
            if !students
                .iter()
                .any(|known| matches!(&known.origin, Origin::Folder(known) if *known == folder))
            {
                students.push(student(folder, true));
            }
        } else {
            students.push(student(path, is_folder));
        }
    }
    distinguish(&mut students);
    students.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(students)
}

fn stem(path: &Path) -> Option<String> {
    path.file_stem()
        .map(|name| name.to_string_lossy().into_owned())
}

fn student(path: PathBuf, is_folder: bool) -> Student {
    let name = if is_folder {
        path.file_name()
            .map(|name| name.to_string_lossy().into_owned())
    } else {
        stem(&path)
    };
    Student {
        name: name.unwrap_or_else(|| path.display().to_string()),
        origin: if is_folder {
            Origin::Folder(path)
        } else {
            Origin::File(path)
        },
    }
}

/// Names students by their paths where several have one name.
fn distinguish(students: &mut [Student]) {
    let mut counts: HashMap<String, usize> = HashMap::new();
    students
        .iter()
        .for_each(|student| *counts.entry(student.name.clone()).or_default() += 1);
    for student in students
        .iter_mut()
        .filter(|student| counts[&student.name] > 1)
    {
        if let Origin::Folder(path) | Origin::File(path) = &student.origin {
            student.name = path.display().to_string();
        }
    }
}

fn is_submission(path: &Path) -> bool {
    path.is_file()
        && path
            .extension()
            .is_some_and(|ending| ending == "rhai" || ending == "ipynb")
}

/// What is in a folder, but for hidden files, by name.
fn listed(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).map_err(|error| Fault::file(folder, &error))?;
    let is_shown = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|name| !name.to_string_lossy().starts_with('.'))
    };
    let mut paths: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(is_shown)
        .collect();
    paths.sort();
    Ok(paths)
}

/// The paths that fit a pattern, whose parts may have `*` and `?`.
fn matching(pattern: &str) -> Result<Vec<PathBuf>> {
    let mut found = vec![PathBuf::from(if pattern.starts_with('/') {
        "/"
    } else {
        ""
    })];
    for part in pattern.split('/').filter(|part| !part.is_empty()) {
        if !part.contains(['*', '?']) {
            found = found
                .into_iter()
                .map(|path| path.join(part))
                .filter(|path| path.exists())
                .collect();
            continue;
        }
        let mut next = Vec::new();
        for folder in found {
            let directory = if folder.as_os_str().is_empty() {
                Path::new(".")
            } else {
                &folder
            };
            if directory.is_dir() {
                let names = listed(directory)?.into_iter().filter_map(|path| {
                    path.file_name()
                        .map(|name| name.to_string_lossy().into_owned())
                });
                next.extend(
                    names
                        .filter(|name| fits(part.as_bytes(), name.as_bytes()))
                        .map(|name| folder.join(name)),
                );
            }
        }
        found = next;
    }
    Ok(found)
}

/// Whether a name fits a pattern of `*` (any letters) and `?` (one letter).
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut p, mut n) = (0, 0);
    // where the last `*` is, and how much of the name it takes
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, n));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == name[n] => (p, n) = (p + 1, n + 1),
            _ => match &mut star {
                Some((at, taken)) => {
                    *taken += 1;
                    (p, n) = (*at + 1, *taken);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

/// The file of a lesson in a folder: a script, or else a notebook.
fn of_folder(folder: &Path, lesson: &Lesson) -> Option<PathBuf> {
    files_of(folder, lesson).into_iter().next()
}

/// The script and the notebook of a lesson that are in a student's folder.
fn files_of(folder: &Path, lesson: &Lesson) -> Vec<PathBuf> {
    ["rhai", "ipynb"]
        .map(|ending| folder.join(format!("{}.{ending}", lesson.name())))
        .into_iter()
        .filter(|path| path.exists() || path.is_symlink())
        .collect()
}

impl Student {
    /// The submission to a lesson.
    pub fn submission(&self, lesson: &Lesson) -> Submission {
        match &self.origin {
            Origin::Lesson => Submission::Lesson,
            Origin::File(path) => read(path),
            Origin::Folder(folder) => match files_of(folder, lesson).as_slice() {
                [] => Submission::Missing("no file".into()),
                [path] => read(path),
                [path, other, ..] => {
                    crate::errln!(
                        "note: `{}` is graded, `{}` is not",
                        path.display(),
                        other.display()
                    );
                    read(path)
                }
            },
        }
    }
}

fn read(path: &Path) -> Submission {
    let missing = |reason: &str| Submission::Missing(reason.to_string());
    // a link may lead to the solutions
    match std::fs::symlink_metadata(path) {
        Err(error) => return missing(&Fault::file(path, &error).message),
        Ok(about) if about.is_symlink() => return missing("the file is a link"),
        Ok(about) if !about.is_file() => return missing("not a file"),
        Ok(about) if about.len() > LARGEST => return missing("the file is larger than 4 MiB"),
        Ok(_) => {}
    }
    let text = crate::base::file::read_text(path).map_err(|error| Fault::file(path, &error));
    let text = text.and_then(|text| {
        if path.extension().is_some_and(|ending| ending == "ipynb") {
            notebook::script_of(&text)
                .map_err(|what| fault!("data", "`{}` is no notebook: {what}", path.display()))
        } else {
            Ok(text)
        }
    });
    match text {
        Ok(text) => Submission::File(Source {
            file: path.display().to_string(),
            text,
        }),
        Err(fault) => missing(&fault.message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_names() {
        for (pattern, name) in [
            ("*", "anna"),
            ("a*a", "anna"),
            ("?nna", "anna"),
            ("*.rhai", "a.b.rhai"),
            ("anna", "anna"),
            ("**", ""),
            ("a*n*a", "anna"),
        ] {
            assert!(
                fits(pattern.as_bytes(), name.as_bytes()),
                "{pattern} {name}"
            );
        }
        for (pattern, name) in [
            ("a", "anna"),
            ("?", ""),
            ("*b", "anna"),
            ("a*c", "anna"),
            ("", "a"),
        ] {
            assert!(
                !fits(pattern.as_bytes(), name.as_bytes()),
                "{pattern} {name}"
            );
        }
    }
}
