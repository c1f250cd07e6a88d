"""Tokens of short texts, and whole scripts.

    python tests/test_lexer.py [FILE…]    of scripts no token is an error
"""

import sys
import unittest
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cistron_pygments import CistronLexer  # noqa: E402
from pygments.token import (  # noqa: E402
    Comment,
    Error,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Token,
)

FILES = []


def is_installed():
    """Whether the package is installed in this Python."""
    try:
        found = entry_points(group="pygments.lexers")
    except TypeError:
        # a table of all groups before Python 3.10
        found = entry_points().get("pygments.lexers", [])
    return any(one.name == "cistron" for one in found)


def tokens(text):
    """Pairs of text and kind, without white space."""
    pairs = [(word, kind) for kind, word in CistronLexer().get_tokens(text) if word.strip()]
    return pairs


def kind(text, word):
    """The kind of the first token of a word."""
    return dict(reversed(tokens(text)))[word]


class Tokens(unittest.TestCase):
    def test_call_with_options(self):
        self.assertEqual(
            tokens("let net = nn::conv1d(8, #{ lr: 1e-3 });"),
            [
                ("let", Keyword.Declaration),
                ("net", Name),
                ("=", Operator),
                ("nn", Name.Builtin),
                ("::", Punctuation),
                ("conv1d", Name.Function),
                ("(", Punctuation),
                ("8", Number.Integer),
                (",", Punctuation),
                ("#{", Punctuation),
                ("lr", Name.Attribute),
                (":", Punctuation),
                ("1e-3", Number.Float),
                ("}", Punctuation),
                (")", Punctuation),
                (";", Punctuation),
            ],
        )

    def test_interpolations_nest(self):
        found = tokens("`a ${f(`b ${c}`, #{ x: \"}\" })} ``d`` \\${e}`;")
        self.assertEqual(
            found[:8],
            [
                ("`", String.Backtick),
                ("a ", String.Backtick),
                ("${", String.Interpol),
                ("f", Name.Function),
                ("(", Punctuation),
                ("`", String.Backtick),
                ("b ", String.Backtick),
                ("${", String.Interpol),
            ],
        )
        self.assertEqual(found[-1], (";", Punctuation))
        self.assertIn(("``", String.Escape), found)
        self.assertIn(("\\$", String.Escape), found)

    def test_strings(self):
        self.assertEqual(kind('"a \\"b\\" ""c"" // d"; let', "let"), Keyword.Declaration)
        self.assertEqual(kind('"a \\\n  b"; let', "let"), Keyword.Declaration)
        self.assertEqual(kind('"a\nlet', "let"), Keyword.Declaration)
        self.assertEqual(kind('""; let', "let"), Keyword.Declaration)
        self.assertEqual(kind('#"a "q" \\n"#', '#"a "q" \\n"#'), String)
        for letter in ["'c'", "'\\''", "'\\u00e9'", "'é'"]:
            self.assertEqual(kind(f"[{letter}]", letter), String.Char)

    def test_comments(self):
        self.assertEqual(kind("/// documentation", "/// documentation"), Comment.Special)
        self.assertEqual(kind("//// none", "//// none"), Comment.Single)
        self.assertEqual(kind("/* a /* b */ c */ let", "let"), Keyword.Declaration)
        self.assertEqual(kind("/** a\n b */ let", "let"), Keyword.Declaration)
        self.assertEqual(kind("/**/ let", "let"), Keyword.Declaration)
        self.assertEqual(kind("#!/usr/bin/env cistron\n", "#!/usr/bin/env cistron"), Comment.Hashbang)

    def test_numbers_and_ranges(self):
        for text, wanted in [
            ("0xff_01", Number.Hex),
            ("0b10", Number.Bin),
            ("1_000", Number.Integer),
            ("1.5e-3", Number.Float),
            ("2.", Number.Float),
        ]:
            self.assertEqual(kind(f"x = {text};", text), wanted)
        self.assertEqual([word for word, _ in tokens("0..9")], ["0", "..", "9"])
        self.assertEqual(kind("3.max(1)", "max"), Name.Function)
        self.assertEqual(kind("0..in_range", "in_range"), Name)

    def test_closures(self):
        self.assertEqual(kind("let f = |a, b| a | b || c;", "a"), Name.Variable)
        self.assertEqual(kind("list.map(|v| v * 2)", "v"), Name.Variable)
        self.assertEqual(kind("return |y| y", "y"), Name.Variable)
        self.assertEqual(kind("flags | mask | 4", "mask"), Name)
        self.assertEqual(kind("x |> |v| v", "|>"), Operator)

    def test_names(self):
        text = "private fn Tensor.twice(a, b) { this + global::RATE }"
        self.assertEqual(kind(text, "Tensor"), Name.Class)
        self.assertEqual(kind(text, "twice"), Name.Function)
        self.assertEqual(kind(text, "b"), Name.Variable)
        self.assertEqual(kind(text, "this"), Name.Builtin.Pseudo)
        self.assertEqual(kind(text, "RATE"), Name.Constant)
        self.assertEqual(kind('import "std/layers/tcn" as tcn;', "tcn"), Name.Namespace)
        self.assertEqual(kind("tcn::stack(1)", "tcn"), Name.Namespace)
        self.assertEqual(kind("x.until(3)", "until"), Name.Function)
        self.assertEqual(kind("x?.grad", "grad"), Name.Property)
        self.assertEqual(kind("print(x)", "print"), Name.Builtin)
        self.assertEqual(kind("n !in list", "!in"), Operator.Word)
        self.assertEqual(kind("fn f(a) { () }", "()"), Keyword.Constant)
        self.assertEqual(kind("no_grad { w.sub_(1); }", "no_grad"), Keyword)

    def test_commands_of_a_notebook(self):
        for text in ["?nn::conv1d", '!ls -l "a', "apropos reverse complement", ":vars"]:
            self.assertEqual(tokens(text), [(text, Comment.Preproc)])
        self.assertEqual(kind(":time f(2)", "f"), Name.Function)
        self.assertEqual(kind("!is_empty(x)", "!"), Operator)

    @unittest.skipUnless(is_installed(), "the package is not installed")
    def test_pygments_finds_the_lexer(self):
        from pygments.lexers import get_lexer_by_name, get_lexer_for_filename

        for lexer in [get_lexer_by_name("rhai"), get_lexer_for_filename("a.rhai")]:
            self.assertEqual(lexer.name, "cistron")

    @unittest.skipUnless(is_installed() and find_spec("nbconvert"), "nbconvert is not installed")
    def test_nbconvert_highlights_cells(self):
        import nbformat
        from nbconvert import HTMLExporter

        book = nbformat.v4.new_notebook(
            cells=[
                nbformat.v4.new_code_cell("let x = nn::conv1d(8, 3);"),
                nbformat.v4.new_markdown_cell("```rhai\nlet y = `a ${nn::relu()}`;\n```"),
            ],
            metadata={"language_info": {"name": "rhai", "pygments_lexer": "rhai"}},
        )
        page, _ = HTMLExporter().from_notebook_node(book)
        self.assertEqual(page.count('<span class="nb">nn</span>'), 2)
        self.assertEqual(page.count('<span class="kd">let</span>'), 2)
        self.assertIn('<span class="si">${</span>', page)

    def test_scripts(self):
        for file in FILES:
            text = Path(file).read_text()
            found = list(CistronLexer(stripnl=False, ensurenl=False).get_tokens_unprocessed(text))
            self.assertEqual("".join(word for _, _, word in found), text)
            wrong = [(at, word) for at, kind, word in found if kind in Error or kind is Token.Text]
            self.assertEqual(wrong, [], file)


if __name__ == "__main__":
    FILES = sys.argv[1:]
    unittest.main(argv=sys.argv[:1])
