"""What a model is known by and what it answers: the record of its training, and predictions. Pure: numpy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Indices: TypeAlias = NDArray[np.int64]

PRICE_TOLERANCE = 1e-9
"""Closes that differ by a smaller share are the same price."""


@dataclass(frozen=True, slots=True, eq=False)
class TrainingRecord:
    """The bars a model was trained on and what was predicted about them out of fold; arrays of shape (n_bars,).

    `fold` is the number of the fold that predicted the bar, 0 where none did (its probability is NaN). `causal` is
    False where models trained on later bars, too, made the probabilities (combinatorial validation): they judge the
    model, and nobody could have traded them.
    """

    time: NDArray[np.datetime64]
    close: Floats
    probability: Floats
    fold: Indices
    causal: bool = True

    @property
    def first_prediction(self) -> np.datetime64 | None:
        """Time of the first out-of-fold prediction."""
        known = np.flatnonzero(np.isfinite(self.probability))
        return self.time[known[0]] if known.size else None


@dataclass(frozen=True, slots=True, eq=False)
class Predictions:
    """Probabilities and where they come from; arrays of shape (n_bars,).

    probability
        Of a gain, decided at each close; NaN where there is none.
    in_sample
        Whether the bar was decided by a model that had been trained on it or on later bars.
    model
        Number of the model that decided: that of its fold, one more than the last fold for the final model, 0 where
        none did.
    """

    probability: Floats
    in_sample: NDArray[np.bool_]
    model: Indices

    @property
    def in_sample_share(self) -> float:
        """Share of the bars decided in sample, 0 to 1."""
        return float(self.in_sample.mean()) if self.in_sample.size else 0.0

    @property
    def retraining(self) -> Indices:
        """The bars from which on another model decides than before, the first decided bar among them."""
        decided = np.flatnonzero(self.model)
        changes: Indices = decided[np.diff(self.model[decided], prepend=0) != 0]
        return changes
