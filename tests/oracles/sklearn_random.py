"""Random cases for every metric with what scikit-learn gives: `python sklearn_random.py CASES SEED` prints JSON.

NaN labels are undefined, which scikit-learn does not know: each task is measured without them. Tasks without both labels are left
out of means of ranking metrics. NaN is the string "nan".
"""
import json, math, sys, warnings

import numpy as np
from scipy import stats
from sklearn import metrics as m

warnings.simplefilter("ignore")
CASES, SEED = int(sys.argv[1]), int(sys.argv[2])
rng = np.random.default_rng(SEED)


def plain(x):
    x = float(x)
    return x if math.isfinite(x) else str(x)


def recall_at_fdr(y, s, w, fdr):
    best = 0.0
    for t in np.unique(s):
        tp, fp = w[(s >= t) & (y == 1)].sum(), w[(s >= t) & (y == 0)].sum()
        if fp <= fdr * (tp + fp):
            best = max(best, tp)
    return best / w[y == 1].sum()


def auprc(y, s, w):
    p, r, _ = m.precision_recall_curve(y, s, sample_weight=w)
    return m.auc(r, p)


def task(name, y, s, w, threshold):
    """One task; NaN where it is undefined."""
    known = ~np.isnan(y) & (w > 0)
    y, s, w = y[known], s[known], w[known]
    if len(y) == 0:
        return np.nan
    if name in ("auroc", "average_precision", "auprc", "recall_at_fdr"):
        if len(np.unique(y)) < 2:
            return np.nan
        return {
            "auroc": lambda: m.roc_auc_score(y, s, sample_weight=w),
            "average_precision": lambda: m.average_precision_score(y, s, sample_weight=w),
            "auprc": lambda: auprc(y, s, w),
            "recall_at_fdr": lambda: recall_at_fdr(y, s, w, 0.3),
        }[name]()
    if name in ("pearson", "spearman", "r2", "mse"):
        if name == "mse":
            return m.mean_squared_error(y, s, sample_weight=w)
        if name == "r2":
            # less the first label, which changes nothing but the rounding of labels near 1e12
            return np.nan if np.ptp(y) == 0 else m.r2_score(y - y[0], s - y[0], sample_weight=w)
        if len(y) < 2 or np.ptp(y) == 0 or np.ptp(s) == 0:
            return np.nan
        if name == "spearman":
            return stats.spearmanr(s, y).statistic
        c = np.cov(s - s[0], y - y[0], aweights=w, ddof=0)
        return np.clip(c[0, 1] / math.sqrt(c[0, 0] * c[1, 1]), -1, 1)
    called = s >= threshold
    return {
        "accuracy": lambda: m.accuracy_score(y, called, sample_weight=w),
        "precision": lambda: m.precision_score(y, called, sample_weight=w, zero_division=0),
        "recall": lambda: m.recall_score(y, called, sample_weight=w, zero_division=0),
        "f1": lambda: m.f1_score(y, called, sample_weight=w, zero_division=0),
        "mcc": lambda: m.matthews_corrcoef(y, called, sample_weight=w),
    }[name]()


def mean(values, weights):
    pairs = [(v, w) for v, w in zip(values, weights) if not np.isnan(v) and w > 0]
    return sum(v * w for v, w in pairs) / sum(w for _, w in pairs) if pairs else np.nan


def scores(shape):
    kind = rng.integers(6)
    if kind == 0:
        return np.round(rng.random(shape), 1)
    if kind == 1:
        return rng.normal(0, 1, shape) * 1e-50
    if kind == 2:
        return 1e12 + rng.integers(0, 8, shape).astype(float)
    if kind == 3:
        return np.full(shape, 0.5)
    if kind == 4:
        return rng.integers(-2, 3, shape) * 0.25
    return rng.normal(0, 1, shape)


RANK = ["auroc", "average_precision", "auprc", "recall_at_fdr"]
DECIDE = ["accuracy", "precision", "recall", "f1", "mcc"]
NUMBERS = ["pearson", "spearman", "r2", "mse"]


