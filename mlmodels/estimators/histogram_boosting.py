"""Histogram gradient boosting by scikit-learn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn._loss.loss import HalfBinomialLoss
from sklearn.ensemble import HistGradientBoostingClassifier

from mlmodels.estimators import skops_files
from mlmodels.estimators.base import Estimator, Floats, Tick, shares
from mlmodels.estimators.nodes import check_nodes
from mlmodels.estimators.registry import register_estimator

_TRUSTED = frozenset(
    {
        "numpy.random._generator.Generator",
        *(
            f"sklearn.{name}"
            for name in (
                "_loss._loss.CyHalfBinomialLoss",
                "_loss.link.Interval",
                "_loss.link.LogitLink",
                "_loss.loss.HalfBinomialLoss",
                "ensemble._hist_gradient_boosting.binning._BinMapper",
                "ensemble._hist_gradient_boosting.gradient_boosting.HistGradientBoostingClassifier",
                "ensemble._hist_gradient_boosting.predictor.TreePredictor",
                "preprocessing._label.LabelEncoder",
            )
        ),
    }
)


@register_estimator
class HistogramBoostingEstimator(Estimator):
    """scikit-learn's HistGradientBoostingClassifier, without its early stopping.

    Early stopping would judge by rows drawn at random, whose outcomes overlap those of the rows it trains on.
    """

    algorithm = "histogram_boosting"
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
        loss = _TickingLoss(tick, trees)
        booster = HistGradientBoostingClassifier(
            loss=loss,
            max_iter=trees,
            max_leaf_nodes=hyperparameters["max_leaves"],
            learning_rate=hyperparameters["learning_rate"],
            min_samples_leaf=hyperparameters["min_leaf"],
            max_features=hyperparameters["feature_share"],
            l2_regularization=hyperparameters["l2_penalty"],
            early_stopping=False,
            random_state=seed,
        )
        booster.fit(features, up.astype(np.int64), sample_weight=weights)
        # What listened is no part of the model: it is left with the loss it would have had by its name.
        booster.loss, booster._loss = "log_loss", HalfBinomialLoss()
        return cls(booster)

    def probability_up(self, features: Floats) -> Floats:
        return np.asarray(self.model.predict_proba(features)[:, 1], dtype=np.float64)

    def impurity_importance(self) -> Floats:
        """Share of each feature in the total gain of all splits. In sample.

        scikit-learn offers no such figure for these trees, but each split keeps its gain.
        """
        gains = np.zeros(self.model.n_features_in_)
        for nodes in _nodes(self.model):
            inner = nodes[nodes["is_leaf"] == 0]
            np.add.at(gains, inner["feature_idx"], inner["gain"])
        return shares(gains)

    def to_bytes(self) -> bytes:
        return skops_files.dump(self.model)

    @classmethod
    def from_bytes(cls, content: bytes) -> Estimator:
        model = skops_files.load(content, trusted=_TRUSTED, kind=HistGradientBoostingClassifier)
        for nodes in _nodes(model):
            if nodes["is_categorical"].any():
                raise ValueError("a node of a tree asks for a category")
            check_nodes(
                nodes["left"],
                nodes["right"],
                nodes["feature_idx"],
                leaf=nodes["is_leaf"] != 0,
                features=model.n_features_in_,
            )
        return cls(model)


def _nodes(model: Any) -> list[Any]:
    return [predictor.nodes for stage in model._predictors for predictor in stage]


class _TickingLoss(HalfBinomialLoss):  # type: ignore[misc]
    """The usual loss, which also tells the share of trees done: it is asked for gradients once a tree."""

    def __init__(self, tick: Tick, trees: int) -> None:
        super().__init__()
        self._tick, self._trees, self._asked = tick, trees, 0

    def gradient_hessian(self, *given: Any, **named: Any) -> Any:
        self._tick(self._asked / self._trees)
        self._asked += 1
        return super().gradient_hessian(*given, **named)
