"""Logistic regression on features scaled by the training rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.special import expit
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from mlmodels.estimators import skops_files
from mlmodels.estimators.base import Estimator, Floats, Tick, shares
from mlmodels.estimators.registry import register_estimator

_TRUSTED = frozenset(
    f"sklearn.{name}"
    for name in (
        "linear_model._logistic.LogisticRegression",
        "pipeline.Pipeline",
        "preprocessing._data.StandardScaler",
    )
)


@register_estimator
class LogisticEstimator(Estimator):
    """scikit-learn's LogisticRegression behind its StandardScaler, both fitted on the same rows."""

    algorithm = "logistic_regression"
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
        most = hyperparameters["max_iterations"]
        classifier = LogisticRegression(C=hyperparameters["strength"], max_iter=most, random_state=seed)
        classifier.set_callbacks(_Ticking(tick, most))
        pipeline = Pipeline([("scale", StandardScaler()), ("classify", classifier)])
        pipeline.fit(features, up.astype(np.int64), classify__sample_weight=weights)
        classifier.set_callbacks()  # what listened is no part of the model
        return cls(pipeline)

    def probability_up(self, features: Floats) -> Floats:
        """As the pipeline's own `predict_proba`, but each row by itself.

        BLAS rounds a row differently by where it stands in its block and how that lies in memory; here the last bit
        is the same however many rows are asked about at once.
        """
        scaler, classifier = self.model.named_steps["scale"], self.model.named_steps["classify"]
        scaled = np.ascontiguousarray((features - scaler.mean_) / scaler.scale_)
        z = (scaled * classifier.coef_[0]).sum(axis=1) + classifier.intercept_[0]
        return np.asarray(expit(z), dtype=np.float64)

    def impurity_importance(self) -> Floats:
        """Size of each weight on scaled features, as a share. In sample, like the weights."""
        return shares(np.abs(self.model.named_steps["classify"].coef_[0]))

    def to_bytes(self) -> bytes:
        return skops_files.dump(self.model)

    @classmethod
    def from_bytes(cls, content: bytes) -> Estimator:
        model = skops_files.load(content, trusted=_TRUSTED, kind=Pipeline)
        if [type(step) for _name, step in model.steps] != [StandardScaler, LogisticRegression]:
            raise TypeError("its steps are not a scaler and a logistic regression")
        scaler, classifier = (step for _name, step in model.steps)
        if classifier.coef_.shape != (1, scaler.n_features_in_) or scaler.mean_.shape != scaler.scale_.shape:
            raise ValueError("its weights do not match its features")
        return cls(model)


class _Ticking:
    """Tells the share of iterations done; what `tick` raises ends the fitting."""

    def __init__(self, tick: Tick, most: int) -> None:
        self._tick, self._most, self._done = tick, most, 0

    def setup(self, estimator: Any, context: Any) -> None:
        """Nothing to prepare."""

    def teardown(self, estimator: Any, context: Any) -> None:
        """Nothing to put away."""

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """An iteration that begins tells nothing new."""

    def on_fit_task_end(self, estimator: Any, context: Any) -> bool:
        self._done += 1
        self._tick(min(1.0, self._done / self._most))
        return False
