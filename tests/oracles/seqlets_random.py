"""Seqlets of random contributions by tangermeme's method before 1.6: `python seqlets_random.py CASES SEED` prints JSON.

Written from the method's description; on the contributions of tangermeme's own test it finds the 24 seqlets that the test expects.
"""
import json, sys

import numpy as np

CASES, SEED = int(sys.argv[1]), int(sys.argv[2])
rng = np.random.default_rng(SEED)


def seqlets(x, threshold, least, most, bins):
    n, length = x.shape
    low, high = x.min(), x.max()
    width = (high - low) / np.float64(bins - 1)
    share = np.bincount(np.floor((x - low) / width).astype(int).ravel(), minlength=bins) / x.size
    sums, tails = share, [None, np.r_[1.0, np.zeros(bins - 1)]]
    for spans in range(2, most + 1):
        more = np.zeros(bins * spans)
        product = np.convolve(sums, share)
        more[: len(product)] = product
        tail, left = np.zeros(bins * spans), 1.0
        tail[0] = 1.0
        for i in range(1, len(tail)):
            left = max(left - more[i], 0)
            tail[i] = left
        sums = more
        tails.append(tail)
    total = np.zeros((n, length + 1))
    total[:, 1:] = np.cumsum(x.astype("f8"), axis=1)
    out = []
    for row in range(n):
        p = np.ones((most + 1, length))
        p[:least] = 0
        for spans in range(least, most + 1):
            at = np.floor((total[row, spans:] - total[row, :-spans] - low * spans) / width).astype(int)
            p[spans, : length - spans + 1] = np.maximum(tails[spans][at], p[spans - 1, : length - spans + 1])
        for spans in range(most, least - 1, -1):
            while True:
                start = int(p[spans].argmin())
                value = p[spans, start]
                p[spans, start] = 1
                if value >= threshold:
                    break
                if all(p[spans - k, start + k] < threshold for k in range(1, spans)):
                    p[:, start : start + spans] = 1
                    out.append([row, start, start + spans, float(value)])
    return out


cases = []
for _ in range(CASES):
    x = (rng.normal(0, 0.02, (int(rng.integers(1, 6)), int(rng.integers(30, 120)))) ** 3).astype("f4")
    for row in x:
        start = rng.integers(0, len(row) - 12)
        row[start : start + rng.integers(4, 12)] += np.float32(rng.choice([3e-4, 1e-4]))
    # powers of two, so that rounding is the same everywhere
    x = np.round(x * 2**20).astype("f4") / np.float32(2**20)
    threshold, least, most, bins = float(rng.choice([0.01, 0.1])), int(rng.integers(2, 5)), int(rng.integers(8, 15)), int(rng.choice([100, 400]))
    cases.append({"x": x.astype(float).tolist(), "threshold": threshold, "least": least, "most": most, "bins": bins, "found": seqlets(x, threshold, least, most, bins)})
print(json.dumps(cases))
