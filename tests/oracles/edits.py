#!/usr/bin/env python3
"""Makes edits.json: what tangermeme 1.6 gives for random edits of sequences and for gapped k-mers.

  pip install torch==2.11.0 tangermeme==1.6.0 && python tests/oracles/edits.py [CASES [FOLDER]]

Each case is a call as a cistron script writes it (`s` is the sequences, an array of strings), and its result.
"""
import json
import os
import random
import sys
from pathlib import Path

# compiled and in parallel it swallows its own errors
os.environ["NUMBA_DISABLE_JIT"] = "1"

import torch
from tangermeme import ersatz
from tangermeme.kmers import gapped_kmers
from tangermeme.utils import one_hot_encode

CASES = int(sys.argv[1]) if len(sys.argv) > 1 else 70
FOLDER = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(__file__).parent
rng = random.Random(16)


def word(n, letters="ACGT"):
    return "".join(rng.choice(letters) for _ in range(n))


def encode(sequences):
    return torch.stack([one_hot_encode(s, ignore=["N"]) for s in sequences])


def decode(x):
    letters = lambda row: "".join("ACGT"[row[:, i].argmax()] if row[:, i].any() else "N" for i in range(row.shape[1]))
    return [letters(row) for row in x]


def maybe(value):
    return value if rng.random() < 0.6 else None


def arguments(*given):
    return ", ".join(json.dumps(value) for value in given if value is not None)


def case():
    n, length = rng.randint(1, 3), rng.randint(6, 20)
    s = [word(length, "ACGTN") for _ in range(n)]
    x = encode(s)
    kind = rng.choice(["insert", "substitute", "substitute", "multisubstitute", "delete", "gapped", "gapped"])
    if kind == "insert":
        m = word(rng.randint(1, 5))
        start = maybe(rng.randint(0, length - len(m)))
        return s, f"seq::insert(s, {arguments(m, start)})", decode(ersatz.insert(x, m, start))
    if kind == "substitute":
        several = rng.random() < 0.3
        width = rng.randint(1, length)
        m = [word(width, "ACGTN") for _ in range(n)] if several else word(width, "ACGTN")
        start = maybe(rng.randint(0, length - width))
        given = encode(m) if several else m
        return s, f"seq::substitute(s, {arguments(m, start)})", decode(ersatz.substitute(x, given, start))
    if kind == "multisubstitute":
        ms = [word(rng.randint(1, 3), "ACGTN") for _ in range(rng.randint(1, 3))]
        gaps = [rng.randint(0, 3) for _ in ms[1:]]
        spacing = gaps if rng.random() < 0.5 and len(ms) > 1 else rng.randint(0, 2)
        start = maybe(rng.randint(0, 3))
        try:
            y = ersatz.multisubstitute(x, ms, spacing, start)
        except ValueError:
            return s, f"seq::multisubstitute(s, {arguments(ms, spacing, start)})", None
        return s, f"seq::multisubstitute(s, {arguments(ms, spacing, start)})", decode(y)
    if kind == "delete":
        start = rng.randint(0, length - 1)
        end = rng.randint(start + 1, length)
        return s, f"seq::delete(s, {start}, {end})", decode(ersatz.delete(x, start, end))
    s = [word(length) for _ in range(n)]
    low = rng.randint(2, 4)
    how = dict(min_k=low, max_k=low + rng.randint(0, 2), max_gap=rng.randint(1, 3), max_len=rng.randint(3, 9), max_gkmers=rng.randint(1, 40))
    scores, positions = None, None
    if rng.random() < 0.6:
        # distinct, so that the order of positions is defined
        scores = torch.tensor([[rng.uniform(-1, 1) for _ in range(length)] for _ in range(n)], dtype=torch.float64)
        positions = maybe(rng.randint(3, length))
    while True:
        try:
            matrix = gapped_kmers(encode(s), scores=scores, max_pos=positions, **how)
            if (matrix.getnnz(axis=1) == how["max_gkmers"]).all():
                matrix = matrix.tocoo()
                break
        except ValueError:
            pass
        # where a sequence has fewer than `max_gkmers`, tangermeme fails or repeats its only one
        how["max_gkmers"] -= 1
        if how["max_gkmers"] == 0:
            return case()
    found = [{} for _ in s]
    for row, key, value in zip(matrix.row.tolist(), matrix.col.tolist(), matrix.data.tolist()):
        letters = ""
        while key:
            letters += "-ACGT"[key % 5]
            key //= 5
        if letters:
            found[row][letters] = value
    names = dict(min_k="min_k", max_k="max_k", max_gap="max_step", max_len="max_length", max_gkmers="most")
    given = [f"{names[key]}: {value}" for key, value in how.items()]
    if scores is not None:
        given.append(f"scores: {json.dumps(scores.tolist())}")
    if positions is not None:
        given.append(f"positions: {positions}")
    return s, f"seq::gapped_kmers(s, #{{ {', '.join(given)} }})", found


made = [case() for _ in range(CASES)]
(FOLDER / "edits.json").write_text(json.dumps([{"sequences": s, "script": script, "result": result} for s, script, result in made], indent=0))
