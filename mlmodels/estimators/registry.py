"""The fitting classes, by the key of the algorithm they fit."""

from __future__ import annotations

from typing import TypeVar

from algotrade.errors import nearest, shown
from mlmodels.errors import TrainingError
from mlmodels.estimators.base import Estimator

AnyEstimator = TypeVar("AnyEstimator", bound=type[Estimator])

_estimators: dict[str, type[Estimator]] = {}


def register_estimator(estimator: AnyEstimator) -> AnyEstimator:
    """Class decorator: let the class fit its `algorithm`. An algorithm that has one already is refused."""
    key = estimator.algorithm
    if key in _estimators:
        holder = _estimators[key].__name__
        raise ValueError(
            f"The algorithm '{key}' is fitted by {holder} already. Give {estimator.__name__} its own."
        )
    _estimators[key] = estimator
    return estimator


def get_estimator(key: str) -> type[Estimator]:
    """Return the fitting class of an algorithm, or raise TrainingError listing those that exist."""
    if key in _estimators:
        return _estimators[key]
    message = f"No class fits the algorithm {shown(key)}. {nearest(key, _estimators)}"
    raise TrainingError(message, fields={"algorithm": [message]})
