"""Random comparisons of models with what SciPy gives: `python compare_random.py CASES SEED` prints JSON.

`python tests/oracles/compare_random.py 6 4 > tests/oracles/compare.json` writes the committed cases.

Models are compared over sets and seeds. DeLong's variances are those of the definition (all pairs of
positives and negatives), of placements averaged over seeds. Numbers that JSON cannot hold are null.
"""
import itertools, json, math, sys, warnings

import numpy as np
from scipy import stats

warnings.simplefilter("ignore")
CASES, SEED = int(sys.argv[1]), int(sys.argv[2])
rng = np.random.default_rng(SEED)


def plain(x):
    x = float(x)
    return x if math.isfinite(x) else None


def holm(p):
    """Step by step, from the smallest."""
    order, out, most = np.argsort(p), np.empty(len(p)), 0.0
    for i, at in enumerate(order):
        most = max(most, min(1.0, (len(p) - i) * p[at]))
        out[at] = most
    return out


def place(s, y):
    return (s[y == 1][:, None] > s[y == 0]) + 0.5 * (s[y == 1][:, None] == s[y == 0])


def delong(first, second, y):
    """First and second: scores of each seed."""
    a, b = np.mean([place(s, y) for s in first], 0), np.mean([place(s, y) for s in second], 0)
    d = a.mean() - b.mean()
    variance = np.var((a - b).mean(1), ddof=1) / (y == 1).sum() + np.var((a - b).mean(0), ddof=1) / (y == 0).sum()
    return d, math.sqrt(variance)


def case(kind):
    models, sets, seeds = int(rng.integers(2, 6)), int(rng.integers(1, 9)), int(rng.integers(1, 4))
    if kind == "values":
        sets, seeds = int(rng.integers(2, 16)), int(rng.integers(1, 4))
    runs, means, differences = [], np.empty((sets, models)), []
    for s in range(sets):
        n = int(rng.integers(8, 30))
        y = np.r_[[1, 1, 0, 0], rng.integers(0, 2, n - 4)]
        digits = int(rng.integers(0, 3))
        own = []
        for m in range(models):
            if kind == "scores":
                scores = [np.round(rng.normal(0, 1, n) + y * (0.2 + 0.3 * m), digits) for _ in range(seeds)]
                own.append(scores)
                means[s, m] = np.mean([place(x, y).mean() for x in scores])
                runs += [{"model": f"m{m}", "set": f"s{s}", "seed": f"{i}", "scores": x.tolist(), "labels": y.tolist()} for i, x in enumerate(scores)]
            else:
                # rounded, so that there are ties
                values = np.round(0.7 + 0.05 * s + 0.02 * m + 0.05 * rng.normal(size=seeds), int(rng.integers(2, 6)))
                own.append(values)
                means[s, m] = values.mean()
                runs += [{"model": f"m{m}", "set": f"s{s}", "seed": f"{i}", "value": float(x)} for i, x in enumerate(values)]
        for a, b in itertools.combinations(range(models), 2):
            if kind == "scores":
                d, error = delong(own[a], own[b], y)
                p = 1.0 if d == 0 else 2 * stats.norm.sf(abs(d) / error) if error > 0 else math.nan
                ends = [d - stats.norm.ppf(0.975) * error, d + stats.norm.ppf(0.975) * error]
            else:
                d, p, ends = own[a].mean() - own[b].mean(), math.nan, [math.nan, math.nan]
                gaps = own[a] - own[b]
                if seeds > 1 and np.ptp(gaps) > 1e-12:
                    r = stats.ttest_rel(own[a], own[b])
                    p, ends = r.pvalue, list(r.confidence_interval(0.95))
            differences.append({"first": f"m{a}", "second": f"m{b}", "set": f"s{s}", "difference": d, "p": p, "low": ends[0], "high": ends[1]})
    known = [row for row in differences if math.isfinite(row["p"])]
    for row, p in zip(known, holm([row["p"] for row in known])):
        row["adjusted"] = p
    pairs = []
    if sets > 1:
        for a, b in itertools.combinations(range(models), 2):
            r = stats.wilcoxon(np.round(means[:, a] - means[:, b], 11))
            pairs.append({"first": f"m{a}", "second": f"m{b}", "statistic": r.statistic, "p": r.pvalue})
        known = [row for row in pairs if math.isfinite(row["p"])]
        for row, p in zip(known, holm([row["p"] for row in known])):
            row["adjusted"] = p
    rounded = np.round(means, 12)
    out = {
        "runs": runs, "pairs": pairs, "ranks": stats.rankdata(-rounded, axis=1).mean(0).tolist(),
        "differences": differences,
        "critical": stats.studentized_range.ppf(0.95, models, np.inf) * math.sqrt(models * (models + 1) / (12 * sets)) if sets > 1 else math.nan,
    }
    if sets > 1 and models > 2:
        r = stats.friedmanchisquare(*rounded.T)
        out["friedman"] = {"statistic": plain(r.statistic), "p": plain(r.pvalue)}
    for row in differences + pairs:
        for key, value in row.items():
            if isinstance(value, float):
                row[key] = plain(value)
    out["critical"] = plain(out["critical"])
    return out


def ranges(n):
    """Tails and quantiles of the studentized range of infinite degrees of freedom."""
    out = []
    for _ in range(n):
        groups, q = int(rng.integers(2, 30)), float(rng.uniform(0.01, 9))
        out.append({"groups": groups, "q": q, "above": float(stats.studentized_range.sf(q, groups, np.inf))})
    return out


print(json.dumps({"cases": [case("scores" if i % 2 else "values") for i in range(CASES)], "ranges": ranges(CASES)}))
