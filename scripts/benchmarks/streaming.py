"""Resident memory while training on 2 million regions of a 3 Gb genome that is generated here (and deleted again).

    python streaming.py PROGRAM [GIGABASES] [MILLION REGIONS]

Prints the memory at every tenth of the run, and the peak beyond what the same training takes on 4,096 regions.
"""
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
program = Path(sys.argv[1]).resolve()
bases = int(float(sys.argv[2]) * 1e9) if len(sys.argv) > 2 else 3_000_000_000
regions = int(float(sys.argv[3]) * 1e6) if len(sys.argv) > 3 else 2_000_000


def resident(pid):
    """MiB of a process: all of it, and what is no page of a file."""
    rows = dict(line.split(":", 1) for line in open(f"/proc/{pid}/status"))
    return [int(rows[key].split()[0]) / 1024 for key in ("VmRSS", "RssAnon")]


def run(*options):
    process = subprocess.Popen([program, "run", "--no-run-dir", "--json", HERE / "streaming.rhai", *options], stdout=subprocess.PIPE, text=True)
    seen = []
    while process.poll() is None:
        try:
            seen.append(resident(process.pid))
        except (OSError, KeyError):
            break
        time.sleep(0.25)
    said = process.communicate()[0]
    if process.returncode:
        sys.exit(f"the run failed: {said}")
    return seen, said.strip().splitlines()[-1]


with tempfile.TemporaryDirectory(prefix="cistron-stream-") as folder:
    rng = np.random.default_rng(1)
    chromosomes = 24
    size = bases // chromosomes // 60 * 60
    block = np.frombuffer(b"ACGT", np.uint8)[rng.integers(0, 4, min(size, 60_000_000) // 60 * 60)]
    with open(f"{folder}/stream.fa", "wb") as fasta:
        for i in range(chromosomes):
            fasta.write(f">chr{i + 1}\n".encode())
            left = size
            while left:
                letters = np.roll(block, rng.integers(len(block)))[: min(left, len(block))]
                lines = np.full((len(letters) // 60, 61), ord("\n"), np.uint8)
                lines[:, :60] = letters.reshape(-1, 60)
                fasta.write(lines.tobytes())
                left -= len(letters)
    with open(f"{folder}/stream.bed", "w") as bed:
        for chrom, start in zip(rng.integers(1, chromosomes + 1, regions), rng.integers(0, size - 600, regions)):
            bed.write(f"chr{chrom}\t{start}\t{start + 600}\n")
    print(f"genome of {bases / 1e9:.1f} Gb, {regions:,} regions of 600 bp", flush=True)
    run("--set", f"folder={folder}", "--set", "few=64")  # the index is made here
    small, _ = run("--set", f"folder={folder}", "--set", "few=4096")
    floor = max(row[0] for row in small)
    seen, said = run("--set", f"folder={folder}")
    for tenth in range(10):
        rss, anonymous = seen[tenth * len(seen) // 10]
        print(f"  {tenth * 10:3} %: {rss:7.0f} MiB resident, {anonymous:7.0f} MiB of it anonymous")
    peak = max(row[0] for row in seen)
    print(f"peak {peak:.0f} MiB; training on 4,096 regions peaks at {floor:.0f} MiB: {peak - floor:.0f} MiB more; {said}")
