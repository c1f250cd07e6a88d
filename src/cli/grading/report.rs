//! Points on the terminal, as JSON, and as a table.

use super::lesson::{Lesson, Test};
use super::roster::Student;
use crate::base::Result;
use crate::base::delimited::Style;
use crate::base::file::write_whole;
use crate::base::table::{Cells, Table};
use crate::base::written::printable;
use serde_json::{Value, json};
use std::fmt::Write;
use std::path::Path;

/// What a submission to a lesson is worth.
#[derive(Clone, Debug)]
pub struct Graded {
    /// The lesson's number.
    pub lesson: usize,
    /// The file that was graded, where there is one.
    pub file: Option<String>,
    /// What is wrong with the submission as a whole.
    pub note: Option<String>,
    /// Why each test failed; none where it passed.
    pub problems: Vec<Option<String>>,
}

impl Graded {
    /// The points of the tests that passed.
    pub fn points(&self, lesson: &Lesson) -> u32 {
        lesson
            .tests
            .iter()
            .zip(&self.problems)
            .filter(|(_, problem)| problem.is_none())
            .map(|(test, _)| test.points)
            .sum()
    }
}

type Rows<'a> = [(&'a Student, &'a [Graded])];

/// Prints the points: details of one student, or a table of several.
pub fn print(rows: &Rows, lessons: &[Lesson], as_json: bool) {
    if as_json {
        rows.iter()
            .flat_map(|(student, graded)| graded.iter().map(move |graded| (student, graded)))
            .for_each(|(student, graded)| {
                crate::outln!("{}", data(student, graded, &lessons[graded.lesson]));
            });
        return;
    }
    match rows {
        [(_, graded)] => graded
            .iter()
            .for_each(|graded| crate::outln!("{}", details(graded, &lessons[graded.lesson]))),
        _ => {
            let records = records(rows, lessons);
            let columns = (0..records[0].len()).map(|i| {
                let cells = Cells::Text(
                    records[1..]
                        .iter()
                        .map(|record| printable(&record[i]).into())
                        .collect(),
                );
                (records[0][i].clone(), cells)
            });
            match Table::new(columns.collect()) {
                Ok(table) => crate::outln!("{}", table.to_pretty(usize::MAX)),
                Err(_) => records
                    .iter()
                    .for_each(|record| crate::outln!("{}", printable(&record.join("  ")))),
            }
        }
    }
}

/// Points of a submission to a lesson as data.
fn data(student: &Student, graded: &Graded, lesson: &Lesson) -> Value {
    let test = |(test, problem): (&Test, &Option<String>)| {
        json!({
            "name": test.name,
            "asks": test.asks,
            "points": if problem.is_none() { test.points } else { 0 },
            "of": test.points,
            "problem": problem,
            "hint": test.hint,
            "hidden": test.is_hidden,
        })
    };
    let tests: Vec<Value> = lesson
        .tests
        .iter()
        .zip(&graded.problems)
        .map(test)
        .collect();
    json!({
        "student": student.name,
        "lesson": lesson.name(),
        "file": lesson.source.file,
        "answers": graded.file,
        "points": graded.points(lesson),
        "of": lesson.of(),
        "note": graded.note,
        "tests": tests,
    })
}

/// The points of one submission to a lesson, with what failed and hints.
pub fn details(graded: &Graded, lesson: &Lesson) -> String {
    let mut out = format!("{}\n", printable(&lesson.source.file));
    // writing to a string cannot fail
    if let Some(note) = graded.note.as_ref().filter(|_| graded.file.is_none()) {
        let _ = writeln!(out, "  {}", printable(note));
    }
    for (test, problem) in lesson.tests.iter().zip(&graded.problems) {
        let (mark, points) = if problem.is_none() {
            ("✓", test.points)
        } else {
            ("✗", 0)
        };
        let hidden = if test.is_hidden { " (hidden)" } else { "" };
        let (of, name, asks) = (test.points, &test.name, &test.asks);
        let _ = writeln!(out, "  {mark} {points}/{of}  {name}{hidden}  {asks}");
        if let Some(problem) = problem {
            // each further line is marked, so that no message looks like the result of a test
            let problem = printable(problem).replace('\n', "\n         | ");
            let _ = writeln!(out, "         {problem}");
            if !test.hint.is_empty() {
                let _ = writeln!(out, "         hint: {}", test.hint);
            }
        }
    }
    let (points, of) = (graded.points(lesson), lesson.of());
    out + &format!("  {points} of {of} points")
}

/// The table: a header and a row for each student.
fn records(rows: &Rows, lessons: &[Lesson]) -> Vec<Vec<String>> {
    let header = ["student".to_string()]
        .into_iter()
        .chain(lessons.iter().map(Lesson::name))
        .chain(["total".into(), "note".into()]);
    let row = |(student, graded): &(&Student, &[Graded])| {
        let points: Vec<u32> = graded
            .iter()
            .map(|graded| graded.points(&lessons[graded.lesson]))
            .collect();
        let notes = graded.iter().filter_map(|graded| {
            graded
                .note
                .as_ref()
                .map(|note| format!("{}: {note}", lessons[graded.lesson].name()))
        });
        let notes = notes.collect::<Vec<_>>().join("; ");
        let total = points.iter().sum::<u32>().to_string();
        [student.name.clone()]
            .into_iter()
            .chain(points.iter().map(u32::to_string))
            .chain([total, notes])
            .collect()
    };
    [header.collect()]
        .into_iter()
        .chain(rows.iter().map(row))
        .collect()
}

/// Writes the table as comma-separated values; cells that a spreadsheet would run as formulas get
/// an apostrophe in front.
///
/// # Errors
/// Where the file cannot be written.
pub fn save(rows: &Rows, lessons: &[Lesson], path: &Path) -> Result<()> {
    let style = Style {
        separator: ',',
        guards_formulas: true,
    };
    let text: String = records(rows, lessons)
        .iter()
        .map(|record| style.row(record.iter().map(|cell| style.text(cell))))
        .collect();
    write_whole(path, text.as_bytes())
}
