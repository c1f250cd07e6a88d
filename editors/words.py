#!/usr/bin/env python3
"""Compares the namespaces that the grammars highlight with those of the program.

    words.py PATH_OF_CISTRON
"""
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# each file with the text around its list
PLACES = {
    "vscode/syntaxes/rhai.tmLanguage.json": r"\((augment\|[a-z|]+)\)",
    "tree-sitter-rhai/queries/highlights.scm": r"\((augment\|[a-z|]+)\)",
    "helix/queries/rhai/highlights.scm": r"\((augment\|[a-z|]+)\)",
    "vim/syntax/rhai.vim": r"\\%\((augment\\\|[a-z|\\]+)\\\)",
    "emacs/rhai-mode.el": r"\'\((\"augment\"[^)]+)\)",
    "jupyterlab/src/language.js": r"NAMESPACES = new Set\(\s*`([^`]+)`",
    "pygments/cistron_pygments.py": r'NAMESPACES = """([^"]+)"""',
}


def output(*arguments: str) -> str:
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
    return done.stdout


def namespaces(program: str) -> set[str]:
    names = re.findall(r"^  ([a-z_]+) +\d+$", output(program, "help"), re.M)
    # types are listed too, and have no functions
    return {name for name in names if re.search(rf"^{name}::", output(program, "help", name), re.M)}


def main() -> int:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    wanted = namespaces(sys.argv[1])
    if len(wanted) < 20:
        sys.exit(f"`cistron help` lists only {len(wanted)} namespaces")
    faults = 0
    for place, pattern in PLACES.items():
        found = re.search(pattern, (HERE / place).read_text())
        words = set(re.findall(r"[a-z_]+", found.group(1))) if found else set()
        for name in sorted(wanted - words):
            print(f"{place} lacks `{name}`")
        for name in sorted(words - wanted):
            print(f"{place} has `{name}`, which is no namespace")
        faults += words != wanted
    print(f"{len(wanted)} namespaces in {len(PLACES)} files, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
