"""Fitting the algorithms: one classifier in, the probability of a gain out. Imports scikit-learn and XGBoost.

Single-threaded on purpose: jobs share the machine's cores, and OpenMP threads of two jobs get in each other's
way. Fit in a job's own (spawned) process only; OpenMP hangs in a forked one.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeAlias

import numpy as np
import xgboost
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from strategies.params import Value

Floats: TypeAlias = NDArray[np.float64]
Tick: TypeAlias = Callable[[float], None]

TREES_A_BATCH = 5


class Classifier(ABC):
    """A fitted classifier. `model` is the library's own object, which `artifacts` stores."""

    algorithm: ClassVar[str]

    def __init__(self, model: Any) -> None:
        self.model = model

    @classmethod
    @abstractmethod
    def fit(
        cls, features: Floats, up: Floats, hyperparameters: Mapping[str, Any], *, seed: int, tick: Tick
    ) -> Classifier:
        """Learn from features of shape (n_rows, n_features), all finite, and outcomes 0.0 or 1.0 of shape (n_rows,).

        `tick` is called with the share done, several times where fitting takes long; it may raise to stop.
        """

    @abstractmethod
    def probability_up(self, features: Floats) -> Floats:
        """Return the probability of a gain, shape (n_rows,)."""


class LogisticClassifier(Classifier):
    """Logistic regression on features scaled by the training rows."""

    algorithm = "logistic_regression"

    @classmethod
    def fit(
        cls, features: Floats, up: Floats, hyperparameters: Mapping[str, Any], *, seed: int, tick: Tick
    ) -> Classifier:
        classifier = LogisticRegression(
            C=hyperparameters["strength"], max_iter=hyperparameters["max_iterations"], random_state=seed
        )
        pipeline = Pipeline([("scale", StandardScaler()), ("classify", classifier)])
        return cls(pipeline.fit(features, up.astype(np.int64)))

    def probability_up(self, features: Floats) -> Floats:
        return np.asarray(self.model.predict_proba(features)[:, 1], dtype=np.float64)


class ForestClassifier(Classifier):
    """A random forest, grown a few trees at a time so that a cancel is noticed."""

    algorithm = "random_forest"

    @classmethod
    def fit(
        cls, features: Floats, up: Floats, hyperparameters: Mapping[str, Any], *, seed: int, tick: Tick
    ) -> Classifier:
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
        outcomes = up.astype(np.int64)
        grown = 0
        while grown < trees:
            grown = min(trees, grown + TREES_A_BATCH)
            forest.set_params(n_estimators=grown).fit(features, outcomes)
            tick(grown / trees)
        return cls(forest)

    def probability_up(self, features: Floats) -> Floats:
        return np.asarray(self.model.predict_proba(features)[:, 1], dtype=np.float64)


class BoostedClassifier(Classifier):
    """Gradient boosted trees by XGBoost."""

    algorithm = "xgboost"

    @classmethod
    def fit(
        cls, features: Floats, up: Floats, hyperparameters: Mapping[str, Any], *, seed: int, tick: Tick
    ) -> Classifier:
        rounds = hyperparameters["trees"]
        settings = {
            "objective": "binary:logistic",
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
        matrix = xgboost.DMatrix(features, label=up, nthread=1)
        return cls(xgboost.train(settings, matrix, rounds, callbacks=[_Ticking(tick, rounds)]))

    def probability_up(self, features: Floats) -> Floats:
        return np.asarray(self.model.predict(xgboost.DMatrix(features, nthread=1)), dtype=np.float64)


class _Ticking(xgboost.callback.TrainingCallback):
    """Tells the share of rounds done; what `tick` raises ends the training."""

    def __init__(self, tick: Tick, rounds: int) -> None:
        super().__init__()
        self._tick, self._rounds = tick, rounds

    def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
        self._tick((epoch + 1) / self._rounds)
        return False


CLASSIFIERS: Mapping[str, type[Classifier]] = {
    kind.algorithm: kind for kind in (LogisticClassifier, ForestClassifier, BoostedClassifier)
}


def fit(
    algorithm: str,
    features: Floats,
    up: Floats,
    hyperparameters: Mapping[str, Value],
    *,
    seed: int,
    tick: Tick = lambda share: None,
) -> Classifier:
    """Fit a fresh classifier of a named algorithm; the same input and seed give the same one."""
    return CLASSIFIERS[algorithm].fit(features, up, hyperparameters, seed=seed, tick=tick)
