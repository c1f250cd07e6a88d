"""Rhai 1.27 with the additions of cistron, as a lexer of Pygments."""

import re

from pygments.lexer import RegexLexer, bygroups, include, words
from pygments.token import (
    Comment,
    Keyword,
    Name,
    Number,
    Operator,
    Punctuation,
    String,
    Whitespace,
)

__all__ = ["CistronLexer"]

# functions that need no namespace
BUILTINS = """print debug type_of is_shared is_def_var is_def_fn Fn apropos assert assert_eq
    assert_near display format help param pretty range report save_text seconds""".split()

NAMESPACES = """augment cluster contacts data explain expression files genome graph init intervals
    label loss metric motif motifs network nn optim plot protein rule schedule search seq sim stats
    table tensor tokenizer track train trees weights""".split()

CONTROL = """if else switch for while loop do until break continue try catch throw return
    no_grad""".split()

NAME = r"[A-Za-z_]\w*"
# no word after a point, unless it ends a range, or after `::`
FREE = r"(?<!::)(?:(?<!\.)|(?<=\.\.))"
ESCAPE = r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|[^xuU])"

# what an operand ends with, and words that are none
OPERAND = re.compile(r"""[\w)\]"'`]\Z""")
WORD = re.compile(rf"(?<![\w.:])(?:{'|'.join(CONTROL)}|in|let|const)\Z")
PART = re.compile(rf"({NAME})|(\s+)|(\W)")


def parameters(_, match):
    """The tokens of `|a, b|`: parameters of a closure, or a name between operators."""
    before = match.string[max(0, match.start() - 200) : match.start()].rstrip()
    is_closure = not OPERAND.search(before) or WORD.search(before) is not None
    name, sign = (Name.Variable, Punctuation) if is_closure else (Name, Operator)
    for part in PART.finditer(match.group()):
        kind = name if part.group(1) else Whitespace if part.group(2) else sign
        if kind is Name and part.group() in ("true", "false"):
            kind = Keyword.Constant
        if kind is sign and part.group() == ",":
            kind = Punctuation
        yield match.start() + part.start(), kind, part.group()


