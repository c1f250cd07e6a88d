"""What SciPy 1.17 gives for the tests of `stats::`, and what pROC (R) gives for DeLong's test on its own data.

    python tests/oracles/statistics.py > tests/oracles/statistics.json

needs scipy; DeLong's numbers need Rscript with pROC (Debian: r-cran-proc) and are left out without it.
"""
import json
import shutil
import subprocess

import numpy as np
from scipy import stats

rng = np.random.default_rng(1)
samples = {
    "a": rng.normal(0, 1, 12), "b": rng.normal(0.8, 2, 17), "c": rng.normal(0.3, 1, 12), "near": rng.normal(0, 1, 12) * 1e-3 + 5,
    "long": rng.normal(0, 1, 300), "longer": rng.normal(0.2, 1.3, 411), "ties": rng.integers(0, 6, 40).astype(float),
    "ties2": rng.integers(1, 7, 40).astype(float), "short": rng.normal(1, 1, 6),
}
samples["d"] = samples["a"] * 0.7 + rng.normal(0, 0.5, 12)
samples["long2"] = samples["long"] * 0.2 + rng.normal(0, 1, 300)
rows = []


def add(name, args, result, **more):
    rows.append({"name": name, "args": args, "options": more, "statistic": float(result.statistic), "p_value": float(result.pvalue)})


S = samples
for side in ["two-sided", "greater", "less"]:
    for x, y in [("a", "b"), ("near", "a"), ("long", "longer"), ("b", "near")]:
        add("welch", [x, y], stats.ttest_ind(S[x], S[y], equal_var=False, alternative=side), alternative=side)
        add("student", [x, y], stats.ttest_ind(S[x], S[y], alternative=side), alternative=side)
    for x, y in [("a", "c"), ("ties", "ties2")]:
        add("paired_t", [x, y], stats.ttest_rel(S[x], S[y], alternative=side), alternative=side)
    add("one_sample_t", ["b"], stats.ttest_1samp(S["b"], 0.0, alternative=side), alternative=side)
    for x, y in [("a", "c"), ("long", "long2"), ("ties", "ties2")]:
        add("wilcoxon", [x, y], stats.wilcoxon(S[x], S[y], alternative=side, correction=False), alternative=side)
    for x, y in [("a", "b"), ("short", "b"), ("a", "short"), ("long", "longer"), ("ties", "ties2")]:
        add("mann_whitney", [x, y], stats.mannwhitneyu(S[x], S[y], alternative=side), alternative=side)
    for x, y in [("a", "b"), ("short", "b"), ("long", "longer"), ("long", "long2")]:
        add("ks", [x, y], stats.ks_2samp(S[x], S[y], alternative=side, method="exact"), alternative=side)
    for x, y in [("a", "d"), ("long", "long2"), ("ties", "ties2"), ("a", "c")]:
        add("pearson", [x, y], stats.pearsonr(S[x], S[y], alternative=side), alternative=side)
        add("spearman", [x, y], stats.spearmanr(S[x], S[y], alternative=side), alternative=side)
        add("kendall", [x, y], stats.kendalltau(S[x], S[y], alternative=side), alternative=side)
    for k, n, p in [(7, 12, 0.5), (3, 40, 0.2), (0, 9, 0.1), (95, 100, 0.8), (520, 1000, 0.5)]:
        rows.append({"name": "binomial", "args": [k, n, p], "options": {"alternative": side}, "statistic": k / n, "p_value": float(stats.binomtest(k, n, p, alternative=side).pvalue)})
    for counts in [[[3, 1], [1, 3]], [[8, 2], [1, 5]], [[120, 80], [90, 130]], [[0, 5], [6, 2]]]:
        odds, p = stats.fisher_exact(counts, alternative=side)
        rows.append({"name": "fisher", "args": [counts], "options": {"alternative": side}, "statistic": float(odds), "p_value": float(p)})

p = rng.uniform(0, 1, 30) ** 3
out = {"samples": {k: list(map(float, v)) for k, v in S.items()}, "rows": rows, "p": list(map(float, p)), "adjusted": list(map(float, stats.false_discovery_control(p)))}

boot = stats.bootstrap((S["b"],), np.mean, n_resamples=200000, method="BCa", random_state=1, vectorized=True)
out["bca"] = {"sample": "b", "low": float(boot.confidence_interval.low), "high": float(boot.confidence_interval.high), "error": float(boot.standard_error)}

# Turck et al. 2010, aneurysmal subarachnoid haemorrhage, the data of pROC's own examples (Robin et al. 2011)
PROC = r"""
suppressMessages(library(pROC)); data(aSAH)
keep <- !is.na(aSAH$s100b) & !is.na(aSAH$ndka)
y <- as.integer(aSAH$outcome[keep] == "Poor")
a <- roc(y, aSAH$s100b[keep], quiet=TRUE, direction="<"); b <- roc(y, aSAH$ndka[keep], quiet=TRUE, direction="<")
t <- roc.test(a, b, method="delong"); ci <- ci.auc(a)
num <- function(x) paste(format(x, digits=17), collapse=",")
cat(sprintf('{"labels":[%s],"s100b":[%s],"ndka":[%s],"z":%s,"p_value":%s,"auc":[%s],"ci":[%s]}', num(y), num(aSAH$s100b[keep]), num(aSAH$ndka[keep]), num(t$statistic), num(t$p.value), num(c(auc(a), auc(b))), num(as.numeric(ci))))
"""
if shutil.which("Rscript"):
    out["delong"] = json.loads(subprocess.run(["Rscript", "-e", PROC], capture_output=True, text=True, check=True).stdout)
print(json.dumps(out))
