"""Time and memory of `cistron audit` on simulated sequences, and which altered copies it finds.

python3 scripts/benchmarks/audit.py [--cistron PATH] [--rows 100000] [--length 200] [--leaks 0.05] [--threads 1,2]
python3 scripts/benchmarks/audit.py --recall
"""

import argparse
import collections
import json
import os
import resource
import subprocess
import tempfile

import numpy as np

LETTERS = np.frombuffer(b"ACGT", dtype=np.uint8)
MOTIF = np.array(["ACGT".index(base) for base in "AGATAAGGCT"], dtype=np.uint8)


def write(path, rows, labels):
    with open(path, "w") as file:
        for row, label in zip(rows, labels):
            file.write(LETTERS[row].tobytes().decode() + f"\t{label}\n")


def reverse_complement(row):
    return (3 - row)[::-1]


def altered(rng, row, share, shift):
    """A copy that begins `shift` bases later, with a share of other bases."""
    row = np.concatenate([row[shift:], rng.integers(0, 4, shift, dtype=np.uint8)])
    changed = np.flatnonzero(rng.random(len(row)) < share)
    row[changed] = (row[changed] + rng.integers(1, 4, len(changed))) % 4
    return row


def simulated(rows, length, leaks):
    """Sequences of which half have a motif on either strand, and a share of altered copies of other rows."""
    rng = np.random.default_rng(1)
    x = rng.integers(0, 4, (rows, length), dtype=np.uint8)
    labels = (np.arange(rows) % 2 == 0).astype(int)
    for i in np.flatnonzero(labels):
        at = rng.integers(0, length - len(MOTIF))
        x[i, at:at + len(MOTIF)] = MOTIF if rng.random() < 0.5 else reverse_complement(MOTIF)
    copies = int(rows * leaks)
    for n, (of, to) in enumerate(zip(rng.permutation(rows)[:copies], rng.permutation(rows)[:copies])):
        kinds = [lambda: altered(rng, x[of], 0.05, 0), lambda: reverse_complement(x[of]), lambda: altered(rng, x[of], 0.05, 20)]
        x[to], labels[to] = kinds[n % 3](), labels[of]
    return x, labels


def audit(cistron, arguments, threads):
    """The report, and seconds of CPU, elapsed seconds and MB of the process."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads), "RAYON_NUM_THREADS": str(threads)}
    start = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = os.times().elapsed
    done = subprocess.run([cistron, "audit", *arguments, "--json"], capture_output=True, text=True, env=environment)
    if done.returncode not in (0, 3):
        raise SystemExit(done.stderr)
    end = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime
    return json.loads(done.stdout), seconds, os.times().elapsed - begin, end.ru_maxrss / 1024


def recall(cistron, folder):
    rng = np.random.default_rng(3)
    train = rng.integers(0, 4, (4000, 101), dtype=np.uint8)
    rows, kinds = [], []
    for share in (0.0, 0.05, 0.10, 0.15, 0.20):
        for shift in (0, 20, 40):
            for i in range(100):
                row = altered(rng, train[len(rows)], share, shift)
                rows.append(reverse_complement(row) if i % 2 else row)
                kinds.append((share, shift))
    rows += list(rng.integers(0, 4, (1000, 101), dtype=np.uint8))
    kinds += ["random"] * 1000
    write(f"{folder}/train.tsv", train, np.arange(len(train)) % 2)
    write(f"{folder}/test.tsv", rows, np.arange(len(rows)) % 2)
    found, *_ = audit(cistron, [f"{folder}/train.tsv", f"{folder}/test.tsv"], 1)
    leaking = set(found["leaks"]["leaking"])
    counts = collections.Counter(kinds[row] for row in leaking)
    for kind, total in collections.Counter(kinds).items():
        print(kind, f"{counts[kind]} of {total}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cistron", default="cistron")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--length", type=int, default=200)
    parser.add_argument("--leaks", type=float, default=0.05)
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--recall", action="store_true")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if given.recall:
            return recall(given.cistron, folder)
        path = f"{folder}/rows.tsv"
        write(path, *simulated(given.rows, given.length, given.leaks))
        for threads in given.threads.split(","):
            found, seconds, elapsed, memory = audit(given.cistron, [path], threads)
            leaks = found["leaks"]
            print(f"{threads} threads: {seconds:.1f} s of CPU, {elapsed:.1f} s elapsed, {memory:.0f} MB; {leaks['count']} of {leaks['rows']} test rows leak")


if __name__ == "__main__":
    main()
