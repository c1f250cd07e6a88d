"""Boosted trees of trees.rhai by XGBoost with exact splits; prints the seconds of the best of three.

One matrix for all targets, whose labels are exchanged: the fastest way. `matrices` makes one for each target, as GNET2's authors do.
"""
import sys
import time

import numpy as np
import xgboost


def main(rows, rounds, threads, makes_matrices, targets=200):
    rng = np.random.default_rng(1)
    x = rng.standard_normal((rows, 100)).astype(np.float32)
    weights = rng.standard_normal((100, targets)) * (rng.random((100, targets)) < 0.05)
    y = (x @ weights + 0.5 * rng.standard_normal((rows, targets))).T.copy()
    settings = {
        "tree_method": "exact", "max_depth": 3, "eta": 0.1, "lambda": 1, "gamma": 0, "min_child_weight": 1, "base_score": 0.5,
        "objective": "reg:squarederror", "nthread": threads, "verbosity": 0,
    }
    shared = xgboost.DMatrix(x, nthread=threads)

    def model(labels):
        if makes_matrices:
            matrix = xgboost.DMatrix(x, label=labels, nthread=threads)
        else:
            matrix = shared
            matrix.set_label(labels)
        xgboost.train(settings, matrix, rounds)

    times = []
    for _ in range(3):
        started = time.perf_counter()
        for labels in y:
            model(labels)
        times.append(time.perf_counter() - started)
    return min(times)


if __name__ == "__main__":
    rows, rounds, threads = (int(word) for word in sys.argv[1:4])
    print(main(rows, rounds, threads, "matrices" in sys.argv[4:]))
