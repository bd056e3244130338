"""Gradient boosted trees by XGBoost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xgboost

from mlmodels.estimators import ubj
from mlmodels.estimators.base import Estimator, Floats, Tick, shares
from mlmodels.estimators.registry import register_estimator

OBJECTIVE = "binary:logistic"


@register_estimator
class XGBoostEstimator(Estimator):
    """XGBoost's booster with histograms, for two outcomes."""

    algorithm = "xgboost"
    suffix = "ubj"

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
        rounds = hyperparameters["trees"]
        settings = {
            "objective": OBJECTIVE,
            "tree_method": "hist",
            "max_depth": hyperparameters["max_depth"],
            "eta": hyperparameters["learning_rate"],
            "subsample": hyperparameters["row_share"],
            "colsample_bytree": hyperparameters["feature_share"],
            "min_child_weight": hyperparameters["min_child_weight"],
            "lambda": hyperparameters["l2_penalty"],
            "seed": seed,
            "nthread": 1,
            "verbosity": 0,
        }
        matrix = xgboost.DMatrix(features, label=up, weight=weights, nthread=1)
        return cls(xgboost.train(settings, matrix, rounds, callbacks=[_Ticking(tick, rounds)]))

    def probability_up(self, features: Floats) -> Floats:
        # Without a copy of the rows, and with the same bits.
        return np.asarray(self.model.inplace_predict(features), dtype=np.float64)

    def impurity_importance(self) -> Floats:
        """Share of each feature in the total gain of all splits. In sample."""
        gains = self.model.get_score(importance_type="total_gain")
        columns = range(self.model.num_features())
        return shares(np.array([gains.get(f"f{column}", 0.0) for column in columns], dtype=np.float64))

    def to_bytes(self) -> bytes:
        return bytes(self.model.save_raw(raw_format="ubj"))

    @classmethod
    def from_bytes(cls, content: bytes) -> Estimator:
        ubj.check_booster(ubj.read(content), OBJECTIVE)
        booster = xgboost.Booster({"nthread": 1})
        booster.load_model(bytearray(content))  # its error is a ValueError
        return cls(booster)


class _Ticking(xgboost.callback.TrainingCallback):
    """Tells the share of rounds done; what `tick` raises ends the training."""

    def __init__(self, tick: Tick, rounds: int) -> None:
        super().__init__()
        self._tick, self._rounds = tick, rounds

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        self._tick((epoch + 1) / self._rounds)
        return False
