"""Clusters of scikit-learn and SciPy: `python cluster.py` writes cluster.json."""
import json, os

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.impute import KNNImputer
from sklearn.metrics import adjusted_rand_score, silhouette_samples

rng = np.random.default_rng(7)
cases = []
for n, p, k in [(30, 2, 3), (40, 5, 4), (12, 20, 2), (25, 1, 5), (60, 3, 6)]:
    centres = rng.normal(size=(k, p)) * 3
    x = np.round(centres[rng.integers(0, k, n)] + rng.normal(size=(n, p)), 4)
    best = KMeans(k, n_init=200, random_state=1).fit(x)
    other = rng.integers(0, k, n)
    pca = PCA(min(n, p), svd_solver="full").fit(x)
    holes = x.copy()
    holes[rng.random(x.shape) < 0.15] = np.nan
    holes[0] = x[0]
    cases.append({
        "x": x.tolist(),
        "k": k,
        "inertia": float(best.inertia_),
        "labels": best.labels_.tolist(),
        "other": other.tolist(),
        "adjusted_rand": float(adjusted_rand_score(best.labels_, other)),
        "silhouettes": silhouette_samples(x, best.labels_).tolist(),
        "variances": pca.explained_variance_.tolist(),
        "shares": pca.explained_variance_ratio_.tolist(),
        "scores": np.abs(pca.transform(x)).tolist(),
        "linkage": {name: linkage(x, name).tolist() for name in ["ward", "average", "complete", "single"]},
        "holes": [[None if np.isnan(v) else float(v) for v in row] for row in holes],
        "imputed": KNNImputer(n_neighbors=3, keep_empty_features=True).fit_transform(holes).tolist(),
    })
with open(os.path.join(os.path.dirname(__file__), "cluster.json"), "w") as file:
    json.dump({"cases": cases}, file)
    file.write("\n")
