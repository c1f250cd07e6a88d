"""Random cases for every test of `stats::` with what SciPy gives: `python scipy_random.py CASES SEED` prints JSON.

Numbers that JSON cannot hold are the strings "nan", "inf" and "-inf".
"""
import json, math, sys, warnings

import numpy as np
from scipy import stats

warnings.simplefilter("ignore")
CASES, SEED = int(sys.argv[1]), int(sys.argv[2])
rng = np.random.default_rng(SEED)
SIDES = ["two-sided", "greater", "less"]
SIZES = [2, 3, 4, 5, 8, 9, 13, 14, 20, 33, 34, 50, 51, 120, 700]


def plain(x):
    x = float(x)
    return x if math.isfinite(x) else str(x)


def sample(n, shift=0.0):
    """A sample and the relative error that its own digits allow."""
    kind = rng.integers(9)
    x = rng.normal(shift, 1.0, n)
    if kind == 0:
        return np.round(x * 2), 1e-9
    if kind == 1:
        return rng.integers(0, 2, n).astype(float), 1e-9
    if kind == 2:
        return 1e8 + np.round(x * 4) / 4, 1e-6
    if kind == 3:
        return x * 1e-30, 1e-9
    if kind == 4:
        return x * 1e40, 1e-9
    if kind == 5 and rng.random() < 0.5:
        return np.full(n, float(rng.integers(-3, 4))), 1e-9
    if kind == 6:
        return np.exp(3 * x), 1e-9
    if kind == 7 and rng.random() < 0.3:
        x[rng.integers(n)] = np.nan
        return x, 1e-9
    return x, 1e-9


def two(paired):
    n = int(rng.choice(SIZES))
    m = n if paired else int(rng.choice(SIZES))
    x, a = sample(n)
    if paired and rng.random() < 0.4:
        y, b = (x + np.round(rng.normal(0, 1, n)) * (1 if a > 1e-8 else np.nanstd(x) + 1e-300)), a
    else:
        y, b = sample(m, rng.normal(0, 0.7))
    return x, y, max(a, b)


def row(name, args, side, statistic, p, tol, more=None):
    return {"name": name, "args": args, "side": side, "statistic": plain(statistic), "p": plain(p), "tol": tol, "more": more or {}}


def numbers(x):
    return [plain(v) for v in x]


def count():
    return int(np.exp(rng.uniform(0, math.log(10.0 ** rng.integers(1, 8)))))


def one(name):
    side = SIDES[rng.integers(3)]
    if name == "binomial":
        n = max(count(), 1)
        p = float(rng.choice([0.5, rng.random(), rng.random() ** 6, 1 - rng.random() ** 6, 0.0, 1.0], p=[0.3, 0.4, 0.12, 0.12, 0.03, 0.03]))
        k = int(np.clip(round(n * p + rng.normal() * 2 * math.sqrt(n * p * (1 - p)) + rng.integers(-2, 3)), 0, n))
        r = stats.binomtest(k, n, p, alternative=side)
        return row(name, [k, n, p], side, r.statistic, r.pvalue, 1e-8)
    if name == "fisher":
        a, b, c = [count() - 1 for _ in range(3)]
        d = count() - 1 if rng.random() < 0.5 else int(b * c / max(a, 1) * np.exp(rng.normal() * 0.1))
        d = min(d, 10**7)
        table = [[a, b], [c, d]]
        r = stats.fisher_exact(table, alternative=side)
        return row(name, table, side, r.statistic, r.pvalue, 1e-9 if a + b + c + d < 3000 else 3e-6)
    if name == "benjamini_hochberg":
        p = rng.random(int(rng.integers(1, 60))) ** rng.choice([1, 5, 100])
        return row(name, [numbers(p)], side, 0, 0, 1e-12, {"adjusted": numbers(stats.false_discovery_control(p))})
    if name == "delong":
        n = int(rng.integers(6, 80))
        y = np.r_[[1, 1, 0, 0], rng.integers(0, 2, n - 4)]
        a, b = rng.normal(0, 1, n) + y * rng.random(), rng.normal(0, 1, n) + y * rng.random()
        if rng.random() < 0.5:
            a, b = np.round(a), np.round(b)
        place = lambda s: (s[y == 1][:, None] > s[y == 0]) + 0.5 * (s[y == 1][:, None] == s[y == 0])
        pa, pb = place(a), place(b)
        d = pa.mean() - pb.mean()
        variance = np.var((pa - pb).mean(1), ddof=1) / (y == 1).sum() + np.var((pa - pb).mean(0), ddof=1) / (y == 0).sum()
        z = 0.0 if d == 0 else d / math.sqrt(variance)
        p = {"two-sided": 2 * stats.norm.sf(abs(z)), "greater": stats.norm.sf(z), "less": stats.norm.cdf(z)}[side]
        return row(name, [numbers(a), numbers(b), numbers(y)], side, z, p, 1e-7, {"first": plain(pa.mean())})
    if name == "one_sample_t":
        x, tol = sample(int(rng.choice(SIZES)))
        r = stats.ttest_1samp(x, 0.5, alternative=side)
        return row(name, [numbers(x)], side, r.statistic, r.pvalue, tol)
    x, y, tol = two(name in ("paired_t", "wilcoxon", "pearson", "spearman", "kendall"))
    run = {
        "welch": lambda: stats.ttest_ind(x, y, equal_var=False, alternative=side),
        "student": lambda: stats.ttest_ind(x, y, alternative=side),
        "paired_t": lambda: stats.ttest_rel(x, y, alternative=side),
        "mann_whitney": lambda: stats.mannwhitneyu(x, y, alternative=side),
        "wilcoxon": lambda: stats.wilcoxon(x - y, alternative=side),
        "ks": lambda: stats.ks_2samp(x, y, alternative=side, method="exact"),
        "pearson": lambda: stats.pearsonr(x, y, alternative=side),
        "spearman": lambda: stats.spearmanr(x, y, alternative=side),
        "kendall": lambda: stats.kendalltau(x, y, alternative=side),
    }[name]
    r = run()
    if name in ("welch", "student", "paired_t") and math.isfinite(r.statistic) and abs(r.statistic) > 1e7:
        # a variance that is only rounding
        return one(name)
    return row(name, [numbers(x), numbers(y)], side, r.statistic, r.pvalue, max(tol, 1e-7 if name == "pearson" else 0))


