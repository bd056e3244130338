"""What a fitting class promises: learn from rows, give the probability of a gain, go to bytes and come back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Tick: TypeAlias = Callable[[float], None]


class Estimator(ABC):
    """A fitted estimator of one algorithm. `model` is the library's own object.

    A subclass states its `algorithm` (the key of its description) and `suffix` (of its file within an artifact).
    """

    algorithm: ClassVar[str]
    suffix: ClassVar[str]

    def __init__(self, model: Any) -> None:
        self.model = model

    @classmethod
    @abstractmethod
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
        """Learn from rows; the same input and seed give the same estimator to the last bit.

        Parameters
        ----------
        features : ndarray of float64, shape (n_rows, n_features)
            All finite.
        up : ndarray of float64, shape (n_rows,)
            Outcomes, 0.0 or 1.0, both among them.
        hyperparameters : mapping
            A full set, as `Algorithm.clean` returns it.
        weights : ndarray of float64, shape (n_rows,), or None
            How much each row counts; None: all the same.
        seed : int
        tick : callable
            Called with the share done, more often than once a second whatever the size of the training; what it
            raises ends the fitting.
        """

    @abstractmethod
    def probability_up(self, features: Floats) -> Floats:
        """Return the probability of a gain, shape (n_rows,)."""

    @abstractmethod
    def impurity_importance(self) -> Floats | None:
        """Return each feature's share in what the estimator learned IN SAMPLE, shape (n_features,), or None.

        It tells what the estimator uses, not what helps: noise that was learned by heart counts as much as truth.
        """

    @abstractmethod
    def to_bytes(self) -> bytes:
        """Return the estimator in a form that is no pickle."""

    @classmethod
    @abstractmethod
    def from_bytes(cls, content: bytes) -> Estimator:
        """Return the estimator that `to_bytes` gave, predicting the same to the last bit.

        Whatever does not look like one raises ValueError, TypeError or KeyError before anything in it is run.
        """


def shares(values: Floats) -> Floats:
    """Scale to a sum of 1; all zeros stay zeros."""
    total = float(values.sum())
    return np.asarray(values / total if total > 0 else values, dtype=np.float64)
