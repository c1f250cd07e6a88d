"""Permutation importance of scikit-learn for a fixed linear model: writes importance.json.

python3 importance.py > importance.json
"""

import json

import numpy as np
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.inspection import permutation_importance

rng = np.random.default_rng(7)
x = rng.normal(size=(300, 4)).astype(np.float32)
weights = np.array([2.0, -1.0, 0.25, 0.0])
y = (x @ weights + rng.normal(size=300) > 0).astype(int)


class Fixed(ClassifierMixin, BaseEstimator):
    classes_ = np.array([0, 1])

    def fit(self, x, y):
        self.fitted_ = True
        return self

    def decision_function(self, x):
        return x @ weights


model = Fixed().fit(x, y)
found = {}
for name in ["roc_auc", "average_precision"]:
    own = permutation_importance(model, x, y, scoring=name, n_repeats=400, random_state=1)
    found[name] = {"mean": own.importances_mean.tolist(), "sd": own.importances_std.tolist()}
print(json.dumps({
    "version": sklearn.__version__,
    "x": [[round(float(v), 6) for v in row] for row in x],
    "y": y.tolist(),
    "weights": weights.tolist(),
    "found": found,
}))
