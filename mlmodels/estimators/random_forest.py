"""A random forest, grown one tree after another so that a cancel is noticed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from mlmodels.algorithms.random_forest import LARGEST_FOREST
from mlmodels.errors import TrainingError
from mlmodels.estimators import skops_files
from mlmodels.estimators.base import Estimator, Floats, Tick
from mlmodels.estimators.nodes import check_nodes
from mlmodels.estimators.registry import register_estimator

MANY_ROWS = 20_000
TREES_A_STEP = 5

_TRUSTED = frozenset(
    f"sklearn.{name}"
    for name in (
        "ensemble._forest.RandomForestClassifier",
        "tree._classes.DecisionTreeClassifier",
        "tree._tree.Tree",
    )
)


@register_estimator
class ForestEstimator(Estimator):
    """scikit-learn's RandomForestClassifier."""

    algorithm = "random_forest"
    suffix = "skops"

    @classmethod
    def fit(
        cls,
        features: Floats,
        up: Floats,
        hyperparameters: Mapping[str, Any],
        *,
        weights: Floats | None,
        seed: int,
        tick: Tick,
    ) -> Estimator:
        trees = hyperparameters["trees"]
        most = hyperparameters["max_features"]
        forest = RandomForestClassifier(
            n_estimators=0,
            max_depth=hyperparameters["max_depth"],
            min_samples_leaf=hyperparameters["min_leaf"],
            max_features=None if most == "all" else most,
            random_state=seed,
            warm_start=True,
            n_jobs=1,
        )
        rows = features.astype(np.float32)  # what the trees work on; done here, it is done once
        outcomes = up.astype(np.int64)
        step = TREES_A_STEP if len(rows) < MANY_ROWS else 1
        grown = nodes = 0
        while grown < trees:
            step = min(step, trees - grown)
            grown += step
            forest.set_params(n_estimators=grown).fit(rows, outcomes, sample_weight=weights)
            nodes += sum(tree.tree_.node_count for tree in forest.estimators_[-step:])
            if nodes > LARGEST_FOREST:
                message = (
                    f"After {grown:,} of {trees:,} trees the forest has {nodes:,} nodes, and {LARGEST_FOREST:,} are "
                    "the most that is stored. Take fewer or shallower trees, or larger leaves."
                )
                raise TrainingError(message, fields={"hyperparameters": [message]})
            tick(grown / trees)
        return cls(forest)

    def probability_up(self, features: Floats) -> Floats:
        return np.asarray(self.model.predict_proba(features)[:, 1], dtype=np.float64)

    def impurity_importance(self) -> Floats:
        """Share of each feature in the fall of Gini impurity over all splits. In sample."""
        return np.asarray(self.model.feature_importances_, dtype=np.float64)

    def to_bytes(self) -> bytes:
        return skops_files.dump(self.model)

    @classmethod
    def from_bytes(cls, content: bytes) -> Estimator:
        model = skops_files.load(content, trusted=_TRUSTED, kind=RandomForestClassifier)
        for tree in (part.tree_ for part in model.estimators_):
            check_nodes(
                tree.children_left,
                tree.children_right,
                tree.feature,
                leaf=tree.children_left == -1,
                features=min(tree.n_features, model.n_features_in_),
            )
        return cls(model)
