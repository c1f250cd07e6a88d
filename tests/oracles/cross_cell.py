"""The posterior of std/papers/cross_cell by enumeration of sites, strands and places.

    python cross_cell.py loci.npz

reads `codes` [n, 4, length] and `signal` [n, 1, length] of loci that were drawn by
`cross_cell::loci(motif::from_consensus("ACGT"), 6, #{ length: 30, reach: 5, spread: 3.0, seed: 4 })`
and `cross_cell::cell(loci, 0.5, 2)`, and prints the probabilities that the documentation of
`cross_cell::posterior` states.
"""

import sys

import numpy as np

LETTERS = [0, 1, 2, 3]  # ACGT, the motif
LENGTH, REACH, SPREAD, NOISE, OPEN, SITE = 30, 5, 3.0, 2.0, 0.5, 0.5
HEIGHTS = [2.0, 3.0, 4.0]


def site(codes, start, reverse):
    """Probability of the bases given a site, divided by that without one."""
    ratio = 1.0
    for j, letter in enumerate(LETTERS):
        base = codes[start + j] if not reverse else 3 - codes[start + len(LETTERS) - 1 - j]
        ratio *= (1.0 if base == letter else 1e-12) / 0.25
    return ratio


def bump(signal, place):
    """Probability of the signal given a bump, divided by that without one."""
    total = 0.0
    for height in HEIGHTS:
        mean = height * np.exp(-0.5 * ((np.arange(LENGTH) - place) / SPREAD) ** 2)
        total += np.exp((signal**2 - (signal - mean) ** 2).sum() / (2 * NOISE**2))
    return total / len(HEIGHTS)


def posterior(codes, signal):
    starts = LENGTH - len(LETTERS) + 1
    sites = [SITE / starts * (site(codes, s, False) + site(codes, s, True)) / 2 for s in range(starts)]
    places = [OPEN / LENGTH * bump(signal, t) for t in range(LENGTH)]
    near = [(s, t) for s in range(starts) for t in range(LENGTH) if abs(s + len(LETTERS) / 2 - t) <= REACH]
    no_site, no_bump = 1 - SITE, 1 - OPEN
    both = sum(sites[s] * places[t] for s, t in near)
    by_sequence = sum(sites[s] * OPEN / LENGTH for s, t in near)
    by_signal = sum(SITE / starts * places[t] for s, t in near)
    a, b = no_site + sum(sites), no_bump + sum(places)
    return both / a / b, by_sequence / a, by_signal / b


loci = np.load(sys.argv[1])
for codes, signal in zip(loci["codes"].argmax(1), loci["signal"][:, 0].astype(float)):
    print(*(f"{p:.6f}" for p in posterior(codes, signal)))