class CistronLexer(RegexLexer):
    """Scripts of cistron, and cells of its notebooks."""

    name = "cistron"
    aliases = ["rhai", "cistron"]
    filenames = ["*.rhai"]
    mimetypes = ["text/x-rhai"]
    url = "https://rhai.rs"

    tokens = {
        "root": [
            (r"\A#!.*$", Comment.Hashbang),
            # commands of a notebook, which are whole inputs
            (r"\A(\s*)(\?(?![?.\[]).*|apropos\s+(?!\().*|![A-Za-z][\w./-]*(?=\s|\Z).*)$",
             bygroups(Whitespace, Comment.Preproc)),
            (r"\A(\s*)(:[a-z]+)", bygroups(Whitespace, Comment.Preproc)),
            (r"#?\{|\}", Punctuation),
            include("code"),
        ],
        "code": [
            (r"\s+", Whitespace),
            include("comments"),
            include("strings"),
            include("numbers"),
            (rf"(fn)(\s+)(?:({NAME}|\"[^\"]*\")(\.))?({NAME})(\s*)(\()",
             bygroups(Keyword.Declaration, Whitespace, Name.Class, Punctuation, Name.Function,
                      Whitespace, Punctuation), "parameters"),
            (rf"{FREE}\b(as)(\s+)({NAME})",
             bygroups(Keyword.Namespace, Whitespace, Name.Namespace)),
            (rf"\|\s*(?:{NAME}\s*(?:,\s*{NAME}\s*)*,?\s*)?\|(?!\|)", parameters),
            (rf"\b({NAME})(?=\s*:(?!:))", Name.Attribute),
            include("keywords"),
            include("names"),
            (r"(?<![\w!)\]])\(\)", Keyword.Constant),
            (r"\*\*=|<<=|>>=|\|>|\?\?|\.\.=?|=>|&&|\|\||\*\*|<<|>>"
             r"|[-+*/%&|^=!<>]=|[-+*/%@&|^<>=!~]", Operator),
            (r"\??\.|::", Punctuation),
            (r"\?\[|[()\[\],;:]", Punctuation),
        ],
        "comments": [
            (r"(?:///(?!/)|//!).*$", Comment.Special),
            (r"//.*$", Comment.Single),
            (r"/\*\*/", Comment.Multiline),
            (r"/\*\*(?!\*)", Comment.Special, "documentation"),
            (r"/\*", Comment.Multiline, "comment"),
        ],
        "comment": [
            (r"[^*/]+", Comment.Multiline),
            (r"/\*", Comment.Multiline, "#push"),
            (r"\*/", Comment.Multiline, "#pop"),
            (r"[*/]", Comment.Multiline),
        ],
        "documentation": [
            (r"[^*/]+", Comment.Special),
            (r"/\*", Comment.Special, "#push"),
            (r"\*/", Comment.Special, "#pop"),
            (r"[*/]", Comment.Special),
        ],
        "strings": [
            (r"(#+)\"(?:.|\n)*?\"\1", String),
            (r"\"", String.Double, "string"),
            (r"`", String.Backtick, "template"),
            (rf"'(?:''|{ESCAPE}|[^'\\\n])'", String.Char),
        ],
        # a string that is not closed ends with its line
        "string": [
            (rf"\"\"|\\\n|{ESCAPE}", String.Escape),
            (r"\"", String.Double, "#pop"),
            (r"[^\"\\\n]+|\\", String.Double),
            (r"\n", Whitespace, "#pop"),
        ],
        "template": [
            (r"``|\\\$(?=\{)", String.Escape),
            (r"`", String.Backtick, "#pop"),
            (r"\$\{", String.Interpol, "interpolation"),
            (r"[^`$\\]+|[$\\]", String.Backtick),
        ],
        "interpolation": [
            (r"\}", String.Interpol, "#pop"),
            (r"#?\{", Punctuation, "braces"),
            include("code"),
        ],
        "braces": [
            (r"\}", Punctuation, "#pop"),
            (r"#?\{", Punctuation, "#push"),
            include("code"),
        ],
        "numbers": [
            (r"\b0[xX][0-9A-Fa-f_]+\b", Number.Hex),
            (r"\b0[oO][0-7_]+\b", Number.Oct),
            (r"\b0[bB][01_]+\b", Number.Bin),
            # a point belongs to a number before a digit, and before what is neither point nor name
            (r"\b[0-9][0-9_]*(?:\.[0-9][0-9_]*(?:[eE][+-]?[0-9][0-9_]*)?"
             r"|[eE][+-]?[0-9][0-9_]*|\.(?![.\w]))", Number.Float),
            (r"\b[0-9][0-9_]*", Number.Integer),
        ],
        "parameters": [
            (r"\)", Punctuation, "#pop"),
            (r"\s+", Whitespace),
            include("comments"),
            (NAME, Name.Variable),
            (r",", Punctuation),
        ],
        "keywords": [
            (FREE + words(("let", "const", "fn", "private"), prefix=r"\b", suffix=r"\b").get(),
             Keyword.Declaration),
            (FREE + words(CONTROL, prefix=r"\b", suffix=r"\b").get(), Keyword),
            (FREE + words(("import", "export", "as"), prefix=r"\b", suffix=r"\b").get(),
             Keyword.Namespace),
            (FREE + words(("true", "false"), prefix=r"\b", suffix=r"\b").get(), Keyword.Constant),
            (FREE + r"\bin\b|!in\b", Operator.Word),
            (FREE + words(("this", "global"), prefix=r"\b", suffix=r"\b").get(),
             Name.Builtin.Pseudo),
        ],
        "names": [
            (FREE + words(NAMESPACES, prefix=r"\b", suffix=r"(?=\s*::)").get(), Name.Builtin),
            (rf"\b{NAME}(?=\s*::)", Name.Namespace),
            (rf"(\??\.)(?!\.)(\s*)({NAME})(?=\s*!?\()",
             bygroups(Punctuation, Whitespace, Name.Function)),
            (rf"(\??\.)(?!\.)(\s*)({NAME})", bygroups(Punctuation, Whitespace, Name.Property)),
            (r"(?<!::)" + words(BUILTINS, prefix=r"\b", suffix=r"(?=\s*\()").get(), Name.Builtin),
            (rf"\b{NAME}(?=\s*!?\()", Name.Function),
            (r"\b[A-Z][A-Z0-9_]+\b", Name.Constant),
            (rf"\b{NAME}", Name),
        ],
    }

    def analyse_text(text):
        """Whether a text of an unknown language is a script."""
        return 1.0 if re.match(r"#!.*\bcistron\b", text) else 0.0
