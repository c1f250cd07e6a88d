"""SEA's test (MEME suite 5.4.1, sea.c and streme-utils.c) by NumPy and SciPy, without hold-out sets.

python3 tests/oracles/sea.py FOLDER > tests/oracles/sea.tsv
FOLDER is motifs/meme_suite_5.x/tests/common of the data.
"""
import sys

import numpy as np
from scipy.stats import binom, hypergeom

BASES = "ACGT"


def fasta(path):
    records, name = [], None
    for line in open(path):
        if line.startswith(">"):
            records.append("")
        else:
            records[-1] += line.strip().upper()
    return [np.array([BASES.find(c) for c in record]) for record in records]


def motifs(path):
    out, rows, sites = [], None, 0
    for line in open(path):
        words = line.split()
        if line.startswith("MOTIF"):
            out.append([words[1], [], 0])
            rows = None
        elif line.startswith("letter-probability"):
            rows, out[-1][2] = out[-1][1], float(words[words.index("nsites=") + 1])
        elif rows is not None and len(words) == 4:
            rows.append([float(w) for w in words])
        elif rows:
            rows = None
    return [(name, np.array(rows), sites) for name, rows, sites in out]


def word_shares(sequences, length):
    """Shares of words, means of both strands, with one more word of each kind."""
    counts = np.ones((4,) * length)
    for sequence in sequences:
        for i in range(len(sequence) - length + 1):
            word = sequence[i : i + length]
            if (word >= 0).all():
                counts[tuple(word)] += 1
    shares = counts / counts.sum()
    turned = np.transpose(shares, range(length)[::-1])[(slice(None, None, -1),) * length]
    return (shares + turned) / 2


def background_bits(sequence, tables):
    """log2 of the chance of each base after the known bases before it, at most the order of them."""
    out = np.zeros(len(sequence))
    run = 0
    for i, base in enumerate(sequence):
        if base < 0:
            run = 0
            continue
        context = tuple(sequence[i - run : i + 1])
        out[i] = np.log2(tables[run][context])
        run = min(run + 1, len(tables) - 1)
    return out


def best(sequence, odds, tables):
    scores = []
    for strand in (sequence, np.where(sequence < 0, -1, 3 - sequence)[::-1]):
        bits = background_bits(strand, tables)
        for i in range(len(strand) - len(odds) + 1):
            word = strand[i : i + len(odds)]
            if (word >= 0).all():
                scores.append(odds[range(len(odds)), word].sum() - bits[i : i + len(odds)].sum())
    return max(scores) if scores else None


def main(folder):
    primary = fasta(folder + "/Klf1-200-100.fa")
    control = fasta(folder + "/Klf1-200-100-shuffled.py2.fa")
    # lengths differ in the second case
    cases = {"fisher": control, "binomial": [c[:80] for c in control]}
    for case, control in cases.items():
        for order in (0, 2):
            tables = [word_shares(control, n + 1) for n in range(order + 1)]
            tables = [t / t.sum(axis=-1, keepdims=True) for t in tables]
            flat = word_shares(primary, 1)
            for name, ppm, sites in motifs(folder + "/Jaspar-subset.meme"):
                ppm = ppm / ppm.sum(axis=1, keepdims=True)
                ppm = (ppm * sites + 0.1 * flat) / (sites + 0.1)
                rows = [(best(s, np.log2(ppm), tables), True) for s in primary]
                rows += [(best(s, np.log2(ppm), tables), False) for s in control]
                rows = [(round(s, 10), p) for s, p in rows if s is not None and s > 0]
                rows.sort(key=lambda row: (-row[0], row[1]))
                width, found, tp, fp, tests = len(ppm), (0.0, 0, 0, 0.0), 0, 0, 0
                lengths = [np.mean([len(s) for s in part]) for part in (primary, control)]
                for i, (score, positive) in enumerate(rows):
                    tp, fp = tp + positive, fp + (not positive)
                    if not positive or (i + 1 < len(rows) and rows[i + 1][1]):
                        continue
                    if case == "fisher":
                        log_p = hypergeom.logsf(tp - 1, len(primary) + len(control), len(primary), tp + fp)
                    else:
                        own, other = [len(p) * max(1, n - width + 1) for p, n in zip((primary, control), lengths)]
                        log_p = binom.logsf(tp - 1, tp + fp, own / (own + other))
                    if log_p < found[0]:
                        found, tests = (log_p, tp, fp, score), tests + 1
                p = np.exp(found[0])
                adjusted = p * tests if p * tests < 1e-6 else 1 - (1 - p) ** max(tests, 1)
                print(case, order, name, found[1], found[2], f"{found[3]:.6f}", f"{adjusted:.6e}", sep="\t")


print("case", "order", "motif", "tp", "fp", "threshold", "p", sep="\t")
main(sys.argv[1])