def tasks():
    name = str(rng.choice(RANK + DECIDE + NUMBERS))
    n, k = int(rng.choice([1, 2, 3, 7, 25, 90])), int(rng.choice([1, 1, 2, 5]))
    s = scores((n, k))
    if name in NUMBERS:
        y = scores((n, k)) if rng.random() < 0.5 else s + rng.normal(0, 1, (n, k)) * max(np.std(s), 1e-60)
    else:
        y = (rng.random((n, k)) < rng.choice([0.5, 0.1, 0.95, 1.0])).astype(float)
    if rng.random() < 0.4:
        y[rng.random((n, k)) < 0.3] = np.nan
    w = np.ones(n)
    has_weights = name != "spearman" and rng.random() < 0.4
    if has_weights:
        w = np.round(rng.exponential(1, n), 2) * (rng.random(n) < 0.9)
    average = str(rng.choice(["macro", "micro", "weighted", "samples"])) if name in RANK + DECIDE else "macro"
    threshold = float(rng.choice([0.5, 0.25]))
    each = [task(name, y[:, j], s[:, j], w, threshold) for j in range(k)]
    if average == "micro":
        value = task(name, y.ravel(), s.ravel(), np.repeat(w, k), threshold)
    elif average == "weighted":
        value = mean(each, [np.nansum((y[:, j] == 1) * w) for j in range(k)])
    elif average == "samples":
        value = mean([task(name, y[i], s[i], np.ones(k), threshold) for i in range(n)], w)
    else:
        value = mean(each, np.ones(k))
    if name in RANK + DECIDE and not np.isnan(y).any() and k > 1 and (w > 0).all() and name != "mcc":
        # the averages are scikit-learn's own
        both = (y.min(0) == 0).all() and (y.max(0) == 1).all()
        own = {
            "auroc": lambda: m.roc_auc_score(y, s, average=average, sample_weight=w),
            "average_precision": lambda: m.average_precision_score(y, s, average=average, sample_weight=w),
            "precision": lambda: m.precision_score(y, s >= threshold, average=average, sample_weight=w, zero_division=0),
            "recall": lambda: m.recall_score(y, s >= threshold, average=average, sample_weight=w, zero_division=0),
            "f1": lambda: m.f1_score(y, s >= threshold, average=average, sample_weight=w, zero_division=0),
        }
        if name in own and both and average in ("macro", "micro", "weighted") and y.sum() > 0:
            assert np.isclose(value, own[name](), rtol=1e-9, atol=1e-12), (name, average, value, own[name]())
    return {"form": "tasks", "name": name, "columns": k, "average": average, "threshold": threshold, "scores": [plain(v) for v in s.ravel()],
            "labels": [plain(v) for v in y.ravel()], "weights": [plain(v) for v in w] if has_weights else None, "value": plain(value),
            "each": [plain(v) for v in each]}


def classes():
    """Class numbers against scores of classes."""
    name = str(rng.choice(["accuracy", "mcc", "f1", "precision", "recall", "auroc", "average_precision"]))
    n, k = int(rng.choice([1, 3, 12, 80])), int(rng.choice([2, 3, 6]))
    s = scores((n, k))
    y = rng.integers(0, rng.integers(1, k + 1), n).astype(float)
    w = np.ones(n)
    has_weights = rng.random() < 0.3
    if has_weights:
        w = np.round(rng.exponential(1, n), 2) + 0.01
    called = s.argmax(1)
    average = str(rng.choice(["macro", "weighted"]))
    if name == "accuracy":
        value = m.accuracy_score(y, called, sample_weight=w)
    elif name == "mcc":
        value = m.matthews_corrcoef(y, called, sample_weight=w)
    elif name in ("f1", "precision", "recall"):
        value = getattr(m, name + "_score")(y, called, average=average, sample_weight=w, zero_division=0)
    else:
        each = [task(name, (y == j).astype(float), s[:, j], w, 0.5) for j in range(k)]
        value = mean(each, [w[y == j].sum() for j in range(k)] if average == "weighted" else np.ones(k))
    return {"form": "classes", "name": name, "columns": k, "average": average, "threshold": 0.5, "scores": [plain(v) for v in s.ravel()],
            "labels": [plain(v) for v in y], "weights": [plain(v) for v in w] if has_weights else None, "value": plain(value), "each": None}


print(json.dumps([classes() if rng.random() < 0.25 else tasks() for _ in range(CASES)]))
