"""Areas under precision-recall curves by the interpolation of Davis and Goadrich, computed from the definition, with fractions.

    python prroc.py                  prints prroc.json
    python prroc.py CASES SEED       prints random cases with ties, for the comparison by the thousand

A curve has a point (TP, FP) for each threshold, and between two of them a point for each further true positive, at which FP has
increased linearly; the area is that of the trapezoids of precision over recall. Above the first threshold the precision is that of
the first threshold, and 0 where there are negatives only: so does PRROC 1.3.1.

The case "r_101" is the one of PRROC's own tests, whose value .9018680216532841 is that of Davis and Goadrich's auc.jar:
`set.seed(101); pos <- runif(100, .3, 1); neg <- runif(100, 0, .6)`. `uniform` draws R's numbers.
"""

import json
import sys
from fractions import Fraction

import numpy as np


def area(scores, labels):
    rows = sorted(zip(scores, labels), reverse=True)
    positives = sum(labels)
    if positives in (0, len(labels)):
        return None
    points, tp, fp, i = [], 0, 0, 0
    while i < len(rows):
        j = i
        while j < len(rows) and rows[j][0] == rows[i][0]:
            j += 1
        gained = sum(label for _, label in rows[i:j])
        lost = j - i - gained
        if not points:
            precision = Fraction(gained, gained + lost)
            points += [(0, precision), (gained, precision)]
        else:
            for k in range(1, gained + 1):
                now, wrong = tp + k, fp + Fraction(lost * k, gained)
                points.append((now, now / (now + wrong)))
            points.append((tp + gained, Fraction(tp + gained, tp + gained + fp + lost)))
        tp, fp, i = tp + gained, fp + lost, j
    steps = ((b[0] - a[0]) * (a[1] + b[1]) / 2 for a, b in zip(points, points[1:]))
    return sum(steps, Fraction(0)) / positives


def uniform(seed, n):
    """R's runif after set.seed: Mersenne Twister, seeded by a linear congruence."""
    for _ in range(50):
        seed = (69069 * seed + 1) % 2**32
    state = []
    for _ in range(625):
        seed = (69069 * seed + 1) % 2**32
        state.append(seed)
    twister = np.random.MT19937()
    twister.state = {"bit_generator": "MT19937", "state": {"key": np.array(state[1:], np.uint32), "pos": 624}}
    return twister.random_raw(n) * 2.3283064365386963e-10


def shown(name, scores, labels):
    value = area(scores, labels)
    return {"name": name, "scores": list(scores), "labels": list(labels), "value": None if value is None else float(value)}


if __name__ == "__main__":
    if len(sys.argv) > 2:
        rng = np.random.default_rng(int(sys.argv[2]))
        cases = []
        for i in range(int(sys.argv[1])):
            n = int(rng.integers(1, 80))
            scores = rng.integers(0, rng.integers(1, 30), n) / 4
            labels = (rng.random(n) < rng.random()).astype(int)
            cases.append(shown(f"random {i}", scores.tolist(), labels.tolist()))
    else:
        draws = uniform(101, 200)
        mixed = [0.3 + 0.7 * x for x in draws[:100]] + [0.6 * x for x in draws[100:]]
        cases = [
            shown("ties", [5, 5, 4, 3, 3, 3, 3, 2, 2, 1], [1, 0, 1, 1, 1, 0, 0, 1, 0, 0]),
            shown("negatives_first", [9, 8, 7, 6, 6, 6, 5, 4], [0, 0, 1, 1, 1, 0, 1, 0]),
            shown("rare", [-(i % 37) for i in range(300)], [int(i % 50 == 7) for i in range(300)]),
            shown("r_101", mixed, [1] * 100 + [0] * 100),
        ]
    print(json.dumps(cases))
