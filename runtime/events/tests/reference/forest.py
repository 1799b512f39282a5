"""Makes a model for CLASSIFY of a small random forest, and what scikit-learn says of some events: `python forest.py`.

Writes forest.json, the model, and forest_expected.json beside it. The classes are made up: cars are short, trains long.
"""
import json
import pathlib

import numpy as np
from sklearn.ensemble import RandomForestClassifier

HERE = pathlib.Path(__file__).parent
FEATURES = ["duration", "channels", "score"]


def exported(forest, features):
    """The forest as docs/dql.md describes it; scikit-learn numbers children after their parents."""
    trees = []
    for estimator in forest.estimators_:
        tree, nodes = estimator.tree_, []
        for i in range(tree.node_count):
            if tree.children_left[i] < 0:
                shares = tree.value[i][0] / tree.value[i][0].sum()
                nodes.append({"shares": [float(share) for share in shares]})
            else:
                nodes.append({"feature": int(tree.feature[i]), "threshold": float(tree.threshold[i]),
                              "left": int(tree.children_left[i]), "right": int(tree.children_right[i])})
        trees.append(nodes)
    return {"version": 1, "about": "made by forest.py", "features": features, "labels": list(forest.classes_), "trees": trees}


rng = np.random.default_rng(1)
n = 300
train = rng.random(n) < 0.5
x = np.column_stack([np.where(train, rng.gamma(9, 4, n), rng.gamma(4, 1, n)),
                     np.where(train, rng.integers(20, 90, n), rng.integers(1, 35, n)), rng.normal(train * 1.0, 1.0, n)])
forest = RandomForestClassifier(12, max_depth=5, random_state=1).fit(x, np.where(train, "train", "car"))
(HERE / "forest.json").write_text(json.dumps(exported(forest, FEATURES), separators=(",", ":")) + "\n")
some = np.column_stack([rng.integers(1, 60_000, 60) / 1000, rng.integers(1, 90, 60), rng.normal(0.5, 1, 60)])
shares = forest.predict_proba(some)
expected = [{"duration_ns": int(round(d * 1e9)), "channels": int(c), "score": float(s), "label": str(forest.classes_[p.argmax()]),
             "probability": float(p.max())} for (d, c, s), p in zip(some, shares)]
(HERE / "forest_expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")
