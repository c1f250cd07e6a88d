"""Boosted trees of XGBoost (exact splits): `python trees.py` writes trees.json. Needs xgboost 3.

Each case has features (null where missing), labels, settings, and of the trained model the predictions, the total gain of each
feature and the number of splits.
"""
import json, os

import numpy as np
import xgboost as xgb

rng = np.random.default_rng(3)


def case(name, task, x, y, rounds, **settings):
    params = dict(tree_method="exact", nthread=1, **settings)
    classes = int(y.max()) + 1
    if task == "classification":
        params["objective"] = "binary:logistic" if classes == 2 else "multi:softprob"
        if classes > 2:
            params["num_class"] = classes
    data = xgb.DMatrix(x, label=y)
    model = xgb.train(params, data, num_boost_round=rounds)
    gains = model.get_score(importance_type="total_gain")
    return {
        "name": name,
        "task": task,
        "x": [[None if np.isnan(v) else float(v) for v in row] for row in x],
        "y": [float(v) for v in y],
        "rounds": rounds,
        "settings": settings,
        "predictions": np.asarray(model.predict(data), dtype=float).ravel().tolist(),
        "gains": [float(gains.get(f"f{i}", 0.0)) for i in range(x.shape[1])],
        "splits": int(sum(model.get_score(importance_type="weight").values())),
    }


def table(n, p, missing=0.0, ties=False):
    x = rng.normal(size=(n, p)).astype(np.float32).astype(float)
    if ties:
        x = np.round(x, 1).astype(np.float32).astype(float)
    x[rng.random(x.shape) < missing] = np.nan
    return x


def response(x):
    z = np.nan_to_num(x)
    return np.round(2 * z[:, 0] - z[:, 1] * z[:, 2] + np.where(z[:, 3] > 0.3, 1.5, 0) + 0.3 * rng.normal(size=len(x)), 3)


cases = []
x = table(60, 5)
cases.append(case("defaults", "regression", x, response(x), 12))
cases.append(case("two rounds from one half", "regression", x, response(x) / 4 + 0.5, 2, eta=0.1, max_depth=3, base_score=0.5))
x = table(80, 4, ties=True)
cases.append(case("ties", "regression", x, response(x), 8, max_depth=4, eta=0.2))
x = table(80, 5, missing=0.25)
cases.append(case("missing", "regression", x, response(x), 8, max_depth=4))
x = table(70, 5)
cases.append(case("penalties", "regression", x, response(x), 6, reg_lambda=3.0, reg_alpha=0.7, gamma=1.5, min_child_weight=4))
x = table(90, 5)
cases.append(case("two classes", "classification", x, (response(x) > 0.4).astype(float), 8, max_depth=3))
x = table(90, 5, missing=0.1)
cases.append(case("three classes", "classification", x, np.digitize(response(x), [-0.5, 1.0]).astype(float), 5, max_depth=3))
x = table(50, 4)
x[:, 1] = 2.0
cases.append(case("a constant feature and no depth", "regression", x, response(x), 3, max_depth=1))
cases.append(case("constant labels", "regression", x, np.full(50, 0.7), 3))
path = os.path.join(os.path.dirname(__file__), "trees.json")
with open(path, "w") as file:
    json.dump({"xgboost": xgb.__version__, "cases": cases}, file)
    file.write("\n")
