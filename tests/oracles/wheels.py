"""scripts/libtorch.py against a package index on this machine: wheels that are there are verified.

Prints one line for each case: what was there, how often the wheel was asked for, and whether it is right afterwards.
"""

import contextlib
import hashlib
import importlib.util
import io
import os
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

spec = importlib.util.spec_from_file_location("libtorch", Path(sys.argv[1]) / "scripts" / "libtorch.py")
libtorch = importlib.util.module_from_spec(spec)
spec.loader.exec_module(libtorch)

NAME = "package-1.0-py3-none-any.whl"
WHEEL = bytes(range(256)) * 40
SERVED = {"bytes": WHEEL, "asked": 0}


class Index(BaseHTTPRequestHandler):
    def do_GET(self):
        body = SERVED["bytes"]
        if not self.path.endswith(".whl"):
            return self.answer(200, f'<a href="/files/{NAME}#sha256=0">{NAME}</a>'.encode())
        SERVED["asked"] += 1
        start = int(self.headers.get("Range", "bytes=0-")[6:-1])
        if start >= len(body):
            return self.answer(416, b"")
        self.answer(206 if start else 200, body[start:])

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Index)
threading.Thread(target=server.serve_forever, daemon=True).start()
os.environ["PIP_INDEX_URL"] = f"http://127.0.0.1:{server.server_port}/simple"
os.environ["no_proxy"] = "*"
expected = hashlib.sha256(WHEEL).hexdigest()

cases = {
    "nothing": (None, None),
    "the wheel": (WHEEL, None),
    "a truncated wheel": (WHEEL[:5000], None),
    "a replaced wheel": (WHEEL[:-1] + b"x", None),
    "an empty wheel": (b"", None),
    "a part": (None, WHEEL[:3000]),
    "a part of another file": (None, b"y" * 3000),
    "a part that is too long": (None, WHEEL + b"z"),
}
for case, (wheel, part) in cases.items():
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stderr(io.StringIO()):
        target = Path(folder) / NAME
        for path, content in [(target, wheel), (target.with_suffix(".part"), part)]:
            if content is not None:
                path.write_bytes(content)
        SERVED["asked"] = 0
        libtorch.fetch("package", NAME, expected, target)
        left = sorted(path.name for path in Path(folder).iterdir())
        print(f"{case}: {SERVED['asked']} {target.read_bytes() == WHEEL and left == [NAME]}")

SERVED["bytes"] = b"another file"
with tempfile.TemporaryDirectory() as folder:
    try:
        libtorch.fetch("package", NAME, expected, Path(folder) / NAME)
    except SystemExit as end:
        print(f"another file on the index: {'does not have the expected sha256' in str(end)} {list(Path(folder).iterdir())}")
