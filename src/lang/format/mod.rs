//! Scripts in one layout: indentation, spaces, empty lines. Lines are broken where they are.

mod lines;
pub(crate) mod spaces;

use cistron_base::{Fault, Result, fault};
use rhai::{Engine, Token};

/// How often a script is laid out until nothing changes.
const MOST: usize = 6;

/// Lays out a script.
///
/// Lines are indented by four blanks for each bracket that is open; statements that continue, by
/// four more. A blank is around operators, after `,` and `:`, and inside braces, none inside other
/// brackets. Columns that are aligned with those of lines above or below stay so. Of several empty
/// lines one remains, none after an opening and before a closing bracket. Strings, comments and the
/// breaks between lines are not changed.
///
/// Fails where a string or a comment does not end, and where the result would not be the same
/// program (by the tokens that Rhai reads).
pub fn format(engine: &Engine, script: &str) -> Result<String> {
    let mut text = script.to_string();
    for _ in 0..MOST {
        let next = lines::laid_out(&text).map_err(|at| unclosed(&text, at))?;
        if next == text {
            break;
        }
        text = next;
    }
    if read(engine, script) != read(engine, &text) {
        return Err(
            fault!("layout", "the script cannot be laid out without changing it";
            hint: "this is a fault of cistron: please report it with the script"),
        );
    }
    Ok(text)
}

/// The fault of a string or comment that begins at a byte and does not end.
fn unclosed(text: &str, at: usize) -> Fault {
    let line = text[..at].matches('\n').count() + 1;
    fault!(
        "syntax",
        "what begins in line {line} with `{}` does not end",
        text[at..].chars().take(12).collect::<String>()
    )
}

