"""A notebook and a script in JupyterLab, in a browser: cells must be highlighted as scripts of cistron.

    python tests/browser.py PATH_OF_CISTRON [FOLDER]    FOLDER: where screenshots are written

Needs jupyterlab and playwright in this Python, and Chromium: CHROMIUM or that of PATH.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

HERE = Path(__file__).resolve().parent.parent
TOKEN = "highlighting"
CELL = r"""/// The share of G and C.
fn gc(sequence) { sequence.to_chars().filter(|base| base == 'G' || base == 'C').len() / 4.0 }   // a comment
let word = "ACGT\n";
let options = #{ norm: "none", stride: 2 };
let layer = nn::conv1d(8, 0x0f, options);
if true && word != () { print(`GC of ${word}: ${gc("ACGT") + 1e-3}`); }
"""
# words of the cell, and the variable of JupyterLab's theme that colours them
COLOURED = {
    "fn": "keyword",
    "if": "keyword",
    "let": "keyword",
    "true": "keyword",
    "gc": "def",
    "base": "def",
    "norm": "property",
    "nn": "builtin",
    "print": "builtin",
    "len": "property",
    "'G'": "string",
    '"none"': "string",
    "GC of": "string",
    "\\n": "string-2",
    "0x0f": "number",
    "1e-3": "number",
    "()": "atom",
    "// a comment": "comment",
    "/// The share of G and C.": "comment",
}


def install(prefix: Path, program: str) -> None:
    """The files below a prefix, where `cistron kernel install` puts the kernel."""
    place = prefix / "share/jupyter/labextensions/jupyterlab-cistron"
    if not place.exists():
        shutil.copytree(HERE / "labextension", place)
    subprocess.run(
        [program, "kernel", "install", "--prefix", str(prefix), "--device", "cpu", "--threads", "1"],
        check=True,
        stdout=subprocess.DEVNULL,
    )


def notebook(text: str) -> dict:
    return {
        "nbformat": 4,
        "nbformat_minor": 5,
        "metadata": {"kernelspec": {"name": "cistron", "display_name": "cistron", "language": "rhai"}},
        "cells": [
            {"id": "a", "cell_type": "markdown", "metadata": {}, "source": "```rhai\nlet x = 1;\n```"},
            {"id": "b", "cell_type": "code", "metadata": {}, "source": text, "outputs": [], "execution_count": None},
        ],
    }


def start(work: Path, prefix: Path) -> tuple[subprocess.Popen, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "JUPYTER_PATH": str(prefix / "share/jupyter"),
        "JUPYTER_CONFIG_DIR": str(work / "config"),
        "JUPYTER_RUNTIME_DIR": str(work / "runtime"),
        "JUPYTER_DATA_DIR": str(work / "data"),
        "IPYTHONDIR": str(work / "ipython"),
    }
    settings = work / "config/lab/user-settings/@jupyterlab/apputils-extension"
    settings.mkdir(parents=True)
    (settings / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    folder = work / "folder"
    folder.mkdir()
    (folder / "cells.ipynb").write_text(json.dumps(notebook(CELL)))
    (folder / "script.rhai").write_text(CELL)
    server = subprocess.Popen(
        [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
         f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}"],
        env=environment, cwd=work, stdout=(work / "log").open("w"), stderr=subprocess.STDOUT,
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}"
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=5).close()
            return server, address
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.5)
    server.terminate()
    sys.exit((work / "log").read_text())


def colours(editor) -> list:
    """The pieces of text of an editor, each with the variables of the theme of its colour."""
    return editor.evaluate(
        """editor => {
            const names = ['keyword', 'def', 'builtin', 'property', 'string', 'string-2', 'number', 'atom', 'comment'];
            const probe = document.body.appendChild(document.createElement('span'));
            const table = {};
            for (const name of names) {
                probe.style.color = `var(--jp-mirror-editor-${name}-color)`;
                table[name] = getComputedStyle(probe).color;
            }
            probe.remove();
            const pieces = [];
            for (const span of editor.querySelectorAll('.cm-line span')) {
                const { color } = getComputedStyle(span);
                const last = pieces.at(-1);
                // older versions of CodeMirror do not join tokens of one style
                if (last && last.span === span.previousSibling && last.color === color) {
                    last.text += span.textContent;
                    last.span = span;
                } else pieces.push({ span, color, text: span.textContent });
            }
            return pieces.map(({ color, text }) => [text, names.filter(name => table[name] === color)]);
        }"""
    )


def compare(editor, what: str) -> int:
    found = colours(editor)
    faults = 0
    for word, wanted in COLOURED.items():
        names = {name for text, all in found if text.strip("` :") == word for name in all}
        if wanted not in names:
            faults += 1
            print(f"{what}: `{word}` has the colours of {sorted(names)}, not of {wanted}")
    print(f"{what}: {len(COLOURED)} words, {faults} faults")
    return faults


def run(page, cell) -> None:
    """Runs a cell; a kernel that has just started may miss the first requests."""
    for left in reversed(range(6)):
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        try:
            return expect(cell.locator(".jp-OutputArea-output")).to_contain_text("GC of", timeout=20_000)
        except AssertionError:
            if left == 0:
                raise


def main() -> int:
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    program = os.path.abspath(shutil.which(sys.argv[1]) or sys.argv[1])
    chromium = shutil.which(os.environ.get("CHROMIUM", "chromium"))
    if chromium is None:
        sys.exit("chromium was not found: set CHROMIUM")
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        shots = Path(sys.argv[2]) if len(sys.argv) == 3 else work
        install(work / "prefix", program)
        server, address = start(work, work / "prefix")
        try:
            with sync_playwright() as play:
                browser = play.chromium.launch(
                    executable_path=chromium,
                    args=["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                          "--disable-background-networking", "--disable-component-update", "--disable-sync"],
                )  # fmt: skip
                page = browser.new_page(viewport={"width": 1000, "height": 620})
                page.set_default_timeout(120_000)
                expect.set_options(timeout=120_000)
                page.on("console", lambda message: "cistron" in message.text and print("console:", message.text))
                faults = 0
                page.goto(f"{address}/lab/tree/script.rhai?token={TOKEN}")
                editor = page.locator(".jp-FileEditor .cm-content")
                expect(editor).to_contain_text("GC of")
                expect(editor.locator(".cm-line span").first).to_be_visible()
                faults += compare(editor, "script")
                page.screenshot(path=shots / "script.png")

                page.goto(f"{address}/lab/tree/cells.ipynb?token={TOKEN}&reset")
                cell = page.locator(".jp-CodeCell").first
                editor = cell.locator(".cm-content")
                expect(editor).to_contain_text("GC of")
                expect(page.locator(".jp-RenderedMarkdown pre code span").first).to_be_visible()
                # the kernel states its language when it has started
                expect(page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]')).to_be_visible()
                run(page, cell)
                faults += compare(editor, "notebook")
                page.screenshot(path=shots / "notebook.png")
                browser.close()
        finally:
            server.terminate()
            server.wait()
        log = (work / "log").read_text()
        for line in re.findall(r".*(?:jupyterlab-cistron|Traceback).*", log):
            print(line)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
