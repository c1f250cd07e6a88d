"""Scores of models on shifted data against scikit-learn, SciPy and NumPy: writes robustness.json.

python3 robustness.py > robustness.json
"""

import json

import numpy as np
from scipy import stats
from sklearn import metrics

rng = np.random.default_rng(7)


def delong(a, b, y):
    """Difference of two AUROC with its error and p-value, by midranks (Sun & Xu 2014)."""
    y = np.asarray(y, bool)
    scores = np.vstack([a, b])
    positives, negatives = scores[:, y], scores[:, ~y]
    m, n = positives.shape[1], negatives.shape[1]
    of_positives = np.array([stats.rankdata(p) for p in positives])
    of_negatives = np.array([stats.rankdata(p) for p in negatives])
    of_all = np.array([stats.rankdata(np.r_[p, q]) for p, q in zip(positives, negatives)])
    auroc = (of_all[:, :m].sum(1) / m - (m + 1) / 2) / n
    by_positive = (of_all[:, :m] - of_positives) / n
    by_negative = 1 - (of_all[:, m:] - of_negatives) / m
    s = np.cov(by_positive) / m + np.cov(by_negative) / n
    error = float(np.sqrt(s[0, 0] + s[1, 1] - 2 * s[0, 1]))
    difference = float(auroc[0] - auroc[1])
    p = float(2 * stats.norm.sf(abs(difference / error)))
    return {"difference": difference, "error": error, "p": p, "error_of_first": float(np.sqrt(s[0, 0]))}


def calibration_error(p, y, bins):
    of = np.minimum((p * bins).astype(int), bins - 1)
    groups = [of == i for i in range(bins) if (of == i).any()]
    return float(sum(abs(p[g].mean() - y[g].mean()) * g.sum() for g in groups) / len(p))


cases = []
for n, ties in [(50, False), (200, False), (300, True)]:
    y = (rng.random(n) < 0.3).astype(int)
    y[:2] = [0, 1]
    a = rng.normal(size=n) + y
    b = rng.normal(size=n) + 0.7 * y + 0.3 * a
    # of ties all scores are tenths
    a, b = (np.round(x, 1 if ties else 4) for x in (a, b))
    p = 1 / (1 + np.exp(-a))
    precision, recall, _ = metrics.precision_recall_curve(y, a)
    cases.append({
        "labels": y.tolist(), "first": a.tolist(), "second": b.tolist(),
        "auroc": metrics.roc_auc_score(y, a), "average_precision": metrics.average_precision_score(y, a),
        "auprc": metrics.auc(recall, precision), "accuracy": metrics.accuracy_score(y, a >= 0),
        "f1": metrics.f1_score(y, a >= 0), "mcc": metrics.matthews_corrcoef(y, a >= 0),
        "calibration_error": calibration_error(p, y, 15), "delong": delong(a, b, y),
    })

models, sets = 4, 9
values = np.round(rng.normal(size=(models, sets)) * 0.02 + np.array([0.9, 0.89, 0.87, 0.86])[:, None], 4)
ranks = np.array([stats.rankdata(-values[:, j]) for j in range(sets)]).mean(0)
friedman = stats.friedmanchisquare(*values)
pairs = [(i, j, float(stats.wilcoxon(values[i], values[j]).pvalue)) for i in range(models) for j in range(i + 1, models)]
p = np.array([pair[2] for pair in pairs])
holm = np.empty_like(p)
running = 0.0
for rank, i in enumerate(np.argsort(p)):
    running = max(running, min(1.0, p[i] * (len(p) - rank)))
    holm[i] = running
studentized = stats.studentized_range.ppf(0.95, models, np.inf)
print(json.dumps({
    "cases": cases, "values": values.tolist(), "ranks": ranks.tolist(),
    "friedman": {"statistic": float(friedman.statistic), "p": float(friedman.pvalue)},
    "pairs": pairs, "holm": holm.tolist(), "benjamini_hochberg": stats.false_discovery_control(p).tolist(),
    "critical_difference": float(studentized / np.sqrt(2) * np.sqrt(models * (models + 1) / (6 * sets))),
}))
