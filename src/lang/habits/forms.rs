//! Rules for lines in the syntax of other languages.

use super::tokens::Line;
use super::{expressions, statements, strings};

/// A rule: the hint for a line of its form.
type Rule = fn(&Line) -> Option<String>;

/// The stage at which an error is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The grammar.
    Syntax,
    /// An undeclared name.
    Name,
    /// The run of the script.
    Run,
}

/// Forms that are never valid in the script language.
const ALWAYS: &[Rule] = &[
    strings::formatted,
    strings::single_quoted,
    strings::triple_quoted,
    statements::definition,
    statements::class,
    statements::importing,
    statements::assertion,
    statements::raising,
    statements::printing,
    statements::foreign_loop,
    statements::headed,
    expressions::comprehension,
    expressions::conditional,
    expressions::ternary,
    expressions::lambda,
    expressions::arrow,
    expressions::dictionary,
    expressions::sliced,
    expressions::keyword_arguments,
    expressions::spread,
    expressions::none_test,
    expressions::logic,
    statements::written_type,
    statements::mutable,
    expressions::counted_up,
    expressions::comparison,
    statements::arm,
    expressions::bare_words,
];

/// Forms that may be valid, tested only after a syntax error.
const SYNTAX: &[Rule] = &[
    strings::comment,
    expressions::floor_division,
    expressions::tuple,
    statements::several,
    expressions::point_first,
];

/// The hint for the first habit of a line; `column` is where the error is.
pub fn hint(line: &Line, column: usize, stage: Stage) -> Option<String> {
    let innermost = line.statement(column);
    let is_part = innermost.tokens.len() < line.tokens.len();
    statement(&innermost, column, stage).or_else(|| {
        if is_part {
            statement(line, column, stage)
        } else {
            None
        }
    })
}

fn statement(line: &Line, column: usize, stage: Stage) -> Option<String> {
    let any = |rules: &[Rule]| rules.iter().find_map(|rule| rule(line));
    let is_syntax = stage == Stage::Syntax;
    match stage {
        Stage::Run => statements::foreign_loop(line),
        _ => any(ALWAYS)
            .or_else(|| if is_syntax { any(SYNTAX) } else { None })
            .or_else(|| statements::assignment(line, column, is_syntax)),
    }
}