/// The tokens that Rhai reads, and the strings in back quotes, which it reads with its parser.
fn read(engine: &Engine, script: &str) -> Vec<String> {
    let mut plain = String::with_capacity(script.len());
    let mut out = Vec::new();
    for token in crate::tokens::tokens(script).unwrap_or_default() {
        let between = match (token.breaks, token.gap) {
            (0, 0) => "",
            (0, _) => " ",
            _ => "\n",
        };
        plain.push_str(between);
        if token.text.starts_with('`') {
            out.push(token.text.to_string());
            plain.push_str("\"\"");
        } else {
            plain.push_str(token.text);
        }
    }
    let inputs = [plain.as_str()];
    let tokens = engine.lex(&inputs).0;
    // the end is repeated without end
    let tokens = tokens.take_while(|(token, _)| *token != Token::EOF);
    for (token, _) in tokens {
        match token {
            // one token without a blank, two with one
            Token::Unit => {
                out.extend([Token::LeftParen, Token::RightParen].map(|t| format!("{t:?}")))
            }
            token => out.push(format!("{token:?}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stdlib;
    use cistron_base::seed::Rng;

    fn laid_out(script: &str) -> String {
        format(&Engine::new_raw(), script).expect("a layout")
    }

    #[test]
    fn lines_are_indented_by_their_brackets() {
        let cases = [
            ("fn f(x) {\nx+1\n}", "fn f(x) {\n    x + 1\n}\n"),
            (
                "train::fit(net,#{\ntrain:set,\n  on:|a,b|{\nf(a);\n}\n})",
                "train::fit(net, #{\n    train: set,\n    on: |a, b| {\n        f(a);\n    }\n})\n",
            ),
            (
                "let x=a\n.map(|v|v*2)\n.sum();\ny",
                "let x = a\n    .map(|v| v * 2)\n    .sum();\ny\n",
            ),
            (
                "let x =\n1;\n\n\n\nlet y = 2;",
                "let x =\n    1;\n\nlet y = 2;\n",
            ),
            (
                "if a {\n\n  // why\nb\n  // so\n\n}\nelse { c }",
                "if a {\n    // why\n    b\n    // so\n}\nelse { c }\n",
            ),
            (
                "switch x {\n1 => 2,\n3..5 =>\n4,\n}",
                "switch x {\n    1 => 2,\n    3..5 =>\n        4,\n}\n",
            ),
            ("{ let a=1; }\n|b| a", "{ let a = 1; }\n|b| a\n"),
            ("let a = [ 1,2,\n3 ];", "let a = [1, 2,\n    3];\n"),
            ("", ""),
            ("\n\n", ""),
        ];
        for (script, wanted) in cases {
            assert_eq!(laid_out(script), wanted, "{script}");
        }
    }

    #[test]
    fn operators_have_spaces_and_signs_have_none() {
        let cases = [
            (
                "let x=- 1+-2 -(-y)*2**-z",
                "let x = - 1 + -2 - (-y) * 2 ** -z\n",
            ),
            ("if ! a||b&&c |>f{}", "if !a || b && c |> f {}\n"),
            (
                "let f=||1; let g=|x|-x; let h=a|b|c;",
                "let f = || 1; let g = |x| -x; let h = a | b | c;\n",
            ),
            ("f (x) [ 1 ] . g( ).h", "f(x)[1].g().h\n"),
            (
                "for (v,i) in 0 .. n{ return [v,-i] }",
                "for (v, i) in 0..n { return [v, -i] }\n",
            ),
            ("x [1 ..]; x[-1]", "x[1..]; x[-1]\n"),
            (
                "let m=#{a:1,\"b c\":#{}}; m.a+=1",
                "let m = #{ a: 1, \"b c\": #{} }; m.a += 1\n",
            ),
            (
                "import\"std/ood\"as ood;ood :: probe(|set|set.y)",
                "import \"std/ood\" as ood; ood::probe(|set| set.y)\n",
            ),
            (
                "let y = w @x; y.in; try{f()}catch(e){throw e}",
                "let y = w @x; y.in; try { f() } catch (e) { throw e }\n",
            ),
            (
                "`a  ${ f( 1 ) }  b`+\"c  d\"",
                "`a  ${ f( 1 ) }  b` + \"c  d\"\n",
            ),
        ];
        for (script, wanted) in cases {
            assert_eq!(laid_out(script), wanted, "{script}");
        }
    }

    #[test]
    fn aligned_columns_stay() {
        let aligned =
            "let a    = 1;\nlet long = 22;   // all\n\nlet m = [\n     1, -2,\n    10, 20,\n];\n";
        assert_eq!(laid_out(aligned), aligned.replace("\n     1,", "\n    1,"));
        assert_eq!(
            laid_out("let a   = 1;\nlet b = 2;"),
            "let a = 1;\nlet b = 2;\n"
        );
    }

    #[test]
    fn what_does_not_end_is_a_fault() {
        let engine = Engine::new_raw();
        for script in ["let x = `a ${1", "/* a", "\"a\n\"", "let x = 1;\n\"a"] {
            let fault = format(&engine, script).expect_err(script);
            assert_eq!(fault.kind, "syntax", "{script}");
        }
        assert!(
            format(&engine, "x;\n`a")
                .expect_err("open")
                .message
                .contains("line 2")
        );
    }

    /// Every script of the standard library, its white space changed at random: the layout is that
    /// of the same tokens, and a layout of a layout is the same.
    #[test]
    fn any_white_space_gives_the_same_program_and_one_layout() {
        let engine = Engine::new_raw();
        let mut random = Rng::keyed(&[1]);
        for name in stdlib::paths() {
            let (script, _) = stdlib::read(&name).expect("a module");
            let script = script.as_str();
            let plain = laid_out(script);
            assert_eq!(laid_out(&plain), plain, "{name}");
            let indented: Vec<&str> = plain.lines().collect();
            if !plain.contains('`') && !plain.contains("/*") {
                let flat: Vec<&str> = indented.iter().map(|line| line.trim_start()).collect();
                assert_eq!(
                    laid_out(&flat.join("\n")),
                    plain,
                    "{name}, without indentation"
                );
            }
            for _ in 0..3 {
                let mut changed = String::new();
                for token in crate::tokens::tokens(script).expect("tokens") {
                    let blanks = " ".repeat(random.below(3));
                    let breaks = if token.breaks > 0 {
                        "\n".repeat(1 + random.below(3))
                    } else {
                        String::new()
                    };
                    let needed = if token.breaks == 0 && token.gap > 0 {
                        " "
                    } else {
                        ""
                    };
                    changed.push_str(&format!("{breaks}{needed}{blanks}{}", token.text));
                }
                if read(&engine, &changed) != read(&engine, script) {
                    // a blank within what Rhai reads as one
                    continue;
                }
                let once = laid_out(&changed);
                assert_eq!(laid_out(&once), once, "{name}");
            }
        }
    }
}