def large():
    """Sizes that only approximations reach."""
    sizes = [20_000, 100_000] if CASES < 1000 else [20_000, 100_000, 1_000_000, 10_000_000]
    # the samples are too long to print: both sides make them, by a linear congruence
    out = []
    for n, side, seed in [(n, side, int(rng.integers(2**31))) for n in sizes for side in SIDES]:
        x, y = congruence(n, seed), congruence(n + 7, seed + 1) + 3
        tests = {
            "mann_whitney": stats.mannwhitneyu(x, y, alternative=side, method="asymptotic"),
            "welch": stats.ttest_ind(x, y, equal_var=False, alternative=side),
            "student": stats.ttest_ind(x, y, alternative=side),
            "ks": stats.ks_2samp(x, y, alternative=side, method="asymp"),
            "pearson": stats.pearsonr(x, congruence(n, seed + 3), alternative=side),
            "spearman": stats.spearmanr(x, congruence(n, seed + 3), alternative=side),
            "kendall": stats.kendalltau(x, congruence(n, seed + 3), alternative=side),
        }
        for name, r in tests.items():
            out.append({"name": name, "n": n, "seed": seed, "side": side, "statistic": plain(r.statistic), "p": plain(r.pvalue)})
    return out


def congruence(n, seed):
    state, out = np.uint64(seed), np.empty(n)
    a, c = np.uint64(6364136223846793005), np.uint64(1442695040888963407)
    with np.errstate(over="ignore"):
        # jump by blocks: x_{i+1} = a x_i + c
        block = 1 << 12
        powers, sums = np.empty(block, np.uint64), np.empty(block, np.uint64)
        p, s = np.uint64(1), np.uint64(0)
        for i in range(block):
            p, s = p * a, s * a + c
            powers[i], sums[i] = p, s
        at = 0
        while at < n:
            values = powers * state + sums
            take = min(block, n - at)
            out[at : at + take] = (values[:take] >> np.uint64(48)).astype(float)
            state, at = values[-1], at + take
    return out


def bootstrap():
    """BCa and percentile intervals of given bootstrap values."""
    rows = []
    for _ in range(max(CASES // 20, 5)):
        x = rng.normal(0, 1, int(rng.integers(3, 30)))
        if rng.random() < 0.2:
            x[:] = 2.0
        values = np.array([rng.choice(x, len(x)).mean() for _ in range(200)])
        if np.ptp(x) == 0:
            values[:] = 2.0
        base = stats.bootstrap((x,), np.mean, n_resamples=10, method="percentile")
        base.bootstrap_distribution = values
        for method in ["BCa", "percentile"]:
            r = stats.bootstrap((x,), np.mean, n_resamples=0, bootstrap_result=base, method=method, confidence_level=0.9)
            rows.append({"x": numbers(x), "values": numbers(values), "method": method, "low": plain(r.confidence_interval.low), "high": plain(r.confidence_interval.high)})
    return rows


NAMES = ["welch", "student", "paired_t", "one_sample_t", "mann_whitney", "wilcoxon", "ks", "pearson", "spearman", "kendall", "binomial", "fisher", "benjamini_hochberg", "delong"]
print(json.dumps({"rows": [one(NAMES[i % len(NAMES)]) for i in range(CASES)], "large": large(), "bootstrap": bootstrap()}))
